import type { Violation } from '../../kernel/errors.ts';
import { at, isObject, type JsonObject } from '../../kernel/json.ts';

/** The two families of the standard this validator knows: 1.0.3 stands for all of 1.0.x, 2.0.0 for IEEE 9274.1.1. */
export type XapiVersion = '1.0.3' | '2.0.0';

/** Reporting stops here: a sender with more mistakes than this needs to look at its serialiser, not at a longer list. */
const MAX_VIOLATIONS = 100;

/** Collects violations of one statement or batch; the rules never throw. */
export class Report {
  readonly version: XapiVersion;
  readonly violations: Violation[] = [];

  constructor(version: XapiVersion) {
    this.version = version;
  }

  /** @param section part and section of the xAPI 1.0.3 text, e.g. `Data 2.4.2.3`; 2.0 keeps the same rules. */
  add(path: string, section: string, name: string, message: string): void {
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push({ path, rule: `xAPI ${section} ${name}`, message });
  }
}

export type Rule = (report: Report, value: unknown, path: string) => void;

/** What a value is, in words fit for "expected …, found …". */
export function found(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value.length > 60 ? `${JSON.stringify(value.slice(0, 60))}…` : JSON.stringify(value);
  return `${value as number | boolean}`;
}

export interface Shape {
  readonly section: string;
  readonly what: string;
  readonly required?: readonly string[];
  readonly rules: { readonly [property: string]: Rule };
}

/**
 * Checks that a value is an object with the required properties, no unknown ones and no nulls, and applies each
 * property's rule. Names are compared exactly: `Actor` is unknown (Data 2.2).
 */
export function checkShape(report: Report, value: unknown, path: string, shape: Shape): value is JsonObject {
  if (!isObject(value)) {
    report.add(path, shape.section, 'type', `${shape.what} must be an object; found ${found(value)}`);
    return false;
  }
  for (const name of shape.required ?? []) {
    if (!Object.hasOwn(value, name)) report.add(at(path, name), shape.section, 'required', `${shape.what} needs the property "${name}"`);
  }
  for (const key of Object.keys(value)) {
    const rule = Object.hasOwn(shape.rules, key) ? shape.rules[key] : undefined;
    if (!rule) {
      report.add(at(path, key), 'Data 2.2', 'no-unknown-property', `${shape.what} has no property ${JSON.stringify(key)} in xAPI ${report.version}`);
    } else if (value[key] === null) {
      report.add(at(path, key), 'Data 2.2', 'no-null', `"${key}" may not be null; leave it out instead`);
    } else {
      rule(report, value[key], at(path, key));
    }
  }
  return true;
}

/** A rule that holds for each element of an array. */
export function arrayOf(section: string, what: string, rule: Rule, minimum = 0): Rule {
  return (report, value, path) => {
    if (!Array.isArray(value)) {
      report.add(path, section, 'type', `${what} must be an array; found ${found(value)}`);
      return;
    }
    if (value.length < minimum) report.add(path, section, 'not-empty', `${what} must not be empty`);
    value.forEach((element, index) => {
      rule(report, element, at(path, index));
    });
  };
}
