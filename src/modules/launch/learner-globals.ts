import type { Sql } from '../../db/database.ts';
import { digestKey } from '../../kernel/ids.ts';
import { type ContentModel, nodesOf } from '../content/index.ts';

/** Something that courses of SCORM 2004 share: a global objective, or a store of data. */
export interface GlobalName {
  readonly kind: 'OBJECTIVE' | 'DATA';
  readonly id: string;
}
export interface Global extends GlobalName {
  /** As JSON, which holds characters that PostgreSQL does not. */
  readonly value: string;
}

const keyOf = ({ kind, id }: GlobalName): string => digestKey('global', kind, id);

/** What a course shares beyond itself (SN 3.10.1, RTE 4.3: objectivesGlobalToSystem, sharedDataGlobalToSystem). */
export function namesShared(model: ContentModel): readonly GlobalName[] {
  const scorms = nodesOf(model.root).flatMap(({ scorm }) => scorm ?? []);
  const objectives = scorms.flatMap(({ sequencing }) => sequencing.objectives.flatMap(({ maps }) => maps.map(({ target }) => target)));
  const data = scorms.flatMap(({ dataMaps }) => dataMaps.map(({ target }) => target));
  const named = (kind: GlobalName['kind'], ids: readonly string[]) => [...new Set(ids)].map((id) => ({ kind, id }));
  return [...(model.objectivesGlobalToSystem ? named('OBJECTIVE', objectives) : []), ...(model.sharedDataGlobalToSystem ? named('DATA', data) : [])];
}

/** Whose packages share with each other: those of one vendor, who must not set what another's courses go by, or the agency's own. */
const SCOPE = `(select coalesce(owner_id, '00000000-0000-0000-0000-000000000000') from content.package where id = $2)`;

/** Something that a learner's courses share, and whose packages they are: of a partner, or null for our own. */
interface SharedGlobal extends Global {
  readonly ownerId: string | null;
}

/** Everything that courses of a learner share. */
export const sharedOfLearner = (sql: Sql, learnerId: string) =>
  sql.rows<SharedGlobal>(
    `select nullif(scope, '00000000-0000-0000-0000-000000000000') as owner_id, kind, id, value from launch.learner_global
     where learner_id = $1 order by scope, kind, id`,
    [learnerId],
  );

interface Shared {
  readonly learnerId: string;
  readonly packageId: string;
  /** What of it concerns this course; nothing where what happens does not count. */
  readonly names: readonly GlobalName[];
}

/** What a learner's courses share, as one of them sees it while one request is answered. */
export class LearnerGlobals {
  readonly #sql: Sql;
  readonly #of: Shared;
  readonly #keys: ReadonlySet<string>;
  #known: ReadonlyMap<string, string> = new Map();

  constructor(sql: Sql, of: Shared) {
    this.#sql = sql;
    this.#of = of;
    this.#keys = new Set(of.names.map(keyOf));
  }

  async read(): Promise<readonly Global[]> {
    if (this.#keys.size === 0) return [];
    const { learnerId, packageId } = this.#of;
    const rows = await this.#sql.rows<Global>(
      `select kind, id, value from launch.learner_global where learner_id = $1 and scope = ${SCOPE} and key = any($3::uuid[])`,
      [learnerId, packageId, [...this.#keys]],
    );
    this.#known = new Map(rows.map((row) => [keyOf(row), row.value]));
    return rows;
  }

  /** Writes what is another than it was read; what another course wrote meanwhile, of what this one left alone, stays. */
  async save(all: readonly Global[]): Promise<void> {
    // In one order: two courses of a learner that write the same wait for each other, and for nothing else.
    const changed = all
      .map((one) => ({ ...one, key: keyOf(one) }))
      .filter(({ key, value }) => this.#keys.has(key) && this.#known.get(key) !== value)
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    if (changed.length === 0) return;
    const { learnerId, packageId } = this.#of;
    await this.#sql.rows(
      `insert into launch.learner_global (learner_id, scope, key, kind, id, value)
       select $1, ${SCOPE}, t.key, t.kind, t.id, t.value from unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) as t(key, kind, id, value)
       on conflict (learner_id, scope, key) do update set value = excluded.value`,
      [learnerId, packageId, changed.map(({ key }) => key), changed.map(({ kind }) => kind), changed.map(({ id }) => id), changed.map(({ value }) => value)],
    );
    this.#known = new Map([...this.#known, ...changed.map(({ key, value }) => [key, value] as const)]);
  }

  /** Forgets what of it concerns this course; other courses that share it see that too. */
  async forget(): Promise<void> {
    const { learnerId, packageId } = this.#of;
    await this.#sql.rows(`delete from launch.learner_global where learner_id = $1 and scope = ${SCOPE} and key = any($3::uuid[])`, [
      learnerId,
      packageId,
      [...this.#keys],
    ]);
  }
}
