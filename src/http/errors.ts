import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isConnectionError, isContention } from '../db/database.ts';
import { AppError, type Violation } from '../kernel/errors.ts';

/** The body of every refusal: what is wrong, and each broken rule with the place it was broken at. */
export interface ErrorBody {
  readonly error: string;
  readonly violations: readonly Violation[];
  /** On a fault of ours only: quote it when reporting, it finds the log line. */
  readonly correlationId?: string;
}

/** What an error means to a client; null when it is a fault of ours. */
export function refusalOf(error: Error & Partial<FastifyError>): AppError | null {
  if (error instanceof AppError) return error;
  if (isConnectionError(error) || isContention(error)) return new AppError('UNAVAILABLE', 'the database cannot take this now; try again shortly');
  const status = error.statusCode;
  if (status === undefined || status < 400 || status >= 500) return null;
  const code = status === 413 ? 'TOO_LARGE' : status === 415 ? 'UNSUPPORTED_MEDIA' : 'INVALID_INPUT';
  return new AppError(code, error.message, [
    { path: status === 415 ? '/headers/Content-Type' : '', rule: `http ${error.code ?? status}`, message: error.message },
  ]);
}

/** What of an unexpected error goes into the log: never the request, which may hold secrets and personal data. */
export function errorFields(error: unknown): { readonly type: string; readonly message: string; readonly stack: string | undefined } {
  return error instanceof Error
    ? { type: error.name, message: error.message, stack: error.stack }
    : { type: typeof error, message: String(error), stack: undefined };
}

/** Refuses what is not HTTP at all: there is no request to answer, only a socket. */
export function refuseConnection(error: Error & { readonly code?: string; readonly rawPacket?: unknown }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW' ? ['431 Request Header Fields Too Large', 'the headers are too long'] : ['400 Bad Request', 'this is not HTTP/1.1'];
  const body = JSON.stringify({ error: message, violations: [{ path: '', rule: 'http', message }] } satisfies ErrorBody);
  const isHead = Buffer.isBuffer(error.rawPacket) && error.rawPacket.toString('latin1', 0, 5) === 'HEAD ';
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${isHead ? '' : body}`,
  );
}

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const;

/** Answers a request that no route takes: 405 where the path takes other methods, else 404. */
export function refuseRoute(server: FastifyInstance): (request: FastifyRequest, reply: FastifyReply) => never {
  return (request, reply) => {
    const url = request.url.split('?')[0] ?? '';
    const allowed = METHODS.filter((method) => server.hasRoute({ url, method }));
    if (allowed.length === 0) throw new AppError('NOT_FOUND', `there is nothing at ${request.method} ${url}`);
    void reply.header('Allow', allowed.join(', '));
    throw new AppError('METHOD_NOT_ALLOWED', `${url} takes ${allowed.join(', ')}; not ${request.method}`);
  };
}

/** A failure while committing leaves open whether the change was made. */
const FAILED = 'The server failed. Send it again with the same ids: what was stored is not stored twice.';

/** What files and PostgreSQL say when a disk is full. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', '53100']);
const FULL = 'The server has no room left on its disk. Whoever runs it must make some; then send this again, with the same ids.';

/** The one place where a thrown error becomes an HTTP answer. */
export function sendError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = refusalOf(error);
  if (refusal) {
    const violations = refusal.violations.length > 0 ? refusal.violations : [{ path: '', rule: refusal.code.toLowerCase(), message: refusal.message }];
    if ((refusal.code === 'UNAVAILABLE' || refusal.code === 'RATE_LIMITED') && !reply.hasHeader('Retry-After'))
      void reply.header('Retry-After', String(refusal.retryAfterSeconds));
    void reply.code(refusal.status).send({ error: refusal.message, violations } satisfies ErrorBody);
    return;
  }
  const correlationId = randomUUID();
  request.log.error({ correlationId, err: errorFields(error) }, 'request failed');
  const isFull = 'code' in error && NO_ROOM.has(String(error.code));
  void reply.code(isFull ? 503 : 500).send({ error: isFull ? FULL : FAILED, violations: [], correlationId } satisfies ErrorBody);
}
