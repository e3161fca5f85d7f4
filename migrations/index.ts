import { Migration20261124000001 } from './20261124000001_foundation.ts';
import { Migration20261124000002 } from './20261124000002_lrs_complete.ts';
import { Migration20261124000003 } from './20261124000003_link_signatures.ts';
import { Migration20261124000004 } from './20261124000004_levels.ts';
import { Migration20261124000005 } from './20261124000005_generations.ts';
import { Migration20261124000006 } from './20261124000006_other_evidence.ts';
import { Migration20261124000007 } from './20261124000007_identity_changes.ts';
import { Migration20261124000008 } from './20261124000008_feed.ts';
import { Migration20261124000009 } from './20261124000009_readiness.ts';
import { Migration20261124000010 } from './20261124000010_equivalence_term.ts';
import { Migration20261124000011 } from './20261124000011_evidence_by_item.ts';
import { Migration20261124000012 } from './20261124000012_case_identifiers.ts';
import { Migration20261124000013 } from './20261124000013_content.ts';
import { Migration20261124000014 } from './20261124000014_learner_globals.ts';
import { Migration20261124000015 } from './20261124000015_wide_signatures.ts';
import { Migration20261124000016 } from './20261124000016_version_moves.ts';
import { Migration20261130000017 } from './20261130000017_sequencer_pass.ts';

/** All migrations, oldest first. */
export const migrations = [
  { name: '20261124000001_foundation', class: Migration20261124000001 },
  { name: '20261124000002_lrs_complete', class: Migration20261124000002 },
  { name: '20261124000003_link_signatures', class: Migration20261124000003 },
  { name: '20261124000004_levels', class: Migration20261124000004 },
  { name: '20261124000005_generations', class: Migration20261124000005 },
  { name: '20261124000006_other_evidence', class: Migration20261124000006 },
  { name: '20261124000007_identity_changes', class: Migration20261124000007 },
  { name: '20261124000008_feed', class: Migration20261124000008 },
  { name: '20261124000009_readiness', class: Migration20261124000009 },
  { name: '20261124000010_equivalence_term', class: Migration20261124000010 },
  { name: '20261124000011_evidence_by_item', class: Migration20261124000011 },
  { name: '20261124000012_case_identifiers', class: Migration20261124000012 },
  { name: '20261124000013_content', class: Migration20261124000013 },
  { name: '20261124000014_learner_globals', class: Migration20261124000014 },
  { name: '20261124000015_wide_signatures', class: Migration20261124000015 },
  { name: '20261124000016_version_moves', class: Migration20261124000016 },
  { name: '20261130000017_sequencer_pass', class: Migration20261130000017 },
];
