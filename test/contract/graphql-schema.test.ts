import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import {
  type GraphQLArgument,
  type GraphQLField,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { graphqlSchema } from '../../src/graphql/schema.ts';

const schema = graphqlSchema();
const ours = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__'));
const fields = ours.flatMap((type) =>
  isObjectType(type) || isInterfaceType(type)
    ? Object.values(type.getFields()).map((field): [string, GraphQLField<unknown, unknown>] => [`${type.name}.${field.name}`, field])
    : [],
);

test('the committed SDL is the schema that the code builds', async () => {
  expect(await readFile('schema/schema.graphql', 'utf8')).toBe(`${printSchema(lexicographicSortSchema(schema))}\n`);
});

test('every field carries an explicit access mark', () => {
  const roles = ['ADMIN', 'PARTNER', 'VENDOR', 'LEARNER'];
  const unmarked = fields.filter(([, field]) => {
    const access: unknown = field.extensions['access'];
    return !Array.isArray(access) || access.length === 0 || !access.every((role) => roles.includes(role as string));
  });

  expect(fields.length).toBeGreaterThan(200);
  expect(unmarked.map(([name]) => name)).toEqual([]);
});

test('every mutation is for ADMIN only, but what learners do themselves, and packages of vendors', () => {
  const open = Object.values(schema.getMutationType()?.getFields() ?? {}).filter((field) => String(field.extensions['access']) !== 'ADMIN');

  expect(open.map((field) => [field.name, field.extensions['access']]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))).toEqual([
    ['contentLaunch', ['ADMIN', 'LEARNER']],
    ['contentPreview', ['ADMIN', 'VENDOR']],
    ['contentRegister', ['ADMIN', 'LEARNER']],
    ['contentRulesSet', ['ADMIN', 'VENDOR']],
    ['contentUploadCreate', ['ADMIN', 'VENDOR']],
    ['priorLearningClaimSubmit', ['ADMIN', 'LEARNER']],
  ]);
});

test('every field that answers several objects states what it costs', () => {
  const free = fields.filter(([name, field]) => {
    const several = String(field.type).startsWith('[') || String(field.type).includes('Connection');
    return (
      several && isObjectType(getNamedType(field.type)) && !/Connection\.(?:edges|nodes)$/.test(name) && typeof field.extensions['complexity'] !== 'function'
    );
  });

  expect(free.map(([name]) => name)).toEqual([]);
});

test('everything has a description', () => {
  const silent: string[] = [];
  const note = (name: string, thing: { description?: string | null | undefined }) => {
    if (!thing.description) silent.push(name);
  };
  for (const type of ours) {
    if (!isScalarType(type) && !['Query', 'Mutation', 'Subscription'].includes(type.name)) note(type.name, type);
    if (isEnumType(type)) for (const value of type.getValues()) note(`${type.name}.${value.name}`, value);
    if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) note(`${type.name}.${field.name}`, field);
  }
  for (const [name, field] of fields) {
    note(name, field);
    for (const argument of field.args as readonly GraphQLArgument[]) note(`${name}(${argument.name})`, argument);
  }

  expect(silent).toEqual([]);
});

test('every mutation answers the object it changed, nullable, and typed userErrors', () => {
  for (const mutation of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const payload = schema.getType(`${mutation.name.charAt(0).toUpperCase()}${mutation.name.slice(1)}Payload`);
    if (!isObjectType(payload)) throw new Error(`${mutation.name} has no payload type of its own`);
    const { userErrors, ...others } = payload.getFields();
    expect(String(userErrors?.type)).toBe('[UserError!]!');
    expect(Object.values(others).map((field) => String(field.type).endsWith('!'))).toEqual([false]);
  }
});
