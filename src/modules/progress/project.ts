import { type Database, RetryTransaction, type Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { byKey, digestKey } from '../../kernel/ids.ts';
import { activityKey, claimInbox, type InboxActor, type InboxStatement, readActors, readForProjection } from '../lrs/index.ts';
import { holdAgentsUnlinked, learnersOfAgents, lockLearners } from '../people/index.ts';
import { readLanes } from './generation.store.ts';
import { countsIn, type Lanes, versionsOf } from './lanes.ts';
import * as store from './progress.store.ts';
import { type Cause, type ModelCache, refold } from './refold.ts';
import { kindsOfActivities, rulesAboutActivities } from './rules.store.ts';
import { activitiesOf, type Evaluation, evaluate, type Rule, RuleBook, subjectOf } from './rules.ts';
import { OWN_AUTHORITY_KEY } from './tla.ts';

const DAY_MS = 86_400_000;

/** Evidence is addressed by what it says: the same rule, statement and competency are the same evidence everywhere. */
function evidenceFrom({ rule, level }: Evaluation['matches'][number], statement: InboxStatement, learnerId: string): store.NewEvidence {
  const { occurredAt } = statement;
  return {
    id: digestKey('evidence', rule.id, statement.id, rule.itemId),
    learnerId,
    itemId: rule.itemId,
    level,
    positive: rule.positive,
    weight: rule.weight,
    kind: 'XAPI',
    statementId: statement.id,
    ruleId: rule.id,
    versionId: rule.versionId,
    sourceId: null,
    attempts: rule.attempts,
    attemptKey: rule.attempts === 'ALL' ? null : digestKey('attempt', rule.id, subjectOf(statement.statement)?.iri ?? ''),
    authorityKey: statement.authorityKey,
    occurredAt,
    expiresAt: rule.validDays === null ? null : new Date(occurredAt.getTime() + rule.validDays * DAY_MS),
    retraction: statement.voided ? 'VOIDED' : null,
  };
}

/** All evidence that statements give in some lane, to the learners behind their actors. */
export function deriveEvidence(
  rules: RuleBook,
  { current, next }: Lanes,
  statements: readonly InboxStatement[],
  learners: ReadonlyMap<string, string>,
): readonly store.NewEvidence[] {
  return statements.flatMap((statement) => {
    const learnerId = learners.get(statement.actorKey);
    if (learnerId === undefined || statement.voids !== null || statement.authorityKey === OWN_AUTHORITY_KEY) return [];
    return evaluate(rules, statement.statement, statement.authorityKey)
      .matches.map((match) => evidenceFrom(match, statement, learnerId))
      .filter((row) => countsIn(current, row) || (next !== null && countsIn(next, row)));
  });
}

/** The learner behind each statement. Who is unknown is looked up again under the lock that linking an identifier takes. */
async function learnersOf(sql: Sql, statements: readonly InboxActor[]): Promise<ReadonlyMap<string, string>> {
  const keys = [...new Set(statements.map((statement) => statement.actorKey))];
  const known = await learnersOfAgents(sql, keys);
  const unknown = keys.filter((key) => !known.has(key));
  if (unknown.length === 0) return known;
  await holdAgentsUnlinked(sql, unknown);
  return new Map([...known, ...(await learnersOfAgents(sql, unknown))]);
}

/** What was taken out of some buckets. */
export interface Projected {
  readonly taken: number;
  /** Buckets in which more may wait. */
  readonly left: readonly number[];
}

/** Takes statements out of buckets, one after the other, until there are enough. Each claim names its bucket (design of the inbox). */
async function claim(sql: Sql, buckets: readonly number[], limit: number): Promise<{ readonly claimed: readonly string[]; readonly left: readonly number[] }> {
  const claimed: string[] = [];
  const cut: number[] = [];
  const untouched: number[] = [];
  for (const bucket of buckets) {
    const room = limit - claimed.length;
    const taken = room > 0 ? await claimInbox(sql, bucket, room) : [];
    claimed.push(...taken);
    if (room === 0) untouched.push(bucket);
    else if (taken.length === room) cut.push(bucket);
  }
  // Whose turn has not come is first the next time.
  return { claimed, left: [...untouched, ...cut] };
}

/**
 * Takes up to `limit` statements of some buckets out of the inbox and brings everything derived from them up to date, in
 * one transaction: evidence, progress, events. A crash at any point leaves the inbox as it was.
 *
 * A void brings its target along, whichever of the two came first. What is read about a learner is read under the
 * learner's lock, so two workers cannot overtake each other.
 */
export async function projectBuckets(database: Database, clock: Clock, models: ModelCache, buckets: readonly number[], limit: number): Promise<Projected> {
  return database.transaction(async (sql) => {
    // Before the claim: who changes the model waits for inbox rows, so the projector must not wait for the model holding some.
    await store.lockModel(sql, 'shared');
    const { claimed, left } = await claim(sql, buckets, limit);
    const projected = { taken: claimed.length, left };
    if (claimed.length === 0) return projected;
    const first = await readActors(sql, claimed);
    const targets = first.flatMap((statement) => (statement.voids === null ? [] : [statement.voids]));
    const ids = [...new Set([...claimed, ...targets])];
    const scouts = targets.length > 0 ? await readActors(sql, ids) : first;
    const learners = await learnersOf(sql, scouts);
    const concerned = [...new Set(scouts.flatMap((statement) => learners.get(statement.actorKey) ?? []))].sort(byKey);
    if (concerned.length === 0) return projected;
    const present = await lockLearners(sql, concerned);
    // Whether a statement is voided, and whose it is, is only certain under the lock of its learner.
    const linked = await learnersOfAgents(sql, [...learners.keys()]);
    // Given to another learner while this waited for the lock: whoever has it now must be locked in its place.
    if ([...linked].some(([key, learnerId]) => learnerId !== learners.get(key))) throw new RetryTransaction('an identifier was given to another learner');
    const statements = (await readForProjection(sql, ids)).filter(({ actorKey }) => {
      const learnerId = linked.get(actorKey);
      return learnerId !== undefined && learnerId === learners.get(actorKey) && present.has(learnerId);
    });
    await projectStatements(sql, clock, models, statements, learners, new Set(targets));
    return projected;
  });
}

/** The rules of some versions that may be about one of these statements. */
export async function rulesAbout(sql: Sql, versionIds: readonly string[], statements: readonly { readonly statement: unknown }[]): Promise<RuleBook> {
  const iris = statements.flatMap(({ statement }) => {
    const subject = subjectOf(statement);
    return subject === null ? [] : activitiesOf(subject);
  });
  const keys = [...new Set(iris)].map(activityKey);
  return bookOf(sql, keys.length === 0 ? [] : await rulesAboutActivities(sql, versionIds, keys), keys);
}

/** Rules with what their caps go by. */
export async function bookOf(sql: Sql, rules: readonly Rule[], activityKeys: readonly string[]): Promise<RuleBook> {
  const isCapped = rules.some(({ kindCaps }) => Object.keys(kindCaps).length > 0);
  return new RuleBook(rules, new Map(isCapped ? (await kindsOfActivities(sql, activityKeys)).map(({ iri, kind }) => [iri, kind]) : []));
}

async function projectStatements(
  sql: Sql,
  clock: Clock,
  models: ModelCache,
  statements: readonly InboxStatement[],
  learners: ReadonlyMap<string, string>,
  voidTargets: ReadonlySet<string>,
): Promise<void> {
  const lanes = await readLanes(sql);
  const versionIds = versionsOf(lanes);
  const rules = await rulesAbout(sql, versionIds, statements);
  const causes = new Map<string, Cause>();
  for (const statement of statements) {
    const learnerId = learners.get(statement.actorKey) ?? '';
    const cause = voidTargets.has(statement.id) ? 'VOID' : 'STATEMENT';
    const earlier = causes.get(learnerId);
    causes.set(learnerId, { cause: earlier?.cause === 'VOID' ? 'VOID' : cause, statementId: earlier ? null : statement.id });
  }
  const evidence = deriveEvidence(rules, lanes, statements, learners);
  const gone = await store.reconcileEvidence(
    sql,
    statements.map((statement) => statement.id),
    versionIds,
    evidence,
  );
  // Not only what this wrote: a generation being built may have written it already, and folded for itself alone.
  await refold(sql, clock, models, causes, lanes, [...gone, ...evidence]);
}
