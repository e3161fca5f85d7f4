import { isStorableInstant, isStorableText } from './checks.ts';
import { invalid } from './errors.ts';
import { isUuid } from './ids.ts';

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

/** What a sort value can be; a forged cursor must not reach the database as anything else. */
export type SortKind = 'text' | 'uuid' | 'integer' | 'bigint' | 'instant';

const SORT_KINDS: { readonly [K in SortKind]: (value: string) => boolean } = {
  text: isStorableText,
  uuid: isUuid,
  integer: (value) => /^\d{1,9}$/.test(value),
  // As far as a double counts without gaps.
  bigint: (value) => /^\d{1,15}$/.test(value),
  instant: (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value) && isStorableInstant(new Date(value)),
};

/**
 * Reads a cursor that {@link encodeCursor} made of sort values of these kinds.
 * @param path JSON pointer of the parameter it came in.
 * @throws AppError INVALID_INPUT when it is anything else.
 */
export function decodeCursor(text: string, kinds: readonly SortKind[], path: string): readonly string[] {
  const refuse = () => invalid(path, 'cursor', `${path.slice(path.lastIndexOf('/') + 1)} must come from an earlier page of the same list`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw refuse();
  }
  if (!Array.isArray(parsed) || parsed[0] !== VERSION || parsed.length !== kinds.length + 1) throw refuse();
  const values: unknown[] = parsed.slice(1);
  const isSortValue = (value: unknown, index: number): value is string => typeof value === 'string' && SORT_KINDS[kinds[index] ?? 'text'](value);
  if (!values.every(isSortValue)) throw refuse();
  return values;
}

/** Turns rows fetched with one row too many into a page. */
export function toPage<T>(rows: readonly T[], first: number): Page<T> {
  return { rows: rows.slice(0, first), hasNextPage: rows.length > first };
}

/** @throws AppError INVALID_INPUT when `first` is not between 1 and 100. */
export function pageRequest(first: number | null | undefined, after: string | null | undefined, kinds: readonly SortKind[]): PageRequest {
  const size = first ?? DEFAULT_PAGE;
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE) {
    throw invalid('/first', 'page-size', `first must be between 1 and ${MAX_PAGE}; it was ${size}`);
  }
  return after == null ? { first: size } : { first: size, after: decodeCursor(after, kinds, '/after') };
}
