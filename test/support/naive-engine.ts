/** The reference for everything around the fold: which evidence sets of statements, voids, identifiers, rules and judgements make, and of what graph. */

import {
  type NaiveEquivalence,
  type NaiveEvidence,
  type NaiveItem,
  type NaiveLevel,
  type NaiveOverride,
  type NaivePolicy,
  type NaivePrecedence,
  type NaiveReplacement,
  naiveProgress,
} from './naive-fold.ts';

const DAY_MS = 86_400_000;

/** What a framework version says. */
export interface NaiveVersion {
  readonly items: readonly NaiveItem[];
  readonly precedences: readonly NaivePrecedence[];
  readonly replacements: readonly NaiveReplacement[];
}

/** A statement as far as rules look at it. */
export interface NaiveStatement {
  readonly account: number;
  readonly itemId: string;
  readonly activity: string;
  readonly failed: boolean;
  readonly scaled: number;
  readonly at: Date;
  readonly sender: number;
}

/** One version of the rules: a passed test gives a level by its score, a failed one speaks against the higher of the two. */
export interface NaiveRules {
  readonly low: number;
  readonly high: number;
  readonly weight: number;
  readonly validDays: number | null;
  readonly attempts: NaiveEvidence['attempts'];
  readonly kindCaps: Readonly<Record<string, number>>;
}

/** What is computed with: becomes what readers see when all of it is built. */
export interface NaiveModel {
  /** The version of each framework that counts. */
  readonly frameworks: ReadonlyMap<number, NaiveVersion>;
  readonly approvals: ReadonlyMap<string, NaiveEquivalence>;
  /** Versions of the rules in the order in which they were activated, each for all time or from an instant on. */
  readonly activations: readonly { readonly rules: number; readonly from: Date | null }[];
}

/** What has happened, as sets: nothing of it knows an order. */
export interface NaiveFacts {
  readonly statements: ReadonlyMap<number, NaiveStatement>;
  readonly voided: ReadonlySet<number>;
  /** Whose an account is. */
  readonly accounts: ReadonlyMap<number, string>;
  /** Kinds of activities that are registered. */
  readonly kinds: ReadonlyMap<string, string>;
  readonly judgements: ReadonlyMap<string, NaiveEvidence & { readonly learnerId: string }>;
  readonly overrides: readonly (NaiveOverride & { readonly learnerId: string })[];
  /** Every competency that some version ever had. */
  readonly itemIds: ReadonlySet<string>;
}

/** What counts for a competency that is in no version. */
const PLAIN_POLICY: NaivePolicy = { kind: 'BEST_VALID', minDistinctSources: 1, threshold: 1_000, halfLifeDays: null };

/** The evidence of a learner. @param idOf of the evidence that a statement gives: ties go by it. */
function evidenceOf(
  facts: NaiveFacts,
  rules: readonly NaiveRules[],
  { activations }: NaiveModel,
  learnerId: string,
  idOf: (number: number) => string,
): readonly NaiveEvidence[] {
  const evidence: NaiveEvidence[] = [];
  for (const [number, { account, itemId, activity, failed, scaled, at, sender }] of facts.statements) {
    // The version in effect at an instant: the last one activated for all time, or from an earlier instant on.
    const version = activations.findLast(({ from }) => from === null || from.getTime() <= at.getTime())?.rules;
    const rule = rules[version ?? -1];
    if (rule === undefined || facts.voided.has(number) || facts.accounts.get(account) !== learnerId) continue;
    const said = failed || scaled >= 0.8 ? rule.high : scaled >= 0.5 ? rule.low : 0;
    if (said === 0) continue;
    const cap = rule.kindCaps[facts.kinds.get(activity) ?? ''];
    const attempts = failed ? 'ALL' : rule.attempts;
    evidence.push({
      id: idOf(number),
      itemId,
      level: cap === undefined ? said : Math.min(said, cap),
      positive: !failed,
      weight: rule.weight,
      source: `sender ${sender}`,
      occurredAt: at,
      expiresAt: rule.validDays === null ? null : new Date(at.getTime() + rule.validDays * DAY_MS),
      attempts,
      attemptKey: attempts === 'ALL' ? null : `${version} ${activity}`,
    });
  }
  return [...evidence, ...[...facts.judgements.values()].filter((one) => one.learnerId === learnerId)];
}

/** What readers see of a learner as of an instant. */
export function naiveLevels(
  facts: NaiveFacts,
  rules: readonly NaiveRules[],
  model: NaiveModel,
  learnerId: string,
  asOf: Date,
  idOf: (number: number) => string,
): ReadonlyMap<string, NaiveLevel> {
  const versions = [...model.frameworks.values()];
  const items = versions.flatMap((version) => version.items);
  const present = new Set(items.map((item) => item.itemId));
  const gone = [...facts.itemIds]
    .filter((id) => !present.has(id))
    .map((itemId): NaiveItem => ({ itemId, policy: PLAIN_POLICY, rollup: 'NONE', n: 1, rollupOnly: false, children: [] }));
  return naiveProgress(
    evidenceOf(facts, rules, model, learnerId, idOf),
    items,
    [...model.approvals.values()],
    asOf,
    facts.overrides.filter((one) => one.learnerId === learnerId),
    versions.flatMap((version) => version.replacements),
    gone,
  );
}
