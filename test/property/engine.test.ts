import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { digestKey } from '../../src/kernel/ids.ts';
import type { LevelPolicy } from '../../src/modules/competency/index.ts';
import { type AttemptPolicy, PLAIN_RULE } from '../../src/modules/progress/index.ts';
import { startTestApp, type TestApp, type XapiSecret } from '../support/app.ts';
import { type NaiveEquivalence, type NaiveEvidence, type NaiveItem, type NaiveOverride, naiveProgress } from '../support/naive-fold.ts';
import { casePackage, itemIdOf, PASSED, voiding } from '../support/world.ts';

const FAILED = 'http://adlnet.gov/expapi/verbs/failed';
const HOME_PAGE = 'https://engine.example';
const START = new Date('2026-06-01T00:00:00Z');
const DAY_MS = 86_400_000;
/** How many worlds per policy; more of them with ENGINE_RUNS. */
const RUNS = Number(process.env['ENGINE_RUNS'] ?? 12);

let app: TestApp;
let now = START;
let senders: readonly XapiSecret[];
let learners: readonly string[];

beforeAll(async () => {
  app = await startTestApp({ clock: { now: () => now }, settings: { XAPI_RATE_LIMIT_PER_MINUTE: '1000000', PROGRESS_BUILD_PAGE: '1' } });
  senders = [await app.createCredential(['statements/write']), await app.createCredential(['statements/write'])];
  learners = await Promise.all(['one', 'two'].map(async (name) => (await app.modules.people.createLearner({ name, staffCategory: 'PNS', identities: [] })).id));
});
afterAll(() => app.close());

const ITEMS = ['P', 'A', 'B', 'M'] as const;
const ACCOUNTS = ['x', 'y', 'z'] as const;

interface Spec {
  readonly rollup: NaiveItem['rollup'];
  readonly n: number;
  readonly rollupOnly: boolean;
  readonly weights: readonly [number, number];
  readonly requiredMin: number | null;
  readonly policy: LevelPolicy;
  /** Versions of the rules: what a match gives. */
  readonly versions: readonly {
    readonly low: number;
    readonly high: number;
    readonly weight: number;
    readonly validDays: number | null;
    readonly attempts: AttemptPolicy;
  }[];
  readonly statements: readonly {
    readonly account: number;
    readonly item: number;
    readonly failed: boolean;
    readonly scaled: number;
    readonly day: number;
    readonly sender: number;
  }[];
  readonly steps: readonly Step[];
}

type Step =
  | { readonly kind: 'post'; readonly indexes: readonly number[] }
  | { readonly kind: 'void'; readonly index: number; readonly sender: number }
  | { readonly kind: 'link'; readonly account: number; readonly learner: number }
  | { readonly kind: 'unlink'; readonly account: number }
  | { readonly kind: 'activate'; readonly version: number; readonly fromDay: number | null }
  | { readonly kind: 'preview'; readonly version: number; readonly fromDay: number | null }
  | { readonly kind: 'assess'; readonly item: number; readonly level: number; readonly positive: boolean; readonly day: number; readonly days: number | null }
  | { readonly kind: 'withdraw'; readonly which: number }
  | {
      readonly kind: 'override';
      readonly item: number;
      readonly level: number;
      readonly from: number;
      readonly days: number;
      readonly countsForRollup: boolean;
    }
  | { readonly kind: 'drop' }
  | { readonly kind: 'rebuild' }
  | { readonly kind: 'build' }
  | { readonly kind: 'approve'; readonly twoWay: boolean; readonly back: boolean }
  | { readonly kind: 'revoke' }
  | { readonly kind: 'drain' }
  | { readonly kind: 'wait'; readonly days: number };

const STATEMENTS = 14;
const index = fc.nat(STATEMENTS - 1);
const VERSIONS = 3;
const fromDay = fc.option(fc.integer({ min: -8, max: 3 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('post' as const), indexes: fc.array(index, { minLength: 1, maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('void' as const), index, sender: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('link' as const), account: fc.nat(2), learner: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unlink' as const), account: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('activate' as const, 'preview' as const), version: fc.nat(VERSIONS - 1), fromDay }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('build' as const, 'build' as const, 'build' as const, 'drop' as const, 'rebuild' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('approve' as const), twoWay: fc.boolean(), back: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'revoke' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('assess' as const),
      item: fc.nat(3),
      level: fc.integer({ min: 1, max: 5 }),
      positive: fc.boolean(),
      day: fc.integer({ min: -8, max: 3 }),
      days: fc.option(fc.integer({ min: 1, max: 12 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), which: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('override' as const),
      item: fc.nat(3),
      level: fc.integer({ min: 0, max: 5 }),
      from: fc.integer({ min: -3, max: 3 }),
      days: fc.integer({ min: 1, max: 8 }),
      countsForRollup: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'drain' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 5 }) }) },
);

/** A change that is being built while things go on: what comes in then must be in both generations. */
const interlude: fc.Arbitrary<readonly Step[]> = fc
  .record({
    change: fc.record({ kind: fc.constantFrom('activate' as const, 'preview' as const), version: fc.integer({ min: 1, max: VERSIONS - 1 }), fromDay }),
    builds: fc.nat(2),
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
  { kind: 'approve', twoWay: true, back: false },
];

const specs = (kind: LevelPolicy['kind']): fc.Arbitrary<Spec> =>
  fc.record({
    rollup: fc.constantFrom('NONE', 'ALL_OF', 'ANY_OF', 'N_OF', 'WEIGHTED'),
    n: fc.integer({ min: 1, max: 2 }),
    rollupOnly: fc.boolean(),
    weights: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 })),
    requiredMin: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 3 }),
    policy: fc.record({
      kind: fc.constant(kind),
      minDistinctSources: fc.constantFrom(1, 1, 2),
      threshold: fc.constantFrom(300, 700, 1_000),
      halfLifeDays: fc.constantFrom(null, 3, 30),
    }),
    versions: fc.tuple(
      ...Array.from({ length: VERSIONS }, () =>
        fc.record({
          low: fc.integer({ min: 1, max: 2 }),
          high: fc.integer({ min: 3, max: 5 }),
          weight: fc.constantFrom(333, 600, 1_000),
          validDays: fc.option(fc.integer({ min: 1, max: 12 })),
          attempts: fc.constantFrom<AttemptPolicy>('ALL', 'ALL', 'FIRST', 'LATEST', 'BEST'),
        }),
      ),
    ),
    statements: fc.array(
      fc.record({
        account: fc.nat(2),
        item: fc.nat(3),
        failed: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
        scaled: fc.constantFrom(0.4, 0.5, 0.79, 0.8, 1),
        day: fc.integer({ min: -8, max: 3 }),
        sender: fc.nat(1),
      }),
      { minLength: STATEMENTS, maxLength: STATEMENTS },
    ),
    // Most worlds begin with rules and somebody known: else little would ever count.
    steps: fc
      .tuple(fc.subarray([...BEGINNING], { minLength: 2 }), fc.array(step, { minLength: 6, maxLength: 18 }), interlude, fc.array(step, { maxLength: 6 }))
      .map((parts) => parts.flat()),
  });

const prefixOf = (world: string, item: string): string => `https://engine.example/${world}/${item}/`;

/** A few activities of each competency: some statements are attempts at the same. */
const activityOf = (world: string, item: number, number: number): string => `${prefixOf(world, ITEMS[item] ?? '')}${number % 2}`;

/** Two published frameworks: P over A and B, and M, which is said to match A. @returns the rule set versions. */
async function build(world: string, spec: Spec): Promise<readonly string[]> {
  const code = (item: string): string => `${world} ${item}`;
  const { kind, ...numbers } = spec.policy;
  const levelPolicy = Object.fromEntries(Object.entries({ kind, ...numbers }).filter(([, value]) => value !== null));
  const load = async (source: unknown): Promise<void> => {
    const report = await app.modules.competencies.import({
      source: JSON.stringify(source),
      kind: 'TECHNICAL',
      defaultRollup: 'NONE',
      publish: true,
      dryRun: false,
    });
    expect(report.outcome).toBe('IMPORTED');
  };
  const read = (...of: Parameters<typeof casePackage>) =>
    JSON.parse(casePackage(...of)) as {
      CFItems: { humanCodingScheme: string; extensions?: object }[];
      CFAssociations: { originNodeURI: { title: string }; extensions?: object }[];
    };
  const tree = read([{ code: code('P') }, { code: code('A'), parent: code('P') }, { code: code('B'), parent: code('P') }], { name: `${world} tree` });
  for (const item of tree.CFItems)
    item.extensions =
      item.humanCodingScheme === code('P')
        ? { levelPolicy, rollup: spec.rollup, rollupOnly: spec.rollupOnly, ...(spec.rollup === 'N_OF' && { rollupCount: spec.n }) }
        : { levelPolicy };
  for (const [name, weight, requiredMin] of [
    ['A', spec.weights[0], spec.requiredMin],
    ['B', spec.weights[1], null],
  ] as const) {
    const edge = tree.CFAssociations.find(({ originNodeURI }) => originNodeURI.title === itemIdOf(code(name)));
    if (edge) edge.extensions = { weight, ...(requiredMin !== null && { requiredMin }) };
  }
  await load(tree);
  const other = read([{ code: code('M') }], { name: `${world} other`, matches: [[code('M'), code('A')]] });
  for (const item of other.CFItems) item.extensions = { levelPolicy };
  await load(other);
  const ids: string[] = [];
  for (const { low, high, weight, validDays, attempts } of spec.versions) {
    const rules = ITEMS.flatMap((item) => {
      const shared = { ...PLAIN_RULE, match: 'PREFIX', activityIri: prefixOf(world, item), itemId: itemIdOf(code(item)), weight, validDays } as const;
      const bands = [
        { scaledMin: 0.5, level: low },
        { scaledMin: 0.8, level: high },
      ];
      return [
        { ...shared, verbs: [PASSED], bands, level: low, attempts },
        { ...shared, verbs: [FAILED], level: high, positive: false },
      ];
    });
    ids.push((await app.modules.progress.ruleSets.createVersion({ code: world, title: world, rules })).id);
  }
  return ids;
}

/** What has happened so far, as a set: nothing of it knows an order. */
interface Happened {
  readonly posted: Set<number>;
  readonly voided: Set<number>;
  readonly linked: Map<number, number>;
  readonly approvals: Map<string, NaiveEquivalence>;
  /** Versions in the order in which they were activated, each for all time or from a day on. */
  /** Of the first learner, by the second: evidence, until it is withdrawn. */
  readonly ratings: Map<string, NaiveEvidence>;
  /** Of the first learner. */
  readonly overrides: NaiveOverride[];
  readonly activations: { readonly version: number; readonly fromDay: number | null }[];
}

const dayOf = (day: number): Date => new Date(START.getTime() + day * DAY_MS);

/** Goes on with the generation that is being built until it is done. */
async function buildAll(): Promise<void> {
  while ((await app.modules.progress.build()) !== null);
}

async function perform(one: Step, world: string, spec: Spec, versions: readonly string[], happened: Happened): Promise<void> {
  const { competencies, people, progress } = app.modules;
  const idOf = (statement: number): string => digestKey('engine-statement', world, String(statement));
  const identity = (account: number) => ({ kind: 'account', homePage: HOME_PAGE, value: `${world}-${ACCOUNTS[account]}` }) as const;
  switch (one.kind) {
    case 'post':
      for (const [position, sender] of senders.entries()) {
        const mine = [...new Set(one.indexes)].filter((number) => spec.statements[number]?.sender === position);
        const body = mine.flatMap((number) => {
          const statement = spec.statements[number];
          if (!statement) return [];
          happened.posted.add(number);
          return [
            {
              id: idOf(number),
              actor: { account: { homePage: HOME_PAGE, name: identity(statement.account).value } },
              verb: { id: statement.failed ? FAILED : PASSED },
              object: { id: activityOf(world, statement.item, number) },
              result: { score: { scaled: statement.scaled } },
              timestamp: new Date(START.getTime() + statement.day * DAY_MS).toISOString(),
            },
          ];
        });
        expect((await app.xapi('POST', '/statements', { body, credential: sender })).status).toBe(200);
      }
      return;
    case 'void':
      expect(
        (await app.xapi('POST', '/statements', { body: voiding(idOf(one.index), { id: randomUUID() }), credential: senders[one.sender] ?? null })).status,
      ).toBe(200);
      // Only whoever sent it may void it, before or after.
      if (spec.statements[one.index]?.sender === one.sender) happened.voided.add(one.index);
      return;
    case 'link':
      if (happened.linked.has(one.account)) return;
      await people.addIdentity(learners[one.learner] ?? '', identity(one.account));
      happened.linked.set(one.account, one.learner);
      return;
    case 'unlink': {
      const learner = happened.linked.get(one.account);
      if (learner === undefined) return;
      await people.removeIdentity(learners[learner] ?? '', identity(one.account));
      happened.linked.delete(one.account);
      return;
    }
    case 'activate':
      // A version is activated once, and one at a time.
      if (happened.activations.some(({ version }) => version === one.version)) return;
      if ((await progress.ruleSets.impact(0))?.state.activates) await buildAll();
      await progress.ruleSets.activate({ versionId: versions[one.version] ?? '', from: one.fromDay === null ? null : dayOf(one.fromDay) });
      happened.activations.push(one);
      return;
    case 'assess': {
      const { item, level, positive, day, days } = one;
      const [learnerId = '', assessor = ''] = learners;
      const [occurredAt, validUntil] = [dayOf(day), days === null ? null : dayOf(day + days)];
      const itemId = itemIdOf(`${world} ${ITEMS[item]}`);
      const { id } = await progress.others.assess({
        learnerId,
        itemId,
        kind: 'ASSESSOR',
        level,
        positive,
        weight: 700,
        assessorLearnerId: assessor,
        assessorPartnerId: null,
        occurredAt,
        validUntil,
        note: '',
      });
      const evidence = { id: digestKey('evidence', 'ASSESSOR', id), itemId, level, positive, weight: 700, source: assessor, occurredAt, expiresAt: validUntil };
      happened.ratings.set(id, { ...evidence, attemptKey: null, attempts: 'ALL' });
      return;
    }
    case 'withdraw': {
      const id = [...happened.ratings.keys()][one.which];
      if (id === undefined) return;
      await progress.others.withdraw(id);
      happened.ratings.delete(id);
      return;
    }
    case 'override': {
      const { item, level, from, days, countsForRollup } = one;
      const [learnerId = '', decidedById = ''] = learners;
      const input = { learnerId, itemId: itemIdOf(`${world} ${ITEMS[item]}`), level, countsForRollup, validFrom: dayOf(from), validUntil: dayOf(from + days) };
      const row = await progress.others.override({ ...input, reason: 'test', decidedById });
      happened.overrides.push({ ...input, id: row.id, decidedAt: row.createdAt });
      return;
    }
    case 'preview':
      if (happened.activations.some(({ version }) => version === one.version)) return;
      if ((await progress.ruleSets.impact(0))?.state.activates) await buildAll();
      await progress.ruleSets.preview({ versionId: versions[one.version] ?? '', from: one.fromDay === null ? null : dayOf(one.fromDay) });
      return;
    case 'drop':
      for (const id of versions) await progress.ruleSets.dropPreview(id);
      return;
    case 'rebuild':
      await progress.rebuild(() => undefined);
      return;
    case 'build':
      await progress.build();
      return;
    case 'approve': {
      if (happened.approvals.size > 0) return;
      const [originId = '', destinationId = ''] = (one.back ? ['M', 'A'] : ['A', 'M']).map((item) => itemIdOf(`${world} ${item}`));
      const approval = { originId, destinationId, twoWay: one.twoWay };
      happened.approvals.set((await competencies.approveEquivalence({ ...approval, reason: 'test' })).id, approval);
      return;
    }
    case 'revoke':
      for (const id of happened.approvals.keys()) await competencies.revokeEquivalence(id);
      happened.approvals.clear();
      return;
    case 'drain':
      await app.projector.drain();
      return;
    case 'wait':
      now = new Date(now.getTime() + one.days * DAY_MS);
      await progress.expire(100);
  }
}

/** The reference: everything said by the sets, in one go. */
function expectedOf(world: string, spec: Spec, happened: Happened): readonly Record<string, unknown>[] {
  const { rollup, n, rollupOnly, policy } = spec;
  const id = (item: string): string => itemIdOf(`${world} ${item}`);
  const leaf = (item: string): NaiveItem => ({ itemId: id(item), policy, rollup: 'NONE', n: 1, rollupOnly: false, children: [] });
  const children = [
    { itemId: id('A'), weight: spec.weights[0], requiredMin: spec.requiredMin },
    { itemId: id('B'), weight: spec.weights[1], requiredMin: null },
  ];
  const items: readonly NaiveItem[] = [{ itemId: id('P'), policy, rollup, n, rollupOnly, children }, leaf('A'), leaf('B'), leaf('M')];
  /** The version in effect on a day: the last one activated for all time, or from an earlier day on. */
  const versionOn = (day: number): number | undefined => happened.activations.findLast(({ fromDay: from }) => from === null || from <= day)?.version;
  return learners.map((_id, learner) => {
    const evidence = [...happened.posted].flatMap((number): readonly NaiveEvidence[] => {
      const statement = spec.statements[number];
      const rules = spec.versions[versionOn(statement?.day ?? 0) ?? -1];
      if (!statement || !rules || happened.voided.has(number) || happened.linked.get(statement.account) !== learner) return [];
      const level = statement.failed ? rules.high : statement.scaled >= 0.8 ? rules.high : statement.scaled >= 0.5 ? rules.low : 0;
      if (level === 0) return [];
      const occurredAt = dayOf(statement.day);
      const expiresAt = rules.validDays === null ? null : new Date(occurredAt.getTime() + rules.validDays * DAY_MS);
      const { weight } = rules;
      return [
        {
          id: evidenceId(world, number),
          itemId: id(ITEMS[statement.item] ?? ''),
          level,
          positive: !statement.failed,
          weight,
          source: String(statement.sender),
          occurredAt,
          expiresAt,
          attempts: statement.failed ? 'ALL' : rules.attempts,
          attemptKey: statement.failed || rules.attempts === 'ALL' ? null : `${versionOn(statement.day)} ${activityOf(world, statement.item, number)}`,
        },
      ];
    });
    const said = learner === 0 ? [...happened.ratings.values()] : [];
    const overrides = learner === 0 ? happened.overrides : [];
    return Object.fromEntries(naiveProgress([...evidence, ...said], items, [...happened.approvals.values()], now, overrides));
  });
}

/** Ties in LATEST go by the id of the evidence, which the reference must know: read, not computed. */
const evidenceIds = new Map<string, string>();
const evidenceId = (world: string, number: number): string => evidenceIds.get(digestKey('engine-statement', world, String(number))) ?? `none-${number}`;

async function found(): Promise<readonly Record<string, unknown>[]> {
  const progress = await app.modules.progress.progressOf(learners, null);
  return learners.map((id) =>
    Object.fromEntries(
      (progress.get(id) ?? [])
        .filter((row) => row.currentLevel > 0 || row.computedLevel > 0)
        .map(({ itemId, currentLevel: level, computedLevel: computed, confidence }) => [itemId, { level, computed, confidence }] as const),
    ),
  );
}

const EMPTY = `truncate lrs.statement, lrs.statement_agent, lrs.statement_activity, lrs.voiding, lrs.inbox, progress.evidence, progress.competency_progress,
  progress.progress_event, progress.assessment, progress.competency_override, progress.evidence_rule_set, people.agent_identity, progress.learner_generation, progress.generation, competency.competency_framework cascade;
  insert into progress.generation (id, created_at, status, cause, activates, lane) values (0, now(), 'CURRENT', 'REBUILD', true, '{"rules":[],"frameworks":[],"equivalences":[]}')`;

test.each(['BEST_VALID', 'LATEST', 'WEIGHTED'] as const)(
  'under %s, whatever comes in whatever order - statements, repeats, early voids, identifiers, rules, matches, time - stored equals folded anew equals the reference',
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(specs(kind), async (spec) => {
        await app.database.pool.query(EMPTY);
        evidenceIds.clear();
        now = START;
        const world = randomUUID();
        const versions = await build(world, spec);
        const happened: Happened = {
          posted: new Set(),
          voided: new Set(),
          linked: new Map(),
          approvals: new Map(),
          ratings: new Map(),
          overrides: [],
          activations: [],
        };
        try {
          for (const one of spec.steps) await perform(one, world, spec, versions, happened);
          await app.projector.drain();
          await buildAll();
          const { rules } = await app.modules.progress.view();
          const { rows } = await app.database.pool.query(
            `select distinct e.id::text, e.statement_id::text from progress.evidence e join unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) as w (id, f, u) on w.id = e.version_id
             where e.retraction is distinct from 'RULE' and (w.f is null or w.f <= e.occurred_at) and (w.u is null or e.occurred_at < w.u)`,
            [[...rules.keys()], [...rules.values()].map((window) => window.from), [...rules.values()].map((window) => window.until)],
          );
          for (const row of rows) evidenceIds.set(row.statement_id, row.id);
          expect(await found()).toEqual(expectedOf(world, spec, happened));
          const differences: unknown[] = [];
          await app.modules.progress.verify((_learners, list) => differences.push(...list));
          expect(differences).toEqual([]);
        } finally {
          for (const id of happened.approvals.keys()) await app.modules.competencies.revokeEquivalence(id);
        }
      }),
      { numRuns: RUNS },
    );
  },
  600_000,
);
