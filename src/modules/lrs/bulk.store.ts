import type { Sql } from '../../db/database.ts';

/** Those of the statements that void whoever's statement they name. */
export async function unrestrictedVoids(sql: Sql, ids: readonly string[]): Promise<readonly string[]> {
  const rows = await sql.rows<{ id: string }>('select statement_id as id from lrs.voiding where statement_id = any($1::uuid[]) and unrestricted', [ids]);
  return rows.map((row) => row.id);
}

/** Whether a statement names the attachment. */
export async function isReferenced(sql: Sql, sha2: string): Promise<boolean> {
  return (await sql.rows('select from lrs.statement_attachment where sha2 = $1 limit 1', [sha2])).length > 0;
}
