import { byKey } from '../../kernel/ids.ts';
import type { FoldModel } from './fold-model.ts';

/** What positions demand of somebody in one competency. */
export interface Demand {
  readonly itemId: string;
  readonly required: number;
  readonly weight: number;
  /** Whether the version that counts now has the competency; what it has not is unknown, not missing. */
  readonly isKnown: boolean;
}

/** A demand against what somebody can do. */
export interface Gap extends Demand {
  /** Null when it is unknown. */
  readonly current: number | null;
  /** Levels that are missing; null when it is unknown. */
  readonly gap: number | null;
}

export interface PositionMatch {
  readonly requirements: readonly Gap[];
  /** How much of what is demanded is there, by weight: 0 to 100, in tenths rounded down; null when nothing known is demanded. */
  readonly percent: number | null;
}

/** Demands against levels: sum(w x min(current, required)) / sum(w x required). */
export function matchPosition(demands: readonly Demand[], levelOf: (itemId: string) => number): PositionMatch {
  const requirements = demands.map((demand): Gap => {
    if (!demand.isKnown) return { ...demand, current: null, gap: null };
    const current = levelOf(demand.itemId);
    return { ...demand, current, gap: Math.max(0, demand.required - current) };
  });
  const known = requirements.filter((one) => one.isKnown);
  const asked = known.reduce((sum, { weight, required }) => sum + weight * required, 0);
  const there = known.reduce((sum, { weight, required, current }) => sum + weight * Math.min(current ?? 0, required), 0);
  return { requirements, percent: asked === 0 ? null : Math.floor((1_000 * there) / asked) / 10 };
}

/** A published programme version that can be begun, with what it assesses. */
export interface Offer {
  readonly versionId: string;
  readonly code: string;
  /** Lesson hours (JP). */
  readonly jp: number;
  /** The batch to join; null for what one does alone at any time. */
  readonly batchId: string | null;
  readonly startsOn: Date | null;
  /** Up to which level it assesses which competency. */
  readonly covers: ReadonlyMap<string, number>;
}

export interface Closing {
  readonly itemId: string;
  readonly from: number;
  readonly to: number;
}

export interface PathStep {
  readonly offer: Offer;
  readonly closes: readonly Closing[];
  /** Weighted levels that it closes. */
  readonly points: number;
}

/** A level that is needed, for a demand or because it comes before one. */
export interface Need {
  readonly itemId: string;
  readonly level: number;
  readonly weight: number;
}

export interface TrainingPath {
  readonly steps: readonly PathStep[];
  /** What nothing on offer closes, or closes only after something else that nothing closes. */
  readonly uncovered: readonly (Need & { readonly current: number })[];
}

/** The levels that close gaps: of a competency itself where something assesses it, else of its children; and what comes before them. */
class Needs {
  readonly #needs = new Map<string, Need>();
  /** What was asked for already: graphs share their parts. */
  readonly #asked = new Map<string, { readonly level: number; readonly weight: number }>();
  readonly #model: FoldModel;
  readonly #levelOf: (itemId: string) => number;
  readonly #isOffered: (itemId: string) => boolean;

  constructor(model: FoldModel, levelOf: (itemId: string) => number, isOffered: (itemId: string) => boolean) {
    this.#model = model;
    this.#levelOf = levelOf;
    this.#isOffered = isOffered;
  }

  get all(): readonly Need[] {
    return [...this.#needs.values()].sort((a, b) => byKey(a.itemId, b.itemId));
  }

  add(itemId: string, level: number, weight: number, within: ReadonlySet<string> = new Set()): void {
    if (this.#levelOf(itemId) >= level || within.has(itemId)) return;
    const asked = this.#asked.get(itemId);
    if (asked && asked.level >= level && asked.weight >= weight) return;
    this.#asked.set(itemId, { level: Math.max(level, asked?.level ?? 0), weight: Math.max(weight, asked?.weight ?? 0) });
    const deeper = new Set([...within, itemId]);
    for (const { itemId: before, minLevel } of this.#model.predecessorsOf(itemId)) this.add(before, minLevel, weight, deeper);
    const children = this.#isOffered(itemId) ? [] : this.#below(itemId, level);
    for (const child of children) this.add(child.itemId, Math.max(level, child.min), weight, deeper);
    if (children.length > 0) return;
    const known = this.#needs.get(itemId);
    this.#needs.set(itemId, { itemId, level: Math.max(level, known?.level ?? 0), weight: Math.max(weight, known?.weight ?? 0) });
  }

  /** Whether a competency is at a level once others have reached theirs: by itself, or by the children that were needed for it. */
  isClosed(itemId: string, level: number, reached: (itemId: string) => number, seen = new Map<string, boolean>()): boolean {
    if (reached(itemId) >= level) return true;
    const key = `${itemId} ${level}`;
    const known = seen.get(key);
    if (known !== undefined) return known;
    const children = this.#isOffered(itemId) ? [] : this.#below(itemId, level);
    const closed = children.length > 0 && children.every((child) => this.isClosed(child.itemId, Math.max(level, child.min), reached, seen));
    seen.set(key, closed);
    return closed;
  }

  /** The children whose level makes that of a competency: all of them, or those that are nearest to it. */
  #below(itemId: string, level: number): readonly { readonly itemId: string; readonly min: number }[] {
    const { rollup, rollupCount, children } = this.#model.item(itemId);
    const required = children.filter((child) => child.requiredMin !== null);
    const nearest = [...children].sort((a, b) => this.#levelOf(b.itemId) - this.#levelOf(a.itemId) || byKey(a.itemId, b.itemId));
    const toNeed = (list: readonly { readonly itemId: string; readonly requiredMin: number | null }[]) =>
      list.map((child) => ({ itemId: child.itemId, min: child.requiredMin ?? 0 }));
    switch (rollup) {
      case 'ALL_OF':
      case 'WEIGHTED':
        return toNeed(children);
      case 'ANY_OF':
      case 'N_OF': {
        const chosen = nearest.slice(0, rollup === 'ANY_OF' ? 1 : (rollupCount ?? children.length));
        const others = required.filter((child) => !chosen.includes(child) && this.#levelOf(child.itemId) < (child.requiredMin ?? 0));
        return [...toNeed(chosen), ...others.map((child) => ({ itemId: child.itemId, min: child.requiredMin ?? level }))];
      }
      case 'NONE':
        return [];
    }
  }
}

/** More of what is needed for a lesson hour first, then what begins earlier, then by code. */
function isBetter(a: PathStep, b: PathStep): boolean {
  const [left, right] = [a.points * Math.max(1, b.offer.jp), b.points * Math.max(1, a.offer.jp)];
  if (left !== right) return left > right;
  const [begins, other] = [a.offer.startsOn?.getTime() ?? 0, b.offer.startsOn?.getTime() ?? 0];
  if (begins !== other) return begins < other;
  return a.offer.code < b.offer.code;
}

/**
 * The programmes that close somebody's gaps, one after the other, what comes first before what rests on it. Pure: the same
 * gaps, levels and offers give the same path, in whatever order they are given.
 */
export function recommendPath(model: FoldModel, gaps: readonly Gap[], levelOf: (itemId: string) => number, offers: readonly Offer[]): TrainingPath {
  const levels = new Map<string, number>();
  const reached = (itemId: string): number => levels.get(itemId) ?? levelOf(itemId);
  const offered = new Set(offers.flatMap((offer) => [...offer.covers.keys()]));
  const needs = new Needs(model, levelOf, (itemId) => offered.has(itemId));
  for (const { itemId, required, weight, gap } of gaps) if (gap !== null && gap > 0) needs.add(itemId, required, weight);
  const { all } = needs;
  const isReady = (itemId: string): boolean => model.predecessorsOf(itemId).every((before) => needs.isClosed(before.itemId, before.minLevel, reached));
  const steps: PathStep[] = [];
  for (;;) {
    let best: PathStep | null = null;
    for (const offer of offers) {
      if (steps.some((step) => step.offer.versionId === offer.versionId)) continue;
      const closes = all.flatMap(({ itemId, level }): readonly Closing[] => {
        const [from, to] = [reached(itemId), Math.min(level, offer.covers.get(itemId) ?? 0)];
        return to > from && isReady(itemId) ? [{ itemId, from, to }] : [];
      });
      const weights = new Map(all.map((need) => [need.itemId, need.weight]));
      const step = { offer, closes, points: closes.reduce((sum, { itemId, from, to }) => sum + (weights.get(itemId) ?? 0) * (to - from), 0) };
      if (step.points > 0 && (best === null || isBetter(step, best))) best = step;
    }
    if (best === null) break;
    steps.push(best);
    for (const { itemId, to } of best.closes) levels.set(itemId, to);
  }
  return { steps, uncovered: all.filter((need) => reached(need.itemId) < need.level).map((need) => ({ ...need, current: reached(need.itemId) })) };
}

/** What keeps somebody from a competency. */
export interface Readiness {
  readonly isReady: boolean;
  readonly missing: readonly { readonly itemId: string; readonly minLevel: number; readonly current: number }[];
}

/** Whether everything that comes before a competency (precedes) is there. */
export function readinessFor(model: FoldModel, itemId: string, levelOf: (itemId: string) => number): Readiness {
  const missing = model
    .predecessorsOf(itemId)
    .map((before) => ({ ...before, current: levelOf(before.itemId) }))
    .filter(({ current, minLevel }) => current < minLevel);
  return { isReady: missing.length === 0, missing };
}
