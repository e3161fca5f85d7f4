export type { PackageIssue } from './issue.ts';
export {
  type ItemDefinition,
  isExternal,
  type LinkedMetadata,
  metadataLinks,
  pathOf,
  readScormManifest,
  type ScormEdition,
  type ScormItem,
  type ScormManifest,
  type ScormOrganization,
} from './manifest.ts';
export { isLom, type LearningMetadata, readMetadata } from './metadata.ts';
export type { Commit, CommitAnswer, CurrentRun, PlayerView, TimeLeft, TocEntry } from './play.ts';
export { meetsPrerequisites } from './prerequisites.ts';
export { type CmiEdition, NOTHING_SAID, outcomeOf, type RunTerms, reportOf, type Said, type ScoOutcome, seedOf } from './run-time.ts';
export type { ActivityDefinition } from './sequencing/model.ts';
export { type NavigationRequest, type Outcome, Sequencer, type SequencingState } from './sequencing/sequencer.ts';
export { type CourseOutcome, type KeyedStatement, type RunPlace, statementsOfCourse, statementsOfRun } from './statements.ts';
export { type TimeLimit, timeLimitOf } from './time-limit.ts';
