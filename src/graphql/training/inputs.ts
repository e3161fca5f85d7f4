import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Field, ID, InputType, Int } from 'type-graphql';
import { ActivityKind, Contribution, ProgramForm, ProgramKind } from './types.ts';

@InputType({ description: 'A programme to start; its first version is an empty draft.' })
export class ProgramCreateInput {
  @Field(() => String, { description: 'Its code; unique.' })
  code!: string;

  @Field(() => String, { description: 'Its title.' })
  title!: string;

  @Field(() => ProgramKind, { description: 'Its kind.' })
  kind!: keyof typeof ProgramKind;

  @Field(() => ProgramForm, { description: 'Its form.' })
  form!: keyof typeof ProgramForm;
}

@InputType({ description: 'A module to add at the end of a draft.' })
export class ModuleAddInput {
  @Field(() => ID, { description: 'The programme version; a draft.' })
  programVersionId!: string;

  @Field(() => String, { description: 'Its title.' })
  title!: string;

  @Field(() => Int, { description: 'Its lesson hours (jam pelajaran, JP), at least 1.' })
  jp!: number;
}

@InputType({ description: 'An activity to add to a module of a draft; one known by its IRI is used again as it is.' })
export class ActivityAddInput {
  @Field(() => ID, { description: 'The module.' })
  moduleId!: string;

  @Field(() => String, { description: 'The activity id in statements: an absolute IRI.' })
  iri!: string;

  @Field(() => String, { description: 'Its title.' })
  title!: string;

  @Field(() => ActivityKind, { description: 'Its kind.' })
  kind!: keyof typeof ActivityKind;

  @Field(() => ID, { nullable: true, description: 'The partner whose content it is.' })
  ownerId?: string | null;
}

@InputType({ description: 'What an activity does for a competency.' })
export class AlignmentAddInput {
  @Field(() => ID, { description: 'The module; of a draft.' })
  moduleId!: string;

  @Field(() => ID, { description: 'The activity; in the module.' })
  activityId!: string;

  @Field(() => ID, { description: 'The competency.' })
  competencyId!: string;

  @Field(() => Int, { description: 'The level it leads to or assesses up to; one with a descriptor.' })
  targetLevel!: number;

  @Field(() => Contribution, { description: 'What it does.' })
  contribution!: keyof typeof Contribution;
}

@InputType({ description: 'A batch of a published version.' })
export class BatchCreateInput {
  @Field(() => ID, { description: 'The programme version.' })
  programVersionId!: string;

  @Field(() => Int, { description: 'Its number within the version, at least 1.' })
  number!: number;

  @Field(() => GraphQLDateTimeISO, { description: 'Its first day.' })
  startsOn!: Date;

  @Field(() => GraphQLDateTimeISO, { description: 'Its last day.' })
  endsOn!: Date;
}

@InputType({ description: 'Somebody to enrol.' })
export class EnrolmentCreateInput {
  @Field(() => ID, { description: 'The learner.' })
  learnerId!: string;

  @Field(() => ID, { description: 'The batch.' })
  batchId!: string;
}
