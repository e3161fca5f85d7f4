import { Args, ArgsType, Ctx, Field, FieldResolver, Resolver, Root } from 'type-graphql';
import type { PackageRow } from '../../modules/content/index.ts';
import { Access, ADMIN_OR_SELF } from '../access.ts';
import { connection, connectionType, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { ContentRegistration } from './launch-types.ts';
import { ContentPackage } from './types.ts';

const ContentRegistrationConnection = connectionType('ContentRegistration', () => ContentRegistration);

@ArgsType()
class RegistrationsArgs extends PageArgs {
  @Field(() => Boolean, { nullable: true, description: 'True: only those that are open; false: only those that were closed.' })
  isOpen?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'True: only those in which all that the course demands is met; false: only the others.' })
  isSatisfied?: boolean | null;
}

@Resolver(() => ContentPackage)
export class ContentPackageRegistrationsResolver {
  @FieldResolver(() => ContentRegistrationConnection, {
    description: 'Who takes part in it, newest first, as far as the token may see them; previews are left out.',
  })
  @Access(ADMIN_OR_SELF)
  async registrations(@Root() row: PackageRow, @Ctx() { loaders }: GraphContext, @Args(() => RegistrationsArgs) args: RegistrationsArgs) {
    const { isOpen = null, isSatisfied = null } = args;
    return connection(args, { createdAtExact: 'instant', id: 'uuid' }, (limit, after) =>
      loaders.registrationsByPackage.load({ packageId: row.id, page: { isOpen, isSatisfied, limit, after } }),
    );
  }
}
