import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Arg, Args, Ctx, Field, FieldResolver, ID, InputType, Int, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { AppError } from '../../kernel/errors.ts';
import type { LearnerRow } from '../../modules/people/index.ts';
import type { AssessmentRow, ClaimRow, EvidenceRow, OverrideRow } from '../../modules/progress/index.ts';
import { Partner } from '../access/types.ts';
import { Access, ADMIN, ADMIN_OR_SELF, Exposed, READERS } from '../access.ts';
import { Competency } from '../competency/types.ts';
import { connection, connectionType, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { enumType } from '../enums.ts';
import { fromGlobalId } from '../node.ts';
import { Node } from '../node-interface.ts';
import { attempt, payloadType } from '../payload.ts';
import { Learner } from '../people/types.ts';
import type { ProgressRoot } from './progress-rows.ts';
import { CompetencyProgress, Evidence } from './types.ts';

const AssessmentKind = enumType('AssessmentKind', 'Who judges.', {
  ASSESSOR: 'An assessor (asesor).',
  SUPERVISOR: 'A supervisor (atasan).',
});
const ClaimStatus = enumType('PriorLearningClaimStatus', 'How far a claim of prior learning is.', {
  SUBMITTED: 'It waits for a reviewer.',
  IN_REVIEW: 'A reviewer has taken it up.',
  ACCEPTED: 'It counts.',
  REJECTED: 'It does not.',
});

@ObjectType({ implements: Node, description: 'What an assessor or a supervisor saw in somebody else.' })
class Assessment extends Node {
  @Exposed(ADMIN_OR_SELF, () => AssessmentKind, 'Who judged.')
  kind!: string;

  @Exposed(ADMIN_OR_SELF, () => Competency, 'In what.', { nullable: true })
  competency?: Competency;

  @Exposed(ADMIN_OR_SELF, () => Int, 'The level.')
  level!: number;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Whether the level was seen, or seen to be missing.')
  positive!: boolean;

  @Exposed(ADMIN_OR_SELF, () => Int, 'Its weight, in thousandths.')
  weight!: number;

  @Exposed(ADMIN, () => Learner, 'The civil servant who judged.', { nullable: true })
  assessor?: Learner;

  @Exposed(ADMIN_OR_SELF, () => Partner, 'The body that judged.', { nullable: true })
  assessorPartner?: Partner;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When it was seen.')
  occurredAt!: Date;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'From when on it counts no more.', { nullable: true })
  validUntil!: Date | null;

  @Exposed(ADMIN_OR_SELF, () => String, 'What was seen, in words; empty when nothing was written.')
  note!: string;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When it was taken back.', { nullable: true })
  withdrawnAt!: Date | null;
}

@ObjectType({ implements: Node, description: 'Prior learning (RPL): what was learned elsewhere, and what a reviewer says to it.' })
class PriorLearningClaim extends Node {
  @Exposed(ADMIN_OR_SELF, () => Learner, 'Whose.', { nullable: true })
  learner?: Learner;

  @Exposed(ADMIN_OR_SELF, () => Competency, 'In what.', { nullable: true })
  competency?: Competency;

  @Exposed(ADMIN_OR_SELF, () => Int, 'The level claimed.')
  level!: number;

  @Exposed(ADMIN_OR_SELF, () => String, 'What was learned, and how it shows.')
  description!: string;

  @Exposed(ADMIN_OR_SELF, () => String, 'Who attests it.')
  issuer!: string;

  @Exposed(ADMIN_OR_SELF, () => String, 'Where the document is.', { nullable: true })
  documentUrl!: string | null;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When it was achieved; accepted, it counts from then on.')
  achievedOn!: Date;

  @Exposed(ADMIN_OR_SELF, () => ClaimStatus, 'How far it is.')
  status!: string;

  @Exposed(ADMIN, () => Learner, 'Who reviews it.', { nullable: true })
  reviewer?: Learner;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When it was decided.', { nullable: true })
  decidedAt!: Date | null;

  @Exposed(ADMIN_OR_SELF, () => String, 'Why it was decided so.', { nullable: true })
  decisionReason!: string | null;

  @Exposed(ADMIN_OR_SELF, () => Int, 'The level accepted.', { nullable: true })
  acceptedLevel!: number | null;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'From when on it counts no more.', { nullable: true })
  validUntil!: Date | null;
}
const PriorLearningClaimConnection = connectionType('PriorLearningClaim', () => PriorLearningClaim);

@ObjectType({ implements: Node, description: 'A level that somebody answers for, for a time. It stands beside the computed one.' })
class CompetencyOverride extends Node {
  @Exposed(READERS, () => Competency, 'In what.', { nullable: true })
  competency?: Competency;

  @Exposed(READERS, () => Int, 'The level.')
  level!: number;

  @Exposed(ADMIN_OR_SELF, () => String, 'Why.')
  reason!: string;

  @Exposed(ADMIN, () => Learner, 'Who answers for it.', { nullable: true })
  decidedBy?: Learner;

  @Exposed(READERS, () => GraphQLDateTimeISO, 'From when on.')
  validFrom!: Date;

  @Exposed(READERS, () => GraphQLDateTimeISO, 'Until when.')
  validUntil!: Date;

  @Exposed(READERS, () => Boolean, 'Whether the parents of the competency look at it.')
  countsForRollup!: boolean;

  @Exposed(READERS, () => GraphQLDateTimeISO, 'When it was ended before its time.', { nullable: true })
  revokedAt!: Date | null;
}

@Resolver(() => Assessment)
export class AssessmentResolver {
  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async competency(@Root() { itemId }: AssessmentRow, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(itemId);
  }

  @FieldResolver()
  @Access(ADMIN)
  async assessor(@Root() { assessorLearnerId }: AssessmentRow, @Ctx() { loaders }: GraphContext) {
    return assessorLearnerId === null ? null : loaders.learnerById.load(assessorLearnerId);
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async assessorPartner(@Root() { assessorPartnerId }: AssessmentRow, @Ctx() { loaders }: GraphContext) {
    return assessorPartnerId === null ? null : loaders.partnerById.load(assessorPartnerId);
  }
}

@Resolver(() => PriorLearningClaim)
export class PriorLearningClaimResolver {
  @Query(() => PriorLearningClaimConnection, { description: 'Claims of prior learning in one state, oldest first.' })
  @Access(ADMIN)
  async priorLearningClaims(
    @Ctx() { modules }: GraphContext,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('status', () => ClaimStatus, { defaultValue: 'SUBMITTED', description: 'The state.' }) status: keyof typeof ClaimStatus,
  ) {
    return connection(args, { id: 'uuid' }, (limit, [after = null]) => modules.progress.others.claimsByStatus(status, limit, after));
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async learner(@Root() { learnerId }: ClaimRow, @Ctx() { loaders }: GraphContext) {
    return loaders.learnerById.load(learnerId);
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async competency(@Root() { itemId }: ClaimRow, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(itemId);
  }

  @FieldResolver()
  @Access(ADMIN)
  async reviewer(@Root() { reviewerId }: ClaimRow, @Ctx() { loaders }: GraphContext) {
    return reviewerId === null ? null : loaders.learnerById.load(reviewerId);
  }
}

@Resolver(() => CompetencyOverride)
export class CompetencyOverrideResolver {
  @FieldResolver()
  @Access(READERS)
  async competency(@Root() { itemId }: OverrideRow, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(itemId);
  }

  @FieldResolver()
  @Access(ADMIN)
  async decidedBy(@Root() { decidedById }: OverrideRow, @Ctx() { loaders }: GraphContext) {
    return decidedById === null ? null : loaders.learnerById.load(decidedById);
  }
}

/** What other evidence adds to types that are described elsewhere. */
@Resolver(() => Learner)
export class LearnerJudgementsResolver {
  @FieldResolver(() => [Assessment], { description: 'What assessors and supervisors saw in them, newest first.' })
  @Access(ADMIN_OR_SELF)
  async assessments(@Root() { id }: LearnerRow, @Ctx() { loaders }: GraphContext) {
    return loaders.assessmentsByLearner.load(id);
  }

  @FieldResolver(() => [PriorLearningClaim], { description: 'Their claims of prior learning, newest first.' })
  @Access(ADMIN_OR_SELF)
  async priorLearningClaims(@Root() { id }: LearnerRow, @Ctx() { loaders }: GraphContext) {
    return loaders.claimsByLearner.load(id);
  }

  @FieldResolver(() => [CompetencyOverride], { description: 'Levels set for them for a time, newest first.' })
  @Access(ADMIN_OR_SELF)
  async competencyOverrides(@Root() { id }: LearnerRow, @Ctx() { loaders }: GraphContext) {
    return loaders.overridesByLearner.load(id);
  }
}

@Resolver(() => Evidence)
export class OtherEvidenceResolver {
  @FieldResolver(() => Assessment, { nullable: true, description: 'The assessment it is; null for evidence of another kind.' })
  @Access(ADMIN_OR_SELF)
  async assessment(@Root() { kind, sourceId }: EvidenceRow, @Ctx() { loaders }: GraphContext) {
    return sourceId === null || kind === 'PRIOR_LEARNING' ? null : loaders.assessmentById.load(sourceId);
  }

  @FieldResolver(() => PriorLearningClaim, { nullable: true, description: 'The claim it is; null for evidence of another kind.' })
  @Access(ADMIN_OR_SELF)
  async priorLearningClaim(@Root() { kind, sourceId }: EvidenceRow, @Ctx() { loaders }: GraphContext) {
    return sourceId === null || kind !== 'PRIOR_LEARNING' ? null : loaders.claimById.load(sourceId);
  }
}

@Resolver(() => CompetencyProgress)
export class ProgressOverrideResolver {
  @FieldResolver(() => CompetencyOverride, { nullable: true, description: 'What sets the level at that instant in place of the computed one.' })
  @Access(READERS)
  async override(@Root() { source, learnerId, itemId, at }: ProgressRoot, @Ctx() { loaders }: GraphContext) {
    if (source !== 'OVERRIDE') return null;
    const own = await loaders.overridesByLearner.load(learnerId);
    // Newest first, as the fold takes them.
    return own.find((one) => one.itemId === itemId && one.validFrom <= at && at < one.validUntil && (one.revokedAt === null || at < one.revokedAt)) ?? null;
  }
}

@InputType({ description: 'What an assessor or a supervisor saw.' })
class AssessmentCreateInput {
  @Field(() => ID, { description: 'In whom.' })
  learnerId!: string;

  @Field(() => ID, { description: 'In what.' })
  competencyId!: string;

  @Field(() => AssessmentKind, { description: 'Who judges.' })
  kind!: keyof typeof AssessmentKind;

  @Field(() => Int, { description: 'The level.' })
  level!: number;

  @Field(() => Boolean, { defaultValue: true, description: 'Whether the level was seen, or seen to be missing.' })
  positive!: boolean;

  @Field(() => Int, { defaultValue: 1_000, description: 'Its weight in thousandths, 1 to 1000.' })
  weight!: number;

  @Field(() => ID, { nullable: true, description: 'The civil servant who judges; not the one judged.' })
  assessorId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The body that judges, in place of a civil servant.' })
  assessorPartnerId?: string | null;

  @Field(() => GraphQLDateTimeISO, { description: 'When it was seen.' })
  occurredAt!: Date;

  @Field(() => GraphQLDateTimeISO, { nullable: true, description: 'From when on it counts no more; left out for ever.' })
  validUntil?: Date | null;

  @Field(() => String, { defaultValue: '', description: 'What was seen, in words.' })
  note!: string;
}

@InputType({ description: 'A claim of prior learning.' })
class PriorLearningClaimSubmitInput {
  @Field(() => ID, { nullable: true, description: 'Whose; a learner claims for themselves and leaves it out.' })
  learnerId?: string | null;

  @Field(() => ID, { description: 'In what.' })
  competencyId!: string;

  @Field(() => Int, { description: 'The level claimed.' })
  level!: number;

  @Field(() => String, { description: 'What was learned, and how it shows.' })
  description!: string;

  @Field(() => String, { description: 'Who attests it.' })
  issuer!: string;

  @Field(() => String, { nullable: true, description: 'Where the document is: an http or https address.' })
  documentUrl?: string | null;

  @Field(() => GraphQLDateTimeISO, { description: 'When it was achieved; not in the future.' })
  achievedOn!: Date;
}

@InputType({ description: 'What a reviewer decides.' })
class PriorLearningClaimDecideInput {
  @Field(() => ID, { description: 'The claim.' })
  id!: string;

  @Field(() => ID, { description: 'The civil servant who decides; not the one who claims.' })
  reviewerId!: string;

  @Field(() => Boolean, { description: 'Whether it is accepted.' })
  accept!: boolean;

  @Field(() => Int, { nullable: true, description: 'The level accepted; left out, the one claimed.' })
  level?: number | null;

  @Field(() => GraphQLDateTimeISO, { nullable: true, description: 'From when on it counts no more; left out for ever.' })
  validUntil?: Date | null;

  @Field(() => String, { description: 'Why.' })
  reason!: string;
}

@InputType({ description: 'A level set for a time.' })
class CompetencyOverrideCreateInput {
  @Field(() => ID, { description: 'Whose.' })
  learnerId!: string;

  @Field(() => ID, { description: 'In what.' })
  competencyId!: string;

  @Field(() => Int, { description: 'The level; 0 for none.' })
  level!: number;

  @Field(() => String, { description: 'Why.' })
  reason!: string;

  @Field(() => ID, { description: 'The civil servant who answers for it; not the one concerned.' })
  decidedById!: string;

  @Field(() => GraphQLDateTimeISO, { description: 'From when on.' })
  validFrom!: Date;

  @Field(() => GraphQLDateTimeISO, { description: 'Until when.' })
  validUntil!: Date;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether the parents of the competency look at it.' })
  countsForRollup!: boolean;
}

const AssessmentCreatePayload = payloadType('AssessmentCreate', 'assessment', () => Assessment, 'The assessment.');
const AssessmentWithdrawPayload = payloadType('AssessmentWithdraw', 'assessment', () => Assessment, 'The assessment, taken back.');
const ClaimSubmitPayload = payloadType('PriorLearningClaimSubmit', 'priorLearningClaim', () => PriorLearningClaim, 'The claim.');
const ClaimReviewPayload = payloadType('PriorLearningClaimReview', 'priorLearningClaim', () => PriorLearningClaim, 'The claim, in review.');
const ClaimDecidePayload = payloadType('PriorLearningClaimDecide', 'priorLearningClaim', () => PriorLearningClaim, 'The claim, decided.');
const OverrideCreatePayload = payloadType('CompetencyOverrideCreate', 'competencyOverride', () => CompetencyOverride, 'The override.');
const OverrideRevokePayload = payloadType('CompetencyOverrideRevoke', 'competencyOverride', () => CompetencyOverride, 'The override, ended.');

@Resolver()
export class OtherEvidenceMutations {
  @Mutation(() => AssessmentCreatePayload, { description: 'Writes down what an assessor or a supervisor saw. Nobody judges themselves.' })
  @Access(ADMIN)
  async assessmentCreate(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => AssessmentCreateInput, { description: 'The assessment.' }) input: AssessmentCreateInput,
  ) {
    return attempt('assessment', async () =>
      modules.progress.others.assess({
        learnerId: fromGlobalId('Learner', input.learnerId, '/learnerId'),
        itemId: fromGlobalId('Competency', input.competencyId, '/competencyId'),
        kind: input.kind,
        level: input.level,
        positive: input.positive,
        weight: input.weight,
        assessorLearnerId: input.assessorId == null ? null : fromGlobalId('Learner', input.assessorId, '/assessorId'),
        assessorPartnerId: input.assessorPartnerId == null ? null : fromGlobalId('Partner', input.assessorPartnerId, '/assessorPartnerId'),
        occurredAt: input.occurredAt,
        validUntil: input.validUntil ?? null,
        note: input.note,
      }),
    );
  }

  @Mutation(() => AssessmentWithdrawPayload, { description: 'Takes an assessment back, as if it had never been.' })
  @Access(ADMIN)
  async assessmentWithdraw(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The assessment.' }) id: string) {
    return attempt('assessment', async () => modules.progress.others.withdraw(fromGlobalId('Assessment', id, '/id')));
  }

  @Mutation(() => ClaimSubmitPayload, { description: 'Claims prior learning; it counts once a reviewer accepts it.' })
  @Access(ADMIN_OR_SELF)
  async priorLearningClaimSubmit(
    @Ctx() { modules, viewer }: GraphContext,
    @Arg('input', () => PriorLearningClaimSubmitInput, { description: 'The claim.' }) input: PriorLearningClaimSubmitInput,
  ) {
    return attempt('priorLearningClaim', async () => {
      const given = input.learnerId == null ? null : fromGlobalId('Learner', input.learnerId, '/learnerId');
      const learnerId = viewer.role === 'LEARNER' ? viewer.learnerId : given;
      const refuse = (code: 'FORBIDDEN' | 'INVALID_INPUT', rule: string, message: string) =>
        new AppError(code, message, [{ path: '/learnerId', rule, message }]);
      if (viewer.role === 'LEARNER' && given !== null && given !== learnerId) throw refuse('FORBIDDEN', 'own-claim', 'a learner claims for themselves');
      if (learnerId === null) throw refuse('INVALID_INPUT', 'required', 'whose claim it is must be said');
      return modules.progress.others.submitClaim({
        learnerId,
        itemId: fromGlobalId('Competency', input.competencyId, '/competencyId'),
        level: input.level,
        description: input.description,
        issuer: input.issuer,
        documentUrl: input.documentUrl ?? null,
        achievedOn: input.achievedOn,
      });
    });
  }

  @Mutation(() => ClaimReviewPayload, { description: 'A reviewer takes up a claim.' })
  @Access(ADMIN)
  async priorLearningClaimReview(
    @Ctx() { modules }: GraphContext,
    @Arg('id', () => ID, { description: 'The claim.' }) id: string,
    @Arg('reviewerId', () => ID, { description: 'The civil servant who reviews; not the one who claims.' }) reviewerId: string,
  ) {
    return attempt('priorLearningClaim', async () =>
      modules.progress.others.reviewClaim(fromGlobalId('PriorLearningClaim', id, '/id'), fromGlobalId('Learner', reviewerId, '/reviewerId')),
    );
  }

  @Mutation(() => ClaimDecidePayload, { description: 'Accepts or rejects a claim, for good.' })
  @Access(ADMIN)
  async priorLearningClaimDecide(
    @Ctx() { modules, loaders }: GraphContext,
    @Arg('input', () => PriorLearningClaimDecideInput, { description: 'The decision.' }) input: PriorLearningClaimDecideInput,
  ) {
    return attempt('priorLearningClaim', async () => {
      const claimId = fromGlobalId('PriorLearningClaim', input.id, '/id');
      const level = input.level ?? (await loaders.claimById.load(claimId))?.level ?? 0;
      return modules.progress.others.decideClaim({
        claimId,
        reviewerId: fromGlobalId('Learner', input.reviewerId, '/reviewerId'),
        reason: input.reason,
        accepted: input.accept ? { level, validUntil: input.validUntil ?? null } : null,
      });
    });
  }

  @Mutation(() => OverrideCreatePayload, { description: 'Sets a level for a time, beside the computed one. Nobody sets their own.' })
  @Access(ADMIN)
  async competencyOverrideCreate(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => CompetencyOverrideCreateInput, { description: 'The override.' }) input: CompetencyOverrideCreateInput,
  ) {
    return attempt('competencyOverride', async () =>
      modules.progress.others.override({
        learnerId: fromGlobalId('Learner', input.learnerId, '/learnerId'),
        itemId: fromGlobalId('Competency', input.competencyId, '/competencyId'),
        level: input.level,
        reason: input.reason,
        decidedById: fromGlobalId('Learner', input.decidedById, '/decidedById'),
        validFrom: input.validFrom,
        validUntil: input.validUntil,
        countsForRollup: input.countsForRollup,
      }),
    );
  }

  @Mutation(() => OverrideRevokePayload, { description: 'Ends an override now.' })
  @Access(ADMIN)
  async competencyOverrideRevoke(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The override.' }) id: string) {
    return attempt('competencyOverride', async () => modules.progress.others.revokeOverride(fromGlobalId('CompetencyOverride', id, '/id')));
  }
}
