import type { BlobStore } from '../../blobs/blob-store.ts';
import type { Database, Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { isExactNumber, parseExactly } from '../../kernel/exact-json.ts';
import { newId } from '../../kernel/ids.ts';
import { type Ifi, identifierOf, isObject, type JsonObject, VOIDED } from '../../standards/xapi/index.ts';
import { mayDeleteAttachment } from './attachment-lock.store.ts';
import * as store from './erasure.store.ts';
import { actorKey, ifiKey, verbKey } from './keys.ts';
import { linksOf, signatureKeys, signatureOf } from './links.ts';
import { SIGNATURE } from './signature.ts';

/** Statements gone through in one transaction; each may be as large as a request. */
const CHUNK = 20;
const ERASED_HOME_PAGE = 'https://mumpuni.invalid/erased';

/** Who is erased: their keys, the strings that name them by themselves, and who stands in their place. */
interface Person {
  readonly keys: ReadonlySet<string>;
  readonly words: ReadonlySet<string>;
  readonly pseudonym: { readonly homePage: string; readonly name: string };
}

/** A value with the person taken out, wherever they are named, extensions included. */
function without(person: Person, value: unknown): unknown {
  if (typeof value === 'string') return person.words.has(value) ? 'erased' : value;
  if (Array.isArray(value)) return value.map((element) => without(person, element));
  if (!isObject(value) || isExactNumber(value)) return value;
  const ifi = identifierOf(value);
  if (ifi && person.keys.has(ifiKey(ifi))) {
    const { objectType, member } = value;
    return {
      ...(objectType !== undefined && { objectType }),
      account: person.pseudonym,
      ...(member !== undefined && { member: without(person, member) }),
    };
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, without(person, inner)]));
}

/** The hashes of the signatures among a statement's attachments. */
function signaturesOf(row: store.NamingStatement): readonly string[] {
  const { attachments } = JSON.parse(row.body) as JsonObject;
  if (!Array.isArray(attachments)) return [];
  return attachments.flatMap((one: unknown) => (isObject(one) && one['usageType'] === SIGNATURE ? [String(one['sha2']).toLowerCase()] : []));
}

const linksOfRow = (row: store.NamingStatement): store.LinksOf => linksOf(JSON.parse(row.body) as JsonObject, JSON.parse(row.authority));

/**
 * Takes persons out of the store, with respect to their roles: what they did is deleted, what others did stays, with a
 * pseudonym where they were named. Voids stay in force whoever sent them.
 *
 * A request is a row, so it is carried out even when the process dies; the row is the receipt.
 */
export class Erasures {
  readonly #database: Database;
  readonly #blobs: BlobStore;
  readonly #clock: Clock;

  constructor(database: Database, blobs: BlobStore, clock: Clock) {
    this.#database = database;
    this.#blobs = blobs;
    this.#clock = clock;
  }

  /** Asks for an erasure, within the transaction that forgets the person elsewhere. @returns the id of the receipt. */
  async request(sql: Sql, identifiers: readonly Ifi[]): Promise<string> {
    const id = newId();
    await store.insertErasure(sql, id, this.#clock.now(), JSON.stringify(identifiers));
    return id;
  }

  receipt = (id: string) => store.erasureById(this.#database.sql, id);
  receipts = (limit: number, afterId: string | null) => store.listErasures(this.#database.sql, limit, afterId);

  /** Carries out what was asked for until nothing is left. @returns the number of erasures ended. */
  async pass(signal?: AbortSignal): Promise<number> {
    let ended = 0;
    while (!signal?.aborted) {
      const outcome = await this.#step();
      if (outcome !== false) await this.#deleteOrphans();
      if (outcome === null) return ended;
      if (outcome) ended += 1;
    }
    return ended;
  }

  async #deleteOrphans(): Promise<void> {
    for (const sha2 of await store.orphans(this.#database.sql))
      await this.#database.transaction(async (sql) => {
        if (await mayDeleteAttachment(sql, sha2)) await this.#blobs.delete(sha2);
        await store.forgetOrphan(sql, sha2);
      });
  }

  /** One chunk of one erasure. @returns whether that ended it; null when there is none. */
  async #step(): Promise<boolean | null> {
    return this.#database.transaction(async (sql) => {
      const claimed = await store.claimErasure(sql);
      if (!claimed) return null;
      const identifiers = JSON.parse(claimed.identifiers) as Ifi[];
      const keys = new Set(identifiers.map(ifiKey));
      const rows = await store.statementsNaming(sql, [...keys], CHUNK);
      if (rows.length === 0) {
        await store.finish(sql, claimed.id, [...keys]);
        return true;
      }
      const words = new Set(identifiers.filter(({ kind }) => kind !== 'account').map(({ value }) => value));
      const person: Person = { keys, words, pseudonym: { homePage: ERASED_HOME_PAGE, name: claimed.id } };
      await this.#erase(sql, claimed.id, person, rows);
      return false;
    });
  }

  async #erase(sql: Sql, id: string, person: Person, rows: readonly store.NamingStatement[]): Promise<void> {
    const isTheirs = (row: store.NamingStatement): boolean => person.keys.has(row.actorKey) && row.verbKey !== verbKey(VOIDED);
    const theirs = rows.filter(isTheirs);
    const others = rows.filter((row) => !isTheirs(row));
    const freed = await store.deleteStatements(sql, theirs, linksOfRow);
    const rewritten = others.map((row): store.Rewritten => {
      const body = JSON.stringify(without(person, parseExactly(row.body)));
      const authority = JSON.stringify(without(person, JSON.parse(row.authority)));
      const after = { ...row, body, authority };
      const { actor } = JSON.parse(body) as JsonObject;
      const { agents, activities } = linksOfRow(after);
      return {
        row,
        body,
        authority,
        authorityKey: actorKey(JSON.parse(authority)),
        actorKey: actorKey(actor),
        before: linksOfRow(row).agents,
        after: agents,
        activities,
        signature: signatureOf(signatureKeys({ ...row, agents, activities })),
      };
    });
    await store.replaceStatements(
      sql,
      rewritten,
      [...person.keys],
      ifiKey({ kind: 'account', homePage: person.pseudonym.homePage, value: person.pseudonym.name }),
    );
    // A signature holds the statement as it was.
    const signatures = others.flatMap((row) => signaturesOf(row).map((sha2) => ({ statementId: row.statementId, sha2 })));
    const unsigned = await store.deleteAttachments(sql, signatures);
    const orphans = await store.noteOrphans(sql, [...freed, ...unsigned]);
    await store.count(sql, id, { deleted: theirs.length, pseudonymised: others.length, attachments: orphans });
  }
}
