import { invalid } from './errors.ts';

/** Longest text, in characters, of a field that an index holds; a PostgreSQL index row ends at 2,704 bytes. */
export const SHORT_TEXT = 500;
/** Longest text, in characters, of a field that explains. */
export const LONG_TEXT = 10_000;

/** Whether PostgreSQL can hold the text and JSON can give it back: no NUL, no lone surrogate. */
export const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

const EARLIEST = new Date('0001-01-01T00:00:00Z');
const LATEST = new Date('9999-12-31T23:59:59.999Z');

/** Whether PostgreSQL and RFC 3339 both know the instant: years 1 to 9999. */
export const isStorableInstant = (instant: Date): boolean => instant >= EARLIEST && instant <= LATEST;

/** Whether a text is a day of the calendar, `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && isStorableInstant(date) && date.toISOString().startsWith(text);
}

/**
 * Checks texts of an input, each at `/name`.
 * @param maximum characters.
 * @throws AppError INVALID_INPUT for the first that is empty, too long, or not storable.
 */
export function checkTexts(texts: { readonly [name: string]: string }, maximum = SHORT_TEXT): void {
  for (const [name, text] of Object.entries(texts)) {
    if (text.trim() === '') throw invalid(`/${name}`, 'not-empty', `${name} must not be empty`);
    if (text.length > maximum) throw invalid(`/${name}`, 'text-length', `${name} may have at most ${maximum} characters; it has ${text.length}`);
    if (!isStorableText(text)) throw invalid(`/${name}`, 'text', `${name} must be well-formed Unicode without NUL`);
  }
}

/** Checks instants of an input, each at `/name`; null is not given. @throws AppError INVALID_INPUT for one outside the years 1 to 9999. */
export function checkInstants(instants: { readonly [name: string]: Date | null }): void {
  for (const [name, instant] of Object.entries(instants)) {
    if (instant && !isStorableInstant(instant)) throw invalid(`/${name}`, 'instant', `${name} must lie between the years 1 and 9999`);
  }
}

/** Checks whole numbers of an input, each at `/name`, against one range. @throws AppError INVALID_INPUT */
export function checkRange(numbers: { readonly [name: string]: number }, minimum: number, maximum: number): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isInteger(value) || value < minimum || value > maximum)
      throw invalid(`/${name}`, 'range', `${name} must be a whole number from ${minimum} to ${maximum}; it was ${value}`);
  }
}
