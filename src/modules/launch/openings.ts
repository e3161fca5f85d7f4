import type { CourseOutcome, PlayerView } from '../../standards/scorm/index.ts';
import type { Rules } from '../content/index.ts';

/** How a course stands as it is opened. */
export interface Latest {
  /** Whether an attempt is under way, whether an earlier launch left it, and whether something in it waits to be gone on with. */
  readonly isOpen: boolean;
  readonly isLeft: boolean;
  readonly canResume: boolean;
  /** Whether attempts ended before. */
  readonly isAgain: boolean;
  /** Whether another attempt may be begun. */
  readonly hasMore: boolean;
  /** What the course has become in the attempt under way; it is looked up where a rule goes by it. */
  readonly course: () => CourseOutcome;
}

/** What is known of a course of which nothing was told. */
export const NO_COURSE: CourseOutcome = { completed: null, satisfied: null, measure: null };

const ANEW: Readonly<Record<Rules['resume'], (course: () => CourseOutcome) => boolean>> = {
  ASK: () => false,
  ASK_ALWAYS: () => false,
  RESUME: () => false,
  NEW: () => true,
  NEW_WHEN_COMPLETE: (course) => course().completed === true,
  NEW_WHEN_PASSED: (course) => course().satisfied === true,
  NEW_WHEN_FAILED: (course) => course().satisfied === false,
};

const isAsked = (resume: Rules['resume']): boolean => resume === 'ASK' || resume === 'ASK_ALWAYS';

/** What opening a course does first. Without another attempt an open one is gone on with, whatever the rule says. */
export function openingOf(resume: Rules['resume'], { isOpen, isLeft, canResume, isAgain, hasMore, course }: Latest): PlayerView['opening'] {
  if (isAsked(resume)) {
    if (canResume) return 'ask';
    return resume === 'ASK_ALWAYS' && !isOpen && isAgain ? 'askAgain' : 'begin';
  }
  // A page that is loaded again is no opening of its own.
  return isLeft && hasMore && ANEW[resume](course) ? 'restart' : 'begin';
}

/** Whether a learner may leave an attempt that is open for another one. */
export const mayStartOver = (resume: Rules['resume'], course: () => CourseOutcome): boolean => isAsked(resume) || ANEW[resume](course);
