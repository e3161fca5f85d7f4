/** `JSON.rawJSON`, part of ECMAScript 2026, which TypeScript does not declare yet. */
interface RawJson {
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
}
const raw = JSON as unknown as RawJson;

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
const keepNumbers: Reviver = (_key, value, { source }) => (typeof value === 'number' && source !== undefined ? raw.rawJSON(source) : value);

/** Parses JSON so that `JSON.stringify` writes every number as it stood; a number is then a value to pass on, not to reckon with. */
export const parseExactly = (text: string): unknown => JSON.parse(text, keepNumbers as Parameters<typeof JSON.parse>[1]);

/** Whether a value from {@link parseExactly} is a number. */
export const isExactNumber = (value: unknown): boolean => raw.isRawJSON(value);
