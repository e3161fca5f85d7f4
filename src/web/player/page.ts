import { type TextKey, text } from './texts.ts';

/** An element that the page brings. */
export const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** The address of this launch: everything about it lies below. */
export const base = location.pathname.replace(/\/$/, '');

const [status, bar] = [find('status'), find('progress')];
bar.setAttribute('aria-label', text('contents'));

/** Says how things are, where it is read out too. */
export function say(key: TextKey, isBad = false): void {
  status.textContent = text(key);
  status.classList.toggle('bad', isBad);
}

/** Says no more of how things are. */
export function sayNothing(): void {
  status.textContent = '';
}

/** @param share of the course that is done, 0 to 1. */
export function showProgress(share: number): void {
  const percent = Math.round(share * 100);
  bar.setAttribute('aria-valuenow', String(percent));
  (bar.firstElementChild as HTMLElement).style.width = `${percent}%`;
}

export function showTitle(title: string): void {
  document.title = title;
  find('title').textContent = title;
}
