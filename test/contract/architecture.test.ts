import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

interface Cruise {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly to: string; readonly rule: { readonly name: string } }[];
    readonly totalCruised: number;
  };
}

async function cruise(...paths: readonly string[]): Promise<Cruise> {
  const run = promisify(execFile)('node_modules/.bin/depcruise', [...paths, '--config', '.dependency-cruiser.cjs', '--output-type', 'json'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return JSON.parse(stdout) as Cruise;
}

test('imports point downwards only, and a module is entered through its index', async () => {
  const { summary } = await cruise('src', 'migrations');

  expect(summary.totalCruised).toBeGreaterThan(100);
  expect(summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
});

test('an import against the direction is found', async () => {
  const folder = await mkdtemp(join('src', 'kernel', 'probe-'));
  try {
    await writeFile(join(folder, 'upwards.ts'), "export { Statements } from '../../modules/lrs/statements.ts';\n");
    const { summary } = await cruise('src');

    expect(summary.violations.map(({ rule }) => rule.name)).toEqual(expect.arrayContaining(['kernel-imports-nothing', 'doors-enter-by-the-index']));
  } finally {
    await rm(folder, { recursive: true });
  }
});
