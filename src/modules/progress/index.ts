export type { ItemProgress } from './fold.ts';
export { type NewRule, Progress, type StatementOutcome } from './progress.ts';
export { progressEntities, RULE_SET_STATUSES } from './progress.entities.ts';
export type { EvidenceRow, ProgressEventRow, RuleSetRow, RuleSetVersionRow } from './progress.store.ts';
export { NO_EVIDENCE_REASONS, type NoEvidenceReason, type Rule } from './rules.ts';
