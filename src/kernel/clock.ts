/** The time of day, injected so that tests decide it. A statement's `stored` never comes from here but from the database. */
export interface Clock {
  now(): Date;
}

/** The day in Medan, `YYYY-MM-DD`: Western Indonesian Time, seven hours before UTC all year. */
export const localDay = (instant: Date): string => new Date(instant.getTime() + 7 * 3_600_000).toISOString().slice(0, 10);

export const systemClock: Clock = { now: () => new Date() };
