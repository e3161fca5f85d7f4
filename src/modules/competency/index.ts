export { competencyEntities, FRAMEWORK_KINDS, ROLLUPS } from './competency.entities.ts';
export {
  type CompetencyRow,
  describedLevels,
  type EdgeRow,
  type FrameworkRow,
  type LevelRow,
  publishedVersionsOfItems,
  type RequirementRow,
  type RollupGraph,
  readRollupGraph,
  type StandardRow,
  type TargetRow,
  type VersionRow,
} from './competency.store.ts';
export { Competencies, type NewEdge, type NewStandard } from './competency.ts';
export type { ImportReport, ImportRequest } from './import.ts';
