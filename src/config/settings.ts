/** Every setting of the server: the one list that reads the environment and that docs/configuration.md is made from. */

interface Setting<T> {
  readonly name: string;
  readonly fallback: string;
  readonly description: string;
  /** Whether its value must not be shown, not even when it is wrong. */
  readonly secret?: boolean;
  /** @returns the value, or throws with what was expected. */
  readonly parse: (text: string) => T;
}

const text = (value: string): string => value;

const wholeNumber =
  (minimum: number, maximum: number) =>
  (value: string): number => {
    const parsed = Number(value);
    if (!Number.isInteger(parsed) || parsed < minimum || parsed > maximum) throw new Error(`a whole number from ${minimum} to ${maximum}`);
    return parsed;
  };

const oneOf =
  <T extends string>(...values: readonly T[]) =>
  (value: string): T => {
    const match = values.find((candidate) => candidate === value);
    if (match === undefined) throw new Error(`one of ${values.filter(Boolean).join(', ')}`);
    return match;
  };

const flag = (value: string): boolean => oneOf('true', 'false')(value) === 'true';

const secretsByName = (value: string): ReadonlyMap<string, string> => {
  const expected = 'a JSON object from names to texts';
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    // Not the parser's own words: they quote what they read.
    throw new Error(expected);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error(expected);
  const entries = Object.entries(parsed);
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) throw new Error(expected);
  return new Map(entries);
};

const absoluteUrlOrEmpty = (value: string): string => {
  if (value !== '' && !URL.canParse(value)) throw new Error('an absolute URL');
  return value.replace(/\/+$/, '');
};

export const SETTINGS = {
  host: { name: 'HOST', fallback: '127.0.0.1', description: 'Address the server listens on.', parse: text },
  port: { name: 'PORT', fallback: '4000', description: 'Port the server listens on; 0 takes any free one.', parse: wholeNumber(0, 65_535) },
  processes: {
    name: 'PROCESSES',
    fallback: '0',
    description:
      'Server processes that share the port and the database. 0 takes one per core, at most 8, with DATABASE_URL, and one with the embedded database. SIGHUP to the first process replaces them one by one.',
    parse: wholeNumber(0, 64),
  },
  publicUrl: {
    name: 'PUBLIC_URL',
    fallback: '',
    description: 'Address under which clients reach the server, for printed links and authorities; empty means http://HOST:PORT.',
    parse: absoluteUrlOrEmpty,
  },
  dataDir: {
    name: 'DATA_DIR',
    fallback: '.data',
    description: 'Folder of the embedded PostgreSQL, of credentials.json and, unless BLOB_DIR or BLOB_S3_BUCKET says otherwise, of attachments.',
    parse: text,
  },
  databaseUrl: {
    name: 'DATABASE_URL',
    fallback: '',
    description:
      'PostgreSQL 15 or newer to use, as postgres://user:password@host:port/name. Empty starts the embedded server. With it the server neither migrates nor loads the demo.',
    parse: text,
  },
  databasePoolSize: { name: 'DATABASE_POOL_SIZE', fallback: '10', description: 'Most connections of one process to PostgreSQL.', parse: wholeNumber(3, 200) },
  mode: {
    name: 'NODE_ENV',
    fallback: 'development',
    description: 'production turns off the GraphQL explorer and introspection.',
    parse: oneOf('development', 'test', 'production'),
  },
  demo: { name: 'DEMO', fallback: 'true', description: 'Whether the first start on the embedded server loads the demo world.', parse: flag },
  xapiHeaderlessVersion: {
    name: 'XAPI_HEADERLESS_VERSION',
    fallback: '1.0.3',
    description: 'xAPI version that answers carry when a request has no usable X-Experience-API-Version; such requests are refused, as the standard asks.',
    parse: oneOf('1.0.3', '2.0.0'),
  },
  statementBodyLimitBytes: {
    name: 'STATEMENT_BODY_LIMIT_BYTES',
    fallback: String(4 * 1024 * 1024),
    description: 'Largest body of a statement request, in bytes; above it the answer is 413.',
    parse: wholeNumber(1_024, 1_073_741_824),
  },
  documentBodyLimitBytes: {
    name: 'DOCUMENT_BODY_LIMIT_BYTES',
    fallback: String(4 * 1024 * 1024),
    description: 'Largest state or profile document, in bytes; above it the answer is 413.',
    parse: wholeNumber(1_024, 1_073_741_824),
  },
  attachmentBodyLimitBytes: {
    name: 'ATTACHMENT_BODY_LIMIT_BYTES',
    fallback: String(64 * 1024 * 1024),
    description: 'Largest multipart body, statements and attachments together, in bytes; above it the answer is 413.',
    parse: wholeNumber(1_024, 1_073_741_824),
  },
  xapiRateLimit: {
    name: 'XAPI_RATE_LIMIT_PER_MINUTE',
    fallback: '60000',
    description: 'xAPI requests one credential may make in a minute, per process; above it the answer is 429 with Retry-After.',
    parse: wholeNumber(1, 100_000_000),
  },
  blobDir: {
    name: 'BLOB_DIR',
    fallback: '',
    description: 'Folder of attachments; empty means blobs in DATA_DIR. All processes of one system need the same. Unused with BLOB_S3_BUCKET.',
    parse: text,
  },
  blobS3Bucket: {
    name: 'BLOB_S3_BUCKET',
    fallback: '',
    description:
      'Bucket of an S3-compatible store for attachments. Its credentials are those the AWS SDK finds (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, …).',
    parse: text,
  },
  blobS3Prefix: { name: 'BLOB_S3_PREFIX', fallback: '', description: 'Put before the name of every attachment in the bucket.', parse: text },
  blobS3Region: { name: 'BLOB_S3_REGION', fallback: 'us-east-1', description: 'Region of the bucket.', parse: text },
  blobS3Endpoint: {
    name: 'BLOB_S3_ENDPOINT',
    fallback: '',
    description: 'Address of an S3-compatible store; empty means AWS.',
    parse: absoluteUrlOrEmpty,
  },
  contentUrl: {
    name: 'CONTENT_URL',
    fallback: '',
    description:
      'Address under which packages of e-learning are delivered: another site than PUBLIC_URL, since what is delivered is not ours. With a host that begins with *. each package gets one of its own, and reads nothing that another left in a browser. Empty means http://localhost:PORT where HOST is 127.0.0.1 and PUBLIC_URL is empty; else nothing is delivered.',
    parse: absoluteUrlOrEmpty,
  },
  contentStrict: {
    name: 'CONTENT_STRICT',
    fallback: 'false',
    description:
      'Whether packages reach nothing but their own files and this server: no fonts, films or services of others, and nothing they know of a learner goes elsewhere.',
    parse: flag,
  },
  launchRateLimit: {
    name: 'CONTENT_LAUNCH_RATE_LIMIT_PER_MINUTE',
    fallback: '600',
    description:
      'Launches that content may be opened by for one learner in a minute, and previews of one package, per process; above it they are refused as RATE_LIMITED.',
    parse: wholeNumber(1, 1_000_000),
  },
  playerRateLimit: {
    name: 'CONTENT_PLAYER_RATE_LIMIT_PER_MINUTE',
    fallback: '6000',
    description: 'Requests that the player of one launch may make in a minute to save and to go on, per process; above it the answer is 429 with Retry-After.',
    parse: wholeNumber(1, 100_000_000),
  },
  contentUploadLimitBytes: {
    name: 'CONTENT_UPLOAD_LIMIT_BYTES',
    fallback: String(1024 * 1024 * 1024),
    description: 'Largest package that is taken, in bytes; above it the answer is 413.',
    parse: wholeNumber(1_024, 1_099_511_627_776),
  },
  contentUnpackedLimitBytes: {
    name: 'CONTENT_UNPACKED_LIMIT_BYTES',
    fallback: String(4 * 1024 * 1024 * 1024),
    description: 'Most bytes that a package may unpack to.',
    parse: wholeNumber(1_024, 1_099_511_627_776),
  },
  contentFileLimit: {
    name: 'CONTENT_FILE_LIMIT',
    fallback: '20000',
    description: 'Most files in a package.',
    parse: wholeNumber(1, 1_000_000),
  },
  statementBatchLimit: {
    name: 'STATEMENT_BATCH_LIMIT',
    fallback: '1000',
    description: 'Most statements in one request; above it the answer is 413.',
    parse: wholeNumber(1, 100_000),
  },
  statementDepthLimit: {
    name: 'STATEMENT_DEPTH_LIMIT',
    fallback: '64',
    description: 'Deepest nesting of JSON in a statement request.',
    parse: wholeNumber(10, 1_000),
  },
  statementPageSize: {
    name: 'STATEMENT_PAGE_SIZE',
    fallback: '50',
    description: 'Statements in one page of a query that names no limit.',
    parse: wholeNumber(1, 1_000),
  },
  statementPageLimit: {
    name: 'STATEMENT_PAGE_LIMIT',
    fallback: '1000',
    description: 'Most statements in one page, whatever limit a query names; a limit of 0 asks for this many.',
    parse: wholeNumber(50, 10_000),
  },
  ingestConcurrency: {
    name: 'INGEST_CONCURRENCY',
    fallback: '3',
    description: 'Transactions that store statements at once, per process; requests that wait meanwhile share the next one.',
    parse: wholeNumber(1, 50),
  },
  ingestRequestLimit: {
    name: 'INGEST_REQUEST_LIMIT',
    fallback: '1000',
    description: 'xAPI requests with a body that one process works on at once; what comes beyond is answered 503 with Retry-After, unread.',
    parse: wholeNumber(1, 100_000),
  },
  ingestByteLimit: {
    name: 'INGEST_BYTE_LIMIT',
    fallback: String(4 * 1024 * 1024),
    description:
      'Bytes of xAPI bodies under 1 MiB that are here and that one process works on at once; what comes beyond is answered 503 with Retry-After, unread. Bodies on their way may hold 16 times as many.',
    parse: wholeNumber(1_048_576, 1_073_741_824),
  },
  ingestLargeByteLimit: {
    name: 'INGEST_LARGE_BYTE_LIMIT',
    fallback: String(256 * 1024 * 1024),
    description: 'The same for bodies of 1 MiB and more, mostly attachments; one is always taken.',
    parse: wholeNumber(1_048_576, 17_179_869_184),
  },
  ingestWaitingLimit: {
    name: 'INGEST_WAITING_LIMIT',
    fallback: '5000',
    description: 'Statements that may wait to be stored, per process, when another batch is let in; above it the answer is 503 with Retry-After.',
    parse: wholeNumber(1, 1_000_000),
  },
  forwardSecrets: {
    name: 'FORWARD_SECRETS',
    fallback: '{}',
    description:
      'Secrets of the LRSs that statements are forwarded to, and of webhooks, as a JSON object from names to secrets; a forwarder or webhook names the one it needs.',
    parse: secretsByName,
    secret: true,
  },
  forwardPollMs: {
    name: 'FORWARD_POLL_MS',
    fallback: '1000',
    description: 'Pause between two looks at whether statements are to be forwarded, in milliseconds.',
    parse: wholeNumber(5, 60_000),
  },
  sequencerPollMs: {
    name: 'SEQUENCER_POLL_MS',
    fallback: '200',
    description: 'Pause between two passes that give statements their position and advance Consistent-Through, in milliseconds.',
    parse: wholeNumber(5, 60_000),
  },
  graphqlBodyLimitBytes: {
    name: 'GRAPHQL_BODY_LIMIT_BYTES',
    fallback: String(4 * 1024 * 1024),
    description: 'Largest body of a GraphQL request, in bytes; framework import carries a whole package.',
    parse: wholeNumber(1_024, 1_073_741_824),
  },
  graphqlCostLimit: {
    name: 'GRAPHQL_COST_LIMIT',
    fallback: '20000',
    description: 'Highest cost of one GraphQL operation: each field counts 1, a list multiplies by its page size.',
    parse: wholeNumber(100, 10_000_000),
  },
  graphqlDepthLimit: {
    name: 'GRAPHQL_DEPTH_LIMIT',
    fallback: '12',
    description: 'Deepest nesting of fields in one GraphQL operation.',
    parse: wholeNumber(3, 100),
  },
  projectorPollMs: {
    name: 'PROJECTOR_POLL_MS',
    fallback: '200',
    description: 'Longest pause of the projector between two looks at its inbox, in milliseconds; a new statement wakes it sooner.',
    parse: wholeNumber(5, 60_000),
  },
  projectorBatch: {
    name: 'PROJECTOR_BATCH',
    fallback: '400',
    description:
      'Most statements the projector takes in one transaction. Matters only while more come in than are projected: the larger, the nearer progress stays to ingestion, at its cost.',
    parse: wholeNumber(1, 5_000),
  },
  graphqlStreamLimit: {
    name: 'GRAPHQL_STREAM_LIMIT',
    fallback: '1000',
    description: 'Most subscriptions that one process serves at once; more are answered 503.',
    parse: wholeNumber(1, 100_000),
  },
  tlaStatements: {
    name: 'TLA_STATEMENTS',
    fallback: 'false',
    description: "Whether changes of level are told as statements in this LRS too, in the words of ADL's Total Learning Architecture.",
    parse: flag,
  },
  casePublic: {
    name: 'CASE_PUBLIC',
    fallback: 'false',
    description: 'Whether published frameworks can be read under /ims/case/v1p1 without a token.',
    parse: flag,
  },
  projectorConcurrency: {
    name: 'PROJECTOR_CONCURRENCY',
    fallback: '4',
    description: 'Buckets of the inbox that one process projects at once; each takes a connection to PostgreSQL.',
    parse: wholeNumber(1, 64),
  },
  progressBuildPage: {
    name: 'PROGRESS_BUILD_PAGE',
    fallback: '50',
    description:
      'Learners whose progress is made anew in one transaction when rules or frameworks change. A change that concerns no more of them is in effect at once.',
    parse: wholeNumber(1, 1_000),
  },
  shutdownGraceMs: {
    name: 'SHUTDOWN_GRACE_MS',
    fallback: '8000',
    description: 'Longest wait for requests in flight after SIGTERM, in milliseconds.',
    parse: wholeNumber(0, 600_000),
  },
  logLevel: {
    name: 'LOG_LEVEL',
    fallback: 'warn',
    description: 'Least severe level that is logged, as JSON lines on standard output.',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
} as const satisfies { readonly [key: string]: Setting<unknown> };

export type Config = { readonly [K in keyof typeof SETTINGS]: ReturnType<(typeof SETTINGS)[K]['parse']> };

/** A setting that cannot be used; the message names it, what was found and what is expected. */
export class ConfigError extends Error {}

/** Cookies and storage of a browser know hosts, not ports: what is delivered must come from another one. */
function checkSites({ contentUrl, publicUrl, host }: Config): void {
  if (contentUrl === '') return;
  const ours = publicUrl === '' ? host : new URL(publicUrl).hostname;
  const theirs = new URL(contentUrl).hostname;
  if (theirs.startsWith('*.') && ours.endsWith(theirs.slice(1)))
    throw new ConfigError(`CONTENT_URL is ${JSON.stringify(contentUrl)}; expected a domain that the host of the application, ${ours}, is not within`);
  if (theirs === ours) throw new ConfigError(`CONTENT_URL is ${JSON.stringify(contentUrl)}; expected another host than that of the application, ${ours}`);
}

/**
 * Reads all settings.
 * @param environment usually `process.env`; an absent or empty variable takes the default.
 * @throws ConfigError naming the first setting that cannot be used.
 */
export function readConfig(environment: { readonly [name: string]: string | undefined }): Config {
  const entries = Object.entries(SETTINGS).map(([key, setting]: [string, Setting<unknown>]) => {
    const given = environment[setting.name];
    const value = given === undefined || given === '' ? setting.fallback : given;
    try {
      return [key, setting.parse(value)] as const;
    } catch (error) {
      const found = setting.secret ? `${setting.name} cannot be read` : `${setting.name} is ${JSON.stringify(value)}`;
      throw new ConfigError(`${found}; expected ${(error as Error).message}`);
    }
  });
  const config = Object.fromEntries(entries) as Config;
  checkSites(config);
  return Object.freeze(config);
}
