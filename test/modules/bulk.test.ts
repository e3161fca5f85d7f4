import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { collectAttachments, exportStatements, importStatements } from '../../src/commands/bulk.ts';
import { type Config, readConfig } from '../../src/config/settings.ts';
import { type Answer, startTestApp, type TestApp } from '../support/app.ts';
import { sendBytes } from '../support/send.ts';
import { ServerProcess } from '../support/server-process.ts';
import { passed, voiding } from '../support/world.ts';

const SHA2 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
let source: TestApp;
let target: TestApp;
let folder: string;
let file: string;

const configOf = (app: TestApp): Config => readConfig({ NODE_ENV: 'test', DATABASE_URL: app.databaseUrl, BLOB_DIR: app.blobDir });

beforeAll(async () => {
  source = await startTestApp();
  target = await startTestApp();
  folder = await mkdtemp(join(tmpdir(), 'mumpuni-bulk-'));
  file = join(folder, 'statements.jsonl');
  const vendor = await source.createCredential(['statements/write']);
  const exact = JSON.stringify(passed('ana', 'ALL.1', 3)).replace('"scaled":0.6', '"scaled":\n 0.60');
  await source.xapi('POST', '/statements', { raw: exact });
  const attachment = { usageType: 'https://usage.example/note', display: { en: 'Note' }, contentType: 'text/plain', length: 5, sha2: SHA2 };
  const part = `Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${SHA2}\r\n\r\nhello`;
  const body = `--b\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(passed('budi', 'ALL.2', 2, { attachments: [attachment] }))}\r\n--b\r\n${part}\r\n--b--\r\n`;
  await sendBytes(source, 'POST', '/statements', { body, headers: { 'Content-Type': 'multipart/mixed; boundary=b' }, credential: vendor });
  const [id = ''] = (await source.xapi('POST', '/statements', { body: passed('citra', 'ANY.1', 1), credential: vendor })).body as string[];
  await source.xapi('POST', '/statements', { body: voiding(id) });
  await source.sequencer.pass();
  await exportStatements(configOf(source), file);
});
afterAll(async () => {
  await source.close();
  await target.close();
  await rm(folder, { recursive: true });
});

const listed = async (app: TestApp): Promise<readonly Record<string, unknown>[]> => {
  const { body } = (await app.xapi('GET', '/statements?ascending=true')) as Answer<{ statements: Record<string, unknown>[] }>;
  return body.statements.map(({ stored: _stored, timestamp: _timestamp, ...rest }) => rest);
};

test('an export holds every statement to the letter, in order, one a line, and the attachments beside it', async () => {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');

  expect(lines).toHaveLength(4);
  expect(lines[0]).toContain('"scaled":  0.60');
  expect(lines[3]).toMatch(/^\{"unrestrictedVoid":true,"statement":\{/);
  expect(await readFile(join(`${file}.attachments`, SHA2), 'utf8')).toBe('hello');
  expect(await readdir(folder)).toEqual(['statements.jsonl', 'statements.jsonl.attachments']);
});

test('an interrupted export goes on where it was and ends as if it had not been', async () => {
  const whole = await readFile(file, 'utf8');
  const copy = join(folder, 'resumed.jsonl');
  const first = `${whole.split('\n')[0]}\n`;
  await writeFile(copy, `${first}{"half a li`);
  await writeFile(`${copy}.progress`, JSON.stringify({ position: 1, bytes: Buffer.byteLength(first) }));
  await exportStatements(configOf(source), copy);

  expect(await readFile(copy, 'utf8')).toBe(whole);
});

test('an import elsewhere gives the same statements under the same authorities, voids and attachments in force', async () => {
  expect(await importStatements(configOf(target), file)).toBe(0);
  await target.sequencer.pass();

  expect(await listed(target)).toEqual(await listed(source));
  const kept = await sendBytes(target, 'GET', '/statements?attachments=true');
  expect(kept.bytes.toString()).toContain('\r\n\r\nhello\r\n');
});

test('an import that is run again changes nothing', async () => {
  const before = await target.counts();

  expect(await importStatements(configOf(target), file)).toBe(0);
  expect(await target.counts()).toEqual(before);
});

test('bare statements of another system are taken, and a line that is none is named and holds up nothing', async () => {
  const other = join(folder, 'other.jsonl');
  const fresh = passed('dewi', 'ALL.1', 4, { id: '3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b01' });
  await writeFile(other, `${JSON.stringify(fresh)}\nnot json\n\n{"actor":{}}\n${JSON.stringify({ ...fresh, id: '3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b02' })}\n`);

  expect(await importStatements(configOf(target), other)).toBe(1);
  for (const id of ['3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b01', '3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b02'])
    expect((await target.xapi('GET', `/statements?statementId=${id}`)).status).toBe(200);
});

test('a line separator within a text does not part a line, and an attachment that is not what its hash says is refused', async () => {
  const other = join(folder, 'separators.jsonl');
  const id = '3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b03';
  const separated = JSON.stringify(passed('dewi', 'ALL.1', 4, { id, result: { response: 'a\u2028b\u2029c\u0085d' } }));
  const named = `{"attachments":[{"sha2":"${SHA2}","contentType":"text/plain"}],"statement":${JSON.stringify(passed('dewi', 'ALL.1', 1))}}`;
  await mkdir(`${other}.attachments`);
  await writeFile(join(`${other}.attachments`, SHA2), 'hell');
  await writeFile(other, `${separated}\n${named}\n`);

  expect(await importStatements(configOf(target), other)).toBe(1);
  expect((await target.xapi('GET', `/statements?statementId=${id}`)).text).toContain('a\u2028b\u2029c\u0085d');
});

test('what a refused request left in the blob store is collected, what a statement names is kept', async () => {
  const pathOf = (sha2: string): string => join(sha2.slice(0, 2), sha2.slice(2, 4), sha2);
  const [named, stray, young] = [pathOf(SHA2), pathOf('a'.repeat(64)), pathOf('b'.repeat(64))];
  for (const path of [stray, young]) {
    await mkdir(dirname(join(target.blobDir, path)), { recursive: true });
    await writeFile(join(target.blobDir, path), 'left behind');
  }
  const hoursAgo = new Date(Date.now() - 7_200_000);
  for (const path of [named, stray]) await utimes(join(target.blobDir, path), hoursAgo, hoursAgo);
  await collectAttachments(configOf(target));

  const kept = await readdir(target.blobDir, { recursive: true });
  expect([named, young, stray].map((path) => kept.includes(path))).toEqual([true, true, false]);
});

test.each([
  ['framework import', 1],
  ['statements import', 1],
  ['statements export', 1],
  ['validate', 2],
])('%s of a file in a folder that is not there names it, without a stack', async (words, code) => {
  const nowhere = join(folder, 'nowhere', 'file.json');
  const command = new ServerProcess({ DATABASE_URL: target.databaseUrl }, [...words.split(' '), nowhere]);

  expect(await command.ended()).toBe(code);
  expect(command.output).toBe(`${nowhere} cannot be read or written: there is no such file or folder\n`);
});
