import type { Sql } from '../../db/database.ts';
import type { Viewer } from './viewer.ts';

export interface CredentialRow {
  readonly id: string;
  readonly secretHash: Buffer;
  readonly scopes: readonly string[];
  readonly authority: string;
  readonly authorityKey: string;
  readonly partnerId: string | null;
  readonly previousHash: Buffer | null;
  readonly previousUntil: Date | null;
}

export async function findCredential(sql: Sql, key: string): Promise<CredentialRow | null> {
  const [row] = await sql.rows<CredentialRow>(
    'select id, secret_hash, scopes, authority, authority_key, partner_id, previous_hash, previous_until from access.lrs_credential where key = $1 and revoked_at is null',
    [key],
  );
  return row ?? null;
}

/** A credential as administrators see it: everything but its secrets. */
export interface CredentialListing {
  readonly id: string;
  readonly label: string;
  readonly key: string;
  readonly scopes: readonly string[];
  readonly authority: string;
  readonly authorityKey: string;
  readonly partnerId: string | null;
  readonly createdAt: Date;
  readonly previousUntil: Date | null;
  readonly revokedAt: Date | null;
}

const LISTED = 'id, label, key, scopes, authority, authority_key, partner_id, created_at, previous_until, revoked_at';

/** Credentials by key, revoked ones too. */
export async function listCredentials(sql: Sql, limit: number, afterKey: string | null): Promise<readonly CredentialListing[]> {
  return sql.rows<CredentialListing>(`select ${LISTED} from access.lrs_credential where $1::text is null or key > $1 order by key limit $2`, [afterKey, limit]);
}

export async function credentialById(sql: Sql, id: string): Promise<CredentialListing | null> {
  const [row] = await sql.rows<CredentialListing>(`select ${LISTED} from access.lrs_credential where id = $1`, [id]);
  return row ?? null;
}

export interface TokenRow {
  readonly label: string;
  readonly role: Viewer['role'];
  readonly partnerId: string | null;
  readonly learnerId: string | null;
}

export async function findToken(sql: Sql, tokenHash: Buffer, now: Date): Promise<TokenRow | null> {
  const [row] = await sql.rows<TokenRow>(
    'select label, role, partner_id, learner_id from access.api_token where token_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)',
    [tokenHash, now],
  );
  return row ?? null;
}

/** A token as administrators see it: everything but the token. */
export interface TokenListing extends TokenRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

const TOKEN = 'id, label, role, partner_id, learner_id, created_at, expires_at, revoked_at';

/** Tokens in the order in which they were made, revoked ones too. */
export const listTokens = (sql: Sql, limit: number, afterId: string | null) =>
  sql.rows<TokenListing>(`select ${TOKEN} from access.api_token where $1::uuid is null or id > $1 order by id limit $2`, [afterId, limit]);

export async function tokenById(sql: Sql, id: string): Promise<TokenListing | null> {
  const [row] = await sql.rows<TokenListing>(`select ${TOKEN} from access.api_token where id = $1`, [id]);
  return row ?? null;
}

/** What a partner may read, and for how long. */
export interface GrantRow {
  readonly id: string;
  readonly partnerId: string;
  readonly programId: string;
  readonly showsNames: boolean;
  readonly purpose: string;
  readonly validFrom: Date;
  readonly validTo: Date | null;
}

/** Grants of partners, latest first, ended ones too. */
export const grantsOfPartners = (sql: Sql, partnerIds: readonly string[]) =>
  sql.rows<GrantRow>(
    'select id, partner_id, program_id, shows_names, purpose, valid_from, valid_to from access.access_grant where partner_id = any($1::uuid[]) order by partner_id, id desc',
    [partnerIds],
  );

/** Binds a value and answers its placeholder. */
export type Bind = (value: unknown) => string;

/**
 * The condition under which a viewer may see the learner whose id is `column`. Every query for learners carries it, so
 * no resolver can return a row outside the viewer's reach.
 */
export function learnerScope(viewer: Viewer, column: string, bind: Bind, now: Date): string {
  switch (viewer.role) {
    case 'ADMIN':
      return 'true';
    case 'LEARNER':
      return `${column} = ${bind(viewer.learnerId)}`;
    case 'VENDOR':
      return 'false';
    case 'PARTNER': {
      const instant = bind(now);
      // Names of its own: a column of the query around it must not be taken for one in here.
      return `exists (select from training.enrolment scope_enrolment join training.batch scope_batch on scope_batch.id = scope_enrolment.batch_id
        join training.program_version scope_version on scope_version.id = scope_batch.version_id join access.access_grant scope_grant on scope_grant.program_id = scope_version.program_id
        where scope_enrolment.learner_id = ${column} and scope_grant.partner_id = ${bind(viewer.partnerId)}
          and scope_grant.valid_from <= ${instant} and (scope_grant.valid_to is null or scope_grant.valid_to > ${instant}))`;
    }
  }
}

/** Gives every learner in a partner's reach a pseudonym towards that partner; those who have one keep it. */
export async function ensurePseudonyms(sql: Sql, viewer: Viewer & { role: 'PARTNER' }, now: Date): Promise<void> {
  const parameters: unknown[] = [];
  const bind: Bind = (value) => `$${parameters.push(value)}`;
  const partner = bind(viewer.partnerId);
  await sql.rows(
    `insert into access.partner_pseudonym (partner_id, learner_id)
     select ${partner}::uuid, l.id from people.learner l
     where ${learnerScope(viewer, 'l.id', bind, now)} and not exists (select from access.partner_pseudonym p where p.partner_id = ${partner} and p.learner_id = l.id)
     on conflict do nothing`,
    parameters,
  );
}

export interface PartnerRow {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly kind: string;
}

/** Partners by code. */
export async function listPartners(sql: Sql, limit: number, afterCode: string | null): Promise<readonly PartnerRow[]> {
  return sql.rows<PartnerRow>('select id, code, name, kind from access.partner where $1::text is null or code > $1 order by code limit $2', [afterCode, limit]);
}

export async function partnersById(sql: Sql, ids: readonly string[]): Promise<readonly PartnerRow[]> {
  return sql.rows<PartnerRow>('select id, code, name, kind from access.partner where id = any($1::uuid[])', [ids]);
}

/** The xAPI credentials of one partner: a vendor is told only about statements sent with its own. */
export async function credentialIdsOfPartner(sql: Sql, partnerId: string): Promise<readonly string[]> {
  return (await sql.rows<{ id: string }>('select id from access.lrs_credential where partner_id = $1', [partnerId])).map((row) => row.id);
}

export async function hasGrant(sql: Sql, partnerId: string, programId: string, now: Date): Promise<boolean> {
  const rows = await sql.rows(
    'select from access.access_grant where partner_id = $1 and program_id = $2 and valid_from <= $3 and (valid_to is null or valid_to > $3)',
    [partnerId, programId, now],
  );
  return rows.length > 0;
}

/** Deletes the tokens and pseudonyms of a learner. */
export async function deleteOfLearner(sql: Sql, learnerId: string): Promise<void> {
  await sql.rows('delete from access.api_token where learner_id = $1', [learnerId]);
  await sql.rows('delete from access.partner_pseudonym where learner_id = $1', [learnerId]);
}

/** Where a partner knows both of two, the pseudonym of the first goes; else it is the other one's from now on. */
export async function moveTokens(sql: Sql, from: string, into: string): Promise<void> {
  await sql.rows('update access.api_token set learner_id = $2 where learner_id = $1', [from, into]);
  await sql.rows(
    `update access.partner_pseudonym p set learner_id = $2 where learner_id = $1
       and not exists (select from access.partner_pseudonym o where o.partner_id = p.partner_id and o.learner_id = $2)`,
    [from, into],
  );
  await sql.rows('delete from access.partner_pseudonym where learner_id = $1', [from]);
}
