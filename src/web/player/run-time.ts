import type { CurrentRun, PlayerView, RunLimits, SaidFlags, SharedStore } from '../../standards/scorm/play.ts';
import { getShared, isSharedElement, type SharedResult, setShared } from './shared-data.ts';

type Tree = Readonly<Record<string, unknown>>;

/** What scorm-again gives us, as far as we use it: the data model, its rules and its error codes. */
interface Library {
  readonly cmi: object;
  readonly adl?: { readonly nav: { request: string } };
  loadFromJSON(json: object, path: string): void;
  [method: string]: unknown;
}

interface Libraries {
  readonly Scorm12API?: new (settings: object) => Library;
  readonly Scorm2004API?: new (settings: object) => Library;
}

/** All that content has said, at one moment. */
export interface Snapshot {
  readonly cmi: Tree;
  readonly said: SaidFlags;
  readonly shared: Readonly<Record<string, string>>;
  /** What it asks to come next (2004). */
  readonly request: string;
}

/** What a run tells the player. */
export interface RunListener {
  /** Content asked for its data to be saved, or it is time to. @returns whether it is safe. */
  save(isFinished: boolean, said: Snapshot): boolean;
  log(line: string): void;
  /** Whether a request of content would lead somewhere. */
  isValid(request: string): boolean;
}

const SETTINGS = { autocommit: false, lmsCommitUrl: false, logLevel: 5, autoCompleteLessonStatus: false, mastery_override: false, selfReportSessionTime: true };

/** Elements that hold others: the library would put a text in their place, and lose all that is in them. */
const CONTAINER =
  /^(?:cmi|adl)$|^(?:cmi|adl)(?:\..*)?\.(?:\d+|objectives|interactions|score|core|learner_preference|student_preference|student_data|comments_from_learner|comments_from_lms|correct_responses|nav|data|request_valid)$/;

/** Most characters of suspend data that the library takes, and that we take of a place without its limit. */
const LONG_TEXT = 64_000;
/** What content may leave of a place, and 1.2 of a score, where the limits of the standard do not hold. */
const LAX = /^cmi\.(?:location|core\.lesson_location|core\.score\.(?:raw|min|max))$/;
const NUMERAL = /^-?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})$/;

/** Where the library keeps what it checks on the way in, by the names under which it does. */
interface Held {
  readonly score: Record<string, string>;
  [name: string]: unknown;
}

/** Time after a change until it is saved without being asked. */
const AUTOSAVE_MS = 10_000;
/** Where a learner may go next hangs on these: they do not wait for long. */
const STATUS = /_status$|\.score\.|\.progress_measure$/;
const STATUS_SAVE_MS = 1_000;

/** One run of a content object: the API it finds, and what it said there. */
export class RunTime {
  readonly run: CurrentRun;
  readonly #library: Library;
  readonly #listener: RunListener;
  readonly #is12: boolean;
  readonly #said = { completion: false, objectiveCompletion: false, success: false, objectiveSuccess: false };
  readonly #shared: readonly SharedStore[];
  readonly #limits: RunLimits;
  /** The error of the last call, where the library did not answer it. */
  #error: string | null = null;
  #isRunning = false;
  #isFinished = false;
  /** Whether its time is over: however content ends it now, it ends by that. */
  #isTimedOut = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires, on the page's clock. */
  #due = 0;

  constructor(view: PlayerView, run: CurrentRun, listener: RunListener) {
    this.run = run;
    this.#listener = listener;
    this.#shared = run.shared.map((one) => ({ ...one }));
    this.#is12 = view.edition === '1.2';
    this.#limits = view.limits;
    const { Scorm12API, Scorm2004API } = globalThis as unknown as Libraries;
    const Api = this.#is12 ? Scorm12API : Scorm2004API;
    if (!Api) throw new Error('the run-time library is missing');
    this.#library = new Api(SETTINGS);
    this.#library['apiLog'] = () => undefined;
    const cmi = structuredClone(run.cmi);
    const places = takePlaces(cmi, this.#is12);
    this.#library.loadFromJSON(cmi, 'cmi');
    // What the library would not take comes back as it was saved, whatever the limits are by now.
    for (const [element, value] of places) this.#put(element, value);
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Says that the time of the run is over; what content still saves as it is taken away is taken. */
  callTime(): void {
    this.#isTimedOut = true;
  }

  /** Ends the run, where content has not. */
  finish(): void {
    if (this.#isRunning) this.#end(this.snapshot);
  }

  get snapshot(): Snapshot {
    const stored = this.#shared.flatMap(({ id, store }) => (store === null ? [] : [[id, store] as const]));
    const request = this.#library.adl?.nav.request ?? '';
    return {
      cmi: this.#isTimedOut ? this.#leftByTime(this.#cmi) : this.#cmi,
      said: { ...this.#said },
      shared: Object.fromEntries(stored),
      request: this.#isTimedOut ? '' : request,
    };
  }

  /** The tree below `cmi`, as it is now. */
  get #cmi(): Tree {
    return JSON.parse(JSON.stringify(this.#library.cmi)) as Tree;
  }

  #leftByTime(cmi: Tree): Tree {
    return this.#is12 ? { ...cmi, core: { ...(cmi['core'] as Tree), exit: 'time-out' } } : { ...cmi, exit: 'time-out' };
  }

  #call(name: string, ...parameters: readonly string[]): string {
    if (name !== 'GetErrorString' && name !== 'GetDiagnostic') this.#error = null;
    const method = this.#library[name] as (...values: readonly string[]) => string;
    const result = String(method.apply(this.#library, [...parameters]));
    this.#listener.log(`${name}(${parameters.map((one) => JSON.stringify(one.slice(0, 200))).join(', ')}) = ${JSON.stringify(result.slice(0, 200))}`);
    return result;
  }

  #initialize(name: string, parameter: string): string {
    const result = this.#call(name, parameter);
    if (result === 'true') this.#isRunning = true;
    return result;
  }

  #finish(name: string, parameter: string): string {
    // Before the library ends: what it tells afterwards is no longer all there.
    const wasRunning = this.#isRunning && !this.#isFinished;
    const { snapshot } = this;
    const result = this.#call(name, parameter);
    if (result === 'true' && wasRunning) this.#end(snapshot);
    return result;
  }

  #end(snapshot: Snapshot): void {
    clearTimeout(this.#timer);
    this.#isFinished = true;
    this.#isRunning = false;
    this.#listener.save(true, snapshot);
  }

  #commit(name: string, parameter: string): string {
    const result = this.#call(name, parameter);
    if (result !== 'true' || !this.#isRunning) return result;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#listener.save(false, this.snapshot) ? 'true' : 'false';
  }

  #set(name: string, element: string, value: string): string {
    const own = this.#isRunning ? this.#setOwn(element, value) : null;
    const result = own === null ? this.#call(name, element, value) : this.#answer(own);
    if (result !== 'true') return result;
    this.#noteSaid(element);
    this.#saveWithin(STATUS.test(element) ? STATUS_SAVE_MS : AUTOSAVE_MS);
    return result;
  }

  #saveWithin(ms: number): void {
    const due = performance.now() + ms;
    if (this.#timer !== undefined && this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#autosave(), ms);
  }

  #autosave(): void {
    this.#timer = undefined;
    if (this.#isRunning) this.#listener.save(false, this.snapshot);
  }

  /** Notes of what content spoke: to say that something is not known is to say something. */
  #noteSaid(element: string): void {
    if (element === 'cmi.completion_status' || element === 'cmi.core.lesson_status') this.#said.completion = true;
    if (element === 'cmi.success_status') this.#said.success = true;
    const match = /^cmi\.objectives\.(\d+)\.(completion|success)_status$/.exec(element);
    if (!match || this.run.primaryObjective === null) return;
    const objectives = this.#cmi['objectives'] as Record<string, { id?: string } | undefined> | undefined;
    if (objectives?.[match[1] ?? '']?.id !== this.run.primaryObjective) return;
    if (match[2] === 'completion') this.#said.objectiveCompletion = true;
    else this.#said.objectiveSuccess = true;
  }

  /** What is set without the library; null leaves it to it. */
  #setOwn(element: string, value: string): SharedResult | null {
    if (isSharedElement(element)) return setShared(this.#shared, element, value);
    if (CONTAINER.test(element)) return { value: 'false', error: '401' };
    const isSuspendData = element === 'cmi.suspend_data';
    if (isSuspendData && value.length > this.#limits.suspendData) return this.#mistyped;
    // The library refuses what real content does: to forget the bookmark (RTE 4.2.15).
    const isForgotten = element === 'cmi.location' && value === '' && !this.#is12;
    if (!isForgotten && !(isSuspendData && value.length > LONG_TEXT) && !this.#isLax(element, value)) return null;
    this.#put(element, value);
    return { value: 'true', error: '0' };
  }

  /** What a value gets that is none for its element. */
  get #mistyped(): SharedResult {
    return { value: 'false', error: this.#is12 ? '405' : '406' };
  }

  #isLax(element: string, value: string): boolean {
    if (this.#limits.isStrict || !LAX.test(element) || this.#is12 !== element.startsWith('cmi.core.')) return false;
    return element.includes('.score.') ? NUMERAL.test(value) : value.length <= LONG_TEXT;
  }

  /** Keeps a value where the library would, past its limits. */
  #put(element: string, value: string): void {
    const { core, content } = this.#library.cmi as { readonly core?: Held; readonly content?: Held };
    const held = core ?? content;
    if (!held) return;
    const name = `_${element.split('.').at(-1)}`;
    if (element.includes('.score.')) held.score[name] = value;
    else held[name] = value;
  }

  #answer({ value, error }: SharedResult): string {
    this.#error = error;
    return value;
  }

  #lastError(name: string): string {
    return this.#error ?? this.#call(name);
  }

  #get(name: string, element: string): string {
    const request = /^adl\.nav\.request_valid\.(.+)$/.exec(element)?.[1];
    if (this.#isRunning && isSharedElement(element)) return this.#answer(getShared(this.#shared, element));
    if (this.#isRunning && CONTAINER.test(element)) return this.#answer({ value: '', error: '401' });
    if (request === undefined) return this.#call(name, element);
    return String(this.#listener.isValid(request));
  }

  /** The object that content looks for in the windows around it. */
  get api(): object {
    const plain = (name: string) => (parameter: unknown) => this.#call(name, text(parameter));
    return this.#is12
      ? {
          LMSInitialize: (parameter: unknown) => this.#initialize('LMSInitialize', text(parameter)),
          LMSFinish: (parameter: unknown) => this.#finish('LMSFinish', text(parameter)),
          LMSGetValue: (element: unknown) => this.#get('LMSGetValue', text(element)),
          LMSSetValue: (element: unknown, value: unknown) => this.#set('LMSSetValue', text(element), text(value)),
          LMSCommit: (parameter: unknown) => this.#commit('LMSCommit', text(parameter)),
          LMSGetLastError: () => this.#lastError('LMSGetLastError'),
          LMSGetErrorString: plain('LMSGetErrorString'),
          LMSGetDiagnostic: plain('LMSGetDiagnostic'),
        }
      : {
          version: '1.0',
          Initialize: (parameter: unknown) => this.#initialize('Initialize', text(parameter)),
          Terminate: (parameter: unknown) => this.#finish('Terminate', text(parameter)),
          GetValue: (element: unknown) => this.#get('GetValue', text(element)),
          SetValue: (element: unknown, value: unknown) => this.#set('SetValue', text(element), text(value)),
          Commit: (parameter: unknown) => this.#commit('Commit', text(parameter)),
          GetLastError: () => this.#lastError('GetLastError'),
          GetErrorString: plain('GetErrorString'),
          GetDiagnostic: plain('GetDiagnostic'),
        };
  }
}

const SAVED_12 = ['cmi.suspend_data', 'cmi.core.lesson_location', 'cmi.core.score.raw', 'cmi.core.score.min', 'cmi.core.score.max'];
const SAVED_2004 = ['cmi.suspend_data', 'cmi.location'];

type Branch = Record<string, unknown>;

/** Takes what was saved of the elements that limits are about out of a tree. */
function takePlaces(cmi: object, is12: boolean): readonly (readonly [string, string])[] {
  return (is12 ? SAVED_12 : SAVED_2004).flatMap((element) => {
    const path = element.split('.').slice(1);
    const name = path.pop() ?? '';
    const holder = path.reduce<Branch | undefined>((inner, one) => inner?.[one] as Branch | undefined, cmi as Branch);
    const value = holder?.[name];
    if (!holder || typeof value !== 'string' || value === '') return [];
    delete holder[name];
    return [[element, value] as const];
  });
}

/** Content passes whatever it likes where a text is due: `null`, numbers, nothing. */
const text = (value: unknown): string => (value === undefined || value === null ? '' : `${value as string}`);
