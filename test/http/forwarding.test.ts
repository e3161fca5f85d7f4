import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { OtherLrs } from '../support/other-lrs.ts';
import { PASSED, passed, voiding } from '../support/world.ts';

let app: TestApp;
let target: TestApp;
const others: OtherLrs[] = [];

beforeAll(async () => {
  target = await startTestApp();
  app = await startTestApp({ settings: { FORWARD_SECRETS: JSON.stringify({ target: target.credential.secret, other: 'other secret' }) } });
});
afterAll(async () => {
  for (const other of others) other.stop();
  await app.close();
  await target.close();
});

const FIELDS = 'id enabled position lag attempts lastError deadLetters { statementId status reason }';

interface Forwarder {
  readonly id: string;
  readonly enabled: boolean;
  readonly position: number;
  readonly lag: number;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly deadLetters: readonly { statementId: string; status: number; reason: string }[];
}

async function create(input: Record<string, unknown>): Promise<Forwarder> {
  const query = `mutation ($input: StatementForwarderCreateInput!) { statementForwarderCreate(input: $input) { forwarder { ${FIELDS} } userErrors { path rule } } }`;
  const { body } = await app.graphql(query, { input: { label: 'Copy', key: 'key', secretName: 'other', ...input } });
  expect(body.data.statementForwarderCreate.userErrors).toEqual([]);
  return body.data.statementForwarderCreate.forwarder;
}

const read = async (id: string): Promise<Forwarder> => {
  const { body } = await app.graphql(`{ statementForwarders(first: 100) { nodes { ${FIELDS} } } }`);
  return (body.data.statementForwarders.nodes as Forwarder[]).find((node) => node.id === id) as Forwarder;
};

async function post(...statements: readonly Record<string, unknown>[]): Promise<readonly string[]> {
  const { body } = await app.xapi('POST', '/statements', { body: statements });
  await app.sequencer.pass();
  return body as string[];
}

const pause = async (id: string): Promise<void> => {
  await app.graphql('mutation ($id: ID!) { statementForwarderSetEnabled(id: $id, enabled: false) { userErrors { path } } }', { id });
};

async function other(): Promise<{ lrs: OtherLrs; endpoint: string }> {
  const lrs = new OtherLrs();
  others.push(lrs);
  return { lrs, endpoint: await lrs.start() };
}

test('a statement and its attachment arrive at another LRS, the bytes and the text of the statement unchanged', async () => {
  const { id } = await create({ endpoint: `${target.url}/xapi/`, key: target.credential.key, secretName: 'target' });
  const sha2 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
  const attachment = { usageType: 'https://usage.example/note', display: { en: 'Note' }, contentType: 'text/plain', length: 5, sha2 };
  const statement = JSON.stringify(passed('ana', 'ALL.1', 3, { attachments: [attachment], result: { score: { raw: 1 } } })).replace('"raw":1', '"raw":1.0');
  const part = `Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${sha2}\r\n\r\nhello`;
  const raw = `--b\r\nContent-Type: application/json\r\n\r\n${statement}\r\n--b\r\n${part}\r\n--b--\r\n`;
  const posted = await app.xapi('POST', '/statements', { raw, headers: { 'Content-Type': 'multipart/mixed; boundary=b' } });
  await app.sequencer.pass();
  await app.modules.forwarding.pass();

  const [statementId] = posted.body as string[];
  const arrived = await target.xapi('GET', `/statements?statementId=${statementId}&attachments=true`);
  expect(arrived.text).toContain('"raw":1.0');
  expect(arrived.text).toContain('\r\n\r\nhello\r\n');
  expect(await read(id)).toMatchObject({ lag: 0, attempts: 0, lastError: null, deadLetters: [] });
  await pause(id);
});

test('what the other LRS cannot take now is sent again later, in order, and nothing is skipped', async () => {
  const { lrs, endpoint } = await other();
  const { id } = await create({ endpoint });
  lrs.answer = () => 503;
  const ids = await post(passed('ana', 'ALL.1', 1), passed('ana', 'ALL.1', 2));
  await app.modules.forwarding.pass();
  await app.modules.forwarding.pass();

  expect(lrs.received).toHaveLength(1);
  expect(await read(id)).toMatchObject({ lag: 2, attempts: 1, lastError: '503: said the other LRS', deadLetters: [] });
  lrs.answer = () => 200;
  await app.database.sql.rows('update lrs.forwarder set next_attempt_at = clock_timestamp()');
  await app.modules.forwarding.pass();
  expect(lrs.received[1]?.map((statement) => statement.id)).toEqual(ids);
  expect(await read(id)).toMatchObject({ lag: 0, attempts: 0, lastError: null });
  await pause(id);
});

test('conflict-is-not-retry: a conflict counts as arrived, a refusal becomes a dead letter, and neither holds up the others', async () => {
  const { lrs, endpoint } = await other();
  const { id } = await create({ endpoint });
  const [first = '', there = '', bad = '', last = ''] = await post(...[1, 2, 3, 4].map((level) => passed('ana', 'ALL.1', level)));
  lrs.answer = (statements) => {
    if (statements.length > 1) return 400;
    return statements[0]?.id === there ? 409 : statements[0]?.id === bad ? 400 : 200;
  };
  await app.modules.forwarding.pass();

  expect(
    lrs.received
      .slice(1)
      .flat()
      .map((statement) => statement.id),
  ).toEqual([first, there, bad, last]);
  expect(await read(id)).toMatchObject({ lag: 0, lastError: null, deadLetters: [{ statementId: bad, status: 400, reason: 'said the other LRS' }] });

  lrs.answer = () => 200;
  await app.graphql('mutation ($id: ID!) { statementForwarderRetry(id: $id) { userErrors { path } } }', { id });
  await app.modules.forwarding.pass();
  expect(lrs.received.at(-1)?.map((statement) => statement.id)).toEqual([bad]);
  expect((await read(id)).deadLetters).toEqual([]);
  await pause(id);
});

test('filters let through what they name, and every void', async () => {
  const { lrs, endpoint } = await other();
  const { id } = await create({ endpoint, verbs: [PASSED], activityPrefixes: ['https://content.example/ANY'] });
  const [wanted = '', elsewhere = ''] = await post(
    passed('ana', 'ANY.1', 1),
    passed('ana', 'ALL.1', 1),
    passed('ana', 'ANY.1', 1, { verb: { id: 'https://verbs.example/saw' } }),
  );
  const [voids = ''] = await post(voiding(elsewhere));
  await app.modules.forwarding.pass();

  expect(lrs.received.flat().map((statement) => statement.id)).toEqual([wanted, voids]);
  expect((await read(id)).lag).toBe(0);
  await pause(id);
});

test('statements of 2.0 are sent as such, and a forwarder whose rest was erased comes to an end', async () => {
  const { id } = await create({ endpoint: `${target.url}/xapi`, key: target.credential.key, secretName: 'target' });
  const { body } = await app.xapi('POST', '/statements', { body: passed('ana', 'ALL.1', 2), headers: { 'X-Experience-API-Version': '2.0.0' } });
  const [statementId = ''] = body as string[];
  await post(passed('ana', 'ALL.1', 3));
  await app.modules.forwarding.pass();
  expect((await target.xapi('GET', `/statements?statementId=${statementId}`)).status).toBe(200);
  expect((await read(id)).deadLetters).toEqual([]);

  await pause(id);
  const [erased = ''] = await post(passed('ana', 'ALL.1', 4));
  await app.database.sql.rows('delete from lrs.statement where statement_id = $1', [erased]);
  await app.graphql('mutation ($id: ID!) { statementForwarderSetEnabled(id: $id, enabled: true) { userErrors { path } } }', { id });
  await app.modules.forwarding.pass();
  expect((await read(id)).lag).toBe(0);
  await pause(id);
});

test('two processes send each statement once', async () => {
  const { lrs, endpoint } = await other();
  const second = await startTestApp({ databaseUrl: app.databaseUrl, settings: { FORWARD_SECRETS: '{"other":"other secret"}' } });
  const { id } = await create({ endpoint });
  const ids = await post(...Array.from({ length: 120 }, () => passed('ana', 'ALL.1', 1)));
  await Promise.all([app.modules.forwarding.pass(), second.modules.forwarding.pass()]);
  while ((await read(id)).lag > 0) await app.modules.forwarding.pass();

  expect(lrs.received.flat().map((statement) => statement.id)).toEqual(ids);
  await second.close();
  await pause(id);
});

test.each<[label: string, input: Record<string, unknown>, path: string, rule: string]>([
  ['an endpoint that is no URL', { endpoint: 'lrs' }, '/endpoint', 'url'],
  ['an endpoint that is a file', { endpoint: 'file:///etc/passwd' }, '/endpoint', 'url'],
  ['a secret that is not set', { endpoint: 'https://lrs.example', secretName: 'nobody' }, '/secretName', 'setting'],
  ['a verb that is no IRI', { endpoint: 'https://lrs.example', verbs: ['passed'] }, '/verbs/0', 'xAPI Data 4.3 iri'],
])('a forwarder with %s is refused', async (_label, input, path, rule) => {
  const query = 'mutation ($input: StatementForwarderCreateInput!) { statementForwarderCreate(input: $input) { userErrors { path rule } } }';
  const { body } = await app.graphql(query, { input: { label: 'Copy', key: 'key', secretName: 'other', ...input } });

  expect(body.data.statementForwarderCreate.userErrors).toEqual([{ path, rule }]);
});
