import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, HOME_PAGE, itemIdOf, passed, type World } from '../support/world.ts';

const NOW = new Date('2026-05-01T00:00:00Z');

let app: TestApp;
let world: World;
let ana: string;
let anna: string;
let chief: string;

beforeEach(async () => {
  app = await startTestApp({ clock: { now: () => NOW } });
  world = await buildWorld(app);
  ana = await addLearner(app, world, 'ana');
  anna = await addLearner(app, world, 'anna');
  chief = await addLearner(app, world, 'chief');
  await send(passed('ana', 'ALL.1', 3), passed('anna', 'ALL.2', 4));
});
afterEach(() => app.close());

async function send(...statements: readonly Record<string, unknown>[]): Promise<void> {
  expect((await app.xapi('POST', '/statements', { body: statements })).status).toBe(200);
  await app.projector.drain();
}

const account = (value: string) => ({ kind: 'account', homePage: HOME_PAGE, value }) as const;

async function levels(learnerId: string): Promise<Record<string, number>> {
  const rows = (await app.modules.progress.progressOf([learnerId], null)).get(learnerId) ?? [];
  const items = new Map((await app.modules.competencies.competenciesById(rows.map((row) => row.itemId))).map((item) => [item.id, item.code]));
  return Object.fromEntries(rows.filter((row) => row.currentLevel > 0).map((row) => [items.get(row.itemId), row.currentLevel]));
}

async function verify(): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  await app.modules.progress.verify((_learners, differences) => found.push(...differences));
  return found;
}

const judged = {
  itemId: itemIdOf('ANY.1'),
  level: 2,
  positive: true,
  weight: 1_000,
  kind: 'SUPERVISOR',
  assessorPartnerId: null,
  occurredAt: NOW,
  validUntil: null,
  note: '',
} as const;

test('two learners who are one person become one: levels, positions, enrolments, ratings, tokens; what comes in later counts for them', async () => {
  await app.modules.progress.others.assess({ ...judged, learnerId: anna, assessorLearnerId: chief });
  await app.modules.progress.others.assess({ ...judged, learnerId: chief, assessorLearnerId: anna });
  const unit = await app.modules.people.createUnit({ code: 'U', name: 'Unit', kind: 'OPD', parentId: null });
  const holding = { positionId: world.positionId, unitId: unit.id, validFrom: new Date('2026-01-01T00:00:00Z'), validTo: null };
  await app.modules.people.createHolding({ ...holding, learnerId: anna });
  const token = await app.createToken('LEARNER', { learnerId: anna });

  await app.modules.people.mergeLearners(anna, ana, 'registrar');

  expect(await levels(ana)).toEqual({ 'ALL.1': 3, 'ALL.2': 4, ALL: 3, 'ANY.1': 2, ANY: 2 });
  expect(await app.modules.people.learnersById({ role: 'ADMIN' }, [anna])).toEqual([]);
  expect((await app.modules.people.identitiesOfLearners([ana])).map((row) => row.ifiValue).sort()).toEqual(['ana', 'anna']);
  expect(await app.modules.people.holdingsOfLearners([ana])).toHaveLength(1);
  expect(await app.modules.training.enrolmentsOfLearners([ana])).toHaveLength(1);
  expect((await app.modules.progress.others.assessmentsOf([chief])).map((row) => row.assessorLearnerId)).toEqual([ana]);
  expect((await app.graphql('{ me { id } }', {}, token)).body.data.me.id).toBe(toGlobalId('Learner', ana));
  expect(
    (await app.modules.progress.eventsOf([ana], 50))
      .filter((event) => event.cause === 'IDENTITY')
      .map((event) => event.toLevel)
      .sort((a, b) => a - b),
  ).toEqual([2, 2, 3, 4]);
  const tables = ['progress.evidence', 'progress.competency_progress', 'progress.progress_event', 'progress.assessment', 'training.enrolment'];
  for (const table of tables) expect((await app.database.pool.query(`select from ${table} where learner_id = $1`, [anna])).rowCount).toBe(0);

  await send(passed('anna', 'ALL.2', 5), passed('ana', 'ALL.1', 5));
  expect(await levels(ana)).toMatchObject({ 'ALL.1': 5, 'ALL.2': 5, ALL: 5 });
  expect(await verify()).toEqual([]);
});

test('nobody is left as a judge of themselves by a merge', async () => {
  await app.modules.progress.others.assess({ ...judged, learnerId: ana, assessorLearnerId: anna });
  const override = {
    learnerId: anna,
    itemId: itemIdOf('ANY.2'),
    level: 5,
    reason: 'x',
    decidedById: ana,
    validFrom: NOW,
    validUntil: new Date('2026-06-01T00:00:00Z'),
  };
  await app.modules.progress.others.override({ ...override, countsForRollup: false });
  const claim = await app.modules.progress.others.submitClaim({
    learnerId: ana,
    itemId: itemIdOf('ANY.1'),
    level: 4,
    description: 'x',
    issuer: 'x',
    documentUrl: null,
    achievedOn: NOW,
  });
  await app.modules.progress.others.decideClaim({ claimId: claim.id, reviewerId: anna, reason: 'x', accepted: { level: 4, validUntil: null } });

  await app.modules.people.mergeLearners(anna, ana);

  expect(await levels(ana)).toEqual({ 'ALL.1': 3, 'ALL.2': 4, ALL: 3 });
  expect((await app.modules.progress.others.claimsOf([ana])).map((row) => [row.status, row.reviewerId])).toEqual([['SUBMITTED', null]]);
  expect(await verify()).toEqual([]);
});

test('a learner who is two people becomes two, each with what their own statements gave, at once; and merged again they are one', async () => {
  await app.modules.people.addIdentity(ana, account('twin'));
  await send(passed('twin', 'ANY.1', 4));
  expect(await levels(ana)).toEqual({ 'ALL.1': 3, 'ANY.1': 4, ANY: 4 });

  const { id } = await app.modules.people.splitLearner(ana, { name: 'Twin', staffCategory: 'PPPK', identities: [account('twin')] });
  expect([await levels(ana), await levels(id)]).toEqual([{ 'ALL.1': 3 }, { 'ANY.1': 4, ANY: 4 }]);
  expect(await verify()).toEqual([]);

  await app.modules.people.mergeLearners(id, ana);
  expect(await levels(ana)).toEqual({ 'ALL.1': 3, 'ANY.1': 4, ANY: 4 });
  expect(await verify()).toEqual([]);
});

test('a merge while a change of rules is being built is in the old levels and in the new', async () => {
  const other = await startTestApp({ clock: { now: () => NOW }, databaseUrl: app.databaseUrl, settings: { PROGRESS_BUILD_PAGE: '1' } });
  try {
    const { progress, people } = other.modules;
    await progress
      .rebuild((learners) => {
        if (learners === 1) throw new Error('interrupted');
      })
      .catch(() => undefined);
    await people.mergeLearners(anna, ana);
    const expected = { 'ALL.1': 3, 'ALL.2': 4, ALL: 3 };
    expect(await levels(ana)).toEqual(expected);
    while ((await progress.build()) !== null);
    expect((await progress.view()).generation).toBeGreaterThan(1);
    expect(await levels(ana)).toEqual(expected);
    expect(await verify()).toEqual([]);
  } finally {
    await other.close();
  }
});

test('a merge with oneself or with nobody, and a split that names no identifier or a foreign one, are refused; nothing changes', async () => {
  const before = await app.counts();
  const split = (...values: readonly string[]) => app.modules.people.splitLearner(ana, { name: 'Twin', staffCategory: 'PNS', identities: values.map(account) });
  const refusals: readonly (readonly [Promise<unknown>, string, string])[] = [
    [app.modules.people.mergeLearners(ana, ana), '/intoId', 'two-learners'],
    [app.modules.people.mergeLearners(world.batchId, ana), '/fromId', 'reference'],
    [app.modules.people.mergeLearners(ana, world.batchId), '/intoId', 'reference'],
    [split(), '/identities', 'not-empty'],
    [split('ana', 'anna'), '/identities/1', 'reference'],
  ];
  for (const [refused, path, rule] of refusals) await expect(refused).rejects.toMatchObject({ code: 'INVALID_INPUT', violations: [{ path, rule }] });
  expect(await app.counts()).toEqual(before);
});

test('the trail tells who did what to whom, and goes with whoever is erased', async () => {
  const merge = await app.graphql('mutation ($from: ID!, $into: ID!) { learnerMerge(fromId: $from, intoId: $into) { userErrors { rule } learner { id } } }', {
    from: toGlobalId('Learner', anna),
    into: toGlobalId('Learner', ana),
  });
  expect(merge.body.data.learnerMerge).toEqual({ userErrors: [], learner: { id: toGlobalId('Learner', ana) } });
  const split = await app.graphql(
    'mutation ($input: LearnerSplitInput!) { learnerSplit(input: $input) { userErrors { rule } learner { id name identityChanges { kind changedBy } } } }',
    {
      input: {
        learnerId: toGlobalId('Learner', ana),
        name: 'Anna',
        staffCategory: 'PNS',
        identities: [{ ifiKind: 'account', homePage: HOME_PAGE, ifiValue: 'anna' }],
      },
    },
  );
  expect(split.body.data.learnerSplit).toMatchObject({ userErrors: [], learner: { name: 'Anna', identityChanges: [{ kind: 'SPLIT', changedBy: 'test' }] } });
  const query = 'query ($id: ID!) { learner(id: $id) { identityChanges { kind otherLearnerId changedBy identifiers { ifiValue } } } }';
  const seen = await app.graphql(query, { id: toGlobalId('Learner', ana) });
  expect(seen.body.data.learner.identityChanges).toEqual([
    { kind: 'SPLIT', otherLearnerId: split.body.data.learnerSplit.learner.id, changedBy: 'test', identifiers: [{ ifiValue: 'anna' }] },
    { kind: 'MERGED', otherLearnerId: toGlobalId('Learner', anna), changedBy: 'test', identifiers: [{ ifiValue: 'anna' }] },
    // What happened to the one who is no more is told of the one they are.
    { kind: 'LINKED', otherLearnerId: null, changedBy: null, identifiers: [{ ifiValue: 'anna' }] },
    { kind: 'LINKED', otherLearnerId: null, changedBy: null, identifiers: [{ ifiValue: 'ana' }] },
  ]);
  await app.modules.people.eraseLearner(ana);
  expect((await app.database.pool.query('select from people.identity_change where learner_id = $1 or other_learner_id = $1', [ana])).rowCount).toBe(0);
});
