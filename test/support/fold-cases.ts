import fc from 'fast-check';
import type { RollupGraph } from '../../src/modules/competency/index.ts';
import type { FoldEvidence } from '../../src/modules/progress/direct-level.ts';
import type { FoldOverride, foldProgress } from '../../src/modules/progress/fold.ts';
import type { Equivalence, FoldModel } from '../../src/modules/progress/fold-model.ts';
import { DEFAULT_POLICY, type RollupKind } from '../../src/standards/case/package.ts';
import { type NaiveItem, type NaivePolicy, naiveProgress } from './naive-fold.ts';

/** A published graph of competencies by their roll-ups, all with the default policy. */
export const graph = (edges: readonly (readonly [child: string, parent: string])[], rollups: Readonly<Record<string, RollupKind>>): RollupGraph => ({
  versionId: 'v',
  replacements: [],
  items: new Map(
    Object.entries(rollups).map(([itemId, rollup]) => [
      itemId,
      {
        itemId,
        rollup,
        rollupCount: null,
        rollupOnly: false,
        policy: DEFAULT_POLICY,
        children: edges.flatMap(([child, parent]) => (parent === itemId ? [{ itemId: child, weight: 1, requiredMin: null }] : [])),
        predecessors: [],
      },
    ]),
  ),
});

/** What a fold is to be tried with: the engine itself, or one with a fault. */
export interface Engine {
  readonly foldProgress: typeof foldProgress;
  readonly FoldModel: typeof FoldModel;
}

interface FoldCase {
  readonly items: readonly NaiveItem[];
  readonly equivalences: readonly Equivalence[];
  readonly evidence: readonly FoldEvidence[];
  readonly overrides: readonly FoldOverride[];
  /** The order in which the evidence is handed over, with repetitions. */
  readonly order: readonly number[];
}

const NOW = new Date('2026-06-01T00:00:00Z');
/** Later than anything happens. */
const FAR = new Date('2100-01-01T00:00:00Z');
const DAY_MS = 86_400_000;
const day = (n: number): Date => new Date(NOW.getTime() + n * DAY_MS);

const policyOf = (kind: NaivePolicy['kind']): fc.Arbitrary<NaivePolicy> =>
  fc.record({
    kind: fc.constant(kind),
    minDistinctSources: fc.constantFrom(1, 1, 2, 3),
    threshold: fc.constantFrom(300, 700, 1_000, 1_500),
    halfLifeDays: fc.constantFrom(null, null, 5, 30),
  });

/** Worlds of up to seven competencies; a child has a higher number than its parents, so only matches can close a loop. */
const caseOf = (kind: NaivePolicy['kind']): fc.Arbitrary<FoldCase> =>
  fc.integer({ min: 1, max: 7 }).chain((size) => {
    const children = (parent: number) =>
      parent === size - 1
        ? fc.constant([])
        : fc.uniqueArray(
            fc.record({
              child: fc.integer({ min: parent + 1, max: size - 1 }),
              weight: fc.integer({ min: 0, max: 3 }),
              requiredMin: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 4 }),
            }),
            { maxLength: 3, selector: ({ child }) => child },
          );
    const items = fc.tuple(
      ...Array.from({ length: size }, (_, index) =>
        fc.record({
          itemId: fc.constant(`i${index}`),
          policy: policyOf(kind),
          rollup: fc.constantFrom<NaiveItem['rollup']>('NONE', 'ALL_OF', 'ANY_OF', 'N_OF', 'WEIGHTED'),
          n: fc.integer({ min: 1, max: 3 }),
          rollupOnly: fc.boolean().map((only) => only && index % 2 === 0),
          children: children(index).map((list) => list.map(({ child, ...rest }) => ({ itemId: `i${child}`, ...rest }))),
        }),
      ),
    );
    const item = fc.nat(size - 1).map((index) => `i${index}`);
    return fc.record({
      items,
      equivalences: fc.array(
        fc.record({
          originId: item,
          destinationId: item,
          twoWay: fc.boolean(),
          validUntil: fc.option(
            fc.integer({ min: 1, max: 8 }).map((n) => day(n)),
            { freq: 2 },
          ),
        }),
        { maxLength: 2 },
      ),
      evidence: fc
        .array(
          fc
            .record({
              itemId: item,
              level: fc.integer({ min: 1, max: 5 }),
              positive: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
              weight: fc.constantFrom(200, 333, 501, 1_000),
              source: fc.constantFrom('a', 'b', 'c'),
              from: fc.integer({ min: -6, max: 2 }),
              to: fc.option(fc.integer({ min: 1, max: 6 })),
              attempts: fc.constantFrom('ALL' as const, 'ALL' as const, 'FIRST' as const, 'LATEST' as const, 'BEST' as const),
            })
            .map(({ from, to, ...row }) => ({
              ...row,
              // One item's attempts under one policy are attempts at the same.
              attemptKey: row.attempts === 'ALL' ? null : `${row.itemId} ${row.attempts}`,
              occurredAt: day(from),
              expiresAt: to === null ? null : day(from + to),
            })),
          { maxLength: 18 },
        )
        .map((rows) => rows.map((row, index) => ({ ...row, id: `e${String((index * 7) % 19).padStart(2, '0')}` }))),
      overrides: fc
        .array(
          fc.record({
            itemId: item,
            level: fc.integer({ min: 0, max: 5 }),
            countsForRollup: fc.boolean(),
            decided: fc.integer({ min: -3, max: 0 }),
            from: fc.integer({ min: -3, max: 1 }),
            days: fc.integer({ min: 1, max: 4 }),
          }),
          { maxLength: 3 },
        )
        .map((rows) =>
          rows.map(({ decided, from, days, ...row }, index) => ({
            ...row,
            id: `o${(index * 2) % 3}`,
            decidedAt: day(decided),
            validFrom: day(from),
            validUntil: day(from + days),
          })),
        ),
      order: fc.array(fc.nat(17), { maxLength: 24 }),
    });
  });

const graphOf = (items: readonly NaiveItem[]): RollupGraph => ({
  versionId: 'v',
  replacements: [],
  items: new Map(items.map(({ n, ...item }) => [item.itemId, { ...item, predecessors: [], rollupCount: item.rollup === 'N_OF' ? n : null }])),
});

interface Answer {
  readonly level: number;
  readonly computed: number;
  readonly confidence: number;
}

/** What the reference says of an instant, or null where matches close a loop: such a graph is never published. */
function expectedOf({ items, equivalences, evidence, overrides }: FoldCase, asOf: Date): ReadonlyMap<string, Answer> | null {
  const within = equivalences.filter(({ validUntil }) => validUntil === null || asOf < validUntil);
  try {
    const levels = naiveProgress(evidence, items, within, asOf, overrides);
    return new Map([...levels].map(([itemId, { level, computed, confidence }]) => [itemId, { level, computed, confidence }]));
  } catch {
    return null;
  }
}

const textOf = (answers: ReadonlyMap<string, Answer>): string => JSON.stringify([...answers].sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * One property: engine and reference agree, in any order and with repetitions, and no answer changes before it is said
 * that it may. @throws what fast-check throws when it does not hold.
 */
export function checkAgainstNaive({ foldProgress: fold, FoldModel: Model }: Engine, kind: NaivePolicy['kind'], options: fc.Parameters<[FoldCase]>): void {
  fc.assert(
    fc.property(caseOf(kind), (one) => {
      const expected = expectedOf(one, NOW);
      if (expected === null) return fc.pre(false);
      const { evidence, order } = one;
      const shuffled = [...order.flatMap((index) => evidence[index] ?? []), ...evidence.toReversed()];
      const model = new Model([graphOf(one.items)], one.equivalences);
      const rows = fold(shuffled, model, NOW, one.overrides.toReversed());
      const found = new Map(
        rows
          .filter((row) => row.currentLevel > 0 || row.computedLevel > 0)
          .map(({ itemId, currentLevel: level, computedLevel: computed, confidence }) => [itemId, { level, computed, confidence }]),
      );
      if (textOf(found) !== textOf(expected)) throw new Error(`engine ${textOf(found)}, reference ${textOf(expected)}`);
      const nextOf = new Map(rows.map(({ itemId, nextChangeAt }) => [itemId, nextChangeAt]));
      for (const { itemId } of one.items) {
        const last = new Date((nextOf.get(itemId) ?? FAR).getTime() - 1);
        const [now, then] = [found.get(itemId), expectedOf(one, last)?.get(itemId)];
        if (JSON.stringify(now) !== JSON.stringify(then))
          throw new Error(`${itemId} is ${JSON.stringify(now)} until ${last.toISOString()}, the reference ${JSON.stringify(then)} then`);
      }
    }),
    options,
  );
}
