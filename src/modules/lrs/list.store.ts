import type { Sql } from '../../db/database.ts';
import { ALL_ROLES, DIRECT_ACTIVITY_ROLES, DIRECT_AGENT_ROLES, signatureOf } from './links.ts';
import { assemble, COLUMNS, type StatementRow, type StoredStatement, withinBytes } from './query.store.ts';
import { IS_VOIDED } from './voided.ts';

export interface StatementFilter {
  readonly agentKey?: string;
  /** Whether the agent may stand in any role, not only as actor or object. */
  readonly relatedAgents: boolean;
  readonly activityKey?: string;
  /** Whether the activity may stand in any role, not only as the object. */
  readonly relatedActivities: boolean;
  readonly verbKey?: string;
  readonly registration?: string;
  readonly since?: string;
  readonly until?: string;
  readonly ascending: boolean;
  readonly limit: number;
  /** `stored` and id of the last statement of the page before. */
  readonly after?: readonly [stored: string, id: string];
  /** Only statements of this authority. */
  readonly authorityKey?: string;
}

class Conditions {
  readonly parameters: unknown[] = [];
  readonly #where: string[] = [];

  /**
   * A value, hidden from the planner: a plan made for one key costs as much as running it, and PostgreSQL makes one for
   * each list anew as long as it expects anything of it. Plans of lists need not know their keys.
   */
  bind(value: unknown, type: 'uuid' | 'timestamptz' | 'bigint' | 'smallint'): string {
    return `(select $${this.parameters.push(value)}::${type})`;
  }

  add(...conditions: readonly string[]): void {
    this.#where.push(...conditions);
  }

  take(): string {
    return this.#where.splice(0).join(' and ');
  }
}

/** One range of an index that is in the order of a list: all statements, or those of one key. */
interface Range {
  readonly table: 'statement' | 'statement_agent' | 'statement_activity';
  readonly column: 'agent_key' | 'activity_key' | 'verb_key' | 'registration' | null;
  readonly key: string | null;
  /** Of link tables: the parts of the range; a list of related statements walks both. */
  readonly parts: readonly (boolean | null)[];
  /** The statement's own row tells as much, exactly. */
  readonly isImplied?: true;
}

const BOTH = [true, false] as const;

/** The ranges a list could be read from; the first always exists. */
function rangesOf(filter: StatementFilter): readonly Range[] {
  const { agentKey, activityKey, authorityKey, verbKey, registration } = filter;
  const ranges: Range[] = [];
  if (agentKey !== undefined) ranges.push({ table: 'statement_agent', column: 'agent_key', key: agentKey, parts: filter.relatedAgents ? BOTH : [true] });
  if (activityKey !== undefined)
    ranges.push({ table: 'statement_activity', column: 'activity_key', key: activityKey, parts: filter.relatedActivities ? BOTH : [true] });
  if (registration !== undefined) ranges.push({ table: 'statement', column: 'registration', key: registration, parts: [null] });
  if (verbKey !== undefined) ranges.push({ table: 'statement', column: 'verb_key', key: verbKey, parts: [null] });
  // One's own statements: the authority is an agent of each.
  if (authorityKey !== undefined) ranges.push({ table: 'statement_agent', column: 'agent_key', key: authorityKey, parts: BOTH, isImplied: true });
  return ranges.length > 0 ? ranges : [{ table: 'statement', column: null, key: null, parts: [null] }];
}

const orderOf = ({ ascending }: StatementFilter, walked: string): string =>
  ascending ? `${walked}.stored asc, ${walked}.statement_id asc` : `${walked}.stored desc, ${walked}.statement_id desc`;

/** Conditions on the sort key of whatever table is walked; it is the same in all of them. */
function addWindow(conditions: Conditions, filter: StatementFilter, walked: string): void {
  if (filter.since !== undefined) conditions.add(`${walked}.stored > ${conditions.bind(filter.since, 'timestamptz')}`);
  if (filter.until !== undefined) conditions.add(`${walked}.stored <= ${conditions.bind(filter.until, 'timestamptz')}`);
  if (filter.after) {
    const [stored, id] = filter.after;
    conditions.add(
      `(${walked}.stored, ${walked}.statement_id) ${filter.ascending ? '>' : '<'} (${conditions.bind(stored, 'timestamptz')}, ${conditions.bind(id, 'uuid')})`,
    );
  }
}

function addRange(conditions: Conditions, filter: StatementFilter, { column, key }: Range, part: boolean | null, walked: string): void {
  if (column !== null) conditions.add(`${walked}.${column} = ${conditions.bind(key, 'uuid')}`);
  if (part !== null) conditions.add(`${walked}.direct = ${part}`);
  addWindow(conditions, filter, walked);
}

/** How far a range is looked into to tell how dense it is: past a batch of one sender, whose statements lie close together. */
const SAMPLE = 1_200;

/** Lists whose range is remembered, and for how long: each page of a list would look again for what the page before has seen. */
const MAX_CHOICES = 1_000;
const CHOICE_MS = 60_000;
const choices = new Map<string, { readonly range: number; readonly until: number }>();

const listKey = (filter: StatementFilter): string => JSON.stringify({ ...filter, after: undefined, limit: undefined });

/**
 * The range to walk: the one in which the next statements reach farthest, since each one met there must be tried against
 * the other filters. The planner cannot know this of a key; looking costs a part of a millisecond.
 */
async function sparsest(sql: Sql, filter: StatementFilter, ranges: readonly Range[]): Promise<Range> {
  const [first] = ranges;
  if (ranges.length === 1 && first) return first;
  const key = listKey(filter);
  const known = choices.get(key);
  const remembered = known && known.until > performance.now() ? ranges[known.range] : undefined;
  if (remembered) return remembered;
  const conditions = new Conditions();
  const looks = ranges.flatMap((range, index) =>
    range.parts.map((part) => {
      addRange(conditions, filter, range, part, 'w');
      return `select ${index} as range, (select w.stored from lrs.${range.table} w where ${conditions.take()} order by ${orderOf(filter, 'w')} offset ${SAMPLE} limit 1) as reach`;
    }),
  );
  const text = `select range, ${filter.ascending ? 'min' : 'max'}(reach) as reach from (${looks.join(' union all ')}) look
     group by range order by reach ${filter.ascending ? 'desc' : 'asc'} nulls first, range limit 1`;
  const [best] = await sql.rows<{ range: number }>(text, conditions.parameters, planOf(text));
  const chosen = best?.range ?? 0;
  const range = ranges[chosen];
  if (!range) throw new Error('a list has no range to walk');
  if (choices.size >= MAX_CHOICES) choices.clear();
  choices.set(key, { range: chosen, until: performance.now() + CHOICE_MS });
  return range;
}

/** The keys that a statement's signature must hold. */
const filteredKeys = ({ agentKey, activityKey, verbKey, registration, authorityKey }: StatementFilter): readonly string[] =>
  [agentKey, activityKey, verbKey, registration, authorityKey].filter((key) => key !== undefined);

/**
 * Statements that match by what they say themselves: one range walked in order, everything else tried for each row.
 *
 * The tries are lateral and limited so that no planner turns them round: walking stops with the page, however long the
 * range is.
 */
function directMatches(conditions: Conditions, filter: StatementFilter, ranges: readonly Range[], range: Range, part: boolean | null): string {
  const walksStatements = range.table === 'statement';
  const walked = walksStatements ? 's' : 'w';
  // What the statement's own row tells.
  if (filter.verbKey !== undefined && range.column !== 'verb_key') conditions.add(`s.verb_key = ${conditions.bind(filter.verbKey, 'uuid')}`);
  if (filter.registration !== undefined && range.column !== 'registration') conditions.add(`s.registration = ${conditions.bind(filter.registration, 'uuid')}`);
  if (filter.authorityKey !== undefined) conditions.add(`s.authority_key = ${conditions.bind(filter.authorityKey, 'uuid')}`);
  conditions.add(`not ${IS_VOIDED}`);
  const ofStatement = walksStatements ? null : `(select s.ctid from lrs.statement s where s.statement_id = w.statement_id and ${conditions.take()} limit 1) s`;

  const links = ranges.filter((one) => one !== range && one.table !== 'statement' && !one.isImplied);
  const tries = links.map((link, index) => {
    const [alias, column] = [`l${index}`, link.column];
    const parts = link.parts.length === 1 ? `${alias}.direct` : `${alias}.direct = any('{t,f}')`;
    return `(select from lrs.${link.table} ${alias} where ${alias}.${column} = ${conditions.bind(link.key, 'uuid')} and ${parts}
      and ${alias}.stored = ${walked}.stored and ${alias}.statement_id = ${walked}.statement_id limit 1) ${alias}`;
  });
  addRange(conditions, filter, range, part, walked);
  const keys = filteredKeys(filter);
  if (!walksStatements && keys.length > 1) {
    const { low, high } = signatureOf(keys);
    for (const [column, bits] of [
      ['signature_low', low],
      ['signature_high', high],
    ]) {
      const mask = conditions.bind(bits, 'bigint');
      conditions.add(`w.${column} & ${mask} = ${mask}`);
    }
  }
  const from = [`lrs.${range.table} ${walked}`, ...[...tries, ...(ofStatement === null ? [] : [ofStatement])].map((one) => `lateral ${one}`)];
  return `(select ${walked}.stored, ${walked}.statement_id, s.ctid as place from ${from.join(' cross join ')} where ${conditions.take()}
    order by ${orderOf(filter, walked)} limit ${walkLimit(filter)})`;
}

/**
 * Statements that refer, at any depth, to one statement that matches; null where no filter could be inherited.
 *
 * Walked like the links: the links inherited under one key, in order, each tried against the other filters, which must
 * hold for one and the same statement referred to. Reads the matches in `direct`.
 */
function inheritedMatches(conditions: Conditions, filter: StatementFilter): string | null {
  const { agentKey, activityKey, authorityKey, registration, verbKey } = filter;
  // The likely sparsest first. What someone else's statement says must not show through one's own reference to it.
  const keys = [
    [authorityKey, ALL_ROLES],
    [registration, null],
    [agentKey, filter.relatedAgents ? ALL_ROLES : DIRECT_AGENT_ROLES],
    [activityKey, filter.relatedActivities ? ALL_ROLES : DIRECT_ACTIVITY_ROLES],
    [verbKey, null],
  ] as const;
  const given = keys.flatMap(([key, roles]) => (key === undefined ? [] : [[key, roles] as const]));
  if (given.length === (authorityKey === undefined ? 0 : 1)) return null;
  const addKey = (alias: string, [key, roles]: (typeof given)[number]): void => {
    conditions.add(`${alias}.key = ${conditions.bind(key, 'uuid')}`);
    if (roles !== null) conditions.add(`${alias}.roles & ${conditions.bind(roles, 'smallint')} <> 0`);
  };
  const tries = given.slice(1).map((one, index) => {
    const alias = `i${index + 1}`;
    addKey(alias, one);
    conditions.add(`${alias}.stored = i0.stored`, `${alias}.statement_id = i0.statement_id`, `${alias}.source_id = i0.source_id`);
    return `(select from lrs.inherited_link ${alias} where ${conditions.take()} limit 1) ${alias}`;
  });
  conditions.add('s.statement_id = i0.statement_id', `not ${IS_VOIDED}`);
  if (authorityKey !== undefined) {
    const mine = conditions.bind(authorityKey, 'uuid');
    conditions.add(`s.authority_key = ${mine}`);
    tries.push(`(select from lrs.statement source where source.statement_id = i0.source_id and source.authority_key = ${mine} limit 1) source`);
  }
  tries.push(`(select s.ctid from lrs.statement s where ${conditions.take()} limit 1) s`);
  const [first] = given;
  if (first) addKey('i0', first);
  addWindow(conditions, filter, 'i0');
  // No farther than the page reaches that the direct matches fill already.
  const page = conditions.bind(filter.limit, 'bigint');
  const edge = `(select stored from direct order by ${orderOf(filter, 'direct')} offset ${page} limit 1)`;
  conditions.add(filter.ascending ? `i0.stored <= coalesce(${edge}, 'infinity')` : `i0.stored >= coalesce(${edge}, '-infinity')`);
  // Distinct in the order of the index alone: nothing is sorted, so whatever the planner expects it walks and ends with the page.
  return `(select distinct on (i0.stored, i0.statement_id) i0.stored, i0.statement_id, s.ctid as place from ${['lrs.inherited_link i0', ...tries.map((one) => `lateral ${one}`)].join(' cross join ')} where ${conditions.take()}
    order by ${orderOf(filter, 'i0')} limit ${walkLimit(filter)})`;
}

/** Sizes that walks end at: the few texts they make are worth planning once. */
const WALKS = [51, 101, 251, 501, 1_001];
const walkLimit = ({ limit }: StatementFilter): number => WALKS.find((size) => size > limit) ?? limit + 1;

/** Lists that connections keep a plan of; whoever sends every combination of filters must not fill the server's memory. */
const MAX_PLANS = 200;
const plans = new Map<string, string>();

/** The name under which a list is planned once per connection: planning costs as much as running it. */
function planOf(text: string): string | undefined {
  const known = plans.get(text);
  if (known !== undefined || plans.size >= MAX_PLANS) return known;
  const name = `list ${plans.size}`;
  plans.set(text, name);
  return name;
}

/** Bytes of statement texts in one page; a page holds one statement at least. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

/** Statements in order of (stored, id), at most `limit` and within a number of bytes, and whether more follow. */
export async function listStatements(sql: Sql, filter: StatementFilter): Promise<{ statements: readonly StoredStatement[]; more: boolean }> {
  const ranges = rangesOf(filter);
  const range = await sparsest(sql, filter, ranges);
  const conditions = new Conditions();
  const direct = range.parts.map((part) => directMatches(conditions, filter, ranges, range, part));
  const inherited = inheritedMatches(conditions, filter);
  const found = inherited === null ? 'select * from direct' : `select * from direct union ${inherited}`;
  const direction = filter.ascending ? 'asc' : 'desc';
  // By place: within one snapshot a row stays where it was found.
  const texts = `select ${COLUMNS}, s.stored as instant, (select count(*)::int from page) as found from page join lrs.statement s on s.ctid = page.place`;
  const text = `with direct as materialized (${direct.join(' union ')}), found as materialized (${found}), page as materialized (select * from found order by ${orderOf(filter, 'found')} limit ${conditions.bind(filter.limit + 1, 'bigint')})
     select statement_id, stored, no_timestamp, body, authority, found from (${withinBytes(texts, `instant ${direction}, statement_id ${direction}`, MAX_PAGE_BYTES)}) within
     order by instant ${direction}, statement_id ${direction}`;
  const rows = await sql.rows<StatementRow & { found: number }>(text, conditions.parameters, planOf(text));
  const statements = rows.slice(0, filter.limit).map(assemble);
  return { statements, more: (rows[0]?.found ?? 0) > statements.length };
}
