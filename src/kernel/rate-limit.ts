import type { Clock } from './clock.ts';
import { rateLimited } from './errors.ts';

const WINDOW_MS = 60_000;

/** So much for each key in this process, minute by minute. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #clock: Clock;
  /** Of the minute that began at `#since`: all are forgotten together, so that no key costs a look at the others. */
  readonly #taken = new Map<string, number>();
  #since = 0;

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /**
   * Takes one.
   * @param what may be done so often, in words.
   * @throws AppError RATE_LIMITED where none is left, saying when there will be.
   */
  take(key: string, what: string): void {
    const now = this.#clock.now().getTime();
    if (now - this.#since >= WINDOW_MS) this.#taken.clear();
    // A clock that is set back gives nothing, and holds nobody up for longer.
    if (now < this.#since || this.#taken.size === 0) this.#since = now;
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= this.#perMinute) {
      const seconds = Math.ceil((this.#since + WINDOW_MS - now) / 1_000);
      throw rateLimited(`${what} ${this.#perMinute} times a minute; try again in ${seconds} s`, seconds);
    }
    this.#taken.set(key, taken + 1);
  }
}
