import { expect, test } from '@jest/globals';
import type { FoldEvidence } from '../../src/modules/progress/direct-level.ts';
import { foldProgress } from '../../src/modules/progress/fold.ts';
import { FoldModel } from '../../src/modules/progress/fold-model.ts';
import { graph } from '../support/fold-cases.ts';

const parts = [
  ['planning', 'project'],
  ['monitoring', 'project'],
] as const;
const model = new FoldModel([graph(parts, { planning: 'NONE', monitoring: 'NONE', project: 'ALL_OF' })], []);
const evidence = (id: string, itemId: string, level: number, from: string, to: string | null): FoldEvidence => ({
  id,
  itemId,
  level,
  positive: true,
  weight: 1_000,
  source: 'lms',
  occurredAt: new Date(from),
  expiresAt: to === null ? null : new Date(to),
  attemptKey: null,
  attempts: 'ALL',
});
const first = evidence('1', 'planning', 2, '2026-02-01', '2028-02-01');
const second = evidence('2', 'monitoring', 3, '2026-02-10', null);
const third = evidence('3', 'planning', 4, '2026-03-01', '2028-03-01');

test.each([
  ['2026-02-01', [first], [2, 0, 0]],
  ['2026-02-10', [first, second], [2, 3, 2]],
  ['2026-03-01', [first, second, third], [4, 3, 3]],
  ['2026-03-05', [first, second], [2, 3, 2]],
  ['2028-02-01', [first, second], [0, 3, 0]],
])('docs/progress.md: the example on %s is as its table says, in any order', (day, rows, expected) => {
  for (const order of [rows, rows.toReversed()]) {
    const levels = new Map(foldProgress(order, model, new Date(day)).map((row) => [row.itemId, row.currentLevel]));
    expect(['planning', 'monitoring', 'project'].map((id) => levels.get(id) ?? 0)).toEqual(expected);
  }
});
