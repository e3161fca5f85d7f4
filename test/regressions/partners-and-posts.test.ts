import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { PLAIN_RULE } from '../../src/modules/progress/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { activityIri, addLearner, buildWorld, casePackage, itemIdOf, PASSED, passed, type World } from '../support/world.ts';

const DAY_MS = 86_400_000;
let now = Date.parse('2026-06-01T00:00:00Z');
let app: TestApp;
let world: World;

beforeAll(async () => {
  app = await startTestApp({ clock: { now: () => new Date(now) } });
  world = await buildWorld(app);
});
afterAll(() => app.close());

async function unit(code: string): Promise<string> {
  return (await app.modules.people.createUnit({ code, name: code, kind: 'OPD', parentId: null })).id;
}

async function grantTo(code: string): Promise<{ partnerId: string; token: string; tokenId: string }> {
  const partner = await app.modules.access.createPartner({ code, name: code, kind: 'UNIVERSITY' });
  await app.modules.access.createGrant({ partnerId: partner.id, programId: world.programId, showsNames: false, purpose: 'x', validTo: null });
  const { id, token } = await app.modules.access.createToken({ label: code, role: 'PARTNER', partnerId: partner.id });
  return { partnerId: partner.id, token, tokenId: id };
}

test('two partners find no id in common that belongs to one person', async () => {
  const ana = await addLearner(app, world, 'ana');
  await app.xapi('POST', '/statements', { body: passed('ana', 'ANY.1', 3) });
  await app.projector.drain();
  await app.modules.progress.feed.place();
  const [first, second] = [await grantTo('P1'), await grantTo('P2')];
  const idsOf = async (token?: string) => {
    const { body } = await app.graphql(
      '{ learners(first: 50) { nodes { id enrolments { id } progressEvents { id } } } progressChanges(first: 50) { nodes { id } } }',
      {},
      token,
    );
    const [learner] = body.data.learners.nodes;
    return [
      learner.id,
      ...[...learner.enrolments, ...learner.progressEvents, ...body.data.progressChanges.nodes].map(({ id }: { id: string }) => id),
    ] as string[];
  };
  const [one, two, staff] = [await idsOf(first.token), await idsOf(second.token), await idsOf()];

  expect([one.length, two.length, staff.length]).toEqual([6, 6, 6]);
  expect(one.filter((id) => two.includes(id) || staff.includes(id))).toEqual([]);
  // The same event has one id wherever one partner meets it.
  expect(one.slice(2, 4).toSorted()).toEqual(one.slice(4).toSorted());
  expect(await idsOf(first.token)).toEqual(one);
  expect(staff[0]).toBe(toGlobalId('Learner', ana));
});

test('which posts somebody holds is not told to a partner', async () => {
  const { token } = await grantTo('P3');
  const { body } = await app.graphql('{ learners(first: 1) { nodes { holdings { position { code } } } } }', {}, token);

  expect(body.errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
});

test('a token that is revoked, or whose time is over, opens nothing any more; a grant that has ended shows nobody', async () => {
  const { partnerId, token, tokenId } = await grantTo('P4');
  const { token: brief } = await app.modules.access.createToken({ label: 'brief', role: 'PARTNER', partnerId, expiresAt: new Date(now + DAY_MS) });
  const learners = async (by: string) => {
    const { status, body } = await app.graphql('{ learners(first: 50) { nodes { id } } }', {}, by);
    return [status, body.data?.learners.nodes.length ?? null];
  };
  const count = (await learners(token))[1];
  expect([count === null || Number(count) > 0, await learners(brief)]).toEqual([true, [200, count]]);

  const grants = (await app.graphql('{ partners(first: 50) { nodes { code grants { id purpose validTo program { code } } } } }')).body.data.partners.nodes;
  const own = grants.find(({ code }: { code: string }) => code === 'P4').grants;
  expect(own).toEqual([{ id: expect.any(String), purpose: 'x', validTo: null, program: { code: 'TEST' } }]);
  const end = () => app.graphql('mutation ($id: ID!) { accessGrantEnd(id: $id) { partner { code } userErrors { path rule } } }', { id: own[0].id });
  expect((await end()).body.data.accessGrantEnd).toEqual({ partner: { code: 'P4' }, userErrors: [] });
  expect((await end()).body.data.accessGrantEnd).toEqual({ partner: null, userErrors: [{ path: '/id', rule: 'live' }] });
  expect(await learners(token)).toEqual([200, 0]);

  now += DAY_MS;
  expect((await learners(brief))[0]).toBe(401);
  const revoke = () =>
    app.graphql('mutation ($id: ID!) { apiTokenRevoke(id: $id) { apiToken { label revokedAt } userErrors { path rule } } }', {
      id: toGlobalId('ApiToken', tokenId),
    });
  expect((await revoke()).body.data.apiTokenRevoke).toEqual({ apiToken: { label: 'P4', revokedAt: new Date(now).toISOString() }, userErrors: [] });
  expect((await revoke()).body.data.apiTokenRevoke.userErrors).toEqual([{ path: '/id', rule: 'live' }]);
  expect((await learners(token))[0]).toBe(401);
  const listed = (await app.graphql('{ apiTokens(first: 100) { nodes { label role revokedAt expiresAt partner { code } } } }')).body.data.apiTokens.nodes;
  expect(listed.filter(({ partner }: { partner: { code: string } | null }) => partner?.code === 'P4')).toEqual([
    { label: 'P4', role: 'PARTNER', revokedAt: new Date(now).toISOString(), expiresAt: null, partner: { code: 'P4' } },
    { label: 'brief', role: 'PARTNER', revokedAt: null, expiresAt: new Date(now).toISOString(), partner: { code: 'P4' } },
  ]);
});

test('a transfer ends what the post demanded; a holding that never was is taken away; dates that cannot be are refused', async () => {
  const budi = await addLearner(app, world, 'budi');
  const office = await unit('OFFICE');
  const { id } = await app.modules.people.createHolding({
    learnerId: budi,
    positionId: world.positionId,
    unitId: office,
    validFrom: new Date('2026-01-01'),
    validTo: null,
  });
  const targets = async (asOf: string) =>
    (
      await app.graphql('query ($id: ID!, $asOf: DateTimeISO) { learner(id: $id) { progress(asOf: $asOf) { competency { code } target } } }', {
        id: toGlobalId('Learner', budi),
        asOf,
      })
    ).body.data.learner.progress;
  const change = async (input: object) =>
    (
      await app.graphql(
        'mutation ($id: ID!, $input: PositionHoldingChangeInput!) { positionHoldingChange(id: $id, input: $input) { learner { holdings { validTo } } userErrors { path rule } } }',
        { id: toGlobalId('PositionHolding', id), input },
      )
    ).body.data.positionHoldingChange;

  expect(await change({ validFrom: '2026-01-01T00:00:00Z', validTo: '2026-04-01T00:00:00Z' })).toEqual({
    learner: { holdings: [{ validTo: '2026-04-01T00:00:00.000Z' }] },
    userErrors: [],
  });
  expect([await targets('2026-03-01T00:00:00Z'), await targets('2026-05-01T00:00:00Z')]).toEqual([[{ competency: { code: 'ALL' }, target: 3 }], []]);
  expect(await change({ validFrom: '2026-04-01T00:00:00Z', validTo: '2026-04-01T00:00:00Z' })).toEqual({
    learner: null,
    userErrors: [{ path: '/validTo', rule: 'period' }],
  });
  await app.modules.people.createHolding({ learnerId: budi, positionId: world.positionId, unitId: office, validFrom: new Date('2026-05-01'), validTo: null });
  expect((await change({ validFrom: '2026-01-01T00:00:00Z' })).userErrors).toEqual([{ path: '/validFrom', rule: 'no-overlap' }]);
  const remove = async () =>
    (
      await app.graphql('mutation ($id: ID!) { positionHoldingDelete(id: $id) { learner { holdings { validFrom } } userErrors { path rule } } }', {
        id: toGlobalId('PositionHolding', id),
      })
    ).body.data.positionHoldingDelete;
  expect(await remove()).toEqual({ learner: { holdings: [{ validFrom: '2026-05-01T00:00:00.000Z' }] }, userErrors: [] });
  expect(await remove()).toEqual({ learner: null, userErrors: [{ path: '/id', rule: 'reference' }] });
});

test('two who are one held a post from the first day to the last, and the partner who knew one of them still does', async () => {
  const [from, into] = [await addLearner(app, world, 'citra'), await addLearner(app, world, 'citra-2')];
  const office = await unit('MERGED');
  const hold = (learnerId: string, validFrom: string, validTo: string | null) =>
    app.modules.people.createHolding({
      learnerId,
      positionId: world.positionId,
      unitId: office,
      validFrom: new Date(validFrom),
      validTo: validTo === null ? null : new Date(validTo),
    });
  await hold(from, '2025-01-01', '2025-08-01');
  await hold(into, '2025-06-01', '2025-12-01');
  const partner = await app.modules.access.createPartner({ code: 'P5', name: 'P5', kind: 'UNIVERSITY' });
  await app.database.sql.rows('insert into access.partner_pseudonym (partner_id, learner_id) values ($1, $2)', [partner.id, from]);
  const [known] = await app.database.sql.rows<{ pseudonym: string }>('select pseudonym from access.partner_pseudonym where partner_id = $1', [partner.id]);
  await app.modules.people.mergeLearners(from, into);

  expect((await app.modules.people.holdingsOfLearners([into])).map(({ validFrom, validTo }) => [validFrom.toISOString(), validTo?.toISOString()])).toEqual([
    ['2025-01-01T00:00:00.000Z', '2025-12-01T00:00:00.000Z'],
  ]);
  expect(await app.database.sql.rows('select learner_id, pseudonym from access.partner_pseudonym where partner_id = $1', [partner.id])).toEqual([
    { learnerId: into, pseudonym: known?.pseudonym },
  ]);
});

test('of standards of one post the one that began last counts, whichever was written last, and each says whether it counts', async () => {
  const position = await app.modules.people.createPosition({ code: 'DATED', title: 'Dated', family: 'PELAKSANA' });
  for (const effectiveFrom of ['2026-03-01', '2026-01-01', '2027-01-01'])
    await app.modules.competencies.createStandard({
      positionId: position.id,
      legalBasis: effectiveFrom,
      effectiveFrom: new Date(effectiveFrom),
      requirements: [{ itemId: itemIdOf('ALL'), requiredLevel: 2, importance: 'ABSOLUTE' }],
    });

  expect((await app.modules.competencies.standardsOfPositions([position.id])).map(({ legalBasis, status }) => [legalBasis, status])).toEqual([
    ['2027-01-01', 'DRAFT'],
    ['2026-01-01', 'SUPERSEDED'],
    ['2026-03-01', 'IN_FORCE'],
  ]);
});

test('no level says why there is none: not enough, no longer, or nothing yet', async () => {
  const dewi = await addLearner(app, world, 'dewi');
  const office = await unit('WHY');
  await app.modules.people.createHolding({ learnerId: dewi, positionId: world.positionId, unitId: office, validFrom: new Date('2026-01-01'), validTo: null });
  const { body: ids } = await app.xapi('POST', '/statements', { body: passed('dewi', 'ALL.1', 3) });
  await app.projector.drain();
  const whyOf = async () =>
    (await app.graphql('query ($id: ID!) { learner(id: $id) { progress { competency { code } why } } }', { id: toGlobalId('Learner', dewi) })).body.data.learner
      .progress;
  expect((await whyOf()).map(({ competency, why }: { competency: { code: string }; why: string }) => [competency.code, why])).toEqual([
    ['ALL', 'No level yet: the lowest of its parts counts (ALL_OF), and they do not come to one.'],
    ['ALL.1', 'Level 3: 1 piece(s) of evidence assess it at that level.'],
  ]);
  expect(ids).toHaveLength(1);
});

test('a cap by kind holds for statements that came before their activity had a kind', async () => {
  await addLearner(app, world, 'eka');
  const iri = 'https://content.example/unknown-kind/1';
  const rules = await app.modules.progress.ruleSets.createVersion({
    code: 'CAPPED',
    title: 'Capped',
    rules: [{ ...PLAIN_RULE, match: 'PREFIX', activityIri: 'https://content.example/unknown-kind/', verbs: [PASSED], itemId: itemIdOf('ANY.2'), level: 5 }],
    kindCaps: { WORKPLACE_TASK: 2 },
  });
  await app.modules.progress.ruleSets.activate({ versionId: rules.id, from: null });
  await app.xapi('POST', '/statements', { body: passed('eka', 'x', 5, { object: { id: iri } }) });
  await app.projector.drain();
  const levels = () =>
    app.database.sql.rows(
      `select e.level from progress.evidence e join lrs.statement s on s.statement_id = e.statement_id where e.item_id = $1 and e.retraction is null and s.body like '%unknown-kind/1%'`,
      [itemIdOf('ANY.2')],
    );
  expect(await levels()).toEqual([{ level: 5 }]);

  const version = await app.modules.training.createVersion(world.programId);
  const module = await app.modules.training.addModule({ versionId: version.id, title: 'Later', jp: 1 });
  await app.modules.training.addActivity({ moduleId: module.id, iri, title: 'Film', kind: 'WORKPLACE_TASK', ownerId: null });
  await app.projector.drain();
  expect(await levels()).toEqual([{ level: 2 }]);
  expect(activityIri('ANY.1')).not.toBe(iri);
});

test('a trusted authority is compared without regard to the case its key is written in, and a credential tells its key', async () => {
  const { body } = await app.graphql('{ lrsCredentials(first: 5) { nodes { authorityKey authority } } }');
  const key = body.data.lrsCredentials.nodes[0].authorityKey as string;
  const created = await app.modules.progress.ruleSets.createVersion({
    code: 'TRUSTED',
    title: 'Trusted',
    rules: [
      { ...PLAIN_RULE, activityIri: activityIri('ANY.1'), verbs: [PASSED], itemId: itemIdOf('ANY.1'), level: 1, trustedAuthorities: [key.toUpperCase()] },
    ],
  });
  const dryRun = async (authorityKey: string) =>
    (
      await app.graphql(
        'query ($s: String!, $v: ID, $k: UUID) { evidenceDryRun(statement: $s, ruleSetVersionId: $v, authorityKey: $k) { matches { level } misses { reason } } }',
        {
          s: JSON.stringify(passed('x', 'ANY.1', 3)),
          v: toGlobalId('EvidenceRuleSetVersion', created.id),
          k: authorityKey,
        },
      )
    ).body.data.evidenceDryRun;

  expect(await dryRun(key.toUpperCase())).toEqual({ matches: [{ level: 1 }], misses: [] });
  expect(await dryRun('00000000-0000-4000-8000-000000000000')).toEqual({ matches: [], misses: [{ reason: 'AUTHORITY_NOT_TRUSTED' }] });
});

test('a match with a term carries evidence up to its end, for whoever asks about an instant after it too', async () => {
  const from = await app.modules.competencies.import({
    source: casePackage([{ code: 'TERM' }], { name: 'term', matches: [['TERM', 'ANY.1']] }),
    kind: 'TECHNICAL',
    defaultRollup: 'NONE',
    publish: true,
    dryRun: false,
  });
  expect(from.versionId).not.toBeNull();
  const learner = await addLearner(app, world, 'fajar');
  await app.xapi('POST', '/statements', { body: passed('fajar', 'ANY.1', 4) });
  await app.projector.drain();
  await app.modules.competencies.approveEquivalence({
    originId: itemIdOf('ANY.1'),
    destinationId: itemIdOf('TERM'),
    twoWay: false,
    reason: 'x',
    validUntil: new Date(now + 10 * DAY_MS),
  });
  while ((await app.modules.progress.build()) !== null);
  const levelAt = async (days: number) =>
    (
      await app.graphql('query ($id: ID!, $asOf: DateTimeISO) { learner(id: $id) { progress(asOf: $asOf) { competency { code } current } } }', {
        id: toGlobalId('Learner', learner),
        asOf: new Date(now + days * DAY_MS).toISOString(),
      })
    ).body.data.learner.progress.find(({ competency }: { competency: { code: string } }) => competency.code === 'TERM')?.current ?? 0;

  expect([await levelAt(9), await levelAt(10)]).toEqual([4, 0]);
});
