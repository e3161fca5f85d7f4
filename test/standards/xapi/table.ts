import { expect, test } from '@jest/globals';
import { type Violation, validateStatement, type XapiVersion } from '../../../src/standards/xapi/index.ts';

/** Where a rule is broken, and which: the path is a JSON pointer, the rule is written without its leading `xAPI`. */
export type Breach = readonly [path: string, rule: string];

/** One guarantee: in words, the part of a statement it is about, and the breaches the part must give (none: accepted). */
export type Row = readonly [guarantee: string, part: unknown, ...breaches: readonly Breach[]];

type Place = (part: never) => unknown;

const ACTOR = { mbox: 'mailto:ani@example.org' };
const VERB = { id: 'http://adlnet.gov/expapi/verbs/completed' };
export const ACTIVITY = { id: 'https://content.example/unit/1' };

/** The smallest valid statement, with properties put in, or taken out by `undefined`. */
export const statementWith = (properties: object): object => ({ actor: ACTOR, verb: VERB, object: ACTIVITY, ...properties });

const spelled = ([path, rule]: Breach) => ({ path, rule: `xAPI ${rule}` });

/** A value as a request would bring it: properties that are `undefined` are absent, own `__proto__` keys stay. */
const asSent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

export const placesAndRules = (violations: readonly Violation[]) => violations.map(({ path, rule }) => ({ path, rule }));

/** One test for each row, in the given versions: the validator reports exactly the row's breaches, in this order. */
export function guarantee(requirement: string, place: Place, rows: readonly Row[], versions: readonly XapiVersion[] = ['1.0.3', '2.0.0']): void {
  test.each(rows.map(([words, part, ...breaches]) => ({ words, part, breaches, verdict: breaches.length > 0 ? 'refused' : 'accepted' })))(
    `${requirement}: $words ($verdict)`,
    ({ part, breaches }) => {
      const value = asSent(place(part as never));

      for (const version of versions) expect(placesAndRules(validateStatement(value, version))).toEqual(breaches.map(spelled));
    },
  );
}
