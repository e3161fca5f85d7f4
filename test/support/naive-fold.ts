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

/** An item that took the place of another: an old level is worth what the map says, nothing where it says nothing; null: the same. */
export interface NaiveReplacement {
  readonly oldId: string;
  readonly newId: string;
  readonly levelMap: Readonly<Record<string, number>> | null;
}

export interface NaiveLevel {
  /** What an override says, else what was computed. */
  readonly level: number;
  readonly computed: number;
  /** Hundredths, integer. */
  readonly confidence: number;
  /** Ids of the evidence that carries the computed level, in order. */
  readonly supporting: readonly string[];
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

/** The same with the highest level of each: what reaches a class by two ways, through two successors of one item, is one piece all the same. */
function strongestById(evidence: readonly NaiveEvidence[]): readonly NaiveEvidence[] {
  return distinctById([...evidence].sort((a, b) => b.level - a.level));
}

/** The successions at whose end there is an item: marked backwards from those that there are, until nothing is added. */
function leadingOn(present: ReadonlySet<string>, replacements: readonly NaiveReplacement[]): readonly NaiveReplacement[] {
  const leading = new Set(present);
  for (let size = -1; size !== leading.size; ) {
    size = leading.size;
    for (const { oldId, newId } of replacements) if (leading.has(newId)) leading.add(oldId);
  }
  return replacements.filter(({ newId }) => leading.has(newId));
}

/**
 * What a piece says today: of an item that there is no more it speaks for the successors of that item, and for theirs where
 * there are no more of those either; without any that leads to one that there is it stays what it was.
 */
function carriedOn(piece: NaiveEvidence, present: ReadonlySet<string>, replacements: readonly NaiveReplacement[]): readonly NaiveEvidence[] {
  let moving: readonly NaiveEvidence[] = [piece];
  const arrived: NaiveEvidence[] = [];
  // Every step leads to another item, so there are no more steps than successions.
  for (let step = 0; step <= replacements.length && moving.length > 0; step += 1) {
    const next: NaiveEvidence[] = [];
    for (const one of moving) {
      const successions = replacements.filter(({ oldId }) => oldId === one.itemId);
      if (present.has(one.itemId) || successions.length === 0) arrived.push(one);
      else
        for (const { newId, levelMap } of successions) {
          const level = levelMap === null ? one.level : (levelMap[one.level] ?? 0);
          if (level > 0) next.push({ ...one, itemId: newId, level });
        }
    }
    moving = next;
  }
  return arrived;
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

/** A label for each id, the same for those that some pairs make one: relabelled until both ends of every pair agree. */
function labelClasses(ids: readonly string[], pairs: readonly NaiveEquivalence[]): Map<string, string> {
  const labels = new Map<string, string>();
  for (const id of ids) labels.set(id, id);
  for (const { originId, destinationId } of pairs) {
    const kept = labels.get(originId);
    const replaced = labels.get(destinationId);
    if (kept === undefined || replaced === undefined) continue;
    for (const [id, label] of labels) {
      if (label === replaced) labels.set(id, kept);
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

/**
 * The level and confidence of every item whose level is above 0, as of a moment.
 * @param items those that there are; evidence for others counts only through `replacements`.
 * @param gone items that there are no more: without a successor evidence for them stays what it was.
 */
export function naiveProgress(
  evidence: readonly NaiveEvidence[],
  items: readonly NaiveItem[],
  equivalences: readonly NaiveEquivalence[],
  asOf: Date,
  overrides: readonly NaiveOverride[] = [],
  replacements: readonly NaiveReplacement[] = [],
  gone: readonly NaiveItem[] = [],
): ReadonlyMap<string, NaiveLevel> {
  const fedUp = (itemId: string): NaiveOverride | undefined =>
    overrideOf(
      itemId,
      overrides.filter((one) => one.countsForRollup),
      asOf,
    );
  const all = [...items, ...gone];
  const itemsById = new Map<string, NaiveItem>();
  for (const item of all) {
    if (itemsById.has(item.itemId)) throw new Error(`item ${item.itemId} is given twice`);
    itemsById.set(item.itemId, item);
  }
  const labels = labelClasses(
    all.map((item) => item.itemId),
    equivalences.filter(({ twoWay }) => twoWay),
  );
  const distinct = distinctById(evidence);
  const present = new Set(items.map((item) => item.itemId));
  const usable = distinct
    .filter((piece) => isActive(piece, asOf) && !isOutdone(piece, distinct, asOf))
    .flatMap((piece) => carriedOn(piece, present, leadingOn(present, replacements)))
    .filter((piece) => itemsById.has(piece.itemId));

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

    const members = all.filter((item) => classOf(item.itemId) === classId);
    const sources = classesFlowingInto(classId, labels, equivalences);
    const active = strongestById(usable.filter((piece) => sources.has(classOf(piece.itemId))));
    const direct = members.map((item) => directOutcome(item, active, asOf));
    const rolledUp = members.map((item) => rollupOutcome(item, mergeChildren(item.children, classOf, outcomeOf, fedUp)));
    const outcome = finalOutcome(direct, rolledUp);

    underWay.delete(classId);
    known.set(classId, outcome);
    return outcome;
  };

  const result = new Map<string, NaiveLevel>();
  for (const item of all) {
    const outcome = outcomeOf(classOf(item.itemId));
    const level = overrideOf(item.itemId, overrides, asOf)?.level ?? outcome.level;
    if (level === 0 && outcome.level === 0) continue;
    const supporting = outcome.supporting.map((piece) => piece.id).sort(compareText);
    result.set(item.itemId, { level, computed: outcome.level, confidence: confidenceOf(outcome, itemsById, asOf), supporting });
  }
  return result;
}

/** What comes before an item, with the level it takes. */
export interface NaivePrecedence {
  readonly originId: string;
  readonly destinationId: string;
  readonly minLevel: number;
}

/**
 * Whether everything that comes before an item is there. Items that stand for one another have the same before them; what
 * something else before the item asks for itself, at that level or a higher one, is not asked for again.
 */
export function naiveReadiness(
  itemId: string,
  precedences: readonly NaivePrecedence[],
  equivalences: readonly NaiveEquivalence[],
  levelOf: (itemId: string) => number,
): boolean {
  const classOf = classesOf(equivalences.filter(({ twoWay }) => twoWay));
  const before = (classId: string): readonly NaivePrecedence[] => precedences.filter(({ destinationId }) => classOf(destinationId) === classId);
  const asks = (classId: string, wanted: NaivePrecedence): boolean =>
    before(classId).some((one) =>
      classOf(one.originId) === classOf(wanted.originId) && one.minLevel >= wanted.minLevel ? true : asks(classOf(one.originId), wanted),
    );
  const own = before(classOf(itemId));
  return own
    .filter((one) => !own.some((other) => classOf(other.originId) !== classOf(one.originId) && asks(classOf(other.originId), one)))
    .every((one) => levelOf(one.originId) >= one.minLevel);
}

/** The class of any item, once both ends of each of some pairs are one. */
function classesOf(pairs: readonly NaiveEquivalence[]): (itemId: string) => string {
  const labels = labelClasses(
    pairs.flatMap(({ originId, destinationId }) => [originId, destinationId]),
    pairs,
  );
  return (itemId) => labels.get(itemId) ?? itemId;
}

/** Whether edges run in a circle once matches, one way or both, make one of their ends: what nothing leads to is taken away until nothing can be. */
export function naiveLoop(edges: readonly (readonly [from: string, to: string])[], matches: readonly NaiveEquivalence[]): boolean {
  const classOf = classesOf(matches);
  let left = edges.map(([from, to]) => [classOf(from), classOf(to)] as const);
  for (;;) {
    const reached = new Set(left.map(([, to]) => to));
    const next = left.filter(([from]) => reached.has(from));
    if (next.length === left.length) return left.length > 0;
    left = next;
  }
}
