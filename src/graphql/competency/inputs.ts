import { GraphQLDateTimeISO, GraphQLUUID } from 'graphql-scalars';
import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { FrameworkKind, Importance, ImportFormat, LevelPolicyKind, RollupKind } from './types.ts';

@InputType({ description: 'What a CSV or DigComp file does not say of its framework.' })
class FrameworkDocumentInput {
  @Field(() => String, { description: 'Its title.' })
  title!: string;

  @Field(() => String, { description: 'Who made it.' })
  creator!: string;

  @Field(() => GraphQLUUID, { nullable: true, description: 'Its CASE identifier; left out, it follows from title and creator.' })
  identifier?: string | null;

  @Field(() => String, { nullable: true, description: 'The label of the version.' })
  version?: string | null;

  @Field(() => String, { nullable: true, description: 'Language of its texts, as a BCP 47 tag.' })
  language?: string | null;
}

@InputType({ description: 'A CASE package to import.' })
export class FrameworkImportInput {
  @Field(() => String, { description: 'The framework as text, in the form that `format` names.' })
  source!: string;

  @Field(() => ImportFormat, { defaultValue: 'CASE', description: 'The form of the source.' })
  format!: keyof typeof ImportFormat;

  @Field(() => FrameworkDocumentInput, { nullable: true, description: 'What CSV and DIGCOMP do not say; CASE needs none.' })
  document?: FrameworkDocumentInput | null;

  @Field(() => FrameworkKind, { description: 'What the framework is about; kept from its first import.' })
  kind!: keyof typeof FrameworkKind;

  @Field(() => RollupKind, { defaultValue: 'NONE', description: 'Roll-up of items whose `extensions.rollup` says nothing.' })
  defaultRollup!: keyof typeof RollupKind;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether to publish the version at once; it never changes after that.' })
  publish!: boolean;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether only to report, and change nothing.' })
  dryRun!: boolean;
}

@InputType({ description: 'How the level of a competency of a draft is made. What is left out takes its default, not what was set before.' })
export class CompetencyRollupSetInput {
  @Field(() => ID, { description: 'The framework version; a draft.' })
  frameworkVersionId!: string;

  @Field(() => ID, { description: 'The competency.' })
  competencyId!: string;

  @Field(() => RollupKind, { description: 'How its level follows from its children.' })
  rollup!: keyof typeof RollupKind;

  @Field(() => Int, { nullable: true, description: 'How many children N_OF asks for; for N_OF only.' })
  count?: number | null;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether evidence for the competency itself is left aside.' })
  rollupOnly!: boolean;

  @Field(() => LevelPolicyKind, { defaultValue: 'BEST_VALID', description: 'How evidence makes its level.' })
  policy!: keyof typeof LevelPolicyKind;

  @Field(() => Int, { defaultValue: 1, description: 'Of how many independent sources the evidence must be.' })
  minDistinctSources!: number;

  @Field(() => Int, { defaultValue: 1_000, description: 'What the weights must come to for WEIGHTED, in thousandths.' })
  threshold!: number;

  @Field(() => Int, { nullable: true, description: 'After how many days a weight is worth half; left out it stays.' })
  halfLifeDays?: number | null;
}

@InputType({ description: 'An approval to let evidence for one competency count for another.' })
export class CompetencyEquivalenceApproveInput {
  @Field(() => ID, { description: 'Where the evidence is from; some framework must say that the two match (exactMatchOf).' })
  originId!: string;

  @Field(() => ID, { description: 'Where it is to count too; its levels must be the same.' })
  destinationId!: string;

  @Field(() => Boolean, { description: 'Whether it counts back as well: then both have one level.' })
  twoWay!: boolean;

  @Field(() => String, { description: 'Why: who vouches for it, and on what ground.' })
  reason!: string;

  @Field(() => GraphQLDateTimeISO, { nullable: true, description: 'Until when; left out, until it is revoked.' })
  validUntil?: Date | null;
}

export const EditableAssociationType = {
  isChildOf: 'isChildOf',
  precedes: 'precedes',
  isRelatedTo: 'isRelatedTo',
  exactMatchOf: 'exactMatchOf',
  replacedBy: 'replacedBy',
} as const;
registerEnumType(EditableAssociationType, {
  name: 'EditableAssociationType',
  description: 'CASE association types that can be added one by one.',
  valuesConfig: {
    isChildOf: { description: 'From the child to its parent; must not run in a circle.' },
    precedes: { description: 'From what comes first to what follows; must not run in a circle.' },
    isRelatedTo: { description: 'Kept and shown; changes no level.' },
    exactMatchOf: { description: 'To a competency of any framework that is the same; it acts once it is approved.' },
    replacedBy: { description: 'From a competency that no version has any more to the one in its place, which evidence for it then counts for.' },
  },
});

@InputType({ description: 'What a level of a competency that is replaced is worth in its successor.' })
class LevelMapEntryInput {
  @Field(() => Int, { description: 'The old level.' })
  from!: number;

  @Field(() => Int, { description: 'The new one; 0 for none.' })
  to!: number;
}

@InputType({ description: 'An association to add to a draft.' })
export class CompetencyAssociationAddInput {
  @Field(() => ID, { description: 'The framework version; a draft.' })
  frameworkVersionId!: string;

  @Field(() => EditableAssociationType, { description: 'Its type.' })
  type!: keyof typeof EditableAssociationType;

  @Field(() => ID, { description: 'The competency it leads from.' })
  originId!: string;

  @Field(() => ID, { description: 'The competency it leads to.' })
  destinationId!: string;

  @Field(() => Int, { defaultValue: 1, description: 'Of isChildOf: what the child weighs in a WEIGHTED roll-up.' })
  weight!: number;

  @Field(() => Int, { nullable: true, description: 'Of isChildOf: the level of the child without which the parent has none.' })
  requiredMin?: number | null;

  @Field(() => Int, { nullable: true, description: 'Of precedes: the level of the origin without which the destination is not ready; left out any.' })
  minLevel?: number | null;

  @Field(() => [LevelMapEntryInput], { nullable: true, description: 'Of replacedBy: what each old level is worth; left out, the same.' })
  levelMap?: LevelMapEntryInput[] | null;
}

@InputType({ description: 'A level of a competency, and what it looks like.' })
class ProficiencyLevelInput {
  @Field(() => Int, { description: 'Its rank on the scale, from 1.' })
  rank!: number;

  @Field(() => String, { description: 'Its name.' })
  label!: string;

  @Field(() => String, { nullable: true, description: 'What who is at this level does.' })
  description?: string | null;
}

@InputType({ description: 'A competency to add to a draft.' })
export class CompetencyAddInput {
  @Field(() => ID, { description: 'The framework version; a draft.' })
  frameworkVersionId!: string;

  @Field(() => ID, { nullable: true, description: 'The competency it is a child of; left out, it stands at the top.' })
  parentId?: string | null;

  @Field(() => String, { description: 'What it says.' })
  fullStatement!: string;

  @Field(() => String, { nullable: true, description: 'Its code.' })
  code?: string | null;

  @Field(() => String, { nullable: true, description: 'What it says in short.' })
  abbreviatedStatement?: string | null;

  @Field(() => String, { nullable: true, description: 'What kind of item it is.' })
  itemType?: string | null;

  @Field(() => String, { nullable: true, description: 'The day from which it is retired, such as 2026-01-31.' })
  statusEndDate?: string | null;

  @Field(() => [ProficiencyLevelInput], { defaultValue: [], description: 'Its proficiency levels.' })
  levels!: ProficiencyLevelInput[];
}

@InputType({ description: 'What a draft is to say of a competency. What is left out stays; null takes it away.' })
export class CompetencyChangeInput {
  @Field(() => ID, { description: 'The framework version; a draft.' })
  frameworkVersionId!: string;

  @Field(() => ID, { description: 'The competency.' })
  competencyId!: string;

  @Field(() => String, { nullable: true, description: 'What it says; cannot be taken away.' })
  fullStatement?: string | null;

  @Field(() => String, { nullable: true, description: 'Its code.' })
  code?: string | null;

  @Field(() => String, { nullable: true, description: 'What it says in short.' })
  abbreviatedStatement?: string | null;

  @Field(() => String, { nullable: true, description: 'What kind of item it is.' })
  itemType?: string | null;

  @Field(() => String, { nullable: true, description: 'The day from which it is retired, such as 2026-01-31.' })
  statusEndDate?: string | null;

  @Field(() => [ProficiencyLevelInput], { nullable: true, description: 'All of its proficiency levels.' })
  levels?: ProficiencyLevelInput[] | null;
}

@InputType({ description: 'A draft to begin.' })
export class FrameworkVersionDraftInput {
  @Field(() => ID, { description: 'The version whose content it begins with, draft or published.' })
  fromId!: string;

  @Field(() => String, { nullable: true, description: 'Its label; a number when left out.' })
  label?: string | null;
}

@InputType({ description: 'One demand of a position standard.' })
export class RequirementInput {
  @Field(() => ID, { description: 'The competency demanded.' })
  competencyId!: string;

  @Field(() => Int, { description: 'The level demanded; one with a descriptor.' })
  requiredLevel!: number;

  @Field(() => Importance, { defaultValue: 'IMPORTANT', description: 'How much it is needed.' })
  importance!: keyof typeof Importance;

  @Field(() => Int, { defaultValue: 1, description: 'What it weighs in the position match, 1 to 1000.' })
  weight!: number;
}

@InputType({ description: 'What a position demands from a day on.' })
export class PositionStandardCreateInput {
  @Field(() => ID, { description: 'The position.' })
  positionId!: string;

  @Field(() => String, { description: 'The regulation or decree it rests on.' })
  legalBasis!: string;

  @Field(() => GraphQLDateTimeISO, { description: 'From when it counts.' })
  effectiveFrom!: Date;

  @Field(() => [RequirementInput], { description: 'Its demands, 1 to 100, each competency once.' })
  requirements!: RequirementInput[];
}
