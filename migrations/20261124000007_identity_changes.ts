import { Migration } from '@mikro-orm/migrations';

/**
 * Who was linked to whom, by whom: the trail of identifiers and learners.
 *
 * Why: a merge cannot be undone by looking at what is left. Lock: none, the table is new. Duration: under a second.
 * Breaking: no.
 */
export class Migration20261124000007 extends Migration {
  override up(): void {
    this.addSql(`
-- Append-only. other_learner_id: of MERGED who came in, of SPLIT who was made. An erased person's rows go with them.
create table people.identity_change (
  id uuid not null,
  created_at timestamptz not null,
  kind text not null,
  learner_id uuid not null,
  other_learner_id uuid null,
  identifiers jsonb not null,
  changed_by text null,
  primary key (id)
);
alter table people.identity_change add constraint identity_change_kind_check check (kind in ('LINKED', 'UNLINKED', 'MERGED', 'SPLIT'));
create index identity_change_learner_id_index on people.identity_change (learner_id);
create index identity_change_other_learner_id_index on people.identity_change (other_learner_id);
`);
  }

  override down(): void {
    this.addSql('drop table people.identity_change;');
  }
}
