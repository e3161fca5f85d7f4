import { readFile, writeFile } from 'node:fs/promises';
import { connect, createModules } from '../app.ts';
import type { Config } from '../config/settings.ts';
import type { Database } from '../db/database.ts';
import { ownEmbeddedDatabase } from '../db/embedded-owner.ts';
import { assertSchemaIsCurrent, migrate } from '../db/schema-version.ts';
import type { Modules } from '../graphql/modules.ts';
import { fromGlobalId, toGlobalId } from '../graphql/node.ts';
import { systemClock } from '../kernel/clock.ts';
import type { Role, XapiScope } from '../modules/access/index.ts';
import type { ImportRequest } from '../modules/competency/index.ts';
import { actorKey } from '../modules/lrs/index.ts';
import { say } from './say.ts';

const LIST_PAGE = 100;

/** Lends the connection of one command, whatever the schema is. */
async function withConnection<T>(config: Config, work: (database: Database, isEmbedded: boolean) => Promise<T>): Promise<T> {
  const owned = config.databaseUrl === '' ? await ownEmbeddedDatabase(config.dataDir, say) : null;
  try {
    const database = await connect(config, owned?.url ?? config.databaseUrl);
    try {
      return await work(database, owned !== null);
    } finally {
      await database.close();
    }
  } finally {
    await owned?.stop();
  }
}

/** Opens the configured database for one command. With the embedded one, the server must not be running. */
export const withDatabase = <T>(config: Config, work: (database: Database) => Promise<T>): Promise<T> =>
  withConnection(config, async (database, isEmbedded) => {
    if (isEmbedded) await migrate(database);
    await assertSchemaIsCurrent(database);
    return work(database);
  });

const withModules = <T>(config: Config, work: (modules: Modules) => Promise<T>): Promise<T> =>
  withDatabase(config, (database) => work(createModules(config, database, systemClock)));

/** Brings the schema of DATABASE_URL, or of the embedded database, up to date. */
export const runMigrations = (config: Config): Promise<void> =>
  withConnection(config, async (database) => {
    const applied = await migrate(database);
    say(applied.length === 0 ? 'The schema is current.' : `Applied: ${applied.join(', ')}`);
  });

/** Imports a CASE package from a file and prints every issue. @returns the exit code: 1 when it was refused. */
export async function importFrameworkFile(config: Config, file: string, options: Omit<ImportRequest, 'source'>): Promise<number> {
  const source = await readFile(file, 'utf8');
  const report = await withModules(config, (modules) => modules.competencies.import({ source, ...options }));
  for (const { severity, path, code, message } of report.issues) say(`${severity}\t${path || '(whole)'}\t${code}\t${message}`);
  say(
    `${report.outcome}: ${report.counts.items} items, ${report.counts.associations} associations, ${report.counts.levels} levels; ${report.issues.length} issue(s).`,
  );
  if (report.versionId !== null) say(`Framework version: ${toGlobalId('FrameworkVersion', report.versionId)}`);
  return report.outcome === 'REFUSED' ? 1 : 0;
}

/** Writes a framework version, named by its id in GraphQL, into a file. */
export async function exportFrameworkFile(config: Config, id: string, file: string, format: 'CASE' | 'CSV'): Promise<void> {
  const versionId = fromGlobalId('FrameworkVersion', id, 'ID');
  await writeFile(file, await withModules(config, (modules) => modules.competencies.export(versionId, format)));
  say(`${id} is in ${file}.`);
}

/** Imports a package of e-learning from a file and prints what was found. @returns the exit code: 1 when it was refused. */
export async function importContentFile(
  config: Config,
  file: string,
  input: { packageId?: string | undefined; partnerId?: string | undefined },
): Promise<number> {
  const packageId = input.packageId === undefined ? null : fromGlobalId('ContentPackage', input.packageId, '--package');
  const ownerId = input.partnerId === undefined ? null : fromGlobalId('Partner', input.partnerId, '--partner');
  const outcome = await withModules(config, ({ content }) => content.importFile(file, { packageId, ownerId }));
  for (const { severity, path, rule, message } of outcome.issues) say(`${severity}\t${path || '(whole)'}\t${rule}\t${message}`);
  if (outcome.packageId === null || outcome.versionId === null) {
    say('The package is refused.');
    return 1;
  }
  say(`Package: ${toGlobalId('ContentPackage', outcome.packageId)}, version: ${toGlobalId('ContentPackageVersion', outcome.versionId)}`);
  return 0;
}

/** Makes a GraphQL token and prints it once. Partner and learner are named by their ids in GraphQL. */
export async function createToken(
  config: Config,
  input: { label: string; role: Role; partnerId?: string | undefined; learnerId?: string | undefined },
): Promise<void> {
  const partnerId = input.partnerId === undefined ? undefined : fromGlobalId('Partner', input.partnerId, '--partner');
  const learnerId = input.learnerId === undefined ? undefined : fromGlobalId('Learner', input.learnerId, '--learner');
  const { token } = await withModules(config, (modules) => modules.access.createToken({ ...input, partnerId, learnerId }));
  say(token);
}

/** Makes an xAPI credential and prints it once, as JSON. */
export async function createCredential(
  config: Config,
  input: { label: string; scopes: readonly XapiScope[]; authority: { homePage: string; name: string }; partnerId?: string | undefined },
): Promise<void> {
  const partnerId = input.partnerId === undefined ? undefined : fromGlobalId('Partner', input.partnerId, '--partner');
  const { key, secret } = await withModules(config, (modules) => modules.access.createCredential({ ...input, partnerId, authorityKey: actorKey }));
  say(JSON.stringify({ key, secret }));
}

/** Prints every xAPI credential, one line each: its id in GraphQL, key, label, scopes, and whether it is revoked. */
export async function listCredentials(config: Config): Promise<void> {
  await withModules(config, async ({ access }) => {
    for (let after: string | null = null; ; ) {
      const page = await access.credentials(LIST_PAGE, after);
      for (const { id, key, label, scopes, revokedAt } of page)
        say([toGlobalId('LrsCredential', id), key, label, scopes.join(','), revokedAt ? `revoked ${revokedAt.toISOString()}` : 'live'].join('\t'));
      const last = page.at(-1);
      if (page.length < LIST_PAGE || !last) return;
      after = last.key;
    }
  });
}

/** Gives a credential a new secret and prints it once, as JSON. */
export async function rotateCredential(config: Config, id: string, graceHours: number): Promise<void> {
  const uuid = fromGlobalId('LrsCredential', id, 'ID');
  say(JSON.stringify(await withModules(config, ({ access }) => access.rotateCredential(uuid, graceHours))));
}

/** Ends a credential. */
export async function revokeCredential(config: Config, id: string): Promise<void> {
  const uuid = fromGlobalId('LrsCredential', id, 'ID');
  await withModules(config, ({ access }) => access.revokeCredential(uuid));
  say(`${id} is revoked.`);
}
