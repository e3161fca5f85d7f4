import { hash } from 'node:crypto';
import { AppError, type Violation } from '../../kernel/errors.ts';
import { JsonTextError, type ObjectSpan, scanJson } from '../../kernel/json-text.ts';
import {
  attachmentsWithoutUrl,
  canonicalForm,
  instantOf,
  isObject,
  type JsonObject,
  VOIDED,
  validateStatements,
  type XapiVersion,
} from '../../standards/xapi/index.ts';
import { actorKey, verbKey } from './keys.ts';
import { type Links, linksOf } from './links.ts';

/** Who sends: the authority is the LRS's own word about the credential, never the statement's (Data 2.4.9). */
export interface Sender {
  readonly credentialId: string;
  /** The authority Agent as JSON text. */
  readonly authority: string;
  readonly authorityKey: string;
  /** Whether the sender may void statements of other authorities. */
  readonly mayVoidOthers: boolean;
}

export interface StatementLimits {
  readonly maxDepth: number;
  readonly maxBatch: number;
}

/** Everything one statement writes, computed before the database is asked anything. */
export interface PreparedStatement {
  readonly id: string;
  /** The sender's text, with id and version where they were missing and without stored and authority. */
  readonly body: string;
  readonly contentHash: Buffer;
  readonly recordedAt: Date | null;
  readonly actorKey: string;
  readonly verbKey: string;
  readonly registration: string | null;
  readonly agents: Links;
  readonly activities: Links;
  readonly voids: string | null;
}

const MAX_TOKENS_PER_STATEMENT = 10_000;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

const refuse = (message: string, rule: string, path = ''): AppError => new AppError('INVALID_INPUT', message, [{ path, rule, message }]);

/** Strict UTF-8: a malformed byte is refused, not replaced, since the text is what we promise to give back. */
function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw refuse('the body is not valid UTF-8', 'xAPI Communication 1.4 utf-8');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse(`the body is not valid JSON: ${(error as Error).message.replace(/\s*\(line .*$/, '')}`, 'RFC 8259 json');
  }
}

/** The sender's text with the members the LRS owns taken out and the missing ones put in; untouched when nothing is to do. */
function spliceBody(text: string, span: ObjectSpan, additions: readonly string[]): string {
  const owned = span.members.some(({ key }) => key === 'stored' || key === 'authority');
  const whole = text.slice(span.start, span.end);
  if (!owned && additions.length === 0) return whole;
  if (!owned) return `${whole.slice(0, -1)}${span.members.length > 0 ? ',' : ''}${additions.join(',')}}`;
  const kept = span.members.filter(({ key }) => key !== 'stored' && key !== 'authority').map(({ start, end }) => text.slice(start, end));
  return `{${[...kept, ...additions].join(',')}}`;
}

function prepareOne(text: string, span: ObjectSpan, statement: JsonObject, inexact: boolean, request: PrepareRequest): PreparedStatement {
  const additions: string[] = [];
  let id = statement['id'];
  if (typeof id !== 'string') {
    id = request.newStatementId();
    additions.push(`"id":${JSON.stringify(id)}`);
  }
  if (statement['version'] === undefined) additions.push(`"version":"${request.version === '2.0.0' ? '2.0.0' : '1.0.0'}"`);
  const { agents, activities } = linksOf(statement, JSON.parse(request.sender.authority));
  const { timestamp, context, verb, object } = statement;
  const verbId = String(isObject(verb) ? verb['id'] : '');
  const registration = isObject(context) ? context['registration'] : undefined;
  return {
    id: String(id).toLowerCase(),
    body: spliceBody(text, span, additions),
    contentHash: hash('sha256', canonicalForm(statement, text.slice(span.start, span.end), inexact), 'buffer'),
    recordedAt: typeof timestamp === 'string' ? instantOf(timestamp) : null,
    actorKey: actorKey(statement['actor']),
    verbKey: verbKey(verbId),
    registration: typeof registration === 'string' ? registration.toLowerCase() : null,
    agents,
    activities,
    voids: verbId === VOIDED && isObject(object) ? String(object['id']).toLowerCase() : null,
  };
}

export interface PrepareRequest {
  readonly bytes: Uint8Array;
  readonly version: XapiVersion;
  readonly sender: Sender;
  readonly limits: StatementLimits;
  readonly newStatementId: () => string;
  /** For PUT: the `statementId` parameter, which the body's id must equal or leave out. */
  readonly expectedId?: string;
}

/** For PUT: exactly one statement, whose id is that of the parameter (Communication 2.1.1). */
function checkPutBody(parsed: unknown, expectedId: string): void {
  if (Array.isArray(parsed)) throw refuse('PUT takes one statement, not an array', 'xAPI Communication 2.1.1 single');
  const id = isObject(parsed) ? parsed['id'] : undefined;
  if (typeof id === 'string' && id.toLowerCase() !== expectedId.toLowerCase()) {
    throw refuse(
      `the statement's id must equal the statementId parameter (${expectedId}); found ${JSON.stringify(id)}`,
      'xAPI Communication 2.1.1 same-id',
      '/id',
    );
  }
}

function checkAttachments(statements: readonly JsonObject[], isBatch: boolean): void {
  const violations: Violation[] = statements.flatMap((statement, index) =>
    attachmentsWithoutUrl(statement).map((path) => ({
      path: isBatch ? `/${index}${path}` : path,
      rule: 'xAPI Communication 1.5.1 attachment-data',
      message: 'an attachment sent as application/json needs a fileUrl',
    })),
  );
  if (violations.length > 0) throw new AppError('INVALID_INPUT', 'attachment data is missing', violations);
}

/**
 * Turns the body of a PUT or POST into rows.
 *
 * Pure but for the ids it is handed; called once per request, so that a retried transaction writes the same ids.
 * @throws AppError INVALID_INPUT with every violation, TOO_LARGE when the batch is longer than the limit.
 */
export function prepareStatements(request: PrepareRequest): readonly PreparedStatement[] {
  const text = decode(request.bytes);
  const scanned = scan(text, request.limits);
  const parsed = parse(text);
  if (request.expectedId !== undefined) checkPutBody(parsed, request.expectedId);
  const isBatch = Array.isArray(parsed);
  if (isBatch && parsed.length > request.limits.maxBatch) {
    throw new AppError('TOO_LARGE', `a batch may hold at most ${request.limits.maxBatch} statements; found ${parsed.length}`);
  }
  const violations = validateStatements(parsed, request.version);
  if (violations.length > 0) {
    const [first] = violations;
    throw new AppError(
      'INVALID_INPUT',
      `${first?.path || 'the body'}: ${first?.message}${violations.length > 1 ? ` (and ${violations.length - 1} more)` : ''}`,
      violations,
    );
  }
  const statements = (isBatch ? parsed : [parsed]) as readonly JsonObject[];
  checkAttachments(statements, isBatch);
  const { expectedId } = request;
  const newStatementId = expectedId === undefined ? request.newStatementId : () => expectedId;
  return statements.map((statement, index) => {
    const span = scanned.objects[index];
    if (!span) throw new Error('the scanner and JSON.parse disagree about the number of statements');
    return prepareOne(text, span, statement, scanned.hasInexactNumbers, { ...request, newStatementId });
  });
}

function scan(text: string, limits: StatementLimits) {
  try {
    return scanJson(text, { maxDepth: limits.maxDepth, maxTokens: MAX_TOKENS_PER_STATEMENT * limits.maxBatch });
  } catch (error) {
    if (error instanceof JsonTextError) throw refuse(`the body cannot be taken: ${error.message} (at character ${error.offset})`, 'json-text');
    throw error;
  }
}
