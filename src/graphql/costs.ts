import { type GraphQLObjectType, type GraphQLSchema, getNamedType, getNullableType, isListType, isObjectType } from 'graphql';
import { DEFAULT_PAGE, MAX_PAGE } from '../kernel/cursor.ts';

interface CostArguments {
  readonly args: { readonly first?: number | null };
  readonly childComplexity: number;
}

/** Rows a list that is not paged, because it is short by nature, is taken to have. */
const SHORT_LIST = 5;

/** What one row costs, as many times as rows are asked for. */
const pageCost = ({ args, childComplexity }: CostArguments): number => 1 + Math.min(args.first ?? DEFAULT_PAGE, MAX_PAGE) * childComplexity;
const listCost = ({ childComplexity }: CostArguments): number => 1 + SHORT_LIST * childComplexity;

const isConnection = (type: GraphQLObjectType): boolean => type.name.endsWith('Connection');

/**
 * Gives every field that answers several rows its cost, where it states none itself: a connection costs by its page,
 * another list of objects as a short list. The lists inside a connection are counted by the connection.
 */
export function assignCosts(schema: GraphQLSchema): void {
  for (const parent of Object.values(schema.getTypeMap())) {
    if (!isObjectType(parent) || parent.name.startsWith('__') || isConnection(parent)) continue;
    for (const field of Object.values(parent.getFields())) {
      const named = getNamedType(field.type);
      if (!isObjectType(named) || field.extensions['complexity'] !== undefined) continue;
      if (isConnection(named)) field.extensions = { ...field.extensions, complexity: pageCost };
      else if (isListType(getNullableType(field.type))) field.extensions = { ...field.extensions, complexity: listCost };
    }
  }
}
