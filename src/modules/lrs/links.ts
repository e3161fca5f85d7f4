import { isObject, type JsonObject } from '../../standards/xapi/index.ts';
import { activityKey, actorKey, membersOf } from './keys.ts';

/** How an agent stands in a statement; one row holds all its roles as bits. */
const AGENT_ROLE = { actor: 1, object: 2, authority: 4, instructor: 8, team: 16, context: 32, subStatement: 64 } as const;
/** Roles that the `agent` filter sees without `related_agents` (Communication 2.1.3). */
export const DIRECT_AGENT_ROLES = AGENT_ROLE.actor | AGENT_ROLE.object;

/** How an activity stands in a statement. */
const ACTIVITY_ROLE = { object: 1, parent: 2, grouping: 4, category: 8, other: 16, subStatement: 32 } as const;
export const DIRECT_ACTIVITY_ROLES = ACTIVITY_ROLE.object;

/** Keys with the roles they stand in. */
export type Links = ReadonlyMap<string, number>;

interface Collected {
  readonly agents: Map<string, number>;
  readonly activities: Map<string, number>;
}

const add = (links: Map<string, number>, key: string, role: number): void => {
  links.set(key, (links.get(key) ?? 0) | role);
};

function addActor(links: Map<string, number>, actor: unknown, role: number): void {
  if (!isObject(actor)) return;
  add(links, actorKey(actor), role);
  for (const member of membersOf(actor)) add(links, actorKey(member), role);
}

function addObject(collected: Collected, object: unknown, agentRole: number, activityRole: number): void {
  if (!isObject(object)) return;
  const type = object['objectType'] ?? 'Activity';
  if (type === 'Agent' || type === 'Group') addActor(collected.agents, object, agentRole);
  else if (type === 'Activity') add(collected.activities, activityKey(String(object['id'])), activityRole);
}

const listOf = (value: unknown): readonly unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

/** The role functions map a role to the one recorded: everything inside a SubStatement counts as related only. */
function addContext(collected: Collected, context: unknown, agentRole: (role: number) => number, activityRole: (role: number) => number): void {
  if (!isObject(context)) return;
  addActor(collected.agents, context['instructor'], agentRole(AGENT_ROLE.instructor));
  addActor(collected.agents, context['team'], agentRole(AGENT_ROLE.team));
  for (const element of listOf(context['contextAgents'])) if (isObject(element)) addActor(collected.agents, element['agent'], agentRole(AGENT_ROLE.context));
  for (const element of listOf(context['contextGroups'])) if (isObject(element)) addActor(collected.agents, element['group'], agentRole(AGENT_ROLE.context));
  const lists = context['contextActivities'];
  if (!isObject(lists)) return;
  for (const kind of ['parent', 'grouping', 'category', 'other'] as const) {
    for (const activity of listOf(lists[kind])) {
      if (isObject(activity)) add(collected.activities, activityKey(String(activity['id'])), activityRole(ACTIVITY_ROLE[kind]));
    }
  }
}

/** Every agent and activity a valid statement names, with its roles. */
export function linksOf(statement: JsonObject, authority: unknown): { agents: Links; activities: Links } {
  const collected: Collected = { agents: new Map(), activities: new Map() };
  const same = (role: number) => role;
  addActor(collected.agents, statement['actor'], AGENT_ROLE.actor);
  addObject(collected, statement['object'], AGENT_ROLE.object, ACTIVITY_ROLE.object);
  addContext(collected, statement['context'], same, same);
  addActor(collected.agents, authority, AGENT_ROLE.authority);

  const sub = statement['object'];
  if (isObject(sub) && sub['objectType'] === 'SubStatement') {
    addActor(collected.agents, sub['actor'], AGENT_ROLE.subStatement);
    addObject(collected, sub['object'], AGENT_ROLE.subStatement, ACTIVITY_ROLE.subStatement);
    addContext(
      collected,
      sub['context'],
      () => AGENT_ROLE.subStatement,
      () => ACTIVITY_ROLE.subStatement,
    );
  }
  return collected;
}
