import type { Database } from '../db/database.ts';
import type { Modules } from '../graphql/modules.ts';
import type { Clock } from '../kernel/clock.ts';
import { ifiKey } from '../modules/lrs/index.ts';
import { learnersOfAgents } from '../modules/people/index.ts';
import { PLAIN_RULE } from '../modules/progress/index.ts';
import {
  DEMO_BANDS,
  DEMO_HOME_PAGE,
  DEMO_LEARNERS,
  DEMO_LESSON_LEVEL,
  DEMO_MODULES,
  DEMO_PARTNERS,
  DEMO_POSITION,
  DEMO_PROGRAM,
  DEMO_REQUIREMENTS,
  DEMO_UNITS,
  VERBS,
} from './course.ts';
import { DEMO_FRAMEWORKS, demoItemId } from './framework.ts';
import { demoAccount } from './statements.ts';

const START = new Date('2026-01-01T00:00:00Z');

async function loadOrganisation({ access, people, competencies }: Modules): Promise<Map<string, string>> {
  const known = new Set((await access.partners(100, null)).map((partner) => partner.code));
  for (const partner of DEMO_PARTNERS) if (!known.has(partner.code)) await access.createPartner(partner);
  const units = new Map((await people.units(100, null)).map((unit) => [unit.code, unit.id]));
  for (const { parent, ...unit } of DEMO_UNITS) {
    if (!units.has(unit.code)) units.set(unit.code, (await people.createUnit({ ...unit, parentId: parent === null ? null : (units.get(parent) ?? null) })).id);
  }
  const position =
    (await people.positions(100, null)).find((row) => row.code === DEMO_POSITION.code) ??
    (await people.createPosition({ ...DEMO_POSITION, family: 'FUNGSIONAL_KEAHLIAN' }));
  if ((await competencies.standardsOfPositions([position.id])).length === 0) {
    await competencies.createStandard({
      positionId: position.id,
      legalBasis: 'Contoh: keputusan wali kota tentang standar kompetensi jabatan',
      effectiveFrom: START,
      requirements: DEMO_REQUIREMENTS.map(({ competency, level, importance }) => ({ itemId: demoItemId(competency), requiredLevel: level, importance })),
    });
  }
  return new Map([...units, ['position', position.id]]);
}

/** Fills the first version as far as it is not there yet; every step can be the one before a crash. */
async function loadProgram({ access, training }: Modules): Promise<{ programId: string; versionId: string }> {
  const program =
    (await training.programs(100, null)).find((row) => row.code === DEMO_PROGRAM.code) ??
    (await training.createProgram({ ...DEMO_PROGRAM, kind: 'TECHNICAL', form: 'BLENDED' })).program;
  const [version] = await training.versionsOfPrograms([program.id]);
  if (!version) throw new Error('a programme has a version from its first moment on');
  if (version.status === 'PUBLISHED') return { programId: program.id, versionId: version.id };
  const owner = (await access.partners(100, null)).find((partner) => partner.kind === 'CONTENT_VENDOR');
  for (const wanted of DEMO_MODULES) {
    const present = (await training.modulesOfVersions([version.id])).find((row) => row.title === wanted.title);
    const module = present ?? (await training.addModule({ versionId: version.id, title: wanted.title, jp: wanted.jp }));
    const activities = new Map((await training.activitiesOfModules([module.id])).map((row) => [row.iri, row.id]));
    for (const [activity, kind, contribution, targetLevel] of [
      [wanted.lesson, 'XAPI', 'ASSESSES', DEMO_LESSON_LEVEL],
      [wanted.test, 'TEST', 'ASSESSES', DEMO_BANDS[DEMO_BANDS.length - 1]?.level ?? 1],
    ] as const) {
      const activityId =
        activities.get(activity.iri) ??
        (await training.addActivity({ moduleId: module.id, iri: activity.iri, title: activity.title, kind, ownerId: owner?.id ?? null })).id;
      const aligned = (await training.alignmentsOfActivities([activityId])).some((row) => row.moduleId === module.id);
      if (!aligned) await training.addAlignment({ moduleId: module.id, activityId, itemId: demoItemId(wanted.competency), targetLevel, contribution });
    }
  }
  await training.publishVersion(version.id);
  return { programId: program.id, versionId: version.id };
}

async function loadRules({ progress }: Modules): Promise<void> {
  const [existing] = (await progress.listRuleSets(100, null)).filter((row) => row.code === DEMO_PROGRAM.code);
  const [version] = existing ? await progress.versionsOfRuleSets([existing.id]) : [];
  const draft =
    version ??
    (await progress.ruleSets.createVersion({
      code: DEMO_PROGRAM.code,
      title: `Aturan bukti ${DEMO_PROGRAM.title}`,
      rules: DEMO_MODULES.flatMap((module) => {
        const shared = { ...PLAIN_RULE, itemId: demoItemId(module.competency) };
        const lesson = {
          ...shared,
          activityIri: module.lesson.iri,
          verbs: [VERBS.completed],
          completion: true,
          level: DEMO_LESSON_LEVEL,
        };
        return [
          lesson,
          ...DEMO_BANDS.map(({ scaledMin, level }) => ({
            ...shared,
            activityIri: module.test.iri,
            verbs: [VERBS.passed],
            scaledMin,
            success: true,
            level,
          })),
        ];
      }),
    }));
  if (draft.status === 'DRAFT') await progress.ruleSets.activate({ versionId: draft.id, from: null });
}

async function loadLearners(database: Database, { people, training }: Modules, places: ReadonlyMap<string, string>, batchId: string): Promise<void> {
  for (const [index, name] of DEMO_LEARNERS.entries()) {
    const ifi = { kind: 'account', homePage: DEMO_HOME_PAGE, value: demoAccount(index) } as const;
    const known = (await learnersOfAgents(database.sql, [ifiKey(ifi)])).get(ifiKey(ifi));
    const learnerId = known ?? (await people.createLearner({ name, staffCategory: index % 6 === 5 ? 'PPPK' : 'PNS', identities: [ifi] })).id;
    if ((await people.holdingsOfLearners([learnerId])).length === 0) {
      await people.createHolding({
        learnerId,
        positionId: places.get('position') ?? '',
        unitId: places.get(index % 2 === 0 ? 'PU' : 'PERKIM') ?? '',
        validFrom: START,
        validTo: null,
      });
    }
    if ((await training.enrolmentsOfLearners([learnerId])).length === 0) await training.enrol({ learnerId, batchId });
  }
}

/**
 * Loads the demo world but for its statements, which go through the xAPI endpoint like everybody's. May be called
 * again after a crash: what is there stays.
 */
export async function loadDemoWorld(database: Database, modules: Modules, clock: Clock): Promise<void> {
  for (const { kind, source } of DEMO_FRAMEWORKS) {
    const report = await modules.competencies.import({ source, kind, defaultRollup: 'NONE', publish: true, dryRun: false });
    if (report.outcome === 'REFUSED') throw new Error(`the demo framework is refused: ${report.issues.map((issue) => issue.message).join('; ')}`);
  }
  const places = await loadOrganisation(modules);
  const { programId, versionId } = await loadProgram(modules);
  await loadRules(modules);
  const batch =
    (await modules.training.batchesOfVersions([versionId]))[0] ??
    (await modules.training.createBatch({ versionId, number: 1, startsOn: new Date('2026-02-02T00:00:00Z'), endsOn: new Date('2026-03-13T00:00:00Z') }));
  await loadLearners(database, modules, places, batch.id);
  const university = (await modules.access.partners(100, null)).find((partner) => partner.code === 'UNIV-A');
  if (university && !(await modules.access.hasGrant(university.id, programId, clock.now()))) {
    await modules.access.createGrant({
      partnerId: university.id,
      programId,
      showsNames: false,
      purpose: 'Contoh: perjanjian kerja sama kurikulum',
      validTo: null,
    });
  }
}
