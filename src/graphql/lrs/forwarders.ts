import { GraphQLDateTimeISO, GraphQLUUID } from 'graphql-scalars';
import { Arg, Args, Ctx, Field, FieldResolver, Float, ID, InputType, Int, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { type ForwarderRow, SHOWN_DEAD_LETTERS } from '../../modules/lrs/index.ts';
import { Access, ADMIN, Exposed } from '../access.ts';
import { connection, connectionType, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { boundedList } from '../limits.ts';
import { fromGlobalId } from '../node.ts';
import { Node } from '../node-interface.ts';
import { attempt, payloadType } from '../payload.ts';

@ObjectType({ description: 'A statement that the other LRS will not take, whatever is tried.' })
class DeadLetter {
  @Exposed(ADMIN, () => GraphQLUUID, 'The statement.')
  statementId!: string;

  @Exposed(ADMIN, () => Int, 'The HTTP status of the refusal.')
  status!: number;

  @Exposed(ADMIN, () => String, 'What the other LRS said, cut to 500 characters.')
  reason!: string;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'When it was refused last.')
  createdAt!: Date;
}

@ObjectType({ implements: Node, description: 'Another LRS that gets a copy of statements, in their order, at least once each.' })
class StatementForwarder extends Node {
  @Exposed(ADMIN, () => String, 'What it is for.')
  label!: string;

  @Exposed(ADMIN, () => String, 'Its xAPI endpoint.')
  endpoint!: string;

  @Exposed(ADMIN, () => String, 'The key we send with.')
  key!: string;

  @Exposed(ADMIN, () => String, 'Name of the secret in the settings.')
  secretName!: string;

  @Exposed(ADMIN, () => [String], 'Only statements with these verbs; empty for all. Voiding statements always go.')
  verbs!: readonly string[];

  @Exposed(ADMIN, () => [String], 'Only statements about an activity whose IRI begins with one of these; empty for all.')
  activityPrefixes!: readonly string[];

  @Exposed(ADMIN, () => Boolean, 'Whether it is on.')
  enabled!: boolean;

  @Exposed(ADMIN, () => Float, 'Position of the last statement it has, was not to have, or refused for good.')
  position!: number;

  @Exposed(ADMIN, () => Float, 'How many positions it is behind.')
  lag?: number;

  @Exposed(ADMIN, () => Int, 'How many times in a row it could not be reached.')
  attempts!: number;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'Not tried again before.')
  nextAttemptAt!: Date;

  @Exposed(ADMIN, () => String, 'Why the last try failed; null when it did not.', { nullable: true })
  lastError!: string | null;

  @Exposed(ADMIN, () => [DeadLetter], `Its dead letters, oldest first, at most ${SHOWN_DEAD_LETTERS}.`)
  deadLetters?: object[];
}

@InputType({ description: 'An LRS to forward statements to.' })
class StatementForwarderCreateInput {
  @Field(() => String, { description: 'What it is for.' })
  label!: string;

  @Field(() => String, { description: 'Its xAPI endpoint, an http or https URL, without /statements.' })
  endpoint!: string;

  @Field(() => String, { description: 'The key to send with.' })
  key!: string;

  @Field(() => String, { description: 'Name under which the secret stands in the setting FORWARD_SECRETS.' })
  secretName!: string;

  @Field(() => [String], { defaultValue: [], description: 'Only statements with these verbs, by IRI; empty for all. At most 100.' })
  verbs!: string[];

  @Field(() => [String], { defaultValue: [], description: 'Only statements about an activity whose IRI begins with one of these; empty for all. At most 100.' })
  activityPrefixes!: string[];

  @Field(() => Boolean, { defaultValue: false, description: 'Whether it gets what is stored already too.' })
  fromStart!: boolean;
}

const StatementForwarderConnection = connectionType('StatementForwarder', () => StatementForwarder);

@Resolver(() => StatementForwarder)
export class StatementForwarderResolver {
  @Query(() => StatementForwarderConnection, { description: 'LRSs that statements are forwarded to, in order of creation.' })
  @Access(ADMIN)
  async statementForwarders(@Ctx() { modules }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { id: 'uuid' }, (limit, [after = null]) => modules.forwarding.forwarders(limit, after));
  }

  @FieldResolver()
  @Access(ADMIN)
  async lag(@Root() forwarder: ForwarderRow, @Ctx() { loaders }: GraphContext): Promise<number> {
    return (await loaders.lastPosition.load('')) - forwarder.position;
  }

  @FieldResolver()
  @Access(ADMIN)
  async deadLetters(@Root() forwarder: ForwarderRow, @Ctx() { loaders }: GraphContext) {
    return loaders.deadLettersByForwarder.load(forwarder.id);
  }
}

const StatementForwarderCreatePayload = payloadType('StatementForwarderCreate', 'forwarder', () => StatementForwarder, 'The forwarder, on.');
const StatementForwarderSetEnabledPayload = payloadType('StatementForwarderSetEnabled', 'forwarder', () => StatementForwarder, 'The forwarder.');
const StatementForwarderRetryPayload = payloadType('StatementForwarderRetry', 'forwarder', () => StatementForwarder, 'The forwarder.');

@Resolver()
export class ForwarderMutations {
  @Mutation(() => StatementForwarderCreatePayload, { description: 'Begins to forward statements to another LRS.' })
  @Access(ADMIN)
  async statementForwarderCreate(
    @Ctx() { modules }: GraphContext,
    @Arg('input', () => StatementForwarderCreateInput, { description: 'The LRS.' }) input: StatementForwarderCreateInput,
  ) {
    return attempt('forwarder', async () => {
      const { id } = await modules.forwarding.create({
        label: input.label,
        endpoint: input.endpoint,
        key: input.key,
        secretName: input.secretName,
        verbs: boundedList(input.verbs, '/verbs'),
        activityPrefixes: boundedList(input.activityPrefixes, '/activityPrefixes'),
        fromStart: input.fromStart,
      });
      return modules.forwarding.byId(id);
    });
  }

  @Mutation(() => StatementForwarderSetEnabledPayload, { description: 'Pauses a forwarder, or lets it go on from where it is.' })
  @Access(ADMIN)
  async statementForwarderSetEnabled(
    @Ctx() { modules }: GraphContext,
    @Arg('id', () => ID, { description: 'The forwarder.' }) id: string,
    @Arg('enabled', () => Boolean, { description: 'Whether it is to be on.' }) enabled: boolean,
  ) {
    return attempt('forwarder', async () => {
      const uuid = fromGlobalId('StatementForwarder', id, '/id');
      await modules.forwarding.setEnabled(uuid, enabled);
      return modules.forwarding.byId(uuid);
    });
  }

  @Mutation(() => StatementForwarderRetryPayload, { description: 'Has every dead letter of a forwarder sent once more.' })
  @Access(ADMIN)
  async statementForwarderRetry(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The forwarder.' }) id: string) {
    return attempt('forwarder', async () => {
      const uuid = fromGlobalId('StatementForwarder', id, '/id');
      await modules.forwarding.retryDeadLetters(uuid);
      return modules.forwarding.byId(uuid);
    });
  }
}
