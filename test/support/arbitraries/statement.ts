import fc from 'fast-check';
import { type JsonObject, VOIDED, type XapiVersion } from '../../../src/standards/xapi/index.ts';

type Arb<T = unknown> = fc.Arbitrary<T>;
type Model = Record<string, Arb>;

/** An object with all of the required properties and some of the optional ones. */
const objectOf = (required: Model, optional: Model = {}): Arb<object> =>
  fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required), noNullPrototype: true });

const merged = (...parts: readonly Arb<object>[]): Arb<object> => fc.tuple(...parts).map((objects) => Object.assign({}, ...objects) as object);

const listOf = (element: Arb, minLength = 0, maxLength = 3): Arb<unknown[]> => fc.array(element, { minLength, maxLength });

/** Text that stores, splicers and query builders have been seen to stumble over. */
const NASTY = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  'a\udfffb',
  '"\\/\b\f\n\r\t',
  '\u2028\u2029\ufeff',
  '__proto__',
  '\\u0000',
  "'; DROP TABLE statement; --",
  '$1 :x ?',
  '👩‍👩‍👧 e\u0301 é',
  '\u202eabc',
  '<script>alert(1)</script>',
  '{"actor":null}',
  '","id":"x',
  'null',
  '1e400',
] as const;
const text: Arb<string> = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom(...NASTY));

/** Text for keys and columns: no control characters, no half surrogate pairs. */
const keyText: Arb<string> = fc
  .oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), fc.constantFrom('ani@x', 'a::b', "o'neil", 'アニ', '😀', '%', '__proto__', '{}'))
  .filter((name) => name.isWellFormed() && !/\p{Cc}/u.test(name));

const charactersOf = (characters: string, minLength: number, maxLength: number): Arb<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from(characters)), minLength, maxLength });
const hex = (length: number): Arb<string> => charactersOf('0123456789abcdefABCDEF', length, length);

const iri: Arb<string> = fc
  .tuple(
    fc.constantFrom('https://content.example/', 'http://例え.example/a/', 'urn:example:', 'tag:example.org,2026:', 'HTTPS://EXAMPLE.ORG/'),
    charactersOf("abcXYZ019-._~/!$&'()*+,;=:@é例😀", 0, 12),
    fc.constantFrom('', '', '?q=1&r=%20', '#part'),
  )
  .map((parts) => parts.join(''));
const uuid: Arb<string> = fc.tuple(fc.uuid(), fc.boolean()).map(([id, capitals]) => (capitals ? id.toUpperCase() : id));
const languageTag: Arb<string> = fc.constantFrom('id', 'en', 'en-US', 'EN-gb', 'jv', 'zh-Hant-TW', 'es-419', 'de-CH-1901', 'x-dialek', 'sl-rozaj-biske');
const languageMap: Arb<object> = fc.dictionary(languageTag, text, { maxKeys: 3, noNullPrototype: true });
const duration: Arb<string> = fc.oneof(
  fc.constantFrom('P4W', 'P3Y', 'PT0S', 'P3Y1M29DT4H35M59.14S', 'PT16559.14S', 'PT0.5H', 'PT1,5S'),
  fc.nat({ max: 100_000 }).map((hundredths) => `PT${hundredths / 100}S`),
);
const timestamp: Arb<string> = fc
  .tuple(
    fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true }),
    fc.constantFrom('', '.5', '.120', '.123', '.123456789'),
    fc.constantFrom('Z', 'z', '+00:00', '+07:00', '-03:30', '+13:45'),
  )
  .map(([date, fraction, offset]) => `${date.toISOString().slice(0, 19)}${fraction}${offset}`);

const PROTO_KEY: unknown = JSON.parse('{"__proto__":{"a":null},"constructor":"x","":0}');
const extensionValue: Arb = fc.oneof(
  fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 }),
  text,
  fc.constantFrom(null, [], {}, [[], [null]], 1e21, 5e-324, 0.1, -1.5e-7, 9007199254740991, PROTO_KEY),
);
const extensions: Arb<object> = fc.dictionary(iri, extensionValue, { maxKeys: 3, noNullPrototype: true });

const mbox: Arb<string> = fc
  .tuple(charactersOf('abcXYZ019._+-%é', 1, 10), fc.constantFrom('example.org', 'EXAMPLE.org', 'localhost', 'exämple.org'))
  .map(([local, host]) => `mailto:${local}@${host}`);
const identifier: Arb<object> = fc.oneof(
  objectOf({ mbox }),
  objectOf({ mbox_sha1sum: hex(40) }),
  objectOf({ openid: iri }),
  objectOf({ account: objectOf({ homePage: iri, name: keyText }) }),
);
const agent: Arb<object> = merged(identifier, objectOf({}, { objectType: fc.constant('Agent'), name: text }));
const typedAgent: Arb<object> = merged(objectOf({ objectType: fc.constant('Agent') }, { name: text }), identifier);
const groupType: Model = { objectType: fc.constant('Group') };
const identifiedGroup: Arb<object> = merged(objectOf(groupType, { name: text, member: listOf(agent) }), identifier);
const anonymousGroup: Arb<object> = objectOf({ ...groupType, member: listOf(agent, 1) }, { name: text });
const group: Arb<object> = fc.oneof(identifiedGroup, anonymousGroup);
const actor: Arb<object> = fc.oneof({ weight: 3, arbitrary: agent }, { weight: 1, arbitrary: group });

const components: Arb = fc
  .uniqueArray(text, { maxLength: 3 })
  .chain((ids) => fc.tuple(...ids.map((id) => objectOf({ id: fc.constant(id) }, { description: languageMap }))));
const interaction = (types: readonly string[], lists: readonly string[]): Arb<object> =>
  objectOf(
    { interactionType: fc.constantFrom(...types) },
    { correctResponsesPattern: listOf(text), ...Object.fromEntries(lists.map((list) => [list, components])) },
  );
const interactive: Arb<object> = fc.oneof(
  interaction(['choice', 'sequencing'], ['choices']),
  interaction(['likert'], ['scale']),
  interaction(['matching'], ['source', 'target']),
  interaction(['performance'], ['steps']),
  interaction(['true-false', 'fill-in', 'long-fill-in', 'numeric', 'other'], []),
);
const described: Arb<object> = objectOf({}, { name: languageMap, description: languageMap, type: iri, moreInfo: iri, extensions });
const definition: Arb<object> = fc.oneof(described, merged(described, interactive));
const activity: Arb<object> = objectOf({ id: iri }, { objectType: fc.constant('Activity'), definition });
const statementRef: Arb<object> = objectOf({ objectType: fc.constant('StatementRef'), id: uuid });

const fraction: Arb<number> = fc.double({ min: 0, max: 1, noNaN: true });
/** Bounds and a raw score that lies between them; any of the three may be missing. */
const bounds: Arb<object> = fc
  .tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 1000 }), fraction)
  .chain(([min, width, place]) => objectOf({}, { raw: fc.constant(min + width * place), min: fc.constant(min), max: fc.constant(min + width) }));
const score: Arb<object> = merged(bounds, objectOf({}, { scaled: fc.double({ min: -1, max: 1, noNaN: true }) }));
const result: Arb<object> = objectOf({}, { score, success: fc.boolean(), completion: fc.boolean(), response: text, duration, extensions });

const oneOrMore: Arb = fc.oneof(activity, listOf(activity));
const contextActivities: Arb<object> = objectOf({}, { parent: oneOrMore, grouping: oneOrMore, category: oneOrMore, other: oneOrMore });
const relevantTypes: Model = { relevantTypes: listOf(iri, 1) };
const IN_2_0: Model = {
  contextAgents: listOf(objectOf({ objectType: fc.constant('contextAgent'), agent }, relevantTypes)),
  contextGroups: listOf(objectOf({ objectType: fc.constant('contextGroup'), group }, relevantTypes)),
};
const contextFor = (version: XapiVersion, isActivity: boolean): Arb<object> =>
  objectOf(
    {},
    {
      registration: uuid,
      instructor: actor,
      team: group,
      contextActivities,
      language: languageTag,
      statement: statementRef,
      extensions,
      ...(isActivity ? { revision: text, platform: text } : {}),
      ...(version === '2.0.0' ? IN_2_0 : {}),
    },
  );

const attachment: Arb<object> = objectOf(
  {
    usageType: iri,
    display: languageMap,
    contentType: fc.constantFrom('application/pdf', 'text/plain; charset=utf-8', 'application/vnd.example+json'),
    length: fc.nat(),
    sha2: hex(64),
    fileUrl: iri,
  },
  { description: languageMap },
);

const VERBS = ['completed', 'passed', 'failed', 'attempted'].map((name) => `http://adlnet.gov/expapi/verbs/${name}`);
const verb: Arb<object> = objectOf({ id: fc.oneof(fc.constantFrom(...VERBS), iri) }, { display: languageMap });

/** What a statement and a SubStatement have in common, about one kind of object. */
const about = (version: XapiVersion, object: Arb<object>, isActivity: boolean, verbs = verb): Arb<object> =>
  objectOf({ actor, verb: verbs, object }, { result, context: contextFor(version, isActivity), timestamp, attachments: listOf(attachment, 0, 2) });

const flatObjects: Arb<object> = fc.oneof(typedAgent, group, statementRef);
const subStatement = (version: XapiVersion): Arb<object> =>
  merged(fc.oneof(about(version, activity, true), about(version, flatObjects, false)), objectOf({ objectType: fc.constant('SubStatement') }));

const setByLrs: Arb<object> = objectOf(
  {},
  {
    id: uuid,
    stored: timestamp,
    version: fc.constantFrom('1.0.0', '1.0', '1.0.3'),
    authority: fc.oneof(agent, objectOf({ ...groupType, member: listOf(agent, 2, 2) })),
  },
);

/**
 * Valid statements of every shape: four kinds of identifier, both kinds of groups, all kinds of objects, nasty text.
 *
 * Those for 1.0.3 are valid in 2.0.0 too; those for 2.0.0 may have contextAgents and contextGroups. Attachments have a
 * fileUrl, so that the statement can travel without their bytes. All values have come through `JSON.parse`.
 */
export function statements(version: XapiVersion = '1.0.3'): fc.Arbitrary<JsonObject> {
  const body = fc.oneof(
    { weight: 4, arbitrary: about(version, activity, true) },
    { weight: 2, arbitrary: about(version, flatObjects, false) },
    { weight: 2, arbitrary: about(version, subStatement(version), false) },
    { weight: 1, arbitrary: about(version, statementRef, false, objectOf({ id: fc.constant(VOIDED) }, { display: languageMap })) },
  );
  return merged(body, setByLrs).map((statement) => JSON.parse(JSON.stringify(statement)) as JsonObject);
}
