import { isDuration } from './formats.ts';

const SECONDS = { Y: 365 * 86_400, MONTH: 30 * 86_400, W: 7 * 86_400, D: 86_400, H: 3_600, M: 60, S: 1 };

/**
 * The seconds of an ISO 8601 duration (Data 4.6); a year counts 365 days and a month 30. Null for what is none.
 */
export function durationSeconds(text: string): number | null {
  if (!isDuration(text)) return null;
  const [date = '', time = ''] = text.slice(1).split('T');
  let total = 0;
  for (const [part, inTime] of [
    [date, false],
    [time, true],
  ] as const)
    for (const [, amount = '0', unit = 'S'] of part.matchAll(/(\d+(?:[.,]\d+)?)([YMWDHS])/g))
      total += Number(amount.replace(',', '.')) * SECONDS[unit === 'M' && !inTime ? 'MONTH' : (unit as keyof typeof SECONDS)];
  return total;
}
