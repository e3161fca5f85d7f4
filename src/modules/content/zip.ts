import { createHash } from 'node:crypto';
import { read } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, fromRandomAccessReader, getFileNameLowLevel, RandomAccessReader, type ZipFile } from 'yauzl';
import type { PackageIssue } from '../../standards/scorm/index.ts';

export interface ZipLimits {
  readonly maxEntries: number;
  /** Of all files together, unpacked, in bytes. */
  readonly maxTotalBytes: number;
}

/** A file of a package: where it will be, and what the directory says of it. */
export interface ZipFileEntry {
  readonly path: string;
  readonly bytes: number;
  readonly entry: Entry;
}

/** An archive that is not taken as a whole. */
export class ZipRefused extends Error {
  readonly issues: readonly PackageIssue[];

  constructor(issues: readonly PackageIssue[]) {
    super(issues[0]?.message ?? 'the package is refused');
    this.issues = issues;
  }
}

/** In bytes: an index entry ends at 2,704. */
const MAX_PATH = 1_024;
const MAX_SEGMENT = 255;
const MAX_DEPTH = 32;
/** More than real files reach: text deflates to a twentieth, a bomb to a thousandth. */
const MAX_RATIO = 150;
const RATIO_MATTERS_FROM = 32 * 1024 * 1024;
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
const FILE_TYPE = 0o170000;
/** Bytes of a local header without its name. */
const LOCAL_HEADER = 30;
const REGULAR = new Set([0, 0o100000, 0o040000]);

const issue = (path: string, rule: string, message: string): PackageIssue => ({ severity: 'ERROR', path: path.slice(0, 300), rule, message });

/** Why a name cannot be a file's; null when it can. */
function nameFault(name: string): string | null {
  if (Buffer.byteLength(name) > MAX_PATH) return `a name may have at most ${MAX_PATH} bytes`;
  if (/\p{Cc}/u.test(name)) return 'a name must hold no control characters';
  if (!name.isWellFormed() || name.includes('\uFFFD')) return 'a name must be valid UTF-8 or CP437';
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'a name must be relative';
  const segments = name.replace(/\/$/, '').split('/');
  if (segments.length > MAX_DEPTH) return `folders may be nested ${MAX_DEPTH} deep`;
  for (const segment of segments) {
    if (segment === '..' || segment === '.') return 'a name must not lead out of the package';
    if (segment === '') return 'a name must not hold empty parts';
    if (Buffer.byteLength(segment) > MAX_SEGMENT) return `each part of a name may have at most ${MAX_SEGMENT} bytes`;
    if (segment.includes(':') || /[. ]$/.test(segment) || RESERVED.test(segment)) return 'this name is reserved on some systems';
  }
  return null;
}

/** Files that archivers add and nobody launches. */
const isLitter = (path: string): boolean => path.startsWith('__MACOSX/') || /(?:^|\/)(?:\.DS_Store|Thumbs\.db|desktop\.ini)$/i.test(path);

/** An open archive whose whole directory was checked; nothing is unpacked before that. */
export class PackageZip {
  readonly files: ReadonlyMap<string, ZipFileEntry>;
  readonly issues: readonly PackageIssue[];
  readonly #zip: ZipFile;
  readonly #handle: FileHandle;

  private constructor(zip: ZipFile, handle: FileHandle, files: ReadonlyMap<string, ZipFileEntry>, issues: readonly PackageIssue[]) {
    this.#zip = zip;
    this.#handle = handle;
    this.files = files;
    this.issues = issues;
  }

  /**
   * Opens an archive and checks every name, size and kind in its directory.
   * @throws ZipRefused with everything that is wrong.
   */
  static async open(path: string, limits: ZipLimits): Promise<PackageZip> {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      const zip = await openZip(new FileReader(handle, size), size);
      if (zip.entryCount > limits.maxEntries)
        throw new ZipRefused([issue('', 'zip-entries', `a package may hold at most ${limits.maxEntries} files; this one says ${zip.entryCount}`)]);
      const entries = await readDirectory(zip, limits.maxEntries);
      return new PackageZip(zip, handle, ...checkDirectory(entries, size, limits));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The content of a file. @throws ZipRefused when it is longer than the limit, or not what the directory says. */
  async read(path: string, limitBytes: number): Promise<Buffer> {
    const file = this.files.get(path);
    if (!file) throw new ZipRefused([issue(path, 'zip-missing', 'the file is not in the package')]);
    if (file.bytes > limitBytes) throw new ZipRefused([issue(path, 'file-size', `this file may have at most ${limitBytes} bytes; it has ${file.bytes}`)]);
    const chunks: Buffer[] = [];
    await this.unpack(file, (chunk) => {
      chunks.push(chunk);
    });
    return Buffer.concat(chunks);
  }

  /**
   * Unpacks a file piece by piece, checking its length and checksum.
   * @returns its SHA-256, in hexadecimal.
   * @throws ZipRefused when it is not what the directory says.
   */
  async unpack(file: ZipFileEntry, take: (chunk: Buffer) => void | Promise<void>): Promise<string> {
    const sha256 = createHash('sha256');
    let checksum = 0;
    for await (const bytes of piecesOf(this.#zip, file)) {
      checksum = crc32(bytes, checksum);
      sha256.update(bytes);
      await take(bytes);
    }
    if (checksum !== file.entry.crc32) throw new ZipRefused([issue(file.path, 'zip-checksum', 'the content of this file does not match its checksum')]);
    return sha256.digest('hex');
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Reads an archive, and answers positions outside of it with an error: a directory may say any. */
class FileReader extends RandomAccessReader {
  readonly #handle: FileHandle;
  readonly #size: number;

  constructor(handle: FileHandle, size: number) {
    super();
    this.#handle = handle;
    this.#size = size;
  }

  #isInside(start: number, end: number): boolean {
    return Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end <= this.#size;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const inside = this.#isInside(start, end);
    const handle = this.#handle;
    let position = start;
    return new Readable({
      read(size) {
        if (!inside) return void this.destroy(OUTSIDE());
        const length = Math.min(size, end - position);
        if (length === 0) return void this.push(null);
        return void handle.read(Buffer.allocUnsafe(length), 0, length, position).then(
          ({ bytesRead, buffer }) => {
            position += bytesRead;
            this.push(bytesRead === 0 ? null : buffer.subarray(0, bytesRead));
          },
          (error: unknown) => this.destroy(error as Error),
        );
      },
    });
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null) => void): void {
    if (!this.#isInside(position, position + length)) {
      process.nextTick(callback, OUTSIDE());
      return;
    }
    read(this.#handle.fd, buffer, offset, length, position, (error, bytesRead) => callback(error ?? (bytesRead === length ? null : OUTSIDE())));
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }
}

const OUTSIDE = (): Error => new Error('the archive points outside of itself');

function openZip(reader: FileReader, size: number): Promise<ZipFile> {
  return new Promise((done, failed) => {
    // Names are decoded and judged here: all of them, each with what is wrong.
    const options = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: true };
    fromRandomAccessReader(reader, size, options, (error, zip) => {
      if (error) failed(new ZipRefused([issue('', 'zip-readable', `this is no ZIP archive that can be read: ${error.message}`)]));
      else done(zip);
    });
  });
}

/** The name of an entry, whatever its encoding; separators of Windows tools made those of everyone. */
function nameOf(entry: Entry): string {
  const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
  return name.replaceAll('\\', '/').normalize('NFC');
}

function readDirectory(zip: ZipFile, maxEntries: number): Promise<readonly Entry[]> {
  return new Promise((done, failed) => {
    const entries: Entry[] = [];
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      if (entries.length > maxEntries) failed(new ZipRefused([issue('', 'zip-entries', `a package may hold at most ${maxEntries} files`)]));
      else zip.readEntry();
    });
    zip.on('end', () => done(entries));
    zip.on('error', (error: Error) => failed(new ZipRefused([issue('', 'zip-directory', `the directory of the archive is not taken: ${error.message}`)])));
    zip.readEntry();
  });
}

function openEntry(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((done, failed) => {
    zip.openReadStream(entry, (error, stream) => (error ? failed(error) : done(stream)));
  });
}

/** The content of a file; what fails in whoever takes it is no fault of the archive. @throws ZipRefused where it cannot be unpacked. */
async function* piecesOf(zip: ZipFile, { path, entry }: ZipFileEntry): AsyncGenerator<Buffer> {
  try {
    for await (const piece of await openEntry(zip, entry)) yield piece as Buffer;
  } catch (error) {
    throw new ZipRefused([issue(path, 'zip-content', `the file cannot be unpacked: ${(error as Error).message}`)]);
  }
}

/** Whether entries share bytes: each needs its header, its name and its content for itself. */
function overlaps(entries: readonly Entry[]): boolean {
  const sorted = entries.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  return sorted.some((entry, index) => {
    const next = sorted[index + 1];
    const least = entry.relativeOffsetOfLocalHeader + LOCAL_HEADER + entry.fileNameRaw.length + entry.compressedSize;
    return next !== undefined && next.relativeOffsetOfLocalHeader < least;
  });
}

function checkDirectory(entries: readonly Entry[], archiveBytes: number, limits: ZipLimits): [ReadonlyMap<string, ZipFileEntry>, readonly PackageIssue[]] {
  const errors: PackageIssue[] = [];
  const notices: PackageIssue[] = [];
  const files = new Map<string, ZipFileEntry>();
  const folders = new Set<string>();
  const folded = new Map<string, string>();
  let total = 0;
  for (const entry of entries) {
    const name = nameOf(entry);
    const refuse = (rule: string, message: string): void => void errors.push(issue(name, rule, message));
    const fault = nameFault(name);
    if (fault !== null) refuse('zip-name', fault);
    // The upper half of the attributes is the mode, where the archive was made on Unix.
    if (!REGULAR.has((entry.externalFileAttributes >>> 16) & FILE_TYPE)) refuse('zip-link', 'links and devices are not taken');
    if (entry.isEncrypted()) refuse('zip-encrypted', 'encrypted files are not taken');
    if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) refuse('zip-method', `the compression method ${entry.compressionMethod} is not taken`);
    if (name.endsWith('/')) {
      folders.add(name.slice(0, -1));
      continue;
    }
    if (isLitter(name)) {
      notices.push({ severity: 'NOTICE', path: name, rule: 'zip-litter', message: 'a file of the archiver, left out' });
      continue;
    }
    const key = name.toLowerCase();
    const same = folded.get(key);
    if (same !== undefined) refuse('zip-duplicate', same === name ? 'this file is in the archive twice' : `this name differs from ${same} by case only`);
    folded.set(key, name);
    total += entry.uncompressedSize;
    files.set(name, { path: name, bytes: entry.uncompressedSize, entry });
    if (errors.length > 50) break;
  }
  for (const path of files.keys()) {
    const parts = path.split('/').slice(0, -1);
    for (let length = 1; length <= parts.length; length += 1) folders.add(parts.slice(0, length).join('/'));
  }
  const foldedFolders = new Set([...folders].map((folder) => folder.toLowerCase()));
  for (const path of files.keys()) if (foldedFolders.has(path.toLowerCase())) errors.push(issue(path, 'zip-name', 'this name is a file and a folder'));
  if (total > limits.maxTotalBytes) errors.push(issue('', 'zip-size', `a package may unpack to at most ${limits.maxTotalBytes} bytes; this one says ${total}`));
  if (overlaps(entries)) errors.push(issue('', 'zip-overlap', 'files of the archive share their bytes'));
  if (total > RATIO_MATTERS_FROM && total > MAX_RATIO * archiveBytes)
    errors.push(issue('', 'zip-ratio', `a package may unpack to at most ${MAX_RATIO} times its size; this one says ${Math.round(total / archiveBytes)} times`));
  if (errors.length > 0) throw new ZipRefused(errors);
  return [files, notices];
}
