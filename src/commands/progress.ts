import { createModules } from '../app.ts';
import type { Config } from '../config/settings.ts';
import { toGlobalId } from '../graphql/node.ts';
import { systemClock } from '../kernel/clock.ts';
import { withDatabase } from './administer.ts';
import { drawProgress } from './progress-bar.ts';
import { say } from './say.ts';

/**
 * Compares every stored level and piece of evidence with a full fold of the statements, and prints what differs.
 * @returns the exit code: 1 when something does.
 */
export async function verifyProgress(config: Config): Promise<number> {
  return withDatabase(config, async (database) => {
    const { progress } = createModules(config, database, systemClock);
    const total = await progress.countLearners();
    let found = 0;
    const waiting = await progress.verify((learners, differences) => {
      for (const { learnerId, what } of differences) say(`${toGlobalId('Learner', learnerId)}\t${what}`);
      found += differences.length;
      drawProgress(learners, total, 'learners');
    });
    const passedOver = waiting === 0 ? '' : ` ${waiting} have statements that wait to be projected and were passed over.`;
    say(`${total} learners, ${found} differences.${passedOver}`);
    return found === 0 ? 0 : 1;
  });
}

/** Has statements that could not be projected wait again. */
export async function retryProgress(config: Config): Promise<void> {
  await withDatabase(config, async (database) => {
    const count = await createModules(config, database, systemClock).progress.retry();
    say(`${count} statements wait to be projected again.`);
  });
}

/** Makes all evidence and progress anew from the statements; started again after an interruption it goes on where it was. */
export async function rebuildProgress(config: Config): Promise<void> {
  await withDatabase(config, async (database) => {
    const { progress } = createModules(config, database, systemClock);
    const total = await progress.countLearners();
    const started = performance.now();
    let counted = 0;
    await progress.rebuild((learners, statements) => {
      counted = statements;
      drawProgress(learners, total, 'learners');
    });
    say(`${counted} statements projected anew, ${Math.round(counted / ((performance.now() - started) / 1000))} a second.`);
  });
}
