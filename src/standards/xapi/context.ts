import { at, isObject } from '../../kernel/json.ts';
import { agent, agentOrGroup, group } from './actor.ts';
import * as format from './formats.ts';
import { activity, statementRef } from './object.ts';
import { arrayOf, checkShape, found, type Rule, type Shape } from './report.ts';

/** 1.0.x admits one activity where a list is meant; it is returned as a list (Data 2.4.6.2). */
const activityOrList: Rule = (report, value, path) => {
  if (Array.isArray(value)) arrayOf('Data 2.4.6.2', 'the list', activity)(report, value, path);
  else activity(report, value, path);
};

const contextActivities: Rule = (report, value, path) => {
  checkShape(report, value, path, {
    section: 'Data 2.4.6.2',
    what: 'contextActivities',
    rules: { parent: activityOrList, grouping: activityOrList, category: activityOrList, other: activityOrList },
  });
};

/** One element of the 2.0 lists contextAgents and contextGroups (IEEE 9274.1.1, Context). */
const contextMember =
  (objectType: string, property: string, rule: Rule): Rule =>
  (report, value, path) => {
    const typed: Rule = (inner, found_, where) => {
      if (found_ !== objectType) inner.add(where, 'Data 2.4.6', 'object-type', `expected "${objectType}"; found ${found(found_)}`);
    };
    checkShape(report, value, path, {
      section: 'Data 2.4.6',
      what: `a ${objectType}`,
      required: ['objectType', property],
      rules: { objectType: typed, [property]: rule, relevantTypes: format.iris },
    });
  };

const CONTEXT_RULES = {
  registration: format.uuid,
  instructor: agentOrGroup,
  team: group,
  contextActivities,
  revision: format.string,
  platform: format.string,
  language: format.languageTag,
  statement: statementRef,
  extensions: format.extensions,
} satisfies Shape['rules'];

const CONTEXT_1: Shape = { section: 'Data 2.4.6', what: 'context', rules: CONTEXT_RULES };
const CONTEXT_2: Shape = {
  ...CONTEXT_1,
  rules: {
    ...CONTEXT_RULES,
    contextAgents: arrayOf('Data 2.4.6', 'contextAgents', contextMember('contextAgent', 'agent', agent)),
    contextGroups: arrayOf('Data 2.4.6', 'contextGroups', contextMember('contextGroup', 'group', group)),
  },
};

/** @param isActivity whether the statement's object is an Activity: only then revision and platform make sense. */
export function context(isActivity: boolean): Rule {
  return (report, value, path) => {
    if (!checkShape(report, value, path, report.version === '2.0.0' ? CONTEXT_2 : CONTEXT_1) || isActivity) return;
    for (const key of ['revision', 'platform']) {
      if (Object.hasOwn(value, key)) report.add(at(path, key), 'Data 2.4.6', 'activity-only', `"${key}" may stand only when the object is an Activity`);
    }
  };
}

const score: Rule = (report, value, path) => {
  const section = 'Data 2.4.5.1';
  if (
    !checkShape(report, value, path, { section, what: 'a score', rules: { scaled: format.number, raw: format.number, min: format.number, max: format.number } })
  )
    return;
  const { scaled, raw, min, max } = value;
  if (typeof scaled === 'number' && (scaled < -1 || scaled > 1))
    report.add(at(path, 'scaled'), section, 'scaled-range', `scaled lies between -1 and 1; found ${scaled}`);
  if (typeof min === 'number' && typeof max === 'number' && min >= max)
    report.add(at(path, 'min'), section, 'min-below-max', `min (${min}) must be below max (${max})`);
  if (typeof raw === 'number' && typeof min === 'number' && raw < min) report.add(at(path, 'raw'), section, 'raw-range', `raw (${raw}) is below min (${min})`);
  if (typeof raw === 'number' && typeof max === 'number' && raw > max) report.add(at(path, 'raw'), section, 'raw-range', `raw (${raw}) is above max (${max})`);
};

export const result: Rule = (report, value, path) => {
  checkShape(report, value, path, {
    section: 'Data 2.4.5',
    what: 'a result',
    rules: { score, success: format.boolean, completion: format.boolean, response: format.string, duration: format.duration, extensions: format.extensions },
  });
};

const byteLength: Rule = (report, value, path) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    report.add(path, 'Data 2.4.11', 'length', `expected a whole number of bytes; found ${found(value)}`);
};

const attachment: Rule = (report, value, path) => {
  checkShape(report, value, path, {
    section: 'Data 2.4.11',
    what: 'an attachment',
    required: ['usageType', 'display', 'contentType', 'length', 'sha2'],
    rules: {
      usageType: format.iri,
      display: format.languageMap,
      description: format.languageMap,
      contentType: format.mediaType,
      length: byteLength,
      sha2: format.sha2,
      fileUrl: format.iri,
    },
  });
};

export const attachments = arrayOf('Data 2.4.11', 'attachments', attachment);

/** The attachments of a statement that carry no fileUrl, so that their bytes must come with the request. */
export function attachmentsWithoutUrl(statement: { readonly [key: string]: unknown }): readonly string[] {
  const list = statement['attachments'];
  if (!Array.isArray(list)) return [];
  return list.flatMap((element, index) => (isObject(element) && element['fileUrl'] === undefined ? [`/attachments/${index}`] : []));
}
