import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PLAIN_RULE } from '../../src/modules/progress/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { alignedCompetency } from '../support/learn.ts';
import { casePackage, itemIdOf } from '../support/world.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const VERB = 'http://adlnet.gov/expapi/verbs/passed';

let app: TestApp;
let positionId: string;

beforeAll(async () => {
  app = await startTestApp({ clock: { now: () => NOW } });
  positionId = (await app.modules.people.createPosition({ code: 'USE', title: 'A post', family: 'PELAKSANA' })).id;
});
afterAll(() => app.close());

/** A competency that an activity assesses under a rule, published, and its framework's next version as its items say. */
async function assessed(iri: string) {
  const code = await alignedCompetency(app, iri);
  const publish = (change: (item: Record<string, unknown>, levels: Record<string, unknown>[]) => void) => {
    const source = JSON.parse(casePackage([{ code }], { name: code, version: '2' }));
    change(source.CFItems[0], source.CFRubrics[0].CFRubricCriteria[0].CFRubricCriterionLevels);
    return app.modules.competencies.import({ source: JSON.stringify(source), kind: 'TECHNICAL', defaultRollup: 'NONE', publish: true, dryRun: false });
  };
  const standard = () =>
    app.modules.competencies.createStandard({
      positionId,
      legalBasis: 'test',
      effectiveFrom: NOW,
      requirements: [{ itemId: itemIdOf(code), requiredLevel: 2, importance: 'NEEDED' }],
    });
  const ruleSet = (name: string) =>
    app.modules.progress.ruleSets.createVersion({
      code: name,
      title: name,
      rules: [{ ...PLAIN_RULE, activityIri: iri, verbs: [VERB], itemId: itemIdOf(code), level: 1 }],
    });
  const align = async () => {
    const { versionId } = await app.modules.training.createProgram({ code: `N.${code}`, title: code, kind: 'TECHNICAL', form: 'NON_CLASSICAL' });
    const module = await app.modules.training.addModule({ versionId, title: code, jp: 1 });
    const activity = await app.modules.training.addActivity({ moduleId: module.id, iri: `${iri}/new`, title: code, kind: 'XAPI', ownerId: null });
    return app.modules.training.addAlignment({
      moduleId: module.id,
      activityId: activity.id,
      itemId: itemIdOf(code),
      targetLevel: 3,
      contribution: 'ASSESSES',
    });
  };
  return { code, publish, standard, ruleSet, align };
}

const counts = () =>
  app.database.sql.rows(
    'select (select count(*)::int from competency.position_standard) as standards, (select count(*)::int from progress.rule_set_version) as rules, (select count(*)::int from competency.framework_version) as versions, (select count(*)::int from training.activity_alignment) as alignments',
  );

test('a retired competency stays readable, and no new standard, rule set or alignment may name it', async () => {
  const { code, publish, standard, ruleSet, align } = await assessed('https://use.example/retired');
  await publish((item) => Object.assign(item, { statusEndDate: '2026-06-01' }));
  const before = await counts();

  await expect(standard()).rejects.toMatchObject({ code: 'INVALID_INPUT', violations: [{ path: '/requirements/0/competencyId', rule: 'retired' }] });
  await expect(ruleSet('another')).rejects.toMatchObject({ code: 'INVALID_INPUT', violations: [{ path: '/rules/0/competencyId', rule: 'retired' }] });
  await expect(align()).rejects.toMatchObject({ code: 'INVALID_INPUT', violations: [{ path: '/competencyId', rule: 'retired' }] });

  expect(await counts()).toEqual(before);
  const { body } = await app.graphql('{ competencies(first: 100) { nodes { code statusEndDate } } }');
  expect(body.data.competencies.nodes).toContainEqual({ code, statusEndDate: '2026-06-01' });
});

test('what names a competency already goes on when it is retired', async () => {
  const { code, publish, standard, ruleSet } = await assessed('https://use.example/goes-on');
  await standard();
  await publish((item) => Object.assign(item, { statusEndDate: '2026-05-01T00:00:00Z' }));

  expect(await standard()).toMatchObject({ positionId });
  expect(await ruleSet(code)).toMatchObject({ status: 'DRAFT' });
});

test('what a post required before its latest standard is new to it again', async () => {
  const [old, other] = [await assessed('https://use.example/dropped'), await assessed('https://use.example/kept')];
  await old.standard();
  await other.standard();
  await old.publish((item) => Object.assign(item, { statusEndDate: '2026-05-01' }));
  const before = await counts();

  await expect(old.standard()).rejects.toMatchObject({ violations: [{ rule: 'retired' }] });
  expect(await counts()).toEqual(before);
});

test('a competency is retired from its day on in Medan, not before; what is no day is told and does nothing', async () => {
  const soon = await assessed('https://use.example/soon');
  await soon.publish((item) => Object.assign(item, { statusEndDate: '2026-06-02' }));
  const odd = await assessed('https://use.example/odd');
  const { issues } = await odd.publish((item) => Object.assign(item, { statusEndDate: '2026-02-31' }));

  expect(issues.map(({ severity, code, path }) => [severity, code, path])).toEqual([['WARNING', 'day', '/CFItems/0/statusEndDate']]);
  expect(await soon.ruleSet('soon')).toMatchObject({ status: 'DRAFT' });
  expect(await odd.ruleSet('odd')).toMatchObject({ status: 'DRAFT' });
});

test('a scale that something names does not change with a version', async () => {
  const { code, publish } = await assessed('https://use.example/scale');
  const before = await counts();

  await expect(publish((_item, levels) => levels.pop())).rejects.toMatchObject({
    code: 'CONFLICT',
    violations: [{ rule: 'scale-in-use', message: expect.stringMatching(`^${code} has the levels 1, 2, 3, 4 and had 1, 2, 3, 4, 5,`) }],
  });
  expect(await counts()).toEqual(before);

  await publish((_item, levels) => Object.assign(levels[0] ?? {}, { quality: 'Other words' }));
  expect(await counts()).not.toEqual(before);
});

test('a scale that something names does not change by way of a version without it', async () => {
  const { code, publish } = await assessed('https://use.example/around');
  const without = casePackage([{ code: `${code}.X` }], { name: code, version: 'without' });
  await app.modules.competencies.import({ source: without, kind: 'TECHNICAL', defaultRollup: 'NONE', publish: true, dryRun: false });

  await expect(publish((_item, levels) => levels.pop())).rejects.toMatchObject({ code: 'CONFLICT', violations: [{ rule: 'scale-in-use' }] });
});

test('a scale that nothing names may change', async () => {
  const source = (levels: number) => {
    const whole = JSON.parse(casePackage([{ code: 'FREE' }], { name: 'free', version: String(levels) }));
    whole.CFRubrics[0].CFRubricCriteria[0].CFRubricCriterionLevels.length = levels;
    return JSON.stringify(whole);
  };
  for (const levels of [3, 2])
    expect(
      await app.modules.competencies.import({ source: source(levels), kind: 'TECHNICAL', defaultRollup: 'NONE', publish: true, dryRun: false }),
    ).toMatchObject({ outcome: 'IMPORTED' });

  expect(await app.modules.competencies.competenciesById([itemIdOf('FREE')])).toMatchObject([{ statusEndDate: null }]);
});
