import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { meetsPrerequisites, outcomeOf, seedOf, statementsOfRun } from '../../../src/standards/scorm/index.ts';
import { DEFAULT_COMPLETION, DEFAULT_SEQUENCING } from '../../../src/standards/scorm/sequencing/model.ts';
import { secondsOf12, secondsOf2004, timeInterval, timespan } from '../../../src/standards/scorm/time.ts';
import { validateStatement } from '../../../src/standards/xapi/index.ts';

const ITEM = { masteryScore: null, completion: DEFAULT_COMPLETION, sequencing: DEFAULT_SEQUENCING };

const core = (values: object) => ({ core: values });

test.each([
  ['nothing said', {}, null, [true, null]],
  ['completed', { lesson_status: 'completed' }, null, [true, null]],
  ['passed', { lesson_status: 'passed' }, null, [true, true]],
  ['failed', { lesson_status: 'failed' }, null, [null, false]],
  ['incomplete', { lesson_status: 'incomplete' }, null, [false, null]],
  ['browsed', { lesson_status: 'browsed' }, null, [null, null]],
  ['a score at mastery', { lesson_status: 'incomplete', score: { raw: '70' } }, '70', [true, true]],
  ['a score below mastery, though it says passed', { lesson_status: 'passed', score: { raw: '69.9' } }, '70', [null, false]],
  ['mastery without a score', { lesson_status: 'incomplete' }, '70', [false, null]],
] as const)('SCORM 1.2 RTE 3.4: at the end of a run, %s', (_what, values, masteryScore, [completed, satisfied]) => {
  const outcome = outcomeOf('1.2', core(values), { ...ITEM, masteryScore }, true);

  expect([outcome.completed, outcome.satisfied]).toEqual([completed, satisfied]);
});

test.each([
  ['passed, and the score is below mastery', { lesson_status: 'passed', score: { raw: '10' } }, null],
  ['passed, and no score is there yet', { lesson_status: 'passed' }, null],
  ['failed, and the score is at mastery', { lesson_status: 'failed', score: { raw: '70' } }, null],
  ['passed, and the score says so too', { lesson_status: 'passed', score: { raw: '70' } }, true],
  ['failed, and the score says so too', { lesson_status: 'failed', score: { raw: '69' } }, false],
])('SCORM 1.2: before the end a judgement stands that mastery agrees with: %s', (_what, values, satisfied) => {
  expect(outcomeOf('1.2', core(values), { ...ITEM, masteryScore: '70' }, false).satisfied).toBe(satisfied);
});

test.each([
  ['RAW', { raw: '8', max: '10' }, 0.08, false],
  ['RAW_OF_MAX', { raw: '8', max: '10' }, 0.8, true],
  ['RAW_OF_MAX', { raw: '350', max: '500' }, 0.7, true],
  ['RAW_OF_MAX', { raw: '69' }, 0.69, false],
  ['RAW_OF_MAX', { raw: '70', max: '0' }, 0.7, true],
  ['RAW_OF_MAX', { raw: '11', max: '10' }, null, true],
] as const)('SCORM 1.2: scaled from %s, a score of %j is %s, and mastery goes by it', (scaledFrom, score, scaled, satisfied) => {
  const cmi = { core: { lesson_status: 'incomplete', score }, objectives: { 0: { id: 'o', score } } };
  const outcome = outcomeOf('1.2', cmi, { ...ITEM, masteryScore: '70' }, true, { scaledFrom, masteryOverrides: true });

  expect([outcome.score.scaled, outcome.satisfied, outcome.objectives[0]?.score.scaled]).toEqual([scaled, satisfied, scaled]);
});

test.each([
  ['passed', '10', true, [true, true]],
  ['failed', '90', true, [null, false]],
  ['completed', '90', true, [true, true]],
  ['incomplete', '10', true, [null, false]],
  ['passed', '10', false, [true, true]],
  ['failed', '90', false, [null, false]],
  ['completed', '90', false, [true, null]],
] as const)('SCORM 1.2: where mastery does not override, %s with a score of %s stands, or is decided at the end (%s)', (status, raw, isFinished, expected) => {
  const judging = { scaledFrom: 'RAW', masteryOverrides: false } as const;
  const outcome = outcomeOf('1.2', core({ lesson_status: status, score: { raw } }), { ...ITEM, masteryScore: '70' }, isFinished, judging);

  expect([outcome.completed, outcome.satisfied]).toEqual(expected);
});

test('SCORM 1.2: before the end nothing is assumed and mastery does not decide', () => {
  const outcome = outcomeOf('1.2', core({ lesson_status: 'incomplete', score: { raw: '90' } }), { ...ITEM, masteryScore: '70' }, false);

  expect([outcome.completed, outcome.satisfied, outcome.score.scaled]).toEqual([false, null, 0.9]);
});

test.each([
  ['progress at the threshold', { progress_measure: '0.8', completion_status: 'incomplete' }, [true, null]],
  ['progress below it', { progress_measure: '0.79', completion_status: 'completed' }, [false, null]],
  ['no progress, whatever it says', { completion_status: 'completed' }, [null, null]],
  ['a score at the passing score', { progress_measure: '1', score: { scaled: '0.6' }, success_status: 'failed' }, [true, true]],
  ['a score below it', { progress_measure: '1', score: { scaled: '0.59' }, success_status: 'passed' }, [true, false]],
] as const)('SCORM 2004 RTE 4.2.4, 4.2.22: thresholds decide: %s', (_what, cmi, [completed, satisfied]) => {
  const primary = { id: 'p', isPrimary: true, satisfiedByMeasure: true, minNormalizedMeasure: 0.6, maps: [] };
  const item = {
    ...ITEM,
    completion: { ...DEFAULT_COMPLETION, completedByMeasure: true, minProgressMeasure: 0.8 },
    sequencing: { ...DEFAULT_SEQUENCING, objectives: [primary] },
  };
  const outcome = outcomeOf('2004', cmi, item, true);

  expect([outcome.completed, outcome.satisfied]).toEqual([completed, satisfied]);
});

test('what is malformed counts as not said', () => {
  const odd = {
    completion_status: 7,
    success_status: null,
    score: { scaled: '2', raw: 'many' },
    progress_measure: '-1',
    session_time: 'soon',
    objectives: 'none',
    interactions: { 0: 3 },
    exit: {},
  };
  const outcome = outcomeOf('2004', odd, ITEM, true);

  expect([outcome.completed, outcome.satisfied, outcome.score, outcome.progress, outcome.sessionSeconds, outcome.objectives, outcome.interactions]).toEqual([
    null,
    null,
    { scaled: null, raw: null, min: null, max: null },
    null,
    0,
    [],
    [],
  ]);
});

test('times of both editions are read and written, to the hundredth of a second', () => {
  expect([
    secondsOf12('0001:02:03.45'),
    secondsOf12('1:2:3'),
    secondsOf12('90'),
    secondsOf2004('PT1H2M3.45S'),
    secondsOf2004('P1DT1S'),
    secondsOf2004('1:00'),
  ]).toEqual([3_723.45, 3_723, 0, 3_723.45, 86_401, 0]);
  expect([timespan(3_723.45), timespan(0), timeInterval(3_723.45), timeInterval(0), timeInterval(60)]).toEqual([
    '0001:02:03.45',
    '0000:00:00',
    'PT1H2M3.45S',
    'PT0S',
    'PT1M0S',
  ]);
});

test('an object begins with what it left, where it left to be resumed, and else with what sequencing knows', () => {
  const item = { ...ITEM, dataFromLms: 'data', maxTimeAllowed: null, timeLimitAction: null } as never;
  const terms = {
    learnerId: 'key',
    learnerName: '',
    mode: 'normal',
    totalSeconds: 61,
    language: '',
    objectives: [{ id: 'p', isPrimary: true, satisfied: true, measure: 0.5, raw: null, min: null, max: null, completed: null, progress: null }],
  } as const;

  const fresh = seedOf('2004', item, { ...terms, previous: null, isResumed: false });
  const resumed = seedOf('2004', item, {
    ...terms,
    previous: { location: 'here', suspend_data: 'x', success_status: 'failed', objectives: { 0: { id: 'mine', score: { scaled: '0.1' } } } },
    isResumed: true,
  });

  expect(fresh).toMatchObject({
    entry: 'ab-initio',
    success_status: 'passed',
    launch_data: 'data',
    total_time: 'PT1M1S',
    objectives: { 0: { id: 'p', success_status: 'passed', score: { scaled: '0.5' } } },
  });
  expect(resumed).toMatchObject({
    entry: 'resume',
    location: 'here',
    suspend_data: 'x',
    success_status: 'failed',
    objectives: { 0: { id: 'mine', score: { scaled: '0.1' } }, 1: { id: 'p' } },
  });
});

const PLACE = {
  agent: { objectType: 'Agent', account: { homePage: 'https://x.example', name: 'key' } },
  registration: '0b8f9a3e-6c1d-4b1e-9a53-0d8f3e2c1b4a',
  courseIri: 'https://x.example/course',
  courseName: { und: 'Course' },
  scoIri: 'https://x.example/course/sco',
  scoName: { und: 'SCO' },
  attemptId: '1b8f9a3e-6c1d-4b1e-9a53-0d8f3e2c1b4a',
};

test('ADL profile: each change is told once, and every statement is valid xAPI', () => {
  const before = outcomeOf('1.2', {}, ITEM, false);
  const cmi = {
    core: { lesson_status: 'passed', score: { raw: '80', min: '0', max: '100' } },
    comments: 'good',
    objectives: { 0: { id: 'o 1', status: 'passed', score: { raw: '50' } } },
    interactions: {
      0: { id: 'q1', type: 'choice', student_response: 'a,b', result: 'wrong', latency: '00:00:05', correct_responses: { 0: { pattern: '{a,c}' } } },
      1: { id: 'q2', type: 'matching', student_response: '1.a,2.b', result: 'correct', latency: '', correct_responses: {} },
      2: { id: '', type: 'choice', student_response: 'x', result: '' },
    },
  };
  const after = outcomeOf('1.2', cmi, ITEM, true);
  const told = statementsOfRun(PLACE, { edition: '1.2', before, after, begins: 'initialized', ends: 'terminated', seconds: 65 });

  expect(told.map(({ key, statement }) => [key, (statement['verb'] as { id: string }).id.split('/').at(-1)])).toEqual([
    ['initialized', 'initialized'],
    ['interaction 0', 'responded'],
    ['interaction 1', 'responded'],
    ['objective 0 completed', 'completed'],
    ['objective 0 success', 'passed'],
    ['comment 0', 'commented'],
    ['completed', 'completed'],
    ['success', 'passed'],
    ['terminated', 'terminated'],
  ]);
  expect(told[1]?.statement).toMatchObject({
    result: { response: 'a[,]b', success: false, duration: 'PT5S' },
    object: { definition: { interactionType: 'choice', correctResponsesPattern: ['a[,]c'] } },
  });
  expect(told[2]?.statement).toMatchObject({ result: { response: '1[.]a[,]2[.]b', success: true } });
  expect(told.at(-1)?.statement).toMatchObject({
    result: { completion: true, success: true, score: { scaled: 0.8, raw: 80, min: 0, max: 100 }, duration: 'PT1M5S' },
  });
  for (const { statement } of told) expect(validateStatement(statement, '1.0.3')).toEqual([]);
  expect(statementsOfRun(PLACE, { edition: '1.2', before: after, after, begins: null, ends: null, seconds: 0 })).toEqual([]);
});

test.each([
  ['a', true],
  ['b', false],
  ['a&b', false],
  ['a|b', true],
  ['~b', true],
  ['b="failed"', true],
  ['b<>failed', false],
  ['a&(b|c)', true],
  ['2*{a,b,c}', true],
  ['3*{a,b,c}', false],
  ['c = passed', true],
  ['', true],
  ['a&', true],
  ['((a', true],
] as const)('SCORM 1.2 CAM 2.3.2.5: the prerequisites %s: %s', (script, met) => {
  const status: Readonly<Record<string, string>> = { a: 'completed', b: 'failed', c: 'passed' };

  expect(meetsPrerequisites(script, (id) => status[id] ?? 'not attempted')).toBe(met);
});

const oddText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\0', '\ud800', '{a,b', '[,]', '[.]', '1e400', 'NaN', '-5', '50', '101', '{lang=xx}'),
);
const oddValue = fc.oneof(oddText, fc.double(), fc.constant(null), fc.array(fc.integer(), { maxLength: 2 }));
const oddScore = fc.record({ raw: oddValue, min: oddValue, max: oddValue, scaled: oddValue }, { requiredKeys: [] });
const WORDS = [
  'choice',
  'matching',
  'sequencing',
  'true-false',
  'numeric',
  'other',
  'correct',
  'wrong',
  'incorrect',
  'passed',
  'failed',
  'completed',
  'browsed',
  'suspend',
  'PT5S',
  '00:00:05',
];
const oddWord = fc.oneof(oddText, fc.constantFrom(...WORDS));
const oddList = (of: fc.Arbitrary<unknown>) => fc.dictionary(fc.constantFrom('0', '1', '2'), of);
const oddInteraction = fc.record(
  {
    id: oddWord,
    type: oddWord,
    student_response: oddWord,
    learner_response: oddWord,
    result: oddWord,
    latency: oddWord,
    description: oddWord,
    correct_responses: oddList(fc.record({ pattern: oddWord })),
  },
  { requiredKeys: [] },
);
const oddObjective = fc.record(
  { id: oddWord, status: oddWord, success_status: oddWord, completion_status: oddWord, score: oddScore, progress_measure: oddValue },
  { requiredKeys: [] },
);
const oddCmi = fc.record(
  {
    core: fc.record({ lesson_status: oddWord, score: oddScore, session_time: oddWord, exit: oddWord }, { requiredKeys: [] }),
    completion_status: oddWord,
    success_status: oddWord,
    score: oddScore,
    progress_measure: oddValue,
    session_time: oddWord,
    comments: oddWord,
    comments_from_learner: oddList(fc.record({ comment: oddWord })),
    objectives: oddList(oddObjective),
    interactions: oddList(oddInteraction),
  },
  { requiredKeys: [] },
);

test('whatever content saves, what is told of it is valid xAPI: a strange answer costs nobody their data', () => {
  fc.assert(
    fc.property(fc.constantFrom('1.2' as const, '2004' as const), oddCmi, oddCmi, (edition, first, second) => {
      const [before, after] = [first, second].map((cmi) => outcomeOf(edition, JSON.parse(JSON.stringify(cmi)), ITEM, true));
      if (!before || !after) throw new Error('there are two');
      const told = statementsOfRun(PLACE, { edition, before, after, begins: 'resumed', ends: 'terminated', seconds: 1.005 });
      for (const { statement } of told) expect([statement, validateStatement(JSON.parse(JSON.stringify(statement)), '1.0.3')]).toEqual([statement, []]);
    }),
    { numRuns: 2_000 },
  );
});
