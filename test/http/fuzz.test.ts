import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startTestApp, type TestApp } from '../support/app.ts';
import { badGraphqlRequest } from '../support/arbitraries/bad-operation.ts';
import { badXapiRequest, type FuzzRequest } from '../support/arbitraries/bad-request.ts';
import { reportSeed } from '../support/seed.ts';
import { basicOf } from '../support/send.ts';
import { addLearner, buildWorld } from '../support/world.ts';

/** Requests in a run. */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 5_000);
const GROUP = 50;
const AT_ONCE = 6;
const HUNG_MS = 5_000;
const SLOW_MS = 2_000;
/** What would show that the code broke: a stack, or the number of a fault in the log. */
const FAULT = /node_modules|\.[jt]s:\d+|\n\s+at |correlationId|INTERNAL/;

let app: TestApp;
let agent: Agent;
let blobDir: string;
let tables: readonly string[];
/** What stands for itself in a generated header. */
const secrets: Record<string, string> = {};
const statuses = new Map<number, number>();
let slowest = 0;

beforeAll(async () => {
  blobDir = await mkdtemp(join(tmpdir(), 'mumpuni-fuzz-'));
  app = await startTestApp({ settings: { BLOB_DIR: blobDir } });
  agent = new Agent({ keepAlive: true, maxSockets: 2 * AT_ONCE });
  const learnerId = await addLearner(app, await buildWorld(app), 'ana');
  Object.assign(secrets, {
    AUTHORIZATION: basicOf(app.credential),
    READER: basicOf(await app.createCredential(['statements/read/mine'])),
    WRITER: basicOf(await app.createCredential(['statements/write'])),
    NOBODY: basicOf(await app.createCredential([])),
    TOKEN: `Bearer ${app.token}`,
    LEARNER: `Bearer ${await app.createToken('LEARNER', { learnerId })}`,
  });
  const rows = await app.database.sql.rows<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  tables = rows.map(({ name }) => name);
});
afterAll(async () => {
  agent.destroy();
  await app.close();
  await rm(blobDir, { recursive: true });
});

/** The row counts of every table that there is. */
async function counts(): Promise<Record<string, string>> {
  const [row] = await app.database.sql.rows<Record<string, string>>(
    `select ${tables.map((table, index) => `(select count(*) from ${table}) as "c${index}"`).join(', ')}`,
  );
  return Object.fromEntries(tables.map((table, index) => [table, row?.[`c${index}`] ?? '']));
}

interface Heard {
  readonly status: number;
  readonly text: string;
}

/** Writes a request to the wire as it is; rejects when no whole answer comes in time. */
async function send({ method, path, headers, body }: FuzzRequest): Promise<Heard> {
  const known = Object.entries(headers).map(([name, value]) => [name, secrets[value] ?? value] as const);
  // The form of the alternate syntax holds its header URL-encoded.
  const sent = typeof body === 'string' && path.includes('method=') ? body.replace('AUTHORIZATION', encodeURIComponent(secrets['AUTHORIZATION'] ?? '')) : body;
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      `${app.url}/`,
      { method, path, agent, headers: { ...Object.fromEntries(known), 'Content-Length': Buffer.byteLength(sent ?? '') } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
        incoming.on('end', () => {
          slowest = Math.max(slowest, performance.now() - began);
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      },
    );
    outgoing.setTimeout(HUNG_MS, () => outgoing.destroy(new Error('no answer in time'))).on('error', reject);
    outgoing.end(sent ?? undefined);
  });
}

/** Memory in MB, after a collection. */
function memory(): Record<string, number> {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss: Math.round(rss / 2 ** 20), heapUsed: Math.round(heapUsed / 2 ** 20), arrayBuffers: Math.round(arrayBuffers / 2 ** 20) };
}

const LIVE: FuzzRequest = { method: 'GET', path: '/health/live', headers: {}, body: null };

const shown = ({ body, ...rest }: FuzzRequest): string =>
  JSON.stringify({ ...rest, body: typeof body === 'string' ? body.slice(0, 3_000) : Buffer.from(body ?? []).toString('latin1') });

/** Sends requests, a few at once beside questions whether the server lives. @returns those that were refused, and whether all that could write were. */
async function sendAll(requests: readonly FuzzRequest[]): Promise<{ refused: readonly FuzzRequest[]; isAllRefused: boolean }> {
  const refused: FuzzRequest[] = [];
  let isAllRefused = true;
  for (let first = 0; first < requests.length; first += AT_ONCE) {
    const some = requests.slice(first, first + AT_ONCE);
    const began = performance.now();
    const [live, ...answers] = await Promise.all([LIVE, ...some].map(async (one) => send(one).catch((error: unknown) => ({ status: 0, text: String(error) }))));
    const faults = answers.flatMap(({ status, text }, index) => {
      const one = some[index] ?? LIVE;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status >= 400) refused.push(one);
      else if (one.method !== 'GET' && one.method !== 'HEAD' && one.method !== 'OPTIONS') isAllRefused = false;
      return status === 0 || status >= 500 || FAULT.test(text) ? [`${status} ${text.slice(0, 500)} <- ${shown(one)}`] : [];
    });
    expect(faults).toEqual([]);
    expect(live?.status).toBe(200);
    if (performance.now() - began > SLOW_MS) expect(some.map(shown)).toEqual(['answers within two seconds']);
  }
  return { refused, isAllRefused };
}

async function leavesRows(one: FuzzRequest): Promise<boolean> {
  const before = JSON.stringify(await counts());
  await sendAll([one]);
  return JSON.stringify(await counts()) !== before;
}

/** Sends a group; whatever of it is refused must leave no row behind when only refused requests are sent. */
async function check(group: readonly FuzzRequest[]): Promise<void> {
  for (let rest = group; rest.length > 0; ) {
    const before = await counts();
    const { refused, isAllRefused } = await sendAll(rest);
    if (isAllRefused) {
      const after = await counts();
      const guilty: string[] = [];
      if (JSON.stringify(after) !== JSON.stringify(before)) for (const one of rest) if (await leavesRows(one)) guilty.push(shown(one));
      expect(guilty).toEqual([]);
      expect(after).toEqual(before);
      return;
    }
    rest = refused;
  }
}

test(
  `${REQUESTS} bad requests: none answers 5xx, hangs or shows a trace, the server lives on, and what is refused changes nothing`,
  async () => {
    const group = fc.array(fc.oneof({ weight: 3, arbitrary: badXapiRequest }, { weight: 1, arbitrary: badGraphqlRequest }), {
      minLength: GROUP,
      maxLength: GROUP,
    });
    const [began, before] = [performance.now(), memory()];
    reportSeed(await fc.check(fc.asyncProperty(group, check), { numRuns: Math.ceil(REQUESTS / GROUP), endOnFailure: true }));
    if (process.env['FUZZ_REQUESTS'] === undefined) return;
    const report = {
      statuses: Object.fromEntries(statuses),
      seconds: (performance.now() - began) / 1_000,
      slowestMs: slowest,
      before,
      after: memory(),
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  },
  60_000 + REQUESTS * 20,
);
