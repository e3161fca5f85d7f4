import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { invalid } from '../../kernel/errors.ts';
import type { Impact, LevelChange, UnitImpact } from '../../modules/progress/index.ts';
import { Access, ADMIN, Exposed } from '../access.ts';
import { Competency } from '../competency/types.ts';
import type { GraphContext } from '../context.ts';
import { enumType } from '../enums.ts';
import { fromGlobalId } from '../node.ts';
import { attempt, payloadType } from '../payload.ts';
import { Learner, OrganizationUnit } from '../people/types.ts';
import { EvidenceRuleSetVersion } from './types.ts';

const MAX_SAMPLES = 1_000;

const ImpactState = enumType('ImpactState', 'How far the computation of a change is.', {
  BUILDING: 'It is being computed.',
  READY: 'It is computed, and stands until it is activated or dropped.',
});

@ObjectType('UnitImpact', { description: 'Changes to the people of one unit.' })
class UnitImpactType {
  @Exposed(ADMIN, () => OrganizationUnit, 'The unit in which they hold a position; null for those who hold none.', { nullable: true })
  unit?: OrganizationUnit;

  @Exposed(ADMIN, () => Int, 'People for whom some level changes.')
  learners!: number;

  @Exposed(ADMIN, () => Int, 'Levels that rise.')
  gains!: number;

  @Exposed(ADMIN, () => Int, 'Levels that fall.')
  losses!: number;
}

@ObjectType('LevelChange', { description: 'A level that would be another.' })
class LevelChangeType {
  @Exposed(ADMIN, () => Learner, 'Whose.', { nullable: true })
  learner?: Learner;

  @Exposed(ADMIN, () => Competency, 'In what.', { nullable: true })
  competency?: Competency;

  @Exposed(ADMIN, () => Int, 'The level now.')
  fromLevel!: number;

  @Exposed(ADMIN, () => Int, 'The level then.')
  toLevel!: number;
}

@ObjectType({ description: 'What a draft would change, kept up to date with what comes in. Activating it brings exactly this into effect.' })
class ImpactPreview {
  @Exposed(ADMIN, () => ImpactState, 'How far it is.')
  state?: string;

  @Exposed(ADMIN, () => Boolean, 'Whether it becomes current as soon as it is computed: a change under way rather than a preview.')
  activates?: boolean;

  @Exposed(ADMIN, () => EvidenceRuleSetVersion, 'The draft; null for a change of frameworks or matches.', { nullable: true })
  evidenceRuleSetVersion?: EvidenceRuleSetVersion;

  @Exposed(ADMIN, () => Int, 'People whose levels may change.')
  learners?: number;

  @Exposed(ADMIN, () => Int, 'Of them, those computed so far.')
  built?: number;

  @Exposed(ADMIN, () => Int, 'Levels that rise; 0 until READY.')
  gains?: number;

  @Exposed(ADMIN, () => Int, 'Levels that fall; 0 until READY.')
  losses?: number;

  @Exposed(ADMIN, () => [UnitImpactType], 'The same by unit.')
  units!: UnitImpactType[];

  @Exposed(ADMIN, () => [LevelChangeType], 'The first changes, one by one.')
  samples!: LevelChangeType[];
}

@Resolver(() => ImpactPreview)
export class ImpactPreviewResolver {
  @Query(() => ImpactPreview, { nullable: true, description: 'The preview that stands, or the change being brought into effect; null when there is none.' })
  @Access(ADMIN)
  async impactPreview(
    @Ctx() { modules }: GraphContext,
    @Arg('samples', () => Int, { defaultValue: 100, description: `How many changes to tell one by one, 0 to ${MAX_SAMPLES}.` }) samples: number,
  ) {
    if (samples < 0 || samples > MAX_SAMPLES) throw invalid('/samples', 'range', `samples must be between 0 and ${MAX_SAMPLES}`);
    return modules.progress.ruleSets.impact(samples);
  }

  @FieldResolver()
  @Access(ADMIN)
  state(@Root() { state }: Impact): string {
    return state.status;
  }

  @FieldResolver()
  @Access(ADMIN)
  activates(@Root() { state }: Impact): boolean {
    return state.activates;
  }

  @FieldResolver()
  @Access(ADMIN)
  async evidenceRuleSetVersion(@Root() { state }: Impact, @Ctx() { loaders }: GraphContext) {
    return state.ruleVersionId === null ? null : loaders.ruleSetVersionById.load(state.ruleVersionId);
  }

  @FieldResolver()
  @Access(ADMIN)
  learners(@Root() { state }: Impact): number {
    return state.learners;
  }

  @FieldResolver()
  @Access(ADMIN)
  built(@Root() { state }: Impact): number {
    return state.built;
  }

  @FieldResolver()
  @Access(ADMIN)
  gains(@Root() { units }: Impact): number {
    return units.reduce((sum, unit) => sum + unit.gains, 0);
  }

  @FieldResolver()
  @Access(ADMIN)
  losses(@Root() { units }: Impact): number {
    return units.reduce((sum, unit) => sum + unit.losses, 0);
  }
}

@Resolver(() => UnitImpactType)
export class UnitImpactResolver {
  @FieldResolver()
  @Access(ADMIN)
  async unit(@Root() { unitId }: UnitImpact, @Ctx() { loaders }: GraphContext) {
    return unitId === null ? null : loaders.unitById.load(unitId);
  }
}

@Resolver(() => LevelChangeType)
export class LevelChangeResolver {
  @FieldResolver()
  @Access(ADMIN)
  async learner(@Root() { learnerId }: LevelChange, @Ctx() { loaders }: GraphContext) {
    return loaders.learnerById.load(learnerId);
  }

  @FieldResolver()
  @Access(ADMIN)
  async competency(@Root() { itemId }: LevelChange, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(itemId);
  }
}

const ActivatePayload = payloadType(
  'EvidenceRuleSetVersionActivate',
  'evidenceRuleSetVersion',
  () => EvidenceRuleSetVersion,
  'The version: ACTIVE, or ACTIVATING while what it changes is computed.',
);
const PreviewPayload = payloadType('EvidenceRuleSetVersionPreview', 'impactPreview', () => ImpactPreview, 'What it would change, or how far the answer is.');
const PreviewDropPayload = payloadType('EvidenceRuleSetVersionPreviewDrop', 'dropped', () => Boolean, 'Whether there was one.');

const FROM = 'Left out, it acts on all that ever happened, and what the versions before it gave is taken back. Given, it acts on what happens from then on.';

@Resolver()
export class ImpactMutations {
  @Mutation(() => PreviewPayload, { description: 'Computes what a draft would change, beside what readers see. The preview before it is dropped.' })
  @Access(ADMIN)
  async evidenceRuleSetVersionPreview(
    @Ctx() { modules }: GraphContext,
    @Arg('id', () => ID, { description: 'The draft.' }) id: string,
    @Arg('effectiveFrom', () => GraphQLDateTimeISO, { nullable: true, description: FROM }) effectiveFrom?: Date | null,
  ) {
    return attempt('impactPreview', async () =>
      modules.progress.ruleSets.preview({ versionId: fromGlobalId('EvidenceRuleSetVersion', id, '/id'), from: effectiveFrom ?? null }),
    );
  }

  @Mutation(() => PreviewDropPayload, { description: 'Drops the preview of a draft.' })
  @Access(ADMIN)
  async evidenceRuleSetVersionPreviewDrop(@Ctx() { modules }: GraphContext, @Arg('id', () => ID, { description: 'The draft.' }) id: string) {
    return attempt('dropped', async () => modules.progress.ruleSets.dropPreview(fromGlobalId('EvidenceRuleSetVersion', id, '/id')));
  }

  @Mutation(() => ActivatePayload, {
    description: 'Brings a draft into effect. Readers see the old levels until all new ones are computed, then the new ones at once.',
  })
  @Access(ADMIN)
  async evidenceRuleSetVersionActivate(
    @Ctx() { modules }: GraphContext,
    @Arg('id', () => ID, { description: 'The draft.' }) id: string,
    @Arg('effectiveFrom', () => GraphQLDateTimeISO, { nullable: true, description: FROM }) effectiveFrom?: Date | null,
  ) {
    return attempt('evidenceRuleSetVersion', async () =>
      modules.progress.ruleSets.activate({ versionId: fromGlobalId('EvidenceRuleSetVersion', id, '/id'), from: effectiveFrom ?? null }),
    );
  }
}
