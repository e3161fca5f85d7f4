import { decodeCursor } from '../../kernel/cursor.ts';
import { invalid } from '../../kernel/errors.ts';
import { activityKey, type StatementFormat, type StatementQuery, verbKey } from '../../modules/lrs/index.ts';
import type { XapiVersion } from '../../standards/xapi/index.ts';
import type { Parameters } from './call.ts';
import { agentParameter, flagParameter, iriParameter, timestampParameter, uuidParameter } from './parameters.ts';

const SECTION = 'xAPI Communication 2.1.3';

/** Parameters that select one statement admit no filter beside them. */
const SINGLE = ['statementId', 'voidedStatementId'] as const;
const FILTERS = ['agent', 'verb', 'activity', 'registration', 'related_activities', 'related_agents', 'since', 'until', 'limit', 'ascending'] as const;
/** How statements are shown; these may stand beside an id. */
const SHOWN = ['format', 'attachments'] as const;
/** Ours: the place in the list that `more` continues from. */
const CURSOR = 'cursor';

export const STATEMENT_PARAMETERS: readonly string[] = [...SINGLE, ...FILTERS, ...SHOWN, CURSOR];

/** The id parameter of a PUT. */
export const statementIdParameter = (parameters: Parameters): string | undefined => uuidParameter(parameters, 'statementId', SECTION);

/** Statements in a page: of a query that names no limit, and the most that any gets. */
export interface PageSizes {
  readonly pageSize: number;
  readonly pageLimit: number;
}

function limit(parameters: Parameters, { pageSize, pageLimit }: PageSizes): number {
  const value = parameters.get('limit');
  if (value === undefined) return Math.min(pageSize, pageLimit);
  if (!/^\d{1,9}$/.test(value))
    throw invalid('/query/limit', `${SECTION} limit`, `limit must be a whole number, 0 for the most the server gives; found ${JSON.stringify(value)}`);
  return Number(value) === 0 ? pageLimit : Math.min(Number(value), pageLimit);
}

/** How the answer is to look. @throws AppError INVALID_INPUT */
export function presentation(parameters: Parameters): { format: StatementFormat; attachments: boolean } {
  const format = parameters.get('format') ?? 'exact';
  if (format !== 'exact' && format !== 'ids' && format !== 'canonical')
    throw invalid('/query/format', `${SECTION} format`, `format must be ids, exact or canonical; found ${JSON.stringify(format)}`);
  return { format, attachments: flagParameter(parameters, 'attachments', SECTION) };
}

/** The one statement asked for, or null when a list is. @throws AppError INVALID_INPUT for both ids at once or a filter beside one. */
export function singleStatement(parameters: Parameters): { id: string; voided: boolean } | null {
  for (const name of SINGLE) {
    const id = uuidParameter(parameters, name, SECTION);
    if (id === undefined) continue;
    const other = [...parameters.keys()].find((key) => key !== name && !SHOWN.some((shown) => shown === key));
    if (other !== undefined) throw invalid(`/query/${other}`, `${SECTION} single`, `${name} cannot stand beside ${other}`);
    return { id, voided: name === 'voidedStatementId' };
  }
  return null;
}

/** What the filters of a list mean to the store. */
export function listQuery(parameters: Parameters, version: XapiVersion, sizes: PageSizes, authorityKey: string | null): StatementQuery {
  const agent = agentParameter(parameters, SECTION, version);
  const activity = iriParameter(parameters, 'activity', SECTION);
  const verb = iriParameter(parameters, 'verb', SECTION);
  const registration = uuidParameter(parameters, 'registration', SECTION);
  const since = timestampParameter(parameters, 'since', SECTION);
  const until = timestampParameter(parameters, 'until', SECTION);
  const cursor = parameters.get(CURSOR);
  const after = cursor === undefined ? undefined : (decodeCursor(cursor, ['instant', 'uuid'], `/query/${CURSOR}`) as readonly [string, string]);
  return {
    relatedAgents: flagParameter(parameters, 'related_agents', SECTION),
    relatedActivities: flagParameter(parameters, 'related_activities', SECTION),
    ascending: flagParameter(parameters, 'ascending', SECTION),
    limit: limit(parameters, sizes),
    ...(agent !== undefined && { agentKey: agent.key }),
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
