export type { AttemptRow, RegistrationRow, RegistrationsPage, ScoRow, SessionRow, UnitRow } from './launch.store.ts';
export { Launches, type Origins, type SessionFacts } from './launches.ts';
export { ScormPlayer } from './scorm-player.ts';
export { type DocumentRequest, isSessionPrincipal, SessionDoor, type SessionPrincipal } from './session-door.ts';
