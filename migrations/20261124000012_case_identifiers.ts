import { Migration } from '@mikro-orm/migrations';

/**
 * Which published version bears an identifier, as CASE exports name it.
 *
 * Why: an identifier that is no UUID leaves as a name-based one, which no text of the source contains; and texts were
 * searched whole. Filled when a version is first asked for. Lock: framework versions, for an instant. Breaking: no.
 */
export class Migration20261124000012 extends Migration {
  override up(): void {
    this.addSql(`
alter table competency.framework_version add column case_listed boolean not null default false;
create table competency.case_identifier (
  identifier uuid not null,
  version_id uuid not null references competency.framework_version (id) on delete cascade,
  primary key (identifier, version_id)
);
create index case_identifier_version_index on competency.case_identifier (version_id);
`);
  }

  override down(): void {
    this.addSql('drop table competency.case_identifier; alter table competency.framework_version drop column case_listed;');
  }
}
