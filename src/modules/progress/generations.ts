import type { Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { conflict } from '../../kernel/errors.ts';
import { equivalencesById, liveEquivalences, publishedVersionIds } from '../competency/index.ts';
import { activityKey, statementsOfActors } from '../lrs/index.ts';
import { agentsOfLearners, lockLearners } from '../people/index.ts';
import * as store from './generation.store.ts';
import { type GenerationCause, idsChanged, type Lane, type Lanes, type NextLane, rulesChanged, versionsOf, withVersion } from './lanes.ts';
import { otherEvidenceOf } from './other-evidence.store.ts';
import { clearOtherEvidence, lockModel, readFoldInput, reconcileEvidence, replaceOtherEvidence } from './progress.store.ts';
import { deriveEvidence, rulesAbout } from './project.ts';
import { foldNext, ModelCache } from './refold.ts';
import { activatingVersions, ruleSetVersionsById, rulesOfVersions, versionsOfRuleSets } from './rules.store.ts';

/** Replaced rows are kept for readers that began before the swap: longer than any request takes. */
const KEPT_MS = 120_000;

/** What the generations work with. */
export interface Workshop {
  readonly clock: Clock;
  readonly models: ModelCache;
  /** Learners built in one transaction; a change that concerns no more of them is made with the change itself. */
  readonly page: number;
}

/** A draft whose effect is to be seen before it counts. */
export interface Preview {
  readonly versionId: string;
  readonly from: Date | null;
}

/** What should count now: the rules that act with those that are being activated, the newest graphs, the approved matches. */
async function desiredLane(sql: Sql, current: Lane, preview: Preview | null): Promise<Omit<Lane, 'generation'>> {
  const added = [
    ...(await activatingVersions(sql)).map(({ id, effectiveFrom }) => ({ versionId: id, from: effectiveFrom })),
    ...(preview === null ? [] : [preview]),
  ];
  let { rules } = current;
  for (const { versionId, from } of added) {
    const [version] = await ruleSetVersionsById(sql, [versionId]);
    const siblings = await versionsOfRuleSets(sql, version ? [version.ruleSetId] : []);
    rules = withVersion(rules, new Set(siblings.map(({ id }) => id)), versionId, from);
  }
  return { rules, frameworks: await publishedVersionIds(sql), equivalences: (await liveEquivalences(sql)).map(({ id }) => id) };
}

/** Notes everyone whose answers can differ between two lanes. */
async function openConcerned(sql: Sql, { models }: Workshop, generation: number, from: Lane, to: Omit<Lane, 'generation'>): Promise<void> {
  const versions = rulesChanged(from.rules, to.rules);
  if (versions.length > 0) {
    await store.openByEvidence(sql, generation, versions);
    const rules = await rulesOfVersions(
      sql,
      versions.filter((id) => to.rules.has(id)),
    );
    // What a prefix or a type matches is in no index.
    if (rules.some(({ match }) => match === 'PREFIX' || match === 'TYPE')) await store.openIdentified(sql, generation);
    else await store.openByActivities(sql, generation, [...new Set(rules.map((rule) => activityKey(rule.activityIri)))]);
  }
  const frameworks = idsChanged(from.frameworks, to.frameworks);
  const approvals = await equivalencesById(sql, idsChanged(from.equivalences, to.equivalences));
  if (frameworks.length === 0 && approvals.length === 0) return;
  const changed = await store.itemsOfVersions(sql, frameworks);
  const matched = approvals.flatMap(({ originId, destinationId }) => [originId, destinationId]);
  const bearing = new Set([...changed, ...matched]);
  for (const lane of [from, to]) {
    const model = await models.of(sql, lane);
    // What children a parent has changes with their matches, also for who has shown nothing of those.
    const above = matched.flatMap((itemId) => [...model.scopeOf(itemId).folded]);
    for (const itemId of model.bearingOn([...changed, ...above])) bearing.add(itemId);
  }
  await store.openByItems(sql, generation, [...bearing]);
}

const isSame = (a: Omit<Lane, 'generation'>, b: Omit<Lane, 'generation'>): boolean =>
  rulesChanged(a.rules, b.rules).length === 0 && idsChanged(a.frameworks, b.frameworks).length === 0 && idsChanged(a.equivalences, b.equivalences).length === 0;

async function discard(sql: Sql, { current }: Lanes, next: NextLane, kept: ReadonlySet<string>): Promise<void> {
  const versions = [...next.rules.keys()].filter((id) => !current.rules.has(id) && !kept.has(id));
  await store.deleteGeneration(sql, next.generation, versions);
}

/**
 * Makes progress follow a change of rules, frameworks or matches, in the transaction that makes the change: a new
 * generation, which becomes current when it is built. One that is being built already is begun anew with both changes; a
 * preview that stands is dropped, unless it is the preview of this very change.
 *
 * What concerns few is built and made current before this returns.
 */
export async function followChange(sql: Sql, { clock, page }: Workshop, cause: GenerationCause, versionId: string | null = null): Promise<void> {
  // Graphs read here may be drafts again if this rolls back: they must not stay in memory.
  const workshop = { clock, page, models: new ModelCache() };
  await lockModel(sql, 'exclusive');
  const lanes = await store.readLanes(sql);
  const desired = await desiredLane(sql, lanes.current, null);
  const { current, next } = lanes;
  if (next && isSame(next, desired) && next.cause === cause) {
    await store.markActivating(sql, next.generation);
    if (next.status === 'READY') await swap(sql, workshop, current, next);
    return;
  }
  if (next) await discard(sql, lanes, next, new Set(desired.rules.keys()));
  const isRebuild = next?.cause === 'REBUILD';
  const input = { ...desired, cause: isRebuild ? 'REBUILD' : cause, activates: true, ruleVersionId: versionId } as const;
  const generation = await store.insertGeneration(sql, workshop.clock.now(), input);
  if (isRebuild) await store.openEveryone(sql, generation);
  else await openConcerned(sql, workshop, generation, current, desired);
  await buildIfSmall(sql, workshop, generation);
}

/**
 * Builds what a draft would change, beside what readers see, for inspection.
 * @throws AppError CONFLICT while another change is being built.
 */
export async function preparePreview(sql: Sql, workshop: Workshop, preview: Preview): Promise<void> {
  await lockModel(sql, 'exclusive');
  const lanes = await store.readLanes(sql);
  if (lanes.next?.activates) throw conflict('/id', 'one-at-a-time', 'another change is being brought into effect; ask again when it is done');
  if (lanes.next) await discard(sql, lanes, lanes.next, new Set());
  const desired = await desiredLane(sql, lanes.current, preview);
  const input = { ...desired, cause: 'RULE_CHANGE', activates: false, ruleVersionId: preview.versionId } as const;
  const generation = await store.insertGeneration(sql, workshop.clock.now(), input);
  await openConcerned(sql, workshop, generation, lanes.current, desired);
  await buildIfSmall(sql, workshop, generation);
}

/** Drops the preview of a draft. @returns whether it stood. */
export async function dropPreview(sql: Sql, versionId: string): Promise<boolean> {
  await lockModel(sql, 'exclusive');
  const lanes = await store.readLanes(sql);
  if (lanes.next?.ruleVersionId !== versionId || lanes.next.activates) return false;
  await discard(sql, lanes, lanes.next, new Set());
  return true;
}

/** Begins to make everything anew, unless that is under way already. @returns false while another change is being brought into effect. */
export async function beginRebuild(sql: Sql, { clock }: Workshop): Promise<boolean> {
  await lockModel(sql, 'exclusive');
  const lanes = await store.readLanes(sql);
  if (lanes.next?.activates) return lanes.next.cause === 'REBUILD';
  if (lanes.next) await discard(sql, lanes, lanes.next, new Set());
  const generation = await store.insertGeneration(sql, clock.now(), { ...lanes.current, cause: 'REBUILD', activates: true, ruleVersionId: null });
  await store.openEveryone(sql, generation);
  return true;
}

async function buildIfSmall(sql: Sql, workshop: Workshop, generation: number): Promise<void> {
  if ((await store.countOpen(sql, generation)) > workshop.page) return;
  await buildPage(sql, workshop);
  await finish(sql, workshop);
}

/** What one step of building did. */
export interface BuildStep {
  readonly learners: number;
  readonly statements: number;
}

/**
 * Builds the next generation for some more learners, from nothing but their statements; to be called with the model held.
 * @returns null when nobody is left to take.
 */
export async function buildPage(sql: Sql, { clock, models, page }: Workshop): Promise<BuildStep | null> {
  const lanes = await store.readLanes(sql);
  if (lanes.next?.status !== 'BUILDING') return null;
  const { next } = lanes;
  const open = await store.takeOpen(sql, next.generation, page);
  if (open.length === 0) return null;
  await lockLearners(sql, open);
  const agents = await agentsOfLearners(sql, open);
  const { statements } = await statementsOfActors(sql, [...agents.keys()]);
  const versionIds = versionsOf(lanes);
  const evidence = deriveEvidence(await rulesAbout(sql, versionIds, statements), lanes, statements, agents);
  if (next.cause === 'REBUILD') {
    await clearOtherEvidence(sql, open, versionIds, evidence);
    await replaceOtherEvidence(sql, open, await otherEvidenceOf(sql, open));
  }
  await reconcileEvidence(sql, [...new Set(statements.map(({ id }) => id))], versionIds, evidence);
  await foldNext(sql, models, next, open, { people: await readFoldInput(sql, open), now: clock.now() });
  return { learners: open.length, statements: statements.length };
}

/** Ends the building once everyone is built: the generation becomes current, or stands for inspection. @returns whether it ended. */
export async function finish(sql: Sql, workshop: Workshop): Promise<boolean> {
  await lockModel(sql, 'exclusive');
  const { current, next } = await store.readLanes(sql);
  if (next?.status !== 'BUILDING') return true;
  if ((await store.countOpen(sql, next.generation)) > 0) return false;
  if (next.activates) await swap(sql, workshop, current, next);
  else await store.markReady(sql, next.generation);
  return true;
}

async function swap(sql: Sql, { clock }: Workshop, current: Lane, next: NextLane): Promise<void> {
  const now = clock.now();
  await store.insertLevelChanges(sql, next.generation, next.cause, now);
  await store.swapGenerations(sql, now, current, next);
}

/** Deletes what no reader can be looking at any more. */
export const tidy = (sql: Sql, now: Date): Promise<void> => store.tidyGenerations(sql, new Date(now.getTime() - KEPT_MS));
