import { LONG_TEXT } from '../../kernel/checks.ts';
import { digestKey } from '../../kernel/ids.ts';
import type { AssignableUnit, Block, CourseStructure, LanguageMap, MoveOn } from '../../standards/cmi5/index.ts';
import type { ItemDefinition, LearningMetadata, ScormEdition, ScormItem, ScormManifest } from '../../standards/scorm/index.ts';
import type { TincanActivity } from '../../standards/tincan/index.ts';

const CONTENT_STANDARDS = ['SCORM_12', 'SCORM_2004', 'CMI5', 'TINCAN'] as const;
export type ContentStandard = (typeof CONTENT_STANDARDS)[number];

const NODE_KINDS = ['COURSE', 'BLOCK', 'AU', 'ORGANIZATION', 'CLUSTER', 'SCO', 'ASSET', 'ACTIVITY'] as const;
export type ContentNodeKind = (typeof NODE_KINDS)[number];

/** What SCORM says of an item, its children left out. */
export type ScormDefinition = ItemDefinition;

/** What a package says of a part of it to whoever chooses it. */
export interface About {
  readonly description: string | null;
  readonly keywords: readonly string[];
  /** Language tags. */
  readonly languages: readonly string[];
  /** How long it takes as a rule: an ISO 8601 duration. */
  readonly learningTime: string | null;
}

/** What cmi5 says of an AU beyond its texts. */
export interface UnitDefinition {
  readonly moveOn: MoveOn;
  readonly masteryScore: number | null;
  readonly launchMethod: 'AnyWindow' | 'OwnWindow';
  readonly launchParameters: string | null;
  readonly entitlementKey: string | null;
}

/** A course, or a part of it. */
export interface ContentNode {
  /** Ours; the same for the same identifier in every version of a package. */
  readonly id: string;
  /** The publisher's. */
  readonly identifier: string;
  readonly kind: ContentNodeKind;
  readonly title: LanguageMap;
  /** Address below the package, or absolute; null for what is not launched. */
  readonly href: string | null;
  /** The activity of its statements. It has no version in it, so that evidence outlives one. */
  readonly activityIri: string;
  readonly activityType: string | null;
  /** Absent in versions that came in before it was read. */
  readonly about?: About;
  /** Publisher's ids of what it teaches. */
  readonly objectives: readonly string[];
  readonly unit: UnitDefinition | null;
  readonly scorm: ScormDefinition | null;
  readonly children: readonly ContentNode[];
}

/** A package as it was read; kept with its version, which never changes. */
export interface ContentModel {
  readonly standard: ContentStandard;
  readonly edition: string;
  readonly root: ContentNode;
  /** SCORM: whether global objectives live beyond an attempt. */
  readonly objectivesGlobalToSystem: boolean;
  /** SCORM 2004 4th edition: whether data that content objects share outlives an attempt. */
  readonly sharedDataGlobalToSystem: boolean;
}

/** A text in a language that is likely understood. */
export const plainText = (map: LanguageMap): string => map['id'] ?? map['id-ID'] ?? map['en'] ?? map['en-US'] ?? Object.values(map)[0] ?? '';

/** A node and all below it, parents first. */
export const nodesOf = (node: ContentNode): readonly ContentNode[] => [node, ...node.children.flatMap(nodesOf)];

/** What of a package can be launched, in its order. */
export const partsOf = (model: ContentModel): readonly ContentNode[] => nodesOf(model.root).filter(({ href }) => href !== null);

/** What identifies the nodes of one package. */
export interface Naming {
  readonly packageId: string;
  /** The activity of the course as a whole. */
  readonly courseIri: string;
}

/** Of what has a description and no other metadata. */
const described = (description: string | null): About => ({
  description: description?.slice(0, LONG_TEXT).toWellFormed() || null,
  keywords: [],
  languages: [],
  learningTime: null,
});

const aboutOf = ({ description, keywords, languages, learningTime }: LearningMetadata): About => ({
  description: plainText(description) || null,
  keywords: keywords.map(plainText),
  languages,
  learningTime,
});

const nodeId = ({ packageId }: Naming, identifier: string): string => digestKey('content node', packageId, identifier);

export function cmi5Model(course: CourseStructure, naming: Naming): ContentModel {
  const part = (node: AssignableUnit | Block): ContentNode => ({
    id: nodeId(naming, `${node.kind} ${node.id}`),
    identifier: node.id,
    kind: node.kind,
    title: node.title,
    href: node.kind === 'AU' ? node.url : null,
    // Never the publisher's id (cmi5 8.1.5, 9.4).
    activityIri: `${naming.courseIri}/${digestKey('cmi5', node.kind, node.id)}`,
    activityType: node.kind === 'AU' ? node.activityType : null,
    about: described(plainText(node.description)),
    objectives: node.objectives,
    unit: node.kind === 'AU' ? unitOf(node) : null,
    scorm: null,
    children: node.kind === 'AU' ? [] : node.children.map(part),
  });
  const root: ContentNode = {
    id: nodeId(naming, 'COURSE'),
    identifier: course.id,
    kind: 'COURSE',
    title: course.title,
    href: null,
    activityIri: naming.courseIri,
    activityType: null,
    about: described(plainText(course.description)),
    objectives: course.objectives.map(({ id }) => id),
    unit: null,
    scorm: null,
    children: course.children.map(part),
  };
  return { standard: 'CMI5', edition: 'Quartz', root, objectivesGlobalToSystem: false, sharedDataGlobalToSystem: false };
}

const unitOf = ({ moveOn, masteryScore, launchMethod, launchParameters, entitlementKey }: AssignableUnit): UnitDefinition => ({
  moveOn,
  masteryScore,
  launchMethod,
  launchParameters,
  entitlementKey,
});

const isScorm12 = (edition: ScormEdition): boolean => edition === '1.2';

export function scormModel(manifest: ScormManifest, naming: Naming): ContentModel | null {
  const [organization] = manifest.organizations;
  if (!organization) return null;
  const part = (item: ScormItem, isRoot: boolean): ContentNode => {
    const { children, metadata, ...scorm } = item;
    const objectives = item.sequencing.objectives.flatMap(({ id, maps }) => [...(id === null ? [] : [id]), ...maps.map(({ target }) => target)]);
    return {
      id: nodeId(naming, isRoot ? 'COURSE' : `ITEM ${item.identifier}`),
      identifier: item.identifier,
      kind: isRoot ? 'ORGANIZATION' : item.href === null ? 'CLUSTER' : item.isSco ? 'SCO' : 'ASSET',
      title: { und: item.title },
      href: item.href,
      activityIri: isRoot ? naming.courseIri : `${naming.courseIri}/${encodeURIComponent(item.identifier)}`,
      activityType: null,
      about: aboutOf(metadata),
      objectives: [...new Set([...objectives, ...metadata.competencies])],
      unit: null,
      scorm,
      children: children.map((child) => part(child, false)),
    };
  };
  return {
    standard: isScorm12(manifest.edition) ? 'SCORM_12' : 'SCORM_2004',
    edition: manifest.edition,
    root: part(organization.root, true),
    objectivesGlobalToSystem: organization.objectivesGlobalToSystem,
    sharedDataGlobalToSystem: organization.sharedDataGlobalToSystem,
  };
}

export function tincanModel(activities: readonly TincanActivity[], naming: Naming): ContentModel | null {
  const [first] = activities.filter(({ launch }) => launch !== null);
  if (!first) return null;
  const part = (activity: TincanActivity, children: readonly ContentNode[]): ContentNode => ({
    id: nodeId(naming, `ACTIVITY ${activity.id}`),
    identifier: activity.id,
    kind: 'ACTIVITY',
    title: { und: activity.name },
    href: activity.launch,
    // The content names itself; ours would never be in its statements.
    activityIri: activity.id,
    activityType: activity.type,
    about: described(activity.description),
    objectives: [],
    unit: null,
    scorm: null,
    children,
  });
  const others = activities.filter((activity) => activity !== first).map((activity) => part(activity, []));
  return { standard: 'TINCAN', edition: '1.0', root: part(first, others), objectivesGlobalToSystem: false, sharedDataGlobalToSystem: false };
}
