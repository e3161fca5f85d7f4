import type { Database, Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { ensurePseudonyms, type Viewer } from '../access/index.ts';
import * as store from './feed.store.ts';

const PLACED_AT_ONCE = 1_000;
const PAGE = 100;
/** A follower looks at least this often whether it may still follow. */
const LOOK_MS = 4_000;

/** What somebody follows. */
export interface Following {
  readonly viewer: Viewer;
  /** Position after which to begin; null: with what happens from now on. */
  readonly after: number | null;
  /** Only this learner, by our own id. */
  readonly learnerId: string | null;
  /** Asked again and again: whether the viewer may still follow. */
  readonly isStillValid: () => Promise<boolean>;
}

/** Changes of level in one order for everybody: to be paged through, resumed at a position, or followed as they come. */
export class Feed {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  readonly #waiting = new Set<() => void>();
  #seen = 0;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  get #sql(): Sql {
    return this.#database.sql;
  }

  /**
   * Gives committed events their positions, and wakes who follows in this process, whichever process gave them.
   * @returns how many there were.
   */
  async place(): Promise<number> {
    let total = 0;
    for (let placed: number | null = PLACED_AT_ONCE; placed === PLACED_AT_ONCE; total += placed ?? 0) {
      placed = await this.#database.transaction((sql) => store.placeEvents(sql, PLACED_AT_ONCE));
    }
    const last = await this.lastPosition();
    if (last === this.#seen) return total;
    this.#seen = last;
    this.#wakeAll();
    return total;
  }

  /** A page of what the viewer may see. @param after position of the last event seen; 0 for the beginning. */
  async page(viewer: Viewer, after: number, limit: number, learnerId: string | null): Promise<readonly store.FeedEvent[]> {
    const now = this.#clock.now();
    if (viewer.role === 'PARTNER') await ensurePseudonyms(this.#sql, viewer, now);
    return store.eventsAfter(this.#sql, { viewer, now, after, limit, learnerId });
  }

  lastPosition = (): Promise<number> => store.lastPosition(this.#sql);

  /** Events as they get their positions, until the follower goes, may follow no longer, or the server ends. */
  async *follow({ viewer, after, learnerId, isStillValid }: Following): AsyncGenerator<store.FeedEvent> {
    let position = after ?? (await this.lastPosition());
    while (!this.#ended.signal.aborted && (await isStillValid())) {
      const seen = this.#seen;
      // Read before the page: what has a position by then is in the page, or is not the viewer's.
      const last = await this.lastPosition();
      const page = await this.page(viewer, position, PAGE, learnerId);
      yield* page;
      position = page.at(-1)?.position ?? Math.max(position, last);
      if (page.length === 0) await this.#pause(seen);
    }
  }

  /** Ends all followers. */
  end(): void {
    this.#ended.abort();
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Until something is placed that was not there yet when the follower looked. */
  async #pause(seen: number): Promise<void> {
    if (this.#ended.signal.aborted || this.#seen !== seen) return;
    await new Promise<void>((done) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        done();
      };
      const timer = setTimeout(wake, LOOK_MS);
      this.#waiting.add(wake);
    });
  }
}
