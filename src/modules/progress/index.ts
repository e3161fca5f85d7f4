export type { ItemProgress } from './fold.ts';
export { progressEntities } from './progress.entities.ts';
export type { EvidenceRow, ProgressEventRow } from './progress.store.ts';
export { Progress, type StatementOutcome } from './progress.ts';
export type { Difference } from './rebuild.ts';
export type { NewRule } from './rule-checks.ts';
export type { RuleSetRow, RuleSetVersionRow } from './rules.store.ts';
export { type Evaluation, NO_EVIDENCE_REASONS, type NoEvidenceReason, PLAIN_RULE, type Rule, type RuleMatch } from './rules.ts';
