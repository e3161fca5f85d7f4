import pg from 'pg';
import { startEmbeddedPostgres } from './embedded-postgres.ts';

const DATABASE = 'mumpuni';
/** Any number, as long as every version of the server takes the same one. */
const OWNER_LOCK = 7_307_117_110;

export interface OwnedDatabase {
  /** Connection string to the application's database. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Someone else's server works on this data folder. */
export class DataFolderInUseError extends Error {}

/**
 * Starts the embedded PostgreSQL and claims it for this process.
 *
 * The claim is a session lock inside the database: it ends with our connection, however we die, so a killed server
 * leaves nothing to clean up and two live ones cannot share a folder.
 * @throws DataFolderInUseError when another process holds the claim.
 */
export async function ownEmbeddedDatabase(dataDir: string, onProgress: (message: string) => void): Promise<OwnedDatabase> {
  const server = await startEmbeddedPostgres({ dataDir, onProgress });
  const session = new pg.Client({ connectionString: server.url, application_name: 'mumpuni owner' });
  session.on('error', () => undefined);
  await session.connect();
  const claimed = await session.query<{ claimed: boolean }>('select pg_try_advisory_lock($1) as claimed', [OWNER_LOCK]);
  if (!claimed.rows[0]?.claimed) {
    await session.end();
    throw new DataFolderInUseError(`Another Mumpuni server is running on ${dataDir}. Stop it, or set DATA_DIR to another folder.`);
  }
  const present = await session.query('select from pg_database where datname = $1', [DATABASE]);
  if (present.rowCount === 0) await session.query(`create database ${DATABASE}`);
  return {
    url: server.url.replace(/\/postgres$/, `/${DATABASE}`),
    stop: async () => {
      await session.end();
      await server.stop();
    },
  };
}
