import { isExactNumber, parseExactly } from '../../kernel/exact-json.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { canonicalDecimal } from '../../kernel/json-text.ts';
import { instantOf, isTimestamp } from './formats.ts';

/** Set by the LRS where the sender gave none, or not part of what a statement says (Data 2.3.1: immutability and comparison). */
const LEFT_OUT = new Set(['id', 'stored', 'authority', 'version', 'timestamp', 'attachments']);

function write(value: unknown): string {
  if (typeof value === 'number') return canonicalDecimal(String(value));
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (isObject(value)) {
    if (isExactNumber(value)) return canonicalDecimal(JSON.stringify(value));
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${write(value[key])}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Durations are compared to a hundredth of a second (Data 4.6); what is beyond is cut, not rounded. */
const cutDuration = (text: string): string => text.replace(/([.,]\d\d)\d+S$/, '$1S');

const lower = (text: string): string => text.toLowerCase();

/** Strings whose spelling says nothing (Data 2.3.1: case and timestamp serialisation are exceptions to immutability). */
const FOLDED: { readonly [key: string]: ((text: string) => string) | undefined } = Object.assign(Object.create(null) as object, {
  duration: cutDuration,
  registration: lower,
  language: lower,
  mbox_sha1sum: lower,
  mbox: (text: string) => text.replace(/@[^@]*$/, lower),
  timestamp: (text: string) => (isTimestamp(text) ? instantOf(text).toISOString() : text),
});

/** Group members are a set; a verb's display and an activity's definition are metadata that may differ. */
function simplify(value: unknown, key: string): unknown {
  if (key === 'extensions') return value;
  if (Array.isArray(value)) {
    const parts = value.map((element) => simplify(element, ''));
    return key === 'member' ? parts.sort((a, b) => (write(a) < write(b) ? -1 : 1)) : parts;
  }
  if (typeof value === 'string') return FOLDED[key]?.(value) ?? value;
  if (!isObject(value) || isExactNumber(value)) return value;
  const simple = Object.create(null) as { [key: string]: unknown };
  for (const [name, inner] of Object.entries(value)) {
    if (name === 'definition' || name === 'attachments' || (key === 'verb' && name === 'display')) continue;
    if ((name === 'objectType' && inner === 'Activity') || (name === 'objectType' && inner === 'Agent')) continue;
    if (name === 'id' && value['objectType'] === 'StatementRef') simple[name] = lower(String(inner));
    else simple[name] = CONTEXT_LISTS.has(name) && key === 'contextActivities' && !Array.isArray(inner) ? [simplify(inner, '')] : simplify(inner, name);
  }
  return simple;
}

const CONTEXT_LISTS = new Set(['parent', 'grouping', 'category', 'other']);

/**
 * The text whose equality decides between "already stored" (2xx) and "conflict" (409) for one statement id.
 *
 * Blind to key order, group member order, number spelling, verb display, activity definitions, attachments and what
 * the LRS sets; instants of timestamps count, durations to a hundredth of a second, and case where it says nothing. The statement's own
 * timestamp is left out: an LRS sets it where the sender did not, so it is compared apart.
 * @param text the statement's own JSON; needed when it holds numbers that a double would not keep.
 */
export function canonicalForm(statement: JsonObject, text: string, hasInexactNumbers: boolean): string {
  const source = hasInexactNumbers ? (parseExactly(text) as JsonObject) : statement;
  const simple = Object.create(null) as { [key: string]: unknown };
  for (const [name, value] of Object.entries(source)) {
    if (!LEFT_OUT.has(name)) simple[name] = simplify(value, name);
  }
  return write(simple);
}
