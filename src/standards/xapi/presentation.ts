import { isObject, type JsonObject } from '../../kernel/json.ts';
import { IFI_KINDS } from './actor.ts';

/** Language ranges in lower case. */
interface Preferences {
  /** Most wanted first. */
  readonly wanted: readonly string[];
  readonly unwanted: readonly string[];
}

/** Reads an Accept-Language header (RFC 9110, 12.5.4): ranges in order of weight; weight 0 means unwanted. */
export function languagePreferences(header: string | undefined): Preferences {
  const ranges = (header ?? '')
    .split(',')
    .map((part, index) => {
      const [range = '', ...parameters] = part.trim().split(/\s*;\s*/);
      const weight = parameters.map((parameter) => /^q=([01](?:\.\d{0,3})?)$/i.exec(parameter)?.[1]).find((value) => value !== undefined);
      return { range: range.toLowerCase(), weight: Number(weight ?? 1), index };
    })
    .filter(({ range }) => range !== '')
    .sort((a, b) => b.weight - a.weight || a.index - b.index);
  const named = (isWanted: boolean): string[] => ranges.filter(({ weight }) => weight > 0 === isWanted).map(({ range }) => range);
  return { wanted: named(true), unwanted: named(false) };
}

/** The one entry of a language map that fits best (RFC 4647, 3.4 lookup); where none fits, the first that is not unwanted. */
function inOneLanguage(map: JsonObject, { wanted, unwanted }: Preferences): JsonObject {
  const tags = Object.keys(map);
  for (const first of wanted) {
    for (let range = first; range !== '' && range !== '*'; range = range.includes('-') ? range.slice(0, range.lastIndexOf('-')) : '') {
      const found = tags.find((tag) => tag.toLowerCase() === range) ?? tags.find((tag) => tag.toLowerCase().startsWith(`${range}-`));
      if (found !== undefined) return { [found]: map[found] };
    }
  }
  const isUnwanted = (tag: string): boolean => unwanted.some((range) => tag.toLowerCase() === range || tag.toLowerCase().startsWith(`${range}-`));
  const first = tags.find((tag) => !isUnwanted(tag)) ?? tags[0];
  return first === undefined ? {} : { [first]: map[first] };
}

const COMPONENT_LISTS = ['choices', 'scale', 'source', 'target', 'steps'];

function filtered(definition: JsonObject, preferences: Preferences): JsonObject {
  const result: { [key: string]: unknown } = { ...definition };
  for (const key of ['name', 'description']) if (isObject(definition[key])) result[key] = inOneLanguage(definition[key], preferences);
  for (const key of COMPONENT_LISTS) {
    const list = definition[key];
    if (!Array.isArray(list)) continue;
    result[key] = list.map((component: unknown) =>
      isObject(component) && isObject(component['description'])
        ? { ...component, description: inOneLanguage(component['description'], preferences) }
        : component,
    );
  }
  return result;
}

/** How each part of a statement is shown. */
interface View {
  actor(actor: JsonObject): JsonObject;
  activity(activity: JsonObject): JsonObject;
  verb(verb: JsonObject): JsonObject;
}

const isActor = (value: JsonObject): boolean => value['objectType'] === 'Agent' || value['objectType'] === 'Group';

const mapList = (value: unknown, show: (object: JsonObject) => JsonObject): unknown =>
  Array.isArray(value) ? value.map((element: unknown) => (isObject(element) ? show(element) : element)) : isObject(value) ? [show(value)] : value;

function showContext(context: JsonObject, view: View): JsonObject {
  const result: { [key: string]: unknown } = { ...context };
  for (const key of ['instructor', 'team']) if (isObject(context[key])) result[key] = view.actor(context[key]);
  const lists = context['contextActivities'];
  if (isObject(lists))
    result['contextActivities'] = Object.fromEntries(Object.entries(lists).map(([kind, list]) => [kind, mapList(list, (one) => view.activity(one))]));
  for (const [key, property] of [
    ['contextAgents', 'agent'],
    ['contextGroups', 'group'],
  ] as const) {
    if (context[key] === undefined) continue;
    result[key] = mapList(context[key], (element) => (isObject(element[property]) ? { ...element, [property]: view.actor(element[property]) } : element));
  }
  return result;
}

function show(statement: JsonObject, view: View): JsonObject {
  const result: { [key: string]: unknown } = { ...statement };
  const { actor, verb, object, context } = statement;
  if (isObject(actor)) result['actor'] = view.actor(actor);
  if (isObject(verb)) result['verb'] = view.verb(verb);
  if (isObject(object)) {
    const type = object['objectType'] ?? 'Activity';
    if (type === 'Activity') result['object'] = view.activity(object);
    else if (type === 'SubStatement') result['object'] = show(object, view);
    else if (isActor(object)) result['object'] = view.actor(object);
  }
  if (isObject(context)) result['context'] = showContext(context, view);
  return result;
}

/** An actor by its identifier alone; an anonymous Group by its members' (Communication 2.1.3, format ids). */
function actorId(actor: JsonObject): JsonObject {
  const kind = IFI_KINDS.find((candidate) => actor[candidate] !== undefined);
  const type = actor['objectType'] === undefined ? {} : { objectType: actor['objectType'] };
  if (kind !== undefined) return { ...type, [kind]: actor[kind] };
  return { ...type, member: mapList(actor['member'], actorId) };
}

const IDS: View = { actor: actorId, activity: ({ id }) => ({ id }), verb: ({ id }) => ({ id }) };

/** A statement with only what identifies its actors, verb and activities (Communication 2.1.3, format ids). */
export const withIds = (statement: JsonObject): JsonObject => show(statement, IDS);

/**
 * A statement whose activities are described as the LRS knows them and whose texts stand in one language
 * (Communication 2.1.3, format canonical).
 * @param definitionOf the canonical definition of an activity, by IRI; undefined leaves the statement's own.
 */
export function canonical(statement: JsonObject, preferences: Preferences, definitionOf: (iri: string) => JsonObject | undefined): JsonObject {
  return show(statement, {
    actor: (actor) => actor,
    activity: (activity) => {
      const own = isObject(activity['definition']) ? activity['definition'] : undefined;
      const definition = definitionOf(String(activity['id'])) ?? own;
      return definition ? { ...activity, definition: filtered(definition, preferences) } : activity;
    },
    verb: (verb) => (isObject(verb['display']) ? { ...verb, display: inOneLanguage(verb['display'], preferences) } : verb),
  });
}

/** One definition out of all that an activity was described by, oldest first: the newest word counts, languages add up. */
export function mergeDefinitions(definitions: readonly JsonObject[]): JsonObject | undefined {
  if (definitions.length === 0) return undefined;
  const merged: { [key: string]: unknown } = {};
  for (const definition of definitions) {
    for (const [key, value] of Object.entries(definition)) {
      const before = merged[key];
      merged[key] = (key === 'name' || key === 'description' || key === 'extensions') && isObject(before) && isObject(value) ? { ...before, ...value } : value;
    }
  }
  return merged;
}
