import { Migration } from '@mikro-orm/migrations';

/**
 * Registrations of a package by when they were made.
 *
 * Why: a package lists its registrations, newest first. Lock: launch.registration against writes while the index is
 * built, a second per million registrations. Breaking: no.
 */
export class Migration20261130000023 extends Migration {
  override up(): void {
    this.addSql('create index registration_package_index on launch.registration (package_id, created_at desc, id desc) where not is_preview;');
  }

  override down(): void {
    this.addSql('drop index launch.registration_package_index;');
  }
}
