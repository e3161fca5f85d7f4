import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ErrorBody } from '../../src/http/errors.ts';
import { type Answer, startTestApp, type TestApp, type XapiOptions, type XapiSecret } from '../support/app.ts';
import { activityIri, HOME_PAGE, PASSED, passed, VOIDED, voiding } from '../support/world.ts';

const MAX_BODY = 16_384;
const STORED_ID = '3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b01';
const FREE_ID = '9a4f0f7e-8a53-4b0e-8d0a-0c5f4a1d2e02';
const SHA2 = 'a'.repeat(64);

let app: TestApp;
let writer: XapiSecret;
let reader: XapiSecret;
let mineReader: XapiSecret;
let nobody: XapiSecret;

beforeAll(async () => {
  app = await startTestApp({ settings: { STATEMENT_BATCH_LIMIT: '3', STATEMENT_BODY_LIMIT_BYTES: String(MAX_BODY), STATEMENT_DEPTH_LIMIT: '12' } });
  writer = await app.createCredential(['statements/write']);
  reader = await app.createCredential(['statements/read']);
  mineReader = await app.createCredential(['statements/read/mine']);
  nobody = await app.createCredential([]);
  await app.xapi('PUT', `/statements?statementId=${STORED_ID}`, { body: passed('ana', 'ALL.1', 3) });
});
afterAll(() => app.close());

interface Expected {
  readonly status: number;
  readonly path: string;
  readonly rule: string;
}

const TRACES = ['    at ', 'node_modules', '.ts:'];

/** Sends a request that must be refused in exactly this way and must leave every table as it was. */
async function expectRefusal(send: () => Promise<Answer>, expected: Expected): Promise<Answer> {
  const before = await app.counts();
  const answer = await send();
  const { error, violations } = answer.body as ErrorBody;

  expect({ status: answer.status, path: violations[0]?.path, rule: violations[0]?.rule }).toEqual(expected);
  expect(error).not.toBe('');
  expect(violations[0]?.message).not.toBe('');
  expect(TRACES.filter((trace) => answer.text.includes(trace))).toEqual([]);
  expect(await app.counts()).toEqual(before);
  return answer;
}

const post = (options: XapiOptions) => app.xapi('POST', '/statements', options);
const get = (query: string) => app.xapi('GET', `/statements?${query}`);
const put = (query: string, body: unknown) => app.xapi('PUT', `/statements${query}`, { body });
const query = (parameters: Readonly<Record<string, string>>): string => new URLSearchParams(parameters).toString();

/** A valid statement with some of its members replaced; undefined leaves one out. */
const statement = (changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => passed('ana', 'ALL.1', 3, changes);
/** The text of a valid statement with more members at its end, to the letter. */
const statementText = (members: string): string => `${JSON.stringify(statement()).slice(0, -1)},${members}}`;
const extension = (value: string): string => statementText(`"context":{"extensions":{"https://ext.example/x":${value}}}`);

const JSON_RULE = 'RFC 8259 json';
const TEXT_RULE = 'json-text';
const UTF8_RULE = 'xAPI Communication 1.4 utf-8';

test.each<[label: string, raw: string | Uint8Array, rule: string]>([
  ['nothing', '', JSON_RULE],
  ['white space alone', ' \n\t', JSON_RULE],
  ['an object that never closes', '{', JSON_RULE],
  ['an array that never closes', '[', JSON_RULE],
  ['a statement that stops in the middle', JSON.stringify(statement()).slice(0, 60), JSON_RULE],
  ['a member without a value', '{"actor":}', JSON_RULE],
  ['a key without quotes', '{actor:1}', JSON_RULE],
  ['single quotes', "{'actor':1}", JSON_RULE],
  ['a comma at the end of an object', '{"actor":1,}', JSON_RULE],
  ['a comma at the end of an array', '[1,]', JSON_RULE],
  ['a missing colon', '{"actor" 1}', JSON_RULE],
  ['two values', '{} {}', JSON_RULE],
  ['a value and a word', '{}x', JSON_RULE],
  ['a bare word', 'undefined', JSON_RULE],
  ['NaN', 'NaN', JSON_RULE],
  ['a comment', '// statement\n{}', JSON_RULE],
  ['a number with a leading zero', '01', JSON_RULE],
  ['an unknown escape', '"\\x"', JSON_RULE],
  ['a cut Unicode escape', '{"\\u00', JSON_RULE],
  ['a control character in a string', '"\u0001"', JSON_RULE],
  ['a string that never closes', '"', JSON_RULE],
  ['a NUL', '\u0000', JSON_RULE],
  ['XML', '<statement/>', JSON_RULE],
  ['a form', 'method=PUT&content=%7B%7D', JSON_RULE],
  ['UTF-16', Buffer.from('{}', 'utf16le'), JSON_RULE],
  ['a byte that is never UTF-8', Buffer.concat([Buffer.from('{"actor":"'), Buffer.from([0xff]), Buffer.from('"}')]), UTF8_RULE],
  ['a UTF-8 sequence cut short', Buffer.from([0xc3, 0x28]), UTF8_RULE],
  ['an overlong UTF-8 sequence', Buffer.from([0xc0, 0xaf]), UTF8_RULE],
  ['a surrogate in UTF-8', Buffer.from([0xed, 0xa0, 0x80]), UTF8_RULE],
  ['one key twice', statementText('"verb":{"id":"https://verbs.example/other"}'), TEXT_RULE],
  ['one key twice, once escaped', '{"actor":1,"\\u0061ctor":2}', TEXT_RULE],
  ['one key twice in an actor', '{"actor":{"mbox":"mailto:a@lms.example","mbox":"mailto:b@lms.example"}}', TEXT_RULE],
  ['__proto__ twice in an extension', extension('{"__proto__":1,"__proto__":2}'), TEXT_RULE],
  ['arrays nested 13 deep where 12 are allowed', `${'['.repeat(13)}${']'.repeat(13)}`, TEXT_RULE],
  ['objects nested 13 deep where 12 are allowed', `${'{"a":'.repeat(13)}1${'}'.repeat(13)}`, TEXT_RULE],
  ['an extension that nests too deep', extension(`${'['.repeat(10)}${']'.repeat(10)}`), TEXT_RULE],
  ['ten thousand opening brackets', '['.repeat(10_000), TEXT_RULE],
  ['a number with the exponent 401', extension('1e401'), TEXT_RULE],
  ['a number with the exponent -401', extension('1e-401'), TEXT_RULE],
  ['a number of 401 characters', extension(`0.${'1'.repeat(399)}`), TEXT_RULE],
])('a body of %s is refused as a whole', async (_label, raw, rule) => {
  await expectRefusal(() => post({ raw }), { status: 400, path: '', rule });
});

test.each<[label: string, raw: string]>([
  ['null', 'null'],
  ['true', 'true'],
  ['a number', '1'],
  ['a string', '"statement"'],
])('a body of %s is no statement', async (_label, raw) => {
  await expectRefusal(() => post({ raw }), { status: 400, path: '', rule: 'xAPI Data 2.4 type' });
});

test('a byte order mark hides no mistake behind it', async () => {
  await expectRefusal(() => post({ raw: '\ufeff{}' }), { status: 400, path: '/actor', rule: 'xAPI Data 2.4 required' });
});

test.each<[label: string, body: unknown, path: string, rule: string]>([
  ['without an actor', statement({ actor: undefined }), '/actor', 'xAPI Data 2.4 required'],
  ['without a verb', statement({ verb: undefined }), '/verb', 'xAPI Data 2.4 required'],
  ['without an object', statement({ object: undefined }), '/object', 'xAPI Data 2.4 required'],
  ['with an unknown member', statement({ note: 1 }), '/note', 'xAPI Data 2.2 no-unknown-property'],
  ['with a member in the wrong case', statement({ Result: {} }), '/Result', 'xAPI Data 2.2 no-unknown-property'],
  ['with a slash in an unknown member', statement({ 'a/b~c': 1 }), '/a~1b~0c', 'xAPI Data 2.2 no-unknown-property'],
  ['with a member constructor', statement({ constructor: {} }), '/constructor', 'xAPI Data 2.2 no-unknown-property'],
  ['with a null actor', statement({ actor: null }), '/actor', 'xAPI Data 2.2 no-null'],
  ['with a null result', statement({ result: null }), '/result', 'xAPI Data 2.2 no-null'],
  ['with a null deep inside', statement({ result: { score: { raw: null } } }), '/result/score/raw', 'xAPI Data 2.2 no-null'],
  ['with a null authority', statement({ authority: null }), '/authority', 'xAPI Data 2.2 no-null'],
  ['with a number as its id', statement({ id: 1 }), '/id', 'xAPI Data 4.4 uuid'],
  ['with an id in braces', statement({ id: `{${FREE_ID}}` }), '/id', 'xAPI Data 4.4 uuid'],
  ['with an id without hyphens', statement({ id: FREE_ID.replaceAll('-', '') }), '/id', 'xAPI Data 4.4 uuid'],
  ['with a string as its actor', statement({ actor: 'ana' }), '/actor', 'xAPI Data 2.4.2.1 type'],
  ['with an array as its actor', statement({ actor: [] }), '/actor', 'xAPI Data 2.4.2.1 type'],
  ['with an actor nobody can know', statement({ actor: { name: 'Ana' } }), '/actor', 'xAPI Data 2.4.2.3 one-ifi'],
  [
    'with two identifiers in its actor',
    statement({ actor: { mbox: 'mailto:a@lms.example', openid: 'https://id.example/a' } }),
    '/actor',
    'xAPI Data 2.4.2.3 one-ifi',
  ],
  ['with an mbox without mailto:', statement({ actor: { mbox: 'a@lms.example' } }), '/actor/mbox', 'xAPI Data 2.4.2.3 mailto'],
  ['with a short SHA-1', statement({ actor: { mbox_sha1sum: 'abc' } }), '/actor/mbox_sha1sum', 'xAPI Data 2.4.2.3 sha1'],
  ['with an openid that is no IRI', statement({ actor: { openid: 'ana' } }), '/actor/openid', 'xAPI Data 4.3 iri'],
  ['with an account without a home page', statement({ actor: { account: { name: 'ana' } } }), '/actor/account/homePage', 'xAPI Data 2.4.2.4 required'],
  [
    'with a number as its account name',
    statement({ actor: { account: { homePage: HOME_PAGE, name: 5 } } }),
    '/actor/account/name',
    'xAPI Data 2.4.2.4 key-text',
  ],
  [
    'with a NUL in its account name',
    statement({ actor: { account: { homePage: HOME_PAGE, name: 'a\u0000b' } } }),
    '/actor/account/name',
    'xAPI Data 2.4.2.4 key-text',
  ],
  [
    'with a lone surrogate in its account name',
    statement({ actor: { account: { homePage: HOME_PAGE, name: 'a\ud800' } } }),
    '/actor/account/name',
    'xAPI Data 2.4.2.4 key-text',
  ],
  ['with a Group without members', statement({ actor: { objectType: 'Group' } }), '/actor', 'xAPI Data 2.4.2.2 anonymous-members'],
  ['with an Agent that has members', statement({ actor: { mbox: 'mailto:a@lms.example', member: [] } }), '/actor/member', 'xAPI Data 2.2 no-unknown-property'],
  [
    'with a Group as a member',
    statement({ actor: { objectType: 'Group', member: [{ objectType: 'Group', mbox: 'mailto:g@lms.example' }] } }),
    '/actor/member/0/objectType',
    'xAPI Data 2.4.2 object-type',
  ],
  ['with a string as its verb', statement({ verb: PASSED }), '/verb', 'xAPI Data 2.4.3 type'],
  ['with a verb without an id', statement({ verb: {} }), '/verb/id', 'xAPI Data 2.4.3 required'],
  ['with a verb that is no IRI', statement({ verb: { id: 'passed' } }), '/verb/id', 'xAPI Data 4.3 iri'],
  ['with a lone surrogate in its verb', statement({ verb: { id: 'https://verbs.example/\ud800' } }), '/verb/id', 'xAPI Data 4.3 iri'],
  ['with a display that is no language map', statement({ verb: { id: PASSED, display: 'passed' } }), '/verb/display', 'xAPI Data 4.2 language-map'],
  [
    'with a display in no language',
    statement({ verb: { id: PASSED, display: { 'no language': 'x' } } }),
    '/verb/display/no language',
    'xAPI Data 4.2 language-map',
  ],
  ['with a string as its object', statement({ object: activityIri('ALL.1') }), '/object', 'xAPI Data 2.4.4.1 type'],
  [
    'with an unknown kind of object',
    statement({ object: { objectType: 'Course', id: activityIri('ALL.1') } }),
    '/object/objectType',
    'xAPI Data 2.4.4 object-type',
  ],
  [
    'with an object as its objectType',
    statement({ object: { objectType: {}, id: activityIri('ALL.1') } }),
    '/object/objectType',
    'xAPI Data 2.4.4 object-type',
  ],
  ['with a NUL in its activity', statement({ object: { id: 'https://content.example/\u0000' } }), '/object/id', 'xAPI Data 4.3 iri'],
  ['with a space in its activity', statement({ object: { id: 'https://content.example/a b' } }), '/object/id', 'xAPI Data 4.3 iri'],
  ['with a lone surrogate in its activity', statement({ object: { id: 'https://content.example/\udc00' } }), '/object/id', 'xAPI Data 4.3 iri'],
  [
    'with an unknown interaction type',
    statement({ object: { id: activityIri('ALL.1'), definition: { interactionType: 'constructor' } } }),
    '/object/definition/interactionType',
    'xAPI Data 2.4.4.1 interaction-type',
  ],
  [
    'with one component id twice',
    statement({ object: { id: activityIri('ALL.1'), definition: { interactionType: 'choice', choices: [{ id: 'a' }, { id: 'a' }] } } }),
    '/object/definition/choices',
    'xAPI Data 2.4.4.1 unique-component-id',
  ],
  [
    'with a SubStatement in a SubStatement',
    statement({ object: { ...statement({ timestamp: undefined }), objectType: 'SubStatement', object: { ...statement(), objectType: 'SubStatement' } } }),
    '/object/object',
    'xAPI Data 2.4.4.3 no-nesting',
  ],
  [
    'with a SubStatement that has an id',
    statement({ object: { ...statement(), objectType: 'SubStatement', id: FREE_ID } }),
    '/object/id',
    'xAPI Data 2.2 no-unknown-property',
  ],
  ['with a scaled score of 2', statement({ result: { score: { scaled: 2 } } }), '/result/score/scaled', 'xAPI Data 2.4.5.1 scaled-range'],
  ['with a score above its max', statement({ result: { score: { raw: 11, min: 0, max: 10 } } }), '/result/score/raw', 'xAPI Data 2.4.5.1 raw-range'],
  ['with min above max', statement({ result: { score: { min: 5, max: 1 } } }), '/result/score/min', 'xAPI Data 2.4.5.1 min-below-max'],
  ['with a string as its score', statement({ result: { score: { raw: '5' } } }), '/result/score/raw', 'xAPI Data 2.2 type'],
  ['with a string as its success', statement({ result: { success: 'true' } }), '/result/success', 'xAPI Data 2.2 type'],
  ['with a duration in words', statement({ result: { duration: '1h' } }), '/result/duration', 'xAPI Data 4.6 iso8601-duration'],
  ['with an extension key that is no IRI', statement({ result: { extensions: { note: 1 } } }), '/result/extensions/note', 'xAPI Data 4.1 extension-iri'],
  ['with a registration that is no UUID', statement({ context: { registration: 'batch 1' } }), '/context/registration', 'xAPI Data 4.4 uuid'],
  ['with a language nobody speaks', statement({ context: { language: 'english!' } }), '/context/language', 'xAPI Data 2.4.6 rfc5646'],
  [
    'with an unknown kind of context activity',
    statement({ context: { contextActivities: { parents: [] } } }),
    '/context/contextActivities/parents',
    'xAPI Data 2.2 no-unknown-property',
  ],
  ['with contextAgents before xAPI 2.0', statement({ context: { contextAgents: [] } }), '/context/contextAgents', 'xAPI Data 2.2 no-unknown-property'],
  [
    'with a platform though its object is an Agent',
    statement({ object: { objectType: 'Agent', mbox: 'mailto:a@lms.example' }, context: { platform: 'x' } }),
    '/context/platform',
    'xAPI Data 2.4.6 activity-only',
  ],
  ['with a number as its timestamp', statement({ timestamp: 5 }), '/timestamp', 'xAPI Data 4.5 rfc3339'],
  ['with a timestamp without an offset', statement({ timestamp: '2026-03-01T08:00:00' }), '/timestamp', 'xAPI Data 4.5 rfc3339'],
  ['with a timestamp of 30 February', statement({ timestamp: '2026-02-30T08:00:00Z' }), '/timestamp', 'xAPI Data 4.5 rfc3339'],
  ['with a timestamp at 24:00', statement({ timestamp: '2026-03-01T24:00:00Z' }), '/timestamp', 'xAPI Data 4.5 rfc3339'],
  ['with a leap second', statement({ timestamp: '2026-06-30T23:59:60Z' }), '/timestamp', 'xAPI Data 4.5 rfc3339'],
  ['with the offset -00:00', statement({ timestamp: '2026-03-01T08:00:00-00:00' }), '/timestamp', 'xAPI Data 4.5 rfc3339'],
  ['with infinity as its timestamp', statement({ timestamp: 'infinity' }), '/timestamp', 'xAPI Data 4.5 rfc3339'],
  ['with a stored that is no timestamp', statement({ stored: 'today' }), '/stored', 'xAPI Data 4.5 rfc3339'],
  ['with an authority nobody can know', statement({ authority: {} }), '/authority', 'xAPI Data 2.4.2.3 one-ifi'],
  ['with the version 3.0.0', statement({ version: '3.0.0' }), '/version', 'xAPI Data 2.4.10 version'],
  ['with an object as its attachments', statement({ attachments: {} }), '/attachments', 'xAPI Data 2.4.11 type'],
  [
    'with an attachment of negative length',
    statement({ attachments: [attachment({ length: -1, fileUrl: 'https://files.example/1' })] }),
    '/attachments/0/length',
    'xAPI Data 2.4.11 length',
  ],
  [
    'with an attachment without a hash',
    statement({ attachments: [attachment({ sha2: undefined, fileUrl: 'https://files.example/1' })] }),
    '/attachments/0/sha2',
    'xAPI Data 2.4.11 required',
  ],
  ['with an attachment whose data is missing', statement({ attachments: [attachment()] }), '/attachments/0', 'xAPI Communication 1.5.1 attachment-data'],
  ['that voids an activity', { ...voiding(STORED_ID), object: { id: activityIri('ALL.1') } }, '/object', 'xAPI Data 2.3.2 void-target'],
  ['that voids what is no UUID', voiding('the last one'), '/object/id', 'xAPI Data 4.4 uuid'],
  ['that voids nothing', { actor: { mbox: 'mailto:office@lms.example' }, verb: { id: VOIDED } }, '/object', 'xAPI Data 2.4 required'],
])('a statement %s is refused there', async (_label, body, path, rule) => {
  await expectRefusal(() => post({ body }), { status: 400, path, rule });
});

function attachment(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { usageType: 'https://usage.example/certificate', display: { en: 'Certificate' }, contentType: 'text/plain', length: 1, sha2: SHA2, ...changes };
}

test.each<[label: string, raw: string, path: string, rule: string]>([
  ['in a statement', statementText('"__proto__":{"actor":1}'), '/__proto__', 'xAPI Data 2.2 no-unknown-property'],
  [
    'in an actor',
    JSON.stringify(statement()).replace('"actor":{', '"actor":{"__proto__":{"mbox":"mailto:a@lms.example"},'),
    '/actor/__proto__',
    'xAPI Data 2.2 no-unknown-property',
  ],
  ['among extension keys', statementText('"context":{"extensions":{"__proto__":1}}'), '/context/extensions/__proto__', 'xAPI Data 4.1 extension-iri'],
  [
    'among languages',
    JSON.stringify(statement()).replace('"verb":{', '"verb":{"display":{"__proto__":"x"},'),
    '/verb/display/__proto__',
    'xAPI Data 4.2 language-map',
  ],
])('__proto__ %s is an ordinary key, and refused', async (_label, raw, path, rule) => {
  await expectRefusal(() => post({ raw }), { status: 400, path, rule });
});

test('a score beyond every double is out of range, not null', async () => {
  const raw = JSON.stringify(statement()).replace('"scaled":0.6', '"scaled":1e400');
  await expectRefusal(() => post({ raw }), { status: 400, path: '/result/score/scaled', rule: 'xAPI Data 2.4.5.1 scaled-range' });
});

test('every mistake of a statement is listed, not the first only', async () => {
  const answer = await expectRefusal(() => post({ raw: '{}' }), { status: 400, path: '/actor', rule: 'xAPI Data 2.4 required' });

  expect((answer.body as ErrorBody).violations.map(({ path }) => path)).toEqual(['/actor', '/verb', '/object']);
});

test.each<[label: string, body: unknown, expected: Expected]>([
  [
    'one bad statement among good ones',
    [statement(), statement({ verb: { id: 'x' } }), statement()],
    { status: 400, path: '/1/verb/id', rule: 'xAPI Data 4.3 iri' },
  ],
  ['null among good ones', [statement(), null], { status: 400, path: '/1', rule: 'xAPI Data 2.4 type' }],
  ['an array in the array', [[statement()]], { status: 400, path: '/0', rule: 'xAPI Data 2.4 type' }],
  [
    'one id twice',
    [statement({ id: FREE_ID }), statement(), statement({ id: FREE_ID })],
    { status: 400, path: '/2/id', rule: 'xAPI Communication 2.1.2 batch-unique-id' },
  ],
  [
    'one id twice in two cases',
    [statement({ id: FREE_ID }), statement({ id: FREE_ID.toUpperCase() })],
    { status: 400, path: '/1/id', rule: 'xAPI Communication 2.1.2 batch-unique-id' },
  ],
  [
    'an attachment without data',
    [statement(), statement({ attachments: [attachment()] })],
    { status: 400, path: '/1/attachments/0', rule: 'xAPI Communication 1.5.1 attachment-data' },
  ],
  ['four statements where three are allowed', [statement(), statement(), statement(), statement()], { status: 413, path: '', rule: 'too_large' }],
])('a batch with %s is refused, all of it', async (_label, body, expected) => {
  await expectRefusal(() => post({ body }), expected);
});

test('a body above the limit is refused with 413', async () => {
  const raw = extension(JSON.stringify('x'.repeat(MAX_BODY)));
  await expectRefusal(() => post({ raw }), { status: 413, path: '', rule: 'body-length' });
});

test('a body above the limit without a Content-Length is refused with 413', async () => {
  const raw = extension(JSON.stringify('x'.repeat(MAX_BODY)));
  const answer = await expectRefusal(() => postChunked(raw), { status: 413, path: '', rule: 'body-length' });

  expect(answer.headers.get('x-experience-api-version')).toBe('1.0.3');
});

/** Sends a body in chunks, its length unsaid. */
async function postChunked(body: string): Promise<Answer> {
  const authorization = `Basic ${Buffer.from(`${app.credential.key}:${app.credential.secret}`).toString('base64')}`;
  return new Promise((done, fail) => {
    const headers = { Authorization: authorization, 'Content-Type': 'application/json', 'X-Experience-API-Version': '1.0.3', 'Transfer-Encoding': 'chunked' };
    const outgoing = request(`${app.url}/xapi/statements`, { method: 'POST', headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const received = new Headers(Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]));
        done({ status: incoming.statusCode ?? 0, headers: received, text, body: JSON.parse(text) as unknown });
      });
    });
    outgoing.on('error', fail);
    for (let start = 0; start < body.length; start += 4_096) outgoing.write(body.slice(start, start + 4_096));
    outgoing.end();
  });
}

test.each<[type: string]>([['text/plain'], ['application/x-www-form-urlencoded'], ['application/jsonx'], ['application/vnd.api+json']])(
  'a statement sent as %s is refused unread',
  async (type) => {
    const headers = { 'Content-Type': type };
    await expectRefusal(() => post({ body: statement(), headers }), {
      status: 400,
      path: '/headers/Content-Type',
      rule: 'xAPI Communication 1.5 content-type',
    });
  },
);

test('a statement sent as nothing in particular is refused unread', async () => {
  const send = () => post({ raw: Buffer.from(JSON.stringify(statement())), headers: { 'Content-Type': null } });
  await expectRefusal(send, { status: 400, path: '/headers/Content-Type', rule: 'xAPI Communication 1.5 content-type' });
});

test.each<[label: string, version: string | null]>([
  ['none', null],
  ['an empty one', ''],
  ['1', '1'],
  ['0.95', '0.95'],
  ['1.1.0', '1.1.0'],
  ['1.0.x', '1.0.x'],
  ['1.0.', '1.0.'],
  ['v1.0.3', 'v1.0.3'],
  ['2.1.0', '2.1.0'],
  ['3.0.0', '3.0.0'],
  ['1.0.3.1', '1.0.3.1'],
  ['a list of two', '1.0.3, 2.0.0'],
])('a request with the version %s is refused, and told one that would do', async (_label, version) => {
  const headers = { 'X-Experience-API-Version': version };
  const expected = { status: 400, path: '/headers/X-Experience-API-Version', rule: 'xAPI Communication 3.3 version' };
  const answer = await expectRefusal(() => post({ body: statement(), headers }), expected);

  expect(answer.headers.get('x-experience-api-version')).toBe('1.0.3');
});

const encode = (text: string): string => Buffer.from(text).toString('base64');

test.each<[label: string, authorization: () => string | null]>([
  ['none', () => null],
  ['an empty header', () => ''],
  ['the scheme alone', () => 'Basic'],
  ['what is no base64', () => 'Basic !!!'],
  ['URL-safe base64', () => `Basic ${Buffer.from([0xfb, 0xff, 0xbf]).toString('base64url')}`],
  ['no colon', () => `Basic ${encode('lrs_key')}`],
  ['an empty key', () => `Basic ${encode(`:${app.credential.secret}`)}`],
  ['an unknown key', () => `Basic ${encode(`lrs_unknown:${app.credential.secret}`)}`],
  ['a wrong secret', () => `Basic ${encode(`${app.credential.key}:wrong`)}`],
  ['an empty secret', () => `Basic ${encode(`${app.credential.key}:`)}`],
  ['the secret of somebody else', () => `Basic ${encode(`${app.credential.key}:${writer.secret}`)}`],
  ['a line break after the secret', () => `Basic ${encode(`${app.credential.key}:${app.credential.secret}\n`)}`],
  ['text after the credentials', () => `Basic ${encode(`${app.credential.key}:${app.credential.secret}`)} x`],
  ['two pairs of credentials', () => `Basic ${encode(`${app.credential.key}:${app.credential.secret}`)}, Basic eDp5`],
  ['credentials that are not encoded', () => `Basic ${app.credential.key}:${app.credential.secret}`],
  ['a header of 2 KB', () => `Basic ${encode(`${'x'.repeat(2_000)}:y`)}`],
  ['the scheme Bearer', () => `Bearer ${encode(`${app.credential.key}:${app.credential.secret}`)}`],
  ['a GraphQL token', () => `Bearer ${app.token}`],
  ['bytes that are no UTF-8', () => `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0x41]).toString('base64')}`],
])('a request with %s for credentials is answered 401 and how to do better', async (_label, authorization) => {
  const headers = { Authorization: authorization() };
  const expected = { status: 401, path: '/headers/Authorization', rule: 'xAPI Communication 4.0 authentication' };
  const answer = await expectRefusal(() => post({ body: statement(), headers }), expected);

  expect(answer.headers.get('www-authenticate')).toBe('Basic realm="xAPI", charset="UTF-8"');
});

test('credentials are looked at before the body', async () => {
  const expected = { status: 401, path: '/headers/Authorization', rule: 'xAPI Communication 4.0 authentication' };
  await expectRefusal(() => post({ raw: '{', credential: null }), expected);
});

test.each<[label: string, send: () => Promise<Answer>]>([
  ['POST with the scope to read', () => post({ body: statement(), credential: reader })],
  ['POST with the scope to read its own', () => post({ body: statement(), credential: mineReader })],
  ['POST without a scope', () => post({ body: statement(), credential: nobody })],
  ['POST of broken JSON without a scope', () => post({ raw: '{', credential: nobody })],
  ['PUT with the scope to read', () => app.xapi('PUT', `/statements?statementId=${FREE_ID}`, { body: statement(), credential: reader })],
  ['GET with the scope to write', () => app.xapi('GET', '/statements', { credential: writer })],
  ['GET without a scope', () => app.xapi('GET', `/statements?statementId=${STORED_ID}`, { credential: nobody })],
])('%s is forbidden', async (_label, send) => {
  await expectRefusal(send, { status: 403, path: '/headers/Authorization', rule: 'xAPI Communication 4.2 scope' });
});

const UNKNOWN_PARAMETER = 'xAPI Communication 3.2 unknown-parameter';
const REPEATED_PARAMETER = 'xAPI Communication 3.2 repeated-parameter';
const LIST = 'xAPI Communication 2.1.3';
const cursorOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each<[query: string, path: string, rule: string]>([
  ['colour=red', '/query/colour', UNKNOWN_PARAMETER],
  ['Agent={}', '/query/Agent', UNKNOWN_PARAMETER],
  ['statementid=x', '/query/statementid', UNKNOWN_PARAMETER],
  ['limit[]=1', '/query/limit[]', UNKNOWN_PARAMETER],
  ['agent[mbox]=x', '/query/agent[mbox]', UNKNOWN_PARAMETER],
  ['__proto__=1', '/query/__proto__', UNKNOWN_PARAMETER],
  ['constructor=1', '/query/constructor', UNKNOWN_PARAMETER],
  ['limit=1&limit=1', '/query/limit', REPEATED_PARAMETER],
  [`statementId=${STORED_ID}&statementId=${STORED_ID}`, '/query/statementId', REPEATED_PARAMETER],
  ['statementId=', '/query/statementId', `${LIST} statementId`],
  ['statementId=x', '/query/statementId', `${LIST} statementId`],
  [`statementId=${STORED_ID}x`, '/query/statementId', `${LIST} statementId`],
  ['voidedStatementId=x', '/query/voidedStatementId', `${LIST} voidedStatementId`],
  [`statementId=${STORED_ID}&voidedStatementId=${STORED_ID}`, '/query/voidedStatementId', `${LIST} single`],
  [`statementId=${STORED_ID}&limit=1`, '/query/limit', `${LIST} single`],
  [`statementId=${STORED_ID}&verb=${PASSED}`, '/query/verb', `${LIST} single`],
  [`voidedStatementId=${STORED_ID}&since=2026-01-01T00:00:00Z`, '/query/since', `${LIST} single`],
  ['since=', '/query/since', `${LIST} since`],
  ['since=yesterday', '/query/since', `${LIST} since`],
  ['since=infinity', '/query/since', `${LIST} since`],
  ['since=2026-01-01', '/query/since', `${LIST} since`],
  ['since=2026-01-01T00:00:00', '/query/since', `${LIST} since`],
  ['since=2026-02-30T00:00:00Z', '/query/since', `${LIST} since`],
  ['since=2026-01-01T00:00:00-00:00', '/query/since', `${LIST} since`],
  ['until=now', '/query/until', `${LIST} until`],
  ['until=2026-13-01T00:00:00Z', '/query/until', `${LIST} until`],
  ['until=2026-01-01T24:00:00Z', '/query/until', `${LIST} until`],
  ['limit=', '/query/limit', `${LIST} limit`],
  ['limit=-1', '/query/limit', `${LIST} limit`],
  ['limit=1.5', '/query/limit', `${LIST} limit`],
  ['limit=1e3', '/query/limit', `${LIST} limit`],
  ['limit=0x10', '/query/limit', `${LIST} limit`],
  ['limit=all', '/query/limit', `${LIST} limit`],
  ['limit=9999999999', '/query/limit', `${LIST} limit`],
  ['ascending=1', '/query/ascending', `${LIST} ascending`],
  ['ascending=TRUE', '/query/ascending', `${LIST} ascending`],
  ['related_agents=yes', '/query/related_agents', `${LIST} related_agents`],
  ['related_activities=', '/query/related_activities', `${LIST} related_activities`],
  ['registration=1', '/query/registration', `${LIST} registration`],
  ['verb=passed', '/query/verb', `${LIST} verb`],
  ['verb=https://verbs.example/%00', '/query/verb', `${LIST} verb`],
  ['activity=course', '/query/activity', `${LIST} activity`],
  ['activity=https://content.example/a%20b', '/query/activity', `${LIST} activity`],
  ['agent=', '/query/agent', `${LIST} agent`],
  ['agent={', '/query/agent', `${LIST} agent`],
  ['agent=ana', '/query/agent', `${LIST} agent`],
  ['agent=1', '/query/agent', 'xAPI Data 2.4.2.1 type'],
  ['agent=null', '/query/agent', 'xAPI Data 2.4.2.1 type'],
  ['agent=[]', '/query/agent', 'xAPI Data 2.4.2.1 type'],
  ['agent={}', '/query/agent', 'xAPI Data 2.4.2.3 one-ifi'],
  [query({ agent: '{"mbox":"ana"}' }), '/query/agent/mbox', 'xAPI Data 2.4.2.3 mailto'],
  [query({ agent: '{"account":{"homePage":"https://lms.example","name":"a\\u0000"}}' }), '/query/agent/account/name', 'xAPI Data 2.4.2.4 key-text'],
  [query({ agent: '{"__proto__":{"mbox":"mailto:a@lms.example"}}' }), '/query/agent/__proto__', 'xAPI Data 2.2 no-unknown-property'],
  [query({ agent: '{"objectType":"Group","member":[]}' }), '/query/agent', 'xAPI Data 2.4.2.2 anonymous-members'],
  [query({ cursor: cursorOf([1, 'yesterday', STORED_ID]) }), '/query/cursor', 'cursor'],
  [query({ cursor: cursorOf([1, '2026-01-01T00:00:00Z', 'x']) }), '/query/cursor', 'cursor'],
  [query({ statementId: STORED_ID, cursor: 'x' }), '/query/cursor', `${LIST} single`],
])('GET statements?%s is refused at %s', async (parameters, path, rule) => {
  await expectRefusal(() => get(parameters), { status: 400, path, rule });
});

test.each<[label: string, query: string, body: unknown, path: string, rule: string]>([
  ['without a statementId', '', statement(), '/query/statementId', 'xAPI Communication 2.1.1 statementId'],
  ['with a statementId that is no UUID', '?statementId=x', statement(), '/query/statementId', `${LIST} statementId`],
  ['with two statementIds', `?statementId=${FREE_ID}&statementId=${STORED_ID}`, statement(), '/query/statementId', REPEATED_PARAMETER],
  ['with an unknown parameter', `?statementId=${FREE_ID}&overwrite=true`, statement(), '/query/overwrite', UNKNOWN_PARAMETER],
  ['of a statement with another id', `?statementId=${FREE_ID}`, statement({ id: STORED_ID }), '/id', 'xAPI Communication 2.1.1 same-id'],
  ['of a statement with a null id', `?statementId=${FREE_ID}`, statement({ id: null }), '/id', 'xAPI Data 2.2 no-null'],
  ['of an array of one statement', `?statementId=${FREE_ID}`, [statement()], '', 'xAPI Communication 2.1.1 single'],
  ['of an empty array', `?statementId=${FREE_ID}`, [], '', 'xAPI Communication 2.1.1 single'],
  ['of an empty object', `?statementId=${FREE_ID}`, {}, '/actor', 'xAPI Data 2.4 required'],
])('PUT %s is refused', async (_label, parameters, body, path, rule) => {
  await expectRefusal(() => put(parameters, body), { status: 400, path, rule });
});

test.each<[name: string]>([['statementId'], ['limit']])('POST takes no parameter %s', async (name) => {
  const send = () => app.xapi('POST', `/statements?${query({ [name]: STORED_ID })}`, { body: statement() });
  await expectRefusal(send, { status: 400, path: `/query/${name}`, rule: UNKNOWN_PARAMETER });
});

test.each<[label: string, send: () => Promise<Answer>]>([
  ['POST', () => post({ body: passed('budi', 'ALL.1', 3, { id: STORED_ID }) })],
  ['POST in upper case', () => post({ body: passed('ana', 'ALL.1', 4, { id: STORED_ID.toUpperCase() }) })],
  ['PUT', () => put(`?statementId=${STORED_ID}`, passed('ana', 'ALL.2', 3, { id: STORED_ID }))],
])('%s of other content under a stored id is a conflict, and the first stays', async (_label, send) => {
  await expectRefusal(send, { status: 409, path: '/id', rule: 'xAPI Data 2.3.1 immutable' });

  const kept = await get(query({ statementId: STORED_ID }));
  expect((kept.body as { result: unknown }).result).toEqual({ score: { scaled: 0.6 } });
});

test('a conflict in a batch stores nothing of it', async () => {
  const before = await app.counts();
  const answer = await post({ body: [statement({ id: randomUUID() }), passed('budi', 'ALL.1', 3, { id: STORED_ID })] });

  expect(answer.status).toBe(409);
  expect(await app.counts()).toEqual(before);
});

test('a statement that is not there is answered 404', async () => {
  await expectRefusal(() => get(query({ statementId: FREE_ID })), { status: 404, path: '/query/statementId', rule: `${LIST} not-found` });
});

test.each<[path: string]>([['/nope'], ['/statements/x'], ['/Statements'], ['/statements%00'], ['/activities/states'], ['/agents/state'], ['/about/x']])(
  'GET %s leads nowhere',
  async (path) => {
    await expectRefusal(() => app.xapi('GET', path), { status: 404, path: '', rule: 'not_found' });
  },
);
