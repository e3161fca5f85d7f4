import { defineEntity, p } from '@mikro-orm/core';
import { base } from '../../db/entity.ts';
import { RULE_MATCHES, type ScoreBand } from './rules.ts';

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
  },
  uniques: [{ properties: ['version', 'position'] }],
  indexes: [{ properties: ['activityKey'] }],
});

export const progressEntities = [EvidenceRuleSet, RuleSetVersion, EvidenceRule];
