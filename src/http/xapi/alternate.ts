import { AppError, invalid } from '../../kernel/errors.ts';
import { at } from '../../kernel/json.ts';
import type { XapiCall, XapiMethod } from './call.ts';

/** Headers that a form may bring as fields (Communication 1.3). */
const HEADERS = [
  'authorization',
  'x-experience-api-version',
  'content-type',
  'content-length',
  'content-transfer-encoding',
  'if-match',
  'if-none-match',
  'accept',
  'accept-language',
];
const isHeader = (name: string): boolean => HEADERS.includes(name);
const METHODS: readonly string[] = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'];
const SECTION = 'xAPI Communication 1.3 alternate-request';
const MAX_FIELDS = 100;

/** A request that came inside the form of a POST. */
export interface AlternateRequest extends Pick<XapiCall, 'query' | 'body' | 'header'> {
  readonly method: XapiMethod;
  /** Whether it stands for HEAD, so that the answer has no body. */
  readonly isHead: boolean;
}

/** Whether a POST is one in the alternate request syntax: it has the parameter `method`. */
export const isAlternate = (method: string, query: readonly (readonly [string, string])[]): boolean =>
  method === 'POST' && query.some(([name]) => name === 'method');

/** The fields of a form. @throws AppError INVALID_INPUT for bytes that are not UTF-8, which a lenient decoder would replace. */
function readForm(body: Uint8Array): readonly (readonly [string, string])[] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    decodeURIComponent(text.replaceAll('+', ' '));
    // Reading many fields takes time that grows with their square, and nobody is authenticated yet.
    if (text.split('&', MAX_FIELDS + 1).length > MAX_FIELDS) throw invalid('', SECTION, `a form has at most ${MAX_FIELDS} fields`);
    return [...new URLSearchParams(text)];
  } catch (error) {
    throw error instanceof AppError ? error : invalid('', SECTION, 'the form holds bytes that are not UTF-8');
  }
}

/**
 * Reads a request out of the form of a POST, as browsers send it that cannot set headers.
 *
 * The form holds headers, parameters and, as `content`, the body. Its own media type is not looked at: real content
 * sends it as text/plain too.
 * @throws AppError INVALID_INPUT
 * @see xAPI 1.0.3 Communication 1.3
 */
export function readAlternate(query: readonly (readonly [string, string])[], body: Uint8Array, header: XapiCall['header']): AlternateRequest {
  const [first, ...others] = query;
  const method = first?.[1] ?? '';
  if (others.length > 0 || first?.[0] !== 'method') throw invalid('/query', SECTION, 'beside method, parameters stand in the form, not in the address');
  if (!METHODS.includes(method)) throw invalid('/query/method', SECTION, `method must be one of ${METHODS.join(', ')}; found ${JSON.stringify(method)}`);
  const fields = readForm(body).map(([name, value]) => [isHeader(name.toLowerCase()) ? name.toLowerCase() : name, value] as const);
  const names = fields.map(([name]) => name);
  const twice = names.find((name, index) => (name === 'content' || isHeader(name)) && names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(at('', twice), SECTION, `the field ${twice} may stand once`);
  const headers = new Map(fields.filter(([name]) => isHeader(name)));
  const content = fields.find(([name]) => name === 'content')?.[1];
  const hasBody = method === 'PUT' || method === 'POST';
  if (hasBody && content === undefined) throw invalid('/content', SECTION, `a form that stands for ${method} needs the field content`);
  return {
    method: (method === 'HEAD' ? 'GET' : method) as XapiMethod,
    isHead: method === 'HEAD',
    query: fields.filter(([name]) => name !== 'content' && !isHeader(name)),
    // The form's own media type is not that of what it holds.
    header: (name) => headers.get(name) ?? (name === 'content-type' ? (hasBody ? 'application/json' : undefined) : header(name)),
    body: Buffer.from(content ?? '', 'utf8'),
  };
}
