/** A directed edge of a competency graph: for isChildOf, from the child to its parent. */
export type Edge = readonly [from: string, to: string];

/** Union-find over node names: every name of one class answers the same representative. */
function classesOf(merges: readonly Edge[]): (node: string) => string {
  const parent = new Map<string, string>();
  const find = (node: string): string => {
    let root = node;
    for (let next = parent.get(root); next !== undefined; next = parent.get(root)) root = next;
    for (let step = node; step !== root; ) {
      const next = parent.get(step) ?? root;
      parent.set(step, root);
      step = next;
    }
    return root;
  };
  for (const [a, b] of merges) {
    const [rootA, rootB] = [find(a), find(b)];
    if (rootA !== rootB) parent.set(rootA, rootB);
  }
  return find;
}

/** Strongly connected components with more than one node or a self-loop, by Tarjan's algorithm without recursion. */
function loopComponents(next: ReadonlyMap<string, readonly string[]>): readonly ReadonlySet<string>[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const components: ReadonlySet<string>[] = [];

  for (const start of next.keys()) {
    if (index.has(start)) continue;
    const work: { node: string; edge: number }[] = [{ node: start, edge: 0 }];
    while (work.length > 0) {
      const frame = work.at(-1);
      if (!frame) break;
      const { node } = frame;
      if (frame.edge === 0) {
        index.set(node, index.size);
        low.set(node, index.get(node) ?? 0);
        stack.push(node);
        onStack.add(node);
      }
      const target = (next.get(node) ?? [])[frame.edge];
      frame.edge += 1;
      if (target !== undefined) {
        if (!index.has(target)) work.push({ node: target, edge: 0 });
        else if (onStack.has(target)) low.set(node, Math.min(low.get(node) ?? 0, index.get(target) ?? 0));
        continue;
      }
      work.pop();
      const below = work.at(-1);
      if (below) low.set(below.node, Math.min(low.get(below.node) ?? 0, low.get(node) ?? 0));
      if (low.get(node) !== index.get(node)) continue;
      const component = new Set<string>();
      for (let popped = stack.pop(); popped !== undefined; popped = stack.pop()) {
        onStack.delete(popped);
        component.add(popped);
        if (popped === node) break;
      }
      if (component.size > 1 || (next.get(node) ?? []).includes(node)) components.push(component);
    }
  }
  return components;
}

/** The shortest way inside a component from its least node back to itself. */
function witness(component: ReadonlySet<string>, next: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const start = [...component].sort()[0] ?? '';
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const target of next.get(node) ?? []) {
      if (target === start) {
        const path = [start];
        for (let step = node; step !== start; step = cameFrom.get(step) ?? start) path.push(step);
        path.push(start);
        return path.reverse();
      }
      if (component.has(target) && !cameFrom.has(target)) {
        cameFrom.set(target, node);
        queue.push(target);
      }
    }
  }
  return [start, start];
}

/**
 * The loops of a graph after nodes that mean the same are merged: a child matched to its own parent is a loop, though
 * no single kind of edge shows one.
 * @returns one witness per loop, `[a, b, …, a]`, named by one member of each class; empty when the graph is acyclic.
 */
export function findLoops(edges: readonly Edge[], merges: readonly Edge[] = []): readonly (readonly string[])[] {
  const classOf = classesOf(merges);
  const next = new Map<string, string[]>();
  for (const [from, to] of edges) {
    const [a, b] = [classOf(from), classOf(to)];
    next.set(a, [...(next.get(a) ?? []), b]);
    if (!next.has(b)) next.set(b, []);
  }
  return loopComponents(next).map((component) => witness(component, next));
}
