import { Field, InputType, Int, ObjectType } from 'type-graphql';
import type { Rules, RulesChange } from '../../modules/content/index.ts';
import { ANYONE, Exposed } from '../access.ts';
import { enumType } from '../enums.ts';

const VersionMoves = enumType('ContentVersionMoves', 'Which open registrations go on with a newer version of their package, at their next launch.', {
  NEVER: 'None: whoever began a version stays with it.',
  INCOMPLETE: 'Those whose course is not complete.',
  COMPLETE: 'Those whose course is complete.',
  PASSED: 'Those whose course is passed, or satisfied.',
  FAILED: 'Those in whose course something was failed that is not passed.',
  ALWAYS: 'All.',
});
const ContentResume = enumType('ContentResume', 'What opening a SCORM course does about its latest attempt. Where that is over, another begins.', {
  ASK: 'The learner is asked whether to go on with an attempt that is open, or to start over.',
  ASK_ALWAYS: 'Likewise; and where the latest is over they are asked before another begins.',
  RESUME: 'An attempt that is open is gone on with, and not started over.',
  NEW: 'Another attempt begins; one that is open ends.',
  NEW_WHEN_COMPLETE: 'Another attempt begins where the course is complete in the one that is open; otherwise that is gone on with.',
  NEW_WHEN_PASSED: 'Likewise, where the course is passed in it.',
  NEW_WHEN_FAILED: 'Likewise, where the course is failed in it.',
});
const ContentScoring = enumType('ContentScoring', 'Which of several SCORM attempts the score of a part is of.', {
  LAST: 'The latest that has one.',
  BEST: 'The one with the highest.',
  FIRST: 'The first that has one.',
  AVERAGE: 'All of them: their mean.',
});
const ContentWindow = enumType('ContentWindow', 'Where content opens.', {
  FRAME: 'Where the launch is shown: in a frame, or in the page.',
  OWN: 'In a window of its own.',
});
const ContentScoreScale = enumType('ContentScoreScale', 'What a scaled score of SCORM 1.2 is made of.', {
  RAW: 'The raw score of 100, as the profile of ADL has it.',
  RAW_OF_MAX: 'The raw score of the highest that content names; the mastery score is taken as a percentage of that.',
});
const ContentRuleSource = enumType('ContentRuleSource', 'Where a rule is said that holds.', {
  SYSTEM_DEFAULT: 'Nowhere: it is as the product comes.',
  SYSTEM: 'Of all content.',
  STANDARD: 'Of content of this standard.',
  PACKAGE: 'Of this package.',
  REGISTRATION: 'Of this registration.',
});

type TypeThunk = Parameters<typeof Exposed>[1];

/** Each rule by its name: its type, and what it means. */
const RULES = {
  moves: [() => VersionMoves, 'Which open registrations go on with a newer version of their package.'],
  resume: [() => ContentResume, 'SCORM: what opening the course does about its latest attempt.'],
  maxAttempts: [() => Int, 'SCORM: how many attempts a registration has, to 1000; 0 for any number.'],
  scoring: [() => ContentScoring, 'SCORM: which of several attempts the scores of `ContentRegistration.units` are of, from the next one that is saved.'],
  showsName: [() => Boolean, 'SCORM: whether content is told the name of its learner.'],
  window: [() => ContentWindow, 'Where content opens that does not demand a window of its own.'],
  suspendDataLimit: [
    () => Int,
    'SCORM: how many characters of `suspend_data` content may save, 1 to 256000; the 4096 of SCORM 1.2 are too few for much content.',
  ],
  isStrict: [
    () => Boolean,
    'SCORM: whether a location keeps to the length of the standard, and a score of 1.2 to 0 to 100; otherwise a location has up to 64000 characters.',
  ],
  scaledFrom: [() => ContentScoreScale, 'SCORM 1.2: what a scaled score is made of.'],
  masteryOverrides: [() => Boolean, 'SCORM 1.2: whether the mastery score decides though content says passed or failed; otherwise only where it says neither.'],
  resumesWithoutSuspend: [
    () => Boolean,
    'SCORM: whether an object that left a location or `suspend_data` and is not done is resumed, though it did not ask for it.',
  ],
} as const satisfies Record<keyof Rules, readonly [TypeThunk, string]>;

@ObjectType({ description: 'Where each rule comes from.' })
class ContentRuleSources {}

@ObjectType({ description: 'Rules of content as they hold: each as the nearest place says that says it.' })
export class ContentRules {
  @Exposed(ANYONE, () => ContentRuleSources, 'Where each comes from.')
  sources!: ContentRuleSources;
}

@InputType()
export class ContentRulesChange {}

for (const [name, [type, description]] of Object.entries<readonly [TypeThunk, string]>(RULES)) {
  Exposed(ANYONE, type, description)(ContentRules.prototype, name);
  Exposed(ANYONE, () => ContentRuleSource, `Of \`${name}\`.`)(ContentRuleSources.prototype, name);
  (Field(type, { nullable: true, description }) as (target: object, key: string) => void)(ContentRulesChange.prototype, name);
}

/** The rules that an input names. */
export const rulesOf = (input: object): RulesChange =>
  Object.fromEntries(Object.entries(input).filter(([name, value]) => Object.hasOwn(RULES, name) && value !== undefined)) as RulesChange;
