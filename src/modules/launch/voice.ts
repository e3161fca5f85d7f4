import type { Sql } from '../../db/database.ts';
import { AppError } from '../../kernel/errors.ts';
import { digestKey } from '../../kernel/ids.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { validateStatement } from '../../standards/xapi/index.ts';
import { actorKey, type Sender, type Statements } from '../lrs/index.ts';

export type Voice = Pick<Statements, 'storeWithin' | 'announce'>;

/** As whom statements about content of a package are sent: rules trust it, or do not, package by package. */
export function senderOf(homePage: string, packageId: string): Sender {
  const authority = { objectType: 'Agent', account: { homePage, name: `content-${packageId}` } };
  return {
    credentialId: digestKey('content', packageId),
    authority: JSON.stringify(authority),
    authorityKey: actorKey(authority),
    mayVoidOthers: false,
    mayDefine: true,
  };
}

/** Statements sent at once: less than the least limit that may be set. */
const CHUNK = 100;

/**
 * Sends statements of ours through the same door as everyone's, within the transaction that notes what they tell; what
 * was told before stays as it was told.
 */
export async function tell(statements: Voice, sql: Sql, sender: Sender, list: readonly JsonObject[]): Promise<void> {
  // Nobody loses what they did for the sake of a statement: one that the standard does not take is left out.
  const valid = list.filter((one) => validateStatement(one, '1.0.3').length === 0);
  const once = [...new Map(valid.map((one) => [String(one['id']), one])).values()];
  for (let start = 0; start < once.length; start += CHUNK) await tellChunk(statements, sql, sender, once.slice(start, start + CHUNK));
}

async function tellChunk(statements: Voice, sql: Sql, sender: Sender, list: readonly JsonObject[]): Promise<void> {
  const store = (what: unknown): Promise<unknown> => statements.storeWithin(sql, { bytes: Buffer.from(JSON.stringify(what)), version: '1.0.3', sender });
  try {
    await store(list);
  } catch (error) {
    if (!isConflict(error)) throw error;
    for (const one of list)
      await store(one).catch((failure: unknown) => {
        if (!isConflict(failure)) throw failure;
      });
  }
}

const isConflict = (error: unknown): boolean => error instanceof AppError && error.code === 'CONFLICT';
