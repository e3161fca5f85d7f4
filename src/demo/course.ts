/** The programme Manajemen Proyek: modules, activities, and what a passed test proves. */

const CONTENT = 'https://konten.medan.example/manajemen-proyek';

export const VERBS = {
  experienced: 'http://adlnet.gov/expapi/verbs/experienced',
  completed: 'http://adlnet.gov/expapi/verbs/completed',
  passed: 'http://adlnet.gov/expapi/verbs/passed',
  failed: 'http://adlnet.gov/expapi/verbs/failed',
  voided: 'http://adlnet.gov/expapi/verbs/voided',
} as const;

export interface DemoModule {
  readonly title: string;
  readonly jp: number;
  /** Code of the competency the module is about. */
  readonly competency: string;
  readonly lesson: { readonly iri: string; readonly title: string };
  readonly test: { readonly iri: string; readonly title: string };
}

const module = (slug: string, title: string, jp: number, competency: string): DemoModule => ({
  title,
  jp,
  competency,
  lesson: { iri: `${CONTENT}/${slug}/materi`, title: `Materi: ${title}` },
  test: { iri: `${CONTENT}/${slug}/ujian`, title: `Ujian: ${title}` },
});

export const DEMO_PROGRAM = { code: 'MP-01', title: 'Manajemen Proyek' } as const;

export const DEMO_MODULES: readonly DemoModule[] = [
  module('perencanaan', 'Perencanaan proyek', 8, 'T.1.1'),
  module('sumber-daya', 'Pengelolaan sumber daya', 6, 'T.1.2'),
  module('pemantauan', 'Pemantauan dan evaluasi', 6, 'T.1.3'),
  module('komunikasi', 'Komunikasi dan penanganan konflik', 4, 'M.3'),
];

/** Bands of the tests: the scaled score from which a passed test is evidence of a level. */
export const DEMO_BANDS = [
  { scaledMin: 0.6, level: 2 },
  { scaledMin: 0.75, level: 3 },
  { scaledMin: 0.9, level: 4 },
] as const;

/** A read lesson proves that the terms are known. */
export const DEMO_LESSON_LEVEL = 1;

export const DEMO_POSITION = { code: 'PPK-MADYA', title: 'Pejabat pembuat komitmen (pekerjaan umum)' } as const;
export const DEMO_REQUIREMENTS = [
  { competency: 'T.1', level: 3, importance: 'ABSOLUTE' },
  { competency: 'T.1.3', level: 3, importance: 'IMPORTANT' },
  { competency: 'M.3', level: 3, importance: 'IMPORTANT' },
  { competency: 'SK.1', level: 2, importance: 'NEEDED' },
] as const;

export const DEMO_PARTNERS = [
  { code: 'UNIV-A', name: 'Universitas Contoh Deli', kind: 'UNIVERSITY' },
  { code: 'UNIV-B', name: 'Universitas Contoh Maimun', kind: 'UNIVERSITY' },
  { code: 'PROF-MP', name: 'Ikatan Contoh Ahli Manajemen Proyek', kind: 'PROFESSIONAL_BODY' },
  { code: 'KONTEN', name: 'Studio Konten Contoh', kind: 'CONTENT_VENDOR' },
] as const;

export const DEMO_UNITS = [
  { code: 'PEMKO', name: 'Pemerintah Kota Medan', kind: 'PEMKO', parent: null },
  { code: 'PU', name: 'Dinas Pekerjaan Umum (contoh)', kind: 'OPD', parent: 'PEMKO' },
  { code: 'PERKIM', name: 'Dinas Perumahan dan Permukiman (contoh)', kind: 'OPD', parent: 'PEMKO' },
] as const;

/** Invented people. Nobody of these names is meant. */
export const DEMO_LEARNERS: readonly string[] = [
  'Andi Contoh',
  'Butet Contoh',
  'Citra Contoh',
  'Dewi Contoh',
  'Eko Contoh',
  'Farida Contoh',
  'Gunawan Contoh',
  'Hotma Contoh',
  'Indah Contoh',
  'Joko Contoh',
  'Kartini Contoh',
  'Lamhot Contoh',
  'Maria Contoh',
  'Nurul Contoh',
  'Oktavia Contoh',
  'Parlin Contoh',
  'Qori Contoh',
  'Rini Contoh',
  'Sabar Contoh',
  'Tiur Contoh',
  'Umar Contoh',
  'Vina Contoh',
  'Wahyu Contoh',
  'Yanti Contoh',
];

/** The home page of the accounts by which the demo's content knows its learners. */
export const DEMO_HOME_PAGE = 'https://belajar.medan.example';
