import type { Sql } from '../../db/database.ts';
import { bucketOf } from './keys.ts';
import { DIRECT_AGENT_ROLES, type Links, type Signature } from './links.ts';

/** What an erasure did, for whoever must show it. It holds no identifier. */
export interface ErasureRow {
  readonly id: string;
  readonly requestedAt: Date;
  readonly finishedAt: Date | null;
  readonly statementsDeleted: number;
  readonly statementsPseudonymised: number;
  readonly documentsDeleted: number;
  readonly attachmentsDeleted: number;
}

const RECEIPT = 'id, requested_at, finished_at, statements_deleted, statements_pseudonymised, documents_deleted, attachments_deleted';

export async function insertErasure(sql: Sql, id: string, requestedAt: Date, identifiers: string): Promise<void> {
  await sql.rows('insert into lrs.erasure values ($1, $2, null, $3, 0, 0, 0, 0)', [id, requestedAt, identifiers]);
}

export async function erasureById(sql: Sql, id: string): Promise<ErasureRow | null> {
  const [row] = await sql.rows<ErasureRow>(`select ${RECEIPT} from lrs.erasure where id = $1`, [id]);
  return row ?? null;
}

export async function listErasures(sql: Sql, limit: number, afterId: string | null): Promise<readonly ErasureRow[]> {
  return sql.rows<ErasureRow>(`select ${RECEIPT} from lrs.erasure where $1::uuid is null or id > $1 order by id limit $2`, [afterId, limit]);
}

/** Takes an erasure that is not done; another process at it is left alone. */
export async function claimErasure(sql: Sql): Promise<{ id: string; identifiers: string } | null> {
  const [row] = await sql.rows<{ id: string; identifiers: string }>(
    'select id, identifiers from lrs.erasure where finished_at is null order by id limit 1 for update skip locked',
  );
  return row ?? null;
}

export async function count(sql: Sql, id: string, done: { deleted: number; pseudonymised: number; attachments: number }): Promise<void> {
  await sql.rows(
    `update lrs.erasure set statements_deleted = statements_deleted + $2, statements_pseudonymised = statements_pseudonymised + $3,
       attachments_deleted = attachments_deleted + $4 where id = $1`,
    [id, done.deleted, done.pseudonymised, done.attachments],
  );
}

/** Deletes names and documents and ends the erasure, with its identifiers. */
export async function finish(sql: Sql, id: string, agentKeys: readonly string[]): Promise<void> {
  await sql.rows('delete from lrs.agent_name where agent_key = any($1::uuid[])', [agentKeys]);
  const documents = await sql.rows('delete from lrs.document where agent_key = any($1::uuid[]) returning 1', [agentKeys]);
  await sql.rows('update lrs.erasure set finished_at = clock_timestamp(), identifiers = null, documents_deleted = $2 where id = $1', [id, documents.length]);
}

export interface NamingStatement {
  readonly statementId: string;
  readonly stored: string;
  readonly actorKey: string;
  readonly verbKey: string;
  readonly registration: string | null;
  readonly refersTo: string | null;
  readonly body: string;
  readonly authority: string;
}

/** Statements that name one of these agents in any role. */
export async function statementsNaming(sql: Sql, agentKeys: readonly string[], limit: number): Promise<readonly NamingStatement[]> {
  return sql.rows<NamingStatement>(
    `select s.statement_id, s.stored::text as stored, s.actor_key, s.verb_key, s.registration, s.refers_to, s.body, s.authority from lrs.statement s
     where s.statement_id in (select statement_id from lrs.statement_agent where agent_key = any($1::uuid[]) limit $2)
     order by s.statement_id for update`,
    [agentKeys, limit],
  );
}

async function deleteLinks<T extends { readonly row: NamingStatement }>(
  sql: Sql,
  table: 'statement_agent' | 'statement_activity',
  column: string,
  linked: readonly T[],
  linksOf: (one: T) => Links,
) {
  const links = linked.flatMap((one) => [...linksOf(one).keys()].map((key) => ({ key, row: one.row })));
  await sql.rows(
    `delete from lrs.${table} l using unnest($1::uuid[], $2::timestamptz[], $3::uuid[]) as t(key, stored, id)
     where l.${column} = t.key and l.direct = any('{t,f}') and l.stored = t.stored and l.statement_id = t.id`,
    [links.map(({ key }) => key), links.map(({ row }) => row.stored), links.map(({ row }) => row.statementId)],
  );
}

export interface LinksOf {
  readonly agents: Links;
  readonly activities: Links;
}

/** Deletes statements with everything of theirs and remembers only that they were here. @returns the hashes of their attachments. */
export async function deleteStatements(sql: Sql, rows: readonly NamingStatement[], linksOf: (row: NamingStatement) => LinksOf): Promise<readonly string[]> {
  const ids = rows.map((row) => row.statementId);
  await sql.rows(
    'insert into lrs.erased_statement (statement_id, content_hash) select statement_id, content_hash from lrs.statement where statement_id = any($1::uuid[]) on conflict do nothing',
    [ids],
  );
  const linked = rows.map((row) => ({ row, ...linksOf(row) }));
  await deleteLinks(sql, 'statement_agent', 'agent_key', linked, ({ agents }) => agents);
  await deleteLinks(sql, 'statement_activity', 'activity_key', linked, ({ activities }) => activities);
  const referring = rows.filter((row) => row.refersTo !== null).map((row) => row.statementId);
  await sql.rows('delete from lrs.inherited_link where source_id = any($1::uuid[]) or statement_id = any($2::uuid[])', [ids, referring]);
  await sql.rows('delete from lrs.voiding where target_id = any($1::uuid[])', [ids]);
  await sql.rows(
    'delete from lrs.inbox i using unnest($1::smallint[], $2::timestamptz[], $3::uuid[]) as t(bucket, stored, id) where i.bucket = t.bucket and i.stored = t.stored and i.statement_id = t.id',
    [rows.map((row) => bucketOf(row.actorKey)), rows.map((row) => row.stored), ids],
  );
  await sql.rows('delete from lrs.reference_inbox where statement_id = any($1::uuid[])', [ids]);
  await sql.rows('delete from lrs.forward_dead_letter where statement_id = any($1::uuid[])', [ids]);
  const attachments = await sql.rows<{ sha2: string }>('delete from lrs.statement_attachment where statement_id = any($1::uuid[]) returning sha2', [ids]);
  await sql.rows('delete from lrs.statement where statement_id = any($1::uuid[])', [ids]);
  return attachments.map(({ sha2 }) => sha2);
}

/** Takes attachments from statements. @returns the hashes of those that were there. */
export async function deleteAttachments(sql: Sql, rows: readonly { readonly statementId: string; readonly sha2: string }[]): Promise<readonly string[]> {
  const gone = await sql.rows<{ sha2: string }>(
    `delete from lrs.statement_attachment a using unnest($1::uuid[], $2::text[]) as t(id, sha2) where a.statement_id = t.id and a.sha2 = t.sha2 returning a.sha2`,
    [rows.map(({ statementId }) => statementId), rows.map(({ sha2 }) => sha2)],
  );
  return gone.map(({ sha2 }) => sha2);
}

/** Notes which of the hashes no statement names any more; their bytes are deleted once this is durable. @returns how many. */
export async function noteOrphans(sql: Sql, hashes: readonly string[]): Promise<number> {
  const rows = await sql.rows(
    `insert into lrs.attachment_orphan (sha2) select distinct t.sha2 from unnest($1::text[]) as t(sha2)
     where not exists (select from lrs.statement_attachment a where a.sha2 = t.sha2) on conflict do nothing returning 1`,
    [hashes],
  );
  return rows.length;
}

/** Noted hashes that still no statement names; the others are forgotten. */
export async function orphans(sql: Sql): Promise<readonly string[]> {
  await sql.rows('delete from lrs.attachment_orphan o where exists (select from lrs.statement_attachment a where a.sha2 = o.sha2)');
  return (await sql.rows<{ sha2: string }>('select sha2 from lrs.attachment_orphan order by sha2')).map(({ sha2 }) => sha2);
}

export async function forgetOrphan(sql: Sql, sha2: string): Promise<void> {
  await sql.rows('delete from lrs.attachment_orphan where sha2 = $1', [sha2]);
}

export interface Rewritten {
  readonly row: NamingStatement;
  readonly body: string;
  readonly authority: string;
  readonly authorityKey: string;
  readonly actorKey: string;
  readonly before: Links;
  readonly after: Links;
  readonly activities: Links;
  /** Of everything the rewritten statement names. */
  readonly signature: Signature;
}

/** Puts rewritten texts and their agent links in the place of the old ones. The content hash stays: the statement is still the same one. */
export async function replaceStatements(sql: Sql, rewritten: readonly Rewritten[], agentKeys: readonly string[], pseudonymKey: string): Promise<void> {
  const rows = rewritten.map(({ row }) => row);
  await deleteLinks(sql, 'statement_agent', 'agent_key', rewritten, ({ before }) => before);
  const links = rewritten.flatMap(({ row, after, signature }) => [...after].map(([key, roles]) => ({ row, key, roles, signature })));
  await sql.rows(
    `insert into lrs.statement_agent (agent_key, stored, statement_id, signature_low, signature_high, roles, direct)
     select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::bigint[], $5::bigint[], $6::smallint[], $7::boolean[]) order by 1, 2, 3`,
    [
      links.map(({ key }) => key),
      links.map(({ row }) => row.stored),
      links.map(({ row }) => row.statementId),
      links.map(({ signature }) => signature.low),
      links.map(({ signature }) => signature.high),
      links.map(({ roles }) => roles),
      links.map(({ roles }) => (roles & DIRECT_AGENT_ROLES) !== 0),
    ],
  );
  const activities = rewritten.flatMap(({ row, activities, signature }) => [...activities.keys()].map((key) => ({ row, key, signature })));
  await sql.rows(
    `update lrs.statement_activity l set signature_low = t.low, signature_high = t.high
     from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::bigint[], $5::bigint[]) as t(key, stored, id, low, high)
     where l.activity_key = t.key and l.direct = any('{t,f}') and l.stored = t.stored and l.statement_id = t.id`,
    [
      activities.map(({ key }) => key),
      activities.map(({ row }) => row.stored),
      activities.map(({ row }) => row.statementId),
      activities.map(({ signature }) => signature.low),
      activities.map(({ signature }) => signature.high),
    ],
  );
  await sql.rows(
    `update lrs.statement s set body = t.body, authority = t.authority, actor_key = t.actor_key, authority_key = t.authority_key
     from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[]) as t(id, body, authority, actor_key, authority_key) where s.statement_id = t.id`,
    [
      rows.map((row) => row.statementId),
      rewritten.map(({ body }) => body),
      rewritten.map(({ authority }) => authority),
      rewritten.map(({ actorKey }) => actorKey),
      rewritten.map(({ authorityKey }) => authorityKey),
    ],
  );
  await sql.rows(
    `with gone as (delete from lrs.inherited_link where key = any($1::uuid[]) and source_id = any($2::uuid[]) returning stored, statement_id, source_id, roles)
     insert into lrs.inherited_link (key, stored, statement_id, source_id, roles) select $3::uuid, stored, statement_id, source_id, bit_or(roles) from gone
     group by stored, statement_id, source_id on conflict do nothing`,
    [agentKeys, rows.map((row) => row.statementId), pseudonymKey],
  );
}
