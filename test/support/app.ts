import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config/settings.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import type { Role, XapiScope } from '../../src/modules/access/index.ts';
import { actorKey } from '../../src/modules/lrs/index.ts';
import { createTestDatabase } from './database.ts';

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is empty. */
  readonly body: T;
}

export interface XapiSecret {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

export interface TestApp extends App {
  readonly url: string;
  /** Connection string of its database, for a second server on it. */
  readonly databaseUrl: string;
  /** Where it keeps attachments. */
  readonly blobDir: string;
  /** An xAPI credential with every scope, and an ADMIN token. */
  readonly credential: XapiSecret;
  readonly token: string;
  /** Sends a request with the right headers; each can be replaced, or left out by null. */
  xapi(method: string, path: string, options?: XapiOptions): Promise<Answer<never>>;
  /** Runs an operation; by default as ADMIN. */
  graphql(query: string, variables?: Record<string, unknown>, token?: string | null): Promise<Answer<GraphqlBody>>;
  createCredential(scopes: readonly XapiScope[], partnerId?: string): Promise<XapiSecret>;
  createToken(role: Role, of?: { partnerId?: string; learnerId?: string }): Promise<string>;
  /** Every row count that a refused request must leave as it was. */
  counts(): Promise<Record<string, number>>;
  /** Statements of SQL sent outside the ORM since the last call. */
  takeQueries(): readonly string[];
  /** Stops the server and leaves what it kept, for another one. */
  stop(): Promise<void>;
  /** Deletes what a stopped server kept. */
  dispose(): Promise<void>;
}

export interface GraphqlBody {
  // oxlint-disable-next-line typescript/no-explicit-any -- each test reads the shape it asked for
  readonly data?: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: { readonly code: string; readonly violations?: readonly { path: string; rule: string; message: string }[] };
  }[];
}

export interface XapiOptions {
  readonly body?: unknown;
  /** Sent as it is, instead of `body` as JSON. */
  readonly raw?: string | Uint8Array;
  readonly headers?: Record<string, string | null>;
  readonly credential?: XapiSecret | null;
}

const COUNTED = [
  'lrs.statement',
  'lrs.statement_agent',
  'lrs.statement_activity',
  'lrs.voiding',
  'lrs.statement_attachment',
  'lrs.document',
  'lrs.activity_definition',
  'lrs.agent_name',
  'progress.evidence',
  'progress.competency_progress',
  'progress.assessment',
  'progress.prior_learning_claim',
  'progress.competency_override',
  'progress.generation',
  'progress.evidence_rule',
  'progress.rule_set_version',
  'competency.competency_framework',
  'competency.framework_version',
  'competency.competency_item',
  'competency.competency_item_version',
  'competency.competency_edge',
  'competency.position_standard',
  'people.learner',
  'people.agent_identity',
  'people.identity_change',
  'people.position',
  'people.organization_unit',
  'people.position_holding',
  'training.training_program',
  'training.program_version',
  'training.module',
  'training.learning_activity',
  'training.activity_alignment',
  'training.batch',
  'training.enrolment',
  'access.partner',
  'access.api_token',
  'access.access_grant',
  'access.lrs_credential',
];

const basic = ({ key, secret }: XapiSecret): string => `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`;

async function answer<T>(response: Response): Promise<Answer<T>> {
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return { status: response.status, headers: response.headers, text, body: (isJson && text !== '' ? JSON.parse(text) : undefined) as T };
}

export interface TestAppOptions {
  readonly settings?: Record<string, string>;
  readonly clock?: Clock;
  /** Whether the projector runs by itself; otherwise tests call `projector.drain()`. */
  readonly projecting?: boolean;
  /** An existing database to run on; it is not dropped. */
  readonly databaseUrl?: string;
  /** Any free one when left out. */
  readonly port?: number;
}

/** A whole server on a database of its own, listening on a free port. */
export async function startTestApp({ settings = {}, clock, projecting = false, databaseUrl, port = 0 }: TestAppOptions = {}): Promise<TestApp> {
  const own = databaseUrl === undefined ? await createTestDatabase() : null;
  const blobDir = await mkdtemp(join(tmpdir(), 'mumpuni-blobs-'));
  const config: Config = readConfig({ NODE_ENV: 'test', BLOB_DIR: blobDir, PORT: '0', LOG_LEVEL: 'silent', DATABASE_POOL_SIZE: '8', ...settings });
  const queries: string[] = [];
  const app = await createApp({ config, databaseUrl: databaseUrl ?? own?.url ?? '', onQuery: (text) => queries.push(text), ...(clock && { clock }) });
  const url = await app.http.listen({ host: '127.0.0.1', port });
  if (projecting) app.projector.start();

  const createCredential: TestApp['createCredential'] = (scopes, partnerId) =>
    app.modules.access.createCredential({
      label: 'test',
      scopes,
      authority: { homePage: 'https://lrs.example', name: `authority-${Math.random()}` },
      authorityKey: actorKey,
      partnerId,
    });
  const createToken: TestApp['createToken'] = async (role, of = {}) => (await app.modules.access.createToken({ label: 'test', role, ...of })).token;
  const dispose = async (): Promise<void> => {
    await own?.drop();
    await rm(blobDir, { recursive: true, force: true });
  };
  const credential = await createCredential(['all']);
  const token = await createToken('ADMIN');

  return {
    ...app,
    url,
    databaseUrl: databaseUrl ?? own?.url ?? '',
    blobDir,
    credential,
    token,
    createCredential,
    createToken,
    xapi: async (method, path, options = {}) => {
      const who = options.credential === undefined ? credential : options.credential;
      const wanted: Record<string, string | null> = {
        'X-Experience-API-Version': '1.0.3',
        ...(method === 'GET' ? {} : { 'Content-Type': 'application/json' }),
        ...(who ? { Authorization: basic(who) } : {}),
        ...options.headers,
      };
      const headers = Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== null);
      const body = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
      return answer<never>(await fetch(`${url}/xapi${path}`, { method, headers, ...(body !== undefined && { body: body as string }) }));
    },
    graphql: async (query, variables = {}, as = token) =>
      answer<GraphqlBody>(
        await fetch(`${url}/graphql`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', ...(as !== null && { Authorization: `Bearer ${as}` }) },
          body: JSON.stringify({ query, variables }),
        }),
      ),
    counts: async () => {
      const [row] = await app.database.sql.rows<Record<string, string>>(
        `select ${COUNTED.map((table, index) => `(select count(*) from ${table}) as "c${index}"`).join(', ')}`,
      );
      return Object.fromEntries(COUNTED.map((table, index) => [table, Number(row?.[`c${index}`])]));
    },
    takeQueries: () => queries.splice(0),
    stop: () => app.close(),
    dispose,
    close: async () => {
      await app.close();
      await dispose();
    },
  };
}
