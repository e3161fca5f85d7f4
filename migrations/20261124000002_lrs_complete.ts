import { Migration } from '@mikro-orm/migrations';

/**
 * What the complete statement store needs beside statements and links: references between statements, dense positions,
 * documents, attachments, what is known of activities and agents.
 *
 * Why: xAPI documents, attachments, StatementRef chains and a cursor that misses nothing. Lock: `lrs.statement`
 * exclusively for the two new columns, which have no default that must be written. Duration: milliseconds; the index
 * on references scans the table once. Breaking: no.
 */
export class Migration20261124000002 extends Migration {
  override up(): void {
    for (const part of [REFERENCES, POSITIONS, DOCUMENTS, ATTACHMENTS, CANONICAL, CREDENTIALS, FORWARDING, ERASURE]) this.addSql(part);
  }

  override down(): void {
    throw new Error('statements would lose their attachments and positions: restore a backup instead');
  }
}

const REFERENCES = `
-- refers_to: the statement that this one's object, a StatementRef, names.
alter table lrs.statement add column refers_to uuid null;
update lrs.statement s set refers_to = v.target_id from lrs.voiding v where v.statement_id = s.statement_id;
create index statement_refers_to_index on lrs.statement (refers_to) where refers_to is not null;

-- A statement is found by what the statement it refers to says, at any depth: key of an agent, activity, verb or
-- registration of source_id, under the sort key of the statement that refers. roles: as in the link tables; verbs and
-- registrations have none.
create table lrs.inherited_link (
  key uuid not null,
  stored timestamptz not null,
  statement_id uuid not null,
  source_id uuid not null,
  roles smallint not null,
  primary key (key, stored, statement_id, source_id)
);

create index inherited_link_source_index on lrs.inherited_link (source_id);
create index inherited_link_statement_index on lrs.inherited_link (statement_id);
create index voiding_statement_index on lrs.voiding (statement_id);

-- Statements that refer or are referred to, whose links are still to be inherited.
create table lrs.reference_inbox (
  stored timestamptz not null,
  statement_id uuid not null,
  attempts int not null,
  primary key (stored, statement_id)
);
`;

const POSITIONS = `
-- One row. sampled: no statement that gets its stored from now on gets an earlier one. consistent_through: every
-- statement stored up to then is visible, has its position and its references.
create table lrs.sequencer (
  id smallint primary key check (id = 1),
  sampled timestamptz not null,
  consistent_through timestamptz not null,
  last_stored timestamptz not null,
  last_statement_id uuid not null,
  last_position bigint not null
);
insert into lrs.sequencer values (1, '-infinity', '-infinity', '-infinity', '00000000-0000-0000-0000-000000000000', 0);

-- Dense: 1, 2, 3, … in the order of (stored, statement_id).
create table lrs.statement_position (
  position bigint primary key,
  statement_id uuid not null
);

-- The stored of a new statement. Read after the transaction has its id, and volatile, so that it sees what the
-- sequencer committed in the meantime: a clock that is set back cannot put a statement behind a published instant.
create function lrs.next_stored() returns timestamptz language plpgsql volatile as $$
declare
  floor timestamptz;
begin
  perform pg_current_xact_id();
  select sampled into floor from lrs.sequencer where id = 1;
  return greatest(clock_timestamp(), floor + interval '1 microsecond');
end
$$;

-- Ends a transaction so that it is run again, from within one SQL statement.
create function lrs.run_again() returns boolean language plpgsql volatile as $$
begin
  raise exception 'a concurrent request stored one of these statements' using errcode = '40001';
end
$$;
`;

const DOCUMENTS = `
-- scope_key: digest of the resource with its activity and agent. registration: a
-- fixed digest where there is none, so that "none" is one value of the key. document_key: digest of document_id, which may be long.
create table lrs.document (
  scope_key uuid not null,
  registration uuid not null,
  document_key uuid not null,
  resource text not null check (resource in ('state', 'activity-profile', 'agent-profile')),
  activity_key uuid null,
  agent_key uuid null,
  document_id text not null,
  content_type text not null,
  content bytea not null,
  etag text not null,
  updated timestamptz not null,
  primary key (scope_key, registration, document_key)
);
create index document_agent_index on lrs.document (agent_key) where agent_key is not null;
`;

const ATTACHMENTS = `
-- The bytes are in the blob store under sha2; several statements may share them.
create table lrs.statement_attachment (
  statement_id uuid not null,
  sha2 text not null,
  content_type text not null,
  length bigint not null,
  primary key (statement_id, sha2)
);
create index statement_attachment_sha2_index on lrs.statement_attachment (sha2);
`;

const CANONICAL = `
-- Every definition an activity was ever described by, once each. Rows are added, never changed: no hot row is updated.
create table lrs.activity_definition (
  activity_key uuid not null,
  definition_key uuid not null,
  iri text not null,
  definition text not null,
  stored timestamptz not null,
  primary key (activity_key, definition_key)
);

-- Every name an identified agent was ever called by.
create table lrs.agent_name (
  agent_key uuid not null,
  name_key uuid not null,
  name text not null,
  stored timestamptz not null,
  primary key (agent_key, name_key)
);
`;

const CREDENTIALS = `
-- The secret before the last rotation, for as long as whoever uses it has time to change over.
alter table access.lrs_credential add column previous_hash bytea null;
alter table access.lrs_credential add column previous_until timestamptz null;
`;

const FORWARDING = `
-- Another LRS that gets a copy. position: the last one it has, or that it refused; the positions are the outbox.
-- leased_until: a process is at it. secret_name: the secret itself is a setting, not a row.
create table lrs.forwarder (
  id uuid primary key,
  created_at timestamptz not null,
  label text not null,
  endpoint text not null,
  key text not null,
  secret_name text not null,
  verbs text[] not null,
  activity_prefixes text[] not null,
  enabled boolean not null,
  position bigint not null,
  attempts int not null,
  next_attempt_at timestamptz not null,
  leased_until timestamptz not null,
  last_error text null
);

-- Statements the other LRS will not take, whatever is tried. retry: to be sent once more.
create table lrs.forward_dead_letter (
  forwarder_id uuid not null references lrs.forwarder (id) on delete cascade,
  statement_id uuid not null,
  status int not null,
  reason text not null,
  created_at timestamptz not null,
  retry boolean not null,
  primary key (forwarder_id, statement_id)
);
`;

const ERASURE = `
-- A person to be taken out of the store, and what came of it: the receipt. identifiers: as JSON, gone once it is done.
create table lrs.erasure (
  id uuid primary key,
  requested_at timestamptz not null,
  finished_at timestamptz null,
  identifiers text null,
  statements_deleted int not null,
  statements_pseudonymised int not null,
  documents_deleted int not null,
  attachments_deleted int not null
);

-- Attachments that an erasure left without a statement; their bytes are deleted after it.
create table lrs.attachment_orphan (
  sha2 text primary key
);

-- Statements that were here: sent again they are acknowledged and stay away.
create table lrs.erased_statement (
  statement_id uuid primary key,
  content_hash bytea not null
);
`;
