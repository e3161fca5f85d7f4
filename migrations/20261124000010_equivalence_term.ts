import { Migration } from '@mikro-orm/migrations';

/**
 * Until when an approved match carries evidence.
 *
 * Why: who vouches for a match vouches for a time. Lock: the table shortly, for a nullable column. Duration: under a
 * second. Breaking: no.
 */
export class Migration20261124000010 extends Migration {
  override up(): void {
    this.addSql('alter table competency.equivalence_approval add column valid_until timestamptz null;');
  }

  override down(): void {
    this.addSql('alter table competency.equivalence_approval drop column valid_until;');
  }
}
