import { Migration20261124000001 } from './20261124000001_foundation.ts';
import { Migration20261124000002 } from './20261124000002_lrs_complete.ts';

/** All migrations, oldest first. */
export const migrations = [
  { name: '20261124000001_foundation', class: Migration20261124000001 },
  { name: '20261124000002_lrs_complete', class: Migration20261124000002 },
];
