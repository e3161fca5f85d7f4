import { stat } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { askGraphql, postStatements } from '../../src/commands/client.ts';
import { DEMO_LEARNERS, DEMO_MODULES, VERBS } from '../../src/demo/course.ts';
import { demoActor, VISITOR_INDEX } from '../../src/demo/statements.ts';
import { connectTo, createDataDir, credentialsIn, ServerProcess } from '../support/server-process.ts';

const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function dataDir(): Promise<string> {
  const folder = await createDataDir();
  cleanUps.push(folder.remove);
  return folder.path;
}

function start(environment: Record<string, string>): ServerProcess {
  const server = new ServerProcess(environment);
  cleanUps.push(() => server.signal('SIGKILL'));
  return server;
}

interface Learners {
  readonly learners: {
    readonly nodes: readonly {
      readonly name: string;
      readonly progress: readonly { readonly competency: { readonly code: string }; readonly current: number }[];
    }[];
  };
}
const PROGRESS = '{ learners(first: 100) { nodes { name progress { competency { code } current } } } }';

test('a first start installs the database, writes secrets for its owner only and prints where everything is', async () => {
  const folder = await dataDir();
  const server = start({ DATA_DIR: folder });
  const url = await server.ready();

  expect(server.output).toContain('Installing the embedded PostgreSQL');
  expect(server.output).toContain(`GraphQL        ${url}/graphql`);
  expect(server.output).toContain(`xAPI endpoint  ${url}/xapi`);
  expect(server.output).toContain(join(folder, 'credentials.json'));
  const credentials = await credentialsIn(folder);
  expect(credentials.xapi.endpoint).toBe(`${url}/xapi`);
  expect(credentials.graphql.endpoint).toBe(`${url}/graphql`);
  expect((await stat(join(folder, 'credentials.json'))).mode & 0o777).toBe(0o600);
  expect(server.output).not.toContain(credentials.xapi.secret);
  expect(server.output).not.toContain(credentials.graphql.token);
  expect(await (await fetch(`${url}/health/live`)).json()).toEqual({ status: 'live' });
  expect(await (await fetch(`${url}/health/ready`)).json()).toEqual({ status: 'ready' });
  expect(await server.signal('SIGTERM')).toBe(0);
});

test('reaction-durable: killed between the acknowledgement and the projection, a server loses nothing and starts again without help', async () => {
  const folder = await dataDir();
  const first = start({ DATA_DIR: folder, DEMO: 'true' });
  await first.ready();
  const before = await credentialsIn(folder);
  // The projector takes the shared side of this lock before anything else: held, no statement can be projected.
  const blocker = await connectTo(folder);
  await blocker.query('select pg_advisory_lock(7307117111)');

  const statement = {
    actor: demoActor(VISITOR_INDEX),
    verb: { id: VERBS.passed },
    object: { id: DEMO_MODULES[0]?.test.iri },
    result: { score: { scaled: 0.92 }, success: true },
  };
  const [id] = await postStatements(before, [statement]);
  await first.signal('SIGKILL');
  const waiting = await blocker.query('select statement_id from lrs.inbox');
  await blocker.end();

  const second = start({ DATA_DIR: folder, DEMO: 'true' });
  await second.ready();
  const after = await credentialsIn(folder);
  let state = 'WAITING';
  while (state === 'WAITING')
    state =
      (await askGraphql<{ statementStatus: { state: string }[] }>(after, 'query ($ids: [UUID!]!) { statementStatus(ids: $ids) { state } }', { ids: [id] }))
        .statementStatus[0]?.state ?? '';
  const { learners } = await askGraphql<Learners>(after, PROGRESS);

  expect(waiting.rows).toEqual([{ statement_id: id }]);
  expect(state).toBe('EVIDENCE');
  expect(learners.nodes).toHaveLength(DEMO_LEARNERS.length);
  expect(learners.nodes.find((node) => node.name === DEMO_LEARNERS[VISITOR_INDEX])?.progress).toContainEqual({ competency: { code: 'T.1.1' }, current: 4 });
  expect({ ...after.xapi, endpoint: '' }).toEqual({ ...before.xapi, endpoint: '' });
  expect(second.output).not.toContain('Loading the demo world');
});

test('a second server on the same data folder says so and exits', async () => {
  const folder = await dataDir();
  const first = start({ DATA_DIR: folder });
  const url = await first.ready();
  const second = start({ DATA_DIR: folder });

  expect(await second.ended()).toBe(1);
  expect(second.output).toContain(`Another Mumpuni server is running on ${folder}`);
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
});

test('a taken port is named, and the database is left stopped', async () => {
  const folder = await dataDir();
  const squatter = createServer();
  await new Promise<void>((done) => squatter.listen(0, '127.0.0.1', done));
  const address = squatter.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const server = start({ DATA_DIR: folder, PORT: port });

  expect(await server.ended()).toBe(1);
  expect(server.output).toContain(`Port ${port} on 127.0.0.1 is taken`);
  await expect(stat(join(folder, 'postgres', 'postmaster.pid'))).rejects.toThrow('ENOENT');
  await new Promise((done) => squatter.close(done));
});

test('SIGTERM lets a request in flight finish and stops the database cleanly', async () => {
  const folder = await dataDir();
  const server = start({ DATA_DIR: folder });
  await server.ready();
  const credentials = await credentialsIn(folder);
  // Holds the table so that the request is surely in flight when the signal comes.
  const blocker = await connectTo(folder);
  blocker.on('error', () => undefined);
  await blocker.query('begin; lock table lrs.statement in access exclusive mode');
  const posting = postStatements(credentials, [
    {
      id: '7f0e9d52-3a43-4d0c-9a3e-5a1f4e1b2c3d',
      actor: { mbox: 'mailto:a@example.org' },
      verb: { id: 'http://example.org/did' },
      object: { id: 'http://example.org/it' },
    },
  ]);
  const waits = async (): Promise<boolean> =>
    (await blocker.query("select from pg_locks where relation = 'lrs.statement'::regclass and not granted")).rowCount === 1;
  while (!(await waits()));

  const ended = server.signal('SIGTERM');
  await server.printed('Stopping');
  await blocker.query('commit');

  expect(await posting).toEqual(['7f0e9d52-3a43-4d0c-9a3e-5a1f4e1b2c3d']);
  await blocker.end().catch(() => undefined);
  expect(await ended).toBe(0);
  await expect(stat(join(folder, 'postgres', 'postmaster.pid'))).rejects.toThrow('ENOENT');
});

test('SIGTERM waits for no connection on which nothing was asked: browsers open them ahead', async () => {
  const server = start({ DATA_DIR: await dataDir(), SHUTDOWN_GRACE_MS: '600000' });
  const url = await server.ready();
  const silent = connect(Number(new URL(url).port), '127.0.0.1');
  await new Promise((done) => silent.once('connect', done));
  // Whoever connects later and is answered shows that the silent one is there.
  expect(await statusOf(`${url}/health/ready`)).toBe(200);

  expect(await server.signal('SIGTERM')).toBe(0);
});

/** The status of a request on a connection of its own, or why there is none: a kept-alive one may close just as it is used. */
const statusOf = (url: string): Promise<number | string> =>
  new Promise((done) => {
    get(url, { agent: false }, (response) => {
      response.resume().on('end', () => done(response.statusCode ?? 'no status'));
    }).on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function bothWorkers(server: ServerProcess): Promise<readonly number[]> {
  for (;;) {
    const workers = await server.workers();
    if (workers.length === 2) return workers;
    await new Promise((done) => setTimeout(done, 5));
  }
}

test('several processes share the port: a killed one is replaced, and SIGHUP replaces all without a refused request', async () => {
  const server = start({ DATA_DIR: await dataDir(), PROCESSES: '2', PORT: String(await freePort()) });
  const url = await server.ready();
  const [first = 0, second = 0] = await bothWorkers(server);
  const answers: (number | string)[] = [];
  const twoOthersThan = async (gone: readonly number[]): Promise<readonly number[]> => {
    for (;;) {
      const now = await server.workers();
      answers.push(await statusOf(`${url}/health/live`));
      if (now.length === 2 && !now.some((pid) => gone.includes(pid)) && answers.at(-1) === 200) return now;
    }
  };
  expect(new Set([first, second]).size).toBe(2);

  process.kill(first, 'SIGKILL');
  const after = await twoOthersThan([first]);
  expect(after).toContain(second);
  answers.length = 0;
  server.replaceWorkers();
  await twoOthersThan(after);

  expect([...new Set(answers)]).toEqual([200]);

  expect(await server.signal('SIGTERM')).toBe(0);
});

test('with DATABASE_URL an empty database is refused with the command to run, and nothing is created', async () => {
  const folder = await dataDir();
  const server = start({ DATA_DIR: folder, DATABASE_URL: (process.env['TEST_DATABASE_URL'] ?? '').replace(/\/postgres$/, '/template1') });

  expect(await server.ended()).toBe(1);
  expect(server.output).toContain('npm run migrate');
  await expect(stat(join(folder, 'postgres'))).rejects.toThrow('ENOENT');
});

test('with DATABASE_URL migrate, token create and serve bring up a server without the demo', async () => {
  const admin = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] ?? '' });
  await admin.connect();
  const name = `operator_${process.pid}`;
  await admin.query(`create database ${name}`);
  cleanUps.push(async () => {
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  });
  const environment = { DATABASE_URL: (process.env['TEST_DATABASE_URL'] ?? '').replace(/\/postgres$/, `/${name}`), DEMO: 'true' };
  const run = async (...command: readonly string[]): Promise<string> => {
    const process_ = new ServerProcess(environment, command);
    expect(await process_.ended()).toBe(0);
    return process_.output;
  };

  expect(await run('migrate')).toMatch(/^Applied: /);
  expect(await run('migrate')).toBe('The schema is current.\n');
  const token = (await run('token', 'create', '--role', 'ADMIN', '--label', 'operator')).trim();
  const server = start(environment);
  await server.printed('Make credentials with');
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(server.output)?.[0] ?? '';

  expect(await askGraphql<Learners>({ graphql: { endpoint: `${url}/graphql`, token } }, PROGRESS)).toEqual({ learners: { nodes: [] } });
});

test('with a database that does not answer the server says so and exits', async () => {
  const server = start({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });

  expect(await server.ended()).toBe(1);
  expect(server.output).toContain('The database at 127.0.0.1:1 cannot be reached');
  expect(server.output).not.toContain('    at ');
});
