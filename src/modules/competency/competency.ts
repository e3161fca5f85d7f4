import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database, Sql } from '../../db/database.ts';
import { stamp } from '../../db/entity.ts';
import { assertExists } from '../../db/references.ts';
import { checkInstants, checkRange, checkTexts, LONG_TEXT } from '../../kernel/checks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { conflict, invalid, missing } from '../../kernel/errors.ts';
import { findLoops, type LevelPolicy, LIMITS, type RollupRule, writeCsvFramework } from '../../standards/case/index.ts';
import { CaseLibrary } from './case-library.ts';
import {
  CompetencyEdge,
  CompetencyItemVersion,
  CompetencyRequirement,
  EquivalenceApproval,
  FrameworkVersion,
  type IMPORTANCES,
  PositionStandard,
} from './competency.entities.ts';
import * as store from './competency.store.ts';
import { diffPackages, type VersionDiff } from './diff.ts';
import { Drafts, lockDraft, readChanged } from './drafts.ts';
import { exportVersion, packageOfVersion } from './export.ts';
import { type ImportReport, type ImportRequest, importFramework, policyColumns, rollupColumns } from './import.ts';

/** Told inside the transaction that changes what counts - a published version, an approved match - so that levels follow. */
export type OnGraphChanged = (sql: Sql) => Promise<void>;

export interface NewStandard {
  readonly positionId: string;
  readonly legalBasis: string;
  readonly effectiveFrom: Date;
  readonly requirements: readonly {
    readonly itemId: string;
    readonly requiredLevel: number;
    readonly importance: (typeof IMPORTANCES)[number];
    readonly weight?: number;
  }[];
}

/**
 * A new association of a draft. Both ends are competencies of the version, but for the destination of exactMatchOf and the
 * origin of replacedBy: those may be of any.
 */
export interface NewEdge {
  readonly versionId: string;
  readonly type: 'isChildOf' | 'precedes' | 'isRelatedTo' | 'exactMatchOf' | 'replacedBy';
  readonly originId: string;
  readonly destinationId: string;
  /** Of isChildOf: what the child weighs in a WEIGHTED roll-up, and the level without which the parent has none. */
  readonly weight?: number;
  readonly requiredMin?: number | null;
  /** Of precedes: the level of the origin without which the destination is not ready; any when left out. */
  readonly minLevel?: number | null;
  /** Of replacedBy: for each old level the new one; the same when null. */
  readonly levelMap?: Readonly<Record<string, number>> | null;
}

/** The end that need not be a competency of the version. */
const OUTSIDE: Readonly<Record<string, 'originId' | 'destinationId'>> = { exactMatchOf: 'destinationId', replacedBy: 'originId' };

export interface NewEquivalence {
  readonly originId: string;
  readonly destinationId: string;
  /** Whether evidence for the destination counts for the origin too: they become one. */
  readonly twoWay: boolean;
  readonly reason: string;
  /** Until when; null: until it is revoked. */
  readonly validUntil?: Date | null;
}

/** Frameworks with their graph, and what positions demand of it. */
export class Competencies {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #onChanged: OnGraphChanged;
  readonly #caseUrl: string;
  readonly drafts: Drafts;

  /** @param caseUrl address of our CASE binding, without a slash at its end. */
  constructor(database: Database, clock: Clock, caseUrl: string, onChanged: OnGraphChanged) {
    this.#caseUrl = caseUrl;
    this.#database = database;
    this.#clock = clock;
    this.#onChanged = onChanged;
    this.drafts = new Drafts(database, clock);
  }

  get #sql(): Sql {
    return this.#database.sql;
  }

  /** Imports a CASE package; see {@link importFramework}. */
  async import(request: ImportRequest): Promise<ImportReport> {
    return importFramework(this.#database, this.#clock, request, (em, sql, versionId) => this.#publish(em, sql, versionId));
  }

  async #publish(em: EntityManager, sql: Sql, versionId: string): Promise<void> {
    // Two at once are one after the other, and the second finds it done.
    await sql.rows('select from competency.framework_version where id = $1 for update', [versionId]);
    const [version] = await store.versionsById(sql, [versionId]);
    if (!version) throw missing('/id', 'reference', 'there is no such framework version');
    if (version.status === 'PUBLISHED') throw conflict('/id', 'published-is-final', 'this version is published already');
    const [changed] = await store.scalesChangedInUse(sql, versionId);
    if (changed)
      throw conflict(
        '/id',
        'scale-in-use',
        `${changed.name} has the levels ${changed.new} and had ${changed.old}, and something names it: a competency with another scale has another identifier, and replacedBy with a levelMap leads to it`,
      );
    await em.nativeUpdate(FrameworkVersion, { id: versionId }, { status: 'PUBLISHED', publishedAt: this.#clock.now() });
    await this.#assertAcyclic(sql, '/id');
    await this.#onChanged(sql);
  }

  /** Makes a draft count. It never changes again; progress that rests on an older version is computed anew. */
  async publish(versionId: string): Promise<store.VersionRow> {
    await this.#database.write((em, sql) => this.#publish(em, sql, versionId));
    const [version] = await store.versionsById(this.#sql, [versionId]);
    if (!version) throw new Error('a published version cannot disappear');
    return version;
  }

  /**
   * Adds an association to a draft.
   * @throws AppError INVALID_INPUT when an end is not in the version, CONFLICT when it would close a loop (named).
   */
  async addEdge(input: NewEdge): Promise<store.EdgeRow> {
    const { weight = 1, requiredMin = null, minLevel = null, levelMap = null } = input;
    if (levelMap !== null && input.type !== 'replacedBy') throw invalid('/levelMap', 'level-map', 'only replacedBy has a levelMap');
    if (minLevel !== null) checkRange({ minLevel }, ...LIMITS.requiredMin);
    checkRange({ weight }, ...LIMITS.weight);
    if (requiredMin !== null) checkRange({ requiredMin }, ...LIMITS.requiredMin);
    return this.#database.write(async (em, sql) => {
      await lockDraft(sql, input.versionId);
      const items = await store.itemsOfVersion(sql, input.versionId, 1_000_000);
      const names = new Map(items.map((item) => [item.id, item.code ?? item.fullStatement]));
      const identifiers = new Map(items.map((item) => [item.id, item.identifier]));
      for (const end of ['originId', 'destinationId'] as const) {
        if (names.has(input[end])) continue;
        const [elsewhere] = OUTSIDE[input.type] === end ? await store.competenciesById(sql, [input[end]]) : [];
        if (!elsewhere) throw invalid(`/${end}`, 'reference', 'this competency is not in the framework version');
        identifiers.set(elsewhere.id, elsewhere.identifier);
      }
      const edges = await store.edgesOfVersion(sql, input.versionId, 1_000_000);
      if (edges.some(({ type, originId, destinationId }) => type === input.type && originId === input.originId && destinationId === input.destinationId))
        throw conflict('/destinationId', 'unique', 'this association is there already');
      const pairs = (type: string) =>
        edges.flatMap((edge) => (edge.type === type && edge.originId && edge.destinationId ? [[edge.originId, edge.destinationId] as const] : []));
      const [loop] =
        input.type !== 'isChildOf' && input.type !== 'precedes'
          ? []
          : findLoops([...pairs(input.type), [input.originId, input.destinationId]], pairs('exactMatchOf'));
      if (loop) {
        const message = `${input.type} would run in a circle: ${loop.map((id) => names.get(id) ?? id).join(' -> ')}`;
        throw conflict('/destinationId', 'acyclic', message);
      }
      if (input.originId === input.destinationId) throw invalid('/destinationId', 'two-ends', 'an association leads to another competency');
      const base = stamp(this.#clock);
      await em.insert(CompetencyEdge, {
        ...base,
        version: input.versionId,
        identifier: crypto.randomUUID(),
        type: input.type,
        origin: names.has(input.originId) ? input.originId : null,
        originIdentifier: identifiers.get(input.originId) ?? '',
        destination: names.has(input.destinationId) ? input.destinationId : null,
        destinationIdentifier: identifiers.get(input.destinationId) ?? '',
        sequenceNumber: null,
        weight,
        requiredMin,
        minLevel,
        levelMap: levelMap === null ? null : { ...levelMap },
      });
      // What merges and replaces is held to all that an import is held to.
      if (input.type in OUTSIDE) readChanged((await packageOfVersion(sql, input.versionId))?.whole ?? {});
      const added = (await store.edgesOfVersion(sql, input.versionId, 1_000_000)).find((edge) => edge.id === base.id);
      if (!added) throw new Error('the association just inserted is missing');
      return added;
    });
  }

  /**
   * Sets how the level of a competency of a draft is made: from its children, and from evidence.
   * @throws AppError INVALID_INPUT when N_OF has no count, or a number is out of bounds.
   */
  async setLevelRule(versionId: string, itemId: string, rollup: RollupRule, policy: LevelPolicy): Promise<void> {
    checkRange({ minDistinctSources: policy.minDistinctSources }, ...LIMITS.sources);
    checkRange({ threshold: policy.threshold }, ...LIMITS.threshold);
    if (policy.halfLifeDays !== null) checkRange({ halfLifeDays: policy.halfLifeDays }, ...LIMITS.halfLife);
    if ((rollup.kind === 'N_OF') !== (rollup.count !== null)) throw invalid('/count', 'n-of', 'N_OF needs the number of children, and no other rule takes one');
    if (rollup.count !== null) checkRange({ count: rollup.count }, ...LIMITS.count);
    await this.#database.write(async (em, sql) => {
      await lockDraft(sql, versionId);
      const changed = await em.nativeUpdate(
        CompetencyItemVersion,
        { version: versionId, item: itemId },
        { ...rollupColumns(rollup), ...policyColumns(policy) },
      );
      if (changed === 0) throw invalid('/competencyId', 'reference', 'this competency is not in the framework version');
    });
  }

  /**
   * Refuses what would make levels depend on themselves, over all published graphs after matches are merged: a child
   * matched to its own parent is a loop, and two editors can each add half of one. Takes the lock that makes this final.
   * @throws AppError CONFLICT naming the loop.
   */
  async #assertAcyclic(sql: Sql, path: string, added: readonly store.EquivalenceRow[] = []): Promise<void> {
    await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', ['published graphs']);
    const edges = await store.publishedEdges(sql);
    const merges = [...(await store.liveEquivalences(sql)), ...added].map(({ originId, destinationId }) => [originId, destinationId] as const);
    for (const type of ['isChildOf', 'precedes', 'replacedBy']) {
      const [loop] = findLoops(
        edges.filter((edge) => edge.type === type).map(({ originId, destinationId }) => [originId, destinationId] as const),
        // What is replaced is followed before anything is merged.
        type === 'replacedBy' ? [] : merges,
      );
      if (!loop) continue;
      const names = new Map((await store.competenciesById(sql, loop)).map((item) => [item.id, item.code ?? item.fullStatement]));
      throw conflict(
        path,
        'acyclic',
        `${type} would run in a circle${type === 'replacedBy' ? '' : ' once matches are merged'}: ${loop.map((id) => names.get(id) ?? id).join(' -> ')}`,
      );
    }
  }

  /**
   * Lets evidence for one competency count for another that a framework says matches it; progress is computed anew.
   * @throws AppError INVALID_INPUT when no framework says so, or the scales differ; CONFLICT when it is approved already or closes a loop.
   */
  async approveEquivalence(input: NewEquivalence): Promise<store.EquivalenceRow> {
    const { originId, destinationId, validUntil = null } = input;
    checkTexts({ reason: input.reason }, LONG_TEXT);
    checkInstants({ validUntil });
    if (validUntil !== null && validUntil <= this.#clock.now()) throw invalid('/validUntil', 'period', 'validUntil must lie in the future');
    return this.#database.write(async (em, sql) => {
      const items = new Map((await store.competenciesById(sql, [originId, destinationId])).map((item) => [item.id, item]));
      for (const end of ['originId', 'destinationId'] as const)
        if (!items.has(input[end])) throw invalid(`/${end}`, 'reference', 'there is no such competency');
      if (originId === destinationId) throw invalid('/destinationId', 'two-ends', 'a competency stands for itself anyway');
      if (!(await store.areMatched(sql, originId, destinationId)))
        throw invalid(
          '/destinationId',
          'exact-match',
          'no framework says that these competencies match (exactMatchOf); evidence is carried only along a match',
        );
      const levels = await store.describedLevels(sql, [originId, destinationId]);
      const ranks = (id: string): string => [...(levels.get(id) ?? [])].join(', ');
      if (ranks(originId) !== ranks(destinationId))
        throw invalid('/destinationId', 'same-scale', `their levels differ: ${ranks(originId) || 'none'} against ${ranks(destinationId) || 'none'}`);
      const row = { ...stamp(this.#clock), originId, destinationId, twoWay: input.twoWay, reason: input.reason, revokedAt: null, validUntil };
      await this.#assertAcyclic(sql, '/destinationId', [row]);
      const live = (await store.liveEquivalences(sql)).some((one) => one.originId === originId && one.destinationId === destinationId);
      if (live) throw conflict('/destinationId', 'unique', 'this match is approved already');
      const { originId: origin, destinationId: destination, ...columns } = row;
      await em.insert(EquivalenceApproval, { ...columns, origin, destination });
      await this.#onChanged(sql);
      return row;
    });
  }

  /** Ends an approval; progress is computed anew without it. */
  async revokeEquivalence(id: string): Promise<store.EquivalenceRow> {
    return this.#database.write(async (em, sql) => {
      await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', ['published graphs']);
      const [row] = await store.equivalencesById(sql, [id]);
      if (!row) throw missing('/id', 'reference', 'there is no such approval');
      if (row.revokedAt !== null) return row;
      const revokedAt = this.#clock.now();
      await em.nativeUpdate(EquivalenceApproval, { id }, { revokedAt });
      await this.#onChanged(sql);
      return { ...row, revokedAt };
    });
  }

  /** Revokes the approvals whose term is over. @returns how many. */
  async endEquivalences(): Promise<number> {
    const due = await store.equivalencesDue(this.#sql, this.#clock.now());
    for (const { id } of due) await this.revokeEquivalence(id);
    return due.length;
  }

  /**
   * Puts a new position standard in force; the one before is superseded.
   * @throws AppError INVALID_INPUT when a requirement names no competency, or a level without a descriptor, or one twice.
   */
  async createStandard(input: NewStandard): Promise<store.StandardRow> {
    if (input.requirements.length === 0) throw invalid('/requirements', 'not-empty', 'a position standard needs at least one requirement');
    checkTexts({ legalBasis: input.legalBasis }, LONG_TEXT);
    checkInstants({ effectiveFrom: input.effectiveFrom });
    const base = stamp(this.#clock);
    await this.#database.write(async (em, sql) => {
      await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`standard ${input.positionId}`]);
      await assertExists(sql, 'people.position', input.positionId, '/positionId', 'position');
      const levels = await store.describedLevels(
        sql,
        input.requirements.map((requirement) => requirement.itemId),
      );
      const seen = new Set<string>();
      input.requirements.forEach(({ itemId, requiredLevel }, index) => {
        const described = levels.get(itemId);
        if (!described) throw invalid(`/requirements/${index}/competencyId`, 'reference', 'there is no such competency');
        if (!described.has(requiredLevel))
          throw invalid(
            `/requirements/${index}/requiredLevel`,
            'level-has-descriptor',
            `level ${requiredLevel} of this competency has no descriptor; levels with one: ${[...described].join(', ') || 'none'}`,
          );
        if (seen.has(itemId)) throw invalid(`/requirements/${index}/competencyId`, 'unique', 'this competency is required twice');
        seen.add(itemId);
      });
      const existing = await store.standardsOfPositions(sql, [input.positionId], this.#clock.now());
      const [latest] = existing;
      const required = latest ? await store.requirementsOfStandards(sql, [latest.id]) : [];
      const current = new Map((await store.competenciesById(sql, [...seen])).map((item) => [item.id, item]));
      input.requirements.forEach(({ itemId }, index) => {
        const item = current.get(itemId);
        if (item && store.isRetired(item, base.createdAt) && !required.some((one) => one.itemId === itemId))
          throw invalid(
            `/requirements/${index}/competencyId`,
            'retired',
            'this competency is retired; only a post whose latest standard requires it may go on',
          );
      });
      input.requirements.forEach(({ weight = 1 }, index) => {
        checkRange({ [`requirements/${index}/weight`]: weight }, 1, 1_000);
      });
      await em.insert(PositionStandard, {
        ...base,
        positionId: input.positionId,
        ordinal: (existing[0]?.ordinal ?? 0) + 1,
        status: 'IN_FORCE',
        legalBasis: input.legalBasis,
        effectiveFrom: input.effectiveFrom,
      });
      await em.insertMany(
        CompetencyRequirement,
        input.requirements.map(({ itemId, requiredLevel, importance, weight = 1 }) => ({
          ...stamp(this.#clock),
          standard: base.id,
          item: itemId,
          requiredLevel,
          importance,
          weight,
          versionId: current.get(itemId)?.versionId ?? null,
        })),
      );
    });
    const [created] = (await this.standardsOfPositions([input.positionId])).filter((row) => row.id === base.id);
    if (!created) throw new Error('the standard just inserted is missing');
    return created;
  }

  /** A version as text: strict CASE 1.1, or CSV. @throws AppError NOT_FOUND */
  async export(versionId: string, format: 'CASE' | 'CSV'): Promise<string> {
    const whole = await exportVersion(this.#sql, versionId, this.#caseUrl);
    if (!whole) throw missing('/id', 'reference', 'there is no such framework version');
    return format === 'CSV' ? writeCsvFramework(whole) : JSON.stringify(whole);
  }

  /** What a version says differently from another of the same framework. @throws AppError NOT_FOUND, or INVALID_INPUT for versions of two frameworks. */
  async diff(fromId: string, toId: string): Promise<VersionDiff> {
    const versions = new Map((await store.versionsById(this.#sql, [fromId, toId])).map((version) => [version.id, version]));
    for (const [path, id] of [
      ['/fromId', fromId],
      ['/toId', toId],
    ] as const)
      if (!versions.has(id)) throw missing(path, 'reference', 'there is no such framework version');
    if (versions.get(fromId)?.frameworkId !== versions.get(toId)?.frameworkId)
      throw invalid('/toId', 'same-framework', 'only versions of one framework are compared');
    const [from, to] = [await exportVersion(this.#sql, fromId, this.#caseUrl), await exportVersion(this.#sql, toId, this.#caseUrl)];
    return diffPackages(from ?? {}, to ?? {});
  }

  /** What is published, as the CASE binding tells it. */
  library = () => new CaseLibrary(this.#database, this.#caseUrl);

  frameworks = (limit: number, after: string | null) => store.listFrameworks(this.#sql, limit, after);
  named = (names: readonly string[]) => store.competenciesNamed(this.#sql, names);
  frameworksById = (ids: readonly string[]) => store.frameworksById(this.#sql, ids);
  versionsById = (ids: readonly string[]) => store.versionsById(this.#sql, ids);
  versionsOfFrameworks = (ids: readonly string[]) => store.versionsOfFrameworks(this.#sql, ids);
  competencies = (frameworkId: string | null, limit: number, after: { readonly versionId: string; readonly position: number } | null) =>
    store.listCompetencies(this.#sql, frameworkId, limit, after);
  competenciesById = (ids: readonly string[]) => store.competenciesById(this.#sql, ids);
  levelsOf = (pairs: readonly { readonly itemId: string; readonly versionId: string }[]) => store.levelsOf(this.#sql, pairs);
  parentEdges = (pairs: readonly { readonly itemId: string; readonly versionId: string }[]) => store.parentEdges(this.#sql, pairs);
  childEdges = (pairs: readonly { readonly itemId: string; readonly versionId: string }[]) => store.childEdges(this.#sql, pairs);
  /** Competencies of a version around one, itself included; more than the limit when there are more. */
  around = (versionId: string, walk: store.GraphWalk, limit: number) => store.itemsAround(this.#sql, versionId, walk, limit);
  edgesAmong = (versionId: string, identifiers: readonly string[], types: readonly string[] | null, limit: number) =>
    store.edgesAmong(this.#sql, versionId, identifiers, types, limit);
  itemsOfVersion = (versionId: string, limit: number) => store.itemsOfVersion(this.#sql, versionId, limit);
  edgesOfVersion = (versionId: string, limit: number) => store.edgesOfVersion(this.#sql, versionId, limit);
  equivalencesOfItems = (ids: readonly string[]) => store.equivalencesOfItems(this.#sql, ids);
  equivalencesById = (ids: readonly string[]) => store.equivalencesById(this.#sql, ids);
  standardsOfPositions = (ids: readonly string[]) => store.standardsOfPositions(this.#sql, ids, this.#clock.now());
  requirementsOfStandards = (ids: readonly string[]) => store.requirementsOfStandards(this.#sql, ids);
  targetsOfLearners = (ids: readonly string[], asOf: Date) => store.targetsOfLearners(this.#sql, ids, asOf);
}
