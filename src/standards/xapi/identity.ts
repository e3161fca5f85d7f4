import { isObject } from '../../kernel/json.ts';
import { IFI_KINDS, type IfiKind } from './actor.ts';

/** One inverse functional identifier. An account is `homePage` and `value` (its name) together; else `homePage` is empty. */
export interface Ifi {
  readonly kind: IfiKind;
  readonly homePage: string;
  readonly value: string;
}

/** Only the hash has more than one spelling; every other identifier is compared byte for byte. */
export function canonicalIfi(ifi: Ifi): Ifi {
  return ifi.kind === 'mbox_sha1sum' ? { ...ifi, value: ifi.value.toLowerCase() } : ifi;
}

/** The identifier of a valid Agent or Group; null for an anonymous Group. */
export function identifierOf(actor: unknown): Ifi | null {
  if (!isObject(actor)) return null;
  for (const kind of IFI_KINDS) {
    const value = actor[kind];
    if (typeof value === 'string') return canonicalIfi({ kind, homePage: '', value });
    if (isObject(value)) return { kind, homePage: String(value['homePage']), value: String(value['name']) };
  }
  return null;
}
