import { Migration } from '@mikro-orm/migrations';

/**
 * A pass of the sequencer within the database, in one round trip where it took a dozen, and a pass that waits for
 * transactions that store, not for all that write.
 *
 * Why: the lag of positions and Consistent-Through was that of the longest transaction of the projector, and of a
 * dozen turns of a busy event loop. Lock: none. Breaking: no.
 */
export class Migration20261130000017 extends Migration {
  override up(): void {
    this.addSql(NEXT_STORED);
    this.addSql(SEQUENCE);
  }

  override down(): void {
    throw new Error('a server of the version before would not see who is storing: restore a backup instead');
  }
}

const NEXT_STORED = `
-- The stored of a new statement. The lock, which keeps nobody out, says until the end of the transaction that it may
-- store: the sequencer waits for those it finds. Volatile, so that the instant it sampled before it looked is seen
-- here: a clock that is set back cannot put a statement behind a published instant.
create or replace function lrs.next_stored() returns timestamptz language plpgsql volatile as $$
declare
  floor timestamptz;
begin
  perform pg_advisory_xact_lock_shared(7107187, 1);
  select sampled into floor from lrs.sequencer where id = 1;
  return greatest(clock_timestamp(), floor + interval '1 microsecond');
end
$$;

-- The transactions that are storing now, as virtual transaction ids, which are never used again.
create function lrs.storing() returns setof text language sql volatile as $$
  select virtualtransaction from pg_locks
  where locktype = 'advisory' and classid = 7107187 and objid = 1 and objsubid = 2
    and database = (select oid from pg_database where datname = current_database())
$$;
`;

const SEQUENCE = `
-- One pass: samples the clock and commits that, looks who is storing, waits until all of them have ended, then gives
-- dense positions to what was stored up to the sampled instant and publishes it.
--
-- pause_ms: nothing is done when a pass of any process ended less than that ago. sampled, awaited: null to begin; what
-- came back, to go on. outcome: EARLY, nothing was due; WAITING, a transaction is still open after wait_ms; ELSEWHERE,
-- another process is placing and will publish; MORE, there is more to place than one call does; DONE. placed: how many
-- statements this call placed.
create procedure lrs.sequence(pause_ms double precision, wait_ms int, inout sampled text, inout awaited text[], inout outcome text, inout placed bigint)
language plpgsql as $$
declare
  batch constant int := 5000;
  batches constant int := 20;
  deadline timestamptz := clock_timestamp() + wait_ms * interval '1 millisecond';
  look_s double precision := 0.002;
  last bigint;
begin
  placed := 0;
  if sampled is null then
    perform from lrs.sequencer where id = 1 and consistent_through < clock_timestamp() - pause_ms * interval '1 millisecond';
    if not found then
      outcome := 'EARLY';
      return;
    end if;
    -- From here on nothing is stored earlier than this: lrs.next_stored() reads it.
    update lrs.sequencer set sampled = greatest(clock_timestamp(), sequencer.sampled) where id = 1 returning sequencer.sampled::text into sampled;
    commit;
    -- Whoever says later than this that it may store sees the sampled instant.
    awaited := array(select lrs.storing());
  end if;
  while exists (select from lrs.storing() s where s = any(awaited)) loop
    if clock_timestamp() > deadline then
      outcome := 'WAITING';
      return;
    end if;
    perform pg_sleep(look_s);
    look_s := least(look_s * 1.5, 0.02);
  end loop;
  for turn in 1 .. batches loop
    if not pg_try_advisory_xact_lock(hashtextextended('mumpuni statement sequencer', 0)) then
      outcome := 'ELSEWHERE';
      return;
    end if;
    with next as materialized (
      select s.stored, s.statement_id, s.refers_to,
        (select last_position from lrs.sequencer where id = 1) + row_number() over (order by s.stored, s.statement_id) as position
      from lrs.statement s
      -- Subqueries, not a join: so the walk of the index begins here and not at the first statement ever stored.
      where (s.stored, s.statement_id) > ((select last_stored from lrs.sequencer where id = 1), (select last_statement_id from lrs.sequencer where id = 1))
        and s.stored <= sequence.sampled::timestamptz
      order by s.stored, s.statement_id limit batch
    ), positions as (
      insert into lrs.statement_position (position, statement_id) select position, statement_id from next order by position
    ), noted as (
      insert into lrs.reference_inbox (stored, statement_id, attempts) select n.stored, n.statement_id, 0 from next n
      where n.refers_to is not null or exists (select from lrs.statement r where r.refers_to = n.statement_id) order by 1, 2
    ), moved as (
      update lrs.sequencer q set last_stored = n.stored, last_statement_id = n.statement_id, last_position = n.position
      from (select * from next order by position desc limit 1) n where q.id = 1
    )
    select count(*) into last from next;
    placed := placed + last;
    if last < batch then
      -- Up to the sampled instant, or to the last before a reference not yet followed.
      update lrs.sequencer set consistent_through = greatest(consistent_through,
        least(sequence.sampled::timestamptz, (select min(stored) - interval '1 microsecond' from lrs.reference_inbox))) where id = 1;
      commit;
      outcome := 'DONE';
      return;
    end if;
    commit;
  end loop;
  outcome := 'MORE';
end
$$;
`;
