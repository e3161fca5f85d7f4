import { GraphQLUUID } from 'graphql-scalars';
import { Field, Float, ID, InputType, Int } from 'type-graphql';

@InputType({ description: 'A rule to write. What is left out does not restrict.' })
export class EvidenceRuleInput {
  @Field(() => ID, { description: 'The activity; it must be aligned to the competency as ASSESSES.' })
  activityId!: string;

  @Field(() => [String], { description: 'The verbs it names, by IRI; at least one, at most 100.' })
  verbs!: string[];

  @Field(() => Float, { nullable: true, description: 'The least result.score.scaled, -1 to 1.' })
  scaledMin?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'What result.success must be.' })
  success?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'What result.completion must be.' })
  completion?: boolean | null;

  @Field(() => [GraphQLUUID], { defaultValue: [], description: 'Keys of the authorities it trusts; empty trusts all.' })
  trustedAuthorities!: string[];

  @Field(() => ID, { description: 'The competency a matching statement is evidence of.' })
  competencyId!: string;

  @Field(() => Int, { description: 'The level; at most what the alignment says the activity assesses.' })
  level!: number;

  @Field(() => Int, { nullable: true, description: 'For how many days from its timestamp a statement counts; left out for ever.' })
  validDays?: number | null;
}

@InputType({ description: 'A new version of a rule set, as a draft.' })
export class EvidenceRuleSetVersionCreateInput {
  @Field(() => String, { description: 'Code of the rule set; a new one creates it.' })
  code!: string;

  @Field(() => String, { description: 'Title of the rule set, used when it is new.' })
  title!: string;

  @Field(() => [EvidenceRuleInput], { description: 'Its rules, 1 to 100.' })
  rules!: EvidenceRuleInput[];
}
