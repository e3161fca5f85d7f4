import { GraphQLDateTimeISO, GraphQLUUID } from 'graphql-scalars';
import { Int, ObjectType } from 'type-graphql';
import { Partner } from '../access/types.ts';
import { ADMIN_OR_SELF, ANYONE, Exposed, READERS } from '../access.ts';
import { Competency, PublicationStatus } from '../competency/types.ts';
import { connectionType } from '../connection.ts';
import { enumType } from '../enums.ts';
import { Node } from '../node-interface.ts';
import { LearnerConnection } from '../people/types.ts';

export const ProgramKind = enumType('ProgramKind', 'Kinds of training.', {
  STRUCTURAL: 'Leadership training (pelatihan struktural).',
  FUNCTIONAL: 'For functional posts.',
  TECHNICAL: 'Technical.',
  SOCIO_CULTURAL: 'Socio-cultural.',
  LATSAR: 'Basic training for candidates (latsar CPNS).',
  SEMINAR: 'Seminar, workshop, bimtek.',
});
export const ProgramForm = enumType('ProgramForm', 'Forms of training.', {
  CLASSICAL: 'In class (klasikal).',
  NON_CLASSICAL: 'Outside the class: e-learning, coaching, internship (nonklasikal).',
  BLENDED: 'Both.',
});
export const ActivityKind = enumType('ActivityKind', 'Kinds of learning activities.', {
  CMI5_AU: 'A cmi5 assignable unit.',
  SCORM12_SCO: 'A SCORM 1.2 content object.',
  SCORM2004_SCO: 'A SCORM 2004 content object.',
  XAPI: 'Content that sends statements by itself.',
  CLASS_SESSION: 'A session in class.',
  ASSIGNMENT: 'An assignment.',
  WORKPLACE_TASK: 'A task at work.',
  TEST: 'A test.',
});
export const Contribution = enumType('Contribution', 'What an activity does for a competency.', {
  INTRODUCES: 'It introduces it.',
  PRACTISES: 'It practises it.',
  ASSESSES: 'It assesses it; only then it can be evidence.',
});

@ObjectType({ implements: Node, description: 'A training programme (program pelatihan) through all its versions.' })
export class TrainingProgram extends Node {
  @Exposed(ANYONE, () => String, 'Its code.')
  code!: string;

  @Exposed(ANYONE, () => String, 'Its title.')
  title!: string;

  @Exposed(ANYONE, () => ProgramKind, 'Its kind.')
  kind!: string;

  @Exposed(ANYONE, () => ProgramForm, 'Its form.')
  form!: string;

  @Exposed(ANYONE, () => [ProgramVersion], 'Its versions, newest first.')
  versions?: ProgramVersion[];
}

@ObjectType({ implements: Node, description: 'One version of a programme.' })
export class ProgramVersion extends Node {
  @Exposed(ANYONE, () => Int, 'Its number within the programme, from 1.')
  ordinal!: number;

  @Exposed(ANYONE, () => PublicationStatus, 'Whether it may still change.')
  status!: string;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'When it was published.', { nullable: true })
  publishedAt!: Date | null;

  @Exposed(ANYONE, () => TrainingProgram, 'The programme.', { nullable: true })
  program?: TrainingProgram;

  @Exposed(ANYONE, () => [Module], 'Its modules, in order.')
  modules?: Module[];

  @Exposed(ANYONE, () => Int, 'Lesson hours (jam pelajaran, JP) of all its modules.')
  jpTotal?: number;

  @Exposed(ANYONE, () => [Batch], 'Its batches, in order.')
  batches?: Batch[];
}

@ObjectType({ implements: Node, description: 'A module (mata pelatihan).' })
export class Module extends Node {
  @Exposed(ANYONE, () => Int, 'Its place in the version, from 1.')
  position!: number;

  @Exposed(ANYONE, () => String, 'Its title.')
  title!: string;

  @Exposed(ANYONE, () => Int, 'Its lesson hours (JP).')
  jp!: number;

  @Exposed(ANYONE, () => [LearningActivity], 'What learners do in it, in order.')
  activities?: LearningActivity[];
}

@ObjectType({ implements: Node, description: 'Something learners do, known to statements by its IRI.' })
export class LearningActivity extends Node {
  @Exposed(ANYONE, () => String, 'The activity id in statements; compared byte for byte.')
  iri!: string;

  @Exposed(ANYONE, () => String, 'Its title.')
  title!: string;

  @Exposed(ANYONE, () => ActivityKind, 'Its kind.')
  kind!: string;

  @Exposed(ANYONE, () => Partner, 'The partner whose content it is.', { nullable: true })
  owner?: Partner;

  @Exposed(ANYONE, () => [ActivityAlignment], 'What it does for which competency.')
  alignments?: ActivityAlignment[];
}

@ObjectType({ implements: Node, description: 'What an activity does for a competency, within one module.' })
export class ActivityAlignment extends Node {
  @Exposed(ANYONE, () => Int, 'The level it leads to or assesses up to.')
  targetLevel!: number;

  @Exposed(ANYONE, () => Contribution, 'What it does.')
  contribution!: string;

  @Exposed(ANYONE, () => Competency, 'The competency.', { nullable: true })
  competency?: Competency;

  @Exposed(ANYONE, () => LearningActivity, 'The activity.', { nullable: true })
  activity?: LearningActivity;

  @Exposed(ANYONE, () => Module, 'The module.', { nullable: true })
  module?: Module;
}

@ObjectType({ implements: Node, description: 'One run of a programme version (angkatan).' })
export class Batch extends Node {
  @Exposed(ANYONE, () => Int, 'Its number within the version, from 1.')
  number!: number;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'Its first day.')
  startsOn!: Date;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'Its last day.')
  endsOn!: Date;

  @Exposed(ANYONE, () => ProgramVersion, 'The programme version.', { nullable: true })
  programVersion?: ProgramVersion;

  @Exposed(READERS, () => LearnerConnection, 'Those who take part and whom the viewer may see.')
  learners?: object;
}

@ObjectType({ implements: Node, description: 'Somebody takes part in a batch (kepesertaan).' })
export class Enrolment extends Node {
  @Exposed(ADMIN_OR_SELF, () => GraphQLUUID, 'The xAPI registration of their statements in this batch.')
  registration!: string;

  @Exposed(READERS, () => Batch, 'The batch.', { nullable: true })
  batch?: Batch;
}

export const TrainingProgramConnection = connectionType('TrainingProgram', () => TrainingProgram);
export const LearningActivityConnection = connectionType('LearningActivity', () => LearningActivity);
