import { Migration } from '@mikro-orm/migrations';

/**
 * A key for each registration, by which the player seals what it keeps on the learner's device.
 *
 * Why: packages delivered from one host share the storage of the browser, and one could read what another saved, or
 * put something better in its place. Lock: launch.registration exclusively while it is rewritten, a second per hundred
 * thousand registrations. Breaking: no.
 */
export class Migration20261130000018 extends Migration {
  override up(): void {
    // 244 random bits, brought to the length of a key.
    this.addSql(
      `alter table launch.registration add column journal_key bytea not null default sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));`,
    );
  }

  override down(): void {
    this.addSql('alter table launch.registration drop column journal_key;');
  }
}
