import type { Sql } from '../../db/database.ts';
import { digestKey } from '../../kernel/ids.ts';
import type { NewEvidence } from './progress.store.ts';

/** A rating by an assessor or a supervisor (atasan). */
export interface AssessmentRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly learnerId: string;
  readonly itemId: string;
  readonly kind: 'ASSESSOR' | 'SUPERVISOR';
  readonly level: number;
  readonly positive: boolean;
  readonly weight: number;
  readonly assessorLearnerId: string | null;
  readonly assessorPartnerId: string | null;
  readonly occurredAt: Date;
  readonly validUntil: Date | null;
  readonly note: string;
  readonly withdrawnAt: Date | null;
}

/** A claim of prior learning (RPL). */
export interface ClaimRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly learnerId: string;
  readonly itemId: string;
  readonly level: number;
  readonly description: string;
  readonly issuer: string;
  readonly documentUrl: string | null;
  readonly achievedOn: Date;
  readonly status: 'SUBMITTED' | 'IN_REVIEW' | 'ACCEPTED' | 'REJECTED';
  readonly reviewerId: string | null;
  readonly decidedAt: Date | null;
  readonly decisionReason: string | null;
  readonly acceptedLevel: number | null;
  readonly validUntil: Date | null;
}

export interface OverrideRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly learnerId: string;
  readonly itemId: string;
  readonly level: number;
  readonly reason: string;
  readonly decidedById: string | null;
  readonly validFrom: Date;
  readonly validUntil: Date;
  readonly countsForRollup: boolean;
  readonly revokedAt: Date | null;
}

const ASSESSMENT = `id, created_at, learner_id, item_id, kind, level, positive, weight, assessor_learner_id, assessor_partner_id, occurred_at, valid_until, note, withdrawn_at`;
const CLAIM = `id, created_at, learner_id, item_id, level, description, issuer, document_url, achieved_on, status, reviewer_id, decided_at, decision_reason, accepted_level, valid_until`;
const OVERRIDE = `id, created_at, learner_id, item_id, level, reason, decided_by_id, valid_from, valid_until, counts_for_rollup, revoked_at`;

const readers = <T>(table: string, columns: string) => ({
  byId: (sql: Sql, ids: readonly string[]) => sql.rows<T>(`select ${columns} from progress.${table} where id = any($1::uuid[])`, [ids]),
  ofLearners: (sql: Sql, ids: readonly string[]) =>
    sql.rows<T>(`select ${columns} from progress.${table} where learner_id = any($1::uuid[]) order by id desc`, [ids]),
});

export const assessments = readers<AssessmentRow>('assessment', ASSESSMENT);
export const claims = readers<ClaimRow>('prior_learning_claim', CLAIM);
export const overrides = readers<OverrideRow>('competency_override', OVERRIDE);

/** Claims in a state, oldest first. */
export const claimsByStatus = (sql: Sql, status: ClaimRow['status'], limit: number, after: string | null) =>
  sql.rows<ClaimRow>(`select ${CLAIM} from progress.prior_learning_claim where status = $1 and ($2::uuid is null or id > $2) order by id limit $3`, [
    status,
    after,
    limit,
  ]);

/** All evidence of learners that is no statement: ratings, and claims that were accepted. */
export async function otherEvidenceOf(sql: Sql, learnerIds: readonly string[]): Promise<readonly NewEvidence[]> {
  const rated = await sql.rows<AssessmentRow & { assessorKey: string }>(
    `select ${ASSESSMENT}, assessor_key from progress.assessment where learner_id = any($1::uuid[])`,
    [learnerIds],
  );
  const accepted = (await claims.ofLearners(sql, learnerIds)).filter((claim) => claim.status === 'ACCEPTED');
  const plain = { statementId: null, ruleId: null, versionId: null, attemptKey: null, attempts: 'ALL' } as const;
  return [
    ...rated.map(
      (row): NewEvidence => ({
        ...plain,
        id: digestKey('evidence', row.kind, row.id),
        learnerId: row.learnerId,
        itemId: row.itemId,
        level: row.level,
        positive: row.positive,
        weight: row.weight,
        kind: row.kind,
        sourceId: row.id,
        authorityKey: row.assessorKey,
        occurredAt: row.occurredAt,
        expiresAt: row.validUntil,
        retraction: row.withdrawnAt === null ? null : 'REVOKED',
      }),
    ),
    ...accepted.map(
      (claim): NewEvidence => ({
        ...plain,
        id: digestKey('evidence', 'PRIOR_LEARNING', claim.id),
        learnerId: claim.learnerId,
        itemId: claim.itemId,
        level: claim.acceptedLevel ?? claim.level,
        positive: true,
        weight: 1_000,
        kind: 'PRIOR_LEARNING',
        sourceId: claim.id,
        // Who issued what was learned elsewhere is one source, however many claims rest on it.
        authorityKey: digestKey('issuer', claim.issuer.trim().toLowerCase()),
        occurredAt: claim.achievedOn,
        expiresAt: claim.validUntil,
        retraction: null,
      }),
    ),
  ];
}

/** Takes a claim for a decision; who comes second waits, and sees it decided. */
export async function lockClaim(sql: Sql, id: string): Promise<ClaimRow | null> {
  const [row] = await sql.rows<ClaimRow>(`select ${CLAIM} from progress.prior_learning_claim where id = $1 for update`, [id]);
  return row ?? null;
}
