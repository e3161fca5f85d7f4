export { DEFAULT_POLICY, type LevelPolicy, ROLLUP_KINDS, type RollupRule } from '../../standards/case/index.ts';
export { CaseLibrary } from './case-library.ts';
export { competencyEntities, FRAMEWORK_KINDS } from './competency.entities.ts';
export {
  type CompetencyRow,
  competenciesById,
  describedLevels,
  type EdgeRow,
  type EquivalenceRow,
  equivalencesById,
  equivalencesEndedAfter,
  type FrameworkRow,
  type GraphItem,
  type GraphPredecessor,
  type GraphReplacement,
  type GraphWalk,
  type LevelRow,
  liveEquivalences,
  publishedVersionIds,
  type RequirementRow,
  type RollupGraph,
  readRollupGraph,
  retiredAt,
  type StandardRow,
  type Target,
  targetsOfLearners,
  type VersionRow,
} from './competency.store.ts';
export { Competencies, type NewEdge, type NewEquivalence, type NewStandard } from './competency.ts';
export type { AssociationChange, ItemChange } from './diff.ts';
export { IMPORT_FORMATS, type ImportReport, type ImportRequest } from './import.ts';
