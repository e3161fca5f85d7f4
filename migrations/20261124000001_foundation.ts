import { Migration } from '@mikro-orm/migrations';

/**
 * The first schema: the statement store, the domain tables and the derived progress tables.
 *
 * Why: everything starts here. Lock: none, the tables are new. Duration: under a second. Breaking: no.
 *
 * Hot tables (lrs.*, progress.evidence and below) have no foreign keys between each other, and their primary keys begin
 * with the column they would be distributed by.
 */
export class Migration20261124000001 extends Migration {
  override up(): void {
    for (const part of [SCHEMAS, STATEMENTS, DOMAIN, PROGRESS, PSEUDONYMS, IMMUTABILITY]) this.addSql(part);
  }

  override down(): void {
    throw new Error('the first migration has nothing before it: drop the database instead');
  }
}

const SCHEMAS = `
create schema access;
create schema competency;
create schema lrs;
create schema people;
create schema progress;
create schema training;
`;

const STATEMENTS = `
-- body: the sender's own text, with id and version spliced in where they were missing and without stored and authority,
-- which the columns hold. recorded_at: the statement's timestamp, null when the sender gave none (then stored counts).
create table lrs.statement (
  statement_id uuid primary key,
  stored timestamptz not null,
  recorded_at timestamptz null,
  actor_key uuid not null,
  verb_key uuid not null,
  registration uuid null,
  authority_key uuid not null,
  credential_id uuid not null,
  content_hash bytea not null,
  body text not null,
  authority text not null
);
create index statement_stored_index on lrs.statement (stored, statement_id);
create index statement_verb_index on lrs.statement (verb_key, stored, statement_id);
create index statement_registration_index on lrs.statement (registration, stored, statement_id) where registration is not null;

-- roles: bits, see src/modules/lrs/links.ts
create table lrs.statement_agent (
  agent_key uuid not null,
  stored timestamptz not null,
  statement_id uuid not null,
  verb_key uuid not null,
  roles smallint not null,
  primary key (agent_key, stored, statement_id)
);
create table lrs.statement_activity (
  activity_key uuid not null,
  stored timestamptz not null,
  statement_id uuid not null,
  verb_key uuid not null,
  roles smallint not null,
  primary key (activity_key, stored, statement_id)
);

-- What some statement wants to void. unrestricted: its sender may void the statements of others.
create table lrs.voiding (
  target_id uuid not null,
  statement_id uuid not null,
  authority_key uuid not null,
  unrestricted boolean not null,
  primary key (target_id, statement_id)
);

-- Statements the projector has not seen yet, or must see again.
create table lrs.inbox (
  bucket smallint not null check (bucket between 0 and 63),
  stored timestamptz not null,
  statement_id uuid not null,
  primary key (bucket, stored, statement_id)
);
`;

const PROGRESS = `
create table progress.evidence (
  learner_id uuid not null,
  id uuid not null,
  item_id uuid not null,
  level int not null,
  statement_id uuid not null,
  rule_id uuid not null,
  authority_key uuid not null,
  occurred_at timestamptz not null,
  expires_at timestamptz null,
  retraction text null check (retraction in ('VOIDED', 'RULE', 'IDENTITY')),
  primary key (learner_id, id)
);
create index evidence_statement_index on progress.evidence (statement_id);

-- The stored answer of the fold; may be dropped and rebuilt.
create table progress.competency_progress (
  learner_id uuid not null,
  item_id uuid not null,
  current_level int not null,
  direct_level int not null,
  source text not null check (source in ('DIRECT', 'ROLLUP')),
  supporting uuid[] not null,
  next_change_at timestamptz null,
  primary key (learner_id, item_id)
);

create table progress.progress_event (
  learner_id uuid not null,
  id uuid not null,
  item_id uuid not null,
  from_level int not null,
  to_level int not null,
  cause text not null check (cause in ('STATEMENT', 'VOID', 'RULE_CHANGE', 'FRAMEWORK_CHANGE', 'IDENTITY', 'EXPIRY')),
  statement_id uuid null,
  created_at timestamptz not null,
  primary key (learner_id, id)
);
`;

const PSEUDONYMS = `
-- The name of a learner towards one partner: random, so that two partners cannot join what they see.
create table access.partner_pseudonym (
  partner_id uuid not null,
  learner_id uuid not null,
  pseudonym uuid not null default gen_random_uuid(),
  primary key (partner_id, learner_id),
  unique (partner_id, pseudonym)
);
`;

const IMMUTABILITY = `
create function competency.refuse_published_change() returns trigger language plpgsql as $$
declare
  frozen uuid := case when tg_op = 'DELETE' then old.version_id else new.version_id end;
begin
  if exists (select from competency.framework_version where id = frozen and status = 'PUBLISHED') then
    raise exception 'framework version % is published and does not change any more', frozen using errcode = 'restrict_violation';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger item_version_frozen before insert or update or delete on competency.competency_item_version for each row execute function competency.refuse_published_change();
create trigger edge_frozen before insert or update or delete on competency.competency_edge for each row execute function competency.refuse_published_change();
create trigger level_frozen before insert or update or delete on competency.level_descriptor for each row execute function competency.refuse_published_change();
`;

const DOMAIN = `
create table competency.competency_framework (
  id uuid not null,
  created_at timestamptz not null,
  identifier text not null,
  title text not null,
  creator text not null,
  kind text not null,
  language text null,
  primary key (id)
);
alter table competency.competency_framework add constraint competency_framework_identifier_unique unique (identifier);
alter table competency.competency_framework add constraint competency_framework_kind_check check (kind in ('MANAGERIAL', 'SOCIO_CULTURAL', 'TECHNICAL', 'EXTERNAL'));
create table competency.competency_item (
  id uuid not null,
  created_at timestamptz not null,
  identifier text not null,
  framework_id uuid not null,
  primary key (id)
);
alter table competency.competency_item add constraint competency_item_identifier_unique unique (identifier);
create index competency_item_framework_id_index on competency.competency_item (framework_id);
create table progress.evidence_rule_set (
  id uuid not null,
  created_at timestamptz not null,
  code text not null,
  title text not null,
  primary key (id)
);
alter table progress.evidence_rule_set add constraint evidence_rule_set_code_unique unique (code);
create table competency.framework_version (
  id uuid not null,
  created_at timestamptz not null,
  framework_id uuid not null,
  ordinal int not null,
  label text not null,
  status text not null,
  content_hash text not null,
  source text not null,
  published_at timestamptz null,
  primary key (id)
);
alter table competency.framework_version add constraint framework_version_framework_id_ordinal_unique unique (framework_id, ordinal);
alter table competency.framework_version add constraint framework_version_framework_id_content_hash_unique unique (framework_id, content_hash);
alter table competency.framework_version add constraint framework_version_status_check check (status in ('DRAFT', 'PUBLISHED'));
create table competency.competency_item_version (
  id uuid not null,
  created_at timestamptz not null,
  version_id uuid not null,
  item_id uuid not null,
  position int not null,
  code text null,
  full_statement text not null,
  abbreviated_statement text null,
  item_type text null,
  rollup text not null,
  primary key (id)
);
create index competency_item_version_item_id_index on competency.competency_item_version (item_id);
alter table competency.competency_item_version add constraint competency_item_version_version_id_item_id_unique unique (version_id, item_id);
alter table competency.competency_item_version add constraint competency_item_version_rollup_check check (rollup in ('NONE', 'ALL_OF', 'ANY_OF'));
create table competency.competency_edge (
  id uuid not null,
  created_at timestamptz not null,
  version_id uuid not null,
  identifier text not null,
  type text not null,
  origin_id uuid null,
  origin_identifier text not null,
  destination_id uuid null,
  destination_identifier text not null,
  sequence_number int null,
  primary key (id)
);
create index competency_edge_version_id_destination_id_index on competency.competency_edge (version_id, destination_id);
alter table competency.competency_edge add constraint competency_edge_version_id_identifier_unique unique (version_id, identifier);
create table people.learner (
  id uuid not null,
  created_at timestamptz not null,
  learner_key uuid not null,
  name text not null,
  staff_category text not null,
  primary key (id)
);
alter table people.learner add constraint learner_learner_key_unique unique (learner_key);
alter table people.learner add constraint learner_staff_category_check check (staff_category in ('PNS', 'CPNS', 'PPPK'));
create table people.agent_identity (
  id uuid not null,
  created_at timestamptz not null,
  learner_id uuid not null,
  ifi_kind text not null,
  home_page text not null,
  ifi_value text not null,
  agent_key uuid not null,
  primary key (id)
);
alter table people.agent_identity add constraint agent_identity_agent_key_unique unique (agent_key);
create index agent_identity_learner_id_index on people.agent_identity (learner_id);
alter table people.agent_identity add constraint agent_identity_ifi_kind_check check (ifi_kind in ('mbox', 'mbox_sha1sum', 'openid', 'account'));
create table training.learning_activity (
  id uuid not null,
  created_at timestamptz not null,
  iri text not null,
  activity_key uuid not null,
  title text not null,
  kind text not null,
  owner_id uuid null,
  primary key (id)
);
alter table training.learning_activity add constraint learning_activity_iri_unique unique (iri);
alter table training.learning_activity add constraint learning_activity_activity_key_unique unique (activity_key);
alter table training.learning_activity add constraint learning_activity_kind_check check (kind in ('CMI5_AU', 'SCORM12_SCO', 'SCORM2004_SCO', 'XAPI', 'CLASS_SESSION', 'ASSIGNMENT', 'WORKPLACE_TASK', 'TEST'));
create table competency.level_descriptor (
  id uuid not null,
  created_at timestamptz not null,
  version_id uuid not null,
  item_id uuid not null,
  rank int not null,
  label text not null,
  description text null,
  primary key (id)
);
alter table competency.level_descriptor add constraint level_descriptor_version_id_item_id_rank_unique unique (version_id, item_id, rank);
create table people.organization_unit (
  id uuid not null,
  created_at timestamptz not null,
  code text not null,
  name text not null,
  kind text not null,
  parent_id uuid null,
  primary key (id)
);
alter table people.organization_unit add constraint organization_unit_code_unique unique (code);
alter table people.organization_unit add constraint organization_unit_kind_check check (kind in ('PEMKO', 'OPD', 'BIDANG', 'UPTD', 'KECAMATAN', 'KELURAHAN'));
create table access.partner (
  id uuid not null,
  created_at timestamptz not null,
  code text not null,
  name text not null,
  kind text not null,
  primary key (id)
);
alter table access.partner add constraint partner_code_unique unique (code);
alter table access.partner add constraint partner_kind_check check (kind in ('UNIVERSITY', 'PROFESSIONAL_BODY', 'CONTENT_VENDOR', 'TRAINING_AGENCY'));
create table access.lrs_credential (
  id uuid not null,
  created_at timestamptz not null,
  label text not null,
  key text not null,
  secret_hash bytea not null,
  scopes text[] not null,
  authority text not null,
  authority_key uuid not null,
  partner_id uuid null,
  revoked_at timestamptz null,
  primary key (id)
);
alter table access.lrs_credential add constraint lrs_credential_key_unique unique (key);
create table access.api_token (
  id uuid not null,
  created_at timestamptz not null,
  label text not null,
  token_hash bytea not null,
  role text not null,
  partner_id uuid null,
  learner_id uuid null,
  expires_at timestamptz null,
  revoked_at timestamptz null,
  primary key (id)
);
alter table access.api_token add constraint api_token_token_hash_unique unique (token_hash);
alter table access.api_token add constraint api_token_role_check check (role in ('ADMIN', 'PARTNER', 'VENDOR', 'LEARNER'));
create table access.access_grant (
  id uuid not null,
  created_at timestamptz not null,
  partner_id uuid not null,
  program_id uuid not null,
  shows_names boolean not null,
  purpose text not null,
  valid_from timestamptz not null,
  valid_to timestamptz null,
  primary key (id)
);
create index access_grant_program_id_index on access.access_grant (program_id);
create table people.position (
  id uuid not null,
  created_at timestamptz not null,
  code text not null,
  title text not null,
  family text not null,
  primary key (id)
);
alter table people.position add constraint position_code_unique unique (code);
alter table people.position add constraint position_family_check check (family in ('JPT', 'ADMINISTRATOR', 'PENGAWAS', 'PELAKSANA', 'FUNGSIONAL_KEAHLIAN', 'FUNGSIONAL_KETERAMPILAN'));
create table people.position_holding (
  id uuid not null,
  created_at timestamptz not null,
  learner_id uuid not null,
  position_id uuid not null,
  unit_id uuid not null,
  valid_from timestamptz not null,
  valid_to timestamptz null,
  primary key (id)
);
create index position_holding_learner_id_index on people.position_holding (learner_id);
create table competency.position_standard (
  id uuid not null,
  created_at timestamptz not null,
  position_id uuid not null,
  ordinal int not null,
  status text not null,
  legal_basis text not null,
  effective_from timestamptz not null,
  primary key (id)
);
alter table competency.position_standard add constraint position_standard_position_id_ordinal_unique unique (position_id, ordinal);
alter table competency.position_standard add constraint position_standard_status_check check (status in ('DRAFT', 'IN_FORCE', 'SUPERSEDED'));
create table competency.competency_requirement (
  id uuid not null,
  created_at timestamptz not null,
  standard_id uuid not null,
  item_id uuid not null,
  required_level int not null,
  importance text not null,
  primary key (id)
);
alter table competency.competency_requirement add constraint competency_requirement_standard_id_item_id_unique unique (standard_id, item_id);
alter table competency.competency_requirement add constraint competency_requirement_importance_check check (importance in ('ABSOLUTE', 'IMPORTANT', 'NEEDED'));
create table progress.rule_set_version (
  id uuid not null,
  created_at timestamptz not null,
  rule_set_id uuid not null,
  ordinal int not null,
  status text not null,
  activated_at timestamptz null,
  primary key (id)
);
alter table progress.rule_set_version add constraint rule_set_version_rule_set_id_ordinal_unique unique (rule_set_id, ordinal);
alter table progress.rule_set_version add constraint rule_set_version_status_check check (status in ('DRAFT', 'ACTIVE', 'SUPERSEDED'));
create table progress.evidence_rule (
  id uuid not null,
  created_at timestamptz not null,
  version_id uuid not null,
  position int not null,
  activity_iri text not null,
  activity_key uuid not null,
  verbs text[] not null,
  scaled_min double precision null,
  success boolean null,
  completion boolean null,
  trusted_authorities text[] not null,
  item_id uuid not null,
  level int not null,
  valid_days int null,
  primary key (id)
);
create index evidence_rule_activity_key_index on progress.evidence_rule (activity_key);
alter table progress.evidence_rule add constraint evidence_rule_version_id_position_unique unique (version_id, position);
create table training.training_program (
  id uuid not null,
  created_at timestamptz not null,
  code text not null,
  title text not null,
  kind text not null,
  form text not null,
  primary key (id)
);
alter table training.training_program add constraint training_program_code_unique unique (code);
alter table training.training_program add constraint training_program_kind_check check (kind in ('STRUCTURAL', 'FUNCTIONAL', 'TECHNICAL', 'SOCIO_CULTURAL', 'LATSAR', 'SEMINAR'));
alter table training.training_program add constraint training_program_form_check check (form in ('CLASSICAL', 'NON_CLASSICAL', 'BLENDED'));
create table training.program_version (
  id uuid not null,
  created_at timestamptz not null,
  program_id uuid not null,
  ordinal int not null,
  status text not null,
  published_at timestamptz null,
  primary key (id)
);
alter table training.program_version add constraint program_version_program_id_ordinal_unique unique (program_id, ordinal);
alter table training.program_version add constraint program_version_status_check check (status in ('DRAFT', 'PUBLISHED'));
create table training.module (
  id uuid not null,
  created_at timestamptz not null,
  version_id uuid not null,
  position int not null,
  title text not null,
  jp int not null,
  primary key (id)
);
alter table training.module add constraint module_version_id_position_unique unique (version_id, position);
create table training.module_activity (
  id uuid not null,
  created_at timestamptz not null,
  module_id uuid not null,
  activity_id uuid not null,
  position int not null,
  primary key (id)
);
create index module_activity_activity_id_index on training.module_activity (activity_id);
alter table training.module_activity add constraint module_activity_module_id_activity_id_unique unique (module_id, activity_id);
create table training.activity_alignment (
  id uuid not null,
  created_at timestamptz not null,
  module_id uuid not null,
  activity_id uuid not null,
  item_id uuid not null,
  target_level int not null,
  contribution text not null,
  primary key (id)
);
create index activity_alignment_item_id_index on training.activity_alignment (item_id);
alter table training.activity_alignment add constraint activity_alignment_module_id_activity_id_item_id_unique unique (module_id, activity_id, item_id);
alter table training.activity_alignment add constraint activity_alignment_contribution_check check (contribution in ('INTRODUCES', 'PRACTISES', 'ASSESSES'));
create table training.batch (
  id uuid not null,
  created_at timestamptz not null,
  version_id uuid not null,
  number int not null,
  starts_on timestamptz not null,
  ends_on timestamptz not null,
  primary key (id)
);
alter table training.batch add constraint batch_version_id_number_unique unique (version_id, number);
create table training.enrolment (
  id uuid not null,
  created_at timestamptz not null,
  learner_id uuid not null,
  batch_id uuid not null,
  registration uuid not null,
  primary key (id)
);
alter table training.enrolment add constraint enrolment_registration_unique unique (registration);
create index enrolment_learner_id_index on training.enrolment (learner_id);
alter table training.enrolment add constraint enrolment_batch_id_learner_id_unique unique (batch_id, learner_id);
alter table competency.competency_item add constraint competency_item_framework_id_foreign foreign key (framework_id) references competency.competency_framework (id);
alter table competency.framework_version add constraint framework_version_framework_id_foreign foreign key (framework_id) references competency.competency_framework (id);
alter table competency.competency_item_version add constraint competency_item_version_version_id_foreign foreign key (version_id) references competency.framework_version (id);
alter table competency.competency_item_version add constraint competency_item_version_item_id_foreign foreign key (item_id) references competency.competency_item (id);
alter table competency.competency_edge add constraint competency_edge_version_id_foreign foreign key (version_id) references competency.framework_version (id);
alter table competency.competency_edge add constraint competency_edge_origin_id_foreign foreign key (origin_id) references competency.competency_item (id) on delete set null;
alter table competency.competency_edge add constraint competency_edge_destination_id_foreign foreign key (destination_id) references competency.competency_item (id) on delete set null;
alter table people.agent_identity add constraint agent_identity_learner_id_foreign foreign key (learner_id) references people.learner (id);
alter table competency.level_descriptor add constraint level_descriptor_version_id_foreign foreign key (version_id) references competency.framework_version (id);
alter table competency.level_descriptor add constraint level_descriptor_item_id_foreign foreign key (item_id) references competency.competency_item (id);
alter table people.organization_unit add constraint organization_unit_parent_id_foreign foreign key (parent_id) references people.organization_unit (id) on delete set null;
alter table access.lrs_credential add constraint lrs_credential_partner_id_foreign foreign key (partner_id) references access.partner (id) on delete set null;
alter table access.api_token add constraint api_token_partner_id_foreign foreign key (partner_id) references access.partner (id) on delete set null;
alter table access.access_grant add constraint access_grant_partner_id_foreign foreign key (partner_id) references access.partner (id);
alter table people.position_holding add constraint position_holding_learner_id_foreign foreign key (learner_id) references people.learner (id);
alter table people.position_holding add constraint position_holding_position_id_foreign foreign key (position_id) references people.position (id);
alter table people.position_holding add constraint position_holding_unit_id_foreign foreign key (unit_id) references people.organization_unit (id);
alter table competency.competency_requirement add constraint competency_requirement_standard_id_foreign foreign key (standard_id) references competency.position_standard (id);
alter table competency.competency_requirement add constraint competency_requirement_item_id_foreign foreign key (item_id) references competency.competency_item (id);
alter table progress.rule_set_version add constraint rule_set_version_rule_set_id_foreign foreign key (rule_set_id) references progress.evidence_rule_set (id);
alter table progress.evidence_rule add constraint evidence_rule_version_id_foreign foreign key (version_id) references progress.rule_set_version (id);
alter table training.program_version add constraint program_version_program_id_foreign foreign key (program_id) references training.training_program (id);
alter table training.module add constraint module_version_id_foreign foreign key (version_id) references training.program_version (id);
alter table training.module_activity add constraint module_activity_module_id_foreign foreign key (module_id) references training.module (id);
alter table training.module_activity add constraint module_activity_activity_id_foreign foreign key (activity_id) references training.learning_activity (id);
alter table training.activity_alignment add constraint activity_alignment_module_id_foreign foreign key (module_id) references training.module (id);
alter table training.activity_alignment add constraint activity_alignment_activity_id_foreign foreign key (activity_id) references training.learning_activity (id);
alter table training.batch add constraint batch_version_id_foreign foreign key (version_id) references training.program_version (id);
alter table training.enrolment add constraint enrolment_batch_id_foreign foreign key (batch_id) references training.batch (id);
`;
