import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import { createContext, type GraphContext } from '../graphql/context.ts';
import type { Modules } from '../graphql/modules.ts';
import { checkCost, limitRules, MAX_TOKENS, refusal } from '../graphql/operation-limits.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/errors.ts';
import { viewerOf } from './bearer.ts';
import { errorFields } from './errors.ts';

const STREAM_PATH = '/graphql/stream';

export interface GraphqlStream {
  readonly schema: GraphQLSchema;
  readonly modules: Modules;
  readonly clock: Clock;
  readonly bodyLimitBytes: number;
  readonly maxDepth: number;
  readonly maxCost: number;
  /** Most followers of one process. */
  readonly maxStreams: number;
  readonly formatError: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
}

/** What stands against following, or the document to follow by. */
function read(
  { schema, maxDepth, maxCost }: GraphqlStream,
  query: unknown,
  operationName: string | null,
  variables: Record<string, unknown>,
): DocumentNode | readonly GraphQLError[] {
  try {
    const document = typeof query === 'string' ? parse(query, { maxLexicalTokens: MAX_TOKENS }) : query;
    if (typeof document !== 'object' || document === null) return [refusal('/query', 'required', 'query must be a GraphQL document')];
    const found = validate(schema, document as DocumentNode, [...specifiedRules, ...limitRules(maxDepth)]);
    if (found.length > 0) return found;
    if (getOperationAST(document as DocumentNode, operationName)?.operation !== 'subscription')
      return [refusal('/query', 'operation', 'only subscriptions are answered here; queries and mutations at /graphql')];
    checkCost({ schema, document: document as DocumentNode, operationName, variables, limit: maxCost });
    return document as DocumentNode;
  } catch (error) {
    return [error instanceof GraphQLError ? error : new GraphQLError(String(error))];
  }
}

/**
 * GraphQL subscriptions as server-sent events, one connection each.
 * @see GraphQL over Server-Sent Events, distinct connections mode
 */
export function graphqlStream(server: FastifyInstance, options: GraphqlStream): void {
  const { schema, modules, clock, formatError } = options;
  const contexts = new WeakMap<FastifyRequest, GraphContext>();
  let streams = 0;
  const formatted = (result: ExecutionResult): ExecutionResult =>
    result.errors ? { ...result, errors: result.errors.map((error) => formatError(error.toJSON(), error)) as unknown as GraphQLError[] } : result;
  const handler = createHandler<GraphContext & Record<PropertyKey, unknown>>({
    schema,
    authenticate: () => null,
    onSubscribe: (request, { query, operationName, variables }) => {
      const found = read(options, query, operationName ?? null, variables ?? {});
      if (Array.isArray(found)) {
        const errors = found.map((error: GraphQLError) =>
          formatError({ ...error.toJSON(), extensions: { code: 'GRAPHQL_VALIDATION_FAILED', ...error.extensions } }, error),
        );
        return [JSON.stringify({ errors }), { status: 400, statusText: 'Bad Request', headers: { 'content-type': 'application/json; charset=utf-8' } }];
      }
      const contextValue = contexts.get(request.raw);
      if (!contextValue) throw new AppError('UNAUTHENTICATED', 'a token is missing');
      return {
        schema,
        document: found as DocumentNode,
        operationName: operationName ?? undefined,
        variableValues: variables ?? undefined,
        contextValue: contextValue as never,
      };
    },
    onNext: (_context, _request, result) => formatted(result as ExecutionResult),
  });
  server.route({
    url: STREAM_PATH,
    method: ['GET', 'POST'],
    bodyLimit: options.bodyLimitBytes,
    onRequest: async (request, reply) => {
      const { viewer, token } = await viewerOf(request, reply, modules.access, 'GraphQL');
      if (streams >= options.maxStreams) throw new AppError('UNAVAILABLE', 'too many follow already; try again later');
      contexts.set(
        request,
        createContext(modules, viewer, clock, async () => (await modules.access.checkToken(token)) !== null),
      );
    },
    handler: async (request, reply) => {
      // Who left while the token was looked up left before there was anything to hear it by.
      if (reply.raw.destroyed || reply.raw.closed) return reply.hijack();
      if (request.method === 'POST' && (typeof request.body !== 'object' || request.body === null))
        throw new AppError('INVALID_INPUT', 'the body must be a JSON object with a query', [
          { path: '', rule: 'object', message: 'the body must be a JSON object' },
        ]);
      reply.raw.once('close', () => {
        streams -= 1;
      });
      streams += 1;
      try {
        await handler(request, reply);
      } catch (error) {
        // The answer has begun: all that is left is to end it, and whoever followed comes back at the last cursor.
        request.log.error({ err: errorFields(error) }, 'a subscription failed');
        reply.raw.destroy();
      }
      return reply;
    },
  });
}
