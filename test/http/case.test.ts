import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { digestKey } from '../../src/kernel/ids.ts';
import { caseViolations, type ShapeName } from '../../src/standards/case/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { casePackage, itemIdOf, NODES } from '../support/world.ts';

const id = (name: string): string => digestKey('test-case', name);
const changed = '2026-01-01T00:00:00Z';
const uri = (path: string, name: string): string => `https://case.example/${path}/${id(name)}`;
const thing = (path: string, name: string, others: object) => ({
  identifier: id(name),
  uri: uri(path, name),
  title: name,
  lastChangeDateTime: changed,
  ...others,
});

/** A package with something of every class. */
function everything(version: string): string {
  const source = JSON.parse(casePackage(NODES, { name: 'case', version })) as Record<string, Record<string, unknown>>;
  source['CFDefinitions'] = {
    CFConcepts: [thing('CFConcepts', 'concept', { hierarchyCode: '1' }), thing('CFConcepts', 'below', { hierarchyCode: '1.2' })],
    CFSubjects: [thing('CFSubjects', 'subject', { hierarchyCode: '1' })],
    CFLicenses: [thing('CFLicenses', 'licence', { licenseText: 'text' })],
    CFItemTypes: [thing('CFItemTypes', 'type', { description: 'd', hierarchyCode: '1' })],
    CFAssociationGroupings: [thing('CFAssociationGroupings', 'grouping', {})],
  };
  return JSON.stringify(source);
}

let app: TestApp;
let versionId: string;

beforeAll(async () => {
  app = await startTestApp();
  const load = (source: string, publish: boolean) =>
    app.modules.competencies.import({ source, kind: 'TECHNICAL', defaultRollup: 'NONE', publish, dryRun: false });
  versionId = (await load(everything('1'), true)).versionId ?? '';
  await load(casePackage([{ code: 'B.1' }], { name: 'b' }), true);
  await load(casePackage([{ code: 'A.1' }], { name: 'a' }), true);
  await load(casePackage([{ code: 'DRAFT.1' }], { name: 'draft' }), false);
});
afterAll(() => app.close());

async function get(path: string, token: string | null = app.token) {
  const response = await fetch(`${app.url}/ims/case/v1p1${path}`, { headers: token === null ? {} : { Authorization: `Bearer ${token}` } });
  // oxlint-disable-next-line typescript/no-explicit-any -- each test reads the shape it asked for
  return { status: response.status, headers: response.headers, body: (await response.json()) as any };
}

const document = digestKey('test-framework', 'case');
const codeOf = (body: { imsx_codeMinor: { imsx_codeMinorField: { imsx_codeMinorFieldValue: string }[] } }) =>
  body.imsx_codeMinor.imsx_codeMinorField[0]?.imsx_codeMinorFieldValue;

test.each<[path: string, identifier: string, shape: ShapeName | null, key: string | null]>([
  ['CFDocuments', document, 'CFDocument', null],
  ['CFPackages', document, 'CFPackage', null],
  ['CFItems', itemIdOf('ALL.1'), 'CFItem', null],
  ['CFItemAssociations', itemIdOf('ALL'), null, 'CFAssociations'],
  ['CFAssociations', digestKey('test-edge', 'ALL.1', 'ALL'), 'CFAssociation', null],
  ['CFAssociationGroupings', id('grouping'), 'CFAssociationGrouping', null],
  ['CFConcepts', id('concept'), null, 'CFConcepts'],
  ['CFItemTypes', id('type'), null, 'CFItemTypes'],
  ['CFLicenses', id('licence'), 'CFLicense', null],
  ['CFRubrics', digestKey('test-rubric', 'ALL.1'), 'CFRubric', null],
  ['CFSubjects', id('subject'), null, 'CFSubjects'],
])('GET /%s/{id} answers what is published, strictly as CASE 1.1 has it', async (path, identifier, shape, key) => {
  const { status, body } = await get(`/${path}/${identifier}`);

  expect(status).toBe(200);
  if (shape !== null) {
    expect(caseViolations(body, shape)).toEqual([]);
    expect(shape === 'CFPackage' ? body.CFDocument.identifier : body.identifier).toBe(identifier);
  }
  if (key !== null) expect(body[key].length).toBeGreaterThan(0);
  expect((await get(`/${path}/${identifier.toUpperCase()}`)).body).toEqual(body);
});

test('an item tells its document, a document its package, and their addresses lead there', async () => {
  const item = (await get(`/CFItems/${itemIdOf('ALL.1')}`)).body;
  expect(item).toMatchObject({ humanCodingScheme: 'ALL.1', CFDocumentURI: { identifier: document } });
  const own = (await get(`/CFDocuments/${document}`)).body;
  expect(own.CFPackageURI.uri.endsWith(`/ims/case/v1p1/CFPackages/${document}`)).toBe(true);
  const associations = (await get(`/CFItemAssociations/${itemIdOf('ALL')}`)).body;
  expect(caseViolations(associations.CFItem, 'CFItem')).toEqual([]);
  expect(associations.CFAssociations.map((one: { originNodeURI: { identifier: string } }) => one.originNodeURI.identifier).sort()).toEqual(
    ['ALL', 'ALL.1', 'ALL.2'].map(itemIdOf).sort(),
  );
  expect((await get(`/CFConcepts/${id('concept')}`)).body.CFConcepts.map((one: { title: string }) => one.title)).toEqual(['concept', 'below']);
});

test('the list of documents is paged, sorted, filtered and cut to fields, and says how many there are', async () => {
  const all = await get('/CFDocuments?sort=title');
  expect(all.headers.get('x-total-count')).toBe('3');
  expect(all.body.CFDocuments.map((one: { title: string }) => one.title)).toEqual(['Framework a', 'Framework b', 'Framework case']);
  for (const one of all.body.CFDocuments) expect(caseViolations(one, 'CFDocument')).toEqual([]);

  const second = await get('/CFDocuments?sort=title&orderBy=desc&limit=1&offset=1&fields=title');
  expect(second.body).toEqual({ CFDocuments: [{ title: 'Framework b' }] });
  expect(second.headers.get('link')).toMatch(
    /offset=2&fields=title>; rel="next".*offset=0&[^>]*>; rel="prev".*offset=0&[^>]*>; rel="first".*offset=2&[^>]*>; rel="last"/,
  );
  const titles = async (filter: string) =>
    (await get(`/CFDocuments?sort=title&filter=${encodeURIComponent(filter)}`)).body.CFDocuments.map((one: { title: string }) => one.title);
  expect(await titles("title~'CASE'")).toEqual(['Framework case']);
  expect(await titles("title='Framework a' OR title='Framework b'")).toEqual(['Framework a', 'Framework b']);
  expect(await titles("title>='Framework b' AND title!='Framework case'")).toEqual(['Framework b']);
});

test.each([
  ['/CFDocuments?sort=nothing', 400, 'invalid_sort_field'],
  ['/CFDocuments?orderBy=up', 400, 'invalid_sort_field'],
  ['/CFDocuments?fields=title,nothing', 400, 'invalid_selection_field'],
  ['/CFDocuments?filter=title', 400, 'invalid_selection_field'],
  ['/CFDocuments?limit=0', 400, 'invalid_selection_field'],
  ['/CFDocuments?offset=-1', 400, 'invalid_selection_field'],
  ['/CFItems/not-a-uuid', 404, 'invalid_uuid'],
  [`/CFItems/${id('nothing')}`, 404, 'unknownobject'],
  // A draft is nobody's standard yet.
  [`/CFPackages/${digestKey('test-framework', 'draft')}`, 404, 'unknownobject'],
  [`/CFItems/${itemIdOf('DRAFT.1')}`, 404, 'unknownobject'],
])('GET %s is refused with %i %s, as CASE has it', async (path, status, code) => {
  const answer = await get(path);

  expect({ status: answer.status, code: codeOf(answer.body), major: answer.body.imsx_codeMajor, severity: answer.body.imsx_severity }).toEqual({
    status,
    code,
    major: 'failure',
    severity: 'error',
  });
});

test('without a token nothing is told, unless what is published is public by setting', async () => {
  const refused = await get('/CFDocuments', null);
  expect([refused.status, codeOf(refused.body)]).toEqual([401, 'unauthorised_request']);
  expect((await get('/CFDocuments', 'wrong')).status).toBe(401);

  const open = await startTestApp({ databaseUrl: app.databaseUrl, settings: { CASE_PUBLIC: 'true' } });
  try {
    const response = await fetch(`${open.url}/ims/case/v1p1/CFDocuments/${document}`);
    expect([response.status, ((await response.json()) as { title: string }).title]).toEqual([200, 'Framework case']);
  } finally {
    await open.close();
  }
});

test('what a draft got since its import goes out with it, and comes in again', async () => {
  const { competencies } = app.modules;
  const source = casePackage([{ code: 'E' }, { code: 'E.1', parent: 'E' }, { code: 'E.2' }], { name: 'edited' });
  const draft = (await competencies.import({ source, kind: 'TECHNICAL', defaultRollup: 'NONE', publish: false, dryRun: false })).versionId ?? '';
  await competencies.addEdge({ versionId: draft, type: 'isChildOf', originId: itemIdOf('E.2'), destinationId: itemIdOf('E'), weight: 3, requiredMin: 2 });
  await competencies.setLevelRule(
    draft,
    itemIdOf('E'),
    { kind: 'WEIGHTED', count: null, rollupOnly: true },
    { kind: 'LATEST', minDistinctSources: 1, threshold: 1000, halfLifeDays: 30 },
  );

  const out = JSON.parse(await competencies.export(draft, 'CASE'));
  expect(caseViolations(out, 'CFPackage')).toEqual([]);
  const added = out.CFAssociations.filter((one: { extensions?: object }) => one.extensions);
  expect(added).toMatchObject([
    {
      associationType: 'isChildOf',
      originNodeURI: { title: 'E.2', identifier: itemIdOf('E.2') },
      destinationNodeURI: { title: 'E', identifier: itemIdOf('E') },
      extensions: { weight: 3, requiredMin: 2 },
    },
  ]);
  expect(out.CFItems.find((one: { identifier: string }) => one.identifier === itemIdOf('E')).extensions).toEqual({
    rollup: 'WEIGHTED',
    rollupOnly: true,
    levelPolicy: { kind: 'LATEST', minDistinctSources: 1, threshold: 1000, halfLifeDays: 30 },
  });

  const again = await competencies.import({ source: JSON.stringify(out), kind: 'TECHNICAL', defaultRollup: 'NONE', publish: false, dryRun: false });
  expect(again.outcome).toBe('IMPORTED');
  expect(JSON.parse(await competencies.export(again.versionId ?? '', 'CASE'))).toEqual(out);
});

test('over GraphQL a version is told whole, as CASE and as a table; many at once cost too much', async () => {
  const id = toGlobalId('FrameworkVersion', versionId);
  const { body } = await app.graphql('query ($id: ID!) { node(id: $id) { ... on FrameworkVersion { export csv: export(format: CSV) } } }', { id });
  expect(caseViolations(JSON.parse(body.data.node.export), 'CFPackage')).toEqual([]);
  expect(body.data.node.csv.split('\n')[0]).toMatch(/^identifier,humanCodingScheme,fullStatement,/);

  const many = await app.graphql('{ competencyFrameworks(first: 10) { nodes { versions { export } } } }');
  expect([many.status, many.body.errors?.[0]?.message]).toEqual([400, expect.stringMatching(/cost/)]);
});

test('what a source identifies by no UUID is found by the identifier it leaves with, at once after publication', async () => {
  const source = JSON.parse(casePackage([{ code: 'ODD.1' }, { code: 'ODD.2', parent: 'ODD.1' }], { name: 'odd' }));
  for (const [index, one] of source.CFAssociations.entries()) one.identifier = `edge ${index}`;
  for (const [index, one] of source.CFRubrics.entries()) one.identifier = `rubric ${index}`;
  source.CFDefinitions = { CFConcepts: [{ ...thing('CFConcepts', 'odd', {}), identifier: 'concept' }] };
  await app.modules.competencies.import({ source: JSON.stringify(source), kind: 'TECHNICAL', defaultRollup: 'NONE', publish: true, dryRun: false });
  const whole = (await get(`/CFPackages/${digestKey('test-framework', 'odd')}`)).body;

  const lists = { CFAssociations: whole.CFAssociations, CFRubrics: whole.CFRubrics, CFConcepts: whole.CFDefinitions.CFConcepts };
  expect(Object.values(lists).map((list) => list.length)).toEqual([source.CFAssociations.length, source.CFRubrics.length, 1]);
  for (const [path, list] of Object.entries(lists))
    for (const { identifier } of list) expect([identifier, (await get(`/${path}/${identifier}`)).status]).toEqual([identifier, 200]);
});
