import type { Database, Sql } from '../../db/database.ts';
import { stamp } from '../../db/entity.ts';
import { checkRange, checkTexts } from '../../kernel/checks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { conflict, invalid } from '../../kernel/errors.ts';
import { describedLevels } from '../competency/index.ts';
import { activityKey, readStates, readTexts, requeueByLink, type StatementState, waitingBuckets } from '../lrs/index.ts';
import { learnersOfAgents } from '../people/index.ts';
import { foldProgress, type ItemProgress } from './fold.ts';
import { EvidenceRule, EvidenceRuleSet, RuleSetVersion } from './progress.entities.ts';
import * as store from './progress.store.ts';
import { GraphCache, projectBucket } from './project.ts';
import { activityOf, evaluate, NO_EVIDENCE_REASONS, type NoEvidenceReason } from './rules.ts';

/** A rule to be written; `activityId` is checked against the alignments, which say what an activity assesses. */
export interface NewRule {
  readonly activityIri: string;
  readonly verbs: readonly string[];
  readonly scaledMin: number | null;
  readonly success: boolean | null;
  readonly completion: boolean | null;
  readonly trustedAuthorities: readonly string[];
  readonly itemId: string;
  readonly level: number;
  readonly validDays: number | null;
}

/** What became of a statement, for whoever sent it. */
export interface StatementOutcome {
  readonly statementId: string;
  /** WAITING: stored, not yet projected. EVIDENCE: it counts. NO_EVIDENCE: see the reason. UNKNOWN: not here, or not yours. */
  readonly state: 'UNKNOWN' | 'WAITING' | 'EVIDENCE' | 'NO_EVIDENCE';
  readonly reason: NoEvidenceReason | null;
  readonly evidence: readonly store.EvidenceRow[];
}

/** A hundred years: an expiry stays a date. */
const MAX_VALID_DAYS = 36_525;

/** Of several rules missed, the one that came furthest is the useful answer. */
const furthest = (reasons: readonly NoEvidenceReason[]): NoEvidenceReason =>
  reasons.reduce((best, reason) => (NO_EVIDENCE_REASONS.indexOf(reason) > NO_EVIDENCE_REASONS.indexOf(best) ? reason : best), 'NO_RULE_FOR_ACTIVITY');

/** From statements to levels: rules, evidence, the fold and its answers. */
export class Progress {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #graphs = new GraphCache();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  get #sql(): Sql {
    return this.#database.sql;
  }

  /** Projects what waits in one bucket; see {@link projectBucket}. */
  async projectBucket(bucket: number, limit: number): Promise<number> {
    return projectBucket(this.#database, this.#clock, this.#graphs, bucket, limit);
  }

  async waitingBuckets(): Promise<readonly number[]> {
    return waitingBuckets(this.#sql);
  }

  /** Redoes what rests on a framework; to be called in the transaction that publishes a version of it. */
  async frameworkPublished(sql: Sql, frameworkId: string): Promise<void> {
    await store.lockModel(sql, 'exclusive');
    await store.requeueByFramework(sql, frameworkId);
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
    const graphs = await this.#graphs.ofItems(this.#sql, [...new Set([...evidence.values()].flat().map((row) => row.itemId))]);
    return new Map([
      ...stored,
      ...stale.map((id) => [id, foldProgress(evidence.get(id) ?? [], graphs, asOf ?? now).filter((row) => row.currentLevel > 0)] as const),
    ]);
  }

  /** For each learner and competency, the children that its roll-up looks at, in the published graph. */
  async childrenOf(itemIds: readonly string[]): Promise<ReadonlyMap<string, { readonly rollup: string; readonly children: readonly string[] }>> {
    const graphs = await this.#graphs.ofItems(this.#sql, itemIds);
    return new Map(
      graphs.flatMap((graph) =>
        itemIds.flatMap((id) =>
          graph.rollups.has(id) ? [[id, { rollup: graph.rollups.get(id) ?? 'NONE', children: graph.children.get(id) ?? [] }] as const] : [],
        ),
      ),
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
    const about = [...new Set([...states.values()].flatMap((state) => activityOf(state.statement) ?? []))];
    const rules = Map.groupBy(await store.activeRules(this.#sql, about.map(activityKey)), (rule) => rule.activityIri);
    const learners = await learnersOfAgents(
      this.#sql,
      [...states.values()].map((state) => state.actorKey),
    );
    const evidence = Map.groupBy(await store.evidenceOfStatements(this.#sql, [...states.keys()]), (row) => row.statementId);
    const reasonFor = (state: StatementState): NoEvidenceReason => {
      if (state.voids !== null) return 'VOIDING_STATEMENT';
      if (state.voided) return 'VOIDED';
      if (!learners.has(state.actorKey)) return 'UNKNOWN_ACTOR';
      const onActivity = rules.get(activityOf(state.statement) ?? '') ?? [];
      return furthest(evaluate(onActivity, state.statement, state.authorityKey).misses.map((miss) => miss.reason));
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
   * Writes a new version of a rule set (created when the code is new), as a draft.
   * @throws AppError INVALID_INPUT naming the first rule at fault.
   */
  async createRuleSetVersion(input: { code: string; title: string; rules: readonly NewRule[] }): Promise<store.RuleSetVersionRow> {
    if (input.rules.length === 0) throw invalid('/rules', 'not-empty', 'a rule set version needs at least one rule');
    checkTexts({ code: input.code, title: input.title });
    const base = stamp(this.#clock);
    await this.#database.write(async (em, sql) => {
      await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`rule set ${input.code}`]);
      await this.#checkRules(sql, input.rules);
      const existing = await em.findOne(EvidenceRuleSet, { code: input.code });
      const ruleSet = existing ? { id: existing.id } : { ...stamp(this.#clock), code: input.code, title: input.title };
      if (!existing) await em.insert(EvidenceRuleSet, ruleSet as { id: string; createdAt: Date; code: string; title: string });
      const [last] = await store.versionsOfRuleSets(sql, [ruleSet.id]);
      await em.insert(RuleSetVersion, { ...base, ruleSet: ruleSet.id, ordinal: (last?.ordinal ?? 0) + 1, status: 'DRAFT', activatedAt: null });
      await em.insertMany(
        EvidenceRule,
        input.rules.map((rule, position) => ({
          ...stamp(this.#clock),
          ...rule,
          verbs: [...rule.verbs],
          trustedAuthorities: [...rule.trustedAuthorities],
          version: base.id,
          position,
          activityKey: activityKey(rule.activityIri),
        })),
      );
    });
    const [version] = await store.ruleSetVersionsById(this.#sql, [base.id]);
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
      if (rule.verbs.length === 0) throw invalid(`${path}/verbs`, 'not-empty', 'a rule names at least one verb');
      if (rule.scaledMin !== null && !(rule.scaledMin >= -1 && rule.scaledMin <= 1))
        throw invalid(`${path}/scaledMin`, 'range', 'scaledMin lies between -1 and 1');
      if (rule.validDays !== null) checkRange({ [`${path.slice(1)}/validDays`]: rule.validDays }, 1, MAX_VALID_DAYS);
      const described = levels.get(rule.itemId);
      if (!described) throw invalid(`${path}/competencyId`, 'reference', 'there is no such competency');
      if (!described.has(rule.level))
        throw invalid(
          `${path}/level`,
          'level-has-descriptor',
          `level ${rule.level} of this competency has no descriptor; levels with one: ${[...described].join(', ') || 'none'}`,
        );
      const [assessed] = await sql.rows<{ level: number | null }>(
        `select max(target_level)::int as level from training.activity_alignment a join training.learning_activity l on l.id = a.activity_id where l.activity_key = $1 and a.item_id = $2 and a.contribution = 'ASSESSES'`,
        [activityKey(rule.activityIri), rule.itemId],
      );
      if (assessed?.level == null)
        throw invalid(`${path}/activityId`, 'assesses', 'only an activity aligned to the competency as ASSESSES can be evidence of it');
      if (rule.level > assessed.level) throw invalid(`${path}/level`, 'assesses', `the activity assesses this competency up to level ${assessed.level}`);
    }
  }

  /** Makes a draft count, for statements past and future; the version before is superseded. */
  async activateRuleSetVersion(versionId: string): Promise<store.RuleSetVersionRow> {
    await this.#database.write(async (em, sql) => {
      await store.lockModel(sql, 'exclusive');
      const [version] = await store.ruleSetVersionsById(sql, [versionId]);
      if (!version) throw invalid('/id', 'reference', 'there is no such rule set version');
      if (version.status !== 'DRAFT') throw conflict('/id', 'draft', `only a draft can be activated; this version is ${version.status}`);
      const siblings = await store.versionsOfRuleSets(sql, [version.ruleSetId]);
      const active = siblings.filter((sibling) => sibling.status === 'ACTIVE').map((sibling) => sibling.id);
      await em.nativeUpdate(RuleSetVersion, { id: { $in: active } }, { status: 'SUPERSEDED' });
      await em.nativeUpdate(RuleSetVersion, { id: versionId }, { status: 'ACTIVE', activatedAt: this.#clock.now() });
      const rules = await store.rulesOfVersions(sql, [...active, versionId]);
      await requeueByLink(sql, 'statement_activity', 'activity_key', [...new Set(rules.map((rule) => rule.activityKey))]);
    });
    const [version] = await store.ruleSetVersionsById(this.#sql, [versionId]);
    if (!version) throw new Error('an active version cannot disappear');
    return version;
  }

  /** Forgets a learner, within the transaction that deletes them. */
  forget = (sql: Sql, learnerId: string) => store.deleteOfLearner(sql, learnerId);

  statements = (ids: readonly string[]) => readTexts(this.#sql, ids);
  evidenceOf = (pairs: readonly { readonly learnerId: string; readonly itemId: string }[]) => store.evidenceOf(this.#sql, pairs);
  evidenceById = (pairs: readonly { readonly learnerId: string; readonly id: string }[]) => store.evidenceById(this.#sql, pairs);
  eventsOf = (learnerIds: readonly string[], limit: number) => store.eventsOfLearners(this.#sql, learnerIds, limit);
  ruleSets = (limit: number, afterCode: string | null) => store.listRuleSets(this.#sql, limit, afterCode);
  ruleSetsById = (ids: readonly string[]) => store.ruleSetsById(this.#sql, ids);
  ruleSetVersionsById = (ids: readonly string[]) => store.ruleSetVersionsById(this.#sql, ids);
  versionsOfRuleSets = (ids: readonly string[]) => store.versionsOfRuleSets(this.#sql, ids);
  rulesOfVersions = (ids: readonly string[]) => store.rulesOfVersions(this.#sql, ids);
  rulesById = (ids: readonly string[]) => store.rulesById(this.#sql, ids);
}
