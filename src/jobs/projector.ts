import type { Progress } from '../modules/progress/index.ts';
import { Loop, type LoopOptions } from './loop.ts';

export interface ProjectorOptions extends LoopOptions {
  readonly batchSize: number;
  /** Buckets worked on at once: most of projecting is waiting for the database. */
  readonly concurrency: number;
  /** Told of a statement that cannot be projected; it holds up nothing. */
  readonly onSetAside: (statementId: string, error: unknown) => void;
}

/** A statement that fails alone so often holds up its bucket no longer. */
const TRIES = 3;
const MAX_REMEMBERED = 1_000;

/**
 * Follows the inbox: takes waiting statements bucket by bucket until nothing waits. Any number of projectors, in any
 * number of processes, may run at once.
 */
export class Projector {
  readonly #progress: Progress;
  readonly #batchSize: number;
  readonly #concurrency: number;
  readonly #onSetAside: ProjectorOptions['onSetAside'];
  readonly #loop: Loop;
  /** How often statements failed alone. */
  readonly #failures = new Map<string, number>();

  constructor(progress: Progress, options: ProjectorOptions) {
    this.#progress = progress;
    this.#batchSize = options.batchSize;
    this.#concurrency = options.concurrency;
    this.#onSetAside = options.onSetAside;
    this.#loop = new Loop(() => this.drain(), options);
  }

  start = (): void => this.#loop.start();
  wake = (): void => this.#loop.wake();
  stop = (): Promise<void> => this.#loop.stop();

  /** Projects until nothing waits. @returns the number of statements taken. */
  async drain(): Promise<number> {
    const stopped = (): boolean => this.#loop.signal.aborted;
    let total = 0;
    for (let buckets = await this.#progress.waitingBuckets(); buckets.length > 0 && !stopped(); buckets = await this.#progress.waitingBuckets()) {
      // Little in each bucket: a few transactions for all of them. Much: those not emptied come again.
      const share = Math.ceil(buckets.length / this.#concurrency);
      const groups = Array.from({ length: Math.ceil(buckets.length / share) }, (_, index) => buckets.slice(index * share, (index + 1) * share));
      const failures: unknown[] = [];
      const work = async (): Promise<void> => {
        for (let group = groups.shift(); group && !stopped(); group = groups.shift()) {
          try {
            const { taken, left } = await this.#progress.projectBuckets(group, this.#batchSize);
            total += taken;
            if (left.length > 0) groups.push([...left]);
          } catch (error) {
            // What fails in one bucket must not hold up the others, nor one statement the rest of its bucket.
            const [bucket] = group;
            if (group.length > 1) groups.push(...group.map((one) => [one]));
            else if (bucket !== undefined) await this.#oneByOne(bucket, error).catch((failure: unknown) => failures.push(failure));
          }
        }
      };
      await Promise.all(Array.from({ length: this.#concurrency }, work));
      if (failures.length > 0) throw failures[0];
    }
    return total;
  }

  /**
   * Goes through as many statements of a bucket as a transaction would have taken, each in one of its own. The one that
   * fails alone is tried again in later rounds, then put out of the way.
   * @throws its failure until then, and the one that began this where no statement alone fails.
   */
  async #oneByOne(bucket: number, failure: unknown): Promise<void> {
    for (let taken = 0; taken < this.#batchSize && !this.#loop.signal.aborted; taken += 1) {
      const id = await this.#progress.projectFirst(bucket, (failed) => this.#isTooOften(failed));
      if (id === null) continue;
      this.#failures.delete(id);
      this.#onSetAside(id, failure);
      return;
    }
    throw failure;
  }

  #isTooOften(statementId: string): boolean {
    const failures = (this.#failures.get(statementId) ?? 0) + 1;
    if (this.#failures.size >= MAX_REMEMBERED) this.#failures.clear();
    this.#failures.set(statementId, failures);
    return failures >= TRIES;
  }
}
