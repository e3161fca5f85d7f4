import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { print } from 'graphql';
import { LearnersWithProgressDocument } from '../../schema/client.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, passed, type World } from '../support/world.ts';

let app: TestApp;
let world: World;

beforeAll(async () => {
  app = await startTestApp();
  world = await buildWorld(app);
  const unit = await app.modules.people.createUnit({ code: 'U', name: 'Unit', kind: 'OPD', parentId: null });
  for (let index = 0; index < 50; index += 1) {
    const learnerId = await addLearner(app, world, `q${index}`);
    await app.modules.people.createHolding({
      learnerId,
      positionId: world.positionId,
      unitId: unit.id,
      validFrom: new Date('2026-01-01T00:00:00Z'),
      validTo: null,
    });
    await app.xapi('POST', '/statements', { body: ['ALL.1', 'ALL.2', 'ANY.1'].map((code) => passed(`q${index}`, code, 1 + (index % 5))) });
  }
  await app.projector.drain();
});
afterAll(() => app.close());

async function queriesFor(first: number): Promise<{ learners: number; evidence: number; queries: readonly string[] }> {
  app.takeQueries();
  const answer = await app.graphql(print(LearnersWithProgressDocument), { first });
  // Loaders of one level are sent side by side: their order is not the point, their number is.
  const queries = [...app.takeQueries()].sort();
  expect(answer.body.errors).toBeUndefined();
  const nodes: readonly { progress: readonly { evidence: readonly unknown[] }[] }[] = answer.body.data.learners.nodes;
  return { learners: nodes.length, evidence: nodes.flatMap((node) => node.progress).reduce((sum, row) => sum + row.evidence.length, 0), queries };
}

test('learners with progress, targets and evidence cost the same SQL statements for 1, 10 and 50 learners', async () => {
  await queriesFor(1);
  const [one, ten, fifty] = [await queriesFor(1), await queriesFor(10), await queriesFor(50)];

  expect([one.learners, ten.learners, fifty.learners]).toEqual([1, 10, 50]);
  expect(fifty.evidence).toBe(50 * (1 + 1 + 2 + 1 + 1));
  expect(ten.queries).toEqual(one.queries);
  expect(fifty.queries).toEqual(one.queries);
  expect(one.queries.length).toBeLessThanOrEqual(12);
});
