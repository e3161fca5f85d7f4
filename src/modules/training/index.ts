export { Training } from './training.ts';
export { ACTIVITY_KINDS, CONTRIBUTIONS, PROGRAM_FORMS, PROGRAM_KINDS, PROGRAM_STATUSES, trainingEntities } from './training.entities.ts';
export type { ActivityRow, AlignmentRow, BatchRow, EnrolmentRow, ModuleRow, ProgramRow, ProgramVersionRow } from './training.store.ts';
