import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { type Answer, startTestApp, type TestApp } from '../support/app.ts';
import type { Json } from '../support/json.ts';
import { sendBytes } from '../support/send.ts';
import { addLearner, buildWorld, HOME_PAGE, passed, voiding, type World } from '../support/world.ts';

const SHA2 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
const MBOX = 'mailto:ana.erased@lms.example';
/** Every string that names the person. */
const NAMES = ['ana-erased', MBOX, 'Ana Erased', 'Learner ana-erased'];
const ana = { name: 'Ana Erased', account: { homePage: HOME_PAGE, name: 'ana-erased' } };

let app: TestApp;
let world: World;
let learnerId: string;
/** Statements by what the person is in them. */
const ids: Record<string, string> = {};

async function post(name: string, statement: Json): Promise<void> {
  const { body, status } = await app.xapi('POST', '/statements', { body: statement });
  expect(status).toBe(200);
  ids[name] = (body as string[])[0] ?? '';
}

const anaPassed = passed('ana-erased', 'ALL.1', 3, { id: '3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b01' });

beforeAll(async () => {
  app = await startTestApp();
  world = await buildWorld(app);
  learnerId = await addLearner(app, world, 'ana-erased');
  await app.modules.people.addIdentity(learnerId, { kind: 'mbox', homePage: '', value: MBOX });
  await addLearner(app, world, 'budi');
  await post('actor', anaPassed);
  const attachment = { usageType: 'https://usage.example/note', display: { en: 'Note' }, contentType: 'text/plain', length: 5, sha2: SHA2 };
  const part = `Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${SHA2}\r\n\r\nhello`;
  const withNote = passed('ana-erased', 'ALL.2', 2, { actor: { mbox: MBOX }, attachments: [attachment] });
  const body = `--b\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(withNote)}\r\n--b\r\n${part}\r\n--b--\r\n`;
  await sendBytes(app, 'POST', '/statements', { body, headers: { 'Content-Type': 'multipart/mixed; boundary=b' } });
  await post(
    'instructor',
    passed('budi', 'ALL.1', 4, { context: { instructor: ana, extensions: { 'https://ext.example/mail': MBOX, 'https://ext.example/n': 1 } } }),
  );
  await post('member', passed('budi', 'ALL.2', 3, { actor: { objectType: 'Group', member: [ana, { mbox: 'mailto:citra@lms.example' }] } }));
  await post('object', { actor: { mbox: 'mailto:citra@lms.example' }, verb: { id: 'https://verbs.example/praised' }, object: { objectType: 'Agent', ...ana } });
  await post('voided', passed('budi', 'ANY.1', 5));
  await post('voider', voiding(ids['voided'] ?? '', { actor: ana }));
  await post('reference', {
    actor: { mbox: 'mailto:citra@lms.example' },
    verb: { id: 'https://verbs.example/confirmed' },
    object: { objectType: 'StatementRef', id: ids['instructor'] },
  });
  await app.xapi(
    'PUT',
    `/activities/state?${new URLSearchParams({ activityId: 'https://content.example/x', agent: JSON.stringify({ mbox: MBOX }), stateId: 's' }).toString()}`,
    { body: { a: 1 } },
  );
  await app.sequencer.pass();
  await app.projector.drain();

  const { body: answer } = await app.graphql('mutation ($id: ID!) { learnerErase(id: $id) { erasure { id } userErrors { path } } }', {
    id: toGlobalId('Learner', learnerId),
  });
  expect(answer.data.learnerErase.userErrors).toEqual([]);
  await app.modules.erasures.pass();
});
afterAll(() => app.close());

const statusOf = async (name: string): Promise<number> => (await app.xapi('GET', `/statements?statementId=${ids[name]}`)).status;
const textOf = async (name: string): Promise<string> => (await app.xapi('GET', `/statements?statementId=${ids[name]}`)).text;

test('erase-one-role: what the person did is gone, what others did stays with a pseudonym in their place', async () => {
  expect(await statusOf('actor')).toBe(404);
  for (const name of ['instructor', 'member', 'object', 'reference']) expect([name, await statusOf(name)]).toEqual([name, 200]);

  const pseudonym = { account: { homePage: 'https://mumpuni.invalid/erased', name: expect.any(String) } };
  const instructed = JSON.parse(await textOf('instructor')) as { context: { instructor: Json; extensions: Json } };
  expect(instructed.context.instructor).toEqual(pseudonym);
  expect(instructed.context.extensions).toEqual({ 'https://ext.example/mail': 'erased', 'https://ext.example/n': 1 });
  expect(JSON.parse(await textOf('member'))).toMatchObject({ actor: { objectType: 'Group', member: [pseudonym, { mbox: 'mailto:citra@lms.example' }] } });
  expect(JSON.parse(await textOf('object'))).toMatchObject({ object: { objectType: 'Agent', ...pseudonym } });
});

test('a void that the person sent stays in force', async () => {
  expect(await statusOf('voided')).toBe(404);
  expect(await statusOf('voider')).toBe(200);
});

test('no row of any table and no attachment names the person any more', async () => {
  const columns = await app.database.sql.rows<{ tableSchema: string; tableName: string }>(
    "select distinct table_schema, table_name from information_schema.columns where table_schema in ('access', 'competency', 'lrs', 'people', 'progress', 'training')",
  );
  expect(columns.length).toBeGreaterThan(30);
  for (const { tableSchema, tableName } of columns) {
    const rows = await app.database.sql.rows<{ row: string }>(`select row_to_json(t)::text as row from ${tableSchema}.${tableName} t`);
    expect([tableName, rows.filter(({ row }) => NAMES.some((name) => row.includes(name)))]).toEqual([tableName, []]);
  }
  expect((await readdir(app.blobDir, { recursive: true })).filter((path) => path.endsWith(SHA2))).toEqual([]);
});

test('nothing is found by the identifiers, in any role, and a statement referred to is found by its pseudonym', async () => {
  const found = async (agent: Json): Promise<readonly string[]> => {
    const query = new URLSearchParams({ agent: JSON.stringify(agent), related_agents: 'true' }).toString();
    return ((await app.xapi('GET', `/statements?${query}`)) as Answer<{ statements: { id: string }[] }>).body.statements.map(({ id }) => id);
  };
  expect([await found(ana), await found({ mbox: MBOX })]).toEqual([[], []]);
  const { context } = JSON.parse(await textOf('instructor')) as { context: { instructor: Json } };
  expect((await found(context.instructor)).toSorted()).toEqual(
    ['instructor', 'member', 'object', 'voider', 'reference'].map((name) => ids[name] ?? '').toSorted(),
  );
});

test('a statement sent again is acknowledged and stays away; another one under its id is a conflict', async () => {
  const before = await app.counts();

  expect((await app.xapi('POST', '/statements', { body: anaPassed })).status).toBe(200);
  expect((await app.xapi('POST', '/statements', { body: { ...anaPassed, result: { success: false } } })).status).toBe(409);
  expect(await app.counts()).toEqual(before);
});

test('an equal statement of someone else that named the person is still known as the same', async () => {
  const instructed = passed('budi', 'ALL.1', 4, {
    id: ids['instructor'],
    context: { instructor: ana, extensions: { 'https://ext.example/mail': MBOX, 'https://ext.example/n': 1 } },
  });

  expect((await app.xapi('POST', '/statements', { body: instructed })).status).toBe(200);
});

test('the progress of others is as it was, and the learner is unknown', async () => {
  const { body } = await app.graphql('{ learners(first: 100) { nodes { name progress { competency { code } current } } } }');

  expect(body.data.learners.nodes).toEqual([{ name: 'Learner budi', progress: [{ competency: { code: 'ALL.1' }, current: 4 }] }]);
});

test('the receipt says what was done and holds nothing of the person', async () => {
  const { body, text } = await app.graphql(
    '{ erasures(first: 10) { nodes { requestedAt finishedAt statementsDeleted statementsPseudonymised documentsDeleted attachmentsDeleted } } }',
  );

  expect(body.data.erasures.nodes).toEqual([
    {
      requestedAt: expect.any(String),
      finishedAt: expect.any(String),
      statementsDeleted: 2,
      statementsPseudonymised: 4,
      documentsDeleted: 1,
      attachmentsDeleted: 1,
    },
  ]);
  expect(NAMES.filter((name) => text.includes(name))).toEqual([]);
});

test('a learner that is not there cannot be erased', async () => {
  const before = await app.counts();
  const { body } = await app.graphql('mutation ($id: ID!) { learnerErase(id: $id) { userErrors { code path rule } } }', {
    id: toGlobalId('Learner', learnerId),
  });

  expect(body.data.learnerErase.userErrors).toEqual([{ code: 'NOT_FOUND', path: '/id', rule: 'reference' }]);
  expect(await app.counts()).toEqual(before);
});
