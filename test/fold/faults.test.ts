import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = promisify(execFile);

/** Whether the comparison of the engine with the reference fails when this fault is planted into the engine. */
async function isCaught(fault: string): Promise<boolean> {
  try {
    await run(process.execPath, ['--no-warnings', 'test/fold/faults.mjs', fault]);
    return false;
  } catch (error) {
    // Anything but a counterexample would be a mistake of the test.
    expect((error as { stdout: string }).stdout).toContain('Property failed after');
    return true;
  }
}

test('without a fault the built engine equals the reference', async () => {
  expect(await isCaught('none')).toBe(false);
}, 60_000);

test.each([
  'future counted',
  'inclusive expiry',
  'ties by arrival',
  'raise-only LATEST',
  'ignored source minimum',
  'float sums',
  'negative evidence ignored',
  'levels only where evidence names one',
  'unmerged classes',
  'matches followed one step',
  'ALL_OF as max',
  'N_OF from below',
  'required child ignored',
  'repeated evidence counted',
  'rounded weighted mean',
  'every attempt counts',
  'a better attempt to come',
  'override fed up unasked',
  'first override wins',
  'override without end',
  'rollupOnly ignored',
  'terms of matches forgotten',
  'next decay forgotten',
  'end of an override forgotten',
])(
  'the comparison catches the planted fault: %s',
  async (fault) => {
    expect(await isCaught(fault)).toBe(true);
  },
  60_000,
);
