import { buffer } from 'node:stream/consumers';
import type { BlobStore } from '../../blobs/blob-store.ts';
import type { Database } from '../../db/database.ts';
import { checkTexts } from '../../kernel/checks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { conflict, invalid, missing, reasonOf } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import { isIri, isObject, type JsonObject, VOIDED } from '../../standards/xapi/index.ts';
import { withAttachments } from './attachments.ts';
import * as store from './forwarding.store.ts';
import { type AttachmentRow, attachmentsOfStatements, readTexts, type StoredStatement } from './query.store.ts';

export interface NewForwarder {
  readonly label: string;
  /** The xAPI endpoint, without `/statements`. */
  readonly endpoint: string;
  readonly key: string;
  /** Name under which the secret stands in the settings. */
  readonly secretName: string;
  /** Only statements with these verbs; empty for all. */
  readonly verbs: readonly string[];
  /** Only statements about an activity whose IRI begins with one of these; empty for all. */
  readonly activityPrefixes: readonly string[];
  /** Whether it gets what is stored already, or only what comes from now on. */
  readonly fromStart: boolean;
}

const BATCH = 50;
const TIMEOUT_MS = 30_000;
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 15 * 60_000;
const MAX_REASON = 500;
/** Dead letters that are shown of a forwarder at once. */
export const SHOWN_DEAD_LETTERS = 100;

/** What the other LRS said: taken, not now, or never. */
type Answer = { readonly kind: 'taken' } | { readonly kind: 'later' | 'never'; readonly status: number; readonly reason: string };

/** Statuses that say something about this moment or these credentials, not about the statement. */
const LATER = new Set([401, 403, 404, 405, 408, 425, 429]);

/** A shorter wait for some than for others, so that many forwarders do not come back at once. */
const waitAfter = (attempts: number): number => Math.round(Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), MAX_WAIT_MS) * (0.75 + Math.random() / 4));

/** A statement with what its text says about where it goes and how. */
interface Outgoing extends StoredStatement {
  readonly verbId: string;
  readonly objectId: string;
  readonly isVersion2: boolean;
}

function outgoing<S extends StoredStatement>(statement: S): S & Outgoing {
  const { verb, object, version } = JSON.parse(statement.text) as JsonObject;
  const idOf = (part: unknown): string => (isObject(part) ? String(part['id']) : '');
  return { ...statement, verbId: idOf(verb), objectId: idOf(object), isVersion2: String(version).startsWith('2.') };
}

/** Whoever takes 2.0 takes statements of 1.0.x with them; the other way round they are refused. */
const versionOf = (statements: readonly Outgoing[]): string => (statements.some(({ isVersion2 }) => isVersion2) ? '2.0.0' : '1.0.3');

/** The lease ran out: another process may be at it, so nothing more is said or done. */
const LOST = Symbol('lost lease');

/** What holds up what follows; null when nothing does. */
type Held = Extract<Answer, { readonly kind: 'later' | 'never' }> | typeof LOST | null;

/** A forwarder being served, with how far it is by now. */
interface Sending {
  forwarder: store.Leased;
  position: number;
}

function passes({ verbs, activityPrefixes }: store.ForwarderRow, { verbId, objectId }: Outgoing): boolean {
  // A void must reach everyone who may have what it voids.
  if (verbId === VOIDED) return true;
  return (verbs.length === 0 || verbs.includes(verbId)) && (activityPrefixes.length === 0 || activityPrefixes.some((prefix) => objectId.startsWith(prefix)));
}

/**
 * Copies statements to other LRSs, in order of position, at least once each.
 *
 * What the other side cannot take now is tried again with growing pauses and holds up what follows; what it will never
 * take becomes a dead letter and holds up nothing. A conflict means that it is there already.
 */
export class Forwarding {
  readonly #database: Database;
  readonly #blobs: BlobStore;
  readonly #clock: Clock;
  readonly #secrets: ReadonlyMap<string, string>;

  /** @param secrets by name; rows hold names only. */
  constructor(database: Database, blobs: BlobStore, clock: Clock, secrets: ReadonlyMap<string, string>) {
    this.#database = database;
    this.#blobs = blobs;
    this.#clock = clock;
    this.#secrets = secrets;
  }

  /** Adds an LRS to forward to. @throws AppError INVALID_INPUT naming the field. */
  async create(input: NewForwarder): Promise<{ id: string }> {
    checkTexts({ label: input.label, endpoint: input.endpoint, key: input.key, secretName: input.secretName });
    if (!/^https?:$/.test(URL.canParse(input.endpoint) ? new URL(input.endpoint).protocol : ''))
      throw invalid('/endpoint', 'url', 'endpoint must be an http or https URL');
    if (!this.#secrets.has(input.secretName))
      throw invalid('/secretName', 'setting', `FORWARD_SECRETS holds no secret named ${JSON.stringify(input.secretName)}`);
    const wrong = input.verbs.findIndex((verb) => !isIri(verb));
    if (wrong !== -1) throw invalid(`/verbs/${wrong}`, 'xAPI Data 4.3 iri', 'a verb is an absolute IRI');
    const { sql } = this.#database;
    const id = newId();
    await store.insertForwarder(sql, {
      ...input,
      id,
      createdAt: this.#clock.now(),
      endpoint: input.endpoint.replace(/\/+$/, ''),
      enabled: true,
      position: input.fromStart ? 0 : await store.lastPosition(sql),
      attempts: 0,
      nextAttemptAt: this.#clock.now(),
      lastError: null,
    });
    return { id };
  }

  /** Pauses or resumes; resuming tries at once. @throws AppError NOT_FOUND */
  async setEnabled(id: string, enabled: boolean): Promise<void> {
    if (!(await store.setEnabled(this.#database.sql, id, enabled))) throw missing('/id', 'reference', 'there is no such forwarder');
  }

  /** Has every dead letter sent once more. @throws AppError NOT_FOUND, or CONFLICT when there is none. */
  async retryDeadLetters(id: string): Promise<void> {
    const { sql } = this.#database;
    if (!(await store.forwarderById(sql, id))) throw missing('/id', 'reference', 'there is no such forwarder');
    if ((await store.deadLettersOf(sql, [id], 1, false)).length === 0) throw conflict('/id', 'dead-letters', 'this forwarder has no dead letters');
    await store.retryDeadLetters(sql, id);
  }

  forwarders = (limit: number, afterId: string | null) => store.listForwarders(this.#database.sql, limit, afterId);
  byId = (id: string) => store.forwarderById(this.#database.sql, id);
  deadLetters = (ids: readonly string[]) => store.deadLettersOf(this.#database.sql, ids, SHOWN_DEAD_LETTERS, false);
  lastPosition = () => store.lastPosition(this.#database.sql);

  /** Sends what is due until nothing is. @returns the number of batches sent. */
  async pass(signal?: AbortSignal): Promise<number> {
    for (let sent = 0; ; sent += 1) {
      if (signal?.aborted) return sent;
      const due = await store.leaseDue(this.#database.sql);
      if (!due) return sent;
      await this.#serve(due);
    }
  }

  async #serve(leased: store.Leased): Promise<void> {
    const { sql } = this.#database;
    const sending: Sending = { forwarder: leased, position: leased.position };
    // Read before the page: what has a position by then is in the page, or was erased.
    const last = await store.lastPosition(sql);
    const page = await store.statementsAfter(sql, leased.position, BATCH);
    const held = (await this.#resend(sending)) ?? (await this.#deliver(sending, page));
    if (held === LOST) return;
    if (held === null && page.length === 0) sending.position = Math.max(sending.position, last);
    const attempts = held ? leased.attempts + 1 : 0;
    const lastError = held ? `${held.status}: ${held.reason}` : null;
    await store.endLease(sql, sending.forwarder, { position: sending.position, attempts, waitMs: held ? waitAfter(attempts) : 0, lastError });
  }

  /** Sends a page; one by one where the whole is refused or has attachments, so that one statement cannot hold up the others. */
  async #deliver(sending: Sending, page: readonly store.PlacedStatement[]): Promise<Held> {
    const { sql } = this.#database;
    const wanted = page.map(outgoing).filter((statement) => passes(sending.forwarder, statement));
    const rows = await attachmentsOfStatements(
      sql,
      wanted.map(({ id }) => id),
    );
    const attachments = Map.groupBy(rows, ({ statementId }) => statementId);
    const whole: Answer | typeof LOST = rows.length > 0 ? { kind: 'never', status: 0, reason: '' } : await this.#send(sending, wanted, []);
    if (whole === LOST || whole.kind === 'later') return whole;
    if (whole.kind === 'never') {
      for (const statement of wanted) {
        const answer = await this.#send(sending, [statement], attachments.get(statement.id) ?? []);
        if (answer === LOST || answer.kind === 'later') return answer;
        if (answer.kind === 'never') await store.addDeadLetter(sql, sending.forwarder.id, statement.id, answer.status, answer.reason);
        sending.position = statement.position;
      }
    }
    sending.position = page.at(-1)?.position ?? sending.position;
    return null;
  }

  async #resend(sending: Sending): Promise<Held> {
    const { sql } = this.#database;
    const { id } = sending.forwarder;
    for (const { statementId } of await store.deadLettersOf(sql, [id], BATCH, true)) {
      const answer = await this.#send(sending, (await readTexts(sql, [statementId])).map(outgoing), await attachmentsOfStatements(sql, [statementId]));
      if (answer === LOST || answer.kind === 'later') return answer;
      if (answer.kind === 'taken') await store.removeDeadLetter(sql, id, statementId);
      else await store.addDeadLetter(sql, id, statementId, answer.status, answer.reason);
    }
    return null;
  }

  async #send(sending: Sending, statements: readonly Outgoing[], attachments: readonly AttachmentRow[]): Promise<Answer | typeof LOST> {
    if (statements.length === 0) return { kind: 'taken' };
    const { forwarder } = sending;
    const leasedUntil = await store.renewLease(this.#database.sql, forwarder);
    if (leasedUntil === null) return LOST;
    sending.forwarder = { ...forwarder, leasedUntil };
    const secret = this.#secrets.get(forwarder.secretName);
    if (secret === undefined) return { kind: 'later', status: 0, reason: `FORWARD_SECRETS holds no secret named ${forwarder.secretName}` };
    try {
      const { type, body } = await this.#bodyOf(statements, attachments);
      const response = await fetch(`${forwarder.endpoint}/statements`, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          Authorization: `Basic ${Buffer.from(`${forwarder.key}:${secret}`).toString('base64')}`,
          'Content-Type': type,
          'X-Experience-API-Version': versionOf(statements),
        },
        body: body as Uint8Array<ArrayBuffer>,
      });
      const reason = (await response.text()).slice(0, MAX_REASON);
      if (response.ok) return { kind: 'taken' };
      // One statement alone in conflict is there already: sending it for ever would change nothing.
      if (response.status === 409 && statements.length === 1) return { kind: 'taken' };
      const isRefusal = response.status >= 400 && response.status < 500 && !LATER.has(response.status);
      return { kind: isRefusal ? 'never' : 'later', status: response.status, reason };
    } catch (error) {
      return { kind: 'later', status: 0, reason: reasonOf(error).slice(0, MAX_REASON) };
    }
  }

  /** Statements as JSON, or as multipart/mixed where some have attachments whose bytes we hold. */
  async #bodyOf(statements: readonly StoredStatement[], attachments: readonly AttachmentRow[]): Promise<{ type: string; body: Uint8Array }> {
    const json = `[${statements.map(({ text }) => text).join(',')}]`;
    if (attachments.length === 0) return { type: 'application/json', body: Buffer.from(json) };
    // Bytes that are gone leave an empty part, which the other LRS refuses: a dead letter tells of it.
    const { type, body } = withAttachments(json, attachments, async (sha2) => (await this.#blobs.get(sha2)) ?? new Uint8Array());
    return { type, body: await buffer(body) };
  }
}
