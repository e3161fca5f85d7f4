import { invalid } from '../kernel/errors.ts';
import type { Sql } from './database.ts';

/** Tables that rows of other modules point at by id, without a foreign key. */
type Referenced = 'access.partner' | 'competency.competency_item' | 'people.learner' | 'people.position' | 'training.training_program';

/** @throws AppError INVALID_INPUT at `path` when no row of the table has this id. */
export async function assertExists(sql: Sql, table: Referenced, id: string, path: string, what: string): Promise<void> {
  const rows = await sql.rows(`select from ${table} where id = $1`, [id]);
  if (rows.length === 0) throw invalid(path, 'reference', `there is no such ${what}`);
}
