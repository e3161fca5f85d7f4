import { Migration } from '@mikro-orm/migrations';

/**
 * What the metadata of a package say of its parts: description, keywords, languages, learning time.
 *
 * Why: they were passed over, and nobody could tell what a package holds before opening it. Lock: content.content_item
 * exclusively, for an instant. Breaking: no.
 */
export class Migration20261130000024 extends Migration {
  override up(): void {
    this.addSql(`
alter table content.content_item
  add column description text null,
  add column keywords text[] not null default '{}',
  add column languages text[] not null default '{}',
  add column learning_time text null;`);
  }

  override down(): void {
    this.addSql('alter table content.content_item drop column description, drop column keywords, drop column languages, drop column learning_time;');
  }
}
