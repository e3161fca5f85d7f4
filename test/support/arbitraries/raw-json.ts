import fc from 'fast-check';

const PIECES = [
  'a',
  ' ',
  '/',
  '\\/',
  '\\"',
  '\\\\',
  '\\n',
  '\\u0000',
  '\\u00E9',
  'é',
  'e\u0301',
  '😀',
  '\\uD83D\\ude00',
  '\\ud800',
  '\\udfff',
  '\u2028',
  '\ufeff',
  '\u200d',
  '\u202e',
  '\u007f',
  '__proto__',
  "'",
  '$&',
  '}',
  ']',
  ',',
  ':',
] as const;

const number = fc.stringMatching(/^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,20})?(?:[eE][+-]?[0-3]?\d{1,2})?$/);
const inner = fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((pieces) => pieces.join(''));
const space = fc.constantFrom('', '', '', ' ', '\t', '\n', '\r\n ');

const spaced = (elements: readonly string[], around: string): string => elements.map((element) => `${around}${element}${around}`).join(',');

/** JSON text with numbers no double can hold and strings no parser writes back: to be sent as it is. */
export const rawJson: fc.Arbitrary<string> = fc.letrec<{ value: string; list: string; map: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', '-0', '1.0', '{}', '[]', '""'),
    number,
    inner.map((text) => `"${text}"`),
    tie('list'),
    tie('map'),
  ),
  list: fc.tuple(fc.array(tie('value'), { maxLength: 4 }), space).map(([elements, around]) => `[${spaced(elements, around)}]`),
  // The number behind each key keeps the keys of one object apart.
  map: fc.tuple(fc.array(fc.tuple(inner, tie('value')), { maxLength: 4 }), space).map(
    ([entries, around]) =>
      `{${spaced(
        entries.map(([key, value], index) => `"${key}${index}"${around}:${around}${value}`),
        around,
      )}}`,
  ),
})).value;
