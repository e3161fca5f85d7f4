import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scanJson } from '../../../src/kernel/json-text.ts';
import { canonicalForm, type JsonObject } from '../../../src/standards/xapi/index.ts';
import { dice, spell } from '../../support/arbitraries/json-text.ts';
import { statements } from '../../support/arbitraries/statement.ts';
import { changedAt, type Place, placesIn, valueAt } from './places.ts';
import { ACTIVITY, statementWith } from './table.ts';

/** The canonical form of one statement's text, found as ingestion finds it. */
function formOf(text: string): string {
  const { hasInexactNumbers } = scanJson(text, { maxDepth: 64, maxTokens: 1_000_000 });
  return canonicalForm(JSON.parse(text) as JsonObject, text, hasInexactNumbers);
}
const form = (properties: object): string => formOf(JSON.stringify(statementWith(properties)));
/** A statement whose result has one extension, written as given. */
const withExtension = (value: string): string =>
  formOf(
    `{"actor":{"mbox":"mailto:a@b"},"verb":{"id":"urn:v:1"},"object":{"id":"urn:a:1"},"result":{"extensions":{"urn:e:1":${value},"urn:e:2":12345678901234567890}}}`,
  );

const UUID = '6690e6c9-3ef0-4ed3-8b37-7f3964730bee';
const ANI = { mbox: 'mailto:ani@example.org' };
const BUDI = { openid: 'https://id.example.org/budi' };
const group = (...member: readonly object[]) => ({ objectType: 'Group', member });
const sub = (properties: object) => ({ object: { objectType: 'SubStatement', ...statementWith(properties) } });
const context = (value: object) => ({ context: value });
const extended = (value: unknown) => ({ result: { extensions: { 'urn:e:1': value } } });

type Pair = readonly [guarantee: string, one: object, other: object];

const SAME: readonly Pair[] = [
  ['id', { id: UUID }, {}],
  ['stored', { stored: '2026-01-05T08:00:00Z' }, { stored: '2027-01-05T08:00:00Z' }],
  ['authority', { authority: ANI }, { authority: BUDI }],
  ['version', { version: '1.0.0' }, { version: '1.0.3' }],
  ['attachments', { attachments: [] }, {}],
  ['the display of the verb', { verb: { id: 'urn:v:1', display: { en: 'did' } } }, { verb: { id: 'urn:v:1' } }],
  ['the display of the verb of a SubStatement', sub({ verb: { id: 'urn:v:1', display: {} } }), sub({ verb: { id: 'urn:v:1' } })],
  ['the definition of the object', { object: { ...ACTIVITY, definition: { name: { en: 'Unit 1' } } } }, { object: ACTIVITY }],
  [
    'the definition of the object of a SubStatement',
    sub({ object: { ...ACTIVITY, definition: { extensions: { 'urn:e:1': 1 } } } }),
    sub({ object: { ...ACTIVITY, definition: {} } }),
  ],
  [
    'definitions in contextActivities',
    context({ contextActivities: { parent: [{ ...ACTIVITY, definition: { type: 'urn:t:1' } }] } }),
    context({ contextActivities: { parent: [ACTIVITY] } }),
  ],
  [
    'whether one context activity came in a list',
    context({ contextActivities: { category: ACTIVITY } }),
    context({ contextActivities: { category: [ACTIVITY] } }),
  ],
  ['the same in a SubStatement', sub(context({ contextActivities: { other: ACTIVITY } })), sub(context({ contextActivities: { other: [ACTIVITY] } }))],
  ['the order of the members of a Group', { actor: group(ANI, BUDI) }, { actor: group(BUDI, ANI) }],
  ['the order of the members of a team', context({ team: group(ANI, BUDI) }), context({ team: group(BUDI, ANI) })],
  ['the order of members in a SubStatement', sub({ actor: group(ANI, BUDI) }), sub({ actor: group(BUDI, ANI) })],
  ['the timestamp, which is compared apart', { timestamp: '2026-01-05T08:00:00Z' }, {}],
  ['the offset of the timestamp in a SubStatement', sub({ timestamp: '2026-01-05T15:00:00+07:00' }), sub({ timestamp: '2026-01-05T08:00:00Z' })],
  [
    'the case of a registration',
    { context: { registration: '3F0C6A3E-5D0E-4F0B-9D2A-6D0C2F1A7B01' } },
    { context: { registration: '3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b01' } },
  ],
  [
    'the case of a statement referred to',
    { object: { objectType: 'StatementRef', id: '3F0C6A3E-5D0E-4F0B-9D2A-6D0C2F1A7B01' } },
    { object: { objectType: 'StatementRef', id: '3f0c6a3e-5d0e-4f0b-9d2a-6d0c2f1a7b01' } },
  ],
  ['the case of a host in a mailbox', { actor: { mbox: 'mailto:ani@EXAMPLE.org' } }, { actor: { mbox: 'mailto:ani@example.org' } }],
  ['what a duration says beyond a hundredth of a second', { result: { duration: 'PT1.2345S' } }, { result: { duration: 'PT1.2399S' } }],
  ['the offset of the timestamp', { timestamp: '2026-01-05T15:00:00+07:00' }, { timestamp: '2026-01-05T08:00:00Z' }],
  ['zeros at the end of the timestamp', { timestamp: '2026-01-05T08:00:00.120Z' }, { timestamp: '2026-01-05T08:00:00.12Z' }],
  ['small letters in the timestamp', { timestamp: '2026-01-05t08:00:00z' }, { timestamp: '2026-01-05T08:00:00.000Z' }],
];

test.each(SAME)('Data 2.3.1: two statements that differ only in what is not part of them are one: %s', (_, one, other) => {
  expect(form(one)).toBe(form(other));
});

const DIFFERENT: readonly Pair[] = [
  ['the actor', { actor: ANI }, { actor: BUDI }],
  ['the name of the actor', { actor: { ...ANI, name: 'Ani' } }, { actor: ANI }],
  ['a Group and an Agent', { actor: { ...ANI, objectType: 'Group' } }, { actor: ANI }],
  ['a member', { actor: group(ANI, BUDI) }, { actor: group(ANI) }],
  ['a member that stands twice', { actor: group(ANI, ANI) }, { actor: group(ANI) }],
  ['the verb', { verb: { id: 'urn:v:1' } }, { verb: { id: 'urn:v:2' } }],
  ['the case of the verb', { verb: { id: 'urn:v:a' } }, { verb: { id: 'urn:v:A' } }],
  ['the object', { object: { id: 'urn:a:1' } }, { object: { id: 'urn:a:2' } }],
  ['the statement referred to', { object: { objectType: 'StatementRef', id: UUID } }, { object: { objectType: 'StatementRef', id: UUID.replace('6', '7') } }],
  ['the actor of a SubStatement', sub({ actor: ANI }), sub({ actor: BUDI })],
  ['the instant of the timestamp of a SubStatement', sub({ timestamp: '2026-01-05T08:00:00.001Z' }), sub({ timestamp: '2026-01-05T08:00:00.002Z' })],
  ['success', { result: { success: true } }, { result: { success: false } }],
  ['an absent success', { result: { success: false } }, { result: {} }],
  ['an absent result', { result: {} }, {}],
  ['a score', { result: { score: { raw: 1 } } }, { result: { score: { raw: 2 } } }],
  ['the unit of a duration: it counts as text', { result: { duration: 'PT60S' } }, { result: { duration: 'PT1M' } }],
  ['the case of a response', { result: { response: 'a' } }, { result: { response: 'A' } }],
  ['white space in a response', { result: { response: 'a' } }, { result: { response: 'a ' } }],
  ['composed and decomposed letters', { result: { response: 'é' } }, { result: { response: 'e\u0301' } }],
  ['the registration', context({ registration: UUID }), context({})],
  ['the key of a context activity', context({ contextActivities: { parent: [ACTIVITY] } }), context({ contextActivities: { grouping: [ACTIVITY] } })],
  ['a number and its text', extended(1), extended('1')],
  ['null and absence', extended(null), { result: { extensions: {} } }],
  ['null and false', extended(null), extended(false)],
  ['an empty list and an empty object', extended([]), extended({})],
  ['a list of one and its element', extended([1]), extended(1)],
  ['the order of a list', extended([1, 2]), extended([2, 1])],
  ['how a list is nested', extended([[1], 2]), extended([1, [2]])],
  ['a definition inside an extension', extended({ definition: 1 }), extended({})],
  ['the order of members inside an extension', extended({ member: [1, 2] }), extended({ member: [2, 1] })],
  ['an objectType inside an extension', extended({ objectType: 'Activity' }), extended({})],
  ['a text that looks like more JSON', extended('1","urn:e:2":"1'), { result: { extensions: { 'urn:e:1': '1', 'urn:e:2': '1' } } }],
  ['half a surrogate pair', extended('\ud800'), extended('\ud801')],
  ['an own key __proto__', extended(JSON.parse('{"__proto__":1}')), extended({})],
];

test.each(DIFFERENT)('Data 2.3.1: two statements that differ in what they say are two: %s', (_, one, other) => {
  expect(form(one)).not.toBe(form(other));
});

test.each([
  ['1', '1.0'],
  ['1', '1e0'],
  ['1', '10E-1'],
  ['100', '1e2'],
  ['0', '-0'],
  ['0', '0.000e5'],
  ['-1.5', '-150e-2'],
  ['0.1', '1e-1'],
  ['12345678901234567890', '12345678901234567890.0'],
  ['12345678901234567890', '1.2345678901234567890e19'],
  ['1e400', '10e399'],
  ['"é"', '"\\u00e9"'],
  ['"\\/"', '"/"'],
  ['{"a":1,"b":2}', ' {\n"b" : 2,\t"\\u0061":1 } '],
])('Data 2.3.1: %s and %s are one value', (one, other) => {
  expect(withExtension(one)).toBe(withExtension(other));
});

test.each([
  ['12345678901234567890', '12345678901234567891'],
  ['9007199254740992', '9007199254740993'],
  ['0.1', '0.1000000000000000055511151231257827'],
  ['1e400', '1e399'],
  ['1e-400', '0'],
  ['1', '-1'],
  ['1', '10'],
  ['1', '0.1'],
  ['[1,0]', '[10]'],
])('Data 2.3.1: %s and %s are two values, also where a double cannot tell them apart', (one, other) => {
  expect(withExtension(one)).not.toBe(withExtension(other));
});

test('Data 2.3.1: one number has one form, whether or not other numbers of the statement need exact reading', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const lexeme = JSON.stringify(number);
      const alone = form(extended(number));
      const beside = formOf(JSON.stringify(statementWith(extended('here'))).replace('"here"', `${lexeme}, "urn:e:2": 1.0`));
      const both = formOf(JSON.stringify(statementWith({ result: { extensions: { 'urn:e:1': number, 'urn:e:2': 1 } } })));

      expect(beside).toBe(both);
      expect(formOf(JSON.stringify(statementWith(extended('here'))).replace('"here"', number.toExponential()))).toBe(alone);
    }),
    { numRuns: 300 },
  );
});

test('Data 2.3.1: key order, white space, escapes and number spelling never change what a statement is', () => {
  fc.assert(
    fc.property(statements('2.0.0'), dice, (statement, rolled) => {
      const text = JSON.stringify(statement);

      expect(formOf(spell(statement, rolled))).toBe(formOf(text));
    }),
    { numRuns: 250 },
  );
});

/** Places that are not part of what is compared, or are compared as something else than their text. */
function isLeftOut(statement: JsonObject, place: Place): boolean {
  const inside = place.indexOf('extensions');
  const outer = (inside === -1 ? place : place.slice(0, inside)).map(String);
  const value = valueAt(statement, place);
  return (
    ['id', 'stored', 'authority', 'version', 'attachments', 'timestamp'].includes(outer[0] ?? '') ||
    outer.some((key, index) => key === 'definition' || key === 'attachments' || key === 'timestamp' || (key === 'display' && outer[index - 1] === 'verb')) ||
    (inside === -1 && (outer.at(-1) === 'duration' || (outer.at(-1) === 'objectType' && (value === 'Activity' || value === 'Agent'))))
  );
}

function otherThan(leaf: unknown): unknown {
  if (typeof leaf === 'string') return `${leaf}x`;
  if (typeof leaf === 'number') return leaf === 0 ? 1 : -leaf;
  return leaf !== true;
}

test('Data 2.3.1: changing any one value that counts makes another statement', () => {
  fc.assert(
    fc.property(statements('2.0.0'), fc.nat(), (statement, at) => {
      const leaves = placesIn(statement).filter((place) => {
        const value = valueAt(statement, place);
        return (typeof value !== 'object' || value === null) && !isLeftOut(statement, place);
      });
      const place = leaves[at % leaves.length] ?? [];
      const changed = changedAt(statement, place, otherThan);

      expect([place, formOf(JSON.stringify(changed)) === formOf(JSON.stringify(statement))]).toEqual([place, false]);
    }),
    { numRuns: 400 },
  );
});

test('Data 2.3.1: taking away any one property that counts makes another statement', () => {
  fc.assert(
    fc.property(statements('2.0.0'), fc.nat(), (statement, at) => {
      const places = placesIn(statement).filter((place) => place.length > 0 && !isLeftOut(statement, place));
      const place = places[at % places.length] ?? [];
      const changed = changedAt(statement, place, () => undefined);

      expect([place, formOf(JSON.stringify(changed)) === formOf(JSON.stringify(statement))]).toEqual([place, false]);
    }),
    { numRuns: 250 },
  );
});

test('Data 2.3.1: what the LRS sets can be put in, changed or taken away without making another statement', () => {
  const owned = fc.record({ id: fc.uuid(), stored: fc.constant('2026-01-05T08:00:00Z'), authority: fc.constant(ANI), version: fc.constant('1.0.1') });
  fc.assert(
    fc.property(statements('2.0.0'), owned, fc.subarray(['id', 'stored', 'authority', 'version']), (statement, values, removed) => {
      const other = Object.fromEntries(Object.entries({ ...statement, ...values }).filter(([key]) => !removed.includes(key)));

      expect(formOf(JSON.stringify(other))).toBe(formOf(JSON.stringify(statement)));
    }),
  );
});

test('Data 2.3.1: members of a Group in any order are the same Group', () => {
  const members = fc.shuffledSubarray([ANI, BUDI, { mbox: 'mailto:c@d' }, { mbox: 'mailto:c@d', name: 'C' }, { mbox: 'mailto:c@d' }], { minLength: 5 });
  fc.assert(
    fc.property(members, members, (one, other) => {
      expect(form({ actor: group(...one) })).toBe(form({ actor: group(...other) }));
    }),
  );
});
