import type { Sql } from '../../db/database.ts';
import { digestKey } from '../../kernel/ids.ts';
import { bucketOf } from './keys.ts';
import { DIRECT_ACTIVITY_ROLES, DIRECT_AGENT_ROLES, type Links, type Signature, signatureKeys, signatureOf } from './links.ts';
import type { PreparedStatement, Sender } from './prepare.ts';

/** The statements of one request, which are stored together or not at all. */
export interface Batch {
  readonly sender: Sender;
  readonly statements: readonly PreparedStatement[];
}

export interface StoredBatches {
  /** Ids that were not stored before. */
  readonly fresh: ReadonlySet<string>;
  /** For each batch, the ids that are stored with other content; where there are some, nothing of the batch was written. */
  readonly conflicts: readonly (readonly string[])[];
}

/** Columns of many rows, as one array each: what `unnest` takes. */
type Columns = readonly (readonly unknown[])[];

interface Row {
  readonly batch: number;
  readonly sender: Sender;
  readonly statement: PreparedStatement;
  readonly signature: Signature;
}

function linkColumns(rows: readonly Row[], linksOf: (statement: PreparedStatement) => Links, directRoles: number): Columns {
  const columns: [string[], string[], number[], boolean[], string[], string[]] = [[], [], [], [], [], []];
  for (const { statement, signature } of rows) {
    for (const [key, roles] of linksOf(statement)) {
      columns[0].push(key);
      columns[1].push(statement.id);
      columns[2].push(roles);
      columns[3].push((roles & directRoles) !== 0);
      columns[4].push(signature.low);
      columns[5].push(signature.high);
    }
  }
  return columns;
}

const column = <T>(rows: readonly Row[], value: (row: Row) => T): T[] => rows.map(value);

/** What statements say of activities or agents beyond their keys, each with the statement that says it. */
const described = <T>(rows: readonly Row[], of: (statement: PreparedStatement) => readonly T[]): readonly (T & { readonly id: string })[] =>
  rows.flatMap(({ statement }) => of(statement).map((row) => ({ ...row, id: statement.id })));

/**
 * Every row that statements write, in one SQL statement: one round trip, one commit, all or nothing.
 *
 * Statements are inserted in the order of their ids and everything else follows what was inserted, so two requests can
 * only ever wait for each other in one order. `known` sees what was committed before; an id that a concurrent request
 * commits meanwhile is neither known nor inserted, and then the whole runs again.
 */
const INGEST = `
with input as materialized (
  select * from unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::uuid[], $8::bytea[], $9::text[], $10::uuid[], $11::uuid[],
                       $12::text[], $13::uuid[], $14::smallint[])
    as t(id, ordinal, batch, recorded_at, actor_key, verb_key, registration, content_hash, body, authority_key, credential_id, authority, refers_to, bucket)
), known as materialized (
  -- A timestamp that only one of them has was set by an LRS (Data 2.3.1).
  select i.id, i.batch, s.content_hash <> i.content_hash or coalesce(s.recorded_at <> i.recorded_at, false) as differs from input i join lrs.statement s on s.statement_id = i.id
  union all
  select i.id, i.batch, e.content_hash <> i.content_hash from input i join lrs.erased_statement e on e.statement_id = i.id
), clock as materialized (
  select lrs.next_stored() as base
), fresh as (
  insert into lrs.statement (statement_id, stored, recorded_at, actor_key, verb_key, registration, content_hash, body, authority_key, credential_id, authority, refers_to)
  select i.id, c.base + i.ordinal * interval '1 microsecond', i.recorded_at, i.actor_key, i.verb_key, i.registration, i.content_hash, i.body, i.authority_key,
         i.credential_id, i.authority, i.refers_to
  from input i cross join clock c
  where not exists (select from known k where k.batch = i.batch and k.differs) and not exists (select from known k where k.id = i.id)
  order by i.id
  on conflict (statement_id) do nothing
  returning statement_id, stored
), agents as (
  insert into lrs.statement_agent (agent_key, stored, statement_id, signature_low, signature_high, roles, direct)
  select t.key, f.stored, f.statement_id, t.low, t.high, t.roles, t.direct
  from unnest($15::uuid[], $16::uuid[], $17::smallint[], $18::boolean[], $19::bigint[], $20::bigint[]) as t(key, id, roles, direct, low, high)
  join fresh f on f.statement_id = t.id order by 1, 2, 3
), activities as (
  insert into lrs.statement_activity (activity_key, stored, statement_id, signature_low, signature_high, roles, direct)
  select t.key, f.stored, f.statement_id, t.low, t.high, t.roles, t.direct
  from unnest($21::uuid[], $22::uuid[], $23::smallint[], $24::boolean[], $25::bigint[], $26::bigint[]) as t(key, id, roles, direct, low, high)
  join fresh f on f.statement_id = t.id order by 1, 2, 3
), inbox as (
  insert into lrs.inbox (bucket, stored, statement_id)
  select i.bucket, f.stored, f.statement_id from input i join fresh f on f.statement_id = i.id order by 1, 2, 3
), voiding as (
  insert into lrs.voiding (target_id, statement_id, authority_key, unrestricted)
  select t.target, f.statement_id, t.authority_key, t.unrestricted from unnest($27::uuid[], $28::uuid[], $29::uuid[], $30::boolean[]) as t(target, id, authority_key, unrestricted)
  join fresh f on f.statement_id = t.id order by 1, 2
), attachments as (
  insert into lrs.statement_attachment (statement_id, sha2, content_type, length)
  select f.statement_id, t.sha2, t.content_type, t.length from unnest($31::uuid[], $32::text[], $33::text[], $34::bigint[]) as t(id, sha2, content_type, length)
  join fresh f on f.statement_id = t.id order by 1, 2
), definitions as (
  insert into lrs.activity_definition (activity_key, definition_key, iri, definition, stored)
  select distinct on (t.key, t.text_key) t.key, t.text_key, t.iri, t.definition, f.stored
  from unnest($35::uuid[], $36::uuid[], $37::uuid[], $38::text[], $39::text[]) as t(id, key, text_key, iri, definition) join fresh f on f.statement_id = t.id order by 1, 2
  on conflict do nothing
), names as (
  insert into lrs.agent_name (agent_key, name_key, name, stored)
  select distinct on (t.key, t.text_key) t.key, t.text_key, t.name, f.stored
  from unnest($40::uuid[], $41::uuid[], $42::uuid[], $43::text[]) as t(id, key, text_key, name) join fresh f on f.statement_id = t.id order by 1, 2
  on conflict do nothing
)
select k.id, k.batch, (select array_agg(statement_id) from fresh) as fresh,
  case when (select count(*) from fresh) + (select count(*) from input i where exists (select from known k2 where k2.id = i.id or (k2.batch = i.batch and k2.differs)))
    < (select count(*) from input) then lrs.run_again() end as race
from (select 1) one left join known k on k.differs`;

/**
 * Stores batches of statements in one transaction. No id may stand in two of them.
 * @throws an error with SQLSTATE 40001 when a concurrent request stored one of the ids meanwhile: run it again.
 */
export async function storeBatches(sql: Sql, batches: readonly Batch[]): Promise<StoredBatches> {
  const rows = batches.flatMap(({ sender, statements }, batch) =>
    statements.map((statement): Row => ({ batch, sender, statement, signature: signatureOf(signatureKeys(statement)) })),
  );
  const voids = rows.filter(({ statement }) => statement.voids !== null);
  const attachments = rows.flatMap(({ statement }) => statement.attachments.map((attachment) => ({ id: statement.id, ...attachment })));
  const definitions = described(rows, (statement) => statement.definitions);
  const names = described(rows, (statement) => statement.names);
  const answer = await sql.rows<{ id: string | null; batch: number; fresh: readonly string[] | null }>(
    INGEST,
    [
      column(rows, ({ statement }) => statement.id),
      // One microsecond apart: the order within a batch survives in the sort key.
      rows.map((_, index) => index),
      column(rows, ({ batch }) => batch),
      column(rows, ({ statement }) => statement.recordedAt),
      column(rows, ({ statement }) => statement.actorKey),
      column(rows, ({ statement }) => statement.verbKey),
      column(rows, ({ statement }) => statement.registration),
      column(rows, ({ statement }) => statement.contentHash),
      column(rows, ({ statement }) => statement.body),
      column(rows, ({ sender }) => sender.authorityKey),
      column(rows, ({ sender }) => sender.credentialId),
      column(rows, ({ sender }) => sender.authority),
      column(rows, ({ statement }) => statement.refersTo),
      column(rows, ({ statement }) => bucketOf(statement.actorKey)),
      ...linkColumns(rows, (statement) => statement.agents, DIRECT_AGENT_ROLES),
      ...linkColumns(rows, (statement) => statement.activities, DIRECT_ACTIVITY_ROLES),
      column(voids, ({ statement }) => statement.voids),
      column(voids, ({ statement }) => statement.id),
      column(voids, ({ sender }) => sender.authorityKey),
      column(voids, ({ sender }) => sender.mayVoidOthers),
      attachments.map(({ id }) => id),
      attachments.map(({ sha2 }) => sha2),
      attachments.map(({ contentType }) => contentType),
      attachments.map(({ length }) => length),
      definitions.map(({ id }) => id),
      definitions.map(({ key }) => key),
      definitions.map(({ text }) => digestKey('definition', text)),
      definitions.map(({ iri }) => iri),
      definitions.map(({ text }) => text),
      names.map(({ id }) => id),
      names.map(({ key }) => key),
      names.map(({ text }) => digestKey('name', text)),
      names.map(({ text }) => text),
    ],
    'ingest',
  );
  const conflicts = batches.map((): string[] => []);
  for (const { id, batch } of answer) if (id !== null) conflicts[batch]?.push(id);
  return { fresh: new Set(answer[0]?.fresh), conflicts };
}
