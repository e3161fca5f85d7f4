import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

test('the explorer page and everything it loads come from this server', async () => {
  const page = await fetch(`${app.url}/explorer`);
  const html = await page.text();
  const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  const answers = await Promise.all(parts.map(async (path) => `${path} ${(await fetch(new URL(path, app.url))).status}`));

  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(answers).toEqual([
    '/explorer/graphiql.css 200',
    '/explorer/react.js 200',
    '/explorer/react-dom.js 200',
    '/explorer/graphiql.js 200',
    '/explorer/start.js 200',
  ]);
});
