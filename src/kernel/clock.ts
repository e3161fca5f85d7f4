/** The time of day, injected so that tests decide it. A statement's `stored` never comes from here but from the database. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
