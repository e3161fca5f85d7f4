import type { Sql } from '../../db/database.ts';

/** Where a pass stands after one call: see the procedure `lrs.sequence`. */
export interface PassState {
  /** The instant that the pass is to publish, and the transactions it waits for; null where none was begun. */
  readonly sampled: string | null;
  readonly awaited: readonly string[] | null;
  readonly outcome: 'EARLY' | 'WAITING' | 'ELSEWHERE' | 'MORE' | 'DONE';
  /** Statements placed by this call. */
  readonly placed: number;
}

/**
 * Begins a pass, or goes on with one: the clock is sampled, the transactions that could still store earlier are waited
 * for, positions are given in order of (stored, id), and the instant is published up to the first reference not yet
 * followed.
 * @param pauseMs a pass is begun only when the last, of any process, ended longer ago.
 * @param waitMs how long open transactions are waited for within this call.
 */
export async function sequence(sql: Sql, { pauseMs, waitMs }: { pauseMs: number; waitMs: number }, begun: PassState | null): Promise<PassState> {
  const [row] = await sql.rows<Omit<PassState, 'placed'> & { readonly placed: string }>('call lrs.sequence($1, $2, $3, $4, null, null)', [
    pauseMs,
    waitMs,
    begun?.sampled ?? null,
    begun?.awaited ?? null,
  ]);
  if (!row) throw new Error('lrs.sequence answered no row');
  return { ...row, placed: Number(row.placed) };
}

/** The processes of the database whose transactions are waited for. */
export async function storingPids(sql: Sql, awaited: readonly string[]): Promise<readonly number[]> {
  const rows = await sql.rows<{ pid: number }>(
    `select distinct l.pid from pg_locks l join lrs.storing() s on s = l.virtualtransaction where l.locktype = 'advisory' and s = any($1::text[]) order by l.pid`,
    [awaited],
  );
  return rows.map(({ pid }) => pid);
}

/** Publishes an instant again once references were followed, or the last before one that still is not. */
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
