import type { TimeLeft } from '../../standards/scorm/play.ts';
import { type TextKey, text } from './texts.ts';
import { clockText, type Warning, warningBetween } from './time-left.ts';

const LOOK_MS = 1_000;
const TOLD: Readonly<Record<Warning, TextKey>> = { 60: 'oneMinute', 300: 'fiveMinutes' };

/** The pages in which time is told: ours, and after it the window that content runs in, where that is one of its own. */
type Pages = readonly Document[];

const allOf = (pages: Pages, id: string): readonly HTMLElement[] => pages.flatMap((page) => page.getElementById(id) ?? []);

/** Says something about the time: it stays until another part is shown, and is read out at once. */
function sound(pages: Pages, key: TextKey): void {
  for (const alarm of allOf(pages, 'alarm')) alarm.textContent = text(key);
}

/** No time is shown, and nothing said of it. */
export function hideTime(pages: Pages): void {
  for (const clock of allOf(pages, 'time')) clock.hidden = true;
  for (const alarm of allOf(pages, 'alarm')) alarm.textContent = '';
}

/** Milliseconds by the clock that stands still while a device sleeps, and by the one that can be set. */
const bothClocks = (): readonly [number, number] => [performance.now(), Date.now()];

/** Shows the time that is left to a run. It is read out on demand, and by itself when little is left. */
export class Countdown {
  readonly #tells: boolean;
  readonly #onOver: () => void;
  readonly #pages: Pages;
  /** Whose timers are used: a page that is covered by another one is called seldom. */
  readonly #host: Window;
  readonly #all: number;
  readonly #begun = bothClocks();
  #seconds: number;
  #timer: number | undefined;

  /** @param onOver called once, when no time is left. */
  constructor({ seconds, tells }: TimeLeft, pages: Pages, onOver: () => void) {
    this.#tells = tells;
    this.#onOver = onOver;
    this.#pages = pages;
    this.#host = pages.at(-1)?.defaultView ?? window;
    this.#all = seconds;
    this.#seconds = seconds;
    this.#timer = this.#host.setInterval(() => this.#look(), LOOK_MS);
    for (const clock of allOf(pages, 'time')) clock.hidden = false;
    this.#show();
  }

  #show(): void {
    for (const clock of allOf(this.#pages, 'time')) clock.textContent = `${text('timeLeft')} ${clockText(this.#seconds)}`;
  }

  #look(): void {
    const before = this.#seconds;
    const passed = bothClocks().map((now, index) => now - (this.#begun[index] ?? now));
    this.#seconds = this.#all - Math.max(...passed) / 1_000;
    this.#show();
    const warning = warningBetween(before, this.#seconds);
    if (warning !== null) sound(this.#pages, TOLD[warning]);
    if (this.#seconds > 0) return;
    this.stop();
    if (this.#tells) sound(this.#pages, 'timeUp');
    this.#onOver();
  }

  /** Shows no time any more. That it is over stays said. */
  stop(): void {
    if (this.#timer === undefined) return;
    this.#host.clearInterval(this.#timer);
    this.#timer = undefined;
    hideTime(this.#pages);
  }
}
