import type { Sql } from '../../db/database.ts';
import type { LevelMap, LevelPolicy, RollupRule } from '../../standards/case/index.ts';
import { NEWEST_PUBLISHED } from './competency.store.ts';

export async function sourceOfVersion(sql: Sql, versionId: string): Promise<{ readonly source: string; readonly createdAt: Date } | null> {
  const [row] = await sql.rows<{ source: string; createdAt: Date }>('select source, created_at from competency.framework_version where id = $1', [versionId]);
  return row ?? null;
}

/** How the level of an item is made, by the identifier its source gives it. */
export interface ExportItem {
  readonly identifier: string;
  readonly rollup: RollupRule;
  readonly policy: LevelPolicy;
}

export async function itemsForExport(sql: Sql, versionId: string): Promise<readonly ExportItem[]> {
  const rows = await sql.rows<{
    identifier: string;
    rollup: RollupRule['kind'];
    rollupCount: number | null;
    rollupOnly: boolean;
    policy: LevelPolicy['kind'];
    minDistinctSources: number;
    threshold: number;
    halfLifeDays: number | null;
  }>(
    `select i.identifier, iv.rollup, iv.rollup_count, iv.rollup_only, iv.policy, iv.min_distinct_sources, iv.threshold, iv.half_life_days
     from competency.competency_item_version iv join competency.competency_item i on i.id = iv.item_id where iv.version_id = $1`,
    [versionId],
  );
  return rows.map(({ identifier, rollup, rollupCount, rollupOnly, policy, minDistinctSources, threshold, halfLifeDays }) => ({
    identifier,
    rollup: { kind: rollup, count: rollupCount, rollupOnly },
    policy: { kind: policy, minDistinctSources, threshold, halfLifeDays },
  }));
}

export interface ExportEdge {
  readonly identifier: string;
  readonly type: string;
  readonly originIdentifier: string;
  readonly destinationIdentifier: string;
  readonly weight: number;
  readonly requiredMin: number | null;
  readonly minLevel: number | null;
  readonly levelMap: LevelMap | null;
}

export const edgesForExport = (sql: Sql, versionId: string) =>
  sql.rows<ExportEdge>(
    `select identifier, type, origin_identifier, destination_identifier, weight, required_min, min_level, level_map from competency.competency_edge where version_id = $1 order by created_at, identifier`,
    [versionId],
  );

/** The newest published version of each framework, with what the source says of its document. */
export const publishedDocuments = (sql: Sql) =>
  sql.rows<{ readonly id: string; readonly identifier: string }>(
    `select distinct on (v.framework_id) v.id, f.identifier from competency.framework_version v join competency.competency_framework f on f.id = v.framework_id
     where v.status = 'PUBLISHED' order by v.framework_id, v.ordinal desc`,
  );

/** Published versions that count now and whose identifiers are not listed yet. */
export async function unlistedVersions(sql: Sql): Promise<readonly string[]> {
  const rows = await sql.rows<{ id: string }>(`select id from competency.framework_version where id in (${NEWEST_PUBLISHED}) and not case_listed`);
  return rows.map((row) => row.id);
}

/** Lists the identifiers that the export of a version bears. */
export async function listIdentifiers(sql: Sql, versionId: string, identifiers: readonly string[]): Promise<void> {
  await sql.rows(
    `with listed as (insert into competency.case_identifier (identifier, version_id) select distinct id, $1::uuid from unnest($2::uuid[]) as t(id)
       on conflict do nothing)
     update competency.framework_version set case_listed = true where id = $1`,
    [versionId, identifiers],
  );
}

/** Of published versions that count now, those whose export bears an identifier. */
export async function versionsBearing(sql: Sql, identifier: string): Promise<readonly string[]> {
  const rows = await sql.rows<{ id: string }>(
    `select v.id from competency.case_identifier c join competency.framework_version v on v.id = c.version_id
     where c.identifier = $1 and v.id in (${NEWEST_PUBLISHED}) order by v.ordinal desc, v.id limit 20`,
    [identifier],
  );
  return rows.map((row) => row.id);
}
