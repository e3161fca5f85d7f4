import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits need no slow password hash: guessing them is hopeless, and checking stays at microseconds. */
const SECRET_BYTES = 32;

export const newCredentialKey = (): string => `lrs_${randomBytes(12).toString('hex')}`;
export const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');
export const newToken = (): string => `mpt_${newSecret()}`;

export const digestSecret = (secret: string): Buffer => hash('sha256', secret, 'buffer');

/** Compares in constant time, and also when there is nothing to compare with, so that unknown keys answer like wrong secrets. */
export function secretMatches(given: string, expected: Buffer | null): boolean {
  const equal = timingSafeEqual(digestSecret(given), expected ?? digestSecret(''));
  return expected !== null && equal;
}
