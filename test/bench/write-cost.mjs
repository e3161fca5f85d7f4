// npm run bench:write-cost [-- --statements 60000]
// What a statement costs to write, and what each decision about keys, links, indexes and connections adds: bytes on disk
// and in the log (WAL), time of the database's processor. One embedded server, one variant after the other, all alternating.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../dist/src/app.js';
import { readConfig } from '../../dist/src/config/settings.js';
import { storeBatches } from '../../dist/src/modules/lrs/ingest.store.js';
import { DIRECT_ACTIVITY_ROLES, signatureKeys, signatureOf } from '../../dist/src/modules/lrs/links.js';
import { prepareStatements } from '../../dist/src/modules/lrs/prepare.js';
import { machine, option, writeResults } from './client.mjs';
import { processorPer } from './processor.mjs';
import { openBench } from './server.mjs';
import { makeStatement } from './statements.mjs';

const COUNT = Number(option('statements', 60_000));
const BATCH = 50;
const POOLS = [1, 2, 3, 4, 6, 10];

const dataDir = await mkdtemp(join(tmpdir(), 'mumpuni-write-cost-'));
const bench = await openBench(dataDir);
const { pool } = bench.app.database;

function prepared(count) {
  const limits = { maxDepth: 64, maxBatch: 1000 };
  return Array.from({ length: count / BATCH }, () => {
    const bytes = Buffer.from(JSON.stringify(Array.from({ length: BATCH }, makeStatement)));
    return prepareStatements({ bytes, version: '1.0.3', sender: bench.sender, limits, newStatementId: () => '' }).map((statement) => ({
      ...statement,
      names: [],
      definitions: [],
    }));
  });
}

/** Works, and tells what the log and the processor say each statement cost. */
async function cost(count, work) {
  await pool.query('checkpoint');
  const { rows: before } = await pool.query('select pg_current_wal_lsn() as lsn');
  const started = performance.now();
  const processor = await processorPer(async () => {
    await work();
    return count;
  });
  const seconds = (performance.now() - started) / 1_000;
  const { rows: wal } = await pool.query('select pg_wal_lsn_diff(pg_current_wal_lsn(), $1)::float8 as bytes', [before[0].lsn]);
  return { perSecond: Math.round(count / seconds), wal: Math.round(wal[0].bytes / count), databaseUs: processor.database };
}

const bytesOf = async (table, count) => {
  const { rows } = await pool.query('select pg_total_relation_size($1::regclass)::float8 as bytes', [table]);
  return Math.round(rows[0].bytes / count);
};

/** Tables of links as they could be: how wide the key, whether with a signature, which roles earn a row. */
const LINKS = {
  'uuid key, signature of 128 bits, every role (as it is)': { key: 'uuid', signature: true, roles: null },
  'the same without a signature': { key: 'uuid', signature: false, roles: null },
  'bigint key (8 of the 16 bytes)': { key: 'bigint', signature: true, roles: null },
  'direct roles only: no list of related statements': { key: 'uuid', signature: true, roles: DIRECT_ACTIVITY_ROLES },
};

async function measureLinks(batches) {
  const results = {};
  for (const [name, { key, signature, roles }] of Object.entries(LINKS)) {
    await pool.query('drop table if exists public.link');
    const bits = signature ? 'signature_low bigint not null, signature_high bigint not null,' : '';
    const include = signature ? 'include (signature_low, signature_high, roles)' : 'include (roles)';
    await pool.query(`create table public.link (key ${key} not null, stored timestamptz not null, statement_id uuid not null, ${bits} roles smallint not null, direct boolean not null,
      primary key (key, direct, stored, statement_id) ${include})`);
    const insert = `insert into public.link (key, stored, statement_id, ${signature ? 'signature_low, signature_high,' : ''} roles, direct)
      select ${key === 'uuid' ? 't.key' : `('x' || left(replace(t.key::text, '-', ''), 16))::bit(64)::bigint`}, clock_timestamp(), t.id, ${signature ? 't.low, t.high,' : ''} t.roles, t.direct
      from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::smallint[], $6::boolean[]) as t(key, id, low, high, roles, direct) order by 1, 2, 3`;
    const measured = await cost(COUNT, async () => {
      for (const batch of batches) {
        const columns = [[], [], [], [], [], []];
        for (const statement of batch) {
          const { low, high } = signatureOf(signatureKeys(statement));
          for (const [linked, of] of statement.activities) {
            if (roles !== null && (of & roles) === 0) continue;
            for (const [index, value] of [linked, statement.id, low, high, of, (of & DIRECT_ACTIVITY_ROLES) !== 0].entries()) columns[index].push(value);
          }
        }
        await pool.query({ text: insert, values: columns, name: `link ${name}`.slice(0, 60) });
      }
    });
    results[name] = { ...measured, bytes: await bytesOf('public.link', COUNT) };
  }
  await pool.query('drop table public.link');
  return results;
}

/** The store as it is, and without one of its indexes. */
const INDEXES = [null, 'statement_verb_index', 'statement_registration_index', 'statement_stored_index'];

const write = async (sql, batches, connections) => {
  const queue = [...batches];
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let batch = queue.pop(); batch; batch = queue.pop()) await storeBatches(sql, [{ sender: bench.sender, statements: batch }]);
    }),
  );
};

async function measureIndexes() {
  const results = {};
  for (const index of INDEXES) {
    await pool.query('truncate lrs.statement, lrs.statement_agent, lrs.statement_activity, lrs.inbox');
    const { rows } = index === null ? { rows: [] } : await pool.query('select pg_get_indexdef($1::regclass) as create', [`lrs.${index}`]);
    if (index !== null) await pool.query(`drop index lrs.${index}`);
    const batches = prepared(COUNT);
    results[index === null ? 'all of it' : `without ${index}`] = await cost(COUNT, () => write(bench.app.database.sql, batches, 3));
    if (index !== null) await pool.query(rows[0].create);
  }
  return results;
}

async function measurePools() {
  const results = {};
  for (const connections of POOLS) {
    await pool.query('truncate lrs.statement, lrs.statement_agent, lrs.statement_activity, lrs.inbox');
    const own = await connect(readConfig({ DATABASE_POOL_SIZE: '10' }), bench.url);
    const batches = prepared(COUNT);
    results[`${connections} at once`] = await cost(COUNT, () => write(own.sql, batches, connections));
    await own.close();
  }
  return results;
}

try {
  const links = await measureLinks(prepared(COUNT));
  const indexes = await measureIndexes();
  const pools = await measurePools();
  await writeResults('write-cost', { statements: COUNT, links, indexes, pools });
  console.log(`${machine()}; ${COUNT} statements, ${BATCH} a transaction; bytes and microseconds of the database's processor for each statement`);
  for (const [title, table] of Object.entries({
    'links of activities alone, one connection': links,
    'the whole statement, three connections': indexes,
    'the whole statement': pools,
  })) {
    console.log(`\n${title}`);
    console.table(table);
  }
} finally {
  await bench.close();
  await rm(dataDir, { recursive: true, force: true });
}
