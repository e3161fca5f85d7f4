import { spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { connect, createModules } from '../../dist/src/app.js';
import { readConfig } from '../../dist/src/config/settings.js';
import { startEmbeddedPostgres } from '../../dist/src/db/embedded-postgres.js';
import { migrate } from '../../dist/src/db/schema-version.js';
import { DEMO_MODULES, VERBS } from '../../dist/src/demo/course.js';
import { loadDemoWorld } from '../../dist/src/demo/load.js';
import { systemClock } from '../../dist/src/kernel/clock.js';
import { actorKey } from '../../dist/src/modules/lrs/index.js';

const CLIENTS = 8;
/** Enough that nobody collects more evidence than a person would in a working life. */
const LEARNERS = 400;
const HOME_PAGE = 'https://durability.example/people';
const GIVE_UP_MS = 60_000;
/** Projecting everything that was posted may take a while on a slow machine. */
const SETTLE_MS = 900_000;

/** Calls until it answers truthfully; what it throws meanwhile does not count. */
async function eventually(what, attempt, giveUpMs = GIVE_UP_MS) {
  // A clock that cannot be set: hours of rounds must not end for a step of the other one.
  const until = performance.now() + giveUpMs;
  for (let last; performance.now() < until; await pause(20)) {
    try {
      const answer = await attempt();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    if (last && performance.now() > until - 100) throw new Error(`${what}: ${last.message}`);
  }
  throw new Error(`${what} did not happen within ${giveUpMs} ms`);
}

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Processes a process started, by their ids. */
const childrenOf = async (pid) => (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(/\s+/).filter(Boolean).map(Number);

/** PostgreSQL that can be killed: the postmaster and everything below it at once, as a machine would lose them. */
class Postgres {
  constructor(dataDir, settings) {
    // The same port after each kill: the server must find its way back by itself.
    this.port = randomInt(20_000, 30_000);
    this.options = { dataDir, settings: [...settings, `port=${this.port}`] };
  }

  async start() {
    this.server = await startEmbeddedPostgres(this.options);
    this.url = this.server.url.replace(/:\d+\/postgres$/, `:${this.port}/durability`);
  }

  async kill() {
    const postmaster = Number((await readFile(join(this.options.dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
    const children = await childrenOf(postmaster);
    for (const pid of [postmaster, ...children]) if (alive(pid)) process.kill(pid, 'SIGKILL');
    await eventually('the end of PostgreSQL', () => [postmaster, ...children].every((pid) => !alive(pid)));
  }
}

/** The server as an operator runs it, on the same database and port after each kill. */
class Server {
  constructor(environment) {
    this.environment = environment;
  }

  async start() {
    const child = spawn(process.execPath, ['dist/src/main.js', 'serve'], {
      env: { PATH: process.env.PATH, ...this.environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaint = '';
    child.stderr.on('data', (chunk) => {
      complaint = (complaint + chunk).slice(-2_000);
    });
    child.once('exit', (code) => {
      if (code !== null) this.died = new Error(`the server ended by itself with ${code}: ${complaint}`);
    });
    this.child = child;
    await eventually('the start of the server', async () => (await fetch(`${this.url}/health/ready`)).ok);
  }

  get url() {
    return `http://127.0.0.1:${this.environment.PORT}`;
  }

  async kill() {
    if (this.died) throw this.died;
    const ended = once(this.child, 'exit');
    for (const pid of await childrenOf(this.child.pid)) process.kill(pid, 'SIGKILL');
    this.child.kill('SIGKILL');
    await ended;
  }
}

function makeStatement() {
  const module = DEMO_MODULES[randomInt(DEMO_MODULES.length)];
  return {
    id: randomUUID(),
    actor: { account: { homePage: HOME_PAGE, name: `p${randomInt(LEARNERS)}` } },
    verb: { id: VERBS.passed },
    object: { id: module.test.iri },
    result: { score: { scaled: randomInt(100) / 100 }, success: true },
    timestamp: new Date(Date.UTC(2026, 0, 1) + randomInt(300) * 86_400_000).toISOString(),
  };
}

/** Posts batches of 1 to 50 until stopped; remembers what was acknowledged. */
async function client(server, authorization, acknowledged, signal) {
  while (!signal.aborted) {
    const batch = Array.from({ length: randomInt(1, 51) }, makeStatement);
    try {
      const response = await fetch(`${server.url}/xapi/statements`, {
        method: 'POST',
        headers: { Authorization: authorization, 'Content-Type': 'application/json', 'X-Experience-API-Version': '1.0.3' },
        body: JSON.stringify(batch),
      });
      if (response.status === 200) for (const id of await response.json()) acknowledged.push(id);
      else await response.arrayBuffer();
    } catch {
      await pause(20);
    }
  }
}

async function prepare(url) {
  const admin = new pg.Client({ connectionString: url.replace(/\/durability$/, '/postgres') });
  await admin.connect();
  await admin.query('create database durability');
  await admin.end();
  const config = readConfig({});
  const database = await connect(config, url);
  await migrate(database);
  const modules = createModules(config, database, systemClock);
  await loadDemoWorld(database, modules, systemClock);
  for (let number = 0; number < LEARNERS; number += 1)
    await modules.people.createLearner({
      name: `Learner ${number}`,
      staffCategory: 'PNS',
      identities: [{ kind: 'account', homePage: HOME_PAGE, value: `p${number}` }],
    });
  const { key, secret } = await modules.access.createCredential({
    label: 'durability',
    scopes: ['statements/write'],
    authority: { homePage: 'https://durability.example', name: 'durability' },
    authorityKey: actorKey,
  });
  await database.close();
  return `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`;
}

const PROGRESS = `select coalesce(json_agg(t order by t.learner_id, t.item_id), '[]') as rows from (
  select learner_id, item_id, current_level, direct_level, source, supporting from progress.competency_progress) t`;

/** What the database holds once nothing waits any more. */
async function audit(url, acknowledged) {
  const sql = new pg.Client({ connectionString: url });
  sql.on('error', () => undefined);
  await sql.connect();
  const one = async (text, parameters) => Object.values((await sql.query(text, parameters)).rows[0])[0];
  const settle = () => eventually('an empty inbox', async () => (await one('select count(*)::int from lrs.inbox')) === 0, SETTLE_MS);
  await settle();
  const stored = await one('select count(*)::int from lrs.statement');
  await eventually('a position for every statement', async () => (await one('select count(*)::int from lrs.statement_position')) === stored, SETTLE_MS);
  const before = await one(PROGRESS);
  // Everything is projected again from the statements alone.
  await sql.query(`insert into lrs.inbox (bucket, stored, statement_id)
    select get_byte(uuid_send(actor_key), 0) % 64, stored, statement_id from lrs.statement on conflict do nothing`);
  await settle();
  const figures = {
    acknowledged: acknowledged.length,
    stored,
    lost: await one('select count(*)::int from unnest($1::uuid[]) as t(id) where not exists (select from lrs.statement s where s.statement_id = t.id)', [
      acknowledged,
    ]),
    // An actor and an authority each, no more and no less.
    doubled: await one('select count(*)::int from (select statement_id from lrs.statement_agent group by 1 having count(*) <> 2) t'),
    unlinked: await one(
      'select count(*)::int from lrs.statement s where not exists (select from lrs.statement_activity a where a.statement_id = s.statement_id and a.stored = s.stored)',
    ),
    holes: (await one('select coalesce(max(position), 0)::int from lrs.statement_position')) - stored,
    sameProgress: JSON.stringify(await one(PROGRESS)) === JSON.stringify(before),
    progressRows: before.length,
  };
  await sql.end();
  return figures;
}

/**
 * Kills the server, or PostgreSQL, again and again while clients post, and then counts.
 * @param rounds how often each is killed.
 * @param synchronousCommit `off` shows that the count can fail.
 */
export async function crashRounds({ serverRounds, postgresRounds, synchronousCommit = 'on', onRound = () => undefined }) {
  const dataDir = await mkdtemp(join(tmpdir(), 'mumpuni-durability-'));
  const postgres = new Postgres(dataDir, [`synchronous_commit=${synchronousCommit}`]);
  let server;
  try {
    await postgres.start();
    const authorization = await prepare(postgres.url);
    const port = randomInt(30_000, 40_000);
    const start = async () => {
      server = new Server({ DATABASE_URL: postgres.url, PORT: String(port), DATA_DIR: dataDir, LOG_LEVEL: 'silent', NODE_ENV: 'production' });
      await server.start();
    };
    await start();
    const acknowledged = [];
    const stop = new AbortController();
    const clients = Array.from({ length: CLIENTS }, () =>
      client(
        {
          get url() {
            return server.url;
          },
        },
        authorization,
        acknowledged,
        stop.signal,
      ),
    );
    const rounds = [...Array(serverRounds).fill('server'), ...Array(postgresRounds).fill('postgres')].sort(() => Math.random() - 0.5);
    const recoveries = [];
    for (const [index, victim] of rounds.entries()) {
      await pause(randomInt(1_200, 2_000));
      const killed = performance.now();
      if (victim === 'server') {
        await server.kill();
        await start();
      } else {
        await postgres.kill();
        await postgres.start();
        const known = acknowledged.length;
        await eventually('an acknowledgement after PostgreSQL is back', () => server.died || acknowledged.length > known);
        if (server.died) throw server.died;
      }
      recoveries.push(Math.round(performance.now() - killed));
      onRound(index + 1, rounds.length, acknowledged.length);
    }
    stop.abort();
    await Promise.all(clients);
    return { rounds: rounds.length, slowestRecoveryMs: Math.max(...recoveries), ...(await audit(postgres.url, acknowledged)) };
  } finally {
    await server?.kill().catch(() => undefined);
    await postgres.server?.stop().catch(() => undefined);
    await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
