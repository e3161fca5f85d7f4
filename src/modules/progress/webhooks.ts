import { createHmac } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import { assertExists } from '../../db/references.ts';
import { checkTexts } from '../../kernel/checks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { invalid, missing, reasonOf } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import type { Viewer } from '../access/index.ts';
import * as store from './feed.store.ts';
import type { Feed } from './feed.ts';

export interface NewWebhook {
  readonly label: string;
  readonly url: string;
  /** Name under which the secret stands in the settings. */
  readonly secretName: string;
  /** Whose learners it tells of, by their pseudonyms; null tells of all. */
  readonly partnerId: string | null;
  /** Whether it is told what happened already, or only what happens from now on. */
  readonly fromStart: boolean;
}

/** What is told of one event. */
export type Told = Readonly<Record<string, unknown>>;

/** Turns events into what is told of them: with the ids the receiver knows people by, and the names of competencies. */
export type Tell = (viewer: Viewer, events: readonly store.FeedEvent[]) => Promise<readonly Told[]>;

const BATCH = 100;
const TIMEOUT_MS = 15_000;
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 15 * 60_000;
const MAX_REASON = 500;

const waitAfter = (attempts: number): number => Math.round(Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), MAX_WAIT_MS) * (0.75 + Math.random() / 4));

/** The beginning of an answer, fit to be stored; the rest is not even read. */
async function beginningOf(response: Response): Promise<string> {
  if (!response.body) return '';
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const first = await reader.read();
  await reader.cancel();
  return new TextDecoder()
    .decode(first.value?.subarray(0, MAX_REASON))
    .replaceAll(/\p{Cc}/gu, ' ')
    .toWellFormed();
}

/** The signature of a delivery: HMAC-SHA-256 over `id.timestamp.body`. @see Standard Webhooks 1.0 */
export const signatureOf = (secret: string, id: string, timestamp: string, body: string): string =>
  `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;

/**
 * Delivers changes of level to other systems, in order, at least once each, signed. What a receiver does not take holds
 * up what follows it and is tried again with growing pauses. The id of a delivery is that of its events: with what came
 * meanwhile it is another delivery.
 */
export class Webhooks {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #feed: Feed;
  readonly #secrets: ReadonlyMap<string, string>;

  constructor(database: Database, clock: Clock, feed: Feed, secrets: ReadonlyMap<string, string>) {
    this.#database = database;
    this.#clock = clock;
    this.#feed = feed;
    this.#secrets = secrets;
  }

  /** Adds a receiver. @throws AppError INVALID_INPUT naming the field. */
  async create(input: NewWebhook): Promise<store.WebhookRow> {
    checkTexts({ label: input.label, url: input.url, secretName: input.secretName });
    if (!/^https?:$/.test(URL.canParse(input.url) ? new URL(input.url).protocol : '')) throw invalid('/url', 'url', 'url must be an http or https URL');
    if (!this.#secrets.has(input.secretName))
      throw invalid('/secretName', 'setting', `FORWARD_SECRETS holds no secret named ${JSON.stringify(input.secretName)}`);
    const { sql } = this.#database;
    if (input.partnerId !== null) await assertExists(sql, 'access.partner', input.partnerId, '/partnerId', 'partner');
    const { fromStart, ...rest } = input;
    const now = this.#clock.now();
    const position = fromStart ? 0 : await store.lastPosition(sql);
    const row = { ...rest, id: newId(), createdAt: now, enabled: true, position, attempts: 0, nextAttemptAt: now, lastError: null };
    await store.insertWebhook(sql, row);
    return row;
  }

  /** Pauses or resumes; resuming tries at once. @throws AppError NOT_FOUND */
  async setEnabled(id: string, enabled: boolean): Promise<void> {
    if (!(await store.setWebhookEnabled(this.#database.sql, id, enabled))) throw missing('/id', 'reference', 'there is no such webhook');
  }

  /** @throws AppError NOT_FOUND */
  async delete(id: string): Promise<void> {
    if (!(await store.deleteWebhook(this.#database.sql, id))) throw missing('/id', 'reference', 'there is no such webhook');
  }

  list = (limit: number, afterId: string | null) => store.listWebhooks(this.#database.sql, limit, afterId);
  byId = (id: string) => store.webhookById(this.#database.sql, id);

  /** Delivers what is due until nothing is. @returns how many deliveries were made. */
  async pass(tell: Tell, signal?: AbortSignal): Promise<number> {
    for (let made = 0; ; made += 1) {
      const due = signal?.aborted === true ? null : await store.leaseWebhook(this.#database.sql);
      if (!due) return made;
      await this.#serve(due, tell);
    }
  }

  async #serve(webhook: store.LeasedWebhook, tell: Tell): Promise<void> {
    const viewer: Viewer = webhook.partnerId === null ? { role: 'ADMIN' } : { role: 'PARTNER', partnerId: webhook.partnerId };
    // Read before the page: what has a position by then is in the page, or is not the receiver's.
    const last = await this.#feed.lastPosition();
    const events = await this.#feed.page(viewer, webhook.position, BATCH, null);
    const failure = events.length === 0 ? null : await this.#deliver(webhook, events, await tell(viewer, events));
    const attempts = failure ? webhook.attempts + 1 : 0;
    await store.endWebhookLease(this.#database.sql, webhook, {
      position: failure ? webhook.position : (events.at(-1)?.position ?? last),
      attempts,
      waitMs: failure ? waitAfter(attempts) : 0,
      lastError: failure?.reason ?? null,
      // Gone is a receiver's way to say that it wants no more.
      enabled: failure?.status !== 410,
    });
  }

  async #deliver(
    webhook: store.LeasedWebhook,
    events: readonly store.FeedEvent[],
    told: readonly Told[],
  ): Promise<{ readonly status: number; readonly reason: string } | null> {
    const secret = this.#secrets.get(webhook.secretName);
    if (secret === undefined) return { status: 0, reason: `FORWARD_SECRETS holds no secret named ${webhook.secretName}` };
    // By all that it holds: a receiver that has taken this id has taken nothing less.
    const id = `${webhook.id}.${events[0]?.position ?? 0}-${events.at(-1)?.position ?? 0}`;
    const timestamp = String(Math.floor(this.#clock.now().getTime() / 1_000));
    const body = JSON.stringify({ type: 'progress.changed', events: told });
    try {
      const response = await fetch(webhook.url, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          'Content-Type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': signatureOf(secret, id, timestamp, body),
        },
        body,
      });
      if (response.ok) return null;
      return { status: response.status, reason: `${response.status}: ${await beginningOf(response)}` };
    } catch (error) {
      return { status: 0, reason: reasonOf(error).slice(0, MAX_REASON) };
    }
  }
}
