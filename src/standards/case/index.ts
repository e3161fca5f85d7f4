export { type Edge, findLoops } from './graph.ts';
export {
  type CaseAssociation,
  type CaseItem,
  type CaseLevel,
  type CasePackage,
  type ImportIssue,
  type RollupKind,
  readCasePackage,
} from './package.ts';
