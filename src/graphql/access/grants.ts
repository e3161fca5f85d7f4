import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Arg, Args, Ctx, FieldResolver, ID, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import type { GrantRow, PartnerRow, TokenListing } from '../../modules/access/index.ts';
import { Access, ADMIN, Exposed } from '../access.ts';
import { connection, connectionType, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { fromGlobalId } from '../node.ts';
import { Node } from '../node-interface.ts';
import { attempt, payloadType } from '../payload.ts';
import { Learner } from '../people/types.ts';
import { TrainingProgram } from '../training/types.ts';
import { Partner, TokenRole } from './types.ts';

@ObjectType({ implements: Node, description: 'A bearer token for this API. The token itself is shown once, when it is made.' })
class ApiToken extends Node {
  @Exposed(ADMIN, () => String, 'What it is for.')
  label!: string;

  @Exposed(ADMIN, () => TokenRole, 'Its role.')
  role!: string;

  @Exposed(ADMIN, () => Partner, 'The partner it belongs to, for PARTNER and VENDOR.', { nullable: true })
  partner?: Partner;

  @Exposed(ADMIN, () => Learner, 'The learner it belongs to, for LEARNER.', { nullable: true })
  learner?: Learner;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'When it was made.')
  createdAt!: Date;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'When it ends; null while nothing is set.', { nullable: true })
  expiresAt!: Date | null;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'When it was revoked; null while it was not.', { nullable: true })
  revokedAt!: Date | null;
}
const ApiTokenConnection = connectionType('ApiToken', () => ApiToken);

@ObjectType({ implements: Node, description: 'What a partner may read: the learners of one programme.' })
class AccessGrant extends Node {
  @Exposed(ADMIN, () => TrainingProgram, 'The programme.', { nullable: true })
  program?: TrainingProgram;

  @Exposed(ADMIN, () => Boolean, 'Whether the partner sees names; else pseudonyms only.')
  showsNames!: boolean;

  @Exposed(ADMIN, () => String, 'What for, as the agreement says.')
  purpose!: string;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'From when it holds.')
  validFrom!: Date;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'When it ends; null while it is open.', { nullable: true })
  validTo!: Date | null;
}

const ApiTokenRevokePayload = payloadType('ApiTokenRevoke', 'apiToken', () => ApiToken, 'The token, revoked.');
const AccessGrantEndPayload = payloadType('AccessGrantEnd', 'partner', () => Partner, 'The partner whose grant ended.');

@Resolver(() => ApiToken)
export class ApiTokenResolver {
  @Query(() => ApiTokenConnection, { description: 'Bearer tokens in the order in which they were made, revoked ones too.' })
  @Access(ADMIN)
  async apiTokens(@Ctx() { modules }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { id: 'uuid' }, (limit, [after = null]) => modules.access.tokens(limit, after));
  }

  @FieldResolver()
  @Access(ADMIN)
  async partner(@Root() { partnerId }: TokenListing, @Ctx() { loaders }: GraphContext) {
    return partnerId === null ? null : loaders.partnerById.load(partnerId);
  }

  @FieldResolver()
  @Access(ADMIN)
  async learner(@Root() { learnerId }: TokenListing, @Ctx() { loaders }: GraphContext) {
    return learnerId === null ? null : loaders.learnerById.load(learnerId);
  }

  @Mutation(() => ApiTokenRevokePayload, { description: 'Ends a bearer token: from now on no process accepts it.' })
  @Access(ADMIN)
  async apiTokenRevoke(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The token.' }) id: string) {
    return attempt('apiToken', async () => {
      const uuid = fromGlobalId('ApiToken', id, '/id');
      await modules.access.revokeToken(uuid);
      return modules.access.tokenById(uuid);
    });
  }
}

@Resolver(() => Partner)
export class PartnerResolver {
  @FieldResolver(() => [AccessGrant], { description: 'What it may read and might once, latest first.' })
  @Access(ADMIN)
  async grants(@Root() { id }: PartnerRow, @Ctx() { loaders }: GraphContext) {
    return loaders.grantsByPartner.load(id);
  }
}

@Resolver(() => AccessGrant)
export class AccessGrantResolver {
  @FieldResolver()
  @Access(ADMIN)
  async program(@Root() { programId }: GrantRow, @Ctx() { loaders }: GraphContext) {
    return loaders.programById.load(programId);
  }

  @Mutation(() => AccessGrantEndPayload, { description: 'Ends what a partner may read, now.' })
  @Access(ADMIN)
  async accessGrantEnd(@Ctx() { modules, loaders }: GraphContext, @Arg('id', () => ID, { description: 'The grant.' }) id: string) {
    return attempt('partner', async () => loaders.partnerById.load(await modules.access.endGrant(fromGlobalId('AccessGrant', id, '/id'))));
  }
}
