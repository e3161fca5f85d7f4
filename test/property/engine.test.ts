import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Engine } from '../support/engine-worlds.ts';

/** More worlds per policy with ENGINE_RUNS; the same ones again, and a counterexample made smaller for some minutes, with ENGINE_SEED. */
const RUNS = Number(process.env['ENGINE_RUNS'] ?? 28);
const GIVEN = process.env['ENGINE_SEED'];
const SEED = Number(GIVEN ?? randomInt(2 ** 30));

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.start();
});
afterAll(() => engine.close());

test.each([
  ['BEST_VALID', SEED],
  ['LATEST', SEED + 1],
  ['WEIGHTED', SEED + 2],
] as const)(
  'under %s, whatever comes in whatever order - statements, repeats, early voids, identifiers, merges, rules, versions, matches, judgements, time, crashes - stored equals folded anew equals the reference, after every step',
  async (kind, seed) => {
    const before = engine.compared;
    try {
      await engine.check(kind, { numRuns: RUNS, seed, endOnFailure: GIVEN === undefined });
    } finally {
      process.stderr.write(`engine under ${kind}: ENGINE_SEED=${SEED} ENGINE_RUNS=${RUNS}, compared ${engine.compared - before} times\n`);
    }
    expect(engine.compared - before).toBeGreaterThan(RUNS);
  },
  RUNS * 2_000 + 900_000,
);
