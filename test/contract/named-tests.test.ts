import { glob, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

/** What was seen to break in other stores, by its name there. */
const OWED: Readonly<Record<string, readonly string[]>> = {
  correctness: [
    'deadlock-storm',
    'first-seen-race',
    'state-merge-race',
    'state-null-registration',
    'equal-duplicate-in-batch',
    'conflict-is-not-retry',
    'filters-and',
    'since-by-stored',
    'true-consistent-through',
    'incremental-pull',
    'void-before-target',
    'ref-before-target',
    'statementref-transitive',
    'crash-after-insert',
    'reaction-durable',
    'projection-cursor',
    'evidence-without-person',
    'check-then-write',
    'dedup-now',
    'honest-aggregate',
    'one-part-per-hash',
    'page-stability',
    'upgrade-keeps-state',
  ],
  performance: [
    'no-ddl-on-boot',
    'related-rare-verb',
    'state-index',
    'no-count-on-dashboard',
    'ingest-singles',
    'person-merge-cost',
    'backlog-drain',
    'months-of-charts',
  ],
  'security, privacy, operations': [
    'read-mine',
    'token-without-scope',
    'no-plaintext-secret',
    'account-key',
    'attachment-xss',
    'chunked-limit',
    'launch-credential',
    'erase-one-role',
    'webhook-tls-retry',
    'worker-resubscribes',
    'bounded-ops',
  ],
};

/** A title that begins with one name or several; those of tests that do not run do not count. */
const TITLE = /(?<!\.(?:skip|todo))\(\s*['"`]([a-z]+(?:-[a-z]+)+(?:, [a-z]+(?:-[a-z]+)+)*): /g;

async function namesInTitles(): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const path of glob('test/**/*.test.ts'))
    for (const [, found = ''] of (await readFile(path, 'utf8')).matchAll(TITLE)) for (const name of found.split(', ')) names.add(name);
  return names;
}

test.each(Object.entries(OWED))('%s: each fault that was seen elsewhere has a test that is named after it', async (_section, owed) => {
  const names = await namesInTitles();

  expect([...owed, 'nobody-wrote-this'].filter((name) => !names.has(name))).toEqual(['nobody-wrote-this']);
});
