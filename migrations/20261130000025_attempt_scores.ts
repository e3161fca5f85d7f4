import { Migration } from '@mikro-orm/migrations';

/**
 * The score that a content object said last in an attempt, whatever its later runs say of it.
 *
 * Why: it was looked for in what was told last, which another run begins anew, and which holds every interaction. What was
 * told so far is taken over. Lock: launch.sco_state exclusively, while all of it is read and the rows with a score are
 * rewritten. Breaking: no.
 */
export class Migration20261130000025 extends Migration {
  override up(): void {
    this.addSql('alter table launch.sco_state add column score double precision null;');
    // By its place in the text: PostgreSQL reads no JSON with an escaped NUL in it, which content may have saved.
    const place = '^\\{"completed":(?:true|false|null),"satisfied":(?:true|false|null),"score":\\{"scaled":([-+.0-9e]+)';
    this.addSql(`update launch.sco_state set score = substring(told from '${place}')::double precision where told ~ '${place}';`);
  }

  override down(): void {
    this.addSql('alter table launch.sco_state drop column score;');
  }
}
