import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { PLAIN_RULE } from '../../src/modules/progress/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { activityIri, addLearner, buildWorld, casePackage, itemIdOf, NODES, PASSED, passed, type World } from '../support/world.ts';

const NOW = new Date('2026-05-01T00:00:00Z');

let app: TestApp;
let world: World;

beforeEach(async () => {
  app = await startTestApp({ clock: { now: () => NOW }, settings: { PROGRESS_BUILD_PAGE: '1' } });
  world = await buildWorld(app);
});
afterEach(() => app.close());

async function send(...statements: readonly Record<string, unknown>[]): Promise<void> {
  expect((await app.xapi('POST', '/statements', { body: statements })).status).toBe(200);
  await app.projector.drain();
}

/** A new version of the rules of the world: whoever passes ANY.1 has level 5 in it, whatever the score. */
async function draft(code = 'TEST'): Promise<string> {
  const rule = { ...PLAIN_RULE, activityIri: activityIri('ANY.1'), verbs: [PASSED], itemId: itemIdOf('ANY.1'), level: 5 };
  return (await app.modules.progress.ruleSets.createVersion({ code, title: 'Draft', rules: [rule] })).id;
}

async function build(): Promise<void> {
  while ((await app.modules.progress.build()) !== null);
}

/** Level in ANY.1 of each learner, in order. */
async function levels(ids: readonly string[]): Promise<readonly number[]> {
  const progress = await app.modules.progress.progressOf(ids, null);
  return ids.map((id) => progress.get(id)?.find((row) => row.itemId === itemIdOf('ANY.1'))?.currentLevel ?? 0);
}

async function people(count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `person-${index}`);
  const ids: string[] = [];
  for (const name of names) ids.push(await addLearner(app, world, name));
  await send(...names.map((name, index) => passed(name, 'ANY.1', 1 + (index % 3), { timestamp: `2026-04-0${1 + (index % 9)}T00:00:00Z` })));
  return ids;
}

const rowsOf = async (sql: string): Promise<readonly Record<string, unknown>[]> => (await app.database.pool.query(sql)).rows;

const statusOf = async (id: string): Promise<string | undefined> => (await app.modules.progress.ruleSetVersionsById([id]))[0]?.status;

test('readers see the old levels until all new ones are computed, then all at once, however the reading and the building interleave', async () => {
  const ids = await people(12);
  const before = await levels(ids);
  expect(new Set(before)).toEqual(new Set([1, 2, 3]));
  const id = await draft();
  await app.modules.progress.ruleSets.activate({ versionId: id, from: null });
  expect(await statusOf(id)).toBe('ACTIVATING');
  expect(await levels(ids)).toEqual(before);

  const seen: (readonly number[])[] = [];
  const done = new AbortController();
  const reading = (async () => {
    while (!done.signal.aborted) seen.push(await levels(ids));
  })();
  await Promise.all([build(), build()]);
  await build();
  done.abort();
  await reading;
  seen.push(await levels(ids));

  const after = ids.map(() => 5);
  expect([...new Set(seen.map((one) => one.join()))].sort()).toEqual([before.join(), after.join()].sort());
  expect(await statusOf(id)).toBe('ACTIVE');
  const events = (await app.modules.progress.eventsOf(ids, 50)).filter((event) => event.cause === 'RULE_CHANGE' && event.itemId === itemIdOf('ANY.1'));
  expect(new Set(events.map((event) => [event.learnerId, event.fromLevel, event.toLevel].join()))).toEqual(
    new Set(ids.map((learner, index) => [learner, before[index], 5].join())),
  );
  expect(events).toHaveLength(ids.length);
});

test('one request is answered from one generation, though another becomes current in its middle', async () => {
  const ids = await people(2);
  const view = await app.modules.progress.view();
  const before = await levels(ids);
  await app.modules.progress.ruleSets.activate({ versionId: await draft(), from: null });
  await build();
  await app.modules.progress.tidy();

  const old = await app.modules.progress.progressOf(ids, null, view);
  expect(ids.map((id) => old.get(id)?.find((row) => row.itemId === itemIdOf('ANY.1'))?.currentLevel)).toEqual(before);
  expect(await levels(ids)).toEqual([5, 5]);
});

test('what comes in while a change is being built is in the old levels and in the new', async () => {
  const ids = await people(3);
  await app.modules.progress.ruleSets.activate({ versionId: await draft(), from: null });
  await app.modules.progress.build();
  await addLearner(app, world, 'late');
  const [late = ''] = (await rowsOf(`select id from people.learner where name = 'Learner late'`)).map((row) => String(row['id']));
  await send(passed('late', 'ANY.1', 4), passed('person-0', 'ANY.2', 2), passed('person-2', 'ANY.2', 2));

  expect(await levels([...ids, late])).toEqual([1, 2, 3, 4]);
  await build();

  expect(await levels([...ids, late])).toEqual([5, 5, 5, 5]);
  const differences: unknown[] = [];
  await app.modules.progress.verify((_learners, found) => differences.push(...found));
  expect(differences).toEqual([]);
});

test('a preview changes nothing that is seen, tells who gains and who loses by unit, and activating it brings just that', async () => {
  const ids = await people(3);
  const unit = await app.modules.people.createUnit({ code: 'OPD-1', name: 'Agency', kind: 'OPD', parentId: null });
  await app.modules.people.createHolding({
    learnerId: ids[0] ?? '',
    positionId: world.positionId,
    unitId: unit.id,
    validFrom: new Date('2026-01-01T00:00:00Z'),
    validTo: null,
  });
  // The new version says nothing of ANY.2, so whoever had it by the old one loses it.
  await send(passed('person-1', 'ANY.2', 4));
  const id = await draft();
  const before = await rowsOf('select learner_id, item_id, current_level from progress.competency_progress order by 1, 2');

  await app.modules.progress.ruleSets.preview({ versionId: id, from: null });
  await build();
  const impact = await app.modules.progress.ruleSets.impact(100);

  expect(impact?.state).toMatchObject({ status: 'READY', activates: false, learners: 3, built: 3 });
  // ANY follows ANY.1 and ANY.2: 1 -> 5 twice for the first; 2 -> 5, 4 -> 0 and 4 -> 5 for the second; 3 -> 5 twice for the third.
  expect(impact?.units).toEqual([
    { unitId: unit.id, learners: 1, gains: 2, losses: 0 },
    { unitId: null, learners: 2, gains: 4, losses: 1 },
  ]);
  expect(await levels(ids)).toEqual([1, 2, 3]);
  expect(await rowsOf('select learner_id, item_id, current_level from progress.competency_progress where generation = 0 order by 1, 2')).toEqual(before);
  expect(await app.modules.progress.evidenceOf([{ learnerId: ids[0] ?? '', itemId: itemIdOf('ANY.1') }], await app.modules.progress.view())).toHaveLength(1);

  await app.modules.progress.ruleSets.activate({ versionId: id, from: null });
  expect(await statusOf(id)).toBe('ACTIVE');
  const events = (await app.modules.progress.eventsOf(ids, 50)).filter((event) => event.cause === 'RULE_CHANGE');
  const told = (changes: readonly { learnerId: string; itemId: string; fromLevel: number; toLevel: number }[]) =>
    changes.map((change) => [change.learnerId, change.itemId, change.fromLevel, change.toLevel].join()).sort();
  expect(told(events)).toEqual(told(impact?.samples ?? []));
  expect(await app.modules.progress.ruleSets.impact(100)).toBeNull();
});

test('a preview that is dropped, or overtaken by another change, leaves nothing behind', async () => {
  const ids = await people(2);
  const traces = () =>
    rowsOf(`select (select count(*)::int from progress.evidence) as evidence, (select count(*)::int from progress.competency_progress) as progress,
      (select count(*)::int from progress.generation where status in ('BUILDING', 'READY')) as generations`);
  const before = await traces();
  const id = await draft();

  await app.modules.progress.ruleSets.preview({ versionId: id, from: null });
  await build();
  expect(await traces()).not.toEqual(before);
  expect(await app.modules.progress.ruleSets.dropPreview(id)).toBe(true);
  expect(await app.modules.progress.ruleSets.dropPreview(id)).toBe(false);
  expect(await traces()).toEqual(before);

  await app.modules.progress.ruleSets.preview({ versionId: id, from: null });
  const source = casePackage(NODES, { version: '2' });
  expect((await app.modules.competencies.import({ source, kind: 'TECHNICAL', defaultRollup: 'NONE', publish: true, dryRun: false })).outcome).toBe('IMPORTED');
  await build();
  expect(await app.modules.progress.ruleSets.impact(0)).toBeNull();
  expect(await levels(ids)).toEqual([1, 2]);
  expect(await rowsOf(`select count(*)::int as count from progress.evidence where version_id = '${id}'`)).toEqual([{ count: 0 }]);
});

test('a version that acts from an instant on leaves alone what happened before it', async () => {
  const ids = await people(3);
  // Of 1, 2 and 3 April: the third is judged by the new version.
  await app.modules.progress.ruleSets.activate({ versionId: await draft(), from: new Date('2026-04-03T00:00:00Z') });
  await build();
  expect(await levels(ids)).toEqual([1, 2, 5]);

  await send(passed('person-0', 'ANY.1', 3, { timestamp: '2026-04-02T23:59:59Z' }), passed('person-1', 'ANY.1', 2, { timestamp: '2026-04-03T00:00:00Z' }));
  expect(await levels(ids)).toEqual([3, 5, 5]);
  expect((await rowsOf('select status, count(*)::int from progress.rule_set_version group by 1 order by 1')).map((row) => row['status'])).toEqual([
    'ACTIVE',
    'SUPERSEDED',
  ]);
});

test('a second version of a set, or a preview, is refused while one is being brought into effect; nothing changes', async () => {
  await people(2);
  const first = await draft();
  const second = await draft();
  await app.modules.progress.ruleSets.activate({ versionId: first, from: null });

  await expect(app.modules.progress.ruleSets.activate({ versionId: second, from: null })).rejects.toMatchObject({
    code: 'CONFLICT',
    violations: [{ path: '/id', rule: 'one-at-a-time' }],
  });
  await expect(app.modules.progress.ruleSets.preview({ versionId: await draft('OTHER'), from: null })).rejects.toMatchObject({
    code: 'CONFLICT',
    violations: [{ path: '/id', rule: 'one-at-a-time' }],
  });
  expect(await statusOf(second)).toBe('DRAFT');
  await build();
  expect(await statusOf(first)).toBe('ACTIVE');
});

test('over GraphQL an administrator tries a draft, sees its effect and activates it', async () => {
  await people(1);
  const id = toGlobalId('EvidenceRuleSetVersion', await draft());
  const preview = await app.graphql(
    `mutation ($id: ID!) { evidenceRuleSetVersionPreview(id: $id) { userErrors { rule }
      impactPreview { state activates learners built gains losses units { unit { code } learners gains losses }
        samples { learner { name } competency { code } fromLevel toLevel } evidenceRuleSetVersion { id status } } } }`,
    { id },
  );
  const change = (code: string) => ({ learner: { name: 'Learner person-0' }, competency: { code }, fromLevel: 1, toLevel: 5 });
  expect(preview.body.data.evidenceRuleSetVersionPreview).toEqual({
    userErrors: [],
    impactPreview: {
      state: 'READY',
      activates: false,
      learners: 1,
      built: 1,
      gains: 2,
      losses: 0,
      units: [{ unit: null, learners: 1, gains: 2, losses: 0 }],
      samples: expect.arrayContaining([change('ANY'), change('ANY.1')]),
      evidenceRuleSetVersion: { id, status: 'DRAFT' },
    },
  });
  const activated = await app.graphql(
    `mutation ($id: ID!) { evidenceRuleSetVersionActivate(id: $id) { userErrors { rule } evidenceRuleSetVersion { status effectiveFrom } } }`,
    { id },
  );
  expect(activated.body.data.evidenceRuleSetVersionActivate).toEqual({ userErrors: [], evidenceRuleSetVersion: { status: 'ACTIVE', effectiveFrom: null } });
  expect((await app.graphql('{ impactPreview { state } }')).body.data).toEqual({ impactPreview: null });
});
