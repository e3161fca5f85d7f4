import { GraphQLUUID } from 'graphql-scalars';
import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { invalid } from '../../kernel/errors.ts';
import { scanJson } from '../../kernel/json-text.ts';
import { activityKey } from '../../modules/lrs/index.ts';
import type {
  Evaluation,
  EvidenceRow,
  ItemProgress,
  NewRule,
  ProgressEventRow,
  Rule,
  RuleSetRow,
  RuleSetVersionRow,
  StatementOutcome,
} from '../../modules/progress/index.ts';
import { isIri, isObject, validateStatement } from '../../standards/xapi/index.ts';
import { Access, ADMIN, ADMIN_OR_SELF, ANYONE, READERS } from '../access.ts';
import { connection, PageArgs } from '../connection.ts';
import type { GraphContext } from '../context.ts';
import { boundedList } from '../limits.ts';
import type { Loaders } from '../loaders.ts';
import { fromGlobalId, toGlobalId } from '../node.ts';
import { attempt, payloadType } from '../payload.ts';
import { type EvidenceRuleInput, EvidenceRuleSetVersionCreateInput } from './inputs.ts';
import { codeOf, type ProgressRoot, rollupWords } from './progress-rows.ts';
import {
  CompetencyProgress,
  Evidence,
  EvidenceDryRun,
  EvidenceRule,
  EvidenceRuleSet,
  EvidenceRuleSetConnection,
  EvidenceRuleSetVersion,
  explainReason,
  ProgressEvent,
  StatementStatus,
} from './types.ts';

/** Evidence with the instant it is looked at from. */
type EvidenceRoot = EvidenceRow & { readonly asOf: Date | null };

/** What a piece of evidence is worth at an instant. */
function stateOf({ retraction, occurredAt, expiresAt }: EvidenceRow, asOf: Date): 'RETRACTED' | 'FUTURE' | 'EXPIRED' | 'ACTIVE' {
  if (retraction !== null) return 'RETRACTED';
  if (occurredAt > asOf) return 'FUTURE';
  return expiresAt !== null && expiresAt <= asOf ? 'EXPIRED' : 'ACTIVE';
}

/** A level among those of the parts of a competency; what is set for a time does not always count for the whole. */
const levelWords = ({ source, currentLevel, computedLevel }: ItemProgress): string =>
  source === 'OVERRIDE' && currentLevel !== computedLevel ? `${computedLevel} (set to ${currentLevel} for a time)` : `${currentLevel}`;

/** Why there is no level, by what there is. */
function noLevelWords({ at }: ProgressRoot, rollup: string, evidence: readonly EvidenceRow[]): string {
  const own = evidence.filter((row) => row.retraction !== 'RULE');
  const active = own.filter((row) => stateOf(row, at) === 'ACTIVE').length;
  if (active > 0) return `No level: ${active} piece(s) of evidence count now, and they are not enough for one (sources, weights or what speaks against it).`;
  if (own.length > 0) return `No level: none of ${own.length} piece(s) of evidence counts at this instant: retracted, expired or still to come.`;
  return rollup === 'NONE'
    ? 'No level yet: nothing that counts as evidence has come in.'
    : `No level yet: ${rollupWords(rollup)} (${rollup}), and they do not come to one.`;
}

@Resolver(() => CompetencyProgress)
export class CompetencyProgressResolver {
  @FieldResolver()
  @Access(READERS)
  async competency(@Root() row: ProgressRoot, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(row.itemId);
  }

  @FieldResolver()
  @Access(READERS)
  async currentLabel(@Root() row: ProgressRoot, @Ctx() { loaders }: GraphContext): Promise<string | null> {
    const item = await loaders.competencyById.load(row.itemId);
    if (!item || row.current === 0) return null;
    const levels = await loaders.levelsByItem.load({ itemId: item.id, versionId: item.versionId });
    return levels.find((level) => level.rank === row.current)?.label ?? null;
  }

  @FieldResolver()
  @Access(READERS)
  async why(@Root() row: ProgressRoot, @Ctx() { loaders }: GraphContext): Promise<string> {
    const { rollup, children } = await loaders.rollupByItem.load(row.itemId);
    if (row.source === 'NONE') return noLevelWords(row, rollup, await loaders.evidenceByLearnerItem.load({ learnerId: row.learnerId, itemId: row.itemId }));
    if (row.source === 'OVERRIDE') return `Level ${row.current} is set for a time; the computed level is ${row.computed}.`;
    if (row.source === 'DIRECT') return `Level ${row.current}: ${row.supporting.length} piece(s) of evidence assess it at that level.`;
    if (row.source === 'EQUIVALENT') return `Level ${row.current}: ${row.supporting.length} piece(s) of evidence for a competency that stands for it.`;
    const levels = new Map(
      (await loaders.progressByLearner.load({ learnerId: row.learnerId, asOf: row.asOf })).map((other) => [other.itemId, levelWords(other)]),
    );
    const items = await loaders.competencyById.loadMany([...children]);
    const parts = children.map((child, index) => `${codeOf(items[index])} at ${levels.get(child) ?? 0}`).sort();
    return `Level ${row.current}: ${rollupWords(rollup)} (${rollup}): ${parts.join(', ')}.`;
  }

  @FieldResolver()
  @Access(READERS)
  async evidence(
    @Root() row: ProgressRoot,
    @Ctx() { loaders }: GraphContext,
    @Arg('all', () => Boolean, { defaultValue: false, description: 'Everything ever held for the competency itself, retracted and expired included.' })
    all: boolean,
  ): Promise<readonly EvidenceRoot[]> {
    const found = all
      ? await loaders.evidenceByLearnerItem.load({ learnerId: row.learnerId, itemId: row.itemId })
      : (await Promise.all(row.supporting.map((id) => loaders.evidenceById.load({ learnerId: row.learnerId, id })))).flat();
    return found.map((evidence) => ({ ...evidence, asOf: row.asOf }));
  }
}

@Resolver(() => Evidence)
export class EvidenceResolver {
  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  id(@Root() evidence: EvidenceRow): string {
    return toGlobalId('Evidence', evidence.id);
  }

  @FieldResolver()
  @Access(ANYONE)
  state(@Root() evidence: EvidenceRoot, @Ctx() { loaders }: GraphContext): string {
    return stateOf(evidence, evidence.asOf ?? loaders.now);
  }

  @FieldResolver()
  @Access(ADMIN_OR_SELF)
  async statementText(@Root() evidence: EvidenceRow, @Ctx() { loaders }: GraphContext): Promise<string | null> {
    return evidence.statementId === null ? null : ((await loaders.statementById.load(evidence.statementId))?.text ?? null);
  }

  @FieldResolver()
  @Access(ANYONE)
  async rule(@Root() evidence: EvidenceRow, @Ctx() { loaders }: GraphContext) {
    return evidence.ruleId === null ? null : loaders.ruleById.load(evidence.ruleId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async competency(@Root() evidence: EvidenceRow, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(evidence.itemId);
  }
}

@Resolver(() => ProgressEvent)
export class ProgressEventResolver {
  @FieldResolver()
  @Access(READERS)
  async competency(@Root() event: ProgressEventRow, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(event.itemId);
  }
}

@Resolver(() => EvidenceRule)
export class EvidenceRuleResolver {
  @FieldResolver()
  @Access(ANYONE)
  async competency(@Root() rule: Rule, @Ctx() { loaders }: GraphContext) {
    return loaders.competencyById.load(rule.itemId);
  }

  @FieldResolver()
  @Access(ANYONE)
  async activity(@Root() rule: Rule, @Ctx() { loaders }: GraphContext) {
    return rule.match === 'PREFIX' || rule.match === 'TYPE' ? null : loaders.activityByKey.load(activityKey(rule.activityIri));
  }
}

@Resolver(() => EvidenceRuleSet)
export class EvidenceRuleSetResolver {
  @Query(() => EvidenceRuleSetConnection, { description: 'Evidence rule sets, by code.' })
  @Access(ANYONE)
  async evidenceRuleSets(@Ctx() { modules }: GraphContext, @Args(() => PageArgs) args: PageArgs) {
    return connection(args, { code: 'text' }, (limit, [after = null]) => modules.progress.listRuleSets(limit, after));
  }

  @FieldResolver()
  @Access(ANYONE)
  async versions(@Root() ruleSet: RuleSetRow, @Ctx() { loaders }: GraphContext) {
    return loaders.versionsByRuleSet.load(ruleSet.id);
  }
}

@Resolver(() => EvidenceRuleSetVersion)
export class EvidenceRuleSetVersionResolver {
  @FieldResolver()
  @Access(ANYONE)
  async ruleSet(@Root() version: RuleSetVersionRow, @Ctx() { loaders }: GraphContext) {
    return loaders.ruleSetById.load(version.ruleSetId);
  }

  @FieldResolver()
  @Access(ANYONE)
  kindCaps(@Root() { kindCaps }: RuleSetVersionRow) {
    return Object.entries(kindCaps).map(([kind, maxLevel]) => ({ kind, maxLevel }));
  }

  @FieldResolver()
  @Access(ADMIN)
  authorityCaps(@Root() { authorityCaps }: RuleSetVersionRow) {
    return Object.entries(authorityCaps).map(([authorityKey, maxLevel]) => ({ authorityKey, maxLevel }));
  }

  @FieldResolver()
  @Access(ANYONE)
  async rules(@Root() version: RuleSetVersionRow, @Ctx() { loaders }: GraphContext) {
    return loaders.rulesByRuleSetVersion.load(version.id);
  }
}

@Resolver(() => StatementStatus)
export class StatementStatusResolver {
  @Query(() => [StatementStatus], {
    description: 'What became of statements, in the order asked. A vendor is told of statements sent with its own credentials only.',
    complexity: ({ args, childComplexity }) => 1 + Math.min((args as { ids: unknown[] }).ids.length, 100) * childComplexity,
  })
  @Access(['ADMIN', 'VENDOR'])
  async statementStatus(
    @Ctx() { modules, viewer }: GraphContext,
    @Arg('ids', () => [GraphQLUUID], { description: 'Statement ids, at most 100.' }) ids: string[],
  ) {
    const mine = viewer.role === 'VENDOR' ? await modules.access.credentialIdsOfPartner(viewer.partnerId) : null;
    const outcomes = await modules.progress.outcomesOf(
      boundedList(ids, '/ids').map((id) => id.toLowerCase()),
      mine,
    );
    return outcomes.map((outcome) => ({ ...outcome, explanation: outcome.reason === null ? null : explainReason(outcome.reason) }));
  }

  @FieldResolver()
  @Access(['ADMIN', 'VENDOR'])
  evidence(@Root() outcome: StatementOutcome): readonly EvidenceRoot[] {
    return outcome.evidence.map((row) => ({ ...row, asOf: null }));
  }
}

const DRY_RUN_LIMITS = { maxDepth: 64, maxTokens: 100_000 };

/** An evaluation with the reasons in words. */
const explained = ({ matches, misses }: Evaluation) => ({ matches, misses: misses.map((miss) => ({ ...miss, explanation: explainReason(miss.reason) })) });

@Resolver()
export class EvidenceDryRunResolver {
  @Query(() => EvidenceDryRun, {
    description: 'What rules would make of a statement, and why they would not; nothing is stored.',
    complexity: ({ childComplexity }) => 20 + 10 * childComplexity,
  })
  @Access(['ADMIN', 'VENDOR'])
  async evidenceDryRun(
    @Ctx() { modules }: GraphContext,
    @Arg('statement', () => String, { description: 'The statement as JSON text.' }) text: string,
    @Arg('ruleSetVersionId', () => ID, { nullable: true, description: 'A version of a rule set, also a draft; left out, all rules that count now.' })
    ruleSetVersionId?: string | null,
    @Arg('authorityKey', () => GraphQLUUID, { nullable: true, description: 'Key of the authority it would be sent by; left out, one that every rule trusts.' })
    authorityKey?: string | null,
  ) {
    const statement = readStatement(text);
    const isVersion2 = isObject(statement) && String(statement['version']).startsWith('2.');
    const violations = validateStatement(statement, isVersion2 ? '2.0.0' : '1.0.3');
    if (violations.length > 0) return { violations, matches: [], misses: [] };
    const versionId = ruleSetVersionId == null ? null : fromGlobalId('EvidenceRuleSetVersion', ruleSetVersionId, '/ruleSetVersionId');
    const occurredAt = isObject(statement) && typeof statement['timestamp'] === 'string' ? new Date(statement['timestamp']) : undefined;
    return { violations, ...explained(await modules.progress.dryRun(statement, versionId, authorityKey?.toLowerCase() ?? null, occurredAt)) };
  }

  @Query(() => [EvidenceDryRun], {
    nullable: 'items',
    description: 'The same of statements that are stored, in the order asked, at most 100: null for one that is not here, or not of the vendor that asks.',
    complexity: ({ args, childComplexity }) => 20 + Math.min((args as { statementIds: unknown[] }).statementIds.length, 100) * childComplexity,
  })
  @Access(['ADMIN', 'VENDOR'])
  async evidenceDryRunStored(
    @Ctx() { modules, viewer }: GraphContext,
    @Arg('statementIds', () => [GraphQLUUID], { description: 'The statements.' }) statementIds: string[],
    @Arg('ruleSetVersionId', () => ID, { nullable: true, description: 'A version of a rule set, also a draft; left out, all rules that count now.' })
    ruleSetVersionId?: string | null,
  ) {
    const ids = boundedList(statementIds, '/statementIds').map((id) => id.toLowerCase());
    const versionId = ruleSetVersionId == null ? null : fromGlobalId('EvidenceRuleSetVersion', ruleSetVersionId, '/ruleSetVersionId');
    const mine = viewer.role === 'VENDOR' ? await modules.access.credentialIdsOfPartner(viewer.partnerId) : null;
    const found = await modules.progress.dryRunStored(ids, versionId, mine);
    return found.map((evaluation) => (evaluation ? { violations: [], ...explained(evaluation) } : null));
  }
}

/** As the statement resource reads it. @throws AppError INVALID_INPUT */
function readStatement(text: string): unknown {
  try {
    scanJson(text, DRY_RUN_LIMITS);
    return JSON.parse(text);
  } catch (error) {
    throw invalid('/statement', 'RFC 8259 json', `statement must be JSON: ${(error as Error).message}`);
  }
}

const EvidenceRuleSetVersionCreatePayload = payloadType('EvidenceRuleSetVersionCreate', 'evidenceRuleSetVersion', () => EvidenceRuleSetVersion, 'The draft.');
@Resolver()
export class ProgressMutations {
  @Mutation(() => EvidenceRuleSetVersionCreatePayload, { description: 'Writes a new version of a rule set, as a draft.' })
  @Access(ADMIN)
  async evidenceRuleSetVersionCreate(
    @Ctx() { modules, loaders }: GraphContext,
    @Arg('input', () => EvidenceRuleSetVersionCreateInput, { description: 'The rules.' }) input: EvidenceRuleSetVersionCreateInput,
  ) {
    return attempt('evidenceRuleSetVersion', async () => {
      const rules = await Promise.all(
        boundedList(input.rules, '/rules').map(async (rule, index): Promise<NewRule> => {
          const path = `/rules/${index}`;
          const wrong = boundedList(rule.verbs, `${path}/verbs`).findIndex((verb) => !isIri(verb));
          if (wrong !== -1) throw invalid(`${path}/verbs/${wrong}`, 'xAPI Data 4.3 iri', 'a verb is an absolute IRI');
          return {
            match: rule.match,
            activityIri: await this.#iriOf(rule, path, loaders),
            verbs: rule.verbs,
            scaledMin: rule.scaledMin ?? null,
            scaledMax: rule.scaledMax ?? null,
            success: rule.success ?? null,
            completion: rule.completion ?? null,
            durationMinSeconds: rule.durationMinSeconds ?? null,
            category: rule.category ?? null,
            trustedAuthorities: boundedList(rule.trustedAuthorities, `${path}/trustedAuthorities`),
            itemId: fromGlobalId('Competency', rule.competencyId, `${path}/competencyId`),
            level: rule.level,
            bands: boundedList(rule.bands, `${path}/bands`),
            positive: rule.positive,
            weight: rule.weight,
            validDays: rule.validDays ?? null,
            attempts: rule.attempts,
          };
        }),
      );
      const kindCaps = Object.fromEntries(boundedList(input.kindCaps, '/kindCaps').map(({ kind, maxLevel }) => [kind, maxLevel]));
      const authorityCaps = Object.fromEntries(
        boundedList(input.authorityCaps, '/authorityCaps').map(({ authorityKey, maxLevel }) => [authorityKey.toLowerCase(), maxLevel]),
      );
      return modules.progress.ruleSets.createVersion({ code: input.code, title: input.title, rules, kindCaps, authorityCaps });
    });
  }

  /** What the rule looks for: an activity known here, or a text that no activity need bear yet. */
  async #iriOf({ match, activityId, iri }: EvidenceRuleInput, path: string, loaders: Loaders): Promise<string> {
    if (match === 'PREFIX' || match === 'TYPE') {
      if (iri == null || activityId != null) throw invalid(`${path}/iri`, 'match', `${match} needs iri, and no activityId`);
      if (!isIri(iri)) throw invalid(`${path}/iri`, 'xAPI Data 4.3 iri', 'iri is an absolute IRI, or the beginning of one');
      return iri;
    }
    if (activityId == null || iri != null) throw invalid(`${path}/activityId`, 'match', `${match} needs activityId, and no iri`);
    const activity = await loaders.activityById.load(fromGlobalId('LearningActivity', activityId, `${path}/activityId`));
    if (!activity) throw invalid(`${path}/activityId`, 'reference', 'there is no such activity');
    return activity.iri;
  }
}
