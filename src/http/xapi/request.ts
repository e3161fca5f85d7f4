import { AppError, invalid } from '../../kernel/errors.ts';
import type { Access, XapiPrincipal } from '../../modules/access/index.ts';
import type { SessionDoor } from '../../modules/launch/index.ts';
import { negotiateVersion, SUPPORTED_VERSIONS, type XapiVersion } from '../../standards/xapi/index.ts';

export const VERSION_HEADER = 'X-Experience-API-Version';

/** The version a request is made in. @throws AppError INVALID_INPUT (Communication 3.3). */
export function requestVersion(given: string | undefined): XapiVersion {
  const version = given === undefined ? null : negotiateVersion(given);
  if (version) return version;
  const message =
    given === undefined
      ? `the header ${VERSION_HEADER} is missing; send one of ${SUPPORTED_VERSIONS.join(', ')}`
      : `the version ${JSON.stringify(given)} is not supported; send one of ${SUPPORTED_VERSIONS.join(', ')}`;
  throw invalid(`/headers/${VERSION_HEADER}`, 'xAPI Communication 3.3 version', message);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
const MAX_HEADER = 1_024;

/** Key and secret of a Basic header (RFC 7617), split at the first colon; null when it is anything else. */
function basicCredentials(header: string | undefined): { key: string; secret: string } | null {
  const match = header !== undefined && header.length <= MAX_HEADER ? /^basic +(\S+)$/i.exec(header) : null;
  if (!match?.[1] || !BASE64.test(match[1])) return null;
  const decoded = Buffer.from(match[1], 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon === -1 || /\p{Cc}/u.test(decoded) ? null : { key: decoded.slice(0, colon), secret: decoded.slice(colon + 1) };
}

/** @throws AppError UNAUTHENTICATED: missing, malformed and wrong credentials are told apart only in words. */
export async function authenticate(authorization: string | undefined, access: Access, door: SessionDoor): Promise<XapiPrincipal> {
  const credentials = basicCredentials(authorization);
  const principal =
    credentials && ((await door.check(credentials.key, credentials.secret)) ?? (await access.checkXapiCredential(credentials.key, credentials.secret)));
  if (principal) return principal;
  const message = authorization === undefined ? 'credentials are missing: send Authorization: Basic base64(key:secret)' : 'the credentials are not valid';
  throw new AppError('UNAUTHENTICATED', message, [{ path: '/headers/Authorization', rule: 'xAPI Communication 4.0 authentication', message }]);
}

export function forbidden(what: string, scope: string): AppError {
  const message = `these credentials may not ${what}; the scope ${scope} is needed`;
  return new AppError('FORBIDDEN', message, [{ path: '/headers/Authorization', rule: 'xAPI Communication 4.2 scope', message }]);
}
