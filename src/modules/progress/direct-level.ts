import { byKey } from '../../kernel/ids.ts';
import type { LevelPolicy } from '../competency/index.ts';
import type { AttemptPolicy } from './rules.ts';

/** One piece of evidence that was not retracted. */
export interface FoldEvidence {
  readonly id: string;
  readonly itemId: string;
  readonly level: number;
  /** Whether it speaks for the level, or against it. */
  readonly positive: boolean;
  /** In thousandths, 1 to 1000. */
  readonly weight: number;
  /** Whose word it is: independent sources are counted by this. */
  readonly source: string;
  readonly occurredAt: Date;
  readonly expiresAt: Date | null;
  /** What attempts at the same share, of which one counts; null where each does. */
  readonly attemptKey: string | null;
  readonly attempts: AttemptPolicy;
}

/** A level and what carries it. */
export interface Carried {
  readonly level: number;
  readonly supporting: readonly FoldEvidence[];
}

const NOTHING: Carried = { level: 0, supporting: [] };

const DAY_MS = 86_400_000;

/** From its instant on, and no longer at its expiry. */
const isActive = ({ occurredAt, expiresAt }: FoldEvidence, asOf: Date): boolean => occurredAt <= asOf && (expiresAt === null || asOf < expiresAt);

const byTime = (a: FoldEvidence, b: FoldEvidence): number => a.occurredAt.getTime() - b.occurredAt.getTime() || byKey(a.id, b.id);

/** Of attempts that have happened: the first or the latest, whether it still counts or not; or the best that counts. */
function countingAttempt(attempts: readonly FoldEvidence[], asOf: Date): FoldEvidence | undefined {
  const inOrder = attempts.filter((row) => row.occurredAt <= asOf).sort(byTime);
  switch (attempts[0]?.attempts ?? 'ALL') {
    case 'FIRST':
      return inOrder[0];
    case 'LATEST':
      return inOrder.at(-1);
    case 'ALL':
    case 'BEST':
      return inOrder
        .filter((row) => isActive(row, asOf))
        .sort((a, b) => Number(a.positive) - Number(b.positive) || a.level - b.level || byTime(a, b))
        .at(-1);
  }
}

/** Evidence without the attempts of which another one counts; those to come stay, for they will. */
export function withoutOtherAttempts(evidence: readonly FoldEvidence[], asOf: Date): readonly FoldEvidence[] {
  if (evidence.every((row) => row.attemptKey === null)) return evidence;
  const groups = Map.groupBy(evidence, (row) => row.attemptKey);
  return [...groups].flatMap(([key, rows]) => {
    if (key === null) return rows;
    const counting = countingAttempt(rows, asOf);
    return rows.filter((row) => row === counting || row.occurredAt > asOf);
  });
}

/** What a weight is worth at an instant, in whole thousandths: sums of integers do not depend on their order. */
export function decayedWeight({ weight, occurredAt }: FoldEvidence, { halfLifeDays }: LevelPolicy, asOf: Date): number {
  return halfLifeDays === null ? weight : Math.round(weight * 0.5 ** ((asOf.getTime() - occurredAt.getTime()) / (halfLifeDays * DAY_MS)));
}

/** The next instant at which a decaying weight loses a thousandth. */
function nextDecay(row: FoldEvidence, policy: LevelPolicy, asOf: Date): Date | null {
  const now = decayedWeight(row, policy, asOf);
  if (policy.halfLifeDays === null || now === 0) return null;
  const age = policy.halfLifeDays * DAY_MS * Math.log2(row.weight / (now - 0.5));
  return new Date(Math.max(Math.floor(row.occurredAt.getTime() + age) + 1, asOf.getTime() + 1));
}

/**
 * The next instant at which what the evidence says can change though nothing comes in: it begins, ends, or decays by a step.
 * @param policiesOf by which a piece of evidence decays: that of whose level it makes, and its own, by which it makes one sure.
 */
export function nextChange(evidence: readonly FoldEvidence[], policiesOf: (row: FoldEvidence) => readonly LevelPolicy[], asOf: Date): Date | null {
  let least: Date | null = null;
  for (const row of evidence) {
    const decays = () => policiesOf(row).map((policy) => nextDecay(row, policy, asOf));
    const next = row.occurredAt > asOf ? [row.occurredAt] : isActive(row, asOf) ? [row.expiresAt, ...decays()] : [];
    for (const date of next) if (date !== null && (least === null || date < least)) least = date;
  }
  return least;
}

/** The highest level for which the evidence is enough, looked for from above. */
function highest(active: readonly FoldEvidence[], isEnough: (level: number, supporting: readonly FoldEvidence[]) => boolean): Carried {
  for (let level = active.reduce((most, row) => Math.max(most, row.level), 0); level > 0; level -= 1) {
    const supporting = active.filter((row) => row.positive && row.level >= level);
    if (supporting.length > 0 && isEnough(level, supporting)) return { level, supporting };
  }
  return NOTHING;
}

const sourcesOf = (evidence: readonly FoldEvidence[]): number => new Set(evidence.map((row) => row.source)).size;

const POLICIES: { readonly [K in LevelPolicy['kind']]: (active: readonly FoldEvidence[], policy: LevelPolicy, asOf: Date) => Carried } = {
  BEST_VALID: (active, { minDistinctSources }) => highest(active, (_level, supporting) => sourcesOf(supporting) >= minDistinctSources),

  LATEST: (active) => {
    const [first, ...others] = active;
    if (!first) return NOTHING;
    const isNewer = (a: FoldEvidence, b: FoldEvidence): boolean => a.occurredAt > b.occurredAt || (+a.occurredAt === +b.occurredAt && byKey(a.id, b.id) > 0);
    const newest = others.reduce((best, row) => (isNewer(row, best) ? row : best), first);
    const level = newest.positive ? newest.level : Math.max(0, newest.level - 1);
    return level === 0 ? NOTHING : { level, supporting: [newest] };
  },

  WEIGHTED: (active, policy, asOf) => {
    const sum = (rows: readonly FoldEvidence[]): number => rows.reduce((total, row) => total + decayedWeight(row, policy, asOf), 0);
    const against = active.filter((row) => !row.positive);
    // Evidence against a level speaks against all above it too, so a level between those named may be the highest left.
    return highest(
      active,
      (level, supporting) =>
        sum(supporting) - sum(against.filter((row) => row.level <= level)) >= policy.threshold && sourcesOf(supporting) >= policy.minDistinctSources,
    );
  },
};

/** The level of one competency by its own evidence, under its policy. */
export function directLevel(evidence: readonly FoldEvidence[], policy: LevelPolicy, asOf: Date): Carried {
  return POLICIES[policy.kind](
    evidence.filter((row) => isActive(row, asOf)),
    policy,
    asOf,
  );
}
