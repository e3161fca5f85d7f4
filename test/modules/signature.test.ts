import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { digestKey } from '../../src/kernel/ids.ts';
import { type Signature, signatureOf } from '../../src/modules/lrs/links.ts';

const holds = (one: Signature, other: Signature): boolean =>
  (['low', 'high'] as const).every((half) => (BigInt(one[half]) & BigInt(other[half])) === BigInt(other[half]));

test('a signature holds every one of its keys, so that no list misses a statement', () => {
  fc.assert(
    fc.property(fc.array(fc.uuid(), { minLength: 1, maxLength: 40 }), fc.infiniteStream(fc.boolean()), (keys, isAsked) => {
      const asked = keys.filter(() => isAsked.next().value);
      expect(holds(signatureOf(keys), signatureOf(asked))).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('of statements of a dozen keys one in a hundred at most passes for a key it lacks', () => {
  const key = (name: string): string => digestKey('test', name);
  const statements = Array.from({ length: 5_000 }, (_, number) => signatureOf(Array.from({ length: 12 }, (_none, place) => key(`${number}/${place}`))));
  const strange = signatureOf([key('strange')]);

  expect(statements.filter((statement) => holds(statement, strange)).length).toBeLessThanOrEqual(50);
});
