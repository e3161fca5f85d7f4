import fc from 'fast-check';
import type { NaiveRules, NaiveVersion } from './naive-engine.ts';
import type { NaiveItem, NaivePolicy, NaivePrecedence, NaiveReplacement } from './naive-fold.ts';

type Kind = NaivePolicy['kind'];

/** What chance says of one competency in one version: which others it names is told by numbers, taken among those it may name. */
interface Drawn {
  readonly policy: Omit<NaivePolicy, 'halfLifeDays'>;
  readonly rollup: NaiveItem['rollup'];
  readonly n: number;
  readonly rollupOnly: boolean;
  readonly parents: readonly { readonly of: number; readonly weight: number; readonly requiredMin: number | null }[];
  readonly predecessors: readonly { readonly of: number; readonly minLevel: number }[];
  /** Whether a later version leaves it out. */
  readonly dropped: boolean;
  readonly successors: readonly number[];
}

interface DrawnStatement {
  readonly account: number;
  readonly item: number;
  readonly failed: boolean;
  readonly scaled: number;
  readonly day: number;
  readonly sender: number;
}

/** Everything chance decides about a world. Competencies are numbers, and so is whatever else a step names. */
export interface Spec {
  /** Whether each of the competencies that rules name is in the second framework. */
  readonly homes: readonly boolean[];
  readonly drawn: readonly (readonly Drawn[])[];
  readonly halfLifeDays: number | null;
  readonly levelMap: Readonly<Record<string, number>>;
  readonly matches: readonly (readonly [number, number])[];
  /** Whether rules name activities, which are registered beforehand, or the beginning of their IRIs. */
  readonly namesActivities: boolean;
  readonly kinds: readonly (typeof KINDS)[number][];
  readonly rules: readonly NaiveRules[];
  readonly statements: readonly DrawnStatement[];
  readonly steps: readonly Step[];
  /** Days, or the last instant before them, as of which readers look back and ahead. */
  readonly looks: readonly { readonly day: number; readonly before: boolean }[];
}

/** Where SQL fails within a step, and whether only the answer is lost. The step is taken again then. */
export interface Crash {
  readonly at: number;
  readonly lost: boolean;
}

type Acting = { readonly crash?: Crash | null };

/** What worlds keep clear of unless it is asked for. */
export type Opening =
  /** Activities registered after statements about them: what their kinds cap came before. */
  | 'late kinds'
  /** Successors that come into being after the version that names them. */
  | 'late successors'
  /** Several successors of one competency: one piece of evidence comes by several ways. */
  | 'several successors'
  /** Readiness of competencies that stand for others. */
  | 'classes in readiness'
  /** Evidence that decays and counts for what does not. */
  | 'uneven decay';

export type Step = Acting &
  (
    | { readonly kind: 'post'; readonly indexes: readonly number[] }
    /** @param own whether who sent the statement voids it, or somebody else tries to. */
    | { readonly kind: 'void'; readonly index: number; readonly own: boolean }
    /** Tries to void the void of who sent the statement. */
    | { readonly kind: 'unvoid'; readonly index: number }
    | { readonly kind: 'link'; readonly account: number; readonly learner: number }
    | { readonly kind: 'unlink'; readonly account: number }
    | { readonly kind: 'merge'; readonly from: number; readonly into: number }
    | { readonly kind: 'split'; readonly account: number }
    | { readonly kind: 'activate'; readonly version: number; readonly fromDay: number | null }
    | { readonly kind: 'preview'; readonly version: number; readonly fromDay: number | null }
    | { readonly kind: 'drop' }
    | { readonly kind: 'rebuild' }
    | { readonly kind: 'build' }
    | { readonly kind: 'version'; readonly framework: number; readonly version: number }
    | { readonly kind: 'approve'; readonly match: number; readonly twoWay: boolean; readonly back: boolean; readonly days: number | null }
    | { readonly kind: 'revoke'; readonly which: number }
    | { readonly kind: 'register'; readonly activity: number }
    | {
        readonly kind: 'assess';
        readonly learner: number;
        readonly assessor: number;
        readonly item: number;
        readonly level: number;
        readonly positive: boolean;
        readonly day: number;
        readonly days: number | null;
      }
    | { readonly kind: 'withdraw'; readonly which: number }
    | { readonly kind: 'claim'; readonly learner: number; readonly item: number; readonly level: number; readonly day: number }
    | {
        readonly kind: 'override';
        readonly learner: number;
        readonly item: number;
        readonly level: number;
        readonly from: number;
        readonly days: number;
        readonly countsForRollup: boolean;
      }
    | { readonly kind: 'drain' }
    | { readonly kind: 'wait'; readonly days: number }
  );

const STATEMENTS = 16;
const RULES = 3;
const MOST_ITEMS = 8;
/** One competency that later versions of each of the first two frameworks may add, and two of the third framework. */
const ADDED = 4;
export const KINDS = ['TEST', 'CMI5_AU'] as const;
const VERSIONS = 3;

const nat = fc.nat;
const day = fc.integer({ min: -8, max: 3 });
const level = fc.integer({ min: 1, max: 5 });
const fromDay = fc.option(day);
const days = fc.option(fc.integer({ min: 1, max: 12 }));
const effect = { version: nat(RULES - 1), fromDay };

const calm: readonly [number, fc.Arbitrary<Step>][] = [
  [12, fc.record({ kind: fc.constant('post' as const), indexes: fc.array(nat(STATEMENTS - 1), { minLength: 1, maxLength: 5 }) })],
  [4, fc.record({ kind: fc.constant('void' as const), index: nat(STATEMENTS - 1), own: nat(2).map((one) => one > 0) })],
  [1, fc.record({ kind: fc.constant('unvoid' as const), index: nat(STATEMENTS - 1) })],
  [4, fc.record({ kind: fc.constant('link' as const), account: nat(2), learner: nat(2) })],
  [1, fc.record({ kind: fc.constant('unlink' as const), account: nat(2) })],
  [1, fc.record({ kind: fc.constant('merge' as const), from: nat(2), into: nat(2) })],
  [1, fc.record({ kind: fc.constant('split' as const), account: nat(2) })],
  [2, fc.record({ kind: fc.constant('activate' as const), ...effect })],
  [2, fc.record({ kind: fc.constant('preview' as const), ...effect })],
  [4, fc.constant({ kind: 'build' as const })],
  [1, fc.constant({ kind: 'drop' as const })],
  [1, fc.constant({ kind: 'rebuild' as const })],
  [4, fc.record({ kind: fc.constant('version' as const), framework: nat(2), version: fc.integer({ min: 1, max: VERSIONS - 1 }) })],
  [4, fc.record({ kind: fc.constant('approve' as const), match: nat(3), twoWay: fc.boolean(), back: fc.boolean(), days })],
  [1, fc.record({ kind: fc.constant('revoke' as const), which: nat(2) })],
  [2, fc.record({ kind: fc.constant('register' as const), activity: nat(2 * MOST_ITEMS - 1) })],
  [
    3,
    fc.record({
      kind: fc.constant('assess' as const),
      learner: nat(2),
      assessor: nat(2),
      item: nat(MOST_ITEMS + ADDED - 1),
      level,
      positive: fc.boolean(),
      day,
      days,
    }),
  ],
  [1, fc.record({ kind: fc.constant('withdraw' as const), which: nat(2) })],
  [1, fc.record({ kind: fc.constant('claim' as const), learner: nat(2), item: nat(MOST_ITEMS + ADDED - 1), level, day: fc.integer({ min: -8, max: 0 }) })],
  [
    2,
    fc.record({
      kind: fc.constant('override' as const),
      learner: nat(2),
      item: nat(MOST_ITEMS + ADDED - 1),
      level: nat(5),
      from: fc.integer({ min: -3, max: 3 }),
      days: fc.integer({ min: 1, max: 8 }),
      countsForRollup: fc.boolean(),
    }),
  ],
  [7, fc.constant({ kind: 'drain' as const })],
  [2, fc.record({ kind: fc.constant('wait' as const), days: level })],
];

const crash = fc.option(fc.record({ at: fc.integer({ min: 1, max: 30 }), lost: fc.boolean() }), { freq: 2 });
const step: fc.Arbitrary<Step> = fc
  .tuple(fc.oneof(...calm.map(([weight, arbitrary]) => ({ weight, arbitrary }))), crash)
  .map(([one, failing]) => ({ ...one, crash: failing }));

/** A change that is being built while things go on: what comes in then must be in both generations. */
const interlude: fc.Arbitrary<readonly Step[]> = fc
  .record({
    change: fc.record({ kind: fc.constantFrom('activate' as const, 'preview' as const), version: fc.integer({ min: 1, max: RULES - 1 }), fromDay }),
    builds: nat(2),
    between: fc.array(step, { minLength: 1, maxLength: 4 }),
    activated: fc.boolean(),
  })
  .map(({ change, builds, between, activated }) => [
    change,
    ...Array.from({ length: builds }, () => ({ kind: 'build' as const })),
    ...between,
    { kind: 'drain' },
    ...(activated ? [{ ...change, kind: 'activate' as const }] : []),
  ]);

const BEGINNING: readonly Step[] = [
  { kind: 'activate', version: 0, fromDay: null },
  { kind: 'link', account: 0, learner: 0 },
  { kind: 'link', account: 1, learner: 1 },
  { kind: 'post', indexes: [0, 1, 2, 3, 4, 5] },
  { kind: 'drain' },
  { kind: 'version', framework: 2, version: 0 },
  { kind: 'approve', match: 0, twoWay: true, back: false, days: null },
  { kind: 'approve', match: 1, twoWay: true, back: false, days: null },
];

/** A statement with its void, and somebody who thinks better of that, in any order. */
const withdrawal: fc.Arbitrary<readonly Step[]> = nat(STATEMENTS - 1).chain((index) =>
  fc.shuffledSubarray<Step>([{ kind: 'post', indexes: [index] }, { kind: 'void', index, own: true }, { kind: 'unvoid', index }, { kind: 'drain' }], {
    minLength: 3,
  }),
);

const EVERYTHING = Array.from({ length: STATEMENTS }, (_, index) => index);
const CHANGES: readonly Step[] = [0, 1].map((framework) => ({ kind: 'version', framework, version: 1 }));
const LATER: readonly Step[] = [
  { kind: 'activate', version: 1, fromDay: null },
  { kind: 'link', account: 2, learner: 0 },
  { kind: 'post', indexes: EVERYTHING.slice(0, STATEMENTS / 2) },
  { kind: 'drain' },
];
const REST: readonly Step[] = [{ kind: 'post', indexes: EVERYTHING }, { kind: 'drain' }];

/** Steps that lead to what an opening is for. */
const ENDINGS: { readonly [O in Opening]: readonly Step[] } = {
  'late kinds': [...LATER, ...EVERYTHING.map((activity): Step => ({ kind: 'register', activity })), ...REST],
  'late successors': [...LATER, ...CHANGES, { kind: 'drain' }, { kind: 'version', framework: 2, version: 0 }, ...REST],
  'several successors': [...LATER, { kind: 'version', framework: 2, version: 0 }, ...CHANGES, ...REST],
  'classes in readiness': [],
  'uneven decay': [
    ...LATER,
    { kind: 'version', framework: 2, version: 0 },
    ...[0, 1, 2, 3].flatMap((match) => [true, false].map((back): Step => ({ kind: 'approve', match, twoWay: false, back, days: null }))),
    ...CHANGES,
    ...REST,
  ],
};

const drawnOf = (kind: Kind, opening: Opening | null): fc.Arbitrary<Drawn> =>
  fc.record({
    policy: fc.record({
      kind: fc.constantFrom<Kind>(kind, kind, kind, 'BEST_VALID', 'LATEST', 'WEIGHTED'),
      minDistinctSources: fc.constantFrom(1, 1, 2),
      threshold: fc.constantFrom(300, 700, 1_000),
    }),
    rollup: fc.constantFrom<NaiveItem['rollup']>('NONE', 'ALL_OF', 'ANY_OF', 'N_OF', 'WEIGHTED'),
    n: fc.integer({ min: 1, max: 2 }),
    rollupOnly: nat(3).map((one) => one === 0),
    parents: fc.array(fc.record({ of: nat(), weight: nat(3), requiredMin: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 3 }) }), { maxLength: 2 }),
    predecessors: fc.array(fc.record({ of: nat(), minLevel: fc.integer({ min: 1, max: 3 }) }), { maxLength: 2 }),
    dropped: fc.boolean(),
    successors: fc.array(nat(), { minLength: opening === 'several successors' ? 2 : 0, maxLength: opening === 'several successors' ? 3 : 1 }),
  });

export const specs = (kind: Kind, opening: Opening | null): fc.Arbitrary<Spec> =>
  fc.integer({ min: 2, max: MOST_ITEMS }).chain((size) =>
    fc.record({
      homes: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
      drawn: fc.array(fc.array(drawnOf(kind, opening), { minLength: size + ADDED, maxLength: size + ADDED }), { minLength: VERSIONS, maxLength: VERSIONS }),
      halfLifeDays: opening === 'uneven decay' ? fc.constant(30) : fc.constantFrom(null, null, 3, 30),
      levelMap: fc.constantFrom<Spec['levelMap']>({ 1: 1, 2: 1, 3: 3, 4: 3, 5: 3 }, { 2: 2, 3: 2, 4: 5, 5: 5 }),
      // Several competencies match one: that is how parents come to stand for their children.
      matches: fc
        .tuple(
          nat(size - 1),
          fc.array(nat(size + ADDED - 1), { minLength: 2, maxLength: 4 }),
          fc.array(fc.tuple(nat(size - 1), nat(size - 1)), { maxLength: 1 }),
        )
        .map(([hub, arms, others]) => [...arms.map((arm) => [arm, hub] as const), ...others]),
      namesActivities: nat(3).map((one) => one === 0),
      kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 2 * size, maxLength: 2 * size }),
      rules: fc.array(
        fc.record({
          low: fc.integer({ min: 1, max: 2 }),
          high: fc.integer({ min: 3, max: 5 }),
          weight: fc.constantFrom(333, 600, 1_000),
          validDays: fc.option(fc.integer({ min: 1, max: 12 })),
          attempts: fc.constantFrom<NaiveRules['attempts']>('ALL', 'ALL', 'FIRST', 'LATEST', 'BEST'),
          kindCaps: fc.constantFrom<NaiveRules['kindCaps']>({}, { TEST: 2 }, { TEST: 4, CMI5_AU: 1 }),
        }),
        { minLength: RULES, maxLength: RULES },
      ),
      statements: fc.array(
        fc.record({
          account: nat(2),
          item: nat(size - 1),
          failed: nat(3).map((one) => one === 0),
          scaled: fc.constantFrom(0.4, 0.5, 0.79, 0.8, 1),
          day,
          sender: nat(1),
        }),
        { minLength: STATEMENTS, maxLength: STATEMENTS },
      ),
      // Most worlds begin with rules and somebody known: else little would ever count.
      steps: fc
        .tuple(
          fc.subarray([...BEGINNING], { minLength: 2 }),
          fc.array(step, { minLength: 6, maxLength: 16 }),
          withdrawal,
          interlude,
          fc.array(step, { maxLength: 6 }),
        )
        .map((parts) => parts.flat().filter((one) => !(opening === 'late successors' && one.kind === 'version')))
        .map((steps) => [...steps, ...(opening === null ? [] : ENDINGS[opening])]),
      looks: fc.array(fc.record({ day: fc.integer({ min: -8, max: 14 }), before: fc.boolean() }), { minLength: 1, maxLength: 3 }),
    }),
  );

/** The framework of a competency: those that rules name are in the first two from the beginning, others come with later versions. */
const homeOf = ({ homes }: Spec, item: number): number => (item < homes.length ? Number(homes[item]) : item < homes.length + 2 ? item - homes.length : 2);

/** A match across two frameworks, said by the later one. */
export function matchesOf(spec: Spec): readonly (readonly [later: number, earlier: number])[] {
  const across = spec.matches.flatMap(([a, b]): readonly (readonly [number, number])[] => {
    const [homeA, homeB] = [homeOf(spec, a), homeOf(spec, b)];
    return homeA === homeB ? [] : [homeA > homeB ? [a, b] : [b, a]];
  });
  return [...new Map(across.map((match) => [match.join(), match])).values()];
}

/** A version of a framework, its competencies by number. */
export interface PlannedVersion {
  readonly items: readonly number[];
  readonly version: NaiveVersion;
  /** What its package says of competencies of other frameworks. */
  readonly matches: readonly (readonly [number, number])[];
}

/** One of several versions of a framework that a world may publish, in any order; null when nothing is left in it. */
export function versionOf(spec: Spec, framework: number, number: number, idOf: (item: number) => string): PlannedVersion | null {
  const drawn = spec.drawn[number] ?? [];
  const size = spec.homes.length;
  const has = (item: number): boolean => homeOf(spec, item) === framework && (number === 0 ? item < size || framework === 2 : drawn[item]?.dropped === false);
  const items = drawn.flatMap((_one, item) => (has(item) ? [item] : []));
  if (items.length === 0) return null;
  /** Of the competencies before this one, that which a number stands for: what leads to earlier ones only closes no loop. */
  const earlier = (item: number, of: number): readonly number[] => items.filter((one) => one < item).filter((_one, index, all) => index === of % all.length);
  const parents = items.flatMap((item) =>
    (drawn[item]?.parents ?? []).flatMap(({ of, ...rest }) => earlier(item, of).map((parent) => ({ item, parent, ...rest }))),
  );
  const children = [...new Map(parents.map((edge) => [`${edge.item} ${edge.parent}`, edge])).values()];
  const before = items.flatMap((item) =>
    (drawn[item]?.predecessors ?? []).flatMap(({ of, minLevel }) => earlier(item, of).map((origin) => ({ item, origin, minLevel }))),
  );
  const precedences = [...new Map(before.map((edge) => [`${edge.item} ${edge.origin}`, edge])).values()].map(
    ({ item, origin, minLevel }): NaivePrecedence => ({ originId: idOf(origin), destinationId: idOf(item), minLevel }),
  );
  const replaced = drawn.flatMap((one, item) => {
    if (number === 0 || homeOf(spec, item) !== framework) return [];
    const later = drawn.flatMap((_one, other) =>
      other > item && (homeOf(spec, other) === framework || other < size || homeOf(spec, other) === 2) ? [other] : [],
    );
    const named = new Set(one.successors.flatMap((of) => later[of % later.length] ?? []));
    return [...named].map((successor) => ({ oldId: idOf(item), newId: idOf(successor) }));
  });
  const isShared =
    replaced.length !== new Set(replaced.flatMap(({ oldId }) => oldId)).size || replaced.length !== new Set(replaced.map(({ newId }) => newId)).size;
  return {
    items,
    matches: matchesOf(spec).filter(([later]) => homeOf(spec, later) === framework),
    version: {
      items: items.map((item): NaiveItem => {
        const { policy, rollup, n, rollupOnly } = drawn[item] as Drawn;
        return {
          itemId: idOf(item),
          policy: { ...policy, halfLifeDays: spec.halfLifeDays },
          rollup,
          n,
          rollupOnly,
          children: children
            .filter(({ parent }) => parent === item)
            .map(({ item: child, weight, requiredMin }) => ({ itemId: idOf(child), weight, requiredMin })),
        };
      }),
      precedences,
      replacements: replaced.map((one): NaiveReplacement => ({ ...one, levelMap: isShared || number === 1 ? spec.levelMap : null })),
    },
  };
}
