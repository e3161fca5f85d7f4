export type { ContentsEntry, CourseContents, OpenedUnit } from './contents.ts';
export { checkPreferences, checkStatement, definedVerb, type SessionState, type SessionTerms, verbOf } from './guard.ts';
export { type MoveOnNode, meetsMoveOn, satisfiedNodes, type UnitState } from './move-on.ts';
export { abandoned, agentOf, contextTemplate, launched, satisfied, waived } from './statements.ts';
export {
  type AssignableUnit,
  type Block,
  type CourseStructure,
  type LanguageMap,
  type MoveOn,
  readCourseStructure,
} from './structure.ts';
export { type Cmi5Verb, LAUNCH_DATA, type LaunchMode, LEARNER_PREFERENCES, type WaiveReason } from './vocabulary.ts';
