import { defineEntity, p } from '@mikro-orm/core';
import { base } from '../../db/entity.ts';

export const PARTNER_KINDS = ['UNIVERSITY', 'PROFESSIONAL_BODY', 'CONTENT_VENDOR', 'TRAINING_AGENCY'] as const;
export const ROLES = ['ADMIN', 'PARTNER', 'VENDOR', 'LEARNER'] as const;

/** An organisation the city works with. */
export const Partner = defineEntity({
  name: 'Partner',
  schema: 'access',
  properties: { ...base, code: p.text().unique(), name: p.text(), kind: p.enum(PARTNER_KINDS) },
});

/** What a partner may read: the learners enrolled in one programme, from a day to a day, for a stated purpose. */
export const AccessGrant = defineEntity({
  name: 'AccessGrant',
  schema: 'access',
  properties: {
    ...base,
    partner: p.manyToOne(Partner),
    programId: p.uuid(),
    showsNames: p.boolean(),
    purpose: p.text(),
    validFrom: p.datetime(),
    validTo: p.datetime().nullable(),
  },
  indexes: [{ properties: ['programId'] }],
});

/** A bearer token for GraphQL; only its SHA-256 is kept. */
export const ApiToken = defineEntity({
  name: 'ApiToken',
  schema: 'access',
  properties: {
    ...base,
    label: p.text(),
    tokenHash: p.blob().unique(),
    role: p.enum(ROLES),
    partner: p.manyToOne(Partner).nullable(),
    learnerId: p.uuid().nullable(),
    expiresAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
  },
});

/** Basic credentials for xAPI; only the SHA-256 of the secret is kept. `authority` is the Agent, as JSON text. */
export const LrsCredential = defineEntity({
  name: 'LrsCredential',
  schema: 'access',
  properties: {
    ...base,
    label: p.text(),
    key: p.text().unique(),
    secretHash: p.blob(),
    scopes: p.array(),
    authority: p.text(),
    authorityKey: p.uuid(),
    partner: p.manyToOne(Partner).nullable(),
    previousHash: p.blob().nullable(),
    previousUntil: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
  },
});

export const accessEntities = [Partner, AccessGrant, ApiToken, LrsCredential];
