import { Migration } from '@mikro-orm/migrations';

/**
 * What `precedes` and `replacedBy` ask for and carry; what a requirement weighs and which version it was read from; caps
 * and attempt policies of evidence rules.
 *
 * Why: readiness, evidence that follows a competency into its successor, position match, attempts that do not add up.
 * Lock: the tables shortly, for columns that are null or have a constant default. Duration: under a second. Breaking: no.
 */
export class Migration20261124000009 extends Migration {
  override up(): void {
    this.addSql(`
-- min_level: of precedes, the level of the origin without which the destination is not ready. level_map: of replacedBy, {"old level": new level}.
alter table competency.competency_edge add column min_level int null, add column level_map jsonb null;

alter table competency.competency_requirement add column weight int not null default 1, add column version_id uuid null;
alter table competency.competency_requirement alter column weight drop default;
update competency.competency_requirement r set version_id = (
  select v.id from competency.competency_item_version iv join competency.framework_version v on v.id = iv.version_id
  where iv.item_id = r.item_id order by (v.status = 'PUBLISHED') desc, v.ordinal desc limit 1);

alter table progress.rule_set_version add column kind_caps jsonb not null default '{}', add column authority_caps jsonb not null default '{}';
alter table progress.rule_set_version alter column kind_caps drop default, alter column authority_caps drop default;
alter table progress.evidence_rule add column attempts text not null default 'ALL' constraint evidence_rule_attempts_check check (attempts in ('ALL', 'FIRST', 'LATEST', 'BEST'));
alter table progress.evidence_rule alter column attempts drop default;
-- attempt_key: evidence of attempts at the same, of which only one counts; null where each does.
alter table progress.evidence add column attempt_key uuid null, add column attempts text not null default 'ALL';
alter table progress.evidence alter column attempts drop default;
`);
  }

  override down(): void {
    throw new Error('requirements and rules would lose what they say: restore a backup instead');
  }
}
