import { isDeepStrictEqual } from 'node:util';
import type { Sql } from '../../db/database.ts';
import { isObject, type JsonObject, objectsOf } from '../../kernel/json.ts';
import { type CaseItem, caseViolations, DEFAULT_POLICY, isCaseUuid, readCasePackage, type StrictOptions, toStrictCase } from '../../standards/case/index.ts';
import { type ExportEdge, type ExportItem, edgesForExport, itemsForExport, sourceOfVersion } from './export.store.ts';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The level rules of an item as its extensions say them, where the draft was changed since it was imported. */
function withRules(source: JsonObject, read: CaseItem | undefined, { rollup, policy }: ExportItem): JsonObject {
  const isSameRollup = isDeepStrictEqual(read?.rollup ?? { kind: 'NONE', count: null, rollupOnly: false }, rollup);
  const isSamePolicy = isDeepStrictEqual(read?.policy ?? DEFAULT_POLICY, policy);
  if (isSameRollup && isSamePolicy) return source;
  const { rollup: _kind, rollupCount: _count, rollupOnly: _only, ...others } = isObject(source['extensions']) ? source['extensions'] : {};
  const rules = isSameRollup
    ? {}
    : { rollup: rollup.kind, ...(rollup.count !== null && { rollupCount: rollup.count }), ...(rollup.rollupOnly && { rollupOnly: true }) };
  const levelPolicy = Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== null));
  return { ...source, extensions: { ...others, ...rules, ...(!isSamePolicy && { levelPolicy }) } };
}

/** An association that was added to the draft after it was imported. */
function addedEdge(edge: ExportEdge, nodes: ReadonlyMap<string, JsonObject>): JsonObject {
  const link = (identifier: string): JsonObject => {
    const node = nodes.get(identifier);
    return { title: node?.['humanCodingScheme'] ?? node?.['fullStatement'] ?? identifier, identifier, uri: node?.['uri'] ?? '' };
  };
  const isPlain = edge.weight === 1 && edge.requiredMin === null && edge.minLevel === null && edge.levelMap === null;
  return {
    identifier: edge.identifier,
    associationType: edge.type,
    originNodeURI: link(edge.originIdentifier),
    destinationNodeURI: link(edge.destinationIdentifier),
    ...(!isPlain && {
      extensions: {
        ...(edge.type === 'isChildOf' && { weight: edge.weight }),
        ...(edge.requiredMin !== null && { requiredMin: edge.requiredMin }),
        ...(edge.minLevel !== null && { minLevel: edge.minLevel }),
        ...(edge.levelMap !== null && { levelMap: edge.levelMap }),
      },
    }),
  };
}

/** A version as a package: what its source says to the letter, and what was changed here. */
export async function packageOfVersion(sql: Sql, versionId: string): Promise<{ readonly whole: JsonObject; readonly createdAt: Date } | null> {
  const version = await sourceOfVersion(sql, versionId);
  if (!version) return null;
  const source: unknown = JSON.parse(version.source);
  if (!isObject(source)) throw new Error(`the source of framework version ${versionId} is no CASE package`);
  const read = new Map((readCasePackage(source).package?.items ?? []).map((item) => [item.identifier, item]));
  const rules = new Map((await itemsForExport(sql, versionId)).map((item) => [item.identifier, item]));
  const items = objectsOf(source['CFItems']).map((item) => {
    const identifier = textOf(item['identifier']);
    const row = rules.get(identifier);
    return row ? withRules(item, read.get(identifier), row) : item;
  });
  const associations = objectsOf(source['CFAssociations']);
  const known = new Set(associations.map((association) => association['identifier']));
  const nodes = new Map(items.map((item) => [textOf(item['identifier']), item]));
  const added = (await edgesForExport(sql, versionId)).filter((edge) => !known.has(edge.identifier)).map((edge) => addedEdge(edge, nodes));
  return { whole: { ...source, CFItems: items, CFAssociations: [...associations, ...added] }, createdAt: version.createdAt };
}

/** A version in the fields of CASE 1.1. */
async function strictPackage(sql: Sql, versionId: string, baseUrl: string): Promise<JsonObject | null> {
  const version = await packageOfVersion(sql, versionId);
  if (!version) return null;
  const document = isObject(version.whole['CFDocument']) ? version.whole['CFDocument'] : {};
  const options: StrictOptions = { baseUrl, changedAt: version.createdAt.toISOString() };
  return toStrictCase({ ...version.whole, CFDocument: { ...document, caseVersion: '1.1' } }, 'CFPackage', options);
}

/**
 * A framework version as a strict CASE 1.1 CFPackage: what was imported, whatever of it we act on or not, with the
 * associations and level rules that the draft got since.
 * @returns null when there is no such version.
 */
export async function exportVersion(sql: Sql, versionId: string, baseUrl: string): Promise<JsonObject | null> {
  const result = await strictPackage(sql, versionId, baseUrl);
  if (!result) return null;
  const [violation] = caseViolations(result, 'CFPackage');
  if (violation) throw new Error(`the export of framework version ${versionId} is not strict CASE 1.1: ${violation.path}: ${violation.message}`);
  return result;
}

/** Every identifier that a REST endpoint answers for, in the export of a version. */
export async function exportedIdentifiers(sql: Sql, versionId: string): Promise<readonly string[]> {
  // Addresses do not matter here.
  const whole = (await strictPackage(sql, versionId, '')) ?? {};
  const definitions = isObject(whole['CFDefinitions']) ? Object.values(whole['CFDefinitions']) : [];
  const lists = [whole['CFItems'], whole['CFAssociations'], whole['CFRubrics'], ...definitions];
  return lists.flatMap(objectsOf).flatMap(({ identifier }) => (typeof identifier === 'string' && isCaseUuid(identifier) ? [identifier] : []));
}
