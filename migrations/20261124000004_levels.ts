import { Migration } from '@mikro-orm/migrations';

/**
 * How levels are made: policies and roll-up rules of competencies, weights of children, approved matches; evidence with
 * weight and polarity; rules that match more than one activity.
 *
 * Why: a level by several sources, by the latest word, or by weight; roll-ups beyond all and any. Lock: the evidence and
 * progress tables shortly, for columns with a constant default. Duration: under a second. Breaking: no.
 */
export class Migration20261124000004 extends Migration {
  override up(): void {
    for (const part of [COMPETENCIES, RULES, PROGRESS]) this.addSql(part);
  }

  override down(): void {
    throw new Error('levels made by the new rules cannot be told in the old tables: restore a backup instead');
  }
}

const COMPETENCIES = `
alter table competency.competency_item_version drop constraint competency_item_version_rollup_check;
alter table competency.competency_item_version add constraint competency_item_version_rollup_check check (rollup in ('NONE', 'ALL_OF', 'ANY_OF', 'N_OF', 'WEIGHTED'));
alter table competency.competency_item_version
  add column rollup_count int null,
  add column rollup_only boolean not null default false,
  add column policy text not null default 'BEST_VALID' constraint competency_item_version_policy_check check (policy in ('BEST_VALID', 'LATEST', 'WEIGHTED')),
  add column min_distinct_sources int not null default 1,
  add column threshold int not null default 1000,
  add column half_life_days int null;
alter table competency.competency_item_version
  alter column rollup_only drop default, alter column policy drop default, alter column min_distinct_sources drop default, alter column threshold drop default;
alter table competency.competency_edge add column weight int not null default 1, add column required_min int null;
alter table competency.competency_edge alter column weight drop default;
create table competency.equivalence_approval (
  id uuid not null,
  created_at timestamptz not null,
  origin_id uuid not null,
  destination_id uuid not null,
  two_way boolean not null,
  reason text not null,
  revoked_at timestamptz null,
  primary key (id)
);
alter table competency.equivalence_approval add constraint equivalence_approval_origin_id_foreign foreign key (origin_id) references competency.competency_item (id);
alter table competency.equivalence_approval add constraint equivalence_approval_destination_id_foreign foreign key (destination_id) references competency.competency_item (id);
`;

const RULES = `
alter table progress.evidence_rule
  add column match text not null default 'ACTIVITY' constraint evidence_rule_match_check check (match in ('ACTIVITY', 'PREFIX', 'TYPE', 'PARENT', 'GROUPING')),
  add column scaled_max double precision null,
  add column duration_min_seconds int null,
  add column category text null,
  add column bands jsonb not null default '[]',
  add column positive boolean not null default true,
  add column weight int not null default 1000;
alter table progress.evidence_rule
  alter column match drop default, alter column bands drop default, alter column positive drop default, alter column weight drop default;
`;

const PROGRESS = `
-- weight: thousandths. positive: for the level, or against it.
alter table progress.evidence add column positive boolean not null default true, add column weight smallint not null default 1000;
alter table progress.evidence alter column positive drop default, alter column weight drop default;

-- confidence: hundredths.
alter table progress.competency_progress add column confidence smallint not null default 0;
update progress.competency_progress set confidence = 100 where current_level > 0;
alter table progress.competency_progress alter column confidence drop default;
alter table progress.competency_progress drop constraint competency_progress_source_check;
alter table progress.competency_progress add constraint competency_progress_source_check check (source in ('DIRECT', 'ROLLUP', 'EQUIVALENT'));
alter table progress.progress_event drop constraint progress_event_cause_check;
alter table progress.progress_event add constraint progress_event_cause_check
  check (cause in ('STATEMENT', 'VOID', 'RULE_CHANGE', 'FRAMEWORK_CHANGE', 'IDENTITY', 'EXPIRY', 'REBUILD'));
-- The walk of a rebuild that is under way: the last learner done.
create table progress.rebuild (id smallint primary key check (id = 1), after_learner uuid null, started_at timestamptz not null);
create index competency_progress_next_change_index on progress.competency_progress (next_change_at) where next_change_at is not null;
`;
