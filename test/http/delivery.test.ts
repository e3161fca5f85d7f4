import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { importPackage, launch, newLearner, register } from '../support/cmi5.ts';
import { item, sco, scormManifest, zip } from '../support/packages.ts';

let app: TestApp;
/** Address of the files of one launch. */
let files: string;

const VIDEO = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 256));

beforeAll(async () => {
  app = await startTestApp();
  const manifest = scormManifest('1.2', item('one', 'r'), sco('r', 'a folder/one.html'));
  const { packageId } = await importPackage(
    app,
    await zip({
      'imsmanifest.xml': manifest,
      'a folder/one.html': '<html></html>',
      'Media/clip.mp4': VIDEO,
      'tool.exe': 'MZ',
      'empty.txt': '',
      'image.svg': '<svg/>',
    }),
  );
  const url = await launch(app, await register(app, await newLearner(app), packageId), null);
  files = url.replace('/l/', '/c/').replace(/\/$/, '');
});
afterAll(() => app.close());

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> => fetch(`${files}/${path}`, { headers });

/** A request as it is, without a client that straightens its path. */
function raw(path: string, host: string): Promise<{ status: number; body: string }> {
  const { port } = new URL(app.url);
  return new Promise((done, failed) => {
    const sent = request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => done({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', failed);
    sent.end();
  });
}

test('a file is delivered as what its name says, for this session only to keep, and cannot be taken for anything else', async () => {
  const page = await get('a%20folder/one.html?x=1');

  expect(page.status).toBe(200);
  expect(
    Object.fromEntries(
      ['content-type', 'x-content-type-options', 'referrer-policy', 'cache-control', 'cross-origin-resource-policy', 'set-cookie', 'content-disposition'].map(
        (name) => [name, page.headers.get(name)],
      ),
    ),
  ).toEqual({
    'content-type': 'text/html; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'private, max-age=28800, immutable',
    'cross-origin-resource-policy': 'same-origin',
    'set-cookie': null,
    'content-disposition': null,
  });
  expect(page.headers.get('content-security-policy')).toMatch(/object-src 'self'.*frame-ancestors 'self' http:\/\/127\.0\.0\.1:\d+$/);
  const tool = await get('tool.exe');
  expect([tool.headers.get('content-type'), tool.headers.get('content-disposition')]).toEqual(['application/octet-stream', 'attachment']);
  expect((await get('image.svg')).headers.get('content-type')).toBe('image/svg+xml');
});

test('parts of a file are answered as asked, and what is there already is not sent again', async () => {
  const part = async (range: string) => {
    const answer = await get('Media/clip.mp4', { Range: range });
    return [answer.status, answer.headers.get('content-range'), Buffer.from(await answer.arrayBuffer())];
  };

  expect(await part('bytes=0-9')).toEqual([206, 'bytes 0-9/1000', VIDEO.subarray(0, 10)]);
  expect(await part('bytes=990-')).toEqual([206, 'bytes 990-999/1000', VIDEO.subarray(990)]);
  expect(await part('bytes=-5')).toEqual([206, 'bytes 995-999/1000', VIDEO.subarray(995)]);
  expect(await part('bytes=500-5000')).toEqual([206, 'bytes 500-999/1000', VIDEO.subarray(500)]);
  expect((await part('bytes=1000-')).slice(0, 2)).toEqual([416, 'bytes */1000']);
  expect(await part('lines=1-2')).toEqual([200, null, VIDEO]);
  const whole = await get('Media/clip.mp4');
  const again = await get('Media/clip.mp4', { 'If-None-Match': whole.headers.get('etag') ?? '' });
  expect([again.status, await again.text()]).toEqual([304, '']);
  const head = await fetch(`${files}/Media/clip.mp4`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1000', '']);
  const empty = await get('empty.txt');
  expect([empty.status, await empty.text()]).toEqual([200, '']);
  expect((await get('media/CLIP.mp4')).status).toBe(200);
});

test.each(['..%2f..%2fetc/passwd', '%2e%2e/%2e%2e/secret', 'a%00b', 'a folder/../../x', 'missing.html', ''])(
  'no path leads out of the package, or to what is not in it: %s',
  async (path) => {
    const { pathname, host } = new URL(files);

    expect((await raw(`${pathname}/${path.replaceAll(' ', '%20')}`, host)).status).toBe(404);
  },
);

test('packages are delivered from their own host, and nothing of ours answers there; the other way round neither', async () => {
  const { pathname, port } = new URL(files);
  const [ours, theirs] = [`127.0.0.1:${port}`, `localhost:${port}`];

  expect((await raw(`${pathname}/tool.exe`, ours)).status).toBe(404);
  expect((await raw(pathname.replace('/c/', '/l/'), ours)).status).toBe(404);
  expect((await raw('/player/player.js', ours)).status).toBe(404);
  for (const path of ['/graphql', '/xapi/about', '/ims/case/v1p1/CFDocuments', '/explorer', '/content/uploads/x', '/cmi5/fetch/x'])
    expect([path, (await raw(path, theirs)).status]).toEqual([path, 404]);
  for (const host of [`LOCALHOST:${port}`, `localhost.:${port}`])
    expect([host, (await raw('/graphql', host)).status, (await raw(`${pathname}/tool.exe`, host)).status]).toEqual([host, 404, 200]);
  expect((await raw('/health/live', theirs)).status).toBe(200);
});

test('an unknown token opens nothing, and a worker of a package is not delivered', async () => {
  expect((await fetch(files.replace(/[^/]+$/, `${'x'.repeat(43)}/tool.exe`))).status).toBe(404);
  expect((await get('a%20folder/one.html', { 'Service-Worker': 'script' })).status).toBe(403);
});

test('with CONTENT_STRICT packages reach their own files and the LRS, and nothing of others', async () => {
  const strict = await startTestApp({ settings: { CONTENT_STRICT: 'true' } });
  try {
    const { packageId } = await importPackage(
      strict,
      await zip({ 'imsmanifest.xml': scormManifest('1.2', item('one', 'r'), sco('r', 'one.html')), 'one.html': '' }),
    );
    const url = new URL(await launch(strict, await register(strict, await newLearner(strict), packageId), null));
    const { headers } = await fetch(`${url.origin}/c/${url.pathname.split('/')[2]}/one.html`);
    const app = new URL(strict.url).origin;

    expect(headers.get('content-security-policy')).toBe(
      `default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; connect-src 'self' data: blob: ${app}; form-action 'self'; object-src 'self'; base-uri 'self'; frame-ancestors 'self' ${app}`,
    );
  } finally {
    await strict.close();
  }
});
