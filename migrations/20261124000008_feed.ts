import { Migration } from '@mikro-orm/migrations';

/**
 * The change feed: progress events get dense positions once they are committed; webhooks follow them.
 *
 * Why: whoever follows events by time or id misses those that are committed late. Lock: the event table shortly, for a
 * nullable column and two indexes. Duration: seconds per million events. Breaking: no.
 */
export class Migration20261124000008 extends Migration {
  override up(): void {
    this.addSql(`
alter table progress.progress_event add column position bigint null;
create unique index progress_event_position_index on progress.progress_event (position) where position is not null;
create index progress_event_unplaced_index on progress.progress_event (created_at, id) where position is null;

create table progress.feed (id smallint primary key check (id = 1), last_position bigint not null);
insert into progress.feed values (1, 0);

-- Followers of our own, such as the one that makes statements of events.
create table progress.feed_follower (name text primary key, position bigint not null);

-- partner_id: only learners within the partner's grants, by their pseudonyms.
create table progress.webhook (
  id uuid primary key,
  created_at timestamptz not null,
  label text not null,
  url text not null,
  secret_name text not null,
  partner_id uuid null,
  enabled boolean not null,
  position bigint not null,
  attempts int not null,
  next_attempt_at timestamptz not null,
  leased_until timestamptz not null,
  last_error text null
);
`);
  }

  override down(): void {
    throw new Error('followers would miss what happened in between: restore a backup instead');
  }
}
