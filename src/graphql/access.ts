import { defaultFieldResolver, GraphQLError, type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import { Extensions, Field } from 'type-graphql';
import type { Role } from '../modules/access/index.ts';
import type { GraphContext } from './context.ts';
import { refusing } from './errors.ts';

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
 * {@link guardFields} enforces it on every path that reaches the field. Which *rows* a role sees is decided below, in the
 * queries.
 */
export function Access(roles: readonly Role[]): AnyDecorator {
  return Extensions({ access: roles }) as AnyDecorator;
}

type Resolve = GraphQLFieldResolver<unknown, GraphContext>;

const guarded =
  (roles: readonly Role[], resolve: Resolve): Resolve =>
  (root, args, context, info) => {
    if (!roles.includes(context.viewer.role)) throw new GraphQLError('this token may not use this field', { extensions: { code: 'FORBIDDEN' } });
    return refusing(() => resolve(root, args, context, info));
  };

/**
 * Puts the check of its roles before every field of a schema, and lets refusals leave in one form. Not as middlewares of
 * type-graphql: each is a promise before each of thousands of fields.
 */
export function guardFields(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const roles = (field.extensions['access'] ?? []) as readonly Role[];
      field.resolve = guarded(roles, field.resolve ?? defaultFieldResolver);
      // A subscription is refused before its first event: once it streams there is no answer left to refuse with.
      if (field.subscribe) field.subscribe = guarded(roles, field.subscribe);
    }
  }
}

type FieldOptions = Exclude<Parameters<typeof Field>[1], undefined>;
type TypeThunk = Extract<Parameters<typeof Field>[0], (...args: never[]) => unknown>;

/** A field of an object type: who may read it, its type, what it means. */
export function Exposed(roles: readonly Role[], type: TypeThunk, description: string, options: FieldOptions = {}): AnyDecorator {
  const field = Field(type, { ...options, description, simple: true }) as AnyDecorator;
  const access = Access(roles);
  return (target, key, descriptor) => {
    field(target, key, descriptor);
    access(target, key, descriptor);
  };
}
