import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, launch, newLearner, register } from '../support/cmi5.ts';
import { item, sco, scormManifest, zip } from '../support/packages.ts';
import { PlayerClient } from '../support/scorm.ts';

const START = Date.parse('2026-11-30T08:00:00Z');
let app: TestApp;
let now = START;

beforeAll(async () => {
  app = await startTestApp({ clock: { now: () => new Date(now) } });
});
beforeEach(() => {
  now = START;
});
afterAll(() => app.close());

const pass = (seconds: number): void => {
  now += seconds * 1_000;
};

const limit12 = (action: string): string => `<adlcp:maxtimeallowed>00:10:00</adlcp:maxtimeallowed><adlcp:timelimitaction>${action}</adlcp:timelimitaction>`;
const limit2004 = (action: string): string =>
  `<adlcp:timeLimitAction>${action}</adlcp:timeLimitAction><imsss:sequencing><imsss:limitConditions attemptAbsoluteDurationLimit="PT10M"/></imsss:sequencing>`;

async function prepare(edition: '1.2' | '2004 4th Edition', items: string): Promise<{ registration: string; packageId: string }> {
  const flow = edition === '1.2' ? '' : '<imsss:sequencing><imsss:controlMode flow="true"/></imsss:sequencing>';
  const { packageId } = await importPackage(app, await zip({ 'imsmanifest.xml': scormManifest(edition, items, sco('r', 'one.html'), flow), 'one.html': '' }));
  return { registration: await register(app, await newLearner(app), packageId), packageId };
}

const open = async (registration: string, mode?: string): Promise<PlayerClient> => new PlayerClient(await launch(app, registration, null, mode));

test.each([
  ['1.2', limit12('exit,message'), { student_data: { max_time_allowed: '00:10:00', time_limit_action: 'exit,message' } }],
  ['2004 4th Edition', limit2004('exit,message'), { max_time_allowed: 'PT10M', time_limit_action: 'exit,message' }],
] as const)('%s: a run is told its limit, and the time that is left by our clock: what earlier sittings took, and this one', async (edition, inner, told) => {
  const { registration } = await prepare(edition, item('one', 'r', inner));
  const player = await open(registration);
  const is12 = edition === '1.2';

  const { current } = await player.navigate('begin');
  expect(current?.cmi).toMatchObject(told);
  expect(current?.timeLeft).toEqual({ seconds: 600, exits: true, tells: true });
  pass(100);
  expect((await player.ask<{ current: unknown }>('state')).body.current).toMatchObject({ timeLeft: { seconds: 500 } });
  const left = is12 ? { core: { session_time: '00:01:40', exit: 'suspend' } } : { session_time: 'PT100S', exit: 'suspend' };
  await player.commit(left, { leaves: 'suspendAll', isFinished: true });
  pass(10_000);
  const again = await open(registration);
  expect((await again.navigate('begin')).current?.timeLeft).toMatchObject({ seconds: 500 });
  pass(501);
  expect((await again.ask<{ current: unknown }>('state')).body.current).toMatchObject({ timeLeft: { seconds: 0 } });
});

test('2004: a run that ends because its time is over ends the course (RTE 4.2.8), and its next attempt has its time anew', async () => {
  const { registration } = await prepare('2004 4th Edition', item('one', 'r', limit2004('exit,no message')) + item('two', 'r'));
  const player = await open(registration);
  await player.navigate('begin');
  pass(600);

  const after = await player.commit({ exit: 'time-out', session_time: 'PT600S', completion_status: 'incomplete' }, { isFinished: true });

  expect([after?.hasEnded, after?.current]).toEqual([true, null]);
  expect((await player.navigate('begin')).current).toMatchObject({ cmi: { entry: 'ab-initio' }, timeLeft: { seconds: 600, exits: true, tells: false } });
});

test('1.2: a run that ends because its time is over closes the course for now, and what is left of the attempt has no more time', async () => {
  const { registration } = await prepare('1.2', item('one', 'r', limit12('exit,message')) + item('two', 'r'));
  const player = await open(registration);
  await player.navigate('begin');
  pass(600);
  const timedOut = { core: { exit: 'time-out', session_time: '00:10:00', lesson_status: 'incomplete' }, suspend_data: 'page 2' };

  const after = await player.commit(timedOut, { isFinished: true });

  expect([after?.hasEnded, after?.current]).toEqual([false, null]);
  expect((await player.navigate('begin')).current).toMatchObject({ cmi: { suspend_data: 'page 2' }, timeLeft: { seconds: 0 } });
  expect((await player.navigate('restart')).current).toMatchObject({ timeLeft: { seconds: 600 } });
});

test('nobody is hurried in a look around, or where content alone acts on its time', async () => {
  const limited = await prepare('1.2', item('one', 'r', limit12('exit,message')));
  const own = await prepare('1.2', item('one', 'r', limit12('continue,no message')));

  expect((await (await open(limited.registration, 'Browse')).navigate('begin')).current?.timeLeft).toBeNull();
  expect((await (await open(own.registration)).navigate('begin')).current).toMatchObject({
    cmi: { student_data: { max_time_allowed: '00:10:00' } },
    timeLeft: null,
  });
});
