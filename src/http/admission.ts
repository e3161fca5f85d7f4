import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorBody } from './errors.ts';

export interface AdmissionLimits {
  /** Paths that begin like this are counted. */
  readonly path: string;
  /** Requests with a body that are worked on at once. */
  readonly requests: number;
  /** Bytes of their bodies together, those of a megabyte and more left out: statements, which take work. */
  readonly bytes: number;
  /** Bytes of the bodies of a megabyte and more together: mostly attachments, which take memory. One is always taken. */
  readonly largeBytes: number;
  /** Whether what was let in before still fills the queues. */
  readonly isFull: () => boolean;
  /** A request that is not here whole after this is given up; one below `slowPath` after `slowTimeoutMs`. */
  readonly requestTimeoutMs: number;
  readonly slowPath: string;
  readonly slowTimeoutMs: number;
  /** How long a connection may rest between two requests. */
  readonly keepAliveTimeoutMs: number;
}

const LARGE = 1024 * 1024;
/** What a body that does not tell its length counts for. */
const UNKNOWN_LENGTH = 64 * 1024;

const MESSAGE = 'the server has more to do than it can take; try again shortly';
const REFUSAL = JSON.stringify({ error: MESSAGE, violations: [{ path: '', rule: 'unavailable', message: MESSAGE }] } satisfies ErrorBody);
const REFUSAL_HEADERS = {
  'Content-Type': 'application/json; charset=utf-8',
  'Content-Length': Buffer.byteLength(REFUSAL),
  'Retry-After': '1',
  // Content in browsers is to read it too.
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Retry-After',
};

/**
 * Makes HTTP servers that refuse what they cannot take at the door, before anything is read or checked: 503 with
 * Retry-After.
 *
 * Work that is let in is finished; under more load than there is capacity the rest must cost next to nothing, or the
 * refusals alone would eat the capacity: so this stands before the framework. Memory is bounded by the bytes let in, as
 * far as bodies tell their length; one that does not counts for 64 KiB, whatever comes.
 */
export function admittingServer(limits: AdmissionLimits): {
  readonly factory: (handler: RequestListener) => Server;
  /** Ends connections on which nothing was asked yet: browsers open them ahead, and a server that stops would wait for them forever. */
  endSilent(): void;
} {
  const silent = new Set<Socket>();
  let requests = 0;
  const small = { bytes: 0, limit: limits.bytes };
  const large = { bytes: 0, limit: limits.largeBytes };

  function isRefused(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = '', headers } = request;
    if ((method !== 'POST' && method !== 'PUT') || !url.startsWith(limits.path)) return false;
    const length = Number(headers['content-length'] ?? UNKNOWN_LENGTH);
    const kind = length < LARGE ? small : large;
    if (limits.isFull() || requests >= limits.requests || (kind.bytes > 0 && kind.bytes + length > kind.limit)) return true;
    requests += 1;
    kind.bytes += length;
    response.once('close', () => {
      requests -= 1;
      kind.bytes -= length;
    });
    return false;
  }

  /** Node knows one time for all requests: this is the shorter one of those that bring a body. */
  function giveUpLate(request: IncomingMessage, response: ServerResponse): void {
    if (request.complete || request.url?.startsWith(limits.slowPath)) return;
    const timer = setTimeout(() => {
      if (!request.complete) request.destroy();
    }, limits.requestTimeoutMs);
    response.once('close', () => clearTimeout(timer));
  }

  const factory = (handler: RequestListener): Server => {
    const server = createServer({ requestTimeout: limits.slowTimeoutMs, keepAliveTimeout: limits.keepAliveTimeoutMs }, (request, response) => {
      silent.delete(request.socket);
      if (!isRefused(request, response)) {
        giveUpLate(request, response);
        handler(request, response);
      } else response.writeHead(503, REFUSAL_HEADERS).end(REFUSAL);
    });
    return server.on('connection', (socket) => {
      silent.add(socket);
      socket.once('close', () => silent.delete(socket));
    });
  };
  const endSilent = (): void => {
    for (const socket of silent) socket.destroy();
  };
  return { factory, endSilent };
}
