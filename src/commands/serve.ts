import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createApp, createModules } from '../app.ts';
import type { Config } from '../config/settings.ts';
import type { Database } from '../db/database.ts';
import { DataFolderInUseError, ownEmbeddedDatabase } from '../db/embedded-owner.ts';
import { assertSchemaIsCurrent, migrate } from '../db/schema-version.ts';
import { loadDemoWorld } from '../demo/load.ts';
import { demoStatements, VISITOR_INDEX } from '../demo/statements.ts';
import type { Modules } from '../graphql/modules.ts';
import { systemClock } from '../kernel/clock.ts';
import { hasExplorer } from '../web/explorer.ts';
import { postStatements } from './client.ts';
import { type CredentialsFile, credentialsPath, ensureCredentials } from './credentials-file.ts';
import { say } from './say.ts';
import { StartError } from './start-error.ts';
import { printWelcome } from './welcome.ts';
import { superviseWorkers, tellSupervisor } from './workers.ts';

const MAX_DEFAULT_PROCESSES = 8;

interface Storage {
  readonly url: string;
  readonly embedded: boolean;
  stop(): Promise<void>;
}

async function openStorage(config: Config): Promise<Storage> {
  if (config.databaseUrl !== '') return { url: config.databaseUrl, embedded: false, stop: async () => undefined };
  try {
    const owned = await ownEmbeddedDatabase(config.dataDir, say);
    return { url: owned.url, embedded: true, stop: () => owned.stop() };
  } catch (error) {
    if (error instanceof DataFolderInUseError) throw new StartError(error.message);
    throw error;
  }
}

/** Only the embedded database migrates itself; any other is refused unless it fits. */
async function prepareSchema(config: Config, storage: Storage): Promise<void> {
  const database = await connect(config, storage.url);
  try {
    if (storage.embedded) await migrate(database);
    await assertSchemaIsCurrent(database);
  } finally {
    await database.close();
  }
}

/** Makes the first credentials and the demo of the embedded database; does nothing where they are. */
async function prepareFirstUse(config: Config, storage: Storage, baseUrl: string): Promise<void> {
  if (!storage.embedded) return;
  const database = await connect(config, storage.url);
  try {
    const modules = createModules(config, database, systemClock);
    const credentials = await ensureCredentials(resolve(config.dataDir), modules, baseUrl);
    if (config.demo) await loadDemo(database, modules, credentials);
  } finally {
    await database.close();
  }
}

async function loadDemo(database: Database, modules: Modules, credentials: CredentialsFile): Promise<void> {
  const statements = demoStatements();
  const last = statements.at(-1)?.id ?? '';
  if ((await modules.progress.statements([last])).length > 0) return;
  say('Loading the demo world …');
  await loadDemoWorld(database, modules, systemClock);
  for (let start = 0; start < statements.length; start += 20) await postStatements(credentials, statements.slice(start, start + 20));
  while ((await modules.progress.waitingBuckets()).length > 0) await sleep(20);
}

function listenError(error: NodeJS.ErrnoException, config: Config): Error {
  if (error.code === 'EADDRINUSE') return new StartError(`Port ${config.port} on ${config.host} is taken. Stop what uses it, or set PORT to another one.`);
  if (error.code === 'EACCES') return new StartError(`Port ${config.port} may not be opened by this user. Set PORT to one above 1023.`);
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') return new StartError(`HOST ${config.host} is no address of this machine.`);
  return error;
}

/**
 * Runs the server until SIGTERM or SIGINT: database, schema, first credentials, demo, HTTP, projector.
 * @throws StartError when it cannot start for a reason the user can mend.
 */
export async function serve(config: Config): Promise<void> {
  const storage = await openStorage(config);
  try {
    await prepareSchema(config, storage);
    const processes = processCount(config, storage.embedded);
    if (processes > 1) {
      await superviseWorkers(processes, config, {
        environment: { DATABASE_URL: storage.url },
        onReady: (address) => welcome(config, storage, address),
      });
      return;
    }
    const app = await createApp({ config, databaseUrl: storage.url });
    const stopped = untilSignal(config, () => app.close());
    try {
      const address = await app.start().catch((error: NodeJS.ErrnoException) => {
        throw listenError(error, config);
      });
      await welcome(config, storage, address);
    } catch (error) {
      await app.close();
      throw error;
    }
    await stopped;
  } finally {
    await storage.stop();
  }
}

/** How many processes serve; see the setting. */
function processCount(config: Config, embedded: boolean): number {
  if (config.processes > 0) return config.processes;
  return embedded ? 1 : Math.min(availableParallelism(), MAX_DEFAULT_PROCESSES);
}

/** Readies what a newcomer needs and says that the server is up. */
async function welcome(config: Config, storage: Storage, address: string): Promise<void> {
  const baseUrl = config.publicUrl || address.replace('[::1]', 'localhost').replace('0.0.0.0', '127.0.0.1');
  await prepareFirstUse(config, storage, baseUrl);
  say(
    printWelcome({
      baseUrl,
      credentialsFile: storage.embedded ? credentialsPath(resolve(config.dataDir)) : null,
      demo: config.demo && storage.embedded,
      explorer: config.mode !== 'production' && hasExplorer(),
      visitor: VISITOR_INDEX,
    }),
  );
}

/** Serves as one of several processes; the first process prepared the database and watches over this one. */
export async function serveAsWorker(config: Config): Promise<void> {
  const app = await createApp({ config, databaseUrl: config.databaseUrl });
  const stopped = untilSignal(config, () => app.close());
  const address = await app.start().catch((error: NodeJS.ErrnoException) => {
    throw listenError(error, config);
  });
  tellSupervisor({ ready: address });
  await stopped;
}

/** Resolves once a signal came and everything in flight has ended, or the grace period is over. */
async function untilSignal(config: Config, close: () => Promise<void>): Promise<void> {
  await new Promise<void>((done) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => done());
  });
  say('Stopping: requests in flight finish first …');
  await Promise.race([close(), sleep(config.shutdownGraceMs, undefined, { ref: false })]);
}
