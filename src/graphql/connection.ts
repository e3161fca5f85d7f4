import { ArgsType, type ClassType, Field, Int, ObjectType } from 'type-graphql';
import { DEFAULT_PAGE, encodeCursor, MAX_PAGE, pageRequest, type SortKind, toPage } from '../kernel/cursor.ts';
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

/**
 * A page of a list in one stable order.
 * @param order the columns it is ordered by, primary key last, with what each holds.
 * @param load reads at most `limit` rows after one with these values of the columns; they are empty for the first page.
 * @throws AppError INVALID_INPUT for a size that is too large, and for a cursor of another list.
 */
export async function connection<T>(
  args: PageArgs,
  order: { readonly [K in keyof T]?: SortKind },
  load: (limit: number, after: readonly string[]) => Promise<readonly T[]>,
): Promise<Connection<T>> {
  const columns = Object.entries(order) as [keyof T, SortKind][];
  const kinds = columns.map(([, kind]) => kind);
  const { first, after = [] } = pageRequest(args.first, args.after, kinds);
  const { rows, hasNextPage } = toPage(await load(first + 1, after), first);
  const edges = rows.map((node) => ({ node, cursor: encodeCursor(columns.map(([column]) => String(node[column]))) }));
  return { edges, nodes: rows, pageInfo: { hasNextPage, endCursor: edges.at(-1)?.cursor ?? null } };
}
