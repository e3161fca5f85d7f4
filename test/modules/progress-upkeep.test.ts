import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { PLAIN_RULE } from '../../src/modules/progress/index.ts';
import type { Difference } from '../../src/modules/progress/verify.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { activityIri, addLearner, buildWorld, casePackage, HOME_PAGE, itemIdOf, PASSED, passed, type World } from '../support/world.ts';

const START = new Date('2026-04-01T00:00:00Z');
const DAY_MS = 86_400_000;

let app: TestApp;
let world: World;
let now: Date;

beforeEach(async () => {
  now = START;
  app = await startTestApp({ clock: { now: () => now } });
  world = await buildWorld(app);
});
afterEach(() => app.close());

async function send(...statements: readonly Record<string, unknown>[]): Promise<void> {
  expect((await app.xapi('POST', '/statements', { body: statements })).status).toBe(200);
  await app.projector.drain();
}

async function levelsOf(learnerId: string): Promise<Record<string, number>> {
  const rows = (await app.modules.progress.progressOf([learnerId], null)).get(learnerId) ?? [];
  const items = new Map((await app.modules.competencies.competenciesById(rows.map((row) => row.itemId))).map((item) => [item.id, item.code]));
  return Object.fromEntries(rows.filter((row) => row.currentLevel > 0).map((row) => [items.get(row.itemId), row.currentLevel]));
}

async function verify(): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  await app.modules.progress.verify((_learners, differences) => found.push(...differences));
  return found;
}

const rowsOf = async (sql: string): Promise<readonly Record<string, unknown>[]> => (await app.database.pool.query(sql)).rows;

test('verify finds nothing where everything is as the statements say, and each thing that was tampered with', async () => {
  const ana = await addLearner(app, world, 'ana');
  const budi = await addLearner(app, world, 'budi');
  await send(passed('ana', 'ALL.1', 3), passed('ana', 'ALL.2', 4), passed('budi', 'ANY.1', 2));
  expect(await verify()).toEqual([]);

  await app.database.pool.query(`update progress.competency_progress set current_level = 5 where learner_id = $1 and item_id = $2`, [ana, itemIdOf('ALL')]);
  await app.database.pool.query('delete from progress.competency_progress where learner_id = $1 and item_id = $2', [budi, itemIdOf('ANY')]);
  const { rows: lowered } = await app.database.pool.query('update progress.evidence set level = 1 where learner_id = $1 and level = 2 returning id', [budi]);
  const found = await verify();

  expect([...found].sort((a, b) => (a.what < b.what ? -1 : 1))).toEqual(
    [
      { learnerId: budi, what: `evidence ${lowered[0].id} is stored otherwise than a full fold has it` },
      { learnerId: ana, what: `progress in ${itemIdOf('ALL')} is stored otherwise than a full fold has it` },
      { learnerId: budi, what: `progress in ${itemIdOf('ANY')} is missing` },
    ].sort((a, b) => (a.what < b.what ? -1 : 1)),
  );
});

test('rebuild makes everything anew from the statements: what was tampered with, deleted or invented', async () => {
  const ana = await addLearner(app, world, 'ana');
  await send(passed('ana', 'ALL.1', 3), passed('ana', 'ALL.2', 4));
  const levels = () =>
    rowsOf(`select item_id, current_level, direct_level, source, supporting, confidence from progress.competency_progress p
      where generation = (select max(generation) from progress.competency_progress) order by item_id`);
  const before = await levels();
  await app.database.pool.query('delete from progress.competency_progress');
  await app.database.pool.query(`update progress.evidence set level = 1 where item_id = $1`, [itemIdOf('ALL.1')]);
  await app.database.pool.query(`insert into progress.evidence select learner_id, gen_random_uuid(), item_id, 5, gen_random_uuid(), rule_id, authority_key,
    occurred_at, expires_at, retraction, positive, weight, version_id, kind, source_id, attempt_key, attempts from progress.evidence limit 1`);

  const told: number[][] = [];
  await app.modules.progress.rebuild((learners, statements) => told.push([learners, statements]));

  expect(told).toEqual([[1, 2]]);
  expect(await levels()).toEqual(before);
  expect(await levelsOf(ana)).toEqual({ 'ALL.1': 3, 'ALL.2': 4, ALL: 3 });
  expect(await verify()).toEqual([]);
});

test('a rebuild that was interrupted goes on with those not done, and readers see the old levels until the last is', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 210; index += 1) ids.push(await addLearner(app, world, `person-${index}`));
  await send(...ids.map((_id, index) => passed(`person-${index}`, 'ANY.1', 3)));
  await app.database.pool.query('update progress.competency_progress set current_level = 1');
  const seen = async () => new Set([...(await app.modules.progress.progressOf(ids, null)).values()].flat().map((row) => row.currentLevel));
  const stop = new Error('interrupted');
  const unbuilt = async () => (await rowsOf(`select count(*)::int as count from progress.learner_generation where not built`))[0]?.count;

  await expect(
    app.modules.progress.rebuild(() => {
      throw stop;
    }),
  ).rejects.toBe(stop);
  const left = await unbuilt();
  expect([60, 110, 160]).toContain(left);
  expect(await seen()).toEqual(new Set([1]));
  const told: number[] = [];
  await app.modules.progress.rebuild((learners) => told.push(learners));

  expect(told.at(-1)).toBe(left);
  expect(await unbuilt()).toBe(0);
  expect(await seen()).toEqual(new Set([3]));
  expect(await verify()).toEqual([]);
});

test('when evidence ends, the level falls at that instant for readers, and once for events when the scheduler comes by', async () => {
  const ana = await addLearner(app, world, 'ana');
  const rules = await app.modules.progress.ruleSets.createVersion({
    code: 'SHORT',
    title: 'Valid for ten days',
    rules: [{ ...PLAIN_RULE, activityIri: activityIri('ANY.1'), verbs: [PASSED], itemId: itemIdOf('ANY.1'), level: 5, validDays: 10 }],
  });
  await app.modules.progress.ruleSets.activate({ versionId: rules.id, from: null });
  await send(passed('ana', 'ANY.1', 2, { timestamp: START.toISOString() }));
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 5, ANY: 5 });
  expect(await app.modules.progress.expire(100)).toBe(0);

  now = new Date(START.getTime() + 10 * DAY_MS);
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 2, ANY: 2 });
  expect(await verify()).toEqual([]);
  expect(await app.modules.progress.expire(100)).toBe(1);
  expect(await app.modules.progress.expire(100)).toBe(0);

  const events = (await app.modules.progress.eventsOf([ana], 10)).filter((event) => event.cause === 'EXPIRY');
  expect(new Map(events.map(({ itemId, ...event }) => [itemId, [event.fromLevel, event.toLevel, event.createdAt]]))).toEqual(
    new Map([itemIdOf('ANY'), itemIdOf('ANY.1')].map((id) => [id, [5, 2, now]])),
  );
  expect(await rowsOf(`select distinct current_level as level from progress.competency_progress where learner_id = '${ana}'`)).toEqual([{ level: 2 }]);
});

test.each(['PREFIX', 'PARENT'] as const)('a rule by %s acts on statements stored before it, and its end takes back what it gave', async (match) => {
  const ana = await addLearner(app, world, 'ana');
  const done = 'https://verbs.example/done';
  const parent = { contextActivities: { parent: [{ id: activityIri('ANY.2') }] } };
  await send(passed('ana', 'x', 1, { verb: { id: done }, object: { id: `${activityIri('')}deep/1` }, context: parent }));
  expect(await levelsOf(ana)).toEqual({});

  const activate = async (rule: object, title: string) => {
    const version = await app.modules.progress.ruleSets.createVersion({
      code: 'WIDE',
      title,
      rules: [{ ...PLAIN_RULE, verbs: [done], itemId: itemIdOf('ANY.2'), level: 4, activityIri: activityIri('ANY.2'), ...rule }],
    });
    await app.modules.progress.ruleSets.activate({ versionId: version.id, from: null });
    await app.projector.drain();
  };
  await activate(match === 'PREFIX' ? { match, activityIri: activityIri('deep/') } : { match }, 'wide');
  expect(await levelsOf(ana)).toEqual({ 'ANY.2': 4, ANY: 4 });

  await activate({ verbs: ['https://verbs.example/other'] }, 'narrow');
  expect(await levelsOf(ana)).toEqual({});
  expect(await verify()).toEqual([]);
});

test('caps by kind of activity and by authority hold in the store too, and of several attempts at the same the policy says which counts', async () => {
  const ana = await addLearner(app, world, 'ana');
  const rule = { ...PLAIN_RULE, activityIri: activityIri('ANY.1'), verbs: [PASSED], itemId: itemIdOf('ANY.1'), level: 5 };
  const act = async (input: object) => {
    const version = await app.modules.progress.ruleSets.createVersion({ code: 'TEST', title: 'x', rules: [rule], ...input });
    await app.modules.progress.ruleSets.activate({ versionId: version.id, from: null });
  };
  await send(passed('ana', 'ANY.1', 5));
  const { rows } = await app.database.pool.query('select authority_key::text as key from lrs.statement limit 1');
  await act({ kindCaps: { TEST: 3 } });
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 3, ANY: 3 });
  await act({ kindCaps: { XAPI: 3 }, authorityCaps: { [rows[0].key]: 2 } });
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 2, ANY: 2 });
  await expect(act({ kindCaps: { NOTHING: 3 } })).rejects.toMatchObject({ code: 'INVALID_INPUT', violations: [{ path: '/kindCaps', rule: 'kind' }] });

  const bands = [1, 2, 3, 4, 5].map((level) => ({ scaledMin: level / 5, level }));
  await send(passed('ana', 'ANY.1', 2, { timestamp: '2026-01-02T00:00:00Z' }), passed('ana', 'ANY.1', 4, { timestamp: '2026-01-03T00:00:00Z' }));
  await send(passed('ana', 'ANY.1', 3, { timestamp: '2026-03-15T00:00:00Z' }), passed('ana', 'ANY.1', 1, { timestamp: '2026-01-01T00:00:00Z' }));
  for (const [attempts, level] of [
    ['FIRST', 1],
    ['LATEST', 3],
    ['BEST', 5],
    ['ALL', 5],
  ] as const) {
    await act({ rules: [{ ...rule, bands, attempts }] });
    expect([attempts, await levelsOf(ana)]).toEqual([attempts, { 'ANY.1': level, ANY: level }]);
  }
  expect(await verify()).toEqual([]);
});

/** A second framework whose competencies `from` are said to match `to`, published. */
async function matching(name: string, pairs: readonly (readonly [from: string, to: string])[]): Promise<void> {
  const nodes = [...new Set(pairs.map(([from]) => from))].map((code) => ({ code }));
  const report = await app.modules.competencies.import({
    source: casePackage(nodes, { name, matches: pairs }),
    kind: 'EXTERNAL',
    defaultRollup: 'ANY_OF',
    publish: true,
    dryRun: false,
  });
  expect(report.outcome).toBe('IMPORTED');
}

const approve = (origin: string, destination: string, twoWay: boolean) =>
  app.modules.competencies.approveEquivalence({ originId: itemIdOf(origin), destinationId: itemIdOf(destination), twoWay, reason: 'agreed' });

test('a match alone carries nothing; approved it does, one way or both, and revoked no longer', async () => {
  const ana = await addLearner(app, world, 'ana');
  await matching('other', [['O.1', 'ANY.1']]);
  await send(passed('ana', 'ANY.1', 3));
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 3, ANY: 3 });

  const oneWay = await approve('ANY.1', 'O.1', false);
  await app.projector.drain();
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 3, ANY: 3, 'O.1': 3 });

  await app.modules.competencies.revokeEquivalence(oneWay.id);
  await app.projector.drain();
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 3, ANY: 3 });

  // The other way round nothing flows yet; two-way it does.
  const back = await approve('O.1', 'ANY.1', false);
  await app.projector.drain();
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 3, ANY: 3 });
  await app.modules.competencies.revokeEquivalence(back.id);
  await approve('O.1', 'ANY.1', true);
  await app.projector.drain();
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 3, ANY: 3, 'O.1': 3 });
  expect(await verify()).toEqual([]);
});

test('an approval given for a time ends by itself', async () => {
  const ana = await addLearner(app, world, 'ana');
  await matching('other', [['O.1', 'ANY.1']]);
  await send(passed('ana', 'ANY.1', 3));
  const term = { originId: itemIdOf('ANY.1'), destinationId: itemIdOf('O.1'), twoWay: false, reason: 'for a year' };
  await expect(app.modules.competencies.approveEquivalence({ ...term, validUntil: now })).rejects.toMatchObject({
    violations: [{ path: '/validUntil', rule: 'period' }],
  });
  await app.modules.competencies.approveEquivalence({ ...term, validUntil: new Date(now.getTime() + DAY_MS) });
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 3, ANY: 3, 'O.1': 3 });
  expect(await app.modules.competencies.endEquivalences()).toBe(0);

  now = new Date(now.getTime() + DAY_MS);
  expect(await app.modules.competencies.endEquivalences()).toBe(1);
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 3, ANY: 3 });
});

test('an approval without a match, for the second time, or that makes a part its own whole is refused, the loop named; nothing changes', async () => {
  await matching('other', [
    ['X', 'ANY.1'],
    ['Y', 'ANY'],
    ['X', 'Y'],
  ]);
  await approve('X', 'ANY.1', true);
  await approve('Y', 'ANY', true);
  const approvals = () => rowsOf('select * from competency.equivalence_approval order by id');
  const before = await approvals();

  const refusals = [
    [approve('ALL.1', 'X', true), 'INVALID_INPUT', 'exact-match'],
    [approve('X', 'ANY.1', false), 'CONFLICT', 'unique'],
    [approve('X', 'X', true), 'INVALID_INPUT', 'two-ends'],
  ] as const;
  for (const [refused, code, rule] of refusals) await expect(refused).rejects.toMatchObject({ code, violations: [{ path: '/destinationId', rule }] });
  // X stands for ANY.1 and Y for ANY, of which ANY.1 is a part.
  await expect(approve('X', 'Y', true)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/^isChildOf would run in a circle once matches are merged: (\S+) -> \1$/),
    violations: [{ path: '/destinationId', rule: 'acyclic' }],
  });
  expect(await approvals()).toEqual(before);
});

test('an identifier taken from a learner takes its evidence along, which counts for whoever it is linked to next', async () => {
  const ana = await addLearner(app, world, 'ana');
  const budi = await addLearner(app, world, 'budi');
  await send(passed('ana', 'ANY.1', 3), passed('budi', 'ANY.2', 1));
  const identity = { kind: 'account', homePage: HOME_PAGE, value: 'ana' } as const;

  const before = await rowsOf('select * from people.agent_identity order by id');
  await expect(app.modules.people.removeIdentity(budi, identity)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    violations: [{ path: '/identity', rule: 'reference' }],
  });
  expect(await rowsOf('select * from people.agent_identity order by id')).toEqual(before);
  expect(await levelsOf(ana)).toEqual({ 'ANY.1': 3, ANY: 3 });

  await app.modules.people.removeIdentity(ana, identity);
  expect(await levelsOf(ana)).toEqual({});
  expect((await app.modules.progress.eventsOf([ana], 10)).filter((event) => event.cause === 'IDENTITY')).toHaveLength(2);
  await app.modules.people.addIdentity(budi, identity);
  await app.projector.drain();
  expect(await levelsOf(budi)).toEqual({ 'ANY.1': 3, 'ANY.2': 1, ANY: 3 });
  expect(await verify()).toEqual([]);
});
