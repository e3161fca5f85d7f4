import { endAttempt, endDescendants } from './attempts.ts';
import { actionOf } from './rules.ts';
import { barrierTo, type Direction, flow, neighbour, type Step } from './traversal.ts';
import { type Activity, commonAncestor, type Session } from './tree.ts';

/** What a sequencing request leads to. */
export interface Sequenced {
  readonly activity: Activity | null;
  readonly endsSession: boolean;
  readonly exception: string | null;
}

const deliver = (activity: Activity): Sequenced => ({ activity, endsSession: false, exception: null });
const refuse = (exception: string): Sequenced => ({ activity: null, endsSession: false, exception });
const ofStep = ({ activity, endsSession, exception }: Step): Sequenced => ({ activity, endsSession, exception });

const isHidden = (session: Session, activity: Activity): boolean => actionOf(session, activity, activity.sequencing.preRules, ['hiddenFromChoice']) !== null;

/** The activities from one up to another above it; the upper one left out. */
const below = (activity: Activity, upper: Activity): readonly Activity[] => {
  const list: Activity[] = [];
  for (let one: Activity | null = activity; one && one !== upper; one = one.parent) list.push(one);
  return list;
};

/** The activities from one down to another below it; the lower one left out. */
const above = (activity: Activity, lower: Activity): readonly Activity[] => lower.path.slice(lower.path.indexOf(activity), -1);

function wayDown(session: Session, from: Activity, target: Activity, direction: Direction): string | null {
  for (const activity of above(from, target)) {
    const barrier = direction === 'forward' ? barrierTo(session, activity, 'forward') : null;
    if (barrier) return barrier;
    if (!activity.isActive && activity !== from && activity.sequencing.preventActivation) return 'SB.2.9-6';
  }
  return null;
}

/** Why a target cannot be chosen for the sake of an activity that constrains choices to its neighbours. */
function constraint(current: Activity, ancestor: Activity, target: Activity, direction: Direction): string | null {
  const constrained = below(current, ancestor).find((activity) => !activity.isLeaf && activity.sequencing.constrainChoice);
  if (!constrained) return null;
  const reach = neighbour(constrained, direction);
  const isReached = target === constrained || target === reach || target.path.includes(reach);
  return isReached ? null : 'SB.2.9-8';
}

function wayBetween(session: Session, current: Activity, target: Activity): string | null {
  if (current === target) return null;
  if (current.parent && current.parent === target.parent) {
    const direction: Direction = target.place > current.place ? 'forward' : 'backward';
    const siblings = current.siblings;
    const list = direction === 'forward' ? siblings.slice(current.place, target.place) : siblings.slice(target.place + 1, current.place + 1).toReversed();
    for (const activity of list) {
      const barrier = barrierTo(session, activity, direction);
      if (barrier) return barrier;
    }
    return null;
  }
  const ancestor = commonAncestor(current, target);
  if (current === ancestor) return wayDown(session, ancestor, target, 'forward');
  const left = below(current, ancestor);
  if (left.some((activity) => !activity.sequencing.choiceExit)) return 'SB.2.9-7';
  if (target === ancestor) return null;
  const direction: Direction = (session.order.get(target) ?? 0) > (session.order.get(current) ?? 0) ? 'forward' : 'backward';
  return constraint(current, ancestor, target, direction) ?? wayDown(session, ancestor, target, direction);
}

/** Why an activity cannot be chosen; null when it can, as far as it is not a question of what it flows into. */
export function choiceBarrier(session: Session, target: Activity): string | null {
  if (target.parent && target.place === -1) return 'SB.2.9-2';
  if (target.path.some((activity) => isHidden(session, activity))) return 'SB.2.9-3';
  if (target.parent && !target.parent.sequencing.choice) return 'SB.2.9-4';
  return session.current ? wayBetween(session, session.current, target) : wayDown(session, session.root, target, 'forward');
}

function choose(session: Session, target: Activity): Sequenced {
  const barrier = choiceBarrier(session, target);
  if (barrier) return refuse(barrier);
  if (target.isLeaf) return deliver(target);
  const ancestor = session.current ? commonAncestor(session.current, target) : session.root;
  const step = flow(session, target, 'forward', true);
  if (step.activity) return deliver(step.activity);
  endDescendants(session, ancestor);
  endAttempt(session, ancestor);
  session.current = target;
  return refuse('SB.2.9-9');
}

function goOn(session: Session, direction: Direction): Sequenced {
  const { current } = session;
  const rule = direction === 'forward' ? 'SB.2.7' : 'SB.2.8';
  if (!current) return refuse(`${rule}-1`);
  if (current.parent && !current.parent.sequencing.flow) return refuse(`${rule}-2`);
  return ofStep(flow(session, current, direction, false));
}

function retry(session: Session): Sequenced {
  const { current } = session;
  if (!current) return refuse('SB.2.10-1');
  if (current.isActive || current.isSuspended) return refuse('SB.2.10-2');
  if (current.isLeaf) return deliver(current);
  const step = flow(session, current, 'forward', true);
  return step.activity ? deliver(step.activity) : refuse('SB.2.10-3');
}

/** SB.2.12: a sequencing request. @param target of a choice or a jump. */
export function sequence(session: Session, request: string, target: Activity | null): Sequenced {
  const { current, root, suspended } = session;
  switch (request) {
    case 'start':
      if (current) return refuse('SB.2.5-1');
      return root.isLeaf ? deliver(root) : ofStep(flow(session, root, 'forward', true));
    case 'resumeAll':
      if (current) return refuse('SB.2.6-1');
      return suspended ? deliver(suspended) : refuse('SB.2.6-2');
    case 'continue':
      return goOn(session, 'forward');
    case 'previous':
      return goOn(session, 'backward');
    case 'choice':
      return target ? choose(session, target) : refuse('SB.2.9-1');
    case 'jump':
      return target ? deliver(target) : refuse('SB.2.13-1');
    case 'retry':
      return retry(session);
    case 'exit':
      if (!current) return refuse('SB.2.11-1');
      return current.isActive ? refuse('SB.2.11-2') : { activity: null, endsSession: current === root, exception: null };
    default:
      return refuse('SB.2.12-1');
  }
}
