import { Migration } from '@mikro-orm/migrations';

/**
 * Evidence that is no statement: ratings of assessors and supervisors, prior learning; and dated overrides of levels.
 *
 * Why: not all that a person can do was shown in e-learning. Lock: the evidence and progress tables shortly, for columns
 * with a constant default. Duration: under a second. Breaking: no.
 */
export class Migration20261124000006 extends Migration {
  override up(): void {
    for (const part of [TABLES, PROGRESS]) this.addSql(part);
  }

  override down(): void {
    throw new Error('evidence without a statement cannot be told in the old tables: restore a backup instead');
  }
}

const TABLES = `
create table progress.assessment (
  id uuid not null,
  created_at timestamptz not null,
  learner_id uuid not null,
  item_id uuid not null,
  kind text not null,
  level int not null,
  positive boolean not null,
  weight int not null,
  assessor_learner_id uuid null,
  assessor_partner_id uuid null,
  assessor_key uuid not null,
  occurred_at timestamptz not null,
  valid_until timestamptz null,
  note text not null,
  withdrawn_at timestamptz null,
  primary key (id)
);
alter table progress.assessment add constraint assessment_kind_check check (kind in ('ASSESSOR', 'SUPERVISOR'));
create index assessment_learner_id_index on progress.assessment (learner_id);

create table progress.prior_learning_claim (
  id uuid not null,
  created_at timestamptz not null,
  learner_id uuid not null,
  item_id uuid not null,
  level int not null,
  description text not null,
  issuer text not null,
  document_url text null,
  achieved_on timestamptz not null,
  status text not null,
  reviewer_id uuid null,
  decided_at timestamptz null,
  decision_reason text null,
  accepted_level int null,
  valid_until timestamptz null,
  primary key (id)
);
alter table progress.prior_learning_claim add constraint prior_learning_claim_status_check check (status in ('SUBMITTED', 'IN_REVIEW', 'ACCEPTED', 'REJECTED'));
create index prior_learning_claim_learner_id_index on progress.prior_learning_claim (learner_id);
create index prior_learning_claim_status_id_index on progress.prior_learning_claim (status, id);

create table progress.competency_override (
  id uuid not null,
  created_at timestamptz not null,
  learner_id uuid not null,
  item_id uuid not null,
  level int not null,
  reason text not null,
  decided_by_id uuid null,
  valid_from timestamptz not null,
  valid_until timestamptz not null,
  counts_for_rollup boolean not null,
  revoked_at timestamptz null,
  primary key (id)
);
create index competency_override_learner_id_index on progress.competency_override (learner_id);
`;

const PROGRESS = `
-- source_id: the assessment or claim, of evidence that is no statement.
alter table progress.evidence alter column statement_id drop not null, alter column rule_id drop not null,
  add column kind text not null default 'XAPI' constraint evidence_kind_check check (kind in ('XAPI', 'ASSESSOR', 'SUPERVISOR', 'PRIOR_LEARNING')),
  add column source_id uuid null, drop constraint evidence_retraction_check;
alter table progress.evidence alter column kind drop default;
alter table progress.evidence add constraint evidence_retraction_check check (retraction in ('VOIDED', 'RULE', 'IDENTITY', 'REVOKED'));
alter table progress.competency_progress add column computed_level int null, drop constraint competency_progress_source_check;
update progress.competency_progress set computed_level = current_level;
alter table progress.competency_progress alter column computed_level set not null;
alter table progress.competency_progress add constraint competency_progress_source_check check (source in ('DIRECT', 'ROLLUP', 'EQUIVALENT', 'OVERRIDE'));
alter table progress.progress_event drop constraint progress_event_cause_check;
alter table progress.progress_event add constraint progress_event_cause_check
  check (cause in ('STATEMENT', 'VOID', 'RULE_CHANGE', 'FRAMEWORK_CHANGE', 'IDENTITY', 'EXPIRY', 'REBUILD', 'ASSESSMENT', 'OVERRIDE'));
`;
