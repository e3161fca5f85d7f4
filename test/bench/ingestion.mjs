import { Agent, request } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connect } from '../../dist/src/app.js';
import { readConfig } from '../../dist/src/config/settings.js';
import { storeBatches } from '../../dist/src/modules/lrs/ingest.store.js';
import { prepareStatements } from '../../dist/src/modules/lrs/prepare.js';
import { processorPer } from './processor.mjs';
import { makeStatement } from './statements.mjs';

/** Odd, so that one of them is in the middle. A machine that others share changes its speed by the second: many short ones, side by side. */
const ROUNDS = 7;
const SECONDS = 2;
const STATEMENTS_PER_ROUND = 50_000;

function post({ address, authorization }, agent, body) {
  return new Promise((done, fail) => {
    const sending = request(
      `${address}/xapi/statements`,
      {
        method: 'POST',
        agent,
        headers: { Authorization: authorization, 'Content-Type': 'application/json', 'X-Experience-API-Version': '1.0.3', 'Content-Length': body.length },
      },
      (response) => {
        response.resume();
        response.on('end', () => (response.statusCode === 200 ? done() : fail(new Error(`status ${response.statusCode}`))));
      },
    );
    sending.on('error', fail);
    sending.end(body);
  });
}

setFlagsFromString('--expose-gc');
/** What one side leaves behind is not collected in the time of the other. */
const collectGarbage = runInNewContext('gc');

/** Works through prepared batches on some connections for a while. @returns statements per second, and the processor's time for each. */
async function rate(connections, size, batches, work) {
  collectGarbage();
  let perSecond = 0;
  const processor = await processorPer(async () => {
    const worked = await workThrough(connections, size, batches, work);
    ({ perSecond } = worked);
    return worked.done;
  });
  return { perSecond, processor };
}

async function workThrough(connections, size, batches, work) {
  const queue = [...batches];
  const started = performance.now();
  const until = started + SECONDS * 1000;
  let done = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let batch = queue.pop(); batch && performance.now() < until; batch = queue.pop()) {
        await work(batch);
        done += size;
      }
    }),
  );
  if (queue.length === 0) throw new Error('the prepared batches did not last: raise STATEMENTS_PER_ROUND');
  return { done, perSecond: done / ((performance.now() - started) / 1000) };
}

const middle = (rows, by) => [...rows].sort((a, b) => by(a) - by(b))[Math.floor(rows.length / 2)];
const byRate = (rows) => middle(rows, ({ perSecond }) => perSecond);

/** HTTP (validated, authorised, durable, linked, inbox row) against the same rows written by multi-row SQL alone, computed beforehand. */
export async function measureIngestion(bench) {
  const results = [];
  for (const { size, connections } of [
    { size: 50, connections: 8 },
    { size: 1, connections: 32 },
  ]) {
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    const makeBodies = () =>
      Array.from({ length: STATEMENTS_PER_ROUND / size }, () => Buffer.from(JSON.stringify(Array.from({ length: size }, makeStatement))));
    // Names and definitions are written once each; a server that runs knows them and leaves them out, so does the direct way.
    const prepare = (bytes) =>
      prepareStatements({ bytes, version: '1.0.3', sender: bench.sender, limits: { maxDepth: 64, maxBatch: 1000 }, newStatementId: () => '' }).map(
        (statement) => ({ ...statement, names: [], definitions: [] }),
      );
    // As many connections as the clients of the other side have.
    const own = await connect(readConfig({ DATABASE_POOL_SIZE: String(connections) }), bench.url);
    const writeRows = (statements) => storeBatches(own.sql, [{ sender: bench.sender, statements }]);
    const http = [];
    const sql = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      http.push(await rate(connections, size, makeBodies(), (body) => post(bench, agent, body)));
      sql.push(await rate(connections, size, makeBodies().map(prepare), writeRows));
      await bench.app.database.sql.rows('truncate lrs.inbox');
    }
    agent.destroy();
    await own.close();
    results.push({
      batch: size,
      connections,
      rounds: ROUNDS,
      http: Math.round(byRate(http).perSecond),
      direct: Math.round(byRate(sql).perSecond),
      // Of rounds that follow one another.
      ratio: Number(
        middle(
          http.map(({ perSecond }, round) => perSecond / sql[round].perSecond),
          Number,
        ).toFixed(2),
      ),
      processorPerStatement: { http: byRate(http).processor, direct: byRate(sql).processor },
    });
  }
  return results;
}
