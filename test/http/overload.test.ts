import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { type Answer, startTestApp, type TestApp } from '../support/app.ts';

let app: TestApp;
let blocker: pg.Client;

/** A server whose transactions all wait until `release`. */
async function startBlocked(settings: Record<string, string>): Promise<{ release: () => Promise<unknown> }> {
  app = await startTestApp({ settings: { INGEST_CONCURRENCY: '1', ...settings } });
  blocker = new pg.Client({ connectionString: app.databaseUrl });
  await blocker.connect();
  await blocker.query('begin');
  await blocker.query('lock table lrs.statement in exclusive mode');
  return { release: () => blocker.query('rollback') };
}

afterEach(async () => {
  await blocker.end();
  await app.close();
});

const post = (count = 1): Promise<Answer<never>> =>
  app.xapi('POST', '/statements', {
    headers: { Origin: 'https://content.example' },
    body: Array.from({ length: count }, () => ({
      id: randomUUID(),
      actor: { mbox: 'mailto:a@overload.example' },
      verb: { id: 'https://verbs.example/did' },
      object: { id: 'https://things.example/1' },
    })),
  });

/** Resolves once this many transactions wait for the lock. */
async function waiting(count: number): Promise<void> {
  for (let seen = -1; seen !== count; )
    // Not pg_stat_activity: within a transaction that says what it said first.
    seen = Number((await blocker.query("select count(*) from pg_locks where relation = 'lrs.statement'::regclass and not granted")).rows[0].count);
}

function expectRefusal({ status, headers, text }: Answer<never>, words: string): void {
  expect(status).toBe(503);
  expect(headers.get('retry-after')).toBe('1');
  expect(headers.get('access-control-allow-origin')).toBe('*');
  expect(text).toContain(words);
}

test('bounded-ops: 503 with Retry-After at the door once INGEST_REQUEST_LIMIT requests are under way; what was let in is stored, the rest is not', async () => {
  const { release } = await startBlocked({ INGEST_REQUEST_LIMIT: '1' });
  const first = post(3);
  await waiting(1);
  expectRefusal(await post(), 'more to do than it can take');
  // A read is no burden of this kind.
  expect((await app.xapi('GET', '/about')).status).toBe(200);
  await release();

  expect((await first).status).toBe(200);
  expect((await app.counts())['lrs.statement']).toBe(3);
  expect((await post()).status).toBe(200);
});

test('bounded-ops: 503 with Retry-After while INGEST_WAITING_LIMIT statements wait; refusals leave no trace and the places come free again', async () => {
  const { release } = await startBlocked({ INGEST_WAITING_LIMIT: '2' });
  const running = post();
  await waiting(1);
  const queued = post(2);
  // It stands in the queue once a third one is refused.
  let third = await post(0);
  while (third.status === 200) third = await app.xapi('POST', '/statements', { body: [], headers: { Origin: 'https://content.example' } });
  expectRefusal(third, 'more to do than it can take');
  expectRefusal(await post(), 'more to do than it can take');
  await release();

  expect([(await running).status, (await queued).status]).toEqual([200, 200]);
  expect((await app.counts())['lrs.statement']).toBe(3);
  expect((await post()).status).toBe(200);
});

test('bounded-ops: 503 for bodies that together exceed INGEST_BYTE_LIMIT; those of 1 MiB and more count by themselves', async () => {
  const { release } = await startBlocked({ INGEST_BYTE_LIMIT: '1048576', INGEST_LARGE_BYTE_LIMIT: '1048576' });
  const first = post();
  await waiting(1);
  const blank = (bytes: number) =>
    app.xapi('POST', '/statements', { headers: { Origin: 'https://content.example', 'Content-Type': 'application/json' }, raw: ' '.repeat(bytes) });
  expectRefusal(await blank(1_048_575), 'more to do than it can take');
  // Let in, and then found to be no JSON.
  expect((await blank(1_048_576)).status).toBe(400);
  await release();

  expect((await first).status).toBe(200);
  expect((await blank(1_048_575)).status).toBe(400);
  expect((await app.counts())['lrs.statement']).toBe(1);
});
