import { at, isObject, type JsonObject } from '../../kernel/json.ts';
import { agentOrGroup } from './actor.ts';
import * as format from './formats.ts';
import { arrayOf, checkShape, found, type Report, type Rule, type Shape } from './report.ts';

const INTERACTION_TYPES = ['true-false', 'choice', 'fill-in', 'long-fill-in', 'matching', 'performance', 'sequencing', 'likert', 'numeric', 'other'];
const COMPONENT_LISTS = ['choices', 'scale', 'source', 'target', 'steps'] as const;
/** Which component lists each interaction type may carry (Data 2.4.4.1, Interaction Components). */
const COMPONENTS_BY_TYPE: { readonly [type: string]: readonly string[] } = {
  choice: ['choices'],
  sequencing: ['choices'],
  likert: ['scale'],
  matching: ['source', 'target'],
  performance: ['steps'],
};
const SECTION = 'Data 2.4.4.1';

const component: Rule = (report, value, path) => {
  checkShape(report, value, path, {
    section: SECTION,
    what: 'an interaction component',
    required: ['id'],
    rules: { id: format.string, description: format.languageMap },
  });
};

const components: Rule = (report, value, path) => {
  arrayOf(SECTION, 'the component list', component)(report, value, path);
  if (!Array.isArray(value)) return;
  const ids = value.filter(isObject).map((element) => element['id']);
  if (new Set(ids).size !== ids.length) report.add(path, SECTION, 'unique-component-id', 'component ids must be distinct within their list');
};

const interactionType: Rule = (report, value, path) => {
  if (typeof value !== 'string' || !INTERACTION_TYPES.includes(value)) {
    report.add(path, SECTION, 'interaction-type', `expected one of ${INTERACTION_TYPES.join(', ')}; found ${found(value)}`);
  }
};

const DEFINITION: Shape = {
  section: SECTION,
  what: 'an activity definition',
  rules: {
    name: format.languageMap,
    description: format.languageMap,
    type: format.iri,
    moreInfo: format.iri,
    extensions: format.extensions,
    interactionType,
    correctResponsesPattern: arrayOf(SECTION, 'correctResponsesPattern', format.string),
    choices: components,
    scale: components,
    source: components,
    target: components,
    steps: components,
  },
};

const definition: Rule = (report, value, path) => {
  if (!checkShape(report, value, path, DEFINITION)) return;
  const type = value['interactionType'];
  if (type === undefined) {
    for (const key of ['correctResponsesPattern', ...COMPONENT_LISTS]) {
      if (Object.hasOwn(value, key))
        report.add(at(path, 'interactionType'), SECTION, 'interaction-type', `a definition with "${key}" needs an interactionType`);
    }
    return;
  }
  const allowed = (typeof type === 'string' && Object.hasOwn(COMPONENTS_BY_TYPE, type) && COMPONENTS_BY_TYPE[type]) || [];
  for (const key of COMPONENT_LISTS) {
    if (Object.hasOwn(value, key) && !allowed.includes(key)) {
      report.add(at(path, key), SECTION, 'component-list', `an interaction of type ${found(type)} has no "${key}"`);
    }
  }
};

const ACTIVITY: Shape = {
  section: SECTION,
  what: 'an Activity',
  required: ['id'],
  rules: { objectType: () => undefined, id: format.iri, definition },
};

/** An Activity, alone or in contextActivities. */
export const activity: Rule = (report, value, path) => {
  if (!checkShape(report, value, path, ACTIVITY)) return;
  const type = value['objectType'];
  if (type !== undefined && type !== 'Activity') report.add(at(path, 'objectType'), SECTION, 'object-type', `expected "Activity"; found ${found(type)}`);
};

const STATEMENT_REF: Shape = {
  section: 'Data 2.4.4.3',
  what: 'a StatementRef',
  required: ['objectType', 'id'],
  rules: { objectType: () => undefined, id: format.uuid },
};

/** A reference to another statement. */
export const statementRef: Rule = (report, value, path) => {
  if (!checkShape(report, value, path, STATEMENT_REF)) return;
  if (value['objectType'] !== 'StatementRef') {
    report.add(at(path, 'objectType'), 'Data 2.4.4.3', 'object-type', `expected "StatementRef"; found ${found(value['objectType'])}`);
  }
};

const OBJECT_TYPES = ['Activity', 'Agent', 'Group', 'StatementRef', 'SubStatement'];

/** The object of a statement: told apart by objectType, an Activity when that is absent (Data 2.4.4). */
export function checkStatementObject(report: Report, value: unknown, path: string, subStatement: Rule | null): void {
  const type = isObject(value) ? value['objectType'] : undefined;
  switch (type) {
    case 'Agent':
    case 'Group':
      agentOrGroup(report, value, path);
      return;
    case 'StatementRef':
      statementRef(report, value, path);
      return;
    case 'SubStatement':
      if (subStatement) subStatement(report, value, path);
      else report.add(path, 'Data 2.4.4.3', 'no-nesting', 'a SubStatement may not contain a SubStatement');
      return;
    case undefined:
    case 'Activity':
      activity(report, value, path);
      return;
    default:
      report.add(at(path, 'objectType'), 'Data 2.4.4', 'object-type', `expected one of ${OBJECT_TYPES.join(', ')}; found ${found(type)}`);
  }
}

export const isActivityObject = (object: unknown): object is JsonObject =>
  isObject(object) && (object['objectType'] === undefined || object['objectType'] === 'Activity');
