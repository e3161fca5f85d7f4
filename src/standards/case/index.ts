export { type Converted, type DocumentFacts, readCsvFramework, writeCsvFramework } from './csv.ts';
export { readDigComp } from './digcomp.ts';
export { addItem, changeItem, type ItemChange, relabelled, removeAssociation, removeItem } from './edit.ts';
export { type Edge, findLoops } from './graph.ts';
export { levelsByItem } from './levels.ts';
export {
  type CaseAssociation,
  type CaseItem,
  type CaseLevel,
  type CasePackage,
  DEFAULT_POLICY,
  type ImportIssue,
  LEVEL_POLICIES,
  type LevelMap,
  type LevelPolicy,
  LIMITS,
  ROLLUP_KINDS,
  type RollupKind,
  type RollupRule,
  readCasePackage,
} from './package.ts';
export { isCaseUuid, type ShapeName, shapeOf } from './shapes.ts';
export { type CaseViolation, caseIdentifier, caseViolations, type StrictOptions, toStrictCase } from './strict.ts';
