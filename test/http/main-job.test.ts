import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, passed, voiding, type World } from '../support/world.ts';

let app: TestApp;
let world: World;

beforeAll(async () => {
  app = await startTestApp();
  world = await buildWorld(app);
});
afterAll(() => app.close());

const PROGRESS = '{ learners(first: 100) { nodes { name progress { competency { code } current target gap source evidence { level statementId state } } } } }';

test('a statement goes in over xAPI; progress with its evidence comes out of GraphQL', async () => {
  await addLearner(app, world, 'ana');

  const posted = await app.xapi('POST', '/statements', { body: passed('ana', 'ALL.1', 3) });
  await app.projector.drain();

  expect(posted.status).toBe(200);
  const [id] = posted.body as string[];
  const answer = await app.graphql(PROGRESS);
  expect(answer.body.errors).toBeUndefined();
  expect(answer.body.data.learners.nodes[0]).toEqual({
    name: 'Learner ana',
    progress: [
      { competency: { code: 'ALL.1' }, current: 3, target: null, gap: null, source: 'DIRECT', evidence: [{ level: 3, statementId: id, state: 'ACTIVE' }] },
    ],
  });

  await app.xapi('POST', '/statements', { body: voiding(id ?? '') });
  await app.projector.drain();
  const after = await app.graphql(PROGRESS);
  expect(after.body.data.learners.nodes[0].progress).toEqual([]);
});
