import type { Sql } from '../../db/database.ts';
import type { GenerationCause, Lane, Lanes, NextLane, Window } from './lanes.ts';

interface LaneJson {
  readonly rules: readonly { readonly versionId: string; readonly from: string | null; readonly until: string | null }[];
  readonly frameworks: readonly string[];
  readonly equivalences: readonly string[];
}

interface GenerationRow extends Pick<NextLane, 'cause' | 'activates' | 'ruleVersionId'> {
  readonly id: number;
  readonly status: 'BUILDING' | 'READY' | 'CURRENT' | 'RETIRED';
  readonly lane: LaneJson;
}

const dateOrNull = (text: string | null): Date | null => (text === null ? null : new Date(text));

const toLane = ({ id, lane }: GenerationRow): Lane => ({
  generation: id,
  rules: new Map(lane.rules.map(({ versionId, from, until }) => [versionId, { from: dateOrNull(from), until: dateOrNull(until) }])),
  frameworks: lane.frameworks,
  equivalences: lane.equivalences,
});

const COLUMNS = 'id, status, cause, activates, rule_version_id, lane';

export async function readLanes(sql: Sql): Promise<Lanes> {
  const rows = await sql.rows<GenerationRow>(
    `select ${COLUMNS} from progress.generation where status = 'CURRENT' union all select ${COLUMNS} from progress.generation where status in ('BUILDING', 'READY')`,
  );
  const current = rows.find((row) => row.status === 'CURRENT');
  const next = rows.find((row) => row.status !== 'CURRENT');
  if (!current) throw new Error('there is no current generation of progress');
  if (!next) return { current: toLane(current), next: null };
  const { cause, activates, ruleVersionId } = next;
  return { current: toLane(current), next: { ...toLane(next), status: next.status === 'READY' ? 'READY' : 'BUILDING', cause, activates, ruleVersionId } };
}

export interface NewGeneration {
  readonly rules: ReadonlyMap<string, Window>;
  readonly frameworks: readonly string[];
  readonly equivalences: readonly string[];
  readonly cause: GenerationCause;
  readonly activates: boolean;
  readonly ruleVersionId: string | null;
}

export async function insertGeneration(
  sql: Sql,
  now: Date,
  { rules, frameworks, equivalences, cause, activates, ruleVersionId }: NewGeneration,
): Promise<number> {
  const lane = { rules: [...rules].map(([versionId, window]) => ({ versionId, ...window })), frameworks, equivalences };
  const [row] = await sql.rows<{ id: number }>(
    `insert into progress.generation (id, created_at, status, cause, activates, rule_version_id, lane)
     select max(id) + 1, $1, 'BUILDING', $2, $3, $4, $5 from progress.generation returning id`,
    [now, cause, activates, ruleVersionId, JSON.stringify(lane)],
  );
  return row?.id ?? 0;
}

/** Deletes a generation that never became current, with the evidence that only it had a use for. */
export async function deleteGeneration(sql: Sql, generation: number, versionIds: readonly string[]): Promise<void> {
  await sql.rows(
    'delete from progress.competency_progress p using progress.learner_generation m where m.generation = $1 and p.learner_id = m.learner_id and p.generation = $1',
    [generation],
  );
  await sql.rows('delete from progress.learner_generation where generation = $1', [generation]);
  await sql.rows('delete from progress.generation where id = $1', [generation]);
  if (versionIds.length > 0) await sql.rows('delete from progress.evidence where version_id = any($1::uuid[])', [versionIds]);
}

/** Notes whose answers a generation may change: those that SQL of one column selects. @returns how many. */
async function openLearners(sql: Sql, generation: number, select: string, parameters: readonly unknown[]): Promise<void> {
  await sql.rows(
    `insert into progress.learner_generation (learner_id, generation, built)
     select distinct learner_id, ${generation}::int, false from (${select}) concerned (learner_id) on conflict do nothing`,
    parameters,
  );
}

/** Everyone. */
export const openEveryone = (sql: Sql, generation: number) => openLearners(sql, generation, 'select id from people.learner', []);

/** Everyone that statements may be about. */
export const openIdentified = (sql: Sql, generation: number) => openLearners(sql, generation, 'select learner_id from people.agent_identity', []);

/** Those who have evidence by rule versions. */
export const openByEvidence = (sql: Sql, generation: number, versionIds: readonly string[]) =>
  openLearners(sql, generation, 'select learner_id from progress.evidence where version_id = any($1::uuid[])', [versionIds]);

/** Those who said something of activities. */
export const openByActivities = (sql: Sql, generation: number, activityKeys: readonly string[]) =>
  openLearners(
    sql,
    generation,
    `select i.learner_id from lrs.statement_activity l join lrs.statement s using (statement_id) join people.agent_identity i on i.agent_key = s.actor_key
     where l.activity_key = any($1::uuid[])`,
    [activityKeys],
  );

/** Those who have evidence for competencies, or a level in them. */
export const openByItems = (sql: Sql, generation: number, itemIds: readonly string[]) =>
  openLearners(
    sql,
    generation,
    `select learner_id from progress.evidence where item_id = any($1::uuid[]) and retraction is null
     union select learner_id from progress.competency_progress where item_id = any($1::uuid[])`,
    [itemIds],
  );

/** The competencies of the frameworks that versions belong to. */
export async function itemsOfVersions(sql: Sql, versionIds: readonly string[]): Promise<readonly string[]> {
  const rows = await sql.rows<{ id: string }>(
    'select id from competency.competency_item where framework_id in (select framework_id from competency.framework_version where id = any($1::uuid[]))',
    [versionIds],
  );
  return rows.map((row) => row.id);
}

export async function countOpen(sql: Sql, generation: number): Promise<number> {
  const [row] = await sql.rows<{ count: number }>('select count(*)::int as count from progress.learner_generation where generation = $1 and not built', [
    generation,
  ]);
  return row?.count ?? 0;
}

/** Takes some learners that are to be built; those that another process works on are passed over. */
export async function takeOpen(sql: Sql, generation: number, limit: number): Promise<readonly string[]> {
  const rows = await sql.rows<{ learnerId: string }>(
    `select learner_id from progress.learner_generation where generation = $1 and not built order by learner_id limit $2 for update skip locked`,
    [generation, limit],
  );
  return rows.map((row) => row.learnerId);
}

export async function markBuilt(sql: Sql, generation: number, learnerIds: readonly string[]): Promise<void> {
  await sql.rows(
    `insert into progress.learner_generation (learner_id, generation, built) select id, $1, true from unnest($2::uuid[]) as t(id)
     on conflict (learner_id, generation) do update set built = true`,
    [generation, learnerIds],
  );
}

/** Where the answers of a learner stand. */
export interface Place {
  /** The generation of the rows that readers of the current one see. */
  readonly current: number;
  /** What the next one knows of the learner: nothing, that they are to be built, or that they are. */
  readonly next: 'ABSENT' | 'OPEN' | 'BUILT';
}

export async function placesOf(sql: Sql, learnerIds: readonly string[], { current, next }: Lanes): Promise<ReadonlyMap<string, Place>> {
  const rows = await sql.rows<{ learnerId: string; generation: number; built: boolean }>(
    'select learner_id, generation, built from progress.learner_generation where learner_id = any($1::uuid[])',
    [learnerIds],
  );
  const byLearner = Map.groupBy(rows, (row) => row.learnerId);
  return new Map(
    learnerIds.map((id) => {
      const own = byLearner.get(id) ?? [];
      const place = own.filter((row) => row.built && row.generation <= current.generation).reduce((most, row) => Math.max(most, row.generation), 0);
      const marker = own.find((row) => row.generation === next?.generation);
      return [id, { current: place, next: marker === undefined ? 'ABSENT' : marker.built ? 'BUILT' : 'OPEN' }];
    }),
  );
}

/** A level that is another in the next generation than in the one that readers see. */
export interface LevelChange {
  readonly learnerId: string;
  readonly itemId: string;
  readonly fromLevel: number;
  readonly toLevel: number;
}

/** SQL: every level that generation $1 changes, of its learners in `page` (or all), against what they had before. */
const levelChanges = (page = '') => `
  with places as (
    select m.learner_id, coalesce((select max(o.generation) from progress.learner_generation o where o.learner_id = m.learner_id and o.built and o.generation < $1), 0) as old
    from progress.learner_generation m where m.generation = $1 and m.built ${page})
  select learner_id, item_id, coalesce(o.current_level, 0) as from_level, coalesce(n.current_level, 0) as to_level
  from (select p.learner_id, p.item_id, p.current_level from places l join progress.competency_progress p on p.learner_id = l.learner_id and p.generation = l.old) o
  full join (select p.learner_id, p.item_id, p.current_level from places l join progress.competency_progress p on p.learner_id = l.learner_id and p.generation = $1) n
    using (learner_id, item_id)
  where coalesce(o.current_level, 0) <> coalesce(n.current_level, 0)`;

/** How many learners one statement compares: far from what a statement is given, whatever the planner knows of new rows. */
const CHANGES_PAGE = 500;

/** SQL: a UUID of version 7 at the instant $3. */
const NEW_ID = `encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing
  substring(int8send((extract(epoch from $3::timestamptz) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid`;

/** The last learner of the next page of those that a generation has built; null after the last page. */
async function endOfPage(sql: Sql, generation: number, after: string | null): Promise<string | null> {
  const [page] = await sql.rows<{ last: string | null }>(
    `select max(learner_id::text)::uuid as last from (select learner_id from progress.learner_generation
       where generation = $1 and built and ($2::uuid is null or learner_id > $2) order by learner_id limit ${CHANGES_PAGE}) p`,
    [generation, after],
  );
  return page?.last ?? null;
}

/** Writes an event for every level that a generation changes, within the database: there may be millions. */
export async function insertLevelChanges(sql: Sql, generation: number, cause: GenerationCause, now: Date): Promise<void> {
  let after: string | null = null;
  for (let last = await endOfPage(sql, generation, null); last !== null; last = await endOfPage(sql, generation, last)) {
    await sql.rows(
      `insert into progress.progress_event (learner_id, id, item_id, from_level, to_level, cause, statement_id, created_at)
       select learner_id, ${NEW_ID}, item_id, from_level, to_level, $2, null, $3
       from (${levelChanges('and ($4::uuid is null or m.learner_id > $4) and m.learner_id <= $5')}) c`,
      [generation, cause, now, after, last],
    );
    after = last;
  }
}

/** Makes the next generation the current one, and the rule versions what it says of them. */
export async function swapGenerations(sql: Sql, now: Date, from: Lane, to: Lane): Promise<void> {
  await sql.rows(`update progress.generation set status = 'RETIRED' where id = $1`, [from.generation]);
  await sql.rows(`update progress.generation set status = 'CURRENT', swapped_at = $2 where id = $1`, [to.generation, now]);
  const active = [...to.rules].filter(([, window]) => window.until === null).map(([id]) => id);
  await sql.rows(`update progress.rule_set_version set status = 'SUPERSEDED' where status = 'ACTIVE' and id <> all($1::uuid[])`, [active]);
  await sql.rows(`update progress.rule_set_version set status = 'ACTIVE', activated_at = $2 where status in ('DRAFT', 'ACTIVATING') and id = any($1::uuid[])`, [
    active,
    now,
  ]);
}

export const markReady = (sql: Sql, generation: number) => sql.rows(`update progress.generation set status = 'READY' where id = $1`, [generation]);

export const markActivating = (sql: Sql, generation: number) => sql.rows('update progress.generation set activates = true where id = $1', [generation]);

/** Deletes rows that a generation which became current before an instant has replaced. */
export async function tidyGenerations(sql: Sql, before: Date): Promise<void> {
  const [row] = await sql.rows<{ horizon: number | null }>(
    `select max(id)::int as horizon from progress.generation where swapped_at <= $1 and not tidied and status in ('CURRENT', 'RETIRED')`,
    [before],
  );
  const horizon = row?.horizon ?? null;
  if (horizon === null) return;
  // A few people at a time: all at once may take longer than a statement is given.
  for (let learners: readonly object[] = [{}]; learners.length > 0; ) {
    learners = await sql.rows(
      `with replaced as (
         select distinct m.learner_id from progress.learner_generation m where m.built and m.generation <= $1 and (
           exists (select from progress.competency_progress p where p.learner_id = m.learner_id and p.generation < m.generation)
           or exists (select from progress.learner_generation o where o.learner_id = m.learner_id and o.generation < m.generation)) limit 500
       ), newest as (
         select learner_id, max(generation) as generation from progress.learner_generation join replaced using (learner_id) where built and generation <= $1 group by learner_id
       ), rows_gone as (
         delete from progress.competency_progress p using newest n where p.learner_id = n.learner_id and p.generation < n.generation
       ), markers_gone as (
         delete from progress.learner_generation m using newest n where m.learner_id = n.learner_id and m.generation < n.generation
       ) select learner_id from newest`,
      [horizon],
    );
  }
  await sql.rows('update progress.generation set tidied = true where id <= $1', [horizon]);
}

export interface UnitImpact {
  readonly unitId: string | null;
  readonly learners: number;
  readonly gains: number;
  readonly losses: number;
}

/** What a generation changes, by the unit in which people hold a position at an instant; null for who holds none. */
export const impactByUnit = (sql: Sql, generation: number, now: Date) =>
  sql.rows<UnitImpact>(
    `select h.unit_id, count(distinct c.learner_id)::int as learners, count(*) filter (where c.to_level > c.from_level)::int as gains,
       count(*) filter (where c.to_level < c.from_level)::int as losses
     from (${levelChanges()}) c left join lateral (select unit_id from people.position_holding h where h.learner_id = c.learner_id
       and h.valid_from <= $2 and (h.valid_to is null or h.valid_to > $2) order by h.valid_from desc, h.id limit 1) h on true
     group by h.unit_id order by h.unit_id nulls last`,
    [generation, now],
  );

/** The first changes of a generation, by learner. */
export const impactSamples = (sql: Sql, generation: number, limit: number) =>
  sql.rows<LevelChange>(`${levelChanges()} order by 1, 2 limit $2`, [generation, limit]);

export interface GenerationState {
  readonly id: number;
  readonly status: 'BUILDING' | 'READY' | 'CURRENT' | 'RETIRED';
  readonly activates: boolean;
  readonly ruleVersionId: string | null;
  readonly learners: number;
  readonly built: number;
}

/** The generation that is being built or stands for inspection. */
export async function nextState(sql: Sql): Promise<GenerationState | null> {
  const [row] = await sql.rows<GenerationState>(
    `select g.id, g.status, g.activates, g.rule_version_id, count(m.learner_id)::int as learners, count(m.learner_id) filter (where m.built)::int as built
     from progress.generation g left join progress.learner_generation m on m.generation = g.id where g.status in ('BUILDING', 'READY') group by g.id`,
  );
  return row ?? null;
}

/** Where one of some learners is still to be built, the others are too; the generation is being built again then. */
export async function reopen(sql: Sql, generation: number, learnerIds: readonly string[]): Promise<void> {
  const rows = await sql.rows(
    `insert into progress.learner_generation (learner_id, generation, built)
     select l.id, $1, false from unnest($2::uuid[]) as l(id)
     where exists (select from progress.learner_generation m where m.generation = $1 and m.learner_id = any($2::uuid[]) and not m.built)
     on conflict (learner_id, generation) do update set built = false returning 1`,
    [generation, learnerIds],
  );
  if (rows.length > 0) await sql.rows(`update progress.generation set status = 'BUILDING' where id = $1`, [generation]);
}
