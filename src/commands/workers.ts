import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/settings.ts';
import { StartError } from './start-error.ts';

/** What a worker tells the first process: its address once it listens. */
interface WorkerMessage {
  readonly ready: string;
}

export interface SupervisorOptions {
  /** Added to the environment of each worker. */
  readonly environment: Readonly<Record<string, string>>;
  /** Told the address once, when the first worker listens. */
  readonly onReady: (address: string) => Promise<void>;
}

/** Longest pause before a worker that died is replaced, in milliseconds: one that cannot live must not burn the machine. */
const MAX_PAUSE_MS = 10_000;
/** A worker that lived as long does not count as one that cannot live. */
const STABLE_MS = 10_000;

/** Sends word to the process that watches over this one; does nothing where there is none. */
export function tellSupervisor(message: WorkerMessage): void {
  process.send?.(message);
}

const isReady = (message: unknown): message is WorkerMessage => typeof message === 'object' && message !== null && 'ready' in message;

/** Starts a worker and waits until it listens. @throws StartError when it ends before. */
async function startWorker(environment: SupervisorOptions['environment']): Promise<{ worker: Worker; address: string }> {
  const worker = cluster.fork(environment);
  const ended = once(worker, 'exit').then(() => {
    throw new StartError('A server process ended before it listened.');
  });
  const listening = new Promise<string>((done) => {
    worker.on('message', (message: unknown) => {
      if (isReady(message)) done(message.ready);
    });
  });
  return { worker, address: await Promise.race([listening, ended]) };
}

/** Ends a worker: its requests in flight finish first, and after the grace period it is killed. */
async function endWorker(worker: Worker, graceMs: number): Promise<void> {
  if (worker.isDead()) return;
  const ended = once(worker, 'exit');
  worker.process.kill('SIGTERM');
  const overdue = setTimeout(() => worker.process.kill('SIGKILL'), graceMs + 2_000);
  await ended;
  clearTimeout(overdue);
}

/**
 * Runs the server in several processes until SIGTERM or SIGINT. A process that dies is replaced; SIGHUP replaces all,
 * one by one, so that the port is served throughout.
 * @throws StartError when the first cannot start; what it said stands on standard error.
 */
export async function superviseWorkers(count: number, config: Config, { environment, onReady }: SupervisorOptions): Promise<void> {
  // Each process accepts for itself: a connection handed over by the first one would hang if its receiver died that moment.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ args: ['serve-worker'] });
  const workers = new Set<Worker>();
  let stopping = false;
  let failures = 0;
  // One change of the set after the other.
  let changes: Promise<void> = Promise.resolve();

  async function add(): Promise<string> {
    const { worker, address } = await startWorker(environment);
    workers.add(worker);
    const started = Date.now();
    worker.once('exit', () => {
      failures = Date.now() - started < STABLE_MS ? failures + 1 : 0;
      // Those ended on purpose were taken out of the set before.
      if (workers.delete(worker) && !stopping) changes = changes.then(replace);
    });
    return address;
  }

  async function replace(): Promise<void> {
    while (!stopping && workers.size < count) {
      if (failures > 0) await sleep(Math.min(100 * 2 ** failures, MAX_PAUSE_MS));
      try {
        await add();
      } catch {
        failures += 1;
      }
    }
  }

  async function restartAll(): Promise<void> {
    for (const worker of [...workers]) {
      await add();
      workers.delete(worker);
      await endWorker(worker, config.shutdownGraceMs);
    }
  }

  const signalled = new Promise<void>((done) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => done());
  });
  process.on('SIGHUP', () => {
    changes = changes.then(restartAll).catch((error: unknown) => {
      process.stderr.write(`The restart stopped half-way: ${error instanceof Error ? error.message : String(error)}\n`);
    });
  });

  // The first must start; the others may come later, when a database that went away is back.
  const address = await add();
  changes = changes.then(replace);
  await onReady(address);
  await signalled;
  stopping = true;
  await Promise.all([...workers].map((worker) => endWorker(worker, config.shutdownGraceMs)));
}
