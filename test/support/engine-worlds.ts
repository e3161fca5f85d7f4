import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { AppError } from '../../src/kernel/errors.ts';
import { digestKey } from '../../src/kernel/ids.ts';
import { type NewRule, PLAIN_RULE } from '../../src/modules/progress/index.ts';
import { startTestApp, type TestApp, type XapiSecret } from './app.ts';
import { type Crasher, crasherOf } from './crash.ts';
import { KINDS, matchesOf, type Opening, type PlannedVersion, type Spec, type Step, specs, versionOf } from './engine-specs.ts';
import { type NaiveFacts, type NaiveModel, naiveLevels } from './naive-engine.ts';
import { type NaiveEquivalence, type NaiveLevel, type NaivePolicy, naiveLoop, naiveReadiness } from './naive-fold.ts';
import { casePackage, itemIdOf, PASSED, VOIDED } from './world.ts';

const FAILED = 'http://adlnet.gov/expapi/verbs/failed';
const HOME_PAGE = 'https://engine.example';
const START = new Date('2026-06-01T00:00:00Z');
const DAY_MS = 86_400_000;
const FAR = new Date('2100-01-01T00:00:00Z');

const dayOf = (day: number): Date => new Date(START.getTime() + day * DAY_MS);

/** The same text for the same content. */
const textOf = (rows: Iterable<readonly [string, unknown]>): string => JSON.stringify([...rows].sort(([a], [b]) => (a < b ? -1 : 1)));

function assertSame(what: string, found: string, expected: string): void {
  if (found !== expected) throw new Error(`${what}\n  engine    ${found}\n  reference ${expected}`);
}

const EMPTY = `truncate lrs.statement, lrs.statement_agent, lrs.statement_activity, lrs.voiding, lrs.inbox, progress.evidence, progress.competency_progress,
  progress.progress_event, progress.assessment, progress.prior_learning_claim, progress.competency_override, progress.evidence_rule_set, people.agent_identity,
  people.identity_change, progress.learner_generation, progress.generation, competency.competency_framework, training.training_program, training.learning_activity cascade;
  delete from people.learner;
  insert into progress.generation (id, created_at, status, cause, activates, lane) values (0, now(), 'CURRENT', 'REBUILD', true, '{"rules":[],"frameworks":[],"equivalences":[]}')`;

type Changing<T> = { -readonly [K in keyof T]: T[K] extends ReadonlyMap<infer A, infer B> ? Map<A, B> : T[K] extends ReadonlySet<infer A> ? Set<A> : T[K] };

/** An approval with when its term is over. */
type Approval = NaiveEquivalence & { readonly until: Date | null };

interface Model extends NaiveModel {
  readonly frameworks: Map<number, PlannedVersion['version']>;
  readonly approvals: Map<string, Approval>;
  readonly activations: { readonly rules: number; readonly from: Date | null }[];
}

const copyOf = ({ frameworks, approvals, activations }: Model): Model => ({
  frameworks: new Map(frameworks),
  approvals: new Map(approvals),
  activations: [...activations],
});

/** A server whose projector runs when it is told to, with two senders, in which one world comes after the other. */
export class Engine {
  readonly #app: TestApp;
  readonly #senders: readonly XapiSecret[];
  readonly #crasher: Crasher;
  readonly #clock: { now: Date };
  #compared = 0;

  private constructor(app: TestApp, senders: readonly XapiSecret[], clock: { now: Date }) {
    this.#app = app;
    this.#senders = senders;
    this.#clock = clock;
    this.#crasher = crasherOf(app.database.pool);
  }

  static async start(): Promise<Engine> {
    const clock = { now: START };
    const app = await startTestApp({ clock: { now: () => clock.now }, settings: { XAPI_RATE_LIMIT_PER_MINUTE: '1000000', PROGRESS_BUILD_PAGE: '1' } });
    return new Engine(app, [await app.createCredential(['statements/write']), await app.createCredential(['statements/write'])], clock);
  }

  close = (): Promise<void> => this.#app.close();

  /** How often what is stored was compared with the reference. */
  get compared(): number {
    return this.#compared;
  }

  /** One world: after every step with which nothing waits any more, what readers see is what the reference says. @throws what differs. */
  async run(spec: Spec, opening: Opening | null): Promise<void> {
    await this.#app.database.pool.query(EMPTY);
    this.#clock.now = START;
    const world = await World.create({ app: this.#app, senders: this.#senders, crasher: this.#crasher, clock: this.#clock, opening }, spec);
    try {
      for (const step of spec.steps) await world.take(step);
      await world.end();
    } finally {
      this.#compared += world.compared;
    }
  }

  /** @throws what fast-check throws when a world differs. */
  check(kind: NaivePolicy['kind'], options: fc.Parameters<[Spec]>, opening: Opening | null = null): Promise<void> {
    return fc.assert(
      fc.asyncProperty(specs(kind, opening), (spec) => this.run(spec, opening)),
      options,
    );
  }
}

interface Around {
  readonly app: TestApp;
  readonly senders: readonly XapiSecret[];
  readonly crasher: Crasher;
  readonly clock: { now: Date };
  readonly opening: Opening | null;
}

class World {
  readonly #around: Around;
  readonly #spec: Spec;
  readonly #name = randomUUID();
  readonly #ruleVersions: string[] = [];
  /** What readers see comes after what was asked for, when that takes time to be built. */
  readonly #model: Model = { frameworks: new Map(), approvals: new Map(), activations: [] };
  #seen: Model = copyOf(this.#model);
  readonly #facts: Changing<NaiveFacts> = {
    statements: new Map(),
    voided: new Set(),
    accounts: new Map(),
    kinds: new Map(),
    judgements: new Map(),
    overrides: [],
    itemIds: new Set(),
  };
  #learners: string[] = [];
  /** Who reviews and decides, and is nobody of those. */
  #chief = '';
  #module = '';
  readonly #published = new Set<string>();
  compared = 0;

  private constructor(around: Around, spec: Spec) {
    this.#around = around;
    this.#spec = spec;
  }

  static async create(around: Around, spec: Spec): Promise<World> {
    const world = new World(around, spec);
    await world.#prepare();
    return world;
  }

  get #modules(): TestApp['modules'] {
    return this.#around.app.modules;
  }

  #isOpen(opening: Opening): boolean {
    return this.#around.opening === opening;
  }

  get #now(): Date {
    return this.#around.clock.now;
  }

  readonly #item = (item: number): string => itemIdOf(`${this.#name} ${item}`);
  readonly #prefix = (item: number): string => `${HOME_PAGE}/${this.#name}/${item}/`;
  /** Two activities of each competency: some statements are attempts at the same. */
  readonly #activity = (number: number): string => `${this.#prefix(Math.floor(number / 2))}${number % 2}`;
  readonly #statementId = (number: number): string => digestKey('engine-statement', this.#name, String(number));
  readonly #voidId = (number: number, sender: number): string => digestKey('engine-void', this.#name, String(number), String(sender));
  readonly #identity = (account: number) => ({ kind: 'account', homePage: HOME_PAGE, value: `${this.#name}-${account}` }) as const;
  readonly #learner = (number: number): string => this.#learners[number % this.#learners.length] ?? '';

  async #prepare(): Promise<void> {
    const { people, progress, training } = this.#modules;
    const { namesActivities, homes, rules, kinds } = this.#spec;
    const create = async (name: string): Promise<string> => (await people.createLearner({ name, staffCategory: 'PNS', identities: [] })).id;
    this.#chief = await create('chief');
    this.#learners = [await create('one'), await create('two')];
    for (const framework of [0, 1]) await this.#publish(framework, 0);
    const { versionId } = await training.createProgram({ code: this.#name, title: 'x', kind: 'TECHNICAL', form: 'BLENDED' });
    this.#module = (await training.addModule({ versionId, title: 'x', jp: 1 })).id;
    if (namesActivities)
      for (const activity of kinds.keys()) {
        const { id: activityId } = await this.#register(activity);
        const alignment = { moduleId: this.#module, activityId, itemId: this.#item(Math.floor(activity / 2)), targetLevel: 5 };
        await training.addAlignment({ ...alignment, contribution: 'ASSESSES' });
      }
    for (const { low, high, weight, validDays, attempts, kindCaps } of rules) {
      const written = homes.flatMap((_home, item): NewRule[] => {
        const places = namesActivities ? [0, 1].map((one) => this.#activity(2 * item + one)) : [this.#prefix(item)];
        return places.flatMap((activityIri) => {
          const shared = { ...PLAIN_RULE, match: namesActivities ? 'ACTIVITY' : 'PREFIX', activityIri, itemId: this.#item(item), weight, validDays } as const;
          const bands = [
            { scaledMin: 0.5, level: low },
            { scaledMin: 0.8, level: high },
          ];
          return [
            { ...shared, verbs: [PASSED], bands, level: low, attempts },
            { ...shared, verbs: [FAILED], level: high, positive: false },
          ];
        });
      });
      this.#ruleVersions.push((await progress.ruleSets.createVersion({ code: this.#name, title: 'x', kindCaps, rules: written })).id);
    }
    await this.#settle();
  }

  /** Takes a step, again if it crashes, and compares. */
  async take(step: Step): Promise<void> {
    const { crasher } = this.#around;
    const perform = this.#performer(step);
    if (perform === null) return;
    if (step.crash) {
      // What is no repetition of itself may only be known to have failed before its end.
      crasher.arm(step.crash.at, step.crash.lost && REPEATABLE.has(step.kind));
      const failure = await perform().then(
        () => null,
        (error: Error) => error,
      );
      const hasCrashed = crasher.disarm();
      if (failure && !hasCrashed) throw failure;
      if (failure) {
        if (!(await this.#isWaiting())) await this.#verify(`after a crash in ${step.kind}`);
        await perform();
      }
    } else await perform();
    await this.#settle();
    await this.#compare(step.kind);
  }

  async end(): Promise<void> {
    await this.#around.app.projector.drain();
    await this.#buildAll();
    await this.#settle();
    await this.#compare('at the end');
    await this.#compareTimes();
  }

  /** Goes on with the generation that is being built until it is done. */
  async #buildAll(): Promise<void> {
    while ((await this.#modules.progress.build()) !== null);
  }

  /** Readers see all that was asked for once nothing of it is being built. */
  async #settle(): Promise<void> {
    if (!(await this.#modules.progress.ruleSets.impact(0))?.state.activates) this.#seen = copyOf(this.#model);
  }

  /** What a step does; null when there is nothing for it to do. It may be called again after a crash. */
  #performer(step: Step): (() => Promise<void>) | null {
    const { competencies, people, progress } = this.#modules;
    const { accounts, judgements, overrides, kinds } = this.#facts;
    switch (step.kind) {
      case 'post':
        return () => this.#post([...new Set(step.indexes)]);
      case 'void': {
        const owner = this.#spec.statements[step.index]?.sender ?? 0;
        const sender = step.own ? owner : 1 - owner;
        return async () => {
          await this.#send(sender, [this.#voiding(this.#voidId(step.index, sender), this.#statementId(step.index))]);
          // Only whoever sent it may void it, before or after.
          if (step.own) this.#facts.voided.add(step.index);
        };
      }
      case 'unvoid': {
        const sender = this.#spec.statements[step.index]?.sender ?? 0;
        const id = digestKey('engine-unvoid', this.#name, String(step.index));
        return () => this.#send(sender, [this.#voiding(id, this.#voidId(step.index, sender))]);
      }
      case 'link': {
        if (accounts.has(step.account)) return null;
        const learner = this.#learner(step.learner);
        return async () => {
          await people.addIdentity(learner, this.#identity(step.account));
          accounts.set(step.account, learner);
        };
      }
      case 'unlink': {
        const learner = accounts.get(step.account);
        if (learner === undefined) return null;
        return async () => {
          await people.removeIdentity(learner, this.#identity(step.account));
          accounts.delete(step.account);
        };
      }
      case 'merge': {
        const [from, into] = [this.#learner(step.from), this.#learner(step.into)];
        if (from === into) return null;
        return async () => {
          await people.mergeLearners(from, into);
          this.#merged(from, into);
        };
      }
      case 'split': {
        const learner = accounts.get(step.account);
        if (learner === undefined || this.#learners.length > 2) return null;
        return async () => {
          const { id } = await people.splitLearner(learner, { name: 'split', staffCategory: 'PNS', identities: [this.#identity(step.account)] });
          accounts.set(step.account, id);
          this.#learners.push(id);
        };
      }
      case 'activate':
      case 'preview': {
        // A version is activated once, and one at a time.
        const versionId = this.#ruleVersions[step.version] ?? '';
        const from = step.fromDay === null ? null : dayOf(step.fromDay);
        if (this.#model.activations.some(({ rules }) => rules === step.version)) return null;
        return async () => {
          if ((await progress.ruleSets.impact(0))?.state.activates) await this.#buildAll();
          await this.#settle();
          if (step.kind === 'preview') await progress.ruleSets.preview({ versionId, from });
          else {
            const [version] = await progress.ruleSetVersionsById([versionId]);
            if (version?.status === 'DRAFT') await progress.ruleSets.activate({ versionId, from });
            this.#model.activations.push({ rules: step.version, from });
          }
        };
      }
      case 'drop':
        return async () => {
          for (const id of this.#ruleVersions) await progress.ruleSets.dropPreview(id);
        };
      case 'rebuild':
        return () => progress.rebuild(() => undefined);
      case 'build':
        return async () => {
          await progress.build();
        };
      case 'version':
        return () => this.#publish(step.framework, step.version);
      case 'approve':
        return this.#approval(step);
      case 'revoke': {
        const id = [...this.#model.approvals.keys()][step.which];
        if (id === undefined) return null;
        return async () => {
          await competencies.revokeEquivalence(id);
          if (this.#live.some(([live]) => live === id)) this.#model.approvals.delete(id);
        };
      }
      case 'register': {
        const activity = this.#activity(step.activity);
        if (step.activity >= 2 * this.#spec.homes.length || kinds.has(activity)) return null;
        if (!this.#isOpen('late kinds') && [...this.#facts.statements.values()].some((one) => one.activity === activity)) return null;
        return async () => {
          await this.#register(step.activity);
        };
      }
      case 'assess':
        return this.#assessment(step);
      case 'withdraw': {
        const id = [...judgements].filter(([, { source }]) => !source.startsWith('issuer'))[step.which]?.[0];
        if (id === undefined) return null;
        return async () => {
          await progress.others.withdraw(id);
          judgements.delete(id);
        };
      }
      case 'claim':
        return this.#claim(step);
      case 'override': {
        const [learnerId, itemId] = [this.#learner(step.learner), this.#item(step.item)];
        if (!this.#facts.itemIds.has(itemId)) return null;
        const input = { learnerId, itemId, level: step.level, countsForRollup: step.countsForRollup };
        const period = { validFrom: dayOf(step.from), validUntil: dayOf(step.from + step.days) };
        return async () => {
          const row = await progress.others.override({ ...input, ...period, reason: 'test', decidedById: this.#chief });
          this.#facts.overrides = [...overrides, { ...input, ...period, id: row.id, decidedAt: row.createdAt }];
        };
      }
      case 'drain':
        return async () => {
          await this.#around.app.projector.drain();
        };
      case 'wait': {
        this.#around.clock.now = new Date(this.#now.getTime() + step.days * DAY_MS);
        return async () => {
          await progress.expire(100);
          await competencies.endEquivalences();
        };
      }
    }
  }

  readonly #voiding = (id: string, target: string) => ({
    id,
    actor: { mbox: 'mailto:office@engine.example' },
    verb: { id: VOIDED },
    object: { objectType: 'StatementRef', id: target },
    timestamp: START.toISOString(),
  });

  async #send(sender: number, body: readonly object[]): Promise<void> {
    const { status, text } = await this.#around.app.xapi('POST', '/statements', { body, credential: this.#around.senders[sender] ?? null });
    if (status !== 200) throw new Error(`${status} ${text}`);
  }

  async #post(numbers: readonly number[]): Promise<void> {
    for (const sender of this.#around.senders.keys()) {
      const mine = numbers.flatMap((number) => {
        const statement = this.#spec.statements[number];
        return statement?.sender === sender ? [{ ...statement, number }] : [];
      });
      const body = mine.map(({ number, account, item, failed, scaled, day }) => ({
        id: this.#statementId(number),
        actor: { account: { homePage: HOME_PAGE, name: this.#identity(account).value } },
        verb: { id: failed ? FAILED : PASSED },
        object: { id: this.#activity(2 * item + (number % 2)) },
        result: { score: { scaled } },
        timestamp: dayOf(day).toISOString(),
      }));
      await this.#send(sender, body);
      for (const { number, item, day, ...rest } of mine)
        this.#facts.statements.set(number, { ...rest, itemId: this.#item(item), activity: this.#activity(2 * item + (number % 2)), at: dayOf(day) });
    }
  }

  /** Publishes a version of a framework, unless it runs in a circle with what counts: then it must be refused. */
  async #publish(framework: number, number: number): Promise<void> {
    const planned = versionOf(this.#spec, framework, number, this.#item);
    const key = `${framework} ${number}`;
    if (planned === null || this.#published.has(key) || !(this.#isOpen('late successors') || this.#isComplete(planned))) return;
    const frameworks = new Map([...this.#model.frameworks, [framework, planned.version] as const]);
    const isCircular = this.#hasLoop(
      frameworks,
      this.#live.map(([, approval]) => approval),
    );
    await expectRefusal(isCircular, async () => {
      const { outcome, issues } = await this.#modules.competencies.import({
        source: this.#packageOf(framework, number, planned),
        kind: 'TECHNICAL',
        defaultRollup: 'NONE',
        publish: true,
        dryRun: false,
      });
      if (outcome !== 'IMPORTED') throw new Error(`the version is ${outcome}: ${JSON.stringify(issues)}`);
    });
    if (isCircular) return;
    this.#published.add(key);
    this.#model.frameworks.set(framework, planned.version);
    for (const { itemId } of planned.version.items) this.#facts.itemIds.add(itemId);
  }

  /** Whether all the successors that a version names are there. */
  #isComplete({ version }: PlannedVersion): boolean {
    const there = new Set([...this.#facts.itemIds, ...version.items.map(({ itemId }) => itemId)]);
    return version.replacements.every(({ newId }) => there.has(newId));
  }

  /** The matches whose term is not over. */
  get #live(): readonly (readonly [string, Approval])[] {
    return withinTerm([...this.#model.approvals], this.#now);
  }

  #hasLoop(frameworks: Model['frameworks'], approvals: readonly NaiveEquivalence[]): boolean {
    const versions = [...frameworks.values()];
    const children = childEdges(frameworks);
    const precedes = versions.flatMap(({ precedences }) => precedences.map(({ originId, destinationId }) => [originId, destinationId] as const));
    const replaced = versions.flatMap(({ replacements }) => replacements.map(({ oldId, newId }) => [oldId, newId] as const));
    return naiveLoop(children, approvals) || naiveLoop(precedes, approvals) || naiveLoop(replaced, []);
  }

  #packageOf(framework: number, number: number, { items, version, matches }: PlannedVersion): string {
    const source = JSON.parse(
      casePackage(
        items.map((item) => ({ code: `${this.#name} ${item}` })),
        { name: `${this.#name} ${framework}`, version: String(number), matches: matches.map(([a, b]) => [`${this.#name} ${a}`, `${this.#name} ${b}`]) },
      ),
    ) as { CFItems: { identifier: string; extensions?: object }[]; CFAssociations: object[] };
    const byId = new Map(version.items.map((item) => [item.itemId, item]));
    for (const item of source.CFItems) {
      const { policy, rollup, n, rollupOnly } = byId.get(item.identifier) ?? {};
      const levelPolicy = Object.fromEntries(Object.entries(policy ?? {}).filter(([, value]) => value !== null));
      item.extensions = { levelPolicy, rollup, rollupOnly, ...(rollup === 'N_OF' && { rollupCount: n }) };
    }
    const end = (id: string) => ({ title: id, identifier: id, uri: `https://case.example/CFItems/${id}` });
    const associate = (associationType: string, from: string, to: string, extensions: Record<string, unknown>) =>
      source.CFAssociations.push({
        identifier: digestKey('engine-edge', String(framework), String(number), associationType, from, to),
        uri: `https://case.example/CFAssociations/${associationType}`,
        associationType,
        originNodeURI: end(from),
        destinationNodeURI: end(to),
        extensions: Object.fromEntries(Object.entries(extensions).filter(([, value]) => value !== null)),
      });
    for (const { itemId, children } of version.items)
      for (const { itemId: child, weight, requiredMin } of children) associate('isChildOf', child, itemId, { weight, requiredMin });
    for (const { originId, destinationId, minLevel } of version.precedences) associate('precedes', originId, destinationId, { minLevel });
    for (const { oldId, newId, levelMap } of version.replacements) associate('replacedBy', oldId, newId, { levelMap });
    return JSON.stringify(source);
  }

  #approval({ match, twoWay, back, days }: Extract<Step, { kind: 'approve' }>): (() => Promise<void>) | null {
    const matches = matchesOf(this.#spec);
    const pair = matches[match % Math.max(1, matches.length)];
    if (!pair) return null;
    const [originId = '', destinationId = ''] = (back ? pair.toReversed() : pair).map(this.#item);
    const live = this.#live.map(([, approval]) => approval);
    if (![originId, destinationId].every((id) => this.#facts.itemIds.has(id))) return null;
    if (live.some((one) => one.originId === originId && one.destinationId === destinationId)) return null;
    const approval = { originId, destinationId, twoWay, until: days === null ? null : new Date(this.#now.getTime() + days * DAY_MS) };
    const isCircular = this.#hasLoop(this.#model.frameworks, [...live, approval]);
    return () =>
      expectRefusal(isCircular, async () => {
        const row = await this.#modules.competencies.approveEquivalence({ originId, destinationId, twoWay, reason: 'test', validUntil: approval.until });
        this.#model.approvals.set(row.id, approval);
      });
  }

  async #register(activity: number): Promise<{ readonly id: string }> {
    const [iri, kind] = [this.#activity(activity), this.#spec.kinds[activity] ?? KINDS[0]];
    const row = await this.#modules.training.addActivity({ moduleId: this.#module, iri, title: 'x', kind, ownerId: null });
    this.#facts.kinds.set(iri, kind);
    return row;
  }

  #assessment({ learner, assessor, item, level, positive, day, days }: Extract<Step, { kind: 'assess' }>): (() => Promise<void>) | null {
    const [learnerId, assessorLearnerId, itemId] = [this.#learner(learner), this.#learner(assessor), this.#item(item)];
    if (learnerId === assessorLearnerId || !this.#facts.itemIds.has(itemId)) return null;
    const said = { learnerId, itemId, level, positive, weight: 700 };
    const [occurredAt, validUntil] = [dayOf(day), days === null ? null : dayOf(day + days)];
    return async () => {
      const { id } = await this.#modules.progress.others.assess({
        ...said,
        kind: 'ASSESSOR',
        assessorLearnerId,
        assessorPartnerId: null,
        occurredAt,
        validUntil,
        note: '',
      });
      const source = `learner ${assessorLearnerId}`;
      const evidence = { ...said, id: digestKey('evidence', 'ASSESSOR', id), source, occurredAt, expiresAt: validUntil, attemptKey: null };
      this.#facts.judgements.set(id, { ...evidence, attempts: 'ALL' });
    };
  }

  #claim({ learner, item, level, day }: Extract<Step, { kind: 'claim' }>): (() => Promise<void>) | null {
    const [learnerId, itemId, achievedOn] = [this.#learner(learner), this.#item(item), dayOf(day)];
    if (!this.#facts.itemIds.has(itemId)) return null;
    let claimId: string | null = null;
    return async () => {
      const { others } = this.#modules.progress;
      const input = { learnerId, itemId, level, description: 'x', issuer: 'somewhere', documentUrl: null, achievedOn };
      claimId ??= (await others.submitClaim(input)).id;
      await others.decideClaim({ claimId, reviewerId: this.#chief, reason: 'test', accepted: { level, validUntil: null } });
      const evidence = { learnerId, itemId, level, positive: true, weight: 1_000, source: 'issuer somewhere', occurredAt: achievedOn, expiresAt: null };
      this.#facts.judgements.set(claimId, { ...evidence, id: digestKey('evidence', 'PRIOR_LEARNING', claimId), attemptKey: null, attempts: 'ALL' });
    };
  }

  /** Two were one person: what was said of and by the first is of and by the second, and what one said of oneself is nothing. */
  #merged(from: string, into: string): void {
    const { accounts, judgements, overrides } = this.#facts;
    this.#learners = this.#learners.filter((id) => id !== from);
    for (const [account, learner] of accounts) if (learner === from) accounts.set(account, into);
    for (const [id, one] of judgements) {
      const learnerId = one.learnerId === from ? into : one.learnerId;
      const source = one.source === `learner ${from}` ? `learner ${into}` : one.source;
      if (source === `learner ${learnerId}`) judgements.delete(id);
      else judgements.set(id, { ...one, learnerId, source });
    }
    this.#facts.overrides = overrides.map((one) => (one.learnerId === from ? { ...one, learnerId: into } : one));
  }

  /** Whether something waits to be projected. */
  async #isWaiting(): Promise<boolean> {
    return (await this.#around.app.database.pool.query('select from lrs.inbox limit 1')).rows.length > 0;
  }

  /** What is stored equals a full fold of the statements. */
  async #verify(when: string): Promise<void> {
    const differences: unknown[] = [];
    await this.#modules.progress.verify((_learners, list) => differences.push(...list));
    if (differences.length > 0) throw new Error(`${when}, stored differs from a full fold: ${JSON.stringify(differences)}`);
  }

  /** Ties go by the id of the evidence, which the reference must know: read, not computed. */
  async #evidenceIds(): Promise<(number: number) => string> {
    const { rules } = await this.#modules.progress.view();
    const { rows } = await this.#around.app.database.pool.query<{ id: string; statement_id: string }>(
      `select distinct e.id::text, e.statement_id::text from progress.evidence e join unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) as w (id, f, u) on w.id = e.version_id
       where e.retraction is distinct from 'RULE' and (w.f is null or w.f <= e.occurred_at) and (w.u is null or e.occurred_at < w.u)`,
      [[...rules.keys()], [...rules.values()].map((window) => window.from), [...rules.values()].map((window) => window.until)],
    );
    const ids = new Map(rows.map((row) => [row.statement_id, row.id]));
    return (number) => ids.get(this.#statementId(number)) ?? `none-${number}`;
  }

  /** Compares all that readers see, unless something waits to be projected. */
  async #compare(when: string): Promise<void> {
    if (await this.#isWaiting()) return;
    this.compared += 1;
    await this.#verify(when);
    const idOf = await this.#evidenceIds();
    await this.#compareAsOf(`${when}, now`, null, idOf);
    for (const { day, before } of this.#spec.looks) {
      const instant = new Date(dayOf(day).getTime() - Number(before));
      await this.#compareAsOf(`${when}, as of ${instant.toISOString()}`, instant, idOf);
    }
    await this.#compareReadiness(when, idOf);
  }

  /** Matches whose term an instant is within; those that are over today only where what counts today leaves room for them. */
  #approvalsAt(asOf: Date): ReadonlyMap<string, Approval> {
    const then = withinTerm([...this.#seen.approvals], asOf);
    const isCircular = naiveLoop(
      childEdges(this.#seen.frameworks),
      then.map(([, approval]) => approval),
    );
    return new Map(isCircular ? withinTerm(then, this.#now) : then);
  }

  /** Whether a competency that is in no version, and so decays by none, gets evidence of one that decays: what it says of confidence is left aside. */
  #hasUnevenDecay(): boolean {
    const present = new Set([...this.#seen.frameworks.values()].flatMap(({ items }) => items.map(({ itemId }) => itemId)));
    const named = [...this.#seen.approvals.values()].flatMap(({ originId, destinationId }) => [originId, destinationId]);
    return !this.#isOpen('uneven decay') && this.#spec.halfLifeDays !== null && named.some((id) => !present.has(id));
  }

  #texts(rows: Iterable<readonly [string, NaiveLevel | undefined]>): string {
    const isPartial = this.#hasUnevenDecay();
    return textOf([...rows].map(([id, row]) => [id, row && isPartial ? { ...row, confidence: null } : row] as const));
  }

  readonly #reference = (learnerId: string, asOf: Date, idOf: (number: number) => string): ReadonlyMap<string, NaiveLevel> =>
    naiveLevels(this.#facts, this.#spec.rules, { ...this.#seen, approvals: this.#approvalsAt(asOf) }, learnerId, asOf, idOf);

  async #compareAsOf(when: string, asOf: Date | null, idOf: (number: number) => string): Promise<void> {
    const progress = await this.#modules.progress.progressOf(this.#learners, asOf);
    for (const learnerId of this.#learners) {
      const rows = (progress.get(learnerId) ?? []).filter((row) => row.currentLevel > 0 || row.computedLevel > 0);
      const found = rows.map(
        ({ itemId, currentLevel: level, computedLevel: computed, confidence, supporting }) => [itemId, { level, computed, confidence, supporting }] as const,
      );
      assertSame(`${when}, of ${learnerId}`, this.#texts(found), this.#texts(this.#reference(learnerId, asOf ?? this.#now, idOf)));
    }
  }

  async #compareReadiness(when: string, idOf: (number: number) => string): Promise<void> {
    const versions = [...this.#seen.frameworks.values()];
    const approvals = [...this.#approvalsAt(this.#now).values()];
    const merged = new Set(approvals.filter(({ twoWay }) => twoWay).flatMap(({ originId, destinationId }) => [originId, destinationId]));
    const itemIds = versions.flatMap(({ items }) => items.map(({ itemId }) => itemId)).filter((id) => this.#isOpen('classes in readiness') || !merged.has(id));
    const precedences = versions.flatMap((version) => version.precedences);
    const { planning, view } = this.#modules.progress;
    const readiness = await planning.readinessOf(this.#learners, itemIds, null, await view());
    for (const learnerId of this.#learners) {
      const levels = this.#reference(learnerId, this.#now, idOf);
      const levelOf = (id: string): number => levels.get(id)?.level ?? 0;
      assertSame(
        `${when}, readiness of ${learnerId}`,
        textOf(itemIds.map((id, index) => [id, readiness.get(learnerId)?.[index]?.isReady] as const)),
        textOf(itemIds.map((id) => [id, naiveReadiness(id, precedences, approvals, levelOf)] as const)),
      );
    }
  }

  /** No answer changes before the instant at which it is said that it may. */
  async #compareTimes(): Promise<void> {
    const idOf = await this.#evidenceIds();
    const { rows } = await this.#around.app.database.pool.query<{ learner_id: string; item_id: string; next_change_at: Date | null }>(
      `select p.learner_id, p.item_id, p.next_change_at from progress.competency_progress p where p.generation = (
         select coalesce(max(m.generation), 0) from progress.learner_generation m where m.learner_id = p.learner_id and m.built and m.generation <= $1)`,
      [(await this.#modules.progress.view()).generation],
    );
    const nextOf = new Map(rows.map((row) => [`${row.learner_id} ${row.item_id}`, row.next_change_at]));
    for (const learnerId of this.#learners) {
      const now = this.#reference(learnerId, this.#now, idOf);
      for (const itemId of this.#facts.itemIds) {
        const next = nextOf.get(`${learnerId} ${itemId}`) ?? FAR;
        if (next <= this.#now) continue;
        const then = this.#reference(learnerId, new Date(next.getTime() - 1), idOf);
        assertSame(
          `of ${learnerId} in ${itemId} until ${next.toISOString()}`,
          this.#texts([[itemId, now.get(itemId)]]),
          this.#texts([[itemId, then.get(itemId)]]),
        );
      }
    }
  }
}

const withinTerm = (approvals: readonly (readonly [string, Approval])[], instant: Date): readonly (readonly [string, Approval])[] =>
  approvals.filter(([, { until }]) => until === null || instant < until);

const childEdges = (frameworks: Model['frameworks']): readonly (readonly [string, string])[] =>
  [...frameworks.values()].flatMap(({ items }) => items.flatMap((item) => item.children.map((child) => [child.itemId, item.itemId] as const)));

/** Steps that end in the same place however often they are taken. */
const REPEATABLE: ReadonlySet<Step['kind']> = new Set(['post', 'void', 'unvoid', 'drop', 'rebuild', 'build', 'drain', 'wait', 'activate', 'preview']);

/** @throws when what must be refused is not, or the other way round. */
async function expectRefusal(isExpected: boolean, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isRefusal = error instanceof AppError && error.code === 'CONFLICT' && error.violations[0]?.rule === 'acyclic';
    if (isExpected && isRefusal) return;
    throw error;
  }
  if (isExpected) throw new Error('what runs in a circle once matches are merged was not refused');
}
