import { expect, test } from '@jest/globals';
import type { AppError } from '../../src/kernel/errors.ts';
import { RateLimit } from '../../src/kernel/rate-limit.ts';

function limited(perMinute: number) {
  let at = Date.parse('2026-11-30T08:00:00Z');
  const limit = new RateLimit(perMinute, { now: () => new Date(at) });
  const take = (key: string): string => {
    try {
      limit.take(key, 'it may be done');
      return 'taken';
    } catch (error) {
      const { code, message, retryAfterSeconds } = error as AppError;
      return `${code} for ${retryAfterSeconds}: ${message}`;
    }
  };
  const pass = (seconds: number): void => {
    at += seconds * 1_000;
  };
  return { take, pass };
}

test('each key has so much a minute; who is refused is told for how long, and has all of it again then', () => {
  const { take, pass } = limited(2);

  expect([take('a'), take('a')]).toEqual(['taken', 'taken']);
  pass(20.5);
  expect([take('a'), take('b')]).toEqual(['RATE_LIMITED for 40: it may be done 2 times a minute; try again in 40 s', 'taken']);
  pass(39.5);
  expect([take('a'), take('a'), take('a')]).toEqual(['taken', 'taken', expect.stringMatching(/^RATE_LIMITED for 60/)]);
});

test('what is not used is not saved up, and a clock that is set back gives nothing and holds nobody up for longer than a minute', () => {
  const { take, pass } = limited(1);

  take('a');
  pass(3_600);
  expect([take('a'), take('a')]).toEqual(['taken', expect.stringMatching(/^RATE_LIMITED for 60/)]);
  pass(-7_200);
  expect(take('a')).toMatch(/^RATE_LIMITED for 60/);
  pass(60);
  expect(take('a')).toBe('taken');
});
