import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = promisify(execFile);

/** Whether the comparison of the engine with the reference, on a database, fails when this fault is planted into the engine. */
async function isCaught(fault: string): Promise<boolean> {
  try {
    await run(process.execPath, ['--no-warnings', 'test/property/engine-faults.mjs', fault]);
    return false;
  } catch (error) {
    // Anything but a counterexample would be a mistake of the test.
    expect((error as { stdout: string }).stdout).toContain('Property failed after');
    return true;
  }
}

test('without a fault the built engine equals the reference in the worlds that catch the faults', async () => {
  expect(await isCaught('none')).toBe(false);
}, 180_000);

test.each([
  'pending voids skipped',
  'voids do not bring their target along',
  'voidable voids',
  'anybody may void',
  'order by stored',
  'evidence id without the statement',
  'claimed before it is written',
  'circles looked for before matches are merged',
  'unmerged classes',
  'parents left as they were',
  'statements of the unknown forgotten',
  'unlinked and still counted',
  'a generation being built is not kept up with',
  'judgements left behind by a merge',
  'level maps ignored',
  'successors ignored',
  'caps of kinds ignored',
  'windows of rule versions ignored',
  'time passes unnoticed',
])(
  'worlds on a database catch the fault planted in the engine: %s',
  async (fault) => {
    expect(await isCaught(fault)).toBe(true);
  },
  60_000,
);
