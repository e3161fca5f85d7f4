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

/** The Agent that an identifier makes, for the standard's own rules to judge. */
const agentOf = (ifi: Ifi): unknown => (ifi.kind === 'account' ? { account: { homePage: ifi.homePage, name: ifi.value } } : { [ifi.kind]: ifi.value });

/** Told inside the transaction that deletes a learner, with their identifiers, so that all others forget them too. @returns the id of a receipt. */
export type OnLearnerErased = (sql: Sql, learnerId: string, identities: readonly Ifi[]) => Promise<string>;

/** Told inside the transaction that takes an identifier from a learner, so that what rests on it goes too. */
export type OnIdentityUnlinked = (sql: Sql, learnerId: string, agentKey: string) => Promise<void>;

/** Whom this module tells. */
export interface PeopleListeners {
  readonly onErased: OnLearnerErased;
  readonly onUnlinked: OnIdentityUnlinked;
  /** Told first thing in that transaction, before anything is locked. */
  readonly onUnlinking: (sql: Sql) => Promise<void>;
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
  async createLearner(input: NewLearner): Promise<{ id: string }> {
    checkTexts({ name: input.name });
    const row = { ...stamp(this.#clock), learnerKey: randomUUID(), name: input.name, staffCategory: input.staffCategory };
    await this.#database.write(async (em, sql) => {
      await em.insert(Learner, row);
      for (const [index, ifi] of input.identities.entries()) await this.#link(em, sql, row.id, ifi, `/identities/${index}`);
    });
    return { id: row.id };
  }

  /**
   * Links one more identifier to a learner. Statements that came in under it earlier count from now on.
   * @throws AppError INVALID_INPUT when it is no valid identifier, CONFLICT when it belongs to someone.
   */
  async addIdentity(learnerId: string, ifi: Ifi): Promise<void> {
    await this.#database.write(async (em, sql) => {
      await assertExists(sql, 'people.learner', learnerId, '/learnerId', 'learner');
      await this.#link(em, sql, learnerId, ifi, '/identity');
    });
  }

  /**
   * Takes an identifier from a learner: what statements under it gave them is retracted. They are kept, and count for
   * whoever the identifier is linked to next.
   * @throws AppError INVALID_INPUT when the learner has no such identifier.
   */
  async removeIdentity(learnerId: string, given: Ifi): Promise<void> {
    const ifi = canonicalIfi(given);
    const agentKey = ifiKey(ifi);
    await this.#database.transaction(async (sql) => {
      await this.#told.onUnlinking(sql);
      await assertExists(sql, 'people.learner', learnerId, '/learnerId', 'learner');
      // Before the learner's lock: the projector takes them in this order too.
      await store.lockAgents(sql, [agentKey]);
      await store.lockLearners(sql, [learnerId]);
      if (!(await store.deleteIdentity(sql, learnerId, agentKey))) throw invalid('/identity', 'reference', 'the learner has no such identifier');
      await this.#told.onUnlinked(sql, learnerId, agentKey);
    });
  }

  /**
   * Erases a person (UU 27/2022): who they are is gone at once, what statements say of them soon after.
   * @returns the id of the receipt.
   * @throws AppError NOT_FOUND
   */
  async eraseLearner(learnerId: string): Promise<string> {
    return this.#database.transaction(async (sql) => {
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
    checkInstants({ validFrom: input.validFrom, validTo: input.validTo });
    if (input.validTo && input.validTo <= input.validFrom) throw invalid('/validTo', 'period', 'validTo must lie after validFrom');
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
      if (await store.holdsAlready(sql, input)) throw conflict('/validFrom', 'no-overlap', 'the learner holds this position in this unit at that time already');
      await em.insert(PositionHolding, row);
    });
    return { id: row.id };
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

  identitiesOfLearners = (ids: readonly string[]) => store.identitiesOfLearners(this.#sql, ids);
  holdingsOfLearners = (ids: readonly string[]) => store.holdingsOfLearners(this.#sql, ids);
  positions = (limit: number, afterCode: string | null) => store.listPositions(this.#sql, limit, afterCode);
  positionsById = (ids: readonly string[]) => store.positionsById(this.#sql, ids);
  units = (limit: number, afterCode: string | null) => store.listUnits(this.#sql, limit, afterCode);
  unitsById = (ids: readonly string[]) => store.unitsById(this.#sql, ids);
}
