import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Sql } from '../../src/db/database.ts';
import { claimInbox } from '../../src/modules/lrs/index.ts';
import { claimReferences } from '../../src/modules/lrs/sequencer.store.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, passed } from '../support/world.ts';

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

test('a statement that cannot be projected holds up nobody else, is told as failed, and is looked at again when asked for', async () => {
  const own = await startTestApp();
  try {
    const world = await buildWorld(own);
    const accounts = ['poison', 'neighbour-1', 'neighbour-2', 'neighbour-3'];
    for (const account of accounts) await addLearner(own, world, account);
    const [poison = ''] = (await own.xapi('POST', '/statements', { body: passed('poison', 'ALL.1', 4) })).body as unknown as string[];
    for (const account of accounts) await own.xapi('POST', '/statements', { body: passed(account, 'ANY.1', 3) });
    // All of them in one bucket.
    await own.database.pool.query('update lrs.inbox set bucket = 7');
    await own.database.pool.query(`create function public.poison() returns trigger language plpgsql as $$ begin raise exception 'poison'; end $$;
      create trigger poison before insert on progress.evidence for each row when (new.statement_id = '${poison}') execute function public.poison()`);
    // A failure may pass: it is tried again before it is given up.
    for (const _try of [1, 2]) await expect(own.projector.drain()).rejects.toThrow('poison');
    expect((await own.database.sql.rows('select from lrs.inbox')).length).toBeGreaterThan(0);
    await own.projector.drain();
    const state = async () =>
      (await own.graphql('query ($ids: [UUID!]!) { statementStatus(ids: $ids) { state } }', { ids: [poison] })).body.data.statementStatus[0].state;
    const evidence = async () => (await own.counts())['progress.evidence'];

    expect(await own.database.sql.rows('select statement_id, reason from lrs.inbox_failure')).toEqual([{ statementId: poison, reason: 'poison' }]);
    expect([await state(), await evidence(), await own.database.sql.rows('select from lrs.inbox')]).toEqual(['FAILED', 12, []]);
    await own.database.pool.query('drop function public.poison() cascade');
    expect(await own.modules.progress.retry()).toBe(1);
    await own.projector.drain();
    expect([await state(), await evidence()]).toEqual(['EVIDENCE', 16]);
  } finally {
    await own.close();
  }
});
