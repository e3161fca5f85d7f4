import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { PLAYER_STYLE } from './player-style.ts';

interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

/** The player and the page of contents as they are delivered: pages, scripts and style, and the run-time library. */
export interface PlayerAssets {
  /** @param kind the standard that is played, or CONTENTS. */
  page(kind: string): string;
  file(name: string): Asset | undefined;
}

const require = createRequire(import.meta.url);
const HERE = dirname(fileURLToPath(import.meta.url));

/** Where the build leaves the scripts of the page: beside this file, or from the sources below `dist`. */
const BUILT = [join(HERE, 'player'), join(HERE, '../../dist/src/web/player')].find((folder) => existsSync(join(folder, 'player.js'))) ?? HERE;

const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** A page of ours: what the scripts fill, and the scripts. */
const page = (scripts: string, body: string, kind = ''): string => `<!doctype html>
<html lang="id">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mumpuni</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/player/player.css">
${scripts}
</head>
<body class="${kind}">
${body}
<noscript>JavaScript</noscript>
</body>
</html>
`;

const STATUS = '<p id="status" role="status" aria-live="polite"></p>';
const PROGRESS = '<div id="progress" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0"><span></span></div>';

const playerPage = (library: string): string =>
  page(
    `<script src="/player/${library}" defer></script>
<script src="/player/player.js" type="module"></script>`,
    `<a class="skip" href="#stage" data-text="skip"></a>
<header>
<button id="menu" type="button" aria-controls="toc" aria-expanded="false"></button>
<h1 id="title"></h1>
<p id="time" role="timer" hidden></p>
<p id="alarm" role="alert"></p>
<button id="window" type="button" hidden></button>
${STATUS}
</header>
${PROGRESS}
<div id="middle">
<nav id="toc" aria-labelledby="toc-title"><h2 id="toc-title" data-text="contents"></h2><ol></ol></nav>
<main id="stage" tabindex="-1"><div id="dialog" hidden></div></main>
</div>
<footer>
<button id="previous" type="button"></button>
<button id="next" type="button"></button>
<button id="suspend" type="button"></button>
<button id="exit" type="button"></button>
</footer>
<details id="log" hidden><summary data-text="log"></summary><pre></pre></details>`,
  );

const CONTENTS_PAGE = page(
  '<script src="/player/contents.js" type="module"></script>',
  `<header>
<h1 id="title"></h1>
${STATUS}
</header>
${PROGRESS}
<main id="stage" tabindex="-1"><nav id="toc" aria-labelledby="toc-title"><h2 id="toc-title"></h2><ol></ol></nav></main>
<footer><a id="back" class="button" hidden></a></footer>`,
  'contents',
);

/** The library that seals the journal, and what it is made of. */
const SEALING = ['chacha.js', '_arx.js', '_poly1305.js', 'utils.js'];

/** The scripts that the build makes of the folder `player`. */
const SCRIPTS = ['player.js', 'contents.js', 'page.js', 'place.js', 'texts.js', 'journal.js', 'shared-data.js', 'run-time.js', 'countdown.js', 'time-left.js'];

/** Reads everything once. */
export async function loadPlayer(): Promise<PlayerAssets> {
  const library = (name: string): Promise<Buffer> => readFile(join(dirname(require.resolve('scorm-again')), name));
  // Browsers find a library by its address.
  const own = async (name: string): Promise<Buffer> =>
    Buffer.from((await readFile(join(BUILT, name), 'utf8')).replaceAll("from '@noble/ciphers/", "from './sealing/"));
  const sealing = SEALING.map(
    async (name) => [`sealing/${name}`, { type: JAVASCRIPT, body: await readFile(join(dirname(require.resolve('@noble/ciphers/chacha.js')), name)) }] as const,
  );
  const scripts = SCRIPTS.map(async (name) => [name, { type: JAVASCRIPT, body: await own(name) }] as const);
  const files = new Map<string, Asset>([
    ['scorm12.js', { type: JAVASCRIPT, body: await library('scorm12.min.js') }],
    ['scorm2004.js', { type: JAVASCRIPT, body: await library('scorm2004.min.js') }],
    ...(await Promise.all([...scripts, ...sealing])),
    ['player.css', { type: 'text/css; charset=utf-8', body: Buffer.from(PLAYER_STYLE) }],
  ]);
  return {
    page: (kind) => (kind === 'CONTENTS' ? CONTENTS_PAGE : playerPage(kind === 'SCORM_12' ? 'scorm12.js' : 'scorm2004.js')),
    file: (name) => files.get(name),
  };
}
