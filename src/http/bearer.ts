import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../kernel/errors.ts';
import type { Access, Viewer } from '../modules/access/index.ts';

/** Who asks, by the bearer token of a request. @throws AppError UNAUTHENTICATED when it has none that holds. */
export async function viewerOf(
  request: FastifyRequest,
  reply: FastifyReply,
  access: Access,
  realm: string,
): Promise<{ readonly viewer: Viewer; readonly token: string }> {
  const token = /^bearer +(\S{1,512})$/i.exec(request.headers.authorization ?? '')?.[1];
  const viewer = token === undefined ? null : await access.checkToken(token);
  if (token !== undefined && viewer) return { viewer, token };
  void reply.header('WWW-Authenticate', `Bearer realm="${realm}"`);
  const message = token === undefined ? 'a token is missing: send Authorization: Bearer <token>' : 'the token is not valid';
  throw new AppError('UNAUTHENTICATED', message, [{ path: '/headers/Authorization', rule: 'bearer', message }]);
}
