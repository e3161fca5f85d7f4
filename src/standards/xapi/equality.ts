import { isObject, type JsonObject } from '../../kernel/json.ts';
import { canonicalDecimal } from '../../kernel/json-text.ts';
import { instantOf, isTimestamp } from './formats.ts';

/** A number kept as its exact decimal; made when the text shows digits that a double would lose. */
class ExactNumber {
  readonly decimal: string;
  constructor(lexeme: string) {
    this.decimal = canonicalDecimal(lexeme);
  }
}

/** Set by the LRS, or not part of what a statement says (Data 2.3.1: immutability and comparison). */
const LEFT_OUT = new Set(['id', 'stored', 'authority', 'version', 'timestamp', 'attachments']);

function write(value: unknown): string {
  if (value instanceof ExactNumber) return value.decimal;
  if (typeof value === 'number') return canonicalDecimal(String(value));
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (isObject(value)) {
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${write(value[key])}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Group members are a set; a verb's display and an activity's definition are metadata that may differ. */
function simplify(value: unknown, key: string): unknown {
  if (key === 'extensions') return value;
  if (Array.isArray(value)) {
    const parts = value.map((element) => simplify(element, ''));
    return key === 'member' ? parts.sort((a, b) => (write(a) < write(b) ? -1 : 1)) : parts;
  }
  if (!isObject(value) || value instanceof ExactNumber) return value;
  const simple = Object.create(null) as { [key: string]: unknown };
  for (const [name, inner] of Object.entries(value)) {
    if (name === 'definition' || (key === 'verb' && name === 'display')) continue;
    if ((name === 'objectType' && inner === 'Activity') || (name === 'objectType' && inner === 'Agent')) continue;
    simple[name] = CONTEXT_LISTS.has(name) && key === 'contextActivities' && !Array.isArray(inner) ? [simplify(inner, '')] : simplify(inner, name);
  }
  return simple;
}

const CONTEXT_LISTS = new Set(['parent', 'grouping', 'category', 'other']);

/**
 * The text whose equality decides between "already stored" (2xx) and "conflict" (409) for one statement id.
 *
 * Blind to key order, group member order, number spelling, verb display, activity definitions, attachments and what
 * the LRS sets; timestamps count as instants.
 * @param text the statement's own JSON; needed when it holds numbers that a double would not keep.
 */
export function canonicalForm(statement: JsonObject, text: string, hasInexactNumbers: boolean): string {
  const source = hasInexactNumbers ? parseExact(text) : statement;
  const simple = Object.create(null) as { [key: string]: unknown };
  for (const [name, value] of Object.entries(source)) {
    if (!LEFT_OUT.has(name)) simple[name] = simplify(value, name);
  }
  const { timestamp } = source;
  if (typeof timestamp === 'string' && isTimestamp(timestamp)) simple['timestamp'] = instantOf(timestamp).toISOString();
  return write(simple);
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

function parseExact(text: string): JsonObject {
  const reviver: Reviver = (_key, value, context) => (typeof value === 'number' && context.source !== undefined ? new ExactNumber(context.source) : value);
  return JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1]) as JsonObject;
}
