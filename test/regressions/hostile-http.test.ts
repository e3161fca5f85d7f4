import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ErrorBody } from '../../src/http/errors.ts';
import { startTestApp, type TestApp, type XapiOptions } from '../support/app.ts';
import { passed } from '../support/world.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const cursorOf = (...values: readonly string[]): string => Buffer.from(JSON.stringify([1, ...values])).toString('base64url');
const ID = '3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b01';

test.each<[label: string, method: string, path: string, options: () => XapiOptions, status: number, violation: string]>([
  ['NUL in the key', 'GET', '/statements', () => ({ headers: { Authorization: basic('a\0b:c') } }), 401, '/headers/Authorization'],
  ['the year 0 in since', 'GET', '/statements?since=0000-01-01T00:00:00Z', () => ({}), 400, '/query/since'],
  ['the year 10000 in until', 'GET', '/statements?until=9999-12-31T23:59:59-10:00', () => ({}), 400, '/query/until'],
  ['a cursor of the year 0', 'GET', `/statements?cursor=${cursorOf('0000-01-01T00:00:00.000000Z', ID)}`, () => ({}), 400, '/query/cursor'],
  ['a cursor that is none', 'GET', '/statements?cursor=x', () => ({}), 400, '/query/cursor'],
  [
    'one key twice in agent',
    'GET',
    `/statements?agent=${encodeURIComponent('{"mbox":"mailto:a@b.example","mbox":"mailto:c@d.example"}')}`,
    () => ({}),
    400,
    '/query/agent',
  ],
  ['bytes that are not UTF-8 in a parameter', 'GET', '/statements?verb=http://a.example/%ff', () => ({}), 400, '/query'],
  ['a slash in an unknown parameter', 'GET', '/statements?a%2Fb=1', () => ({}), 400, '/query/a~1b'],
  ['a parameter of About', 'GET', '/about?x=1', () => ({}), 400, '/query/x'],
  [
    'a compressed body',
    'POST',
    '/statements',
    () => ({ body: passed('ana', 'ALL.1', 3), headers: { 'Content-Encoding': 'gzip' } }),
    415,
    '/headers/Content-Encoding',
  ],
  ['an unknown voided statement', 'GET', `/statements?voidedStatementId=${ID}`, () => ({}), 404, '/query/voidedStatementId'],
])('%s is refused at its place, under the version header, and changes nothing', async (_label, method, path, options, status, violation) => {
  const before = await app.counts();
  const answer = await app.xapi(method, path, options());

  expect({ status: answer.status, path: (answer.body as ErrorBody).violations[0]?.path }).toEqual({ status, path: violation });
  expect(answer.headers.get('x-experience-api-version')).not.toBeNull();
  expect(await app.counts()).toEqual(before);
});

test('a conflict in a batch names the statement by its place', async () => {
  const stored = passed('ana', 'ALL.1', 3, { id: ID });
  await app.xapi('POST', '/statements', { body: stored });
  const before = await app.counts();
  const answer = await app.xapi('POST', '/statements', { body: [passed('ana', 'ALL.1', 2), { ...stored, result: { success: false } }] });

  expect({ status: answer.status, path: (answer.body as ErrorBody).violations[0]?.path }).toEqual({ status: 409, path: '/1/id' });
  expect(await app.counts()).toEqual(before);
});

test.each<[method: string, path: string, allow: string]>([
  ['DELETE', '/xapi/statements', 'GET, HEAD, PUT, POST'],
  ['POST', '/xapi/agents', 'GET, HEAD'],
  ['PUT', '/xapi/about', 'GET, HEAD'],
  ['PATCH', '/graphql', 'GET, HEAD, POST'],
])('%s %s answers 405 with the methods that there are', async (method, path, allow) => {
  const headers = { Authorization: basic(`${app.credential.key}:${app.credential.secret}`), 'X-Experience-API-Version': '1.0.3' };
  const response = await fetch(`${app.url}${path}`, { method, headers });

  expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({ status: 405, allow });
});

test('what is not there under /xapi answers 404 under the version header', async () => {
  const response = await fetch(`${app.url}/xapi/nothing`);

  expect({ status: response.status, version: response.headers.get('x-experience-api-version') }).toEqual({ status: 404, version: '1.0.3' });
});

/** Sends raw bytes and answers everything that comes back. */
async function talk(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
    });
    socket.on('error', reject).on('close', () => resolve(heard));
  });
}

test.each<[label: string, bytes: string]>([
  ['what is not HTTP', 'HELLO\r\n\r\n'],
  ['a URL with half an escape', 'GET /xapi/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
])('%s is refused in the form of every other refusal', async (_label, bytes) => {
  const heard = await talk(bytes);
  const body = JSON.parse(heard.slice(heard.indexOf('\r\n\r\n') + 4)) as ErrorBody;

  expect(heard.slice(0, 12)).toBe('HTTP/1.1 400');
  expect(body.violations).toHaveLength(1);
});
