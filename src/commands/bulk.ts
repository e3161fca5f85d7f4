import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBulk, createModules, createStatements } from '../app.ts';
import type { Config } from '../config/settings.ts';
import type { Database } from '../db/database.ts';
import { systemClock } from '../kernel/clock.ts';
import { AppError, invalid } from '../kernel/errors.ts';
import { type AttachmentParts, actorKey, type Bulk, type ExportedStatement, isDigestOf, type Sender, type Statements } from '../modules/lrs/index.ts';
import { isObject, validateAgent } from '../standards/xapi/index.ts';
import { withDatabase } from './administer.ts';
import { drawProgress } from './progress-bar.ts';
import { say } from './say.ts';

const PAGE = 500;
const IMPORT_BATCH = 100;
/** Stands for the credential of statements that came by import. */
const IMPORT_CREDENTIAL = '00000000-0000-0000-0000-000000000000';

/** How far an interrupted run came. */
interface Mark {
  readonly position: number;
  readonly bytes: number;
  /** Lines refused so far. */
  readonly refused: number;
  /** SHA-256 of the lines read so far, of an import: a mark belongs to the file that begins with them. */
  readonly digest?: string;
}

async function readMark(file: string): Promise<Mark | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as Mark);
}

/** Written aside and renamed: a run that dies leaves the mark before, or this one. */
async function writeMark(file: string, mark: Mark): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(mark));
  await rename(`${file}.new`, file);
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
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    const known = await readMark(mark);
    // A mark beside a shorter file belongs to one that is gone.
    let { position, bytes } = known && known.bytes <= size ? known : { position: 0, bytes: 0 };
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
        await writeMark(mark, { position, bytes, refused: 0 });
        drawProgress(position, Math.max(total, position), 'statements');
      }
    } finally {
      await handle.close();
    }
    await rm(mark, { force: true });
    say(`All statements up to position ${position} are in ${file}.`);
  });
}

/** The lines of a file, parted by line feeds alone: JSON may hold other characters that some readers take for line ends. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, 'utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** What the first lines of a file are, as {@link Mark} names them. */
async function digestOfLines(file: string, count: number): Promise<string> {
  const digest = createHash('sha256');
  let left = count;
  for await (const line of linesOf(file)) {
    if (left === 0) break;
    digest.update(`${line}\n`);
    left -= 1;
  }
  return digest.digest('hex');
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

/** Attachments may be large: statements that have some are stored one by one. */
const sameBatch = (a: ImportLine, b: ImportLine): boolean =>
  a.attachments.length === 0 &&
  b.attachments.length === 0 &&
  a.version === b.version &&
  a.sender.authority === b.sender.authority &&
  a.sender.mayVoidOthers === b.sender.mayVoidOthers;

async function partsOf(lines: readonly ImportLine[], folder: string): Promise<AttachmentParts | undefined> {
  const named = lines.flatMap(({ attachments }) => attachments);
  if (named.length === 0) return undefined;
  const parts = await Promise.all(
    named.map(async ({ sha2, contentType }) => {
      const bytes = /^[0-9a-f]+$/.test(sha2) ? await readFile(join(folder, sha2)).catch(() => null) : null;
      if (!bytes || !isDigestOf(sha2, bytes)) throw invalid('', 'attachment', `the file of attachment ${sha2} is missing, or is not what its hash says`);
      return [sha2, { contentType, bytes }] as const;
    }),
  );
  return new Map(parts);
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
    const marked = await readMark(mark);
    // Beside a file that begins otherwise the mark is of one that was there before.
    const known = marked && marked.digest === (await digestOfLines(file, marked.position)) ? marked : null;
    const done = known?.position ?? 0;
    const { size } = await stat(file);
    let [read, bytes, stored, refused] = [0, 0, 0, known?.refused ?? 0];
    const digest = createHash('sha256');
    let waiting: ImportLine[] = [];
    const refuse = (line: number, reason: string): void => {
      refused += 1;
      say(`line ${line}: ${reason}`);
    };
    const flush = async (): Promise<void> => {
      stored += await importLines(statements, waiting, `${file}.attachments`, refuse);
      waiting = [];
      await writeMark(mark, { position: read, bytes, refused, digest: digest.copy().digest('hex') });
      drawProgress(bytes, size, 'bytes');
    };
    for await (const text of linesOf(file)) {
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
      digest.update(`${text}\n`);
      bytes += Buffer.byteLength(text) + 1;
      if (line) waiting.push(line);
    }
    await flush();
    await rm(mark, { force: true });
    say(`${stored} statements stored or present, ${refused} refused.`);
    return refused === 0 ? 0 : 1;
  });
}

/** Deletes attachments that no statement names, and files that no package has, where they are older than an hour. */
export async function collectAttachments(config: Config): Promise<void> {
  await withDatabase(config, async (database) => {
    const olderThan = new Date(Date.now() - 3_600_000);
    const attachments = await createBulk(config, database).collectAttachments(olderThan);
    const files = await createModules(config, database, systemClock).content.collect(olderThan);
    say(`${attachments} attachments and ${files} files of packages deleted.`);
  });
}
