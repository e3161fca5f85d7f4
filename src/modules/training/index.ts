export { trainingEntities } from './training.entities.ts';
export type { ActivityRow, AlignmentRow, BatchRow, EnrolmentRow, ModuleRow, ProgramRow, ProgramVersionRow } from './training.store.ts';
export { Training } from './training.ts';
