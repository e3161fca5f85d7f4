/** Seconds before the end at which a learner is told how long there is, latest first. */
const WARNINGS = [60, 300] as const;
export type Warning = (typeof WARNINGS)[number];

/** The warning that falls due between two looks at what is left; of several the latest. */
export const warningBetween = (before: number, now: number): Warning | null => WARNINGS.find((at) => before > at && now <= at && now > 0) ?? null;

const two = (value: number): string => String(value).padStart(2, '0');

/** What is left as a clock shows it: 0:00 when it is over, and not before. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
