export interface LoopOptions {
  /** Longest pause between two rounds, in milliseconds. */
  readonly pollMs: number;
  /** Least pause between two rounds however often it is woken, in milliseconds; none by default. */
  readonly restMs?: number;
  /** Told of a failure; the loop waits one pause and tries again. */
  readonly onError: (error: unknown) => void;
}

/** One round. @param woken whether there was something to do, or only the pause was over. It should end soon once the signal says so. */
type Work = (signal: AbortSignal, woken: boolean) => Promise<unknown>;

/** Does work again and again: soon when woken, else after a pause. */
export class Loop {
  readonly #work: Work;
  readonly #options: LoopOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #woken = false;
  #endSleep: (() => void) | null = null;

  constructor(work: Work, options: LoopOptions) {
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
      const woken = this.#woken;
      this.#woken = false;
      try {
        await this.#work(this.signal, woken);
      } catch (error) {
        this.#options.onError(error);
      }
      await this.#sleep();
    }
  }

  async #sleep(): Promise<void> {
    const { pollMs, restMs = 0 } = this.#options;
    if (restMs > 0) await this.#pause(restMs, () => false);
    await this.#pause(pollMs - restMs, () => this.#woken);
  }

  /** Ends early when the loop stops, or once it may end and is woken. */
  async #pause(ms: number, mayEnd: () => boolean): Promise<void> {
    if (mayEnd() || this.signal.aborted) return;
    await new Promise<void>((done) => {
      const timer = setTimeout(done, ms);
      this.#endSleep = () => {
        if (!mayEnd() && !this.signal.aborted) return;
        clearTimeout(timer);
        done();
      };
    });
    this.#endSleep = null;
  }
}
