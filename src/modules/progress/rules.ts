import { durationSeconds, isObject, type JsonObject } from '../../standards/xapi/index.ts';

/** What an evidence rule looks for in a statement. */
export const RULE_MATCHES = ['ACTIVITY', 'PREFIX', 'TYPE', 'PARENT', 'GROUPING'] as const;
export type RuleMatch = (typeof RULE_MATCHES)[number];

/** Which of several attempts at the same count: each, the first, the latest, or the best. */
export const ATTEMPT_POLICIES = ['ALL', 'FIRST', 'LATEST', 'BEST'] as const;
export type AttemptPolicy = (typeof ATTEMPT_POLICIES)[number];

/** The highest level that a kind of activity, or an authority, can be evidence of, by kind and by authority key. */
export interface LevelCaps {
  readonly kindCaps: Readonly<Record<string, number>>;
  readonly authorityCaps: Readonly<Record<string, number>>;
}

/** The level from a scaled score on, up to the next band. */
export interface ScoreBand {
  readonly scaledMin: number;
  readonly level: number;
}

/** One evidence rule as the projector applies it, with the caps of its version; see EvidenceRule. */
export interface Rule extends LevelCaps {
  readonly id: string;
  readonly versionId: string;
  /** What `activityIri` is: the activity itself, the beginning of its IRI, its type, or one of its parents or groupings. */
  readonly match: RuleMatch;
  readonly activityKey: string;
  readonly activityIri: string;
  readonly verbs: readonly string[];
  readonly scaledMin: number | null;
  readonly scaledMax: number | null;
  readonly success: boolean | null;
  readonly completion: boolean | null;
  readonly durationMinSeconds: number | null;
  /** IRI of a context category. */
  readonly category: string | null;
  readonly trustedAuthorities: readonly string[];
  readonly itemId: string;
  readonly level: number;
  /** Levels by score in place of `level`, the lowest score first; empty: `level` it is. */
  readonly bands: readonly ScoreBand[];
  /** Whether a match speaks for the level, or against it. */
  readonly positive: boolean;
  /** In thousandths. */
  readonly weight: number;
  readonly validDays: number | null;
  readonly attempts: AttemptPolicy;
}

/** What a rule says that says nothing else: any statement with its verbs about one activity, fully and for ever. */
export const PLAIN_RULE = {
  match: 'ACTIVITY',
  scaledMin: null,
  scaledMax: null,
  success: null,
  completion: null,
  durationMinSeconds: null,
  category: null,
  trustedAuthorities: [],
  bands: [],
  positive: true,
  weight: 1_000,
  validDays: null,
  attempts: 'ALL',
} as const satisfies Partial<Rule>;

/** Why a statement gave no evidence, in the order in which it is found out. */
export const NO_EVIDENCE_REASONS = [
  'VOIDING_STATEMENT',
  'VOIDED',
  'UNKNOWN_ACTOR',
  'NO_RULE_FOR_ACTIVITY',
  'VERB_NOT_NAMED',
  'SCORE_TOO_LOW',
  'SCORE_TOO_HIGH',
  'SUCCESS_DIFFERS',
  'COMPLETION_DIFFERS',
  'DURATION_TOO_SHORT',
  'CATEGORY_MISSING',
  'AUTHORITY_NOT_TRUSTED',
] as const;
export type NoEvidenceReason = (typeof NO_EVIDENCE_REASONS)[number];

/** What of a statement rules are found by. */
export interface Subject {
  readonly iri: string;
  readonly type: string | null;
  readonly parents: readonly string[];
  readonly groupings: readonly string[];
}

const objectOf = (parent: unknown, key: string): JsonObject => (isObject(parent) && isObject(parent[key]) ? parent[key] : {});

function idsOf(list: unknown): readonly string[] {
  const activities: readonly unknown[] = Array.isArray(list) ? list : list === undefined ? [] : [list];
  return activities.flatMap((activity) => (isObject(activity) && typeof activity['id'] === 'string' ? [activity['id']] : []));
}

const contextActivities = (statement: unknown): JsonObject => objectOf(objectOf(statement, 'context'), 'contextActivities');

/** The activity a statement is about, or null when it is about something else. */
export function subjectOf(statement: unknown): Subject | null {
  const { objectType, id, definition } = objectOf(statement, 'object');
  if ((objectType !== undefined && objectType !== 'Activity') || typeof id !== 'string') return null;
  const type = isObject(definition) ? definition['type'] : undefined;
  const context = contextActivities(statement);
  return { iri: id, type: typeof type === 'string' ? type : null, parents: idsOf(context['parent']), groupings: idsOf(context['grouping']) };
}

/** Every activity that a rule on a statement may name. */
export const activitiesOf = (subject: Subject): readonly string[] => [subject.iri, ...subject.parents, ...subject.groupings];

const MATCHES: { readonly [M in RuleMatch]: (iri: string, subject: Subject) => boolean } = {
  ACTIVITY: (iri, subject) => subject.iri === iri,
  PREFIX: (iri, subject) => subject.iri.startsWith(iri),
  TYPE: (iri, subject) => subject.type === iri,
  PARENT: (iri, subject) => subject.parents.includes(iri),
  GROUPING: (iri, subject) => subject.groupings.includes(iri),
};

const CMI5_SESSION = 'https://w3id.org/xapi/cmi5/context/extensions/sessionid';
const CMI5_CATEGORY = 'https://w3id.org/xapi/cmi5/context/categories/cmi5';

/**
 * Whether a statement was said in a cmi5 session beside what cmi5 defines ("allowed"): recorded, and never counted - its
 * verbs may be anything, under no rule of mastery or mode.
 * @see cmi5 7.1.3
 */
function isCmi5Aside(statement: unknown): boolean {
  const context = objectOf(statement, 'context');
  const extensions = context['extensions'];
  return isObject(extensions) && extensions[CMI5_SESSION] !== undefined && !idsOf(contextActivities(statement)['category']).includes(CMI5_CATEGORY);
}

/** Rules, found by what a statement is about. */
export class RuleBook {
  readonly #byActivity: ReadonlyMap<string, readonly Rule[]>;
  readonly #others: readonly Rule[];
  readonly #kinds: ReadonlyMap<string, string>;

  /** @param kinds of activities, by IRI: what caps by kind go by. */
  constructor(rules: readonly Rule[], kinds: ReadonlyMap<string, string> = new Map()) {
    this.#kinds = kinds;
    this.#byActivity = Map.groupBy(
      rules.filter(({ match }) => match === 'ACTIVITY'),
      (rule) => rule.activityIri,
    );
    this.#others = rules.filter(({ match }) => match !== 'ACTIVITY');
  }

  kindOf = (iri: string): string | null => this.#kinds.get(iri) ?? null;

  /** The rules that look for this, whatever their conditions say. */
  about(subject: Subject): readonly Rule[] {
    const others = this.#others.filter(({ match, activityIri }) => MATCHES[match](activityIri, subject));
    return [...(this.#byActivity.get(subject.iri) ?? []), ...others];
  }
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** The first condition of a rule that a statement about its activity does not meet, or null when it meets all. */
function missedCondition(rule: Rule, statement: unknown, authorityKey: string): NoEvidenceReason | null {
  const result = objectOf(statement, 'result');
  const score = numberOrNull(objectOf(result, 'score')['scaled']);
  const { duration } = result;
  const seconds = typeof duration === 'string' ? durationSeconds(duration) : null;
  const least = rule.bands[0]?.scaledMin ?? rule.scaledMin;
  if (!rule.verbs.includes(String(objectOf(statement, 'verb')['id']))) return 'VERB_NOT_NAMED';
  if (least !== null && !(score !== null && score >= Math.max(least, rule.scaledMin ?? least))) return 'SCORE_TOO_LOW';
  if (rule.scaledMax !== null && !(score !== null && score <= rule.scaledMax)) return 'SCORE_TOO_HIGH';
  if (rule.success !== null && result['success'] !== rule.success) return 'SUCCESS_DIFFERS';
  if (rule.completion !== null && result['completion'] !== rule.completion) return 'COMPLETION_DIFFERS';
  if (rule.durationMinSeconds !== null && !(seconds !== null && seconds >= rule.durationMinSeconds)) return 'DURATION_TOO_SHORT';
  if (rule.category !== null && !idsOf(contextActivities(statement)['category']).includes(rule.category)) return 'CATEGORY_MISSING';
  if (rule.trustedAuthorities.length > 0 && !rule.trustedAuthorities.includes(authorityKey)) return 'AUTHORITY_NOT_TRUSTED';
  return null;
}

/** The level a matching statement is evidence of: that of the highest band its score reaches, or the rule's own; at most what kind and authority allow. */
function levelOf(rule: Rule, statement: unknown, authorityKey: string, kind: string | null): number {
  const score = numberOrNull(objectOf(objectOf(statement, 'result'), 'score')['scaled']);
  const level = rule.bands.findLast((band) => score !== null && score >= band.scaledMin)?.level ?? rule.level;
  return Math.min(level, rule.authorityCaps[authorityKey] ?? level, (kind === null ? null : rule.kindCaps[kind]) ?? level);
}

export interface Evaluation {
  readonly matches: readonly { readonly rule: Rule; readonly level: number }[];
  /** For each rule on this activity that did not match, the condition missed. */
  readonly misses: readonly { readonly rule: Rule; readonly reason: NoEvidenceReason }[];
}

/** Applies rules to a statement. Pure and total: no clock, no I/O, any statement; rules about something else are passed over. */
export function evaluate(rules: RuleBook, statement: unknown, authorityKey: string): Evaluation {
  const subject = isCmi5Aside(statement) ? null : subjectOf(statement);
  const results = (subject === null ? [] : rules.about(subject)).map((rule) => ({ rule, reason: missedCondition(rule, statement, authorityKey) }));
  return {
    matches: results
      .filter(({ reason }) => reason === null)
      .map(({ rule }) => ({ rule, level: levelOf(rule, statement, authorityKey, subject === null ? null : rules.kindOf(subject.iri)) })),
    misses: results.flatMap(({ rule, reason }) => (reason === null ? [] : [{ rule, reason }])),
  };
}
