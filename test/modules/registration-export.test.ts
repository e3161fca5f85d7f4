import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportPerson } from '../../src/commands/person.ts';
import { exportRegistration } from '../../src/commands/registration.ts';
import { readConfig } from '../../src/config/settings.ts';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, launch, newLearner, openAu, RESULTS, register } from '../support/cmi5.ts';
import { au, cmi5Xml, item, sco, scormManifest, zip } from '../support/packages.ts';
import { PlayerClient } from '../support/scorm.ts';

let app: TestApp;
let folder: string;

beforeAll(async () => {
  app = await startTestApp();
  folder = await mkdtemp(join(tmpdir(), 'mumpuni-registration-'));
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

const config = () => readConfig({ NODE_ENV: 'test', DATABASE_URL: app.databaseUrl, BLOB_DIR: app.blobDir });

test('a registration of SCORM is written whole: version, units, launches, each attempt with what its runs saved, and no secret of a session', async () => {
  const manifest = scormManifest('1.2', item('one', 'r', '<adlcp:masteryscore>70</adlcp:masteryscore>') + item('two', 'r'), sco('r', 'one.html'));
  const { packageId } = await importPackage(app, await zip({ 'imsmanifest.xml': manifest, 'one.html': '' }));
  const learner = await newLearner(app);
  const registration = await register(app, learner, packageId);
  await app.modules.launches.setRules(registration, { resume: 'NEW', showsName: true });
  const player = new PlayerClient(await launch(app, registration, null, 'Normal', 'https://back.example/secret'));
  await player.navigate('begin');
  await player.commit({ core: { score: { raw: '90' }, session_time: '00:00:05' }, suspend_data: 'a\u0000b' }, { isFinished: true });
  await player.navigate('restart');
  const file = join(folder, 'scorm.json');

  await exportRegistration(config(), toGlobalId('ContentRegistration', registration), file);

  const text = await readFile(file, 'utf8');
  const instant = expect.stringMatching(/^\d{4}-.*Z$/);
  const [row] = await app.modules.content.packagesById([packageId]);
  const one = { identifier: 'one', title: 'one', activityIri: `${row?.courseIri}/one` };
  const cmi = expect.objectContaining({ suspend_data: 'a\u0000b' });
  const first = { item: one, run: 1, startedAt: instant, endedAt: instant, isSuspended: false, totalSeconds: 5, isCompleted: true, isPassed: true };
  expect(JSON.parse(text)).toEqual({
    learner: toGlobalId('Learner', learner),
    registration,
    createdAt: instant,
    closedAt: null,
    isPreview: false,
    isSatisfied: false,
    account: { homePage: expect.any(String), name: expect.any(String) },
    rules: { resume: 'NEW', showsName: true },
    package: { title: 'Course', standard: 'SCORM_12', courseIri: row?.courseIri },
    version: { ordinal: 1, edition: '1.2', createdAt: instant },
    units: expect.arrayContaining([{ item: one, isCompleted: true, isPassed: true, isFailed: false, isWaived: false, isSatisfied: false, score: 0.9 }]),
    sessions: [
      {
        id: expect.any(String),
        item: { identifier: 'course', title: 'Course', activityIri: row?.courseIri },
        mode: 'Normal',
        state: 'INITIALIZED',
        createdAt: instant,
        lastSeenAt: instant,
        endedAt: null,
        verbs: [],
      },
    ],
    attempts: [
      expect.objectContaining({ ordinal: 2, endedAt: null, runs: [expect.objectContaining({ item: one, run: 1, endedAt: null })] }),
      {
        ordinal: 1,
        createdAt: instant,
        endedAt: instant,
        sequencing: expect.any(Object),
        sharedData: {},
        runs: [{ ...first, score: expect.objectContaining({ raw: 90, scaled: 0.9 }), scoreInAttempt: 0.9, cmi }],
      },
    ],
  });
  for (const secret of [player.url.split('/').at(-2) ?? '', 'back.example', 'journal']) expect(text).not.toContain(secret);
  expect((await stat(file)).mode & 0o077).toBe(0);
});

test('a registration of cmi5 tells what its unit said in each launch; a learner finds it in their copy', async () => {
  const unit = 'https://publisher.example/au/export';
  const { packageId } = await importPackage(app, await zip({ 'cmi5.xml': cmi5Xml(au({ id: unit, attributes: 'moveOn="Passed"' })), 'index.html': '' }));
  const learner = await newLearner(app);
  const registration = await register(app, learner, packageId);
  const session = await openAu(app, await launch(app, registration, null));
  await session.say('initialized');
  await session.say('passed', { result: RESULTS['passed'] ?? {} });
  const [file, copy] = [join(folder, 'cmi5.json'), join(folder, 'person.json')];

  await exportRegistration(config(), toGlobalId('ContentRegistration', registration), file);
  await exportPerson(config(), toGlobalId('Learner', learner), copy);

  const { learner: whose, ...record } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  expect(whose).toBe(toGlobalId('Learner', learner));
  expect(record).toMatchObject({
    registration,
    isSatisfied: true,
    version: { ordinal: 1, edition: 'Quartz' },
    sessions: [{ item: { identifier: unit }, state: 'INITIALIZED', verbs: ['initialized', 'passed'] }],
    attempts: [],
  });
  expect((JSON.parse(await readFile(copy, 'utf8')) as { contentRegistrations: unknown[] }).contentRegistrations).toEqual([record]);
});

test('a learner finds in their copy what courses keep of them for each other, of whose packages, and nothing of others', async () => {
  const objective =
    '<imsss:sequencing><imsss:objectives><imsss:primaryObjective objectiveID="p"><imsss:mapInfo targetObjectiveID="urn:shown" writeSatisfiedStatus="true"/></imsss:primaryObjective></imsss:objectives></imsss:sequencing>';
  const manifest = scormManifest(
    '2004 4th Edition',
    item('one', 'r', `<adlcp:data><adlcp:map targetID="urn:notes"/></adlcp:data>${objective}`),
    sco('r', 'one.html'),
  );
  const vendor = await app.modules.access.createPartner({ code: 'export-vendor', name: 'Vendor', kind: 'CONTENT_VENDOR' });
  const { packageId } = await importPackage(app, await zip({ 'imsmanifest.xml': manifest, 'one.html': '' }), null, vendor.id);
  const [learner, other] = [await newLearner(app), await newLearner(app)];
  for (const one of [learner, other]) {
    const player = new PlayerClient(await launch(app, await register(app, one, packageId), null));
    await player.navigate('begin');
    const passed = player.commitOf({ success_status: 'passed' }, { isFinished: true, said: { success: true } });
    await player.ask('commit', { ...passed, shared: { 'urn:notes': `of ${one}\u0000` } });
  }
  const file = join(folder, 'shared.json');

  await exportPerson(config(), toGlobalId('Learner', learner), file);

  expect((JSON.parse(await readFile(file, 'utf8')) as { sharedByContent: unknown[] }).sharedByContent).toEqual([
    { ownerId: vendor.id, kind: 'DATA', id: 'urn:notes', value: `of ${learner}\u0000` },
    { ownerId: vendor.id, kind: 'OBJECTIVE', id: 'urn:shown', value: expect.objectContaining({ satisfied: true }) },
  ]);
});

test('a copy comes in pieces, none of which has more than one run in it: no text would hold all that content may save', async () => {
  const manifest = scormManifest('1.2', item('one', 'r') + item('two', 'r'), sco('r', 'one.html'));
  const { packageId } = await importPackage(app, await zip({ 'imsmanifest.xml': manifest, 'one.html': '' }));
  const registration = await register(app, await newLearner(app), packageId);
  const player = new PlayerClient(await launch(app, registration, null));
  await player.navigate('begin');
  const data = 'd'.repeat(100_000);
  for (const request of ['continue', 'restart', 'continue', 'suspendAll']) {
    await player.commit({ core: { lesson_status: 'incomplete' }, suspend_data: data });
    await player.navigate(request);
  }
  const [row] = await app.modules.launches.registrationsById([registration]);
  if (!row) throw new Error('there is no registration');

  const pieces: string[] = [];
  for await (const piece of app.modules.launches.record(row)) pieces.push(piece);

  const copy = JSON.parse(pieces.join('')) as { attempts: { runs: { cmi: { suspend_data: string } }[] }[] };
  expect(copy.attempts.map(({ runs }) => runs.map(({ cmi }) => cmi.suspend_data === data))).toEqual([
    [true, true],
    [true, true],
  ]);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(110_000);
});

test('a registration that is not there is not written, and no file is made', async () => {
  const file = join(folder, 'nothing.json');
  const nothing = toGlobalId('ContentRegistration', '00000000-0000-4000-8000-000000000000');

  await expect(exportRegistration(config(), nothing, file)).rejects.toThrow('there is no such registration');
  await expect(stat(file)).rejects.toThrow('ENOENT');
});
