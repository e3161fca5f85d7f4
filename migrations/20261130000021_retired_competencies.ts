import { Migration } from '@mikro-orm/migrations';

/**
 * The day from which a competency is retired (CASE statusEndDate).
 *
 * Why: nothing kept a new requirement or rule from naming what its framework had given up. Lock:
 * competency.competency_item_version exclusively, for an instant. Breaking: no; versions that are there already say nothing.
 */
export class Migration20261130000021 extends Migration {
  override up(): void {
    this.addSql('alter table competency.competency_item_version add column status_end_date date null;');
  }

  override down(): void {
    this.addSql('alter table competency.competency_item_version drop column status_end_date;');
  }
}
