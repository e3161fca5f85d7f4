import { readdirSync, readFileSync } from 'node:fs';

const TICK_MS = 10;

/**
 * Milliseconds of the processor that every PostgreSQL process of this machine has had, those that ended included (their
 * parent counts them); null where there is no /proc. Other servers should rest meanwhile.
 */
function postgresMs() {
  let ticks = 0;
  let folders;
  try {
    folders = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return null;
  }
  for (const folder of folders) {
    let stat = '';
    try {
      stat = readFileSync(`/proc/${folder}/stat`, 'utf8');
    } catch {
      // It has just ended.
    }
    if (!stat.includes('(postgres)')) continue;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  }
  return ticks * TICK_MS;
}

/** Microseconds of the processor for each of the things that work says it did: of this process, and of the database. */
export async function processorPer(work) {
  const before = { own: process.cpuUsage(), database: postgresMs() };
  const done = await work();
  const own = process.cpuUsage(before.own);
  const database = postgresMs();
  return {
    own: Math.round((own.user + own.system) / done),
    database: database === null || before.database === null ? null : Math.round(((database - before.database) * 1_000) / done),
  };
}
