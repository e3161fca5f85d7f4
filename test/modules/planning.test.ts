import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { digestKey } from '../../src/kernel/ids.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, casePackage, itemIdOf, NODES, passed, type World } from '../support/world.ts';

const NOW = new Date('2026-05-01T00:00:00Z');

let app: TestApp;
let world: World;
let unit: string;
let below: string;

beforeEach(async () => {
  app = await startTestApp({ clock: { now: () => NOW } });
  world = await buildWorld(app);
  unit = (await app.modules.people.createUnit({ code: 'OPD', name: 'Agency', kind: 'OPD', parentId: null })).id;
  below = (await app.modules.people.createUnit({ code: 'BID', name: 'Division', kind: 'BIDANG', parentId: unit })).id;
});
afterEach(() => app.close());

async function send(...statements: readonly Record<string, unknown>[]): Promise<void> {
  expect((await app.xapi('POST', '/statements', { body: statements })).status).toBe(200);
  await app.projector.drain();
}

/** Somebody who holds the position of the world, which demands ALL at 3, in a unit. */
async function holder(name: string, unitId: string): Promise<string> {
  const learnerId = await addLearner(app, world, name);
  await app.modules.people.createHolding({ learnerId, positionId: world.positionId, unitId, validFrom: new Date('2026-01-01T00:00:00Z'), validTo: null });
  return learnerId;
}

const MINE = `positionMatch { percent requirements { competency { code } required current gap weight } }
  trainingPath { steps { programVersion { id } batch { number } closes { competency { code } from to } reason } uncovered { competency { code } current level } }`;

test('over GraphQL somebody sees how they meet their position, and the path that closes the gap, with its reasons', async () => {
  const ana = await holder('ana', unit);
  await send(passed('ana', 'ALL.1', 2));
  const { body } = await app.graphql(`query ($id: ID!) { learner(id: $id) { ${MINE} } }`, { id: toGlobalId('Learner', ana) });

  expect(body.data.learner).toEqual({
    positionMatch: { percent: 0, requirements: [{ competency: { code: 'ALL' }, required: 3, current: 0, gap: 3, weight: 1 }] },
    trainingPath: {
      steps: [
        {
          programVersion: { id: toGlobalId('ProgramVersion', world.versionId) },
          batch: { number: 1 },
          closes: expect.arrayContaining([
            { competency: { code: 'ALL.1' }, from: 2, to: 3 },
            { competency: { code: 'ALL.2' }, from: 0, to: 3 },
          ]),
          reason: 'TEST closes ALL.1 from 2 to 3, ALL.2 from 0 to 3: 4 weighted level(s) in 4 JP.',
        },
      ],
      uncovered: [],
    },
  });

  await send(passed('ana', 'ALL.1', 3), passed('ana', 'ALL.2', 5));
  const after = await app.graphql(`query ($id: ID!) { learner(id: $id) { ${MINE} } }`, { id: toGlobalId('Learner', ana) });
  expect(after.body.data.learner).toMatchObject({ positionMatch: { percent: 100 }, trainingPath: { steps: [], uncovered: [] } });
});

test('a page of learners with matches and paths costs the same SQL for one and for many', async () => {
  const query = `query ($first: Int) { learners(first: $first) { nodes { ${MINE} } } }`;
  await holder('ana', unit);
  for (let index = 0; index < 4; index += 1) await holder(`p${index}`, below);
  const count = async (first: number) => {
    app.takeQueries();
    expect((await app.graphql(query, { first })).status).toBe(200);
    return app.takeQueries().length;
  };
  await count(5);
  expect(await count(5)).toBe(await count(1));
});

test('the heat map counts people by unit and competency, and the needs of a unit and those below it come with what covers them', async () => {
  await holder('ana', unit);
  await holder('budi', below);
  await holder('citra', below);
  await send(passed('budi', 'ALL.1', 3), passed('budi', 'ALL.2', 4), passed('citra', 'ALL.1', 2), passed('citra', 'ALL.2', 2));
  const { body } = await app.graphql(
    `query ($id: ID!) { gapHeatMap(unitId: $id) { units { unit { code } people percent } cells { unit { code } competency { code } people below missing } }
      trainingNeeds(unitId: $id) { competency { code } people missing points units { unit { code } people missing points } programs { id } } }`,
    { id: toGlobalId('OrganizationUnit', unit) },
  );
  const byCode = (a: { unit: { code: string } }, b: { unit: { code: string } }) => (a.unit.code < b.unit.code ? -1 : 1);
  expect(body.data.gapHeatMap.units.sort(byCode)).toEqual([
    // (100 + 66.6) / 2
    { unit: { code: 'BID' }, people: 2, percent: 83.3 },
    { unit: { code: 'OPD' }, people: 1, percent: 0 },
  ]);
  expect(body.data.gapHeatMap.cells.sort(byCode)).toEqual([
    { unit: { code: 'BID' }, competency: { code: 'ALL' }, people: 2, below: 1, missing: 1 },
    { unit: { code: 'OPD' }, competency: { code: 'ALL' }, people: 1, below: 1, missing: 3 },
  ]);
  // Nothing assesses ALL itself: its parts are assessed.
  body.data.trainingNeeds[0].units.sort(byCode);
  expect(body.data.trainingNeeds).toEqual([
    {
      competency: { code: 'ALL' },
      people: 2,
      missing: 4,
      points: 4,
      units: [
        { unit: { code: 'BID' }, people: 1, missing: 1, points: 1 },
        { unit: { code: 'OPD' }, people: 1, missing: 3, points: 3 },
      ],
      programs: [],
    },
  ]);

  const inner = await app.graphql('query ($id: ID!) { gapHeatMap(unitId: $id) { units { unit { code } } } }', { id: toGlobalId('OrganizationUnit', below) });
  expect(inner.body.data.gapHeatMap.units).toEqual([{ unit: { code: 'BID' } }]);
  const early = await app.graphql('query ($id: ID!) { gapHeatMap(unitId: $id, asOf: "2025-12-31T00:00:00Z") { units { people } } }', {
    id: toGlobalId('OrganizationUnit', unit),
  });
  expect(early.body.data.gapHeatMap.units).toEqual([]);
});

const load = (
  nodes: Parameters<typeof casePackage>[0],
  version: string,
  change: (source: { CFAssociations: Record<string, unknown>[] }) => void = () => undefined,
) => {
  const source = JSON.parse(casePackage(nodes, { version }));
  change(source);
  return app.modules.competencies.import({ source: JSON.stringify(source), kind: 'TECHNICAL', defaultRollup: 'NONE', publish: true, dryRun: false });
};

test('what is demanded of a competency that no version has any more is unknown, not missing', async () => {
  const ana = await holder('ana', unit);
  expect(
    (
      await load(
        NODES.filter((node) => !node.code.startsWith('ALL')),
        '2',
      )
    ).outcome,
  ).toBe('IMPORTED');
  const { body } = await app.graphql('query ($id: ID!) { learner(id: $id) { positionMatch { percent requirements { current gap } } } }', {
    id: toGlobalId('Learner', ana),
  });
  expect(body.data.learner.positionMatch).toEqual({ percent: null, requirements: [{ current: null, gap: null }] });
});

const replacedBy = (from: string, to: string, levelMap?: Record<string, number>) => ({
  identifier: digestKey('test-replaced', from, to),
  uri: 'https://case.example/r',
  associationType: 'replacedBy',
  originNodeURI: { title: from, identifier: itemIdOf(from), uri: 'https://case.example/o' },
  destinationNodeURI: { title: to, identifier: itemIdOf(to), uri: 'https://case.example/d' },
  ...(levelMap && { extensions: { levelMap } }),
});

async function levels(learnerId: string): Promise<Record<string, number>> {
  const rows = (await app.modules.progress.progressOf([learnerId], null)).get(learnerId) ?? [];
  const items = new Map((await app.modules.competencies.competenciesById(rows.map((row) => row.itemId))).map((item) => [item.id, item.code]));
  return Object.fromEntries(rows.filter((row) => row.currentLevel > 0).map((row) => [items.get(row.itemId), row.currentLevel]));
}

test('evidence follows a competency into its successor through the level map, and stays where it was without one', async () => {
  const ana = await addLearner(app, world, 'ana');
  await send(passed('ana', 'ALL.1', 3), passed('ana', 'ALL.2', 4), passed('ana', 'ANY.1', 2));
  const nodes = [
    { code: 'NEW', rollup: 'ALL_OF' as const },
    { code: 'NEW.1', parent: 'NEW' },
    { code: 'ANY', rollup: 'ANY_OF' as const },
    { code: 'ANY.1', parent: 'ANY' },
  ];
  const report = await load(nodes, '2', (source) => source.CFAssociations.push(replacedBy('ALL.1', 'NEW.1', { '3': 2, '4': 3 })));
  expect(report.outcome).toBe('IMPORTED');
  expect(await levels(ana)).toEqual({ 'NEW.1': 2, NEW: 2, 'ALL.2': 4, 'ANY.1': 2, ANY: 2 });
  const differences: unknown[] = [];
  await app.modules.progress.verify((_learners, found) => differences.push(...found));
  expect(differences).toEqual([]);
});

test('two competencies that become one without saying what their levels are worth are refused, each association named', async () => {
  const report = await load([{ code: 'NEW' }], '2', (source) => source.CFAssociations.push(replacedBy('ALL.1', 'NEW'), replacedBy('ALL.2', 'NEW')));
  expect(report.outcome).toBe('REFUSED');
  expect(report.issues.filter((issue) => issue.severity === 'ERROR').map(({ path, code }) => `${path} ${code}`)).toEqual([
    '/CFAssociations/1/extensions level-map',
    '/CFAssociations/2/extensions level-map',
  ]);
});

test('readiness follows the published graph', async () => {
  const ana = await addLearner(app, world, 'ana');
  const first = { ...replacedBy('ANY.1', 'ANY.2'), associationType: 'precedes', extensions: { minLevel: 3 } };
  expect((await load(NODES, '2', (source) => source.CFAssociations.push(first))).outcome).toBe('IMPORTED');
  const ask = async () => {
    const query =
      'query ($id: ID!, $ids: [ID!]!) { learner(id: $id) { readiness(competencyIds: $ids) { competency { code } isReady missing { competency { code } minLevel current } } } }';
    return (await app.graphql(query, { id: toGlobalId('Learner', ana), ids: ['ANY.2', 'ANY.1'].map((code) => toGlobalId('Competency', itemIdOf(code))) })).body
      .data.learner.readiness;
  };
  await send(passed('ana', 'ANY.1', 2));
  expect(await ask()).toEqual([
    { competency: { code: 'ANY.2' }, isReady: false, missing: [{ competency: { code: 'ANY.1' }, minLevel: 3, current: 2 }] },
    { competency: { code: 'ANY.1' }, isReady: true, missing: [] },
  ]);
  await send(passed('ana', 'ANY.1', 3));
  expect((await ask())[0]).toEqual({ competency: { code: 'ANY.2' }, isReady: true, missing: [] });
});

test('the difference of two versions names each competency and association that is new, gone or says something else, and what', async () => {
  const changed = [
    ...NODES.filter((node) => node.code !== 'ALL.2').map((node) => (node.code === 'ANY' ? { ...node, rollup: 'ALL_OF' as const } : node)),
    { code: 'NEW' },
  ];
  const report = await load(changed, '2');
  const query = `query ($fromId: ID!, $toId: ID!) { frameworkVersionDiff(fromId: $fromId, toId: $toId) {
    items { identifier code kind fields } associations { identifier type originIdentifier destinationIdentifier kind } } }`;
  const ids = [world.frameworkVersionId, report.versionId ?? ''].map((id) => toGlobalId('FrameworkVersion', id));
  const { body } = await app.graphql(query, { fromId: ids[0], toId: ids[1] });
  const { items, associations } = body.data.frameworkVersionDiff;
  expect(items.map((item: { code: string; kind: string; fields: string[] }) => [item.code, item.kind, item.fields]).toSorted()).toEqual([
    ['ALL.2', 'REMOVED', []],
    ['ANY', 'CHANGED', ['extensions']],
    ['NEW', 'ADDED', []],
  ]);
  expect(new Set(associations.map((edge: { originIdentifier: string; kind: string }) => `${edge.originIdentifier} ${edge.kind}`))).toEqual(
    new Set([`${itemIdOf('ALL.2')} REMOVED`, `${itemIdOf('NEW')} ADDED`]),
  );
  expect((await app.graphql(query, { fromId: ids[0], toId: ids[0] })).body.data.frameworkVersionDiff).toEqual({ items: [], associations: [] });
  const other = await app.modules.competencies.import({
    source: casePackage([{ code: 'X' }], { name: 'x' }),
    kind: 'TECHNICAL',
    defaultRollup: 'NONE',
    publish: false,
    dryRun: false,
  });
  const refused = await app.graphql(query, { fromId: ids[0], toId: toGlobalId('FrameworkVersion', other.versionId ?? '') });
  expect([refused.status, refused.body.errors?.[0]?.extensions.violations?.[0]?.rule]).toEqual([400, 'same-framework']);
});
