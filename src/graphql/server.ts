import { createRequire } from 'node:module';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { GraphQLError, type GraphQLSchema, type ValidationRule } from 'graphql';
import type { GraphContext } from './context.ts';
import { errorFormatter, statusFromErrors } from './errors.ts';

// Its ES module build imports graphql's internal .mjs files, which are a second graphql to instanceof; the CommonJS build shares ours.
const { fieldExtensionsEstimator, getComplexity, simpleEstimator } = createRequire(import.meta.url)(
  'graphql-query-complexity',
) as typeof import('graphql-query-complexity');

export interface GraphServerOptions {
  readonly schema: GraphQLSchema;
  readonly introspection: boolean;
  readonly maxDepth: number;
  readonly maxCost: number;
  readonly log: (correlationId: string, error: unknown) => void;
}

const MAX_TOKENS = 2_000;
const MAX_ALIASES = 15;

/** Refuses an operation whose cost is above the limit, before anything of it runs. */
function costLimit(schema: GraphQLSchema, limit: number): ApolloServerPlugin<GraphContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ request, document }) {
          const cost = getComplexity({
            schema,
            query: document,
            ...(request.operationName !== undefined && { operationName: request.operationName }),
            variables: request.variables ?? {},
            estimators: [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })],
          });
          if (cost <= limit) return;
          throw new GraphQLError(`this operation costs ${cost}; at most ${limit} is allowed. Ask for smaller pages or fewer fields.`, {
            extensions: { code: 'BAD_USER_INPUT', violations: [{ path: '/query', rule: 'cost', message: `cost ${cost} of at most ${limit}` }] },
          });
        },
      };
    },
  };
}

/** Apollo, with every limit that keeps a hostile operation cheap: tokens, depth, aliases, cost. */
export function createGraphServer(options: GraphServerOptions): ApolloServer<GraphContext> {
  const rules = [
    maxDepthRule({ n: options.maxDepth, flattenFragments: true, ignoreIntrospection: true }),
    maxAliasesRule({ n: MAX_ALIASES, allowList: [] }),
  ] as unknown as ValidationRule[];
  return new ApolloServer<GraphContext>({
    schema: options.schema,
    introspection: options.introspection,
    csrfPrevention: true,
    hideSchemaDetailsFromClientErrors: !options.introspection,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxLexicalTokens: MAX_TOKENS },
    validationRules: rules,
    formatError: errorFormatter(options.log),
    plugins: [costLimit(options.schema, options.maxCost), statusFromErrors, ApolloServerPluginLandingPageDisabled()],
  });
}
