import type { Pool } from 'pg';

/** Lets statements of SQL fail, as when the process or its connection dies there. */
export interface Crasher {
  /**
   * From now on the n-th statement fails, once.
   * @param lost whether it took effect all the same: only the answer is lost.
   */
  arm(n: number, lost: boolean): void;
  /** @returns whether it has failed. */
  disarm(): boolean;
}

type Query = (...args: unknown[]) => unknown;

/** Watches every connection of a pool, transactions and their ends included. */
export function crasherOf(pool: Pool): Crasher {
  const watched = new WeakSet<object>();
  let [left, isLost, hasFired] = [0, false, false];
  pool.on('acquire', (client) => {
    if (watched.has(client)) return;
    watched.add(client);
    const target = client as unknown as { query: Query };
    const query: Query = target.query.bind(client);
    target.query = (...args) => {
      // Before a transaction begins, and once it is being undone, nothing can be half done.
      if (args[0] === 'begin' || args[0] === 'rollback') return query(...args);
      left -= 1;
      if (left !== 0) return query(...args);
      hasFired = true;
      const crash = new Error('crashed');
      const done = args.at(-1);
      if (typeof done === 'function') {
        if (isLost) query(...args.slice(0, -1), () => done(crash));
        else process.nextTick(done as () => void, crash);
        return undefined;
      }
      const fail = (): never => {
        throw crash;
      };
      return isLost ? (query(...args) as Promise<unknown>).then(fail, fail) : Promise.reject(crash);
    };
  });
  return {
    arm: (n, lost) => {
      [left, isLost, hasFired] = [n, lost, false];
    },
    disarm: () => {
      left = 0;
      return hasFired;
    },
  };
}
