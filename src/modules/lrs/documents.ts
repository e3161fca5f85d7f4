import { hash } from 'node:crypto';
import type { Database, Sql } from '../../db/database.ts';
import { AppError, invalid } from '../../kernel/errors.ts';
import { digestKey } from '../../kernel/ids.ts';
import { JsonTextError, scanJson } from '../../kernel/json-text.ts';
import type { XapiVersion } from '../../standards/xapi/index.ts';
import * as store from './documents.store.ts';

export type DocumentResource = 'state' | 'activity-profile' | 'agent-profile';

/** The documents of one resource under one activity, one agent, or both. */
export interface DocumentScope {
  readonly resource: DocumentResource;
  readonly activityKey: string | null;
  readonly agentKey: string | null;
  /** For state: the registration, null where none is given. */
  readonly registration: string | null;
}

export interface DocumentAddress extends DocumentScope {
  readonly documentId: string;
}

export interface Document {
  readonly contentType: string;
  readonly content: Uint8Array;
}

export type StoredDocument = store.StoredDocument;

/** The preconditions of a change, as the headers If-Match and If-None-Match say them. */
export interface Preconditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** Stands for none in the key; no registration that content sends is this digest. */
const NO_REGISTRATION = digestKey('no registration');
const scopeKeyOf = ({ resource, activityKey, agentKey }: DocumentScope): string => digestKey(resource, activityKey ?? '', agentKey ?? '');

const keyOf = (address: DocumentAddress): store.DocumentKey => ({
  scopeKey: scopeKeyOf(address),
  registration: address.registration ?? NO_REGISTRATION,
  documentKey: digestKey('document', address.documentId),
});

const isJson = (contentType: string): boolean => contentType.split(';')[0]?.trim().toLowerCase() === 'application/json';

/** Whether an entity-tag list names the tag; `*` names any that there is. Weak tags are compared by what they quote. */
function names(header: string, etag: string | null): boolean {
  if (etag === null) return false;
  return header.split(',').some((candidate) => {
    const tag = candidate.trim().replace(/^W\//, '');
    return tag === '*' || tag === `"${etag}"` || tag === etag;
  });
}

const failed = (header: string, message: string): AppError =>
  new AppError('PRECONDITION_FAILED', message, [{ path: `/headers/${header}`, rule: 'xAPI Communication 3.1 concurrency', message }]);

function checkPreconditions({ ifMatch, ifNoneMatch }: Preconditions, etag: string | null): void {
  if (ifMatch !== undefined && !names(ifMatch, etag)) throw failed('If-Match', 'the document is not the one If-Match names: read it again');
  if (ifNoneMatch !== undefined && names(ifNoneMatch, etag)) throw failed('If-None-Match', 'there is a document already that If-None-Match excludes');
}

function tooLarge(length: number, limitBytes: number): AppError {
  const message = `a document may have at most ${limitBytes} bytes; this would have ${length}`;
  return new AppError('TOO_LARGE', message, [{ path: '', rule: 'body-length', message }]);
}

const refuse = (message: string): AppError => invalid('', 'xAPI Communication 2.2 document', message);
const LIMITS = { maxDepth: 500, maxTokens: 1_000_000 };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads JSON. @throws AppError INVALID_INPUT with the message where it is none, or where `read` does not take it. */
function readJson<T>(content: Uint8Array, message: string, read: (text: string) => T): T {
  try {
    const text = utf8.decode(content);
    JSON.parse(text);
    return read(text);
  } catch (error) {
    throw refuse(`${message}${error instanceof JsonTextError ? `: ${error.message}` : ''}`);
  }
}

/** The members of a JSON object, each as it was written. */
function membersOf(content: Uint8Array, what: string): readonly (readonly [key: string, text: string])[] {
  const { text, object } = readJson(content, `${what} is not valid JSON`, (text) => ({ text, object: scanJson(text, LIMITS).objects[0] }));
  if (!object || !/^\s*\{/.test(text)) throw refuse(`${what} must be a JSON object to be merged`);
  return object.members.map(({ key, start, end }) => [key, text.slice(start, end)]);
}

/** Top-level members of the new document replace those of the old one (Communication 2.2, JSON merge); each stays as it was written. */
function merge(old: store.StoredDocument, fresh: Document): Document {
  if (!isJson(old.contentType)) throw refuse(`the stored document is ${old.contentType}; only application/json can be merged`);
  if (!isJson(fresh.contentType)) throw refuse(`the new document is ${fresh.contentType}; only application/json can be merged`);
  const merged = new Map([...membersOf(old.content, 'the stored document'), ...membersOf(fresh.content, 'the new document')]);
  return { contentType: old.contentType, content: Buffer.from(`{${[...merged.values()].join(',')}}`) };
}

/**
 * State, activity profiles and agent profiles: bytes of any type under a key, with entity tags.
 * @see xAPI Communication 2.2 to 2.7, 3.1
 */
export class Documents {
  readonly #database: Database;

  readonly #limitBytes: number;

  /** @param limitBytes largest document, also as it grows by merging. */
  constructor(database: Database, limitBytes: number) {
    this.#database = database;
    this.#limitBytes = limitBytes;
  }

  async read(address: DocumentAddress): Promise<StoredDocument | null> {
    return store.readDocument(this.#database.sql, keyOf(address));
  }

  /** The ids of all documents of a scope; without a registration of every registration. @param since only those changed after it. */
  async list(scope: DocumentScope, since: string | null): Promise<readonly string[]> {
    return store.listDocuments(this.#database.sql, scopeKeyOf(scope), scope.registration, since);
  }

  /**
   * Replaces a document, or makes it.
   * @throws AppError PRECONDITION_FAILED, CONFLICT or INVALID_INPUT when it is there and the sender does not say that they
   * know it; then nothing is changed.
   */
  async put(address: DocumentAddress, document: Document, preconditions: Preconditions, version: XapiVersion): Promise<void> {
    await this.#change(address, preconditions, async (sql, old) => {
      const blind = preconditions.ifMatch === undefined && preconditions.ifNoneMatch === undefined;
      if (blind) checkBlindPut(address.resource, old !== null, version);
      await this.#write(sql, address, document);
    });
  }

  /** Merges a JSON object into a stored one, or makes the document. @throws AppError INVALID_INPUT when they cannot be merged. */
  async post(address: DocumentAddress, document: Document, preconditions: Preconditions): Promise<void> {
    if (isJson(document.contentType)) readJson(document.content, 'the document is not valid JSON, though its type says so', () => undefined);
    await this.#change(address, preconditions, async (sql, old) => this.#write(sql, address, old ? merge(old, document) : document));
  }

  async delete(address: DocumentAddress, preconditions: Preconditions): Promise<void> {
    await this.#change(address, preconditions, async (sql) => store.deleteDocument(sql, keyOf(address)));
  }

  /** Deletes all documents of a scope; without a registration of every registration. */
  async deleteAll(scope: DocumentScope): Promise<void> {
    await store.deleteScope(this.#database.sql, scopeKeyOf(scope), scope.registration);
  }

  /** Runs a change under the lock of its document, unless the preconditions forbid it. */
  async #change(address: DocumentAddress, preconditions: Preconditions, work: (sql: Sql, old: StoredDocument | null) => Promise<void>): Promise<void> {
    const key = keyOf(address);
    await this.#database.transaction(async (sql) => {
      await store.lockDocument(sql, key);
      const old = await store.readDocument(sql, key, true);
      checkPreconditions(preconditions, old?.etag ?? null);
      await work(sql, old);
    });
  }

  async #write(sql: Sql, address: DocumentAddress, document: Document): Promise<void> {
    if (document.content.length > this.#limitBytes) throw tooLarge(document.content.length, this.#limitBytes);
    await store.writeDocument(sql, { ...address, ...keyOf(address), ...document, etag: hash('sha1', document.content, 'hex') });
  }
}

/**
 * A PUT without If-Match or If-None-Match. Profiles are shared, so replacing one unseen is a conflict; in 1.0.3 making
 * one unseen is refused too. State belongs to one activity and agent: 1.0.3 lets it be replaced, 2.0 does not.
 */
function checkBlindPut(resource: DocumentResource, exists: boolean, version: XapiVersion): void {
  const rule = 'xAPI Communication 3.1 concurrency';
  const message = exists
    ? 'there is a document already: read it, then send If-Match with its ETag'
    : 'send If-None-Match: * to make a profile document, or If-Match to replace one';
  if (exists && (resource !== 'state' || version === '2.0.0')) throw new AppError('CONFLICT', message, [{ path: '/headers/If-Match', rule, message }]);
  if (!exists && resource !== 'state' && version !== '2.0.0') throw invalid('/headers/If-None-Match', rule, message);
}
