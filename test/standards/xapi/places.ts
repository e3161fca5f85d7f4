import { isObject } from '../../../src/standards/xapi/index.ts';

/** The keys that lead from the root of a JSON value to one place in it. */
export type Place = readonly (string | number)[];

const entriesOf = (value: unknown): readonly (readonly [string | number, unknown])[] =>
  Array.isArray(value) ? [...value.entries()] : isObject(value) ? Object.entries(value) : [];

/** Every place in a JSON value, the root first. */
export function placesIn(value: unknown, here: Place = []): readonly Place[] {
  return [here, ...entriesOf(value).flatMap(([key, inner]) => placesIn(inner, [...here, key]))];
}

export const valueAt = (value: unknown, place: Place): unknown =>
  place.reduce<unknown>((inner, key) => entriesOf(inner).find(([name]) => name === key)?.[1], value);

/** A copy in which one place holds what `change` gives, or is gone when that is `undefined`. Own `__proto__` keys survive. */
export function changedAt(value: unknown, [first, ...rest]: Place, change: (inner: unknown) => unknown): unknown {
  if (first === undefined) return change(value);
  const entries = entriesOf(value)
    .map(([key, inner]) => [key, key === first ? changedAt(inner, rest, change) : inner] as const)
    .filter(([, inner]) => inner !== undefined);
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

/** Whether a JSON pointer (RFC 6901) leads to something, or its parent does: then something is missing there. */
export function isAtOrBesideSomething(value: unknown, pointer: string): boolean {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (pointer !== '' && !pointer.startsWith('/')) return false;
  let inner = value;
  for (const key of keys.slice(0, -1)) {
    const entry = entriesOf(inner).find(([name]) => String(name) === key);
    if (!entry) return false;
    inner = entry[1];
  }
  return keys.length === 0 || isObject(inner) || (Array.isArray(inner) && Number(keys.at(-1)) < inner.length);
}
