import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { digestKey } from '../../src/kernel/ids.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { Json } from '../support/json.ts';
import { addLearner, buildWorld, itemIdOf, passed, voiding, type World } from '../support/world.ts';

const LEARNERS = 12;
const CODES = ['ALL.1', 'ALL.2', 'ANY.1', 'ANY.2'];
const RUNS = 50;

let app: TestApp;
let world: World;
const learnerIds: string[] = [];

beforeAll(async () => {
  app = await startTestApp();
  world = await buildWorld(app);
  for (let index = 0; index < LEARNERS; index += 1) learnerIds.push(await addLearner(app, world, `l${index}`));
});
afterAll(() => app.close());

/** 200 statements that look random and are the same in every run: 170 tests, 30 voids of some of them, one void of a void. */
function bag(): readonly Json[] {
  const pick = (limit: number, ...names: string[]) => Number.parseInt(digestKey('bag', ...names).slice(0, 6), 16) % limit;
  const tests = Array.from({ length: 170 }, (_, index) => {
    const n = String(index);
    return passed(`l${pick(LEARNERS, n, 'learner')}`, CODES[pick(4, n, 'code')] ?? '', 1 + pick(5, n, 'level'), {
      id: digestKey('bag-id', n),
      // Few distinct instants: ties must not matter.
      timestamp: new Date(Date.UTC(2026, 0, 1 + pick(6, n, 'day'))).toISOString(),
    });
  });
  const voids = Array.from({ length: 29 }, (_, index) => voiding(digestKey('bag-id', String(index * 5)), { id: digestKey('bag-void', String(index)) }));
  return [...tests, ...voids, voiding(digestKey('bag-void', '0'), { id: digestKey('bag-void', 'of-void') })];
}

/** What everyone can do, by a reading of the rules that shares no code with the product. */
function expected(statements: readonly Json[]): Record<string, Record<string, number>> {
  const voided = new Set(
    statements.filter((s) => (s['verb'] as Json)['id'] === 'http://adlnet.gov/expapi/verbs/voided').map((s) => (s['object'] as Json)['id']),
  );
  const levels: Record<string, Record<string, number>> = {};
  for (const statement of statements) {
    const account = (statement['actor'] as { account?: { name: string } }).account?.name;
    if (account === undefined || voided.has(statement['id'])) continue;
    const code = String((statement['object'] as Json)['id']).replace('https://content.example/', '');
    const scaled = (statement['result'] as { score: { scaled: number } }).score.scaled;
    const mine = levels[account] ?? {};
    levels[account] = mine;
    mine[code] = Math.max(mine[code] ?? 0, Math.round(scaled * 5));
  }
  for (const mine of Object.values(levels)) {
    const all = Math.min(mine['ALL.1'] ?? 0, mine['ALL.2'] ?? 0);
    const any = Math.max(mine['ANY.1'] ?? 0, mine['ANY.2'] ?? 0);
    if (all > 0) mine['ALL'] = all;
    if (any > 0) mine['ANY'] = any;
  }
  return levels;
}

async function forget(): Promise<void> {
  await app.database.sql.rows(
    'truncate lrs.statement, lrs.statement_agent, lrs.statement_activity, lrs.voiding, lrs.inbox, progress.evidence, progress.competency_progress, progress.progress_event',
  );
}

async function derived(): Promise<{ evidence: unknown; progress: readonly { learnerId: string; itemId: string; currentLevel: number }[] }> {
  return {
    evidence: await app.database.sql.rows('select * from progress.evidence order by learner_id, id'),
    progress: await app.database.sql.rows('select * from progress.competency_progress order by learner_id, item_id'),
  };
}

const plan = fc.record({
  order: fc.shuffledSubarray(
    Array.from({ length: 200 }, (_, index) => index),
    { minLength: 200, maxLength: 200 },
  ),
  groups: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 20, maxLength: 60 }),
  repeats: fc.array(fc.nat(199), { maxLength: 40 }),
  drains: fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
});

test('the same 200 statements in any order and grouping, with duplicates, give identical evidence and progress', async () => {
  const statements = bag();
  const levels = expected(statements);
  let first: Awaited<ReturnType<typeof derived>> | undefined;

  await fc.assert(
    fc.asyncProperty(plan, async ({ order, groups, repeats, drains }) => {
      await forget();
      const queue = [...order, ...repeats];
      for (let step = 0; queue.length > 0; step += 1) {
        const group = [...new Set(queue.splice(0, groups[step % groups.length]))].map((index) => statements[index]);
        const { status } = await app.xapi('POST', '/statements', { body: group });
        expect(status).toBe(200);
        if (drains[step % drains.length]) await app.projector.drain();
      }
      await app.projector.drain();

      const result = await derived();
      first ??= result;
      expect(result).toEqual(first);
      const found: Record<string, Record<string, number>> = {};
      for (const { learnerId, itemId, currentLevel } of result.progress) {
        const account = `l${learnerIds.indexOf(learnerId)}`;
        const code = ['ALL', 'ANY', ...CODES].find((candidate) => itemIdOf(candidate) === itemId) ?? itemId;
        found[account] = { ...found[account], [code]: currentLevel };
      }
      expect(found).toEqual(levels);
    }),
    { numRuns: RUNS },
  );
  expect(first?.progress.length).toBeGreaterThan(30);
});
