import { createRequire } from 'node:module';
import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { type DocumentNode, GraphQLError, type GraphQLSchema, getOperationAST, getVariableValues, type ValidationContext, type ValidationRule } from 'graphql';

// Its ES module build imports graphql's internal .mjs files, which are a second graphql to instanceof; the CommonJS build shares ours.
const { fieldExtensionsEstimator, getComplexity, simpleEstimator } = createRequire(import.meta.url)(
  'graphql-query-complexity',
) as typeof import('graphql-query-complexity');

export const MAX_TOKENS = 2_000;
const MAX_ALIASES = 15;
/** A list of a million wrong elements is refused after the first few. */
const MAX_VARIABLE_ERRORS = 10;

/** A mistake of the client, named by its place and rule. */
export const refusal = (path: string, rule: string, message: string): GraphQLError =>
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

/** Rules of validation that keep a hostile operation cheap: depth and aliases. */
export const limitRules = (maxDepth: number): ValidationRule[] =>
  [
    maxDepthRule({ n: maxDepth, flattenFragments: true, ignoreIntrospection: true, ...reported('depth') }),
    maxAliasesRule({ n: MAX_ALIASES, allowList: [], ...reported('aliases') }),
  ] as unknown as ValidationRule[];

/** An operation whose cost is to be known. */
export interface CostedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly limit: number;
}

/** @throws GraphQLError when variables do not fit, or the operation costs more than the limit. */
export function checkCost({ schema, document, operationName, variables, limit }: CostedOperation): void {
  const operation = getOperationAST(document, operationName);
  const { coerced, errors } = getVariableValues(schema, operation?.variableDefinitions ?? [], variables, { maxErrors: MAX_VARIABLE_ERRORS });
  if (errors?.[0]) throw refusal('/variables', 'variables', errors[0].message);
  let cost: number;
  try {
    cost = getComplexity({
      schema,
      query: document,
      ...(operationName !== null && { operationName }),
      variables: coerced ?? {},
      estimators: [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })],
    });
  } catch (error) {
    // More nodes than it counts to, or an argument that does not fit: what the client sent either way.
    throw refusal('/query', 'cost', (error as Error).message);
  }
  if (cost > limit) throw refusal('/query', 'cost', `this operation costs ${cost}; at most ${limit} is allowed. Ask for smaller pages or fewer fields.`);
}
