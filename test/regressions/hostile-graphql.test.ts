import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, casePackage, itemIdOf, NODES, type World } from '../support/world.ts';

let app: TestApp;
let world: World;
let learner: string;
let unit: string;
let draft: string;
let draftModule: string;

beforeAll(async () => {
  app = await startTestApp();
  world = await buildWorld(app);
  learner = toGlobalId('Learner', await addLearner(app, world, 'ana'));
  unit = toGlobalId('OrganizationUnit', (await app.modules.people.createUnit({ code: 'UNIT', name: 'Unit', kind: 'OPD', parentId: null })).id);
  const source = casePackage(NODES, { version: '2' });
  const report = await app.modules.competencies.import({ source, kind: 'TECHNICAL', defaultRollup: 'NONE', publish: false, dryRun: false });
  draft = toGlobalId('FrameworkVersion', report.versionId ?? '');
  const version = await app.modules.training.createVersion(world.programId);
  draftModule = toGlobalId('ProgramVersion', version.id);
});
afterAll(() => app.close());

const cursorOf = (...values: readonly unknown[]): string => Buffer.from(JSON.stringify([1, ...values])).toString('base64url');
const nested = (depth: number): string => `{ learners { nodes ${'{ enrolments { batch { learners { nodes '.repeat(depth)}{ id }${' } } } }'.repeat(depth)} } }`;
const doubling = (levels: number): string =>
  `{ ...F0 } ${Array.from({ length: levels }, (_, level) => `fragment F${level} on Query { ...F${level + 1} ...F${level + 1} }`).join(' ')} fragment F${levels} on Query { __typename }`;

test.each<[label: string, query: string, variables: Record<string, unknown>, rule: string]>([
  ['a variable of the wrong type', 'query ($first: Int) { learners(first: $first) { nodes { id } } }', { first: 'ten' }, 'variables'],
  [
    'an input that lacks a field',
    'mutation ($input: PartnerCreateInput!) { partnerCreate(input: $input) { userErrors { code } } }',
    { input: {} },
    'variables',
  ],
  ['16 aliases', `{ ${Array.from({ length: 16 }, (_, index) => `a${index}: __typename`).join(' ')} }`, {}, 'aliases'],
  ['fields nested too deep', nested(6), {}, 'depth'],
  ['fragments that double 25 times', doubling(25), {}, 'cost'],
  ['a subscription', 'subscription { progressChanged { cursor } }', {}, 'operation'],
])('%s is a mistake of the client, not a fault of the server', async (_label, query, variables, rule) => {
  const before = await app.counts();
  const { status, body } = await app.graphql(query, variables);

  expect({ status, rule: body.errors?.[0]?.extensions.violations?.[0]?.rule }).toEqual({ status: 400, rule });
  expect(body.data ?? null).toBeNull();
  expect(await app.counts()).toEqual(before);
});

test.each<[label: string, body: Record<string, unknown>, code: string]>([
  ['an operation name that names nothing', { query: 'query A { __typename }', operationName: 'B' }, 'OPERATION_RESOLUTION_FAILURE'],
  ['a persisted query', { extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }, 'PERSISTED_QUERY_NOT_SUPPORTED'],
])('%s is refused with 400', async (_label, body, code) => {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${app.token}` },
    body: JSON.stringify(body),
  });
  const { errors } = (await response.json()) as { errors: readonly { extensions: { code: string } }[] };

  expect({ status: response.status, code: errors[0]?.extensions.code }).toEqual({ status: 400, code });
});

test('a list of 200,000 wrong variables is refused after the first few', async () => {
  const ids = Array.from({ length: 200_000 }, () => 'x');
  const { status, body } = await app.graphql('query ($ids: [UUID!]!) { statementStatus(ids: $ids) { state } }', { ids });

  expect({ status, errors: body.errors?.length }).toEqual({ status: 400, errors: 1 });
});

test.each<[label: string, list: string, after: string]>([
  ['a word where a UUID belongs', 'learners', cursorOf('x')],
  ['a NUL in its text', 'positions', cursorOf('\0')],
  ['a lone surrogate in its text', 'trainingPrograms', cursorOf('\ud800')],
  ['a number beyond 32 bits', 'competencies', cursorOf(itemIdOf('ALL.1'), '99999999999')],
])('a forged cursor with %s is refused', async (_label, list, after) => {
  const { status, body } = await app.graphql(`query ($after: String) { ${list}(after: $after) { nodes { id } } }`, { after });

  expect({ status, path: body.errors?.[0]?.extensions.violations?.[0]?.path }).toEqual({ status: 400, path: '/after' });
});

const LONG = 'x'.repeat(501);
const competency = (code: string): string => toGlobalId('Competency', itemIdOf(code));

test.each<[label: string, field: string, input: () => Record<string, unknown>, path: string, rule: string]>([
  ['a partner without a code', 'partnerCreate', () => ({ code: ' ', name: 'N', kind: 'UNIVERSITY' }), '/code', 'not-empty'],
  ['a partner with NUL in its name', 'partnerCreate', () => ({ code: 'N', name: 'a\0b', kind: 'UNIVERSITY' }), '/name', 'text'],
  ['a learner with half a letter in the name', 'learnerCreate', () => ({ name: 'a\ud800', staffCategory: 'PNS' }), '/name', 'text'],
  ['a position with a code no index can hold', 'positionCreate', () => ({ code: LONG, title: 'T', family: 'PELAKSANA' }), '/code', 'text-length'],
  ['a unit without a name', 'organizationUnitCreate', () => ({ code: 'U', name: '', kind: 'OPD' }), '/name', 'not-empty'],
  ['a programme without a title', 'programCreate', () => ({ code: 'P', title: '', kind: 'TECHNICAL', form: 'BLENDED' }), '/title', 'not-empty'],
  ['a module of two milliard hours', 'moduleAdd', () => ({ programVersionId: draftModule, title: 'M', jp: 2_000_000_000 }), '/jp', 'range'],
  [
    'a batch that begins before the year 1',
    'batchCreate',
    () => ({ programVersionId: toGlobalId('ProgramVersion', world.versionId), number: 9, startsOn: '0000-01-01T00:00:00Z', endsOn: '2026-01-01T00:00:00Z' }),
    '/startsOn',
    'instant',
  ],
  [
    'a home page beside a mailbox',
    'learnerCreate',
    () => ({ name: 'B', staffCategory: 'PNS', identities: [{ ifiKind: 'mbox', ifiValue: 'mailto:b@lms.example', homePage: 'https://lms.example' }] }),
    '/identities/0/homePage',
    'account-only',
  ],
  [
    'a mailbox that is none',
    'learnerIdentityAdd',
    () => ({ learnerId: learner, identity: { ifiKind: 'mbox', ifiValue: 'b' } }),
    '/identity/ifiValue',
    'xAPI Data 2.4.2.3 mailto',
  ],
  ['an ADMIN token of a learner', 'apiTokenCreate', () => ({ label: 'T', role: 'ADMIN', learnerId: learner }), '/learnerId', 'token-learner'],
  [
    'an association of a competency with itself',
    'competencyAssociationAdd',
    () => ({ frameworkVersionId: draft, type: 'isRelatedTo', originId: competency('ALL.1'), destinationId: competency('ALL.1') }),
    '/destinationId',
    'two-ends',
  ],
  [
    'an association that is there already',
    'competencyAssociationAdd',
    () => ({ frameworkVersionId: draft, type: 'isChildOf', originId: competency('ALL.1'), destinationId: competency('ALL') }),
    '/destinationId',
    'unique',
  ],
  [
    'an association in a published version',
    'competencyAssociationAdd',
    () => ({
      frameworkVersionId: toGlobalId('FrameworkVersion', world.frameworkVersionId),
      type: 'isRelatedTo',
      originId: competency('ALL.1'),
      destinationId: competency('ALL.2'),
    }),
    '/frameworkVersionId',
    'published-is-final',
  ],
])('%s is refused at its field and changes nothing', async (_label, field, input, path, rule) => {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input!`;
  const before = await app.counts();
  const { status, body } = await app.graphql(`mutation ($input: ${type}) { ${field}(input: $input) { userErrors { path rule } } }`, { input: input() });

  expect({ status, errors: body.data?.[field].userErrors }).toEqual({ status: 200, errors: [{ path, rule }] });
  expect(await app.counts()).toEqual(before);
});

test('a rule that is valid for two million years is refused, so that its expiry stays a date', async () => {
  const [activity] = await app.modules.training.activities(null, 1, null);
  const rule = {
    activityId: toGlobalId('LearningActivity', activity?.id ?? ''),
    verbs: ['https://verbs.example/did'],
    competencyId: competency('ALL.1'),
    level: 1,
    validDays: 800_000_000,
  };
  const { body } = await app.graphql(
    'mutation ($input: EvidenceRuleSetVersionCreateInput!) { evidenceRuleSetVersionCreate(input: $input) { userErrors { path rule } } }',
    { input: { code: 'R', title: 'R', rules: [rule] } },
  );

  expect(body.data.evidenceRuleSetVersionCreate.userErrors).toEqual([{ path: '/rules/0/validDays', rule: 'range' }]);
});

test('one position in one unit is held once at a time, also when two editors add it at once', async () => {
  const add = (validFrom: string, validTo: string | null) =>
    app.graphql('mutation ($input: PositionHoldingCreateInput!) { positionHoldingCreate(input: $input) { userErrors { path rule } } }', {
      input: { learnerId: learner, positionId: toGlobalId('Position', world.positionId), unitId: unit, validFrom, validTo },
    });
  const [first, second] = await Promise.all([add('2026-01-01T00:00:00Z', null), add('2026-02-01T00:00:00Z', null)]);

  const errors = [first, second].flatMap(({ body }) => body.data.positionHoldingCreate.userErrors);
  expect(errors).toEqual([{ path: '/validFrom', rule: 'no-overlap' }]);
  expect((await add('2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z')).body.data.positionHoldingCreate.userErrors).toEqual([]);
});

test.each<[label: string, change: (source: string) => string, path: string, code: string]>([
  ['one key twice', (source) => source.replace('"title":', '"title":"A","title":'), '', 'json'],
  ['NUL in a text', (source) => source.replace('"creator":"', '"creator":"\\u0000'), '/CFDocument/creator', 'text'],
  [
    'a sequence number of 40 bits',
    (source) => source.replace('"associationType"', '"sequenceNumber":1099511627776,"associationType"'),
    '/CFAssociations/0/sequenceNumber',
    'integer',
  ],
])('a CASE package with %s is refused, and says where', async (_label, change, path, code) => {
  const source = casePackage(NODES, { version: '3' });
  expect(change(source)).not.toBe(source);
  const before = await app.counts();
  const report = await app.modules.competencies.import({ source: change(source), kind: 'TECHNICAL', defaultRollup: 'NONE', publish: false, dryRun: false });

  expect(report.outcome).toBe('REFUSED');
  expect(report.issues.map((issue) => [issue.path, issue.code])).toContainEqual([path, code]);
  expect(await app.counts()).toEqual(before);
});
