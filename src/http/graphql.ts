import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createContext, type GraphContext } from '../graphql/context.ts';
import type { Modules } from '../graphql/modules.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/errors.ts';
import type { Viewer } from '../modules/access/index.ts';
import { viewerOf } from './bearer.ts';

export const GRAPHQL_PATH = '/graphql';

export interface GraphqlRoute {
  readonly apollo: ApolloServer<GraphContext>;
  readonly modules: Modules;
  readonly clock: Clock;
  readonly bodyLimitBytes: number;
}

/** GraphQL over HTTP. Without a valid bearer token nothing of it answers. */
export function graphqlRoute(server: FastifyInstance, { apollo, modules, clock, bodyLimitBytes }: GraphqlRoute): void {
  const viewers = new WeakMap<FastifyRequest, Viewer>();
  server.route({
    url: GRAPHQL_PATH,
    method: ['GET', 'POST'],
    bodyLimit: bodyLimitBytes,
    onRequest: async (request, reply) => {
      const { viewer } = await viewerOf(request, reply, modules.access, 'GraphQL');
      viewers.set(request, viewer);
      void reply.header('Cache-Control', 'no-store');
    },
    handler: fastifyApolloHandler(apollo, {
      context: async (request) => {
        const viewer = viewers.get(request);
        if (!viewer) throw new AppError('UNAUTHENTICATED', 'a token is missing');
        return createContext(modules, viewer, clock);
      },
    }),
  });
}
