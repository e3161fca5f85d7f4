import { randomUUID } from 'node:crypto';
import type { Database, Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { AppError, conflict, invalid, missing } from '../../kernel/errors.ts';
import { digestKey, newId } from '../../kernel/ids.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { RateLimit } from '../../kernel/rate-limit.ts';
import {
  abandoned,
  agentOf,
  type CourseContents,
  contextTemplate,
  LAUNCH_DATA,
  type LaunchMode,
  launched,
  type MoveOnNode,
  meetsMoveOn,
  type SessionTerms,
  satisfied,
  satisfiedNodes,
  type WaiveReason,
  waived,
} from '../../standards/cmi5/index.ts';
import { isExternal } from '../../standards/scorm/index.ts';
import { digestSecret, newSecret, type Viewer } from '../access/index.ts';
import { type Content, type ContentModel, type ContentNode, checkRules, nodesOf, partsOf, type Rules, type RulesChange } from '../content/index.ts';
import { activityKey, actorKey, type Documents, type Statements } from '../lrs/index.ts';
import type { People } from '../people/index.ts';
import { contentsOf, listsUnits } from './contents.ts';
import * as store from './launch.store.ts';
import { LearnerGlobals, namesShared, sharedOfLearner } from './learner-globals.ts';
import { mayStartOver, NO_COURSE } from './openings.ts';
import { recordOf } from './record.ts';
import { inTurn } from './turns.ts';
import { movesOn } from './version-moves.ts';
import { senderOf, tell } from './voice.ts';

/** Where clients and content find us. */
export interface Origins {
  /** Address of this server. */
  readonly app: string;
  /** Address under which packages are delivered: another site; null where none is set. */
  readonly content: string | null;
}

export interface LaunchParts {
  readonly content: Content;
  readonly people: People;
  readonly documents: Documents;
  readonly statements: Statements;
}

export interface LaunchOptions {
  readonly origins: () => Origins;
  /** Home page of the accounts by which launched content knows learners. */
  readonly homePage: string;
  /** Of one learner; previews of one package likewise. */
  readonly launchesPerMinute: number;
  /** Ends what a session of SCORM left open, within the transaction that ends the session. */
  readonly closeRun: (sql: Sql, session: store.SessionRow) => Promise<void>;
}

/** A session gives way to the next one of its learner, who goes on with what it left open; or it is over. */
type Ending = 'REPLACED' | 'ABANDONED';

/** What a session is about, beyond its row. */
export interface SessionFacts {
  readonly packageId: string;
  readonly versionId: string;
  readonly standard: ContentModel['standard'];
  readonly terms: SessionTerms;
  readonly isPreview: boolean;
  readonly returnUrl: string | null;
  /** Whether nothing but the contents of the course is shown; each unit opened from there has a session of its own. */
  readonly isContents?: true;
}

/** Whether our player runs it. */
export const isPlayed = ({ standard }: Pick<SessionFacts, 'standard'>): boolean => standard === 'SCORM_12' || standard === 'SCORM_2004';

export const factsOf = ({ terms }: store.SessionRow): SessionFacts => JSON.parse(terms) as SessionFacts;

/** A launch as the learner's browser needs it. */
export interface Launch {
  readonly url: string;
  readonly sessionId: string;
  /** cmi5 13.1.4: whether it needs a window of its own. */
  readonly needsOwnWindow: boolean;
}

/** A session that hears nothing for this long has ended. */
const IDLE_MS = 8 * 3_600_000;
/** Files come by the hundred: their use is noted no oftener. */
const TOUCH_MS = 30_000;

const toMoveOn = (node: ContentNode): MoveOnNode => ({ id: node.id, moveOn: node.unit?.moveOn ?? null, children: node.children.map(toMoveOn) });

/** Who is in which package, and what it takes to open one: registrations, sessions, and the LMS side of cmi5. */
export class Launches {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #parts: LaunchParts;
  readonly #options: LaunchOptions;
  readonly #rate: RateLimit;

  constructor(database: Database, clock: Clock, parts: LaunchParts, options: LaunchOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#parts = parts;
    this.#options = options;
    this.#rate = new RateLimit(options.launchesPerMinute, clock);
  }

  async #inTurn<T>(registrationId: string, work: (sql: Sql) => Promise<T>): Promise<T> {
    const result = await inTurn(registrationId, () => this.#database.transaction(work));
    this.#parts.statements.announce();
    return result;
  }

  get #sql(): Sql {
    return this.#database.sql;
  }

  /**
   * Registers a learner for the newest version of a package; the one that is open is answered, unless they begin anew.
   * @param input.learnerId null for a preview that is nobody's: each is one of its own.
   * @param input.restart closes it and begins another by the same rules: all of it is done again.
   * @param input.byLearner whether they ask themselves: what is not to be started over they do not register anew for.
   * @throws AppError when learner or package are not there; CONFLICT.
   */
  async register(input: {
    learnerId: string | null;
    packageId: string;
    isPreview: boolean;
    restart: boolean;
    byLearner: boolean;
  }): Promise<store.RegistrationRow> {
    const version = await this.#parts.content.currentVersion(input.packageId);
    const model = await this.#parts.content.model(version.id);
    const { packageId, isPreview } = input;
    const { homePage } = this.#options;
    const own = input.learnerId === null ? null : await this.#parts.people.ensureAccount(input.learnerId, homePage);
    // What content keeps of the learner in a preview must not be found by the launches that count.
    const account = isPreview || own === null ? { homePage, name: `preview-${randomUUID()}` } : own;
    const learnerId = input.learnerId ?? newId();
    const now = this.#clock.now();
    const fresh: store.RegistrationRow = {
      id: randomUUID(),
      createdAt: now,
      learnerId,
      packageId,
      versionId: version.id,
      isPreview,
      isSatisfied: false,
      closedAt: null,
      account: JSON.stringify(account),
      rules: {},
    };
    return this.#inTurn(`${learnerId} ${packageId}`, async (sql) => {
      const open = await store.openRegistration(sql, learnerId, packageId, isPreview);
      if (open && !input.restart) return open;
      if (open) {
        if (input.byLearner && isPlayed(model)) checkAnew(await this.#parts.content.rulesFor(sql, packageId, open.rules));
        for (const session of await store.openSessions(sql, open.id)) await this.#end(sql, session, 'ABANDONED');
        await store.closeRegistration(sql, open.id, now);
      }
      if (!(await store.insertRegistration(sql, { ...fresh, rules: open?.rules ?? {} })))
        // In another process, just now.
        throw conflict('/packageId', 'one-registration', 'the learner is being registered for this package just now');
      // Units of which nothing is demanded are met from the first moment on (cmi5 9.6.1).
      if (model.standard === 'CMI5') await this.#satisfy(sql, fresh, model, account, randomUUID());
      return (await store.registrationsById(sql, [fresh.id]))[0] ?? fresh;
    });
  }

  /**
   * Opens a session, and tells where the learner's browser must go.
   * @param input.nodeId what to launch; null takes the course: its player, the contents of several units, or its only unit.
   * @throws AppError when there is nothing to launch, or no address to deliver content under; RATE_LIMITED.
   */
  launch(input: { registrationId: string; nodeId: string | null; mode: LaunchMode; returnUrl: string | null }): Promise<Launch> {
    return this.#launch(input, null);
  }

  /**
   * Opens the newest version of a package for nobody, to try it out; each time it begins anew.
   * @throws AppError as {@link launch} does.
   */
  async preview({ packageId, ...input }: { packageId: string; nodeId: string | null; returnUrl: string | null }): Promise<Launch> {
    this.#rate.take(packageId, 'one package may be previewed');
    const registration = await this.register({ learnerId: null, packageId, isPreview: true, restart: false, byLearner: false });
    return this.launch({ ...input, registrationId: registration.id, mode: 'Browse' });
  }

  /** @param contents the session of contents it is launched from, which goes on. */
  async #launch(
    input: { registrationId: string; nodeId: string | null; mode: LaunchMode; returnUrl: string | null },
    contents: string | null,
  ): Promise<Launch> {
    const { app } = this.#options.origins();
    if (input.returnUrl !== null && !/^https?:\/\//.test(input.returnUrl))
      throw invalid('/returnUrl', 'url', 'returnUrl must be an absolute http or https URL');
    const [known] = await store.registrationsById(this.#sql, [input.registrationId]);
    if (!known) throw missing('/registrationId', 'reference', 'there is no such registration');
    if (known.closedAt) throw conflict('/registrationId', 'open', 'this registration is closed; register again');
    this.#rate.take(known.learnerId, 'content of one learner may be launched');
    const origin = this.#originOf(known.packageId);
    const rules = await this.#parts.content.rulesFor(this.#sql, known.packageId, known.rules);
    // From contents the learner goes on in what they see; a look back is at what was.
    const registration = contents === null && input.mode === 'Normal' ? await this.#newest(known, rules.moves) : known;
    const model = await this.#parts.content.model(registration.versionId);
    const isContents = input.nodeId === null && listsUnits(model);
    const node = isContents ? model.root : launchable(model, input.nodeId);
    const isAu = model.standard === 'CMI5' && !isContents;
    const account = accountOf(registration);
    const terms: SessionTerms = {
      sessionId: newId(),
      registration: registration.id,
      activityId: node.activityIri,
      publisherId: node.identifier,
      account,
      mode: registration.isPreview ? 'Browse' : input.mode,
      moveOn: node.unit?.moveOn ?? 'NotApplicable',
      masteryScore: node.unit?.masteryScore ?? null,
    };
    const facts: SessionFacts = {
      packageId: registration.packageId,
      versionId: registration.versionId,
      standard: model.standard,
      terms,
      isPreview: registration.isPreview,
      // The address of contents opens them: it is told to the unit, and kept nowhere else.
      returnUrl: contents === null ? input.returnUrl : null,
      ...(isContents && { isContents }),
    };
    const [token, fetchToken, secret] = [newSecret(), newSecret(), newSecret()];
    await this.#inTurn(registration.id, async (sql) => {
      const locked = await store.lockRegistration(sql, registration.id);
      if (!locked || locked.closedAt) throw conflict('/registrationId', 'open', 'this registration was closed meanwhile; register again');
      for (const open of await store.openSessions(sql, registration.id)) if (open.id !== contents) await this.#end(sql, open, 'REPLACED');
      const now = this.#clock.now();
      await store.insertSession(sql, {
        id: terms.sessionId,
        createdAt: now,
        registrationId: registration.id,
        nodeId: node.id,
        mode: terms.mode,
        state: isContents ? 'INITIALIZED' : 'LAUNCHED',
        fetchedAt: null,
        secretHash: model.standard === 'TINCAN' ? digestSecret(secret) : null,
        expiresAt: new Date(now.getTime() + IDLE_MS),
        lastSeenAt: now,
        endedAt: null,
        terms: JSON.stringify(facts),
        usedVerbs: [],
        readPreferences: false,
        terminatedAt: null,
        terminatedSaid: null,
        tokenHash: digestSecret(token),
        fetchHash: isAu ? digestSecret(fetchToken) : null,
      });
      if (isAu) await this.#announce(sql, facts, node, input.returnUrl);
    });
    const target = contentUrl(origin, token, node.href ?? '');
    // A unit may demand one (cmi5 13.1.4); where nothing is demanded, we choose.
    const needsOwnWindow = node.unit?.launchMethod === 'OwnWindow' || rules.window === 'OWN';
    if (isAu) {
      const parameters = {
        endpoint: `${app}/xapi/`,
        fetch: `${app}/cmi5/fetch/${fetchToken}`,
        actor: JSON.stringify(agentOf(terms)),
        registration: registration.id,
        activityId: node.activityIri,
      };
      return { url: withQuery(target, parameters), sessionId: terms.sessionId, needsOwnWindow };
    }
    if (model.standard === 'TINCAN') {
      const auth = `Basic ${Buffer.from(`${sessionKey(terms.sessionId)}:${secret}`).toString('base64')}`;
      const parameters = {
        endpoint: `${app}/xapi/`,
        auth,
        actor: JSON.stringify(agentOf(terms)),
        registration: registration.id,
        activity_id: node.activityIri,
      };
      return { url: withQuery(target, parameters), sessionId: terms.sessionId, needsOwnWindow };
    }
    return { url: `${origin}/l/${token}/`, sessionId: terms.sessionId, needsOwnWindow };
  }

  /**
   * A registration, moved to the newest version of its package where that is wanted: the attempt under way ends, since
   * it is of other content; what was reached stays, by the identifiers that both versions have.
   */
  async #newest(known: store.RegistrationRow, moves: Rules['moves']): Promise<store.RegistrationRow> {
    const { content } = this.#parts;
    const version = await content.currentVersion(known.packageId);
    if (version.id === known.versionId) return known;
    const model = await content.model(version.id);
    return this.#inTurn(known.id, async (sql) => {
      const registration = (await store.lockRegistration(sql, known.id)) ?? known;
      const units = await store.unitsOfRegistrations(sql, [known.id]);
      if (registration.closedAt || !movesOn(moves, registration, units, model.root.id)) return registration;
      for (const session of await store.openSessions(sql, known.id)) await this.#end(sql, session, 'ABANDONED');
      await store.endAttempts(sql, known.id, this.#clock.now());
      await store.changeVersion(sql, known.id, version.id);
      const moved = { ...registration, versionId: version.id };
      if (model.standard === 'CMI5') await this.#satisfy(sql, moved, model, accountOf(moved), randomUUID());
      return moved;
    });
  }

  /** Where content of a package is delivered. @throws AppError CONFLICT when no address is set. */
  #originOf(packageId: string): string {
    const { content } = this.#options.origins();
    if (content === null) throw conflict('', 'content-origin', 'content is delivered from a site of its own: set CONTENT_URL');
    // Where each package has a host of its own, none reads what another left in the browser.
    return content.replace('*', `p${packageId.replaceAll('-', '')}`);
  }

  /** The contents that a session shows. @throws AppError NOT_FOUND when it has ended, or shows none. */
  async contents(token: string): Promise<CourseContents> {
    const { session, facts } = await this.#contentsSession(token);
    const [model, units, sessions] = await Promise.all([
      this.#parts.content.model(facts.versionId),
      store.unitsOfRegistrations(this.#sql, [session.registrationId]),
      store.sessionsOfRegistrations(this.#sql, [session.registrationId]),
    ]);
    return { ...contentsOf(model, units, sessions), isPreview: facts.isPreview, returnUrl: facts.returnUrl };
  }

  /** Opens a unit from the contents, to which it leads back. @throws AppError as {@link launch} does. */
  async openFromContents(token: string, nodeId: string): Promise<Launch> {
    const { session, facts } = await this.#contentsSession(token);
    const returnUrl = `${this.#originOf(facts.packageId)}/l/${token}/`;
    return this.#launch({ registrationId: session.registrationId, nodeId, mode: facts.terms.mode, returnUrl }, session.id);
  }

  async #contentsSession(token: string): ReturnType<Launches['sessionOf']> {
    const found = await this.sessionOf(token);
    if (!found.facts.isContents) throw new AppError('NOT_FOUND', 'this launch has no contents');
    return found;
  }

  /** Before an AU is launched: its launch data, then `launched` (cmi5 10, 9.3.1). */
  async #announce(sql: Sql, { terms, packageId, versionId, isPreview }: SessionFacts, { href, unit }: ContentNode, returnUrl: string | null): Promise<void> {
    const parameters = unit?.launchParameters ?? null;
    const data = {
      contextTemplate: contextTemplate(terms),
      launchMode: terms.mode,
      moveOn: terms.moveOn,
      ...(terms.masteryScore !== null && { masteryScore: terms.masteryScore }),
      ...(parameters !== null && { launchParameters: parameters }),
      ...(returnUrl !== null && { returnURL: returnUrl }),
      ...(unit?.entitlementKey != null && { entitlementKey: { courseStructure: unit.entitlementKey } }),
    };
    await this.#parts.documents.put(
      {
        resource: 'state',
        activityKey: activityKey(terms.activityId),
        agentKey: actorKey(agentOf(terms)),
        registration: terms.registration,
        documentId: LAUNCH_DATA,
      },
      { contentType: 'application/json', content: Buffer.from(JSON.stringify(data)) },
      { ifMatch: undefined, ifNoneMatch: undefined },
      '1.0.3',
    );
    // The way to the file without the token that opens it: this is kept for ever, and others read it.
    const place = isExternal(href ?? '') ? (href ?? '') : `${this.#options.origins().content?.replace('*.', '')}/p/${versionId}/${href}`;
    if (!isPreview) await this.#tell(sql, packageId, [launched(terms, place, parameters, this.#occasion('launched', terms.sessionId))]);
  }

  #occasion(...parts: readonly [string, ...string[]]): { id: string; timestamp: string } {
    return { id: digestKey('launch', ...parts), timestamp: this.#clock.now().toISOString() };
  }

  #tell(sql: Sql, packageId: string, list: readonly JsonObject[]): Promise<void> {
    return tell(this.#parts.statements, sql, senderOf(this.#options.homePage, packageId), list);
  }

  /** Ends a session whose content did not: `abandoned` for an AU (cmi5 9.3.6); what SCORM left open counts as far as it came. */
  async #end(sql: Sql, session: store.SessionRow, ending: Ending): Promise<void> {
    const facts = factsOf(session);
    const isAu = facts.standard === 'CMI5' && !facts.isContents;
    if (isAu && session.state !== 'TERMINATED' && !facts.isPreview) {
      const seconds = (session.lastSeenAt.getTime() - session.createdAt.getTime()) / 1_000;
      await this.#tell(sql, facts.packageId, [abandoned(facts.terms, seconds, this.#occasion('abandoned', session.id))]);
    }
    if (ending === 'ABANDONED') await this.#options.closeRun(sql, session);
    const state = session.state === 'TERMINATED' ? 'TERMINATED' : isAu ? 'ABANDONED' : ending;
    await store.endSession(sql, session.id, state, this.#clock.now());
  }

  /** Ends a session by hand, or because nothing was heard of it. @throws AppError NOT_FOUND */
  async abandon(sessionId: string): Promise<void> {
    const known = await store.sessionById(this.#sql, sessionId);
    if (!known) throw missing('/sessionId', 'reference', 'there is no such session');
    await this.#inTurn(known.registrationId, async (sql) => {
      await store.lockRegistration(sql, known.registrationId);
      const session = await store.sessionById(sql, sessionId);
      if (session && !session.endedAt) await this.#end(sql, session, 'ABANDONED');
    });
  }

  /** Ends sessions that nothing was heard of. @returns how many. */
  async expire(limit: number): Promise<number> {
    const sessions = await store.expiredSessions(this.#sql, this.#clock.now(), limit);
    for (const { id } of sessions) await this.abandon(id);
    return sessions.length;
  }

  /**
   * Says that a unit need not be done (cmi5 9.3.7); once in a registration.
   * @throws AppError NOT_FOUND, or CONFLICT when it is waived already.
   */
  async waive(registrationId: string, nodeId: string, reason: WaiveReason): Promise<void> {
    await this.#inTurn(registrationId, async (sql) => {
      const registration = await store.lockRegistration(sql, registrationId);
      if (!registration) throw missing('/registrationId', 'reference', 'there is no such registration');
      if (registration.closedAt) throw conflict('/registrationId', 'open', 'this registration is closed; register again');
      const model = await this.#parts.content.model(registration.versionId);
      const node = nodesOf(model.root).find((one) => one.id === nodeId);
      if (!node?.unit) throw invalid('/itemId', 'cmi5 9.3.7', 'only an assignable unit of this package can be waived');
      const state = (await store.unitsOfRegistrations(sql, [registrationId])).find((unit) => unit.nodeId === nodeId);
      if (state?.isWaived) throw conflict('/itemId', 'cmi5 9.3.7', 'this unit is waived already');
      const account = accountOf(registration);
      const sessionId = randomUUID();
      const { moveOn, masteryScore } = node.unit;
      const terms: SessionTerms = {
        sessionId,
        registration: registrationId,
        activityId: node.activityIri,
        publisherId: node.identifier,
        account,
        mode: 'Normal',
        moveOn,
        masteryScore,
      };
      await store.setUnit(sql, registrationId, nodeId, { isWaived: true });
      if (!registration.isPreview) await this.#tell(sql, registration.packageId, [waived(terms, reason, this.#occasion('waived', registrationId, nodeId))]);
      await this.#satisfy(sql, registration, model, account, sessionId);
    });
  }

  /**
   * Tells which blocks have been satisfied by now, and whether the course has (cmi5 9.3.9), each once.
   * @param sessionId of the launch that led to it.
   */
  async #satisfy(sql: Sql, registration: store.RegistrationRow, model: ContentModel, account: SessionTerms['account'], sessionId: string): Promise<void> {
    const units = new Map((await store.unitsOfRegistrations(sql, [registration.id])).map((unit) => [unit.nodeId, unit]));
    const nodes = new Map(nodesOf(model.root).map((node) => [node.id, node]));
    const nothing = { isCompleted: false, isPassed: false, isWaived: false };
    const met = satisfiedNodes(toMoveOn(model.root), (id, moveOn) => meetsMoveOn(moveOn, units.get(id) ?? nothing));
    const fresh = met.satisfied.filter((id) => !units.get(id)?.isSatisfied);
    const list = fresh.flatMap((id): readonly JsonObject[] => {
      const node = nodes.get(id);
      if (!node || registration.isPreview) return [];
      const terms = { sessionId, registration: registration.id, publisherId: node.identifier, account };
      const object = { activityId: node.activityIri, isCourse: node === model.root, name: node.title };
      return [satisfied(terms, object, this.#occasion('satisfied', registration.id, id))];
    });
    for (const id of fresh) await store.setUnit(sql, registration.id, id, { isSatisfied: true });
    if (fresh.includes(model.root.id)) await store.satisfyRegistration(sql, registration.id);
    await this.#tell(sql, registration.packageId, list);
  }

  /** What an AU said may have satisfied something; within the transaction that notes it. */
  async afterUnit(sql: Sql, facts: SessionFacts): Promise<void> {
    const registration = await store.lockRegistration(sql, facts.terms.registration);
    if (registration) await this.#satisfy(sql, registration, await this.#parts.content.model(facts.versionId), facts.terms.account, facts.terms.sessionId);
  }

  /**
   * The credential of an AU session, handed out once (cmi5 8.2). Errors are answers here, as the standard has them.
   */
  async fetchToken(token: string): Promise<JsonObject> {
    const secret = newSecret();
    const hash = digestSecret(token);
    const session = await store.takeFetch(this.#sql, hash, digestSecret(secret), this.#clock.now());
    if (session) return { 'auth-token': Buffer.from(`${sessionKey(session.id)}:${secret}`).toString('base64') };
    return (await store.isKnownFetch(this.#sql, hash))
      ? { 'error-code': '1', 'error-text': 'The authorization token has already been returned, or the session has ended.' }
      : { 'error-code': '2', 'error-text': 'This is no address of a session.' };
  }

  /** The session behind the token of a delivered address; it goes on as long as it is used. @throws AppError NOT_FOUND when it has ended. */
  async sessionOf(token: string): Promise<{ readonly session: store.SessionRow; readonly facts: SessionFacts }> {
    const session = await store.sessionByToken(this.#sql, digestSecret(token));
    const now = this.#clock.now();
    if (!session || session.expiresAt <= now || (session.endedAt && session.state !== 'TERMINATED'))
      throw new AppError('NOT_FOUND', 'this launch has ended; open the course again');
    if (!session.endedAt) await this.keepAlive(session, now, TOUCH_MS);
    return { session, facts: factsOf(session) };
  }

  /** Notes that a session is used, unless that was noted less than `restMs` ago. */
  async keepAlive(session: store.SessionRow, now: Date, restMs: number): Promise<void> {
    if (now.getTime() - session.lastSeenAt.getTime() >= restMs) await store.touchSession(this.#sql, session.id, now, new Date(now.getTime() + IDLE_MS));
  }

  /**
   * Ends the attempt under way, so that the next launch begins anew; what it shares with other courses of the learner is
   * forgotten too. What was told of it stays.
   * @throws AppError NOT_FOUND
   */
  async resetAttempt(registrationId: string): Promise<void> {
    await this.#inTurn(registrationId, async (sql) => {
      const registration = await store.lockRegistration(sql, registrationId);
      if (!registration) throw missing('/registrationId', 'reference', 'there is no such registration');
      for (const session of await store.openSessions(sql, registrationId)) await this.#end(sql, session, 'ABANDONED');
      await store.endAttempts(sql, registrationId, this.#clock.now());
      const { learnerId, packageId, versionId, isPreview } = registration;
      if (isPreview) return;
      await new LearnerGlobals(sql, { learnerId, packageId, names: namesShared(await this.#parts.content.model(versionId)) }).forget();
    });
  }

  /** Says rules of one registration. @throws AppError NOT_FOUND, INVALID_INPUT */
  async setRules(registrationId: string, change: RulesChange): Promise<store.RegistrationRow> {
    checkRules(change);
    const row = await store.setRegistrationRules(this.#sql, registrationId, change);
    if (!row) throw missing('/registrationId', 'reference', 'there is no such registration');
    return row;
  }

  /**
   * A copy of a registration with everything that is kept of it but what opens a session: one JSON object, in pieces.
   * @param beside what else is to be in it.
   */
  async *record(registration: store.RegistrationRow, beside: object = {}): AsyncGenerator<string> {
    const { content } = this.#parts;
    const { id, packageId, versionId } = registration;
    const [[contentPackage], [version], model, units, sessions, attempts] = await Promise.all([
      content.packagesById([packageId]),
      content.versionsById([versionId]),
      content.model(versionId),
      store.unitsOfRegistrations(this.#sql, [id]),
      store.sessionsOfRegistrations(this.#sql, [id]),
      store.attemptsOfRegistrations(this.#sql, [id]),
    ]);
    if (!contentPackage || !version) throw new Error(`the registration ${id} has no package`);
    const runsOf = (attempt: store.AttemptRow) => store.scosOfAttempts(this.#sql, [attempt.id]);
    yield* recordOf({ registration, contentPackage, version, model, units, sessions, attempts, runsOf }, beside);
  }

  /** What courses of a learner keep for each other: global objectives, and stores of data. */
  async sharedOf(learnerId: string) {
    return (await sharedOfLearner(this.#sql, learnerId)).map((one) => ({ ...one, value: JSON.parse(one.value) as unknown }));
  }

  /** Forgets a learner, within the transaction that deletes them. */
  forget = (sql: Sql, learnerId: string) => store.deleteOfLearner(sql, learnerId);

  /** Gives what one learner did to another, within the transaction that merges them. */
  merge = (sql: Sql, from: string, into: string) => store.moveRegistrations(sql, from, into, this.#clock.now());

  registrationsById = (ids: readonly string[]) => store.registrationsById(this.#sql, ids);
  registrationsOfLearners = (ids: readonly string[]) => store.registrationsOfLearners(this.#sql, ids);
  registrationsOfPackages = (viewer: Viewer, packageIds: readonly string[], page: store.RegistrationsPage) =>
    store.registrationsOfPackages(this.#sql, viewer, this.#clock.now(), packageIds, page);
  unitsOfRegistrations = (ids: readonly string[]) => store.unitsOfRegistrations(this.#sql, ids);
  sessionsOfRegistrations = (ids: readonly string[]) => store.sessionsOfRegistrations(this.#sql, ids);
  runsOfAttempts = (ids: readonly string[]) => store.scosOfAttempts(this.#sql, ids);
  attemptsOfRegistrations = (ids: readonly string[]) => store.attemptsOfRegistrations(this.#sql, ids);
}

const KEY_PREFIX = 'ses_';
const sessionKey = (sessionId: string): string => `${KEY_PREFIX}${sessionId}`;

/** The session that a key of a credential belongs to; null for the key of another kind of credential. */
export const sessionOfKey = (key: string): string | null => (key.startsWith(KEY_PREFIX) ? key.slice(KEY_PREFIX.length) : null);

const accountOf = ({ account }: store.RegistrationRow): SessionTerms['account'] => JSON.parse(account) as SessionTerms['account'];

/** @throws AppError CONFLICT where a registration has so many attempts, or goes on with one: another would be a way around that. */
function checkAnew({ maxAttempts, resume }: Rules): void {
  if (maxAttempts > 0) throw conflict('/restart', 'attempts', 'the attempts at this course are counted: ask an administrator to register you anew');
  if (!mayStartOver(resume, () => NO_COURSE)) throw conflict('/restart', 'resume', 'this course is gone on with: ask an administrator to register you anew');
}

function launchable(model: ContentModel, nodeId: string | null): ContentNode {
  const nodes = nodesOf(model.root);
  const node = nodeId === null ? (isPlayed(model) ? model.root : partsOf(model)[0]) : nodes.find(({ id }) => id === nodeId);
  if (!node) throw invalid('/itemId', 'reference', 'there is no such item in the version of this registration');
  if (node.href === null && node !== model.root) throw invalid('/itemId', 'launchable', 'this item has nothing to launch');
  if (node.href === null && !isPlayed(model)) throw invalid('/itemId', 'launchable', 'name the unit that is to be launched');
  return node;
}

/** The address of a file of a package in a session. */
const contentUrl = (origin: string, token: string, href: string): string => (isExternal(href) ? href : `${origin}/c/${token}/${href}`);

/**
 * An address with parameters behind its own query (cmi5 8.1). As text: addresses of applications (13.1.4) are none that a
 * parser gives back as they were.
 */
function withQuery(address: string, parameters: Readonly<Record<string, string>>): string {
  const query = Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  const [place = '', ...fragment] = address.split('#');
  return [`${place}${place.includes('?') ? (/[?&]$/.test(place) ? '' : '&') : '?'}${query}`, ...fragment].join('#');
}
