import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Arg, Ctx, FieldResolver, Float, ID, Int, ObjectType, Query, Resolver, Root } from 'type-graphql';
import type { LearnerRow } from '../../modules/people/index.ts';
import type {
  Gap,
  HeatCell,
  Need,
  TrainingNeed as NeedRow,
  TrainingPath as PathRow,
  PathStep,
  UnitNeed as UnitNeedRow,
  UnitMatch as UnitRow,
} from '../../modules/progress/index.ts';
import { Access, ADMIN, Exposed, READERS } from '../access.ts';
import { Competency } from '../competency/types.ts';
import type { GraphContext } from '../context.ts';
import { boundedList } from '../limits.ts';
import { fromGlobalId } from '../node.ts';
import { Learner, OrganizationUnit } from '../people/types.ts';
import { Batch, ProgramVersion } from '../training/types.ts';
import { codeOf } from './progress-rows.ts';

const AS_OF = 'The instant asked about, by the timestamps of statements; now when left out.';

@ObjectType({ description: 'What the people of one unit lack in a competency, those of units below it left out.' })
class UnitNeed {
  @Exposed(ADMIN, () => OrganizationUnit, 'The unit.', { nullable: true })
  unit?: OrganizationUnit;

  @Exposed(ADMIN, () => Int, 'Who lacks something.')
  people!: number;

  @Exposed(ADMIN, () => Int, 'Levels missing, summed over people.')
  missing!: number;

  @Exposed(ADMIN, () => Int, 'The same by the weights of the requirements.')
  points!: number;
}

@ObjectType({ description: 'A demand of positions held, against what somebody can do.' })
class RequirementGap {
  @Exposed(READERS, () => Competency, 'In what.', { nullable: true })
  competency?: Competency;

  @Exposed(READERS, () => Int, 'The level demanded: the highest over all positions held.')
  required!: number;

  @Exposed(READERS, () => Int, 'The level reached; null when the version that counts now has no such competency: then it is unknown.', { nullable: true })
  current!: number | null;

  @Exposed(READERS, () => Int, 'Levels missing; null when it is unknown.', { nullable: true })
  gap!: number | null;

  @Exposed(READERS, () => Int, 'What it weighs.')
  weight!: number;
}

@ObjectType({ description: 'How somebody meets what their positions demand.' })
class PositionMatch {
  @Exposed(READERS, () => Float, 'How much of what is demanded is there, by weight, 0 to 100 in tenths; null when nothing known is demanded.', {
    nullable: true,
  })
  percent!: number | null;

  @Exposed(READERS, () => [RequirementGap], 'Each demand.')
  requirements!: RequirementGap[];
}

@ObjectType({ description: 'A level that a step closes.' })
class PathClosing {
  @Exposed(READERS, () => Competency, 'In what.', { nullable: true })
  competency?: Competency;

  @Exposed(READERS, () => Int, 'The level before.')
  from!: number;

  @Exposed(READERS, () => Int, 'The level after.')
  to!: number;
}

@ObjectType({ description: 'One programme of a path.' })
class TrainingPathStep {
  @Exposed(READERS, () => ProgramVersion, 'The programme version.', { nullable: true })
  programVersion?: ProgramVersion;

  @Exposed(READERS, () => Batch, 'The batch to join; null for what one does alone at any time.', { nullable: true })
  batch?: Batch;

  @Exposed(READERS, () => [PathClosing], 'What it closes.')
  closes!: PathClosing[];

  @Exposed(READERS, () => String, 'Why it stands here, in a sentence.')
  reason?: string;
}

@ObjectType({ description: 'A level that is needed and that nothing on offer leads to.' })
class UncoveredNeed {
  @Exposed(READERS, () => Competency, 'In what.', { nullable: true })
  competency?: Competency;

  @Exposed(READERS, () => Int, 'The level reached after the path.')
  current!: number;

  @Exposed(READERS, () => Int, 'The level needed.')
  level!: number;
}

@ObjectType({
  description: 'The programmes that close somebody’s gaps, what comes first before what rests on it. The same gaps and offers always give the same path.',
})
class TrainingPath {
  @Exposed(READERS, () => [TrainingPathStep], 'One after the other.')
  steps!: TrainingPathStep[];

  @Exposed(READERS, () => [UncoveredNeed], 'What nothing on offer closes.')
  uncovered!: UncoveredNeed[];
}

@ObjectType({ description: 'A competency that comes before another and is not at its level.' })
class MissingPredecessor {
  @Exposed(READERS, () => Competency, 'What comes first.', { nullable: true })
  competency?: Competency;

  @Exposed(READERS, () => Int, 'The level it takes.')
  minLevel!: number;

  @Exposed(READERS, () => Int, 'The level reached.')
  current!: number;
}

@ObjectType({ description: 'Whether somebody is ready for a competency.' })
class CompetencyReadiness {
  @Exposed(READERS, () => Competency, 'For what.', { nullable: true })
  competency?: Competency;

  @Exposed(READERS, () => Boolean, 'Whether all that comes before it (precedes) is at its level.')
  isReady!: boolean;

  @Exposed(READERS, () => [MissingPredecessor], 'What is not.')
  missing!: MissingPredecessor[];
}

@ObjectType({ description: 'How the people of one unit stand in one competency that their positions demand.' })
class GapHeatCell {
  @Exposed(ADMIN, () => OrganizationUnit, 'The unit.', { nullable: true })
  unit?: OrganizationUnit;

  @Exposed(ADMIN, () => Competency, 'The competency.', { nullable: true })
  competency?: Competency;

  @Exposed(ADMIN, () => Int, 'Of how many it is demanded.')
  people!: number;

  @Exposed(ADMIN, () => Int, 'How many are below what is demanded of them.')
  below!: number;

  @Exposed(ADMIN, () => Int, 'Levels missing, summed over people.')
  missing!: number;
}

@ObjectType({ description: 'How the people of one unit meet what their positions demand.' })
class UnitMatch {
  @Exposed(ADMIN, () => OrganizationUnit, 'The unit.', { nullable: true })
  unit?: OrganizationUnit;

  @Exposed(ADMIN, () => Int, 'Who holds a position there.')
  people!: number;

  @Exposed(ADMIN, () => Float, 'Mean of their position matches, 0 to 100 in tenths; null when nothing known is demanded of anybody.', { nullable: true })
  percent!: number | null;
}

@ObjectType({ description: 'A unit and those below it, by unit and competency.' })
class GapHeatMap {
  @Exposed(ADMIN, () => [UnitMatch], 'Units in which somebody holds a position.')
  units!: UnitMatch[];

  @Exposed(ADMIN, () => [GapHeatCell], 'Each unit and competency that is demanded there.')
  cells!: GapHeatCell[];
}

@ObjectType({ description: 'What the people of a unit and below it lack in one competency (analisis kebutuhan diklat, AKD).' })
class TrainingNeed {
  @Exposed(ADMIN, () => Competency, 'The competency.', { nullable: true })
  competency?: Competency;

  @Exposed(ADMIN, () => Int, 'Who lacks something.')
  people!: number;

  @Exposed(ADMIN, () => Int, 'Levels missing, summed over people.')
  missing!: number;

  @Exposed(ADMIN, () => Int, 'The same by the weights of the requirements.')
  points!: number;

  @Exposed(ADMIN, () => [UnitNeed], 'The same by unit; who holds posts in several stands in each.')
  units!: UnitNeed[];

  @Exposed(ADMIN, () => [ProgramVersion], 'Programme versions that can be begun and assess it itself; where none does, its parts may still be covered.')
  programs?: ProgramVersion[];
}

@Resolver(() => RequirementGap)
export class RequirementGapResolver {
  @FieldResolver()
  @Access(READERS)
  async competency(@Root() { itemId }: Gap, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(itemId);
  }
}

@Resolver(() => PathClosing)
export class PathClosingResolver {
  @FieldResolver()
  @Access(READERS)
  async competency(@Root() { itemId }: PathStep['closes'][number], @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(itemId);
  }
}

@Resolver(() => UncoveredNeed)
export class UncoveredNeedResolver {
  @FieldResolver()
  @Access(READERS)
  async competency(@Root() { itemId }: Need, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(itemId);
  }
}

@Resolver(() => MissingPredecessor)
export class MissingPredecessorResolver {
  @FieldResolver()
  @Access(READERS)
  async competency(@Root() { itemId }: { readonly itemId: string }, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(itemId);
  }
}

@Resolver(() => CompetencyReadiness)
export class CompetencyReadinessResolver {
  @FieldResolver()
  @Access(READERS)
  async competency(@Root() { itemId }: { readonly itemId: string }, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(itemId);
  }
}

@Resolver(() => TrainingPathStep)
export class TrainingPathStepResolver {
  @FieldResolver()
  @Access(READERS)
  async programVersion(@Root() { offer }: PathStep, @Ctx() { loaders }: GraphContext) {
    return loaders.programVersionById.load(offer.versionId);
  }

  @FieldResolver()
  @Access(READERS)
  async batch(@Root() { offer }: PathStep, @Ctx() { loaders }: GraphContext) {
    return offer.batchId === null ? null : loaders.batchById.load(offer.batchId);
  }

  @FieldResolver()
  @Access(READERS)
  async reason(@Root() { offer, closes, points }: PathStep, @Ctx() { loaders }: GraphContext): Promise<string> {
    const items = await loaders.competencyById.loadMany(closes.map(({ itemId }) => itemId));
    const parts = closes.map(({ from, to }, index) => `${codeOf(items[index])} from ${from} to ${to}`).sort();
    return `${offer.code} closes ${parts.join(', ')}: ${points} weighted level(s) in ${offer.jp} JP.`;
  }
}

@Resolver(() => Learner)
export class LearnerPlanningResolver {
  @FieldResolver(() => PositionMatch, { description: 'How they meet what their positions demand.' })
  @Access(READERS)
  async positionMatch(
    @Root() { id }: LearnerRow,
    @Ctx() { loaders }: GraphContext,
    @Arg('asOf', () => GraphQLDateTimeISO, { nullable: true, description: AS_OF }) asOf?: Date | null,
  ) {
    return loaders.matchByLearner.load({ learnerId: id, asOf: asOf ?? null });
  }

  @FieldResolver(() => TrainingPath, {
    description: 'What to do next to meet what their positions demand.',
    complexity: ({ childComplexity }) => 20 + childComplexity,
  })
  @Access(READERS)
  async trainingPath(
    @Root() { id }: LearnerRow,
    @Ctx() { loaders }: GraphContext,
    @Arg('asOf', () => GraphQLDateTimeISO, { nullable: true, description: AS_OF }) asOf?: Date | null,
  ): Promise<PathRow> {
    return loaders.pathByLearner.load({ learnerId: id, asOf: asOf ?? null });
  }

  @FieldResolver(() => [CompetencyReadiness], {
    description: 'Whether they are ready for competencies, by what comes before them (precedes).',
    complexity: ({ args, childComplexity }) => 20 + Math.min((args as { competencyIds: unknown[] }).competencyIds.length, 100) * childComplexity,
  })
  @Access(READERS)
  async readiness(
    @Root() { id }: LearnerRow,
    @Ctx() { loaders }: GraphContext,
    @Arg('competencyIds', () => [ID], { description: 'The competencies, at most 100.' }) competencyIds: string[],
    @Arg('asOf', () => GraphQLDateTimeISO, { nullable: true, description: AS_OF }) asOf?: Date | null,
  ) {
    const itemIds = boundedList(competencyIds, '/competencyIds').map((one, index) => fromGlobalId('Competency', one, `/competencyIds/${index}`));
    const found = await loaders.readinessByLearner.load({ learnerId: id, asOf: asOf ?? null, itemIds });
    return found.map((readiness, index) => ({ ...readiness, itemId: itemIds[index] }));
  }
}

const UNIT_COST = 200;

@Resolver(() => GapHeatMap)
export class GapHeatMapResolver {
  @Query(() => GapHeatMap, {
    description: 'Everybody in a unit and below it against what their positions demand.',
    complexity: ({ childComplexity }) => UNIT_COST + 20 * childComplexity,
  })
  @Access(ADMIN)
  async gapHeatMap(
    @Ctx() { loaders, modules }: GraphContext,
    @Arg('unitId', () => ID, { description: 'The unit.' }) unitId: string,
    @Arg('asOf', () => GraphQLDateTimeISO, { nullable: true, description: AS_OF }) asOf?: Date | null,
  ) {
    return modules.progress.planning.heatMap(fromGlobalId('OrganizationUnit', unitId, '/unitId'), asOf ?? null, await loaders.seen());
  }
}

@Resolver(() => GapHeatCell)
export class GapHeatCellResolver {
  @FieldResolver()
  @Access(ADMIN)
  async unit(@Root() { unitId }: HeatCell, @Ctx() { loaders }: GraphContext) {
    return loaders.unitById.load(unitId);
  }

  @FieldResolver()
  @Access(ADMIN)
  async competency(@Root() { itemId }: HeatCell, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(itemId);
  }
}

@Resolver(() => UnitMatch)
export class UnitMatchResolver {
  @FieldResolver()
  @Access(ADMIN)
  async unit(@Root() { unitId }: UnitRow, @Ctx() { loaders }: GraphContext) {
    return loaders.unitById.load(unitId);
  }
}

@Resolver(() => UnitNeed)
export class UnitNeedResolver {
  @FieldResolver()
  @Access(ADMIN)
  async unit(@Root() { unitId }: UnitNeedRow, @Ctx() { loaders }: GraphContext) {
    return loaders.unitById.load(unitId);
  }
}

@Resolver(() => TrainingNeed)
export class TrainingNeedResolver {
  @Query(() => [TrainingNeed], {
    description: 'What the people of a unit and below it lack, most first, and what there is to close it.',
    complexity: ({ childComplexity }) => UNIT_COST + 20 * childComplexity,
  })
  @Access(ADMIN)
  async trainingNeeds(
    @Ctx() { loaders, modules }: GraphContext,
    @Arg('unitId', () => ID, { description: 'The unit.' }) unitId: string,
    @Arg('asOf', () => GraphQLDateTimeISO, { nullable: true, description: AS_OF }) asOf?: Date | null,
  ) {
    return modules.progress.planning.needsWithin(fromGlobalId('OrganizationUnit', unitId, '/unitId'), asOf ?? null, await loaders.seen());
  }

  @FieldResolver()
  @Access(ADMIN)
  async competency(@Root() { itemId }: NeedRow, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(itemId);
  }

  @FieldResolver()
  @Access(ADMIN)
  async programs(@Root() { versionIds }: NeedRow, @Ctx() { loaders }: GraphContext) {
    return loaders.programVersionById.loadMany([...versionIds]);
  }
}
