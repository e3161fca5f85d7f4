import { hash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database, Sql } from '../../db/database.ts';
import { stamp } from '../../db/entity.ts';
import { checkTexts } from '../../kernel/checks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { invalid } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import { JsonTextError, scanJson } from '../../kernel/json-text.ts';
import {
  type CasePackage,
  type Converted,
  caseIdentifier,
  DEFAULT_POLICY,
  type DocumentFacts,
  type ImportIssue,
  type LevelPolicy,
  type RollupKind,
  type RollupRule,
  readCasePackage,
  readCsvFramework,
  readDigComp,
} from '../../standards/case/index.ts';
import {
  CompetencyEdge,
  CompetencyFramework,
  CompetencyItem,
  CompetencyItemVersion,
  type FRAMEWORK_KINDS,
  FrameworkVersion,
  LevelDescriptor,
} from './competency.entities.ts';
import { frameworkByIdentifier } from './competency.store.ts';

export const IMPORT_FORMATS = ['CASE', 'CSV', 'DIGCOMP'] as const;

export interface ImportRequest {
  /** The framework as text, in the form that `format` names. */
  readonly source: string;
  /** CASE: a CFPackage of CASE 1.0 or 1.1. CSV: one row an item. DIGCOMP: the JSON-LD of the European Commission. */
  readonly format?: (typeof IMPORT_FORMATS)[number];
  /** What the other formats do not say of their framework. */
  readonly document?: DocumentFacts | null;
  readonly kind: (typeof FRAMEWORK_KINDS)[number];
  /** Roll-up of items whose `extensions.rollup` says nothing. */
  readonly defaultRollup: RollupKind;
  /** Whether the new version is published at once; published versions never change. */
  readonly publish: boolean;
  /** Only report. */
  readonly dryRun: boolean;
}

export interface ImportReport {
  /** UNCHANGED: a version with these bytes is there already. REFUSED: see the errors among the issues. */
  readonly outcome: 'IMPORTED' | 'UNCHANGED' | 'REFUSED' | 'DRY_RUN';
  readonly frameworkId: string | null;
  readonly versionId: string | null;
  readonly counts: { readonly items: number; readonly associations: number; readonly levels: number };
  readonly issues: readonly ImportIssue[];
}

const NO_COUNTS = { items: 0, associations: 0, levels: 0 };

/** Keeps a CASE UUID; anything else gets the name-based one of its text, which it also goes out with. */
const itemId = caseIdentifier;

const refused = (issues: readonly ImportIssue[]): ImportReport => ({ outcome: 'REFUSED', frameworkId: null, versionId: null, counts: NO_COUNTS, issues });

/** JSON Pointer of the root: the text itself is at fault. */
const notJson = (message: string): ImportReport => refused([{ severity: 'ERROR', path: '', code: 'json', message }]);

/** Far above the largest public frameworks, which have some thousand items. */
const LIMITS = { maxDepth: 64, maxTokens: 5_000_000 };

/** A package to be read, with what its conversion had to say; without one, the reason stands among the issues. */
interface Parsed {
  readonly value: unknown;
  /** The package as JSON text, kept to the letter. */
  readonly text: string;
  readonly issues: readonly ImportIssue[];
}

function parseJson(source: string): { value: unknown } | { message: string } {
  try {
    const value: unknown = JSON.parse(source);
    scanJson(source, LIMITS);
    return { value };
  } catch (error) {
    return {
      message: error instanceof JsonTextError ? `the package cannot be taken: ${error.message}` : `the package is not valid JSON: ${(error as Error).message}`,
    };
  }
}

/** Brings a source into the form of CASE. */
function parse({ source, format = 'CASE', document }: ImportRequest): Parsed | ImportReport {
  if (format === 'CASE') {
    const parsed = parseJson(source);
    return 'message' in parsed ? notJson(parsed.message) : { value: parsed.value, text: source, issues: [] };
  }
  if (!document) throw invalid('/document', 'required', `${format} says nothing of its framework: title and creator are needed`);
  checkTexts({ 'document/title': document.title, 'document/creator': document.creator });
  if (format === 'CSV') return converted(readCsvFramework(source, document));
  const parsed = parseJson(source);
  return 'message' in parsed ? notJson(parsed.message) : converted(readDigComp(parsed.value, document));
}

const converted = ({ package: whole, issues }: Converted): Parsed | ImportReport =>
  whole === null ? refused(issues) : { value: whole, text: JSON.stringify(whole), issues };

const CHUNK = 500;

async function insertAll<T extends object>(rows: readonly T[], insert: (chunk: T[]) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < rows.length; start += CHUNK) await insert(rows.slice(start, start + CHUNK));
}

async function ensureFramework(em: EntityManager, sql: Sql, clock: Clock, read: CasePackage, kind: ImportRequest['kind']): Promise<string> {
  const known = await frameworkByIdentifier(sql, read.document.identifier);
  if (known) return known.id;
  const { identifier, title, creator, language } = read.document;
  const row = { ...stamp(clock), identifier, title, creator, kind, language };
  await em.insert(CompetencyFramework, row);
  return row.id;
}

/** Items that belong to another framework already: identifiers are global, so one of the two files is wrong. */
async function foreignItems(sql: Sql, read: CasePackage, frameworkId: string): Promise<readonly ImportIssue[]> {
  const rows = await sql.rows<{ id: string }>('select id from competency.competency_item where id = any($1::uuid[]) and framework_id <> $2', [
    read.items.map((item) => itemId(item.identifier)),
    frameworkId,
  ]);
  const foreign = new Set(rows.map((row) => row.id));
  return read.items.flatMap((item, index): ImportIssue[] =>
    foreign.has(itemId(item.identifier))
      ? [{ severity: 'ERROR', path: `/CFItems/${index}/identifier`, code: 'foreign-item', message: `${item.identifier} belongs to another framework` }]
      : [],
  );
}

/** The columns of a roll-up rule; N_OF without a number asks for all. */
export const rollupColumns = ({ kind, count, rollupOnly }: RollupRule) => ({ rollup: kind, rollupCount: count, rollupOnly });

export const policyColumns = ({ kind, minDistinctSources, threshold, halfLifeDays }: LevelPolicy) => ({
  policy: kind,
  minDistinctSources,
  threshold,
  halfLifeDays,
});

/** The number after the last of a framework. */
export async function nextOrdinal(sql: Sql, frameworkId: string): Promise<number> {
  const [last] = await sql.rows<{ ordinal: number }>(
    'select coalesce(max(ordinal), 0)::int as ordinal from competency.framework_version where framework_id = $1',
    [frameworkId],
  );
  return (last?.ordinal ?? 0) + 1;
}

async function insertVersion(
  em: EntityManager,
  sql: Sql,
  clock: Clock,
  read: CasePackage,
  request: ImportRequest,
  frameworkId: string,
  contentHash: string,
): Promise<string> {
  const ordinal = await nextOrdinal(sql, frameworkId);
  const version = {
    ...stamp(clock),
    framework: frameworkId,
    ordinal,
    label: read.document.version ?? String(ordinal),
    status: 'DRAFT' as const,
    contentHash,
    source: request.source,
    publishedAt: null,
  };
  await em.insert(FrameworkVersion, version);
  await insertGraph(em, sql, clock, read, { versionId: version.id, frameworkId, defaultRollup: request.defaultRollup });
  return version.id;
}

/**
 * Writes the items, associations and levels of a version.
 * @param edgeIds ids of associations that are known already, by identifier.
 */
export async function insertGraph(
  em: EntityManager,
  sql: Sql,
  clock: Clock,
  read: CasePackage,
  { versionId, frameworkId, defaultRollup }: { versionId: string; frameworkId: string; defaultRollup: RollupKind },
  edgeIds: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const createdAt = clock.now();
  const known = new Set(
    (await sql.rows<{ id: string }>('select id from competency.competency_item where framework_id = $1', [frameworkId])).map((row) => row.id),
  );
  const items = read.items.map((item) => ({ ...item, id: itemId(item.identifier) }));
  const inPackage = new Map(items.map((item) => [item.identifier, item.id]));
  await insertAll(
    items.filter((item) => !known.has(item.id)).map((item) => ({ id: item.id, createdAt, identifier: item.identifier, framework: frameworkId })),
    (chunk) => em.insertMany(CompetencyItem, chunk),
  );
  await insertAll(
    items.map((item, position) => ({
      id: newId(),
      createdAt,
      version: versionId,
      item: item.id,
      position,
      code: item.code,
      fullStatement: item.fullStatement,
      abbreviatedStatement: item.abbreviatedStatement,
      itemType: item.itemType,
      statusEndDate: item.statusEndDate,
      ...rollupColumns(item.rollup ?? { kind: defaultRollup, count: null, rollupOnly: false }),
      ...policyColumns(item.policy ?? DEFAULT_POLICY),
    })),
    (chunk) => em.insertMany(CompetencyItemVersion, chunk),
  );
  await insertAll(
    read.associations.map((edge) => ({
      id: edgeIds.get(edge.identifier) ?? newId(),
      createdAt,
      version: versionId,
      identifier: edge.identifier,
      type: edge.type,
      origin: inPackage.get(edge.origin) ?? null,
      originIdentifier: edge.origin,
      destination: inPackage.get(edge.destination) ?? null,
      destinationIdentifier: edge.destination,
      sequenceNumber: edge.sequenceNumber,
      weight: edge.weight,
      requiredMin: edge.requiredMin,
      minLevel: edge.minLevel,
      levelMap: edge.levelMap === null ? null : { ...edge.levelMap },
    })),
    (chunk) => em.insertMany(CompetencyEdge, chunk),
  );
  await insertAll(
    read.levels.map((level) => ({
      id: newId(),
      createdAt,
      version: versionId,
      item: inPackage.get(level.itemIdentifier) ?? '',
      rank: level.rank,
      label: level.label,
      description: level.description,
    })),
    (chunk) => em.insertMany(LevelDescriptor, chunk),
  );
}

class Refusal extends Error {
  readonly issues: readonly ImportIssue[];
  constructor(issues: readonly ImportIssue[]) {
    super('refused');
    this.issues = issues;
  }
}

/**
 * Imports a CASE package as a new version of its framework, all or nothing.
 *
 * The same bytes again change nothing. A package with any ERROR changes nothing. Never throws for what stands in the
 * package: every issue is in the report, with its path.
 * @param publish makes the new version count, within the same transaction.
 */
export async function importFramework(
  database: Database,
  clock: Clock,
  request: ImportRequest,
  publish: (em: EntityManager, sql: Sql, versionId: string) => Promise<void>,
): Promise<ImportReport> {
  const parsed = parse(request);
  if ('outcome' in parsed) return parsed;
  const { package: read, issues: found } = readCasePackage(parsed.value);
  const issues = [...parsed.issues, ...found];
  if (!read) return refused(issues);
  const counts = { items: read.items.length, associations: read.associations.length, levels: read.levels.length };
  const contentHash = hash('sha256', parsed.text, 'hex');
  try {
    return await database.write(async (em, sql): Promise<ImportReport> => {
      await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`framework ${read.document.identifier}`]);
      const known = await frameworkByIdentifier(sql, read.document.identifier);
      const [same] = known
        ? await sql.rows<{ id: string }>('select id from competency.framework_version where framework_id = $1 and content_hash = $2', [known.id, contentHash])
        : [];
      if (known && same) return { outcome: 'UNCHANGED', frameworkId: known.id, versionId: same.id, counts, issues };
      const foreign = await foreignItems(sql, read, known?.id ?? '00000000-0000-0000-0000-000000000000');
      if (foreign.length > 0) throw new Refusal(foreign);
      if (request.dryRun) return { outcome: 'DRY_RUN', frameworkId: known?.id ?? null, versionId: null, counts, issues };
      const frameworkId = await ensureFramework(em, sql, clock, read, request.kind);
      const versionId = await insertVersion(em, sql, clock, read, { ...request, source: parsed.text }, frameworkId, contentHash);
      if (request.publish) await publish(em, sql, versionId);
      return { outcome: 'IMPORTED', frameworkId, versionId, counts, issues };
    });
  } catch (error) {
    if (error instanceof Refusal) return refused([...issues, ...error.issues]);
    throw error;
  }
}
