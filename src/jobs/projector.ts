import type { Progress } from '../modules/progress/index.ts';
import { Loop, type LoopOptions } from './loop.ts';

export interface ProjectorOptions extends LoopOptions {
  readonly batchSize: number;
}

/**
 * Follows the inbox: takes waiting statements bucket by bucket until nothing waits. Any number of projectors, in any
 * number of processes, may run at once.
 */
export class Projector {
  readonly #progress: Progress;
  readonly #batchSize: number;
  readonly #loop: Loop;

  constructor(progress: Progress, options: ProjectorOptions) {
    this.#progress = progress;
    this.#batchSize = options.batchSize;
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
      for (const bucket of buckets) {
        for (let taken = this.#batchSize; taken === this.#batchSize && !stopped(); total += taken) {
          taken = await this.#progress.projectBucket(bucket, this.#batchSize);
        }
      }
    }
    return total;
  }
}
