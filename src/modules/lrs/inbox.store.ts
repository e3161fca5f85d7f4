import type { Sql } from '../../db/database.ts';
import { byKey } from '../../kernel/ids.ts';
import { ALL_BUCKETS } from './keys.ts';
import { IS_VOIDED } from './voided.ts';

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

/** SQL: the statement that statement `s` wants to void, when it may. */
const VOIDS = '(select v.target_id from lrs.voiding v where v.statement_id = s.statement_id)';

const INBOX_COLUMNS = `s.statement_id, s.actor_key, s.authority_key, coalesce(s.recorded_at, s.stored) as occurred_at, s.body, ${IS_VOIDED} as voided,
  ${VOIDS} as voids`;

/** SQL: the bucket of a statement: all of one actor share one. */
const bucketOf = (statement: string): string => `get_byte(uuid_send(${statement}.actor_key), 0) % ${ALL_BUCKETS.length}`;

/** SQL: whether a statement still waits to be projected. */
const isWaiting = (statement: string): string => `exists (select from lrs.inbox i
  where i.bucket = ${bucketOf(statement)} and i.stored = ${statement}.stored and i.statement_id = ${statement}.statement_id)`;

/** SQL: whether a void of statement `s` waits, whoever sent it. */
const VOID_WAITS = `exists (select from lrs.voiding w join lrs.statement v on v.statement_id = w.statement_id where w.target_id = s.statement_id and ${isWaiting('v')})`;

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
  // An array is made once. A subquery after `in` may be run again for every row, and takes more than the limit each time.
  const rows = await sql.rows<{ statementId: string }>(
    `delete from lrs.inbox where ctid = any(array(
       select ctid from lrs.inbox where bucket = $1 order by stored, statement_id limit $2 for update skip locked))
     returning statement_id`,
    [bucket, limit],
  );
  return rows.map((row) => row.statementId);
}

/** The statement that a claim of one would take; null when nothing waits. */
export async function firstWaiting(sql: Sql, bucket: number): Promise<string | null> {
  const [row] = await sql.rows<{ statementId: string }>('select statement_id from lrs.inbox where bucket = $1 order by stored, statement_id limit 1', [bucket]);
  return row?.statementId ?? null;
}

/** Puts a waiting statement out of the way of the others, with the reason. @returns whether it still waited. */
export async function setAside(sql: Sql, bucket: number, statementId: string, reason: string): Promise<boolean> {
  const rows = await sql.rows(
    `with failed as (delete from lrs.inbox where bucket = $1 and statement_id = $2 returning bucket, stored, statement_id)
     insert into lrs.inbox_failure (statement_id, bucket, stored, failed_at, reason) select statement_id, bucket, stored, clock_timestamp(), $3 from failed
     on conflict (statement_id) do update set failed_at = excluded.failed_at, reason = excluded.reason returning 1`,
    [bucket, statementId, reason],
  );
  return rows.length > 0;
}

/** Has everything that was put out of the way wait again. @returns how many. */
export async function requeueSetAside(sql: Sql): Promise<number> {
  const [row] = await sql.rows<{ count: number }>(
    `with again as (delete from lrs.inbox_failure returning bucket, stored, statement_id), waiting as (
       insert into lrs.inbox (bucket, stored, statement_id) select bucket, stored, statement_id from again order by 1, 2, 3 on conflict do nothing)
     select count(*)::int as count from again`,
  );
  return row?.count ?? 0;
}

/** The buckets in which something waits. */
export async function waitingBuckets(sql: Sql): Promise<readonly number[]> {
  const rows = await sql.rows<{ bucket: number }>(
    'select b.bucket from unnest($1::smallint[]) as b(bucket) where exists (select from lrs.inbox i where i.bucket = b.bucket)',
    [ALL_BUCKETS],
  );
  return rows.map((row) => row.bucket);
}

/** Whose a statement is and what it voids: what never changes about it, and tells which learners to lock. */
export type InboxActor = Pick<InboxStatement, 'id' | 'actorKey' | 'voids'>;

export const readActors = (sql: Sql, ids: readonly string[]) =>
  sql.rows<InboxActor>(`select s.statement_id as id, s.actor_key, ${VOIDS} as voids from lrs.statement s where s.statement_id = any($1::uuid[])`, [ids]);

export async function readForProjection(sql: Sql, ids: readonly string[]): Promise<readonly InboxStatement[]> {
  const rows = await sql.rows<InboxRow>(`select ${INBOX_COLUMNS} from lrs.statement s where s.statement_id = any($1::uuid[]) order by s.statement_id`, [ids]);
  return rows.map(toInboxStatement);
}

/** Every statement of some actors, and whose still wait in the inbox, themselves or by their void. */
export async function statementsOfActors(
  sql: Sql,
  actorKeys: readonly string[],
): Promise<{ readonly statements: readonly InboxStatement[]; readonly waiting: ReadonlySet<string> }> {
  const rows = await sql.rows<InboxRow & { waiting: boolean }>(
    `select ${INBOX_COLUMNS}, ${isWaiting('s')} or ${VOID_WAITS} as waiting from lrs.statement_agent a join lrs.statement s on s.statement_id = a.statement_id
     where a.agent_key = any($1::uuid[]) and a.direct and s.actor_key = a.agent_key`,
    [actorKeys],
  );
  return { statements: rows.map(toInboxStatement), waiting: new Set(rows.filter((row) => row.waiting).map((row) => row.actorKey)) };
}

/** Puts statements back into the inbox by keys of theirs, in a table of their links and its column. */
const requeue = async (sql: Sql, [table, key]: readonly [string, string], keys: readonly string[]): Promise<void> => {
  await sql.rows(
    `insert into lrs.inbox (bucket, stored, statement_id)
     select ${bucketOf('s')}, s.stored, s.statement_id from lrs.${table} l join lrs.statement s using (statement_id)
     where l.${key} = any($1::uuid[]) and l.direct order by 1, 2, 3 on conflict do nothing`,
    [[...keys].sort(byKey)],
  );
};

/** Puts the statements of actors back into the inbox, because whose they are may have changed. */
export const requeueOfActors = (sql: Sql, actorKeys: readonly string[]): Promise<void> => requeue(sql, ['statement_agent', 'agent_key'], actorKeys);

/** Puts the statements about activities back into the inbox, because what is known of the activities has changed. */
export const requeueOfActivities = (sql: Sql, activityKeys: readonly string[]): Promise<void> =>
  requeue(sql, ['statement_activity', 'activity_key'], activityKeys);

/** What vendors are told: is the statement here, whose is it, and does it still wait? */
export interface StatementState extends InboxStatement {
  readonly credentialId: string;
  readonly waiting: boolean;
  /** Whether it could not be projected and was put out of the way. */
  readonly failed: boolean;
}

export async function readStates(sql: Sql, ids: readonly string[]): Promise<readonly StatementState[]> {
  const rows = await sql.rows<InboxRow & Pick<StatementState, 'credentialId' | 'waiting' | 'failed'>>(
    `select ${INBOX_COLUMNS}, s.credential_id, ${isWaiting('s')} as waiting,
       exists (select from lrs.inbox_failure f where f.statement_id = s.statement_id) as failed
     from lrs.statement s where s.statement_id = any($1::uuid[])`,
    [ids],
  );
  return rows.map((row) => ({ ...toInboxStatement(row), credentialId: row.credentialId, waiting: row.waiting, failed: row.failed }));
}
