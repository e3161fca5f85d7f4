import type { ActivityDefinition, Objective, ObjectiveMap, Sequencing } from './model.ts';

/** What is known of an objective; null is not known. */
export interface ObjectiveValues {
  satisfied: boolean | null;
  /** -1 to 1. */
  measure: number | null;
  raw: number | null;
  min: number | null;
  max: number | null;
  completed: boolean | null;
  /** 0 to 1. */
  progress: number | null;
}

export const nothingKnown = (): ObjectiveValues => ({ satisfied: null, measure: null, raw: null, min: null, max: null, completed: null, progress: null });

const NOTHING_KNOWN: Readonly<ObjectiveValues> = nothingKnown();

/** A local objective of an activity. */
export interface LocalObjective {
  readonly definition: Objective;
  readonly values: ObjectiveValues;
}

/** What the objective is that rolls up, of an activity that defines none. */
const IMPLICIT_PRIMARY: Objective = { id: null, isPrimary: true, satisfiedByMeasure: false, minNormalizedMeasure: 1, maps: [] };

/** An activity with its tracking. Names are those of the tracking model (SN 4.2.1). */
export class Activity {
  readonly definition: ActivityDefinition;
  readonly parent: Activity | null;
  readonly children: readonly Activity[];
  /** The children that take part, in their order: selection and randomization may choose. */
  available: Activity[];
  readonly objectives: readonly LocalObjective[];
  readonly primary: LocalObjective;

  attemptCount = 0;
  /** In which attempt of its parent it was attempted last. */
  attemptOfParent = 0;
  isActive = false;
  isSuspended = false;
  /** Attempt progress: null while its status is not known. */
  completed: boolean | null = null;
  /** Whether content spoke of its completion, and of its success, in this attempt. */
  saidCompletion = false;
  saidSuccess = false;
  /** Attempt completion amount. */
  progress: number | null = null;

  constructor(definition: ActivityDefinition, parent: Activity | null) {
    this.definition = definition;
    this.parent = parent;
    this.children = definition.children.map((child) => new Activity(child, this));
    this.available = [...this.children];
    const given = definition.sequencing.objectives;
    const all = given.some(({ isPrimary }) => isPrimary) ? given : [IMPLICIT_PRIMARY, ...given];
    this.objectives = all.map((objective) => ({ definition: objective, values: nothingKnown() }));
    this.primary = this.objectives.find((objective) => objective.definition.isPrimary) ?? { definition: IMPLICIT_PRIMARY, values: nothingKnown() };
  }

  get id(): string {
    return this.definition.id;
  }

  get sequencing(): Sequencing {
    return this.definition.sequencing;
  }

  get isLeaf(): boolean {
    return this.children.length === 0;
  }

  /** The activity and all above it, the root first. */
  get path(): readonly Activity[] {
    return this.parent ? [...this.parent.path, this] : [this];
  }

  get siblings(): readonly Activity[] {
    return this.parent?.available ?? [];
  }

  /** Its place among its siblings that take part; -1 when it does not. */
  get place(): number {
    return this.siblings.indexOf(this);
  }

  objective(id: string): LocalObjective | undefined {
    return this.objectives.find((objective) => objective.definition.id === id);
  }
}

/** Whether a map carries any of these values to its global objective. */
function writesOf(map: ObjectiveMap, change: Partial<ObjectiveValues>): boolean {
  return (
    (map.writeSatisfied && 'satisfied' in change) ||
    (map.writeMeasure && 'measure' in change) ||
    (map.writeCompletion && 'completed' in change) ||
    (map.writeProgress && 'progress' in change)
  );
}

/** The activities of a tree in document order. */
export const preorder = (activity: Activity): readonly Activity[] => [activity, ...activity.children.flatMap(preorder)];

/** The activities that take part, in the order in which they are walked through. */
const walk = (activity: Activity): readonly Activity[] => [activity, ...activity.available.flatMap(walk)];

/** The nearest activity above both, or one of them. */
export function commonAncestor(a: Activity, b: Activity): Activity {
  const above = new Set(a.path);
  return b.path.findLast((activity) => above.has(activity)) ?? a;
}

/** One sequencing session: the tree, and where the learner is in it. */
export class Session {
  readonly root: Activity;
  readonly byId: ReadonlyMap<string, Activity>;
  readonly globals = new Map<string, ObjectiveValues>();
  readonly random: () => number;
  /** Global objectives written since what reads them was rolled up. */
  readonly touched = new Set<string>();
  #order: ReadonlyMap<Activity, number> | null = null;
  current: Activity | null = null;
  suspended: Activity | null = null;

  constructor(definition: ActivityDefinition, random: () => number) {
    this.root = new Activity(definition, null);
    this.byId = new Map(preorder(this.root).map((activity) => [activity.id, activity]));
    this.random = random;
  }

  /** The place of each activity that takes part, in the order in which they are walked through. */
  get order(): ReadonlyMap<Activity, number> {
    this.#order ??= new Map(walk(this.root).map((activity, index) => [activity, index]));
    return this.#order;
  }

  /** To be told whenever other children take part, or in another order. */
  rearranged(): void {
    this.#order = null;
  }

  /** What is known of a local objective; where it reads a global one, what that says counts, if it says nothing too (SN 3.10). */
  read({ definition, values }: LocalObjective): Readonly<ObjectiveValues> {
    const seen = { ...values };
    for (const map of definition.maps) {
      const global = this.globals.get(map.target) ?? NOTHING_KNOWN;
      if (map.readSatisfied) seen.satisfied = global.satisfied;
      if (map.readMeasure) seen.measure = global.measure;
      if (map.readRaw) seen.raw = global.raw;
      if (map.readMin) seen.min = global.min;
      if (map.readMax) seen.max = global.max;
      if (map.readCompletion) seen.completed = global.completed;
      if (map.readProgress) seen.progress = global.progress;
    }
    return seen;
  }

  /** Sets values of a local objective, and of the global ones that it writes. */
  write(objective: LocalObjective, change: Partial<ObjectiveValues>): void {
    Object.assign(objective.values, change);
    for (const map of objective.definition.maps) if (writesOf(map, change)) this.touched.add(map.target);
    for (const map of objective.definition.maps) {
      const global = this.globals.get(map.target) ?? nothingKnown();
      if (map.writeSatisfied && 'satisfied' in change) global.satisfied = change.satisfied ?? null;
      if (map.writeMeasure && 'measure' in change) global.measure = change.measure ?? null;
      if (map.writeRaw && 'raw' in change) global.raw = change.raw ?? null;
      if (map.writeMin && 'min' in change) global.min = change.min ?? null;
      if (map.writeMax && 'max' in change) global.max = change.max ?? null;
      if (map.writeCompletion && 'completed' in change) global.completed = change.completed ?? null;
      if (map.writeProgress && 'progress' in change) global.progress = change.progress ?? null;
      if (Object.values(global).some((value) => value !== null) || this.globals.has(map.target)) this.globals.set(map.target, global);
    }
  }

  /** Sets the completion of an attempt; the objective that rolls up has it too (4th edition). */
  setCompletion(activity: Activity, change: { completed?: boolean | null; progress?: number | null }): void {
    if ('completed' in change) activity.completed = change.completed ?? null;
    if ('progress' in change) activity.progress = change.progress ?? null;
    this.write(activity.primary, change);
  }

  /**
   * Whether an attempt is complete, read through the objective that rolls up; or, where a rule names another objective
   * that knows of completion, what that says (4th edition, SN 4.2.1.5).
   */
  completionOf(activity: Activity, objective: LocalObjective = activity.primary): boolean | null {
    const seen = this.read(objective);
    if (objective !== activity.primary && (seen.completed !== null || objective.definition.maps.some(({ readCompletion }) => readCompletion)))
      return seen.completed;
    const { completedByMeasure, minProgressMeasure } = activity.definition.completion;
    const own = this.read(activity.primary);
    if (activity.isLeaf && completedByMeasure) {
      const progress = own.progress ?? activity.progress;
      return progress === null ? null : progress >= minProgressMeasure;
    }
    return own.completed ?? activity.completed;
  }

  progressOf(activity: Activity): number | null {
    return this.read(activity.primary).progress ?? activity.progress;
  }

  /** Whether an objective is satisfied; by measure, where it says so. */
  satisfactionOf(activity: Activity, objective: LocalObjective): boolean | null {
    const seen = this.read(objective);
    if (!objective.definition.satisfiedByMeasure) return seen.satisfied;
    // A cluster's was decided when its children rolled up: whether it may be while it is active is a question of its own.
    if (!activity.isLeaf && objective === activity.primary && seen.measure === objective.values.measure) return seen.satisfied;
    return seen.measure === null ? null : seen.measure >= objective.definition.minNormalizedMeasure;
  }
}
