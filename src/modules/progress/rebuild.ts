import type { Database, Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { type InboxStatement, statementsOfActors } from '../lrs/index.ts';
import { agentsOfLearners, learnerIdsAfter, lockLearners } from '../people/index.ts';
import { foldProgress, type ItemProgress } from './fold.ts';
import * as store from './progress.store.ts';
import { deriveEvidence, rulesAbout } from './project.ts';
import { type ModelCache, refold, sameProgress } from './refold.ts';

/** Learners judged in one transaction. */
const LEARNERS = 50;

/** Something stored that is not what a full fold says. */
export interface Difference {
  readonly learnerId: string;
  readonly what: string;
}

/** One page of the walk over all learners. */
interface Page {
  readonly learnerIds: readonly string[];
  readonly statements: readonly InboxStatement[];
  /** What all their statements give, under the rules of now. */
  readonly evidence: readonly store.NewEvidence[];
  /** Learners with a statement that is not projected yet: their rows may lag. */
  readonly waiting: ReadonlySet<string>;
}

/** Takes the locks of the next learners and derives their evidence from nothing but statements and rules. */
async function takePage(sql: Sql, after: string | null): Promise<Page | null> {
  await store.lockModel(sql, 'shared');
  const ids = await learnerIdsAfter(sql, after, LEARNERS);
  if (ids.length === 0) return null;
  await lockLearners(sql, ids);
  const agents = await agentsOfLearners(sql, ids);
  const { statements, waiting } = await statementsOfActors(sql, [...agents.keys()]);
  return {
    learnerIds: ids,
    statements,
    evidence: deriveEvidence(await rulesAbout(sql, statements), statements, agents),
    waiting: new Set([...waiting].flatMap((key) => agents.get(key) ?? [])),
  };
}

/**
 * Makes the evidence and progress of the next learners anew, each learner at once: who reads sees the old or the new.
 * @returns the last learner done and how many statements were judged; null at the end.
 */
export async function rebuildPage(
  database: Database,
  clock: Clock,
  models: ModelCache,
  after: string | null,
): Promise<{ last: string; learners: number; statements: number } | null> {
  return database.transaction(async (sql) => {
    const page = await takePage(sql, after);
    if (!page) return null;
    const { learnerIds, statements, evidence } = page;
    await store.clearOtherEvidence(sql, learnerIds, evidence);
    await store.reconcileEvidence(sql, [...new Set(statements.map(({ id }) => id))], evidence);
    await refold(sql, clock, models, new Map(learnerIds.map((id) => [id, { cause: 'REBUILD', statementId: null }])));
    const last = learnerIds.at(-1) ?? '';
    await store.markRebuild(sql, last);
    return { last, learners: learnerIds.length, statements: statements.length };
  });
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

/** Compares what is stored about the next learners with a full fold of their statements; changes nothing. */
export async function verifyPage(
  database: Database,
  clock: Clock,
  models: ModelCache,
  after: string | null,
): Promise<{ last: string; learners: number; waiting: number; differences: readonly Difference[] } | null> {
  return database.transaction(async (sql) => {
    const page = await takePage(sql, after);
    if (!page) return null;
    const settled = page.learnerIds.filter((id) => !page.waiting.has(id));
    const stored = Map.groupBy(await store.readLiveEvidence(sql, settled), (row) => row.learnerId);
    const progress = await store.readProgress(sql, settled);
    const should = Map.groupBy(page.evidence, (row) => row.learnerId);
    const model = await models.current(sql);
    const now = clock.now();
    const differences = settled.flatMap((learnerId): readonly Difference[] => {
      const evidence = should.get(learnerId) ?? [];
      const levels = foldProgress(
        evidence.filter((row) => row.retraction === null).map((row) => ({ ...row, source: row.authorityKey })),
        model,
        now,
      );
      // What time has made old is not wrong: readers fold it again, and so will the scheduler.
      const rows = progress.get(learnerId) ?? [];
      const old = new Set(rows.filter(({ nextChangeAt }) => nextChangeAt !== null && nextChangeAt <= now).map(({ itemId }) => itemId));
      const isCurrent = ({ itemId }: ItemProgress): boolean => !old.has(itemId);
      return [
        ...compare('evidence', stored.get(learnerId) ?? [], evidence, (row) => row.id, store.sameEvidence),
        ...compare('progress in', rows.filter(isCurrent), levels.filter(isCurrent), (row) => row.itemId, sameProgress),
      ].map((what) => ({ learnerId, what }));
    });
    return { last: page.learnerIds.at(-1) ?? '', learners: page.learnerIds.length, waiting: page.learnerIds.length - settled.length, differences };
  });
}
