import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { CredentialsFile } from '../../src/commands/credentials-file.ts';

/** A server, or another command, as a user runs it: the built program in a process of its own, on its own embedded database. */
export class ServerProcess {
  readonly #child: ChildProcess;
  #output = '';

  constructor(environment: Record<string, string>, command: readonly string[] = ['serve']) {
    this.#child = spawn(process.execPath, ['dist/src/main.js', ...command], {
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'development', PORT: '0', DEMO: 'false', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves when the text was printed. @throws when the process ends before. */
  async printed(text: string): Promise<void> {
    while (!this.#output.includes(text)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error(`the server ended without printing "${text}":\n${this.#output}`);
      await Promise.race([once(this.#child.stdout ?? this.#child, 'data'), once(this.#child.stderr ?? this.#child, 'data'), once(this.#child, 'exit')]);
    }
  }

  /** The address printed at the start. */
  async ready(): Promise<string> {
    await this.printed('Credentials');
    return /http:\/\/127\.0\.0\.1:\d+/.exec(this.#output)?.[0] ?? '';
  }

  /** @returns the exit code, null when a signal ended it. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  /** Process ids of the processes that serve under this one. */
  async workers(): Promise<readonly number[]> {
    const { pid = 0 } = this.#child;
    return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(/\s+/).filter(Boolean).map(Number);
  }

  /** Asks to replace the processes that serve. */
  replaceWorkers(): void {
    this.#child.kill('SIGHUP');
  }

  async signal(name: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const ended = this.ended();
    this.#child.kill(name);
    return ended;
  }
}

/** A data folder for one test; removes whatever runs in it afterwards. */
export async function createDataDir(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'mumpuni-data-'));
  return {
    path,
    remove: async () => {
      const pid = Number((await readFile(join(path, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0]);
      if (pid > 0) process.kill(pid, 'SIGQUIT');
      await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

export async function credentialsIn(dataDir: string): Promise<CredentialsFile> {
  return JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8')) as CredentialsFile;
}

/** A connection to the embedded database in a data folder, beside the server's own. */
export async function connectTo(dataDir: string): Promise<pg.Client> {
  const password = (await readFile(join(dataDir, 'postgres.password'), 'utf8')).trim();
  const port = (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[3];
  const client = new pg.Client({ connectionString: `postgres://mumpuni:${password}@127.0.0.1:${port}/mumpuni` });
  await client.connect();
  return client;
}
