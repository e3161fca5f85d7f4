import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { BlobStore } from './blob-store.ts';

const isMissing = (error: unknown): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';

/** Makes what was created or renamed in a folder survive a crash of the machine. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Blobs as files below one folder, two levels deep so that no folder grows large. */
export class FileBlobs implements BlobStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  #path(key: string): string {
    if (!/^[0-9a-z]{8,200}$/.test(key)) throw new Error('a blob key is lower-case letters and digits');
    return join(this.#root, key.slice(0, 2), key.slice(2, 4), key);
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.#keep(key, (temporary) => writeFile(temporary, bytes, { flag: 'wx', mode: 0o600 }));
  }

  putFile(key: string, path: string): Promise<void> {
    return this.#keep(key, (temporary) => copyFile(path, temporary, constants.COPYFILE_EXCL));
  }

  async #keep(key: string, write: (temporary: string) => Promise<void>): Promise<void> {
    const path = this.#path(key);
    const folder = dirname(path);
    const now = new Date();
    // What is kept again is young again, so that collecting strays leaves it.
    const isKept = await utimes(path, now, now).then(
      () => true,
      () => false,
    );
    if (isKept) return this.#syncFolders(folder);
    await mkdir(folder, { recursive: true });
    // Written aside and renamed: a reader sees all of it or nothing.
    const temporary = join(folder, `.${randomUUID()}`);
    try {
      await write(temporary);
      const handle = await open(temporary, 'r+');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await this.#syncFolders(folder);
  }

  async #syncFolders(folder: string): Promise<void> {
    for (const part of [folder, dirname(folder), this.#root]) await syncFolder(part);
  }

  async has(key: string): Promise<boolean> {
    return stat(this.#path(key)).then(
      () => true,
      (error: unknown) => {
        if (isMissing(error)) return false;
        throw error;
      },
    );
  }

  async get(key: string): Promise<Uint8Array | null> {
    return readFile(this.#path(key)).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
  }

  async open(key: string, first: number, last: number): Promise<Readable | null> {
    const handle = await open(this.#path(key), 'r').catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    return handle?.createReadStream({ start: first, end: last }) ?? null;
  }

  async delete(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  async *entries(): AsyncIterable<{ key: string; written: Date }> {
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    for (const entry of entries) {
      if (entry.isFile() && !entry.name.startsWith('.')) yield { key: entry.name, written: (await stat(join(entry.parentPath, entry.name))).mtime };
    }
  }
}
