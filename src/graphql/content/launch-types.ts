import { GraphQLDateTimeISO, GraphQLUUID } from 'graphql-scalars';
import { Float, Int, ObjectType } from 'type-graphql';
import { ADMIN_OR_SELF, Exposed } from '../access.ts';
import { enumType } from '../enums.ts';
import { Node } from '../node-interface.ts';
import { ContentRules } from './rule-types.ts';
import { ContentItem, ContentPackage, ContentPackageVersion, KEEPERS } from './types.ts';

export const LaunchMode = enumType('LaunchMode', 'How content is opened.', {
  Normal: 'It counts.',
  Browse: 'A look around; nothing counts.',
  Review: 'A look back; nothing counts.',
});
export const WaiveReason = enumType('WaiveReason', 'Why a unit need not be done (cmi5 9.5.5.2).', {
  TESTED_OUT: 'An assessment showed that the learner can do it.',
  EQUIVALENT_AU: 'Another unit counts for it.',
  EQUIVALENT_OUTSIDE_ACTIVITY: 'Something done elsewhere counts for it.',
  ADMINISTRATIVE: 'It was decided.',
});
const ContentSessionState = enumType('ContentSessionState', 'What became of a launch.', {
  LAUNCHED: 'It was opened.',
  INITIALIZED: 'The content has begun.',
  TERMINATED: 'The content has ended.',
  ABANDONED: 'It ended without the content saying so.',
  REPLACED: 'It was opened again elsewhere.',
});

@ObjectType({ description: 'What became of a part of a package in a registration.' })
export class ContentUnit {
  @Exposed(ADMIN_OR_SELF, () => ContentItem, 'The part; null for one that the version no longer has.', { nullable: true })
  item?: ContentItem;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Whether it was completed.')
  isCompleted!: boolean;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Whether it was passed.')
  isPassed!: boolean;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Whether it was failed.')
  isFailed!: boolean;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Whether it need not be done.')
  isWaived!: boolean;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Of a cmi5 block or course: whether all that is demanded of its units is met.')
  isSatisfied!: boolean;

  @Exposed(ADMIN_OR_SELF, () => Float, 'The score, scaled from -1 to 1.', { nullable: true })
  score!: number | null;
}

@ObjectType({ implements: Node, description: 'One launch of content.' })
export class ContentSession extends Node {
  @Exposed(ADMIN_OR_SELF, () => LaunchMode, 'How it was opened.')
  mode!: string;

  @Exposed(ADMIN_OR_SELF, () => ContentSessionState, 'What became of it.')
  state!: string;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When it was opened.')
  createdAt!: Date;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When it ended; null while it has not.', { nullable: true })
  endedAt!: Date | null;
}

@ObjectType({ description: 'What a SCORM content object has said in an attempt.' })
export class ContentRun {
  @Exposed(ADMIN_OR_SELF, () => ContentItem, 'The part; null for one that the version no longer has.', { nullable: true })
  item?: ContentItem;

  @Exposed(ADMIN_OR_SELF, () => Int, 'How often it was begun anew in this attempt, from 1.')
  run!: number;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When it was begun last.')
  startedAt!: Date;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When it ended; null while it runs.', { nullable: true })
  endedAt!: Date | null;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Whether it is to be gone on with.')
  isSuspended!: boolean;

  @Exposed(ADMIN_OR_SELF, () => Float, 'Seconds spent in it, over all its sittings in this attempt.')
  totalSeconds!: number;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Whether it was completed; null while nothing tells.', { nullable: true })
  isCompleted!: boolean | null;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Whether it was passed; null while nothing tells.', { nullable: true })
  isPassed!: boolean | null;

  @Exposed(ADMIN_OR_SELF, () => Float, 'The score, scaled from -1 to 1.', { nullable: true })
  score!: number | null;

  @Exposed(ADMIN_OR_SELF, () => String, 'Its run-time data (`cmi`) as it was saved last: JSON.')
  data!: string;
}

@ObjectType({ description: 'One attempt at a SCORM course.' })
export class ContentAttempt {
  @Exposed(ADMIN_OR_SELF, () => Int, 'Its number within the registration, from 1.')
  ordinal!: number;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When it began.')
  createdAt!: Date;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When it ended; null while it can be resumed.', { nullable: true })
  endedAt!: Date | null;

  @Exposed(ADMIN_OR_SELF, () => [ContentRun], 'What ran in it, in the order in which it was begun last.')
  runs?: ContentRun[];
}

@ObjectType({ implements: Node, description: 'A learner in one version of a package.' })
export class ContentRegistration extends Node {
  @Exposed(ADMIN_OR_SELF, () => GraphQLUUID, 'The xAPI registration of its statements.')
  registration!: string;

  @Exposed(ADMIN_OR_SELF, () => ContentPackage, 'The package.', { nullable: true })
  package?: ContentPackage;

  @Exposed(ADMIN_OR_SELF, () => ContentPackageVersion, 'The version they learn: the one they began with, or a newer one where a rule moves them.', {
    nullable: true,
  })
  version?: ContentPackageVersion;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When they were registered.')
  createdAt!: Date;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'When it was closed because they began anew; null while it is open.', { nullable: true })
  closedAt!: Date | null;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Whether staff tries the package out: nothing of it counts.')
  isPreview!: boolean;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Whether all that the course demands is met.')
  isSatisfied!: boolean;

  @Exposed(ADMIN_OR_SELF, () => ContentRules, 'The rules of content in it.')
  rules?: ContentRules;

  @Exposed(ADMIN_OR_SELF, () => [ContentUnit], 'What became of its parts, as far as something did.')
  units?: ContentUnit[];

  @Exposed(ADMIN_OR_SELF, () => [ContentSession], 'Its launches, newest first.')
  sessions?: ContentSession[];

  @Exposed(ADMIN_OR_SELF, () => [ContentAttempt], 'SCORM: its attempts, newest first.')
  attempts?: ContentAttempt[];
}

@ObjectType({ description: 'A launch as the browser of the learner needs it.' })
export class ContentLaunch {
  @Exposed(ADMIN_OR_SELF, () => String, 'Where the browser must go. It holds a secret, belongs to this learner, and ends with the session.')
  url!: string;

  @Exposed(ADMIN_OR_SELF, () => Boolean, 'Whether the content needs a window of its own.')
  needsOwnWindow!: boolean;

  @Exposed(ADMIN_OR_SELF, () => ContentSession, 'The session opened.', { nullable: true })
  session?: ContentSession;
}

@ObjectType({ description: 'A package opened to try it out.' })
export class ContentPreview {
  @Exposed(KEEPERS, () => String, 'Where the browser must go. It holds a secret, and ends with the session.')
  url!: string;

  @Exposed(KEEPERS, () => Boolean, 'Whether the content needs a window of its own.')
  needsOwnWindow!: boolean;
}
