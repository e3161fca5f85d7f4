/** Names under which content looks for the run-time: of 1.2, and of 2004. */
export type ApiName = 'API' | 'API_1484_11';

/** What is told of a window of content while its learner closes it; the first two before its content is told. */
export interface WindowListener {
  /** It is asked whether it may go; it may stay after all. */
  asked(): void;
  /** It goes. */
  left(): void;
  /** It is gone, and all that its content did as it was left is done. */
  closed(): void;
}

const STYLES = {
  page: { height: '100%' },
  body: { height: '100%', margin: '0', display: 'flex', flexDirection: 'column' },
  bar: { display: 'flex', alignItems: 'center', font: '0.875rem/1.4 system-ui, "Noto Sans", "DejaVu Sans", sans-serif' },
  time: { margin: '.25rem .75rem', fontVariantNumeric: 'tabular-nums' },
  alarm: { margin: '0 .75rem', color: '#a1260d', fontWeight: '600' },
  frame: { flex: '1', minHeight: '0', width: '100%', border: '0', display: 'block' },
} as const satisfies Record<string, Partial<CSSStyleDeclaration>>;

/** The bar of a window of its own: the time that is left, and what there is to say of it. Without either it takes no room. */
function barIn(page: Document): HTMLElement {
  const [bar, time, alarm] = [page.createElement('header'), page.createElement('p'), page.createElement('p')];
  Object.assign(bar.style, STYLES.bar);
  Object.assign(time.style, STYLES.time);
  Object.assign(alarm.style, STYLES.alarm);
  Object.assign(time, { id: 'time', role: 'timer', hidden: true });
  Object.assign(alarm, { id: 'alarm', role: 'alert' });
  bar.append(time, alarm);
  return bar;
}

/** Where content is shown: in the page, or in a window of its own that belongs to the page. */
export class Place {
  readonly #stage: HTMLElement;
  readonly #listener: WindowListener;
  #own: Window | null = null;
  #shown: { readonly frame: HTMLIFrameElement; readonly host: Window; readonly name: ApiName | null } | null = null;

  constructor(stage: HTMLElement, listener: WindowListener) {
    this.#stage = stage;
    this.#listener = listener;
  }

  get isOwnWindow(): boolean {
    return this.#own !== null;
  }

  /** The page, and after it that of the window. */
  get pages(): readonly Document[] {
    return this.#own ? [document, this.#own.document] : [document];
  }

  /** Opens the window. Browsers let a page do so while it answers a click, and not at any other time. @returns whether it was let. */
  openWindow(): boolean {
    const own = window.open('', '', `popup,width=${screen.availWidth},height=${screen.availHeight}`);
    if (!own) return false;
    this.#own = own;
    const { documentElement, body } = own.document;
    own.document.title = document.title;
    documentElement.lang = document.documentElement.lang;
    Object.assign(documentElement.style, STYLES.page);
    Object.assign(body.style, STYLES.body);
    body.append(barIn(own.document));
    own.addEventListener('beforeunload', () => this.#listener.asked());
    own.addEventListener('pagehide', () => {
      if (this.#own !== own) return;
      this.#listener.left();
      setTimeout(() => {
        if (this.#own !== own) return;
        this.#own = null;
        this.#listener.closed();
      });
    });
    return true;
  }

  /** Closes the window; the page, which says what comes next, comes forward where the browser lets it. */
  closeWindow(): void {
    const own = this.#own;
    this.#own = null;
    if (!own) return;
    own.close();
    window.focus();
  }

  /** Shows content, with the run-time where it looks for one. */
  show(title: string, src: string, api: { readonly name: ApiName; readonly api: object } | null): void {
    const host = this.#own ?? window;
    if (api) Object.assign(host, { [api.name]: api.api });
    const frame = host.document.createElement('iframe');
    frame.title = title;
    frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms allow-popups allow-downloads allow-modals');
    frame.setAttribute('allow', 'fullscreen; autoplay');
    if (this.#own) Object.assign(frame.style, STYLES.frame);
    frame.src = new URL(src, location.href).href;
    (this.#own?.document.body ?? this.#stage).append(frame);
    this.#shown = { frame, host, name: api?.name ?? null };
  }

  /** Takes content away; what it does as it is left it does now, while the run-time is still there. */
  clear(afterwards: () => void): void {
    const shown = this.#shown;
    if (!shown) return;
    shown.frame.remove();
    this.#shown = null;
    afterwards();
    if (shown.name !== null) Reflect.deleteProperty(shown.host, shown.name);
  }
}
