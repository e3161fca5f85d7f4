// npm run build && node test/bench/overload.mjs [--seconds 10]
// Posts of one statement: the peak with 32 connections, then more than the server can take.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerParent, inChild, isChild, machine, now, option, percentile, send, writeResults } from './client.mjs';
import { openBench } from './server.mjs';
import { makeStatement } from './statements.mjs';

const PEAK_CONNECTIONS = 32;
const PEAK_SECONDS = 5;
const OFFERED = 4;
/** `rate: true` sends at four times the peak whatever comes back; else each connection sends again once answered. */
const SCENARIOS = [
  { name: '400 connections', environment: {}, connections: 400, rate: false },
  { name: '4x peak', environment: {}, connections: 6_000, rate: true },
  { name: '4x peak, limit 500', environment: { INGEST_WAITING_LIMIT: '500' }, connections: 6_000, rate: true },
];

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Bodies with fresh ids cost the client next to nothing: the load is not to starve the server of its core. */
function bodyMaker() {
  const texts = Array.from({ length: 500 }, () => {
    const statement = makeStatement();
    return JSON.stringify(statement).split(statement.id);
  });
  let next = 0;
  return () => {
    const id = randomUUID();
    const [before, after] = texts[next++ % texts.length];
    return { id, body: before + id + after };
  };
}

/** The client: sends for a while, at so many connections or at so many requests a second. */
async function offer({ target, connections, seconds, rate }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const make = bodyMaker();
  const answers = { acknowledged: [], okMs: [], refusedMs: [], withoutRetryAfter: 0, other: {}, failed: 0, unsent: 0 };
  const started = now();
  const until = started + seconds * 1000;
  let inFlight = 0;
  let inTime = 0;
  const one = async () => {
    const { id, body } = make();
    inFlight += 1;
    try {
      const { status, headers, ms } = await send(agent, target, { method: 'POST', path: '/xapi/statements', body });
      if (status === 200) {
        answers.acknowledged.push(id);
        answers.okMs.push(ms);
        if (now() < until) inTime += 1;
      } else if (status === 503) {
        answers.refusedMs.push(ms);
        if (headers['retry-after'] === undefined) answers.withoutRetryAfter += 1;
      } else answers.other[status] = (answers.other[status] ?? 0) + 1;
    } catch {
      answers.failed += 1;
    }
    inFlight -= 1;
  };
  if (rate === null) {
    const connection = async () => {
      while (now() < until) await one();
    };
    await Promise.all(Array.from({ length: connections }, connection));
  } else {
    const all = new Set();
    let due = 0;
    for (let sent = 0; now() < until; await sleep(2)) {
      due = ((now() - started) / 1000) * rate;
      for (; sent < due; sent += 1) {
        if (inFlight >= connections) answers.unsent += 1;
        else {
          const sending = one();
          all.add(sending);
          void sending.then(() => all.delete(sending));
        }
      }
    }
    await Promise.all(all);
  }
  agent.destroy();
  return { ...answers, inTime, drainedAfter: (now() - until) / 1000, seconds };
}

const megabytes = () => Math.round(process.memoryUsage().rss / 1e6);

async function missingIds(pool, ids) {
  let present = 0;
  for (let start = 0; start < ids.length; start += 10_000) {
    const { rows } = await pool.query('select count(*)::int as count from lrs.statement where statement_id = any($1::uuid[])', [
      ids.slice(start, start + 10_000),
    ]);
    present += rows[0].count;
  }
  return ids.length - present;
}

/** One server under one load. */
async function measure({ environment, connections, seconds, rate }) {
  const dataDir = await mkdtemp(join(tmpdir(), 'mumpuni-overload-'));
  const bench = await openBench(dataDir, { XAPI_RATE_LIMIT_PER_MINUTE: '100000000', ...environment }, true);
  try {
    const target = { address: bench.address, authorization: bench.authorization };
    await inChild(import.meta.filename, { target, connections: PEAK_CONNECTIONS, seconds: 3, rate: null });
    const peak = await inChild(import.meta.filename, { target, connections: PEAK_CONNECTIONS, seconds: PEAK_SECONDS, rate: null });
    const peakPerSecond = peak.inTime / PEAK_SECONDS;
    const before = megabytes();
    let highest = before;
    const watching = setInterval(() => {
      highest = Math.max(highest, megabytes());
    }, 100);
    const answers = await inChild(import.meta.filename, { target, connections, seconds, rate: rate ? Math.round(peakPerSecond * OFFERED) : null });
    clearInterval(watching);
    const missing = await missingIds(bench.app.database.pool, [...peak.acknowledged, ...answers.acknowledged]);
    await sleep(3_000);
    const sent = answers.okMs.length + answers.refusedMs.length + answers.failed + Object.values(answers.other).reduce((sum, count) => sum + count, 0);
    return {
      peak: Math.round(peakPerSecond),
      peakP99: percentile(peak.okMs, 0.99),
      offered: Math.round((sent + answers.unsent) / seconds),
      goodput: Math.round(answers.inTime / seconds),
      share: Math.round((answers.inTime / seconds / peakPerSecond) * 100) / 100,
      okP50: percentile(answers.okMs, 0.5),
      okP99: percentile(answers.okMs, 0.99),
      refused: Math.round((answers.refusedMs.length / sent) * 1000) / 1000,
      refusedP50: percentile(answers.refusedMs, 0.5),
      refusedP99: percentile(answers.refusedMs, 0.99),
      withoutRetryAfter: answers.withoutRetryAfter,
      other: JSON.stringify(answers.other),
      failed: answers.failed,
      unsent: answers.unsent,
      drainSeconds: Math.round(answers.drainedAfter * 10) / 10,
      rssBefore: before,
      rssHighest: highest,
      rssAfter: megabytes(),
      acknowledged: peak.acknowledged.length + answers.acknowledged.length,
      missing,
    };
  } finally {
    await bench.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function run() {
  const seconds = Number(option('seconds', 10));
  const results = {};
  for (const { name, ...scenario } of SCENARIOS) {
    results[name] = await measure({ ...scenario, seconds });
    console.error(`${name}: ${JSON.stringify(results[name])}`);
    await writeResults('overload', results);
  }
  console.log(machine());
  // One column per scenario.
  const rows = Object.keys(results[SCENARIOS[0].name]);
  console.table(Object.fromEntries(rows.map((row) => [row, Object.fromEntries(SCENARIOS.map(({ name }) => [name, results[name][row]]))])));
}

if (isChild) answerParent(offer);
else await run();
