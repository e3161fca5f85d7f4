import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  buildSchema,
  type GraphQLField,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql';
import { PREFIXES } from '../../../src/graphql/node.ts';
import type { FuzzRequest } from './bad-request.ts';

const schema = buildSchema(readFileSync(new URL('../../../schema/schema.graphql', import.meta.url), 'utf8'));

const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'a',
    '\0',
    '\ud800',
    '__proto__',
    '2026-01-01T00:00:00Z',
    '0000-01-01',
    'https://things.example/it',
    '9'.repeat(400),
    'x'.repeat(20_000),
    '{}',
    "'--",
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const wrong: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.constantFrom<unknown>(null, 0, -1, 2 ** 31, 2 ** 53, 1.5, 1e300, true, [], {}, [null], [[[]]]),
  fc.jsonValue({ maxDepth: 2 }),
);

const SCALARS: { readonly [name: string]: fc.Arbitrary<unknown> } = {
  ID: fc.oneof(
    fc.tuple(fc.constantFrom(...Object.values(PREFIXES)), fc.stringMatching(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/)).map((parts) => parts.join('_')),
    fc.constantFrom('lrn_', 'xxx_00000000000000000000000000', '1', ''),
  ),
  Int: fc.constantFrom(0, 1, 5, -1, 100, 101, 2 ** 31 - 1),
  Float: fc.double(),
  Boolean: fc.boolean(),
  DateTimeISO: fc.constantFrom('2026-01-01T00:00:00Z', '0000-01-01T00:00:00Z', '+275760-09-13T00:00:00Z', 'now'),
  UUID: fc.oneof(fc.uuid(), fc.constant('x')),
};

/** A value that nearly fits a type. */
function valueFor(type: GraphQLInputType): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return fc.oneof({ weight: 15, arbitrary: valueFor(type.ofType) }, { weight: 1, arbitrary: wrong });
  if (isListType(type)) return fc.oneof({ weight: 6, arbitrary: fc.array(valueFor(type.ofType), { maxLength: 3 }) }, { weight: 1, arbitrary: wrong });
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map(({ name }) => name), 'NOPE');
  if (!isInputObjectType(type)) return SCALARS[type.name] ?? text;
  const fields = Object.values(type.getFields());
  return fc.record(Object.fromEntries(fields.map((field) => [field.name, valueFor(field.type)])), {
    requiredKeys: fields.filter((field) => isNonNullType(field.type)).map(({ name }) => name),
    noNullPrototype: true,
  });
}

interface Operation {
  readonly query: unknown;
  readonly variables?: unknown;
}

/** An operation on one root field with every argument a variable. */
function operationOn(kind: string, { name, args, type }: GraphQLField<unknown, unknown>): fc.Arbitrary<Operation> {
  const declared = args.map((argument) => `$${argument.name}: ${argument.type.toString()}`).join(', ');
  const passed = args.map((argument) => `${argument.name}: $${argument.name}`).join(', ');
  const query = `${kind} Q${declared && `(${declared})`} { ${name}${passed && `(${passed})`}${isLeafType(getNamedType(type)) ? '' : ' { __typename }'} }`;
  const variables = fc.record(Object.fromEntries(args.map((argument) => [argument.name, valueFor(argument.type)])), {
    requiredKeys: [],
    noNullPrototype: true,
  });
  return fc.oneof({ weight: 9, arbitrary: variables }, { weight: 1, arbitrary: wrong }).map((given) => ({ query, variables: given }));
}

const fieldsOf = (kind: 'query' | 'mutation'): readonly fc.Arbitrary<Operation>[] =>
  Object.values((kind === 'query' ? schema.getQueryType() : schema.getMutationType())?.getFields() ?? {}).map((field) => operationOn(kind, field));

const TOKENS = [
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ':',
  '!',
  '$',
  '@',
  '...',
  '=',
  '|',
  'query',
  'mutation',
  'subscription',
  'fragment',
  'on',
  'Q',
  'learners',
  'nodes',
  'id',
  '__schema',
  '__typename',
  'first',
  '1',
  '1e999',
  '"',
  '"""',
  '\\',
  '@skip(if: true)',
  '@include',
  'node(id: "x")',
  '#',
  ',',
  '\0',
  '\ufeff',
  'é',
];
const tokens = fc.array(fc.constantFrom(...TOKENS), { maxLength: 40 }).map((parts) => parts.join(' '));
const HEAVY: readonly (() => string)[] = [
  () => '{ a '.repeat(20_000),
  () => `{ ${'__typename '.repeat(20_000)} }`,
  () => `{ ${Array.from({ length: 5_000 }, (_, index) => `a${index}: __typename`).join(' ')} }`,
  () => `{ __typename ${'@skip(if: false) '.repeat(5_000)} }`,
  () => `{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }`,
  () => `{ learners(first: ${'9'.repeat(50_000)}) { nodes { id } } }`,
  () => `{ __schema { ${'types { fields { type { '.repeat(30)} name ${'} } } '.repeat(30)} } }`,
  () => `query(${Array.from({ length: 5_000 }, (_, index) => `$v${index}: Int`).join(' ')}) { __typename }`,
];

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(...fieldsOf('query')) },
  { weight: 6, arbitrary: fc.oneof(...fieldsOf('mutation')) },
  { weight: 3, arbitrary: tokens.map((query) => ({ query })) },
  { weight: 1, arbitrary: fc.tuple(wrong, wrong).map(([query, variables]) => ({ query, variables })) },
);
const heavyOperation = fc.constantFrom(...HEAVY).map((make): Operation => ({ query: make() }));

const body: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 40, arbitrary: operation.map((one) => JSON.stringify(one)) },
  { weight: 4, arbitrary: fc.tuple(operation, fc.nat()).map(([one, cut]) => JSON.stringify(one).slice(0, cut % 200)) },
  { weight: 2, arbitrary: fc.array(operation, { maxLength: 3 }).map((batch) => JSON.stringify(batch)) },
  { weight: 2, arbitrary: fc.tuple(operation, wrong, wrong).map(([one, operationName, extensions]) => JSON.stringify({ ...one, operationName, extensions })) },
  { weight: 2, arbitrary: fc.oneof(fc.json(), fc.uint8Array({ maxLength: 100 })) },
  { weight: 1, arbitrary: heavyOperation.map((one) => JSON.stringify(one)) },
);

const authorization = fc.oneof(
  { weight: 12, arbitrary: fc.constant('TOKEN') },
  { weight: 1, arbitrary: fc.constantFrom('LEARNER', 'Bearer x', 'Bearer ', 'AUTHORIZATION', `Bearer ${'x'.repeat(600)}`) },
);
const contentType = fc.oneof(
  { weight: 12, arbitrary: fc.constant('application/json') },
  { weight: 1, arbitrary: fc.constantFrom('text/plain', 'application/graphql', 'multipart/form-data; boundary=b', 'x', '') },
);

/** As a query parameter: anything at all may stand there, also what no text can be made of but JSON. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : String(JSON.stringify(value)));

const posted: fc.Arbitrary<FuzzRequest> = fc
  .tuple(authorization, contentType, body)
  .map(([Authorization, type, sent]) => ({ method: 'POST', path: '/graphql', headers: { Authorization, 'Content-Type': type }, body: sent }));
const asked: fc.Arbitrary<FuzzRequest> = fc
  .tuple(authorization, fc.constantFrom('GET', 'GET', 'HEAD', 'PUT', 'DELETE'), operation, fc.boolean())
  .map(([Authorization, method, { query, variables }, preflight]) => ({
    method,
    path: `/graphql?${new URLSearchParams({ query: textOf(query).slice(0, 4_000), variables: textOf(variables).slice(0, 2_000) }).toString()}`.slice(0, 8_000),
    headers: { Authorization, ...(preflight && { 'apollo-require-preflight': '1' }) },
    body: null,
  }));

/** Requests to the GraphQL door: operations with variables that nearly fit, random tokens, wrong bodies. */
export const badGraphqlRequest: fc.Arbitrary<FuzzRequest> = fc.oneof({ weight: 5, arbitrary: posted }, { weight: 1, arbitrary: asked });
