export { People, type NewHolding, type NewLearner } from './people.ts';
export { peopleEntities, POSITION_FAMILIES, STAFF_CATEGORIES, UNIT_KINDS } from './people.entities.ts';
export { type HoldingRow, holdAgentsUnlinked, type IdentityRow, type LearnerRow, learnersOfAgents, lockLearners, type PositionRow, type UnitRow } from './people.store.ts';
