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

  /** Opens the window. Browsers let a page do so while it answers a click, and not at any other time. @returns whether it was let. */
  openWindow(): boolean {
    const own = window.open('', '', `popup,width=${screen.availWidth},height=${screen.availHeight}`);
    if (!own) return false;
    this.#own = own;
    const { documentElement, body } = own.document;
    own.document.title = document.title;
    documentElement.style.height = '100%';
    body.style.height = '100%';
    body.style.margin = '0';
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

  closeWindow(): void {
    const own = this.#own;
    this.#own = null;
    own?.close();
  }

  /** Shows content, with the run-time where it looks for one. */
  show(title: string, src: string, api: { readonly name: ApiName; readonly api: object } | null): void {
    const host = this.#own ?? window;
    if (api) Object.assign(host, { [api.name]: api.api });
    const frame = host.document.createElement('iframe');
    frame.title = title;
    frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms allow-popups allow-downloads allow-modals');
    frame.setAttribute('allow', 'fullscreen; autoplay');
    if (this.#own) Object.assign(frame.style, { width: '100%', height: '100%', border: '0', display: 'block' });
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
