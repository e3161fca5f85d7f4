import { hash, randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type BytesAnswer, type BytesRequest, basicOf, sendBytes } from '../support/send.ts';

const MAX_BODY = 2_048;

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({ settings: { DOCUMENT_BODY_LIMIT_BYTES: String(MAX_BODY) } });
});
afterAll(() => app.close());

type Version = '1.0.3' | '2.0.0';
type Parameters = Readonly<Record<string, string>>;

interface Kind {
  readonly name: 'state' | 'activity profile' | 'agent profile';
  readonly path: string;
  readonly id: 'stateId' | 'profileId';
  /** Parameters of a scope that nothing else in the store shares. */
  readonly freshScope: () => Parameters;
}

const freshActivity = (): Parameters => ({ activityId: `https://content.example/${randomUUID()}` });
const freshAgent = (): Parameters => ({ agent: JSON.stringify({ mbox: `mailto:${randomUUID()}@example.org` }) });

const STATE: Kind = { name: 'state', path: '/activities/state', id: 'stateId', freshScope: () => ({ ...freshActivity(), ...freshAgent() }) };
const ACTIVITY_PROFILE: Kind = { name: 'activity profile', path: '/activities/profile', id: 'profileId', freshScope: freshActivity };
const AGENT_PROFILE: Kind = { name: 'agent profile', path: '/agents/profile', id: 'profileId', freshScope: freshAgent };
const KINDS = [STATE, ACTIVITY_PROFILE, AGENT_PROFILE];
const VERSIONS: readonly Version[] = ['1.0.3', '2.0.0'];

const EVERYWHERE = KINDS.flatMap((kind) => VERSIONS.map((version) => ({ name: kind.name, version, kind })));

const JSON_TYPE = 'application/json';
const ANY_NEW = { 'If-None-Match': '*' };

const query = (parameters: Parameters): string => new URLSearchParams(parameters).toString();
const etagOf = (content: string | Uint8Array): string => `"${hash('sha1', content, 'hex')}"`;
const textOf = (answer: BytesAnswer): string => answer.bytes.toString('utf8');
const errorOf = (answer: BytesAnswer) => JSON.parse(textOf(answer)) as { error: string; violations: { path: string; rule: string; message: string }[] };

const send = async (kind: Kind, method: string, parameters: Parameters, version: Version, options: BytesRequest = {}): Promise<BytesAnswer> =>
  sendBytes(app, method, `${kind.path}?${query(parameters)}`, { ...options, headers: { 'X-Experience-API-Version': version, ...options.headers } });

/** One document under an address of its own. */
function freshDocument(kind: Kind, version: Version, more: Parameters = {}) {
  const parameters = { ...kind.freshScope(), ...more, [kind.id]: `doc-${randomUUID()}` };
  const write =
    (method: string) =>
    (body: string | Uint8Array, headers: BytesRequest['headers'] = {}) =>
      send(kind, method, parameters, version, { body, headers: { 'Content-Type': JSON_TYPE, ...headers } });
  return {
    parameters,
    put: write('PUT'),
    post: write('POST'),
    get: () => send(kind, 'GET', parameters, version),
    head: () => send(kind, 'HEAD', parameters, version),
    remove: (headers: BytesRequest['headers'] = {}) => send(kind, 'DELETE', parameters, version, { headers }),
  };
}

/** Every stored document to the byte: what a refusal must leave as it was. */
const everything = () =>
  app.database.sql.rows(
    `select scope_key, registration, document_key, document_id, content_type, encode(content, 'hex') as content, etag, updated::text as updated
     from lrs.document order by scope_key, registration, document_key`,
  );

/** Sends what must be refused with a status, leaving every document as it was. */
async function expectRefusal(send: () => Promise<BytesAnswer>, status: number): Promise<BytesAnswer> {
  const before = await everything();
  const answer = await send();

  expect({ status: answer.status, text: status === answer.status ? '' : textOf(answer) }).toEqual({ status, text: '' });
  expect(errorOf(answer).error).not.toBe('');
  expect(errorOf(answer).violations[0]?.message).not.toBe('');
  expect(await everything()).toEqual(before);
  return answer;
}

test.each(EVERYWHERE)('Communication 2.2 $name in $version: a PUT document comes back by GET with type, ETag and Last-Modified', async ({ kind, version }) => {
  const document = freshDocument(kind, version);
  const content = '{ "a" : 1.0 }';
  const put = await document.put(content, ANY_NEW);
  const got = await document.get();

  expect([put.status, textOf(put)]).toEqual([204, '']);
  expect([got.status, textOf(got), got.headers.get('content-type')]).toEqual([200, content, JSON_TYPE]);
  expect(got.headers.get('etag')).toBe(etagOf(content));
  expect(new Date(got.headers.get('last-modified') ?? '').getTime() / 1000).toBeCloseTo(Date.now() / 1000, -1);
  expect(got.headers.get('x-experience-api-version')).toBe(version);
});

test.each(EVERYWHERE)(
  'Communication 2.2 $name in $version: a missing document is 404, before it is made and after it is deleted',
  async ({ kind, version }) => {
    const document = freshDocument(kind, version);
    const before = await document.get();
    await document.put('{}', ANY_NEW);
    const removed = await document.remove();
    const after = await document.get();

    expect([before.status, removed.status, textOf(removed), after.status]).toEqual([404, 204, '', 404]);
    expect(errorOf(after).violations[0]?.path).toBe(`/query/${kind.id}`);
  },
);

test.each(EVERYWHERE)('Communication 2.2 $name in $version: DELETE of what is not there is 204', async ({ kind, version }) => {
  expect((await freshDocument(kind, version).remove()).status).toBe(204);
});

test.each(EVERYWHERE)('Communication 1.2 $name in $version: HEAD answers what GET answers, without the body', async ({ kind, version }) => {
  const document = freshDocument(kind, version);
  await document.put('{"a":1}', ANY_NEW);
  const [head, get] = [await document.head(), await document.get()];
  const shown = ({ status, headers }: BytesAnswer) => [status, ...['content-type', 'etag', 'last-modified', 'content-length'].map((name) => headers.get(name))];

  expect(head.bytes).toHaveLength(0);
  expect(shown(head)).toEqual(shown(get));
  expect((await freshDocument(kind, version).head()).status).toBe(404);
});

test.each(EVERYWHERE)('Communication 3.1 $name in $version: a wrong If-Match is 412 on PUT, POST and DELETE', async ({ kind, version }) => {
  const document = freshDocument(kind, version);
  await document.put('{"a":1}', ANY_NEW);
  const wrong = { 'If-Match': etagOf('another') };

  for (const attempt of [() => document.put('{"a":2}', wrong), () => document.post('{"b":2}', wrong), () => document.remove(wrong)]) {
    const answer = await expectRefusal(attempt, 412);
    expect(errorOf(answer).violations[0]).toMatchObject({ path: '/headers/If-Match', rule: 'xAPI Communication 3.1 concurrency' });
  }
  expect(textOf(await document.get())).toBe('{"a":1}');
});

test.each(EVERYWHERE)('Communication 3.1 $name in $version: the right If-Match lets PUT, POST and DELETE through', async ({ kind, version }) => {
  const document = freshDocument(kind, version);
  await document.put('{"a":1}', ANY_NEW);
  const tag = async () => ({ 'If-Match': (await document.get()).headers.get('etag') });

  expect((await document.put('{"a":2}', await tag())).status).toBe(204);
  expect(textOf(await document.get())).toBe('{"a":2}');
  expect((await document.post('{"b":3}', await tag())).status).toBe(204);
  expect(JSON.parse(textOf(await document.get()))).toEqual({ a: 2, b: 3 });
  expect((await document.put('{}', { 'If-Match': '*' })).status).toBe(204);
  expect((await document.remove(await tag())).status).toBe(204);
  expect((await document.get()).status).toBe(404);
});

test.each(EVERYWHERE)('Communication 3.1 $name in $version: a list of tags in If-Match matches when one of them does', async ({ kind, version }) => {
  const document = freshDocument(kind, version);
  await document.put('{"a":1}', ANY_NEW);

  await expectRefusal(() => document.put('{"a":2}', { 'If-Match': `${etagOf('x')}, ${etagOf('y')}` }), 412);
  expect((await document.put('{"a":2}', { 'If-Match': `${etagOf('x')}, ${etagOf('{"a":1}')}` })).status).toBe(204);
});

test.each(EVERYWHERE)('Communication 3.1 $name in $version: If-None-Match: * is 412 on what is there, 204 on what is not', async ({ kind, version }) => {
  const document = freshDocument(kind, version);

  expect((await document.put('{"a":1}', ANY_NEW)).status).toBe(204);
  await expectRefusal(() => document.put('{"a":2}', ANY_NEW), 412);
  await expectRefusal(() => document.post('{"b":2}', ANY_NEW), 412);
  expect(textOf(await document.get())).toBe('{"a":1}');
});

test.each(EVERYWHERE)('Communication 3.1 $name in $version: If-Match on what is not there is 412 and makes nothing', async ({ kind, version }) => {
  const document = freshDocument(kind, version);

  await expectRefusal(() => document.put('{}', { 'If-Match': etagOf('{}') }), 412);
  await expectRefusal(() => document.put('{}', { 'If-Match': '*' }), 412);
  await expectRefusal(() => document.post('{}', { 'If-Match': '*' }), 412);
  expect((await document.get()).status).toBe(404);
});

/** What a PUT with neither If-Match nor If-None-Match answers (lrs.md section 3). */
test.each<[kind: Kind, version: Version, onNew: number, onExisting: number]>([
  [STATE, '1.0.3', 204, 204],
  [STATE, '2.0.0', 204, 409],
  [ACTIVITY_PROFILE, '1.0.3', 400, 409],
  [ACTIVITY_PROFILE, '2.0.0', 204, 409],
  [AGENT_PROFILE, '1.0.3', 400, 409],
  [AGENT_PROFILE, '2.0.0', 204, 409],
])('Communication 3.1 a PUT without preconditions: $name in %s is %i when new, %i when there', async (kind, version, onNew, onExisting) => {
  const fresh = freshDocument(kind, version);
  const there = freshDocument(kind, version);
  await there.put('{"a":1}', ANY_NEW);
  const attempt = async (document: typeof fresh, status: number) =>
    status < 400 ? expect((await document.put('{"a":2}')).status).toBe(status) : void (await expectRefusal(() => document.put('{"a":2}'), status));

  await attempt(fresh, onNew);
  await attempt(there, onExisting);
  expect((await fresh.get()).status).toBe(onNew < 400 ? 200 : 404);
  expect(textOf(await there.get())).toBe(onExisting < 400 ? '{"a":2}' : '{"a":1}');
});

test.each(EVERYWHERE)('Communication 3.1 $name in $version: POST needs no preconditions, on what is new and on what is there', async ({ kind, version }) => {
  const document = freshDocument(kind, version);

  expect([(await document.post('{"a":1}')).status, (await document.post('{"b":2}')).status]).toEqual([204, 204]);
  expect(JSON.parse(textOf(await document.get()))).toEqual({ a: 1, b: 2 });
});

test.each(EVERYWHERE)('Communication 3.1 $name in $version: of many PUTs with one ETag exactly one goes through', async ({ kind, version }) => {
  const document = freshDocument(kind, version);
  await document.put('{"a":0}', ANY_NEW);
  const tag = { 'If-Match': etagOf('{"a":0}') };
  const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => document.put(`{"a":${index + 1}}`, tag)));
  const statuses = answers.map(({ status }) => status);

  expect(statuses.toSorted((a, b) => a - b)).toEqual([204, ...Array.from({ length: 7 }, () => 412)]);
  expect(textOf(await document.get())).toBe(`{"a":${statuses.indexOf(204) + 1}}`);
});

test.each(EVERYWHERE)('Communication 2.2 $name in $version: merging replaces top-level members, nested ones as a whole', async ({ kind, version }) => {
  const document = freshDocument(kind, version);
  await document.post('{"x":"foo","y":"bar","deep":{"a":1,"b":2}}');
  await document.post('{"x":"bash","z":"faz","deep":{"b":3},"none":null}');

  expect(JSON.parse(textOf(await document.get()))).toEqual({ x: 'bash', y: 'bar', z: 'faz', deep: { b: 3 }, none: null });
});

test.each(EVERYWHERE)('Communication 2.2 $name in $version: merging keeps the spelling of what it does not replace', async ({ kind, version }) => {
  const document = freshDocument(kind, version);
  const kept = [
    '"big":12345678901234567890',
    '"exact":1.0',
    '"exponent":1E+2',
    '"minus":-0',
    String.raw`"escapes":"\u0041\/\"\\\u00e9é\ud83d\ude00"`,
    String.raw`"nul":"a\u0000b\ud800c"`,
    '"space":{ "b" : [ 1 , 2 ],\n"a":{} }',
    '"__proto__":{"x":1}',
    String.raw`"\u006bey":1`,
    '"":true',
  ];
  await document.post(`{${kept.join(',')},"gone":1}`);
  expect((await document.post('{"gone":2.50,"fresh":1e5}')).status).toBe(204);
  const text = textOf(await document.get());

  expect(kept.filter((member) => !text.includes(member))).toEqual([]);
  expect(text).toContain('"gone":2.50');
  expect(text).toContain('"fresh":1e5');
  expect(text).not.toContain('"gone":1');
  expect(Object.keys(JSON.parse(text) as object)).toHaveLength(kept.length + 2);
});

test('Communication 2.2 a member is replaced under its name, however the name is spelled', async () => {
  const document = freshDocument(STATE, '1.0.3');
  await document.post(String.raw`{"\u0061":1,"b":2}`);
  await document.post('{"a":3}');

  expect(JSON.parse(textOf(await document.get()))).toEqual({ a: 3, b: 2 });
  expect(textOf(await document.get())).not.toContain('u0061');
});

test.each(EVERYWHERE)('Communication 2.2 $name in $version: what cannot be merged is 400', async ({ kind, version }) => {
  const cases: readonly (readonly [old: string, oldType: string, fresh: string, freshType: string])[] = [
    ['{"a":1}', JSON_TYPE, 'text', 'text/plain'],
    ['{"a":1}', JSON_TYPE, '{"b":1}', 'application/octet-stream'],
    ['{"a":1}', 'text/plain', '{"b":1}', JSON_TYPE],
    ['plain', 'text/plain', 'plain', 'text/plain'],
    ['[1]', JSON_TYPE, '{"b":1}', JSON_TYPE],
    ['{"a":1}', JSON_TYPE, '[1]', JSON_TYPE],
    ['{"a":1}', JSON_TYPE, '"b"', JSON_TYPE],
    ['{"a":1}', JSON_TYPE, 'null', JSON_TYPE],
    ['{"a":1}', JSON_TYPE, '1', JSON_TYPE],
    ['"a"', JSON_TYPE, '{"b":1}', JSON_TYPE],
  ];
  for (const [old, oldType, fresh, freshType] of cases) {
    const document = freshDocument(kind, version);
    await document.put(old, { ...ANY_NEW, 'Content-Type': oldType });
    await expectRefusal(() => document.post(fresh, { 'Content-Type': freshType }), 400);
    expect(textOf(await document.get())).toBe(old);
  }
});

test.each(EVERYWHERE)('Communication 2.2 $name in $version: POST of invalid JSON under a JSON type is 400, new or merged', async ({ kind, version }) => {
  const there = freshDocument(kind, version);
  await there.put('{"a":1}', ANY_NEW);

  for (const broken of ['', '{', '{"a":1,}', '{"a"}', "{'a':1}", 'undefined', '{"a":1}x', new Uint8Array([0x7b, 0xff, 0x7d])]) {
    await expectRefusal(() => freshDocument(kind, version).post(broken), 400);
    await expectRefusal(() => there.post(broken), 400);
  }
});

test('Communication 2.2 JSON with parameters in its type is JSON, also for merging, and the type stays', async () => {
  const document = freshDocument(STATE, '1.0.3');
  await document.post('{"a":1}', { 'Content-Type': 'application/json; charset=utf-8' });
  expect((await document.post('{"b":2}', { 'Content-Type': 'Application/JSON;charset=UTF-8' })).status).toBe(204);
  const got = await document.get();

  expect([JSON.parse(textOf(got)), got.headers.get('content-type')]).toEqual([{ a: 1, b: 2 }, 'application/json; charset=utf-8']);
});

test.each(EVERYWHERE)('Communication 2.2 $name in $version: bytes of any type come back exactly, under the type they came with', async ({ kind, version }) => {
  const contents: readonly (readonly [type: string, content: string | Uint8Array])[] = [
    ['application/octet-stream', new Uint8Array(Array.from({ length: 256 }, (_, index) => index))],
    ['image/jpeg', randomBytes(1_500)],
    ['text/plain; charset="utf-16"', Buffer.from('plain', 'utf16le')],
    ['text/plain;charset=UTF-8', '\r\n line one\r\nline two \u0000 é '],
    ['text/html', '<script>alert(1)</script>'],
    ['application/vnd.example+json;v=2', '{"a" :  1.00}'],
    ['application/x-www-form-urlencoded', 'a=1&b=%20+'],
    ['multipart/form-data; boundary=x', '--x\r\n\r\n--x--'],
    ['multipart/mixed; boundary=x', '--x\r\n\r\n--x--'],
    [JSON_TYPE, '\ufeff{"a":1}'],
    [JSON_TYPE, '{"a":1,"a":2}'],
    ['application/xml', ''],
  ];
  for (const [type, content] of contents) {
    const document = freshDocument(kind, version);
    expect((await document.put(content, { ...ANY_NEW, 'Content-Type': type })).status).toBe(204);
    const got = await document.get();

    expect([got.status, got.headers.get('content-type'), got.bytes.toString('hex')]).toEqual([200, type, Buffer.from(content).toString('hex')]);
    expect(got.headers.get('etag')).toBe(etagOf(content));
    expect(got.headers.get('content-length')).toBe(String(Buffer.byteLength(content)));
  }
});

test('Communication 2.2 the type of a replaced document is that of the new one, also when it is new by POST', async () => {
  const document = freshDocument(STATE, '1.0.3');
  await document.post('first', { 'Content-Type': 'text/plain' });
  await document.put('{}', { 'Content-Type': 'application/octet-stream' });
  const got = await document.get();

  expect([textOf(got), got.headers.get('content-type')]).toEqual(['{}', 'application/octet-stream']);
});

test('IEEE 9274.1.1 Last-Modified moves with an update, also when the content is the same', async () => {
  const document = freshDocument(STATE, '2.0.0');
  await document.put('{"a":1}', ANY_NEW);
  const [before] = await app.database.sql.rows<{ updated: string }>('select updated::text as updated from lrs.document where document_id = $1', [
    String(document.parameters['stateId']),
  ]);
  await document.put('{"a":1}', { 'If-Match': '*' });
  const [after] = await app.database.sql.rows<{ updated: string }>('select updated::text as updated from lrs.document where document_id = $1', [
    String(document.parameters['stateId']),
  ]);

  expect(String(after?.updated) > String(before?.updated)).toBe(true);
  expect((await document.get()).headers.get('last-modified')).toBe(new Date(String(after?.updated)).toUTCString());
});

/** The ids in a list, which needs every parameter of a document but its id. */
async function listOf(kind: Kind, scope: Parameters, version: Version = '1.0.3'): Promise<readonly string[]> {
  const answer = await send(kind, 'GET', scope, version);
  expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([200, JSON_TYPE]);
  return JSON.parse(textOf(answer)) as string[];
}

test.each(EVERYWHERE)('Communication 2.2 $name in $version: GET without an id lists the ids of its scope alone', async ({ kind, version }) => {
  const [scope, other] = [kind.freshScope(), kind.freshScope()];
  const ids = ['b', 'a', 'Ünï "quoted" / \\ 😀', ' '];
  for (const id of ids) await send(kind, 'PUT', { ...scope, [kind.id]: id }, version, { body: '{}', headers: { 'Content-Type': JSON_TYPE, ...ANY_NEW } });
  await send(kind, 'PUT', { ...other, [kind.id]: 'elsewhere' }, version, { body: '{}', headers: { 'Content-Type': JSON_TYPE, ...ANY_NEW } });

  expect([...(await listOf(kind, scope, version))].sort()).toEqual([...ids].sort());
  expect(await listOf(kind, other, version)).toEqual(['elsewhere']);
  expect(await listOf(kind, kind.freshScope(), version)).toEqual([]);
});

test.each(EVERYWHERE)('Communication 2.2 $name in $version: since lists what was changed after it, to the microsecond', async ({ kind, version }) => {
  const scope = kind.freshScope();
  const write = (id: string, headers: Parameters) =>
    send(kind, 'PUT', { ...scope, [kind.id]: id }, version, { body: `"${randomUUID()}"`, headers: { 'Content-Type': JSON_TYPE, ...headers } });
  for (const id of ['one', 'two', 'three']) await write(id, ANY_NEW);
  await write('one', { 'If-Match': '*' });
  const rows = await app.database.sql.rows<{ documentId: string; updated: string }>(
    `select document_id, to_char(updated at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as updated from lrs.document d
     where exists (select from lrs.document o where o.scope_key = d.scope_key and o.document_id = 'one' and o.content = $1) order by updated`,
    [(await send(kind, 'GET', { ...scope, [kind.id]: 'one' }, version)).bytes],
  );

  expect(rows.map(({ documentId }) => documentId)).toEqual(['two', 'three', 'one']);
  for (const [index, { updated }] of rows.entries()) {
    const later = rows.slice(index + 1).map(({ documentId }) => documentId);
    expect([...(await listOf(kind, { ...scope, since: updated }, version))].sort()).toEqual(later.sort());
  }
  expect(await listOf(kind, { ...scope, since: '2999-01-01T00:00:00+07:00' }, version)).toEqual([]);
  expect(await listOf(kind, { ...scope, since: '2001-01-01T00:00:00Z' }, version)).toHaveLength(3);
});

test.each(VERSIONS)('Communication 2.3 state in %s: a registration has documents of its own', async (version) => {
  const scope = STATE.freshScope();
  const [first, second] = [randomUUID(), randomUUID()];
  const address = (registration?: string): Parameters => ({ ...scope, stateId: 'same', ...(registration !== undefined && { registration }) });
  const write = (parameters: Parameters, body: string) => send(STATE, 'PUT', parameters, version, { body, headers: { 'Content-Type': JSON_TYPE } });
  const read = async (parameters: Parameters) => textOf(await send(STATE, 'GET', parameters, version));
  for (const [registration, body] of [
    [undefined, '"none"'],
    [first, '"first"'],
    [second, '"second"'],
  ] as const)
    expect((await write(address(registration), body)).status).toBe(204);

  expect([await read(address()), await read(address(first)), await read(address(second))]).toEqual(['"none"', '"first"', '"second"']);
  expect(await read(address(first.toUpperCase()))).toBe('"first"');
  expect((await send(STATE, 'GET', address(randomUUID()), version)).status).toBe(404);
  expect((await send(STATE, 'DELETE', address(first), version)).status).toBe(204);
  expect([await read(address()), await read(address(second))]).toEqual(['"none"', '"second"']);
  expect((await send(STATE, 'GET', address(first), version)).status).toBe(404);
});

test.each(VERSIONS)('Communication 2.3 state in %s: DELETE without stateId takes all, with a registration its own alone', async (version) => {
  const [scope, other] = [STATE.freshScope(), STATE.freshScope()];
  const [first, second] = [randomUUID(), randomUUID()];
  const places = [{}, { registration: first }, { registration: second }].flatMap((place) => ['a', 'b'].map((stateId): Parameters => ({ ...place, stateId })));
  const headers = { 'Content-Type': JSON_TYPE };
  for (const place of places) await send(STATE, 'PUT', { ...scope, ...place }, version, { body: '{}', headers });
  await send(STATE, 'PUT', { ...other, stateId: 'a' }, version, { body: '{}', headers });
  const there = async () => {
    const statuses = await Promise.all(places.map(async (place) => (await send(STATE, 'GET', { ...scope, ...place }, version)).status));
    return statuses.map((status) => status === 200);
  };

  expect(await there()).toEqual([true, true, true, true, true, true]);
  expect((await send(STATE, 'DELETE', { ...scope, registration: first }, version)).status).toBe(204);
  expect(await there()).toEqual([true, true, false, false, true, true]);
  expect((await send(STATE, 'DELETE', scope, version)).status).toBe(204);
  expect(await there()).toEqual([false, false, false, false, false, false]);
  expect(await listOf(STATE, other, version)).toEqual(['a']);
});

test('account-key: an agent is its identifier, and one is not mistaken for another', async () => {
  const activity = freshActivity();
  const account = (homePage: string, name: string) => ({ account: { homePage, name } });
  const agents = [
    account('https://a.example/b', 'c'),
    account('https://a.example', '/bc'),
    account('https://a.example/', 'b::c'),
    account('https://a.example/b', ':c'),
    { mbox: 'mailto:c@a.example' },
    { mbox_sha1sum: hash('sha1', 'mailto:c@a.example', 'hex') },
    { openid: 'https://a.example/b' },
  ];
  const address = (agent: object): Parameters => ({ ...activity, agent: JSON.stringify(agent), stateId: 'x' });
  for (const [index, agent] of agents.entries())
    await send(STATE, 'PUT', address(agent), '1.0.3', { body: String(index), headers: { 'Content-Type': JSON_TYPE } });

  const read = async (agent: object) => textOf(await send(STATE, 'GET', address(agent), '1.0.3'));
  expect(await Promise.all(agents.map(read))).toEqual(agents.map((_, index) => String(index)));
  expect(await read({ objectType: 'Agent', name: 'Another name', account: { name: 'c', homePage: 'https://a.example/b' } })).toBe('0');
});

type Breach = readonly [label: string, kind: Kind, change: (parameters: Parameters) => Parameters, path: string];

const without =
  (name: string) =>
  (parameters: Parameters): Parameters =>
    Object.fromEntries(Object.entries(parameters).filter(([key]) => key !== name));
const withValue =
  (name: string, value: string) =>
  (parameters: Parameters): Parameters => ({ ...parameters, [name]: value });

const BREACHES: readonly Breach[] = [
  ...KINDS.filter((kind) => kind !== AGENT_PROFILE).flatMap((kind): Breach[] => [
    [`${kind.name} without activityId`, kind, without('activityId'), '/query/activityId'],
    [`${kind.name} with an empty activityId`, kind, withValue('activityId', ''), '/query/activityId'],
    [`${kind.name} with an activityId that is no IRI`, kind, withValue('activityId', 'unit-1'), '/query/activityId'],
  ]),
  ...KINDS.filter((kind) => kind !== ACTIVITY_PROFILE).flatMap((kind): Breach[] => [
    [`${kind.name} without agent`, kind, without('agent'), '/query/agent'],
    [`${kind.name} with an agent that is no JSON`, kind, withValue('agent', 'ani'), '/query/agent'],
    [`${kind.name} with an agent that is a number`, kind, withValue('agent', '1'), '/query/agent'],
    [`${kind.name} with an agent without identifier`, kind, withValue('agent', '{"name":"Ani"}'), '/query/agent'],
    [`${kind.name} with an agent of two identifiers`, kind, withValue('agent', '{"mbox":"mailto:a@b.example","openid":"https://a.example"}'), '/query/agent'],
    [`${kind.name} with an mbox that is no mailto`, kind, withValue('agent', '{"mbox":"a@b.example"}'), '/query/agent/mbox'],
  ]),
  ['state with a registration that is no UUID', STATE, withValue('registration', 'r-1'), '/query/registration'],
  ['activity profile with a registration', ACTIVITY_PROFILE, withValue('registration', '3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b01'), '/query/registration'],
  ['agent profile with a registration', AGENT_PROFILE, withValue('registration', '3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b01'), '/query/registration'],
  ['activity profile with an agent', ACTIVITY_PROFILE, withValue('agent', '{"mbox":"mailto:a@b.example"}'), '/query/agent'],
  ['agent profile with an activityId', AGENT_PROFILE, withValue('activityId', 'https://a.example'), '/query/activityId'],
  ['state with a profileId', STATE, withValue('profileId', 'x'), '/query/profileId'],
  ['activity profile with a stateId', ACTIVITY_PROFILE, withValue('stateId', 'x'), '/query/stateId'],
  ...KINDS.flatMap((kind): Breach[] => [
    [`${kind.name} with an unknown parameter`, kind, withValue('foo', 'bar'), '/query/foo'],
    [`${kind.name} with its id in another case`, kind, withValue(kind.id.toUpperCase(), 'x'), `/query/${kind.id.toUpperCase()}`],
    [`${kind.name} with an empty id`, kind, withValue(kind.id, ''), `/query/${kind.id}`],
    [`${kind.name} with NUL in its id`, kind, withValue(kind.id, 'a\0b'), `/query/${kind.id}`],
  ]),
];

test.each(BREACHES)('Communication 2.2 %s is 400 by every method', async (_label, kind, change, path) => {
  const scope = { ...kind.freshScope(), [kind.id]: 'x' };
  await send(kind, 'PUT', scope, '2.0.0', { body: '{}', headers: { 'Content-Type': JSON_TYPE } });
  for (const version of VERSIONS) {
    for (const method of ['PUT', 'POST', 'GET', 'DELETE']) {
      const isWrite = method === 'PUT' || method === 'POST';
      const attempt = () => send(kind, method, change(scope), version, { ...(isWrite && { body: '{}' }), headers: { 'Content-Type': JSON_TYPE, ...ANY_NEW } });
      const answer = await expectRefusal(attempt, 400);
      expect(errorOf(answer).violations.map((violation) => violation.path)).toContain(path);
    }
    expect((await send(kind, 'HEAD', change(scope), version)).status).toBe(400);
  }
});

test.each(KINDS)('Communication 2.2 $name: PUT and POST need the id, DELETE only of state does not', async (kind) => {
  const scope = kind.freshScope();
  for (const version of VERSIONS) {
    for (const method of ['PUT', 'POST'])
      await expectRefusal(() => send(kind, method, scope, version, { body: '{}', headers: { 'Content-Type': JSON_TYPE, ...ANY_NEW } }), 400);
    if (kind !== STATE) await expectRefusal(() => send(kind, 'DELETE', scope, version), 400);
  }
});

test.each(KINDS)('Communication 2.2 $name: since must be a timestamp, stands beside no id and not in a change', async (kind) => {
  const scope = kind.freshScope();
  const document = { ...scope, [kind.id]: 'x' };
  await send(kind, 'PUT', document, '2.0.0', { body: '{}', headers: { 'Content-Type': JSON_TYPE } });

  for (const since of ['', 'yesterday', '2026-13-01T00:00:00Z', '1700000000']) await expectRefusal(() => send(kind, 'GET', { ...scope, since }, '1.0.3'), 400);
  await expectRefusal(() => send(kind, 'GET', { ...document, since: '2026-01-01T00:00:00Z' }, '1.0.3'), 400);
  await expectRefusal(() => send(kind, 'DELETE', { ...document, since: '2026-01-01T00:00:00Z' }, '1.0.3'), 400);
  await expectRefusal(
    () => send(kind, 'PUT', { ...document, since: '2026-01-01T00:00:00Z' }, '1.0.3', { body: '{}', headers: { 'Content-Type': JSON_TYPE, 'If-Match': '*' } }),
    400,
  );
});

test('Communication 3.2 a parameter given twice is 400', async () => {
  const scope = query({ ...STATE.freshScope(), stateId: 'a' });

  await expectRefusal(() => sendBytes(app, 'GET', `/activities/state?${scope}&stateId=b`), 400);
  await expectRefusal(() => sendBytes(app, 'DELETE', `/activities/state?${scope}&stateId=a`), 400);
});

const SCOPES = ['statements/write', 'statements/read/mine', 'statements/read', 'state', 'define', 'profile', 'all/read', 'all'] as const;
const READS: { readonly [name in Kind['name']]: readonly string[] } = {
  state: ['state', 'all/read', 'all'],
  'activity profile': ['profile', 'all/read', 'all'],
  'agent profile': ['profile', 'all/read', 'all'],
};
const WRITES: typeof READS = { state: ['state', 'all'], 'activity profile': ['profile', 'all'], 'agent profile': ['profile', 'all'] };

test.each(KINDS)('Communication 4.2 $name: the scope decides who reads and who writes', async (kind) => {
  const scope = kind.freshScope();
  const address = { ...scope, [kind.id]: 'x' };
  const headers = { 'Content-Type': JSON_TYPE };
  for (const granted of SCOPES) {
    await send(kind, 'PUT', address, '1.0.3', { body: '{}', headers: { ...headers, ...ANY_NEW } });
    const credential = await app.createCredential([granted]);
    const [mayRead, mayWrite] = [READS[kind.name].includes(granted), WRITES[kind.name].includes(granted)];
    const before = await everything();
    const attempts: readonly (readonly [method: string, parameters: Parameters, options: BytesRequest, allowed: boolean, status: number])[] = [
      ['GET', address, {}, mayRead, 200],
      ['HEAD', address, {}, mayRead, 200],
      ['GET', scope, {}, mayRead, 200],
      ['PUT', address, { body: '{"a":1}', headers: { ...headers, 'If-Match': '*' } }, mayWrite, 204],
      ['POST', address, { body: '{"a":1}', headers }, mayWrite, 204],
      ['DELETE', address, {}, mayWrite, 204],
      ...(kind === STATE ? [['DELETE', scope, {}, mayWrite, 204] as const] : []),
    ];
    for (const [method, parameters, options, allowed, status] of attempts)
      expect([granted, method, (await send(kind, method, parameters, '1.0.3', { ...options, credential })).status]).toEqual([
        granted,
        method,
        allowed ? status : 403,
      ]);
    if (!mayWrite) expect(await everything()).toEqual(before);
  }
});

test.each(KINDS)('Communication 4.0 $name: without credentials, or with wrong ones, 401 and nothing changes', async (kind) => {
  const address = { ...kind.freshScope(), [kind.id]: 'x' };
  for (const credential of [null, { ...app.credential, secret: 'wrong' }, { ...app.credential, key: 'nobody' }]) {
    for (const [method, body] of [['GET'], ['PUT', '{}'], ['POST', '{}'], ['DELETE']] as const) {
      const options = { credential, headers: { 'Content-Type': JSON_TYPE, ...ANY_NEW }, ...(body !== undefined && { body }) };
      await expectRefusal(() => send(kind, method, address, '1.0.3', options), 401);
    }
  }
});

test.each(EVERYWHERE)('$name in $version: a document of the limit is kept, one byte more is 413', async ({ kind, version }) => {
  const full = randomBytes(MAX_BODY);
  const type = { 'Content-Type': 'application/octet-stream' };
  const document = freshDocument(kind, version);

  expect((await document.put(full, { ...type, ...ANY_NEW })).status).toBe(204);
  expect((await document.get()).bytes.equals(full)).toBe(true);
  await expectRefusal(() => document.put(randomBytes(MAX_BODY + 1), { ...type, 'If-Match': '*' }), 413);
  await expectRefusal(() => freshDocument(kind, version).post(randomBytes(MAX_BODY + 1), type), 413);
});

test('chunked-limit: a body that does not say its length is held to the limit too', async () => {
  const path = `/xapi/activities/state?${query({ ...STATE.freshScope(), stateId: 'chunked' })}`;
  const put = (bytes: Uint8Array) =>
    new Promise<number>((resolve, reject) => {
      const { port } = new URL(app.url);
      const headers = { Authorization: basicOf(app.credential), 'X-Experience-API-Version': '1.0.3', 'Content-Type': 'application/octet-stream' };
      const outgoing = request({ host: '127.0.0.1', port, path, method: 'PUT', headers }, (incoming) => {
        incoming.resume().on('end', () => resolve(incoming.statusCode ?? 0));
      });
      outgoing.on('error', reject);
      for (let start = 0; start < bytes.length; start += 500) outgoing.write(bytes.subarray(start, start + 500));
      outgoing.end();
    });
  const before = await everything();

  expect(await put(new Uint8Array(MAX_BODY + 1))).toBe(413);
  expect(await everything()).toEqual(before);
  expect(await put(new Uint8Array(MAX_BODY))).toBe(204);
});

test.each(EVERYWHERE)('state-merge-race: $name in $version, 40 concurrent merges of 40 keys leave 40 keys', async ({ kind, version }) => {
  const document = freshDocument(kind, version);
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => document.post(`{"k${index}":${index}}`)));

  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 204));
  expect(JSON.parse(textOf(await document.get()))).toEqual(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`k${index}`, index])));
});

test.each(VERSIONS)('state-null-registration: in %s concurrent first PUTs without registration make one document', async (version) => {
  for (let round = 0; round < 10; round += 1) {
    const document = freshDocument(STATE, version);
    const answers = await Promise.all([document.put('"a"'), document.put('"b"')]);
    const rows = await app.database.sql.rows('select from lrs.document where document_id = $1', [String(document.parameters['stateId'])]);

    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual(version === '1.0.3' ? [204, 204] : [204, 409]);
    expect(rows).toHaveLength(1);
  }
});

interface ModelDocument {
  readonly type: string;
  /** Members of a JSON object as they were written, or null for other content. */
  readonly members: ReadonlyMap<string, string> | null;
  readonly content: string;
}

interface Operation {
  readonly method: 'PUT' | 'POST' | 'DELETE' | 'DELETE ALL';
  readonly id: string;
  readonly registration: string | undefined;
  readonly document: ModelDocument;
  readonly ifMatch: 'none' | 'right' | 'wrong' | 'any';
  readonly isNew: boolean;
}

const REGISTRATIONS = [undefined, '11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const LEXEMES = ['1', '1.0', '1E2', '-0', '12345678901234567890', '"x"', '"\\u0041\\/"', 'null', '{"a":1.50}', '[ ]'];

const anyObject = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', '__proto__', 'é'), fc.constantFrom(...LEXEMES)), { selector: ([key]) => key }).map(
  (members): ModelDocument => ({
    type: JSON_TYPE,
    members: new Map(members),
    content: `{${members.map(([key, lexeme]) => `"${key}":${lexeme}`).join(',')}}`,
  }),
);
const anyOther = fc
  .tuple(fc.constantFrom('text/plain', 'application/octet-stream'), fc.constantFrom('', '{}', 'text'))
  .map(([type, content]): ModelDocument => ({ type, members: null, content }));
const anyOperation: fc.Arbitrary<Operation> = fc.record({
  method: fc.constantFrom('PUT', 'PUT', 'POST', 'POST', 'POST', 'DELETE', 'DELETE ALL'),
  id: fc.constantFrom('one', 'two'),
  registration: fc.constantFrom(...REGISTRATIONS),
  document: fc.oneof({ weight: 3, arbitrary: anyObject }, { weight: 1, arbitrary: anyOther }),
  ifMatch: fc.constantFrom('none', 'none', 'right', 'wrong', 'any'),
  isNew: fc.boolean(),
});

/** The rules of lrs.md section 3, once more and as plainly as can be. */
class NaiveDocuments {
  readonly documents = new Map<string, ModelDocument>();
  readonly #kind: Kind;
  readonly #version: Version;

  constructor(kind: Kind, version: Version) {
    this.#kind = kind;
    this.#version = version;
  }

  key = ({ id, registration }: Pick<Operation, 'id' | 'registration'>): string => `${registration ?? ''} ${id}`;

  apply(operation: Operation): number {
    const key = this.key(operation);
    const old = this.documents.get(key);
    const { method, document, ifMatch, isNew } = operation;
    if (method === 'DELETE ALL') {
      for (const one of this.documents.keys())
        if (operation.registration === undefined || one.startsWith(`${operation.registration} `)) this.documents.delete(one);
      return 204;
    }
    if (method === 'PUT' && ifMatch === 'none' && !isNew) {
      if (old && (this.#kind !== STATE || this.#version === '2.0.0')) return 409;
      if (!old && this.#kind !== STATE && this.#version === '1.0.3') return 400;
    }
    if (ifMatch !== 'none' && !(old && ifMatch !== 'wrong')) return 412;
    if (isNew && old) return 412;
    if (method === 'DELETE') this.documents.delete(key);
    else if (method === 'PUT' || !old) this.documents.set(key, document);
    else {
      if (!old.members || !document.members) return 400;
      this.documents.set(key, { ...old, members: new Map([...old.members, ...document.members]), content: '' });
    }
    return 204;
  }
}

/** What a document is, whatever the order of its members. */
const membersAsSent = (text: string): readonly string[] => [...text.slice(1, -1).matchAll(/"(?:a|b|__proto__|é)":(?:\{[^}]*\}|[^,])+/g)].map(String).sort();
const membersInModel = ({ members }: ModelDocument): readonly string[] => [...(members ?? [])].map(([key, lexeme]) => `"${key}":${lexeme}`).sort();

test.each(EVERYWHERE)('$name in $version: any sequence of requests answers and leaves what a naive model does', async ({ kind, version }) => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyOperation, { minLength: 1, maxLength: 25 }), async (operations) => {
      const scope = kind.freshScope();
      const model = new NaiveDocuments(kind, version);
      const place = ({ registration }: Pick<Operation, 'registration'>): Parameters =>
        kind === STATE && registration !== undefined ? { ...scope, registration } : scope;
      const address = (operation: Pick<Operation, 'id' | 'registration'>): Parameters => ({ ...place(operation), [kind.id]: operation.id });

      for (const drawn of operations) {
        // Only state has registrations and is deleted as a whole.
        const operation: Operation =
          kind === STATE ? drawn : { ...drawn, registration: undefined, method: drawn.method === 'DELETE ALL' ? 'DELETE' : drawn.method };
        const { method, document, ifMatch, isNew } = operation;
        const tag = (await send(kind, 'GET', address(operation), version)).headers.get('etag') ?? etagOf('');
        const headers = {
          'Content-Type': document.type,
          'If-Match': { none: null, right: tag, wrong: etagOf(randomUUID()), any: '*' }[ifMatch],
          'If-None-Match': isNew ? '*' : null,
        };
        const answer = await (method === 'DELETE' || method === 'DELETE ALL'
          ? send(kind, 'DELETE', method === 'DELETE' ? address(operation) : place(operation), version, { headers })
          : send(kind, method, address(operation), version, { body: document.content, headers }));

        expect({ operation, status: answer.status }).toEqual({ operation, status: model.apply(operation) });
        const expected = model.documents.get(model.key(operation));
        const got = await send(kind, 'GET', address(operation), version);
        expect([got.status, got.status === 200 ? got.headers.get('content-type') : null]).toEqual([expected ? 200 : 404, expected?.type ?? null]);
        if (expected?.members) expect(membersAsSent(textOf(got))).toEqual(membersInModel(expected));
        else if (expected) expect(textOf(got)).toBe(expected.content);
      }
      const ids = [...new Set([...model.documents.keys()].map((key) => key.split(' ')[1] ?? ''))].sort();
      expect([...(await listOf(kind, scope, version))].sort()).toEqual(ids);
    }),
    { numRuns: 15 },
  );
});
