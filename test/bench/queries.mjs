// npm run build && node test/bench/queries.mjs [--statements 1000000] [--copies 1] [--data folder] [--only pattern] [--explain] [--plans]
// --copies 10: what is loaded comes ten times, each with ids and times of its own, the keys the same.
// --data keeps the loaded database and takes it again when it is loaded already. --only: the cases whose filters match.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actorKey } from '../../dist/src/modules/lrs/index.js';
import { storeBatches } from '../../dist/src/modules/lrs/ingest.store.js';
import { prepareStatements } from '../../dist/src/modules/lrs/prepare.js';
import { answerParent, inChild, isChild, machine, option, percentile, send, writeResults } from './client.mjs';
import { openBench } from './server.mjs';
import { makeStatement } from './statements.mjs';
import { Wire } from './wire.mjs';

const CONNECTIONS = 8;
/** So many that one pause of a process does not make up the slowest hundredth of them. */
const REQUESTS = 1_000;
const DEPTH = 50;
/** A case is cut off after this long; the table says how many requests it got. */
const CASE_MS = 3_000;
const BATCH = 500;
const RARE = 'https://bench.example/verbs/rare';
const VOIDED = 'http://adlnet.gov/expapi/verbs/voided';

const pick = (length) => Math.floor(Math.random() * length);
const uuidOf = (text) =>
  createHash('md5')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const person = (name) => ({ objectType: 'Agent', account: { homePage: 'https://bench.example/people', name } });

/** The statement of the other measurements, with everything drawn by itself so that every pair of keys occurs, and references. */
function varied(earlier) {
  const statement = makeStatement();
  const [actor, activity] = [pick(20_000), pick(2_000)];
  statement.actor = { ...person(`p${actor}`), name: `Learner ${actor}` };
  statement.object.id = `https://bench.example/activities/${activity}`;
  statement.object.definition.name = { 'en-US': `Activity ${activity}`, id: `Aktivitas ${activity}` };
  statement.context.registration = uuidOf(`${actor}/${activity % 4}`);
  statement.context.instructor = person(pick(20) === 0 ? 'busy' : `i${pick(200)}`);
  statement.context.contextActivities.parent[0].id = `https://bench.example/courses/${activity % 100}`;
  statement.context.contextActivities.grouping[0].id = `https://bench.example/programmes/${activity % 25}`;
  if (pick(20_000) === 0) statement.verb = { id: RARE };
  if (earlier !== undefined && pick(200) === 0) {
    statement.object = { objectType: 'StatementRef', id: earlier };
    delete statement.context.platform;
    if (pick(10) === 0) statement.verb = { id: VOIDED };
  }
  return statement;
}

const seconds = (started) => (performance.now() - started) / 1000;

/** Loads through the product's own SQL. One batch in 20 is of the authority `mine`, one in 500 of `few`. */
async function load(bench, senders, count) {
  const { sql, pool } = bench.app.database;
  await pool.query(`alter system set max_wal_size = '16GB'`);
  await pool.query('select pg_reload_conf()');
  const started = performance.now();
  let [taken, done, earlier] = [0, 0, undefined];
  const worker = async () => {
    while (taken < count) {
      const batch = taken / BATCH;
      taken += BATCH;
      const sender = batch % 500 === 3 ? senders.few : batch % 20 === 7 ? senders.mine : bench.sender;
      const made = Array.from({ length: BATCH }, () => varied(earlier));
      const bytes = Buffer.from(JSON.stringify(made));
      await storeBatches(sql, [
        { sender, statements: prepareStatements({ bytes, version: '1.0.3', sender, limits: { maxDepth: 64, maxBatch: BATCH }, newStatementId: () => '' }) },
      ]);
      earlier = made[pick(BATCH)].id;
      done += BATCH;
      if (done % 100_000 === 0) console.error(`${done} loaded after ${Math.round(seconds(started))} s`);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  const perSecond = Math.round(done / seconds(started));
  await pool.query('truncate lrs.inbox');
  const sequencing = performance.now();
  await bench.app.sequencer.pass();
  const sequencedPerSecond = Math.round(done / seconds(sequencing));
  const client = await pool.connect();
  await client.query('set statement_timeout = 0');
  await client.query('vacuum analyze');
  await client.query(`alter system reset max_wal_size`);
  await client.query('select pg_reload_conf()');
  await client.query('checkpoint');
  client.release(true);
  return { perSecond, sequencedPerSecond, seconds: Math.round(seconds(started)) };
}

/** What a copy of a row gets in place of its own: other ids, times before all others, positions behind. */
const COPIED = {
  id: (column) => `md5(${column}::text || k)::uuid`,
  stored: () => 'stored - k * $1::interval',
  position: () => 'position + k * (select max(position) from lrs.statement_position)',
  body: () => 'replace(body, statement_id::text, md5(statement_id::text || k)::uuid::text)',
};
const COPIES = {
  statement: { statement_id: COPIED.id, stored: COPIED.stored, refers_to: COPIED.id, body: COPIED.body },
  statement_agent: { statement_id: COPIED.id, stored: COPIED.stored },
  statement_activity: { statement_id: COPIED.id, stored: COPIED.stored },
  voiding: { statement_id: COPIED.id, target_id: COPIED.id },
  inherited_link: { statement_id: COPIED.id, stored: COPIED.stored, source_id: COPIED.id },
  statement_position: { statement_id: COPIED.id, position: COPIED.position },
};

/** Multiplies what is loaded within the database, its indexes built anew afterwards: loading ten million one by one takes an hour. */
async function multiply(pool, copies) {
  const client = await pool.connect();
  const started = performance.now();
  await client.query(`set statement_timeout = 0; set maintenance_work_mem = '2GB'; set synchronous_commit = off`);
  const { rows: spans } = await client.query(`select (max(stored) - min(stored) + interval '1 second')::text as span from lrs.statement`);
  for (const [table, changed] of Object.entries(COPIES)) {
    const { rows: columns } = await client.query(
      `select attname as name from pg_attribute where attrelid = 'lrs.${table}'::regclass and attnum > 0 and not attisdropped order by attnum`,
    );
    const { rows: indexes } = await client.query(
      `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as create, c.conname, pg_get_constraintdef(c.oid) as constraint
       from pg_index i left join pg_constraint c on c.conindid = i.indexrelid where i.indrelid = 'lrs.${table}'::regclass`,
    );
    for (const { name, conname } of indexes) await client.query(conname ? `alter table lrs.${table} drop constraint ${conname}` : `drop index ${name}`);
    const values = columns.map(({ name }) => changed[name]?.(name) ?? name);
    await client.query(
      `insert into lrs.${table} select ${values.join(', ')} from lrs.${table}, generate_series(1, ${copies - 1}) k`,
      values.some((value) => value.includes('$1')) ? [spans[0].span] : [],
    );
    for (const { create, conname, constraint } of indexes)
      await client.query(conname ? `alter table lrs.${table} add constraint ${conname} ${constraint}` : create);
    console.error(`${table} is there ${copies} times after ${Math.round(seconds(started))} s`);
  }
  await client.query('vacuum analyze');
  await client.query('checkpoint');
  client.release(true);
}

/** Bytes per statement of each table, its TOAST and each index. */
async function sizes(pool, count) {
  const { rows } = await pool.query(
    `select relname as name, case relkind when 'i' then 'index' else 'table' end as kind, pg_relation_size(c.oid)::bigint as bytes,
       case relkind when 'i' then 0 else pg_total_relation_size(c.oid)::bigint - pg_relation_size(c.oid)::bigint - pg_indexes_size(c.oid)::bigint end as toast
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'lrs' and relkind in ('r', 'i') order by 3 desc`,
  );
  const per = (bytes) => Math.round((Number(bytes) / count) * 10) / 10;
  const parts = rows
    .map(({ name, kind, bytes, toast }) => ({ name, kind, perStatement: per(bytes), toastAndMaps: per(toast) }))
    .filter((row) => row.perStatement >= 0.1);
  const total = per(rows.reduce((sum, { bytes, toast }) => sum + Number(bytes) + Number(toast), 0));
  return { total, parts };
}

/** Keys that occur together, of random statements. */
async function sampleKeys(pool, authorityKey) {
  const { rows } = await pool.query(
    `select body, to_char(stored at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as stored from
       (select * from lrs.statement where authority_key = $1 and refers_to is null and random() < 0.5 limit 200000) s order by random() limit 2000`,
    [authorityKey],
  );
  return rows.map(({ body, stored }) => {
    const { id, actor, verb, object, context } = JSON.parse(body);
    const agent = (name) => JSON.stringify(person(name));
    return {
      id,
      stored,
      agent: agent(actor.account.name),
      instructor: agent(context.instructor.account.name),
      verb: verb.id,
      activity: object.id,
      parent: context.contextActivities.parent[0].id,
      grouping: context.contextActivities.grouping[0].id,
      registration: context.registration,
    };
  });
}

/** What each filter of the table sends. */
const FILTERS = {
  agent: (key) => ({ agent: key.agent }),
  verb: (key) => ({ verb: key.verb }),
  activity: (key) => ({ activity: key.activity }),
  registration: (key) => ({ registration: key.registration }),
  since: (key) => ({ since: key.stored }),
  until: (_key, other) => ({ until: other.stored }),
  instructor: (key) => ({ agent: key.instructor, related_agents: 'true' }),
  busy: () => ({ agent: JSON.stringify(person('busy')), related_agents: 'true' }),
  parent: (key) => ({ activity: key.parent, related_activities: 'true' }),
  grouping: (key) => ({ activity: key.grouping, related_activities: 'true' }),
  rare: () => ({ verb: RARE }),
};

function makeCases() {
  const plain = ['agent', 'verb', 'activity', 'registration', 'since', 'until'];
  const pairs = plain.flatMap((one, index) => plain.slice(index + 1).map((other) => [one, other]));
  const related = ['instructor', 'parent', 'grouping'].flatMap((one) => [[one], [one, 'verb'], [one, 'registration'], [one, 'since'], [one, 'until']]);
  const mixed = [
    ['instructor', 'activity'],
    ['instructor', 'parent'],
    ['instructor', 'grouping'],
    ['agent', 'parent'],
    ['agent', 'grouping'],
    ['busy'],
    ['busy', 'verb'],
    ['busy', 'activity'],
    ['busy', 'grouping'],
    ['rare'],
    ['rare', 'instructor'],
    ['rare', 'busy'],
    ['rare', 'activity'],
    ['rare', 'grouping'],
    ['rare', 'registration'],
  ];
  const all = [[], ...plain.map((one) => [one]), ...pairs, ...related, ...mixed].map((filters) => ({ filters, as: 'all' }));
  const mineFilters = [[], ...plain.map((one) => [one]), ['instructor'], ['busy'], ['grouping'], ['rare'], ['verb', 'activity']];
  return [...all, ...['mine', 'few'].flatMap((as) => mineFilters.map((filters) => ({ filters, as })))];
}

/** Works at some connections until enough requests are done or the time is over. */
async function work(wires, ms, next) {
  const until = performance.now() + ms;
  await Promise.all(
    wires.map(async (wire) => {
      while (performance.now() < until && (await next(wire)));
    }),
  );
}

const urlOf = (filters, keys, ascending) => {
  const [key, other] = [keys[pick(keys.length)], keys[pick(keys.length)]];
  const parameters = Object.assign({}, ...filters.map((filter) => FILTERS[filter](key, other)), ascending ? { ascending: 'true' } : {});
  const since = parameters.since;
  if (since !== undefined && parameters.until !== undefined && parameters.until < since) parameters.until = since;
  return `/xapi/statements?${new URLSearchParams(parameters)}`;
};

const moreOf = (text) => {
  const found = /"more":"([^"]*)"\}$/.exec(text.slice(-2_000));
  return found?.[1] ? JSON.parse(`"${found[1]}"`) : null;
};

async function measureCase({ authorizations, samples }, wires, { filters, as }, ascending) {
  const get = async (wire, path, into) => {
    const { status, ms, bytes, tail } = await wire.get(path, authorizations[as]);
    if (status !== 200) throw new Error(`${path}: ${status} ${tail}`);
    const more = moreOf(tail);
    into.push({ ms, path, bytes, more });
    return more;
  };
  const url = () => urlOf(filters, samples[as], ascending);
  await work(wires, 200, async (wire) => get(wire, url(), []).then(() => true));
  const [first, deep, alone] = [[], [], []];
  let left = REQUESTS;
  await work(wires, CASE_MS, async (wire) => left-- > 0 && get(wire, url(), first).then(() => true));
  // Each connection follows one list to its end or DEPTH pages, and another until there are enough.
  let lists = first.some(({ more }) => more !== null) ? REQUESTS : 0;
  await work(wires, CASE_MS, async (wire) => {
    if (deep.length >= REQUESTS || lists-- <= 0) return false;
    let more = await get(wire, url(), []);
    for (let page = 0; more && page < DEPTH; page += 1) more = await get(wire, more, deep);
    return true;
  });
  let single = 25;
  await work(wires.slice(0, 1), CASE_MS / 3, async (wire) => single-- > 0 && get(wire, url(), alone).then(() => true));
  const slowest = [...first, ...deep].sort((a, b) => b.ms - a.ms)[0];
  const figures = (list) => ({
    requests: list.length,
    p50: percentile(
      list.map(({ ms }) => ms),
      0.5,
    ),
    p99: percentile(
      list.map(({ ms }) => ms),
      0.99,
    ),
  });
  return {
    name: `${filters.join('+') || 'none'}${as === 'all' ? '' : ` (${as})`}`,
    order: ascending ? 'asc' : 'desc',
    bytes: percentile(
      first.map(({ bytes }) => bytes),
      0.5,
    ),
    alone: percentile(
      alone.map(({ ms }) => ms),
      0.5,
    ),
    first: figures(first),
    deep: figures(deep),
    slowest: { ms: slowest.ms, path: slowest.path, as },
  };
}

async function measureAll(input) {
  const wires = Array.from({ length: CONNECTIONS }, () => new Wire(input.address));
  const results = [];
  for (const one of makeCases().filter(({ filters, as }) => new RegExp(input.only).test(`${filters.join('+') || 'none'} (${as})`))) {
    for (const ascending of [false, true]) {
      const result = await measureCase(input, wires, one, ascending);
      console.error(`${result.name} ${result.order}: ${JSON.stringify([result.alone, result.first, result.deep])}`);
      results.push(result);
    }
  }
  const times = [];
  let left = REQUESTS * 10;
  await work(wires, CASE_MS, async (wire) => {
    if (left-- <= 0) return false;
    const answer = await wire.get(`/xapi/statements?statementId=${input.samples.all[pick(1_000)].id}`, input.authorizations.all);
    if (answer.status === 200) times.push(answer.ms);
    return true;
  });
  for (const wire of wires) wire.close();
  return { results, single: { requests: times.length, p50: percentile(times, 0.5), p99: percentile(times, 0.99) } };
}

/** The plan of the statement list that a request runs. @param how what EXPLAIN is told. */
async function explain(bench, { path, as }, authorizations, how = 'analyze, buffers') {
  const { pool } = bench.app.database;
  const original = pool.query;
  let list;
  pool.query = (query, ...rest) => {
    if (query?.text?.startsWith('with direct')) list = query;
    return original.call(pool, query, ...rest);
  };
  const agent = new Agent();
  await send(agent, { address: bench.address, authorization: authorizations[as] }, { path });
  pool.query = original;
  const { rows } = await pool.query(`explain (${how}) ${list.text}`, list.values);
  return { text: list.text, plan: rows.map((row) => row['QUERY PLAN']) };
}

/** What a plan reads, in order, each thing once with how often. */
function readsOf(plan) {
  const scans = plan.flatMap(
    (line) =>
      /(Index Only Scan(?: Backward)?|Index Scan(?: Backward)?|Seq Scan|Tid Scan|Bitmap \w+ Scan) (?:using (\w+) )?on (\w+)/
        .exec(line)
        ?.slice(1, 4)
        .join(' ') ?? [],
  );
  const counts = Map.groupBy(
    scans.map((scan) => scan.replace(/ +/g, ' ')),
    (scan) => scan,
  );
  return [...counts].map(([scan, all]) => `${scan}${all.length > 1 ? ` (${all.length} times)` : ''}`);
}

/** Writes what the plan of every list reads, newest first, into the documentation; lists that read the same stand together. */
async function writePlans(bench, samples, authorizations) {
  const groups = new Map();
  for (const { filters, as } of makeCases()) {
    const { plan } = await explain(bench, { path: urlOf(filters, samples[as], false), as }, authorizations, 'costs off');
    const reads = readsOf(plan).join('<br>');
    const name = `${filters.join(' + ') || 'no filter'}${as === 'all' ? '' : ` (${as})`}`;
    groups.set(reads, [...(groups.get(reads) ?? []), name]);
  }
  const rows = [...groups].map(([reads, names]) => `| ${names.join('; ')} | ${reads} |`);
  const intro =
    'What the plan of every list of statements that `npm run bench:queries` measures reads, as EXPLAIN gives it: kind of scan, index, table, in order. Written by `npm run bench:queries -- --statements 100000 --plans`. *instructor* and *busy* are agents in any role, *parent* and *grouping* activities in any role, *rare* is a verb of few statements; *(mine)* and *(few)* are lists of credentials that see their own statements only, of many and of few. Nothing is read that a list does not need: each scan ends with the page. (Nothing is voided in this bench, so its empty table is read whole.)';
  await writeFile('docs/query-plans.md', `# Query plans\n\n${intro}\n\n| lists | reads |\n|---|---|\n${rows.join('\n')}\n`);
}

async function credential(bench, label, scopes) {
  const authority = { homePage: 'https://bench.example', name: label };
  const { id, key, secret } = await bench.app.modules.access.createCredential({ label, scopes, authority, authorityKey: actorKey });
  const agent = { objectType: 'Agent', account: authority };
  return {
    authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`,
    sender: { credentialId: id, authority: JSON.stringify(agent), authorityKey: actorKey(agent), mayVoidOthers: false, mayDefine: true },
  };
}

async function run() {
  const kept = option('data');
  const dataDir = kept ?? (await mkdtemp(join(tmpdir(), 'mumpuni-queries-')));
  const bench = await openBench(dataDir, { XAPI_RATE_LIMIT_PER_MINUTE: '100000000' });
  try {
    const { pool } = bench.app.database;
    const mine = await credential(bench, 'mine', ['statements/write', 'statements/read/mine']);
    const few = await credential(bench, 'few', ['statements/write', 'statements/read/mine']);
    const isLoaded = (await pool.query('select count(*)::int as count from (select from lrs.statement limit 10000) s')).rows[0].count >= 10_000;
    const loaded = isLoaded ? null : await load(bench, { mine: mine.sender, few: few.sender }, Number(option('statements', 1_000_000)));
    if (Number(option('copies', 1)) > 1) await multiply(pool, Number(option('copies')));
    const statements = (await pool.query('select count(*)::int as count from lrs.statement')).rows[0].count;
    const space = await sizes(pool, statements);
    console.log(`${machine()}; ${statements} statements${loaded ? `, loaded at ${loaded.perSecond}/s, sequenced at ${loaded.sequencedPerSecond}/s` : ''}\n`);
    console.log(`bytes per statement: ${space.total}`);
    console.table(space.parts);
    const authorizations = { all: bench.authorization, mine: mine.authorization, few: few.authorization };
    const samples = Object.fromEntries(
      await Promise.all(
        Object.entries({ all: bench.sender, mine: mine.sender, few: few.sender }).map(async ([name, sender]) => [
          name,
          await sampleKeys(pool, sender.authorityKey),
        ]),
      ),
    );
    if (process.argv.includes('--plans')) {
      await pool.query('analyze');
      await writePlans(bench, samples, authorizations);
      return;
    }
    const { results, single } = await inChild(import.meta.filename, { address: bench.address, authorizations, samples, only: option('only', '') });
    await writeResults('queries', { statements, loaded, space, single, results });
    console.table(
      results.map(({ name, order, bytes, alone, first, deep }) => ({
        filters: name,
        order,
        kB: Math.round(bytes / 1000),
        'alone p50': alone,
        p50: first.p50,
        p99: first.p99,
        n: first.requests,
        'deep p50': deep.p50,
        'deep p99': deep.p99,
        'deep n': deep.requests,
      })),
    );
    console.log(`single by id: p50 ${single.p50} ms, p99 ${single.p99} ms (${single.requests} requests)`);
    if (process.argv.includes('--explain')) {
      const worst = [...results]
        .sort((a, b) => Math.max(b.alone, b.deep.p50) - Math.max(a.alone, a.deep.p50))
        .filter(({ name }, index, all) => all.findIndex((one) => one.name === name) === index);
      for (const { name, order, slowest } of worst.slice(0, 3)) {
        const { text, plan } = await explain(bench, slowest, authorizations);
        console.log(`\n${name} ${order}\n${[text, ...plan].join('\n')}`);
      }
    }
  } finally {
    await bench.close();
    if (kept === undefined) await rm(dataDir, { recursive: true, force: true });
  }
}

if (isChild) answerParent(measureAll);
else await run();
