import { isObject } from '../../standards/xapi/index.ts';

/** One evidence rule as the projector applies it; see EvidenceRule. */
export interface Rule {
  readonly id: string;
  readonly versionId: string;
  readonly activityKey: string;
  readonly activityIri: string;
  readonly verbs: readonly string[];
  readonly scaledMin: number | null;
  readonly success: boolean | null;
  readonly completion: boolean | null;
  readonly trustedAuthorities: readonly string[];
  readonly itemId: string;
  readonly level: number;
  readonly validDays: number | null;
}

/** Why a statement gave no evidence, in the order in which it is found out. */
export const NO_EVIDENCE_REASONS = [
  'VOIDING_STATEMENT',
  'VOIDED',
  'UNKNOWN_ACTOR',
  'NO_RULE_FOR_ACTIVITY',
  'VERB_NOT_NAMED',
  'SCORE_TOO_LOW',
  'SUCCESS_DIFFERS',
  'COMPLETION_DIFFERS',
  'AUTHORITY_NOT_TRUSTED',
] as const;
export type NoEvidenceReason = (typeof NO_EVIDENCE_REASONS)[number];

/** The IRI of the activity a statement is about, or null when it is about something else. */
export function activityOf(statement: unknown): string | null {
  const object = isObject(statement) ? statement['object'] : undefined;
  if (!isObject(object)) return null;
  const { objectType, id } = object;
  return (objectType === undefined || objectType === 'Activity') && typeof id === 'string' ? id : null;
}

/** The first condition of a rule that a statement about its activity does not meet, or null when it meets all. */
function missedCondition(rule: Rule, statement: unknown, authorityKey: string): NoEvidenceReason | null {
  const verb = isObject(statement) ? statement['verb'] : undefined;
  const result = isObject(statement) && isObject(statement['result']) ? statement['result'] : {};
  const score = isObject(result['score']) ? result['score']['scaled'] : undefined;
  if (!isObject(verb) || !rule.verbs.includes(String(verb['id']))) return 'VERB_NOT_NAMED';
  if (rule.scaledMin !== null && !(typeof score === 'number' && score >= rule.scaledMin)) return 'SCORE_TOO_LOW';
  if (rule.success !== null && result['success'] !== rule.success) return 'SUCCESS_DIFFERS';
  if (rule.completion !== null && result['completion'] !== rule.completion) return 'COMPLETION_DIFFERS';
  if (rule.trustedAuthorities.length > 0 && !rule.trustedAuthorities.includes(authorityKey)) return 'AUTHORITY_NOT_TRUSTED';
  return null;
}

export interface Evaluation {
  readonly matches: readonly Rule[];
  /** For each rule on this activity that did not match, the condition missed. */
  readonly misses: readonly { readonly rule: Rule; readonly reason: NoEvidenceReason }[];
}

/** Applies the rules on one activity to a statement about it. Pure and total: no clock, no I/O, any statement. */
export function evaluate(rules: readonly Rule[], statement: unknown, authorityKey: string): Evaluation {
  const results = rules.map((rule) => ({ rule, reason: missedCondition(rule, statement, authorityKey) }));
  return {
    matches: results.filter(({ reason }) => reason === null).map(({ rule }) => rule),
    misses: results.flatMap(({ rule, reason }) => (reason === null ? [] : [{ rule, reason }])),
  };
}
