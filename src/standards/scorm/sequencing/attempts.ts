import { rollUp } from './rollup.ts';
import { actionOf } from './rules.ts';
import { type Activity, commonAncestor, nothingKnown, preorder, type Session } from './tree.ts';

/** Chooses and orders the children of a cluster, before it is walked into (SR.1, SR.2). */
function arrange(session: Session, activity: Activity, isFirst: boolean): void {
  const { selectionTiming, selectCount, randomizationTiming, reorderChildren } = activity.sequencing;
  const isDue = (timing: string): boolean => timing === 'onEachNewAttempt' || (isFirst && timing === 'once');
  if (isDue(selectionTiming) && selectCount !== null && selectCount < activity.children.length) {
    const chosen = new Set(shuffled(activity.children, session.random).slice(0, selectCount));
    activity.available = activity.children.filter((child) => chosen.has(child));
  }
  if (isDue(randomizationTiming) && reorderChildren) activity.available = shuffled(activity.available, session.random);
  session.rearranged();
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const result = [...list];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [result[index], result[other]] = [result[other] as T, result[index] as T];
  }
  return result;
}

/** Forgets what a new attempt does not know yet. */
function forget(activity: Activity): void {
  activity.saidCompletion = false;
  activity.saidSuccess = false;
  for (const { values } of activity.objectives) Object.assign(values, nothingKnown());
  activity.completed = null;
  activity.progress = null;
}

/** Begins attempts on the way to what is delivered (DB.2). */
export function beginAttempts(activity: Activity): void {
  for (const one of activity.path) {
    if (one.isActive) continue;
    if (one.isSuspended) one.isSuspended = false;
    else if (one.sequencing.tracked) {
      if (one.attemptCount > 0) forget(one);
      one.attemptCount += 1;
    }
    one.isActive = true;
    one.attemptOfParent = one.parent?.attemptCount ?? 0;
  }
}

/** UP.4: ends the attempt on an activity; what content left unsaid is assumed. */
export function endAttempt(session: Session, activity: Activity): void {
  const { sequencing } = activity;
  if (!activity.isLeaf) activity.isSuspended = activity.children.some((child) => child.isSuspended);
  else if (sequencing.tracked && !activity.isSuspended) {
    if (!sequencing.completionSetByContent && !activity.saidCompletion && session.completionOf(activity) === null)
      session.setCompletion(activity, { completed: true });
    if (!sequencing.objectiveSetByContent && !activity.saidSuccess && session.satisfactionOf(activity, activity.primary) === null)
      session.write(activity.primary, { satisfied: true });
  }
  activity.isActive = false;
  if (!activity.isLeaf && !activity.isSuspended) arrange(session, activity, false);
  rollUp(session, activity);
}

/** UP.3: ends the attempts between where the learner is and an activity. */
export function endDescendants(session: Session, activity: Activity): void {
  const { current } = session;
  if (!current) return;
  const ancestor = commonAncestor(current, activity);
  for (let one = current.parent; current !== ancestor && one && one !== ancestor; one = one.parent) endAttempt(session, one);
}

/** DB.2.1: what was suspended is forgotten when something else is begun. */
export function clearSuspended(session: Session, activity: Activity): void {
  const { suspended } = session;
  if (!suspended) return;
  if (suspended !== activity) {
    const ancestor = commonAncestor(activity, suspended);
    for (let one: Activity | null = suspended; one && one !== ancestor.parent; one = one.parent) {
      if (one.isLeaf || !one.children.some((child) => child.isSuspended)) one.isSuspended = false;
    }
  }
  session.suspended = null;
}

export interface Termination {
  readonly exception: string | null;
  /** What is to follow, where a rule or the request says so. */
  readonly request: string | null;
}

const terminated = (request: string | null): Termination => ({ exception: null, request });
const refused = (exception: string): Termination => ({ exception, request: null });

/** TB.2.1: whether a rule ends a cluster above. */
function applyExitRules(session: Session): void {
  const { current } = session;
  const target = current?.path.slice(0, -1).find((activity) => actionOf(session, activity, activity.sequencing.exitRules, ['exit']) !== null);
  if (!target) return;
  endDescendants(session, target);
  endAttempt(session, target);
  session.current = target;
}

const POST_ACTIONS = ['exitParent', 'exitAll', 'retry', 'retryAll', 'continue', 'previous'];

function endAll(session: Session, follows: string | null): Termination {
  const { current, root } = session;
  if (current?.isActive) endAttempt(session, current);
  endDescendants(session, root);
  endAttempt(session, root);
  session.current = root;
  return terminated(follows ?? 'exit');
}

function exit(session: Session): Termination {
  if (session.current) endAttempt(session, session.current);
  applyExitRules(session);
  for (;;) {
    const { current } = session;
    if (!current) return refused('TB.2.3-1');
    const action = current.isSuspended ? null : actionOf(session, current, current.sequencing.postRules, POST_ACTIONS);
    if (action === 'exitAll') return endAll(session, null);
    if (action === 'retryAll') return endAll(session, 'retry');
    if (action !== 'exitParent') return terminated(current === session.root && action !== 'retry' ? 'exit' : action);
    if (!current.parent) return refused('TB.2.3-4');
    session.current = current.parent;
    endAttempt(session, current.parent);
  }
}

function suspendAll(session: Session): Termination {
  const { current } = session;
  if (!current) return refused('TB.2.3-1');
  if (current.isActive || current.isSuspended) {
    rollUp(session, current);
    session.suspended = current;
  } else if (current.parent) session.suspended = current.parent;
  else return refused('TB.2.3-3');
  for (const activity of session.suspended.path) {
    activity.isActive = false;
    activity.isSuspended = true;
  }
  session.current = session.root;
  return terminated('exit');
}

function abandonAll(session: Session): Termination {
  for (const activity of session.current?.path ?? []) activity.isActive = false;
  session.current = session.root;
  return terminated('exit');
}

/** TB.2.3. */
export function terminate(session: Session, request: string): Termination {
  const { current } = session;
  if (!current) return refused('TB.2.3-1');
  if ((request === 'exit' || request === 'abandon') && !current.isActive) return refused('TB.2.3-2');
  switch (request) {
    case 'exit':
      return exit(session);
    case 'exitAll':
      return endAll(session, null);
    case 'suspendAll':
      return suspendAll(session);
    case 'abandonAll':
      return abandonAll(session);
    case 'abandon':
      current.isActive = false;
      return terminated(null);
    default:
      return refused('TB.2.3-7');
  }
}

/** Arranges every cluster, before anything was attempted. */
export function arrangeAll(session: Session): void {
  for (const activity of preorder(session.root)) if (!activity.isLeaf) arrange(session, activity, true);
}
