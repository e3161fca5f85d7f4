import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalDecimal, type JsonLimits, JsonTextError, type ObjectSpan, scanJson } from '../../src/kernel/json-text.ts';
import { type SpelledJson, spelled } from '../support/arbitraries/json-text.ts';

const WIDE: JsonLimits = { maxDepth: 100, maxTokens: 1_000_000 };
const scan = (text: string, limits: Partial<JsonLimits> = {}) => scanJson(text, { ...WIDE, ...limits });

/** What the scan refuses a text with: the message and the offset. */
function refusal(text: string, limits: Partial<JsonLimits> = {}): { message: string; offset: number } | null {
  try {
    scan(text, limits);
    return null;
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    return { message: error.message, offset: error.offset };
  }
}

const FORTY = Array.from({ length: 40 }, (_, index) => `"k${index}":0,`).join('');

const slices = (text: string, { start, end, members }: ObjectSpan) => ({
  object: text.slice(start, end),
  members: members.map((member) => [member.key, text.slice(member.start, member.end), text.slice(member.valueStart, member.end)]),
});

test('the span of a top-level object is the object without the white space around it', () => {
  const text = ' \n{"a" : 1 }\t';

  expect(scan(text).objects).toEqual([{ start: 2, end: 12, members: [{ key: 'a', start: 3, valueStart: 8, end: 10 }] }]);
});

test('a member reaches from the quote of its key to the end of its value', () => {
  const text = '{ "a":1,"b" : "x, }\\"" , "c":[1, {"d":2} ] ,"e":{}\n}';

  expect(scan(text).objects.map((object) => slices(text, object))).toEqual([
    {
      object: text,
      members: [
        ['a', '"a":1', '1'],
        ['b', '"b" : "x, }\\""', ' "x, }\\""'],
        ['c', '"c":[1, {"d":2} ]', '[1, {"d":2} ]'],
        ['e', '"e":{}', '{}'],
      ],
    },
  ]);
});

test('of a top-level list the elements that are objects are reported, in order, and nothing deeper', () => {
  const text = '[{"a":1}, 2, [{"b":3}], {"c":{"d":[{}]}}, "{}", {} ]';

  expect(scan(text).objects.map((object) => slices(text, object).object)).toEqual(['{"a":1}', '{"c":{"d":[{}]}}', '{}']);
});

test.each(['', ' ', '1', '"{}"', 'null', 'true', '[]', '[1,"a",null]', '[[{}]]'])('text without a top-level object reports none: %j', (text) => {
  expect(scan(text).objects).toEqual([]);
});

test.each([
  ['"\\u0061"', 'a'],
  ['"\\""', '"'],
  ['"\\\\"', '\\'],
  ['"\\\\\\""', '\\"'],
  ['"\\/"', '/'],
  ['"\\n\\u0000"', '\n\u0000'],
  ['"\\ud83d\\ude00"', '😀'],
  ['"\\ud800"', '\ud800'],
  ['""', ''],
  ['"__proto__"', '__proto__'],
  ['"a:b,{c}[d]"', 'a:b,{c}[d]'],
])('the key %s is read as JSON.parse reads it', (written, key) => {
  const text = `{${written}:1}`;

  expect(scan(text).objects.map(({ members }) => members.map((member) => member.key))).toEqual([[key]]);
  expect(Object.keys(JSON.parse(text) as object)).toEqual([key]);
});

test.each([
  ['at the top', '{"a":1,"a":2}', 'a', 7],
  ['with white space', '{ "a" : 1 ,\n "a" : 2 }', 'a', 13],
  ['spelled with an escape', '{"a":1,"\\u0061":2}', 'a', 7],
  ['first spelled with an escape', '{"\\u0061":1,"a":2}', 'a', 12],
  ['spelled with escapes of two kinds', '{"/":1,"\\/":2}', '/', 7],
  ['an escaped quote', '{"\\"":1,"\\u0022":2}', '"', 8],
  ['the empty key', '{"":1,"":2}', '', 6],
  ['__proto__', '{"__proto__":1,"__proto__":2}', '__proto__', 15],
  ['deep inside', '{"a":[{"b":{"c":1,"d":2,"c":3}}]}', 'c', 24],
  ['in an element of a list', '[{"a":1},{"a":1,"a":1}]', 'a', 16],
  ['after an object with the same key', '{"a":{"a":1},"a":2}', 'a', 13],
  ['one of the first of 40 keys', `{${FORTY}"k7":1}`, 'k7', 311],
  ['the last of 40 keys', `{${FORTY}"k39":1}`, 'k39', 311],
])('a key that stands twice in one object is refused where it stands again: %s', (_, text, key, offset) => {
  expect(refusal(text)).toEqual({ message: `the key ${JSON.stringify(key)} stands twice in one object`, offset });
});

test.each([
  ['in two objects of a list', '[{"a":1},{"a":1}]'],
  ['in an object and in its value', '{"a":{"a":{"a":1}}}'],
  ['in objects side by side', '{"a":{"x":1},"b":{"x":1}}'],
  ['in another case', '{"a":1,"A":2}'],
  ['as a value', '{"a":"a","b":"a"}'],
  ['composed and decomposed', '{"é":1,"e\u0301":2}'],
])('the same key may stand %s', (_, text) => {
  expect(refusal(text)).toBeNull();
});

test('nesting is taken up to the limit and refused at the bracket that passes it', () => {
  expect(refusal('[[[]]]', { maxDepth: 3 })).toBeNull();
  expect(refusal('[[{}]]', { maxDepth: 2 })).toEqual({ message: 'nested deeper than 2 levels', offset: 2 });
  expect(refusal('{"a":{"b":[1]}}', { maxDepth: 3 })).toBeNull();
  expect(refusal('{"a":{"b":[1]}}', { maxDepth: 2 })).toEqual({ message: 'nested deeper than 2 levels', offset: 10 });
  expect(refusal('[[],[],[[]]]', { maxDepth: 2 })).toEqual({ message: 'nested deeper than 2 levels', offset: 8 });
  expect(refusal('"[[[["', { maxDepth: 0 })).toBeNull();
});

test('a million brackets are refused at the limit, not by a full stack', () => {
  expect(refusal('['.repeat(1_000_000), { maxDepth: 64 })).toEqual({ message: 'nested deeper than 64 levels', offset: 64 });
  expect(refusal('{"a":'.repeat(200_000), { maxDepth: 64 })).toEqual({ message: 'nested deeper than 64 levels', offset: 320 });
});

test.each([
  ['the list and its numbers', '[1,2,3]', 4],
  ['the list and its strings', '["a","b"]', 3],
  ['objects, keys and values', '{"a":{"b":1},"c":"d"}', 7],
  ['lists in lists', '[[],[[]]]', 4],
])('tokens are taken up to the limit: %s', (_, text, tokens) => {
  expect(refusal(text, { maxTokens: tokens })).toBeNull();
  expect(refusal(text, { maxTokens: tokens - 1 })?.message).toBe(`more than ${tokens - 1} values and keys`);
});

test.each([
  ['400 digits', '9'.repeat(400), '9'.repeat(401)],
  ['400 characters with a fraction', `0.${'1'.repeat(398)}`, `0.${'1'.repeat(399)}`],
  ['an exponent of 400', '1e400', '1e401'],
  ['an exponent of -400', '1E-400', '1E-401'],
  ['an exponent of 400 with a sign', '1e+400', '1e+401'],
  ['an exponent of 400 with zeros before it', '1e0000400', '1e0000401'],
])('a number is taken up to %s and refused beyond, where it begins', (_, taken, refused) => {
  expect(refusal(`[ ${taken}]`)).toBeNull();
  expect(refusal(`[ ${refused}]`)).toEqual({ message: 'a number may have at most 400 characters and an exponent of at most 400', offset: 2 });
});

test.each(['0', '-1', '1.5', '0.1', '1e+21', '5e-324', '1.7976931348623157e+308', '9007199254740991', '123456789012345680000'])(
  'the number %s is exact: a double gives it back as it is written',
  (lexeme) => {
    expect(scan(`[${lexeme}]`).hasInexactNumbers).toBe(false);
    expect(scan(lexeme).hasInexactNumbers).toBe(false);
  },
);

test.each(['1.0', '-0', '1e0', '1E+21', '1e21', '0.10', '12345678901234567890', '9007199254740993', '1e400', '1e-400', '0.1000000000000000055'])(
  'the number %s is inexact, wherever it stands',
  (lexeme) => {
    for (const text of [lexeme, `[1,${lexeme},2]`, `{"a":${lexeme}}`, `{"a":[{"b":\n${lexeme} }]}`]) expect(scan(text).hasInexactNumbers).toBe(true);
  },
);

test('digits inside strings and keys are not numbers', () => {
  expect(scan('{"1.0":"12345678901234567890","1e999":"1e999 \\" 1.0"}').hasInexactNumbers).toBe(false);
});

const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 });
const parsed = (text: string): string => JSON.stringify(JSON.parse(text));

/** That the spans cut out of the text what JSON.parse finds in it. */
function expectSpansToHold({ text }: SpelledJson): void {
  const whole = JSON.parse(text) as unknown;
  const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
  const wanted = (Array.isArray(whole) ? (whole as unknown[]) : [whole]).filter(isPlain);
  const { objects } = scan(text);

  expect(objects.map(({ start, end }) => parsed(text.slice(start, end)))).toEqual(wanted.map((object) => JSON.stringify(object)));
  objects.forEach(({ members }, index) => {
    const object = wanted[index] ?? {};
    expect([...members].map(({ key }) => key).sort()).toEqual(Object.keys(object).sort());
    for (const { key, start, valueStart, end } of members) {
      expect(parsed(text.slice(valueStart, end))).toBe(JSON.stringify(Object.entries(object).find(([name]) => name === key)?.[1]));
      expect(parsed(`{${text.slice(start, end)}}`)).toBe(`{${JSON.stringify(key)}:${parsed(text.slice(valueStart, end))}}`);
      expect(text.slice(end - 1, end)).toMatch(/\S/);
    }
  });
}

test('for any JSON text, the slices at the spans parse to what JSON.parse finds there', () => {
  fc.assert(fc.property(spelled(json), expectSpansToHold), { numRuns: 500 });
});

test('for any list of objects, the slices at the spans parse to what JSON.parse finds there', () => {
  const object = fc.dictionary(fc.string({ unit: 'binary', maxLength: 5 }), json, { maxKeys: 4, noNullPrototype: true });
  fc.assert(fc.property(spelled(fc.oneof(object, fc.array(fc.oneof(object, json), { maxLength: 4 }))), expectSpansToHold), { numRuns: 500 });
});

test('joining the members of an object, in any choice, gives an object of just those members', () => {
  const object = fc.dictionary(fc.string({ unit: 'binary', maxLength: 5 }), json, { minKeys: 1, maxKeys: 5, noNullPrototype: true });
  fc.assert(
    fc.property(spelled(object), fc.nat({ max: 31 }), ({ text }, choice) => {
      const kept = (scan(text).objects[0]?.members ?? []).filter((_, index) => (choice & (1 << index)) !== 0);
      const joined = JSON.parse(`{${kept.map(({ start, end }) => text.slice(start, end)).join(',')}}`) as object;

      const names = new Set(kept.map(({ key }) => key));
      expect(JSON.stringify(joined)).toBe(JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).filter(([key]) => names.has(key)))));
    }),
    { numRuns: 300 },
  );
});

test('a text has inexact numbers exactly when writing its parsed numbers again gives other digits', () => {
  const numbers = fc.array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.maxSafeInteger()), { maxLength: 4 });
  fc.assert(
    fc.property(spelled(numbers), ({ text }) => {
      const lexemes = text.match(/[-+.\deE]+/g) ?? [];

      expect(scan(text).hasInexactNumbers).toBe(lexemes.some((lexeme) => String(Number(lexeme)) !== lexeme));
    }),
    { numRuns: 300 },
  );
});

test('whatever text comes in, JSON or not, the scan ends with a result or a refusal inside the text', () => {
  const jsonish = fc.string({ unit: fc.constantFrom(...Array.from('{}[]":,\\0123e.-+ \nab')), maxLength: 60 });
  fc.assert(
    fc.property(fc.oneof(jsonish, fc.string({ unit: 'binary' })), (text) => {
      const offset = refusal(text, { maxDepth: 4, maxTokens: 12 })?.offset ?? 0;

      expect(offset >= 0 && offset <= text.length).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ['0', '0'],
  ['-0', '0'],
  ['0.000', '0'],
  ['0e400', '0'],
  ['1', '1e0'],
  ['1.0', '1e0'],
  ['1e0', '1e0'],
  ['1E+00', '1e0'],
  ['10e-1', '1e0'],
  ['0.1e1', '1e0'],
  ['-1.50', '-15e-1'],
  ['100', '1e2'],
  ['0.00120', '12e-4'],
  ['12345678901234567890', '1234567890123456789e1'],
  ['12345678901234567891', '12345678901234567891e0'],
  ['1e400', '1e400'],
  ['10e399', '1e400'],
  ['0.1e-399', '1e-400'],
])('the exact decimal of %s is %s', (lexeme, decimal) => {
  expect(canonicalDecimal(lexeme)).toBe(decimal);
});

test('the exact decimal of a double is the double, however it is written', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const decimal = canonicalDecimal(JSON.stringify(number));

      expect(Number(decimal)).toBe(number === 0 ? 0 : number);
      expect(canonicalDecimal(number.toExponential())).toBe(decimal);
    }),
  );
});

test('two integers of any length have one exact decimal exactly when they are equal', () => {
  const digits = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
  fc.assert(
    fc.property(digits, fc.constantFrom(0n, 1n, 10n, -1n), fc.nat({ max: 20 }), (one, difference, zeros) => {
      const other = one + difference;
      const shifted = `${other}${'0'.repeat(zeros)}e-${zeros}`;

      expect(canonicalDecimal(String(one)) === canonicalDecimal(shifted)).toBe(difference === 0n);
    }),
  );
});
