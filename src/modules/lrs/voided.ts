import { VOIDED } from '../../standards/xapi/index.ts';
import { verbKey } from './keys.ts';

/**
 * SQL: whether a rightful void names statement `s`: same authority, or a sender that may void others. Voids of voids do
 * nothing (Data 2.3.2). Nothing is ever updated, so the void may arrive before its target.
 */
export const IS_VOIDED = `(s.verb_key <> '${verbKey(VOIDED)}' and exists (
  select from lrs.voiding v where v.target_id = s.statement_id and (v.authority_key = s.authority_key or v.unrestricted)))`;
