/** A JSON object as a test sends or reads it. */
export type Json = Record<string, unknown>;

/** Parameters of a GET of statements. */
export type Query = Readonly<Record<string, string>>;

/** A statement as the server gives it back. */
export interface Found extends Json {
  readonly id: string;
  readonly stored: string;
}

/** What a GET of statements answers. */
export interface List {
  readonly statements: readonly Found[];
  readonly more: string;
}
