import type { BlobStore } from '../../blobs/blob-store.ts';
import type { Database } from '../../db/database.ts';
import type { Ifi } from '../../standards/xapi/index.ts';
import { mayDeleteAttachment } from './attachment-lock.store.ts';
import { type AgentDocument, documentsOf, statementsNaming, unrestrictedVoids } from './bulk.store.ts';
import { lastPosition, type PlacedStatement, statementsAfter } from './forwarding.store.ts';
import { ifiKey } from './keys.ts';
import { attachmentsOfStatements } from './query.store.ts';

/** A statement as it leaves in bulk, with what its text does not say. */
export interface ExportedStatement extends PlacedStatement {
  /** Whether it voids whoever's statement it names. */
  readonly unrestrictedVoid: boolean;
  readonly attachments: readonly { readonly sha2: string; readonly contentType: string }[];
}

const PAGE = 500;

/** Statements by the thousand, for moving and keeping them elsewhere. */
export class Bulk {
  readonly #database: Database;
  readonly #blobs: BlobStore;

  constructor(database: Database, blobs: BlobStore) {
    this.#database = database;
    this.#blobs = blobs;
  }

  /** The statements after a position, in order; voided ones too. Those without a position yet come later. */
  async exportAfter(position: number, limit: number): Promise<readonly ExportedStatement[]> {
    const { sql } = this.#database;
    const page = await statementsAfter(sql, position, limit);
    const ids = page.map(({ id }) => id);
    const attachments = Map.groupBy(await attachmentsOfStatements(sql, ids), (row) => row.statementId);
    const unrestricted = new Set(await unrestrictedVoids(sql, ids));
    return page.map((statement) => ({
      ...statement,
      unrestrictedVoid: unrestricted.has(statement.id),
      attachments: (attachments.get(statement.id) ?? []).map(({ sha2, contentType }) => ({ sha2, contentType })),
    }));
  }

  /** The exact texts of all statements that name a person in any role, voided ones too. */
  async *statementsNaming(identifiers: readonly Ifi[]): AsyncGenerator<string> {
    const keys = identifiers.map(ifiKey);
    let last = '00000000-0000-0000-0000-000000000000';
    for (
      let page = await statementsNaming(this.#database.sql, keys, last, PAGE);
      page.length > 0;
      page = await statementsNaming(this.#database.sql, keys, last, PAGE)
    ) {
      for (const { text } of page) yield text;
      last = page.at(-1)?.id ?? last;
    }
  }

  /** State and agent profile documents of a person. */
  documentsOf = (identifiers: readonly Ifi[]): Promise<readonly AgentDocument[]> => documentsOf(this.#database.sql, identifiers.map(ifiKey));

  lastPosition = (): Promise<number> => lastPosition(this.#database.sql);

  /** The bytes of an attachment, or null when they are gone. */
  attachmentBytes = (sha2: string): Promise<Uint8Array | null> => this.#blobs.get(sha2);

  /**
   * Deletes attachments that no statement names: what refused requests left behind.
   * @param olderThan those written later stay, since their request may still be under way.
   * @returns how many.
   */
  async collectAttachments(olderThan: Date): Promise<number> {
    let deleted = 0;
    for await (const { key, written } of this.#blobs.entries()) {
      if (!isAttachment(key) || written >= olderThan) continue;
      const isDeleted = await this.#database.transaction(async (sql) => {
        const isStray = await mayDeleteAttachment(sql, key);
        if (isStray) await this.#blobs.delete(key);
        return isStray;
      });
      if (isDeleted) deleted += 1;
    }
    return deleted;
  }
}

/** Attachments are named by a digest alone; other blobs of the store have a word before it. */
const isAttachment = (key: string): boolean => /^[0-9a-f]+$/.test(key);
