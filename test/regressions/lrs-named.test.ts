import { randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/settings.ts';
import { assertSchemaIsCurrent } from '../../src/db/schema-version.ts';
import { Sequencer } from '../../src/modules/lrs/sequencer.ts';
import { type Answer, startTestApp, type TestApp, type TestAppOptions, type XapiSecret } from '../support/app.ts';
import { createTestDatabase } from '../support/database.ts';
import type { Found, Json, List, Query } from '../support/json.ts';
import { basicOf } from '../support/send.ts';
import { voiding } from '../support/world.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A server of one test's own, with nothing in its store. */
async function ownApp(options: TestAppOptions = {}): Promise<TestApp> {
  const own = await startTestApp(options);
  cleanUps.push(() => own.close());
  return own;
}

async function ownDatabase(): Promise<string> {
  const { url, drop } = await createTestDatabase();
  cleanUps.push(drop);
  return url;
}

const statement = (extra: Json = {}): Json => ({
  actor: { mbox: 'mailto:ani@example.org' },
  verb: { id: 'https://verbs.example/did' },
  object: { id: 'https://things.example/it' },
  ...extra,
});
const freshVerb = () => ({ id: `https://verbs.example/${randomUUID()}` });

async function store(body: unknown, on: TestApp = app): Promise<readonly string[]> {
  const answer = (await on.xapi('POST', '/statements', { body })) as Answer<string[]>;
  expect(answer.status).toBe(200);
  return answer.body;
}

const get = async (query: Query, on: TestApp = app, credential: XapiSecret = on.credential): Promise<Answer<List>> =>
  (await on.xapi('GET', `/statements?${new URLSearchParams(query).toString()}`, { credential })) as Answer<List>;

/** Every statement that a query finds, through all its pages. */
async function all(query: Query, on: TestApp = app): Promise<readonly Found[]> {
  const found: Found[] = [];
  let answer = await get({ limit: '100', ...query }, on);
  for (;;) {
    expect(answer.status).toBe(200);
    found.push(...answer.body.statements);
    if (answer.body.more === '') return found;
    answer = (await on.xapi('GET', answer.body.more.replace('/xapi', ''))) as Answer<List>;
  }
}

const idsOf = (statements: readonly Found[]): readonly string[] => statements.map(({ id }) => id);
const deadlocks = async (): Promise<unknown> => app.database.sql.rows('select deadlocks from pg_stat_database where datname = current_database()');

/** Repeatable dice (mulberry32). */
function diceOf(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

/** A minute is what it takes to be sure; every run has a few seconds for it. */
const STORM_MS = Number(process.env['STORM_MS'] ?? 5_000);

test(
  'deadlock-storm: 8 writers of batches of 50 over 300 hot actors and 50 hot activities: no deadlock, nothing but 200',
  async () => {
    const roll = diceOf(1);
    const verb = freshVerb();
    const before = await deadlocks();
    const end = Date.now() + STORM_MS;
    const hot = () =>
      statement({
        verb,
        actor: { mbox: `mailto:hot-${roll(300)}@example.org`, name: `Hot ${roll(3)}` },
        object: { id: `https://things.example/hot/${roll(50)}`, definition: { name: { en: `Hot ${roll(3)}` } } },
        context: {
          instructor: { mbox: `mailto:hot-${roll(300)}@example.org` },
          contextActivities: { parent: [{ id: `https://things.example/hot/${roll(50)}` }] },
        },
      });
    const writer = async (): Promise<number[]> => {
      const statuses: number[] = [];
      while (Date.now() < end) statuses.push((await app.xapi('POST', '/statements', { body: Array.from({ length: 50 }, hot) })).status);
      return statuses;
    };
    const statuses = (await Promise.all(Array.from({ length: 8 }, writer))).flat();
    const [row] = await app.database.sql.rows<{ n: number }>(
      'select count(*)::int as n from lrs.statement where verb_key = (select verb_key from lrs.statement where body like $1 limit 1)',
      [`%${verb.id}%`],
    );

    expect(statuses.length).toBeGreaterThan(8);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(row?.n).toBe(statuses.length * 50);
    expect(await deadlocks()).toEqual(before);
  },
  STORM_MS + 120_000,
);

test('first-seen-race: 40 posts at once that are the first to name an agent and an activity are all stored, with one canonical row', async () => {
  for (let round = 0; round < 5; round += 1) {
    const actor = { account: { homePage: 'https://lms.example', name: randomUUID() }, name: 'First Seen' };
    const object = {
      objectType: 'Activity',
      id: `https://things.example/${randomUUID()}`,
      definition: { name: { en: 'First' }, type: 'https://types.example/t' },
    };
    const answers = await Promise.all(Array.from({ length: 40 }, async () => app.xapi('POST', '/statements', { body: statement({ actor, object }) })));
    const agent = JSON.stringify({ account: actor.account });
    const count = async (table: string, column: string, value: string) => app.database.sql.rows(`select from ${table} where ${column} = $1`, [value]);

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
    expect(await all({ agent })).toHaveLength(40);
    expect(await all({ activity: object.id })).toHaveLength(40);
    expect(await count('lrs.activity_definition', 'iri', object.id)).toHaveLength(1);
    expect((await app.xapi('GET', `/activities?activityId=${encodeURIComponent(object.id)}`)).body).toEqual(object);
    expect((await app.xapi('GET', `/agents?agent=${encodeURIComponent(agent)}`)).body).toEqual({
      objectType: 'Person',
      name: ['First Seen'],
      account: [actor.account],
    });
  }
});

test('first-seen-race: one id posted by 20 at once with equal content is one statement, and everyone is told its id', async () => {
  for (let round = 0; round < 5; round += 1) {
    const [id, verb] = [randomUUID(), freshVerb()];
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => app.xapi('POST', '/statements', { body: [statement({ verb }), statement({ verb, id })] })),
    );

    expect(answers.map(({ status, body }) => [status, (body as string[])[1]])).toEqual(Array.from({ length: 20 }, () => [200, id]));
    expect(await all({ verb: verb.id })).toHaveLength(21);
  }
});

test('equal-duplicate-in-batch: a back-fill that holds stored statements stores the rest and answers all ids in order', async () => {
  const verb = freshVerb();
  const batch = Array.from({ length: 50 }, (_, index) => statement({ id: randomUUID(), verb, result: { score: { raw: index } } }));
  const ids = batch.map((one) => String(one['id']));
  await store(batch.filter((_, index) => index % 3 === 0));

  expect(await store(batch)).toEqual(ids);
  expect(await store(batch.toReversed())).toEqual(ids.toReversed());
  expect(idsOf(await all({ verb: verb.id })).toSorted()).toEqual(ids.toSorted());
});

test('equal-duplicate-in-batch: with another body under one of the ids the whole batch is 409 and nothing is stored', async () => {
  const verb = freshVerb();
  const batch = Array.from({ length: 20 }, () => statement({ id: randomUUID(), verb }));
  await store(batch.slice(0, 5));
  const before = [await app.counts(), await all({ verb: verb.id })];
  const answer = await app.xapi('POST', '/statements', { body: batch.map((one, index) => (index === 3 ? { ...one, result: { success: false } } : one)) });

  expect(answer.status).toBe(409);
  expect((answer.body as { violations: Json[] }).violations.map((violation) => violation['path'])).toEqual(['/3/id']);
  expect([await app.counts(), await all({ verb: verb.id })]).toEqual(before);
});

const holds = (value: unknown, test: (object: Json) => boolean): boolean =>
  Array.isArray(value) ? value.some((element) => holds(element, test)) : typeof value === 'object' && value !== null && test(value as Json);

/** Whether an Agent or Group is, or has as member, the one with this identifier as JSON. */
const isAgent = (actor: unknown, identifier: string): boolean =>
  holds(
    actor,
    (one) =>
      ['mbox', 'account'].some((kind) => one[kind] !== undefined && JSON.stringify({ [kind]: one[kind] }) === identifier) || isAgent(one['member'], identifier),
  );
const isActivity = (value: unknown, iri: string): boolean => holds(value, (one) => one['id'] === iri);

/** The filters once more, by reading whole statements one after the other. */
function matchesNaively(one: Found, query: Query): boolean {
  const [context, object] = [(one['context'] ?? {}) as Json, one['object'] as Json];
  const isSub = object['objectType'] === 'SubStatement';
  const inner = (isSub ? object : {}) as Json;
  const innerContext = (inner['context'] ?? {}) as Json;
  const kinds = ['parent', 'grouping', 'category', 'other'];
  const { agent, activity, verb, registration, since, until } = query;
  const isRelatedAgent = (identifier: string) =>
    [one['authority'], context['instructor'], context['team'], inner['actor'], inner['object'], innerContext['instructor'], innerContext['team']].some(
      (actor) => isAgent(actor, identifier),
    );
  const isRelatedActivity = (iri: string) =>
    (isSub && isActivity(inner['object'], iri)) ||
    [context, innerContext].some((where) => kinds.some((kind) => isActivity(((where['contextActivities'] ?? {}) as Json)[kind], iri)));
  return (
    (agent === undefined ||
      isAgent(one['actor'], agent) ||
      (!isSub && isAgent(object, agent)) ||
      (query['related_agents'] === 'true' && isRelatedAgent(agent))) &&
    (activity === undefined || (!isSub && isActivity(object, activity)) || (query['related_activities'] === 'true' && isRelatedActivity(activity))) &&
    (verb === undefined || (one['verb'] as Json)['id'] === verb) &&
    (registration === undefined || context['registration'] === registration) &&
    (since === undefined || one.stored > since) &&
    (until === undefined || one.stored <= until)
  );
}

test('filters-and: every subset of the filters, related or not, in both orders and any page size, equals a naive scan', async () => {
  const own = await ownApp();
  const roll = diceOf(2);
  const pick = <T>(items: readonly T[]): T => items[roll(items.length)] as T;
  const agents = [0, 1, 2].map((n) => ({ mbox: `mailto:agent-${n}@example.org` }));
  const group = { account: { homePage: 'https://lms.example', name: 'group' } };
  const activities = [0, 1, 2].map((n) => `https://things.example/${n}`);
  const verbs = [0, 1].map((n) => `https://verbs.example/${n}`);
  const registrations = [randomUUID(), randomUUID()];
  const actor = (): Json =>
    pick<() => Json>([
      () => pick(agents),
      () => pick(agents),
      () => ({ objectType: 'Group', member: [pick(agents), { mbox: 'mailto:other@example.org' }] }),
      () => ({ objectType: 'Group', ...group, member: [pick(agents)] }),
    ])();
  const list = () => [{ id: pick(activities) }];
  const context = (isSub: boolean): Json => ({
    ...(!isSub && roll(3) > 0 && { registration: pick(registrations) }),
    ...(roll(3) === 0 && { instructor: actor() }),
    ...(roll(3) === 0 && { team: { objectType: 'Group', ...group } }),
    ...(roll(2) === 0 && { contextActivities: { [pick(['parent', 'grouping', 'category', 'other'])]: list() } }),
  });
  const object = (depth: number): Json =>
    pick<() => Json>([
      () => ({ id: pick(activities) }),
      () => ({ id: pick(activities), objectType: 'Activity' }),
      () => ({ objectType: 'Agent', ...pick(agents) }),
      () => ({ objectType: 'Group', ...group }),
      () =>
        depth > 0
          ? { id: pick(activities) }
          : { objectType: 'SubStatement', actor: actor(), verb: { id: pick(verbs) }, object: object(1), context: context(true) },
    ])();
  for (let batch = 0; batch < 12; batch += 1)
    await store(
      Array.from({ length: 10 }, () => ({ actor: actor(), verb: { id: pick(verbs) }, object: object(0), context: context(false) })),
      own,
    );
  await own.sequencer.pass();
  const everything = await all({ ascending: 'true' }, own);
  expect(everything).toHaveLength(120);
  const times = everything.map(({ stored }) => stored);

  const authority = JSON.stringify({ account: (everything[0]?.['authority'] as { account: Json } | undefined)?.account });
  const choices: readonly (() => Query)[] = [
    () => ({ agent: pick([...agents, group].map((one) => JSON.stringify(one)).concat(authority)) }),
    () => ({ activity: pick(activities) }),
    () => ({ verb: pick(verbs) }),
    () => ({ registration: pick(registrations) }),
    () => ({ since: pick(times) }),
    () => ({ until: pick(times) }),
    () => ({ related_agents: 'true' }),
    () => ({ related_activities: 'true' }),
  ];
  const found: number[] = [];
  for (let subset = 0; subset < 2 ** choices.length; subset += 1) {
    const query = Object.assign({}, ...choices.filter((_, index) => subset & (1 << index)).map((choose) => choose())) as Query;
    const expected = idsOf(everything.filter((one) => matchesNaively(one, query)));
    const ascending = pick(['true', 'false']);
    found.push(expected.length);

    expect({ query, ids: idsOf(await all({ ...query, ascending, limit: String(1 + roll(100)) }, own)) }).toEqual({
      query,
      ids: ascending === 'true' ? expected : expected.toReversed(),
    });
  }
  expect(found.filter((length) => length > 0 && length < 120).length).toBeGreaterThan(128);
});

test('since-by-stored: order and since go by stored, so that a back-dated statement reaches who has read everything', async () => {
  const verb = freshVerb();
  const ids: string[] = [];
  for (const year of [2026, 2001, 2030, 1999]) ids.push(...(await store(statement({ verb, timestamp: `${year}-01-01T00:00:00Z` }))));
  const seen = await all({ verb: verb.id, ascending: 'true' });
  const newest = seen.at(-1)?.stored ?? '';
  expect(idsOf(seen)).toEqual(ids);
  expect(idsOf(await all({ verb: verb.id }))).toEqual(ids.toReversed());
  expect(await all({ verb: verb.id, since: newest })).toEqual([]);

  const [late = ''] = await store(statement({ verb, timestamp: '1990-01-01T00:00:00Z' }));
  expect(idsOf(await all({ verb: verb.id, since: newest }))).toEqual([late]);
  expect(idsOf(await all({ verb: verb.id, until: newest, ascending: 'true' }))).toEqual(ids);
});

test('page-stability: while 4 writers store, pages joined by more have no statement twice, all that were there, and their order', async () => {
  const verb = freshVerb();
  for (let batch = 0; batch < 6; batch += 1) await store(Array.from({ length: 20 }, () => statement({ verb })));
  const there = await all({ verb: verb.id, ascending: 'true' });
  const [before, last] = [idsOf(there), there.at(-1)?.stored ?? ''];
  expect(before).toHaveLength(120);

  const done = new AbortController();
  const writing = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!done.signal.aborted) await store([statement({ verb }), statement({ verb })]);
    }),
  );
  const walks: (readonly Found[])[] = [];
  // Upwards, a walk ends only where it is told to: writers are faster than small pages.
  for (const limit of ['1', '7', '50']) walks.push(await all({ verb: verb.id, limit }));
  for (const limit of ['1', '7', '50']) walks.push(await all({ verb: verb.id, limit, ascending: 'true', until: last }));
  done.abort();
  await writing;

  for (const [index, walk] of walks.entries()) {
    const ids = idsOf(walk);
    const keys = walk.map(({ stored, id }) => `${stored} ${id}`);
    expect([index, new Set(ids).size]).toEqual([index, ids.length]);
    expect([index, ids.filter((id) => before.includes(id))]).toEqual([index, index < 3 ? before.toReversed() : before]);
    expect([index, keys]).toEqual([index, index < 3 ? keys.toSorted().reverse() : keys.toSorted()]);
  }
});

test('read-mine: lists, pages, single statements, voided ones and names of agents show nothing of another authority', async () => {
  const vendor = await app.createCredential(['statements/write', 'statements/read/mine']);
  const verb = freshVerb();
  const actor = { account: { homePage: 'https://lms.example', name: randomUUID() } };
  const agent = encodeURIComponent(JSON.stringify(actor));
  const [foreign = '', foreignVoided = ''] = await store([statement({ verb, actor: { ...actor, name: 'Secret Name' } }), statement({ verb, actor })]);
  await store(voiding(foreignVoided));
  const own: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    own.push(
      ...((await app.xapi('POST', '/statements', { body: statement({ verb, actor, context: { instructor: actor } }), credential: vendor })).body as string[]),
    );
    await store(statement({ verb, actor }));
  }
  const voided = own.pop() ?? '';
  await app.xapi('POST', '/statements', { body: voiding(voided), credential: vendor });
  await app.sequencer.pass();

  for (const query of [
    { verb: verb.id },
    { agent: JSON.stringify(actor) },
    { agent: JSON.stringify(actor), related_agents: 'true' },
    { verb: verb.id, agent: JSON.stringify(actor) },
  ]) {
    const seen: Found[] = [];
    let answer = await get({ ...query, limit: '2', ascending: 'true' }, app, vendor);
    for (;;) {
      seen.push(...answer.body.statements);
      if (answer.body.more === '') break;
      answer = (await app.xapi('GET', answer.body.more.replace('/xapi', ''), { credential: vendor })) as Answer<List>;
    }
    expect({ query, ids: idsOf(seen).filter((id) => own.includes(id)) }).toEqual({ query, ids: own });
    expect(new Set(seen.map((one) => JSON.stringify(one['authority']))).size).toBe(1);
    expect(seen.filter(({ id }) => id === foreign || id === foreignVoided)).toEqual([]);
  }
  const status = async (parameter: string, id: string) => (await app.xapi('GET', `/statements?${parameter}=${id}`, { credential: vendor })).status;
  expect([await status('statementId', foreign), await status('voidedStatementId', foreignVoided)]).toEqual([404, 404]);
  expect([await status('statementId', own[0] ?? ''), await status('voidedStatementId', voided)]).toEqual([200, 200]);
  expect((await app.xapi('GET', `/agents?agent=${agent}`, { credential: vendor })).body).toEqual({ objectType: 'Person', account: [actor.account] });
  expect((await app.xapi('GET', `/agents?agent=${agent}`)).body).toEqual({ objectType: 'Person', name: ['Secret Name'], account: [actor.account] });
});

test('read-mine: what may only write reads nothing, and what may read all does not write', async () => {
  const [writer, reader] = [await app.createCredential(['statements/write']), await app.createCredential(['all/read'])];
  const [id = ''] = await store(statement());
  const before = await app.counts();

  for (const path of [
    '/statements',
    `/statements?statementId=${id}`,
    `/agents?agent=${encodeURIComponent('{"mbox":"mailto:ani@example.org"}')}`,
    '/activities?activityId=https://things.example/it',
  ])
    expect([path, (await app.xapi('GET', path, { credential: writer })).status, (await app.xapi('GET', path, { credential: reader })).status]).toEqual([
      path,
      403,
      200,
    ]);
  expect((await app.xapi('POST', '/statements', { body: statement(), credential: reader })).status).toBe(403);
  expect(await app.counts()).toEqual(before);
});

test('no-ddl-on-boot: a second start, with its loops at work, sends no DDL at all', async () => {
  const databaseUrl = await ownDatabase();
  const first = await startTestApp({ databaseUrl });
  await store([statement(), statement()], first);
  await first.database.pool.query(`
    create table public.ddl_seen (tag text not null);
    create function public.note_ddl() returns event_trigger language plpgsql as $$ begin insert into public.ddl_seen values (tg_tag); end $$;
    create event trigger note_ddl on ddl_command_start execute function public.note_ddl();
  `);
  await first.close();

  const queries: string[] = [];
  const config = readConfig({ NODE_ENV: 'test', PORT: '0', LOG_LEVEL: 'silent', SEQUENCER_POLL_MS: '5' });
  const second = await createApp({ config, databaseUrl, onQuery: (text) => queries.push(text) });
  cleanUps.push(() => second.close());
  await assertSchemaIsCurrent(second.database);
  const address = await second.start();
  expect((await fetch(`${address}/health/ready`)).status).toBe(200);
  while ((await second.database.sql.rows('select from lrs.statement_position')).length < 2) await new Promise((done) => setTimeout(done, 5));
  expect(await second.database.sql.rows('select tag from public.ddl_seen')).toEqual([]);
  expect(queries.filter((text) => /^\s*(?:create|alter|drop|truncate|reindex|vacuum|cluster)\b/i.test(text))).toEqual([]);
  await second.database.pool.query('create table public.control ()');
  expect(await second.database.sql.rows('select tag from public.ddl_seen')).toEqual([{ tag: 'CREATE TABLE' }]);
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Filter?: string;
  readonly Plans?: readonly Plan[];
}

/** Every node of a plan that touches a table. */
const scansOf = (plan: Plan): readonly Plan[] => [...(plan['Node Type'].includes('Scan') ? [plan] : []), ...(plan.Plans ?? []).flatMap(scansOf)];

test('state-index: reading a state is one probe of one index, listing and deleting a scope is one range of it', async () => {
  await app.database.pool.query(`
    insert into lrs.document (scope_key, registration, document_key, resource, activity_key, agent_key, document_id, content_type, content, etag, updated)
    select md5(n::text)::uuid, md5('r' || n)::uuid, md5('d' || n % 10)::uuid, 'state', md5('a' || n)::uuid, md5('g' || n)::uuid, 'd' || n % 10, 'application/json', '{}', 'x', clock_timestamp()
    from generate_series(1, 20000) n;
    analyze lrs.document;
  `);
  const scope = new URLSearchParams({ activityId: 'https://things.example/index', agent: '{"mbox":"mailto:index@example.org"}' }).toString();
  const sqlOf = async (method: string, path: string): Promise<string> => {
    app.takeQueries();
    await app.xapi(method, path);
    return app.takeQueries().find((text) => /^(?:select|delete)[^;]*from lrs\.document/.test(text)) ?? '';
  };
  const plan = async (sql: string, values: readonly unknown[]): Promise<readonly Plan[]> => {
    const { rows } = await app.database.pool.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] | string }>(`explain (format json) ${sql}`, [...values]);
    const found = rows[0]?.['QUERY PLAN'] ?? [];
    const [root] = (typeof found === 'string' ? JSON.parse(found) : found) as readonly { Plan: Plan }[];
    return root ? scansOf(root.Plan) : [];
  };
  const key = [randomUUID(), randomUUID(), randomUUID()];

  const one = await plan(await sqlOf('GET', `/activities/state?${scope}&stateId=x`), key);
  expect(one.map((node) => [node['Node Type'], node['Index Name'], node.Filter])).toEqual([['Index Scan', 'document_pkey', undefined]]);
  expect(one[0]?.['Index Cond']).toMatch(/scope_key = .* AND \(registration = .* AND \(document_key = /);
  for (const nodes of [
    await plan(await sqlOf('GET', `/activities/state?${scope}`), [key[0], null, null]),
    await plan(await sqlOf('GET', `/activities/state?${scope}&registration=${key[1]}`), [key[0], key[1], null]),
    await plan(await sqlOf('DELETE', `/activities/state?${scope}`), [key[0], null]),
  ]) {
    expect(nodes.map((node) => [node['Node Type'].replace('Only ', ''), node['Index Name']])).toEqual([['Index Scan', 'document_pkey']]);
    expect(nodes[0]?.['Index Cond']).toContain('scope_key = ');
  }
});

test('account-key: accounts whose name and home page read the same when joined are different agents', async () => {
  const verb = freshVerb();
  const accounts = [
    { homePage: 'https://a.example', name: 'b::c' },
    { homePage: 'https://a.example/::b', name: 'c' },
    { homePage: 'https://a.example/', name: ':b::c' },
    { homePage: 'https://a.example', name: 'B::c' },
    { homePage: 'https://a.example', name: 'b::c@https://a.example' },
    { homePage: 'https://A.example', name: 'b::c' },
    { homePage: 'https://a.example', name: 'b::c ' },
    { homePage: 'https://a.example', name: '1:b\n2:c' },
  ];
  const ids = await store(accounts.map((account) => statement({ verb, actor: { account } })));

  for (const [index, account] of accounts.entries())
    expect([account, idsOf(await all({ verb: verb.id, agent: JSON.stringify({ account }) }))]).toEqual([account, [ids[index]]]);
  expect(
    idsOf(await all({ verb: verb.id, agent: JSON.stringify({ objectType: 'Agent', account: { name: 'c', homePage: 'https://a.example/::b' } }) })),
  ).toEqual([ids[1]]);
});

/** Sends a body in chunks, its length unsaid. */
const sendChunked = async (to: TestApp, path: string, contentType: string, body: Uint8Array): Promise<number> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(to.url);
    const headers = { Authorization: basicOf(to.credential), 'X-Experience-API-Version': '1.0.3', 'Content-Type': contentType };
    const outgoing = request({ host: '127.0.0.1', port, path: `/xapi${path}`, method: 'POST', headers }, (incoming) => {
      incoming.resume().on('end', () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    for (let start = 0; start < body.length; start += 700) outgoing.write(body.subarray(start, start + 700));
    outgoing.end();
  });

test('chunked-limit: statements, documents and multipart bodies that hide their length are held to their limits', async () => {
  const limits = { STATEMENT_BODY_LIMIT_BYTES: '2048', DOCUMENT_BODY_LIMIT_BYTES: '3072', ATTACHMENT_BODY_LIMIT_BYTES: '4096' };
  const own = await ownApp({ settings: limits });
  const padded = (length: number): Buffer => {
    const bare = JSON.stringify(statement({ result: { response: '' } }));
    return Buffer.from(bare.replace('"response":""', `"response":"${'x'.repeat(length - bare.length)}"`));
  };
  const state = `/activities/state?${new URLSearchParams({ activityId: 'https://things.example/c', agent: '{"mbox":"mailto:c@example.org"}', stateId: 'x' }).toString()}`;
  const multipart = (json: Uint8Array, length: number): Buffer => {
    const head = Buffer.concat([Buffer.from('--abc\r\nContent-Type: application/json\r\n\r\n'), json, Buffer.from('\r\n--abc--\r\n')]);
    return Buffer.concat([head, Buffer.alloc(length - head.length, 'x')]);
  };
  const before = await own.counts();
  const documents = async () => own.database.sql.rows('select document_id from lrs.document');

  expect(await sendChunked(own, '/statements', 'application/json', padded(2_049))).toBe(413);
  expect(await sendChunked(own, '/statements', 'application/json', padded(3_100))).toBe(413);
  expect(await sendChunked(own, state, 'application/octet-stream', randomBytes(3_073))).toBe(413);
  expect(await sendChunked(own, '/statements', 'multipart/mixed; boundary=abc', multipart(padded(500), 4_097))).toBe(413);
  expect(await sendChunked(own, '/statements', 'multipart/mixed; boundary=abc', multipart(padded(2_049), 4_000))).toBe(413);
  expect([await own.counts(), await documents()]).toEqual([before, []]);
  expect(await sendChunked(own, '/statements', 'application/json', padded(2_048))).toBe(200);
  expect(await sendChunked(own, state, 'application/octet-stream', randomBytes(3_072))).toBe(204);
  expect(await sendChunked(own, '/statements', 'multipart/mixed; boundary=abc', multipart(padded(500), 4_096))).toBe(200);
});

test('no-plaintext-secret: no column of any table holds a secret or a token, in any spelling', async () => {
  const own = await ownApp();
  const credential = await own.createCredential(['all']);
  const token = await own.createToken('ADMIN');
  await own.xapi('POST', '/statements', { body: statement(), credential });
  await own.xapi('GET', '/statements', { credential: { ...credential, secret: `${credential.secret}x` } });
  await own.graphql('{ __typename }', {}, token);
  await own.xapi(
    'PUT',
    `/activities/state?${new URLSearchParams({ activityId: 'https://things.example/s', agent: '{"mbox":"mailto:s@example.org"}', stateId: 'x' }).toString()}`,
    { body: {}, credential },
  );
  const tables = await own.database.sql.rows<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const holders = async (text: string): Promise<readonly string[]> => {
    // A row as text shows bytea in hexadecimal.
    const spellings = [text, Buffer.from(text).toString('hex'), Buffer.from(text).toString('base64').replace(/=+$/, ''), encodeURIComponent(text)];
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await own.database.sql.rows(
        `select from ${name} t where exists (select from unnest($1::text[]) as spelling where position(spelling in t::text) > 0)`,
        [spellings],
      );
      if (rows.length > 0) found.push(name);
    }
    return found;
  };

  expect(tables.length).toBeGreaterThan(30);
  expect(await holders(credential.key)).toEqual(['access.lrs_credential']);
  expect(await holders(credential.secret)).toEqual([]);
  expect(await holders(`${credential.key}:${credential.secret}`)).toEqual([]);
  expect(await holders(token)).toEqual([]);
  expect(await holders(token.slice(-20))).toEqual([]);
});

interface Placed {
  readonly position: string;
  readonly statementId: string;
}

/** Positions against what they must be: 1, 2, 3, … by stored and id. */
async function expectDense(on: TestApp, length: number): Promise<void> {
  const placed = await on.database.sql.rows<Placed>('select position::text, statement_id from lrs.statement_position order by lrs.statement_position.position');
  const inOrder = await on.database.sql.rows<{ statementId: string }>('select statement_id from lrs.statement order by stored, statement_id');

  expect(inOrder).toHaveLength(length);
  expect(placed.map(({ position }) => Number(position))).toEqual(Array.from({ length }, (_, index) => index + 1));
  expect(placed.map(({ statementId }) => statementId)).toEqual(inOrder.map(({ statementId }) => statementId));
}

test('dense positions: what 4 writers store at once is placed from 1 without holes, in the order of stored and id', async () => {
  const own = await ownApp();
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let batch = 0; batch < 10; batch += 1)
          await store(
            Array.from({ length: 1 + (batch % 4) }, () => statement()),
            own,
          );
      }),
    );
    // One pass while others write, too.
    await Promise.all([own.sequencer.pass(), store([statement(), statement()], own)]);
  }
  await own.sequencer.pass();

  expect(await own.sequencer.pass()).toBe(0);
  await expectDense(own, 3 * (4 * 23 + 2));
});

test('dense positions: a refused batch leaves no hole', async () => {
  const own = await ownApp();
  const id = randomUUID();
  await store([statement(), statement({ id })], own);
  expect((await own.xapi('POST', '/statements', { body: [statement(), statement({ id, result: { success: true } })] })).status).toBe(409);
  await store(statement(), own);
  await own.sequencer.pass();

  await expectDense(own, 3);
});

test('dense positions: two processes that sequence at once place each statement once', async () => {
  const databaseUrl = await ownDatabase();
  const [first, second] = [await ownApp({ databaseUrl }), await ownApp({ databaseUrl })];
  const done = new AbortController();
  const sequencing = [first, second].map(async ({ sequencer }) => {
    let placed = 0;
    while (!done.signal.aborted) placed += await sequencer.pass();
    return placed;
  });
  await Promise.all(
    [first, second, first, second].map(async (on) => {
      for (let batch = 0; batch < 25; batch += 1) await store([statement(), statement(), statement()], on);
    }),
  );
  done.abort();
  const placed = await Promise.all(sequencing);
  const last = await second.sequencer.pass();

  expect(placed.reduce((sum, one) => sum + one, last)).toBe(300);
  await expectDense(first, 300);
});

/** Stores a statement as a slow process would: its instant is taken, then it stays open for a while. */
async function storeSlowly(on: TestApp, id: string, like: string, seconds: number): Promise<void> {
  const client = await on.database.pool.connect();
  try {
    await client.query('begin');
    await client.query(
      `insert into lrs.statement (statement_id, stored, recorded_at, actor_key, verb_key, registration, content_hash, body, authority_key, credential_id, authority, refers_to)
       select $1::uuid, lrs.next_stored(), recorded_at, actor_key, verb_key, registration, content_hash, replace(body, statement_id::text, $1::uuid::text), authority_key, credential_id, authority, refers_to
       from lrs.statement where statement_id = $2`,
      [id, like],
    );
    await client.query('select pg_sleep($1)', [seconds]);
    await client.query('commit');
  } finally {
    client.release();
  }
}

test('true-consistent-through: who polls with since=<Consistent-Through> misses nothing of 4 writers, some of them slow', async () => {
  const own = await ownApp({ settings: { DATABASE_POOL_SIZE: '16' } });
  const roll = diceOf(3);
  const [like = ''] = await store(statement({ id: randomUUID() }), own);
  const written = new Set([like]);
  const end = Date.now() + 2_500;
  const busy = () => Date.now() < end;

  const fast = Array.from({ length: 4 }, async () => {
    while (busy())
      for (const id of await store(
        Array.from({ length: 1 + roll(4) }, () => statement()),
        own,
      ))
        written.add(id);
  });
  const slow = Array.from({ length: 3 }, async () => {
    while (busy()) {
      const id = randomUUID();
      await storeSlowly(own, id, like, roll(40) / 1_000);
      written.add(id);
    }
  });
  const done = new AbortController();
  const sequencing = (async () => {
    while (!done.signal.aborted) await own.sequencer.pass();
  })();

  const seen = new Set<string>();
  const through: string[] = ['1970-01-01T00:00:00.000000Z'];
  const poll = async (): Promise<void> => {
    let answer = await get({ since: through.at(-1) ?? '', ascending: 'true', limit: '100' }, own);
    const header = answer.headers.get('x-experience-api-consistent-through') ?? '';
    for (;;) {
      for (const { id } of answer.body.statements) seen.add(id);
      if (answer.body.more === '') break;
      answer = (await own.xapi('GET', answer.body.more.replace('/xapi', ''))) as Answer<List>;
    }
    through.push(header);
  };
  while (busy()) await poll();
  await Promise.all([...fast, ...slow]);
  done.abort();
  await sequencing;
  await own.sequencer.pass();
  await poll();
  await poll();

  expect(written.size).toBeGreaterThan(100);
  expect([...written].filter((id) => !seen.has(id))).toEqual([]);
  expect(through).toEqual(through.toSorted());
  expect(new Set(through).size).toBeGreaterThan(5);
  await expectDense(own, written.size);
});

test('true-consistent-through: the header does not pass a slow writer, and passes it once it is done', async () => {
  const own = await ownApp();
  const [like = ''] = await store(statement({ id: randomUUID() }), own);
  await own.sequencer.pass();
  const through = async () => (await get({ limit: '1' }, own)).headers.get('x-experience-api-consistent-through') ?? '';
  const storedOf = async (id: string) => (await all({ ascending: 'true' }, own)).find((one) => one.id === id)?.stored ?? '';
  const id = randomUUID();
  const done = new AbortController();
  const slow = storeSlowly(own, id, like, 0.3).finally(() => done.abort());
  const passing = own.sequencer.pass();
  const during: string[] = [];
  while (!done.signal.aborted) during.push(await through());
  await Promise.all([slow, passing]);
  await own.sequencer.pass();
  const instant = await storedOf(id);

  // The last look may have come after the commit.
  expect(during.length).toBeGreaterThan(2);
  expect(during.slice(0, -1).filter((header) => header >= instant)).toEqual([]);
  expect((await through()) >= instant).toBe(true);
});

test('true-consistent-through: a transaction that stores for long is told of by its process', async () => {
  const own = await ownApp();
  const told: (readonly number[])[] = [];
  const blocker = await own.database.pool.connect();
  await blocker.query('begin');
  const { rows } = await blocker.query<{ pid: number }>('select pg_backend_pid() as pid, lrs.next_stored()');
  const sequencer = new Sequencer(own.database, {
    waitMs: 5,
    onGivenUp: () => undefined,
    onStalled: (pids) => {
      told.push(pids);
      void blocker.query('commit');
    },
  });
  await sequencer.pass();
  blocker.release();

  expect(told).toEqual([[rows[0]?.pid]]);
});

test('incremental-pull: parameters of a wrong type are 400, and answer Consistent-Through all the same', async () => {
  for (const query of [
    { since: '1700000000' },
    { until: 'now' },
    { limit: '-1' },
    { limit: '1.5' },
    { limit: 'ten' },
    { ascending: '1' },
    { ascending: 'TRUE' },
    { agent: 'ani' },
    { registration: 'x' },
    { verb: 'did' },
    { cursor: 'x' },
    { Since: '2026-01-01T00:00:00Z' },
  ] as Query[]) {
    const answer = await get(query);
    expect([query, answer.status]).toEqual([query, 400]);
    expect(answer.headers.get('x-experience-api-consistent-through')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  }
});
