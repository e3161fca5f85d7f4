import type { ContentsEntry, CourseContents } from '../../standards/cmi5/index.ts';
import { type ContentModel, type ContentNode, partsOf, plainText } from '../content/index.ts';
import type { SessionRow, UnitRow } from './launch.store.ts';

/** Whether a course launched as a whole begins with its contents: one of several units that nothing leads through (cmi5). */
export const listsUnits = (model: ContentModel): boolean => model.standard === 'CMI5' && partsOf(model).length > 1;

function statusOf(node: ContentNode, unit: UnitRow | undefined, wasOpened: boolean): ContentsEntry['status'] {
  if (node.href === null) return unit?.isSatisfied ? 'completed' : null;
  if (unit?.isWaived) return 'waived';
  if (unit?.isPassed) return 'passed';
  if (unit?.isFailed) return 'failed';
  if (unit?.isCompleted) return 'completed';
  return wasOpened ? 'incomplete' : 'not attempted';
}

const DONE: ReadonlySet<ContentsEntry['status']> = new Set(['passed', 'completed', 'waived']);

/** @param sessions of the registration. */
export function contentsOf(
  model: ContentModel,
  units: readonly UnitRow[],
  sessions: readonly SessionRow[],
): Pick<CourseContents, 'title' | 'isSatisfied' | 'entries' | 'progress'> {
  const byNode = new Map(units.map((unit) => [unit.nodeId, unit]));
  const opened = new Set(sessions.map(({ nodeId }) => nodeId));
  const linesOf = (node: ContentNode, depth: number): readonly ContentsEntry[] => [
    {
      id: node.id,
      title: plainText(node.title) || node.identifier,
      depth,
      isLaunchable: node.href !== null,
      status: statusOf(node, byNode.get(node.id), opened.has(node.id)),
    },
    ...node.children.flatMap((child) => linesOf(child, depth + 1)),
  ];
  const { root } = model;
  const entries = root.children.flatMap((child) => linesOf(child, 0));
  const parts = entries.filter(({ isLaunchable }) => isLaunchable);
  const isSatisfied = byNode.get(root.id)?.isSatisfied ?? false;
  return {
    title: plainText(root.title) || root.identifier,
    isSatisfied,
    entries,
    progress: isSatisfied ? 1 : parts.filter(({ status }) => DONE.has(status)).length / Math.max(1, parts.length),
  };
}
