import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Edge, findLoops } from '../../../src/standards/case/index.ts';

/** The classes of a graph, slowly: each merge gives both sides the same set, until nothing changes. Named by all members, sorted. */
function naiveClasses(edges: readonly Edge[], merges: readonly Edge[]): (node: string) => string {
  const classes = new Map([...edges, ...merges].flat().map((node) => [node, new Set([node])]));
  for (let changed = true; changed; ) {
    changed = false;
    for (const [a, b] of merges) {
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const) {
        for (const node of classes.get(other) ?? []) {
          if (classes.get(one)?.has(node) === false) {
            classes.get(one)?.add(node);
            changed = true;
          }
        }
      }
    }
  }
  return (node) => [...(classes.get(node) ?? [node])].sort().join('=');
}

/** Loops with each class named by all its members, each turned so that its least name is first, in order. */
function named(edges: readonly Edge[], merges: readonly Edge[] = []): readonly (readonly string[])[] {
  const classOf = naiveClasses(edges, merges);
  return findLoops(edges, merges)
    .map((loop) => {
      expect(loop.at(-1)).toBe(loop[0]);
      const round = loop.slice(0, -1).map(classOf);
      const least = round.indexOf([...round].sort()[0] ?? '');
      return [...round.slice(least), ...round.slice(0, least), round[least] ?? ''];
    })
    .sort((a, b) => (a.join() < b.join() ? -1 : 1));
}

const chain = (...nodes: readonly string[]): readonly Edge[] => nodes.slice(1).map((node, index) => [nodes[index] ?? '', node] as const);

test('a graph without edges has no loop, whatever is merged', () => {
  expect(findLoops([])).toEqual([]);
  expect(findLoops([], [...chain('a', 'b', 'c', 'a'), ['d', 'd']])).toEqual([]);
});

test('a node with several parents and several ways up is no loop', () => {
  expect(findLoops([...chain('leaf', 'left', 'top'), ...chain('leaf', 'right', 'top'), ['leaf', 'top']])).toEqual([]);
});

test('the same edge twice is no loop', () => {
  expect(findLoops([...chain('a', 'b'), ...chain('a', 'b')])).toEqual([]);
});

test('a node that is its own parent is a loop', () => {
  expect(findLoops([['a', 'a']])).toEqual([['a', 'a']]);
});

test('two nodes that are each a child of the other are a loop, named once', () => {
  expect(findLoops(chain('a', 'b', 'a'))).toEqual([['a', 'b', 'a']]);
  expect(findLoops(chain('b', 'a', 'b'))).toEqual([['a', 'b', 'a']]);
});

test('a loop is named in the direction of its edges', () => {
  expect(named(chain('a', 'c', 'b', 'a'))).toEqual([['a', 'c', 'b', 'a']]);
});

test('of a loop with a short cut the shortest way round is named', () => {
  expect(findLoops([...chain('a', 'b', 'c', 'd', 'a'), ['a', 'd']])).toEqual([['a', 'd', 'a']]);
});

test('ways into and out of a loop are not part of its witness', () => {
  expect(findLoops([...chain('before', 'l1', 'l2', 'l1'), ...chain('l2', 'after', 'end')])).toEqual([['l1', 'l2', 'l1']]);
});

test('a child matched to its own parent is a loop, in whichever direction the match is told', () => {
  const edges = chain('child', 'parent', 'top');

  expect(named(edges, [['child', 'parent']])).toEqual([['child=parent', 'child=parent']]);
  expect(named(edges, [['parent', 'child']])).toEqual([['child=parent', 'child=parent']]);
  expect(findLoops(edges)).toEqual([]);
});

test('a grandchild matched to its grandparent is a loop through the parent between them', () => {
  expect(named(chain('grandchild', 'parent', 'top'), [['top', 'grandchild']])).toEqual([['grandchild=top', 'parent', 'grandchild=top']]);
});

test('matches count over several steps', () => {
  expect(
    named(chain('a', 'z'), [
      ['a', 'b'],
      ['c', 'b'],
      ['c', 'z'],
    ]),
  ).toEqual([['a=b=c=z', 'a=b=c=z']]);
});

test('two siblings matched to each other are no loop', () => {
  expect(findLoops([...chain('one', 'parent'), ...chain('two', 'parent')], [['one', 'two']])).toEqual([]);
});

test('two chains joined by one match are no loop, joined head to tail by two matches they are one', () => {
  const edges = [...chain('a1', 'a2', 'a3'), ...chain('b1', 'b2', 'b3')];

  expect(findLoops(edges, [['a3', 'b1']])).toEqual([]);
  expect(
    named(edges, [
      ['a1', 'b1'],
      ['a3', 'b3'],
    ]),
  ).toEqual([]);
  expect(
    named(edges, [
      ['a3', 'b1'],
      ['b3', 'a1'],
    ]),
  ).toEqual([['a1=b3', 'a2', 'a3=b1', 'b2', 'a1=b3']]);
});

test('several separate loops are all reported, those closed by a match too', () => {
  const edges = [
    ...chain('s', 's'),
    ...chain('p1', 'p2', 'p1'),
    ...chain('t1', 't2', 't3', 't1'),
    ...chain('m1', 'm2'),
    ...chain('leaf', 'root'),
    ...chain('s', 'p1'),
    ...chain('p2', 't1'),
  ];

  expect(named(edges, [['m1', 'm2']])).toEqual([
    ['m1=m2', 'm1=m2'],
    ['p1', 'p2', 'p1'],
    ['s', 's'],
    ['t1', 't2', 't3', 't1'],
  ]);
});

test('a chain of 100,000 nodes is searched without overflowing the stack, open and closed', () => {
  const nodes = Array.from({ length: 100_000 }, (_, index) => `n${String(index).padStart(6, '0')}`);
  const open = chain(...nodes);

  expect(findLoops(open)).toEqual([]);
  expect(findLoops([...open, ['n099999', 'n000000']])).toEqual([[...nodes, 'n000000']]);
});

test('a chain of 100,000 matches is merged without overflowing the stack', () => {
  const nodes = Array.from({ length: 100_000 }, (_, index) => `n${index}`);

  const [loop, ...more] = findLoops([['n0', 'n99999']], chain(...nodes));

  expect(more).toEqual([]);
  expect(loop).toHaveLength(2);
  expect(loop?.[0]).toBe(loop?.[1]);
});

/** The edges between classes, each once. */
function quotient(edges: readonly Edge[], merges: readonly Edge[]): ReadonlyMap<string, ReadonlySet<string>> {
  const classOf = naiveClasses(edges, merges);
  const next = new Map<string, Set<string>>([...edges, ...merges].flat().map((node) => [classOf(node), new Set<string>()]));
  for (const [from, to] of edges) next.get(classOf(from))?.add(classOf(to));
  return next;
}

/** Kahn: takes away nodes that nothing leads to; a graph is acyclic when none is left. */
function isAcyclic(next: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const left = new Map(next);
  for (;;) {
    const entered = new Set([...left.values()].flatMap((targets) => [...targets]));
    const free = [...left.keys()].filter((node) => !entered.has(node));
    if (free.length === 0) return left.size === 0;
    for (const node of free) left.delete(node);
  }
}

/** The nodes reached by one step or more. */
function reached(next: ReadonlyMap<string, ReadonlySet<string>>, start: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [start];
  for (const node of open) {
    for (const target of next.get(node) ?? []) {
      if (found.has(target)) continue;
      found.add(target);
      open.push(target);
    }
  }
  return found;
}

const node = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j');
const pair = fc.tuple(node, node);
const graphs = fc.record({ edges: fc.array(pair, { maxLength: 14 }), merges: fc.array(pair, { maxLength: 4 }) });

test('of any graph with merges, no loop is found exactly when taking away sources step by step empties it', () => {
  let acyclic = 0;
  let cyclic = 0;
  fc.assert(
    fc.property(graphs, ({ edges, merges }) => {
      const expected = isAcyclic(quotient(edges, merges));
      if (expected) acyclic += 1;
      else cyclic += 1;
      expect(findLoops(edges, merges).length === 0).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
  expect(acyclic).toBeGreaterThan(50);
  expect(cyclic).toBeGreaterThan(50);
});

test('each witness is a closed walk along the edges between classes and passes no class twice', () => {
  fc.assert(
    fc.property(graphs, ({ edges, merges }) => {
      const classOf = naiveClasses(edges, merges);
      const next = quotient(edges, merges);
      for (const loop of findLoops(edges, merges)) {
        expect(loop.length).toBeGreaterThanOrEqual(2);
        expect(loop.at(-1)).toBe(loop[0]);
        const walk = loop.map(classOf);
        walk.slice(1).forEach((to, index) => {
          expect(next.get(walk[index] ?? '')).toContain(to);
        });
        expect(new Set(walk).size).toBe(walk.length - 1);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('each part of the graph that loops within itself has exactly one witness', () => {
  fc.assert(
    fc.property(graphs, ({ edges, merges }) => {
      const classOf = naiveClasses(edges, merges);
      const next = quotient(edges, merges);
      const partOf = (start: string) =>
        [...reached(next, start)]
          .filter((other) => reached(next, other).has(start))
          .sort()
          .join(' ');
      const parts = new Set([...next.keys()].map(partOf).filter((part) => part !== ''));

      expect(
        findLoops(edges, merges)
          .map(([start]) => partOf(classOf(start ?? '')))
          .sort(),
      ).toEqual([...parts].sort());
    }),
    { numRuns: 1_000 },
  );
});
