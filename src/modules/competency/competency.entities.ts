import { defineEntity, p } from '@mikro-orm/core';
import { base } from '../../db/entity.ts';
import { LEVEL_POLICIES, ROLLUP_KINDS } from '../../standards/case/index.ts';

export const FRAMEWORK_KINDS = ['MANAGERIAL', 'SOCIO_CULTURAL', 'TECHNICAL', 'EXTERNAL'] as const;
const VERSION_STATUSES = ['DRAFT', 'PUBLISHED'] as const;
export const IMPORTANCES = ['ABSOLUTE', 'IMPORTANT', 'NEEDED'] as const;
const STANDARD_STATUSES = ['DRAFT', 'IN_FORCE', 'SUPERSEDED'] as const;

/** A competency framework (CASE CFDocument) through all its versions. */
export const CompetencyFramework = defineEntity({
  name: 'CompetencyFramework',
  schema: 'competency',
  properties: { ...base, identifier: p.text().unique(), title: p.text(), creator: p.text(), kind: p.enum(FRAMEWORK_KINDS), language: p.text().nullable() },
});

/** One version of a framework. `source` is the imported package to the letter, so that nothing of it is lost. */
export const FrameworkVersion = defineEntity({
  name: 'FrameworkVersion',
  schema: 'competency',
  properties: {
    ...base,
    framework: p.manyToOne(CompetencyFramework),
    ordinal: p.integer(),
    label: p.text(),
    status: p.enum(VERSION_STATUSES),
    contentHash: p.text(),
    source: p.text(),
    publishedAt: p.datetime().nullable(),
  },
  uniques: [{ properties: ['framework', 'ordinal'] }, { properties: ['framework', 'contentHash'] }],
});

/** A competency through all versions of its framework; evidence and requirements point here. */
export const CompetencyItem = defineEntity({
  name: 'CompetencyItem',
  schema: 'competency',
  properties: { ...base, identifier: p.text().unique(), framework: p.manyToOne(CompetencyFramework) },
  indexes: [{ properties: ['framework'] }],
});

/** What one framework version says of a competency (CASE CFItem). */
export const CompetencyItemVersion = defineEntity({
  name: 'CompetencyItemVersion',
  schema: 'competency',
  properties: {
    ...base,
    version: p.manyToOne(FrameworkVersion),
    item: p.manyToOne(CompetencyItem),
    position: p.integer(),
    code: p.text().nullable(),
    fullStatement: p.text(),
    abbreviatedStatement: p.text().nullable(),
    itemType: p.text().nullable(),
    statusEndDate: p.date().nullable(),
    rollup: p.enum(ROLLUP_KINDS),
    rollupCount: p.integer().nullable(),
    rollupOnly: p.boolean(),
    policy: p.enum(LEVEL_POLICIES),
    minDistinctSources: p.integer(),
    threshold: p.integer(),
    halfLifeDays: p.integer().nullable(),
  },
  uniques: [{ properties: ['version', 'item'] }],
  indexes: [{ properties: ['item'] }],
});

/** One CASE association. An end that is no item of ours keeps its identifier and leaves the reference empty. */
export const CompetencyEdge = defineEntity({
  name: 'CompetencyEdge',
  schema: 'competency',
  properties: {
    ...base,
    version: p.manyToOne(FrameworkVersion),
    identifier: p.text(),
    type: p.text(),
    origin: p.manyToOne(CompetencyItem).nullable(),
    originIdentifier: p.text(),
    destination: p.manyToOne(CompetencyItem).nullable(),
    destinationIdentifier: p.text(),
    sequenceNumber: p.integer().nullable(),
    weight: p.integer(),
    requiredMin: p.integer().nullable(),
    minLevel: p.integer().nullable(),
    levelMap: p.json<Record<string, number>>().nullable(),
  },
  uniques: [{ properties: ['version', 'identifier'] }],
  indexes: [{ properties: ['version', 'destination'] }],
});

/** What one proficiency level of a competency looks like (CASE CFRubricCriterionLevel). */
export const LevelDescriptor = defineEntity({
  name: 'LevelDescriptor',
  schema: 'competency',
  properties: {
    ...base,
    version: p.manyToOne(FrameworkVersion),
    item: p.manyToOne(CompetencyItem),
    rank: p.integer(),
    label: p.text(),
    description: p.text().nullable(),
  },
  uniques: [{ properties: ['version', 'item', 'rank'] }],
});

/**
 * Who vouched that evidence for one competency is evidence for another that matches it (CASE exactMatchOf). Until it is
 * revoked; a match alone does nothing.
 */
export const EquivalenceApproval = defineEntity({
  name: 'EquivalenceApproval',
  schema: 'competency',
  properties: {
    ...base,
    origin: p.manyToOne(CompetencyItem),
    destination: p.manyToOne(CompetencyItem),
    twoWay: p.boolean(),
    reason: p.text(),
    revokedAt: p.datetime().nullable(),
    validUntil: p.datetime().nullable(),
  },
});

/** Standar kompetensi jabatan (SKJ): what one position demands, from a day on. */
export const PositionStandard = defineEntity({
  name: 'PositionStandard',
  schema: 'competency',
  properties: {
    ...base,
    positionId: p.uuid(),
    ordinal: p.integer(),
    status: p.enum(STANDARD_STATUSES),
    legalBasis: p.text(),
    effectiveFrom: p.datetime(),
  },
  uniques: [{ properties: ['positionId', 'ordinal'] }],
});

export const CompetencyRequirement = defineEntity({
  name: 'CompetencyRequirement',
  schema: 'competency',
  properties: {
    ...base,
    standard: p.manyToOne(PositionStandard),
    item: p.manyToOne(CompetencyItem),
    requiredLevel: p.integer(),
    importance: p.enum(IMPORTANCES),
    weight: p.integer(),
    versionId: p.uuid().nullable(),
  },
  uniques: [{ properties: ['standard', 'item'] }],
});

export const competencyEntities = [
  CompetencyFramework,
  FrameworkVersion,
  CompetencyItem,
  CompetencyItemVersion,
  CompetencyEdge,
  LevelDescriptor,
  EquivalenceApproval,
  PositionStandard,
  CompetencyRequirement,
];
