import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type NodeKind, toGlobalId } from '../../src/graphql/node.ts';
import type { ErrorBody } from '../../src/http/errors.ts';
import type { Role } from '../../src/modules/access/index.ts';
import { type GraphqlBody, startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, casePackage, HOME_PAGE, itemIdOf, NODES, PASSED } from '../support/world.ts';

/** A UUID of nothing. */
const NOTHING = '00000000-0000-4000-8000-000000000000';
const NEW_ACTIVITY = 'https://content.example/new';
const DRAFT_ACTIVITY = 'https://content.example/draft';

let app: TestApp;
const tokens: Partial<Record<Role, string>> = {};
/** Global ids of what there is, by name. */
const ids: Record<string, string> = {};

const unknown = (kind: NodeKind): string => toGlobalId(kind, NOTHING);
const competency = (code: string): string => toGlobalId('Competency', itemIdOf(code));
const idOf = (name: string): string => ids[name] ?? '';

beforeAll(async () => {
  app = await startTestApp({ settings: { GRAPHQL_COST_LIMIT: '300', GRAPHQL_BODY_LIMIT_BYTES: '65536' } });
  const { access, competencies, people, training } = app.modules;
  const world = await buildWorld(app);
  const learnerId = await addLearner(app, world, 'ana');
  const draft = await competencies.import({
    source: casePackage(NODES, { version: '2' }),
    kind: 'TECHNICAL',
    defaultRollup: 'NONE',
    publish: false,
    dryRun: false,
  });
  const partner = await access.createPartner({ code: 'PARTNER', name: 'Partner', kind: 'UNIVERSITY' });
  const vendor = await access.createPartner({ code: 'VENDOR', name: 'Vendor', kind: 'CONTENT_VENDOR' });
  const unit = await people.createUnit({ code: 'UNIT', name: 'Unit', kind: 'OPD', parentId: null });
  const [published] = await training.activitiesByKey((await training.activities(null, 1, null)).map((activity) => activity.activityKey));
  const [publishedModule] = await training.modulesOfVersions([world.versionId]);
  const version = await training.createVersion(world.programId);
  const module = await training.addModule({ versionId: version.id, title: 'Draft', jp: 1 });
  const activity = await training.addActivity({ moduleId: module.id, iri: DRAFT_ACTIVITY, title: 'Draft', kind: 'TEST', ownerId: null });
  await training.addAlignment({ moduleId: module.id, activityId: activity.id, itemId: itemIdOf('ALL.1'), targetLevel: 2, contribution: 'ASSESSES' });
  Object.assign(ids, {
    learner: toGlobalId('Learner', learnerId),
    partner: toGlobalId('Partner', partner.id),
    position: toGlobalId('Position', world.positionId),
    unit: toGlobalId('OrganizationUnit', unit.id),
    program: toGlobalId('TrainingProgram', world.programId),
    publishedProgramVersion: toGlobalId('ProgramVersion', world.versionId),
    draftProgramVersion: toGlobalId('ProgramVersion', version.id),
    publishedModule: toGlobalId('Module', publishedModule?.id ?? ''),
    draftModule: toGlobalId('Module', module.id),
    activity: toGlobalId('LearningActivity', published?.id ?? ''),
    draftActivity: toGlobalId('LearningActivity', activity.id),
    batch: toGlobalId('Batch', world.batchId),
    frameworkVersion: toGlobalId('FrameworkVersion', world.frameworkVersionId),
    draftFrameworkVersion: toGlobalId('FrameworkVersion', draft.versionId ?? ''),
  });
  tokens.PARTNER = await app.createToken('PARTNER', { partnerId: partner.id });
  tokens.VENDOR = await app.createToken('VENDOR', { partnerId: vendor.id });
  tokens.LEARNER = await app.createToken('LEARNER', { learnerId });
});
afterAll(() => app.close());

const TRACES = ['    at ', 'node_modules', '.ts:'];

/** Runs work that must change no table and let no trace of the code out; answers what it answered. */
async function withoutTrace<T extends { readonly text: string }>(work: () => Promise<T>): Promise<T> {
  const before = await app.counts();
  const answer = await work();

  expect(TRACES.filter((trace) => answer.text.includes(trace))).toEqual([]);
  expect(await app.counts()).toEqual(before);
  return answer;
}

interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
}

/** A request to the door itself, with a token unless the headers say otherwise. */
async function send(path: string, init: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array } = {}): Promise<HttpAnswer> {
  const response = await fetch(`${app.url}${path}`, {
    method: init.method ?? 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${app.token}`, ...init.headers },
    ...(init.body !== undefined && { body: init.body as string }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as unknown };
}

const TYPENAME = JSON.stringify({ query: '{ __typename }' });

test.each<[label: string, authorization: () => string]>([
  ['no token', () => ''],
  ['the scheme alone', () => 'Bearer '],
  ['an unknown token', () => 'Bearer mpt_unknown'],
  ['a token with one letter more', () => `Bearer ${app.token}x`],
  ['a token in another case', () => `Bearer ${app.token.toUpperCase()}`],
  ['a token without a scheme', () => app.token],
  ['a token under the scheme Token', () => `Token ${app.token}`],
  ['two tokens', () => `Bearer ${app.token} ${app.token}`],
  ['a token of 600 letters', () => `Bearer ${'x'.repeat(600)}`],
  ['xAPI credentials', () => `Basic ${Buffer.from(`${app.credential.key}:${app.credential.secret}`).toString('base64')}`],
  ['the secret of xAPI credentials', () => `Bearer ${app.credential.secret}`],
])('%s answers 401 and nothing of GraphQL', async (_label, authorization) => {
  const { status, headers, body } = await withoutTrace(() => send('/graphql', { headers: { Authorization: authorization() }, body: TYPENAME }));

  const { violations } = body as ErrorBody;
  expect({ status, path: violations[0]?.path, rule: violations[0]?.rule }).toEqual({ status: 401, path: '/headers/Authorization', rule: 'bearer' });
  expect(headers.get('www-authenticate')).toBe('Bearer realm="GraphQL"');
});

test.each<[label: string, body: string | Uint8Array, status: number, rule: string]>([
  ['an empty body', '', 400, 'http FST_ERR_CTP_EMPTY_JSON_BODY'],
  ['broken JSON', '{"query":', 400, 'http FST_ERR_CTP_INVALID_JSON_BODY'],
  ['single quotes', "{'query':1}", 400, 'http FST_ERR_CTP_INVALID_JSON_BODY'],
  ['a byte that is never UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'http FST_ERR_CTP_INVALID_JSON_BODY'],
  ['a body above the limit', JSON.stringify({ query: `{ __typename } #${'x'.repeat(65_536)}` }), 413, 'http FST_ERR_CTP_BODY_TOO_LARGE'],
])('%s is refused before GraphQL sees it', async (_label, body, status, rule) => {
  const answer = await withoutTrace(() => send('/graphql', { body }));

  const { violations } = answer.body as ErrorBody;
  expect({ status: answer.status, path: violations[0]?.path, rule: violations[0]?.rule }).toEqual({ status, path: '', rule });
});

/** What came out of an operation besides null. */
const given = ({ data }: GraphqlBody): unknown[] => Object.values((data ?? {}) as Record<string, unknown>).filter((value) => value !== null);

/** The request was refused as a request, by this code and with these words. */
function expectRefused({ status, body }: HttpAnswer, code: string, words: string): void {
  const { errors } = body as GraphqlBody;
  expect(status).toBe(400);
  expect(errors?.[0]?.extensions.code).toBe(code);
  expect(errors?.[0]?.message).toContain(words);
  expect(given(body as GraphqlBody)).toEqual([]);
}

test.each<[label: string, body: string, words: string]>([
  ['a batch of operations', `[${TYPENAME},${TYPENAME}]`, 'Operation batching disabled'],
  ['a batch of one operation', `[${TYPENAME}]`, 'Operation batching disabled'],
  ['an empty batch', '[]', 'Operation batching disabled'],
  ['null', 'null', 'POST body missing'],
  ['an object without keys', '{}', 'JSON object has no keys'],
  ['no query', '{"variables":{}}', 'non-empty `query`'],
  ['an empty query', '{"query":""}', 'non-empty `query`'],
  ['a number as the query', '{"query":1}', 'queries must be strings'],
  ['an array as the query', '{"query":["{ __typename }"]}', 'queries must be strings'],
  ['variables in a string', '{"query":"{ __typename }","variables":"{}"}', '`variables`'],
  ['an array of variables', '{"query":"{ __typename }","variables":[]}', '`variables`'],
  ['a number as the operation name', '{"query":"{ __typename }","operationName":5}', '`operationName`'],
  ['a string as the extensions', '{"query":"{ __typename }","extensions":"{}"}', '`extensions`'],
])('a body of %s is a bad request', async (_label, body, words) => {
  expectRefused(await withoutTrace(() => send('/graphql', { body })), 'BAD_REQUEST', words);
});

const MUTATION = 'mutation { partnerCreate(input: { code: "NEW", name: "New", kind: UNIVERSITY }) { userErrors { code } } }';
const inUrl = (query: string): string => `/graphql?query=${encodeURIComponent(query)}`;
const PREFLIGHT = { 'Apollo-Require-Preflight': '1', 'Content-Type': '' };

test.each<[label: string, path: string, init: Parameters<typeof send>[1], words: string]>([
  ['a GET that a foreign page could send', inUrl('{ __typename }'), { method: 'GET', headers: { 'Content-Type': 'text/plain' } }, 'Cross-Site Request Forgery'],
  [
    'a mutation that a foreign page could send',
    '/graphql',
    { headers: { 'Content-Type': 'text/plain' }, body: JSON.stringify({ query: MUTATION }) },
    'Cross-Site Request Forgery',
  ],
  ['a mutation by GET', inUrl(MUTATION), { method: 'GET', headers: PREFLIGHT }, 'GET requests only support query operations'],
  ['a GET without a query', '/graphql', { method: 'GET', headers: PREFLIGHT }, 'non-empty `query`'],
  [
    'a GET with two queries',
    `${inUrl('{ __typename }')}&query=x`,
    { method: 'GET', headers: PREFLIGHT },
    "'query' search parameter may only be specified once",
  ],
  [
    'a GET with broken variables',
    `${inUrl('{ __typename }')}&variables={`,
    { method: 'GET', headers: PREFLIGHT },
    'variables search parameter contains invalid JSON',
  ],
])('%s is refused', async (_label, path, init, words) => {
  expectRefused(await withoutTrace(() => send(path, init)), 'BAD_REQUEST', words);
});

const SYNTAX = 'GRAPHQL_PARSE_FAILED';
const RULES = 'GRAPHQL_VALIDATION_FAILED';

test.each<[label: string, query: string, code: string, words: string]>([
  ['that never closes', '{', SYNTAX, 'Expected Name, found <EOF>'],
  ['with one brace too many', '{ __typename } }', SYNTAX, 'Unexpected "}"'],
  ['without a selection', '{ }', SYNTAX, 'Expected Name, found "}"'],
  ['with a NUL', '{ \u0000 }', SYNTAX, 'U+0000'],
  ['with a lone surrogate', '{ __typename \ud800 }', SYNTAX, 'U+D800'],
  ['with a string that never closes', '{ learner(id: "x) { id } }', SYNTAX, 'Unterminated string'],
  ['of 2,100 fields', `{ ${'__typename '.repeat(2_100)}}`, SYNTAX, '2000 tokens'],
  ['nested 5,000 deep', '{ a '.repeat(5_000), SYNTAX, '2000 tokens'],
  ['with 2,000 variables', `query (${'$v: Int '.repeat(2_000)}) { __typename }`, SYNTAX, '2000 tokens'],
  ['with 1,000 directives', `{ __typename ${'@skip(if: false) '.repeat(1_000)}}`, SYNTAX, '2000 tokens'],
  ['for an unknown field', '{ passwords }', RULES, 'Cannot query field "passwords" on type "Query"'],
  ['for an unknown mutation', 'mutation { learnerDelete { id } }', RULES, 'Cannot query field "learnerDelete" on type "Mutation"'],
  ['with an unknown argument', '{ learners(frist: 1) { nodes { id } } }', RULES, 'Unknown argument "frist" on field "Query.learners"'],
  ['without a required argument', '{ learner { id } }', RULES, 'argument "id" of type "ID!" is required'],
  ['with a string for a number', '{ learners(first: "1") { nodes { id } } }', RULES, 'Int cannot represent non-integer value: "1"'],
  ['with a fraction for a whole number', '{ learners(first: 1.5) { nodes { id } } }', RULES, 'Int cannot represent non-integer value: 1.5'],
  ['with a number of 33 bits', '{ learners(first: 2147483648) { nodes { id } } }', RULES, 'Int cannot represent non 32-bit signed integer value'],
  ['with a list for an id', '{ learner(id: ["x"]) { id } }', RULES, 'ID cannot represent a non-string and non-integer value'],
  ['with null for a required id', '{ learner(id: null) { id } }', RULES, 'Expected value of type "ID!", found null'],
  ['with a statement id that is no UUID', '{ statementStatus(ids: ["x"]) { state } }', RULES, 'not a valid UUID: x'],
  ['as of a day that never was', '{ me { progress(asOf: "2026-02-30T00:00:00Z") { current } } }', RULES, 'invalid date-time-string 2026-02-30T00:00:00Z'],
  ['as of a date without a time', '{ me { progress(asOf: "2026-02-01") { current } } }', RULES, 'invalid date-time-string 2026-02-01'],
  [
    'with an unknown enum value',
    'mutation { partnerCreate(input: { code: "N", name: "N", kind: SHOP }) { userErrors { code } } }',
    RULES,
    'Value "SHOP" does not exist in "PartnerKind" enum',
  ],
  [
    'without a required input field',
    'mutation { partnerCreate(input: { code: "N", name: "N" }) { userErrors { code } } }',
    RULES,
    'Field "PartnerCreateInput.kind" of required type "PartnerKind!" was not provided',
  ],
  [
    'with an unknown input field',
    'mutation { partnerCreate(input: { code: "N", name: "N", kind: UNIVERSITY, id: "x" }) { userErrors { code } } }',
    RULES,
    'Field "id" is not defined by type "PartnerCreateInput"',
  ],
  [
    'with null for an input field',
    'mutation { partnerCreate(input: { code: null, name: "N", kind: UNIVERSITY }) { userErrors { code } } }',
    RULES,
    'Expected value of type "String!", found null',
  ],
  [
    'with one input field twice',
    'mutation { partnerCreate(input: { code: "N", code: "M", name: "N", kind: UNIVERSITY }) { userErrors { code } } }',
    RULES,
    'only one input field named "code"',
  ],
  ['with an undefined variable', '{ learners(first: $first) { nodes { id } } }', RULES, 'Variable "$first" is not defined'],
  ['with a variable nothing uses', 'query ($first: Int) { __typename }', RULES, 'Variable "$first" is never used'],
  ['with a variable of an unknown type', 'query ($first: Number) { learners(first: $first) { nodes { id } } }', RULES, 'Unknown type "Number"'],
  [
    'with a variable of the wrong type',
    'query ($first: String) { learners(first: $first) { nodes { id } } }',
    RULES,
    'Variable "$first" of type "String" used in position expecting type "Int"',
  ],
  ['with an object and no selection', '{ learners { nodes } }', RULES, 'must have a selection of subfields'],
  ['with a selection on a scalar', '{ __typename { id } }', RULES, 'must not have a selection'],
  ['with an unknown directive', '{ __typename @cached }', RULES, 'Unknown directive "@cached"'],
  ['with an unknown fragment', '{ ...Everything }', RULES, 'Unknown fragment "Everything"'],
  ['with a fragment nothing uses', '{ __typename } fragment F on Query { __typename }', RULES, 'Fragment "F" is never used'],
  ['with a fragment in itself', '{ ...F } fragment F on Query { __typename ...F }', RULES, 'Cannot spread fragment "F" within itself'],
  ['with one name for two things', '{ a: me { id } a: __typename }', RULES, 'Fields "a" conflict'],
  [
    'that asks the schema about itself without end',
    '{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }',
    RULES,
    'Maximum introspection depth exceeded',
  ],
  ['of two operations and no name', 'query A { __typename } query B { __typename }', 'OPERATION_RESOLUTION_FAILURE', 'Must provide operation name'],
])('a document %s is refused', async (_label, query, code, words) => {
  expectRefused(await withoutTrace(() => app.graphql(query)), code, words);
});

interface Violated {
  readonly status: number;
  readonly code: string;
  readonly path: string;
  readonly rule: string;
}

/** An operation was refused by a rule of ours, with its place. */
async function expectViolation(query: string, variables: Record<string, unknown>, expected: Violated): Promise<void> {
  const { status, body } = await withoutTrace(() => app.graphql(query, variables));

  const [error] = body.errors ?? [];
  const [violation] = error?.extensions.violations ?? [];
  expect({ status, code: error?.extensions.code, path: violation?.path, rule: violation?.rule }).toEqual(expected);
  expect(given(body)).toEqual([]);
}

test('an operation that costs more than allowed is refused, and told what it costs', async () => {
  const query = '{ learners(first: 100) { nodes { id name } } }';
  await expectViolation(query, {}, { status: 400, code: 'BAD_USER_INPUT', path: '/query', rule: 'cost' });

  const { body } = await app.graphql(query);
  expect(body.errors?.[0]?.message).toContain('this operation costs 301; at most 300 is allowed');
});

test('a page size in a variable costs what it would cost in the query', async () => {
  const query = 'query ($first: Int) { learners(first: $first) { nodes { id name } } }';
  await expectViolation(query, { first: 100 }, { status: 400, code: 'BAD_USER_INPUT', path: '/query', rule: 'cost' });
});

test.each<[first: number]>([[0], [-1], [101], [1_000], [2_147_483_647]])('a page of %d rows is refused', async (first) => {
  const expected = { status: 400, code: 'INVALID_INPUT', path: '/first', rule: 'page-size' };
  await expectViolation(`{ positions(first: ${first}) { pageInfo { endCursor } } }`, {}, expected);
  await expectViolation('query ($first: Int) { learners(first: $first) { pageInfo { endCursor } } }', { first }, expected);
});

const cursorOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each<[label: string, list: string, after: string]>([
  ['no text', 'positions', ''],
  ['a word', 'positions', 'x'],
  ['cut base64', 'positions', 'WzEs'],
  ['no list', 'positions', cursorOf({ length: 2, 0: 1, 1: 'POS' })],
  ['another version', 'positions', cursorOf([2, 'POS'])],
  ['too few values', 'positions', cursorOf([1])],
  ['too many values', 'learners', cursorOf([1, NOTHING, NOTHING])],
  ['a number where text belongs', 'partners', cursorOf([1, 5])],
  ['null where text belongs', 'trainingPrograms', cursorOf([1, null])],
  ['a place that is no number', 'competencies', cursorOf([1, NOTHING, 'last'])],
  ['a cursor of another list', 'competencies', cursorOf([1, 'POS'])],
])('a cursor of %s is refused', async (_label, list, after) => {
  const query = `query ($after: String) { ${list}(first: 1, after: $after) { nodes { id } } }`;
  await expectViolation(query, { after }, { status: 400, code: 'INVALID_INPUT', path: '/after', rule: 'cursor' });
});

const GLOBAL_ID = { status: 400, code: 'INVALID_INPUT', rule: 'global-id' };

test.each<[label: string, query: string, id: () => string, path: string]>([
  ['the id of a position', 'query ($id: ID!) { learner(id: $id) { id } }', () => idOf('position'), '/id'],
  ['the id of a learner', 'query ($id: ID!) { competency(id: $id) { id } }', () => idOf('learner'), '/id'],
  ['the id of a learner', 'query ($id: ID!) { competencyFramework(id: $id) { id } }', () => idOf('learner'), '/id'],
  ['the id of a learner', 'query ($id: ID!) { trainingProgram(id: $id) { id } }', () => idOf('learner'), '/id'],
  ['the id of a learner', 'query ($id: ID!) { competencyGraph(frameworkVersionId: $id) { nodes { id } } }', () => idOf('learner'), '/frameworkVersionId'],
  ['the id of a learner', 'query ($id: ID) { competencies(first: 1, frameworkId: $id) { nodes { id } } }', () => idOf('learner'), '/frameworkId'],
  ['the id of a learner', 'query ($id: ID) { learners(first: 1, batchId: $id) { nodes { id } } }', () => idOf('learner'), '/batchId'],
  ['no text', 'query ($id: ID!) { learner(id: $id) { id } }', () => '', '/id'],
  ['a word', 'query ($id: ID!) { learner(id: $id) { id } }', () => 'ana', '/id'],
  ['a number', 'query ($id: ID!) { learner(id: $id) { id } }', () => '5', '/id'],
  ['a UUID', 'query ($id: ID!) { learner(id: $id) { id } }', () => NOTHING, '/id'],
  ['an id in upper case', 'query ($id: ID!) { learner(id: $id) { id } }', () => idOf('learner').toUpperCase(), '/id'],
  ['an id with one letter more', 'query ($id: ID!) { learner(id: $id) { id } }', () => `${idOf('learner')}0`, '/id'],
  ['an id of 129 bits', 'query ($id: ID!) { learner(id: $id) { id } }', () => `lrn_8${'0'.repeat(25)}`, '/id'],
  ['an id with a letter outside the alphabet', 'query ($id: ID!) { learner(id: $id) { id } }', () => `lrn_${'u'.repeat(26)}`, '/id'],
  ['SQL', 'query ($id: ID!) { learner(id: $id) { id } }', () => "lrn_' or 1=1 --", '/id'],
  ['an unknown prefix', 'query ($id: ID!) { node(id: $id) { id } }', () => `zzz_${'0'.repeat(26)}`, '/id'],
  ['a word', 'query ($id: ID!) { nodes(ids: ["lrn_00000000000000000000000000", $id]) { id } }', () => 'x', '/ids/1'],
])('%s in %s is refused', async (_label, query, id, path) => {
  await expectViolation(query, { id: id() }, { ...GLOBAL_ID, path });
});

test.each<[field: string, kind: NodeKind]>([
  ['learner', 'Learner'],
  ['competency', 'Competency'],
  ['competencyFramework', 'CompetencyFramework'],
  ['trainingProgram', 'TrainingProgram'],
  ['node', 'Batch'],
  ['node', 'Evidence'],
  ['node', 'AccessGrant'],
])('%s answers null for the id of a %s that does not exist', async (field, kind) => {
  const { status, body } = await withoutTrace(() => app.graphql(`query ($id: ID!) { ${field}(id: $id) { id } }`, { id: unknown(kind) }));

  expect({ status, body }).toEqual({ status: 200, body: { data: { [field]: null } } });
});

test('the graph of a framework version that does not exist is null', async () => {
  const { status, body } = await withoutTrace(() => app.graphql(`{ competencyGraph(frameworkVersionId: "${unknown('FrameworkVersion')}") { nodes { id } } }`));

  expect({ status, body }).toEqual({ status: 200, body: { data: { competencyGraph: null } } });
});

test.each<[maxNodes: number, status: number, code: string]>([
  [0, 400, 'INVALID_INPUT'],
  [-1, 400, 'INVALID_INPUT'],
  [2_001, 400, 'INVALID_INPUT'],
  [5, 413, 'TOO_LARGE'],
])('a graph of at most %d nodes is refused', async (maxNodes, status, code) => {
  const query = 'query ($id: ID!, $maxNodes: Int!) { competencyGraph(frameworkVersionId: $id, maxNodes: $maxNodes) { nodes { id } } }';
  await expectViolation(query, { id: idOf('frameworkVersion'), maxNodes }, { status, code, path: '/maxNodes', rule: 'graph-size' });
});

test.each<[label: string, query: string, list: () => readonly string[]]>([
  ['ids of nodes', 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }', () => Array<string>(101).fill(idOf('learner'))],
  ['ids of statements', 'query ($ids: [UUID!]!) { statementStatus(ids: $ids) { __typename } }', () => Array<string>(101).fill(NOTHING)],
])('a list of 101 %s is refused', async (_label, query, list) => {
  await expectViolation(query, { ids: list() }, { status: 413, code: 'TOO_LARGE', path: '/ids', rule: 'list-length' });
});

/** Every mutation, with arguments that only an administrator's token would have looked at. */
const MUTATIONS: readonly (readonly [field: string, argument: string])[] = [
  ['accessGrantCreate', 'input: { partnerId: "x", programId: "x", purpose: "x" }'],
  ['accessGrantEnd', 'id: "x"'],
  ['activityAdd', `input: { moduleId: "x", iri: "${NEW_ACTIVITY}", title: "x", kind: TEST }`],
  ['alignmentAdd', 'input: { moduleId: "x", activityId: "x", competencyId: "x", targetLevel: 1, contribution: ASSESSES }'],
  ['apiTokenCreate', 'input: { label: "x", role: ADMIN }'],
  ['apiTokenRevoke', 'id: "x"'],
  ['assessmentCreate', 'input: { learnerId: "x", competencyId: "x", kind: ASSESSOR, level: 1, occurredAt: "2026-01-01T00:00:00Z" }'],
  ['assessmentWithdraw', 'id: "x"'],
  ['batchCreate', 'input: { programVersionId: "x", number: 1, startsOn: "2026-01-01T00:00:00Z", endsOn: "2026-01-02T00:00:00Z" }'],
  ['competencyAdd', 'input: { frameworkVersionId: "x", fullStatement: "x" }'],
  ['competencyAssociationAdd', 'input: { frameworkVersionId: "x", type: isRelatedTo, originId: "x", destinationId: "x" }'],
  ['competencyAssociationRemove', 'id: "x"'],
  ['competencyChange', 'input: { frameworkVersionId: "x", competencyId: "x" }'],
  ['competencyEquivalenceApprove', 'input: { originId: "x", destinationId: "x", twoWay: true, reason: "x" }'],
  ['competencyEquivalenceRevoke', 'id: "x"'],
  [
    'competencyOverrideCreate',
    'input: { learnerId: "x", competencyId: "x", level: 1, reason: "x", decidedById: "x", validFrom: "2026-01-01T00:00:00Z", validUntil: "2026-02-01T00:00:00Z" }',
  ],
  ['competencyOverrideRevoke', 'id: "x"'],
  ['competencyRemove', 'frameworkVersionId: "x", competencyId: "x"'],
  ['competencyRollupSet', 'input: { frameworkVersionId: "x", competencyId: "x", rollup: NONE }'],
  ['contentAttemptReset', 'registrationId: "x"'],
  ['contentSessionAbandon', 'registrationId: "x"'],
  ['contentUnitWaive', 'input: { registrationId: "x", itemId: "x", reason: TESTED_OUT }'],
  ['enrolmentCreate', 'input: { learnerId: "x", batchId: "x" }'],
  ['evidenceRuleSetVersionActivate', 'id: "x"'],
  ['evidenceRuleSetVersionCreate', 'input: { code: "NEW", title: "x", rules: [] }'],
  ['evidenceRuleSetVersionPreview', 'id: "x"'],
  ['evidenceRuleSetVersionPreviewDrop', 'id: "x"'],
  ['frameworkImport', 'input: { source: "{}", kind: TECHNICAL }'],
  ['frameworkVersionDraft', 'input: { fromId: "x" }'],
  ['frameworkVersionDrop', 'id: "x"'],
  ['frameworkVersionPublish', 'id: "x"'],
  ['learnerCreate', 'input: { name: "Budi", staffCategory: PNS }'],
  ['learnerIdentityAdd', 'input: { learnerId: "x", identity: { ifiKind: mbox, ifiValue: "mailto:budi@lms.example" } }'],
  ['learnerIdentityRemove', 'input: { learnerId: "x", identity: { ifiKind: mbox, ifiValue: "mailto:budi@lms.example" } }'],
  ['learnerMerge', 'fromId: "x", intoId: "x"'],
  ['learnerSplit', 'input: { learnerId: "x", name: "Budi", staffCategory: PNS, identities: [] }'],
  ['moduleAdd', 'input: { programVersionId: "x", title: "x", jp: 1 }'],
  ['organizationUnitCreate', 'input: { code: "NEW", name: "x", kind: OPD }'],
  ['partnerCreate', 'input: { code: "NEW", name: "x", kind: UNIVERSITY }'],
  ['positionCreate', 'input: { code: "NEW", title: "x", family: PELAKSANA }'],
  ['positionHoldingChange', 'id: "x", input: { validFrom: "2026-01-01T00:00:00Z" }'],
  ['positionHoldingCreate', 'input: { learnerId: "x", positionId: "x", unitId: "x", validFrom: "2026-01-01T00:00:00Z" }'],
  ['positionHoldingDelete', 'id: "x"'],
  ['positionStandardCreate', 'input: { positionId: "x", legalBasis: "x", effectiveFrom: "2026-01-01T00:00:00Z", requirements: [] }'],
  ['priorLearningClaimDecide', 'input: { id: "x", reviewerId: "x", accept: true, reason: "x" }'],
  ['priorLearningClaimReview', 'id: "x", reviewerId: "x"'],
  ['programCreate', 'input: { code: "NEW", title: "x", kind: TECHNICAL, form: BLENDED }'],
  ['programVersionCreate', 'programId: "x"'],
  ['programVersionPublish', 'id: "x"'],
  ['webhookCreate', 'input: { label: "x", url: "https://hooks.example", secretName: "x" }'],
  ['webhookDelete', 'id: "x"'],
  ['webhookEnable', 'id: "x", enabled: true'],
];

test('the mutations tried here are all there are', async () => {
  const { body } = await app.graphql('{ __schema { mutationType { fields { name } } } }');

  const names = body.data.__schema.mutationType.fields.map(({ name }: { name: string }) => name).sort();
  // Credentials, forwarders, erasures and what learners may do too have tests of their own.
  expect(
    names.filter(
      (name: string) =>
        !/^(?:lrsCredential|statementForwarder|learnerErase|priorLearningClaimSubmit|contentLaunch|contentRegister|contentUploadCreate|contentRulesSet|contentPreview)/.test(
          name,
        ),
    ),
  ).toEqual(MUTATIONS.map(([field]) => field));
});

const OTHERS = ['VENDOR', 'PARTNER', 'LEARNER'] as const;

test.each(OTHERS.flatMap((role) => MUTATIONS.map(([field, argument]) => [role, field, argument] as const)))(
  'a %s may not call %s',
  async (role, field, argument) => {
    const { status, body } = await withoutTrace(() => app.graphql(`mutation { ${field}(${argument}) { userErrors { code } } }`, {}, tokens[role]));

    expect({ status, code: body.errors?.[0]?.extensions.code, path: body.errors?.[0]?.path, data: body.data }).toEqual({
      status: 403,
      code: 'FORBIDDEN',
      path: [field],
      data: null,
    });
  },
);

test.each<[role: Role, field: string, query: string]>([
  ['VENDOR', 'learners', '{ learners(first: 1) { nodes { id } } }'],
  ['VENDOR', 'learner', `{ learner(id: "${toGlobalId('Learner', NOTHING)}") { id } }`],
  ['PARTNER', 'statementStatus', `{ statementStatus(ids: ["${NOTHING}"]) { state } }`],
  ['LEARNER', 'statementStatus', `{ statementStatus(ids: ["${NOTHING}"]) { state } }`],
])('a %s may not ask for %s', async (role, field, query) => {
  const { status, body } = await withoutTrace(() => app.graphql(query, {}, tokens[role]));

  expect({ status, code: body.errors?.[0]?.extensions.code, path: body.errors?.[0]?.path, given: given(body) }).toEqual({
    status: 403,
    code: 'FORBIDDEN',
    path: [field],
    given: [],
  });
});

interface UserError {
  readonly code: string;
  readonly path: string;
  readonly rule: string;
}

/** A mutation was refused with 200 and this userError, and changed nothing. */
async function expectUserError(field: string, argument: string, type: string, value: unknown, expected: UserError): Promise<void> {
  const query = `mutation ($value: ${type}!) { ${field}(${argument}: $value) { userErrors { code path rule message } } }`;
  const { status, body } = await withoutTrace(() => app.graphql(query, { value }));

  const [error] = body.data?.[field]?.userErrors ?? [];
  expect({ status, errors: body.errors, userErrors: error && { code: error.code, path: error.path, rule: error.rule } }).toEqual({
    status: 200,
    errors: undefined,
    userErrors: expected,
  });
  expect(error.message).not.toBe('');
}

type Changes = Readonly<Record<string, unknown>>;
const INVALID = 'INVALID_INPUT';
const CONFLICT = 'CONFLICT';
const identity = (changes: Changes = {}) => ({ ifiKind: 'account', homePage: HOME_PAGE, ifiValue: 'ana', ...changes });
const demand = (changes: Changes = {}) => ({ competencyId: competency('ALL.1'), requiredLevel: 3, ...changes });
const standard = (changes: Changes = {}) => ({
  positionId: idOf('position'),
  legalBasis: 'x',
  effectiveFrom: '2026-01-01T00:00:00Z',
  requirements: [demand()],
  ...changes,
});
const holding = (changes: Changes = {}) => ({
  learnerId: idOf('learner'),
  positionId: idOf('position'),
  unitId: idOf('unit'),
  validFrom: '2026-02-01T00:00:00Z',
  ...changes,
});
const grant = (changes: Changes = {}) => ({ partnerId: idOf('partner'), programId: idOf('program'), purpose: 'x', ...changes });
const activity = (changes: Changes = {}) => ({ moduleId: idOf('draftModule'), iri: NEW_ACTIVITY, title: 'x', kind: 'TEST', ...changes });
const alignment = (changes: Changes = {}) => ({
  moduleId: idOf('draftModule'),
  activityId: idOf('draftActivity'),
  competencyId: competency('ALL.2'),
  targetLevel: 3,
  contribution: 'ASSESSES',
  ...changes,
});
const batch = (changes: Changes = {}) => ({
  programVersionId: idOf('publishedProgramVersion'),
  number: 2,
  startsOn: '2026-02-01T00:00:00Z',
  endsOn: '2026-03-01T00:00:00Z',
  ...changes,
});
const association = (changes: Changes = {}) => ({
  frameworkVersionId: idOf('draftFrameworkVersion'),
  type: 'isChildOf',
  originId: competency('ALL'),
  destinationId: competency('ALL.1'),
  ...changes,
});
const rule = (changes: Changes = {}) => ({ activityId: idOf('draftActivity'), verbs: [PASSED], competencyId: competency('ALL.1'), level: 2, ...changes });
const ruleSet = (...rules: unknown[]) => ({ code: 'NEW', title: 'x', rules });

test.each<[field: string, label: string, input: () => unknown, code: string, path: string, rule: string]>([
  ['partnerCreate', 'a taken code', () => ({ code: 'PARTNER', name: 'x', kind: 'UNIVERSITY' }), CONFLICT, '/code', 'unique'],

  ['accessGrantCreate', 'an unknown partner', () => grant({ partnerId: unknown('Partner') }), INVALID, '/partnerId', 'reference'],
  ['accessGrantCreate', 'a learner as the partner', () => grant({ partnerId: idOf('learner') }), INVALID, '/partnerId', 'global-id'],
  ['accessGrantCreate', 'an unknown programme', () => grant({ programId: unknown('TrainingProgram') }), INVALID, '/programId', 'reference'],
  ['accessGrantCreate', 'an end in the past', () => grant({ validTo: '2020-01-01T00:00:00Z' }), INVALID, '/validTo', 'grant-period'],

  ['apiTokenCreate', 'a PARTNER without a partner', () => ({ label: 'x', role: 'PARTNER' }), INVALID, '/partnerId', 'token-partner'],
  ['apiTokenCreate', 'a VENDOR without a partner', () => ({ label: 'x', role: 'VENDOR' }), INVALID, '/partnerId', 'token-partner'],
  ['apiTokenCreate', 'a LEARNER without a learner', () => ({ label: 'x', role: 'LEARNER' }), INVALID, '/learnerId', 'token-learner'],
  ['apiTokenCreate', 'an unknown partner', () => ({ label: 'x', role: 'VENDOR', partnerId: unknown('Partner') }), INVALID, '/partnerId', 'reference'],
  ['apiTokenCreate', 'an unknown learner', () => ({ label: 'x', role: 'LEARNER', learnerId: unknown('Learner') }), INVALID, '/learnerId', 'reference'],
  ['apiTokenCreate', 'a partner as the learner', () => ({ label: 'x', role: 'LEARNER', learnerId: idOf('partner') }), INVALID, '/learnerId', 'global-id'],

  ['learnerCreate', 'an empty name', () => ({ name: '', staffCategory: 'PNS' }), INVALID, '/name', 'not-empty'],
  ['learnerCreate', 'a blank name', () => ({ name: ' \t', staffCategory: 'PNS' }), INVALID, '/name', 'not-empty'],
  [
    'learnerCreate',
    'an identifier of somebody',
    () => ({ name: 'x', staffCategory: 'PNS', identities: [identity()] }),
    CONFLICT,
    '/identities/0',
    'one-identity-one-learner',
  ],
  [
    'learnerCreate',
    'one identifier twice',
    () => ({ name: 'x', staffCategory: 'PNS', identities: [identity({ ifiValue: 'b' }), identity({ ifiValue: 'b' })] }),
    CONFLICT,
    '/identities/1',
    'one-identity-one-learner',
  ],
  [
    'learnerCreate',
    '101 identifiers',
    () => ({ name: 'x', staffCategory: 'PNS', identities: Array.from({ length: 101 }, (_, index) => identity({ ifiValue: `b${index}` })) }),
    'TOO_LARGE',
    '/identities',
    'list-length',
  ],

  [
    'learnerIdentityAdd',
    'an unknown learner',
    () => ({ learnerId: unknown('Learner'), identity: identity({ ifiValue: 'b' }) }),
    INVALID,
    '/learnerId',
    'reference',
  ],
  [
    'learnerIdentityAdd',
    'a position as the learner',
    () => ({ learnerId: idOf('position'), identity: identity({ ifiValue: 'b' }) }),
    INVALID,
    '/learnerId',
    'global-id',
  ],
  [
    'learnerIdentityAdd',
    'an identifier of somebody',
    () => ({ learnerId: idOf('learner'), identity: identity() }),
    CONFLICT,
    '/identity',
    'one-identity-one-learner',
  ],

  ['positionCreate', 'a taken code', () => ({ code: 'POS', title: 'x', family: 'PELAKSANA' }), CONFLICT, '/code', 'unique'],

  ['organizationUnitCreate', 'a taken code', () => ({ code: 'UNIT', name: 'x', kind: 'OPD' }), CONFLICT, '/code', 'unique'],
  [
    'organizationUnitCreate',
    'an unknown parent',
    () => ({ code: 'NEW', name: 'x', kind: 'OPD', parentId: unknown('OrganizationUnit') }),
    INVALID,
    '/parentId',
    'reference',
  ],
  [
    'organizationUnitCreate',
    'a learner as the parent',
    () => ({ code: 'NEW', name: 'x', kind: 'OPD', parentId: idOf('learner') }),
    INVALID,
    '/parentId',
    'global-id',
  ],

  ['positionHoldingCreate', 'an end before its begin', () => holding({ validTo: '2026-01-01T00:00:00Z' }), INVALID, '/validTo', 'period'],
  ['positionHoldingCreate', 'an end at its begin', () => holding({ validTo: '2026-02-01T00:00:00Z' }), INVALID, '/validTo', 'period'],
  ['positionHoldingCreate', 'an unknown learner', () => holding({ learnerId: unknown('Learner') }), INVALID, '/learnerId', 'reference'],
  ['positionHoldingCreate', 'an unknown position', () => holding({ positionId: unknown('Position') }), INVALID, '/positionId', 'reference'],
  ['positionHoldingCreate', 'an unknown unit', () => holding({ unitId: unknown('OrganizationUnit') }), INVALID, '/unitId', 'reference'],
  ['positionHoldingCreate', 'a position as the unit', () => holding({ unitId: idOf('position') }), INVALID, '/unitId', 'global-id'],

  ['programCreate', 'a taken code', () => ({ code: 'TEST', title: 'x', kind: 'TECHNICAL', form: 'BLENDED' }), CONFLICT, '/code', 'unique'],

  [
    'moduleAdd',
    'a published version',
    () => ({ programVersionId: idOf('publishedProgramVersion'), title: 'x', jp: 1 }),
    CONFLICT,
    '/programVersionId',
    'published-is-final',
  ],
  ['moduleAdd', 'an unknown version', () => ({ programVersionId: unknown('ProgramVersion'), title: 'x', jp: 1 }), INVALID, '/programVersionId', 'reference'],
  ['moduleAdd', 'no lesson hours', () => ({ programVersionId: idOf('draftProgramVersion'), title: 'x', jp: 0 }), INVALID, '/jp', 'range'],
  ['moduleAdd', 'negative lesson hours', () => ({ programVersionId: idOf('draftProgramVersion'), title: 'x', jp: -1 }), INVALID, '/jp', 'range'],
  ['moduleAdd', 'a blank title', () => ({ programVersionId: idOf('draftProgramVersion'), title: ' ', jp: 1 }), INVALID, '/title', 'not-empty'],

  ['activityAdd', 'a word as its IRI', () => activity({ iri: 'x' }), INVALID, '/iri', 'xAPI Data 4.3 iri'],
  ['activityAdd', 'a NUL in its IRI', () => activity({ iri: `${NEW_ACTIVITY}\u0000` }), INVALID, '/iri', 'xAPI Data 4.3 iri'],
  ['activityAdd', 'a lone surrogate in its IRI', () => activity({ iri: `${NEW_ACTIVITY}\ud800` }), INVALID, '/iri', 'xAPI Data 4.3 iri'],
  ['activityAdd', 'a published module', () => activity({ moduleId: idOf('publishedModule') }), CONFLICT, '/moduleId', 'published-is-final'],
  ['activityAdd', 'an unknown module', () => activity({ moduleId: unknown('Module') }), INVALID, '/moduleId', 'reference'],
  ['activityAdd', 'an unknown owner', () => activity({ ownerId: unknown('Partner') }), INVALID, '/ownerId', 'reference'],
  ['activityAdd', 'a learner as the owner', () => activity({ ownerId: idOf('learner') }), INVALID, '/ownerId', 'global-id'],
  ['activityAdd', 'an activity that is there', () => activity({ iri: DRAFT_ACTIVITY }), CONFLICT, '/iri', 'unique'],

  ['alignmentAdd', 'level 6, which has no descriptor', () => alignment({ targetLevel: 6 }), INVALID, '/targetLevel', 'level-has-descriptor'],
  ['alignmentAdd', 'level 0, which has no descriptor', () => alignment({ targetLevel: 0 }), INVALID, '/targetLevel', 'level-has-descriptor'],
  ['alignmentAdd', 'an unknown competency', () => alignment({ competencyId: unknown('Competency') }), INVALID, '/competencyId', 'reference'],
  ['alignmentAdd', 'an unknown module', () => alignment({ moduleId: unknown('Module') }), INVALID, '/moduleId', 'reference'],
  ['alignmentAdd', 'a published module', () => alignment({ moduleId: idOf('publishedModule') }), CONFLICT, '/moduleId', 'published-is-final'],
  ['alignmentAdd', 'an activity of another module', () => alignment({ activityId: idOf('activity') }), INVALID, '/activityId', 'reference'],
  ['alignmentAdd', 'a competency it has', () => alignment({ competencyId: competency('ALL.1') }), CONFLICT, '/competencyId', 'unique'],

  ['batchCreate', 'an end before its begin', () => batch({ endsOn: '2026-01-01T00:00:00Z' }), INVALID, '/endsOn', 'period'],
  ['batchCreate', 'the number 0', () => batch({ number: 0 }), INVALID, '/number', 'range'],
  ['batchCreate', 'a taken number', () => batch({ number: 1 }), CONFLICT, '/number', 'unique'],
  ['batchCreate', 'a draft', () => batch({ programVersionId: idOf('draftProgramVersion') }), CONFLICT, '/programVersionId', 'published'],
  ['batchCreate', 'an unknown version', () => batch({ programVersionId: unknown('ProgramVersion') }), INVALID, '/programVersionId', 'reference'],

  ['enrolmentCreate', 'somebody enrolled already', () => ({ learnerId: idOf('learner'), batchId: idOf('batch') }), CONFLICT, '/learnerId', 'unique'],
  ['enrolmentCreate', 'an unknown learner', () => ({ learnerId: unknown('Learner'), batchId: idOf('batch') }), INVALID, '/learnerId', 'reference'],
  ['enrolmentCreate', 'an unknown batch', () => ({ learnerId: idOf('learner'), batchId: unknown('Batch') }), INVALID, '/batchId', 'reference'],
  ['enrolmentCreate', 'a learner as the batch', () => ({ learnerId: idOf('learner'), batchId: idOf('learner') }), INVALID, '/batchId', 'global-id'],

  ['positionStandardCreate', 'no demand', () => standard({ requirements: [] }), INVALID, '/requirements', 'not-empty'],
  [
    'positionStandardCreate',
    '101 demands',
    () => standard({ requirements: Array.from({ length: 101 }, () => demand()) }),
    'TOO_LARGE',
    '/requirements',
    'list-length',
  ],
  [
    'positionStandardCreate',
    'one competency twice',
    () => standard({ requirements: [demand(), demand({ requiredLevel: 4 })] }),
    INVALID,
    '/requirements/1/competencyId',
    'unique',
  ],
  [
    'positionStandardCreate',
    'an unknown competency',
    () => standard({ requirements: [demand(), demand({ competencyId: unknown('Competency') })] }),
    INVALID,
    '/requirements/1/competencyId',
    'reference',
  ],
  [
    'positionStandardCreate',
    'a position as the competency',
    () => standard({ requirements: [demand({ competencyId: idOf('position') })] }),
    INVALID,
    '/requirements/0/competencyId',
    'global-id',
  ],
  [
    'positionStandardCreate',
    'level 9, which has no descriptor',
    () => standard({ requirements: [demand({ requiredLevel: 9 })] }),
    INVALID,
    '/requirements/0/requiredLevel',
    'level-has-descriptor',
  ],
  ['positionStandardCreate', 'an unknown position', () => standard({ positionId: unknown('Position') }), INVALID, '/positionId', 'reference'],

  ['competencyAssociationAdd', 'a parent as the child of its child', () => association(), CONFLICT, '/destinationId', 'acyclic'],
  ['competencyAssociationAdd', 'a child of itself', () => association({ destinationId: competency('ALL') }), CONFLICT, '/destinationId', 'acyclic'],
  [
    'competencyAssociationAdd',
    'what precedes itself',
    () => association({ type: 'precedes', destinationId: competency('ALL') }),
    CONFLICT,
    '/destinationId',
    'acyclic',
  ],
  ['competencyAssociationAdd', 'an unknown origin', () => association({ originId: unknown('Competency') }), INVALID, '/originId', 'reference'],
  ['competencyAssociationAdd', 'an unknown destination', () => association({ destinationId: unknown('Competency') }), INVALID, '/destinationId', 'reference'],
  ['competencyAssociationAdd', 'a learner as the origin', () => association({ originId: idOf('learner') }), INVALID, '/originId', 'global-id'],
  [
    'competencyAssociationAdd',
    'a learner as the version',
    () => association({ frameworkVersionId: idOf('learner') }),
    INVALID,
    '/frameworkVersionId',
    'global-id',
  ],

  [
    'competencyRollupSet',
    'an unknown competency',
    () => ({ frameworkVersionId: idOf('draftFrameworkVersion'), competencyId: unknown('Competency'), rollup: 'ANY_OF' }),
    INVALID,
    '/competencyId',
    'reference',
  ],
  [
    'competencyRollupSet',
    'a learner as the competency',
    () => ({ frameworkVersionId: idOf('draftFrameworkVersion'), competencyId: idOf('learner'), rollup: 'ANY_OF' }),
    INVALID,
    '/competencyId',
    'global-id',
  ],

  ['evidenceRuleSetVersionCreate', 'no rule', () => ruleSet(), INVALID, '/rules', 'not-empty'],
  ['evidenceRuleSetVersionCreate', '101 rules', () => ruleSet(...Array.from({ length: 101 }, () => rule())), 'TOO_LARGE', '/rules', 'list-length'],
  ['evidenceRuleSetVersionCreate', 'a rule without verbs', () => ruleSet(rule({ verbs: [] })), INVALID, '/rules/0/verbs', 'not-empty'],
  [
    'evidenceRuleSetVersionCreate',
    'a verb that is no IRI',
    () => ruleSet(rule(), rule({ verbs: [PASSED, 'passed'] })),
    INVALID,
    '/rules/1/verbs/1',
    'xAPI Data 4.3 iri',
  ],
  ['evidenceRuleSetVersionCreate', '101 verbs', () => ruleSet(rule({ verbs: Array<string>(101).fill(PASSED) })), 'TOO_LARGE', '/rules/0/verbs', 'list-length'],
  [
    'evidenceRuleSetVersionCreate',
    '101 authorities',
    () => ruleSet(rule({ trustedAuthorities: Array<string>(101).fill(NOTHING) })),
    'TOO_LARGE',
    '/rules/0/trustedAuthorities',
    'list-length',
  ],
  [
    'evidenceRuleSetVersionCreate',
    'an unknown activity',
    () => ruleSet(rule({ activityId: unknown('LearningActivity') })),
    INVALID,
    '/rules/0/activityId',
    'reference',
  ],
  [
    'evidenceRuleSetVersionCreate',
    'a learner as the activity',
    () => ruleSet(rule({ activityId: idOf('learner') })),
    INVALID,
    '/rules/0/activityId',
    'global-id',
  ],
  [
    'evidenceRuleSetVersionCreate',
    'an unknown competency',
    () => ruleSet(rule({ competencyId: unknown('Competency') })),
    INVALID,
    '/rules/0/competencyId',
    'reference',
  ],
  [
    'evidenceRuleSetVersionCreate',
    'a competency the activity does not assess',
    () => ruleSet(rule({ competencyId: competency('ALL.2') })),
    INVALID,
    '/rules/0/activityId',
    'assesses',
  ],
  ['evidenceRuleSetVersionCreate', 'a level above what the activity assesses', () => ruleSet(rule({ level: 3 })), INVALID, '/rules/0/level', 'assesses'],
  ['evidenceRuleSetVersionCreate', 'level 6, which has no descriptor', () => ruleSet(rule({ level: 6 })), INVALID, '/rules/0/level', 'level-has-descriptor'],
  ['evidenceRuleSetVersionCreate', 'a score above 1', () => ruleSet(rule({ scaledMin: 1.01 })), INVALID, '/rules/0/scaledMin', 'range'],
  ['evidenceRuleSetVersionCreate', 'a score below -1', () => ruleSet(rule({ scaledMin: -1.01 })), INVALID, '/rules/0/scaledMin', 'range'],
  ['evidenceRuleSetVersionCreate', 'a validity of 0 days', () => ruleSet(rule({ validDays: 0 })), INVALID, '/rules/0/validDays', 'range'],
])('%s refuses %s', async (field, _label, input, code, path, brokenRule) => {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  await expectUserError(field, 'input', type, input(), { code, path, rule: brokenRule });
});

test.each<[field: string, argument: string, label: string, id: () => string, path: string, rule: string]>([
  ['programVersionCreate', 'programId', 'an unknown programme', () => unknown('TrainingProgram'), '/programId', 'reference'],
  ['programVersionCreate', 'programId', 'a learner', () => idOf('learner'), '/programId', 'global-id'],
  ['programVersionPublish', 'id', 'a learner', () => idOf('learner'), '/id', 'global-id'],
  ['frameworkVersionPublish', 'id', 'a learner', () => idOf('learner'), '/id', 'global-id'],
  ['evidenceRuleSetVersionActivate', 'id', 'a learner', () => idOf('learner'), '/id', 'global-id'],
])('%s by %s refuses %s', async (field, argument, _label, id, path, brokenRule) => {
  await expectUserError(field, argument, 'ID', id(), { code: INVALID, path, rule: brokenRule });
});

test('a circle is refused with the circle named', async () => {
  const query = 'mutation ($input: CompetencyAssociationAddInput!) { competencyAssociationAdd(input: $input) { association { id } userErrors { message } } }';
  const { body } = await withoutTrace(() => app.graphql(query, { input: association() }));

  expect(body.data.competencyAssociationAdd).toEqual({ association: null, userErrors: [{ message: 'isChildOf would run in a circle: ALL -> ALL.1 -> ALL' }] });
});

interface Package {
  readonly CFDocument: Record<string, unknown>;
  CFItems: unknown;
  readonly CFAssociations: Record<string, unknown>[];
  readonly CFRubrics: { readonly CFRubricCriteria: readonly { readonly CFRubricCriterionLevels: Record<string, unknown>[] }[] }[];
}

/** A package of a parent and its child, with something changed. */
function packageWith(change: (changed: Package, items: Record<string, unknown>[]) => void): string {
  const changed = JSON.parse(casePackage([{ code: 'NEW' }, { code: 'NEW.1', parent: 'NEW' }], { name: 'new' })) as Package;
  change(changed, changed.CFItems as Record<string, unknown>[]);
  return JSON.stringify(changed);
}

test.each<[label: string, source: string, path: string, code: string]>([
  ['of no text', '', '', 'json'],
  ['of broken JSON', '{', '', 'json'],
  ['cut short', casePackage(NODES).slice(0, 500), '', 'json'],
  ['with text behind it', `${casePackage(NODES)}\u0000`, '', 'json'],
  ['of null', 'null', '/CFDocument', 'required'],
  ['of an array', '[]', '/CFDocument', 'required'],
  ['without a document', '{}', '/CFDocument', 'required'],
  ['with an array as its document', '{"CFDocument":[]}', '/CFDocument', 'required'],
  ['without a title', packageWith(({ CFDocument }) => delete CFDocument['title']), '/CFDocument/title', 'required'],
  ['with a number as its title', packageWith(({ CFDocument }) => Object.assign(CFDocument, { title: 5 })), '/CFDocument/title', 'required'],
  ['without a creator', packageWith(({ CFDocument }) => delete CFDocument['creator']), '/CFDocument/creator', 'required'],
  ['with a number as its language', packageWith(({ CFDocument }) => Object.assign(CFDocument, { language: 5 })), '/CFDocument/language', 'type'],
  ['without items', packageWith((changed) => Object.assign(changed, { CFItems: [] })), '/CFItems', 'required'],
  ['with an object as its items', packageWith((changed) => Object.assign(changed, { CFItems: {} })), '/CFItems', 'type'],
  ['with a string as an item', packageWith((changed) => Object.assign(changed, { CFItems: ['x'] })), '/CFItems/0', 'type'],
  ['with an item without an identifier', packageWith((_changed, items) => delete items[0]?.['identifier']), '/CFItems/0/identifier', 'required'],
  ['with an item without a statement', packageWith((_changed, items) => delete items[1]?.['fullStatement']), '/CFItems/1/fullStatement', 'required'],
  [
    'with one identifier twice',
    packageWith((_changed, items) => Object.assign(items[1] ?? {}, { identifier: items[0]?.['identifier'] })),
    '/CFItems/1/identifier',
    'duplicate-identifier',
  ],
  [
    'with an unknown roll-up',
    packageWith((_changed, items) => Object.assign(items[0] ?? {}, { extensions: { rollup: 'MOST_OF' } })),
    '/CFItems/0/extensions/rollup',
    'rollup',
  ],
  [
    'with an association without an origin',
    packageWith(({ CFAssociations }) => delete CFAssociations[1]?.['originNodeURI']),
    '/CFAssociations/1/originNodeURI',
    'required',
  ],
  [
    'with an association without a type',
    packageWith(({ CFAssociations }) => delete CFAssociations[1]?.['associationType']),
    '/CFAssociations/1/associationType',
    'required',
  ],
  [
    'with one association twice',
    packageWith(({ CFAssociations }) => Object.assign(CFAssociations[1] ?? {}, { identifier: CFAssociations[0]?.['identifier'] })),
    '/CFAssociations/1/identifier',
    'duplicate-identifier',
  ],
  [
    'with a circle',
    packageWith(({ CFAssociations: [first, second] }) => Object.assign(first ?? {}, { destinationNodeURI: second?.['originNodeURI'] })),
    '/CFAssociations',
    'cycle',
  ],
  [
    'with a child of itself',
    packageWith(({ CFAssociations: [, second] }) => Object.assign(second ?? {}, { destinationNodeURI: second?.['originNodeURI'] })),
    '/CFAssociations',
    'cycle',
  ],
  ['with items of another framework', casePackage(NODES, { name: 'thief' }), '/CFItems/0/identifier', 'foreign-item'],
])('frameworkImport refuses a package %s', async (_label, source, path, code) => {
  const query = `mutation ($input: FrameworkImportInput!) {
    frameworkImport(input: $input) { report { outcome version { id } counts { items associations levels } issues { severity path code } } userErrors { path } }
  }`;
  const { status, body } = await withoutTrace(() => app.graphql(query, { input: { source, kind: 'TECHNICAL', publish: true } }));

  const { report, userErrors } = body.data.frameworkImport;
  expect({ status, userErrors }).toEqual({ status: 200, userErrors: [] });
  expect({ outcome: report.outcome, version: report.version, counts: report.counts }).toEqual({
    outcome: 'REFUSED',
    version: null,
    counts: { items: 0, associations: 0, levels: 0 },
  });
  expect(report.issues[0]).toEqual({ severity: 'ERROR', path, code });
});
