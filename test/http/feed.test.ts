import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { tellOf } from '../../src/graphql/progress/told.ts';
import { signatureOf, TlaStatements } from '../../src/modules/progress/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, itemIdOf, passed, voiding, type World } from '../support/world.ts';

let app: TestApp;
let world: World;
let ana: string;

beforeEach(async () => {
  app = await startTestApp({ settings: { FORWARD_SECRETS: '{"hook":"a secret of some length"}', GRAPHQL_STREAM_LIMIT: '3' } });
  world = await buildWorld(app);
  ana = await addLearner(app, world, 'ana');
});
afterEach(() => app.close(), 20_000);

async function send(...statements: readonly Record<string, unknown>[]): Promise<void> {
  expect((await app.xapi('POST', '/statements', { body: statements })).status).toBe(200);
  await app.projector.drain();
  await app.modules.progress.feed.place();
}

interface Change {
  readonly fromLevel: number;
  readonly toLevel: number;
  readonly cause: string;
  readonly competency: { readonly code: string };
  readonly learner: { readonly id: string; readonly name: string | null } | null;
}

const FIELDS = 'fromLevel toLevel cause competency { code } learner { id name }';

async function changes(after: string | null, token?: string, first = 100) {
  const query = `query ($after: String, $first: Int) { progressChanges(first: $first, after: $after) { edges { cursor node { ${FIELDS} } } pageInfo { hasNextPage endCursor } } }`;
  const { body } = await app.graphql(query, { after, first }, token);
  return body.data.progressChanges as {
    readonly edges: readonly { readonly cursor: string; readonly node: Change }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

const short = ({ competency, fromLevel, toLevel, cause }: Change): string => `${competency.code} ${fromLevel}>${toLevel} ${cause}`;

/** Follows over server-sent events; `next` waits for the next change, null at the end. */
async function follow(query: string, token: string, variables: Record<string, unknown> = {}) {
  const stop = new AbortController();
  const response = await fetch(`${app.url}/graphql/stream`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream', Authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
    signal: stop.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  const next = async (): Promise<{ readonly cursor: string; readonly event: Change } | null> => {
    for (;;) {
      const end = rest.indexOf('\n\n');
      if (end !== -1) {
        const [kind, data] = rest
          .slice(0, end)
          .split('\n')
          .filter((line) => !line.startsWith(':'));
        rest = rest.slice(end + 2);
        if (kind === 'event: complete') return null;
        if (kind !== 'event: next') continue;
        const result = JSON.parse((data ?? '').slice('data: '.length));
        if (result.errors) throw new Error(result.errors[0].extensions.code);
        return result.data.progressChanged;
      }
      const chunk = await reader?.read();
      if (!chunk || chunk.done) return null;
      rest += chunk.value;
    }
  };
  return { status: response.status, next, stop: () => stop.abort() };
}

const FOLLOW = `subscription ($after: String) { progressChanged(after: $after) { cursor event { ${FIELDS} } } }`;

test('whoever keeps the last cursor misses nothing and gets nothing twice, though events are committed out of order', async () => {
  await send(passed('ana', 'ANY.1', 2));
  const first = await changes(null, undefined, 1);
  expect([first.edges.map(({ node }) => short(node)).length, first.pageInfo.hasNextPage]).toEqual([1, true]);

  // A transaction that began earlier commits later: its event comes after what was told already.
  const slow = await app.database.pool.connect();
  await slow.query('begin');
  await slow.query(
    `insert into progress.progress_event (learner_id, id, item_id, from_level, to_level, cause, statement_id, created_at)
     values ($1, gen_random_uuid(), $2, 0, 5, 'STATEMENT', null, '2020-01-01T00:00:00Z')`,
    [ana, itemIdOf('ALL.1')],
  );
  await send(passed('ana', 'ANY.1', 3));
  const second = await changes(first.pageInfo.endCursor);
  await slow.query('commit');
  slow.release();
  await app.modules.progress.feed.place();
  const third = await changes(second.pageInfo.endCursor);

  const told = [first, second, third].map((page) => page.edges.map(({ node }) => short(node)).sort());
  expect(told.map((list) => list.length)).toEqual([1, 3, 1]);
  expect(told[2]).toEqual(['ALL.1 0>5 STATEMENT']);
  expect(told.flat().sort()).toEqual(['ALL.1 0>5 STATEMENT', 'ANY 0>2 STATEMENT', 'ANY 2>3 STATEMENT', 'ANY.1 0>2 STATEMENT', 'ANY.1 2>3 STATEMENT']);
  const { rows } = await app.database.pool.query('select position::int from progress.progress_event order by 1');
  expect(rows.map((row) => row.position)).toEqual([1, 2, 3, 4, 5]);
  expect((await changes(third.pageInfo.endCursor)).edges).toEqual([]);
});

test('two processes that give positions at once give each once, without a gap', async () => {
  const other = await startTestApp({ databaseUrl: app.databaseUrl });
  try {
    for (let round = 0; round < 5; round += 1) {
      expect((await app.xapi('POST', '/statements', { body: [passed('ana', 'ANY.1', 1 + (round % 5))] })).status).toBe(200);
      await app.projector.drain();
      await Promise.all([app, other].map((one) => one.modules.progress.feed.place()));
    }
    await app.modules.progress.feed.place();
    const { rows } = await app.database.pool.query('select position::int as position from progress.progress_event order by 1');
    expect(rows.map((row) => row.position)).toEqual(rows.map((_row, index) => index + 1));
    expect(rows).toHaveLength(10);
  } finally {
    await other.close();
  }
});

test('a learner is told of themselves, a partner of its own learners by pseudonym, a vendor of nobody', async () => {
  const { access } = app.modules;
  const partner = await access.createPartner({ code: 'U', name: 'University', kind: 'UNIVERSITY' });
  await access.createGrant({
    partnerId: partner.id,
    programId: world.programId,
    showsNames: false,
    purpose: 'x',
    validTo: null,
  });
  const outsider = (
    await app.modules.people.createLearner({
      name: 'Outsider',
      staffCategory: 'PNS',
      identities: [{ kind: 'account', homePage: 'https://lms.example', value: 'out' }],
    })
  ).id;
  await send(passed('ana', 'ANY.1', 2), passed('out', 'ANY.2', 4));

  const self = await changes(null, await app.createToken('LEARNER', { learnerId: outsider }));
  expect(self.edges.map(({ node }) => short(node)).sort()).toEqual(['ANY 0>4 STATEMENT', 'ANY.2 0>4 STATEMENT']);
  const theirs = await changes(null, await app.createToken('PARTNER', { partnerId: partner.id }));
  expect(theirs.edges.map(({ node }) => short(node)).sort()).toEqual(['ANY 0>2 STATEMENT', 'ANY.1 0>2 STATEMENT']);
  expect(theirs.edges.map(({ node }) => node.learner?.name)).toEqual([null, null]);
  expect(theirs.edges[0]?.node.learner?.id).not.toBe(toGlobalId('Learner', ana));
  const vendor = await app.createToken('VENDOR', { partnerId: partner.id });
  expect((await app.graphql('{ progressChanges(first: 1) { nodes { id } } }', {}, vendor)).status).toBe(403);
});

test('a subscriber is told of changes as they come, resumes at a cursor, and is told no more once the token is revoked', async () => {
  const live = await follow(FOLLOW, app.token);
  expect(live.status).toBe(200);
  await send(passed('ana', 'ANY.1', 2));
  const [one, two] = [await live.next(), await live.next()];
  expect([one, two].map((change) => (change ? short(change.event) : '')).toSorted()).toEqual(['ANY 0>2 STATEMENT', 'ANY.1 0>2 STATEMENT']);
  expect(one?.event.learner).toEqual({ id: toGlobalId('Learner', ana), name: 'Learner ana' });
  live.stop();

  await send(passed('ana', 'ANY.1', 3));
  const again = await follow(FOLLOW, app.token, { after: two?.cursor });
  expect([await again.next(), await again.next()].map((change) => (change ? short(change.event) : '')).toSorted()).toEqual([
    'ANY 2>3 STATEMENT',
    'ANY.1 2>3 STATEMENT',
  ]);

  await app.database.pool.query(`update access.api_token set revoked_at = now() where role = 'ADMIN'`);
  await send(passed('ana', 'ANY.1', 4));
  let last = await again.next();
  // What was read before the token ended may still arrive; then it is over.
  while (last !== null) last = await again.next();
  expect(last).toBeNull();
}, 20_000);

test('closing the server ends its subscribers', async () => {
  const own = await startTestApp({ databaseUrl: app.databaseUrl });
  const response = await fetch(`${own.url}/graphql/stream`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream', Authorization: `Bearer ${app.token}` },
    body: JSON.stringify({ query: FOLLOW }),
  });
  expect(response.status).toBe(200);
  const [text] = await Promise.all([response.text(), own.close()]);
  expect(text).toContain('event: complete');
});

test.each([
  ['without a token', FOLLOW, null, 401],
  ['with a wrong token', FOLLOW, 'wrong', 401],
  ['with a query', '{ me { id } }', 'ADMIN', 400],
  ['with an unknown field', 'subscription { progressChanged { nothing } }', 'ADMIN', 400],
  [
    'with too deep a selection',
    `subscription { progressChanged { event { learner ${'{ progress { evidence { competency { parents '.repeat(4)}{ id }${' } } } }'.repeat(4)} } } }`,
    'ADMIN',
    400,
  ],
])('a stream %s is refused', async (_how, query, token, status) => {
  const response = await fetch(`${app.url}/graphql/stream`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'text/event-stream',
      ...(token !== null && { Authorization: `Bearer ${token === 'ADMIN' ? app.token : token}` }),
    },
    body: JSON.stringify({ query }),
  });
  expect(response.status).toBe(status);
  await response.text();
});

test('a vendor may not follow, and more streams than the limit are answered 503', async () => {
  const partner = await app.modules.access.createPartner({ code: 'V', name: 'Vendor', kind: 'CONTENT_VENDOR' });
  const vendor = await follow(FOLLOW, await app.createToken('VENDOR', { partnerId: partner.id }));
  await expect(vendor.next()).rejects.toThrow('FORBIDDEN');
  vendor.stop();
  const wrong = await follow(FOLLOW, app.token, { after: 'x' });
  await expect(wrong.next()).rejects.toThrow('INVALID_INPUT');
  wrong.stop();
  const followers = await Promise.all([1, 2, 3].map(() => follow(FOLLOW, app.token)));
  const refused = await follow(FOLLOW, app.token);
  expect([...followers.map((one) => one.status), refused.status].sort((a, b) => a - b)).toEqual([200, 200, 200, 503]);
  for (const one of followers) one.stop();
});

interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver that answers with the statuses given, then with 204. */
async function receiver(statuses: number[]): Promise<{ readonly url: string; readonly got: Delivery[]; readonly server: Server }> {
  const got: Delivery[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 204).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got, server };
}

test('webhook-tls-retry: a webhook is told in order, signed, again until it takes it, with the same id as long as it is told the same', async () => {
  const { url, got, server } = await receiver([500, 500]);
  try {
    const created = await app.graphql(
      'mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) { userErrors { rule path } webhook { id label enabled behind } } }',
      { input: { label: 'Portal', url, secretName: 'hook' } },
    );
    expect(created.body.data.webhookCreate).toEqual({ userErrors: [], webhook: { id: expect.any(String), label: 'Portal', enabled: true, behind: 0 } });
    await send(passed('ana', 'ANY.1', 2));
    const deliver = () => app.modules.progress.webhooks.pass(tellOf(app.modules));
    expect(await deliver()).toBe(1);
    const failed = await app.graphql('{ webhooks(first: 5) { nodes { behind attempts lastError } } }');
    expect(failed.body.data.webhooks.nodes).toEqual([{ behind: 2, attempts: 1, lastError: '500: ' }]);
    // It waits before it tries again.
    expect(await deliver()).toBe(0);
    const again = () => app.database.pool.query('update progress.webhook set next_attempt_at = now()');
    await again();
    expect(await deliver()).toBe(1);
    await send(passed('ana', 'ANY.1', 3));
    await again();
    expect(await deliver()).toBe(1);

    // A receiver that took the first of them, whose answer was lost, must not take the third for it.
    const ids = got.map(({ headers }) => headers['webhook-id']);
    expect([ids.length, ids[0] === ids[1], ids[1] === ids[2]]).toEqual([3, true, false]);
    for (const { headers, body } of got)
      expect(headers['webhook-signature']).toBe(
        signatureOf('a secret of some length', String(headers['webhook-id']), String(headers['webhook-timestamp']), body),
      );
    const { type, events } = JSON.parse(got[2]?.body ?? '');
    expect(type).toBe('progress.changed');
    expect(events.map((event: { position: number }) => event.position)).toEqual([1, 2, 3, 4]);
    expect(events[0]).toMatchObject({ learnerId: toGlobalId('Learner', ana), fromLevel: 0, toLevel: 2, cause: 'STATEMENT' });
    expect((await app.graphql('{ webhooks(first: 5) { nodes { behind attempts lastError } } }')).body.data.webhooks.nodes).toEqual([
      { behind: 0, attempts: 0, lastError: null },
    ]);
    expect(await deliver()).toBe(0);
  } finally {
    server.close();
  }
});

test('a webhook of a partner is told of its learners only, by pseudonym; one that is gone is told no more', async () => {
  const partner = await app.modules.access.createPartner({ code: 'U', name: 'University', kind: 'UNIVERSITY' });
  await app.modules.access.createGrant({
    partnerId: partner.id,
    programId: world.programId,
    showsNames: false,
    purpose: 'x',
    validTo: null,
  });
  await app.modules.people.createLearner({
    name: 'Outsider',
    staffCategory: 'PNS',
    identities: [{ kind: 'account', homePage: 'https://lms.example', value: 'out' }],
  });
  const { url, got, server } = await receiver([204, 410]);
  try {
    await app.modules.progress.webhooks.create({ label: 'U', url, secretName: 'hook', partnerId: partner.id, fromStart: true });
    await send(passed('out', 'ANY.2', 4), passed('ana', 'ANY.1', 2));
    await app.modules.progress.webhooks.pass(tellOf(app.modules));
    const { events } = JSON.parse(got[0]?.body ?? '');
    expect(events.map((event: { toLevel: number }) => event.toLevel)).toEqual([2, 2]);
    expect(got[0]?.body).not.toContain(toGlobalId('Learner', ana));
    expect(got[0]?.body).not.toContain('ana');

    await send(passed('ana', 'ANY.1', 3));
    await app.modules.progress.webhooks.pass(tellOf(app.modules));
    const [row] = await app.modules.progress.webhooks.list(5, null);
    expect([row?.enabled, row?.lastError?.slice(0, 3)]).toEqual([false, '410']);
    await send(passed('ana', 'ANY.1', 4));
    await app.database.pool.query('update progress.webhook set next_attempt_at = now()');
    expect(await app.modules.progress.webhooks.pass(tellOf(app.modules))).toBe(0);
  } finally {
    server.close();
  }
});

test.each([
  ['a URL that is none', { url: 'ftp://x' }, '/url', 'url'],
  ['a secret that is not set', { secretName: 'other' }, '/secretName', 'setting'],
  ['a partner that is not there', { partnerId: toGlobalId('Partner', '00000000-0000-4000-8000-000000000000') }, '/partnerId', 'reference'],
])('a webhook with %s is refused, and there is none', async (_what, wrong, path, rule) => {
  const { body } = await app.graphql('mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) { webhook { id } userErrors { path rule } } }', {
    input: { label: 'x', url: 'https://hooks.example', secretName: 'hook', ...wrong },
  });
  expect(body.data.webhookCreate).toEqual({ webhook: null, userErrors: [{ path, rule }] });
  expect(await app.modules.progress.webhooks.list(5, null)).toEqual([]);
});

test('told as TLA statements, each change is one statement about the learner, stored once however often it is told, and evidence of nothing', async () => {
  const tla = new TlaStatements(app.database, app.modules.progress.feed, 'https://case.example');
  await tla.pass(app.statements);
  const id = '00000000-0000-4000-8000-00000000000a';
  await send(passed('ana', 'ANY.1', 2, { id }));
  expect(await tla.pass(app.statements)).toBe(2);
  await app.database.pool.query('update progress.feed_follower set position = 0');
  expect(await tla.pass(app.statements)).toBe(2);
  await send(voiding(id));
  expect(await tla.pass(app.statements)).toBe(2);

  const told = async (verb: string) =>
    (
      (await app.xapi('GET', `/statements?verb=${encodeURIComponent(`https://w3id.org/xapi/tla/verbs/${verb}`)}`)).body as {
        statements: Record<string, unknown>[];
      }
    ).statements;
  expect((await told('achieved')).map((statement) => [statement['actor'], statement['result']])).toEqual(
    [1, 2].map(() => [
      { objectType: 'Agent', account: { homePage: 'https://lms.example', name: 'ana' } },
      { score: { raw: 2, min: 0 }, success: true },
    ]),
  );
  expect(await told('revoked')).toHaveLength(2);
  expect((await told('achieved')).map((statement) => (statement['object'] as { id: string }).id).sort()).toEqual(
    ['ANY', 'ANY.1'].map((code) => `https://case.example/CFItems/${itemIdOf(code)}`).sort(),
  );
  await app.projector.drain();
  expect((await app.database.pool.query('select count(*)::int as count from progress.evidence')).rows).toEqual([{ count: 2 }]);
});
