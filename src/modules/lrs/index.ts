export { activityKey, actorKey, ifiKey, verbKey } from './keys.ts';
export { DIRECT_ACTIVITY_ROLES, DIRECT_AGENT_ROLES } from './links.ts';
export {
  claimInbox,
  type InboxStatement,
  readForProjection,
  readStates,
  readTexts,
  requeueByLink,
  type StatementState,
  type StoredStatement,
  waitingBuckets,
} from './lrs.store.ts';
export type { Sender } from './prepare.ts';
export { type StatementPage, type StatementQuery, Statements } from './statements.ts';
