import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { digestKey } from '../../src/kernel/ids.ts';
import { PLAIN_RULE } from '../../src/modules/progress/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { activityIri, addLearner, buildWorld, casePackage, HOME_PAGE, itemIdOf, PASSED, passed, type World } from '../support/world.ts';

const NOW = new Date('2026-05-01T00:00:00Z');

let app: TestApp;
let world: World;
let ana: string;
let anna: string;

beforeEach(async () => {
  app = await startTestApp({ clock: { now: () => NOW } });
  world = await buildWorld(app);
  ana = await addLearner(app, world, 'ana');
  anna = await addLearner(app, world, 'anna');
});
afterEach(() => app.close());

async function post(...statements: readonly Record<string, unknown>[]): Promise<void> {
  expect((await app.xapi('POST', '/statements', { body: statements })).status).toBe(200);
}
async function send(...statements: readonly Record<string, unknown>[]): Promise<void> {
  await post(...statements);
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

const load = (source: string, publish = true) => app.modules.competencies.import({ source, kind: 'TECHNICAL', defaultRollup: 'NONE', publish, dryRun: false });

/** Until so many sessions of this database wait for a lock. */
async function untilWaiting(count: number): Promise<void> {
  for (;;) {
    const { rows } = await app.database.pool.query(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rows[0].count >= count) return;
  }
}

/** Runs work that moves a learner's identifiers while the projector already waits for that learner. */
async function besideProjector<T>(learnerId: string, move: () => Promise<T>, statement: Record<string, unknown>): Promise<T> {
  const client = await app.database.pool.connect();
  await client.query('begin');
  await client.query('select from people.learner where id = $1 for no key update', [learnerId]);
  const moving = move();
  await untilWaiting(1);
  await post(statement);
  const draining = app.projector.drain();
  await untilWaiting(2);
  await client.query('commit');
  client.release();
  const moved = await moving;
  await draining;
  await app.projector.drain();
  return moved;
}

test('a statement projected beside a merge counts for the one they are now', async () => {
  await besideProjector(anna, () => app.modules.people.mergeLearners(anna, ana), passed('anna', 'ALL.1', 3));
  expect([await levels(ana), await verify()]).toEqual([{ 'ALL.1': 3 }, []]);
});

test('a statement projected beside a split counts for the one whose it is now', async () => {
  await app.modules.people.addIdentity(ana, account('k'));
  const split = () => app.modules.people.splitLearner(ana, { name: 'K', staffCategory: 'PPPK', identities: [account('k')] });
  const { id } = await besideProjector(ana, split, passed('k', 'ALL.1', 3));
  expect([await levels(id), await verify()]).toEqual([{ 'ALL.1': 3 }, []]);
});

test('an identifier taken away, linked to another and merged back brings its evidence along', async () => {
  await app.modules.people.addIdentity(ana, account('k'));
  await send(passed('k', 'ALL.1', 3));
  await app.modules.people.removeIdentity(ana, account('k'));
  await app.modules.people.addIdentity(anna, account('k'));
  await app.projector.drain();
  await app.modules.people.mergeLearners(anna, ana);
  expect([await levels(ana), await verify()]).toEqual([{ 'ALL.1': 3 }, []]);
});

test('nothing in the trail names an identifier of somebody who was merged and then erased', async () => {
  await app.modules.people.mergeLearners(anna, ana);
  await app.modules.people.eraseLearner(ana);
  expect((await app.database.pool.query("select kind from people.identity_change where identifiers::text like '%anna%'")).rows).toEqual([]);
});

test('two assessors who turn out to be one person are one source', async () => {
  const chief = await addLearner(app, world, 'chief');
  const judged = {
    itemId: itemIdOf('ANY.1'),
    level: 2,
    positive: true,
    weight: 1_000,
    kind: 'ASSESSOR',
    assessorPartnerId: null,
    occurredAt: NOW,
    validUntil: null,
    note: '',
  } as const;
  for (const assessorLearnerId of [ana, anna]) await app.modules.progress.others.assess({ ...judged, learnerId: chief, assessorLearnerId });
  await app.modules.people.mergeLearners(anna, ana);
  const { rows } = await app.database.pool.query(
    "select distinct authority_key from progress.evidence where learner_id = $1 and retraction is null and kind = 'ASSESSOR'",
    [chief],
  );
  expect([rows.length, await verify()]).toEqual([1, []]);
});

test('a statement that waited while a preview was built and dropped counts all the same', async () => {
  await send(passed('ana', 'ALL.1', 2));
  const rule = { ...PLAIN_RULE, activityIri: activityIri('ALL.1'), verbs: [PASSED], itemId: itemIdOf('ALL.1'), level: 1 };
  const draft = await app.modules.progress.ruleSets.createVersion({ code: 'TEST', title: 'x', rules: [rule] });
  await post(passed('ana', 'ALL.1', 4));
  await app.modules.progress.ruleSets.preview({ versionId: draft.id, from: null });
  expect(await app.modules.progress.ruleSets.dropPreview(draft.id)).toBe(true);
  await app.projector.drain();
  expect([await levels(ana), await verify()]).toEqual([{ 'ALL.1': 4 }, []]);
});

/** A framework whose only competency P matches ALL.1 and asks for two sources. */
async function demanding(): Promise<{ readonly versionId: string; readonly itemId: string }> {
  const versionId = (await load(casePackage([{ code: 'P' }], { name: 'A', matches: [['ALL.1', 'P']] }), false)).versionId ?? '';
  return { versionId, itemId: itemIdOf('P') };
}
const askTwo = ({ versionId, itemId }: { readonly versionId: string; readonly itemId: string }) =>
  app.modules.competencies.setLevelRule(
    versionId,
    itemId,
    { kind: 'NONE', count: null, rollupOnly: false },
    { kind: 'BEST_VALID', minDistinctSources: 2, threshold: 1_000, halfLifeDays: null },
  );
const match = (destinationId: string) =>
  app.modules.competencies.approveEquivalence({ originId: itemIdOf('ALL.1'), destinationId, twoWay: false, reason: 'agreed' });

test('a new version of a framework reaches those whose evidence flows in from another', async () => {
  const draft = await demanding();
  await askTwo(draft);
  await app.modules.competencies.publish(draft.versionId);
  await send(passed('ana', 'ALL.1', 3));
  await match(draft.itemId);
  expect(await levels(ana)).toEqual({ 'ALL.1': 3 });
  await load(casePackage([{ code: 'P' }], { name: 'A', version: '2', matches: [['ALL.1', 'P']] }));
  expect([await levels(ana), await verify()]).toEqual([{ 'ALL.1': 3, P: 3 }, []]);
});

test('a draft whose publication failed and that was changed since counts as it is, not as it was', async () => {
  const draft = await demanding();
  await match(draft.itemId);
  await send(passed('ana', 'ALL.1', 3));
  const { pool } = app.database;
  await pool.query("create function fail() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$");
  await pool.query('create trigger fail before update on progress.generation for each row execute function fail()');
  await expect(app.modules.competencies.publish(draft.versionId)).rejects.toThrow();
  await pool.query('drop trigger fail on progress.generation');
  await askTwo(draft);
  await app.modules.competencies.publish(draft.versionId);
  expect([await levels(ana), await verify()]).toEqual([{ 'ALL.1': 3 }, []]);
});

const link = (id: string) => ({ title: id, identifier: id, uri: `https://case.example/CFItems/${id}` });
const replacedBy = (from: string, to: string) => ({
  identifier: digestKey('test-replaced', from, to),
  uri: 'https://case.example/CFAssociations/replaced',
  associationType: 'replacedBy',
  originNodeURI: link(itemIdOf(from)),
  destinationNodeURI: link(itemIdOf(to)),
});

test('a successor in another framework gets the evidence of what it replaces', async () => {
  await send(passed('ana', 'ALL.1', 3));
  await load(
    casePackage(
      [
        { code: 'ALL', rollup: 'ALL_OF' },
        { code: 'ALL.2', parent: 'ALL' },
      ],
      { version: '2' },
    ),
  );
  const other = JSON.parse(casePackage([{ code: 'Q' }], { name: 'B' }));
  other.CFAssociations.push(replacedBy('ALL.1', 'Q'));
  expect((await load(JSON.stringify(other))).outcome).toBe('IMPORTED');
  expect([await levels(ana), await verify()]).toEqual([{ Q: 3 }, []]);
});

test('a statement for what was replaced twice counts for the last of the line', async () => {
  for (const [version, code, line] of [
    ['2', 'Y', [['ALL.1', 'Y']]],
    [
      '3',
      'Z',
      [
        ['ALL.1', 'Y'],
        ['Y', 'Z'],
      ],
    ],
  ] as const) {
    const source = JSON.parse(casePackage([{ code: 'ALL', rollup: 'ALL_OF' }, { code }], { version }));
    source.CFAssociations.push(...line.map(([from, to]) => replacedBy(from, to)));
    expect((await load(JSON.stringify(source))).outcome).toBe('IMPORTED');
  }
  await send(passed('ana', 'ALL.1', 3));
  expect([await levels(ana), await verify()]).toEqual([{ Z: 3 }, []]);
});
