import { GraphQLDateTimeISO } from 'graphql-scalars';
import { ID, ObjectType } from 'type-graphql';
import { ADMIN, ADMIN_OR_SELF, ANYONE, Exposed, READERS } from '../access.ts';
import { PositionStandard } from '../competency/types.ts';
import { connectionType } from '../connection.ts';
import { ContentRegistration } from '../content/launch-types.ts';
import { enumType } from '../enums.ts';
import { Node } from '../node-interface.ts';
import { CompetencyProgress, ProgressEvent } from '../progress/types.ts';
import { Enrolment } from '../training/types.ts';

export const StaffCategory = enumType('StaffCategory', 'Categories of civil servants (pegawai ASN).', {
  PNS: 'Permanent.',
  CPNS: 'Candidate.',
  PPPK: 'By contract.',
});
export const UnitKind = enumType('UnitKind', 'Kinds of units of a city government.', {
  PEMKO: 'The city government as a whole.',
  OPD: 'An agency (organisasi perangkat daerah).',
  BIDANG: 'A division.',
  UPTD: 'A technical unit.',
  KECAMATAN: 'A district.',
  KELURAHAN: 'A ward.',
});
export const PositionFamily = enumType('PositionFamily', 'Families of positions (rumpun jabatan).', {
  JPT: 'Senior leadership.',
  ADMINISTRATOR: 'Administrators.',
  PENGAWAS: 'Supervisors.',
  PELAKSANA: 'Executors.',
  FUNGSIONAL_KEAHLIAN: 'Functional posts of expertise.',
  FUNGSIONAL_KETERAMPILAN: 'Functional posts of skill.',
});
export const IfiKind = enumType('IfiKind', 'Kinds of xAPI inverse functional identifiers.', {
  account: 'An account: home page and name together.',
  mbox: 'A mailto: IRI.',
  mbox_sha1sum: 'The SHA-1 of a mailto: IRI, in hexadecimal.',
  openid: 'An OpenID IRI.',
});

@ObjectType({ implements: Node, description: 'A position (jabatan).' })
export class Position extends Node {
  @Exposed(ANYONE, () => String, 'Its code.')
  code!: string;

  @Exposed(ANYONE, () => String, 'Its title.')
  title!: string;

  @Exposed(ANYONE, () => PositionFamily, 'Its family.')
  family!: string;

  @Exposed(ANYONE, () => [PositionStandard], 'Its competency standards, newest first.')
  standards?: object[];
}

@ObjectType({ implements: Node, description: 'A unit of the city government (unit organisasi).' })
export class OrganizationUnit extends Node {
  @Exposed(ANYONE, () => String, 'Its code.')
  code!: string;

  @Exposed(ANYONE, () => String, 'Its name.')
  name!: string;

  @Exposed(ANYONE, () => UnitKind, 'Its kind.')
  kind!: string;

  @Exposed(ANYONE, () => OrganizationUnit, 'The unit it belongs to; null at the top.', { nullable: true })
  parent?: OrganizationUnit;
}

@ObjectType({ implements: Node, description: 'Who holds a position where, from when to when.' })
export class PositionHolding extends Node {
  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'Its first instant (TMT, the effective date).')
  validFrom!: Date;

  @Exposed(ADMIN_OR_SELF, () => GraphQLDateTimeISO, 'The instant it ends; null while it is open.', { nullable: true })
  validTo!: Date | null;

  @Exposed(ADMIN_OR_SELF, () => Position, 'The position.', { nullable: true })
  position?: Position;

  @Exposed(ADMIN_OR_SELF, () => OrganizationUnit, 'The unit.', { nullable: true })
  unit?: OrganizationUnit;
}

@ObjectType({ description: 'One xAPI identifier of a learner.' })
export class LearnerIdentity {
  @Exposed(ADMIN_OR_SELF, () => IfiKind, 'Its kind.')
  ifiKind!: string;

  @Exposed(ADMIN_OR_SELF, () => String, 'For an account its home page; else empty.')
  homePage!: string;

  @Exposed(ADMIN_OR_SELF, () => String, 'The identifier; for an account its name.')
  ifiValue!: string;
}

const IdentityChangeKind = enumType('IdentityChangeKind', 'What happened to who a learner is known as.', {
  LINKED: 'Identifiers were linked to the learner.',
  UNLINKED: 'An identifier was taken from the learner.',
  MERGED: 'Another learner turned out to be the same person.',
  SPLIT: 'The learner turned out to be two people.',
});

@ObjectType({ description: 'One change to who a learner is known as.' })
export class IdentityChange {
  @Exposed(ADMIN, () => IdentityChangeKind, 'What happened.')
  kind!: string;

  @Exposed(ADMIN, () => GraphQLDateTimeISO, 'When.')
  createdAt!: Date;

  @Exposed(ADMIN, () => [LearnerIdentity], 'The identifiers concerned.')
  identifiers?: LearnerIdentity[];

  @Exposed(ADMIN, () => ID, 'The other learner of a merge or split; of a merge the one who came in and is no more.', { nullable: true })
  otherLearnerId?: string | null;

  @Exposed(ADMIN, () => String, 'Label of the token that did it; null for a command.', { nullable: true })
  changedBy!: string | null;
}

@ObjectType({ implements: Node, description: 'A civil servant who learns. Towards a partner the id is a pseudonym that no other partner knows.' })
export class Learner extends Node {
  @Exposed(READERS, () => String, 'Their name; null for a partner whose grant does not show names.', { nullable: true })
  name!: string | null;

  @Exposed(READERS, () => StaffCategory, 'Their staff category.')
  staffCategory!: string;

  @Exposed(ADMIN_OR_SELF, () => [LearnerIdentity], 'The identifiers by which statements know them.')
  identities?: LearnerIdentity[];

  @Exposed(ADMIN, () => [IdentityChange], 'What happened to who they are known as, newest first.')
  identityChanges?: IdentityChange[];

  @Exposed(ADMIN_OR_SELF, () => [PositionHolding], 'Positions held, latest first.')
  holdings?: PositionHolding[];

  @Exposed(READERS, () => [Enrolment], 'Batches they take part in.')
  enrolments?: object[];

  @Exposed(ADMIN_OR_SELF, () => [ContentRegistration], 'Packages of e-learning they were registered for, oldest first.')
  contentRegistrations?: object[];

  @Exposed(READERS, () => [CompetencyProgress], 'What they can do and what their positions demand: one row per competency with a level or a demand, by code.')
  progress?: object[];

  @Exposed(READERS, () => [ProgressEvent], 'Their latest changes of level, newest first, at most 50.')
  progressEvents?: object[];
}

export const LearnerConnection = connectionType('Learner', () => Learner);
export const PositionConnection = connectionType('Position', () => Position);
export const OrganizationUnitConnection = connectionType('OrganizationUnit', () => OrganizationUnit);
