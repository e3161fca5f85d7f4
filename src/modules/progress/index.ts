export type { FeedEvent, WebhookRow } from './feed.store.ts';
export type { ItemProgress } from './fold.ts';
export type { Gap, Need, PathStep, PositionMatch, Readiness, TrainingPath } from './gaps.ts';
export type { LevelChange, UnitImpact } from './generation.store.ts';
export type { Lane } from './lanes.ts';
export type { AssessmentRow, ClaimRow, OverrideRow } from './other-evidence.store.ts';
export type { HeatCell, TrainingNeed, UnitMatch, UnitNeed } from './planning.ts';
export { progressEntities } from './progress.entities.ts';
export type { EvidenceRow, ProgressEventRow } from './progress.store.ts';
export { Progress, type StatementOutcome } from './progress.ts';
export type { NewRule } from './rule-checks.ts';
export type { Impact } from './rule-sets.ts';
export type { RuleSetRow, RuleSetVersionRow } from './rules.store.ts';
export {
  type AttemptPolicy,
  type Evaluation,
  NO_EVIDENCE_REASONS,
  type NoEvidenceReason,
  PLAIN_RULE,
  type Rule,
  type RuleMatch,
} from './rules.ts';
export { TlaStatements } from './tla.ts';
export type { Difference } from './verify.ts';
export { signatureOf, type Tell } from './webhooks.ts';
