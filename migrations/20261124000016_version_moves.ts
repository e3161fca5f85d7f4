import { Migration } from '@mikro-orm/migrations';

/**
 * Which open registrations of a package go on with its newest version.
 *
 * Why: until now each stayed with the version it began with, mended or not. Lock: content.package exclusively, for an
 * instant. Breaking: no.
 */
export class Migration20261124000016 extends Migration {
  override up(): void {
    this.addSql(`alter table content.package add column moves text not null default 'NEVER';`);
  }

  override down(): void {
    this.addSql('alter table content.package drop column moves;');
  }
}
