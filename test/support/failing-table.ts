import type { Database } from '../../src/db/database.ts';

/** How a step that writes a table comes to nothing: by an error, or because the connection is gone, as in a crash. */
export const FAILURES = ["raise exception 'refused'", 'perform pg_terminate_backend(pg_backend_pid())'] as const;

/**
 * Makes every insert into a table fail whose row has a text in it.
 * @returns what ends it.
 */
export async function failInserts({ pool }: Database, table: string, marker: string, failure: (typeof FAILURES)[number]): Promise<() => Promise<void>> {
  await pool.query(`create function public.fail_insert() returns trigger language plpgsql as $$
    begin if position('${marker}' in new::text) > 0 then ${failure}; end if; return new; end $$`);
  await pool.query(`create trigger fail_insert after insert on ${table} for each row execute function public.fail_insert()`);
  return async () => void (await pool.query('drop function public.fail_insert() cascade'));
}
