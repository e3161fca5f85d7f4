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
  /** What ran in an attempt: looked up one by one, since all of it may be more than there is room for. */
  readonly runsOf: (attempt: AttemptRow) => Promise<readonly ScoRow[]>;
}

function partIn({ root }: ContentModel): (of: { readonly nodeId: string }) => Part {
  const parts = new Map(nodesOf(root).map((node) => [node.id, node]));
  return ({ nodeId }) => {
    const node = parts.get(nodeId);
    return node ? { identifier: node.identifier, title: plainText(node.title) || node.identifier, activityIri: node.activityIri } : null;
  };
}

function runOf(run: ScoRow, partOf: ReturnType<typeof partIn>) {
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
}

/** An object as JSON that still lacks its end: more follows. */
const begun = (value: object): string => JSON.stringify(value).slice(0, -1);

const separated = (index: number): string => (index === 0 ? '\n' : ',\n');

/**
 * A copy of a registration as one JSON object, to be read without us: parts by the publisher's identifiers, run-time data
 * as content saved it. What opens a session, or could be taken for it, is not in it.
 * @param beside what else is to be in it.
 * @returns pieces, of which none has more than one run in it: no text holds all that content may save.
 */
export async function* recordOf(kept: KeptOfRegistration, beside: object): AsyncGenerator<string> {
  const { registration, contentPackage, version, model, units, sessions, attempts, runsOf } = kept;
  const partOf = partIn(model);
  const head = {
    ...beside,
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
  };
  yield `${begun(head)},"attempts":[`;
  for (const [ordinal, attempt] of attempts.entries()) {
    const own = {
      ordinal: attempt.ordinal,
      createdAt: attempt.createdAt,
      endedAt: attempt.endedAt,
      sequencing: attempt.sequencing === null ? null : (JSON.parse(attempt.sequencing) as JsonObject),
      sharedData: JSON.parse(attempt.sharedData) as JsonObject,
    };
    yield `${separated(ordinal)}${begun(own)},"runs":[`;
    for (const [index, run] of (await runsOf(attempt)).entries()) yield `${separated(index)}${JSON.stringify(runOf(run, partOf))}`;
    yield ']}';
  }
  yield ']}';
}
