import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { passed } from '../support/world.ts';

const HOUR_MS = 3_600_000;
let now = Date.parse('2026-05-01T00:00:00Z');
let app: TestApp;
/** Another process on the same database. */
let other: TestApp;

beforeAll(async () => {
  const clock = { now: () => new Date(now) };
  app = await startTestApp({ clock, settings: { XAPI_RATE_LIMIT_PER_MINUTE: '40' } });
  other = await startTestApp({ clock, databaseUrl: app.databaseUrl });
});
afterAll(async () => {
  await other.close();
  await app.close();
});

interface Made {
  readonly credential: {
    readonly id: string;
    readonly key: string;
    readonly scopes: readonly string[];
    readonly authority: string;
    readonly revokedAt: string | null;
  };
  readonly key: string;
  readonly secret: string;
}

const MADE = 'made { credential { id key scopes authority revokedAt } key secret } userErrors { path rule }';

async function create(input: Record<string, unknown>): Promise<{ made: Made | null; userErrors: readonly { path: string; rule: string }[] }> {
  const query = `mutation ($input: LrsCredentialCreateInput!) { lrsCredentialCreate(input: $input) { ${MADE} } }`;
  const { body } = await app.graphql(query, { input: { label: 'Content', authorityHomePage: 'https://vendor.example', authorityName: 'content', ...input } });
  return body.data.lrsCredentialCreate;
}

async function made(input: Record<string, unknown> = {}): Promise<Made> {
  const { made: answer, userErrors } = await create(input);
  expect(userErrors).toEqual([]);
  if (!answer) throw new Error('no credential was made');
  return answer;
}

const statusOf = async (server: TestApp, { key, secret }: { key: string; secret: string }): Promise<number> =>
  (await server.xapi('POST', '/statements', { body: passed('ana', 'ALL.1', 3), credential: { id: '', key, secret } })).status;

test('a credential made over GraphQL sends statements under its own authority, and may not read others', async () => {
  const { credential, key, secret } = await made();

  expect(credential).toMatchObject({ key, scopes: ['statements/write', 'statements/read/mine'], revokedAt: null });
  expect(JSON.parse(credential.authority)).toEqual({ objectType: 'Agent', account: { homePage: 'https://vendor.example', name: 'content' } });
  const posted = await app.xapi('POST', '/statements', { body: passed('ana', 'ALL.1', 3), credential: { id: '', key, secret } });
  const [id] = posted.body as string[];
  const statement = JSON.parse((await app.xapi('GET', `/statements?statementId=${id}`)).text) as { authority: unknown };
  expect(statement.authority).toEqual(JSON.parse(credential.authority));
});

test('the secret is in no table and in no later answer', async () => {
  const { credential, secret } = await made();
  const { text } = await app.graphql(
    '{ lrsCredentials(first: 100) { nodes { id label key scopes authority createdAt revokedAt previousUntil partner { code } } } }',
  );

  expect(text).toContain(credential.id);
  expect(text).not.toContain(secret);
  const rows = await app.database.sql.rows<{ row: string }>('select row_to_json(c)::text as row from access.lrs_credential c');
  expect(rows.some(({ row }) => row.includes(secret))).toBe(false);
});

test('after a rotation both secrets work until the grace period is over, then the new one alone', async () => {
  const first = await made();
  const { body } = await app.graphql(`mutation ($id: ID!) { lrsCredentialRotate(id: $id, graceHours: 2) { ${MADE} } }`, { id: first.credential.id });
  const second = body.data.lrsCredentialRotate.made as Made;

  expect(second.key).toBe(first.key);
  expect([await statusOf(app, first), await statusOf(app, second)]).toEqual([200, 200]);
  now += 3 * HOUR_MS;
  expect([await statusOf(app, first), await statusOf(app, second)]).toEqual([401, 200]);
});

test('a revoked credential stops at once here and within five seconds in every other process', async () => {
  const credential = await made();
  expect(await statusOf(other, credential)).toBe(200);
  const { body } = await app.graphql('mutation ($id: ID!) { lrsCredentialRevoke(id: $id) { credential { revokedAt } userErrors { path } } }', {
    id: credential.credential.id,
  });

  expect(body.data.lrsCredentialRevoke).toEqual({ credential: { revokedAt: new Date(now).toISOString() }, userErrors: [] });
  expect(await statusOf(app, credential)).toBe(401);
  now += 5_000;
  expect(await statusOf(other, credential)).toBe(401);
});

test('a revoked credential can be neither rotated nor revoked again', async () => {
  const { credential } = await made();
  await app.graphql('mutation ($id: ID!) { lrsCredentialRevoke(id: $id) { userErrors { path } } }', { id: credential.id });
  const before = await app.counts();

  for (const field of ['lrsCredentialRotate', 'lrsCredentialRevoke']) {
    const { body } = await app.graphql(`mutation ($id: ID!) { ${field}(id: $id) { userErrors { code path rule } } }`, { id: credential.id });
    expect(body.data[field].userErrors).toEqual([{ code: 'CONFLICT', path: '/id', rule: 'live' }]);
  }
  expect(await app.counts()).toEqual(before);
});

test.each<[label: string, input: Record<string, unknown>, path: string, rule: string]>([
  ['a scope that is none', { scopes: ['statements/write', 'everything'] }, '/scopes/1', 'scope'],
  ['no label', { label: ' ' }, '/label', 'not-empty'],
  ['an authority without an IRI', { authorityHomePage: 'vendor' }, '/authorityHomePage', 'xAPI Data 4.3 iri'],
  ['a partner that is none', { partnerId: 'ptn_x' }, '/partnerId', 'global-id'],
])('a credential with %s is refused', async (_label, input, path, rule) => {
  const before = await app.counts();

  expect(await create(input)).toEqual({ made: null, userErrors: [{ path, rule }] });
  expect(await app.counts()).toEqual(before);
});

test('a credential above its requests a minute is told to wait, and no other one is', async () => {
  const [busy, quiet] = [await made(), await made()];
  const answers = await Promise.all(Array.from({ length: 41 }, () => statusOf(app, busy)));

  expect(answers.filter((status) => status === 429)).toHaveLength(1);
  expect(await statusOf(app, quiet)).toBe(200);
  const refused = await app.xapi('GET', '/statements', { credential: { id: '', key: busy.key, secret: busy.secret } });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(refused.headers.get('x-experience-api-version')).toBe('1.0.3');
});
