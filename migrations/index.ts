import { Migration20261124000001 } from './20261124000001_foundation.ts';

/** All migrations, oldest first. */
export const migrations = [{ name: '20261124000001_foundation', class: Migration20261124000001 }];
