export { Competencies, type NewEdge, type NewStandard } from './competency.ts';
export { competencyEntities, FRAMEWORK_KINDS, IMPORTANCES, ROLLUPS, STANDARD_STATUSES, VERSION_STATUSES } from './competency.entities.ts';
export {
  type CompetencyRow,
  describedLevels,
  type EdgeRow,
  type FrameworkRow,
  type LevelRow,
  publishedVersionsOfItems,
  readRollupGraph,
  type RequirementRow,
  type RollupGraph,
  type StandardRow,
  type TargetRow,
  type VersionRow,
} from './competency.store.ts';
export type { ImportReport, ImportRequest } from './import.ts';
