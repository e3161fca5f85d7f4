import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../src/standards/xapi/index.ts';
import { type Answer, startTestApp, type TestApp } from '../support/app.ts';
import { dice, spell } from '../support/arbitraries/json-text.ts';
import { rawJson } from '../support/arbitraries/raw-json.ts';
import { statements } from '../support/arbitraries/statement.ts';
import { changed, type JsonNode, memberOf, membersOf, readJson, without, writeJson } from '../support/json-tokens.ts';
import { reportSeed } from '../support/seed.ts';

/** Statements that are generated. */
const RUNS = Number(process.env['EXACT_RUNS'] ?? 10_000);
const BATCH = 250;

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** Activities that stand alone in contextActivities are given back in a list (Data 2.4.6.2). */
const withLists = (node: JsonNode): JsonNode =>
  changed(node, 'context', (context) =>
    changed(context, 'contextActivities', (kinds) => ({
      members: membersOf(kinds).map(([key, value]) => [key, typeof value === 'object' && 'members' in value ? [value] : value]),
    })),
  );

/** The tokens of a statement that the LRS owes its sender. */
function owed(text: string): string {
  const sent = withLists(without(readJson(text), ['stored', 'authority']));
  return writeJson(changed(sent, 'object', (object) => (memberOf(object, 'objectType') === undefined ? object : withLists(object))));
}

/** Members that every statement has once it is stored (Data 2.4). */
const OWN = ['id', 'version', 'timestamp', 'stored', 'authority'];

/** The tokens that came back, without the members that the LRS adds to what was sent. */
function returned(node: JsonNode, sent: string): string {
  const had = readJson(sent);
  const added = ['id', 'version', 'timestamp'].filter((name) => memberOf(had, name) === undefined);
  const names = membersOf(node).map(([key]) => JSON.parse(key) as string);
  if (new Set(names).size < names.length || !OWN.every((name) => names.includes(name))) throw new Error(`returned with the members ${names.join(', ')}`);
  return writeJson(without(node, [...added, 'stored', 'authority']));
}

async function post(raw: string, version = '1.0.3'): Promise<readonly string[]> {
  const answer = (await app.xapi('POST', '/statements', { raw, headers: { 'X-Experience-API-Version': version } })) as Answer<string[]>;
  expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, '']);
  return answer.body;
}

const readOne = async (id: string): Promise<JsonNode> => readJson((await app.xapi('GET', `/statements?statementId=${id}`)).text);

/** The newest statements, newest first, page by page. */
async function readNewest(count: number, limit: number): Promise<readonly JsonNode[]> {
  const found: JsonNode[] = [];
  for (let path = `/statements?limit=${limit}`; found.length < count && path !== ''; ) {
    const page = readJson((await app.xapi('GET', path)).text);
    const list = memberOf(page, 'statements');
    found.push(...(Array.isArray(list) ? (list as readonly JsonNode[]) : []));
    path = (JSON.parse(writeJson(memberOf(page, 'more') ?? '""')) as string).replace(/^\/xapi/, '');
  }
  return found.slice(0, count);
}

const ACTOR = '"actor":{"mbox":"mailto:ani@example.org"}';
const VERB = '"verb":{"id":"https://verbs.example/did"}';
const OBJECT = '"object":{"id":"https://things.example/it"}';
const UUID = '3F0C6A3E-5d0e-4F0B-9D2A-6D0C2F1A7B0';

const say = (...members: readonly string[]): string => `{${[ACTOR, VERB, OBJECT, ...members].join(',')}}`;
const extension = (value: string): string => say(`"result":{"extensions":{"https://ext.example/x":${value}}}`);
const response = (value: string): string => say(`"result":{"response":${value}}`);
const timestamp = (value: string): string => say(`"timestamp":"${value}"`);
const about = (object: string): string => `{${ACTOR},${VERB},"object":${object}}`;
const by = (actor: string): string => `{"actor":${actor},${VERB},${OBJECT}}`;
const activity = (definition: string): string => about(`{"id":"https://things.example/it","definition":${definition}}`);
const context = (members: string): string => say(`"context":{${members}}`);
const counting = (count: number, member: (index: number) => string): string => `{${Array.from({ length: count }, (_, index) => member(index)).join(',')}}`;

test.each<[label: string, text: string, version?: string]>([
  ['integers of 20 and more digits', extension('[12345678901234567890,-9007199254740993,123456789012345678901234567890123456789]')],
  ['fractions with zeros at their end', extension('[1.0,1.10,0.0,-0.0,100.000]')],
  ['exponents in every spelling', extension('[1E2,1e2,1E+2,1e+02,1e-0,0e0,0E-7,12.50E-03]')],
  ['minus zero', extension('[-0,-0.0,-0e0]')],
  ['numbers beyond a double', extension('[1e400,-1e400,1.7976931348623159e308,1e309]')],
  ['numbers below a double', extension('[0.1e-300,1e-400,4.9e-324,2e-324,1e-325]')],
  ['400 digits', extension('7'.repeat(400))],
  ['fractions of a score', say('"result":{"score":{"scaled":0.50,"raw":5E0,"min":-0,"max":1.0e+1}}')],
  [
    'a length written with an exponent',
    say(`"attachments":[{"usageType":"urn:x:y","display":{},"contentType":"a/b","length":1.0e3,"sha2":"${'aF'.repeat(32)}","fileUrl":"urn:f"}]`),
  ],
  ['escaped NUL', response(String.raw`"a\u0000b\u0000"`)],
  ['lone surrogates', response(String.raw`"\ud800 \udfff\ud800 \uDBFF"`)],
  ['surrogates in the wrong order', response(String.raw`"\udc00\ud800"`)],
  ['an astral character in escapes', response(String.raw`"\ud83d\ude00 \uD83D\uDE00 😀"`)],
  ['solidus with and without an escape', response(String.raw`"a\/b/c\/\/"`)],
  ['every short escape', response(String.raw`"\b\f\n\r\t\"\\\/"`)],
  ['the same escapes in hexadecimal', response(String.raw`"\u0008\u000C\u000a\u000D\u0009\u0022\u005c\u002F"`)],
  ['letters in escapes of either case', response(String.raw`"\u00e9\u00E9é\u0041A"`)],
  ['every control character in escapes', response(`"${Array.from({ length: 32 }, (_, code) => `\\u00${code.toString(16).padStart(2, '0')}`).join('')}"`)],
  ['backslashes before the closing quote', response(String.raw`"\\\\\\"`)],
  ['text that looks like an escape', response(String.raw`"\\u0000 \\n"`)],
  ['emoji with joiners and tones', response('"👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 🇮🇩"')],
  ['text from right to left with overrides', response('"\u202eabc\u202c مرحبا שלום \u200f\u2067x\u2069"')],
  ['combining marks and their composed form', response('"e\u0301 \u00e9 \u1112\u1161\u11ab \ud55c \u0041\u030a \u212b"')],
  ['characters of no width', response('"a\u200bb\u200cc\u200dd\u2060e\u00adf"')],
  ['the separators of lines and paragraphs', response('"\u2028\u2029\u0085\u00a0\u3000"')],
  ['byte order marks in a string', response('"\ufeffa\ufeff"')],
  ['DEL and noncharacters', response('"\u007f\u0080\uffff\ufffe\ufdd0\u{10ffff}"')],
  ['the replacement character itself', response('"\ufffd"')],
  ['Javanese, Balinese and Aksara Sunda', response('"ꦗꦮ ᬩᬮᬶ ᮞᮥᮔ᮪ᮓ"')],
  ['what SQL, HTML and templates would read', response(`"'; drop table x; -- $1 $& $$ \${a} {{b}} %s <script>&amp; :x ?"`)],
  ['JSON in a string', response(String.raw`"{\"stored\":\"x\",\"authority\":null}"`)],
  ['an empty string', response('""')],
  ['a string of 500,000 characters', response(`"${'é\\"'.repeat(166_667)}"`)],
  [
    'escaped keys',
    String.raw`{"\u0061ctor":{"mb\u006fx":"mailto:ani@example.org"},"verb":{"\u0069\u0064":"https:\/\/verbs.example\/did"},"obj\u0065ct":{"id":"https://things.example/it"}}`,
  ],
  ['escaped keys that the LRS owns', say(String.raw`"st\u006fred":"2020-01-01T00:00:00Z"`, String.raw`"\u0061uthority":{"mbox":"mailto:eve@example.org"}`)],
  [
    'an escaped id, version and timestamp',
    say(String.raw`"\u0069d":"${UUID}\u0031"`, String.raw`"v\u0065rsion":"1.0"`, String.raw`"timest\u0061mp":"2026-01-01T00:00:00\u005A"`),
  ],
  ['members in the opposite order', `{"timestamp":"2026-01-01T00:00:00Z",${OBJECT},${VERB},${ACTOR}}`],
  ['members that the LRS owns at the start', `{"stored":"2020-01-01T00:00:00Z","authority":{"mbox":"mailto:eve@example.org"},${ACTOR},${VERB},${OBJECT}}`],
  [
    'members that the LRS owns in the middle',
    `{${ACTOR} , "authority" : {"mbox":"mailto:eve@example.org"} , ${VERB},"stored" : "2020-01-01T00:00:00Z",${OBJECT}}`,
  ],
  ['members of the same name deeper down', extension('{"stored":1.0,"authority":null,"id":[],"version":-0,"timestamp":{},"contextActivities":{"parent":{}}}')],
  ['keys that differ in case', extension('{"a":1,"A":2,"\u00e4":3,"\u00c4":4}')],
  ['keys that differ in composition', extension('{"\u00e9":1,"e\u0301":2,"e":3}')],
  ['keys that differ in an escaped backslash', extension(String.raw`{"a":1,"\\u0061":2,"\\a":3}`)],
  ['keys that differ in a lone surrogate', extension(String.raw`{"\ud800":1,"\ud801":2,"\ufffd":3}`)],
  ['keys that differ in white space', extension(String.raw`{"":0," ":1,"  ":2,"\t":3,"\u00a0":4}`)],
  ['keys of prototypes', extension('{"__proto__":{"a":1.0},"constructor":{"prototype":{}},"prototype":null,"hasOwnProperty":1,"toString":2,"toJSON":3}')],
  ['an escaped key __proto__', extension(String.raw`{"\u005f_proto__":{"\u005f_proto__":1}}`)],
  ['numeric keys in descending order', extension(counting(1_000, (index) => `"${1_000 - index}":${index}.0`))],
  ['an extension map of 1,000 numeric IRIs', say(`"result":{"extensions":${counting(1_000, (index) => `"urn:${(index * 7_919) % 1_000}":"${index}"`)}}`)],
  [
    'extension keys beyond ASCII',
    say('"result":{"extensions":{"http://例え.example/é?q=1#x":1,"urn:😀":2,"HTTPS://EXT.EXAMPLE/A":3,"https://ext.example/a":4}}'),
  ],
  ['nulls in extensions', extension('[null,{"a":null},[null,[null]]]')],
  ['an extension that is null', extension('null')],
  ['empty values in extensions', extension('[{},[],"",[[]],[{}],{"":{}}]')],
  [
    'empty objects wherever they may stand',
    say('"result":{"score":{},"extensions":{}}', '"context":{"contextActivities":{},"extensions":{}}', '"attachments":[]'),
  ],
  ['true and false', extension('[true,false,{"true":false}]')],
  ['nesting to the limit in arrays', extension(`${'['.repeat(61)}${']'.repeat(61)}`)],
  ['nesting to the limit in objects', extension(`${'{"a":'.repeat(60)}{}${'}'.repeat(60)}`)],
  ['an array of 5,000 numbers', extension(`[${Array.from({ length: 5_000 }, (_, index) => `${index}.${index % 10}0`).join(',')}]`)],
  ['all kinds of white space between tokens', ` \t\r\n{\n\r\t ${ACTOR.replace(':', ' \t:\r\n')} \t\n\r,\n\n${VERB}\t,\r\n${OBJECT}\r\n}\n \t`],
  ['white space in empty containers', extension('[ { } , [ ] , [\n] , {\t\r} ]')],
  ['a byte order mark before the statement', `\ufeff${say('"timestamp":"2026-01-01T00:00:00Z"')}`],
  ['a statement alone in an array', `[ ${say()} ]`],
  ['UUIDs in capitals', say(`"id":"${UUID}2"`, `"context":{"registration":"${UUID}3","statement":{"objectType":"StatementRef","id":"${UUID}4"}}`)],
  ['a version of 1.0', say('"version":"1.0"')],
  ['a version of 1.0.17', say('"version":"1.0.17"')],
  ['a timestamp with 9 digits', timestamp('2026-02-28T23:59:59.123456789Z')],
  ['a timestamp with 40 digits', timestamp(`2026-02-28T23:59:59.${'1234567890'.repeat(4)}Z`)],
  ['a timestamp with zeros at its end', timestamp('2026-02-28T23:59:59.100000Z')],
  ['a timestamp east of Greenwich', timestamp('2026-02-28T23:59:59.5+13:45')],
  ['a timestamp west of Greenwich', timestamp('2026-02-28T00:00:00-03:30')],
  ['a timestamp with an offset of hours', timestamp('2026-02-28T00:00:00+07')],
  ['a timestamp with an offset without a colon', timestamp('2026-02-28T00:00:00+0700')],
  ['a timestamp in small letters', timestamp('2026-02-28t00:00:00z')],
  ['a timestamp in the leap day', timestamp('2024-02-29T00:00:00+00:00')],
  ['a timestamp in the year 1', timestamp('0001-01-01T00:00:00Z')],
  ['a timestamp in the year 9999', timestamp('9999-12-31T23:59:59.999Z')],
  [
    'language tags of every shape',
    activity(
      '{"name":{"EN-gb":"a","x-dialek":"b","zh-Hant-TW":"c","de-CH-1901":"d","sl-rozaj-biske":"e","es-419":"f","i-klingon":"g","en-a-bbb-x-c":"h","id":""}}',
    ),
  ],
  ['a language tag in odd case', context('"language":"ZH-hANT-tw"')],
  ['durations of every shape', about(`{"objectType":"SubStatement",${ACTOR},${VERB},${OBJECT},"result":{"duration":"P3Y1M29DT4H35M59.140000S"}}`)],
  ['a duration in weeks', say('"result":{"duration":"P4W"}')],
  ['a duration with a comma', say('"result":{"duration":"PT0001,50S"}')],
  ['mailbox names in odd case', by('{"mbox":"mailto:Ani.ÉÉ+x%@EXAMPLE.org","name":"\\u0041ni\\u0000"}')],
  ['SHA-1 in capitals', by(`{"objectType":"Agent","mbox_sha1sum":"${'Ab'.repeat(20)}"}`)],
  ['an openid', by('{"openid":"HTTPS://ID.example/%7Eani/","objectType":"Agent","name":""}')],
  ['an account', by(String.raw`{"account":{"name":"アニ \u0027 %","homePage":"https://lms.example"}}`)],
  [
    'a Group with members',
    by('{"member":[{"mbox":"mailto:b@example.org"},{"mbox":"mailto:a@example.org"},{"mbox":"mailto:b@example.org"}],"objectType":"Group"}'),
  ],
  ['an identified Group without members', by('{"objectType":"Group","account":{"homePage":"https://lms.example","name":"g"},"member":[]}')],
  ['an Agent as object', about('{"objectType":"Agent","mbox":"mailto:ani@example.org"}')],
  ['a Group as object', about('{"objectType":"Group","member":[{"openid":"urn:a"}],"name":"\\ud800"}')],
  ['a StatementRef as object', about(`{"id":"${UUID}5","objectType":"StatementRef"}`)],
  ['an Activity with its type', about('{"objectType":"Activity","id":"HTTPS://THINGS.example/%C3%A9"}')],
  [
    'an interaction of every list',
    activity(
      String.raw`{"interactionType":"matching","source":[{"id":"a"},{"id":"A"}],"target":[{"id":"\u0000","description":{}}],"correctResponsesPattern":["a[.]\u0000[,]","","\ud800"]}`,
    ),
  ],
  [
    'a SubStatement',
    about(
      `{"timestamp":"2026-01-01T07:00:00.10+07:00","object":{"id":"urn:it","definition":{"extensions":{"urn:x":[1.0,1E2,null]}}},${VERB},${ACTOR},"objectType":"SubStatement"}`,
    ),
  ],
  [
    'a SubStatement with context activities alone and in lists',
    about(
      `{"objectType":"SubStatement",${ACTOR},${VERB},${OBJECT},"context":{"contextActivities":{"other":{"id":"urn:a"},"parent" : [ {"id":"urn:b"} ]},"platform":"\\u0000"}}`,
    ),
  ],
  [
    'context activities alone and in lists',
    context(
      String.raw`"contextActivities": { "parent" : { "\u0069d":"urn:a" } ,"grouping":[],"other":[{"id":"urn:a"},{"id":"urn:a"}],"categ\u006fry":{"id":"urn:c"}}, "extensions":{"urn:x":{"contextActivities":{"parent":{}}}}`,
    ),
  ],
  [
    'every member of a context',
    context(
      `"registration":"${UUID}6","instructor":{"mbox":"mailto:i@example.org"},"team":{"objectType":"Group","mbox":"mailto:t@example.org"},"revision":"","platform":"\\/","language":"id"`,
    ),
  ],
  [
    'a voiding statement',
    `{${ACTOR},"verb":{"display":{"en":"voided"},"id":"http://adlnet.gov/expapi/verbs/voided"},"object":{"objectType":"StatementRef","id":"${UUID}7"}}`,
  ],
  [
    'context agents and groups of 2.0',
    context('"contextAgents":[{"relevantTypes":["urn:t"],"objectType":"contextAgent","agent":{"mbox":"mailto:a@example.org"}}],"contextGroups":[]'),
    '2.0.0',
  ],
  ['a timestamp of 2.0 in UTC', say('"timestamp":"2026-02-28T23:59:59.123456789z"', '"version":"2.0.0"'), '2.0.0'],
])('%s: returned token by token', async (_label, text, version = '1.0.3') => {
  const [id = ''] = await post(text, version);
  const sent = text.startsWith('[') ? text.slice(1, -1) : text.replace(/^\ufeff/, '');
  const [listed] = await readNewest(1, 1);

  expect(returned(await readOne(id), sent)).toBe(owed(sent));
  expect(returned(listed ?? '', sent)).toBe(owed(sent));
});

interface Draft {
  readonly statement: JsonObject;
  /** How it is spelled; null for the way most senders do. */
  readonly dice: readonly number[] | null;
  /** Text for an extension of the result, in the place of a generated result. */
  readonly raw: string | null;
  readonly hasId: boolean;
}

const drafts: fc.Arbitrary<readonly Draft[]> = fc.array(
  fc.record({ statement: statements(), dice: fc.option(dice, { freq: 2 }), raw: fc.option(rawJson), hasId: fc.boolean() }, { noNullPrototype: true }),
  { minLength: BATCH, maxLength: BATCH },
);

/** Draws an id when it is written: a store that lasts takes each only once. */
function write({ statement: { id: _id, result, ...rest }, dice: rolled, raw, hasId }: Draft): string {
  const value = { ...rest, ...(raw === null && result !== undefined && { result }), ...(hasId && { id: randomUUID() }) };
  const text = rolled === null ? JSON.stringify(value) : spell(value, rolled);
  return raw === null ? text : text.replace('{', () => `{"result" : {"extensions":{"https://ext.example/raw":${raw}}},`);
}

test(`${RUNS} generated statements in batches are returned token by token, one by one and page by page`, async () => {
  const property = fc.asyncProperty(drafts, async (batch) => {
    const sent = batch.map(write);
    const ids = await post(`[${sent.join(',')}]`);
    const listed = (await readNewest(BATCH, 90)).toReversed();

    expect(listed.map((node, index) => returned(node, sent[index] ?? ''))).toEqual(sent.map(owed));
    const some = ids.flatMap((id, index) => (index % 10 === 0 ? [{ id, text: sent[index] ?? '' }] : []));
    expect(await Promise.all(some.map(async ({ id, text }) => returned(await readOne(id), text)))).toEqual(some.map(({ text }) => owed(text)));
  });
  reportSeed(await fc.check(property, { numRuns: Math.ceil(RUNS / BATCH), endOnFailure: true }));
});
