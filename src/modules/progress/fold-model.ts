import { byKey } from '../../kernel/ids.ts';
import { DEFAULT_POLICY, type GraphItem, type GraphPredecessor, type GraphReplacement, type RollupGraph } from '../competency/index.ts';

/** An approved match (CASE exactMatchOf): evidence for the origin counts at the destination, and back when it is two-way. */
export interface Equivalence {
  readonly originId: string;
  readonly destinationId: string;
  readonly twoWay: boolean;
  /** When its term is over; null when it has none. */
  readonly validUntil: Date | null;
}

/** What must be read and written when evidence for some competencies changes. */
export interface FoldScope {
  /** Competencies whose answer can be another. */
  readonly folded: ReadonlySet<string>;
  /** Competencies whose evidence bears on those. */
  readonly needed: ReadonlySet<string>;
}

/** Competencies that stand for one another: they have one level. */
export interface ItemClass {
  /** The smallest id among them. */
  readonly id: string;
  readonly members: readonly string[];
  /** Itself, and the classes whose evidence counts here too. */
  readonly evidenceFrom: ReadonlySet<string>;
  /** When the terms of the matches end that make it what it is or bring evidence here, in order. */
  readonly ends: readonly Date[];
}

const UNKNOWN: Omit<GraphItem, 'itemId'> = { rollup: 'NONE', rollupCount: null, rollupOnly: false, policy: DEFAULT_POLICY, children: [], predecessors: [] };

const push = <K, V>(map: Map<K, V[]>, key: K, value: V): void => {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
};

/** Everything reachable from a start, the start included. */
function reach(start: Iterable<string>, next: (id: string) => Iterable<string>): ReadonlySet<string> {
  const seen = new Set(start);
  for (const id of seen) for (const other of next(id)) seen.add(other);
  return seen;
}

/**
 * What the fold computes with, apart from evidence and time: the published graphs with their matches, merged into classes.
 *
 * The order of graphs, items and matches is no argument. Made once for a set of graphs and used for many people.
 */
export class FoldModel {
  readonly #items = new Map<string, GraphItem>();
  readonly #classOf = new Map<string, ItemClass>();
  /** Classes that a class's level or evidence feeds: those of its members' parents, and the destinations of its matches. */
  readonly #feeds = new Map<string, string[]>();
  readonly #scopes = new Map<string, FoldScope>();
  /** By what was replaced. */
  readonly #replacements: ReadonlyMap<string, readonly GraphReplacement[]>;

  constructor(graphs: readonly RollupGraph[], equivalences: readonly Equivalence[]) {
    for (const graph of graphs) for (const [id, item] of graph.items) this.#items.set(id, item);
    this.#replacements = Map.groupBy(
      graphs.flatMap((graph) => graph.replacements),
      ({ oldId }) => oldId,
    );
    const twoWay = new Map<string, string[]>();
    const into = new Map<string, string[]>();
    const endsAt = new Map<string, Date[]>();
    for (const { originId, destinationId, twoWay: both, validUntil } of equivalences) {
      if (validUntil !== null) push(endsAt, destinationId, validUntil);
      if (both) {
        push(twoWay, originId, destinationId);
        push(twoWay, destinationId, originId);
      } else push(into, destinationId, originId);
    }
    const membersOf = (id: string): readonly string[] => [...reach([id], (one) => twoWay.get(one) ?? [])].sort(byKey);
    const named = new Set([...this.#items.keys(), ...equivalences.flatMap(({ originId, destinationId }) => [originId, destinationId])]);
    const members = new Map<string, readonly string[]>();
    const representative = new Map<string, string>();
    for (const id of named) {
      if (representative.has(id)) continue;
      const all = membersOf(id);
      const [first = id] = all;
      members.set(first, all);
      for (const member of all) representative.set(member, first);
    }
    for (const [id, all] of members) {
      const evidenceFrom = reach([id], (one) =>
        (members.get(one) ?? []).flatMap((member) => into.get(member) ?? []).map((origin) => representative.get(origin) ?? origin),
      );
      const ends = [...evidenceFrom]
        .flatMap((origin) => members.get(origin) ?? [])
        .flatMap((member) => endsAt.get(member) ?? [])
        .sort((a, b) => +a - +b);
      const itemClass = { id, members: all, evidenceFrom, ends };
      for (const member of all) this.#classOf.set(member, itemClass);
      for (const origin of evidenceFrom) if (origin !== id) push(this.#feeds, origin, id);
    }
    for (const item of this.#items.values())
      for (const { itemId: child } of item.children) push(this.#feeds, this.classOf(child).id, this.classOf(item.itemId).id);
  }

  /** The competency in its published version; one that is in none counts by its own evidence alone. */
  item(id: string): GraphItem {
    return this.#items.get(id) ?? { itemId: id, ...UNKNOWN };
  }

  /** Whether a published version has the competency. */
  has = (id: string): boolean => this.#items.has(id);

  /**
   * What evidence says under the versions that count now: of a competency that is in none of them it speaks for those of
   * its successors that are in one, at the level the map gives; without any it stays what it was.
   */
  carried<T extends { readonly itemId: string; readonly level: number }>(evidence: readonly T[]): readonly T[] {
    if (this.#replacements.size === 0) return evidence;
    const follow = (row: T, seen: ReadonlySet<string>): readonly T[] => {
      if (this.#items.has(row.itemId) || !this.#leadsOn(row.itemId, seen)) return [row];
      const successors = (this.#replacements.get(row.itemId) ?? []).filter(
        ({ newId }) => this.#items.has(newId) || this.#leadsOn(newId, new Set([...seen, row.itemId])),
      );
      return successors.flatMap(({ newId, levelMap }) => {
        const level = levelMap === null ? row.level : (levelMap[String(row.level)] ?? 0);
        return level === 0 ? [] : follow({ ...row, itemId: newId, level }, new Set([...seen, row.itemId]));
      });
    };
    return evidence.flatMap((row) => follow(row, new Set()));
  }

  /** Whether some successor of a competency, however far, is in a version that counts. */
  #leadsOn(itemId: string, seen: ReadonlySet<string>): boolean {
    if (seen.has(itemId)) return false;
    const further = new Set([...seen, itemId]);
    return (this.#replacements.get(itemId) ?? []).some(({ newId }) => this.#items.has(newId) || this.#leadsOn(newId, further));
  }

  /** What comes before a competency or one that stands for it, each class once; what another one of them asks for already, at that level or a higher one, is left out. */
  predecessorsOf(id: string): readonly GraphPredecessor[] {
    const classId = (itemId: string): string => this.classOf(itemId).id;
    const before = (one: string): readonly GraphPredecessor[] => this.classOf(one).members.flatMap((member) => this.item(member).predecessors);
    const own = before(id);
    const isAskedByOther = ({ itemId, minLevel }: GraphPredecessor): boolean =>
      own.some((other) => {
        if (classId(other.itemId) === classId(itemId)) return false;
        const above = reach([classId(other.itemId)], (one) => before(one).map((next) => classId(next.itemId)));
        return [...above].flatMap(before).some((edge) => classId(edge.itemId) === classId(itemId) && edge.minLevel >= minLevel);
      });
    const needed = own.filter((one) => !isAskedByOther(one));
    return [...Map.groupBy(needed, ({ itemId }) => classId(itemId)).values()].flatMap((same) => {
      const [first] = same;
      return first ? [{ itemId: first.itemId, minLevel: Math.max(...same.map(({ minLevel }) => minLevel)) }] : [];
    });
  }

  classOf(id: string): ItemClass {
    return this.#classOf.get(id) ?? { id, members: [id], evidenceFrom: new Set([id]), ends: [] };
  }

  /** The classes that evidence for these items can matter to, children and origins before what they feed. */
  touchedBy(itemIds: Iterable<string>): readonly ItemClass[] {
    const touched = reach(
      [...itemIds].map((id) => this.classOf(id).id),
      (id) => this.#feeds.get(id) ?? [],
    );
    const order: ItemClass[] = [];
    const state = new Map<string, 'open' | 'done'>();
    const stack = [...touched];
    for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
      const itemClass = this.classOf(id);
      const waiting = state.get(id) === undefined ? this.#below(itemClass).filter((child) => touched.has(child) && state.get(child) !== 'done') : [];
      if (waiting.some((child) => state.get(child) === 'open')) throw new Error(`the published graphs run in a circle through ${id}`);
      if (waiting.length > 0) {
        state.set(id, 'open');
        stack.push(...waiting);
        continue;
      }
      if (state.get(id) !== 'done') order.push(itemClass);
      state.set(id, 'done');
      stack.pop();
    }
    return order;
  }

  /** What a change of evidence for a competency comes to: everything it feeds, and all that bears on that. */
  scopeOf(itemId: string): FoldScope {
    const known = this.#scopes.get(itemId);
    if (known) return known;
    const touched = this.touchedBy(reach([itemId], (id) => (this.#replacements.get(id) ?? []).map(({ newId }) => newId)));
    const folded = new Set(touched.flatMap((itemClass) => itemClass.members));
    const scope = { folded, needed: this.bearingOn(folded) };
    this.#scopes.set(itemId, scope);
    return scope;
  }

  /** Competencies whose evidence bears on some: of their classes and those that flow in, of what is below them, and of what they took the place of. */
  bearingOn(itemIds: Iterable<string>): ReadonlySet<string> {
    const classes = reach(
      [...itemIds].map((id) => this.classOf(id).id),
      (id) => [...this.classOf(id).evidenceFrom, ...this.#below(this.classOf(id))],
    );
    return reach(
      [...classes].flatMap((id) => this.classOf(id).members),
      (id) => this.#replacedBy(id),
    );
  }

  /** What a competency took the place of. */
  #replacedBy(id: string): readonly string[] {
    return [...this.#replacements.values()].flat().flatMap(({ oldId, newId }) => (newId === id ? [oldId] : []));
  }

  /** The classes of the children of a class. */
  #below({ members }: ItemClass): readonly string[] {
    return members.flatMap((member) => this.item(member).children.map((child) => this.classOf(child.itemId).id));
  }
}
