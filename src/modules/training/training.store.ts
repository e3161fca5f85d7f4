import type { Sql } from '../../db/database.ts';

export interface ProgramRow {
  readonly id: string;
  readonly code: string;
  readonly title: string;
  readonly kind: string;
  readonly form: string;
}

export interface ProgramVersionRow {
  readonly id: string;
  readonly programId: string;
  readonly ordinal: number;
  readonly status: 'DRAFT' | 'PUBLISHED';
  readonly publishedAt: Date | null;
}

export interface ModuleRow {
  readonly id: string;
  readonly versionId: string;
  readonly position: number;
  readonly title: string;
  readonly jp: number;
}

export interface ActivityRow {
  readonly id: string;
  readonly iri: string;
  readonly activityKey: string;
  readonly title: string;
  readonly kind: string;
  readonly ownerId: string | null;
}

export interface AlignmentRow {
  readonly id: string;
  readonly moduleId: string;
  readonly activityId: string;
  readonly itemId: string;
  readonly targetLevel: number;
  readonly contribution: string;
}

export interface BatchRow {
  readonly id: string;
  readonly versionId: string;
  readonly number: number;
  readonly startsOn: Date;
  readonly endsOn: Date;
}

export interface EnrolmentRow {
  readonly id: string;
  readonly learnerId: string;
  readonly batchId: string;
  readonly registration: string;
}

const PROGRAM = 'id, code, title, kind, form';
const ACTIVITY = 'id, iri, activity_key, title, kind, owner_id';

export const listPrograms = (sql: Sql, limit: number, afterCode: string | null) =>
  sql.rows<ProgramRow>(`select ${PROGRAM} from training.training_program where $1::text is null or code > $1 order by code limit $2`, [afterCode, limit]);

export const programsById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<ProgramRow>(`select ${PROGRAM} from training.training_program where id = any($1::uuid[])`, [ids]);

export const versionsOfPrograms = (sql: Sql, ids: readonly string[]) =>
  sql.rows<ProgramVersionRow>(
    'select id, program_id, ordinal, status, published_at from training.program_version where program_id = any($1::uuid[]) order by program_id, ordinal desc',
    [ids],
  );

export const programVersionsById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<ProgramVersionRow>('select id, program_id, ordinal, status, published_at from training.program_version where id = any($1::uuid[])', [ids]);

export const modulesOfVersions = (sql: Sql, ids: readonly string[]) =>
  sql.rows<ModuleRow>('select id, version_id, position, title, jp from training.module where version_id = any($1::uuid[]) order by version_id, position', [
    ids,
  ]);

export const modulesById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<ModuleRow>('select id, version_id, position, title, jp from training.module where id = any($1::uuid[])', [ids]);

export const activitiesOfModules = (sql: Sql, ids: readonly string[]) =>
  sql.rows<ActivityRow & { moduleId: string }>(
    `select m.module_id, a.id, a.iri, a.activity_key, a.title, a.kind, a.owner_id from training.module_activity m join training.learning_activity a on a.id = m.activity_id
     where m.module_id = any($1::uuid[]) order by m.module_id, m.position`,
    [ids],
  );

export const activitiesById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<ActivityRow>(`select ${ACTIVITY} from training.learning_activity where id = any($1::uuid[])`, [ids]);

export const activitiesByKey = (sql: Sql, keys: readonly string[]) =>
  sql.rows<ActivityRow>(`select ${ACTIVITY} from training.learning_activity where activity_key = any($1::uuid[])`, [keys]);

/** Inserts activities; of those that are there the owner's title is taken. */
/** @returns the keys of those that were not known before. */
export async function upsertActivities(sql: Sql, rows: readonly (ActivityRow & { readonly createdAt: Date })[]): Promise<readonly string[]> {
  const column = <K extends keyof (ActivityRow & { createdAt: Date })>(name: K) => rows.map((row) => row[name]);
  const written = await sql.rows<{ activityKey: string; isNew: boolean }>(
    `insert into training.learning_activity (id, created_at, iri, activity_key, title, kind, owner_id)
     select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::uuid[]) as t(id, created_at, iri, activity_key, title, kind, owner_id)
     order by iri on conflict (activity_key) do update set title = excluded.title where learning_activity.owner_id is not distinct from excluded.owner_id
     returning activity_key, xmax = 0 as is_new`,
    [column('id'), column('createdAt'), column('iri'), column('activityKey'), column('title'), column('kind'), column('ownerId')],
  );
  return written.flatMap(({ activityKey, isNew }) => (isNew ? [activityKey] : []));
}

/** Activities by IRI; `ownerId` restricts to one partner's. */
export const listActivities = (sql: Sql, ownerId: string | null, limit: number, afterIri: string | null) =>
  sql.rows<ActivityRow>(
    `select ${ACTIVITY} from training.learning_activity where ($1::uuid is null or owner_id = $1) and ($2::text is null or iri collate "C" > $2) order by iri collate "C" limit $3`,
    [ownerId, afterIri, limit],
  );

export const alignmentsOfActivities = (sql: Sql, ids: readonly string[]) =>
  sql.rows<AlignmentRow>(
    'select id, module_id, activity_id, item_id, target_level, contribution from training.activity_alignment where activity_id = any($1::uuid[]) order by activity_id, id',
    [ids],
  );

export const alignmentsOfItems = (sql: Sql, ids: readonly string[]) =>
  sql.rows<AlignmentRow>(
    'select id, module_id, activity_id, item_id, target_level, contribution from training.activity_alignment where item_id = any($1::uuid[]) order by item_id, id',
    [ids],
  );

export const batchesOfVersions = (sql: Sql, ids: readonly string[]) =>
  sql.rows<BatchRow>('select id, version_id, number, starts_on, ends_on from training.batch where version_id = any($1::uuid[]) order by version_id, number', [
    ids,
  ]);

export const batchesById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<BatchRow>('select id, version_id, number, starts_on, ends_on from training.batch where id = any($1::uuid[])', [ids]);

export const enrolmentsOfLearners = (sql: Sql, ids: readonly string[]) =>
  sql.rows<EnrolmentRow>('select id, learner_id, batch_id, registration from training.enrolment where learner_id = any($1::uuid[]) order by id', [ids]);

/** A published programme version that can be begun at an instant: in a batch that has not ended, or alone. */
export interface OfferRow {
  readonly versionId: string;
  readonly code: string;
  readonly jp: number;
  readonly batchId: string | null;
  readonly startsOn: Date | null;
}

/** What can be begun at an instant: of each programme the newest published version, with its next batch. What is not classical can be begun without one. */
export const offersAt = (sql: Sql, instant: Date) =>
  sql.rows<OfferRow>(
    `select v.id as version_id, p.code, coalesce((select sum(jp) from training.module m where m.version_id = v.id), 0)::int as jp, b.id as batch_id, b.starts_on
     from (select distinct on (program_id) id, program_id from training.program_version where status = 'PUBLISHED' order by program_id, ordinal desc) v
     join training.training_program p on p.id = v.program_id
     left join lateral (select id, starts_on from training.batch where version_id = v.id and ends_on > $1 order by starts_on, number limit 1) b on true
     where b.id is not null or p.form = 'NON_CLASSICAL' order by p.code`,
    [instant],
  );

/** Up to which level programme versions assess competencies. */
export const assessedBy = (sql: Sql, versionIds: readonly string[]) =>
  sql.rows<{ readonly versionId: string; readonly itemId: string; readonly level: number }>(
    `select m.version_id, a.item_id, max(a.target_level)::int as level from training.activity_alignment a join training.module m on m.id = a.module_id
     where m.version_id = any($1::uuid[]) and a.contribution = 'ASSESSES' group by 1, 2 order by 1, 2`,
    [versionIds],
  );

/** Locks a draft version and answers it. */
export async function lockVersion(sql: Sql, id: string): Promise<ProgramVersionRow | null> {
  const [row] = await sql.rows<ProgramVersionRow>(
    'select id, program_id, ordinal, status, published_at from training.program_version where id = $1 for update',
    [id],
  );
  return row ?? null;
}

/** Titles of the modules of a version that hold nothing to do. */
export async function modulesWithoutActivities(sql: Sql, versionId: string): Promise<readonly string[]> {
  const rows = await sql.rows<{ title: string }>(
    'select title from training.module m where version_id = $1 and not exists (select from training.module_activity a where a.module_id = m.id) order by position',
    [versionId],
  );
  return rows.map((row) => row.title);
}

export async function deleteEnrolments(sql: Sql, learnerId: string): Promise<void> {
  await sql.rows('delete from training.enrolment where learner_id = $1', [learnerId]);
}

export async function moveEnrolments(sql: Sql, from: string, into: string): Promise<void> {
  await sql.rows(
    `update training.enrolment e set learner_id = $2 where learner_id = $1
     and not exists (select from training.enrolment own where own.learner_id = $2 and own.batch_id = e.batch_id)`,
    [from, into],
  );
  await sql.rows('delete from training.enrolment where learner_id = $1', [from]);
}
