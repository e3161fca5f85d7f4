import type { Database, Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { AppError, type Violation } from '../../kernel/errors.ts';
import { isUuid } from '../../kernel/ids.ts';
import {
  type Cmi5Verb,
  checkPreferences,
  checkStatement,
  definedVerb,
  LAUNCH_DATA,
  LEARNER_PREFERENCES,
  type SessionState,
  verbOf,
} from '../../standards/cmi5/index.ts';
import { identifierOf, isObject, type JsonObject } from '../../standards/xapi/index.ts';
import { secretMatches, type XapiPrincipal } from '../access/index.ts';
import type { Statements, StoreRequest } from '../lrs/index.ts';
import * as store from './launch.store.ts';
import { factsOf, type Launches, type SessionFacts, sessionOfKey } from './launches.ts';
import { inTurn } from './turns.ts';
import { senderOf } from './voice.ts';

/** The credential of a session: one learner, one registration, one activity, for as long as it lasts. */
export interface SessionPrincipal extends XapiPrincipal {
  readonly sessionId: string;
  readonly facts: SessionFacts;
}

export const isSessionPrincipal = (principal: XapiPrincipal): principal is SessionPrincipal => 'sessionId' in principal;

/** What a document request is about. */
export interface DocumentRequest {
  readonly resource: 'state' | 'activity-profile' | 'agent-profile';
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly activityId: string | undefined;
  /** The Agent, parsed. */
  readonly agent: unknown;
  readonly registration: string | undefined;
  readonly documentId: string | undefined;
  readonly body: Uint8Array;
}

/** How long a session listens after `terminated`, for what was said before and is still on its way (cmi5 9.3.8). */
const GRACE_MS = 5_000;

/** The time between launch and last use is told in `abandoned`: it is noted this finely. */
const TOUCH_MS = 1_000;

const refuse = (violations: readonly Violation[]): AppError => new AppError('FORBIDDEN', violations[0]?.message ?? 'refused', violations);
const refuseOne = (path: string, rule: string, message: string): AppError => refuse([{ path, rule, message }]);

/** Whether nothing that is said is kept: of an AU what it says in Browse and Review is, and its rules leave it little to say. */
const isAside = ({ isPreview, standard, terms }: SessionFacts): boolean => isPreview || (standard !== 'CMI5' && terms.mode !== 'Normal');

/** Whether an Agent is the one of the launch. */
function isLearner(agent: unknown, { terms }: SessionFacts): boolean {
  const ifi = identifierOf(agent);
  return (
    ifi?.kind === 'account' &&
    ifi.homePage === terms.account.homePage &&
    ifi.value === terms.account.name &&
    !(isObject(agent) && agent['objectType'] === 'Group')
  );
}

/** What launched content may do at the xAPI endpoint, and the rules of cmi5 for what it says there. */
export class SessionDoor {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #launches: Launches;
  readonly #statements: Pick<Statements, 'find' | 'storeWithin' | 'announce'>;
  readonly #homePage: string;

  constructor(database: Database, clock: Clock, launches: Launches, statements: Pick<Statements, 'find' | 'storeWithin' | 'announce'>, homePage: string) {
    this.#database = database;
    this.#clock = clock;
    this.#launches = launches;
    this.#statements = statements;
    this.#homePage = homePage;
  }

  /** The principal of a session's key and secret; null when it is none, or the session has ended. */
  async check(key: string, secret: string): Promise<SessionPrincipal | null> {
    const id = sessionOfKey(key);
    // A key of another kind is nobody's secret, and asks for no comparison here.
    if (id === null) return null;
    const session = isUuid(id) ? await store.sessionById(this.#database.sql, id) : null;
    const matches = secretMatches(secret, session?.secretHash ?? null);
    const now = this.#clock.now();
    if (!matches || !session || session.endedAt || session.expiresAt <= now) return null;
    if (session.terminatedAt && now.getTime() - session.terminatedAt.getTime() > GRACE_MS) return null;
    const facts = factsOf(session);
    await this.#launches.keepAlive(session, now, TOUCH_MS);
    const sender = senderOf(this.#homePage, facts.packageId);
    return {
      credentialId: sender.credentialId,
      authority: sender.authority,
      authorityKey: sender.authorityKey,
      mayWrite: true,
      // Within the registration: the door sees to it.
      mayReadAll: true,
      mayReadMine: true,
      mayVoidOthers: false,
      mayDefine: true,
      mayReadState: true,
      mayWriteState: true,
      mayReadProfiles: true,
      mayWriteProfiles: true,
      sessionId: session.id,
      facts,
    };
  }

  /** The filters that a session's query of statements has, whatever it asks. @throws AppError FORBIDDEN when it asks for others'. */
  ownStatements({ facts }: SessionPrincipal, agent: unknown, registration: string | undefined): { readonly agent: string; readonly registration: string } {
    if (agent !== undefined && !isLearner(agent, facts))
      throw refuseOne('/query/agent', 'session-agent', 'this session reads statements of its own learner only');
    if (registration !== undefined && registration.toLowerCase() !== facts.terms.registration)
      throw refuseOne('/query/registration', 'session-registration', 'this session reads statements of its own registration only');
    return { agent: JSON.stringify({ objectType: 'Agent', account: facts.terms.account }), registration: facts.terms.registration };
  }

  /** Whether a statement belongs to the session's learner and registration. */
  isOwn({ facts }: SessionPrincipal, statement: unknown): boolean {
    const registration = isObject(statement) && isObject(statement['context']) ? statement['context']['registration'] : undefined;
    return (
      isObject(statement) && isLearner(statement['actor'], facts) && typeof registration === 'string' && registration.toLowerCase() === facts.terms.registration
    );
  }

  /** @throws AppError FORBIDDEN for a document that is not the session's. */
  async checkDocument({ sessionId, facts }: SessionPrincipal, request: DocumentRequest): Promise<void> {
    const { resource, method, documentId } = request;
    const writes = method !== 'GET';
    if (resource !== 'activity-profile' && !isLearner(request.agent, facts))
      throw refuseOne('/query/agent', 'session-agent', 'the agent must be the learner of this session');
    if (resource !== 'agent-profile' && request.activityId !== facts.terms.activityId)
      throw refuseOne('/query/activityId', 'session-activity', 'the activity must be that of this session');
    if (
      resource === 'state' &&
      request.registration?.toLowerCase() !== facts.terms.registration &&
      (request.registration !== undefined || facts.standard === 'CMI5')
    )
      throw refuseOne('/query/registration', 'session-registration', 'the registration must be that of this session');
    if (resource === 'activity-profile' && writes && isAside(facts))
      throw refuseOne('', 'session-aside', 'all learners share the profile of an activity: a preview or a look around must not change it');
    if (resource === 'agent-profile' && documentId === LEARNER_PREFERENCES) await this.#checkPreferences(sessionId, method, request.body);
    if (facts.standard !== 'CMI5') return;
    if (resource === 'state' && writes && (documentId === LAUNCH_DATA || documentId === undefined))
      throw refuseOne('/query/stateId', 'cmi5 10.2.1', 'an AU must not change or delete LMS.LaunchData');
  }

  /** Preferences are every AU's: content of whatever kind must leave them as the standard has them. */
  async #checkPreferences(sessionId: string, method: DocumentRequest['method'], body: Uint8Array): Promise<void> {
    if (method === 'GET') await store.notePreferencesRead(this.#database.sql, sessionId);
    else if (method === 'DELETE') throw refuseOne('/query/profileId', 'cmi5 11.0', 'the learner preferences are not deleted by content');
    else checkPreferencesBody(body);
  }

  /**
   * What a unit launched by us is told holds addresses that open its course: nobody else reads it.
   * @throws AppError FORBIDDEN
   */
  async checkLaunchData(stateId: string | undefined, registration: string | undefined): Promise<void> {
    if (stateId !== LAUNCH_DATA || registration === undefined || !isUuid(registration)) return;
    const known = await store.registrationsById(this.#database.sql, [registration.toLowerCase()]);
    if (known.length > 0) throw refuseOne('/query/stateId', 'session-launch-data', 'the launch data of a unit is read by that unit alone');
  }

  /**
   * Stores statements of a session if its rules let them, one session of a registration at a time, together with what
   * they mean for it: a statement that is there and not noted would be refused or lost when it is sent again.
   * @param list the statements, parsed.
   * @param request the same as they were sent.
   * @param unstored what is answered in a preview or a look around, which is judged and not stored.
   * @throws AppError FORBIDDEN with every rule that one of them breaks; then nothing is stored.
   */
  async store(principal: SessionPrincipal, list: readonly unknown[], request: StoreRequest, unstored: () => readonly string[]): Promise<readonly string[]> {
    const { facts } = principal;
    const ids = await inTurn(facts.terms.registration, () =>
      this.#database.transaction(async (sql) => {
        const said = async () => (isAside(facts) ? unstored() : this.#statements.storeWithin(sql, request));
        await store.lockRegistration(sql, principal.facts.terms.registration);
        const session = await store.sessionById(sql, principal.sessionId);
        if (!session || session.endedAt) throw refuseOne('', 'cmi5 9.3.6', 'this session has ended');
        const fresh = await this.#notYetStored(list);
        await this.#refuseForeign(sql, principal, fresh);
        if (principal.facts.standard !== 'CMI5') {
          this.#checkPlain(principal, fresh);
          const result = await said();
          if (facts.isPreview || !isAside(facts)) await this.#notePlain(sql, principal, session, fresh);
          return result;
        }
        const after = await this.#checkCmi5(sql, principal, session, fresh);
        const result = await said();
        await this.#note(sql, principal, session, after, scoreOf(fresh));
        return result;
      }),
    );
    this.#statements.announce();
    return ids;
  }

  /** Those that are not here: what is sent again was judged before, and is compared when it is stored. */
  async #notYetStored(list: readonly unknown[]): Promise<readonly JsonObject[]> {
    const fresh: JsonObject[] = [];
    for (const one of list.filter(isObject)) {
      const id = one['id'];
      const known = typeof id === 'string' && isUuid(id) ? await this.#statements.find(id.toLowerCase(), false, null) : null;
      if (!known) fresh.push(one);
    }
    return fresh;
  }

  /** Evidence goes by activity: content of one package must not speak of what belongs to another. */
  async #refuseForeign(sql: Sql, { facts }: SessionPrincipal, list: readonly JsonObject[]): Promise<void> {
    const iris = new Set(list.flatMap((statement) => activityIrisOf(statement)));
    const foreign = new Set(await store.foreignActivities(sql, facts.packageId, [...iris]));
    if (foreign.size === 0) return;
    const [first] = foreign;
    throw refuseOne('/object', 'session-activity', `this session must not speak of ${first}, which is not of its package`);
  }

  #checkPlain({ facts }: SessionPrincipal, list: readonly JsonObject[]): void {
    const violations = list.flatMap((statement, index) => {
      const found: Violation[] = [];
      const path = list.length > 1 ? `/${index}` : '';
      const registration = isObject(statement['context']) ? statement['context']['registration'] : undefined;
      if (!isLearner(statement['actor'], facts))
        found.push({ path: `${path}/actor`, rule: 'session-agent', message: 'the actor must be the learner of this session' });
      if (registration !== undefined && (typeof registration !== 'string' || registration.toLowerCase() !== facts.terms.registration))
        found.push({ path: `${path}/context/registration`, rule: 'session-registration', message: 'the registration must be that of this session' });
      if (isObject(statement['verb']) && statement['verb']['id'] === 'http://adlnet.gov/expapi/verbs/voided')
        found.push({ path: `${path}/verb/id`, rule: 'session-voiding', message: 'launched content must not void statements' });
      return found;
    });
    if (violations.length > 0) throw refuse(violations);
  }

  /** Bare xAPI has no rules of what is said when: what is known of the launched activity is what statements say of it itself. */
  async #notePlain(sql: Sql, { facts }: SessionPrincipal, session: store.SessionRow, list: readonly JsonObject[]): Promise<void> {
    if (session.state === 'LAUNCHED' && list.length > 0) await store.setSessionState(sql, session.id, 'INITIALIZED');
    const own = list.filter(({ object }) => isObject(object) && object['id'] === facts.terms.activityId);
    const change = Object.assign({}, ...own.map(resultOf)) as ReturnType<typeof resultOf>;
    if (Object.keys(change).length === 0) return;
    await store.setUnit(sql, session.registrationId, session.nodeId, change);
    const unit = await unitOf(sql, session);
    if (unit?.isPassed || (unit?.isCompleted && !unit.isFailed)) await store.satisfyRegistration(sql, session.registrationId);
  }

  async #checkCmi5(sql: Sql, { facts }: SessionPrincipal, session: store.SessionRow, list: readonly JsonObject[]): Promise<SessionState> {
    const unit = await unitOf(sql, session);
    let state: SessionState = {
      verbs: new Set(session.usedVerbs as Cmi5Verb[]),
      readPreferences: session.readPreferences,
      terminatedAt: session.terminatedSaid?.getTime() ?? null,
      isCompleted: unit?.isCompleted ?? false,
      isPassed: unit?.isPassed ?? false,
    };
    const violations: Violation[] = [];
    for (const [index, statement] of list.entries()) {
      const issues = checkStatement(statement, facts.terms, state);
      violations.push(...issues.map((issue) => ({ ...issue, path: list.length > 1 ? `/${index}${issue.path}` : issue.path })));
      state = afterStatement(state, statement);
    }
    if (violations.length > 0) throw refuse(violations);
    return state;
  }

  async #note(sql: Sql, { facts }: SessionPrincipal, session: store.SessionRow, after: SessionState, score: number | null): Promise<void> {
    const fresh = [...after.verbs].filter((verb) => !session.usedVerbs.includes(verb));
    if (fresh.length === 0) return;
    const state = after.verbs.has('terminated') ? 'TERMINATED' : 'INITIALIZED';
    const terminated = after.terminatedAt === null ? null : { at: session.terminatedAt ?? this.#clock.now(), said: new Date(after.terminatedAt) };
    await store.noteVerbs(sql, session.id, [...after.verbs], state, terminated);
    const change = {
      ...(fresh.includes('completed') && { isCompleted: true }),
      ...(fresh.includes('passed') && { isPassed: true }),
      ...(fresh.includes('failed') && { isFailed: true }),
      ...(score !== null && { score }),
    };
    if (Object.keys(change).length === 0) return;
    await store.setUnit(sql, session.registrationId, session.nodeId, change);
    await this.#launches.afterUnit(sql, facts);
  }
}

/** What has become of the unit of a session so far. */
const unitOf = async (sql: Sql, { registrationId, nodeId }: store.SessionRow): Promise<store.UnitRow | undefined> =>
  (await store.unitsOfRegistrations(sql, [registrationId])).find((unit) => unit.nodeId === nodeId);

/** What a statement says became of the activity it is about. */
function resultOf(statement: JsonObject): Parameters<typeof store.setUnit>[3] {
  const verb = verbOf(statement);
  const { completion, success, score } = isObject(statement['result']) ? statement['result'] : {};
  const scaled = isObject(score) ? score['scaled'] : undefined;
  return {
    ...((completion === true || verb === 'completed') && { isCompleted: true }),
    ...((success === true || verb === 'passed') && { isPassed: true, isFailed: false }),
    ...((success === false || verb === 'failed') && { isFailed: true }),
    ...(typeof scaled === 'number' && { score: scaled }),
  };
}

function afterStatement(state: SessionState, statement: JsonObject): SessionState {
  const verb = definedVerb(statement);
  if (verb === null) return state;
  const timestamp = statement['timestamp'];
  return {
    ...state,
    verbs: new Set([...state.verbs, verb]),
    terminatedAt: verb === 'terminated' && typeof timestamp === 'string' ? Date.parse(timestamp) : state.terminatedAt,
    isCompleted: state.isCompleted || verb === 'completed',
    isPassed: state.isPassed || verb === 'passed',
  };
}

/** The scaled score of the last statement that judges; null where none has one. */
function scoreOf(list: readonly JsonObject[]): number | null {
  const scores = list.flatMap((statement) => {
    const verb = definedVerb(statement);
    const result = statement['result'];
    const score = (verb === 'passed' || verb === 'failed') && isObject(result) && isObject(result['score']) ? result['score']['scaled'] : undefined;
    return typeof score === 'number' ? [score] : [];
  });
  return scores.at(-1) ?? null;
}

function checkPreferencesBody(body: Uint8Array): void {
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    // Named below: it is no JSON object.
  }
  const issues = checkPreferences(parsed);
  if (issues.length > 0) throw new AppError('INVALID_INPUT', issues[0]?.message ?? '', issues);
}

/** Every activity that a statement is about or stands in the context of; of the statement within it too. */
function activityIrisOf(statement: JsonObject): readonly string[] {
  const object = statement['object'];
  const lists =
    isObject(statement['context']) && isObject(statement['context']['contextActivities']) ? Object.values(statement['context']['contextActivities']) : [];
  const about = isObject(object) && (object['objectType'] === undefined || object['objectType'] === 'Activity') ? [object] : [];
  const inner = isObject(object) && object['objectType'] === 'SubStatement' ? activityIrisOf(object) : [];
  return [...[...about, ...lists.flat()].flatMap((activity) => (isObject(activity) && typeof activity['id'] === 'string' ? [activity['id']] : [])), ...inner];
}
