import { hash } from 'node:crypto';
import fc from 'fast-check';
import { statements } from './statement.ts';

export interface FuzzRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

type Arb<T = string> = fc.Arbitrary<T>;
/** Mostly the first, sometimes one of the others. */
const mostly = <T>(usual: Arb<T>, ...others: readonly Arb<T>[]): Arb<T> =>
  fc.oneof({ weight: 4 * others.length, arbitrary: usual }, ...others.map((arbitrary) => ({ weight: 1, arbitrary })));

/** Nearly always the first: what is wrong at the door hides what is wrong behind it. */
const nearly = <T>(usual: Arb<T>, ...others: readonly Arb<T>[]): Arb<T> => mostly(usual, mostly(usual, ...others));

const NASTY: readonly string[] = [
  '',
  ' ',
  '\0',
  '\ud800',
  '\ufeff',
  '__proto__',
  'null',
  '%',
  '*',
  '../../etc/passwd',
  "' or 1=1 --",
  '$1',
  '{}',
  '[]',
  '1e999',
  '-1',
  '9'.repeat(400),
  'infinity',
  '0000-01-01T00:00:00Z',
  '10000-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-01-01T24:00:00Z',
  `2026-01-01T00:00:00.${'9'.repeat(5_000)}Z`,
  `en${'-a-bb'.repeat(2_000)}!`,
  `mailto:${'a@'.repeat(3_000)}`,
  `P${'1Y'.repeat(2_000)}`,
  `urn:${'x'.repeat(7_000)}`,
];
const nasty: Arb = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 30 }));
/** What a header may hold. */
const headerText: Arb = fc.oneof(
  fc.string({ unit: fc.integer({ min: 33, max: 255 }).map((code) => String.fromCharCode(code === 127 ? 33 : code)), maxLength: 40 }),
  fc.constantFrom('', ',,', '"', '*/*;q=', 'é'),
);

const uuid: Arb = mostly(
  fc.constantFrom('3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b01', '9A4F0F7E-8A53-4B0E-8D0A-0C5F4A1D2E02'),
  fc.uuid(),
  fc.constantFrom('3F0C6A3E5D0E4F0B9D2A6D0C2F1A7B01', '{3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b01}'),
);
const iri: Arb = mostly(fc.constantFrom('https://things.example/it', 'http://adlnet.gov/expapi/verbs/passed'), fc.constantFrom('urn:é', 'no-scheme', 'a:b c'));
const agent: Arb = mostly(
  fc.constantFrom('{"mbox":"mailto:ani@example.org"}', '{"account":{"homePage":"https://lms.example","name":"ana"}}'),
  fc.constantFrom('{"mbox":"mailto:a@b"', '[]', '{"member":[[]],"objectType":"Group"}', '['.repeat(6_000)),
  fc.json({ maxDepth: 2 }),
);
const cursor: Arb = fc
  .oneof(
    fc.tuple(fc.constant(1), fc.oneof(fc.constant('2026-01-01T00:00:00.000000Z'), nasty), fc.oneof(uuid, nasty)),
    fc.constantFrom<unknown>(null, 1, [], [1], [2, 'a', 'b'], [1, 1, 1], [1, '9999-99-99T99:99:99.999999Z', '00000000-0000-0000-0000-000000000000'], {
      length: 3,
      0: 1,
    }),
  )
  .map((values) => Buffer.from(JSON.stringify(values)).toString('base64url'));
const flag: Arb = fc.constantFrom('true', 'false', 'TRUE', '1');
const time: Arb = fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:00-00:00', 'now', '2026-13-01T00:00:00Z');
const documentId: Arb = fc.constantFrom('a', 'b', 'é/😀');

const PARAMETERS: { readonly [name: string]: Arb } = {
  statementId: uuid,
  voidedStatementId: uuid,
  registration: uuid,
  agent,
  verb: iri,
  activity: iri,
  activityId: iri,
  related_agents: flag,
  related_activities: flag,
  attachments: flag,
  ascending: flag,
  since: time,
  until: time,
  limit: fc.constantFrom('0', '1', '-1', '1.5', '99999999999', ' 1', '1e2'),
  format: fc.constantFrom('ids', 'exact', 'canonical', 'IDS'),
  cursor,
  stateId: documentId,
  profileId: documentId,
  method: fc.constantFrom('GET', 'PUT', 'get', 'PATCH'),
};
const LIST = [
  'statementId',
  'voidedStatementId',
  'agent',
  'verb',
  'activity',
  'registration',
  'related_agents',
  'related_activities',
  'attachments',
  'ascending',
  'since',
  'until',
  'limit',
  'format',
  'cursor',
];
/** The parameters each resource is likely to be asked with. */
const RESOURCES: { readonly [path: string]: readonly string[] } = {
  statements: LIST,
  '/statements/': LIST,
  activities: ['activityId'],
  agents: ['agent'],
  'activities/state': ['activityId', 'agent', 'stateId', 'registration'],
  'activities/profile': ['activityId', 'profileId'],
  'agents/profile': ['agent', 'profileId'],
  about: [],
  'statements/more': LIST,
  'activities%2Fstate': [],
  __proto__: [],
  '%00': [],
  '%ff': [],
  '../graphql': [],
};

/** Values for up to three of many parameters, or for all of few, and sometimes one parameter more. */
const pairs = (names: readonly string[]): Arb<readonly (readonly [string, string])[]> => {
  const some = fc.shuffledSubarray([...names], { maxLength: Math.min(names.length, 3) });
  return fc
    .tuple(
      (names.length > 5 ? some : mostly(fc.constant(names), some)).chain((chosen) =>
        fc.tuple(...chosen.map((name) => mostly(PARAMETERS[name] ?? nasty, nasty).map((value) => [name, value] as const))),
      ),
      mostly<readonly (readonly [string, string])[]>(fc.constant([]), fc.tuple(fc.tuple(mostly(fc.constantFrom(...Object.keys(PARAMETERS)), nasty), nasty))),
    )
    .map(([known, extra]) => [...known, ...extra]);
};
const encode = (query: readonly (readonly [string, string])[]): string =>
  new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString();
const query = (names: readonly string[]): Arb =>
  mostly(pairs(names).map(encode), fc.constantFrom('%ff=%ff', '%zz', '&&==&', 'agent', 'a%00b=1', '?', 'method=PUT&x=1'));

/** Every place in a JSON value, as the object or array that holds it and the key there. */
function places(value: unknown): readonly (readonly [holder: Record<string, unknown>, key: string])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[value as Record<string, unknown>, key] as const, ...places(inner)]);
}

const wrong: Arb<unknown> = fc.oneof(
  nasty,
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    [],
    {},
    [null],
    [[]],
    { objectType: 'Agent' },
    { objectType: 'Group', member: [] },
    { id: 1 },
    '\ud800',
    'x'.repeat(20_000),
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A valid statement with one to three of its places replaced, removed or renamed. */
const mutated: Arb<unknown> = fc
  .tuple(statements(), fc.array(fc.tuple(fc.nat(), fc.constantFrom('replace', 'remove', 'rename', 'wrap'), wrong, nasty), { minLength: 1, maxLength: 3 }))
  .map(([statement, changes]) => {
    const copy = structuredClone(statement);
    for (const [place, change, value, name] of changes) {
      const all = places(copy);
      const [holder, key] = all[place % all.length] ?? [copy, 'actor'];
      const old = holder[key];
      if (change === 'remove' || change === 'rename') delete holder[key];
      if (change === 'replace') holder[key] = structuredClone(value);
      // An array has no names to give: its length takes no such value.
      if (change === 'rename' && !Array.isArray(holder))
        Object.defineProperty(holder, name, { value: old, enumerable: true, configurable: true, writable: true });
      if (change === 'wrap') holder[key] = [old];
    }
    return copy as unknown;
  });

const HEAVY: readonly (() => string)[] = [
  () => '['.repeat(100_000),
  () => `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  () => `{${Array.from({ length: 50_000 }, (_, index) => `"${index}":1`).join(',')}}`,
  () => `[${'{},'.repeat(20_000)}{}]`,
  () => `"${'\\'.repeat(200_001)}`,
  () => `[${'"",'.repeat(1_100)}""]`,
  () => `{"actor":{"mbox":"mailto:${'a'.repeat(300_000)}@"}}`,
  () => `[${'1e400,'.repeat(20_000)}${'1'.repeat(100_000)}]`,
  () => `{"actor":{"objectType":"Group","member":[${'{"mbox":1},'.repeat(10_000)}{}]}}`,
];

/** Text of a body that is broken below JSON, or above it. */
const brokenText: Arb<string | Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: mutated.map((statement) => JSON.stringify(statement)) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.array(mutated, { maxLength: 3 }), fc.array(statements(), { maxLength: 2 })).map((parts) => JSON.stringify(parts.flat())),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(statements(), fc.nat()).map(([statement, cut]) => JSON.stringify(statement).slice(0, cut % JSON.stringify(statement).length)),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(statements(), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 })).map(([statement, place, bytes]) => {
      const text = Buffer.from(JSON.stringify(statement));
      text.set(bytes.subarray(0, text.length), place % Math.max(1, text.length - 8));
      return text;
    }),
  },
  { weight: 1, arbitrary: statements().map((statement) => JSON.stringify(statement).replace('{', '{"actor":{},')) },
  { weight: 2, arbitrary: fc.json({ maxDepth: 4 }) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  { weight: 1, arbitrary: nasty },
);
const heavyBody: Arb = fc.constantFrom(...HEAVY).map((make) => make());

const SIGNATURE = 'http://adlnet.gov/expapi/attachments/signature';
/** Statements with an attachment in parts, of which something is usually wrong. */
const multipart: Arb<{ type: string; body: Uint8Array }> = fc
  .record({
    content: fc.uint8Array({ maxLength: 60 }),
    usage: fc.constantFrom('urn:usage', SIGNATURE),
    hashed: fc.boolean(),
    boundary: mostly(fc.constantFrom('b', 'a b'), fc.constantFrom('--', "x'()+_,-./:=?", '', 'é', 'b'.repeat(71))),
    quoted: fc.boolean(),
    header: mostly(
      fc.constant('Content-Transfer-Encoding: binary'),
      fc.constantFrom('Content-Transfer-Encoding: base64', 'Content-Transfer-Encoding', ': x', `X: ${'y'.repeat(9_000)}`),
    ),
    line: nearly(fc.constant('\r\n'), fc.constant('\n')),
    first: nearly(fc.constant('application/json'), fc.constant('text/plain')),
    parts: fc.constantFrom(1, 1, 0, 2, 1_001),
    cut: mostly<number | null>(fc.constant(null), fc.nat()),
    statement: fc.oneof(mutated, statements()),
  })
  .map(({ content, usage, hashed, boundary, quoted, header, line, first, parts, cut, statement }) => {
    const sha2 = hashed ? hash('sha256', content) : 'a'.repeat(64);
    const attachments = [{ usageType: usage, display: {}, contentType: 'application/octet-stream', length: content.length, sha2 }];
    const json = JSON.stringify({ ...(statement as object), attachments });
    const part = Buffer.concat([Buffer.from(`${line}--${boundary}${line}${header}${line}X-Experience-API-Hash: ${sha2}${line}${line}`), content]);
    const whole = Buffer.concat([
      Buffer.from(`--${boundary}${line}Content-Type: ${first}${line}${line}${json}`),
      ...Array.from({ length: parts }, () => part),
      Buffer.from(`${line}--${boundary}--${line}`),
    ]);
    return { type: `multipart/mixed; boundary=${quoted ? `"${boundary}"` : boundary}`, body: cut === null ? whole : whole.subarray(0, cut % whole.length) };
  });

const text: Arb = brokenText.map((body) => Buffer.from(body as string).toString('latin1'));
const form = (names: readonly string[]): Arb =>
  fc
    .tuple(
      pairs(names),
      nearly<readonly string[]>(
        fc.constant(['Authorization', 'X-Experience-API-Version', 'If-None-Match']),
        fc.subarray(['Authorization', 'X-Experience-API-Version', 'Content-Type', 'If-Match']),
      ),
      fc.option(text, { freq: 8 }),
      nearly(fc.constant('1.0.3'), fc.constantFrom('2.0.0', '')),
      nearly(fc.constant('AUTHORIZATION'), fc.constantFrom('', 'Basic x')),
    )
    .map(([parameters, headers, content, version, authorization]) =>
      encode([
        ...parameters,
        ...headers.map(
          (name) =>
            [
              name,
              name === 'Authorization' ? authorization : name === 'X-Experience-API-Version' ? version : name.startsWith('If') ? '*' : 'application/json',
            ] as const,
        ),
        ...(content === null ? [] : [['content', content] as const]),
      ]),
    );

const headers: Arb<Record<string, string>> = fc.record(
  {
    'X-Experience-API-Version': nearly(
      fc.constantFrom('1.0.3', '1.0.3', '2.0.0', '1.0.2'),
      fc.constantFrom('0.95', '1.0', '1.1', '', '1.0.3, 2.0.0', 'x'),
      headerText,
    ),
    Authorization: nearly(
      fc.constant('AUTHORIZATION'),
      fc.constantFrom(
        'READER',
        'WRITER',
        'NOBODY',
        'Basic',
        'Basic Og==',
        'Basic !!!!',
        `Basic ${'A'.repeat(1_000)}`,
        'Bearer x',
        `Basic ${Buffer.from('a\0:b').toString('base64')}`,
      ),
      headerText,
    ),
    'Content-Type': nearly(
      fc.constant('application/json'),
      fc.constantFrom('application/octet-stream', 'multipart/mixed', 'multipart/mixed; boundary=', 'application/x-www-form-urlencoded', 'text/plain', 'x', ''),
      headerText,
    ),
    'If-Match': nearly(fc.constantFrom('*', '"x"', 'W/"x"', `"${'0'.repeat(40)}"`), headerText),
    'If-None-Match': nearly(fc.constantFrom('*', '"x"'), headerText),
    'Accept-Language': fc.oneof(fc.constantFrom('id, en;q=0.5', '*', ';q=', 'a;q=NaN,'.repeat(500)), headerText),
    Accept: headerText,
    Origin: fc.constantFrom('https://content.example', 'null'),
    'Content-Encoding': fc.constantFrom(...Array<string>(15).fill('identity'), 'gzip', 'br'),
  },
  { requiredKeys: ['X-Experience-API-Version', 'Authorization', 'Content-Type'], noNullPrototype: true },
);

const method: Arb = mostly(fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'), fc.constantFrom('PATCH', 'OPTIONS', 'PROPFIND', 'QUERY', 'TRACE', 'PURGE'));

const resource = mostly(fc.constantFrom(...Object.entries(RESOURCES).slice(0, 6)), fc.constantFrom(...Object.entries(RESOURCES)));
const plain: Arb<FuzzRequest> = fc
  .tuple(resource, headers, method, fc.option(brokenText, { freq: 3 }))
  .chain(([[path, names], head, verb, body]) => query(names).map((asked) => ({ method: verb, path: `/xapi/${path}?${asked}`, headers: head, body })));
/** Bodies for the resource that reads them. */
const written: Arb<FuzzRequest> = fc.tuple(headers, fc.boolean(), uuid, brokenText).map(([head, isPut, id, body]) => ({
  method: isPut ? 'PUT' : 'POST',
  path: `/xapi/statements${isPut ? `?statementId=${/"id":"([0-9a-f-]{36})"/i.exec(String(body))?.[1] ?? id}` : ''}`,
  headers: { ...head, 'Content-Type': 'application/json' },
  body,
}));
const inParts: Arb<FuzzRequest> = fc
  .tuple(headers, multipart)
  .map(([head, { type, body }]) => ({ method: 'POST', path: '/xapi/statements', headers: { ...head, 'Content-Type': type }, body }));
const alternate: Arb<FuzzRequest> = fc
  .tuple(
    resource.chain(([path, names]) => fc.tuple(fc.constant(path), mostly(form(names), nasty))),
    fc.constantFrom('GET', 'PUT', 'PUT', 'POST', 'POST', 'DELETE', 'HEAD', 'get', ''),
    mostly(fc.constantFrom('application/x-www-form-urlencoded', 'text/plain'), headerText),
  )
  .map(([[path, body], inner, type]) => ({ method: 'POST', path: `/xapi/${path}?method=${inner}`, headers: { 'Content-Type': type }, body }));
const heavy: Arb<FuzzRequest> = fc
  .tuple(
    headers,
    fc.constantFrom(
      '/xapi/statements',
      '/xapi/statements?method=PUT',
      '/xapi/activities/state?activityId=urn:a&stateId=a&agent=%7B%22openid%22:%22urn:a%22%7D',
    ),
    heavyBody,
  )
  .map(([head, path, body]) => ({ method: 'POST', path, headers: head, body }));

/** Requests to every xAPI resource of which nearly all are wrong somewhere. `AUTHORIZATION` stands for credentials. */
export const badXapiRequest: Arb<FuzzRequest> = fc.oneof(
  { weight: 40, arbitrary: plain },
  { weight: 30, arbitrary: written },
  { weight: 12, arbitrary: inParts },
  { weight: 12, arbitrary: alternate },
  { weight: 1, arbitrary: heavy },
);
