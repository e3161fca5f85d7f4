import { isDay } from '../../kernel/checks.ts';
import { digestKey } from '../../kernel/ids.ts';
import { at, isObject, type JsonObject } from '../../kernel/json.ts';
import { isAssociationType, isCaseUuid, isExtension, PATHS, type Shape, type ShapeName, shapeOf } from './shapes.ts';

const isInt32 = (value: unknown): value is number => typeof value === 'number' && (value | 0) === value;
const isUri = (value: unknown): value is string => typeof value === 'string' && /^[a-zA-Z][a-zA-Z0-9+.-]*:.+$/.test(value);
const isDate = (value: unknown): value is string => typeof value === 'string' && isDay(value);
const isDateTime = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/.test(value) && !Number.isNaN(Date.parse(value));
const isText = (value: unknown): value is string => typeof value === 'string';
const isLink = (value: unknown): boolean =>
  isObject(value) && Object.keys(value).every((key) => ['title', 'identifier', 'uri'].includes(key)) && isText(value['title']) && isUri(value['uri']);

const CHECKS: { readonly [type: string]: (value: unknown) => boolean } = {
  text: isText,
  uuid: (value) => isText(value) && isCaseUuid(value),
  uri: isUri,
  date: isDate,
  dateTime: isDateTime,
  integer: isInt32,
  number: (value) => typeof value === 'number',
  texts: (value) => Array.isArray(value) && value.every(isText),
  link: (value) => isLink(value) && isCaseUuid(String((value as JsonObject)['identifier'])),
  links: (value) => Array.isArray(value) && value.every((one) => isLink(one) && isCaseUuid(String((one as JsonObject)['identifier']))),
  nodeLink: (value) => {
    if (!isObject(value)) return false;
    const { targetType, ...link } = value;
    return isLink(link) && isText(link['identifier']) && (targetType === undefined || targetType === 'CASE' || (isText(targetType) && isExtension(targetType)));
  },
  associationType: (value) => isText(value) && isAssociationType(value),
  caseVersion: (value) => value === '1.1',
  extensions: isObject,
  extensionList: (value) => Array.isArray(value) && value.every(isObject),
};

/** Where and how an object departs from CASE 1.1. */
export interface CaseViolation {
  /** JSON pointer. */
  readonly path: string;
  readonly message: string;
}

/** Everything in which a value is not a CASE 1.1 object of a class; empty when it is one. */
export function caseViolations(value: unknown, name: ShapeName, path = ''): readonly CaseViolation[] {
  if (!isObject(value)) return [{ path, message: `${name} must be an object` }];
  const shape = shapeOf(name);
  const surplus = Object.keys(value).filter((key) => !Object.hasOwn(shape, key));
  return [
    ...surplus.map((key) => ({ path: at(path, key), message: `${name} takes no ${key}` })),
    ...Object.entries(shape).flatMap(([key, { type, required }]): readonly CaseViolation[] => {
      const where = at(path, key);
      const field = value[key];
      if (field === undefined) return required ? [{ path: where, message: `${name} needs ${key}` }] : [];
      if (typeof type === 'string') return CHECKS[type]?.(field) === true ? [] : [{ path: where, message: `${key} must hold ${type}` }];
      const [many, inner] = type;
      if (many === 'one') return caseViolations(field, inner, where);
      if (!Array.isArray(field)) return [{ path: where, message: `${key} must be a list` }];
      return field.flatMap((one, index) => caseViolations(one, inner, at(where, index)));
    }),
  ];
}

/** An identifier as CASE takes it: the UUID itself, or the name-based one of what is none. */
export const caseIdentifier = (identifier: string): string => {
  const lower = identifier.toLowerCase();
  return isCaseUuid(lower) ? lower : digestKey('case', identifier);
};

/** What stands in for what a source leaves out. */
export interface StrictOptions {
  /** Address of our REST binding, without a slash at its end. */
  readonly baseUrl: string;
  /** RFC 3339: when the version was made. */
  readonly changedAt: string;
}

/** Follows from the package itself, and the strict schema forbids it there. */
const IMPLIED = new Set(['CFDocumentURI', 'CFPackageURI']);

class Strict {
  readonly #options: StrictOptions;

  constructor(options: StrictOptions) {
    this.#options = options;
  }

  object(value: JsonObject, name: ShapeName): JsonObject {
    const shape: Shape = shapeOf(name);
    const identifier = typeof value['identifier'] === 'string' ? caseIdentifier(value['identifier']) : '';
    const result: Record<string, unknown> = {};
    // No prototype: a source may name its fields as it likes.
    const kept = Object.create(null) as Record<string, unknown>;
    for (const [key, given] of Object.entries(value)) {
      if (given === null || given === undefined || IMPLIED.has(key) || key === 'extensions') continue;
      const field = Object.hasOwn(shape, key) ? shape[key] : undefined;
      const taken = field ? this.#field(given, field.type) : undefined;
      if (taken !== undefined) result[key] = taken;
      // An empty text is how many servers say nothing.
      else if (given !== '') kept[key] = given;
    }
    for (const [key, { type, required }] of Object.entries(shape)) {
      if (required && result[key] === undefined) result[key] = this.#fill(key, type, name, identifier);
    }
    const extensions = this.#extensions(value['extensions'], kept, shape['extensions']?.type === 'extensionList');
    return { ...result, ...(extensions !== null && { extensions }) };
  }

  /** What a field holds, in its strict form; undefined when it cannot be given one. */
  #field(value: unknown, type: Shape[string]['type']): unknown {
    if (typeof type !== 'string') {
      const [many, inner] = type;
      if (many === 'one') return isObject(value) ? this.object(value, inner) : undefined;
      return Array.isArray(value) ? value.filter(isObject).map((one) => this.object(one, inner)) : undefined;
    }
    switch (type) {
      case 'uuid':
        return isText(value) && value !== '' ? caseIdentifier(value) : undefined;
      case 'texts':
        return isText(value) && value !== '' ? [value] : CHECKS['texts']?.(value) === true ? value : undefined;
      case 'link':
        return this.#link(value, true);
      case 'links': {
        const links = (Array.isArray(value) ? value : [value]).map((one) => this.#link(one, true));
        return links.every((link) => link !== undefined) ? links : undefined;
      }
      case 'nodeLink':
        return this.#link(value, false);
      case 'associationType':
        // A type that CASE does not know becomes an extension of it.
        return isText(value) ? (isAssociationType(value) ? value : `ext:${value.replaceAll(/[^a-zA-Z0-9.\-_]/g, '_')}`) : undefined;
      case 'date':
        return isDateTime(value) ? value.slice(0, 10) : isDate(value) ? value : undefined;
      case 'text':
      case 'uri':
      case 'dateTime':
      case 'integer':
      case 'number':
      case 'caseVersion':
      case 'extensions':
      case 'extensionList':
        return CHECKS[type]?.(value) === true ? value : undefined;
    }
  }

  /** CASE 1.0 and many servers write a bare address where 1.1 wants title, identifier and address. */
  #link(value: unknown, isOurs: boolean): JsonObject | undefined {
    if (isText(value) && value !== '')
      return { title: value, identifier: caseIdentifier(value.split('/').at(-1) ?? value), uri: isUri(value) ? value : this.#address('CFItem', value) };
    if (!isObject(value) || !isText(value['identifier']) || value['identifier'] === '') return undefined;
    const identifier = isOurs || isCaseUuid(value['identifier'].toLowerCase()) ? caseIdentifier(value['identifier']) : value['identifier'];
    const { title, uri, targetType } = value;
    const isTarget = targetType === 'CASE' || (isText(targetType) && isExtension(targetType));
    return {
      title: isText(title) && title !== '' ? title : identifier,
      identifier,
      uri: isUri(uri) ? uri : this.#address('CFItem', identifier),
      ...(!isOurs && isTarget && { targetType }),
    };
  }

  #address(name: ShapeName, identifier: string): string {
    return `${this.#options.baseUrl}/${PATHS[name]}/${encodeURIComponent(identifier.toWellFormed())}`;
  }

  #fill(key: string, type: Shape[string]['type'], name: ShapeName, identifier: string): unknown {
    if (key === 'uri') return this.#address(name, identifier);
    if (key === 'identifier') return digestKey('case', name);
    if (type === 'dateTime') return this.#options.changedAt;
    return '';
  }

  /** The source's own extensions, with what has no place in a strict object: nothing of it is lost. */
  #extensions(own: unknown, kept: Readonly<Record<string, unknown>>, isList: boolean): unknown {
    const has = Object.keys(kept).length > 0;
    if (isList) {
      const list = Array.isArray(own) ? own.filter(isObject) : isObject(own) ? [own] : [];
      return list.length > 0 || has ? [...list, ...(has ? [kept] : [])] : null;
    }
    if (!isObject(own)) return has ? kept : null;
    // Where both say something under one name, neither goes.
    const clashing = Object.keys(kept).filter((key) => Object.hasOwn(own, key));
    const renamed = Object.fromEntries(Object.entries(kept).map(([key, value]) => [clashing.includes(key) ? `${key} (outside)` : key, value]));
    return { ...renamed, ...own };
  }
}

/**
 * A CASE object in the form that the schema of CASE 1.1 takes: bare addresses become links, explicit nulls go, what a
 * class does not know moves into its `extensions`, what is required and missing is filled in. Pure.
 */
export const toStrictCase = (value: JsonObject, name: ShapeName, options: StrictOptions): JsonObject => new Strict(options).object(value, name);
