import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject, objectsOf } from '../../kernel/json.ts';
import { levelsByItem } from '../../standards/case/index.ts';

/** An item that two versions of a framework say something else of. */
export interface ItemChange {
  readonly identifier: string;
  readonly code: string | null;
  readonly kind: 'ADDED' | 'REMOVED' | 'CHANGED';
  /** CASE names of what differs, in order; `levels` for its proficiency levels. Empty unless CHANGED. */
  readonly fields: readonly string[];
}

export interface AssociationChange {
  readonly identifier: string;
  readonly type: string;
  readonly originIdentifier: string;
  readonly destinationIdentifier: string;
  readonly kind: 'ADDED' | 'REMOVED' | 'CHANGED';
}

export interface VersionDiff {
  readonly items: readonly ItemChange[];
  readonly associations: readonly AssociationChange[];
}

/** When something was last written says nothing about what it says. */
const PASSED_OVER = new Set(['lastChangeDateTime', 'uri']);

const byIdentifier = (list: readonly JsonObject[]): ReadonlyMap<string, JsonObject> => new Map(list.map((one) => [String(one['identifier']), one]));
const endOf = (association: JsonObject, end: string): string => (isObject(association[end]) ? String(association[end]['identifier']) : '');

/** What of two objects differs, by name. */
const differing = (a: JsonObject, b: JsonObject): readonly string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => !PASSED_OVER.has(key) && !isDeepStrictEqual(a[key], b[key])).sort();

/** The levels of each item: rank, label and description. */
const levelsOf = (whole: JsonObject): ReadonlyMap<string, readonly unknown[]> =>
  new Map(
    [...levelsByItem(whole)].map(([item, own]) => [item, own.map((level) => [level['position'] ?? level['score'], level['quality'], level['description']])]),
  );

/** Who is on one side only, and who is on both. */
function compare(from: ReadonlyMap<string, JsonObject>, to: ReadonlyMap<string, JsonObject>) {
  return [...new Set([...from.keys(), ...to.keys()])].sort().map((identifier) => ({ identifier, old: from.get(identifier), fresh: to.get(identifier) }));
}

/** What two packages of one framework say differently. Pure: in order of identifiers. */
export function diffPackages(from: JsonObject, to: JsonObject): VersionDiff {
  const [oldLevels, newLevels] = [levelsOf(from), levelsOf(to)];
  const items = compare(byIdentifier(objectsOf(from['CFItems'])), byIdentifier(objectsOf(to['CFItems']))).flatMap(
    ({ identifier, old, fresh }): readonly ItemChange[] => {
      const shown = fresh ?? old;
      const code = typeof shown?.['humanCodingScheme'] === 'string' ? shown['humanCodingScheme'] : null;
      if (!old || !fresh) return [{ identifier, code, kind: fresh ? 'ADDED' : 'REMOVED', fields: [] }];
      const fields = [...differing(old, fresh), ...(isDeepStrictEqual(oldLevels.get(identifier), newLevels.get(identifier)) ? [] : ['levels'])];
      return fields.length === 0 ? [] : [{ identifier, code, kind: 'CHANGED', fields }];
    },
  );
  const associations = compare(byIdentifier(objectsOf(from['CFAssociations'])), byIdentifier(objectsOf(to['CFAssociations']))).flatMap(
    ({ identifier, old, fresh }): readonly AssociationChange[] => {
      const shown = fresh ?? old ?? {};
      if (old && fresh && differing(old, fresh).length === 0) return [];
      return [
        {
          identifier,
          type: String(shown['associationType']),
          originIdentifier: endOf(shown, 'originNodeURI'),
          destinationIdentifier: endOf(shown, 'destinationNodeURI'),
          kind: !old ? 'ADDED' : fresh ? 'CHANGED' : 'REMOVED',
        },
      ];
    },
  );
  return { items, associations };
}
