import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findLoops } from '../../src/standards/case/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { casePackage, itemIdOf } from '../support/world.ts';

const EDITORS = 8;
const ITEMS = 12;
/** Pairs of edits made at once. */
const PAIRS = 1_000;

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const codes = Array.from({ length: ITEMS }, (_, index) => `E${index}`);
const edit = fc
  .record({ type: fc.constantFrom('isChildOf' as const, 'precedes' as const), from: fc.nat(ITEMS - 1), to: fc.nat(ITEMS - 1) })
  .filter(({ from, to }) => from !== to);

async function edgesOf(versionId: string): Promise<ReadonlySet<string>> {
  const rows = await app.modules.competencies.edgesOfVersion(versionId, 10_000);
  return new Set(rows.filter((row) => row.originId !== null && row.destinationId !== null).map((row) => `${row.type} ${row.originId} ${row.destinationId}`));
}

test('editors who each add half a loop at once: one of them is refused with the loop named, no loop is left, and no accepted edit is lost', async () => {
  const [pairs] = fc.sample(fc.array(fc.tuple(edit, edit, fc.boolean()), { minLength: PAIRS, maxLength: PAIRS, size: 'max' }), {
    numRuns: 1,
    seed: 20_261_124,
  });
  let versionId = '';
  let accepted = new Set<string>();
  let [taken, refused] = [0, 0];
  const queue = [...(pairs ?? [])];
  for (let round = 0; queue.length > 0; round += 1) {
    // A new draft now and then: a full graph takes no more edits.
    if (round % 6 === 0) {
      const source = casePackage(
        codes.map((code) => ({ code })),
        { name: 'edits', version: String(round) },
      );
      versionId = (await app.modules.competencies.import({ source, kind: 'TECHNICAL', defaultRollup: 'NONE', publish: false, dryRun: false })).versionId ?? '';
      accepted = new Set(await edgesOf(versionId));
    }
    const batch = queue.splice(0, EDITORS / 2).flatMap(([one, other, isReverse]) => [one, isReverse ? { ...one, from: one.to, to: one.from } : other]);
    const outcomes = await Promise.allSettled(
      batch.map(async ({ type, from, to }) => {
        const [originId, destinationId] = [itemIdOf(codes[from] ?? ''), itemIdOf(codes[to] ?? '')];
        await app.modules.competencies.addEdge({ versionId, type, originId, destinationId });
        return `${type} ${originId} ${destinationId}`;
      }),
    );
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') accepted.add(outcome.value);
      else expect(outcome.reason).toMatchObject({ code: 'CONFLICT', violations: [{ rule: expect.stringMatching(/^(?:acyclic|unique)$/) }] });
    }
    taken += outcomes.filter((outcome) => outcome.status === 'fulfilled').length;
    refused += outcomes.filter((outcome) => outcome.status === 'rejected').length;
    const stored = await edgesOf(versionId);
    expect(stored).toEqual(accepted);
    for (const type of ['isChildOf', 'precedes']) {
      const own = [...stored].map((edge) => edge.split(' ')).filter(([kind]) => kind === type);
      expect(findLoops(own.map(([, origin = '', destination = '']) => [origin, destination] as const))).toEqual([]);
    }
  }
  expect(taken + refused).toBe(2 * PAIRS);
  expect(refused).toBeGreaterThan(PAIRS / 10);
  expect(taken).toBeGreaterThan(PAIRS / 10);
}, 600_000);
