import { attributeOf, childOf, childrenOf, type XmlElement } from '../../../kernel/xml.ts';
import type { Condition, Objective, ObjectiveMap, Required, RollupRule, RuleCondition, Sequencing, SequencingRule, Timing } from './model.ts';
import { DEFAULT_SEQUENCING } from './model.ts';

const IMSSS = ['http://www.imsglobal.org/xsd/imsss'];
const ADLSEQ = ['http://www.adlnet.org/xsd/adlseq_v1p3'];

const flag = (element: XmlElement | undefined, name: string, fallback: boolean): boolean => {
  const value = attributeOf(element, name)?.trim().toLowerCase();
  return value === undefined ? fallback : value === 'true' || value === '1';
};

/** Names of objectives are compared decoded and without spare white space: manifests write both (CAM 5.1.7). */
function objectiveName(text: string | undefined): string | null {
  let name = text ?? '';
  try {
    name = decodeURIComponent(name);
  } catch {
    // It was meant as it stands.
  }
  return name.replaceAll('\0', '').replace(/\s+/g, ' ').trim() || null;
}

const number = (text: string | undefined, fallback: number): number => {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isFinite(value) ? value : fallback;
};

const word = <T extends string>(element: XmlElement | undefined, name: string, fallback: T): T =>
  (attributeOf(element, name)?.trim() as T | undefined) ?? fallback;

function condition(element: XmlElement): Condition {
  return {
    condition: word<RuleCondition>(element, 'condition', 'never'),
    not: attributeOf(element, 'operator')?.trim() === 'not',
    objective: objectiveName(attributeOf(element, 'referencedObjective')),
    threshold: number(attributeOf(element, 'measureThreshold'), 0),
  };
}

function rule(element: XmlElement): SequencingRule {
  const conditions = childOf(element, 'ruleConditions', IMSSS);
  return {
    action: word(childOf(element, 'ruleAction', IMSSS), 'action', ''),
    combination: word(conditions, 'conditionCombination', 'all'),
    conditions: conditions ? childrenOf(conditions, 'ruleCondition', IMSSS).map(condition) : [],
  };
}

function rollupRule(element: XmlElement): RollupRule {
  const conditions = childOf(element, 'rollupConditions', IMSSS);
  return {
    action: word(childOf(element, 'rollupAction', IMSSS), 'action', 'satisfied'),
    childActivitySet: word(element, 'childActivitySet', 'all'),
    minimumCount: number(attributeOf(element, 'minimumCount'), 0),
    minimumPercent: number(attributeOf(element, 'minimumPercent'), 0),
    combination: word(conditions, 'conditionCombination', 'any'),
    conditions: conditions ? childrenOf(conditions, 'rollupCondition', IMSSS).map(condition) : [],
  };
}

/** The maps of one objective; what adlseq adds for a target joins what imsss says of it (4th edition). */
function maps(objective: XmlElement, extended: XmlElement | undefined): readonly ObjectiveMap[] {
  const own = childrenOf(objective, 'mapInfo', IMSSS);
  const more = extended ? childrenOf(extended, 'mapInfo', ADLSEQ) : [];
  const targets = new Set([...own, ...more].map((map) => objectiveName(attributeOf(map, 'targetObjectiveID')) ?? ''));
  targets.delete('');
  return [...targets].map((target) => {
    const isOf = (map: XmlElement): boolean => objectiveName(attributeOf(map, 'targetObjectiveID')) === target;
    const base = own.find(isOf);
    const added = more.find(isOf);
    return {
      target,
      readSatisfied: flag(base, 'readSatisfiedStatus', base !== undefined),
      readMeasure: flag(base, 'readNormalizedMeasure', base !== undefined),
      writeSatisfied: flag(base, 'writeSatisfiedStatus', false),
      writeMeasure: flag(base, 'writeNormalizedMeasure', false),
      readRaw: flag(added, 'readRawScore', added !== undefined),
      readMin: flag(added, 'readMinScore', added !== undefined),
      readMax: flag(added, 'readMaxScore', added !== undefined),
      readCompletion: flag(added, 'readCompletionStatus', added !== undefined),
      readProgress: flag(added, 'readProgressMeasure', added !== undefined),
      writeRaw: flag(added, 'writeRawScore', false),
      writeMin: flag(added, 'writeMinScore', false),
      writeMax: flag(added, 'writeMaxScore', false),
      writeCompletion: flag(added, 'writeCompletionStatus', false),
      writeProgress: flag(added, 'writeProgressMeasure', false),
    };
  });
}

function objectivesOf(element: XmlElement | undefined, extended: XmlElement | undefined): readonly Objective[] {
  if (!element) return [];
  const more = extended ? childrenOf(extended, 'objective', ADLSEQ) : [];
  return element.children
    .filter((child) => IMSSS.includes(child.uri) && (child.local === 'primaryObjective' || child.local === 'objective'))
    .map((child) => {
      const id = objectiveName(attributeOf(child, 'objectiveID'));
      return {
        id,
        isPrimary: child.local === 'primaryObjective',
        satisfiedByMeasure: flag(child, 'satisfiedByMeasure', false),
        minNormalizedMeasure: number(childOf(child, 'minNormalizedMeasure', IMSSS)?.text, 1),
        maps: maps(
          child,
          more.find((one) => objectiveName(attributeOf(one, 'objectiveID')) === id),
        ),
      };
    });
}

/** The children of a sequencing element: those of its own, and of the collection it names those it does not have itself. */
function parts(element: XmlElement, collection: ReadonlyMap<string, XmlElement>): (local: string, uris: readonly string[]) => XmlElement | undefined {
  const shared = collection.get(attributeOf(element, 'IDRef')?.trim() ?? '');
  return (local, uris) => childOf(element, local, uris) ?? childOf(shared, local, uris);
}

/** The sequencing elements that items share, by their ID. */
export function sequencingCollection(manifest: XmlElement): ReadonlyMap<string, XmlElement> {
  const collection = childOf(manifest, 'sequencingCollection', IMSSS);
  const elements = collection ? childrenOf(collection, 'sequencing', IMSSS) : [];
  return new Map(elements.map((element) => [attributeOf(element, 'ID')?.trim() ?? '', element]));
}

/** What an item or organization says of sequencing; the defaults of the standard where it says nothing. */
export function sequencingOf(item: XmlElement, collection: ReadonlyMap<string, XmlElement>): Sequencing {
  const element = childOf(item, 'sequencing', IMSSS);
  if (!element) return DEFAULT_SEQUENCING;
  const part = parts(element, collection);
  const control = part('controlMode', IMSSS);
  const choices = part('constrainedChoiceConsiderations', ADLSEQ);
  const rules = part('sequencingRules', IMSSS);
  const limits = part('limitConditions', IMSSS);
  const rollup = part('rollupRules', IMSSS);
  const considerations = part('rollupConsiderations', ADLSEQ);
  const randomization = part('randomizationControls', IMSSS);
  const delivery = part('deliveryControls', IMSSS);
  const limit = attributeOf(limits, 'attemptLimit');
  const count = attributeOf(randomization, 'selectCount');
  const rulesOf = (local: string): readonly SequencingRule[] => (rules ? childrenOf(rules, local, IMSSS).map(rule) : []);
  return {
    choice: flag(control, 'choice', true),
    choiceExit: flag(control, 'choiceExit', true),
    flow: flag(control, 'flow', false),
    forwardOnly: flag(control, 'forwardOnly', false),
    useCurrentAttemptObjectiveInfo: flag(control, 'useCurrentAttemptObjectiveInfo', true),
    useCurrentAttemptProgressInfo: flag(control, 'useCurrentAttemptProgressInfo', true),
    constrainChoice: flag(choices, 'constrainChoice', false),
    preventActivation: flag(choices, 'preventActivation', false),
    preRules: rulesOf('preConditionRule'),
    postRules: rulesOf('postConditionRule'),
    exitRules: rulesOf('exitConditionRule'),
    attemptLimit: limit === undefined ? null : number(limit, 0),
    maxTime: attributeOf(limits, 'attemptAbsoluteDurationLimit')?.trim() || null,
    rollupRules: rollup ? childrenOf(rollup, 'rollupRule', IMSSS).map(rollupRule) : [],
    rollupObjectiveSatisfied: flag(rollup, 'rollupObjectiveSatisfied', true),
    rollupProgressCompletion: flag(rollup, 'rollupProgressCompletion', true),
    objectiveMeasureWeight: number(attributeOf(rollup, 'objectiveMeasureWeight'), 1),
    measureSatisfactionIfActive: flag(considerations, 'measureSatisfactionIfActive', true),
    requiredForSatisfied: word<Required>(considerations, 'requiredForSatisfied', 'always'),
    requiredForNotSatisfied: word<Required>(considerations, 'requiredForNotSatisfied', 'always'),
    requiredForCompleted: word<Required>(considerations, 'requiredForCompleted', 'always'),
    requiredForIncomplete: word<Required>(considerations, 'requiredForIncomplete', 'always'),
    objectives: objectivesOf(part('objectives', IMSSS), part('objectives', ADLSEQ)),
    selectionTiming: word<Timing>(randomization, 'selectionTiming', 'never'),
    selectCount: count === undefined ? null : number(count, 0),
    randomizationTiming: word<Timing>(randomization, 'randomizationTiming', 'never'),
    reorderChildren: flag(randomization, 'reorderChildren', false),
    tracked: flag(delivery, 'tracked', true),
    completionSetByContent: flag(delivery, 'completionSetByContent', false),
    objectiveSetByContent: flag(delivery, 'objectiveSetByContent', false),
  };
}
