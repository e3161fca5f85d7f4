import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, launch, newLearner, register } from '../support/cmi5.ts';
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
