import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorBody } from './errors.ts';

export interface AdmissionLimits {
  /** Paths that begin like this are counted. */
  readonly path: string;
  /** Requests with a body that are worked on at once. */
  readonly requests: number;
  /** Bytes of the bodies that are here whole and worked on, those of a megabyte and more left out: statements, which take work. */
  readonly bytes: number;
  /** Bytes of the bodies of a megabyte and more together: mostly attachments, which take memory. One is always taken. */
  readonly largeBytes: number;
  /** Whether a request names its sender in its body only, by its address. */
  readonly isUnsigned: (url: string) => boolean;
  /** Headers of a refusal beside those of every one. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether what was let in before still fills the queues. */
  readonly isFull: () => boolean;
  /** A request that is not here whole after this is given up; one below `slowPath` after `slowTimeoutMs`. */
  readonly requestTimeoutMs: number;
  readonly slowPath: string;
  readonly slowTimeoutMs: number;
  /** Headers that are not here whole after this are given up, and the connection with them. */
  readonly headersTimeoutMs: number;
  /** How long a connection may rest between two requests. */
  readonly keepAliveTimeoutMs: number;
}

const LARGE = 1024 * 1024;
/** What a body that does not tell its length counts for, until more of it is here. */
const UNKNOWN_LENGTH = 64 * 1024;
/** Bodies still on their way may hold so many times the memory of those worked on: a slow one keeps nobody from working. */
const ON_THEIR_WAY = 16;
/** Share of the requests that may be of senders nobody knows yet. */
const UNSIGNED_SHARE = 1 / 8;
/** How often it is looked which bodies are here, in milliseconds; those let in meanwhile count as if they were. */
const LOOK_MS = 20;

const MESSAGE = 'the server has more to do than it can take; try again shortly';
const REFUSAL = JSON.stringify({ error: MESSAGE, violations: [{ path: '', rule: 'unavailable', message: MESSAGE }] } satisfies ErrorBody);
const REFUSAL_HEADERS = {
  'Content-Type': 'application/json; charset=utf-8',
  'Content-Length': Buffer.byteLength(REFUSAL),
  'Retry-After': '1',
  'Cache-Control': 'no-store',
  // Content in browsers is to read it too.
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Retry-After',
};

/** A request that was let in. */
interface Admitted {
  readonly request: IncomingMessage;
  /** Null where the body does not tell it. */
  readonly length: number | null;
  /** Bytes that had come over its connection before it. */
  readonly before: number;
}

/** Bytes that a body holds in memory, or is going to. */
const heldBy = ({ request, length, before }: Admitted): number => length ?? Math.max(UNKNOWN_LENGTH, request.socket.bytesRead - before);

/** Requests that were let in, and what their bodies weigh. */
class Admittance {
  readonly #open = new Set<Admitted>();
  /** Bytes of all bodies, and of those that are here whole. */
  #held = 0;
  #working = 0;
  #lookedAt = 0;

  get requests(): number {
    return this.#open.size;
  }

  weigh(): { readonly held: number; readonly working: number } {
    const now = performance.now();
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now;
      this.#held = 0;
      this.#working = 0;
      for (const one of this.#open) {
        this.#held += heldBy(one);
        if (one.request.complete) this.#working += heldBy(one);
      }
    }
    return { held: this.#held, working: this.#working };
  }

  add(request: IncomingMessage, length: number | null, response: ServerResponse): void {
    const one = { request, length, before: request.socket.bytesRead };
    this.#open.add(one);
    this.#held += length ?? UNKNOWN_LENGTH;
    this.#working += length ?? UNKNOWN_LENGTH;
    response.once('close', () => this.#open.delete(one));
  }
}

/**
 * Makes HTTP servers that refuse what they cannot take at the door, before anything is read or checked: 503 with
 * Retry-After.
 *
 * Work that is let in is finished; under more load than there is capacity the rest must cost next to nothing, or the
 * refusals alone would eat the capacity: so this stands before the framework. Senders that nobody knows before their body
 * is read have a small share of their own, and take nothing from the others.
 */
export function admittingServer(limits: AdmissionLimits): {
  readonly factory: (handler: RequestListener) => Server;
  /** Ends connections on which nothing was asked yet: browsers open them ahead, and a server that stops would wait for them forever. */
  endSilent(): void;
} {
  const silent = new Set<Socket>();
  const [small, large, unsigned] = [new Admittance(), new Admittance(), new Admittance()];
  const maxUnsigned = Math.max(1, Math.floor(limits.requests * UNSIGNED_SHARE));
  const refusalHeaders = { ...limits.headers, ...REFUSAL_HEADERS };

  function takes(kind: Admittance, length: number): boolean {
    const { held, working } = kind.weigh();
    if (kind === unsigned) return unsigned.requests < maxUnsigned && (held === 0 || held + length <= limits.bytes);
    if (small.requests + large.requests >= limits.requests) return false;
    if (kind === large) return held === 0 || held + length <= limits.largeBytes;
    return working === 0 || (working + length <= limits.bytes && held + length <= limits.bytes * ON_THEIR_WAY);
  }

  function isRefused(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = '', headers } = request;
    if ((method !== 'POST' && method !== 'PUT') || !url.startsWith(limits.path)) return false;
    const declared = headers['content-length'];
    const length = declared === undefined ? null : Number(declared);
    const kind = limits.isUnsigned(url) ? unsigned : (length ?? UNKNOWN_LENGTH) < LARGE ? small : large;
    if (limits.isFull() || !takes(kind, length ?? UNKNOWN_LENGTH)) return true;
    kind.add(request, length, response);
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
    const server = createServer(
      {
        requestTimeout: limits.slowTimeoutMs,
        keepAliveTimeout: limits.keepAliveTimeoutMs,
        headersTimeout: limits.headersTimeoutMs,
        connectionsCheckingInterval: limits.headersTimeoutMs / 3,
      },
      (request, response) => {
        silent.delete(request.socket);
        if (!isRefused(request, response)) {
          giveUpLate(request, response);
          handler(request, response);
        } else response.writeHead(503, refusalHeaders).end(REFUSAL);
      },
    );
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
