import type { Readable } from 'node:stream';
import { AppError, invalid } from '../../kernel/errors.ts';
import { at } from '../../kernel/json.ts';
import type { XapiPrincipal } from '../../modules/access/index.ts';
import type { XapiVersion } from '../../standards/xapi/index.ts';

/** The query string of a request, each parameter once. */
export type Parameters = ReadonlyMap<string, string>;

export type XapiMethod = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** One xAPI request, whichever way it was written: as itself, or in the alternate request syntax. */
export interface XapiCall {
  /** HEAD is GET whose answer loses its body on the way out. */
  readonly method: XapiMethod;
  readonly version: XapiVersion;
  readonly principal: XapiPrincipal;
  /** Raw parameters; a resource reads them with {@link readParameters}. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** A header by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array;
  /** Headers of the answer that stand on refusals too. */
  readonly always: Map<string, string>;
}

export interface XapiAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Readable;
}

export type Handler = (call: XapiCall) => Promise<XapiAnswer>;

/** The methods of one resource. */
export type Resource = { readonly [M in XapiMethod]?: Handler };

/** Reads the parameters into a map. @throws AppError INVALID_INPUT for unknown and repeated ones; names are compared exactly. */
export function readParameters({ query }: Pick<XapiCall, 'query'>, allowed: readonly string[]): Parameters {
  const parameters = new Map<string, string>();
  const violations = query.flatMap(([name, value]) => {
    const path = at('/query', name);
    const known = allowed.includes(name);
    if (known && !parameters.has(name)) {
      parameters.set(name, value);
      return [];
    }
    return known
      ? [{ path, rule: 'xAPI Communication 3.2 repeated-parameter', message: `the parameter ${name} may stand once` }]
      : [
          {
            path,
            rule: 'xAPI Communication 3.2 unknown-parameter',
            message: `there is no parameter ${JSON.stringify(name)} here; known are ${allowed.join(', ') || 'none'}`,
          },
        ];
  });
  if (violations.length > 0) throw new AppError('INVALID_INPUT', violations[0]?.message ?? '', violations);
  return parameters;
}

/** A parameter that must be there. @throws AppError INVALID_INPUT */
export function need(parameters: Parameters, name: string, section: string): string {
  const value = parameters.get(name);
  if (value === undefined || value === '') throw invalid(`/query/${name}`, `${section} ${name}`, `the parameter ${name} is needed`);
  return value;
}

/** The media type of a body, in lower case and without parameters. */
export const mediaType = (call: Pick<XapiCall, 'header'>): string => (call.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

/** Whether a media type can go back out as a header, as it came. */
export const isSendableType = (type: string): boolean => /^[\x20-\x7e]{1,256}$/.test(type);

/** @throws AppError TOO_LARGE for a body above the limit. */
export function limitBody(body: Uint8Array, limitBytes: number): void {
  if (body.length <= limitBytes) return;
  const message = `the body may have at most ${limitBytes} bytes; it has ${body.length}`;
  throw new AppError('TOO_LARGE', message, [{ path: '', rule: 'body-length', message }]);
}
