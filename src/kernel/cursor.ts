import { invalid } from './errors.ts';

/** A page of at most `first` rows after a cursor, in one stable order that ends with the primary key. */
export interface PageRequest {
  readonly first: number;
  /** The sort values of the last row already seen, primary key last; absent on the first page. */
  readonly after?: readonly string[];
}

export interface Page<T> {
  readonly rows: readonly T[];
  readonly hasNextPage: boolean;
}

export const DEFAULT_PAGE = 25;
export const MAX_PAGE = 100;

const VERSION = 1;

/** An opaque keyset cursor: a version and the sort values of one row. */
export function encodeCursor(values: readonly string[]): string {
  return Buffer.from(JSON.stringify([VERSION, ...values])).toString('base64url');
}

/** @throws AppError INVALID_INPUT when the text is not a cursor of `length` sort values that this server wrote. */
export function decodeCursor(text: string, length: number): readonly string[] {
  const refuse = () => invalid('/after', 'relay-cursor', 'after must be an endCursor or edge cursor from an earlier page of the same list');
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw refuse();
  }
  if (!Array.isArray(parsed) || parsed[0] !== VERSION || parsed.length !== length + 1) throw refuse();
  const values: unknown[] = parsed.slice(1);
  if (!values.every((value): value is string => typeof value === 'string')) throw refuse();
  return values;
}

/** Turns rows fetched with one row too many into a page. */
export function toPage<T>(rows: readonly T[], first: number): Page<T> {
  return { rows: rows.slice(0, first), hasNextPage: rows.length > first };
}

/** @throws AppError INVALID_INPUT when `first` is not between 1 and 100. */
export function pageRequest(first: number | null | undefined, after: string | null | undefined, sortLength: number): PageRequest {
  const size = first ?? DEFAULT_PAGE;
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE) {
    throw invalid('/first', 'page-size', `first must be between 1 and ${MAX_PAGE}; it was ${size}`);
  }
  return after == null ? { first: size } : { first: size, after: decodeCursor(after, sortLength) };
}
