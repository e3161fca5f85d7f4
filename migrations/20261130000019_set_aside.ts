import { Migration } from '@mikro-orm/migrations';

/**
 * Statements that could not be projected, with the reason, out of the way of the others.
 *
 * Why: one that failed again and again was claimed again and again, and held up a sixty-fourth of all learners. Lock:
 * none. Breaking: no.
 */
export class Migration20261130000019 extends Migration {
  override up(): void {
    this.addSql(`
create table lrs.inbox_failure (
  statement_id uuid primary key,
  bucket smallint not null,
  stored timestamptz not null,
  failed_at timestamptz not null,
  reason text not null
);`);
  }

  override down(): void {
    this.addSql('insert into lrs.inbox (bucket, stored, statement_id) select bucket, stored, statement_id from lrs.inbox_failure on conflict do nothing;');
    this.addSql('drop table lrs.inbox_failure;');
  }
}
