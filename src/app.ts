import { join, resolve } from 'node:path';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import type { BlobStore } from './blobs/blob-store.ts';
import { FileBlobs } from './blobs/file-blobs.ts';
import { S3Blobs } from './blobs/s3-blobs.ts';
import type { Config } from './config/settings.ts';
import { Database } from './db/database.ts';
import { errorFormatter } from './graphql/errors.ts';
import type { Modules } from './graphql/modules.ts';
import { tellOf } from './graphql/progress/told.ts';
import { graphqlSchema } from './graphql/schema.ts';
import { createGraphServer } from './graphql/server.ts';
import { admittingServer } from './http/admission.ts';
import { CASE_PATH, caseRoutes } from './http/case/routes.ts';
import { CMI5_PATH, cmi5Routes } from './http/content/cmi5.ts';
import { deliveryRoutes } from './http/content/delivery.ts';
import { UPLOAD_PATH, uploadRoutes } from './http/content/uploads.ts';
import { errorFields, refuseConnection, refuseRoute, sendError } from './http/errors.ts';
import { GRAPHQL_PATH, graphqlRoute } from './http/graphql.ts';
import { graphqlStream } from './http/graphql-stream.ts';
import { healthRoutes } from './http/health.ts';
import { VERSION_HEADER } from './http/xapi/request.ts';
import { isUnsignedCall, XAPI_PATH, xapiRoutes } from './http/xapi/routes.ts';
import { Loop } from './jobs/loop.ts';
import { Projector } from './jobs/projector.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { AppError } from './kernel/errors.ts';
import { Access, accessEntities } from './modules/access/index.ts';
import { Competencies, competencyEntities } from './modules/competency/index.ts';
import { Content } from './modules/content/index.ts';
import { Launches, type Origins, ScormPlayer, SessionDoor } from './modules/launch/index.ts';
import { Bulk, Documents, Erasures, Forwarding, Ingest, Sequencer, Statements } from './modules/lrs/index.ts';
import { type OnLearnerErased, People, peopleEntities } from './modules/people/index.ts';
import { Progress, progressEntities, TlaStatements } from './modules/progress/index.ts';
import { Training, trainingEntities } from './modules/training/index.ts';
import { explorerRoutes, hasExplorer } from './web/explorer.ts';
import { loadPlayer } from './web/player-page.ts';

/** Every table MikroORM knows. */
const entities = [...accessEntities, ...peopleEntities, ...competencyEntities, ...trainingEntities, ...progressEntities];

export interface AppOptions {
  readonly config: Config;
  /** Connection string; the schema must be current. */
  readonly databaseUrl: string;
  readonly clock?: Clock;
  /** Told each SQL statement sent outside the ORM. */
  readonly onQuery?: (text: string) => void;
}

/** The whole system in one process: the map of what hangs on what. */
export interface App {
  readonly database: Database;
  readonly modules: Modules;
  readonly statements: Statements;
  readonly projector: Projector;
  /** Gives statements their positions; runs by itself once started. */
  readonly sequencer: Sequencer;
  readonly http: FastifyInstance;
  /** Listens and begins to project. @returns the address, with the port in use. */
  start(): Promise<string>;
  /** Lets requests in flight finish, then stops everything. */
  close(): Promise<void>;
}

export async function connect(config: Config, databaseUrl: string, onQuery?: (text: string) => void): Promise<Database> {
  return Database.connect({ url: databaseUrl, poolSize: config.databasePoolSize, entities, ...(onQuery && { onQuery }) });
}

/** Pause between two looks at whether a person is to be erased. */
const ERASURE_POLL_MS = 2_000;
/** A server that stops waits this long for the request of a connection that has asked nothing yet. */
const SILENCE_MS = 1_000;
/** Connections that may wait to be accepted: Node's 511 leave those of a surge to be asked for again by TCP, after seconds. The system may allow fewer. */
const BACKLOG = 4_096;
/** Pause between two looks at whether time has changed a level, and learners folded anew at once. */
const EXPIRY_POLL_MS = 1_000;
const EXPIRY_BATCH = 200;
/** Pause between two looks at whether progress is to be made anew. */
const BUILD_POLL_MS = 500;
/** Pause between two looks for changes of level that are to be told. */
const FEED_POLL_MS = 250;
/** Under load, statements get their positions this often, by all processes together: oftener costs more than it brings. */
const SEQUENCER_REST_MS = 50;
/** Passes that come as often as they may, all of them a little early. */
const SEQUENCER_EARLY = 0.75;

/** Builds the generation that is under way, and deletes what an earlier one left. */
async function buildAll(progress: Progress, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await progress.build()) !== null);
  await progress.tidy();
}

/** Pause between two looks for sessions of content that have fallen silent, and how many are ended at once. */
const SESSION_POLL_MS = 30_000;
const SESSION_BATCH = 100;

async function expireSessions(launches: Launches, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await launches.expire(SESSION_BATCH)) > 0);
}

/** Where attachments and content are kept. */
function blobStore(config: Config): BlobStore {
  if (config.blobS3Bucket === '') return new FileBlobs(resolve(config.blobDir || join(config.dataDir, 'blobs')));
  return new S3Blobs({ bucket: config.blobS3Bucket, prefix: config.blobS3Prefix, region: config.blobS3Region, endpoint: config.blobS3Endpoint });
}

/** Address of this server; in names that outlive a process, of competencies and activities, with the port of the settings. */
const baseUrl = ({ publicUrl, host, port }: Pick<Config, 'publicUrl' | 'host' | 'port'>): string => publicUrl || `http://${host}:${port}`;

/** Address of the CASE binding. */
const caseUrl = (config: Config): string => `${baseUrl(config)}${CASE_PATH}`;

/** What modules need of the process they are in. */
interface Surroundings {
  /** Where statements about launched content go. */
  readonly statements?: Statements;
  /** The port in use; until one is, that of the settings. */
  readonly port?: () => number;
}

/** Home page of the accounts by which launched content knows learners, and of its authorities. */
const homePage = (config: Config): string => `${baseUrl(config)}/content`;

/** What the site of packages answers besides: health, for whoever watches it. */
const DELIVERED = /^\/(?:[cl]\/|player\/|health|ready)/;

/**
 * Tells whether a host is that of an address, as browsers compare them: letters in any case, a dot at the end or not. An
 * address may have a host for each package: `*.` stands before it then.
 */
function hostMatcher(url: string | null): (host: string) => boolean {
  if (url === null) return () => false;
  const { hostname } = new URL(url);
  const isHost = hostname.startsWith('*.') ? (asked: string) => asked.endsWith(hostname.slice(1)) : (asked: string) => asked === hostname;
  return (host) => isHost(host.toLowerCase().replace(/\.$/, ''));
}

/** Where clients and content find us. */
function originsOf(config: Config, port: number): Origins {
  const app = baseUrl({ ...config, port });
  const isLocal = config.publicUrl === '' && config.host === '127.0.0.1';
  return { app, content: config.contentUrl || (isLocal ? `http://localhost:${port}` : null) };
}

/** The modules on a database; what one must tell another is wired here and nowhere else. */
export function createModules(config: Config, database: Database, clock: Clock, surroundings: Surroundings = {}): Modules & { readonly player: ScormPlayer } {
  const { statements = createStatements(config, database, () => undefined), port = () => config.port } = surroundings;
  const access = new Access(database, clock);
  const erasures = new Erasures(database, blobStore(config), clock);
  const progress = new Progress(database, clock, config.progressBuildPage, config.forwardSecrets);
  const training = new Training(database, clock, progress.activitiesRegistered);
  const forget: OnLearnerErased = async (sql, learnerId, identities) => {
    for (const module of [progress, training, access, launches]) await module.forget(sql, learnerId);
    return erasures.request(sql, identities);
  };
  const content = new Content(database, blobStore(config), clock, training, {
    baseUrl: baseUrl(config),
    limits: { maxEntries: config.contentFileLimit, maxTotalBytes: config.contentUnpackedLimitBytes },
    uploadUrl: () => `${originsOf(config, port()).app}${UPLOAD_PATH}`,
  });
  const people = new People(database, clock, {
    onErased: forget,
    onUnlinking: progress.hold,
    onMoved: (sql, move) => progress.identitiesMoved(sql, move),
    onMerged: async (sql, move) => {
      await progress.merge(sql, move);
      for (const module of [training, access, launches]) await module.merge(sql, move.from, move.into);
    },
    onUnlinked: (sql, learnerId, agentKey) => progress.identityUnlinked(sql, learnerId, agentKey),
  });
  const documents = new Documents(database, config.documentBodyLimitBytes);
  const launches: Launches = new Launches(
    database,
    clock,
    { content, people, documents, statements },
    {
      origins: () => originsOf(config, port()),
      homePage: homePage(config),
      launchesPerMinute: config.launchRateLimit,
      closeRun: (sql, session) => player.closeRun(sql, session),
    },
  );
  const player: ScormPlayer = new ScormPlayer(database, clock, { content, launches, statements }, homePage(config));
  return {
    access,
    content,
    launches,
    player,
    competencies: new Competencies(database, clock, caseUrl(config), progress.frameworkChanged),
    erasures,
    forwarding: new Forwarding(database, blobStore(config), clock, config.forwardSecrets),
    people,
    progress,
    training,
  };
}

/** The statement store on a database. @param onStored told after each commit that wrote something. */
export function createStatements(config: Config, database: Database, onStored: () => void): Statements {
  const ingest = new Ingest(database, { concurrency: config.ingestConcurrency, maxWaiting: config.ingestWaitingLimit });
  const limits = { maxDepth: config.statementDepthLimit, maxBatch: config.statementBatchLimit };
  return new Statements(database, ingest, blobStore(config), { limits, onStored });
}

export const createBulk = (config: Config, database: Database): Bulk => new Bulk(database, blobStore(config));

/** Builds the server on a database. Nothing listens before `start`. */
export async function createApp({ config, databaseUrl, clock = systemClock, onQuery }: AppOptions): Promise<App> {
  const database = await connect(config, databaseUrl, onQuery);
  const statements = createStatements(config, database, () => {
    projector.wake();
    sequencing.wake();
  });
  const port = (): number => {
    const address = http.server.address();
    return typeof address === 'object' && address !== null ? address.port : config.port;
  };
  const modules = createModules(config, database, clock, { statements, port });
  const door = new SessionDoor(database, clock, modules.launches, statements, homePage(config));
  const admission = admittingServer({
    path: XAPI_PATH,
    requests: config.ingestRequestLimit,
    bytes: config.ingestByteLimit,
    largeBytes: config.ingestLargeByteLimit,
    isUnsigned: isUnsignedCall,
    headers: { [VERSION_HEADER]: config.xapiHeaderlessVersion },
    isFull: () => statements.isFull,
    headersTimeoutMs: 15_000,
    requestTimeoutMs: 30_000,
    slowPath: UPLOAD_PATH,
    slowTimeoutMs: 4 * 3_600_000,
    keepAliveTimeoutMs: 72_000,
  });
  const http = Fastify({
    logger: { level: config.logLevel, serializers: { req: ({ method, url }) => ({ method, path: url.split('?')[0] }) } },
    logController: new LogController({ disableRequestLogging: true }),
    serverFactory: admission.factory,
    // Whoever got a connection before the end is answered, and told to take another one.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    frameworkErrors: sendError,
    clientErrorHandler: refuseConnection,
  });
  const complaining = (what: string) => ({
    onError: (error: unknown) => http.log.error({ err: errorFields(error) }, `${what} failed and will be tried again`),
  });
  const projector = new Projector(modules.progress, {
    pollMs: config.projectorPollMs,
    batchSize: config.projectorBatch,
    concurrency: config.projectorConcurrency,
    onSetAside: (statementId, error) => http.log.error({ statementId, err: errorFields(error) }, 'a statement cannot be projected and is put aside'),
    ...complaining('projection'),
  });
  const sequencer = new Sequencer(database, {
    onGivenUp: (statementId, error) => http.log.error({ statementId, err: errorFields(error) }, 'references are not followed'),
    onStalled: (pids) => http.log.error({ pids }, 'positions and Consistent-Through wait for transactions that have been storing for seconds'),
  });
  const sequencing = new Loop((signal, woken) => sequencer.pass({ pauseMs: SEQUENCER_EARLY * (woken ? SEQUENCER_REST_MS : config.sequencerPollMs), signal }), {
    pollMs: config.sequencerPollMs,
    restMs: Math.min(SEQUENCER_REST_MS, config.sequencerPollMs),
    ...complaining('sequencing'),
  });
  const erasing = new Loop((signal) => modules.erasures.pass(signal), { pollMs: ERASURE_POLL_MS, ...complaining('an erasure') });
  const forwarding = new Loop((signal) => modules.forwarding.pass(signal), { pollMs: config.forwardPollMs, ...complaining('forwarding') });
  const expireAll = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted && (await modules.progress.expire(EXPIRY_BATCH)) > 0);
    await modules.competencies.endEquivalences();
  };
  const expiring = new Loop(expireAll, { pollMs: EXPIRY_POLL_MS, ...complaining('the scheduler') });
  const building = new Loop((signal) => buildAll(modules.progress, signal), { pollMs: BUILD_POLL_MS, ...complaining('a new generation of progress') });
  const tla = config.tlaStatements ? new TlaStatements(database, modules.progress.feed, caseUrl(config)) : null;
  const feeding = new Loop(() => modules.progress.feed.place(), { pollMs: FEED_POLL_MS, ...complaining('the change feed') });
  const telling = new Loop((signal) => modules.progress.webhooks.pass(tellOf(modules), signal), { pollMs: FEED_POLL_MS, ...complaining('a webhook') });
  const stating = new Loop(async () => tla?.pass(statements), { pollMs: FEED_POLL_MS, ...complaining('telling levels as statements') });
  const expiringSessions = new Loop((signal) => expireSessions(modules.launches, signal), { pollMs: SESSION_POLL_MS, ...complaining('ending sessions') });
  const background = [expiringSessions, feeding, telling, stating, projector, sequencing, forwarding, erasing, expiring, building];
  const isProduction = config.mode === 'production';
  const schema = graphqlSchema();
  const logFailure = (correlationId: string, error: unknown): void => http.log.error({ correlationId, err: errorFields(error) }, 'operation failed');
  const apollo = createGraphServer({
    schema,
    introspection: !isProduction,
    maxDepth: config.graphqlDepthLimit,
    maxCost: config.graphqlCostLimit,
    log: logFailure,
  });
  await apollo.start();

  let closing = false;
  // A kept-alive connection would hold the server open long after its last answer.
  http.addHook('onSend', async (_request, reply) => {
    if (closing) void reply.header('Connection', 'close');
  });
  http.setErrorHandler(sendError);
  http.setNotFoundHandler(refuseRoute(http));
  // Hosts know no ports: the one of the settings is as good as the one that is got.
  const isContentHost = hostMatcher(originsOf(config, config.port).content);
  // The site of packages is nobody else's: no page, no API of ours answers there.
  http.addHook('onRequest', async (request) => {
    if (!DELIVERED.test(request.url) && isContentHost(request.hostname))
      throw new AppError('NOT_FOUND', `this address delivers content; the API is at ${originsOf(config, port()).app}`);
  });
  healthRoutes(http, async () => {
    if (closing) return 'the server is stopping';
    return database.ping().then(
      () => null,
      () => 'the database cannot be reached',
    );
  });
  await http.register(
    async (scope) => xapiRoutes(scope, { config, access: modules.access, door, statements, documents: new Documents(database, config.documentBodyLimitBytes) }),
    {
      prefix: XAPI_PATH,
    },
  );
  await http.register(async (scope) => caseRoutes(scope, { access: modules.access, library: modules.competencies.library(), isPublic: config.casePublic }), {
    prefix: CASE_PATH,
  });
  const assets = await loadPlayer();
  await http.register(async (scope) =>
    deliveryRoutes(scope, {
      content: modules.content,
      launches: modules.launches,
      player: modules.player,
      assets,
      isContentHost,
      frameAncestors: () => [originsOf(config, port()).app],
      isStrict: config.contentStrict,
      changesPerMinute: config.playerRateLimit,
    }),
  );
  await http.register(async (scope) => cmi5Routes(scope, modules.launches), { prefix: CMI5_PATH });
  await http.register(async (scope) => uploadRoutes(scope, modules.content, config.contentUploadLimitBytes), { prefix: UPLOAD_PATH });
  graphqlStream(http, {
    schema,
    modules,
    clock,
    bodyLimitBytes: config.graphqlBodyLimitBytes,
    maxDepth: config.graphqlDepthLimit,
    maxCost: config.graphqlCostLimit,
    maxStreams: config.graphqlStreamLimit,
    formatError: errorFormatter(logFailure),
  });
  graphqlRoute(http, { apollo, modules, clock, bodyLimitBytes: config.graphqlBodyLimitBytes });
  if (!isProduction && hasExplorer()) await explorerRoutes(http, GRAPHQL_PATH);

  return {
    database,
    modules,
    statements,
    projector,
    sequencer,
    http,
    start: async () => {
      const address = await http.listen({ host: config.host, port: config.port, backlog: BACKLOG });
      for (const work of background) work.start();
      return address;
    },
    close: async () => {
      closing = true;
      modules.progress.feed.end();
      const silence = setTimeout(admission.endSilent, SILENCE_MS);
      await http.close();
      clearTimeout(silence);
      await Promise.all(background.map((work) => work.stop()));
      await apollo.stop();
      await database.close();
    },
  };
}
