import { byKey } from '../../kernel/ids.ts';
import { decayedWeight, directLevel, type FoldEvidence, nextChange, withoutOtherAttempts } from './direct-level.ts';
import type { FoldModel, ItemClass } from './fold-model.ts';

/** What one person can do in one competency at one instant. */
export interface ItemProgress {
  readonly itemId: string;
  readonly currentLevel: number;
  /** The level by evidence and children, whatever an override says. */
  readonly computedLevel: number;
  /** Level by evidence for this very competency and those that stand for it, without its children. */
  readonly directLevel: number;
  /** DIRECT: by evidence for it. ROLLUP: from its children. EQUIVALENT: by what was shown of another that stands for it. OVERRIDE: somebody said so. */
  readonly source: 'DIRECT' | 'ROLLUP' | 'EQUIVALENT' | 'OVERRIDE';
  /** How sure the evidence makes one of the computed level, in hundredths; it never changes the level. */
  readonly confidence: number;
  /** Ids of the evidence that carries the computed level, in order. */
  readonly supporting: readonly string[];
  /** The next instant at which the answer can change though nothing comes in. */
  readonly nextChangeAt: Date | null;
}

/** A level that somebody answers for, for a time: it stands beside the computed one and acts on its own competency only. */
export interface FoldOverride {
  readonly id: string;
  readonly itemId: string;
  readonly level: number;
  /** Whether parents look at it in place of the computed level. */
  readonly countsForRollup: boolean;
  readonly decidedAt: Date;
  readonly validFrom: Date;
  readonly validUntil: Date;
}

/** Of overrides that are not over, the one in force at an instant that was decided last. */
function inForce(overrides: readonly FoldOverride[], asOf: Date): FoldOverride | null {
  const active = overrides.filter((one) => one.validFrom <= asOf);
  return active.reduce<FoldOverride | null>(
    (last, one) => (last === null || one.decidedAt > last.decidedAt || (+one.decidedAt === +last.decidedAt && byKey(one.id, last.id) > 0) ? one : last),
    null,
  );
}

/** The next instant at which an override begins or ends. */
const nextTurn = (overrides: readonly FoldOverride[], asOf: Date): Date | null =>
  earliest(overrides.flatMap(({ validFrom, validUntil }) => [validFrom, validUntil]).filter((date) => date > asOf));

/** The next of the instants at which terms end. */
const nextEnd = (ends: readonly Date[], asOf: Date): Date | null => ends.find((end) => end > asOf) ?? null;

/** A level of a class with all that carries it. */
interface Level {
  readonly level: number;
  readonly supporting: ReadonlySet<FoldEvidence>;
}

const NO_LEVEL: Level = { level: 0, supporting: new Set() };

const earliest = (dates: readonly (Date | null)[]): Date | null =>
  dates.reduce<Date | null>((least, date) => (date !== null && (least === null || date < least) ? date : least), null);

/** Evidence that speaks for several competencies, which one has become, counts once where they come together again: at its highest. */
function onceEach(evidence: readonly FoldEvidence[]): readonly FoldEvidence[] {
  const best = new Map<string, FoldEvidence>();
  for (const row of evidence) {
    const known = best.get(row.id);
    if (!known || row.level > known.level || (row.level === known.level && byKey(row.itemId, known.itemId) < 0)) best.set(row.id, row);
  }
  return best.size === evidence.length ? evidence : [...best.values()];
}

const unionOf = (sets: readonly Iterable<FoldEvidence>[]): ReadonlySet<FoldEvidence> => new Set(onceEach(sets.flatMap((set) => [...set])));

/** The levels of some children, each class once, with what the parent asks of them. */
interface Child {
  readonly level: Level;
  readonly weight: number;
  readonly requiredMin: number | null;
}

/** Level of a parent by its roll-up rule; a child with nothing counts 0. Every rule rises with its children. */
function rollUp(kind: string, count: number | null, children: readonly Child[]): Level {
  const levels = children.map((child) => child.level.level);
  const carriedBy = (level: number, carries: (child: Child) => boolean): Level =>
    level === 0
      ? NO_LEVEL
      : { level, supporting: unionOf(children.filter((child) => child.level.level > 0 && carries(child)).map((child) => child.level.supporting)) };
  if (children.length === 0 || children.some((child) => child.requiredMin !== null && child.level.level < child.requiredMin)) return NO_LEVEL;
  switch (kind) {
    case 'ALL_OF':
      return carriedBy(Math.min(...levels), () => true);
    case 'ANY_OF': {
      const best = Math.max(...levels);
      return carriedBy(best, (child) => child.level.level === best);
    }
    case 'N_OF': {
      const nth = levels.sort((a, b) => b - a)[(count ?? children.length) - 1] ?? 0;
      return carriedBy(nth, (child) => child.level.level >= nth);
    }
    case 'WEIGHTED': {
      const weights = children.reduce((sum, child) => sum + child.weight, 0);
      const weighted = children.reduce((sum, child) => sum + child.weight * child.level.level, 0);
      return carriedBy(weights === 0 ? 0 : Math.floor(weighted / weights), () => true);
    }
    default:
      return NO_LEVEL;
  }
}

/** 1 - Π(1 - w) over the evidence in order of its ids, in hundredths: the chance that not all of it is wrong. */
function confidenceOf(model: FoldModel, supporting: readonly FoldEvidence[], asOf: Date): number {
  const doubt = supporting.reduce((left, row) => left * (1 - Math.min(decayedWeight(row, model.item(row.itemId).policy, asOf), 1000) / 1000), 1);
  return Math.round(100 * (1 - doubt));
}

/** One walk over the classes that the evidence touches. */
class Fold {
  readonly #model: FoldModel;
  readonly #byClass: ReadonlyMap<string, readonly FoldEvidence[]>;
  readonly #overrides: ReadonlyMap<string, readonly FoldOverride[]>;
  readonly #asOf: Date;
  readonly #levels = new Map<string, Level>();
  readonly #changes = new Map<string, Date | null>();

  constructor(model: FoldModel, evidence: readonly FoldEvidence[], overrides: readonly FoldOverride[], asOf: Date) {
    this.#model = model;
    // What is over bears on nothing any more.
    const isOver = (end: Date | null): boolean => end !== null && end <= asOf;
    this.#overrides = Map.groupBy(
      overrides.filter((one) => !isOver(one.validUntil)),
      (one) => one.itemId,
    );
    this.#byClass = Map.groupBy(
      model.carried(withoutOtherAttempts(evidence, asOf).filter((row) => !isOver(row.expiresAt))),
      (row) => model.classOf(row.itemId).id,
    );
    this.#asOf = asOf;
  }

  run(): readonly ItemProgress[] {
    const touched = this.#model.touchedBy([...[...this.#byClass.values()].flat().map((row) => row.itemId), ...this.#overrides.keys()]);
    return touched.flatMap((itemClass) => this.#foldClass(itemClass)).sort((a, b) => byKey(a.itemId, b.itemId));
  }

  /** Overrides of an item that its parents look at. */
  #fedUp(itemId: string): readonly FoldOverride[] {
    return (this.#overrides.get(itemId) ?? []).filter((one) => one.countsForRollup);
  }

  /** The level that parents see of some children of one class: what an override says that counts for them, else that of the class. */
  #levelOf(classId: string, children: readonly { readonly itemId: string }[]): Level {
    const level = this.#levels.get(classId) ?? NO_LEVEL;
    const [override] = children.flatMap(({ itemId }) => inForce(this.#fedUp(itemId), this.#asOf) ?? []);
    return override ? { level: override.level, supporting: level.supporting } : level;
  }

  /** The children of an item by class: the smallest id tells the weight, the strictest what is required. */
  #childrenOf(itemId: string): readonly Child[] {
    const byClass = Map.groupBy(
      [...this.#model.item(itemId).children].sort((a, b) => byKey(a.itemId, b.itemId)),
      (child) => this.#model.classOf(child.itemId).id,
    );
    return [...byClass].map(([id, same]) => ({
      level: this.#levelOf(id, same),
      weight: same[0]?.weight ?? 0,
      requiredMin: same.reduce<number | null>((most, { requiredMin }) => (requiredMin === null ? most : Math.max(most ?? 0, requiredMin)), null),
    }));
  }

  /** The next instant at which a class can have another level, or split into what has. */
  #changeOf(itemId: string): Date | null {
    const { id, ends } = this.#model.classOf(itemId);
    return this.#changes.get(id) ?? nextEnd(ends, this.#asOf);
  }

  #foldClass({ id, members, evidenceFrom, ends }: ItemClass): readonly ItemProgress[] {
    const evidence = onceEach([...evidenceFrom].flatMap((origin) => this.#byClass.get(origin) ?? []));
    const each = members.map((itemId) => {
      const { policy, rollup, rollupCount, rollupOnly, children } = this.#model.item(itemId);
      const below = rollup === 'NONE' ? [] : children.flatMap((child) => [this.#changeOf(child.itemId), nextTurn(this.#fedUp(child.itemId), this.#asOf)]);
      return {
        itemId,
        direct: rollupOnly ? NO_LEVEL : directLevel(evidence, policy, this.#asOf),
        rolled: rollup === 'NONE' ? NO_LEVEL : rollUp(rollup, rollupCount, this.#childrenOf(itemId)),
        nextChangeAt: earliest([rollupOnly ? null : nextChange(evidence, (row) => [policy, this.#model.item(row.itemId).policy], this.#asOf), ...below]),
      };
    });
    const level = Math.max(...each.flatMap(({ direct, rolled }) => [direct.level, rolled.level]));
    const byEvidence = each.filter(({ direct }) => direct.level === level);
    const supporting =
      level === 0
        ? NO_LEVEL.supporting
        : unionOf(
            (byEvidence.length > 0
              ? byEvidence.map(({ direct }) => direct)
              : each.filter(({ rolled }) => rolled.level === level).map(({ rolled }) => rolled)
            ).map((one) => one.supporting),
          );
    const nextChangeAt = earliest([...each.map((one) => one.nextChangeAt), nextEnd(ends, this.#asOf)]);
    this.#levels.set(id, { level, supporting });
    this.#changes.set(id, nextChangeAt);
    const ordered = [...supporting].sort((a, b) => byKey(a.id, b.id));
    const shared = {
      computedLevel: level,
      confidence: confidenceOf(this.#model, ordered, this.#asOf),
      supporting: ordered.map((row) => row.id),
    };
    return each.flatMap(({ itemId, direct, rolled }): readonly ItemProgress[] => {
      const overrides = this.#overrides.get(itemId) ?? [];
      const override = inForce(overrides, this.#asOf);
      const changesAt = earliest([nextChangeAt, nextTurn(overrides, this.#asOf)]);
      if (level === 0 && changesAt === null) return [];
      const isOwn = byEvidence.length > 0 ? level === 0 || ordered.some((row) => row.itemId === itemId) : rolled.level === level;
      const source = override ? 'OVERRIDE' : isOwn ? (byEvidence.length > 0 ? 'DIRECT' : 'ROLLUP') : 'EQUIVALENT';
      return [{ itemId, currentLevel: override?.level ?? level, ...shared, directLevel: direct.level, source, nextChangeAt: changesAt }];
    });
  }
}

/**
 * The progress of one person at one instant: a pure function of *sets*. The order of evidence and of whatever the model
 * was made from is no argument, and evidence that comes twice counts once.
 * @returns one row per competency in which there is a level now or will be without further input, by item id.
 */
export function foldProgress(
  evidence: readonly FoldEvidence[],
  model: FoldModel,
  asOf: Date,
  overrides: readonly FoldOverride[] = [],
): readonly ItemProgress[] {
  return new Fold(model, evidence, overrides, asOf).run();
}
