import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Role } from '../../src/modules/access/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, passed, type World } from '../support/world.ts';

let app: TestApp;
let world: World;
const tokens: Partial<Record<Role | 'OTHER_PARTNER' | 'NO_GRANT' | 'OTHER_LEARNER' | 'OTHER_VENDOR', string>> = {};
let vendorStatement: string;
let foreignStatement: string;
let batchGlobalId: string;

const learnersOf = async (token: string | undefined) =>
  (await app.graphql('{ learners(first: 100) { nodes { id name progress { competency { code } current evidence { level } } } } }', {}, token)).body;

beforeAll(async () => {
  app = await startTestApp();
  world = await buildWorld(app);
  const { access, training } = app.modules;
  const ani = await addLearner(app, world, 'ani');
  const budi = await addLearner(app, world, 'budi');
  await app.modules.people.createLearner({ name: 'Learner outside', staffCategory: 'PNS', identities: [] });
  const create = async (code: string, kind: 'UNIVERSITY' | 'CONTENT_VENDOR') => access.createPartner({ code, name: code, kind });
  const [partner, other, ungranted] = [await create('P1', 'UNIVERSITY'), await create('P2', 'UNIVERSITY'), await create('P3', 'UNIVERSITY')];
  const [vendor, rival] = [await create('V1', 'CONTENT_VENDOR'), await create('V2', 'CONTENT_VENDOR')];
  for (const { id } of [partner, other])
    await access.createGrant({ partnerId: id, programId: world.programId, showsNames: id === other.id, purpose: 'test', validTo: null });
  const second = await training.createProgram({ code: 'OTHER', title: 'Other', kind: 'TECHNICAL', form: 'CLASSICAL' });
  await access.createGrant({ partnerId: ungranted.id, programId: second.program.id, showsNames: true, purpose: 'test', validTo: null });

  tokens.ADMIN = app.token;
  tokens.PARTNER = await app.createToken('PARTNER', { partnerId: partner.id });
  tokens.OTHER_PARTNER = await app.createToken('PARTNER', { partnerId: other.id });
  tokens.NO_GRANT = await app.createToken('PARTNER', { partnerId: ungranted.id });
  tokens.VENDOR = await app.createToken('VENDOR', { partnerId: vendor.id });
  tokens.OTHER_VENDOR = await app.createToken('VENDOR', { partnerId: rival.id });
  tokens.LEARNER = await app.createToken('LEARNER', { learnerId: ani });
  tokens.OTHER_LEARNER = await app.createToken('LEARNER', { learnerId: budi });

  const vendorCredential = await app.createCredential(['statements/write', 'statements/read/mine'], vendor.id);
  [vendorStatement] = (await app.xapi('POST', '/statements', { body: passed('ani', 'ALL.1', 3), credential: vendorCredential })).body as [string];
  [foreignStatement] = (await app.xapi('POST', '/statements', { body: passed('budi', 'ALL.1', 2) })).body as [string];
  await app.projector.drain();
  const programs = await app.graphql('{ trainingPrograms { nodes { code versions { batches { id } } } } }');
  batchGlobalId = programs.body.data.trainingPrograms.nodes.find((node: { code: string }) => node.code === 'TEST').versions[0].batches[0].id;
});
afterAll(() => app.close());

test('an administrator sees every learner by name', async () => {
  const { data } = await learnersOf(tokens.ADMIN);

  expect(data.learners.nodes.map((node: { name: string }) => node.name).sort()).toEqual(['Learner ani', 'Learner budi', 'Learner outside']);
});

test('a learner sees only themselves, through every path', async () => {
  const own = (await learnersOf(tokens.LEARNER)).data.learners.nodes;
  const [other] = (await learnersOf(tokens.OTHER_LEARNER)).data.learners.nodes;
  const paths = await app.graphql(
    'query ($id: ID!, $batch: ID!) { learner(id: $id) { name } node(id: $id) { id } nodes(ids: [$id]) { id } me { name } inBatch: node(id: $batch) { ... on Batch { learners { nodes { name } } } } }',
    { id: other.id, batch: batchGlobalId },
    tokens.LEARNER,
  );

  expect(own.map((node: { name: string }) => node.name)).toEqual(['Learner ani']);
  expect(paths.body).toEqual({
    data: { learner: null, node: null, nodes: [null], me: { name: 'Learner ani' }, inBatch: { learners: { nodes: [{ name: 'Learner ani' }] } } },
  });
});

test('a partner sees the learners of its granted programme with their progress, without names, and nobody else', async () => {
  const { data } = await learnersOf(tokens.PARTNER);

  const rows: { name: string | null; progress: { current: number }[] }[] = data.learners.nodes;
  expect(
    rows.map((node) => ({ name: node.name, progress: node.progress })).sort((a, b) => (a.progress[0]?.current ?? 0) - (b.progress[0]?.current ?? 0)),
  ).toEqual([
    { name: null, progress: [{ competency: { code: 'ALL.1' }, current: 2, evidence: [{ level: 2 }] }] },
    { name: null, progress: [{ competency: { code: 'ALL.1' }, current: 3, evidence: [{ level: 3 }] }] },
  ]);
});

test('a grant that shows names shows them; one for another programme shows nobody', async () => {
  const named = await learnersOf(tokens.OTHER_PARTNER);
  const nobody = await learnersOf(tokens.NO_GRANT);

  expect(named.data.learners.nodes.map((node: { name: string }) => node.name).sort()).toEqual(['Learner ani', 'Learner budi']);
  expect(nobody.data.learners.nodes).toEqual([]);
});

test('two partners, and a partner and an administrator, cannot join on the id of a learner', async () => {
  const ids = await Promise.all(
    [tokens.ADMIN, tokens.PARTNER, tokens.OTHER_PARTNER].map(
      async (token) => (await learnersOf(token)).data.learners.nodes.map((node: { id: string }) => node.id) as string[],
    ),
  );
  const [admin = [], partner = [], other = []] = ids;

  expect(new Set([...admin, ...partner, ...other]).size).toBe(3 + 2 + 2);
  const again = (await learnersOf(tokens.PARTNER)).data.learners.nodes.map((node: { id: string }) => node.id);
  expect(again).toEqual(partner);
  const foreign = await app.graphql('query ($id: ID!) { learner(id: $id) { id } node(id: $id) { id } }', { id: admin[0] }, tokens.PARTNER);
  expect(foreign.body).toEqual({ data: { learner: null, node: null } });
});

test('a grant that ended shows nobody any more', async () => {
  const partner = await app.modules.access.createPartner({ code: 'P4', name: 'P4', kind: 'UNIVERSITY' });
  await app.modules.access.createGrant({ partnerId: partner.id, programId: world.programId, showsNames: true, purpose: 'test', validTo: null });
  const token = await app.createToken('PARTNER', { partnerId: partner.id });
  expect((await learnersOf(token)).data.learners.nodes).toHaveLength(2);

  await app.database.sql.rows("update access.access_grant set valid_to = valid_from + interval '1 microsecond' where partner_id = $1", [partner.id]);

  expect((await learnersOf(token)).data.learners.nodes).toEqual([]);
});

test('a vendor is told of its own statements only; foreign ones answer like missing ones', async () => {
  const query = 'query ($ids: [UUID!]!) { statementStatus(ids: $ids) { statementId state reason evidence { level } } }';
  const ids = [vendorStatement, foreignStatement, '00000000-0000-4000-8000-000000000000'];
  const ask = async (token: string | undefined) => {
    const rows: { evidence: { level: number }[] }[] = (await app.graphql(query, { ids }, token)).body.data.statementStatus;
    return rows.map((row) => ({ ...row, evidence: row.evidence.map(({ level }) => level).sort((a, b) => a - b) })) as { state?: string }[];
  };
  const unknown = (statementId: string) => ({ statementId, state: 'UNKNOWN', reason: null, evidence: [] });

  expect(await ask(tokens.VENDOR)).toEqual([
    { statementId: vendorStatement, state: 'EVIDENCE', reason: null, evidence: [1, 2, 3] },
    unknown(foreignStatement),
    unknown('00000000-0000-4000-8000-000000000000'),
  ]);
  expect((await ask(tokens.OTHER_VENDOR))[0]).toEqual(unknown(vendorStatement));
  expect((await ask(tokens.ADMIN)).map((row) => row.state)).toEqual(['EVIDENCE', 'EVIDENCE', 'UNKNOWN']);
});

test.each<[string, Role[], string]>([
  ['learners', ['ADMIN', 'PARTNER', 'LEARNER'], '{ learners { nodes { id } } }'],
  ['learner identities', ['ADMIN', 'LEARNER'], '{ learners { nodes { identities { ifiValue } } } }'],
  ['enrolment registration', ['ADMIN', 'LEARNER'], '{ learners { nodes { enrolments { registration } } } }'],
  ['evidence ids', ['ADMIN', 'LEARNER'], '{ learners { nodes { progress { evidence { id } } } } }'],
  ['evidence statement ids', ['ADMIN', 'LEARNER'], '{ learners { nodes { progress { evidence { statementId } } } } }'],
  ['evidence statement texts', ['ADMIN', 'LEARNER'], '{ learners { nodes { progress { evidence { statementText } } } } }'],
  ['statement status', ['ADMIN', 'VENDOR'], '{ statementStatus(ids: []) { state } }'],
  ['trusted authorities', ['ADMIN'], '{ evidenceRuleSets { nodes { versions { rules { trustedAuthorities } } } } }'],
  ['frameworks', ['ADMIN', 'PARTNER', 'VENDOR', 'LEARNER'], '{ competencyFrameworks { nodes { title } } }'],
  ['programmes', ['ADMIN', 'PARTNER', 'VENDOR', 'LEARNER'], '{ trainingPrograms { nodes { title } } }'],
  ['evidence rules', ['ADMIN', 'PARTNER', 'VENDOR', 'LEARNER'], '{ evidenceRuleSets { nodes { versions { rules { activityIri level } } } } }'],
])('%s answer exactly the roles they are for', async (_what, allowed, query) => {
  const allowedNow: Role[] = [];
  for (const role of ['ADMIN', 'PARTNER', 'VENDOR', 'LEARNER'] as const) {
    // The vendor role has no learner to show, so a list of them has to be refused as a whole, not be empty.
    const { status, body } = await app.graphql(query, {}, tokens[role]);
    if (body.errors === undefined) allowedNow.push(role);
    else expect([status, body.errors[0]?.extensions.code]).toEqual([403, 'FORBIDDEN']);
  }
  expect(allowedNow).toEqual(allowed);
});

test('without a valid token nothing answers, introspection included', async () => {
  const before = await app.counts();
  for (const token of [null, 'mpt_wrong', '']) {
    for (const query of [
      '{ __typename }',
      '{ __schema { types { name } } }',
      '{ partners { nodes { id } } }',
      'mutation { partnerCreate(input: { code: "X", name: "X", kind: UNIVERSITY }) { partner { id } } }',
    ]) {
      const { status, text, headers } = await app.graphql(query, {}, token);
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toContain('Bearer');
      expect(text).not.toContain('"data"');
    }
  }
  expect(await app.counts()).toEqual(before);
});

test('a revoked or expired token is refused', async () => {
  const token = await app.createToken('ADMIN');
  expect((await app.graphql('{ __typename }', {}, token)).status).toBe(200);

  await app.database.sql.rows('update access.api_token set revoked_at = created_at where created_at = (select max(created_at) from access.api_token)');

  expect((await app.graphql('{ __typename }', {}, token)).status).toBe(401);
});
