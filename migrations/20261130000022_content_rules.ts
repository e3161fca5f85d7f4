import { Migration } from '@mikro-orm/migrations';

/**
 * Rules of content, said of all of it, of a standard, of a package or of one registration: JSON by the name of a rule,
 * where what is not said is inherited.
 *
 * Why: three rules were columns of a package, and each package had to be told each of them. What was said of packages is
 * taken over. Lock: content.package and launch.registration exclusively, for an instant. Breaking: yes, servers of the
 * version before read the columns that go.
 */
export class Migration20261130000022 extends Migration {
  override up(): void {
    this.addSql(`
create table content.general_rules (
  scope text primary key,
  rules jsonb not null
);
alter table content.package add column rules jsonb not null default '{}';
alter table launch.registration add column rules jsonb not null default '{}';`);
    // Real content of 1.2 is resumed without saying that it will be.
    this.addSql(`insert into content.general_rules (scope, rules) values ('SCORM_12', '{"resumesWithoutSuspend": true}');`);
    this.addSql(`
update content.package set rules = jsonb_strip_nulls(
  jsonb_build_object('moves', nullif(moves, 'NEVER'), 'showsName', nullif(shows_name, false), 'maxAttempts', max_attempts));
alter table content.package drop column moves, drop column shows_name, drop column max_attempts;`);
  }

  override down(): void {
    this.addSql(`
alter table content.package add column moves text not null default 'NEVER', add column shows_name boolean not null default false,
  add column max_attempts int null;
update content.package set moves = coalesce(rules ->> 'moves', 'NEVER'), shows_name = coalesce((rules ->> 'showsName')::boolean, false),
  max_attempts = nullif((rules ->> 'maxAttempts')::int, 0);
alter table content.package drop column rules;
alter table launch.registration drop column rules;
drop table content.general_rules;`);
  }
}
