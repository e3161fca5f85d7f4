import type { Sql } from '../../db/database.ts';
import { byKey } from '../../kernel/ids.ts';
import { VOIDED } from '../../standards/xapi/index.ts';
import { ALL_BUCKETS, bucketOf, verbKey } from './keys.ts';
import type { Links } from './links.ts';
import type { PreparedStatement, Sender } from './prepare.ts';

/** A statement as it leaves the store. `stored` is RFC 3339 in UTC with microseconds. */
export interface StoredStatement {
  readonly id: string;
  readonly stored: string;
  readonly text: string;
}

interface StatementRow {
  readonly statementId: string;
  readonly stored: string;
  readonly noTimestamp: boolean;
  readonly body: string;
  readonly authority: string;
}

const STORED = `to_char(s.stored at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const COLUMNS = `s.statement_id, ${STORED} as stored, s.recorded_at is null as no_timestamp, s.body, s.authority`;

/**
 * Whether a rightful void names statement `s`: same authority, or a sender that may void others. Voids of voids do
 * nothing (Data 2.3.2). Nothing is ever updated, so the void may arrive before its target.
 */
const IS_VOIDED = `(s.verb_key <> '${verbKey(VOIDED)}' and exists (
  select from lrs.voiding v where v.target_id = s.statement_id and (v.authority_key = s.authority_key or v.unrestricted)))`;

/** Joins the sender's text with what the LRS adds on reading (Data 2.4.7 to 2.4.9). */
function assemble(row: StatementRow): StoredStatement {
  const timestamp = row.noTimestamp ? `,"timestamp":"${row.stored}"` : '';
  return { id: row.statementId, stored: row.stored, text: `${row.body.slice(0, -1)},"stored":"${row.stored}","authority":${row.authority}${timestamp}}` };
}

/** Microseconds since 1970 as an RFC 3339 timestamp. */
const microsToTimestamp = (micros: number): string =>
  `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`;

/**
 * The database's clock, read after the transaction has its id: no statement can become visible with a `stored` that
 * lies before an instant at which a reader was told "everything up to here is complete".
 */
export async function readStoredClock(sql: Sql): Promise<number> {
  const [row] = await sql.rows<{ micros: string }>(`select pg_current_xact_id(), (extract(epoch from clock_timestamp()) * 1000000)::bigint as micros`);
  return Number(row?.micros);
}

/**
 * Inserts statements whose id is new, in key order, so that two transactions never wait for each other crosswise.
 * @returns the `stored` of each inserted id; ids that exist already are absent.
 */
export async function insertStatements(
  sql: Sql,
  batch: readonly PreparedStatement[],
  sender: Sender,
  storedMicros: number,
): Promise<ReadonlyMap<string, string>> {
  // One microsecond apart: the order within a batch survives in the sort key.
  const storedById = new Map(batch.map(({ id }, index) => [id, microsToTimestamp(storedMicros + index)]));
  const inserted = await sql.rows<{ statementId: string }>(
    `insert into lrs.statement (statement_id, stored, recorded_at, actor_key, verb_key, registration, content_hash, body, authority_key, credential_id, authority)
     select t.id, t.stored, t.recorded_at, t.actor_key, t.verb_key, t.registration, t.content_hash, t.body, $9, $10, $11
     from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bytea[], $8::text[])
       as t(id, stored, recorded_at, actor_key, verb_key, registration, content_hash, body)
     order by t.id
     on conflict (statement_id) do nothing
     returning statement_id`,
    [
      batch.map((row) => row.id),
      batch.map((row) => storedById.get(row.id)),
      batch.map((row) => row.recordedAt),
      batch.map((row) => row.actorKey),
      batch.map((row) => row.verbKey),
      batch.map((row) => row.registration),
      batch.map((row) => row.contentHash),
      batch.map((row) => row.body),
      sender.authorityKey,
      sender.credentialId,
      sender.authority,
    ],
  );
  return new Map(inserted.map(({ statementId: id }) => [id, storedById.get(id) ?? '']));
}

/** The content hashes of statements that were there before. A statement of its own, so that it sees what others committed. */
export async function readContentHashes(sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const rows = await sql.rows<{ statementId: string; contentHash: Buffer }>(
    'select statement_id, content_hash from lrs.statement where statement_id = any($1::uuid[])',
    [ids],
  );
  return new Map(rows.map((row) => [row.statementId, row.contentHash]));
}

interface LinkRow {
  readonly key: string;
  readonly stored: string;
  readonly id: string;
  readonly verbKey: string;
  readonly roles: number;
}

async function insertLinks(
  sql: Sql,
  table: 'statement_agent' | 'statement_activity',
  column: 'agent_key' | 'activity_key',
  rows: readonly LinkRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql.rows(
    `insert into lrs.${table} (${column}, stored, statement_id, verb_key, roles)
     select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::smallint[]) as t(key, stored, id, verb_key, roles)
     order by t.key, t.stored, t.id`,
    [rows.map((row) => row.key), rows.map((row) => row.stored), rows.map((row) => row.id), rows.map((row) => row.verbKey), rows.map((row) => row.roles)],
  );
}

const linkRows = (batch: readonly PreparedStatement[], stored: ReadonlyMap<string, string>, linksOf: (row: PreparedStatement) => Links): LinkRow[] =>
  batch.flatMap((row) => [...linksOf(row)].map(([key, roles]) => ({ key, roles, stored: stored.get(row.id) ?? '', id: row.id, verbKey: row.verbKey })));

/** Everything else a new statement writes: links, wish to void, place in the projector's inbox. */
export async function insertFollowers(sql: Sql, fresh: readonly PreparedStatement[], stored: ReadonlyMap<string, string>, sender: Sender): Promise<void> {
  await insertLinks(
    sql,
    'statement_agent',
    'agent_key',
    linkRows(fresh, stored, (row) => row.agents),
  );
  await insertLinks(
    sql,
    'statement_activity',
    'activity_key',
    linkRows(fresh, stored, (row) => row.activities),
  );
  const voids = fresh.filter((row) => row.voids !== null);
  if (voids.length > 0) {
    await sql.rows(
      `insert into lrs.voiding (target_id, statement_id, authority_key, unrestricted)
       select t.target, t.id, $3, $4 from unnest($1::uuid[], $2::uuid[]) as t(target, id) order by t.target, t.id`,
      [voids.map((row) => row.voids), voids.map((row) => row.id), sender.authorityKey, sender.mayVoidOthers],
    );
  }
  await sql.rows(
    `insert into lrs.inbox (bucket, stored, statement_id)
     select * from unnest($1::smallint[], $2::timestamptz[], $3::uuid[]) as t(bucket, stored, id) order by t.bucket, t.stored, t.id`,
    [fresh.map((row) => bucketOf(row.actorKey)), fresh.map((row) => stored.get(row.id)), fresh.map((row) => row.id)],
  );
}

/** One statement by id. @param voided whether the voided ones are asked for, or the valid ones. @param authorityKey restricts to one authority. */
export async function findStatement(sql: Sql, id: string, voided: boolean, authorityKey: string | null): Promise<StoredStatement | null> {
  const [row] = await sql.rows<StatementRow>(
    `select ${COLUMNS} from lrs.statement s where s.statement_id = $1 and ${IS_VOIDED} = $2 and ($3::uuid is null or s.authority_key = $3)`,
    [id, voided, authorityKey],
  );
  return row ? assemble(row) : null;
}

export interface StatementFilter {
  readonly agentKey?: string;
  readonly agentRoles: number;
  readonly activityKey?: string;
  readonly activityRoles: number;
  readonly verbKey?: string;
  readonly registration?: string;
  readonly since?: string;
  readonly until?: string;
  readonly ascending: boolean;
  readonly limit: number;
  /** `stored` and id of the last statement of the page before. */
  readonly after?: readonly [stored: string, id: string];
  readonly authorityKey?: string;
}

/** Statements in order of (stored, id), each filter one index range; at most `limit` + 1, so that the caller sees whether more follow. */
export async function listStatements(sql: Sql, filter: StatementFilter): Promise<readonly StoredStatement[]> {
  const parameters: unknown[] = [];
  const bind = (value: unknown): string => `$${parameters.push(value)}`;
  // The narrowest table drives: its primary key is (key, stored, id), so the order costs nothing.
  const driver = filter.agentKey !== undefined ? 'a' : filter.activityKey !== undefined ? 'c' : 's';
  const where: string[] = [`not ${IS_VOIDED}`];
  let from = 'lrs.statement s';
  if (filter.agentKey !== undefined) {
    from = 'lrs.statement_agent a join lrs.statement s using (statement_id)';
    where.push(`a.agent_key = ${bind(filter.agentKey)}`, `a.roles & ${bind(filter.agentRoles)} <> 0`);
  }
  if (filter.activityKey !== undefined) {
    from =
      driver === 'c'
        ? 'lrs.statement_activity c join lrs.statement s using (statement_id)'
        : `${from} join lrs.statement_activity c on c.statement_id = a.statement_id and c.stored = a.stored`;
    where.push(`c.activity_key = ${bind(filter.activityKey)}`, `c.roles & ${bind(filter.activityRoles)} <> 0`);
  }
  if (filter.verbKey !== undefined) where.push(`${driver}.verb_key = ${bind(filter.verbKey)}`);
  if (filter.registration !== undefined) where.push(`s.registration = ${bind(filter.registration)}`);
  if (filter.since !== undefined) where.push(`${driver}.stored > ${bind(filter.since)}::timestamptz`);
  if (filter.until !== undefined) where.push(`${driver}.stored <= ${bind(filter.until)}::timestamptz`);
  if (filter.authorityKey !== undefined) where.push(`s.authority_key = ${bind(filter.authorityKey)}`);
  const [direction, comparison] = filter.ascending ? ['asc', '>'] : ['desc', '<'];
  if (filter.after)
    where.push(`(${driver}.stored, ${driver}.statement_id) ${comparison} (${bind(filter.after[0])}::timestamptz, ${bind(filter.after[1])}::uuid)`);
  const rows = await sql.rows<StatementRow>(
    `select ${COLUMNS} from ${from} where ${where.join(' and ')}
     order by ${driver}.stored ${direction}, ${driver}.statement_id ${direction} limit ${bind(filter.limit + 1)}`,
    parameters,
  );
  return rows.map(assemble);
}

/**
 * An instant up to which every stored statement is visible: now, or the start of the oldest open transaction.
 *
 * The clock is read before the list of transactions: one that opens later takes its `stored` later still.
 */
export async function consistentThrough(sql: Sql): Promise<string> {
  const [row] = await sql.rows<{ instant: string }>(
    `with clock as materialized (select clock_timestamp() as now)
     select to_char(least(c.now, (select min(xact_start) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start is not null)) at time zone 'UTC',
       'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as instant from clock c`,
  );
  return row?.instant ?? '';
}

/** A statement as the projector reads it. */
export interface InboxStatement {
  readonly id: string;
  readonly actorKey: string;
  readonly authorityKey: string;
  readonly occurredAt: Date;
  readonly statement: unknown;
  readonly voided: boolean;
  /** The statement this one wants to void, when it may. */
  readonly voids: string | null;
}

interface InboxRow {
  readonly statementId: string;
  readonly actorKey: string;
  readonly authorityKey: string;
  readonly occurredAt: Date;
  readonly body: string;
  readonly voided: boolean;
  readonly voids: string | null;
}

const INBOX_COLUMNS = `s.statement_id, s.actor_key, s.authority_key, coalesce(s.recorded_at, s.stored) as occurred_at, s.body, ${IS_VOIDED} as voided,
  (select v.target_id from lrs.voiding v where v.statement_id = s.statement_id) as voids`;

const toInboxStatement = (row: InboxRow): InboxStatement => ({
  id: row.statementId,
  actorKey: row.actorKey,
  authorityKey: row.authorityKey,
  occurredAt: row.occurredAt,
  statement: JSON.parse(row.body),
  voided: row.voided,
  voids: row.voids,
});

/** Takes waiting statements of one bucket out of the inbox; they are back in it if the transaction rolls back. */
export async function claimInbox(sql: Sql, bucket: number, limit: number): Promise<readonly string[]> {
  const rows = await sql.rows<{ statementId: string }>(
    `delete from lrs.inbox where bucket = $1 and (bucket, stored, statement_id) in
       (select bucket, stored, statement_id from lrs.inbox where bucket = $1 order by stored, statement_id limit $2 for update skip locked)
     returning statement_id`,
    [bucket, limit],
  );
  return rows.map((row) => row.statementId);
}

/** The buckets in which something waits. */
export async function waitingBuckets(sql: Sql): Promise<readonly number[]> {
  const rows = await sql.rows<{ bucket: number }>(
    'select b.bucket from unnest($1::smallint[]) as b(bucket) where exists (select from lrs.inbox i where i.bucket = b.bucket)',
    [ALL_BUCKETS],
  );
  return rows.map((row) => row.bucket);
}

export async function readForProjection(sql: Sql, ids: readonly string[]): Promise<readonly InboxStatement[]> {
  const rows = await sql.rows<InboxRow>(`select ${INBOX_COLUMNS} from lrs.statement s where s.statement_id = any($1::uuid[]) order by s.statement_id`, [ids]);
  return rows.map(toInboxStatement);
}

/** Puts statements back into the inbox, by actor or by activity, because what they mean may have changed. */
export async function requeueByLink(
  sql: Sql,
  table: 'statement_agent' | 'statement_activity',
  column: 'agent_key' | 'activity_key',
  keys: readonly string[],
): Promise<void> {
  await sql.rows(
    `insert into lrs.inbox (bucket, stored, statement_id)
     select get_byte(uuid_send(s.actor_key), 0) % ${ALL_BUCKETS.length}, s.stored, s.statement_id
     from lrs.${table} l join lrs.statement s using (statement_id)
     where l.${column} = any($1::uuid[]) and l.roles & 1 <> 0
     order by 1, 2, 3 on conflict do nothing`,
    [[...keys].sort(byKey)],
  );
}

/** What vendors are told: is the statement here, whose is it, and does it still wait? */
export interface StatementState extends InboxStatement {
  readonly credentialId: string;
  readonly waiting: boolean;
}

export async function readStates(sql: Sql, ids: readonly string[]): Promise<readonly StatementState[]> {
  const rows = await sql.rows<InboxRow & { credentialId: string; waiting: boolean }>(
    `select ${INBOX_COLUMNS}, s.credential_id,
       exists (select from lrs.inbox i where i.bucket = get_byte(uuid_send(s.actor_key), 0) % ${ALL_BUCKETS.length} and i.stored = s.stored and i.statement_id = s.statement_id) as waiting
     from lrs.statement s where s.statement_id = any($1::uuid[])`,
    [ids],
  );
  return rows.map((row) => ({ ...toInboxStatement(row), credentialId: row.credentialId, waiting: row.waiting }));
}

/** The exact texts of statements, for those who may see them. */
export async function readTexts(sql: Sql, ids: readonly string[]): Promise<readonly StoredStatement[]> {
  return (await sql.rows<StatementRow>(`select ${COLUMNS} from lrs.statement s where s.statement_id = any($1::uuid[])`, [ids])).map(assemble);
}
