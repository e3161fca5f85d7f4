import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type RollupKind, readCasePackage } from '../../../src/standards/case/index.ts';

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const [DOCUMENT, A, B, C] = [uuid(1), uuid(10), uuid(11), uuid(12)];

const CFDocument = { identifier: DOCUMENT, title: 'Framework', creator: 'Author' };
const item = (identifier: string, extra: object = {}) => ({ identifier, fullStatement: `Statement ${identifier}`, ...extra });
const edge = (n: number, associationType: string, origin: string, destination: string, extra: object = {}) => ({
  identifier: uuid(1000 + n),
  associationType,
  originNodeURI: { identifier: origin },
  destinationNodeURI: { identifier: destination },
  ...extra,
});
const rubric = (identifier: string, levels: unknown) => ({ CFRubricCriteria: [{ CFItemURI: { identifier }, CFRubricCriterionLevels: levels }] });
const level = (position: unknown, extra: object = {}) => ({ position, quality: 'Good', ...extra });

/** A valid package of the items A and B, with parts replaced; a part that is undefined is left out. */
const caseOf = (parts: object = {}): unknown => JSON.parse(JSON.stringify({ CFDocument, CFItems: [item(A), item(B)], ...parts }));
const issuesOf = (value: unknown): readonly string[] => readCasePackage(value).issues.map(({ severity, code, path }) => `${severity} ${code} ${path}`);

const LEVELS = '/CFRubrics/0/CFRubricCriteria/0/CFRubricCriterionLevels';

const rule = (kind: RollupKind) => ({ kind, count: null, rollupOnly: false });

test('everything of a full package is read, in its order', () => {
  const read = readCasePackage(
    caseOf({
      CFDocument: { ...CFDocument, version: '2.1', language: 'id', unknown: { kept: true } },
      CFItems: [
        item(A, {
          humanCodingScheme: 'A.1',
          abbreviatedStatement: 'Short',
          CFItemType: 'Skill',
          statusEndDate: '2026-01-31',
          extensions: { rollup: 'ALL_OF', other: 1 },
        }),
        item(B, { fullStatement: 'Kompetensi é 能力' }),
      ],
      CFAssociations: [edge(1, 'isChildOf', B, A, { sequenceNumber: 3 }), edge(2, 'isChildOf', A, DOCUMENT)],
      CFRubrics: [rubric(B, [level(2, { description: 'More' }), level(1)])],
      CFDefinitions: {},
    }),
  );

  expect(read).toEqual({
    package: {
      document: { identifier: DOCUMENT, title: 'Framework', creator: 'Author', version: '2.1', language: 'id' },
      items: [
        {
          identifier: A,
          code: 'A.1',
          fullStatement: `Statement ${A}`,
          abbreviatedStatement: 'Short',
          itemType: 'Skill',
          statusEndDate: '2026-01-31',
          rollup: rule('ALL_OF'),
          policy: null,
        },
        {
          identifier: B,
          code: null,
          fullStatement: 'Kompetensi é 能力',
          abbreviatedStatement: null,
          itemType: null,
          statusEndDate: null,
          rollup: null,
          policy: null,
        },
      ],
      associations: [
        {
          identifier: uuid(1001),
          type: 'isChildOf',
          origin: B,
          destination: A,
          sequenceNumber: 3,
          weight: 1,
          requiredMin: null,
          minLevel: null,
          levelMap: null,
        },
        {
          identifier: uuid(1002),
          type: 'isChildOf',
          origin: A,
          destination: DOCUMENT,
          sequenceNumber: null,
          weight: 1,
          requiredMin: null,
          minLevel: null,
          levelMap: null,
        },
      ],
      levels: [
        { itemIdentifier: B, rank: 2, label: 'Good', description: 'More' },
        { itemIdentifier: B, rank: 1, label: 'Good', description: null },
      ],
    },
    issues: [],
  });
});

test.each([null, true, 0, 'text', [], [{ CFDocument }], {}, { CFDocument: null }, { CFDocument: [] }, { CFDocument: 'text' }, { CFItems: [item(A)] }])(
  'what has no CFDocument is refused with that one issue: %j',
  (value) => {
    expect(readCasePackage(value)).toEqual({
      package: null,
      issues: [{ severity: 'ERROR', path: '/CFDocument', code: 'required', message: 'a CASE package is an object with a CFDocument' }],
    });
  },
);

test.each<[string, object, readonly string[]]>([
  ['an empty CFDocument', { CFDocument: {} }, ['required /CFDocument/identifier', 'required /CFDocument/title', 'required /CFDocument/creator']],
  ['a document identifier that is a number', { CFDocument: { ...CFDocument, identifier: 1 } }, ['required /CFDocument/identifier']],
  ['a document title of spaces', { CFDocument: { ...CFDocument, title: ' \n' } }, ['required /CFDocument/title']],
  ['a document creator of null', { CFDocument: { ...CFDocument, creator: null } }, ['required /CFDocument/creator']],
  ['a document version that is a number', { CFDocument: { ...CFDocument, version: 1 } }, ['type /CFDocument/version']],
  ['a document language that is an array', { CFDocument: { ...CFDocument, language: ['id'] } }, ['type /CFDocument/language']],
  ['no CFItems', { CFItems: undefined }, ['required /CFItems']],
  ['CFItems of null', { CFItems: null }, ['required /CFItems']],
  ['CFItems without an item', { CFItems: [] }, ['required /CFItems']],
  ['CFItems that are an object', { CFItems: { 0: item(A) } }, ['type /CFItems', 'required /CFItems']],
  ['an item that is null', { CFItems: [item(A), null, 'x'] }, ['type /CFItems/1', 'type /CFItems/2']],
  ['an empty item', { CFItems: [item(A), {}] }, ['required /CFItems/1/identifier', 'required /CFItems/1/fullStatement']],
  ['two items without an identifier', { CFItems: [item(''), item('')] }, ['required /CFItems/0/identifier', 'required /CFItems/1/identifier']],
  ['a code that is a number', { CFItems: [item(A, { humanCodingScheme: 1 })] }, ['type /CFItems/0/humanCodingScheme']],
  ['a short statement that is an object', { CFItems: [item(A, { abbreviatedStatement: {} })] }, ['type /CFItems/0/abbreviatedStatement']],
  ['an item type that is false', { CFItems: [item(A, { CFItemType: false })] }, ['type /CFItems/0/CFItemType']],
  ['an identifier of two items', { CFItems: [item(A), item(B), item(A)] }, ['duplicate-identifier /CFItems/2/identifier']],
  ['an unknown roll-up', { CFItems: [item(A), item(B, { extensions: { rollup: 'MOST_OF' } })] }, ['rollup /CFItems/1/extensions/rollup']],
  ['a roll-up in small letters', { CFItems: [item(A, { extensions: { rollup: 'all_of' } })] }, ['rollup /CFItems/0/extensions/rollup']],
  ['CFAssociations that are a text', { CFAssociations: 'x' }, ['type /CFAssociations']],
  ['an association that is an array', { CFAssociations: [[]] }, ['type /CFAssociations/0']],
  [
    'an empty association',
    { CFAssociations: [{}] },
    ['associationType', 'identifier', 'originNodeURI', 'destinationNodeURI'].map((key) => `required /CFAssociations/0/${key}`),
  ],
  [
    'ends without an identifier',
    { CFAssociations: [edge(1, 'isChildOf', A, B, { originNodeURI: {}, destinationNodeURI: { identifier: null } })] },
    ['required /CFAssociations/0/originNodeURI/identifier', 'required /CFAssociations/0/destinationNodeURI/identifier'],
  ],
  ['an end that is a text', { CFAssociations: [edge(1, 'isChildOf', A, B, { originNodeURI: A })] }, ['required /CFAssociations/0/originNodeURI']],
  [
    'an identifier of two associations',
    { CFAssociations: [edge(1, 'isChildOf', A, B), edge(1, 'isRelatedTo', A, B)] },
    ['duplicate-identifier /CFAssociations/1/identifier'],
  ],
  ['CFRubrics that are a number', { CFRubrics: 5 }, ['type /CFRubrics']],
  ['a rubric that is null', { CFRubrics: [null] }, ['type /CFRubrics/0']],
  ['criteria that are an object', { CFRubrics: [{ CFRubricCriteria: {} }] }, ['type /CFRubrics/0/CFRubricCriteria']],
  ['a criterion that is a text', { CFRubrics: [{ CFRubricCriteria: ['x'] }] }, ['type /CFRubrics/0/CFRubricCriteria/0']],
  ['levels that are a text', { CFRubrics: [rubric(A, 'x')] }, [`type ${LEVELS}`]],
  ['a level that is a number', { CFRubrics: [rubric(A, [1])] }, [`type ${LEVELS}/0`]],
  ['a level description that is a number', { CFRubrics: [rubric(A, [level(1, { description: 1 })])] }, [`type ${LEVELS}/0/description`]],
  ['an item below itself', { CFAssociations: [edge(1, 'isChildOf', A, A)] }, ['cycle /CFAssociations']],
  ['items below each other', { CFAssociations: [edge(1, 'isChildOf', A, B), edge(2, 'isChildOf', B, A)] }, ['cycle /CFAssociations']],
  ['items before each other', { CFAssociations: [edge(1, 'precedes', A, B), edge(2, 'precedes', B, A)] }, ['cycle /CFAssociations']],
  ['items that replace each other', { CFAssociations: [edge(1, 'replacedBy', A, B), edge(2, 'replacedBy', B, A)] }, ['cycle /CFAssociations']],
  ['a child matched to its parent', { CFAssociations: [edge(1, 'isChildOf', A, B), edge(2, 'exactMatchOf', A, B)] }, ['cycle /CFAssociations']],
])('%s is an error at its place and refuses the package', (_what, parts, errors) => {
  expect(issuesOf(caseOf(parts))).toEqual(errors.map((error) => `ERROR ${error}`));
  expect(readCasePackage(caseOf(parts)).package).toBeNull();
});

test.each<[string, object, readonly string[]]>([
  ['a document identifier that is no UUID', { CFDocument: { ...CFDocument, identifier: 'doc' } }, ['identifier-not-case-uuid /CFDocument/identifier']],
  ['an item identifier that is no UUID', { CFItems: [item(A), item('skill/one')] }, ['identifier-not-case-uuid /CFItems/1/identifier']],
  ['an item identifier of UUID version 7', { CFItems: [item('01890a5d-ac96-774b-bcce-b302099a8057')] }, ['identifier-not-case-uuid /CFItems/0/identifier']],
  [
    'an association identifier that is no UUID',
    { CFAssociations: [edge(1, 'isChildOf', A, B, { identifier: 'edge' })] },
    ['identifier-not-case-uuid /CFAssociations/0/identifier'],
  ],
  [
    'a code of three items',
    { CFItems: [item(A, { humanCodingScheme: 'X' }), item(B, { humanCodingScheme: 'X' }), item(C, { humanCodingScheme: 'X' })] },
    ['duplicate-code /CFItems/1/humanCodingScheme', 'duplicate-code /CFItems/2/humanCodingScheme'],
  ],
  ['an origin outside', { CFAssociations: [edge(1, 'isChildOf', C, A)] }, ['dangling-end /CFAssociations/0/originNodeURI']],
  ['a destination outside', { CFAssociations: [edge(1, 'isChildOf', A, C)] }, ['dangling-end /CFAssociations/0/destinationNodeURI']],
  [
    'both ends outside',
    { CFAssociations: [edge(1, 'isChildOf', A, B), edge(2, 'isRelatedTo', C, uuid(13))] },
    ['dangling-end /CFAssociations/1/originNodeURI', 'dangling-end /CFAssociations/1/destinationNodeURI'],
  ],
  ['an association type of no standard', { CFAssociations: [edge(1, 'isFriendOf', A, B)] }, ['unknown-type /CFAssociations/0/associationType']],
  ['an association type in other letters', { CFAssociations: [edge(1, 'ischildof', A, B)] }, ['unknown-type /CFAssociations/0/associationType']],
  ['an extension type without a name', { CFAssociations: [edge(1, 'ext:', A, B)] }, ['unknown-type /CFAssociations/0/associationType']],
  ['an extension type with a space', { CFAssociations: [edge(1, 'ext:a b', A, B)] }, ['unknown-type /CFAssociations/0/associationType']],
  ['levels of an item outside', { CFRubrics: [rubric(C, [level(1)])] }, ['dangling-level /CFRubrics/0/CFRubricCriteria/0/CFItemURI']],
])('%s is a warning at its place and the package is kept', (_what, parts, warnings) => {
  expect(issuesOf(caseOf(parts))).toEqual(warnings.map((warning) => `WARNING ${warning}`));
  expect(readCasePackage(caseOf(parts)).package).not.toBeNull();
});

test.each([
  'isChildOf',
  'isPeerOf',
  'isPartOf',
  'exactMatchOf',
  'precedes',
  'isRelatedTo',
  'replacedBy',
  'exemplar',
  'hasSkillLevel',
  'isTranslationOf',
  'ext:builds-on_1.2',
])('the association type %s is known', (type) => {
  const { package: read, issues } = readCasePackage(caseOf({ CFAssociations: [edge(1, type, A, B)] }));

  expect(issues).toEqual([]);
  expect(read?.associations).toEqual([
    { identifier: uuid(1001), type, origin: A, destination: B, sequenceNumber: null, weight: 1, requiredMin: null, minLevel: null, levelMap: null },
  ]);
});

test.each<readonly [string, readonly object[], readonly string[], readonly (readonly [rank: number, label: string])[]]>([
  ['a level without a rank', [rubric(A, [level(1), { quality: 'Good' }])], [`level-rank ${LEVELS}/1/position`], [[1, 'Good']]],
  [
    'ranks that are not whole numbers above 0',
    [rubric(A, [level(0), level(-1), level(1.5), level('1'), level(null, { score: 0.5 }), level(null, { score: 2 })])],
    [0, 1, 2, 3, 4].map((index) => `level-rank ${LEVELS}/${index}/position`),
    [[2, 'Good']],
  ],
  [
    'a rank twice',
    [rubric(A, [level(1), level(2), level(1, { quality: 'Other' })])],
    [`duplicate-level ${LEVELS}/2/position`],
    [
      [1, 'Good'],
      [2, 'Good'],
    ],
  ],
  [
    'a rank twice over two rubrics of one item',
    [rubric(A, [level(1)]), rubric(A, [level(1, { quality: 'Other' })])],
    ['duplicate-level /CFRubrics/1/CFRubricCriteria/0/CFRubricCriterionLevels/0/position'],
    [[1, 'Good']],
  ],
  [
    'a level without a name',
    [rubric(A, [{ position: 1 }, { position: 2, quality: ' ' }])],
    [`level-name ${LEVELS}/0/quality`, `level-name ${LEVELS}/1/quality`],
    [
      [1, '1'],
      [2, '2'],
    ],
  ],
])('a package with %s comes in with what has one, and the rest is a warning', (_label, CFRubrics, warnings, levels) => {
  const { package: read, issues } = readCasePackage(caseOf({ CFRubrics }));

  expect(issues.map(({ severity, code, path }) => `${severity} ${code} ${path}`)).toEqual(warnings.map((warning) => `WARNING ${warning}`));
  expect(read?.levels.map(({ rank, label }) => [rank, label])).toEqual(levels);
});

test('every issue is listed, errors and warnings, and one error is enough to refuse', () => {
  const value = caseOf({
    CFDocument: { ...CFDocument, identifier: 'doc', title: '' },
    CFItems: [item(A, { humanCodingScheme: 1 }), item(A), item('b')],
    CFAssociations: [edge(1, 'isFriendOf', C, A), edge(1, 'isChildOf', A, A)],
    CFRubrics: [rubric(A, [level(0)]), rubric(C, [])],
  });

  expect([...issuesOf(value)].sort()).toEqual([
    'ERROR cycle /CFAssociations',
    'ERROR duplicate-identifier /CFAssociations/1/identifier',
    'ERROR duplicate-identifier /CFItems/1/identifier',
    'ERROR required /CFDocument/title',
    'ERROR type /CFItems/0/humanCodingScheme',
    'WARNING dangling-end /CFAssociations/0/originNodeURI',
    'WARNING dangling-level /CFRubrics/1/CFRubricCriteria/0/CFItemURI',
    'WARNING identifier-not-case-uuid /CFDocument/identifier',
    'WARNING identifier-not-case-uuid /CFItems/2/identifier',
    `WARNING level-rank ${LEVELS}/0/position`,
    'WARNING unknown-type /CFAssociations/0/associationType',
  ]);
  expect(readCasePackage(value).package).toBeNull();
});

test('explicit nulls and empty texts count as absent', () => {
  for (const nothing of [null, undefined]) {
    const value = caseOf({
      CFDocument: { ...CFDocument, version: nothing, language: nothing, frameworkType: nothing, officialSourceURL: nothing },
      CFItems: [item(A, { humanCodingScheme: nothing, abbreviatedStatement: nothing, CFItemType: nothing, statusEndDate: nothing, extensions: nothing })],
      CFAssociations: nothing,
      CFRubrics: nothing,
      CFDefinitions: nothing,
    });

    expect(readCasePackage(value)).toEqual({
      package: {
        document: { ...CFDocument, version: null, language: null },
        items: [
          {
            identifier: A,
            code: null,
            fullStatement: `Statement ${A}`,
            abbreviatedStatement: null,
            itemType: null,
            statusEndDate: null,
            rollup: null,
            policy: null,
          },
        ],
        associations: [],
        levels: [],
      },
      issues: [],
    });
  }
  const empty = caseOf({ CFItems: [item(A, { humanCodingScheme: '' }), item(B, { humanCodingScheme: '' })], CFDocument: { ...CFDocument, version: '' } });
  expect(issuesOf(empty)).toEqual([]);
  expect(readCasePackage(empty).package?.items.map(({ code }) => code)).toEqual([null, null]);
  expect(readCasePackage(empty).package?.document.version).toBeNull();
});

test('nulls inside rubrics and associations count as absent', () => {
  const value = caseOf({
    CFAssociations: [edge(1, 'isChildOf', A, B, { sequenceNumber: null })],
    CFRubrics: [
      { CFRubricCriteria: null },
      {
        CFRubricCriteria: [
          { CFItemURI: null, CFRubricCriterionLevels: [{}] },
          { CFItemURI: { identifier: A }, CFRubricCriterionLevels: null },
        ],
      },
      rubric(B, [level(null, { score: 2, description: null })]),
    ],
  });

  const { package: read, issues } = readCasePackage(value);

  expect(issues).toEqual([]);
  expect(read?.associations[0]?.sequenceNumber).toBeNull();
  expect(read?.levels).toEqual([{ itemIdentifier: B, rank: 2, label: 'Good', description: null }]);
});

test('identifiers that are no UUID are kept to the letter', () => {
  const { package: read } = readCasePackage(
    caseOf({
      CFDocument: { ...CFDocument, identifier: 'Doc 1' },
      CFItems: [item('Skill/One'), item(A)],
      CFAssociations: [edge(1, 'isChildOf', 'Skill/One', A)],
    }),
  );

  expect(read?.document.identifier).toBe('Doc 1');
  expect(read?.items.map(({ identifier }) => identifier)).toEqual(['Skill/One', A]);
  expect(read?.associations.map(({ origin, destination }) => [origin, destination])).toEqual([['Skill/One', A]]);
});

test('an identifier may be a UUID in capital letters, and of each version from 1 to 5', () => {
  const versions = [1, 2, 3, 4, 5].map((version) => `0000000A-0000-${version}000-B000-000000000000`);

  expect(issuesOf(caseOf({ CFItems: versions.map((identifier) => item(identifier)) }))).toEqual([]);
});

test('an association may lead to the document itself, and one that leads outside is kept with both identifiers', () => {
  const { package: read, issues } = readCasePackage(caseOf({ CFAssociations: [edge(1, 'isChildOf', A, DOCUMENT), edge(2, 'exactMatchOf', B, C)] }));

  expect(issues.map(({ code, path }) => [code, path])).toEqual([['dangling-end', '/CFAssociations/1/destinationNodeURI']]);
  expect(read?.associations).toEqual([
    {
      identifier: uuid(1001),
      type: 'isChildOf',
      origin: A,
      destination: DOCUMENT,
      sequenceNumber: null,
      weight: 1,
      requiredMin: null,
      minLevel: null,
      levelMap: null,
    },
    {
      identifier: uuid(1002),
      type: 'exactMatchOf',
      origin: B,
      destination: C,
      sequenceNumber: null,
      weight: 1,
      requiredMin: null,
      minLevel: null,
      levelMap: null,
    },
  ]);
});

test('a sequence number that is not whole counts as absent', () => {
  const numbers = [0, -1, 7, 1.5, '2', true];
  const { package: read, issues } = readCasePackage(
    caseOf({ CFAssociations: numbers.map((sequenceNumber, index) => edge(index, 'isRelatedTo', A, B, { sequenceNumber })) }),
  );

  expect(issues).toEqual([]);
  expect(read?.associations.map(({ sequenceNumber }) => sequenceNumber)).toEqual([0, -1, 7, null, null, null]);
});

test('the rank of a level is its position, else its score', () => {
  const ranks = [level(3, { score: 9 }), level(undefined, { score: 4 }), level(0, { score: 5 }), level(1.5, { score: 6 }), level('7', { score: 7 })];

  const { package: read, issues } = readCasePackage(caseOf({ CFRubrics: [rubric(A, ranks)] }));

  expect(issues).toEqual([]);
  expect(read?.levels.map(({ rank }) => rank)).toEqual([3, 4, 5, 6, 7]);
});

test('two items may have the same ranks, and one item its ranks over several criteria', () => {
  const criterion = (identifier: string, rank: number) => ({ CFItemURI: { identifier }, CFRubricCriterionLevels: [level(rank)] });

  const { package: read, issues } = readCasePackage(caseOf({ CFRubrics: [{ CFRubricCriteria: [criterion(A, 1), criterion(B, 1), criterion(A, 2)] }] }));

  expect(issues).toEqual([]);
  expect(read?.levels.map(({ itemIdentifier, rank }) => [itemIdentifier, rank])).toEqual([
    [A, 1],
    [B, 1],
    [A, 2],
  ]);
});

test.each(['NONE', 'ALL_OF', 'ANY_OF', 'WEIGHTED'] as const)('the roll-up %s of an item is read from its extensions', (rollup) => {
  const { package: read, issues } = readCasePackage(caseOf({ CFItems: [item(A, { extensions: { rollup } }), item(B, { extensions: 'x' })] }));

  expect(issues).toEqual([]);
  expect(read?.items.map((row) => row.rollup)).toEqual([rule(rollup), null]);
});

test('N_OF brings its number, a parent may leave its own evidence aside, and a child its weight and least level', () => {
  const { package: read, issues } = readCasePackage(
    caseOf({
      CFItems: [item(A, { extensions: { rollup: 'N_OF', rollupCount: 2, rollupOnly: true } }), item(B)],
      CFAssociations: [edge(1, 'isChildOf', B, A, { extensions: { weight: 3, requiredMin: 2 } })],
    }),
  );

  expect(issues).toEqual([]);
  expect(read?.items[0]?.rollup).toEqual({ kind: 'N_OF', count: 2, rollupOnly: true });
  expect(read?.associations[0]).toMatchObject({ weight: 3, requiredMin: 2 });
});

test('a level policy is read from the extensions of an item, with defaults for what it leaves out', () => {
  const levelPolicy = { kind: 'WEIGHTED', threshold: 1_500, halfLifeDays: 365 };
  const { package: read, issues } = readCasePackage(
    caseOf({ CFItems: [item(A, { extensions: { levelPolicy } }), item(B, { extensions: { levelPolicy: { minDistinctSources: 2 } } })] }),
  );

  expect(issues).toEqual([]);
  expect(read?.items.map(({ policy }) => policy)).toEqual([
    { kind: 'WEIGHTED', minDistinctSources: 1, threshold: 1_500, halfLifeDays: 365 },
    { kind: 'BEST_VALID', minDistinctSources: 2, threshold: 1_000, halfLifeDays: null },
  ]);
});

test.each([
  ['N_OF without a number', { rollup: 'N_OF' }, 'required /CFItems/0/extensions/rollupCount'],
  ['a number of 0', { rollup: 'N_OF', rollupCount: 0 }, 'integer /CFItems/0/extensions/rollupCount'],
  ['an unknown policy', { levelPolicy: { kind: 'FIRST' } }, 'kind /CFItems/0/extensions/levelPolicy/kind'],
  ['no source', { levelPolicy: { minDistinctSources: 0 } }, 'integer /CFItems/0/extensions/levelPolicy/minDistinctSources'],
  ['half a day', { levelPolicy: { halfLifeDays: 0.5 } }, 'integer /CFItems/0/extensions/levelPolicy/halfLifeDays'],
  ['a threshold that is a text', { levelPolicy: { threshold: '1' } }, 'integer /CFItems/0/extensions/levelPolicy/threshold'],
])('a level rule with %s is refused, with its place', (_what, extensions, expected) => {
  const { package: read, issues } = readCasePackage(caseOf({ CFItems: [item(A, { extensions }), item(B)] }));

  expect(read).toBeNull();
  expect(issues.filter(({ severity }) => severity === 'ERROR').map(({ code, path }) => `${code} ${path}`)).toContain(expected);
});

test('a cycle is named by code, else by short statement, else by full statement, in the direction of its edges', () => {
  const { issues } = readCasePackage(
    caseOf({
      CFItems: [
        item(A, { humanCodingScheme: 'A.1', abbreviatedStatement: 'no' }),
        item(B, { abbreviatedStatement: 'Second' }),
        item(C, { fullStatement: 'Third' }),
      ],
      CFAssociations: [edge(1, 'precedes', A, B), edge(2, 'precedes', B, C), edge(3, 'precedes', C, A)],
    }),
  );

  expect(issues).toEqual([{ severity: 'ERROR', path: '/CFAssociations', code: 'cycle', message: 'precedes runs in a circle: A.1 -> Second -> Third -> A.1' }]);
});

test('the cycles of each kind are told apart, each named', () => {
  const pairs = (type: string, start: number) => [edge(start, type, A, B), edge(start + 1, type, B, A)];
  const { issues } = readCasePackage(
    caseOf({
      CFItems: [item(A, { humanCodingScheme: 'A' }), item(B, { humanCodingScheme: 'B' })],
      CFAssociations: [...pairs('precedes', 1), ...pairs('replacedBy', 3), ...pairs('isChildOf', 5)],
    }),
  );

  expect(issues.map(({ message }) => message)).toEqual([
    'isChildOf runs in a circle: A -> B -> A',
    'precedes runs in a circle: A -> B -> A',
    'replacedBy runs in a circle: A -> B -> A',
  ]);
});

test('edges of different kinds do not close a cycle together, and symmetric kinds may run both ways', () => {
  const both = (type: string, start: number) => [edge(start, type, A, B), edge(start + 1, type, B, A)];

  expect(issuesOf(caseOf({ CFAssociations: [edge(1, 'isChildOf', A, B), edge(2, 'precedes', B, A), edge(3, 'replacedBy', B, A)] }))).toEqual([]);
  expect(issuesOf(caseOf({ CFAssociations: [...both('isRelatedTo', 1), ...both('isPeerOf', 3), ...both('exactMatchOf', 5)] }))).toEqual([]);
});

test('a chain that leaves the package does not close a cycle through the document or an outside node', () => {
  const CFAssociations = [edge(1, 'isChildOf', A, DOCUMENT), edge(2, 'isChildOf', DOCUMENT, A), edge(3, 'precedes', A, C), edge(4, 'precedes', C, A)];

  expect(issuesOf(caseOf({ CFAssociations }))).toEqual([
    'WARNING dangling-end /CFAssociations/2/destinationNodeURI',
    'WARNING dangling-end /CFAssociations/3/originNodeURI',
  ]);
});

/** What must hold of every answer: it has no package exactly when it has an error. */
function check(value: unknown): void {
  const { package: read, issues } = readCasePackage(value);
  expect(read === null).toBe(issues.some(({ severity }) => severity === 'ERROR'));
  for (const { path, code, message } of issues) {
    expect(path).toMatch(/^(\/[^/]+)+$/);
    expect(code).not.toBe('');
    expect(message).not.toBe('');
  }
}

test('no JSON value makes the reader throw', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), check), { numRuns: 500 });
});

test('no JSON value in the place of a part of a package makes the reader throw', () => {
  const part = fc.jsonValue({ maxDepth: 3 });
  const list = (of: fc.Arbitrary<unknown>) => fc.oneof(fc.array(of, { maxLength: 4 }), part);
  const end = fc.oneof(fc.constantFrom({ identifier: A }, { identifier: B }, { identifier: DOCUMENT }), part);
  const records = fc.record(
    {
      CFDocument: fc.oneof(fc.constant(CFDocument), fc.record({ identifier: part, title: part, creator: part, version: part, language: part })),
      CFItems: list(
        fc.record(
          {
            identifier: fc.oneof(fc.constantFrom(A, B), part),
            fullStatement: fc.oneof(fc.constant('x'), part),
            humanCodingScheme: part,
            abbreviatedStatement: part,
            CFItemType: part,
            extensions: fc.oneof(fc.record({ rollup: part }), part),
          },
          { requiredKeys: [] },
        ),
      ),
      CFAssociations: list(
        fc.record(
          {
            identifier: part,
            associationType: fc.oneof(fc.constantFrom('isChildOf', 'precedes', 'exactMatchOf'), part),
            originNodeURI: end,
            destinationNodeURI: end,
            sequenceNumber: part,
          },
          { requiredKeys: [] },
        ),
      ),
      CFRubrics: list(
        fc.record({
          CFRubricCriteria: list(
            fc.record({ CFItemURI: end, CFRubricCriterionLevels: list(fc.record({ position: part, score: part, quality: part, description: part })) }),
          ),
        }),
      ),
    },
    { requiredKeys: ['CFDocument'] },
  );

  fc.assert(fc.property(records, check), { numRuns: 1_000 });
});
