import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import {
  type AuSession,
  CMI5,
  importPackage,
  itemIds,
  launch,
  MOVE_ON,
  newLearner,
  openAu,
  RESULTS,
  register,
  SESSION_ID,
  statementsTold,
  type Told,
  verbsIn,
} from '../support/cmi5.ts';
import { au, block, cmi5Xml, zip } from '../support/packages.ts';

let app: TestApp;
let now = Date.parse('2026-05-01T08:00:00Z');
const pass = (seconds: number): void => {
  now += seconds * 1_000;
};

beforeAll(async () => {
  app = await startTestApp({ clock: { now: () => new Date(now) } });
});
afterAll(() => app.close());

const ID = 'https://publisher.example/life';
const COURSE = 'https://publisher.example/course';
const EXTENSION = (name: string): string => `https://w3id.org/xapi/cmi5/context/extensions/${name}`;
const REASON = 'https://w3id.org/xapi/cmi5/result/extensions/reason';
const IDLE_SECONDS = 8 * 3_600;

/** A learner in a course, with what it takes to open its units by the last words of their ids. */
async function course(inner: string) {
  const { packageId, versionId } = await importPackage(app, await zip({ 'cmi5.xml': cmi5Xml(inner), 'index.html': '' }));
  const learner = await newLearner(app);
  const registration = await register(app, learner, packageId);
  const items = await itemIds(app, versionId);
  const urlOf = (name = 'one', mode = 'Normal') => launch(app, registration, items[`${ID}/${name}`] ?? null, mode);
  const open = async (name?: string, mode?: string) => openAu(app, await urlOf(name, mode));
  return {
    learner,
    packageId,
    registration,
    items,
    urlOf,
    open,
    /** A session in which these were said, one after the other. */
    said: async (name: string, ...verbs: readonly string[]): Promise<AuSession> => {
      const session = await open(name);
      for (const verb of verbs) expect([verb, (await session.say(verb, full(verb))).status]).toEqual([verb, 200]);
      return session;
    },
    told: () => statementsTold(app, registration),
    verbs: async () => verbsIn(await statementsTold(app, registration)),
    sessions: () => app.modules.launches.sessionsOfRegistrations([registration]),
    isSatisfied: async () => (await app.modules.launches.registrationsById([registration]))[0]?.isSatisfied,
    waive: async (name: string, reason = 'ADMINISTRATIVE') =>
      (
        await app.graphql('mutation ($input: ContentUnitWaiveInput!) { contentUnitWaive(input: $input) { userErrors { code path rule } } }', {
          input: { registrationId: toGlobalId('ContentRegistration', registration), itemId: items[name.includes(':') ? name : `${ID}/${name}`], reason },
        })
      ).body.data.contentUnitWaive.userErrors,
    abandon: async () =>
      (
        await app.graphql('mutation ($id: ID!) { contentSessionAbandon(registrationId: $id) { userErrors { code } } }', {
          id: toGlobalId('ContentRegistration', registration),
        })
      ).body.data.contentSessionAbandon.userErrors,
  };
}

const full = (verb: string) => (RESULTS[verb] ? { result: RESULTS[verb] } : {});
const unit = (name = 'one', attributes = 'moveOn="Passed"'): string => au({ id: `${ID}/${name}`, attributes });
const sessionIdOf = ({ data }: AuSession): unknown => data.contextTemplate.extensions[SESSION_ID];
const sessionIdIn = ({ context }: Told): unknown => context.extensions[SESSION_ID];
const verbOf = (name: string, list: readonly Told[]): readonly Told[] => list.filter(({ verb }) => verb.id.endsWith(`/${name}`));
/** The publisher's ids that satisfied was told of. */
const satisfiedIn = (list: readonly Told[]): readonly (string | undefined)[] =>
  verbOf('satisfied', list).map(({ context }) => context.contextActivities.grouping[0]?.id);
const fetchOf = (url: string): string => new URL(url).searchParams.get('fetch') ?? '';
const fetched = async (url: string, init: RequestInit = {}) => {
  const response = await fetch(fetchOf(url), { method: 'POST', ...init });
  return { status: response.status, type: response.headers.get('content-type'), body: (await response.json()) as Record<string, string> };
};

const PARAMETERS = ['endpoint', 'fetch', 'actor', 'registration', 'activityId'];

test.each([
  [
    'in the package, with a query and a fragment',
    'index.html?lesson=1&amp;name=a%20b#/start',
    /^http:\/\/[^/]+\/c\/[^/]+\/index\.html$/,
    '?lesson=1&name=a%20b&',
    '#/start',
  ],
  ['in the package, with neither', 'index.html', /^http:\/\/[^/]+\/c\/[^/]+\/index\.html$/, '?', ''],
  ['of another site', 'https://units.example/start?b=2', /^https:\/\/units\.example\/start$/, '?b=2&', ''],
  ['of an application', 'vendorapp://open/course?a=1', /^vendorapp:\/\/open\/course$/, '?a=1&', ''],
])('cmi5 8.1: the parameters of the launch follow the own query of a unit %s', async (_what, url, place, front, hash) => {
  const { urlOf } = await course(au({ id: `${ID}/one`, url }));

  const found = await urlOf();

  expect(found.split('?')[0]).toMatch(place);
  const { search, searchParams, hash: end } = new URL(found);
  expect(search.slice(0, front.length + 'endpoint='.length)).toBe(`${front}endpoint=`);
  expect([...searchParams.keys()].slice(-5)).toEqual(PARAMETERS);
  expect(end).toBe(hash);
});

test.each([
  ['of an application that goes on with an address', 'vendorapp://https://units.example/start?a=1', 'vendorapp://https://units.example/start?a=1&'],
  ['of an application that names no host', 'vendorapp:course/1?a=1', 'vendorapp:course/1?a=1&'],
  ['with a user', 'https://ani:secret@units.example/start', 'https://ani:secret@units.example/start?'],
])('cmi5 8.1, 13.1.4: an address %s is launched as the publisher wrote it', async (_what, url, front) => {
  const { urlOf } = await course(au({ id: `${ID}/one`, url }));

  expect((await urlOf()).slice(0, front.length + 'endpoint='.length)).toBe(`${front}endpoint=`);
});

test('cmi5 9.3.1: launched names the address of a unit outside as the publisher wrote it, without the parameters of the launch', async () => {
  const { urlOf, told } = await course(au({ id: `${ID}/one`, url: 'https://units.example/start?b=2' }));
  await urlOf();

  expect(verbOf('launched', await told()).map(({ context }) => context.extensions[EXTENSION('launchurl')])).toEqual(['https://units.example/start?b=2']);
});

test('cmi5 13.1.4: who launches is told whether the unit wants a window of its own', async () => {
  const { registration, items } = await course(unit('one', 'launchMethod="AnyWindow"') + unit('two', 'launchMethod="OwnWindow"') + unit('three', ''));
  const answers = [];
  for (const name of ['one', 'two', 'three'])
    answers.push(
      await app.graphql('mutation ($input: ContentLaunchInput!) { contentLaunch(input: $input) { launch { needsOwnWindow } } }', {
        input: { registrationId: toGlobalId('ContentRegistration', registration), itemId: items[`${ID}/${name}`] },
      }),
    );

  expect(answers.map(({ body }) => body.data.contentLaunch.launch.needsOwnWindow)).toEqual([false, true, false]);
});

test('cmi5 8.1.5: the activity of a unit is the same in every registration, of whoever, and none of the publisher’s', async () => {
  const first = await course(unit());
  const again = [(await first.open()).parameters];
  const others = [await register(app, first.learner, first.packageId, { restart: true }), await register(app, await newLearner(app), first.packageId)];
  for (const registration of others) again.push(new URL(await launch(app, registration, first.items[`${ID}/one`] ?? null)).searchParams);
  const ids = again.map((parameters) => parameters.get('activityId'));

  expect(again.map((parameters) => parameters.get('registration'))).toEqual([first.registration, ...others]);
  expect(new Set([first.registration, ...others]).size).toBe(3);
  expect(new Set(ids).size).toBe(1);
  expect([`${ID}/one`, COURSE]).not.toContain(ids[0]);
});

test('cmi5 9.3.1, 10: of what a unit does not have, neither its launch data nor launched says anything', async () => {
  const { open, told } = await course(unit('one', ''));
  const session = await open();
  const [launched] = verbOf('launched', await told());

  expect(session.data).toEqual({
    contextTemplate: { contextActivities: { grouping: [{ objectType: 'Activity', id: `${ID}/one` }] }, extensions: { [SESSION_ID]: sessionIdOf(session) } },
    launchMode: 'Normal',
    moveOn: 'NotApplicable',
  });
  expect(launched?.context.extensions).toEqual({
    [SESSION_ID]: sessionIdOf(session),
    [EXTENSION('launchmode')]: 'Normal',
    [EXTENSION('launchurl')]: expect.stringMatching(/\/index\.html$/),
    [EXTENSION('moveon')]: 'NotApplicable',
  });
});

test.each(['Normal', 'Browse', 'Review'])('cmi5 10.2.2: the launch data and launched both name the mode %s', async (mode) => {
  const { open, told } = await course(unit());
  const session = await open('one', mode);

  expect((session.data as unknown as { launchMode: string }).launchMode).toBe(mode);
  expect((await told()).map(({ context }) => context.extensions[EXTENSION('launchmode')])).toEqual([mode]);
});

test('cmi5 9.3.1: each session has one launched, under a session id of its own, whatever is done in it', async () => {
  const { said, urlOf, told } = await course(unit());
  const sessions = [await said('one', 'initialized', 'failed', 'terminated'), await said('one', 'initialized', 'passed')];
  await fetched(await urlOf());

  const launched = verbOf('launched', await told()).map(sessionIdIn);
  expect(launched).toHaveLength(3);
  expect(launched.slice(0, 2)).toEqual(sessions.map(sessionIdOf));
  expect(new Set(launched).size).toBe(3);
});

test('cmi5 8.2: before the credential is fetched nothing opens the session, and without it nothing does', async () => {
  const { urlOf, verbs, told } = await course(unit());
  const url = await urlOf();
  const [launched] = await told();
  const key = `ses_${String(launched && sessionIdIn(launched))}`;
  const basic = (secret: string) => `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`;
  const tokens = [fetchOf(url).split('/').at(-1) ?? '', new URL(url).pathname.split('/')[2] ?? '', ''];
  const counts = await app.counts();
  const ask = async (authorization: string | null) =>
    (await app.xapi('GET', '/statements', { credential: null, headers: { Authorization: authorization } })).status;

  const before = [];
  for (const authorization of [...tokens.map(basic), null]) before.push(await ask(authorization));
  const { body } = await fetched(url);
  const after = [];
  for (const authorization of [...tokens.map(basic), null]) after.push(await ask(authorization));

  expect([before, after]).toEqual([
    [401, 401, 401, 401],
    [401, 401, 401, 401],
  ]);
  expect(await ask(`Basic ${body['auth-token']}`)).toBe(200);
  expect(await app.counts()).toEqual(counts);
  expect(await verbs()).toEqual(['launched']);
});

const REPEATED = { status: 200, type: 'application/json; charset=utf-8', body: { 'error-code': '1', 'error-text': expect.any(String) } };

test.each([
  ['was abandoned by a launch', async ({ urlOf }) => void (await urlOf())],
  ['was abandoned by hand', async ({ abandon }) => void (await abandon())],
  ['expired, though nobody noticed yet', () => Promise.resolve(pass(IDLE_SECONDS))],
  [
    'timed out',
    async () => {
      pass(IDLE_SECONDS);
      await app.modules.launches.expire(100);
    },
  ],
] satisfies (readonly [string, (one: Awaited<ReturnType<typeof course>>) => Promise<void>])[])(
  'cmi5 8.2: no credential is handed out for a session that %s: error 1',
  async (_how, end) => {
    const one = await course(unit());
    const url = await one.urlOf();
    await end(one);

    expect(await fetched(url)).toEqual(REPEATED);
    expect(await fetched(url)).toEqual(REPEATED);
  },
);

test('cmi5 8.2: no second credential is handed out for a session that is under way or terminated: error 1', async () => {
  const { urlOf } = await course(unit());
  const url = await urlOf();
  const session = await openAu(app, url);

  await session.say('initialized');
  expect(await fetched(url)).toEqual(REPEATED);
  await session.say('terminated', full('terminated'));
  expect(await fetched(url)).toEqual(REPEATED);
});

test.each([
  ['no Content-Type', {}],
  ['an empty JSON body', { headers: { 'Content-Type': 'application/json' } }],
  ['a form', { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'a=1' }],
])('cmi5 8.2: the credential is fetched by a POST with %s', async (_what, init) => {
  const { urlOf } = await course(unit());

  expect(await fetched(await urlOf(), init)).toEqual({ status: 200, type: 'application/json; charset=utf-8', body: { 'auth-token': expect.any(String) } });
});

test.each([
  ['launched', [CMI5]],
  ['abandoned', [CMI5]],
  ['waived', [CMI5, MOVE_ON]],
  ['satisfied', [CMI5]],
])('cmi5 9.6: what the LMS says by %s is whole: who, which registration and session, the publisher’s id, its categories, when', async (verb, categories) => {
  const { learner, registration, urlOf, abandon, waive, told } = await course(block('urn:block:1', unit('one')));
  await urlOf();
  await abandon();
  await waive('one');
  const [account] = await app.database.sql.rows<{ account: string }>('select account from launch.registration where id = $1', [registration]);
  const list = verbOf(verb, await told());

  const published = verb === 'satisfied' ? ['urn:block:1', COURSE] : [`${ID}/one`];
  expect(list.map(({ context }) => context.contextActivities.grouping)).toEqual(published.map((id) => [{ id }]));
  for (const one of list) {
    expect(one.actor).toEqual({ objectType: 'Agent', account: JSON.parse(account?.account ?? '') });
    expect(one.actor.account.name).not.toBe(learner);
    expect(one.context.registration).toBe(registration);
    expect(one.context.contextActivities.category.map(({ id }) => id)).toEqual(categories);
    expect(one.context.extensions[SESSION_ID]).toMatch(/^[0-9a-f-]{36}$/);
    expect(one.timestamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(Date.parse(one.timestamp)).toBe(now);
  }
});

test('cmi5 9.3.6: a session of which nothing is heard is abandoned by the time-out, and hears nothing any more', async () => {
  const { said, verbs, told } = await course(unit());
  const session = await said('one', 'initialized');
  pass(IDLE_SECONDS - 1);
  await app.modules.launches.expire(1_000);
  expect(await verbs()).toEqual(['launched', 'initialized']);

  pass(1);
  await app.modules.launches.expire(1_000);
  await app.modules.launches.expire(1_000);

  expect((await session.say('passed', full('passed'))).status).toBe(401);
  expect(await verbs()).toEqual(['launched', 'initialized', 'abandoned']);
  expect(verbOf('abandoned', await told()).map(sessionIdIn)).toEqual([sessionIdOf(session)]);
});

test('cmi5 9.3.6: staff abandons the session of a registration, once; the next launch abandons nothing', async () => {
  const { said, abandon, urlOf, verbs } = await course(unit());
  const session = await said('one', 'initialized');

  expect([await abandon(), await abandon()]).toEqual([[], []]);

  expect((await session.say('passed', full('passed'))).status).toBe(401);
  await urlOf();
  expect(await verbs()).toEqual(['launched', 'initialized', 'abandoned', 'launched']);
});

test.each([
  ['never spoke', [], 'PT0S'],
  ['spoke ten seconds and then a minute and a half after the launch', [10, 80.5], 'PT90.5S'],
])('cmi5 9.3.6: abandoned of a unit that %s has the time from the launch to its last statement', async (_what, pauses, duration) => {
  const { open, abandon, told } = await course(unit());
  const session = await open();
  for (const [index, pause] of pauses.entries()) {
    pass(pause);
    await session.say(index === 0 ? 'initialized' : 'experienced', index === 0 ? {} : { categories: [] });
  }
  pass(3_600);

  await abandon();

  expect(verbOf('abandoned', await told()).map(({ result }) => result)).toEqual([{ duration }]);
});

test('cmi5 9.3.6: of ends that come at the same time one abandons the session', async () => {
  const { said, urlOf, verbs, sessions } = await course(unit());
  await said('one', 'initialized');
  const [{ id } = { id: '' }] = await sessions();

  await Promise.all([app.modules.launches.abandon(id), urlOf(), app.modules.launches.abandon(id)]);

  expect([...(await verbs())].sort()).toEqual(['abandoned', 'initialized', 'launched', 'launched']);
});

test('cmi5 9.3.6: a session that was terminated is never abandoned: not by staff, by time, nor by the next launch', async () => {
  const { said, abandon, urlOf, verbs, sessions } = await course(unit());
  await said('one', 'initialized', 'terminated');
  await abandon();
  await said('one', 'initialized', 'terminated');
  pass(IDLE_SECONDS);
  await app.modules.launches.expire(1_000);
  await said('one', 'initialized', 'terminated');
  await urlOf();

  expect((await sessions()).map(({ state }) => state)).toEqual(['LAUNCHED', 'TERMINATED', 'TERMINATED', 'TERMINATED']);
  expect(await verbs()).toEqual([...Array.from({ length: 3 }, () => ['launched', 'initialized', 'terminated']).flat(), 'launched']);
});

test('cmi5 9.3.8: for five seconds after terminated what was said before it is taken and counts; then nothing is', async () => {
  const { open, verbs, isSatisfied } = await course(unit('one', 'moveOn="CompletedAndPassed"'));
  const session = await open();
  await session.say('initialized', { timestamp: '2026-05-01T08:00:00Z' });
  await session.say('terminated', { ...full('terminated'), timestamp: '2026-05-01T08:10:00Z' });
  const late = (verb: string, timestamp: string) => session.say(verb, { ...full(verb), timestamp });

  pass(5);
  expect((await late('completed', '2026-05-01T08:10:00.001Z')).status).toBe(403);
  expect((await late('completed', '2026-05-01T08:10:00Z')).status).toBe(200);
  expect((await late('passed', '2026-05-01T08:09:00Z')).status).toBe(200);
  pass(0.001);
  expect((await session.say('experienced', { categories: [], timestamp: '2026-05-01T08:09:00Z' })).status).toBe(401);

  expect(await verbs()).toEqual(['launched', 'initialized', 'terminated', 'completed', 'passed', 'satisfied']);
  expect(await isSatisfied()).toBe(true);
});

test.each([
  ['TESTED_OUT', 'Tested Out'],
  ['EQUIVALENT_AU', 'Equivalent AU'],
  ['EQUIVALENT_OUTSIDE_ACTIVITY', 'Equivalent Outside Activity'],
  ['ADMINISTRATIVE', 'Administrative'],
])('cmi5 9.5.5.2: waived says the reason %s in the words of the standard', async (reason, words) => {
  const { waive, told } = await course(unit());

  expect(await waive('one', reason)).toEqual([]);

  expect(verbOf('waived', await told()).map(({ result }) => result)).toEqual([{ success: true, completion: true, extensions: { [REASON]: words } }]);
});

test.each([
  ['a block', 'urn:block:1'],
  ['the course', COURSE],
])('cmi5 9.3.7: %s cannot be waived, only its units, and nothing is told', async (_what, id) => {
  const { waive, verbs, registration, isSatisfied } = await course(block('urn:block:1', unit()));
  const before = [await app.counts(), await app.modules.launches.unitsOfRegistrations([registration])];

  expect(await waive(id)).toEqual([{ code: 'INVALID_INPUT', path: '/itemId', rule: 'cmi5 9.3.7' }]);

  expect([await app.counts(), await app.modules.launches.unitsOfRegistrations([registration])]).toEqual(before);
  expect([await verbs(), await isSatisfied()]).toEqual([[], false]);
});

test('cmi5 9.3.7: one waived unit of several satisfies its block alone, under the session id that is its own; the rest is still to be done', async () => {
  const { waive, said, told, isSatisfied } = await course(block('urn:block:1', unit('one')) + block('urn:block:2', unit('two') + unit('three')));
  const first = await said('two', 'initialized', 'passed');

  await waive('one');
  const after = await told();
  expect([satisfiedIn(after), await isSatisfied()]).toEqual([['urn:block:1'], false]);
  await waive('three', 'TESTED_OUT');

  const list = await told();
  const [one, three] = verbOf('waived', list).map(sessionIdIn);
  expect(
    list.filter((statement) => [one, three].includes(sessionIdIn(statement))).map((statement) => [...verbsIn([statement]), sessionIdIn(statement)]),
  ).toEqual([
    ['waived', one],
    ['satisfied', one],
    ['waived', three],
    ['satisfied', three],
    ['satisfied', three],
  ]);
  expect(new Set([one, three, sessionIdOf(first)]).size).toBe(3);
  expect([satisfiedIn(list), await isSatisfied()]).toEqual([['urn:block:1', 'urn:block:2', COURSE], true]);
});

test('cmi5 9.3.7, 9.3.9: a unit that was waived may be done all the same; nothing is satisfied twice by it', async () => {
  const { waive, said, verbs } = await course(unit());
  await waive('one');

  await said('one', 'initialized', 'completed', 'passed', 'terminated');

  expect(await verbs()).toEqual(['waived', 'satisfied', 'launched', 'initialized', 'completed', 'passed', 'terminated']);
});

test('cmi5 9.3.9: what is satisfied is named by ids of the LMS, the same in every registration, with its type, title and no publisher’s id', async () => {
  const first = await course(block('urn:block:1', unit()));
  await first.said('one', 'initialized', 'passed');
  const second = await register(app, await newLearner(app), first.packageId);
  const session = await openAu(app, await launch(app, second, first.items[`${ID}/one`] ?? null));
  for (const verb of ['initialized', 'passed']) await session.say(verb, full(verb));

  const objects = verbOf('satisfied', await first.told()).map(({ object }) => object);

  expect(verbOf('satisfied', await statementsTold(app, second)).map(({ object }) => object)).toEqual(objects);
  expect(objects.map(({ definition }) => definition)).toEqual([
    { type: 'https://w3id.org/xapi/cmi5/activitytype/block', name: { en: 'urn:block:1' } },
    { type: 'https://w3id.org/xapi/cmi5/activitytype/course', name: { en: 'Course' } },
  ]);
  const ids = objects.map(({ id }) => id);
  expect(new Set([...ids, 'urn:block:1', COURSE, `${ID}/one`, session.parameters.get('activityId')]).size).toBe(6);
});

test.each([
  ['Passed', ['completed'], ['passed'], ['completed']],
  ['Completed', ['passed'], ['completed'], ['passed']],
  ['CompletedAndPassed', ['completed', 'failed'], ['passed'], []],
  ['CompletedAndPassed', ['passed'], ['completed'], []],
  ['CompletedOrPassed', ['failed'], ['completed'], ['passed']],
  ['CompletedOrPassed', ['failed'], ['passed'], ['completed']],
])(
  'cmi5 9.3.9, 13.1.4: with moveOn %s %j satisfies nothing, %j does: from within, each part once, in the session that meets its last unit; %j later tells nothing',
  async (moveOn, short, met, after) => {
    const of = (name: string) => unit(name, `moveOn="${moveOn}"`);
    const { said, told, isSatisfied } = await course(
      of('a') + block('urn:outer', of('b') + block('urn:inner', of('c') + of('d')) + block('urn:free', unit('free', 'moveOn="NotApplicable"'))) + of('e'),
    );
    const seen = async () => verbOf('satisfied', await told()).map((one) => [one.context.contextActivities.grouping[0]?.id, sessionIdIn(one)]);
    // Nothing is demanded of its only unit: it is told at registration.
    const expected: (readonly unknown[])[] = [['urn:free', expect.any(String)]];
    expect(await seen()).toEqual(expected);

    for (const [name, blocks] of Object.entries<readonly string[]>({ a: [], d: [], c: ['urn:inner'], e: [], b: ['urn:outer', COURSE] })) {
      // What comes after comes once in a registration: not before.
      await said(name, 'initialized', ...short.filter((verb) => name !== 'a' || !after.includes(verb)), 'terminated');
      expect([name, await seen()]).toEqual([name, expected]);
      const session = await said(name, 'initialized', ...met, 'terminated');
      expected.push(...blocks.map((id) => [id, sessionIdOf(session)]));
      expect([name, await seen(), await isSatisfied()]).toEqual([name, expected, blocks.includes(COURSE)]);
    }

    await said('a', 'initialized', ...after, 'terminated');
    expect(await seen()).toEqual(expected);
  },
);

test('cmi5 9.6.1: a course that demands nothing of any unit is satisfied with its blocks at registration, from within, under one session id of its own', async () => {
  const free = (name: string) => unit(name, 'moveOn="NotApplicable"');
  const { told, said, isSatisfied } = await course(block('urn:outer', block('urn:inner', free('one')) + free('two')));

  const list = await told();
  expect([satisfiedIn(list), await isSatisfied()]).toEqual([['urn:inner', 'urn:outer', COURSE], true]);
  expect(new Set(list.map(sessionIdIn)).size).toBe(1);
  const session = await said('one', 'initialized', 'completed', 'passed', 'terminated');
  expect(list.map(sessionIdIn)).not.toContain(sessionIdOf(session));
  expect(satisfiedIn(await told())).toHaveLength(3);
});

test('cmi5 9.6.1: a registration survives completion and review, and ends by a new one alone', async () => {
  const { learner, packageId, registration, said, open, verbs } = await course(unit());
  await said('one', 'initialized', 'completed', 'passed', 'terminated');
  expect(await register(app, learner, packageId)).toBe(registration);

  for (const mode of ['Review', 'Browse', 'Normal']) {
    const session = await open('one', mode);
    expect(session.parameters.get('registration')).toBe(registration);
    for (const verb of ['initialized', 'terminated']) expect([mode, verb, (await session.say(verb, full(verb))).status]).toEqual([mode, verb, 200]);
  }

  expect(await verbs()).toEqual([
    ...['launched', 'initialized', 'completed', 'passed', 'satisfied', 'terminated'],
    ...Array.from({ length: 3 }, () => ['launched', 'initialized', 'terminated']).flat(),
  ]);
  const next = await register(app, learner, packageId, { restart: true });
  expect(next).not.toBe(registration);
  expect(await register(app, learner, packageId)).toBe(next);
});

test('cmi5 10.2.4, 10.2.5: a session is judged by the moveOn and mastery score that its launch data names, whatever the course says by now', async () => {
  const attributes = { old: 'moveOn="Completed" masteryScore="0.5"', new: 'moveOn="CompletedAndPassed" masteryScore="0.9"' };
  const { packageId, open, isSatisfied, told } = await course(unit('one', attributes.old));
  await app.modules.content.setPackageRules(packageId, { moves: 'ALWAYS' }, null);
  const score = (scaled: number) => ({ result: { success: true, duration: 'PT1M', score: { scaled } } });
  const old = await open();
  await importPackage(app, await zip({ 'cmi5.xml': cmi5Xml(unit('one', attributes.new)), 'index.html': '' }), packageId);

  await old.say('initialized');
  expect((await old.say('completed', full('completed'))).status).toBe(200);
  expect(await isSatisfied()).toBe(true);
  expect((await old.say('passed', score(0.6))).status).toBe(200);

  const fresh = await register(app, await newLearner(app), packageId);
  const items = await itemIds(app, (await app.modules.content.currentVersion(packageId)).id);
  const session = await openAu(app, await launch(app, fresh, items[`${ID}/one`] ?? null));
  expect(session.data).toMatchObject({ moveOn: 'CompletedAndPassed', masteryScore: 0.9 });
  await session.say('initialized');
  expect((await session.say('passed', score(0.6))).status).toBe(403);
  expect((await session.say('completed', full('completed'))).status).toBe(200);
  expect(satisfiedIn(await statementsTold(app, fresh))).toEqual([]);
  expect((await session.say('passed', score(0.9))).status).toBe(200);
  expect([satisfiedIn(await statementsTold(app, fresh)), satisfiedIn(await told())]).toEqual([[COURSE], [COURSE]]);
});
