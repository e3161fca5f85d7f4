import { randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/settings.ts';
import { tellOf } from '../../src/graphql/progress/told.ts';
import type { XapiScope } from '../../src/modules/access/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { selfSigned } from '../support/certificate.ts';
import { OtherLrs } from '../support/other-lrs.ts';
import { addLearner, buildWorld, passed } from '../support/world.ts';

let app: TestApp;

const cleanUps: (() => unknown)[] = [];
beforeEach(async () => {
  app = await startTestApp({ settings: { FORWARD_SECRETS: '{"other":"secret"}', DATABASE_POOL_SIZE: '4' } });
  cleanUps.push(() => app.close());
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const rowsOf = async (sql: string, values: unknown[] = []): Promise<readonly Record<string, unknown>[]> => (await app.database.pool.query(sql, values)).rows;

/** Until it is so; that it comes to be so is what is tested. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((done) => setTimeout(done, 5));
}

test('worker-resubscribes: projector, sequencer, forwarder and feed go on after their connections were killed, again and again', async () => {
  const other = new OtherLrs();
  const endpoint = await other.start();
  cleanUps.push(() => other.stop());
  const world = await buildWorld(app);
  await addLearner(app, world, 'ana');
  await app.modules.forwarding.create({ label: 'Copy', endpoint, key: 'key', secretName: 'other', verbs: [], activityPrefixes: [], fromStart: true });
  const polls = Object.fromEntries(['PROJECTOR', 'SEQUENCER', 'FORWARD'].map((name) => [`${name}_POLL_MS`, '20']));
  const config = readConfig({ NODE_ENV: 'test', PORT: '0', LOG_LEVEL: 'silent', BLOB_DIR: app.blobDir, FORWARD_SECRETS: '{"other":"secret"}', ...polls });
  const worker = await createApp({ config, databaseUrl: app.databaseUrl });
  cleanUps.push(() => worker.close());
  await worker.start();
  const killer = new pg.Client({ connectionString: app.databaseUrl });
  await killer.connect();
  cleanUps.push(() => killer.end());

  for (let round = 1; round <= 5; round += 1) {
    const id = randomUUID();
    // Whoever is answered that the database was away sends again.
    await until(async () => (await app.xapi('POST', '/statements', { body: passed('ana', 'ANY.1', round, { id }) })).status === 200);
    const told = async () =>
      (
        await killer.query(
          `select exists (select from progress.evidence where statement_id = $1) and exists (select from lrs.statement_position where statement_id = $1)
             and not exists (select from progress.progress_event where position is null) and not exists (select from lrs.inbox) as told`,
          [id],
        )
      ).rows[0].told as boolean;
    await until(told);
    await until(async () => other.received.flat().some((statement) => statement.id === id));
    const { rowCount } = await killer.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    expect(rowCount).toBeGreaterThan(1);
  }
  expect(new Set(other.received.flat().map(({ id }) => id)).size).toBe(5);
  expect((await killer.query('select position::int from progress.progress_event order by 1')).rows).toEqual(
    Array.from({ length: 10 }, (_, index) => ({ position: index + 1 })),
  );
});

/** A receiver of webhooks behind a certificate that nobody knows. */
async function secureReceiver() {
  const identity = selfSigned();
  const got: string[] = [];
  const server = createServer(identity, (request, response) => {
    got.push(String(request.headers['webhook-id']));
    request.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, cert: identity.cert, got };
}

test('webhook-tls-retry: a receiver whose certificate nobody vouches for is told nothing, that is seen, and all is told once it is trusted', async () => {
  const { url, cert, got } = await secureReceiver();
  const world = await buildWorld(app);
  await addLearner(app, world, 'ana');
  await app.modules.progress.webhooks.create({ label: 'Portal', url, secretName: 'other', partnerId: null, fromStart: true });
  await app.xapi('POST', '/statements', { body: passed('ana', 'ANY.1', 2) });
  await app.projector.drain();
  await app.modules.progress.feed.place();
  const deliver = () => app.modules.progress.webhooks.pass(tellOf(app.modules));
  const seen = async () => (await app.graphql('{ webhooks(first: 5) { nodes { enabled behind attempts lastError } } }')).body.data.webhooks.nodes;

  for (const attempts of [1, 2]) {
    expect(await deliver()).toBe(1);
    expect(await seen()).toEqual([{ enabled: true, behind: 2, attempts, lastError: expect.stringMatching(/\w/) }]);
    // It waits, each time longer.
    expect(await deliver()).toBe(0);
    const [{ waits } = { waits: 0 }] = await rowsOf('select extract(epoch from next_attempt_at - clock_timestamp())::float8 as waits from progress.webhook');
    expect(Number(waits)).toBeGreaterThan(0.7 * 2 ** (attempts - 1) - 0.2);
    await rowsOf('update progress.webhook set next_attempt_at = now()');
  }
  expect(got).toEqual([]);

  const known = getCACertificates();
  setDefaultCACertificates([...known, cert]);
  cleanUps.push(() => setDefaultCACertificates(known));
  expect(await deliver()).toBe(1);
  expect(got).toHaveLength(1);
  expect(await seen()).toEqual([{ enabled: true, behind: 0, attempts: 0, lastError: null }]);
});

const AGENT = encodeURIComponent('{"mbox":"mailto:ani@example.org"}');
const THING = encodeURIComponent('https://things.example/it');
const EVERYTHING: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ['POST', '/statements', []],
  ['POST', '/statements', [passed('ana', 'ALL.1', 1)]],
  ['PUT', '/statements?statementId=00000000-0000-4000-8000-00000000000b', passed('ana', 'ALL.1', 1)],
  ['GET', '/statements'],
  ['GET', '/statements?statementId=00000000-0000-4000-8000-00000000000a'],
  ['GET', `/agents?agent=${AGENT}`],
  ['GET', `/activities?activityId=${THING}`],
  ...['/activities/state?stateId=x&', '/activities/profile?profileId=x&', '/agents/profile?profileId=x&'].flatMap((path) => {
    const scope = `${path}${path.includes('/activities/') ? `activityId=${THING}&` : ''}${path.includes('/activities/profile') ? '' : `agent=${AGENT}`}`;
    return ['GET', 'PUT', 'POST', 'DELETE'].map((method) => [method, scope, method === 'PUT' || method === 'POST' ? { a: 1 } : undefined] as const);
  }),
];

test.each<[what: string, scopes: readonly XapiScope[]]>([
  ['without a scope', []],
  ['with a scope that gives no right of its own', ['define']],
])('token-without-scope: a credential %s may do nothing at all', async (_what, scopes) => {
  await app.xapi('POST', '/statements', { body: passed('ana', 'ALL.1', 1, { id: '00000000-0000-4000-8000-00000000000a' }) });
  const credential = await app.createCredential(scopes);
  const before = await app.counts();
  const answers = [];
  for (const [method, path, body] of EVERYTHING)
    answers.push([
      method,
      path,
      (await app.xapi(method, path, { credential, headers: { 'If-None-Match': method === 'PUT' ? '*' : null }, ...(body !== undefined && { body }) })).status,
    ]);

  expect(answers).toEqual(EVERYTHING.map(([method, path]) => [method, path, 403]));
  expect(await app.counts()).toEqual(before);
});

test('token-without-scope: one made over GraphQL with no scopes has none, not the usual ones', async () => {
  const { body } = await app.graphql(
    'mutation ($input: LrsCredentialCreateInput!) { lrsCredentialCreate(input: $input) { made { credential { scopes } key secret } userErrors { path } } }',
    { input: { label: 'x', authorityHomePage: 'https://vendor.example', authorityName: 'x', scopes: [] } },
  );
  const { credential, key, secret } = body.data.lrsCredentialCreate.made;

  expect(credential.scopes).toEqual([]);
  expect((await app.xapi('GET', '/statements', { credential: { id: '', key, secret } })).status).toBe(403);
});

test('token-without-scope: a token of a role that is bound to somebody, and is bound to nobody, opens nothing', async () => {
  for (const role of ['LEARNER', 'PARTNER', 'VENDOR'] as const) {
    const before = await app.counts();
    await expect(app.createToken(role)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await app.counts()).toEqual(before);
  }
  const partner = await app.modules.access.createPartner({ code: 'P', name: 'Partner', kind: 'UNIVERSITY' });
  const token = await app.createToken('PARTNER', { partnerId: partner.id });
  await rowsOf(`update access.api_token set partner_id = null where role = 'PARTNER'`);
  expect((await app.graphql('{ learners(first: 1) { nodes { id } } }', {}, token)).status).toBe(401);
});

test('bounded-ops: 150 requests of every kind at once are all answered over no more connections than DATABASE_POOL_SIZE', async () => {
  const watcher = new pg.Client({ connectionString: app.databaseUrl });
  await watcher.connect();
  cleanUps.push(() => watcher.end());
  const done = new AbortController();
  let most = 0;
  const watching = (async () => {
    while (!done.signal.aborted) {
      const { rows } = await watcher.query('select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
      most = Math.max(most, rows[0].n);
    }
  })();
  const statuses = await Promise.all(
    Array.from({ length: 50 }, (_, index) => [
      app.xapi('POST', '/statements', { body: passed('ana', 'ALL.1', 1) }),
      app.xapi('PUT', `/activities/state?activityId=${THING}&agent=${AGENT}&stateId=s${index}`, { body: { index }, headers: { 'If-None-Match': '*' } }),
      app.graphql('{ learners(first: 10) { nodes { progress { current } } } }'),
    ])
      .flat()
      .map(async (answer) => (await answer).status),
  );
  done.abort();
  await watching;

  expect(statuses.filter((status) => status !== 200 && status !== 204)).toEqual([]);
  expect(most).toBe(4);
  expect(await app.counts()).toMatchObject({ 'lrs.statement': 50, 'lrs.document': 50 });
});

test('webhook-tls-retry: what is seen of a webhook or forwarder that cannot be reached says why, not only that', async () => {
  const { url } = await secureReceiver();
  const world = await buildWorld(app);
  await addLearner(app, world, 'ana');
  await app.modules.progress.webhooks.create({ label: 'Portal', url, secretName: 'other', partnerId: null, fromStart: true });
  await app.modules.forwarding.create({ label: 'Copy', endpoint: url, key: 'key', secretName: 'other', verbs: [], activityPrefixes: [], fromStart: true });
  await app.xapi('POST', '/statements', { body: passed('ana', 'ANY.1', 2) });
  await app.projector.drain();
  await app.sequencer.pass();
  await app.modules.progress.feed.place();
  await app.modules.progress.webhooks.pass(tellOf(app.modules));
  await app.modules.forwarding.pass();
  const { body } = await app.graphql('{ webhooks(first: 5) { nodes { lastError } } statementForwarders(first: 5) { nodes { lastError } } }');
  const said = [body.data.webhooks, body.data.statementForwarders].map(({ nodes }) => nodes[0].lastError as string);

  expect(said).toEqual([expect.stringMatching(/self-signed certificate/), expect.stringMatching(/self-signed certificate/)]);
});
