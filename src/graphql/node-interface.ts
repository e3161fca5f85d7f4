import { ID, InterfaceType } from 'type-graphql';
import { ANYONE, Exposed } from './access.ts';

@InterfaceType({ description: 'Anything with a global id.', resolveType: (value: { __typename: string }) => value.__typename })
export abstract class Node {
  @Exposed(ANYONE, () => ID, 'Opaque global id; it stays the same and is unique over all kinds.')
  id!: string;
}
