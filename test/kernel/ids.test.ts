import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { digestKey, repeatedKey } from '../../src/kernel/ids.ts';

const UUID_5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('a repeated key is the digest of the same kind and parts, the first time and every other', () => {
  const part = fc.string({ unit: 'binary', maxLength: 20 });
  fc.assert(
    fc.property(part, fc.array(part, { maxLength: 4 }), (kind, parts) => {
      const key = digestKey(kind, ...parts);
      expect(key).toMatch(UUID_5);
      expect([repeatedKey(kind, ...parts), repeatedKey(kind, ...parts)]).toEqual([key, key]);
    }),
    { numRuns: 500 },
  );
});

test('a key stays the same once so many were made that they are forgotten', () => {
  const long = 'x'.repeat(500_000);
  const before = repeatedKey('activity', 'https://keys.example/one');
  for (let index = 0; index < 40; index += 1) expect(repeatedKey('activity', `${long}${index}`)).toBe(digestKey('activity', `${long}${index}`));
  expect(repeatedKey('activity', 'https://keys.example/one')).toBe(before);
});

test('no choice of parts makes the key of another by moving a separator', () => {
  expect(digestKey('agent', 'a', 'bc')).not.toBe(digestKey('agent', 'ab', 'c'));
  expect(digestKey('agent', 'a\n1:b')).not.toBe(digestKey('agent', 'a', 'b'));
});
