import pLimit from 'p-limit';
import { AppError } from '../../kernel/errors.ts';

/** Transactions of launched content under way at once in one process: they leave most connections to everyone else. */
const gate = pLimit(4);

/** Requests of one registration that may wait for each other. */
const MAX_WAITING = 30;

const queues = new Map<string, { tail: Promise<unknown>; waiting: number }>();

/**
 * Runs work of a registration after what came before it, so that one learner's content takes one place at the gate.
 * @throws AppError RATE_LIMITED when too much of it waits.
 */
export async function inTurn<T>(registrationId: string, work: () => Promise<T>): Promise<T> {
  const queue = queues.get(registrationId) ?? { tail: Promise.resolve(), waiting: 0 };
  if (queue.waiting >= MAX_WAITING) throw new AppError('RATE_LIMITED', 'too many requests of this registration wait; try again shortly');
  queues.set(registrationId, queue);
  queue.waiting += 1;
  const turn = queue.tail.then(() => gate(work));
  queue.tail = turn.catch(() => undefined);
  try {
    return await turn;
  } finally {
    queue.waiting -= 1;
    if (queue.waiting === 0) queues.delete(registrationId);
  }
}
