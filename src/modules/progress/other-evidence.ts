import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database, Sql } from '../../db/database.ts';
import { stamp } from '../../db/entity.ts';
import { assertExists } from '../../db/references.ts';
import { checkInstants, checkRange, checkTexts, LONG_TEXT } from '../../kernel/checks.ts';
import { conflict, invalid, missing } from '../../kernel/errors.ts';
import { digestKey } from '../../kernel/ids.ts';
import { describedLevels } from '../competency/index.ts';
import { lockLearners } from '../people/index.ts';
import { readLanes } from './generation.store.ts';
import type { Workshop } from './generations.ts';
import * as store from './other-evidence.store.ts';
import { type ASSESSMENT_KINDS, Assessment, CompetencyOverride, PriorLearningClaim } from './progress.entities.ts';
import { type EventCause, lockModel, replaceOtherEvidence } from './progress.store.ts';
import { refold } from './refold.ts';

/** Whom a judgement is about. */
interface Judged {
  readonly learnerId: string;
  readonly itemId: string;
  readonly level: number;
}

export interface NewAssessment extends Judged {
  readonly kind: (typeof ASSESSMENT_KINDS)[number];
  /** Whether the level was seen, or seen to be missing. */
  readonly positive: boolean;
  /** In thousandths. */
  readonly weight: number;
  /** Who judged: a civil servant, or a professional body; one of the two. */
  readonly assessorLearnerId: string | null;
  readonly assessorPartnerId: string | null;
  readonly occurredAt: Date;
  readonly validUntil: Date | null;
  readonly note: string;
}

export interface NewClaim extends Judged {
  readonly description: string;
  readonly issuer: string;
  readonly documentUrl: string | null;
  readonly achievedOn: Date;
}

export interface ClaimDecision {
  readonly claimId: string;
  readonly reviewerId: string;
  readonly reason: string;
  /** Null: the claim is rejected. */
  readonly accepted: { readonly level: number; readonly validUntil: Date | null } | null;
}

export interface NewOverride extends Judged {
  readonly reason: string;
  readonly decidedById: string;
  readonly validFrom: Date;
  readonly validUntil: Date;
  readonly countsForRollup: boolean;
}

/** What people say of people: ratings, prior learning with its review, and overrides. Nobody judges themselves. */
export class OtherEvidence {
  readonly #database: Database;
  readonly #workshop: Workshop;

  constructor(database: Database, workshop: Workshop) {
    this.#database = database;
    this.#workshop = workshop;
  }

  get #now(): Date {
    return this.#workshop.clock.now();
  }

  /** Writes down what an assessor or a supervisor saw; it counts from the day it was seen. */
  async assess(input: NewAssessment): Promise<store.AssessmentRow> {
    const { assessorLearnerId, assessorPartnerId, note, validUntil, occurredAt } = input;
    if ((assessorLearnerId === null) === (assessorPartnerId === null))
      throw invalid('/assessorId', 'one-assessor', 'an assessment names one assessor: a learner or a partner');
    if (note !== '') checkTexts({ note }, LONG_TEXT);
    checkRange({ weight: input.weight }, 1, 1_000);
    checkInstants({ occurredAt, validUntil });
    if (validUntil !== null && validUntil <= occurredAt) throw invalid('/validUntil', 'period', 'validUntil must lie after occurredAt');
    notOneself(input.learnerId, assessorLearnerId, '/assessorId');
    const row = {
      ...stamp(this.#workshop.clock),
      ...input,
      withdrawnAt: null,
      assessorKey: digestKey('assessor', assessorLearnerId ?? assessorPartnerId ?? ''),
    };
    await this.#change(input.learnerId, 'ASSESSMENT', async (em, sql) => {
      if (assessorLearnerId !== null) await assertExists(sql, 'people.learner', assessorLearnerId, '/assessorId', 'learner');
      if (assessorPartnerId !== null) await assertExists(sql, 'access.partner', assessorPartnerId, '/assessorPartnerId', 'partner');
      await this.#checkLevel(sql, input);
      await em.insert(Assessment, row);
    });
    return row;
  }

  /** Takes an assessment back: it never was. Again changes nothing. */
  async withdraw(id: string): Promise<store.AssessmentRow> {
    const [found] = await store.assessments.byId(this.#database.sql, [id]);
    if (!found) throw missing('/id', 'reference', 'there is no such assessment');
    if (found.withdrawnAt !== null) return found;
    const withdrawnAt = this.#now;
    await this.#change(found.learnerId, 'ASSESSMENT', async (em) => {
      await em.nativeUpdate(Assessment, { id }, { withdrawnAt });
    });
    return { ...found, withdrawnAt };
  }

  /** Claims prior learning for a learner; it counts once it is accepted. */
  async submitClaim(input: NewClaim): Promise<store.ClaimRow> {
    checkTexts({ issuer: input.issuer });
    checkTexts({ description: input.description, ...(input.documentUrl !== null && { documentUrl: input.documentUrl }) }, LONG_TEXT);
    if (input.documentUrl !== null && !/^https?:\/\//i.test(input.documentUrl)) throw invalid('/documentUrl', 'url', 'documentUrl is an http or https address');
    checkInstants({ achievedOn: input.achievedOn });
    if (input.achievedOn > this.#now) throw invalid('/achievedOn', 'period', 'achievedOn must not lie in the future');
    const row = {
      ...stamp(this.#workshop.clock),
      ...input,
      status: 'SUBMITTED' as const,
      reviewerId: null,
      decidedAt: null,
      decisionReason: null,
      acceptedLevel: null,
      validUntil: null,
    };
    await this.#database.write(async (em, sql) => {
      await lockModel(sql, 'shared');
      if (!(await lockLearners(sql, [input.learnerId])).has(input.learnerId)) throw invalid('/learnerId', 'reference', 'there is no such learner');
      await this.#checkLevel(sql, input);
      await em.insert(PriorLearningClaim, row);
    });
    return row;
  }

  /** A reviewer takes up a claim that was submitted. */
  async reviewClaim(claimId: string, reviewerId: string): Promise<store.ClaimRow> {
    return this.#database.write(async (em, sql) => {
      const claim = await this.#lockClaim(sql, claimId, reviewerId, ['SUBMITTED']);
      await em.nativeUpdate(PriorLearningClaim, { id: claimId }, { status: 'IN_REVIEW', reviewerId });
      return { ...claim, status: 'IN_REVIEW', reviewerId };
    });
  }

  /** Accepts a claim, at the level it names or another, or rejects it; either is final. */
  async decideClaim({ claimId, reviewerId, reason, accepted }: ClaimDecision): Promise<store.ClaimRow> {
    checkTexts({ reason }, LONG_TEXT);
    checkInstants({ validUntil: accepted?.validUntil ?? null });
    const [known] = await store.claims.byId(this.#database.sql, [claimId]);
    if (!known) throw missing('/id', 'reference', 'there is no such claim');
    const decided = {
      status: accepted ? ('ACCEPTED' as const) : ('REJECTED' as const),
      reviewerId,
      decidedAt: this.#now,
      decisionReason: reason,
      acceptedLevel: accepted?.level ?? null,
      validUntil: accepted?.validUntil ?? null,
    };
    await this.#change(known.learnerId, 'ASSESSMENT', async (em, sql) => {
      const claim = await this.#lockClaim(sql, claimId, reviewerId, ['SUBMITTED', 'IN_REVIEW']);
      if (claim.status === 'IN_REVIEW' && claim.reviewerId !== null && claim.reviewerId !== reviewerId)
        throw conflict('/reviewerId', 'reviewer', 'another reviewer has taken up this claim');
      if (accepted) await this.#checkLevel(sql, { ...claim, level: accepted.level });
      if (accepted?.validUntil && accepted.validUntil <= claim.achievedOn) throw invalid('/validUntil', 'period', 'validUntil must lie after achievedOn');
      await em.nativeUpdate(PriorLearningClaim, { id: claimId }, decided);
    });
    return { ...known, ...decided };
  }

  async #lockClaim(sql: Sql, id: string, reviewerId: string, states: readonly store.ClaimRow['status'][]): Promise<store.ClaimRow> {
    const claim = await store.lockClaim(sql, id);
    if (!claim) throw missing('/id', 'reference', 'there is no such claim');
    if (!states.includes(claim.status)) throw conflict('/id', 'claim-status', `the claim is ${claim.status} already`);
    await assertExists(sql, 'people.learner', reviewerId, '/reviewerId', 'learner');
    notOneself(claim.learnerId, reviewerId, '/reviewerId');
    return claim;
  }

  /** Sets a level for a time, beside the computed one; it ends by itself. */
  async override(input: NewOverride): Promise<store.OverrideRow> {
    checkTexts({ reason: input.reason }, LONG_TEXT);
    checkInstants({ validFrom: input.validFrom, validUntil: input.validUntil });
    if (input.validUntil <= input.validFrom) throw invalid('/validUntil', 'period', 'validUntil must lie after validFrom');
    notOneself(input.learnerId, input.decidedById, '/decidedById');
    const row = { ...stamp(this.#workshop.clock), ...input, revokedAt: null };
    await this.#change(input.learnerId, 'OVERRIDE', async (em, sql) => {
      await assertExists(sql, 'people.learner', input.decidedById, '/decidedById', 'learner');
      if (input.level !== 0) await this.#checkLevel(sql, input);
      await em.insert(CompetencyOverride, row);
    });
    return row;
  }

  /** Ends an override from now on; what it said until now stays said. Again changes nothing. */
  async revokeOverride(id: string): Promise<store.OverrideRow> {
    const [found] = await store.overrides.byId(this.#database.sql, [id]);
    if (!found) throw missing('/id', 'reference', 'there is no such override');
    if (found.revokedAt !== null) return found;
    const revokedAt = this.#now;
    await this.#change(found.learnerId, 'OVERRIDE', async (em) => {
      await em.nativeUpdate(CompetencyOverride, { id }, { revokedAt });
    });
    return { ...found, revokedAt };
  }

  /** A change to what is said of a learner, with all that follows from it, in one transaction. */
  async #change(learnerId: string, cause: EventCause, work: (em: EntityManager, sql: Sql) => Promise<void>): Promise<void> {
    const { clock, models } = this.#workshop;
    await this.#database.write(async (em, sql) => {
      await lockModel(sql, 'shared');
      const present = await lockLearners(sql, [learnerId]);
      if (!present.has(learnerId)) throw invalid('/learnerId', 'reference', 'there is no such learner');
      await work(em, sql);
      await replaceOtherEvidence(sql, [learnerId], await store.otherEvidenceOf(sql, [learnerId]));
      await refold(sql, clock, models, new Map([[learnerId, { cause, statementId: null }]]), await readLanes(sql));
    });
  }

  async #checkLevel(sql: Sql, { itemId, level }: Judged): Promise<void> {
    const described = (await describedLevels(sql, [itemId])).get(itemId);
    if (!described) throw invalid('/competencyId', 'reference', 'there is no such competency');
    if (!described.has(level)) {
      const levels = [...described].join(', ') || 'none';
      throw invalid('/level', 'level-has-descriptor', `level ${level} of this competency has no descriptor; levels with one: ${levels}`);
    }
  }

  assessmentsById = (ids: readonly string[]) => store.assessments.byId(this.#database.sql, ids);
  assessmentsOf = (learnerIds: readonly string[]) => store.assessments.ofLearners(this.#database.sql, learnerIds);
  claimsById = (ids: readonly string[]) => store.claims.byId(this.#database.sql, ids);
  claimsOf = (learnerIds: readonly string[]) => store.claims.ofLearners(this.#database.sql, learnerIds);
  claimsByStatus = (status: store.ClaimRow['status'], limit: number, after: string | null) => store.claimsByStatus(this.#database.sql, status, limit, after);
  overridesById = (ids: readonly string[]) => store.overrides.byId(this.#database.sql, ids);
  overridesOf = (learnerIds: readonly string[]) => store.overrides.ofLearners(this.#database.sql, learnerIds);
}

function notOneself(learnerId: string, judgeId: string | null, path: string): void {
  if (learnerId === judgeId) throw invalid(path, 'not-oneself', 'nobody judges themselves');
}
