import { Authorized, Extensions, Field } from 'type-graphql';
import type { Role } from '../modules/access/index.ts';

/** Who may read a field. ANYONE means every valid token: without one, nothing of the API answers. */
export const ANYONE = ['ADMIN', 'PARTNER', 'VENDOR', 'LEARNER'] as const satisfies readonly Role[];
/** Staff of the training agency, and the person concerned. */
export const ADMIN_OR_SELF = ['ADMIN', 'LEARNER'] as const satisfies readonly Role[];
/** Those who may see learners at all, each within their reach. */
export const READERS = ['ADMIN', 'PARTNER', 'LEARNER'] as const satisfies readonly Role[];
export const ADMIN = ['ADMIN'] as const satisfies readonly Role[];

type AnyDecorator = (target: object, key: string | symbol, descriptor?: PropertyDescriptor) => void;

/**
 * Marks who may select a field. The mark is recorded in the schema, where a test demands one on every field, and
 * enforced on every path that reaches the field. Which *rows* a role sees is decided below, in the queries.
 */
export function Access(roles: readonly Role[]): AnyDecorator {
  const mark = Extensions({ access: roles }) as AnyDecorator;
  // Checking what every token has would put a middleware before each of thousands of fields.
  const check = roles.length === ANYONE.length ? null : (Authorized<Role>([...roles]) as AnyDecorator);
  return (target, key, descriptor) => {
    mark(target, key, descriptor);
    check?.(target, key, descriptor);
  };
}

type FieldOptions = Exclude<Parameters<typeof Field>[1], undefined>;
type TypeThunk = Extract<Parameters<typeof Field>[0], (...args: never[]) => unknown>;

/** A field of an object type: who may read it, its type, what it means. */
export function Exposed(roles: readonly Role[], type: TypeThunk, description: string, options: FieldOptions = {}): AnyDecorator {
  const field = Field(type, { ...options, description, simple: roles.length === ANYONE.length }) as AnyDecorator;
  const access = Access(roles);
  return (target, key, descriptor) => {
    field(target, key, descriptor);
    access(target, key, descriptor);
  };
}
