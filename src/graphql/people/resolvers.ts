import { GraphQLDateTimeISO, GraphQLUUID } from 'graphql-scalars';
import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Viewer } from '../../modules/access/index.ts';
import type { HoldingRow, IdentityChangeRow, LearnerRow, PositionRow, UnitRow } from '../../modules/people/index.ts';
import type { Ifi } from '../../standards/xapi/index.ts';
import { Access, ADMIN, ADMIN_OR_SELF, ANYONE, READERS } from '../access.ts';
import { connection, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { boundedList } from '../limits.ts';
import { fromGlobalId, toGlobalId } from '../node.ts';
import { attempt, payloadType } from '../payload.ts';
import { progressRows } from '../progress/progress-rows.ts';
import {
  type IdentityInput,
  LearnerCreateInput,
  LearnerIdentityAddInput,
  LearnerIdentityRemoveInput,
  LearnerSplitInput,
  OrganizationUnitCreateInput,
  PositionCreateInput,
  PositionHoldingChangeInput,
  PositionHoldingCreateInput,
} from './inputs.ts';
import {
  IdentityChange,
  Learner,
  LearnerConnection,
  OrganizationUnit,
  OrganizationUnitConnection,
  Position,
  PositionConnection,
  PositionHolding,
} from './types.ts';

@ArgsType()
class LearnersArgs extends PageArgs {
  @Field(() => ID, { nullable: true, description: 'Only those who take part in this batch.' })
  batchId?: string;
}

/** Progress rows one learner is taken to have, and what waiting for statements costs: one learner may, a page of them may not. */
const ROWS = 5;
const WAIT_COST = 1_000;

/** Who is named in the trail. */
const labelOf = (viewer: Viewer): string | null => (viewer.role === 'ADMIN' ? (viewer.label ?? null) : null);

const ifiOf = ({ ifiKind, homePage, ifiValue }: IdentityInput): Ifi => ({ kind: ifiKind, homePage, value: ifiValue });

@Resolver(() => Learner)
export class LearnerResolver {
  @Query(() => LearnerConnection, { description: 'The learners the token may see, in order of id.' })
  @Access(READERS)
  async learners(@Ctx() { modules, viewer }: GraphContext, @Args(() => LearnersArgs) args: LearnersArgs) {
    const batchId = args.batchId == null ? null : fromGlobalId('Batch', args.batchId, '/batchId');
    return connection(args, { publicId: 'uuid' }, (limit, [after = null]) => modules.people.learners(viewer, batchId, limit, after));
  }

  @Query(() => Learner, { nullable: true, description: 'One learner by their id; null when there is none the token may see.' })
  @Access(READERS)
  async learner(@Ctx() { modules, viewer }: GraphContext, @Arg('id', () => ID, { description: 'Their global id, as this token knows it.' }) id: string) {
    const [row] = await modules.people.learnersByPublicId(viewer, [fromGlobalId('Learner', id, '/id')]);
    return row ?? null;
  }

  @Query(() => Learner, { nullable: true, description: 'The learner the token belongs to; null for other tokens.' })
  @Access(ANYONE)
  async me(@Ctx() { loaders, viewer }: GraphContext) {
    return viewer.role === 'LEARNER' ? loaders.learnerById.load(viewer.learnerId) : null;
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async identities(@Root() learner: LearnerRow, @Ctx() { loaders }: GraphContext) {
    return loaders.identitiesByLearner.load(learner.id);
  }

  @FieldResolver()
  @Access(ADMIN)
  async identityChanges(@Root() learner: LearnerRow, @Ctx() { loaders }: GraphContext) {
    return loaders.identityChangesByLearner.load(learner.id);
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async holdings(@Root() learner: LearnerRow, @Ctx() { loaders }: GraphContext) {
    return loaders.holdingsByLearner.load(learner.id);
  }

  @FieldResolver()
  @Access(READERS)
  async enrolments(@Root() learner: LearnerRow, @Ctx() { loaders }: GraphContext) {
    return loaders.enrolmentsByLearner.load(learner.id);
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async contentRegistrations(@Root() learner: LearnerRow, @Ctx() { loaders }: GraphContext) {
    return loaders.registrationsByLearner.load(learner.id);
  }

  @FieldResolver({ complexity: ({ args, childComplexity }) => ((args as { after?: unknown }).after == null ? 1 : WAIT_COST) + ROWS * childComplexity })
  @Access(READERS)
  async progress(
    @Root() learner: LearnerRow,
    @Ctx() { loaders, modules }: GraphContext,
    @Arg('asOf', () => GraphQLDateTimeISO, { nullable: true, description: 'The instant asked about, by the timestamps of statements; now when left out.' })
    asOf?: Date | null,
    @Arg('after', () => [GraphQLUUID], {
      nullable: true,
      description: 'Ids of statements sent before, at most 100: the answer waits until they are projected, for some seconds at most.',
    })
    after?: string[] | null,
  ) {
    if (after != null) await modules.progress.settled(boundedList(after, '/after').map((id) => id.toLowerCase()));
    return progressRows(loaders, learner.id, asOf ?? null);
  }

  @FieldResolver()
  @Access(READERS)
  async progressEvents(@Root() learner: LearnerRow, @Ctx() { loaders }: GraphContext) {
    return loaders.eventsByLearner.load(learner.id);
  }
}

@Resolver(() => IdentityChange)
export class IdentityChangeResolver {
  @FieldResolver()
  @Access(ADMIN)
  identifiers(@Root() { identifiers }: IdentityChangeRow) {
    return identifiers.map(({ kind, homePage, value }) => ({ ifiKind: kind, homePage, ifiValue: value }));
  }

  @FieldResolver()
  @Access(ADMIN)
  otherLearnerId(@Root() { otherLearnerId }: IdentityChangeRow): string | null {
    return otherLearnerId === null ? null : toGlobalId('Learner', otherLearnerId);
  }
}

@Resolver(() => Position)
export class PositionResolver {
  @Query(() => PositionConnection, { description: 'Positions, by code.' })
  @Access(ANYONE)
  async positions(@Ctx() { modules }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { code: 'text' }, (limit, [after = null]) => modules.people.positions(limit, after));
  }

  @FieldResolver()
  @Access(ANYONE)
  async standards(@Root() position: PositionRow, @Ctx() { loaders }: GraphContext) {
    return loaders.standardsByPosition.load(position.id);
  }
}

@Resolver(() => OrganizationUnit)
export class OrganizationUnitResolver {
  @Query(() => OrganizationUnitConnection, { description: 'Units, by code.' })
  @Access(ANYONE)
  async organizationUnits(@Ctx() { modules }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { code: 'text' }, (limit, [after = null]) => modules.people.units(limit, after));
  }

  @FieldResolver()
  @Access(ANYONE)
  async parent(@Root() unit: UnitRow, @Ctx() { loaders }: GraphContext) {
    return unit.parentId === null ? null : loaders.unitById.load(unit.parentId);
  }
}

@Resolver(() => PositionHolding)
export class PositionHoldingResolver {
  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async position(@Root() holding: HoldingRow, @Ctx() { loaders }: GraphContext) {
    return loaders.positionById.load(holding.positionId);
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async unit(@Root() holding: HoldingRow, @Ctx() { loaders }: GraphContext) {
    return loaders.unitById.load(holding.unitId);
  }
}

const LearnerCreatePayload = payloadType('LearnerCreate', 'learner', () => Learner, 'The learner added.');
const LearnerIdentityAddPayload = payloadType('LearnerIdentityAdd', 'learner', () => Learner, 'The learner.');
const LearnerIdentityRemovePayload = payloadType('LearnerIdentityRemove', 'learner', () => Learner, 'The learner.');
const LearnerMergePayload = payloadType('LearnerMerge', 'learner', () => Learner, 'The learner who has everything.');
const LearnerSplitPayload = payloadType('LearnerSplit', 'learner', () => Learner, 'The new learner.');
const PositionCreatePayload = payloadType('PositionCreate', 'position', () => Position, 'The position added.');
const OrganizationUnitCreatePayload = payloadType('OrganizationUnitCreate', 'organizationUnit', () => OrganizationUnit, 'The unit added.');
const PositionHoldingCreatePayload = payloadType('PositionHoldingCreate', 'learner', () => Learner, 'The learner with the new holding.');
const PositionHoldingChangePayload = payloadType('PositionHoldingChange', 'learner', () => Learner, 'The learner whose holding it is.');
const PositionHoldingDeletePayload = payloadType('PositionHoldingDelete', 'learner', () => Learner, 'The learner whose holding it was.');

@Resolver()
export class PeopleMutations {
  @Mutation(() => LearnerCreatePayload, { description: 'Adds a civil servant. Their key is random and says nothing about them.' })
  @Access(ADMIN)
  async learnerCreate(
    @Ctx() { modules, loaders, viewer }: GraphContext,
    @Arg('input', () => LearnerCreateInput, { description: 'The learner.' }) input: LearnerCreateInput,
  ) {
    return attempt('learner', async () => {
      const { name, staffCategory } = input;
      const { id } = await modules.people.createLearner(
        { name, staffCategory, identities: boundedList(input.identities, '/identities').map(ifiOf) },
        labelOf(viewer),
      );
      return loaders.learnerById.load(id);
    });
  }

  @Mutation(() => LearnerIdentityAddPayload, { description: 'Links one more xAPI identifier to a learner.' })
  @Access(ADMIN)
  async learnerIdentityAdd(
    @Ctx() { modules, loaders, viewer }: GraphContext,
    @Arg('input', () => LearnerIdentityAddInput, { description: 'The identifier.' }) input: LearnerIdentityAddInput,
  ) {
    return attempt('learner', async () => {
      const id = fromGlobalId('Learner', input.learnerId, '/learnerId');
      await modules.people.addIdentity(id, ifiOf(input.identity), labelOf(viewer));
      return loaders.learnerById.load(id);
    });
  }

  @Mutation(() => LearnerIdentityRemovePayload, {
    description: 'Takes an xAPI identifier from a learner. Statements under it are kept, and count for whoever it is linked to next.',
  })
  @Access(ADMIN)
  async learnerIdentityRemove(
    @Ctx() { modules, loaders, viewer }: GraphContext,
    @Arg('input', () => LearnerIdentityRemoveInput, { description: 'The identifier.' }) input: LearnerIdentityRemoveInput,
  ) {
    return attempt('learner', async () => {
      const id = fromGlobalId('Learner', input.learnerId, '/learnerId');
      await modules.people.removeIdentity(id, ifiOf(input.identity), labelOf(viewer));
      return loaders.learnerById.load(id);
    });
  }

  @Mutation(() => LearnerMergePayload, {
    description: 'Makes one learner of two who turned out to be one person: everything of the first is the second’s, and the first is no more.',
  })
  @Access(ADMIN)
  async learnerMerge(
    @Ctx() { modules, loaders, viewer }: GraphContext,
    @Arg('fromId', () => ID, { description: 'Who is no more after it.' }) fromId: string,
    @Arg('intoId', () => ID, { description: 'Who has everything after it.' }) intoId: string,
  ) {
    return attempt('learner', async () => {
      const into = fromGlobalId('Learner', intoId, '/intoId');
      await modules.people.mergeLearners(fromGlobalId('Learner', fromId, '/fromId'), into, labelOf(viewer));
      return loaders.learnerById.load(into);
    });
  }

  @Mutation(() => LearnerSplitPayload, { description: 'Makes a second learner of one who turned out to be two people.' })
  @Access(ADMIN)
  async learnerSplit(
    @Ctx() { modules, loaders, viewer }: GraphContext,
    @Arg('input', () => LearnerSplitInput, { description: 'The new learner.' }) input: LearnerSplitInput,
  ) {
    return attempt('learner', async () => {
      const { name, staffCategory } = input;
      const identities = boundedList(input.identities, '/identities').map(ifiOf);
      const learnerId = fromGlobalId('Learner', input.learnerId, '/learnerId');
      const { id } = await modules.people.splitLearner(learnerId, { name, staffCategory, identities }, labelOf(viewer));
      return loaders.learnerById.load(id);
    });
  }

  @Mutation(() => PositionCreatePayload, { description: 'Adds a position.' })
  @Access(ADMIN)
  async positionCreate(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => PositionCreateInput, { description: 'The position.' }) input: PositionCreateInput,
  ) {
    return attempt('position', async () => modules.people.createPosition({ code: input.code, title: input.title, family: input.family }));
  }

  @Mutation(() => OrganizationUnitCreatePayload, { description: 'Adds a unit.' })
  @Access(ADMIN)
  async organizationUnitCreate(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => OrganizationUnitCreateInput, { description: 'The unit.' }) input: OrganizationUnitCreateInput,
  ) {
    return attempt('organizationUnit', async () =>
      modules.people.createUnit({
        code: input.code,
        name: input.name,
        kind: input.kind,
        parentId: input.parentId == null ? null : fromGlobalId('OrganizationUnit', input.parentId, '/parentId'),
      }),
    );
  }

  @Mutation(() => PositionHoldingCreatePayload, { description: 'Gives a learner a position in a unit from a day on.' })
  @Access(ADMIN)
  async positionHoldingCreate(
    @Ctx() { modules, loaders }: GraphContext,
    @Arg('input', () => PositionHoldingCreateInput, { description: 'The holding.' }) input: PositionHoldingCreateInput,
  ) {
    return attempt('learner', async () => {
      const learnerId = fromGlobalId('Learner', input.learnerId, '/learnerId');
      await modules.people.createHolding({
        learnerId,
        positionId: fromGlobalId('Position', input.positionId, '/positionId'),
        unitId: fromGlobalId('OrganizationUnit', input.unitId, '/unitId'),
        validFrom: input.validFrom,
        validTo: input.validTo ?? null,
      });
      return loaders.learnerById.load(learnerId);
    });
  }

  @Mutation(() => PositionHoldingChangePayload, {
    description: 'Ends a holding, as with a transfer, or puts its dates right. What positions demanded at any instant follows.',
  })
  @Access(ADMIN)
  async positionHoldingChange(
    @Ctx() { modules, loaders }: GraphContext,
    @Arg('id', () => ID, { description: 'The holding.' }) id: string,
    @Arg('input', () => PositionHoldingChangeInput, { description: 'Its dates.' }) input: PositionHoldingChangeInput,
  ) {
    return attempt('learner', async () =>
      loaders.learnerById.load(
        await modules.people.changeHolding(fromGlobalId('PositionHolding', id, '/id'), { validFrom: input.validFrom, validTo: input.validTo ?? null }),
      ),
    );
  }

  @Mutation(() => PositionHoldingDeletePayload, { description: 'Takes away a holding that never was.' })
  @Access(ADMIN)
  async positionHoldingDelete(@Ctx() { modules, loaders }: GraphContext, @Arg('id', () => ID, { description: 'The holding.' }) id: string) {
    return attempt('learner', async () => loaders.learnerById.load(await modules.people.deleteHolding(fromGlobalId('PositionHolding', id, '/id'))));
  }
}
