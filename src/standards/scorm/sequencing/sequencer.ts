import { arrangeAll, beginAttempts, clearSuspended, endDescendants, terminate } from './attempts.ts';
import type { ActivityDefinition } from './model.ts';
import { navigation } from './navigation.ts';
import { choiceBarrier, sequence } from './requests.ts';
import { rollUp } from './rollup.ts';
import { actionOf, isBarred } from './rules.ts';
import { flow } from './traversal.ts';
import { type Activity, type LocalObjective, nothingKnown, type ObjectiveValues, preorder, Session } from './tree.ts';

export interface SequencerOptions {
  /** A number from 0 up to 1. */
  readonly random: () => number;
  readonly keepsGlobals: boolean;
}

/** What the learner or the content asks for; a choice and a jump name their target. */
export type NavigationRequest =
  | { readonly kind: 'start' | 'resumeAll' | 'continue' | 'previous' | 'exit' | 'exitAll' | 'abandon' | 'abandonAll' | 'suspendAll' }
  | { readonly kind: 'choice' | 'jump'; readonly target: string };

/** What became of a request. */
export interface Outcome {
  /** The activity to show now; null where nothing new is. */
  readonly delivered: string | null;
  /** Whether the course is over for now. */
  readonly hasEnded: boolean;
  /** Why nothing came of it, as the standard numbers exceptions. */
  readonly exception: string | null;
}

/** What the run-time of a content object says; absent is not said, null is not known. */
export interface RunTimeReport {
  /** Whether content spoke of its completion and its success at all, if only to say that they are not known. */
  readonly saysCompletion?: boolean;
  readonly saysSuccess?: boolean;
  readonly completed?: boolean | null;
  readonly satisfied?: boolean | null;
  readonly measure?: number | null;
  readonly raw?: number | null;
  readonly min?: number | null;
  readonly max?: number | null;
  readonly progress?: number | null;
  readonly objectives?: readonly ({ readonly id: string } & Partial<ObjectiveValues>)[];
}

/** An objective as content finds it when it begins. */
export type SeededObjective = { readonly id: string; readonly isPrimary: boolean } & Readonly<ObjectiveValues>;

/** Everything that must outlive a session; plain JSON. */
export interface SequencingState {
  readonly current: string | null;
  readonly suspended: string | null;
  readonly globals: Readonly<Record<string, ObjectiveValues>>;
  readonly activities: Readonly<Record<string, ActivityState>>;
}

interface ActivityState {
  readonly attemptCount: number;
  readonly attemptOfParent: number;
  readonly saidCompletion: boolean;
  readonly saidSuccess: boolean;
  readonly isActive: boolean;
  readonly isSuspended: boolean;
  readonly completed: boolean | null;
  readonly progress: number | null;
  readonly available: readonly string[];
  readonly objectives: readonly ObjectiveValues[];
}

const OBJECTIVE_KEYS = ['satisfied', 'measure', 'raw', 'min', 'max', 'completed', 'progress'] as const;

/** The values of an objective that a report names. */
function changesOf(report: Partial<ObjectiveValues>): Partial<ObjectiveValues> {
  return Object.fromEntries(OBJECTIVE_KEYS.flatMap((key) => (report[key] === undefined ? [] : [[key, report[key]]])));
}

/** What an objective is satisfied by measure alone has no other word for it. */
function judged({ definition }: LocalObjective, change: Partial<ObjectiveValues>): Partial<ObjectiveValues> {
  if (!definition.satisfiedByMeasure) return change;
  const { measure, satisfied: _said, ...others } = change;
  return measure === undefined ? others : { ...others, measure, satisfied: measure === null ? null : measure >= definition.minNormalizedMeasure };
}

/**
 * One learner's way through a course: the overall sequencing process (OP.1) and what it stands on.
 *
 * Pure: no clock, no storage; chance is handed in. The same code runs wherever a course is played.
 * @see SCORM 2004 4th Edition, Sequencing and Navigation; pseudo code by its numbers
 */
export class Sequencer {
  readonly #definition: ActivityDefinition;
  readonly #options: SequencerOptions;
  readonly #session: Session;

  /** @param options.keepsGlobals whether global objectives outlive an attempt on the whole (objectivesGlobalToSystem). */
  constructor(definition: ActivityDefinition, options: SequencerOptions, state?: SequencingState) {
    this.#definition = definition;
    this.#options = options;
    const { random } = options;
    this.#session = new Session(definition, random);
    if (state) this.#restore(state);
    else arrangeAll(this.#session);
  }

  /** The activity the learner is at; null before the first and after the last. */
  get current(): string | null {
    return this.#session.current?.id ?? null;
  }

  get suspended(): string | null {
    return this.#session.suspended?.id ?? null;
  }

  /** Whether the learner is inside an attempt on the activity they are at. */
  get isRunning(): boolean {
    return this.#session.current?.isActive ?? false;
  }

  /** What the activity that runs says; it counts at once. */
  report(report: RunTimeReport): void {
    const session = this.#session;
    const activity = session.current;
    if (!activity?.isLeaf || !activity.sequencing.tracked) return;
    activity.saidCompletion ||= report.saysCompletion ?? false;
    activity.saidSuccess ||= report.saysSuccess ?? false;
    const { completed, progress } = report;
    session.setCompletion(activity, { ...(completed !== undefined && { completed }), ...(progress !== undefined && { progress }) });
    const { satisfied, measure, raw, min, max } = report;
    session.write(activity.primary, judged(activity.primary, changesOf({ satisfied, measure, raw, min, max } as Partial<ObjectiveValues>)));
    for (const { id, ...values } of report.objectives ?? []) {
      const objective = activity.objective(id);
      if (objective) session.write(objective, judged(objective, changesOf(values)));
    }
  }

  /** Says that content left the attempt that runs to be resumed. */
  suspendCurrent(isSuspended: boolean): void {
    if (this.#session.current?.isLeaf) this.#session.current.isSuspended = isSuspended;
  }

  /** Leaves nothing to be gone on with: the attempt on the whole is over, whatever content wanted to be resumed. */
  dropSuspended(): void {
    this.#session.suspended = null;
    for (const activity of this.#session.byId.values()) activity.isSuspended = false;
  }

  /** Brings what is above the current activity up to date, while it still runs. */
  rollUp(): void {
    if (this.#session.current) rollUp(this.#session, this.#session.current);
  }

  /** The objectives of an activity as content finds them. */
  objectivesOf(id: string): readonly SeededObjective[] {
    const activity = this.#session.byId.get(id);
    return (activity?.objectives ?? []).flatMap((objective) => {
      const { id: name, isPrimary } = objective.definition;
      if (name === null || !activity) return [];
      return [{ id: name, isPrimary, ...this.#session.read(objective), satisfied: this.#session.satisfactionOf(activity, objective) }];
    });
  }

  /** What is known of an activity as a whole. */
  statusOf(id: string): {
    readonly completed: boolean | null;
    readonly satisfied: boolean | null;
    readonly measure: number | null;
    readonly progress: number | null;
    readonly attempts: number;
  } {
    const session = this.#session;
    const activity = session.byId.get(id);
    if (!activity) return { completed: null, satisfied: null, measure: null, progress: null, attempts: 0 };
    return {
      completed: session.completionOf(activity),
      satisfied: session.satisfactionOf(activity, activity.primary),
      measure: session.read(activity.primary).measure,
      progress: session.progressOf(activity),
      attempts: activity.attemptCount,
    };
  }

  /**
   * Begins, or goes on where the learner left. Where the course does not flow and nothing is chosen for the learner, the
   * first activity that can be chosen is: real packages of one object say nothing of flow.
   */
  begin(): Outcome {
    const outcome = this.navigate({ kind: this.suspended === null ? 'start' : 'resumeAll' });
    if (outcome.delivered !== null || outcome.hasEnded) return outcome;
    const choices = this.choices();
    const first = preorder(this.#session.root).find((activity) => activity.isLeaf && choices.has(activity.id));
    return first ? this.navigate({ kind: 'choice', target: first.id }) : outcome;
  }

  /** OP.1: processes a request from beginning to end. */
  navigate(request: NavigationRequest): Outcome {
    const session = this.#session;
    const target = 'target' in request ? (session.byId.get(request.target) ?? null) : null;
    const asked = navigation(session, request.kind, target);
    if (asked.exception) return { delivered: null, hasEnded: false, exception: asked.exception };
    let follows = asked.sequencing;
    let goal = asked.target;
    if (asked.termination) {
      const ended = terminate(session, asked.termination);
      if (ended.exception) return { delivered: null, hasEnded: false, exception: ended.exception };
      // What a rule asks for goes before what the learner asked for.
      if (ended.request) {
        follows = ended.request;
        goal = null;
      }
    }
    return follows === null ? { delivered: null, hasEnded: false, exception: null } : this.#sequence(follows, goal);
  }

  #sequence(request: string, target: Activity | null): Outcome {
    const session = this.#session;
    // Whoever left a part to be resumed goes on with the attempt on the whole.
    const begins = request === 'start' || (request === 'choice' && session.current === null);
    const isNewAttempt = (begins && !session.root.isSuspended) || (request === 'retry' && session.current === session.root);
    if (isNewAttempt && !this.#options.keepsGlobals) session.globals.clear();
    const result = sequence(session, request, target);
    if (result.exception) return { delivered: null, hasEnded: false, exception: result.exception };
    if (result.endsSession) {
      session.current = null;
      return { delivered: null, hasEnded: true, exception: null };
    }
    return result.activity ? this.#deliver(result.activity) : { delivered: null, hasEnded: false, exception: null };
  }

  /** DB.1.1 and DB.2. */
  #deliver(activity: Activity): Outcome {
    const session = this.#session;
    const exception = deliveryBarrier(session, activity);
    if (exception) return { delivered: null, hasEnded: false, exception };
    if (session.current?.isActive) return { delivered: null, hasEnded: false, exception: 'DB.2-1' };
    clearSuspended(session, activity);
    endDescendants(session, activity);
    beginAttempts(activity);
    session.current = activity;
    return { delivered: activity.id, hasEnded: false, exception: null };
  }

  /** What a request would lead to, were it made now. Nothing changes. */
  lookAhead(request: NavigationRequest): Outcome {
    return this.#copy().navigate(request);
  }

  /** Whether a request would lead to something, were it made now. Nothing changes. */
  isValid(request: NavigationRequest): boolean {
    return this.lookAhead(request).exception === null;
  }

  /** Whether an activity has a place in a table of contents now: one that cannot be chosen for a lasting reason has none. */
  isShown(id: string): boolean {
    const activity = this.#session.byId.get(id);
    if (!activity?.definition.isVisible || !this.takesPart(id)) return false;
    const isHidden = (one: Activity): boolean => actionOf(this.#session, one, one.sequencing.preRules, ['hiddenFromChoice']) !== null;
    return !activity.path.some(isHidden) && (activity.parent?.sequencing.choice ?? true);
  }

  /** Whether an activity is in this attempt at all: selection may have left it out. */
  takesPart(id: string): boolean {
    const activity = this.#session.byId.get(id);
    return activity !== undefined && this.#session.order.has(activity);
  }

  /** The activities that can be chosen now, of those that are shown. */
  choices(): ReadonlySet<string> {
    const session = this.#session;
    const isCandidate = (activity: Activity): boolean => activity.definition.isVisible && navigation(session, 'choice', activity).exception === null;
    const candidates = preorder(session.root).filter(isCandidate);
    if (candidates.length === 0) return new Set();
    const copy = this.#copy();
    const { current } = copy.#session;
    // What a choice finds when the attempt that runs has ended; a rule may lead elsewhere, and then nothing is chosen.
    if (current?.isActive && terminate(copy.#session, 'exit').request !== null) return new Set();
    return new Set(candidates.filter(({ id }) => canChoose(copy.#session, id)).map(({ id }) => id));
  }

  #copy(): Sequencer {
    return new Sequencer(this.#definition, this.#options, this.state());
  }

  /** Global objectives by id. */
  globals(): Readonly<Record<string, ObjectiveValues>> {
    return Object.fromEntries([...this.#session.globals].map(([id, values]) => [id, { ...values }]));
  }

  /** Takes over global objectives, from another course or an earlier attempt. */
  setGlobals(globals: Readonly<Record<string, Partial<ObjectiveValues>>>): void {
    for (const [id, values] of Object.entries(globals)) this.#session.globals.set(id, { ...nothingKnown(), ...values });
  }

  /** Forgets global objectives: another than this course has the say in what they are. */
  forgetGlobals(ids: readonly string[]): void {
    for (const id of ids) this.#session.globals.delete(id);
  }

  /** Everything that must be kept to go on later. */
  state(): SequencingState {
    const { current, suspended, byId } = this.#session;
    const activities = [...byId].map(([id, activity]) => [
      id,
      {
        attemptCount: activity.attemptCount,
        attemptOfParent: activity.attemptOfParent,
        saidCompletion: activity.saidCompletion,
        saidSuccess: activity.saidSuccess,
        isActive: activity.isActive,
        isSuspended: activity.isSuspended,
        completed: activity.completed,
        progress: activity.progress,
        available: activity.available.map((child) => child.id),
        objectives: activity.objectives.map(({ values }) => ({ ...values })),
      },
    ]);
    return {
      current: current?.id ?? null,
      suspended: suspended?.id ?? null,
      globals: this.globals(),
      activities: Object.fromEntries(activities) as Readonly<Record<string, ActivityState>>,
    };
  }

  #restore({ current, suspended, globals, activities }: SequencingState): void {
    const session = this.#session;
    for (const [id, state] of Object.entries(activities)) {
      const activity = session.byId.get(id);
      if (!activity) continue;
      const { available, objectives, ...tracking } = state;
      Object.assign(activity, tracking);
      activity.available = available.flatMap((child) => session.byId.get(child) ?? []);
      for (const [index, values] of objectives.entries()) Object.assign(activity.objectives[index]?.values ?? {}, values);
    }
    this.setGlobals(globals);
    session.rearranged();
    session.current = session.byId.get(current ?? '') ?? null;
    session.suspended = session.byId.get(suspended ?? '') ?? null;
  }
}

/** DB.1.1: why an activity cannot be delivered. */
function deliveryBarrier(session: Session, activity: Activity): string | null {
  if (!activity.isLeaf) return 'DB.1.1-1';
  return activity.path.some((one) => isBarred(session, one)) ? 'DB.1.1-3' : null;
}

function canChoose(session: Session, id: string): boolean {
  const target = session.byId.get(id);
  if (!target || choiceBarrier(session, target) !== null) return false;
  const goal = target.isLeaf ? target : flow(session, target, 'forward', true).activity;
  return goal !== null && deliveryBarrier(session, goal) === null;
}
