/** When a rule version acts: on statements from an instant on, up to another; null has no bound. */
export interface Window {
  readonly from: Date | null;
  readonly until: Date | null;
}

/**
 * What one generation of progress is computed with, by ids of things that never change: rule versions, framework
 * versions, approved matches.
 */
export interface Lane {
  readonly generation: number;
  readonly rules: ReadonlyMap<string, Window>;
  readonly frameworks: readonly string[];
  readonly equivalences: readonly string[];
}

/** Why a generation is made; also the cause of the events it brings. */
export type GenerationCause = 'RULE_CHANGE' | 'FRAMEWORK_CHANGE' | 'REBUILD';

/** A lane that is being built, or is built and stands for inspection. */
export interface NextLane extends Lane {
  readonly status: 'BUILDING' | 'READY';
  readonly cause: GenerationCause;
  readonly activates: boolean;
  /** The rule version it was made for. */
  readonly ruleVersionId: string | null;
}

/** The lane that readers see, and the one that may take its place. */
export interface Lanes {
  readonly current: Lane;
  readonly next: NextLane | null;
}

/** Whether evidence counts in a lane; evidence that is by no rule counts in all. */
export function countsIn(lane: Lane, { versionId, occurredAt }: { readonly versionId: string | null; readonly occurredAt: Date }): boolean {
  if (versionId === null) return true;
  const window = lane.rules.get(versionId);
  return window !== undefined && (window.from === null || window.from <= occurredAt) && (window.until === null || occurredAt < window.until);
}

/** Every rule version that acts in some lane. */
export const versionsOf = ({ current, next }: Lanes): readonly string[] => [...new Set([...current.rules.keys(), ...(next?.rules.keys() ?? [])])];

/**
 * What acts once a version of a rule set is active.
 * @param siblings the other versions of its set.
 * @param from null: it replaces them for all time; else they act on what happened before that instant.
 */
export function withVersion(
  rules: ReadonlyMap<string, Window>,
  siblings: ReadonlySet<string>,
  versionId: string,
  from: Date | null,
): ReadonlyMap<string, Window> {
  const kept = [...rules].flatMap(([id, window]): readonly (readonly [string, Window])[] => {
    if (id === versionId) return [];
    if (!siblings.has(id)) return [[id, window]];
    if (from === null || (window.from !== null && window.from >= from)) return [];
    return [[id, { from: window.from, until: window.until === null || window.until > from ? from : window.until }]];
  });
  return new Map([...kept, [versionId, { from, until: null }]]);
}

const windowText = (window: Window | undefined): string => (window ? `${window.from?.getTime() ?? ''}/${window.until?.getTime() ?? ''}` : '');

/** Rule versions that act otherwise in one lane than in the other. */
export const rulesChanged = (a: ReadonlyMap<string, Window>, b: ReadonlyMap<string, Window>): readonly string[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((id) => !a.has(id) || !b.has(id) || windowText(a.get(id)) !== windowText(b.get(id)));

/** Ids that stand in one list only. */
export const idsChanged = (a: readonly string[], b: readonly string[]): readonly string[] => [
  ...a.filter((id) => !b.includes(id)),
  ...b.filter((id) => !a.includes(id)),
];
