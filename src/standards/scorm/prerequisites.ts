/** The status words of AICC scripts, as they may be written. */
const STATUS: ReadonlyMap<string, string> = new Map([
  ['passed', 'passed'],
  ['p', 'passed'],
  ['completed', 'completed'],
  ['c', 'completed'],
  ['failed', 'failed'],
  ['f', 'failed'],
  ['incomplete', 'incomplete'],
  ['i', 'incomplete'],
  ['browsed', 'browsed'],
  ['b', 'browsed'],
  ['not attempted', 'not attempted'],
  ['n', 'not attempted'],
]);

/** Longer than any item needs; each sign may nest. */
const MAX_SCRIPT = 2_000;

type Token = { readonly kind: 'word' | 'sign'; readonly text: string };

function tokens(script: string): readonly Token[] | null {
  const found: Token[] = [];
  const pattern = /\s*(?:(\d+)\*\{|(<>|[&|~=(){},])|"([^"]*)"|'([^']*)'|([^\s&|~=<>(){},"']+(?:\s+attempted)?))/gy;
  const text = script.trim();
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) return null;
    const [, count, sign, double, single, word] = match;
    if (count !== undefined) found.push({ kind: 'sign', text: `${count}*{` });
    else if (sign !== undefined) found.push({ kind: 'sign', text: sign });
    else found.push({ kind: 'word', text: double ?? single ?? word ?? '' });
  }
  return found;
}

/** Reads an AICC script by descent; a script that cannot be read holds back nobody. */
class Script {
  readonly #tokens: readonly Token[];
  readonly #statusOf: (identifier: string) => string;
  #place = 0;

  constructor(list: readonly Token[], statusOf: (identifier: string) => string) {
    this.#tokens = list;
    this.#statusOf = statusOf;
  }

  get isDone(): boolean {
    return this.#place >= this.#tokens.length;
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#place];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#place += 1;
    return true;
  }

  #need(sign: string): void {
    if (!this.#take(sign)) throw new SyntaxError(`expected ${sign}`);
  }

  any(): boolean {
    let value = this.#all();
    while (this.#take('|')) value = this.#all() || value;
    return value;
  }

  #all(): boolean {
    let value = this.#one();
    while (this.#take('&')) value = this.#one() && value;
    return value;
  }

  #one(): boolean {
    if (this.#take('~')) return !this.#one();
    if (this.#take('(')) {
      const value = this.any();
      this.#need(')');
      return value;
    }
    const token = this.#tokens[this.#place];
    if (!token) throw new SyntaxError('expected an identifier');
    this.#place += 1;
    const count = /^(\d+)\*\{$/.exec(token.text)?.[1];
    if (token.kind === 'sign' && count !== undefined) return this.#atLeast(Number(count));
    if (token.kind === 'sign') throw new SyntaxError(`unexpected ${token.text}`);
    const status = this.#statusOf(token.text);
    const isEqual = this.#take('=');
    if (!isEqual && !this.#take('<>')) return status === 'passed' || status === 'completed';
    const wanted = this.#tokens[this.#place];
    this.#place += 1;
    return (STATUS.get(wanted?.text.toLowerCase() ?? '') === status) === isEqual;
  }

  #atLeast(count: number): boolean {
    let met = 0;
    do if (this.any()) met += 1;
    while (this.#take(','));
    this.#need('}');
    return met >= count;
  }
}

/**
 * Whether the prerequisites of an item are met (SCORM 1.2 CAM 2.3.2.5: AICC scripts).
 * @param statusOf the lesson status of another item by its identifier.
 */
export function meetsPrerequisites(script: string, statusOf: (identifier: string) => string): boolean {
  if (script.length > MAX_SCRIPT) return true;
  const list = tokens(script);
  if (!list || list.length === 0) return true;
  try {
    const reader = new Script(list, statusOf);
    const value = reader.any();
    return reader.isDone ? value : true;
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}
