import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { GraphContext } from './context.ts';
import { errorFormatter, statusFromErrors } from './errors.ts';
import { checkCost, limitRules, MAX_TOKENS, refusal } from './operation-limits.ts';

export interface GraphServerOptions {
  readonly schema: GraphQLSchema;
  readonly introspection: boolean;
  readonly maxDepth: number;
  readonly maxCost: number;
  readonly log: (correlationId: string, error: unknown) => void;
}

/** Refuses an operation whose cost is above the limit, before anything of it runs. */
function costLimit(schema: GraphQLSchema, limit: number): ApolloServerPlugin<GraphContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ request, document, operation }) {
          if (operation?.operation === 'subscription') throw refusal('/query', 'operation', 'subscriptions are answered at /graphql/stream');
          checkCost({ schema, document, operationName: request.operationName ?? null, variables: request.variables ?? {}, limit });
        },
      };
    },
  };
}

/** Apollo, with every limit that keeps a hostile operation cheap: tokens, depth, aliases, cost. */
export function createGraphServer(options: GraphServerOptions): ApolloServer<GraphContext> {
  return new ApolloServer<GraphContext>({
    schema: options.schema,
    introspection: options.introspection,
    csrfPrevention: true,
    hideSchemaDetailsFromClientErrors: !options.introspection,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxLexicalTokens: MAX_TOKENS },
    validationRules: limitRules(options.maxDepth),
    formatError: errorFormatter(options.log),
    // Answers are never cached; working out for how long they might be is work before and after each of thousands of fields.
    plugins: [costLimit(options.schema, options.maxCost), statusFromErrors, ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled()],
  });
}
