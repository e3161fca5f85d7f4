import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Arg, Args, Ctx, ID, Int, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { Access, ADMIN, Exposed } from '../access.ts';
import { connection, connectionType, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { fromGlobalId } from '../node.ts';
import { Node } from '../node-interface.ts';
import { attempt, payloadType } from '../payload.ts';

@ObjectType({ implements: Node, description: 'The receipt of an erasure. It holds nothing that names the person.' })
class Erasure extends Node {
  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'When it was asked for; from then on the person is unknown here.')
  requestedAt!: Date;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'When nothing named the person any more; null while statements are still being gone through.', { nullable: true })
  finishedAt!: Date | null;

  @Exposed(ADMIN, () => Int, 'Statements deleted: those of what the person did.')
  statementsDeleted!: number;

  @Exposed(ADMIN, () => Int, 'Statements of others that named the person, and name a pseudonym now.')
  statementsPseudonymised!: number;

  @Exposed(ADMIN, () => Int, 'State and profile documents deleted.')
  documentsDeleted!: number;

  @Exposed(ADMIN, () => Int, 'Attachments deleted that only these statements had.')
  attachmentsDeleted!: number;
}

const ErasureConnection = connectionType('Erasure', () => Erasure);
const LearnerErasePayload = payloadType('LearnerErase', 'erasure', () => Erasure, 'The receipt.');

@Resolver()
export class ErasureResolver {
  @Query(() => ErasureConnection, { description: 'Receipts of erasures, in order of request.' })
  @Access(ADMIN)
  async erasures(@Ctx() { modules }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { id: 'uuid' }, (limit, [after = null]) => modules.erasures.receipts(limit, after));
  }

  @Mutation(() => LearnerErasePayload, {
    description:
      'Erases a person: the learner, what is derived about them, the statements of what they did, and every other mention. What others did stays, with a pseudonym. It cannot be undone.',
  })
  @Access(ADMIN)
  async learnerErase(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The learner.' }) id: string) {
    return attempt('erasure', async () => modules.erasures.receipt(await modules.people.eraseLearner(fromGlobalId('Learner', id, '/id'))));
  }
}
