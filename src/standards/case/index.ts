export { type Edge, findLoops } from './graph.ts';
export { type CaseAssociation, type CaseItem, type CaseLevel, type CasePackage, type ImportIssue, readCasePackage, ROLLUP_KINDS, type RollupKind } from './package.ts';
