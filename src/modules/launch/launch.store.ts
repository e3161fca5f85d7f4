import type { Sql } from '../../db/database.ts';
import { type Bind, learnerScope, type Viewer } from '../access/index.ts';
import type { RulesChange, SaidRules } from '../content/index.ts';

export interface RegistrationRow {
  /** The xAPI registration. */
  readonly id: string;
  readonly createdAt: Date;
  readonly learnerId: string;
  readonly packageId: string;
  readonly versionId: string;
  /** Tried out by staff: nothing of it counts. */
  readonly isPreview: boolean;
  readonly isSatisfied: boolean;
  readonly closedAt: Date | null;
  /** The account by which content of this registration knows the learner, as JSON; it outlives a merge. */
  readonly account: string;
  /** What is said of this registration itself. */
  readonly rules: SaidRules;
}

const REGISTRATION = 'id, created_at, learner_id, package_id, version_id, is_preview, is_satisfied, closed_at, account, rules';

export const registrationsById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<RegistrationRow>(`select ${REGISTRATION} from launch.registration where id = any($1::uuid[])`, [ids]);

/** Registrations of learners, oldest first; previews are left out. */
export const registrationsOfLearners = (sql: Sql, learnerIds: readonly string[]) =>
  sql.rows<RegistrationRow>(
    `select ${REGISTRATION} from launch.registration where learner_id = any($1::uuid[]) and not is_preview order by learner_id, created_at, id`,
    [learnerIds],
  );

/** A registration in a list by when it was made, which is told as exactly as it is stored. */
export interface ListedRegistration extends RegistrationRow {
  readonly createdAtExact: string;
}

/** Which registrations of a package are asked for: a page, newest first. */
export interface RegistrationsPage {
  /** Null for those that are open and those that are not; likewise below. */
  readonly isOpen: boolean | null;
  readonly isSatisfied: boolean | null;
  readonly limit: number;
  /** `createdAtExact` and id of the last one seen; empty for the first page. */
  readonly after: readonly string[];
}

/** The same page of each of several packages, of registrations that the viewer may see; previews are left out. */
export async function registrationsOfPackages(
  sql: Sql,
  viewer: Viewer,
  now: Date,
  packageIds: readonly string[],
  { isOpen, isSatisfied, limit, after: [at, id] }: RegistrationsPage,
): Promise<readonly ListedRegistration[]> {
  const parameters: unknown[] = [];
  const bind: Bind = (value) => `$${parameters.push(value)}`;
  const where = ['r.package_id = asked.package_id', 'not r.is_preview', learnerScope(viewer, 'r.learner_id', bind, now)];
  if (isOpen !== null) where.push(`r.closed_at is ${isOpen ? '' : 'not '}null`);
  if (isSatisfied !== null) where.push(`r.is_satisfied = ${bind(isSatisfied)}`);
  if (at !== undefined && id !== undefined) where.push(`(r.created_at, r.id) < (${bind(at)}::timestamptz, ${bind(id)}::uuid)`);
  return sql.rows<ListedRegistration>(
    `select listed.*, to_char(listed.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created_at_exact
     from unnest(${bind(packageIds)}::uuid[]) as asked(package_id) cross join lateral (
       select ${REGISTRATION} from launch.registration r where ${where.join(' and ')} order by r.created_at desc, r.id desc limit ${bind(limit)}
     ) listed order by listed.created_at desc, listed.id desc`,
    parameters,
  );
}

/** Locks a registration: whatever changes one waits for whoever else does. */
export async function lockRegistration(sql: Sql, id: string): Promise<RegistrationRow | null> {
  const [row] = await sql.rows<RegistrationRow>(`select ${REGISTRATION} from launch.registration where id = $1 for update`, [id]);
  return row ?? null;
}

/** What the player seals by what it keeps on the learner's device, in hexadecimal. */
export async function journalKey(sql: Sql, registrationId: string): Promise<string> {
  const [row] = await sql.rows<{ key: string }>(`select encode(journal_key, 'hex') as key from launch.registration where id = $1`, [registrationId]);
  if (!row) throw new Error(`there is no registration ${registrationId}`);
  return row.key;
}

/** What content may be told of a learner; empty when there is none. */
export async function learnerName(sql: Sql, learnerId: string): Promise<string> {
  const [row] = await sql.rows<{ name: string }>('select name from people.learner where id = $1', [learnerId]);
  return row?.name ?? '';
}

export async function openRegistration(sql: Sql, learnerId: string, packageId: string, isPreview: boolean): Promise<RegistrationRow | null> {
  const [row] = await sql.rows<RegistrationRow>(
    `select ${REGISTRATION} from launch.registration where learner_id = $1 and package_id = $2 and is_preview = $3 and closed_at is null for update`,
    [learnerId, packageId, isPreview],
  );
  return row ?? null;
}

/** Inserts a registration, unless one is open already. @returns whether it did. */
export async function insertRegistration(sql: Sql, row: RegistrationRow): Promise<boolean> {
  const rows = await sql.rows(
    `insert into launch.registration (id, created_at, learner_id, package_id, version_id, is_preview, is_satisfied, closed_at, account, rules)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing returning id`,
    [row.id, row.createdAt, row.learnerId, row.packageId, row.versionId, row.isPreview, row.isSatisfied, row.closedAt, row.account, JSON.stringify(row.rules)],
  );
  return rows.length > 0;
}

/** Says rules of a registration. @returns null when there is none. */
export async function setRegistrationRules(sql: Sql, id: string, change: RulesChange): Promise<RegistrationRow | null> {
  const [row] = await sql.rows<RegistrationRow>(
    `update launch.registration set rules = jsonb_strip_nulls(rules || $2::jsonb) where id = $1 returning ${REGISTRATION}`,
    [id, JSON.stringify(change)],
  );
  return row ?? null;
}

export const closeRegistration = (sql: Sql, id: string, now: Date) => sql.rows('update launch.registration set closed_at = $2 where id = $1', [id, now]);
export const changeVersion = (sql: Sql, id: string, versionId: string) =>
  sql.rows('update launch.registration set version_id = $2 where id = $1', [id, versionId]);
export const satisfyRegistration = (sql: Sql, id: string) => sql.rows('update launch.registration set is_satisfied = true where id = $1', [id]);

export interface UnitRow {
  readonly registrationId: string;
  readonly nodeId: string;
  readonly isCompleted: boolean;
  readonly isPassed: boolean;
  readonly isFailed: boolean;
  readonly isWaived: boolean;
  readonly isSatisfied: boolean;
  /** Scaled, -1 to 1. */
  readonly score: number | null;
}

export const unitsOfRegistrations = (sql: Sql, ids: readonly string[]) =>
  sql.rows<UnitRow>(
    'select registration_id, node_id, is_completed, is_passed, is_failed, is_waived, is_satisfied, score from launch.unit_state where registration_id = any($1::uuid[])',
    [ids],
  );

type UnitChange = Partial<Omit<UnitRow, 'registrationId' | 'nodeId'>>;

/** Sets what became of a unit; what is not named stays. */
export async function setUnit(sql: Sql, registrationId: string, nodeId: string, change: UnitChange): Promise<void> {
  const { isCompleted = null, isPassed = null, isFailed = null, isWaived = null, isSatisfied = null, score = null } = change;
  await sql.rows(
    `insert into launch.unit_state as u (registration_id, node_id, is_completed, is_passed, is_failed, is_waived, is_satisfied, score)
     values ($1, $2, coalesce($3, false), coalesce($4, false), coalesce($5, false), coalesce($6, false), coalesce($7, false), $8)
     on conflict (registration_id, node_id) do update set is_completed = coalesce($3, u.is_completed), is_passed = coalesce($4, u.is_passed),
       is_failed = coalesce($5, u.is_failed), is_waived = coalesce($6, u.is_waived), is_satisfied = coalesce($7, u.is_satisfied), score = coalesce($8, u.score)`,
    [registrationId, nodeId, isCompleted, isPassed, isFailed, isWaived, isSatisfied, score],
  );
}

/** Notes that units are completed; those of which nothing is known stay unknown. */
export const completeUnits = (sql: Sql, registrationId: string, nodeIds: readonly string[]) =>
  sql.rows('update launch.unit_state set is_completed = true where registration_id = $1 and node_id = any($2::uuid[]) and not is_completed', [
    registrationId,
    nodeIds,
  ]);

const SESSION_STATES = ['LAUNCHED', 'INITIALIZED', 'TERMINATED', 'ABANDONED', 'REPLACED'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

export interface SessionRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly registrationId: string;
  readonly nodeId: string;
  readonly mode: string;
  readonly state: SessionState;
  readonly fetchedAt: Date | null;
  readonly secretHash: Buffer | null;
  readonly expiresAt: Date;
  readonly lastSeenAt: Date;
  readonly endedAt: Date | null;
  /** What the launch was about, as JSON. */
  readonly terms: string;
  readonly usedVerbs: readonly string[];
  readonly readPreferences: boolean;
  /** When `terminated` came in, and when it says it was said. */
  readonly terminatedAt: Date | null;
  readonly terminatedSaid: Date | null;
}

const SESSION =
  'id, created_at, registration_id, node_id, mode, state, fetched_at, secret_hash, expires_at, last_seen_at, ended_at, terms, used_verbs, read_preferences, terminated_at, terminated_said';

export async function insertSession(sql: Sql, row: SessionRow & { readonly tokenHash: Buffer; readonly fetchHash: Buffer | null }): Promise<void> {
  await sql.rows(
    `insert into launch.session (id, created_at, registration_id, node_id, mode, state, secret_hash, expires_at, last_seen_at, terms, token_hash, fetch_hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      row.id,
      row.createdAt,
      row.registrationId,
      row.nodeId,
      row.mode,
      row.state,
      row.secretHash,
      row.expiresAt,
      row.lastSeenAt,
      row.terms,
      row.tokenHash,
      row.fetchHash,
    ],
  );
}

async function oneSession(sql: Sql, where: string, value: unknown): Promise<SessionRow | null> {
  const [row] = await sql.rows<SessionRow>(`select ${SESSION} from launch.session where ${where}`, [value]);
  return row ?? null;
}

export const sessionById = (sql: Sql, id: string) => oneSession(sql, 'id = $1', id);
export const sessionByToken = (sql: Sql, tokenHash: Buffer) => oneSession(sql, 'token_hash = $1', tokenHash);

/** Sessions of registrations, newest first. */
export const sessionsOfRegistrations = (sql: Sql, ids: readonly string[]) =>
  sql.rows<SessionRow>(`select ${SESSION} from launch.session where registration_id = any($1::uuid[]) order by registration_id, created_at desc, id desc`, [
    ids,
  ]);

/** Sessions of a registration that have not ended. */
export const openSessions = (sql: Sql, registrationId: string) =>
  sql.rows<SessionRow>(`select ${SESSION} from launch.session where registration_id = $1 and ended_at is null order by created_at, id`, [registrationId]);

/** Sessions that have been silent until they expired. */
export const expiredSessions = (sql: Sql, now: Date, limit: number) =>
  sql.rows<SessionRow>(`select ${SESSION} from launch.session where ended_at is null and expires_at <= $1 order by expires_at limit $2`, [now, limit]);

/** Hands out the credential of a session, once. @returns the session, or null when there is none by this token or it was handed out. */
export async function takeFetch(sql: Sql, fetchHash: Buffer, secretHash: Buffer, now: Date): Promise<SessionRow | null> {
  const [row] = await sql.rows<SessionRow>(
    `update launch.session set fetched_at = $3, secret_hash = $2 where fetch_hash = $1 and fetched_at is null and ended_at is null and expires_at > $3 returning ${SESSION}`,
    [fetchHash, secretHash, now],
  );
  return row ?? null;
}

export const isKnownFetch = async (sql: Sql, fetchHash: Buffer): Promise<boolean> =>
  (await sql.rows('select from launch.session where fetch_hash = $1', [fetchHash])).length > 0;

export const endSession = (sql: Sql, id: string, state: SessionState, now: Date) =>
  sql.rows('update launch.session set state = $2, ended_at = $3 where id = $1 and ended_at is null', [id, state, now]);

export const setSessionState = (sql: Sql, id: string, state: SessionState) => sql.rows('update launch.session set state = $2 where id = $1', [id, state]);

export const touchSession = (sql: Sql, id: string, now: Date, expiresAt: Date) =>
  sql.rows('update launch.session set last_seen_at = $2, expires_at = greatest(expires_at, $3) where id = $1', [id, now, expiresAt]);

/** Notes what an AU has said in a session. */
export const noteVerbs = (sql: Sql, id: string, verbs: readonly string[], state: SessionState, terminated: { readonly at: Date; readonly said: Date } | null) =>
  sql.rows('update launch.session set used_verbs = $2, state = $3, terminated_at = $4, terminated_said = $5 where id = $1', [
    id,
    verbs,
    state,
    terminated?.at ?? null,
    terminated?.said ?? null,
  ]);

export const notePreferencesRead = (sql: Sql, id: string) => sql.rows('update launch.session set read_preferences = true where id = $1', [id]);

export interface AttemptRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly registrationId: string;
  readonly ordinal: number;
  readonly endedAt: Date | null;
  /** The state of the sequencing engine, as JSON. */
  readonly sequencing: string | null;
  /** Stores that content objects share, by id: JSON. */
  readonly sharedData: string;
  /** What the course was when it was told last: JSON. */
  readonly course: string;
  /** Of a look around or back the session it belongs to; null for an attempt that counts. */
  readonly sessionId: string | null;
}

const ATTEMPT = 'id, created_at, registration_id, ordinal, ended_at, sequencing, shared_data, course, session_id';

/** Attempts of registrations, newest first. */
export const attemptsOfRegistrations = (sql: Sql, ids: readonly string[]) =>
  sql.rows<AttemptRow>(
    `select ${ATTEMPT} from launch.attempt where registration_id = any($1::uuid[]) and session_id is null order by registration_id, ordinal desc`,
    [ids],
  );

/** The latest attempt that counts, or with a session the one of its look around. */
export async function latestAttempt(sql: Sql, registrationId: string, sessionId: string | null): Promise<AttemptRow | null> {
  const [row] = await sql.rows<AttemptRow>(
    `select ${ATTEMPT} from launch.attempt where registration_id = $1 and session_id is not distinct from $2 order by abs(ordinal) desc limit 1`,
    [registrationId, sessionId],
  );
  return row ?? null;
}

export const insertAttempt = (sql: Sql, row: AttemptRow) =>
  sql.rows(
    'insert into launch.attempt (id, created_at, registration_id, ordinal, ended_at, sequencing, shared_data, course, session_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    [row.id, row.createdAt, row.registrationId, row.ordinal, row.endedAt, row.sequencing, row.sharedData, row.course, row.sessionId],
  );

/** Ordinals of looks around count down from 0. */
export async function lowestOrdinal(sql: Sql, registrationId: string): Promise<number> {
  const [row] = await sql.rows<{ ordinal: number | null }>('select least(min(ordinal), 0) as ordinal from launch.attempt where registration_id = $1', [
    registrationId,
  ]);
  return row?.ordinal ?? 0;
}

export const saveAttempt = (sql: Sql, id: string, sequencing: string, sharedData: string, course: string, endedAt: Date | null) =>
  sql.rows('update launch.attempt set sequencing = $2, shared_data = $3, course = $4, ended_at = $5 where id = $1', [
    id,
    sequencing,
    sharedData,
    course,
    endedAt,
  ]);

/** Ends attempts under way; the next one begins with nothing. */
export const endAttempts = (sql: Sql, registrationId: string, now: Date) =>
  sql.rows(`update launch.attempt set ended_at = $2, sequencing = null, shared_data = '{}' where registration_id = $1 and ended_at is null`, [
    registrationId,
    now,
  ]);

export interface ScoRow {
  readonly attemptId: string;
  readonly nodeId: string;
  /** The session that ran it last. */
  readonly sessionId: string;
  readonly run: number;
  readonly runStartedAt: Date;
  readonly runEndedAt: Date | null;
  /** Run-time data as the run began, as it was saved last, of what content spoke, and the outcome told last: JSON. */
  readonly seed: string;
  readonly cmi: string;
  readonly said: string;
  readonly told: string;
  /** Seconds before this run, and with it. */
  readonly baseSeconds: number;
  readonly totalSeconds: number;
  /** Whether the last run is to be resumed. */
  readonly isSuspended: boolean;
  /** The scaled score that was said last in the attempt, by whichever run. */
  readonly score: number | null;
}

const SCO = 'attempt_id, node_id, session_id, run, run_started_at, run_ended_at, seed, cmi, said, told, base_seconds, total_seconds, is_suspended, score';

/** What ran in attempts, in the order in which it was begun last. */
export const scosOfAttempts = (sql: Sql, attemptIds: readonly string[]) =>
  sql.rows<ScoRow>(`select ${SCO} from launch.sco_state where attempt_id = any($1::uuid[]) order by attempt_id, run_started_at, node_id`, [attemptIds]);

/** A score in each attempt that counts, the first one first. */
export interface ScoreRow {
  readonly attemptId: string;
  readonly score: number | null;
}

/** Of a part. */
export const unitScores = (sql: Sql, registrationId: string, nodeId: string) =>
  sql.rows<ScoreRow>(
    `select a.id as attempt_id, s.score from launch.attempt a join launch.sco_state s on s.attempt_id = a.id and s.node_id = $2
     where a.registration_id = $1 and a.session_id is null order by a.ordinal`,
    [registrationId, nodeId],
  );

/** Of the course. */
export const courseScores = (sql: Sql, registrationId: string) =>
  sql.rows<ScoreRow>(
    `select id as attempt_id, (course::json ->> 'measure')::double precision as score from launch.attempt
     where registration_id = $1 and session_id is null order by ordinal`,
    [registrationId],
  );

export async function saveSco(sql: Sql, row: ScoRow): Promise<void> {
  await sql.rows(
    `insert into launch.sco_state (${SCO}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     on conflict (attempt_id, node_id) do update set session_id = $3, run = $4, run_started_at = $5, run_ended_at = $6, seed = $7, cmi = $8, said = $9, told = $10,
       base_seconds = $11, total_seconds = $12, is_suspended = $13, score = $14`,
    [
      row.attemptId,
      row.nodeId,
      row.sessionId,
      row.run,
      row.runStartedAt,
      row.runEndedAt,
      row.seed,
      row.cmi,
      row.said,
      row.told,
      row.baseSeconds,
      row.totalSeconds,
      row.isSuspended,
      row.score,
    ],
  );
}

/** The highest number of a commit of a session; 0 before the first. */
export async function lastCommit(sql: Sql, sessionId: string): Promise<number> {
  const [row] = await sql.rows<{ seq: number | null }>('select max(seq) as seq from launch.commit where session_id = $1', [sessionId]);
  return row?.seq ?? 0;
}

export const insertCommit = (sql: Sql, sessionId: string, seq: number, nodeId: string, digest: string, now: Date) =>
  sql.rows('insert into launch.commit (session_id, seq, created_at, node_id, digest) values ($1, $2, $3, $4, $5)', [sessionId, seq, now, nodeId, digest]);

/** Forgets all that a learner did in packages, within the transaction that deletes them. */
export async function deleteOfLearner(sql: Sql, learnerId: string): Promise<void> {
  // Whatever is under way ends first, and nothing begins any more.
  await sql.rows('select id from launch.registration where learner_id = $1 order by id for update', [learnerId]);
  const own = 'select id from launch.registration where learner_id = $1';
  await sql.rows(`delete from launch.commit where session_id in (select id from launch.session where registration_id in (${own}))`, [learnerId]);
  await sql.rows(`delete from launch.sco_state where attempt_id in (select id from launch.attempt where registration_id in (${own}))`, [learnerId]);
  for (const table of ['attempt', 'session', 'unit_state']) await sql.rows(`delete from launch.${table} where registration_id in (${own})`, [learnerId]);
  for (const table of ['registration', 'learner_global']) await sql.rows(`delete from launch.${table} where learner_id = $1`, [learnerId]);
}

/** Gives registrations of one learner to another; of a package that both have open, that of the other stays open. */
export async function moveRegistrations(sql: Sql, from: string, into: string, now: Date): Promise<void> {
  await sql.rows(
    `update launch.registration r set closed_at = $3 where learner_id = $1 and closed_at is null
       and exists (select from launch.registration o where o.learner_id = $2 and o.package_id = r.package_id and o.is_preview = r.is_preview and o.closed_at is null)`,
    [from, into, now],
  );
  await sql.rows('update launch.registration set learner_id = $2 where learner_id = $1', [from, into]);
  // What both have, the other's stays.
  await sql.rows(
    `insert into launch.learner_global (learner_id, scope, key, kind, id, value)
     select $2, scope, key, kind, id, value from launch.learner_global where learner_id = $1 on conflict do nothing`,
    [from, into],
  );
  await sql.rows('delete from launch.learner_global where learner_id = $1', [from]);
}

/** Of activities, those that belong to other packages than this one, or to none of ours but to somebody's programme. */
export async function foreignActivities(sql: Sql, packageId: string, iris: readonly string[]): Promise<readonly string[]> {
  const rows = await sql.rows<{ iri: string }>(
    `select a.iri from training.learning_activity a where a.iri = any($2::text[]) and not exists (
       select from content.content_item i join content.package_version v on v.id = i.version_id where v.package_id = $1 and i.activity_iri = a.iri)`,
    [packageId, iris],
  );
  return rows.map(({ iri }) => iri);
}
