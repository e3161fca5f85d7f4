import type { Violation } from '../../kernel/errors.ts';
import { attributeOf, childOf, childrenOf, textOf, type XmlElement } from '../../kernel/xml.ts';
import { isIri } from '../xapi/index.ts';

/** Longest id, in characters: an index holds it. */
const MAX_ID = 500;

/** One activity of a Tin Can package. */
export interface TincanActivity {
  readonly id: string;
  readonly type: string | null;
  readonly name: string;
  readonly description: string | null;
  /** Address of what is launched; null where the activity is only described. */
  readonly launch: string | null;
}

/**
 * Reads a `tincan.xml`: activities that content talks about, and which of them can be launched.
 * @see Rustici Software: Tin Can packages and launch
 */
export function readTincan(root: XmlElement): { readonly activities: readonly TincanActivity[]; readonly issues: readonly Violation[] } {
  const issues: Violation[] = [];
  const ids = new Set<string>();
  const list = childOf(root, 'activities');
  const activities = (list ? childrenOf(list, 'activity') : []).map((element, index): TincanActivity => {
    const path = `tincan.xml/tincan/activities/activity[${index + 1}]`;
    const id = attributeOf(element, 'id')?.trim() ?? '';
    // Authoring tools write ids that are barely IRIs; they are kept as they are, if xAPI takes them.
    if (!isIri(id))
      issues.push({ path: `${path}/@id`, rule: 'xAPI Data 2.4.4 activity-id', message: `the id must be an IRI; found ${JSON.stringify(id.slice(0, 200))}` });
    else if (id.length > MAX_ID)
      issues.push({ path: `${path}/@id`, rule: 'xAPI Data 2.4.4 activity-id', message: `the id may have at most ${MAX_ID} characters` });
    if (ids.has(id)) issues.push({ path: `${path}/@id`, rule: 'xAPI Data 2.4.4 activity-id unique', message: 'another activity has this id' });
    ids.add(id);
    return {
      id,
      type: attributeOf(element, 'type')?.trim() || null,
      name: textOf(childOf(element, 'name')) ?? id,
      description: textOf(childOf(element, 'description')) ?? null,
      launch: textOf(childOf(element, 'launch')) ?? null,
    };
  });
  if (root.local !== 'tincan') issues.push({ path: 'tincan.xml', rule: 'tincan root', message: `the root element must be tincan; found ${root.local}` });
  if (!activities.some(({ launch }) => launch !== null))
    issues.push({ path: 'tincan.xml', rule: 'tincan launch', message: 'no activity has a launch address' });
  return { activities, issues };
}
