import type { AnyEntity, EntitySchema } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import type { EntityManager, PostgreSqlConnection } from '@mikro-orm/postgresql';
import { MikroORM } from '@mikro-orm/postgresql';
import { Kysely, PostgresDialect } from 'kysely';
import pg, { type Pool, type PoolClient } from 'pg';
import { migrations } from '../../migrations/index.ts';
import { AppError } from '../kernel/errors.ts';

/** Runs SQL with `$1` parameters and answers its rows, columns named in camelCase. */
export interface Sql {
  /** @param name plans the statement once per connection under this name. */
  rows<T = Record<string, unknown>>(text: string, parameters?: readonly unknown[], name?: string): Promise<readonly T[]>;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly entities: readonly unknown[];
  /** Told each statement sent outside the ORM, for tests that count them. */
  readonly onQuery?: (text: string) => void;
}

const camelNames = new Map<string, string>();

/** The camelCase form of a column name, computed once. */
function camelName(column: string): string {
  const known = camelNames.get(column);
  if (known !== undefined) return known;
  const name = column.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
  camelNames.set(column, name);
  return name;
}

/** Serialisation failure and deadlock: the transaction did not happen and may simply be run again. */
const RETRYABLE = new Set(['40001', '40P01']);

/** Thrown by work that met a lock it must not wait for: the transaction rolls back and runs again. */
export class RetryTransaction extends Error {
  readonly code = '40001';
}

const MAX_ATTEMPTS = 6;

const sqlState = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** MikroORM leaves timestamps as text for its own hydration; plain SQL wants what `pg` makes of them: dates. */
function useDefaultParsers(pool: Pool): void {
  pool.options.types = pg.types;
}

/** Whether an error says that the database is away or full, and nothing about what was asked. */
export const isConnectionError = (error: unknown): boolean =>
  /^(?:ECONN|ETIMEDOUT|EPIPE|57P0|08|53)/.test(sqlState(error) ?? '') ||
  (error instanceof Error && /timeout exceeded when trying to connect|Connection terminated/.test(error.message));

/** Whether an error says that something waited too long: for a lock, or for its turn. */
export const isTimeout = (error: unknown): boolean => ['57014', '55P03'].includes(sqlState(error) ?? '');

/** Whether an error comes of what others did at the same time, and says nothing about what was asked. */
export const isContention = (error: unknown): boolean => isTimeout(error) || RETRYABLE.has(sqlState(error) ?? '');

/** Says which server does not answer, without the user and password of the connection string. */
function unreachable(url: string, error: unknown): AppError {
  const address = URL.canParse(url) ? new URL(url).host : 'DATABASE_URL';
  return new AppError(
    'UNAVAILABLE',
    `The database at ${address} cannot be reached: ${error instanceof Error ? error.message : String(error)}. Check DATABASE_URL and that the server runs.`,
  );
}

/** Runs work again, after a short random wait, while it fails in a way that left nothing behind. */
async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !RETRYABLE.has(sqlState(error) ?? '')) throw error;
      const waitMs = Math.random() * 10 * 2 ** attempt;
      await new Promise((done) => setTimeout(done, waitMs));
    }
  }
}

/**
 * The one way to PostgreSQL: a pool, MikroORM on it for domain rows, and plain SQL for hot paths and lists.
 */
export class Database {
  readonly orm: MikroORM;
  readonly pool: Pool;
  /** Single statements outside any transaction. */
  readonly sql: Sql;
  readonly #onQuery: (text: string) => void;

  private constructor(orm: MikroORM, pool: Pool, onQuery: (text: string) => void) {
    this.orm = orm;
    this.pool = pool;
    this.#onQuery = onQuery;
    this.sql = this.#through(pool);
  }

  /** Connects. @throws AppError UNAVAILABLE when the server does not answer or refuses the user. */
  static async connect(options: DatabaseOptions): Promise<Database> {
    const orm = await MikroORM.init({
      clientUrl: options.url,
      entities: options.entities as EntitySchema<AnyEntity>[],
      extensions: [Migrator],
      ensureDatabase: false,
      pool: { min: 0, max: options.poolSize },
      driverOptions: {
        connectionTimeoutMillis: 5_000,
        // jit and parallel plans cost more than they give on short queries; bitmaps read whole ranges where a walk in order ends with its page; the timeouts are off by default in PostgreSQL.
        options:
          '-c jit=off -c max_parallel_workers_per_gather=0 -c enable_bitmapscan=off -c lock_timeout=10s -c statement_timeout=60s -c idle_in_transaction_session_timeout=10s',
        application_name: 'mumpuni',
        onPoolCreated: useDefaultParsers,
      },
      migrations: { migrationsList: migrations, tableName: 'schema_migration', transactional: true, allOrNothing: true, snapshot: false },
      logger: () => undefined,
    });
    const pool = (await (orm.em.getConnection() as PostgreSqlConnection).getNativeClient()) as Pool;
    try {
      await pool.query('select 1');
    } catch (error) {
      await orm.close(true);
      throw unreachable(options.url, error);
    }
    return new Database(orm, pool, options.onQuery ?? (() => undefined));
  }

  #through(client: Pool | PoolClient): Sql {
    return {
      rows: async <T>(text: string, parameters: readonly unknown[] = [], name?: string) => {
        this.#onQuery(text);
        const result = await client.query({ text, values: [...parameters], rowMode: 'array', ...(name !== undefined && { name }) });
        const names = result.fields.map((field) => camelName(field.name));
        return (result.rows as unknown[][]).map((values) => {
          const row: Record<string, unknown> = {};
          for (let index = 0; index < names.length; index += 1) row[names[index] as string] = values[index];
          return row as T;
        });
      },
    };
  }

  /** Runs one SQL statement, a transaction by itself; runs it again while it fails in a way that left nothing behind. */
  async once<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return withRetries(() => work(this.sql));
  }

  /**
   * Runs SQL in one READ COMMITTED transaction; rolls back when the work throws.
   *
   * The work may run more than once (deadlock, serialisation failure), so it must have no effect outside the database.
   */
  async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#transact((client) => work(this.#through(client)));
  }

  /**
   * Runs a change of domain rows in one transaction, through an entity manager of its own.
   * @throws AppError CONFLICT when a unique key is taken, INVALID_INPUT when a reference leads nowhere.
   */
  async write<T>(work: (em: EntityManager, sql: Sql) => Promise<T>): Promise<T> {
    try {
      return await this.#transact(async (client) => {
        const em = this.orm.em.fork() as EntityManager;
        em.setTransactionContext(onClient(client));
        const result = await work(em, this.#through(client));
        await em.flush();
        return result;
      });
    } catch (error) {
      throw constraintError(error) ?? error;
    }
  }

  /** One transaction on one connection, which goes back to the pool whatever happens, and out of it when it is lost. */
  async #transact<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return withRetries(async () => {
      const client = await this.pool.connect();
      let broken: Error | undefined;
      try {
        await client.query('begin');
        const result = await work(client);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch((failure: Error) => {
          broken = failure;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    });
  }

  async ping(): Promise<void> {
    await this.pool.query('select 1');
  }

  async close(): Promise<void> {
    await this.orm.close(true);
  }
}

/**
 * What an entity manager sends its SQL through, on a connection whose transaction is begun, ended and given back here:
 * where the ORM does that itself, a connection that is lost within a transaction never returns to the pool.
 */
const onClient = (client: PoolClient) => {
  const only = { query: client.query.bind(client), release: () => undefined };
  return new Kysely({ dialect: new PostgresDialect({ pool: { connect: async () => only, end: async () => undefined, options: {} } }) });
};

/** The last line of defence behind the checks of the modules, which name the field better. */
function constraintError(error: unknown): AppError | null {
  const refuse = (code: 'CONFLICT' | 'INVALID_INPUT', rule: string, message: string) => new AppError(code, message, [{ path: '', rule, message }]);
  if (sqlState(error) === '23505') return refuse('CONFLICT', 'unique', 'a row with this key exists already');
  if (sqlState(error) === '23503') return refuse('INVALID_INPUT', 'reference', 'a reference leads to nothing');
  return null;
}
