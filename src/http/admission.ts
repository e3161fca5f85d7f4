import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../kernel/errors.ts';

export interface AdmissionLimits {
  /** Requests with a body that are worked on at once. */
  readonly requests: number;
  /** Bytes of their bodies together; a body larger than this is taken when it is alone. */
  readonly bytes: number;
}

/** What a body that does not tell its length counts for. */
const UNKNOWN_LENGTH = 64 * 1024;
const BODIED: readonly string[] = ['POST', 'PUT'];

/**
 * Refuses what the server cannot take at its door, before anything is read or checked: 503 with Retry-After.
 *
 * Work that is let in is finished; under more load than there is capacity the rest must cost next to nothing, or the
 * refusals alone would eat the capacity. Memory is bounded by the bytes let in.
 */
export function limitAdmission(server: FastifyInstance, limits: AdmissionLimits): void {
  const admitted = new WeakMap<FastifyRequest, number>();
  let requests = 0;
  let bytes = 0;
  server.addHook('onRequest', (request, _reply, next) => {
    if (!BODIED.includes(request.method)) return next();
    const length = Number(request.headers['content-length'] ?? UNKNOWN_LENGTH);
    if (requests >= limits.requests || (requests > 0 && bytes + length > limits.bytes))
      return next(new AppError('UNAVAILABLE', 'the server has more to do than it can take; try again shortly'));
    requests += 1;
    bytes += length;
    admitted.set(request, length);
    next();
  });
  const leave = (request: FastifyRequest): void => {
    const length = admitted.get(request);
    if (length === undefined || !admitted.delete(request)) return;
    requests -= 1;
    bytes -= length;
  };
  server.addHook('onResponse', (request: FastifyRequest, _reply: FastifyReply, done) => {
    leave(request);
    done();
  });
  server.addHook('onRequestAbort', (request, done) => {
    leave(request);
    done();
  });
}
