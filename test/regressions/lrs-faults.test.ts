import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Answer, startTestApp, type TestApp } from '../support/app.ts';
import type { Json } from '../support/json.ts';
import { basicOf, sendBytes } from '../support/send.ts';

const LIMIT = 4_096;
let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({ settings: { DOCUMENT_BODY_LIMIT_BYTES: String(LIMIT), STATEMENT_PAGE_SIZE: '200' } });
});
afterAll(() => app.close());

const activity = (name: string): string => `https://things.example/${name}`;
const statement = (extra: Json = {}): Json & { readonly id: string } => ({
  id: randomUUID(),
  actor: { mbox: 'mailto:ana@example.org' },
  verb: { id: 'https://verbs.example/did' },
  object: { id: activity('it') },
  ...extra,
});
const post = (body: unknown) => app.xapi('POST', '/statements', { body });
const list = async (query: Record<string, string>): Promise<readonly { id: string }[]> =>
  ((await app.xapi('GET', `/statements?${new URLSearchParams({ limit: '1000', ...query }).toString()}`)) as Answer<{ statements: { id: string }[] }>).body
    .statements;
const definitionOf = async (name: string): Promise<unknown> =>
  ((await app.xapi('GET', `/activities?${new URLSearchParams({ activityId: activity(name) }).toString()}`)) as Answer<Json>).body['definition'];

/** A chain of statements, each referring to the one before; only the first says something to be found by. */
const chain = (length: number, verb: string): Json[] => {
  const ids = Array.from({ length }, () => randomUUID());
  return ids.map((id, index) =>
    statement({
      id,
      verb: { id: index === 0 ? verb : 'https://verbs.example/referred' },
      object: index === 0 ? { id: activity('it') } : { objectType: 'StatementRef', id: ids[index - 1] },
    }),
  );
};

test('a chain of 1,000 references is followed with bounded work, and positions go on', async () => {
  const verb = `https://verbs.example/${randomUUID()}`;
  const long = chain(1_000, verb);
  for (let start = 0; start < long.length; start += 250) await post(long.slice(start, start + 250));
  await app.sequencer.pass();

  const [row] = await app.database.sql.rows<{ waiting: number; unplaced: number }>(
    `select (select count(*)::int from lrs.reference_inbox) as waiting,
            (select count(*)::int from lrs.statement) - (select count(*)::int from lrs.statement_position) as unplaced`,
  );
  expect(row).toEqual({ waiting: 0, unplaced: 0 });
  expect(await list({ verb })).toHaveLength(101);
});

test.each<[order: string, arrange: (statements: Json[]) => Json[]]>([
  ['from its end', (statements) => statements],
  ['from its head', (statements) => statements.toReversed()],
  ['even ones first', (statements) => [...statements.filter((_, index) => index % 2 === 0), ...statements.filter((_, index) => index % 2 === 1)]],
])('a reference reaches 100 statements far, whether a chain arrives %s', async (_order, arrange) => {
  const verb = `https://verbs.example/${randomUUID()}`;
  const statements = arrange(chain(130, verb));
  for (let start = 0; start < statements.length; start += 10) {
    await post(statements.slice(start, start + 10));
    await app.sequencer.pass();
  }

  expect(await list({ verb })).toHaveLength(101);
});

test('a refused request leaves no definition behind, also when others share its transaction', async () => {
  const taken = statement();
  await post(taken);
  for (let round = 0; round < 5; round += 1) {
    const name = randomUUID();
    const refused = [{ ...taken, result: { success: false } }, statement({ object: { id: activity(name), definition: { name: { en: 'Leaked' } } } })];
    const answers = await Promise.all([...Array.from({ length: 11 }, () => post(statement())), post(refused)]);

    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 11 }, () => 200), 409]);
    expect(await definitionOf(name)).toBeUndefined();
  }
});

test('a definition that came with a statement already stored is learnt from the next one', async () => {
  const name = randomUUID();
  const first = statement({ object: { id: activity(name) } });
  const described = { id: activity(name), definition: { name: { en: 'Described' } } };
  await post(first);
  expect((await post({ ...first, object: described })).status).toBe(200);
  await post(statement({ object: described }));

  expect(await definitionOf(name)).toEqual({ name: { en: 'Described' } });
});

test('a vendor does not learn what a foreign statement says by referring to it', async () => {
  const vendor = await app.createCredential(['statements/write', 'statements/read/mine']);
  const verb = `https://verbs.example/${randomUUID()}`;
  const foreign = statement({ verb: { id: verb } });
  await post(foreign);
  const own = statement({ object: { objectType: 'StatementRef', id: foreign.id } });
  await app.xapi('POST', '/statements', { body: own, credential: vendor });
  await app.sequencer.pass();

  expect((await list({ verb })).map(({ id }) => id).toSorted()).toEqual([foreign.id, own.id].toSorted());
  const seen = (await app.xapi('GET', `/statements?verb=${encodeURIComponent(verb)}`, { credential: vendor })) as Answer<{ statements: unknown[] }>;
  expect(seen.body.statements).toEqual([]);
});

test.each(['toString', 'constructor', '__proto__', 'none', 'HS256'])('a signature by the algorithm %s is refused', async (alg) => {
  const one = statement();
  const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jws = `${Buffer.from(`{"alg":"${alg}"}`).toString('base64url')}.${base64url(one)}.AAAA`;
  expect((await sendSigned(one, jws)).status).toBe(400);
});

/** @param raw spelling of the number 12345 in the statement. */
async function sendSigned(one: Json, jws: string, raw = '12345') {
  const sha2 = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(jws))).toString('hex');
  const attachment = {
    usageType: 'http://adlnet.gov/expapi/attachments/signature',
    display: { en: 'Signature' },
    contentType: 'application/octet-stream',
    length: jws.length,
    sha2,
  };
  const part = `Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${sha2}\r\n\r\n${jws}`;
  const body = `--b\r\nContent-Type: application/json\r\n\r\n${JSON.stringify({ ...one, attachments: [attachment] }).replace('12345', raw)}\r\n--b\r\n${part}\r\n--b--\r\n`;
  return sendBytes(app, 'POST', '/statements', { body, headers: { 'Content-Type': 'multipart/mixed; boundary=b' } });
}

const state = (id: string, extra: Record<string, string> = {}): string =>
  `/activities/state?${new URLSearchParams({ activityId: activity('it'), agent: '{"mbox":"mailto:ana@example.org"}', stateId: id, ...extra }).toString()}`;

test('a document does not grow above the limit by merging', async () => {
  const path = state(randomUUID());
  const merge = (index: number) => app.xapi('POST', path, { body: { [`key${index}`]: 'x'.repeat(1_500) } });
  expect([(await merge(1)).status, (await merge(2)).status, (await merge(3)).status]).toEqual([204, 204, 413]);

  expect(Object.keys(((await app.xapi('GET', path)) as Answer<Json>).body)).toEqual(['key1', 'key2']);
});

test('no registration is not the registration of zeros', async () => {
  const id = randomUUID();
  await app.xapi('PUT', state(id), { body: { a: 1 } });

  expect((await app.xapi('GET', state(id, { registration: '00000000-0000-0000-0000-000000000000' }))).status).toBe(404);
});

const form = (method: string, body: string) =>
  sendBytes(app, 'POST', `/activities/state?method=${method}`, { body, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
const fields = (id: string): string =>
  new URLSearchParams({
    'X-Experience-API-Version': '1.0.3',
    Authorization: basicOf(app.credential),
    activityId: activity('it'),
    agent: '{"mbox":"mailto:ana@example.org"}',
    stateId: id,
  }).toString();

test('a form with bytes that are not UTF-8, or with one field twice, is refused and stores nothing', async () => {
  const id = randomUUID();
  const before = await app.counts();

  expect((await form('PUT', `${fields(id)}&content=%ff%fe`)).status).toBe(400);
  expect((await form('PUT', `${fields(id)}&content=a&content=b`)).status).toBe(400);
  expect((await form('PUT', `${fields(id)}&content=a&If-Match=*&if-match=x`)).status).toBe(400);
  expect(await app.counts()).toEqual(before);
});

test('a form that stands for HEAD is answered without a body', async () => {
  const id = randomUUID();
  await app.xapi('PUT', state(id), { body: { a: 1 } });
  const answer = await form('HEAD', fields(id));

  expect({ status: answer.status, bytes: answer.bytes.length }).toEqual({ status: 200, bytes: 0 });
});

test('formats that leave parts out leave every number as it was written', async () => {
  const one = statement();
  const extensions = '{"https://ext.example/x":[1e399,12345678901234567890,1.0,-0]}';
  const raw = `${JSON.stringify(one).slice(0, -1)},"result":{"extensions":${extensions}}}`;
  await app.xapi('POST', '/statements', { raw });

  for (const format of ['ids', 'canonical']) {
    expect((await app.xapi('GET', `/statements?statementId=${one.id}&format=${format}`)).text).toContain(extensions);
  }
});

test('a language with weight 0 is the last to be shown', async () => {
  const one = statement({ verb: { id: 'https://verbs.example/did', display: { en: 'did', id: 'telah' } } });
  await post(one);
  const shown = await app.xapi('GET', `/statements?statementId=${one.id}&format=canonical`, { headers: { 'Accept-Language': 'en;q=0' } });

  expect((JSON.parse(shown.text) as { verb: Json }).verb['display']).toEqual({ id: 'telah' });
});

test('white space around a single context activity stays when it becomes a list', async () => {
  const one = statement();
  const raw = `${JSON.stringify(one).slice(0, -1)},"context":{"contextActivities":{"grouping" :\t {"id":"https://things.example/group"} \n}}}`;
  await app.xapi('POST', '/statements', { raw });

  expect((await app.xapi('GET', `/statements?statementId=${one.id}`)).text).toContain('"grouping" :\t [{"id":"https://things.example/group"}] \n}');
});

const SCRIPT = '<script>alert(1)</script>';

/** Keeps a script where content may keep something. @returns where a browser would find it. */
const KEPT: readonly (readonly [what: string, type: string, keep: (type: string) => Promise<string>])[] = [
  ...['text/html', 'image/svg+xml'].flatMap((type) =>
    (
      [
        [
          'an attachment',
          async () => {
            const one = { ...statement(), attachments: [] as Json[] };
            const sha2 = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(SCRIPT))).toString('hex');
            one.attachments.push({ usageType: 'https://usages.example/page', display: { en: 'Page' }, contentType: type, length: SCRIPT.length, sha2 });
            const part = `Content-Type: ${type}\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${sha2}\r\n\r\n${SCRIPT}`;
            const body = `--b\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(one)}\r\n--b\r\n${part}\r\n--b--\r\n`;
            await sendBytes(app, 'POST', '/statements', { body, headers: { 'Content-Type': 'multipart/mixed; boundary=b' } });
            return `/statements?statementId=${one.id}&attachments=true`;
          },
        ],
        [
          'a document',
          async () => {
            const id = randomUUID();
            await app.xapi('PUT', state(id), { raw: SCRIPT, headers: { 'Content-Type': type } });
            return state(id);
          },
        ],
      ] as const
    ).map(([what, keep]) => [what, type, keep] as const),
  ),
];

test.each(KEPT)('attachment-xss: what content stored cannot run when a browser opens it: %s as %s', async (what, type, keep) => {
  const path = await keep(type);
  const { status, headers, text } = await app.xapi('GET', path);

  expect([status, text.includes(SCRIPT)]).toEqual([200, true]);
  // An attachment is a part of an answer that no browser shows; there is no address of its own that would serve it.
  expect(headers.get('content-type')).toMatch(what === 'a document' ? type : /^multipart\/mixed; boundary=/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
});

test('a form with very many fields is refused at once, before anyone is authenticated', async () => {
  const started = performance.now();
  const { status } = await form('PUT', 'a&'.repeat(500_000));

  expect(status).toBe(400);
  expect(performance.now() - started).toBeLessThan(2_000);
  expect((await sendBytes(app, 'POST', '/activities/state?method=PUT', { body: 'x', headers: { 'Content-Type': 'multipart/mixed; boundary=b' } })).status).toBe(
    400,
  );
});

test('a statement that names more than 1,000 agents and activities is refused, since each is a row', async () => {
  const other = Array.from({ length: 1_001 }, (_, index) => ({ id: activity(`many${index}`) }));
  const before = await app.counts();

  expect((await post(statement({ context: { contextActivities: { other } } }))).status).toBe(400);
  expect(await app.counts()).toEqual(before);
});

test('a document whose type could not be a header is refused', async () => {
  const { status } = await form('PUT', `${fields(randomUUID())}&content=a&Content-Type=${encodeURIComponent('text/plain; n="\u0142"')}`);

  expect(status).toBe(400);
});

test('a page ends before its texts are more than 16 MB, and more leads to the rest', async () => {
  const verb = `https://verbs.example/${randomUUID()}`;
  const large = Array.from({ length: 6 }, () => statement({ verb: { id: verb }, result: { response: 'x'.repeat(3_500_000) } }));
  for (const one of large) expect((await post(one)).status).toBe(200);
  const seen: string[] = [];
  let pages = 0;
  for (let path = `/statements?verb=${encodeURIComponent(verb)}&ascending=true`; path !== ''; pages += 1) {
    const { body } = (await app.xapi('GET', path)) as Answer<{ statements: { id: string }[]; more: string }>;
    seen.push(...body.statements.map(({ id }) => id));
    path = body.more.replace('/xapi', '');
  }

  expect(pages).toBe(2);
  expect(seen).toEqual(large.map(({ id }) => id));
});

test('a signed statement may hold numbers beyond a double', async () => {
  const one = { ...statement(), result: { score: { raw: 12345 } } };
  const text = JSON.stringify(one).replace('12345', '12345678901234567890');
  const jws = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from(text).toString('base64url')}.AAAA`;

  expect((await sendSigned(one, jws, '12345678901234567890')).status).toBe(200);
});
