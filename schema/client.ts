/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** Whether evidence counts at the instant asked about. */
export type EvidenceState =
  /** It does. */
  | 'ACTIVE'
  /** Its validity ended. */
  | 'EXPIRED'
  /** Its statement bears a later time. */
  | 'FUTURE'
  /** Its statement was voided, the rules changed, or it was taken back. */
  | 'RETRACTED';

/** What a CSV or DigComp file does not say of its framework. */
export type FrameworkDocumentInput = {
  /** Who made it. */
  readonly creator: string;
  /** Its CASE identifier; left out, it follows from title and creator. */
  readonly identifier?: string | null | undefined;
  /** Language of its texts, as a BCP 47 tag. */
  readonly language?: string | null | undefined;
  /** Its title. */
  readonly title: string;
  /** The label of the version. */
  readonly version?: string | null | undefined;
};

/** Forms in which a framework comes. */
export type FrameworkFormat =
  /** A CFPackage of CASE 1.0 or 1.1 as JSON. */
  | 'CASE'
  /** A table with one row for each item; see docs/frameworks.md. */
  | 'CSV'
  /** DigComp as JSON-LD, as the European Commission publishes it. */
  | 'DIGCOMP';

/** A CASE package to import. */
export type FrameworkImportInput = {
  /** Roll-up of items whose `extensions.rollup` says nothing. */
  readonly defaultRollup?: RollupKind;
  /** What CSV and DIGCOMP do not say; CASE needs none. */
  readonly document?: FrameworkDocumentInput | null | undefined;
  /** Whether only to report, and change nothing. */
  readonly dryRun?: boolean;
  /** The form of the source. */
  readonly format?: FrameworkFormat;
  /** What the framework is about; kept from its first import. */
  readonly kind: FrameworkKind;
  /** Whether to publish the version at once; it never changes after that. */
  readonly publish?: boolean;
  /** The framework as text, in the form that `format` names. */
  readonly source: string;
};

/** What a framework is about. */
export type FrameworkKind =
  /** A framework of somebody else. */
  | 'EXTERNAL'
  /** Managerial competencies, national and fixed. */
  | 'MANAGERIAL'
  /** Socio-cultural competencies, national and fixed. */
  | 'SOCIO_CULTURAL'
  /** Technical competencies; every agency writes its own dictionary. */
  | 'TECHNICAL';

/** What an import did. */
export type ImportOutcome =
  /** It would import; nothing was changed. */
  | 'DRY_RUN'
  /** A new version is there. */
  | 'IMPORTED'
  /** Nothing was changed: see the errors. */
  | 'REFUSED'
  /** A version of these very bytes was there before. */
  | 'UNCHANGED';

/** What an import issue means. */
export type IssueSeverity =
  /** The package is refused. */
  | 'ERROR'
  /** It is kept, but does not act. */
  | 'WARNING';

/** Why a statement gave no evidence. Of several rules missed, the one that came furthest is told. */
export type NoEvidenceReason =
  /** A rule would match, but does not trust its authority. */
  | 'AUTHORITY_NOT_TRUSTED'
  /** Its context lacks the category a rule asks. */
  | 'CATEGORY_MISSING'
  /** Its result.completion is missing or not what a rule asks. */
  | 'COMPLETION_DIFFERS'
  /** Its result.duration is missing or shorter than a rule asks. */
  | 'DURATION_TOO_SHORT'
  /** No active rule is about its activity. */
  | 'NO_RULE_FOR_ACTIVITY'
  /** Its scaled score is missing or above what a rule takes. */
  | 'SCORE_TOO_HIGH'
  /** Its scaled score is missing or below what a rule asks. */
  | 'SCORE_TOO_LOW'
  /** Its result.success is missing or not what a rule asks. */
  | 'SUCCESS_DIFFERS'
  /** Its actor is no known learner; once linked, it counts. */
  | 'UNKNOWN_ACTOR'
  /** A rule is about its activity, but names other verbs. */
  | 'VERB_NOT_NAMED'
  /** It was voided. */
  | 'VOIDED'
  /** It voids another statement. */
  | 'VOIDING_STATEMENT';

/** Where a level comes from. */
export type ProgressSource =
  /** From evidence for the competency itself. */
  | 'DIRECT'
  /** From what was shown of another competency that stands for it. */
  | 'EQUIVALENT'
  /** There is no level yet. */
  | 'NONE'
  /** Somebody set it for a time. */
  | 'OVERRIDE'
  /** From its children. */
  | 'ROLLUP';

/** Whether a version may still change. */
export type PublicationStatus =
  /** It may, and does not count yet. */
  | 'DRAFT'
  /** It counts and never changes again. */
  | 'PUBLISHED';

/** How the level of a competency follows from its children. */
export type RollupKind =
  /** The lowest level among all children. */
  | 'ALL_OF'
  /** The highest level among the children. */
  | 'ANY_OF'
  /** It does not; only evidence for the competency itself counts. */
  | 'NONE'
  /** The level that a number of children have reached. */
  | 'N_OF'
  /** The mean of the children by their weights, rounded down. */
  | 'WEIGHTED';

/** What became of a statement. */
export type StatementState =
  /** It counts. */
  | 'EVIDENCE'
  /** It is stored and could not be looked at; whoever runs the server finds why in its log. */
  | 'FAILED'
  /** It does not: see the reason. */
  | 'NO_EVIDENCE'
  /** It is not here, or not yours. */
  | 'UNKNOWN'
  /** It is stored and will be looked at within a second. */
  | 'WAITING';

/** What kind of mistake a mutation refuses. */
export type UserErrorCode =
  /** It contradicts what is stored: a taken key, a published version, a loop. */
  | 'CONFLICT'
  /** The token may not do this. */
  | 'FORBIDDEN'
  /** A field does not hold what it must. */
  | 'INVALID_INPUT'
  /** What is to be changed is not there. */
  | 'NOT_FOUND'
  /** It was asked for too often in too short a time; the message says when to try again. */
  | 'RATE_LIMITED'
  /** A limit is passed. */
  | 'TOO_LARGE';

export type FrameworkGraphQueryVariables = Exact<{
  frameworkVersionId: string | number;
  maxNodes?: number | null | undefined;
}>;


export type FrameworkGraphQuery = { readonly competencyGraph: { readonly version: { readonly id: string, readonly ordinal: number, readonly status: PublicationStatus }, readonly nodes: ReadonlyArray<{ readonly id: string, readonly identifier: string, readonly code: string | null, readonly rollup: RollupKind }>, readonly edges: ReadonlyArray<{ readonly type: string, readonly originIdentifier: string, readonly destinationIdentifier: string }> } | null };

export type ImportFrameworkMutationVariables = Exact<{
  input: FrameworkImportInput;
}>;


export type ImportFrameworkMutation = { readonly frameworkImport: { readonly report: { readonly outcome: ImportOutcome, readonly version: { readonly id: string, readonly status: PublicationStatus } | null, readonly counts: { readonly items: number, readonly associations: number, readonly levels: number }, readonly issues: ReadonlyArray<{ readonly severity: IssueSeverity, readonly path: string, readonly code: string, readonly message: string }> } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly path: string, readonly rule: string, readonly message: string }> } };

export type LearnerProgressQueryVariables = Exact<{
  id: string | number;
  asOf?: string | null | undefined;
}>;


export type LearnerProgressQuery = { readonly learner: { readonly id: string, readonly name: string | null, readonly progress: ReadonlyArray<{ readonly current: number, readonly currentLabel: string | null, readonly direct: number, readonly target: number | null, readonly gap: number | null, readonly source: ProgressSource, readonly why: string, readonly competency: { readonly id: string, readonly code: string | null, readonly fullStatement: string } | null, readonly evidence: ReadonlyArray<{ readonly id: string, readonly level: number, readonly state: EvidenceState, readonly occurredAt: string, readonly expiresAt: string | null, readonly statementId: string | null, readonly competency: { readonly code: string | null } | null, readonly rule: { readonly activityIri: string, readonly verbs: ReadonlyArray<string>, readonly scaledMin: number | null, readonly level: number } | null }> }> } | null };

export type LearnersWithProgressQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  batchId?: string | number | null | undefined;
}>;


export type LearnersWithProgressQuery = { readonly learners: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string | null, readonly progress: ReadonlyArray<{ readonly current: number, readonly currentLabel: string | null, readonly direct: number, readonly target: number | null, readonly gap: number | null, readonly source: ProgressSource, readonly why: string, readonly competency: { readonly id: string, readonly code: string | null, readonly fullStatement: string } | null, readonly evidence: ReadonlyArray<{ readonly id: string, readonly level: number, readonly state: EvidenceState, readonly occurredAt: string, readonly expiresAt: string | null, readonly statementId: string | null, readonly competency: { readonly code: string | null } | null, readonly rule: { readonly activityIri: string, readonly verbs: ReadonlyArray<string>, readonly scaledMin: number | null, readonly level: number } | null }> }> }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ProgressRowFragment = { readonly current: number, readonly currentLabel: string | null, readonly direct: number, readonly target: number | null, readonly gap: number | null, readonly source: ProgressSource, readonly why: string, readonly competency: { readonly id: string, readonly code: string | null, readonly fullStatement: string } | null, readonly evidence: ReadonlyArray<{ readonly id: string, readonly level: number, readonly state: EvidenceState, readonly occurredAt: string, readonly expiresAt: string | null, readonly statementId: string | null, readonly competency: { readonly code: string | null } | null, readonly rule: { readonly activityIri: string, readonly verbs: ReadonlyArray<string>, readonly scaledMin: number | null, readonly level: number } | null }> };

export type StatementOutcomesQueryVariables = Exact<{
  ids: ReadonlyArray<string> | string;
}>;


export type StatementOutcomesQuery = { readonly statementStatus: ReadonlyArray<{ readonly statementId: string, readonly state: StatementState, readonly reason: NoEvidenceReason | null, readonly explanation: string | null, readonly evidence: ReadonlyArray<{ readonly level: number, readonly state: EvidenceState }> }> };

export const ProgressRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CompetencyProgress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"competency"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"fullStatement"}}]}},{"kind":"Field","name":{"kind":"Name","value":"current"}},{"kind":"Field","name":{"kind":"Name","value":"currentLabel"}},{"kind":"Field","name":{"kind":"Name","value":"direct"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"gap"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"why"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"level"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"occurredAt"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"statementId"}},{"kind":"Field","name":{"kind":"Name","value":"competency"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}}]}},{"kind":"Field","name":{"kind":"Name","value":"rule"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"activityIri"}},{"kind":"Field","name":{"kind":"Name","value":"verbs"}},{"kind":"Field","name":{"kind":"Name","value":"scaledMin"}},{"kind":"Field","name":{"kind":"Name","value":"level"}}]}}]}}]}}]} as unknown as DocumentNode<ProgressRowFragment, unknown>;
export const FrameworkGraphDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"FrameworkGraph"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"frameworkVersionId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"maxNodes"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"competencyGraph"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"frameworkVersionId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"frameworkVersionId"}}},{"kind":"Argument","name":{"kind":"Name","value":"maxNodes"},"value":{"kind":"Variable","name":{"kind":"Name","value":"maxNodes"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"version"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"ordinal"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"identifier"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"rollup"}}]}},{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"originIdentifier"}},{"kind":"Field","name":{"kind":"Name","value":"destinationIdentifier"}}]}}]}}]}}]} as unknown as DocumentNode<FrameworkGraphQuery, FrameworkGraphQueryVariables>;
export const ImportFrameworkDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ImportFramework"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"FrameworkImportInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"frameworkImport"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"report"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"outcome"}},{"kind":"Field","name":{"kind":"Name","value":"version"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"counts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"items"}},{"kind":"Field","name":{"kind":"Name","value":"associations"}},{"kind":"Field","name":{"kind":"Name","value":"levels"}}]}},{"kind":"Field","name":{"kind":"Name","value":"issues"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"severity"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"rule"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]} as unknown as DocumentNode<ImportFrameworkMutation, ImportFrameworkMutationVariables>;
export const LearnerProgressDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"LearnerProgress"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"asOf"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"DateTimeISO"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"learner"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"progress"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"asOf"},"value":{"kind":"Variable","name":{"kind":"Name","value":"asOf"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressRow"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CompetencyProgress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"competency"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"fullStatement"}}]}},{"kind":"Field","name":{"kind":"Name","value":"current"}},{"kind":"Field","name":{"kind":"Name","value":"currentLabel"}},{"kind":"Field","name":{"kind":"Name","value":"direct"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"gap"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"why"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"level"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"occurredAt"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"statementId"}},{"kind":"Field","name":{"kind":"Name","value":"competency"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}}]}},{"kind":"Field","name":{"kind":"Name","value":"rule"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"activityIri"}},{"kind":"Field","name":{"kind":"Name","value":"verbs"}},{"kind":"Field","name":{"kind":"Name","value":"scaledMin"}},{"kind":"Field","name":{"kind":"Name","value":"level"}}]}}]}}]}}]} as unknown as DocumentNode<LearnerProgressQuery, LearnerProgressQueryVariables>;
export const LearnersWithProgressDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"LearnersWithProgress"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"batchId"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"learners"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"batchId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"batchId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"progress"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProgressRow"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProgressRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CompetencyProgress"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"competency"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"fullStatement"}}]}},{"kind":"Field","name":{"kind":"Name","value":"current"}},{"kind":"Field","name":{"kind":"Name","value":"currentLabel"}},{"kind":"Field","name":{"kind":"Name","value":"direct"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"gap"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"why"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"level"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"occurredAt"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"statementId"}},{"kind":"Field","name":{"kind":"Name","value":"competency"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}}]}},{"kind":"Field","name":{"kind":"Name","value":"rule"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"activityIri"}},{"kind":"Field","name":{"kind":"Name","value":"verbs"}},{"kind":"Field","name":{"kind":"Name","value":"scaledMin"}},{"kind":"Field","name":{"kind":"Name","value":"level"}}]}}]}}]}}]} as unknown as DocumentNode<LearnersWithProgressQuery, LearnersWithProgressQueryVariables>;
export const StatementOutcomesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"StatementOutcomes"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"ids"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"UUID"}}}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"statementStatus"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"ids"},"value":{"kind":"Variable","name":{"kind":"Name","value":"ids"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"statementId"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"explanation"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"level"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<StatementOutcomesQuery, StatementOutcomesQueryVariables>;