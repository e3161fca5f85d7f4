import type { RateLimitPluginOptions } from '@fastify/rate-limit';
import { rateLimited } from '../kernel/errors.ts';

/**
 * Options of a limit of requests a minute, per process; above it the answer is 429 with Retry-After.
 * @param who may make them, in words.
 */
export const perMinute = (max: number, who: string): RateLimitPluginOptions => ({
  max,
  timeWindow: 60_000,
  addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
  errorResponseBuilder: (_request, context) => rateLimited(`${who} may make ${context.max} requests a minute; wait and try again`),
});
