import { Migration } from '@mikro-orm/migrations';

/**
 * Packages of e-learning, and what learners do in them.
 *
 * Why: vendors upload SCORM, cmi5 and Tin Can packages; learners launch them. Run-time data is text, not jsonb, which
 * refuses characters that content may save. Lock: none of existing tables. Breaking: no.
 */
export class Migration20261124000013 extends Migration {
  override up(): void {
    this.addSql(`
create schema content;
create table content.package (
  id uuid primary key,
  created_at timestamptz not null,
  standard text not null,
  title text not null,
  owner_id uuid null,
  course_iri text not null
);
create index package_owner_index on content.package (owner_id, id);
create table content.package_version (
  id uuid primary key,
  created_at timestamptz not null,
  package_id uuid not null references content.package (id),
  ordinal integer not null,
  edition text not null,
  sha256 text not null,
  manifest_sha256 text not null,
  file_count integer not null,
  byte_count bigint not null,
  report text not null,
  model text not null,
  unique (package_id, ordinal)
);
create table content.package_file (
  version_id uuid not null references content.package_version (id),
  path text collate "C" not null,
  blob_key text not null,
  bytes bigint not null,
  primary key (version_id, path)
);
create index package_file_lower_index on content.package_file (version_id, lower(path));
create index package_file_blob_index on content.package_file (blob_key);
create table content.content_item (
  id uuid primary key,
  version_id uuid not null references content.package_version (id),
  node_id uuid not null,
  parent_id uuid null,
  position integer not null,
  identifier text not null,
  kind text not null,
  title text not null,
  is_launchable boolean not null,
  activity_iri text not null,
  objectives text[] not null,
  unique (version_id, position)
);
create table content.upload (
  id uuid primary key,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  package_id uuid null,
  owner_id uuid null,
  state text not null,
  version_id uuid null,
  report text not null,
  token_hash bytea not null unique
);

create schema launch;
create table launch.registration (
  id uuid primary key,
  created_at timestamptz not null,
  learner_id uuid not null,
  package_id uuid not null,
  version_id uuid not null references content.package_version (id),
  is_preview boolean not null,
  is_satisfied boolean not null,
  closed_at timestamptz null,
  account text not null
);
create unique index registration_open_unique on launch.registration (learner_id, package_id, is_preview) where closed_at is null;
create index registration_learner_index on launch.registration (learner_id, id);
create table launch.unit_state (
  registration_id uuid not null references launch.registration (id),
  node_id uuid not null,
  is_completed boolean not null default false,
  is_passed boolean not null default false,
  is_failed boolean not null default false,
  is_waived boolean not null default false,
  is_satisfied boolean not null default false,
  score double precision null,
  primary key (registration_id, node_id)
);
create table launch.session (
  id uuid primary key,
  created_at timestamptz not null,
  registration_id uuid not null references launch.registration (id),
  node_id uuid not null,
  mode text not null,
  state text not null,
  token_hash bytea not null unique,
  fetch_hash bytea null unique,
  fetched_at timestamptz null,
  secret_hash bytea null,
  expires_at timestamptz not null,
  last_seen_at timestamptz not null,
  ended_at timestamptz null,
  terms text not null,
  used_verbs text[] not null default '{}',
  read_preferences boolean not null default false,
  terminated_at timestamptz null,
  terminated_said timestamptz null
);
create index session_registration_index on launch.session (registration_id, id);
create index session_open_index on launch.session (expires_at) where ended_at is null;
create table launch.attempt (
  id uuid primary key,
  created_at timestamptz not null,
  registration_id uuid not null references launch.registration (id),
  ordinal integer not null,
  ended_at timestamptz null,
  sequencing text null,
  shared_data text not null default '{}',
  course text not null default '{}',
  session_id uuid null,
  unique (registration_id, ordinal)
);
create table launch.sco_state (
  attempt_id uuid not null references launch.attempt (id),
  node_id uuid not null,
  session_id uuid not null,
  run integer not null,
  run_started_at timestamptz not null,
  run_ended_at timestamptz null,
  seed text not null,
  cmi text not null,
  said text not null,
  told text not null,
  base_seconds double precision not null,
  total_seconds double precision not null,
  is_suspended boolean not null,
  primary key (attempt_id, node_id)
);
create table launch.commit (
  session_id uuid not null references launch.session (id),
  seq integer not null,
  created_at timestamptz not null,
  node_id uuid not null,
  digest text not null,
  primary key (session_id, seq)
);
`);
  }

  override down(): void {
    this.addSql('drop schema launch cascade; drop schema content cascade;');
  }
}
