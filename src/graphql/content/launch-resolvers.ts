import { Arg, Ctx, Field, FieldResolver, ID, InputType, Mutation, Resolver, Root } from 'type-graphql';
import { AppError, missing } from '../../kernel/errors.ts';
import { digestKey } from '../../kernel/ids.ts';
import type { AttemptRow, RegistrationRow, ScoRow, UnitRow } from '../../modules/launch/index.ts';
import type { ScoOutcome } from '../../standards/scorm/index.ts';
import { Access, ADMIN, ADMIN_OR_SELF } from '../access.ts';
import type { GraphContext } from '../context.ts';
import { fromGlobalId } from '../node.ts';
import { attempt, payloadType } from '../payload.ts';
import { Learner } from '../people/types.ts';
import { ContentAttempt, ContentLaunch, ContentPreview, ContentRegistration, ContentRun, ContentUnit, LaunchMode, WaiveReason } from './launch-types.ts';
import { mayKeep } from './resolvers.ts';
import { KEEPERS } from './types.ts';

@Resolver(() => ContentRegistration)
export class ContentRegistrationResolver {
  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  registration(@Root() row: RegistrationRow) {
    return row.id;
  }

  @FieldResolver(() => Learner, { nullable: true, description: "Who takes part; null for a preview that is nobody's." })
  @Access(ADMIN_OR_SELF)
  async learner(@Root() row: RegistrationRow, @Ctx() { loaders }: GraphContext) {
    return loaders.learnerById.load(row.learnerId);
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async package(@Root() row: RegistrationRow, @Ctx() { loaders }: GraphContext) {
    return loaders.contentPackageById.load(row.packageId);
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async version(@Root() row: RegistrationRow, @Ctx() { loaders }: GraphContext) {
    return loaders.contentVersionById.load(row.versionId);
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async units(@Root() row: RegistrationRow, @Ctx() { loaders }: GraphContext) {
    return (await loaders.unitsByRegistration.load(row.id)).map((unit) => ({ ...unit, versionId: row.versionId }));
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async sessions(@Root() row: RegistrationRow, @Ctx() { loaders }: GraphContext) {
    return loaders.sessionsByRegistration.load(row.id);
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async attempts(@Root() row: RegistrationRow, @Ctx() { loaders }: GraphContext) {
    return (await loaders.attemptsByRegistration.load(row.id)).map((one) => ({ ...one, versionId: row.versionId }));
  }
}

/** What belongs to a node, with the version that its registration learns. */
interface InVersion {
  readonly versionId: string;
}

const itemOf = ({ loaders }: GraphContext, { versionId, nodeId }: InVersion & { readonly nodeId: string }) =>
  loaders.contentItemById.load(digestKey('content item', versionId, nodeId));

@Resolver(() => ContentUnit)
export class ContentUnitResolver {
  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async item(@Root() row: UnitRow & InVersion, @Ctx() context: GraphContext) {
    return itemOf(context, row);
  }
}

@Resolver(() => ContentAttempt)
export class ContentAttemptResolver {
  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async runs(@Root() row: AttemptRow & InVersion, @Ctx() { loaders }: GraphContext) {
    return (await loaders.runsByAttempt.load(row.id)).map((run) => {
      const { completed, satisfied, score } = JSON.parse(run.told) as ScoOutcome;
      const { runStartedAt: startedAt, runEndedAt: endedAt, cmi: data } = run;
      return { ...run, versionId: row.versionId, startedAt, endedAt, data, isCompleted: completed, isPassed: satisfied, score: score.scaled };
    });
  }
}

@Resolver(() => ContentRun)
export class ContentRunResolver {
  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async item(@Root() row: ScoRow & InVersion, @Ctx() context: GraphContext) {
    return itemOf(context, row);
  }
}

@InputType({ description: 'Who is to take part in which package.' })
class ContentRegisterInput {
  @Field(() => ID, { description: 'The package; its newest version is taken.' })
  packageId!: string;

  @Field(() => ID, { nullable: true, description: 'The learner; a learner leaves it out and means themselves.' })
  learnerId?: string | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description:
      'Whether to begin anew, where a registration is open already; by the same rules. Learners do not where SCORM attempts are counted, or gone on with.',
  })
  restart!: boolean;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether staff tries it out: nothing of it counts.' })
  preview!: boolean;
}

@InputType({ description: 'What to open.' })
class ContentLaunchInput {
  @Field(() => ID, { description: 'The registration.' })
  registrationId!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The item; left out, the course: its player, the contents of a cmi5 course of several units, or its only unit.',
  })
  itemId?: string | null;

  @Field(() => LaunchMode, { defaultValue: 'Normal', description: 'How.' })
  mode!: keyof typeof LaunchMode;

  @Field(() => String, { nullable: true, description: 'Where the browser goes when the content ends: an absolute URL.' })
  returnUrl?: string | null;
}

@InputType({ description: 'What to try out.' })
class ContentPreviewInput {
  @Field(() => ID, { description: 'The package; its newest version is taken.' })
  packageId!: string;

  @Field(() => ID, { nullable: true, description: 'The item; left out, the course.' })
  itemId?: string | null;

  @Field(() => String, { nullable: true, description: 'Where the browser goes when the content ends: an absolute URL.' })
  returnUrl?: string | null;
}

@InputType({ description: 'A unit that need not be done.' })
class ContentUnitWaiveInput {
  @Field(() => ID, { description: 'The registration.' })
  registrationId!: string;

  @Field(() => ID, { description: 'The assignable unit.' })
  itemId!: string;

  @Field(() => WaiveReason, { description: 'Why.' })
  reason!: keyof typeof WaiveReason;
}

const REASONS = {
  TESTED_OUT: 'Tested Out',
  EQUIVALENT_AU: 'Equivalent AU',
  EQUIVALENT_OUTSIDE_ACTIVITY: 'Equivalent Outside Activity',
  ADMINISTRATIVE: 'Administrative',
} as const;

const ContentRegisterPayload = payloadType('ContentRegister', 'registration', () => ContentRegistration, 'The registration.');
const ContentLaunchPayload = payloadType('ContentLaunch', 'launch', () => ContentLaunch, 'Where to go.');
const ContentPreviewPayload = payloadType('ContentPreview', 'preview', () => ContentPreview, 'Where to go.');
const ContentUnitWaivePayload = payloadType('ContentUnitWaive', 'registration', () => ContentRegistration, 'The registration.');
const ContentAttemptResetPayload = payloadType('ContentAttemptReset', 'registration', () => ContentRegistration, 'The registration.');
const ContentSessionAbandonPayload = payloadType('ContentSessionAbandon', 'registration', () => ContentRegistration, 'The registration.');

/** A registration within reach: all for staff, a learner's own; those of others are as if they were not. */
export async function visibleRegistration({ modules, viewer }: GraphContext, id: string): Promise<RegistrationRow | null> {
  if (viewer.role !== 'ADMIN' && viewer.role !== 'LEARNER') return null;
  const [row] = await modules.launches.registrationsById([id]);
  return row && (viewer.role === 'ADMIN' || row.learnerId === viewer.learnerId) ? row : null;
}

async function registrationOf(context: GraphContext, id: string, path: string): Promise<RegistrationRow> {
  const row = await visibleRegistration(context, fromGlobalId('ContentRegistration', id, path));
  if (!row) throw missing(path, 'reference', 'there is no such registration');
  return row;
}

/** An item of any version of the package: it is the same node in each, and whether the version has it is for the module to say. */
async function nodeOf({ loaders }: GraphContext, packageId: string, itemId: string): Promise<string> {
  const item = await loaders.contentItemById.load(fromGlobalId('ContentItem', itemId, '/itemId'));
  const version = item && (await loaders.contentVersionById.load(item.versionId));
  if (!item || version?.packageId !== packageId) throw missing('/itemId', 'reference', 'there is no such item in this package');
  return item.nodeId;
}

@Resolver()
export class ContentLaunchResolver {
  @Mutation(() => ContentRegisterPayload, { description: 'Registers a learner for a package; the registration that is open is answered.' })
  @Access(ADMIN_OR_SELF)
  async contentRegister(
    @Ctx() context: GraphContext,
    @Arg('input', () => ContentRegisterInput, { description: 'Who, and for what.' }) input: ContentRegisterInput,
  ) {
    return attempt('registration', async () => {
      const { modules, viewer } = context;
      const named = input.learnerId == null ? null : fromGlobalId('Learner', input.learnerId, '/learnerId');
      const learnerId = viewer.role === 'LEARNER' ? viewer.learnerId : named;
      if (learnerId === null) throw missing('/learnerId', 'reference', 'name the learner');
      if (viewer.role === 'LEARNER' && ((named !== null && named !== learnerId) || input.preview))
        throw new AppError('FORBIDDEN', 'a learner registers themselves only', [
          { path: '/learnerId', rule: 'own-only', message: 'a learner registers themselves only' },
        ]);
      const packageId = fromGlobalId('ContentPackage', input.packageId, '/packageId');
      return modules.launches.register({ learnerId, packageId, restart: input.restart, isPreview: input.preview, byLearner: viewer.role === 'LEARNER' });
    });
  }

  @Mutation(() => ContentLaunchPayload, { description: 'Opens content. A launch of the same registration that is still open ends.' })
  @Access(ADMIN_OR_SELF)
  async contentLaunch(@Ctx() context: GraphContext, @Arg('input', () => ContentLaunchInput, { description: 'What, and how.' }) input: ContentLaunchInput) {
    return attempt('launch', async () => {
      const registration = await registrationOf(context, input.registrationId, '/registrationId');
      const nodeId = input.itemId == null ? null : await nodeOf(context, registration.packageId, input.itemId);
      const { launches } = context.modules;
      const { sessionId, ...launch } = await launches.launch({ registrationId: registration.id, nodeId, mode: input.mode, returnUrl: input.returnUrl ?? null });
      const sessions = await launches.sessionsOfRegistrations([registration.id]);
      return { ...launch, session: sessions.find(({ id }) => id === sessionId) };
    });
  }

  @Mutation(() => ContentPreviewPayload, { description: 'Opens a package to try it out: for nobody, and nothing of it counts. Each time it begins anew.' })
  @Access(KEEPERS)
  async contentPreview(@Ctx() context: GraphContext, @Arg('input', () => ContentPreviewInput, { description: 'What.' }) input: ContentPreviewInput) {
    return attempt('preview', async () => {
      const { launches } = context.modules;
      const packageId = fromGlobalId('ContentPackage', input.packageId, '/packageId');
      if (!(await mayKeep(context, packageId))) throw missing('/packageId', 'reference', 'there is no such package');
      const nodeId = input.itemId == null ? null : await nodeOf(context, packageId, input.itemId);
      return launches.preview({ packageId, nodeId, returnUrl: input.returnUrl ?? null });
    });
  }

  @Mutation(() => ContentUnitWaivePayload, { description: 'Says that a cmi5 unit need not be done; once in a registration.' })
  @Access(ADMIN)
  async contentUnitWaive(
    @Ctx() context: GraphContext,
    @Arg('input', () => ContentUnitWaiveInput, { description: 'Which, and why.' }) input: ContentUnitWaiveInput,
  ) {
    return attempt('registration', async () => {
      const registration = await registrationOf(context, input.registrationId, '/registrationId');
      await context.modules.launches.waive(registration.id, await nodeOf(context, registration.packageId, input.itemId), REASONS[input.reason]);
      return registrationOf(context, input.registrationId, '/registrationId');
    });
  }

  @Mutation(() => ContentSessionAbandonPayload, { description: 'Ends a launch whose content did not end it.' })
  @Access(ADMIN)
  async contentSessionAbandon(@Ctx() context: GraphContext, @Arg('registrationId', () => ID, { description: 'The registration.' }) registrationId: string) {
    return attempt('registration', async () => {
      const registration = await registrationOf(context, registrationId, '/registrationId');
      const { launches } = context.modules;
      for (const session of await launches.sessionsOfRegistrations([registration.id])) if (!session.endedAt) await launches.abandon(session.id);
      return registration;
    });
  }

  @Mutation(() => ContentAttemptResetPayload, {
    description: 'Ends the SCORM attempt under way, so that the next launch begins anew. What was told of it stays.',
  })
  @Access(ADMIN)
  async contentAttemptReset(@Ctx() context: GraphContext, @Arg('registrationId', () => ID, { description: 'The registration.' }) registrationId: string) {
    return attempt('registration', async () => {
      const registration = await registrationOf(context, registrationId, '/registrationId');
      await context.modules.launches.resetAttempt(registration.id);
      return registration;
    });
  }
}
