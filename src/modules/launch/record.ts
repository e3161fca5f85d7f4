import type { JsonObject } from '../../kernel/json.ts';
import type { ScoOutcome } from '../../standards/scorm/index.ts';
import { type ContentModel, nodesOf, type PackageRow, type PackageVersionRow, plainText } from '../content/index.ts';
import type { AttemptRow, RegistrationRow, ScoRow, SessionRow, UnitRow } from './launch.store.ts';

/** A part of a package as whoever reads a copy knows it; null for one that the version no longer has. */
type Part = { readonly identifier: string; readonly title: string; readonly activityIri: string } | null;

/** Everything that is kept of one registration. */
export interface KeptOfRegistration {
  readonly registration: RegistrationRow;
  readonly contentPackage: PackageRow;
  readonly version: PackageVersionRow;
  readonly model: ContentModel;
  readonly units: readonly UnitRow[];
  readonly sessions: readonly SessionRow[];
  readonly attempts: readonly AttemptRow[];
  /** Of these attempts. */
  readonly runs: readonly ScoRow[];
}

/**
 * A copy of a registration, to be read without us: parts by the publisher's identifiers, run-time data as content saved
 * it. What opens a session, or could be taken for it, is not in it.
 */
export function recordOf({ registration, contentPackage, version, model, units, sessions, attempts, runs }: KeptOfRegistration) {
  const parts = new Map(nodesOf(model.root).map((node) => [node.id, node]));
  const partOf = ({ nodeId }: { readonly nodeId: string }): Part => {
    const node = parts.get(nodeId);
    return node ? { identifier: node.identifier, title: plainText(node.title) || node.identifier, activityIri: node.activityIri } : null;
  };
  const runOf = (run: ScoRow) => {
    const { completed, satisfied, score } = JSON.parse(run.told) as ScoOutcome;
    return {
      item: partOf(run),
      run: run.run,
      startedAt: run.runStartedAt,
      endedAt: run.runEndedAt,
      isSuspended: run.isSuspended,
      totalSeconds: run.totalSeconds,
      isCompleted: completed,
      isPassed: satisfied,
      score,
      scoreInAttempt: run.score,
      cmi: JSON.parse(run.cmi) as JsonObject,
    };
  };
  return {
    registration: registration.id,
    createdAt: registration.createdAt,
    closedAt: registration.closedAt,
    isPreview: registration.isPreview,
    isSatisfied: registration.isSatisfied,
    account: JSON.parse(registration.account) as JsonObject,
    rules: registration.rules,
    package: { title: contentPackage.title, standard: contentPackage.standard, courseIri: contentPackage.courseIri },
    version: { ordinal: version.ordinal, edition: version.edition, createdAt: version.createdAt },
    units: units.map((unit) => {
      const { registrationId: _registration, nodeId: _node, ...state } = unit;
      return { item: partOf(unit), ...state };
    }),
    sessions: sessions.map((session) => ({
      id: session.id,
      item: partOf(session),
      mode: session.mode,
      state: session.state,
      createdAt: session.createdAt,
      lastSeenAt: session.lastSeenAt,
      endedAt: session.endedAt,
      verbs: session.usedVerbs,
    })),
    attempts: attempts.map((attempt) => ({
      ordinal: attempt.ordinal,
      createdAt: attempt.createdAt,
      endedAt: attempt.endedAt,
      sequencing: attempt.sequencing === null ? null : (JSON.parse(attempt.sequencing) as JsonObject),
      sharedData: JSON.parse(attempt.sharedData) as JsonObject,
      runs: runs.filter(({ attemptId }) => attemptId === attempt.id).map(runOf),
    })),
  };
}

export type RegistrationRecord = ReturnType<typeof recordOf>;
