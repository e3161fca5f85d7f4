import type { Commit } from '../../standards/scorm/play.ts';

const PREFIX = 'mumpuni-commit:';
const REFUSED = 'refused:';

/**
 * Commits on this device until the server has them: what a learner saw saved outlives a lost connection and a closed tab.
 * Each carries everything, so of a run only the last is kept.
 */
export class Journal {
  readonly #prefix: string;
  /** Where the device keeps nothing for us, at least the page does. */
  readonly #memory = new Map<string, string>();

  constructor(registration: string) {
    this.#prefix = `${PREFIX}${registration}:`;
  }

  #keyOf({ sessionId, nodeId, run }: Commit): string {
    return `${this.#prefix}${sessionId}:${nodeId}:${run}`;
  }

  /** @returns whether it will outlive this page. */
  put(commit: Commit): boolean {
    const key = this.#keyOf(commit);
    const value = JSON.stringify(commit);
    this.#memory.set(key, value);
    try {
      localStorage.setItem(key, value);
      return true;
    } catch {
      return false;
    }
  }

  /** What this page has put and the server does not have for sure, oldest first. */
  unsent(): readonly Commit[] {
    return [...this.#memory.values()].map((value) => JSON.parse(value) as Commit).sort((a, b) => a.seq - b.seq);
  }

  /** Drops a commit that the server has, unless a later one took its place. */
  remove(commit: Commit): void {
    const key = this.#keyOf(commit);
    const held = this.#memory.get(key) ?? read(key);
    if (held !== null && (JSON.parse(held) as Commit).seq > commit.seq) return;
    this.#memory.delete(key);
    try {
      localStorage.removeItem(key);
    } catch {
      // Then it was never there.
    }
  }

  /** Puts aside what the server refuses, where it is not sent again and can still be found. */
  setAside(commit: Commit): void {
    try {
      localStorage.setItem(`${REFUSED}${this.#keyOf(commit)}`, JSON.stringify(commit));
    } catch {
      // It was refused; there is no more to be done for it.
    }
    this.remove(commit);
  }

  /** What is left of earlier pages, oldest first. */
  left(): readonly Commit[] {
    const found: Commit[] = [];
    try {
      for (let index = 0; index < localStorage.length; index += 1) {
        const key = localStorage.key(index);
        const value = key?.startsWith(this.#prefix) ? localStorage.getItem(key) : null;
        if (value !== null) found.push(JSON.parse(value) as Commit);
      }
    } catch {
      // A device that lets us keep nothing has nothing of ours.
    }
    return found.sort((a, b) => a.seq - b.seq);
  }
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
