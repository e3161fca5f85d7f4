import { digestKey } from '../../kernel/ids.ts';
import { isObject, type JsonObject, objectsOf } from '../../kernel/json.ts';
import { byRank } from './levels.ts';
import { caseIdentifier } from './strict.ts';

/** What is to be said of an item. What is left out stays; null takes it away. */
export interface ItemChange {
  readonly code?: string | null;
  readonly fullStatement?: string;
  readonly abbreviatedStatement?: string | null;
  readonly itemType?: string | null;
  /** `YYYY-MM-DD`. */
  readonly statusEndDate?: string | null;
  /** All of its proficiency levels. */
  readonly levels?: readonly { readonly rank: number; readonly label: string; readonly description: string | null }[];
}

/** Whether a node, or a link to one, is the item: identifiers that are no UUID of CASE stand for the one made of them. */
const isItem = (node: unknown, itemId: string): boolean =>
  isObject(node) && typeof node['identifier'] === 'string' && caseIdentifier(node['identifier']) === itemId;

function withTexts(item: JsonObject, { code, fullStatement, abbreviatedStatement, itemType, statusEndDate }: ItemChange, changedAt: string): JsonObject {
  const texts = { humanCodingScheme: code, fullStatement, abbreviatedStatement, CFItemType: itemType, statusEndDate };
  const given = Object.entries(texts).filter(([, text]) => text !== undefined);
  // The address of a type belongs to the type that goes.
  const gone = new Set([...given.flatMap(([name, text]) => (text === null ? [name] : [])), ...(itemType === undefined ? [] : ['CFItemTypeURI'])]);
  const kept = Object.entries(item).filter(([name]) => !gone.has(name));
  return { ...Object.fromEntries([...kept, ...given.filter(([, text]) => text !== null)]), lastChangeDateTime: changedAt };
}

/** Puts levels in the place of those an item has; of a level whose rank stays, what else is said of it stays too. */
function withLevels(rubrics: readonly JsonObject[], item: JsonObject, itemId: string, levels: NonNullable<ItemChange['levels']>): readonly JsonObject[] {
  const criteriaOf = (rubric: JsonObject): readonly JsonObject[] => objectsOf(rubric['CFRubricCriteria']);
  const [place] = rubrics.flatMap(criteriaOf).filter((criterion) => isItem(criterion['CFItemURI'], itemId));
  const before = byRank(objectsOf(place?.['CFRubricCriterionLevels']));
  const own = levels.map(({ rank, label, description }) => {
    const { description: _old, ...kept } = before.get(rank) ?? { identifier: digestKey('case-level', itemId, String(rank)) };
    return { ...kept, quality: label, position: rank, ...(description !== null && { description }) };
  });
  const changed = rubrics.map((rubric) => ({
    ...rubric,
    CFRubricCriteria: criteriaOf(rubric).map((criterion) =>
      isItem(criterion['CFItemURI'], itemId) ? { ...criterion, CFRubricCriterionLevels: criterion === place ? own : [] } : criterion,
    ),
  }));
  if (place || levels.length === 0) return changed;
  const { identifier } = item;
  const title = item['humanCodingScheme'] ?? item['fullStatement'];
  const criterion = {
    identifier: digestKey('case-criterion', itemId),
    CFItemURI: { title, identifier, uri: `urn:uuid:${itemId}` },
    CFRubricCriterionLevels: own,
  };
  return [...changed, { identifier: digestKey('case-rubric', itemId), title, CFRubricCriteria: [criterion] }];
}

/** A package in which one item says something else. Pure. @param itemId the identifier of the item as CASE has it. */
export function changeItem(whole: JsonObject, itemId: string, change: ItemChange, changedAt: string): JsonObject {
  const items = objectsOf(whole['CFItems']).map((item) => (isItem(item, itemId) ? withTexts(item, change, changedAt) : item));
  const item = items.find((one) => isItem(one, itemId));
  const { levels } = change;
  return { ...whole, CFItems: items, ...(item && levels && { CFRubrics: withLevels(objectsOf(whole['CFRubrics']), item, itemId, levels) }) };
}

/** A package with one item more, at its end, as a child of another or of the document. Pure. */
export function addItem(
  whole: JsonObject,
  itemId: string,
  change: ItemChange & { readonly fullStatement: string },
  parentId: string | null,
  changedAt: string,
): JsonObject {
  const document = isObject(whole['CFDocument']) ? whole['CFDocument'] : {};
  const parent = parentId === null ? document : (objectsOf(whole['CFItems']).find((item) => isItem(item, parentId)) ?? document);
  const link = (node: JsonObject, title: unknown): JsonObject => ({
    title,
    identifier: node['identifier'],
    uri: node['uri'] ?? `urn:uuid:${String(node['identifier'])}`,
  });
  const edge = {
    identifier: digestKey('case-edge', 'isChildOf', itemId),
    associationType: 'isChildOf',
    originNodeURI: { title: change.code ?? change.fullStatement, identifier: itemId, uri: `urn:uuid:${itemId}` },
    destinationNodeURI: link(parent, parent['humanCodingScheme'] ?? parent['fullStatement'] ?? parent['title']),
    lastChangeDateTime: changedAt,
  };
  const grown = { ...whole, CFItems: [...objectsOf(whole['CFItems']), { identifier: itemId }], CFAssociations: [...objectsOf(whole['CFAssociations']), edge] };
  return changeItem(grown, itemId, change, changedAt);
}

/** A package without an item, its associations and its levels. Pure. */
export function removeItem(whole: JsonObject, itemId: string): JsonObject {
  const rubrics = objectsOf(whole['CFRubrics']).flatMap((rubric) => {
    const criteria = objectsOf(rubric['CFRubricCriteria']);
    const kept = criteria.filter((criterion) => !isItem(criterion['CFItemURI'], itemId));
    return kept.length === 0 && criteria.length > 0 ? [] : [{ ...rubric, CFRubricCriteria: kept }];
  });
  return {
    ...whole,
    CFItems: objectsOf(whole['CFItems']).filter((item) => !isItem(item, itemId)),
    CFAssociations: objectsOf(whole['CFAssociations']).filter(
      ({ originNodeURI, destinationNodeURI }) => !isItem(originNodeURI, itemId) && !isItem(destinationNodeURI, itemId),
    ),
    ...('CFRubrics' in whole && { CFRubrics: rubrics }),
  };
}

/** A package without an association. Pure. */
export const removeAssociation = (whole: JsonObject, identifier: string): JsonObject => ({
  ...whole,
  CFAssociations: objectsOf(whole['CFAssociations']).filter((association) => association['identifier'] !== identifier),
});

/** A package as a version of another name. Pure. */
export const relabelled = (whole: JsonObject, version: string): JsonObject => ({
  ...whole,
  CFDocument: { ...(isObject(whole['CFDocument']) ? whole['CFDocument'] : {}), version },
});
