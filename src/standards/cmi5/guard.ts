import type { Violation } from '../../kernel/errors.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { identifierOf, isLanguageTag } from '../xapi/index.ts';
import type { MoveOn } from './structure.ts';
import { CMI5_CATEGORY, CMI5_EXTENSIONS, CMI5_VERBS, type Cmi5Verb, type LaunchMode, MOVE_ON_CATEGORY } from './vocabulary.ts';

/** What an AU was told at launch, and must repeat. */
export interface SessionTerms {
  readonly sessionId: string;
  readonly registration: string;
  /** The activity id that the LMS made for the AU. */
  readonly activityId: string;
  readonly publisherId: string;
  readonly account: { readonly homePage: string; readonly name: string };
  readonly mode: LaunchMode;
  readonly moveOn: MoveOn;
  readonly masteryScore: number | null;
}

/** What has happened in a session, and before it in the registration. */
export interface SessionState {
  readonly verbs: ReadonlySet<Cmi5Verb>;
  readonly readPreferences: boolean;
  /** Timestamp of `terminated`, in milliseconds. */
  readonly terminatedAt: number | null;
  readonly isCompleted: boolean;
  readonly isPassed: boolean;
}

/** The verbs an AU may send as cmi5 defined statements. */
const OF_AU: ReadonlySet<Cmi5Verb> = new Set(['initialized', 'completed', 'passed', 'failed', 'terminated']);
const OUTSIDE_NORMAL: ReadonlySet<Cmi5Verb> = new Set(['initialized', 'terminated']);
const VOIDED = 'http://adlnet.gov/expapi/verbs/voided';

const member = (value: unknown, ...names: readonly string[]): unknown =>
  names.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);

const activityIds = (statement: JsonObject, list: string): readonly unknown[] => {
  const value = member(statement, 'context', 'contextActivities', list);
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map((activity) => member(activity, 'id'));
};

/** The cmi5 verb of a statement, whatever its category. */
export const verbOf = (statement: JsonObject): Cmi5Verb | null => {
  const id = member(statement, 'verb', 'id');
  return (Object.keys(CMI5_VERBS) as Cmi5Verb[]).find((verb) => CMI5_VERBS[verb] === id) ?? null;
};

/** Whether a statement is cmi5 defined: by its category, never by its verb, which other profiles use too (7.1.3). */
const isCmi5Defined = (statement: JsonObject): boolean => activityIds(statement, 'category').includes(CMI5_CATEGORY);

/** The verb of a cmi5 defined statement; null for an allowed one. */
export const definedVerb = (statement: JsonObject): Cmi5Verb | null => (isCmi5Defined(statement) ? verbOf(statement) : null);

type Refuse = (path: string, section: string, message: string) => void;

function checkIdentity(statement: JsonObject, terms: SessionTerms, refuse: Refuse): void {
  if (typeof statement['id'] !== 'string') refuse('/id', '9.1', 'a statement must have an id');
  const timestamp = statement['timestamp'];
  if (typeof timestamp !== 'string') refuse('/timestamp', '9.7', 'a statement must have a timestamp');
  else if (!/(?:Z|[+-]00:?00)$/.test(timestamp)) refuse('/timestamp', '9.7', 'the timestamp must be in UTC');
  const actor = identifierOf(statement['actor']);
  const isActor = actor?.kind === 'account' && actor.homePage === terms.account.homePage && actor.value === terms.account.name;
  if (!isActor || member(statement, 'actor', 'objectType') === 'Group') refuse('/actor', '9.2', 'the actor must be the agent of the launch');
  const registration = member(statement, 'context', 'registration');
  if (typeof registration !== 'string' || registration.toLowerCase() !== terms.registration)
    refuse('/context/registration', '9.6.1', 'the registration must be that of the launch');
  const extensions = member(statement, 'context', 'extensions');
  if (member(extensions, CMI5_EXTENSIONS.sessionId) !== terms.sessionId)
    refuse('/context/extensions', '9.6.3.1', 'the session id must be that of the context template');
  if (!activityIds(statement, 'grouping').includes(terms.publisherId))
    refuse('/context/contextActivities/grouping', '9.6.2.3', 'the grouping must hold the publisher id of the context template');
}

function checkOrder(verb: Cmi5Verb | null, statement: JsonObject, state: SessionState, refuse: Refuse): void {
  const { verbs } = state;
  if (verb !== 'initialized' && !verbs.has('initialized')) refuse('/verb/id', '9.3.2', 'the first statement of a session must be initialized');
  const timestamp = statement['timestamp'];
  // What was said before, and only came later, is taken while the session still listens.
  if (verbs.has('terminated') && !(typeof timestamp === 'string' && Date.parse(timestamp) <= (state.terminatedAt ?? 0)))
    refuse('/verb/id', '9.3.8', 'terminated must be the last statement of a session');
  if (verb === null) return;
  if (verb === 'initialized' && !state.readPreferences) refuse('/verb/id', '11.0', 'the learner preferences must be read before initialized');
  if (verbs.has(verb)) refuse('/verb/id', '9.3', `${verb} may be sent once in a session`);
  if ((verb === 'passed' && verbs.has('failed')) || (verb === 'failed' && verbs.has('passed')))
    refuse('/verb/id', '9.3', 'a session may hold one of passed and failed');
  if (verb === 'completed' && state.isCompleted) refuse('/verb/id', '9.3.3', 'completed may be sent once in a registration');
  if (verb === 'passed' && state.isPassed) refuse('/verb/id', '9.3.4', 'passed may be sent once in a registration');
  if (verb === 'failed' && state.isPassed) refuse('/verb/id', '9.3.5', 'failed must not follow passed in a registration');
}

function checkScore(verb: Cmi5Verb, statement: JsonObject, { masteryScore }: SessionTerms, refuse: Refuse): void {
  const score = member(statement, 'result', 'score');
  const isJudged = verb === 'passed' || verb === 'failed';
  if (score === undefined) return;
  if (!isJudged) {
    refuse('/result/score', '9.5.1', 'only passed and failed may have a score');
    return;
  }
  const [raw, min, max, scaled] = ['raw', 'min', 'max', 'scaled'].map((name) => member(score, name));
  if (raw !== undefined && (min === undefined || max === undefined)) refuse('/result/score/raw', '9.5.1', 'a raw score needs min and max');
  if (typeof scaled === 'number' && (scaled < 0 || scaled > 1)) refuse('/result/score/scaled', '9.5.1', 'a scaled score must lie between 0 and 1');
  if (masteryScore === null) return;
  if (member(statement, 'context', 'extensions', CMI5_EXTENSIONS.masteryScore) !== masteryScore)
    refuse('/context/extensions', '9.6.3.2', `a judged score must name the mastery score of the launch, ${masteryScore}`);
  if (typeof scaled !== 'number') return;
  if (verb === 'passed' && scaled < masteryScore) refuse('/result/score/scaled', '9.3.4', `passed needs a score of at least ${masteryScore}`);
  if (verb === 'failed' && scaled >= masteryScore) refuse('/result/score/scaled', '9.3.5', `failed needs a score below ${masteryScore}`);
}

function checkResult(verb: Cmi5Verb, statement: JsonObject, refuse: Refuse): void {
  const [success, completion, duration] = ['success', 'completion', 'duration'].map((name) => member(statement, 'result', name));
  const expected = verb === 'passed' ? true : verb === 'failed' ? false : undefined;
  if (success !== expected) refuse('/result/success', '9.5.2', expected === undefined ? `${verb} must have no success` : `${verb} needs success ${expected}`);
  const complete = verb === 'completed' ? true : undefined;
  if (completion !== complete) refuse('/result/completion', '9.5.3', complete ? 'completed needs completion true' : `${verb} must have no completion`);
  if (verb !== 'initialized' && duration === undefined) refuse('/result/duration', '9.5.4.1', `${verb} needs a duration`);
  const hasMoveOn = activityIds(statement, 'category').includes(MOVE_ON_CATEGORY);
  const needsMoveOn = success !== undefined || completion !== undefined;
  if (hasMoveOn !== needsMoveOn)
    refuse(
      '/context/contextActivities/category',
      '9.6.2.2',
      needsMoveOn ? 'a result with success or completion needs the moveOn category' : 'only a result with success or completion has the moveOn category',
    );
}

/**
 * Every rule of cmi5 that a statement of an AU breaks.
 * @see cmi5 (Quartz) 6.3, 7.1, 9
 */
export function checkStatement(statement: JsonObject, terms: SessionTerms, state: SessionState): readonly Violation[] {
  const issues: Violation[] = [];
  const refuse: Refuse = (path, section, message) => void issues.push({ path, rule: `cmi5 ${section}`, message });
  if (member(statement, 'verb', 'id') === VOIDED) refuse('/verb/id', '6.3', 'an AU must not void statements');
  checkIdentity(statement, terms, refuse);
  const isDefined = isCmi5Defined(statement);
  const verb = isDefined ? verbOf(statement) : null;
  if (isDefined && (verb === null || !OF_AU.has(verb)))
    refuse('/verb/id', '9.3', 'an AU sends initialized, completed, passed, failed and terminated with the cmi5 category');
  checkOrder(verb, statement, state, refuse);
  if (!isDefined && activityIds(statement, 'category').includes(MOVE_ON_CATEGORY))
    refuse('/context/contextActivities/category', '9.6.2.2', 'a statement that is not cmi5 defined must not have the moveOn category');
  if (verb === null) return issues;
  if (member(statement, 'object', 'id') !== terms.activityId) refuse('/object/id', '9.4', 'the object must be the activity of the launch');
  if (terms.mode !== 'Normal' && !OUTSIDE_NORMAL.has(verb)) refuse('/verb/id', '10.2.2', `in the mode ${terms.mode} only initialized and terminated are sent`);
  checkScore(verb, statement, terms, refuse);
  checkResult(verb, statement, refuse);
  return issues;
}

/** What a document of learner preferences breaks (11). */
export function checkPreferences(value: unknown): readonly Violation[] {
  const rule = 'cmi5 11.0';
  if (!isObject(value)) return [{ path: '', rule, message: 'the learner preferences must be a JSON object' }];
  const issues: Violation[] = [];
  const languages = value['languagePreference'];
  if (typeof languages !== 'string' || !languages.split(',').every((one) => isLanguageTag(one.trim())))
    issues.push({ path: '/languagePreference', rule: 'cmi5 11.1', message: 'languagePreference must be a comma-separated list of language tags' });
  const audio = value['audioPreference'];
  if (audio !== 'on' && audio !== 'off') issues.push({ path: '/audioPreference', rule: 'cmi5 11.2', message: 'audioPreference must be on or off' });
  return issues;
}
