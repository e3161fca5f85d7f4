import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { digestKey } from '../../src/kernel/ids.ts';
import { DEFAULT_POLICY, type ImportRequest } from '../../src/modules/competency/index.ts';
import { findLoops } from '../../src/standards/case/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type CaseNode, casePackage, itemIdOf } from '../support/world.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
});

const TABLES = [
  'competency.competency_framework',
  'competency.framework_version',
  'competency.competency_item',
  'competency.competency_item_version',
  'competency.competency_edge',
  'competency.level_descriptor',
];

/** Every row of the framework tables, as text. */
const allRows = async (): Promise<Record<string, readonly string[]>> =>
  Object.fromEntries(
    await Promise.all(
      TABLES.map(async (table) => {
        const rows = await app.database.sql.rows<{ row: string }>(`select t::text as row from ${table} t order by id`);
        return [table, rows.map(({ row }) => row)] as const;
      }),
    ),
  );

const rowCounts = async (): Promise<readonly number[]> => {
  const rows = await allRows();
  return TABLES.map((table) => rows[table]?.length ?? -1);
};

const request = (source: string, options: Partial<ImportRequest> = {}): ImportRequest => ({
  source,
  kind: 'TECHNICAL',
  defaultRollup: 'NONE',
  publish: false,
  dryRun: false,
  ...options,
});
const load = (source: string, options: Partial<ImportRequest> = {}) => app.modules.competencies.import(request(source, options));

/** A draft of these items; answers its version id. */
async function draft(name: string, nodes: readonly CaseNode[], options: Partial<ImportRequest> = {}): Promise<string> {
  const report = await load(casePackage(nodes, { name }), options);
  expect([report.outcome, report.issues]).toEqual(['IMPORTED', []]);
  return report.versionId ?? '';
}

interface Package {
  CFDocument: Record<string, unknown>;
  CFItems: Record<string, unknown>[];
  CFAssociations: Record<string, unknown>[];
}

/** A package changed by hand. */
function changed(source: string, change: (value: Package) => void): string {
  const value = JSON.parse(source) as Package;
  change(value);
  return JSON.stringify(value);
}

const match = (type: string, from: string, to: string) => ({
  identifier: digestKey('test-edge', type, from, to),
  associationType: type,
  originNodeURI: { identifier: itemIdOf(from) },
  destinationNodeURI: { identifier: itemIdOf(to) },
});

/** Both ways to tell a loop of two: where it starts does not matter. */
const bothWays = (prefix: string, a: string, b: string): readonly string[] => [`${prefix}: ${a} -> ${b} -> ${a}`, `${prefix}: ${b} -> ${a} -> ${b}`];

test('an import stores every item, association and level, and the package to the letter', async () => {
  const before = await rowCounts();
  const source = `${casePackage(
    [
      { code: 'FULL', rollup: 'ANY_OF' },
      { code: 'FULL.1', parent: 'FULL' },
    ],
    { name: 'full', version: 'v7' },
  )}\n`;

  const report = await load(source, { kind: 'MANAGERIAL', defaultRollup: 'ALL_OF' });

  expect(report).toEqual({
    outcome: 'IMPORTED',
    frameworkId: expect.any(String),
    versionId: expect.any(String),
    counts: { items: 2, associations: 2, levels: 10 },
    issues: [],
  });
  const after = await rowCounts();
  expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 1, 2, 2, 2, 10]);
  const { sql } = app.database;
  expect(await sql.rows('select identifier, title, creator, kind, language from competency.competency_framework where id = $1', [report.frameworkId])).toEqual([
    { identifier: digestKey('test-framework', 'full'), title: 'Framework full', creator: 'test', kind: 'MANAGERIAL', language: null },
  ]);
  expect(await sql.rows('select ordinal, label, status, source, published_at from competency.framework_version where id = $1', [report.versionId])).toEqual([
    { ordinal: 1, label: 'v7', status: 'DRAFT', source, publishedAt: null },
  ]);
  expect(
    await sql.rows('select item_id, position, code, full_statement, rollup from competency.competency_item_version where version_id = $1 order by position', [
      report.versionId,
    ]),
  ).toEqual([
    { itemId: itemIdOf('FULL'), position: 0, code: 'FULL', fullStatement: 'Competency FULL', rollup: 'ANY_OF' },
    { itemId: itemIdOf('FULL.1'), position: 1, code: 'FULL.1', fullStatement: 'Competency FULL.1', rollup: 'ALL_OF' },
  ]);
  expect(
    await sql.rows(
      'select type, origin_id, destination_id, destination_identifier from competency.competency_edge where version_id = $1 order by origin_id = $2',
      [report.versionId, itemIdOf('FULL.1')],
    ),
  ).toEqual([
    { type: 'isChildOf', originId: itemIdOf('FULL'), destinationId: null, destinationIdentifier: digestKey('test-framework', 'full') },
    { type: 'isChildOf', originId: itemIdOf('FULL.1'), destinationId: itemIdOf('FULL'), destinationIdentifier: itemIdOf('FULL') },
  ]);
});

test('one error in the last item and nothing of a package is stored', async () => {
  const before = await allRows();
  const nodes = Array.from({ length: 20 }, (_, index) => ({ code: `NOTHING.${index}` }));

  const report = await load(
    changed(casePackage(nodes, { name: 'nothing' }), ({ CFItems }) => {
      CFItems[19] = { ...CFItems[19], fullStatement: '' };
    }),
    { publish: true },
  );

  expect(report).toEqual({
    outcome: 'REFUSED',
    frameworkId: null,
    versionId: null,
    counts: { items: 0, associations: 0, levels: 0 },
    issues: [{ severity: 'ERROR', path: '/CFItems/19/fullStatement', code: 'required', message: 'fullStatement must be a text that is not empty' }],
  });
  expect(await allRows()).toEqual(before);
});

test('when the database refuses the last row, nothing of the import stays, and it works once the fault is gone', async () => {
  const before = await allRows();
  const source = casePackage([{ code: 'LATE' }, { code: 'LATE.1', parent: 'LATE' }], { name: 'late' });
  await app.database.sql.rows("create function competency.fail_late() returns trigger language plpgsql as $$ begin raise exception 'too late'; end $$");
  await app.database.sql.rows(
    "create trigger fail_late before insert on competency.level_descriptor for each row when (new.label = 'Level 5') execute function competency.fail_late()",
  );

  const outcome = await load(source).catch((error: Error) => error.message);
  await app.database.sql.rows('drop function competency.fail_late() cascade');

  expect(outcome).toContain('too late');
  expect(await allRows()).toEqual(before);
  expect((await load(source)).outcome).toBe('IMPORTED');
});

test.each(['', '{', 'text', '{"CFDocument":{}}}', "{'CFDocument':{}}"])(
  'what is not JSON is refused with one issue at the root and changes nothing: %j',
  async (source) => {
    const before = await allRows();

    const report = await load(source);

    expect(report).toEqual({
      outcome: 'REFUSED',
      frameworkId: null,
      versionId: null,
      counts: { items: 0, associations: 0, levels: 0 },
      issues: [{ severity: 'ERROR', path: '', code: 'json', message: expect.stringContaining('the package is not valid JSON: ') }],
    });
    expect(await allRows()).toEqual(before);
  },
);

test('a dry run reports counts and issues and changes nothing, for a new framework and for a known one', async () => {
  const nodes = [{ code: 'DRY' }, { code: 'DRY.1', parent: 'DRY' }];
  const source = changed(casePackage(nodes, { name: 'dry' }), ({ CFAssociations }) => {
    CFAssociations.push(match('isRelatedTo', 'DRY', 'OUTSIDE'));
  });
  const before = await allRows();

  const report = await load(source, { dryRun: true, publish: true });

  expect(report).toEqual({
    outcome: 'DRY_RUN',
    frameworkId: null,
    versionId: null,
    counts: { items: 2, associations: 3, levels: 10 },
    issues: [
      {
        severity: 'WARNING',
        path: '/CFAssociations/2/destinationNodeURI',
        code: 'dangling-end',
        message: `${itemIdOf('OUTSIDE')} is not in this package; the association is kept and does not act`,
      },
    ],
  });
  expect(await allRows()).toEqual(before);

  const real = await load(source);
  expect([real.outcome, real.counts, real.issues]).toEqual(['IMPORTED', report.counts, report.issues]);
  const stored = await allRows();
  const next = await load(casePackage(nodes, { name: 'dry', version: '2' }), { dryRun: true, publish: true });
  expect([next.outcome, next.frameworkId, next.versionId]).toEqual(['DRY_RUN', real.frameworkId, null]);
  expect((await load(source, { dryRun: true })).outcome).toBe('UNCHANGED');
  expect(await allRows()).toEqual(stored);
});

test('the same bytes again are UNCHANGED, name the version that is there, and change no row', async () => {
  const source = casePackage([{ code: 'SAME' }, { code: 'SAME.1', parent: 'SAME' }], { name: 'same' });
  const first = await load(source, { publish: true });
  const before = await allRows();

  const again = await load(source, { publish: true, kind: 'EXTERNAL', defaultRollup: 'ANY_OF' });

  expect(first.outcome).toBe('IMPORTED');
  expect(again).toEqual({ ...first, outcome: 'UNCHANGED' });
  expect(await allRows()).toEqual(before);
});

test('the bytes of an older version are UNCHANGED too: a framework does not go back', async () => {
  const sources = ['1', '2'].map((version) => casePackage([{ code: 'OLD' }], { name: 'old', version }));
  const [first] = [await load(sources[0] ?? '', { publish: true }), await load(sources[1] ?? '', { publish: true })];

  const again = await load(sources[0] ?? '', { publish: true });

  expect([again.outcome, again.versionId]).toEqual(['UNCHANGED', first.versionId]);
});

test('of five imports of the same bytes at once one imports and four are UNCHANGED', async () => {
  const source = casePackage([{ code: 'RUSH' }, { code: 'RUSH.1', parent: 'RUSH' }], { name: 'rush' });
  const before = await rowCounts();

  const reports = await Promise.all([1, 2, 3, 4, 5].map(() => load(source, { publish: true })));

  expect(reports.map(({ outcome }) => outcome).sort()).toEqual(['IMPORTED', 'UNCHANGED', 'UNCHANGED', 'UNCHANGED', 'UNCHANGED']);
  expect(new Set(reports.map(({ versionId }) => versionId)).size).toBe(1);
  const after = await rowCounts();
  expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 1, 2, 2, 2, 10]);
});

test('five different versions imported at once are numbered 1 to 5', async () => {
  const versions = ['a', 'b', 'c', 'd', 'e'];

  const reports = await Promise.all(versions.map((version) => load(casePackage([{ code: 'QUEUE' }], { name: 'queue', version }))));

  expect(reports.map(({ outcome }) => outcome)).toEqual(['IMPORTED', 'IMPORTED', 'IMPORTED', 'IMPORTED', 'IMPORTED']);
  const rows = await app.database.sql.rows<{ ordinal: number; label: string }>(
    'select ordinal, label from competency.framework_version where framework_id = $1 order by ordinal',
    [reports[0]?.frameworkId],
  );
  expect(rows.map(({ ordinal }) => ordinal)).toEqual([1, 2, 3, 4, 5]);
  expect(rows.map(({ label }) => label).sort()).toEqual(versions);
});

test('a new version of a document keeps framework and item ids, adds what is new and leaves the old version as it was', async () => {
  const versionRows = (versionId: string | null) =>
    app.database.sql.rows<{ itemId: string; fullStatement: string }>(
      'select item_id, full_statement from competency.competency_item_version where version_id = $1 order by position',
      [versionId],
    );
  const first = await load(casePackage([{ code: 'NEXT' }, { code: 'NEXT.1', parent: 'NEXT' }, { code: 'NEXT.2', parent: 'NEXT' }], { name: 'next' }), {
    publish: true,
  });
  const old = await versionRows(first.versionId);
  const before = await rowCounts();

  const second = await load(
    changed(
      casePackage([{ code: 'NEXT' }, { code: 'NEXT.2', parent: 'NEXT' }, { code: 'NEXT.3', parent: 'NEXT' }], { name: 'next', version: '2' }),
      (value) => {
        value.CFItems[1] = { ...value.CFItems[1], fullStatement: 'Said anew' };
      },
    ),
    { publish: true },
  );

  expect([second.outcome, second.frameworkId]).toEqual(['IMPORTED', first.frameworkId]);
  expect(second.versionId).not.toBe(first.versionId);
  const after = await rowCounts();
  expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([0, 1, 1, 3, 3, 15]);
  expect(await versionRows(second.versionId)).toEqual([
    { itemId: itemIdOf('NEXT'), fullStatement: 'Competency NEXT' },
    { itemId: itemIdOf('NEXT.2'), fullStatement: 'Said anew' },
    { itemId: itemIdOf('NEXT.3'), fullStatement: 'Competency NEXT.3' },
  ]);
  expect(await versionRows(first.versionId)).toEqual(old);
  const [items] = await app.database.sql.rows<{ count: string }>('select count(*) from competency.competency_item where framework_id = $1', [
    first.frameworkId,
  ]);
  expect(Number(items?.count)).toBe(4);
});

test('an identifier that is no UUID gets one id, the same in every version, and is kept to the letter', async () => {
  const withText = (version: string) =>
    changed(casePackage([{ code: 'TEXT' }], { name: 'text', version }), ({ CFItems, CFAssociations }) => {
      CFItems.push({ identifier: 'skill/One', fullStatement: 'One' });
      CFAssociations.push({ ...match('isChildOf', 'TEXT.1', 'TEXT'), originNodeURI: { identifier: 'skill/One' } });
    });

  const reports = [await load(withText('1')), await load(withText('2'))];

  expect(reports.map(({ outcome }) => outcome)).toEqual(['IMPORTED', 'IMPORTED']);
  expect(reports.map(({ issues }) => issues.map(({ severity, code, path }) => [severity, code, path]))).toEqual(
    [1, 2].map(() => [['WARNING', 'identifier-not-case-uuid', '/CFItems/1/identifier']]),
  );
  const id = digestKey('case', 'skill/One');
  expect(await app.database.sql.rows('select id, identifier from competency.competency_item where identifier = $1', ['skill/One'])).toEqual([
    { id, identifier: 'skill/One' },
  ]);
  for (const { versionId } of reports) {
    expect(
      await app.database.sql.rows(
        'select origin_id, origin_identifier, destination_id from competency.competency_edge where version_id = $1 and origin_id = $2',
        [versionId, id],
      ),
    ).toEqual([{ originId: id, originIdentifier: 'skill/One', destinationId: itemIdOf('TEXT') }]);
  }
});

test('an association with an end outside is stored with both identifiers and refers to the inner end only', async () => {
  const report = await load(
    changed(casePackage([{ code: 'ENDS' }], { name: 'ends' }), ({ CFAssociations }) => {
      CFAssociations.splice(0, 1, { ...match('exactMatchOf', 'ENDS', 'ELSEWHERE'), sequenceNumber: 4 });
    }),
  );

  expect(report.issues.map(({ severity, code, path }) => [severity, code, path])).toEqual([
    ['WARNING', 'dangling-end', '/CFAssociations/0/destinationNodeURI'],
  ]);
  expect(
    await app.database.sql.rows(
      'select type, origin_id, origin_identifier, destination_id, destination_identifier, sequence_number from competency.competency_edge where version_id = $1',
      [report.versionId],
    ),
  ).toEqual([
    {
      type: 'exactMatchOf',
      originId: itemIdOf('ENDS'),
      originIdentifier: itemIdOf('ENDS'),
      destinationId: null,
      destinationIdentifier: itemIdOf('ELSEWHERE'),
      sequenceNumber: 4,
    },
  ]);
});

test('a package that runs in a circle is refused, names the loop and changes nothing', async () => {
  const before = await allRows();
  const nodes = [{ code: 'LOOP' }, { code: 'LOOP.1', parent: 'LOOP.2' }, { code: 'LOOP.2', parent: 'LOOP.1' }];

  const report = await load(casePackage(nodes, { name: 'loop' }));

  expect([report.outcome, report.versionId, report.issues.map(({ severity, code, path }) => [severity, code, path])]).toEqual([
    'REFUSED',
    null,
    [['ERROR', 'cycle', '/CFAssociations']],
  ]);
  expect(bothWays('isChildOf runs in a circle', 'LOOP.1', 'LOOP.2')).toContain(report.issues[0]?.message);
  expect(await allRows()).toEqual(before);
});

test('a circle that only a match closes is refused as well, also as the next version of a sound framework', async () => {
  const nodes = [{ code: 'MATCH' }, { code: 'MATCH.1', parent: 'MATCH' }];
  await draft('match', nodes);
  const before = await allRows();

  const report = await load(
    changed(casePackage(nodes, { name: 'match', version: '2' }), ({ CFAssociations }) => {
      CFAssociations.push(match('exactMatchOf', 'MATCH.1', 'MATCH'));
    }),
  );

  expect([report.outcome, report.issues.map(({ code }) => code)]).toEqual(['REFUSED', ['cycle']]);
  expect(report.issues[0]?.message).toMatch(/^isChildOf runs in a circle: (MATCH|MATCH\.1) -> \1$/);
  expect(await allRows()).toEqual(before);
});

test('an item of another framework is refused at its place, in a dry run too, and changes nothing', async () => {
  await draft('owner', [{ code: 'OWNED' }]);
  const before = await allRows();
  const source = casePackage([{ code: 'THIEF' }, { code: 'OWNED' }], { name: 'thief' });

  for (const dryRun of [false, true]) {
    expect(await load(source, { dryRun })).toEqual({
      outcome: 'REFUSED',
      frameworkId: null,
      versionId: null,
      counts: { items: 0, associations: 0, levels: 0 },
      issues: [{ severity: 'ERROR', path: '/CFItems/1/identifier', code: 'foreign-item', message: `${itemIdOf('OWNED')} belongs to another framework` }],
    });
  }
  expect(await allRows()).toEqual(before);
});

test('an import that publishes makes the version count at once, and publishing it again is refused', async () => {
  const report = await load(casePackage([{ code: 'PUBLISH' }], { name: 'publish' }), { publish: true });

  const [version] = await app.modules.competencies.versionsById([report.versionId ?? '']);
  expect(version).toMatchObject({ status: 'PUBLISHED', ordinal: 1, publishedAt: expect.any(Date) });
  await expect(app.modules.competencies.publish(report.versionId ?? '')).rejects.toMatchObject({
    code: 'CONFLICT',
    violations: [{ path: '/id', rule: 'published-is-final' }],
  });
});

const CHANGES: readonly (readonly [table: string, change: string, sql: string])[] = [
  ['competency_item_version', 'update', "update competency.competency_item_version set full_statement = 'changed' where version_id = $1"],
  ['competency_item_version', 'delete', 'delete from competency.competency_item_version where version_id = $1'],
  ['competency_edge', 'update', "update competency.competency_edge set type = 'precedes' where version_id = $1"],
  ['competency_edge', 'delete', 'delete from competency.competency_edge where version_id = $1'],
  ['level_descriptor', 'update', "update competency.level_descriptor set label = 'changed' where version_id = $1"],
  ['level_descriptor', 'delete', 'delete from competency.level_descriptor where version_id = $1'],
  [
    'competency_item_version',
    'insert',
    `insert into competency.competency_item_version (id, created_at, version_id, item_id, position, full_statement, rollup, rollup_only, policy, min_distinct_sources, threshold)
     select gen_random_uuid(), now(), $1, i.id, 99, 'added', 'NONE', false, 'LATEST', 1, 1000 from competency.competency_item i
     where not exists (select from competency.competency_item_version v where v.item_id = i.id and v.version_id = $1) limit 1`,
  ],
  [
    'competency_edge',
    'insert',
    `insert into competency.competency_edge (id, created_at, version_id, identifier, type, origin_identifier, destination_identifier, weight)
     values (gen_random_uuid(), now(), $1, 'added', 'isRelatedTo', 'a', 'b', 1)`,
  ],
  [
    'level_descriptor',
    'insert',
    `insert into competency.level_descriptor (id, created_at, version_id, item_id, rank, label)
     select gen_random_uuid(), now(), $1, item_id, 99, 'added' from competency.competency_item_version where version_id = $1`,
  ],
];

test.each(CHANGES)('the database refuses for a published version, and allows for a draft, on %s: %s', async (table, change, sql) => {
  const name = `frozen ${table} ${change}`;
  const nodes = [{ code: `${name} 1` }, { code: `${name} 2`, parent: `${name} 1` }];
  const versionId = await draft(name, nodes);
  await app.modules.competencies.publish(versionId);
  const draftId = await draft(`${name} draft`, [{ code: `${name} draft` }]);
  const rows = (id: string) => app.database.sql.rows(`select * from competency.${table} where version_id = $1 order by id`, [id]);
  const [published, open] = [await rows(versionId), await rows(draftId)];

  await expect(app.database.sql.rows(sql, [versionId])).rejects.toMatchObject({
    code: '23001',
    message: `framework version ${versionId} is published and does not change any more`,
  });
  await app.database.sql.rows(sql, [draftId]);

  expect(await rows(versionId)).toEqual(published);
  expect(published).not.toEqual([]);
  expect(await rows(draftId)).not.toEqual(open);
});

test.each(['competency_item_version', 'competency_edge', 'level_descriptor'])(
  'the database refuses to move a row of %s from a draft into a published version',
  async (table) => {
    const name = `moved ${table}`;
    const versionId = await draft(name, [{ code: name }], { publish: true });
    const draftId = await draft(`${name} draft`, [{ code: `${name} draft` }]);

    await expect(app.database.sql.rows(`update competency.${table} set version_id = $1 where version_id = $2`, [versionId, draftId])).rejects.toMatchObject({
      code: '23001',
    });
  },
);

test('an association is added to a draft with both ends and their identifiers', async () => {
  const versionId = await draft('add', [{ code: 'ADD.1' }, { code: 'ADD.2' }]);

  const edge = await app.modules.competencies.addEdge({ versionId, type: 'precedes', originId: itemIdOf('ADD.1'), destinationId: itemIdOf('ADD.2') });

  expect(edge).toEqual({
    id: expect.any(String),
    versionId,
    identifier: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    type: 'precedes',
    originId: itemIdOf('ADD.1'),
    originIdentifier: itemIdOf('ADD.1'),
    destinationId: itemIdOf('ADD.2'),
    destinationIdentifier: itemIdOf('ADD.2'),
    sequenceNumber: null,
    weight: 1,
    requiredMin: null,
    minLevel: null,
    levelMap: null,
  });
  expect(await app.modules.competencies.edgesOfVersion(versionId, 100)).toContainEqual(edge);
});

test('an association that would close a loop is refused, names the loop and is not stored', async () => {
  const nodes = [{ code: 'CLOSE.1', parent: 'CLOSE.2' }, { code: 'CLOSE.2', parent: 'CLOSE.3' }, { code: 'CLOSE.3' }];
  const versionId = await draft('close', nodes);
  const before = await allRows();
  const add = (type: 'isChildOf' | 'precedes', origin: string, destination: string) =>
    app.modules.competencies.addEdge({ versionId, type, originId: itemIdOf(origin), destinationId: itemIdOf(destination) });

  const refusal = await add('isChildOf', 'CLOSE.3', 'CLOSE.1').catch((error: unknown) => error);

  const rounds = [
    ['CLOSE.1', 'CLOSE.2', 'CLOSE.3'],
    ['CLOSE.2', 'CLOSE.3', 'CLOSE.1'],
    ['CLOSE.3', 'CLOSE.1', 'CLOSE.2'],
  ].map((round) => `isChildOf would run in a circle: ${[...round, round[0]].join(' -> ')}`);
  expect(refusal).toMatchObject({ code: 'CONFLICT', violations: [{ path: '/destinationId', rule: 'acyclic' }] });
  expect(rounds).toContain((refusal as Error).message);
  await expect(add('isChildOf', 'CLOSE.3', 'CLOSE.3')).rejects.toMatchObject({
    code: 'CONFLICT',
    message: 'isChildOf would run in a circle: CLOSE.3 -> CLOSE.3',
  });
  await expect(add('precedes', 'CLOSE.1', 'CLOSE.1')).rejects.toMatchObject({
    code: 'CONFLICT',
    message: 'precedes would run in a circle: CLOSE.1 -> CLOSE.1',
  });
  expect(await allRows()).toEqual(before);
  await expect(add('precedes', 'CLOSE.3', 'CLOSE.1')).resolves.toMatchObject({ type: 'precedes' });
});

test('an association whose loop only a match closes is refused', async () => {
  const source = changed(casePackage([{ code: 'SAMEAS.1' }, { code: 'SAMEAS.2' }], { name: 'same as' }), ({ CFAssociations }) => {
    CFAssociations.push(match('exactMatchOf', 'SAMEAS.1', 'SAMEAS.2'));
  });
  const { versionId } = await load(source);

  const adding = app.modules.competencies.addEdge({
    versionId: versionId ?? '',
    type: 'isChildOf',
    originId: itemIdOf('SAMEAS.1'),
    destinationId: itemIdOf('SAMEAS.2'),
  });

  await expect(adding).rejects.toMatchObject({ code: 'CONFLICT', violations: [{ path: '/destinationId', rule: 'acyclic' }] });
});

test('isRelatedTo may run both ways', async () => {
  const versionId = await draft('related', [{ code: 'REL.1' }, { code: 'REL.2' }]);
  const [one, two] = [itemIdOf('REL.1'), itemIdOf('REL.2')];

  await app.modules.competencies.addEdge({ versionId, type: 'isRelatedTo', originId: one, destinationId: two });
  await app.modules.competencies.addEdge({ versionId, type: 'isRelatedTo', originId: two, destinationId: one });

  const edges = await app.modules.competencies.edgesOfVersion(versionId, 100);
  expect(edges.filter(({ type }) => type === 'isRelatedTo')).toHaveLength(2);
});

test('an association is refused outside its draft: ends of another version, a published version, an unknown one', async () => {
  const versionId = await draft('inside', [{ code: 'IN.1' }, { code: 'IN.2' }]);
  const otherId = await draft('beside', [{ code: 'BESIDE' }]);
  const before = await allRows();
  const [one, two, beside] = [itemIdOf('IN.1'), itemIdOf('IN.2'), itemIdOf('BESIDE')];
  const add = (version: string, originId: string, destinationId: string) =>
    app.modules.competencies.addEdge({ versionId: version, type: 'isChildOf', originId, destinationId });

  await expect(add(versionId, beside, one)).rejects.toMatchObject({ code: 'INVALID_INPUT', violations: [{ path: '/originId', rule: 'reference' }] });
  await expect(add(versionId, one, beside)).rejects.toMatchObject({ code: 'INVALID_INPUT', violations: [{ path: '/destinationId', rule: 'reference' }] });
  await expect(add('00000000-0000-4000-8000-000000000000', one, two)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    violations: [{ path: '/frameworkVersionId' }],
  });
  expect(await allRows()).toEqual(before);
  await app.modules.competencies.publish(versionId);
  await expect(add(versionId, one, two)).rejects.toMatchObject({ code: 'CONFLICT', violations: [{ path: '/frameworkVersionId', rule: 'published-is-final' }] });
  expect(await app.modules.competencies.edgesOfVersion(otherId, 100)).toHaveLength(1);
});

test('of two editors who add half a loop each at once exactly one succeeds, in each of 20 drafts', async () => {
  for (let round = 0; round < 20; round += 1) {
    const [a, b] = [`RACE.${round}.A`, `RACE.${round}.B`];
    const versionId = await draft(`race ${round}`, [{ code: a }, { code: b }]);
    const add = (origin: string, destination: string) =>
      app.modules.competencies.addEdge({ versionId, type: 'isChildOf', originId: itemIdOf(origin), destinationId: itemIdOf(destination) });

    const results = await Promise.all([add(a, b), add(b, a)].map((adding) => adding.catch((error: unknown) => error)));

    const refusals = results.filter((result) => result instanceof Error);
    expect(refusals).toEqual([expect.objectContaining({ code: 'CONFLICT', violations: [expect.objectContaining({ rule: 'acyclic' })] })]);
    expect(bothWays('isChildOf would run in a circle', a, b)).toContain(refusals[0]?.message);
    const edges = await app.modules.competencies.edgesOfVersion(versionId, 100);
    const inner = edges.flatMap(({ originId, destinationId }) => (originId && destinationId ? [[originId, destinationId] as const] : []));
    expect(inner).toHaveLength(1);
    expect(findLoops(inner)).toEqual([]);
  }
});

test('of five editors who add a fifth of a loop each at once exactly four succeed', async () => {
  const codes = ['FIVE.0', 'FIVE.1', 'FIVE.2', 'FIVE.3', 'FIVE.4'];
  const versionId = await draft(
    'five',
    codes.map((code) => ({ code })),
  );

  const results = await Promise.allSettled(
    codes.map((code, index) =>
      app.modules.competencies.addEdge({ versionId, type: 'precedes', originId: itemIdOf(code), destinationId: itemIdOf(codes[(index + 1) % 5] ?? '') }),
    ),
  );

  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  expect((await app.modules.competencies.edgesOfVersion(versionId, 100)).filter(({ type }) => type === 'precedes')).toHaveLength(4);
});

const ANY_OF = { kind: 'ANY_OF', count: null, rollupOnly: false } as const;

test('the roll-up of one competency is set in a draft and nothing else changes', async () => {
  const versionId = await draft('rollup', [{ code: 'ROLL' }, { code: 'ROLL.1', parent: 'ROLL' }], { defaultRollup: 'ALL_OF' });
  const otherId = (await load(casePackage([{ code: 'ROLL' }], { name: 'rollup', version: '2' }))).versionId ?? '';
  const rollups = async (id: string) => (await app.modules.competencies.itemsOfVersion(id, 100)).map(({ code, rollup }) => [code, rollup]);

  await app.modules.competencies.setLevelRule(versionId, itemIdOf('ROLL'), ANY_OF, DEFAULT_POLICY);

  expect(await rollups(versionId)).toEqual([
    ['ROLL', 'ANY_OF'],
    ['ROLL.1', 'ALL_OF'],
  ]);
  expect(await rollups(otherId)).toEqual([['ROLL', 'NONE']]);
});

test('the roll-up of a published version, of an unknown one, or of a competency that is not in it cannot be set', async () => {
  const versionId = await draft('fixed', [{ code: 'FIXED' }]);
  await draft('fixed beside', [{ code: 'FIXED BESIDE' }]);
  const set = (version: string, code: string) => app.modules.competencies.setLevelRule(version, itemIdOf(code), ANY_OF, DEFAULT_POLICY);

  await expect(set(versionId, 'FIXED BESIDE')).rejects.toMatchObject({ code: 'INVALID_INPUT', violations: [{ path: '/competencyId', rule: 'reference' }] });
  await expect(set('00000000-0000-4000-8000-000000000000', 'FIXED')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    violations: [{ path: '/frameworkVersionId' }],
  });
  await app.modules.competencies.publish(versionId);
  const before = await allRows();
  await expect(set(versionId, 'FIXED')).rejects.toMatchObject({ code: 'CONFLICT', violations: [{ path: '/frameworkVersionId', rule: 'published-is-final' }] });
  expect(await allRows()).toEqual(before);
});
