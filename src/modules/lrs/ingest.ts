import { type Database, isConnectionError, isTimeout } from '../../db/database.ts';
import { AppError } from '../../kernel/errors.ts';
import { type Batch, type StoredBatches, storeBatches } from './ingest.store.ts';

export interface IngestOptions {
  /** Transactions under way at once: more than about two per core only get in each other's way. */
  readonly concurrency: number;
  /** Statements that may wait; beyond, requests are told to come again. */
  readonly maxWaiting: number;
}

/** What became of one batch. */
export interface StoredBatch {
  /** Ids that are stored with other content; where there are some, nothing of the batch was stored. */
  readonly conflicts: readonly string[];
  /** Ids that were not stored before. */
  readonly fresh: ReadonlySet<string>;
}

interface Waiting {
  readonly batch: Batch;
  readonly done: (outcome: StoredBatch) => void;
  readonly failed: (error: unknown) => void;
}

/** Statements in one shared transaction: more bring nothing, and would make the first wait for the last. */
const GROUP = 500;

/**
 * Stores batches of statements; those that wait at the same moment share one transaction, each answered for itself.
 *
 * A batch is refused alone: its conflicts are no one else's. Where a shared transaction fails, each batch is tried by
 * itself, so that one cannot take others down.
 */
export class Ingest {
  readonly #database: Database;
  readonly #options: IngestOptions;
  readonly #queue: Waiting[] = [];
  #waiting = 0;
  #active = 0;

  constructor(database: Database, options: IngestOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** Whether a batch would be refused now: under overload refusals must be cheap, so whoever can asks before reading one. */
  get isFull(): boolean {
    return this.#waiting >= this.#options.maxWaiting;
  }

  /**
   * Stores a batch, all or nothing; resolves once it is durable.
   * @throws AppError UNAVAILABLE when too much waits already.
   */
  async store(batch: Batch): Promise<StoredBatch> {
    if (this.isFull) throw new AppError('UNAVAILABLE', 'more statements wait to be stored than the server can take; try again shortly');
    this.#waiting += batch.statements.length;
    return new Promise((done, failed) => {
      this.#queue.push({ batch, done, failed });
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#active < this.#options.concurrency && this.#queue.length > 0) {
      const group = this.#take();
      this.#active += 1;
      void this.#run(group).finally(() => {
        this.#active -= 1;
        this.#pump();
      });
    }
  }

  /** The batches at the head of the queue that fit into one transaction: in it an id may stand once. */
  #take(): readonly Waiting[] {
    const ids = new Set<string>();
    let length = 0;
    for (const { batch } of this.#queue) {
      if (length > 0 && (ids.size + batch.statements.length > GROUP || batch.statements.some(({ id }) => ids.has(id)))) break;
      for (const { id } of batch.statements) ids.add(id);
      length += 1;
    }
    this.#waiting -= ids.size;
    return this.#queue.splice(0, length);
  }

  async #run(group: readonly Waiting[]): Promise<void> {
    try {
      const { conflicts, fresh } = await this.#store(group.map(({ batch }) => batch));
      group.forEach(({ done }, index) => {
        done({ conflicts: conflicts[index] ?? [], fresh });
      });
    } catch (error) {
      // What waited too long together would wait as long again, each by itself.
      if (group.length === 1 || isConnectionError(error) || isTimeout(error)) for (const { failed } of group) failed(error);
      else for (const one of group) await this.#run([one]);
    }
  }

  #store(batches: readonly Batch[]): Promise<StoredBatches> {
    return this.#database.once((sql) => storeBatches(sql, batches));
  }
}
