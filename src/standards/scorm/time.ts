const two = (value: number): string => String(value).padStart(2, '0');

/** Seconds of a CMITimespan `HHHH:MM:SS.SS` (1.2); 0 for what is none. */
export function secondsOf12(text: string): number {
  const match = /^(\d{1,4}):(\d{1,2}):(\d{1,2}(?:\.\d{1,2})?)$/.exec(text.trim());
  return match ? Number(match[1]) * 3_600 + Number(match[2]) * 60 + Number(match[3]) : 0;
}

/** A CMITimespan (1.2). */
export function timespan(seconds: number): string {
  const whole = Math.floor(seconds);
  const hundredths = Math.round((seconds - whole) * 100) % 100;
  const text = `${String(Math.min(9_999, Math.floor(whole / 3_600))).padStart(4, '0')}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hundredths > 0 ? `${text}.${two(hundredths)}` : text;
}

const UNITS = [31_536_000, 2_592_000, 86_400, 3_600, 60, 1];

/** Seconds of a time interval `P…T…` (2004); a year counts 365 days, a month 30; 0 for what is none. */
export function secondsOf2004(text: string): number {
  const match = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,2})?)S)?)?$/.exec(text.trim());
  return match ? UNITS.reduce((total, unit, index) => total + Number(match[index + 1] ?? 0) * unit, 0) : 0;
}

/** A time interval (2004; ISO 8601). */
export function timeInterval(seconds: number): string {
  const whole = Math.floor(seconds);
  const rest = Math.round((seconds - Math.floor(seconds / 60) * 60) * 100) / 100;
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor(whole / 60) % 60;
  return `PT${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${rest}S`;
}
