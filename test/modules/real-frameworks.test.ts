import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ImportReport } from '../../src/modules/competency/index.ts';
import { caseViolations, findLoops } from '../../src/standards/case/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

const FOLDER = path.resolve(process.cwd(), '../shared/data/frameworks');

interface Expected {
  readonly name: string;
  readonly file: string;
  readonly items: number;
  /** How many associations of each type. */
  readonly associations: Readonly<Record<string, number>>;
  readonly levels: number;
  /** How many competencies have levels, and the least and greatest number of them. */
  readonly described: readonly [items: number, fewest: number, most: number];
  /** How many warnings of each code; errors there are none. */
  readonly warnings: Readonly<Record<string, number>>;
}

const FRAMEWORKS: readonly Expected[] = [
  {
    name: 'DigComp 3.0',
    file: 'converted/digcomp3.case-v1p1.json',
    items: 919,
    associations: { hasSkillLevel: 885, isChildOf: 919 },
    levels: 0,
    described: [0, 0, 0],
    warnings: {},
  },
  {
    name: 'the UK framework',
    file: 'converted/uk-gddpcf.case-v1p1.json',
    items: 188,
    associations: { isChildOf: 188 },
    levels: 692,
    described: [188, 1, 4],
    warnings: {},
  },
  {
    name: 'DIRECT',
    file: 'converted/direct.case-v1p1.json',
    items: 191,
    associations: { isChildOf: 191, isRelatedTo: 180 },
    levels: 0,
    described: [0, 0, 0],
    warnings: {},
  },
  {
    name: 'the ASN skeleton',
    file: 'converted/asn-pan38-2017.case-v1p1.json',
    items: 15,
    associations: { isChildOf: 15 },
    levels: 60,
    described: [12, 5, 5],
    warnings: {},
  },
  {
    name: 'the OpenSALT original',
    file: 'opensalt/opensalt-framework-20c5134f-423d-4097-a971-3dd5152bf507.json',
    items: 16,
    associations: { exactMatchOf: 16, exemplar: 2, isChildOf: 16, isRelatedTo: 2, precedes: 3 },
    levels: 0,
    described: [0, 0, 0],
    warnings: { 'dangling-end': 21 },
  },
  {
    name: 'the COMPEITO original',
    file: 'compeito/opencase_round_trip_baseline.json',
    items: 36,
    associations: { isChildOf: 36 },
    levels: 28,
    described: [7, 4, 4],
    warnings: { 'identifier-not-case-uuid': 36 },
  },
];

interface Source {
  readonly CFDocument: { readonly identifier: string };
  readonly CFItems: readonly { readonly identifier: string; readonly fullStatement: string; readonly humanCodingScheme?: string | null }[];
}

let app: TestApp;
const sources = new Map<string, string>();
const reports = new Map<string, ImportReport>();

const load = (source: string): Promise<ImportReport> =>
  app.modules.competencies.import({ source, kind: 'EXTERNAL', defaultRollup: 'NONE', publish: true, dryRun: false });
const sourceOf = (file: string): string => sources.get(file) ?? '';
const reportOf = (file: string): ImportReport => {
  const report = reports.get(file);
  if (!report) throw new Error(`${file} was not imported`);
  return report;
};

/** Everything of a version that acts, without our own ids. */
async function graphOf(of: TestApp, versionId: string | null) {
  const rows = (text: string) => of.database.sql.rows<Record<string, unknown>>(text, [versionId]);
  return {
    items: await rows(
      `select i.identifier, iv.position, iv.code, iv.full_statement, iv.abbreviated_statement, iv.item_type, iv.rollup, iv.policy
       from competency.competency_item_version iv join competency.competency_item i on i.id = iv.item_id where iv.version_id = $1 order by iv.position`,
    ),
    edges: await rows(
      `select type, origin_identifier as origin, destination_identifier as destination, sequence_number, weight, required_min
       from competency.competency_edge where version_id = $1 order by type, origin_identifier, destination_identifier`,
    ),
    levels: await rows(
      `select i.identifier, l.rank, l.label, l.description from competency.level_descriptor l join competency.competency_item i on i.id = l.item_id
       where l.version_id = $1 order by i.identifier, l.rank`,
    ),
  };
}

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
const fileOf = (name: string): string => FRAMEWORKS.find((framework) => framework.name === name)?.file ?? '';

// The frameworks have licences of their own and are not part of this project.
(existsSync(FOLDER) ? describe : describe.skip)('real frameworks (skipped without ../shared/data/frameworks)', () => {
  beforeAll(async () => {
    for (const { file } of FRAMEWORKS) {
      sources.set(file, readFileSync(path.join(FOLDER, file), 'utf8'));
    }
    app = await startTestApp();
    for (const { file } of FRAMEWORKS) reports.set(file, await load(sourceOf(file)));
  });

  afterAll(() => app.close());

  test.each(FRAMEWORKS)('the import of $name reports $items items, its associations and $levels levels, no error, and its known warnings', (expected) => {
    const { outcome, counts, issues } = reportOf(expected.file);

    expect(outcome).toBe('IMPORTED');
    expect(counts).toEqual({ items: expected.items, associations: total(expected.associations), levels: expected.levels });
    expect(issues.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
    const codes = Map.groupBy(issues, ({ code }) => code);
    expect(Object.fromEntries([...codes].map(([code, found]) => [code, found.length]))).toEqual(expected.warnings);
  });

  test.each(FRAMEWORKS)('every item, association and level of $name is a row', async (expected) => {
    const { frameworkId, versionId } = reportOf(expected.file);
    const { sql } = app.database;

    const [counted] = await sql.rows(
      `select (select count(*)::int from competency.competency_item where framework_id = $1) as items,
            (select count(*)::int from competency.framework_version where framework_id = $1) as versions,
            (select count(*)::int from competency.competency_item_version where version_id = $2) as item_versions,
            (select count(*)::int from competency.level_descriptor where version_id = $2) as levels`,
      [frameworkId, versionId],
    );
    const types = await sql.rows<{ type: string; count: number }>(
      'select type, count(*)::int from competency.competency_edge where version_id = $1 group by type order by type',
      [versionId],
    );
    const [described] = await sql.rows<{ items: number; fewest: number; most: number }>(
      `select count(*)::int as items, coalesce(min(levels), 0)::int as fewest, coalesce(max(levels), 0)::int as most
     from (select count(*) as levels from competency.level_descriptor where version_id = $1 group by item_id) t`,
      [versionId],
    );

    expect(counted).toEqual({ items: expected.items, versions: 1, itemVersions: expected.items, levels: expected.levels });
    expect(Object.fromEntries(types.map(({ type, count }) => [type, count]))).toEqual(expected.associations);
    expect([described?.items, described?.fewest, described?.most]).toEqual(expected.described);
  });

  test.each(FRAMEWORKS)('every text of the items of $name is stored to the letter, in its order, and so is the file', async ({ file }) => {
    const { versionId } = reportOf(file);
    const { CFItems } = JSON.parse(sourceOf(file)) as Source;

    const rows = await app.database.sql.rows(
      `select i.identifier, iv.full_statement, iv.code from competency.competency_item_version iv join competency.competency_item i on i.id = iv.item_id
     where iv.version_id = $1 order by iv.position`,
      [versionId],
    );
    const [version] = await app.database.sql.rows<{ source: string; status: string }>('select source, status from competency.framework_version where id = $1', [
      versionId,
    ]);

    expect(rows).toEqual(CFItems.map((item) => ({ identifier: item.identifier, fullStatement: item.fullStatement, code: item.humanCodingScheme || null })));
    expect(version?.status).toBe('PUBLISHED');
    expect(version?.source === sourceOf(file)).toBe(true);
  });

  test('importing every framework again changes no row', async () => {
    const before = await app.counts();

    for (const { file } of FRAMEWORKS) expect(await load(sourceOf(file))).toEqual({ ...reportOf(file), outcome: 'UNCHANGED' });

    expect(await app.counts()).toEqual(before);
    const [levels] = await app.database.sql.rows('select count(*)::int from competency.level_descriptor');
    expect([before['competency.competency_item_version'], before['competency.competency_edge'], levels]).toEqual([
      919 + 188 + 191 + 15 + 16 + 36,
      1804 + 188 + 371 + 15 + 39 + 36,
      { count: 692 + 60 + 28 },
    ]);
  });

  test('the 21 associations of OpenSALT that lead outside the package are warnings, and rows that refer to the inner end only', async () => {
    const { versionId, issues } = reportOf(fileOf('the OpenSALT original'));
    const { CFDocument } = JSON.parse(sourceOf(fileOf('the OpenSALT original'))) as Source;

    const rows = await app.database.sql.rows<{ originId: string | null; destinationId: string | null }>(
      `select origin_id, destination_id from competency.competency_edge where version_id = $1
     and (origin_id is null and origin_identifier <> $2 or destination_id is null and destination_identifier <> $2)`,
      [versionId, CFDocument.identifier],
    );

    expect(rows).toHaveLength(21);
    expect(rows.filter(({ originId, destinationId }) => originId !== null && destinationId === null)).toHaveLength(21);
    expect(new Set(issues.map(({ severity, code }) => `${severity} ${code}`))).toEqual(new Set(['WARNING dangling-end']));
    expect(new Set(issues.map(({ path: place }) => place)).size).toBe(21);
    for (const { path: place } of issues) expect(place).toMatch(/^\/CFAssociations\/\d+\/destinationNodeURI$/);
  });

  test('the 180 isRelatedTo associations of DIRECT are 90 pairs both ways: loops that are allowed', async () => {
    const { versionId } = reportOf(fileOf('DIRECT'));

    const pairs = await app.database.sql.rows<{ originId: string; destinationId: string }>(
      "select origin_id, destination_id from competency.competency_edge where version_id = $1 and type = 'isRelatedTo'",
      [versionId],
    );

    const keys = new Set(pairs.map(({ originId, destinationId }) => `${originId} ${destinationId}`));
    expect(keys.size).toBe(180);
    expect(pairs.filter(({ originId, destinationId }) => originId < destinationId && keys.has(`${destinationId} ${originId}`))).toHaveLength(90);
    expect(findLoops(pairs.map(({ originId, destinationId }) => [originId, destinationId] as const)).length).toBeGreaterThan(0);
  });

  test.each(FRAMEWORKS.slice(0, 4))('$name, strict already, goes out as it came in, and comes in again as the same graph', async ({ file }) => {
    const source: unknown = JSON.parse(sourceOf(file));
    expect(caseViolations(source, 'CFPackage')).toEqual([]);

    const text = await app.modules.competencies.export(reportOf(file).versionId ?? '', 'CASE');
    expect(JSON.parse(text)).toEqual(source);

    const other = await startTestApp();
    try {
      const report = await other.modules.competencies.import({ source: text, kind: 'EXTERNAL', defaultRollup: 'NONE', publish: true, dryRun: false });
      expect({ outcome: report.outcome, counts: report.counts, issues: report.issues }).toEqual({
        outcome: 'IMPORTED',
        counts: reportOf(file).counts,
        issues: reportOf(file).issues,
      });
      expect(await graphOf(other, report.versionId)).toEqual(await graphOf(app, reportOf(file).versionId));
      expect(JSON.parse(await other.modules.competencies.export(report.versionId ?? '', 'CASE'))).toEqual(source);
    } finally {
      await other.close();
    }
  });

  test.each(FRAMEWORKS.slice(4))(
    '$name, not strict, goes out strict, with every item and association; what has no place stands in extensions',
    async ({ file }) => {
      const source = JSON.parse(sourceOf(file)) as { CFItems: Record<string, unknown>[]; CFAssociations: unknown[] };
      expect(caseViolations(source, 'CFPackage')).not.toEqual([]);

      const out = JSON.parse(await app.modules.competencies.export(reportOf(file).versionId ?? '', 'CASE'));

      expect(caseViolations(out, 'CFPackage')).toEqual([]);
      expect(out.CFItems).toHaveLength(source.CFItems.length);
      expect(out.CFAssociations).toHaveLength(source.CFAssociations.length);
      const implied = ['CFDocumentURI', 'extensions'];
      for (const [index, item] of source.CFItems.entries()) {
        const said = Object.keys(item).filter((key) => item[key] !== null && item[key] !== '' && !implied.includes(key));
        expect(said.filter((key) => !(key in out.CFItems[index]) && !(key in (out.CFItems[index].extensions ?? {})))).toEqual([]);
      }
    },
  );

  test('DigComp as the Commission publishes it: every node is there, and each of its 885 dangling level references and other traps is told', async () => {
    const source = readFileSync(path.join(FOLDER, 'digcomp3/digcomp3-en.jsonld'), 'utf8');
    const document = { title: 'DigComp', creator: 'JRC', language: 'en' };
    const report = await app.modules.competencies.import({
      source,
      format: 'DIGCOMP',
      document,
      kind: 'EXTERNAL',
      defaultRollup: 'NONE',
      publish: true,
      dryRun: false,
    });

    expect(report.outcome).toBe('IMPORTED');
    expect(report.counts).toEqual({ items: 919, associations: 1804, levels: 0 });
    const codes = Map.groupBy(report.issues, ({ severity, code }) => `${severity} ${code}`);
    expect(Object.fromEntries([...codes].map(([code, found]) => [code, found.length]))).toEqual({
      'WARNING dangling-reference': 885,
      'WARNING duplicate-mapping': 2,
      // Two of levels, the others of the glossary.
      'WARNING identifier-with-space': 91,
    });
    const out = JSON.parse(await app.modules.competencies.export(report.versionId ?? '', 'CASE'));
    expect(caseViolations(out, 'CFPackage')).toEqual([]);
    expect(out.CFDefinitions.CFConcepts).toHaveLength(126);
    const types = Map.groupBy(out.CFItems as { CFItemType: string }[], (item) => item.CFItemType);
    expect([...types.values()].map((items) => items.length).sort((a, b) => a - b)).toEqual([5, 8, 21, 362, 523]);
    const ids = new Set((out.CFItems as { identifier: string }[]).map((item) => item.identifier));
    const levels = (out.CFAssociations as { associationType: string; destinationNodeURI: { identifier: string } }[]).filter(
      (edge) => edge.associationType === 'hasSkillLevel',
    );
    expect(levels.filter((edge) => ids.has(edge.destinationNodeURI.identifier))).toHaveLength(885);
  });

  test.each(FRAMEWORKS.slice(0, 4))('$name as a table and back is the same items under the same parents, with the same levels', async ({ file }) => {
    const csv = await app.modules.competencies.export(reportOf(file).versionId ?? '', 'CSV');
    const { CFDocument } = JSON.parse(sourceOf(file)) as Source;
    const other = await startTestApp();
    try {
      const report = await other.modules.competencies.import({
        source: csv,
        format: 'CSV',
        document: { title: 'x', creator: 'y', identifier: CFDocument.identifier },
        kind: 'EXTERNAL',
        defaultRollup: 'NONE',
        publish: true,
        dryRun: false,
      });
      expect(report.issues).toEqual([]);
      expect(report.outcome).toBe('IMPORTED');
      const [before, after] = await Promise.all([graphOf(app, reportOf(file).versionId), graphOf(other, report.versionId)]);
      const acting = (edges: readonly Record<string, unknown>[]) =>
        edges.filter((edge) => edge['type'] !== 'hasSkillLevel').map(({ type, origin, destination }) => ({ type, origin, destination }));
      expect(after.items).toEqual(before.items);
      expect(after.levels).toEqual(before.levels);
      expect(acting(after.edges)).toEqual(acting(before.edges));
    } finally {
      await other.close();
    }
  });

  test.each(FRAMEWORKS)('from every competency of $name the way up by isChildOf ends', async ({ file }) => {
    const { versionId } = reportOf(file);

    const edges = await app.database.sql.rows<{ originId: string; destinationId: string }>(
      "select origin_id, destination_id from competency.competency_edge where version_id = $1 and type = 'isChildOf' and destination_id is not null",
      [versionId],
    );

    expect(findLoops(edges.map(({ originId, destinationId }) => [originId, destinationId] as const))).toEqual([]);
  });
});
