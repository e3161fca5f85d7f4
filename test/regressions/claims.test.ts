import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Sql } from '../../src/db/database.ts';
import { claimInbox } from '../../src/modules/lrs/index.ts';
import { claimReferences } from '../../src/modules/lrs/sequencer.store.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

let app: TestApp;

beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app.close());

// The planner is told of other rows and not of those that a claim is about: it expects one, and may loop over the subquery.
test.each<[table: string, known: string, fill: string, claim: (sql: Sql) => Promise<readonly string[]>]>([
  [
    'lrs.inbox',
    'insert into lrs.inbox (bucket, stored, statement_id) select 1, now(), gen_random_uuid() from generate_series(1, 1000)',
    'insert into lrs.inbox (bucket, stored, statement_id) select 7, now(), gen_random_uuid() from generate_series(1, 300)',
    (sql) => claimInbox(sql, 7, 10),
  ],
  [
    'lrs.reference_inbox',
    'insert into lrs.reference_inbox (stored, statement_id, attempts) select now(), gen_random_uuid(), 0',
    'insert into lrs.reference_inbox (stored, statement_id, attempts) select now(), gen_random_uuid(), 0 from generate_series(1, 300)',
    (sql) => claimReferences(sql, 10),
  ],
])('a claim from %s takes no more than its limit, whatever the planner expects to be there', async (table, known, fill, claim) => {
  const { pool, sql } = app.database;
  const count = async () => (await sql.rows<{ count: number }>(`select count(*)::int as count from ${table}`))[0]?.count ?? 0;
  await pool.query(known);
  await pool.query(`analyze ${table}`);
  await pool.query(fill);
  const before = await count();

  const claimed = await claim(sql);

  expect(new Set(claimed).size).toBe(10);
  expect(await count()).toBe(before - 10);
  await pool.query(`delete from ${table}`);
});
