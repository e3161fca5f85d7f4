import { AppError } from '../kernel/errors.ts';

const MAX_INPUT_LIST = 100;

/** @throws AppError TOO_LARGE for an input list above 100 elements. */
export function boundedList<T>(list: readonly T[], path: string): readonly T[] {
  if (list.length <= MAX_INPUT_LIST) return list;
  const message = `at most ${MAX_INPUT_LIST} elements; found ${list.length}`;
  throw new AppError('TOO_LARGE', message, [{ path, rule: 'list-length', message }]);
}
