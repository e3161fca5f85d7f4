import { expect, test } from '@jest/globals';
import { timeLimitOf } from '../../../src/standards/scorm/index.ts';
import { DEFAULT_SEQUENCING } from '../../../src/standards/scorm/sequencing/model.ts';
import { clockText, warningBetween } from '../../../src/web/player/time-left.ts';

const item = (maxTime: string | null, timeLimitAction: string | null, isSco = true) => ({
  isSco,
  maxTimeAllowed: maxTime,
  timeLimitAction,
  sequencing: { ...DEFAULT_SEQUENCING, maxTime },
});

test.each([
  ['exit,message', { exits: true, tells: true }],
  ['exit,no message', { exits: true, tells: false }],
  ['continue,message', { exits: false, tells: true }],
  ['Exit, Message', { exits: true, tells: true }],
])('SCORM 1.2 RTE 3.4.4, 2004 RTE 4.2.25: when the time is over, %s is acted on', (action, wanted) => {
  expect(timeLimitOf('1.2', item('00:30:00', action))).toEqual({ seconds: 1_800, ...wanted });
  expect(timeLimitOf('2004', item('PT30M', action))).toEqual({ seconds: 1_800, ...wanted });
});

test.each([
  ['no time', null, 'exit,message'],
  ['a time that is none', 'half an hour', 'exit,message'],
  ['no action, which leaves it to content', 'PT30M', null],
  ['an action that leaves it to content', 'PT30M', 'continue,no message'],
  ['an action that is none', 'PT30M', 'stop'],
])('a time is no limit to be acted on with %s', (_what, time, action) => {
  expect(timeLimitOf('2004', item(time, action))).toBeNull();
});

test('an asset has no limit: it has no time of its own', () => {
  expect(timeLimitOf('2004', item('PT30M', 'exit,message', false))).toBeNull();
});

test.each([
  [0, '0:00'],
  [-3, '0:00'],
  [0.2, '0:01'],
  [59, '0:59'],
  [60, '1:00'],
  [754.3, '12:35'],
  [3_600, '1:00:00'],
  [36_061, '10:01:01'],
])('%d seconds are shown as %s', (seconds, shown) => {
  expect(clockText(seconds)).toBe(shown);
});

test.each([
  ['long before', 1_000, 999, null],
  ['as five minutes are passed', 301, 300, 300],
  ['after five minutes were told', 300, 299, null],
  ['as one minute is passed', 60.5, 59.5, 60],
  ['as both are passed at once, after a sleep', 400, 30, 60],
  ['as all of it is passed at once', 400, -5, null],
  ['in a run that begins with less', 40, 39, null],
])('a learner is warned once of little time: %s', (_when, before, now, warning) => {
  expect(warningBetween(before, now)).toBe(warning);
});
