import { hash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Answer, startTestApp, type TestApp } from '../support/app.ts';
import type { Json } from '../support/json.ts';
import { type BytesAnswer, basicOf, sendBytes } from '../support/send.ts';

type Fields = Readonly<Record<string, string>>;

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const statement = (extra: Json = {}): Json => ({
  actor: { mbox: 'mailto:ani@example.org' },
  verb: { id: 'https://verbs.example/did' },
  object: { id: 'https://things.example/it' },
  ...extra,
});

const query = (parameters: Fields): string => new URLSearchParams(parameters).toString();
const textOf = ({ bytes }: BytesAnswer): string => bytes.toString('utf8');
const etagOf = (content: string): string => `"${hash('sha1', content, 'hex')}"`;
const freshState = (): Fields => ({
  activityId: `https://content.example/${randomUUID()}`,
  agent: JSON.stringify({ mbox: `mailto:${randomUUID()}@example.org` }),
  stateId: 'resume',
});

const without =
  (name: string) =>
  (fields: Fields): Fields =>
    Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));

const everything = async () => [
  await app.counts(),
  await app.database.sql.rows(
    `select scope_key, registration, document_key, content_type, encode(content, 'hex'), updated::text from lrs.document order by 1, 2, 3`,
  ),
];

/** The media type that Storyline sends forms as (LL#699). */
const STORYLINE = 'text/plain;charset=UTF-8';

/** Sends a request as content without own headers does: all of it in the form of a POST. */
const sendForm = async (path: string, method: string, fields: Fields, type = STORYLINE, address = `?method=${method}`): Promise<BytesAnswer> =>
  sendBytes(app, 'POST', `${path}${address}`, {
    body: query(fields),
    credential: null,
    headers: { 'X-Experience-API-Version': null, 'Content-Type': type },
  });

/** The headers that Storyline puts into its forms. */
const headersInForm = (): Fields => ({ Authorization: basicOf(app.credential), 'X-Experience-API-Version': '1.0.3', 'Content-Type': 'application/json' });

test.each([STORYLINE, 'application/x-www-form-urlencoded', 'application/x-www-form-urlencoded; charset=ISO-8859-1', 'text/plain'])(
  'Communication 1.3 Storyline: state is written, read, listed and deleted by forms of the type %s, with everything in the form',
  async (type) => {
    const state = freshState();
    const scope = without('stateId')(state);
    const content = '{"slide":"3.é & 4","x":1.0}';
    const missing = await sendForm('/activities/state', 'GET', { ...headersInForm(), ...state }, type);
    const put = await sendForm('/activities/state', 'PUT', { ...headersInForm(), ...state, content }, type);
    const got = await sendForm('/activities/state', 'GET', { ...headersInForm(), ...state }, type);
    const list = await sendForm('/activities/state', 'GET', { ...headersInForm(), ...scope }, type);

    expect(missing.status).toBe(404);
    expect([put.status, got.status, textOf(got), got.headers.get('content-type')]).toEqual([204, 200, content, 'application/json']);
    expect([got.headers.get('etag'), got.headers.get('x-experience-api-version')]).toEqual([etagOf(content), '1.0.3']);
    expect(JSON.parse(textOf(list))).toEqual(['resume']);
    expect((await sendForm('/activities/state', 'POST', { ...headersInForm(), ...state, content: '{"y":2}' }, type)).status).toBe(204);
    expect(JSON.parse(textOf(await sendForm('/activities/state', 'GET', { ...headersInForm(), ...state }, type)))).toEqual({ slide: '3.é & 4', x: 1, y: 2 });
    expect((await sendForm('/activities/state', 'DELETE', { ...headersInForm(), ...state }, type)).status).toBe(204);
    expect((await sendForm('/activities/state', 'GET', { ...headersInForm(), ...state }, type)).status).toBe(404);
  },
);

test('Communication 1.3 If-Match and If-None-Match in the form hold as in the headers', async () => {
  const profile = { activityId: `https://content.example/${randomUUID()}`, profileId: 'p' };
  const put = async (content: string, fields: Fields) =>
    (await sendForm('/activities/profile', 'PUT', { ...headersInForm(), ...profile, ...fields, content })).status;

  expect(await put('"a"', {})).toBe(400);
  expect(await put('"a"', { 'If-None-Match': '*' })).toBe(204);
  expect(await put('"b"', { 'If-None-Match': '*' })).toBe(412);
  expect(await put('"b"', {})).toBe(409);
  expect(await put('"b"', { 'If-Match': etagOf('"c"') })).toBe(412);
  expect(textOf(await sendForm('/activities/profile', 'GET', { ...headersInForm(), ...profile }))).toBe('"a"');
  expect(await put('"b"', { 'if-match': etagOf('"a"') })).toBe(204);
  expect(textOf(await sendForm('/activities/profile', 'GET', { ...headersInForm(), ...profile }))).toBe('"b"');
});

test('Communication 1.3 statements are written and read by forms', async () => {
  const [id, verb] = [randomUUID(), `https://verbs.example/${randomUUID()}`];
  const one = JSON.stringify(statement({ id, verb: { id: verb }, result: { response: 'ä & = + % "' } }));
  const put = await sendForm('/statements', 'PUT', { ...headersInForm(), statementId: id, content: one });
  const post = await sendForm('/statements', 'POST', { ...headersInForm(), content: JSON.stringify([statement({ verb: { id: verb } })]) });
  const single = await sendForm('/statements', 'GET', { ...headersInForm(), statementId: id });
  const list = await sendForm('/statements', 'GET', { ...headersInForm(), verb, limit: '10' });

  expect([put.status, post.status, single.status, list.status]).toEqual([204, 200, 200, 200]);
  expect(textOf(single).startsWith(one.slice(0, -1))).toBe(true);
  expect((JSON.parse(textOf(list)) as { statements: Json[] }).statements.map((found) => found['id'])).toEqual([...(JSON.parse(textOf(post)) as string[]), id]);
});

test('Communication 1.3 the body of a form may be other than JSON when its own Content-Type says so', async () => {
  const state = freshState();
  await sendForm('/activities/state', 'PUT', { ...headersInForm(), 'Content-Type': 'text/plain', ...state, content: 'a b\r\nc' });
  const got = await sendForm('/activities/state', 'GET', { ...headersInForm(), ...state });

  expect([textOf(got), got.headers.get('content-type')]).toEqual(['a b\r\nc', 'text/plain']);
});

test('Communication 1.3 headers that are real count where the form has none', async () => {
  const state = freshState();
  const answer = await sendBytes(app, 'POST', '/activities/state?method=PUT', {
    body: query({ ...state, content: '{}' }),
    headers: { 'Content-Type': STORYLINE },
  });

  expect(answer.status).toBe(204);
  expect((await sendBytes(app, 'GET', `/activities/state?${query(state)}`)).headers.get('content-type')).toBe('application/json');
});

test.each<[label: string, path: string, method: string, fields: (good: Fields) => Fields, address: string, status: number]>([
  ['another parameter in the address', '/activities/state', 'PUT', (good) => good, '?method=PUT&stateId=resume', 400],
  ['the version in the address', '/activities/state', 'PUT', (good) => good, '?method=PUT&X-Experience-API-Version=1.0.3', 400],
  ['credentials in the address', '/activities/state', 'PUT', (good) => good, '?method=PUT&Authorization=x', 400],
  ['method twice', '/activities/state', 'PUT', (good) => good, '?method=PUT&method=GET', 400],
  ['a method that is none', '/activities/state', 'PATCH', (good) => good, '?method=PATCH', 400],
  ['a method in lower case', '/activities/state', 'put', (good) => good, '?method=put', 400],
  ['no method', '/activities/state', '', (good) => good, '?method=', 400],
  ['PUT without content', '/activities/state', 'PUT', without('content'), '?method=PUT', 400],
  ['POST without content', '/statements', 'POST', () => headersInForm(), '?method=POST', 400],
  ['no version anywhere', '/activities/state', 'PUT', without('X-Experience-API-Version'), '?method=PUT', 400],
  ['a version that is not supported', '/activities/state', 'PUT', (good) => ({ ...good, 'X-Experience-API-Version': '0.95' }), '?method=PUT', 400],
  ['no credentials', '/activities/state', 'PUT', without('Authorization'), '?method=PUT', 401],
  ['wrong credentials', '/activities/state', 'PUT', (good) => ({ ...good, Authorization: 'Basic eDp5' }), '?method=PUT', 401],
  ['an unknown parameter', '/activities/state', 'PUT', (good) => ({ ...good, foo: 'bar' }), '?method=PUT', 400],
  ['a method that the resource has not', '/statements', 'DELETE', (good) => good, '?method=DELETE', 405],
])('Communication 1.3 a form is refused and changes nothing: %s', async (_label, path, method, fields, address, status) => {
  const before = await everything();
  const answer = await sendForm(path, method, fields({ ...headersInForm(), ...freshState(), content: '{}' }), STORYLINE, address);

  expect({ status: answer.status, isVersioned: answer.headers.has('x-experience-api-version') }).toEqual({ status, isVersioned: true });
  expect(await everything()).toEqual(before);
});

test('IEEE 9274.1.1 there is no alternate request syntax in 2.0, on POST and on PUT', async () => {
  const before = await everything();
  const form = { ...headersInForm(), 'X-Experience-API-Version': '2.0.0', ...freshState(), content: '{}' };
  const inForm = await sendForm('/activities/state', 'PUT', form);
  const inHeaders = await Promise.all(
    ['POST', 'PUT'].map(async (method) =>
      sendBytes(app, method, '/statements?method=PUT', {
        body: JSON.stringify(statement()),
        headers: { 'X-Experience-API-Version': '2.0.0', 'Content-Type': 'application/json' },
      }),
    ),
  );

  expect([inForm.status, ...inHeaders.map(({ status }) => status)]).toEqual([400, 400, 400]);
  expect(await everything()).toEqual(before);
});

test('the address of a form, which browsers send on as Referer, stays here', async () => {
  const answer = await sendForm('/activities/state', 'GET', { ...headersInForm(), ...freshState() });

  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
});

test('Storyline: missing state is 404, and a state of {} is {} (LL#847)', async () => {
  const state = freshState();
  const missing = await sendBytes(app, 'GET', `/activities/state?${query(state)}`);
  await sendBytes(app, 'PUT', `/activities/state?${query(state)}`, { body: '{}', headers: { 'Content-Type': 'application/json' } });
  const empty = await sendBytes(app, 'GET', `/activities/state?${query(state)}`);

  expect([missing.status, empty.status, textOf(empty)]).toEqual([404, 200, '{}']);
});

test.each([
  'http://6jLq3vXYz_course_id',
  'urn:articulate:storyline:5ZcM9RBJ4W1',
  'tag:example.org,2026:course',
  'http://localhost:8080/course?x=1#slide',
  'https://contoh.example/pelatihan/ß/é',
])('Storyline: the activity id %s is taken as it is, in statements and in state', async (activityId) => {
  const id = randomUUID();
  const state = { ...freshState(), activityId };
  expect((await app.xapi('POST', '/statements', { body: statement({ id, object: { id: activityId } }) })).status).toBe(200);
  await sendBytes(app, 'PUT', `/activities/state?${query(state)}`, { body: '{}', headers: { 'Content-Type': 'application/json' } });
  const list = (await app.xapi('GET', `/statements?${query({ activity: activityId })}`)) as Answer<{ statements: Json[] }>;

  expect(list.body.statements.map((one) => [one['id'], one['object']])).toEqual([[id, { id: activityId }]]);
  expect((await sendBytes(app, 'GET', `/activities/state?${query(state)}`)).status).toBe(200);
});

test('Storyline: the ids of a copied course come again with other content: 409, and the first ones stay', async () => {
  const id = randomUUID();
  await app.xapi('POST', '/statements', { body: statement({ id }) });
  const before = [await everything(), (await app.xapi('GET', `/statements?statementId=${id}`)).text];
  const copy = await app.xapi('PUT', `/statements?statementId=${id}`, { body: statement({ id, object: { id: 'https://things.example/copy' } }) });

  expect(copy.status).toBe(409);
  expect([await everything(), (await app.xapi('GET', `/statements?statementId=${id}`)).text]).toEqual(before);
});

test.each(['suspend_data=1^2^3', 'undefined', '', '{"a":1', 'null', '[1,2]'])(
  'Captivate and Rise: a state PUT as application/json that is not JSON is kept: %j',
  async (content) => {
    const state = freshState();
    const put = await sendBytes(app, 'PUT', `/activities/state?${query(state)}`, { body: content, headers: { 'Content-Type': 'application/json' } });
    const got = await sendBytes(app, 'GET', `/activities/state?${query(state)}`);

    expect([put.status, got.status, textOf(got), got.headers.get('content-type')]).toEqual([204, 200, content, 'application/json']);
  },
);

test('CATAPULT: POST of an empty list is 200 with an empty list', async () => {
  const before = await everything();
  const answer = await app.xapi('POST', '/statements', { body: [] });

  expect([answer.status, answer.text]).toEqual([200, '[]']);
  expect(await everything()).toEqual(before);
});

test.each(['//activities/state', '/activities//state', '//activities//state', '/activities/state/'])('CATAPULT: %s is /activities/state', async (path) => {
  const state = freshState();
  const put = await sendBytes(app, 'PUT', `${path}?${query(state)}`, { body: '{"a":1}', headers: { 'Content-Type': 'application/json' } });

  expect(put.status).toBe(204);
  expect(textOf(await sendBytes(app, 'GET', `/activities/state?${query(state)}`))).toBe('{"a":1}');
  expect(textOf(await sendBytes(app, 'GET', `${path}?${query(state)}`))).toBe('{"a":1}');
});

test('tincanjs: version 1.0.2, state as octet-stream under If-None-Match and If-Match, statements of version 1.0.2', async () => {
  const state = freshState();
  const bytes = new Uint8Array([0, 1, 2, 0xff, 0xfe, 13, 10]);
  const headers = { 'X-Experience-API-Version': '1.0.2', 'Content-Type': 'application/octet-stream' };
  const put = await sendBytes(app, 'PUT', `/activities/state?${query(state)}`, { body: bytes, headers: { ...headers, 'If-None-Match': '*' } });
  const got = await sendBytes(app, 'GET', `/activities/state?${query(state)}`, { headers });
  const again = await sendBytes(app, 'PUT', `/activities/state?${query(state)}`, {
    body: 'next',
    headers: { ...headers, 'If-Match': got.headers.get('etag') },
  });

  expect([put.status, got.bytes.equals(bytes), got.headers.get('content-type'), again.status]).toEqual([204, true, 'application/octet-stream', 204]);
  expect(got.headers.get('x-experience-api-version')).toBe('1.0.3');
  const id = randomUUID();
  const sent = await app.xapi('PUT', `/statements?statementId=${id}`, {
    body: statement({ id, version: '1.0.2' }),
    headers: { 'X-Experience-API-Version': '1.0.2' },
  });
  expect([sent.status, ((await app.xapi('GET', `/statements?statementId=${id}`)).body as Json)['version']]).toEqual([204, '1.0.2']);
});

test('Data 2.4.6.2 an activity that stands alone comes back as a list of one, and every other character as it was sent', async () => {
  const id = randomUUID();
  const activity = '{ "id" : "https://things.example/\\u0061" , "definition":{"extensions":{"https://ext.example/n":12345678901234567890}}}';
  const before = `{ "id":"${id}", "version":"1.0.3", "timestamp":"2026-03-01T08:00:00.10+07:00","actor":{"mbox":"mailto:ani@example.org"},"verb":{"id":"https://verbs.example/did"},`;
  const context = (wrap: (text: string) => string) =>
    `"context" : { "extensions":{"https://ext.example/grouping":{"grouping":{"id":"x"}}}, "contextActivities":{"parent":[ {"id":"https://things.example/p"} ],"grouping":${wrap(activity)},"other":${wrap('{"id":"https://things.example/o"}')}}}`;
  const whole = (wrap: (text: string) => string) =>
    `${before}"object":{"objectType":"SubStatement","actor":{"mbox":"mailto:ani@example.org"},"verb":{"id":"https://verbs.example/did"},"object":{"id":"https://things.example/it"},${context(wrap)}}, ${context(wrap)},"result":{"score":{"raw":1.0}}`;
  const sent = await app.xapi('POST', '/statements', { raw: `${whole((text) => text)} }` });
  const { text } = await app.xapi('GET', `/statements?statementId=${id}`);
  const expected = whole((alone) => `[${alone}]`);

  expect(sent.status).toBe(200);
  expect(text.slice(0, expected.length)).toBe(expected);
  expect(text.slice(expected.length)).toMatch(/^ ,"stored":"[^"]+","authority":\{.+\}\}$/);
});

const ORIGIN = 'https://content.example';

test.each(['/statements', '/activities/state', '/activities/profile', '/agents/profile', '/activities', '/agents', '/about'])(
  'a browser asks first whether it may call %s, without credentials and without version, and may',
  async (path) => {
    const wanted = ['authorization', 'content-type', 'if-match', 'if-none-match', 'x-experience-api-version', 'accept-language'];
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']) {
      const response = await fetch(`${app.url}/xapi${path}?x=1`, {
        method: 'OPTIONS',
        headers: { Origin: ORIGIN, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': wanted.join(',') },
      });
      const listed = (name: string) => (response.headers.get(name) ?? '').split(/\s*,\s*/).map((item) => item.toLowerCase());

      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
      expect(listed('access-control-allow-methods')).toContain(method.toLowerCase());
      expect(wanted.filter((name) => !listed('access-control-allow-headers').includes(name))).toEqual([]);
      expect(Number(response.headers.get('access-control-max-age'))).toBeGreaterThanOrEqual(600);
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    }
  },
);

test('a browser may read every answer and the headers that content needs, of refusals too', async () => {
  const state = freshState();
  await sendBytes(app, 'PUT', `/activities/state?${query(state)}`, { body: '{}', headers: { 'Content-Type': 'application/json' } });
  const headers = { Origin: ORIGIN };
  const answers = {
    200: await sendBytes(app, 'GET', `/activities/state?${query(state)}`, { headers }),
    204: await sendBytes(app, 'PUT', `/activities/state?${query(state)}`, { body: '{}', headers: { ...headers, 'Content-Type': 'application/json' } }),
    400: await sendBytes(app, 'GET', '/activities/state', { headers }),
    401: await sendBytes(app, 'GET', '/statements', { headers, credential: null }),
    404: await sendBytes(app, 'GET', `/activities/state?${query(freshState())}`, { headers }),
    405: await sendBytes(app, 'DELETE', '/statements', { headers }),
    412: await sendBytes(app, 'PUT', `/activities/state?${query(state)}`, {
      body: '{}',
      headers: { ...headers, 'Content-Type': 'application/json', 'If-None-Match': '*' },
    }),
  };
  const exposed = ['etag', 'last-modified', 'location', 'content-length', 'x-experience-api-version', 'x-experience-api-consistent-through'];

  for (const [status, answer] of Object.entries(answers)) {
    const listed = (answer.headers.get('access-control-expose-headers') ?? '').toLowerCase().split(/\s*,\s*/);
    expect([answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('set-cookie')]).toEqual([Number(status), '*', null]);
    expect([status, exposed.filter((name) => !listed.includes(name))]).toEqual([status, []]);
  }
});

test('a 401 to a browser has no WWW-Authenticate, which would open a login prompt; to others it has', async () => {
  for (const credential of [null, { ...app.credential, secret: 'wrong' }]) {
    const toBrowser = await sendBytes(app, 'GET', '/statements', { credential, headers: { Origin: ORIGIN } });
    const toOther = await sendBytes(app, 'GET', '/statements', { credential });

    expect([toBrowser.status, toBrowser.headers.get('www-authenticate')]).toEqual([401, null]);
    expect([toOther.status, toOther.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="xAPI", charset="UTF-8"']);
  }
  const inForm = await sendBytes(app, 'POST', '/activities/state?method=GET', {
    body: query({ 'X-Experience-API-Version': '1.0.3', ...freshState() }),
    credential: null,
    headers: { Origin: ORIGIN, 'Content-Type': STORYLINE, 'X-Experience-API-Version': null },
  });
  expect([inForm.status, inForm.headers.get('www-authenticate')]).toEqual([401, null]);
});

/** Which of `names` a canonical answer picks. */
test.each<[acceptLanguage: string, picked: string]>([
  ['id', 'id'],
  ['en', 'en-US'],
  ['en-US', 'en-US'],
  ['EN-us', 'en-US'],
  ['en-GB', 'en-US'],
  ['de-AT', 'de'],
  ['de;q=0.1, id;q=0.9', 'id'],
  ['de;q=0.9, id;q=0.1', 'de'],
  ['id;q=0.5, de', 'de'],
  ['de;q=0, id', 'id'],
  ['fr, de;q=0.5, id;q=0.7', 'id'],
  ['fr;q=1.0, xx;q=0.9, en;q=0.001', 'en-US'],
  [' de ; q=0.4 ,  id ; q=0.5 ', 'id'],
  ['de;q=0.333, id;q=0.334', 'id'],
  ['zh-Hant-TW, de;q=0.2', 'zh-Hant'],
])('Communication 2.1.3 format=canonical picks one language by Accept-Language: %s → %s', async (acceptLanguage, picked) => {
  const names = { 'en-US': 'Test', id: 'Ujian', de: 'Prüfung', 'zh-Hant': '測驗' };
  const [id, thing] = [randomUUID(), `https://things.example/${randomUUID()}`];
  const activity = { id: thing, definition: { name: names, description: names } };
  await app.xapi('POST', '/statements', {
    body: statement({
      id,
      verb: { id: 'https://verbs.example/did', display: names },
      object: activity,
      context: { contextActivities: { parent: [activity] } },
    }),
  });
  const shown = (await app.xapi('GET', `/statements?statementId=${id}&format=canonical`, { headers: { 'Accept-Language': acceptLanguage } })).body as Json;
  const one = { [picked]: names[picked as keyof typeof names] };

  expect(shown).toMatchObject({ actor: { mbox: 'mailto:ani@example.org' } });
  expect((shown['verb'] as Json)['display']).toEqual(one);
  expect(shown['object']).toMatchObject({ id: thing });
  expect((shown['object'] as Json)['definition']).toEqual({ name: one, description: one });
  expect(((shown['context'] as Json)['contextActivities'] as { parent: Json[] }).parent.map((found) => found['definition'])).toEqual([
    { name: one, description: one },
  ]);
});

test('Communication 2.1.3 format=canonical is in one language also without a usable Accept-Language, and exact is in all', async () => {
  const id = randomUUID();
  const names = { id: 'Ujian', de: 'Prüfung' };
  const object = { objectType: 'Activity', id: `https://things.example/${id}`, definition: { name: names } };
  const sub = { objectType: 'SubStatement', actor: { mbox: 'mailto:ani@example.org' }, verb: { id: 'https://verbs.example/did', display: names }, object };
  await app.xapi('POST', '/statements', { body: statement({ id, object: sub }) });

  for (const language of [null, '', 'fr', ';;,q=', 'de;q=2'] as const) {
    const get = async (format: string) =>
      ((await app.xapi('GET', `/statements?statementId=${id}&format=${format}`, { headers: { 'Accept-Language': language } })).body as Json)[
        'object'
      ] as typeof sub;
    const canonical = await get('canonical');
    expect([Object.keys(canonical.verb.display), Object.keys(canonical.object.definition.name)]).toEqual([[expect.any(String)], [expect.any(String)]]);
    expect(await get('exact')).toEqual(sub);
  }
});

test('Communication 2.1.3 format=ids leaves only what identifies actors, verb, activities and members, in a SubStatement too', async () => {
  const id = randomUUID();
  const [ani, budi] = [
    { objectType: 'Agent', name: 'Ani', mbox: 'mailto:ani@example.org' },
    { name: 'Budi', account: { homePage: 'https://lms.example', name: 'budi' } },
  ];
  const activity = { objectType: 'Activity', id: 'https://things.example/it', definition: { name: { en: 'It' }, type: 'https://types.example/t' } };
  const verb = { id: 'https://verbs.example/did', display: { en: 'did' } };
  const body = {
    id,
    actor: { objectType: 'Group', name: 'Both', member: [ani, budi] },
    verb,
    object: {
      objectType: 'SubStatement',
      actor: { objectType: 'Group', name: 'Team', mbox: 'mailto:team@example.org', member: [ani] },
      verb,
      object: activity,
      context: { instructor: ani, contextActivities: { category: activity } },
    },
    result: { score: { raw: 1 }, response: 'x' },
    context: {
      instructor: budi,
      team: { objectType: 'Group', name: 'T', openid: 'https://t.example' },
      contextActivities: { parent: [activity] },
      extensions: { 'https://e.example/x': { name: 'y' } },
    },
  };
  expect((await app.xapi('POST', '/statements', { body })).status).toBe(200);
  const shown = (await app.xapi('GET', `/statements?statementId=${id}&format=ids`)).body as Json;

  expect(shown['actor']).toEqual({
    objectType: 'Group',
    member: [{ objectType: 'Agent', mbox: 'mailto:ani@example.org' }, { account: { homePage: 'https://lms.example', name: 'budi' } }],
  });
  expect(shown['verb']).toEqual({ id: verb.id });
  expect(shown['object']).toEqual({
    objectType: 'SubStatement',
    actor: { objectType: 'Group', mbox: 'mailto:team@example.org' },
    verb: { id: verb.id },
    object: { id: activity.id },
    context: { instructor: { objectType: 'Agent', mbox: 'mailto:ani@example.org' }, contextActivities: { category: [{ id: activity.id }] } },
  });
  expect(shown['result']).toEqual(body.result);
  expect(shown['context']).toEqual({
    instructor: { account: { homePage: 'https://lms.example', name: 'budi' } },
    team: { objectType: 'Group', openid: 'https://t.example' },
    contextActivities: { parent: [{ id: activity.id }] },
    extensions: body.context.extensions,
  });
});

test('IEEE 9274.1.1 format=ids shows contextAgents and contextGroups by their identifiers', async () => {
  const id = randomUUID();
  const headers = { 'X-Experience-API-Version': '2.0.0' };
  const relevantTypes = ['https://types.example/t'];
  const context = {
    contextAgents: [{ objectType: 'contextAgent', agent: { name: 'Ani', mbox: 'mailto:ani@example.org' }, relevantTypes }],
    contextGroups: [{ objectType: 'contextGroup', group: { objectType: 'Group', name: 'G', mbox: 'mailto:g@example.org' }, relevantTypes }],
  };
  expect((await app.xapi('POST', '/statements', { body: statement({ id, context }), headers })).status).toBe(200);
  const shown = (await app.xapi('GET', `/statements?statementId=${id}&format=ids`, { headers })).body as Json;

  expect(shown['context']).toEqual({
    contextAgents: [{ objectType: 'contextAgent', agent: { mbox: 'mailto:ani@example.org' }, relevantTypes }],
    contextGroups: [{ objectType: 'contextGroup', group: { objectType: 'Group', mbox: 'mailto:g@example.org' }, relevantTypes }],
  });
});

test('Communication 2.1.3 format and attachments may stand beside statementId, any other filter may not', async () => {
  const id = randomUUID();
  await app.xapi('POST', '/statements', { body: statement({ id }) });

  for (const more of ['', '&format=ids', '&format=canonical', '&format=exact', '&attachments=true', '&attachments=false'])
    expect([more, (await app.xapi('GET', `/statements?statementId=${id}${more}`)).status]).toEqual([more, 200]);
  for (const more of [
    `voidedStatementId=${id}`,
    'verb=https://v.example/',
    'limit=1',
    'ascending=true',
    'since=2026-01-01T00:00:00Z',
    'related_agents=false',
    'format=full',
    'format=IDS',
    'attachments=1',
  ])
    expect([more, (await app.xapi('GET', `/statements?statementId=${id}&${more}`)).status]).toEqual([more, 400]);
});

test.each(['1.0.3', '2.0.0'])('Communication 1.2 HEAD in %s answers as GET does on all six resources and About, without a body', async (version) => {
  const [activityId, agent, id] = [`https://content.example/${randomUUID()}`, JSON.stringify({ mbox: `mailto:${randomUUID()}@example.org` }), randomUUID()];
  const headers = { 'X-Experience-API-Version': version };
  const write = { body: '{"a":1}', headers: { ...headers, 'Content-Type': 'application/json', 'If-None-Match': '*' } };
  await app.xapi('POST', '/statements', { body: statement({ id }), headers });
  for (const path of [
    `/activities/state?${query({ activityId, agent, stateId: 's' })}`,
    `/activities/profile?${query({ activityId, profileId: 'p' })}`,
    `/agents/profile?${query({ agent, profileId: 'p' })}`,
  ])
    expect((await sendBytes(app, 'PUT', path, write)).status).toBe(204);

  for (const [path, status] of [
    [`/statements?statementId=${id}`, 200],
    [`/statements?statementId=${randomUUID()}`, 404],
    ['/statements?limit=2', 200],
    ['/statements?limit=x', 400],
    [`/activities/state?${query({ activityId, agent, stateId: 's' })}`, 200],
    [`/activities/state?${query({ activityId, agent })}`, 200],
    [`/activities/profile?${query({ activityId, profileId: 'p' })}`, 200],
    [`/activities/profile?${query({ activityId, profileId: 'q' })}`, 404],
    [`/agents/profile?${query({ agent, profileId: 'p' })}`, 200],
    [`/agents/profile?${query({ agent })}`, 200],
    [`/activities?${query({ activityId })}`, 200],
    ['/activities', 400],
    [`/agents?${query({ agent })}`, 200],
    ['/agents', 400],
    ['/about', 200],
  ] as const) {
    const [head, get] = [await sendBytes(app, 'HEAD', path, { headers }), await sendBytes(app, 'GET', path, { headers })];
    const shown = ['content-type', 'etag', 'last-modified', 'x-experience-api-version'];

    expect([path, head.status, head.bytes.length]).toEqual([path, status, 0]);
    expect([get.status, ...shown.map((name) => get.headers.get(name))]).toEqual([head.status, ...shown.map((name) => head.headers.get(name))]);
    expect(head.headers.has('x-experience-api-consistent-through')).toBe(path.startsWith('/statements'));
  }
});
