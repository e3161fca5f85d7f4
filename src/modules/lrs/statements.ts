import { randomUUID } from 'node:crypto';
import type { BlobStore } from '../../blobs/blob-store.ts';
import type { Database, Sql } from '../../db/database.ts';
import { AppError } from '../../kernel/errors.ts';
import { parseExactly } from '../../kernel/exact-json.ts';
import type { Multipart } from '../../kernel/multipart.ts';
import { canonical, isObject, type JsonObject, languagePreferences, mergeDefinitions, withIds, type XapiVersion } from '../../standards/xapi/index.ts';
import { holdAttachments } from './attachment-lock.store.ts';
import { type AttachmentParts, withAttachments } from './attachments.ts';
import { storeBatches } from './ingest.store.ts';
import type { Ingest } from './ingest.ts';
import { activityKey } from './keys.ts';
import { type Described, linksOf } from './links.ts';
import { listStatements, type StatementFilter } from './list.store.ts';
import { type PreparedStatement, prepareStatements, type Sender, type StatementLimits } from './prepare.ts';
import * as store from './query.store.ts';
import { consistentThrough } from './sequencer.store.ts';

export interface StoreRequest {
  readonly bytes: Uint8Array;
  readonly version: XapiVersion;
  readonly sender: Sender;
  readonly expectedId?: string;
  readonly parts?: AttachmentParts;
}

/** What a statement list is asked by; see Communication 2.1.3. Keys are computed, times are RFC 3339. */
export type StatementQuery = StatementFilter;

export interface StatementPage {
  readonly statements: readonly store.StoredStatement[];
  /** Sort values of the last statement when more follow. */
  readonly next: readonly [stored: string, id: string] | null;
}

/** How statements are shown (Communication 2.1.3, format). */
export type StatementFormat = 'exact' | 'ids' | 'canonical';

export interface StatementsOptions {
  readonly limits: StatementLimits;
  /** Told after each commit that wrote something, to wake whoever follows the inbox. */
  readonly onStored: () => void;
}

/** Characters of names and definitions that are remembered. */
const MAX_KNOWN = 16_000_000;
const KEY_LENGTH = 36;
const SEEN_MS = 1_000;

/** The statement store: validates, keeps exactly, acknowledges durably, finds again. */
export class Statements {
  readonly #database: Database;
  readonly #ingest: Ingest;
  readonly #blobs: BlobStore;
  readonly #options: StatementsOptions;
  /** Names and definitions that are stored for certain; what content repeats in every statement is written once. */
  readonly #known = new Map<string, Set<string>>();
  #knownCharacters = 0;
  #looking: Promise<string> | undefined;
  #seen: { readonly instant: string; readonly until: number } | undefined;

  constructor(database: Database, ingest: Ingest, blobs: BlobStore, options: StatementsOptions) {
    this.#database = database;
    this.#ingest = ingest;
    this.#blobs = blobs;
    this.#options = options;
  }

  /** Whether statements would be refused now because too many wait. */
  get isFull(): boolean {
    return this.#ingest.isFull;
  }

  /**
   * Stores one statement or a batch, all or nothing, and answers the ids in the order sent.
   *
   * An id that is stored already with equal content is answered like a new one and changes nothing.
   * @throws AppError INVALID_INPUT, TOO_LARGE, UNAVAILABLE, or CONFLICT when an id is stored with other content; then
   * nothing is stored.
   * @see xAPI Communication 2.1.1, 2.1.2; Data 2.3.1
   */
  async store(request: StoreRequest): Promise<readonly string[]> {
    if (request.parts && request.parts.size > 0) {
      const ids = await this.#database.transaction((sql) => this.storeWithin(sql, request));
      this.announce();
      return ids;
    }
    const statements = await this.#prepare(request);
    if (statements.length === 0) return [];
    const { conflicts, fresh } = await this.#ingest.store({ sender: request.sender, statements });
    if (conflicts.length > 0) throw conflictOf(statements, conflicts);
    this.#remember(statements.filter(({ id }) => fresh.has(id)));
    if (fresh.size > 0) this.announce();
    return statements.map(({ id }) => id);
  }

  /**
   * Stores as {@link store} does, within a transaction of the caller's: statements and what else it changes are there
   * together, or not at all. Once it is committed, {@link announce} is to be called.
   * @throws AppError as {@link store} does; then the transaction must not be committed.
   */
  async storeWithin(sql: Sql, request: StoreRequest): Promise<readonly string[]> {
    const statements = await this.#prepare(request);
    if (statements.length === 0) return [];
    const parts: AttachmentParts = request.parts ?? new Map();
    if (parts.size > 0) {
      await holdAttachments(sql, [...parts.keys()]);
      // An erasure may have taken away what another statement had brought before.
      for (const [sha2, { bytes }] of parts) if (!(await this.#blobs.has(sha2))) await this.#blobs.put(sha2, bytes);
    }
    const [conflicts = []] = (await storeBatches(sql, [{ sender: request.sender, statements }])).conflicts;
    if (conflicts.length > 0) throw conflictOf(statements, conflicts);
    return statements.map(({ id }) => id);
  }

  /** Wakes whoever follows what is stored. */
  announce(): void {
    this.#options.onStored();
  }

  async #prepare(request: StoreRequest): Promise<readonly PreparedStatement[]> {
    const prepared = prepareStatements({ ...request, limits: this.#options.limits, newStatementId: randomUUID });
    // Before the rows: a row must never name bytes that a crash could have taken.
    if (prepared.length > 0) for (const [sha2, { bytes }] of request.parts ?? []) await this.#blobs.put(sha2, bytes);
    return prepared.map((statement) => this.#withoutKnown(statement));
  }

  #withoutKnown(statement: PreparedStatement): PreparedStatement {
    const isNew = ({ key, text }: Described): boolean => !this.#known.get(key)?.has(text);
    return { ...statement, names: statement.names.filter(isNew), definitions: statement.definitions.filter(isNew) };
  }

  #remember(statements: readonly PreparedStatement[]): void {
    for (const { names, definitions } of statements) for (const described of [...names, ...definitions]) this.#note(described);
  }

  #note({ key, text }: Described): void {
    if (this.#known.get(key)?.has(text)) return;
    this.#knownCharacters += text.length + KEY_LENGTH;
    if (this.#knownCharacters > MAX_KNOWN) {
      this.#known.clear();
      this.#knownCharacters = text.length + KEY_LENGTH;
    }
    const texts = this.#known.get(key);
    if (texts) texts.add(text);
    else this.#known.set(key, new Set([text]));
  }

  /** One valid statement by id, or with `voided` one that was voided; null when there is none to see. */
  async find(id: string, voided: boolean, authorityKey: string | null): Promise<store.StoredStatement | null> {
    return store.findStatement(this.#database.sql, id, voided, authorityKey);
  }

  /** A page of valid statements in order of `stored`. */
  async list(query: StatementQuery): Promise<StatementPage> {
    const { statements, more } = await listStatements(this.#database.sql, query);
    const last = statements.at(-1);
    return { statements, next: more && last ? [last.stored, last.id] : null };
  }

  /**
   * Statements as JSON texts in a format; `exact` is what was sent, to the letter.
   * @param acceptLanguage the header, for `canonical`.
   */
  async present(statements: readonly store.StoredStatement[], format: StatementFormat, acceptLanguage: string | undefined): Promise<readonly string[]> {
    if (format === 'exact') return statements.map(({ text }) => text);
    const parsed = statements.map(({ text }) => parseExactly(text) as JsonObject);
    if (format === 'ids') return parsed.map((statement) => JSON.stringify(withIds(statement)));
    const preferences = languagePreferences(acceptLanguage);
    const keys = new Set(parsed.flatMap((statement) => [...linksOf(statement, undefined).activities.keys()]));
    const definitions = await this.#definitions([...keys]);
    return parsed.map((statement) => JSON.stringify(canonical(statement, preferences, (iri) => definitions.get(activityKey(iri)))));
  }

  async #definitions(keys: readonly string[]): Promise<ReadonlyMap<string, JsonObject>> {
    const rows = await store.definitionsOf(this.#database.sql, keys);
    const found = new Map<string, JsonObject>();
    for (const [key, own] of Map.groupBy(rows, (row) => row.activityKey)) {
      const merged = mergeDefinitions(own.map(({ definition }) => JSON.parse(definition) as unknown).filter(isObject));
      if (merged) found.set(key, merged);
    }
    return found;
  }

  /** An activity as all statements together describe it (Communication 2.5). */
  async activity(iri: string): Promise<JsonObject> {
    const definition = (await this.#definitions([activityKey(iri)])).get(activityKey(iri));
    return { objectType: 'Activity', id: iri, ...(definition && { definition }) };
  }

  /** Every name an agent was called by. */
  async namesOf(agentKey: string): Promise<readonly string[]> {
    return store.namesOf(this.#database.sql, agentKey);
  }

  /**
   * A JSON text with the attachments of statements whose bytes we hold, as multipart/mixed.
   * @throws Error while it is read, when bytes are gone, which only a lost blob store can cause.
   */
  async withAttachments(json: string, statementIds: readonly string[]): Promise<Multipart> {
    const rows = await store.attachmentsOfStatements(this.#database.sql, statementIds);
    return withAttachments(json, rows, async (sha2) => {
      const bytes = await this.#blobs.get(sha2);
      if (!bytes) throw new Error(`the bytes of attachment ${sha2} are missing in the blob store`);
      return bytes;
    });
  }

  /** An instant up to which no statement is still on its way (Communication 2.1.3, X-Experience-API-Consistent-Through). */
  async consistentThrough(): Promise<string> {
    // Who asks while another look is under way shares it: an instant read earlier promises less, never more.
    this.#looking ??= consistentThrough(this.#database.sql)
      .then((instant) => {
        this.#seen = { instant, until: performance.now() + SEEN_MS };
        return instant;
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  /** The same, at most a second old: for answers that tell of it and are not about what is stored. */
  async consistentThroughLately(): Promise<string> {
    return this.#seen && this.#seen.until > performance.now() ? this.#seen.instant : this.consistentThrough();
  }
}

function conflictOf(batch: readonly PreparedStatement[], ids: readonly string[]): AppError {
  return new AppError(
    'CONFLICT',
    `a statement with the id ${ids[0]} is stored with other content`,
    ids.map((id) => ({
      path: batch.length === 1 ? '/id' : `/${batch.findIndex((statement) => statement.id === id)}/id`,
      rule: 'xAPI Data 2.3.1 immutable',
      message: `the id ${id} is taken by a statement with other content; statements never change`,
    })),
  );
}
