import 'reflect-metadata';
import { type GraphQLSchema, isObjectType } from 'graphql';
import { buildSchemaSync, type PubSub } from 'type-graphql';
import { CredentialMutations, LrsCredentialResolver } from './access/credentials.ts';
import { AccessGrantResolver, ApiTokenResolver, PartnerResolver } from './access/grants.ts';
import { AccessResolver } from './access/resolvers.ts';
import { guardFields } from './access.ts';
import {
  CompetencyAssociationResolver,
  CompetencyEquivalenceResolver,
  CompetencyFrameworkResolver,
  CompetencyGraphResolver,
  CompetencyMutations,
  CompetencyRequirementResolver,
  CompetencyResolver,
  FrameworkVersionDiffResolver,
  FrameworkVersionResolver,
  PositionStandardResolver,
} from './competency/resolvers.ts';
import {
  ContentAttemptResolver,
  ContentLaunchResolver,
  ContentRegistrationResolver,
  ContentRunResolver,
  ContentUnitResolver,
} from './content/launch-resolvers.ts';
import { ContentPackageRegistrationsResolver } from './content/registrations.ts';
import { ContentItemResolver, ContentMutations, ContentPackageResolver, ContentPackageVersionResolver, ContentUploadResolver } from './content/resolvers.ts';
import { ContentPackageRulesResolver, ContentRegistrationRulesResolver, ContentRulesResolver } from './content/rules.ts';
import type { GraphContext } from './context.ts';
import { assignCosts } from './costs.ts';
import { ErasureResolver } from './lrs/erasures.ts';
import { ForwarderMutations, StatementForwarderResolver } from './lrs/forwarders.ts';
import { type NodeKind, OF_ONE_PERSON, PREFIXES, toGlobalId, towards } from './node.ts';
import { NodeResolver } from './node-resolver.ts';
import {
  IdentityChangeResolver,
  LearnerResolver,
  OrganizationUnitResolver,
  PeopleMutations,
  PositionHoldingResolver,
  PositionResolver,
} from './people/resolvers.ts';
import { FeedResolver, WebhookResolver } from './progress/feed.ts';
import { ImpactMutations, ImpactPreviewResolver, LevelChangeResolver, UnitImpactResolver } from './progress/impact.ts';
import {
  AssessmentResolver,
  CompetencyOverrideResolver,
  LearnerJudgementsResolver,
  OtherEvidenceMutations,
  OtherEvidenceResolver,
  PriorLearningClaimResolver,
  ProgressOverrideResolver,
} from './progress/other-evidence.ts';
import {
  CompetencyReadinessResolver,
  GapHeatCellResolver,
  GapHeatMapResolver,
  LearnerPlanningResolver,
  MissingPredecessorResolver,
  PathClosingResolver,
  RequirementGapResolver,
  TrainingNeedResolver,
  TrainingPathStepResolver,
  UncoveredNeedResolver,
  UnitMatchResolver,
  UnitNeedResolver,
} from './progress/planning.ts';
import {
  CompetencyProgressResolver,
  EvidenceDryRunResolver,
  EvidenceResolver,
  EvidenceRuleResolver,
  EvidenceRuleSetResolver,
  EvidenceRuleSetVersionResolver,
  ProgressEventResolver,
  ProgressMutations,
  StatementStatusResolver,
} from './progress/resolvers.ts';
import {
  ActivityAlignmentResolver,
  BatchResolver,
  EnrolmentResolver,
  LearningActivityResolver,
  ModuleResolver,
  ProgramVersionResolver,
  TrainingMutations,
  TrainingProgramResolver,
} from './training/resolvers.ts';

const refuseTopic = (): never => {
  throw new Error('subscriptions follow the change feed; there are no topics');
};
/** type-graphql wants one even where every subscription brings its own events. */
const noTopics: PubSub = { publish: refuseTopic, subscribe: refuseTopic };

/**
 * Every Node's id is made in one place: from the id the viewer knows the row by, else from its own. What belongs to one
 * person has an id of its own towards each partner, or two of them could tell that they speak of the same one.
 */
function encodeIds(schema: GraphQLSchema): void {
  for (const [name, type] of Object.entries(schema.getTypeMap())) {
    const id = isObjectType(type) && Object.hasOwn(PREFIXES, name) && name !== 'Evidence' ? type.getFields()['id'] : undefined;
    if (id)
      id.resolve = (row: { id: string; publicId?: string }, _args, { viewer }: GraphContext) =>
        toGlobalId(name as NodeKind, row.publicId ?? (OF_ONE_PERSON.has(name) ? towards(viewer, row.id) : row.id));
  }
}

let built: GraphQLSchema | undefined;

/** The GraphQL schema of the API, built once per process. */
export function graphqlSchema(): GraphQLSchema {
  if (built) return built;
  built = buildSchemaSync({
    resolvers: [
      AccessGrantResolver,
      AccessResolver,
      PartnerResolver,
      ActivityAlignmentResolver,
      AssessmentResolver,
      BatchResolver,
      CompetencyAssociationResolver,
      CompetencyEquivalenceResolver,
      CompetencyFrameworkResolver,
      CompetencyGraphResolver,
      CompetencyMutations,
      CompetencyOverrideResolver,
      CompetencyProgressResolver,
      CompetencyReadinessResolver,
      CompetencyRequirementResolver,
      CompetencyResolver,
      ContentItemResolver,
      ContentLaunchResolver,
      ContentMutations,
      ContentPackageRegistrationsResolver,
      ContentPackageResolver,
      ContentPackageRulesResolver,
      ContentPackageVersionResolver,
      ContentRegistrationResolver,
      ContentRegistrationRulesResolver,
      ContentRulesResolver,
      ContentAttemptResolver,
      ContentRunResolver,
      ContentUnitResolver,
      ContentUploadResolver,
      ApiTokenResolver,
      CredentialMutations,
      EnrolmentResolver,
      ErasureResolver,
      EvidenceDryRunResolver,
      EvidenceResolver,
      EvidenceRuleResolver,
      EvidenceRuleSetResolver,
      EvidenceRuleSetVersionResolver,
      FeedResolver,
      ForwarderMutations,
      FrameworkVersionDiffResolver,
      FrameworkVersionResolver,
      GapHeatCellResolver,
      GapHeatMapResolver,
      IdentityChangeResolver,
      ImpactMutations,
      ImpactPreviewResolver,
      LearnerJudgementsResolver,
      LearnerPlanningResolver,
      LearnerResolver,
      LearningActivityResolver,
      LevelChangeResolver,
      LrsCredentialResolver,
      MissingPredecessorResolver,
      ModuleResolver,
      NodeResolver,
      OrganizationUnitResolver,
      OtherEvidenceMutations,
      OtherEvidenceResolver,
      PathClosingResolver,
      PeopleMutations,
      PositionHoldingResolver,
      PositionResolver,
      PositionStandardResolver,
      PriorLearningClaimResolver,
      ProgramVersionResolver,
      ProgressEventResolver,
      ProgressMutations,
      ProgressOverrideResolver,
      RequirementGapResolver,
      StatementForwarderResolver,
      StatementStatusResolver,
      TrainingMutations,
      TrainingNeedResolver,
      TrainingPathStepResolver,
      TrainingProgramResolver,
      UncoveredNeedResolver,
      UnitImpactResolver,
      UnitMatchResolver,
      UnitNeedResolver,
      WebhookResolver,
    ],
    pubSub: noTopics,
    validate: false,
  });
  encodeIds(built);
  guardFields(built);
  assignCosts(built);
  return built;
}
