import { randomUUID } from 'node:crypto';
import { DEMO_MODULES, VERBS } from '../../dist/src/demo/course.js';
import { demoActor } from '../../dist/src/demo/statements.js';

const SAMPLES = 200;
const QUERY = 'query ($ids: [UUID!]!) { statementStatus(ids: $ids) { state } }';

/** From sending a statement to reading its evidence over GraphQL, with a projector that sleeps between statements. */
export async function measureLatency({ app, address, authorization, token }) {
  app.projector.start();
  const times = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const id = randomUUID();
    const body = JSON.stringify({
      id,
      actor: demoActor(sample % 24),
      verb: { id: VERBS.passed },
      object: { id: DEMO_MODULES[sample % 4].test.iri },
      result: { score: { scaled: 0.95 }, success: true },
    });
    const started = performance.now();
    await fetch(`${address}/xapi/statements`, {
      method: 'POST',
      headers: { Authorization: authorization, 'Content-Type': 'application/json', 'X-Experience-API-Version': '1.0.3' },
      body,
    });
    for (let state = 'WAITING'; state === 'WAITING'; ) {
      const answer = await fetch(`${address}/graphql`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ query: QUERY, variables: { ids: [id] } }),
      });
      state = (await answer.json()).data.statementStatus[0].state;
      if (state !== 'WAITING' && state !== 'EVIDENCE') throw new Error(`the statement ended as ${state}`);
    }
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return { samples: SAMPLES, p50Ms: Math.round(times[Math.floor(SAMPLES * 0.5)]), p99Ms: Math.round(times[Math.floor(SAMPLES * 0.99)]) };
}
