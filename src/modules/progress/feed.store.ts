import type { Sql } from '../../db/database.ts';
import { type Bind, learnerScope, type Viewer } from '../access/index.ts';
import type { ProgressEventRow } from './progress.store.ts';

const LOCK = "hashtextextended('mumpuni progress feed', 0)";

/**
 * Gives positions to committed events, without gaps, in one order for everybody. One transaction at a time does so;
 * an event that is committed later gets a later position, so who has seen a position has seen all before it.
 * @returns how many; null when another process is at it.
 */
export async function placeEvents(sql: Sql, limit: number): Promise<number | null> {
  const [lock] = await sql.rows<{ held: boolean }>(`select pg_try_advisory_xact_lock(${LOCK}) as held`);
  if (lock?.held !== true) return null;
  const [row] = await sql.rows<{ placed: number }>(
    `with next as (
       select learner_id, id, (select last_position from progress.feed where id = 1) + row_number() over (order by created_at, id) as position
       from progress.progress_event where position is null order by created_at, id limit $1
     ), placed as (
       update progress.progress_event e set position = next.position from next where e.learner_id = next.learner_id and e.id = next.id returning e.position
     )
     update progress.feed set last_position = greatest(last_position, (select max(position) from placed)) where id = 1
     returning (select count(*) from placed)::int as placed`,
    [limit],
  );
  return row?.placed ?? 0;
}

export async function lastPosition(sql: Sql): Promise<number> {
  const [row] = await sql.rows<{ position: number }>('select last_position::float8 as position from progress.feed where id = 1');
  return row?.position ?? 0;
}

export interface FeedEvent extends ProgressEventRow {
  readonly position: number;
}

/** What to tell of the feed, and to whom. */
export interface FeedQuery {
  readonly viewer: Viewer;
  readonly now: Date;
  readonly after: number;
  readonly limit: number;
  /** Only this learner, by our own id. */
  readonly learnerId: string | null;
}

/** Events after a position that the viewer may see, in order. */
export async function eventsAfter(sql: Sql, { viewer, now, after, limit, learnerId }: FeedQuery): Promise<readonly FeedEvent[]> {
  const parameters: unknown[] = [];
  const bind: Bind = (value) => `$${parameters.push(value)}`;
  const where = [`e.position > ${bind(after)}`, learnerScope(viewer, 'e.learner_id', bind, now)];
  if (learnerId !== null) where.push(`e.learner_id = ${bind(learnerId)}`);
  return sql.rows<FeedEvent>(
    `select e.id, e.learner_id, e.item_id, e.from_level, e.to_level, e.cause, e.statement_id, e.created_at, e.position::float8 as position
     from progress.progress_event e where ${where.join(' and ')} order by e.position limit ${bind(limit)}`,
    parameters,
  );
}

/** How far a follower of our own is; from the end, when it is new. */
export async function followerPosition(sql: Sql, name: string): Promise<number> {
  const [row] = await sql.rows<{ position: number }>(
    `insert into progress.feed_follower (name, position) select $1, last_position from progress.feed where id = 1
     on conflict (name) do update set name = excluded.name returning position::float8 as position`,
    [name],
  );
  return row?.position ?? 0;
}

export const moveFollower = (sql: Sql, name: string, position: number) =>
  sql.rows('update progress.feed_follower set position = $2 where name = $1 and position < $2', [name, position]);

/** A receiver of the feed over HTTP. */
export interface WebhookRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly label: string;
  readonly url: string;
  readonly secretName: string;
  readonly partnerId: string | null;
  readonly enabled: boolean;
  readonly position: number;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  readonly lastError: string | null;
}

const WEBHOOK = 'id, created_at, label, url, secret_name, partner_id, enabled, position::float8 as position, attempts, next_attempt_at, last_error';

export async function insertWebhook(sql: Sql, row: WebhookRow): Promise<void> {
  await sql.rows(
    `insert into progress.webhook (id, created_at, label, url, secret_name, partner_id, enabled, position, attempts, next_attempt_at, leased_until)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $2, '-infinity')`,
    [row.id, row.createdAt, row.label, row.url, row.secretName, row.partnerId, row.enabled, row.position],
  );
}

export const listWebhooks = (sql: Sql, limit: number, afterId: string | null) =>
  sql.rows<WebhookRow>(`select ${WEBHOOK} from progress.webhook where $1::uuid is null or id > $1 order by id limit $2`, [afterId, limit]);

export async function webhookById(sql: Sql, id: string): Promise<WebhookRow | null> {
  const [row] = await sql.rows<WebhookRow>(`select ${WEBHOOK} from progress.webhook where id = $1`, [id]);
  return row ?? null;
}

/** @returns whether there is such a webhook. */
export async function setWebhookEnabled(sql: Sql, id: string, enabled: boolean): Promise<boolean> {
  const rows = await sql.rows('update progress.webhook set enabled = $2, attempts = 0, next_attempt_at = clock_timestamp() where id = $1 returning id', [
    id,
    enabled,
  ]);
  return rows.length > 0;
}

export async function deleteWebhook(sql: Sql, id: string): Promise<boolean> {
  return (await sql.rows('delete from progress.webhook where id = $1 returning id', [id])).length > 0;
}

/** A webhook with the right to deliver for it, as long as the lease lasts. */
export interface LeasedWebhook extends WebhookRow {
  readonly leasedUntil: string;
}

/** Takes a webhook for which there is something new and whose time has come; null when there is none. */
export async function leaseWebhook(sql: Sql): Promise<LeasedWebhook | null> {
  const [row] = await sql.rows<LeasedWebhook>(
    `update progress.webhook set leased_until = clock_timestamp() + interval '60 seconds' where id = (
       select id from progress.webhook where enabled and next_attempt_at <= clock_timestamp() and leased_until < clock_timestamp()
         and position < (select last_position from progress.feed where id = 1)
       order by next_attempt_at limit 1 for update skip locked)
     returning ${WEBHOOK}, leased_until::text as leased_until`,
  );
  return row ?? null;
}

/** Ends a lease with what came of it; nothing is written when the lease ran out and is another's. */
export async function endWebhookLease(
  sql: Sql,
  { id, leasedUntil }: LeasedWebhook,
  result: { readonly position: number; readonly attempts: number; readonly waitMs: number; readonly lastError: string | null; readonly enabled: boolean },
): Promise<void> {
  await sql.rows(
    `update progress.webhook set position = $3, attempts = $4, next_attempt_at = clock_timestamp() + $5 * interval '1 millisecond', last_error = $6, enabled = enabled and $7,
       leased_until = '-infinity' where id = $1 and leased_until = $2::timestamptz`,
    [id, leasedUntil, result.position, result.attempts, result.waitMs, result.lastError, result.enabled],
  );
}
