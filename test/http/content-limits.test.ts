import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, launch, newLearner, register } from '../support/cmi5.ts';
import { au, cmi5Xml, item, sco, scormManifest, zip } from '../support/packages.ts';
import { PlayerClient } from '../support/scorm.ts';

let app: TestApp;
let now = Date.parse('2026-11-30T08:00:00Z');
let packageId: string;

beforeAll(async () => {
  app = await startTestApp({
    clock: { now: () => new Date(now) },
    settings: { CONTENT_LAUNCH_RATE_LIMIT_PER_MINUTE: '2', CONTENT_PLAYER_RATE_LIMIT_PER_MINUTE: '3' },
  });
  const manifest = scormManifest('1.2', item('one', 'r'), sco('r', 'one.html'));
  ({ packageId } = await importPackage(app, await zip({ 'imsmanifest.xml': manifest, 'one.html': '' })));
});
afterAll(() => app.close());

const LAUNCH = 'mutation ($input: ContentLaunchInput!) { contentLaunch(input: $input) { launch { url } userErrors { code path rule message } } }';
const rows = async (): Promise<unknown> =>
  app.database.sql.rows(
    `select (select json_agg(r order by r.id) from launch.registration r) as registrations, (select json_agg(s order by s.id) from launch.session s) as sessions,
       (select json_agg(c order by c.session_id, c.seq) from launch.commit c) as commits, (select json_agg(s order by s.attempt_id) from launch.sco_state s) as runs`,
  );

test('launches of one learner are limited per minute: above it nothing is opened and nothing ends, and others open theirs', async () => {
  const learner = await newLearner(app);
  const input = { registrationId: toGlobalId('ContentRegistration', await register(app, learner, packageId)) };
  const open = async () => (await app.graphql(LAUNCH, { input })).body.data.contentLaunch;
  await open();
  await open();
  now += 15_000;
  const before = await rows();

  const refused = { code: 'RATE_LIMITED', path: '', rule: 'rate-limit', message: 'content of one learner may be launched 2 times a minute; try again in 45 s' };
  expect(await open()).toEqual({ launch: null, userErrors: [refused] });
  expect(await rows()).toEqual(before);
  expect(await launch(app, await register(app, await newLearner(app), packageId), null)).toMatch(/^http/);
  now += 45_000;
  expect((await open()).userErrors).toEqual([]);
});

test('previews of one package are limited likewise: above it nobody is registered', async () => {
  const preview = async () =>
    (
      await app.graphql('mutation ($input: ContentPreviewInput!) { contentPreview(input: $input) { preview { url } userErrors { code } } }', {
        input: { packageId: toGlobalId('ContentPackage', packageId) },
      })
    ).body.data.contentPreview;
  expect([(await preview()).userErrors, (await preview()).userErrors]).toEqual([[], []]);
  const before = await rows();

  expect(await preview()).toEqual({ preview: null, userErrors: [{ code: 'RATE_LIMITED' }] });
  expect(await rows()).toEqual(before);
});

test('what the player of one launch changes is limited per minute: above it the answer is 429 with Retry-After, and nothing is saved', async () => {
  const player = new PlayerClient(await launch(app, await register(app, await newLearner(app), packageId), null));
  await player.navigate('begin');
  await player.commit({ suspend_data: 'one' });
  await player.commit({ suspend_data: 'two' });
  const before = await rows();

  for (const [path, body] of [
    ['commit', player.commitOf({ suspend_data: 'three' })],
    ['navigate', { request: 'exitAll' }],
  ] as const) {
    const answer = await fetch(`${player.url}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    expect([answer.status, Number(answer.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.json()).toMatchObject({ violations: [{ rule: 'rate-limit', message: 'a launch may make 3 requests a minute; wait and try again' }] });
  }
  expect(await rows()).toEqual(before);
  expect((await player.ask('state')).status).toBe(200);
  const other = new PlayerClient(await launch(app, await register(app, await newLearner(app), packageId), null));
  expect((await other.navigate('begin')).current?.id).toBe(player.current.id);
});

test('units opened from the contents of a course are launches too: above the limit 429 with Retry-After, and the session before goes on', async () => {
  now += 60_000;
  const units = au({ id: 'https://publisher.example/au/a' }) + au({ id: 'https://publisher.example/au/b' });
  const course = await importPackage(app, await zip({ 'cmi5.xml': cmi5Xml(units), 'index.html': '' }));
  const url = await launch(app, await register(app, await newLearner(app), course.packageId), null);
  const { entries } = (await (await fetch(`${url}contents`)).json()) as { entries: readonly { id: string }[] };
  const open = (index: number) =>
    fetch(`${url}open`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ nodeId: entries[index]?.id }) });
  expect((await open(0)).status).toBe(200);
  const before = await rows();

  const refused = await open(1);

  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
  expect(await rows()).toEqual(before);
});
