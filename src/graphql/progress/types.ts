import { GraphQLDateTimeISO, GraphQLUUID } from 'graphql-scalars';
import { Float, ID, Int, ObjectType } from 'type-graphql';
import { NO_EVIDENCE_REASONS } from '../../modules/progress/index.ts';
import { ADMIN, ADMIN_OR_SELF, ANYONE, Exposed, READERS } from '../access.ts';
import { Competency } from '../competency/types.ts';
import { connectionType } from '../connection.ts';
import { enumType } from '../enums.ts';
import { Node } from '../node-interface.ts';
import { ActivityKind, LearningActivity } from '../training/types.ts';

const ProgressSource = enumType('ProgressSource', 'Where a level comes from.', {
  DIRECT: 'From evidence for the competency itself.',
  ROLLUP: 'From its children.',
  EQUIVALENT: 'From what was shown of another competency that stands for it.',
  OVERRIDE: 'Somebody set it for a time.',
  NONE: 'There is no level yet.',
});
const EvidenceKind = enumType('EvidenceKind', 'What evidence is.', {
  XAPI: 'A statement, judged by a rule.',
  ASSESSOR: 'What an assessor saw.',
  SUPERVISOR: 'What a supervisor saw.',
  PRIOR_LEARNING: 'Prior learning that a reviewer accepted.',
});
export const RuleMatch = enumType('RuleMatch', 'What an evidence rule looks for in a statement.', {
  ACTIVITY: 'Its activity.',
  PREFIX: 'An activity whose IRI begins so.',
  TYPE: 'An activity of this type, as the statement itself defines it.',
  PARENT: 'An activity among its context parents.',
  GROUPING: 'An activity among its context groupings.',
});
export const AttemptPolicy = enumType('AttemptPolicy', 'Which of several attempts at the same count.', {
  ALL: 'Each.',
  FIRST: 'The first.',
  LATEST: 'The latest.',
  BEST: 'The best of those that still count.',
});
const EvidenceState = enumType('EvidenceState', 'Whether evidence counts at the instant asked about.', {
  ACTIVE: 'It does.',
  FUTURE: 'Its statement bears a later time.',
  EXPIRED: 'Its validity ended.',
  RETRACTED: 'Its statement was voided, the rules changed, or it was taken back.',
});
const RuleSetStatus = enumType('RuleSetStatus', 'Whether a version of a rule set counts.', {
  DRAFT: 'Not yet.',
  ACTIVATING: 'As soon as all that it changes is computed.',
  ACTIVE: 'It does.',
  SUPERSEDED: 'A newer one took its place.',
});
const EventCause = enumType('EventCause', 'Why a level changed.', {
  STATEMENT: 'A statement.',
  VOID: 'A statement was voided.',
  RULE_CHANGE: 'The rules changed.',
  FRAMEWORK_CHANGE: 'The framework changed.',
  IDENTITY: 'An identifier was taken from the learner.',
  EXPIRY: 'Evidence began, ended or lost weight by time alone.',
  REBUILD: 'A rebuild found it other than it was stored.',
  ASSESSMENT: 'A rating was given or taken back, or prior learning accepted.',
  OVERRIDE: 'A level was set for a time, or that was ended.',
});
const StatementState = enumType('StatementState', 'What became of a statement.', {
  UNKNOWN: 'It is not here, or not yours.',
  WAITING: 'It is stored and will be looked at within a second.',
  FAILED: 'It is stored and could not be looked at; whoever runs the server finds why in its log.',
  EVIDENCE: 'It counts.',
  NO_EVIDENCE: 'It does not: see the reason.',
});
const REASON_TEXTS = {
  VOIDING_STATEMENT: 'It voids another statement.',
  VOIDED: 'It was voided.',
  UNKNOWN_ACTOR: 'Its actor is no known learner; once linked, it counts.',
  NO_RULE_FOR_ACTIVITY: 'No active rule is about its activity.',
  VERB_NOT_NAMED: 'A rule is about its activity, but names other verbs.',
  SCORE_TOO_LOW: 'Its scaled score is missing or below what a rule asks.',
  SCORE_TOO_HIGH: 'Its scaled score is missing or above what a rule takes.',
  SUCCESS_DIFFERS: 'Its result.success is missing or not what a rule asks.',
  COMPLETION_DIFFERS: 'Its result.completion is missing or not what a rule asks.',
  DURATION_TOO_SHORT: 'Its result.duration is missing or shorter than a rule asks.',
  CATEGORY_MISSING: 'Its context lacks the category a rule asks.',
  AUTHORITY_NOT_TRUSTED: 'A rule would match, but does not trust its authority.',
} as const satisfies Record<(typeof NO_EVIDENCE_REASONS)[number], string>;
const NoEvidenceReason = enumType(
  'NoEvidenceReason',
  'Why a statement gave no evidence. Of several rules missed, the one that came furthest is told.',
  REASON_TEXTS,
);

@ObjectType({ description: 'The level from a score on, up to the next band.' })
export class ScoreBand {
  @Exposed(ANYONE, () => Float, 'The least result.score.scaled.')
  scaledMin!: number;

  @Exposed(ANYONE, () => Int, 'The level.')
  level!: number;
}

@ObjectType({ implements: Node, description: 'A rule that turns statements into evidence. What is null does not restrict.' })
export class EvidenceRule extends Node {
  @Exposed(ANYONE, () => RuleMatch, 'What it looks for in a statement.')
  match!: string;

  @Exposed(ANYONE, () => String, 'The IRI it looks for: of an activity or a type, or how an IRI begins.')
  activityIri!: string;

  @Exposed(ANYONE, () => [String], 'The verbs it names, by IRI.')
  verbs!: string[];

  @Exposed(ANYONE, () => Float, 'The least result.score.scaled.', { nullable: true })
  scaledMin!: number | null;

  @Exposed(ANYONE, () => Float, 'The greatest result.score.scaled.', { nullable: true })
  scaledMax!: number | null;

  @Exposed(ANYONE, () => Int, 'The least result.duration, in seconds.', { nullable: true })
  durationMinSeconds!: number | null;

  @Exposed(ANYONE, () => String, 'An activity that must be among the context categories.', { nullable: true })
  category!: string | null;

  @Exposed(ANYONE, () => Boolean, 'What result.success must be.', { nullable: true })
  success!: boolean | null;

  @Exposed(ANYONE, () => Boolean, 'What result.completion must be.', { nullable: true })
  completion!: boolean | null;

  @Exposed(ADMIN, () => [GraphQLUUID], 'Keys of the authorities it trusts; empty trusts all.')
  trustedAuthorities!: string[];

  @Exposed(ANYONE, () => Int, 'The level a matching statement is evidence of, unless bands tell it.')
  level!: number;

  @Exposed(ANYONE, () => [ScoreBand], 'Levels by score, the lowest score first.')
  bands!: ScoreBand[];

  @Exposed(ANYONE, () => Boolean, 'Whether a matching statement speaks for the level, or against it.')
  positive!: boolean;

  @Exposed(ANYONE, () => Int, 'Its weight, in thousandths.')
  weight!: number;

  @Exposed(ANYONE, () => Int, 'For how many days from its timestamp a statement counts; null is for ever.', { nullable: true })
  validDays!: number | null;

  @Exposed(ANYONE, () => AttemptPolicy, 'Which of several matching statements about the same activity count.')
  attempts!: string;

  @Exposed(ANYONE, () => Competency, 'The competency it is evidence of.', { nullable: true })
  competency?: Competency;

  @Exposed(ANYONE, () => LearningActivity, 'The activity it is about; null for a prefix or a type.', { nullable: true })
  activity?: LearningActivity;
}

@ObjectType({ implements: Node, description: 'A set of evidence rules through all its versions.' })
export class EvidenceRuleSet extends Node {
  @Exposed(ANYONE, () => String, 'Its code.')
  code!: string;

  @Exposed(ANYONE, () => String, 'Its title.')
  title!: string;

  @Exposed(ANYONE, () => [EvidenceRuleSetVersion], 'Its versions, newest first.')
  versions?: EvidenceRuleSetVersion[];
}

@ObjectType({ description: 'The highest level that a kind of activity can be evidence of.' })
class KindCap {
  @Exposed(ANYONE, () => ActivityKind, 'The kind.')
  kind!: string;

  @Exposed(ANYONE, () => Int, 'The level.')
  maxLevel!: number;
}

@ObjectType({ description: 'The highest level that an authority can be evidence of.' })
class AuthorityCap {
  @Exposed(ADMIN, () => GraphQLUUID, 'Key of the authority.')
  authorityKey!: string;

  @Exposed(ADMIN, () => Int, 'The level.')
  maxLevel!: number;
}

@ObjectType({ implements: Node, description: 'One version of a rule set.' })
export class EvidenceRuleSetVersion extends Node {
  @Exposed(ANYONE, () => Int, 'Its number within the set, from 1.')
  ordinal!: number;

  @Exposed(ANYONE, () => RuleSetStatus, 'Whether it counts.')
  status!: string;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'When it began to count.', { nullable: true })
  activatedAt!: Date | null;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'From when on it acts; null for all that ever happened.', { nullable: true })
  effectiveFrom!: Date | null;

  @Exposed(ANYONE, () => EvidenceRuleSet, 'The rule set.', { nullable: true })
  ruleSet?: EvidenceRuleSet;

  @Exposed(ANYONE, () => [EvidenceRule], 'Its rules, in order.')
  rules?: EvidenceRule[];

  @Exposed(ANYONE, () => [KindCap], 'Caps by kind of activity.')
  kindCaps?: KindCap[];

  @Exposed(ADMIN, () => [AuthorityCap], 'Caps by authority.')
  authorityCaps?: AuthorityCap[];
}

@ObjectType({ description: 'Why somebody has a level: one statement judged by one rule, or what somebody else says of them.' })
export class Evidence {
  @Exposed(ADMIN_OR_SELF, () => ID, 'Its id: the same rule, statement and competency always make the same.')
  id!: string;

  @Exposed(ANYONE, () => EvidenceKind, 'What it is.')
  kind!: string;

  @Exposed(ANYONE, () => Int, 'The level it is evidence of.')
  level!: number;

  @Exposed(ANYONE, () => Boolean, 'Whether it speaks for the level, or against it.')
  positive!: boolean;

  @Exposed(ANYONE, () => Int, 'Its weight, in thousandths.')
  weight!: number;

  @Exposed(ANYONE, () => EvidenceState, 'Whether it counts at the instant asked about.')
  state!: string;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'When it happened: for a statement its timestamp.')
  occurredAt!: Date;

  @Exposed(ANYONE, () => GraphQLDateTimeISO, 'From when on it counts no more.', { nullable: true })
  expiresAt!: Date | null;

  @Exposed(['ADMIN', 'VENDOR', 'LEARNER'], () => GraphQLUUID, 'The statement it comes from; null when it is none.', { nullable: true })
  statementId!: string | null;

  @Exposed(ADMIN_OR_SELF, () => String, 'That statement, letter for letter as JSON text: numbers and escapes are as they were sent.', { nullable: true })
  statementText?: string;

  @Exposed(ANYONE, () => EvidenceRule, 'The rule that made it.', { nullable: true })
  rule?: EvidenceRule;

  @Exposed(ANYONE, () => Competency, 'The competency it is for: a child, when a level rolls up.', { nullable: true })
  competency?: Competency;
}

@ObjectType({ description: 'What one person can do in one competency, against what their positions demand.' })
export class CompetencyProgress {
  @Exposed(READERS, () => Competency, 'The competency.', { nullable: true })
  competency?: Competency;

  @Exposed(READERS, () => Int, 'The level reached; 0 for none.')
  current!: number;

  @Exposed(READERS, () => Int, 'The level by evidence and children, whatever an override says.')
  computed!: number;

  @Exposed(READERS, () => String, 'The name of that level, such as Mumpuni.', { nullable: true })
  currentLabel?: string;

  @Exposed(READERS, () => Int, 'The level by evidence for this competency and those that stand for it, without its children.')
  direct!: number;

  @Exposed(READERS, () => Int, 'The highest level their positions demand; null when none demands it.', { nullable: true })
  target!: number | null;

  @Exposed(READERS, () => Int, 'How many levels are missing to the target, 0 when it is reached; null without a target.', { nullable: true })
  gap!: number | null;

  @Exposed(READERS, () => ProgressSource, 'Where the level comes from.')
  source!: string;

  @Exposed(READERS, () => Float, 'How sure the evidence makes one of the level, 0 to 1 in hundredths; it never changes the level.')
  confidence!: number;

  @Exposed(
    ADMIN_OR_SELF,
    () => GraphQLDateTimeISO,
    'When time alone may change the answer next: evidence begins, ends or decays, an override turns, a match ends.',
    {
      nullable: true,
    },
  )
  nextChangeAt!: Date | null;

  @Exposed(READERS, () => String, 'Why this level, in a sentence.')
  why?: string;

  @Exposed(READERS, () => [Evidence], 'The evidence that carries the level; with `all`, everything ever held for the competency itself.')
  evidence?: Evidence[];
}

@ObjectType({ implements: Node, description: 'A level changed.' })
export class ProgressEvent extends Node {
  @Exposed(READERS, () => Int, 'The level before.')
  fromLevel!: number;

  @Exposed(READERS, () => Int, 'The level after.')
  toLevel!: number;

  @Exposed(READERS, () => EventCause, 'Why.')
  cause!: string;

  @Exposed(ADMIN_OR_SELF, () => GraphQLUUID, 'The statement that brought it about, when it was a single one.', { nullable: true })
  statementId!: string | null;

  @Exposed(READERS, () => GraphQLDateTimeISO, 'When it was found.')
  createdAt!: Date;

  @Exposed(READERS, () => Competency, 'The competency.', { nullable: true })
  competency?: Competency;
}

@ObjectType({ description: 'What became of one statement.' })
export class StatementStatus {
  @Exposed(['ADMIN', 'VENDOR'], () => GraphQLUUID, 'The statement.')
  statementId!: string;

  @Exposed(['ADMIN', 'VENDOR'], () => StatementState, 'What became of it.')
  state!: string;

  @Exposed(['ADMIN', 'VENDOR'], () => NoEvidenceReason, 'Why it gave no evidence; null unless the state is NO_EVIDENCE.', { nullable: true })
  reason!: string | null;

  @Exposed(['ADMIN', 'VENDOR'], () => String, 'The reason in a sentence.', { nullable: true })
  explanation!: string | null;

  @Exposed(['ADMIN', 'VENDOR'], () => [Evidence], 'The evidence it gave, retracted included.')
  evidence?: Evidence[];
}

@ObjectType({ description: 'A rule that a statement meets.' })
export class EvidenceRuleMatch {
  @Exposed(['ADMIN', 'VENDOR'], () => EvidenceRule, 'The rule.')
  rule!: EvidenceRule;

  @Exposed(['ADMIN', 'VENDOR'], () => Int, 'The level it would be evidence of.')
  level!: number;
}

@ObjectType({ description: 'A rule about what a statement is about, one of whose conditions it does not meet.' })
export class EvidenceRuleMiss {
  @Exposed(['ADMIN', 'VENDOR'], () => EvidenceRule, 'The rule.')
  rule!: EvidenceRule;

  @Exposed(['ADMIN', 'VENDOR'], () => NoEvidenceReason, 'The first condition it does not meet.')
  reason!: string;

  @Exposed(['ADMIN', 'VENDOR'], () => String, 'The reason in a sentence.')
  explanation!: string;
}

@ObjectType({ description: 'A rule of xAPI that a statement breaks.' })
export class StatementViolation {
  @Exposed(['ADMIN', 'VENDOR'], () => String, 'Where in the statement, as a JSON pointer.')
  path!: string;

  @Exposed(['ADMIN', 'VENDOR'], () => String, 'The requirement, by its section.')
  rule!: string;

  @Exposed(['ADMIN', 'VENDOR'], () => String, 'What was expected, in words.')
  message!: string;
}

@ObjectType({ description: 'What would become of a statement; nothing is stored.' })
export class EvidenceDryRun {
  @Exposed(['ADMIN', 'VENDOR'], () => [StatementViolation], 'Why it would be refused; empty when it conforms.')
  violations!: StatementViolation[];

  @Exposed(['ADMIN', 'VENDOR'], () => [EvidenceRuleMatch], 'The rules it meets: each would be evidence.')
  matches!: EvidenceRuleMatch[];

  @Exposed(['ADMIN', 'VENDOR'], () => [EvidenceRuleMiss], 'The rules about the same that it does not meet.')
  misses!: EvidenceRuleMiss[];
}

/** The sentence for a reason. */
export const explainReason = (reason: keyof typeof REASON_TEXTS): string => REASON_TEXTS[reason];

export const EvidenceRuleSetConnection = connectionType('EvidenceRuleSet', () => EvidenceRuleSet);
