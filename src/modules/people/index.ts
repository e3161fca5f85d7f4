export { peopleEntities } from './people.entities.ts';
export {
  type HoldingRow,
  holdAgentsUnlinked,
  type IdentityRow,
  type LearnerRow,
  learnersOfAgents,
  lockLearners,
  type PositionRow,
  type UnitRow,
} from './people.store.ts';
export { type NewHolding, type NewLearner, type OnLearnerErased, People } from './people.ts';
