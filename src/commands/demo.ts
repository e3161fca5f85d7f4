import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/settings.ts';
import { DEMO_LEARNERS } from '../demo/course.ts';
import { liveStatements, VISITOR_INDEX } from '../demo/statements.ts';
import { askGraphql, postStatements } from './client.ts';
import { type CredentialsFile, readCredentials } from './credentials-file.ts';
import { StartError } from './start-error.ts';

interface Row {
  readonly competency: { readonly code: string | null; readonly fullStatement: string };
  readonly current: number;
  readonly currentLabel: string | null;
  readonly target: number | null;
  readonly why: string;
}

interface Answer {
  readonly learners: {
    readonly nodes: readonly { readonly name: string | null; readonly progress: readonly Row[] }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

const QUERY = `query DemoProgress($after: String) {
  learners(first: 100, after: $after) {
    nodes { name progress { competency { code fullStatement } current currentLabel target why } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const STATUS = 'query DemoStatus($ids: [UUID!]!) { statementStatus(ids: $ids) { state explanation } }';

const BAR = 5;

async function progressOf(credentials: CredentialsFile, name: string): Promise<readonly Row[]> {
  for (let after: string | null = null; ; ) {
    const { learners }: Answer = await askGraphql<Answer>(credentials, QUERY, { after });
    const found = learners.nodes.find((node) => node.name === name);
    if (found) return found.progress;
    if (!learners.pageInfo.hasNextPage)
      throw new StartError(`The demo learner ${name} is not in this database. Start the server with the demo (DEMO=true) on an empty DATA_DIR.`);
    after = learners.pageInfo.endCursor;
  }
}

/** Waits until the server says that a statement was looked at; it gives up after five seconds. */
async function projected(credentials: CredentialsFile, id: string): Promise<{ elapsedMs: number; explanation: string | null }> {
  const started = performance.now();
  while (performance.now() - started < 5_000) {
    const { statementStatus } = await askGraphql<{ statementStatus: readonly { state: string; explanation: string | null }[] }>(credentials, STATUS, {
      ids: [id],
    });
    const [status] = statementStatus;
    if (status && status.state !== 'WAITING') return { elapsedMs: performance.now() - started, explanation: status.explanation };
    await sleep(10);
  }
  throw new StartError('The statement is stored, but was not projected within five seconds. Is the server still running?');
}

function show(rows: readonly Row[]): void {
  for (const { competency, current, currentLabel, target, why } of rows) {
    const bar = '█'.repeat(current) + '░'.repeat(BAR - current);
    const demand = target === null ? '' : current >= target ? `reaches ${target}` : `needs ${target}`;
    process.stdout.write(
      `    ${(competency.code ?? '').padEnd(6)} ${bar} ${String(current)} ${(currentLabel ?? '').padEnd(9)} ${demand.padEnd(10)} ${competency.fullStatement}\n           ${why}\n`,
    );
  }
}

/** Sends a learner's statements to the running server one by one and shows, through GraphQL, how progress moves. */
export async function demo(config: Config): Promise<void> {
  const credentials = await readCredentials(resolve(config.dataDir));
  if (!credentials) throw new StartError(`There are no credentials in ${resolve(config.dataDir)}. Start the server first: npm start`);
  const name = DEMO_LEARNERS[VISITOR_INDEX] ?? '';
  try {
    process.stdout.write(`${name} before:\n`);
    let before = await progressOf(credentials, name);
    show(before);
    for (const { text, statement } of liveStatements(randomUUID, new Date())) {
      const [id] = await postStatements(credentials, [statement]);
      const { elapsedMs, explanation } = await projected(credentials, id ?? '');
      const after = await progressOf(credentials, name);
      const known = new Set(before.map((row) => JSON.stringify(row)));
      const moved = after.filter((row) => !known.has(JSON.stringify(row)));
      process.stdout.write(`\n${name} ${text} (in progress ${elapsedMs.toFixed(0)} ms after the acknowledgement):\n`);
      if (moved.length === 0) process.stdout.write(`    nothing moves. ${explanation ?? 'The level it is evidence of is reached already.'}\n`);
      show(moved);
      before = after;
    }
  } catch (error) {
    if (error instanceof TypeError) throw new StartError(`Nothing answers at ${credentials.graphql.endpoint}. Start the server first: npm start`);
    throw error;
  }
}
