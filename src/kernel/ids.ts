import { hash } from 'node:crypto';
import { v7 } from 'uuid';

/** A time-ordered UUID (version 7) for rows that are ours alone; never exported as a CASE identifier. */
export const newId = (): string => v7();

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether the text has the shape of a UUID, in either case. */
export const isUuid = (text: string): boolean => UUID.test(text);

/**
 * The name-based UUID (version 5 layout, SHA-1) of a kind and its canonical parts.
 *
 * Every process computes the same key for the same thing, so ingestion looks nothing up. Parts are length-prefixed:
 * no choice of parts can collide by moving a separator (`account::name@homePage` is ambiguous, this is not).
 */
export const digestKey = (kind: string, ...parts: readonly string[]): string => keyOfName(nameOf(kind, parts));

/** Names of keys that are kept, in characters: some ten thousand agents and activities. */
const MAX_KEPT = 8_000_000;
const kept = new Map<string, string>();
let keptCharacters = 0;

/** The same as {@link digestKey}, for what comes again and again: looking it up takes a fifth of the time of a digest. */
export function repeatedKey(kind: string, ...parts: readonly string[]): string {
  const name = nameOf(kind, parts);
  const known = kept.get(name);
  if (known !== undefined) return known;
  const key = keyOfName(name);
  keptCharacters += name.length;
  if (keptCharacters > MAX_KEPT) {
    kept.clear();
    keptCharacters = name.length;
  }
  kept.set(name, key);
  return key;
}

function nameOf(kind: string, parts: readonly string[]): string {
  let name = kind;
  for (const part of parts) name += `\n${part.length}:${part}`;
  return name;
}

function keyOfName(name: string): string {
  const hex = hash('sha1', name, 'hex');
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}

/** Sorts UUIDs as PostgreSQL does (by bytes), so that every transaction takes its rows in one order. */
export const byKey = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
