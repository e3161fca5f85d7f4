import { Migration } from '@mikro-orm/migrations';

/**
 * Generations of progress: a change of rules or frameworks is computed beside what readers see and takes its place at once.
 *
 * Why: readers must not see some people by the old rules and others by the new ones. Lock: the evidence and progress
 * tables for the new columns and the new primary key. Duration: seconds per million rows. Breaking: no.
 */
export class Migration20261124000005 extends Migration {
  override up(): void {
    for (const part of [TABLES, COLUMNS, FIRST]) this.addSql(part);
  }

  override down(): void {
    throw new Error('rows of several generations cannot be told apart in the old tables: restore a backup instead');
  }
}

const TABLES = `
-- lane: what counts in it: {"rules": [{"versionId", "from", "until"}], "frameworks": [version ids], "equivalences": [ids]}.
-- activates: whether it becomes CURRENT once it is built; otherwise it stands for inspection.
create table progress.generation (
  id int primary key,
  created_at timestamptz not null,
  status text not null check (status in ('BUILDING', 'READY', 'CURRENT', 'RETIRED')),
  cause text not null check (cause in ('RULE_CHANGE', 'FRAMEWORK_CHANGE', 'REBUILD')),
  activates boolean not null,
  rule_version_id uuid null,
  lane jsonb not null,
  swapped_at timestamptz null,
  tidied boolean not null default false
);
create unique index generation_current_unique on progress.generation ((true)) where status = 'CURRENT';
create unique index generation_next_unique on progress.generation ((true)) where status in ('BUILDING', 'READY');

-- Whose answers a generation changes; who is not in it keeps those of the generation before.
create table progress.learner_generation (
  learner_id uuid not null,
  generation int not null,
  built boolean not null,
  primary key (learner_id, generation)
);
create index learner_generation_open_index on progress.learner_generation (generation, learner_id) where not built;
`;

const COLUMNS = `
alter table progress.competency_progress add column generation int not null default 0;
alter table progress.competency_progress alter column generation drop default, drop constraint competency_progress_pkey, add primary key (learner_id, generation, item_id);
alter table progress.evidence add column version_id uuid null;
update progress.evidence e set version_id = r.version_id from progress.evidence_rule r where r.id = e.rule_id;
drop table progress.rebuild;
alter table progress.rule_set_version add column effective_from timestamptz null, drop constraint rule_set_version_status_check;
alter table progress.rule_set_version add constraint rule_set_version_status_check check (status in ('DRAFT', 'ACTIVATING', 'ACTIVE', 'SUPERSEDED'));
`;

const FIRST = `
insert into progress.generation (id, created_at, status, cause, activates, lane, swapped_at)
select 0, now(), 'CURRENT', 'REBUILD', true, jsonb_build_object(
  'rules', coalesce((select jsonb_agg(jsonb_build_object('versionId', id, 'from', null, 'until', null)) from progress.rule_set_version where status = 'ACTIVE'), '[]'),
  'frameworks', coalesce((select jsonb_agg(id) from (select distinct on (framework_id) id from competency.framework_version where status = 'PUBLISHED' order by framework_id, ordinal desc) v), '[]'),
  'equivalences', coalesce((select jsonb_agg(id) from competency.equivalence_approval where revoked_at is null), '[]')), now();
`;
