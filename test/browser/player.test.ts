import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';
import { startTestApp, type TestApp } from '../support/app.ts';
import { browserTest, openBrowser } from '../support/browser.ts';
import { importPackage, itemIds, launch, newLearner, register } from '../support/cmi5.ts';
import { alignedCompetency, levelOf } from '../support/learn.ts';
import { au, cmi5Xml, type Files, item, sco, scormManifest, zip } from '../support/packages.ts';
import { scoPage } from '../support/sco.ts';

let app: TestApp;
let browser: Browser | undefined;

beforeAll(async () => {
  app = await startTestApp();
  browser = await openBrowser().catch(() => undefined);
});
afterAll(async () => {
  await browser?.close();
  await app.close();
});

async function openPage(url: string, context = browser?.newContext({ locale: 'en-US' })): Promise<Page> {
  const page = await (await context)?.newPage();
  if (!page) throw new Error('there is no browser');
  await page.goto(url);
  return page;
}

/** The content in the player, once it has found its API. */
async function contentOf(page: Page, title: string): Promise<Frame> {
  await page.waitForSelector(`iframe[title="${title}"]`);
  const frame = await (await page.$(`iframe[title="${title}"]`))?.contentFrame();
  if (!frame) throw new Error('there is no content');
  await frame.waitForSelector('body[data-ready]');
  return frame;
}

const run = (frame: Frame, script: string): Promise<unknown> => frame.evaluate(script);
const saved = (page: Page): Promise<void> => page.locator('#status', { hasText: 'Saved' }).waitFor();

const statementsOf = async (registration: string): Promise<readonly { verb: { id: string }; object: { id: string }; result?: object }[]> =>
  ((await app.xapi('GET', `/statements?registration=${registration}&ascending=true`)).body as { statements: never[] }).statements;
const verbsOf = async (registration: string): Promise<readonly string[]> =>
  (await statementsOf(registration)).map(({ verb }) => verb.id.split('/').at(-1) ?? '');

interface Prepared {
  readonly packageId: string;
  readonly registration: string;
  readonly courseIri: string;
  readonly learnerId: string;
  readonly items: Readonly<Record<string, string>>;
}

async function prepare(files: Files): Promise<Prepared> {
  const { packageId, versionId } = await importPackage(app, await zip(files));
  const learnerId = await newLearner(app);
  const registration = await register(app, learnerId, packageId);
  const [row] = await app.modules.content.packagesById([packageId]);
  return { packageId, registration, courseIri: row?.courseIri ?? '', learnerId, items: await itemIds(app, versionId) };
}

const single12 = {
  'imsmanifest.xml': scormManifest('1.2', item('one', 'r', '<adlcp:masteryscore>70</adlcp:masteryscore>'), sco('r', 'one.html')),
  'one.html': scoPage('1.2', 'one'),
};

browserTest('SCORM 1.2, one object: learned, the tab closed, resumed, finished; statements and score as they happened', async () => {
  const { registration, courseIri, learnerId } = await prepare(single12);
  const code = await alignedCompetency(app, `${courseIri}/one`);
  const page = await openPage(await launch(app, registration, null));
  const frame = await contentOf(page, 'one');
  expect(await run(frame, '[found, get("cmi.core.entry"), get("cmi.core.lesson_status"), get("cmi.student_data.mastery_score")]')).toEqual([
    'true',
    'ab-initio',
    'not attempted',
    '70',
  ]);
  await run(
    frame,
    'set("cmi.core.lesson_location", "page 3"); set("cmi.suspend_data", "abc"); set("cmi.core.lesson_status", "incomplete"); set("cmi.core.exit", "suspend"); commit()',
  );
  await saved(page);
  await page.close();

  const again = await openPage(await launch(app, registration, null));
  await again.click('text=Resume');
  const resumed = await contentOf(again, 'one');
  expect(await run(resumed, '[get("cmi.core.entry"), get("cmi.core.lesson_location"), get("cmi.suspend_data"), get("cmi.core.lesson_status")]')).toEqual([
    'resume',
    'page 3',
    'abc',
    'incomplete',
  ]);
  await run(resumed, 'set("cmi.core.score.raw", "80"); set("cmi.core.session_time", "00:10:00"); set("cmi.core.exit", ""); finish()');
  await again.waitForSelector('text=The course is closed');

  expect(await verbsOf(registration)).toEqual(['initialized', 'suspended', 'resumed', 'completed', 'passed', 'terminated', 'completed', 'passed']);
  const passed = (await statementsOf(registration)).filter(({ verb }) => verb.id.endsWith('passed'));
  expect(passed.map(({ object, result }) => [object.id, result])).toEqual([
    [`${courseIri}/one`, { success: true, score: { scaled: 0.8, raw: 80, max: 100 } }],
    [courseIri, { success: true, score: { scaled: 0.8 } }],
  ]);
  expect(await levelOf(app, learnerId, code)).toBe(3);
});

browserTest.each([
  ['1.2', 'cmi.core.lesson_location', 300, '405'],
  ['2004', 'cmi.location', 1_100, '406'],
] as const)(
  'SCORM %s: content saves what the nearest rules let it, and finds it again though they are said otherwise by then',
  async (edition, element, length, error) => {
    const manifest = scormManifest(edition === '1.2' ? '1.2' : '2004 4th Edition', item('one', 'r'), sco('r', 'one.html'));
    const { packageId, registration } = await prepare({ 'imsmanifest.xml': manifest, 'one.html': scoPage(edition, 'one') });
    await app.modules.content.setPackageRules(packageId, { suspendDataLimit: 100 }, null);
    const trySaving = (frame: Frame, characters: number): Promise<unknown> =>
      run(
        frame,
        `[set("cmi.suspend_data", "x".repeat(${characters})), api.${edition === '1.2' ? 'LMS' : ''}GetLastError(), set("${element}", "y".repeat(${length})), api.${edition === '1.2' ? 'LMS' : ''}GetLastError()]`,
      );
    const page = await openPage(await launch(app, registration, null));
    const frame = await contentOf(page, 'one');
    expect([await trySaving(frame, 101), await trySaving(frame, 100)]).toEqual([
      ['false', error, 'false', error],
      ['true', '0', 'false', error],
    ]);
    if (edition === '1.2') expect(await run(frame, '[set("cmi.core.score.raw", "350"), set("cmi.core.score.raw", "-")]')).toEqual(['false', 'false']);
    await page.close();

    await app.modules.launches.setRules(registration, { suspendDataLimit: 70_000, isStrict: false, resume: 'RESUME' });
    const laxPage = await openPage(await launch(app, registration, null));
    const lax = await contentOf(laxPage, 'one');
    expect([await trySaving(lax, 70_001), await trySaving(lax, 70_000)]).toEqual([
      ['false', error, 'true', '0'],
      ['true', '0', 'true', '0'],
    ]);
    if (edition === '1.2')
      expect(await run(lax, '[set("cmi.core.score.raw", "350"), set("cmi.core.score.max", "500"), set("cmi.core.score.raw", "-")]')).toEqual([
        'true',
        'true',
        'false',
      ]);
    expect(await run(lax, 'commit()')).toBe('true');
    await saved(laxPage);
    await laxPage.close();

    await app.modules.launches.setRules(registration, { suspendDataLimit: null, isStrict: null });
    const again = await contentOf(await openPage(await launch(app, registration, null)), 'one');
    expect(await run(again, `[get("cmi.suspend_data").length, get("${element}").length]`)).toEqual([70_000, length]);
    if (edition === '1.2') expect(await run(again, '[get("cmi.core.score.raw"), get("cmi.core.score.max")]')).toEqual(['350', '500']);
  },
);

browserTest('opening a course goes on, begins anew or asks, as the rules have it', async () => {
  const { packageId, registration } = await prepare(single12);
  const ordinals = async () => (await app.modules.launches.attemptsOfRegistrations([registration])).map(({ ordinal }) => ordinal);
  const open = async () => openPage(await launch(app, registration, null));
  await app.modules.content.setGeneralRules('SCORM_12', { resume: 'NEW' });
  const first = await open();
  await run(await contentOf(first, 'one'), 'set("cmi.suspend_data", "first"); set("cmi.core.lesson_status", "incomplete"); commit()');
  await saved(first);
  await first.close();

  const second = await open();
  expect(await run(await contentOf(second, 'one'), '[get("cmi.core.entry"), get("cmi.suspend_data")]')).toEqual(['ab-initio', '']);
  await run(await contentOf(second, 'one'), 'set("cmi.suspend_data", "second"); set("cmi.core.lesson_status", "incomplete"); commit()');
  await saved(second);
  // What is loaded again in the middle goes on: it is the same opening.
  await second.reload();
  expect(await run(await contentOf(second, 'one'), 'get("cmi.suspend_data")')).toBe('second');
  expect(await ordinals()).toEqual([2, 1]);
  await second.close();

  await app.modules.content.setPackageRules(packageId, { resume: 'RESUME' }, null);
  const third = await open();
  expect(await run(await contentOf(third, 'one'), '[get("cmi.core.entry"), get("cmi.suspend_data")]')).toEqual(['resume', 'second']);
  await third.click('#exit');
  await third.getByText('The course is closed').waitFor();

  await app.modules.launches.setRules(registration, { resume: 'ASK_ALWAYS' });
  const fourth = await open();
  await fourth.getByText('The course is closed').waitFor();
  expect(await ordinals()).toEqual([2, 1]);
  await fourth.click('text=Open again');
  await contentOf(fourth, 'one');
  expect(await ordinals()).toEqual([3, 2, 1]);
  await app.modules.content.setGeneralRules('SCORM_12', { resume: null });
});

browserTest('SCORM 1.2, three objects: walked through, left to a later one by the table of contents, each with its own status', async () => {
  const items = [item('a', 'ra'), item('b', 'rb'), item('c', 'rc', '<adlcp:prerequisites type="aicc_script">a&amp;b</adlcp:prerequisites>')].join('');
  const resources = ['a', 'b', 'c'].map((name) => sco(`r${name}`, `${name}.html`)).join('');
  const pages = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}.html`, scoPage('1.2', name)]));
  const { registration, courseIri } = await prepare({ 'imsmanifest.xml': scormManifest('1.2', items, resources), ...pages });
  const page = await openPage(await launch(app, registration, null));
  const entries = () => page.locator('#toc li').evaluateAll((lines) => lines.map((line) => [line.textContent, line.querySelector('button')?.disabled]));

  const first = await contentOf(page, 'a');
  expect(await entries()).toEqual(
    [
      ['anot opened', true],
      ['bnot opened', false],
      ['cnot opened', true],
    ].map(([text, isDisabled]) => [text === 'anot opened' ? 'aincomplete' : text, isDisabled]),
  );
  await run(first, 'set("cmi.core.lesson_status", "completed")');
  await page.click('#next');
  const second = await contentOf(page, 'b');
  await run(second, 'set("cmi.core.lesson_status", "passed"); set("cmi.core.score.raw", "90")');
  await page.click('#previous');
  await contentOf(page, 'a');
  expect((await entries()).map(([text]) => text)).toEqual(['acompleted', 'bpassed', 'cnot opened']);
  await page.click('#toc li:nth-child(3) button');
  await run(await contentOf(page, 'c'), 'set("cmi.core.lesson_status", "completed")');
  await page.click('#exit');
  await page.getByText('The course is closed').waitFor();

  const told = (await statementsOf(registration)).map(({ verb, object }) => `${verb.id.split('/').at(-1)} ${object.id.slice(courseIri.length)}`);
  expect(told).toEqual([
    'initialized /a',
    'completed /a',
    'terminated /a',
    'initialized /b',
    'completed /b',
    'passed /b',
    'terminated /b',
    'initialized /a',
    'terminated /a',
    'initialized /c',
    'completed /c',
    'terminated /c',
    'completed ',
  ]);
});

browserTest('SCORM 2004 with sequencing: a pre-test that is passed leaves out the lesson, as the manifest says', async () => {
  const objective = (reads: string) =>
    `<imsss:objectives><imsss:primaryObjective objectiveID="test"><imsss:mapInfo targetObjectiveID="global" ${reads}/></imsss:primaryObjective></imsss:objectives>`;
  const skip =
    '<imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions><imsss:ruleCondition condition="satisfied"/></imsss:ruleConditions><imsss:ruleAction action="skip"/></imsss:preConditionRule></imsss:sequencingRules>';
  const items = [
    item('pretest', 'rp', `<imsss:sequencing>${objective('writeSatisfiedStatus="true" readSatisfiedStatus="false"')}</imsss:sequencing>`),
    item('lesson', 'rl', `<imsss:sequencing>${skip}${objective('readSatisfiedStatus="true"')}</imsss:sequencing>`),
    item('end', 're'),
  ].join('');
  const flow = '<imsss:sequencing><imsss:controlMode choice="false" flow="true"/></imsss:sequencing>';
  const resources = sco('rp', 'p.html') + sco('rl', 'l.html') + sco('re', 'e.html');
  const pages = { 'p.html': scoPage('2004', 'p'), 'l.html': scoPage('2004', 'l'), 'e.html': scoPage('2004', 'e') };
  const { registration, courseIri } = await prepare({ 'imsmanifest.xml': scormManifest('2004 4th Edition', items, resources, flow), ...pages });
  const page = await openPage(await launch(app, registration, null));

  const pretest = await contentOf(page, 'pretest');
  expect(
    await run(
      pretest,
      '[found, get("cmi.entry"), get("cmi.objectives.0.id"), get("adl.nav.request_valid.continue"), set("cmi.location", "x".repeat(2000)), api.GetLastError(), set("cmi", "x"), api.GetLastError(), set("cmi.objectives", "x"), set("cmi.location", "y"), set("cmi.location", ""), get("cmi.location"), get("cmi.objectives.0.id")]',
    ),
  ).toEqual(['true', 'ab-initio', 'test', 'true', 'false', '406', 'false', '401', 'false', 'true', 'true', '', 'test']);
  await run(
    pretest,
    'set("cmi.success_status", "passed"); set("cmi.score.scaled", "0.9"); set("cmi.progress_measure", "1"); set("cmi.completion_status", "completed"); set("adl.nav.request", "continue"); finish()',
  );
  const end = await contentOf(page, 'end');
  await run(end, 'set("cmi.completion_status", "completed"); set("cmi.exit", "suspend"); set("cmi.location", "here"); commit()');
  await saved(page);
  await page.click('#suspend');
  await page.getByText('You can go on at any time').waitFor();
  const again = await openPage(await launch(app, registration, null));
  await again.click('text=Resume');
  expect(await run(await contentOf(again, 'end'), '[get("cmi.entry"), get("cmi.location"), get("cmi.completion_status")]')).toEqual([
    'resume',
    'here',
    'completed',
  ]);
  await run(await contentOf(again, 'end'), 'set("cmi.exit", ""); set("adl.nav.request", "exitAll"); finish()');
  await again.getByText('The course is closed').waitFor();

  const told = (await statementsOf(registration)).map(({ verb, object }) => `${verb.id.split('/').at(-1)} ${object.id.slice(courseIri.length)}`);
  expect(told.filter((one) => one.includes('lesson'))).toEqual([]);
  expect(told).toEqual([
    'initialized /pretest',
    'progressed /pretest',
    'completed /pretest',
    'passed /pretest',
    'terminated /pretest',
    'initialized /end',
    'completed /end',
    'suspended /end',
    'resumed /end',
    'terminated /end',
    'passed ',
  ]);
});

browserTest('cmi5 with the public client: launched, passed, ended; the course satisfied, and competency follows', async () => {
  const client = await readFile('node_modules/@xapi/cmi5/dist/Cmi5.umd.js', 'utf8');
  const id = 'https://publisher.example/au/client';
  const index =
    '<!doctype html><title>au</title><script src="cmi5.js"></script><script>Cmi5.instance.initialize().then(() => { document.body.dataset.ready = "yes"; }, (error) => { document.body.textContent = String(error); })</script><body>au</body>';
  const { registration, items, learnerId } = await prepare({
    'cmi5.xml': cmi5Xml(au({ id, attributes: 'moveOn="CompletedAndPassed" masteryScore="0.6"' })),
    'index.html': index,
    'cmi5.js': client,
  });
  const url = await launch(app, registration, items[id] ?? null);
  const code = await alignedCompetency(app, new URL(url).searchParams.get('activityId') ?? '');
  const page = await openPage(url);
  await page.waitForSelector('body[data-ready]');

  await page.evaluate(
    '(async () => { await Cmi5.instance.progress(50); await Cmi5.instance.pass({ scaled: 0.8 }); await Cmi5.instance.complete(); await Cmi5.instance.terminate(); })()',
  );

  expect(await verbsOf(registration)).toEqual(['launched', 'initialized', 'progressed', 'passed', 'completed', 'satisfied', 'terminated']);
  expect((await app.modules.launches.registrationsById([registration]))[0]?.isSatisfied).toBe(true);
  expect(await levelOf(app, learnerId, code)).toBe(3);
});

browserTest('cmi5, several units: from the contents into each and back, with what became of it', async () => {
  const page =
    '<!doctype html><title>unit</title><body data-ready="yes"><a id="back">back</a><script>const p = new URLSearchParams(location.search);</script></body>';
  const id = 'https://publisher.example/several';
  const course = cmi5Xml(['one', 'two'].map((name) => au({ id: `${id}/${name}`, attributes: 'moveOn="Completed"' })).join(''), id);
  const { registration } = await prepare({ 'cmi5.xml': course, 'index.html': page });
  const contents = await openPage(await launch(app, registration, null));
  await contents.setViewportSize({ width: 360, height: 640 });
  const address = contents.url();
  const lines = () => contents.locator('#toc li').allTextContents();
  await contents.locator('#toc li').first().waitFor();
  expect(await lines()).toEqual([`${id}/one not opened`, `${id}/two not opened`]);

  await contents.locator('#toc li button').first().focus();
  await contents.keyboard.press('Enter');
  await contents.waitForURL('**/index.html?**');
  await contents.goto(address);
  await contents.locator('#toc li').first().waitFor();

  expect(await lines()).toEqual([`${id}/one incomplete`, `${id}/two not opened`]);
  expect(await verbsOf(registration)).toEqual(['launched']);
  expect(await contents.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
});

browserTest('Tin Can with the public client: launched with short-lived credentials, its statements and state are its own', async () => {
  const client = await readFile('node_modules/tincanjs/build/tincan-min.js', 'utf8');
  const id = 'https://publisher.example/tincan/one';
  const index =
    '<!doctype html><title>tc</title><script src="tincan.js"></script><body>tc<script>window.tincan = new TinCan({ url: location.href }); document.body.dataset.ready = "yes";</script></body>';
  const manifest = `<tincan xmlns="http://projecttincan.com/tincan.xsd"><activities><activity id="${id}" type="http://adlnet.gov/expapi/activities/course"><name>One</name><launch lang="en">index.html</launch></activity></activities></tincan>`;
  const { registration, learnerId } = await prepare({ 'tincan.xml': manifest, 'index.html': index, 'tincan.js': client });
  const code = await alignedCompetency(app, id);
  const url = await launch(app, registration, null);
  const page = await openPage(url);
  await page.waitForSelector('body[data-ready]');

  const results = await page.evaluate(`(async () => {
    const send = (statement) => new Promise((done) => tincan.sendStatement(statement, (results) => done(results.map((one) => one.err))));
    const state = await new Promise((done) => tincan.setState('bookmark', 'page 4', { callback: (error) => done(error) }));
    const read = await new Promise((done) => tincan.getState('bookmark', { callback: (error, found) => done(found && found.contents) }));
    return [await send({ verb: { id: 'http://adlnet.gov/expapi/verbs/passed' }, target: { id: '${id}' }, result: { success: true } }), state, read];
  })()`);

  expect(results).toEqual([[null], null, 'page 4']);
  expect(await verbsOf(registration)).toEqual(['passed']);
  expect(await levelOf(app, learnerId, code)).toBe(3);
});

const single2004 = {
  'imsmanifest.xml': scormManifest('2004 4th Edition', item('one', 'r'), sco('r', 'one.html')),
  'one.html': scoPage('2004', 'one', { finishesAtUnload: false }),
};

async function resumedContent(registration: string, context: BrowserContext): Promise<Frame> {
  const page = await openPage(await launch(app, registration, null), Promise.resolve(context));
  await page.click('text=Resume');
  return contentOf(page, 'one');
}

const newContext = async (): Promise<BrowserContext> => {
  const context = await browser?.newContext({ locale: 'en-US' });
  if (!context) throw new Error('there is no browser');
  return context;
};

browserTest('nothing is lost: 120 kB saved in no other way than by leaving the page are there after the next launch', async () => {
  const { registration } = await prepare(single2004);
  const context = await newContext();
  const page = await openPage(await launch(app, registration, null), Promise.resolve(context));
  const frame = await contentOf(page, 'one');
  expect(await run(frame, 'set("cmi.suspend_data", "é".repeat(60000)); set("cmi.exit", "suspend"); set("cmi.location", "far")')).toBe('true');
  await page.goto('about:blank');

  const resumed = await resumedContent(registration, context);

  expect(await run(resumed, '[get("cmi.entry"), get("cmi.location"), get("cmi.suspend_data").length]')).toEqual(['resume', 'far', 60_000]);
});

browserTest('nothing is lost: content that saves and ends as its page goes away is gone on with on any device', async () => {
  const { registration } = await prepare(single2004);
  const page = await openPage(await launch(app, registration, null));
  const frame = await contentOf(page, 'one');
  await run(frame, 'addEventListener("unload", () => { set("cmi.exit", "suspend"); commit(); set("cmi.location", "the last page"); commit(); finish(); })');
  await page.goto('about:blank');
  while (!(await verbsOf(registration)).includes('suspended'));

  expect(await run(await resumedContent(registration, await newContext()), 'get("cmi.location")')).toBe('the last page');
});

const endsAtUnload = { ...single2004, 'one.html': scoPage('2004', 'one') };

browserTest('nothing is lost: content that ends the course as it is asked whether its page may go is gone on with', async () => {
  const ends = `<script>addEventListener('beforeunload', () => { set('cmi.suspend_data', 'far along'); set('cmi.exit', 'suspend'); set('adl.nav.request', 'exitAll'); finish(); });</script></body>`;
  const { registration } = await prepare({ ...single2004, 'one.html': single2004['one.html'].replace('</body>', ends) });
  const page = await openPage(await launch(app, registration, null));
  await contentOf(page, 'one');
  await page.goto('about:blank');
  while (!(await verbsOf(registration)).includes('suspended'));

  const again = await openPage(await launch(app, registration, null));
  await again.click('text=Resume');
  expect(await run(await contentOf(again, 'one'), '[get("cmi.entry"), get("cmi.suspend_data")]')).toEqual(['resume', 'far along']);
});

browserTest('a window of its own: the run goes on there and back, whatever content says as it is left; closing it is leaving for now', async () => {
  const ends = `<script>addEventListener('beforeunload', () => { set('adl.nav.request', 'exitAll'); finish(); });</script></body>`;
  const { registration } = await prepare({ ...single2004, 'one.html': scoPage('2004', 'one').replace('</body>', ends) });
  const page = await openPage(await launch(app, registration, null));
  await run(await contentOf(page, 'one'), 'set("cmi.location", "1")');

  const [opened] = await Promise.all([page.waitForEvent('popup'), page.click('#window')]);
  const inWindow = await contentOf(opened, 'one');
  expect(await run(inWindow, '[get("cmi.entry"), get("cmi.location"), found, set("cmi.location", "2")]')).toEqual(['resume', '1', 'true', 'true']);
  await page.click('text=Show it here');
  const back = await contentOf(page, 'one');
  expect([opened.isClosed(), await run(back, 'get("cmi.location")')]).toEqual([true, '2']);

  const [again] = await Promise.all([page.waitForEvent('popup'), page.click('#window')]);
  await run(await contentOf(again, 'one'), 'set("cmi.location", "3")');
  await again.close({ runBeforeUnload: true });
  await page.click('text=Resume');
  expect(await run(await contentOf(page, 'one'), 'get("cmi.location")')).toBe('3');
  // The page goes, and its window with it.
  const [last] = await Promise.all([page.waitForEvent('popup'), page.click('#window')]);
  await run(await contentOf(last, 'one'), 'set("cmi.location", "4")');
  const before = (await verbsOf(registration)).length;
  await page.goto('about:blank');
  while ((await verbsOf(registration)).length === before);
  if (!last.isClosed()) await last.waitForEvent('close');
  const fresh = await openPage(await launch(app, registration, null));
  await fresh.click('text=Resume');
  expect(await run(await contentOf(fresh, 'one'), 'get("cmi.location")')).toBe('4');
  expect(await verbsOf(registration)).not.toContain('terminated');
});

browserTest('a window of its own: where the browser lets none open the content stays as it is, and the page says so', async () => {
  const { registration } = await prepare(single2004);
  const page = await openPage(await launch(app, registration, null));
  const frame = await contentOf(page, 'one');
  await run(frame, 'set("cmi.location", "here")');
  await page.evaluate('window.open = () => null');

  await page.click('#window');

  await page.locator('#status', { hasText: 'allows no new window' }).waitFor();
  expect(await run(frame, 'get("cmi.location")')).toBe('here');
});

browserTest('content shows its own drawings as objects', async () => {
  const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>';
  const shows = '<object id="drawing" type="image/svg+xml" data="next.svg">not shown</object></body>';
  const { registration } = await prepare({ ...single12, 'next.svg': drawing, 'one.html': single12['one.html'].replace('</body>', shows) });
  const frame = await contentOf(await openPage(await launch(app, registration, null)), 'one');

  await frame.waitForFunction('document.getElementById("drawing").contentDocument?.documentElement?.nodeName === "svg"');
});

browserTest('who saves and leaves goes on later, and who finishes is through, whatever content says as it ends', async () => {
  const leave = async (button: string, message: string): Promise<string> => {
    const { registration } = await prepare(endsAtUnload);
    const page = await openPage(await launch(app, registration, null));
    await run(await contentOf(page, 'one'), `set("cmi.location", "page 3"); set("cmi.exit", "${button === '#exit' ? 'suspend' : ''}")`);
    await page.click(button);
    await page.getByText(message).waitFor();
    expect([await page.textContent('#status'), await page.getByText('Resume').count()]).toEqual(['Saved', button === '#exit' ? 0 : 1]);
    return registration;
  };

  await leave('#exit', 'The course is closed');
  const left = await leave('#suspend', 'You can go on at any time');

  expect(await run(await resumedContent(left, await newContext()), '[get("cmi.entry"), get("cmi.location")]')).toEqual(['resume', 'page 3']);
});

browserTest('where the learner can go follows what the part that runs has become, and leaves it alone', async () => {
  const flow = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>';
  const stays =
    '<imsss:sequencing><imsss:sequencingRules><imsss:postConditionRule><imsss:ruleConditions><imsss:ruleCondition operator="not" condition="completed"/></imsss:ruleConditions><imsss:ruleAction action="retry"/></imsss:postConditionRule></imsss:sequencingRules><imsss:deliveryControls completionSetByContent="true"/></imsss:sequencing>';
  const { registration } = await prepare({
    'imsmanifest.xml': scormManifest('2004 4th Edition', item('a', 'ra', stays) + item('b', 'rb'), sco('ra', 'a.html') + sco('rb', 'b.html'), flow),
    'a.html': scoPage('2004', 'a'),
    'b.html': scoPage('2004', 'b'),
  });
  const page = await openPage(await launch(app, registration, null));
  const frame = await contentOf(page, 'a');
  expect([await page.locator('#progress').getAttribute('aria-valuenow'), await page.textContent('#toc li')]).toEqual(['0', 'aincomplete']);

  // It asks for nothing to be saved: a status does not wait for that.
  await run(frame, 'window.isSame = true; set("cmi.completion_status", "completed")');
  await page.locator('#progress[aria-valuenow="50"]').waitFor();

  expect([await page.textContent('#toc li'), await run(frame, '[isSame, get("cmi.completion_status")]')]).toEqual(['acompleted', [true, 'completed']]);
});

browserTest('nothing is lost: what was saved while the connection was away arrives when it is back', async () => {
  const { registration } = await prepare(single2004);
  const context = await newContext();
  const page = await openPage(await launch(app, registration, null), Promise.resolve(context));
  const frame = await contentOf(page, 'one');
  await context.setOffline(true);
  expect(await run(frame, '[set("cmi.location", "in the tunnel"), set("cmi.exit", "suspend"), commit()]')).toEqual(['true', 'true', 'true']);
  await page.locator('#status', { hasText: 'Connection lost' }).waitFor();
  await context.setOffline(false);
  await saved(page);

  expect(await run(await resumedContent(registration, await newContext()), 'get("cmi.location")')).toBe('in the tunnel');
});

browserTest('nothing is lost: of two windows on one attempt the later one goes on, the earlier one says so and changes nothing', async () => {
  const { registration } = await prepare(single2004);
  const context = await newContext();
  const first = await openPage(await launch(app, registration, null), Promise.resolve(context));
  const old = await contentOf(first, 'one');
  await run(old, 'set("cmi.location", "first"); set("cmi.exit", "suspend"); commit()');
  await saved(first);
  const second = await openPage(await launch(app, registration, null), Promise.resolve(context));
  await second.click('text=Resume');
  const fresh = await contentOf(second, 'one');
  expect(await run(fresh, 'get("cmi.location")')).toBe('first');
  await run(fresh, 'set("cmi.location", "second"); set("cmi.exit", "suspend"); commit()');
  await saved(second);

  await run(old, 'set("cmi.location", "too late"); commit()');
  await first.locator('#status', { hasText: 'opened elsewhere' }).waitFor();

  expect(await run(await resumedContent(registration, await newContext()), 'get("cmi.location")')).toBe('second');
});

browserTest('nothing is lost: a server that stops and starts again in the middle of a session', async () => {
  // Outside of the range that others are given ports from: it must still be free after the stop.
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const before = await startTestApp({ port });
  const { packageId } = await importPackage(before, await zip(single2004));
  const registration = await register(before, await newLearner(before), packageId);
  const context = await newContext();
  const page = await openPage(await launch(before, registration, null), Promise.resolve(context));
  const frame = await contentOf(page, 'one');
  await before.stop();
  expect(await run(frame, '[set("cmi.location", "while away"), set("cmi.exit", "suspend"), commit()]')).toEqual(['true', 'true', 'true']);
  await page.locator('#status', { hasText: 'Connection lost' }).waitFor();
  const after = await startTestApp({ databaseUrl: before.databaseUrl, port, settings: { BLOB_DIR: before.blobDir } });
  try {
    await saved(page);
    const url = await launch(after, registration, null);
    const again = await openPage(url, Promise.resolve(await newContext()));
    await again.click('text=Resume');
    expect(await run(await contentOf(again, 'one'), 'get("cmi.location")')).toBe('while away');
  } finally {
    await after.close();
    await before.dispose();
  }
});

browserTest('nothing is lost: a page that is loaded again goes on where it was, with the time it had', async () => {
  const { registration } = await prepare({ ...single12, 'one.html': scoPage('1.2', 'one', { finishesAtUnload: false }) });
  const page = await openPage(await launch(app, registration, null));
  const frame = await contentOf(page, 'one');
  await run(
    frame,
    'set("cmi.core.lesson_location", "page 20"); set("cmi.core.session_time", "00:01:00"); set("cmi.core.lesson_status", "incomplete"); commit()',
  );
  await saved(page);
  await page.reload();

  const again = await contentOf(page, 'one');
  expect(await run(again, '[get("cmi.core.entry"), get("cmi.core.lesson_location"), get("cmi.core.total_time")]')).toEqual(['resume', 'page 20', '00:01:00']);
  expect(await verbsOf(registration)).toEqual(['initialized', 'suspended', 'resumed']);
});

browserTest('nothing is lost: what the server refuses keeps nobody from going on', async () => {
  const { registration } = await prepare(single2004);
  const context = await newContext();
  const page = await openPage(await launch(app, registration, null), Promise.resolve(context));
  await contentOf(page, 'one');
  const { journalKey } = (await page.evaluate(`fetch('state').then((answer) => answer.json())`)) as { journalKey: string };
  const name = `mumpuni-commit:${registration}:broken:x:1`;
  const nonce = Buffer.alloc(24);
  const sealed = xchacha20poly1305(Buffer.from(journalKey, 'hex'), nonce, Buffer.from(name)).encrypt(
    Buffer.from(JSON.stringify({ sessionId: 'broken', seq: -1, cmi: 'no tree', nodeId: 'x', run: 1 })),
  );
  await page.evaluate(([key = '', value = '']) => localStorage.setItem(key, value), [name, Buffer.concat([nonce, sealed]).toString('base64')]);
  const refused: number[] = [];
  context.on('response', (response) => {
    if (response.url().endsWith('/commit') && response.status() === 400) refused.push(response.status());
  });
  await page.close();

  expect(await run(await resumedContent(registration, context), 'found')).toBe('true');
  expect(refused).toEqual([400]);
});

browserTest('nothing is lost: what an earlier page could not send is sent at the next launch, however long that connection fails', async () => {
  const { registration } = await prepare(single2004);
  const context = await newContext();
  const page = await openPage(await launch(app, registration, null), Promise.resolve(context));
  const frame = await contentOf(page, 'one');
  let cut = Number.POSITIVE_INFINITY;
  await context.route('**/commit', async (route) => {
    cut -= 1;
    if (cut >= 0) await route.fulfill({ status: 503 });
    else await route.continue();
  });
  await run(frame, 'set("cmi.suspend_data", "é".repeat(40000)); set("cmi.exit", "suspend"); commit()');
  await page.goto('about:blank');
  cut = 5;

  const next = await openPage(await launch(app, registration, null), Promise.resolve(context));
  while (cut >= 0) await next.evaluate('dispatchEvent(new Event("online"))');
  await next.click('text=Resume');

  expect(await run(await contentOf(next, 'one'), 'get("cmi.suspend_data").length')).toBe(40_000);
});

browserTest('a package delivered from the same host neither reads what another left on the device nor puts something in its place', async () => {
  const { registration } = await prepare(single2004);
  const context = await newContext();
  const page = await openPage(await launch(app, registration, null), Promise.resolve(context));
  const frame = await contentOf(page, 'one');
  await run(frame, 'set("cmi.location", "first"); set("cmi.exit", "suspend"); commit()');
  await saved(page);
  await context.route('**/commit', (route) => route.abort());
  await run(frame, 'set("cmi.suspend_data", "a secret answer"); commit()');
  await page.goto('about:blank');
  await context.unroute('**/commit');

  const other = await openPage(await launch(app, (await prepare(single2004)).registration, null), Promise.resolve(context));
  const hostile = await contentOf(other, 'one');
  const found = (await run(
    hostile,
    `(() => { const names = Object.keys(localStorage).filter((name) => name.includes('${registration}')); const all = names.map((name) => localStorage.getItem(name));
      for (const name of names) localStorage.setItem(name, JSON.stringify({ sessionId: name.split(':')[2], nodeId: name.split(':')[3], run: 1, seq: 99, isFinished: true, request: '', leaves: '', said: {}, shared: {}, cmi: { location: 'forged', score: { scaled: '1' }, success_status: 'passed' } }));
      return [names.length, all.join().includes('secret')]; })()`,
  )) as [number, boolean];
  await other.close();
  const resumed = await resumedContent(registration, context);

  expect(found).toEqual([1, false]);
  expect(await run(resumed, 'get("cmi.location")')).toBe('first');
  expect(await verbsOf(registration)).toEqual(['initialized', 'suspended', 'resumed']);
});

/** What a hostile package tries; each answers what it got. */
const HOSTILE = (appUrl: string): string => `
window.attacks = {
  cookie: () => document.cookie,
  topCookie: () => { try { return top.document.cookie; } catch (error) { return error.name; } },
  storage: async () => { const frame = document.createElement('iframe'); frame.src = '${appUrl}/health/live'; document.body.append(frame); await new Promise((done) => { frame.onload = done; setTimeout(done, 2000); }); try { return frame.contentWindow.localStorage.length; } catch (error) { return error.name; } },
  graphql: async () => fetch('${appUrl}/graphql', { method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' }, body: '{"query":"{ __typename }"}' }).then((answer) => answer.status, (error) => error.name),
  graphqlHere: async () => fetch('/graphql', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"query":"{ __typename }"}' }).then((answer) => answer.status),
  statements: async () => fetch('${appUrl}/xapi/statements', { headers: { 'X-Experience-API-Version': '1.0.3' } }).then((answer) => answer.status, (error) => error.name),
  otherLaunch: async (token) => fetch('/l/' + token + '/state').then((answer) => answer.status),
  otherFile: async () => fetch('../../../../etc/passwd').then((answer) => answer.status),
  worker: async () => navigator.serviceWorker.register('worker.js').then(() => 'registered', (error) => error.name),
};
`;

browserTest('a hostile package reads no cookie, token or storage of ours, calls no API, and leaves no worker behind', async () => {
  const hostile = {
    ...single2004,
    'one.html': scoPage('2004', 'one').replace('</body>', `<script>${HOSTILE(app.url)}</script></body>`),
    'worker.js': 'self.addEventListener("fetch", () => {});',
  };
  const { registration } = await prepare(hostile);
  const context = await newContext();
  // What an application on our own site would have.
  await context.addCookies([{ name: 'session', value: 'secret', url: app.url }]);
  const own = await context.newPage();
  await own.goto(`${app.url}/health/live`);
  await own.evaluate("localStorage.setItem('token', 'secret')");
  const page = await openPage(await launch(app, registration, null), Promise.resolve(context));
  const frame = await contentOf(page, 'one');
  const attack = (name: string, argument = ''): Promise<unknown> => run(frame, `attacks.${name}('${argument}')`);

  expect(await attack('cookie')).toBe('');
  expect(await attack('topCookie')).toBe('');
  expect(await attack('storage')).toBe('SecurityError');
  expect(await attack('graphql')).toBe('TypeError');
  expect(await attack('graphqlHere')).toBe(404);
  expect(await attack('statements')).toBe(401);
  expect(await attack('otherLaunch', 'x'.repeat(43))).toBe(404);
  expect(await attack('otherFile')).toBe(404);
  expect(await attack('worker')).toBe('TypeError');
});

browserTest('the player: labelled, legible, usable by keys alone and at 360 pixels', async () => {
  const items = item('a', 'ra') + item('b', 'rb');
  const manifest = scormManifest('1.2', items, sco('ra', 'a.html') + sco('rb', 'b.html'));
  const { registration } = await prepare({ 'imsmanifest.xml': manifest, 'a.html': scoPage('1.2', 'a'), 'b.html': scoPage('1.2', 'b') });
  const context = await browser?.newContext({ locale: 'id-ID', viewport: { width: 360, height: 740 } });
  if (!context) throw new Error('there is no browser');
  const page = await openPage(await launch(app, registration, null), Promise.resolve(context));
  await contentOf(page, 'a');

  expect(await page.getAttribute('html', 'lang')).toBe('id');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  const unnamed = await page.evaluate(
    () =>
      [...document.querySelectorAll('button, a, iframe, [role=progressbar], nav')].filter(
        (one) => !(one.textContent.trim() || one.getAttribute('aria-label') || one.getAttribute('title') || one.getAttribute('aria-labelledby')),
      ).length,
  );
  expect(unnamed).toBe(0);
  const contrasts = await page.evaluate(contrastsOfPage);
  expect(contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
  expect(contrasts.length).toBeGreaterThan(5);
  // From the menu to the second part, with Tab and Enter alone.
  await page.locator('#menu').focus();
  await page.keyboard.press('Enter');
  expect(await page.getAttribute('#menu', 'aria-expanded')).toBe('true');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await contentOf(page, 'b');
  expect(await page.getAttribute('#menu', 'aria-expanded')).toBe('false');
  await page.locator('#previous').focus();
  await page.keyboard.press('Enter');
  await contentOf(page, 'a');
});

browserTest('the player: where there is one part there are no contents to open, on a narrow screen too', async () => {
  const { registration } = await prepare(single12);
  const page = await openPage(await launch(app, registration, null));
  await page.setViewportSize({ width: 360, height: 640 });
  await contentOf(page, 'one');

  expect([await page.locator('#menu').isVisible(), await page.locator('#toc').isVisible()]).toEqual([false, false]);
});

/** The contrast of each text of the page with what is behind it (WCAG 1.4.3); what is disabled is left out, as there. */
function contrastsOfPage(): { text: string; ratio: number }[] {
  const parse = (color: string): number[] => (/rgba?\(([^)]+)\)/.exec(color)?.[1] ?? '0,0,0').split(',').map(Number);
  const luminance = (color: string): number => {
    const [red = 0, green = 0, blue = 0] = parse(color).map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element: Element | null): string => {
    if (!element) return 'rgb(255, 255, 255)';
    const color = getComputedStyle(element).backgroundColor;
    return (parse(color)[3] ?? 1) === 0 ? behind(element.parentElement) : color;
  };
  return [...document.querySelectorAll('h1, h2, p, button, a, span')]
    .filter((one) => one.textContent.trim() && !(one as HTMLButtonElement).disabled && !one.closest('button:disabled'))
    .map((one) => {
      const [light, dark] = [luminance(getComputedStyle(one).color), luminance(behind(one))].sort((a, b) => b - a);
      return { text: one.textContent, ratio: ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05) };
    });
}

const limited = (time: string, action: string): string =>
  `<adlcp:timeLimitAction>${action}</adlcp:timeLimitAction><imsss:sequencing><imsss:limitConditions attemptAbsoluteDurationLimit="${time}"/></imsss:sequencing>`;

/** A page whose clock a test can put forward. */
async function openTimed(url: string): Promise<Page> {
  const context = await browser?.newContext({ locale: 'en-US' });
  await context?.clock.install();
  return openPage(url, context && Promise.resolve(context));
}

const runOf = async (registration: string) => {
  const [attempt] = await app.modules.launches.attemptsOfRegistrations([registration]);
  const [row] = await app.modules.launches.runsOfAttempts([attempt?.id ?? '']);
  return { hasEnded: attempt?.endedAt != null, isSuspended: row?.isSuspended, cmi: JSON.parse(row?.cmi ?? '{}') as unknown };
};

browserTest('a part whose time is over ends by that where its manifest says exit: what it still saves is saved, and the learner is told', async () => {
  const manifest = scormManifest('2004 4th Edition', item('one', 'r', limited('PT1H', 'exit,message')), sco('r', 'one.html'));
  const { registration } = await prepare({ 'imsmanifest.xml': manifest, 'one.html': scoPage('2004', 'one', { finishesAtUnload: false }) });
  const page = await openTimed(await launch(app, registration, null));
  const frame = await contentOf(page, 'one');
  const [timer, alert] = [page.getByRole('timer'), page.getByRole('alert')];
  expect([await timer.textContent(), await alert.textContent()]).toEqual([expect.stringMatching(/^Time left (?:1:00:00|59:\d\d)$/), '']);
  await run(
    frame,
    `addEventListener('unload', () => { set('cmi.location', 'at the end'); finish(); }); set('cmi.exit', 'suspend'); set('cmi.completion_status', 'incomplete'); set('adl.nav.request', 'continue')`,
  );

  await page.clock.fastForward('56:00');
  await alert.filter({ hasText: '5 minutes left.' }).waitFor();
  await page.clock.fastForward('03:10');
  await alert.filter({ hasText: '1 minute left.' }).waitFor();
  await page.clock.fastForward('01:00');
  await page.getByText('The course is closed').waitFor();

  expect([await alert.textContent(), await timer.isVisible(), await page.locator('iframe').count()]).toEqual(['The time for this part is over.', false, 0]);
  const cmi = { exit: 'time-out', completion_status: 'incomplete', location: 'at the end' };
  expect(await runOf(registration)).toMatchObject({ hasEnded: true, isSuspended: false, cmi });
  expect(await verbsOf(registration)).toEqual(['initialized', 'terminated']);
});

browserTest('1.2 content that does not end as it is left is ended by its time too, without a word at the end where the manifest says so', async () => {
  const inner = '<adlcp:maxtimeallowed>00:01:10</adlcp:maxtimeallowed><adlcp:timelimitaction>exit,no message</adlcp:timelimitaction>';
  const manifest = scormManifest('1.2', item('one', 'r', inner), sco('r', 'one.html'));
  const { registration } = await prepare({ 'imsmanifest.xml': manifest, 'one.html': scoPage('1.2', 'one', { finishesAtUnload: false }) });
  const page = await openTimed(await launch(app, registration, null));
  await run(await contentOf(page, 'one'), 'set("cmi.core.lesson_status", "incomplete"); set("cmi.core.score.raw", "40")');

  await page.clock.fastForward('00:15');
  await page.getByRole('alert').filter({ hasText: '1 minute left.' }).waitFor();
  await page.clock.fastForward('01:00');
  await page.getByText('The course is closed').waitFor();

  expect(await page.getByRole('alert').textContent()).toBe('');
  const core = { exit: 'time-out', lesson_status: 'incomplete', score: { raw: '40' } };
  expect(await runOf(registration)).toMatchObject({ hasEnded: true, cmi: { core } });
});

browserTest('a window of its own shows the time that is left and warns; when it is over the page says so', async () => {
  const manifest = scormManifest('2004 4th Edition', item('one', 'r', limited('PT10M', 'exit,message')), sco('r', 'one.html'));
  const { registration } = await prepare({ 'imsmanifest.xml': manifest, 'one.html': scoPage('2004', 'one') });
  const page = await openTimed(await launch(app, registration, null));
  await contentOf(page, 'one');
  const [own] = await Promise.all([page.waitForEvent('popup'), page.click('#window')]);
  await contentOf(own, 'one');
  expect(await own.getByRole('timer').textContent()).toMatch(/^Time left (?:10:00|9:\d\d)$/);

  await page.clock.fastForward('05:10');
  await own.getByRole('alert').filter({ hasText: '5 minutes left.' }).waitFor();
  await Promise.all([own.waitForEvent('close'), page.clock.fastForward('05:00')]);
  await page.getByText('The course is closed').waitFor();

  expect(await page.getByRole('alert').textContent()).toBe('The time for this part is over.');
  expect(await runOf(registration)).toMatchObject({ hasEnded: true, cmi: { exit: 'time-out' } });
});

browserTest('what has no limit loses no room to it in a window of its own', async () => {
  const manifest = scormManifest('1.2', item('one', 'r'), sco('r', 'one.html'));
  const { registration } = await prepare({ 'imsmanifest.xml': manifest, 'one.html': scoPage('1.2', 'one') });
  const page = await openPage(await launch(app, registration, null));
  await contentOf(page, 'one');
  const [own] = await Promise.all([page.waitForEvent('popup'), page.click('#window')]);
  await contentOf(own, 'one');

  expect(await own.locator('iframe').boundingBox()).toMatchObject({ x: 0, y: 0 });
});

browserTest('a device that sleeps gives no time away', async () => {
  const manifest = scormManifest('2004 4th Edition', item('one', 'r', limited('PT10M', 'exit,message')), sco('r', 'one.html'));
  const { registration } = await prepare({ 'imsmanifest.xml': manifest, 'one.html': scoPage('2004', 'one') });
  const page = await openTimed(await launch(app, registration, null));
  await contentOf(page, 'one');

  // Timers and the time since the page was loaded stand still, the clock does not.
  await page.clock.setSystemTime(Date.now() + 11 * 60_000);
  await page.getByText('The course is closed').waitFor();
  expect(await runOf(registration)).toMatchObject({ hasEnded: true, cmi: { exit: 'time-out' } });
});

browserTest('a part whose manifest says continue goes on when its time is over, and the learner is told', async () => {
  const manifest = scormManifest('2004 4th Edition', item('one', 'r', limited('PT10M', 'continue,message')), sco('r', 'one.html'));
  const { registration } = await prepare({ 'imsmanifest.xml': manifest, 'one.html': scoPage('2004', 'one') });
  const page = await openTimed(await launch(app, registration, null));
  const frame = await contentOf(page, 'one');

  await page.clock.fastForward('10:01');
  await page.getByRole('alert').filter({ hasText: 'The time for this part is over.' }).waitFor();

  expect(await run(frame, '[set("cmi.location", "later"), commit(), get("cmi.location")]')).toEqual(['true', 'true', 'later']);
  await saved(page);
  expect(await page.getByRole('alert').textContent()).toBe('The time for this part is over.');
});
