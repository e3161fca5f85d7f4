import type { Sql } from '../../db/database.ts';
import type { Rule } from './rules.ts';

const RULE = `r.id, r.version_id, r.position, r.match, r.activity_key, r.activity_iri, r.verbs, r.scaled_min, r.scaled_max, r.success, r.completion,
  r.duration_min_seconds, r.category, r.trusted_authorities, r.item_id, r.level, r.bands, r.positive, r.weight, r.valid_days, r.attempts, v.kind_caps, v.authority_caps`;
const FROM = 'from progress.evidence_rule r join progress.rule_set_version v on v.id = r.version_id';

/** Rules of some versions that may be about one of these activities, or about what no key tells (a prefix, a type). */
export const rulesAboutActivities = (sql: Sql, versionIds: readonly string[], activityKeys: readonly string[]) =>
  sql.rows<Rule>(
    `select ${RULE} ${FROM}
     where r.version_id = any($1::uuid[]) and (r.activity_key = any($2::uuid[]) or r.match in ('PREFIX', 'TYPE')) order by r.id`,
    [versionIds, activityKeys],
  );

export const rulesOfVersions = (sql: Sql, versionIds: readonly string[]) =>
  sql.rows<Rule>(`select ${RULE} ${FROM} where r.version_id = any($1::uuid[]) order by r.version_id, r.position`, [versionIds]);

export const rulesById = (sql: Sql, ids: readonly string[]) => sql.rows<Rule>(`select ${RULE} ${FROM} where r.id = any($1::uuid[])`, [ids]);

export interface RuleSetRow {
  readonly id: string;
  readonly code: string;
  readonly title: string;
}

export interface RuleSetVersionRow {
  readonly id: string;
  readonly ruleSetId: string;
  readonly ordinal: number;
  readonly status: 'DRAFT' | 'ACTIVATING' | 'ACTIVE' | 'SUPERSEDED';
  readonly activatedAt: Date | null;
  /** Null: it acts on all that ever happened; else on what happens from then on. */
  readonly effectiveFrom: Date | null;
  readonly kindCaps: Readonly<Record<string, number>>;
  readonly authorityCaps: Readonly<Record<string, number>>;
}

export const listRuleSets = (sql: Sql, limit: number, afterCode: string | null) =>
  sql.rows<RuleSetRow>('select id, code, title from progress.evidence_rule_set where $1::text is null or code > $1 order by code limit $2', [afterCode, limit]);

export const ruleSetsById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<RuleSetRow>('select id, code, title from progress.evidence_rule_set where id = any($1::uuid[])', [ids]);

/** Whether some rules cap levels by the kind of activity. */
export async function hasKindCaps(sql: Sql): Promise<boolean> {
  return (await sql.rows(`select from progress.rule_set_version where kind_caps <> '{}' limit 1`)).length > 0;
}

const RULE_SET_VERSION = 'id, rule_set_id, ordinal, status, activated_at, effective_from, kind_caps, authority_caps';

export const versionsOfRuleSets = (sql: Sql, ids: readonly string[]) =>
  sql.rows<RuleSetVersionRow>(
    `select ${RULE_SET_VERSION} from progress.rule_set_version where rule_set_id = any($1::uuid[]) order by rule_set_id, ordinal desc`,
    [ids],
  );

export const ruleSetVersionsById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<RuleSetVersionRow>(`select ${RULE_SET_VERSION} from progress.rule_set_version where id = any($1::uuid[])`, [ids]);

/** Competencies that the latest version of a rule set has rules for. */
export async function itemsOfRuleSet(sql: Sql, ruleSetId: string): Promise<readonly string[]> {
  const rows = await sql.rows<{ itemId: string }>(
    `select distinct r.item_id from progress.evidence_rule r where r.version_id = (
       select id from progress.rule_set_version where rule_set_id = $1 order by ordinal desc limit 1)`,
    [ruleSetId],
  );
  return rows.map(({ itemId }) => itemId);
}

/** Up to which level the alignments say that an activity assesses a competency; null when they do not. */
export async function assessedLevel(sql: Sql, activityKey: string, itemId: string): Promise<number | null> {
  const [row] = await sql.rows<{ level: number | null }>(
    `select max(target_level)::int as level from training.activity_alignment a join training.learning_activity l on l.id = a.activity_id
     where l.activity_key = $1 and a.item_id = $2 and a.contribution = 'ASSESSES'`,
    [activityKey, itemId],
  );
  return row?.level ?? null;
}

/** Versions that are to become active with the generation being built. */
export const activatingVersions = (sql: Sql) =>
  sql.rows<RuleSetVersionRow>(`select ${RULE_SET_VERSION} from progress.rule_set_version where status = 'ACTIVATING' order by id`);

/** The kinds of activities that are known here, by their keys. */
export const kindsOfActivities = (sql: Sql, activityKeys: readonly string[]) =>
  sql.rows<{ readonly iri: string; readonly kind: string }>('select iri, kind from training.learning_activity where activity_key = any($1::uuid[])', [
    activityKeys,
  ]);
