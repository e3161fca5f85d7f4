import { digestKey } from '../kernel/ids.ts';
import { DEMO_HOME_PAGE, DEMO_LEARNERS, DEMO_MODULES, VERBS } from './course.ts';

export type DemoStatement = { readonly id: string } & { readonly [key: string]: unknown };

/** The account name of a demo learner: random-looking, the same on every machine. */
export const demoAccount = (index: number): string => digestKey('demo-learner', String(index));

export const demoActor = (index: number): unknown => ({ objectType: 'Agent', account: { homePage: DEMO_HOME_PAGE, name: demoAccount(index) } });

/** The last learner has done nothing yet: theirs is the progress that a visitor moves. */
export const VISITOR_INDEX = DEMO_LEARNERS.length - 1;

const DAY_MS = 86_400_000;
const COURSE_START = Date.UTC(2026, 1, 2, 2, 0, 0);

/** A whole number below `limit` that depends on the names alone. */
const pick = (limit: number, ...names: readonly string[]): number => Number.parseInt(digestKey('demo-pick', ...names).slice(0, 8), 16) % limit;

const name = (verb: string): string => verb.slice(verb.lastIndexOf('/') + 1);

function statement(
  learner: number,
  verb: string,
  activity: { readonly iri: string; readonly title: string },
  timestamp: Date,
  result?: unknown,
): DemoStatement {
  return {
    id: digestKey('demo-statement', String(learner), verb, activity.iri, timestamp.toISOString()),
    actor: demoActor(learner),
    verb: { id: verb, display: { 'en-US': name(verb) } },
    object: { id: activity.iri, definition: { name: { id: activity.title } } },
    ...(result !== undefined && { result }),
    timestamp: timestamp.toISOString(),
  };
}

function testOf(learner: number, moduleIndex: number, when: Date): DemoStatement {
  const test = DEMO_MODULES[moduleIndex]?.test ?? { iri: '', title: '' };
  const scaled = (40 + pick(60, String(learner), test.iri)) / 100;
  const passed = scaled >= 0.6;
  return statement(learner, passed ? VERBS.passed : VERBS.failed, test, when, {
    score: { scaled, raw: Math.round(scaled * 100), min: 0, max: 100 },
    success: passed,
    completion: true,
  });
}

/** What the batch did: each learner reads lessons and takes tests as far as they have come. */
function courseOf(learner: number): readonly DemoStatement[] {
  const reached = 1 + pick(DEMO_MODULES.length * 2, 'reached', String(learner));
  return DEMO_MODULES.flatMap((module, index) => {
    const day = COURSE_START + (index * 7 + pick(5, String(learner), module.title)) * DAY_MS;
    const steps = [statement(learner, VERBS.completed, module.lesson, new Date(day), { completion: true }), testOf(learner, index, new Date(day + DAY_MS))];
    return steps.slice(0, Math.max(0, reached - index * 2));
  });
}

/** Orders by a digest of the ids: shuffled, and the same shuffle everywhere. */
const shuffle = (statements: readonly DemoStatement[]): readonly DemoStatement[] =>
  [...statements].sort((a, b) => (digestKey('demo-shuffle', a.id) < digestKey('demo-shuffle', b.id) ? -1 : 1));

/** All statements of the demo batch, in the shuffled order in which they arrive; the last one voids another. */
export function demoStatements(): readonly DemoStatement[] {
  const course = DEMO_LEARNERS.flatMap((_name, learner) => (learner === VISITOR_INDEX ? [] : courseOf(learner)));
  const shuffled = shuffle(course);
  const mistake = shuffled.find((candidate) => (candidate['verb'] as { id: string }).id === VERBS.passed);
  if (!mistake) throw new Error('the demo course has no passed test');
  const voiding: DemoStatement = {
    id: digestKey('demo-void', mistake.id),
    actor: { objectType: 'Agent', account: { homePage: DEMO_HOME_PAGE, name: 'panitia' } },
    verb: { id: VERBS.voided, display: { 'en-US': 'voided' } },
    object: { objectType: 'StatementRef', id: mistake.id },
    timestamp: new Date(COURSE_START + 40 * DAY_MS).toISOString(),
  };
  return [...shuffled, voiding];
}

/** What `npm run demo` sends live for the visitor's learner, step by step; ids are new each time. */
export function liveStatements(newId: () => string, now: Date): readonly { readonly text: string; readonly statement: DemoStatement }[] {
  const step = (text: string, verb: string, activity: { readonly iri: string; readonly title: string }, result: unknown) => ({
    text,
    statement: { ...statement(VISITOR_INDEX, verb, activity, now, result), id: newId() },
  });
  const passed = (scaled: number) => ({ score: { scaled }, success: true, completion: true });
  return DEMO_MODULES.slice(0, 3).flatMap((module, index) => [
    step(`completes the lesson "${module.title}"`, VERBS.completed, module.lesson, { completion: true }),
    step(`passes the test "${module.title}" with ${[92, 81, 77][index]} %`, VERBS.passed, module.test, passed([0.92, 0.81, 0.77][index] ?? 0)),
  ]);
}
