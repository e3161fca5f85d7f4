import { Arg, Args, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { AppError, invalid } from '../../kernel/errors.ts';
import type {
  CompetencyRow,
  EdgeRow,
  EquivalenceRow,
  FrameworkRow,
  GraphWalk,
  RequirementRow,
  StandardRow,
  VersionRow,
} from '../../modules/competency/index.ts';
import { Access, ADMIN, ANYONE } from '../access.ts';
import { connection, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { boundedList } from '../limits.ts';
import type { Modules } from '../modules.ts';
import { fromGlobalId } from '../node.ts';
import { attempt, payloadType } from '../payload.ts';
import {
  CompetencyAddInput,
  CompetencyAssociationAddInput,
  CompetencyChangeInput,
  CompetencyEquivalenceApproveInput,
  CompetencyRollupSetInput,
  FrameworkImportInput,
  FrameworkVersionDraftInput,
  PositionStandardCreateInput,
} from './inputs.ts';
import {
  Competency,
  CompetencyAssociation,
  CompetencyConnection,
  CompetencyEquivalence,
  CompetencyFramework,
  CompetencyFrameworkConnection,
  CompetencyGraph,
  CompetencyRequirement,
  ExportFormat,
  FrameworkVersion,
  FrameworkVersionDiff,
  GraphDirection,
  ImportReport,
  PositionStandard,
} from './types.ts';

const MAX_GRAPH_NODES = 2_000;
const MAX_GRAPH_DEPTH = 12;
/** Associations a graph answer may hold for each competency it may hold. */
const EDGES_PER_NODE = 4;

const competencyPage = ({ modules }: GraphContext, frameworkId: string | null, args: PageArgs) =>
  connection(args, { versionId: 'uuid', position: 'integer' }, (limit, [versionId, position]) =>
    modules.competencies.competencies(frameworkId, limit, versionId === undefined ? null : { versionId, position: Number(position) }),
  );

@Resolver(() => CompetencyFramework)
export class CompetencyFrameworkResolver {
  @Query(() => CompetencyFrameworkConnection, { description: 'Competency frameworks, in order of creation.' })
  @Access(ANYONE)
  async competencyFrameworks(@Ctx() context: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { id: 'uuid' }, (limit, [after = null]) => context.modules.competencies.frameworks(limit, after));
  }

  @Query(() => CompetencyFramework, { nullable: true, description: 'One framework by its id; null when there is none.' })
  @Access(ANYONE)
  async competencyFramework(@Ctx() { loaders }: GraphContext, @Arg('id', () => ID, { description: 'Its global id.' }) id: string) {
    return loaders.frameworkById.load(fromGlobalId('CompetencyFramework', id, '/id'));
  }

  @FieldResolver()
  @Access(ANYONE)
  async versions(@Root() framework: FrameworkRow, @Ctx() { loaders }: GraphContext) {
    return loaders.versionsByFramework.load(framework.id);
  }

  @FieldResolver()
  @Access(ANYONE)
  async competencies(@Root() framework: FrameworkRow, @Ctx() context: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return competencyPage(context, framework.id, args);
  }
}

@Resolver(() => FrameworkVersion)
export class FrameworkVersionResolver {
  @FieldResolver()
  @Access(ANYONE)
  async framework(@Root() version: VersionRow, @Ctx() { loaders }: GraphContext) {
    return loaders.frameworkById.load(version.frameworkId);
  }

  @FieldResolver(() => String, { complexity: 1_000 })
  @Access(ANYONE)
  async export(
    @Root() version: VersionRow,
    @Ctx() { modules }: GraphContext,
    @Arg('format', () => ExportFormat, { defaultValue: 'CASE', description: 'The form.' }) format: keyof typeof ExportFormat,
  ): Promise<string> {
    return modules.competencies.export(version.id, format);
  }
}

@Resolver(() => Competency)
export class CompetencyResolver {
  @Query(() => CompetencyConnection, { description: 'Competencies of all frameworks, or of one, as of the versions that count now.' })
  @Access(ANYONE)
  async competencies(
    @Ctx() context: GraphContext,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('frameworkId', () => ID, { nullable: true, description: 'Only this framework.' }) frameworkId?: string,
  ) {
    return competencyPage(context, frameworkId == null ? null : fromGlobalId('CompetencyFramework', frameworkId, '/frameworkId'), args);
  }

  @Query(() => Competency, { nullable: true, description: 'One competency by its id; null when there is none.' })
  @Access(ANYONE)
  async competency(@Ctx() { loaders }: GraphContext, @Arg('id', () => ID, { description: 'Its global id.' }) id: string) {
    return loaders.competencyById.load(fromGlobalId('Competency', id, '/id'));
  }

  @FieldResolver()
  @Access(ANYONE)
  async levels(@Root() competency: CompetencyRow, @Ctx() { loaders }: GraphContext) {
    return loaders.levelsByItem.load({ itemId: competency.id, versionId: competency.versionId });
  }

  @FieldResolver()
  @Access(ANYONE)
  async equivalences(@Root() competency: CompetencyRow, @Ctx() { loaders }: GraphContext) {
    return loaders.equivalencesByItem.load(competency.id);
  }

  @FieldResolver()
  @Access(ANYONE)
  async framework(@Root() competency: CompetencyRow, @Ctx() { loaders }: GraphContext) {
    return loaders.frameworkById.load(competency.frameworkId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async parents(@Root() competency: CompetencyRow, @Ctx() { loaders }: GraphContext) {
    const edges = await loaders.parentEdgesByItem.load({ itemId: competency.id, versionId: competency.versionId });
    return loaders.competencyById.loadMany(edges.flatMap((edge) => edge.destinationId ?? []));
  }

  @FieldResolver()
  @Access(ANYONE)
  async children(@Root() competency: CompetencyRow, @Ctx() { loaders }: GraphContext) {
    const edges = await loaders.childEdgesByItem.load({ itemId: competency.id, versionId: competency.versionId });
    return loaders.competencyById.loadMany(edges.flatMap((edge) => edge.originId ?? []));
  }
}

@Resolver(() => CompetencyEquivalence)
export class CompetencyEquivalenceResolver {
  @FieldResolver()
  @Access(ANYONE)
  async origin(@Root() { originId }: EquivalenceRow, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(originId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async destination(@Root() { destinationId }: EquivalenceRow, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(destinationId);
  }
}

/** What a walk comes to, with the associations between. @throws AppError INVALID_INPUT when it starts outside the version. */
async function around({ competencies }: Modules, versionId: string, walk: GraphWalk, [maxNodes, maxEdges]: readonly [number, number]) {
  const nodes = await competencies.around(versionId, walk, maxNodes);
  if (nodes.length < maxNodes && !nodes.some(({ id }) => id === walk.startId))
    throw invalid('/startId', 'reference', 'this competency is not in the framework version');
  const identifiers = nodes.map(({ identifier }) => identifier);
  return [nodes, await competencies.edgesAmong(versionId, identifiers, walk.types, maxEdges)] as const;
}

@Resolver(() => CompetencyAssociation)
export class CompetencyAssociationResolver {
  @FieldResolver()
  @Access(ANYONE)
  levelMap(@Root() { levelMap }: EdgeRow) {
    return levelMap === null ? null : Object.entries(levelMap).map(([from, to]) => ({ from: Number(from), to }));
  }
}

@Resolver()
export class CompetencyGraphResolver {
  @Query(() => CompetencyGraph, {
    nullable: true,
    description: `The graph of one framework version, or what lies around one of its competencies, as flat nodes and edges; null when there is no such version.`,
    complexity: ({ childComplexity }) => 50 + 10 * childComplexity,
  })
  @Access(ANYONE)
  async competencyGraph(
    @Ctx() { modules, loaders }: GraphContext,
    @Arg('frameworkVersionId', () => ID, { description: 'The version.' }) frameworkVersionId: string,
    @Arg('maxNodes', () => Int, { defaultValue: 1_000, description: `A larger graph is refused, not cut: 1 to ${MAX_GRAPH_NODES}.` }) maxNodes: number,
    @Arg('startId', () => ID, { nullable: true, description: 'A competency of the version from which the graph is followed; left out, all of it is shown.' })
    startId?: string | null,
    @Arg('depth', () => Int, { defaultValue: 1, description: `How many associations it is followed from there: 0 to ${MAX_GRAPH_DEPTH}.` }) depth = 1,
    @Arg('direction', () => GraphDirection, { defaultValue: 'BOTH', description: 'Which way it is followed.' }) direction: keyof typeof GraphDirection = 'BOTH',
    @Arg('types', () => [String], { nullable: true, description: 'CASE association types that are followed and shown; left out, all.' }) types?:
      | string[]
      | null,
  ) {
    if (depth < 0 || depth > MAX_GRAPH_DEPTH) throw invalid('/depth', 'graph-depth', `depth must be between 0 and ${MAX_GRAPH_DEPTH}`);
    if (maxNodes < 1 || maxNodes > MAX_GRAPH_NODES) throw invalid('/maxNodes', 'graph-size', `maxNodes must be between 1 and ${MAX_GRAPH_NODES}`);
    const version = await loaders.frameworkVersionById.load(fromGlobalId('FrameworkVersion', frameworkVersionId, '/frameworkVersionId'));
    if (!version) return null;
    const maxEdges = maxNodes * EDGES_PER_NODE;
    const shown = types == null ? null : boundedList(types, '/types');
    const [nodes, edges] = await (startId == null
      ? Promise.all([
          modules.competencies.itemsOfVersion(version.id, maxNodes + 1),
          modules.competencies.edgesOfVersion(version.id, maxEdges + 1).then((all) => all.filter(({ type }) => shown === null || shown.includes(type))),
        ])
      : around(modules, version.id, { startId: fromGlobalId('Competency', startId, '/startId'), depth, direction, types: shown }, [
          maxNodes + 1,
          maxEdges + 1,
        ]));
    if (nodes.length > maxNodes || edges.length > maxEdges)
      throw new AppError('TOO_LARGE', `the graph has more than ${maxNodes} nodes or ${maxEdges} edges`, [
        { path: '/maxNodes', rule: 'graph-size', message: 'ask for a larger graph, or for pages of competencies' },
      ]);
    return { version, nodes, edges };
  }
}

@Resolver()
export class FrameworkVersionDiffResolver {
  @Query(() => FrameworkVersionDiff, {
    description: 'What one version of a framework says differently from another.',
    complexity: ({ childComplexity }) => 2_000 + 10 * childComplexity,
  })
  @Access(ANYONE)
  async frameworkVersionDiff(
    @Ctx() { modules }: GraphContext,
    @Arg('fromId', () => ID, { description: 'The version compared with, mostly the older one.' }) fromId: string,
    @Arg('toId', () => ID, { description: 'The version told of.' }) toId: string,
  ) {
    return modules.competencies.diff(fromGlobalId('FrameworkVersion', fromId, '/fromId'), fromGlobalId('FrameworkVersion', toId, '/toId'));
  }
}

@Resolver(() => PositionStandard)
export class PositionStandardResolver {
  @FieldResolver()
  @Access(ANYONE)
  async position(@Root() standard: StandardRow, @Ctx() { loaders }: GraphContext) {
    return loaders.positionById.load(standard.positionId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async requirements(@Root() standard: StandardRow, @Ctx() { loaders }: GraphContext) {
    return loaders.requirementsByStandard.load(standard.id);
  }
}

@Resolver(() => CompetencyRequirement)
export class CompetencyRequirementResolver {
  @FieldResolver()
  @Access(ANYONE)
  async competency(@Root() requirement: RequirementRow, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(requirement.itemId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async frameworkVersion(@Root() { versionId }: RequirementRow, @Ctx() { loaders }: GraphContext) {
    return versionId === null ? null : loaders.frameworkVersionById.load(versionId);
  }
}

const FrameworkImportPayload = payloadType('FrameworkImport', 'report', () => ImportReport, 'What the import did and found.');
const FrameworkVersionPublishPayload = payloadType('FrameworkVersionPublish', 'frameworkVersion', () => FrameworkVersion, 'The version, published.');
const CompetencyAssociationAddPayload = payloadType('CompetencyAssociationAdd', 'association', () => CompetencyAssociation, 'The association added.');
const CompetencyRollupSetPayload = payloadType('CompetencyRollupSet', 'competency', () => Competency, 'The competency.');
const CompetencyAddPayload = payloadType('CompetencyAdd', 'competency', () => Competency, 'The competency, as the draft has it.');
const CompetencyChangePayload = payloadType('CompetencyChange', 'competency', () => Competency, 'The competency, as the draft has it.');
const CompetencyRemovePayload = payloadType('CompetencyRemove', 'frameworkVersion', () => FrameworkVersion, 'The draft.');
const CompetencyAssociationRemovePayload = payloadType('CompetencyAssociationRemove', 'frameworkVersion', () => FrameworkVersion, 'The draft.');
const FrameworkVersionDraftPayload = payloadType('FrameworkVersionDraft', 'frameworkVersion', () => FrameworkVersion, 'The draft.');
const FrameworkVersionDropPayload = payloadType('FrameworkVersionDrop', 'frameworkVersion', () => FrameworkVersion, 'The draft as it was.');
const CompetencyEquivalenceApprovePayload = payloadType('CompetencyEquivalenceApprove', 'equivalence', () => CompetencyEquivalence, 'The approval.');
const CompetencyEquivalenceRevokePayload = payloadType('CompetencyEquivalenceRevoke', 'equivalence', () => CompetencyEquivalence, 'The approval, revoked.');
const PositionStandardCreatePayload = payloadType('PositionStandardCreate', 'positionStandard', () => PositionStandard, 'The standard, in force.');

const levelsOf = (levels: CompetencyAddInput['levels']) =>
  boundedList(levels, '/levels').map(({ rank, label, description = null }) => ({ rank, label, description }));

@Resolver()
export class CompetencyMutations {
  @Mutation(() => FrameworkImportPayload, {
    description: 'Imports a CASE package as a new version of its framework, all or nothing. The same bytes again change nothing.',
  })
  @Access(ADMIN)
  async frameworkImport(
    @Ctx() { modules, loaders }: GraphContext,
    @Arg('input', () => FrameworkImportInput, { description: 'The package.' }) input: FrameworkImportInput,
  ) {
    return attempt('report', async () => {
      const report = await modules.competencies.import(input);
      return { ...report, version: report.versionId === null ? null : await loaders.frameworkVersionById.load(report.versionId) };
    });
  }

  @Mutation(() => FrameworkVersionPublishPayload, { description: 'Makes a draft count. Progress that rests on an older version is computed anew.' })
  @Access(ADMIN)
  async frameworkVersionPublish(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The draft.' }) id: string) {
    return attempt('frameworkVersion', async () => modules.competencies.publish(fromGlobalId('FrameworkVersion', id, '/id')));
  }

  @Mutation(() => FrameworkVersionDraftPayload, { description: 'Begins a draft that says what another version says, to be changed and published.' })
  @Access(ADMIN)
  async frameworkVersionDraft(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => FrameworkVersionDraftInput, { description: 'Of what.' }) input: FrameworkVersionDraftInput,
  ) {
    return attempt('frameworkVersion', () =>
      modules.competencies.drafts.create(fromGlobalId('FrameworkVersion', input.fromId, '/fromId'), input.label ?? null),
    );
  }

  @Mutation(() => FrameworkVersionDropPayload, { description: 'Drops a draft.' })
  @Access(ADMIN)
  async frameworkVersionDrop(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The draft.' }) id: string) {
    return attempt('frameworkVersion', () => modules.competencies.drafts.drop(fromGlobalId('FrameworkVersion', id, '/id')));
  }

  @Mutation(() => CompetencyAddPayload, { description: 'Adds a competency to a draft, after those that are there.' })
  @Access(ADMIN)
  async competencyAdd(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => CompetencyAddInput, { description: 'The competency.' }) { frameworkVersionId, parentId, ...item }: CompetencyAddInput,
  ) {
    return attempt('competency', () =>
      modules.competencies.drafts.add(
        fromGlobalId('FrameworkVersion', frameworkVersionId, '/frameworkVersionId'),
        { ...item, levels: levelsOf(item.levels) },
        parentId == null ? null : fromGlobalId('Competency', parentId, '/parentId'),
      ),
    );
  }

  @Mutation(() => CompetencyChangePayload, { description: 'Changes what a draft says of a competency.' })
  @Access(ADMIN)
  async competencyChange(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => CompetencyChangeInput, { description: 'What it is to say.' }) input: CompetencyChangeInput,
  ) {
    const { frameworkVersionId, competencyId, fullStatement, levels, ...texts } = input;
    return attempt('competency', () => {
      if (fullStatement === null) throw invalid('/fullStatement', 'required', 'a competency says something');
      return modules.competencies.drafts.change(
        fromGlobalId('FrameworkVersion', frameworkVersionId, '/frameworkVersionId'),
        fromGlobalId('Competency', competencyId, '/competencyId'),
        { ...texts, ...(fullStatement !== undefined && { fullStatement }), ...(levels != null && { levels: levelsOf(levels) }) },
      );
    });
  }

  @Mutation(() => CompetencyRemovePayload, { description: 'Takes a competency out of a draft, with its associations and levels.' })
  @Access(ADMIN)
  async competencyRemove(
    @Ctx() { modules }: GraphContext,
    @Arg('frameworkVersionId', () => ID, { description: 'The draft.' }) frameworkVersionId: string,
    @Arg('competencyId', () => ID, { description: 'The competency.' }) competencyId: string,
  ) {
    return attempt('frameworkVersion', () =>
      modules.competencies.drafts.remove(
        fromGlobalId('FrameworkVersion', frameworkVersionId, '/frameworkVersionId'),
        fromGlobalId('Competency', competencyId, '/competencyId'),
      ),
    );
  }

  @Mutation(() => CompetencyAssociationRemovePayload, { description: 'Takes an association out of a draft.' })
  @Access(ADMIN)
  async competencyAssociationRemove(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The association.' }) id: string) {
    return attempt('frameworkVersion', () => modules.competencies.drafts.removeEdge(fromGlobalId('CompetencyAssociation', id, '/id')));
  }

  @Mutation(() => CompetencyAssociationAddPayload, {
    description: 'Adds an association to a draft; one that would run in a circle is refused with the circle named.',
  })
  @Access(ADMIN)
  async competencyAssociationAdd(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => CompetencyAssociationAddInput, { description: 'The association.' }) input: CompetencyAssociationAddInput,
  ) {
    return attempt(
      'association',
      async (): Promise<EdgeRow> =>
        modules.competencies.addEdge({
          versionId: fromGlobalId('FrameworkVersion', input.frameworkVersionId, '/frameworkVersionId'),
          type: input.type,
          originId: fromGlobalId('Competency', input.originId, '/originId'),
          destinationId: fromGlobalId('Competency', input.destinationId, '/destinationId'),
          weight: input.weight,
          requiredMin: input.requiredMin ?? null,
          minLevel: input.minLevel ?? null,
          levelMap: input.levelMap == null ? null : Object.fromEntries(boundedList(input.levelMap, '/levelMap').map(({ from, to }) => [String(from), to])),
        }),
    );
  }

  @Mutation(() => CompetencyRollupSetPayload, { description: 'Sets how the level of a competency of a draft is made, from its children and from evidence.' })
  @Access(ADMIN)
  async competencyRollupSet(
    @Ctx() { modules, loaders }: GraphContext,
    @Arg('input', () => CompetencyRollupSetInput, { description: 'The rule.' }) input: CompetencyRollupSetInput,
  ) {
    return attempt('competency', async () => {
      const itemId = fromGlobalId('Competency', input.competencyId, '/competencyId');
      await modules.competencies.setLevelRule(
        fromGlobalId('FrameworkVersion', input.frameworkVersionId, '/frameworkVersionId'),
        itemId,
        { kind: input.rollup, count: input.count ?? null, rollupOnly: input.rollupOnly },
        { kind: input.policy, minDistinctSources: input.minDistinctSources, threshold: input.threshold, halfLifeDays: input.halfLifeDays ?? null },
      );
      return loaders.competencyById.load(itemId);
    });
  }

  @Mutation(() => CompetencyEquivalenceApprovePayload, {
    description: 'Lets evidence for one competency count for another that matches it; what would run in a circle is refused with the circle named.',
  })
  @Access(ADMIN)
  async competencyEquivalenceApprove(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => CompetencyEquivalenceApproveInput, { description: 'The approval.' }) input: CompetencyEquivalenceApproveInput,
  ) {
    return attempt('equivalence', async () =>
      modules.competencies.approveEquivalence({
        originId: fromGlobalId('Competency', input.originId, '/originId'),
        destinationId: fromGlobalId('Competency', input.destinationId, '/destinationId'),
        twoWay: input.twoWay,
        reason: input.reason,
        validUntil: input.validUntil ?? null,
      }),
    );
  }

  @Mutation(() => CompetencyEquivalenceRevokePayload, { description: 'Ends an approval; levels are made anew without it.' })
  @Access(ADMIN)
  async competencyEquivalenceRevoke(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The approval.' }) id: string) {
    return attempt('equivalence', async () => modules.competencies.revokeEquivalence(fromGlobalId('CompetencyEquivalence', id, '/id')));
  }

  @Mutation(() => PositionStandardCreatePayload, { description: 'Puts a new standard of a position in force; the one before is superseded.' })
  @Access(ADMIN)
  async positionStandardCreate(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => PositionStandardCreateInput, { description: 'The standard.' }) input: PositionStandardCreateInput,
  ) {
    return attempt('positionStandard', async () =>
      modules.competencies.createStandard({
        positionId: fromGlobalId('Position', input.positionId, '/positionId'),
        legalBasis: input.legalBasis,
        effectiveFrom: input.effectiveFrom,
        requirements: boundedList(input.requirements, '/requirements').map((requirement, index) => ({
          itemId: fromGlobalId('Competency', requirement.competencyId, `/requirements/${index}/competencyId`),
          requiredLevel: requirement.requiredLevel,
          importance: requirement.importance,
          weight: requirement.weight,
        })),
      }),
    );
  }
}
