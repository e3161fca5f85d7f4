import { afterEach, expect, test } from '@jest/globals';
import { connect } from '../../src/app.ts';
import { readConfig } from '../../src/config/settings.ts';
import type { Database } from '../../src/db/database.ts';
import { assertSchemaIsCurrent, migrate } from '../../src/db/schema-version.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const config = readConfig({ NODE_ENV: 'test' });
const opened: { database: Database; own: TestDatabase }[] = [];

async function open(template?: string): Promise<Database> {
  const own = await createTestDatabase(template);
  const database = await connect(config, own.url);
  opened.push({ database, own });
  return database;
}

afterEach(async () => {
  for (const { database, own } of opened.splice(0)) {
    await database.close();
    await own.drop();
  }
});

test('migrations from empty give the tables that the entities describe', async () => {
  const database = await open('template0');
  const applied = await migrate(database);

  const difference = await database.orm.schema.getUpdateSchemaSQL({ safe: true, dropTables: false });
  const statements = difference
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('set names') && !/^drop (trigger|function|schema) if exists/.test(line));
  expect(applied).toEqual([
    '20261124000001_foundation',
    '20261124000002_lrs_complete',
    '20261124000003_link_signatures',
    '20261124000004_levels',
    '20261124000005_generations',
    '20261124000006_other_evidence',
    '20261124000007_identity_changes',
    '20261124000008_feed',
    '20261124000009_readiness',
    '20261124000010_equivalence_term',
    '20261124000011_evidence_by_item',
    '20261124000012_case_identifiers',
    '20261124000013_content',
    '20261124000014_learner_globals',
    '20261124000015_wide_signatures',
    '20261124000016_version_moves',
    '20261130000017_sequencer_pass',
    '20261130000018_journal_key',
    '20261130000019_set_aside',
    '20261130000020_package_rules',
    '20261130000021_retired_competencies',
  ]);
  expect(statements).toEqual([]);
});

test('migrating twice changes nothing', async () => {
  const database = await open();

  expect(await migrate(database)).toEqual([]);
});

test('an empty database is refused with the command to run', async () => {
  const database = await open('template0');

  await expect(assertSchemaIsCurrent(database)).rejects.toThrow(/older than this version.*npm run migrate/);
});

test('a database of a later version is refused', async () => {
  const database = await open();
  await database.sql.rows("insert into schema_migration (name) values ('20990101000000_later')");

  await expect(assertSchemaIsCurrent(database)).rejects.toThrow(/newer than this version \(unknown: 20990101000000_later\)/);
});
