import { isStorableText } from '../../kernel/checks.ts';
import { isUuid } from '../../kernel/ids.ts';
import { at, isObject } from '../../kernel/json.ts';
import { arrayOf, found, type Rule } from './report.ts';

const IRI = /^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>"{}|\\^`]+$/u;
const MAILTO = /^mailto:[^\s@?]+@[^\s@?]+$/u;
const SHA1 = /^[0-9a-f]{40}$/i;
const DURATION =
  /^P(?:\d+(?:[.,]\d+)?W|(?=\d|T\d)(?:\d+(?:[.,]\d+)?Y)?(?:\d+(?:[.,]\d+)?M)?(?:\d+(?:[.,]\d+)?D)?(?:T(?=\d)(?:\d+(?:[.,]\d+)?H)?(?:\d+(?:[.,]\d+)?M)?(?:\d+(?:[.,]\d+)?S)?)?)$/;
const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|([+-])(\d{2}):?(\d{2})?)$/;
/** Only the smallest part given may have a fraction (ISO 8601:2004, 4.4.3.2). */
export const isDuration = (text: string): boolean => DURATION.test(text) && !/[.,]\d+[A-Z].*\d/.test(text);

const LANGUAGE_TAG =
  /^(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?|x(?:-[a-z0-9]{1,8})+|i-[a-z]{3,8}|en-GB-oed|sgn-(?:BE-FR|BE-NL|CH-DE))$/i;
const CONTROL = /\p{Cc}/u;

/** Whether text can serve as a key or a column: well-formed Unicode without control characters. */
const isKeyText = (text: string): boolean => text.isWellFormed() && !CONTROL.test(text);

/** An absolute IRI: a scheme, no spaces, no controls (Data 4.3). */
export const isIri = (text: string): boolean => IRI.test(text) && isKeyText(text);

// 2000 + year has the same leap years, and none of the two-digit years that Date.UTC takes for the last century.
const daysIn = (year: number, month: number): number => new Date(Date.UTC(2000 + year, month, 0)).getUTCDate();

/**
 * Whether the text is an RFC 3339 date-time that names one instant: real calendar day, offset present, and not the
 * offset `-00`, which RFC 3339 keeps for "unknown" (Data 4.5).
 */
export function isTimestamp(text: string): boolean {
  const parts = TIMESTAMP.exec(text);
  if (!parts) return false;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const offsetHour = Number(parts[8] ?? 0);
  const offsetMinute = Number(parts[9] ?? 0);
  if (parts[7] === '-' && offsetHour === 0 && offsetMinute === 0) return false;
  const dayExists = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
  return dayExists && hour <= 23 && minute <= 59 && second <= 59 && offsetHour <= 23 && offsetMinute <= 59;
}

/** The instant a valid timestamp names. ECMAScript reads only `±hh:mm`, so shorter offsets are written out first. */
export function instantOf(timestamp: string): Date {
  return new Date(
    timestamp
      .replace(' ', 'T')
      .replace(/([+-]\d{2})(?::?(\d{2}))?$/, (_, hours: string, minutes?: string) => `${hours}:${minutes ?? '00'}`)
      .replace(/[tz]/g, (c) => c.toUpperCase()),
  );
}

/** A rule for a string of one format. */
const format =
  (section: string, name: string, expected: string, test: (text: string) => boolean): Rule =>
  (report, value, path) => {
    if (typeof value !== 'string' || !test(value)) report.add(path, section, name, `expected ${expected}; found ${found(value)}`);
  };

export const string: Rule = (report, value, path) => {
  if (typeof value !== 'string') report.add(path, 'Data 2.2', 'type', `expected a string; found ${found(value)}`);
};
export const boolean: Rule = (report, value, path) => {
  if (typeof value !== 'boolean') report.add(path, 'Data 2.2', 'type', `expected true or false; found ${found(value)}`);
};
export const number: Rule = (report, value, path) => {
  if (typeof value !== 'number') report.add(path, 'Data 2.2', 'type', `expected a number; found ${found(value)}`);
};
export const keyString = format('Data 2.4.2.4', 'key-text', 'a string without NUL or lone surrogates', isStorableText);
export const iri = format('Data 4.3', 'iri', 'an absolute IRI with a scheme', isIri);
export const uuid = format('Data 4.4', 'uuid', 'a UUID in its 36-character form', isUuid);
export const timestamp = format('Data 4.5', 'rfc3339', 'an RFC 3339 timestamp with an offset other than -00', isTimestamp);
export const duration = format('Data 4.6', 'iso8601-duration', 'an ISO 8601 duration such as PT1H30M', isDuration);
/** Whether a text is a language tag as a language map takes one. */
export const isLanguageTag = (text: string): boolean => LANGUAGE_TAG.test(text);

export const languageTag = format('Data 2.4.6', 'rfc5646', 'an RFC 5646 language tag such as id or en-GB', (text) => LANGUAGE_TAG.test(text));
export const mbox = format('Data 2.4.2.3', 'mailto', 'a mailto: IRI such as mailto:user@example.org', (text) => MAILTO.test(text) && isKeyText(text));
export const sha1 = format('Data 2.4.2.3', 'sha1', '40 hexadecimal digits', (text) => SHA1.test(text));
export const sha2 = format('Data 2.4.11', 'sha2', 'a SHA-2 hash in hexadecimal', (text) =>
  /^(?:[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i.test(text),
);
export const mediaType = format('Data 2.4.11', 'media-type', 'an Internet media type such as text/plain', (text) =>
  /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;.*)?$/.test(text),
);
/** Statements of 1.0.x are statements of 2.0 too, not the other way round. */
export const version: Rule = (report, value, path) => {
  const [expected, pattern] = report.version === '2.0.0' ? ['1.0.x or 2.0.x', /^[12]\.0(?:\.\d+)?$/] : ['1.0.x', /^1\.0(?:\.\d+)?$/];
  if (typeof value !== 'string' || !pattern.test(value))
    report.add(path, 'Data 2.4.10', 'version', `expected a version of the form ${expected}; found ${found(value)}`);
};

/** A language map: RFC 5646 tags to strings (Data 4.2). */
export const languageMap: Rule = (report, value, path) => {
  if (!isObject(value)) {
    report.add(path, 'Data 4.2', 'language-map', `expected an object from language tags to strings; found ${found(value)}`);
    return;
  }
  for (const [tag, text] of Object.entries(value)) {
    if (!LANGUAGE_TAG.test(tag)) report.add(at(path, tag), 'Data 4.2', 'language-map', `the key ${JSON.stringify(tag)} is not an RFC 5646 language tag`);
    if (typeof text !== 'string') report.add(at(path, tag), 'Data 4.2', 'language-map', `expected a string; found ${found(text)}`);
  }
};

/** Extensions: IRIs to anything at all, null and empty values included (Data 4.1). */
export const extensions: Rule = (report, value, path) => {
  if (!isObject(value)) {
    report.add(path, 'Data 4.1', 'extensions', `expected an object from IRIs to values; found ${found(value)}`);
    return;
  }
  for (const key of Object.keys(value)) {
    if (!isIri(key)) report.add(at(path, key), 'Data 4.1', 'extension-iri', `the extension key ${JSON.stringify(key)} is not an absolute IRI`);
  }
};

export const iris = arrayOf('Data 4.3', 'the list', iri, 1);
