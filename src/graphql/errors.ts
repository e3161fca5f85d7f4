import { randomUUID } from 'node:crypto';
import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AppError } from '../kernel/errors.ts';
import type { GraphContext } from './context.ts';

/** Throws a refusal of a module with its code and its violations; anything else as it is. */
function rethrow(error: unknown): never {
  if (!(error instanceof AppError)) throw error;
  throw new GraphQLError(error.message, { extensions: { code: error.code, violations: error.violations }, originalError: error });
}

/** Lets a refusal of a module, thrown at once or later, leave GraphQL with its code and its violations. */
export function refusing<T>(work: () => T): T {
  try {
    const result = work();
    return result instanceof Promise ? (result.catch(rethrow) as T) : result;
  } catch (error) {
    return rethrow(error);
  }
}

/** Codes a client can act on, with the HTTP status of an answer that carries one. */
const CLIENT_CODES: { readonly [code: string]: number } = {
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
  OPERATION_RESOLUTION_FAILURE: 400,
  PERSISTED_QUERY_NOT_FOUND: 400,
  PERSISTED_QUERY_NOT_SUPPORTED: 400,
  BAD_USER_INPUT: 400,
  BAD_REQUEST: 400,
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
};

const codeOf = (extensions: { readonly [key: string]: unknown } | undefined): string => {
  const code = extensions?.['code'];
  return typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR';
};

/** The HTTP status follows the worst error, so that a refusal is not a 200. */
export const statusFromErrors: ApolloServerPlugin<GraphContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ response, errors }) {
        if (!errors || errors.length === 0) return;
        response.http.status = Math.max(...errors.map((error) => CLIENT_CODES[codeOf(error.extensions)] ?? 500));
      },
    };
  },
};

/**
 * Makes an error fit to leave: a refusal keeps message, code and violations; anything else is masked, logged once and
 * found again by its correlation id.
 */
export function errorFormatter(log: (correlationId: string, error: unknown) => void) {
  return (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const code = codeOf(formatted.extensions);
    const place = { ...(formatted.path && { path: formatted.path }), ...(formatted.locations && { locations: formatted.locations }) };
    if (code === 'FORBIDDEN') return { ...place, message: 'This token may not use this field.', extensions: { code } };
    if (Object.hasOwn(CLIENT_CODES, code)) {
      // What Apollo itself refuses is at fault in the operation; ours says where.
      const violations = formatted.extensions?.['violations'] ?? [{ path: '/query', rule: code.toLowerCase(), message: formatted.message }];
      return { ...place, message: formatted.message, extensions: { code, violations } };
    }
    const correlationId = randomUUID();
    log(correlationId, error);
    return {
      ...place,
      message: 'The server failed. Look whether the change was made before you send it again.',
      extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId },
    };
  };
}
