import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Float, Int, ObjectType } from 'type-graphql';
import { Partner } from '../access/types.ts';
import { ANYONE, Exposed } from '../access.ts';
import { Competency } from '../competency/types.ts';
import { connectionType } from '../connection.ts';
import { enumType } from '../enums.ts';
import { Node } from '../node-interface.ts';
import { LearningActivity } from '../training/types.ts';
import { ContentRules } from './rule-types.ts';

/** Those who manage content. */
export const KEEPERS = ['ADMIN', 'VENDOR'] as const;

export const ContentStandard = enumType('ContentStandard', 'Standards that packages follow.', {
  SCORM_12: 'SCORM 1.2.',
  SCORM_2004: 'SCORM 2004, 2nd to 4th edition.',
  CMI5: 'cmi5.',
  TINCAN: 'Content that sends xAPI statements by itself (Tin Can).',
});
const ContentItemKind = enumType('ContentItemKind', 'Kinds of parts of a package.', {
  COURSE: 'A cmi5 course.',
  BLOCK: 'A cmi5 block.',
  AU: 'A cmi5 assignable unit.',
  ORGANIZATION: 'A SCORM organization.',
  CLUSTER: 'A SCORM item that holds others.',
  SCO: 'A SCORM content object.',
  ASSET: 'A SCORM asset: shown, and silent.',
  ACTIVITY: 'An activity of a Tin Can package.',
});
const IssueSeverity = enumType('ContentIssueSeverity', 'How much an issue of an import matters.', {
  ERROR: 'It refuses the package.',
  WARNING: 'Something was guessed.',
  NOTICE: 'Good to know.',
});
const UploadState = enumType('UploadState', 'What became of an upload.', {
  WAITING: 'No package has come.',
  REFUSED: 'The last package was refused; another may be sent.',
  IMPORTED: 'A package came in.',
});

@ObjectType({ description: 'Something that the import of a package found.' })
class ContentIssue {
  @Exposed(KEEPERS, () => IssueSeverity, 'How much it matters.')
  severity!: string;

  @Exposed(KEEPERS, () => String, 'Where: a file, and in XML a place in it; empty for the package as a whole.')
  path!: string;

  @Exposed(KEEPERS, () => String, 'The rule.')
  rule!: string;

  @Exposed(KEEPERS, () => String, 'What was found, and what is expected.')
  message!: string;
}

@ObjectType({ description: 'What a package says of itself, or of a part of it, to whoever chooses it.' })
class ContentAbout {
  @Exposed(ANYONE, () => String, 'What it is about.', { nullable: true })
  description!: string | null;

  @Exposed(ANYONE, () => [String], 'Words by which it is found.')
  keywords!: string[];

  @Exposed(ANYONE, () => [String], 'The languages it is in, as language tags.')
  languages!: string[];

  @Exposed(ANYONE, () => String, 'How long it takes as a rule: an ISO 8601 duration.', { nullable: true })
  learningTime!: string | null;
}

@ObjectType({ implements: Node, description: 'A package of e-learning through all its versions.' })
export class ContentPackage extends Node {
  @Exposed(ANYONE, () => ContentStandard, 'The standard it follows.')
  standard!: string;

  @Exposed(ANYONE, () => String, 'Its title.')
  title!: string;

  @Exposed(ANYONE, () => Partner, 'The partner whose content it is.', { nullable: true })
  owner?: Partner;

  @Exposed(ANYONE, () => String, 'The activity of the course as a whole, in statements.')
  courseIri!: string;

  @Exposed(ANYONE, () => ContentRules, 'The rules of its content.')
  rules?: ContentRules;

  @Exposed(ANYONE, () => [ContentPackageVersion], 'Its versions, newest first; who begins gets the newest.')
  versions?: ContentPackageVersion[];
}

@ObjectType({ implements: Node, description: 'One version of a package. Whoever began it stays with it, unless a rule moves them.' })
export class ContentPackageVersion extends Node {
  @Exposed(ANYONE, () => Int, 'Its number within the package, from 1.')
  ordinal!: number;

  @Exposed(ANYONE, () => String, 'The edition of the standard.')
  edition!: string;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'When it came in.')
  createdAt!: Date;

  @Exposed(KEEPERS, () => Int, 'How many files it holds.')
  fileCount!: number;

  @Exposed(KEEPERS, () => Float, 'How many bytes they hold.')
  byteCount!: number;

  @Exposed(KEEPERS, () => [ContentIssue], 'What the import found.')
  issues?: ContentIssue[];

  @Exposed(ANYONE, () => ContentAbout, 'What its metadata say of the whole.', { nullable: true })
  about?: ContentAbout;

  @Exposed(ANYONE, () => [ContentItem], 'Its parts, parents before children.')
  items?: ContentItem[];
}

@ObjectType({ implements: Node, description: 'A part of a package: a course, a block, something to launch.' })
export class ContentItem extends Node {
  @Exposed(ANYONE, () => String, "The publisher's identifier.")
  identifier!: string;

  @Exposed(ANYONE, () => ContentItemKind, 'Its kind.')
  kind!: string;

  @Exposed(ANYONE, () => String, 'Its title.')
  title!: string;

  @Exposed(ANYONE, () => Boolean, 'Whether it can be launched.')
  isLaunchable!: boolean;

  @Exposed(ANYONE, () => String, 'The activity of its statements.')
  activityIri!: string;

  @Exposed(ANYONE, () => ContentItem, 'What it is a part of; null for the whole.', { nullable: true })
  parent?: ContentItem;

  @Exposed(ANYONE, () => LearningActivity, 'The activity as it can be aligned to competencies; null for what is neither launched nor the whole.', {
    nullable: true,
  })
  activity?: LearningActivity;

  @Exposed(ANYONE, () => ContentAbout, 'What its metadata say of it.')
  about?: ContentAbout;

  @Exposed(ANYONE, () => [String], "The publisher's ids of what it teaches; competencies and educational objectives that metadata name are among them.")
  objectives!: string[];

  @Exposed(KEEPERS, () => [Competency], 'Competencies that these ids name, by identifier, address or code: suggestions for alignments.')
  suggestedCompetencies?: Competency[];
}

@ObjectType({ implements: Node, description: 'The way for one package to come in.' })
export class ContentUpload extends Node {
  @Exposed(KEEPERS, () => UploadState, 'What became of it.')
  state!: string;

  @Exposed(KEEPERS, () => GraphQLDateTimeISO, 'Until when a package may come.')
  expiresAt!: Date;

  @Exposed(KEEPERS, () => [ContentIssue], 'What the last import found.')
  issues?: ContentIssue[];

  @Exposed(KEEPERS, () => ContentPackage, 'The package; null until it is there.', { nullable: true })
  package?: ContentPackage;

  @Exposed(KEEPERS, () => ContentPackageVersion, 'The version that came in.', { nullable: true })
  version?: ContentPackageVersion;
}

@ObjectType({ description: 'An upload with its address, which is told once.' })
export class ContentUploadTicket {
  @Exposed(KEEPERS, () => String, 'Where to PUT the package: a ZIP archive, or a cmi5.xml by itself. It holds a secret and works once.')
  url!: string;

  @Exposed(KEEPERS, () => ContentUpload, 'What becomes of it.')
  upload!: ContentUpload;
}

export const ContentPackageConnection = connectionType('ContentPackage', () => ContentPackage);
