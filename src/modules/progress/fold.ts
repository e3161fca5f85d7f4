import { byKey } from '../../kernel/ids.ts';
import type { RollupGraph } from '../competency/index.ts';

/** One piece of evidence that was not retracted. */
export interface FoldEvidence {
  readonly id: string;
  readonly itemId: string;
  readonly level: number;
  readonly occurredAt: Date;
  readonly expiresAt: Date | null;
}

/** What one person can do in one competency at one instant. */
export interface ItemProgress {
  readonly itemId: string;
  readonly currentLevel: number;
  /** Level by evidence for this very competency, without its children. */
  readonly directLevel: number;
  readonly source: 'DIRECT' | 'ROLLUP';
  /** Ids of the evidence that carries the level, in order. */
  readonly supporting: readonly string[];
  /** The next instant at which the answer can change though nothing comes in: evidence that begins or ends to count. */
  readonly nextChangeAt: Date | null;
}

const earliest = (dates: readonly (Date | null)[]): Date | null =>
  dates.reduce<Date | null>((least, date) => (date !== null && (least === null || date < least) ? date : least), null);

const unique = (ids: readonly string[]): readonly string[] => [...new Set(ids)].sort(byKey);

/** Direct level by the policy BEST_VALID: the highest level with evidence that counts at the instant. */
function direct(evidence: readonly FoldEvidence[], asOf: Date): Omit<ItemProgress, 'itemId' | 'source'> {
  const active = evidence.filter(({ occurredAt, expiresAt }) => occurredAt <= asOf && (expiresAt === null || asOf < expiresAt));
  const level = active.reduce((best, row) => Math.max(best, row.level), 0);
  return {
    currentLevel: level,
    directLevel: level,
    supporting: unique(active.filter((row) => row.level === level).map((row) => row.id)),
    nextChangeAt: earliest(
      evidence.flatMap(({ occurredAt, expiresAt }) => [
        occurredAt > asOf ? occurredAt : null,
        expiresAt !== null && expiresAt > asOf && occurredAt <= asOf ? expiresAt : null,
      ]),
    ),
  };
}

/** Children before parents: a post-order walk from every item that stands above something with evidence. */
function bottomUp(graph: RollupGraph, wanted: ReadonlySet<string>): readonly string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  for (const root of wanted) {
    const stack: { item: string; done: boolean }[] = [{ item: root, done: false }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (top.done) {
        order.push(top.item);
        continue;
      }
      if (seen.has(top.item)) continue;
      seen.add(top.item);
      stack.push({ item: top.item, done: true });
      for (const child of graph.children.get(top.item) ?? []) if (wanted.has(child) && !seen.has(child)) stack.push({ item: child, done: false });
    }
  }
  return order;
}

/** The items with evidence and everything above them. */
function touchedItems(graph: RollupGraph, items: Iterable<string>): ReadonlySet<string> {
  const parents = new Map<string, string[]>();
  for (const [parent, children] of graph.children) for (const child of children) parents.set(child, [...(parents.get(child) ?? []), parent]);
  const touched = new Set<string>();
  const queue = [...items];
  for (const item of queue) {
    if (touched.has(item)) continue;
    touched.add(item);
    queue.push(...(parents.get(item) ?? []));
  }
  return touched;
}

/** Level of a parent by its roll-up rule; a child with nothing counts 0. */
function rollUp(graph: RollupGraph, item: string, progress: ReadonlyMap<string, ItemProgress>): { level: number; supporting: readonly string[] } {
  const children = graph.children.get(item) ?? [];
  const rule = graph.rollups.get(item) ?? 'NONE';
  if (rule === 'NONE' || children.length === 0) return { level: 0, supporting: [] };
  const levels = children.map((child) => progress.get(child)?.currentLevel ?? 0);
  const level = rule === 'ALL_OF' ? Math.min(...levels) : Math.max(...levels);
  const carrying = children.filter((_child, index) => level > 0 && (rule === 'ALL_OF' || levels[index] === level));
  return { level, supporting: unique(carrying.flatMap((child) => progress.get(child)?.supporting ?? [])) };
}

function foldGraph(graph: RollupGraph, byItem: ReadonlyMap<string, readonly FoldEvidence[]>, asOf: Date, progress: Map<string, ItemProgress>): void {
  const own = [...byItem.keys()].filter((item) => graph.rollups.has(item));
  for (const item of bottomUp(graph, touchedItems(graph, own))) {
    const base = direct(byItem.get(item) ?? [], asOf);
    const above = rollUp(graph, item, progress);
    const fromChildren = above.level > base.directLevel;
    // A roll-up of NONE hides the children: what happens below cannot change the item.
    const below =
      (graph.rollups.get(item) ?? 'NONE') === 'NONE' ? [] : (graph.children.get(item) ?? []).map((child) => progress.get(child)?.nextChangeAt ?? null);
    progress.set(item, {
      itemId: item,
      currentLevel: Math.max(base.directLevel, above.level),
      directLevel: base.directLevel,
      source: fromChildren ? 'ROLLUP' : 'DIRECT',
      supporting: fromChildren ? above.supporting : base.supporting,
      nextChangeAt: earliest([base.nextChangeAt, ...below]),
    });
  }
}

/**
 * The progress of one person at one instant: a pure function of *sets*. The order of evidence and of graphs is no
 * argument.
 * @param graphs the published version of each framework concerned; evidence for items in none of them counts directly.
 * @returns one row per competency in which there is a level now or will be without further input, by item id.
 */
export function foldProgress(evidence: readonly FoldEvidence[], graphs: readonly RollupGraph[], asOf: Date): readonly ItemProgress[] {
  const byItem = new Map<string, FoldEvidence[]>();
  for (const row of evidence) byItem.set(row.itemId, [...(byItem.get(row.itemId) ?? []), row]);
  const progress = new Map<string, ItemProgress>();
  for (const graph of graphs) foldGraph(graph, byItem, asOf, progress);
  for (const [itemId, rows] of byItem) if (!progress.has(itemId)) progress.set(itemId, { itemId, source: 'DIRECT', ...direct(rows, asOf) });
  return [...progress.values()].filter((row) => row.currentLevel > 0 || row.nextChangeAt !== null).sort((a, b) => byKey(a.itemId, b.itemId));
}
