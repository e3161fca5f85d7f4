import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createBulk, createStatements } from '../app.ts';
import type { Config } from '../config/settings.ts';
import type { Database } from '../db/database.ts';
import { AppError } from '../kernel/errors.ts';
import { type AttachmentParts, actorKey, type Bulk, type ExportedStatement, type Sender, type Statements } from '../modules/lrs/index.ts';
import { isObject, validateAgent } from '../standards/xapi/index.ts';
import { withDatabase } from './administer.ts';
import { drawProgress } from './progress-bar.ts';

const PAGE = 500;
const IMPORT_BATCH = 100;
/** Stands for the credential of statements that came by import. */
const IMPORT_CREDENTIAL = '00000000-0000-0000-0000-000000000000';

const say = (message: string): void => {
  process.stdout.write(`${message}\n`);
};

/** How far an interrupted run came; null where there was none. */
async function readMark(file: string): Promise<{ position: number; bytes: number } | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as { position: number; bytes: number });
}

/** One line of an export: the statement to the letter, but for line ends between its tokens, and what it does not say itself. */
function toLine({ text, unrestrictedVoid, attachments }: ExportedStatement): string {
  const notes = `${unrestrictedVoid ? '"unrestrictedVoid":true,' : ''}${attachments.length > 0 ? `"attachments":${JSON.stringify(attachments)},` : ''}`;
  return `{${notes}"statement":${text.replace(/[\r\n]/g, ' ')}}\n`;
}

async function writeAttachments(bulk: Bulk, folder: string, page: readonly ExportedStatement[]): Promise<void> {
  for (const { sha2 } of page.flatMap(({ attachments }) => attachments)) {
    const bytes = await bulk.attachmentBytes(sha2);
    if (!bytes) throw new Error(`the bytes of attachment ${sha2} are missing in the blob store`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, sha2), bytes);
  }
}

/**
 * Writes all statements to a file as JSON lines, in order of position, and their attachments to a folder beside it.
 * A run that was interrupted goes on where it was.
 */
export async function exportStatements(config: Config, file: string): Promise<void> {
  await withDatabase(config, async (database) => {
    const bulk = createBulk(config, database);
    const mark = `${file}.progress`;
    let { position, bytes } = (await readMark(mark)) ?? { position: 0, bytes: 0 };
    const handle = await open(file, position === 0 ? 'w' : 'a');
    try {
      // What was written after the last mark is written again.
      await truncate(file, bytes);
      const total = await bulk.lastPosition();
      for (let page = await bulk.exportAfter(position, PAGE); page.length > 0; page = await bulk.exportAfter(position, PAGE)) {
        await writeAttachments(bulk, `${file}.attachments`, page);
        const lines = Buffer.from(page.map(toLine).join(''));
        await handle.writeFile(lines);
        await handle.sync();
        position = page.at(-1)?.position ?? position;
        bytes += lines.length;
        await writeFile(mark, JSON.stringify({ position, bytes }));
        drawProgress(position, Math.max(total, position), 'statements');
      }
    } finally {
      await handle.close();
    }
    await rm(mark, { force: true });
    say(`${position} statements are in ${file}.`);
  });
}

interface ImportLine {
  readonly number: number;
  readonly statement: string;
  readonly version: '1.0.3' | '2.0.0';
  readonly sender: Sender;
  readonly attachments: readonly { readonly sha2: string; readonly contentType: string }[];
}

const DEFAULT_AUTHORITY = { objectType: 'Agent', account: { homePage: 'https://mumpuni.invalid/import', name: 'import' } };

/** Reads a line: an envelope as an export writes it, or a bare statement as other systems do. @throws Error when it is neither. */
function readLine(text: string, number: number): ImportLine {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error('a line holds one JSON object');
  const isEnvelope = isObject(value['statement']);
  const statement = isEnvelope ? (value['statement'] as { readonly [key: string]: unknown }) : value;
  // To the letter: the statement is the last member of an envelope.
  const exact = isEnvelope ? text.slice(text.indexOf('"statement":') + '"statement":'.length, text.lastIndexOf('}')) : text;
  const { authority: given, version } = statement;
  const authority = given !== undefined && validateAgent(given).length === 0 ? given : DEFAULT_AUTHORITY;
  return {
    number,
    statement: exact,
    version: typeof version === 'string' && version.startsWith('2.') ? '2.0.0' : '1.0.3',
    sender: {
      credentialId: IMPORT_CREDENTIAL,
      authority: JSON.stringify(authority),
      authorityKey: actorKey(authority),
      mayVoidOthers: value['unrestrictedVoid'] === true,
      mayDefine: true,
    },
    attachments: isEnvelope && Array.isArray(value['attachments']) ? (value['attachments'] as ImportLine['attachments']) : [],
  };
}

const sameBatch = (a: ImportLine, b: ImportLine): boolean =>
  a.version === b.version && a.sender.authority === b.sender.authority && a.sender.mayVoidOthers === b.sender.mayVoidOthers;

async function partsOf(lines: readonly ImportLine[], folder: string): Promise<AttachmentParts | undefined> {
  const named = lines.flatMap(({ attachments }) => attachments);
  if (named.length === 0) return undefined;
  return new Map(await Promise.all(named.map(async ({ sha2, contentType }) => [sha2, { contentType, bytes: await readFile(join(folder, sha2)) }] as const)));
}

/** Stores lines of one sender; where together they are refused, one by one. */
async function importLines(
  statements: Statements,
  lines: readonly ImportLine[],
  folder: string,
  refuse: (line: number, reason: string) => void,
): Promise<number> {
  const [first] = lines;
  if (!first) return 0;
  try {
    const parts = await partsOf(lines, folder);
    await statements.store({
      bytes: Buffer.from(`[${lines.map(({ statement }) => statement).join(',')}]`),
      version: first.version,
      sender: first.sender,
      ...(parts && { parts }),
    });
    return lines.length;
  } catch (error) {
    const isRefusal = error instanceof AppError && error.code !== 'UNAVAILABLE';
    if (!isRefusal) throw error;
    if (lines.length === 1) {
      refuse(first.number, error.message);
      return 0;
    }
    let stored = 0;
    for (const line of lines) stored += await importLines(statements, [line], folder, refuse);
    return stored;
  }
}

/**
 * Stores the statements of a file of JSON lines, as {@link exportStatements} writes it or with bare statements.
 *
 * Authorities are kept, `stored` is now. Statements that are here already change nothing, so a run that was interrupted
 * may simply be started again; it goes on where it was.
 * @returns the exit code: 1 when some line was refused; each is named.
 */
export async function importStatements(config: Config, file: string): Promise<number> {
  return withDatabase(config, async (database: Database) => {
    const statements = createStatements(config, database, () => undefined);
    const mark = `${file}.imported`;
    const done = (await readMark(mark))?.position ?? 0;
    const { size } = await stat(file);
    let [read, bytes, stored, refused] = [0, 0, 0, 0];
    let waiting: ImportLine[] = [];
    const refuse = (line: number, reason: string): void => {
      refused += 1;
      say(`line ${line}: ${reason}`);
    };
    const flush = async (): Promise<void> => {
      stored += await importLines(statements, waiting, `${file}.attachments`, refuse);
      waiting = [];
      await writeFile(mark, JSON.stringify({ position: read, bytes }));
      drawProgress(bytes, size, 'bytes');
    };
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      const number = read + 1;
      let line: ImportLine | null = null;
      if (number > done && text.trim() !== '') {
        try {
          line = readLine(text, number);
        } catch (error) {
          refuse(number, error instanceof Error ? error.message : String(error));
        }
      }
      const [head] = waiting;
      if (line && head && (waiting.length >= IMPORT_BATCH || !sameBatch(head, line))) await flush();
      read = number;
      bytes += Buffer.byteLength(text) + 1;
      if (line) waiting.push(line);
    }
    await flush();
    await rm(mark, { force: true });
    say(`${stored} statements stored or present, ${refused} refused.`);
    return refused === 0 ? 0 : 1;
  });
}

/** Deletes attachments that no statement names and that are older than an hour. */
export async function collectAttachments(config: Config): Promise<void> {
  await withDatabase(config, async (database) => {
    say(`${await createBulk(config, database).collectAttachments(new Date(Date.now() - 3_600_000))} attachments deleted.`);
  });
}
