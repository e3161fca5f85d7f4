/** The closed vocabulary of failures; doors translate the code, never the message. */
const STATUS = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  TOO_LARGE: 413,
  UNSUPPORTED_MEDIA: 415,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof STATUS;

/**
 * One broken rule at one place of an input.
 *
 * `path` is a JSON pointer into the input (`""` is the whole of it), `rule` names the rule and where it stands
 * (for xAPI a requirement id or a section), `message` says what was expected and what was found.
 */
export interface Violation {
  readonly path: string;
  readonly rule: string;
  readonly message: string;
}

/** A failure the caller can act on. Anything else that is thrown is a fault of ours and answers 500. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly violations: readonly Violation[];
  /** Of what is refused for now: after how long to try again. */
  readonly retryAfterSeconds: number;

  constructor(code: ErrorCode, message: string, violations: readonly Violation[] = [], retryAfterSeconds = 1) {
    super(message);
    this.name = 'AppError';
    this.code = code;
    this.violations = violations;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The HTTP status of this failure. */
  get status(): number {
    return STATUS[this.code];
  }
}

/** A refusal for one field: the usual case. */
export function invalid(path: string, rule: string, message: string): AppError {
  return new AppError('INVALID_INPUT', message, [{ path, rule, message }]);
}

/** A refusal because it contradicts what is stored at one field. */
export function conflict(path: string, rule: string, message: string): AppError {
  return new AppError('CONFLICT', message, [{ path, rule, message }]);
}

/** A refusal because what one field names is not there. */
export function missing(path: string, rule: string, message: string): AppError {
  return new AppError('NOT_FOUND', message, [{ path, rule, message }]);
}

/** A refusal because it was asked for too often. */
export const rateLimited = (message: string, retryAfterSeconds = 1): AppError =>
  new AppError('RATE_LIMITED', message, [{ path: '', rule: 'rate-limit', message }], retryAfterSeconds);

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string' ? error.message : '';

/** Why something failed that we asked of somebody else, in words: `fetch` tells it in the cause only. */
export function reasonOf(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? messageOf(error.cause) : '';
  return [messageOf(error) || 'the request failed', cause].filter(Boolean).join(': ');
}
