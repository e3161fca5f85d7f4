import { open } from 'node:fs/promises';
import { createModules } from '../app.ts';
import type { Config } from '../config/settings.ts';
import { fromGlobalId, toGlobalId } from '../graphql/node.ts';
import { systemClock } from '../kernel/clock.ts';
import { missing } from '../kernel/errors.ts';
import { withDatabase } from './administer.ts';
import { say } from './say.ts';

/**
 * Writes a registration to a file, as one JSON object: its version, units, launches, and attempts with all that their
 * runs have saved. Statements of it are in the store, by the xAPI registration.
 * @param id the registration's id in GraphQL.
 */
export async function exportRegistration(config: Config, id: string, file: string): Promise<void> {
  const registrationId = fromGlobalId('ContentRegistration', id, 'ID');
  await withDatabase(config, async (database) => {
    const { launches } = createModules(config, database, systemClock);
    const [registration] = await launches.registrationsById([registrationId]);
    if (!registration) throw missing('ID', 'reference', 'there is no such registration');
    const learner = registration.isPreview ? null : toGlobalId('Learner', registration.learnerId);
    const handle = await open(file, 'w', 0o600);
    try {
      for await (const text of launches.record(registration, { learner })) await handle.write(text);
      await handle.write('\n');
    } finally {
      await handle.close();
    }
    say(`The registration is in ${file}.`);
  });
}
