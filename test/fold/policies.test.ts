import { expect, test } from '@jest/globals';
import { foldProgress } from '../../src/modules/progress/fold.ts';
import { FoldModel } from '../../src/modules/progress/fold-model.ts';
import { checkAgainstNaive } from '../support/fold-cases.ts';

const RUNS = 2_000;

test.each(['BEST_VALID', 'LATEST', 'WEIGHTED'] as const)(
  'the fold under %s equals an independent reading of the rules: any graph, matches, evidence, order and repetition',
  (kind) => {
    expect(() => checkAgainstNaive({ foldProgress, FoldModel }, kind, { numRuns: RUNS })).not.toThrow();
  },
);
