import { createHash } from 'node:crypto';
import type { Database, Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { AppError, conflict, invalid } from '../../kernel/errors.ts';
import { digestKey, newId } from '../../kernel/ids.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { agentOf } from '../../standards/cmi5/index.ts';
import {
  type ActivityDefinition,
  type CmiEdition,
  type Commit,
  type CommitAnswer,
  type CourseOutcome,
  type CurrentRun,
  type KeyedStatement,
  meetsPrerequisites,
  type NavigationRequest,
  NOTHING_SAID,
  type Outcome,
  outcomeOf,
  type PlayerView,
  type RunPlace,
  reportOf,
  type Said,
  type ScoOutcome,
  Sequencer,
  type SequencingState,
  seedOf,
  statementsOfCourse,
  statementsOfRun,
  type TimeLeft,
  type TocEntry,
  timeLimitOf,
} from '../../standards/scorm/index.ts';
import {
  type Content,
  type ContentModel,
  type ContentNode,
  MAX_LOCATION,
  MAX_SUSPEND_DATA,
  nodesOf,
  partsOf,
  plainText,
  type Rules,
  type ScormDefinition,
} from '../content/index.ts';
import * as store from './launch.store.ts';
import { factsOf, isPlayed, type Launches, type SessionFacts } from './launches.ts';
import { LearnerGlobals, namesShared } from './learner-globals.ts';
import { type Latest, mayStartOver, NO_COURSE, openingOf } from './openings.ts';
import { scoreOver } from './scoring.ts';
import { inTurn } from './turns.ts';
import { senderOf, tell, type Voice } from './voice.ts';

/** More than any clock is wrong, and less than would count. */
const CLOCK_SLACK_S = 120;

const parse = <T>(text: string): T => JSON.parse(text) as T;

/**
 * The activity tree as the sequencing engine takes it; its ids are the publisher's identifiers. 1.2 lets an item be shown
 * and hold others as well: there it is the first of those it holds.
 */
function definitionOf(node: ContentNode): ActivityDefinition {
  const scorm = scormOf(node);
  const common = {
    title: plainText(node.title),
    isLaunchable: node.href !== null,
    isVisible: scorm.isVisible,
    sequencing: scorm.sequencing,
    completion: scorm.completion,
  };
  const self = { ...common, id: node.identifier, children: [] };
  const children = node.children.map(definitionOf);
  if (node.href === null || children.length === 0) return { ...self, children };
  // Identifiers are trimmed as they are read: none ends in a space.
  return { ...common, id: `${node.identifier} `, isLaunchable: false, children: [self, ...children] };
}

/** The tree of a model, made once: a view looks ahead several times. */
const definitions = new WeakMap<ContentModel, ActivityDefinition>();

function treeOf(model: ContentModel): ActivityDefinition {
  const tree = definitions.get(model) ?? definitionOf(model.root);
  definitions.set(model, tree);
  return tree;
}

function scormOf(node: ContentNode): ScormDefinition {
  if (!node.scorm) throw new Error(`the node ${node.id} is not of SCORM`);
  return node.scorm;
}

/** How a run comes to its end. */
interface Ending {
  /** What was asked for; empty for nothing. */
  readonly request: string;
  /** Whether the learner asked, not content. */
  readonly byLearner: boolean;
  /** Whether content has ended the run; what it has not even touched is not taken for gone through. */
  readonly isFinished: boolean;
}

const leaving = (request: string): Ending => ({ request, byLearner: true, isFinished: false });

/** What was only come upon on the way elsewhere is left as it was: nobody has seen it. */
const passOver = (engine: Sequencer): void => engine.suspendCurrent(true);

/** What a request of a player is about; the rules are read once. */
interface Given {
  readonly sql: Sql;
  readonly learnerId: string;
  readonly rules: Rules;
  readonly facts: SessionFacts;
  readonly sessionId: string;
  readonly model: ContentModel;
}

/** Everything at hand while one request of a player is answered. */
interface Scene extends Given {
  readonly journalKey: string;
  /** What this course shares with others of the learner. */
  readonly globals: LearnerGlobals;
  readonly edition: CmiEdition;
  readonly nodes: ReadonlyMap<string, ContentNode>;
  readonly byIdentifier: ReadonlyMap<string, ContentNode>;
  readonly attempt: store.AttemptRow;
  /** Whether the attempt is not stored yet: it is once something begins. */
  isNew: boolean;
  /** Whether what happens counts: in a preview, a look around or back nothing is told, and no result changes. */
  readonly counts: boolean;
  readonly engine: Sequencer;
  /** Of the attempt, by node. */
  readonly scos: Map<string, store.ScoRow>;
  /** Those of them that are stored as they are. */
  readonly stored: Set<store.ScoRow>;
  /** What the course was when it was told last. */
  course: CourseOutcome;
  readonly shared: Record<string, string>;
  lastSeq: number;
  /** Statements to be told before it is all committed. */
  readonly told: JsonObject[];
  hasEnded: boolean;
  isRefused: boolean;
}

/** The LMS side of the SCORM run-time: what is saved, what it means, where the learner goes next. */
export class ScormPlayer {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #content: Content;
  readonly #launches: Launches;
  readonly #statements: Voice;
  readonly #homePage: string;

  constructor(database: Database, clock: Clock, parts: { content: Content; launches: Launches; statements: Voice }, homePage: string) {
    this.#database = database;
    this.#clock = clock;
    this.#content = parts.content;
    this.#launches = parts.launches;
    this.#statements = parts.statements;
    this.#homePage = homePage;
  }

  /** Where the learner is; nothing is begun by looking. @throws AppError NOT_FOUND when the session has ended. */
  view(token: string): Promise<PlayerView> {
    return this.#play(token, async (scene) => this.#viewOf(scene));
  }

  /**
   * Does what the learner asks for: `begin`, `restart`, `continue`, `previous`, `exitAll`, `suspendAll`, or to go to an item.
   * A run that is still open ends first, with what was saved last.
   */
  navigate(token: string, request: string, target: string | null): Promise<PlayerView> {
    return this.#play(token, async (scene) => {
      const { engine, attempt } = scene;
      // Asked again because its answer was lost: the attempt that began is the one that was asked for.
      if (request === 'restart' && isJustBegun(scene)) return this.#viewOf(scene);
      const startsOver = request === 'restart' && !scene.isNew;
      if ((scene.isNew || startsOver) && !this.#isAllowed(scene, attempt.ordinal + (startsOver ? 1 : 0)))
        throw conflict('/request', 'attempts', 'all attempts at this course are used');
      if (startsOver && !isAside(scene) && !mayStartOver(scene.rules.resume, () => this.#courseAhead(scene)))
        throw conflict('/request', 'resume', 'the attempt that is open is gone on with');
      if (startsOver) return this.#restart(scene);
      if (request === 'begin' || request === 'restart') {
        await this.#leave(scene);
        await this.#follow(scene, this.#entry(scene));
      } else {
        const wanted = navigationOf(request, target, scene);
        if (!wanted) throw invalid('/request', 'navigation', 'there is no such request');
        if (scene.edition === '1.2' && this.#isHeldBack(scene, this.#ahead(scene), wanted)) scene.isRefused = true;
        else {
          await this.#endRun(scene, leaving(wanted.kind));
          // Whoever chooses a part before going on goes on all the same: it is no new attempt on the course.
          if (wanted.kind === 'choice' && engine.current === null && engine.suspended !== null) {
            engine.begin();
            passOver(engine);
          }
          await this.#follow(scene, engine.navigate(wanted));
        }
      }
      return this.#viewOf(scene);
    });
  }

  /** Leaves what is under way, to be gone on with. */
  async #leave(scene: Scene): Promise<void> {
    const { engine } = scene;
    if (engine.isRunning) await this.#endRun(scene, leaving('suspendAll'));
    if (engine.current !== null) engine.navigate({ kind: 'suspendAll' });
  }

  /** Ends what a session left open, within the transaction that ends it: what content forgot to finish counts all the same. */
  async closeRun(sql: Sql, session: store.SessionRow): Promise<void> {
    const facts = factsOf(session);
    if (!isPlayed(facts)) return;
    const [registration] = await store.registrationsById(sql, [session.registrationId]);
    if (!registration) return;
    const model = await this.#content.model(facts.versionId);
    const rules = await this.#content.rulesFor(sql, facts.packageId, registration.rules);
    const scene = await this.#scene({ sql, sessionId: session.id, facts, model, rules, learnerId: registration.learnerId });
    const running = this.#runningOf(scene);
    if (!running || scene.scos.get(running.id)?.sessionId !== session.id) return;
    await this.#leave(scene);
    await this.#finish(scene);
  }

  /** Begins, or goes on; at the item that was launched, where one was and it can be chosen. */
  #entry({ engine, facts, model }: Scene): Outcome {
    const node = nodesOf(model.root).find(({ activityIri }) => activityIri === facts.terms.activityId);
    if (!node || node === model.root) return engine.begin();
    const choice = { kind: 'choice', target: node.identifier } as const;
    if (engine.suspended === null && engine.isValid(choice)) return engine.navigate(choice);
    const outcome = engine.begin();
    if (outcome.delivered === node.identifier || !engine.isValid(choice)) return outcome;
    passOver(engine);
    return engine.navigate(choice);
  }

  /** Whether a request leads to an item whose prerequisites are not met (1.2). */
  #isHeldBack(scene: Scene, ahead: Sequencer, request: NavigationRequest): boolean {
    const held = (identifier: string | null): boolean => {
      const node = this.#nodeOf(scene, identifier);
      return node !== null && this.#isHeld(scene, ahead, node);
    };
    return ('target' in request && held(request.target)) || held(ahead.lookAhead(request).delivered);
  }

  #isHeld(scene: Scene, ahead: Sequencer, node: ContentNode): boolean {
    const { prerequisites } = scormOf(node);
    const statusOf = (identifier: string): string => {
      const other = this.#nodeOf(scene, identifier);
      return other ? this.#statusOf(scene, ahead, other) : 'not attempted';
    };
    return scene.edition === '1.2' && prerequisites !== null && !meetsPrerequisites(prerequisites, statusOf);
  }

  /**
   * Saves what a content object says. What comes late, or twice, changes nothing and is answered like the first.
   * @throws AppError INVALID_INPUT for what no rule lets it save.
   */
  commit(token: string, commit: Commit): Promise<CommitAnswer> {
    return this.#play(token, async (scene) => {
      const { sql, scos } = scene;
      checkLengths(scene.edition, commit.cmi);
      const sco = scos.get(commit.nodeId);
      const node = scene.nodes.get(commit.nodeId);
      const last = await store.lastCommit(sql, commit.sessionId);
      // A run that was left to be resumed takes what was saved before and comes late: it is what the learner goes on from.
      const isOver = !sco || !node || sco.sessionId !== commit.sessionId || sco.run !== commit.run || (sco.runEndedAt !== null && !sco.isSuspended);
      // Sent again because its answer was lost: where to go next is what it waits for.
      if (isOver || commit.seq <= last) return { isTaken: false, view: commit.isFinished ? this.#viewOf(scene) : null };
      const body = JSON.stringify(commit.cmi);
      await store.insertCommit(sql, commit.sessionId, commit.seq, commit.nodeId, createHash('sha256').update(body).digest('hex'), this.#clock.now());
      scos.set(commit.nodeId, { ...sco, cmi: body, said: JSON.stringify(commit.said) });
      for (const { target, mayWrite } of scormOf(node).dataMaps) {
        const value = commit.shared[target];
        if (mayWrite && value !== undefined) scene.shared[target] = value;
      }
      if (commit.sessionId === scene.sessionId) scene.lastSeq = commit.seq;
      const outcome = await this.#save(scene, node, commit.isFinished, `${commit.seq}`);
      if (sco.runEndedAt !== null) return { isTaken: true, view: commit.isFinished ? this.#viewOf(scene) : null };
      // Where it may go from here hangs on what it has become; a course of one part goes nowhere.
      if (!commit.isFinished) return { isTaken: true, view: isSingle(scene.model) || isSame(parse(sco.told), outcome) ? null : this.#viewOf(scene) };
      await this.#endByContent(scene, commit);
      return { isTaken: true, view: this.#viewOf(scene) };
    });
  }

  /** Ends a run as content asked; where the learner leaves meanwhile, what they ask for comes next, and goes before it. */
  async #endByContent(scene: Scene, commit: Commit): Promise<void> {
    const { engine, edition, scos } = scene;
    if (commit.leaves !== '') {
      await this.#endRun(scene, { request: commit.leaves, byLearner: true, isFinished: true });
      return;
    }
    const asked = requestOf(edition, commit);
    // What it asks for and nobody understands must not cost what it saved.
    const wanted = asked === null || asked === 'choice' ? null : navigationOf(asked, null, scene);
    await this.#endRun(scene, { request: wanted?.kind ?? '', byLearner: false, isFinished: true });
    const next = wanted ?? (isSingle(scene.model) ? ({ kind: 'exitAll' } as const) : closes(edition, commit.cmi) ? ({ kind: 'suspendAll' } as const) : null);
    // What leaves to be resumed does not want the whole to be over.
    const isKept = next?.kind === 'exitAll' && asked !== 'exitAll' && scos.get(commit.nodeId)?.isSuspended === true;
    if (next) await this.#follow(scene, engine.navigate(isKept ? { kind: 'suspendAll' } : next));
  }

  /** One request of a player: nobody else moves in the registration meanwhile, and it happens whole or not at all. */
  async #play<T>(token: string, work: (scene: Scene) => Promise<T>): Promise<T> {
    const { session, facts } = await this.#launches.sessionOf(token);
    if (!isPlayed(facts)) throw new AppError('NOT_FOUND', 'this launch has no player');
    const model = await this.#content.model(facts.versionId);
    const answer = await inTurn(session.registrationId, () =>
      this.#database.transaction(async (sql) => {
        const registration = await store.lockRegistration(sql, session.registrationId);
        if (!registration) throw new Error(`session ${session.id} has no registration`);
        // Another launch may have taken its place while this one waited.
        if ((await store.sessionById(sql, session.id))?.endedAt) throw new AppError('NOT_FOUND', 'this launch has ended; open the course again');
        const rules = await this.#content.rulesFor(sql, facts.packageId, registration.rules);
        const scene = await this.#scene({ sql, sessionId: session.id, facts, model, rules, learnerId: registration.learnerId });
        const done = await work(scene);
        await this.#finish(scene);
        return done;
      }),
    );
    this.#statements.announce();
    return answer;
  }

  /** Tells and keeps what came of a request. */
  async #finish(scene: Scene): Promise<void> {
    const { sql, facts, counts, told } = scene;
    if (counts) await tell(this.#statements, sql, senderOf(this.#homePage, facts.packageId), told);
    await this.#keep(scene);
  }

  /** Keeps what became of the attempt; looking at one that has not begun makes none. */
  async #keep(scene: Scene): Promise<void> {
    const { sql, attempt, engine, scos } = scene;
    if (scene.isNew && scos.size === 0) return;
    const sequencing = JSON.stringify(engine.state());
    const endedAt = scene.hasEnded ? this.#clock.now() : null;
    const sharedData = JSON.stringify(scene.shared);
    const course = JSON.stringify(scene.course);
    if (scene.isNew) await store.insertAttempt(sql, { ...attempt, sequencing, sharedData, course, endedAt });
    else await store.saveAttempt(sql, attempt.id, sequencing, sharedData, course, endedAt);
    scene.isNew = false;
    const objectives = Object.entries(engine.globals()).map(([id, values]) => ({ kind: 'OBJECTIVE', id, value: JSON.stringify(values) }) as const);
    const data = Object.entries(scene.shared).map(([id, value]) => ({ kind: 'DATA', id, value: JSON.stringify(value) }) as const);
    await scene.globals.save([...objectives, ...data]);
    for (const sco of scos.values()) {
      if (scene.stored.has(sco)) continue;
      await store.saveSco(sql, sco);
      scene.stored.add(sco);
    }
  }

  async #scene({ sql, sessionId, facts, model, learnerId, rules }: Given): Promise<Scene> {
    const nodes = nodesOf(model.root);
    const registration = facts.terms.registration;
    const isAside = facts.terms.mode !== 'Normal' && !facts.isPreview;
    const latest = await store.latestAttempt(sql, registration, isAside ? sessionId : null);
    const isNew = !latest || latest.endedAt !== null;
    const attempt = !isNew
      ? latest
      : isAside
        ? await this.#aside(sql, facts, sessionId)
        : this.#newAttempt(registration, latest, model.sharedDataGlobalToSystem);
    const scos = isNew && !isAside ? [] : await this.#scosOf(sql, attempt, isNew ? facts : null, sessionId);
    const counts = !facts.isPreview && !isAside;
    const engine = this.#engine(model, attempt.sequencing, isNew && !isAside);
    const shared = parse<Record<string, string>>(attempt.sharedData);
    const names = counts ? namesShared(model) : [];
    const globals = new LearnerGlobals(sql, { learnerId, packageId: facts.packageId, names });
    // What the attempt remembers of them is a copy: what was forgotten meanwhile must not come back from it.
    engine.forgetGlobals(names.flatMap(({ kind, id }) => (kind === 'OBJECTIVE' ? [id] : [])));
    for (const { kind, id } of names) if (kind === 'DATA') delete shared[id];
    for (const { kind, id, value } of await globals.read()) {
      if (kind === 'OBJECTIVE') engine.setGlobals({ [id]: parse(value) });
      else shared[id] = parse(value);
    }
    return {
      sql,
      learnerId,
      rules,
      journalKey: await store.journalKey(sql, registration),
      globals,
      facts,
      sessionId,
      model,
      edition: model.standard === 'SCORM_12' ? '1.2' : '2004',
      nodes: new Map(nodes.map((node) => [node.id, node])),
      byIdentifier: new Map(nodes.map((node) => [node.identifier, node])),
      attempt,
      isNew,
      counts,
      engine,
      scos: new Map(scos.map((sco) => [sco.nodeId, sco])),
      stored: new Set(isNew ? [] : scos),
      course: { ...NO_COURSE, ...parse<Partial<CourseOutcome>>(attempt.course) },
      shared,
      lastSeq: await store.lastCommit(sql, sessionId),
      told: [],
      hasEnded: false,
      isRefused: false,
    };
  }

  /** Whether an attempt that counts may be the one it would be. */
  #isAllowed({ counts, rules }: Scene, ordinal: number): boolean {
    return !counts || rules.maxAttempts === 0 || ordinal <= rules.maxAttempts;
  }

  #engine(model: ContentModel, state: string | null, isFresh = false): Sequencer {
    const options = { random: Math.random, keepsGlobals: model.objectivesGlobalToSystem };
    const engine = new Sequencer(treeOf(model), options, state === null ? undefined : parse<SequencingState>(state));
    if (isFresh) engine.dropSuspended();
    return engine;
  }

  /** What was tracked before stays known: a new attempt on the course is not the first. */
  #newAttempt(registrationId: string, before: store.AttemptRow | null, keepsShared: boolean): store.AttemptRow {
    return {
      id: newId(),
      createdAt: this.#clock.now(),
      registrationId,
      ordinal: (before?.ordinal ?? 0) + 1,
      endedAt: null,
      sequencing: before?.sequencing ?? null,
      sharedData: (keepsShared ? before?.sharedData : undefined) ?? '{}',
      course: '{}',
      sessionId: null,
    };
  }

  /** An attempt beside those that count, for a look around; for a look back with what the latest one left. */
  async #aside(sql: Sql, facts: SessionFacts, sessionId: string): Promise<store.AttemptRow> {
    const registrationId = facts.terms.registration;
    const seen = facts.terms.mode === 'Review' ? await store.latestAttempt(sql, registrationId, null) : null;
    return {
      ...this.#newAttempt(registrationId, null, false),
      ordinal: (await store.lowestOrdinal(sql, registrationId)) - 1,
      sequencing: seen?.sequencing ?? null,
      sharedData: seen?.sharedData ?? '{}',
      sessionId,
    };
  }

  /** The states of an attempt; of one that begins as a look back those of the latest that counts, to be gone on from. */
  async #scosOf(sql: Sql, attempt: store.AttemptRow, begins: SessionFacts | null, sessionId: string): Promise<readonly store.ScoRow[]> {
    if (!begins) return store.scosOfAttempts(sql, [attempt.id]);
    const seen = begins.terms.mode === 'Review' ? await store.latestAttempt(sql, begins.terms.registration, null) : null;
    const scos = seen ? await store.scosOfAttempts(sql, [seen.id]) : [];
    return scos.map((sco) => ({ ...sco, attemptId: attempt.id, sessionId, runEndedAt: sco.runEndedAt ?? this.#clock.now(), isSuspended: true }));
  }

  async #restart(scene: Scene): Promise<PlayerView> {
    const { engine } = scene;
    await this.#endRun(scene, leaving('exitAll'));
    if (engine.current !== null) engine.navigate({ kind: 'exitAll' });
    scene.hasEnded = true;
    await this.#keep(scene);
    const fresh = await this.#scene(scene);
    await this.#follow(fresh, this.#entry(fresh));
    await this.#keep(fresh);
    scene.told.push(...fresh.told);
    return this.#viewOf(fresh);
  }

  #nodeOf(scene: Scene, identifier: string | null): ContentNode | null {
    return identifier === null ? null : (scene.byIdentifier.get(identifier) ?? null);
  }

  /** What runs, or was left as it ran. */
  #runningOf(scene: Scene): ContentNode | null {
    return this.#nodeOf(scene, scene.engine.isRunning ? scene.engine.current : null);
  }

  /** Takes over what a run has said so far: status, score, time, and what is to be told of it. */
  async #save(scene: Scene, node: ContentNode, isFinished: boolean, key: string): Promise<ScoOutcome> {
    const { scos, edition, rules } = scene;
    const sco = this.#scoOf(scene, node);
    const outcome = outcomeOf(edition, parse(sco.cmi), scormOf(node), isFinished, rules);
    const wall = (this.#clock.now().getTime() - sco.runStartedAt.getTime()) / 1_000 + CLOCK_SLACK_S;
    const totalSeconds = sco.baseSeconds + Math.min(outcome.sessionSeconds, wall);
    const before = parse<ScoOutcome>(sco.told);
    this.#note(scene, node, statementsOfRun(this.#place(scene, node), { edition, before, after: outcome, begins: null, ends: null, seconds: 0 }), key);
    const score = outcome.score.scaled ?? sco.score;
    scos.set(node.id, { ...sco, totalSeconds, told: JSON.stringify(outcome), score });
    await this.#setUnit(scene, node, {
      // What was reached once in a registration stays reached: a second look takes nothing away.
      ...(outcome.completed === true && { isCompleted: true }),
      ...(outcome.satisfied === true && { isPassed: true, isFailed: false }),
      ...(outcome.satisfied === false && { isFailed: true }),
      score: await this.#scored(scene, node, score),
    });
    return outcome;
  }

  /** The score of a unit over all attempts, with what it is in this one. */
  async #scored({ sql, facts, rules, attempt, model, counts }: Scene, node: ContentNode, score: number | null): Promise<number | null> {
    if (rules.scoring === 'LAST' || !(counts || facts.isPreview)) return score;
    const { registration } = facts.terms;
    const rows = await (node === model.root ? store.courseScores(sql, registration) : store.unitScores(sql, registration, node.id));
    const others = rows.filter(({ attemptId }) => attemptId !== attempt.id);
    // Nothing runs in an attempt that is over: this one is the latest.
    return scoreOver(rules.scoring, [...others.map((one) => one.score), score]);
  }

  async #setUnit({ sql, facts, counts }: Scene, node: ContentNode, change: Parameters<typeof store.setUnit>[3]): Promise<void> {
    if (counts || facts.isPreview) await store.setUnit(sql, facts.terms.registration, node.id, change);
  }

  #scoOf({ scos }: Scene, node: ContentNode): store.ScoRow {
    const sco = scos.get(node.id);
    if (!sco) throw new Error(`the node ${node.id} runs without a state`);
    return sco;
  }

  /** Ends the run that is open, if one is. */
  async #endRun(scene: Scene, { request, byLearner, isFinished }: Ending): Promise<void> {
    const { engine, scos, edition, rules } = scene;
    const node = this.#runningOf(scene);
    if (!node) return;
    const sco = this.#scoOf(scene, node);
    if (sco.runEndedAt !== null) return;
    const isAbandoned = request === 'abandon' || request === 'abandonAll';
    const isTouched = isFinished || sco.cmi !== sco.seed;
    const outcome = await this.#save(scene, node, isTouched, 'end');
    const cmi = parse<JsonObject>(sco.cmi);
    if (!isAbandoned || !scormOf(node).isSco) this.#report(scene, engine, node, sco, outcome);
    // Whoever says that they are through with the course leaves nothing to be resumed.
    const isOver = byLearner && request === 'exitAll';
    const isSuspended = !isOver && (outcome.exit === 'suspend' || request === 'suspendAll');
    engine.suspendCurrent(isSuspended);
    const isOpen = outcome.completed !== true && outcome.satisfied === null;
    const after = this.#scoOf(scene, node);
    const seconds = after.totalSeconds - after.baseSeconds;
    const ends = isSuspended ? 'suspended' : 'terminated';
    this.#note(scene, node, statementsOfRun(this.#place(scene, node), { edition, before: outcome, after: outcome, begins: null, ends, seconds }), 'ends');
    scos.set(node.id, {
      ...after,
      runEndedAt: this.#clock.now(),
      isSuspended: isSuspended || (!isOver && rules.resumesWithoutSuspend && isOpen && leftSomething(edition, cmi)),
    });
    engine.rollUp();
    await this.#noteCourse(scene);
  }

  /** Takes over what a run has come to. */
  #report({ edition, rules }: Scene, engine: Sequencer, node: ContentNode, sco: store.ScoRow, outcome: ScoOutcome): void {
    const item = scormOf(node);
    // An asset says nothing: it was shown, and that is all there is to it.
    if (!item.isSco) engine.report({ saysCompletion: true, completed: true });
    else engine.report(reportOf(outcome, outcomeOf(edition, parse(sco.seed), item, false, rules), item, parse<Said>(sco.said)));
  }

  /** What the course as a whole has become. */
  async #noteCourse(scene: Scene): Promise<void> {
    const { sql, engine, model, facts, scos } = scene;
    const { root } = model;
    const after = courseOf(engine, model, toldOf(scene).values());
    const before = scene.course;
    scene.course = after;
    const place = this.#place(scene, root);
    // What it has been may come again: each time in a run of its own.
    const runs = [...scos.values()].reduce((sum, { run }) => sum + run, 0);
    this.#note(scene, root, statementsOfCourse(place, before, after), `course ${runs}`);
    await this.#setUnit(scene, root, {
      ...(after.completed === true && { isCompleted: true }),
      ...(after.satisfied !== null && { isPassed: after.satisfied, isFailed: !after.satisfied }),
      score: await this.#scored(scene, root, after.measure),
    });
    if (scene.counts && after.completed === true && after.satisfied !== false) await store.satisfyRegistration(sql, facts.terms.registration);
  }

  /** A page was shown, an object of 2004 that says nothing is taken for gone through: units say what the course counts. */
  async #noteUnits({ sql, facts, counts, engine, scos, nodes }: Scene): Promise<void> {
    const isThrough = ({ nodeId, runEndedAt }: store.ScoRow): boolean =>
      runEndedAt !== null && engine.statusOf(nodes.get(nodeId)?.identifier ?? '').completed === true;
    const through = [...scos.values()].filter(isThrough).map(({ nodeId }) => nodeId);
    if ((counts || facts.isPreview) && through.length > 0) await store.completeUnits(sql, facts.terms.registration, through);
  }

  /** Does what navigation led to. */
  async #follow(scene: Scene, outcome: Outcome): Promise<void> {
    await this.#noteUnits(scene);
    await this.#noteCourse(scene);
    const node = this.#nodeOf(scene, outcome.delivered);
    if (node) await this.#begin(scene, node);
    // A suspended attempt is gone on with; any other that ended is over.
    scene.hasEnded = outcome.hasEnded && scene.engine.suspended === null;
    scene.isRefused = outcome.exception !== null;
    if (node || outcome.hasEnded) await store.setSessionState(scene.sql, scene.sessionId, node ? 'INITIALIZED' : 'TERMINATED');
  }

  async #begin(scene: Scene, node: ContentNode): Promise<void> {
    const { scos, edition, facts, engine, attempt, sessionId } = scene;
    const old = scos.get(node.id);
    const isResumed = old?.isSuspended ?? false;
    // 1.2 keeps what an object said all through an attempt; 2004 only what it left to be resumed.
    const keeps = old !== undefined && (isResumed || edition === '1.2');
    const item = scormOf(node);
    const baseSeconds = keeps ? old.totalSeconds : 0;
    const seed = seedOf(edition, item, {
      learnerId: facts.terms.account.name,
      learnerName: scene.rules.showsName && !facts.isPreview ? await store.learnerName(scene.sql, scene.learnerId) : '',
      mode: facts.isPreview || facts.terms.mode === 'Browse' ? 'browse' : facts.terms.mode === 'Review' ? 'review' : 'normal',
      totalSeconds: baseSeconds,
      previous: keeps ? parse(old.cmi) : null,
      isResumed,
      objectives: engine.objectivesOf(node.identifier),
      language: '',
    });
    const before = keeps ? parse<ScoOutcome>(old.told) : outcomeOf(edition, seed, item, false, scene.rules);
    // 1.2 begins without the interactions and comments of before: they can come again.
    const told = edition === '1.2' ? { ...before, interactions: [], comments: [] } : before;
    const run = (old?.run ?? 0) + 1;
    const text = JSON.stringify(seed);
    const row: store.ScoRow = {
      attemptId: attempt.id,
      nodeId: node.id,
      sessionId,
      run,
      runStartedAt: this.#clock.now(),
      runEndedAt: null,
      seed: text,
      cmi: text,
      said: JSON.stringify(NOTHING_SAID),
      told: JSON.stringify(told),
      baseSeconds,
      totalSeconds: baseSeconds,
      isSuspended: false,
      score: old?.score ?? null,
    };
    scos.set(node.id, row);
    const events = { edition, before: told, after: told, begins: isResumed ? 'resumed' : 'initialized', ends: null, seconds: 0 } as const;
    if (item.isSco) this.#note(scene, node, statementsOfRun(this.#place(scene, node), events), 'begins');
  }

  #place({ facts, model, attempt }: Scene, node: ContentNode): RunPlace {
    return {
      agent: agentOf(facts.terms),
      registration: facts.terms.registration,
      courseIri: model.root.activityIri,
      courseName: model.root.title,
      scoIri: node.activityIri,
      scoName: node.title,
      attemptId: attempt.id,
    };
  }

  /** Statements whose ids follow from what they tell: told twice they are one. */
  #note(scene: Scene, node: ContentNode, list: readonly KeyedStatement[], occasion: string): void {
    const run = scene.scos.get(node.id)?.run ?? 0;
    const timestamp = this.#clock.now().toISOString();
    for (const { key, statement } of list)
      scene.told.push({ id: digestKey('scorm', scene.attempt.id, node.id, String(run), occasion, key), ...statement, timestamp });
  }

  #viewOf(scene: Scene): PlayerView {
    const { facts, model, edition, engine, sessionId, rules } = scene;
    const ahead = this.#ahead(scene);
    const choices = ahead.choices();
    const running = this.#runningOf(scene);
    const sco = running ? scene.scos.get(running.id) : undefined;
    const isOpen = sco?.runEndedAt === null && sco.sessionId === sessionId;
    const toc = this.#toc(scene, ahead, choices, running);
    const leaves = partsOf(model).filter(({ identifier }) => ahead.takesPart(identifier));
    const done = leaves.filter((node) => isDone(this.#statusOf(scene, ahead, node))).length;
    // Parts that nobody needs any more are none that are missing.
    const whole = ahead.statusOf(model.root.identifier);
    const isOver = whole.completed === true && whole.satisfied !== false;
    const canResume = engine.suspended !== null || (engine.current !== null && !isOpen) || [...scene.scos.values()].some(({ isSuspended }) => isSuspended);
    const canRestart = this.#isAllowed(scene, scene.attempt.ordinal + 1);
    return {
      sessionId,
      registration: facts.terms.registration,
      journalKey: scene.journalKey,
      title: plainText(model.root.title) || model.root.identifier,
      edition,
      isPreview: facts.isPreview,
      returnUrl: facts.returnUrl,
      canResume,
      opening: openingOf(isAside(scene) ? 'ASK' : rules.resume, { ...latestOf(scene), canResume, hasMore: canRestart, course: () => this.#courseAhead(scene) }),
      canBegin: !(scene.isNew && scene.scos.size === 0) || this.#isAllowed(scene, scene.attempt.ordinal),
      canRestart,
      hasEnded: scene.hasEnded,
      isRefused: scene.isRefused,
      limits: { suspendData: rules.suspendDataLimit, isStrict: rules.isStrict },
      current: running && sco && isOpen ? currentRun(running, sco, scene.shared, this.#timeLeft(scene, running, sco)) : null,
      toc,
      canContinue: ahead.isValid({ kind: 'continue' }) && !(edition === '1.2' && this.#isHeldBack(scene, ahead, { kind: 'continue' })),
      canGoBack: ahead.isValid({ kind: 'previous' }),
      choices: [...choices],
      parts: leaves.length,
      progress: isOver ? 1 : done / Math.max(1, leaves.length),
      lastSeq: scene.lastSeq,
    };
  }

  /** What is left of the time that a run has, by our own clock; nobody is hurried in a look around or back. */
  #timeLeft({ edition, counts, facts }: Scene, node: ContentNode, sco: store.ScoRow): TimeLeft | null {
    const limit = counts || facts.isPreview ? timeLimitOf(edition, scormOf(node)) : null;
    if (!limit) return null;
    const used = sco.baseSeconds + (this.#clock.now().getTime() - sco.runStartedAt.getTime()) / 1_000;
    return { ...limit, seconds: Math.max(0, limit.seconds - used) };
  }

  /** The engine as it would be if the run that is open ended now. */
  #ahead(scene: Scene): Sequencer {
    const { engine, edition, model, rules } = scene;
    const node = this.#runningOf(scene);
    const sco = node && scene.scos.get(node.id);
    const copy = this.#engine(model, JSON.stringify(engine.state()));
    if (!node || !sco || !scormOf(node).isSco) return copy;
    this.#report(scene, copy, node, sco, outcomeOf(edition, parse(sco.cmi), scormOf(node), true, rules));
    return copy;
  }

  /** What the course would be if the run that is open were left now: nothing of that is noted before. */
  #courseAhead(scene: Scene): CourseOutcome {
    const { engine, edition, model, rules } = scene;
    const node = this.#runningOf(scene);
    const sco = node && scene.scos.get(node.id);
    if (!node || !sco || sco.runEndedAt !== null) return scene.course;
    const copy = this.#engine(model, JSON.stringify(engine.state()));
    const outcome = outcomeOf(edition, parse(sco.cmi), scormOf(node), sco.cmi !== sco.seed, rules);
    this.#report(scene, copy, node, sco, outcome);
    copy.rollUp();
    return courseOf(copy, model, new Map(toldOf(scene)).set(node.id, outcome).values());
  }

  #statusOf(scene: Scene, ahead: Sequencer, node: ContentNode): TocEntry['status'] {
    const sco = scene.scos.get(node.id);
    const { completed, attempts } = ahead.statusOf(node.identifier);
    if (node.href !== null && sco) {
      const said = parse<ScoOutcome>(sco.told);
      return statusOfOutcome({ ...said, completed: said.completed ?? (scene.edition === '2004' ? completed : null) }, scormOf(node).isSco);
    }
    return attempts === 0 ? 'not attempted' : completed ? 'completed' : 'incomplete';
  }

  #toc(scene: Scene, ahead: Sequencer, choices: ReadonlySet<string>, running: ContentNode | null): readonly TocEntry[] {
    const { model } = scene;
    const statusOf = (node: ContentNode): TocEntry['status'] => this.#statusOf(scene, ahead, node);
    const entries: TocEntry[] = [];
    const add = (node: ContentNode, depth: number): void => {
      if (ahead.isShown(node.identifier))
        entries.push({
          id: node.id,
          title: plainText(node.title),
          depth,
          isCurrent: node === running,
          isLaunchable: node.href !== null,
          canChoose: choices.has(node.identifier) && !this.#isHeld(scene, ahead, node),
          status: statusOf(node),
        });
      for (const child of node.children) add(child, depth + 1);
    };
    for (const child of model.root.children) add(child, 0);
    return entries;
  }
}

/** Whether it is a look around or back, beside the attempts that the rules are about. */
const isAside = ({ counts, facts }: Scene): boolean => !counts && !facts.isPreview;

/** Whether all that there is of the attempt is one run of this launch that has said nothing yet. */
function isJustBegun({ isNew, scos, sessionId }: Scene): boolean {
  const [sco, ...others] = scos.values();
  return !isNew && sco?.sessionId === sessionId && sco.run === 1 && sco.runEndedAt === null && sco.cmi === sco.seed && others.length === 0;
}

const latestOf = ({ isNew, scos, sessionId, attempt }: Scene): Pick<Latest, 'isOpen' | 'isLeft' | 'isAgain'> => ({
  isOpen: !isNew,
  isLeft: !isNew && ![...scos.values()].some((sco) => sco.sessionId === sessionId),
  isAgain: attempt.ordinal > 1,
});

/** What the course is where its parts have come to this. Success is known only where one of them was judged. */
function courseOf(engine: Sequencer, { root }: ContentModel, parts: Iterable<ScoOutcome>): CourseOutcome {
  const { completed, satisfied, measure } = engine.statusOf(root.identifier);
  return { completed, satisfied: [...parts].some((part) => part.satisfied !== null) ? satisfied : null, measure };
}

/** What was told of each part. */
const toldOf = ({ scos }: Scene): ReadonlyMap<string, ScoOutcome> => new Map([...scos].map(([nodeId, { told }]) => [nodeId, parse<ScoOutcome>(told)]));

const isDone = (status: TocEntry['status']): boolean => status === 'passed' || status === 'completed' || status === 'failed';

function statusOfOutcome({ completed, satisfied }: ScoOutcome, isSco: boolean): TocEntry['status'] {
  if (satisfied !== null) return satisfied ? 'passed' : 'failed';
  return completed || !isSco ? 'completed' : 'incomplete';
}

const currentRun = (node: ContentNode, sco: store.ScoRow, shared: Readonly<Record<string, string>>, timeLeft: TimeLeft | null): CurrentRun => ({
  id: node.id,
  title: plainText(node.title),
  href: node.href ?? '',
  isSco: scormOf(node).isSco,
  run: sco.run,
  cmi: parse<JsonObject>(sco.cmi),
  hides: scormOf(node).hideLmsUi,
  shared: scormOf(node).dataMaps.map(({ target, mayRead, mayWrite }) => ({ id: target, store: shared[target] ?? null, mayRead, mayWrite })),
  primaryObjective: scormOf(node).sequencing.objectives.find(({ isPrimary }) => isPrimary)?.id ?? null,
  timeLeft,
});

/** Whether nothing has changed that a status, a rule or a condition could hang on. */
function isSame(before: ScoOutcome, after: ScoOutcome): boolean {
  const known = ({ completed, satisfied, score, progress, objectives }: ScoOutcome): string =>
    JSON.stringify([completed, satisfied, score, progress, objectives]);
  return known(before) === known(after);
}

const isSingle = (model: ContentModel): boolean => partsOf(model).length === 1;

const placeIn = (edition: CmiEdition, cmi: JsonObject): unknown =>
  edition === '1.2' ? (isObject(cmi['core']) ? cmi['core']['lesson_location'] : undefined) : cmi['location'];

/** Real content resumes without saying that it will; whoever left a place or data means to. */
function leftSomething(edition: CmiEdition, cmi: JsonObject): boolean {
  return [cmi['suspend_data'], placeIn(edition, cmi)].some((value) => typeof value === 'string' && value !== '');
}

/**
 * What may be saved of it hangs on the rules as the player was told them, which may have changed since: what a learner
 * did by those is not refused. What no rule allows did not come from a player.
 */
function checkLengths(edition: CmiEdition, cmi: JsonObject): void {
  const check = (path: string, value: unknown, rule: keyof Rules, most: number): void => {
    if (typeof value === 'string' && value.length > most) throw invalid(path, rule, `at most ${most} characters of it can be saved`);
  };
  check('/cmi/suspend_data', cmi['suspend_data'], 'suspendDataLimit', MAX_SUSPEND_DATA);
  check(edition === '1.2' ? '/cmi/core/lesson_location' : '/cmi/location', placeIn(edition, cmi), 'isStrict', MAX_LOCATION);
}

const LEAVES_THE_COURSE: ReadonlySet<unknown> = new Set(['time-out', 'logout']);

/** What a finished run asks for; 2004: leaving by time-out or log-out ends the course (RTE 4.2.8). */
function requestOf(edition: CmiEdition, { cmi, request }: Commit): string | null {
  if (edition === '2004' && LEAVES_THE_COURSE.has(cmi['exit'])) return 'exitAll';
  return request === '' || request === '_none_' ? null : request;
}

/**
 * 1.2: whether leaving by time-out or log-out closes the course (RTE 3.4.4, cmi.core.exit). Only for now: authoring tools
 * say log-out of every part that is done, and the others are still to come.
 */
const closes = (edition: CmiEdition, cmi: JsonObject): boolean => edition === '1.2' && isObject(cmi['core']) && LEAVES_THE_COURSE.has(cmi['core']['exit']);

const PLAIN: ReadonlySet<string> = new Set(['continue', 'previous', 'exit', 'exitAll', 'abandon', 'abandonAll', 'suspendAll']);

/** A request by its name; a choice names a node of ours, content the publisher's identifier. */
function navigationOf(request: string, target: string | null, { nodes }: Scene): NavigationRequest | null {
  if (PLAIN.has(request)) return { kind: request } as NavigationRequest;
  if (request === 'choice') {
    const node = target === null ? undefined : nodes.get(target);
    if (!node) throw conflict('/target', 'reference', 'there is no such item');
    return { kind: 'choice', target: node.identifier };
  }
  const [, identifier, kind] = /^\{target=(.*)\}(choice|jump)$/.exec(request) ?? [];
  return identifier === undefined ? null : { kind: kind as 'choice' | 'jump', target: identifier };
}
