import { randomUUID } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import { AppError } from '../../kernel/errors.ts';
import type { XapiVersion } from '../../standards/xapi/index.ts';
import * as store from './lrs.store.ts';
import { type PreparedStatement, prepareStatements, type Sender, type StatementLimits } from './prepare.ts';

export interface StoreRequest {
  readonly bytes: Uint8Array;
  readonly version: XapiVersion;
  readonly sender: Sender;
  readonly expectedId?: string;
}

/** What a statement list is asked by; see Communication 2.1.3. Keys are computed, times are RFC 3339. */
export type StatementQuery = store.StatementFilter;

export interface StatementPage {
  readonly statements: readonly store.StoredStatement[];
  /** Sort values of the last statement when more follow. */
  readonly next: readonly [stored: string, id: string] | null;
}

/** The statement store: validates, keeps exactly, acknowledges durably, finds again. */
export class Statements {
  readonly #database: Database;
  readonly #limits: StatementLimits;
  readonly #onStored: () => void;

  /** @param onStored told after each commit that wrote something, to wake whoever follows the inbox. */
  constructor(database: Database, limits: StatementLimits, onStored: () => void) {
    this.#database = database;
    this.#limits = limits;
    this.#onStored = onStored;
  }

  /**
   * Stores one statement or a batch, all or nothing, and answers the ids in the order sent.
   *
   * An id that is stored already with equal content is answered like a new one and changes nothing.
   * @throws AppError INVALID_INPUT, TOO_LARGE, or CONFLICT when an id is stored with other content; then nothing is stored.
   * @see xAPI Communication 2.1.1, 2.1.2; Data 2.3.1
   */
  async store(request: StoreRequest): Promise<readonly string[]> {
    const batch = prepareStatements({ ...request, limits: this.#limits, newStatementId: randomUUID });
    if (batch.length === 0) return [];
    const wrote = await this.#database.transaction(async (sql) => {
      const storedMicros = await store.readStoredClock(sql);
      const inserted = await store.insertStatements(sql, batch, request.sender, storedMicros);
      const known = batch.filter(({ id }) => !inserted.has(id));
      if (known.length > 0)
        assertEqual(
          batch,
          known,
          await store.readContentHashes(
            sql,
            known.map(({ id }) => id),
          ),
        );
      const fresh = batch.filter(({ id }) => inserted.has(id));
      if (fresh.length > 0) await store.insertFollowers(sql, fresh, inserted, request.sender);
      return fresh.length > 0;
    });
    if (wrote) this.#onStored();
    return batch.map(({ id }) => id);
  }

  /** One valid statement by id, or with `voided` one that was voided; null when there is none to see. */
  async find(id: string, voided: boolean, authorityKey: string | null): Promise<store.StoredStatement | null> {
    return store.findStatement(this.#database.sql, id, voided, authorityKey);
  }

  /** A page of valid statements in order of `stored`. */
  async list(query: StatementQuery): Promise<StatementPage> {
    const rows = await store.listStatements(this.#database.sql, query);
    const statements = rows.slice(0, query.limit);
    const last = statements.at(-1);
    return { statements, next: rows.length > query.limit && last ? [last.stored, last.id] : null };
  }

  /** An instant up to which no statement is still on its way (Communication 2.1.3, X-Experience-API-Consistent-Through). */
  async consistentThrough(): Promise<string> {
    return store.consistentThrough(this.#database.sql);
  }
}

function assertEqual(batch: readonly PreparedStatement[], known: readonly PreparedStatement[], hashes: ReadonlyMap<string, Buffer>): void {
  const conflicts = known.filter(({ id, contentHash }) => !hashes.get(id)?.equals(contentHash));
  if (conflicts.length === 0) return;
  throw new AppError(
    'CONFLICT',
    `a statement with the id ${conflicts[0]?.id} is stored with other content`,
    conflicts.map((conflict) => ({
      path: batch.length === 1 ? '/id' : `/${batch.indexOf(conflict)}/id`,
      rule: 'xAPI Data 2.3.1 immutable',
      message: `the id ${conflict.id} is taken by a statement with other content; statements never change`,
    })),
  );
}
