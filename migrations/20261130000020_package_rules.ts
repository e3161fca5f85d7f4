import { Migration } from '@mikro-orm/migrations';

/**
 * What staff says of a package: whether its content is told the learner's name, and how many attempts there are.
 *
 * Why: content greeted nobody, and a test of record could be taken for ever. Lock: content.package exclusively, for an
 * instant. Breaking: no.
 */
export class Migration20261130000020 extends Migration {
  override up(): void {
    this.addSql('alter table content.package add column shows_name boolean not null default false, add column max_attempts int null;');
  }

  override down(): void {
    this.addSql('alter table content.package drop column shows_name, drop column max_attempts;');
  }
}
