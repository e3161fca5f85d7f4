import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import type { Commit } from '../../standards/scorm/play.ts';

const PREFIX = 'mumpuni-commit:';
const REFUSED = 'refused:';
const NONCE_BYTES = 24;

/**
 * Commits on this device until the server has them: what a learner saw saved outlives a lost connection and a closed tab.
 * Each carries everything, so of a run only the last is kept.
 *
 * They are sealed by a key of the registration: other packages may be delivered from the same host, and find them.
 */
export class Journal {
  readonly #prefix: string;
  readonly #key: Uint8Array;
  /** Where the device keeps nothing for us, at least the page does. */
  readonly #memory = new Map<string, Commit>();

  /** @param key 32 bytes in hexadecimal. */
  constructor(registration: string, key: string) {
    this.#prefix = `${PREFIX}${registration}:`;
    this.#key = Uint8Array.from(key.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  }

  #nameOf({ sessionId, nodeId, run }: Commit): string {
    return `${this.#prefix}${sessionId}:${nodeId}:${run}`;
  }

  /** The name is sealed with it: nothing may stand in the place of something else. */
  #cipher(name: string, nonce: Uint8Array) {
    return xchacha20poly1305(this.#key, nonce, new TextEncoder().encode(name));
  }

  /** Synchronous, which the browser's own ciphers are not: a page that goes away waits for nothing. */
  #seal(name: string, commit: Commit): string {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = this.#cipher(name, nonce).encrypt(new TextEncoder().encode(JSON.stringify(commit)));
    return toBase64(nonce) + toBase64(sealed);
  }

  /** @returns null for what this journal did not put there. */
  #open(name: string, text: string): Commit | null {
    try {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const opened = this.#cipher(name, bytes.subarray(0, NONCE_BYTES)).decrypt(bytes.subarray(NONCE_BYTES));
      return JSON.parse(new TextDecoder().decode(opened)) as Commit;
    } catch {
      return null;
    }
  }

  #held(name: string): Commit | null {
    try {
      const text = localStorage.getItem(name);
      return text === null ? null : this.#open(name, text);
    } catch {
      return null;
    }
  }

  /** @returns whether it will outlive this page. */
  put(commit: Commit): boolean {
    const name = this.#nameOf(commit);
    this.#memory.set(name, commit);
    try {
      localStorage.setItem(name, this.#seal(name, commit));
      return true;
    } catch {
      return false;
    }
  }

  /** What this page has put and the server does not have for sure, oldest first. */
  unsent(): readonly Commit[] {
    return [...this.#memory.values()].sort((a, b) => a.seq - b.seq);
  }

  /** Drops a commit that the server has, unless a later one took its place. */
  remove(commit: Commit): void {
    const name = this.#nameOf(commit);
    const held = this.#memory.get(name) ?? this.#held(name);
    if (held !== null && held.seq > commit.seq) return;
    this.#memory.delete(name);
    try {
      localStorage.removeItem(name);
    } catch {
      // Then it was never there.
    }
  }

  /** Puts aside what the server refuses, where it is not sent again and can still be found. */
  setAside(commit: Commit): void {
    const name = `${REFUSED}${this.#nameOf(commit)}`;
    try {
      localStorage.setItem(name, this.#seal(name, commit));
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
        const name = localStorage.key(index);
        const commit = name?.startsWith(this.#prefix) ? this.#held(name) : null;
        if (commit !== null) found.push(commit);
      }
    } catch {
      // A device that lets us keep nothing has nothing of ours.
    }
    return found.sort((a, b) => a.seq - b.seq);
  }
}

/** Of bytes in threes, so that texts can follow each other; by parts, since not everything fits into one call. */
function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 24_576) text += btoa(String.fromCharCode(...bytes.subarray(start, start + 24_576)));
  return text;
}
