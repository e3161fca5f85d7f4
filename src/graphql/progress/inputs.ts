import { GraphQLUUID } from 'graphql-scalars';
import { Field, Float, ID, InputType, Int } from 'type-graphql';
import type { AttemptPolicy as AttemptPolicyName, RuleMatch as RuleMatchName } from '../../modules/progress/index.ts';
import { ActivityKind } from '../training/types.ts';
import { AttemptPolicy, RuleMatch } from './types.ts';

@InputType({ description: 'The level from a score on, up to the next band.' })
export class ScoreBandInput {
  @Field(() => Float, { description: 'The least result.score.scaled, -1 to 1.' })
  scaledMin!: number;

  @Field(() => Int, { description: 'The level.' })
  level!: number;
}

@InputType({ description: 'A rule to write. What is left out does not restrict.' })
export class EvidenceRuleInput {
  @Field(() => RuleMatch, { defaultValue: 'ACTIVITY', description: 'What it looks for in a statement.' })
  match!: RuleMatchName;

  @Field(() => ID, { nullable: true, description: 'The activity; it must be aligned to the competency as ASSESSES. For ACTIVITY, PARENT and GROUPING.' })
  activityId?: string | null;

  @Field(() => String, { nullable: true, description: 'The beginning of the IRI, for PREFIX; the IRI of the type, for TYPE.' })
  iri?: string | null;

  @Field(() => [String], { description: 'The verbs it names, by IRI; at least one, at most 100.' })
  verbs!: string[];

  @Field(() => Float, { nullable: true, description: 'The least result.score.scaled, -1 to 1.' })
  scaledMin?: number | null;

  @Field(() => Float, { nullable: true, description: 'The greatest result.score.scaled, -1 to 1.' })
  scaledMax?: number | null;

  @Field(() => Int, { nullable: true, description: 'The least result.duration, in seconds.' })
  durationMinSeconds?: number | null;

  @Field(() => String, { nullable: true, description: 'IRI of an activity that must be among the context categories.' })
  category?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'What result.success must be.' })
  success?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'What result.completion must be.' })
  completion?: boolean | null;

  @Field(() => [GraphQLUUID], { defaultValue: [], description: 'Keys of the authorities it trusts; empty trusts all.' })
  trustedAuthorities!: string[];

  @Field(() => ID, { description: 'The competency a matching statement is evidence of.' })
  competencyId!: string;

  @Field(() => Int, { description: 'The level; at most what the alignment says the activity assesses. Not used with bands.' })
  level!: number;

  @Field(() => [ScoreBandInput], { defaultValue: [], description: 'Levels by score, the lowest score first; the lowest is asked for too.' })
  bands!: ScoreBandInput[];

  @Field(() => Boolean, { defaultValue: true, description: 'Whether a matching statement speaks for the level, or against it.' })
  positive!: boolean;

  @Field(() => Int, { defaultValue: 1_000, description: 'Its weight in thousandths, 1 to 1000.' })
  weight!: number;

  @Field(() => Int, { nullable: true, description: 'For how many days from its timestamp a statement counts; left out for ever.' })
  validDays?: number | null;

  @Field(() => AttemptPolicy, { defaultValue: 'ALL', description: 'Which of several matching statements about the same activity count.' })
  attempts!: AttemptPolicyName;
}

@InputType({ description: 'The highest level that a kind of activity can be evidence of.' })
export class KindCapInput {
  @Field(() => ActivityKind, { description: 'The kind.' })
  kind!: keyof typeof ActivityKind;

  @Field(() => Int, { description: 'The level.' })
  maxLevel!: number;
}

@InputType({ description: 'The highest level that an authority can be evidence of.' })
export class AuthorityCapInput {
  @Field(() => GraphQLUUID, { description: 'Key of the authority.' })
  authorityKey!: string;

  @Field(() => Int, { description: 'The level.' })
  maxLevel!: number;
}

@InputType({ description: 'A new version of a rule set, as a draft.' })
export class EvidenceRuleSetVersionCreateInput {
  @Field(() => String, { description: 'Code of the rule set; a new one creates it.' })
  code!: string;

  @Field(() => String, { description: 'Title of the rule set, used when it is new.' })
  title!: string;

  @Field(() => [EvidenceRuleInput], { description: 'Its rules, 1 to 100.' })
  rules!: EvidenceRuleInput[];

  @Field(() => [KindCapInput], { defaultValue: [], description: 'Caps by kind of activity; a kind that is not named has none.' })
  kindCaps!: KindCapInput[];

  @Field(() => [AuthorityCapInput], { defaultValue: [], description: 'Caps by authority; one that is not named has none.' })
  authorityCaps!: AuthorityCapInput[];
}
