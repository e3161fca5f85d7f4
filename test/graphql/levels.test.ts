import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { activityIri, addLearner, buildWorld, casePackage, itemIdOf, PASSED, passed, type World } from '../support/world.ts';

let app: TestApp;
let world: World;
let activityId: string;

beforeAll(async () => {
  app = await startTestApp();
  world = await buildWorld(app);
  const { body } = await app.graphql('{ learningActivities(first: 50) { nodes { id iri } } }');
  activityId = body.data.learningActivities.nodes.find(({ iri }: { iri: string }) => iri === activityIri('ANY.1')).id;
});
afterAll(() => app.close());

const CREATE = `mutation ($input: EvidenceRuleSetVersionCreateInput!) { evidenceRuleSetVersionCreate(input: $input) {
  userErrors { code path rule } evidenceRuleSetVersion { id rules { match activityIri scaledMax durationMinSeconds category positive weight bands { scaledMin level } } } } }`;

const rule = (extra: object = {}) => ({ activityId, verbs: [PASSED], competencyId: toGlobalId('Competency', itemIdOf('ANY.1')), level: 3, ...extra });

async function create(code: string, ...rules: readonly object[]) {
  const { body } = await app.graphql(CREATE, { input: { code, title: code, rules } });
  return body.data.evidenceRuleSetVersionCreate;
}

const DRY_RUN = `query ($statement: String!, $version: ID, $authority: UUID) { evidenceDryRun(statement: $statement, ruleSetVersionId: $version, authorityKey: $authority) {
  violations { path rule } matches { level rule { weight positive } } misses { reason explanation } } }`;

const statement = (extra: Record<string, unknown> = {}): string => JSON.stringify(passed('nobody', 'ANY.1', 4, extra));

test('a rule is written with every condition and read back as it was written', async () => {
  const bands = [
    { scaledMin: 0.5, level: 2 },
    { scaledMin: 0.8, level: 5 },
  ];
  const wide = { match: 'PREFIX', activityId: null, iri: 'https://content.example/', level: 1, positive: false, weight: 250, category: 'https://c.example' };
  const created = await create('WRITTEN', rule({ bands, scaledMax: 0.9, durationMinSeconds: 60 }), rule(wide));

  const shared = { scaledMax: null, durationMinSeconds: null, category: null, positive: true, weight: 1_000, bands: [] };
  expect(created.userErrors).toEqual([]);
  expect(created.evidenceRuleSetVersion.rules).toEqual([
    { ...shared, match: 'ACTIVITY', activityIri: activityIri('ANY.1'), scaledMax: 0.9, durationMinSeconds: 60, bands },
    { ...shared, match: 'PREFIX', activityIri: 'https://content.example/', category: 'https://c.example', positive: false, weight: 250 },
  ]);
});

test.each([
  ['a prefix without iri', { match: 'PREFIX', activityId: null }, '/rules/0/iri', 'match'],
  ['an activity with iri', { iri: 'https://x.example' }, '/rules/0/activityId', 'match'],
  ['a weight of 0', { weight: 0 }, '/rules/0/weight', 'range'],
  ['a weight of 1001', { weight: 1_001 }, '/rules/0/weight', 'range'],
  ['scores the wrong way round', { scaledMin: 0.8, scaledMax: 0.7 }, '/rules/0/scaledMax', 'range'],
  ['a score above 1', { scaledMax: 1.1 }, '/rules/0/scaledMax', 'range'],
  ['no time', { durationMinSeconds: 0 }, '/rules/0/durationMinSeconds', 'range'],
  ['bands out of order', { bands: [0.8, 0.5].map((scaledMin) => ({ scaledMin, level: 1 })) }, '/rules/0/bands/1/scaledMin', 'ascending'],
  ['a band of an unknown level', { bands: [{ scaledMin: 0.5, level: 9 }] }, '/rules/0/bands/0/level', 'level-has-descriptor'],
])('a rule with %s is refused with its place, and changes nothing', async (_what, extra, path, broken) => {
  const before = await app.counts();

  expect(await create('REFUSED', rule(extra))).toEqual({ userErrors: [{ code: 'INVALID_INPUT', path, rule: broken }], evidenceRuleSetVersion: null });
  expect(await app.counts()).toEqual(before);
});

test('a dry run tells what matches, also of a draft, what does not and why, and what is wrong; it stores nothing', async () => {
  const draft = (await create('DRAFT', rule({ weight: 300, positive: false, level: 2 }), rule({ scaledMin: 0.9 }))).evidenceRuleSetVersion.id;
  const before = await app.counts();
  const run = async (variables: object) => (await app.graphql(DRY_RUN, { statement: statement(), ...variables })).body.data.evidenceDryRun;

  expect(await run({ version: draft })).toEqual({
    violations: [],
    matches: [{ level: 2, rule: { weight: 300, positive: false } }],
    misses: [{ reason: 'SCORE_TOO_LOW', explanation: 'Its scaled score is missing or below what a rule asks.' }],
  });
  const counting = await run({});
  expect(counting.matches.map(({ level }: { level: number }) => level).sort()).toEqual([1, 2, 3, 4]);
  expect(counting.misses.map(({ reason }: { reason: string }) => reason)).toEqual(['SCORE_TOO_LOW']);
  expect(await run({ statement: statement({ verb: {} }) })).toEqual({
    violations: [{ path: '/verb/id', rule: expect.stringContaining('Data') }],
    matches: [],
    misses: [],
  });
  expect(await app.counts()).toEqual(before);
});

test.each([
  ['no JSON', '{'],
  ['JSON nested too deep', `${'['.repeat(100)}${']'.repeat(100)}`],
])('a dry run of %s is refused', async (_what, text) => {
  const { status, body } = await app.graphql(DRY_RUN, { statement: text });

  expect({ status, path: body.errors?.[0]?.extensions.violations?.[0]?.path }).toEqual({ status: 400, path: '/statement' });
});

test.each(['LEARNER', 'PARTNER'] as const)('a %s may not make dry runs', async (role) => {
  const of =
    role === 'LEARNER'
      ? { learnerId: await addLearner(app, world, 'dry') }
      : { partnerId: (await app.modules.access.createPartner({ code: 'P', name: 'P', kind: 'UNIVERSITY' })).id };
  const token = await app.createToken(role, of);
  const { status, body } = await app.graphql(DRY_RUN, { statement: statement() }, token);

  expect({ status, code: body.errors?.[0]?.extensions.code }).toEqual({ status: 403, code: 'FORBIDDEN' });
});

test('progress tells its confidence, and that it comes from a competency that stands for another', async () => {
  const learnerId = await addLearner(app, world, 'ana');
  const source = casePackage([{ code: 'O.1' }], { name: 'other', matches: [['O.1', 'ANY.1']] });
  await app.modules.competencies.import({ source, kind: 'EXTERNAL', defaultRollup: 'NONE', publish: true, dryRun: false });
  const [origin, destination] = ['ANY.1', 'O.1'].map((code) => toGlobalId('Competency', itemIdOf(code)));
  const approve = `mutation ($input: CompetencyEquivalenceApproveInput!) { competencyEquivalenceApprove(input: $input) {
    userErrors { path rule } equivalence { id twoWay reason revokedAt origin { code } destination { code equivalences { twoWay } } } } }`;
  const { body } = await app.graphql(approve, { input: { originId: origin, destinationId: destination, twoWay: false, reason: 'agreed by both' } });
  expect(body.data.competencyEquivalenceApprove).toEqual({
    userErrors: [],
    equivalence: {
      id: expect.stringMatching(/^eqv_/),
      twoWay: false,
      reason: 'agreed by both',
      revokedAt: null,
      origin: { code: 'ANY.1' },
      destination: { code: 'O.1', equivalences: [{ twoWay: false }] },
    },
  });
  await app.xapi('POST', '/statements', { body: passed('ana', 'ANY.1', 4) });
  await app.projector.drain();

  const query = '{ learners(first: 50) { nodes { id name progress { current source confidence why competency { code } } } } }';
  const { body: answer } = await app.graphql(query);
  const ana = answer.data.learners.nodes.find(({ name }: { name: string }) => name === 'Learner ana');
  expect(learnerId).not.toBe('');
  expect(
    ana.progress.map((row: { competency: { code: string }; current: number; source: string; confidence: number }) => [
      row.competency.code,
      row.current,
      row.source,
      row.confidence,
    ]),
  ).toEqual([
    ['ANY', 4, 'ROLLUP', 1],
    ['ANY.1', 4, 'DIRECT', 1],
    ['O.1', 4, 'EQUIVALENT', 1],
  ]);
});

test('the level rule of a draft is set whole, and N_OF needs its number', async () => {
  const report = await app.modules.competencies.import({
    source: casePackage([{ code: 'D' }, { code: 'D.1', parent: 'D' }], { name: 'draft' }),
    kind: 'EXTERNAL',
    defaultRollup: 'NONE',
    publish: false,
    dryRun: false,
  });
  const set = `mutation ($input: CompetencyRollupSetInput!) { competencyRollupSet(input: $input) {
    userErrors { path rule } competency { rollup rollupCount rollupOnly policy minDistinctSources threshold halfLifeDays } } }`;
  const input = {
    frameworkVersionId: toGlobalId('FrameworkVersion', report.versionId ?? ''),
    competencyId: toGlobalId('Competency', itemIdOf('D')),
    rollup: 'N_OF',
  };

  const refused = (await app.graphql(set, { input })).body.data.competencyRollupSet;
  expect(refused).toEqual({ userErrors: [{ path: '/count', rule: 'n-of' }], competency: null });
  const done = await app.graphql(set, {
    input: { ...input, count: 2, rollupOnly: true, policy: 'WEIGHTED', minDistinctSources: 2, threshold: 1_500, halfLifeDays: 365 },
  });
  expect(done.body.data.competencyRollupSet).toEqual({
    userErrors: [],
    competency: { rollup: 'N_OF', rollupCount: 2, rollupOnly: true, policy: 'WEIGHTED', minDistinctSources: 2, threshold: 1_500, halfLifeDays: 365 },
  });
});

test('stored statements are asked about against any rules: what they would give and why not, to vendors of their own alone', async () => {
  const partner = await app.modules.access.createPartner({ code: 'DRY', name: 'Dry', kind: 'CONTENT_VENDOR' });
  const [own, token] = [await app.createCredential(['statements/write'], partner.id), await app.createToken('VENDOR', { partnerId: partner.id })];
  const send = async (credential: typeof own, level: number) =>
    ((await app.xapi('POST', '/statements', { body: passed('nobody', 'ANY.1', level), credential })).body as unknown as string[])[0] ?? '';
  const [mine, foreign] = [await send(own, 4), await send(app.credential, 4)];
  const draft = (await create('STORED', rule({ scaledMin: 0.9 }))).evidenceRuleSetVersion;
  const { body: listed } = await app.graphql('{ evidenceRuleSets(first: 50) { nodes { code versions { id } } } }');
  const version = listed.data.evidenceRuleSets.nodes.find(({ code }: { code: string }) => code === 'STORED').versions[0].id;
  const ask = async (ids: readonly string[], v: string | null, by?: string) =>
    (
      await app.graphql(
        'query ($ids: [UUID!]!, $v: ID) { evidenceDryRunStored(statementIds: $ids, ruleSetVersionId: $v) { matches { level } misses { reason } } }',
        { ids, v },
        by,
      )
    ).body.data.evidenceDryRunStored;
  const levelsOf = (found: { matches: { level: number }[] } | null) => found?.matches.map(({ level }) => level).sort() ?? null;

  expect(draft.rules).toHaveLength(1);
  expect((await ask([mine, foreign], null)).map(levelsOf)).toEqual([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ]);
  expect(await ask([mine], version)).toEqual([{ matches: [], misses: [{ reason: 'SCORE_TOO_LOW' }] }]);
  expect((await ask([foreign, mine], null, token)).map(levelsOf)).toEqual([null, [1, 2, 3, 4]]);
});
