import type { Progress } from '../modules/progress/index.ts';
import { Loop, type LoopOptions } from './loop.ts';

export interface ProjectorOptions extends LoopOptions {
  readonly batchSize: number;
  /** Buckets worked on at once: most of projecting is waiting for the database. */
  readonly concurrency: number;
}

/**
 * Follows the inbox: takes waiting statements bucket by bucket until nothing waits. Any number of projectors, in any
 * number of processes, may run at once.
 */
export class Projector {
  readonly #progress: Progress;
  readonly #batchSize: number;
  readonly #concurrency: number;
  readonly #loop: Loop;

  constructor(progress: Progress, options: ProjectorOptions) {
    this.#progress = progress;
    this.#batchSize = options.batchSize;
    this.#concurrency = options.concurrency;
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
            // What fails in one bucket must not hold up the others.
            if (group.length === 1) failures.push(error);
            else groups.push(...group.map((bucket) => [bucket]));
          }
        }
      };
      await Promise.all(Array.from({ length: this.#concurrency }, work));
      if (failures.length > 0) throw failures[0];
    }
    return total;
  }
}
