import { isStorableInstant } from '../../kernel/checks.ts';
import { decodeCursor } from '../../kernel/cursor.ts';
import { AppError, invalid, type Violation } from '../../kernel/errors.ts';
import { isUuid } from '../../kernel/ids.ts';
import { at } from '../../kernel/json.ts';
import { JsonTextError, scanJson } from '../../kernel/json-text.ts';
import { activityKey, actorKey, DIRECT_ACTIVITY_ROLES, DIRECT_AGENT_ROLES, type StatementQuery, verbKey } from '../../modules/lrs/index.ts';
import { instantOf, isIri, isTimestamp, validateAgent, type XapiVersion } from '../../standards/xapi/index.ts';

const SECTION = 'xAPI Communication 2.1.3';
const ALL_ROLES = 0x7fff;

/** Parameters that select one statement admit no filter beside them. */
const SINGLE = ['statementId', 'voidedStatementId'] as const;
const FILTERS = ['agent', 'verb', 'activity', 'registration', 'related_activities', 'related_agents', 'since', 'until', 'limit', 'ascending'] as const;
/** Ours: the place in the list that `more` continues from. */
const CURSOR = 'cursor';

export type Parameters = ReadonlyMap<string, string>;

/** @throws AppError INVALID_INPUT for a percent-encoded byte that is not UTF-8, which a lenient decoder would replace. */
export function checkUrl(url: string): void {
  try {
    decodeURIComponent(url);
  } catch {
    throw invalid('/query', 'RFC 3986 2.5 utf-8', 'the query string holds percent-encoded bytes that are not UTF-8');
  }
}

/** Reads a query string into a map. @throws AppError INVALID_INPUT for unknown and repeated parameters; names are compared exactly. */
export function readParameters(query: unknown, allowed: readonly string[]): Parameters {
  const parameters = new Map<string, string>();
  const violations: Violation[] = [];
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    if (!allowed.includes(name))
      violations.push({
        path: at('/query', name),
        rule: 'xAPI Communication 3.2 unknown-parameter',
        message: `there is no parameter ${JSON.stringify(name)} here; known are ${allowed.join(', ') || 'none'}`,
      });
    else if (typeof value !== 'string')
      violations.push({ path: `/query/${name}`, rule: 'xAPI Communication 3.2 repeated-parameter', message: `the parameter ${name} may stand once` });
    else parameters.set(name, value);
  }
  if (violations.length > 0) throw new AppError('INVALID_INPUT', violations[0]?.message ?? '', violations);
  return parameters;
}

export const STATEMENT_PARAMETERS: readonly string[] = [...SINGLE, ...FILTERS, CURSOR];

/** A UUID parameter in lower case. */
export function uuidParameter(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name);
  if (value !== undefined && !isUuid(value)) throw invalid(`/query/${name}`, `${SECTION} ${name}`, `${name} must be a UUID; found ${JSON.stringify(value)}`);
  return value?.toLowerCase();
}

function flag(parameters: Parameters, name: string): boolean {
  const value = parameters.get(name) ?? 'false';
  if (value !== 'true' && value !== 'false')
    throw invalid(`/query/${name}`, `${SECTION} ${name}`, `${name} must be true or false; found ${JSON.stringify(value)}`);
  return value === 'true';
}

function timestamp(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (!isTimestamp(value)) throw invalid(`/query/${name}`, `${SECTION} ${name}`, `${name} must be an RFC 3339 timestamp; found ${JSON.stringify(value)}`);
  const instant = instantOf(value);
  if (!isStorableInstant(instant)) throw invalid(`/query/${name}`, `${SECTION} ${name}`, `${name} must lie between the years 1 and 9999`);
  // Rebuilt from the instant for the offset, but with the sender's own fraction: a poller must not lose microseconds.
  const fraction = /\.(\d+)/.exec(value)?.[1] ?? '0';
  return `${instant.toISOString().slice(0, 19)}.${fraction.slice(0, 6)}Z`;
}

function iri(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name);
  if (value !== undefined && !isIri(value))
    throw invalid(`/query/${name}`, `${SECTION} ${name}`, `${name} must be an absolute IRI; found ${JSON.stringify(value)}`);
  return value;
}

const AGENT_LIMITS = { maxDepth: 10, maxTokens: 10_000 };

function agent(parameters: Parameters, version: XapiVersion): string | undefined {
  const value = parameters.get('agent');
  if (value === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
    scanJson(value, AGENT_LIMITS);
  } catch (error) {
    const reason = error instanceof JsonTextError ? `: ${error.message}` : '';
    throw invalid('/query/agent', `${SECTION} agent`, `agent must be an Agent or Group as JSON${reason}`);
  }
  const violations = validateAgent(parsed, version).map((violation) => ({ ...violation, path: `/query/agent${violation.path}` }));
  if (violations.length > 0) throw new AppError('INVALID_INPUT', `agent: ${violations[0]?.message}`, violations);
  return actorKey(parsed);
}

function limit(parameters: Parameters, pageSize: number): number {
  const value = parameters.get('limit') ?? '0';
  if (!/^\d{1,9}$/.test(value))
    throw invalid('/query/limit', `${SECTION} limit`, `limit must be a whole number, 0 for the most the server gives; found ${JSON.stringify(value)}`);
  return Number(value) === 0 ? pageSize : Math.min(Number(value), pageSize);
}

/** The one statement asked for, or null when a list is. @throws AppError INVALID_INPUT for both ids at once or a filter beside one. */
export function singleStatement(parameters: Parameters): { id: string; voided: boolean } | null {
  const id = uuidParameter(parameters, 'statementId');
  const voidedId = uuidParameter(parameters, 'voidedStatementId');
  if (id === undefined && voidedId === undefined) return null;
  const others = [...parameters.keys()].filter((name) => name !== 'statementId');
  if (id !== undefined && others.length > 0) throw invalid(`/query/${others[0]}`, `${SECTION} single`, `statementId cannot stand beside ${others[0]}`);
  const besideVoided = [...parameters.keys()].filter((name) => name !== 'voidedStatementId');
  if (voidedId !== undefined && besideVoided.length > 0)
    throw invalid(`/query/${besideVoided[0]}`, `${SECTION} single`, `voidedStatementId cannot stand beside ${besideVoided[0]}`);
  return { id: id ?? voidedId ?? '', voided: voidedId !== undefined };
}

/** What the filters of a list mean to the store. */
export function listQuery(parameters: Parameters, version: XapiVersion, pageSize: number, authorityKey: string | null): StatementQuery {
  const agentKey = agent(parameters, version);
  const activity = iri(parameters, 'activity');
  const verb = iri(parameters, 'verb');
  const registration = uuidParameter(parameters, 'registration');
  const since = timestamp(parameters, 'since');
  const until = timestamp(parameters, 'until');
  const cursor = parameters.get(CURSOR);
  const after = cursor === undefined ? undefined : (decodeCursor(cursor, ['instant', 'uuid'], `/query/${CURSOR}`) as readonly [string, string]);
  return {
    agentRoles: flag(parameters, 'related_agents') ? ALL_ROLES : DIRECT_AGENT_ROLES,
    activityRoles: flag(parameters, 'related_activities') ? ALL_ROLES : DIRECT_ACTIVITY_ROLES,
    ascending: flag(parameters, 'ascending'),
    limit: limit(parameters, pageSize),
    ...(agentKey !== undefined && { agentKey }),
    ...(activity !== undefined && { activityKey: activityKey(activity) }),
    ...(verb !== undefined && { verbKey: verbKey(verb) }),
    ...(registration !== undefined && { registration }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(after !== undefined && { after }),
    ...(authorityKey !== null && { authorityKey }),
  };
}

/** The `more` link: the same filters, continued after the last statement. */
export function moreLink(path: string, parameters: Parameters, cursor: string): string {
  const next = new URLSearchParams([...parameters].filter(([name]) => name !== CURSOR));
  next.set(CURSOR, cursor);
  return `${path}?${next.toString()}`;
}
