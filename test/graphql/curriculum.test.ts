import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { activityIri, casePackage, HOME_PAGE, itemIdOf, NODES, PASSED, passed } from '../support/world.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** Runs a mutation that must succeed, and answers the object it changed. */
async function run<T = { readonly id: string }>(field: string, input: Record<string, unknown>, selection: string): Promise<T> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input!`;
  const { body } = await app.graphql(`mutation ($input: ${type}) { ${field}(input: $input) { ${selection} userErrors { path message } } }`, { input });
  expect(body.errors).toBeUndefined();
  const { userErrors, ...changed } = body.data[field];
  expect(userErrors).toEqual([]);
  return Object.values(changed)[0] as T;
}

async function runById(field: string, id: string, selection: string): Promise<unknown> {
  const { body } = await app.graphql(`mutation ($id: ID!) { ${field}(id: $id) { ${selection} userErrors { path message } } }`, { id });
  expect(body.data?.[field].userErrors).toEqual([]);
  return body.data[field];
}

const competency = (code: string): string => toGlobalId('Competency', itemIdOf(code));

test('a whole curriculum is built through mutations alone, and a statement then moves the gap of a position', async () => {
  const report = await run<{ version: { id: string } }>(
    'frameworkImport',
    { source: casePackage(NODES), kind: 'TECHNICAL' },
    'report { outcome version { id status } counts { items associations levels } issues { code } }',
  );
  expect(report).toEqual({
    outcome: 'IMPORTED',
    version: { id: expect.stringMatching(/^fwv_/), status: 'DRAFT' },
    counts: { items: 6, associations: 6, levels: 30 },
    issues: [],
  });
  const frameworkVersionId = report.version.id;
  await run(
    'competencyAssociationAdd',
    { frameworkVersionId, type: 'precedes', originId: competency('ALL.1'), destinationId: competency('ALL.2') },
    'association { type }',
  );
  await run('competencyRollupSet', { frameworkVersionId, competencyId: competency('ANY'), rollup: 'ALL_OF' }, 'competency { id }');
  await runById('frameworkVersionPublish', frameworkVersionId, 'frameworkVersion { status }');

  const partner = await run('partnerCreate', { code: 'BODY', name: 'Professional body', kind: 'PROFESSIONAL_BODY' }, 'partner { id }');
  const program = await run<{ id: string; versions: { id: string }[] }>(
    'programCreate',
    { code: 'MP', title: 'Manajemen Proyek', kind: 'TECHNICAL', form: 'BLENDED' },
    'program { id versions { id status } }',
  );
  const [version] = program.versions;
  const module = await run('moduleAdd', { programVersionId: version?.id, title: 'Perencanaan', jp: 6 }, 'module { id position jp }');
  const activity = await run(
    'activityAdd',
    { moduleId: module.id, iri: activityIri('ALL.1'), title: 'Test', kind: 'TEST', ownerId: partner.id },
    'activity { id iri owner { code } }',
  );
  await run(
    'alignmentAdd',
    { moduleId: module.id, activityId: activity.id, competencyId: competency('ALL.1'), targetLevel: 3, contribution: 'ASSESSES' },
    'alignment { id targetLevel }',
  );
  await runById('programVersionPublish', version?.id ?? '', 'programVersion { status jpTotal }');
  const batch = await run(
    'batchCreate',
    { programVersionId: version?.id, number: 1, startsOn: '2026-01-05T00:00:00Z', endsOn: '2026-03-27T00:00:00Z' },
    'batch { id }',
  );

  const ruleSet = await run(
    'evidenceRuleSetVersionCreate',
    {
      code: 'MP',
      title: 'Manajemen Proyek',
      rules: [{ activityId: activity.id, verbs: [PASSED], scaledMin: 0.5, competencyId: competency('ALL.1'), level: 3, validDays: 730 }],
    },
    'evidenceRuleSetVersion { id status }',
  );
  await runById('evidenceRuleSetVersionActivate', ruleSet.id, 'evidenceRuleSetVersion { status }');

  const unit = await run('organizationUnitCreate', { code: 'PU', name: 'Dinas Pekerjaan Umum', kind: 'OPD' }, 'organizationUnit { id }');
  const position = await run('positionCreate', { code: 'PPK', title: 'Pejabat Pembuat Komitmen', family: 'ADMINISTRATOR' }, 'position { id }');
  await run(
    'positionStandardCreate',
    {
      positionId: position.id,
      legalBasis: 'Invented for this test',
      effectiveFrom: '2026-01-01T00:00:00Z',
      requirements: [{ competencyId: competency('ALL.1'), requiredLevel: 4 }],
    },
    'positionStandard { status }',
  );
  const learner = await run('learnerCreate', { name: 'Ana', staffCategory: 'PPPK' }, 'learner { id }');
  await run(
    'learnerIdentityAdd',
    { learnerId: learner.id, identity: { ifiKind: 'account', homePage: HOME_PAGE, ifiValue: 'ana' } },
    'learner { identities { ifiKind ifiValue } }',
  );
  await run('enrolmentCreate', { learnerId: learner.id, batchId: batch.id }, 'enrolment { registration }');
  await run(
    'positionHoldingCreate',
    { learnerId: learner.id, positionId: position.id, unitId: unit.id, validFrom: '2026-01-01T00:00:00Z' },
    'learner { holdings { position { code } unit { code } } }',
  );

  const progress = async (): Promise<unknown> =>
    (await app.graphql('query ($id: ID!) { learner(id: $id) { progress { competency { code } current target gap nextChangeAt } } }', { id: learner.id })).body
      .data.learner.progress;
  expect(await progress()).toEqual([{ competency: { code: 'ALL.1' }, current: 0, target: 4, gap: 4, nextChangeAt: null }]);

  await app.xapi('POST', '/statements', { body: { ...passed('ana', 'ALL.1', 3), timestamp: '2026-02-01T00:00:00Z' } });
  await app.projector.drain();
  expect(await progress()).toEqual([{ competency: { code: 'ALL.1' }, current: 3, target: 4, gap: 1, nextChangeAt: '2028-02-01T00:00:00.000Z' }]);
});

test('a published programme version takes no more modules, and a next version begins as an empty draft', async () => {
  const program = await run<{ id: string; versions: { id: string }[] }>(
    'programCreate',
    { code: 'P2', title: 'Second', kind: 'TECHNICAL', form: 'CLASSICAL' },
    'program { id versions { id } }',
  );
  const [first] = program.versions;
  const module = await run('moduleAdd', { programVersionId: first?.id, title: 'One', jp: 1 }, 'module { id }');
  await run('activityAdd', { moduleId: module.id, iri: 'https://content.example/p2', title: 'One', kind: 'XAPI' }, 'activity { id }');
  await runById('programVersionPublish', first?.id ?? '', 'programVersion { status }');

  const before = await app.counts();
  const refused = await app.graphql('mutation ($input: ModuleAddInput!) { moduleAdd(input: $input) { module { id } userErrors { code path rule } } }', {
    input: { programVersionId: first?.id, title: 'Two', jp: 1 },
  });
  expect(refused.body.data.moduleAdd).toEqual({
    module: null,
    userErrors: [{ code: 'CONFLICT', path: '/programVersionId', rule: 'published-is-final' }],
  });
  expect(await app.counts()).toEqual(before);

  const { body } = await app.graphql(
    'mutation ($programId: ID!) { programVersionCreate(programId: $programId) { programVersion { ordinal status modules { id } } userErrors { path } } }',
    { programId: program.id },
  );
  expect(body.data.programVersionCreate).toEqual({ programVersion: { ordinal: 2, status: 'DRAFT', modules: [] }, userErrors: [] });
});
