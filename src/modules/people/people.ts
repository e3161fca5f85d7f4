import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database, Sql } from '../../db/database.ts';
import { stamp } from '../../db/entity.ts';
import { assertExists } from '../../db/references.ts';
import { checkInstants, checkTexts, LONG_TEXT } from '../../kernel/checks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { AppError, conflict, invalid, missing } from '../../kernel/errors.ts';
import { canonicalIfi, type Ifi, validateAgent } from '../../standards/xapi/index.ts';
import { ensurePseudonyms, type Viewer } from '../access/index.ts';
import { ifiKey, requeueOfActors } from '../lrs/index.ts';
import {
  AgentIdentity,
  type IDENTITY_CHANGES,
  IdentityChange,
  Learner,
  OrganizationUnit,
  type POSITION_FAMILIES,
  Position,
  PositionHolding,
  type STAFF_CATEGORIES,
  type UNIT_KINDS,
} from './people.entities.ts';
import * as store from './people.store.ts';

export interface NewLearner {
  readonly name: string;
  readonly staffCategory: (typeof STAFF_CATEGORIES)[number];
  readonly identities: readonly Ifi[];
}

export interface NewHolding {
  readonly learnerId: string;
  readonly positionId: string;
  readonly unitId: string;
  readonly validFrom: Date;
  readonly validTo: Date | null;
}

const toIfi = ({ ifiKind, homePage, ifiValue }: store.IdentityRow): Ifi => ({ kind: ifiKind as Ifi['kind'], homePage, value: ifiValue });

/** The Agent that an identifier makes, for the standard's own rules to judge. */
const agentOf = (ifi: Ifi): unknown => (ifi.kind === 'account' ? { account: { homePage: ifi.homePage, name: ifi.value } } : { [ifi.kind]: ifi.value });

/** Told inside the transaction that deletes a learner, with their identifiers, so that all others forget them too. @returns the id of a receipt. */
export type OnLearnerErased = (sql: Sql, learnerId: string, identities: readonly Ifi[]) => Promise<string>;

/** Told inside the transaction that takes an identifier from a learner, so that what rests on it goes too. */
export type OnIdentityUnlinked = (sql: Sql, learnerId: string, agentKey: string) => Promise<void>;

/** Identifiers that were one learner's and are another's. */
export interface IdentityMove {
  readonly from: string;
  readonly into: string;
  readonly agentKeys: readonly string[];
}

/** Told inside the transaction that gives identifiers of one learner to another, under the locks of both. */
export type OnIdentitiesMoved = (sql: Sql, move: IdentityMove) => Promise<void>;

/** Told inside the transaction that makes one learner of two, under the locks of both, before the first is deleted. */
export type OnLearnersMerged = (sql: Sql, move: IdentityMove) => Promise<void>;

/** Whom this module tells. */
export interface PeopleListeners {
  readonly onMoved: OnIdentitiesMoved;
  readonly onMerged: OnLearnersMerged;
  readonly onErased: OnLearnerErased;
  readonly onUnlinked: OnIdentityUnlinked;
  /** Told first thing in that transaction, before anything is locked. */
  readonly onUnlinking: (sql: Sql) => Promise<void>;
}

function checkPeriod({ validFrom, validTo }: Pick<NewHolding, 'validFrom' | 'validTo'>): void {
  checkInstants({ validFrom, validTo });
  if (validTo && validTo <= validFrom) throw invalid('/validTo', 'period', 'validTo must lie after validFrom');
}

const heldAlready = (): AppError => conflict('/validFrom', 'no-overlap', 'the learner holds this position in this unit at that time already');

/** Two launches at once link the same account: the second finds it done. */
function unlessTaken(error: unknown): void {
  if (!(error instanceof AppError) || error.code !== 'CONFLICT') throw error;
}

/** Units, positions, learners, and the xAPI identifiers by which statements know them. */
export class People {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #told: PeopleListeners;

  constructor(database: Database, clock: Clock, told: PeopleListeners) {
    this.#database = database;
    this.#clock = clock;
    this.#told = told;
  }

  get #sql(): Sql {
    return this.#database.sql;
  }

  /** Adds a civil servant, with the identifiers their statements carry. Their key is random and says nothing about them. */
  async createLearner(input: NewLearner, by: string | null = null): Promise<{ id: string }> {
    const row = this.#newLearner(input);
    await this.#database.write(async (em, sql) => {
      await em.insert(Learner, row);
      for (const [index, ifi] of input.identities.entries()) await this.#link(em, sql, row.id, ifi, `/identities/${index}`);
      if (input.identities.length > 0) await this.#note(em, { kind: 'LINKED', learnerId: row.id, identifiers: input.identities.map(canonicalIfi), by });
    });
    return { id: row.id };
  }

  #newLearner({ name, staffCategory }: Omit<NewLearner, 'identities'>) {
    checkTexts({ name });
    return { ...stamp(this.#clock), learnerKey: randomUUID(), name, staffCategory };
  }

  /** Writes the trail. @param by label of the token that did it; null for a command. */
  async #note(
    em: EntityManager,
    change: {
      readonly kind: (typeof IDENTITY_CHANGES)[number];
      readonly learnerId: string;
      readonly otherLearnerId?: string;
      readonly identifiers: readonly Ifi[];
      readonly by: string | null;
    },
  ): Promise<void> {
    const { by, identifiers, otherLearnerId = null, ...rest } = change;
    await em.insert(IdentityChange, { ...stamp(this.#clock), ...rest, otherLearnerId, identifiers: [...identifiers], changedBy: by });
  }

  /**
   * Links one more identifier to a learner. Statements that came in under it earlier count from now on.
   * @throws AppError INVALID_INPUT when it is no valid identifier, CONFLICT when it belongs to someone.
   */
  async addIdentity(learnerId: string, ifi: Ifi, by: string | null = null): Promise<void> {
    await this.#database.write(async (em, sql) => {
      await assertExists(sql, 'people.learner', learnerId, '/learnerId', 'learner');
      await this.#link(em, sql, learnerId, ifi, '/identity');
      await this.#note(em, { kind: 'LINKED', learnerId, identifiers: [canonicalIfi(ifi)], by });
    });
  }

  /**
   * The account by which content launched here knows a learner: their random key, linked to them the first time.
   * @throws AppError NOT_FOUND when there is no such learner.
   */
  async ensureAccount(learnerId: string, homePage: string): Promise<{ readonly homePage: string; readonly name: string }> {
    const key = await store.learnerKey(this.#sql, learnerId);
    if (key === null) throw missing('/learnerId', 'reference', 'there is no such learner');
    const ifi: Ifi = { kind: 'account', homePage, value: key };
    const owner = (await store.learnersOfAgents(this.#sql, [ifiKey(ifi)])).get(ifiKey(ifi));
    if (owner === undefined) await this.addIdentity(learnerId, ifi).catch(unlessTaken);
    return { homePage, name: key };
  }

  /**
   * Takes an identifier from a learner: what statements under it gave them is retracted. They are kept, and count for
   * whoever the identifier is linked to next.
   * @throws AppError INVALID_INPUT when the learner has no such identifier.
   */
  async removeIdentity(learnerId: string, given: Ifi, by: string | null = null): Promise<void> {
    const ifi = canonicalIfi(given);
    const agentKey = ifiKey(ifi);
    await this.#database.write(async (em, sql) => {
      await this.#told.onUnlinking(sql);
      await assertExists(sql, 'people.learner', learnerId, '/learnerId', 'learner');
      // Before the learner's lock: the projector takes them in this order too.
      await store.lockAgents(sql, [agentKey]);
      await store.lockLearners(sql, [learnerId]);
      if (!(await store.deleteIdentity(sql, learnerId, agentKey))) throw invalid('/identity', 'reference', 'the learner has no such identifier');
      await this.#told.onUnlinked(sql, learnerId, agentKey);
      await this.#note(em, { kind: 'UNLINKED', learnerId, identifiers: [ifi], by });
    });
  }

  /**
   * Makes one learner of two that turned out to be one person: everything of the first is the second's from now on, and
   * the first is no more.
   * @throws AppError INVALID_INPUT when one of them is not there, or both are the same.
   */
  async mergeLearners(fromId: string, intoId: string, by: string | null = null): Promise<void> {
    if (fromId === intoId) throw invalid('/intoId', 'two-learners', 'a learner cannot be merged with themselves');
    await this.#database.write(async (em, sql) => {
      await this.#told.onUnlinking(sql);
      const identities = await store.identitiesOfLearners(sql, [fromId]);
      const identifiers = identities.map(toIfi);
      const agentKeys = identifiers.map(ifiKey);
      await store.lockAgents(sql, agentKeys);
      const present = await store.lockLearners(sql, [fromId, intoId]);
      for (const [path, id] of [
        ['/fromId', fromId],
        ['/intoId', intoId],
      ] as const)
        if (!present.has(id)) throw invalid(path, 'reference', 'there is no such learner');
      await store.moveIdentities(sql, agentKeys, intoId);
      await this.#told.onMerged(sql, { from: fromId, into: intoId, agentKeys });
      await store.mergeLearner(sql, fromId, intoId);
      await this.#note(em, { kind: 'MERGED', learnerId: intoId, otherLearnerId: fromId, identifiers, by });
    });
  }

  /**
   * Makes a second learner of one that turned out to be two people: the identifiers named are the new one's, with all
   * that statements under them gave.
   * @throws AppError INVALID_INPUT when the learner has not all of the identifiers, or no other.
   */
  async splitLearner(learnerId: string, input: NewLearner, by: string | null = null): Promise<{ id: string }> {
    const row = this.#newLearner(input);
    const identifiers = input.identities.map(canonicalIfi);
    const agentKeys = identifiers.map(ifiKey);
    if (agentKeys.length === 0) throw invalid('/identities', 'not-empty', 'a split names the identifiers of the new learner');
    await this.#database.write(async (em, sql) => {
      await this.#told.onUnlinking(sql);
      await store.lockAgents(sql, agentKeys);
      const present = await store.lockLearners(sql, [learnerId]);
      if (!present.has(learnerId)) throw invalid('/learnerId', 'reference', 'there is no such learner');
      const owners = await store.learnersOfAgents(sql, agentKeys);
      const foreign = agentKeys.findIndex((key) => owners.get(key) !== learnerId);
      if (foreign !== -1) throw invalid(`/identities/${foreign}`, 'reference', 'the learner has no such identifier');
      await em.insert(Learner, row);
      await store.moveIdentities(sql, agentKeys, row.id);
      await this.#told.onMoved(sql, { from: learnerId, into: row.id, agentKeys });
      await this.#note(em, { kind: 'SPLIT', learnerId, otherLearnerId: row.id, identifiers, by });
    });
    return { id: row.id };
  }

  /**
   * Erases a person (UU 27/2022): who they are is gone at once, what statements say of them soon after.
   * @returns the id of the receipt.
   * @throws AppError NOT_FOUND
   */
  async eraseLearner(learnerId: string): Promise<string> {
    return this.#database.transaction(async (sql) => {
      await this.#told.onUnlinking(sql);
      const identities = await store.deleteLearner(sql, learnerId);
      if (!identities) throw missing('/id', 'reference', 'there is no such learner');
      return this.#told.onErased(sql, learnerId, identities);
    });
  }

  async #link(em: EntityManager, sql: Sql, learnerId: string, given: Ifi, path: string): Promise<void> {
    if (given.kind !== 'account' && given.homePage !== '')
      throw invalid(`${path}/homePage`, 'account-only', `homePage belongs to an account; a ${given.kind} has none`);
    checkTexts({ [`${path.slice(1)}/ifiValue`]: given.value }, LONG_TEXT);
    const violations = validateAgent(agentOf(given)).map((violation) => ({
      ...violation,
      path: `${path}/${violation.path.endsWith('/homePage') ? 'homePage' : 'ifiValue'}`,
    }));
    if (violations.length > 0) throw new AppError('INVALID_INPUT', violations[0]?.message ?? '', violations);
    const ifi = canonicalIfi(given);
    const agentKey = ifiKey(ifi);
    await store.lockAgents(sql, [agentKey]);
    if ((await store.learnersOfAgents(sql, [agentKey])).size > 0) {
      throw new AppError('CONFLICT', 'this identifier belongs to a learner already', [
        { path, rule: 'one-identity-one-learner', message: 'this identifier belongs to a learner already' },
      ]);
    }
    await em.insert(AgentIdentity, { ...stamp(this.#clock), learner: learnerId, ifiKind: ifi.kind, homePage: ifi.homePage, ifiValue: ifi.value, agentKey });
    await requeueOfActors(sql, [agentKey]);
  }

  async createPosition(input: { code: string; title: string; family: (typeof POSITION_FAMILIES)[number] }): Promise<store.PositionRow> {
    checkTexts({ code: input.code, title: input.title });
    const row = { ...stamp(this.#clock), ...input };
    await this.#database.write(async (em) => {
      if (await em.findOne(Position, { code: input.code })) throw conflict('/code', 'unique', `a position with the code ${input.code} exists`);
      await em.insert(Position, row);
    });
    return row;
  }

  async createUnit(input: { code: string; name: string; kind: (typeof UNIT_KINDS)[number]; parentId: string | null }): Promise<store.UnitRow> {
    checkTexts({ code: input.code, name: input.name });
    const { parentId, ...rest } = input;
    const row = { ...stamp(this.#clock), ...rest };
    await this.#database.write(async (em) => {
      if (await em.findOne(OrganizationUnit, { code: input.code })) throw conflict('/code', 'unique', `a unit with the code ${input.code} exists`);
      if (parentId && !(await em.findOne(OrganizationUnit, { id: parentId }))) throw invalid('/parentId', 'reference', 'there is no such unit');
      await em.insert(OrganizationUnit, { ...row, parent: parentId });
    });
    return { ...row, parentId: parentId };
  }

  /** Gives a learner a position in a unit from a day on (TMT). */
  async createHolding(input: NewHolding): Promise<{ id: string }> {
    checkPeriod(input);
    const row = {
      ...stamp(this.#clock),
      learner: input.learnerId,
      position: input.positionId,
      unit: input.unitId,
      validFrom: input.validFrom,
      validTo: input.validTo,
    };
    await this.#database.write(async (em, sql) => {
      await assertExists(sql, 'people.learner', input.learnerId, '/learnerId', 'learner');
      await assertExists(sql, 'people.position', input.positionId, '/positionId', 'position');
      if (!(await em.findOne(OrganizationUnit, { id: input.unitId }))) throw invalid('/unitId', 'reference', 'there is no such unit');
      await store.lockLearners(sql, [input.learnerId]);
      if (await store.holdsAlready(sql, input, null)) throw heldAlready();
      await em.insert(PositionHolding, row);
    });
    return { id: row.id };
  }

  /** Gives a holding other dates. @returns whose it is. @throws AppError NOT_FOUND, INVALID_INPUT, or CONFLICT with another holding of the same. */
  async changeHolding(id: string, period: Pick<NewHolding, 'validFrom' | 'validTo'>): Promise<string> {
    checkPeriod(period);
    return this.#withHolding(id, async (em, sql, holding) => {
      if (await store.holdsAlready(sql, { ...holding, ...period }, id)) throw heldAlready();
      await em.nativeUpdate(PositionHolding, { id }, { validFrom: period.validFrom, validTo: period.validTo });
    });
  }

  /** Takes away a holding that never was. @returns whose it was. @throws AppError NOT_FOUND */
  async deleteHolding(id: string): Promise<string> {
    return this.#withHolding(id, async (em) => {
      await em.nativeDelete(PositionHolding, { id });
    });
  }

  /** Works on a holding under the lock of its learner. */
  async #withHolding(id: string, work: (em: EntityManager, sql: Sql, holding: store.HoldingRow) => Promise<void>): Promise<string> {
    return this.#database.write(async (em, sql) => {
      const known = await store.holdingById(sql, id);
      if (known) await store.lockLearners(sql, [known.learnerId]);
      // Another learner's by now, where both were found to be one person meanwhile.
      const holding = await store.holdingById(sql, id);
      if (!holding) throw missing('/id', 'reference', 'there is no such holding');
      await work(em, sql, holding);
      return holding.learnerId;
    });
  }

  async #visible(viewer: Viewer): Promise<void> {
    if (viewer.role === 'PARTNER') await ensurePseudonyms(this.#sql, viewer, this.#clock.now());
  }

  /** The learners the viewer may see, of one batch or of all, by the id the viewer knows. */
  async learners(viewer: Viewer, batchId: string | null, limit: number, afterId: string | null): Promise<readonly store.LearnerRow[]> {
    await this.#visible(viewer);
    return store.listLearners(this.#sql, {
      viewer,
      now: this.#clock.now(),
      limit,
      ...(afterId !== null && { after: afterId }),
      ...(batchId !== null && { batchId }),
    });
  }

  /** Learners by the id the viewer knows; those out of reach are absent, like those that do not exist. */
  async learnersByPublicId(viewer: Viewer, publicIds: readonly string[]): Promise<readonly store.LearnerRow[]> {
    await this.#visible(viewer);
    return store.listLearners(this.#sql, { viewer, now: this.#clock.now(), limit: publicIds.length, publicIds });
  }

  /** Learners by our own id, as the viewer sees them; likewise. */
  async learnersById(viewer: Viewer, ids: readonly string[]): Promise<readonly store.LearnerRow[]> {
    await this.#visible(viewer);
    return store.listLearners(this.#sql, { viewer, now: this.#clock.now(), limit: ids.length, ids });
  }

  identityChangesOf = (ids: readonly string[]) => store.identityChangesOf(this.#sql, ids);
  identitiesOfLearners = (ids: readonly string[]) => store.identitiesOfLearners(this.#sql, ids);
  holdingsOfLearners = (ids: readonly string[]) => store.holdingsOfLearners(this.#sql, ids);
  positions = (limit: number, afterCode: string | null) => store.listPositions(this.#sql, limit, afterCode);
  positionsById = (ids: readonly string[]) => store.positionsById(this.#sql, ids);
  units = (limit: number, afterCode: string | null) => store.listUnits(this.#sql, limit, afterCode);
  unitsById = (ids: readonly string[]) => store.unitsById(this.#sql, ids);
}
