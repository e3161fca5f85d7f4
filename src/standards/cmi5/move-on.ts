import type { MoveOn } from './structure.ts';

/** What counts of an AU towards moving on. */
export interface UnitState {
  readonly isCompleted: boolean;
  readonly isPassed: boolean;
  readonly isWaived: boolean;
}

/** Whether an AU has met what the course demands of it (9.3.7, 13.1.4). */
export function meetsMoveOn(moveOn: MoveOn, { isCompleted, isPassed, isWaived }: UnitState): boolean {
  if (isWaived) return true;
  switch (moveOn) {
    case 'NotApplicable':
      return true;
    case 'Passed':
      return isPassed;
    case 'Completed':
      return isCompleted;
    case 'CompletedAndPassed':
      return isCompleted && isPassed;
    case 'CompletedOrPassed':
      return isCompleted || isPassed;
  }
}

/** A course, a block or an AU, as far as moving on is concerned. */
export interface MoveOnNode {
  readonly id: string;
  readonly moveOn: MoveOn | null;
  readonly children: readonly MoveOnNode[];
}

/**
 * Blocks and the course whose units have all met what is demanded, inner ones first (9.3.9).
 * @param isMet whether an AU has.
 */
export function satisfiedNodes(
  node: MoveOnNode,
  isMet: (id: string, moveOn: MoveOn) => boolean,
): { readonly isMet: boolean; readonly satisfied: readonly string[] } {
  if (node.moveOn !== null) return { isMet: isMet(node.id, node.moveOn), satisfied: [] };
  const inner = node.children.map((child) => satisfiedNodes(child, isMet));
  const met = inner.every((one) => one.isMet);
  return { isMet: met, satisfied: [...inner.flatMap((one) => one.satisfied), ...(met ? [node.id] : [])] };
}
