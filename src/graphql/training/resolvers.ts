import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { activityKey } from '../../modules/lrs/index.ts';
import type { ActivityRow, AlignmentRow, BatchRow, EnrolmentRow, ModuleRow, ProgramRow, ProgramVersionRow } from '../../modules/training/index.ts';
import { Access, ADMIN, ANYONE, READERS } from '../access.ts';
import { connection, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { fromGlobalId } from '../node.ts';
import { attempt, payloadType } from '../payload.ts';
import { ActivityAddInput, AlignmentAddInput, BatchCreateInput, EnrolmentCreateInput, ModuleAddInput, ProgramCreateInput } from './inputs.ts';
import {
  ActivityAlignment,
  Batch,
  Enrolment,
  LearningActivity,
  LearningActivityConnection,
  Module,
  ProgramVersion,
  TrainingProgram,
  TrainingProgramConnection,
} from './types.ts';

@Resolver(() => TrainingProgram)
export class TrainingProgramResolver {
  @Query(() => TrainingProgramConnection, { description: 'Training programmes, by code.' })
  @Access(ANYONE)
  async trainingPrograms(@Ctx() { modules }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { code: 'text' }, (limit, [after = null]) => modules.training.programs(limit, after));
  }

  @Query(() => TrainingProgram, { nullable: true, description: 'One programme by its id; null when there is none.' })
  @Access(ANYONE)
  async trainingProgram(@Ctx() { loaders }: GraphContext, @Arg('id', () => ID, { description: 'Its global id.' }) id: string) {
    return loaders.programById.load(fromGlobalId('TrainingProgram', id, '/id'));
  }

  @FieldResolver()
  @Access(ANYONE)
  async versions(@Root() program: ProgramRow, @Ctx() { loaders }: GraphContext) {
    return loaders.versionsByProgram.load(program.id);
  }
}

@Resolver(() => ProgramVersion)
export class ProgramVersionResolver {
  @FieldResolver()
  @Access(ANYONE)
  async program(@Root() version: ProgramVersionRow, @Ctx() { loaders }: GraphContext) {
    return loaders.programById.load(version.programId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async modules(@Root() version: ProgramVersionRow, @Ctx() { loaders }: GraphContext) {
    return loaders.modulesByProgramVersion.load(version.id);
  }

  @FieldResolver()
  @Access(ANYONE)
  async jpTotal(@Root() version: ProgramVersionRow, @Ctx() { loaders }: GraphContext): Promise<number> {
    return (await loaders.modulesByProgramVersion.load(version.id)).reduce((total, module) => total + module.jp, 0);
  }

  @FieldResolver()
  @Access(ANYONE)
  async batches(@Root() version: ProgramVersionRow, @Ctx() { loaders }: GraphContext) {
    return loaders.batchesByProgramVersion.load(version.id);
  }
}

@Resolver(() => Module)
export class ModuleResolver {
  @FieldResolver()
  @Access(ANYONE)
  async activities(@Root() module: ModuleRow, @Ctx() { loaders }: GraphContext) {
    return loaders.activitiesByModule.load(module.id);
  }
}

@Resolver(() => LearningActivity)
export class LearningActivityResolver {
  @Query(() => LearningActivityConnection, { description: 'Learning activities, by IRI; for a vendor its own.' })
  @Access(ANYONE)
  async learningActivities(@Ctx() { modules, viewer }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { iri: 'text' }, (limit, [after = null]) =>
      modules.training.activities(viewer.role === 'VENDOR' ? viewer.partnerId : null, limit, after),
    );
  }

  @Query(() => LearningActivity, { nullable: true, description: 'One activity by its IRI; null when there is none.' })
  @Access(ANYONE)
  async activityByIri(@Ctx() { loaders }: GraphContext, @Arg('iri', () => String, { description: 'The activity id in statements.' }) iri: string) {
    return loaders.activityByKey.load(activityKey(iri));
  }

  @FieldResolver()
  @Access(ANYONE)
  async owner(@Root() activity: ActivityRow, @Ctx() { loaders }: GraphContext) {
    return activity.ownerId === null ? null : loaders.partnerById.load(activity.ownerId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async alignments(@Root() activity: ActivityRow, @Ctx() { loaders }: GraphContext) {
    return loaders.alignmentsByActivity.load(activity.id);
  }
}

@Resolver(() => ActivityAlignment)
export class ActivityAlignmentResolver {
  @FieldResolver()
  @Access(ANYONE)
  async competency(@Root() alignment: AlignmentRow, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(alignment.itemId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async activity(@Root() alignment: AlignmentRow, @Ctx() { loaders }: GraphContext) {
    return loaders.activityById.load(alignment.activityId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async module(@Root() alignment: AlignmentRow, @Ctx() { loaders }: GraphContext) {
    return loaders.moduleById.load(alignment.moduleId);
  }
}

@Resolver(() => Batch)
export class BatchResolver {
  @FieldResolver()
  @Access(ANYONE)
  async programVersion(@Root() batch: BatchRow, @Ctx() { loaders }: GraphContext) {
    return loaders.programVersionById.load(batch.versionId);
  }

  @FieldResolver()
  @Access(READERS)
  async learners(@Root() batch: BatchRow, @Ctx() { modules, viewer }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { publicId: 'uuid' }, (limit, [after = null]) => modules.people.learners(viewer, batch.id, limit, after));
  }
}

@Resolver(() => Enrolment)
export class EnrolmentResolver {
  @FieldResolver()
  @Access(READERS)
  async batch(@Root() enrolment: EnrolmentRow, @Ctx() { loaders }: GraphContext) {
    return loaders.batchById.load(enrolment.batchId);
  }
}

const ProgramCreatePayload = payloadType('ProgramCreate', 'program', () => TrainingProgram, 'The programme, with an empty draft.');
const ProgramVersionCreatePayload = payloadType('ProgramVersionCreate', 'programVersion', () => ProgramVersion, 'The empty draft.');
const ModuleAddPayload = payloadType('ModuleAdd', 'module', () => Module, 'The module added.');
const ActivityAddPayload = payloadType('ActivityAdd', 'activity', () => LearningActivity, 'The activity.');
const AlignmentAddPayload = payloadType('AlignmentAdd', 'alignment', () => ActivityAlignment, 'The alignment added.');
const ProgramVersionPublishPayload = payloadType('ProgramVersionPublish', 'programVersion', () => ProgramVersion, 'The version, published.');
const BatchCreatePayload = payloadType('BatchCreate', 'batch', () => Batch, 'The batch opened.');
const EnrolmentCreatePayload = payloadType('EnrolmentCreate', 'enrolment', () => Enrolment, 'The enrolment.');

@Resolver()
export class TrainingMutations {
  @Mutation(() => ProgramCreatePayload, { description: 'Starts a programme.' })
  @Access(ADMIN)
  async programCreate(@Ctx() { modules }: GraphContext, @Arg('input', () => ProgramCreateInput, { description: 'The programme.' }) input: ProgramCreateInput) {
    return attempt(
      'program',
      async () => (await modules.training.createProgram({ code: input.code, title: input.title, kind: input.kind, form: input.form })).program,
    );
  }

  @Mutation(() => ProgramVersionCreatePayload, { description: 'Starts the next version of a programme as an empty draft.' })
  @Access(ADMIN)
  async programVersionCreate(@Ctx() { modules }: GraphContext, @Arg('programId', () => ID, { description: 'The programme.' }) programId: string) {
    return attempt('programVersion', async () => modules.training.createVersion(fromGlobalId('TrainingProgram', programId, '/programId')));
  }

  @Mutation(() => ModuleAddPayload, { description: 'Adds a module at the end of a draft.' })
  @Access(ADMIN)
  async moduleAdd(@Ctx() { modules }: GraphContext, @Arg('input', () => ModuleAddInput, { description: 'The module.' }) input: ModuleAddInput) {
    return attempt('module', async () =>
      modules.training.addModule({ versionId: fromGlobalId('ProgramVersion', input.programVersionId, '/programVersionId'), title: input.title, jp: input.jp }),
    );
  }

  @Mutation(() => ActivityAddPayload, { description: 'Adds an activity to a module of a draft.' })
  @Access(ADMIN)
  async activityAdd(@Ctx() { modules }: GraphContext, @Arg('input', () => ActivityAddInput, { description: 'The activity.' }) input: ActivityAddInput) {
    return attempt('activity', async () =>
      modules.training.addActivity({
        moduleId: fromGlobalId('Module', input.moduleId, '/moduleId'),
        iri: input.iri,
        title: input.title,
        kind: input.kind,
        ownerId: input.ownerId == null ? null : fromGlobalId('Partner', input.ownerId, '/ownerId'),
      }),
    );
  }

  @Mutation(() => AlignmentAddPayload, { description: 'Says what an activity does for a competency.' })
  @Access(ADMIN)
  async alignmentAdd(@Ctx() { modules }: GraphContext, @Arg('input', () => AlignmentAddInput, { description: 'The alignment.' }) input: AlignmentAddInput) {
    return attempt('alignment', async () =>
      modules.training.addAlignment({
        moduleId: fromGlobalId('Module', input.moduleId, '/moduleId'),
        activityId: fromGlobalId('LearningActivity', input.activityId, '/activityId'),
        itemId: fromGlobalId('Competency', input.competencyId, '/competencyId'),
        targetLevel: input.targetLevel,
        contribution: input.contribution,
      }),
    );
  }

  @Mutation(() => ProgramVersionPublishPayload, { description: 'Publishes a draft: it never changes again.' })
  @Access(ADMIN)
  async programVersionPublish(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The draft.' }) id: string) {
    return attempt('programVersion', async () => modules.training.publishVersion(fromGlobalId('ProgramVersion', id, '/id')));
  }

  @Mutation(() => BatchCreatePayload, { description: 'Opens a batch of a published version.' })
  @Access(ADMIN)
  async batchCreate(@Ctx() { modules }: GraphContext, @Arg('input', () => BatchCreateInput, { description: 'The batch.' }) input: BatchCreateInput) {
    return attempt('batch', async () =>
      modules.training.createBatch({
        versionId: fromGlobalId('ProgramVersion', input.programVersionId, '/programVersionId'),
        number: input.number,
        startsOn: input.startsOn,
        endsOn: input.endsOn,
      }),
    );
  }

  @Mutation(() => EnrolmentCreatePayload, { description: 'Enrols a learner in a batch.' })
  @Access(ADMIN)
  async enrolmentCreate(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => EnrolmentCreateInput, { description: 'Who, and where.' }) input: EnrolmentCreateInput,
  ) {
    return attempt('enrolment', async () =>
      modules.training.enrol({ learnerId: fromGlobalId('Learner', input.learnerId, '/learnerId'), batchId: fromGlobalId('Batch', input.batchId, '/batchId') }),
    );
  }
}
