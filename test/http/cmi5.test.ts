import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import {
  type AuSession,
  CMI5,
  importPackage,
  itemIds,
  launch,
  MASTERY,
  MOVE_ON,
  newLearner,
  openAu,
  RESULTS,
  register,
  SESSION_ID,
  statementsTold,
  type Told,
  VERB,
  verbsIn,
} from '../support/cmi5.ts';
import { au, block, cmi5Xml, zip } from '../support/packages.ts';

let app: TestApp;
let packageId: string;
let items: Readonly<Record<string, string>>;

const UNIT = 'https://publisher.example/au/judged';

beforeAll(async () => {
  app = await startTestApp();
  const files = {
    'cmi5.xml': cmi5Xml(
      au({
        id: UNIT,
        attributes: 'moveOn="CompletedAndPassed" masteryScore="0.7"',
        extra: '<launchParameters>a=1</launchParameters><entitlementKey>key</entitlementKey>',
      }),
    ),
    'index.html': '<html></html>',
  };
  const imported = await importPackage(app, await zip(files));
  packageId = imported.packageId;
  items = await itemIds(app, imported.versionId);
});
afterAll(() => app.close());

const open = async (mode = 'Normal', options?: { readsPreferences: boolean }): Promise<AuSession> =>
  openAu(app, await launch(app, await register(app, await newLearner(app), packageId), items[UNIT] ?? null, mode), options);

/** An AU that has begun. */
async function begun(mode = 'Normal'): Promise<AuSession> {
  const session = await open(mode);
  expect((await session.say('initialized')).status).toBe(200);
  return session;
}

const registrationOf = ({ parameters }: AuSession): string => parameters.get('registration') ?? '';
const statementsOf = (session: AuSession): Promise<readonly Told[]> => statementsTold(app, registrationOf(session));
const verbsOf = async (session: AuSession): Promise<readonly string[]> => verbsIn(await statementsOf(session));

/** All that a refused request must leave as it was; when the session was used last may change. */
const kept = async (session: AuSession): Promise<unknown> => {
  const sessions = await app.modules.launches.sessionsOfRegistrations([registrationOf(session)]);
  return {
    counts: await app.counts(),
    units: await app.modules.launches.unitsOfRegistrations([registrationOf(session)]),
    sessions: sessions.map(({ state, usedVerbs, readPreferences, terminatedAt, endedAt }) => ({ state, usedVerbs, readPreferences, terminatedAt, endedAt })),
  };
};

const violationsOf = ({ body }: { body: unknown }): readonly { readonly path: string; readonly rule: string }[] =>
  (body as { violations?: { path: string; rule: string }[] } | undefined)?.violations ?? [];
const rulesOf = (answer: { body: unknown }): readonly string[] => violationsOf(answer).map(({ rule }) => rule);

interface Editable {
  actor: object;
  context: { contextActivities: object };
}

/** What a rule refuses, as a change to a good statement after a beginning; all sections that it breaks. */
type Refusal = readonly [
  sections: string,
  what: string,
  attempt: (session: AuSession) => Promise<{ status: number; body: unknown }>,
  after?: readonly string[],
];

const change = (session: AuSession, verb: string, edit: (statement: Editable) => void) => {
  const statement = session.statement(verb, RESULTS[verb] ? { result: RESULTS[verb] } : {});
  edit(statement as never);
  return session.send('POST', '/statements', statement);
};

const scored = (scaled: number, verb: string, score: object = {}) => ({ result: { ...RESULTS[verb], score: { scaled, ...score } } });
const full = (verb: string, more: object = {}) => ({ result: { ...RESULTS[verb], ...more } });
const later = (): string => new Date(Date.now() + 60_000).toISOString();

const REFUSALS: readonly Refusal[] = [
  [
    '9.2',
    'another actor',
    (s) => change(s, 'completed', (one) => Object.assign(one, { actor: { account: { homePage: 'https://other.example', name: 'x' } } })),
  ],
  ['9.2', 'a group as actor', (s) => change(s, 'completed', (one) => Object.assign(one.actor, { objectType: 'Group' }))],
  ['9.6.1', 'another registration', (s) => change(s, 'completed', (one) => Object.assign(one.context, { registration: crypto.randomUUID() }))],
  ['9.6.1', 'no registration', (s) => change(s, 'completed', (one) => Reflect.deleteProperty(one.context, 'registration'))],
  ['9.4', 'another object', (s) => s.say('completed', { ...full('completed'), object: { id: 'https://unknown.example/activity' } })],
  ['9.6.3.1', 'another session id', (s) => s.say('completed', { ...full('completed'), extensions: { [SESSION_ID]: 'other' } })],
  ['9.6.3.1', 'no session id', (s) => s.say('completed', { ...full('completed'), extensions: { [SESSION_ID]: undefined } })],
  ['9.6.2.3', 'no publisher id in the grouping', (s) => change(s, 'completed', (one) => Reflect.deleteProperty(one.context.contextActivities, 'grouping'))],
  [
    '9.6.2.3',
    'another id in the grouping, in place of the publisher’s',
    (s) => change(s, 'completed', (one) => Object.assign(one.context.contextActivities, { grouping: [{ id: 'https://unknown.example/grouping' }] })),
  ],
  ['9.1', 'no statement id', (s) => change(s, 'completed', (one) => Reflect.deleteProperty(one, 'id'))],
  ['9.7', 'no timestamp', (s) => change(s, 'completed', (one) => Reflect.deleteProperty(one, 'timestamp'))],
  ['9.7', 'a timestamp that is not in UTC', (s) => s.say('completed', { ...full('completed'), timestamp: '2026-06-01T12:00:00+07:00' })],
  ['9.3', 'a second initialized', (s) => s.say('initialized')],
  ['9.3, 9.3.3', 'a second completed', (s) => s.say('completed', full('completed')), ['completed']],
  ['9.3', 'passed after failed in a session', (s) => s.say('passed', full('passed')), ['failed']],
  ['9.3, 9.3.4', 'a second passed', (s) => s.say('passed', full('passed')), ['passed']],
  ['9.3', 'a second failed', (s) => s.say('failed', full('failed')), ['failed']],
  ['9.3.8, 9.3', 'a second terminated', (s) => s.say('terminated', { ...full('terminated'), timestamp: later() }), ['terminated']],
  [
    '9.3',
    'a second terminated that says it was before the first',
    (s) => s.say('terminated', { ...full('terminated'), timestamp: '2026-01-01T00:00:00Z' }),
    ['terminated'],
  ],
  ['9.3, 9.3.5', 'failed after passed in a session', (s) => s.say('failed', full('failed')), ['passed']],
  ['9.3.8', 'anything after terminated', (s) => s.say('completed', { ...full('completed'), timestamp: later() }), ['terminated']],
  ['9.3.8', 'an allowed statement after terminated', (s) => s.say('experienced', { categories: [], timestamp: later() }), ['terminated']],
  ['9.3, 9.5.4.1', 'launched by an AU', (s) => s.say('launched')],
  ...['abandoned', 'waived', 'satisfied'].map(
    (verb): Refusal => [
      '9.3, 9.5.4.1',
      `${verb} by an AU`,
      (s) => change(s, verb, (one) => Object.assign(one, { verb: { id: `https://w3id.org/xapi/adl/verbs/${verb}` } })),
    ],
  ),
  ['9.3', 'a verb that cmi5 does not know, with its category', (s) => s.say('experienced')],
  ['9.5.1', 'a score on completed', (s) => s.say('completed', scored(0.8, 'completed'))],
  ['9.5.1', 'a score on terminated', (s) => s.say('terminated', scored(0.8, 'terminated'))],
  ['9.3.4', 'passed below the mastery score', (s) => s.say('passed', scored(0.69, 'passed'))],
  ['9.3.5', 'failed at the mastery score', (s) => s.say('failed', scored(0.7, 'failed'))],
  ['9.5.1', 'a raw score without min and max', (s) => s.say('passed', scored(0.8, 'passed', { raw: 80 }))],
  ['9.5.1', 'a raw score without max', (s) => s.say('passed', scored(0.8, 'passed', { raw: 80, min: 0 }))],
  ['9.5.1', 'a raw score without min', (s) => s.say('failed', scored(0.2, 'failed', { raw: 20, max: 100 }))],
  ['9.5.1', 'a scaled score below 0', (s) => s.say('failed', scored(-0.5, 'failed'))],
  ['9.5.1', 'a scaled score above 1', (s) => s.say('passed', scored(1.1, 'passed'))],
  ['9.6.3.2', 'a judged score without the mastery score', (s) => s.say('passed', { ...scored(0.8, 'passed'), extensions: { [MASTERY]: undefined } })],
  [
    '9.6.3.2',
    'a judged score without the mastery score, on failed',
    (s) => s.say('failed', { ...scored(0.2, 'failed'), extensions: { [MASTERY]: undefined } }),
  ],
  ['9.6.3.2', 'another mastery score', (s) => s.say('passed', { ...scored(0.8, 'passed'), extensions: { [MASTERY]: 0.8 } })],
  ['9.6.3.2', 'another mastery score, on failed', (s) => s.say('failed', { ...scored(0.2, 'failed'), extensions: { [MASTERY]: 0.1 } })],
  ['9.6.3.2', 'the mastery score as a text', (s) => s.say('passed', { ...scored(0.8, 'passed'), extensions: { [MASTERY]: '0.7' } })],
  ['9.5.2', 'passed without success', (s) => s.say('passed', { result: { duration: 'PT1M' } })],
  ['9.5.2', 'passed with success false', (s) => s.say('passed', full('passed', { success: false }))],
  ['9.5.2', 'failed without success', (s) => s.say('failed', { result: { duration: 'PT1M' } })],
  ['9.5.2', 'failed with success', (s) => s.say('failed', { result: { success: true, duration: 'PT1M' } })],
  ['9.5.2', 'completed with success', (s) => s.say('completed', { result: { completion: true, success: true, duration: 'PT1M' } })],
  ['9.5.2', 'terminated with success', (s) => s.say('terminated', full('terminated', { success: true }))],
  ['9.5.3', 'completed without completion', (s) => s.say('completed', { result: { duration: 'PT1M' } })],
  ['9.5.3', 'completed with completion false', (s) => s.say('completed', full('completed', { completion: false }))],
  ['9.5.3', 'passed with completion', (s) => s.say('passed', { result: { success: true, completion: true, duration: 'PT1M' } })],
  ['9.5.3', 'failed with completion', (s) => s.say('failed', full('failed', { completion: true }))],
  ['9.5.3', 'terminated with completion', (s) => s.say('terminated', full('terminated', { completion: true }))],
  ['9.5.4.1', 'completed without a duration', (s) => s.say('completed', { result: { completion: true } })],
  ['9.5.4.1', 'passed without a duration', (s) => s.say('passed', { result: { success: true } })],
  ['9.5.4.1', 'failed without a duration', (s) => s.say('failed', { result: { success: false } })],
  ['9.5.4.1', 'terminated without a duration', (s) => s.say('terminated')],
  ...['completed', 'passed', 'failed'].map(
    (verb): Refusal => ['9.6.2.2', `${verb} without the moveOn category`, (s) => s.say(verb, { ...full(verb), categories: [CMI5] })],
  ),
  ['9.6.2.2', 'the moveOn category without success or completion', (s) => s.say('terminated', { ...full('terminated'), categories: [CMI5, MOVE_ON] })],
  ['9.6.2.2', 'the moveOn category on an allowed statement', (s) => s.say('experienced', { categories: [MOVE_ON] })],
  ['6.3', 'voiding', (s) => s.say('voided', { categories: [], object: { objectType: 'StatementRef', id: crypto.randomUUID() } })],
];

test.each(REFUSALS)('cmi5 %s: refused with 403 and nothing recorded: %s', async (sections, _what, attempt, after = []) => {
  const session = await begun();
  for (const verb of after) expect([verb, (await session.say(verb, full(verb))).status]).toEqual([verb, 200]);
  const before = await kept(session);

  const refused = await attempt(session);

  expect([refused.status, rulesOf(refused)]).toEqual([403, sections.split(', ').map((section) => `cmi5 ${section}`)]);
  expect(await kept(session)).toEqual(before);
});

test.each([
  ['9.5.1', 'with a score', { result: { score: { scaled: 0.8 } } }],
  ['9.5.2', 'with success', { result: { success: true } }],
  ['9.5.3', 'with completion', { result: { completion: true } }],
  ['9.6.2.2', 'with the moveOn category', { categories: [CMI5, MOVE_ON] }],
])('cmi5 %s: initialized %s begins no session; without it, it does', async (section, _what, more) => {
  const session = await open();
  const before = await kept(session);

  const refused = await session.say('initialized', more);

  expect([refused.status, rulesOf(refused)]).toEqual([403, [`cmi5 ${section}`]]);
  expect(await kept(session)).toEqual(before);
  expect((await session.say('initialized')).status).toBe(200);
});

test.each([
  ['9.3.4', 'passed at the very mastery score', (s) => s.say('passed', scored(0.7, 'passed'))],
  ['9.3.5', 'failed just below the mastery score', (s) => s.say('failed', scored(0.6999, 'failed'))],
  ['9.5.1', 'a raw score with min and max', (s) => s.say('passed', scored(1, 'passed', { raw: 80, min: 0, max: 80 }))],
  ['9.5.1', 'passed without a score, and so without the mastery score', (s) => s.say('passed', full('passed'))],
  ['9.7', 'a timestamp that says UTC by its offset', (s) => s.say('completed', { ...full('completed'), timestamp: '2026-06-01T12:00:00+00:00' })],
  [
    '10.2.1',
    'activities and extensions beside those of the template',
    (s) =>
      change(s, 'completed', (one) =>
        Object.assign(one.context.contextActivities, { grouping: [{ id: 'https://publisher.example/group' }, { id: UNIT }], other: [{ id: 'urn:x:1' }] }),
      ),
  ],
] satisfies Refusal[])('cmi5 %s: taken: %s', async (_section, _what, attempt) => {
  const session = await begun();

  expect((await attempt(session)).status).toBe(200);
  expect(await verbsOf(session)).toHaveLength(3);
});

test('cmi5 9.3: a list is judged statement by statement, as if each had come alone', async () => {
  const session = await open();
  const [early, late] = ['2026-06-01T12:00:00Z', '2026-06-01T12:01:00Z'];
  const list = (...verbs: readonly (readonly [verb: string, timestamp: string])[]) =>
    verbs.map(([verb, timestamp]) => session.statement(verb, { ...(RESULTS[verb] && full(verb)), timestamp }));
  const before = await kept(session);
  const refusals = [
    list(['completed', early], ['initialized', late]),
    list(['initialized', early], ['terminated', early], ['completed', late]),
    list(['initialized', early], ['passed', early], ['failed', late]),
    list(['initialized', early], ['completed', early], ['completed', late]),
  ];

  const refused = [];
  for (const body of refusals) refused.push(await session.send('POST', '/statements', body));

  expect(refused.map((answer) => [answer.status, violationsOf(answer).map(({ path, rule }) => `${rule} ${path}`)])).toEqual([
    [403, ['cmi5 9.3.2 /0/verb/id']],
    [403, ['cmi5 9.3.8 /2/verb/id']],
    [403, ['cmi5 9.3 /2/verb/id', 'cmi5 9.3.5 /2/verb/id']],
    [403, ['cmi5 9.3 /2/verb/id', 'cmi5 9.3.3 /2/verb/id']],
  ]);
  expect(await kept(session)).toEqual(before);

  const whole = list(['initialized', early], ['completed', early], ['passed', early], ['terminated', late]);
  expect((await session.send('POST', '/statements', whole)).status).toBe(200);
  expect([...(await verbsOf(session))].sort()).toEqual(['completed', 'initialized', 'launched', 'passed', 'satisfied', 'terminated']);
  const [row] = await app.modules.launches.registrationsById([registrationOf(session)]);
  expect(row?.isSatisfied).toBe(true);
});

test('cmi5 9.3: of two that come at the same time and may come once, one is taken', async () => {
  const session = await begun();

  const answers = await Promise.all([0, 1, 2].map(() => session.say('passed', full('passed'))));

  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 403, 403]);
  expect(await verbsOf(session)).toEqual(['launched', 'initialized', 'passed']);
});

test('cmi5 6.3: one statement that breaks a rule keeps a whole list out, and is named by its place', async () => {
  const session = await begun();
  const before = await kept(session);

  const refused = await session.send('POST', '/statements', [
    session.statement('completed', full('completed')),
    session.statement('experienced', { categories: [] }),
    session.statement('passed', { result: { success: true } }),
  ]);

  expect([refused.status, violationsOf(refused)]).toEqual([403, [{ path: '/2/result/duration', rule: 'cmi5 9.5.4.1', message: 'passed needs a duration' }]]);
  expect(await kept(session)).toEqual(before);
});

type Way = (session: AuSession, statement: Record<string, unknown>) => Promise<{ status: number; body: unknown }>;

test.each([
  ['PUT', 204, (s, one) => s.send('PUT', `/statements?statementId=${String(one['id'])}`, one)],
  [
    'multipart',
    200,
    ({ authorization }, one) =>
      app.xapi('POST', '/statements', {
        credential: null,
        headers: { Authorization: authorization, 'Content-Type': 'multipart/mixed; boundary=b' },
        raw: `--b\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(one)}\r\n--b--\r\n`,
      }),
  ],
  [
    'a form that stands for PUT',
    204,
    ({ authorization }, one) =>
      app.xapi('POST', '/statements?method=PUT', {
        credential: null,
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        raw: new URLSearchParams({ Authorization: authorization, statementId: String(one['id']), content: JSON.stringify(one) }).toString(),
      }),
  ],
] satisfies (readonly [string, number, Way])[])('cmi5 6.3: the rules hold for what comes by %s', async (_how, good, say) => {
  const session = await begun();
  const before = await kept(session);

  const refused = await say(session, session.statement('passed', { result: { success: true } }));

  expect([refused.status, rulesOf(refused)]).toEqual([403, ['cmi5 9.5.4.1']]);
  expect(await kept(session)).toEqual(before);
  expect((await say(session, session.statement('passed', full('passed')))).status).toBe(good);
  expect(await verbsOf(session)).toEqual(['launched', 'initialized', 'passed']);
});

test('cmi5 9.3.2: before initialized nothing is taken, and initialized only once the preferences were read', async () => {
  const early = await open('Normal', { readsPreferences: false });

  expect((await early.say('completed', full('completed'))).status).toBe(403);
  expect((await early.say('experienced', { categories: [] })).status).toBe(403);
  const unread = await early.say('initialized');
  expect([unread.status, (unread.body as { violations: { rule: string }[] }).violations.map(({ rule }) => rule)]).toEqual([403, ['cmi5 11.0']]);
  expect(await verbsOf(early)).toEqual(['launched']);
});

test.each(['Browse', 'Review'])('cmi5 10.2.2: in the mode %s an AU may begin and end, and judge nothing', async (mode) => {
  const session = await begun(mode);

  for (const verb of ['completed', 'passed', 'failed']) expect([verb, (await session.say(verb, full(verb))).status]).toEqual([verb, 403]);
  expect((await session.say('terminated', full('terminated'))).status).toBe(200);
  expect(await verbsOf(session)).toEqual(['launched', 'initialized', 'terminated']);
});

test('cmi5 9.3.3, 9.3.4, 9.3.5: over sessions of a registration completed and passed come once, and failed not after passed', async () => {
  const registration = await register(app, await newLearner(app), packageId);
  const next = async (): Promise<AuSession> => {
    const session = await openAu(app, await launch(app, registration, items[UNIT] ?? null));
    await session.say('initialized');
    return session;
  };
  const first = await next();
  expect((await first.say('failed', full('failed'))).status).toBe(200);
  const second = await next();
  expect((await second.say('completed', full('completed'))).status).toBe(200);
  expect((await second.say('passed', full('passed'))).status).toBe(200);
  const third = await next();

  for (const verb of ['completed', 'passed', 'failed']) expect([verb, (await third.say(verb, full(verb))).status]).toEqual([verb, 403]);
});

test('the score of a unit is that of the last statement that judged it', async () => {
  const registration = await register(app, await newLearner(app), packageId);
  const scoreOf = async (): Promise<readonly (number | null)[]> => (await app.modules.launches.unitsOfRegistrations([registration])).map(({ score }) => score);
  const judged = async (verb: string, scaled: number): Promise<void> => {
    const session = await openAu(app, await launch(app, registration, items[UNIT] ?? null));
    await session.say('initialized');
    expect((await session.say(verb, scored(scaled, verb))).status).toBe(200);
  };

  await judged('failed', 0);
  expect(await scoreOf()).toEqual([0]);
  await judged('passed', 0.8);
  expect(await scoreOf()).toEqual([0.8]);
});

test('cmi5 8.2: the credential is handed out once, by POST; errors are answers with status 200', async () => {
  const url = await launch(app, await register(app, await newLearner(app), packageId), items[UNIT] ?? null);
  const fetchUrl = new URL(url).searchParams.get('fetch') ?? '';

  expect((await fetch(fetchUrl)).status).toBe(405);
  const first = await fetch(fetchUrl, { method: 'POST', headers: { Origin: 'https://unit.example' } });
  const second = await fetch(fetchUrl, { method: 'POST' });
  const unknown = await fetch(fetchUrl.replace(/[^/]+$/, 'unknown'), { method: 'POST' });

  // Units that fetch with credentials are let by their origin's name only.
  const named = ['content-type', 'access-control-allow-origin', 'access-control-allow-credentials', 'vary'].map((name) => first.headers.get(name));
  expect([first.status, ...named]).toEqual([200, 'application/json; charset=utf-8', 'https://unit.example', 'true', 'Origin']);
  expect(Object.keys((await first.json()) as object)).toEqual(['auth-token']);
  expect([second.status, await second.json()]).toEqual([200, { 'error-code': '1', 'error-text': expect.any(String) }]);
  expect([unknown.status, await unknown.json()]).toEqual([200, { 'error-code': '2', 'error-text': expect.any(String) }]);
});

test('cmi5 8.1, 9.3.1, 10: the launch tells all that the standard names, and launched is recorded before', async () => {
  const registration = await register(app, await newLearner(app), packageId);
  const url = await launch(app, registration, items[UNIT] ?? null, 'Normal', 'https://portal.example/back');
  const session = await openAu(app, url);
  const { parameters } = session;

  expect([...parameters.keys()]).toEqual(['endpoint', 'fetch', 'actor', 'registration', 'activityId']);
  expect(parameters.get('registration')).toBe(registration);
  expect(parameters.get('activityId')).not.toBe(UNIT);
  expect(JSON.parse(parameters.get('actor') ?? '')).toEqual({
    objectType: 'Agent',
    account: { homePage: expect.any(String), name: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  });
  const [launched] = await statementsOf(session);
  const sessionId = session.data.contextTemplate.extensions[SESSION_ID];
  expect(session.data).toEqual({
    contextTemplate: { contextActivities: { grouping: [{ objectType: 'Activity', id: UNIT }] }, extensions: { [SESSION_ID]: sessionId } },
    launchMode: 'Normal',
    moveOn: 'CompletedAndPassed',
    masteryScore: 0.7,
    launchParameters: 'a=1',
    returnURL: 'https://portal.example/back',
    entitlementKey: { courseStructure: 'key' },
  });
  const extension = (name: string) => `https://w3id.org/xapi/cmi5/context/extensions/${name}`;
  expect(launched).toMatchObject({
    verb: { id: VERB('launched') },
    object: { id: parameters.get('activityId') },
    context: {
      registration,
      contextActivities: { category: [{ id: CMI5 }], grouping: [{ id: UNIT }] },
      extensions: {
        [SESSION_ID]: sessionId,
        [extension('launchmode')]: 'Normal',
        [extension('moveon')]: 'CompletedAndPassed',
        [extension('masteryscore')]: 0.7,
        [extension('launchparameters')]: 'a=1',
        [extension('launchurl')]: expect.stringMatching(/^http:\/\/localhost:\d+\/p\/[^?]*\/index\.html$/),
      },
    },
  });
  const again = new URL(await launch(app, registration, items[UNIT] ?? null)).searchParams;
  expect([again.get('activityId'), again.get('registration')]).toEqual([parameters.get('activityId'), registration]);
});

test('cmi5 9.3.6: a launch over an open session abandons it, once, and the old credential works no more', async () => {
  const registration = await register(app, await newLearner(app), packageId);
  const old = await openAu(app, await launch(app, registration, items[UNIT] ?? null));
  await old.say('initialized');

  const fresh = await openAu(app, await launch(app, registration, items[UNIT] ?? null));

  expect((await old.say('completed', full('completed'))).status).toBe(401);
  expect(await verbsOf(fresh)).toEqual(['launched', 'initialized', 'abandoned', 'launched']);
  const abandoned = (await statementsOf(fresh)).find(({ verb }) => verb.id.endsWith('abandoned'));
  expect(abandoned).toMatchObject({
    result: { duration: expect.stringMatching(/^PT[\d.]+S$/) },
    context: { extensions: { [SESSION_ID]: old.data.contextTemplate.extensions[SESSION_ID] } },
  });
});

/** The query of a document of a session: its own, unless told otherwise. */
const stateQuery = ({ parameters }: AuSession, stateId: string | null): Record<string, string> => ({
  ...(stateId !== null && { stateId }),
  activityId: parameters.get('activityId') ?? '',
  agent: parameters.get('actor') ?? '',
  registration: parameters.get('registration') ?? '',
});
const preferencesPath = ({ parameters }: AuSession): string =>
  `/agents/profile?${new URLSearchParams({ profileId: 'cmi5LearnerPreferences', agent: parameters.get('actor') ?? '' }).toString()}`;

test('cmi5 10.2.1: launch data is read and never changed or deleted, by whatever request; what the AU keeps itself is its own', async () => {
  const session = await begun();
  const path = (stateId: string | null) => `/activities/state?${new URLSearchParams(stateQuery(session, stateId)).toString()}`;
  const form = (method: string, fields: Record<string, string>) =>
    app.xapi('POST', `/activities/state?method=${method}`, {
      credential: null,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      raw: new URLSearchParams({ Authorization: session.authorization, ...fields }).toString(),
    });
  expect((await session.send('PUT', path('bookmark'), { page: 4 })).status).toBe(204);
  const before = await kept(session);

  const refused = [
    await session.send('PUT', path('LMS.LaunchData'), {}),
    await session.send('POST', path('LMS.LaunchData'), {}),
    await session.send('DELETE', path('LMS.LaunchData')),
    await session.send('DELETE', path(null)),
    await form('PUT', { ...stateQuery(session, 'LMS.LaunchData'), content: '{}' }),
    await form('DELETE', stateQuery(session, 'LMS.LaunchData')),
    await form('DELETE', stateQuery(session, null)),
  ];

  expect(refused.map((answer) => [answer.status, ...rulesOf(answer)])).toEqual(refused.map(() => [403, 'cmi5 10.2.1']));
  expect((await session.send('GET', path('LMS.LaunchData'))).body).toEqual(session.data);
  expect((await session.send('GET', path('bookmark'))).body).toEqual({ page: 4 });
  expect(await kept(session)).toEqual(before);
  expect((await session.send('DELETE', path('bookmark'))).status).toBe(204);
});

const PREFERENCES = { languagePreference: 'id-ID,en', audioPreference: 'on' };

test.each([
  ['no JSON', 'languagePreference=en', 'cmi5 11.0'],
  ['nothing', '', 'cmi5 11.0'],
  ['a list', '["id"]', 'cmi5 11.0'],
  ['null', 'null', 'cmi5 11.0'],
  ['no languagePreference', '{"audioPreference":"on"}', 'cmi5 11.1'],
  ['a languagePreference that is no text', '{"languagePreference":["id"],"audioPreference":"on"}', 'cmi5 11.1'],
  ['an empty languagePreference', '{"languagePreference":"","audioPreference":"on"}', 'cmi5 11.1'],
  ['a languagePreference with a gap', '{"languagePreference":"id,,en","audioPreference":"on"}', 'cmi5 11.1'],
  ['a language that is none', '{"languagePreference":"not a tag!","audioPreference":"on"}', 'cmi5 11.1'],
  ['a language of one letter', '{"languagePreference":"e","audioPreference":"on"}', 'cmi5 11.1'],
  ['a language whose extension is one letter', '{"languagePreference":"en-a-b","audioPreference":"on"}', 'cmi5 11.1'],
  ['no audioPreference', '{"languagePreference":"id"}', 'cmi5 11.2'],
  ['another audioPreference', '{"languagePreference":"id","audioPreference":"loud"}', 'cmi5 11.2'],
])('cmi5 11: learner preferences stay as they are when they are sent as %s, by PUT and by POST', async (_what, raw, rule) => {
  const session = await begun();
  expect((await session.send('PUT', preferencesPath(session), PREFERENCES, { 'If-None-Match': '*' })).status).toBe(204);
  const before = await kept(session);

  const refused = [];
  for (const method of ['PUT', 'POST'])
    refused.push(
      await app.xapi(method, preferencesPath(session), { credential: null, headers: { Authorization: session.authorization, 'If-Match': '*' }, raw }),
    );

  expect(refused.map((answer) => [answer.status, ...rulesOf(answer)])).toEqual(refused.map(() => [400, rule]));
  expect((await session.send('GET', preferencesPath(session))).body).toEqual(PREFERENCES);
  expect(await kept(session)).toEqual(before);
});

test('cmi5 11: learner preferences are merged by POST where both are named again, and never deleted by an AU', async () => {
  const session = await begun();
  const path = preferencesPath(session);
  await session.send('PUT', path, { ...PREFERENCES, contrast: 'high' }, { 'If-None-Match': '*' });

  expect((await session.send('POST', path, { languagePreference: 'en', audioPreference: 'off' })).status).toBe(204);
  const deleted = await session.send('DELETE', path);

  expect([deleted.status, rulesOf(deleted)]).toEqual([403, ['cmi5 11.0']]);
  expect((await session.send('GET', path)).body).toEqual({ languagePreference: 'en', audioPreference: 'off', contrast: 'high' });
});

test('cmi5 11: preferences of another learner are neither read nor written, and to ask for them is not to have read one’s own', async () => {
  const [mine, theirs] = [await open('Normal', { readsPreferences: false }), await begun()];
  await theirs.send('PUT', preferencesPath(theirs), PREFERENCES, { 'If-None-Match': '*' });
  const before = [await kept(mine), await kept(theirs)];

  const refused = [
    await mine.send('GET', preferencesPath(theirs)),
    await mine.send('PUT', preferencesPath(theirs), { ...PREFERENCES, audioPreference: 'off' }, { 'If-Match': '*' }),
    await mine.send('POST', preferencesPath(theirs), PREFERENCES),
    await mine.send('DELETE', preferencesPath(theirs)),
    await mine.say('initialized'),
  ];

  expect(refused.map((answer) => [answer.status, ...rulesOf(answer)])).toEqual([
    ...Array.from({ length: 4 }, () => [403, 'session-agent']),
    [403, 'cmi5 11.0'],
  ]);
  expect([await kept(mine), await kept(theirs)]).toEqual(before);
  expect((await theirs.send('GET', preferencesPath(theirs))).body).toEqual(PREFERENCES);
});

test('launch-credential: a session reaches its own learner, registration and activity, and nothing else', async () => {
  const [mine, other] = [await begun(), await begun()];
  const theirs = other.parameters;
  const own = mine.parameters;
  // Nothing that a browser's history or a proxy's log keeps opens the LRS.
  const token = mine.authorization.slice('Basic '.length);
  expect([own.toString(), mine.data].filter((said) => JSON.stringify(said).includes(token))).toEqual([]);
  const documents = (from: { activityId?: string | null; agent?: string | null; registration?: string | null }) =>
    new URLSearchParams({
      stateId: 's',
      activityId: from.activityId ?? own.get('activityId') ?? '',
      agent: from.agent ?? own.get('actor') ?? '',
      registration: from.registration ?? own.get('registration') ?? '',
    }).toString();
  const [foreign] = await statementsOf(other);
  const before = await app.counts();

  expect((await mine.send('GET', `/activities/state?${documents({ agent: theirs.get('actor') })}`)).status).toBe(403);
  expect((await mine.send('PUT', `/activities/state?${documents({ agent: theirs.get('actor') })}`, { a: 1 })).status).toBe(403);
  expect((await mine.send('PUT', `/activities/state?${documents({ activityId: 'https://other.example/a' })}`, { a: 1 })).status).toBe(403);
  expect((await mine.send('PUT', `/activities/state?${documents({ registration: theirs.get('registration') })}`, { a: 1 })).status).toBe(403);
  expect((await mine.send('GET', `/statements?agent=${encodeURIComponent(theirs.get('actor') ?? '')}`)).status).toBe(403);
  expect((await mine.send('GET', `/statements?registration=${theirs.get('registration')}`)).status).toBe(403);
  expect((await mine.send('GET', `/statements?statementId=${String(foreign?.['id'])}`)).status).toBe(404);
  expect((await mine.send('GET', `/agents?agent=${encodeURIComponent(theirs.get('actor') ?? '')}`)).status).toBe(403);
  expect((await mine.send('GET', '/activities?activityId=https://other.example/a')).status).toBe(403);
  expect(await app.counts()).toEqual(before);

  const seen = (await mine.send('GET', '/statements')).body as { statements: { context: { registration: string } }[] };
  expect(seen.statements.map(({ context }) => context.registration)).toEqual(seen.statements.map(() => own.get('registration')));
  expect(seen.statements.length).toBe(2);
});

test('a session must not speak of what belongs to another package or programme', async () => {
  const foreignId = 'https://publisher.example/au/foreign';
  const foreign = await importPackage(app, await zip({ 'cmi5.xml': cmi5Xml(au({ id: foreignId })), 'index.html': '' }));
  const [row] = (await app.modules.content.itemsOfVersions([foreign.versionId])).filter(({ identifier }) => identifier === foreignId);
  const session = await begun();
  const before = await verbsOf(session);

  const about = await session.say('passed', { categories: [], object: { id: row?.activityIri } });
  const within = session.statement('experienced', { categories: [] });
  Object.assign((within['context'] as { contextActivities: object }).contextActivities, { parent: [{ id: row?.activityIri }] });

  expect([about.status, (await session.send('POST', '/statements', within)).status]).toEqual([403, 403]);
  expect(await verbsOf(session)).toEqual(before);
});

const MOVE_ON_RULES = {
  Passed: [['passed']],
  Completed: [['completed']],
  CompletedAndPassed: [
    ['completed', 'passed'],
    ['passed', 'completed'],
  ],
  CompletedOrPassed: [['completed'], ['passed']],
  NotApplicable: [[]],
} as const;

test.each(Object.entries(MOVE_ON_RULES).flatMap(([moveOn, ways]) => ways.map((verbs) => [moveOn, verbs] as const)))(
  'cmi5 9.3.9: with moveOn %s a course is satisfied by %j, block and course once each, in this order',
  async (moveOn, verbs) => {
    const id = 'https://publisher.example/au/one';
    const imported = await importPackage(
      app,
      await zip({ 'cmi5.xml': cmi5Xml(block('https://publisher.example/block', au({ id, attributes: `moveOn="${moveOn}"` }))), 'index.html': '' }),
    );
    const own = await itemIds(app, imported.versionId);
    const registration = await register(app, await newLearner(app), imported.packageId);
    const satisfiedAtOnce = verbs.length === 0;
    expect((await app.modules.launches.registrationsById([registration]))[0]?.isSatisfied).toBe(satisfiedAtOnce);
    const session = await openAu(app, await launch(app, registration, own[id] ?? null));
    await session.say('initialized');
    for (const [index, verb] of verbs.entries()) {
      expect((await app.modules.launches.registrationsById([registration]))[0]?.isSatisfied).toBe(false);
      expect([index, (await session.say(verb, full(verb))).status]).toEqual([index, 200]);
    }
    await session.say('terminated', full('terminated'));

    const told = (await statementsOf(session)).filter(({ verb }) => verb.id === 'https://w3id.org/xapi/adl/verbs/satisfied');
    expect(told.map((one) => (one as never as { object: { definition: { type: string } } }).object.definition.type.split('/').at(-1))).toEqual([
      'block',
      'course',
    ]);
    expect((await app.modules.launches.registrationsById([registration]))[0]?.isSatisfied).toBe(true);
    const sessionIds = told.map((one) => (one as never as { context: { extensions: Record<string, string> } }).context.extensions[SESSION_ID]);
    expect(sessionIds.every((one) => (one === session.data.contextTemplate.extensions[SESSION_ID]) === !satisfiedAtOnce)).toBe(true);
  },
);

test('cmi5 9.3.7: a waived unit counts as met, once, with its reason and a session id of its own', async () => {
  const registration = await register(app, await newLearner(app), packageId);
  const waive = () =>
    app.graphql('mutation ($input: ContentUnitWaiveInput!) { contentUnitWaive(input: $input) { registration { isSatisfied } userErrors { rule } } }', {
      input: { registrationId: registrationGlobal(registration), itemId: items[UNIT], reason: 'TESTED_OUT' },
    });

  expect((await waive()).body.data.contentUnitWaive).toEqual({ registration: { isSatisfied: true }, userErrors: [] });
  expect((await waive()).body.data.contentUnitWaive).toEqual({ registration: null, userErrors: [{ rule: 'cmi5 9.3.7' }] });

  const { statements } = (await app.xapi('GET', `/statements?registration=${registration}&ascending=true`)).body as { statements: { verb: { id: string } }[] };
  expect(statements.map((one) => one.verb.id.split('/').at(-1))).toEqual(['waived', 'satisfied']);
  expect(statements[0]).toMatchObject({
    result: { success: true, completion: true, extensions: { 'https://w3id.org/xapi/cmi5/result/extensions/reason': 'Tested Out' } },
  });
});

test('a statement sent twice, because its answer was lost, is stored once and refused by no rule', async () => {
  const session = await begun();
  const statement = session.statement('completed', full('completed'));

  expect((await session.send('POST', '/statements', statement)).status).toBe(200);
  expect((await session.send('POST', '/statements', statement)).status).toBe(200);
  expect((await session.send('PUT', `/statements?statementId=${String(statement['id'])}`, statement)).status).toBe(204);
  expect(await verbsOf(session)).toEqual(['launched', 'initialized', 'completed']);
});

const registrationGlobal = (id: string): string => toGlobalId('ContentRegistration', id);
