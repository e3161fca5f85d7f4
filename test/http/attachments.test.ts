import { createSign, generateKeyPairSync, hash, type KeyObject, randomBytes, randomUUID, sign } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { Json } from '../support/json.ts';
import { type BytesAnswer, sendBytes } from '../support/send.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const CRLF = '\r\n';
const USAGE = 'https://usages.example/certificate';
const SIGNATURE = 'http://adlnet.gov/expapi/attachments/signature';
const sha256 = (bytes: string | Uint8Array): string => hash('sha256', bytes, 'hex');

const statement = (extra: Json = {}): Json => ({
  actor: { mbox: 'mailto:ani@example.org' },
  verb: { id: 'https://verbs.example/did' },
  object: { id: 'https://things.example/it' },
  ...extra,
});

const attachmentOf = (bytes: string | Uint8Array, extra: Json = {}): Json => ({
  usageType: USAGE,
  display: { en: 'Certificate' },
  contentType: 'application/octet-stream',
  length: Buffer.byteLength(bytes),
  sha2: sha256(bytes),
  ...extra,
});

interface Part {
  /** In the order they are written. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bytes: string | Uint8Array;
}

const jsonPart = (json: unknown): Part => ({ headers: [['Content-Type', 'application/json']], bytes: JSON.stringify(json) });
const attachmentPart = (bytes: string | Uint8Array, sha2 = sha256(bytes), contentType = 'application/octet-stream'): Part => ({
  headers: [
    ['Content-Type', contentType],
    ['Content-Transfer-Encoding', 'binary'],
    ['X-Experience-API-Hash', sha2],
  ],
  bytes,
});

function joined(boundary: string, parts: readonly Part[], { preamble = '', epilogue = CRLF } = {}): Buffer {
  const pieces = parts.flatMap(({ headers, bytes }) => [
    `--${boundary}${CRLF}${headers.map(([name, value]) => `${name}: ${value}${CRLF}`).join('')}${CRLF}`,
    bytes,
    CRLF,
  ]);
  return Buffer.concat([preamble, ...pieces, `--${boundary}--${epilogue}`].map((piece) => Buffer.from(piece)));
}

/** Takes an answer of ours apart, more simply than the product does: its boundary occurs nowhere else. */
function parted({ headers, bytes }: BytesAnswer): readonly { readonly headers: ReadonlyMap<string, string>; readonly bytes: Buffer }[] {
  const boundary = /^multipart\/mixed; boundary=(\S+)$/.exec(headers.get('content-type') ?? '')?.[1] ?? 'missing';
  const text = bytes.toString('latin1');
  expect(text.startsWith(`--${boundary}${CRLF}`)).toBe(true);
  expect(text.endsWith(`${CRLF}--${boundary}--${CRLF}`)).toBe(true);
  return text
    .slice(`--${boundary}${CRLF}`.length, -`${CRLF}--${boundary}--${CRLF}`.length)
    .split(`${CRLF}--${boundary}${CRLF}`)
    .map((part) => {
      const blank = part.indexOf(CRLF + CRLF);
      const lines = part.slice(0, blank).split(CRLF);
      const read = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
      expect(read.size).toBe(lines.length);
      return { headers: read, bytes: Buffer.from(part.slice(blank + 4), 'latin1') };
    });
}

const post = async (body: Uint8Array, contentType: string, method = 'POST', query = ''): Promise<BytesAnswer> =>
  sendBytes(app, method, `/statements${query}`, { body, headers: { 'Content-Type': contentType } });

const multipart = async (json: unknown, attachments: readonly Part[], boundary = 'abc'): Promise<BytesAnswer> =>
  post(joined(boundary, [jsonPart(json), ...attachments]), `multipart/mixed; boundary=${boundary}`);

/** The ids of what was sent and must have been stored. */
async function stored(sending: Promise<BytesAnswer>): Promise<readonly string[]> {
  const answer = await sending;
  expect({ status: answer.status, text: answer.status === 200 ? '' : answer.bytes.toString() }).toEqual({ status: 200, text: '' });
  return JSON.parse(answer.bytes.toString()) as string[];
}

const read = async (query: Readonly<Record<string, string>>): Promise<BytesAnswer> =>
  sendBytes(app, 'GET', `/statements?${new URLSearchParams({ attachments: 'true', ...query }).toString()}`);

/** Attachments of an answer: bytes in hexadecimal by hash; its first part is the JSON. */
async function attachmentsIn(
  query: Readonly<Record<string, string>>,
): Promise<{ json: Json; kept: Readonly<Record<string, string>>; types: readonly (string | undefined)[] }> {
  const answer = await read(query);
  expect(answer.status).toBe(200);
  const [first, ...others] = parted(answer);
  expect(first?.headers.get('content-type')).toBe('application/json');
  for (const { headers } of others) expect([headers.get('content-transfer-encoding'), headers.has('content-type')]).toEqual(['binary', true]);
  const hashes = others.map(({ headers }) => headers.get('x-experience-api-hash') ?? '');
  expect(new Set(hashes).size).toBe(hashes.length);
  return {
    json: JSON.parse(first?.bytes.toString() ?? '') as Json,
    kept: Object.fromEntries(others.map(({ bytes }, index) => [hashes[index], bytes.toString('hex')])),
    types: others.map(({ headers }) => headers.get('content-type')),
  };
}

const hex = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('hex');
const keptOf = (...contents: readonly (string | Uint8Array)[]) => Object.fromEntries(contents.map((bytes) => [sha256(bytes), hex(bytes)]));

const rowsOfAttachments = async () => (await app.database.sql.rows<{ n: number }>('select count(*)::int as n from lrs.statement_attachment'))[0]?.n;

/** Sends what must be refused with 400, leaving every table as it was. */
async function expectRefusal(send: () => Promise<BytesAnswer>, expected: { path?: string; rule?: string } = {}): Promise<void> {
  const before = [await app.counts(), await rowsOfAttachments()];
  const answer = await send();
  expect({ status: answer.status, text: answer.status === 400 ? '' : answer.bytes.toString() }).toEqual({ status: 400, text: '' });
  const { violations } = JSON.parse(answer.bytes.toString()) as { violations: readonly Json[] };

  expect(violations[0]).toMatchObject(expected);
  expect([await app.counts(), await rowsOfAttachments()]).toEqual(before);
}

test.each<[label: string, bytes: string | Uint8Array]>([
  ['nothing', ''],
  ['one byte', 'x'],
  ['every byte there is', new Uint8Array(Array.from({ length: 256 }, (_, index) => index))],
  ['line ends alone', '\r\n\r\n\n\r\r\n'],
  ['a line end first and last', '\r\nx\r\n'],
  ['a line end and two hyphens last', 'x\r\n--'],
  ['the boundary in the middle of a line', 'x--abc\r\n--ab\r\n -x--abc--'],
  ['a line that begins like the boundary', 'x\r\n--abcd\r\ny\r\n--abc-\r\nz'],
  ['the boundary after a bare line feed', 'x\n--abc\ny\n--abc--\n'],
  ['the boundary after a bare carriage return', 'x\r--abc\ry'],
  ['headers and a blank line', 'Content-Type: text/plain\r\n\r\nx'],
  ['what looks like UTF-8 and is not', new Uint8Array([0xef, 0xbb, 0xbf, 0xc3, 0x28, 0xff, 0xfe, 0x00])],
  ['random bytes', randomBytes(15_770)],
  ['a quarter of a megabyte of random bytes', randomBytes(262_144)],
])('Communication 1.5.2 an attachment comes back byte for byte: %s', async (_label, bytes) => {
  const [id = ''] = await stored(multipart(statement({ attachments: [attachmentOf(bytes)] }), [attachmentPart(bytes)]));
  const { json, kept } = await attachmentsIn({ statementId: id });

  expect([json['id'], kept]).toEqual([id, keptOf(bytes)]);
});

test.each<[label: string, boundary: string, header: string]>([
  ['plain', 'abc', 'boundary=abc'],
  ['quoted', 'abc', 'boundary="abc"'],
  ['quoted with a space, a colon and a question mark', "a b:c?d=e/f'(g)+h_i,j-k.l", `boundary="a b:c?d=e/f'(g)+h_i,j-k.l"`],
  ['70 characters', 'x'.repeat(70), `boundary=${'x'.repeat(70)}`],
  [
    'many hyphens first',
    '-----------------------------735323031399963166993862150',
    'boundary=---------------------------735323031399963166993862150'.replace('=--', '=----'),
  ],
  ['after another parameter', 'abc', 'charset=utf-8; boundary=abc'],
  ['before another parameter', 'abc', 'boundary=abc; charset=utf-8'],
  ['a name in capitals', 'abc', 'BOUNDARY=abc'],
])('Communication 1.5.2 the boundary is read as RFC 2046 writes it: %s', async (_label, boundary, header) => {
  const bytes = `${randomUUID()}\r\n--${boundary}x`;
  const body = joined(boundary, [jsonPart(statement({ attachments: [attachmentOf(bytes)] })), attachmentPart(bytes)]);
  const [id = ''] = await stored(post(body, `multipart/mixed; ${header}`));

  expect((await attachmentsIn({ statementId: id })).kept).toEqual(keptOf(bytes));
});

test.each<[label: string, around: { preamble?: string; epilogue?: string }]>([
  ['a line end first', { preamble: '\r\n' }],
  ['a preamble', { preamble: 'This is a multipart message.\r\nIgnore it.\r\n' }],
  ['a preamble that only begins like the boundary', { preamble: '--abcd\r\n--ab\r\n' }],
  ['no line end after the last boundary', { epilogue: '' }],
  ['an epilogue', { epilogue: '\r\nignored\r\n--abc\r\nContent-Type: text/plain\r\n\r\nignored too\r\n--abc--\r\n' }],
  ['blanks after the last boundary', { epilogue: ' \t\r\n' }],
])('RFC 2046 5.1 what stands around the parts is ignored: %s', async (_label, around) => {
  const bytes = randomUUID();
  const body = joined('abc', [jsonPart(statement({ attachments: [attachmentOf(bytes)] })), attachmentPart(bytes)], around);
  const [id = ''] = await stored(post(body, 'multipart/mixed; boundary=abc'));

  expect((await attachmentsIn({ statementId: id })).kept).toEqual(keptOf(bytes));
});

test('RFC 2046 5.1 header names of parts have no case, and need no space after the colon; blanks may follow a boundary', async () => {
  const bytes = randomUUID();
  const lines = [
    '--abc \t',
    'content-type:application/json; charset=UTF-8',
    '',
    JSON.stringify(statement({ attachments: [attachmentOf(bytes)] })),
    '--abc  ',
    `x-experience-api-HASH:${sha256(bytes).toUpperCase()}`,
    'CONTENT-TRANSFER-ENCODING:BINARY',
    'content-TYPE:text/plain',
    'X-Other: ignored',
    '',
    bytes,
    '--abc--',
  ];
  const [id = ''] = await stored(post(Buffer.from(lines.join(CRLF)), 'multipart/mixed; boundary=abc'));

  expect((await attachmentsIn({ statementId: id })).kept).toEqual(keptOf(bytes));
});

test('Communication 1.5.2 multipart without attachments is fine, for one statement, for many and for PUT', async () => {
  const id = randomUUID();
  await stored(multipart(statement(), []));
  expect(await stored(multipart([statement(), statement()], []))).toHaveLength(2);
  const put = await post(joined('abc', [jsonPart(statement())]), 'multipart/mixed; boundary=abc', 'PUT', `?statementId=${id}`);

  expect(put.status).toBe(204);
  expect((await attachmentsIn({ statementId: id })).kept).toEqual({});
});

test('Communication 1.5.2 PUT takes attachments too', async () => {
  const [id, bytes] = [randomUUID(), randomBytes(100)];
  const body = joined('abc', [jsonPart(statement({ attachments: [attachmentOf(bytes)] })), attachmentPart(bytes)]);

  expect((await post(body, 'multipart/mixed; boundary=abc', 'PUT', `?statementId=${id}`)).status).toBe(204);
  expect((await attachmentsIn({ statementId: id })).kept).toEqual(keptOf(bytes));
});

test('one-part-per-hash: attachments with one hash are sent once, stored once and found from each statement', async () => {
  const bytes = randomBytes(64);
  const verb = { id: `https://verbs.example/${randomUUID()}` };
  const both = statement({ verb, attachments: [attachmentOf(bytes), attachmentOf(bytes, { usageType: 'https://usages.example/copy' })] });
  const ids = await stored(multipart([both, statement({ verb, attachments: [attachmentOf(bytes)] })], [attachmentPart(bytes)]));
  const [later = ''] = await stored(multipart(statement({ verb, attachments: [attachmentOf(bytes)] }), [attachmentPart(bytes)]));

  for (const id of [...ids, later]) expect((await attachmentsIn({ statementId: id })).kept).toEqual(keptOf(bytes));
  const { json, kept } = await attachmentsIn({ verb: verb.id });
  expect(json['statements']).toHaveLength(3);
  expect(kept).toEqual(keptOf(bytes));
});

test('Communication 1.5.2 one hash sent in two equal parts is one attachment', async () => {
  const bytes = randomBytes(64);
  const [id = ''] = await stored(multipart(statement({ attachments: [attachmentOf(bytes)] }), [attachmentPart(bytes), attachmentPart(bytes)]));

  expect((await attachmentsIn({ statementId: id })).kept).toEqual(keptOf(bytes));
});

test('Communication 2.1.3 attachments=true answers multipart always, attachments=false never', async () => {
  const verb = { id: `https://verbs.example/${randomUUID()}` };
  const bytes = randomBytes(10);
  const [without = ''] = await stored(multipart(statement({ verb }), []));
  const [withOne = ''] = await stored(multipart(statement({ verb, attachments: [attachmentOf(bytes)] }), [attachmentPart(bytes)]));

  expect((await attachmentsIn({ statementId: without })).kept).toEqual({});
  expect((await attachmentsIn({ verb: `${verb.id}/none` })).json).toEqual({ statements: [], more: '' });
  for (const query of [{ statementId: withOne }, { verb: verb.id }] as const) {
    const plain = await read({ ...query, attachments: 'false' });
    expect([plain.status, plain.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(JSON.parse(plain.bytes.toString())).toEqual((await attachmentsIn(query)).json);
  }
});

test.each(['ids', 'canonical', 'exact'])('Communication 2.1.3 attachments=true goes with format=%s', async (format) => {
  const bytes = randomBytes(10);
  const [id = ''] = await stored(multipart(statement({ attachments: [attachmentOf(bytes)] }), [attachmentPart(bytes)]));

  expect((await attachmentsIn({ statementId: id, format })).kept).toEqual(keptOf(bytes));
});

test('Communication 1.2 HEAD of statements with attachments has no body', async () => {
  const bytes = randomBytes(1_000);
  const [id = ''] = await stored(multipart(statement({ attachments: [attachmentOf(bytes)] }), [attachmentPart(bytes)]));
  const head = await sendBytes(app, 'HEAD', `/statements?statementId=${id}&attachments=true`);

  expect([head.status, head.headers.get('content-type')?.split(';')[0], head.bytes.length]).toEqual([200, 'multipart/mixed', 0]);
});

test('Communication 2.1.3 pages bring the attachments of their own statements, and more keeps attachments=true', async () => {
  const verb = { id: `https://verbs.example/${randomUUID()}` };
  const contents = Array.from({ length: 7 }, (_, index) => randomBytes(50 + index));
  const batch = contents.map((bytes) => statement({ verb, attachments: [attachmentOf(bytes)] }));
  await stored(
    multipart(
      batch,
      contents.map((bytes) => attachmentPart(bytes)),
    ),
  );

  const seen: unknown[] = [];
  let path = `/statements?${new URLSearchParams({ verb: verb.id, ascending: 'true', limit: '3', attachments: 'true' }).toString()}`;
  while (path !== '' && seen.length < 10) {
    const [first, ...others] = parted(await sendBytes(app, 'GET', path));
    const { statements, more } = JSON.parse(first?.bytes.toString() ?? '') as { statements: readonly { attachments: readonly Json[] }[]; more: string };
    const named = statements.flatMap(({ attachments }) => attachments.map(({ sha2 }) => String(sha2)));
    expect(others.map(({ headers }) => headers.get('x-experience-api-hash') ?? '').sort()).toEqual(named.toSorted());
    seen.push(named);
    path = more.replace('/xapi', '');
  }
  expect(seen).toEqual([contents.slice(0, 3), contents.slice(3, 6), contents.slice(6)].map((page) => page.map(sha256)));
});

test('Communication 1.5.2 each attachment of a batch goes to its statement', async () => {
  const contents = Array.from({ length: 12 }, () => randomBytes(20));
  const batch = contents.map((_, index) => statement({ attachments: [index, (index * 5 + 1) % 12].map((n) => attachmentOf(contents[n] ?? '')) }));
  const ids = await stored(
    multipart(
      batch,
      contents.toReversed().map((bytes) => attachmentPart(bytes)),
    ),
  );

  for (const [index, id] of ids.entries())
    expect((await attachmentsIn({ statementId: id })).kept).toEqual(keptOf(contents[index] ?? '', contents[(index * 5 + 1) % 12] ?? ''));
});

test('Data 2.4.4.3 a SubStatement has attachments too', async () => {
  const [inner, outer] = [randomBytes(20), randomBytes(20)];
  const object = { objectType: 'SubStatement', ...statement({ attachments: [attachmentOf(inner)] }) };
  const [id = ''] = await stored(multipart(statement({ object, attachments: [attachmentOf(outer)] }), [attachmentPart(outer), attachmentPart(inner)]));

  expect((await attachmentsIn({ statementId: id })).kept).toEqual(keptOf(inner, outer));
  await expectRefusal(() => multipart(statement({ object }), []), { path: '/object/attachments/0' });
});

test('Communication 1.5.2 the part keeps its own type, whatever the attachment says', async () => {
  const bytes = '<svg/>';
  const [id = ''] = await stored(
    multipart(statement({ attachments: [attachmentOf(bytes)] }), [attachmentPart(bytes, sha256(bytes), 'image/svg+xml; charset=utf-8')]),
  );

  expect((await attachmentsIn({ statementId: id })).types).toEqual(['image/svg+xml; charset=utf-8']);
});

test.each(['sha224', 'sha256', 'sha384', 'sha512'])('Data 2.4.11 an attachment is known by its %s', async (algorithm) => {
  const bytes = randomBytes(40);
  const sha2 = hash(algorithm, bytes, 'hex');
  const [id = ''] = await stored(multipart(statement({ attachments: [attachmentOf(bytes, { sha2 })] }), [attachmentPart(bytes, sha2)]));

  expect((await attachmentsIn({ statementId: id })).kept).toEqual({ [sha2]: hex(bytes) });
  const wrong = hash(algorithm, 'other', 'hex');
  await expectRefusal(() => multipart(statement({ attachments: [attachmentOf(bytes, { sha2: wrong })] }), [attachmentPart(bytes, wrong)]), {
    path: '/parts/1',
  });
});

test('Communication 1.5.1 an attachment with fileUrl needs no part, as JSON and as multipart; then there are no bytes to give', async () => {
  const attachments = [attachmentOf('elsewhere', { fileUrl: 'https://files.example/elsewhere' })];
  const json = await post(Buffer.from(JSON.stringify(statement({ attachments }))), 'application/json');
  const ids = [...(await stored(Promise.resolve(json))), ...(await stored(multipart(statement({ attachments }), [])))];

  expect(ids).toHaveLength(2);
  for (const id of ids) expect(await attachmentsIn({ statementId: id })).toMatchObject({ json: { attachments }, kept: {} });
});

test('Communication 1.5.2 an attachment with fileUrl may bring its part all the same', async () => {
  const bytes = randomBytes(30);
  const attachments = [attachmentOf(bytes, { fileUrl: 'https://files.example/here' }), attachmentOf('far', { fileUrl: 'https://files.example/far' })];
  const [id = ''] = await stored(multipart(statement({ attachments }), [attachmentPart(bytes)]));

  expect((await attachmentsIn({ statementId: id })).kept).toEqual(keptOf(bytes));
});

test('Communication 1.5.1 an attachment with neither fileUrl nor part is 400, in one and in a batch', async () => {
  const one = statement({ attachments: [attachmentOf('a')] });

  await expectRefusal(() => post(Buffer.from(JSON.stringify(one)), 'application/json'), { path: '/attachments/0' });
  await expectRefusal(() => post(Buffer.from(JSON.stringify([statement(), one])), 'application/json'), { path: '/1/attachments/0' });
  await expectRefusal(() => multipart(one, []), { path: '/attachments/0' });
  await expectRefusal(() => multipart([one, statement({ attachments: [attachmentOf('b')] })], [attachmentPart('a')]), { path: '/1/attachments/0' });
});

test('Communication 1.5.2 a part that no statement names is 400', async () => {
  await expectRefusal(() => multipart(statement(), [attachmentPart('stray')]), { rule: 'xAPI Communication 1.5.2 stray-part' });
  await expectRefusal(() => multipart(statement({ attachments: [attachmentOf('a')] }), [attachmentPart('a'), attachmentPart('stray')]), {
    rule: 'xAPI Communication 1.5.2 stray-part',
  });
});

test('Communication 2.1.2 the attachment of a refused request cannot be read, and does not make a later one whole', async () => {
  const [id, bytes] = [randomUUID(), randomBytes(40)];
  await stored(multipart(statement({ id }), []));
  const before = [await app.counts(), await rowsOfAttachments()];
  const refused = await multipart([statement({ attachments: [attachmentOf(bytes)] }), statement({ id, result: { success: true } })], [attachmentPart(bytes)]);

  expect(refused.status).toBe(409);
  expect([await app.counts(), await rowsOfAttachments()]).toEqual(before);
  expect((await attachmentsIn({ statementId: id })).kept).toEqual({});
  await expectRefusal(() => post(Buffer.from(JSON.stringify(statement({ attachments: [attachmentOf(bytes)] }))), 'application/json'));
  const [named = ''] = await stored(multipart(statement({ attachments: [attachmentOf(bytes, { fileUrl: 'https://files.example/x' })] }), []));
  expect((await attachmentsIn({ statementId: named })).kept).toEqual({});
});

test('Communication 2.1.3 attachments go where their statement goes: hidden from another authority, shown when voided', async () => {
  const bytes = randomBytes(40);
  const vendor = await app.createCredential(['statements/write', 'statements/read/mine']);
  const [id = ''] = await stored(multipart(statement({ attachments: [attachmentOf(bytes)] }), [attachmentPart(bytes)]));
  const asVendor = await sendBytes(app, 'GET', `/statements?statementId=${id}&attachments=true`, { credential: vendor });
  const listed = await sendBytes(app, 'GET', '/statements?attachments=true', { credential: vendor });

  expect([asVendor.status, listed.status, parted(listed).length]).toEqual([404, 200, 1]);
  await stored(multipart(statement({ verb: { id: 'http://adlnet.gov/expapi/verbs/voided' }, object: { objectType: 'StatementRef', id } }), []));
  expect((await read({ statementId: id })).status).toBe(404);
  expect((await attachmentsIn({ voidedStatementId: id })).kept).toEqual(keptOf(bytes));
});

const CONTENT = 'content of the attachment';
const WITH_ONE = (): Json => statement({ attachments: [attachmentOf(CONTENT)] });
const lines = (...texts: readonly string[]): string => texts.join(CRLF);
const JSON_HEADER = 'Content-Type: application/json';
const HASH_HEADER = `X-Experience-API-Hash: ${sha256(CONTENT)}`;
const BINARY_HEADER = 'Content-Transfer-Encoding: binary';
const TYPE = 'multipart/mixed; boundary=abc';
const attached = (...headers: readonly string[]): string =>
  lines('--abc', JSON_HEADER, '', JSON.stringify(WITH_ONE()), '--abc', ...headers, '', CONTENT, '--abc--', '');
const alone = (...texts: readonly string[]): string => lines('--abc', ...texts, '--abc--', '');

test('the malformed bodies below are refused for their fault alone: without it they are taken', async () => {
  await stored(post(Buffer.from(attached(HASH_HEADER, BINARY_HEADER)), TYPE));
  await stored(post(Buffer.from(alone(JSON_HEADER, '', JSON.stringify(statement()))), TYPE));
});

test.each<[label: string, contentType: string, body: () => string]>([
  ['a type without boundary', 'multipart/mixed', () => attached(HASH_HEADER, BINARY_HEADER)],
  ['an empty boundary', 'multipart/mixed; boundary=', () => attached(HASH_HEADER, BINARY_HEADER)],
  ['an empty quoted boundary', 'multipart/mixed; boundary=""', () => attached(HASH_HEADER, BINARY_HEADER)],
  [
    'a boundary of 71 characters',
    `multipart/mixed; boundary=${'x'.repeat(71)}`,
    () => attached(HASH_HEADER, BINARY_HEADER).replaceAll('--abc', `--${'x'.repeat(71)}`),
  ],
  [
    'a boundary with a character that is not allowed',
    'multipart/mixed; boundary="a@b"',
    () => attached(HASH_HEADER, BINARY_HEADER).replaceAll('--abc', '--a@b'),
  ],
  ['a boundary that ends in a space', 'multipart/mixed; boundary="abc "', () => attached(HASH_HEADER, BINARY_HEADER)],
  ['a quote that never closes', 'multipart/mixed; boundary="abc', () => attached(HASH_HEADER, BINARY_HEADER)],
  ['another boundary than the body has', 'multipart/mixed; boundary=xyz', () => attached(HASH_HEADER, BINARY_HEADER)],
  ['the boundary in another case', 'multipart/mixed; boundary=ABC', () => attached(HASH_HEADER, BINARY_HEADER)],
  ['nothing', TYPE, () => ''],
  ['line ends alone', TYPE, () => CRLF.repeat(3)],
  ['JSON alone', TYPE, () => JSON.stringify(statement())],
  ['no part at all', TYPE, () => '--abc--\r\n'],
  ['a boundary and nothing else', TYPE, () => '--abc\r\n'],
  ['boundaries that stand together', TYPE, () => '--abc\r\n--abc--\r\n'],
  ['bare line feeds', TYPE, () => attached(HASH_HEADER, BINARY_HEADER).replaceAll(CRLF, '\n')],
  ['no last boundary', TYPE, () => attached(HASH_HEADER, BINARY_HEADER).replace('--abc--', '')],
  ['a last boundary without its last hyphens', TYPE, () => attached(HASH_HEADER, BINARY_HEADER).replace('--abc--', '--abc')],
  ['a last boundary with one hyphen', TYPE, () => attached(HASH_HEADER, BINARY_HEADER).replace('--abc--', '--abc-')],
  ['a last boundary that is cut', TYPE, () => attached(HASH_HEADER, BINARY_HEADER).slice(0, -6)],
  ['a last boundary in the middle of a line', TYPE, () => attached(HASH_HEADER, BINARY_HEADER).replace(`${CRLF}--abc--`, ' --abc--')],
  ['a first part without blank line', TYPE, () => alone(JSON_HEADER, JSON.stringify(statement()))],
  ['a first part without headers', TYPE, () => alone('', JSON.stringify(statement()))],
  ['a first part without type', TYPE, () => alone('X-Other: 1', '', JSON.stringify(statement()))],
  ['a first part of another type', TYPE, () => alone('Content-Type: text/plain', '', JSON.stringify(statement()))],
  ['a first part of no JSON', TYPE, () => alone(JSON_HEADER, '', 'statement')],
  ['an empty first part', TYPE, () => alone(JSON_HEADER, '', '')],
  ['a first part cut short', TYPE, () => alone(JSON_HEADER, '', JSON.stringify(statement()).slice(0, -1))],
  ['a first part of two statements in a row', TYPE, () => alone(JSON_HEADER, '', JSON.stringify(statement()), JSON.stringify(statement()))],
  [
    'the attachment before the statements',
    TYPE,
    () => lines('--abc', HASH_HEADER, BINARY_HEADER, '', CONTENT, '--abc', JSON_HEADER, '', JSON.stringify(WITH_ONE()), '--abc--', ''),
  ],
  [
    'statements in two parts',
    TYPE,
    () => lines('--abc', JSON_HEADER, '', JSON.stringify(statement()), '--abc', JSON_HEADER, '', JSON.stringify(statement()), '--abc--', ''),
  ],
  ['an attachment without hash', TYPE, () => attached(BINARY_HEADER)],
  ['an attachment with an empty hash', TYPE, () => attached('X-Experience-API-Hash:', BINARY_HEADER)],
  ['an attachment with a hash that is none', TYPE, () => attached('X-Experience-API-Hash: xyz', BINARY_HEADER)],
  ['an attachment with the hash of something else', TYPE, () => attached(`X-Experience-API-Hash: ${sha256('else')}`, BINARY_HEADER)],
  ['an attachment with SHA-1', TYPE, () => attached(`X-Experience-API-Hash: ${hash('sha1', CONTENT, 'hex')}`, BINARY_HEADER)],
  ['an attachment with its hash in base64', TYPE, () => attached(`X-Experience-API-Hash: ${hash('sha256', CONTENT, 'base64')}`, BINARY_HEADER)],
  ['an attachment with two hashes', TYPE, () => attached(HASH_HEADER, HASH_HEADER, BINARY_HEADER)],
  ['an attachment without encoding', TYPE, () => attached(HASH_HEADER)],
  ['an attachment in base64', TYPE, () => attached(HASH_HEADER, 'Content-Transfer-Encoding: base64')],
  ['an attachment in 8bit', TYPE, () => attached(HASH_HEADER, 'Content-Transfer-Encoding: 8bit')],
  ['an attachment with two encodings', TYPE, () => attached(HASH_HEADER, BINARY_HEADER, BINARY_HEADER)],
  ['an attachment without headers', TYPE, () => lines('--abc', JSON_HEADER, '', JSON.stringify(WITH_ONE()), '--abc', '', CONTENT, '--abc--', '')],
  [
    'an attachment without blank line',
    TYPE,
    () => lines('--abc', JSON_HEADER, '', JSON.stringify(WITH_ONE()), '--abc', HASH_HEADER, BINARY_HEADER, CONTENT, '--abc--', ''),
  ],
  ['an attachment one byte longer than its hash says', TYPE, () => attached(HASH_HEADER, BINARY_HEADER).replace(CONTENT, `${CONTENT} `)],
  [
    'an attachment one byte shorter than its hash says',
    TYPE,
    () => attached(HASH_HEADER, BINARY_HEADER).replace(`${CONTENT}${CRLF}--abc--`, `${CONTENT.slice(1)}${CRLF}--abc--`),
  ],
  ['a header without colon', TYPE, () => attached(HASH_HEADER, BINARY_HEADER, 'nonsense')],
  ['a header name with a space', TYPE, () => attached(HASH_HEADER, BINARY_HEADER, 'A header: x')],
  ['a header that is folded', TYPE, () => attached(HASH_HEADER, BINARY_HEADER, 'X-Other: a', ' b')],
  ['headers of nine kilobytes', TYPE, () => attached(HASH_HEADER, BINARY_HEADER, `X-Other: ${'x'.repeat(9_000)}`)],
  ['1,001 parts', TYPE, () => lines(...Array.from({ length: 1_001 }, () => lines('--abc', JSON_HEADER, '', JSON.stringify(statement()))), '--abc--', '')],
  ['a statement that is not valid', TYPE, () => alone(JSON_HEADER, '', JSON.stringify(statement({ verb: {} })))],
])('Communication 1.5.2 a malformed body is 400 and nothing is stored: %s', async (_label, contentType, body) => {
  await expectRefusal(() => post(Buffer.from(body()), contentType));
});

test('Communication 1.5 other multipart types than mixed are 400', async () => {
  for (const type of ['multipart/form-data', 'multipart/related', 'multipart/alternative'])
    await expectRefusal(() => post(Buffer.from(attached(HASH_HEADER, BINARY_HEADER)), `${type}; boundary=abc`), { path: '/headers/Content-Type' });
});

test('any cut of a good body is 400 or the good body, and only a whole one stores', async () => {
  const whole = Buffer.from(attached(HASH_HEADER, BINARY_HEADER));
  const before = await app.counts();
  for (let length = 0; length < whole.length - 2; length += 7) expect([length, (await post(whole.subarray(0, length), TYPE)).status]).toEqual([length, 400]);

  expect(await app.counts()).toEqual(before);
});

const ALGORITHMS = { RS256: 'RSA-SHA256', RS384: 'RSA-SHA384', RS512: 'RSA-SHA512' } as const;
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });

const encoded = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const SEQUENCE = 0x30;

/** A self-signed certificate (RFC 5280) in base64, as `x5c` holds it: the smallest one that is valid. */
function certificateOf({ publicKey, privateKey }: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }): string {
  const sha256WithRsa = encoded(SEQUENCE, Buffer.from('06092a864886f70d01010b0500', 'hex'));
  const name = encoded(SEQUENCE, encoded(0x31, encoded(SEQUENCE, Buffer.from('0603550403', 'hex'), encoded(0x0c, Buffer.from('test')))));
  const validity = encoded(SEQUENCE, encoded(0x17, Buffer.from('200101000000Z')), encoded(0x17, Buffer.from('490101000000Z')));
  const serial = encoded(0x02, Buffer.from([1]));
  const toSign = encoded(SEQUENCE, serial, sha256WithRsa, name, validity, name, publicKey.export({ type: 'spki', format: 'der' }));
  const signature = encoded(0x03, Buffer.from([0]), sign('sha256', toSign, privateKey));
  return encoded(SEQUENCE, toSign, sha256WithRsa, signature).toString('base64');
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

interface Signing {
  readonly alg?: keyof typeof ALGORITHMS;
  readonly header?: Json;
  readonly by?: KeyObject;
}

/** The JWS of a payload in compact serialisation (RFC 7515). */
function jwsOf(payload: string, { alg = 'RS256', header = {}, by = keys.privateKey }: Signing = {}): string {
  const signed = `${base64url(JSON.stringify({ alg, ...header }))}.${base64url(payload)}`;
  return `${signed}.${createSign(ALGORITHMS[alg]).update(signed).sign(by, 'base64url')}`;
}

const signatureOf = (jws: string, extra: Json = {}): Json => attachmentOf(jws, { usageType: SIGNATURE, display: { en: 'Signature' }, ...extra });

/** A statement with everything that a comparison might trip over. */
const signable = (): Json =>
  statement({
    id: randomUUID(),
    timestamp: '2026-03-01T08:00:00.123+07:00',
    result: { score: { scaled: 0.5, raw: 12 }, duration: 'PT1H0M1.5S', extensions: { 'https://ext.example/x': [1, null, ''] } },
    context: { registration: randomUUID() },
  });

const signed = async (one: Json, jws: string, extra: Json = {}): Promise<BytesAnswer> =>
  multipart({ ...one, attachments: [signatureOf(jws, extra)] }, [attachmentPart(jws)]);

test.each(['RS256', 'RS384', 'RS512'] as const)('Data 2.6 a statement signed by %s is taken, with and without x5c, and the JWS comes back', async (alg) => {
  for (const header of [{}, { x5c: [certificateOf(keys)] }, { x5c: [certificateOf(keys), certificateOf(otherKeys)], kid: 'a' }]) {
    const one = signable();
    const jws = jwsOf(JSON.stringify(one), { alg, header });
    const [id = ''] = await stored(signed(one, jws));

    expect((await attachmentsIn({ statementId: id })).kept).toEqual(keptOf(jws));
  }
});

test.each(['RS256', 'RS384', 'RS512'] as const)('Data 2.6 a JWS by %s whose x5c did not make the signature is 400', async (alg) => {
  const one = signable();
  for (const header of [
    { x5c: [certificateOf(otherKeys)] },
    { x5c: [certificateOf(otherKeys), certificateOf(keys)] },
    { x5c: ['bm90IGEgY2VydGlmaWNhdGU='] },
    { x5c: ['***'] },
    { x5c: [] },
    { x5c: certificateOf(keys) },
    { x5c: [1] },
    { x5c: null },
  ])
    await expectRefusal(() => signed(one, jwsOf(JSON.stringify(one), { alg, header })), { path: '/attachments/0', rule: 'xAPI Data 2.6 signature' });
});

test('Data 2.6 the payload may be spelled differently: order, numbers, instants, case, what the LRS sets', async () => {
  const { id: _set, ...one }: Json = { ...signable(), object: { objectType: 'Activity', id: 'https://things.example/it' } };
  const spellings = [
    JSON.stringify(Object.fromEntries(Object.entries(one).reverse()), null, 2),
    JSON.stringify({ ...one, timestamp: '2026-03-01T01:00:00.123Z' }),
    JSON.stringify({ ...one, stored: '2026-03-01T01:00:00Z', version: '1.0.0', authority: { mbox: 'mailto:lrs@example.org' } }),
    JSON.stringify({ ...one, object: { id: 'https://things.example/it' } }),
    JSON.stringify(one).replace('"raw":12', '"raw":1.20E1'),
    JSON.stringify({ ...one, timestamp: undefined }),
  ];
  for (const payload of spellings) await stored(signed({ ...one, id: randomUUID() }, jwsOf(payload)));
});

test('IEEE 9274.1.1 signed durations are compared to a hundredth of a second', async () => {
  const one = { ...signable(), result: { duration: 'PT1H0M0.1237S' } };
  const jws = jwsOf(JSON.stringify({ ...one, result: { duration: 'PT1H0M0.12S' } }));
  const body = joined('abc', [jsonPart({ ...one, attachments: [signatureOf(jws)] }), attachmentPart(jws)]);
  const answer = await sendBytes(app, 'POST', '/statements', { body, headers: { 'Content-Type': TYPE, 'X-Experience-API-Version': '2.0.0' } });

  expect(answer.status).toBe(200);
});

test.each<[label: string, change: (one: Json) => Json]>([
  ['another actor', (one) => ({ ...one, actor: { mbox: 'mailto:eve@example.org' } })],
  ['another verb', (one) => ({ ...one, verb: { id: 'https://verbs.example/passed' } })],
  ['another object', (one) => ({ ...one, object: { id: 'https://things.example/other' } })],
  ['a better score', (one) => ({ ...one, result: { score: { scaled: 1, raw: 12 } } })],
  ['no result', (one) => ({ ...one, result: undefined })],
  ['a context more', (one) => ({ ...one, context: { ...(one['context'] as Json), platform: 'web' } })],
  ['another time', (one) => ({ ...one, timestamp: '2026-03-01T08:00:01.123+07:00' })],
  ['another extension', (one) => ({ ...one, result: { ...(one['result'] as Json), extensions: { 'https://ext.example/x': [1, null, ' '] } } })],
])('Data 2.6 a signed statement that says something else than its payload is 400: %s', async (_label, change) => {
  const one = signable();
  const payload = JSON.stringify(one);

  await expectRefusal(() => signed(change(one), jwsOf(payload)), { path: '/attachments/0', rule: 'xAPI Data 2.6 signature' });
  await stored(signed(one, jwsOf(payload)));
});

test.each<[label: string, jws: (payload: string) => string]>([
  ['no JWS', () => 'not a jws'],
  ['nothing', () => ''],
  ['the payload alone', (payload) => payload],
  ['two parts', (payload) => jwsOf(payload).split('.').slice(0, 2).join('.')],
  ['four parts', (payload) => `${jwsOf(payload)}.x`],
  ['a JWS with a line end', (payload) => `${jwsOf(payload)}\n`],
  ['JSON serialisation', (payload) => JSON.stringify({ payload: base64url(payload), signatures: [] })],
  ['a header that is no JSON', (payload) => `${base64url('alg')}.${base64url(payload)}.AAAA`],
  ['the algorithm none', (payload) => jwsOf(payload, { header: { alg: 'none' } })],
  ['the algorithm HS256', (payload) => jwsOf(payload, { header: { alg: 'HS256' } })],
  ['the algorithm ES256', (payload) => jwsOf(payload, { header: { alg: 'ES256' } })],
  ['the algorithm PS256', (payload) => jwsOf(payload, { header: { alg: 'PS256' } })],
  ['an algorithm in lower case', (payload) => jwsOf(payload, { header: { alg: 'rs256' } })],
  ['a payload that is no JSON', () => jwsOf('statement')],
  ['a payload that is a list', (payload) => jwsOf(`[${payload}]`)],
  ['a payload that is null', () => jwsOf('null')],
  ['an empty payload', () => jwsOf('')],
])('Data 2.6 a signature that is none is 400: %s', async (_label, jws) => {
  const one = signable();

  await expectRefusal(() => signed(one, jws(JSON.stringify(one))), { path: '/attachments/0', rule: 'xAPI Data 2.6 signature' });
});

test('Data 2.6 a signature of another contentType than application/octet-stream is 400', async () => {
  const one = signable();
  const jws = jwsOf(JSON.stringify(one));

  await expectRefusal(() => signed(one, jws, { contentType: 'application/jose' }), { path: '/attachments/0', rule: 'xAPI Data 2.6 signature' });
});

test('Data 2.6 an attachment of another usageType is not judged as a signature', async () => {
  const [id = ''] = await stored(signed(signable(), 'not a jws', { usageType: 'https://usages.example/signature' }));

  expect((await attachmentsIn({ statementId: id })).kept).toEqual(keptOf('not a jws'));
});

test('Data 2.6 one bad signature refuses its whole batch', async () => {
  const [good, bad] = [signable(), signable()];
  const [goodJws, badJws] = [jwsOf(JSON.stringify(good)), jwsOf(JSON.stringify({ ...bad, verb: { id: 'https://verbs.example/else' } }))];
  const batch = [
    { ...good, attachments: [signatureOf(goodJws)] },
    { ...bad, attachments: [signatureOf(badJws)] },
  ];

  await expectRefusal(() => multipart(batch, [attachmentPart(goodJws), attachmentPart(badJws)]), { path: '/1/attachments/0' });
});
