import type { Sql } from '../../db/database.ts';
import { digestKey } from '../../kernel/ids.ts';
import type { FoldEvidence } from './direct-level.ts';
import type { FoldOverride, ItemProgress } from './fold.ts';
import type { AttemptPolicy } from './rules.ts';

const MODEL_LOCK = 7_307_117_111;

/**
 * Rules and published graphs are what the projector computes with. It holds the shared side for one transaction; who
 * changes them takes the exclusive side, so no statement is judged by rules that are just being replaced.
 */
export async function lockModel(sql: Sql, side: 'shared' | 'exclusive'): Promise<void> {
  await sql.rows(`select pg_advisory_xact_lock${side === 'shared' ? '_shared' : ''}($1)`, [MODEL_LOCK]);
}

/**
 * Ends a lateral subquery that is to be looked up for each row. Until a table was analysed for the first time, the
 * planner takes any key for a common one and reads millions of rows from end to end for a few.
 */
const BY_INDEX = 'offset 0';

export type EvidenceKind = 'XAPI' | 'ASSESSOR' | 'SUPERVISOR' | 'PRIOR_LEARNING';

/** Evidence as it is written. `retraction` is null while it counts. */
export interface NewEvidence {
  readonly id: string;
  readonly learnerId: string;
  readonly itemId: string;
  readonly level: number;
  readonly positive: boolean;
  /** In thousandths. */
  readonly weight: number;
  readonly kind: EvidenceKind;
  /** Statement, rule and its version: of XAPI evidence, and of no other. */
  readonly statementId: string | null;
  readonly ruleId: string | null;
  readonly versionId: string | null;
  /** The assessment or claim: of evidence that is no statement. */
  readonly sourceId: string | null;
  /** What attempts at the same share, of which one counts; null where each does. */
  readonly attemptKey: string | null;
  readonly attempts: AttemptPolicy;
  /** Whose word it is. */
  readonly authorityKey: string;
  readonly occurredAt: Date;
  readonly expiresAt: Date | null;
  readonly retraction: 'VOIDED' | 'REVOKED' | null;
}

/** Whether two rows say the same of one piece of evidence. */
export function sameEvidence(a: NewEvidence | undefined, b: NewEvidence | undefined): boolean {
  const text = (row: NewEvidence | undefined): string =>
    JSON.stringify(
      row && [row.learnerId, row.itemId, row.level, row.positive, row.weight, row.occurredAt, row.expiresAt, row.retraction, row.authorityKey, row.attemptKey],
    );
  return text(a) === text(b);
}

/**
 * Writes the evidence of some statements; what they gave before by these rule versions and do not give any more is
 * retracted, never deleted.
 * @returns whose evidence for what changed.
 */
export async function reconcileEvidence(
  sql: Sql,
  statementIds: readonly string[],
  versionIds: readonly string[],
  evidence: readonly NewEvidence[],
): Promise<readonly LearnerItem[]> {
  const retracted = await sql.rows<LearnerItem>(
    `update progress.evidence set retraction = 'RULE' where ctid = any(array(
       select e.ctid from unnest($1::uuid[]) as t(id) cross join lateral (
         select ctid from progress.evidence
         where statement_id = t.id and version_id = any($3::uuid[]) and id <> all($2::uuid[]) and retraction is distinct from 'RULE' ${BY_INDEX}) e))
     returning learner_id, item_id`,
    [statementIds, evidence.map((row) => row.id), versionIds],
  );
  return [...retracted, ...(await writeEvidence(sql, evidence))];
}

/** A competency of a learner. */
export interface LearnerItem {
  readonly learnerId: string;
  readonly itemId: string;
}

/** @returns whose evidence for what is new or another now. */
async function writeEvidence(sql: Sql, evidence: readonly NewEvidence[]): Promise<readonly LearnerItem[]> {
  return sql.rows<LearnerItem>(
    `insert into progress.evidence (learner_id, id, item_id, level, statement_id, rule_id, authority_key, occurred_at, expires_at, retraction, positive, weight,
       version_id, kind, source_id, attempt_key, attempts)
     select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::uuid[], $7::uuid[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::boolean[],
       $12::smallint[], $13::uuid[], $14::text[], $15::uuid[], $16::uuid[], $17::text[])
       as t(learner_id, id) order by t.learner_id, t.id
     on conflict (learner_id, id) do update set retraction = excluded.retraction, level = excluded.level
       where (evidence.retraction, evidence.level) is distinct from (excluded.retraction, excluded.level)
     returning learner_id, item_id`,
    [
      evidence.map((row) => row.learnerId),
      evidence.map((row) => row.id),
      evidence.map((row) => row.itemId),
      evidence.map((row) => row.level),
      evidence.map((row) => row.statementId),
      evidence.map((row) => row.ruleId),
      evidence.map((row) => row.authorityKey),
      evidence.map((row) => row.occurredAt),
      evidence.map((row) => row.expiresAt),
      evidence.map((row) => row.retraction),
      evidence.map((row) => row.positive),
      evidence.map((row) => row.weight),
      evidence.map((row) => row.versionId),
      evidence.map((row) => row.kind),
      evidence.map((row) => row.sourceId),
      evidence.map((row) => row.attemptKey),
      evidence.map((row) => row.attempts),
    ],
  );
}

/** Writes the evidence of learners that is no statement; what there was of it beyond that is deleted with what differs. */
export async function replaceOtherEvidence(sql: Sql, learnerIds: readonly string[], evidence: readonly NewEvidence[]): Promise<void> {
  const should = new Map(evidence.map((row) => [row.id, row]));
  const present = await readOtherEvidence(sql, learnerIds);
  const wrong = present.filter((row) => !sameEvidence(row, should.get(row.id)));
  if (wrong.length > 0)
    await sql.rows('delete from progress.evidence e using unnest($1::uuid[], $2::uuid[]) as t(learner, id) where e.learner_id = t.learner and e.id = t.id', [
      wrong.map((row) => row.learnerId),
      wrong.map((row) => row.id),
    ]);
  if (evidence.length > 0) await writeEvidence(sql, evidence);
}

/** Retracts what statements of an agent gave a learner. */
export async function retractOfAgent(sql: Sql, learnerId: string, agentKey: string): Promise<void> {
  await sql.rows(
    `update progress.evidence e set retraction = 'IDENTITY' from lrs.statement s
     where e.learner_id = $1 and e.retraction is distinct from 'RULE' and s.statement_id = e.statement_id and s.actor_key = $2`,
    [learnerId, agentKey],
  );
}

/** Gives what statements of agents gave one learner to another. */
export async function moveEvidence(sql: Sql, from: string, into: string, agentKeys: readonly string[]): Promise<void> {
  // What the other had of them before, retracted when the identifier was taken away, gives way to what counts now.
  await sql.rows(
    `delete from progress.evidence o using progress.evidence e, lrs.statement s
     where o.learner_id = $2 and e.learner_id = $1 and o.id = e.id and s.statement_id = e.statement_id and s.actor_key = any($3::uuid[])`,
    [from, into, agentKeys],
  );
  await sql.rows(
    `update progress.evidence e set learner_id = $2 from lrs.statement s
     where e.learner_id = $1 and s.statement_id = e.statement_id and s.actor_key = any($3::uuid[])`,
    [from, into, agentKeys],
  );
}

/**
 * Gives what people said of one learner to another, and what the one said of people. What turns out to be said of
 * themselves is taken back, and a claim they decided for themselves waits for a reviewer again.
 */
export async function moveJudgements(sql: Sql, from: string, into: string, now: Date): Promise<void> {
  for (const [table, judge] of [
    ['assessment', 'assessor_learner_id'],
    ['prior_learning_claim', 'reviewer_id'],
    ['competency_override', 'decided_by_id'],
  ]) {
    await sql.rows(`update progress.${table} set learner_id = $2 where learner_id = $1`, [from, into]);
    await sql.rows(`update progress.${table} set ${judge} = $2 where ${judge} = $1`, [from, into]);
  }
  // One person is one source.
  await sql.rows('update progress.assessment set assessor_key = $2 where assessor_learner_id = $1', [into, digestKey('assessor', into)]);
  await sql.rows(
    'update progress.assessment set assessor_learner_id = null, withdrawn_at = coalesce(withdrawn_at, $2) where learner_id = $1 and assessor_learner_id = $1',
    [into, now],
  );
  await sql.rows(
    'update progress.competency_override set decided_by_id = null, revoked_at = coalesce(revoked_at, $2) where learner_id = $1 and decided_by_id = $1',
    [into, now],
  );
  await sql.rows(
    `update progress.prior_learning_claim set status = 'SUBMITTED', reviewer_id = null, decided_at = null, decision_reason = null, accepted_level = null, valid_until = null
     where learner_id = $1 and reviewer_id = $1`,
    [into],
  );
  await sql.rows('update progress.progress_event set learner_id = $2 where learner_id = $1', [from, into]);
}

/** Whom a learner assessed. */
export async function assessedLearners(sql: Sql, assessorId: string): Promise<readonly string[]> {
  const rows = await sql.rows<{ learnerId: string }>('select distinct learner_id from progress.assessment where assessor_learner_id = $1', [assessorId]);
  return rows.map((row) => row.learnerId);
}

/** What is known of a person, for the fold. */
export interface FoldInput {
  /** Everything not retracted; which of it counts is for the lane to say. */
  readonly evidence: readonly (FoldEvidence & { readonly versionId: string | null })[];
  readonly overrides: readonly FoldOverride[];
}

const FOLD_EVIDENCE =
  'e.learner_id, e.id, e.item_id, e.level, e.positive, e.weight, e.authority_key as source, e.occurred_at, e.expires_at, e.version_id, e.attempt_key, e.attempts';

type EvidenceOf = FoldInput['evidence'][number] & { readonly learnerId: string };

/** What the fold needs of some learners. */
export async function readFoldInput(sql: Sql, learnerIds: readonly string[]): Promise<ReadonlyMap<string, FoldInput>> {
  const evidence = await sql.rows<EvidenceOf>(
    `select ${FOLD_EVIDENCE} from progress.evidence e where e.learner_id = any($1::uuid[]) and e.retraction is null`,
    [learnerIds],
  );
  return withOverrides(sql, learnerIds, evidence);
}

/** The same with evidence for some competencies of each learner only. */
export async function readFoldInputFor(sql: Sql, learnerIds: readonly string[], pairs: readonly LearnerItem[]): Promise<ReadonlyMap<string, FoldInput>> {
  const evidence = await sql.rows<EvidenceOf>(
    `select e.* from unnest($1::uuid[], $2::uuid[]) as t(learner, item) cross join lateral (
       select ${FOLD_EVIDENCE} from progress.evidence e where e.learner_id = t.learner and e.item_id = t.item and e.retraction is null ${BY_INDEX}) e`,
    [pairs.map((pair) => pair.learnerId), pairs.map((pair) => pair.itemId)],
  );
  return withOverrides(sql, learnerIds, evidence);
}

async function withOverrides(sql: Sql, learnerIds: readonly string[], evidence: readonly EvidenceOf[]): Promise<ReadonlyMap<string, FoldInput>> {
  const overrides = await sql.rows<FoldOverride & { learnerId: string }>(
    `select learner_id, id, item_id, level, counts_for_rollup, created_at as decided_at, valid_from, least(valid_until, revoked_at) as valid_until
     from progress.competency_override where learner_id = any($1::uuid[])`,
    [learnerIds],
  );
  const byPerson = byLearner(learnerIds, overrides);
  return new Map([...byLearner(learnerIds, evidence)].map(([id, rows]) => [id, { evidence: rows, overrides: byPerson.get(id) ?? [] }]));
}

/** Rows by learner, each learner asked about with a list of its own. */
function byLearner<T extends { readonly learnerId: string }>(learnerIds: Iterable<string>, rows: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const lists = new Map<string, T[]>([...learnerIds].map((id) => [id, []]));
  for (const row of rows) lists.get(row.learnerId)?.push(row);
  return lists;
}

const PROGRESS = 'p.learner_id, p.item_id, p.current_level, p.computed_level, p.direct_level, p.source, p.confidence, p.supporting, p.next_change_at';

/** The stored answers of the fold, by learner, each from the generation given. */
export async function readProgress(sql: Sql, places: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, readonly ItemProgress[]>> {
  const rows = await sql.rows<ItemProgress & { learnerId: string }>(
    `select ${PROGRESS} from unnest($1::uuid[], $2::int[]) as t(learner, generation)
     join progress.competency_progress p on p.learner_id = t.learner and p.generation = t.generation order by p.learner_id, p.item_id`,
    [[...places.keys()], [...places.values()]],
  );
  return byLearner(places.keys(), rows);
}

/** The same for some competencies of each learner only. */
export async function readProgressFor(
  sql: Sql,
  places: ReadonlyMap<string, number>,
  pairs: readonly LearnerItem[],
): Promise<ReadonlyMap<string, readonly ItemProgress[]>> {
  const rows = await sql.rows<ItemProgress & { learnerId: string }>(
    `select p.* from unnest($1::uuid[], $2::int[], $3::uuid[]) as t(learner, generation, item) cross join lateral (
       select ${PROGRESS} from progress.competency_progress p
       where p.learner_id = t.learner and p.generation = t.generation and p.item_id = t.item ${BY_INDEX}) p
     order by p.learner_id, p.item_id`,
    [pairs.map((pair) => pair.learnerId), pairs.map((pair) => places.get(pair.learnerId) ?? 0), pairs.map((pair) => pair.itemId)],
  );
  return byLearner(places.keys(), rows);
}

/** The stored answers that readers of a generation see: each learner's from the newest one up to it that has them. */
export async function readProgressAt(sql: Sql, learnerIds: readonly string[], generation: number): Promise<ReadonlyMap<string, readonly ItemProgress[]>> {
  const rows = await sql.rows<ItemProgress & { learnerId: string }>(
    `select ${PROGRESS} from unnest($1::uuid[]) as l(id) cross join lateral (
       select coalesce(max(m.generation), 0) as generation from progress.learner_generation m where m.learner_id = l.id and m.built and m.generation <= $2) g
     join progress.competency_progress p on p.learner_id = l.id and p.generation = g.generation order by p.learner_id, p.item_id`,
    [learnerIds, generation],
  );
  return byLearner(learnerIds, rows);
}

/** The levels of a learner by competency; what is not there is 0. */
export interface StoredLevels {
  readonly learnerId: string;
  readonly levels: Readonly<Record<string, number>>;
  /** When the first of them changes by the passing of time alone. */
  readonly nextChangeAt: Date | null;
}

/** Like {@link readProgressAt}, of many people and nothing but their levels. */
export const readLevelsAt = (sql: Sql, learnerIds: readonly string[], generation: number) =>
  sql.rows<StoredLevels>(
    `select p.learner_id, json_object_agg(p.item_id, p.current_level) as levels, min(p.next_change_at) as next_change_at
     from unnest($1::uuid[]) as l(id) cross join lateral (
       select coalesce(max(m.generation), 0) as generation from progress.learner_generation m where m.learner_id = l.id and m.built and m.generation <= $2) g
     join progress.competency_progress p on p.learner_id = l.id and p.generation = g.generation group by p.learner_id`,
    [learnerIds, generation],
  );

export interface ProgressKey {
  readonly learnerId: string;
  readonly generation: number;
  readonly itemId: string;
}

export interface ProgressChange {
  readonly learnerId: string;
  readonly generation: number;
  readonly progress: ItemProgress;
}

export async function writeProgress(sql: Sql, changed: readonly ProgressChange[], gone: readonly ProgressKey[]): Promise<void> {
  if (gone.length > 0) {
    await sql.rows(
      `delete from progress.competency_progress p using unnest($1::uuid[], $2::int[], $3::uuid[]) as t(learner_id, generation, item_id)
       where p.learner_id = t.learner_id and p.generation = t.generation and p.item_id = t.item_id`,
      [gone.map((row) => row.learnerId), gone.map((row) => row.generation), gone.map((row) => row.itemId)],
    );
  }
  if (changed.length === 0) return;
  await sql.rows(
    `insert into progress.competency_progress (learner_id, item_id, current_level, direct_level, source, next_change_at, supporting, confidence, generation, computed_level)
     select t.learner_id, t.item_id, t.current_level, t.direct_level, t.source, t.next_change_at, t.supporting::uuid[], t.confidence, t.generation, t.computed_level
     from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::text[], $6::timestamptz[], $7::text[], $8::smallint[], $9::int[], $10::int[])
       as t(learner_id, item_id, current_level, direct_level, source, next_change_at, supporting, confidence, generation, computed_level)
     order by t.learner_id, t.generation, t.item_id
     on conflict (learner_id, generation, item_id) do update set current_level = excluded.current_level, direct_level = excluded.direct_level, source = excluded.source,
       next_change_at = excluded.next_change_at, supporting = excluded.supporting, confidence = excluded.confidence, computed_level = excluded.computed_level`,
    [
      changed.map((row) => row.learnerId),
      changed.map((row) => row.progress.itemId),
      changed.map((row) => row.progress.currentLevel),
      changed.map((row) => row.progress.directLevel),
      changed.map((row) => row.progress.source),
      changed.map((row) => row.progress.nextChangeAt),
      // unnest flattens nested arrays, so each list travels as the text of an array literal.
      changed.map((row) => `{${row.progress.supporting.join(',')}}`),
      changed.map((row) => row.progress.confidence),
      changed.map((row) => row.generation),
      changed.map((row) => row.progress.computedLevel),
    ],
  );
}

/** Why a level changed. */
export type EventCause = 'STATEMENT' | 'VOID' | 'RULE_CHANGE' | 'FRAMEWORK_CHANGE' | 'IDENTITY' | 'EXPIRY' | 'REBUILD' | 'ASSESSMENT' | 'OVERRIDE';

export interface NewProgressEvent {
  readonly learnerId: string;
  readonly id: string;
  readonly itemId: string;
  readonly fromLevel: number;
  readonly toLevel: number;
  readonly cause: EventCause;
  readonly statementId: string | null;
  readonly createdAt: Date;
}

export async function insertEvents(sql: Sql, events: readonly NewProgressEvent[]): Promise<void> {
  if (events.length === 0) return;
  await sql.rows(
    `insert into progress.progress_event (learner_id, id, item_id, from_level, to_level, cause, statement_id, created_at)
     select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::text[], $7::uuid[], $8::timestamptz[])`,
    [
      events.map((event) => event.learnerId),
      events.map((event) => event.id),
      events.map((event) => event.itemId),
      events.map((event) => event.fromLevel),
      events.map((event) => event.toLevel),
      events.map((event) => event.cause),
      events.map((event) => event.statementId),
      events.map((event) => event.createdAt),
    ],
  );
}

/** Evidence of learners by rule versions as it was written, unless it is retracted; for comparison with what it should be. */
export async function readLiveEvidence(sql: Sql, learnerIds: readonly string[], versionIds: readonly string[]): Promise<readonly NewEvidence[]> {
  return sql.rows<NewEvidence>(
    `select learner_id, id, item_id, level, positive, weight, kind, statement_id, rule_id, version_id, source_id, attempt_key, attempts, authority_key, occurred_at, expires_at, retraction
     from progress.evidence where learner_id = any($1::uuid[]) and version_id = any($2::uuid[]) and (retraction is null or retraction = 'VOIDED')`,
    [learnerIds, versionIds],
  );
}

/** Evidence of learners that is no statement, as it was written. */
export const readOtherEvidence = (sql: Sql, learnerIds: readonly string[]) =>
  sql.rows<NewEvidence>(
    `select learner_id, id, item_id, level, positive, weight, kind, statement_id, rule_id, version_id, source_id, attempt_key, attempts, authority_key, occurred_at, expires_at, retraction
     from progress.evidence where learner_id = any($1::uuid[]) and kind <> 'XAPI'`,
    [learnerIds],
  );

/** Retracts what learners hold by rule versions beyond the evidence given, and deletes what differs from it, to be written anew. */
export async function clearOtherEvidence(
  sql: Sql,
  learnerIds: readonly string[],
  versionIds: readonly string[],
  evidence: readonly NewEvidence[],
): Promise<void> {
  const should = new Map(evidence.map((row) => [row.id, row]));
  const present = await readLiveEvidence(sql, learnerIds, versionIds);
  const wrong = present.filter((row) => should.has(row.id) && !sameEvidence(row, should.get(row.id)));
  const surplus = present.filter((row) => !should.has(row.id));
  await sql.rows('delete from progress.evidence e using unnest($1::uuid[], $2::uuid[]) as t(learner, id) where e.learner_id = t.learner and e.id = t.id', [
    wrong.map((row) => row.learnerId),
    wrong.map((row) => row.id),
  ]);
  await sql.rows(
    `update progress.evidence e set retraction = 'RULE' from unnest($1::uuid[], $2::uuid[]) as t(learner, id) where e.learner_id = t.learner and e.id = t.id`,
    [surplus.map((row) => row.learnerId), surplus.map((row) => row.id)],
  );
}

/** Learners whose stored answer, in the current generation or the next, time alone has made old. */
export async function dueLearners(sql: Sql, now: Date, limit: number): Promise<readonly string[]> {
  const rows = await sql.rows<{ learnerId: string }>(
    `select distinct learner_id from (
       select p.learner_id from progress.competency_progress p where p.next_change_at <= $1 and not exists (
         select from progress.learner_generation m join progress.generation g on g.id = m.generation and g.status in ('CURRENT', 'RETIRED')
         where m.learner_id = p.learner_id and m.built and m.generation > p.generation)
       order by p.next_change_at limit $2) due`,
    [now, limit],
  );
  return rows.map((row) => row.learnerId);
}

export interface EvidenceRow {
  readonly id: string;
  readonly learnerId: string;
  readonly itemId: string;
  readonly level: number;
  readonly positive: boolean;
  readonly weight: number;
  readonly kind: EvidenceKind;
  readonly statementId: string | null;
  readonly ruleId: string | null;
  /** The assessment or claim. */
  readonly sourceId: string | null;
  /** The version of the rule, and whether it does not count yet. */
  readonly versionId: string | null;
  readonly isDraft: boolean;
  readonly occurredAt: Date;
  readonly expiresAt: Date | null;
  readonly retraction: string | null;
}

const EVIDENCE = `id, learner_id, item_id, level, positive, weight, kind, statement_id, rule_id, version_id, source_id, occurred_at, expires_at, retraction,
  coalesce((select v.status in ('DRAFT', 'ACTIVATING') from progress.rule_set_version v where v.id = version_id), false) as is_draft`;

/** All evidence of learners for items, newest first, retracted included. */
export const evidenceOf = (sql: Sql, pairs: readonly { readonly learnerId: string; readonly itemId: string }[]) =>
  sql.rows<EvidenceRow>(
    `select ${EVIDENCE} from progress.evidence e join (select distinct * from unnest($1::uuid[], $2::uuid[]) as u(learner, item)) t on e.learner_id = t.learner and e.item_id = t.item order by e.occurred_at desc, e.id`,
    [pairs.map((pair) => pair.learnerId), pairs.map((pair) => pair.itemId)],
  );

export const evidenceById = (sql: Sql, pairs: readonly { readonly learnerId: string; readonly id: string }[]) =>
  sql.rows<EvidenceRow>(`select ${EVIDENCE} from progress.evidence where (learner_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))`, [
    pairs.map((pair) => pair.learnerId),
    pairs.map((pair) => pair.id),
  ]);

export const evidenceOfStatements = (sql: Sql, statementIds: readonly string[]) =>
  sql.rows<EvidenceRow>(`select ${EVIDENCE} from progress.evidence where statement_id = any($1::uuid[]) order by id`, [statementIds]);

export interface ProgressEventRow {
  readonly id: string;
  readonly learnerId: string;
  readonly itemId: string;
  readonly fromLevel: number;
  readonly toLevel: number;
  readonly cause: string;
  readonly statementId: string | null;
  readonly createdAt: Date;
}

/** The latest events of learners, at most `limit` each, newest first. */
export const eventsOfLearners = (sql: Sql, learnerIds: readonly string[], limit: number) =>
  sql.rows<ProgressEventRow>(
    `select e.id, e.learner_id, e.item_id, e.from_level, e.to_level, e.cause, e.statement_id, e.created_at
     from unnest($1::uuid[]) as l(id) cross join lateral (select * from progress.progress_event p where p.learner_id = l.id order by p.id desc limit $2) e`,
    [learnerIds, limit],
  );

/** Deletes everything about a learner, and that they judged others: what they judged stays, by nobody in particular. */
export async function deleteOfLearner(sql: Sql, learnerId: string): Promise<void> {
  for (const table of ['evidence', 'competency_progress', 'learner_generation', 'progress_event', 'assessment', 'prior_learning_claim', 'competency_override'])
    await sql.rows(`delete from progress.${table} where learner_id = $1`, [learnerId]);
  await sql.rows('update progress.assessment set assessor_learner_id = null where assessor_learner_id = $1', [learnerId]);
  await sql.rows('update progress.prior_learning_claim set reviewer_id = null where reviewer_id = $1', [learnerId]);
  await sql.rows('update progress.competency_override set decided_by_id = null where decided_by_id = $1', [learnerId]);
}
