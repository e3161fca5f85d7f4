import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, newLearner, register } from '../support/cmi5.ts';
import { au, cmi5Xml, item, sco, scormManifest, zip } from '../support/packages.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const RULES =
  'moves resume maxAttempts scoring showsName window suspendDataLimit isStrict scaledFrom masteryOverrides resumesWithoutSuspend sources { moves resume maxAttempts scoring showsName window suspendDataLimit isStrict scaledFrom masteryOverrides resumesWithoutSuspend }';
const SET = `mutation ($input: ContentRulesSetInput!) { contentRulesSet(input: $input) { rules { ${RULES} } userErrors { code path rule } } }`;

const DEFAULTS = {
  moves: 'NEVER',
  resume: 'ASK',
  maxAttempts: 0,
  scoring: 'LAST',
  showsName: false,
  window: 'FRAME',
  suspendDataLimit: 64_000,
  isStrict: true,
  scaledFrom: 'RAW',
  masteryOverrides: true,
  resumesWithoutSuspend: false,
};
const sources = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, 'SYSTEM_DEFAULT']));

const scorm = async (ownerId: string | null = null): Promise<string> => {
  const manifest = scormManifest('1.2', item('one', 'r'), sco('r', 'one.html'));
  return (await importPackage(app, await zip({ 'imsmanifest.xml': manifest, 'one.html': '' }), null, ownerId)).packageId;
};

const set = async (input: object, token?: string) => (await app.graphql(SET, { input }, token)).body.data?.contentRulesSet;

const node = async (id: string, token?: string) =>
  (
    await app.graphql(
      `query ($id: ID!) { node(id: $id) { ... on ContentPackage { rules { ${RULES} } } ... on ContentRegistration { rules { ${RULES} } } } }`,
      { id },
      token,
    )
  ).body.data.node?.rules;

/** Everything that is said anywhere. */
const said = (): Promise<unknown> =>
  app.database.sql.rows(
    `select (select json_agg(g order by scope) from content.general_rules g) as general, (select json_agg(rules order by id) from content.package) as packages,
       (select json_agg(rules order by id) from launch.registration) as registrations`,
  );

async function vendor(code: string): Promise<{ token: string; packageId: string; id: string }> {
  const { id } = await app.modules.access.createPartner({ code, name: code, kind: 'CONTENT_VENDOR' });
  const packageId = await scorm(id);
  return { token: await app.createToken('VENDOR', { partnerId: id }), packageId, id: toGlobalId('ContentPackage', packageId) };
}

test('rules come from the nearest of system, standard, package and registration, and each says from where; null takes one back', async () => {
  const packageId = await scorm();
  const [pkg, learnerId] = [toGlobalId('ContentPackage', packageId), await newLearner(app)];
  const rgn = toGlobalId('ContentRegistration', await register(app, learnerId, packageId));
  // Of 1.2 one is said from the start.
  const shipped = { ...DEFAULTS, resumesWithoutSuspend: true, sources: { ...sources, resumesWithoutSuspend: 'STANDARD' } };
  expect([await node(pkg), await node(rgn)]).toEqual([shipped, shipped]);

  expect(await set({ system: true, maxAttempts: 5, scoring: 'BEST' })).toEqual({
    rules: { ...DEFAULTS, maxAttempts: 5, scoring: 'BEST', sources: { ...sources, maxAttempts: 'SYSTEM', scoring: 'SYSTEM' } },
    userErrors: [],
  });
  const ofStandard = {
    ...shipped,
    maxAttempts: 4,
    scoring: 'BEST',
    sources: { ...shipped.sources, maxAttempts: 'STANDARD', scoring: 'SYSTEM' },
  };
  expect((await set({ standard: 'SCORM_12', maxAttempts: 4 })).rules).toEqual(ofStandard);
  const ofPackage = { ...ofStandard, maxAttempts: 3, moves: 'ALWAYS', sources: { ...ofStandard.sources, maxAttempts: 'PACKAGE', moves: 'PACKAGE' } };
  expect((await set({ packageId: pkg, maxAttempts: 3, moves: 'ALWAYS' })).rules).toEqual(ofPackage);
  const ofRegistration = {
    ...ofPackage,
    maxAttempts: 0,
    showsName: true,
    sources: { ...ofPackage.sources, maxAttempts: 'REGISTRATION', showsName: 'REGISTRATION' },
  };
  expect((await set({ registrationId: rgn, maxAttempts: 0, showsName: true })).rules).toEqual(ofRegistration);
  expect([await node(pkg), await node(rgn), await node(rgn, await app.createToken('LEARNER', { learnerId }))]).toEqual([
    ofPackage,
    ofRegistration,
    ofRegistration,
  ]);
  const ask = (standard?: string) => app.graphql(`query ($standard: ContentStandard) { contentRules(standard: $standard) { ${RULES} } }`, { standard });
  expect((await ask('SCORM_12')).body.data.contentRules).toEqual(ofStandard);
  expect((await ask()).body.data.contentRules.sources).toEqual({ ...sources, maxAttempts: 'SYSTEM', scoring: 'SYSTEM' });

  // What is left out stays, what is null is inherited again.
  await set({ registrationId: rgn, maxAttempts: null });
  expect(await node(rgn)).toEqual({ ...ofPackage, showsName: true, sources: { ...ofPackage.sources, showsName: 'REGISTRATION' } });
  await set({ packageId: pkg, maxAttempts: null, moves: null });
  await set({ registrationId: rgn, showsName: null });
  expect(await node(rgn)).toEqual(ofStandard);
  await set({ standard: 'SCORM_12', maxAttempts: null });
  await set({ system: true, maxAttempts: null, scoring: null });
  expect([await node(pkg), await node(rgn)]).toEqual([shipped, shipped]);
});

test.each([
  ['nothing they are said of', {}, [{ code: 'INVALID_INPUT', path: '', rule: 'one-of' }]],
  ['system that is not meant', { system: false }, [{ code: 'INVALID_INPUT', path: '', rule: 'one-of' }]],
  ['two things they are said of', { system: true, standard: 'CMI5' }, [{ code: 'INVALID_INPUT', path: '', rule: 'one-of' }]],
  ['less than no attempts', { system: true, maxAttempts: -1 }, [{ code: 'INVALID_INPUT', path: '/maxAttempts', rule: 'range' }]],
  ['too many attempts', { standard: 'CMI5', maxAttempts: 1_001 }, [{ code: 'INVALID_INPUT', path: '/maxAttempts', rule: 'range' }]],
  ['no room for suspend data', { system: true, suspendDataLimit: 0 }, [{ code: 'INVALID_INPUT', path: '/suspendDataLimit', rule: 'range' }]],
  ['more than a commit holds', { system: true, suspendDataLimit: 256_001 }, [{ code: 'INVALID_INPUT', path: '/suspendDataLimit', rule: 'range' }]],
  ['no id of a package', { packageId: 'x', moves: 'NEVER' }, [{ code: 'INVALID_INPUT', path: '/packageId', rule: 'global-id' }]],
  [
    'a package that is not there',
    { packageId: toGlobalId('ContentPackage', '00000000-0000-4000-8000-000000000000'), moves: 'NEVER' },
    [{ code: 'NOT_FOUND', path: '/packageId', rule: 'reference' }],
  ],
  [
    'a registration that is not there',
    { registrationId: toGlobalId('ContentRegistration', '00000000-0000-4000-8000-000000000000'), moves: 'NEVER' },
    [{ code: 'NOT_FOUND', path: '/registrationId', rule: 'reference' }],
  ],
])('rules with %s are refused, and nothing is said', async (_what, input, userErrors) => {
  const before = await said();

  expect(await set(input)).toEqual({ rules: null, userErrors });
  expect(await said()).toEqual(before);
});

test('a vendor says which registrations of its own packages move on, and nothing else', async () => {
  const [own, other] = [await vendor('rules-own'), await vendor('rules-other')];
  const rgn = toGlobalId('ContentRegistration', await register(app, await newLearner(app), own.packageId));
  const answer = await set({ packageId: own.id, moves: 'INCOMPLETE' }, own.token);
  expect([answer.userErrors, answer.rules.moves, answer.rules.sources.moves]).toEqual([[], 'INCOMPLETE', 'PACKAGE']);
  const before = await said();
  const denied = (path: string) => ({ rules: null, userErrors: [{ code: 'FORBIDDEN', path, rule: 'own-only' }] });

  expect(await set({ packageId: other.id, moves: 'ALWAYS' }, own.token)).toEqual({
    rules: null,
    userErrors: [{ code: 'NOT_FOUND', path: '/packageId', rule: 'reference' }],
  });
  for (const name of Object.keys(DEFAULTS).filter((one) => one !== 'moves'))
    expect(await set({ packageId: own.id, moves: 'ALWAYS', [name]: null }, own.token)).toEqual(denied(`/${name}`));
  for (const scope of [{ system: true }, { standard: 'SCORM_12' }, { registrationId: rgn }]) {
    expect(await set({ ...scope, moves: 'ALWAYS' }, own.token)).toEqual(denied(''));
    expect((await set({ ...scope, packageId: own.id, moves: 'ALWAYS' }, own.token)).userErrors).toEqual([{ code: 'INVALID_INPUT', path: '', rule: 'one-of' }]);
  }
  expect(await said()).toEqual(before);
});

test.each(['LEARNER', 'PARTNER'] as const)('a %s says no rules, and does not read those of all content', async (role) => {
  const packageId = await scorm();
  const learnerId = await newLearner(app);
  const { id } = await app.modules.access.createPartner({ code: `rules-${role}`, name: role, kind: 'UNIVERSITY' });
  const token = await app.createToken(role, role === 'LEARNER' ? { learnerId } : { partnerId: id });
  const rgn = toGlobalId('ContentRegistration', await register(app, learnerId, packageId));
  const before = await said();

  for (const scope of [{ system: true }, { standard: 'CMI5' }, { packageId: toGlobalId('ContentPackage', packageId) }, { registrationId: rgn }])
    expect((await app.graphql(SET, { input: { ...scope, maxAttempts: 0 } }, token)).body.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await app.graphql('{ contentRules { moves } }', {}, token)).body.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  expect(await said()).toEqual(before);
});

test('rules of one package and of many, of one registration and of many, cost the same SQL statements', async () => {
  const learnerId = await newLearner(app);
  const token = await app.createToken('LEARNER', { learnerId });
  const cmi5 = await importPackage(app, await zip({ 'cmi5.xml': cmi5Xml(au({ id: 'https://publisher.example/rules' })), 'index.html': '' }));
  const queries = async (): Promise<readonly string[]> => {
    app.takeQueries();
    const { body } = await app.graphql(
      `{ contentPackages(first: 50) { nodes { rules { ${RULES} } } } learners(first: 1) { nodes { contentRegistrations { rules { ${RULES} } } } } }`,
      {},
      token,
    );
    expect(body.errors).toBeUndefined();
    return [...app.takeQueries()].sort();
  };
  await register(app, learnerId, cmi5.packageId);
  const one = await queries();
  for (let index = 0; index < 5; index += 1) await register(app, learnerId, await scorm());

  expect(await queries()).toEqual(one);
  expect(one.filter((text) => text.includes('general_rules'))).toHaveLength(1);
});
