export type { AttachmentPart, AttachmentParts } from './attachments.ts';
export { isDigestOf } from './attachments.ts';
export { Bulk, type ExportedStatement } from './bulk.ts';
export { type Document, type DocumentAddress, type DocumentResource, type DocumentScope, Documents, type Preconditions } from './documents.ts';
export type { ErasureRow } from './erasure.store.ts';
export { Erasures } from './erasure.ts';
export type { DeadLetterRow, ForwarderRow } from './forwarding.store.ts';
export { Forwarding, type NewForwarder, SHOWN_DEAD_LETTERS } from './forwarding.ts';
export {
  claimInbox,
  firstWaiting,
  type InboxActor,
  type InboxStatement,
  readActors,
  readForProjection,
  readStates,
  requeueOfActivities,
  requeueOfActors,
  requeueSetAside,
  type StatementState,
  setAside,
  statementsOfActors,
  waitingBuckets,
} from './inbox.store.ts';
export { Ingest } from './ingest.ts';
export { activityKey, actorKey, ifiKey, verbKey } from './keys.ts';
export type { Sender } from './prepare.ts';
export { readTexts, type StoredStatement } from './query.store.ts';
export { Sequencer } from './sequencer.ts';
export { type StatementFormat, type StatementPage, type StatementQuery, Statements, type StoreRequest } from './statements.ts';
