// npm run build && node test/bench/cursor.mjs [--statements 200000] [--pause 0]
// --pause: milliseconds each writer rests between two requests; 0 keeps the server saturated.
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../dist/src/app.js';
import { readConfig } from '../../dist/src/config/settings.js';
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
const path = '/xapi/statements';

/** Statements that count up in the end of their ids, so that a million of them are numbers in an array and nothing to collect. */
class Numbered {
  #next;
  constructor(first) {
    this.#next = first;
  }

  /** Statements, and the number of the first. */
  batch() {
    const first = this.#next;
    const statements = Array.from({ length: 1 + Math.floor(Math.random() * 50) }, () => {
      const statement = makeStatement();
      statement.id = `${statement.id.slice(0, 24)}${this.#next.toString(16).padStart(12, '0')}`;
      this.#next += 1;
      return statement;
    });
    return { first, statements };
  }
}

const numberOf = (id) => Number.parseInt(id.slice(24), 16);

/** When something happened to each statement, by its number: 0 for never. */
class Times {
  #at;
  twice = 0;
  constructor(count) {
    this.#at = new Float64Array(count);
  }

  note(number, at) {
    if (this.#at[number] > 0) this.twice += 1;
    else this.#at[number] = at;
  }

  noteAll({ first, statements }, at) {
    for (let index = 0; index < statements.length; index += 1) this.note(first + index, at);
  }

  get values() {
    return this.#at;
  }
}

/** Everything up to the instant the header names is complete; what lies beyond belongs to the next round. */
async function pollOnce(target, agent, since, seen) {
  const first = await send(agent, target, { path: `${path}?${new URLSearchParams({ since, ascending: 'true', limit: '1000' })}` });
  const through = first.headers['x-experience-api-consistent-through'];
  for (let page = JSON.parse(first.text); ; ) {
    const complete = page.statements.filter(({ stored }) => stored <= through);
    const at = now();
    for (const { id } of complete) seen.note(numberOf(id), at);
    if (!page.more || complete.length < page.statements.length) return through;
    page = JSON.parse((await send(agent, target, { path: page.more })).text);
  }
}

/** Writers over HTTP, the poller, and at the end the header at rest. */
async function writeAndPoll({ target, statements, pause, since: begin, room }) {
  const agent = new Agent({ keepAlive: true, maxSockets: HTTP_WRITERS + 1 });
  const [acknowledged, seen] = [new Times(2 * room), new Times(2 * room)];
  const numbered = new Numbered(0);
  let refused = 0;
  let taken = 0;
  const writer = async () => {
    while (taken < statements) {
      const batch = numbered.batch();
      taken += batch.statements.length;
      const { status } = await send(agent, target, { method: 'POST', path, body: JSON.stringify(batch.statements) });
      const at = now();
      if (status === 200) acknowledged.noteAll(batch, at);
      else refused += 1;
      if (pause > 0) await sleep(pause);
    }
  };
  let since = begin;
  let goal = Number.POSITIVE_INFINITY;
  const goalOf = () => (goal === Number.POSITIVE_INFINITY ? '9999' : new Date(goal).toISOString());
  const poller = async () => {
    for (let deadline = Number.POSITIVE_INFINITY; since < goalOf() && now() < deadline; ) {
      if (goal !== Number.POSITIVE_INFINITY && deadline === Number.POSITIVE_INFINITY) deadline = now() + GRACE_MS;
      const through = await pollOnce(target, agent, since, seen);
      if (through === since) await sleep(5);
      since = through;
    }
  };
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
  return { acknowledged: acknowledged.values, refused, seen: seen.values, doubled: seen.twice, behind, seconds };
}

class RollBack extends Error {}

/** Writers with transactions of their own, of which some stay open for a while and some roll back; and a reader of dense positions, as a forwarder would be. */
async function writeAndRead({ url, sender, pause, position, room }) {
  const database = await connect(readConfig({ DATABASE_POOL_SIZE: String(RAW_WRITERS + 1) }), url);
  const [acknowledged, rolledBack, seen] = [new Times(2 * room), new Times(2 * room), new Times(2 * room)];
  const numbered = new Numbered(room);
  const state = { isWriting: true, isReading: true };
  process.on('message', ({ stop }) => {
    state[stop] = false;
  });
  const writer = async () => {
    while (state.isWriting) {
      const batch = numbered.batch();
      const bytes = Buffer.from(JSON.stringify(batch.statements));
      const statements = prepareStatements({ bytes, version: '1.0.3', sender, limits: { maxDepth: 64, maxBatch: 100 }, newStatementId: () => '' });
      const luck = Math.random();
      try {
        await database.transaction(async (sql) => {
          await storeBatches(sql, [{ sender, statements }]);
          if (luck < 0.05) await sleep(Math.random() * 30);
          else if (luck < 0.08) throw new RollBack();
        });
        acknowledged.noteAll(batch, now());
      } catch (error) {
        if (!(error instanceof RollBack)) throw error;
        rolledBack.noteAll(batch, now());
      }
      await sleep(pause || 1);
    }
    process.send({ note: 'written' });
  };
  let [last, gaps] = [position, 0];
  const reader = async () => {
    while (state.isReading) {
      const { rows } = await database.pool.query(
        'select position::int, statement_id from lrs.statement_position where position > $1 order by position limit 5000',
        [last],
      );
      for (const row of rows) {
        if (row.position !== last + 1) gaps += 1;
        last = row.position;
        seen.note(numberOf(row.statement_id), now());
      }
      if (rows.length === 0) await sleep(5);
    }
  };
  process.send({ note: 'ready' });
  const reading = reader();
  const writing = Promise.all(Array.from({ length: RAW_WRITERS }, writer));
  await Promise.all([writing, reading]);
  await database.close();
  return { acknowledged: acknowledged.values, rolledBack: rolledBack.values, seen: seen.values, doubled: seen.twice, gaps };
}

/** What a follower saw of what was acknowledged. */
function judge(acknowledged, rolledBack, seen, doubled) {
  const lags = [];
  let [missed, phantoms] = [0, 0];
  for (const [number, at] of acknowledged.entries()) {
    if (at > 0 && seen[number] === 0) missed += 1;
    else if (at > 0) lags.push(Math.max(0, seen[number] - at));
    if (rolledBack[number] > 0 && seen[number] > 0) phantoms += 1;
  }
  return { missed, doubled, phantoms, lagP50: percentile(lags, 0.5), lagP99: percentile(lags, 0.99), lagMax: percentile(lags, 1) };
}

const countOf = (times) => times.reduce((count, at) => count + (at > 0 ? 1 : 0), 0);

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
    const room = statements + 1_000;
    let [rawChild, httpChild] = [null, null];
    const raw = inChild(import.meta.filename, { task: 'raw', url: bench.url, sender: bench.sender, pause, position, room }, (note, child) => {
      if (note === 'written') httpChild.send({ rawDone: true });
      rawChild = child;
    });
    const http = await inChild(import.meta.filename, { task: 'http', target, statements, pause, since, room }, (_note, child) => {
      httpChild = child;
      rawChild.send({ stop: 'isWriting' });
    });
    rawChild.send({ stop: 'isReading' });
    const { rolledBack, gaps, ...read } = await raw;
    const acknowledged = http.acknowledged.map((at, number) => at || read.acknowledged[number]);
    const results = {
      statements: countOf(acknowledged),
      pause,
      perSecond: Math.round(countOf(acknowledged) / http.seconds),
      raw: countOf(read.acknowledged),
      rolledBack: countOf(rolledBack),
      refused: http.refused,
      poller: judge(acknowledged, rolledBack, http.seen, http.doubled),
      positions: { ...judge(acknowledged, rolledBack, read.seen, read.doubled), gaps },
      headerBehindIdle: { p50: percentile(http.behind, 0.5), p99: percentile(http.behind, 0.99), max: percentile(http.behind, 1) },
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

if (isChild) answerParent(({ task, ...input }) => (task === 'http' ? writeAndPoll(input) : writeAndRead(input)));
else await run();
