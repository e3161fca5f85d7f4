import { type Database, isConnectionError, type Sql } from '../../db/database.ts';
import { isObject } from '../../standards/xapi/index.ts';
import { linksOf } from './links.ts';
import * as store from './sequencer.store.ts';

/** Statements whose references are followed in one transaction. */
const REFERENCE_BATCH = 20;
/** Links written by one SQL statement. */
const LINK_CHUNK = 20_000;
/** Links that a few statements may bring about together; beyond, someone builds a web to stop the server. */
const MAX_LINKS = 2_000_000;
/** How long one call waits for open transactions, in milliseconds: whoever stops the server waits for the call. */
const WAIT_MS = 500;
/** Calls in vain after which somebody is told. */
const STALLED_AFTER = 10;

export interface SequencerOptions {
  /** Told of a statement whose references cannot be followed; it holds up nothing. */
  readonly onGivenUp: (statementId: string, error: unknown) => void;
  /** Told of the database's processes that have been storing for seconds and hold up positions, once in a pass. */
  readonly onStalled: (pids: readonly number[]) => void;
  readonly waitMs?: number;
}

function inheritedFrom(source: store.Source): readonly { key: string; roles: number }[] {
  const statement: unknown = JSON.parse(source.body);
  if (!isObject(statement)) return [];
  const { agents, activities } = linksOf(statement, JSON.parse(source.authority));
  return [
    ...[...agents, ...activities].map(([key, roles]) => ({ key, roles })),
    { key: source.verbKey, roles: 0 },
    ...(source.registration === null ? [] : [{ key: source.registration, roles: 0 }]),
  ];
}

/** Lets statements be found by what those they refer to say (Communication 2.1.3), whichever was stored first. */
async function inherit(sql: Sql, ids: readonly string[]): Promise<void> {
  const references = await store.referencesThrough(sql, ids);
  const sourceIds = [...new Set(references.map(({ sourceId }) => sourceId))];
  const sources = new Map((await store.readSources(sql, sourceIds)).map((row) => [row.statementId, inheritedFrom(row)]));
  let total = 0;
  let chunk: store.InheritedLink[] = [];
  for (const reference of references) {
    for (const link of sources.get(reference.sourceId) ?? []) chunk.push({ ...reference, ...link });
    if (chunk.length < LINK_CHUNK) continue;
    total += chunk.length;
    if (total > MAX_LINKS) throw new Error(`the references through ${ids.join(', ')} inherit more than ${MAX_LINKS} links`);
    await store.insertInherited(sql, chunk);
    chunk = [];
  }
  await store.insertInherited(sql, chunk);
}

/**
 * Brings committed statements into one order: dense positions, references, and the instant up to which nothing is
 * missing. Any number of processes may run passes; each statement is placed once.
 *
 * A sequence or a clock cannot do this: what has the smaller number may become visible later. A statement is placed
 * once every transaction that could still store an earlier one has ended.
 */
export class Sequencer {
  readonly #database: Database;
  readonly #options: SequencerOptions;

  constructor(database: Database, options: SequencerOptions) {
    this.#database = database;
    this.#options = options;
  }

  /**
   * Places everything stored before now and follows its references.
   * @param pauseMs nothing is done when a pass of any process ended less than that ago: however many processes run, they
   * make one pass per pause together.
   * @param signal ends the wait for transactions that stay open; then nothing more is placed.
   * @returns the number of statements placed.
   */
  async pass({ pauseMs = 0, signal }: { readonly pauseMs?: number; readonly signal?: AbortSignal } = {}): Promise<number> {
    const { sql } = this.#database;
    const wait = { pauseMs, waitMs: this.#options.waitMs ?? WAIT_MS };
    let waits = 0;
    let state = await store.sequence(sql, wait, null);
    let total = state.placed;
    while ((state.outcome === 'WAITING' || state.outcome === 'MORE') && !signal?.aborted) {
      waits += state.outcome === 'WAITING' ? 1 : 0;
      if (waits === STALLED_AFTER) this.#options.onStalled(await store.storingPids(sql, state.awaited ?? []));
      state = await store.sequence(sql, wait, state);
      total += state.placed;
    }
    if (state.outcome !== 'DONE' || state.sampled === null) return total;
    if ((await this.#followReferences(signal)) > 0) await store.publish(sql, state.sampled);
    return total;
  }

  /** Follows what waits, a few at a time; where a few fail, each alone, so that one cannot stop the others. */
  async #followReferences(signal: AbortSignal | undefined): Promise<number> {
    let total = 0;
    for (let size = REFERENCE_BATCH; !signal?.aborted; ) {
      try {
        const followed = await this.#follow(size);
        if (followed === 0) break;
        total += followed;
        size = REFERENCE_BATCH;
      } catch (error) {
        if (isConnectionError(error)) throw error;
        if (size === 1) {
          const givenUp = await store.failFirstReference(this.#database.sql);
          if (givenUp === null) throw error;
          this.#options.onGivenUp(givenUp, error);
        }
        size = 1;
      }
    }
    return total;
  }

  async #follow(limit: number): Promise<number> {
    return this.#database.transaction(async (sql) => {
      const ids = await store.claimReferences(sql, limit);
      if (ids.length > 0) await inherit(sql, ids);
      return ids.length;
    });
  }
}
