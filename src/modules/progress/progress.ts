import { type Database, isConnectionError, isContention, type Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { AppError, reasonOf } from '../../kernel/errors.ts';
import {
  activityKey,
  firstWaiting,
  readStates,
  readTexts,
  requeueOfActivities,
  requeueSetAside,
  type StatementState,
  setAside,
  waitingBuckets,
} from '../lrs/index.ts';
import { countLearners, type IdentityMove, learnersOfAgents, lockLearners } from '../people/index.ts';
import { Feed } from './feed.ts';
import { foldProgress, type ItemProgress } from './fold.ts';
import { readLanes, reopen } from './generation.store.ts';
import { type BuildStep, beginRebuild, buildPage, finish, followChange, tidy, type Workshop } from './generations.ts';
import { countsIn, type Lane } from './lanes.ts';
import { otherEvidenceOf } from './other-evidence.store.ts';
import { OtherEvidence } from './other-evidence.ts';
import { type LevelOf, Planning } from './planning.ts';
import * as store from './progress.store.ts';
import { bookOf, type Projected, projectBuckets, rulesAbout } from './project.ts';
import { ModelCache, refold } from './refold.ts';
import { RuleSets } from './rule-sets.ts';
import * as ruleStore from './rules.store.ts';
import { activitiesOf, type Evaluation, evaluate, NO_EVIDENCE_REASONS, type NoEvidenceReason, subjectOf } from './rules.ts';
import { type Difference, verifyPage } from './verify.ts';
import { Webhooks } from './webhooks.ts';

/** How many pages are made anew at once: one computes while the database works for the others. */
const REBUILDERS = 3;

/** What became of a statement, for whoever sent it. */
export interface StatementOutcome {
  readonly statementId: string;
  /** WAITING: stored, not yet projected. FAILED: it could not be. EVIDENCE: it counts. NO_EVIDENCE: see the reason. UNKNOWN: not here, or not yours. */
  readonly state: 'UNKNOWN' | 'WAITING' | 'FAILED' | 'EVIDENCE' | 'NO_EVIDENCE';
  readonly reason: NoEvidenceReason | null;
  readonly evidence: readonly store.EvidenceRow[];
}

/** How long a reader waits for their own statements, and between two looks. */
const SETTLE_MS = 5_000;
const SETTLE_POLL_MS = 25;

/** Of several rules missed, the one that came furthest is the useful answer. */
const furthest = (reasons: readonly NoEvidenceReason[]): NoEvidenceReason =>
  reasons.reduce((best, reason) => (NO_EVIDENCE_REASONS.indexOf(reason) > NO_EVIDENCE_REASONS.indexOf(best) ? reason : best), 'NO_RULE_FOR_ACTIVITY');

/** Evidence as readers of a lane see it: what rules gave that act no longer is retracted; what drafts would give is not there. */
const asSeen = (lane: Lane, rows: readonly store.EvidenceRow[]): readonly store.EvidenceRow[] =>
  rows.filter((row) => !row.isDraft).map((row) => (row.retraction === null && !countsIn(lane, row) ? { ...row, retraction: 'RULE' } : row));

/** From statements to levels: rules, evidence, the fold and its answers. */
export class Progress {
  readonly #database: Database;
  readonly #workshop: Workshop;
  readonly ruleSets: RuleSets;
  readonly others: OtherEvidence;
  readonly feed: Feed;
  readonly planning: Planning;
  readonly webhooks: Webhooks;

  /** @param page learners made anew in one transaction. @param secrets of webhooks, by name. */
  constructor(database: Database, clock: Clock, page: number, secrets: ReadonlyMap<string, string>) {
    this.#database = database;
    this.#workshop = { clock, models: new ModelCache(), page };
    this.ruleSets = new RuleSets(database, this.#workshop);
    this.others = new OtherEvidence(database, this.#workshop);
    this.feed = new Feed(database, clock);
    this.planning = new Planning(database, this.#workshop, (ids, asOf, lane) => this.#levelsOf(ids, asOf, lane));
    this.webhooks = new Webhooks(database, clock, this.feed, secrets);
  }

  get #sql(): Sql {
    return this.#database.sql;
  }

  get #clock(): Clock {
    return this.#workshop.clock;
  }

  get #models(): ModelCache {
    return this.#workshop.models;
  }

  /**
   * Projects the statement of a bucket that waits longest, by itself; where that fails too often for a reason of its own it
   * is put out of the way of the others, with the reason. It is projected again when somebody asks: see {@link retry}.
   * @param isTooOften told of each statement that failed, whether it may be put away.
   * @returns its id when it was put out of the way.
   * @throws the failure: while it may still be tried, and when the database is away or busy.
   */
  async projectFirst(bucket: number, isTooOften: (statementId: string) => boolean): Promise<string | null> {
    const id = await firstWaiting(this.#sql, bucket);
    if (id === null) return null;
    try {
      await projectBuckets(this.#database, this.#clock, this.#models, [bucket], 1);
      return null;
    } catch (error) {
      if (isConnectionError(error) || isContention(error) || !isTooOften(id)) throw error;
      return (await setAside(this.#sql, bucket, id, reasonOf(error))) ? id : null;
    }
  }

  /** Has all statements that were put out of the way projected again. @returns how many. */
  retry = (): Promise<number> => requeueSetAside(this.#sql);

  /** Projects what waits in some buckets; see {@link projectBuckets}. */
  async projectBuckets(buckets: readonly number[], limit: number): Promise<Projected> {
    return projectBuckets(this.#database, this.#clock, this.#models, buckets, limit);
  }

  /**
   * Folds learners anew whose answer time alone has changed: evidence that began, ended or decayed.
   * @returns how many.
   */
  async expire(limit: number): Promise<number> {
    return this.#database.transaction(async (sql) => {
      await store.lockModel(sql, 'shared');
      const due = await store.dueLearners(sql, this.#clock.now(), limit);
      if (due.length === 0) return 0;
      const present = await lockLearners(sql, due);
      const causes = new Map([...present].map((id) => [id, { cause: 'EXPIRY', statementId: null }] as const));
      await refold(sql, this.#clock, this.#models, causes, await readLanes(sql));
      return due.length;
    });
  }

  /**
   * Goes on with the generation being built, if there is one, by some learners; ends it when all are built. Any number of
   * processes may do so at once.
   * @returns null when there is nothing to do.
   */
  async build(): Promise<BuildStep | null> {
    const step = await this.#database.transaction(async (sql) => {
      await store.lockModel(sql, 'shared');
      return (await readLanes(sql)).next?.status === 'BUILDING' ? ((await buildPage(sql, this.#workshop)) ?? 'ALL_TAKEN') : null;
    });
    if (step !== 'ALL_TAKEN') return step;
    await this.#database.transaction((sql) => finish(sql, this.#workshop));
    return null;
  }

  /** Deletes rows that newer generations have replaced and no reader can be looking at any more. */
  tidy = (): Promise<void> => tidy(this.#sql, this.#clock.now());

  /**
   * Makes all evidence and progress anew, or goes on doing so after an interruption: readers see the old answers until
   * all new ones are there.
   * @param onPage told after each transaction how many learners and statements are done.
   */
  async rebuild(onPage: (learners: number, statements: number) => void): Promise<void> {
    // A change under way comes first: it is part of what is made anew.
    while (!(await this.#database.transaction((sql) => beginRebuild(sql, this.#workshop)))) while ((await this.build()) !== null);
    let [learners, statements, isStopped] = [0, 0, false];
    const work = async () => {
      try {
        for (let step = await this.build(); step; step = isStopped ? null : await this.build()) {
          learners += step.learners;
          statements += step.statements;
          onPage(learners, statements);
        }
      } catch (error) {
        isStopped = true;
        throw error;
      }
    };
    // All have ended before this does: who asked may close the database then.
    const ends = await Promise.allSettled(Array.from({ length: REBUILDERS }, work));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** Compares what readers see with a full fold of the statements. @returns how many learners had statements still waiting, and were passed over. */
  async verify(onPage: (learners: number, differences: readonly Difference[]) => void): Promise<number> {
    let [learners, waiting] = [0, 0];
    for (
      let page = await verifyPage(this.#database, this.#clock, this.#models, null);
      page;
      page = await verifyPage(this.#database, this.#clock, this.#models, page.last)
    ) {
      learners += page.learners;
      waiting += page.waiting;
      onPage(learners, page.differences);
    }
    return waiting;
  }

  countLearners = () => countLearners(this.#sql);

  async waitingBuckets(): Promise<readonly number[]> {
    return waitingBuckets(this.#sql);
  }

  /** Makes progress follow the graphs and matches that count now; to be called in the transaction that changes them. */
  frameworkChanged = (sql: Sql): Promise<void> => followChange(sql, this.#workshop, 'FRAMEWORK_CHANGE');

  /** Keeps rules and graphs as they are until the transaction ends; to be called before any learner is locked. */
  hold = (sql: Sql): Promise<void> => store.lockModel(sql, 'shared');

  /**
   * Takes from a learner what statements of an agent gave, once they are not linked any more; to be called under the
   * learner's lock, with the model held.
   */
  async identityUnlinked(sql: Sql, learnerId: string, agentKey: string): Promise<void> {
    await store.retractOfAgent(sql, learnerId, agentKey);
    await refold(sql, this.#clock, this.#models, new Map([[learnerId, { cause: 'IDENTITY', statementId: null }]]), await readLanes(sql));
  }

  /**
   * Gives what statements of agents gave one learner to another; to be called under the locks of both, with the model
   * held, once the identifiers are the other's.
   */
  async identitiesMoved(sql: Sql, { from, into, agentKeys }: IdentityMove): Promise<void> {
    await store.moveEvidence(sql, from, into, agentKeys);
    await this.#refoldMoved(sql, [from, into], [from, into]);
  }

  /** Gives everything that is known and said of one learner to another, likewise. */
  async merge(sql: Sql, { from, into, agentKeys }: IdentityMove): Promise<void> {
    await store.moveEvidence(sql, from, into, agentKeys);
    await store.moveJudgements(sql, from, into, this.#clock.now());
    await this.#refoldMoved(sql, [from, into], [into]);
    const assessed = [...(await lockLearners(sql, await store.assessedLearners(sql, into)))].filter((id) => id !== from && id !== into);
    await this.#refoldMoved(sql, assessed, assessed);
    await store.deleteOfLearner(sql, from);
  }

  async #refoldMoved(sql: Sql, concerned: readonly string[], folded: readonly string[]): Promise<void> {
    await store.replaceOtherEvidence(sql, concerned, await otherEvidenceOf(sql, concerned));
    const lanes = await readLanes(sql);
    // What is still to be built of one is not known of the other either.
    if (concerned.length === 0) return;
    if (lanes.next) await reopen(sql, lanes.next.generation, concerned);
    const cause = { cause: 'IDENTITY', statementId: null } as const;
    await refold(sql, this.#clock, this.#models, new Map(folded.map((id) => [id, cause])), lanes);
  }

  /** What readers see now. One request takes it once, so that all its answers are of one generation. */
  view = async (): Promise<Lane> => (await readLanes(this.#sql)).current;

  /**
   * The progress of learners, as of now or of another instant.
   *
   * Now comes from the stored rows, unless time alone has made one stale; another instant is folded from the evidence.
   * The number of queries does not depend on the number of learners.
   */
  async progressOf(learnerIds: readonly string[], asOf: Date | null, given?: Lane): Promise<ReadonlyMap<string, readonly ItemProgress[]>> {
    const lane = given ?? (await this.view());
    const now = this.#clock.now();
    const isKept = await this.#isKept(asOf, lane, now);
    const stored = isKept ? await store.readProgressAt(this.#sql, learnerIds, lane.generation) : new Map<string, readonly ItemProgress[]>();
    const isStale = (rows: readonly ItemProgress[] | undefined): boolean =>
      !rows || rows.some(({ nextChangeAt }) => nextChangeAt !== null && nextChangeAt <= now);
    const stale = learnerIds.filter((id) => isStale(stored.get(id)));
    if (stale.length === 0) return stored;
    const people = await store.readFoldInput(this.#sql, stale);
    const model = await this.#models.asOf(this.#sql, lane, asOf, now);
    const fold = (id: string): readonly ItemProgress[] =>
      foldProgress(
        (people.get(id)?.evidence ?? []).filter((row) => countsIn(lane, row)),
        model,
        asOf ?? now,
        people.get(id)?.overrides,
      ).filter((row) => row.currentLevel > 0 || row.computedLevel > 0);
    return new Map([...stored, ...stale.map((id) => [id, fold(id)] as const)]);
  }

  /** Whether what is kept says what is asked: of now, unless a match in it is over its term. */
  async #isKept(asOf: Date | null, lane: Lane, now: Date): Promise<boolean> {
    return asOf === null && !(await this.#models.hasOverdue(this.#sql, lane, now));
  }

  /** Like {@link progressOf}, of many people and nothing but their levels. */
  async #levelsOf(learnerIds: readonly string[], asOf: Date | null, lane: Lane): Promise<(learnerId: string) => LevelOf> {
    const now = this.#clock.now();
    const isKept = await this.#isKept(asOf, lane, now);
    const stored = isKept ? await store.readLevelsAt(this.#sql, learnerIds, lane.generation) : [];
    const isStale = ({ nextChangeAt }: store.StoredLevels): boolean => nextChangeAt !== null && nextChangeAt <= now;
    const folded = await this.progressOf(isKept ? stored.filter(isStale).map((row) => row.learnerId) : learnerIds, asOf, lane);
    const levels = new Map([
      ...stored.map((row) => [row.learnerId, new Map(Object.entries(row.levels))] as const),
      ...[...folded].map(([id, rows]) => [id, new Map(rows.map((row) => [row.itemId, row.currentLevel]))] as const),
    ]);
    return (learnerId) => (itemId) => levels.get(learnerId)?.get(itemId) ?? 0;
  }

  /** For each competency, the children that its roll-up looks at, in the published graph. */
  async childrenOf(itemIds: readonly string[], lane: Lane): Promise<ReadonlyMap<string, { readonly rollup: string; readonly children: readonly string[] }>> {
    const model = await this.#models.of(this.#sql, lane);
    return new Map(
      itemIds.map((id) => {
        const { rollup, children } = model.item(id);
        return [id, { rollup, children: children.map((child) => child.itemId) }] as const;
      }),
    );
  }

  /**
   * Waits until statements are projected, so that whoever sent them reads what they brought.
   * @throws AppError UNAVAILABLE when they still wait after a few seconds.
   */
  async settled(statementIds: readonly string[]): Promise<void> {
    const until = performance.now() + SETTLE_MS;
    for (;;) {
      const states = await readStates(this.#sql, statementIds);
      if (!states.some((state) => state.waiting)) return;
      if (performance.now() > until) throw new AppError('UNAVAILABLE', 'the statements are stored and not projected yet; ask again');
      await new Promise((done) => setTimeout(done, SETTLE_POLL_MS));
    }
  }

  /**
   * What became of statements, in the order asked.
   * @param mine sees only statements sent with these credentials; null sees all. Foreign ones answer like missing ones.
   */
  async outcomesOf(statementIds: readonly string[], mine: readonly string[] | null): Promise<readonly StatementOutcome[]> {
    const states = new Map(
      (await readStates(this.#sql, statementIds)).filter((state) => mine === null || mine.includes(state.credentialId)).map((state) => [state.id, state]),
    );
    const lane = await this.view();
    const rules = await rulesAbout(this.#sql, [...lane.rules.keys()], [...states.values()]);
    const learners = await learnersOfAgents(
      this.#sql,
      [...states.values()].map((state) => state.actorKey),
    );
    const evidence = Map.groupBy(asSeen(lane, await store.evidenceOfStatements(this.#sql, [...states.keys()])), (row) => row.statementId);
    const reasonFor = (state: StatementState): NoEvidenceReason => {
      if (state.voids !== null) return 'VOIDING_STATEMENT';
      if (state.voided) return 'VOIDED';
      if (!learners.has(state.actorKey)) return 'UNKNOWN_ACTOR';
      return furthest(evaluate(rules, state.statement, state.authorityKey).misses.map((miss) => miss.reason));
    };
    return statementIds.map((statementId): StatementOutcome => {
      const state = states.get(statementId);
      const own = evidence.get(statementId) ?? [];
      if (!state) return { statementId, state: 'UNKNOWN', reason: null, evidence: [] };
      if (state.waiting) return { statementId, state: 'WAITING', reason: null, evidence: own };
      if (state.failed) return { statementId, state: 'FAILED', reason: null, evidence: own };
      const counts = own.some((row) => row.retraction === null);
      return { statementId, state: counts ? 'EVIDENCE' : 'NO_EVIDENCE', reason: counts ? null : reasonFor(state), evidence: own };
    });
  }

  /**
   * What rules would make of stored statements, by whose word they are.
   * @param mine credentials whose statements may be asked about; null for all.
   * @returns for each id what {@link dryRun} says, null for one that is not here, or not theirs.
   */
  async dryRunStored(ids: readonly string[], versionId: string | null, mine: readonly string[] | null): Promise<readonly (Evaluation | null)[]> {
    const known = new Map(
      (await readStates(this.#sql, ids)).filter(({ credentialId }) => mine === null || mine.includes(credentialId)).map((row) => [row.id, row]),
    );
    const found: (Evaluation | null)[] = [];
    for (const id of ids) {
      const state = known.get(id);
      found.push(state ? await this.dryRun(state.statement, versionId, state.authorityKey, state.occurredAt) : null);
    }
    return found;
  }

  /**
   * What rules would make of a statement that is not stored.
   * @param versionId a version of a rule set, draft or not; null: all rules that count now.
   * @param authorityKey whose word it would be; null: somebody every rule trusts.
   * @param occurredAt when what it says happened: rules that count now act on a time of their own.
   */
  async dryRun(statement: unknown, versionId: string | null, authorityKey: string | null, occurredAt: Date = this.#clock.now()): Promise<Evaluation> {
    const subject = subjectOf(statement);
    if (subject === null) return { matches: [], misses: [] };
    const lane = await this.view();
    const rules =
      versionId === null
        ? (await ruleStore.rulesAboutActivities(this.#sql, [...lane.rules.keys()], activitiesOf(subject).map(activityKey))).filter((rule) =>
            countsIn(lane, { versionId: rule.versionId, occurredAt }),
          )
        : await ruleStore.rulesOfVersions(this.#sql, [versionId]);
    const trusting = authorityKey === null ? rules.map((rule) => ({ ...rule, trustedAuthorities: [] })) : rules;
    return evaluate(await bookOf(this.#sql, trusting, activitiesOf(subject).map(activityKey)), statement, authorityKey ?? '');
  }

  /** Statements about activities that had no kind until now may be capped by it: they are looked at again. */
  activitiesRegistered = async (sql: Sql, activityKeys: readonly string[]): Promise<void> => {
    if (await ruleStore.hasKindCaps(sql)) await requeueOfActivities(sql, activityKeys);
  };

  /** Forgets a learner, within the transaction that deletes them. */
  forget = (sql: Sql, learnerId: string) => store.deleteOfLearner(sql, learnerId);

  statements = (ids: readonly string[]) => readTexts(this.#sql, ids);
  evidenceOf = async (pairs: readonly { readonly learnerId: string; readonly itemId: string }[], lane: Lane) =>
    asSeen(lane, await store.evidenceOf(this.#sql, pairs));
  evidenceById = async (pairs: readonly { readonly learnerId: string; readonly id: string }[], lane: Lane) =>
    asSeen(lane, await store.evidenceById(this.#sql, pairs));
  eventsOf = (learnerIds: readonly string[], limit: number) => store.eventsOfLearners(this.#sql, learnerIds, limit);
  listRuleSets = (limit: number, afterCode: string | null) => ruleStore.listRuleSets(this.#sql, limit, afterCode);
  ruleSetsById = (ids: readonly string[]) => ruleStore.ruleSetsById(this.#sql, ids);
  ruleSetVersionsById = (ids: readonly string[]) => ruleStore.ruleSetVersionsById(this.#sql, ids);
  versionsOfRuleSets = (ids: readonly string[]) => ruleStore.versionsOfRuleSets(this.#sql, ids);
  rulesOfVersions = (ids: readonly string[]) => ruleStore.rulesOfVersions(this.#sql, ids);
  rulesById = (ids: readonly string[]) => ruleStore.rulesById(this.#sql, ids);
}
