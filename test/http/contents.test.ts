import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CourseContents, OpenedUnit } from '../../src/standards/cmi5/contents.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, itemIds, launch, newLearner, openAu, RESULTS, register } from '../support/cmi5.ts';
import { au, block, cmi5Xml, zip } from '../support/packages.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const ID = 'https://publisher.example/contents';
const COURSE = cmi5Xml(
  au({ id: `${ID}/first`, attributes: 'moveOn="Completed"' }) +
    block(
      `${ID}/block`,
      au({ id: `${ID}/second`, attributes: 'moveOn="Passed" launchMethod="OwnWindow"' }) + au({ id: `${ID}/third`, attributes: 'moveOn="Completed"' }),
    ),
);

async function opened(returnUrl: string | null = null) {
  const { packageId, versionId } = await importPackage(app, await zip({ 'cmi5.xml': COURSE, 'index.html': '' }));
  const registration = await register(app, await newLearner(app), packageId);
  const url = await launch(app, registration, null, 'Normal', returnUrl);
  const contents = async () => {
    const response = await fetch(`${url}contents`);
    return { status: response.status, body: (await response.json()) as CourseContents };
  };
  const open = async (nodeId: string) => {
    const response = await fetch(`${url}open`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ nodeId }) });
    return { status: response.status, body: (await response.json()) as OpenedUnit & { violations?: { path: string }[] } };
  };
  const nodeOf = async (title: string) => (await contents()).body.entries.find((entry) => entry.title === `${ID}/${title}`)?.id ?? '';
  return { registration, versionId, url, contents, open, nodeOf };
}

const verbsOf = async (registration: string): Promise<readonly string[]> => {
  const { body } = await app.xapi('GET', `/statements?registration=${registration}&ascending=true`);
  return (body as { statements: { verb: { id: string } }[] }).statements.map(({ verb }) => verb.id.split('/').at(-1) ?? '');
};

test('a course of several units that is launched as a whole begins with its contents; nothing is launched by looking', async () => {
  const { registration, contents } = await opened('https://lms.example/back');

  const { body } = await contents();

  expect([body.title, body.returnUrl, body.isSatisfied, body.progress]).toEqual(['Course', 'https://lms.example/back', false, 0]);
  expect(body.entries.map(({ title, depth, isLaunchable, status }) => [title.slice(ID.length), depth, isLaunchable, status])).toEqual([
    ['/first', 0, true, 'not attempted'],
    ['/block', 0, false, null],
    ['/second', 1, true, 'not attempted'],
    ['/third', 1, true, 'not attempted'],
  ]);
  expect(await verbsOf(registration)).toEqual([]);
});

test('a unit opened from the contents leads back to them, and what became of it is seen there; the contents outlive each unit', async () => {
  const { registration, versionId, url, contents, open, nodeOf } = await opened();

  const first = await open(await nodeOf('first'));
  const session = await openAu(app, first.body.url);
  for (const verb of ['initialized', 'completed', 'terminated']) await session.say(verb, { result: RESULTS[verb] ?? {} });
  const second = await open(await nodeOf('second'));
  const failing = await openAu(app, second.body.url);
  for (const verb of ['initialized', 'failed']) await failing.say(verb, { result: RESULTS[verb] ?? {} });
  await app.modules.launches.waive(registration, await nodeOf('third'), 'Administrative');

  expect([first.body.needsOwnWindow, second.body.needsOwnWindow]).toEqual([false, true]);
  expect((session.data as unknown as { returnURL: string }).returnURL).toBe(url);
  const { body } = await contents();
  expect(body.entries.map(({ status }) => status)).toEqual(['completed', null, 'failed', 'waived']);
  expect(body.progress).toBeCloseTo(2 / 3);
  const again = await openAu(app, (await open(await nodeOf('second'))).body.url);
  for (const verb of ['initialized', 'passed']) await again.say(verb, { result: RESULTS[verb] ?? {} });
  expect((await contents()).body).toMatchObject({ isSatisfied: true, progress: 1 });
  // The unit that failed was open still: it was abandoned. The contents were not, and say nothing.
  expect((await verbsOf(registration)).filter((verb) => verb === 'abandoned')).toHaveLength(1);
  expect(Object.keys(await itemIds(app, versionId))).toHaveLength(5);
});

test('what cannot be opened is refused with its place, and nothing is launched; contents that were opened elsewhere end', async () => {
  const { registration, contents, open, nodeOf } = await opened();

  const [block, unknown, wrong] = [await open(await nodeOf('block')), await open('01890000-0000-7000-8000-000000000000'), await open('first')];
  await launch(app, registration, null);

  expect([block, unknown, wrong].map(({ status, body }) => [status, body.violations?.[0]?.path])).toEqual([
    [400, '/itemId'],
    [400, '/itemId'],
    [400, '/nodeId'],
  ]);
  expect(await verbsOf(registration)).toEqual([]);
  expect((await contents()).status).toBe(404);
});

test('contents are no run of a SCORM course, a unit has none, and their address fetches no credential', async () => {
  const { url, open, nodeOf } = await opened();
  const unit = new URL((await open(await nodeOf('first'))).body.url);
  const token = unit.pathname.split('/')[2] ?? '';

  const statuses = [await fetch(`${url}state`), await fetch(new URL(`/l/${token}/contents`, url))].map(({ status }) => status);
  const page = await fetch(url);

  expect(statuses).toEqual([404, 404]);
  expect([page.status, page.headers.get('cache-control'), (await page.text()).includes('/player/contents.js')]).toEqual([200, 'no-store', true]);
});

test('isolation: no credential but the unit’s own reads its launch data, which leads back to the contents', async () => {
  const { url, registration, open, nodeOf } = await opened();
  const { parameters, data } = await openAu(app, (await open(await nodeOf('first'))).body.url);
  const query = new URLSearchParams({
    stateId: 'LMS.LaunchData',
    activityId: parameters.get('activityId') ?? '',
    agent: parameters.get('actor') ?? '',
    registration,
  });

  const refused = await app.xapi('GET', `/activities/state?${query.toString()}`);

  expect((data as unknown as { returnURL: string }).returnURL).toBe(url);
  expect([refused.status, JSON.stringify(refused.body).includes(url)]).toEqual([403, false]);
  const terms = await app.database.sql.rows<{ terms: string }>('select terms from launch.session where registration_id = $1', [registration]);
  expect(terms.filter((row) => row.terms.includes(new URL(url).pathname))).toEqual([]);
});

test('a course that asks nothing of its units is done with nothing opened, and says so throughout', async () => {
  const course = cmi5Xml(['one', 'two'].map((name) => au({ id: `${ID}/free-${name}`, attributes: 'moveOn="NotApplicable"' })).join(''), `${ID}/free`);
  const { packageId } = await importPackage(app, await zip({ 'cmi5.xml': course, 'index.html': '' }));
  const url = await launch(app, await register(app, await newLearner(app), packageId), null);

  expect(await (await fetch(`${url}contents`)).json()).toMatchObject({ isSatisfied: true, progress: 1 });
});
