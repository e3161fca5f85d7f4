import { Migration } from '@mikro-orm/migrations';

/**
 * Evidence of a learner by competency.
 *
 * Why: a statement changes a few competencies of somebody; what bears on those is all that must be read. Lock: the
 * evidence table while the index is built. Duration: seconds per million rows. Breaking: no.
 */
export class Migration20261124000011 extends Migration {
  override up(): void {
    this.addSql('create index evidence_learner_item_index on progress.evidence (learner_id, item_id);');
  }

  override down(): void {
    this.addSql('drop index progress.evidence_learner_item_index;');
  }
}
