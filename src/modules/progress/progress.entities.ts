import { defineEntity, p } from '@mikro-orm/core';
import { base } from '../../db/entity.ts';

const RULE_SET_STATUSES = ['DRAFT', 'ACTIVE', 'SUPERSEDED'] as const;

/** Rules that turn statements into evidence, through all their versions. */
export const EvidenceRuleSet = defineEntity({
  name: 'EvidenceRuleSet',
  schema: 'progress',
  properties: { ...base, code: p.text().unique(), title: p.text() },
});

export const RuleSetVersion = defineEntity({
  name: 'RuleSetVersion',
  schema: 'progress',
  properties: { ...base, ruleSet: p.manyToOne(EvidenceRuleSet), ordinal: p.integer(), status: p.enum(RULE_SET_STATUSES), activatedAt: p.datetime().nullable() },
  uniques: [{ properties: ['ruleSet', 'ordinal'] }],
});

/**
 * One rule: which statements about one activity count as positive evidence of which level. Conditions name only
 * statement fields; an absent condition does not restrict. An empty `trustedAuthorities` trusts every authority.
 */
export const EvidenceRule = defineEntity({
  name: 'EvidenceRule',
  schema: 'progress',
  properties: {
    ...base,
    version: p.manyToOne(RuleSetVersion),
    position: p.integer(),
    activityIri: p.text(),
    activityKey: p.uuid(),
    verbs: p.array(),
    scaledMin: p.double().nullable(),
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
