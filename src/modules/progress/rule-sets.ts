import type { Database, Sql } from '../../db/database.ts';
import { stamp } from '../../db/entity.ts';
import { checkInstants, checkTexts } from '../../kernel/checks.ts';
import { conflict, invalid } from '../../kernel/errors.ts';
import { describedLevels, retiredAt } from '../competency/index.ts';
import { activityKey } from '../lrs/index.ts';
import { type GenerationState, impactByUnit, impactSamples, type LevelChange, nextState, type UnitImpact } from './generation.store.ts';
import { dropPreview, followChange, preparePreview, type Workshop } from './generations.ts';
import { EvidenceRule, EvidenceRuleSet, RuleSetVersion } from './progress.entities.ts';
import { lockModel } from './progress.store.ts';
import { checkCaps, checkRuleConditions, levelsNamed, type NewRule } from './rule-checks.ts';
import * as store from './rules.store.ts';
import type { LevelCaps } from './rules.ts';

/** What a version of a rule set acts on: all that ever happened, or what happens from an instant on. */
export interface Effect {
  readonly versionId: string;
  /** Null: everything, past and future; the versions before it act no longer. */
  readonly from: Date | null;
}

/** A version of a rule set to be written, as a draft. */
export interface NewRuleSetVersion extends Partial<LevelCaps> {
  readonly code: string;
  /** Used when the code is new. */
  readonly title: string;
  readonly rules: readonly NewRule[];
}

/** What a draft would change, or how far the answer is. */
export interface Impact {
  readonly state: GenerationState;
  readonly units: readonly UnitImpact[];
  readonly samples: readonly LevelChange[];
}

/** Rule sets and their versions: written as drafts, tried out, brought into effect. */
export class RuleSets {
  readonly #database: Database;
  readonly #workshop: Workshop;

  constructor(database: Database, workshop: Workshop) {
    this.#database = database;
    this.#workshop = workshop;
  }

  get #sql(): Sql {
    return this.#database.sql;
  }

  async #version(id: string): Promise<store.RuleSetVersionRow> {
    const [version] = await store.ruleSetVersionsById(this.#sql, [id]);
    if (!version) throw new Error('a version cannot disappear');
    return version;
  }

  /**
   * Writes a new version of a rule set (created when the code is new), as a draft.
   * @throws AppError INVALID_INPUT naming the first rule at fault.
   */
  async createVersion(input: NewRuleSetVersion): Promise<store.RuleSetVersionRow> {
    if (input.rules.length === 0) throw invalid('/rules', 'not-empty', 'a rule set version needs at least one rule');
    checkTexts({ code: input.code, title: input.title });
    const caps = { kindCaps: { ...input.kindCaps }, authorityCaps: { ...input.authorityCaps } };
    checkCaps(caps);
    const base = stamp(this.#workshop.clock);
    await this.#database.write(async (em, sql) => {
      await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`rule set ${input.code}`]);
      const existing = await em.findOne(EvidenceRuleSet, { code: input.code });
      await this.#checkRules(sql, input.rules, existing?.id ?? null);
      const ruleSet = existing ? { id: existing.id } : { ...stamp(this.#workshop.clock), code: input.code, title: input.title };
      if (!existing) await em.insert(EvidenceRuleSet, ruleSet as { id: string; createdAt: Date; code: string; title: string });
      const [last] = await store.versionsOfRuleSets(sql, [ruleSet.id]);
      await em.insert(RuleSetVersion, {
        ...base,
        ruleSet: ruleSet.id,
        ordinal: (last?.ordinal ?? 0) + 1,
        status: 'DRAFT',
        activatedAt: null,
        effectiveFrom: null,
        ...caps,
      });
      await em.insertMany(
        EvidenceRule,
        input.rules.map((rule, position) => ({
          ...stamp(this.#workshop.clock),
          ...rule,
          verbs: [...rule.verbs],
          bands: [...rule.bands],
          trustedAuthorities: rule.trustedAuthorities.map((key) => key.toLowerCase()),
          version: base.id,
          position,
          activityKey: activityKey(rule.activityIri),
        })),
      );
    });
    return this.#version(base.id);
  }

  /** @param ruleSetId whose rules go on, where there are some. */
  async #checkRules(sql: Sql, rules: readonly NewRule[], ruleSetId: string | null): Promise<void> {
    const itemIds = rules.map((rule) => rule.itemId);
    const levels = await describedLevels(sql, itemIds);
    const retired = await retiredAt(sql, itemIds, this.#workshop.clock.now());
    const known = new Set(ruleSetId === null || retired.size === 0 ? [] : await store.itemsOfRuleSet(sql, ruleSetId));
    for (const [index, rule] of rules.entries()) {
      const path = `/rules/${index}`;
      checkRuleConditions(rule, path);
      const described = levels.get(rule.itemId);
      if (!described) throw invalid(`${path}/competencyId`, 'reference', 'there is no such competency');
      if (retired.has(rule.itemId) && !known.has(rule.itemId))
        throw invalid(`${path}/competencyId`, 'retired', 'this competency is retired; only a rule set whose latest version has a rule for it may go on');
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
    const assessed = await store.assessedLevel(sql, activityKey(rule.activityIri), rule.itemId);
    if (assessed === null) throw invalid(`${path}/activityId`, 'assesses', 'only an activity aligned to the competency as ASSESSES can be evidence of it');
    for (const [levelPath, level] of levelsNamed(rule, path))
      if (level > assessed) throw invalid(levelPath, 'assesses', `the activity assesses this competency up to level ${assessed}`);
  }

  /** Takes a draft for a change. @throws AppError INVALID_INPUT, or CONFLICT when it is none. */
  async #lockDraft(sql: Sql, { versionId, from }: Effect): Promise<void> {
    checkInstants({ from });
    await lockModel(sql, 'exclusive');
    const [version] = await store.ruleSetVersionsById(sql, [versionId]);
    if (!version) throw invalid('/id', 'reference', 'there is no such rule set version');
    if (version.status !== 'DRAFT') throw conflict('/id', 'draft', `only a draft can be activated; this version is ${version.status}`);
    const siblings = await store.versionsOfRuleSets(sql, [version.ruleSetId]);
    if (siblings.some(({ status }) => status === 'ACTIVATING'))
      throw conflict('/id', 'one-at-a-time', 'another version of this rule set is being brought into effect');
  }

  /**
   * Brings a draft into effect. What concerns few people counts when this returns; otherwise the version is ACTIVATING
   * until everything is computed, and readers see the old answers until then.
   */
  async activate(effect: Effect): Promise<store.RuleSetVersionRow> {
    const { versionId, from } = effect;
    await this.#database.write(async (em, sql) => {
      await this.#lockDraft(sql, effect);
      await em.nativeUpdate(RuleSetVersion, { id: versionId }, { status: 'ACTIVATING', effectiveFrom: from });
      await followChange(sql, this.#workshop, 'RULE_CHANGE', versionId);
    });
    return this.#version(versionId);
  }

  /** Computes what a draft would change, beside what readers see; the preview before it is dropped. */
  async preview(effect: Effect): Promise<Impact | null> {
    await this.#database.transaction(async (sql) => {
      await this.#lockDraft(sql, effect);
      await preparePreview(sql, this.#workshop, effect);
    });
    return this.impact(100);
  }

  /** Drops the preview of a draft. @returns whether it stood. */
  dropPreview = (versionId: string): Promise<boolean> => this.#database.transaction((sql) => dropPreview(sql, versionId));

  /** What stands for inspection or is being built; null when nothing is. @param samples at most so many changes one by one. */
  async impact(samples: number): Promise<Impact | null> {
    // One snapshot: a generation that becomes current in between would be told half.
    return this.#database.transaction(async (sql) => {
      await lockModel(sql, 'shared');
      const state = await nextState(sql);
      if (!state) return null;
      const isBuilt = state.status === 'READY';
      return {
        state,
        units: isBuilt ? await impactByUnit(sql, state.id, this.#workshop.clock.now()) : [],
        samples: isBuilt ? await impactSamples(sql, state.id, samples) : [],
      };
    });
  }
}
