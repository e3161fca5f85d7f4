import { isStorableText } from '../../kernel/checks.ts';
import { isObject, type JsonObject } from '../../standards/xapi/index.ts';
import { activityKey, actorKey, membersOf } from './keys.ts';

/** How an agent stands in a statement; one row holds all its roles as bits. */
const AGENT_ROLE = { actor: 1, object: 2, authority: 4, instructor: 8, team: 16, context: 32, subStatement: 64 } as const;
/** Roles that the `agent` filter sees without `related_agents` (Communication 2.1.3). */
export const DIRECT_AGENT_ROLES = AGENT_ROLE.actor | AGENT_ROLE.object;

/** How an activity stands in a statement. */
const ACTIVITY_ROLE = { object: 1, parent: 2, grouping: 4, category: 8, other: 16, subStatement: 32 } as const;
export const DIRECT_ACTIVITY_ROLES = ACTIVITY_ROLE.object;

/** Roles that the filters see with `related_…`: every one. */
export const ALL_ROLES = 0x7fff;

/** Keys with the roles they stand in. */
export type Links = ReadonlyMap<string, number>;

/** One thing a statement says about an agent (a name) or an activity (a definition). */
export interface Described {
  readonly key: string;
  readonly text: string;
}

export interface DescribedActivity extends Described {
  readonly iri: string;
}

/** Everything a statement names and describes. */
export interface Named {
  readonly agents: Links;
  readonly activities: Links;
  readonly names: readonly Described[];
  readonly definitions: readonly DescribedActivity[];
}

class Collector implements Named {
  readonly agents = new Map<string, number>();
  readonly activities = new Map<string, number>();
  readonly names: Described[] = [];
  readonly definitions: DescribedActivity[] = [];

  actor(actor: unknown, role: number): void {
    if (!isObject(actor)) return;
    this.#agent(actor, role);
    for (const member of membersOf(actor)) if (isObject(member)) this.#agent(member, role);
  }

  #agent(agent: JsonObject, role: number): void {
    const key = actorKey(agent);
    this.agents.set(key, (this.agents.get(key) ?? 0) | role);
    const name = agent['name'];
    if (typeof name === 'string' && isStorableText(name)) this.names.push({ key, text: name });
  }

  activity(activity: unknown, role: number): void {
    if (!isObject(activity)) return;
    const iri = String(activity['id']);
    const key = activityKey(iri);
    this.activities.set(key, (this.activities.get(key) ?? 0) | role);
    if (!isObject(activity['definition'])) return;
    const text = JSON.stringify(activity['definition']);
    this.definitions.push({ key, iri, text });
  }

  object(object: unknown, agentRole: number, activityRole: number): void {
    if (!isObject(object)) return;
    const type = object['objectType'] ?? 'Activity';
    if (type === 'Agent' || type === 'Group') this.actor(object, agentRole);
    else if (type === 'Activity') this.activity(object, activityRole);
  }

  /** The role functions map a role to the one recorded: everything inside a SubStatement counts as related only. */
  context(context: unknown, agentRole: (role: number) => number, activityRole: (role: number) => number): void {
    if (!isObject(context)) return;
    this.actor(context['instructor'], agentRole(AGENT_ROLE.instructor));
    this.actor(context['team'], agentRole(AGENT_ROLE.team));
    for (const element of listOf(context['contextAgents'])) if (isObject(element)) this.actor(element['agent'], agentRole(AGENT_ROLE.context));
    for (const element of listOf(context['contextGroups'])) if (isObject(element)) this.actor(element['group'], agentRole(AGENT_ROLE.context));
    const lists = context['contextActivities'];
    if (!isObject(lists)) return;
    for (const kind of ['parent', 'grouping', 'category', 'other'] as const) {
      for (const activity of listOf(lists[kind])) this.activity(activity, activityRole(ACTIVITY_ROLE[kind]));
    }
  }
}

const listOf = (value: unknown): readonly unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

/** Every agent and activity a valid statement names, with its roles, and what it says of them. */
export function linksOf(statement: JsonObject, authority: unknown): Named {
  const collector = new Collector();
  const same = (role: number) => role;
  collector.actor(statement['actor'], AGENT_ROLE.actor);
  collector.object(statement['object'], AGENT_ROLE.object, ACTIVITY_ROLE.object);
  collector.context(statement['context'], same, same);
  collector.actor(authority, AGENT_ROLE.authority);

  const sub = statement['object'];
  if (isObject(sub) && sub['objectType'] === 'SubStatement') {
    collector.actor(sub['actor'], AGENT_ROLE.subStatement);
    collector.object(sub['object'], AGENT_ROLE.subStatement, ACTIVITY_ROLE.subStatement);
    collector.context(
      sub['context'],
      () => AGENT_ROLE.subStatement,
      () => ACTIVITY_ROLE.subStatement,
    );
  }
  return collector;
}

/** Where in a key, as text, the bytes stand that pick its bits: where UUIDs of every version differ. */
const SIGNATURE_BYTES = [6, 11, 26, 30, 34];

/** A Bloom filter in 128 bits, as two of PostgreSQL's signed bigints. */
export interface Signature {
  readonly low: string;
  readonly high: string;
}

/**
 * A Bloom filter of keys: each key sets up to five of 128 bits.
 *
 * It stands in the index of the link tables, so that walking the links of one key passes over nearly all statements
 * that lack another one without looking anywhere else: of a statement of a dozen keys about one other key in 200 gets
 * through. What is left is checked exactly.
 */
export function signatureOf(keys: Iterable<string>): Signature {
  const words = new Int32Array(4);
  for (const key of keys) {
    for (const place of SIGNATURE_BYTES) {
      const bit = Number.parseInt(key.slice(place, place + 2), 16) & 127;
      words[bit >> 5] = (words[bit >> 5] ?? 0) | (1 << (bit & 31));
    }
  }
  const [low, high] = new BigInt64Array(words.buffer);
  return { low: String(low), high: String(high) };
}

/** The keys that a statement's signature is made of. */
export function signatureKeys(statement: {
  readonly agents: Links;
  readonly activities: Links;
  readonly verbKey: string;
  readonly registration: string | null;
}): readonly string[] {
  const { agents, activities, verbKey, registration } = statement;
  return [...agents.keys(), ...activities.keys(), verbKey, ...(registration === null ? [] : [registration])];
}
