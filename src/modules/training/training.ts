import { randomUUID } from 'node:crypto';
import type { Database, Sql } from '../../db/database.ts';
import { stamp } from '../../db/entity.ts';
import { assertExists } from '../../db/references.ts';
import { checkInstants, checkRange, checkTexts } from '../../kernel/checks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { AppError, conflict, invalid } from '../../kernel/errors.ts';
import { isIri } from '../../standards/xapi/index.ts';
import { describedLevels, retiredAt } from '../competency/index.ts';
import { activityKey } from '../lrs/index.ts';
import {
  type ACTIVITY_KINDS,
  ActivityAlignment,
  Batch,
  type CONTRIBUTIONS,
  Enrolment,
  LearningActivity,
  Module,
  ModuleActivity,
  type PROGRAM_FORMS,
  type PROGRAM_KINDS,
  ProgramVersion,
  TrainingProgram,
} from './training.entities.ts';
import * as store from './training.store.ts';

/** Lesson hours of one module: far above any real one, and a sum of them stays a 32-bit number. */
const MAX_JP = 10_000;
const MAX_BATCH_NUMBER = 100_000;

const taken = (path: string, message: string): AppError => conflict(path, 'unique', message);

/** Told inside the transaction that makes activities known, by their keys, so that what rests on their kind follows. */
export type OnActivitiesRegistered = (sql: Sql, activityKeys: readonly string[]) => Promise<void>;

/** Programmes, what they consist of, who takes part. */
export class Training {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #onRegistered: OnActivitiesRegistered;

  constructor(database: Database, clock: Clock, onRegistered: OnActivitiesRegistered) {
    this.#database = database;
    this.#clock = clock;
    this.#onRegistered = onRegistered;
  }

  get #sql(): Sql {
    return this.#database.sql;
  }

  /** Starts a programme with an empty draft of its first version. */
  async createProgram(input: {
    code: string;
    title: string;
    kind: (typeof PROGRAM_KINDS)[number];
    form: (typeof PROGRAM_FORMS)[number];
  }): Promise<{ program: store.ProgramRow; versionId: string }> {
    checkTexts({ code: input.code, title: input.title });
    const program = { ...stamp(this.#clock), ...input };
    const version = stamp(this.#clock);
    await this.#database.write(async (em) => {
      if (await em.findOne(TrainingProgram, { code: input.code })) throw taken('/code', `a programme with the code ${input.code} exists`);
      await em.insert(TrainingProgram, program);
      await em.insert(ProgramVersion, { ...version, program: program.id, ordinal: 1, status: 'DRAFT', publishedAt: null });
    });
    return { program, versionId: version.id };
  }

  /** Starts the next version of a programme as an empty draft. */
  async createVersion(programId: string): Promise<store.ProgramVersionRow> {
    const version = stamp(this.#clock);
    await this.#database.write(async (em, sql) => {
      const [program] = await sql.rows('select from training.training_program where id = $1 for update', [programId]);
      if (!program) throw invalid('/programId', 'reference', 'there is no such programme');
      const [last] = await store.versionsOfPrograms(sql, [programId]);
      await em.insert(ProgramVersion, { ...version, program: programId, ordinal: (last?.ordinal ?? 0) + 1, status: 'DRAFT', publishedAt: null });
    });
    return this.#version(version.id);
  }

  async #version(id: string): Promise<store.ProgramVersionRow> {
    const [row] = await store.programVersionsById(this.#sql, [id]);
    if (!row) throw new AppError('NOT_FOUND', 'there is no such programme version');
    return row;
  }

  /** @throws AppError INVALID_INPUT when there is no such version, CONFLICT when it is published: then it never changes. */
  async #lockDraft(sql: Sql, versionId: string, path: string): Promise<void> {
    const version = await store.lockVersion(sql, versionId);
    if (!version) throw invalid(path, 'reference', 'there is no such programme version');
    if (version.status === 'PUBLISHED')
      throw new AppError('CONFLICT', 'a published programme version does not change', [
        { path, rule: 'published-is-final', message: 'a published programme version does not change; create a new version' },
      ]);
  }

  /** Adds a module at the end of a draft. @param input.jp lesson hours (jam pelajaran), above 0. */
  async addModule(input: { versionId: string; title: string; jp: number }): Promise<store.ModuleRow> {
    checkTexts({ title: input.title });
    checkRange({ jp: input.jp }, 1, MAX_JP);
    const base = stamp(this.#clock);
    return this.#database.write(async (em, sql) => {
      await this.#lockDraft(sql, input.versionId, '/programVersionId');
      const position = (await store.modulesOfVersions(sql, [input.versionId])).length + 1;
      await em.insert(Module, { ...base, version: input.versionId, position, title: input.title, jp: input.jp });
      return { id: base.id, versionId: input.versionId, position, title: input.title, jp: input.jp };
    });
  }

  /** Adds an activity to a module of a draft; an activity known by its IRI already is used again as it is. */
  async addActivity(input: {
    moduleId: string;
    iri: string;
    title: string;
    kind: (typeof ACTIVITY_KINDS)[number];
    ownerId: string | null;
  }): Promise<store.ActivityRow> {
    checkTexts({ title: input.title });
    if (!isIri(input.iri)) throw invalid('/iri', 'xAPI Data 4.3 iri', `iri must be an absolute IRI; found ${JSON.stringify(input.iri)}`);
    checkTexts({ iri: input.iri });
    const key = activityKey(input.iri);
    return this.#database.write(async (em, sql) => {
      const [module] = await store.modulesById(sql, [input.moduleId]);
      if (!module) throw invalid('/moduleId', 'reference', 'there is no such module');
      await this.#lockDraft(sql, module.versionId, '/moduleId');
      if (input.ownerId) await assertExists(sql, 'access.partner', input.ownerId, '/ownerId', 'partner');
      let [activity] = await store.activitiesByKey(sql, [key]);
      if (!activity) {
        const row = { ...stamp(this.#clock), iri: input.iri, activityKey: key, title: input.title, kind: input.kind, ownerId: input.ownerId };
        await em.insert(LearningActivity, row);
        await this.#onRegistered(sql, [key]);
        activity = { id: row.id, iri: row.iri, activityKey: key, title: row.title, kind: row.kind, ownerId: row.ownerId };
      }
      const present = await store.activitiesOfModules(sql, [input.moduleId]);
      if (present.some((other) => other.iri === input.iri)) throw taken('/iri', 'this activity is in the module already');
      await em.insert(ModuleActivity, { ...stamp(this.#clock), module: input.moduleId, activity: activity.id, position: present.length + 1 });
      return activity;
    });
  }

  /** Makes activities known, so that they can be aligned; of those that are known already the title is brought up to date. */
  async offerActivities(
    sql: Sql,
    activities: readonly { readonly iri: string; readonly title: string; readonly kind: (typeof ACTIVITY_KINDS)[number] }[],
    ownerId: string | null,
  ): Promise<void> {
    const rows = activities.map((activity) => ({ ...stamp(this.#clock), ...activity, activityKey: activityKey(activity.iri), ownerId }));
    const registered = await store.upsertActivities(sql, rows);
    if (registered.length > 0) await this.#onRegistered(sql, registered);
  }

  /** Says what an activity does for a competency. @throws AppError INVALID_INPUT when the level has no descriptor. */
  async addAlignment(input: {
    moduleId: string;
    activityId: string;
    itemId: string;
    targetLevel: number;
    contribution: (typeof CONTRIBUTIONS)[number];
  }): Promise<store.AlignmentRow> {
    const base = stamp(this.#clock);
    return this.#database.write(async (em, sql) => {
      const [module] = await store.modulesById(sql, [input.moduleId]);
      if (!module) throw invalid('/moduleId', 'reference', 'there is no such module');
      await this.#lockDraft(sql, module.versionId, '/moduleId');
      if (!(await store.activitiesOfModules(sql, [input.moduleId])).some((activity) => activity.id === input.activityId))
        throw invalid('/activityId', 'reference', 'this activity is not in the module');
      const levels = (await describedLevels(sql, [input.itemId])).get(input.itemId);
      if (!levels) throw invalid('/competencyId', 'reference', 'there is no such competency');
      if (!levels.has(input.targetLevel))
        throw invalid(
          '/targetLevel',
          'level-has-descriptor',
          `level ${input.targetLevel} of this competency has no descriptor; levels with one: ${[...levels].join(', ') || 'none'}`,
        );
      if ((await retiredAt(sql, [input.itemId], this.#clock.now())).size > 0)
        throw invalid('/competencyId', 'retired', 'this competency is retired; nothing new is aligned to it');
      const same = await em.findOne(ActivityAlignment, { module: input.moduleId, activity: input.activityId, itemId: input.itemId });
      if (same) throw taken('/competencyId', 'this activity is aligned to the competency in this module already');
      await em.insert(ActivityAlignment, {
        ...base,
        module: input.moduleId,
        activity: input.activityId,
        itemId: input.itemId,
        targetLevel: input.targetLevel,
        contribution: input.contribution,
      });
      return {
        id: base.id,
        moduleId: input.moduleId,
        activityId: input.activityId,
        itemId: input.itemId,
        targetLevel: input.targetLevel,
        contribution: input.contribution,
      };
    });
  }

  /** Publishes a draft: it never changes again. @throws AppError CONFLICT when it has no modules or an empty one. */
  async publishVersion(versionId: string): Promise<store.ProgramVersionRow> {
    await this.#database.write(async (em, sql) => {
      await this.#lockDraft(sql, versionId, '/id');
      if ((await store.modulesOfVersions(sql, [versionId])).length === 0) throw conflict('/id', 'complete', 'a version without modules cannot be published');
      const empty = await store.modulesWithoutActivities(sql, versionId);
      if (empty.length > 0) throw conflict('/id', 'complete', `these modules hold no activity: ${empty.join('; ')}`);
      await em.nativeUpdate(ProgramVersion, { id: versionId }, { status: 'PUBLISHED', publishedAt: this.#clock.now() });
    });
    return this.#version(versionId);
  }

  /** Opens a batch (angkatan) of a published version. */
  async createBatch(input: { versionId: string; number: number; startsOn: Date; endsOn: Date }): Promise<store.BatchRow> {
    checkInstants({ startsOn: input.startsOn, endsOn: input.endsOn });
    checkRange({ number: input.number }, 1, MAX_BATCH_NUMBER);
    if (input.endsOn < input.startsOn) throw invalid('/endsOn', 'period', 'endsOn must not lie before startsOn');
    const base = stamp(this.#clock);
    return this.#database.write(async (em, sql) => {
      const version = await store.lockVersion(sql, input.versionId);
      if (!version) throw invalid('/programVersionId', 'reference', 'there is no such programme version');
      if (version.status !== 'PUBLISHED') throw conflict('/programVersionId', 'published', 'only a published version takes batches');
      if ((await store.batchesOfVersions(sql, [input.versionId])).some((batch) => batch.number === input.number))
        throw taken('/number', `batch ${input.number} of this version exists`);
      await em.insert(Batch, { ...base, version: input.versionId, number: input.number, startsOn: input.startsOn, endsOn: input.endsOn });
      return { id: base.id, versionId: input.versionId, number: input.number, startsOn: input.startsOn, endsOn: input.endsOn };
    });
  }

  /** Enrols a learner; the registration is the UUID their launched content puts into statements. */
  async enrol(input: { learnerId: string; batchId: string }): Promise<store.EnrolmentRow> {
    const row = { ...stamp(this.#clock), learnerId: input.learnerId, batch: input.batchId, registration: randomUUID() };
    await this.#database.write(async (em, sql) => {
      await assertExists(sql, 'people.learner', input.learnerId, '/learnerId', 'learner');
      if (!(await em.findOne(Batch, { id: input.batchId }))) throw invalid('/batchId', 'reference', 'there is no such batch');
      if (await em.findOne(Enrolment, { batch: input.batchId, learnerId: input.learnerId }))
        throw taken('/learnerId', 'this learner is enrolled in the batch already');
      await em.insert(Enrolment, row);
    });
    return { id: row.id, learnerId: row.learnerId, batchId: row.batch, registration: row.registration };
  }

  /** Forgets a learner, within the transaction that deletes them. */
  forget = (sql: Sql, learnerId: string) => store.deleteEnrolments(sql, learnerId);

  /** Gives the enrolments of one learner to another, within the transaction that merges them; of a batch both are in, the other's own stays. */
  merge = (sql: Sql, from: string, into: string) => store.moveEnrolments(sql, from, into);

  programs = (limit: number, afterCode: string | null) => store.listPrograms(this.#sql, limit, afterCode);
  programsById = (ids: readonly string[]) => store.programsById(this.#sql, ids);
  versionsOfPrograms = (ids: readonly string[]) => store.versionsOfPrograms(this.#sql, ids);
  versionsById = (ids: readonly string[]) => store.programVersionsById(this.#sql, ids);
  modulesOfVersions = (ids: readonly string[]) => store.modulesOfVersions(this.#sql, ids);
  modulesById = (ids: readonly string[]) => store.modulesById(this.#sql, ids);
  activitiesOfModules = (ids: readonly string[]) => store.activitiesOfModules(this.#sql, ids);
  activitiesById = (ids: readonly string[]) => store.activitiesById(this.#sql, ids);
  activitiesByKey = (keys: readonly string[]) => store.activitiesByKey(this.#sql, keys);
  activities = (ownerId: string | null, limit: number, afterIri: string | null) => store.listActivities(this.#sql, ownerId, limit, afterIri);
  alignmentsOfActivities = (ids: readonly string[]) => store.alignmentsOfActivities(this.#sql, ids);
  alignmentsOfItems = (ids: readonly string[]) => store.alignmentsOfItems(this.#sql, ids);
  batchesOfVersions = (ids: readonly string[]) => store.batchesOfVersions(this.#sql, ids);
  batchesById = (ids: readonly string[]) => store.batchesById(this.#sql, ids);
  enrolmentsOfLearners = (ids: readonly string[]) => store.enrolmentsOfLearners(this.#sql, ids);
}
