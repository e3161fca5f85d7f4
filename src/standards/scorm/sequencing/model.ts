/** The sequencing definition model. @see IMS Simple Sequencing; SCORM 2004 4th Edition SN 3 */

export type RuleCondition =
  | 'satisfied'
  | 'objectiveStatusKnown'
  | 'objectiveMeasureKnown'
  | 'objectiveMeasureGreaterThan'
  | 'objectiveMeasureLessThan'
  | 'completed'
  | 'activityProgressKnown'
  | 'attempted'
  | 'attemptLimitExceeded'
  | 'timeLimitExceeded'
  | 'outsideAvailableTimeRange'
  | 'always'
  | 'never';

export interface Condition {
  readonly condition: RuleCondition;
  readonly not: boolean;
  /** The objective asked; null is the one that rolls up. */
  readonly objective: string | null;
  /** For the two comparisons, -1 to 1. */
  readonly threshold: number;
}

export interface SequencingRule {
  readonly action: string;
  readonly combination: 'all' | 'any';
  readonly conditions: readonly Condition[];
}

export interface RollupRule {
  readonly action: 'satisfied' | 'notSatisfied' | 'completed' | 'incomplete';
  readonly childActivitySet: 'all' | 'any' | 'none' | 'atLeastCount' | 'atLeastPercent';
  readonly minimumCount: number;
  /** 0 to 1. */
  readonly minimumPercent: number;
  readonly combination: 'all' | 'any';
  readonly conditions: readonly Pick<Condition, 'condition' | 'not'>[];
}

/** Which parts of a global objective a local one reads and writes. */
export interface ObjectiveMap {
  readonly target: string;
  readonly readSatisfied: boolean;
  readonly readMeasure: boolean;
  readonly writeSatisfied: boolean;
  readonly writeMeasure: boolean;
  readonly readRaw: boolean;
  readonly readMin: boolean;
  readonly readMax: boolean;
  readonly readCompletion: boolean;
  readonly readProgress: boolean;
  readonly writeRaw: boolean;
  readonly writeMin: boolean;
  readonly writeMax: boolean;
  readonly writeCompletion: boolean;
  readonly writeProgress: boolean;
}

export interface Objective {
  /** Null only for a primary objective that has none. */
  readonly id: string | null;
  readonly isPrimary: boolean;
  readonly satisfiedByMeasure: boolean;
  readonly minNormalizedMeasure: number;
  readonly maps: readonly ObjectiveMap[];
}

export type Timing = 'never' | 'once' | 'onEachNewAttempt';
export type Required = 'always' | 'ifAttempted' | 'ifNotSkipped' | 'ifNotSuspended';

export interface Sequencing {
  readonly choice: boolean;
  readonly choiceExit: boolean;
  readonly flow: boolean;
  readonly forwardOnly: boolean;
  readonly useCurrentAttemptObjectiveInfo: boolean;
  readonly useCurrentAttemptProgressInfo: boolean;
  readonly constrainChoice: boolean;
  readonly preventActivation: boolean;
  readonly preRules: readonly SequencingRule[];
  readonly postRules: readonly SequencingRule[];
  readonly exitRules: readonly SequencingRule[];
  readonly attemptLimit: number | null;
  /** Longest attempt, an ISO 8601 duration; told to content, which follows it. */
  readonly maxTime: string | null;
  readonly rollupRules: readonly RollupRule[];
  readonly rollupObjectiveSatisfied: boolean;
  readonly rollupProgressCompletion: boolean;
  readonly objectiveMeasureWeight: number;
  readonly measureSatisfactionIfActive: boolean;
  readonly requiredForSatisfied: Required;
  readonly requiredForNotSatisfied: Required;
  readonly requiredForCompleted: Required;
  readonly requiredForIncomplete: Required;
  readonly objectives: readonly Objective[];
  readonly selectionTiming: Timing;
  /** Null selects all. */
  readonly selectCount: number | null;
  readonly randomizationTiming: Timing;
  readonly reorderChildren: boolean;
  readonly tracked: boolean;
  readonly completionSetByContent: boolean;
  readonly objectiveSetByContent: boolean;
}

/** When measure decides completion (4th edition). */
export interface CompletionThreshold {
  readonly completedByMeasure: boolean;
  readonly minProgressMeasure: number;
  readonly progressWeight: number;
  /** Until the 3rd edition: what content says counts while it tells no progress. */
  readonly mayBeSaid: boolean;
}

/** One node of the tree that a learner moves in. */
export interface ActivityDefinition {
  readonly id: string;
  readonly title: string;
  /** Whether content can be delivered for it: a leaf with a resource. */
  readonly isLaunchable: boolean;
  readonly isVisible: boolean;
  readonly sequencing: Sequencing;
  readonly completion: CompletionThreshold;
  readonly children: readonly ActivityDefinition[];
}

/** What an activity has whose manifest says nothing. `flow` is false: real tools rely on it. */
export const DEFAULT_SEQUENCING: Sequencing = {
  choice: true,
  choiceExit: true,
  flow: false,
  forwardOnly: false,
  useCurrentAttemptObjectiveInfo: true,
  useCurrentAttemptProgressInfo: true,
  constrainChoice: false,
  preventActivation: false,
  preRules: [],
  postRules: [],
  exitRules: [],
  attemptLimit: null,
  maxTime: null,
  rollupRules: [],
  rollupObjectiveSatisfied: true,
  rollupProgressCompletion: true,
  objectiveMeasureWeight: 1,
  measureSatisfactionIfActive: true,
  requiredForSatisfied: 'always',
  requiredForNotSatisfied: 'always',
  requiredForCompleted: 'always',
  requiredForIncomplete: 'always',
  objectives: [],
  selectionTiming: 'never',
  selectCount: null,
  randomizationTiming: 'never',
  reorderChildren: false,
  tracked: true,
  completionSetByContent: false,
  objectiveSetByContent: false,
};

export const DEFAULT_COMPLETION: CompletionThreshold = { completedByMeasure: false, minProgressMeasure: 1, progressWeight: 1, mayBeSaid: false };
