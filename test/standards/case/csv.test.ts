import { expect, test } from '@jest/globals';
import { readCasePackage, readCsvFramework, readDigComp, writeCsvFramework } from '../../../src/standards/case/index.ts';

const facts = { title: 'Kamus', creator: 'BKPSDM' };

interface Item {
  readonly fullStatement: string;
}

/** A table as a package, with its items; there must be one. */
function read(text: string) {
  const { package: whole } = readCsvFramework(text, facts);
  if (whole === null) throw new Error('the table was refused');
  return { whole, items: whole['CFItems'] as readonly Item[] };
}

const told = (text: string) => readCsvFramework(text, facts).issues.map(({ severity, path, code }) => `${severity} ${path} ${code}`);

test('a table becomes a package that imports: parents by code, levels with descriptions, a roll-up', () => {
  const { package: whole, issues } = readCsvFramework(
    [
      'humanCodingScheme,fullStatement,CFItemType,isChildOf,sequenceNumber,rollup,rollupCount,level 1,level 1 description,level 2',
      'T.1,Manajemen proyek,Kompetensi,,1,N_OF,2,,,',
      'T.1.1,"Perencanaan, ""rinci""",Sub,T.1,1,,,Paham,"tahu artinya",Dasar',
    ].join('\n'),
    facts,
  );
  expect(issues).toEqual([]);
  const { package: read, issues: found } = readCasePackage(whole);
  expect(found).toEqual([]);
  expect(read?.document).toMatchObject({ title: 'Kamus', creator: 'BKPSDM' });
  expect(read?.items).toMatchObject([
    { code: 'T.1', rollup: { kind: 'N_OF', count: 2, rollupOnly: false } },
    { code: 'T.1.1', fullStatement: 'Perencanaan, "rinci"', rollup: null },
  ]);
  const [top, below] = read?.items ?? [];
  expect(read?.associations).toMatchObject([
    { type: 'isChildOf', origin: top?.identifier, destination: read?.document.identifier, sequenceNumber: 1 },
    { type: 'isChildOf', origin: below?.identifier, destination: top?.identifier, sequenceNumber: 1 },
  ]);
  expect(read?.levels).toEqual([
    { itemIdentifier: below?.identifier, rank: 1, label: 'Paham', description: 'tahu artinya' },
    { itemIdentifier: below?.identifier, rank: 2, label: 'Dasar', description: null },
  ]);
});

test('the same table is the same package, whenever it is read', () => {
  const text = 'humanCodingScheme,fullStatement\nA,One\n';
  expect(readCsvFramework(text, facts)).toEqual(readCsvFramework(text, facts));
});

test.each([
  [
    'a code twice',
    'humanCodingScheme,fullStatement\nA,One\nA,Two',
    ['ERROR /2/humanCodingScheme duplicate-code', 'ERROR /2/humanCodingScheme duplicate-code'],
    true,
  ],
  ['a code twice under two identifiers', 'identifier,humanCodingScheme,fullStatement\na,A,One\nb,A,Two', ['ERROR /2/humanCodingScheme duplicate-code'], true],
  ['a roll-up that is none', 'fullStatement,rollup\nOne,MOST', ['ERROR /1/rollup rollup'], true],
  ['a sequence that is no number', 'fullStatement,sequenceNumber\nOne,first', ['ERROR /1/sequenceNumber integer'], true],
  ['a level without a label', 'fullStatement,level 1,level 1 description\nOne,,text', ['ERROR /1/level 1 required'], true],
  ['what is no table', 'fullStatement\n"open', ['ERROR  csv'], true],
  ['a column that is not known', 'fullStatement,colour\nOne,red', ['WARNING /0 unknown-column'], false],
])('%s is told with its row and column', (_what, text, issues, isRefused) => {
  expect(told(text)).toEqual(issues);
  expect(readCsvFramework(text, facts).package === null).toBe(isRefused);
});

test('a text that a spreadsheet would run as a formula goes out guarded and comes back to the letter', () => {
  for (const fullStatement of ['=1+1', '@home', '- first', '+62', "'quoted'", ' two spaces ', 'line\nline']) {
    const { whole, items } = read('fullStatement\nx');
    const csv = writeCsvFramework({ ...whole, CFItems: items.map((item) => ({ ...item, fullStatement })) });
    expect(csv).not.toMatch(/(?:^|[,\n])"?[=@+-]/);
    expect(read(csv).items.map((item) => item.fullStatement)).toEqual([fullStatement]);
  }
});

test('the levels that count go out as a table, by the name they count under, and the same come back', () => {
  const { whole, items } = read('humanCodingScheme,fullStatement\nT.1,Manajemen proyek');
  const { identifier } = items[0] as Item & { readonly identifier: string };
  const criterion = (...levels: object[]) => ({ CFItemURI: { identifier }, CFRubricCriterionLevels: levels });
  const CFRubrics = [
    { CFRubricCriteria: [criterion({ position: 2, quality: 'Dasar' }, { position: 2, quality: 'Other' }, { position: 0, score: 1 })] },
    { CFRubricCriteria: [criterion({ position: '3', quality: 'Text' }, { score: 4, quality: 'Mumpuni' })] },
  ];
  const levelsOf = (value: unknown) =>
    readCasePackage(value)
      .package?.levels.map(({ rank, label }) => `${rank} ${label}`)
      .sort();

  expect(levelsOf({ ...whole, CFRubrics })).toEqual(['1 1', '2 Dasar', '4 Mumpuni']);
  expect(levelsOf(read(writeCsvFramework({ ...whole, CFRubrics })).whole)).toEqual(['1 1', '2 Dasar', '4 Mumpuni']);
});

test('what is no DigComp is refused, and a node of an unknown class or with a parent that is not there is told', () => {
  expect(readDigComp([], facts)).toEqual({
    package: null,
    issues: [{ severity: 'ERROR', path: '/@graph', code: 'required', message: 'DigComp as JSON-LD is an object with a @graph' }],
  });
  const { package: whole, issues } = readDigComp(
    {
      '@graph': [
        { '@type': 'Competence', '@id': 'Competence/1.1', name: 'n', description: 'd', competence_area_id: 'CompetenceArea/9' },
        { '@type': 'Other', '@id': 'x' },
      ],
    },
    facts,
  );
  expect(issues.map(({ path, code }) => `${path} ${code}`)).toEqual(['/@graph/0/competence_area_id dangling-reference', '/@graph/1/@type unknown-type']);
  expect(readCasePackage(whole).package?.items).toHaveLength(1);
});
