import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, itemIds, launch, newLearner, openAu, RESULTS, register } from '../support/cmi5.ts';
import { au, cmi5Xml, item, sco, scormManifest, zip } from '../support/packages.ts';
import { PlayerClient } from '../support/scorm.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

type Moves = Parameters<TestApp['modules']['content']['setPackageRules']>[1]['moves'];

const UNIT = 'https://publisher.example/moves';
const course = (...names: readonly string[]): Promise<Buffer> =>
  zip({ 'cmi5.xml': cmi5Xml(names.map((name) => au({ id: `${UNIT}/${name}`, attributes: 'moveOn="CompletedOrPassed"' })).join('')), 'index.html': '' });

const ordinalOf = async (registration: string): Promise<number | undefined> => {
  const [row] = await app.modules.launches.registrationsById([registration]);
  const [version] = await app.modules.content.versionsById([row?.versionId ?? '']);
  return version?.ordinal;
};

const verbsOf = async (registration: string): Promise<readonly string[]> => {
  const { body } = await app.xapi('GET', `/statements?registration=${registration}&ascending=true`);
  return (body as { statements: { verb: { id: string } }[] }).statements.map(({ verb }) => verb.id.split('/').at(-1) ?? '');
};

/** A course of one unit, opened and brought to some end, and its second version of two. */
async function begun(moves: Moves, verb: string | null, isPreview = false) {
  const { packageId, versionId } = await importPackage(app, await course('first'));
  const registration = await register(app, await newLearner(app), packageId, { isPreview });
  const unit = (await itemIds(app, versionId))[`${UNIT}/first`] ?? '';
  if (verb !== null) {
    const session = await openAu(app, await launch(app, registration, unit));
    for (const said of ['initialized', verb]) expect((await session.say(said, RESULTS[said] && { result: RESULTS[said] })).status).toBe(200);
  }
  const second = await importPackage(app, await course('first', 'second'), packageId);
  await app.modules.content.setPackageRules(packageId, { moves }, null);
  return { registration, unit, second: (await itemIds(app, second.versionId))[`${UNIT}/second`] ?? '' };
}

test.each([
  ['NEVER', null, 1],
  ['NEVER', 'completed', 1],
  ['INCOMPLETE', null, 2],
  ['INCOMPLETE', 'completed', 1],
  ['COMPLETE', null, 1],
  ['COMPLETE', 'completed', 2],
  ['PASSED', 'failed', 1],
  ['PASSED', 'passed', 2],
  ['FAILED', 'passed', 1],
  ['FAILED', 'failed', 2],
  ['ALWAYS', null, 2],
] as const)('a package that moves %s registrations: one that was %s is launched in version %i', async (moves, verb, ordinal) => {
  const { registration, unit } = await begun(moves, verb);

  expect(await ordinalOf(registration)).toBe(1);
  await launch(app, registration, unit);

  expect(await ordinalOf(registration)).toBe(ordinal);
});

test('who moves keeps what was reached, has the new parts before them, and the launch that was open ends', async () => {
  const { registration, unit, second } = await begun('ALWAYS', 'completed');
  const url = await launch(app, registration, second);

  const verbs = ['launched', 'initialized', 'completed', 'satisfied', 'abandoned', 'launched'];
  expect(await verbsOf(registration)).toEqual(verbs);
  const units = await app.modules.launches.unitsOfRegistrations([registration]);
  expect(units.filter(({ isCompleted }) => isCompleted)).toHaveLength(1);
  const session = await openAu(app, url);
  for (const said of ['initialized', 'completed']) expect((await session.say(said, RESULTS[said] && { result: RESULTS[said] })).status).toBe(200);
  expect(await verbsOf(registration)).toEqual([...verbs, 'initialized', 'completed']);
  await launch(app, registration, unit);
  expect(await ordinalOf(registration)).toBe(2);
});

test('a look back is at the version that was learned; a preview is of the newest one', async () => {
  const learned = await begun('ALWAYS', 'completed');
  await launch(app, learned.registration, learned.unit, 'Review');
  expect(await ordinalOf(learned.registration)).toBe(1);

  const tried = await begun('NEVER', null, true);
  await launch(app, tried.registration, tried.second);
  expect(await ordinalOf(tried.registration)).toBe(2);
});

test('an item that only another version has is refused, and nothing is opened', async () => {
  const { registration, second } = await begun('NEVER', 'completed');
  const before = await app.database.sql.rows('select count(*) from launch.session');

  await expect(launch(app, registration, second)).rejects.toThrow('there is no such item in the version of this registration');

  expect(await app.database.sql.rows('select count(*) from launch.session')).toEqual(before);
});

test('SCORM: who moves begins an attempt of the new content; what the old one reached stays', async () => {
  const manifest = (title: string): string =>
    scormManifest('1.2', item('one', 'r', `<adlcp:masteryscore>70</adlcp:masteryscore><adlcp:datafromlms>${title}</adlcp:datafromlms>`), sco('r', 'one.html'));
  const files = { 'one.html': '<html></html>' };
  const { packageId } = await importPackage(app, await zip({ 'imsmanifest.xml': manifest('old'), ...files }));
  const registration = await register(app, await newLearner(app), packageId);
  const old = new PlayerClient(await launch(app, registration, null));
  await old.navigate('begin');
  await old.commit({ core: { lesson_status: 'failed', score: { raw: '10' }, exit: 'suspend' }, suspend_data: 'half way' });
  await importPackage(app, await zip({ 'imsmanifest.xml': manifest('new'), ...files }), packageId);
  const commitOfOld = old.commitOf({ suspend_data: 'late' });
  await app.modules.content.setPackageRules(packageId, { moves: 'FAILED' }, null);

  const player = new PlayerClient(await launch(app, registration, null));
  const view = await player.navigate('begin');

  expect(view.current?.cmi).toMatchObject({ launch_data: 'new', core: { entry: 'ab-initio' } });
  expect(view.current?.cmi['suspend_data']).toBeUndefined();
  expect((await old.ask('commit', commitOfOld)).status).toBe(404);
  expect(await app.modules.launches.attemptsOfRegistrations([registration])).toMatchObject([
    { ordinal: 2, endedAt: null },
    { ordinal: 1, endedAt: expect.any(Date) },
  ]);
  const units = await app.modules.launches.unitsOfRegistrations([registration]);
  expect(units.some(({ isFailed }) => isFailed)).toBe(true);
});
