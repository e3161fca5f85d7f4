import { GraphQLDateTimeISO, GraphQLUUID } from 'graphql-scalars';
import { Arg, Args, Ctx, Field, FieldResolver, ID, InputType, Int, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import type { CredentialListing, XapiScope } from '../../modules/access/index.ts';
import { actorKey } from '../../modules/lrs/index.ts';
import { Access, ADMIN, Exposed } from '../access.ts';
import { connection, connectionType, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { boundedList } from '../limits.ts';
import { fromGlobalId } from '../node.ts';
import { Node } from '../node-interface.ts';
import { attempt, payloadType } from '../payload.ts';
import { Partner } from './types.ts';

const SCOPES = 'statements/write, statements/read/mine, statements/read, state, define, profile, all/read, all';

@ObjectType({ implements: Node, description: 'Credentials by which content or a service sends and reads statements over xAPI.' })
class LrsCredential extends Node {
  @Exposed(ADMIN, () => String, 'What it is for.')
  label!: string;

  @Exposed(ADMIN, () => String, 'Its key, the user name of Basic authentication. The secret is shown once, when it is made.')
  key!: string;

  @Exposed(ADMIN, () => [String], `What it may do: ${SCOPES}.`)
  scopes!: readonly string[];

  @Exposed(ADMIN, () => String, 'The Agent that becomes the authority of its statements, as JSON.')
  authority!: string;

  @Exposed(ADMIN, () => GraphQLUUID, 'The key of that authority: by it rules say whom they trust, and up to which level.')
  authorityKey!: string;

  @Exposed(ADMIN, () => Partner, 'The partner it belongs to.', { nullable: true })
  partner?: Partner;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'When it was made.')
  createdAt!: Date;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'Until when the secret before the last rotation works; null when it was never rotated.', { nullable: true })
  previousUntil!: Date | null;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'When it was revoked; null while it works.', { nullable: true })
  revokedAt!: Date | null;
}

@ObjectType({ description: 'A credential with its secret, shown this once.' })
class LrsCredentialSecret {
  @Exposed(ADMIN, () => LrsCredential, 'The credential.')
  credential!: object;

  @Exposed(ADMIN, () => String, 'The key.')
  key!: string;

  @Exposed(ADMIN, () => String, 'The secret; it is nowhere else.')
  secret!: string;
}

@InputType({ description: 'An xAPI credential to make.' })
class LrsCredentialCreateInput {
  @Field(() => String, { description: 'What it is for, for whoever looks through the credentials later.' })
  label!: string;

  @Field(() => [String], { defaultValue: ['statements/write', 'statements/read/mine'], description: `What it may do: ${SCOPES}.` })
  scopes!: string[];

  @Field(() => String, { description: 'Home page of the account that becomes the authority of its statements; an absolute IRI.' })
  authorityHomePage!: string;

  @Field(() => String, { description: 'Name of that account.' })
  authorityName!: string;

  @Field(() => ID, { nullable: true, description: 'The partner it belongs to; a vendor is told what became of statements sent with its own.' })
  partnerId?: string | null;
}

const LrsCredentialConnection = connectionType('LrsCredential', () => LrsCredential);

@Resolver(() => LrsCredential)
export class LrsCredentialResolver {
  @Query(() => LrsCredentialConnection, { description: 'xAPI credentials, by key, revoked ones too.' })
  @Access(ADMIN)
  async lrsCredentials(@Ctx() { modules }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { key: 'text' }, (limit, [after = null]) => modules.access.credentials(limit, after));
  }

  @FieldResolver()
  @Access(ADMIN)
  async partner(@Root() credential: CredentialListing, @Ctx() { loaders }: GraphContext) {
    return credential.partnerId === null ? null : loaders.partnerById.load(credential.partnerId);
  }
}

const LrsCredentialCreatePayload = payloadType('LrsCredentialCreate', 'made', () => LrsCredentialSecret, 'The credential with its secret.');
const LrsCredentialRotatePayload = payloadType('LrsCredentialRotate', 'made', () => LrsCredentialSecret, 'The credential with its new secret.');
const LrsCredentialRevokePayload = payloadType('LrsCredentialRevoke', 'credential', () => LrsCredential, 'The credential, revoked.');

@Resolver()
export class CredentialMutations {
  @Mutation(() => LrsCredentialCreatePayload, { description: 'Makes an xAPI credential.' })
  @Access(ADMIN)
  async lrsCredentialCreate(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => LrsCredentialCreateInput, { description: 'The credential.' }) input: LrsCredentialCreateInput,
  ) {
    return attempt('made', async () => {
      const { id, key, secret } = await modules.access.createCredential({
        label: input.label,
        // The module names each scope that is none.
        scopes: boundedList(input.scopes, '/scopes') as readonly XapiScope[],
        authority: { homePage: input.authorityHomePage, name: input.authorityName },
        authorityKey: actorKey,
        partnerId: input.partnerId == null ? undefined : fromGlobalId('Partner', input.partnerId, '/partnerId'),
      });
      return { credential: await modules.access.credentialById(id), key, secret };
    });
  }

  @Mutation(() => LrsCredentialRotatePayload, { description: 'Gives a credential a new secret; the one before works for a while longer.' })
  @Access(ADMIN)
  async lrsCredentialRotate(
    @Ctx() { modules }: GraphContext,
    @Arg('id', () => ID, { description: 'The credential.' }) id: string,
    @Arg('graceHours', () => Int, { defaultValue: 24, description: 'For how many hours the secret before still works, 0 to 720.' }) graceHours: number,
  ) {
    return attempt('made', async () => {
      const uuid = fromGlobalId('LrsCredential', id, '/id');
      const made = await modules.access.rotateCredential(uuid, graceHours);
      return { credential: await modules.access.credentialById(uuid), ...made };
    });
  }

  @Mutation(() => LrsCredentialRevokePayload, { description: 'Ends a credential: within seconds no process accepts it any more.' })
  @Access(ADMIN)
  async lrsCredentialRevoke(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The credential.' }) id: string) {
    return attempt('credential', async () => {
      const uuid = fromGlobalId('LrsCredential', id, '/id');
      await modules.access.revokeCredential(uuid);
      return modules.access.credentialById(uuid);
    });
  }
}
