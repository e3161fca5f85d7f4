import type { Rules } from '../content/index.ts';
import type { RegistrationRow, UnitRow } from './launch.store.ts';

/** How a learner stands in a course. */
interface Standing {
  readonly isComplete: boolean;
  readonly isPassed: boolean;
  readonly isFailed: boolean;
}

const MOVES: Readonly<Record<Rules['moves'], (standing: Standing) => boolean>> = {
  NEVER: () => false,
  INCOMPLETE: ({ isComplete }) => !isComplete,
  COMPLETE: ({ isComplete }) => isComplete,
  PASSED: ({ isPassed }) => isPassed,
  FAILED: ({ isFailed }) => isFailed,
  ALWAYS: () => true,
};

/**
 * Whether a registration goes on with a newer version of its package. Staff that tries a package out always does.
 * @param units of the registration. @param rootId the node of the course as a whole.
 */
export function movesOn(moves: Rules['moves'], registration: RegistrationRow, units: readonly UnitRow[], rootId: string): boolean {
  if (registration.isPreview) return true;
  const course = units.find(({ nodeId }) => nodeId === rootId);
  // A cmi5 course says only whether it is satisfied; what failed in it says the unit.
  const hasPassed = course?.isPassed === true || (registration.isSatisfied && course?.isFailed !== true);
  return MOVES[moves]({
    isComplete: registration.isSatisfied || course?.isCompleted === true,
    isPassed: hasPassed,
    isFailed: !hasPassed && units.some(({ isFailed, isPassed }) => isFailed && !isPassed),
  });
}
