import { digestKey } from '../kernel/ids.ts';

/**
 * The demo's competency frameworks, as CASE packages of our own: titles of competencies from public regulations
 * (PermenPANRB 38/2017) and the project-management course of the article this product began with. Level names are to
 * be checked against the regulation before any law-facing use; the behaviour texts are ours.
 */

const LEVELS = [
  ['Paham', 'Knows the terms and follows instructions.'],
  ['Dasar', 'Does routine tasks under guidance.'],
  ['Menengah', 'Works independently in usual situations.'],
  ['Mumpuni', 'Masters it well enough to lead others.'],
  ['Ahli', 'Develops the field and advises the organisation.'],
] as const;

const CHANGED = '2026-01-05T00:00:00Z';
const BASE = 'https://kompetensi.medan.example/ims/case/v1p1';

interface Node {
  readonly code: string;
  readonly title: string;
  readonly type: 'Rumpun' | 'Kompetensi' | 'Sub Kompetensi';
  readonly parent: string | null;
  readonly rollup?: 'ALL_OF' | 'ANY_OF';
}

/** The CASE identifier of a demo competency: the same on every machine. */
export const demoItemId = (code: string): string => digestKey('demo-item', code);

function packageOf(name: string, title: string, nodes: readonly Node[]): string {
  const document = digestKey('demo-framework', name);
  const link = (kind: string, identifier: string, text: string) => ({ title: text, identifier, uri: `${BASE}/${kind}/${identifier}` });
  const withLevels = nodes.filter((node) => node.type !== 'Rumpun');
  return JSON.stringify({
    CFDocument: {
      identifier: document,
      uri: `${BASE}/CFDocuments/${document}`,
      creator: 'Mumpuni demo',
      title,
      lastChangeDateTime: CHANGED,
      caseVersion: '1.1',
      language: 'id',
      version: '2026',
      adoptionStatus: 'Adopted',
    },
    CFItems: nodes.map((node) => ({
      identifier: demoItemId(node.code),
      uri: `${BASE}/CFItems/${demoItemId(node.code)}`,
      fullStatement: node.title,
      humanCodingScheme: node.code,
      CFItemType: node.type,
      language: 'id',
      lastChangeDateTime: CHANGED,
      ...(node.rollup && { extensions: { rollup: node.rollup } }),
    })),
    CFAssociations: nodes.map((node, index) => {
      const identifier = digestKey('demo-edge', node.code);
      const parent = node.parent === null ? link('CFDocuments', document, title) : link('CFItems', demoItemId(node.parent), node.parent);
      return {
        identifier,
        uri: `${BASE}/CFAssociations/${identifier}`,
        associationType: 'isChildOf',
        originNodeURI: link('CFItems', demoItemId(node.code), node.title),
        destinationNodeURI: parent,
        sequenceNumber: (index + 1) * 10,
        lastChangeDateTime: CHANGED,
      };
    }),
    CFRubrics: withLevels.map((node) => {
      const rubric = digestKey('demo-rubric', node.code);
      const criterion = digestKey('demo-criterion', node.code);
      return {
        identifier: rubric,
        uri: `${BASE}/CFRubrics/${rubric}`,
        title: `${node.title}: 1-5`,
        lastChangeDateTime: CHANGED,
        CFRubricCriteria: [
          {
            identifier: criterion,
            uri: `${BASE}/CFRubrics/${rubric}#criterion`,
            CFItemURI: link('CFItems', demoItemId(node.code), node.title),
            rubricId: rubric,
            position: 1,
            lastChangeDateTime: CHANGED,
            CFRubricCriterionLevels: LEVELS.map(([quality, description], index) => ({
              identifier: digestKey('demo-level', node.code, quality),
              uri: `${BASE}/CFRubrics/${rubric}#level-${index + 1}`,
              quality,
              description,
              score: index + 1,
              position: index + 1,
              rubricCriterionId: criterion,
              lastChangeDateTime: CHANGED,
            })),
          },
        ],
      };
    }),
  });
}

const competencies = (prefix: string, parent: string, titles: readonly string[]): Node[] =>
  titles.map((title, index) => ({ code: `${prefix}.${index + 1}`, title, type: 'Kompetensi', parent }));

const MANAGERIAL_TITLES = [
  'Integritas',
  'Kerja sama',
  'Komunikasi',
  'Orientasi pada hasil',
  'Pelayanan publik',
  'Pengembangan diri dan orang lain',
  'Mengelola perubahan',
  'Pengambilan keputusan',
];

export const DEMO_FRAMEWORKS = [
  {
    kind: 'MANAGERIAL',
    source: packageOf('managerial', 'Kompetensi manajerial (judul)', [
      { code: 'M', title: 'Kompetensi manajerial', type: 'Rumpun', parent: null },
      ...competencies('M', 'M', MANAGERIAL_TITLES),
    ]),
  },
  {
    kind: 'SOCIO_CULTURAL',
    source: packageOf('socio-cultural', 'Kompetensi sosial kultural (judul)', [
      { code: 'SK', title: 'Kompetensi sosial kultural', type: 'Rumpun', parent: null },
      ...competencies('SK', 'SK', ['Perekat bangsa']),
    ]),
  },
  {
    kind: 'TECHNICAL',
    source: packageOf('project-management', 'Kompetensi teknis manajemen proyek', [
      { code: 'T', title: 'Kompetensi teknis', type: 'Rumpun', parent: null },
      { code: 'T.1', title: 'Manajemen proyek', type: 'Kompetensi', parent: 'T', rollup: 'ALL_OF' },
      { code: 'T.1.1', title: 'Perencanaan proyek', type: 'Sub Kompetensi', parent: 'T.1' },
      { code: 'T.1.2', title: 'Pengelolaan sumber daya', type: 'Sub Kompetensi', parent: 'T.1' },
      { code: 'T.1.3', title: 'Pemantauan dan evaluasi', type: 'Sub Kompetensi', parent: 'T.1' },
    ]),
  },
] as const;
