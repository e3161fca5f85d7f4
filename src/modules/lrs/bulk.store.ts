import type { Sql } from '../../db/database.ts';
import { assemble, COLUMNS, type StatementRow, type StoredStatement } from './query.store.ts';

/** Those of the statements that void whoever's statement they name. */
export async function unrestrictedVoids(sql: Sql, ids: readonly string[]): Promise<readonly string[]> {
  const rows = await sql.rows<{ id: string }>('select statement_id as id from lrs.voiding where statement_id = any($1::uuid[]) and unrestricted', [ids]);
  return rows.map((row) => row.id);
}

/** Whether a statement names the attachment. */
export async function isReferenced(sql: Sql, sha2: string): Promise<boolean> {
  return (await sql.rows('select from lrs.statement_attachment where sha2 = $1 limit 1', [sha2])).length > 0;
}

/** Statements that name one of these agents in any role, voided ones too, in order of id after one of them. */
export async function statementsNaming(sql: Sql, agentKeys: readonly string[], afterId: string, limit: number): Promise<readonly StoredStatement[]> {
  const rows = await sql.rows<StatementRow>(
    `select ${COLUMNS} from lrs.statement s where s.statement_id in (
       select distinct statement_id from lrs.statement_agent where agent_key = any($1::uuid[]) and statement_id > $2 order by statement_id limit $3)
     order by s.statement_id`,
    [agentKeys, afterId, limit],
  );
  return rows.map(assemble);
}

/** A state or profile document of an agent, its content in base64. */
export interface AgentDocument {
  readonly resource: string;
  readonly documentId: string;
  readonly contentType: string;
  readonly content: string;
}

export async function documentsOf(sql: Sql, agentKeys: readonly string[]): Promise<readonly AgentDocument[]> {
  return sql.rows<AgentDocument>(
    `select resource, document_id, content_type, encode(content, 'base64') as content from lrs.document where agent_key = any($1::uuid[])
     order by resource, scope_key, registration, document_id`,
    [agentKeys],
  );
}
