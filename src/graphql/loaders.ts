import DataLoader from 'dataloader';
import type { Viewer } from '../modules/access/index.ts';
import type { CompetencyRow } from '../modules/competency/index.ts';
import type { GeneralScope } from '../modules/content/index.ts';
import type { RegistrationsPage } from '../modules/launch/index.ts';
import type { Lane, Readiness } from '../modules/progress/index.ts';
import type { Modules } from './modules.ts';

/** A loader of one row by id; what is missing or out of reach is null. */
function one<R extends { readonly id: string }>(load: (ids: readonly string[]) => Promise<readonly R[]>): DataLoader<string, R | null> {
  return new DataLoader(async (ids: readonly string[]) => {
    const rows = new Map((await load(ids)).map((row) => [row.id, row]));
    return ids.map((id) => rows.get(id) ?? null);
  });
}

/** A loader of the rows that belong to a key, in the order the query gave them. */
function many<R>(load: (keys: readonly string[]) => Promise<readonly R[]>, keyOf: (row: R) => string): DataLoader<string, readonly R[]> {
  return new DataLoader(async (keys: readonly string[]) => {
    const rows = Map.groupBy(await load(keys), keyOf);
    return keys.map((key) => rows.get(key) ?? []);
  });
}

/** Likewise for keys of two parts. */
function manyByPair<K, R>(
  load: (keys: readonly K[]) => Promise<readonly R[]>,
  keyOf: (row: R) => string,
  textOf: (key: K) => string,
): DataLoader<K, readonly R[], string> {
  return new DataLoader<K, readonly R[], string>(
    async (keys) => {
      const rows = Map.groupBy(await load(keys), keyOf);
      return keys.map((key) => rows.get(textOf(key)) ?? []);
    },
    { cacheKeyFn: textOf },
  );
}

/** A learner at an instant; null is now. */
interface LearnerAt {
  readonly learnerId: string;
  readonly asOf: Date | null;
}

/** A loader of what there is for each learner at an instant: one load for all of the same instant. */
function byInstant<R>(load: (learnerIds: readonly string[], asOf: Date | null) => Promise<ReadonlyMap<string, R>>): DataLoader<LearnerAt, R, string> {
  const textOf = ({ learnerId, asOf }: LearnerAt): string => `${asOf?.toISOString() ?? ''} ${learnerId}`;
  return new DataLoader<LearnerAt, R, string>(
    async (keys) => {
      const found = new Map<string, R>();
      for (const group of Map.groupBy(keys, ({ asOf }) => asOf?.toISOString() ?? '').values()) {
        const asOf = group[0]?.asOf ?? null;
        const ids = group.map(({ learnerId }) => learnerId);
        for (const [learnerId, row] of await load(ids, asOf)) found.set(textOf({ learnerId, asOf }), row);
      }
      return keys.map((key) => found.get(textOf(key)) ?? new Error(`nothing was loaded for ${key.learnerId}`));
    },
    { cacheKeyFn: textOf },
  );
}

/** A competency in one framework version. */
interface VersionedItem {
  readonly itemId: string;
  readonly versionId: string;
}

interface LearnerItem {
  readonly learnerId: string;
  readonly itemId: string;
}

/** A page of registrations of one package. */
interface PackagePage {
  readonly packageId: string;
  readonly page: RegistrationsPage;
}

const versioned = ({ itemId, versionId }: VersionedItem): string => `${versionId} ${itemId}`;

/**
 * One set per request: what one viewer asked for is never answered to another. Names say result and key. Everything a
 * learner loader returns went through the viewer's reach.
 */
export function createLoaders({ access, competencies, content, forwarding, launches, people, progress, training }: Modules, viewer: Viewer, now: Date) {
  let view: Promise<Lane> | null = null;
  /** One generation of progress for the whole request: its answers never mix two. */
  const seen = (): Promise<Lane> => {
    view ??= progress.view();
    return view;
  };
  return {
    /** The instant of the request, and the generation it is answered from. */
    now,
    seen,
    activitiesByModule: many(training.activitiesOfModules, (row) => row.moduleId),
    activityById: one(training.activitiesById),
    contentPackageById: one(content.packagesById),
    /** Rules of content, said of all of it or of a standard. */
    generalRules: new DataLoader(async (scopes: readonly GeneralScope[]) => {
      const said = new Map((await content.generalRules(scopes)).map(({ scope, rules }) => [scope, rules]));
      return scopes.map((scope) => said.get(scope) ?? {});
    }),
    contentVersionById: one(content.versionsById),
    contentVersionsByPackage: many(content.versionsOfPackages, (row) => row.packageId),
    contentItemById: one(content.itemsById),
    contentItemsByVersion: many(content.itemsOfVersions, (row) => row.versionId),
    contentRootsByVersion: many(content.rootsOfVersions, (row) => row.versionId),
    registrationsByLearner: many(launches.registrationsOfLearners, (row) => row.learnerId),
    /** The same page of several packages is one load. */
    registrationsByPackage: manyByPair(
      async (keys: readonly PackagePage[]) => {
        const groups = Map.groupBy(keys, ({ page }) => JSON.stringify(page));
        const load = async ([text, own]: [string, readonly PackagePage[]]) => {
          const ids = own.map(({ packageId }) => packageId);
          return (await launches.registrationsOfPackages(viewer, ids, JSON.parse(text) as RegistrationsPage)).map((row) => ({ ...row, page: text }));
        };
        return (await Promise.all([...groups].map(load))).flat();
      },
      ({ page, packageId }) => `${page} ${packageId}`,
      ({ page, packageId }: PackagePage) => `${JSON.stringify(page)} ${packageId}`,
    ),
    unitsByRegistration: many(launches.unitsOfRegistrations, (row) => row.registrationId),
    sessionsByRegistration: many(launches.sessionsOfRegistrations, (row) => row.registrationId),
    attemptsByRegistration: many(launches.attemptsOfRegistrations, (row) => row.registrationId),
    runsByAttempt: many(launches.runsOfAttempts, (row) => row.attemptId),
    competenciesNamed: many(competencies.named, (row) => row.name),
    activityByKey: new DataLoader(async (keys: readonly string[]) => {
      const rows = new Map((await training.activitiesByKey(keys)).map((row) => [row.activityKey, row]));
      return keys.map((key) => rows.get(key) ?? null);
    }),
    alignmentsByActivity: many(training.alignmentsOfActivities, (row) => row.activityId),
    alignmentsByItem: many(training.alignmentsOfItems, (row) => row.itemId),
    assessmentById: one(progress.others.assessmentsById),
    assessmentsByLearner: many(progress.others.assessmentsOf, (row) => row.learnerId),
    batchById: one(training.batchesById),
    batchesByProgramVersion: many(training.batchesOfVersions, (row) => row.versionId),
    childEdgesByItem: manyByPair(competencies.childEdges, (row) => versioned({ itemId: row.destinationId ?? '', versionId: row.versionId }), versioned),
    claimById: one(progress.others.claimsById),
    claimsByLearner: many(progress.others.claimsOf, (row) => row.learnerId),
    competencyById: one<CompetencyRow>(competencies.competenciesById),
    deadLettersByForwarder: many(forwarding.deadLetters, (row) => row.forwarderId),
    enrolmentsByLearner: many(training.enrolmentsOfLearners, (row) => row.learnerId),
    eventsByLearner: many(
      (ids) => progress.eventsOf(ids, 50),
      (row) => row.learnerId,
    ),
    equivalenceById: one(competencies.equivalencesById),
    /** An approval belongs to both of its ends. */
    equivalencesByItem: new DataLoader(async (ids: readonly string[]) => {
      const rows = await competencies.equivalencesOfItems(ids);
      return ids.map((id) => rows.filter(({ originId, destinationId }) => originId === id || destinationId === id));
    }),
    evidenceByLearnerItem: manyByPair(
      async (keys) => progress.evidenceOf(keys, await seen()),
      (row) => `${row.learnerId} ${row.itemId}`,
      ({ learnerId, itemId }: LearnerItem) => `${learnerId} ${itemId}`,
    ),
    evidenceById: manyByPair(
      async (keys) => progress.evidenceById(keys, await seen()),
      (row) => `${row.learnerId} ${row.id}`,
      ({ learnerId, id }: { learnerId: string; id: string }) => `${learnerId} ${id}`,
    ),
    frameworkById: one(competencies.frameworksById),
    frameworkVersionById: one(competencies.versionsById),
    holdingsByLearner: many(people.holdingsOfLearners, (row) => row.learnerId),
    grantsByPartner: many(access.grantsOfPartners, (row) => row.partnerId),
    identitiesByLearner: many(people.identitiesOfLearners, (row) => row.learnerId),
    identityChangesByLearner: many(people.identityChangesOf, (row) => row.ofLearner),
    /** Of the store as a whole; the key says nothing. */
    lastPosition: new DataLoader(async (keys: readonly string[]) => {
      const position = await forwarding.lastPosition();
      return keys.map(() => position);
    }),
    /** Likewise, of the change feed. */
    lastFeedPosition: new DataLoader(async (keys: readonly string[]) => {
      const position = await progress.feed.lastPosition();
      return keys.map(() => position);
    }),
    learnerById: one((ids) => people.learnersById(viewer, ids)),
    levelsByItem: manyByPair(competencies.levelsOf, (row) => versioned(row), versioned),
    matchByLearner: byInstant(async (ids, asOf) => progress.planning.matchesOf(ids, asOf, await seen())),
    moduleById: one(training.modulesById),
    modulesByProgramVersion: many(training.modulesOfVersions, (row) => row.versionId),
    overridesByLearner: many(progress.others.overridesOf, (row) => row.learnerId),
    parentEdgesByItem: manyByPair(competencies.parentEdges, (row) => versioned({ itemId: row.originId ?? '', versionId: row.versionId }), versioned),
    partnerById: one((ids) => access.partnersById(ids)),
    pathByLearner: byInstant(async (ids, asOf) => progress.planning.pathsOf(ids, asOf, await seen())),
    positionById: one(people.positionsById),
    programById: one(training.programsById),
    programVersionById: one(training.versionsById),
    /** Progress as of an instant given as RFC 3339 text, or now for the empty text; keyed `asOf learner`. */
    progressByLearner: manyByPair(
      async (keys: readonly { learnerId: string; asOf: Date | null }[]) => {
        const groups = Map.groupBy(keys, (key) => key.asOf?.toISOString() ?? '');
        const answers = await Promise.all(
          [...groups.values()].map(async (group) => ({
            asOf: group[0]?.asOf ?? null,
            rows: await progress.progressOf(
              group.map((key) => key.learnerId),
              group[0]?.asOf ?? null,
              await seen(),
            ),
          })),
        );
        return answers.flatMap(({ asOf, rows }) => [...rows].flatMap(([learnerId, items]) => items.map((item) => ({ ...item, learnerId, asOf }))));
      },
      (row) => `${row.asOf?.toISOString() ?? ''} ${row.learnerId}`,
      (key) => `${key.asOf?.toISOString() ?? ''} ${key.learnerId}`,
    ),
    readinessByLearner: new DataLoader(
      async (keys: readonly (LearnerAt & { readonly itemIds: readonly string[] })[]) => {
        const groups = Map.groupBy(keys, ({ asOf, itemIds }) => `${asOf?.toISOString() ?? ''} ${itemIds.join()}`);
        const found = new Map<string, readonly Readiness[]>();
        for (const [group, own] of groups) {
          const { asOf, itemIds } = own[0] ?? { asOf: null, itemIds: [] };
          const ids = own.map(({ learnerId }) => learnerId);
          for (const [learnerId, rows] of await progress.planning.readinessOf(ids, itemIds, asOf, await seen())) found.set(`${group} ${learnerId}`, rows);
        }
        return keys.map(({ learnerId, asOf, itemIds }) => found.get(`${asOf?.toISOString() ?? ''} ${itemIds.join()} ${learnerId}`) ?? []);
      },
      { cacheKeyFn: ({ learnerId, asOf, itemIds }) => `${asOf?.toISOString() ?? ''} ${itemIds.join()} ${learnerId}` },
    ),
    requirementsByStandard: many(competencies.requirementsOfStandards, (row) => row.standardId),
    rollupByItem: new DataLoader(async (ids: readonly string[]) => {
      const rollups = await progress.childrenOf(ids, await seen());
      return ids.map((id) => rollups.get(id) ?? { rollup: 'NONE', children: [] });
    }),
    ruleById: one(progress.rulesById),
    ruleSetById: one(progress.ruleSetsById),
    ruleSetVersionById: one(progress.ruleSetVersionsById),
    rulesByRuleSetVersion: many(progress.rulesOfVersions, (row) => row.versionId),
    statementById: one((ids) => progress.statements(ids)),
    standardsByPosition: many(competencies.standardsOfPositions, (row) => row.positionId),
    targetsByLearner: manyByPair(
      async (keys: readonly { learnerId: string; asOf: Date | null }[]) => {
        const groups = Map.groupBy(keys, (key) => key.asOf?.toISOString() ?? '');
        const answers = await Promise.all(
          [...groups.values()].map(async (group) => ({
            asOf: group[0]?.asOf ?? null,
            rows: await competencies.targetsOfLearners(
              group.map((key) => key.learnerId),
              group[0]?.asOf ?? now,
            ),
          })),
        );
        return answers.flatMap(({ asOf, rows }) => [...rows].flatMap(([learnerId, targets]) => targets.map((row) => ({ ...row, learnerId, asOf }))));
      },
      (row) => `${row.asOf?.toISOString() ?? ''} ${row.learnerId}`,
      (key) => `${key.asOf?.toISOString() ?? ''} ${key.learnerId}`,
    ),
    unitById: one(people.unitsById),
    versionsByFramework: many(competencies.versionsOfFrameworks, (row) => row.frameworkId),
    versionsByProgram: many(training.versionsOfPrograms, (row) => row.programId),
    versionsByRuleSet: many(progress.versionsOfRuleSets, (row) => row.ruleSetId),
  };
}

export type Loaders = ReturnType<typeof createLoaders>;
