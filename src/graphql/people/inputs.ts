import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Field, ID, InputType } from 'type-graphql';
import { IfiKind, PositionFamily, StaffCategory, UnitKind } from './types.ts';

@InputType({ description: 'An xAPI identifier.' })
export class IdentityInput {
  @Field(() => IfiKind, { description: 'Its kind.' })
  ifiKind!: keyof typeof IfiKind;

  @Field(() => String, { defaultValue: '', description: 'For an account its home page, an absolute IRI; else empty.' })
  homePage!: string;

  @Field(() => String, { description: 'The identifier; for an account its name. Never a NIP, the civil-service number: it tells birth date and sex.' })
  ifiValue!: string;
}

@InputType({ description: 'A civil servant to add.' })
export class LearnerCreateInput {
  @Field(() => String, { description: 'Their name.' })
  name!: string;

  @Field(() => StaffCategory, { description: 'Their staff category.' })
  staffCategory!: keyof typeof StaffCategory;

  @Field(() => [IdentityInput], { defaultValue: [], description: 'Their xAPI identifiers, at most 100.' })
  identities!: IdentityInput[];
}

@InputType({ description: 'One more identifier of a learner.' })
export class LearnerIdentityAddInput {
  @Field(() => ID, { description: 'The learner.' })
  learnerId!: string;

  @Field(() => IdentityInput, { description: 'The identifier. Statements that came in under it earlier count from now on.' })
  identity!: IdentityInput;
}

@InputType({ description: 'An identifier to take from a learner.' })
export class LearnerIdentityRemoveInput {
  @Field(() => ID, { description: 'The learner.' })
  learnerId!: string;

  @Field(() => IdentityInput, { description: 'The identifier.' })
  identity!: IdentityInput;
}

@InputType({ description: 'A second learner to make of one who turned out to be two people.' })
export class LearnerSplitInput {
  @Field(() => ID, { description: 'The learner who keeps all else.' })
  learnerId!: string;

  @Field(() => String, { description: 'The name of the new one.' })
  name!: string;

  @Field(() => StaffCategory, { description: 'Their staff category.' })
  staffCategory!: keyof typeof StaffCategory;

  @Field(() => [IdentityInput], { description: 'The identifiers that are the new one’s, with all that statements under them gave; 1 to 100.' })
  identities!: IdentityInput[];
}

@InputType({ description: 'A position to add.' })
export class PositionCreateInput {
  @Field(() => String, { description: 'Its code; unique.' })
  code!: string;

  @Field(() => String, { description: 'Its title.' })
  title!: string;

  @Field(() => PositionFamily, { description: 'Its family.' })
  family!: keyof typeof PositionFamily;
}

@InputType({ description: 'A unit to add.' })
export class OrganizationUnitCreateInput {
  @Field(() => String, { description: 'Its code; unique.' })
  code!: string;

  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => UnitKind, { description: 'Its kind.' })
  kind!: keyof typeof UnitKind;

  @Field(() => ID, { nullable: true, description: 'The unit it belongs to; left out at the top.' })
  parentId?: string | null;
}

@InputType({ description: 'Who holds a position where.' })
export class PositionHoldingCreateInput {
  @Field(() => ID, { description: 'The learner.' })
  learnerId!: string;

  @Field(() => ID, { description: 'The position.' })
  positionId!: string;

  @Field(() => ID, { description: 'The unit.' })
  unitId!: string;

  @Field(() => GraphQLDateTimeISO, { description: 'Its first instant (TMT).' })
  validFrom!: Date;

  @Field(() => GraphQLDateTimeISO, { nullable: true, description: 'The instant it ends; left out while it is open.' })
  validTo?: Date | null;
}

@InputType({ description: 'From when to when a position is held.' })
export class PositionHoldingChangeInput {
  @Field(() => GraphQLDateTimeISO, { description: 'Its first instant (TMT).' })
  validFrom!: Date;

  @Field(() => GraphQLDateTimeISO, { nullable: true, description: 'The instant it ends; left out while it is open.' })
  validTo?: Date | null;
}
