import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { newId } from '../../src/kernel/ids.ts';
import { DEFAULT_POLICY } from '../../src/modules/competency/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type CaseNode, casePackage, itemIdOf } from '../support/world.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const competencies = () => app.modules.competencies;
const drafts = () => app.modules.competencies.drafts;

let names = 0;

/** A framework of a parent and two children, codes made unique; a draft, or published. */
async function framework(publish = false): Promise<{ versionId: string; code: (name: string) => string; id: (name: string) => string }> {
  names += 1;
  const mark = names;
  const code = (name: string): string => `${name}${mark}`;
  const nodes: readonly CaseNode[] = [{ code: code('P') }, { code: code('A'), parent: code('P') }, { code: code('B'), parent: code('P') }];
  const source = casePackage(nodes, { name: `drafts ${mark}` });
  const report = await competencies().import({ source, kind: 'TECHNICAL', defaultRollup: 'ALL_OF', publish, dryRun: false });
  return { versionId: report.versionId ?? '', code, id: (name) => itemIdOf(code(name)) };
}

const exported = async (versionId: string) =>
  JSON.parse(await competencies().export(versionId, 'CASE')) as {
    CFDocument: { version: string };
    CFItems: { identifier: string; fullStatement: string; humanCodingScheme?: string }[];
    CFAssociations: { identifier: string; originNodeURI: { identifier: string }; destinationNodeURI: { identifier: string } }[];
  };

const itemsOf = async (versionId: string) => competencies().itemsOfVersion(versionId, 100);
const levelsOf = async (versionId: string, itemId: string) =>
  (await competencies().levelsOf([{ versionId, itemId }])).map(({ rank, label, description }) => [rank, label, description]);
const childrenOf = async (versionId: string, itemId: string) => (await competencies().childEdges([{ versionId, itemId }])).map(({ originId }) => originId);

/** All that a version is made of, as stored. */
const stateOf = async (versionId: string) => [
  await itemsOf(versionId),
  (await competencies().edgesOfVersion(versionId, 100)).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  await app.database.sql.rows('select item_id, rank, label, description from competency.level_descriptor where version_id = $1 order by 1, 2', [versionId]),
  await app.database.sql.rows('select source, content_hash, status from competency.framework_version where id = $1', [versionId]),
];

test('a competency is added to a draft with its levels, below another or at the top, and goes out with it', async () => {
  const { versionId, id } = await framework();

  const child = await drafts().add(
    versionId,
    { fullStatement: 'Plans works', code: 'NEW', levels: [{ rank: 2, label: 'Able', description: 'Plans alone' }] },
    id('P'),
  );
  const top = await drafts().add(versionId, { fullStatement: 'Leads', levels: [] }, null);

  expect(child).toMatchObject({ code: 'NEW', fullStatement: 'Plans works', versionId, rollup: 'NONE', policy: 'BEST_VALID' });
  expect(await levelsOf(versionId, child.id)).toEqual([[2, 'Able', 'Plans alone']]);
  expect(new Set(await childrenOf(versionId, id('P')))).toEqual(new Set([id('A'), id('B'), child.id]));
  expect((await itemsOf(versionId)).map((item) => item.id)).toEqual([id('P'), id('A'), id('B'), child.id, top.id]);
  const whole = await exported(versionId);
  expect(whole.CFItems.slice(3).map(({ identifier, fullStatement }) => [identifier, fullStatement])).toEqual([
    [child.id, 'Plans works'],
    [top.id, 'Leads'],
  ]);
  const again = await competencies().import({ source: JSON.stringify(whole), kind: 'TECHNICAL', defaultRollup: 'NONE', publish: false, dryRun: true });
  expect([again.outcome, again.counts, again.issues]).toEqual(['DRY_RUN', { items: 5, associations: 5, levels: 16 }, []]);
});

test('a change says what is given; what is left out stays, and null takes away', async () => {
  const { versionId, code, id } = await framework();
  const before = await exported(versionId);

  await drafts().change(versionId, id('A'), { fullStatement: 'Says something else', levels: [{ rank: 1, label: 'Only', description: null }] });
  const changed = await drafts().change(versionId, id('B'), { code: null, itemType: 'Skill' });

  expect(changed).toMatchObject({ code: null, fullStatement: `Competency ${code('B')}`, itemType: 'Skill', rollup: 'ALL_OF' });
  expect(await levelsOf(versionId, id('A'))).toEqual([[1, 'Only', null]]);
  expect(await levelsOf(versionId, id('B'))).toHaveLength(5);
  const after = await exported(versionId);
  expect(after.CFItems.map(({ fullStatement, humanCodingScheme }) => [fullStatement, humanCodingScheme])).toEqual([
    [`Competency ${code('P')}`, code('P')],
    ['Says something else', code('A')],
    [`Competency ${code('B')}`, undefined],
  ]);
  expect(after.CFAssociations).toEqual(before.CFAssociations);
});

test('what a draft got otherwise stays when something else of it changes', async () => {
  const { versionId, id } = await framework();
  const edge = await competencies().addEdge({ versionId, type: 'precedes', originId: id('A'), destinationId: id('B'), minLevel: 2 });
  await competencies().setLevelRule(versionId, id('P'), { kind: 'N_OF', count: 1, rollupOnly: true }, { ...DEFAULT_POLICY, minDistinctSources: 2 });

  await drafts().change(versionId, id('A'), { fullStatement: 'Changed' });

  expect((await itemsOf(versionId)).find((item) => item.id === id('P'))).toMatchObject({
    rollup: 'N_OF',
    rollupCount: 1,
    rollupOnly: true,
    minDistinctSources: 2,
  });
  expect((await competencies().edgesOfVersion(versionId, 100)).find(({ type }) => type === 'precedes')).toEqual(edge);
});

test('a competency goes out of a draft with its associations and levels, and an association alone', async () => {
  const { versionId, id } = await framework();
  await drafts().remove(versionId, id('A'));

  expect((await itemsOf(versionId)).map((item) => item.id)).toEqual([id('P'), id('B')]);
  expect(await levelsOf(versionId, id('A'))).toEqual([]);
  const [edge] = await competencies().childEdges([{ versionId, itemId: id('P') }]);
  expect(edge?.originId).toBe(id('B'));

  await drafts().removeEdge(edge?.id ?? '');

  expect(await childrenOf(versionId, id('P'))).toEqual([]);
  expect((await exported(versionId)).CFAssociations.map(({ originNodeURI }) => originNodeURI.identifier)).toEqual([id('P')]);
});

test('a draft begins with what another version says; changed and published it differs by the change alone, and the other stays as it was', async () => {
  const { versionId, id } = await framework(true);
  const published = await stateOf(versionId);
  const draft = await drafts().create(versionId, '2026-2');
  expect(draft).toMatchObject({ ordinal: 2, label: '2026-2', status: 'DRAFT' });
  expect(await competencies().diff(versionId, draft.id)).toEqual({ items: [], associations: [] });

  await drafts().change(draft.id, id('A'), { fullStatement: 'Says something else' });
  await competencies().publish(draft.id);

  const { items: changed, associations } = await competencies().diff(versionId, draft.id);
  expect([changed.map(({ identifier, kind }) => [identifier, kind]), associations]).toEqual([[[id('A'), 'CHANGED']], []]);
  expect(await stateOf(versionId)).toEqual(published);
  expect((await competencies().competenciesById([id('A')]))[0]).toMatchObject({ versionId: draft.id, fullStatement: 'Says something else' });
});

test('a draft is dropped; its framework and the published version stay', async () => {
  const { versionId, id } = await framework(true);
  const published = await stateOf(versionId);
  const draft = await drafts().create(versionId, null);

  await drafts().drop(draft.id);

  expect(await competencies().versionsById([draft.id])).toEqual([]);
  expect(await stateOf(versionId)).toEqual(published);
  expect((await competencies().competenciesById([id('A')]))[0]?.versionId).toBe(versionId);
});

test('what breaks a rule of import is refused by its name, and changes nothing', async () => {
  const { versionId, id } = await framework();
  const other = await framework();
  const before = [await stateOf(versionId), await stateOf(other.versionId)];
  const twice = [1, 1].map((rank) => ({ rank, label: 'Level', description: null }));
  const item = { fullStatement: 'New' };

  await expect(drafts().add(versionId, { ...item, levels: twice }, null)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    violations: [{ path: '/levels/1/rank', rule: 'duplicate-level' }],
  });
  await expect(drafts().add(versionId, { fullStatement: ' ' }, null)).rejects.toMatchObject({ violations: [{ path: '/fullStatement', rule: 'not-empty' }] });
  await expect(drafts().add(versionId, { ...item, levels: [{ rank: 0, label: 'None', description: null }] }, null)).rejects.toMatchObject({
    violations: [{ path: '/levels/0/rank', rule: 'range' }],
  });
  await expect(drafts().add(versionId, item, other.id('P'))).rejects.toMatchObject({ violations: [{ path: '/parentId', rule: 'reference' }] });
  await expect(drafts().change(versionId, other.id('A'), item)).rejects.toMatchObject({ violations: [{ path: '/competencyId', rule: 'reference' }] });
  await expect(drafts().remove(versionId, other.id('A'))).rejects.toMatchObject({ violations: [{ path: '/competencyId', rule: 'reference' }] });
  await expect(drafts().create(newId(), null)).rejects.toMatchObject({ code: 'NOT_FOUND', violations: [{ path: '/fromId' }] });

  expect([await stateOf(versionId), await stateOf(other.versionId)]).toEqual(before);
  for (const name of ['A', 'B']) await drafts().remove(versionId, id(name));
  await expect(drafts().remove(versionId, id('P'))).rejects.toMatchObject({ violations: [{ rule: 'required' }] });
  expect(await itemsOf(versionId)).toHaveLength(1);
});

test('a competency that only this draft has and a position standard names is neither taken out nor dropped with the draft', async () => {
  const { versionId, id } = await framework();
  const position = await app.modules.people.createPosition({ code: `POS-${names}`, title: 'Position', family: 'PELAKSANA' });
  const requirements = [{ itemId: id('A'), requiredLevel: 3, importance: 'ABSOLUTE' as const }];
  await competencies().createStandard({ positionId: position.id, legalBasis: 'test', effectiveFrom: new Date('2026-01-01T00:00:00Z'), requirements });
  const before = await stateOf(versionId);
  const inUse = (path: string) => ({ code: 'CONFLICT', violations: [{ path, rule: 'in-use' }] });

  await expect(drafts().remove(versionId, id('A'))).rejects.toMatchObject(inUse('/competencyId'));
  await expect(drafts().drop(versionId)).rejects.toMatchObject(inUse('/id'));

  expect(await stateOf(versionId)).toEqual(before);
  const next = await drafts().create(versionId, null);
  await drafts().remove(next.id, id('A'));
  expect((await itemsOf(next.id)).map((item) => item.id)).toEqual([id('P'), id('B')]);
});

test('a published version is changed in no way', async () => {
  const { versionId, id } = await framework(true);
  const before = await stateOf(versionId);
  const [edge] = await competencies().childEdges([{ versionId, itemId: id('P') }]);
  const refused = { code: 'CONFLICT', violations: [{ rule: 'published-is-final' }] };

  await expect(drafts().add(versionId, { fullStatement: 'New' }, null)).rejects.toMatchObject(refused);
  await expect(drafts().change(versionId, id('A'), { fullStatement: 'New' })).rejects.toMatchObject(refused);
  await expect(drafts().remove(versionId, id('A'))).rejects.toMatchObject(refused);
  await expect(drafts().removeEdge(edge?.id ?? '')).rejects.toMatchObject(refused);
  await expect(drafts().drop(versionId)).rejects.toMatchObject(refused);

  expect(await stateOf(versionId)).toEqual(before);
});

test('editors of one draft at once lose nothing of each other', async () => {
  const { versionId, id } = await framework();
  const added = await Promise.all(Array.from({ length: 12 }, (_, number) => drafts().add(versionId, { fullStatement: `New ${number}` }, id('P'))));

  const work = added.map((item, number) =>
    number % 3 === 0
      ? drafts().remove(versionId, item.id)
      : number % 3 === 1
        ? drafts().change(versionId, item.id, { fullStatement: `Changed ${number}` })
        : competencies().addEdge({ versionId, type: 'precedes', originId: item.id, destinationId: id('A') }),
  );
  await Promise.all(work);

  const statements = (await itemsOf(versionId)).map(({ fullStatement }) => fullStatement).filter((text) => /^(New|Changed)/.test(text));
  expect(statements.toSorted()).toEqual(
    Array.from({ length: 12 }, (_, number) => number)
      .filter((number) => number % 3 !== 0)
      .map((number) => `${number % 3 === 1 ? 'Changed' : 'New'} ${number}`)
      .toSorted(),
  );
  const edges = await competencies().edgesOfVersion(versionId, 100);
  expect(edges.filter(({ type }) => type === 'precedes')).toHaveLength(4);
  expect((await exported(versionId)).CFItems).toHaveLength(3 + 8);
});

test('over GraphQL an administrator drafts, changes and drops', async () => {
  const { versionId, id } = await framework(true);
  const run = async (mutation: string, variables: object) => {
    const { body } = await app.graphql(mutation, { ...variables });
    expect(body.errors).toBeUndefined();
    return Object.values(body.data as Record<string, unknown>)[0] as Record<string, { id: string }>;
  };
  const drafted = await run(
    'mutation ($input: FrameworkVersionDraftInput!) { frameworkVersionDraft(input: $input) { frameworkVersion { id status } userErrors { path } } }',
    {
      input: { fromId: toGlobalId('FrameworkVersion', versionId) },
    },
  );
  const frameworkVersionId = drafted['frameworkVersion']?.id ?? '';
  const added = await run(
    'mutation ($input: CompetencyAddInput!) { competencyAdd(input: $input) { competency { id code fullStatement } userErrors { path } } }',
    { input: { frameworkVersionId, fullStatement: 'Plans', code: 'NEW', parentId: toGlobalId('Competency', id('P')), levels: [{ rank: 1, label: 'One' }] } },
  );
  expect(added).toEqual({ competency: { id: expect.any(String), code: 'NEW', fullStatement: 'Plans' }, userErrors: [] });
  const input = { frameworkVersionId, competencyId: added['competency']?.id };
  const change = 'mutation ($input: CompetencyChangeInput!) { competencyChange(input: $input) { competency { code } userErrors { path rule } } }';
  expect(await run(change, { input: { ...input, code: null } })).toEqual({ competency: { code: null }, userErrors: [] });
  expect(await run(change, { input: { ...input, fullStatement: null } })).toEqual({
    competency: null,
    userErrors: [{ path: '/fullStatement', rule: 'required' }],
  });
  const remove =
    'mutation ($version: ID!, $id: ID!) { competencyRemove(frameworkVersionId: $version, competencyId: $id) { frameworkVersion { id } userErrors { path } } }';
  expect(await run(remove, { version: frameworkVersionId, id: input.competencyId })).toEqual({ frameworkVersion: { id: frameworkVersionId }, userErrors: [] });
  const drop = 'mutation ($id: ID!) { frameworkVersionDrop(id: $id) { frameworkVersion { id } userErrors { path } } }';
  expect(await run(drop, { id: frameworkVersionId })).toEqual({ frameworkVersion: { id: frameworkVersionId }, userErrors: [] });
  expect(await competencies().versionsOfFrameworks([(await competencies().versionsById([versionId]))[0]?.frameworkId ?? ''])).toHaveLength(1);
});

test('a draft says by what a competency is replaced and what matches it elsewhere, with the levels; what import refuses is refused', async () => {
  const frameworks = competencies();
  const published = async (name: string, codes: readonly string[]) =>
    (
      await frameworks.import({
        source: casePackage(
          codes.map((code) => ({ code })),
          { name },
        ),
        kind: 'TECHNICAL',
        defaultRollup: 'NONE',
        publish: true,
        dryRun: false,
      })
    ).versionId ?? '';
  await published('elsewhere', ['ELSE.1']);
  const from = await published('replacing', ['OLD.1', 'NEW.1', 'NEW.2']);
  const versionId = (await drafts().create(from, null)).id;
  await drafts().remove(versionId, itemIdOf('OLD.1'));
  const frameworkVersionId = toGlobalId('FrameworkVersion', versionId);
  const add = async (input: object) =>
    (
      await app.graphql(
        `mutation ($input: CompetencyAssociationAddInput!) { competencyAssociationAdd(input: $input) {
          association { type originIdentifier destinationIdentifier weight requiredMin levelMap { from to } } userErrors { path rule } } }`,
        { input: { frameworkVersionId, ...input } },
      )
    ).body.data.competencyAssociationAdd;
  const competency = (code: string) => toGlobalId('Competency', itemIdOf(code));
  const levelMap = [
    { from: 1, to: 0 },
    { from: 2, to: 3 },
  ];

  expect(await add({ type: 'replacedBy', originId: competency('OLD.1'), destinationId: competency('NEW.1'), levelMap })).toEqual({
    association: { type: 'replacedBy', originIdentifier: itemIdOf('OLD.1'), destinationIdentifier: itemIdOf('NEW.1'), weight: 1, requiredMin: null, levelMap },
    userErrors: [],
  });
  expect(await add({ type: 'exactMatchOf', originId: competency('NEW.2'), destinationId: competency('ELSE.1') })).toEqual({
    association: {
      type: 'exactMatchOf',
      originIdentifier: itemIdOf('NEW.2'),
      destinationIdentifier: itemIdOf('ELSE.1'),
      weight: 1,
      requiredMin: null,
      levelMap: null,
    },
    userErrors: [],
  });
  const before = await app.counts();
  // By two, without saying what the levels are worth in each.
  expect((await add({ type: 'replacedBy', originId: competency('OLD.1'), destinationId: competency('NEW.2') })).userErrors[0]?.rule).toBe('level-map');
  expect((await add({ type: 'isRelatedTo', originId: competency('NEW.1'), destinationId: competency('NEW.2'), levelMap })).userErrors).toEqual([
    { path: '/levelMap', rule: 'level-map' },
  ]);
  expect((await add({ type: 'isChildOf', originId: competency('NEW.1'), destinationId: competency('ELSE.1') })).userErrors).toEqual([
    { path: '/destinationId', rule: 'reference' },
  ]);
  expect(await app.counts()).toEqual(before);
  const exported = JSON.parse(await frameworks.export(versionId, 'CASE')) as { CFAssociations: { associationType: string; extensions?: object }[] };
  expect(exported.CFAssociations.flatMap(({ associationType, extensions }) => (associationType === 'replacedBy' ? [extensions] : []))).toEqual([
    { levelMap: { 1: 0, 2: 3 } },
  ]);
});

test('a graph is followed from one competency as far and along what is asked for', async () => {
  const nodes = [{ code: 'W' }, { code: 'W.1', parent: 'W' }, { code: 'W.2', parent: 'W' }, { code: 'W.1.1', parent: 'W.1' }, { code: 'V' }];
  const { versionId } = await competencies().import({
    source: casePackage(nodes, { name: 'walked' }),
    kind: 'TECHNICAL',
    defaultRollup: 'NONE',
    publish: true,
    dryRun: false,
  });
  const walk = async (start: string, more: string) => {
    const { body } = await app.graphql(
      `query ($v: ID!, $s: ID) { competencyGraph(frameworkVersionId: $v, startId: $s${more}) { nodes { code } edges { type originIdentifier destinationIdentifier } } }`,
      { v: toGlobalId('FrameworkVersion', versionId ?? ''), s: toGlobalId('Competency', itemIdOf(start)) },
    );
    if (body.errors) return body.errors[0]?.extensions.violations?.[0]?.rule;
    const { nodes: found, edges } = body.data.competencyGraph as { nodes: { code: string }[]; edges: object[] };
    return [found.map(({ code }) => code), edges.length];
  };

  expect(await walk('W.1', '')).toEqual([['W', 'W.1', 'W.1.1'], 2]);
  expect(await walk('W.1', ', depth: 0')).toEqual([['W.1'], 0]);
  expect(await walk('W.1', ', direction: ALONG')).toEqual([['W', 'W.1'], 1]);
  expect(await walk('W', ', depth: 2, direction: AGAINST')).toEqual([['W', 'W.1', 'W.2', 'W.1.1'], 3]);
  expect(await walk('W', ', depth: 12, types: ["precedes"]')).toEqual([['W'], 0]);
  expect(await walk('W', ', depth: 2, maxNodes: 3')).toBe('graph-size');
  expect(await walk('W', ', depth: 13')).toBe('graph-depth');
  expect(await walk('A', '')).toBe('reference');
});
