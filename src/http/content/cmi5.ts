import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../../kernel/errors.ts';
import type { Launches } from '../../modules/launch/index.ts';

/** Where assignable units fetch their credentials. */
export const CMI5_PATH = '/cmi5';

/** The fetch URL of cmi5 (8.2): POST only, no body needed, always 200; errors are in the answer. */
export async function cmi5Routes(server: FastifyInstance, launches: Launches): Promise<void> {
  // Some units fetch with credentials, which browsers allow to a named origin only. The token in the address is all that counts here.
  await server.register(cors, { origin: true, credentials: true, methods: ['POST'], maxAge: 86_400 });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string', bodyLimit: 65_536 }, (_request, _body, done) => done(null, null));
  // A GET could be answered by a cache.
  server.route({
    method: ['GET', 'PUT', 'DELETE'],
    url: '/fetch/:token',
    handler: (_request, reply) => {
      void reply.header('Allow', 'POST');
      throw new AppError('METHOD_NOT_ALLOWED', 'the fetch URL takes POST');
    },
  });
  server.post<{ Params: { token: string } }>('/fetch/:token', async (request, reply) => {
    void reply.header('Cache-Control', 'no-store').header('Referrer-Policy', 'no-referrer');
    return reply.send(await launches.fetchToken(request.params.token));
  });
}
