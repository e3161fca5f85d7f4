import { type Activity, commonAncestor, type Session } from './tree.ts';

/** What a navigation request turns into (NB.2.1). */
export interface Navigation {
  readonly termination: string | null;
  readonly sequencing: string | null;
  readonly target: Activity | null;
  readonly exception: string | null;
}

const valid = (termination: string | null, sequencing: string | null, target: Activity | null = null): Navigation => ({
  termination,
  sequencing,
  target,
  exception: null,
});
const refuse = (exception: string): Navigation => ({ termination: null, sequencing: null, target: null, exception });

const exitFirst = (current: Activity | null): string | null => (current?.isActive ? 'exit' : null);

function choose(session: Session, target: Activity | null): Navigation {
  const { current } = session;
  if (!target) return refuse('NB.2.1-11');
  if (target.parent && !target.parent.sequencing.choice) return refuse('NB.2.1-10');
  if (!current) return valid(null, 'choice', target);
  const ancestor = commonAncestor(current, target);
  for (let one: Activity | null = current; one && one !== ancestor; one = one.parent) if (one.isActive && !one.sequencing.choiceExit) return refuse('NB.2.1-8');
  return valid(exitFirst(current), 'choice', target);
}

/** NB.2.1. @param target of a choice or a jump; null where it names no activity. */
export function navigation(session: Session, request: string, target: Activity | null): Navigation {
  const { current, suspended } = session;
  switch (request) {
    case 'start':
      return current ? refuse('NB.2.1-1') : valid(null, 'start');
    case 'resumeAll':
      if (current) return refuse('NB.2.1-1');
      return suspended ? valid(null, 'resumeAll') : refuse('NB.2.1-3');
    case 'choice':
      return choose(session, target);
    default:
  }
  if (!current) return refuse('NB.2.1-2');
  switch (request) {
    case 'continue':
      return current.parent?.sequencing.flow ? valid(exitFirst(current), 'continue') : refuse('NB.2.1-4');
    case 'previous':
      if (!current.parent) return refuse('NB.2.1-6');
      return current.parent.sequencing.flow && !current.parent.sequencing.forwardOnly ? valid(exitFirst(current), 'previous') : refuse('NB.2.1-5');
    case 'exit':
      return current.isActive ? valid('exit', 'exit') : refuse('NB.2.1-12');
    case 'abandon':
      return current.isActive ? valid('abandon', 'exit') : refuse('NB.2.1-12');
    case 'exitAll':
    case 'abandonAll':
    case 'suspendAll':
      return valid(request, 'exit');
    case 'jump':
      return target?.isLeaf && (!target.parent || target.place !== -1) ? valid(exitFirst(current), 'jump', target) : refuse('NB.2.1-11');
    default:
      return refuse('NB.2.1-13');
  }
}
