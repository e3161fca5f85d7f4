import type { App } from '../../src/app.ts';
import { digestKey } from '../../src/kernel/ids.ts';
import { PLAIN_RULE } from '../../src/modules/progress/index.ts';
import type { RollupKind } from '../../src/standards/case/index.ts';

export const PASSED = 'http://adlnet.gov/expapi/verbs/passed';
export const VOIDED = 'http://adlnet.gov/expapi/verbs/voided';
export const HOME_PAGE = 'https://lms.example';

export interface CaseNode {
  readonly code: string;
  readonly parent?: string;
  readonly rollup?: RollupKind;
}

/** The competency id of a code in a test framework: the same in every test. */
export const itemIdOf = (code: string): string => digestKey('test-item', code);

export interface CaseOptions {
  readonly name?: string;
  readonly version?: string;
  /** Codes that match those of other frameworks (exactMatchOf). */
  readonly matches?: readonly (readonly [from: string, to: string])[];
}

/** A small valid CASE package with five levels on every item. */
export function casePackage(nodes: readonly CaseNode[], options: CaseOptions = {}): string {
  const document = digestKey('test-framework', options.name ?? 'framework');
  const uri = (kind: string, id: string) => `https://case.example/${kind}/${id}`;
  const link = (id: string) => ({ title: id, identifier: id, uri: uri('CFItems', id) });
  return JSON.stringify({
    CFDocument: {
      identifier: document,
      uri: uri('CFDocuments', document),
      creator: 'test',
      title: `Framework ${options.name ?? ''}`,
      version: options.version ?? '1',
      lastChangeDateTime: '2026-01-01T00:00:00Z',
    },
    CFItems: nodes.map(({ code, rollup }) => ({
      identifier: itemIdOf(code),
      uri: uri('CFItems', itemIdOf(code)),
      fullStatement: `Competency ${code}`,
      humanCodingScheme: code,
      lastChangeDateTime: '2026-01-01T00:00:00Z',
      ...(rollup && { extensions: { rollup } }),
    })),
    CFAssociations: [
      ...nodes.map(({ code, parent }) => ({
        identifier: digestKey('test-edge', code, parent ?? ''),
        uri: uri('CFAssociations', code),
        associationType: 'isChildOf',
        originNodeURI: link(itemIdOf(code)),
        destinationNodeURI: link(parent === undefined ? document : itemIdOf(parent)),
      })),
      ...(options.matches ?? []).map(([from, to]) => ({
        identifier: digestKey('test-match', from, to),
        uri: uri('CFAssociations', `${from} ${to}`),
        associationType: 'exactMatchOf',
        originNodeURI: link(itemIdOf(from)),
        destinationNodeURI: link(itemIdOf(to)),
      })),
    ],
    CFRubrics: nodes.map(({ code }) => ({
      identifier: digestKey('test-rubric', code),
      CFRubricCriteria: [
        {
          identifier: digestKey('test-criterion', code),
          CFItemURI: link(itemIdOf(code)),
          CFRubricCriterionLevels: [1, 2, 3, 4, 5].map((rank) => ({
            identifier: digestKey('test-level', code, String(rank)),
            quality: `Level ${rank}`,
            position: rank,
          })),
        },
      ],
    })),
  });
}

export const activityIri = (code: string): string => `https://content.example/${code}`;

/** All parents by ALL_OF or ANY_OF over children with evidence; the codes say the rule. */
export const NODES: readonly CaseNode[] = [
  { code: 'ALL', rollup: 'ALL_OF' },
  { code: 'ALL.1', parent: 'ALL' },
  { code: 'ALL.2', parent: 'ALL' },
  { code: 'ANY', rollup: 'ANY_OF' },
  { code: 'ANY.1', parent: 'ANY' },
  { code: 'ANY.2', parent: 'ANY' },
];

export interface World {
  readonly programId: string;
  readonly versionId: string;
  readonly batchId: string;
  readonly positionId: string;
  readonly frameworkVersionId: string;
}

/** A published programme whose tests assess ALL.1, ALL.2, ANY.1, ANY.2: a scaled score of n/5 gives level n. */
export async function buildWorld({ modules }: Pick<App, 'modules'>): Promise<World> {
  const { competencies, people, progress, training } = modules;
  const report = await competencies.import({ source: casePackage(NODES), kind: 'TECHNICAL', defaultRollup: 'NONE', publish: true, dryRun: false });
  const { program, versionId } = await training.createProgram({ code: 'TEST', title: 'Test programme', kind: 'TECHNICAL', form: 'BLENDED' });
  const module = await training.addModule({ versionId, title: 'Module', jp: 4 });
  const leaves = NODES.filter((node) => node.parent !== undefined).map((node) => node.code);
  for (const code of leaves) {
    const activity = await training.addActivity({ moduleId: module.id, iri: activityIri(code), title: `Test ${code}`, kind: 'TEST', ownerId: null });
    await training.addAlignment({ moduleId: module.id, activityId: activity.id, itemId: itemIdOf(code), targetLevel: 5, contribution: 'ASSESSES' });
  }
  await training.publishVersion(versionId);
  const rules = await progress.ruleSets.createVersion({
    code: 'TEST',
    title: 'Test rules',
    rules: leaves.flatMap((code) =>
      [1, 2, 3, 4, 5].map((level) => ({
        ...PLAIN_RULE,
        activityIri: activityIri(code),
        verbs: [PASSED],
        scaledMin: level / 5,
        itemId: itemIdOf(code),
        level,
      })),
    ),
  });
  await progress.ruleSets.activate({ versionId: rules.id, from: null });
  const batch = await training.createBatch({ versionId, number: 1, startsOn: new Date('2026-01-01T00:00:00Z'), endsOn: new Date('2026-12-31T00:00:00Z') });
  const position = await people.createPosition({ code: 'POS', title: 'Position', family: 'PELAKSANA' });
  await competencies.createStandard({
    positionId: position.id,
    legalBasis: 'test',
    effectiveFrom: new Date('2026-01-01T00:00:00Z'),
    requirements: [{ itemId: itemIdOf('ALL'), requiredLevel: 3, importance: 'ABSOLUTE' }],
  });
  return { programId: program.id, versionId, batchId: batch.id, positionId: position.id, frameworkVersionId: report.versionId ?? '' };
}

/** A learner known by one account, enrolled in the batch of the world. */
export async function addLearner({ modules }: Pick<App, 'modules'>, world: World, account: string): Promise<string> {
  const { id } = await modules.people.createLearner({
    name: `Learner ${account}`,
    staffCategory: 'PNS',
    identities: [{ kind: 'account', homePage: HOME_PAGE, value: account }],
  });
  await modules.training.enrol({ learnerId: id, batchId: world.batchId });
  return id;
}

/** A passed test: level `level` of competency `code`. */
export function passed(account: string, code: string, level: number, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    actor: { account: { homePage: HOME_PAGE, name: account } },
    verb: { id: PASSED },
    object: { id: activityIri(code) },
    result: { score: { scaled: level / 5 } },
    timestamp: '2026-03-01T08:00:00Z',
    ...extra,
  };
}

export const voiding = (target: string, extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  actor: { mbox: 'mailto:office@lms.example' },
  verb: { id: VOIDED },
  object: { objectType: 'StatementRef', id: target },
  ...extra,
});
