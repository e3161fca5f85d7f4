import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, itemIdOf, passed, type World } from '../support/world.ts';

const START = new Date('2026-04-01T00:00:00Z');
const day = (n: number): Date => new Date(START.getTime() + n * 86_400_000);

let app: TestApp;
let world: World;
let now: Date;
let ana: string;
let chief: string;

beforeEach(async () => {
  now = START;
  app = await startTestApp({ clock: { now: () => now } });
  world = await buildWorld(app);
  ana = await addLearner(app, world, 'ana');
  chief = await addLearner(app, world, 'chief');
});
afterEach(() => app.close());

const others = () => app.modules.progress.others;

async function levels(learnerId = ana, asOf: Date | null = null): Promise<Record<string, readonly [current: number, computed: number]>> {
  const rows = (await app.modules.progress.progressOf([learnerId], asOf)).get(learnerId) ?? [];
  const items = new Map((await app.modules.competencies.competenciesById(rows.map((row) => row.itemId))).map((item) => [item.id, item.code]));
  return Object.fromEntries(rows.map((row) => [items.get(row.itemId), [row.currentLevel, row.computedLevel]]));
}

async function verify(): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  await app.modules.progress.verify((_learners, differences) => found.push(...differences));
  return found;
}

const assessment = {
  kind: 'ASSESSOR',
  level: 3,
  positive: true,
  weight: 1_000,
  assessorPartnerId: null,
  occurredAt: START,
  validUntil: null,
  note: 'seen at work',
} as const;
const assess = (input: object = {}) => others().assess({ ...assessment, learnerId: ana, itemId: itemIdOf('ANY.1'), assessorLearnerId: chief, ...input });

test('what an assessor saw counts at once, beside statements, until its day, and taken back it never was', async () => {
  expect((await app.xapi('POST', '/statements', { body: [passed('ana', 'ANY.1', 2, { timestamp: START.toISOString() })] })).status).toBe(200);
  await app.projector.drain();
  const { id } = await assess({ validUntil: day(10) });
  expect(await levels()).toEqual({ 'ANY.1': [3, 3], ANY: [3, 3] });
  expect(await verify()).toEqual([]);

  now = day(10);
  expect(await levels()).toEqual({ 'ANY.1': [2, 2], ANY: [2, 2] });
  expect(await levels(ana, day(9))).toEqual({ 'ANY.1': [3, 3], ANY: [3, 3] });

  await others().withdraw(id);
  await others().withdraw(id);
  expect(await levels(ana, day(9))).toEqual({ 'ANY.1': [2, 2], ANY: [2, 2] });
  expect(await verify()).toEqual([]);
  const causes = (await app.modules.progress.eventsOf([ana], 20)).map((event) => event.cause);
  expect(new Set(causes)).toEqual(new Set(['STATEMENT', 'ASSESSMENT']));
});

test('claimed prior learning counts once a reviewer accepts it, at the level and for the time accepted, and from the day it was achieved', async () => {
  const claim = await others().submitClaim({
    learnerId: ana,
    itemId: itemIdOf('ANY.2'),
    level: 4,
    description: 'Ran three tenders.',
    issuer: 'LPSE',
    documentUrl: 'https://documents.example/1',
    achievedOn: day(-30),
  });
  expect(await levels()).toEqual({});
  await others().reviewClaim(claim.id, chief);
  expect(await levels()).toEqual({});

  await others().decideClaim({ claimId: claim.id, reviewerId: chief, reason: 'Shown for two of them.', accepted: { level: 3, validUntil: day(100) } });
  expect(await levels()).toEqual({ 'ANY.2': [3, 3], ANY: [3, 3] });
  expect(await levels(ana, day(-29))).toEqual({ 'ANY.2': [3, 3], ANY: [3, 3] });
  expect(await levels(ana, day(-31))).toEqual({});
  expect(await levels(ana, day(100))).toEqual({});
  expect(await verify()).toEqual([]);
  await expect(others().decideClaim({ claimId: claim.id, reviewerId: chief, reason: 'x', accepted: null })).rejects.toMatchObject({
    code: 'CONFLICT',
    violations: [{ path: '/id', rule: 'claim-status' }],
  });
});

test('an override stands beside the computed level, for its time, on its own competency; above it counts only when it says so', async () => {
  await assess({ itemId: itemIdOf('ALL.1') });
  await assess({ itemId: itemIdOf('ALL.2') });
  expect(await levels()).toEqual({ 'ALL.1': [3, 3], 'ALL.2': [3, 3], ALL: [3, 3] });

  const input = { learnerId: ana, itemId: itemIdOf('ALL.1'), level: 1, reason: 'on probation', decidedById: chief, validFrom: day(0), validUntil: day(5) };
  const own = await others().override({ ...input, countsForRollup: false });
  expect(await levels()).toEqual({ 'ALL.1': [1, 3], 'ALL.2': [3, 3], ALL: [3, 3] });

  now = day(1);
  await others().override({ ...input, level: 2, validFrom: day(2), countsForRollup: true });
  expect(await levels()).toEqual({ 'ALL.1': [1, 3], 'ALL.2': [3, 3], ALL: [3, 3] });
  expect(await levels(ana, day(2))).toEqual({ 'ALL.1': [2, 3], 'ALL.2': [3, 3], ALL: [2, 2] });
  now = day(2);
  expect(await app.modules.progress.expire(10)).toBe(1);
  expect(await levels()).toEqual({ 'ALL.1': [2, 3], 'ALL.2': [3, 3], ALL: [2, 2] });

  now = day(5);
  expect(await levels()).toEqual({ 'ALL.1': [3, 3], 'ALL.2': [3, 3], ALL: [3, 3] });
  expect(await app.modules.progress.expire(10)).toBe(1);
  expect(await verify()).toEqual([]);
  await others().revokeOverride(own.id);
  expect(await levels(ana, day(1))).toEqual({ 'ALL.1': [1, 3], 'ALL.2': [3, 3], ALL: [3, 3] });
});

test('an override ended before its time said what it said until then', async () => {
  const input = { learnerId: ana, itemId: itemIdOf('ANY.1'), level: 4, reason: 'acting', decidedById: chief, validFrom: day(0), validUntil: day(9) };
  const { id } = await others().override({ ...input, countsForRollup: true });
  expect(await levels()).toEqual({ 'ANY.1': [4, 0], ANY: [4, 4] });
  now = day(3);
  await others().revokeOverride(id);
  expect(await levels()).toEqual({});
  expect(await levels(ana, day(2))).toEqual({ 'ANY.1': [4, 0], ANY: [4, 4] });
});

test('nobody judges themselves, and what names no level, no person or no time is refused; nothing changes', async () => {
  const { id: claimId } = await others().submitClaim({
    learnerId: ana,
    itemId: itemIdOf('ANY.1'),
    level: 2,
    description: 'x',
    issuer: 'x',
    documentUrl: null,
    achievedOn: START,
  });
  const override = {
    learnerId: ana,
    itemId: itemIdOf('ANY.1'),
    level: 2,
    reason: 'x',
    decidedById: chief,
    validFrom: day(0),
    validUntil: day(1),
    countsForRollup: false,
  };
  const before = await app.counts();
  const refusals: readonly (readonly [Promise<unknown>, string, string])[] = [
    [assess({ assessorLearnerId: ana }), '/assessorId', 'not-oneself'],
    [assess({ assessorLearnerId: null }), '/assessorId', 'one-assessor'],
    [assess({ level: 6 }), '/level', 'level-has-descriptor'],
    [assess({ weight: 0 }), '/weight', 'range'],
    [assess({ validUntil: START }), '/validUntil', 'period'],
    [assess({ learnerId: world.batchId }), '/learnerId', 'reference'],
    [others().reviewClaim(claimId, ana), '/reviewerId', 'not-oneself'],
    [others().decideClaim({ claimId, reviewerId: ana, reason: 'x', accepted: null }), '/reviewerId', 'not-oneself'],
    [others().decideClaim({ claimId, reviewerId: chief, reason: 'x', accepted: { level: 9, validUntil: null } }), '/level', 'level-has-descriptor'],
    [others().override({ ...override, decidedById: ana }), '/decidedById', 'not-oneself'],
    [others().override({ ...override, validUntil: day(0) }), '/validUntil', 'period'],
    [others().override({ ...override, reason: ' ' }), '/reason', 'not-empty'],
  ];
  for (const [refused, path, rule] of refusals) await expect(refused).rejects.toMatchObject({ violations: [{ path, rule }] });
  expect(await app.counts()).toEqual(before);
  expect(await levels()).toEqual({});
});

test('two reviewers who decide at once: one decides, the other is told', async () => {
  const other = await addLearner(app, world, 'other');
  const { id: claimId } = await others().submitClaim({
    learnerId: ana,
    itemId: itemIdOf('ANY.1'),
    level: 2,
    description: 'x',
    issuer: 'x',
    documentUrl: null,
    achievedOn: START,
  });
  const outcomes = await Promise.allSettled(
    [chief, other].map((reviewerId, index) =>
      others().decideClaim({ claimId, reviewerId, reason: 'x', accepted: index === 0 ? { level: 2, validUntil: null } : null }),
    ),
  );
  expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  const [claim] = await others().claimsById([claimId]);
  expect(Object.keys(await levels()).length > 0).toBe(claim?.status === 'ACCEPTED');
});

test('whoever is erased takes what was said of them along; what they said of others stays, by nobody in particular', async () => {
  await assess();
  await others().assess({ ...assessment, learnerId: chief, itemId: itemIdOf('ANY.1'), assessorLearnerId: ana });
  await app.modules.people.eraseLearner(ana);

  const { rows } = await app.database.pool.query('select learner_id::text, assessor_learner_id from progress.assessment');
  expect(rows).toEqual([{ learner_id: chief, assessor_learner_id: null }]);
  expect(await levels(chief)).toEqual({ 'ANY.1': [3, 3], ANY: [3, 3] });
  expect(await verify()).toEqual([]);
});

test('over GraphQL a learner claims for themselves only, an administrator decides, and the evidence tells what it is', async () => {
  const token = await app.createToken('LEARNER', { learnerId: ana });
  const competencyId = toGlobalId('Competency', itemIdOf('ANY.1'));
  const submit = (learnerId: string | null, as: string) =>
    app.graphql(
      `mutation ($input: PriorLearningClaimSubmitInput!) { priorLearningClaimSubmit(input: $input) { userErrors { code path rule } priorLearningClaim { id status level } } }`,
      { input: { learnerId, competencyId, level: 2, description: 'x', issuer: 'LPSE', achievedOn: '2026-01-01T00:00:00Z' } },
      as,
    );
  const foreign = await submit(toGlobalId('Learner', chief), token);
  expect(foreign.body.data.priorLearningClaimSubmit.userErrors).toEqual([{ code: 'FORBIDDEN', path: '/learnerId', rule: 'own-claim' }]);
  const nobody = await submit(null, app.token);
  expect(nobody.body.data.priorLearningClaimSubmit.userErrors).toEqual([{ code: 'INVALID_INPUT', path: '/learnerId', rule: 'required' }]);
  expect(await others().claimsByStatus('SUBMITTED', 10, null)).toEqual([]);
  const { priorLearningClaim: claim } = (await submit(null, token)).body.data.priorLearningClaimSubmit;
  expect(claim).toMatchObject({ status: 'SUBMITTED', level: 2 });

  const waiting = await app.graphql('{ priorLearningClaims(first: 5) { nodes { id learner { name } competency { code } } } }');
  expect(waiting.body.data.priorLearningClaims.nodes).toEqual([{ id: claim.id, learner: { name: 'Learner ana' }, competency: { code: 'ANY.1' } }]);
  const decided = await app.graphql(
    `mutation ($input: PriorLearningClaimDecideInput!) { priorLearningClaimDecide(input: $input) { userErrors { rule } priorLearningClaim { status acceptedLevel reviewer { name } } } }`,
    { input: { id: claim.id, reviewerId: toGlobalId('Learner', chief), accept: true, reason: 'shown' } },
  );
  expect(decided.body.data.priorLearningClaimDecide).toEqual({
    userErrors: [],
    priorLearningClaim: { status: 'ACCEPTED', acceptedLevel: 2, reviewer: { name: 'Learner chief' } },
  });
  await others().override({
    learnerId: ana,
    itemId: itemIdOf('ANY.1'),
    level: 4,
    reason: 'acting',
    decidedById: chief,
    validFrom: day(-1),
    validUntil: day(9),
    countsForRollup: false,
  });
  const seen = await app.graphql(
    `query ($id: ID!) { learner(id: $id) { priorLearningClaims { status } competencyOverrides { level } assessments { id }
      progress { competency { code } current computed source why override { level reason } evidence { kind statementId rule { id } priorLearningClaim { issuer } assessment { id } } } } }`,
    { id: toGlobalId('Learner', ana) },
    token,
  );
  const own = seen.body.data.learner.progress.find((row: { competency: { code: string } }) => row.competency.code === 'ANY.1');
  expect(own).toEqual({
    competency: { code: 'ANY.1' },
    current: 4,
    computed: 2,
    source: 'OVERRIDE',
    why: 'Level 4 is set for a time; the computed level is 2.',
    override: { level: 4, reason: 'acting' },
    evidence: [{ kind: 'PRIOR_LEARNING', statementId: null, rule: null, priorLearningClaim: { issuer: 'LPSE' }, assessment: null }],
  });
  expect(seen.body.data.learner).toMatchObject({ priorLearningClaims: [{ status: 'ACCEPTED' }], competencyOverrides: [{ level: 4 }], assessments: [] });
});
