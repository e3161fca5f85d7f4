import type { Violation } from '../../kernel/errors.ts';
import { at, isObject, type JsonObject } from '../../kernel/json.ts';
import { agentOrGroup, authority } from './actor.ts';
import { attachments, context, result } from './context.ts';
import * as format from './formats.ts';
import { checkStatementObject, isActivityObject } from './object.ts';
import { checkShape, found, Report, type Rule, type Shape, type XapiVersion } from './report.ts';

/** The verb that voids another statement (Data 2.3.2). */
export const VOIDED = 'http://adlnet.gov/expapi/verbs/voided';

const verb: Rule = (report, value, path) => {
  checkShape(report, value, path, { section: 'Data 2.4.3', what: 'a verb', required: ['id'], rules: { id: format.iri, display: format.languageMap } });
};

function shapeFor(isActivity: boolean, subStatement: Rule | null): Shape['rules'] {
  return {
    actor: agentOrGroup,
    verb,
    object: (report, value, path) => {
      checkStatementObject(report, value, path, subStatement);
    },
    result,
    context: context(isActivity),
    timestamp: format.timestamp,
    attachments,
  };
}

const subShapes = [true, false].map(
  (isActivity): Shape => ({
    section: 'Data 2.4.4.3',
    what: 'a SubStatement',
    required: ['actor', 'verb', 'object'],
    rules: { ...shapeFor(isActivity, null), objectType: () => undefined },
  }),
);

const subStatement: Rule = (report, value, path) => {
  const shape = isObject(value) && !isActivityObject(value['object']) ? subShapes[1] : subShapes[0];
  if (shape && checkShape(report, value, path, shape)) checkVoiding(report, value, path);
};

const statementShapes = [true, false].map(
  (isActivity): Shape => ({
    section: 'Data 2.4',
    what: 'a statement',
    required: ['actor', 'verb', 'object'],
    rules: { ...shapeFor(isActivity, subStatement), id: format.uuid, stored: format.timestamp, authority, version: format.version },
  }),
);

function checkVoiding(report: Report, statement: JsonObject, path: string): void {
  const verb = statement['verb'];
  const object = statement['object'];
  if (!isObject(verb) || verb['id'] !== VOIDED) return;
  if (!isObject(object) || object['objectType'] !== 'StatementRef') {
    report.add(at(path, 'object'), 'Data 2.3.2', 'void-target', 'a statement with the verb voided needs a StatementRef as its object');
  }
}

function checkStatement(report: Report, value: unknown, path: string): void {
  const shape = isObject(value) && !isActivityObject(value['object']) ? statementShapes[1] : statementShapes[0];
  if (shape && checkShape(report, value, path, shape)) checkVoiding(report, value, path);
}

/**
 * Checks one parsed statement against the standard.
 *
 * Pure: no I/O, no clock, never throws on any JSON value. An empty list means the statement conforms. Paths are JSON
 * pointers from the statement itself, or from `path` when given.
 * @see xAPI 1.0.3 Part Two (Data) and IEEE 9274.1.1-2023
 */
export function validateStatement(value: unknown, version: XapiVersion = '1.0.3', path = ''): readonly Violation[] {
  const report = new Report(version);
  checkStatement(report, value, path);
  return report.violations;
}

/**
 * Checks what a POST to the Statement Resource may carry: one statement, or an array of them whose ids differ
 * (Communication 2.1.2).
 */
export function validateStatements(value: unknown, version: XapiVersion = '1.0.3'): readonly Violation[] {
  if (!Array.isArray(value)) return validateStatement(value, version);
  const report = new Report(version);
  const seen = new Set<string>();
  value.forEach((statement, index) => {
    checkStatement(report, statement, at('', index));
    const id = isObject(statement) ? statement['id'] : undefined;
    if (typeof id !== 'string') return;
    if (seen.has(id.toLowerCase()))
      report.add(at(at('', index), 'id'), 'Communication 2.1.2', 'batch-unique-id', `the id ${found(id)} stands twice in this batch`);
    seen.add(id.toLowerCase());
  });
  return report.violations;
}

/** Checks a single Agent or Group, as in the `agent` query parameter. */
export function validateAgent(value: unknown, version: XapiVersion = '1.0.3'): readonly Violation[] {
  const report = new Report(version);
  agentOrGroup(report, value, '');
  return report.violations;
}
