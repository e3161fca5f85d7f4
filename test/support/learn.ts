import { digestKey } from '../../src/kernel/ids.ts';
import { PLAIN_RULE } from '../../src/modules/progress/index.ts';
import type { TestApp } from './app.ts';
import { casePackage, itemIdOf } from './world.ts';

/** A competency of its own that a passed or completed activity is evidence of, at level 3. */
export async function alignedCompetency(app: TestApp, activityIri: string): Promise<string> {
  const code = `C.${digestKey('learn', activityIri).slice(0, 8)}`;
  const source = casePackage([{ code }], { name: code });
  await app.modules.competencies.import({ source, kind: 'TECHNICAL', defaultRollup: 'NONE', publish: true, dryRun: false });
  const { versionId } = await app.modules.training.createProgram({ code, title: code, kind: 'TECHNICAL', form: 'NON_CLASSICAL' });
  const module = await app.modules.training.addModule({ versionId, title: code, jp: 1 });
  const activity = await app.modules.training.addActivity({ moduleId: module.id, iri: activityIri, title: code, kind: 'XAPI', ownerId: null });
  await app.modules.training.addAlignment({ moduleId: module.id, activityId: activity.id, itemId: itemIdOf(code), targetLevel: 3, contribution: 'ASSESSES' });
  const verbs = ['http://adlnet.gov/expapi/verbs/passed', 'http://adlnet.gov/expapi/verbs/completed'];
  const { id } = await app.modules.progress.ruleSets.createVersion({
    code,
    title: code,
    rules: [{ ...PLAIN_RULE, activityIri, verbs, itemId: itemIdOf(code), level: 3 }],
  });
  await app.modules.progress.ruleSets.activate({ versionId: id, from: null });
  return code;
}

/** The level of a learner in a competency, once everything stored is projected; null where there is none. */
export async function levelOf(app: TestApp, learnerId: string, code: string): Promise<number | null> {
  await app.projector.drain();
  const { body } = await app.graphql('{ learners(first: 100) { nodes { id progress { competency { code } current } } } }');
  const rows = (body.data.learners.nodes as { id: string; progress: { competency: { code: string }; current: number }[] }[]).flatMap(({ id, progress }) =>
    progress.map((row) => ({ id, code: row.competency.code, current: row.current })),
  );
  const { toGlobalId } = await import('../../src/graphql/node.ts');
  return rows.find((row) => row.id === toGlobalId('Learner', learnerId) && row.code === code)?.current ?? null;
}
