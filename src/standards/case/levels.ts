import { isObject, type JsonObject, objectsOf } from '../../kernel/json.ts';

/** The rank of a criterion level: its `position`, else its `score`, whichever is a whole number above 0 of 32 bits; null where neither is. */
export function rankOf(level: JsonObject): number | null {
  const rank = [level['position'], level['score']].find((value) => typeof value === 'number' && (value | 0) === value && value > 0);
  return typeof rank === 'number' ? rank : null;
}

/** Levels by rank; of several with one rank the first stands, and one without a rank has no place. */
export function byRank(levels: readonly JsonObject[]): ReadonlyMap<number, JsonObject> {
  const ranked = levels.flatMap((level) => {
    const rank = rankOf(level);
    return rank === null ? [] : [[rank, level] as const];
  });
  return new Map(ranked.toReversed());
}

/** The criterion levels of each item by its identifier, in whichever rubrics they stand. */
export function levelsByItem(source: JsonObject): ReadonlyMap<string, readonly JsonObject[]> {
  const criteria = objectsOf(source['CFRubrics']).flatMap((rubric) => objectsOf(rubric['CFRubricCriteria']));
  const byItem = Map.groupBy(criteria, ({ CFItemURI: item }) => (isObject(item) ? String(item['identifier']) : ''));
  return new Map([...byItem].map(([item, own]) => [item, own.flatMap((criterion) => objectsOf(criterion['CFRubricCriterionLevels']))]));
}
