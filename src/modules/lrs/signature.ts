import { createVerify, X509Certificate } from 'node:crypto';
import { canonicalForm, instantOf, isObject, isTimestamp, type JsonObject } from '../../standards/xapi/index.ts';

/** The usage type that makes an attachment the signature of its statement (Data 2.6). */
export const SIGNATURE = 'http://adlnet.gov/expapi/attachments/signature';

const ALGORITHMS: { readonly [alg: string]: string } = { RS256: 'RSA-SHA256', RS384: 'RSA-SHA384', RS512: 'RSA-SHA512' };

function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether the certificate in the header, the first of `x5c`, made the signature. */
function isSignedBy(x5c: unknown, algorithm: string, signed: string, signature: string): boolean {
  const [first] = Array.isArray(x5c) ? (x5c as unknown[]) : [];
  if (typeof first !== 'string') return false;
  try {
    const { publicKey } = new X509Certificate(Buffer.from(first, 'base64'));
    return createVerify(algorithm).update(signed).verify(publicKey, signature, 'base64url');
  } catch {
    return false;
  }
}

/** Whether two timestamps, where both are given, name one instant. */
const sameInstant = (a: unknown, b: unknown): boolean =>
  typeof a !== 'string' || typeof b !== 'string' || (isTimestamp(a) && instantOf(a).getTime() === instantOf(b).getTime());

/**
 * Why the signature of a statement does not hold, or null when it does.
 *
 * The JWS must be compact, by RS256, RS384 or RS512, and its payload must say what the statement says. Whose the
 * certificate is, is not judged: only that it made the signature, where one is given.
 * @see xAPI Data 2.6
 */
export function signatureFault(statement: JsonObject, statementText: string, attachment: JsonObject, bytes: Uint8Array): string | null {
  if (attachment['contentType'] !== 'application/octet-stream') return 'the contentType of a signature is application/octet-stream';
  const jws = Buffer.from(bytes).toString('latin1');
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(jws);
  if (!parts?.[1] || !parts[2] || !parts[3]) return 'a signature is a JWS in compact serialisation';
  const header = parseObject(Buffer.from(parts[1], 'base64url').toString('utf8'));
  const name = String(header?.['alg']);
  const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
  if (!header || !algorithm) return `the JWS algorithm must be one of ${Object.keys(ALGORITHMS).join(', ')}`;
  const text = Buffer.from(parts[2], 'base64url').toString('utf8');
  const payload = parseObject(text);
  if (!payload) return 'the payload of the JWS must be the statement as a JSON object';
  if (header['x5c'] !== undefined && !isSignedBy(header['x5c'], algorithm, `${parts[1]}.${parts[2]}`, parts[3]))
    return 'the certificate in x5c did not make this signature';
  const [signedId, id] = [payload['id'], statement['id']];
  if (typeof signedId === 'string' && typeof id === 'string' && signedId.toLowerCase() !== id.toLowerCase())
    return 'the payload of the JWS has the id of another statement';
  if (!sameInstant(payload['timestamp'], statement['timestamp']) || canonicalForm(payload, text, true) !== canonicalForm(statement, statementText, true))
    return 'the payload of the JWS differs from the statement';
  return null;
}
