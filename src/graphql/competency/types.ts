import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Int, ObjectType } from 'type-graphql';
import { ANYONE, Exposed } from '../access.ts';
import { connectionType } from '../connection.ts';
import { enumType } from '../enums.ts';
import { Node } from '../node-interface.ts';
import { Position } from '../people/types.ts';

export const FrameworkKind = enumType('FrameworkKind', 'What a framework is about.', {
  MANAGERIAL: 'Managerial competencies, national and fixed.',
  SOCIO_CULTURAL: 'Socio-cultural competencies, national and fixed.',
  TECHNICAL: 'Technical competencies; every agency writes its own dictionary.',
  EXTERNAL: 'A framework of somebody else.',
});
export const PublicationStatus = enumType('PublicationStatus', 'Whether a version may still change.', {
  DRAFT: 'It may, and does not count yet.',
  PUBLISHED: 'It counts and never changes again.',
});
export const ImportFormat = enumType('FrameworkFormat', 'Forms in which a framework comes.', {
  CASE: 'A CFPackage of CASE 1.0 or 1.1 as JSON.',
  CSV: 'A table with one row for each item; see docs/frameworks.md.',
  DIGCOMP: 'DigComp as JSON-LD, as the European Commission publishes it.',
});
export const ExportFormat = enumType('FrameworkExportFormat', 'Forms in which a framework goes out.', {
  CASE: 'A strict CFPackage of CASE 1.1 as JSON: everything.',
  CSV: 'A table with one row for each item: what has a column in it.',
});
export const RollupKind = enumType('RollupKind', 'How the level of a competency follows from its children.', {
  NONE: 'It does not; only evidence for the competency itself counts.',
  ALL_OF: 'The lowest level among all children.',
  ANY_OF: 'The highest level among the children.',
  N_OF: 'The level that a number of children have reached.',
  WEIGHTED: 'The mean of the children by their weights, rounded down.',
});
export const LevelPolicyKind = enumType('LevelPolicyKind', 'How evidence makes a level.', {
  BEST_VALID: 'The highest level that valid evidence speaks for; a later failure does not lower it, an expiry does.',
  LATEST: 'What the newest evidence says; against a level it gives the one below.',
  WEIGHTED: 'The highest level for which the weights come to the threshold, those against it taken off.',
});
export const Importance = enumType('Importance', 'How much a position needs a competency.', {
  ABSOLUTE: 'Mutlak: nobody holds the position without it.',
  IMPORTANT: 'Penting.',
  NEEDED: 'Perlu.',
});
const StandardStatus = enumType('StandardStatus', 'Whether a position standard counts.', {
  DRAFT: 'Not yet: it begins later.',
  IN_FORCE: 'It does.',
  SUPERSEDED: 'One that began later took its place.',
});
const IssueSeverity = enumType('IssueSeverity', 'What an import issue means.', {
  ERROR: 'The package is refused.',
  WARNING: 'It is kept, but does not act.',
});
const ImportOutcome = enumType('ImportOutcome', 'What an import did.', {
  IMPORTED: 'A new version is there.',
  UNCHANGED: 'A version of these very bytes was there before.',
  REFUSED: 'Nothing was changed: see the errors.',
  DRY_RUN: 'It would import; nothing was changed.',
});

@ObjectType({ description: 'One proficiency level of a competency.' })
export class ProficiencyLevel {
  @Exposed(ANYONE, () => Int, 'Its rank on the scale, from 1.')
  rank!: number;

  @Exposed(ANYONE, () => String, 'Its name, such as Mumpuni.')
  label!: string;

  @Exposed(ANYONE, () => String, 'How it shows in behaviour.', { nullable: true })
  description!: string | null;
}

@ObjectType({ implements: Node, description: 'A competency framework (kamus kompetensi) through all its versions.' })
export class CompetencyFramework extends Node {
  @Exposed(ANYONE, () => String, 'Identifier of its CASE document.')
  identifier!: string;

  @Exposed(ANYONE, () => String, 'Its title.')
  title!: string;

  @Exposed(ANYONE, () => String, 'Who made it.')
  creator!: string;

  @Exposed(ANYONE, () => FrameworkKind, 'What it is about.')
  kind!: string;

  @Exposed(ANYONE, () => String, 'Its language, as an RFC 5646 tag.', { nullable: true })
  language!: string | null;

  @Exposed(ANYONE, () => [FrameworkVersion], 'Its versions, newest first.')
  versions?: FrameworkVersion[];

  @Exposed(ANYONE, () => CompetencyConnection, 'Its competencies as of the version that counts now, in the order of import.')
  competencies?: object;
}

@ObjectType({ implements: Node, description: 'One version of a framework.' })
export class FrameworkVersion extends Node {
  @Exposed(ANYONE, () => Int, 'Its number within the framework, from 1.')
  ordinal!: number;

  @Exposed(ANYONE, () => String, 'The version text of its source.')
  label!: string;

  @Exposed(ANYONE, () => PublicationStatus, 'Whether it may still change.')
  status!: string;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'When it was published.', { nullable: true })
  publishedAt!: Date | null;

  @Exposed(ANYONE, () => CompetencyFramework, 'The framework.', { nullable: true })
  framework?: CompetencyFramework;

  @Exposed(ANYONE, () => String, 'The whole version as text, to be taken elsewhere.', { complexity: 1_000 })
  export?: string;
}

@ObjectType({ implements: Node, description: 'A competency (kompetensi), as the version that counts now describes it.' })
export class Competency extends Node {
  @Exposed(ANYONE, () => String, 'Its CASE identifier.')
  identifier!: string;

  @Exposed(ANYONE, () => String, 'Its code, such as T.1.', { nullable: true })
  code!: string | null;

  @Exposed(ANYONE, () => String, 'What it says in full.')
  fullStatement!: string;

  @Exposed(ANYONE, () => String, 'A short form.', { nullable: true })
  abbreviatedStatement!: string | null;

  @Exposed(ANYONE, () => String, 'Its kind within the framework, such as Kompetensi or Rumpun (group).', { nullable: true })
  itemType!: string | null;

  @Exposed(
    ANYONE,
    () => String,
    'The day from which it is retired, such as 2026-01-31: it stays readable, and no new standard, alignment or rule may name it.',
    {
      nullable: true,
    },
  )
  statusEndDate!: string | null;

  @Exposed(ANYONE, () => RollupKind, 'How its level follows from its children.')
  rollup!: string;

  @Exposed(ANYONE, () => Int, 'The number of children that N_OF asks for.', { nullable: true })
  rollupCount!: number | null;

  @Exposed(ANYONE, () => Boolean, 'Whether evidence for the competency itself is left aside.')
  rollupOnly!: boolean;

  @Exposed(ANYONE, () => LevelPolicyKind, 'How evidence makes its level.')
  policy!: string;

  @Exposed(ANYONE, () => Int, 'Of how many independent sources the evidence must be; LATEST does not ask.')
  minDistinctSources!: number;

  @Exposed(ANYONE, () => Int, 'What the weights must come to for WEIGHTED, in thousandths.')
  threshold!: number;

  @Exposed(ANYONE, () => Int, 'After how many days a weight is worth half; null: it stays.', { nullable: true })
  halfLifeDays!: number | null;

  @Exposed(ANYONE, () => [CompetencyEquivalence], 'Approvals that let evidence count here for another, or there; revoked ones included.')
  equivalences?: CompetencyEquivalence[];

  @Exposed(ANYONE, () => [ProficiencyLevel], 'Its proficiency levels, lowest first; only these can be required or reached.')
  levels?: ProficiencyLevel[];

  @Exposed(ANYONE, () => CompetencyFramework, 'The framework it belongs to.', { nullable: true })
  framework?: CompetencyFramework;

  @Exposed(ANYONE, () => [Competency], 'What it is a part of (isChildOf).')
  parents?: Competency[];

  @Exposed(ANYONE, () => [Competency], 'What it consists of, in order.')
  children?: Competency[];
}

@ObjectType({ implements: Node, description: 'Somebody vouched that evidence for one competency is evidence for another that matches it (exactMatchOf).' })
export class CompetencyEquivalence extends Node {
  @Exposed(ANYONE, () => Competency, 'Where the evidence is from.', { nullable: true })
  origin?: Competency;

  @Exposed(ANYONE, () => Competency, 'Where it counts too.', { nullable: true })
  destination?: Competency;

  @Exposed(ANYONE, () => Boolean, 'Whether it counts back as well: then both have one level.')
  twoWay!: boolean;

  @Exposed(ANYONE, () => String, 'Why.')
  reason!: string;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'When it was approved.')
  createdAt!: Date;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'When it was revoked; null while it acts.', { nullable: true })
  revokedAt!: Date | null;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'Until when it was given: it is revoked then.', { nullable: true })
  validUntil!: Date | null;
}

@ObjectType({ description: 'What a level of a competency that is replaced is worth in its successor.' })
class LevelMapEntry {
  @Exposed(ANYONE, () => Int, 'The old level.')
  from!: number;

  @Exposed(ANYONE, () => Int, 'The new one; 0 for none.')
  to!: number;
}

@ObjectType({ implements: Node, description: 'A CASE association between two competencies. An end outside the framework has an identifier only.' })
export class CompetencyAssociation extends Node {
  @Exposed(ANYONE, () => String, 'Its CASE association type, such as isChildOf: from the child to the parent.')
  type!: string;

  @Exposed(ANYONE, () => String, 'CASE identifier of the end it leads from.')
  originIdentifier!: string;

  @Exposed(ANYONE, () => String, 'CASE identifier of the end it leads to.')
  destinationIdentifier!: string;

  @Exposed(ANYONE, () => Int, 'Its place among its siblings.', { nullable: true })
  sequenceNumber!: number | null;

  @Exposed(ANYONE, () => Int, 'Of precedes: the level of the origin without which the destination is not ready; null for any.', { nullable: true })
  minLevel!: number | null;

  @Exposed(ANYONE, () => Int, 'Of isChildOf: what the child weighs in a WEIGHTED roll-up.')
  weight!: number;

  @Exposed(ANYONE, () => Int, 'Of isChildOf: the level of the child without which the parent has none.', { nullable: true })
  requiredMin!: number | null;

  @Exposed(ANYONE, () => [LevelMapEntry], 'Of replacedBy: what each old level is worth; null when it is the same.', { nullable: true })
  levelMap?: LevelMapEntry[] | null;
}

@ObjectType({ description: 'A framework version as flat lists: join `edges` to `nodes` by identifier.' })
export class CompetencyGraph {
  @Exposed(ANYONE, () => FrameworkVersion, 'The version shown.')
  version!: FrameworkVersion;

  @Exposed(ANYONE, () => [Competency], 'Its competencies, in the order of import.')
  nodes!: Competency[];

  @Exposed(ANYONE, () => [CompetencyAssociation], 'Its associations.')
  edges!: CompetencyAssociation[];
}

export const GraphDirection = enumType('GraphDirection', 'Which way associations are followed.', {
  ALONG: 'As they lead: from children to parents, from what comes first to what follows.',
  AGAINST: 'The other way: from parents to children.',
  BOTH: 'Both ways.',
});

const ChangeKind = enumType('FrameworkChangeKind', 'How one version differs from another.', {
  ADDED: 'It was not there before.',
  REMOVED: 'It is no more.',
  CHANGED: 'It says something else.',
});

@ObjectType({ description: 'A competency that two versions of a framework say something else of.' })
class CompetencyChange {
  @Exposed(ANYONE, () => String, 'Its CASE identifier.')
  identifier!: string;

  @Exposed(ANYONE, () => String, 'Its code.', { nullable: true })
  code!: string | null;

  @Exposed(ANYONE, () => ChangeKind, 'How it differs.')
  kind!: string;

  @Exposed(ANYONE, () => [String], 'CASE names of what differs, when it is CHANGED; `levels` for its proficiency levels.')
  fields!: string[];
}

@ObjectType({ description: 'An association that two versions of a framework say something else of.' })
class CompetencyAssociationChange {
  @Exposed(ANYONE, () => String, 'Its CASE identifier.')
  identifier!: string;

  @Exposed(ANYONE, () => String, 'Its CASE association type.')
  type!: string;

  @Exposed(ANYONE, () => String, 'CASE identifier of the end it leads from.')
  originIdentifier!: string;

  @Exposed(ANYONE, () => String, 'CASE identifier of the end it leads to.')
  destinationIdentifier!: string;

  @Exposed(ANYONE, () => ChangeKind, 'How it differs.')
  kind!: string;
}

@ObjectType({ description: 'What one version of a framework says differently from another, in order of identifiers.' })
export class FrameworkVersionDiff {
  @Exposed(ANYONE, () => [CompetencyChange], 'Competencies.')
  items!: CompetencyChange[];

  @Exposed(ANYONE, () => [CompetencyAssociationChange], 'Associations.')
  associations!: CompetencyAssociationChange[];
}

@ObjectType({ implements: Node, description: 'One demand of a position standard.' })
export class CompetencyRequirement extends Node {
  @Exposed(ANYONE, () => Int, 'The level demanded.')
  requiredLevel!: number;

  @Exposed(ANYONE, () => Importance, 'How much it is needed.')
  importance!: string;

  @Exposed(ANYONE, () => Int, 'What it weighs in the position match.')
  weight!: number;

  @Exposed(ANYONE, () => Competency, 'The competency demanded.', { nullable: true })
  competency?: Competency;

  @Exposed(ANYONE, () => FrameworkVersion, 'The framework version it was read from.', { nullable: true })
  frameworkVersion?: FrameworkVersion;
}

@ObjectType({ implements: Node, description: 'Position competency standard (standar kompetensi jabatan, SKJ): what a position demands from a day on.' })
export class PositionStandard extends Node {
  @Exposed(ANYONE, () => Int, 'Its number for this position, from 1.')
  ordinal!: number;

  @Exposed(ANYONE, () => StandardStatus, 'Whether it counts.')
  status!: string;

  @Exposed(ANYONE, () => String, 'The regulation or decree it rests on.')
  legalBasis!: string;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'From when it counts.')
  effectiveFrom!: Date;

  @Exposed(ANYONE, () => Position, 'The position.', { nullable: true })
  position?: Position;

  @Exposed(ANYONE, () => [CompetencyRequirement], 'Its demands.')
  requirements?: CompetencyRequirement[];
}

@ObjectType({ description: 'Something an import has to say.' })
export class ImportIssue {
  @Exposed(ANYONE, () => IssueSeverity, 'What it means.')
  severity!: string;

  @Exposed(ANYONE, () => String, 'Where in the package, as a JSON pointer.')
  path!: string;

  @Exposed(ANYONE, () => String, 'A short name of the finding.')
  code!: string;

  @Exposed(ANYONE, () => String, 'The finding in words.')
  message!: string;
}

@ObjectType({ description: 'How many rows a package holds.' })
export class ImportCounts {
  @Exposed(ANYONE, () => Int, 'Competencies.')
  items!: number;

  @Exposed(ANYONE, () => Int, 'Associations, those with an end outside included.')
  associations!: number;

  @Exposed(ANYONE, () => Int, 'Proficiency levels.')
  levels!: number;
}

@ObjectType({ description: 'What an import did and found.' })
export class ImportReport {
  @Exposed(ANYONE, () => ImportOutcome, 'What it did.')
  outcome!: string;

  @Exposed(ANYONE, () => FrameworkVersion, 'The version imported, or found unchanged.', { nullable: true })
  version?: FrameworkVersion;

  @Exposed(ANYONE, () => ImportCounts, 'What the package holds; zeros when it was refused.')
  counts!: ImportCounts;

  @Exposed(ANYONE, () => [ImportIssue], 'Every finding, not the first only.')
  issues!: ImportIssue[];
}

export const CompetencyConnection = connectionType('Competency', () => Competency);
export const CompetencyFrameworkConnection = connectionType('CompetencyFramework', () => CompetencyFramework);
