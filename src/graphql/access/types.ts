import { ObjectType } from 'type-graphql';
import { ANYONE, Exposed } from '../access.ts';
import { connectionType } from '../connection.ts';
import { enumType } from '../enums.ts';
import { Node } from '../node-interface.ts';

export const PartnerKind = enumType('PartnerKind', 'Kinds of organisations the city works with.', {
  UNIVERSITY: 'A university.',
  PROFESSIONAL_BODY: 'A professional body.',
  CONTENT_VENDOR: 'A maker of e-learning.',
  TRAINING_AGENCY: 'A training agency.',
});
export const TokenRole = enumType('TokenRole', 'What a bearer token is for.', {
  ADMIN: 'Staff of the training agency: everything.',
  PARTNER: 'A university or professional body: the learners of programmes it was granted.',
  VENDOR: 'A content vendor: its own activities and statements.',
  LEARNER: 'A civil servant: their own progress.',
});

@ObjectType({ implements: Node, description: 'An organisation the city works with (mitra).' })
export class Partner extends Node {
  @Exposed(ANYONE, () => String, 'Its code.')
  code!: string;

  @Exposed(ANYONE, () => String, 'Its name.')
  name!: string;

  @Exposed(ANYONE, () => PartnerKind, 'Its kind.')
  kind!: string;
}

export const PartnerConnection = connectionType('Partner', () => Partner);
