/** What a field of a CASE 1.1 class holds. A class name stands for a list of such objects, with `1` for a single one. */
type FieldType =
  | 'text'
  | 'uuid'
  | 'uri'
  | 'date'
  | 'dateTime'
  | 'integer'
  | 'number'
  | 'texts'
  | 'link'
  | 'links'
  | 'nodeLink'
  | 'associationType'
  | 'caseVersion'
  | 'extensions'
  | 'extensionList'
  | readonly ['list' | 'one', ShapeName];

interface Field {
  readonly type: FieldType;
  readonly required: boolean;
}

export type Shape = Readonly<Record<string, Field>>;

const must = (type: FieldType): Field => ({ type, required: true });
const may = (type: FieldType): Field => ({ type, required: false });

/** What every class begins with. */
const IDENTIFIED = { identifier: must('uuid'), uri: must('uri'), lastChangeDateTime: must('dateTime') } as const;
const EXTENDED = { extensions: may('extensions') } as const;
const STATUS = { statusStartDate: may('date'), statusEndDate: may('date'), licenseURI: may('link'), notes: may('text') } as const;

const DOCUMENT = {
  ...IDENTIFIED,
  frameworkType: may('text'),
  caseVersion: may('caseVersion'),
  creator: must('text'),
  title: must('text'),
  officialSourceURL: may('uri'),
  publisher: may('text'),
  description: may('text'),
  subject: may('texts'),
  subjectURI: may('links'),
  language: may('text'),
  version: may('text'),
  adoptionStatus: may('text'),
  ...STATUS,
  ...EXTENDED,
} as const;

const ITEM = {
  ...IDENTIFIED,
  fullStatement: must('text'),
  alternativeLabel: may('text'),
  CFItemType: may('text'),
  humanCodingScheme: may('text'),
  listEnumeration: may('text'),
  abbreviatedStatement: may('text'),
  conceptKeywords: may('texts'),
  conceptKeywordsURI: may('link'),
  subject: may('texts'),
  subjectURI: may('links'),
  language: may('text'),
  educationLevel: may('texts'),
  CFItemTypeURI: may('link'),
  ...STATUS,
  ...EXTENDED,
} as const;

const ASSOCIATION = {
  ...IDENTIFIED,
  associationType: must('associationType'),
  sequenceNumber: may('integer'),
  originNodeURI: must('nodeLink'),
  destinationNodeURI: must('nodeLink'),
  CFAssociationGroupingURI: may('link'),
  notes: may('text'),
  ...EXTENDED,
} as const;

const TITLED = { ...IDENTIFIED, title: must('text'), description: may('text'), ...EXTENDED } as const;

/**
 * The classes of CASE 1.1 with their fields; no class takes any other (`additionalProperties: false`).
 * @see 1EdTech CASE 1.1, information model and OpenAPI binding
 */
const SHAPES = {
  CFPackage: {
    CFDocument: must(['one', 'CFPckgDocument']),
    CFItems: may(['list', 'CFPckgItem']),
    CFAssociations: may(['list', 'CFPckgAssociation']),
    CFDefinitions: may(['one', 'CFDefinition']),
    CFRubrics: may(['list', 'CFRubric']),
    ...EXTENDED,
  },
  CFPckgDocument: DOCUMENT,
  CFDocument: { ...DOCUMENT, CFPackageURI: must('link') },
  CFPckgItem: ITEM,
  CFItem: { ...ITEM, CFDocumentURI: must('link') },
  CFPckgAssociation: ASSOCIATION,
  CFAssociation: { ...ASSOCIATION, CFDocumentURI: may('link') },
  CFDefinition: {
    CFConcepts: may(['list', 'CFConcept']),
    CFSubjects: may(['list', 'CFSubject']),
    CFLicenses: may(['list', 'CFLicense']),
    CFItemTypes: may(['list', 'CFItemType']),
    CFAssociationGroupings: may(['list', 'CFAssociationGrouping']),
    ...EXTENDED,
  },
  CFConcept: { ...TITLED, keywords: may('text'), hierarchyCode: must('text') },
  CFSubject: { ...TITLED, hierarchyCode: must('text') },
  CFLicense: { ...TITLED, licenseText: must('text') },
  CFItemType: { ...TITLED, description: must('text'), hierarchyCode: must('text'), typeCode: may('text') },
  CFAssociationGrouping: TITLED,
  CFRubric: { ...IDENTIFIED, title: may('text'), description: may('text'), CFRubricCriteria: may(['list', 'CFRubricCriterion']), ...EXTENDED },
  CFRubricCriterion: {
    ...IDENTIFIED,
    category: may('text'),
    description: may('text'),
    CFItemURI: may('link'),
    weight: may('number'),
    position: may('integer'),
    rubricId: may('uuid'),
    CFRubricCriterionLevels: may(['list', 'CFRubricCriterionLevel']),
    ...EXTENDED,
  },
  CFRubricCriterionLevel: {
    ...IDENTIFIED,
    description: may('text'),
    quality: may('text'),
    score: may('number'),
    feedback: may('text'),
    position: may('integer'),
    rubricCriterionId: may('uuid'),
    extensions: may('extensionList'),
  },
} as const satisfies Record<string, Shape>;

export type ShapeName =
  | 'CFPackage'
  | 'CFPckgDocument'
  | 'CFDocument'
  | 'CFPckgItem'
  | 'CFItem'
  | 'CFPckgAssociation'
  | 'CFAssociation'
  | 'CFDefinition'
  | 'CFConcept'
  | 'CFSubject'
  | 'CFLicense'
  | 'CFItemType'
  | 'CFAssociationGrouping'
  | 'CFRubric'
  | 'CFRubricCriterion'
  | 'CFRubricCriterionLevel';

export const shapeOf = (name: ShapeName): Shape => SHAPES[name];

/** The path of a class in the REST binding, by which an object without an address of its own gets one. */
export const PATHS: Readonly<Record<ShapeName, string>> = {
  CFPackage: 'CFPackages',
  CFPckgDocument: 'CFDocuments',
  CFDocument: 'CFDocuments',
  CFPckgItem: 'CFItems',
  CFItem: 'CFItems',
  CFPckgAssociation: 'CFAssociations',
  CFAssociation: 'CFAssociations',
  CFDefinition: 'CFDefinitions',
  CFConcept: 'CFConcepts',
  CFSubject: 'CFSubjects',
  CFLicense: 'CFLicenses',
  CFItemType: 'CFItemTypes',
  CFAssociationGrouping: 'CFAssociationGroupings',
  CFRubric: 'CFRubrics',
  CFRubricCriterion: 'CFRubricCriteria',
  CFRubricCriterionLevel: 'CFRubricCriterionLevels',
};

/** The association types of CASE 1.1; others must begin with `ext:`. */
const ASSOCIATION_TYPES = [
  'isChildOf',
  'isPeerOf',
  'isPartOf',
  'exactMatchOf',
  'precedes',
  'isRelatedTo',
  'replacedBy',
  'exemplar',
  'hasSkillLevel',
  'isTranslationOf',
] as const;

const UUID_V1_TO_V5 = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether CASE takes the text as an identifier: a UUID of version 1 to 5, in lower case. */
export const isCaseUuid = (text: string): boolean => UUID_V1_TO_V5.test(text);

export const isExtension = (text: string): boolean => /^ext:[a-zA-Z0-9.\-_]+$/.test(text);

export const isAssociationType = (text: string): boolean => ASSOCIATION_TYPES.some((type) => type === text) || isExtension(text);
