import { open } from 'node:fs/promises';
import { createBulk, createModules } from '../app.ts';
import type { Config } from '../config/settings.ts';
import { fromGlobalId } from '../graphql/node.ts';
import { systemClock } from '../kernel/clock.ts';
import { missing } from '../kernel/errors.ts';
import type { IfiKind } from '../standards/xapi/index.ts';
import { withDatabase } from './administer.ts';
import { say } from './say.ts';

/**
 * Writes everything there is about a learner to a file, as one JSON object: who they are, what is derived about them, what
 * they did in packages, their documents, and every statement that names them, each to the letter. For the person's right to
 * a copy (UU 27/2022).
 * @param id the learner's id in GraphQL.
 */
export async function exportPerson(config: Config, id: string, file: string): Promise<void> {
  const learnerId = fromGlobalId('Learner', id, '--learner');
  await withDatabase(config, async (database) => {
    const { launches, people, training, progress } = createModules(config, database, systemClock);
    const bulk = createBulk(config, database);
    const [learner] = await people.learnersById({ role: 'ADMIN' }, [learnerId]);
    if (!learner) throw missing('--learner', 'reference', 'there is no such learner');
    const identities = await people.identitiesOfLearners([learnerId]);
    const identifiers = identities.map(({ ifiKind, homePage, ifiValue }) => ({ kind: ifiKind as IfiKind, homePage, value: ifiValue }));
    const view = await progress.view();
    const rows = (await progress.progressOf([learnerId], null, view)).get(learnerId) ?? [];
    const head = {
      learner: { name: learner.name, staffCategory: learner.staffCategory, createdAt: learner.createdAt },
      identities,
      identityChanges: await people.identityChangesOf([learnerId]),
      holdings: await people.holdingsOfLearners([learnerId]),
      enrolments: await training.enrolmentsOfLearners([learnerId]),
      progress: rows,
      evidence: await progress.evidenceOf(
        rows.map(({ itemId }) => ({ learnerId, itemId })),
        view,
      ),
      assessments: (await progress.others.assessmentsOf([learnerId])).map(({ assessorLearnerId: _assessor, ...row }) => row),
      priorLearningClaims: (await progress.others.claimsOf([learnerId])).map(({ reviewerId: _reviewer, ...row }) => row),
      competencyOverrides: (await progress.others.overridesOf([learnerId])).map(({ decidedById: _decider, ...row }) => row),
      events: await progress.eventsOf([learnerId], Number.MAX_SAFE_INTEGER),
      sharedByContent: await launches.sharedOf(learnerId),
      documents: await bulk.documentsOf(identifiers),
    };
    const registrations = await launches.registrationsOfLearners([learnerId]);
    let count = 0;
    const handle = await open(file, 'w', 0o600);
    try {
      await handle.write(`${JSON.stringify(head).slice(0, -1)},"contentRegistrations":[`);
      for (const [index, registration] of registrations.entries()) {
        await handle.write(index === 0 ? '\n' : ',\n');
        for await (const text of launches.record(registration)) await handle.write(text);
      }
      await handle.write('],"statements":[');
      for await (const text of bulk.statementsNaming(identifiers)) {
        await handle.write(`${count === 0 ? '' : ','}\n${text}`);
        count += 1;
      }
      await handle.write('\n]}\n');
    } finally {
      await handle.close();
    }
    say(`${count} statements and all else about the learner are in ${file}.`);
  });
}
