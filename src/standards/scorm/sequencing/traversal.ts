import { endDescendants } from './attempts.ts';
import { actionOf, isBarred, isSkipped } from './rules.ts';
import type { Activity, Session } from './tree.ts';

export type Direction = 'forward' | 'backward';

/** Where a walk came to; without an activity it came to nothing, for a reason, or at the end of the course. */
export interface Step {
  readonly activity: Activity | null;
  readonly direction: Direction;
  readonly endsSession: boolean;
  readonly exception: string | null;
}

const found = (activity: Activity, direction: Direction): Step => ({ activity, direction, endsSession: false, exception: null });
const stopped = (exception: string | null, endsSession = false): Step => ({ activity: null, direction: 'forward', endsSession, exception });

/** SB.2.1: the next activity in a direction. */
function nextInTree(session: Session, activity: Activity, direction: Direction, considerChildren: boolean, previous: Direction | null): Step {
  let from = activity;
  let way = direction;
  let isReversed = false;
  if (previous === 'backward' && from.parent && from.place === from.siblings.length - 1) {
    way = 'backward';
    from = from.siblings[0] ?? from;
    isReversed = true;
  }
  const { parent, available } = from;
  const isInner = !from.isLeaf && considerChildren;
  if (isInner && available.length === 0) return stopped('SB.2.1-2');
  if (way === 'forward') {
    const isLast = session.order.get(from) === session.order.size - 1;
    if (isLast || (!parent && !considerChildren)) {
      endDescendants(session, session.root);
      return stopped(null, true);
    }
    if (isInner) return found(available[0] as Activity, 'forward');
    if (!parent) return stopped('SB.2.1-1');
    const next = from.siblings[from.place + 1];
    return next ? found(next, 'forward') : nextInTree(session, parent, 'forward', false, null);
  }
  if (!parent) return stopped('SB.2.1-3');
  if (isInner) return from.sequencing.forwardOnly ? found(available[0] as Activity, 'forward') : found(available.at(-1) as Activity, 'backward');
  if (parent.sequencing.forwardOnly && !isReversed) return stopped('SB.2.1-4');
  const before = from.siblings[from.place - 1];
  return before ? found(before, 'backward') : nextInTree(session, parent, 'backward', false, null);
}

/** SB.2.2: from an activity on to one that can be delivered. */
function toDeliverable(session: Session, activity: Activity, direction: Direction, previous: Direction | null): Step {
  if (activity.parent && !activity.parent.sequencing.flow) return stopped('SB.2.2-1');
  if (isSkipped(session, activity)) {
    const next = nextInTree(session, activity, direction, false, previous);
    if (!next.activity) return next;
    return previous === 'backward' && next.direction === 'backward'
      ? toDeliverable(session, next.activity, next.direction, null)
      : toDeliverable(session, next.activity, direction, previous);
  }
  if (isBarred(session, activity)) return stopped('SB.2.2-2');
  if (activity.isLeaf) return found(activity, direction);
  const next = nextInTree(session, activity, direction, true, null);
  if (!next.activity) return next;
  return direction === 'backward' && next.direction === 'forward'
    ? toDeliverable(session, next.activity, 'forward', 'backward')
    : toDeliverable(session, next.activity, direction, null);
}

/** SB.2.3: flows from an activity to one that can be delivered. */
export function flow(session: Session, from: Activity, direction: Direction, considerChildren: boolean): Step {
  const next = nextInTree(session, from, direction, considerChildren, null);
  return next.activity ? toDeliverable(session, next.activity, direction, null) : next;
}

/** SB.2.4: why a choice may not pass an activity; null when it may. */
export function barrierTo(session: Session, activity: Activity, direction: Direction): string | null {
  if (direction === 'forward') return actionOf(session, activity, activity.sequencing.preRules, ['stopForwardTraversal']) === null ? null : 'SB.2.4-1';
  if (!activity.parent) return 'SB.2.4-3';
  return activity.parent.sequencing.forwardOnly ? 'SB.2.4-2' : null;
}

/** SB.2.9.1, SB.2.9.2: the activity next to one in a direction, or itself. */
export function neighbour(activity: Activity, direction: Direction): Activity {
  for (let one: Activity = activity; one.parent; one = one.parent) {
    const next: Activity | undefined = one.siblings[one.place + (direction === 'forward' ? 1 : -1)];
    if (next) return next;
  }
  return activity;
}
