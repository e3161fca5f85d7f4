import { randomUUID } from 'node:crypto';

const VERBS = ['experienced', 'completed', 'passed', 'failed', 'answered'].map((name) => `http://adlnet.gov/expapi/verbs/${name}`);

/** A varied statement of about 1.2 kB: 20,000 actors, 2,000 activities, a parent, a grouping, an instructor, a result. */
export function makeStatement() {
  const n = Math.floor(Math.random() * 1e9);
  const activity = n % 2000;
  return {
    id: randomUUID(),
    actor: { objectType: 'Agent', name: `Learner ${n % 20000}`, account: { homePage: 'https://bench.example/people', name: `p${n % 20000}` } },
    verb: { id: VERBS[n % VERBS.length], display: { 'en-US': VERBS[n % VERBS.length].split('/').pop() } },
    object: {
      objectType: 'Activity',
      id: `https://bench.example/activities/${activity}`,
      definition: {
        name: { 'en-US': `Activity ${activity}`, id: `Aktivitas ${activity}` },
        description: { 'en-US': 'An activity of the benchmark, described at some length so that sizes are like those of real content.' },
        type: 'http://adlnet.gov/expapi/activities/lesson',
      },
    },
    result: {
      score: { scaled: (n % 100) / 100, raw: n % 100, min: 0, max: 100 },
      success: n % 2 === 0,
      completion: true,
      duration: `PT${n % 3600}S`,
      response: 'lorem ipsum dolor sit amet',
    },
    context: {
      registration: randomUUID(),
      instructor: { objectType: 'Agent', account: { homePage: 'https://bench.example/people', name: `i${n % 200}` } },
      contextActivities: {
        parent: [{ id: `https://bench.example/courses/${activity % 100}` }],
        grouping: [{ id: `https://bench.example/programmes/${activity % 25}` }],
      },
      platform: 'Benchmark',
      language: 'id',
    },
    timestamp: new Date(Date.UTC(2026, 0, 1) + (n % 31536000) * 1000).toISOString(),
  };
}
