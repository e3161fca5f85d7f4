import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, itemIds, launch, newLearner, openAu, register } from '../support/cmi5.ts';
import { au, cmi5Xml, item, sco, scormManifest, zip } from '../support/packages.ts';
import { PlayerClient } from '../support/scorm.ts';
import { casePackage, itemIdOf } from '../support/world.ts';

let app: TestApp;
let packageId: string;
let versionId: string;

const UNIT = 'https://publisher.example/au/one';
const course = (id = UNIT): Promise<Buffer> => zip({ 'cmi5.xml': cmi5Xml(au({ id, attributes: 'moveOn="Passed"' })), 'index.html': '<html></html>' });

beforeAll(async () => {
  app = await startTestApp();
  ({ packageId, versionId } = await importPackage(app, await course()));
});
afterAll(() => app.close());

const REGISTER =
  'mutation ($input: ContentRegisterInput!) { contentRegister(input: $input) { registration { id registration isSatisfied isPreview } userErrors { code path rule } } }';
const LAUNCH =
  'mutation ($input: ContentLaunchInput!) { contentLaunch(input: $input) { launch { url session { state mode } } userErrors { code path rule } } }';
const UPLOAD =
  'mutation ($input: ContentUploadCreateInput!) { contentUploadCreate(input: $input) { ticket { url upload { id state } } userErrors { code path } } }';

const counts = async (): Promise<unknown> =>
  app.database.sql.rows(
    'select (select count(*) from launch.registration) as registrations, (select count(*) from launch.session) as sessions, (select count(*) from content.upload) as uploads',
  );

const tokenOf = (learnerId: string): Promise<string> => app.createToken('LEARNER', { learnerId });

async function vendor(code: string): Promise<{ token: string; partnerId: string }> {
  const { id } = await app.modules.access.createPartner({ code, name: code, kind: 'CONTENT_VENDOR' });
  return { token: await app.createToken('VENDOR', { partnerId: id }), partnerId: id };
}

test('a learner registers and launches for themselves, and for nobody else', async () => {
  const [learner, other] = [await newLearner(app), await newLearner(app)];
  const token = await tokenOf(learner);
  const input = { packageId: toGlobalId('ContentPackage', packageId) };

  const own = await app.graphql(REGISTER, { input }, token);
  expect(own.body.data.contentRegister).toEqual({
    registration: { id: expect.stringMatching(/^rgn_/), registration: expect.any(String), isSatisfied: false, isPreview: false },
    userErrors: [],
  });
  const again = await app.graphql(REGISTER, { input }, token);
  expect(again.body.data.contentRegister.registration).toEqual(own.body.data.contentRegister.registration);
  const before = await counts();
  const forOther = await app.graphql(REGISTER, { input: { ...input, learnerId: toGlobalId('Learner', other) } }, token);
  expect(forOther.body.data.contentRegister).toEqual({ registration: null, userErrors: [{ code: 'FORBIDDEN', path: '/learnerId', rule: 'own-only' }] });
  const preview = await app.graphql(REGISTER, { input: { ...input, preview: true } }, token);
  expect(preview.body.data.contentRegister.userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);

  const registrationId = own.body.data.contentRegister.registration.id;
  const foreign = await app.graphql(LAUNCH, { input: { registrationId } }, await tokenOf(other));
  expect(foreign.body.data.contentLaunch).toEqual({ launch: null, userErrors: [{ code: 'NOT_FOUND', path: '/registrationId', rule: 'reference' }] });
  expect(await counts()).toEqual(before);

  const launched = await app.graphql(LAUNCH, { input: { registrationId } }, token);
  expect(launched.body.data.contentLaunch).toEqual({
    launch: { url: expect.stringMatching(/^http:\/\/localhost:\d+\/c\//), session: { state: 'LAUNCHED', mode: 'Normal' } },
    userErrors: [],
  });
  const { body } = await app.graphql(
    '{ learners(first: 10) { nodes { contentRegistrations { registration package { title } units { isPassed } sessions { state } attempts { ordinal } } } } }',
    {},
    token,
  );
  expect(body.data.learners.nodes).toEqual([
    {
      contentRegistrations: [
        {
          registration: own.body.data.contentRegister.registration.registration,
          package: { title: 'Course' },
          units: [],
          sessions: [{ state: 'LAUNCHED' }],
          attempts: [],
        },
      ],
    },
  ]);
});

test.each(['PARTNER', 'VENDOR'] as const)('a %s registers and launches nobody', async (role) => {
  const { id } = await app.modules.access.createPartner({ code: `p-${role}`, name: role, kind: 'UNIVERSITY' });
  const token = await app.createToken(role, { partnerId: id });
  const before = await counts();

  const registered = await app.graphql(
    REGISTER,
    { input: { packageId: toGlobalId('ContentPackage', packageId), learnerId: toGlobalId('Learner', await newLearner(app)) } },
    token,
  );
  const launched = await app.graphql(LAUNCH, { input: { registrationId: toGlobalId('ContentRegistration', packageId) } }, token);

  expect([registered.body.errors?.[0]?.extensions.code, launched.body.errors?.[0]?.extensions.code]).toEqual(['FORBIDDEN', 'FORBIDDEN']);
  expect(await counts()).toEqual(before);
});

test('a vendor uploads its package by an address that works once, and reads what the import found', async () => {
  const { token, partnerId } = await vendor('vendor-a');
  const { ticket } = (await app.graphql(UPLOAD, { input: {} }, token)).body.data.contentUploadCreate;
  const put = async (body: Uint8Array | string) => {
    const answer = await fetch(ticket.url, { method: 'PUT', headers: { 'Content-Type': 'application/zip' }, body: body as string });
    return { status: answer.status, body: (await answer.json()) as { error?: string; packageId?: string; violations?: { rule: string }[] } };
  };

  const refused = await put('this is no package');
  expect([refused.status, refused.body.violations?.map(({ rule }) => rule)]).toEqual([400, ['zip-readable']]);
  const state =
    'query ($id: ID!) { contentUpload(id: $id) { state issues { severity rule } package { title owner { code } } version { ordinal items { identifier kind isLaunchable activity { kind } } } } }';
  expect((await app.graphql(state, { id: ticket.upload.id }, token)).body.data.contentUpload).toEqual({
    state: 'REFUSED',
    issues: [{ severity: 'ERROR', rule: 'zip-readable' }],
    package: null,
    version: null,
  });
  const taken = await put(await course('https://publisher.example/au/vendor'));
  expect(taken.status).toBe(200);
  expect((await put(await course())).status).toBe(404);

  const { body } = await app.graphql(state, { id: ticket.upload.id }, token);
  expect(body.data.contentUpload).toEqual({
    state: 'IMPORTED',
    issues: [],
    package: { title: 'Course', owner: { code: 'vendor-a' } },
    version: {
      ordinal: 1,
      items: [
        { identifier: 'https://publisher.example/course', kind: 'COURSE', isLaunchable: false, activity: { kind: 'CMI5_AU' } },
        { identifier: 'https://publisher.example/au/vendor', kind: 'AU', isLaunchable: true, activity: { kind: 'CMI5_AU' } },
      ],
    },
  });
  const list = await app.graphql('{ contentPackages(first: 10) { nodes { title owner { code } } } }', {}, token);
  expect(list.body.data.contentPackages.nodes).toEqual([{ title: 'Course', owner: { code: 'vendor-a' } }]);
  expect((await app.modules.content.packages(partnerId, 10, null)).length).toBe(1);
});

test('a vendor sees no upload, report or version of another, and cannot replace its package', async () => {
  const [a, b] = [await vendor('vendor-b'), await vendor('vendor-c')];
  const { ticket } = (await app.graphql(UPLOAD, { input: {} }, a.token)).body.data.contentUploadCreate;
  const answer = await fetch(ticket.url, { method: 'PUT', body: (await course('https://publisher.example/au/b')) as never });
  const { packageId: own } = (await answer.json()) as { packageId: string };
  const before = await counts();

  expect((await app.graphql('query ($id: ID!) { contentUpload(id: $id) { state } }', { id: ticket.upload.id }, b.token)).body.data.contentUpload).toBeNull();
  const replaced = await app.graphql(UPLOAD, { input: { packageId: toGlobalId('ContentPackage', own) } }, b.token);
  expect(replaced.body.data.contentUploadCreate).toEqual({ ticket: null, userErrors: [{ code: 'NOT_FOUND', path: '/packageId' }] });
  expect(await counts()).toEqual(before);
});

test('objectives of a package that name competencies suggest them for alignment', async () => {
  await app.modules.competencies.import({
    source: casePackage([{ code: 'OBJ.1' }, { code: 'OBJ.2' }], { name: 'objectives' }),
    kind: 'TECHNICAL',
    defaultRollup: 'NONE',
    publish: true,
    dryRun: false,
  });
  const text = '<title><langstring>t</langstring></title><description><langstring>d</langstring></description>';
  const objectives = `<objectives><objective id="https://case.example/CFItems/${itemIdOf('OBJ.1')}">${text}</objective><objective id="urn:code:OBJ.2">${text}</objective></objectives>`;
  const imported = await importPackage(
    app,
    await zip({ 'cmi5.xml': cmi5Xml(objectives + au({ id: 'https://publisher.example/au/objective' })), 'index.html': '' }),
  );

  const { body } = await app.graphql('query ($id: ID!) { node(id: $id) { ... on ContentPackageVersion { items { kind suggestedCompetencies { code } } } } }', {
    id: toGlobalId('ContentPackageVersion', imported.versionId),
  });

  expect(
    body.data.node.items.map((one: { kind: string; suggestedCompetencies: { code: string }[] }) => [
      one.kind,
      one.suggestedCompetencies.map(({ code }) => code).sort(),
    ]),
  ).toEqual([
    ['COURSE', ['OBJ.1', 'OBJ.2']],
    ['AU', []],
  ]);
});

const LOM = (inner: string): string => `<lom xmlns="http://ltsc.ieee.org/xsd/LOM">${inner}</lom>`;

test('metadata of a package are told of the version and of each part, and competencies that they name are suggested', async () => {
  await app.modules.competencies.import({
    source: casePackage([{ code: 'LOM.1' }], { name: 'metadata' }),
    kind: 'TECHNICAL',
    defaultRollup: 'NONE',
    publish: true,
    dryRun: false,
  });
  const general = (text: string): string =>
    `<general><language>id</language><description><string language="en">${text}</string></description><keyword><string>k</string></keyword></general>`;
  const classified = '<classification><purpose><value>competency</value></purpose><taxonPath><taxon><id>LOM.1</id></taxon></taxonPath></classification>';
  const location = '<metadata><adlcp:location>meta/one.xml</adlcp:location></metadata>';
  const manifest = scormManifest('2004 4th Edition', item('one', 'r', location) + item('two', 'r'), sco('r', 'one.html')).replace(
    '</schemaversion>',
    `</schemaversion>${LOM(general('whole'))}`,
  );
  const files = (time: string) => ({
    'imsmanifest.xml': manifest,
    'one.html': '',
    'meta/one.xml': LOM(`${general('part')}<educational><typicalLearningTime><duration>${time}</duration></typicalLearningTime></educational>${classified}`),
  });
  const imported = await importPackage(app, await zip(files('PT20M')));
  const tell = async () =>
    (
      await app.graphql(
        'query ($id: ID!) { node(id: $id) { ... on ContentPackageVersion { about { description } items { about { description keywords languages learningTime } objectives suggestedCompetencies { code } } } } }',
        { id: toGlobalId('ContentPackageVersion', imported.versionId) },
      )
    ).body.data.node;

  const nothing = { description: null, keywords: [], languages: [], learningTime: null };
  const said = { keywords: ['k'], languages: ['id'] };
  const part = (learningTime: string) => ({
    about: { ...said, description: 'part', learningTime },
    objectives: ['LOM.1'],
    suggestedCompetencies: [{ code: 'LOM.1' }],
  });
  const others = { objectives: [], suggestedCompetencies: [] };
  const whole = { about: { ...said, description: 'whole', learningTime: null }, ...others };
  expect(await tell()).toEqual({ about: { description: 'whole' }, items: [whole, part('PT20M'), { about: nothing, ...others }] });
  expect(await importPackage(app, await zip(files('PT30M')), imported.packageId)).toEqual(imported);
  expect((await tell()).items[1]).toEqual(part('PT30M'));
});

test('of cmi5 and Tin Can, descriptions are told where the structure holds them', async () => {
  const tincan = `<tincan xmlns="http://projecttincan.com/tincan.xsd"><activities><activity id="https://publisher.example/tincan/about" type="http://adlnet.gov/expapi/activities/course"><name>T</name><description lang="en">said</description><launch lang="en">index.html</launch></activity></activities></tincan>`;
  const versions = [
    await importPackage(app, await course('https://publisher.example/au/about')),
    await importPackage(app, await zip({ 'tincan.xml': tincan, 'index.html': '' })),
  ];

  const { body } = await app.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { ... on ContentPackageVersion { items { about { description } } } } }', {
    ids: versions.map((one) => toGlobalId('ContentPackageVersion', one.versionId)),
  });

  expect(body.data.nodes).toEqual([
    { items: [{ about: { description: 'd' } }, { about: { description: 'd' } }] },
    { items: [{ about: { description: 'said' } }] },
  ]);
});

test('who begins anew gets a registration of its own, and the old one is closed', async () => {
  const learner = await newLearner(app);
  const input = { packageId: toGlobalId('ContentPackage', packageId), learnerId: toGlobalId('Learner', learner) };
  const first = (await app.graphql(REGISTER, { input })).body.data.contentRegister.registration;
  const second = (await app.graphql(REGISTER, { input: { ...input, restart: true } })).body.data.contentRegister.registration;

  expect(second.registration).not.toBe(first.registration);
  const closed = await app.graphql(LAUNCH, { input: { registrationId: first.id, itemId: (await itemIds(app, versionId))[UNIT] } });
  expect(closed.body.data.contentLaunch).toEqual({ launch: null, userErrors: [{ code: 'CONFLICT', path: '/registrationId', rule: 'open' }] });
});

test('an erased learner leaves nothing of what they did in packages; of two merged the other goes on', async () => {
  const [gone, from, into] = [await newLearner(app), await newLearner(app), await newLearner(app)];
  for (const learnerId of [gone, from, into]) {
    const { id } = await app.modules.launches.register({ learnerId, packageId, restart: false, isPreview: false, byLearner: false });
    await app.graphql(LAUNCH, { input: { registrationId: toGlobalId('ContentRegistration', id), itemId: (await itemIds(app, versionId))[UNIT] } });
  }

  await app.modules.people.eraseLearner(gone);
  await app.modules.people.mergeLearners(from, into);

  expect((await app.modules.launches.registrationsOfLearners([gone, from])).length).toBe(0);
  const left = await app.modules.launches.registrationsOfLearners([into]);
  expect([left.length, left.filter(({ closedAt }) => closedAt === null).length]).toEqual([2, 1]);
});

test('the history of a SCORM registration tells each attempt, what ran in it, and what it saved', async () => {
  const manifest = scormManifest('1.2', item('one', 'r', '<adlcp:masteryscore>70</adlcp:masteryscore>'), sco('r', 'one.html'));
  const scorm = await importPackage(app, await zip({ 'imsmanifest.xml': manifest, 'one.html': '' }));
  const learner = await newLearner(app);
  const player = new PlayerClient(await launch(app, await register(app, learner, scorm.packageId), null));
  await player.navigate('begin');
  await player.commit(
    { core: { lesson_status: 'incomplete', score: { raw: '90', max: '100' }, exit: 'suspend' }, suspend_data: 'page 7' },
    { isFinished: true },
  );
  await player.navigate('restart');
  await player.commit({ core: { lesson_status: 'incomplete' } });
  const history =
    '{ learners(first: 10) { nodes { contentRegistrations { attempts { ordinal endedAt runs { run item { identifier } startedAt endedAt isSuspended isCompleted isPassed score totalSeconds data } } } } } }';

  const { body } = await app.graphql(history, {}, await tokenOf(learner));

  const instant = expect.stringMatching(/^\d{4}-/);
  const run = { run: 1, item: { identifier: 'one' }, startedAt: instant, totalSeconds: 0 };
  const [latest, first] = body.data.learners.nodes[0].contentRegistrations[0].attempts;
  expect([latest, first]).toMatchObject([
    { ordinal: 2, endedAt: null, runs: [{ ...run, endedAt: null, isSuspended: false, isCompleted: false, isPassed: null, score: null }] },
    { ordinal: 1, endedAt: instant, runs: [{ ...run, endedAt: instant, isCompleted: true, isPassed: true, score: 0.9 }] },
  ]);
  expect(JSON.parse(first.runs[0].data)).toMatchObject({ suspend_data: 'page 7' });
  const others = await app.graphql(history, {}, await tokenOf(await newLearner(app)));
  expect(others.body.data.learners.nodes.flatMap((node: { contentRegistrations: unknown[] }) => node.contentRegistrations)).toEqual([]);
});

test('a vendor tries out its own package, staff any; nothing of it counts, and nobody is registered', async () => {
  const owner = await app.modules.access.createPartner({ code: 'PREVIEW', name: 'Preview', kind: 'CONTENT_VENDOR' });
  const [own, other] = [
    await app.createToken('VENDOR', { partnerId: owner.id }),
    await app.createToken('VENDOR', { partnerId: (await app.modules.access.createPartner({ code: 'PREVIEW2', name: 'x', kind: 'CONTENT_VENDOR' })).id }),
  ];
  const { packageId } = await importPackage(
    app,
    await zip({ 'cmi5.xml': cmi5Xml(au({ id: 'https://preview.example/au' })), 'index.html': '' }),
    null,
    owner.id,
  );
  const preview = async (token?: string) =>
    (
      await app.graphql(
        'mutation ($input: ContentPreviewInput!) { contentPreview(input: $input) { preview { url } userErrors { path rule } } }',
        { input: { packageId: toGlobalId('ContentPackage', packageId) } },
        token,
      )
    ).body.data.contentPreview;
  const before = await app.counts();

  expect(await preview(other)).toEqual({ preview: null, userErrors: [{ path: '/packageId', rule: 'reference' }] });
  for (const token of [own, undefined]) {
    const { preview: opened, userErrors } = await preview(token);
    expect(userErrors).toEqual([]);
    const session = await openAu(app, opened.url);
    expect((await session.say('initialized')).status).toBe(200);
    expect((await session.say('completed', { result: { completion: true, duration: 'PT1S' } })).status).toBe(403);
  }
  const after = await app.counts();
  expect({ ...after, 'lrs.document': 0 }).toEqual({ ...before, 'lrs.document': 0 });
});

interface Listed {
  readonly registration: string;
  readonly learner: { readonly id: string };
}

test('a package lists its registrations page by page, newest first, filtered by what became of them; previews are none', async () => {
  const { packageId: listed } = await importPackage(app, await course('https://publisher.example/au/listed'));
  const learners = [await newLearner(app), await newLearner(app), await newLearner(app)];
  const [first, second, third] = [
    await register(app, learners[0] ?? '', listed),
    await register(app, learners[1] ?? '', listed),
    await register(app, learners[2] ?? '', listed),
  ];
  const anew = await register(app, learners[0] ?? '', listed, { restart: true });
  await register(app, learners[0] ?? '', listed, { isPreview: true });
  await app.database.sql.rows('update launch.registration set is_satisfied = true where id = $1', [second]);
  const LIST = `query ($id: ID!, $first: Int, $after: String, $isOpen: Boolean, $isSatisfied: Boolean) { node(id: $id) { ... on ContentPackage {
    registrations(first: $first, after: $after, isOpen: $isOpen, isSatisfied: $isSatisfied) { nodes { registration learner { id } } pageInfo { hasNextPage endCursor } } } } }`;
  const list = async (filter: Record<string, unknown>) => {
    const { body } = await app.graphql(LIST, { id: toGlobalId('ContentPackage', listed), ...filter });
    const { nodes, pageInfo } = body.data.node.registrations as { nodes: Listed[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    return { ids: nodes.map(({ registration }) => registration), learners: nodes.map(({ learner }) => learner.id), ...pageInfo };
  };

  const whole = await list({});
  expect(whole.ids).toEqual([anew, third, second, first]);
  expect(whole.learners).toEqual([learners[0], learners[2], learners[1], learners[0]].map((id) => toGlobalId('Learner', id ?? '')));
  const page = await list({ first: 3 });
  expect([page.ids, page.hasNextPage]).toEqual([[anew, third, second], true]);
  const rest = await list({ first: 3, after: page.endCursor });
  expect([rest.ids, rest.hasNextPage]).toEqual([[first], false]);
  expect((await list({ isOpen: true })).ids).toEqual([anew, third, second]);
  expect((await list({ isOpen: false })).ids).toEqual([first]);
  expect((await list({ isOpen: true, isSatisfied: true })).ids).toEqual([second]);
  expect((await list({ isSatisfied: false })).ids).toEqual([anew, third, first]);
  const forged = await app.graphql(LIST, { id: toGlobalId('ContentPackage', listed), after: 'WzEsIngiXQ' });
  expect(forged.body.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', violations: [{ path: '/after', rule: 'cursor' }] });
});

test('of the registrations of a package a learner sees their own; a vendor sees none, of its own package either, and a partner none', async () => {
  const own = await vendor('vendor-registrations');
  const { packageId: listed } = await importPackage(app, await course('https://publisher.example/au/whose'), null, own.partnerId);
  const [learner, other] = [await newLearner(app), await newLearner(app)];
  const registration = await register(app, learner, listed);
  await register(app, other, listed);
  const list = async (token: string) =>
    (
      await app.graphql(
        'query ($id: ID!) { node(id: $id) { ... on ContentPackage { registrations { nodes { registration learner { id } } } } } }',
        { id: toGlobalId('ContentPackage', listed) },
        token,
      )
    ).body;

  expect((await list(await tokenOf(learner))).data.node.registrations.nodes).toEqual([{ registration, learner: { id: toGlobalId('Learner', learner) } }]);
  const partner = await app.modules.access.createPartner({ code: 'p-registrations', name: 'p', kind: 'UNIVERSITY' });
  for (const token of [own.token, await app.createToken('PARTNER', { partnerId: partner.id })])
    expect((await list(token)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
});

test('registrations of packages, with learners and what became of them, cost the same SQL for one package and for several', async () => {
  const own = await vendor('vendor-list-cost');
  for (const name of ['a', 'b', 'c']) {
    const imported = await importPackage(app, await course(`https://publisher.example/au/cost-${name}`), null, own.partnerId);
    for (let index = 0; index < 3; index += 1) await register(app, await newLearner(app), imported.packageId);
  }
  const costOf = async (packages: number, registrations: number) => {
    app.takeQueries();
    const { body } = await app.graphql(
      'query ($packages: Int!, $registrations: Int!) { contentPackages(first: $packages) { nodes { registrations(first: $registrations, isOpen: true) { nodes { learner { name } units { isPassed } sessions { state } attempts { ordinal } } } } } }',
      { packages, registrations },
    );
    expect(body.errors).toBeUndefined();
    return [...app.takeQueries()].sort();
  };
  await costOf(1, 1);

  const [one, many] = [await costOf(1, 1), await costOf(50, 3)];

  expect(many).toEqual(one);
});
