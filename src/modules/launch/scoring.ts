import type { Rules } from '../content/index.ts';

const SCORINGS: Readonly<Record<Rules['scoring'], (scores: readonly number[]) => number | undefined>> = {
  LAST: (scores) => scores.at(-1),
  BEST: (scores) => (scores.length === 0 ? undefined : Math.max(...scores)),
  FIRST: ([first]) => first,
  AVERAGE: (scores) => (scores.length === 0 ? undefined : scores.reduce((sum, score) => sum + score, 0) / scores.length),
};

/** The score of a part over all attempts, the first one first; null where none has any. */
export const scoreOver = (scoring: Rules['scoring'], scores: readonly (number | null)[]): number | null =>
  SCORINGS[scoring](scores.filter((score) => score !== null)) ?? null;
