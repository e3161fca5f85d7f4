import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { Access, ANYONE } from './access.ts';
import { visibleRegistration } from './content/launch-resolvers.ts';
import type { GraphContext } from './context.ts';
import { boundedList } from './limits.ts';
import { type NodeKind, parseGlobalId } from './node.ts';
import { Node } from './node-interface.ts';

/** How each kind of object is found by id. A kind without an entry is reached through its parent only. */
const FINDERS: { readonly [K in NodeKind]?: (context: GraphContext, id: string) => Promise<object | null> } = {
  Batch: ({ loaders }, id) => loaders.batchById.load(id),
  Competency: ({ loaders }, id) => loaders.competencyById.load(id),
  CompetencyEquivalence: ({ loaders }, id) => loaders.equivalenceById.load(id),
  CompetencyFramework: ({ loaders }, id) => loaders.frameworkById.load(id),
  ContentItem: ({ loaders }, id) => loaders.contentItemById.load(id),
  ContentPackage: ({ loaders }, id) => loaders.contentPackageById.load(id),
  ContentPackageVersion: ({ loaders }, id) => loaders.contentVersionById.load(id),
  ContentRegistration: visibleRegistration,
  EvidenceRule: ({ loaders }, id) => loaders.ruleById.load(id),
  EvidenceRuleSet: ({ loaders }, id) => loaders.ruleSetById.load(id),
  EvidenceRuleSetVersion: ({ loaders }, id) => loaders.ruleSetVersionById.load(id),
  FrameworkVersion: ({ loaders }, id) => loaders.frameworkVersionById.load(id),
  Learner: async ({ modules, viewer }, id) => (await modules.people.learnersByPublicId(viewer, [id]))[0] ?? null,
  LearningActivity: ({ loaders }, id) => loaders.activityById.load(id),
  Module: ({ loaders }, id) => loaders.moduleById.load(id),
  OrganizationUnit: ({ loaders }, id) => loaders.unitById.load(id),
  Partner: ({ loaders }, id) => loaders.partnerById.load(id),
  Position: ({ loaders }, id) => loaders.positionById.load(id),
  ProgramVersion: ({ loaders }, id) => loaders.programVersionById.load(id),
  TrainingProgram: ({ loaders }, id) => loaders.programById.load(id),
};

async function find(context: GraphContext, id: string, path: string): Promise<object | null> {
  const { kind, uuid } = parseGlobalId(id, path);
  const row = await FINDERS[kind]?.(context, uuid);
  return row ? { ...row, __typename: kind } : null;
}

@Resolver()
export class NodeResolver {
  @Query(() => Node, { nullable: true, description: 'Anything by its global id; null when there is nothing the token may see.' })
  @Access(ANYONE)
  async node(@Ctx() context: GraphContext, @Arg('id', () => ID, { description: 'The id.' }) id: string) {
    return find(context, id, '/id');
  }

  @Query(() => [Node], {
    nullable: 'items',
    description: 'Several by their ids, in the order asked; at most 100.',
    complexity: ({ args, childComplexity }) => 1 + Math.min((args as { ids: unknown[] }).ids.length, 100) * childComplexity,
  })
  @Access(ANYONE)
  async nodes(@Ctx() context: GraphContext, @Arg('ids', () => [ID], { description: 'The ids.' }) ids: string[]) {
    return Promise.all(boundedList(ids, '/ids').map((id, index) => find(context, id, `/ids/${index}`)));
  }
}
