import { isDay, isStorableText, SHORT_TEXT } from '../../kernel/checks.ts';
import { isUuid } from '../../kernel/ids.ts';
import { at, isObject, type JsonObject } from '../../kernel/json.ts';
import { type Edge, findLoops } from './graph.ts';
import { rankOf } from './levels.ts';
import { isAssociationType, isCaseUuid } from './shapes.ts';

export const ROLLUP_KINDS = ['NONE', 'ALL_OF', 'ANY_OF', 'N_OF', 'WEIGHTED'] as const;
export type RollupKind = (typeof ROLLUP_KINDS)[number];

export const LEVEL_POLICIES = ['BEST_VALID', 'LATEST', 'WEIGHTED'] as const;

/** How evidence makes the level of a competency. */
export interface LevelPolicy {
  readonly kind: (typeof LEVEL_POLICIES)[number];
  /** Of how many independent sources the evidence must be; LATEST does not ask. */
  readonly minDistinctSources: number;
  /** What the weights must come to, in thousandths; WEIGHTED only. */
  readonly threshold: number;
  /** After how many days a weight is worth half; null: it stays. */
  readonly halfLifeDays: number | null;
}

export const DEFAULT_POLICY: LevelPolicy = { kind: 'BEST_VALID', minDistinctSources: 1, threshold: 1000, halfLifeDays: null };

/** How the level of a competency follows from its children. */
export interface RollupRule {
  readonly kind: RollupKind;
  /** The n of N_OF. */
  readonly count: number | null;
  /** Whether evidence for the competency itself is left aside. */
  readonly rollupOnly: boolean;
}

export interface CaseItem {
  readonly identifier: string;
  readonly code: string | null;
  readonly fullStatement: string;
  readonly abbreviatedStatement: string | null;
  readonly itemType: string | null;
  /** The day from which it is retired, `YYYY-MM-DD`; null while nobody said so. */
  readonly statusEndDate: string | null;
  /** From the item's `extensions`: `rollup`, `rollupCount`, `rollupOnly`; null leaves it to the importer. */
  readonly rollup: RollupRule | null;
  /** From `extensions.levelPolicy`; null leaves it to the importer. */
  readonly policy: LevelPolicy | null;
}

export interface CaseAssociation {
  readonly identifier: string;
  readonly type: string;
  readonly origin: string;
  readonly destination: string;
  readonly sequenceNumber: number | null;
  /** Of isChildOf, from its `extensions`: what the child weighs in a WEIGHTED roll-up, and the level without which the parent has none. */
  readonly weight: number;
  readonly requiredMin: number | null;
  /** Of precedes: the level of the origin without which the destination is not ready; null: any. */
  readonly minLevel: number | null;
  /** Of replacedBy: what an old level is worth in the successor; null: the same. */
  readonly levelMap: LevelMap | null;
}

/** New level by old one. */
export type LevelMap = Readonly<Record<string, number>>;

export interface CaseLevel {
  readonly itemIdentifier: string;
  readonly rank: number;
  readonly label: string;
  readonly description: string | null;
}

/** Something an import has to say: an ERROR refuses the package, a WARNING tells what is kept but does not act. */
export interface ImportIssue {
  readonly severity: 'ERROR' | 'WARNING';
  /** JSON pointer into the package. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

export interface CasePackage {
  readonly document: {
    readonly identifier: string;
    readonly title: string;
    readonly creator: string;
    readonly version: string | null;
    readonly language: string | null;
  };
  readonly items: readonly CaseItem[];
  readonly associations: readonly CaseAssociation[];
  readonly levels: readonly CaseLevel[];
}

/** Bounds of the numbers in our extensions, both included. */
export const LIMITS = {
  count: [1, 1_000],
  sources: [1, 100],
  threshold: [1, 1_000_000],
  halfLife: [1, 36_525],
  weight: [0, 1_000],
  requiredMin: [1, 100],
} as const satisfies Record<string, readonly [number, number]>;

const isInt32 = (value: number): boolean => (value | 0) === value;

class Reader {
  readonly issues: ImportIssue[] = [];

  error(path: string, code: string, message: string): void {
    this.issues.push({ severity: 'ERROR', path, code, message });
  }

  warn(path: string, code: string, message: string): void {
    this.issues.push({ severity: 'WARNING', path, code, message });
  }

  /** A required text; an ERROR and `""` when it is missing. */
  text(parent: JsonObject, key: string, path: string): string {
    const value = parent[key];
    if (typeof value === 'string' && value.trim() !== '') return this.#storable(value, at(path, key));
    this.error(at(path, key), 'required', `${key} must be a text that is not empty`);
    return '';
  }

  /** An optional text; explicit nulls, which many servers send, count as absent. */
  optional(parent: JsonObject, key: string, path: string): string | null {
    const value = parent[key];
    if (value === undefined || value === null || value === '') return null;
    if (typeof value === 'string') return this.#storable(value, at(path, key));
    this.error(at(path, key), 'type', `${key} must be a text`);
    return null;
  }

  #storable(text: string, path: string): string {
    if (!isStorableText(text)) this.error(path, 'text', 'text must be well-formed Unicode without NUL');
    return text;
  }

  /** An array of objects; absent or null is empty. */
  objects(parent: JsonObject, key: string, path: string): readonly (readonly [JsonObject, string])[] {
    const value = parent[key];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.error(at(path, key), 'type', `${key} must be an array`);
      return [];
    }
    return value.flatMap((element: unknown, index) => {
      const where = at(at(path, key), index);
      if (isObject(element)) return [[element, where] as const];
      this.error(where, 'type', `each element of ${key} must be an object`);
      return [];
    });
  }

  identifier(parent: JsonObject, path: string): string {
    const identifier = this.text(parent, 'identifier', path);
    if (identifier.length > SHORT_TEXT) this.error(at(path, 'identifier'), 'text-length', `an identifier may have at most ${SHORT_TEXT} characters`);
    if (identifier !== '' && !isCaseUuid(identifier.toLowerCase()))
      this.warn(at(path, 'identifier'), 'identifier-not-case-uuid', `${identifier} is not a UUID of version 1 to 5, which CASE asks for; it is kept as it is`);
    return identifier;
  }

  /** The identifier a node reference (CFLinkURI-like object) points at. */
  reference(parent: JsonObject, key: string, path: string): string {
    const reference = parent[key];
    if (!isObject(reference)) {
      this.error(at(path, key), 'required', `${key} must be an object with an identifier`);
      return '';
    }
    return this.text(reference, 'identifier', at(path, key));
  }
}

function unique<T extends { readonly identifier: string }>(reader: Reader, rows: readonly (readonly [T, string])[]): readonly T[] {
  const seen = new Map<string, string>();
  for (const [row, path] of rows) {
    // A UUID is the same in either case.
    const identifier = isUuid(row.identifier) ? row.identifier.toLowerCase() : row.identifier;
    const first = seen.get(identifier);
    if (first !== undefined && identifier !== '') reader.error(at(path, 'identifier'), 'duplicate-identifier', `${row.identifier} stands already at ${first}`);
    seen.set(identifier, path);
  }
  return rows.map(([row]) => row);
}

/** A choice among names; an ERROR when it is another. */
function readChoice<T extends string>(reader: Reader, parent: JsonObject, key: string, path: string, names: readonly T[]): T | null {
  const value = parent[key];
  if (value === undefined || value === null) return null;
  const known = names.find((name) => name === value) ?? null;
  if (known === null) reader.error(at(path, key), key, `${key} must be one of ${names.join(', ')}`);
  return known;
}

/** A whole number within bounds, both included; an ERROR when it is another thing. */
function readWhole(reader: Reader, parent: JsonObject, key: string, path: string, [least, most]: readonly [number, number]): number | null {
  const value = parent[key];
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  reader.error(at(path, key), 'integer', `${key} must be a whole number from ${least} to ${most}`);
  return null;
}

function readRollup(reader: Reader, extensions: JsonObject, path: string): RollupRule | null {
  const kind = readChoice(reader, extensions, 'rollup', path, ROLLUP_KINDS);
  if (kind === null) return null;
  const count = readWhole(reader, extensions, 'rollupCount', path, LIMITS.count);
  if (kind === 'N_OF' && count === null) reader.error(at(path, 'rollupCount'), 'required', 'N_OF needs rollupCount, the number of children');
  return { kind, count: kind === 'N_OF' ? count : null, rollupOnly: extensions['rollupOnly'] === true };
}

function readPolicy(reader: Reader, extensions: JsonObject, extensionsPath: string): LevelPolicy | null {
  const value = extensions['levelPolicy'];
  if (!isObject(value)) return null;
  const path = at(extensionsPath, 'levelPolicy');
  return {
    kind: readChoice(reader, value, 'kind', path, LEVEL_POLICIES) ?? DEFAULT_POLICY.kind,
    minDistinctSources: readWhole(reader, value, 'minDistinctSources', path, LIMITS.sources) ?? DEFAULT_POLICY.minDistinctSources,
    threshold: readWhole(reader, value, 'threshold', path, LIMITS.threshold) ?? DEFAULT_POLICY.threshold,
    halfLifeDays: readWhole(reader, value, 'halfLifeDays', path, LIMITS.halfLife),
  };
}

/** A day; what is none is told and does not act. */
function readDay(reader: Reader, parent: JsonObject, key: string, path: string): string | null {
  const text = reader.optional(parent, key, path);
  if (text === null) return null;
  // Servers send instants where CASE asks for days.
  const [day = ''] = text.split('T');
  if (isDay(day)) return day;
  reader.warn(at(path, key), 'day', `${text} is not a day such as 2026-01-31; it is kept and does not act`);
  return null;
}

function readItems(reader: Reader, root: JsonObject): readonly CaseItem[] {
  const rows = reader.objects(root, 'CFItems', '').map(([item, path]) => {
    const [extensions, extensionsPath] = [isObject(item['extensions']) ? item['extensions'] : {}, at(path, 'extensions')];
    return [
      {
        identifier: reader.identifier(item, path),
        code: reader.optional(item, 'humanCodingScheme', path),
        fullStatement: reader.text(item, 'fullStatement', path),
        abbreviatedStatement: reader.optional(item, 'abbreviatedStatement', path),
        itemType: reader.optional(item, 'CFItemType', path),
        statusEndDate: readDay(reader, item, 'statusEndDate', path),
        rollup: readRollup(reader, extensions, extensionsPath),
        policy: readPolicy(reader, extensions, extensionsPath),
      },
      path,
    ] as const;
  });
  const codes = new Map<string, string>();
  for (const [{ code }, path] of rows) {
    if (code === null) continue;
    const first = codes.get(code);
    if (first !== undefined) reader.warn(at(path, 'humanCodingScheme'), 'duplicate-code', `the code ${code} stands already at ${first}`);
    else codes.set(code, path);
  }
  return unique(reader, rows);
}

/** `{"2": 1, "3": 2}`: an old level that is not named is worth nothing. */
function readLevelMap(reader: Reader, extensions: JsonObject, path: string): LevelMap | null {
  const value = extensions['levelMap'];
  if (value === undefined || value === null) return null;
  const isLevel = (level: unknown): level is number => typeof level === 'number' && Number.isInteger(level) && level >= 0 && level <= 100;
  if (isObject(value) && Object.entries(value).every(([old, level]) => /^[1-9]\d?$/.test(old) && isLevel(level))) return value as LevelMap;
  reader.error(at(path, 'levelMap'), 'level-map', 'levelMap must give each old level a whole new one, from 0 to 100');
  return null;
}

function readAssociations(reader: Reader, root: JsonObject): readonly (readonly [CaseAssociation, string])[] {
  return reader.objects(root, 'CFAssociations', '').map(([association, path]) => {
    const type = reader.text(association, 'associationType', path);
    if (type !== '' && !isAssociationType(type))
      reader.warn(at(path, 'associationType'), 'unknown-type', `${type} is no CASE 1.1 association type; it is kept and does nothing`);
    const sequence = association['sequenceNumber'];
    const [extensions, extensionsPath] = [isObject(association['extensions']) ? association['extensions'] : {}, at(path, 'extensions')];
    if (Number.isInteger(sequence) && !isInt32(sequence as number))
      reader.error(at(path, 'sequenceNumber'), 'integer', 'sequenceNumber must be a whole number of 32 bits');
    return [
      {
        identifier: reader.identifier(association, path),
        type,
        origin: reader.reference(association, 'originNodeURI', path),
        destination: reader.reference(association, 'destinationNodeURI', path),
        sequenceNumber: typeof sequence === 'number' && isInt32(sequence) ? sequence : null,
        weight: readWhole(reader, extensions, 'weight', extensionsPath, LIMITS.weight) ?? 1,
        requiredMin: readWhole(reader, extensions, 'requiredMin', extensionsPath, LIMITS.requiredMin),
        minLevel: readWhole(reader, extensions, 'minLevel', extensionsPath, LIMITS.requiredMin),
        levelMap: readLevelMap(reader, extensions, extensionsPath),
      },
      path,
    ] as const;
  });
}

/** Proficiency levels: the criterion levels of each rubric that names an item; of several with one rank the first stands. */
function readLevels(reader: Reader, root: JsonObject, items: ReadonlySet<string>): readonly CaseLevel[] {
  const levels: CaseLevel[] = [];
  const seen = new Set<string>();
  for (const [rubric, rubricPath] of reader.objects(root, 'CFRubrics', '')) {
    for (const [criterion, criterionPath] of reader.objects(rubric, 'CFRubricCriteria', rubricPath)) {
      if (!isObject(criterion['CFItemURI'])) continue;
      const itemIdentifier = reader.reference(criterion, 'CFItemURI', criterionPath);
      if (!items.has(itemIdentifier)) {
        reader.warn(
          at(criterionPath, 'CFItemURI'),
          'dangling-level',
          `the levels of ${itemIdentifier} are kept in the source only: no such item is in the package`,
        );
        continue;
      }
      for (const [level, path] of reader.objects(criterion, 'CFRubricCriterionLevels', criterionPath)) {
        const rank = rankOf(level);
        if (rank === null) {
          reader.warn(
            at(path, 'position'),
            'level-rank',
            'without a whole position or score above 0, of 32 bits, the level has no rank; it is kept in the source only',
          );
          continue;
        }
        if (seen.has(`${itemIdentifier} ${rank}`)) {
          reader.warn(at(path, 'position'), 'duplicate-level', `rank ${rank} of ${itemIdentifier} stands before; this level is kept in the source only`);
          continue;
        }
        seen.add(`${itemIdentifier} ${rank}`);
        const quality = reader.optional(level, 'quality', path);
        const isNamed = quality !== null && quality.trim() !== '';
        if (!isNamed) reader.warn(at(path, 'quality'), 'level-name', `the level has no name; its rank, ${rank}, stands for it`);
        levels.push({ itemIdentifier, rank, label: isNamed ? quality : String(rank), description: reader.optional(level, 'description', path) });
      }
    }
  }
  return levels;
}

function checkGraph(reader: Reader, document: string, items: readonly CaseItem[], associations: readonly (readonly [CaseAssociation, string])[]): void {
  const names = new Map(items.map((item) => [item.identifier, item.code ?? item.abbreviatedStatement ?? item.fullStatement]));
  for (const [association, path] of associations) {
    for (const end of ['origin', 'destination'] as const) {
      const identifier = association[end];
      if (identifier !== '' && identifier !== document && !names.has(identifier)) {
        reader.warn(at(path, `${end}NodeURI`), 'dangling-end', `${identifier} is not in this package; the association is kept and does not act`);
      }
    }
  }
  const inside = associations.map(([association]) => association).filter(({ origin, destination }) => names.has(origin) && names.has(destination));
  const pick = (type: string): readonly Edge[] =>
    inside.filter((association) => association.type === type).map(({ origin, destination }) => [origin, destination] as const);
  const merges = pick('exactMatchOf');
  const replaced = associations.filter(([association]) => association.type === 'replacedBy');
  for (const [end, other] of [
    ['origin', 'destination'],
    ['destination', 'origin'],
  ] as const)
    for (const same of Map.groupBy(replaced, ([association]) => association[end]).values())
      if (new Set(same.map(([association]) => association[other])).size > 1)
        for (const [association, path] of same)
          if (association.levelMap === null)
            reader.error(
              at(path, 'extensions'),
              'level-map',
              'where several competencies are replaced by one, or one by several, each replacedBy needs a levelMap',
            );
  for (const type of ['isChildOf', 'precedes', 'replacedBy']) {
    for (const loop of findLoops(pick(type), merges)) {
      reader.error('/CFAssociations', 'cycle', `${type} runs in a circle: ${loop.map((identifier) => names.get(identifier) ?? identifier).join(' -> ')}`);
    }
  }
}

/**
 * Reads a CASE 1.0 or 1.1 CFPackage, leniently: unknown properties, explicit nulls and ends outside the package are
 * kept, what would make progress ambiguous is an ERROR.
 *
 * Pure; never throws. `package` is null when there is an ERROR; every issue is listed, not the first.
 * @see 1EdTech CASE 1.1, CFPackage
 */
export function readCasePackage(value: unknown): { package: CasePackage | null; issues: readonly ImportIssue[] } {
  const reader = new Reader();
  if (!isObject(value) || !isObject(value['CFDocument'])) {
    reader.error('/CFDocument', 'required', 'a CASE package is an object with a CFDocument');
    return { package: null, issues: reader.issues };
  }
  const source = value['CFDocument'];
  const document = {
    identifier: reader.identifier(source, '/CFDocument'),
    title: reader.text(source, 'title', '/CFDocument'),
    creator: reader.text(source, 'creator', '/CFDocument'),
    version: reader.optional(source, 'version', '/CFDocument'),
    language: reader.optional(source, 'language', '/CFDocument'),
  };
  const items = readItems(reader, value);
  if (items.length === 0) reader.error('/CFItems', 'required', 'a package without items has nothing to import');
  const associations = readAssociations(reader, value);
  const levels = readLevels(reader, value, new Set(items.map((item) => item.identifier)));
  checkGraph(reader, document.identifier, items, associations);
  const result = { document, items, associations: unique(reader, associations), levels };
  return { package: reader.issues.some(({ severity }) => severity === 'ERROR') ? null : result, issues: reader.issues };
}
