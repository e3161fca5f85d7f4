import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
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

test('whoever names the statements they sent reads their progress with them, though the projector has not come by yet', async () => {
  const own = await startTestApp({ settings: { PROJECTOR_POLL_MS: '200' }, projecting: true });
  try {
    const world = await buildWorld(own);
    const learner = await addLearner(own, world, 'writer');
    for (let round = 1; round <= 5; round += 1) {
      const { body } = await own.xapi('POST', '/statements', { body: passed('writer', 'ALL.1', round) });
      const answer = await own.graphql('query ($id: ID!, $after: [UUID!]) { learner(id: $id) { progress(after: $after) { competency { code } current } } }', {
        id: toGlobalId('Learner', learner),
        after: body,
      });
      const row = answer.body.data.learner.progress.find((one: { competency: { code: string } }) => one.competency.code === 'ALL.1');
      expect(row.current).toBe(round);
    }
  } finally {
    await own.close();
  }
});
