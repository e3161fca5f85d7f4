import { Migration } from '@mikro-orm/migrations';

/**
 * Links that tell more from within their index: whether they are direct, and a signature of what else their statement
 * names, in place of its verb.
 *
 * Why: lists by two keys, or by a key that only ever stands in another role, walked far more than they showed. Lock:
 * both link tables exclusively while they are written anew. Duration: about a minute per million statements. Breaking:
 * servers of the release before cannot store statements meanwhile or afterwards; stop them first.
 */
export class Migration20261124000003 extends Migration {
  override up(): void {
    for (const part of [SIGNATURES, links('agent', 3), links('activity', 1), CLEANUP]) this.addSql(part);
  }

  override down(): void {
    throw new Error('the verbs of the links are gone: restore a backup instead');
  }
}

/** The bits of a key, as src/modules/lrs/links.ts sets them. */
const BITS = (key: string): string => [3, 11, 13].map((byte) => `(1::bigint << (get_byte(uuid_send(${key}), ${byte}) % 64))`).join(' | ');

const SIGNATURES = `
create temporary table signature on commit drop as
  select statement_id, bit_or(bits) as signature from (
    select statement_id, ${BITS('agent_key')} as bits from lrs.statement_agent
    union all select statement_id, ${BITS('activity_key')} from lrs.statement_activity
    union all select statement_id, ${BITS('verb_key')} from lrs.statement
    union all select statement_id, ${BITS('registration')} from lrs.statement where registration is not null
  ) b group by statement_id;
analyze signature;
`;

/**
 * signature: see src/modules/lrs/links.ts. roles: bits, see there too. direct: whether the role is one that a filter
 * sees without `related_…`; before stored in the key, so that a list of either kind is one range of the index.
 * The table is vacuumed early since its index is read without it only where nothing is new.
 */
const links = (kind: 'agent' | 'activity', directRoles: number): string => `
create table lrs.new_link (
  ${kind}_key uuid not null,
  stored timestamptz not null,
  statement_id uuid not null,
  signature bigint not null,
  roles smallint not null,
  direct boolean not null
) with (autovacuum_vacuum_insert_scale_factor = 0.02);
insert into lrs.new_link
  select l.${kind}_key, l.stored, l.statement_id, g.signature, l.roles, l.roles & ${directRoles} <> 0
  from lrs.statement_${kind} l join signature g using (statement_id);
drop table lrs.statement_${kind};
alter table lrs.new_link rename to statement_${kind};
alter table lrs.statement_${kind} add constraint statement_${kind}_pkey primary key (${kind}_key, direct, stored, statement_id) include (signature);
`;

const CLEANUP = 'drop table signature;';
