import type { XapiVersion } from './report.ts';

/** What About lists, newest last (Communication 2.8). */
export const SUPPORTED_VERSIONS = ['1.0.3', '2.0.0'] as const satisfies readonly XapiVersion[];

/**
 * The rules that apply to a request with this `X-Experience-API-Version` header, or null when the version is not ours.
 *
 * Any 1.0.x is 1.0.3 (tincanjs sends 1.0.2); `1.0` counts as 1.0.0 (Communication 3.3).
 */
export function negotiateVersion(header: string): XapiVersion | null {
  if (/^1\.0(?:\.\d+)?$/.test(header)) return '1.0.3';
  if (/^2\.0(?:\.\d+)?$/.test(header)) return '2.0.0';
  return null;
}
