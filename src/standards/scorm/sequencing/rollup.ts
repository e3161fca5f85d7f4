import type { Required, RollupRule } from './model.ts';
import { combine, evaluate, isSkipped, type Truth } from './rules.ts';
import { type Activity, preorder, type Session } from './tree.ts';

type RollupAction = RollupRule['action'];

const rule = (action: RollupAction, condition: RollupRule['conditions'][number]['condition']): RollupRule => ({
  action,
  childActivitySet: 'all',
  minimumCount: 0,
  minimumPercent: 0,
  combination: 'any',
  conditions: [{ condition, not: false }],
});

/** What rolls up where no rule says otherwise (RB.1.2, RB.1.3). */
const OBJECTIVE_DEFAULTS = [rule('notSatisfied', 'objectiveStatusKnown'), rule('satisfied', 'satisfied')];
const PROGRESS_DEFAULTS = [rule('incomplete', 'activityProgressKnown'), rule('completed', 'completed')];

/** Mean by weight of what the tracked children have; one without a value counts with its weight all the same (RB.1.1). */
function weighted(children: readonly Activity[], weightOf: (child: Activity) => number, knownOf: (child: Activity) => number | null): number | null {
  let total = 0;
  let weights = 0;
  let isKnown = false;
  for (const child of children) {
    if (!child.sequencing.tracked) continue;
    weights += weightOf(child);
    const value = knownOf(child);
    if (value === null) continue;
    total += weightOf(child) * value;
    isKnown = true;
  }
  return isKnown && weights > 0 ? total / weights : null;
}

const REQUIREMENT = {
  satisfied: 'requiredForSatisfied',
  notSatisfied: 'requiredForNotSatisfied',
  completed: 'requiredForCompleted',
  incomplete: 'requiredForIncomplete',
} as const;

/** What is asked of a child. */
type Asked = 'progress' | 'satisfied' | 'measure';

/** Conditions that ask for progress or a measure; the others ask whether an objective is satisfied. */
const ASKED_BY: Readonly<Record<string, Asked>> = {
  completed: 'progress',
  activityProgressKnown: 'progress',
  attempted: 'progress',
  objectiveMeasureKnown: 'measure',
  objectiveMeasureGreaterThan: 'measure',
  objectiveMeasureLessThan: 'measure',
};

const READ_BY = { satisfied: 'readSatisfied', measure: 'readMeasure' } as const;

/**
 * Whether what is known of a child is of the attempt of its parent that counts. What it reads from a global objective is
 * of no attempt: a test that is passed and skipped when its parent is done again still counts as passed. One that is
 * satisfied by its measure takes that from where its measure is (RB.1.2).
 */
function isCurrent(child: Activity, asked: Asked): boolean {
  const { parent } = child;
  if (!parent) return true;
  const { maps, satisfiedByMeasure } = child.primary.definition;
  if (asked !== 'progress' && maps.some((map) => map[READ_BY[satisfiedByMeasure ? 'measure' : asked]])) return true;
  const only = asked === 'progress' ? parent.sequencing.useCurrentAttemptProgressInfo : parent.sequencing.useCurrentAttemptObjectiveInfo;
  return !only || child.attemptCount === 0 || child.attemptOfParent === parent.attemptCount;
}

/** RB.1.4.2: whether a child has a say. */
function hasSay(session: Session, child: Activity, action: RollupAction): boolean {
  const { sequencing } = child;
  const concernsObjective = action === 'satisfied' || action === 'notSatisfied';
  if (!(concernsObjective ? sequencing.rollupObjectiveSatisfied : sequencing.rollupProgressCompletion)) return false;
  const required: Required = sequencing[REQUIREMENT[action]];
  switch (required) {
    case 'ifNotSuspended':
      return child.attemptCount > 0 && !child.isSuspended;
    case 'ifAttempted':
      return child.attemptCount > 0;
    case 'ifNotSkipped':
      return !isSkipped(session, child);
    case 'always':
      return true;
    // A word that the standard does not know.
    default:
      return true;
  }
}

/** Whether what the children say makes a rule hold (RB.1.4). */
function isMet({ childActivitySet, minimumCount, minimumPercent }: RollupRule, values: readonly Truth[]): boolean {
  const count = values.filter((value) => value === true).length;
  switch (childActivitySet) {
    case 'all':
      return count === values.length;
    case 'any':
      return count > 0;
    case 'none':
      return values.every((value) => value === false);
    case 'atLeastCount':
      return count >= minimumCount;
    case 'atLeastPercent':
      return values.length > 0 && count / values.length >= minimumPercent;
  }
}

function check(session: Session, activity: Activity, rules: readonly RollupRule[], action: RollupAction): boolean {
  return rules.some((candidate) => {
    if (candidate.action !== action) return false;
    const children = activity.available.filter((child) => child.sequencing.tracked && hasSay(session, child, action));
    const values = children.map((child) =>
      combine(
        candidate.conditions.map((condition) =>
          isCurrent(child, ASKED_BY[condition.condition] ?? 'satisfied') ? evaluate(session, child, child.primary, { ...condition, threshold: 0 }) : null,
        ),
        candidate.combination,
      ),
    );
    return isMet(candidate, values);
  });
}

const rulesFor = (activity: Activity, actions: readonly RollupAction[], defaults: readonly RollupRule[]): readonly RollupRule[] => {
  const own = activity.sequencing.rollupRules.filter(({ action }) => actions.includes(action));
  return own.length > 0 ? own : defaults;
};

/** RB.1.2. */
function rollUpObjective(session: Session, activity: Activity): void {
  const { primary } = activity;
  if (primary.definition.satisfiedByMeasure) {
    const { measure } = session.read(primary);
    const mayDecide = !activity.isActive || activity.sequencing.measureSatisfactionIfActive;
    session.write(primary, { satisfied: measure === null || !mayDecide ? null : measure >= primary.definition.minNormalizedMeasure });
    return;
  }
  const rules = rulesFor(activity, ['satisfied', 'notSatisfied'], OBJECTIVE_DEFAULTS);
  if (check(session, activity, rules, 'notSatisfied')) session.write(primary, { satisfied: false });
  if (check(session, activity, rules, 'satisfied')) session.write(primary, { satisfied: true });
}

/** RB.1.3. */
function rollUpProgress(session: Session, activity: Activity): void {
  const { completedByMeasure, minProgressMeasure } = activity.definition.completion;
  if (completedByMeasure) {
    const progress = session.progressOf(activity);
    session.setCompletion(activity, { completed: progress === null ? null : progress >= minProgressMeasure });
    return;
  }
  const rules = rulesFor(activity, ['completed', 'incomplete'], PROGRESS_DEFAULTS);
  if (check(session, activity, rules, 'incomplete')) session.setCompletion(activity, { completed: false });
  if (check(session, activity, rules, 'completed')) session.setCompletion(activity, { completed: true });
}

/** How often what global objectives carry to and fro is followed, within one change. */
const MAX_ROUNDS = 10;

/** RB.1.5: what an activity has become changes all above it, and all above what reads the global objectives it wrote. */
export function rollUp(session: Session, from: Activity): void {
  rollUpPath(session, from);
  for (let round = 0; round < MAX_ROUNDS && session.touched.size > 0; round += 1) {
    const touched = new Set(session.touched);
    session.touched.clear();
    const readers = preorder(session.root).filter((activity) =>
      activity.objectives.some(({ definition }) => definition.maps.some((map) => touched.has(map.target))),
    );
    for (const reader of readers.toReversed()) rollUpPath(session, reader);
  }
  session.touched.clear();
}

function rollUpPath(session: Session, from: Activity): void {
  for (const activity of from.path.toReversed()) {
    if (activity.isLeaf || !activity.sequencing.tracked) continue;
    const measure = weighted(
      activity.available,
      (child) => child.sequencing.objectiveMeasureWeight,
      (child) => (isCurrent(child, 'measure') ? session.read(child.primary).measure : null),
    );
    session.write(activity.primary, { measure });
    const progress = weighted(
      activity.available,
      (child) => child.definition.completion.progressWeight,
      (child) => (isCurrent(child, 'progress') ? session.progressOf(child) : null),
    );
    session.setCompletion(activity, { progress });
    rollUpObjective(session, activity);
    rollUpProgress(session, activity);
  }
}
