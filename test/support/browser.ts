import { existsSync } from 'node:fs';
import { test } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';

const PATHS = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const PATH = PATHS.find((path): path is string => path !== undefined && existsSync(path));

/** A test in a real browser; without one it is skipped, and says so. */
export const browserTest = PATH ? test : test.skip;
if (!PATH) process.stderr.write('No Chromium here: tests of the player are skipped. Install it, or name it in CHROMIUM.\n');

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: PATH ?? '',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
