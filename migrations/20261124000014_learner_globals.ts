import { Migration } from '@mikro-orm/migrations';

/**
 * What SCORM 2004 shares between courses of one learner: global objectives and stores of data.
 *
 * Why: by default both live for the learner's lifetime in the system, not only in one course. The key is a digest, since
 * identifiers may be longer than an index takes. Lock: none of existing tables. Breaking: no.
 */
export class Migration20261124000014 extends Migration {
  override up(): void {
    this.addSql(`
create table launch.learner_global (
  learner_id uuid not null,
  scope uuid not null,
  key uuid not null,
  kind text not null,
  id text not null,
  value text not null,
  primary key (learner_id, scope, key)
);
`);
  }

  override down(): void {
    this.addSql('drop table launch.learner_global;');
  }
}
