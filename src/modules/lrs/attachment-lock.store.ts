import type { Sql } from '../../db/database.ts';
import { isReferenced } from './bulk.store.ts';

const LOCK = "hashtextextended('mumpuni attachment ' || h.sha2, 0)";

/** Until the transaction ends nobody deletes the bytes of these attachments: who wants to waits, and finds what names them. */
export async function holdAttachments(sql: Sql, hashes: readonly string[]): Promise<void> {
  await sql.rows(`select pg_advisory_xact_lock_shared(${LOCK}) from unnest($1::text[]) as h(sha2)`, [[...hashes].sort()]);
}

/**
 * Whether no statement names an attachment, nor will one before the transaction ends that has not put its bytes back: who
 * stores one waits. The bytes may be deleted within the transaction.
 */
export async function mayDeleteAttachment(sql: Sql, sha2: string): Promise<boolean> {
  await sql.rows(`select pg_advisory_xact_lock(${LOCK}) from (select $1::text as sha2) h`, [sha2]);
  return !(await isReferenced(sql, sha2));
}
