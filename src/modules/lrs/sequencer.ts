import type { Database, Sql } from '../../db/database.ts';
import { isObject } from '../../standards/xapi/index.ts';
import { linksOf } from './links.ts';
import * as store from './sequencer.store.ts';

/** Statements placed in one transaction. */
const BATCH = 5_000;
/** Pause between two looks at whether older transactions have ended, in milliseconds. */
const LOOK_MS = 5;

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
  if (references.length === 0) return;
  const sources = new Map(
    (await store.readSources(sql, [...new Set(references.map(({ sourceId }) => sourceId))])).map((row) => [row.statementId, inheritedFrom(row)]),
  );
  await store.insertInherited(
    sql,
    references.flatMap((reference) => (sources.get(reference.sourceId) ?? []).map((link) => ({ ...reference, ...link }))),
  );
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

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Places everything stored before now.
   * @param signal ends the wait for transactions that stay open; then nothing more is placed.
   * @returns the number of statements placed.
   */
  async pass(signal?: AbortSignal): Promise<number> {
    const { sql } = this.#database;
    const sampled = await store.sampleClock(sql);
    const horizon = await store.takeHorizon(sql);
    while (!(await store.hasPassed(sql, horizon))) {
      if (signal?.aborted) return 0;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    let total = 0;
    for (let placed = BATCH; placed === BATCH && !signal?.aborted; total += placed) placed = await this.#place(sampled);
    return total;
  }

  async #place(upTo: string): Promise<number> {
    return this.#database.transaction(async (sql) => {
      if (!(await store.lockSequencer(sql))) return 0;
      const placed = await store.place(sql, upTo, BATCH);
      if (placed.length > 0) await inherit(sql, await store.referring(sql, placed));
      if (placed.length < BATCH) await store.publish(sql, upTo);
      return placed.length;
    });
  }
}
