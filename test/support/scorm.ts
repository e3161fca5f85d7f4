import type { PlayerView } from '../../src/standards/scorm/index.ts';

interface Cmi {
  readonly [name: string]: unknown;
}

/** A player without a page: what the page sends, a test sends. */
export class PlayerClient {
  readonly url: string;
  view: PlayerView | null = null;
  seq = 0;

  constructor(url: string) {
    this.url = url;
  }

  async ask<T>(path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const response = await fetch(
      `${this.url}${path}`,
      body === undefined ? {} : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) },
    );
    return { status: response.status, body: (await response.json()) as T };
  }

  async navigate(request: string, target?: string): Promise<PlayerView> {
    const { status, body } = await this.ask<PlayerView>('navigate', { request, target });
    if (status !== 200) throw new Error(JSON.stringify(body));
    this.view = body;
    return body;
  }

  get current(): NonNullable<PlayerView['current']> {
    if (!this.view?.current) throw new Error('nothing is shown');
    return this.view.current;
  }

  /** The commit of the run that is shown. */
  commitOf(
    change: Cmi,
    { isFinished = false, request = '', leaves = '', said = {} }: { isFinished?: boolean; request?: string; leaves?: string; said?: object } = {},
  ): Record<string, unknown> {
    this.seq += 1;
    const { id, run, cmi } = this.current;
    return { sessionId: this.view?.sessionId, seq: this.seq, nodeId: id, run, cmi: merged(cmi, change), said, shared: {}, isFinished, request, leaves };
  }

  /** Saves what content says. @returns the new view where the run ended. */
  async commit(change: Cmi, options?: Parameters<PlayerClient['commitOf']>[1]): Promise<PlayerView | null> {
    const { status, body } = await this.ask<{ isTaken: boolean; view: PlayerView | null }>('commit', this.commitOf(change, options));
    if (status !== 200) throw new Error(JSON.stringify(body));
    if (body.view) this.view = body.view;
    return body.view;
  }
}

function merged(base: Cmi, change: Cmi): Cmi {
  const isTree = (value: unknown): value is Cmi => typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = Object.entries(change).map(([name, value]) => {
    const old = base[name];
    return [name, isTree(value) && isTree(old) ? merged(old, value) : value];
  });
  return { ...base, ...(Object.fromEntries(entries) as Cmi) };
}
