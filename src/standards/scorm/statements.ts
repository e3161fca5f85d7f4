import type { JsonObject } from '../../kernel/json.ts';
import type { CmiEdition, Interaction, ObjectiveOutcome, ScoOutcome, Score } from './run-time.ts';
import { secondsOf12, secondsOf2004, timeInterval } from './time.ts';

const VERBS = 'http://adlnet.gov/expapi/verbs/';
const TYPES = 'http://adlnet.gov/expapi/activities/';
const CATEGORY = { id: 'https://w3id.org/xapi/scorm', definition: { type: `${TYPES}profile` } };
const PROGRESS = 'https://w3id.org/xapi/cmi5/result/extensions/progress';

/** Where a run happens, in words of statements. */
export interface RunPlace {
  readonly agent: JsonObject;
  readonly registration: string;
  readonly courseIri: string;
  readonly courseName: Readonly<Record<string, string>>;
  readonly scoIri: string;
  readonly scoName: Readonly<Record<string, string>>;
  /** Identifies the attempt on the course. */
  readonly attemptId: string;
}

/** What happened since the last word. */
export interface RunEvents {
  readonly edition: CmiEdition;
  /** The outcome as it was told last; null before the first word. */
  readonly before: ScoOutcome | null;
  readonly after: ScoOutcome;
  readonly begins: 'initialized' | 'resumed' | null;
  readonly ends: 'suspended' | 'terminated' | null;
  /** Of the run, once it ends. */
  readonly seconds: number;
}

/** A statement without id and timestamp, under a key that is its own within the events. */
export interface KeyedStatement {
  readonly key: string;
  readonly statement: JsonObject;
}

const activity = (id: string, type: string, name?: Readonly<Record<string, string>>): JsonObject => ({
  objectType: 'Activity',
  id,
  definition: { type: `${TYPES}${type}`, ...(name && { name }) },
});

/** A score as xAPI takes it; null where nothing of it can be told. */
function scoreOf({ scaled, raw, min, max }: Score): JsonObject | null {
  const hasOrder = (min === null || max === null || min < max) && (raw === null || ((min === null || raw >= min) && (max === null || raw <= max)));
  const score = {
    ...(scaled !== null && { scaled }),
    ...(hasOrder && { ...(raw !== null && { raw }), ...(min !== null && { min }), ...(max !== null && { max }) }),
  };
  return Object.keys(score).length > 0 && (scaled !== null || (hasOrder && raw !== null)) ? score : null;
}

const sameScore = (a: Score | undefined, b: Score): boolean =>
  a !== undefined && a.scaled === b.scaled && a.raw === b.raw && a.min === b.min && a.max === b.max;

const withScore = (score: Score): JsonObject => {
  const value = scoreOf(score);
  return value ? { score: value } : {};
};

class Teller {
  readonly told: KeyedStatement[] = [];
  readonly #place: RunPlace;

  constructor(place: RunPlace) {
    this.#place = place;
  }

  tell(key: string, verb: string, object: JsonObject, result: JsonObject | null, isPart = false): void {
    const { agent, registration, courseIri, courseName, scoIri, scoName, attemptId } = this.#place;
    const grouping = [activity(courseIri, 'course', courseName), activity(`${scoIri}?attemptId=${attemptId}`, 'attempt')];
    this.told.push({
      key,
      statement: {
        actor: agent,
        verb: { id: `${VERBS}${verb}`, display: { en: verb } },
        object,
        ...(result && Object.keys(result).length > 0 && { result }),
        context: { registration, contextActivities: { category: [CATEGORY], grouping, ...(isPart && { parent: [activity(scoIri, 'lesson', scoName)] }) } },
      },
    });
  }
}

/** The responses of 1.2 in the delimiters of xAPI: `,` becomes `[,]` and `.` in pairs `[.]`. */
function response12(type: string, text: string): string {
  const inner = text.replace(/^\{(.*)\}$/s, '$1');
  if (type !== 'choice' && type !== 'matching' && type !== 'sequencing') return text;
  const parts = inner.split(',').map((part) => part.trim());
  return parts.map((part) => (type === 'matching' ? part.replace('.', '[.]') : part)).join('[,]');
}

/** Nobody thinks about a question for longer; what is said to be is not told. */
const MAX_LATENCY_S = 1e8;

const INTERACTION_TYPES = new Set(['true-false', 'choice', 'fill-in', 'long-fill-in', 'matching', 'performance', 'sequencing', 'likert', 'numeric', 'other']);

function tellInteraction(teller: Teller, { edition }: RunEvents, scoIri: string, one: Interaction, index: number): void {
  const type = INTERACTION_TYPES.has(one.type) ? one.type : 'other';
  const written = (text: string): string => (edition === '1.2' ? response12(type, text) : text);
  const correct = one.correct.filter(Boolean).map(written);
  const object = {
    objectType: 'Activity',
    id: `${scoIri}/interaction/${encodeURIComponent(one.id)}`,
    definition: {
      type: `${TYPES}cmi.interaction`,
      interactionType: type,
      ...(correct.length > 0 && { correctResponsesPattern: correct }),
      ...(one.description && { description: { und: one.description } }),
    },
  };
  const seconds = edition === '1.2' ? secondsOf12(one.latency) : secondsOf2004(one.latency);
  const success = one.result === 'correct' ? true : one.result === 'incorrect' || one.result === 'wrong' ? false : null;
  const result = {
    ...(one.response && { response: written(one.response) }),
    ...(success !== null && { success }),
    ...(one.latency && seconds < MAX_LATENCY_S && { duration: timeInterval(seconds) }),
  };
  teller.tell(`interaction ${index}`, 'responded', object, result, true);
}

function tellObjective(teller: Teller, scoIri: string, before: ObjectiveOutcome | undefined, after: ObjectiveOutcome, index: number): void {
  const object = activity(`${scoIri}/objective/${encodeURIComponent(after.id)}`, 'objective');
  const key = `objective ${index}`;
  if (after.completed === true && before?.completed !== true) teller.tell(`${key} completed`, 'completed', object, { completion: true }, true);
  if (after.satisfied !== null && after.satisfied !== before?.satisfied)
    teller.tell(`${key} success`, after.satisfied ? 'passed' : 'failed', object, { success: after.satisfied, ...withScore(after.score) }, true);
  else if (scoreOf(after.score) && !sameScore(before?.score, after.score)) teller.tell(`${key} scored`, 'scored', object, withScore(after.score), true);
}

/**
 * What happened in a run as statements, each change once.
 * @see ADL xAPI SCORM Profile
 */
export function statementsOfRun(place: RunPlace, events: RunEvents): readonly KeyedStatement[] {
  const { before, after, begins, ends, seconds } = events;
  const teller = new Teller(place);
  const sco = activity(place.scoIri, 'lesson', place.scoName);
  if (begins) teller.tell(begins, begins, sco, null);
  for (const [index, one] of after.interactions.entries()) {
    const old = before?.interactions[index];
    const isAnswered = one.id !== '' && (one.response !== '' || one.result !== '');
    if (isAnswered && (old?.id !== one.id || old.response !== one.response || old.result !== one.result))
      tellInteraction(teller, events, place.scoIri, one, index);
  }
  for (const [index, one] of after.objectives.entries()) {
    const old = before?.objectives[index];
    if (one.id !== '') tellObjective(teller, place.scoIri, old?.id === one.id ? old : before?.objectives.find(({ id }) => id === one.id), one, index);
  }
  for (const [index, comment] of after.comments.entries())
    if (comment !== '' && comment !== before?.comments[index]) teller.tell(`comment ${index}`, 'commented', sco, { response: comment });
  if (after.progress !== null && after.progress !== (before?.progress ?? null))
    teller.tell('progressed', 'progressed', sco, { extensions: { [PROGRESS]: Math.round(after.progress * 100) } });
  if (after.completed === true && before?.completed !== true) teller.tell('completed', 'completed', sco, { completion: true });
  const isJudged = after.satisfied !== null && after.satisfied !== (before?.satisfied ?? null);
  if (isJudged) teller.tell('success', after.satisfied ? 'passed' : 'failed', sco, { success: after.satisfied, ...withScore(after.score) });
  else if (scoreOf(after.score) && !sameScore(before?.score, after.score)) teller.tell('scored', 'scored', sco, withScore(after.score));
  if (ends === 'suspended') teller.tell('suspended', 'suspended', sco, { duration: timeInterval(seconds) });
  if (ends === 'terminated')
    teller.tell('terminated', 'terminated', sco, {
      ...(after.completed !== null && { completion: after.completed }),
      ...(after.satisfied !== null && { success: after.satisfied }),
      ...withScore(after.score),
      duration: timeInterval(seconds),
    });
  return teller.told;
}

/** What a course as a whole has become. */
export interface CourseOutcome {
  readonly completed: boolean | null;
  readonly satisfied: boolean | null;
  readonly measure: number | null;
}

/** The same about the course, as what its parts roll up to. */
export function statementsOfCourse(place: RunPlace, before: CourseOutcome, after: CourseOutcome): readonly KeyedStatement[] {
  const teller = new Teller(place);
  const course = activity(place.courseIri, 'course', place.courseName);
  if (after.completed === true && before.completed !== true) teller.tell('course completed', 'completed', course, { completion: true });
  if (after.satisfied !== null && after.satisfied !== before.satisfied)
    teller.tell('course success', after.satisfied ? 'passed' : 'failed', course, {
      success: after.satisfied,
      ...(after.measure !== null && { score: { scaled: after.measure } }),
    });
  return teller.told;
}
