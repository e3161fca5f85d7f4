import { type Member, type ObjectSpan, scanJson } from '../../kernel/json-text.ts';
import { instantOf, isObject, type JsonObject, type XapiVersion } from '../../standards/xapi/index.ts';

/** Members that the LRS owns: what a sender says there is not kept (Data 2.4.8, 2.4.9). */
const OWNED = new Set(['stored', 'authority']);

/** The text was validated and scanned as a whole before; parts of it need no limits. */
const NO_LIMITS = { maxDepth: Number.POSITIVE_INFINITY, maxTokens: Number.POSITIVE_INFINITY };

/** A member's value written anew; null leaves its text as it is. */
type Rewrite = (key: string, value: string) => string | null;

/** Writes members of an object's text anew and leaves every other character as it is. */
function rewriteMembers(text: string, members: readonly Member[], rewrite: Rewrite): string {
  let result = '';
  let copied = 0;
  for (const { key, valueStart, end } of members) {
    const fresh = rewrite(key, text.slice(valueStart, end));
    if (fresh === null) continue;
    result += text.slice(copied, valueStart) + fresh;
    copied = end;
  }
  return result + text.slice(copied);
}

function rewriteObject(text: string, rewrite: Rewrite): string {
  const [span] = scanJson(text, NO_LIMITS).objects;
  return span ? rewriteMembers(text, span.members, rewrite) : text;
}

const hasSingleActivities = (context: unknown): boolean =>
  isObject(context) && isObject(context['contextActivities']) && Object.values(context['contextActivities']).some(isObject);

/** White space before the activity stays before the bracket. */
function listed(value: string): string | null {
  const start = value.length - value.trimStart().length;
  return value.startsWith('{', start) ? `${value.slice(0, start)}[${value.slice(start)}]` : null;
}

/** Puts the brackets of a list around an activity that stands alone (Data 2.4.6.2: returned as an array). */
const listActivities: Rewrite = (key, text) => (key === 'contextActivities' ? rewriteObject(text, (_kind, value) => listed(value)) : null);

/** IEEE 9274.1.1 wants timestamps in UTC; the instant stays to the digit. At the edge of four-digit years it stays as it was sent. */
function utc(text: string): string | null {
  const given = String(JSON.parse(text));
  if (/z$/i.test(given)) return null;
  const fraction = /\.\d+/.exec(given)?.[0] ?? '';
  const seconds = /^\d{4}-.{14}/.exec(instantOf(given).toISOString())?.[0];
  return seconds === undefined ? null : JSON.stringify(`${seconds}${fraction}Z`);
}

/**
 * The text of one statement as it is kept: the sender's own, with the members the LRS owns taken out, missing ones put
 * in, and the two changes the standard asks for (activities alone become lists; in 2.0 timestamps become UTC).
 * @param additions members to add, as JSON text.
 */
export function keepBody(text: string, span: ObjectSpan, statement: JsonObject, version: XapiVersion, additions: readonly string[]): string {
  const sub = isObject(statement['object']) && statement['object']['objectType'] === 'SubStatement' ? statement['object'] : {};
  const inContext = hasSingleActivities(statement['context']);
  const inSub = hasSingleActivities(sub['context']);
  const isLater =
    version === '2.0.0' && [statement['timestamp'], sub['timestamp']].some((timestamp) => typeof timestamp === 'string' && !/z$/i.test(timestamp));
  if (!inContext && !inSub && !isLater) return spliceOwned(text, span, additions);
  const changed = normalised(text.slice(span.start, span.end), inContext, inSub, isLater);
  const [whole] = scanJson(changed, NO_LIMITS).objects;
  return whole ? spliceOwned(changed, whole, additions) : changed;
}

function normalised(whole: string, inContext: boolean, inSub: boolean, isLater: boolean): string {
  return rewriteObject(whole, (key, value) => {
    if (key === 'context' && inContext) return rewriteObject(value, listActivities);
    if (key === 'timestamp' && isLater) return utc(value);
    if (key !== 'object' || !(inSub || isLater)) return null;
    return rewriteObject(value, (inner, text) => {
      if (inner === 'context' && inSub) return rewriteObject(text, listActivities);
      return inner === 'timestamp' && isLater ? utc(text) : null;
    });
  });
}

function spliceOwned(text: string, span: ObjectSpan, additions: readonly string[]): string {
  const owned = span.members.some(({ key }) => OWNED.has(key));
  const whole = text.slice(span.start, span.end);
  if (!owned && additions.length === 0) return whole;
  if (!owned) return `${whole.slice(0, -1)}${span.members.length > 0 ? ',' : ''}${additions.join(',')}}`;
  const kept = span.members.filter(({ key }) => !OWNED.has(key)).map(({ start, end }) => text.slice(start, end));
  return `{${[...kept, ...additions].join(',')}}`;
}
