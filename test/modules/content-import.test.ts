import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext, runInThisContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ImportOutcome } from '../../src/modules/content/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type HostilePackage, hostilePackages, rawZip } from '../support/hostile-packages.ts';
import { au, block, cmi5Xml, type Files, item, sco, scormManifest, zip } from '../support/packages.ts';

const corpus = await hostilePackages();
const PAGE = '<!doctype html><title>Page</title>';
// A test has a copy of the environment; where temporary files go is read from the real one.
const { env } = runInThisContext('process') as NodeJS.Process;
const temporary = env['TMPDIR'];
let app: TestApp;
let root: string;

beforeAll(async () => {
  app = await startTestApp();
  root = await mkdtemp(join(tmpdir(), 'mumpuni-import-'));
  // Deep enough that a name of some parent folders still ends where it is looked for.
  env['TMPDIR'] = join(root, 'a', 'b', 'c');
  await mkdir(tmpdir(), { recursive: true });
});
afterAll(async () => {
  if (temporary === undefined) delete env['TMPDIR'];
  else env['TMPDIR'] = temporary;
  await app.close();
  await rm(root, { recursive: true });
});

const write = async (bytes: string | Uint8Array): Promise<string> => {
  const path = join(root, 'package');
  await writeFile(path, bytes);
  return path;
};
const importBytes = async (bytes: string | Uint8Array, packageId: string | null = null): Promise<ImportOutcome> =>
  app.modules.content.importFile(await write(bytes), { packageId, ownerId: null });

const TABLES = ['content.package', 'content.package_version', 'content.package_file', 'content.content_item', 'content.upload'];
const contentCounts = async (): Promise<readonly number[]> => {
  const [row] = await app.database.sql.rows<Record<string, string>>(
    `select ${TABLES.map((table, index) => `(select count(*) from ${table}) as "c${index}"`).join(', ')}`,
  );
  return TABLES.map((_, index) => Number(row?.[`c${index}`]));
};
const isThere = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
const errorsOf = ({ issues }: ImportOutcome): readonly string[] => issues.filter(({ severity }) => severity === 'ERROR').map(({ rule }) => rule);

test('the corpus holds many packages, each under a name of its own', () => {
  expect(corpus.length).toBeGreaterThan(70);
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
});

// An import that never ends must not hold up the others.
test.each(corpus)(
  'refused, with nothing of it kept: $name',
  async ({ bytes, rule }) => {
    await write('');
    const before = [await contentCounts(), await app.counts(), await readdir(root, { recursive: true })];
    const outcome = await importBytes(bytes);

    expect(errorsOf(outcome)).toContain(rule);
    expect(outcome.versionId).toBeNull();
    expect([await contentCounts(), await app.counts(), await readdir(root, { recursive: true })]).toEqual(before);
    expect(await isThere('/tmp/mumpuni-evil.txt')).toBe(false);
  },
  20_000,
);

const MEGABYTE = 1024 * 1024;

/** Resident memory now, and its highest since the mark was reset; where the kernel keeps no mark, now is all there is. */
async function residentBytes(): Promise<{ now: number; peak: number }> {
  const now = process.memoryUsage().rss;
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const [, peak] = /^VmHWM:\s*(\d+) kB/m.exec(status) ?? [];
  return { now, peak: peak === undefined ? now : Number(peak) * 1_024 };
}

test('a refusal takes at most 64 MB of memory beyond what the server has', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;
  const peakOf = async ({ bytes }: HostilePackage): Promise<number> => {
    const path = await write(bytes);
    // Gives free pages of the heap back, which would hide what an import takes.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await writeFile('/proc/self/clear_refs', '5').catch(() => undefined);
    const { now } = await residentBytes();
    const imported = app.modules.content.importFile(path, { packageId: null, ownerId: null }).catch(() => undefined);
    await Promise.race([imported, setTimeout(5_000, undefined, { ref: false })]);
    return ((await residentBytes()).peak - now) / MEGABYTE;
  };
  const costs: Record<string, number> = {};
  // What is small and broken early takes next to nothing: of those every tenth is enough.
  for (const [index, one] of corpus.entries()) {
    if (one.bytes.length < 20_000 && index % 10 > 0) continue;
    // The heap grows once by itself; what a package costs it costs every time.
    let megabytes = await peakOf(one);
    for (let run = 0; run < 2 && megabytes > 64; run += 1) megabytes = Math.min(megabytes, await peakOf(one));
    if (megabytes > 64) costs[one.name] = Math.round(megabytes);
  }

  expect(costs).toEqual({});
});

const itemsOf = async ({ versionId }: ImportOutcome): Promise<readonly (readonly [string, string, boolean])[]> => {
  const items = await app.modules.content.itemsOfVersions(versionId === null ? [] : [versionId]);
  return items.map(({ identifier, kind, isLaunchable }) => [identifier, kind, isLaunchable] as const);
};

const UNIT = 'https://publisher.example/au';
const items = item('intro', 'page') + item('part', null, item('quiz', 'sco'));
const resources = `<resource identifier="page" type="webcontent" href="a/index.html" adlcp:scormtype="asset" adlcp:scormType="asset"/>${sco('sco', 'quiz.html')}`;
const scormFiles = (manifest: string | Uint8Array): Files => ({ 'imsmanifest.xml': manifest, 'a/index.html': PAGE, 'quiz.html': PAGE });
const scorm = (edition: Parameters<typeof scormManifest>[0]): string => scormManifest(edition, items, resources);
const SCORM_ITEMS = [
  ['course', 'ORGANIZATION', false],
  ['intro', 'ASSET', true],
  ['part', 'CLUSTER', false],
  ['quiz', 'SCO', true],
] as const;
const course = cmi5Xml(block('urn:block:1', au({ id: UNIT, url: 'index.html?a=1' })) + au({ id: `${UNIT}/2`, url: 'https://publisher.example/?b=2' }));
const CMI5_ITEMS = [
  ['https://publisher.example/course', 'COURSE', false],
  ['urn:block:1', 'BLOCK', false],
  [UNIT, 'AU', true],
  [`${UNIT}/2`, 'AU', true],
] as const;
const ofVendor = course
  .replace('<course ', '<course xmlns:v="urn:vendor" v:level="1" ')
  .replace('</course>', '<v:price currency="IDR"><v:amount>1</v:amount></v:price></course>')
  .replaceAll('</url>', '</url><note xmlns="urn:vendor">n</note>')
  .replace('</courseStructure>', '<v:end xmlns:v="urn:vendor"/></courseStructure>');
const utf16 = (xml: string): Buffer => Buffer.from(`\ufeff${xml.replace('encoding="utf-8"', 'encoding="UTF-16"')}`, 'utf16le');
const folder = (files: Files): Files => Object.fromEntries(Object.entries(files).map(([path, content]) => [`course/${path}`, content]));
const tincan = `<tincan xmlns="http://projecttincan.com/tincan.xsd"><activities>
<activity id="urn:tc:course" type="http://adlnet.gov/expapi/activities/course"><name>Course</name><launch lang="en">index.html</launch></activity>
<activity id="urn:tc:part" type="http://adlnet.gov/expapi/activities/module"><name>Part</name></activity></activities></tincan>`;
const entries = (files: Files) => Object.entries(files).map(([name, content]) => ({ name: name.replaceAll('/', '\\'), content }));

test.each([
  { name: 'SCORM 1.2', bytes: zip(scormFiles(scorm('1.2'))), edition: '1.2', expected: SCORM_ITEMS },
  { name: 'SCORM 2004, 3rd edition', bytes: zip(scormFiles(scorm('2004 3rd Edition'))), edition: '2004 3rd', expected: SCORM_ITEMS },
  { name: 'SCORM 2004, 4th edition', bytes: zip(scormFiles(scorm('2004 4th Edition'))), edition: '2004 4th', expected: SCORM_ITEMS },
  { name: 'cmi5', bytes: zip({ 'cmi5.xml': course, 'index.html': PAGE }), edition: 'Quartz', expected: CMI5_ITEMS },
  { name: 'cmi5 in ZIP64', bytes: rawZip(entries({ 'cmi5.xml': course, 'index.html': PAGE }), { zip64: {} }), edition: 'Quartz', expected: CMI5_ITEMS },
  {
    name: 'cmi5 with what a vendor adds in a namespace of its own, left out',
    bytes: zip({ 'cmi5.xml': ofVendor, 'index.html': PAGE }),
    edition: 'Quartz',
    expected: CMI5_ITEMS,
  },
  {
    name: 'a bare cmi5.xml',
    bytes: Buffer.from(cmi5Xml(au({ id: UNIT, url: 'https://publisher.example/' }))),
    edition: 'Quartz',
    expected: [CMI5_ITEMS[0], CMI5_ITEMS[2]],
  },
  {
    name: 'a bare cmi5.xml in UTF-16',
    bytes: utf16(cmi5Xml(au({ id: UNIT, url: 'https://publisher.example/' }))),
    edition: 'Quartz',
    expected: [CMI5_ITEMS[0], CMI5_ITEMS[2]],
  },
  {
    name: 'Tin Can',
    bytes: zip({ 'tincan.xml': tincan, 'index.html': PAGE }),
    edition: '1.0',
    expected: [
      ['urn:tc:course', 'ACTIVITY', true],
      ['urn:tc:part', 'ACTIVITY', false],
    ] as const,
  },
  {
    name: 'all of it in one folder, with a warning',
    bytes: zip(folder(scormFiles(scorm('1.2')))),
    edition: '1.2',
    expected: SCORM_ITEMS,
    warnings: ['package-root'],
  },
  { name: 'a manifest in UTF-16, low byte first', bytes: zip(scormFiles(utf16(scorm('1.2')))), edition: '1.2', expected: SCORM_ITEMS },
  { name: 'a manifest in UTF-16, high byte first', bytes: zip(scormFiles(utf16(scorm('1.2')).swap16())), edition: '1.2', expected: SCORM_ITEMS },
  { name: 'a manifest with a byte order mark', bytes: zip(scormFiles(`\ufeff${scorm('1.2')}`)), edition: '1.2', expected: SCORM_ITEMS },
  { name: 'names with backslashes', bytes: rawZip(entries(scormFiles(scorm('1.2')))), edition: '1.2', expected: SCORM_ITEMS },
  { name: 'an archive in ZIP64', bytes: rawZip(entries(scormFiles(scorm('1.2'))), { zip64: {} }), edition: '1.2', expected: SCORM_ITEMS },
  {
    name: 'files of the archiver beside it, left out',
    bytes: zip({ ...scormFiles(scorm('1.2')), '__MACOSX/._quiz.html': 'x', 'a/.DS_Store': 'x' }),
    edition: '1.2',
    expected: SCORM_ITEMS,
    warnings: ['zip-litter', 'zip-litter'],
  },
])('taken, item for item: $name', async ({ bytes, edition, expected, warnings = [] }) => {
  const before = await readdir(tmpdir());
  const outcome = await importBytes(await bytes);
  const [version] = await app.modules.content.versionsById([outcome.versionId ?? '00000000-0000-0000-0000-000000000000']);

  expect(outcome.issues.map(({ rule }) => rule)).toEqual(warnings);
  expect(await itemsOf(outcome)).toEqual(expected);
  expect([version?.edition, version?.ordinal]).toEqual([edition, 1]);
  expect(await readdir(tmpdir())).toEqual(before);
});

test('files come back under the paths that the manifest gives them, large ones too', async () => {
  const video = Buffer.alloc(3 * MEGABYTE, 'abc');
  const { versionId } = await importBytes(await zip(folder({ ...scormFiles(scorm('1.2')), 'a/video.mp4': video })));
  const read = async (path: string): Promise<Buffer> => {
    const file = await app.modules.content.file(versionId ?? '', path);
    if (!file) throw new Error(`${path} is missing`);
    return Buffer.concat(await (await app.modules.content.open(file, 0, file.bytes - 1)).toArray());
  };

  expect((await read('quiz.html')).toString()).toBe(PAGE);
  expect((await read('a/video.mp4')).equals(video)).toBe(true);
  expect(await app.modules.content.file(versionId ?? '', 'course/quiz.html')).toBeNull();
});

test('cmi5 3.0: a course of more than 1,000 assignable units is imported whole', async () => {
  const units = Array.from({ length: 1_200 }, (_, index) => au({ id: `${UNIT}/${index + 1}` }));
  const outcome = await importBytes(await zip({ 'cmi5.xml': cmi5Xml(units.join('')), 'index.html': PAGE }));
  const found = await itemsOf(outcome);

  expect(found).toHaveLength(1_201);
  expect(found.slice(1)).toEqual(units.map((_, index) => [`${UNIT}/${index + 1}`, 'AU', true]));
});

test('cmi5 13: space around what a course says is no part of it', async () => {
  const plain = `<au id="${UNIT}" moveOn="Passed" masteryScore="0.5" launchMethod="OwnWindow" activityType="https://types.example/quiz">
<title><langstring lang="en">Unit</langstring></title><description><langstring lang="en">d</langstring></description>
<objectives><objective idref="urn:goal:1"/></objectives>
<url>index.html?a=1</url><launchParameters>b = 2</launchParameters><entitlementKey>key</entitlementKey></au>`;
  const goal = `<objectives><objective id="urn:goal:1"><title><langstring lang="en">Goal</langstring></title><description><langstring>d</langstring></description></objective></objectives>`;
  const xml = cmi5Xml(goal + block('urn:block:1', plain));
  const spaced = xml
    .replaceAll(/ (id|idref|moveOn|masteryScore|launchMethod|activityType|lang)="([^"]*)"/g, ' $1=" \t$2 "')
    .replaceAll(/>([^<>]*\w[^<>]*)</g, '>\n  $1\t <');
  const modelOf = async (text: string, packageId: string | null) => {
    const { versionId, issues } = await importBytes(await zip({ 'cmi5.xml': text, 'index.html': PAGE }), packageId);
    expect(issues).toEqual([]);
    return app.modules.content.model(versionId ?? '');
  };
  const { packageId } = await importBytes(await zip({ 'cmi5.xml': xml, 'index.html': PAGE }));

  const model = await modelOf(spaced, packageId);

  expect(model).toEqual(await modelOf(xml, packageId));
  expect(model.root.children[0]?.children[0]).toMatchObject({
    identifier: UNIT,
    title: { en: 'Unit' },
    href: 'index.html?a=1',
    activityType: 'https://types.example/quiz',
    objectives: ['urn:goal:1'],
    unit: { moveOn: 'Passed', masteryScore: 0.5, launchMethod: 'OwnWindow', launchParameters: 'b = 2', entitlementKey: 'key' },
  });
});

test('the same manifest with other assets stays one version, whose files are replaced; another manifest makes the next', async () => {
  const files = scormFiles(scorm('1.2'));
  const first = await importBytes(await zip({ ...files, 'old.css': 'old' }));
  const mended = await importBytes(await zip({ ...files, 'quiz.html': `${PAGE}mended`, 'new.css': 'new' }), first.packageId);
  const next = await importBytes(await zip(scormFiles(scorm('1.2').replace('>intro<', '>Intro, new<'))), first.packageId);
  const { content } = app.modules;
  const paths = await app.database.sql.rows<{ path: string; bytes: number }>(
    'select path, bytes::float8 as bytes from content.package_file where version_id = $1 order by path',
    [first.versionId],
  );
  const ids = (await content.itemsOfVersions([first.versionId ?? '', next.versionId ?? ''])).map(({ nodeId }) => nodeId);

  expect([mended.packageId, mended.versionId]).toEqual([first.packageId, first.versionId]);
  expect(paths.map(({ path }) => path)).toEqual(['a/index.html', 'imsmanifest.xml', 'new.css', 'quiz.html']);
  expect(paths[3]?.bytes).toBe(PAGE.length + 6);
  expect(next.packageId).toBe(first.packageId);
  expect((await content.versionsOfPackages([first.packageId ?? ''])).map(({ id, ordinal }) => [id, ordinal])).toEqual([
    [next.versionId, 2],
    [first.versionId, 1],
  ]);
  expect(ids.slice(0, 4)).toEqual(ids.slice(4));
});

test('a package of another standard is refused as a version, whichever way it comes in', async () => {
  const { packageId } = await importBytes(await zip(scormFiles(scorm('1.2'))));
  const before = await contentCounts();
  const others = [
    await zip(scormFiles(scorm('2004 4th Edition'))),
    await zip({ 'cmi5.xml': course, 'index.html': PAGE }),
    Buffer.from(cmi5Xml(au({ id: UNIT, url: 'https://publisher.example/' }))),
  ];
  const outcomes = [];
  for (const bytes of others) outcomes.push(await importBytes(bytes, packageId));

  expect(outcomes.map((outcome) => [outcome.versionId, errorsOf(outcome)])).toEqual(others.map(() => [null, ['same-standard']]));
  expect(await contentCounts()).toEqual(before);
});

test.each([
  ['a file that is not there', 'meta.xml', {}, 'the file is not in the package'],
  ['a file that is not well-formed', 'meta.xml', { 'meta.xml': '<lom' }, 'not well-formed'],
  [
    'a file with a document type',
    'meta.xml',
    { 'meta.xml': '<!DOCTYPE lom [<!ENTITY x SYSTEM "file:///etc/passwd">]><lom>&x;</lom>' },
    'a document type (DTD) is not taken',
  ],
  ['a file of something else', 'meta.xml', { 'meta.xml': '<html/>' }, 'the root element must be lom; found html of no namespace'],
  ['a file outside of the package', '../../../../etc/passwd', {}, 'the file is not in the package'],
  ['an address', 'http://127.0.0.1:1/meta.xml', {}, 'nothing is fetched from outside of the package'],
  ['a file that is too long', 'meta.xml', { 'meta.xml': `<lom>${' '.repeat(1024 * 1024)}</lom>` }, 'the file may have at most 1048576 bytes'],
] as const)('metadata that cannot be read are a warning and refuse nothing: %s', async (_what, href, files, message) => {
  const location = `<metadata><adlcp:location>${href}</adlcp:location></metadata>`;
  const manifest = scormManifest('1.2', item('a', 'r', location) + item('b', 'r', location), sco('r', 'a.html'));

  const { versionId, issues } = await importBytes(await zip({ 'imsmanifest.xml': manifest, 'a.html': PAGE, ...files }));

  expect(versionId).not.toBeNull();
  expect(issues).toEqual([{ severity: 'WARNING', path: href, rule: 'SCORM CAM metadata', message: expect.stringContaining(message) }]);
  const items = await app.modules.content.itemsOfVersions([versionId ?? '']);
  expect(items.map(({ description }) => description)).toEqual([null, null, null]);
});
