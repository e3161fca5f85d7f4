import { attributeOf, childOf, childrenOf, textOf, type XmlElement } from '../../kernel/xml.ts';
import type { PackageIssue } from './issue.ts';
import { isLom, joined, type LearningMetadata, NO_METADATA, readMetadata } from './metadata.ts';
import { type CompletionThreshold, DEFAULT_COMPLETION, DEFAULT_SEQUENCING, type Sequencing } from './sequencing/model.ts';
import { sequencingCollection, sequencingOf } from './sequencing/parse.ts';

export type ScormEdition = '1.2' | '2004 2nd' | '2004 3rd' | '2004 4th';

/** Data that items share in an attempt (4th edition, adlcp:data). */
export interface DataMap {
  readonly target: string;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
}

/** An organization, a cluster, or a leaf with something to launch. */
export interface ScormItem {
  readonly identifier: string;
  readonly title: string;
  readonly isVisible: boolean;
  /** Address below the package root, or absolute; null for what has no resource. Parameters are joined already. */
  readonly href: string | null;
  readonly isSco: boolean;
  /** An AICC script (1.2). */
  readonly prerequisites: string | null;
  readonly maxTimeAllowed: string | null;
  readonly timeLimitAction: string | null;
  readonly dataFromLms: string | null;
  readonly masteryScore: string | null;
  readonly completion: CompletionThreshold;
  /** Buttons of ours that the content replaces: previous, continue, exit, … */
  readonly hideLmsUi: readonly string[];
  readonly dataMaps: readonly DataMap[];
  readonly sequencing: Sequencing;
  /** Of itself; what it leaves out is its resource's. Of an organization, what it leaves out is the package's. */
  readonly metadata: LearningMetadata;
  readonly children: readonly ScormItem[];
}

/** What an item is to the run-time and to sequencing. */
export type ItemDefinition = Omit<ScormItem, 'children' | 'metadata'>;

export interface ScormManifest {
  readonly edition: ScormEdition;
  readonly identifier: string;
  readonly version: string | null;
  /** Organizations, the default one first. */
  readonly organizations: readonly ScormOrganization[];
  readonly issues: readonly PackageIssue[];
}

export interface ScormOrganization {
  readonly root: ScormItem;
  /** Whether global objectives live beyond an attempt. */
  readonly objectivesGlobalToSystem: boolean;
  readonly sharedDataGlobalToSystem: boolean;
}

const ADLCP_12 = 'http://www.adlnet.org/xsd/adlcp_rootv1p2';
const ADLCP_2004 = 'http://www.adlnet.org/xsd/adlcp_v1p3';
const ADLCP = [ADLCP_12, ADLCP_2004];
const ADLNAV = ['http://www.adlnet.org/xsd/adlnav_v1p3'];

const FILE = 'imsmanifest.xml';
/** 1.2 knows no sequencing: its items are chosen freely or walked through, and content alone says what became of them. */
const SEQUENCING_12: Sequencing = { ...DEFAULT_SEQUENCING, flow: true, completionSetByContent: true, objectiveSetByContent: true };
/** More than any course has; each step of a learner weighs them all. */
const MAX_ITEMS = 2_000;
const MAX_DEPTH = 16;
/** Longest identifier, in characters: it becomes part of an activity's id. */
const MAX_IDENTIFIER = 400;

function usesNamespace(element: XmlElement, uri: string): boolean {
  return element.uri === uri || element.attributes.some((attribute) => attribute.uri === uri) || element.children.some((child) => usesNamespace(child, uri));
}

/** The edition by what the manifest says of itself, else by the vocabulary it uses. */
function editionOf(manifest: XmlElement, issues: PackageIssue[]): ScormEdition {
  const stated = textOf(childOf(childOf(manifest, 'metadata'), 'schemaversion')) ?? '';
  if (/^1\.2/.test(stated)) return '1.2';
  if (/2004 3rd/i.test(stated)) return '2004 3rd';
  if (/2004 4th/i.test(stated)) return '2004 4th';
  if (/CAM 1\.3|2004/i.test(stated)) return '2004 2nd';
  const guessed = usesNamespace(manifest, ADLCP_2004) ? '2004 3rd' : '1.2';
  issues.push({
    severity: 'WARNING',
    path: `${FILE}/manifest/metadata/schemaversion`,
    rule: 'SCORM CAM schemaversion',
    message: stated === '' ? `the manifest names no edition; taken as ${guessed}` : `the edition ${JSON.stringify(stated)} is not known; taken as ${guessed}`,
  });
  return guessed;
}

/** Joins a reference to the base that `xml:base` built up. */
const join = (base: string, reference: string): string => (/^[a-z][a-z0-9+.-]*:|^\//i.test(reference) ? reference : `${base}${reference}`);

const baseOf = (element: XmlElement | undefined): string => attributeOf(element, 'base')?.trim() ?? '';

/** The address with the item's parameters, by the joining rules of SCORM (CAM 3.4.1.3). */
function withParameters(href: string, parameters: string | undefined): string {
  let rest = parameters?.trim() ?? '';
  while (rest.startsWith('?') || rest.startsWith('&')) rest = rest.slice(1);
  if (rest === '') return href;
  if (rest.startsWith('#')) return href.includes('#') ? href : `${href}${rest}`;
  const [path = '', fragment] = href.split('#');
  return `${path}${path.includes('?') ? '&' : '?'}${rest}${fragment === undefined ? '' : `#${fragment}`}`;
}

/** Elements that metadata describe, and that others of them are in. */
const DESCRIBED: ReadonlySet<string> = new Set(['organizations', 'organization', 'item', 'resources', 'resource']);

/** A file of metadata that an element names; its address is below the package root, or absolute. */
export interface MetadataLink {
  readonly metadata: XmlElement;
  readonly href: string;
}

/** The files of metadata that a manifest names for itself, its organizations, items and resources (`adlcp:location`). */
export function metadataLinks(element: XmlElement, base = ''): readonly MetadataLink[] {
  const inner = base + baseOf(element);
  const metadata = childrenOf(element, 'metadata');
  const own = metadata.flatMap((one) => childrenOf(one, 'location', ADLCP).map((location) => ({ metadata: one, href: join(inner, location.text.trim()) })));
  return [...own, ...element.children.filter(({ local }) => DESCRIBED.has(local)).flatMap((child) => metadataLinks(child, inner))];
}

/** What was read of metadata in files, by the element that names them. */
export type LinkedMetadata = ReadonlyMap<XmlElement, LearningMetadata>;

function metadataOf(element: XmlElement, linked: LinkedMetadata): LearningMetadata {
  const said = childrenOf(element, 'metadata').flatMap((one) => {
    const file = linked.get(one);
    return [...one.children.filter(isLom).map(readMetadata), ...(file ? [file] : [])];
  });
  return said.reduce(joined, NO_METADATA);
}

interface Resource {
  readonly href: string | null;
  readonly isSco: boolean;
  readonly metadata: LearningMetadata;
  readonly line: number;
}

/** The resources by identifier; their addresses are below the package root. */
function resourcesOf(manifest: XmlElement, files: ReadonlySet<string>, linked: LinkedMetadata, issues: PackageIssue[]): ReadonlyMap<string, Resource> {
  const list = childOf(manifest, 'resources');
  const resources = new Map<string, Resource>();
  if (!list) return resources;
  for (const element of childrenOf(list, 'resource')) {
    const identifier = attributeOf(element, 'identifier')?.trim() ?? '';
    const path = `${FILE}/manifest/resources/resource[@identifier="${identifier.slice(0, 60)}"]`;
    const base = baseOf(manifest) + baseOf(list) + baseOf(element);
    const given = attributeOf(element, 'href')?.trim();
    const href = given === undefined || given === '' ? null : join(base, given);
    const type = attributeOf(element, 'scormType')?.trim().toLowerCase();
    if (resources.has(identifier))
      issues.push({ severity: 'WARNING', path, rule: 'IMS CP unique-identifier', message: 'another resource has this identifier' });
    if (href !== null && !isExternal(href) && !files.has(pathOf(href)))
      issues.push({ severity: 'ERROR', path, rule: 'IMS CP file-present', message: `the file ${pathOf(href)} is not in the package` });
    // An absent type is what old tools write for the one thing there is to launch.
    resources.set(identifier, { href, isSco: type === undefined ? href !== null : type === 'sco', metadata: metadataOf(element, linked), line: element.line });
    for (const file of childrenOf(element, 'file')) {
      const name = attributeOf(file, 'href')?.trim();
      if (name && !isExternal(name) && !files.has(pathOf(join(base, name))))
        issues.push({
          severity: 'WARNING',
          path: `${path}/file`,
          rule: 'IMS CP file-present',
          message: `the file ${pathOf(join(base, name))} is not in the package`,
        });
    }
  }
  return resources;
}

export const isExternal = (href: string): boolean => /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(href);

/** The file an address names: without query and fragment, percent signs undone. */
export function pathOf(href: string): string {
  const path = (href.split(/[?#]/)[0] ?? '').replace(/^\.\//, '').replaceAll('\\', '/');
  const segments: string[] = [];
  for (const segment of safeDecode(path).split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '.' && segment !== '') segments.push(segment);
  }
  // As the names in the archive are: systems differ in how they write accents.
  return segments.join('/').normalize('NFC');
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function hiddenUi(element: XmlElement): readonly string[] {
  const ui = childOf(childOf(element, 'presentation', ADLNAV), 'navigationInterface', ADLNAV);
  return ui ? childrenOf(ui, 'hideLMSUI', ADLNAV).flatMap((one) => textOf(one) ?? []) : [];
}

function completionOf(element: XmlElement): CompletionThreshold {
  const threshold = childOf(element, 'completionThreshold', ADLCP);
  if (!threshold) return DEFAULT_COMPLETION;
  const text = textOf(threshold);
  // Until the 3rd edition the element holds the measure itself, and measure decides.
  if (text !== undefined) return { completedByMeasure: true, minProgressMeasure: measure(text), progressWeight: 1, mayBeSaid: true };
  return {
    completedByMeasure: attributeOf(threshold, 'completedByMeasure')?.trim() === 'true',
    minProgressMeasure: measure(attributeOf(threshold, 'minProgressMeasure')),
    progressWeight: measure(attributeOf(threshold, 'progressWeight')),
    mayBeSaid: false,
  };
}

const measure = (text: string | undefined): number => {
  const value = Number(text ?? 1);
  return value >= 0 && value <= 1 ? value : 1;
};

function dataMapsOf(element: XmlElement): readonly DataMap[] {
  const data = childOf(element, 'data', ADLCP);
  return (data ? childrenOf(data, 'map', ADLCP) : []).flatMap((map) => {
    const target = attributeOf(map, 'targetID')?.trim();
    if (!target) return [];
    return [{ target, mayRead: attributeOf(map, 'readSharedData') !== 'false', mayWrite: attributeOf(map, 'writeSharedData') !== 'false' }];
  });
}

interface Reading {
  readonly edition: ScormEdition;
  readonly resources: ReadonlyMap<string, Resource>;
  readonly collection: ReadonlyMap<string, XmlElement>;
  readonly linked: LinkedMetadata;
  /** Of the package. */
  readonly metadata: LearningMetadata;
  readonly issues: PackageIssue[];
  readonly seen: Set<string>;
}

function readItem(element: XmlElement, path: string, depth: number, reading: Reading): ScormItem {
  const { edition, resources, collection, issues, seen } = reading;
  const identifier = attributeOf(element, 'identifier')?.trim() || `unnamed-${seen.size + 1}`;
  const here = `${path}/${element.local}[@identifier="${identifier.slice(0, 60)}"]`.slice(-300);
  if (identifier.length > MAX_IDENTIFIER)
    issues.push({ severity: 'ERROR', path: here, rule: 'IMS CP identifier', message: `an identifier may have at most ${MAX_IDENTIFIER} characters` });
  if (seen.has(identifier)) issues.push({ severity: 'ERROR', path: here, rule: 'IMS CP unique-identifier', message: 'another item has this identifier' });
  seen.add(identifier);
  const reference = attributeOf(element, 'identifierref')?.trim();
  const resource = reference ? resources.get(reference) : undefined;
  if (reference && !resource)
    issues.push({ severity: 'ERROR', path: here, rule: 'IMS CP identifierref', message: `there is no resource ${JSON.stringify(reference)}` });
  if (depth > MAX_DEPTH) issues.push({ severity: 'ERROR', path: here, rule: 'items-depth', message: `items may be nested ${MAX_DEPTH} deep` });
  if (seen.size === MAX_ITEMS + 1)
    issues.push({ severity: 'ERROR', path: here, rule: 'items-count', message: `an organization may hold at most ${MAX_ITEMS} items` });
  const children = depth > MAX_DEPTH || seen.size > MAX_ITEMS ? [] : childrenOf(element, 'item').map((child) => readItem(child, here, depth + 1, reading));
  const metadata = joined(metadataOf(element, reading.linked), (depth === 0 ? reading.metadata : resource?.metadata) ?? NO_METADATA);
  const title = textOf(childOf(element, 'title'));
  const substitute = Object.values(metadata.title)[0];
  if (title === undefined)
    issues.push({
      severity: 'WARNING',
      path: here,
      rule: 'IMS CP title',
      message: `it has no title; ${substitute === undefined ? 'its identifier' : 'that of its metadata'} stands for one`,
    });
  const own = (local: string): string | null => textOf(childOf(element, local, ADLCP)) ?? null;
  return {
    identifier,
    title: title ?? substitute ?? identifier,
    isVisible: attributeOf(element, 'isvisible')?.trim() !== 'false',
    href: resource?.href ? withParameters(resource.href, attributeOf(element, 'parameters')) : null,
    isSco: resource?.isSco ?? false,
    prerequisites: own('prerequisites'),
    maxTimeAllowed: own('maxtimeallowed'),
    timeLimitAction: own('timelimitaction') ?? own('timeLimitAction'),
    dataFromLms: own('datafromlms') ?? own('dataFromLMS'),
    masteryScore: own('masteryscore'),
    completion: completionOf(element),
    hideLmsUi: hiddenUi(element),
    dataMaps: dataMapsOf(element),
    sequencing: edition === '1.2' ? SEQUENCING_12 : sequencingOf(element, collection),
    metadata,
    children,
  };
}

/** An organization for a package without one: its launchable resources in order. */
function synthesised(manifest: XmlElement, reading: Reading): ScormItem {
  const leaf = { prerequisites: null, maxTimeAllowed: null, timeLimitAction: null, dataFromLms: null, masteryScore: null, hideLmsUi: [], dataMaps: [] };
  const common = { ...leaf, isVisible: true, completion: DEFAULT_COMPLETION, sequencing: { ...DEFAULT_SEQUENCING, flow: true } };
  const children = [...reading.resources].flatMap(([identifier, { href, isSco, metadata }]) =>
    href !== null && isSco ? [{ ...common, identifier: `item-${identifier}`, title: identifier, href, isSco, metadata, children: [] }] : [],
  );
  const title = attributeOf(manifest, 'identifier')?.trim() || 'package';
  return { ...common, identifier: `organization-${title}`, title, href: null, isSco: false, metadata: reading.metadata, children };
}

const hasContent = (item: ScormItem): boolean => item.href !== null || item.children.some(hasContent);

/**
 * Reads an `imsmanifest.xml`. What a real tool may have got wrong becomes a warning, what cannot be played an error.
 * @param files paths of all files of the package, below its root.
 * @param linked what {@link metadataLinks} led to.
 * @see IMS CP 1.1; SCORM 1.2 CAM; SCORM 2004 CAM 3
 */
export function readScormManifest(manifest: XmlElement, files: ReadonlySet<string>, linked: LinkedMetadata = new Map()): ScormManifest {
  const issues: PackageIssue[] = [];
  if (manifest.local !== 'manifest')
    issues.push({ severity: 'ERROR', path: FILE, rule: 'IMS CP manifest', message: `the root element must be manifest; found ${manifest.local}` });
  const edition = editionOf(manifest, issues);
  const reading: Reading = {
    edition,
    resources: resourcesOf(manifest, files, linked, issues),
    collection: sequencingCollection(manifest),
    linked,
    metadata: metadataOf(manifest, linked),
    issues,
    seen: new Set(),
  };
  if (childrenOf(manifest, 'manifest').length > 0)
    issues.push({ severity: 'WARNING', path: `${FILE}/manifest/manifest`, rule: 'SCORM CAM sub-manifest', message: 'sub-manifests are passed over' });
  const list = childOf(manifest, 'organizations');
  const elements = list ? childrenOf(list, 'organization') : [];
  const preferred = attributeOf(list, 'default')?.trim();
  if (preferred && !elements.some((element) => attributeOf(element, 'identifier')?.trim() === preferred))
    issues.push({
      severity: 'WARNING',
      path: `${FILE}/manifest/organizations/@default`,
      rule: 'IMS CP default',
      message: `there is no organization ${JSON.stringify(preferred)}; the first one is used`,
    });
  const sorted = elements.toSorted(
    (a, b) => Number(attributeOf(b, 'identifier')?.trim() === preferred) - Number(attributeOf(a, 'identifier')?.trim() === preferred),
  );
  const organizations: ScormOrganization[] = sorted.map((element) => ({
    root: readItem(element, `${FILE}/manifest/organizations`, 0, { ...reading, seen: new Set() }),
    objectivesGlobalToSystem: attributeOf(element, 'objectivesGlobalToSystem')?.trim() !== 'false',
    sharedDataGlobalToSystem: attributeOf(element, 'sharedDataGlobalToSystem')?.trim() !== 'false',
  }));
  if (organizations.length === 0) {
    issues.push({
      severity: 'WARNING',
      path: `${FILE}/manifest/organizations`,
      rule: 'SCORM CAM organization',
      message: 'there is no organization; one was made of the resources',
    });
    organizations.push({ root: synthesised(manifest, reading), objectivesGlobalToSystem: true, sharedDataGlobalToSystem: true });
  }
  if (!organizations[0] || !hasContent(organizations[0].root))
    issues.push({ severity: 'ERROR', path: `${FILE}/manifest`, rule: 'SCORM CAM launchable', message: 'nothing in the package can be launched' });
  const identifier = attributeOf(manifest, 'identifier')?.trim();
  if (!identifier)
    issues.push({ severity: 'WARNING', path: `${FILE}/manifest/@identifier`, rule: 'IMS CP identifier', message: 'the manifest has no identifier' });
  return { edition, identifier: identifier ?? '', version: attributeOf(manifest, 'version')?.trim() ?? null, organizations, issues };
}
