import { defineEntity, p } from '@mikro-orm/core';
import { base } from '../../db/entity.ts';

export const PROGRAM_KINDS = ['STRUCTURAL', 'FUNCTIONAL', 'TECHNICAL', 'SOCIO_CULTURAL', 'LATSAR', 'SEMINAR'] as const;
export const PROGRAM_FORMS = ['CLASSICAL', 'NON_CLASSICAL', 'BLENDED'] as const;
const PROGRAM_STATUSES = ['DRAFT', 'PUBLISHED'] as const;
export const ACTIVITY_KINDS = ['CMI5_AU', 'SCORM12_SCO', 'SCORM2004_SCO', 'XAPI', 'CLASS_SESSION', 'ASSIGNMENT', 'WORKPLACE_TASK', 'TEST'] as const;
export const CONTRIBUTIONS = ['INTRODUCES', 'PRACTISES', 'ASSESSES'] as const;

/** Program pelatihan: a training programme through all its versions. */
export const TrainingProgram = defineEntity({
  name: 'TrainingProgram',
  schema: 'training',
  properties: { ...base, code: p.text().unique(), title: p.text(), kind: p.enum(PROGRAM_KINDS), form: p.enum(PROGRAM_FORMS) },
});

export const ProgramVersion = defineEntity({
  name: 'ProgramVersion',
  schema: 'training',
  properties: { ...base, program: p.manyToOne(TrainingProgram), ordinal: p.integer(), status: p.enum(PROGRAM_STATUSES), publishedAt: p.datetime().nullable() },
  uniques: [{ properties: ['program', 'ordinal'] }],
});

/** Mata pelatihan. `jp` counts lesson hours (jam pelajaran). */
export const Module = defineEntity({
  name: 'Module',
  schema: 'training',
  properties: { ...base, version: p.manyToOne(ProgramVersion), position: p.integer(), title: p.text(), jp: p.integer() },
  uniques: [{ properties: ['version', 'position'] }],
});

/** Something learners do, known to statements by its IRI. */
export const LearningActivity = defineEntity({
  name: 'LearningActivity',
  schema: 'training',
  properties: { ...base, iri: p.text().unique(), activityKey: p.uuid().unique(), title: p.text(), kind: p.enum(ACTIVITY_KINDS), ownerId: p.uuid().nullable() },
});

export const ModuleActivity = defineEntity({
  name: 'ModuleActivity',
  schema: 'training',
  properties: { ...base, module: p.manyToOne(Module), activity: p.manyToOne(LearningActivity), position: p.integer() },
  uniques: [{ properties: ['module', 'activity'] }],
  indexes: [{ properties: ['activity'] }],
});

/** What an activity does for a competency, within one module. */
export const ActivityAlignment = defineEntity({
  name: 'ActivityAlignment',
  schema: 'training',
  properties: {
    ...base,
    module: p.manyToOne(Module),
    activity: p.manyToOne(LearningActivity),
    itemId: p.uuid(),
    targetLevel: p.integer(),
    contribution: p.enum(CONTRIBUTIONS),
  },
  uniques: [{ properties: ['module', 'activity', 'itemId'] }],
  indexes: [{ properties: ['itemId'] }],
});

/** Angkatan: one run of a programme version. */
export const Batch = defineEntity({
  name: 'Batch',
  schema: 'training',
  properties: { ...base, version: p.manyToOne(ProgramVersion), number: p.integer(), startsOn: p.datetime(), endsOn: p.datetime() },
  uniques: [{ properties: ['version', 'number'] }],
});

/** Kepesertaan. `registration` is the xAPI registration under which the learner's statements arrive. */
export const Enrolment = defineEntity({
  name: 'Enrolment',
  schema: 'training',
  properties: { ...base, learnerId: p.uuid(), batch: p.manyToOne(Batch), registration: p.uuid().unique() },
  uniques: [{ properties: ['batch', 'learnerId'] }],
  indexes: [{ properties: ['learnerId'] }],
});

export const trainingEntities = [TrainingProgram, ProgramVersion, Module, LearningActivity, ModuleActivity, ActivityAlignment, Batch, Enrolment];
