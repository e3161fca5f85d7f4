import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Arg, Args, Ctx, Field, ID, InputType, Mutation, Query, Resolver } from 'type-graphql';
import { Access, ADMIN, ANYONE } from '../access.ts';
import { connection, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { fromGlobalId } from '../node.ts';
import { attempt, payloadType } from '../payload.ts';
import { Partner, PartnerConnection, PartnerKind, TokenRole } from './types.ts';

@InputType({ description: 'A partner to add.' })
export class PartnerCreateInput {
  @Field(() => String, { description: 'Its code; unique.' })
  code!: string;

  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => PartnerKind, { description: 'Its kind.' })
  kind!: keyof typeof PartnerKind;
}

@InputType({ description: 'What a partner may read.' })
export class AccessGrantCreateInput {
  @Field(() => ID, { description: 'The partner.' })
  partnerId!: string;

  @Field(() => ID, { description: 'The programme whose learners it may see.' })
  programId!: string;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether it sees names; else pseudonyms only.' })
  showsNames!: boolean;

  @Field(() => String, { description: 'What for, as the agreement says.' })
  purpose!: string;

  @Field(() => GraphQLDateTimeISO, { nullable: true, description: 'When it ends; left out while it is open.' })
  validTo?: Date | null;
}

@InputType({ description: 'A bearer token to make.' })
export class ApiTokenCreateInput {
  @Field(() => String, { description: 'What it is for, for whoever looks through the tokens later.' })
  label!: string;

  @Field(() => TokenRole, { description: 'Its role.' })
  role!: keyof typeof TokenRole;

  @Field(() => ID, { nullable: true, description: 'The partner, for PARTNER and VENDOR.' })
  partnerId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The learner, for LEARNER.' })
  learnerId?: string | null;

  @Field(() => GraphQLDateTimeISO, { nullable: true, description: 'When it ends; left out, it works until it is revoked.' })
  expiresAt?: Date | null;
}

const PartnerCreatePayload = payloadType('PartnerCreate', 'partner', () => Partner, 'The partner added.');
const AccessGrantCreatePayload = payloadType('AccessGrantCreate', 'partner', () => Partner, 'The partner with the new grant.');
const ApiTokenCreatePayload = payloadType('ApiTokenCreate', 'token', () => String, 'The token: it is shown this once.');

@Resolver()
export class AccessResolver {
  @Query(() => PartnerConnection, { description: 'Partners, by code.' })
  @Access(ANYONE)
  async partners(@Ctx() { modules }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { code: 'text' }, (limit, [after = null]) => modules.access.partners(limit, after));
  }

  @Mutation(() => PartnerCreatePayload, { description: 'Adds a partner.' })
  @Access(ADMIN)
  async partnerCreate(@Ctx() { modules }: GraphContext, @Arg('input', () => PartnerCreateInput, { description: 'The partner.' }) input: PartnerCreateInput) {
    return attempt('partner', async () => modules.access.createPartner({ code: input.code, name: input.name, kind: input.kind }));
  }

  @Mutation(() => AccessGrantCreatePayload, { description: 'Lets a partner read the learners of one programme.' })
  @Access(ADMIN)
  async accessGrantCreate(
    @Ctx() { modules, loaders }: GraphContext,
    @Arg('input', () => AccessGrantCreateInput, { description: 'The grant.' }) input: AccessGrantCreateInput,
  ) {
    return attempt('partner', async () => {
      const partnerId = fromGlobalId('Partner', input.partnerId, '/partnerId');
      await modules.access.createGrant({
        partnerId,
        programId: fromGlobalId('TrainingProgram', input.programId, '/programId'),
        showsNames: input.showsNames,
        purpose: input.purpose,
        validTo: input.validTo ?? null,
      });
      return loaders.partnerById.load(partnerId);
    });
  }

  @Mutation(() => ApiTokenCreatePayload, { description: 'Makes a bearer token for this API.' })
  @Access(ADMIN)
  async apiTokenCreate(@Ctx() { modules }: GraphContext, @Arg('input', () => ApiTokenCreateInput, { description: 'The token.' }) input: ApiTokenCreateInput) {
    return attempt('token', async () => {
      const { token } = await modules.access.createToken({
        label: input.label,
        role: input.role,
        partnerId: input.partnerId == null ? undefined : fromGlobalId('Partner', input.partnerId, '/partnerId'),
        learnerId: input.learnerId == null ? undefined : fromGlobalId('Learner', input.learnerId, '/learnerId'),
        expiresAt: input.expiresAt,
      });
      return token;
    });
  }
}
