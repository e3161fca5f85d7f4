import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RollupGraph } from '../../src/modules/competency/index.ts';
import { FoldModel } from '../../src/modules/progress/fold-model.ts';
import { type Gap, matchPosition, type Offer, readinessFor, recommendPath } from '../../src/modules/progress/gaps.ts';
import type { RollupKind } from '../../src/standards/case/index.ts';
import { graph } from '../support/fold-cases.ts';

type Before = readonly (readonly [first: string, then: string, minLevel: number])[];

function modelOf(edges: readonly (readonly [child: string, parent: string])[], rollups: Readonly<Record<string, RollupKind>>, before: Before = []): FoldModel {
  const plain = graph(edges, rollups);
  const items = new Map(
    [...plain.items].map(([id, item]) => [
      id,
      { ...item, predecessors: before.flatMap(([first, then, minLevel]) => (then === id ? [{ itemId: first, minLevel }] : [])) },
    ]),
  );
  return new FoldModel([{ ...plain, items } satisfies RollupGraph], []);
}

const offer = (code: string, jp: number, covers: Readonly<Record<string, number>>, startsOn: string | null = null): Offer => ({
  versionId: `version ${code}`,
  code,
  jp,
  batchId: null,
  startsOn: startsOn === null ? null : new Date(startsOn),
  covers: new Map(Object.entries(covers)),
});
const gap = (itemId: string, required: number, current = 0, weight = 1): Gap => ({
  itemId,
  required,
  weight,
  isKnown: true,
  current,
  gap: Math.max(0, required - current),
});
const flat = modelOf([], { a: 'NONE', b: 'NONE', c: 'NONE' });
const path = (model: FoldModel, gaps: readonly Gap[], offers: readonly Offer[], levels: Readonly<Record<string, number>> = {}) => {
  const { steps, uncovered } = recommendPath(model, gaps, (id) => levels[id] ?? 0, offers);
  return {
    steps: steps.map((step) => `${step.offer.code}: ${step.closes.map(({ itemId, from, to }) => `${itemId} ${from}>${to}`).join(', ')}`),
    uncovered: uncovered.map(({ itemId, current, level }) => `${itemId} ${current}<${level}`),
  };
};

test('position match is what is there of what is demanded, by weight; more than demanded does not help, unknown does not count', () => {
  const demands = [
    { itemId: 'a', required: 4, weight: 1, isKnown: true },
    { itemId: 'b', required: 2, weight: 3, isKnown: true },
    { itemId: 'gone', required: 5, weight: 9, isKnown: false },
  ];
  const levels: Record<string, number> = { a: 1, b: 5, gone: 0 };

  expect(matchPosition(demands, (id) => levels[id] ?? 0)).toEqual({
    // (1 x 1 + 3 x 2) / (1 x 4 + 3 x 2) = 7 / 10
    percent: 70,
    requirements: [
      { itemId: 'a', required: 4, weight: 1, isKnown: true, current: 1, gap: 3 },
      { itemId: 'b', required: 2, weight: 3, isKnown: true, current: 5, gap: 0 },
      { itemId: 'gone', required: 5, weight: 9, isKnown: false, current: null, gap: null },
    ],
  });
  expect(matchPosition([], () => 0).percent).toBeNull();
});

test('the programme that closes most by weight for a lesson hour comes first, then the earlier one, then by code', () => {
  const gaps = [gap('a', 3, 0, 2), gap('b', 2)];
  expect(path(flat, gaps, [offer('LONG', 10, { a: 3, b: 2 }), offer('SHORT', 3, { a: 3 }), offer('B', 10, { b: 2 })]).steps).toEqual([
    'SHORT: a 0>3',
    'B: b 0>2',
  ]);
  const late = offer('A', 1, { a: 3 }, '2026-09-01');
  const early = offer('Z', 1, { a: 3 }, '2026-08-01');
  expect(path(flat, [gap('a', 3)], [late, early]).steps).toEqual(['Z: a 0>3']);
  expect(path(flat, [gap('a', 3)], [offer('Z', 1, { a: 3 }), offer('A', 1, { a: 3 })]).steps).toEqual(['A: a 0>3']);
});

test('what nothing covers is listed with the level reached, also when it is covered in part', () => {
  expect(path(flat, [gap('a', 4), gap('b', 1)], [offer('HALF', 2, { a: 2 })])).toEqual({ steps: ['HALF: a 0>2'], uncovered: ['a 2<4', 'b 0<1'] });
});

test('what comes first is learned first, though nobody demands it, and what rests on something uncovered waits in vain', () => {
  const model = modelOf([], { a: 'NONE', b: 'NONE', c: 'NONE' }, [
    ['a', 'b', 2],
    ['b', 'c', 1],
  ]);
  const offers = [offer('C', 1, { c: 3 }), offer('B', 1, { b: 2 }), offer('A', 9, { a: 2 })];
  expect(path(model, [gap('c', 3)], offers).steps).toEqual(['A: a 0>2', 'B: b 0>1', 'C: c 0>3']);
  expect(path(model, [gap('c', 3)], offers, { a: 2 }).steps).toEqual(['B: b 0>1', 'C: c 0>3']);
  expect(path(model, [gap('c', 3)], offers.slice(0, 2))).toEqual({ steps: [], uncovered: ['a 0<2', 'b 0<1', 'c 0<3'] });
});

test('a gap in a competency that only rolls up is closed by its parts: all of them, or those that are nearest', () => {
  const edges = [
    ['x', 'p'],
    ['y', 'p'],
  ] as const;
  const offers = [offer('X', 2, { x: 5 }), offer('Y', 1, { y: 5 })];
  expect(path(modelOf(edges, { p: 'ALL_OF', x: 'NONE', y: 'NONE' }), [gap('p', 3)], offers, { x: 1 }).steps).toEqual(['Y: y 0>3', 'X: x 1>3']);
  expect(path(modelOf(edges, { p: 'ANY_OF', x: 'NONE', y: 'NONE' }), [gap('p', 3)], offers, { x: 1 }).steps).toEqual(['X: x 1>3']);
  // Something that assesses the whole is taken at its word.
  expect(path(modelOf(edges, { p: 'ALL_OF', x: 'NONE', y: 'NONE' }), [gap('p', 3)], [...offers, offer('P', 9, { p: 3 })]).steps).toEqual(['P: p 0>3']);
});

test('what rests on a whole waits for its parts', () => {
  const model = modelOf([['x', 'p']], { p: 'ALL_OF', x: 'NONE', q: 'NONE' }, [['p', 'q', 2]]);
  expect(path(model, [gap('q', 1)], [offer('Q', 1, { q: 1 }), offer('X', 5, { x: 4 })]).steps).toEqual(['X: x 0>2', 'Q: q 0>1']);
});

test('one is ready when all that comes before is at its level; what another one asks for already is not asked twice', () => {
  const model = modelOf([], { a: 'NONE', b: 'NONE', c: 'NONE' }, [
    ['a', 'b', 3],
    ['b', 'c', 2],
    ['a', 'c', 1],
  ]);
  const readiness = (levels: Readonly<Record<string, number>>) => readinessFor(model, 'c', (id) => levels[id] ?? 0);
  expect(readiness({ a: 5, b: 1 })).toEqual({ isReady: false, missing: [{ itemId: 'b', minLevel: 2, current: 1 }] });
  expect(readiness({ b: 2 })).toEqual({ isReady: true, missing: [] });
  expect(readinessFor(model, 'a', () => 0)).toEqual({ isReady: true, missing: [] });
});

test('the same gaps and offers give the same path in whatever order they come, no step closes nothing, and nothing is left that an offer closes', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const offers = fc
    .uniqueArray(
      fc.record({
        code: fc.constantFrom('P', 'Q', 'R', 'S', 'T'),
        jp: fc.integer({ min: 0, max: 9 }),
        covers: fc.dictionary(fc.constantFrom(...ids), fc.integer({ min: 1, max: 5 })),
      }),
      {
        selector: ({ code }) => code,
        maxLength: 5,
      },
    )
    .map((rows) => rows.map(({ code, jp, covers }) => offer(code, jp, covers)));
  const before = fc.constantFrom<Before>(
    [],
    [['a', 'b', 2]],
    [
      ['a', 'b', 1],
      ['b', 'c', 3],
    ],
  );
  const gaps = fc.uniqueArray(
    fc.record({ itemId: fc.constantFrom(...ids), required: fc.integer({ min: 1, max: 5 }), weight: fc.integer({ min: 1, max: 3 }) }),
    { selector: ({ itemId }) => itemId },
  );
  fc.assert(
    fc.property(offers, gaps, before, (list, wanted, order) => {
      const model = modelOf([], { a: 'NONE', b: 'NONE', c: 'NONE', d: 'NONE' }, order);
      const asked = wanted.map(({ itemId, required, weight }) => gap(itemId, required, 0, weight));
      const one = recommendPath(model, asked, () => 0, list);
      expect(recommendPath(model, asked.toReversed(), () => 0, list.toReversed())).toEqual(one);
      const reached = new Map<string, number>();
      for (const step of one.steps) {
        expect(step.points).toBeGreaterThan(0);
        for (const { itemId } of step.closes) expect(readinessFor(model, itemId, (id) => reached.get(id) ?? 0).isReady).toBe(true);
        for (const { itemId, to } of step.closes) reached.set(itemId, to);
      }
      for (const { itemId, level } of one.uncovered)
        for (const { versionId, covers } of list) {
          const couldHelp =
            Math.min(level, covers.get(itemId) ?? 0) > (reached.get(itemId) ?? 0) && readinessFor(model, itemId, (id) => reached.get(id) ?? 0).isReady;
          if (couldHelp) expect(one.steps.some((step) => step.offer.versionId === versionId)).toBe(true);
        }
    }),
    { numRuns: 2_000 },
  );
});
