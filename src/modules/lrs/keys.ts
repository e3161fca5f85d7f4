import { byKey, digestKey, repeatedKey } from '../../kernel/ids.ts';
import { canonicalIfi, type Ifi, identifierOf, isObject } from '../../standards/xapi/index.ts';

/** The key of an identified Agent or Group: kind, home page and value together (account names alone are not unique). */
export function ifiKey(ifi: Ifi): string {
  const { kind, homePage, value } = canonicalIfi(ifi);
  return repeatedKey('agent', kind, homePage, value);
}

export const activityKey = (iri: string): string => repeatedKey('activity', iri);
export const verbKey = (iri: string): string => repeatedKey('verb', iri);

/** The Agents of a Group, or none. */
export function membersOf(actor: unknown): readonly unknown[] {
  if (!isObject(actor)) return [];
  const members = actor['member'];
  return Array.isArray(members) ? members : [];
}

/** The key of any actor; an anonymous Group is the set of its members. */
export function actorKey(actor: unknown): string {
  const ifi = identifierOf(actor);
  return ifi ? ifiKey(ifi) : digestKey('anonymous-group', ...membersOf(actor).map(actorKey).sort(byKey));
}

const BUCKETS = 64;

/** The inbox bucket of an actor: one learner's statements wait in one queue. */
export const bucketOf = (key: string): number => Number.parseInt(key.slice(0, 2), 16) % BUCKETS;
export const ALL_BUCKETS: readonly number[] = Array.from({ length: BUCKETS }, (_, bucket) => bucket);
