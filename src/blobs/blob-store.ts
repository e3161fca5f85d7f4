import type { Readable } from 'node:stream';

/** Bytes under keys that name their content, so that a key is written once and never changes. */
export interface BlobStore {
  /** Keeps bytes; resolves once they are durable. Keeping the same key again does nothing. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Keeps the bytes of a file; for what is too large to hold in memory. The file stays where it is. */
  putFile(key: string, path: string): Promise<void>;
  has(key: string): Promise<boolean>;
  /** The bytes, or null where there are none. */
  get(key: string): Promise<Uint8Array | null>;
  /** A part of the bytes as a stream, first and last included; null where there are none. */
  open(key: string, first: number, last: number): Promise<Readable | null>;
  delete(key: string): Promise<void>;
  /** Everything kept, in any order, with when it was written. */
  entries(): AsyncIterable<{ readonly key: string; readonly written: Date }>;
}
