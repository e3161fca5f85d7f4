import { resolve } from 'node:path';
import { connect, createApp } from '../app.ts';
import type { Config } from '../config/settings.ts';
import { DataFolderInUseError, ownEmbeddedDatabase } from '../db/embedded-owner.ts';
import { assertSchemaIsCurrent, migrate } from '../db/schema-version.ts';
import { loadDemoWorld } from '../demo/load.ts';
import { demoStatements, VISITOR_INDEX } from '../demo/statements.ts';
import { systemClock } from '../kernel/clock.ts';
import { hasExplorer } from '../web/explorer.ts';
import { postStatements } from './client.ts';
import { type CredentialsFile, credentialsPath, ensureCredentials } from './credentials-file.ts';
import { printWelcome } from './welcome.ts';

/** A start that cannot succeed, in words for whoever typed the command. */
export class StartError extends Error {}

const say = (message: string): void => {
  process.stdout.write(`${message}\n`);
};

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

async function loadDemo(app: Awaited<ReturnType<typeof createApp>>, credentials: CredentialsFile): Promise<void> {
  const statements = demoStatements();
  const last = statements.at(-1);
  if (last && (await app.statements.find(last.id, false, null))) return;
  say('Loading the demo world …');
  await loadDemoWorld(app.database, app.modules, systemClock);
  for (let start = 0; start < statements.length; start += 20) await postStatements(credentials, statements.slice(start, start + 20));
  await app.projector.drain();
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
    const app = await createApp({ config, databaseUrl: storage.url });
    const stopped = untilSignal(config, () => app.close());
    try {
      const address = await app.start().catch((error: NodeJS.ErrnoException) => {
        throw listenError(error, config);
      });
      const baseUrl = config.publicUrl || address.replace('[::1]', 'localhost').replace('0.0.0.0', '127.0.0.1');
      const credentials = storage.embedded ? await ensureCredentials(resolve(config.dataDir), app.modules, baseUrl) : null;
      if (credentials && config.demo) await loadDemo(app, credentials);
      say(
        printWelcome({
          baseUrl,
          credentialsFile: credentials ? credentialsPath(resolve(config.dataDir)) : null,
          demo: config.demo && storage.embedded,
          explorer: config.mode !== 'production' && hasExplorer(),
          visitor: VISITOR_INDEX,
        }),
      );
    } catch (error) {
      await app.close();
      throw error;
    }
    await stopped;
  } finally {
    await storage.stop();
  }
}

/** Resolves once a signal came and everything in flight has ended, or the grace period is over. */
async function untilSignal(config: Config, close: () => Promise<void>): Promise<void> {
  await new Promise<void>((done) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => done());
  });
  say('Stopping: requests in flight finish first …');
  const overdue = new Promise<void>((done) => setTimeout(done, config.shutdownGraceMs).unref());
  await Promise.race([close(), overdue]);
}
