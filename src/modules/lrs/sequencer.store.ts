import type { Sql } from '../../db/database.ts';

const LOCK = "hashtextextended('mumpuni statement sequencer', 0)";

/** Makes this transaction the one that places statements; false when another process's is at work. */
export async function lockSequencer(sql: Sql): Promise<boolean> {
  const [row] = await sql.rows<{ held: boolean }>(`select pg_try_advisory_xact_lock(${LOCK}) as held`);
  return row?.held === true;
}

/** Whether the last pass that ended, of any process, is longer ago than a pause. */
export async function isDue(sql: Sql, pauseMs: number): Promise<boolean> {
  const [row] = await sql.rows<{ due: boolean }>(
    `select consistent_through < clock_timestamp() - $1 * interval '1 millisecond' as due from lrs.sequencer where id = 1`,
    [pauseMs * 0.75],
  );
  return row?.due !== false;
}

/** Says, durably, that no statement stored from now on is earlier than now. @returns that instant. */
export async function sampleClock(sql: Sql): Promise<string> {
  const [row] = await sql.rows<{ sampled: string }>(
    'update lrs.sequencer set sampled = greatest(clock_timestamp(), sampled) where id = 1 returning sampled::text',
  );
  return row?.sampled ?? '-infinity';
}

/**
 * A transaction id of its own: whoever began to store before has a smaller one, whoever begins later sees the sampled
 * instant. (The `xmax` of a snapshot would not do: transactions above it may be under way.)
 */
export async function takeHorizon(sql: Sql): Promise<string> {
  const [row] = await sql.rows<{ horizon: string }>('select pg_current_xact_id()::text as horizon');
  return row?.horizon ?? '0';
}

/** Whether every transaction that began before the horizon has ended. */
export async function hasPassed(sql: Sql, horizon: string): Promise<boolean> {
  const [row] = await sql.rows<{ passed: boolean }>('select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as passed', [horizon]);
  return row?.passed === true;
}

/**
 * Gives dense positions to the next statements stored up to an instant, in order of (stored, id), and notes those whose
 * references are to be followed.
 * @returns how many.
 */
export async function place(sql: Sql, upTo: string, limit: number): Promise<number> {
  const [row] = await sql.rows<{ placed: number }>(
    `with next as materialized (
       select s.stored, s.statement_id, s.refers_to,
         (select last_position from lrs.sequencer where id = 1) + row_number() over (order by s.stored, s.statement_id) as position
       from lrs.statement s
       -- Subqueries, not a join: so the walk of the index begins here and not at the first statement ever stored.
       where (s.stored, s.statement_id) > ((select last_stored from lrs.sequencer where id = 1), (select last_statement_id from lrs.sequencer where id = 1))
         and s.stored <= $1::timestamptz
       order by s.stored, s.statement_id limit $2
     ), placed as (
       insert into lrs.statement_position (position, statement_id) select position, statement_id from next order by position
     ), noted as (
       insert into lrs.reference_inbox (stored, statement_id, attempts) select n.stored, n.statement_id, 0 from next n
       where n.refers_to is not null or exists (select from lrs.statement r where r.refers_to = n.statement_id) order by 1, 2
     ), moved as (
       update lrs.sequencer q set last_stored = n.stored, last_statement_id = n.statement_id, last_position = n.position
       from (select * from next order by position desc limit 1) n where q.id = 1
     )
     select count(*)::int as placed from next`,
    [upTo, limit],
  );
  return row?.placed ?? 0;
}

/** Publishes an instant up to which everything is visible and placed, or the last before a reference not yet followed. */
export async function publish(sql: Sql, instant: string): Promise<void> {
  await sql.rows(
    `update lrs.sequencer set consistent_through = greatest(consistent_through,
       least($1::timestamptz, (select min(stored) - interval '1 microsecond' from lrs.reference_inbox))) where id = 1`,
    [instant],
  );
}

/** The instant up to which readers have everything (Communication 2.1.3, X-Experience-API-Consistent-Through). */
export async function consistentThrough(sql: Sql): Promise<string> {
  const [row] = await sql.rows<{ instant: string }>(
    `select to_char(greatest(consistent_through, '1970-01-01Z') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as instant from lrs.sequencer where id = 1`,
  );
  return row?.instant ?? '';
}

/** Takes statements whose references are to be followed; they are back if the transaction rolls back. */
export async function claimReferences(sql: Sql, limit: number): Promise<readonly string[]> {
  const rows = await sql.rows<{ statementId: string }>(
    // As an array, made once: see claimInbox.
    `delete from lrs.reference_inbox where ctid = any(array(
       select ctid from lrs.reference_inbox order by stored, statement_id limit $1 for update skip locked))
     returning statement_id`,
    [limit],
  );
  return rows.map((row) => row.statementId);
}

const MAX_ATTEMPTS = 3;

/** Counts a failed try to follow the references of the first waiting statement; after the third it is given up. @returns its id when given up. */
export async function failFirstReference(sql: Sql): Promise<string | null> {
  await sql.rows(
    'update lrs.reference_inbox set attempts = attempts + 1 where (stored, statement_id) = (select stored, statement_id from lrs.reference_inbox order by 1, 2 limit 1)',
  );
  const [row] = await sql.rows<{ statementId: string }>('delete from lrs.reference_inbox where attempts >= $1 returning statement_id', [MAX_ATTEMPTS]);
  return row?.statementId ?? null;
}

/** Longest chain of references that is followed. */
const MAX_DEPTH = 100;
/** Most references that one statement may close; beyond, someone builds a web to stop the server. */
const MAX_PAIRS = 200_000;

/** A statement that refers, directly or through others, to another. */
interface Reference {
  readonly statementId: string;
  readonly stored: string;
  readonly sourceId: string;
}

/**
 * Every pair of a statement and one it reaches whose path one of `ids` closes: all others on it were placed before. So
 * each pair is found once, whatever the order of arrival.
 * @throws Error when there are too many.
 */
export async function referencesThrough(sql: Sql, ids: readonly string[]): Promise<readonly Reference[]> {
  const rows = await sql.rows<Reference>(
    `with recursive origin as materialized (
       select statement_id as origin, stored as origin_stored, refers_to from lrs.statement where statement_id = any($1::uuid[])
     ), upward(statement_id, stored, origin, origin_stored, depth) as (
       select origin, origin_stored, origin, origin_stored, 0 from origin
       union all
       select r.statement_id, r.stored, u.origin, u.origin_stored, u.depth + 1 from upward u join lrs.statement r on r.refers_to = u.statement_id
       where u.depth < ${MAX_DEPTH} and (r.stored, r.statement_id) < (u.origin_stored, u.origin)
     ), downward(source_id, refers_to, origin, origin_stored, depth) as (
       select origin, refers_to, origin, origin_stored, 0 from origin
       union all
       select t.statement_id, t.refers_to, d.origin, d.origin_stored, d.depth + 1 from downward d join lrs.statement t on t.statement_id = d.refers_to
       where d.depth < ${MAX_DEPTH} and (t.stored, t.statement_id) < (d.origin_stored, d.origin)
     )
     select distinct u.statement_id, u.stored::text as stored, d.source_id from upward u join downward d using (origin)
     where u.statement_id <> d.source_id and u.depth + d.depth <= ${MAX_DEPTH} limit ${MAX_PAIRS + 1}`,
    [ids],
  );
  if (rows.length > MAX_PAIRS) throw new Error(`the references through ${ids.join(', ')} are more than ${MAX_PAIRS}`);
  return rows;
}

/** What is needed to tell what a statement says of agents, activities, verb and registration. */
export interface Source {
  readonly statementId: string;
  readonly body: string;
  readonly authority: string;
  readonly verbKey: string;
  readonly registration: string | null;
}

export async function readSources(sql: Sql, ids: readonly string[]): Promise<readonly Source[]> {
  return sql.rows<Source>('select statement_id, body, authority, verb_key, registration from lrs.statement where statement_id = any($1::uuid[])', [ids]);
}

export interface InheritedLink extends Reference {
  readonly key: string;
  readonly roles: number;
}

export async function insertInherited(sql: Sql, links: readonly InheritedLink[]): Promise<void> {
  await sql.rows(
    `insert into lrs.inherited_link (key, stored, statement_id, source_id, roles)
     select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::smallint[]) as t(key, stored, statement_id, source_id, roles)
     order by 1, 2, 3, 4 on conflict do nothing`,
    [
      links.map((row) => row.key),
      links.map((row) => row.stored),
      links.map((row) => row.statementId),
      links.map((row) => row.sourceId),
      links.map((row) => row.roles),
    ],
  );
}
