import { registerEnumType } from 'type-graphql';

/** Turns a list of values into a GraphQL enum; every value says what it means. */
export function enumType<V extends string>(name: string, description: string, values: Readonly<Record<V, string>>): { readonly [K in V]: K } {
  const members = Object.fromEntries(Object.keys(values).map((value) => [value, value])) as { readonly [K in V]: K };
  registerEnumType(members, {
    name,
    description,
    valuesConfig: Object.fromEntries(Object.entries<string>(values).map(([value, text]) => [value, { description: text }])) as never,
  });
  return members;
}
