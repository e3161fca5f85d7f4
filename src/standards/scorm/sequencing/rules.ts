import type { Condition, SequencingRule } from './model.ts';
import type { Activity, LocalObjective, Session } from './tree.ts';

/** True, false, or not known: rules are evaluated in three values (SN 4.2). */
export type Truth = boolean | null;

const negate = (value: Truth): Truth => (value === null ? null : !value);

/** Combines conditions (RB.1.4.1, UP.2.1): nothing to combine is not known. */
export function combine(values: readonly Truth[], combination: 'all' | 'any'): Truth {
  if (values.length === 0) return null;
  if (combination === 'all') return values.includes(false) ? false : values.includes(null) ? null : true;
  return values.includes(true) ? true : values.includes(null) ? null : false;
}

const hasLimit = ({ sequencing, attemptCount }: Activity): boolean => sequencing.attemptLimit !== null && attemptCount >= sequencing.attemptLimit;

const UNTRACKED: ReadonlySet<string> = new Set(['always', 'never', 'timeLimitExceeded', 'outsideAvailableTimeRange']);

function plain(session: Session, activity: Activity, objective: LocalObjective, { condition, threshold }: Pick<Condition, 'condition' | 'threshold'>): Truth {
  const { measure } = session.read(objective);
  // Of what is not tracked nothing is known.
  if (!activity.sequencing.tracked && !UNTRACKED.has(condition)) return null;
  switch (condition) {
    case 'satisfied':
      return session.satisfactionOf(activity, objective);
    case 'objectiveStatusKnown':
      return session.satisfactionOf(activity, objective) !== null;
    case 'objectiveMeasureKnown':
      return measure !== null;
    case 'objectiveMeasureGreaterThan':
      return measure === null ? null : measure > threshold;
    case 'objectiveMeasureLessThan':
      return measure === null ? null : measure < threshold;
    case 'completed':
      return session.completionOf(activity, objective);
    case 'activityProgressKnown':
      return session.completionOf(activity, objective) !== null;
    case 'attempted':
      return activity.attemptCount > 0;
    case 'attemptLimitExceeded':
      return hasLimit(activity);
    // Clocks are not followed: the standard leaves them to the implementer.
    case 'timeLimitExceeded':
    case 'outsideAvailableTimeRange':
      return false;
    case 'always':
      return true;
    case 'never':
      return false;
  }
}

/** One condition of an activity. @param objective which of its objectives is asked. */
export function evaluate(
  session: Session,
  activity: Activity,
  objective: LocalObjective,
  condition: Pick<Condition, 'condition' | 'not' | 'threshold'>,
): Truth {
  const value = plain(session, activity, objective, condition);
  return condition.not ? negate(value) : value;
}

function holds(session: Session, activity: Activity, rule: SequencingRule): boolean {
  const values = rule.conditions.map((condition) => {
    const objective = condition.objective === null ? activity.primary : activity.objective(condition.objective);
    return objective ? evaluate(session, activity, objective, condition) : null;
  });
  return combine(values, rule.combination) === true;
}

/** UP.2: the action of the first rule that holds, of those with one of these actions. */
export const actionOf = (session: Session, activity: Activity, rules: readonly SequencingRule[], actions: readonly string[]): string | null =>
  rules.find((rule) => actions.includes(rule.action) && holds(session, activity, rule))?.action ?? null;

/** UP.1: whether a limit keeps a new attempt from beginning. One that is under way is no new one. */
const isLimited = (activity: Activity): boolean => activity.sequencing.tracked && !activity.isActive && !activity.isSuspended && hasLimit(activity);

/** UP.5: whether an activity must not be attempted. */
export const isBarred = (session: Session, activity: Activity): boolean =>
  actionOf(session, activity, activity.sequencing.preRules, ['disabled']) !== null || isLimited(activity);

export const isSkipped = (session: Session, activity: Activity): boolean => actionOf(session, activity, activity.sequencing.preRules, ['skip']) !== null;
