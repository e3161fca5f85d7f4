import type { Tell } from '../../modules/progress/index.ts';
import type { Modules } from '../modules.ts';
import { toGlobalId, towards } from '../node.ts';

/** What a webhook is told of events: people by the ids the receiver knows them by, competencies by their CASE identifiers. */
export const tellOf =
  ({ competencies, people }: Modules): Tell =>
  async (viewer, events) => {
    const learners = new Map((await people.learnersById(viewer, [...new Set(events.map((event) => event.learnerId))])).map((row) => [row.id, row]));
    const items = new Map((await competencies.competenciesById([...new Set(events.map((event) => event.itemId))])).map((row) => [row.id, row]));
    return events.map((event) => {
      const learner = learners.get(event.learnerId);
      const item = items.get(event.itemId);
      return {
        id: toGlobalId('ProgressEvent', towards(viewer, event.id)),
        position: event.position,
        learnerId: learner ? toGlobalId('Learner', learner.publicId) : null,
        competency: item ? { id: toGlobalId('Competency', item.id), identifier: item.identifier, code: item.code } : null,
        fromLevel: event.fromLevel,
        toLevel: event.toLevel,
        cause: event.cause,
        createdAt: event.createdAt.toISOString(),
      };
    });
  };
