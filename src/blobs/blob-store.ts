/** Bytes under keys that name their content, so that a key is written once and never changes. */
export interface BlobStore {
  /** Keeps bytes; resolves once they are durable. Keeping the same key again does nothing. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** The bytes, or null where there are none. */
  get(key: string): Promise<Uint8Array | null>;
  delete(key: string): Promise<void>;
  /** Everything kept, in any order, with when it was written. */
  entries(): AsyncIterable<{ readonly key: string; readonly written: Date }>;
}
