import { randomInt, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { send } from './client.mjs';
import { openBench } from './server.mjs';

/**
 * `node test/bench/storm.mjs [--seconds 60] [--ids 10000]`: writers that fight over the same actors and activities, then
 * over the same ids. Nothing may deadlock, nothing may answer 5xx, each id is stored once.
 */
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, ids: { type: 'string', default: '10000' } } });
const WRITERS = 8;
const BATCH = 50;

const hot = () => ({
  actor: { mbox: `mailto:actor${randomInt(300)}@bench.example` },
  verb: { id: 'https://verbs.example/did' },
  object: { id: `https://bench.example/hot/${randomInt(50)}`, definition: { name: { en: `Activity ${randomInt(3)}` } } },
  context: {
    instructor: { mbox: `mailto:actor${randomInt(300)}@bench.example`, name: `Name ${randomInt(3)}` },
    contextActivities: { parent: [{ id: `https://bench.example/hot/${randomInt(50)}` }] },
  },
});

const dataDir = await mkdtemp(join(tmpdir(), 'mumpuni-storm-'));
const bench = await openBench(dataDir, { XAPI_RATE_LIMIT_PER_MINUTE: '100000000' }, true);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const post = (body) => send(agent, bench, { method: 'POST', path: '/xapi/statements', body: JSON.stringify(body) });
const deadlocks = async () =>
  Number((await bench.app.database.sql.rows('select deadlocks from pg_stat_database where datname = current_database()'))[0].deadlocks);
try {
  const statuses = new Map();
  const count = ({ status }) => statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const until = Date.now() + Number(values.seconds) * 1000;
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      while (Date.now() < until) count(await post(Array.from({ length: BATCH }, hot)));
    }),
  );
  console.log(`storm of ${values.seconds} s: requests by status ${JSON.stringify(Object.fromEntries(statuses))}, deadlocks ${await deadlocks()}`);

  statuses.clear();
  const ids = Array.from({ length: Number(values.ids) }, () => randomUUID());
  let wrongMix = 0;
  for (const id of ids) {
    // Four say the same, four say something else each: whoever is first decides who is in conflict.
    const same = { ...hot(), id };
    const posts = await Promise.all(Array.from({ length: WRITERS }, (_, index) => post(index < 4 ? same : { ...same, result: { response: String(index) } })));
    for (const one of posts) count(one);
    const taken = posts.filter(({ status }) => status === 200).length;
    if (!(taken === 4 || taken === 1) || posts.some(({ status }) => status !== 200 && status !== 409)) wrongMix += 1;
  }
  const [{ stored }] = await bench.app.database.sql.rows('select count(*)::int as stored from lrs.statement where statement_id = any($1::uuid[])', [ids]);
  console.log(
    `${ids.length} ids posted ${WRITERS} times at once: stored ${stored}, by status ${JSON.stringify(Object.fromEntries(statuses))}, ids with a wrong mix ${wrongMix}, deadlocks ${await deadlocks()}`,
  );
} finally {
  agent.destroy();
  await bench.close();
  await rm(dataDir, { recursive: true, force: true });
}
