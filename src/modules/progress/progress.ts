import type { Database, Sql } from '../../db/database.ts';
import { stamp } from '../../db/entity.ts';
import { checkTexts } from '../../kernel/checks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { conflict, invalid } from '../../kernel/errors.ts';
import { describedLevels } from '../competency/index.ts';
import { activityKey, readStates, readTexts, requeueAll, requeueByLink, type StatementState, waitingBuckets } from '../lrs/index.ts';
import { countLearners, learnersOfAgents, lockLearners } from '../people/index.ts';
import { foldProgress, type ItemProgress } from './fold.ts';
import { EvidenceRule, EvidenceRuleSet, RuleSetVersion } from './progress.entities.ts';
import * as store from './progress.store.ts';
import { projectBucket, rulesAbout } from './project.ts';
import { type Difference, rebuildPage, verifyPage } from './rebuild.ts';
import { ModelCache, refold } from './refold.ts';
import { checkRuleConditions, levelsNamed, type NewRule } from './rule-checks.ts';
import * as ruleStore from './rules.store.ts';
import { activitiesOf, type Evaluation, evaluate, NO_EVIDENCE_REASONS, type NoEvidenceReason, type Rule, RuleBook, subjectOf } from './rules.ts';

/** What became of a statement, for whoever sent it. */
export interface StatementOutcome {
  readonly statementId: string;
  /** WAITING: stored, not yet projected. EVIDENCE: it counts. NO_EVIDENCE: see the reason. UNKNOWN: not here, or not yours. */
  readonly state: 'UNKNOWN' | 'WAITING' | 'EVIDENCE' | 'NO_EVIDENCE';
  readonly reason: NoEvidenceReason | null;
  readonly evidence: readonly store.EvidenceRow[];
}

/** Of several rules missed, the one that came furthest is the useful answer. */
const furthest = (reasons: readonly NoEvidenceReason[]): NoEvidenceReason =>
  reasons.reduce((best, reason) => (NO_EVIDENCE_REASONS.indexOf(reason) > NO_EVIDENCE_REASONS.indexOf(best) ? reason : best), 'NO_RULE_FOR_ACTIVITY');

/** Statements that one of these rules may be about wait to be looked at again. */
async function requeueConcerned(sql: Sql, rules: readonly Rule[]): Promise<void> {
  // What a prefix or a type matches is in no index.
  if (rules.some(({ match }) => match === 'PREFIX' || match === 'TYPE')) return requeueAll(sql);
  await requeueByLink(sql, 'statement_activity', 'activity_key', [...new Set(rules.map((rule) => rule.activityKey))]);
}

/** From statements to levels: rules, evidence, the fold and its answers. */
export class Progress {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #models = new ModelCache();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  get #sql(): Sql {
    return this.#database.sql;
  }

  /** Projects what waits in one bucket; see {@link projectBucket}. */
  async projectBucket(bucket: number, limit: number): Promise<number> {
    return projectBucket(this.#database, this.#clock, this.#models, bucket, limit);
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
      await refold(sql, this.#clock, this.#models, new Map([...present].map((id) => [id, { cause: 'EXPIRY', statementId: null }])));
      return due.length;
    });
  }

  /** Goes on with the rebuild under way, or begins one. @param onPage told after each transaction how many learners and statements are done. */
  async rebuild(onPage: (learners: number, statements: number) => void): Promise<void> {
    let after = await store.beginRebuild(this.#sql, this.#clock.now());
    let [learners, statements] = [0, 0];
    for (
      let page = await rebuildPage(this.#database, this.#clock, this.#models, after);
      page;
      page = await rebuildPage(this.#database, this.#clock, this.#models, after)
    ) {
      after = page.last;
      learners += page.learners;
      statements += page.statements;
      onPage(learners, statements);
    }
    await store.markRebuild(this.#sql, null);
  }

  /** Compares everything stored with a full fold of the statements. @returns how many learners had statements still waiting, and were passed over. */
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

  /** Redoes what rests on a framework; to be called in the transaction that publishes a version of it. */
  async frameworkPublished(sql: Sql, frameworkId: string): Promise<void> {
    await store.lockModel(sql, 'exclusive');
    await store.requeueByFramework(sql, frameworkId);
  }

  /** Takes from a learner what statements of an agent gave; to be called under the learner's lock, once they are not linked any more. */
  async identityUnlinked(sql: Sql, learnerId: string, agentKey: string): Promise<void> {
    await store.lockModel(sql, 'shared');
    await store.retractOfAgent(sql, learnerId, agentKey);
    await refold(sql, this.#clock, this.#models, new Map([[learnerId, { cause: 'IDENTITY', statementId: null }]]));
  }

  /**
   * The progress of learners, as of now or of another instant.
   *
   * Now comes from the stored rows, unless time alone has made one stale; another instant is folded from the evidence.
   * The number of queries does not depend on the number of learners.
   */
  async progressOf(learnerIds: readonly string[], asOf: Date | null): Promise<ReadonlyMap<string, readonly ItemProgress[]>> {
    const now = this.#clock.now();
    const stored = asOf === null ? await store.readProgress(this.#sql, learnerIds) : new Map<string, readonly ItemProgress[]>();
    const isStale = (rows: readonly ItemProgress[] | undefined): boolean =>
      !rows || rows.some(({ nextChangeAt }) => nextChangeAt !== null && nextChangeAt <= now);
    const stale = learnerIds.filter((id) => isStale(stored.get(id)));
    if (stale.length === 0) return stored;
    const evidence = await store.readFoldEvidence(this.#sql, stale);
    const model = await this.#models.current(this.#sql);
    return new Map([
      ...stored,
      ...stale.map((id) => [id, foldProgress(evidence.get(id) ?? [], model, asOf ?? now).filter((row) => row.currentLevel > 0)] as const),
    ]);
  }

  /** For each learner and competency, the children that its roll-up looks at, in the published graph. */
  async childrenOf(itemIds: readonly string[]): Promise<ReadonlyMap<string, { readonly rollup: string; readonly children: readonly string[] }>> {
    const model = await this.#models.current(this.#sql);
    return new Map(
      itemIds.map((id) => {
        const { rollup, children } = model.item(id);
        return [id, { rollup, children: children.map((child) => child.itemId) }] as const;
      }),
    );
  }

  /**
   * What became of statements, in the order asked.
   * @param mine sees only statements sent with these credentials; null sees all. Foreign ones answer like missing ones.
   */
  async outcomesOf(statementIds: readonly string[], mine: readonly string[] | null): Promise<readonly StatementOutcome[]> {
    const states = new Map(
      (await readStates(this.#sql, statementIds)).filter((state) => mine === null || mine.includes(state.credentialId)).map((state) => [state.id, state]),
    );
    const rules = await rulesAbout(this.#sql, [...states.values()]);
    const learners = await learnersOfAgents(
      this.#sql,
      [...states.values()].map((state) => state.actorKey),
    );
    const evidence = Map.groupBy(await store.evidenceOfStatements(this.#sql, [...states.keys()]), (row) => row.statementId);
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
      const counts = own.some((row) => row.retraction === null);
      return { statementId, state: counts ? 'EVIDENCE' : 'NO_EVIDENCE', reason: counts ? null : reasonFor(state), evidence: own };
    });
  }

  /**
   * What rules would make of a statement that is not stored.
   * @param versionId a version of a rule set, draft or not; null: all rules that count now.
   * @param authorityKey whose word it would be; null: somebody every rule trusts.
   */
  async dryRun(statement: unknown, versionId: string | null, authorityKey: string | null): Promise<Evaluation> {
    const subject = subjectOf(statement);
    if (subject === null) return { matches: [], misses: [] };
    const rules =
      versionId === null
        ? await ruleStore.activeRules(this.#sql, activitiesOf(subject).map(activityKey))
        : await ruleStore.rulesOfVersions(this.#sql, [versionId]);
    const trusting = authorityKey === null ? rules.map((rule) => ({ ...rule, trustedAuthorities: [] })) : rules;
    return evaluate(new RuleBook(trusting), statement, authorityKey ?? '');
  }

  /**
   * Writes a new version of a rule set (created when the code is new), as a draft.
   * @throws AppError INVALID_INPUT naming the first rule at fault.
   */
  async createRuleSetVersion(input: { code: string; title: string; rules: readonly NewRule[] }): Promise<ruleStore.RuleSetVersionRow> {
    if (input.rules.length === 0) throw invalid('/rules', 'not-empty', 'a rule set version needs at least one rule');
    checkTexts({ code: input.code, title: input.title });
    const base = stamp(this.#clock);
    await this.#database.write(async (em, sql) => {
      await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`rule set ${input.code}`]);
      await this.#checkRules(sql, input.rules);
      const existing = await em.findOne(EvidenceRuleSet, { code: input.code });
      const ruleSet = existing ? { id: existing.id } : { ...stamp(this.#clock), code: input.code, title: input.title };
      if (!existing) await em.insert(EvidenceRuleSet, ruleSet as { id: string; createdAt: Date; code: string; title: string });
      const [last] = await ruleStore.versionsOfRuleSets(sql, [ruleSet.id]);
      await em.insert(RuleSetVersion, { ...base, ruleSet: ruleSet.id, ordinal: (last?.ordinal ?? 0) + 1, status: 'DRAFT', activatedAt: null });
      await em.insertMany(
        EvidenceRule,
        input.rules.map((rule, position) => ({
          ...stamp(this.#clock),
          ...rule,
          verbs: [...rule.verbs],
          bands: [...rule.bands],
          trustedAuthorities: [...rule.trustedAuthorities],
          version: base.id,
          position,
          activityKey: activityKey(rule.activityIri),
        })),
      );
    });
    const [version] = await ruleStore.ruleSetVersionsById(this.#sql, [base.id]);
    if (!version) throw new Error('the version just inserted is missing');
    return version;
  }

  async #checkRules(sql: Sql, rules: readonly NewRule[]): Promise<void> {
    const levels = await describedLevels(
      sql,
      rules.map((rule) => rule.itemId),
    );
    for (const [index, rule] of rules.entries()) {
      const path = `/rules/${index}`;
      checkRuleConditions(rule, path);
      const described = levels.get(rule.itemId);
      if (!described) throw invalid(`${path}/competencyId`, 'reference', 'there is no such competency');
      for (const [levelPath, level] of levelsNamed(rule, path))
        if (!described.has(level))
          throw invalid(
            levelPath,
            'level-has-descriptor',
            `level ${level} of this competency has no descriptor; levels with one: ${[...described].join(', ') || 'none'}`,
          );
      await this.#checkAssesses(sql, rule, path);
    }
  }

  /** What assesses a competency is said by alignments; a prefix or a type names no one activity that could be aligned. */
  async #checkAssesses(sql: Sql, rule: NewRule, path: string): Promise<void> {
    if (rule.match === 'PREFIX' || rule.match === 'TYPE') return;
    const assessed = await ruleStore.assessedLevel(sql, activityKey(rule.activityIri), rule.itemId);
    if (assessed === null) throw invalid(`${path}/activityId`, 'assesses', 'only an activity aligned to the competency as ASSESSES can be evidence of it');
    for (const [levelPath, level] of levelsNamed(rule, path))
      if (level > assessed) throw invalid(levelPath, 'assesses', `the activity assesses this competency up to level ${assessed}`);
  }

  /** Makes a draft count, for statements past and future; the version before is superseded. */
  async activateRuleSetVersion(versionId: string): Promise<ruleStore.RuleSetVersionRow> {
    await this.#database.write(async (em, sql) => {
      await store.lockModel(sql, 'exclusive');
      const [version] = await ruleStore.ruleSetVersionsById(sql, [versionId]);
      if (!version) throw invalid('/id', 'reference', 'there is no such rule set version');
      if (version.status !== 'DRAFT') throw conflict('/id', 'draft', `only a draft can be activated; this version is ${version.status}`);
      const siblings = await ruleStore.versionsOfRuleSets(sql, [version.ruleSetId]);
      const active = siblings.filter((sibling) => sibling.status === 'ACTIVE').map((sibling) => sibling.id);
      await em.nativeUpdate(RuleSetVersion, { id: { $in: active } }, { status: 'SUPERSEDED' });
      await em.nativeUpdate(RuleSetVersion, { id: versionId }, { status: 'ACTIVE', activatedAt: this.#clock.now() });
      const rules = await ruleStore.rulesOfVersions(sql, [...active, versionId]);
      await requeueConcerned(sql, rules);
    });
    const [version] = await ruleStore.ruleSetVersionsById(this.#sql, [versionId]);
    if (!version) throw new Error('an active version cannot disappear');
    return version;
  }

  /** Forgets a learner, within the transaction that deletes them. */
  forget = (sql: Sql, learnerId: string) => store.deleteOfLearner(sql, learnerId);

  statements = (ids: readonly string[]) => readTexts(this.#sql, ids);
  evidenceOf = (pairs: readonly { readonly learnerId: string; readonly itemId: string }[]) => store.evidenceOf(this.#sql, pairs);
  evidenceById = (pairs: readonly { readonly learnerId: string; readonly id: string }[]) => store.evidenceById(this.#sql, pairs);
  eventsOf = (learnerIds: readonly string[], limit: number) => store.eventsOfLearners(this.#sql, learnerIds, limit);
  ruleSets = (limit: number, afterCode: string | null) => ruleStore.listRuleSets(this.#sql, limit, afterCode);
  ruleSetsById = (ids: readonly string[]) => ruleStore.ruleSetsById(this.#sql, ids);
  ruleSetVersionsById = (ids: readonly string[]) => ruleStore.ruleSetVersionsById(this.#sql, ids);
  versionsOfRuleSets = (ids: readonly string[]) => ruleStore.versionsOfRuleSets(this.#sql, ids);
  rulesOfVersions = (ids: readonly string[]) => ruleStore.rulesOfVersions(this.#sql, ids);
  rulesById = (ids: readonly string[]) => ruleStore.rulesById(this.#sql, ids);
}
