import { isObject, type JsonObject } from '../../kernel/json.ts';
import type { ItemDefinition, ScormItem } from './manifest.ts';
import type { RunTimeReport, SeededObjective } from './sequencing/sequencer.ts';
import { secondsOf12, secondsOf2004, timeInterval, timespan } from './time.ts';

export type CmiEdition = '1.2' | '2004';

export interface Score {
  /** -1 to 1. */
  readonly scaled: number | null;
  readonly raw: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

export interface ObjectiveOutcome {
  readonly id: string;
  readonly completed: boolean | null;
  readonly satisfied: boolean | null;
  readonly score: Score;
  readonly progress: number | null;
}

export interface Interaction {
  readonly id: string;
  readonly type: string;
  readonly response: string;
  readonly result: string;
  readonly correct: readonly string[];
  /** As the edition writes it. */
  readonly latency: string;
  readonly description: string;
}

/** What a content object says of itself, whichever edition it speaks. */
export interface ScoOutcome {
  readonly completed: boolean | null;
  readonly satisfied: boolean | null;
  readonly score: Score;
  /** 0 to 1. */
  readonly progress: number | null;
  readonly exit: string;
  readonly sessionSeconds: number;
  readonly objectives: readonly ObjectiveOutcome[];
  readonly interactions: readonly Interaction[];
  readonly comments: readonly string[];
  /** 1.2: it was only looked at. */
  readonly isBrowsed: boolean;
}

/** Texts without what no statement and no address can hold: content may save any character. */
const cleaned = (text: string): string => text.replaceAll('\0', '').toWellFormed();

const textAt = (value: unknown, ...names: readonly string[]): string => {
  const found = names.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
  return typeof found === 'string' || typeof found === 'number' ? cleaned(String(found)) : '';
};

/** What content saved for itself goes back as it came, to the letter. */
const exactAt = (value: JsonObject, name: string): string => {
  const found = value[name];
  return typeof found === 'string' ? found : '';
};

const numberAt = (value: unknown, ...names: readonly string[]): number | null => {
  const text = textAt(value, ...names).trim();
  const number = Number(text);
  return text === '' || !Number.isFinite(number) ? null : number;
};

/** The elements of a collection, which is an object by index. */
const listAt = (value: unknown, name: string): readonly JsonObject[] => {
  const list = isObject(value) ? value[name] : undefined;
  return (Array.isArray(list) ? list : isObject(list) ? Object.values(list) : []).filter(isObject);
};

const within = (value: number | null, minimum: number, maximum: number): number | null => (value === null || value < minimum || value > maximum ? null : value);

const scoreAt = (value: unknown): Score => ({
  scaled: within(numberAt(value, 'score', 'scaled'), -1, 1),
  raw: numberAt(value, 'score', 'raw'),
  min: numberAt(value, 'score', 'min'),
  max: numberAt(value, 'score', 'max'),
});

/** What there is to choose in how 1.2 is judged. */
export interface Judging {
  /** Whether a raw score is one of 100, or of the highest that content names. */
  readonly scaledFrom: 'RAW' | 'RAW_OF_MAX';
  /** Whether the mastery score goes before what content says of passed and failed. */
  readonly masteryOverrides: boolean;
}

/** By the letter: scaled is raw / 100 (ADL's profile), and mastery decides (RTE 3.4.4). */
const BY_THE_LETTER: Judging = { scaledFrom: 'RAW', masteryOverrides: true };

/** A raw score in hundredths, which 1.2 has it in. */
function percentOf({ raw, max }: Score, { scaledFrom }: Judging): number | null {
  if (raw === null || scaledFrom === 'RAW' || max === null || max <= 0) return raw;
  return (raw * 100) / max;
}

function score12(value: unknown, judging: Judging): Score {
  const score = scoreAt(value);
  const percent = percentOf(score, judging);
  return { ...score, scaled: percent === null ? null : within(percent / 100, -1, 1) };
}

const COMPLETION = new Map([
  ['completed', true],
  ['incomplete', false],
  ['not attempted', false],
  ['passed', true],
  ['failed', true],
]);
const SUCCESS = new Map([
  ['passed', true],
  ['failed', false],
]);

function outcome12(cmi: unknown, item: Pick<ScormItem, 'masteryScore'>, isFinished: boolean, judging: Judging): ScoOutcome {
  const core = isObject(cmi) ? cmi['core'] : undefined;
  const score = score12(core, judging);
  const mastery = numberAt(item, 'masteryScore');
  const percent = percentOf(score, judging);
  let status = textAt(core, 'lesson_status');
  // Where content said nothing, the LMS assumes that it was gone through (RTE 3.4.4).
  if (isFinished && (status === '' || status === 'not attempted')) status = 'completed';
  const isDecided = !judging.masteryOverrides && SUCCESS.has(status);
  if (isFinished && mastery !== null && percent !== null && status !== 'browsed' && !isDecided) status = percent >= mastery ? 'passed' : 'failed';
  const judged = SUCCESS.get(status) ?? null;
  // What mastery may still decide otherwise is not known before it has.
  const isOpen = !isFinished && mastery !== null && !isDecided && judged !== (percent === null ? null : percent >= mastery);
  return {
    completed: status === 'failed' ? null : (COMPLETION.get(status) ?? null),
    satisfied: isOpen ? null : judged,
    score,
    progress: null,
    exit: textAt(core, 'exit'),
    sessionSeconds: secondsOf12(textAt(core, 'session_time')),
    objectives: listAt(cmi, 'objectives').map((one) => ({
      id: textAt(one, 'id'),
      completed: COMPLETION.get(textAt(one, 'status')) ?? null,
      satisfied: SUCCESS.get(textAt(one, 'status')) ?? null,
      score: score12(one, judging),
      progress: null,
    })),
    interactions: listAt(cmi, 'interactions').map((one) => interaction(one, 'student_response')),
    comments: [textAt(cmi, 'comments')].filter(Boolean),
    isBrowsed: status === 'browsed',
  };
}

const interaction = (one: JsonObject, response: string): Interaction => ({
  id: textAt(one, 'id'),
  type: textAt(one, 'type'),
  response: textAt(one, response),
  result: textAt(one, 'result'),
  correct: listAt(one, 'correct_responses').map((pattern) => textAt(pattern, 'pattern')),
  latency: textAt(one, 'latency'),
  description: textAt(one, 'description'),
});

const primaryOf = (item: Pick<ScormItem, 'sequencing'>) => item.sequencing.objectives.find(({ isPrimary }) => isPrimary);

function outcome2004(cmi: unknown, item: Pick<ScormItem, 'completion' | 'sequencing'>): ScoOutcome {
  const score = scoreAt(cmi);
  const progress = within(numberAt(cmi, 'progress_measure'), 0, 1);
  const primary = primaryOf(item);
  const { completedByMeasure, minProgressMeasure, mayBeSaid } = item.completion;
  const said = COMPLETION.get(textAt(cmi, 'completion_status')) ?? null;
  const byMeasure = progress === null ? (mayBeSaid ? said : null) : progress >= minProgressMeasure;
  const byScore = score.scaled === null ? null : score.scaled >= (primary?.minNormalizedMeasure ?? 1);
  return {
    completed: completedByMeasure ? byMeasure : said,
    satisfied: primary?.satisfiedByMeasure ? byScore : (SUCCESS.get(textAt(cmi, 'success_status')) ?? null),
    score,
    progress,
    exit: textAt(cmi, 'exit'),
    sessionSeconds: secondsOf2004(textAt(cmi, 'session_time')),
    objectives: listAt(cmi, 'objectives').map((one) => ({
      id: textAt(one, 'id'),
      completed: COMPLETION.get(textAt(one, 'completion_status')) ?? null,
      satisfied: SUCCESS.get(textAt(one, 'success_status')) ?? null,
      score: scoreAt(one),
      progress: within(numberAt(one, 'progress_measure'), 0, 1),
    })),
    interactions: listAt(cmi, 'interactions').map((one) => interaction(one, 'learner_response')),
    comments: listAt(cmi, 'comments_from_learner').map((one) => textAt(one, 'comment')),
    isBrowsed: false,
  };
}

/**
 * What the run-time data of a content object amounts to.
 * @param cmi the tree below `cmi`, collections by index; what is malformed counts as not said.
 * @param isFinished whether the object has ended its run: only then mastery decides (1.2).
 */
export const outcomeOf = (
  edition: CmiEdition,
  cmi: unknown,
  item: Pick<ScormItem, 'masteryScore' | 'completion' | 'sequencing'>,
  isFinished: boolean,
  judging: Judging = BY_THE_LETTER,
): ScoOutcome => (edition === '1.2' ? outcome12(cmi, item, isFinished, judging) : outcome2004(cmi, item));

/** Of what content spoke at all: who says that something is not known has said something, and nothing is assumed. */
export interface Said {
  /** `cmi.completion_status`, and that of the primary objective among `cmi.objectives`. */
  readonly completion: boolean;
  readonly objectiveCompletion: boolean;
  readonly success: boolean;
  readonly objectiveSuccess: boolean;
}

export const NOTHING_SAID: Said = { completion: false, objectiveCompletion: false, success: false, objectiveSuccess: false };

/**
 * An outcome as sequencing takes it. The primary objective can be spoken of in two places: by `cmi` itself, which goes
 * first where it was used, and among `cmi.objectives`.
 * @param before the outcome as the run began.
 */
export function reportOf(outcome: ScoOutcome, before: ScoOutcome | null, item: Pick<ScormItem, 'completion' | 'sequencing'>, said: Said): RunTimeReport {
  const primaryId = primaryOf(item)?.id ?? null;
  const twin = primaryId === null ? undefined : outcome.objectives.find(({ id }) => id === primaryId);
  const twinBefore = before?.objectives.find(({ id }) => id === primaryId);
  const pick = <T>(own: T, ownBefore: T | undefined, other: T | undefined, otherBefore: T | undefined): T =>
    other !== undefined && own === ownBefore && other !== otherBefore ? other : (own ?? other ?? own);
  const number = (name: keyof Score): number | null => pick(outcome.score[name], before?.score[name], twin?.score[name], twinBefore?.score[name]);
  const progress = pick(outcome.progress, before?.progress, twin?.progress, twinBefore?.progress);
  const { completedByMeasure, minProgressMeasure, mayBeSaid } = item.completion;
  const byMeasure = completedByMeasure && !(mayBeSaid && progress === null);
  const toldCompletion = said.completion ? outcome.completed : pick(outcome.completed, before?.completed, twin?.completed, twinBefore?.completed);
  return {
    saysCompletion: said.completion || said.objectiveCompletion,
    saysSuccess: said.success || said.objectiveSuccess,
    completed: !byMeasure ? toldCompletion : progress === null ? null : progress >= minProgressMeasure,
    satisfied: said.success ? outcome.satisfied : pick(outcome.satisfied, before?.satisfied, twin?.satisfied, twinBefore?.satisfied),
    measure: number('scaled'),
    raw: number('raw'),
    min: number('min'),
    max: number('max'),
    progress,
    objectives: outcome.objectives
      .filter(({ id }) => id !== primaryId)
      .map(({ id, completed, satisfied, score, progress: amount }) => ({
        id,
        completed,
        satisfied,
        measure: score.scaled,
        raw: score.raw,
        min: score.min,
        max: score.max,
        progress: amount,
      })),
  };
}

/** What an object begins a run with. */
export interface RunTerms {
  readonly learnerId: string;
  readonly learnerName: string;
  readonly mode: 'normal' | 'browse' | 'review';
  readonly totalSeconds: number;
  /** The run-time data of the run before, as far as it goes on; null begins anew. */
  readonly previous: unknown;
  /** Whether content left that run to be resumed. */
  readonly isResumed: boolean;
  /** What sequencing knows of its objectives (2004). */
  readonly objectives: readonly SeededObjective[];
  readonly language: string;
}

const status = (value: boolean | null, yes: string, no: string, unknown: string): string => (value === null ? unknown : value ? yes : no);
const numeral = (value: number | null): string => (value === null ? '' : String(value));

function seed12(item: ItemDefinition, terms: RunTerms): JsonObject {
  const old = isObject(terms.previous) ? terms.previous : null;
  const core = isObject(old?.['core']) ? old['core'] : {};
  return {
    ...(old && { suspend_data: exactAt(old, 'suspend_data'), objectives: old['objectives'] ?? {}, student_preference: old['student_preference'] ?? {} }),
    launch_data: item.dataFromLms ?? '',
    core: {
      ...(old && {
        lesson_location: exactAt(core, 'lesson_location'),
        lesson_status: textAt(core, 'lesson_status'),
        score: isObject(core['score']) ? core['score'] : {},
      }),
      student_id: terms.learnerId,
      student_name: terms.learnerName,
      credit: terms.mode === 'normal' ? 'credit' : 'no-credit',
      lesson_mode: terms.mode,
      entry: terms.isResumed ? 'resume' : old ? '' : 'ab-initio',
      total_time: timespan(terms.totalSeconds),
    },
    student_data: { mastery_score: item.masteryScore ?? '', max_time_allowed: item.maxTimeAllowed ?? '', time_limit_action: item.timeLimitAction ?? '' },
  };
}

function overlaid(old: JsonObject, fresh: JsonObject): JsonObject {
  const known = Object.entries(fresh).filter(([, value]) => value !== '' && value !== 'unknown' && !isObject(value));
  const score = Object.entries(isObject(fresh['score']) ? fresh['score'] : {}).filter(([, value]) => value !== '');
  return { ...old, ...Object.fromEntries(known), score: { ...(isObject(old['score']) ? old['score'] : {}), ...Object.fromEntries(score) } };
}

/** Objectives as content finds them: its own of the last run, with what sequencing knows by now. */
function seededObjectives(old: JsonObject | null, known: readonly SeededObjective[]): JsonObject {
  const list: JsonObject[] = old ? listAt(old, 'objectives').map((one) => ({ ...one })) : [];
  for (const objective of known) {
    const values: JsonObject = {
      id: objective.id,
      success_status: status(objective.satisfied, 'passed', 'failed', 'unknown'),
      completion_status: status(objective.completed, 'completed', 'incomplete', 'unknown'),
      progress_measure: numeral(objective.progress),
      score: { scaled: numeral(objective.measure), raw: numeral(objective.raw), min: numeral(objective.min), max: numeral(objective.max) },
    };
    const place = list.findIndex((one) => one['id'] === objective.id);
    // What content left goes on where sequencing knows nothing better.
    if (place === -1) list.push(values);
    else list[place] = overlaid(list[place] ?? {}, values);
  }
  return Object.fromEntries(list.map((one, index) => [String(index), one]));
}

function seed2004(item: ItemDefinition, terms: RunTerms): JsonObject {
  const old = isObject(terms.previous) ? terms.previous : null;
  const primary = primaryOf(item);
  const known = terms.objectives.find(({ isPrimary }) => isPrimary);
  return {
    ...(old && {
      location: exactAt(old, 'location'),
      suspend_data: exactAt(old, 'suspend_data'),
      completion_status: textAt(old, 'completion_status') || 'unknown',
      success_status: textAt(old, 'success_status') || 'unknown',
      progress_measure: textAt(old, 'progress_measure'),
      score: isObject(old['score']) ? old['score'] : {},
      interactions: old['interactions'] ?? {},
      comments_from_learner: old['comments_from_learner'] ?? {},
    }),
    ...(!old && known && { success_status: status(known.satisfied, 'passed', 'failed', 'unknown'), score: { scaled: numeral(known.measure) } }),
    objectives: seededObjectives(old, terms.objectives),
    learner_id: terms.learnerId,
    learner_name: terms.learnerName,
    learner_preference: isObject(old?.['learner_preference']) ? old['learner_preference'] : { language: terms.language },
    launch_data: item.dataFromLms ?? '',
    mode: terms.mode,
    credit: terms.mode === 'normal' ? 'credit' : 'no-credit',
    entry: terms.isResumed ? 'resume' : 'ab-initio',
    completion_threshold: item.completion.completedByMeasure ? String(item.completion.minProgressMeasure) : '',
    scaled_passing_score: primary?.satisfiedByMeasure ? String(primary.minNormalizedMeasure) : '',
    max_time_allowed: item.sequencing.maxTime ?? '',
    time_limit_action: item.timeLimitAction ?? 'continue,no message',
    total_time: timeInterval(terms.totalSeconds),
  };
}

/** The run-time data an object begins with: the tree below `cmi`. */
export const seedOf = (edition: CmiEdition, item: ItemDefinition, terms: RunTerms): JsonObject =>
  edition === '1.2' ? seed12(item, terms) : seed2004(item, terms);
