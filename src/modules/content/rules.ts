import { checkRange } from '../../kernel/checks.ts';

const VERSION_MOVES = ['NEVER', 'INCOMPLETE', 'COMPLETE', 'PASSED', 'FAILED', 'ALWAYS'] as const;
const RESUMES = ['ASK', 'ASK_ALWAYS', 'RESUME', 'NEW', 'NEW_WHEN_COMPLETE', 'NEW_WHEN_PASSED', 'NEW_WHEN_FAILED'] as const;
const SCORINGS = ['LAST', 'BEST', 'FIRST', 'AVERAGE'] as const;
const WINDOWS = ['FRAME', 'OWN'] as const;
const SCORE_SCALES = ['RAW', 'RAW_OF_MAX'] as const;

/** How content is opened, resumed and judged. */
export interface Rules {
  /** Which open registrations go on with a newer version at their next launch. */
  readonly moves: (typeof VERSION_MOVES)[number];
  /** What opening a SCORM course does about the latest attempt. */
  readonly resume: (typeof RESUMES)[number];
  /** How many SCORM attempts a registration has; 0 for any number. */
  readonly maxAttempts: number;
  /** Which of several SCORM attempts the score of a part is of. */
  readonly scoring: (typeof SCORINGS)[number];
  /** Whether SCORM content is told the name of its learner. */
  readonly showsName: boolean;
  /** Where content opens that leaves it to us. */
  readonly window: (typeof WINDOWS)[number];
  /** How many characters of suspend data content may save. */
  readonly suspendDataLimit: number;
  /** Whether places and scores of content keep to the limits of the standard. */
  readonly isStrict: boolean;
  /** SCORM 1.2: what a scaled score is made of. */
  readonly scaledFrom: (typeof SCORE_SCALES)[number];
  /** SCORM 1.2: whether the mastery score goes before what content says of passed and failed. */
  readonly masteryOverrides: boolean;
  /** Whether content that left a place or data is resumed though it did not say so. */
  readonly resumesWithoutSuspend: boolean;
}

/** Rules as they are said in one place; what is not said is inherited. */
export type SaidRules = Partial<Rules>;

/** Rules as somebody says them: null takes back what was said, what is left out stays. */
export type RulesChange = { readonly [K in keyof Rules]?: Rules[K] | null | undefined };

const DEFAULTS: Rules = {
  moves: 'NEVER',
  resume: 'ASK',
  maxAttempts: 0,
  scoring: 'LAST',
  showsName: false,
  window: 'FRAME',
  suspendDataLimit: 64_000,
  isStrict: true,
  scaledFrom: 'RAW',
  masteryOverrides: true,
  resumesWithoutSuspend: false,
};

/** Where rules are said, the nearest last. */
const PLACES = ['SYSTEM', 'STANDARD', 'PACKAGE', 'REGISTRATION'] as const;
export type RulePlace = (typeof PLACES)[number];
export type RuleSource = 'SYSTEM_DEFAULT' | RulePlace;

/** Rules as they hold somewhere, each with where it comes from. */
export interface RulesInForce extends Rules {
  readonly sources: Readonly<Record<keyof Rules, RuleSource>>;
}

const NAMES = Object.keys(DEFAULTS) as (keyof Rules)[];

/** What holds where several have spoken: of each rule the nearest word. */
export function rulesInForce(said: { readonly [P in RulePlace]?: SaidRules | null }): RulesInForce {
  const sourceOf = (name: keyof Rules): RuleSource => PLACES.findLast((place) => said[place]?.[name] !== undefined) ?? 'SYSTEM_DEFAULT';
  const sources = Object.fromEntries(NAMES.map((name) => [name, sourceOf(name)])) as RulesInForce['sources'];
  return Object.assign({ ...DEFAULTS, sources }, ...PLACES.map((place) => said[place])) as RulesInForce;
}

/** Room for suspend data within a commit, whatever its characters are. */
export const MAX_SUSPEND_DATA = 256_000;
/** Room for a place where the limits of the standard do not hold. */
export const MAX_LOCATION = 64_000;
const MAX_ATTEMPTS = 1_000;

/** @throws AppError INVALID_INPUT for a rule that no content could go by. */
export function checkRules({ maxAttempts, suspendDataLimit }: RulesChange): void {
  if (maxAttempts != null) checkRange({ maxAttempts }, 0, MAX_ATTEMPTS);
  if (suspendDataLimit != null) checkRange({ suspendDataLimit }, 1, MAX_SUSPEND_DATA);
}
