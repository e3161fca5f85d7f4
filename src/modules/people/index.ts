export { peopleEntities } from './people.entities.ts';
export {
  agentsOfLearners,
  countLearners,
  type HoldingRow,
  holdAgentsUnlinked,
  holdersWithin,
  type IdentityChangeRow,
  type IdentityRow,
  identitiesOfLearners,
  type LearnerRow,
  learnerIdsAfter,
  learnersOfAgents,
  lockLearners,
  type PositionRow,
  type UnitRow,
} from './people.store.ts';
export { type IdentityMove, type NewHolding, type NewLearner, type OnLearnerErased, People } from './people.ts';
