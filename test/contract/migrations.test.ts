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
    '20261130000022_content_rules',
    '20261130000023_registrations_by_package',
    '20261130000024_item_metadata',
    '20261130000025_attempt_scores',
  ]);
  expect(statements).toEqual([]);
});

test('migrating twice changes nothing', async () => {
  const database = await open();

  expect(await migrate(database)).toEqual([]);
});

test('what was said of packages before rules were said elsewhere holds after the migration, and comes back when it is undone', async () => {
  const database = await open('template0');
  await database.orm.migrator.up({ to: '20261130000020_package_rules' });
  const columns = 'moves, shows_name, max_attempts';
  await database.sql.rows(
    `insert into content.package (id, created_at, standard, title, owner_id, course_iri, ${columns})
     select gen_random_uuid(), now(), 'SCORM_12', title, null, '', moves, shows_name, max_attempts
     from (values ('a', 'NEVER', false, null), ('b', 'FAILED', true, 3)) as t(title, moves, shows_name, max_attempts)`,
  );
  const before = await database.sql.rows(`select title, ${columns} from content.package order by title`);

  await migrate(database);
  expect(await database.sql.rows('select title, rules from content.package order by title')).toEqual([
    { title: 'a', rules: {} },
    { title: 'b', rules: { moves: 'FAILED', showsName: true, maxAttempts: 3 } },
  ]);

  await database.orm.migrator.down({ to: '20261130000020_package_rules' });
  expect(await database.sql.rows(`select title, ${columns} from content.package order by title`)).toEqual(before);
});

test('scores that were told in attempts before they were kept beside it are taken over', async () => {
  const database = await open('template0');
  await database.orm.migrator.up({ to: '20261130000024_item_metadata' });
  const told = (scaled: number | null): string =>
    JSON.stringify({ completed: null, satisfied: true, score: { scaled, raw: 5 }, objectives: [{ score: { scaled: 1 } }], comments: ['a\u0000b'] });
  await database.sql.rows(
    `with p as (insert into content.package (id, created_at, standard, title, owner_id, course_iri) values (gen_random_uuid(), now(), 'SCORM_12', 'a', null, '') returning id),
       v as (insert into content.package_version (id, created_at, package_id, ordinal, edition, sha256, manifest_sha256, file_count, byte_count, report, model)
         select gen_random_uuid(), now(), id, 1, '1.2', '', '', 0, 0, '[]', '{}' from p returning id, package_id),
       r as (insert into launch.registration (id, created_at, learner_id, package_id, version_id, is_preview, is_satisfied, account)
         select gen_random_uuid(), now(), gen_random_uuid(), package_id, id, false, false, '{}' from v returning id),
       a as (insert into launch.attempt (id, created_at, registration_id, ordinal) select gen_random_uuid(), now(), id, 1 from r returning id)
     insert into launch.sco_state (attempt_id, node_id, session_id, run, run_started_at, seed, cmi, said, told, base_seconds, total_seconds, is_suspended)
     select id, gen_random_uuid(), gen_random_uuid(), 1, now(), '{}', '{}', '{}', t.told, 0, 0, false from a, unnest($1::text[]) as t(told)`,
    [[told(0.75), told(-1e-7), told(null)]],
  );

  await migrate(database);
  expect(await database.sql.rows('select score from launch.sco_state order by score nulls last')).toEqual([{ score: -1e-7 }, { score: 0.75 }, { score: null }]);
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
