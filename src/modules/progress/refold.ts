import type { Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { newId } from '../../kernel/ids.ts';
import { findLoops } from '../../standards/case/index.ts';
import { type EquivalenceRow, equivalencesById, equivalencesEndedAfter, type RollupGraph, readRollupGraph } from '../competency/index.ts';
import { foldProgress, type ItemProgress } from './fold.ts';
import { FoldModel } from './fold-model.ts';
import * as generations from './generation.store.ts';
import { countsIn, type Lane, type Lanes } from './lanes.ts';
import * as store from './progress.store.ts';

type ModelOf = Pick<Lane, 'frameworks' | 'equivalences'>;

const isOver = ({ validUntil }: EquivalenceRow, instant: Date): boolean => validUntil !== null && validUntil <= instant;

/** What the models of lanes are made from never changes, so one process reads each thing once; nor does a model made of the same ones. */
export class ModelCache {
  readonly #graphs = new Map<string, RollupGraph>();
  readonly #equivalences = new Map<string, EquivalenceRow>();
  /** Of the lanes in use: a current one and a next one, and one that goes. */
  #models: readonly { readonly key: string; readonly model: FoldModel }[] = [];

  /** What evidence is folded with in a lane as it is kept: its framework graphs, with its approved matches until they are ended. */
  async of(sql: Sql, { frameworks, equivalences }: ModelOf): Promise<FoldModel> {
    return this.#made(sql, frameworks, await this.#approved(sql, equivalences));
  }

  /**
   * The same as readers see it at an instant: without matches whose term is over by then, and with those that their term
   * ended later, where what counts now leaves room for them.
   */
  async asOf(sql: Sql, { frameworks, equivalences }: ModelOf, asOf: Date | null, now: Date): Promise<FoldModel> {
    const live = (await this.#approved(sql, equivalences)).filter((one) => !isOver(one, asOf ?? now));
    const ended = asOf === null ? [] : (await equivalencesEndedAfter(sql, asOf)).filter(({ id }) => !equivalences.includes(id));
    if (ended.length === 0 || (await this.#hasLoop(sql, frameworks, [...live, ...ended]))) return this.#made(sql, frameworks, live);
    return this.#made(sql, frameworks, [...live, ...ended]);
  }

  /** Whether a match of a lane is over its term and not ended yet: what is kept still counts it. */
  async hasOverdue(sql: Sql, { equivalences }: ModelOf, now: Date): Promise<boolean> {
    return (await this.#approved(sql, equivalences)).some((one) => isOver(one, now));
  }

  async #made(sql: Sql, frameworks: readonly string[], approved: readonly EquivalenceRow[]): Promise<FoldModel> {
    const key = [...frameworks, '', ...approved.map(({ id }) => id)].join();
    const known = this.#models.find((one) => one.key === key);
    if (known) return known.model;
    const model = new FoldModel(await this.#graphsOf(sql, frameworks), approved);
    this.#models = [{ key, model }, ...this.#models].slice(0, 3);
    return model;
  }

  /** Whether levels would depend on themselves: nobody looks at matches that have ended when something is published. */
  async #hasLoop(sql: Sql, frameworks: readonly string[], approved: readonly EquivalenceRow[]): Promise<boolean> {
    const items = (await this.#graphsOf(sql, frameworks)).flatMap((graph) => [...graph.items.values()]);
    const edges = items.flatMap((item) => item.children.map((child) => [child.itemId, item.itemId] as const));
    const merges = approved.map(({ originId, destinationId }) => [originId, destinationId] as const);
    return findLoops(edges, merges).length > 0;
  }

  async #graphsOf(sql: Sql, frameworks: readonly string[]): Promise<readonly RollupGraph[]> {
    const graphs: RollupGraph[] = [];
    // One after the other: in a transaction there is one connection.
    for (const id of frameworks) graphs.push(await this.#graph(sql, id));
    return graphs;
  }

  async #graph(sql: Sql, versionId: string): Promise<RollupGraph> {
    const graph = this.#graphs.get(versionId) ?? (await readRollupGraph(sql, versionId));
    this.#graphs.set(versionId, graph);
    return graph;
  }

  async #approved(sql: Sql, ids: readonly string[]): Promise<readonly EquivalenceRow[]> {
    const unknown = ids.filter((id) => !this.#equivalences.has(id));
    if (unknown.length > 0) for (const row of await equivalencesById(sql, unknown)) this.#equivalences.set(row.id, row);
    return ids.flatMap((id) => this.#equivalences.get(id) ?? []);
  }
}

/** Whether two answers of the fold say the same. */
export function sameProgress(a: ItemProgress | undefined, b: ItemProgress): boolean {
  return (
    a !== undefined &&
    a.currentLevel === b.currentLevel &&
    a.computedLevel === b.computedLevel &&
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

/** What the fold needs of some learners, and when. */
interface Known {
  readonly people: ReadonlyMap<string, store.FoldInput>;
  readonly now: Date;
  /** Of each learner the competencies whose answer can be another; without it all can. */
  readonly folded?: ReadonlyMap<string, ReadonlySet<string>>;
}

/** How stored answers become those of a fold. */
interface Changes {
  readonly changed: readonly store.ProgressChange[];
  readonly gone: readonly store.ProgressKey[];
  readonly levels: readonly generations.LevelChange[];
}

/** Compares what is stored for learners, each in one generation, with a fold in a lane. */
async function compareLane(sql: Sql, models: ModelCache, lane: Lane, places: ReadonlyMap<string, number>, { people, now, folded }: Known): Promise<Changes> {
  const before = folded ? await store.readProgressFor(sql, places, pairsOf(folded)) : await store.readProgress(sql, places);
  const model = await models.of(sql, lane);
  const changed: store.ProgressChange[] = [];
  const gone: store.ProgressKey[] = [];
  const levels: generations.LevelChange[] = [];
  const level = (learnerId: string, itemId: string, fromLevel: number, toLevel: number): void => {
    if (fromLevel !== toLevel) levels.push({ learnerId, itemId, fromLevel, toLevel });
  };
  for (const [learnerId, generation] of places) {
    const old = new Map((before.get(learnerId) ?? []).map((row) => [row.itemId, row]));
    const { evidence, overrides } = people.get(learnerId) ?? { evidence: [], overrides: [] };
    const counting = evidence.filter((row) => countsIn(lane, row));
    const own = folded?.get(learnerId);
    for (const progress of foldProgress(counting, model, now, overrides)) {
      if (own && !own.has(progress.itemId)) continue;
      const previous = old.get(progress.itemId);
      old.delete(progress.itemId);
      if (sameProgress(previous, progress)) continue;
      changed.push({ learnerId, generation, progress });
      level(learnerId, progress.itemId, previous?.currentLevel ?? 0, progress.currentLevel);
    }
    for (const [itemId, previous] of old) {
      gone.push({ learnerId, generation, itemId });
      level(learnerId, itemId, previous.currentLevel, 0);
    }
  }
  return { changed, gone, levels };
}

/** Events for levels that changed. */
const toEvents = (levels: readonly generations.LevelChange[], now: Date, causeOf: (learnerId: string) => Cause): readonly store.NewProgressEvent[] =>
  levels.map((level) => ({ ...level, id: newId(), createdAt: now, ...causeOf(level.learnerId) }));

const pairsOf = (items: ReadonlyMap<string, ReadonlySet<string>>): readonly store.LearnerItem[] =>
  [...items].flatMap(([learnerId, own]) => [...own].map((itemId) => ({ learnerId, itemId })));

/** What evidence for some competencies of learners bears on, and what is needed to tell. */
async function readScope(sql: Sql, models: ModelCache, lane: Lane, learnerIds: readonly string[], changed: readonly store.LearnerItem[]) {
  const model = await models.of(sql, lane);
  const scopes = new Map(
    [...Map.groupBy(changed, (pair) => pair.learnerId)].map(([learnerId, pairs]) => {
      const own = [...new Set(pairs.map((pair) => pair.itemId))].map((itemId) => model.scopeOf(itemId));
      const all = (of: 'folded' | 'needed'): ReadonlySet<string> => new Set(own.flatMap((scope) => [...scope[of]]));
      return [learnerId, { folded: all('folded'), needed: all('needed') }] as const;
    }),
  );
  const needed = new Map([...scopes].map(([id, scope]) => [id, scope.needed] as const));
  return {
    people: await store.readFoldInputFor(sql, learnerIds, pairsOf(needed)),
    folded: new Map([...scopes].map(([id, scope]) => [id, scope.folded] as const)),
  };
}

/**
 * Folds learners from their evidence and writes what changed, with an event for each level that did. Whoever calls it
 * holds the locks of the learners. A generation being built is kept up with: learners it has, and those it knew nothing of.
 * @param changed whose evidence for what changed, when nothing else did: what that does not bear on is left alone.
 */
export async function refold(
  sql: Sql,
  clock: Clock,
  models: ModelCache,
  causes: ReadonlyMap<string, Cause>,
  lanes: Lanes,
  changed?: readonly store.LearnerItem[],
): Promise<void> {
  // A generation being built may bear on other competencies, and may not have the learner yet.
  const isScoped = changed !== undefined && lanes.next === null;
  const learnerIds = isScoped ? [...new Set(changed.map((pair) => pair.learnerId))] : [...causes.keys()];
  if (learnerIds.length === 0) return;
  const known = isScoped ? await readScope(sql, models, lanes.current, learnerIds, changed) : { people: await store.readFoldInput(sql, learnerIds) };
  const input = { ...known, now: clock.now() };
  const places = await generations.placesOf(sql, learnerIds, lanes);
  const seen = await compareLane(sql, models, lanes.current, new Map([...places].map(([id, place]) => [id, place.current])), input);
  await store.writeProgress(sql, seen.changed, seen.gone);
  await store.insertEvents(
    sql,
    toEvents(seen.levels, input.now, (id) => causes.get(id) ?? { cause: 'STATEMENT', statementId: null }),
  );
  if (lanes.next) {
    const present = [...places].filter(([, place]) => place.next !== 'OPEN').map(([id]) => id);
    await foldNext(sql, models, lanes.next, present, input);
  }
}

/** Writes what a lane that is being built says of learners, and that it has them. */
export async function foldNext(sql: Sql, models: ModelCache, next: Lane, learnerIds: readonly string[], input: Known): Promise<void> {
  if (learnerIds.length === 0) return;
  const { changed, gone } = await compareLane(sql, models, next, new Map(learnerIds.map((id) => [id, next.generation])), input);
  await store.writeProgress(sql, changed, gone);
  await generations.markBuilt(sql, next.generation, learnerIds);
}
