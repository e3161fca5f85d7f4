import type { TimeLeft } from '../../standards/scorm/play.ts';
import { find } from './page.ts';
import { type TextKey, text } from './texts.ts';
import { clockText, type Warning, warningBetween } from './time-left.ts';

const LOOK_MS = 1_000;
const TOLD: Readonly<Record<Warning, TextKey>> = { 60: 'oneMinute', 300: 'fiveMinutes' };

const [clock, alarm] = [find('time'), find('alarm')];

/** Says something about the time: it stays until another part is shown, and is read out at once. */
function sound(key: TextKey): void {
  alarm.textContent = text(key);
}

/** No time is shown, and nothing said of it. */
export function hideTime(): void {
  clock.hidden = true;
  alarm.textContent = '';
}

/** Shows the time that is left to a run. It is read out on demand, and by itself when little is left. */
export class Countdown {
  readonly #tells: boolean;
  readonly #onOver: () => void;
  /** On the page's clock. */
  readonly #end: number;
  #seconds: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param onOver called once, when no time is left. */
  constructor({ seconds, tells }: TimeLeft, onOver: () => void) {
    this.#tells = tells;
    this.#onOver = onOver;
    this.#end = performance.now() + seconds * 1_000;
    this.#seconds = seconds;
    clock.hidden = false;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#show();
  }

  #show(): void {
    clock.textContent = `${text('timeLeft')} ${clockText(this.#seconds)}`;
  }

  #look(): void {
    const before = this.#seconds;
    this.#seconds = (this.#end - performance.now()) / 1_000;
    this.#show();
    const warning = warningBetween(before, this.#seconds);
    if (warning !== null) sound(TOLD[warning]);
    if (this.#seconds > 0) return;
    this.stop();
    if (this.#tells) sound('timeUp');
    this.#onOver();
  }

  /** Shows no time any more. That it is over stays said. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    hideTime();
  }
}
