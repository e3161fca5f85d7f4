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

export interface StatementFilter {
  readonly agentKey?: string;
  readonly agentRoles: number;
  readonly activityKey?: string;
  readonly activityRoles: number;
  readonly verbKey?: string;
  readonly registration?: string;
  readonly since?: string;
  readonly until?: string;
  readonly ascending: boolean;
  readonly limit: number;
  /** `stored` and id of the last statement of the page before. */
  readonly after?: readonly [stored: string, id: string];
  /** Only statements of this authority. */
  readonly authorityKey?: string;
}

/** The authority among the agent roles, see links.ts. */
const AUTHORITY = 4;

class Conditions {
  readonly parameters: unknown[] = [];
  readonly #where: string[] = [];

  bind(value: unknown): string {
    return `$${this.parameters.push(value)}`;
  }

  add(...conditions: readonly string[]): void {
    this.#where.push(...conditions);
  }

  take(): string {
    return this.#where.splice(0).join(' and ');
  }
}

/** Conditions on the sort key of whatever table is walked; it is the same in all of them. */
function addRange(conditions: Conditions, filter: StatementFilter, walked: string): void {
  if (filter.since !== undefined) conditions.add(`${walked}.stored > ${conditions.bind(filter.since)}::timestamptz`);
  if (filter.until !== undefined) conditions.add(`${walked}.stored <= ${conditions.bind(filter.until)}::timestamptz`);
  if (filter.after) {
    const [stored, id] = filter.after;
    conditions.add(
      `(${walked}.stored, ${walked}.statement_id) ${filter.ascending ? '>' : '<'} (${conditions.bind(stored)}::timestamptz, ${conditions.bind(id)}::uuid)`,
    );
  }
}

const orderOf = ({ ascending }: StatementFilter, walked: string): string =>
  ascending ? `${walked}.stored asc, ${walked}.statement_id asc` : `${walked}.stored desc, ${walked}.statement_id desc`;

/** Statements that match by what they say themselves. The table walked has the key first, so that the order costs nothing. */
function directMatches(conditions: Conditions, filter: StatementFilter): string {
  const { agentKey, activityKey, authorityKey } = filter;
  const links: string[] = [];
  if (agentKey !== undefined) {
    links.push('lrs.statement_agent a');
    conditions.add(`a.agent_key = ${conditions.bind(agentKey)}`, `a.roles & ${conditions.bind(filter.agentRoles)} <> 0`);
  }
  if (activityKey !== undefined) {
    links.push('lrs.statement_activity c');
    conditions.add(`c.activity_key = ${conditions.bind(activityKey)}`, `c.roles & ${conditions.bind(filter.activityRoles)} <> 0`);
  }
  // One's own statements are found by their authority's links, unless a narrower key is asked for anyway.
  if (authorityKey !== undefined && links.length === 0 && filter.verbKey === undefined && filter.registration === undefined) {
    links.push('lrs.statement_agent m');
    conditions.add(`m.agent_key = ${conditions.bind(authorityKey)}`, `m.roles & ${AUTHORITY} <> 0`);
  } else if (authorityKey !== undefined) conditions.add(`s.authority_key = ${conditions.bind(authorityKey)}`);
  const [first] = links;
  const walked = first?.slice(-1) ?? 's';
  // The id alone: that the times are equal too would make the planner expect next to nothing, and sort instead of walking.
  for (const link of links) conditions.add(`s.statement_id = ${link.slice(-1)}.statement_id`);
  const second = links[1]?.slice(-1);
  if (second !== undefined) conditions.add(`${second}.stored = ${walked}.stored`, `${second}.statement_id = ${walked}.statement_id`);
  if (filter.verbKey !== undefined) conditions.add(`${walked}.verb_key = ${conditions.bind(filter.verbKey)}`);
  if (filter.registration !== undefined) conditions.add(`s.registration = ${conditions.bind(filter.registration)}`);
  addRange(conditions, filter, walked);
  conditions.add(`not ${IS_VOIDED}`);
  return `select ${walked}.stored, ${walked}.statement_id from ${[...links, 'lrs.statement s'].join(', ')} where ${conditions.take()}
    order by ${orderOf(filter, walked)} limit ${conditions.bind(filter.limit + 1)}`;
}

/** Statements that refer, at any depth, to one statement that matches; null where no filter could be inherited. */
function inheritedMatches(conditions: Conditions, filter: StatementFilter): string | null {
  const keys: (readonly [key: string, roles: number])[] = [];
  if (filter.agentKey !== undefined) keys.push([filter.agentKey, filter.agentRoles]);
  if (filter.activityKey !== undefined) keys.push([filter.activityKey, filter.activityRoles]);
  if (filter.registration !== undefined) keys.push([filter.registration, 0]);
  if (filter.verbKey !== undefined) keys.push([filter.verbKey, 0]);
  if (keys.length === 0) return null;
  const tables = keys.map((_, index) => `lrs.inherited_link i${index}`);
  keys.forEach(([key, roles], index) => {
    conditions.add(`i${index}.key = ${conditions.bind(key)}`);
    if (roles !== 0) conditions.add(`i${index}.roles & ${conditions.bind(roles)} <> 0`);
    // All filters must hold for one and the same statement referred to.
    if (index > 0) conditions.add(`i${index}.stored = i0.stored`, `i${index}.statement_id = i0.statement_id`, `i${index}.source_id = i0.source_id`);
  });
  addRange(conditions, filter, 'i0');
  conditions.add('s.statement_id = i0.statement_id', `not ${IS_VOIDED}`);
  // What someone else's statement says must not show through one's own reference to it.
  if (filter.authorityKey !== undefined) {
    const mine = conditions.bind(filter.authorityKey);
    tables.push('lrs.statement source');
    conditions.add(`s.authority_key = ${mine}`, 'source.statement_id = i0.source_id', `source.authority_key = ${mine}`);
  }
  return `select distinct i0.stored, i0.statement_id from ${[...tables, 'lrs.statement s'].join(', ')} where ${conditions.take()}
    order by ${orderOf(filter, 'i0')} limit ${conditions.bind(filter.limit + 1)}`;
}

/** Bytes of statement texts in one page; a page holds one statement at least. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

/** SQL: the rows of `source` whose texts, with those of the rows before them in this order, stay within the bytes. */
export const withinBytes = (source: string, order: string, maxBytes: number): string =>
  `select * from (select *, sum(octet_length(body)) over (order by ${order} rows unbounded preceding) - octet_length(body) as before from (${source}) r) w
   where before < ${maxBytes} order by ${order}`;

/** Statements in order of (stored, id), at most `limit` and within a number of bytes, and whether more follow. */
export async function listStatements(sql: Sql, filter: StatementFilter): Promise<{ statements: readonly StoredStatement[]; more: boolean }> {
  const conditions = new Conditions();
  const direct = directMatches(conditions, filter);
  const inherited = inheritedMatches(conditions, filter);
  const found = inherited === null ? direct : `(${direct}) union (${inherited})`;
  const direction = filter.ascending ? 'asc' : 'desc';
  const texts = `select ${COLUMNS}, s.stored as place, (select count(*)::int from page) as found from page join lrs.statement s on s.statement_id = page.statement_id`;
  const rows = await sql.rows<StatementRow & { found: number }>(
    `with found as materialized (${found}), page as materialized (select * from found order by ${orderOf(filter, 'found')} limit ${conditions.bind(filter.limit + 1)})
     ${withinBytes(texts, `place ${direction}, statement_id ${direction}`, MAX_PAGE_BYTES)}`,
    conditions.parameters,
  );
  const statements = rows.slice(0, filter.limit).map(assemble);
  return { statements, more: (rows[0]?.found ?? 0) > statements.length };
}

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
