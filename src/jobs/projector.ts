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
  readonly #stop = new AbortController();
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
    this.#stop.abort();
    this.#endSleep?.();
    await this.#running;
  }

  /** Projects until nothing waits. @returns the number of statements taken. */
  async drain(): Promise<number> {
    let total = 0;
    for (let buckets = await this.#progress.waitingBuckets(); buckets.length > 0 && !this.#isStopped(); buckets = await this.#progress.waitingBuckets()) {
      for (const bucket of buckets) {
        for (let taken = this.#options.batchSize; taken === this.#options.batchSize && !this.#isStopped(); total += taken) {
          taken = await this.#progress.projectBucket(bucket, this.#options.batchSize);
        }
      }
    }
    return total;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped()) {
      this.#woken = false;
      try {
        await this.drain();
      } catch (error) {
        this.#options.onError(error);
      }
      await this.#sleep();
    }
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #sleep(): Promise<void> {
    if (this.#woken) return;
    await new Promise<void>((done) => {
      const timer = setTimeout(done, this.#options.pollMs);
      this.#endSleep = () => {
        clearTimeout(timer);
        done();
      };
      if (this.#isStopped()) this.#endSleep();
    });
    this.#endSleep = null;
  }
}
