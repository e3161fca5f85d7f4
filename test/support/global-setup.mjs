import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Database } from '../../src/db/database.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded-postgres.ts';
import { migrate } from '../../src/db/schema-version.ts';
import { accessEntities } from '../../src/modules/access/access.entities.ts';

/** Speed over durability: this cluster lives for one run. Tests of crashes start a durable one of their own. */
const SETTINGS = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'autovacuum=off',
  'shared_buffers=256MB',
];

/** Starts a PostgreSQL for the run and prepares the template that every test file clones. */
export default async function setup() {
  const dataDir = await mkdtemp(join(tmpdir(), 'mumpuni-test-'));
  const server = await startEmbeddedPostgres({ dataDir, settings: SETTINGS });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query('create database template_migrated');
  const database = await Database.connect({ url: server.url.replace(/\/postgres$/, '/template_migrated'), poolSize: 3, entities: accessEntities });
  await migrate(database);
  await database.close();
  await client.query('alter database template_migrated is_template true allow_connections false');
  await client.end();
  process.env.TEST_DATABASE_URL = server.url;
  globalThis.testServer = { server, dataDir };
}
