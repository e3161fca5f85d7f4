import { ArgsType, type ClassType, Field, Int, ObjectType } from 'type-graphql';
import { DEFAULT_PAGE, encodeCursor, MAX_PAGE, type Page, type PageRequest, pageRequest, type SortKind } from '../kernel/cursor.ts';
import { ANYONE, Exposed } from './access.ts';

@ObjectType({ description: 'Where a page ends and whether another follows.' })
class PageInfo {
  @Exposed(ANYONE, () => Boolean, 'Whether rows follow this page.')
  hasNextPage!: boolean;

  @Exposed(ANYONE, () => String, 'Cursor of the last row of this page; null when the page is empty.', { nullable: true })
  endCursor!: string | null;
}

@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, description: `How many rows at the most: 1 to ${MAX_PAGE}, ${DEFAULT_PAGE} when left out. More is refused.` })
  first?: number;

  @Field(() => String, { nullable: true, description: 'Cursor after which the page begins; from the same list.' })
  after?: string;

  /** @param kinds what the cursors of this list hold. */
  static toRequest(args: PageArgs, ...kinds: readonly SortKind[]): PageRequest {
    return pageRequest(args.first, args.after, kinds);
  }
}

export interface Connection<T> {
  readonly edges: readonly { readonly node: T; readonly cursor: string }[];
  readonly nodes: readonly T[];
  readonly pageInfo: PageInfo;
}

/** Makes the Relay connection type of a node type. */
export function connectionType(name: string, node: () => ClassType): ClassType<Connection<object>> {
  @ObjectType(`${name}Edge`, { description: `A ${name} in a list, with its place there.` })
  class Edge {
    @Exposed(ANYONE, node, `The ${name}.`)
    node!: object;

    @Exposed(ANYONE, () => String, 'Its place: pass it as `after` to begin behind it.')
    cursor!: string;
  }

  @ObjectType(`${name}Connection`, { description: `A page of a list of ${name}.` })
  class ConnectionOf {
    @Exposed(ANYONE, () => [Edge], 'The rows with their cursors.')
    edges!: Edge[];

    @Exposed(ANYONE, () => [node()], 'The rows alone.')
    nodes!: object[];

    @Exposed(ANYONE, () => PageInfo, 'Where the page ends.')
    pageInfo!: PageInfo;
  }
  return ConnectionOf;
}

/** Dresses a page; `sortValues` are those the list is ordered by, primary key last. */
export function toConnection<T>(page: Page<T>, sortValues: (row: T) => readonly string[]): Connection<T> {
  const edges = page.rows.map((node) => ({ node, cursor: encodeCursor(sortValues(node)) }));
  return { edges, nodes: page.rows, pageInfo: { hasNextPage: page.hasNextPage, endCursor: edges.at(-1)?.cursor ?? null } };
}
