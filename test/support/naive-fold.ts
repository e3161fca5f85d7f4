/** A deliberately naive reference for folding evidence into levels. It favours clarity over speed and keeps no state between calls. */

export interface NaiveEvidence {
  readonly id: string;
  readonly itemId: string;
  readonly level: number;
  readonly positive: boolean;
  /** Thousandths, 1..1000. */
  readonly weight: number;
  readonly source: string;
  readonly occurredAt: Date;
  readonly expiresAt: Date | null;
  /** Attempts at the same share a key; null where each counts. */
  readonly attemptKey: string | null;
  readonly attempts: 'ALL' | 'FIRST' | 'LATEST' | 'BEST';
}

export interface NaivePolicy {
  readonly kind: 'BEST_VALID' | 'LATEST' | 'WEIGHTED';
  readonly minDistinctSources: number;
  /** Thousandths. */
  readonly threshold: number;
  readonly halfLifeDays: number | null;
}

export interface NaiveChild {
  readonly itemId: string;
  readonly weight: number;
  readonly requiredMin: number | null;
}

export interface NaiveItem {
  readonly itemId: string;
  readonly policy: NaivePolicy;
  readonly rollup: 'NONE' | 'ALL_OF' | 'ANY_OF' | 'N_OF' | 'WEIGHTED';
  readonly n: number;
  readonly rollupOnly: boolean;
  readonly children: readonly NaiveChild[];
}

export interface NaiveEquivalence {
  readonly originId: string;
  readonly destinationId: string;
  readonly twoWay: boolean;
}

/** A level set for one item by somebody: from an instant on, until before another. */
export interface NaiveOverride {
  readonly id: string;
  readonly itemId: string;
  readonly level: number;
  readonly countsForRollup: boolean;
  readonly decidedAt: Date;
  readonly validFrom: Date;
  readonly validUntil: Date;
}

export interface NaiveLevel {
  /** What an override says, else what was computed. */
  readonly level: number;
  readonly computed: number;
  /** Hundredths, integer. */
  readonly confidence: number;
}

/** A level together with the evidence that supports it. */
interface Outcome {
  readonly level: number;
  readonly supporting: readonly NaiveEvidence[];
}

/** A child after the children of one equivalence class have been counted as one. */
interface MergedChild {
  readonly weight: number;
  readonly requiredMin: number | null;
  readonly outcome: Outcome;
}

const NOTHING: Outcome = { level: 0, supporting: [] };
const DAY_MS = 86_400_000;

/** Text order by code units, so that it does not depend on the locale. */
function compareText(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** Evidence is a set: of several pieces with one id, the first counts. */
function distinctById(evidence: readonly NaiveEvidence[]): readonly NaiveEvidence[] {
  const byId = new Map<string, NaiveEvidence>();
  for (const piece of evidence) {
    if (!byId.has(piece.id)) byId.set(piece.id, piece);
  }
  return [...byId.values()];
}

/** Active: occurredAt <= asOf < expiresAt, where no expiry means never. */
function isActive(piece: NaiveEvidence, asOf: Date): boolean {
  if (piece.occurredAt.getTime() > asOf.getTime()) return false;
  return piece.expiresAt === null || asOf.getTime() < piece.expiresAt.getTime();
}

/** Whether another attempt at the same counts in place of this one. */
function isOutdone(piece: NaiveEvidence, evidence: readonly NaiveEvidence[], asOf: Date): boolean {
  if (piece.attemptKey === null) return false;
  const earlier = (a: NaiveEvidence, b: NaiveEvidence): boolean =>
    a.occurredAt.getTime() < b.occurredAt.getTime() || (a.occurredAt.getTime() === b.occurredAt.getTime() && compareText(a.id, b.id) < 0);
  const others = evidence.filter((other) => other.attemptKey === piece.attemptKey && other.id !== piece.id && other.occurredAt.getTime() <= asOf.getTime());
  if (piece.attempts === 'FIRST') return others.some((other) => earlier(other, piece));
  if (piece.attempts === 'LATEST') return others.some((other) => earlier(piece, other));
  return others.some((other) => {
    if (!isActive(other, asOf)) return false;
    if (other.positive !== piece.positive) return other.positive;
    if (other.level !== piece.level) return other.level > piece.level;
    return earlier(piece, other);
  });
}

/** Decayed weight of one piece of evidence under a policy, as an integer number of thousandths. */
function decayedWeight(piece: NaiveEvidence, policy: NaivePolicy, asOf: Date): number {
  if (policy.halfLifeDays === null) return piece.weight;
  const ageMs = asOf.getTime() - piece.occurredAt.getTime();
  return Math.round(piece.weight * 0.5 ** (ageMs / (policy.halfLifeDays * DAY_MS)));
}

/** The sum of the decayed weights of some evidence under a policy. */
function sumOfWeights(evidence: readonly NaiveEvidence[], policy: NaivePolicy, asOf: Date): number {
  let sum = 0;
  for (const piece of evidence) sum += decayedWeight(piece, policy, asOf);
  return sum;
}

/** Whether the evidence comes from enough distinct sources; at least one source is always needed. */
function hasEnoughSources(evidence: readonly NaiveEvidence[], policy: NaivePolicy): boolean {
  const sources = new Set(evidence.map((piece) => piece.source));
  return sources.size >= Math.max(1, policy.minDistinctSources);
}

/** The highest level among some evidence, 0 if there is none. */
function maxLevel(evidence: readonly NaiveEvidence[]): number {
  return Math.max(0, ...evidence.map((piece) => piece.level));
}

/** Direct level, BEST_VALID: the highest level that positive evidence from enough sources reaches. */
function directBestValid(active: readonly NaiveEvidence[], policy: NaivePolicy): Outcome {
  for (let level = maxLevel(active); level >= 1; level -= 1) {
    const reaching = active.filter((piece) => piece.positive && piece.level >= level);
    if (hasEnoughSources(reaching, policy)) return { level, supporting: reaching };
  }
  return NOTHING;
}

/** Direct level, LATEST: the newest piece decides, by occurredAt and then by id as text. */
function directLatest(active: readonly NaiveEvidence[]): Outcome {
  const oldestFirst = [...active].sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime() || compareText(a.id, b.id));
  const newest = oldestFirst[oldestFirst.length - 1];
  if (newest === undefined) return NOTHING;
  const level = newest.positive ? newest.level : Math.max(0, newest.level - 1);
  return level > 0 ? { level, supporting: [newest] } : NOTHING;
}

/** Direct level, WEIGHTED: the highest level at which the positive weight exceeds the negative weight by the threshold or more. */
function directWeighted(active: readonly NaiveEvidence[], policy: NaivePolicy, asOf: Date): Outcome {
  for (let level = maxLevel(active); level >= 1; level -= 1) {
    const pro = active.filter((piece) => piece.positive && piece.level >= level);
    const contra = active.filter((piece) => !piece.positive && piece.level <= level);
    const balance = sumOfWeights(pro, policy, asOf) - sumOfWeights(contra, policy, asOf);
    if (balance >= policy.threshold && hasEnoughSources(pro, policy)) return { level, supporting: pro };
  }
  return NOTHING;
}

/** Direct level of an item by its own policy over its active evidence; 0 if the item is roll-up only. */
function directOutcome(item: NaiveItem, active: readonly NaiveEvidence[], asOf: Date): Outcome {
  if (item.rollupOnly) return NOTHING;
  switch (item.policy.kind) {
    case 'BEST_VALID':
      return directBestValid(active, item.policy);
    case 'LATEST':
      return directLatest(active);
    case 'WEIGHTED':
      return directWeighted(active, item.policy, asOf);
  }
}

/** The override of an item at an instant: of those in force, the one that was decided last, ties by id. */
function overrideOf(itemId: string, overrides: readonly NaiveOverride[], asOf: Date): NaiveOverride | undefined {
  return overrides
    .filter((one) => one.itemId === itemId && one.validFrom.getTime() <= asOf.getTime() && asOf.getTime() < one.validUntil.getTime())
    .sort((a, b) => a.decidedAt.getTime() - b.decidedAt.getTime() || compareText(a.id, b.id))
    .at(-1);
}

/** Children of one class count once: the weight of the one with the smallest itemId, the largest requiredMin given. */
function mergeChildren(
  children: readonly NaiveChild[],
  classOf: (itemId: string) => string,
  outcomeOf: (classId: string) => Outcome,
  fedUp: (itemId: string) => NaiveOverride | undefined,
): readonly MergedChild[] {
  const groups = new Map<string, NaiveChild[]>();
  for (const child of children) {
    const classId = classOf(child.itemId);
    groups.set(classId, [...(groups.get(classId) ?? []), child]);
  }
  const merged: MergedChild[] = [];
  for (const [classId, group] of groups) {
    const smallest = [...group].sort((a, b) => compareText(a.itemId, b.itemId))[0];
    if (smallest === undefined) continue;
    let requiredMin: number | null = null;
    for (const child of group) {
      if (child.requiredMin === null) continue;
      requiredMin = requiredMin === null ? child.requiredMin : Math.max(requiredMin, child.requiredMin);
    }
    const outcome = outcomeOf(classId);
    // An override that counts for parents replaces the level they see; of several children of the class, that of the smallest id.
    const byId = [...group].sort((a, b) => compareText(a.itemId, b.itemId));
    const override = byId.map((child) => fedUp(child.itemId)).find((one) => one !== undefined);
    merged.push({ weight: smallest.weight, requiredMin, outcome: override === undefined ? outcome : { ...outcome, level: override.level } });
  }
  return merged;
}

/** The roll-up level alone, from the merged children. */
function rollupLevel(item: NaiveItem, children: readonly MergedChild[]): number {
  if (children.length === 0) return 0;
  if (children.some((child) => child.requiredMin !== null && child.outcome.level < child.requiredMin)) return 0;
  const levels = children.map((child) => child.outcome.level);
  switch (item.rollup) {
    case 'NONE':
      return 0;
    case 'ALL_OF':
      return Math.min(...levels);
    case 'ANY_OF':
      return Math.max(...levels);
    case 'N_OF':
      return [...levels].sort((a, b) => b - a)[item.n - 1] ?? 0;
    case 'WEIGHTED': {
      let weights = 0;
      let products = 0;
      for (const child of children) {
        weights += child.weight;
        products += child.weight * child.outcome.level;
      }
      return weights === 0 ? 0 : Math.floor(products / weights);
    }
  }
}

/** Roll-up of an item from its merged children, with the evidence of the children that support it. */
function rollupOutcome(item: NaiveItem, children: readonly MergedChild[]): Outcome {
  const level = rollupLevel(item, children);
  if (level <= 0) return NOTHING;
  const outcomes = children.map((child) => child.outcome).filter((outcome) => outcome.level > 0);
  // For ANY_OF the result is the maximum, so "equal to the maximum" is "equal to the result".
  const chosen = outcomes.filter((outcome) => {
    if (item.rollup === 'ANY_OF') return outcome.level === level;
    if (item.rollup === 'N_OF') return outcome.level >= level;
    return true;
  });
  return { level, supporting: distinctById(chosen.flatMap((outcome) => outcome.supporting)) };
}

/** Final level of a class: the maximum over its members; direct evidence supports it where it reaches that level, else the roll-ups do. */
function finalOutcome(direct: readonly Outcome[], rolledUp: readonly Outcome[]): Outcome {
  const level = Math.max(0, ...direct.map((outcome) => outcome.level), ...rolledUp.map((outcome) => outcome.level));
  if (level === 0) return NOTHING;
  const reachingDirectly = direct.filter((outcome) => outcome.level === level);
  const chosen = reachingDirectly.length > 0 ? reachingDirectly : rolledUp.filter((outcome) => outcome.level === level);
  return { level, supporting: distinctById(chosen.flatMap((outcome) => outcome.supporting)) };
}

/** Classes under two-way equivalence: a label for each item, relabelled until both ends of every two-way equivalence agree. */
function labelClasses(items: readonly NaiveItem[], equivalences: readonly NaiveEquivalence[]): Map<string, string> {
  const labels = new Map<string, string>();
  for (const item of items) labels.set(item.itemId, item.itemId);
  for (const { originId, destinationId, twoWay } of equivalences) {
    const kept = labels.get(originId);
    const replaced = labels.get(destinationId);
    if (!twoWay || kept === undefined || replaced === undefined) continue;
    for (const [itemId, label] of labels) {
      if (label === replaced) labels.set(itemId, kept);
    }
  }
  return labels;
}

/** The class itself and every class whose evidence reaches it along chains of one-way equivalences. */
function classesFlowingInto(classId: string, labels: ReadonlyMap<string, string>, equivalences: readonly NaiveEquivalence[]): ReadonlySet<string> {
  const reached = new Set<string>([classId]);
  let grown = true;
  while (grown) {
    grown = false;
    for (const { originId, destinationId, twoWay } of equivalences) {
      const origin = labels.get(originId);
      const destination = labels.get(destinationId);
      if (twoWay || origin === undefined || destination === undefined) continue;
      if (reached.has(destination) && !reached.has(origin)) {
        reached.add(origin);
        grown = true;
      }
    }
  }
  return reached;
}

/** Confidence of a class in hundredths: each piece weighs by the policy of the item it is for, in ascending id order. */
function confidenceOf(outcome: Outcome, itemsById: ReadonlyMap<string, NaiveItem>, asOf: Date): number {
  if (outcome.level === 0) return 0;
  let doubt = 1;
  for (const piece of [...outcome.supporting].sort((a, b) => compareText(a.id, b.id))) {
    const item = itemsById.get(piece.itemId);
    if (item === undefined) throw new Error(`evidence ${piece.id} is for an unknown item`);
    doubt *= 1 - Math.min(decayedWeight(piece, item.policy, asOf), 1000) / 1000;
  }
  return Math.round(100 * (1 - doubt));
}

/** The level and confidence of every item whose level is above 0, as of a moment. */
export function naiveProgress(
  evidence: readonly NaiveEvidence[],
  items: readonly NaiveItem[],
  equivalences: readonly NaiveEquivalence[],
  asOf: Date,
  overrides: readonly NaiveOverride[] = [],
): ReadonlyMap<string, NaiveLevel> {
  const fedUp = (itemId: string): NaiveOverride | undefined =>
    overrideOf(
      itemId,
      overrides.filter((one) => one.countsForRollup),
      asOf,
    );
  const itemsById = new Map<string, NaiveItem>();
  for (const item of items) {
    if (itemsById.has(item.itemId)) throw new Error(`item ${item.itemId} is given twice`);
    itemsById.set(item.itemId, item);
  }
  const labels = labelClasses(items, equivalences);
  const distinct = distinctById(evidence);
  const usable = distinct.filter((piece) => itemsById.has(piece.itemId) && isActive(piece, asOf) && !isOutdone(piece, distinct, asOf));

  // A child that is not among the items forms a class of its own with no members, and so has level 0.
  const classOf = (itemId: string): string => labels.get(itemId) ?? itemId;
  const known = new Map<string, Outcome>();
  const underWay = new Set<string>();

  /** Final outcome of a class, after all the classes of its members' children; a class met again on the way down is a cycle. */
  const outcomeOf = (classId: string): Outcome => {
    const done = known.get(classId);
    if (done !== undefined) return done;
    if (underWay.has(classId)) throw new Error(`the child edges form a cycle through the class of ${classId}`);
    underWay.add(classId);

    const members = items.filter((item) => classOf(item.itemId) === classId);
    const sources = classesFlowingInto(classId, labels, equivalences);
    const active = usable.filter((piece) => sources.has(classOf(piece.itemId)));
    const direct = members.map((item) => directOutcome(item, active, asOf));
    const rolledUp = members.map((item) => rollupOutcome(item, mergeChildren(item.children, classOf, outcomeOf, fedUp)));
    const outcome = finalOutcome(direct, rolledUp);

    underWay.delete(classId);
    known.set(classId, outcome);
    return outcome;
  };

  const result = new Map<string, NaiveLevel>();
  for (const item of items) {
    const outcome = outcomeOf(classOf(item.itemId));
    const level = overrideOf(item.itemId, overrides, asOf)?.level ?? outcome.level;
    if (level > 0 || outcome.level > 0) result.set(item.itemId, { level, computed: outcome.level, confidence: confidenceOf(outcome, itemsById, asOf) });
  }
  return result;
}
