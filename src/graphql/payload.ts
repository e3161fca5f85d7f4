import { type ClassType, ObjectType, registerEnumType } from 'type-graphql';
import { AppError, type ErrorCode } from '../kernel/errors.ts';
import { ANYONE, Exposed } from './access.ts';

const USER_ERROR_CODES = {
  INVALID_INPUT: 'INVALID_INPUT',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  FORBIDDEN: 'FORBIDDEN',
  TOO_LARGE: 'TOO_LARGE',
  RATE_LIMITED: 'RATE_LIMITED',
} as const satisfies Partial<Record<ErrorCode, string>>;
type UserErrorCode = keyof typeof USER_ERROR_CODES;

registerEnumType(USER_ERROR_CODES, {
  name: 'UserErrorCode',
  description: 'What kind of mistake a mutation refuses.',
  valuesConfig: {
    INVALID_INPUT: { description: 'A field does not hold what it must.' },
    NOT_FOUND: { description: 'What is to be changed is not there.' },
    CONFLICT: { description: 'It contradicts what is stored: a taken key, a published version, a loop.' },
    FORBIDDEN: { description: 'The token may not do this.' },
    TOO_LARGE: { description: 'A limit is passed.' },
    RATE_LIMITED: { description: 'It was asked for too often in too short a time; the message says when to try again.' },
  },
});

@ObjectType({ description: 'A mistake in the input of a mutation; nothing was changed.' })
class UserError {
  @Exposed(ANYONE, () => USER_ERROR_CODES, 'The kind of mistake.')
  code!: UserErrorCode;

  @Exposed(ANYONE, () => String, 'Where in the input, as a JSON pointer; empty for the input as a whole.')
  path!: string;

  @Exposed(ANYONE, () => String, 'The rule that was broken.')
  rule!: string;

  @Exposed(ANYONE, () => String, 'What was expected, in words.')
  message!: string;
}

/** Makes the payload type of a mutation: the object it changed, null when it refused, and why it refused. */
export function payloadType(mutation: string, field: string, type: () => ClassType | typeof String | typeof Boolean, description: string): ClassType {
  @ObjectType(`${mutation}Payload`, { description: `What \`${mutation.charAt(0).toLowerCase()}${mutation.slice(1)}\` answers.` })
  class Payload {
    @Exposed(ANYONE, () => [UserError], 'Why nothing was changed; empty when it was.')
    userErrors!: UserError[];
  }
  Exposed(ANYONE, type, description, { nullable: true })(Payload.prototype, field);
  return Payload;
}

const isUserErrorCode = (code: string): code is UserErrorCode => Object.hasOwn(USER_ERROR_CODES, code);

/** Runs a mutation: a mistake of the caller becomes userErrors, a fault of ours stays one. */
export async function attempt<K extends string, T>(field: K, work: () => Promise<T>): Promise<{ [P in K | 'userErrors']: unknown }> {
  try {
    return { [field]: await work(), userErrors: [] } as never;
  } catch (error) {
    if (!(error instanceof AppError) || !isUserErrorCode(error.code)) throw error;
    const { code } = error;
    const violations = error.violations.length > 0 ? error.violations : [{ path: '', rule: code.toLowerCase(), message: error.message }];
    return { [field]: null, userErrors: violations.map((violation) => ({ ...violation, code })) } as never;
  }
}
