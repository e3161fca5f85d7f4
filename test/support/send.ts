import type { TestApp, XapiSecret } from './app.ts';

export interface BytesAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

export interface BytesRequest {
  readonly body?: string | Uint8Array;
  /** Each replaces one of the usual headers, or leaves it out by null. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly credential?: XapiSecret | null;
}

export const basicOf = ({ key, secret }: XapiSecret): string => `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`;

/** Sends an xAPI request and answers the bytes of the answer as they came; unlike `app.xapi`, nothing is decoded and no media type is assumed. */
export async function sendBytes(app: TestApp, method: string, path: string, { body, headers = {}, credential }: BytesRequest = {}): Promise<BytesAnswer> {
  const who = credential === undefined ? app.credential : credential;
  const wanted: Record<string, string | null> = { 'X-Experience-API-Version': '1.0.3', Authorization: who && basicOf(who), ...headers };
  const sent = Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== null);
  const response = await fetch(`${app.url}/xapi${path}`, { method, headers: sent, ...(body !== undefined && { body: Buffer.from(body) }) });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}
