// npm run build && node test/bench/cursor.mjs [--statements 200000] [--pause 0]
// --pause: milliseconds each writer rests between two requests; 0 keeps the server saturated.
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeBatches } from '../../dist/src/modules/lrs/ingest.store.js';
import { prepareStatements } from '../../dist/src/modules/lrs/prepare.js';
import { answerParent, inChild, isChild, machine, now, option, percentile, send, writeResults } from './client.mjs';
import { openBench } from './server.mjs';
import { makeStatement } from './statements.mjs';

const HTTP_WRITERS = 8;
const RAW_WRITERS = 2;
const IDLE_MS = 3_000;
/** How long the followers get after the last statement. */
const GRACE_MS = 20_000;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const batchOf = () => Array.from({ length: 1 + Math.floor(Math.random() * 50) }, makeStatement);
const path = '/xapi/statements';

/** What one follower saw: when each id appeared, and how many twice. */
class Seen {
  times = new Map();
  doubled = 0;

  add(id) {
    if (this.times.has(id)) this.doubled += 1;
    else this.times.set(id, now());
  }
}

/** Everything up to the instant the header names is complete; what lies beyond belongs to the next round. */
async function pollOnce(target, agent, since, seen) {
  const first = await send(agent, target, { path: `${path}?${new URLSearchParams({ since, ascending: 'true', limit: '1000' })}` });
  const through = first.headers['x-experience-api-consistent-through'];
  for (let page = JSON.parse(first.text); ; ) {
    const complete = page.statements.filter(({ stored }) => stored <= through);
    for (const { id } of complete) seen.add(id);
    if (!page.more || complete.length < page.statements.length) return through;
    page = JSON.parse((await send(agent, target, { path: page.more })).text);
  }
}

/** The client: writers over HTTP, the poller, and at the end the header at rest. */
async function writeAndPoll({ target, statements, pause, since: begin }) {
  const agent = new Agent({ keepAlive: true, maxSockets: HTTP_WRITERS + 1 });
  const acknowledged = [];
  let refused = 0;
  let taken = 0;
  const writer = async () => {
    while (taken < statements) {
      const batch = batchOf();
      taken += batch.length;
      const { status } = await send(agent, target, { method: 'POST', path, body: JSON.stringify(batch) });
      const at = now();
      if (status === 200) for (const { id } of batch) acknowledged.push([id, at]);
      else refused += 1;
      if (pause > 0) await sleep(pause);
    }
  };
  const seen = new Seen();
  let since = begin;
  let goal = Number.POSITIVE_INFINITY;
  const poller = async () => {
    for (let deadline = Number.POSITIVE_INFINITY; since < goalOf() && now() < deadline; ) {
      if (goal !== Number.POSITIVE_INFINITY && deadline === Number.POSITIVE_INFINITY) deadline = now() + GRACE_MS;
      const through = await pollOnce(target, agent, since, seen);
      if (through === since) await sleep(5);
      since = through;
    }
  };
  const goalOf = () => (goal === Number.POSITIVE_INFINITY ? '9999' : new Date(goal).toISOString());
  const started = now();
  const polling = poller();
  await Promise.all(Array.from({ length: HTTP_WRITERS }, writer));
  const seconds = (now() - started) / 1000;
  // Raw writers stop when told that these have.
  process.send({ note: 'written' });
  await new Promise((done) => process.once('message', done));
  goal = now() + 500;
  await polling;
  const behind = [];
  for (const end = now() + IDLE_MS; now() < end; await sleep(20)) {
    const { headers } = await send(agent, target, { path: `${path}?limit=1` });
    behind.push(now() - Date.parse(headers['x-experience-api-consistent-through']));
  }
  agent.destroy();
  return { acknowledged, refused, seen: [...seen.times], doubled: seen.doubled, behind, seconds };
}

/** Writers with transactions of their own: some stay open for a while, some roll back. */
async function rawWriter(bench, state, acknowledged, rolledBack) {
  class RollBack extends Error {}
  while (!state.stopped) {
    const bytes = Buffer.from(JSON.stringify(batchOf()));
    const batch = {
      sender: bench.sender,
      statements: prepareStatements({ bytes, version: '1.0.3', sender: bench.sender, limits: { maxDepth: 64, maxBatch: 100 }, newStatementId: () => '' }),
    };
    const ids = batch.statements.map(({ id }) => id);
    const luck = Math.random();
    try {
      await bench.app.database.transaction(async (sql) => {
        await storeBatches(sql, [batch]);
        if (luck < 0.05) await sleep(Math.random() * 30);
        else if (luck < 0.08) throw new RollBack();
      });
      const at = now();
      for (const id of ids) acknowledged.push([id, at]);
    } catch (error) {
      if (!(error instanceof RollBack)) throw error;
      rolledBack.push(...ids);
    }
    await sleep(state.pause || 1);
  }
}

/** Follows the dense positions, as a forwarder would. */
async function readPositions(pool, state, seen) {
  let last = state.position;
  let gaps = 0;
  while (!state.finished) {
    const { rows } = await pool.query('select position::int, statement_id from lrs.statement_position where position > $1 order by position limit 5000', [
      last,
    ]);
    for (const row of rows) {
      if (row.position !== last + 1) gaps += 1;
      last = row.position;
      seen.add(row.statement_id);
    }
    if (rows.length === 0) await sleep(5);
  }
  return gaps;
}

function judge(acknowledged, rolledBack, times, doubled) {
  const lags = acknowledged.filter(([id]) => times.has(id)).map(([id, at]) => Math.max(0, times.get(id) - at));
  return {
    missed: acknowledged.length - lags.length,
    doubled,
    phantoms: rolledBack.filter((id) => times.has(id)).length,
    lagP50: percentile(lags, 0.5),
    lagP99: percentile(lags, 0.99),
    lagMax: percentile(lags, 1),
  };
}

async function run() {
  const dataDir = await mkdtemp(join(tmpdir(), 'mumpuni-cursor-'));
  const statements = Number(option('statements', 200_000));
  const pause = Number(option('pause', 0));
  const bench = await openBench(dataDir, { XAPI_RATE_LIMIT_PER_MINUTE: '100000000' }, true);
  try {
    const { pool } = bench.app.database;
    await bench.app.sequencer.pass();
    const target = { address: bench.address, authorization: bench.authorization };
    const agent = new Agent();
    const since = (await send(agent, target, { path: `${path}?limit=1` })).headers['x-experience-api-consistent-through'];
    const position = (await pool.query('select last_position::int as position from lrs.sequencer')).rows[0].position;
    const state = { stopped: false, finished: false, position, pause };
    const [rawAcknowledged, rolledBack, positions] = [[], [], new Seen()];
    const raw = Promise.all(Array.from({ length: RAW_WRITERS }, () => rawWriter(bench, state, rawAcknowledged, rolledBack)));
    const reading = readPositions(pool, state, positions);
    const answer = await inChild(import.meta.filename, { target, statements, pause, since }, async (_note, child) => {
      state.stopped = true;
      await raw;
      child.send({ rawDone: true });
    });
    state.finished = true;
    const gaps = await reading;
    const acknowledged = [...answer.acknowledged, ...rawAcknowledged];
    const results = {
      statements: acknowledged.length,
      pause,
      perSecond: Math.round(acknowledged.length / answer.seconds),
      raw: rawAcknowledged.length,
      rolledBack: rolledBack.length,
      refused: answer.refused,
      poller: judge(acknowledged, rolledBack, new Map(answer.seen), answer.doubled),
      positions: { ...judge(acknowledged, rolledBack, positions.times, positions.doubled), gaps },
      headerBehindIdle: { p50: percentile(answer.behind, 0.5), p99: percentile(answer.behind, 0.99), max: percentile(answer.behind, 1) },
    };
    await writeResults(`cursor-pause-${pause}`, results);
    const { poller, positions: byPosition, headerBehindIdle, ...rest } = results;
    console.log(`${machine()}\n${JSON.stringify(rest)}`);
    console.table({ 'Consistent-Through over HTTP': poller, statement_position: byPosition });
    console.log(`header behind the clock at rest: p50 ${headerBehindIdle.p50} ms, p99 ${headerBehindIdle.p99} ms, max ${headerBehindIdle.max} ms`);
  } finally {
    await bench.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

if (isChild) answerParent(writeAndPoll);
else await run();
