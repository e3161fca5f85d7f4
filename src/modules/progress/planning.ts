import type { Database, Sql } from '../../db/database.ts';
import { type Target, targetsOfLearners } from '../competency/index.ts';
import { holdersWithin } from '../people/index.ts';
import { assessedBy, offersAt } from '../training/index.ts';
import {
  type Demand,
  type Gap,
  matchPosition,
  type Offer,
  type PositionMatch,
  type Readiness,
  readinessFor,
  recommendPath,
  type TrainingPath,
} from './gaps.ts';
import type { Workshop } from './generations.ts';
import type { Lane } from './lanes.ts';

/** The level of a learner in a competency. */
export type LevelOf = (itemId: string) => number;

type LevelsOf = (learnerIds: readonly string[], asOf: Date | null, lane: Lane) => Promise<(learnerId: string) => LevelOf>;

/** How the people of a unit stand in one competency that their positions demand. */
export interface HeatCell {
  readonly unitId: string;
  readonly itemId: string;
  /** Of whom it is demanded. */
  readonly people: number;
  /** Who is below what is demanded of them. */
  readonly below: number;
  /** Levels that are missing, summed over people. */
  readonly missing: number;
}

export interface UnitMatch {
  readonly unitId: string;
  readonly people: number;
  /** Mean of the position matches of those of whom something known is demanded, in tenths rounded down; null without any. */
  readonly percent: number | null;
}

/** What some people lack in one competency. */
interface Lacking {
  readonly people: number;
  /** Levels missing. */
  readonly missing: number;
  /** The same by the weights of the requirements. */
  readonly points: number;
}

/** What the people of one unit lack, those below it left out. */
export interface UnitNeed extends Lacking {
  readonly unitId: string;
}

/** What the people of a unit and below it lack in one competency. */
export interface TrainingNeed extends Lacking {
  readonly itemId: string;
  /** The same by unit; who holds posts in several stands in each. */
  readonly units: readonly UnitNeed[];
  /** Published programme versions that can be begun and assess it, by code. */
  readonly versionIds: readonly string[];
}

const lacking = (gaps: readonly Gap[]): Lacking => ({
  people: gaps.length,
  missing: gaps.reduce((sum, one) => sum + (one.gap ?? 0), 0),
  points: gaps.reduce((sum, one) => sum + one.weight * (one.gap ?? 0), 0),
});

const toDemand = ({ itemId, targetLevel, weight, isKnown }: Target): Demand => ({ itemId, required: targetLevel, weight, isKnown });

/** What positions demand against what people can do, and what training closes the gap. */
export class Planning {
  readonly #database: Database;
  readonly #workshop: Workshop;
  readonly #levelsOf: LevelsOf;

  constructor(database: Database, workshop: Workshop, levelsOf: LevelsOf) {
    this.#database = database;
    this.#workshop = workshop;
    this.#levelsOf = levelsOf;
  }

  get #sql(): Sql {
    return this.#database.sql;
  }

  #instant(asOf: Date | null): Date {
    return asOf ?? this.#workshop.clock.now();
  }

  /** How learners meet what their positions demand. The number of queries does not depend on the number of learners. */
  async matchesOf(learnerIds: readonly string[], asOf: Date | null, lane: Lane): Promise<ReadonlyMap<string, PositionMatch>> {
    const targets = await targetsOfLearners(this.#sql, learnerIds, this.#instant(asOf));
    const levels = await this.#levelsOf(learnerIds, asOf, lane);
    return new Map(learnerIds.map((id) => [id, matchPosition((targets.get(id) ?? []).map(toDemand), levels(id))]));
  }

  /** What learners should do next, one programme after the other. */
  async pathsOf(learnerIds: readonly string[], asOf: Date | null, lane: Lane): Promise<ReadonlyMap<string, TrainingPath>> {
    const model = await this.#workshop.models.asOf(this.#sql, lane, asOf, this.#workshop.clock.now());
    const matches = await this.matchesOf(learnerIds, asOf, lane);
    const levels = await this.#levelsOf(learnerIds, asOf, lane);
    const offers = await this.#offers(this.#instant(asOf));
    return new Map(learnerIds.map((id) => [id, recommendPath(model, matches.get(id)?.requirements ?? [], levels(id), offers)]));
  }

  /** Whether learners are ready for competencies, by what comes before them. */
  async readinessOf(
    learnerIds: readonly string[],
    itemIds: readonly string[],
    asOf: Date | null,
    lane: Lane,
  ): Promise<ReadonlyMap<string, readonly Readiness[]>> {
    const model = await this.#workshop.models.asOf(this.#sql, lane, asOf, this.#workshop.clock.now());
    const levels = await this.#levelsOf(learnerIds, asOf, lane);
    return new Map(learnerIds.map((id) => [id, itemIds.map((itemId) => readinessFor(model, itemId, levels(id)))]));
  }

  async #offers(instant: Date): Promise<readonly Offer[]> {
    const rows = await offersAt(this.#sql, instant);
    const covered = Map.groupBy(
      await assessedBy(
        this.#sql,
        rows.map((row) => row.versionId),
      ),
      (row) => row.versionId,
    );
    return rows.map((row) => ({ ...row, covers: new Map((covered.get(row.versionId) ?? []).map(({ itemId, level }) => [itemId, level])) }));
  }

  /** Everybody in a unit and below it against what is demanded of them. */
  async heatMap(unitId: string, asOf: Date | null, lane: Lane): Promise<{ readonly units: readonly UnitMatch[]; readonly cells: readonly HeatCell[] }> {
    const holders = await holdersWithin(this.#sql, unitId, this.#instant(asOf));
    const matches = await this.matchesOf([...new Set(holders.map((row) => row.learnerId))], asOf, lane);
    const byUnit = Map.groupBy(holders, (row) => row.unitId);
    const units: UnitMatch[] = [];
    const cells: HeatCell[] = [];
    for (const [unit, people] of byUnit) {
      const own = people.flatMap(({ learnerId }) => matches.get(learnerId) ?? []);
      const percents = own.flatMap((match) => match.percent ?? []);
      const mean = percents.length === 0 ? null : Math.floor((10 * percents.reduce((sum, percent) => sum + percent, 0)) / percents.length) / 10;
      units.push({ unitId: unit, people: people.length, percent: mean });
      const known = own.flatMap((match) => match.requirements.filter((gap) => gap.isKnown));
      for (const [itemId, gaps] of Map.groupBy(known, (gap) => gap.itemId)) {
        const missing = gaps.map((one) => one.gap ?? 0);
        cells.push({
          unitId: unit,
          itemId,
          people: gaps.length,
          below: missing.filter((gap) => gap > 0).length,
          missing: missing.reduce((sum, gap) => sum + gap, 0),
        });
      }
    }
    return { units, cells };
  }

  /** What the people of a unit and below it lack, most first, and what there is to close it. */
  async needsWithin(unitId: string, asOf: Date | null, lane: Lane): Promise<readonly TrainingNeed[]> {
    const instant = this.#instant(asOf);
    const holders = await holdersWithin(this.#sql, unitId, instant);
    const matches = await this.matchesOf([...new Set(holders.map((row) => row.learnerId))], asOf, lane);
    const gapsOf = (learnerId: string): readonly Gap[] => matches.get(learnerId)?.requirements.filter((one) => (one.gap ?? 0) > 0) ?? [];
    const ofUnits = [...Map.groupBy(holders, (row) => row.unitId)].map(([unit, people]) => {
      const own = people.flatMap((row) => gapsOf(row.learnerId));
      return [unit, Map.groupBy(own, (gap) => gap.itemId)] as const;
    });
    const unitsOf = (itemId: string): readonly UnitNeed[] =>
      ofUnits.flatMap(([unit, own]) => {
        const here = own.get(itemId);
        return here ? [{ unitId: unit, ...lacking(here) }] : [];
      });
    const offers = await this.#offers(instant);
    const gaps = [...matches.values()].flatMap((match) => match.requirements.filter((one) => (one.gap ?? 0) > 0));
    return [...Map.groupBy(gaps, (gap) => gap.itemId)]
      .map(([itemId, own]) => ({
        itemId,
        ...lacking(own),
        units: unitsOf(itemId),
        versionIds: offers.filter((offer) => offer.covers.has(itemId)).map((offer) => offer.versionId),
      }))
      .sort((a, b) => b.points - a.points || (a.itemId < b.itemId ? -1 : 1));
  }
}
