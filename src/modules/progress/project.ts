import type { Database, Sql } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { byKey, digestKey, newId } from '../../kernel/ids.ts';
import { liveEquivalences, publishedVersionIds, type RollupGraph, readRollupGraph } from '../competency/index.ts';
import { activityKey, claimInbox, type InboxStatement, readForProjection } from '../lrs/index.ts';
import { holdAgentsUnlinked, learnersOfAgents, lockLearners } from '../people/index.ts';
import { foldProgress, type ItemProgress } from './fold.ts';
import { FoldModel } from './fold-model.ts';
import * as store from './progress.store.ts';
import { activitiesOf, type Evaluation, evaluate, type Rule, subjectOf } from './rules.ts';

/** Graphs of published versions never change, so one process reads each once; nor does a model made of the same ones. */
export class ModelCache {
  readonly #graphs = new Map<string, RollupGraph>();
  #last: { readonly key: string; readonly model: FoldModel } | null = null;

  /** What evidence is folded with now: the published graph of every framework, with the approved matches between them. */
  async current(sql: Sql): Promise<FoldModel> {
    const versionIds = await publishedVersionIds(sql);
    const equivalences = await liveEquivalences(sql);
    const key = [...versionIds, ...equivalences.map(({ id }) => id)].join();
    if (this.#last?.key === key) return this.#last.model;
    const graphs = await Promise.all(versionIds.map((id) => this.#graph(sql, id)));
    this.#last = { key, model: new FoldModel(graphs, equivalences) };
    return this.#last.model;
  }

  async #graph(sql: Sql, versionId: string): Promise<RollupGraph> {
    const graph = this.#graphs.get(versionId) ?? (await readRollupGraph(sql, versionId));
    this.#graphs.set(versionId, graph);
    return graph;
  }
}

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
    statementId: statement.id,
    ruleId: rule.id,
    authorityKey: statement.authorityKey,
    occurredAt,
    expiresAt: rule.validDays === null ? null : new Date(occurredAt.getTime() + rule.validDays * DAY_MS),
    retraction: statement.voided ? 'VOIDED' : null,
  };
}

function sameProgress(a: ItemProgress | undefined, b: ItemProgress): boolean {
  return (
    a !== undefined &&
    a.currentLevel === b.currentLevel &&
    a.directLevel === b.directLevel &&
    a.source === b.source &&
    a.confidence === b.confidence &&
    a.nextChangeAt?.getTime() === b.nextChangeAt?.getTime() &&
    a.supporting.join() === b.supporting.join()
  );
}

/** The learner behind each statement. Who is unknown is looked up again under the lock that linking an identifier takes. */
async function learnersOf(sql: Sql, statements: readonly InboxStatement[]): Promise<ReadonlyMap<string, string>> {
  const keys = [...new Set(statements.map((statement) => statement.actorKey))];
  const known = await learnersOfAgents(sql, keys);
  const unknown = keys.filter((key) => !known.has(key));
  if (unknown.length === 0) return known;
  await holdAgentsUnlinked(sql, unknown);
  return new Map([...known, ...(await learnersOfAgents(sql, unknown))]);
}

interface Cause {
  readonly cause: 'STATEMENT' | 'VOID';
  readonly statementId: string | null;
}

async function refold(sql: Sql, clock: Clock, models: ModelCache, causes: ReadonlyMap<string, Cause>): Promise<void> {
  const learnerIds = [...causes.keys()];
  const evidence = await store.readFoldEvidence(sql, learnerIds);
  const before = await store.readProgress(sql, learnerIds);
  const model = await models.current(sql);
  const now = clock.now();
  const changed: store.ProgressChange[] = [];
  const gone: { learnerId: string; itemId: string }[] = [];
  const events: store.NewProgressEvent[] = [];
  for (const learnerId of learnerIds) {
    const old = new Map((before.get(learnerId) ?? []).map((row) => [row.itemId, row]));
    const fresh = foldProgress(evidence.get(learnerId) ?? [], model, now);
    const event = (itemId: string, fromLevel: number, toLevel: number): void => {
      if (fromLevel !== toLevel)
        events.push({
          learnerId,
          id: newId(),
          itemId,
          fromLevel,
          toLevel,
          createdAt: now,
          ...(causes.get(learnerId) ?? { cause: 'STATEMENT', statementId: null }),
        });
    };
    for (const progress of fresh) {
      const previous = old.get(progress.itemId);
      old.delete(progress.itemId);
      if (sameProgress(previous, progress)) continue;
      changed.push({ learnerId, progress });
      event(progress.itemId, previous?.currentLevel ?? 0, progress.currentLevel);
    }
    for (const [itemId, previous] of old) {
      gone.push({ learnerId, itemId });
      event(itemId, previous.currentLevel, 0);
    }
  }
  await store.writeProgress(sql, changed, gone);
  await store.insertEvents(sql, events);
}

/**
 * Takes up to `limit` statements of one bucket out of the inbox and brings everything derived from them up to date, in
 * one transaction: evidence, progress, events. A crash at any point leaves the inbox as it was.
 *
 * A void brings its target along, whichever of the two came first. What is read about a learner is read under the
 * learner's lock, so two workers cannot overtake each other.
 * @returns the number of statements taken.
 */
export async function projectBucket(database: Database, clock: Clock, models: ModelCache, bucket: number, limit: number): Promise<number> {
  return database.transaction(async (sql) => {
    // Before the claim: who changes the model waits for inbox rows, so the projector must not wait for the model holding some.
    await store.lockModel(sql, 'shared');
    const claimed = await claimInbox(sql, bucket, limit);
    if (claimed.length === 0) return 0;
    const first = await readForProjection(sql, claimed);
    const targets = first.flatMap((statement) => (statement.voids === null ? [] : [statement.voids]));
    const ids = [...new Set([...claimed, ...targets])];
    const scouts = targets.length > 0 ? await readForProjection(sql, ids) : first;
    const learners = await learnersOf(sql, scouts);
    const concerned = [...new Set(scouts.flatMap((statement) => learners.get(statement.actorKey) ?? []))].sort(byKey);
    if (concerned.length === 0) return claimed.length;
    const present = await lockLearners(sql, concerned);
    // Read again: whether a statement is voided is only certain under the lock of its learner.
    const statements = (await readForProjection(sql, ids)).filter((statement) => present.has(learners.get(statement.actorKey) ?? ''));
    await projectStatements(sql, clock, models, statements, learners, new Set(targets));
    return claimed.length;
  });
}

/** The rules that count now and may be about one of these statements. */
export async function rulesAbout(sql: Sql, statements: readonly { readonly statement: unknown }[]): Promise<readonly Rule[]> {
  const iris = statements.flatMap(({ statement }) => {
    const subject = subjectOf(statement);
    return subject === null ? [] : activitiesOf(subject);
  });
  return iris.length === 0 ? [] : store.activeRules(sql, [...new Set(iris)].map(activityKey));
}

async function projectStatements(
  sql: Sql,
  clock: Clock,
  models: ModelCache,
  statements: readonly InboxStatement[],
  learners: ReadonlyMap<string, string>,
  voidTargets: ReadonlySet<string>,
): Promise<void> {
  const rules = await rulesAbout(sql, statements);
  const causes = new Map<string, Cause>();
  const evidence = statements.flatMap((statement) => {
    const learnerId = learners.get(statement.actorKey) ?? '';
    const cause = voidTargets.has(statement.id) ? 'VOID' : 'STATEMENT';
    const earlier = causes.get(learnerId);
    causes.set(learnerId, { cause: earlier?.cause === 'VOID' ? 'VOID' : cause, statementId: earlier ? null : statement.id });
    const matching = evaluate(rules, statement.statement, statement.authorityKey).matches;
    return matching.map((match) => evidenceFrom(match, statement, learnerId));
  });
  await store.reconcileEvidence(
    sql,
    statements.map((statement) => statement.id),
    evidence,
  );
  await refold(sql, clock, models, causes);
}
