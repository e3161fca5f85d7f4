/**
 * A linear look at JSON *text*, before and beside `JSON.parse`: where values stand, and what parsing would lose or choke on.
 *
 * `JSON.parse` silently keeps the last of two equal keys, loses digits of large numbers and accepts nesting that later
 * overflows the stack. A store that must return a statement exactly as it was sent needs the text and its offsets.
 */

/** Half-open span of characters in the scanned text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One member of a scanned object: `start` is the opening quote of the key, `end` is just after the value. */
export interface Member extends Span {
  readonly key: string;
  readonly valueStart: number;
}

/** One object that the caller may want to cut out: the top-level object, or an element of the top-level array. */
export interface ObjectSpan extends Span {
  readonly members: readonly Member[];
}

export interface ScannedJson {
  /** The top-level object, or the objects that are elements of the top-level array, in order. */
  readonly objects: readonly ObjectSpan[];
  /** Whether some number is written in a way a double would not give back (`1.0`, `1e400`, 20 digits). */
  readonly hasInexactNumbers: boolean;
}

export interface JsonLimits {
  readonly maxDepth: number;
  readonly maxTokens: number;
}

/** Text that cannot be taken: `offset` is the character at which the reason stands. */
export class JsonTextError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'JsonTextError';
    this.offset = offset;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MAX_NUMBER_LENGTH = 400;
const MAX_EXPONENT = 400;

interface Frame {
  readonly isObject: boolean;
  readonly start: number;
  readonly keys: string[];
  /** The keys again, once they are too many to be searched one by one. */
  index: Set<string> | null;
  members: { key: string; start: number; valueStart: number; end: number }[] | null;
}

const isNumberPart = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x2b || code === 0x2d || code === 0x65 || code === 0x45;

/** The offset just after the string that opens at `start`; the end of the text when it never closes. */
function stringEnd(text: string, start: number): number {
  let close = text.indexOf('"', start + 1);
  while (close !== -1) {
    let slashes = 0;
    while (text.charCodeAt(close - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return close + 1;
    close = text.indexOf('"', close + 1);
  }
  return text.length;
}

/** The key as `JSON.parse` would read it; the raw text when it is not a legal string (parsing reports that). */
function decodeKey(raw: string): string {
  if (!raw.includes('\\')) return raw.slice(1, -1);
  try {
    return String(JSON.parse(raw));
  } catch {
    return raw;
  }
}

const isLetter = (code: number): boolean => code >= 0x61 && code <= 0x7a;

function checkNumber(lexeme: string, offset: number): boolean {
  const exponent = /[eE]([+-]?\d+)$/.exec(lexeme);
  if (lexeme.length > MAX_NUMBER_LENGTH || (exponent && Math.abs(Number(exponent[1])) > MAX_EXPONENT)) {
    throw new JsonTextError(`a number may have at most ${MAX_NUMBER_LENGTH} characters and an exponent of at most ${MAX_EXPONENT}`, offset);
  }
  return String(Number(lexeme)) === lexeme;
}

const FEW_KEYS = 32;

/** Notes a key of the object being scanned. @returns false when it stands there already. */
function addKey(frame: Frame, key: string): boolean {
  if (frame.index ? frame.index.has(key) : frame.keys.includes(key)) return false;
  frame.keys.push(key);
  if (frame.index) frame.index.add(key);
  else if (frame.keys.length > FEW_KEYS) frame.index = new Set(frame.keys);
  return true;
}

/**
 * Scans JSON text in one pass.
 *
 * Syntax is left to `JSON.parse`: for text that does not parse, the result means nothing.
 * @throws JsonTextError for nesting, token count or numbers beyond the limits, and for an object with one key twice.
 */
export function scanJson(text: string, limits: JsonLimits): ScannedJson {
  const stack: Frame[] = [];
  const objects: ObjectSpan[] = [];
  let tokens = 0;
  let hasInexactNumbers = false;
  let lastString: Span | null = null;
  let rootIsArray = false;

  for (let i = 0; i < text.length; ) {
    const code = text.charCodeAt(i);
    const frame = stack.at(-1);
    if (code === QUOTE) {
      const end = stringEnd(text, i);
      lastString = { start: i, end };
      tokens += 1;
      i = end;
      continue;
    }
    if (code === 0x3a && frame?.isObject && lastString) {
      const key = decodeKey(text.slice(lastString.start, lastString.end));
      if (!addKey(frame, key)) throw new JsonTextError(`the key ${JSON.stringify(key)} stands twice in one object`, lastString.start);
      frame.members?.push({ key, start: lastString.start, valueStart: i + 1, end: i + 1 });
    } else if (code === 0x7b || code === 0x5b) {
      if (stack.length >= limits.maxDepth) throw new JsonTextError(`nested deeper than ${limits.maxDepth} levels`, i);
      const isObject = code === 0x7b;
      if (stack.length === 0) rootIsArray = !isObject;
      const wanted = isObject && (stack.length === 0 || (stack.length === 1 && rootIsArray));
      stack.push({ isObject, start: i, keys: [], index: null, members: wanted ? [] : null });
      tokens += 1;
    } else if (code === 0x7d || code === 0x5d) {
      const closed = stack.pop();
      if (closed?.members) {
        closeMember(text, closed, i);
        objects.push({ start: closed.start, end: i + 1, members: closed.members });
      }
    } else if (code === 0x2c) {
      if (frame?.members) closeMember(text, frame, i);
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      let end = i + 1;
      while (end < text.length && isNumberPart(text.charCodeAt(end))) end += 1;
      if (!checkNumber(text.slice(i, end), i)) hasInexactNumbers = true;
      tokens += 1;
      i = end;
      continue;
    } else if (code === 0x74 || code === 0x66 || code === 0x6e) {
      // true, false, null: whatever follows the first letter is left to JSON.parse.
      tokens += 1;
      while (i + 1 < text.length && isLetter(text.charCodeAt(i + 1))) i += 1;
    }
    if (tokens > limits.maxTokens) throw new JsonTextError(`more than ${limits.maxTokens} values and keys`, i);
    i += 1;
  }
  return { objects, hasInexactNumbers };
}

/** Ends the open member at the comma or brace found at `offset`, without the white space before it. */
function closeMember(text: string, frame: Frame, offset: number): void {
  const member = frame.members?.at(-1);
  if (!member || member.end !== member.valueStart) return;
  let end = offset;
  while (end > member.valueStart && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  member.end = end;
}

/**
 * The exact value of a JSON number as sign, digits and exponent, so that `1.0`, `1` and `1e0` are one value
 * and two 20-digit numbers that share a double are two.
 */
export function canonicalDecimal(lexeme: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(lexeme);
  if (!parts) return lexeme;
  const fraction = parts[3] ?? '';
  const digits = `${parts[2]}${fraction}`.replace(/^0+/, '');
  if (digits === '') return '0';
  const significant = digits.replace(/0+$/, '');
  const exponent = Number(parts[4] ?? 0) - fraction.length + (digits.length - significant.length);
  return `${parts[1]}${significant}e${exponent}`;
}
