import type { Sql } from '../../db/database.ts';
import { IS_VOIDED } from './voided.ts';

/** A statement as it leaves the store. `stored` is RFC 3339 in UTC with microseconds. */
export interface StoredStatement {
  readonly id: string;
  readonly stored: string;
  readonly text: string;
}

export interface StatementRow {
  readonly statementId: string;
  readonly stored: string;
  readonly noTimestamp: boolean;
  readonly body: string;
  readonly authority: string;
}

const STORED = `to_char(s.stored at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
export const COLUMNS = `s.statement_id, ${STORED} as stored, s.recorded_at is null as no_timestamp, s.body, s.authority`;

/** Joins the sender's text with what the LRS adds on reading (Data 2.4.7 to 2.4.9). */
export function assemble(row: StatementRow): StoredStatement {
  const timestamp = row.noTimestamp ? `,"timestamp":"${row.stored}"` : '';
  return { id: row.statementId, stored: row.stored, text: `${row.body.slice(0, -1)},"stored":"${row.stored}","authority":${row.authority}${timestamp}}` };
}

/** One statement by id. @param voided whether the voided ones are asked for, or the valid ones. @param authorityKey restricts to one authority. */
export async function findStatement(sql: Sql, id: string, voided: boolean, authorityKey: string | null): Promise<StoredStatement | null> {
  const [row] = await sql.rows<StatementRow>(
    `select ${COLUMNS} from lrs.statement s where s.statement_id = $1 and ${IS_VOIDED} = $2 and ($3::uuid is null or s.authority_key = $3)`,
    [id, voided, authorityKey],
  );
  return row ? assemble(row) : null;
}

/** SQL: the rows of `source` whose texts, with those of the rows before them in this order, stay within the bytes. */
export const withinBytes = (source: string, order: string, maxBytes: number): string =>
  `select * from (select *, sum(octet_length(body)) over (order by ${order} rows unbounded preceding) - octet_length(body) as before from (${source}) r) w
   where before < ${maxBytes} order by ${order}`;

/** The exact texts of statements, for those who may see them. */
export async function readTexts(sql: Sql, ids: readonly string[]): Promise<readonly StoredStatement[]> {
  return (await sql.rows<StatementRow>(`select ${COLUMNS} from lrs.statement s where s.statement_id = any($1::uuid[])`, [ids])).map(assemble);
}

/** An attachment of a stored statement. */
export interface AttachmentRow {
  readonly statementId: string;
  readonly sha2: string;
  readonly contentType: string;
  readonly length: number;
}

/** The attachments we hold of statements, in one query. */
export async function attachmentsOfStatements(sql: Sql, statementIds: readonly string[]): Promise<readonly AttachmentRow[]> {
  return sql.rows<AttachmentRow>(
    'select statement_id, sha2, content_type, length::int from lrs.statement_attachment where statement_id = any($1::uuid[]) order by statement_id, sha2',
    [statementIds],
  );
}

/** Definitions of one activity that are looked at; real content has a handful. */
const MAX_DEFINITIONS = 100;

/** Every definition that activities were described by, oldest first within an activity. */
export async function definitionsOf(sql: Sql, activityKeys: readonly string[]): Promise<readonly { activityKey: string; definition: string }[]> {
  return sql.rows(
    `select k.key as activity_key, d.definition from unnest($1::uuid[]) as k(key) cross join lateral (
       select definition, stored, definition_key from lrs.activity_definition where activity_key = k.key order by stored desc, definition_key limit ${MAX_DEFINITIONS}
     ) d order by k.key, d.stored, d.definition_key`,
    [activityKeys],
  );
}

/** Every name an agent was called by, oldest first. */
export async function namesOf(sql: Sql, agentKey: string): Promise<readonly string[]> {
  const rows = await sql.rows<{ name: string }>('select name from lrs.agent_name where agent_key = $1 order by stored, name_key limit 1000', [agentKey]);
  return rows.map((row) => row.name);
}
