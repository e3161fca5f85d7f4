import { migrations } from '../../migrations/index.ts';
import { AppError } from '../kernel/errors.ts';
import type { Database } from './database.ts';

/**
 * Applies all missing migrations in one transaction, which takes the time it takes: what limits a request would end one
 * that rewrites a large table. For a lock it waits no longer than a request, since everyone else waits behind it.
 * @returns the names applied, oldest first.
 */
export async function migrate(database: Database): Promise<readonly string[]> {
  return database.orm.em.fork().transactional(async (em) => {
    await em.execute('set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0');
    const transaction: unknown = em.getTransactionContext();
    const applied = await database.orm.migrator.up({ transaction });
    return applied.map((migration) => migration.name);
  });
}

async function appliedMigrations(database: Database): Promise<readonly string[]> {
  const [found] = await database.sql.rows<{ present: boolean }>(`select to_regclass('schema_migration') is not null as present`);
  if (!found?.present) return [];
  return (await database.sql.rows<{ name: string }>('select name from schema_migration')).map((row) => row.name);
}

/**
 * Makes sure that the database has exactly the schema this version was written for; never changes it.
 * @throws AppError UNAVAILABLE that names the command to run, or the release to use.
 */
export async function assertSchemaIsCurrent(database: Database): Promise<void> {
  const applied = new Set(await appliedMigrations(database));
  const missing = migrations.filter(({ name }) => !applied.has(name)).map(({ name }) => name);
  if (missing.length > 0) {
    throw new AppError(
      'UNAVAILABLE',
      `The database schema is older than this version (missing: ${missing.join(', ')}). Run \`npm run migrate\` with the same DATABASE_URL, then start again.`,
    );
  }
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...applied].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new AppError('UNAVAILABLE', `The database schema is newer than this version (unknown: ${unknown.join(', ')}). Start the release that made it.`);
  }
}
