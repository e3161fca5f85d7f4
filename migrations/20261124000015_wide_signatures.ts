import { Migration } from '@mikro-orm/migrations';

/**
 * Signatures of links in 128 bits, five of them per key, in place of 64 and three.
 *
 * Why: of the statements of one key, one in twelve got past the signature for another key that it lacks, and trying
 * those took most of the time of lists by two keys of many statements. Lock: both link tables exclusively while they
 * are written anew. Duration: about a minute per million statements. Breaking: servers of the release before cannot
 * store or list statements meanwhile or afterwards; stop them first.
 */
export class Migration20261124000015 extends Migration {
  override up(): void {
    for (const part of [SIGNATURES, links('agent'), links('activity'), 'drop table signature;']) this.addSql(part);
  }

  override down(): void {
    throw new Error('servers of the release before need the narrow signatures: restore a backup instead');
  }
}

/** Those of a key's bits that fall into one half of the signature, as src/modules/lrs/links.ts sets them. */
const BITS = (key: string, half: 0 | 1): string =>
  [3, 5, 11, 13, 15]
    .map((byte) => `get_byte(uuid_send(${key}), ${byte})`)
    .map((byte) => `case ${byte} / 64 % 2 when ${half} then 1::bigint << (${byte} % 64) else 0 end`)
    .join(' | ');

const keysOf = (key: string, table: string): string =>
  `select statement_id, ${BITS(key, 0)} as low, ${BITS(key, 1)} as high from lrs.${table} where ${key} is not null`;

const SIGNATURES = `
create temporary table signature on commit drop as
  select statement_id, bit_or(low) as low, bit_or(high) as high from (
    ${keysOf('agent_key', 'statement_agent')}
    union all ${keysOf('activity_key', 'statement_activity')}
    union all ${keysOf('verb_key', 'statement')}
    union all ${keysOf('registration', 'statement')}
  ) b group by statement_id;
analyze signature;
`;

/** The tables of 20261124000003_link_signatures.ts, but for the signature. */
const links = (kind: 'agent' | 'activity'): string => `
create table lrs.new_link (
  ${kind}_key uuid not null,
  stored timestamptz not null,
  statement_id uuid not null,
  signature_low bigint not null,
  signature_high bigint not null,
  roles smallint not null,
  direct boolean not null
) with (autovacuum_vacuum_insert_scale_factor = 0.02);
insert into lrs.new_link
  select l.${kind}_key, l.stored, l.statement_id, g.low, g.high, l.roles, l.direct
  from lrs.statement_${kind} l join signature g using (statement_id);
drop table lrs.statement_${kind};
alter table lrs.new_link rename to statement_${kind};
alter table lrs.statement_${kind} add constraint statement_${kind}_pkey primary key (${kind}_key, direct, stored, statement_id)
  include (signature_low, signature_high);
`;
