import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { connect } from '../../src/app.ts';
import { readConfig } from '../../src/config/settings.ts';
import type { Database, Sql } from '../../src/db/database.ts';
import { migrate } from '../../src/db/schema-version.ts';
import { actorKey, verbKey } from '../../src/modules/lrs/index.ts';
import { listStatements, type StatementFilter } from '../../src/modules/lrs/list.store.ts';
import { type Answer, startTestApp, type TestApp } from '../support/app.ts';
import { createTestDatabase } from '../support/database.ts';
import { FAILURES, failInserts } from '../support/failing-table.ts';
import type { Found, Json, List } from '../support/json.ts';
import { OtherLrs } from '../support/other-lrs.ts';
import { sendBytes } from '../support/send.ts';
import { voiding } from '../support/world.ts';

let app: TestApp;
/** Another process on the same database. */
let second: TestApp;

beforeAll(async () => {
  app = await startTestApp({ settings: { FORWARD_SECRETS: '{"other":"secret"}' } });
  second = await startTestApp({ databaseUrl: app.databaseUrl });
});
afterAll(async () => {
  await second.close();
  await app.close();
});

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const statement = (extra: Json = {}): Json & { readonly id: string } => ({
  id: randomUUID(),
  actor: { mbox: 'mailto:ani@example.org' },
  verb: { id: 'https://verbs.example/did' },
  object: { id: 'https://things.example/it' },
  ...extra,
});
const freshVerb = () => ({ id: `https://verbs.example/${randomUUID()}` });
const post = (body: unknown, on = app) => on.xapi('POST', '/statements', { body });
const list = async (query: Record<string, string>, on = app): Promise<readonly Found[]> =>
  ((await on.xapi('GET', `/statements?${new URLSearchParams({ limit: '500', ...query }).toString()}`)) as Answer<List>).body.statements;

/** Every table that storing writes. */
const WRITTEN = [
  'lrs.statement',
  'lrs.statement_agent',
  'lrs.statement_activity',
  'lrs.inbox',
  'lrs.voiding',
  'lrs.statement_attachment',
  'lrs.activity_definition',
  'lrs.agent_name',
];
const rowsIn = async (table: string, text: string) => app.database.sql.rows(`select from ${table} t where position($1 in t::text) > 0`, [text]);

/** A batch that writes a row into each of them that has the id in it. */
function everywhere(id: string): { readonly body: string; readonly sha2: string } {
  const sha2 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
  const one = statement({
    id,
    ...voiding(randomUUID(), { actor: { mbox: `mailto:${id}@example.org`, name: `Name ${id}` } }),
    context: { contextActivities: { parent: [{ id: `https://things.example/${id}`, definition: { name: { en: 'Parent' } } }] } },
    attachments: [{ usageType: 'https://usages.example/note', display: { en: 'Note' }, contentType: 'text/plain', length: 5, sha2 }],
  });
  const part = `Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${sha2}\r\n\r\nhello`;
  return { sha2, body: `--b\r\nContent-Type: application/json\r\n\r\n${JSON.stringify([one, statement()])}\r\n--b\r\n${part}\r\n--b--\r\n` };
}

test.each(WRITTEN.flatMap((table) => FAILURES.map((failure) => [table, failure] as const)))(
  'crash-after-insert: a transaction that ends at %s, by %s, leaves nothing, and sent again it is whole',
  async (table, failure) => {
    const id = randomUUID();
    const { body } = everywhere(id);
    const send = async () => (await sendBytes(app, 'POST', '/statements', { body, headers: { 'Content-Type': 'multipart/mixed; boundary=b' } })).status;
    const before = [await app.counts(), await rowsIn('lrs.inbox', '')];
    const end = await failInserts(app.database, table, id, failure);

    expect(await send()).toBeGreaterThanOrEqual(500);
    await end();
    expect([await app.counts(), await rowsIn('lrs.inbox', '')]).toEqual(before);
    for (const one of WRITTEN) expect([one, await rowsIn(one, id)]).toEqual([one, []]);

    expect(await send()).toBe(200);
    for (const one of WRITTEN) expect([one, (await rowsIn(one, id)).length > 0]).toEqual([one, true]);
    expect((await app.xapi('GET', `/statements?statementId=${id}&attachments=true`)).text).toContain('\r\n\r\nhello\r\n');
  },
);

test('check-then-write: of 24 contents sent at once under one id, over two processes, one is stored, the others are 409', async () => {
  for (let round = 0; round < 5; round += 1) {
    const [id, verb] = [randomUUID(), freshVerb()];
    const contents = Array.from({ length: 24 }, (_, index) => statement({ id, verb, result: { score: { raw: index } } }));
    const before = await app.counts();
    const answers = await Promise.all(contents.map((one, index) => post(one, index % 2 === 0 ? app : second)));
    const winners = contents.filter((_, index) => answers[index]?.status === 200);

    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array.from({ length: 23 }, () => 409)]);
    expect((await list({ verb: verb.id })).map((one) => one['result'])).toEqual(winners.map((one) => one['result']));
    expect((await app.counts())['lrs.statement']).toBe((before['lrs.statement'] ?? 0) + 1);
  }
});

test('check-then-write: what another LRS is sent was committed: nothing of a transaction that is open or rolled back', async () => {
  const other = new OtherLrs();
  cleanUps.push(() => other.stop());
  const endpoint = await other.start();
  await app.sequencer.pass();
  const { id: forwarder } = await app.modules.forwarding.create({
    label: 'Copy',
    endpoint,
    key: 'key',
    secretName: 'other',
    verbs: [],
    activityPrefixes: [],
    fromStart: false,
  });
  cleanUps.push(() => app.modules.forwarding.setEnabled(forwarder, false));
  const [first, ghost, last] = [statement(), randomUUID(), statement()];
  await post(first);
  const open = await app.database.pool.connect();
  await open.query('begin');
  await open.query(
    `insert into lrs.statement (statement_id, stored, recorded_at, actor_key, verb_key, registration, content_hash, body, authority_key, credential_id, authority, refers_to)
     select $1, lrs.next_stored(), recorded_at, actor_key, verb_key, registration, content_hash, body, authority_key, credential_id, authority, refers_to
     from lrs.statement where statement_id = $2`,
    [ghost, first.id],
  );
  const passing = app.sequencer.pass();
  await post(last);
  await app.modules.forwarding.pass();
  expect(other.received.flat().filter(({ id }) => id === ghost)).toEqual([]);
  await open.query('rollback');
  open.release();
  await passing;
  await app.sequencer.pass();
  await app.modules.forwarding.pass();

  expect(other.received.flat().map(({ id }) => id)).toEqual([first.id, last.id]);
});

/** Keeps everything that would store waiting. @returns what lets it go. */
async function holdStoring(databaseUrl: string) {
  const blocker = new pg.Client({ connectionString: databaseUrl });
  await blocker.connect();
  await blocker.query('begin');
  await blocker.query('lock table lrs.statement in exclusive mode');
  return {
    /** Resolves once this many transactions wait. */
    waiting: async (count: number): Promise<void> => {
      const text = "select count(*)::int as n from pg_locks where relation = 'lrs.statement'::regclass and not granted";
      while ((await blocker.query(text)).rows[0].n < count);
    },
    release: async (): Promise<void> => {
      await blocker.query('rollback');
      await blocker.end();
    },
  };
}

test('dedup-now: a statement that is sent again and again, over two processes, is there once at every moment after its first answer', async () => {
  for (let round = 0; round < 5; round += 1) {
    const verb = freshVerb();
    const one = statement({ verb });
    const hold = await holdStoring(app.databaseUrl);
    const sending = Array.from({ length: 20 }, async (_, index) => {
      const on = index % 2 === 0 ? app : second;
      const { status } = await post(index % 3 === 0 ? [statement(), one] : one, on);
      return [status, (await list({ verb: verb.id }, on)).map(({ id }) => id)];
    });
    // As many as either process stores at once: they all begin before the first has ended.
    await hold.waiting(6);
    await hold.release();

    expect(await Promise.all(sending)).toEqual(Array.from({ length: 20 }, () => [200, [one.id]]));
    for (const table of ['lrs.statement', 'lrs.inbox']) expect([table, (await rowsIn(table, one.id)).length]).toEqual([table, 1]);
  }
});

test('ingest-singles: 300 statements that come one by one at once are four transactions, and each is answered for itself', async () => {
  const own = await startTestApp({ settings: { INGEST_CONCURRENCY: '3', INGEST_WAITING_LIMIT: '297' } });
  cleanUps.push(() => own.close());
  const taken = statement();
  await post(taken, own);
  const hold = await holdStoring(own.databaseUrl);
  own.takeQueries();
  const verb = freshVerb();
  const sent = Array.from({ length: 300 }, (_, index) => (index === 150 ? { ...taken, result: { success: false } } : statement({ verb })));
  const posting = Promise.all(sent.map((one) => post(one, own)));
  // Three are under way, the rest waits.
  while (!own.statements.isFull) await new Promise((done) => setImmediate(done));
  await hold.release();
  const answers = (await posting) as Answer<unknown>[];

  expect(own.takeQueries().filter((text) => text.includes('insert into lrs.statement '))).toHaveLength(4);
  expect(answers.map(({ status, body }, index) => (index === 150 ? status : body))).toEqual(sent.map(({ id }, index) => (index === 150 ? 409 : [id])));
  expect((await list({ verb: verb.id }, own)).map(({ id }) => id).toSorted()).toEqual(
    sent
      .filter((_, index) => index !== 150)
      .map(({ id }) => id)
      .toSorted(),
  );
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Plan[];
}

/** Rows that the nodes of a plan took from tables and indexes, shown or not. */
const rowsRead = (plan: Plan): number =>
  (plan['Node Type'].includes('Scan')
    ? plan['Actual Loops'] * (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0))
    : 0) + (plan.Plans ?? []).reduce((sum, one) => sum + rowsRead(one), 0);

test('related-rare-verb: the latest with a rare verb and a busy instructor read the same number of rows however busy that instructor is', async () => {
  const own = await startTestApp();
  cleanUps.push(() => own.close());
  const instructor = { mbox: 'mailto:busy@example.org' };
  const rare = [freshVerb(), freshVerb()];
  // Everything busy comes after them: whoever walks the instructor meets them last.
  for (const verb of rare)
    await post(
      Array.from({ length: 3 }, () => statement({ verb, context: { instructor } })),
      own,
    );
  // As many agents and verbs as there are in a store worth an index.
  const said = (index: number) =>
    statement({ actor: { mbox: `mailto:${randomUUID()}@example.org` }, verb: { id: `https://verbs.example/${index}` }, context: { instructor } });
  const busy = async (batches: number): Promise<void> => {
    for (let batch = 0; batch < batches; batch += 1)
      expect(
        (
          await post(
            Array.from({ length: 500 }, (_, index) => said(index)),
            own,
          )
        ).status,
      ).toBe(200);
    await own.database.pool.query('vacuum analyze');
  };
  const read = async (verb: { readonly id: string }): Promise<{ found: number; rows: number; pages: number }> => {
    const cost = { rows: 0, pages: 0 };
    const counting: Sql = {
      rows: async <T>(text: string, parameters: readonly unknown[] = []) => {
        const { rows } = await own.database.pool.query(`explain (analyze, buffers, format json) ${text}`, [...parameters]);
        const found = rows[0]['QUERY PLAN'] as string | [{ Plan: Plan }];
        const [{ Plan: plan }] = (typeof found === 'string' ? JSON.parse(found) : found) as [{ Plan: Plan }];
        cost.rows += rowsRead(plan);
        cost.pages += plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
        return own.database.sql.rows<T>(text, parameters);
      },
    };
    const filter: StatementFilter = {
      agentKey: actorKey(instructor),
      verbKey: verbKey(verb.id),
      relatedAgents: true,
      relatedActivities: false,
      ascending: false,
      limit: 50,
    };
    return { found: (await listStatements(counting, filter)).statements.length, ...cost };
  };

  // More than are looked at to tell how busy somebody is.
  await busy(4);
  const [some, none] = [await read(rare[0] ?? freshVerb()), await read(freshVerb())];
  await busy(4);
  const [someLater, noneLater] = [await read(rare[1] ?? freshVerb()), await read(freshVerb())];

  expect([some.found, someLater.found, none.found, noneLater.found]).toEqual([3, 3, 0, 0]);
  expect([someLater.rows, noneLater.rows]).toEqual([some.rows, none.rows]);
  expect([some, none, someLater, noneLater].filter(({ rows, pages }) => rows > 5_000 || pages > 500)).toEqual([]);
});

/** Tables of the store as they were when there were documents first, without what later releases compute. */
const KEPT_TABLES = [
  'statement',
  'voiding',
  'inbox',
  'statement_position',
  'sequencer',
  'document',
  'statement_attachment',
  'activity_definition',
  'agent_name',
  'inherited_link',
];

/** Writes what one database holds into another, of an earlier release: the columns that both have. */
async function copyStore(from: Database, into: Database): Promise<void> {
  const links = ['agent', 'activity'].map(
    (kind) => [`statement_${kind}`, `select l.*, s.verb_key, 0 as signature from lrs.statement_${kind} l join lrs.statement s using (statement_id)`] as const,
  );
  for (const [table, source] of [...KEPT_TABLES.map((table) => [table, `select * from lrs.${table}`] as const), ...links]) {
    const { rows } = await from.pool.query(`select json_agg(r)::text as rows, count(*)::int as count from (${source}) r`);
    const columns = await into.pool.query(`select column_name as name from information_schema.columns where table_schema = 'lrs' and table_name = $1`, [table]);
    const names = columns.rows.map(({ name }: { name: string }) => name).join(', ');
    expect([table, rows[0].count > 0]).toEqual([table, true]);
    await into.pool.query(`delete from lrs.${table}`);
    await into.pool.query(`insert into lrs.${table} (${names}) select ${names} from json_populate_recordset(null::lrs.${table}, $1)`, [rows[0].rows]);
  }
}

test.each(['20261124000002_lrs_complete', '20261124000014_learner_globals'])(
  'upgrade-keeps-state: statements, attachments and documents of a database at %s read back byte for byte once it is migrated',
  async (release) => {
    const donor = await startTestApp();
    cleanUps.push(() => donor.close());
    const own = await createTestDatabase('template0');
    cleanUps.push(own.drop);
    const old = await connect(readConfig({ NODE_ENV: 'test' }), own.url);
    await old.orm.migrator.up({ to: release });

    const raw = statement({ result: { extensions: { 'https://ext.example/x': 12345 } }, context: { registration: randomUUID() } });
    await donor.xapi('POST', '/statements', { raw: JSON.stringify(raw).replace('12345', '[1e399, 12345678901234567890,1.0 ,"\\u0041ni ✓"]') });
    const target = statement();
    await post([target, statement({ object: { objectType: 'StatementRef', id: raw.id } }), voiding(target.id)], donor);
    await sendBytes(donor, 'POST', '/statements', { body: everywhere(randomUUID()).body, headers: { 'Content-Type': 'multipart/mixed; boundary=b' } });
    await donor.sequencer.pass();
    const scope = new URLSearchParams({ activityId: 'https://things.example/it', agent: '{"mbox":"mailto:ani@example.org"}' }).toString();
    const registration = randomUUID();
    const documents = [
      `/activities/state?${scope}&stateId=suspend`,
      `/activities/state?${scope}&stateId=suspend&registration=${registration}`,
      `/agents/profile?${scope.split('&')[1]}&profileId=p`,
      `/activities/profile?${scope.split('&')[0]}&profileId=p`,
    ];
    for (const [index, path] of documents.entries())
      expect(
        (await sendBytes(donor, 'PUT', path, { body: Buffer.from([0, 255, 10, index]), headers: { 'Content-Type': 'x/y; z=1', 'If-None-Match': '*' } })).status,
      ).toBe(204);
    await copyStore(donor.database, old);

    const applied = await migrate(old);
    await old.close();
    const migrated = await startTestApp({ databaseUrl: own.url, settings: { BLOB_DIR: donor.blobDir } });
    cleanUps.push(() => migrated.close());

    expect(applied.length).toBeGreaterThan(1);
    const lists = ['', `&agent=${encodeURIComponent('{"mbox":"mailto:ani@example.org"}')}`, `&activity=${encodeURIComponent('https://things.example/it')}`];
    for (const path of [
      ...lists.map((filter) => `/statements?ascending=true${filter}`),
      `/statements?voidedStatementId=${target.id}`,
      '/activities?activityId=https://things.example/it',
      `/activities/state?${scope}`,
      `/activities/state?${scope}&registration=${registration}`,
      ...documents,
    ]) {
      const [before, after] = await Promise.all([donor, migrated].map((one) => sendBytes(one, 'GET', path)));
      const told = (answer: typeof before) => [
        path,
        answer?.status,
        answer?.bytes.toString('latin1'),
        answer?.headers.get('etag'),
        answer?.headers.get('content-type'),
      ];
      expect(told(after)).toEqual(told(before));
      expect(before?.status).toBe(200);
    }
    const attached = (await list({ verb: 'http://adlnet.gov/expapi/verbs/voided' }, migrated)).find((one) => one['attachments'] !== undefined);
    expect((await migrated.xapi('GET', `/statements?statementId=${attached?.id}&attachments=true`)).text).toContain('\r\n\r\nhello\r\n');
  },
);
