import type { Commit, CommitAnswer, PlayerView, TimeLeft, TocEntry } from '../../standards/scorm/play.ts';
import { Countdown, hideTime } from './countdown.ts';
import { Journal } from './journal.ts';
import { base, find, say, showProgress, showTitle } from './page.ts';
import { Place } from './place.ts';
import { RunTime, type Snapshot } from './run-time.ts';
import { language, type TextKey, text } from './texts.ts';

const [stage, dialog, toc] = [find('stage'), find('dialog'), find('toc')];
const buttons = {
  previous: find<HTMLButtonElement>('previous'),
  next: find<HTMLButtonElement>('next'),
  suspend: find<HTMLButtonElement>('suspend'),
  exit: find<HTMLButtonElement>('exit'),
};
const menu = find<HTMLButtonElement>('menu');
const ownWindow = find<HTMLButtonElement>('window');
/** Whoever closes the window of the content has left, and goes on later. */
const place = new Place(stage, {
  asked: askedToLeave,
  left: () => {
    leaves = 'suspendAll';
  },
  closed: () => void navigate('suspendAll'),
});
const log = find('log');

const token = base.split('/').at(-1) ?? '';

/** Bytes that a browser sends for sure as a page goes away. */
const BEACON_LIMIT = 60_000;
const bytesOf = (body: string): number => new Blob([body]).size;

/** Answers that say nothing of what was asked: too much at once, or no server behind the one that answers. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000];

/** The launch is over: it was opened elsewhere, or has expired. */
class GoneError extends Error {}
/** What was sent is not taken, now or ever. */
class RefusedError extends Error {}

let view: PlayerView;
let journal: Journal;
let runTime: RunTime | null = null;
/** Of the run that is shown, where it has a limit. */
let countdown: Countdown | null = null;
let seq = 0;
/** What the learner has asked for, while the run ends for it; null where content ends by itself. */
let leaves: string | null = null;
/** Whether the page is going away: nothing can be waited for any more. */
let isGone = false;
/** Whether the page asks whether it may go: content that ends now does so because it is left. */
let isLeaving = false;
let sending: Promise<void> = Promise.resolve();

/** Waits, and not longer than until the device is connected again. */
function pause(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms);
    addEventListener('online', () => done(), { once: true });
  });
}

/**
 * Asks the server, again and again while the connection is away.
 * @param faults so many answers that the server failed are borne.
 * @throws GoneError, RefusedError
 */
async function ask<T>(
  path: string,
  body: unknown,
  { onRetry = () => undefined, faults = Number.POSITIVE_INFINITY }: { onRetry?: () => void; faults?: number } = {},
): Promise<T> {
  let failed = 0;
  for (let attempt = 0; ; attempt += 1) {
    if (attempt > 0) onRetry();
    try {
      const content = body === undefined ? undefined : JSON.stringify(body);
      const response = await fetch(`${base}/${path}`, {
        method: content === undefined ? 'GET' : 'POST',
        ...(content !== undefined && { headers: { 'Content-Type': 'application/json' }, body: content, keepalive: bytesOf(content) < BEACON_LIMIT }),
      });
      if (response.ok) return (await response.json()) as T;
      if (response.status === 404) throw new GoneError();
      if (response.status < 500 && !PASSING.has(response.status)) throw new RefusedError();
      if (!PASSING.has(response.status)) failed += 1;
      if (failed >= faults) throw new RefusedError();
    } catch (error) {
      if (error instanceof GoneError || error instanceof RefusedError) throw error;
    }
    say('offline', true);
    await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0);
  }
}

/** Everything the run has said, as a commit. */
function commitOf({ run }: RunTime, isFinished: boolean, { cmi, said, shared, request }: Snapshot): Commit {
  seq += 1;
  return {
    sessionId: view.sessionId,
    seq,
    nodeId: run.id,
    run: run.run,
    cmi,
    said,
    shared,
    isFinished,
    // What the learner asked for goes before what content asks for; to a page that goes away nothing is shown next.
    request: isFinished && leaves === null && !isGone && !isLeaving ? request : '',
    leaves: leaves ?? (isFinished && isLeaving && place.isOwnWindow ? 'suspendAll' : ''),
  };
}

/** A window asks whether it may go: first itself, then the frames within, all at once. It may stay after all. */
function askedToLeave(): void {
  isLeaving = true;
  setTimeout(() => {
    isLeaving = false;
  });
}

function save(run: RunTime, isFinished: boolean, said: Snapshot): boolean {
  const commit = commitOf(run, isFinished, said);
  const isKept = journal.put(commit);
  const showsResult = leaves === null;
  if (isGone) sendUnsent();
  else sending = sending.then(() => send(commit, showsResult));
  return isKept || navigator.onLine;
}

/**
 * Sends what is not known to have arrived, as far as browsers send anything while a page goes away. Twice does no harm.
 * Where content wanted to go next leads nowhere any more.
 */
function sendUnsent(): void {
  for (const commit of journal.unsent()) {
    const body = JSON.stringify({ ...commit, request: '' });
    if (bytesOf(body) < BEACON_LIMIT) navigator.sendBeacon(`${base}/commit`, body);
  }
}

async function send(commit: Commit, showsResult: boolean): Promise<void> {
  say('saving');
  try {
    let repeats = 0;
    const { isTaken, view: next } = await ask<CommitAnswer>('commit', commit, {
      onRetry: () => {
        repeats += 1;
      },
    });
    // Sent once and not taken: another window of the same launch goes on with it.
    if (!isTaken && repeats === 0) {
      stop('elsewhere');
      return;
    }
    journal.remove(commit);
    say('saved');
    if (next && showsResult && commit.isFinished) show(next);
    else if (next && runTime?.run.id === commit.nodeId && runTime.run.run === commit.run) showPlace(next);
  } catch (error) {
    if (error instanceof GoneError) stop('elsewhere');
    else {
      journal.setAside(commit);
      say('unsaved', true);
    }
  }
}

/** Sends what earlier pages could not, however long that takes: who goes on without it loses it. What the server does not take keeps nobody out. */
async function replay(): Promise<void> {
  for (const commit of journal.left()) {
    try {
      await ask<CommitAnswer>('commit', { ...commit, request: '' }, { faults: 4 });
      journal.remove(commit);
    } catch (error) {
      if (error instanceof GoneError) throw error;
      journal.setAside(commit);
    }
  }
}

function takeDown(): void {
  countdown?.stop();
  place.clear(() => {
    if (runTime?.isRunning) save(runTime, false, runTime.snapshot);
    runTime = null;
  });
}

/** Ends what runs, to be gone on with whatever content says of that. */
function leaveRun(): void {
  leaves = 'suspendAll';
  takeDown();
  leaves = null;
}

/** No time is left: the run ends by that where its content must exit; what it saves as it is taken away is saved. */
function endByTime(run: RunTime, { exits, tells }: TimeLeft): void {
  if (!exits || runTime !== run || run.isFinished) return;
  if (tells) showDialog('timeUp', []);
  // What has not begun has nothing to end.
  if (!run.isRunning) {
    void navigate('suspendAll');
    return;
  }
  run.callTime();
  place.clear(() => run.finish());
  runTime = null;
}

function stop(key: TextKey): void {
  leaveRun();
  place.closeWindow();
  showDialog(key, []);
  for (const button of [...Object.values(buttons), ownWindow]) button.disabled = true;
  say(key, true);
}

function showDialog(key: TextKey, choices: readonly (readonly [TextKey, (() => void) | string, boolean])[]): void {
  dialog.replaceChildren();
  const message = document.createElement('p');
  message.textContent = text(key);
  const row = document.createElement('div');
  row.className = 'choices';
  for (const [label, action, isMain] of choices) {
    const control = typeof action === 'string' ? document.createElement('a') : document.createElement('button');
    control.textContent = text(label);
    control.className = `button${isMain ? ' main' : ''}`;
    if (typeof action === 'string') (control as HTMLAnchorElement).href = action;
    else control.addEventListener('click', action);
    row.append(control);
  }
  dialog.append(message, row);
  dialog.hidden = false;
  row.querySelector<HTMLElement>('.main')?.focus();
}

async function navigate(request: string, target: string | null = null): Promise<void> {
  leaves = request;
  takeDown();
  await sending;
  leaves = null;
  try {
    show(await ask<PlayerView>('navigate', { request, target }), request);
  } catch (error) {
    stop(error instanceof GoneError ? 'elsewhere' : 'failed');
  }
}

function entryOf(entry: TocEntry): HTMLLIElement {
  const line = document.createElement('li');
  line.style.paddingInlineStart = `${entry.depth}rem`;
  if (!entry.isLaunchable && !entry.canChoose) {
    const group = document.createElement('div');
    group.className = 'group';
    group.textContent = entry.title;
    line.append(group);
    return line;
  }
  const button = document.createElement('button');
  button.type = 'button';
  button.disabled = !entry.canChoose || entry.isCurrent;
  if (entry.isCurrent) button.setAttribute('aria-current', 'true');
  const title = document.createElement('span');
  title.textContent = entry.title;
  const state = document.createElement('span');
  state.className = 'state';
  state.textContent = text(`status ${entry.status}`);
  button.append(title, state);
  button.addEventListener('click', () => {
    openMenu(false);
    void navigate('choice', entry.id);
  });
  line.append(button);
  return line;
}

function openMenu(isOpen: boolean): void {
  toc.classList.toggle('open', isOpen);
  menu.setAttribute('aria-expanded', String(isOpen));
}

/** Whether a request of content would lead somewhere, as the server saw it last. */
function isValid(request: string): boolean {
  if (request === 'continue') return view.canContinue;
  if (request === 'previous') return view.canGoBack;
  const target = /^(?:choice|jump)\.\{target=(.*)\}$/.exec(request)?.[1];
  return target === undefined || view.choices.includes(target);
}

function present(next: PlayerView): void {
  const run = next.current;
  if (!run) return;
  dialog.hidden = true;
  const started = new RunTime(next, run, {
    save: (isFinished, said) => save(started, isFinished, said),
    isValid,
    log: (line) => {
      if (next.isPreview) find('log').querySelector('pre')?.append(`${line}\n`);
    },
  });
  runTime = started;
  const { timeLeft } = run;
  hideTime(place.pages);
  countdown = timeLeft && new Countdown(timeLeft, place.pages, () => endByTime(started, timeLeft));
  const src = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(run.href) ? run.href : `/c/${token}/${run.href}`;
  place.show(run.title, src, run.isSco ? { name: next.edition === '1.2' ? 'API' : 'API_1484_11', api: started.api } : null);
  if (place.isOwnWindow) showDialog('inWindow', [['bringBack', bringBack, true]]);
}

/** Goes on in a window of its own; where the browser does not let one open, the content stays where it is. */
function moveToWindow(): void {
  if (!place.openWindow()) {
    say('blocked', true);
    return;
  }
  leaveRun();
  void navigate('begin');
}

function bringBack(): void {
  leaveRun();
  place.closeWindow();
  void navigate('begin');
}

/** Shows how far the learner is and where they can go from here; what runs is left alone. */
function showPlace(next: PlayerView): void {
  view = next;
  showProgress(next.progress);
  const at = [...toc.querySelectorAll('button')].indexOf(document.activeElement as HTMLButtonElement);
  toc.querySelector('ol')?.replaceChildren(...next.toc.map(entryOf));
  // Whoever is in the contents with the keyboard stays there.
  toc.querySelectorAll('button')[at]?.focus();
  buttons.previous.disabled = !next.canGoBack;
  buttons.next.disabled = !next.canContinue;
}

function show(next: PlayerView, request = ''): void {
  takeDown();
  showPlace(next);
  showTitle(next.title);
  toc.hidden = next.toc.length < 2;
  menu.hidden = next.toc.length < 2;
  log.hidden = !next.isPreview;
  const hides = new Set(next.current?.hides ?? []);
  const isOpen = next.current !== null;
  buttons.previous.hidden = hides.has('previous') || next.parts < 2;
  buttons.next.hidden = hides.has('continue') || next.parts < 2;
  buttons.suspend.hidden = hides.has('suspendAll');
  buttons.suspend.disabled = !isOpen;
  buttons.exit.hidden = hides.has('exitAll');
  buttons.exit.disabled = !isOpen;
  if (next.isPreview) say('preview');
  if (next.isRefused) say('refused', true);
  ownWindow.hidden = !isOpen || place.isOwnWindow;
  if (next.current) present(next);
  else {
    place.closeWindow();
    showEnd(next, request);
  }
}

/** Back to where the learner came from, where that is known. */
const wayBack = ({ returnUrl }: PlayerView) => (returnUrl === null ? [] : [['back', returnUrl, true] as const]);

function showEnd(next: PlayerView, request: string): void {
  const back = wayBack(next);
  const begin = (label: TextKey, isMain: boolean) => [label, () => void navigate('begin'), isMain] as const;
  if (next.hasEnded) showDialog(next.canRestart ? 'ended' : 'exhausted', [...back, ...(next.canRestart ? [begin('again', back.length === 0)] : [])]);
  else if (request === 'suspendAll' || (next.canResume && next.parts < 2)) showDialog('suspended', [...back, begin('resume', back.length === 0)]);
  else if (next.canContinue || next.toc.some(({ canChoose }) => canChoose)) showDialog('choose', [begin('resume', true)]);
  else showDialog('ended', [...back, begin('again', back.length === 0)]);
}

/** Puts the words of the learner's language where they belong. */
function translate(): void {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) element.textContent = text(element.dataset['text'] as TextKey);
  menu.textContent = text('menu');
  buttons.previous.textContent = text('previous');
  buttons.next.textContent = text('next');
  buttons.next.className = 'main';
  buttons.suspend.textContent = text('suspend');
  buttons.exit.textContent = text('exit');
  ownWindow.textContent = text('ownWindow');
}

function listen(): void {
  menu.addEventListener('click', () => openMenu(!toc.classList.contains('open')));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') openMenu(false);
  });
  buttons.previous.addEventListener('click', () => void navigate('previous'));
  buttons.next.addEventListener('click', () => void navigate('continue'));
  buttons.suspend.addEventListener('click', () => void navigate('suspendAll'));
  buttons.exit.addEventListener('click', () => void navigate('exitAll'));
  ownWindow.addEventListener('click', moveToWindow);
  addEventListener('beforeunload', askedToLeave);
  // The page goes away: what is unsaved is kept here, and sent as far as browsers send at such a moment.
  // Content may end later still, as its own page goes.
  addEventListener('pagehide', () => {
    isGone = true;
    // A window without the page it belongs to could save nothing.
    if (place.isOwnWindow) {
      leaveRun();
      place.closeWindow();
    }
    if (runTime?.isRunning) save(runTime, false, runTime.snapshot);
    else sendUnsent();
  });
  addEventListener('pageshow', () => {
    isGone = false;
  });
  // A telephone may end a page that is not looked at, and says nothing then.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden' && runTime?.isRunning && !isGone) save(runTime, false, runTime.snapshot);
  });
}

async function start(): Promise<void> {
  translate();
  try {
    view = await ask<PlayerView>('state', undefined);
    journal = new Journal(view.registration, view.journalKey);
    listen();
    await replay();
    view = await ask<PlayerView>('state', undefined);
  } catch {
    showDialog('failed', []);
    return;
  }
  seq = view.lastSeq;
  if (!view.canBegin) {
    show({ ...view, current: null, hasEnded: true });
    return;
  }
  // The page was loaded again in the middle of a run: it ends, and goes on as one that was left.
  if (view.current) await navigate('begin');
  else if (view.opening === 'ask') {
    const { canRestart } = view;
    show({ ...view, current: null });
    showDialog('askResume', [
      ['resume', () => void navigate('begin'), true],
      ...(canRestart ? [['restart', () => void navigate('restart'), false] as const] : []),
    ]);
  } else if (view.opening === 'askAgain') {
    show({ ...view, current: null });
    showDialog('ended', [...wayBack(view), ['again', () => void navigate('begin'), view.returnUrl === null]]);
  } else await navigate(view.opening);
}

await start();
