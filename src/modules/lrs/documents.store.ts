import type { Sql } from '../../db/database.ts';

/** Which document: everything of one activity, agent and resource is one scope. */
export interface DocumentKey {
  readonly scopeKey: string;
  readonly registration: string;
  readonly documentKey: string;
}

export interface StoredDocument {
  readonly contentType: string;
  readonly content: Buffer;
  readonly etag: string;
  readonly updated: Date;
}

export interface NewDocument extends DocumentKey {
  readonly resource: string;
  readonly activityKey: string | null;
  readonly agentKey: string | null;
  readonly documentId: string;
  readonly contentType: string;
  readonly content: Uint8Array;
  readonly etag: string;
}

const WHERE = 'scope_key = $1 and registration = $2 and document_key = $3';
const keyOf = ({ scopeKey, registration, documentKey }: DocumentKey): readonly string[] => [scopeKey, registration, documentKey];

/** @param forUpdate keeps others from deleting it until the transaction ends. */
export async function readDocument(sql: Sql, key: DocumentKey, forUpdate = false): Promise<StoredDocument | null> {
  const lock = forUpdate ? 'for update' : '';
  const [row] = await sql.rows<StoredDocument>(`select content_type, content, etag, updated from lrs.document where ${WHERE} ${lock}`, keyOf(key));
  return row ?? null;
}

/** Keeps everyone else from changing the document until the transaction ends, whether it exists or not. */
export async function lockDocument(sql: Sql, key: DocumentKey): Promise<void> {
  await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [keyOf(key).join(' ')]);
}

export async function writeDocument(sql: Sql, document: NewDocument): Promise<void> {
  await sql.rows(
    `insert into lrs.document (scope_key, registration, document_key, resource, activity_key, agent_key, document_id, content_type, content, etag, updated)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp())
     on conflict (scope_key, registration, document_key) do update set content_type = excluded.content_type, content = excluded.content, etag = excluded.etag,
       updated = greatest(excluded.updated, lrs.document.updated + interval '1 microsecond')`,
    [
      ...keyOf(document),
      document.resource,
      document.activityKey,
      document.agentKey,
      document.documentId,
      document.contentType,
      Buffer.from(document.content),
      document.etag,
    ],
  );
}

export async function deleteDocument(sql: Sql, key: DocumentKey): Promise<void> {
  await sql.rows(`delete from lrs.document where ${WHERE}`, keyOf(key));
}

/** Deletes all documents of a scope; with a registration only those under it. */
export async function deleteScope(sql: Sql, scopeKey: string, registration: string | null): Promise<void> {
  await sql.rows('delete from lrs.document where scope_key = $1 and ($2::uuid is null or registration = $2)', [scopeKey, registration]);
}

/** The ids of the documents of a scope changed after an instant, in order. */
export async function listDocuments(sql: Sql, scopeKey: string, registration: string | null, since: string | null): Promise<readonly string[]> {
  const rows = await sql.rows<{ documentId: string }>(
    `select distinct document_id from lrs.document where scope_key = $1 and ($2::uuid is null or registration = $2)
     and ($3::timestamptz is null or updated > $3) order by document_id`,
    [scopeKey, registration, since],
  );
  return rows.map((row) => row.documentId);
}
