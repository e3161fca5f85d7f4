import { RetryTransaction, type Sql } from '../../db/database.ts';
import type { Ifi } from '../../standards/xapi/index.ts';
import { type Bind, learnerScope, type Viewer } from '../access/index.ts';

/**
 * A learner as one viewer sees them. `public_id` stands for the person towards that viewer: the row's id, or for a
 * partner the pseudonym that only this partner knows. `name` is null where the viewer has no right to it.
 */
export interface LearnerRow {
  readonly id: string;
  readonly publicId: string;
  readonly name: string | null;
  readonly staffCategory: string;
  readonly createdAt: Date;
}

export interface LearnerQuery {
  readonly viewer: Viewer;
  readonly now: Date;
  readonly limit: number;
  readonly after?: string;
  /** Only these, by the id the viewer knows. */
  readonly publicIds?: readonly string[];
  /** Only these, by our own id. */
  readonly ids?: readonly string[];
  readonly batchId?: string;
}

/** Learners within the viewer's reach, in the order of the id the viewer knows. */
export async function listLearners(sql: Sql, query: LearnerQuery): Promise<readonly LearnerRow[]> {
  const parameters: unknown[] = [];
  const bind: Bind = (value) => `$${parameters.push(value)}`;
  const { viewer } = query;
  const isPartner = viewer.role === 'PARTNER';
  const publicId = isPartner ? 'p.pseudonym' : 'l.id';
  const pseudonyms = isPartner ? `join access.partner_pseudonym p on p.learner_id = l.id and p.partner_id = ${bind(viewer.partnerId)}` : '';
  const showsName = isPartner
    ? `exists (select from access.access_grant g join training.program_version v on v.program_id = g.program_id join training.batch b on b.version_id = v.id
      join training.enrolment e on e.batch_id = b.id where e.learner_id = l.id and g.partner_id = ${bind(viewer.partnerId)} and g.shows_names and g.valid_from <= ${bind(query.now)} and (g.valid_to is null or g.valid_to > ${bind(query.now)}))`
    : 'true';
  const where = [learnerScope(viewer, 'l.id', bind, query.now)];
  if (query.ids) where.push(`l.id = any(${bind(query.ids)}::uuid[])`);
  if (query.publicIds) where.push(`${publicId} = any(${bind(query.publicIds)}::uuid[])`);
  if (query.batchId) where.push(`exists (select from training.enrolment e where e.learner_id = l.id and e.batch_id = ${bind(query.batchId)})`);
  if (query.after) where.push(`${publicId} > ${bind(query.after)}`);
  return sql.rows<LearnerRow>(
    `select l.id, ${publicId} as public_id, case when ${showsName} then l.name end as name, l.staff_category, l.created_at
     from people.learner l ${pseudonyms} where ${where.join(' and ')} order by ${publicId} limit ${bind(query.limit)}`,
    parameters,
  );
}

/** The random key of a learner; null when there is none. */
export async function learnerKey(sql: Sql, learnerId: string): Promise<string | null> {
  const [row] = await sql.rows<{ learnerKey: string }>('select learner_key from people.learner where id = $1', [learnerId]);
  return row?.learnerKey ?? null;
}

export interface IdentityRow {
  readonly id: string;
  readonly learnerId: string;
  readonly ifiKind: string;
  readonly homePage: string;
  readonly ifiValue: string;
}

export async function identitiesOfLearners(sql: Sql, learnerIds: readonly string[]): Promise<readonly IdentityRow[]> {
  return sql.rows<IdentityRow>(
    'select id, learner_id, ifi_kind, home_page, ifi_value from people.agent_identity where learner_id = any($1::uuid[]) order by id',
    [learnerIds],
  );
}

/** The learner behind each agent key; unknown keys are absent. */
export async function learnersOfAgents(sql: Sql, agentKeys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await sql.rows<{ agentKey: string; learnerId: string }>(
    'select agent_key, learner_id from people.agent_identity where agent_key = any($1::uuid[])',
    [agentKeys],
  );
  return new Map(rows.map((row) => [row.agentKey, row.learnerId]));
}

/** The agent keys of learners, with whose they are: the other way round than {@link learnersOfAgents}. */
export async function agentsOfLearners(sql: Sql, learnerIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await sql.rows<{ agentKey: string; learnerId: string }>(
    'select agent_key, learner_id from people.agent_identity where learner_id = any($1::uuid[])',
    [learnerIds],
  );
  return new Map(rows.map((row) => [row.agentKey, row.learnerId]));
}

/** Learners in the order of their ids, for walks over all of them. */
export async function learnerIdsAfter(sql: Sql, after: string | null, limit: number): Promise<readonly string[]> {
  const rows = await sql.rows<{ id: string }>('select id from people.learner where $1::uuid is null or id > $1 order by id limit $2', [after, limit]);
  return rows.map((row) => row.id);
}

export async function countLearners(sql: Sql): Promise<number> {
  const [row] = await sql.rows<{ count: number }>('select count(*)::int as count from people.learner');
  return row?.count ?? 0;
}

/**
 * Takes the row lock of each learner, in one order; who holds it may change what is derived about them.
 * @returns those that are still there.
 */
export async function lockLearners(sql: Sql, learnerIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await sql.rows<{ id: string }>('select id from people.learner where id = any($1::uuid[]) order by id for no key update', [learnerIds]);
  return new Set(rows.map((row) => row.id));
}

/** Deletes a learner with all that belongs to them here. @returns their identifiers; null when there is no such learner. */
export async function deleteLearner(sql: Sql, id: string): Promise<readonly Ifi[] | null> {
  const [learner] = await sql.rows('select id from people.learner where id = $1 for update', [id]);
  if (!learner) return null;
  const identities = await sql.rows<{ kind: Ifi['kind']; homePage: string; value: string }>(
    'delete from people.agent_identity where learner_id = $1 returning ifi_kind as kind, home_page, ifi_value as value',
    [id],
  );
  await sql.rows('delete from people.position_holding where learner_id = $1', [id]);
  await sql.rows(
    `delete from people.identity_change c where learner_id = $1 or other_learner_id = $1 or exists (
       select from jsonb_array_elements(c.identifiers) i join jsonb_array_elements($2::jsonb) e
         on i ->> 'kind' = e ->> 'kind' and i ->> 'homePage' = e ->> 'homePage' and i ->> 'value' = e ->> 'value')`,
    [id, JSON.stringify(identities)],
  );
  await sql.rows('delete from people.learner where id = $1', [id]);
  return identities;
}

const AGENT_LOCK = `(('x' || substr(replace(t.key::text, '-', ''), 1, 16))::bit(64))::bigint`;

/** @returns whether the learner had it. */
export async function deleteIdentity(sql: Sql, learnerId: string, agentKey: string): Promise<boolean> {
  return (await sql.rows('delete from people.agent_identity where learner_id = $1 and agent_key = $2 returning 1', [learnerId, agentKey])).length > 0;
}

/** Keeps identifiers from being projected as unknown while one is linked; to be taken before the link is written. */
export async function lockAgents(sql: Sql, agentKeys: readonly string[]): Promise<void> {
  await sql.rows(`select pg_advisory_xact_lock(k) from (select ${AGENT_LOCK} as k from unnest($1::uuid[]) as t(key) order by t.key) s`, [agentKeys]);
}

/**
 * The projector's side: holds off links of these identifiers until it commits. Then either it sees a link, or the
 * link's requeue sees its statements. It must not wait, since a link waits for the inbox rows that it holds.
 * @throws RetryTransaction when one of them is being linked right now.
 */
export async function holdAgentsUnlinked(sql: Sql, agentKeys: readonly string[]): Promise<void> {
  const rows = await sql.rows<{ held: boolean }>(`select pg_try_advisory_xact_lock_shared(${AGENT_LOCK}) as held from unnest($1::uuid[]) as t(key)`, [
    agentKeys,
  ]);
  if (rows.some(({ held }) => !held)) throw new RetryTransaction('an identifier is being linked');
}

export interface PositionRow {
  readonly id: string;
  readonly code: string;
  readonly title: string;
  readonly family: string;
}

export async function listPositions(sql: Sql, limit: number, afterCode: string | null): Promise<readonly PositionRow[]> {
  return sql.rows<PositionRow>('select id, code, title, family from people.position where $1::text is null or code > $1 order by code limit $2', [
    afterCode,
    limit,
  ]);
}

export async function positionsById(sql: Sql, ids: readonly string[]): Promise<readonly PositionRow[]> {
  return sql.rows<PositionRow>('select id, code, title, family from people.position where id = any($1::uuid[])', [ids]);
}

export interface UnitRow {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly kind: string;
  readonly parentId: string | null;
}

export async function listUnits(sql: Sql, limit: number, afterCode: string | null): Promise<readonly UnitRow[]> {
  return sql.rows<UnitRow>('select id, code, name, kind, parent_id from people.organization_unit where $1::text is null or code > $1 order by code limit $2', [
    afterCode,
    limit,
  ]);
}

export async function unitsById(sql: Sql, ids: readonly string[]): Promise<readonly UnitRow[]> {
  return sql.rows<UnitRow>('select id, code, name, kind, parent_id from people.organization_unit where id = any($1::uuid[])', [ids]);
}

export interface HoldingRow {
  readonly id: string;
  readonly learnerId: string;
  readonly positionId: string;
  readonly unitId: string;
  readonly validFrom: Date;
  readonly validTo: Date | null;
}

/** Who holds a position in a unit or below it at an instant, and in which unit; who holds several stands in each. */
export const holdersWithin = (sql: Sql, unitId: string, instant: Date) =>
  sql.rows<{ readonly learnerId: string; readonly unitId: string }>(
    `with recursive within as (
       select id from people.organization_unit where id = $1 union select u.id from people.organization_unit u join within w on u.parent_id = w.id)
     select distinct h.learner_id, h.unit_id from people.position_holding h join within w on w.id = h.unit_id
     where h.valid_from <= $2 and (h.valid_to is null or h.valid_to > $2) order by 1, 2`,
    [unitId, instant],
  );

const HOLDING = 'id, learner_id, position_id, unit_id, valid_from, valid_to';

export async function holdingById(sql: Sql, id: string): Promise<HoldingRow | null> {
  const [row] = await sql.rows<HoldingRow>(`select ${HOLDING} from people.position_holding where id = $1`, [id]);
  return row ?? null;
}

/** Whether the learner holds the position in the unit at some instant of the period. @param besides a holding that does not count. */
export async function holdsAlready(sql: Sql, holding: Omit<HoldingRow, 'id'>, besides: string | null): Promise<boolean> {
  const rows = await sql.rows(
    `select from people.position_holding where learner_id = $1 and position_id = $2 and unit_id = $3
     and tstzrange(valid_from, valid_to) && tstzrange($4, $5) and id is distinct from $6::uuid`,
    [holding.learnerId, holding.positionId, holding.unitId, holding.validFrom, holding.validTo, besides],
  );
  return rows.length > 0;
}

export async function holdingsOfLearners(sql: Sql, learnerIds: readonly string[]): Promise<readonly HoldingRow[]> {
  return sql.rows<HoldingRow>(`select ${HOLDING} from people.position_holding where learner_id = any($1::uuid[]) order by valid_from desc, id`, [learnerIds]);
}

export interface IdentityChangeRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly kind: 'LINKED' | 'UNLINKED' | 'MERGED' | 'SPLIT';
  readonly learnerId: string;
  readonly otherLearnerId: string | null;
  readonly identifiers: readonly Ifi[];
  readonly changedBy: string | null;
}

/** Changes that learners were part of, on either side, newest first. */
export const identityChangesOf = (sql: Sql, learnerIds: readonly string[]) =>
  sql.rows<IdentityChangeRow & { readonly ofLearner: string }>(
    `select c.id, c.created_at, c.kind, c.learner_id, c.other_learner_id, c.identifiers, c.changed_by, l.id as of_learner
     from unnest($1::uuid[]) as l(id) join people.identity_change c on c.learner_id = l.id or c.other_learner_id = l.id order by c.id desc`,
    [learnerIds],
  );

/** Gives identifiers of one learner to another. */
export async function moveIdentities(sql: Sql, agentKeys: readonly string[], into: string): Promise<void> {
  await sql.rows('update people.agent_identity set learner_id = $2 where agent_key = any($1::uuid[])', [agentKeys, into]);
}

/** Gives the positions held by one learner to another; what both held at the same time is held from the first day to the last. Deletes the first. */
export async function mergeLearner(sql: Sql, from: string, into: string): Promise<void> {
  await sql.rows(
    `with shared as (
       select o.id, min(h.valid_from) as first, max(coalesce(h.valid_to, 'infinity')) as last from people.position_holding o join people.position_holding h
         on h.learner_id = $1 and h.position_id = o.position_id and h.unit_id = o.unit_id and tstzrange(o.valid_from, o.valid_to) && tstzrange(h.valid_from, h.valid_to)
       where o.learner_id = $2 group by o.id)
     update people.position_holding o set valid_from = least(o.valid_from, s.first), valid_to = nullif(greatest(coalesce(o.valid_to, 'infinity'), s.last), 'infinity')
     from shared s where o.id = s.id`,
    [from, into],
  );
  await sql.rows(
    `update people.position_holding h set learner_id = $2 where learner_id = $1 and not exists (
       select from people.position_holding o where o.learner_id = $2 and o.position_id = h.position_id and o.unit_id = h.unit_id
         and tstzrange(o.valid_from, o.valid_to) && tstzrange(h.valid_from, h.valid_to))`,
    [from, into],
  );
  await sql.rows('delete from people.position_holding where learner_id = $1', [from]);
  // The trail goes with the person.
  await sql.rows('update people.identity_change set learner_id = $2 where learner_id = $1', [from, into]);
  await sql.rows('update people.identity_change set other_learner_id = $2 where other_learner_id = $1', [from, into]);
  await sql.rows('delete from people.learner where id = $1', [from]);
}
