import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SUPPORTED_VERSIONS, validateAgent, validateStatement, validateStatements } from '../../../src/standards/xapi/index.ts';
import { statements } from '../../support/arbitraries/statement.ts';
import { changedAt, isAtOrBesideSomething, type Place, placesIn } from './places.ts';

const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 });

/** A name of the standard, or one that is none: keys that make random values look like parts of statements. */
const name = fc.constantFrom('id', 'objectType', 'member', 'mbox', 'account', 'definition', 'extensions', '__proto__', 'toString', 'a/b~c', '');
const rename = (value: unknown, place: Place, to: string): unknown =>
  changedAt(value, place.slice(0, -1), (parent) =>
    Array.isArray(parent)
      ? parent
      : Object.fromEntries(Object.entries(parent as object).map(([key, inner]): [string, unknown] => [key === place.at(-1) ? to : key, inner])),
  );

/** A valid statement with one place replaced, removed or renamed. */
const damaged = fc
  .tuple(statements('2.0.0'), fc.nat(), fc.oneof(json, fc.constant(undefined)), name, fc.boolean())
  .map(([statement, at, part, to, renames]) => {
    const places = placesIn(statement).slice(1);
    const place = places[at % places.length] ?? [];
    return renames ? rename(statement, place, to) : changedAt(statement, place, () => part);
  });

test('a valid statement of 1.0.3 passes in both versions, alone and in a batch', () => {
  fc.assert(
    fc.property(statements(), (statement) => {
      for (const version of SUPPORTED_VERSIONS) {
        expect(validateStatement(statement, version)).toEqual([]);
        expect(validateStatements([statement], version)).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

test('a valid statement of 2.0.0 passes in 2.0.0; in 1.0.3 it breaks no rule but that of unknown properties', () => {
  fc.assert(
    fc.property(statements('2.0.0'), (statement) => {
      expect(validateStatement(statement, '2.0.0')).toEqual([]);
      for (const { path, rule } of validateStatement(statement, '1.0.3')) {
        expect(path).toMatch(/^(?:\/object)?\/context\/context(?:Agents|Groups)$/);
        expect(rule).toBe('xAPI Data 2.2 no-unknown-property');
      }
    }),
    { numRuns: 300 },
  );
});

test('the validator never throws, whatever JSON comes in', () => {
  fc.assert(
    fc.property(json, (value) => {
      for (const version of SUPPORTED_VERSIONS) {
        validateStatement(value, version);
        validateStatements(value, version);
        validateAgent(value, version);
      }
    }),
    { numRuns: 600 },
  );
});

test('no JSON value that is put in the place of a property makes the validator throw', () => {
  const properties = ['actor', 'verb', 'object', 'result', 'context', 'attachments', 'authority', 'version', 'timestamp', 'stored', 'id'] as const;
  fc.assert(
    fc.property(statements(), fc.constantFrom(...properties), json, (statement, property, value) => {
      for (const version of SUPPORTED_VERSIONS) validateStatement({ ...statement, [property]: value }, version);
    }),
    { numRuns: 300 },
  );
});

test('a violation names a place that is there, or one that is missing from something that is there', () => {
  fc.assert(
    fc.property(fc.oneof(damaged, json), (value) => {
      for (const version of SUPPORTED_VERSIONS) {
        for (const { path } of validateStatement(value, version)) expect([path, isAtOrBesideSomething(value, path)]).toEqual([path, true]);
        for (const { path } of validateStatements([value], version)) expect([path, isAtOrBesideSomething([value], path)]).toEqual([path, true]);
      }
    }),
    { numRuns: 600 },
  );
});

test('the same value gives the same violations, and is not changed by being checked', () => {
  fc.assert(
    fc.property(damaged, (value) => {
      const before = JSON.stringify(value);
      const violations = validateStatement(value);

      expect(validateStatement(value)).toEqual(violations);
      expect(JSON.stringify(value)).toBe(before);
    }),
  );
});

test('null outside of extensions is refused at its place, or at a place above it', () => {
  fc.assert(
    fc.property(statements('2.0.0'), fc.nat(), (statement, at) => {
      const places = placesIn(statement).filter((place) => place.length > 0 && !place.includes('extensions'));
      const place = places[at % places.length] ?? [];
      const violations = validateStatement(
        changedAt(statement, place, () => null),
        '2.0.0',
      );

      expect(violations).not.toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('an unknown property in any object outside of extensions and language maps is refused by name', () => {
  const OPEN = ['extensions', 'display', 'name', 'description'];
  fc.assert(
    fc.property(statements('2.0.0'), fc.nat(), (statement, at) => {
      const places = placesIn(statement).filter((place) => !place.some((key) => OPEN.includes(String(key))));
      const place = places[at % places.length] ?? [];
      const mark = { unheardOf: 1 };
      const marked = changedAt(statement, place, (inner) => (typeof inner === 'object' && !Array.isArray(inner) ? { ...inner, ...mark } : inner));
      const pointer = `/${[...place, 'unheardOf'].join('/')}`;

      const expected = JSON.stringify(marked) === JSON.stringify(statement) ? [] : [{ path: pointer, rule: 'xAPI Data 2.2 no-unknown-property' }];
      expect(validateStatement(marked, '2.0.0').map(({ path, rule }) => ({ path, rule }))).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
