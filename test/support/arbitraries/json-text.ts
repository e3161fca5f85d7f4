import fc from 'fast-check';

export interface SpelledJson {
  readonly value: unknown;
  readonly text: string;
}

const SPACES = ['', '', '', ' ', '\n', '\t', '\r\n', ' \n\t '] as const;

const escaped = (text: string): string =>
  `"${Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')}"`;

/** The same number written differently. */
function numberSpellings(lexeme: string): readonly string[] {
  if (/e/i.test(lexeme)) return [lexeme, lexeme.replace('e', 'E')];
  if (lexeme.includes('.')) return [lexeme, `${lexeme}0`, `${lexeme}e0`];
  return [lexeme, `${lexeme}.0`, `${lexeme}e0`, `${lexeme}E+00`, lexeme === '0' ? '-0' : `${lexeme}0e-1`];
}

/** JSON text for a value with white space, escapes, number spellings and key order chosen by the dice. */
export function spell(value: unknown, dice: readonly number[]): string {
  let turn = 0;
  const roll = (sides: number): number => (dice[turn++ % dice.length] ?? 0) % sides;
  const space = (): string => SPACES[roll(SPACES.length)] ?? '';
  const pick = (options: readonly string[]): string => options[roll(options.length)] ?? '';
  const string = (text: string): string => pick([JSON.stringify(text), JSON.stringify(text), escaped(text)]);

  const write = (inner: unknown): string => {
    if (typeof inner === 'string') return string(inner);
    if (typeof inner === 'number') return pick(numberSpellings(JSON.stringify(inner)));
    if (Array.isArray(inner)) return `[${inner.map((element) => `${space()}${write(element)}${space()}`).join(',')}${inner.length === 0 ? space() : ''}]`;
    if (typeof inner !== 'object' || inner === null) return JSON.stringify(inner);
    const entries = Object.entries(inner);
    const first = roll(entries.length || 1);
    const turned = [...entries.slice(first), ...entries.slice(0, first)];
    if (roll(2) === 1) turned.reverse();
    return `{${turned.map(([key, held]) => `${space()}${string(key)}${space()}:${space()}${write(held)}${space()}`).join(',')}${entries.length === 0 ? space() : ''}}`;
  };
  return `${space()}${write(value)}${space()}`;
}

export const dice: fc.Arbitrary<readonly number[]> = fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 40 });

/** A JSON value together with some text for it. */
export const spelled = (value: fc.Arbitrary<unknown>): fc.Arbitrary<SpelledJson> =>
  fc.tuple(value, dice).map(([inner, rolled]) => ({ value: inner, text: spell(inner, rolled) }));
