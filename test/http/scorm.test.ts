import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PlayerView } from '../../src/standards/scorm/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, itemIds, launch, newLearner, register } from '../support/cmi5.ts';
import { item, sco, scormManifest, zip } from '../support/packages.ts';
import { PlayerClient } from '../support/scorm.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const statementsOf = async (registration: string): Promise<readonly { verb: { id: string }; object: { id: string }; result?: object }[]> =>
  ((await app.xapi('GET', `/statements?registration=${registration}&ascending=true`)).body as { statements: never[] }).statements;
const verbsOf = async (registration: string): Promise<readonly string[]> =>
  (await statementsOf(registration)).map(({ verb }) => verb.id.split('/').at(-1) ?? '');

const coreOf = (view: PlayerView): Record<string, unknown> => (view.current?.cmi['core'] ?? {}) as Record<string, unknown>;

async function prepare(manifest: string, pages: readonly string[]): Promise<{ registration: string; courseIri: string; player: PlayerClient }> {
  const files = Object.fromEntries(pages.map((page) => [page, '<html></html>']));
  const { packageId } = await importPackage(app, await zip({ 'imsmanifest.xml': manifest, ...files }));
  const registration = await register(app, await newLearner(app), packageId);
  const [row] = await app.modules.content.packagesById([packageId]);
  return { registration, courseIri: row?.courseIri ?? '', player: new PlayerClient(await launch(app, registration, null)) };
}

const single12 = scormManifest('1.2', item('one', 'r', '<adlcp:masteryscore>70</adlcp:masteryscore>'), sco('r', 'one.html'));

test('1.2: mastery is decided by the server at the end, and the course follows', async () => {
  const { registration, courseIri, player } = await prepare(single12, ['one.html']);
  await player.navigate('begin');
  await player.commit({ core: { lesson_status: 'incomplete', score: { raw: '80', max: '100' }, session_time: '00:10:00' } });

  const end = await player.commit({ core: { lesson_status: 'incomplete', score: { raw: '80', max: '100' }, session_time: '00:10:00' } }, { isFinished: true });

  expect([end?.hasEnded, end?.current]).toEqual([true, null]);
  expect(await verbsOf(registration)).toEqual(['initialized', 'scored', 'completed', 'passed', 'terminated', 'completed', 'passed']);
  const passed = (await statementsOf(registration)).filter(({ verb }) => verb.id.endsWith('passed'));
  expect(passed.map(({ object, result }) => [object.id, result])).toEqual([
    [`${courseIri}/one`, { success: true, score: { scaled: 0.8, raw: 80, max: 100 } }],
    [courseIri, { success: true, score: { scaled: 0.8 } }],
  ]);
});

const stateOf = async (registration: string): Promise<unknown> =>
  app.database.sql.rows(
    `select s.run, s.cmi, s.total_seconds, s.run_ended_at is null as is_open, a.ordinal, a.ended_at is null as goes_on from launch.attempt a left join launch.sco_state s on s.attempt_id = a.id
     where a.registration_id = $1 order by a.ordinal, s.node_id`,
    [registration],
  );

test('what comes twice, late, or of a run that is over changes nothing, and tells nothing', async () => {
  const { registration, player } = await prepare(single12, ['one.html']);
  await player.navigate('begin');
  const [first, second] = [player.commitOf({ core: { lesson_location: '1' } }), player.commitOf({ core: { lesson_location: '2', score: { raw: '50' } } })];
  expect((await player.ask('commit', second)).body).toMatchObject({ isTaken: true });
  const before = [await stateOf(registration), await verbsOf(registration)];

  expect((await player.ask('commit', second)).body).toMatchObject({ isTaken: false });
  expect((await player.ask('commit', first)).body).toMatchObject({ isTaken: false });
  expect([await stateOf(registration), await verbsOf(registration)]).toEqual(before);

  await player.commit({ core: { lesson_location: '3' } }, { isFinished: true });
  const ended = [await stateOf(registration), await verbsOf(registration)];
  expect((await player.ask('commit', { ...second, seq: 99 })).body).toMatchObject({ isTaken: false });
  expect([await stateOf(registration), await verbsOf(registration)]).toEqual(ended);
});

test('whatever order commits of one run arrive in, and however often, the last one counts', async () => {
  const { registration, player } = await prepare(single12, ['one.html']);
  await player.navigate('begin');
  const commits = Array.from({ length: 12 }, (_, index) => player.commitOf({ core: { lesson_location: String(index + 1), score: { raw: String(index) } } }));

  const answers = await Promise.all([...commits.toReversed(), ...commits].map((commit) => player.ask('commit', commit)));

  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  const [row] = (await stateOf(registration)) as { cmi: string }[];
  expect((JSON.parse(row?.cmi ?? '{}') as { core: { lesson_location: string } }).core.lesson_location).toBe('12');
});

test('a session counts no more time than has passed', async () => {
  const { registration, player } = await prepare(single12, ['one.html']);
  await player.navigate('begin');

  await player.commit({ core: { session_time: '9999:00:00' } }, { isFinished: true });

  const [row] = (await stateOf(registration)) as { totalSeconds: number }[];
  expect(row?.totalSeconds).toBeLessThan(300);
});

test('who starts over gets an attempt of its own; what was reached stays reached', async () => {
  const { registration, player } = await prepare(single12, ['one.html']);
  await player.navigate('begin');
  await player.commit({ core: { lesson_status: 'passed', score: { raw: '90' }, exit: 'suspend' }, suspend_data: 'old' });

  const view = await player.navigate('restart');

  expect([view.current?.cmi['suspend_data'], view.current?.run, coreOf(view)['entry']]).toEqual([undefined, 1, 'ab-initio']);
  expect((await stateOf(registration)) as object[]).toMatchObject([
    { ordinal: 1, goesOn: false },
    { ordinal: 2, goesOn: true },
  ]);
  const units = await app.modules.launches.unitsOfRegistrations([registration]);
  expect(units.map(({ isCompleted, isPassed }) => [isCompleted, isPassed])).toEqual(units.map(() => [true, true]));
});

const single2004 = scormManifest('2004 4th Edition', item('one', 'r'), sco('r', 'one.html'));

test('2004: who saves and leaves goes on later, though content ended its run and kept nothing for it', async () => {
  const { registration, player } = await prepare(single2004, ['one.html']);
  await player.navigate('begin');

  const ended = await player.commit({ location: 'page 3' }, { isFinished: true, leaves: 'suspendAll' });
  const left = await player.navigate('suspendAll');

  expect([ended?.isRefused, left.isRefused, left.hasEnded, left.canResume]).toEqual([false, false, false, true]);
  expect(await verbsOf(registration)).toEqual(['initialized', 'suspended']);
  const again = new PlayerClient(await launch(app, registration, null));
  const resumed = await again.navigate('begin');
  expect([resumed.current?.cmi['entry'], resumed.current?.cmi['location']]).toEqual(['resume', 'page 3']);
});

test.each([
  ['1.2', single12, { core: { exit: 'suspend', lesson_location: 'page 3' } }],
  ['2004', single2004, { exit: 'suspend', location: 'page 3' }],
])('%s: who finishes is through, though content wants to be resumed; the next attempt begins with nothing', async (_edition, manifest, said) => {
  const { registration, player } = await prepare(manifest, ['one.html']);
  await player.navigate('begin');

  await player.commit(said, { isFinished: true, leaves: 'exitAll' });
  const left = await player.navigate('exitAll');

  expect([left.isRefused, left.hasEnded, left.canResume]).toEqual([false, true, false]);
  expect((await verbsOf(registration)).filter((verb) => verb === 'suspended' || verb === 'terminated')).toEqual(['terminated']);
  const fresh = await new PlayerClient(await launch(app, registration, null)).navigate('begin');
  expect([fresh.current?.run, coreOf(fresh)['lesson_location'] ?? fresh.current?.cmi['location'] ?? '']).toEqual([1, '']);
});

test('content that ends by itself and wants to be resumed leaves its course open', async () => {
  const { player } = await prepare(single2004, ['one.html']);
  await player.navigate('begin');

  const view = await player.commit({ exit: 'suspend' }, { isFinished: true });

  expect([view?.hasEnded, view?.canResume, view?.isRefused]).toEqual([false, true, false]);
});

test('a status that changes while a part runs shows where the learner can go now; anything else is only saved', async () => {
  const flow = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>';
  const held =
    '<imsss:sequencing><imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions conditionCombination="any"><imsss:ruleCondition operator="not" condition="objectiveStatusKnown"/><imsss:ruleCondition operator="not" condition="satisfied"/></imsss:ruleConditions><imsss:ruleAction action="disabled"/></imsss:preConditionRule></imsss:sequencingRules><imsss:objectives><imsss:primaryObjective objectiveID="seen"><imsss:mapInfo targetObjectiveID="first"/></imsss:primaryObjective></imsss:objectives></imsss:sequencing>';
  const tells =
    '<imsss:sequencing><imsss:objectives><imsss:primaryObjective objectiveID="own"><imsss:mapInfo targetObjectiveID="first" writeSatisfiedStatus="true"/></imsss:primaryObjective></imsss:objectives><imsss:deliveryControls completionSetByContent="true" objectiveSetByContent="true"/></imsss:sequencing>';
  const manifest = scormManifest('2004 4th Edition', item('a', 'ra', tells) + item('b', 'rb', held), sco('ra', 'a.html') + sco('rb', 'b.html'), flow);
  const { player } = await prepare(manifest, ['a.html', 'b.html']);
  const begun = await player.navigate('begin');
  expect([begun.canContinue, begun.choices.includes('b')]).toEqual([false, false]);

  expect(await player.commit({ location: 'page 2' })).toBeNull();
  const view = await player.commit({ completion_status: 'completed', success_status: 'passed' }, { said: { completion: true, success: true } });

  expect([view?.canContinue, view?.choices.includes('b'), view?.current?.id, view?.toc[0]?.status]).toEqual([true, true, begun.current?.id, 'passed']);
});

test('1.2: an item that is shown and holds others comes before them, in the contents too', async () => {
  const manifest = scormManifest(
    '1.2',
    item('whole', 'rw', item('first', 'rf') + item('second', 'rs')),
    sco('rw', 'w.html') + sco('rf', 'f.html') + sco('rs', 's.html'),
  );
  const { registration, courseIri, player } = await prepare(manifest, ['w.html', 'f.html', 's.html']);
  const hrefs = [(await player.navigate('begin')).current?.href];
  for (const _next of ['first', 'second']) hrefs.push((await player.navigate('continue')).current?.href);
  const back = await player.navigate('choice', player.view?.toc[0]?.id);

  expect(hrefs).toEqual(['w.html', 'f.html', 's.html']);
  expect(back.current?.href).toBe('w.html');
  expect(back.toc.map(({ title, depth, isCurrent }) => [title, depth, isCurrent])).toEqual([
    ['whole', 0, true],
    ['first', 1, false],
    ['second', 1, false],
  ]);
  const begun = (await statementsOf(registration)).filter(({ verb }) => verb.id.endsWith('/initialized'));
  expect(begun.map(({ object }) => object.id.slice(courseIri.length))).toEqual(['/whole', '/first', '/second', '/whole']);
});

test('1.2: whatever its neighbours are called, an item that is shown and holds others is one of them', async () => {
  const manifest = scormManifest(
    '1.2',
    item('a', 'ra', item('a group', 'rb')) + item('c', 'rc'),
    sco('ra', 'a.html') + sco('rb', 'b.html') + sco('rc', 'c.html'),
  );
  const { player } = await prepare(manifest, ['a.html', 'b.html', 'c.html']);

  const hrefs = [(await player.navigate('begin')).current?.href];
  for (const _next of ['b', 'c']) hrefs.push((await player.navigate('continue')).current?.href);

  expect(hrefs).toEqual(['a.html', 'b.html', 'c.html']);
});

test('a look back may start over at once, and changes nothing that counts', async () => {
  const { packageId } = await importPackage(app, await zip({ 'imsmanifest.xml': single12, 'one.html': '' }));
  const registration = await register(app, await newLearner(app), packageId);
  const player = new PlayerClient(await launch(app, registration, null));
  await player.navigate('begin');
  await player.commit({ core: { lesson_location: 'page 3' } }, { isFinished: true });
  const counted = await app.modules.launches.attemptsOfRegistrations([registration]);
  const before = await verbsOf(registration);

  const view = await new PlayerClient(await launch(app, registration, null, 'Review')).navigate('restart');

  expect(coreOf(view)['lesson_mode']).toBe('review');
  expect([await app.modules.launches.attemptsOfRegistrations([registration]), await verbsOf(registration)]).toEqual([counted, before]);
});

test('a session says whether its content has begun, and ended', async () => {
  const { registration, player } = await prepare(single2004, ['one.html']);
  const states = async (): Promise<readonly string[]> => (await app.modules.launches.sessionsOfRegistrations([registration])).map(({ state }) => state);
  expect(await states()).toEqual(['LAUNCHED']);
  await player.navigate('begin');
  expect(await states()).toEqual(['INITIALIZED']);
  await player.navigate('exitAll');
  expect(await states()).toEqual(['TERMINATED']);
});

test('a preview plays and stores no statement', async () => {
  const { packageId } = await importPackage(app, await zip({ 'imsmanifest.xml': single12, 'one.html': '' }));
  const registration = await register(app, await newLearner(app), packageId, { isPreview: true });
  const player = new PlayerClient(await launch(app, registration, null));
  const view = await player.navigate('begin');
  expect([view.isPreview, coreOf(view)['lesson_mode']]).toEqual([true, 'browse']);
  await player.commit({ core: { lesson_status: 'passed', score: { raw: '90' } } }, { isFinished: true });

  expect(await verbsOf(registration)).toEqual([]);
});

test('a later launch takes over: the earlier session is answered 404 and changes nothing', async () => {
  const { registration, player } = await prepare(single12, ['one.html']);
  await player.navigate('begin');
  await player.commit({ core: { lesson_location: 'mine' } });
  const fresh = new PlayerClient(await launch(app, registration, null));
  await fresh.navigate('begin');
  const before = await stateOf(registration);

  expect((await player.ask('commit', player.commitOf({ core: { lesson_location: 'late' } }))).status).toBe(404);
  expect((await player.ask('navigate', { request: 'exitAll' })).status).toBe(404);
  expect((await player.ask('state')).status).toBe(404);
  expect(await stateOf(registration)).toEqual(before);
});

test.each([
  ['/cmi', { cmi: 'text' }],
  ['/seq', { seq: 0 }],
  ['/run', { run: 'one' }],
  ['/nodeId', { nodeId: 'x' }],
  ['/sessionId', { sessionId: null }],
] as const)('a commit that is wrong at %s is answered 400, naming it, and changes nothing', async (path, change) => {
  const { registration, player } = await prepare(single12, ['one.html']);
  await player.navigate('begin');
  const before = await stateOf(registration);

  const { status, body } = await player.ask<{ violations: { path: string }[] }>('commit', { ...player.commitOf({}), ...change });

  expect([status, body.violations.map((one) => one.path)]).toEqual([400, [path]]);
  expect(await stateOf(registration)).toEqual(before);
});

test('2004: a run may repeat, and the attempt count, the objectives and the way follow the manifest', async () => {
  const rules =
    '<imsss:sequencing><imsss:sequencingRules><imsss:postConditionRule><imsss:ruleConditions><imsss:ruleCondition operator="not" condition="satisfied"/></imsss:ruleConditions><imsss:ruleAction action="retry"/></imsss:postConditionRule></imsss:sequencingRules><imsss:objectives><imsss:primaryObjective objectiveID="p" satisfiedByMeasure="true"><imsss:minNormalizedMeasure>0.6</imsss:minNormalizedMeasure></imsss:primaryObjective></imsss:objectives></imsss:sequencing>';
  const flow = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>';
  const manifest = scormManifest('2004 4th Edition', item('test', 'r', rules) + item('end', 'r'), sco('r', 'one.html'), flow);
  const { registration, player } = await prepare(manifest, ['one.html']);
  const first = await player.navigate('begin');
  expect([first.current?.title, first.current?.cmi['scaled_passing_score']]).toEqual(['test', '0.6']);

  const again = await player.commit({ score: { scaled: '0.5' } }, { isFinished: true, request: 'continue' });
  expect([again?.current?.title, again?.current?.run]).toEqual(['test', 2]);
  const next = await player.commit({ score: { scaled: '0.7' } }, { isFinished: true, request: 'continue' });
  expect(next?.current?.title).toBe('end');

  const judged = (await statementsOf(registration)).filter(({ verb }) => /passed|failed/.test(verb.id));
  expect(judged.map(({ verb, result }) => [verb.id.split('/').at(-1), result])).toEqual([
    ['failed', { success: false, score: { scaled: 0.5 } }],
    ['passed', { success: true, score: { scaled: 0.7 } }],
  ]);
});

test('1.2: content that says log-out of each part as it closes ends no attempt; all parts done one by one are the course done', async () => {
  const pages = ['a', 'b'];
  const manifest = scormManifest('1.2', pages.map((page) => item(page, `r${page}`)).join(''), pages.map((page) => sco(`r${page}`, `${page}.html`)).join(''));
  const { registration, player } = await prepare(manifest, ['a.html', 'b.html']);
  const done = { core: { lesson_status: 'completed', exit: 'logout' } };
  await player.navigate('begin');

  const left = await player.commit(done, { isFinished: true });
  const again = new PlayerClient(await launch(app, registration, null));
  const back = await again.navigate('begin');
  const next = back.current?.title === 'b' ? back : await again.navigate('continue');
  await again.commit(done, { isFinished: true });

  expect([left?.hasEnded, left?.canResume, left?.current, next.current?.title]).toEqual([false, true, null, 'b']);
  expect(((await stateOf(registration)) as { ordinal: number }[]).map(({ ordinal }) => ordinal)).toEqual([1, 1]);
  expect((await app.modules.launches.registrationsById([registration]))[0]?.isSatisfied).toBe(true);
});

test('1.2: a course of one part that says log-out with something left to be resumed goes on later', async () => {
  const { registration, player } = await prepare(single12, ['one.html']);
  await player.navigate('begin');

  const left = await player.commit({ core: { lesson_status: 'incomplete', lesson_location: 'page 3', exit: 'logout' } }, { isFinished: true });

  expect([left?.hasEnded, left?.canResume]).toEqual([false, true]);
  const view = await new PlayerClient(await launch(app, registration, null)).navigate('begin');
  expect(coreOf(view)['lesson_location']).toBe('page 3');
});

test('2004: a page that was shown, and an object that said nothing, are done as units as they are in the course', async () => {
  const page = '<resource identifier="p" type="webcontent" href="page.html" adlcp:scormType="asset"><file href="page.html"/></resource>';
  const flow = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>';
  const { registration, player } = await prepare(
    scormManifest('2004 4th Edition', item('page', 'p') + item('silent', 'r'), page + sco('r', 'one.html'), flow),
    ['page.html', 'one.html'],
  );
  await player.navigate('begin');
  await player.navigate('continue');
  await player.commit({}, { isFinished: true });

  const view = await player.navigate('exitAll');

  expect(view.toc.map(({ title, status }) => [title, status])).toEqual([
    ['page', 'completed'],
    ['silent', 'completed'],
  ]);
  const units = await app.modules.launches.unitsOfRegistrations([registration]);
  expect(units.map(({ isCompleted }) => isCompleted)).toEqual([true, true, true]);
});

test('2004: what selection leaves out is no part of the contents, nor of how far the learner is', async () => {
  const chooses =
    '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/><imsss:limitConditions/><imsss:randomizationControls selectCount="1" selectionTiming="once"/></imsss:sequencing>';
  const { player } = await prepare(scormManifest('2004 4th Edition', ['a', 'b', 'c'].map((id) => item(id, 'r')).join(''), sco('r', 'one.html'), chooses), [
    'one.html',
  ]);
  const view = await player.navigate('begin');

  const done = await player.commit({ completion_status: 'completed' }, { isFinished: true, request: 'exitAll', said: { completion: true } });

  expect([view.toc.length, view.parts, done?.progress]).toEqual([1, 1, 1]);
});

const two = (edition: '1.2' | '2004 4th Edition') =>
  scormManifest(
    edition,
    item('a', 'ra') + item('b', 'rb'),
    sco('ra', 'a.html') + sco('rb', 'b.html'),
    edition === '1.2' ? '' : '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>',
  );
const DONE = {
  '1.2': [{ core: { lesson_status: 'completed' } }, {}],
  '2004 4th Edition': [
    { completion_status: 'completed', success_status: 'passed' },
    { completion: true, success: true },
  ],
} as const;

test.each(['1.2', '2004 4th Edition'] as const)(
  '%s: who comes back and chooses the next part before going on goes on with the same attempt',
  async (edition) => {
    const { registration, player } = await prepare(two(edition), ['a.html', 'b.html']);
    const [cmi, said] = DONE[edition];
    await player.navigate('begin');
    await player.commit(cmi, { said });
    await player.navigate('suspendAll');

    const again = new PlayerClient(await launch(app, registration, null));
    const { body: before } = await again.ask<PlayerView>('state');
    const chosen = await again.navigate('choice', before.toc.find(({ title }) => title === 'b')?.id);
    await again.commit(cmi, { said });
    const left = await again.navigate('exitAll');

    expect([chosen.current?.title, left.progress, left.hasEnded]).toEqual(['b', 1, true]);
    expect(((await stateOf(registration)) as { ordinal: number }[]).map(({ ordinal }) => ordinal)).toEqual([1, 1]);
    expect((await app.modules.launches.registrationsById([registration]))[0]?.isSatisfied).toBe(true);
  },
);

test.each(['1.2', '2004 4th Edition'] as const)('%s: launched at a later part, the parts before it are none the learner has been to', async (edition) => {
  const manifest = two(edition);
  const { packageId, versionId } = await importPackage(app, await zip({ 'imsmanifest.xml': manifest, 'a.html': '', 'b.html': '' }));
  const registration = await register(app, await newLearner(app), packageId);
  const player = new PlayerClient(await launch(app, registration, (await itemIds(app, versionId))['b'] ?? null));

  const view = await player.navigate('begin');
  await player.navigate('exitAll');

  expect([view.current?.title, view.toc.map(({ title, status }) => [title, status])]).toEqual([
    'b',
    [
      ['a', 'not attempted'],
      ['b', 'incomplete'],
    ],
  ]);
  expect((await app.modules.launches.registrationsById([registration]))[0]?.isSatisfied).toBe(false);
});

test('2004: who is through with the course is all the way, though parts were left that nobody needs', async () => {
  const skipped =
    '<imsss:sequencing><imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions><imsss:ruleCondition condition="always"/></imsss:ruleConditions><imsss:ruleAction action="skip"/></imsss:preConditionRule></imsss:sequencingRules><adlseq:rollupConsiderations requiredForCompleted="ifNotSkipped" requiredForSatisfied="ifNotSkipped"/></imsss:sequencing>';
  const flow = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>';
  const { player } = await prepare(scormManifest('2004 4th Edition', item('a', 'r') + item('b', 'r', skipped), sco('r', 'one.html'), flow), ['one.html']);
  const begun = await player.navigate('begin');

  const done = await player.commit({ completion_status: 'completed' }, { isFinished: true, request: 'exitAll', said: { completion: true } });

  expect([begun.progress, done?.toc.map(({ status }) => status), done?.progress]).toEqual([0, ['completed', 'not attempted'], 1]);
});
