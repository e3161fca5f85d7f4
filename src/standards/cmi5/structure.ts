import type { Violation } from '../../kernel/errors.ts';
import { attributeOf, childOf, childrenOf, type XmlElement } from '../../kernel/xml.ts';
import { isIri, isLanguageTag } from '../xapi/index.ts';

const CMI5 = 'https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd';
const FILE = 'cmi5.xml';

const MOVE_ON = ['NotApplicable', 'Passed', 'Completed', 'CompletedAndPassed', 'CompletedOrPassed'] as const;
export type MoveOn = (typeof MOVE_ON)[number];

/** Texts by language tag; `und` where the course names none. */
export type LanguageMap = Readonly<Record<string, string>>;

export interface Described {
  /** The publisher's id, an IRI. */
  readonly id: string;
  readonly title: LanguageMap;
  readonly description: LanguageMap;
}

export interface AssignableUnit extends Described {
  readonly kind: 'AU';
  readonly url: string;
  readonly moveOn: MoveOn;
  /** 0 to 1. */
  readonly masteryScore: number | null;
  readonly launchMethod: 'AnyWindow' | 'OwnWindow';
  readonly activityType: string | null;
  readonly launchParameters: string | null;
  readonly entitlementKey: string | null;
  readonly objectives: readonly string[];
}

export interface Block extends Described {
  readonly kind: 'BLOCK';
  readonly objectives: readonly string[];
  readonly children: readonly (AssignableUnit | Block)[];
}

export interface CourseStructure extends Described {
  readonly objectives: readonly Described[];
  readonly children: readonly (AssignableUnit | Block)[];
}

/** Far more than anybody reads. */
const MAX_ISSUES = 100;

/** What may stand in each element, in this order; `+` once or more, `?` at most once, `*` any number. */
const CONTENT: { readonly [element: string]: readonly string[] } = {
  courseStructure: ['course', 'objectives?', 'au|block+'],
  course: ['title', 'description'],
  block: ['title', 'description', 'objectives?', 'au|block+'],
  au: ['title', 'description', 'objectives?', 'url', 'launchParameters?', 'entitlementKey?'],
  title: ['langstring+'],
  description: ['langstring+'],
  langstring: [],
  url: [],
};
const ATTRIBUTES: { readonly [element: string]: readonly string[] } = {
  course: ['id'],
  block: ['id'],
  au: ['id', 'moveOn', 'masteryScore', 'launchMethod', 'activityType'],
  langstring: ['lang'],
};

/** Words of a launch that an AU's own query must not use (8.1). */
const LAUNCH_WORDS = ['endpoint', 'fetch', 'actor', 'registration', 'activityid'];

class Reader {
  readonly issues: Violation[] = [];
  /** What has an id, whatever it is: ids are unique in the whole structure. */
  readonly #ids = new Map<string, string>();
  readonly #files: ReadonlySet<string> | null;

  constructor(files: ReadonlySet<string> | null) {
    this.#files = files;
  }

  refuse(path: string, rule: string, message: string): void {
    if (this.issues.length < MAX_ISSUES) this.issues.push({ path, rule, message });
  }

  /** Checks children and attributes against the schema; elements of other namespaces may follow. */
  check(
    element: XmlElement,
    path: string,
    model: readonly string[] = CONTENT[element.local] ?? [],
    attributes: readonly string[] = ATTRIBUTES[element.local] ?? [],
  ): void {
    const own = element.children.filter((child) => child.uri === CMI5);
    for (const child of element.children)
      if (child.uri === '') this.refuse(`${path}/${child.local}`, 'cmi5 13.1.5', `the element ${child.local} is in no namespace`);
    let next = 0;
    for (const part of model) {
      const [, names = '', count = ''] = /^(.*?)([?+*]?)$/.exec(part) ?? [];
      const allowed = names.split('|');
      let found = 0;
      while (next < own.length && allowed.includes(own[next]?.local ?? '') && (found === 0 || count === '+' || count === '*')) {
        next += 1;
        found += 1;
      }
      if (found === 0 && (count === '' || count === '+')) this.refuse(path, 'cmi5 13.1 schema', `${element.local} needs ${allowed.join(' or ')} here`);
    }
    const extra = own[next];
    if (extra) this.refuse(`${path}/${extra.local}`, 'cmi5 13.1 schema', `${extra.local} cannot stand here in ${element.local}`);
    for (const { uri, local } of element.attributes)
      if (uri === '' && !attributes.includes(local)) this.refuse(`${path}/@${local}`, 'cmi5 13.1 schema', `${element.local} has no attribute ${local}`);
  }

  /** Title and description of an objective, in any order. */
  checkObjective(element: XmlElement, path: string): void {
    const isReversed = element.children.find((child) => child.uri === CMI5)?.local === 'description';
    this.check(element, path, isReversed ? ['description', 'title'] : ['title', 'description'], ['id']);
  }

  texts(parent: XmlElement, local: string, path: string): LanguageMap {
    const element = childOf(parent, local, [CMI5]);
    if (!element) return {};
    this.check(element, `${path}/${local}`);
    const map: Record<string, string> = {};
    for (const text of childrenOf(element, 'langstring', [CMI5])) {
      const lang = attributeOf(text, 'lang')?.trim();
      if (lang !== undefined && !isLanguageTag(lang))
        this.refuse(`${path}/${local}/langstring/@lang`, 'RFC 5646 language-tag', `${JSON.stringify(lang)} is no language tag`);
      this.check(text, `${path}/${local}/langstring`, []);
      map[lang ?? 'und'] = text.text.trim();
    }
    return map;
  }

  /** The id of an element: an IRI, used by no other of its kind. */
  id(element: XmlElement, path: string, kind: string, rule: string): string {
    const id = plainAttribute(element, 'id') ?? '';
    if (id === '') this.refuse(`${path}/@id`, rule, `${element.local} needs an id`);
    else if (!isIri(id)) this.refuse(`${path}/@id`, rule, `the id must be a fully qualified IRI; found ${JSON.stringify(id.slice(0, 200))}`);
    if (this.#ids.has(id)) this.refuse(`${path}/@id`, `${rule} unique`, `another ${this.#ids.get(id)} has the id ${JSON.stringify(id.slice(0, 200))}`);
    this.#ids.set(id, kind);
    return id;
  }

  described(element: XmlElement, path: string, kind: string, rule: string): Described {
    return { id: this.id(element, path, kind, rule), title: this.texts(element, 'title', path), description: this.texts(element, 'description', path) };
  }

  word<T extends string>(element: XmlElement, path: string, name: string, allowed: readonly T[], fallback: T): T {
    const value = attributeOf(element, name)?.trim();
    if (value === undefined) return fallback;
    const found = allowed.find((one) => one === value);
    if (!found)
      this.refuse(`${path}/@${name}`, `cmi5 13.1.4 ${name}`, `${name} must be one of ${allowed.join(', ')}; found ${JSON.stringify(value.slice(0, 100))}`);
    return found ?? fallback;
  }

  masteryScore(element: XmlElement, path: string): number | null {
    const text = attributeOf(element, 'masteryScore')?.trim();
    if (text === undefined) return null;
    const value = Number(text);
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text) && value >= 0 && value <= 1) return value;
    this.refuse(`${path}/@masteryScore`, 'cmi5 13.1.4 masteryScore', `masteryScore must be a decimal from 0 to 1; found ${JSON.stringify(text.slice(0, 100))}`);
    return null;
  }

  references(parent: XmlElement, path: string, known: ReadonlySet<string>): readonly string[] {
    const list = childOf(parent, 'objectives', [CMI5]);
    if (!list) return [];
    this.check(list, `${path}/objectives`, ['objective+'], []);
    for (const one of childrenOf(list, 'objective', [CMI5])) this.check(one, `${path}/objectives/objective`, [], ['idref']);
    const found = childrenOf(list, 'objective', [CMI5]).map((one) => attributeOf(one, 'idref')?.trim() ?? '');
    for (const id of found)
      if (!known.has(id)) this.refuse(`${path}/objectives/objective/@idref`, 'cmi5 13.1.3', `there is no objective ${JSON.stringify(id.slice(0, 200))}`);
    return found;
  }

  url(element: XmlElement, path: string): string {
    const url = childOf(element, 'url', [CMI5])?.text.trim() ?? '';
    const here = `${path}/url`;
    const refuse = (message: string): string => {
      this.refuse(here, 'cmi5 13.1.4 url', message);
      return url;
    };
    if (url === '') return refuse('the url must not be empty');
    if (/[\s<>"{}|\\^`]/.test(url)) return refuse('the url holds characters that no URL may hold (RFC 1738)');
    const query = url.split('#')[0]?.split('?').slice(1).join('?') ?? '';
    const taken = [...new URLSearchParams(query).keys()].find((name) => LAUNCH_WORDS.includes(name.toLowerCase()));
    if (taken !== undefined) this.refuse(here, 'cmi5 8.1', `the query of the url must not use the name ${taken}, which the launch needs`);
    if (/^[a-z][a-z0-9+.-]*:/i.test(url)) {
      if (/^(?:javascript|data|vbscript|file|blob|about):/i.test(url)) return refuse(`a url of the scheme ${url.split(':')[0]} is not launched`);
      return URL.canParse(url) ? url : refuse('this is no URL');
    }
    if (url.startsWith('//')) return refuse('the url must be fully qualified, or relative to the package');
    if (this.#files === null) return refuse('without a ZIP package every url must be fully qualified');
    const file = decodedPath(url);
    if (file === null || !this.#files.has(file)) return refuse(`the file ${JSON.stringify(file ?? url)} is not in the package`);
    return url;
  }

  unit(element: XmlElement, path: string, known: ReadonlySet<string>): AssignableUnit {
    this.check(element, path);
    const address = childOf(element, 'url', [CMI5]);
    if (address) this.check(address, `${path}/url`);
    const text = (local: string): string | null => childOf(element, local, [CMI5])?.text.trim() || null;
    return {
      kind: 'AU',
      ...this.described(element, path, 'AU', 'cmi5 13.1.4 id'),
      url: this.url(element, path),
      moveOn: this.word(element, path, 'moveOn', MOVE_ON, 'NotApplicable'),
      masteryScore: this.masteryScore(element, path),
      launchMethod: this.word(element, path, 'launchMethod', ['AnyWindow', 'OwnWindow'] as const, 'AnyWindow'),
      activityType: attributeOf(element, 'activityType')?.trim() || null,
      launchParameters: text('launchParameters'),
      entitlementKey: text('entitlementKey'),
      objectives: this.references(element, path, known),
    };
  }

  members(parent: XmlElement, path: string, known: ReadonlySet<string>): readonly (AssignableUnit | Block)[] {
    const counts = { au: 0, block: 0 };
    return parent.children.flatMap((child): readonly (AssignableUnit | Block)[] => {
      if (child.uri !== CMI5 || (child.local !== 'au' && child.local !== 'block')) return [];
      // Nobody reads on, and nothing of it is taken.
      if (this.issues.length >= MAX_ISSUES) return [];
      counts[child.local] += 1;
      const here = `${path}/${child.local}[${counts[child.local]}]`;
      if (child.local === 'au') return [this.unit(child, here, known)];
      this.check(child, here);
      return [
        {
          kind: 'BLOCK',
          ...this.described(child, here, 'block', 'cmi5 13.1.2 id'),
          objectives: this.references(child, here, known),
          children: this.members(child, here, known),
        },
      ];
    });
  }

  objectives(root: XmlElement, path: string): readonly Described[] {
    const list = childOf(root, 'objectives', [CMI5]);
    const found = list ? childrenOf(list, 'objective', [CMI5]) : [];
    if (list) this.check(list, `${path}/objectives`, ['objective+'], []);
    for (const [index, one] of found.entries()) this.checkObjective(one, `${path}/objectives/objective[${index + 1}]`);
    return found.map((element, index) => this.described(element, `${path}/objectives/objective[${index + 1}]`, 'objective', 'cmi5 13.1.3 id'));
  }
}

/** An attribute in no namespace: what is in one is somebody else's. */
const plainAttribute = (element: XmlElement, name: string): string | undefined =>
  element.attributes.find(({ uri, local }) => uri === '' && local === name)?.value.trim();

function decodedPath(url: string): string | null {
  try {
    const path = decodeURIComponent(url.split(/[?#]/)[0] ?? '').replace(/^(?:\.\/)+/, '');
    return path.split('/').includes('..') || path.startsWith('/') ? null : path;
  } catch {
    return null;
  }
}

/**
 * Reads a course structure, and lists every rule it breaks: a course that breaks one must be refused.
 *
 * The schema is checked here, element by element, and what it cannot say: unique ids, fully qualified IRIs, files that
 * are there, queries that leave the launch its names.
 * @param files paths in the package; null for a structure that came without one.
 * @see cmi5 (Quartz) 13, 14; CourseStructure.xsd
 */
export function readCourseStructure(
  root: XmlElement,
  files: ReadonlySet<string> | null,
): { readonly course: CourseStructure; readonly issues: readonly Violation[] } {
  const reader = new Reader(files);
  if (root.local !== 'courseStructure' || root.uri !== CMI5)
    reader.refuse(FILE, 'cmi5 13.1 schema', `the root element must be courseStructure of ${CMI5}; found ${root.local} of ${root.uri || 'no namespace'}`);
  const path = `${FILE}/courseStructure`;
  reader.check(root, path, CONTENT['courseStructure']);
  const element = childOf(root, 'course', [CMI5]);
  if (element) reader.check(element, `${path}/course`);
  const head = element ? reader.described(element, `${path}/course`, 'course', 'cmi5 13.1.1 id') : { id: '', title: {}, description: {} };
  const objectives = reader.objectives(root, path);
  const known = new Set(objectives.map(({ id }) => id));
  return { course: { ...head, objectives, children: reader.members(root, path, known) }, issues: reader.issues };
}
