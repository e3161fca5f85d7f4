import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database, Sql } from '../../db/database.ts';
import { stamp } from '../../db/entity.ts';
import { assertExists } from '../../db/references.ts';
import { checkInstants, checkRange, checkTexts, LONG_TEXT } from '../../kernel/checks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { conflict, invalid, missing } from '../../kernel/errors.ts';
import { isIri } from '../../standards/xapi/index.ts';
import { AccessGrant, ApiToken, LrsCredential, type PARTNER_KINDS, Partner } from './access.entities.ts';
import * as store from './access.store.ts';
import { digestSecret, newCredentialKey, newSecret, newToken, secretMatches } from './secrets.ts';
import type { Role, Viewer } from './viewer.ts';

/** Scopes of xAPI credentials, by the names of xAPI 1.0.3 Communication 4.2. */
export const XAPI_SCOPES = ['statements/write', 'statements/read/mine', 'statements/read', 'state', 'define', 'profile', 'all/read', 'all'] as const;
export type XapiScope = (typeof XAPI_SCOPES)[number];

/** What a checked xAPI credential may do. */
export interface XapiPrincipal {
  readonly credentialId: string;
  readonly authority: string;
  readonly authorityKey: string;
  readonly mayWrite: boolean;
  readonly mayReadAll: boolean;
  readonly mayReadMine: boolean;
  readonly mayVoidOthers: boolean;
  readonly mayDefine: boolean;
  readonly mayReadState: boolean;
  readonly mayWriteState: boolean;
  readonly mayReadProfiles: boolean;
  readonly mayWriteProfiles: boolean;
}

/** A revoked credential works at most this long in a process that has just seen it. */
const CREDENTIAL_CACHE_MS = 3_000;
const CREDENTIAL_CACHE_SIZE = 10_000;

const HOUR_MS = 3_600_000;
const MAX_GRACE_HOURS = 720;

interface NewCredential {
  readonly label: string;
  readonly scopes: readonly XapiScope[];
  readonly authority: { readonly homePage: string; readonly name: string };
  readonly authorityKey: (agent: unknown) => string;
  readonly partnerId?: string | undefined;
}

interface NewToken {
  readonly label: string;
  readonly role: Role;
  readonly partnerId?: string | undefined;
  readonly learnerId?: string | undefined;
  /** When it ends; left out, it works until it is revoked. */
  readonly expiresAt?: Date | null | undefined;
}

/** The authority becomes an Agent in every statement, so it must be one. */
function checkAuthority(account: NewCredential['authority']): void {
  checkTexts({ authorityName: account.name, authorityHomePage: account.homePage });
  if (!isIri(account.homePage)) throw invalid('/authorityHomePage', 'xAPI Data 4.3 iri', 'authorityHomePage must be an absolute IRI');
}

/** Partners, what they were granted, and the secrets by which anyone is known. */
export class Access {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #credentials = new Map<string, { readonly row: store.CredentialRow | null; readonly until: number }>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async #credential(key: string): Promise<store.CredentialRow | null> {
    const now = this.#clock.now().getTime();
    const cached = this.#credentials.get(key);
    if (cached && cached.until > now) return cached.row;
    const row = await store.findCredential(this.#database.sql, key);
    if (this.#credentials.size >= CREDENTIAL_CACHE_SIZE) this.#credentials.clear();
    this.#credentials.set(key, { row, until: now + CREDENTIAL_CACHE_MS });
    return row;
  }

  /** The principal of an xAPI key and secret, or null; unknown keys and wrong secrets are one answer. */
  async checkXapiCredential(key: string, secret: string): Promise<XapiPrincipal | null> {
    const row = await this.#credential(key);
    if (!this.#holds(row, secret) || !row) return null;
    const has = (...scopes: readonly XapiScope[]): boolean => scopes.some((scope) => row.scopes.includes(scope));
    return {
      credentialId: row.id,
      authority: row.authority,
      authorityKey: row.authorityKey,
      mayWrite: has('all', 'statements/write'),
      mayReadAll: has('all', 'all/read', 'statements/read'),
      mayReadMine: has('statements/read/mine'),
      mayVoidOthers: has('all'),
      mayDefine: has('all', 'define'),
      mayReadState: has('all', 'all/read', 'state'),
      mayWriteState: has('all', 'state'),
      mayReadProfiles: has('all', 'all/read', 'profile'),
      mayWriteProfiles: has('all', 'profile'),
    };
  }

  /** Whether the secret is the current one, or the one before within its time. Both are always compared. */
  #holds(row: store.CredentialRow | null, secret: string): boolean {
    const previous = row?.previousUntil && row.previousUntil > this.#clock.now() ? row.previousHash : null;
    const [current, former] = [secretMatches(secret, row?.secretHash ?? null), secretMatches(secret, previous)];
    return current || former;
  }

  /** The viewer of a bearer token, or null when it is unknown, expired or revoked. */
  async checkToken(token: string): Promise<Viewer | null> {
    const row = await store.findToken(this.#database.sql, digestSecret(token), this.#clock.now());
    if (!row) return null;
    if (row.role === 'ADMIN') return { role: 'ADMIN', label: row.label };
    if (row.role === 'LEARNER') return row.learnerId ? { role: 'LEARNER', learnerId: row.learnerId } : null;
    return row.partnerId ? { role: row.role, partnerId: row.partnerId } : null;
  }

  /** Makes an xAPI credential. The secret is in the answer and nowhere else. */
  async createCredential(input: NewCredential): Promise<{ id: string; key: string; secret: string }> {
    checkTexts({ label: input.label });
    checkAuthority(input.authority);
    const unknown = input.scopes.findIndex((scope) => !XAPI_SCOPES.includes(scope));
    if (unknown !== -1) throw invalid(`/scopes/${unknown}`, 'scope', `a scope is one of ${XAPI_SCOPES.join(', ')}`);
    const key = newCredentialKey();
    const secret = newSecret();
    const authority = { objectType: 'Agent', account: input.authority };
    const row = {
      ...stamp(this.#clock),
      label: input.label,
      key,
      secretHash: digestSecret(secret),
      scopes: [...input.scopes],
      authority: JSON.stringify(authority),
      authorityKey: input.authorityKey(authority),
      partner: input.partnerId ?? null,
    };
    await this.#database.write(async (em, sql) => {
      if (input.partnerId) await assertExists(sql, 'access.partner', input.partnerId, '/partnerId', 'partner');
      await em.insert(LrsCredential, row);
    });
    return { id: row.id, key, secret };
  }

  /**
   * Gives a credential a new secret. The one before works for a while longer, so that content can change over.
   * @param graceHours how long; 0 ends it at once.
   * @throws AppError NOT_FOUND, or CONFLICT when it is revoked.
   */
  async rotateCredential(id: string, graceHours: number): Promise<{ key: string; secret: string }> {
    checkRange({ graceHours }, 0, MAX_GRACE_HOURS);
    const secret = newSecret();
    const key = await this.#database.write(async (em) => {
      const row = await this.#liveCredential(em, id);
      const previousUntil = new Date(this.#clock.now().getTime() + graceHours * HOUR_MS);
      await em.nativeUpdate(LrsCredential, { id }, { secretHash: digestSecret(secret), previousHash: row.secretHash, previousUntil });
      return row.key;
    });
    this.#credentials.delete(key);
    return { key, secret };
  }

  /** Ends a credential; other processes notice within seconds. @throws AppError NOT_FOUND, or CONFLICT when it is revoked. */
  async revokeCredential(id: string): Promise<void> {
    const key = await this.#database.write(async (em) => {
      const row = await this.#liveCredential(em, id);
      await em.nativeUpdate(LrsCredential, { id }, { revokedAt: this.#clock.now() });
      return row.key;
    });
    this.#credentials.delete(key);
  }

  async #liveCredential(em: EntityManager, id: string): Promise<{ key: string; secretHash: Uint8Array }> {
    const row = await em.findOne(LrsCredential, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!row) throw missing('/id', 'reference', 'there is no such credential');
    if (row.revokedAt) throw conflict('/id', 'live', 'this credential is revoked');
    return row;
  }

  /** Forgets a learner, within the transaction that deletes them. */
  forget = (sql: Sql, learnerId: string) => store.deleteOfLearner(sql, learnerId);

  /** Gives the tokens of one learner to another, within the transaction that merges them. */
  merge = (sql: Sql, from: string, into: string) => store.moveTokens(sql, from, into);

  credentials = (limit: number, afterKey: string | null) => store.listCredentials(this.#database.sql, limit, afterKey);
  credentialById = (id: string) => store.credentialById(this.#database.sql, id);

  /**
   * Makes a bearer token for GraphQL. The token is in the answer and nowhere else.
   * @throws AppError INVALID_INPUT when the role needs a partner or a learner and none is named.
   */
  async createToken(input: NewToken): Promise<{ id: string; token: string }> {
    const { expiresAt = null } = input;
    checkTexts({ label: input.label });
    checkInstants({ expiresAt });
    if (expiresAt && expiresAt <= this.#clock.now()) throw invalid('/expiresAt', 'token-period', 'expiresAt must lie in the future');
    if ((input.role === 'PARTNER' || input.role === 'VENDOR') && !input.partnerId)
      throw invalid('/partnerId', 'token-partner', `a ${input.role} token needs a partner`);
    if (input.partnerId && input.role !== 'PARTNER' && input.role !== 'VENDOR')
      throw invalid('/partnerId', 'token-partner', `a ${input.role} token belongs to no partner`);
    if (input.learnerId && input.role !== 'LEARNER') throw invalid('/learnerId', 'token-learner', `a ${input.role} token belongs to no learner`);
    if (input.role === 'LEARNER' && !input.learnerId) throw invalid('/learnerId', 'token-learner', 'a LEARNER token needs a learner');
    const token = newToken();
    const base = stamp(this.#clock);
    await this.#database.write(async (em, sql) => {
      if (input.partnerId) await assertExists(sql, 'access.partner', input.partnerId, '/partnerId', 'partner');
      if (input.learnerId) await assertExists(sql, 'people.learner', input.learnerId, '/learnerId', 'learner');
      await em.insert(ApiToken, {
        ...base,
        expiresAt,
        label: input.label,
        tokenHash: digestSecret(token),
        role: input.role,
        partner: input.partnerId ?? null,
        learnerId: input.learnerId ?? null,
      });
    });
    return { id: base.id, token };
  }

  /** Ends a token: no process accepts it any more. @throws AppError NOT_FOUND, or CONFLICT when it is revoked. */
  async revokeToken(id: string): Promise<void> {
    await this.#database.write(async (em) => {
      const row = await em.findOne(ApiToken, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!row) throw missing('/id', 'reference', 'there is no such token');
      if (row.revokedAt) throw conflict('/id', 'live', 'this token is revoked');
      await em.nativeUpdate(ApiToken, { id }, { revokedAt: this.#clock.now() });
    });
  }

  tokens = (limit: number, afterId: string | null) => store.listTokens(this.#database.sql, limit, afterId);
  tokenById = (id: string) => store.tokenById(this.#database.sql, id);
  grantsOfPartners = (ids: readonly string[]) => store.grantsOfPartners(this.#database.sql, ids);

  /** Ends a grant now: its partner reads nothing by it any more. @returns whose it is. @throws AppError NOT_FOUND, or CONFLICT when it has ended. */
  async endGrant(id: string): Promise<string> {
    return this.#database.write(async (em) => {
      const row = await em.findOne(AccessGrant, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!row) throw missing('/id', 'reference', 'there is no such grant');
      const now = this.#clock.now();
      if (row.validTo && row.validTo <= now) throw conflict('/id', 'live', 'this grant has ended');
      await em.nativeUpdate(AccessGrant, { id }, { validTo: now });
      return row.partner.id;
    });
  }

  /** @throws AppError CONFLICT when the code is taken. */
  async createPartner(input: { code: string; name: string; kind: (typeof PARTNER_KINDS)[number] }): Promise<store.PartnerRow> {
    checkTexts({ code: input.code, name: input.name });
    const row = { ...stamp(this.#clock), ...input };
    await this.#database.write(async (em) => {
      if (await em.findOne(Partner, { code: input.code })) throw conflict('/code', 'unique', `a partner with the code ${input.code} exists`);
      await em.insert(Partner, row);
    });
    return row;
  }

  /** Lets a partner read the learners of one programme. */
  async createGrant(input: { partnerId: string; programId: string; showsNames: boolean; purpose: string; validTo: Date | null }): Promise<{ id: string }> {
    checkTexts({ purpose: input.purpose }, LONG_TEXT);
    checkInstants({ validTo: input.validTo });
    const row = {
      ...stamp(this.#clock),
      partner: input.partnerId,
      programId: input.programId,
      showsNames: input.showsNames,
      purpose: input.purpose,
      validFrom: this.#clock.now(),
      validTo: input.validTo,
    };
    if (input.validTo && input.validTo <= row.validFrom) throw invalid('/validTo', 'grant-period', 'validTo must lie in the future');
    await this.#database.write(async (em, sql) => {
      await assertExists(sql, 'access.partner', input.partnerId, '/partnerId', 'partner');
      await assertExists(sql, 'training.training_program', input.programId, '/programId', 'programme');
      await em.insert(AccessGrant, row);
    });
    return { id: row.id };
  }

  /** Whether a partner may read the learners of a programme now. */
  async hasGrant(partnerId: string, programId: string, now: Date): Promise<boolean> {
    return store.hasGrant(this.#database.sql, partnerId, programId, now);
  }

  async partners(limit: number, afterCode: string | null): Promise<readonly store.PartnerRow[]> {
    return store.listPartners(this.#database.sql, limit, afterCode);
  }

  async partnersById(ids: readonly string[]): Promise<readonly store.PartnerRow[]> {
    return store.partnersById(this.#database.sql, ids);
  }

  async credentialIdsOfPartner(partnerId: string): Promise<readonly string[]> {
    return store.credentialIdsOfPartner(this.#database.sql, partnerId);
  }
}
