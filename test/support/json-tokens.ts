/** JSON with every token as it was written: a scalar is its lexeme, an object keeps its members in order. */
export type JsonNode = string | readonly JsonNode[] | { readonly members: readonly JsonMember[] };
export type JsonMember = readonly [key: string, value: JsonNode];

const SPACE = /[ \t\r\n]*/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  throw new Error(`a string that never closes at ${start}`);
}

/** Takes JSON text apart and forgets nothing but the white space between tokens. @throws Error for anything else. */
export function readJson(text: string): JsonNode {
  let at = 0;
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) throw new Error(`no token at ${at}: ${text.slice(at, at + 20)}`);
    at += found.length;
    return found;
  };
  /** The next character that is no white space. */
  const peek = (): string => {
    match(SPACE);
    return text[at] ?? '';
  };
  const take = (expected: string): void => {
    if (peek() !== expected) throw new Error(`expected ${expected} at ${at}, found ${text.slice(at, at + 20)}`);
    at += 1;
  };
  const string = (): string => {
    const start = at;
    at = stringEnd(text, at);
    return text.slice(start, at);
  };
  const list = <T>(close: string, element: () => T): readonly T[] => {
    const elements: T[] = [];
    at += 1;
    while (peek() !== close) {
      if (elements.length > 0) take(',');
      elements.push(element());
    }
    at += 1;
    return elements;
  };
  const member = (): JsonMember => {
    if (peek() !== '"') throw new Error(`no key at ${at}`);
    const key = string();
    take(':');
    return [key, value()];
  };
  const value = (): JsonNode => {
    const first = peek();
    if (first === '{') return { members: list('}', member) };
    if (first === '[') return list(']', value);
    return first === '"' ? string() : match(SCALAR);
  };
  const root = value();
  if (peek() !== '') throw new Error(`something follows at ${at}`);
  return root;
}

/** The tokens in a row. Two texts have the same tokens exactly when they have the same row. */
export function writeJson(node: JsonNode): string {
  if (typeof node === 'string') return node;
  if ('members' in node) return `{${node.members.map(([key, value]) => `${key}:${writeJson(value)}`).join(',')}}`;
  return `[${node.map(writeJson).join(',')}]`;
}

const nameOf = ([key]: JsonMember): string => JSON.parse(key) as string;

/** The members of an object; none of anything else. */
export const membersOf = (node: JsonNode): readonly JsonMember[] => (typeof node === 'object' && 'members' in node ? node.members : []);

/** The value of a member, found by its decoded key. */
export const memberOf = (node: JsonNode, name: string): JsonNode | undefined => membersOf(node).find((member) => nameOf(member) === name)?.[1];

/** The same object without some members. */
export const without = (node: JsonNode, names: readonly string[]): JsonNode => ({
  members: membersOf(node).filter((member) => !names.includes(nameOf(member))),
});

/** The same node with the value of one member changed, if it is there. */
export function changed(node: JsonNode, name: string, change: (value: JsonNode) => JsonNode): JsonNode {
  if (memberOf(node, name) === undefined) return node;
  return { members: membersOf(node).map((member) => (nameOf(member) === name ? [member[0], change(member[1])] : member)) };
}
