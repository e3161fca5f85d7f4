import type { FastifyInstance } from 'fastify';

/** Why the server should get no traffic now, or null when it should. */
export type Readiness = () => Promise<string | null>;

/** `/health/live`: the process answers. `/health/ready`: it can do its work; 503 with the reason while it cannot. */
export function healthRoutes(server: FastifyInstance, readiness: Readiness): void {
  server.get('/health/live', () => ({ status: 'live' }));
  server.get('/health/ready', async (_request, reply) => {
    const reason = await readiness();
    return reason === null ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', reason });
  });
}
