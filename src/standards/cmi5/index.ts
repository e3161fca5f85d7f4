export { checkPreferences, checkStatement, definedVerb, type SessionState, type SessionTerms } from './guard.ts';
export { type MoveOnNode, meetsMoveOn, satisfiedNodes, type UnitState } from './move-on.ts';
export { abandoned, agentOf, contextTemplate, launched, satisfied, waived } from './statements.ts';
export {
  type AssignableUnit,
  type Block,
  type CourseStructure,
  type LanguageMap,
  MOVE_ON,
  type MoveOn,
  readCourseStructure,
  type StructureIssue,
} from './structure.ts';
export { CMI5_VERBS, type Cmi5Verb, LAUNCH_DATA, LAUNCH_MODES, type LaunchMode, LEARNER_PREFERENCES, WAIVE_REASONS, type WaiveReason } from './vocabulary.ts';
