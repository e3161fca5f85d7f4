import type { Sql } from '../../db/database.ts';
import { localDay } from '../../kernel/clock.ts';
import { caseIdentifier, type LevelMap, type LevelPolicy, type RollupKind } from '../../standards/case/index.ts';

export interface FrameworkRow {
  readonly id: string;
  readonly identifier: string;
  readonly title: string;
  readonly creator: string;
  readonly kind: string;
  readonly language: string | null;
}

export interface VersionRow {
  readonly id: string;
  readonly frameworkId: string;
  readonly ordinal: number;
  readonly label: string;
  readonly status: 'DRAFT' | 'PUBLISHED';
  readonly contentHash: string;
  readonly publishedAt: Date | null;
}

/** A competency as its current version says: the newest published one, or the newest draft before any is published. */
export interface CompetencyRow {
  readonly id: string;
  readonly identifier: string;
  readonly frameworkId: string;
  readonly versionId: string;
  readonly code: string | null;
  readonly fullStatement: string;
  readonly abbreviatedStatement: string | null;
  readonly itemType: string | null;
  /** The day from which it is retired, `YYYY-MM-DD`. */
  readonly statusEndDate: string | null;
  readonly rollup: RollupKind;
  readonly rollupCount: number | null;
  readonly rollupOnly: boolean;
  readonly policy: LevelPolicy['kind'];
  readonly minDistinctSources: number;
  readonly threshold: number;
  readonly halfLifeDays: number | null;
}

export interface LevelRow {
  readonly itemId: string;
  readonly rank: number;
  readonly label: string;
  readonly description: string | null;
}

export interface EdgeRow {
  readonly id: string;
  readonly versionId: string;
  readonly identifier: string;
  readonly type: string;
  readonly originId: string | null;
  readonly originIdentifier: string;
  readonly destinationId: string | null;
  readonly destinationIdentifier: string;
  readonly sequenceNumber: number | null;
  /** Of precedes. */
  readonly minLevel: number | null;
  /** Of isChildOf. */
  readonly weight: number;
  readonly requiredMin: number | null;
  /** Of replacedBy. */
  readonly levelMap: LevelMap | null;
}

const VERSION_COLUMNS = 'id, framework_id, ordinal, label, status, content_hash, published_at';
const FRAMEWORK_COLUMNS = 'id, identifier, title, creator, kind, language';
const EDGE_COLUMNS =
  'id, version_id, identifier, type, origin_id, origin_identifier, destination_id, destination_identifier, sequence_number, min_level, weight, required_min, level_map';

/** SQL: the newest published version of each framework. */
export const NEWEST_PUBLISHED = `select distinct on (framework_id) id from competency.framework_version where status = 'PUBLISHED' order by framework_id, ordinal desc`;

/** The version of a framework that counts now, by framework: see CompetencyRow. */
const CURRENT_VERSIONS = `select distinct on (framework_id) ${VERSION_COLUMNS} from competency.framework_version order by framework_id, (status = 'PUBLISHED') desc, ordinal desc`;

export async function listFrameworks(sql: Sql, limit: number, after: string | null): Promise<readonly FrameworkRow[]> {
  return sql.rows<FrameworkRow>(`select ${FRAMEWORK_COLUMNS} from competency.competency_framework where $1::uuid is null or id > $1 order by id limit $2`, [
    after,
    limit,
  ]);
}

export async function frameworksById(sql: Sql, ids: readonly string[]): Promise<readonly FrameworkRow[]> {
  return sql.rows<FrameworkRow>(`select ${FRAMEWORK_COLUMNS} from competency.competency_framework where id = any($1::uuid[])`, [ids]);
}

export async function frameworkByIdentifier(sql: Sql, identifier: string): Promise<FrameworkRow | null> {
  const [row] = await sql.rows<FrameworkRow>(`select ${FRAMEWORK_COLUMNS} from competency.competency_framework where identifier = $1`, [identifier]);
  return row ?? null;
}

/** Whether a competency is retired at an instant, by the day in Medan: it stays readable, and nothing new may name it. */
export const isRetired = ({ statusEndDate }: CompetencyRow, instant: Date): boolean => statusEndDate !== null && statusEndDate <= localDay(instant);

/** Of competencies those that are retired at an instant, as their current version says. */
export async function retiredAt(sql: Sql, itemIds: readonly string[], instant: Date): Promise<ReadonlySet<string>> {
  const rows = await competenciesById(sql, itemIds);
  return new Set(rows.filter((row) => isRetired(row, instant)).map(({ id }) => id));
}

/** All versions of frameworks, newest first; a framework has few. */
export async function versionsOfFrameworks(sql: Sql, frameworkIds: readonly string[]): Promise<readonly VersionRow[]> {
  return sql.rows<VersionRow>(
    `select ${VERSION_COLUMNS} from competency.framework_version where framework_id = any($1::uuid[]) order by framework_id, ordinal desc`,
    [frameworkIds],
  );
}

export async function versionsById(sql: Sql, ids: readonly string[]): Promise<readonly VersionRow[]> {
  return sql.rows<VersionRow>(`select ${VERSION_COLUMNS} from competency.framework_version where id = any($1::uuid[])`, [ids]);
}

const COMPETENCY_COLUMNS = `i.id, i.identifier, i.framework_id, iv.version_id, iv.code, iv.full_statement, iv.abbreviated_statement, iv.item_type, iv.status_end_date::text as status_end_date, iv.rollup,
  iv.rollup_count, iv.rollup_only, iv.policy, iv.min_distinct_sources, iv.threshold, iv.half_life_days`;

export async function competenciesById(sql: Sql, ids: readonly string[]): Promise<readonly CompetencyRow[]> {
  return sql.rows<CompetencyRow>(
    `select distinct on (i.id) ${COMPETENCY_COLUMNS}
     from competency.competency_item i join competency.competency_item_version iv on iv.item_id = i.id join competency.framework_version v on v.id = iv.version_id
     where i.id = any($1::uuid[]) order by i.id, (v.status = 'PUBLISHED') desc, v.ordinal desc`,
    [ids],
  );
}

/** Competencies as they are now, by names that others use for them: identifier, code, or an address that ends in one. */
export async function competenciesNamed(sql: Sql, names: readonly string[]): Promise<readonly (CompetencyRow & { readonly name: string })[]> {
  return sql.rows<CompetencyRow & { name: string }>(
    `select distinct on (n.name, i.id) n.name, ${COMPETENCY_COLUMNS}
     from unnest($1::text[]) n(name) join competency.competency_item_version iv on iv.code = n.name or iv.code = regexp_replace(n.name, '^.*[/#:]', '')
       or iv.item_id in (select id from competency.competency_item where identifier in (n.name, regexp_replace(n.name, '^.*[/#:]', '')))
     join competency.competency_item i on i.id = iv.item_id join competency.framework_version v on v.id = iv.version_id
     order by n.name, i.id, (v.status = 'PUBLISHED') desc, v.ordinal desc limit 200`,
    [names],
  );
}

/** Competencies of the current version of one framework, or of all, in the order of import. */
export async function listCompetencies(
  sql: Sql,
  frameworkId: string | null,
  limit: number,
  after: { readonly versionId: string; readonly position: number } | null,
): Promise<readonly (CompetencyRow & { readonly position: number })[]> {
  return sql.rows(
    `with current as (${CURRENT_VERSIONS})
     select ${COMPETENCY_COLUMNS}, iv.position from current v join competency.competency_item_version iv on iv.version_id = v.id join competency.competency_item i on i.id = iv.item_id
     where ($1::uuid is null or v.framework_id = $1) and ($2::uuid is null or (iv.version_id, iv.position) > ($2, $3))
     order by iv.version_id, iv.position limit $4`,
    [frameworkId, after?.versionId ?? null, after?.position ?? null, limit],
  );
}

export async function itemsOfVersion(sql: Sql, versionId: string, limit: number): Promise<readonly CompetencyRow[]> {
  return sql.rows<CompetencyRow>(
    `select ${COMPETENCY_COLUMNS} from competency.competency_item_version iv join competency.competency_item i on i.id = iv.item_id where iv.version_id = $1 order by iv.position limit $2`,
    [versionId, limit],
  );
}

/** What names competencies by their id. */
const USES = [
  ['competency.competency_requirement', 'item_id'],
  ['competency.equivalence_approval', 'origin_id'],
  ['competency.equivalence_approval', 'destination_id'],
  ['training.activity_alignment', 'item_id'],
  ['progress.evidence_rule', 'item_id'],
  ['progress.assessment', 'item_id'],
  ['progress.prior_learning_claim', 'item_id'],
  ['progress.competency_override', 'item_id'],
] as const;

const isUsed = (id: string): string => USES.map(([table, column]) => `exists (select from ${table} u where u.${column} = ${id})`).join(' or ');

/**
 * Competencies of a version whose levels are other ones than when a version that has them was last published, and that
 * something names. One that had no levels gets a scale; it does not change one.
 */
export async function scalesChangedInUse(
  sql: Sql,
  versionId: string,
): Promise<readonly { readonly name: string; readonly old: string; readonly new: string }[]> {
  const ranks = (version: string): string =>
    `(select string_agg(l.rank::text, ', ' order by l.rank) from competency.level_descriptor l where l.version_id = ${version} and l.item_id = iv.item_id)`;
  return sql.rows(
    `select t.name, t.old, coalesce(t.new, 'none') as new from (
       select iv.item_id, iv.position, coalesce(iv.code, iv.full_statement) as name, ${ranks('b.version_id')} as old, ${ranks('iv.version_id')} as new
       from competency.competency_item_version iv cross join lateral (
         select o.version_id from competency.competency_item_version o join competency.framework_version v on v.id = o.version_id
         where o.item_id = iv.item_id and v.status = 'PUBLISHED' and v.id <> iv.version_id order by v.ordinal desc limit 1) b
       where iv.version_id = $1) t
     where t.old is distinct from t.new and t.old is not null and (${isUsed('t.item_id')}) order by t.position`,
    [versionId],
  );
}

/** Of competencies, those that no version has and that something still names. */
export async function orphansInUse(sql: Sql, itemIds: readonly string[]): Promise<readonly string[]> {
  const rows = await sql.rows<{ id: string }>(
    `select t.id from unnest($1::uuid[]) t(id) where not exists (select from competency.competency_item_version v where v.item_id = t.id) and (${isUsed('t.id')})`,
    [itemIds],
  );
  return rows.map(({ id }) => id);
}

export const edgesById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<EdgeRow>(`select ${EDGE_COLUMNS} from competency.competency_edge where id = any($1::uuid[])`, [ids]);

export async function edgesOfVersion(sql: Sql, versionId: string, limit: number): Promise<readonly EdgeRow[]> {
  return sql.rows<EdgeRow>(
    `select ${EDGE_COLUMNS} from competency.competency_edge where version_id = $1 order by sequence_number nulls last, identifier limit $2`,
    [versionId, limit],
  );
}

/** A walk over the associations of a version. */
export interface GraphWalk {
  readonly startId: string;
  /** Associations from the start to the farthest. */
  readonly depth: number;
  /** As they lead, from children to parents; the other way; or both. */
  readonly direction: 'ALONG' | 'AGAINST' | 'BOTH';
  /** Null for all types. */
  readonly types: readonly string[] | null;
}

/** The competencies of a version that a walk comes to, the start included, in the order of import. */
export async function itemsAround(
  sql: Sql,
  versionId: string,
  { startId, depth, direction, types }: GraphWalk,
  limit: number,
): Promise<readonly CompetencyRow[]> {
  // Steps are taken by breadth: a competency met at one depth is not gone on from again at another.
  const seen = new Set([startId]);
  let edge: readonly string[] = [startId];
  for (let step = 0; step < depth && edge.length > 0 && seen.size <= limit; step += 1) {
    const met = await sql.rows<{ id: string }>(
      `select distinct case when n.id = e.origin_id then e.destination_id else e.origin_id end as id
       from unnest($2::uuid[]) as n(id) join competency.competency_edge e on e.version_id = $1
         and (($3 and e.origin_id = n.id) or ($4 and e.destination_id = n.id))
       where e.origin_id is not null and e.destination_id is not null and ($5::text[] is null or e.type = any($5))`,
      [versionId, edge, direction !== 'AGAINST', direction !== 'ALONG', types],
    );
    edge = met.map(({ id }) => id).filter((id) => !seen.has(id));
    for (const id of edge) seen.add(id);
  }
  return sql.rows<CompetencyRow>(
    `select ${COMPETENCY_COLUMNS} from competency.competency_item_version iv join competency.competency_item i on i.id = iv.item_id
     where iv.version_id = $1 and iv.item_id = any($3::uuid[]) order by iv.position limit $2`,
    [versionId, limit, [...seen]],
  );
}

/** Associations of a version between some of its competencies. */
export async function edgesAmong(
  sql: Sql,
  versionId: string,
  identifiers: readonly string[],
  types: readonly string[] | null,
  limit: number,
): Promise<readonly EdgeRow[]> {
  return sql.rows<EdgeRow>(
    `select ${EDGE_COLUMNS} from competency.competency_edge where version_id = $1 and origin_identifier = any($2::text[]) and destination_identifier = any($2::text[])
       and ($3::text[] is null or type = any($3)) order by sequence_number nulls last, identifier limit $4`,
    [versionId, identifiers, types, limit],
  );
}

/** The parents of competencies, by isChildOf within the version given for each. */
export async function parentEdges(sql: Sql, pairs: readonly { readonly itemId: string; readonly versionId: string }[]): Promise<readonly EdgeRow[]> {
  return sql.rows<EdgeRow>(
    `select ${EDGE_COLUMNS} from competency.competency_edge e join unnest($1::uuid[], $2::uuid[]) as t(item, version) on e.version_id = t.version and e.origin_id = t.item
     where e.type = 'isChildOf' and e.destination_id is not null order by e.sequence_number nulls last, e.identifier`,
    [pairs.map((pair) => pair.itemId), pairs.map((pair) => pair.versionId)],
  );
}

/** The children of competencies, likewise. */
export async function childEdges(sql: Sql, pairs: readonly { readonly itemId: string; readonly versionId: string }[]): Promise<readonly EdgeRow[]> {
  return sql.rows<EdgeRow>(
    `select ${EDGE_COLUMNS} from competency.competency_edge e join unnest($1::uuid[], $2::uuid[]) as t(item, version) on e.version_id = t.version and e.destination_id = t.item
     where e.type = 'isChildOf' and e.origin_id is not null order by e.sequence_number nulls last, e.identifier`,
    [pairs.map((pair) => pair.itemId), pairs.map((pair) => pair.versionId)],
  );
}

export async function levelsOf(
  sql: Sql,
  pairs: readonly { readonly itemId: string; readonly versionId: string }[],
): Promise<readonly (LevelRow & { readonly versionId: string })[]> {
  return sql.rows(
    `select l.item_id, l.version_id, l.rank, l.label, l.description from competency.level_descriptor l join unnest($1::uuid[], $2::uuid[]) as t(item, version) on l.version_id = t.version and l.item_id = t.item
     order by l.rank`,
    [pairs.map((pair) => pair.itemId), pairs.map((pair) => pair.versionId)],
  );
}

/** A child of a competency, by isChildOf. */
export interface GraphChild {
  readonly itemId: string;
  readonly weight: number;
  /** The level of the child without which its parent has none. */
  readonly requiredMin: number | null;
}

/** What the fold needs of one competency in one version. */
export interface GraphItem {
  readonly itemId: string;
  readonly rollup: RollupKind;
  readonly rollupCount: number | null;
  readonly rollupOnly: boolean;
  readonly policy: LevelPolicy;
  readonly children: readonly GraphChild[];
  /** What comes first (precedes). */
  readonly predecessors: readonly GraphPredecessor[];
}

/** A competency that comes before another, with the level it takes. */
export interface GraphPredecessor {
  readonly itemId: string;
  readonly minLevel: number;
}

/** A competency that took the place of another, with what old levels are worth in it; null: the same. */
export interface GraphReplacement {
  readonly oldId: string;
  readonly newId: string;
  readonly levelMap: LevelMap | null;
}

/** What the fold needs of one version. */
export interface RollupGraph {
  readonly versionId: string;
  readonly items: ReadonlyMap<string, GraphItem>;
  readonly replacements: readonly GraphReplacement[];
}

/** The published version of each framework that counts now. */
export async function publishedVersionIds(sql: Sql): Promise<readonly string[]> {
  const rows = await sql.rows<{ id: string }>(NEWEST_PUBLISHED);
  return rows.map(({ id }) => id);
}

interface GraphItemRow extends Omit<GraphItem, 'policy' | 'children' | 'predecessors'>, Omit<LevelPolicy, 'kind'> {
  readonly policy: LevelPolicy['kind'];
}

export async function readRollupGraph(sql: Sql, versionId: string): Promise<RollupGraph> {
  const items = await sql.rows<GraphItemRow>(
    `select item_id, rollup, rollup_count, rollup_only, policy, min_distinct_sources, threshold, half_life_days
     from competency.competency_item_version where version_id = $1`,
    [versionId],
  );
  const edges = await sql.rows<GraphChild & { parentId: string }>(
    `select origin_id as item_id, destination_id as parent_id, max(weight) as weight, max(required_min) as required_min
     from competency.competency_edge where version_id = $1 and type = 'isChildOf' and origin_id is not null and destination_id is not null
     group by 1, 2 order by 2, 1`,
    [versionId],
  );
  const first = await sql.rows<GraphPredecessor & { nextId: string }>(
    `select origin_id as item_id, destination_id as next_id, max(coalesce(min_level, 1)) as min_level
     from competency.competency_edge where version_id = $1 and type = 'precedes' and origin_id is not null and destination_id is not null
     group by 1, 2 order by 2, 1`,
    [versionId],
  );
  // By their identifiers: the one replaced is in an older version, and its successor may be in a framework that comes later.
  const replacing = await sql.rows<{ old: string; new: string } & Pick<GraphReplacement, 'levelMap'>>(
    `select origin_identifier as old, destination_identifier as new, level_map from competency.competency_edge
     where version_id = $1 and type = 'replacedBy' order by 1, 2`,
    [versionId],
  );
  const replacements = replacing.map(
    ({ old, new: successor, levelMap }): GraphReplacement => ({ oldId: caseIdentifier(old), newId: caseIdentifier(successor), levelMap }),
  );
  const children = Map.groupBy(edges, (edge) => edge.parentId);
  const predecessors = Map.groupBy(first, (edge) => edge.nextId);
  return {
    versionId,
    replacements,
    items: new Map(
      items.map(({ itemId, rollup, rollupCount, rollupOnly, policy: kind, minDistinctSources, threshold, halfLifeDays }) => [
        itemId,
        {
          itemId,
          rollup,
          rollupCount,
          rollupOnly,
          policy: { kind, minDistinctSources, threshold, halfLifeDays },
          children: (children.get(itemId) ?? []).map(({ itemId: child, weight, requiredMin }) => ({ itemId: child, weight, requiredMin })),
          predecessors: (predecessors.get(itemId) ?? []).map(({ itemId: before, minLevel }) => ({ itemId: before, minLevel })),
        },
      ]),
    ),
  };
}

export interface EquivalenceRow {
  readonly id: string;
  readonly originId: string;
  readonly destinationId: string;
  readonly twoWay: boolean;
  readonly reason: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  /** Until when it was given; it is revoked then. */
  readonly validUntil: Date | null;
}

const EQUIVALENCE = 'id, origin_id, destination_id, two_way, reason, created_at, revoked_at, valid_until';

/** Every match that carries evidence now. */
export const liveEquivalences = (sql: Sql) =>
  sql.rows<EquivalenceRow>(`select ${EQUIVALENCE} from competency.equivalence_approval where revoked_at is null order by id`);

/** Matches whose term is over and that still carry evidence. */
export const equivalencesDue = (sql: Sql, now: Date) =>
  sql.rows<EquivalenceRow>(`select ${EQUIVALENCE} from competency.equivalence_approval where revoked_at is null and valid_until <= $1 order by id`, [now]);

/** Matches that their term has ended, and nobody before, and that carried evidence at an instant. */
export const equivalencesEndedAfter = (sql: Sql, instant: Date) =>
  sql.rows<EquivalenceRow>(`select ${EQUIVALENCE} from competency.equivalence_approval where revoked_at >= valid_until and valid_until > $1 order by id`, [
    instant,
  ]);

export const equivalencesById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<EquivalenceRow>(`select ${EQUIVALENCE} from competency.equivalence_approval where id = any($1::uuid[])`, [ids]);

/** All approvals for competencies, live or revoked, in order. */
export const equivalencesOfItems = (sql: Sql, itemIds: readonly string[]) =>
  sql.rows<EquivalenceRow>(
    `select ${EQUIVALENCE} from competency.equivalence_approval where origin_id = any($1::uuid[]) or destination_id = any($1::uuid[]) order by id`,
    [itemIds],
  );

/** Whether some version says that two competencies match, in either direction. */
export async function areMatched(sql: Sql, originId: string, destinationId: string): Promise<boolean> {
  const [row] = await sql.rows<{ matched: boolean }>(
    `select exists (select from competency.competency_edge e join competency.competency_item o on o.identifier = e.origin_identifier
       join competency.competency_item d on d.identifier = e.destination_identifier
       where e.type = 'exactMatchOf' and ((o.id = $1 and d.id = $2) or (o.id = $2 and d.id = $1))) as matched`,
    [originId, destinationId],
  );
  return row?.matched === true;
}

/** The isChildOf, precedes and replacedBy edges of all versions that count now; an end that is in no framework here goes by its identifier. */
export async function publishedEdges(sql: Sql): Promise<readonly { readonly type: string; readonly originId: string; readonly destinationId: string }[]> {
  return sql.rows(
    `select e.type, coalesce(o.id::text, e.origin_identifier) as origin_id, coalesce(d.id::text, e.destination_identifier) as destination_id
     from competency.competency_edge e join (${NEWEST_PUBLISHED}) v on v.id = e.version_id
     left join competency.competency_item o on o.identifier = e.origin_identifier left join competency.competency_item d on d.identifier = e.destination_identifier
     where e.type in ('isChildOf', 'precedes', 'replacedBy')`,
  );
}

export interface StandardRow {
  readonly id: string;
  readonly positionId: string;
  readonly ordinal: number;
  readonly status: string;
  readonly legalBasis: string;
  readonly effectiveFrom: Date;
}

/** Standards of positions, latest first. Which one counts at an instant follows from when each begins, as for {@link targetsOfLearners}. */
export async function standardsOfPositions(sql: Sql, positionIds: readonly string[], instant: Date): Promise<readonly StandardRow[]> {
  return sql.rows<StandardRow>(
    `select s.id, s.position_id, s.ordinal, s.legal_basis, s.effective_from,
       case when s.effective_from > $2 then 'DRAFT'
         when exists (select from competency.position_standard o where o.position_id = s.position_id and o.effective_from <= $2
           and (o.effective_from, o.ordinal) > (s.effective_from, s.ordinal)) then 'SUPERSEDED'
         else 'IN_FORCE' end as status
     from competency.position_standard s where s.position_id = any($1::uuid[]) order by s.position_id, s.ordinal desc`,
    [positionIds, instant],
  );
}

export interface RequirementRow {
  readonly id: string;
  readonly standardId: string;
  readonly itemId: string;
  readonly requiredLevel: number;
  readonly importance: string;
  readonly weight: number;
  /** The framework version it was read from. */
  readonly versionId: string | null;
}

export async function requirementsOfStandards(sql: Sql, standardIds: readonly string[]): Promise<readonly RequirementRow[]> {
  return sql.rows<RequirementRow>(
    'select id, standard_id, item_id, required_level, importance, weight, version_id from competency.competency_requirement where standard_id = any($1::uuid[]) order by id',
    [standardIds],
  );
}

/** What positions demand of a learner in one competency. */
export interface Target {
  readonly itemId: string;
  readonly targetLevel: number;
  /** The greatest weight that a position gives it. */
  readonly weight: number;
  /** Whether the version that counts now still has the competency. */
  readonly isKnown: boolean;
}

/**
 * What the positions held at an instant demand of learners: the highest level over all of them. For each position the
 * newest standard in force by then counts. Whoever holds the same positions shares one list.
 */
export async function targetsOfLearners(sql: Sql, learnerIds: readonly string[], asOf: Date): Promise<ReadonlyMap<string, readonly Target[]>> {
  const held = await sql.rows<{ learnerId: string; standards: string }>(
    `select h.learner_id, string_agg(distinct s.id::text, ' ' order by s.id::text) as standards from people.position_holding h
     join lateral (select s.id from competency.position_standard s where s.position_id = h.position_id and s.effective_from <= $2
       order by s.effective_from desc, s.ordinal desc limit 1) s on true
     where h.learner_id = any($1::uuid[]) and h.valid_from <= $2 and (h.valid_to is null or h.valid_to > $2) group by h.learner_id`,
    [learnerIds, asOf],
  );
  const demanded = await sql.rows<Target & { standards: string }>(
    `select t.standards, r.item_id, max(r.required_level)::int as target_level, max(r.weight)::int as weight,
       exists (select from competency.competency_item_version iv where iv.item_id = r.item_id and iv.version_id in (${NEWEST_PUBLISHED})) as is_known
     from unnest($1::text[]) as t(standards) join competency.competency_requirement r on r.standard_id = any(string_to_array(t.standards, ' ')::uuid[])
     group by t.standards, r.item_id`,
    [[...new Set(held.map((row) => row.standards))]],
  );
  const lists = Map.groupBy(demanded, (row) => row.standards);
  return new Map(held.map(({ learnerId, standards }) => [learnerId, lists.get(standards) ?? []]));
}

/** The levels each item has a descriptor for in its current version; an item that does not exist is absent. */
export async function describedLevels(sql: Sql, itemIds: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const current = await competenciesById(sql, itemIds);
  const rows = await levelsOf(
    sql,
    current.map((item) => ({ itemId: item.id, versionId: item.versionId })),
  );
  const levels = new Map<string, Set<number>>(current.map((item) => [item.id, new Set<number>()]));
  for (const row of rows) levels.get(row.itemId)?.add(row.rank);
  return levels;
}
