import { Arg, Ctx, Field, FieldResolver, ID, InputType, Mutation, Query, Resolver, Root } from 'type-graphql';
import { AppError, invalid } from '../../kernel/errors.ts';
import { type PackageRow, type RulesChange, rulesInForce, type SaidRules } from '../../modules/content/index.ts';
import type { RegistrationRow } from '../../modules/launch/index.ts';
import { Access, ADMIN, ADMIN_OR_SELF, ANYONE } from '../access.ts';
import type { GraphContext } from '../context.ts';
import { fromGlobalId } from '../node.ts';
import { attempt, payloadType } from '../payload.ts';
import { ContentRegistration } from './launch-types.ts';
import { ContentRules, ContentRulesChange, rulesOf } from './rule-types.ts';
import { ContentPackage, ContentStandard, KEEPERS } from './types.ts';

type Standard = keyof typeof ContentStandard;

@InputType({
  description:
    'Rules, and what they are said of: exactly one of `system`, `standard`, `packageId`, `registrationId`. Null takes a rule back; one that is left out stays.',
})
class ContentRulesSetInput extends ContentRulesChange {
  @Field(() => Boolean, { nullable: true, description: 'Whether they are said of all content.' })
  system?: boolean | null;

  @Field(() => ContentStandard, { nullable: true, description: 'The standard of whose content they are said.' })
  standard?: Standard | null;

  @Field(() => ID, { nullable: true, description: 'The package.' })
  packageId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The registration.' })
  registrationId?: string | null;
}

const ContentRulesSetPayload = payloadType('ContentRulesSet', 'rules', () => ContentRules, 'The rules as they hold there.');

/** What is said of all content, and of that of a standard. */
async function general({ loaders }: GraphContext, standard: Standard | null) {
  const [SYSTEM, STANDARD] = await Promise.all([loaders.generalRules.load('SYSTEM'), standard === null ? {} : loaders.generalRules.load(standard)]);
  return { SYSTEM, STANDARD };
}

async function rulesOfPackage(context: GraphContext, { standard, rules }: PackageRow, ofRegistration: SaidRules = {}) {
  return rulesInForce({ ...(await general(context, standard as Standard)), PACKAGE: rules, REGISTRATION: ofRegistration });
}

async function rulesOfRegistration(context: GraphContext, { packageId, rules }: RegistrationRow) {
  const row = await context.loaders.contentPackageById.load(packageId);
  if (!row) throw new Error(`there is no package ${packageId}`);
  return rulesOfPackage(context, row, rules);
}

@Resolver(() => ContentPackage)
export class ContentPackageRulesResolver {
  @FieldResolver()
  @Access(ANYONE)
  async rules(@Root() row: PackageRow, @Ctx() context: GraphContext) {
    return rulesOfPackage(context, row);
  }
}

@Resolver(() => ContentRegistration)
export class ContentRegistrationRulesResolver {
  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async rules(@Root() row: RegistrationRow, @Ctx() context: GraphContext) {
    return rulesOfRegistration(context, row);
  }
}

/** What a vendor says of its packages; all else is for staff to say. */
const OF_VENDORS: ReadonlySet<string> = new Set<keyof RulesChange>(['moves']);

function checkVendor({ packageId }: ContentRulesSetInput, change: RulesChange): void {
  const refuse = (path: string, message: string): AppError => new AppError('FORBIDDEN', message, [{ path, rule: 'own-only', message }]);
  if (packageId == null) throw refuse('', 'a vendor says rules of its own packages only');
  const denied = Object.keys(change).find((name) => !OF_VENDORS.has(name));
  if (denied !== undefined) throw refuse(`/${denied}`, `${denied} is for staff to say`);
}

@Resolver()
export class ContentRulesResolver {
  @Query(() => ContentRules, { description: 'Rules as they hold for all content, or for that of a standard, where a package says nothing else.' })
  @Access(ADMIN)
  async contentRules(
    @Ctx() context: GraphContext,
    @Arg('standard', () => ContentStandard, { nullable: true, description: 'The standard; left out, all content.' }) standard: Standard | null,
  ) {
    return rulesInForce(await general(context, standard ?? null));
  }

  @Mutation(() => ContentRulesSetPayload, {
    description:
      'Says rules of all content, of a standard, of a package or of one registration; the nearest that says one holds, from the next request on. A vendor says `moves` of its own packages, all else is for staff.',
  })
  @Access(KEEPERS)
  async contentRulesSet(@Ctx() context: GraphContext, @Arg('input', () => ContentRulesSetInput, { description: 'The rules.' }) input: ContentRulesSetInput) {
    return attempt('rules', async () => {
      const { modules, viewer } = context;
      const change = rulesOf(input);
      if (viewer.role === 'VENDOR') checkVendor(input, change);
      const { system, standard, packageId, registrationId } = input;
      if ([system === true, standard != null, packageId != null, registrationId != null].filter(Boolean).length !== 1)
        throw invalid('', 'one-of', 'name exactly one of system, standard, packageId and registrationId');
      if (packageId != null) {
        const owner = viewer.role === 'VENDOR' ? viewer.partnerId : null;
        return rulesOfPackage(context, await modules.content.setPackageRules(fromGlobalId('ContentPackage', packageId, '/packageId'), change, owner));
      }
      if (registrationId != null)
        return rulesOfRegistration(context, await modules.launches.setRules(fromGlobalId('ContentRegistration', registrationId, '/registrationId'), change));
      await modules.content.setGeneralRules(standard ?? 'SYSTEM', change);
      context.loaders.generalRules.clearAll();
      return rulesInForce(await general(context, standard ?? null));
    });
  }
}
