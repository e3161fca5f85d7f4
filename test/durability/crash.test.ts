import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

test('nothing acknowledged is lost and nothing is doubled when the server and PostgreSQL are killed under load', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['test/durability/run.mjs', '--server', '5', '--postgres', '5']);
  const { acknowledged, stored, lost, doubled, unlinked, holes, sameProgress, progressRows } = JSON.parse(stdout) as Record<string, number | boolean>;

  expect(acknowledged).toBeGreaterThan(1_000);
  expect(stored).toBeGreaterThanOrEqual(Number(acknowledged));
  expect({ lost, doubled, unlinked, holes, sameProgress }).toEqual({ lost: 0, doubled: 0, unlinked: 0, holes: 0, sameProgress: true });
  expect(progressRows).toBeGreaterThan(0);
}, 300_000);
