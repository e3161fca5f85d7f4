import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Answer, startTestApp, type TestApp } from '../support/app.ts';
import type { Json, List } from '../support/json.ts';
import { voiding } from '../support/world.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const statement = (extra: Json = {}): Json => ({
  actor: { mbox: 'mailto:ani@example.org' },
  verb: { id: 'https://verbs.example/did' },
  object: { id: 'https://things.example/it' },
  ...extra,
});

async function store(body: unknown): Promise<readonly string[]> {
  const answer = (await app.xapi('POST', '/statements', { body })) as Answer<string[]>;
  expect(answer.status).toBe(200);
  return answer.body;
}

async function list(query: Record<string, string>): Promise<List> {
  const answer = (await app.xapi('GET', `/statements?${new URLSearchParams(query).toString()}`)) as Answer<List>;
  expect(answer.status).toBe(200);
  return answer.body;
}

const textOf = async (id: string, parameter = 'statementId'): Promise<string> => (await app.xapi('GET', `/statements?${parameter}=${id}`)).text;

test('Communication 2.1.1 PUT stores under the given id and answers 204', async () => {
  const id = randomUUID();
  const answer = await app.xapi('PUT', `/statements?statementId=${id}`, { body: statement() });

  expect([answer.status, answer.text]).toEqual([204, '']);
  expect(answer.headers.get('x-experience-api-version')).toBe('1.0.3');
  expect(JSON.parse(await textOf(id))).toMatchObject({ id, actor: { mbox: 'mailto:ani@example.org' } });
});

test('Communication 2.1.2 POST answers the ids in the order sent, made up where missing', async () => {
  const given = randomUUID();
  const ids = await store([statement(), statement({ id: given }), statement()]);

  expect(ids).toHaveLength(3);
  expect(ids[1]).toBe(given);
  expect(new Set(ids).size).toBe(3);
});

test('Communication 2.1.2 an empty batch is accepted and stores nothing', async () => {
  const before = await app.counts();

  expect(await store([])).toEqual([]);
  expect(await app.counts()).toEqual(before);
});

test('Data 2.4 the LRS adds id, stored, timestamp, authority and version, and never takes authority or stored from the sender', async () => {
  const [id = ''] = await store(statement({ stored: '1999-01-01T00:00:00Z', authority: { mbox: 'mailto:someone-else@example.org' } }));
  const read = JSON.parse(await textOf(id)) as Json;

  expect(Object.keys(read).sort()).toEqual(['actor', 'authority', 'id', 'object', 'stored', 'timestamp', 'verb', 'version']);
  expect(read['version']).toBe('1.0.0');
  expect(read['stored']).toBe(read['timestamp']);
  expect(String(read['stored'])).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  expect(read['authority']).toMatchObject({ objectType: 'Agent', account: { homePage: 'https://lrs.example' } });
});

test.each([
  ['numbers a double would lose', '"extensions":{"http://e.example/n":[12345678901234567890,1.0,1E2,-0,1e-7,0.1000]}'],
  ['escapes as they were spelled', String.raw`"response":"\u0041\/\"\\\u00e9é\ud83d\ude00"`],
  ['a NUL and a lone surrogate in free text', String.raw`"response":"a\u0000b\ud800c"`],
  ['white space and key order', '"success" : true ,\n\t"completion":false'],
  ['null, empty and nested values in extensions', '"extensions":{"http://e.example/x":{"a":null,"b":"","c":{},"d":[[],[null]]}}'],
  ['keys that look like object internals', '"extensions":{"http://e.example/__proto__":{"__proto__":1,"constructor":{"prototype":2}}}'],
])('Data 2.3 returns exactly what was sent: %s', async (_what, result) => {
  const id = randomUUID();
  const sent = `{ "id":"${id}","version":"1.0.3", "timestamp":"2026-01-02T03:04:05.678901234+07:00","actor":{"mbox":"mailto:ani@example.org"},"verb":{"id":"https://verbs.example/did"},"object":{"id":"https://things.example/it"},"result":{${result}} }`;
  const answer = await app.xapi('POST', '/statements', { raw: sent });

  expect([answer.status, answer.text]).toEqual([200, JSON.stringify([id])]);
  const read = await textOf(id);
  expect(read.startsWith(sent.slice(0, -1))).toBe(true);
  expect(read.slice(sent.length - 1)).toMatch(/^,"stored":"[^"]+","authority":\{[^}]+\}\}+$/);
});

test('Data 2.3.1 an equal statement under a stored id is acknowledged and changes nothing, a different one is a conflict', async () => {
  const id = randomUUID();
  await store(statement({ id, result: { score: { raw: 1 } } }));
  const before = [await app.counts(), await textOf(id)];

  const equal = await app.xapi('POST', '/statements', {
    raw: `{"result":{"score":{"raw":1.0}},"object":{"id":"https://things.example/it","objectType":"Activity"},"verb":{"id":"https://verbs.example/did","display":{"en":"x"}},"actor":{"mbox":"mailto:ani@example.org"},"id":"${id.toUpperCase()}"}`,
  });
  const different = await app.xapi('POST', '/statements', { body: [statement(), statement({ id, result: { score: { raw: 2 } } })] });

  expect(equal.status).toBe(200);
  expect(different.status).toBe(409);
  expect(different.body).toMatchObject({ violations: [{ path: '/1/id', rule: 'xAPI Data 2.3.1 immutable' }] });
  expect([await app.counts(), await textOf(id)]).toEqual(before);
});

test('equal-duplicate-in-batch: a batch with one stored statement stores the others and answers every id', async () => {
  const id = randomUUID();
  await store(statement({ id }));
  const before = await app.counts();

  const ids = await store([statement(), statement({ id }), statement()]);

  expect(ids[1]).toBe(id);
  expect((await app.counts())['lrs.statement']).toBe((before['lrs.statement'] ?? 0) + 2);
});

test.each(['before', 'after'])('void-before-target: a void that arrives %s its target hides it everywhere but under voidedStatementId', async (order) => {
  const target = randomUUID();
  const verb = { id: `https://verbs.example/${order}-${target}` };
  const both = [statement({ id: target, verb }), voiding(target)];
  for (const one of order === 'before' ? both.reverse() : both) await store(one);

  expect((await app.xapi('GET', `/statements?statementId=${target}`)).status).toBe(404);
  expect(JSON.parse(await textOf(target, 'voidedStatementId'))).toMatchObject({ id: target });
  expect((await list({ verb: verb.id })).statements).toEqual([]);
});

test('Data 2.3.2 a voiding statement cannot be voided, and stays in the list', async () => {
  const [target = ''] = await store(statement());
  const [first = ''] = await store(voiding(target));
  await store(voiding(first));

  expect((await app.xapi('GET', `/statements?statementId=${first}`)).status).toBe(200);
  expect((await app.xapi('GET', `/statements?voidedStatementId=${first}`)).status).toBe(404);
  expect((await app.xapi('GET', `/statements?statementId=${target}`)).status).toBe(404);
});

test('a credential that may not void others voids its own statements only, also when the void comes first', async () => {
  const vendor = await app.createCredential(['statements/write', 'statements/read']);
  const early = randomUUID();
  const [foreign = ''] = await store(statement());
  const own = ((await app.xapi('POST', '/statements', { body: statement(), credential: vendor })).body as string[])[0] ?? '';
  await app.xapi('POST', '/statements', { body: [voiding(early), voiding(foreign), voiding(own)], credential: vendor });
  await store(statement({ id: early }));

  const status = async (id: string) => (await app.xapi('GET', `/statements?statementId=${id}`)).status;
  expect([await status(early), await status(foreign), await status(own)]).toEqual([200, 200, 404]);
});

test('read-mine: statements/read/mine never shows another authority, in lists and by id', async () => {
  const vendor = await app.createCredential(['statements/write', 'statements/read/mine']);
  const verb = { id: `https://verbs.example/mine-${randomUUID()}` };
  const [foreign = ''] = await store(statement({ verb }));
  const own = ((await app.xapi('POST', '/statements', { body: statement({ verb }), credential: vendor })).body as string[])[0] ?? '';

  const seen = (await app.xapi('GET', `/statements?verb=${encodeURIComponent(verb.id)}`, { credential: vendor })) as Answer<List>;
  expect(seen.body.statements.map(({ id }) => id)).toEqual([own]);
  expect((await app.xapi('GET', `/statements?statementId=${foreign}`, { credential: vendor })).status).toBe(404);
  expect((await app.xapi('GET', `/statements?statementId=${own}`, { credential: vendor })).status).toBe(200);
});

test('filters-and: every subset of the filters answers what a naive scan of all statements answers, in both orders', async () => {
  const run = randomUUID().slice(0, 8);
  const actors = [0, 1, 2].map((n) => ({ mbox: `mailto:a${n}-${run}@example.org` }));
  const verbs = [0, 1].map((n) => `https://verbs.example/${run}/${n}`);
  const activities = [0, 1, 2].map((n) => `https://things.example/${run}/${n}`);
  const registrations = [randomUUID(), randomUUID()];
  const all = Array.from(
    { length: 72 },
    (_, n): Json => ({
      id: randomUUID(),
      actor: n % 7 === 0 ? { objectType: 'Group', member: [actors[n % 3], actors[(n + 1) % 3]] } : actors[n % 3],
      verb: { id: verbs[n % 2] },
      object: n % 11 === 0 ? { objectType: 'Agent', ...actors[(n + 1) % 3] } : { id: activities[Math.floor(n / 2) % 3] },
      context: {
        registration: registrations[Math.floor(n / 3) % 2],
        ...(n % 5 === 0 && { instructor: actors[(n + 2) % 3], contextActivities: { parent: [{ id: activities[(n + 1) % 3] }] } }),
      },
    }),
  );
  for (let start = 0; start < all.length; start += 9) await store(all.slice(start, start + 9));
  const stored = new Map(
    (await list({ registration: registrations[0] ?? '', limit: '100' })).statements
      .concat((await list({ registration: registrations[1] ?? '', limit: '100' })).statements)
      .map((s) => [s.id, String(s['stored'])]),
  );
  const times = [...stored.values()].sort();
  const since = times[20] ?? '';
  const until = times[55] ?? '';

  type Filter = readonly [name: string, value: string, matches: (s: Json) => boolean];
  const mbox = (actors[1] as { mbox: string }).mbox;
  const names = (value: unknown, what: string): boolean => JSON.stringify(value ?? null).includes(what);
  const filters: readonly Filter[] = [
    ['agent', JSON.stringify({ mbox }), (s) => names(s['actor'], mbox) || names(s['object'], mbox)],
    ['verb', verbs[0] ?? '', (s) => (s['verb'] as Json)['id'] === verbs[0]],
    ['activity', activities[1] ?? '', (s) => (s['object'] as Json)['id'] === activities[1]],
    ['registration', registrations[1] ?? '', (s) => (s['context'] as Json)['registration'] === registrations[1]],
    ['since', since, (s) => (stored.get(String(s['id'])) ?? '') > since],
    ['until', until, (s) => (stored.get(String(s['id'])) ?? '') <= until],
  ];
  for (let subset = 1; subset < 2 ** filters.length; subset += 1) {
    const chosen = filters.filter((_, index) => subset & (1 << index));
    // Bound to this test's statements, whatever else is in the store.
    if (!chosen.some(([name]) => ['agent', 'verb', 'activity', 'registration'].includes(name))) continue;
    for (const ascending of ['true', 'false']) {
      const expected = all
        .filter((s) => chosen.every(([, , matches]) => matches(s)))
        .map((s) => String(s['id']))
        .sort((a, b) => ((stored.get(a) ?? '') < (stored.get(b) ?? '') ? -1 : 1));
      const found = await list({ ...Object.fromEntries(chosen), ascending, limit: '100' });
      expect({ filters: chosen.map(([name]) => name), ids: found.statements.map(({ id }) => id) }).toEqual({
        filters: chosen.map(([name]) => name),
        ids: ascending === 'true' ? expected : expected.reverse(),
      });
    }
  }
  const related = await list({ agent: JSON.stringify({ mbox }), related_agents: 'true', limit: '100' });
  expect(related.statements.map(({ id }) => id).sort()).toEqual(
    all
      .filter((s) => names(s, mbox))
      .map((s) => String(s['id']))
      .sort(),
  );
  const relatedActivity = await list({ activity: activities[1] ?? '', related_activities: 'true', limit: '100' });
  expect(relatedActivity.statements.map(({ id }) => id).sort()).toEqual(
    all
      .filter((s) => names(s, activities[1] ?? ''))
      .map((s) => String(s['id']))
      .sort(),
  );
});

test.each(['true', 'false'])(
  'page-stability: with ascending=%s the pages joined by more are the whole list, each statement once, also while others are stored',
  async (ascending) => {
    const verb = { id: `https://verbs.example/pages-${randomUUID()}` };
    const ids: string[] = [];
    for (let batch = 0; batch < 5; batch += 1) ids.push(...(await store(Array.from({ length: 5 }, () => statement({ verb })))));

    const seen: string[] = [];
    let answer = await list({ verb: verb.id, ascending, limit: '4' });
    for (;;) {
      seen.push(...answer.statements.map(({ id }) => id));
      if (answer.more === '' || seen.length >= 25) break;
      if (ascending === 'false') await store(statement({ verb }));
      answer = ((await app.xapi('GET', answer.more.replace('/xapi', ''))) as Answer<List>).body;
    }
    expect(seen).toEqual(ascending === 'true' ? ids : ids.reverse());
  },
);

test('since-by-stored: a statement with an old timestamp appears to a poller that has seen everything before', async () => {
  const [first = ''] = await store(statement());
  const seen = String((JSON.parse(await textOf(first)) as Json)['stored']);
  const [late = ''] = await store(statement({ timestamp: '2001-01-01T00:00:00Z' }));

  expect((await list({ since: seen, ascending: 'true' })).statements.map(({ id }) => id)).toEqual([late]);
});

test('true-consistent-through: the header never passes a write that is still open', async () => {
  const header = async () => (await app.xapi('GET', '/statements?limit=1')).headers.get('x-experience-api-consistent-through') ?? '';
  const blocker = await app.database.pool.connect();
  await blocker.query('begin');
  const { rows } = await blocker.query<{ started: Date }>('select lrs.next_stored() as started');
  const passing = app.sequencer.pass();
  const during = await header();
  await blocker.query('commit');
  blocker.release();
  await passing;
  const after = await header();

  expect(new Date(during).getTime()).toBeLessThanOrEqual(rows[0]?.started.getTime() ?? 0);
  expect(new Date(after).getTime()).toBeGreaterThan(new Date(during).getTime());
});

test('Communication 2.8 about lists the versions and asks for no credentials', async () => {
  const answer = await app.xapi('GET', '/about', { credential: null, headers: { 'X-Experience-API-Version': null } });

  expect([answer.status, answer.body]).toEqual([200, { version: ['1.0.3', '2.0.0'], extensions: {} }]);
});

test.each([
  ['1.0.2', '1.0.3'],
  ['1.0', '1.0.3'],
  ['2.0.0', '2.0.0'],
])('Communication 3.3 a request of version %s is answered by the rules of %s', async (sent, answered) => {
  const answer = await app.xapi('GET', '/statements?limit=1', { headers: { 'X-Experience-API-Version': sent } });

  expect([answer.status, answer.headers.get('x-experience-api-version')]).toEqual([200, answered]);
});
