import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BlobStore } from '../../blobs/blob-store.ts';
import type { Database, Sql } from '../../db/database.ts';
import { assertExists } from '../../db/references.ts';
import { SHORT_TEXT } from '../../kernel/checks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { AppError, missing } from '../../kernel/errors.ts';
import { digestKey, newId } from '../../kernel/ids.ts';
import type { PackageIssue } from '../../standards/scorm/index.ts';
import { digestSecret, newSecret } from '../access/index.ts';
import type { Training } from '../training/index.ts';
import * as store from './content.store.ts';
import { type ContentModel, type ContentNode, type Naming, nodesOf, plainText } from './model.ts';
import { MANIFEST_LIMIT_BYTES, type ReadPackage, readBareStructure, readPackage } from './read.ts';
import { checkRules, type Rules, type RulesChange, rulesInForce, type SaidRules } from './rules.ts';
import { PackageZip, type ZipFileEntry, type ZipLimits, ZipRefused } from './zip.ts';

export interface ContentOptions {
  /** Put before the IRIs of activities; an absolute URL. */
  readonly baseUrl: string;
  readonly limits: ZipLimits;
  /** The address that takes a package, before its token. */
  readonly uploadUrl: () => string;
}

/** What became of a package: a version, or the reasons why there is none. */
export interface ImportOutcome {
  readonly packageId: string | null;
  readonly versionId: string | null;
  readonly issues: readonly PackageIssue[];
}

export interface ImportTarget {
  /** The package it is a version of; null makes a new package. */
  readonly packageId: string | null;
  /** The partner whose content it is. */
  readonly ownerId: string | null;
}

/** Where a file of a package is kept. */
export interface ContentFile {
  readonly path: string;
  readonly blobKey: string;
  readonly bytes: number;
}

const UPLOAD_HOURS = 4;
const SMALL_FILE = 1024 * 1024;
/** Files written at once; each waits for the disk. */
const WRITERS = 8;
const HELD_MODELS = 50;

const ACTIVITY_KINDS = { SCORM_12: 'SCORM12_SCO', SCORM_2004: 'SCORM2004_SCO', CMI5: 'CMI5_AU', TINCAN: 'XAPI' } as const;

const shorten = (text: string): string => text.replaceAll('\0', '').toWellFormed().slice(0, SHORT_TEXT) || '-';

/** Packages of e-learning: taken apart, kept, given out file by file. */
export class Content {
  readonly #database: Database;
  readonly #blobs: BlobStore;
  readonly #clock: Clock;
  readonly #training: Training;
  readonly #options: ContentOptions;
  readonly #models = new Map<string, ContentModel>();

  constructor(database: Database, blobs: BlobStore, clock: Clock, training: Training, options: ContentOptions) {
    this.#database = database;
    this.#blobs = blobs;
    this.#clock = clock;
    this.#training = training;
    this.#options = options;
  }

  get #sql(): Sql {
    return this.#database.sql;
  }

  /** Opens the way for one package. The token is in the answer and nowhere else. @throws AppError when package or partner are not there. */
  async createUpload(target: ImportTarget): Promise<store.UploadRow & { readonly token: string }> {
    const token = newSecret();
    const now = this.#clock.now();
    const row: store.UploadRow = {
      id: newId(),
      createdAt: now,
      expiresAt: new Date(now.getTime() + UPLOAD_HOURS * 3_600_000),
      ...target,
      state: 'WAITING',
      versionId: null,
      report: '[]',
    };
    await this.#database.transaction(async (sql) => {
      if (target.ownerId) await assertExists(sql, 'access.partner', target.ownerId, '/ownerId', 'partner');
      if (target.packageId) await this.#checkOwner(sql, target.packageId, target.ownerId);
      await store.insertUpload(sql, { ...row, tokenHash: digestSecret(token) });
    });
    return { ...row, token };
  }

  /** Where the package of an upload is sent to. */
  uploadUrl(token: string): string {
    return `${this.#options.uploadUrl()}/${token}`;
  }

  async #checkOwner(sql: Sql, packageId: string, ownerId: string | null): Promise<void> {
    const [row] = await store.packagesById(sql, [packageId]);
    if (!row || (ownerId !== null && row.ownerId !== ownerId)) throw missing('/packageId', 'reference', 'there is no such package');
  }

  /**
   * Says rules of a package.
   * @param ownerId the partner whose it must be; null stands for any. @throws AppError NOT_FOUND, INVALID_INPUT
   */
  async setPackageRules(packageId: string, change: RulesChange, ownerId: string | null): Promise<store.PackageRow> {
    checkRules(change);
    const row = await store.setPackageRules(this.#sql, packageId, change, ownerId);
    if (!row) throw missing('/packageId', 'reference', 'there is no such package');
    return row;
  }

  /** Says rules of all content, or of that of a standard. @throws AppError INVALID_INPUT */
  async setGeneralRules(scope: store.GeneralScope, change: RulesChange): Promise<void> {
    checkRules(change);
    await store.setGeneralRules(this.#sql, scope, change);
  }

  /**
   * The rules of content in one registration, by one query.
   * @param ofRegistration what is said of the registration itself.
   */
  async rulesFor(sql: Sql, packageId: string, ofRegistration: SaidRules): Promise<Rules> {
    const above = await store.rulesAbove(sql, packageId);
    if (!above) throw new Error(`there is no package ${packageId}`);
    return rulesInForce({ SYSTEM: above.system, STANDARD: above.standard, PACKAGE: above.package, REGISTRATION: ofRegistration });
  }

  /** Whether a package may still come in by a token. @throws AppError NOT_FOUND when none may. */
  async openUpload(token: string): Promise<store.UploadRow> {
    const upload = await store.uploadByToken(this.#sql, digestSecret(token));
    if (!upload || upload.state === 'IMPORTED' || upload.expiresAt <= this.#clock.now())
      throw new AppError('NOT_FOUND', 'this upload address is not valid, was used, or has expired; ask for another one');
    return upload;
  }

  /** Takes the package of an upload from a file. A refused one may be mended and sent again. */
  async receive(upload: store.UploadRow, path: string): Promise<ImportOutcome> {
    return this.importFile(path, upload, upload.id);
  }

  /**
   * Imports a package, or refuses it with everything that is wrong; then nothing of it is kept.
   * @param path a ZIP archive, or a bare cmi5.xml.
   */
  async importFile(path: string, { packageId, ownerId }: ImportTarget, uploadId: string | null = null): Promise<ImportOutcome> {
    const id = packageId ?? newId();
    const [known] = packageId ? await store.packagesById(this.#sql, [packageId]) : [];
    if (packageId && !known) throw missing('/packageId', 'reference', 'there is no such package');
    const naming: Naming = { packageId: id, courseIri: known?.courseIri ?? `${this.#options.baseUrl}/content/${id}` };
    try {
      const outcome = await this.#import(path, naming, { known: known ?? null, ownerId, uploadId });
      if (outcome.versionId === null && uploadId) await store.closeUpload(this.#sql, uploadId, 'REFUSED', null, null, JSON.stringify(outcome.issues));
      return outcome;
    } catch (error) {
      if (!(error instanceof ZipRefused)) throw error;
      if (uploadId) await store.closeUpload(this.#sql, uploadId, 'REFUSED', null, null, JSON.stringify(error.issues));
      return { packageId: null, versionId: null, issues: error.issues };
    }
  }

  async #import(
    path: string,
    naming: Naming,
    into: { known: store.PackageRow | null; ownerId: string | null; uploadId: string | null },
  ): Promise<ImportOutcome> {
    if (!(await isArchive(path))) return this.#keep(path, naming, into, readBareStructure(await readSmall(path), naming), []);
    const zip = await PackageZip.open(path, this.#options.limits);
    try {
      const read = await readPackage(zip, naming);
      const refused = refusalFor(read, into.known);
      if (refused) return refused;
      const wanted = [...zip.files.values()].filter((file) => file.path.startsWith(read.prefix));
      const taken = await this.#claims(read, naming, into.ownerId ?? into.known?.ownerId ?? null);
      if (taken) return taken;
      const files = await this.#unpack(zip, wanted, read.prefix);
      return await this.#keep(path, naming, into, read, files);
    } finally {
      await zip.close();
    }
  }

  /** Content that names its activities itself must not name those of others: evidence goes by them. */
  async #claims({ model, issues }: ReadPackage, naming: Naming, ownerId: string | null): Promise<ImportOutcome | null> {
    if (model?.standard !== 'TINCAN') return null;
    const iris = nodesOf(model.root).map(({ activityIri }) => activityIri);
    const taken = new Set([
      ...iris.filter((iri) => iri.startsWith(`${this.#options.baseUrl}/content/`)),
      ...(await store.takenActivities(this.#sql, iris, naming.packageId, ownerId)),
    ]);
    if (taken.size === 0) return null;
    const found = [...taken].map(
      (iri) =>
        ({ severity: 'ERROR', path: iri.slice(0, 300), rule: 'activity-taken', message: 'this activity belongs to another package or partner' }) as const,
    );
    return { packageId: null, versionId: null, issues: [...issues, ...found] };
  }

  async #unpack(zip: PackageZip, entries: readonly ZipFileEntry[], prefix: string): Promise<readonly store.FileRow[]> {
    const folder = await mkdtemp(join(tmpdir(), 'mumpuni-package-'));
    try {
      const waiting = entries.entries();
      const rows: store.FileRow[] = [];
      let hasFailed = false;
      const work = async (): Promise<void> => {
        for (const [index, file] of waiting) {
          if (hasFailed) return;
          const blobKey = await this.#store(zip, file, join(folder, String(index)));
          rows.push({ path: file.path.slice(prefix.length), blobKey, bytes: file.bytes });
        }
      };
      const stopping = (): Promise<void> =>
        work().catch((error: unknown) => {
          hasFailed = true;
          throw error;
        });
      // All of them, before the folder they write to goes.
      const results = await Promise.allSettled(Array.from({ length: WRITERS }, stopping));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      return rows;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Keeps one file under the digest of its content; what is large goes by way of the disk. */
  async #store(zip: PackageZip, file: ZipFileEntry, temporary: string): Promise<string> {
    if (file.bytes <= SMALL_FILE) {
      const chunks: Buffer[] = [];
      const digest = await zip.unpack(file, (chunk) => void chunks.push(chunk));
      await this.#blobs.put(contentKey(digest), Buffer.concat(chunks));
      return contentKey(digest);
    }
    const handle = await open(temporary, 'wx', 0o600);
    let digest: string;
    try {
      digest = await zip.unpack(file, async (chunk) => void (await handle.write(chunk)));
    } finally {
      await handle.close();
    }
    await this.#blobs.putFile(contentKey(digest), temporary);
    await rm(temporary);
    return contentKey(digest);
  }

  async #keep(
    path: string,
    naming: Naming,
    { known, ownerId, uploadId }: { known: store.PackageRow | null; ownerId: string | null; uploadId: string | null },
    read: ReadPackage,
    files: readonly store.FileRow[],
  ): Promise<ImportOutcome> {
    const refused = refusalFor(read, known);
    const { model, issues } = read;
    if (refused || !model) return refused ?? { packageId: null, versionId: null, issues };
    const now = this.#clock.now();
    const facts = {
      sha256: await digestOf(path),
      manifestSha256: createHash('sha256').update(read.manifest).digest('hex'),
      fileCount: files.length,
      byteCount: files.reduce((sum, { bytes }) => sum + bytes, 0),
      report: JSON.stringify(issues),
    };
    const title = shorten(plainText(model.root.title) || model.root.identifier);
    const versionId = await this.#database.transaction(async (sql) => {
      const locked = await store.lockPackage(sql, naming.packageId);
      if (!locked)
        await store.insertPackage(sql, { id: naming.packageId, createdAt: now, standard: model.standard, title, ownerId, courseIri: naming.courseIri });
      else await store.renamePackage(sql, naming.packageId, title);
      const current = await store.currentVersion(sql, naming.packageId);
      // The same course with other assets: who is in the middle of it goes on, with what was mended.
      if (current?.manifestSha256 === facts.manifestSha256) {
        await store.updateAssets(sql, current.id, facts);
        await store.replaceFiles(sql, current.id, files);
        await store.describeItems(sql, itemRows(current.id, model.root));
        if (uploadId) await this.#close(sql, uploadId, current.id, naming.packageId, facts.report);
        return current.id;
      }
      const id = newId();
      await store.insertVersion(sql, {
        id,
        createdAt: now,
        packageId: naming.packageId,
        ordinal: (current?.ordinal ?? 0) + 1,
        edition: model.edition,
        model,
        ...facts,
      });
      await store.replaceFiles(sql, id, files);
      await store.insertItems(sql, itemRows(id, model.root));
      await this.#training.offerActivities(sql, offered(model), ownerId ?? known?.ownerId ?? null);
      if (uploadId) await this.#close(sql, uploadId, id, naming.packageId, facts.report);
      return id;
    });
    this.#models.delete(versionId);
    return { packageId: naming.packageId, versionId, issues };
  }

  async #close(sql: Sql, uploadId: string, versionId: string, packageId: string, report: string): Promise<void> {
    if (!(await store.closeUpload(sql, uploadId, 'IMPORTED', versionId, packageId, report)))
      throw new AppError('CONFLICT', 'this upload address was used meanwhile; ask for another one');
  }

  /** A version as it was read. @throws AppError NOT_FOUND */
  async model(versionId: string): Promise<ContentModel> {
    const held = this.#models.get(versionId);
    if (held) return held;
    const model = await store.modelOfVersion(this.#sql, versionId);
    if (!model) throw missing('/versionId', 'reference', 'there is no such version of a package');
    if (this.#models.size >= HELD_MODELS) this.#models.clear();
    this.#models.set(versionId, model);
    return model;
  }

  file = (versionId: string, path: string): Promise<ContentFile | null> => store.fileOfVersion(this.#sql, versionId, path);

  /** A part of a file, first and last byte included. */
  async open(file: ContentFile, first: number, last: number): Promise<Readable> {
    const stream = await this.#blobs.open(file.blobKey, first, last);
    if (!stream) throw new Error(`the bytes of ${file.blobKey} are missing in the blob store`);
    return stream;
  }

  /** The newest version of a package. @throws AppError NOT_FOUND */
  async currentVersion(packageId: string): Promise<store.PackageVersionRow> {
    const version = await store.currentVersion(this.#sql, packageId);
    if (!version) throw missing('/packageId', 'reference', 'there is no such package');
    return version;
  }

  /**
   * Deletes files that no package has: what refused and replaced packages left behind.
   * @param olderThan those written later stay, since their import may still be under way.
   * @returns how many.
   */
  async collect(olderThan: Date): Promise<number> {
    let deleted = 0;
    for await (const { key, written } of this.#blobs.entries()) {
      if (!key.startsWith(contentKey('')) || written >= olderThan || (await store.isContentBlob(this.#sql, key))) continue;
      await this.#blobs.delete(key);
      deleted += 1;
    }
    return deleted;
  }

  packages = (ownerId: string | null, limit: number, afterId: string | null) => store.listPackages(this.#sql, ownerId, limit, afterId);
  packagesById = (ids: readonly string[]) => store.packagesById(this.#sql, ids);
  generalRules = (scopes: readonly store.GeneralScope[]) => store.generalRules(this.#sql, scopes);
  versionsOfPackages = (ids: readonly string[]) => store.versionsOfPackages(this.#sql, ids);
  versionsById = (ids: readonly string[]) => store.versionsById(this.#sql, ids);
  itemsOfVersions = (ids: readonly string[]) => store.itemsOfVersions(this.#sql, ids);
  rootsOfVersions = (ids: readonly string[]) => store.rootsOfVersions(this.#sql, ids);
  itemsById = (ids: readonly string[]) => store.itemsById(this.#sql, ids);
  uploadsById = (ids: readonly string[]) => store.uploadsById(this.#sql, ids);
}

/** Keys of content are told from those of attachments, so that neither is swept away with the other. */
const contentKey = (sha256: string): string => `content${sha256}`;

function refusalFor({ model, issues }: ReadPackage, known: store.PackageRow | null): ImportOutcome | null {
  if (!model) return { packageId: null, versionId: null, issues };
  if (known === null || known.standard === model.standard) return null;
  const message = `a version of this package must be ${known.standard}, as the first one was; this is ${model.standard}`;
  return { packageId: null, versionId: null, issues: [...issues, { severity: 'ERROR', path: '', rule: 'same-standard', message }] };
}

const NOTHING_SAID = { description: null, keywords: [], languages: [], learningTime: null };

function itemRows(versionId: string, root: ContentNode): readonly store.ItemRow[] {
  const rows: store.ItemRow[] = [];
  const add = (node: ContentNode, parentId: string | null): void => {
    const id = digestKey('content item', versionId, node.id);
    rows.push({
      id,
      versionId,
      nodeId: node.id,
      parentId,
      position: rows.length + 1,
      identifier: node.identifier.replaceAll('\0', ''),
      kind: node.kind,
      title: shorten(plainText(node.title) || node.identifier),
      isLaunchable: node.href !== null,
      activityIri: node.activityIri,
      objectives: node.objectives,
      ...(node.about ?? NOTHING_SAID),
    });
    for (const child of node.children) add(child, id);
  };
  add(root, null);
  return rows;
}

/** What can be aligned to competencies: all that can be launched, and the course. */
function offered(model: ContentModel) {
  const kind = ACTIVITY_KINDS[model.standard];
  return nodesOf(model.root)
    .filter((node) => node === model.root || node.href !== null)
    .map((node) => ({ iri: node.activityIri, title: shorten(plainText(node.title) || node.identifier), kind }));
}

async function isArchive(path: string): Promise<boolean> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const head = buffer.subarray(0, bytesRead).toString('latin1');
    // What begins like XML, in UTF-8 or UTF-16, is a bare structure; all else must be an archive, and says so if it is none.
    return !/^(?:\xef\xbb\xbf)?\s*<|^\xff\xfe<|^\xfe\xff\0</.test(head);
  } finally {
    await handle.close();
  }
}

async function readSmall(path: string): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    if (size > MANIFEST_LIMIT_BYTES)
      throw new ZipRefused([{ severity: 'ERROR', path: 'cmi5.xml', rule: 'file-size', message: `this file may have at most ${MANIFEST_LIMIT_BYTES} bytes` }]);
  } finally {
    await handle.close();
  }
  return readFile(path);
}

async function digestOf(path: string): Promise<string> {
  const sha256 = createHash('sha256');
  await pipeline(createReadStream(path), sha256);
  return sha256.digest('hex');
}
