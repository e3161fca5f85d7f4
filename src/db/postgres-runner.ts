import { execFile, execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** PostgreSQL refuses to run as root, so root starts it as the user `postgres`. */
export interface Runner {
  readonly uid?: number;
  readonly gid?: number;
  run(command: string, args: readonly string[]): Promise<void>;
  /** A folder of programs where the user that runs them can reach it. */
  reachable(folder: string): Promise<string>;
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

/** The programs where root keeps them closed are copied here once; root owns the place, so nobody else can plant others. */
const LIBRARY = '/var/lib/mumpuni';

/** @returns the folder itself when the user postgres can enter it, else a copy of it. */
async function reachableCopy(folder: string): Promise<string> {
  if ((await closedFolder(folder)) === null) return folder;
  const { version } = JSON.parse(await readFile(join(dirname(folder), 'package.json'), 'utf8')) as { version: string };
  const copy = join(LIBRARY, `postgres-${version}`);
  if (
    await stat(copy).then(
      () => true,
      () => false,
    )
  )
    return copy;
  const draft = `${copy}.new-${process.pid}`;
  await mkdir(LIBRARY, { recursive: true, mode: 0o755 });
  await cp(folder, draft, { recursive: true, verbatimSymlinks: true });
  await rename(draft, copy).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await rm(draft, { recursive: true, force: true });
  return copy;
}

/**
 * How PostgreSQL is run by this user.
 *
 * PostgreSQL refuses root, so root runs it as the user `postgres`. Root's own folders (a fresh `mktemp -d`, `/root`) are
 * closed to that user: for a data folder there it gets the one capability that passes them, and programs there are
 * copied, since PostgreSQL looks for its own programs by access(2), which ignores capabilities.
 * @throws Error naming the closed folder when neither is possible.
 */
export async function createRunner(dataDir: string): Promise<Runner> {
  if (process.getuid?.() !== 0) {
    return { run: async (command, args) => void (await run(command, [...args], quiet)), reachable: async (folder) => folder };
  }
  const { uid, gid } = postgresUser();
  const closed = await closedFolder(dataDir);
  if (closed === null) {
    return { uid, gid, run: async (command, args) => void (await run(command, [...args], { ...quiet, uid, gid, cwd: '/' })), reachable: reachableCopy };
  }
  const capability = await heldCapability();
  if (!capability) {
    throw new Error(
      `PostgreSQL cannot run as root, and its user "postgres" may not enter ${closed}. Move the project or DATA_DIR to a folder others may enter, run as an ordinary user, or set DATABASE_URL.`,
    );
  }
  const prefix = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', `--inh-caps=+${capability}`, `--ambient-caps=+${capability}`];
  return {
    uid,
    gid,
    run: async (command, args) => void (await run('setpriv', [...prefix, command, ...args], { ...quiet, cwd: '/' })),
    reachable: reachableCopy,
  };
}
