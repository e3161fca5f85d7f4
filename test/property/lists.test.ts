import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Migration20261124000003 } from '../../migrations/20261124000003_link_signatures.ts';
import { Migration20261124000015 } from '../../migrations/20261124000015_wide_signatures.ts';
import { startTestApp, type TestApp, type XapiSecret } from '../support/app.ts';
import type { Json, List } from '../support/json.ts';

const STATEMENTS = 400;
const agents = Array.from({ length: 5 }, (_, n) => ({ mbox: `mailto:a${n}@lists.example` }));
const activities = Array.from({ length: 4 }, (_, n) => ({ id: `https://lists.example/${n}` }));
const verbs = ['common', 'common', 'common', 'rare'].map((name) => ({ id: `https://verbs.example/${name}` }));
const registrations = ['a1b2c3d4-0000-4000-8000-000000000001', 'a1b2c3d4-0000-4000-8000-000000000002'];

let app: TestApp;
let other: XapiSecret;
/** In the order they were stored in, with whose they are. */
const stored: { readonly statement: Json & { readonly id: string }; readonly mine: boolean }[] = [];

/** The same in every run, however random it looks. */
let state = 42;
const below = (limit: number): number => {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((state / 2_147_483_648) * limit);
};
const one = <T>(items: readonly T[]): T => items[below(items.length)] as T;
const maybe = <T>(share: number, make: () => T): T | undefined => (below(100) < share ? make() : undefined);

function statement(): Json & { readonly id: string } {
  const group = { objectType: 'Group', member: [one(agents), one(agents)] };
  const object = maybe(15, () => ({ objectType: 'Agent', ...one(agents) })) ??
    maybe(15, () => ({ objectType: 'SubStatement', actor: one(agents), verb: one(verbs), object: one(activities) })) ?? { ...one(activities) };
  const isActivity = !('objectType' in object) || object.objectType === 'SubStatement';
  return {
    id: randomUUID(),
    actor: maybe(10, () => group) ?? one(agents),
    verb: one(verbs),
    object,
    context: {
      ...(below(2) === 0 && { registration: one(registrations) }),
      ...(below(2) === 0 && { instructor: one(agents) }),
      ...(isActivity && { contextActivities: { parent: [one(activities)], ...(below(2) === 0 && { grouping: [one(activities), one(activities)] }) } }),
    },
  };
}

beforeAll(async () => {
  app = await startTestApp({ settings: { XAPI_RATE_LIMIT_PER_MINUTE: '1000000' } });
  other = await app.createCredential(['statements/write', 'statements/read/mine']);
  while (stored.length < STATEMENTS) {
    const mine = below(4) === 0;
    const batch = Array.from({ length: 1 + below(10) }, statement);
    const answer = await app.xapi('POST', '/statements', { body: batch, ...(mine && { credential: other }) });
    expect(answer.status).toBe(200);
    for (const sent of batch) stored.push({ statement: sent, mine });
  }
});
afterAll(() => app.close());

interface Filter {
  readonly agent: number | null;
  readonly relatedAgents: boolean;
  readonly activity: number | null;
  readonly relatedActivities: boolean;
  readonly verb: string | null;
  readonly registration: string | null;
  readonly since: number | null;
  readonly until: number | null;
  readonly ascending: boolean;
  readonly mine: boolean;
  readonly limit: number;
}

const mboxesOf = (actor: unknown): readonly unknown[] => {
  const { mbox, member } = (actor ?? {}) as { mbox?: string; member?: readonly { mbox: string }[] };
  return [mbox, ...(member ?? []).map((agent) => agent.mbox)];
};

/** Communication 2.1.3, read once more without a word of the product. */
function matches({ statement: sent, mine }: (typeof stored)[number], filter: Filter): boolean {
  const { actor, verb, object, context } = sent as unknown as Record<'actor' | 'verb' | 'object' | 'context', Json>;
  const isActivity = object['objectType'] === undefined;
  const sub = object['objectType'] === 'SubStatement' ? object : null;
  const contextual = Object.values((context['contextActivities'] ?? {}) as Record<string, readonly { id: string }[]>).flat();
  const agentsOf = [
    ...mboxesOf(actor),
    ...(object['objectType'] === 'Agent' ? mboxesOf(object) : []),
    ...(filter.relatedAgents ? [...mboxesOf(context['instructor']), ...mboxesOf(sub?.['actor'])] : []),
  ];
  const activitiesOf = [
    ...(isActivity ? [object['id']] : []),
    ...(filter.relatedActivities ? [...contextual.map(({ id }) => id), ...(sub ? [(sub['object'] as Json)['id']] : [])] : []),
  ];
  return (
    (filter.agent === null || agentsOf.includes(agents[filter.agent]?.mbox)) &&
    (filter.activity === null || activitiesOf.includes(activities[filter.activity]?.id)) &&
    (filter.verb === null || verb['id'] === filter.verb) &&
    (filter.registration === null || context['registration'] === filter.registration) &&
    (!filter.mine || mine)
  );
}

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const filters: fc.Arbitrary<Filter> = fc.record({
  agent: optional(fc.nat(agents.length - 1)),
  relatedAgents: fc.boolean(),
  activity: optional(fc.nat(activities.length - 1)),
  relatedActivities: fc.boolean(),
  verb: optional(fc.constantFrom(...verbs.map(({ id }) => id))),
  registration: optional(fc.constantFrom(...registrations)),
  since: optional(fc.nat(STATEMENTS - 1)),
  until: optional(fc.nat(STATEMENTS - 1)),
  ascending: fc.boolean(),
  mine: fc.boolean(),
  limit: fc.integer({ min: 1, max: 120 }),
});

async function listAll(query: URLSearchParams, credential: XapiSecret | undefined): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let path = `/statements?${query.toString()}`; path !== ''; ) {
    const answer: { status: number; body: List } = await app.xapi('GET', path, { ...(credential && { credential }) });
    expect(answer.status).toBe(200);
    ids.push(...answer.body.statements.map(({ id }) => id));
    path = answer.body.more.replace(/^\/xapi/, '');
  }
  return ids;
}

test('Communication 2.1.3: every combination of filters lists what matches, in order of stored, page by page', async () => {
  const times = new Map<string, string>();
  for (let path = '/statements?limit=0'; path !== ''; ) {
    const { body }: { body: List } = await app.xapi('GET', path);
    for (const { id, stored: at } of body.statements) times.set(id, at);
    path = body.more.replace(/^\/xapi/, '');
  }
  const timeOf = (index: number): string => times.get(stored[index]?.statement.id ?? '') ?? '';
  await fc.assert(
    fc.asyncProperty(filters, async (filter) => {
      const query = new URLSearchParams({ limit: String(filter.limit), ascending: String(filter.ascending) });
      if (filter.agent !== null) query.set('agent', JSON.stringify(agents[filter.agent]));
      if (filter.activity !== null) query.set('activity', activities[filter.activity]?.id ?? '');
      if (filter.relatedAgents) query.set('related_agents', 'true');
      if (filter.relatedActivities) query.set('related_activities', 'true');
      if (filter.verb !== null) query.set('verb', filter.verb);
      if (filter.registration !== null) query.set('registration', filter.registration);
      if (filter.since !== null) query.set('since', timeOf(filter.since));
      if (filter.until !== null) query.set('until', timeOf(filter.until));
      const expected = stored.filter(
        (row, index) => matches(row, filter) && (filter.since === null || index > filter.since) && (filter.until === null || index <= filter.until),
      );
      const ids = expected.map((row) => row.statement.id);
      expect(await listAll(query, filter.mine ? other : undefined)).toEqual(filter.ascending ? ids : ids.toReversed());
    }),
    { numRuns: 300 },
  );
});

test('the links of a store of an earlier release become what this one writes', async () => {
  const { pool } = app.database;
  const links = async (): Promise<readonly unknown[]> => {
    const kinds = ['agent', 'activity'].map(
      (kind) =>
        `select ${kind}_key::text as key, stored::text, statement_id::text as id, signature_low::text as low, signature_high::text as high, roles, direct from lrs.statement_${kind}`,
    );
    return (await pool.query(`${kinds.join(' union all ')} order by 1, 3, 2, 4`)).rows;
  };
  const written = await links();
  const client = await pool.connect();
  try {
    await client.query('begin');
    for (const kind of ['agent', 'activity'])
      await client.query(`create table lrs.old_link as select l.${kind}_key, l.stored, l.statement_id, s.verb_key, l.roles from lrs.statement_${kind} l
        join lrs.statement s using (statement_id); drop table lrs.statement_${kind}; alter table lrs.old_link rename to statement_${kind}`);
    for (const Migration of [Migration20261124000003, Migration20261124000015]) {
      const migration = new Migration(app.database.orm.em.getDriver(), app.database.orm.config);
      migration.up();
      for (const sql of migration.getQueries()) if (typeof sql === 'string') await client.query(sql);
    }
    await client.query('commit');
  } finally {
    client.release();
  }

  expect(written.length).toBeGreaterThan(STATEMENTS * 3);
  expect(await links()).toEqual(written);
});
