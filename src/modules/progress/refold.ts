import type { Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { newId } from '../../kernel/ids.ts';
import { liveEquivalences, publishedVersionIds, type RollupGraph, readRollupGraph } from '../competency/index.ts';
import { foldProgress, type ItemProgress } from './fold.ts';
import { FoldModel } from './fold-model.ts';
import * as store from './progress.store.ts';

/** Graphs of published versions never change, so one process reads each once; nor does a model made of the same ones. */
export class ModelCache {
  readonly #graphs = new Map<string, RollupGraph>();
  #last: { readonly key: string; readonly model: FoldModel } | null = null;

  /** What evidence is folded with now: the published graph of every framework, with the approved matches between them. */
  async current(sql: Sql): Promise<FoldModel> {
    const versionIds = await publishedVersionIds(sql);
    const equivalences = await liveEquivalences(sql);
    const key = [...versionIds, ...equivalences.map(({ id }) => id)].join();
    if (this.#last?.key === key) return this.#last.model;
    const graphs: RollupGraph[] = [];
    // One after the other: in a transaction there is one connection.
    for (const id of versionIds) graphs.push(await this.#graph(sql, id));
    this.#last = { key, model: new FoldModel(graphs, equivalences) };
    return this.#last.model;
  }

  async #graph(sql: Sql, versionId: string): Promise<RollupGraph> {
    const graph = this.#graphs.get(versionId) ?? (await readRollupGraph(sql, versionId));
    this.#graphs.set(versionId, graph);
    return graph;
  }
}

/** Whether two answers of the fold say the same. */
export function sameProgress(a: ItemProgress | undefined, b: ItemProgress): boolean {
  return (
    a !== undefined &&
    a.currentLevel === b.currentLevel &&
    a.directLevel === b.directLevel &&
    a.source === b.source &&
    a.confidence === b.confidence &&
    a.nextChangeAt?.getTime() === b.nextChangeAt?.getTime() &&
    a.supporting.join() === b.supporting.join()
  );
}

/** Why learners are folded anew. */
export interface Cause {
  readonly cause: store.EventCause;
  /** The statement that brought it about, when it was a single one. */
  readonly statementId: string | null;
}

/**
 * Folds learners from their evidence and writes what changed, with an event for each level that did. Whoever calls it
 * holds the locks of the learners.
 */
export async function refold(sql: Sql, clock: Clock, models: ModelCache, causes: ReadonlyMap<string, Cause>): Promise<void> {
  const learnerIds = [...causes.keys()];
  const evidence = await store.readFoldEvidence(sql, learnerIds);
  const before = await store.readProgress(sql, learnerIds);
  const model = await models.current(sql);
  const now = clock.now();
  const changed: store.ProgressChange[] = [];
  const gone: { learnerId: string; itemId: string }[] = [];
  const events: store.NewProgressEvent[] = [];
  for (const learnerId of learnerIds) {
    const old = new Map((before.get(learnerId) ?? []).map((row) => [row.itemId, row]));
    const fresh = foldProgress(evidence.get(learnerId) ?? [], model, now);
    const event = (itemId: string, fromLevel: number, toLevel: number): void => {
      if (fromLevel !== toLevel)
        events.push({
          learnerId,
          id: newId(),
          itemId,
          fromLevel,
          toLevel,
          createdAt: now,
          ...(causes.get(learnerId) ?? { cause: 'STATEMENT', statementId: null }),
        });
    };
    for (const progress of fresh) {
      const previous = old.get(progress.itemId);
      old.delete(progress.itemId);
      if (sameProgress(previous, progress)) continue;
      changed.push({ learnerId, progress });
      event(progress.itemId, previous?.currentLevel ?? 0, progress.currentLevel);
    }
    for (const [itemId, previous] of old) {
      gone.push({ learnerId, itemId });
      event(itemId, previous.currentLevel, 0);
    }
  }
  await store.writeProgress(sql, changed, gone);
  await store.insertEvents(sql, events);
}
