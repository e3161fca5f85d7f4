import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, itemIds, launch, newLearner, openAu, RESULTS, register, withFile } from '../support/cmi5.ts';
import { alignedCompetency, levelOf } from '../support/learn.ts';
import { au, cmi5Xml, item, sco, scormManifest, zip } from '../support/packages.ts';
import { PlayerClient } from '../support/scorm.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const UNIT = 'https://publisher.example/au/regression';

async function unit(attributes = 'moveOn="Passed" masteryScore="0.7"', isPreview = false) {
  const { packageId, versionId } = await importPackage(app, await zip({ 'cmi5.xml': cmi5Xml(au({ id: UNIT, attributes })), 'index.html': '' }));
  const learnerId = await newLearner(app);
  const registration = await register(app, learnerId, packageId, { isPreview });
  const itemId = (await itemIds(app, versionId))[UNIT] ?? null;
  return { learnerId, registration, itemId, open: async (mode = 'Normal') => openAu(app, await launch(app, registration, itemId, mode)) };
}

const TINCAN = (id: string, launchUrl = 'index.html'): string =>
  `<tincan xmlns="http://projecttincan.com/tincan.xsd"><activities><activity id="${id}" type="http://adlnet.gov/expapi/activities/course"><name>One</name><launch>${launchUrl}</launch></activity></activities></tincan>`;

async function tincan(id: string, isPreview = false) {
  const { packageId } = await importPackage(app, await zip({ 'tincan.xml': TINCAN(id), 'index.html': '' }));
  const learnerId = await newLearner(app);
  const registration = await register(app, learnerId, packageId, { isPreview });
  const parameters = new URL(await launch(app, registration, null)).searchParams;
  const statement = () => ({
    id: randomUUID(),
    actor: JSON.parse(parameters.get('actor') ?? ''),
    verb: { id: 'http://adlnet.gov/expapi/verbs/passed' },
    object: { id },
    result: { success: true },
    context: { registration },
  });
  return {
    learnerId,
    registration,
    say: (body: unknown) => app.xapi('POST', '/statements', { credential: null, headers: { Authorization: parameters.get('auth') ?? '' }, body }),
    statement,
  };
}

async function course12(items = item('one', 'r'), resources = sco('r', 'one.html')) {
  const { packageId, versionId } = await importPackage(app, await zip({ 'imsmanifest.xml': scormManifest('1.2', items, resources), 'one.html': '' }));
  const learnerId = await newLearner(app);
  const registration = await register(app, learnerId, packageId);
  const open = async (mode = 'Normal', itemId: string | null = null) => new PlayerClient(await launch(app, registration, itemId, mode));
  return { learnerId, registration, packageId, items: await itemIds(app, versionId), open };
}

const verbsOf = async (registration: string): Promise<readonly string[]> =>
  ((await app.xapi('GET', `/statements?registration=${registration}&ascending=true`)).body as { statements: { verb: { id: string } }[] }).statements.map(
    ({ verb }) => verb.id.split('/').at(-1) ?? '',
  );

test('what is judged is what is stored: a byte order mark before a body switches no rule off', async () => {
  const { registration, open } = await unit();
  const session = await open();
  const foreign = { ...session.statement('passed', { result: RESULTS['passed'] ?? {} }), actor: { mbox: 'mailto:other@lms.example' } };

  const { status } = await app.xapi('POST', '/statements', {
    credential: null,
    headers: { Authorization: session.authorization },
    raw: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(foreign))]),
  });

  expect(status).toBe(403);
  expect(await verbsOf(registration)).toEqual(['launched']);
});

test('a package must not name an activity of another package or partner', async () => {
  const { packageId } = await course12();
  const [row] = await app.modules.content.packagesById([packageId]);
  const bytes = await zip({ 'tincan.xml': TINCAN(row?.courseIri ?? ''), 'index.html': '' });

  const outcome = await withFile(bytes, (path) => app.modules.content.importFile(path, { packageId: null, ownerId: null }));

  expect([outcome.versionId, outcome.issues.map(({ rule }) => rule)]).toEqual([null, ['activity-taken']]);
});

test('cmi5 7.1.3: what is said beside the defined statements is recorded and counts for nothing, in whatever words', async () => {
  const { learnerId, registration, open } = await unit();
  const session = await open();
  const code = await alignedCompetency(app, session.parameters.get('activityId') ?? '');
  await session.say('initialized');

  const said = await session.say('passed', { result: { success: true, score: { scaled: 0.1 } }, categories: [] });

  expect([said.status, await levelOf(app, learnerId, code)]).toEqual([200, null]);
  expect(await verbsOf(registration)).toEqual(['launched', 'initialized', 'passed']);
});

test('a preview is judged, and nothing of it is stored, of whatever kind the content is', async () => {
  const id = `https://publisher.example/tincan/${randomUUID()}`;
  const preview = await tincan(id, true);
  const { status, body } = await preview.say(preview.statement());
  expect([status, (body as string[]).length]).toEqual([200, 1]);
  expect((await preview.say({ ...preview.statement(), actor: { mbox: 'mailto:x@lms.example' } })).status).toBe(403);
  const { registration, itemId, open } = await unit('moveOn="Passed"', true);
  await open();
  await app.graphql('mutation ($input: ContentUnitWaiveInput!) { contentUnitWaive(input: $input) { userErrors { rule } } }', {
    input: { registrationId: toGlobalId('ContentRegistration', registration), itemId, reason: 'TESTED_OUT' },
  });

  expect([await verbsOf(preview.registration), await verbsOf(registration)]).toEqual([[], []]);
});

test('a look back at SCORM shows what was left, and changes and tells nothing', async () => {
  const { registration, open } = await course12();
  const first = await open();
  await first.navigate('begin');
  await first.commit({ core: { lesson_status: 'incomplete', lesson_location: 'page 2', exit: 'suspend' } }, { isFinished: true });
  const before = await verbsOf(registration);

  const review = await open('Review');
  const view = await review.navigate('begin');
  expect(view.current?.cmi['core']).toMatchObject({ lesson_mode: 'review', credit: 'no-credit', lesson_location: 'page 2' });
  await review.commit({ core: { lesson_status: 'passed', lesson_location: 'page 9' } }, { isFinished: true });
  expect(await verbsOf(registration)).toEqual(before);
  expect((await app.modules.launches.attemptsOfRegistrations([registration])).map(({ ordinal }) => ordinal)).toEqual([1]);

  const normal = await open();
  const resumed = await normal.navigate('begin');
  expect(resumed.current?.cmi['core']).toMatchObject({ lesson_mode: 'normal', lesson_location: 'page 2', entry: 'resume' });
});

test('objectives of one name and times beyond reason cost nobody what they did', async () => {
  const { registration, open } = await course12();
  const player = await open();
  await player.navigate('begin');
  const objective = { id: 'same', status: 'passed', score: { raw: '10' } };

  await player.commit({
    core: { lesson_status: 'passed' },
    objectives: { 0: objective, 1: objective },
    interactions: {
      0: { id: 'q', type: 'choice', student_response: 'a', result: 'correct', latency: '9'.repeat(400) },
      1: { id: '\ud800', type: 'choice', student_response: 'b' },
    },
  });

  const told = await verbsOf(registration);
  expect(['initialized', 'completed', 'passed', 'responded'].map((verb) => told.filter((one) => one === verb).length)).toEqual([1, 3, 3, 2]);
});

test('1.2: what was opened and never touched is not taken for gone through', async () => {
  const { registration, open } = await course12();
  await (await open()).navigate('begin');

  await (await open()).navigate('begin');

  expect(await verbsOf(registration)).toEqual(['initialized', 'suspended', 'resumed']);
});

test('1.2: prerequisites hold for every way to an item, not only in the table of contents', async () => {
  const { open, items } = await course12(item('a', 'r') + item('b', 'r', '<adlcp:prerequisites type="aicc_script">a</adlcp:prerequisites>'));
  const player = await open();
  const view = await player.navigate('begin');
  const b = view.toc.find(({ title }) => title === 'b');
  expect([view.canContinue, b?.canChoose]).toEqual([false, false]);

  const refused = await player.navigate('continue');
  expect([refused.isRefused, refused.current?.title]).toEqual([true, 'a']);
  const chosen = await player.navigate('choice', b?.id);
  expect([chosen.isRefused, chosen.current?.title]).toEqual([true, 'a']);
  await player.commit({ core: { lesson_status: 'completed' } });
  expect((await player.navigate('continue')).current?.title).toBe('b');
  expect((await (await open('Normal', items['b'] ?? null)).navigate('begin')).current?.title).toBe('b');
});

test('a learner who is merged finds what they saved, and one who is erased is gone though they are learning', async () => {
  const { learnerId, open } = await unit();
  const session = await open();
  const { parameters } = session;
  const state = new URLSearchParams({
    stateId: 'bookmark',
    activityId: parameters.get('activityId') ?? '',
    agent: parameters.get('actor') ?? '',
    registration: parameters.get('registration') ?? '',
  }).toString();
  await session.send('PUT', `/activities/state?${state}`, { page: 4 });
  const into = await newLearner(app);
  await app.modules.people.mergeLearners(learnerId, into);

  const again = await open();
  expect((await again.send('GET', `/activities/state?${state}`)).body).toEqual({ page: 4 });

  const { learnerId: gone, open: openCourse, registration } = await course12();
  const player = await openCourse();
  await player.navigate('begin');
  const commits = Array.from({ length: 10 }, (_, index) => player.ask('commit', player.commitOf({ core: { lesson_location: String(index) } })));
  await app.modules.people.eraseLearner(gone);
  await Promise.all(commits);
  expect(await app.modules.launches.registrationsById([registration])).toEqual([]);
});

test('the answer that was lost is given again: a finished run tells where to go next', async () => {
  const { open } = await course12();
  const player = await open();
  await player.navigate('begin');
  const commit = player.commitOf({ core: { lesson_status: 'completed' } }, { isFinished: true });
  await player.ask('commit', commit);

  const { body } = await player.ask<{ isTaken: boolean; view: object | null }>('commit', commit);

  expect([body.isTaken, body.view]).toEqual([false, expect.objectContaining({ current: null })]);
});

test('cmi5 9.3.8: a session that says it ended in the future ends when it says so', async () => {
  let now = new Date('2026-05-01T08:00:00Z');
  const own = await startTestApp({ clock: { now: () => now } });
  try {
    const { packageId, versionId } = await importPackage(own, await zip({ 'cmi5.xml': cmi5Xml(au({ id: UNIT })), 'index.html': '' }));
    const registration = await register(own, await newLearner(own), packageId);
    const session = await openAu(own, await launch(own, registration, (await itemIds(own, versionId))[UNIT] ?? null));
    await session.say('initialized', { timestamp: now.toISOString() });
    await session.say('terminated', { result: RESULTS['terminated'] ?? {}, timestamp: '9999-01-01T00:00:00Z' });

    now = new Date('2026-05-01T08:00:06Z');
    expect((await session.say('passed', { result: RESULTS['passed'] ?? {}, timestamp: now.toISOString() })).status).toBe(401);
  } finally {
    await own.close();
  }
});

test('a course that is passed, failed and passed again is told each time', async () => {
  const { registration, open } = await course12(item('one', 'r'));
  const player = await open();
  for (const status of ['passed', 'failed', 'passed']) {
    await player.navigate('begin');
    await player.commit({ core: { lesson_status: status, exit: 'suspend' } }, { isFinished: true });
  }

  const { statements } = (await app.xapi('GET', `/statements?registration=${registration}&ascending=true`)).body as {
    statements: { verb: { id: string }; object: { id: string } }[];
  };
  const judged = statements.filter(({ verb, object }) => /passed|failed/.test(verb.id) && !object.id.endsWith('/one'));
  expect(judged.map(({ verb }) => verb.id.split('/').at(-1))).toEqual(['passed', 'failed', 'passed']);
});

test('a key of dashes is no fault of ours', async () => {
  const basic = Buffer.from(`ses_${'-'.repeat(36)}:x`).toString('base64');
  expect((await app.xapi('GET', '/statements', { credential: null, headers: { Authorization: `Basic ${basic}` } })).status).toBe(401);
});

test('more requests of one registration than can wait are told so, and others are not kept waiting', async () => {
  const [busy, quiet] = [await course12(), await course12()];
  const player = await busy.open();
  await player.navigate('begin');
  const other = await quiet.open();
  const flood = Array.from({ length: 80 }, () => player.ask('commit', player.commitOf({ suspend_data: 'x'.repeat(4_000) })));

  const view = await other.navigate('begin');
  const statuses = new Set((await Promise.all(flood)).map(({ status }) => status));

  expect(view.current?.title).toBe('one');
  expect([...statuses].sort((a, b) => a - b)).toEqual([200, 429]);
});

test('bare xAPI: what content says of the activity that was launched is what is known of the unit; of others nothing is', async () => {
  const { registration, say, statement } = await tincan('https://publisher.example/tincan/known');
  const known = async () => {
    const [units, sessions] = [
      await app.modules.launches.unitsOfRegistrations([registration]),
      await app.modules.launches.sessionsOfRegistrations([registration]),
    ];
    const [row] = await app.modules.launches.registrationsById([registration]);
    return [sessions[0]?.state, row?.isSatisfied, units.map(({ isCompleted, isPassed, isFailed, score }) => [isCompleted, isPassed, isFailed, score])];
  };
  const before = await known();

  await say({ ...statement(), object: { id: 'https://publisher.example/tincan/known/question-1' }, result: { success: false } });
  const within = await known();
  await say({ ...statement(), result: { success: true, completion: true, score: { scaled: 0.9 } } });

  expect([before, within, await known()]).toEqual([
    ['LAUNCHED', false, []],
    ['INITIALIZED', false, []],
    ['INITIALIZED', true, [[true, true, false, 0.9]]],
  ]);
});

test('a registration is found by its global id: by staff and its own learner, and by nobody else', async () => {
  const { registration, learnerId } = await course12();
  const [own, other] = [await app.createToken('LEARNER', { learnerId }), await app.createToken('LEARNER', { learnerId: await newLearner(app) })];
  const found = async (token?: string) =>
    (await app.graphql('query ($id: ID!) { node(id: $id) { id __typename } }', { id: toGlobalId('ContentRegistration', registration) }, token)).body.data.node;

  expect([await found(), await found(own), await found(other)]).toEqual([
    { id: toGlobalId('ContentRegistration', registration), __typename: 'ContentRegistration' },
    { id: toGlobalId('ContentRegistration', registration), __typename: 'ContentRegistration' },
    null,
  ]);
});

test.each(['launch.session', 'launch.unit_state'])(
  'what a unit says is kept together with what it means, or not at all: noting it fails at %s',
  async (table) => {
    const { registration, open } = await unit('moveOn="Passed"');
    const session = await open();
    await session.say('initialized');
    const passed = session.statement('passed', { result: RESULTS['passed'] ?? {} });
    const { pool } = app.database;
    await pool.query(`create function public.power_cut() returns trigger language plpgsql as $$ begin raise exception 'power cut'; end $$;
    create trigger power_cut before insert or update on ${table} for each row when (pg_trigger_depth() = 0) execute function public.power_cut()`);
    const before = await app.counts();

    const cut = await session.send('POST', '/statements', passed);
    const after = await app.counts();
    await pool.query('drop function public.power_cut() cascade');
    const again = await session.send('POST', '/statements', passed);

    expect([cut.status, after, again.status]).toEqual([500, before, 200]);
    expect((await app.modules.launches.registrationsById([registration]))[0]?.isSatisfied).toBe(true);
  },
);

test('SCORM 1.2: content that saved and never finished counts once its session is over, and what comes late is gone on from', async () => {
  const { registration, open } = await course12();
  const player = await open();
  await player.navigate('begin');
  await player.commit({ core: { lesson_status: 'passed', score: { raw: '90' } }, suspend_data: 'early' });
  const late = player.commitOf({ core: { lesson_status: 'passed', score: { raw: '90' } }, suspend_data: 'late' });
  const isSatisfied = async () => (await app.modules.launches.registrationsById([registration]))[0]?.isSatisfied;
  const before = await isSatisfied();
  const [session] = await app.modules.launches.sessionsOfRegistrations([registration]);
  await app.modules.launches.abandon(session?.id ?? '');
  const after = await isSatisfied();

  const next = await open();
  const taken = await next.ask<{ isTaken: boolean }>('commit', late);
  await next.navigate('begin');
  expect([before, after, taken.body.isTaken, next.current.cmi['suspend_data'], session?.state]).toEqual([false, true, true, 'late', 'INITIALIZED']);
  expect((await app.modules.launches.sessionsOfRegistrations([registration])).map(({ state }) => state)).toEqual(['INITIALIZED', 'ABANDONED']);
});

test.each(['Browse', 'Review'])('Tin Can content opened in %s says what it likes, and nothing of it is stored or counts', async (mode) => {
  const id = `https://publisher.example/tincan/${mode}`;
  const { packageId } = await importPackage(app, await zip({ 'tincan.xml': TINCAN(id), 'index.html': '' }));
  const registration = await register(app, await newLearner(app), packageId);
  const parameters = new URL(await launch(app, registration, null, mode)).searchParams;
  const sent = { credential: null, headers: { Authorization: parameters.get('auth') ?? '' } };
  const before = await app.counts();

  const said = await app.xapi('POST', '/statements', {
    ...sent,
    body: {
      actor: JSON.parse(parameters.get('actor') ?? ''),
      verb: { id: 'http://adlnet.gov/expapi/verbs/passed' },
      object: { id },
      result: { success: true },
    },
  });
  const shared = await app.xapi('PUT', `/activities/profile?activityId=${encodeURIComponent(id)}&profileId=board`, { ...sent, body: { best: 1 } });

  expect([said.status, shared.status]).toEqual([200, 403]);
  expect(await app.counts()).toEqual(before);
  expect(await app.modules.launches.unitsOfRegistrations([registration])).toEqual([]);
});

test('a preview knows its learner by an account of its own: what content keeps there is not found by launches that count', async () => {
  const learnerId = await newLearner(app);
  const { packageId } = await importPackage(app, await zip({ 'tincan.xml': TINCAN('https://publisher.example/tincan/apart'), 'index.html': '' }));
  const accountOf = async (isPreview: boolean): Promise<unknown> =>
    JSON.parse(new URL(await launch(app, await register(app, learnerId, packageId, { isPreview }), null)).searchParams.get('actor') ?? '').account.name;
  const [preview, real, again] = [await accountOf(true), await accountOf(false), await accountOf(true)];

  expect(real).not.toBe(preview);
  expect(again).toBe(preview);
});

test('a manifest whose objective is called by an escaped NUL is taken, without it', async () => {
  const objective = '<imsss:sequencing><imsss:objectives><imsss:primaryObjective objectiveID="a%00b"/></imsss:objectives></imsss:sequencing>';
  const manifest = scormManifest('2004 4th Edition', item('one', 'r', objective), sco('r', 'one.html'));

  const { versionId } = await importPackage(app, await zip({ 'imsmanifest.xml': manifest, 'one.html': '' }));
  expect(Object.keys(await itemIds(app, versionId))).toHaveLength(2);
});

test('accents written in two ways are one name: in the archive, the manifest and the address', async () => {
  const [composed, decomposed] = ['caf\u00e9.html', 'cafe\u0301.html'];
  const files = { 'imsmanifest.xml': scormManifest('1.2', item('one', 'r'), sco('r', decomposed)), [decomposed]: 'bonjour' };
  const { packageId } = await importPackage(app, await zip(files));
  const url = new URL(await launch(app, await register(app, await newLearner(app), packageId), null));
  const token = url.pathname.split('/')[2];

  for (const name of [composed, decomposed]) expect(await (await fetch(`${url.origin}/c/${token}/${encodeURIComponent(name)}`)).text()).toBe('bonjour');
});

test('staff says how many attempts there are, and whether content is told the name of its learner', async () => {
  const { registration, packageId, open } = await course12();
  const set = async (input: object) =>
    (
      await app.graphql(
        'mutation ($input: ContentRulesSetInput!) { contentRulesSet(input: $input) { rules { showsName maxAttempts } userErrors { path rule } } }',
        { input: { packageId: toGlobalId('ContentPackage', packageId), ...input } },
      )
    ).body.data.contentRulesSet;
  const first = await open();
  await first.navigate('begin');
  const nameOf = ({ current }: PlayerClient) => (current.cmi['core'] as { student_name?: string }).student_name;
  expect(nameOf(first)).toBe('');
  expect(await set({ maxAttempts: -1 })).toEqual({ rules: null, userErrors: [{ path: '/maxAttempts', rule: 'range' }] });
  expect(await set({ showsName: true, maxAttempts: 2 })).toEqual({ rules: { showsName: true, maxAttempts: 2 }, userErrors: [] });

  await first.commit({ core: { lesson_status: 'incomplete' } });
  expect((await first.navigate('restart')).canRestart).toBe(false);
  expect(nameOf(first)).toBe('Learner');
  await first.commit({ core: { lesson_status: 'incomplete' } });
  expect((await first.ask('navigate', { request: 'restart' })).status).toBe(409);
  expect((await first.commit({ core: { lesson_status: 'completed' } }, { isFinished: true }))?.hasEnded).toBe(true);
  const after = await open();
  const view = (await after.ask<{ canBegin: boolean; canRestart: boolean }>('state')).body;
  expect([view.canBegin, view.canRestart, (await after.ask('navigate', { request: 'begin' })).status]).toEqual([false, false, 409]);
  expect((await app.modules.launches.attemptsOfRegistrations([registration])).map(({ ordinal }) => ordinal)).toEqual([2, 1]);
  expect((await open('Review')).url).toContain('/l/');
});

const REGISTER = 'mutation ($input: ContentRegisterInput!) { contentRegister(input: $input) { registration { id } userErrors { code path rule } } }';

test.each([
  ['attempts', { maxAttempts: 1 }],
  ['resume', { resume: 'RESUME' }],
  ['resume', { resume: 'NEW_WHEN_PASSED' }],
] as const)('a learner does not register anew around the rule of %s that is said of them; staff registers them by the same rules', async (rule, said) => {
  const { learnerId, registration, packageId } = await course12();
  const { launches } = app.modules;
  await launches.setRules(registration, said);
  const input = { packageId: toGlobalId('ContentPackage', packageId), restart: true };
  const token = await app.createToken('LEARNER', { learnerId });
  const before = await launches.registrationsOfLearners([learnerId]);

  const refused = await app.graphql(REGISTER, { input }, token);
  expect(refused.body.data.contentRegister).toEqual({ registration: null, userErrors: [{ code: 'CONFLICT', path: '/restart', rule }] });
  expect(await launches.registrationsOfLearners([learnerId])).toEqual(before);

  const { body } = await app.graphql(REGISTER, { input: { ...input, learnerId: toGlobalId('Learner', learnerId) } });
  expect(body.data.contentRegister.userErrors).toEqual([]);
  expect((await launches.registrationsOfLearners([learnerId])).map(({ closedAt, rules }) => [closedAt === null, rules])).toEqual([
    [false, said],
    [true, said],
  ]);
});

test('a learner registers anew where nothing speaks against it, and what was said of them holds on', async () => {
  const { learnerId, registration, packageId } = await course12();
  await app.modules.launches.setRules(registration, { resume: 'NEW', showsName: true });
  const input = { packageId: toGlobalId('ContentPackage', packageId), restart: true };

  const { body } = await app.graphql(REGISTER, { input }, await app.createToken('LEARNER', { learnerId }));

  expect(body.data.contentRegister.userErrors).toEqual([]);
  const rows = await app.modules.launches.registrationsOfLearners([learnerId]);
  expect(rows.map(({ rules }) => rules)).toEqual([
    { resume: 'NEW', showsName: true },
    { resume: 'NEW', showsName: true },
  ]);
});

test('what a version is about is told of many versions by one SQL statement, which reads none of their parts', async () => {
  const { packageId } = await course12(item('one', 'r') + item('two', 'r'));
  const versions = await app.modules.content.versionsOfPackages([packageId]);
  app.takeQueries();

  const { body } = await app.graphql('query ($id: ID!) { node(id: $id) { ... on ContentPackage { versions { about { description } } } } }', {
    id: toGlobalId('ContentPackage', packageId),
  });

  expect(body.data.node.versions).toEqual(versions.map(() => ({ about: { description: null } })));
  const read = app.takeQueries().filter((text) => text.includes('content.content_item'));
  expect(read).toEqual([expect.stringContaining('parent_id is null')]);
});
