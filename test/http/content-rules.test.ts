import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import type { PlayerView } from '../../src/standards/scorm/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, launch, newLearner, register } from '../support/cmi5.ts';
import { au, cmi5Xml, item, sco, scormManifest, zip } from '../support/packages.ts';
import { PlayerClient } from '../support/scorm.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const STANDARDS = ['SCORM_12', 'SCORM_2004', 'CMI5'] as const;
type Change = Parameters<TestApp['modules']['launches']['setRules']>[1];
type Rules = { readonly [K in keyof Change]-?: NonNullable<Change[K]> };

/** Takes a rule back, of all content and of each standard. */
afterEach(async () => {
  const nothing: Change = { showsName: null, maxAttempts: null, resume: null, window: null, scoring: null, scaledFrom: null, masteryOverrides: null };
  for (const scope of ['SYSTEM', ...STANDARDS] as const) await app.modules.content.setGeneralRules(scope, nothing);
});

const single12 = scormManifest('1.2', item('one', 'r', '<adlcp:masteryscore>70</adlcp:masteryscore>'), sco('r', 'one.html'));
const single2004 = scormManifest('2004 4th Edition', item('one', 'r'), sco('r', 'one.html'));

async function course(manifest = single12) {
  const { packageId } = await importPackage(app, await zip({ 'imsmanifest.xml': manifest, 'one.html': '' }));
  const registration = await register(app, await newLearner(app), packageId);
  return {
    packageId,
    registration,
    open: async (mode = 'Normal') => new PlayerClient(await launch(app, registration, null, mode)),
    /** Says rules of the package, and of the registration. */
    ofPackage: (change: Change) => app.modules.content.setPackageRules(packageId, change, null),
    ofRegistration: (change: Change) => app.modules.launches.setRules(registration, change),
    /** Score of the course and of its object. */
    scores: async () => {
      const units = await app.modules.launches.unitsOfRegistrations([registration]);
      return units.map(({ score }) => score);
    },
  };
}

const stateOf = async (player: PlayerClient): Promise<PlayerView> => (await player.ask<PlayerView>('state')).body;
const coreOf = ({ current }: PlayerClient): Record<string, unknown> => current.cmi['core'] as Record<string, unknown>;

test('moves: what is said of a registration goes before what is said of its package, until it is taken back', async () => {
  const { packageId, registration, open, ofPackage, ofRegistration } = await course();
  await importPackage(app, await zip({ 'imsmanifest.xml': single12.replace('>70<', '>80<'), 'one.html': '' }), packageId);
  const ordinal = async (): Promise<number | undefined> => {
    await open();
    const [row] = await app.modules.launches.registrationsById([registration]);
    return (await app.modules.content.versionsById([row?.versionId ?? '']))[0]?.ordinal;
  };
  await ofPackage({ moves: 'ALWAYS' });
  await ofRegistration({ moves: 'NEVER' });
  expect(await ordinal()).toBe(1);

  await ofRegistration({ moves: null });
  expect(await ordinal()).toBe(2);
});

test('showsName: of all content, a standard, a package and a registration the nearest decides', async () => {
  const { open, ofPackage, ofRegistration } = await course();
  const nameOf = async (): Promise<unknown> => {
    const player = await open();
    await player.navigate('begin');
    return coreOf(player)['student_name'];
  };
  const names = [await nameOf()];
  await app.modules.content.setGeneralRules('SYSTEM', { showsName: true });
  names.push(await nameOf());
  await app.modules.content.setGeneralRules('SCORM_2004', { showsName: false });
  names.push(await nameOf());
  await app.modules.content.setGeneralRules('SCORM_12', { showsName: false });
  names.push(await nameOf());
  await ofPackage({ showsName: true });
  names.push(await nameOf());
  await ofRegistration({ showsName: false });
  names.push(await nameOf());

  expect(names).toEqual(['', 'Learner', 'Learner', '', 'Learner', '']);
});

test('maxAttempts: where all content has one attempt, a package has two, and one registration any number', async () => {
  const { open, ofPackage, ofRegistration } = await course();
  const restarts = async (player: PlayerClient): Promise<number> => {
    await player.commit(LEFT.incomplete);
    const { status, body } = await player.ask<PlayerView>('navigate', { request: 'restart' });
    if (status === 200) player.view = body;
    return status;
  };
  await app.modules.content.setGeneralRules('SYSTEM', { maxAttempts: 1 });
  const player = await open();
  await player.navigate('begin');
  expect([(await stateOf(player)).canRestart, await restarts(player)]).toEqual([false, 409]);

  await ofPackage({ maxAttempts: 2 });
  expect([await restarts(player), await restarts(player)]).toEqual([200, 409]);

  await ofRegistration({ maxAttempts: 0 });
  expect([await restarts(player), await restarts(player)]).toEqual([200, 200]);
});

test.each([
  ['ASK', 3, 2],
  ['NEW', 2, 2],
  ['NEW_WHEN_PASSED', 0, 2],
] as const)('resume %s: a request to start over that is sent again, as its answer was lost, begins no further attempt', async (resume, maxAttempts, begun) => {
  const { registration, open, ofPackage } = await course();
  await ofPackage({ resume, maxAttempts });
  const first = await open();
  await first.navigate('begin');
  await first.commit(LEFT.passed);
  const again = await open();
  const lost = await again.navigate('restart');

  const { status, body } = await again.ask<PlayerView>('navigate', { request: 'restart' });
  expect([status, body.current]).toEqual([200, lost.current]);
  expect(await app.modules.launches.attemptsOfRegistrations([registration])).toHaveLength(begun);
});

/** What an attempt that is left comes to. */
const LEFT = {
  incomplete: { core: { lesson_status: 'incomplete' } },
  completed: { core: { lesson_status: 'completed' } },
  passed: { core: { lesson_status: 'passed', score: { raw: '90' } } },
  failed: { core: { lesson_status: 'failed', score: { raw: '10' } } },
};

test.each([
  ['ASK', 'passed', 'ask'],
  ['ASK_ALWAYS', 'passed', 'ask'],
  ['RESUME', 'passed', 'begin'],
  ['NEW', 'incomplete', 'restart'],
  ['NEW_WHEN_COMPLETE', 'incomplete', 'begin'],
  ['NEW_WHEN_COMPLETE', 'completed', 'restart'],
  ['NEW_WHEN_COMPLETE', 'passed', 'restart'],
  ['NEW_WHEN_PASSED', 'completed', 'begin'],
  ['NEW_WHEN_PASSED', 'passed', 'restart'],
  ['NEW_WHEN_FAILED', 'passed', 'begin'],
  ['NEW_WHEN_FAILED', 'failed', 'restart'],
] as const)('resume %s: an attempt that was left as %s is opened by %s, and the server keeps to it', async (resume, left, opening) => {
  const { registration, open, ofPackage, ofRegistration } = await course();
  await ofPackage({ resume: resume === 'RESUME' ? 'NEW' : 'RESUME' });
  await ofRegistration({ resume });
  const first = await open();
  await first.navigate('begin');
  await first.commit(LEFT[left]);
  await first.navigate('suspendAll');

  const again = await open();
  expect((await stateOf(again)).opening).toBe(opening);
  const { status } = await again.ask('navigate', { request: 'restart' });
  expect(status).toBe(opening === 'begin' ? 409 : 200);
  const attempts = await app.modules.launches.attemptsOfRegistrations([registration]);
  expect(attempts.map(({ ordinal, endedAt }) => [ordinal, endedAt === null])).toEqual(
    opening === 'begin'
      ? [[1, true]]
      : [
          [2, true],
          [1, false],
        ],
  );
});

test.each([
  ['NEW_WHEN_COMPLETE', 'incomplete', 'begin'],
  ['NEW_WHEN_COMPLETE', 'completed', 'restart'],
  ['NEW_WHEN_PASSED', 'passed', 'restart'],
  ['NEW_WHEN_PASSED', 'failed', 'begin'],
  ['NEW_WHEN_FAILED', 'failed', 'restart'],
] as const)('resume %s: a run that saved %s and whose page just went away is opened by %s, as if it had been left', async (resume, left, opening) => {
  const { open, ofPackage } = await course();
  await ofPackage({ resume });
  const first = await open();
  await first.navigate('begin');
  await first.commit(LEFT[left]);

  const again = await open();
  expect((await stateOf(again)).opening).toBe(opening);
  expect((await again.ask('navigate', { request: 'restart' })).status).toBe(opening === 'begin' ? 409 : 200);
});

test('resume NEW_WHEN_COMPLETE: a page that was shown is complete, an object that said nothing is not', async () => {
  const asset = scormManifest('1.2', item('one', 'r'), '<resource identifier="r" type="webcontent" adlcp:scormtype="asset" href="one.html"/>');
  const openings: unknown[] = [];
  for (const manifest of [asset, single12]) {
    const { open, ofPackage } = await course(manifest);
    await ofPackage({ resume: 'NEW_WHEN_COMPLETE' });
    await (await open()).navigate('begin');
    openings.push((await stateOf(await open())).opening);
  }

  expect(openings).toEqual(['restart', 'begin']);
});

test.each([
  ['1.2', single12, { core: { lesson_status: 'incomplete' } }, { core: { lesson_status: 'completed' } }],
  ['2004', single2004, { completion_status: 'incomplete' }, { completion_status: 'completed' }],
])('resume, %s: another attempt is judged by itself, and where none is left the open one is gone on with', async (_edition, manifest, under, done) => {
  const { open, ofPackage } = await course(manifest);
  await ofPackage({ resume: 'NEW_WHEN_COMPLETE', maxAttempts: 2 });
  const play = async (said: Parameters<PlayerClient['commit']>[0]): Promise<PlayerView['opening']> => {
    const player = await open();
    const { opening } = await stateOf(player);
    await player.navigate(opening);
    await player.commit(said);
    await player.navigate('suspendAll');
    return opening;
  };

  expect([await play(done), await play(under), await play(done), await play(under)]).toEqual(['begin', 'restart', 'begin', 'begin']);
});

test('resume ASK_ALWAYS: where the latest attempt is over the learner is asked; of a standard it is said for all that say nothing else', async () => {
  const { open, ofPackage } = await course();
  await app.modules.content.setGeneralRules('SCORM_12', { resume: 'ASK_ALWAYS' });
  const first = await open();
  expect((await stateOf(first)).opening).toBe('begin');
  await first.navigate('begin');
  await first.commit(LEFT.passed, { isFinished: true });

  const again = await open();
  expect((await stateOf(again)).opening).toBe('askAgain');
  await ofPackage({ resume: 'ASK' });
  expect((await stateOf(again)).opening).toBe('begin');
});

test('resume: a look back is asked about as ever, whatever the rule is', async () => {
  const { open, ofPackage } = await course();
  await ofPackage({ resume: 'RESUME' });
  const first = await open();
  await first.navigate('begin');
  await first.commit({ ...LEFT.incomplete, suspend_data: 'here' });
  await first.navigate('suspendAll');

  const back = await open('Review');
  expect((await stateOf(back)).opening).toBe('ask');
  await back.navigate('begin');
  expect((await back.ask('navigate', { request: 'restart' })).status).toBe(200);
});

test('resumesWithoutSuspend: of 1.2 it is said from the start, a package says otherwise, and a registration otherwise again', async () => {
  const { open, ofPackage, ofRegistration } = await course();
  const entry = async (): Promise<unknown> => {
    const player = await open();
    await player.navigate('begin');
    const found = coreOf(player)['entry'];
    await player.commit({ core: { lesson_status: 'incomplete', lesson_location: 'page 3' } }, { isFinished: true });
    return found;
  };

  expect([await entry(), await entry()]).toEqual(['ab-initio', 'resume']);
  await ofPackage({ resumesWithoutSuspend: false });
  // What was left before is gone on with once more, and left for good.
  expect([await entry(), await entry()]).toEqual(['resume', 'ab-initio']);
  await ofRegistration({ resumesWithoutSuspend: true });
  expect([await entry(), await entry()]).toEqual(['ab-initio', 'resume']);
});

test('resumesWithoutSuspend: 2004 content that left its place is resumed where that is said, and what it left is there', async () => {
  const { open, ofPackage, ofRegistration } = await course(single2004);
  const begin = async (): Promise<readonly unknown[]> => {
    const player = await open();
    await player.navigate('begin');
    const { entry, location, suspend_data: data } = player.current.cmi;
    await player.commit({ completion_status: 'incomplete', location: 'page 3', suspend_data: 'mine' }, { isFinished: true });
    return [entry, location, data];
  };

  expect([await begin(), await begin()]).toEqual([
    ['ab-initio', undefined, undefined],
    ['ab-initio', undefined, undefined],
  ]);
  await ofPackage({ resumesWithoutSuspend: true });
  expect([await begin(), await begin()]).toEqual([
    ['ab-initio', undefined, undefined],
    ['resume', 'page 3', 'mine'],
  ]);
  await ofRegistration({ resumesWithoutSuspend: false });
  await begin();
  expect(await begin()).toEqual(['ab-initio', undefined, undefined]);
});

const resultsOf = async (registration: string, verb: string): Promise<readonly unknown[]> =>
  (
    (await app.xapi('GET', `/statements?registration=${registration}&ascending=true`)).body as { statements: { verb: { id: string }; result?: unknown }[] }
  ).statements.flatMap((one) => (one.verb.id.endsWith(`/${verb}`) ? [one.result] : []));

test('scaledFrom: a package has scores of the highest one, mastery included; a registration of 100', async () => {
  const said = { core: { lesson_status: 'incomplete', score: { raw: '8', max: '10' } } };
  const ofMax = await course();
  await ofMax.ofPackage({ scaledFrom: 'RAW_OF_MAX' });
  const first = await ofMax.open();
  await first.navigate('begin');
  await first.commit(said, { isFinished: true });
  const second = await course();
  await second.ofPackage({ scaledFrom: 'RAW_OF_MAX' });
  await second.ofRegistration({ scaledFrom: 'RAW' });
  const player = await second.open();
  await player.navigate('begin');
  await player.commit(said, { isFinished: true });

  expect(await resultsOf(ofMax.registration, 'passed')).toEqual([
    { success: true, score: { scaled: 0.8, raw: 8, max: 10 } },
    { success: true, score: { scaled: 0.8 } },
  ]);
  expect(await resultsOf(second.registration, 'failed')).toEqual([
    { success: false, score: { scaled: 0.08, raw: 8, max: 10 } },
    { success: false, score: { scaled: 0.08 } },
  ]);
  expect([await ofMax.scores(), await second.scores()]).toEqual([
    [0.8, 0.8],
    [0.08, 0.08],
  ]);
});

test('masteryOverrides: what content says of passed stands where that is said, and mastery decides where it says neither', async () => {
  const end = async (status: string, standard: boolean | null, ofRegistration: boolean | null): Promise<readonly string[]> => {
    const { registration, open, ofRegistration: say } = await course();
    await app.modules.content.setGeneralRules('SCORM_12', { masteryOverrides: standard });
    await say({ masteryOverrides: ofRegistration });
    const player = await open();
    await player.navigate('begin');
    await player.commit({ core: { lesson_status: status, score: { raw: '50' } } }, { isFinished: true });
    const judged = await Promise.all(['passed', 'failed'].map(async (verb) => ((await resultsOf(registration, verb)).length > 0 ? [verb] : [])));
    return judged.flat();
  };

  expect(await end('passed', null, null)).toEqual(['failed']);
  expect(await end('passed', false, null)).toEqual(['passed']);
  expect(await end('completed', false, null)).toEqual(['failed']);
  expect(await end('passed', false, true)).toEqual(['failed']);
});

const SCORED = {
  '1.2': [single12, (score: number | null) => ({ core: { lesson_status: 'incomplete', ...(score !== null && { score: { raw: String(score * 100) } }) } })],
  2004: [single2004, (score: number | null) => ({ completion_status: 'incomplete', ...(score !== null && { score: { scaled: String(score) } }) })],
} as const;

test.each(
  (['1.2', '2004'] as const).flatMap((edition) =>
    [['LAST', 0.6] as const, ['BEST', 0.9] as const, ['FIRST', 0.3] as const, ['AVERAGE', 0.6] as const].map(
      ([scoring, score]) => [edition, scoring, score] as const,
    ),
  ),
)('scoring, %s, %s: the units of a registration tell it of their attempts, the course as well', async (edition, scoring, score) => {
  const [manifest, said] = SCORED[edition];
  const { open, ofPackage, ofRegistration, scores } = await course(manifest);
  await ofPackage({ scoring: scoring === 'BEST' ? 'FIRST' : 'BEST' });
  await ofRegistration({ scoring });
  for (const one of [0.3, 0.9, null, 0.6]) {
    const player = await open();
    await player.navigate('begin');
    await player.commit(said(one), { isFinished: true });
  }

  expect((await scores()).map((one) => Number(one?.toFixed(6)))).toEqual([score, score]);
});

test('scoring: what counted before the attempts were reset counts still', async () => {
  const { registration, open, ofPackage, scores } = await course();
  await ofPackage({ scoring: 'BEST' });
  const play = async (raw: string): Promise<void> => {
    const player = await open();
    await player.navigate('begin');
    await player.commit({ core: { lesson_status: 'incomplete', score: { raw } } });
    await player.navigate('suspendAll');
  };
  await play('90');
  await app.modules.launches.resetAttempt(registration);
  await play('20');

  expect(await scores()).toEqual([0.9, 0.9]);
});

test.each([
  ['BEST', 0.9],
  ['FIRST', 0.9],
  ['AVERAGE', 0.5],
] as const)('scoring, 2004, %s: an object that is opened again in an attempt and says nothing takes no score from it', async (scoring, score) => {
  const { packageId, versionId } = await importPackage(
    app,
    await zip({ 'imsmanifest.xml': scormManifest('2004 4th Edition', item('one', 'r') + item('two', 'r'), sco('r', 'one.html')), 'one.html': '' }),
  );
  const registration = await register(app, await newLearner(app), packageId);
  await app.modules.launches.setRules(registration, { scoring });
  const [, one] = (await app.modules.content.itemsOfVersions([versionId])).map(({ nodeId }) => nodeId);
  const player = new PlayerClient(await launch(app, registration, null));
  await player.navigate('begin');
  await player.commit(SCORED[2004][1](0.9), { isFinished: true });
  await player.navigate('choice', one);
  await player.commit(SCORED[2004][1](null), { isFinished: true });
  await player.navigate('exitAll');
  await player.navigate('begin');
  await player.commit(SCORED[2004][1](0.1), { isFinished: true });

  const unit = (await app.modules.launches.unitsOfRegistrations([registration])).find(({ nodeId }) => nodeId === one);
  expect([unit?.score, (await app.modules.launches.attemptsOfRegistrations([registration])).length]).toEqual([score, 2]);
});

test('scoring: of other attempts a commit reads the score alone, and a look around or back nothing', async () => {
  const { open, ofPackage } = await course();
  await ofPackage({ scoring: 'BEST' });
  const read = async (mode: string): Promise<readonly string[]> => {
    const player = await open(mode);
    await player.navigate('begin');
    app.takeQueries();
    await player.commit(LEFT.passed, { isFinished: true });
    return app.takeQueries().filter((text) => /select .* where (a\.)?registration_id = \$1 and (a\.)?session_id is null/s.test(text));
  };
  await read('Normal');

  const [normal, browse, review] = [await read('Normal'), await read('Browse'), await read('Review')];
  expect([normal.length > 0, browse, review]).toEqual([true, [], []]);
  expect(normal.filter((text) => /told|cmi/.test(text))).toEqual([]);
});

test('window: content that leaves it open gets one of its own where that is said; a unit that demands one keeps it', async () => {
  const units = ['AnyWindow', 'OwnWindow'].map((method) => au({ id: `https://publisher.example/window/${method}`, attributes: `launchMethod="${method}"` }));
  const launched = async (registration: string): Promise<boolean> =>
    (
      await app.graphql('mutation ($input: ContentLaunchInput!) { contentLaunch(input: $input) { launch { needsOwnWindow } } }', {
        input: { registrationId: toGlobalId('ContentRegistration', registration) },
      })
    ).body.data.contentLaunch.launch.needsOwnWindow;
  const scorm = await course();
  const cmi5 = await Promise.all(
    units.map(async (unit) => {
      const { packageId } = await importPackage(app, await zip({ 'cmi5.xml': cmi5Xml(unit), 'index.html': '' }));
      return register(app, await newLearner(app), packageId);
    }),
  );
  const all = async (): Promise<readonly boolean[]> => [await launched(scorm.registration), await launched(cmi5[0] ?? ''), await launched(cmi5[1] ?? '')];

  expect(await all()).toEqual([false, false, true]);
  await app.modules.content.setGeneralRules('SYSTEM', { window: 'OWN' });
  expect(await all()).toEqual([true, true, true]);
  await app.modules.content.setGeneralRules('CMI5', { window: 'FRAME' });
  await scorm.ofPackage({ window: 'FRAME' });
  expect(await all()).toEqual([false, false, true]);
});

test('limits: a player is told those of the nearest place', async () => {
  const { open, ofPackage, ofRegistration } = await course();
  const player = await open();
  const limits = async (): Promise<PlayerView['limits']> => (await stateOf(player)).limits;

  expect(await limits()).toEqual({ suspendData: 64_000, isStrict: true });
  await ofPackage({ suspendDataLimit: 4_096, isStrict: false });
  expect(await limits()).toEqual({ suspendData: 4_096, isStrict: false });
  await ofRegistration({ suspendDataLimit: 100_000 });
  expect(await limits()).toEqual({ suspendData: 100_000, isStrict: false });
});

test.each([
  ['1.2', single12, { suspend_data: 's'.repeat(256_001) }, '/cmi/suspend_data', 'suspendDataLimit'],
  ['1.2', single12, { core: { lesson_location: 'l'.repeat(64_001) } }, '/cmi/core/lesson_location', 'isStrict'],
  ['2004', single2004, { suspend_data: 's'.repeat(256_001) }, '/cmi/suspend_data', 'suspendDataLimit'],
  ['2004', single2004, { location: 'l'.repeat(64_001) }, '/cmi/location', 'isStrict'],
] as const)('limits, %s: what no rule lets content save is refused, and nothing is saved (%#)', async (_edition, manifest, change, path, rule) => {
  const { registration, open } = await course(manifest);
  const player = await open();
  await player.navigate('begin');
  const runs = async () => {
    const [attempt] = await app.modules.launches.attemptsOfRegistrations([registration]);
    return app.modules.launches.runsOfAttempts([attempt?.id ?? '']);
  };
  const before = await runs();

  const { status, body } = await player.ask<{ violations: unknown }>('commit', player.commitOf(change));
  expect([status, body.violations]).toEqual([400, [{ path, rule, message: expect.any(String) }]]);
  expect(await runs()).toEqual(before);
});

test('limits: what a player saved by a rule that is narrower by now is saved', async () => {
  const { open, ofPackage } = await course();
  await ofPackage({ suspendDataLimit: 256_000, isStrict: false });
  const player = await open();
  await player.navigate('begin');
  await ofPackage({ suspendDataLimit: 4_096, isStrict: true });
  const said = { suspend_data: 's'.repeat(256_000), core: { lesson_location: 'l'.repeat(64_000), exit: 'suspend' } };
  await player.commit(said, { isFinished: true });

  const again = await open();
  await again.navigate('begin');
  expect([again.current.cmi['suspend_data'], coreOf(again)['lesson_location']]).toEqual([said.suspend_data, said.core.lesson_location]);
});

test('the rules are read once in each request of a player, whatever is said of them', async () => {
  const { packageId, open, ofRegistration } = await course();
  const every: Rules = {
    ...{ moves: 'ALWAYS', resume: 'ASK', maxAttempts: 9, scoring: 'BEST', showsName: true, window: 'OWN' },
    ...{ suspendDataLimit: 5_000, isStrict: false, scaledFrom: 'RAW_OF_MAX', masteryOverrides: false, resumesWithoutSuspend: true },
  };
  const read = async (request: () => Promise<unknown>): Promise<number> => {
    app.takeQueries();
    await request();
    return app.takeQueries().filter((text) => text.includes('content.general_rules')).length;
  };
  const counts = async (): Promise<readonly number[]> => {
    const player = await open();
    return [
      await read(() => stateOf(player)),
      await read(() => player.navigate('begin')),
      await read(() => player.commit(LEFT.incomplete)),
      await read(() => player.navigate('restart')),
      await read(() => player.commit(LEFT.passed, { isFinished: true })),
    ];
  };

  expect(await counts()).toEqual([1, 1, 1, 1, 1]);
  await app.modules.content.setPackageRules(packageId, every, null);
  await ofRegistration(every);
  expect(await counts()).toEqual([1, 1, 1, 1, 1]);
});
