import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Arg, Args, Ctx, Field, FieldResolver, ID, InputType, Int, Mutation, ObjectType, Query, Resolver, Root, Subscription } from 'type-graphql';
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts';
import type { FeedEvent, WebhookRow } from '../../modules/progress/index.ts';
import { Partner } from '../access/types.ts';
import { Access, ADMIN, Exposed, READERS } from '../access.ts';
import { connection, connectionType, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { fromGlobalId } from '../node.ts';
import { Node } from '../node-interface.ts';
import { attempt, payloadType } from '../payload.ts';
import { Learner } from '../people/types.ts';
import { ProgressEvent } from './types.ts';

const ProgressEventConnection = connectionType('ProgressEvent', () => ProgressEvent);

@ObjectType({ description: 'A change of level as it comes, with its place in the feed.' })
class ProgressChange {
  @Exposed(READERS, () => String, 'Its place: pass it as `after` to go on behind it.')
  cursor!: string;

  @Exposed(READERS, () => ProgressEvent, 'The change.')
  event!: ProgressEvent;
}

@ObjectType({ implements: Node, description: 'Another system that is told of changes of level, signed and in order.' })
class Webhook extends Node {
  @Exposed(ADMIN, () => String, 'What it is called.')
  label!: string;

  @Exposed(ADMIN, () => String, 'Where it is told.')
  url!: string;

  @Exposed(ADMIN, () => String, 'Name of its secret in the settings.')
  secretName!: string;

  @Exposed(ADMIN, () => Partner, 'Whose learners it is told of; null for all.', { nullable: true })
  partner?: Partner;

  @Exposed(ADMIN, () => Boolean, 'Whether it is told now.')
  enabled!: boolean;

  @Exposed(ADMIN, () => Int, 'Events it has not been told yet, those that are not for it included.')
  behind?: number;

  @Exposed(ADMIN, () => Int, 'How often it was tried in vain since it last took something.')
  attempts!: number;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'When it is tried next, if something waits.')
  nextAttemptAt!: Date;

  @Exposed(ADMIN, () => String, 'What went wrong last; null when nothing did.', { nullable: true })
  lastError!: string | null;
}
const WebhookConnection = connectionType('Webhook', () => Webhook);

const toId = (id: string | null | undefined): string | null => (id == null ? null : fromGlobalId('Learner', id, '/learnerId'));

/** Our own id of a learner as the viewer names them; an id out of reach matches nothing. */
async function ownLearnerId({ modules, viewer }: GraphContext, id: string | null | undefined): Promise<string | null> {
  const publicId = toId(id);
  if (publicId === null) return null;
  const [learner] = await modules.people.learnersByPublicId(viewer, [publicId]);
  return learner?.id ?? '00000000-0000-0000-0000-000000000000';
}

interface FollowArguments {
  readonly after?: string | null;
  readonly learnerId?: string | null;
}

/** A follower lives long: what was loaded for one event must not answer the next. */
async function* renewed(context: GraphContext, events: AsyncIterable<FeedEvent>): AsyncGenerator<FeedEvent> {
  for await (const event of events) {
    context.renew();
    yield event;
  }
}

/** @throws AppError INVALID_INPUT for a cursor of another list. */
async function follow(context: GraphContext, { after, learnerId }: FollowArguments): Promise<AsyncIterable<FeedEvent>> {
  const { modules, viewer, isStillValid } = context;
  const [position] = after == null ? [] : decodeCursor(after, ['bigint'], '/after');
  const from = position === undefined ? null : Number(position);
  return renewed(context, modules.progress.feed.follow({ viewer, after: from, learnerId: await ownLearnerId(context, learnerId), isStillValid }));
}

@Resolver(() => ProgressEvent)
export class FeedResolver {
  @Query(() => ProgressEventConnection, {
    description:
      'Changes of level that the token may see, in one order for everybody. Keep the last cursor and ask again: nothing is missed and nothing comes twice.',
  })
  @Access(READERS)
  async progressChanges(
    @Ctx() context: GraphContext,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('learnerId', () => ID, { nullable: true, description: 'Only this learner.' }) learnerId?: string | null,
  ) {
    const own = await ownLearnerId(context, learnerId);
    return connection<FeedEvent>(args, { position: 'bigint' }, (limit, [after = '0']) =>
      context.modules.progress.feed.page(context.viewer, Number(after), limit, own),
    );
  }

  @Subscription(() => ProgressChange, {
    description: 'Changes of level as they come, over server-sent events at /graphql/stream.',
    subscribe: (({ args, context }: { args: FollowArguments; context: GraphContext }) => follow(context, args)) as never,
  })
  @Access(READERS)
  progressChanged(
    @Root() event: FeedEvent,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the last change seen; left out, it begins with what happens from now on.' })
    _after?: string | null,
    @Arg('learnerId', () => ID, { nullable: true, description: 'Only this learner.' }) _learnerId?: string | null,
  ) {
    return { cursor: encodeCursor([String(event.position)]), event };
  }

  @FieldResolver(() => Learner, { nullable: true, description: 'Whose level changed.' })
  @Access(READERS)
  async learner(@Root() { learnerId }: FeedEvent, @Ctx() { loaders }: GraphContext) {
    return loaders.learnerById.load(learnerId);
  }
}

@InputType({ description: 'A system to tell of changes of level.' })
class WebhookCreateInput {
  @Field(() => String, { description: 'What it is called.' })
  label!: string;

  @Field(() => String, { description: 'Where it is told: an http or https URL.' })
  url!: string;

  @Field(() => String, { description: 'Name of its secret in FORWARD_SECRETS.' })
  secretName!: string;

  @Field(() => ID, { nullable: true, description: 'Only learners within the grants of this partner, by their pseudonyms; left out, all.' })
  partnerId?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether it is told what happened already.' })
  fromStart!: boolean;
}

const WebhookCreatePayload = payloadType('WebhookCreate', 'webhook', () => Webhook, 'The webhook.');
const WebhookEnablePayload = payloadType('WebhookEnable', 'webhook', () => Webhook, 'The webhook.');
const WebhookDeletePayload = payloadType('WebhookDelete', 'deleted', () => Boolean, 'Whether it is gone.');

@Resolver(() => Webhook)
export class WebhookResolver {
  @Query(() => WebhookConnection, { description: 'Systems that are told of changes of level, in order of creation.' })
  @Access(ADMIN)
  async webhooks(@Ctx() { modules }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { id: 'uuid' }, (limit, [after = null]) => modules.progress.webhooks.list(limit, after));
  }

  @FieldResolver()
  @Access(ADMIN)
  async partner(@Root() { partnerId }: WebhookRow, @Ctx() { loaders }: GraphContext) {
    return partnerId === null ? null : loaders.partnerById.load(partnerId);
  }

  @FieldResolver()
  @Access(ADMIN)
  async behind(@Root() { position }: WebhookRow, @Ctx() { loaders }: GraphContext): Promise<number> {
    return (await loaders.lastFeedPosition.load('')) - position;
  }

  @Mutation(() => WebhookCreatePayload, {
    description: 'Has another system told of changes of level, signed (Standard Webhooks) and in order, at least once each.',
  })
  @Access(ADMIN)
  async webhookCreate(@Ctx() { modules }: GraphContext, @Arg('input', () => WebhookCreateInput, { description: 'The system.' }) input: WebhookCreateInput) {
    return attempt('webhook', async () =>
      modules.progress.webhooks.create({
        label: input.label,
        url: input.url,
        secretName: input.secretName,
        partnerId: input.partnerId == null ? null : fromGlobalId('Partner', input.partnerId, '/partnerId'),
        fromStart: input.fromStart,
      }),
    );
  }

  @Mutation(() => WebhookEnablePayload, { description: 'Pauses or resumes a webhook; resuming tries at once. What happens meanwhile waits.' })
  @Access(ADMIN)
  async webhookEnable(
    @Ctx() { modules }: GraphContext,
    @Arg('id', () => ID, { description: 'The webhook.' }) id: string,
    @Arg('enabled', () => Boolean, { description: 'Whether it is told.' }) enabled: boolean,
  ) {
    return attempt('webhook', async () => {
      const uuid = fromGlobalId('Webhook', id, '/id');
      await modules.progress.webhooks.setEnabled(uuid, enabled);
      return modules.progress.webhooks.byId(uuid);
    });
  }

  @Mutation(() => WebhookDeletePayload, { description: 'Ends a webhook.' })
  @Access(ADMIN)
  async webhookDelete(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The webhook.' }) id: string) {
    return attempt('deleted', async () => {
      await modules.progress.webhooks.delete(fromGlobalId('Webhook', id, '/id'));
      return true;
    });
  }
}
