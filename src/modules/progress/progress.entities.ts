import { defineEntity, p } from '@mikro-orm/core';
import { base } from '../../db/entity.ts';
import { ATTEMPT_POLICIES, RULE_MATCHES, type ScoreBand } from './rules.ts';

const RULE_SET_STATUSES = ['DRAFT', 'ACTIVATING', 'ACTIVE', 'SUPERSEDED'] as const;

/** Rules that turn statements into evidence, through all their versions. */
export const EvidenceRuleSet = defineEntity({
  name: 'EvidenceRuleSet',
  schema: 'progress',
  properties: { ...base, code: p.text().unique(), title: p.text() },
});

export const RuleSetVersion = defineEntity({
  name: 'RuleSetVersion',
  schema: 'progress',
  properties: {
    ...base,
    ruleSet: p.manyToOne(EvidenceRuleSet),
    ordinal: p.integer(),
    status: p.enum(RULE_SET_STATUSES),
    activatedAt: p.datetime().nullable(),
    effectiveFrom: p.datetime().nullable(),
    kindCaps: p.json<Record<string, number>>(),
    authorityCaps: p.json<Record<string, number>>(),
  },
  uniques: [{ properties: ['ruleSet', 'ordinal'] }],
});

/**
 * One rule: which statements count as evidence for or against which level. Conditions name only
 * statement fields; an absent condition does not restrict. An empty `trustedAuthorities` trusts every authority.
 */
export const EvidenceRule = defineEntity({
  name: 'EvidenceRule',
  schema: 'progress',
  properties: {
    ...base,
    version: p.manyToOne(RuleSetVersion),
    position: p.integer(),
    match: p.enum(RULE_MATCHES),
    activityIri: p.text(),
    activityKey: p.uuid(),
    verbs: p.array(),
    scaledMin: p.double().nullable(),
    scaledMax: p.double().nullable(),
    durationMinSeconds: p.integer().nullable(),
    category: p.text().nullable(),
    bands: p.json<ScoreBand[]>(),
    positive: p.boolean(),
    weight: p.integer(),
    success: p.boolean().nullable(),
    completion: p.boolean().nullable(),
    trustedAuthorities: p.array(),
    itemId: p.uuid(),
    level: p.integer(),
    validDays: p.integer().nullable(),
    attempts: p.enum(ATTEMPT_POLICIES),
  },
  uniques: [{ properties: ['version', 'position'] }],
  indexes: [{ properties: ['activityKey'] }],
});

export const ASSESSMENT_KINDS = ['ASSESSOR', 'SUPERVISOR'] as const;
const CLAIM_STATUSES = ['SUBMITTED', 'IN_REVIEW', 'ACCEPTED', 'REJECTED'] as const;

/** A level that an assessor (asesor) or a supervisor (atasan) saw, or did not see, in somebody else. */
export const Assessment = defineEntity({
  name: 'Assessment',
  schema: 'progress',
  properties: {
    ...base,
    learnerId: p.uuid(),
    itemId: p.uuid(),
    kind: p.enum(ASSESSMENT_KINDS),
    level: p.integer(),
    positive: p.boolean(),
    weight: p.integer(),
    assessorLearnerId: p.uuid().nullable(),
    assessorPartnerId: p.uuid().nullable(),
    assessorKey: p.uuid(),
    occurredAt: p.datetime(),
    validUntil: p.datetime().nullable(),
    note: p.text(),
    withdrawnAt: p.datetime().nullable(),
  },
  indexes: [{ properties: ['learnerId'] }],
});

/** Prior learning (rekognisi pembelajaran lampau, RPL): what somebody says they learned elsewhere, and what a reviewer says to it. */
export const PriorLearningClaim = defineEntity({
  name: 'PriorLearningClaim',
  schema: 'progress',
  properties: {
    ...base,
    learnerId: p.uuid(),
    itemId: p.uuid(),
    level: p.integer(),
    description: p.text(),
    issuer: p.text(),
    documentUrl: p.text().nullable(),
    achievedOn: p.datetime(),
    status: p.enum(CLAIM_STATUSES),
    reviewerId: p.uuid().nullable(),
    decidedAt: p.datetime().nullable(),
    decisionReason: p.text().nullable(),
    acceptedLevel: p.integer().nullable(),
    validUntil: p.datetime().nullable(),
  },
  indexes: [{ properties: ['learnerId'] }, { properties: ['status', 'id'] }],
});

/** A level that somebody answers for, from a day to a day: it stands beside the computed one. */
export const CompetencyOverride = defineEntity({
  name: 'CompetencyOverride',
  schema: 'progress',
  properties: {
    ...base,
    learnerId: p.uuid(),
    itemId: p.uuid(),
    level: p.integer(),
    reason: p.text(),
    decidedById: p.uuid().nullable(),
    validFrom: p.datetime(),
    validUntil: p.datetime(),
    countsForRollup: p.boolean(),
    revokedAt: p.datetime().nullable(),
  },
  indexes: [{ properties: ['learnerId'] }],
});

export const progressEntities = [EvidenceRuleSet, RuleSetVersion, EvidenceRule, Assessment, PriorLearningClaim, CompetencyOverride];
