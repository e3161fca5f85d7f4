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

const objective = (id: string, kind: 'read' | 'write') =>
  `<imsss:objectives><imsss:primaryObjective objectiveID="p"><imsss:mapInfo targetObjectiveID="${id}" readSatisfiedStatus="${kind === 'read'}" readNormalizedMeasure="${kind === 'read'}" writeSatisfiedStatus="${kind === 'write'}" writeNormalizedMeasure="${kind === 'write'}"/></imsss:primaryObjective></imsss:objectives>`;
const skips =
  '<imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions><imsss:ruleCondition condition="satisfied"/></imsss:ruleConditions><imsss:ruleAction action="skip"/></imsss:preConditionRule></imsss:sequencingRules>';
const seq = (inner: string) => `<imsss:sequencing>${inner}</imsss:sequencing>`;
const flow = seq('<imsss:controlMode choice="true" flow="true"/>');
const data = '<adlcp:data><adlcp:map targetID="urn:notes"/></adlcp:data>';

interface Course {
  readonly packageId: string;
}

async function importCourse(manifest: string, ownerId: string | null = null): Promise<Course> {
  const { packageId } = await importPackage(app, await zip({ 'imsmanifest.xml': manifest, 'one.html': '' }), null, ownerId);
  return { packageId };
}

const courseOf = (items: string, attributes = '') =>
  scormManifest('2004 4th Edition', items, sco('r', 'one.html'), flow).replace('<organization ', `<organization ${attributes} `);
/** A course that proves an objective, and one that leaves out what proves it. */
const proves = (id: string, attributes = '') => courseOf(item('test', 'r', data + seq(objective(id, 'write'))), attributes);
const goesBy = (id: string, attributes = '') => courseOf(item('basics', 'r', data + seq(skips + objective(id, 'read'))) + item('more', 'r'), attributes);

async function open(learnerId: string, { packageId }: Course, isPreview = false) {
  const registration = await register(app, learnerId, packageId, { isPreview });
  const player = new PlayerClient(await launch(app, registration, null));
  const view = await player.navigate('begin');
  return { registration, player, first: view.current?.title, notes: view.current?.shared.find(({ id }) => id === 'urn:notes')?.store ?? null };
}

/** Passes the test of a course, and leaves a note for others. */
async function prove(learnerId: string, course: Course, isPreview = false): Promise<string> {
  const { player, registration } = await open(learnerId, course, isPreview);
  const passed = player.commitOf({ success_status: 'passed', score: { scaled: '0.9' } }, { isFinished: true, request: 'exitAll', said: { success: true } });
  expect((await player.ask('commit', { ...passed, shared: { 'urn:notes': 'from the test' } })).status).toBe(200);
  return registration;
}

test('objectivesGlobalToSystem: what a learner has shown in one course counts in another, in any attempt, and for nobody else', async () => {
  const [test, other] = [await importCourse(proves('urn:shown')), await importCourse(goesBy('urn:shown'))];
  const [learnerId, stranger] = [await newLearner(app), await newLearner(app)];
  const before = await open(stranger, other);
  await prove(learnerId, test);

  const first = await open(learnerId, other);
  const later = await open(stranger, other);

  expect([before.first, first.first, later.first]).toEqual(['basics', 'more', 'basics']);
});

test('objectivesGlobalToSystem, sharedDataGlobalToSystem: where either course says false nothing passes between them', async () => {
  const own = 'adlseq:objectivesGlobalToSystem="false" adlcp:sharedDataGlobalToSystem="false"';
  const learnerId = await newLearner(app);
  await prove(learnerId, await importCourse(proves('urn:kept', own)));
  const reads = await open(learnerId, await importCourse(goesBy('urn:kept')));
  await prove(learnerId, await importCourse(proves('urn:told')));
  const alone = await open(learnerId, await importCourse(goesBy('urn:told', own)));

  expect([reads.first, reads.notes, alone.first, alone.notes]).toEqual(['basics', null, 'basics', null]);
});

test('sharedDataGlobalToSystem: a store holds what another course of the learner left there', async () => {
  const learnerId = await newLearner(app);
  await prove(learnerId, await importCourse(proves('urn:with-notes')));

  expect((await open(learnerId, await importCourse(goesBy('urn:other-objective')))).notes).toBe('from the test');
});

test('isolation: courses of one vendor go by nothing that those of another have set', async () => {
  const [one, two] = [
    await app.modules.access.createPartner({ code: 'ONE', name: 'One', kind: 'CONTENT_VENDOR' }),
    await app.modules.access.createPartner({ code: 'TWO', name: 'Two', kind: 'CONTENT_VENDOR' }),
  ];
  const learnerId = await newLearner(app);
  await prove(learnerId, await importCourse(proves('urn:vendor'), one.id));

  const [foreign, agency, own] = [
    await open(learnerId, await importCourse(goesBy('urn:vendor'), two.id)),
    await open(learnerId, await importCourse(goesBy('urn:vendor'))),
    await open(learnerId, await importCourse(goesBy('urn:vendor'), one.id)),
  ];

  expect([foreign, agency, own].map(({ first, notes }) => [first, notes])).toEqual([
    ['basics', null],
    ['basics', null],
    ['more', null],
  ]);
});

test('a preview shares nothing and is told nothing', async () => {
  const [test, other] = [await importCourse(proves('urn:preview')), await importCourse(goesBy('urn:preview'))];
  const learnerId = await newLearner(app);
  await prove(learnerId, test, true);
  const after = await open(learnerId, other);
  await prove(learnerId, test);

  expect([after.first, (await open(learnerId, other, true)).first]).toEqual(['basics', 'basics']);
});

test('a reset forgets what the course shared; a merge takes it along; erasure leaves none of it', async () => {
  const [test, other] = [await importCourse(proves('urn:life')), await importCourse(goesBy('urn:life'))];
  const [learnerId, into, reset] = [await newLearner(app), await newLearner(app), await newLearner(app)];
  await app.modules.launches.resetAttempt(await prove(reset, test));
  await prove(learnerId, test);
  await app.database.transaction((sql) => app.modules.launches.merge(sql, learnerId, into));
  const rows = async () =>
    (
      await app.database.sql.rows<{ learnerId: string }>('select learner_id from launch.learner_global where learner_id = any($1::uuid[])', [
        [learnerId, into, reset],
      ])
    ).map((row) => row.learnerId);

  expect([(await open(reset, other)).first, (await open(into, other)).first]).toEqual(['basics', 'more']);
  expect(new Set(await rows())).toEqual(new Set([into]));
  await app.database.transaction((sql) => app.modules.launches.forget(sql, into));
  expect(await rows()).toEqual([]);
});

test('a reset course stays reset: neither its own attempts nor those of a course that has read it bring back what was forgotten', async () => {
  const [test, other] = [await importCourse(proves('urn:gone')), await importCourse(goesBy('urn:gone'))];
  const learnerId = await newLearner(app);
  const registration = await prove(learnerId, test);
  expect((await open(learnerId, other)).first).toBe('more');

  await app.modules.launches.resetAttempt(registration);
  await open(learnerId, test);
  const again = new PlayerClient(await launch(app, await register(app, learnerId, other.packageId), null));
  await again.navigate('restart');

  expect(again.view?.current?.title).toBe('basics');
  expect(await app.database.sql.rows('select 1 from launch.learner_global where learner_id = $1', [learnerId])).toEqual([]);
});

test('sharedDataGlobalToSystem: a store keeps every character that content may write', async () => {
  const learnerId = await newLearner(app);
  const { player } = await open(learnerId, await importCourse(proves('urn:characters')));
  const text = 'a\u0000b\ud800"';

  const { status } = await player.ask('commit', { ...player.commitOf({}), shared: { 'urn:notes': text } });

  expect([status, (await open(learnerId, await importCourse(goesBy('urn:more-characters')))).notes]).toEqual([200, text]);
});
