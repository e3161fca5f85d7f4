import type { Database } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { statementsOfActors } from '../lrs/index.ts';
import { agentsOfLearners, learnerIdsAfter, lockLearners } from '../people/index.ts';
import { foldProgress, type ItemProgress } from './fold.ts';
import { placesOf, readLanes } from './generation.store.ts';
import { countsIn } from './lanes.ts';
import { otherEvidenceOf } from './other-evidence.store.ts';
import * as store from './progress.store.ts';
import { deriveEvidence, rulesAbout } from './project.ts';
import { type ModelCache, sameProgress } from './refold.ts';

/** Learners compared in one transaction. */
const LEARNERS = 50;

/** Something stored that is not what a full fold says. */
export interface Difference {
  readonly learnerId: string;
  readonly what: string;
}

/** How two lists differ, in words. */
function compare<T>(
  name: string,
  stored: readonly T[],
  should: readonly T[],
  keyOf: (row: T) => string,
  isSame: (a: T | undefined, b: T) => boolean,
): string[] {
  const [left, right] = [stored, should].map((rows) => new Map(rows.map((row) => [keyOf(row), row])));
  const surplus = stored.map(keyOf).filter((key) => !right?.has(key));
  const differing = should.flatMap((row) => {
    const other = left?.get(keyOf(row));
    if (other === undefined) return [`${name} ${keyOf(row)} is missing`];
    return isSame(other, row) ? [] : [`${name} ${keyOf(row)} is stored otherwise than a full fold has it`];
  });
  return [...surplus.map((key) => `${name} ${key} is stored and should not be`), ...differing];
}

/** Compares what readers see of the next learners with a full fold of their statements; changes nothing. */
export async function verifyPage(
  database: Database,
  clock: Clock,
  models: ModelCache,
  after: string | null,
): Promise<{ last: string; learners: number; waiting: number; differences: readonly Difference[] } | null> {
  return database.transaction(async (sql) => {
    await store.lockModel(sql, 'shared');
    const learnerIds = await learnerIdsAfter(sql, after, LEARNERS);
    if (learnerIds.length === 0) return null;
    await lockLearners(sql, learnerIds);
    const lanes = { current: (await readLanes(sql)).current, next: null };
    const versionIds = [...lanes.current.rules.keys()];
    const agents = await agentsOfLearners(sql, learnerIds);
    const { statements, waiting: actors } = await statementsOfActors(sql, [...agents.keys()]);
    const evidence = [...deriveEvidence(await rulesAbout(sql, versionIds, statements), lanes, statements, agents), ...(await otherEvidenceOf(sql, learnerIds))];
    // Learners with a statement that is not projected yet: their rows may lag.
    const waiting = new Set([...actors].flatMap((key) => agents.get(key) ?? []));
    const settled = learnerIds.filter((id) => !waiting.has(id));
    const live = [...(await store.readLiveEvidence(sql, settled, versionIds)), ...(await store.readOtherEvidence(sql, settled))];
    const people = await store.readFoldInput(sql, settled);
    const stored = Map.groupBy(
      live.filter((row) => countsIn(lanes.current, row)),
      (row) => row.learnerId,
    );
    const places = await placesOf(sql, settled, lanes);
    const progress = await store.readProgress(sql, new Map([...places].map(([id, place]) => [id, place.current])));
    const should = Map.groupBy(evidence, (row) => row.learnerId);
    const model = await models.of(sql, lanes.current);
    const now = clock.now();
    const differences = settled.flatMap((learnerId): readonly Difference[] => {
      const own = should.get(learnerId) ?? [];
      const counting = own.filter((row) => row.retraction === null).map((row) => ({ ...row, source: row.authorityKey }));
      const levels = foldProgress(counting, model, now, people.get(learnerId)?.overrides);
      // What time has made old is not wrong: readers fold it again, and so will the scheduler.
      const rows = progress.get(learnerId) ?? [];
      const old = new Set(rows.filter(({ nextChangeAt }) => nextChangeAt !== null && nextChangeAt <= now).map(({ itemId }) => itemId));
      const isCurrent = ({ itemId }: ItemProgress): boolean => !old.has(itemId);
      return [
        ...compare('evidence', stored.get(learnerId) ?? [], own, (row) => row.id, store.sameEvidence),
        ...compare('progress in', rows.filter(isCurrent), levels.filter(isCurrent), (row) => row.itemId, sameProgress),
      ].map((what) => ({ learnerId, what }));
    });
    return { last: learnerIds.at(-1) ?? '', learners: learnerIds.length, waiting: learnerIds.length - settled.length, differences };
  });
}
