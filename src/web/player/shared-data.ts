import type { SharedStore } from '../../standards/scorm/play.ts';

/** Longest text in characters that must be kept (RTE 4.3.1). */
const LIMIT = 64_000;

const CHILDREN = 'id,store';

/** The result of a call: the value, and the error code of the run-time. */
export interface SharedResult {
  readonly value: string;
  readonly error: string;
}

const fine = (value: string): SharedResult => ({ value, error: '0' });
const refused = (error: string, value = ''): SharedResult => ({ value, error });

export const isSharedElement = (element: string): boolean => element === 'adl.data' || element.startsWith('adl.data.');

/** @see SCORM 2004 4th Edition RTE 4.3 */
export function getShared(stores: readonly SharedStore[], element: string): SharedResult {
  if (element === 'adl.data._children') return fine(CHILDREN);
  if (element === 'adl.data._count') return fine(String(stores.length));
  const match = /^adl\.data\.(\d+)\.(id|store)$/.exec(element);
  if (!match) return refused('401');
  const found = stores[Number(match[1])];
  if (!found) return refused('301');
  if (match[2] === 'id') return fine(found.id);
  if (!found.mayRead) return refused('405');
  return found.store ? fine(found.store) : refused('403');
}

/** Stores a value where it may be. @see {@link getShared} */
export function setShared(stores: readonly SharedStore[], element: string, value: string): SharedResult {
  if (element === 'adl.data._children' || element === 'adl.data._count') return refused('404', 'false');
  const match = /^adl\.data\.(\d+)\.(id|store)$/.exec(element);
  if (!match) return refused('401', 'false');
  const found = stores[Number(match[1])];
  if (!found) return refused('351', 'false');
  if (match[2] === 'id' || !found.mayWrite) return refused('404', 'false');
  if (value.length > LIMIT) return refused('406', 'false');
  found.store = value;
  return fine('true');
}
