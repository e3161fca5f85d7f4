import { createRequire } from 'node:module';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { GraphQLError, type GraphQLSchema, getVariableValues, type ValidationContext, type ValidationRule } from 'graphql';
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
/** A list of a million wrong elements is refused after the first few. */
const MAX_VARIABLE_ERRORS = 10;

const refusal = (path: string, rule: string, message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', violations: [{ path, rule, message }] } });

/** A rule that throws would be taken for a fault of ours; one that reports is a validation error like any other. */
const reported = (rule: string) => ({
  propagateOnRejection: false,
  onReject: [
    (context: ValidationContext | null, error: GraphQLError): void => {
      context?.reportError(refusal('/query', rule, error.message.replace('Syntax Error: ', '')));
    },
  ],
});

/** Refuses an operation whose cost is above the limit, before anything of it runs. */
function costLimit(schema: GraphQLSchema, limit: number): ApolloServerPlugin<GraphContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ request, document, operation }) {
          if (operation?.operation === 'subscription') throw refusal('/query', 'operation', 'this API answers queries and mutations');
          const { coerced, errors } = getVariableValues(schema, operation?.variableDefinitions ?? [], request.variables ?? {}, {
            maxErrors: MAX_VARIABLE_ERRORS,
          });
          if (errors?.[0]) throw refusal('/variables', 'variables', errors[0].message);
          let cost: number;
          try {
            cost = getComplexity({
              schema,
              query: document,
              ...(request.operationName != null && { operationName: request.operationName }),
              variables: coerced ?? {},
              estimators: [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })],
            });
          } catch (error) {
            // More nodes than it counts to, or an argument that does not fit: what the client sent either way.
            throw refusal('/query', 'cost', (error as Error).message);
          }
          if (cost <= limit) return;
          throw refusal('/query', 'cost', `this operation costs ${cost}; at most ${limit} is allowed. Ask for smaller pages or fewer fields.`);
        },
      };
    },
  };
}

/** Apollo, with every limit that keeps a hostile operation cheap: tokens, depth, aliases, cost. */
export function createGraphServer(options: GraphServerOptions): ApolloServer<GraphContext> {
  const rules = [
    maxDepthRule({ n: options.maxDepth, flattenFragments: true, ignoreIntrospection: true, ...reported('depth') }),
    maxAliasesRule({ n: MAX_ALIASES, allowList: [], ...reported('aliases') }),
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
