import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RollupGraph } from '../../src/modules/competency/index.ts';
import type { FoldEvidence } from '../../src/modules/progress/direct-level.ts';
import { foldProgress } from '../../src/modules/progress/fold.ts';
import { type Equivalence, FoldModel } from '../../src/modules/progress/fold-model.ts';
import type { RollupKind } from '../../src/standards/case/index.ts';
import { graph } from '../support/fold-cases.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const day = (n: number): Date => new Date(NOW.getTime() + n * 86_400_000);

const fold = (rows: readonly FoldEvidence[], graphs: readonly RollupGraph[], asOf: Date) => foldProgress(rows, new FoldModel(graphs, []), asOf);
const evidence = (id: string, itemId: string, level: number, occurred = -10, expires: number | null = null): FoldEvidence => ({
  id,
  itemId,
  level,
  positive: true,
  weight: 1_000,
  source: 'one',
  occurredAt: day(occurred),
  expiresAt: expires === null ? null : day(expires),
  attemptKey: null,
  attempts: 'ALL',
});
const levels = (rows: readonly { itemId: string; currentLevel: number }[]) => Object.fromEntries(rows.map((row) => [row.itemId, row.currentLevel]));

test('the highest level with evidence counts, and a later lower one does not pull it down', () => {
  const [row] = fold([evidence('a', 'x', 2), evidence('b', 'x', 4), evidence('c', 'x', 3, -1)], [], NOW);

  expect(row).toEqual({
    itemId: 'x',
    currentLevel: 4,
    computedLevel: 4,
    directLevel: 4,
    source: 'DIRECT',
    confidence: 100,
    supporting: ['b'],
    nextChangeAt: null,
  });
});

test('evidence counts from its first instant on and no longer at its last', () => {
  const rows = [evidence('a', 'x', 3, 0, 5)];

  expect(levels(fold(rows, [], new Date(day(0).getTime() - 1)))).toEqual({ x: 0 });
  expect(levels(fold(rows, [], day(0)))).toEqual({ x: 3 });
  expect(levels(fold(rows, [], new Date(day(5).getTime() - 1)))).toEqual({ x: 3 });
  expect(levels(fold(rows, [], day(5)))).toEqual({});
});

test('nextChangeAt is the next instant at which evidence begins or ends to count, also below a roll-up', () => {
  const rows = [evidence('a', 'x', 3, -10, 7), evidence('b', 'x', 5, 3)];
  const progress = fold(rows, [graph([['x', 'p']], { x: 'NONE', p: 'ANY_OF' })], NOW);

  expect(progress.map((row) => [row.itemId, row.nextChangeAt])).toEqual([
    ['p', day(3)],
    ['x', day(3)],
  ]);
});

test('nextChangeAt is the end of the term of a match that brings evidence or makes two competencies one, also below a roll-up', () => {
  const tree = [
    graph(
      [
        ['x', 'p'],
        ['y', 'p'],
      ],
      { x: 'NONE', y: 'NONE', p: 'ALL_OF' },
    ),
  ];
  const match = { originId: 'x', destinationId: 'y', twoWay: true, validUntil: day(4) };
  const timesOf = (rows: readonly FoldEvidence[], matches: readonly Equivalence[], asOf = NOW) =>
    foldProgress(rows, new FoldModel(tree, matches), asOf).map((row) => [row.itemId, row.currentLevel, row.nextChangeAt]);

  expect(timesOf([evidence('a', 'x', 3, -10)], [match])).toEqual([
    ['p', 3, day(4)],
    ['x', 3, day(4)],
    ['y', 3, day(4)],
  ]);
  expect(timesOf([evidence('a', 'x', 3, -10)], [{ ...match, twoWay: false }])).toEqual([
    ['p', 3, day(4)],
    ['x', 3, null],
    ['y', 3, day(4)],
  ]);
  expect(timesOf([evidence('a', 'x', 3, -10)], [match], day(4)).map(([item, , next]) => [item, next])).toEqual([
    ['p', null],
    ['x', null],
    ['y', null],
  ]);
});

test('nextChangeAt is the end of a match that makes two children one, though there is nothing to show for either', () => {
  const edges = ['x', 'y', 'z'].map((child) => [child, 'p'] as const);
  const tree = [graph(edges, { x: 'NONE', y: 'NONE', z: 'NONE', p: 'WEIGHTED' })];
  const match = { originId: 'x', destinationId: 'y', twoWay: true, validUntil: day(4) };
  const of = (matches: readonly Equivalence[]) =>
    foldProgress([evidence('a', 'z', 4)], new FoldModel(tree, matches), NOW).map((row) => [row.itemId, row.currentLevel, row.nextChangeAt]);

  expect(of([match])).toEqual([
    ['p', 2, day(4)],
    ['z', 4, null],
  ]);
  expect(of([])).toEqual([
    ['p', 1, null],
    ['z', 4, null],
  ]);
});

test('ALL_OF takes the lowest child, one without evidence counts 0', () => {
  const tree = graph(
    [
      ['a', 'p'],
      ['b', 'p'],
    ],
    { a: 'NONE', b: 'NONE', p: 'ALL_OF' },
  );

  expect(levels(fold([evidence('1', 'a', 4)], [tree], NOW))).toEqual({ a: 4 });
  expect(levels(fold([evidence('1', 'a', 4), evidence('2', 'b', 2)], [tree], NOW))).toEqual({ a: 4, b: 2, p: 2 });
});

test('ANY_OF takes the highest child and names only the evidence that carries it', () => {
  const tree = graph(
    [
      ['a', 'p'],
      ['b', 'p'],
    ],
    { a: 'NONE', b: 'NONE', p: 'ANY_OF' },
  );
  const rows = fold([evidence('1', 'a', 4), evidence('2', 'b', 2)], [tree], NOW);

  expect(rows.find((row) => row.itemId === 'p')).toMatchObject({ currentLevel: 4, directLevel: 0, source: 'ROLLUP', supporting: ['1'] });
});

test('a parent keeps its own evidence when that is higher, and NONE ignores the children', () => {
  const rows = [evidence('1', 'a', 2), evidence('2', 'p', 3)];

  expect(levels(fold(rows, [graph([['a', 'p']], { a: 'NONE', p: 'ANY_OF' })], NOW))).toEqual({ a: 2, p: 3 });
  expect(levels(fold([evidence('1', 'a', 2)], [graph([['a', 'p']], { a: 'NONE', p: 'NONE' })], NOW))).toEqual({ a: 2 });
});

test('a child of two parents rolls up into both, through any number of levels', () => {
  const tree = graph(
    [
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'd'],
      ['c', 'd'],
    ],
    { a: 'NONE', b: 'ALL_OF', c: 'ANY_OF', d: 'ALL_OF' },
  );

  expect(levels(fold([evidence('1', 'a', 3)], [tree], NOW))).toEqual({ a: 3, b: 3, c: 3, d: 3 });
});

/** The same rules, written as one naive recursion over a tree given by parents. */
function naive(rows: readonly FoldEvidence[], parents: readonly number[], kinds: readonly RollupKind[]): Record<string, number> {
  const level = (item: number): number => {
    const own = Math.max(
      0,
      ...rows.filter((row) => row.itemId === `i${item}` && row.occurredAt <= NOW && (row.expiresAt === null || NOW < row.expiresAt)).map((row) => row.level),
    );
    const below = parents.flatMap((parent, child) => (parent === item && child !== item ? [level(child)] : []));
    const rolled = below.length === 0 || kinds[item] === 'NONE' ? 0 : kinds[item] === 'ALL_OF' ? Math.min(...below) : Math.max(...below);
    return Math.max(own, rolled);
  };
  return Object.fromEntries(parents.map((_, item) => [`i${item}`, level(item)] as const).filter(([, value]) => value > 0));
}

const world = fc.integer({ min: 1, max: 9 }).chain((size) =>
  fc.record({
    parents: fc.tuple(...Array.from({ length: size }, (_, item) => fc.nat(item))),
    kinds: fc.array(fc.constantFrom<RollupKind>('NONE', 'ALL_OF', 'ANY_OF'), { minLength: size, maxLength: size }),
    rows: fc.array(
      fc.record({
        item: fc.nat(size - 1),
        level: fc.integer({ min: 1, max: 5 }),
        from: fc.integer({ min: -5, max: 5 }),
        to: fc.option(fc.integer({ min: 1, max: 9 })),
      }),
      { maxLength: 25 },
    ),
    seed: fc.nat(),
  }),
);

test('the fold equals a naive reading of the rules, for any tree, any evidence and any order', () => {
  fc.assert(
    fc.property(world, ({ parents, kinds, rows, seed }) => {
      const list = rows.map(({ item, level, from, to }, index) => evidence(`e${index}`, `i${item}`, level, from, to === null ? null : from + to));
      const edges = parents.flatMap((parent, child) => (parent === child ? [] : [[`i${child}`, `i${parent}`] as const]));
      const tree = graph(edges, Object.fromEntries(kinds.map((kind, item) => [`i${item}`, kind])));
      const shuffled = [...list].sort((a, b) => ((a.id.length * 7919 + seed + a.level * 31) % 101) - ((b.id.length * 7919 + seed + b.level * 31) % 101));

      const result = fold(list, [tree], NOW);

      expect(fold(shuffled, [tree], NOW)).toEqual(result);
      expect(levels(result.filter((row) => row.currentLevel > 0))).toEqual(naive(list, parents, kinds));
    }),
    { numRuns: 1000 },
  );
});
