// npm run build && node test/bench/overload.mjs [--seconds 10]
// The peak with a few connections, then more than the server can take: statements a second, milliseconds, megabytes.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerParent, inChild, isChild, machine, now, option, percentile, writeResults } from './client.mjs';
import { RawConnection } from './flood.mjs';
import { openBench } from './server.mjs';
import { makeStatement } from './statements.mjs';

/** The peak is the best of these. */
const PEAK_CONNECTIONS = { 1: [32, 256], 50: [8, 32] };
const PEAK_SECONDS = 6;
const OFFERED = 4;
/** `rate: true` sends at four times the peak whatever comes back; else each connection sends again once answered. */
const SCENARIOS = [
  { name: 'batch 50, 4x peak', batch: 50, connections: 1_000, rate: true },
  { name: 'batch 1, 4x peak', batch: 1, connections: 4_000, rate: true },
];

/**
 * Keeps this process, and what it starts from now on, on one core: server and database on the first, the load on the
 * second, or the load would take from the server what it offers more. Without `taskset` they share.
 */
const stayOn = (core) => spawnSync('taskset', ['-acp', String(core), String(process.pid)]).status === 0;

/** Bodies with fresh ids cost the client next to nothing: the load is not to starve the server of its core. */
function bodyMaker(batch) {
  const texts = Array.from({ length: 500 }, () => {
    const statement = makeStatement();
    return JSON.stringify(statement).split(statement.id);
  });
  let next = 0;
  return () => {
    const ids = Array.from({ length: batch }, () => randomUUID());
    const bodies = ids.map((id) => texts[next++ % texts.length].join(id));
    return { ids, body: batch === 1 ? bodies[0] : `[${bodies.join(',')}]` };
  };
}

/** The client: sends for a while, at so many connections or at so many requests a second. */
async function offer({ target, connections, seconds, rate, batch }) {
  const make = bodyMaker(batch);
  const idle = Array.from({ length: connections }, () => new RawConnection(target));
  const answers = { acknowledged: [], okMs: [], refusedMs: [], withoutRetryAfter: 0, other: {}, failed: 0, unsent: 0 };
  const started = now();
  const until = started + seconds * 1000;
  let inTime = 0;
  const one = async (connection) => {
    const { ids, body } = make();
    const answer = await connection.post(body);
    if (answer === null) answers.failed += 1;
    else if (answer.status === 200) {
      for (const id of ids) answers.acknowledged.push(id);
      answers.okMs.push(answer.ms);
      if (now() < until) inTime += ids.length;
    } else if (answer.status === 503) {
      answers.refusedMs.push(answer.ms);
      if (!answer.retryAfter) answers.withoutRetryAfter += 1;
    } else answers.other[answer.status] = (answers.other[answer.status] ?? 0) + 1;
  };
  const all = new Set();
  if (rate === null) {
    const loop = async (connection) => {
      while (now() < until && !connection.closed) await one(connection);
    };
    for (const connection of idle) all.add(loop(connection));
  } else {
    for (let sent = 0; now() < until; await sleep(2)) {
      for (const due = ((now() - started) / 1000) * rate; sent < due; sent += 1) {
        const connection = idle.pop();
        if (!connection) {
          answers.unsent += 1;
          continue;
        }
        const sending = one(connection).then(() => {
          all.delete(sending);
          idle.push(connection.closed ? new RawConnection(target) : connection);
        });
        all.add(sending);
      }
    }
  }
  await Promise.all(all);
  for (const connection of idle) connection.close();
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
async function measure({ batch, connections, seconds, rate }) {
  const dataDir = await mkdtemp(join(tmpdir(), 'mumpuni-overload-'));
  const bench = await openBench(dataDir, { XAPI_RATE_LIMIT_PER_MINUTE: '100000000' }, true);
  try {
    const target = { address: bench.address, authorization: bench.authorization };
    const [few, many] = PEAK_CONNECTIONS[batch];
    await inChild(import.meta.filename, { target, batch, connections: few, seconds: 3, rate: null });
    const peaks = [];
    for (const peakConnections of [few, many])
      peaks.push(await inChild(import.meta.filename, { target, batch, connections: peakConnections, seconds: PEAK_SECONDS, rate: null }));
    const peak = peaks.reduce((best, one) => (one.inTime > best.inTime ? one : best));
    const peakPerSecond = peak.inTime / PEAK_SECONDS;
    const before = megabytes();
    let highest = before;
    const watching = setInterval(() => {
      highest = Math.max(highest, megabytes());
    }, 100);
    const answers = await inChild(import.meta.filename, {
      target,
      batch,
      connections,
      seconds,
      rate: rate ? Math.round((peakPerSecond * OFFERED) / batch) : null,
    });
    clearInterval(watching);
    const missing = await missingIds(bench.app.database.pool, [...peaks.flatMap(({ acknowledged }) => acknowledged), ...answers.acknowledged]);
    await sleep(3_000);
    const sent = answers.okMs.length + answers.refusedMs.length + answers.failed + Object.values(answers.other).reduce((sum, count) => sum + count, 0);
    return {
      peak: Math.round(peakPerSecond),
      peakP99: percentile(peak.okMs, 0.99),
      offered: Math.round(((sent + answers.unsent) * batch) / seconds),
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
      acknowledged: [...peaks, answers].reduce((sum, { acknowledged }) => sum + acknowledged.length, 0),
      missing,
    };
  } finally {
    await bench.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function run() {
  const apart = stayOn(0);
  const seconds = Number(option('seconds', 10));
  const results = {};
  for (const { name, ...scenario } of SCENARIOS) {
    results[name] = await measure({ ...scenario, seconds });
    console.error(`${name}: ${JSON.stringify(results[name])}`);
    await writeResults('overload', results);
  }
  console.log(`${machine()}; ${apart ? 'server and database on one core, the load on another' : 'server, database and load share the cores'}`);
  // One column per scenario.
  const rows = Object.keys(results[SCENARIOS[0].name]);
  console.table(Object.fromEntries(rows.map((row) => [row, Object.fromEntries(SCENARIOS.map(({ name }) => [name, results[name][row]]))])));
}

if (isChild) {
  stayOn(1);
  answerParent(offer);
} else await run();
