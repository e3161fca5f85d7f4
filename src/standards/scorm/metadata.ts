import { attributeOf, textOf, type XmlElement } from '../../kernel/xml.ts';
import { durationSeconds, isLanguageTag } from '../xapi/index.ts';

/** Texts by language tag; `und` where the metadata name none. */
type Texts = Readonly<Record<string, string>>;

/** What learning object metadata say of a package or a part of it, as far as it is of use here. */
export interface LearningMetadata {
  readonly title: Texts;
  readonly description: Texts;
  readonly keywords: readonly Texts[];
  /** Language tags of the content. */
  readonly languages: readonly string[];
  /** An ISO 8601 duration. */
  readonly learningTime: string | null;
  /** Ids of competencies and educational objectives that it is classified by. */
  readonly competencies: readonly string[];
}

export const NO_METADATA: LearningMetadata = { title: {}, description: {}, keywords: [], languages: [], learningTime: null, competencies: [] };

/** IMS metadata 1.2 as SCORM 1.2 has them, under the addresses that tools write; IEEE LOM as 2004 has them. */
const NAMESPACES: ReadonlySet<string> = new Set([
  'http://www.imsglobal.org/xsd/imsmd_rootv1p2p1',
  'http://www.imsproject.org/xsd/imsmd_rootv1p2p1',
  'http://www.imsproject.org/xsd/imsmd_rootv1p2',
  'http://www.imsglobal.org/xsd/imsmd_v1p2',
  'http://ltsc.ieee.org/xsd/LOM',
  'http://ltsc.ieee.org/xsd/LOMv1p0',
]);

/** More than anybody reads, and less than would burden a list. */
const MAX_LIST = 100;
const MAX_WORD = 500;
const MAX_TEXT = 10_000;

/** The two bindings differ in the case of their letters, and in little else. */
const named = (element: XmlElement | undefined, local: string): readonly XmlElement[] =>
  (element?.children ?? []).filter((child) => NAMESPACES.has(child.uri) && child.local.toLowerCase() === local);

const first = (element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined =>
  path.reduce<XmlElement | undefined>((at, local) => named(at, local)[0], element);

/** The texts in an element: `langstring` (1.2) or `string` (LOM). */
function textsOf(element: XmlElement | undefined, maximum: number): Texts {
  const texts: Record<string, string> = {};
  for (const one of [...named(element, 'langstring'), ...named(element, 'string')]) {
    const text = textOf(one)?.slice(0, maximum).toWellFormed();
    const tag = (attributeOf(one, 'lang') ?? attributeOf(one, 'language'))?.trim() ?? '';
    if (text !== undefined) texts[isLanguage(tag) ? tag : 'und'] ??= text;
  }
  return texts;
}

/** What the standards write where there is no language. */
const NO_LANGUAGE: ReadonlySet<string> = new Set(['x-none', 'none']);
const isLanguage = (tag: string): boolean => isLanguageTag(tag) && !NO_LANGUAGE.has(tag.toLowerCase());

const hasText = (texts: Texts): boolean => Object.keys(texts).length > 0;

/** A word of a vocabulary, whichever binding writes it. */
function wordOf(element: XmlElement | undefined): string {
  const value = first(element, 'value');
  return (Object.values(textsOf(value, MAX_WORD))[0] ?? textOf(value) ?? '').toLowerCase();
}

const TEACHES: ReadonlySet<string> = new Set(['competency', 'educational objective']);

/** What a path through a taxonomy leads to; the taxa before it are what that is a part of. 1.2 puts each into the one before. */
function lastTaxon(parent: XmlElement): XmlElement | undefined {
  const taxon = named(parent, 'taxon').at(-1);
  return taxon && (lastTaxon(taxon) ?? taxon);
}

function competenciesOf(classification: XmlElement): readonly string[] {
  if (!TEACHES.has(wordOf(first(classification, 'purpose')))) return [];
  return named(classification, 'taxonpath').flatMap((path) => {
    const taxon = lastTaxon(path);
    const id = textOf(first(taxon, 'id')) ?? Object.values(textsOf(first(taxon, 'entry'), MAX_WORD))[0];
    return id === undefined || id.length > MAX_WORD ? [] : [id];
  });
}

/** Whether an element is the root of learning object metadata. */
export const isLom = ({ uri, local }: XmlElement): boolean => NAMESPACES.has(uri) && local === 'lom';

/**
 * Reads learning object metadata; what is malformed in them counts as not said.
 * @see IMS Learning Resource Meta-Data 1.2.1; IEEE 1484.12.3
 */
export function readMetadata(lom: XmlElement): LearningMetadata {
  const general = first(lom, 'general');
  const time = first(lom, 'educational', 'typicallearningtime');
  const learningTime = textOf(first(time, 'duration')) ?? textOf(first(time, 'datetime')) ?? '';
  const languages = named(general, 'language').flatMap((one) => textOf(one) ?? []);
  return {
    title: textsOf(first(general, 'title'), MAX_WORD),
    description: textsOf(first(general, 'description'), MAX_TEXT),
    keywords: named(general, 'keyword')
      .map((one) => textsOf(one, MAX_WORD))
      .filter(hasText)
      .slice(0, MAX_LIST),
    languages: [...new Set(languages)].filter(isLanguage).slice(0, MAX_LIST),
    learningTime: durationSeconds(learningTime) === null ? null : learningTime,
    competencies: [...new Set(named(lom, 'classification').flatMap(competenciesOf))].slice(0, MAX_LIST),
  };
}

/** What two say of the same thing: the second fills in what the first leaves out, and what either teaches is taught. */
export const joined = (own: LearningMetadata, more: LearningMetadata): LearningMetadata => ({
  title: hasText(own.title) ? own.title : more.title,
  description: hasText(own.description) ? own.description : more.description,
  keywords: own.keywords.length > 0 ? own.keywords : more.keywords,
  languages: own.languages.length > 0 ? own.languages : more.languages,
  learningTime: own.learningTime ?? more.learningTime,
  competencies: [...new Set([...own.competencies, ...more.competencies])].slice(0, MAX_LIST),
});
