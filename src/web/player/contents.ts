import type { ContentsEntry, CourseContents, OpenedUnit } from '../../standards/cmi5/contents.ts';
import { base, find, say, sayNothing, showProgress, showTitle } from './page.ts';
import { language, text } from './texts.ts';

const [list, back] = [find('toc').querySelector('ol') as HTMLOListElement, find<HTMLAnchorElement>('back')];

/** @returns null where the server does not answer with what was asked for; the page says so. */
async function ask<T>(path: string, body?: object): Promise<T | null> {
  const content = body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  try {
    const response = await fetch(`${base}/${path}`, content);
    if (response.ok) return (await response.json()) as T;
    say(response.status === 404 ? 'elsewhere' : 'failed', true);
  } catch {
    say('failed', true);
  }
  return null;
}

async function open(id: string, line: HTMLLIElement): Promise<void> {
  say('opening');
  const unit = await ask<OpenedUnit>('open', { nodeId: id });
  if (!unit) return;
  // Within another page there is no whole window to give; a browser may refuse a new one, and then the learner opens it.
  if (!unit.needsOwnWindow || window.top === window) location.assign(unit.url);
  else if (!window.open(unit.url, '_blank')) {
    const link = document.createElement('a');
    link.href = unit.url;
    link.target = '_blank';
    link.textContent = text('openHere');
    line.append(link);
    link.focus();
    say('openHere');
  }
}

function lineOf({ id, title, depth, isLaunchable, status: known }: ContentsEntry): HTMLLIElement {
  const line = document.createElement('li');
  line.style.paddingInlineStart = `${depth}rem`;
  const control = document.createElement(isLaunchable ? 'button' : 'div');
  if (control instanceof HTMLButtonElement) control.type = 'button';
  else control.className = 'group';
  const name = document.createElement('span');
  name.textContent = title;
  control.append(name);
  if (known !== null) {
    const state = document.createElement('span');
    state.className = 'state';
    state.textContent = text(`status ${known}`);
    control.append(' ', state);
  }
  if (isLaunchable) control.addEventListener('click', () => void open(id, line));
  line.append(control);
  return line;
}

let refreshing: Promise<void> | undefined;

/** What tells that the learner is back comes two and three at a time: one look answers them all. */
function refresh(): Promise<void> {
  refreshing ??= look().finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

async function look(): Promise<void> {
  const view = await ask<CourseContents>('contents');
  if (!view) return;
  showTitle(view.title);
  list.replaceChildren(...view.entries.map(lineOf));
  showProgress(view.progress);
  back.hidden = view.returnUrl === null;
  if (view.returnUrl !== null) back.href = view.returnUrl;
  sayNothing();
  if (view.isPreview) say('preview');
  else if (view.isSatisfied) say('allDone');
}

document.documentElement.lang = language;
find('toc-title').textContent = text('contents');
back.textContent = text('back');
// Whoever comes back from a unit, by its link, by the browser's or from another window, sees what became of it.
addEventListener('pageshow', (event) => {
  if (event.persisted) void refresh();
});
addEventListener('focus', () => void refresh());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void refresh();
});
await refresh();
