export interface LoopOptions {
  /** Longest pause between two rounds, in milliseconds. */
  readonly pollMs: number;
  /** Told of a failure; the loop waits one pause and tries again. */
  readonly onError: (error: unknown) => void;
}

/** Does work again and again: at once when woken, else after a pause. */
export class Loop {
  readonly #work: (signal: AbortSignal) => Promise<unknown>;
  readonly #options: LoopOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #woken = false;
  #endSleep: (() => void) | null = null;

  /** @param work one round; it should end soon once the signal says so. */
  constructor(work: (signal: AbortSignal) => Promise<unknown>, options: LoopOptions) {
    this.#work = work;
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Says that there is something to do; costs nothing and never fails. */
  wake(): void {
    this.#woken = true;
    this.#endSleep?.();
  }

  /** Finishes the round under way and returns. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#endSleep?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.signal.aborted) {
      this.#woken = false;
      try {
        await this.#work(this.signal);
      } catch (error) {
        this.#options.onError(error);
      }
      await this.#sleep();
    }
  }

  async #sleep(): Promise<void> {
    if (this.#woken) return;
    await new Promise<void>((done) => {
      const timer = setTimeout(done, this.#options.pollMs);
      this.#endSleep = () => {
        clearTimeout(timer);
        done();
      };
      if (this.signal.aborted) this.#endSleep();
    });
    this.#endSleep = null;
  }
}
