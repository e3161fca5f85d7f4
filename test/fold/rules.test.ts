import { expect, test } from '@jest/globals';
import { evaluate, PLAIN_RULE, type Rule, RuleBook } from '../../src/modules/progress/rules.ts';

type Json = Record<string, unknown>;

const ACTIVITY = 'https://content.example/course/lesson';
const PASSED = 'http://adlnet.gov/expapi/verbs/passed';
const AUTHORITY = '00000000-0000-4000-8000-00000000000a';

const rule = (extra: Partial<Rule> = {}): Rule => ({
  ...PLAIN_RULE,
  kindCaps: {},
  authorityCaps: {},
  id: 'r',
  versionId: 'v',
  activityKey: 'k',
  activityIri: ACTIVITY,
  verbs: [PASSED],
  itemId: 'x',
  level: 3,
  ...extra,
});
const statement = (extra: Json = {}): Json => ({ actor: { mbox: 'mailto:a@b.example' }, verb: { id: PASSED }, object: { id: ACTIVITY }, ...extra });
const context = (kind: string, id: string): Json => statement({ context: { contextActivities: { [kind]: [{ id: 'https://other.example' }, { id }] } } });
const scaled = (score: number): Json => statement({ result: { score: { scaled: score } } });

/** The level, or why there is none; `nothing` when no rule is about the statement. */
function outcome(one: Rule, about: unknown): number | string {
  const { matches, misses } = evaluate(new RuleBook([one]), about, AUTHORITY);
  return matches[0]?.level ?? misses[0]?.reason ?? 'nothing';
}

const of = (match: Rule['match'], activityIri: string): Rule => rule({ match, activityIri });
test.each<[string, Rule, unknown, number | string]>([
  ['its activity', rule(), statement(), 3],
  ['another activity', rule(), statement({ object: { id: `${ACTIVITY}/2` } }), 'nothing'],
  ['an agent', rule(), statement({ object: { objectType: 'Agent', mbox: 'mailto:c@d.example' } }), 'nothing'],
  ['the beginning of an IRI', of('PREFIX', 'https://content.example/course/'), statement(), 3],
  ['another beginning', of('PREFIX', 'https://content.example/other/'), statement(), 'nothing'],
  ['a type', of('TYPE', 'https://types.example/test'), statement({ object: { id: ACTIVITY, definition: { type: 'https://types.example/test' } } }), 3],
  ['a type that is not told', of('TYPE', 'https://types.example/test'), statement(), 'nothing'],
  ['a parent', of('PARENT', 'https://content.example/course'), context('parent', 'https://content.example/course'), 3],
  ['a grouping that is asked for as parent', of('PARENT', 'https://content.example/course'), context('grouping', 'https://content.example/course'), 'nothing'],
  ['a grouping', of('GROUPING', 'https://content.example/course'), context('grouping', 'https://content.example/course'), 3],
  [
    'a single parent of xAPI 1.0.0',
    of('PARENT', 'https://c.example'),
    statement({ context: { contextActivities: { parent: { id: 'https://c.example' } } } }),
    3,
  ],
  ['another verb', rule(), statement({ verb: { id: 'https://verbs.example/other' } }), 'VERB_NOT_NAMED'],
  ['a score within', rule({ scaledMin: 0.6, scaledMax: 0.8 }), scaled(0.8), 3],
  ['a score below', rule({ scaledMin: 0.6 }), scaled(0.59), 'SCORE_TOO_LOW'],
  ['a score above', rule({ scaledMax: 0.8 }), scaled(0.81), 'SCORE_TOO_HIGH'],
  ['no score', rule({ scaledMax: 0.8 }), statement(), 'SCORE_TOO_HIGH'],
  ['long enough', rule({ durationMinSeconds: 5_400 }), statement({ result: { duration: 'PT1H30M' } }), 3],
  ['too short', rule({ durationMinSeconds: 5_400 }), statement({ result: { duration: 'PT1H29M59.99S' } }), 'DURATION_TOO_SHORT'],
  ['weeks', rule({ durationMinSeconds: 604_800 }), statement({ result: { duration: 'P1W' } }), 3],
  ['no duration', rule({ durationMinSeconds: 1 }), statement(), 'DURATION_TOO_SHORT'],
  ['its category', rule({ category: 'https://categories.example/moveon' }), context('category', 'https://categories.example/moveon'), 3],
  ['no category', rule({ category: 'https://categories.example/moveon' }), statement(), 'CATEGORY_MISSING'],
  ['a trusted authority', rule({ trustedAuthorities: [AUTHORITY] }), statement(), 3],
  ['an authority not trusted', rule({ trustedAuthorities: ['other'] }), statement(), 'AUTHORITY_NOT_TRUSTED'],
  ['a text', rule(), 'x', 'nothing'],
])('a rule and a statement about %s', (_what, one, about, expected) => {
  expect(outcome(one, about)).toBe(expected);
});

test.each([
  [0.49, 'SCORE_TOO_LOW'],
  [0.5, 2],
  [0.79, 2],
  [0.8, 4],
  [1, 4],
])('bands give the level of the highest one that the score %d reaches', (score, expected) => {
  const bands = [
    { scaledMin: 0.5, level: 2 },
    { scaledMin: 0.8, level: 4 },
  ];
  expect(outcome(rule({ bands }), scaled(score))).toBe(expected);
});

test('a level is at most what the kind of activity and the authority are allowed; who and what is not named has no cap', () => {
  const capped = rule({ level: 5, kindCaps: { TEST: 3 }, authorityCaps: { [AUTHORITY]: 4 } });
  const levelAs = (kind: string | null, authority: string) =>
    evaluate(new RuleBook([capped], new Map(kind === null ? [] : [[capped.activityIri, kind]])), statement(), authority).matches[0]?.level;
  expect([levelAs('TEST', AUTHORITY), levelAs('XAPI', AUTHORITY), levelAs(null, AUTHORITY), levelAs(null, 'other'), levelAs('TEST', 'other')]).toEqual([
    3, 4, 4, 5, 3,
  ]);
});
