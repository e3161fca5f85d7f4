import { digestKey } from '../../kernel/ids.ts';
import { at, isObject, type JsonObject } from '../../kernel/json.ts';
import { type Converted, type DocumentFacts, documentOf } from './csv.ts';
import type { ImportIssue } from './package.ts';

/** Classes of the data supplement, what CASE calls them, and where their text stands. */
const KINDS = {
  CompetenceArea: { itemType: 'Competence area', parent: null },
  Competence: { itemType: 'Competence', parent: 'competence_area_id' },
  ProficiencyLevel: { itemType: 'Proficiency level', parent: null },
  CompetenceStatement: { itemType: 'Competence statement', parent: 'competence_id' },
  LearningOutcome: { itemType: 'Learning outcome', parent: 'competence_id' },
} as const;
type Kind = keyof typeof KINDS;

const LEVEL = 'four_levels_proficiency_name';
/** What becomes a field of its own; all else of a node goes into the item's extensions. */
const TAKEN = new Set(['@id', '@type', 'name', 'description', 'eight_levels_description', LEVEL]);

const isKind = (type: unknown): type is Kind => typeof type === 'string' && Object.hasOwn(KINDS, type);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * Reads DigComp as JSON-LD (the data supplement of the European Commission): areas, competences, levels, statements and
 * outcomes as items, the glossary as concepts. Pure; never throws.
 *
 * Statements name their level by one of four names (`ProficiencyLevel/Basic`) where the levels are eight
 * (`Basic_1`, `Basic_2`): each such reference is taken as the lower one and listed.
 */
export function readDigComp(value: unknown, facts: DocumentFacts): Converted {
  const issues: ImportIssue[] = [];
  const graph = isObject(value) && Array.isArray(value['@graph']) ? value['@graph'] : null;
  if (!graph) {
    const issue = { severity: 'ERROR', path: '/@graph', code: 'required', message: 'DigComp as JSON-LD is an object with a @graph' } as const;
    return { package: null, issues: [issue] };
  }
  const document = documentOf(facts);
  const top = String(document['identifier']);
  const nodes = graph.flatMap((node: unknown, index) => (isObject(node) ? [{ node, path: at('/@graph', index), id: textOf(node['@id']) }] : []));
  const idOf = (id: string): string => digestKey('digcomp', top, id);
  const known = new Set(nodes.map(({ id }) => id));
  const levels = nodes.filter(({ node }) => node['@type'] === 'ProficiencyLevel').map(({ id }) => id);
  const link = (id: string): JsonObject => ({ title: id, identifier: known.has(id) ? idOf(id) : id, uri: `urn:uuid:${idOf(id)}` });
  const edge = (type: string, origin: string, destination: JsonObject, sequence?: number): JsonObject => ({
    identifier: digestKey('digcomp-edge', top, type, origin),
    associationType: type,
    originNodeURI: link(origin),
    destinationNodeURI: destination,
    ...(sequence !== undefined && { sequenceNumber: sequence }),
  });
  const warn = (path: string, code: string, message: string): void => {
    issues.push({ severity: 'WARNING', path, code, message });
  };

  const items: JsonObject[] = [];
  const associations: JsonObject[] = [];
  const concepts: JsonObject[] = [];
  const sixLevels = new Map<string, string>();
  for (const { node, path, id } of nodes) {
    const type = node['@type'];
    if (/\s/.test(id)) warn(at(path, '@id'), 'identifier-with-space', `${id} holds a space, so it is no IRI; it is told by a name-based UUID`);
    if (type === 'Glossary') {
      const title = id.slice(id.indexOf('/') + 1);
      concepts.push({ identifier: idOf(id), title, description: textOf(node['explanation']), hierarchyCode: String(concepts.length + 1) });
      continue;
    }
    if (!isKind(type)) {
      warn(at(path, '@type'), 'unknown-type', `${textOf(type) || 'this'} is no class of DigComp that is known here; it is kept in the source only`);
      continue;
    }
    const { itemType, parent } = KINDS[type];
    const name = textOf(node['name']) || textOf(node['eight_levels_description']);
    items.push({
      identifier: idOf(id),
      humanCodingScheme: id.slice(id.indexOf('/') + 1),
      fullStatement: textOf(node['description']) || name,
      ...(textOf(node['name']) !== '' && { abbreviatedStatement: textOf(node['name']) }),
      CFItemType: itemType,
      extensions: Object.fromEntries(Object.entries(node).filter(([key]) => !TAKEN.has(key))),
    });
    const above = parent === null ? null : textOf(node[parent]);
    if (above !== null && !known.has(above))
      warn(at(path, parent ?? ''), 'dangling-reference', `there is no ${above}; the association is kept and does not act`);
    associations.push(edge('isChildOf', id, above === null ? { title: facts.title, identifier: top, uri: `urn:uuid:${top}` } : link(above), items.length));
    const level = textOf(node[LEVEL]);
    if (level !== '') {
      const [lowest] = known.has(level) ? [level] : levels.filter((one) => one.startsWith(`${level}_`)).sort();
      if (lowest !== level) {
        const taken = lowest === undefined ? 'the association is kept and does not act' : `it is taken as ${lowest}`;
        warn(at(path, LEVEL), 'dangling-reference', `there is no ${level}; ${taken}`);
      }
      associations.push(edge('hasSkillLevel', id, link(lowest ?? level)));
    }
    const six = textOf(node['six_levels_mapping']);
    if (six === '') continue;
    const first = sixLevels.get(six);
    if (first !== undefined) warn(at(path, 'six_levels_mapping'), 'duplicate-mapping', `${six} is mapped to ${first} already`);
    else sixLevels.set(six, id);
  }
  return { package: { CFDocument: document, CFItems: items, CFAssociations: associations, CFDefinitions: { CFConcepts: concepts } }, issues };
}
