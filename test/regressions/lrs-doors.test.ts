import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectTo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect } from '../../src/app.ts';
import { importStatements } from '../../src/commands/bulk.ts';
import { readConfig } from '../../src/config/settings.ts';
import { migrate } from '../../src/db/schema-version.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTestDatabase } from '../support/database.ts';
import { sendBytes } from '../support/send.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const statement = (change: object = {}) => ({
  id: randomUUID(),
  actor: { mbox: 'mailto:a@doors.example' },
  verb: { id: 'https://verbs.example/did' },
  object: { id: 'https://things.example/1' },
  ...change,
});

const CONTENT = 'hello doors';
const SHA2 = createHash('sha256').update(CONTENT).digest('hex');

const withAttachment = (type = 'text/plain'): string => {
  const attachments = [{ usageType: 'https://usage.example/note', display: { en: 'Note' }, contentType: 'text/plain', length: CONTENT.length, sha2: SHA2 }];
  return [
    '--b\r\nContent-Type: application/json\r\n',
    JSON.stringify(statement({ attachments })),
    `--b\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${SHA2}\r\n`,
    CONTENT,
    '--b--\r\n',
  ].join('\r\n');
};
const postParts = (body: string) => sendBytes(app, 'POST', '/statements', { body, headers: { 'Content-Type': 'multipart/mixed; boundary=b' } });

test.each([
  ['a NUL', 'text/pl\0ain'],
  ['a letter beyond ASCII', 'text/pl\u00e4in'],
  ['too much', `text/${'x'.repeat(300)}`],
])('Communication 1.5.2: a part whose Content-Type holds %s is refused with 400, and nothing is stored', async (_what, type) => {
  const before = await app.counts();

  expect((await postParts(withAttachment(type))).status).toBe(400);
  expect(await app.counts()).toEqual(before);
});

test('an attachment that is deleted while a statement that names it is on its way is there once that is acknowledged', async () => {
  expect((await postParts(withAttachment())).status).toBe(200);
  const eraser = await app.database.pool.connect();
  await eraser.query('begin');
  await eraser.query(`select pg_advisory_xact_lock(hashtextextended('mumpuni attachment ' || $1, 0))`, [SHA2]);
  const again = postParts(withAttachment());
  const isWaiting = `select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`;
  while ((await eraser.query(isWaiting)).rows.length === 0);
  await rm(join(app.blobDir, SHA2.slice(0, 2), SHA2.slice(2, 4), SHA2));
  await eraser.query('commit');
  eraser.release();

  expect((await again).status).toBe(200);
  expect((await sendBytes(app, 'GET', '/statements?attachments=true')).bytes.toString()).toContain(`\r\n\r\n${CONTENT}\r\n`);
});

test('answers are kept by no cache: content goes on from the latest state, and it is about persons', async () => {
  const query = new URLSearchParams({ activityId: 'https://things.example/1', agent: '{"mbox":"mailto:a@doors.example"}', stateId: 's' }).toString();
  await app.xapi('PUT', `/activities/state?${query}`, { body: { a: 1 } });

  for (const path of [`/activities/state?${query}`, '/statements', '/statements?limit=x'])
    expect([path, (await app.xapi('GET', path)).headers.get('cache-control')]).toEqual([path, 'no-store']);
});

/** A request that tells of a large body and sends next to nothing of it. */
async function trickle(path: string, authorization: string): Promise<Socket> {
  const { hostname, port } = new URL(app.url);
  const socket = connectTo({ host: hostname, port: Number(port) });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\n${authorization}X-Experience-API-Version: 1.0.3\r\nContent-Type: application/json\r\nContent-Length: 1048575\r\n\r\n{`,
  );
  return socket;
}

test.each([
  ['without credentials, in the alternate syntax', '/xapi/activities/state?method=PUT', false],
  ['without credentials, its name escaped', '/xapi/activities/state?%6dethod=PUT', false],
  ['without credentials, to about', '/xapi/about', false],
  ['with credentials', '/xapi/statements', true],
])('large bodies that do not come keep nobody else from storing: %s', async (_who, path, signed) => {
  const { key, secret } = app.credential;
  const sockets = await Promise.all(
    Array.from({ length: 12 }, () => trickle(path, signed ? `Authorization: Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}\r\n` : '')),
  );
  const post = () => app.xapi('POST', '/statements', { body: statement() });
  // For an instant what is announced counts as if it were here.
  while ((await post()).status === 503);
  const before = (await app.counts())['lrs.statement'] ?? 0;

  const answers = await Promise.all(Array.from({ length: 20 }, post));
  const isStillSending = sockets.some((socket) => !socket.closed);
  for (const socket of sockets) socket.destroy();

  expect([isStillSending, ...answers.map(({ status }) => status)]).toEqual([true, ...Array.from({ length: 20 }, () => 200)]);
  expect((await app.counts())['lrs.statement']).toBe(before + 20);
});

test('a file of statements that took the place of another is imported from its beginning', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mumpuni-doors-'));
  const file = join(folder, 'statements.jsonl');
  const config = readConfig({ DATABASE_URL: app.databaseUrl, BLOB_DIR: app.blobDir });
  const lines = (list: readonly object[]): string => list.map((one) => `${JSON.stringify(one)}\n`).join('');
  const [old, fresh] = [
    [statement(), statement()],
    [statement(), statement(), statement()],
  ];
  const before = (await app.counts())['lrs.statement'] ?? 0;
  const digest = createHash('sha256').update(lines(old)).digest('hex');
  await writeFile(`${file}.imported`, JSON.stringify({ position: 2, bytes: 1, refused: 0, digest }));

  await writeFile(file, lines([...old, ...fresh]));
  expect(await importStatements(config, file)).toBe(0);
  expect((await app.counts())['lrs.statement']).toBe(before + 3);
  await writeFile(`${file}.imported`, JSON.stringify({ position: 2, bytes: 1, refused: 0, digest }));
  await writeFile(file, lines([statement(), statement(), statement()]));
  expect(await importStatements(config, file)).toBe(0);
  expect((await app.counts())['lrs.statement']).toBe(before + 6);
  await rm(folder, { recursive: true });
});

test('a migration may take longer than a request', async () => {
  const own = await createTestDatabase('template0');
  const database = await connect(readConfig({ NODE_ENV: 'test' }), own.url);
  await database.pool.query(`
    create table public.seen (timeout text, schema text);
    create function public.note() returns event_trigger language plpgsql as $$ begin
      insert into public.seen select current_setting('statement_timeout'), schema_name from pg_event_trigger_ddl_commands(); end $$;
    create event trigger note on ddl_command_end execute function public.note()`);
  await migrate(database);

  expect(await database.sql.rows("select distinct timeout from public.seen where schema = 'lrs'")).toEqual([{ timeout: '0' }]);
  expect(await database.sql.rows(`select current_setting('statement_timeout') as timeout`)).toEqual([{ timeout: '1min' }]);
  await database.close();
  await own.drop();
});

test.each([
  ['9999-12-31T23:59:59.5-10:00', '9999-12-31T23:59:59.5-10:00'],
  ['2026-06-01T12:00:00.123456+07:00', '2026-06-01T05:00:00.123456Z'],
])('IEEE 9274.1.1 timestamps become UTC where that has four digits of a year: %s', async (timestamp, kept) => {
  const sent = statement({ timestamp });
  const headers = { 'X-Experience-API-Version': '2.0.0' };
  expect((await app.xapi('POST', '/statements', { body: sent, headers })).status).toBe(200);

  const { body } = await app.xapi('GET', `/statements?statementId=${sent.id}`, { headers });
  expect((body as { timestamp: string }).timestamp).toBe(kept);
});

test.each<[what: string, status: number, send: () => Promise<{ status: number; headers: Headers }>]>([
  ['a POST', 200, () => app.xapi('POST', '/statements', { body: statement() })],
  ['a PUT that is refused', 400, () => app.xapi('PUT', '/statements', { body: statement() })],
  ['an unknown version', 400, () => app.xapi('GET', '/statements', { headers: { 'X-Experience-API-Version': '0.9' } })],
  ['no credentials', 401, () => app.xapi('GET', '/statements', { credential: null })],
  ['a list', 200, () => app.xapi('GET', '/statements')],
])('Communication 2.1.3: the statement resource tells Consistent-Through on %s', async (_what, status, send) => {
  const answer = await send();

  expect([answer.status, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(answer.headers.get('x-experience-api-consistent-through') ?? '')]).toEqual([status, true]);
});
