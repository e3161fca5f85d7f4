export { ACTIVITY_KINDS, trainingEntities } from './training.entities.ts';
export type { ActivityRow, AlignmentRow, BatchRow, EnrolmentRow, ModuleRow, ProgramRow, ProgramVersionRow } from './training.store.ts';
export { assessedBy, type OfferRow, offersAt } from './training.store.ts';
export { Training } from './training.ts';
