import type { Sql } from '../../db/database.ts';
import { assemble, COLUMNS, type StatementRow, type StoredStatement, withinBytes } from './query.store.ts';

/** Another LRS that gets a copy of statements. */
export interface ForwarderRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly label: string;
  readonly endpoint: string;
  readonly key: string;
  readonly secretName: string;
  readonly verbs: readonly string[];
  readonly activityPrefixes: readonly string[];
  readonly enabled: boolean;
  readonly position: number;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  readonly lastError: string | null;
}

const FORWARDER =
  'id, created_at, label, endpoint, key, secret_name, verbs, activity_prefixes, enabled, position::float8 as position, attempts, next_attempt_at, last_error';

export async function insertForwarder(sql: Sql, row: ForwarderRow): Promise<void> {
  await sql.rows(
    `insert into lrs.forwarder (id, created_at, label, endpoint, key, secret_name, verbs, activity_prefixes, enabled, position, attempts, next_attempt_at, leased_until)
     values ($1, $2, $3, $4, $5, $6, $7, $8, true, $9, 0, $2, '-infinity')`,
    [row.id, row.createdAt, row.label, row.endpoint, row.key, row.secretName, row.verbs, row.activityPrefixes, row.position],
  );
}

export async function listForwarders(sql: Sql, limit: number, afterId: string | null): Promise<readonly ForwarderRow[]> {
  return sql.rows<ForwarderRow>(`select ${FORWARDER} from lrs.forwarder where $1::uuid is null or id > $1 order by id limit $2`, [afterId, limit]);
}

export async function forwarderById(sql: Sql, id: string): Promise<ForwarderRow | null> {
  const [row] = await sql.rows<ForwarderRow>(`select ${FORWARDER} from lrs.forwarder where id = $1`, [id]);
  return row ?? null;
}

/** @returns whether there is such a forwarder. */
export async function setEnabled(sql: Sql, id: string, enabled: boolean): Promise<boolean> {
  const rows = await sql.rows('update lrs.forwarder set enabled = $2, attempts = 0, next_attempt_at = clock_timestamp() where id = $1 returning id', [
    id,
    enabled,
  ]);
  return rows.length > 0;
}

/** A forwarder with the right to send for it, as long as the lease lasts. */
export interface Leased extends ForwarderRow {
  /** Until when, to the letter: it also says whose lease it is. */
  readonly leasedUntil: string;
}

const LEASE = `clock_timestamp() + interval '120 seconds'`;

/** Takes a forwarder that is due, so that no other process sends the same; null when none is. */
export async function leaseDue(sql: Sql): Promise<Leased | null> {
  const [row] = await sql.rows<Leased>(
    `update lrs.forwarder f set leased_until = ${LEASE} where f.id = (
       select d.id from lrs.forwarder d where d.enabled and d.next_attempt_at <= clock_timestamp() and d.leased_until <= clock_timestamp()
         and (exists (select from lrs.statement_position p where p.position > d.position)
           or exists (select from lrs.forward_dead_letter l where l.forwarder_id = d.id and l.retry))
       order by d.next_attempt_at limit 1 for update skip locked)
     returning ${FORWARDER}, leased_until::text as leased_until`,
  );
  return row ?? null;
}

/** Makes a lease last longer. @returns it; null when it ran out and may be someone else's. */
export async function renewLease(sql: Sql, { id, leasedUntil }: Leased): Promise<string | null> {
  const [row] = await sql.rows<{ leasedUntil: string }>(
    `update lrs.forwarder set leased_until = ${LEASE} where id = $1 and leased_until = $2::timestamptz and leased_until > clock_timestamp()
     returning leased_until::text as leased_until`,
    [id, leasedUntil],
  );
  return row?.leasedUntil ?? null;
}

/** Ends a lease, if it is still this one, with what came of it: how far the other LRS is, and when to try again. */
export async function endLease(
  sql: Sql,
  { id, leasedUntil }: Leased,
  outcome: { position: number; attempts: number; waitMs: number; lastError: string | null },
): Promise<void> {
  await sql.rows(
    `update lrs.forwarder set leased_until = '-infinity', position = $3, attempts = $4, next_attempt_at = clock_timestamp() + $5 * interval '1 millisecond',
       last_error = $6 where id = $1 and leased_until = $2::timestamptz`,
    [id, leasedUntil, outcome.position, outcome.attempts, outcome.waitMs, outcome.lastError],
  );
}

export interface PlacedStatement extends StoredStatement {
  readonly position: number;
}

/** Bytes of statement texts taken at once. */
const MAX_BYTES = 8 * 1024 * 1024;

/** The statements after a position, in order of position and within a number of bytes, voided ones too: the void follows. */
export async function statementsAfter(sql: Sql, position: number, limit: number): Promise<readonly PlacedStatement[]> {
  const rows = await sql.rows<StatementRow & { position: number }>(
    withinBytes(
      `select ${COLUMNS}, p.position::float8 as position from lrs.statement_position p join lrs.statement s using (statement_id)
       where p.position > $1 order by p.position limit $2`,
      'position',
      MAX_BYTES,
    ),
    [position, limit],
  );
  return rows.map((row) => ({ ...assemble(row), position: row.position }));
}

export interface DeadLetterRow {
  readonly forwarderId: string;
  readonly statementId: string;
  readonly status: number;
  readonly reason: string;
  readonly createdAt: Date;
}

export async function addDeadLetter(sql: Sql, forwarderId: string, statementId: string, status: number, reason: string): Promise<void> {
  await sql.rows(
    `insert into lrs.forward_dead_letter (forwarder_id, statement_id, status, reason, created_at, retry) values ($1, $2, $3, $4, clock_timestamp(), false)
     on conflict (forwarder_id, statement_id) do update set status = excluded.status, reason = excluded.reason, created_at = excluded.created_at, retry = false`,
    [forwarderId, statementId, status, reason],
  );
}

export async function removeDeadLetter(sql: Sql, forwarderId: string, statementId: string): Promise<void> {
  await sql.rows('delete from lrs.forward_dead_letter where forwarder_id = $1 and statement_id = $2', [forwarderId, statementId]);
}

/** Dead letters of forwarders, oldest first, at most `limit` of each. @param retryOnly those that are to be sent once more. */
export async function deadLettersOf(sql: Sql, forwarderIds: readonly string[], limit: number, retryOnly: boolean): Promise<readonly DeadLetterRow[]> {
  return sql.rows<DeadLetterRow>(
    `select d.forwarder_id, d.statement_id, d.status, d.reason, d.created_at from unnest($1::uuid[]) as f(id) cross join lateral (
       select * from lrs.forward_dead_letter l where l.forwarder_id = f.id and (l.retry or not $3) order by l.created_at, l.statement_id limit $2) d
     order by d.forwarder_id, d.created_at, d.statement_id`,
    [forwarderIds, limit, retryOnly],
  );
}

export async function retryDeadLetters(sql: Sql, forwarderId: string): Promise<void> {
  await sql.rows('update lrs.forward_dead_letter set retry = true where forwarder_id = $1', [forwarderId]);
}

/** The last position given out. */
export async function lastPosition(sql: Sql): Promise<number> {
  const [row] = await sql.rows<{ position: number }>('select last_position::float8 as position from lrs.sequencer where id = 1');
  return row?.position ?? 0;
}
