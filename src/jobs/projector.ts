import type { Progress } from '../modules/progress/index.ts';

export interface ProjectorOptions {
  readonly pollMs: number;
  readonly batchSize: number;
  /** Told of a failure; the projector waits one pause and tries again. */
  readonly onError: (error: unknown) => void;
}

/**
 * Follows the inbox: takes waiting statements bucket by bucket until nothing waits, then sleeps until woken or for one
 * poll. Any number of projectors, in any number of processes, may run at once.
 */
export class Projector {
  readonly #progress: Progress;
  readonly #options: ProjectorOptions;
  #stopped = false;
  #running: Promise<void> | null = null;
  #woken = false;
  #endSleep: (() => void) | null = null;

  constructor(progress: Progress, options: ProjectorOptions) {
    this.#progress = progress;
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Says that something was stored; costs nothing and never fails. */
  wake(): void {
    this.#woken = true;
    this.#endSleep?.();
  }

  /** Finishes the transaction under way and returns. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endSleep?.();
    await this.#running;
  }

  /** Projects until nothing waits. @returns the number of statements taken. */
  async drain(): Promise<number> {
    let total = 0;
    for (let buckets = await this.#progress.waitingBuckets(); buckets.length > 0 && !this.#stopped; buckets = await this.#progress.waitingBuckets()) {
      for (const bucket of buckets) {
        for (let taken = this.#options.batchSize; taken === this.#options.batchSize && !this.#stopped; total += taken) {
          taken = await this.#progress.projectBucket(bucket, this.#options.batchSize);
        }
      }
    }
    return total;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#woken = false;
      try {
        await this.drain();
      } catch (error) {
        this.#options.onError(error);
      }
      if (!this.#woken) await this.#sleep();
    }
  }

  async #sleep(): Promise<void> {
    await new Promise<void>((done) => {
      const timer = setTimeout(done, this.#options.pollMs);
      this.#endSleep = () => {
        clearTimeout(timer);
        done();
      };
      if (this.#stopped) this.#endSleep();
    });
    this.#endSleep = null;
  }
}
