import type { ItemDefinition } from './manifest.ts';
import type { CmiEdition } from './run-time.ts';
import { secondsOf12, secondsOf2004 } from './time.ts';

/** How long an object may be used in an attempt, and what is done then. */
export interface TimeLimit {
  readonly seconds: number;
  readonly exits: boolean;
  readonly tells: boolean;
}

/**
 * The limit that somebody must act on; null where there is none, and where content alone is to act on it (`continue,no
 * message`, which is what an item without an action means). Actions are taken as tools write them: in any case, with or
 * without white space.
 * @see SCORM 1.2 RTE 3.4.4 cmi.student_data; SCORM 2004 RTE 4.2.12, 4.2.25
 */
export function timeLimitOf(
  edition: CmiEdition,
  { isSco, maxTimeAllowed, timeLimitAction, sequencing }: Pick<ItemDefinition, 'isSco' | 'maxTimeAllowed' | 'timeLimitAction' | 'sequencing'>,
): TimeLimit | null {
  const seconds = edition === '1.2' ? secondsOf12(maxTimeAllowed ?? '') : secondsOf2004(sequencing.maxTime ?? '');
  const [way, message] = (timeLimitAction ?? '').toLowerCase().split(',');
  const exits = way?.trim() === 'exit';
  const tells = message?.trim() === 'message';
  // An asset has no time of its own that anybody could count.
  return isSco && seconds > 0 && (exits || tells) ? { seconds, exits, tells } : null;
}
