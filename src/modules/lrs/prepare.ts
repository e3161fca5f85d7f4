import { hash } from 'node:crypto';
import { AppError } from '../../kernel/errors.ts';
import { JsonTextError, type ObjectSpan, scanJson } from '../../kernel/json-text.ts';
import { canonicalForm, instantOf, isObject, type JsonObject, VOIDED, validateStatements, type XapiVersion } from '../../standards/xapi/index.ts';
import { type AttachmentParts, checkAttachments, checkParts, type KeptAttachment } from './attachments.ts';
import { keepBody } from './body.ts';
import { actorKey, verbKey } from './keys.ts';
import { type Links, linksOf, type Named } from './links.ts';

/** Who sends: the authority is the LRS's own word about the credential, never the statement's (Data 2.4.9). */
export interface Sender {
  readonly credentialId: string;
  /** The authority Agent as JSON text. */
  readonly authority: string;
  readonly authorityKey: string;
  /** Whether the sender may void statements of other authorities. */
  readonly mayVoidOthers: boolean;
  /** Whether what the sender says of activities becomes part of what this LRS tells about them (scope `define`). */
  readonly mayDefine: boolean;
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
  /** What the statement says of agents and activities beyond their keys. */
  readonly names: Named['names'];
  readonly definitions: Named['definitions'];
  /** The statement its object refers to. */
  readonly refersTo: string | null;
  readonly voids: string | null;
  /** Its attachments whose bytes came with the request. */
  readonly attachments: readonly KeptAttachment[];
}

/** Far above real statements, whose context names a handful. */
const MAX_LINKS = 1_000;
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

/** What is the same for all statements of a request. */
interface Common extends PrepareRequest {
  readonly authority: unknown;
  readonly hasInexactNumbers: boolean;
}

function prepareOne(text: string, span: ObjectSpan, statement: JsonObject, path: string, request: Common): PreparedStatement {
  const own = text.slice(span.start, span.end);
  const additions: string[] = [];
  let id = statement['id'];
  if (typeof id !== 'string') {
    id = request.newStatementId();
    additions.push(`"id":${JSON.stringify(id)}`);
  }
  if (statement['version'] === undefined) additions.push(`"version":"${request.version === '2.0.0' ? '2.0.0' : '1.0.0'}"`);
  const { agents, activities, names, definitions } = linksOf(statement, request.authority);
  if (agents.size + activities.size > MAX_LINKS)
    throw refuse(`a statement may name at most ${MAX_LINKS} agents and activities; this one names ${agents.size + activities.size}`, 'statement-links', path);
  const { timestamp, context, verb, object } = statement;
  const verbId = String(isObject(verb) ? verb['id'] : '');
  const registration = isObject(context) ? context['registration'] : undefined;
  const refersTo = isObject(object) && object['objectType'] === 'StatementRef' ? String(object['id']).toLowerCase() : null;
  return {
    id: String(id).toLowerCase(),
    body: keepBody(text, span, statement, request.version, additions),
    contentHash: hash('sha256', canonicalForm(statement, own, request.hasInexactNumbers), 'buffer'),
    recordedAt: typeof timestamp === 'string' ? instantOf(timestamp) : null,
    actorKey: actorKey(statement['actor']),
    verbKey: verbKey(verbId),
    registration: typeof registration === 'string' ? registration.toLowerCase() : null,
    agents,
    activities,
    names,
    definitions: request.sender.mayDefine ? definitions : [],
    refersTo,
    voids: verbId === VOIDED ? refersTo : null,
    attachments: checkAttachments(statement, own, path, request.parts),
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
  /** Attachments that came with the statements, by SHA-2 in lower case. */
  readonly parts?: AttachmentParts;
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
  const { expectedId } = request;
  const newStatementId = expectedId === undefined ? request.newStatementId : () => expectedId;
  const common = { ...request, newStatementId, authority: JSON.parse(request.sender.authority) as unknown, hasInexactNumbers: scanned.hasInexactNumbers };
  const prepared = statements.map((statement, index) => {
    const span = scanned.objects[index];
    if (!span) throw new Error('the scanner and JSON.parse disagree about the number of statements');
    return prepareOne(text, span, statement, isBatch ? `/${index}` : '', common);
  });
  checkParts(prepared, request.parts);
  return prepared;
}

function scan(text: string, limits: StatementLimits) {
  try {
    return scanJson(text, { maxDepth: limits.maxDepth, maxTokens: MAX_TOKENS_PER_STATEMENT * limits.maxBatch });
  } catch (error) {
    if (error instanceof JsonTextError) throw refuse(`the body cannot be taken: ${error.message} (at character ${error.offset})`, 'json-text');
    throw error;
  }
}
