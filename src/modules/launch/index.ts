export { type AttemptRow, type RegistrationRow, SESSION_STATES, type SessionRow, type UnitRow } from './launch.store.ts';
export { contentUrl, type Launch, Launches, type Origins, type SessionFacts } from './launches.ts';
export { type DocumentRequest, isSessionPrincipal, SessionDoor, type SessionPrincipal } from './session-door.ts';
