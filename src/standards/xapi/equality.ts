import { isExactNumber, parseExactly } from '../../kernel/exact-json.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { canonicalDecimal } from '../../kernel/json-text.ts';
import { instantOf, isTimestamp } from './formats.ts';

/** Set by the LRS where the sender gave none, or not part of what a statement says (Data 2.3.1: immutability and comparison). */
const LEFT_OUT = new Set(['id', 'stored', 'authority', 'version', 'timestamp', 'attachments']);

/** The shape of a number, whatever its spelling; whole ones, which most are, without a look at their digits. */
function writeNumber(value: number): string {
  if (!Number.isSafeInteger(value)) return canonicalDecimal(String(value));
  if (value === 0) return '0';
  let [significant, exponent] = [value, 0];
  for (; significant % 10 === 0; exponent += 1) significant /= 10;
  return `${significant}e${exponent}`;
}

const MAX_QUOTED = 1_000;
/** Names of properties as JSON: statements have the same few. */
const quotedNames = new Map<string, string>();

function quoted(name: string): string {
  const known = quotedNames.get(name);
  if (known !== undefined) return known;
  const text = JSON.stringify(name);
  if (quotedNames.size < MAX_QUOTED) quotedNames.set(name, text);
  return text;
}

/** The properties of an object in order of their names, those left out that a filter does not want. */
function writeObject(value: JsonObject, isWanted: (name: string) => boolean, writeOne: (inner: unknown, name: string) => string): string {
  const names = Object.keys(value).filter(isWanted).sort();
  let text = '{';
  for (const name of names) text += `${text.length > 1 ? ',' : ''}${quoted(name)}:${writeOne(value[name], name)}`;
  return `${text}}`;
}

const always = (): boolean => true;

function write(value: unknown): string {
  if (typeof value === 'number') return writeNumber(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return isExactNumber(value) ? canonicalDecimal(JSON.stringify(value)) : writeObject(value, always, write);
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

const CONTEXT_LISTS = new Set(['parent', 'grouping', 'category', 'other']);

/** Writes what a property says. Group members are a set; a verb's display and an activity's definition are metadata that may differ. */
function writeSimply(value: unknown, key: string): string {
  if (typeof value === 'string') return JSON.stringify(FOLDED[key]?.(value) ?? value);
  if (key === 'extensions') return write(value);
  if (Array.isArray(value)) {
    const parts = value.map((element) => writeSimply(element, ''));
    return `[${(key === 'member' ? parts.sort() : parts).join(',')}]`;
  }
  if (!isObject(value) || isExactNumber(value)) return write(value);
  const type = value['objectType'];
  const isWanted = (name: string): boolean =>
    !(
      name === 'definition' ||
      name === 'attachments' ||
      (key === 'verb' && name === 'display') ||
      (name === 'objectType' && (type === 'Activity' || type === 'Agent'))
    );
  return writeObject(value, isWanted, (inner, name) => {
    if (name === 'id' && type === 'StatementRef') return JSON.stringify(lower(String(inner)));
    // One activity may stand for a list of one.
    return key === 'contextActivities' && CONTEXT_LISTS.has(name) && !Array.isArray(inner) ? `[${writeSimply(inner, '')}]` : writeSimply(inner, name);
  });
}

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
  return writeObject(source, (name) => !LEFT_OUT.has(name), writeSimply);
}
