import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { chromium } from 'playwright-core';
import { ZipFile } from 'yazl';
import { percentile } from './client.mjs';
import { openBench } from './server.mjs';

/** How long a course takes to appear, how many saves a server takes, how long a large course takes to come in. */

const UNITS = 1_000;
const LAUNCHES = 30;
const LEARNERS = 32;
const SAVES = 60;

const folder = await mkdtemp(join(tmpdir(), 'mumpuni-content-'));
const bench = await openBench(folder, { DATABASE_POOL_SIZE: '10' }, true);
const { content, launches, people } = bench.app.modules;

async function importZip(files) {
  const archive = new ZipFile();
  for (const [path, text] of Object.entries(files)) archive.addBuffer(Buffer.from(text), path);
  archive.end();
  const path = join(folder, 'package.zip');
  await writeFile(path, await buffer(archive.outputStream));
  const outcome = await content.importFile(path, { packageId: null, ownerId: null });
  if (!outcome.packageId) throw new Error(JSON.stringify(outcome.issues));
  return outcome.packageId;
}

const text = (value) => `<langstring>${value}</langstring>`;
const au = (index) =>
  `<au id="https://bench.example/au/${index}"><title>${text(index)}</title><description>${text('d')}</description><url>index.html</url></au>`;
const course = `<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"><course id="https://bench.example/course"><title>${text('c')}</title><description>${text('d')}</description></course>${Array.from({ length: UNITS }, (_, index) => au(index)).join('')}</courseStructure>`;

const PAGE = `<!doctype html><title>sco</title><body><h1 id="seen">Here</h1><script>let at = window; while (!at.API && at.parent !== at) at = at.parent; at.API.LMSInitialize('');</script>`;
const MANIFEST = `<manifest identifier="m" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"><metadata><schemaversion>1.2</schemaversion></metadata><organizations default="o"><organization identifier="o"><title>t</title><item identifier="i" identifierref="r"><title>i</title></item></organization></organizations><resources><resource identifier="r" type="webcontent" adlcp:scormtype="sco" href="index.html"/></resources></manifest>`;

const before = performance.now();
await importZip({ 'cmi5.xml': course, 'index.html': PAGE });
const importMs = performance.now() - before;

const packageId = await importZip({ 'imsmanifest.xml': MANIFEST, 'index.html': PAGE });
async function open() {
  const { id } = await people.createLearner({ name: 'Learner', staffCategory: 'PNS', identities: [] });
  const registration = await launches.register({ learnerId: id, packageId, isPreview: false, restart: false, byLearner: false });
  return (await launches.launch({ registrationId: registration.id, nodeId: null, mode: 'Normal', returnUrl: null })).url;
}

async function saves() {
  const url = await open();
  const ask = async (path, body) =>
    (await fetch(`${url}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json();
  const view = await ask('navigate', { request: 'begin' });
  const times = [];
  for (let seq = 1; seq <= SAVES; seq += 1) {
    const started = performance.now();
    const cmi = { core: { lesson_status: 'incomplete', lesson_location: String(seq), score: { raw: String(seq) } }, suspend_data: 'x'.repeat(4_000) };
    const answer = await ask('commit', {
      sessionId: view.sessionId,
      seq,
      nodeId: view.current.id,
      run: 1,
      cmi,
      said: {},
      shared: {},
      isFinished: false,
      request: '',
    });
    if (!answer.isTaken) throw new Error(JSON.stringify(answer));
    times.push(performance.now() - started);
  }
  return times;
}

const savesStarted = performance.now();
const times = (await Promise.all(Array.from({ length: LEARNERS }, saves))).flat().sort((a, b) => a - b);
const savesPerSecond = times.length / ((performance.now() - savesStarted) / 1_000);

const shown = [];
const path = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (existsSync(path)) {
  const browser = await chromium.launch({
    executablePath: path,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-sync'],
  });
  for (let round = 0; round < LAUNCHES; round += 1) {
    const url = await open();
    // Each learner's browser is new: nothing of ours is cached.
    const page = await (await browser.newContext()).newPage();
    const started = performance.now();
    await page.goto(url);
    await page.frameLocator('iframe').locator('#seen').waitFor();
    shown.push(performance.now() - started);
    await page.context().close();
  }
  await browser.close();
}
shown.sort((a, b) => a - b);

const round = (value) => Math.round(value * 10) / 10;
console.table([
  { what: `import of a cmi5 course of ${UNITS} units, ms`, p50: round(importMs), p99: null },
  { what: `save of a SCO (4 kB, one statement), ${LEARNERS} learners at once, ms`, p50: round(percentile(times, 0.5)), p99: round(percentile(times, 0.99)) },
  { what: 'saves per second', p50: round(savesPerSecond), p99: null },
  {
    what: 'content visible in a new browser, ms',
    p50: shown.length > 0 ? round(percentile(shown, 0.5)) : null,
    p99: shown.length > 0 ? round(shown.at(-1)) : null,
  },
]);
await bench.close();
await rm(folder, { recursive: true, force: true });
