import { defineEntity, p } from '@mikro-orm/core';
import { base } from '../../db/entity.ts';
import { IFI_KINDS, type Ifi } from '../../standards/xapi/index.ts';

/** Unit kinds of a city government (Pemerintah Kota), in the words of the law. */
export const UNIT_KINDS = ['PEMKO', 'OPD', 'BIDANG', 'UPTD', 'KECAMATAN', 'KELURAHAN'] as const;
/** Position families (rumpun jabatan): senior leadership, administrators, supervisors, executors, functional posts. */
export const POSITION_FAMILIES = ['JPT', 'ADMINISTRATOR', 'PENGAWAS', 'PELAKSANA', 'FUNGSIONAL_KEAHLIAN', 'FUNGSIONAL_KETERAMPILAN'] as const;
/** Staff categories: permanent civil servants, candidates, contract staff. */
export const STAFF_CATEGORIES = ['PNS', 'CPNS', 'PPPK'] as const;

export const OrganizationUnit = defineEntity({
  name: 'OrganizationUnit',
  schema: 'people',
  properties: { ...base, code: p.text().unique(), name: p.text(), kind: p.enum(UNIT_KINDS), parent: () => p.manyToOne(OrganizationUnit).nullable() },
});

export const Position = defineEntity({
  name: 'Position',
  schema: 'people',
  properties: { ...base, code: p.text().unique(), title: p.text(), family: p.enum(POSITION_FAMILIES) },
});

/** A civil servant. `learnerKey` is random: it says nothing about the person and may leave the system. */
export const Learner = defineEntity({
  name: 'Learner',
  schema: 'people',
  properties: { ...base, learnerKey: p.uuid().unique(), name: p.text(), staffCategory: p.enum(STAFF_CATEGORIES) },
});

/** Who holds which position where, from a day (TMT, the effective date) to a day. */
export const PositionHolding = defineEntity({
  name: 'PositionHolding',
  schema: 'people',
  properties: {
    ...base,
    learner: p.manyToOne(Learner),
    position: p.manyToOne(Position),
    unit: p.manyToOne(OrganizationUnit),
    validFrom: p.datetime(),
    validTo: p.datetime().nullable(),
  },
  indexes: [{ properties: ['learner'] }],
});

/** One xAPI identifier of a learner. `agentKey` is the digest under which statements store the same identifier. */
export const AgentIdentity = defineEntity({
  name: 'AgentIdentity',
  schema: 'people',
  properties: { ...base, learner: p.manyToOne(Learner), ifiKind: p.enum(IFI_KINDS), homePage: p.text(), ifiValue: p.text(), agentKey: p.uuid().unique() },
  indexes: [{ properties: ['learner'] }],
});

export const IDENTITY_CHANGES = ['LINKED', 'UNLINKED', 'MERGED', 'SPLIT'] as const;

/** One change to who a learner is known as: the trail, never changed. */
export const IdentityChange = defineEntity({
  name: 'IdentityChange',
  schema: 'people',
  properties: {
    ...base,
    kind: p.enum(IDENTITY_CHANGES),
    learnerId: p.uuid(),
    otherLearnerId: p.uuid().nullable(),
    identifiers: p.json<Ifi[]>(),
    changedBy: p.text().nullable(),
  },
  indexes: [{ properties: ['learnerId'] }, { properties: ['otherLearnerId'] }],
});

export const peopleEntities = [OrganizationUnit, Position, Learner, PositionHolding, AgentIdentity, IdentityChange];
