import { hash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database, Sql } from '../../db/database.ts';
import { stamp } from '../../db/entity.ts';
import { checkRange, checkTexts, isDay, LONG_TEXT } from '../../kernel/checks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { AppError, conflict, invalid, missing } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import {
  addItem,
  type CasePackage,
  changeItem,
  type ItemChange,
  readCasePackage,
  relabelled,
  removeAssociation,
  removeItem,
} from '../../standards/case/index.ts';
import { CompetencyEdge, CompetencyItemVersion, FrameworkVersion, LevelDescriptor } from './competency.entities.ts';
import * as store from './competency.store.ts';
import { packageOfVersion } from './export.ts';
import { insertGraph, nextOrdinal } from './import.ts';

const ALL = 1_000_000;

/** Locks a draft for a structural change and answers it. @throws AppError NOT_FOUND, or CONFLICT when it is published. */
export async function lockDraft(sql: Sql, versionId: string): Promise<store.VersionRow> {
  const [version] = await sql.rows<store.VersionRow>(
    'select id, framework_id, ordinal, label, status, content_hash, published_at from competency.framework_version where id = $1 for update',
    [versionId],
  );
  if (!version) throw missing('/frameworkVersionId', 'reference', 'there is no such framework version');
  if (version.status === 'PUBLISHED')
    throw conflict('/frameworkVersionId', 'published-is-final', 'a published version does not change; import or draft a new version instead');
  await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`graph ${versionId}`]);
  return version;
}

/** What a changed package says, held to what an import is held to. @throws AppError INVALID_INPUT with the rules it breaks. */
export function readChanged(whole: JsonObject): CasePackage {
  const { package: read, issues } = readCasePackage(whole);
  if (read) return read;
  const errors = issues.filter(({ severity }) => severity === 'ERROR');
  throw new AppError(
    'INVALID_INPUT',
    errors[0]?.message ?? 'the draft would be no valid framework',
    errors.map(({ code, message }) => ({ path: '', rule: code, message })),
  );
}

/** Refuses to lose competencies that something names: a requirement, a rule, an alignment, a rating. @param before those there were. */
async function assertUnused(sql: Sql, before: readonly store.CompetencyRow[], path: string): Promise<void> {
  const lost = new Set(
    await store.orphansInUse(
      sql,
      before.map(({ id }) => id),
    ),
  );
  const [first] = before.filter(({ id }) => lost.has(id)).map(({ code, fullStatement }) => code ?? fullStatement);
  if (first === undefined) return;
  throw conflict(path, 'in-use', `no other version has ${first}, and something names it: a position standard, an alignment, a rule, a match, or a rating`);
}

/**
 * The text of a draft, with a hash no import has: a draft may come to say what another version says, and importing that
 * again is no reason to refuse or to answer the draft.
 */
const textOf = (versionId: string, whole: JsonObject): { readonly source: string; readonly contentHash: string } => {
  const source = JSON.stringify(whole);
  return { source, contentHash: hash('sha256', `draft ${versionId} ${source}`, 'hex') };
};

function checkItem({ code, fullStatement, abbreviatedStatement, itemType, statusEndDate, levels }: ItemChange): void {
  const long = {
    fullStatement,
    ...Object.fromEntries((levels ?? []).map(({ description }, index) => [`levels/${index}/description`, description ?? undefined])),
  };
  const short = { code, abbreviatedStatement, itemType, ...Object.fromEntries((levels ?? []).map(({ label }, index) => [`levels/${index}/label`, label])) };
  const given = (texts: Readonly<Record<string, string | null | undefined>>): Record<string, string> =>
    Object.fromEntries(Object.entries(texts).flatMap(([name, text]) => (text == null ? [] : [[name, text]])));
  checkTexts(given(long), LONG_TEXT);
  checkTexts(given(short));
  if (statusEndDate != null && !isDay(statusEndDate)) throw invalid('/statusEndDate', 'day', 'statusEndDate is a day such as 2026-01-31');
  checkRanks((levels ?? []).map(({ rank }) => rank));
}

/** An import keeps levels without a rank, or with that of another, in its source only; who writes one means it to count. */
function checkRanks(ranks: readonly number[]): void {
  for (const [index, rank] of ranks.entries()) {
    checkRange({ [`levels/${index}/rank`]: rank }, 1, 2 ** 31 - 1);
    if (ranks.indexOf(rank) !== index) throw invalid(`/levels/${index}/rank`, 'duplicate-level', `rank ${rank} stands before`);
  }
}

/**
 * Versions that are still being written. Each change is made to the package of the draft, which is then read as an import
 * would be: nothing gets into a draft by hand that could not come in by file, and what goes out says all of it.
 */
export class Drafts {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Begins a draft that says what another version says, draft or published. @param label its name; a number when null. @throws AppError NOT_FOUND */
  async create(fromId: string, label: string | null): Promise<store.VersionRow> {
    if (label !== null) checkTexts({ label });
    const base = stamp(this.#clock);
    await this.#database.write(async (em, sql) => {
      const [from] = await store.versionsById(sql, [fromId]);
      const found = from && (await packageOfVersion(sql, fromId));
      if (!found) throw missing('/fromId', 'reference', 'there is no such framework version');
      const [framework] = await store.frameworksById(sql, [from.frameworkId]);
      await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`framework ${framework?.identifier}`]);
      const ordinal = await nextOrdinal(sql, from.frameworkId);
      const whole = relabelled(found.whole, label ?? String(ordinal));
      const version = { framework: from.frameworkId, ordinal, label: label ?? String(ordinal), status: 'DRAFT' as const, publishedAt: null };
      await em.insert(FrameworkVersion, { ...base, ...version, ...textOf(base.id, whole) });
      await insertGraph(em, sql, this.#clock, readChanged(whole), { versionId: base.id, frameworkId: from.frameworkId, defaultRollup: 'NONE' });
    });
    const [created] = await store.versionsById(this.#database.sql, [base.id]);
    if (!created) throw new Error('the draft just inserted is missing');
    return created;
  }

  /**
   * Drops a draft; its competencies stay as far as other versions have them.
   * @throws AppError as {@link lockDraft} does, and CONFLICT when something names a competency that only this draft has.
   */
  async drop(versionId: string): Promise<store.VersionRow> {
    return this.#database.write(async (em, sql) => {
      const version = await lockDraft(sql, versionId);
      const items = await store.itemsOfVersion(sql, versionId, ALL);
      await this.#clear(em, versionId);
      await em.nativeDelete(FrameworkVersion, { id: versionId });
      await assertUnused(sql, items, '/id');
      return version;
    });
  }

  /** Adds a competency, below another or at the top. @throws AppError INVALID_INPUT when the parent is not in the draft, or something breaks a rule of import. */
  async add(versionId: string, item: ItemChange & { readonly fullStatement: string }, parentId: string | null): Promise<store.CompetencyRow> {
    checkItem(item);
    const id = crypto.randomUUID();
    return this.#change(
      versionId,
      (whole, items) => {
        if (parentId !== null && !items.has(parentId)) throw invalid('/parentId', 'reference', 'this competency is not in the framework version');
        return addItem(whole, id, item, parentId, this.#clock.now().toISOString());
      },
      id,
    );
  }

  /** Changes what a draft says of a competency; what is left out stays. @throws AppError as {@link add} does. */
  async change(versionId: string, itemId: string, change: ItemChange): Promise<store.CompetencyRow> {
    checkItem(change);
    return this.#change(
      versionId,
      (whole, items) => {
        if (!items.has(itemId)) throw invalid('/competencyId', 'reference', 'this competency is not in the framework version');
        return changeItem(whole, itemId, change, this.#clock.now().toISOString());
      },
      itemId,
    );
  }

  /**
   * Takes a competency out of a draft, with its associations and levels.
   * @throws AppError INVALID_INPUT when it is not there, or is the last one; CONFLICT when only this draft has it and something names it.
   */
  async remove(versionId: string, itemId: string): Promise<store.VersionRow> {
    return this.#database.write((em, sql) =>
      this.#redraft(em, sql, versionId, (whole, items) => {
        if (!items.has(itemId)) throw invalid('/competencyId', 'reference', 'this competency is not in the framework version');
        return removeItem(whole, itemId);
      }),
    );
  }

  /** Takes an association out of its draft. @throws AppError NOT_FOUND, or CONFLICT when its version is published. */
  async removeEdge(edgeId: string): Promise<store.VersionRow> {
    const [edge] = await store.edgesById(this.#database.sql, [edgeId]);
    if (!edge) throw missing('/id', 'reference', 'there is no such association');
    return this.#database.write((em, sql) => this.#redraft(em, sql, edge.versionId, (whole) => removeAssociation(whole, edge.identifier)));
  }

  async #change(versionId: string, change: (whole: JsonObject, items: ReadonlySet<string>) => JsonObject, itemId: string): Promise<store.CompetencyRow> {
    return this.#database.write(async (em, sql) => {
      await this.#redraft(em, sql, versionId, change);
      const row = (await store.itemsOfVersion(sql, versionId, ALL)).find(({ id }) => id === itemId);
      if (!row) throw new Error('the competency just written is missing');
      return row;
    });
  }

  async #redraft(
    em: EntityManager,
    sql: Sql,
    versionId: string,
    change: (whole: JsonObject, items: ReadonlySet<string>) => JsonObject,
  ): Promise<store.VersionRow> {
    const version = await lockDraft(sql, versionId);
    const found = await packageOfVersion(sql, versionId);
    if (!found) throw new Error('a locked draft cannot disappear');
    const before = await store.itemsOfVersion(sql, versionId, ALL);
    const whole = change(found.whole, new Set(before.map(({ id }) => id)));
    const read = readChanged(whole);
    const edgeIds = new Map((await store.edgesOfVersion(sql, versionId, ALL)).map(({ identifier, id }) => [identifier, id]));
    await this.#clear(em, versionId);
    await em.nativeUpdate(FrameworkVersion, { id: versionId }, textOf(versionId, whole));
    await insertGraph(em, sql, this.#clock, read, { versionId, frameworkId: version.frameworkId, defaultRollup: 'NONE' }, edgeIds);
    await assertUnused(sql, before, '/competencyId');
    return version;
  }

  async #clear(em: EntityManager, versionId: string): Promise<void> {
    await em.nativeDelete(CompetencyEdge, { version: versionId });
    await em.nativeDelete(LevelDescriptor, { version: versionId });
    await em.nativeDelete(CompetencyItemVersion, { version: versionId });
  }
}
