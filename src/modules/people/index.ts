export { peopleEntities } from './people.entities.ts';
export {
  agentsOfLearners,
  countLearners,
  type HoldingRow,
  holdAgentsUnlinked,
  type IdentityRow,
  type LearnerRow,
  learnerIdsAfter,
  learnersOfAgents,
  lockLearners,
  type PositionRow,
  type UnitRow,
} from './people.store.ts';
export { type NewHolding, type NewLearner, type OnLearnerErased, People } from './people.ts';
