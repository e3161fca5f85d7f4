import { access, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

interface Row {
  readonly text: string;
  /** Rules that are said to be in the answer. */
  readonly rules: readonly string[];
  /** Test files, below `test/`; none where the row has a dash. */
  readonly tests: readonly string[];
}

const inCode = (cell: string, pattern: string): readonly string[] => [...cell.matchAll(new RegExp(`\`(${pattern})\``, 'g'))].map(([, found = '']) => found);

/** The rows of every table that is headed `section | … | tests`. */
function rowsOf(page: string): readonly Row[] {
  const lines = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| section'));
  return lines.map((text) => {
    const [, , , answered = '', tests = '', ...more] = text.split(/^\| | \| | \|$/);
    if (more.length !== 1 || (tests !== '–' && inCode(tests, String.raw`[\w/-]+\.test\.ts`).length === 0)) throw new Error(`not a row of four cells: ${text}`);
    return {
      text,
      rules: inCode(answered, String.raw`(?:Data|Communication) \d[\d.]* [a-zA-Z0-9-]+`),
      tests: inCode(tests, String.raw`[\w/-]+\.test\.ts`),
    };
  });
}

const pathOf = (name: string): string => `test/${name}`;
const isThere = async (name: string): Promise<boolean> =>
  access(pathOf(name)).then(
    () => true,
    () => false,
  );

async function missingTests(page: string): Promise<readonly string[]> {
  const names = [...new Set(rowsOf(page).flatMap(({ tests }) => tests))];
  const there = await Promise.all(names.map(isThere));
  return names.filter((_, index) => !there[index]);
}

/** Rules that none of the tests beside them speaks of. */
async function unspokenRules(page: string): Promise<readonly string[]> {
  const unspoken = await Promise.all(
    rowsOf(page).map(async ({ rules, tests }) => {
      const texts = await Promise.all(tests.map(async (name) => readFile(pathOf(name), 'utf8')));
      return rules.filter((rule) => !texts.some((text) => text.includes(`${rule}'`) || text.includes(`${rule}:`)));
    }),
  );
  return unspoken.flat();
}

const page = await readFile('docs/xapi-conformance.md', 'utf8');

test('docs/xapi-conformance.md: every test that a requirement names exists, and one that does not is found', async () => {
  expect(rowsOf(page).length).toBeGreaterThan(70);
  expect(await missingTests(page)).toEqual([]);
  expect(await missingTests(page.replace('`http/exact.test.ts`', '`http/exactly.test.ts`'))).toEqual(['http/exactly.test.ts']);
});

test('docs/xapi-conformance.md: every rule that an answer names stands in a test beside it, and one that does not is found', async () => {
  expect(await unspokenRules(page)).toEqual([]);
  expect(await unspokenRules(page.replace('`Data 2.4 required`', '`Data 2.4 requested`'))).toEqual(['Data 2.4 requested']);
});

test('docs/xapi.md leads to the page of requirements', async () => {
  expect(await readFile('docs/xapi.md', 'utf8')).toContain('](xapi-conformance.md)');
});
