import { Arg, Args, Ctx, Field, FieldResolver, ID, InputType, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { ItemRow, PackageRow, PackageVersionRow, UploadRow } from '../../modules/content/index.ts';
import { activityKey } from '../../modules/lrs/index.ts';
import { Access, ANYONE } from '../access.ts';
import { connection, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { fromGlobalId } from '../node.ts';
import { attempt, payloadType } from '../payload.ts';
import { ContentItem, ContentPackage, ContentPackageConnection, ContentPackageVersion, ContentUpload, ContentUploadTicket, KEEPERS } from './types.ts';

/** A vendor sees and keeps its own packages only. */
const ownerOf = ({ viewer }: GraphContext): string | null => (viewer.role === 'VENDOR' ? viewer.partnerId : null);

@Resolver(() => ContentPackage)
export class ContentPackageResolver {
  @Query(() => ContentPackageConnection, { description: 'Packages of e-learning, oldest first; for a vendor its own.' })
  @Access(ANYONE)
  async contentPackages(@Ctx() context: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { id: 'uuid' }, (limit, [after = null]) => context.modules.content.packages(ownerOf(context), limit, after));
  }

  @FieldResolver()
  @Access(ANYONE)
  async owner(@Root() row: PackageRow, @Ctx() { loaders }: GraphContext) {
    return row.ownerId === null ? null : loaders.partnerById.load(row.ownerId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async versions(@Root() row: PackageRow, @Ctx() { loaders }: GraphContext) {
    return loaders.contentVersionsByPackage.load(row.id);
  }
}

const issuesOf = ({ report }: { readonly report: string }): unknown => JSON.parse(report);

/** Reports tell what is in a package: of others' a vendor hears nothing. */
export async function mayKeep(context: GraphContext, packageId: string): Promise<boolean> {
  const owner = ownerOf(context);
  return owner === null || (await context.loaders.contentPackageById.load(packageId))?.ownerId === owner;
}

@Resolver(() => ContentPackageVersion)
export class ContentPackageVersionResolver {
  @FieldResolver()
  @Access(KEEPERS)
  async issues(@Root() row: PackageVersionRow, @Ctx() context: GraphContext) {
    return (await mayKeep(context, row.packageId)) ? issuesOf(row) : [];
  }

  @FieldResolver()
  @Access(ANYONE)
  async about(@Root() row: PackageVersionRow, @Ctx() { loaders }: GraphContext) {
    const [whole] = await loaders.contentRootsByVersion.load(row.id);
    return whole ?? null;
  }

  @FieldResolver()
  @Access(ANYONE)
  async items(@Root() row: PackageVersionRow, @Ctx() { loaders }: GraphContext) {
    return loaders.contentItemsByVersion.load(row.id);
  }
}

@Resolver(() => ContentItem)
export class ContentItemResolver {
  @FieldResolver()
  @Access(ANYONE)
  about(@Root() row: ItemRow) {
    return row;
  }

  @FieldResolver()
  @Access(ANYONE)
  async parent(@Root() row: ItemRow, @Ctx() { loaders }: GraphContext) {
    return row.parentId === null ? null : loaders.contentItemById.load(row.parentId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async activity(@Root() row: ItemRow, @Ctx() { loaders }: GraphContext) {
    return loaders.activityByKey.load(activityKey(row.activityIri));
  }

  @FieldResolver()
  @Access(KEEPERS)
  async suggestedCompetencies(@Root() row: ItemRow, @Ctx() { loaders }: GraphContext) {
    const found = (await Promise.all(row.objectives.map((name) => loaders.competenciesNamed.load(name)))).flat();
    return [...new Map(found.map((one) => [one.id, one])).values()];
  }
}

@Resolver(() => ContentUpload)
export class ContentUploadResolver {
  @Query(() => ContentUpload, { nullable: true, description: 'What became of an upload; null when there is none of yours.' })
  @Access(KEEPERS)
  async contentUpload(@Ctx() context: GraphContext, @Arg('id', () => ID, { description: 'Its global id.' }) id: string) {
    const [row] = await context.modules.content.uploadsById([fromGlobalId('ContentUpload', id, '/id')]);
    const owner = ownerOf(context);
    return row && (owner === null || row.ownerId === owner) ? row : null;
  }

  @FieldResolver()
  @Access(KEEPERS)
  issues(@Root() row: UploadRow) {
    return issuesOf(row);
  }

  @FieldResolver()
  @Access(KEEPERS)
  async package(@Root() row: UploadRow, @Ctx() { loaders }: GraphContext) {
    return row.packageId === null ? null : loaders.contentPackageById.load(row.packageId);
  }

  @FieldResolver()
  @Access(KEEPERS)
  async version(@Root() row: UploadRow, @Ctx() { loaders }: GraphContext) {
    return row.versionId === null ? null : loaders.contentVersionById.load(row.versionId);
  }
}

@InputType({ description: 'A package that is to come in.' })
class ContentUploadCreateInput {
  @Field(() => ID, { nullable: true, description: 'The package it is a version of; a new one when left out.' })
  packageId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The partner whose content it is; a vendor names none.' })
  ownerId?: string | null;
}

const ContentUploadCreatePayload = payloadType('ContentUploadCreate', 'ticket', () => ContentUploadTicket, 'Where to send the package.');

@Resolver()
export class ContentMutations {
  @Mutation(() => ContentUploadCreatePayload, { description: 'Opens the way for one package to come in.' })
  @Access(KEEPERS)
  async contentUploadCreate(
    @Ctx() context: GraphContext,
    @Arg('input', () => ContentUploadCreateInput, { description: 'What is to come.' }) input: ContentUploadCreateInput,
  ) {
    return attempt('ticket', async () => {
      const given = input.ownerId == null ? null : fromGlobalId('Partner', input.ownerId, '/ownerId');
      const packageId = input.packageId == null ? null : fromGlobalId('ContentPackage', input.packageId, '/packageId');
      const { token, ...upload } = await context.modules.content.createUpload({ packageId, ownerId: ownerOf(context) ?? given });
      return { url: context.modules.content.uploadUrl(token), upload };
    });
  }
}
