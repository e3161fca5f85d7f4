import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import { FAILURES, failInserts } from '../support/failing-table.ts';
import { OtherLrs } from '../support/other-lrs.ts';
import { addLearner, buildWorld, HOME_PAGE, passed, voiding, type World } from '../support/world.ts';

const NOW = new Date('2026-05-01T00:00:00Z');

let app: TestApp;
let world: World;

const start = (options: TestAppOptions = {}) =>
  startTestApp({ clock: { now: () => NOW }, ...options, settings: { FORWARD_SECRETS: '{"other":"secret"}', ...options.settings } });

const cleanUps: (() => unknown)[] = [];
beforeEach(async () => {
  app = await start({ settings: { PROJECTOR_BATCH: '25' } });
  cleanUps.push(() => app.close());
  world = await buildWorld(app);
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const rowsOf = async (sql: string, values: unknown[] = []): Promise<readonly Record<string, unknown>[]> => (await app.database.pool.query(sql, values)).rows;

async function post(...statements: readonly Record<string, unknown>[]): Promise<readonly string[]> {
  const { status, body } = await app.xapi('POST', '/statements', { body: statements });
  expect(status).toBe(200);
  return body as string[];
}
async function send(...statements: readonly Record<string, unknown>[]): Promise<readonly string[]> {
  const ids = await post(...statements);
  await app.projector.drain();
  return ids;
}

async function levels(learnerId: string): Promise<Record<string, number>> {
  const { body } = await app.graphql('query ($id: ID!) { learner(id: $id) { progress { competency { code } current } } }', {
    id: toGlobalId('Learner', learnerId),
  });
  const rows = body.data.learner.progress as { competency: { code: string }; current: number }[];
  return Object.fromEntries(rows.filter(({ current }) => current > 0).map(({ competency, current }) => [competency.code, current]));
}

async function verify(): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  await app.modules.progress.verify((_learners, differences) => found.push(...differences));
  return found;
}

/** Everything that follows from statements. */
const derived = async () => ({
  evidence: await rowsOf('select * from progress.evidence order by learner_id, id'),
  progress: await rowsOf('select * from progress.competency_progress order by learner_id, item_id'),
  events: await rowsOf('select * from progress.progress_event order by learner_id, id'),
});

const CODES = ['ALL.1', 'ALL.2', 'ANY.1', 'ANY.2'];
/** Somebody's statements, the same for everybody but for the levels. */
const some = (name: string, seed: number, count: number) =>
  Array.from({ length: count }, (_, index) => passed(name, CODES[index % 4] ?? '', 1 + ((seed + index) % 5)));

test('reaction-durable: what a server stored and did not project is projected by the next; projected again, all is as it was', async () => {
  const ids = [];
  for (const name of ['ana', 'budi', 'citra']) await addLearner(app, world, name);
  for (const [index, name] of ['ana', 'budi', 'citra'].entries()) ids.push(...(await post(...some(name, index, 8))));
  await post(voiding(ids[0] ?? ''));
  expect((await derived()).evidence).toEqual([]);
  await app.stop();
  app = await start({ databaseUrl: app.databaseUrl });
  cleanUps.splice(0, 1, () => app.close(), app.dispose);

  expect(await app.projector.drain()).toBe(25);
  const first = await derived();
  expect([new Set(first.evidence.map((row) => row['statement_id'])).size, await verify()]).toEqual([24, []]);
  await rowsOf('insert into lrs.inbox (bucket, stored, statement_id) select get_byte(uuid_send(actor_key), 0) % 64, stored, statement_id from lrs.statement');
  expect(await app.projector.drain()).toBe(25);
  expect(await derived()).toEqual(first);
});

test.each(
  ['progress.evidence', 'progress.competency_progress', 'progress.progress_event'].flatMap((table) => FAILURES.map((failure) => [table, failure] as const)),
)(
  'projection-cursor: where writing %s ends by %s the inbox keeps what it had, nothing was derived, and the next pass derives it once',
  async (table, failure) => {
    const learner = await addLearner(app, world, 'ana');
    await post(passed('ana', 'ALL.1', 2), passed('ana', 'ALL.2', 3));
    const inbox = () => rowsOf('select * from lrs.inbox order by 1, 2, 3');
    const before = await inbox();
    const end = await failInserts(app.database, table, learner, failure);
    await expect(app.projector.drain()).rejects.toThrow();
    await end();

    expect([before.length, await inbox(), await derived()]).toEqual([2, before, { evidence: [], progress: [], events: [] }]);
    expect(await app.projector.drain()).toBe(2);
    const after = await derived();
    // A level is evidence of those below it too.
    expect([await inbox(), after.evidence.length, after.events.length]).toEqual([[], 2 + 3, 3]);
    expect([await levels(learner), await verify()]).toEqual([{ 'ALL.1': 2, 'ALL.2': 3, ALL: 2 }, []]);
  },
);

test('evidence-without-person: what was said of somebody unknown counts once they are known, but for what was voided meanwhile', async () => {
  const [kept, voided] = [passed('dewi', 'ALL.1', 4), passed('dewi', 'ANY.1', 5)];
  const [, gone = ''] = await send(kept, voided, passed('dewi', 'ALL.2', 3));
  await send(voiding(gone));
  expect([await derived(), await rowsOf('select from lrs.inbox')]).toEqual([{ evidence: [], progress: [], events: [] }, []]);

  const learner = await addLearner(app, world, 'dewi');
  await app.projector.drain();

  // All competencies of a person in one query, roll-ups too.
  expect([await levels(learner), await verify()]).toEqual([{ 'ALL.1': 4, 'ALL.2': 3, ALL: 3 }, []]);
});

const HEAT_MAP = `query ($id: ID!, $asOf: DateTimeISO) {
  gapHeatMap(unitId: $id, asOf: $asOf) { units { unit { code } people percent } cells { competency { code } people below missing } }
  trainingNeeds(unitId: $id, asOf: $asOf) { competency { code } people missing points }
}`;

/** People who hold the position of the world, which demands ALL at 3, in one unit, each with a level in both parts of ALL or none. */
async function holders(count: number): Promise<{ readonly unitId: string; readonly levels: readonly number[] }> {
  const unit = await app.modules.people.createUnit({ code: 'OPD', name: 'Agency', kind: 'OPD', parentId: null });
  const statements: Record<string, unknown>[] = [];
  const reached = Array.from({ length: count }, (_, index) => index % 6);
  for (const [index, level] of reached.entries()) {
    const { id: learnerId } = await app.modules.people.createLearner({
      name: `h${index}`,
      staffCategory: 'PNS',
      identities: [{ kind: 'account', homePage: HOME_PAGE, value: `h${index}` }],
    });
    await app.modules.people.createHolding({
      learnerId,
      positionId: world.positionId,
      unitId: unit.id,
      validFrom: new Date('2026-01-01T00:00:00Z'),
      validTo: null,
    });
    const timestamp = `2026-0${1 + (index % 4)}-15T00:00:00Z`;
    if (level > 0) statements.push(...['ALL.1', 'ALL.2'].map((code) => passed(`h${index}`, code, level, { timestamp })));
  }
  await send(...statements);
  return { unitId: toGlobalId('OrganizationUnit', unit.id), levels: reached };
}

test('honest-aggregate: the heat map and the needs of more people than any page holds are exact, and an error when they cannot be', async () => {
  const { unitId, levels: reached } = await holders(230);
  const gaps = reached.map((level) => Math.max(0, 3 - level));
  const missing = gaps.reduce((sum, gap) => sum + gap, 0);
  const lacking = gaps.filter((gap) => gap > 0).length;

  const { body } = await app.graphql(HEAT_MAP, { id: unitId });
  expect(body.data.gapHeatMap.cells).toEqual([{ competency: { code: 'ALL' }, people: 230, below: lacking, missing }]);
  expect(body.data.gapHeatMap.units).toMatchObject([{ people: 230 }]);
  expect(body.data.trainingNeeds).toEqual([{ competency: { code: 'ALL' }, people: lacking, missing, points: missing }]);

  await rowsOf('alter table progress.competency_progress rename to away');
  const failed = await app.graphql(HEAT_MAP, { id: unitId });
  expect([failed.body.data ?? null, failed.body.errors?.map(({ extensions }) => extensions.code)]).toEqual([null, ['INTERNAL_SERVER_ERROR']]);
});

/** Runs work while nobody can read a statement, nor a link of one. */
async function withoutStatements<T>(work: () => Promise<T>): Promise<T> {
  const locker = new pg.Client({ connectionString: app.databaseUrl });
  await locker.connect();
  await locker.query('begin');
  await locker.query('lock table lrs.statement, lrs.statement_agent, lrs.statement_activity, lrs.inherited_link in access exclusive mode');
  try {
    return await work();
  } finally {
    await locker.end();
  }
}

test('no-count-on-dashboard: lists, progress and what tells how the server does read no statement and count none', async () => {
  await holders(12);
  await app.modules.forwarding.create({
    label: 'Copy',
    endpoint: 'https://lrs.example',
    key: 'k',
    secretName: 'other',
    verbs: [],
    activityPrefixes: [],
    fromStart: true,
  });
  await app.sequencer.pass();
  await app.modules.progress.feed.place();
  const query = `{
    learners(first: 25) { nodes { name positionMatch { percent } progress { competency { code } current target gap } } pageInfo { hasNextPage } }
    competencies(first: 25) { nodes { code } }
    statementForwarders(first: 5) { nodes { lag } }
    progressChanges(first: 5) { edges { node { toLevel } } }
    lrsCredentials(first: 5) { nodes { label } }
    trainingPrograms(first: 5) { nodes { code } }
  }`;
  app.takeQueries();
  const { body } = await withoutStatements(() => app.graphql(query));
  const queries = app.takeQueries();

  expect(body.errors).toBeUndefined();
  expect([body.data.learners.nodes.length, body.data.progressChanges.edges.length, body.data.statementForwarders.nodes]).toEqual([12, 5, [{ lag: 20 }]]);
  expect(queries.length).toBeGreaterThan(5);
  expect(queries.filter((text) => /\blrs\.(?:statement|inherited_link)\b|count\(\*\)/i.test(text))).toEqual([]);
});

test('months-of-charts: each month of the heat map comes from what was derived, by the same few queries, however much was said', async () => {
  const { unitId } = await holders(24);
  const months = ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30'];
  const chart = async () => {
    app.takeQueries();
    const answers = [];
    for (const month of months) answers.push((await withoutStatements(() => app.graphql(HEAT_MAP, { id: unitId, asOf: `${month}T00:00:00Z` }))).body);
    return { below: answers.map(({ data }) => data.gapHeatMap.cells[0].below as number), queries: app.takeQueries().toSorted() };
  };
  const first = await chart();
  // Their pass is one more; it changes no level.
  await send(
    ...Array.from({ length: 24 }, (_, index) => passed(`h${index}`, 'ALL.1', 1, { timestamp: '2026-04-30T12:00:00Z' })).filter((_, index) => index % 6 > 0),
  );
  const second = await chart();

  // Whoever reached 3 in a month or before is not below.
  const expected = months.map((_, month) => Array.from({ length: 24 }, (_one, index) => index).filter((index) => index % 6 < 3 || index % 4 > month).length);
  expect([first.below, second.below]).toEqual([expected, expected]);
  expect(second.queries).toEqual(first.queries);
  expect(first.queries.length / months.length).toBeLessThan(20);
  expect(first.queries.filter((text) => /\blrs\./.test(text))).toEqual([]);
});

/** Every row of the tables of some schemas that says nothing of these learners, with the transaction that wrote it. */
async function untouched(schemas: readonly string[], learnerIds: readonly string[]): Promise<Record<string, readonly unknown[]>> {
  const tables = await rowsOf(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_type = 'BASE TABLE' and table_schema = any($1) order by 1`,
    [schemas],
  );
  const found: Record<string, readonly unknown[]> = {};
  for (const { name } of tables)
    found[String(name)] = await rowsOf(
      `select t.xmin, t.ctid, t::text as row from ${String(name)} t where not exists (select from unnest($1::text[]) as id where position(id in t::text) > 0) order by 2`,
      [learnerIds],
    );
  return found;
}

/** Counts what is sent to PostgreSQL through the pool, the ORM's queries too. */
async function countingQueries(work: () => Promise<unknown>): Promise<number> {
  const { pool } = app.database;
  const clients = new Set<pg.PoolClient>();
  let count = 0;
  const watch = (client: pg.PoolClient): void => {
    if (clients.has(client)) return;
    clients.add(client);
    const { query } = client;
    client.query = ((...given: unknown[]) => {
      count += 1;
      return Reflect.apply(query, client, given);
    }) as typeof query;
  };
  pool.on('acquire', watch);
  await work();
  pool.off('acquire', watch);
  for (const client of clients) Reflect.deleteProperty(client, 'query');
  return count;
}

test('person-merge-cost: a merge writes rows of its two learners and no statement, by as many queries however many others there are', async () => {
  const merge = async (others: number, round: string): Promise<number> => {
    const [from, into] = [await addLearner(app, world, `from-${round}`), await addLearner(app, world, `into-${round}`)];
    for (let index = 0; index < others; index += 1) await addLearner(app, world, `${round}-${index}`);
    await send(passed(`from-${round}`, 'ALL.1', 3), passed(`into-${round}`, 'ALL.2', 4));
    await send(...Array.from({ length: others }, (_, index) => some(`${round}-${index}`, index, 6)).flat());
    const schemas = ['lrs', 'progress', 'people', 'training', 'access', 'competency', 'content', 'launch'];
    const [statements, before] = [await untouched(['lrs'], []), await untouched(schemas, [from, into])];
    const queries = await countingQueries(() => app.modules.people.mergeLearners(from, into));

    expect(await untouched(['lrs'], [])).toEqual(statements);
    expect(await untouched(schemas, [from, into])).toEqual(before);
    expect([await levels(into), await verify()]).toEqual([{ 'ALL.1': 3, 'ALL.2': 4, ALL: 3 }, []]);
    return queries;
  };
  // The first one learns the model.
  await merge(0, 'none');
  const [few, many] = [await merge(2, 'few'), await merge(40, 'many')];

  expect(few).toBeGreaterThan(10);
  expect(many).toBe(few);
});

test('backlog-drain: 600 waiting statements are taken 25 at a time at the most, and nothing is left', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `b${index}`);
  for (const name of names) await addLearner(app, world, name);
  for (const [index, name] of names.entries()) await post(...some(name, index, 20));
  await rowsOf('create table public.claims (xid xid8 not null, taken int not null)');
  await app.database.pool.query(`
    create function public.note_claim() returns trigger language plpgsql as $$
      begin insert into public.claims select pg_current_xact_id(), count(*) from gone; return null; end $$;
    create trigger note_claim after delete on lrs.inbox referencing old table as gone for each statement execute function public.note_claim();
  `);

  expect(await app.projector.drain()).toBe(600);
  const claims = await rowsOf('select sum(taken)::int as taken from public.claims group by xid');
  expect(claims.map(({ taken }) => Number(taken)).reduce((sum, taken) => sum + taken, 0)).toBe(600);
  expect(Math.max(...claims.map(({ taken }) => Number(taken)))).toBe(25);
  expect([await rowsOf('select from lrs.inbox'), await app.projector.drain(), await verify()]).toEqual([[], 0, []]);
  expect(await rowsOf('select count(distinct statement_id)::int as n from progress.evidence')).toEqual([{ n: 600 }]);
});

test('backlog-drain: another LRS that was away gets the backlog 50 at a time, in order, and what it said meanwhile is kept', async () => {
  const other = new OtherLrs();
  cleanUps.push(() => other.stop());
  const endpoint = await other.start();
  const { id } = await app.modules.forwarding.create({
    label: 'Copy',
    endpoint,
    key: 'k',
    secretName: 'other',
    verbs: [],
    activityPrefixes: [],
    fromStart: true,
  });
  const ids: string[] = [];
  for (let batch = 0; batch < 4; batch += 1) ids.push(...(await post(...some('eka', batch, 55))));
  await app.sequencer.pass();
  other.answer = () => 503;
  await app.modules.forwarding.pass();
  expect(await app.modules.forwarding.byId(id)).toMatchObject({ position: 0, attempts: 1, lastError: '503: said the other LRS' });

  other.answer = () => 200;
  await rowsOf('update lrs.forwarder set next_attempt_at = clock_timestamp()');
  await app.modules.forwarding.pass();
  const [, ...received] = other.received;
  expect(received.map((batch) => batch.length)).toEqual([50, 50, 50, 50, 20]);
  expect(received.flat().map((statement) => statement.id)).toEqual(ids);
  expect(await app.modules.forwarding.byId(id)).toMatchObject({ position: 220, attempts: 0, lastError: null });
});
