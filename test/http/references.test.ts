import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Answer, startTestApp, type TestApp } from '../support/app.ts';
import type { Json, List, Query } from '../support/json.ts';
import { VOIDED } from '../support/world.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const mbox = (name: string) => ({ mbox: `mailto:${name}@example.org` });
const refTo = (id: string) => ({ objectType: 'StatementRef', id });

/** A statement whose every part is its own: nothing else in the store is found by it. */
const statement = (extra: Json = {}): Json & { readonly id: string } => ({
  id: randomUUID(),
  actor: mbox(randomUUID()),
  verb: { id: `https://verbs.example/${randomUUID()}` },
  object: { id: `https://things.example/${randomUUID()}` },
  ...extra,
});

/** Stores each statement by a request of its own, in this order, with a pass of the sequencer where asked. */
async function store(statements: readonly Json[], passAfterEach = false): Promise<void> {
  for (const one of statements) {
    expect((await app.xapi('POST', '/statements', { body: one })).status).toBe(200);
    if (passAfterEach) await app.sequencer.pass();
  }
  await app.sequencer.pass();
}

async function list(query: Query): Promise<List> {
  const answer = (await app.xapi('GET', `/statements?${new URLSearchParams(query).toString()}`)) as Answer<List>;
  expect(answer.status).toBe(200);
  return answer.body;
}

const idsOf = async (query: Query): Promise<readonly string[]> => (await list(query)).statements.map(({ id }) => id);
const found = async (query: Query): Promise<readonly string[]> => (await idsOf({ limit: '100', ...query })).toSorted();
const sorted = (...ids: readonly string[]): readonly string[] => ids.toSorted();
const statusOf = async (parameter: 'statementId' | 'voidedStatementId', id: string): Promise<number> =>
  (await app.xapi('GET', `/statements?${parameter}=${id}`)).status;

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) => permutations(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]));
}

/** Each filter that a statement can match, with the part that makes it match. */
const FILTERS: readonly (readonly [label: string, make: () => { query: Query; part: Json }])[] = [
  ['agent by the actor', () => ({ part: { actor: mbox('x') }, query: { agent: JSON.stringify(mbox('x')) } })],
  ['agent by the object', () => ({ part: { object: { objectType: 'Agent', ...mbox('x') } }, query: { agent: JSON.stringify(mbox('x')) } })],
  ['agent by a member', () => ({ part: { actor: { objectType: 'Group', member: [mbox('x')] } }, query: { agent: JSON.stringify(mbox('x')) } })],
  [
    'agent and related_agents by the instructor',
    () => ({ part: { context: { instructor: mbox('x') } }, query: { agent: JSON.stringify(mbox('x')), related_agents: 'true' } }),
  ],
  ['verb', () => ({ part: { verb: { id: 'https://verbs.example/x' } }, query: { verb: 'https://verbs.example/x' } })],
  ['activity', () => ({ part: { object: { id: 'https://things.example/x' } }, query: { activity: 'https://things.example/x' } })],
  [
    'activity and related_activities by the parent',
    () => ({
      part: { context: { contextActivities: { parent: [{ id: 'https://things.example/x' }] } } },
      query: { activity: 'https://things.example/x', related_activities: 'true' },
    }),
  ],
  [
    'registration',
    () => ({ part: { context: { registration: '00000000-0000-4000-8000-00000000000x' } }, query: { registration: '00000000-0000-4000-8000-00000000000x' } }),
  ],
];

/** A part and its query with every `x` of an example made its own. */
function unique({ query, part }: { query: Query; part: Json }): { query: Query; part: Json } {
  const own = randomUUID();
  const name = (text: string): string => text.replaceAll('00000000-0000-4000-8000-00000000000x', own).replaceAll(/(?<=mailto:|example\/)x/g, own);
  return { query: JSON.parse(name(JSON.stringify(query))) as Query, part: JSON.parse(name(JSON.stringify(part))) as Json };
}

test.each(FILTERS)('statementref-transitive: A → B → C, all three are found by what C says: %s', async (_label, make) => {
  const { query, part } = unique(make());
  const c = statement(part);
  const b = statement({ object: refTo(c.id) });
  const a = statement({ object: refTo(b.id) });
  const other = statement({ object: refTo(randomUUID()) });
  await store([c, b, a, other]);

  expect(await found(query)).toEqual(sorted(a.id, b.id, c.id));
});

// The object of the middle is a reference, so it cannot match by its object.
test.each(FILTERS.filter(([label]) => label !== 'activity' && label !== 'agent by the object'))(
  'statementref-transitive: what the middle of a chain says finds it and those before it, not what it refers to: %s',
  async (_label, make) => {
    const { query, part } = unique(make());
    const c = statement();
    const b = statement({ ...part, object: refTo(c.id) });
    const a = statement({ object: refTo(b.id) });
    await store([c, b, a]);

    expect(await found(query)).toEqual(sorted(a.id, b.id));
  },
);

test.each(FILTERS.filter(([label]) => label.includes('related')))(
  'statementref-transitive: without it the related part finds nothing: %s',
  async (_label, make) => {
    const { query, part } = unique(make());
    const target = statement(part);
    await store([target, statement({ object: refTo(target.id) })]);
    const direct = Object.fromEntries(Object.entries(query).filter(([name]) => !name.startsWith('related')));

    expect(await found(direct)).toEqual([]);
  },
);

test('statementref-transitive: a reference from the context is none: only an object that is a StatementRef passes on', async () => {
  const target = statement();
  const verb = String((target['verb'] as Json)['id']);
  const inContext = statement({ context: { statement: refTo(target.id) } });
  const inSub = statement({ object: { objectType: 'SubStatement', ...statement({ id: undefined, object: refTo(target.id) }) } });
  await store([target, inContext, inSub]);

  expect(await found({ verb })).toEqual([target.id]);
});

test('ref-before-target, target-before-ref: a chain of four answers the same in all 24 orders of arrival, at once and one by one', async () => {
  for (const passAfterEach of [false, true]) {
    for (const order of permutations([0, 1, 2, 3])) {
      const [agent, verbs] = [mbox(randomUUID()), Array.from({ length: 4 }, () => ({ id: `https://verbs.example/${randomUUID()}` }))];
      const ids = Array.from({ length: 4 }, () => randomUUID());
      const chain = ids.map((id, index) =>
        statement({
          id,
          verb: verbs[index],
          ...(index === 3 ? { actor: agent } : { object: refTo(ids[index + 1] ?? '') }),
        }),
      );
      await store(
        order.map((index) => chain[index] ?? {}),
        passAfterEach,
      );

      const byVerb = await Promise.all(verbs.map(async ({ id }) => found({ verb: id })));
      expect({ order, byVerb }).toEqual({ order, byVerb: ids.map((_, index) => sorted(...ids.slice(0, index + 1))) });
      expect(await found({ agent: JSON.stringify(agent) })).toEqual(sorted(...ids));
      // Order and since are those of the statements found, not of what they refer to.
      expect(await idsOf({ agent: JSON.stringify(agent), ascending: 'true' })).toEqual(order.map((index) => ids[index]));
    }
  }
});

test('ref-before-target: a chain that comes in one batch, in any order, is one chain', async () => {
  for (const order of permutations([0, 1, 2, 3])) {
    const ids = Array.from({ length: 4 }, () => randomUUID());
    const verb = { id: `https://verbs.example/${randomUUID()}` };
    const chain = ids.map((id, index) => statement({ id, ...(index === 3 ? { verb } : { object: refTo(ids[index + 1] ?? '') }) }));
    expect((await app.xapi('POST', '/statements', { body: order.map((index) => chain[index]) })).status).toBe(200);
    await app.sequencer.pass();

    expect({ order, found: await found({ verb: verb.id }) }).toEqual({ order, found: sorted(...ids) });
  }
});

test('statementref-transitive: ids are compared without regard to case', async () => {
  const target = statement();
  const referrer = statement({ object: refTo(target.id.toUpperCase()) });
  await store([referrer, target]);

  expect(await found({ verb: String((target['verb'] as Json)['id']) })).toEqual(sorted(target.id, referrer.id));
});

test('statementref-transitive: many refer to one, and a chain of 60 reaches its end', async () => {
  const target = statement();
  const star = Array.from({ length: 20 }, () => statement({ object: refTo(target.id) }));
  await store([target]);
  await app.xapi('POST', '/statements', { body: star });
  await app.sequencer.pass();
  expect(await found({ verb: String((target['verb'] as Json)['id']) })).toEqual(sorted(target.id, ...star.map(({ id }) => id)));

  const ids = Array.from({ length: 60 }, () => randomUUID());
  const end = { id: `https://verbs.example/${randomUUID()}` };
  const chain = ids.map((id, index) => statement({ id, ...(index === 59 ? { verb: end } : { object: refTo(ids[index + 1] ?? '') }) }));
  for (let start = 0; start < 60; start += 20) {
    await app.xapi('POST', '/statements', { body: chain.slice(start, start + 20) });
    await app.sequencer.pass();
  }
  expect(await found({ verb: end.id })).toEqual(sorted(...ids));
});

test('statementref-transitive: all filters must hold for one and the same statement referred to', async () => {
  const [agent, verb, activity, registration] = [
    mbox(randomUUID()),
    `https://verbs.example/${randomUUID()}`,
    `https://things.example/${randomUUID()}`,
    randomUUID(),
  ];
  // c has the agent and the activity, b the verb and the registration.
  const c = statement({ actor: agent, object: { id: activity } });
  const b = statement({ verb: { id: verb }, object: refTo(c.id), context: { registration } });
  const a = statement({ object: refTo(b.id) });
  await store([c, b, a]);
  const filters = { agent: JSON.stringify(agent), activity, verb, registration };
  const only = (...names: readonly (keyof typeof filters)[]): Query => Object.fromEntries(names.map((name) => [name, filters[name]]));

  expect(await found(only('agent', 'activity'))).toEqual(sorted(a.id, b.id, c.id));
  expect(await found(only('verb', 'registration'))).toEqual(sorted(a.id, b.id));
  for (const names of [
    ['agent', 'verb'],
    ['agent', 'registration'],
    ['activity', 'verb'],
    ['activity', 'registration'],
    ['agent', 'activity', 'verb'],
    ['agent', 'activity', 'verb', 'registration'],
  ] as const)
    expect([names, await found(only(...names))]).toEqual([names, []]);
});

test('Communication 2.1.3 since, until, limit, ascending and more go by the stored of the statement found, not of what it refers to', async () => {
  const verb = { id: `https://verbs.example/${randomUUID()}` };
  const target = statement({ verb });
  const referrers = Array.from({ length: 6 }, () => statement({ object: refTo(target.id) }));
  // The target comes in the middle: three refer to what is not there yet.
  await store([...referrers.slice(0, 3), target, ...referrers.slice(3)]);
  const ids = [...referrers.slice(0, 3), target, ...referrers.slice(3)].map(({ id }) => id);
  const all = (await list({ verb: verb.id, ascending: 'true' })).statements;
  expect(all.map(({ id }) => id)).toEqual(ids);
  expect(await idsOf({ verb: verb.id })).toEqual(ids.toReversed());

  for (const [index, { stored }] of all.entries()) {
    expect(await idsOf({ verb: verb.id, ascending: 'true', since: stored })).toEqual(ids.slice(index + 1));
    expect(await idsOf({ verb: verb.id, ascending: 'true', until: stored })).toEqual(ids.slice(0, index + 1));
  }
  for (const ascending of ['true', 'false']) {
    for (const limit of [1, 2, 3, 7]) {
      const seen: (readonly string[])[] = [];
      let page = await list({ verb: verb.id, ascending, limit: String(limit) });
      for (;;) {
        seen.push(page.statements.map(({ id }) => id));
        if (page.more === '' || seen.length > 10) break;
        page = ((await app.xapi('GET', page.more.replace('/xapi', ''))) as Answer<List>).body;
      }
      const expected = ascending === 'true' ? ids : ids.toReversed();
      expect(seen).toEqual(Array.from({ length: Math.ceil(7 / limit) }, (_, index) => expected.slice(index * limit, (index + 1) * limit)));
    }
  }
});

test.each(permutations(['target', 'void', 'referrer'] as const))(
  'void-before-target: %s, %s, %s: the voided target is hidden, and still found through what refers to it',
  async (...order) => {
    const target = statement();
    const all = { target, void: statement({ verb: { id: VOIDED }, object: refTo(target.id) }), referrer: statement({ object: refTo(target.id) }) };
    await store(
      order.map((name) => all[name]),
      true,
    );
    const expected = sorted(all.referrer.id, all.void.id);

    expect(await found({ verb: String((target['verb'] as Json)['id']) })).toEqual(expected);
    expect(await found({ agent: JSON.stringify(target['actor']) })).toEqual(expected);
    expect(await found({ activity: String((target['object'] as Json)['id']) })).toEqual(expected);
    expect([await statusOf('statementId', target.id), await statusOf('voidedStatementId', target.id)]).toEqual([404, 200]);
    expect([await statusOf('statementId', all.void.id), await statusOf('voidedStatementId', all.void.id)]).toEqual([200, 404]);
  },
);

test('statementref-transitive: a voided statement in the middle of a chain passes on what it refers to, and is itself not shown', async () => {
  const c = statement();
  const b = statement({ object: refTo(c.id) });
  const a = statement({ object: refTo(b.id) });
  const voiding = statement({ verb: { id: VOIDED }, object: refTo(b.id) });
  await store([a, voiding, b, c]);

  expect(await found({ verb: String((c['verb'] as Json)['id']) })).toEqual(sorted(a.id, c.id, voiding.id));
  expect(await found({ verb: String((b['verb'] as Json)['id']) })).toEqual(sorted(a.id, voiding.id));
  expect(await statusOf('voidedStatementId', b.id)).toBe(200);
});

test('void-before-target: a void in one batch with its target, before or after it, hides it', async () => {
  for (const isFirst of [true, false]) {
    const target = statement();
    const voiding = statement({ verb: { id: VOIDED }, object: refTo(target.id) });
    expect((await app.xapi('POST', '/statements', { body: isFirst ? [voiding, target] : [target, voiding] })).status).toBe(200);
    await app.sequencer.pass();

    expect([await statusOf('statementId', target.id), await statusOf('voidedStatementId', target.id)]).toEqual([404, 200]);
    expect(await found({ verb: String((target['verb'] as Json)['id']) })).toEqual([voiding.id]);
  }
});

test('void-before-target: a void of what never comes changes nothing and can be read', async () => {
  const voiding = statement({ verb: { id: VOIDED }, object: refTo(randomUUID()) });
  await store([voiding]);

  expect(await statusOf('statementId', voiding.id)).toBe(200);
  expect(await found({ agent: JSON.stringify(voiding['actor']) })).toEqual([voiding.id]);
});

test('statementref-transitive: two statements that refer to each other, one that refers to itself and one before the circle are found, and nothing hangs', async () => {
  const ids = [randomUUID(), randomUUID(), randomUUID(), randomUUID()] as const;
  const a = statement({ id: ids[0], object: refTo(ids[1]) });
  const b = statement({ id: ids[1], object: refTo(ids[0]) });
  const self = statement({ id: ids[2], object: refTo(ids[2]) });
  const before = statement({ id: ids[3], object: refTo(ids[0]) });
  await store([a, b, self, before], true);
  const byVerb = async (one: Json) => found({ verb: String((one['verb'] as Json)['id']) });

  expect(await byVerb(a)).toEqual(sorted(a.id, b.id, before.id));
  expect(await byVerb(b)).toEqual(sorted(a.id, b.id, before.id));
  expect(await byVerb(self)).toEqual([self.id]);
  expect(await byVerb(before)).toEqual([before.id]);
});

test('statementref-transitive: any set of references in any order answers what following them one by one answers', async () => {
  const shape = fc.record({
    // For each statement the one it refers to; its own place or beyond means none.
    targets: fc.array(fc.nat({ max: 7 }), { minLength: 2, maxLength: 6 }),
    seed: fc.array(fc.nat({ max: 1_000 }), { minLength: 6, maxLength: 6 }),
    batched: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ targets, seed, batched }) => {
      const ids = targets.map(() => randomUUID());
      const verbs = targets.map(() => `https://verbs.example/${randomUUID()}`);
      const statements = targets.map((target, index) =>
        statement({ id: ids[index], verb: { id: verbs[index] }, ...(target < targets.length && { object: refTo(ids[target] ?? '') }) }),
      );
      const order = statements.map((_, index) => index).sort((a, b) => (seed[a] ?? 0) - (seed[b] ?? 0) || a - b);
      const arriving = order.map((index) => statements[index] ?? {});
      if (batched) expect((await app.xapi('POST', '/statements', { body: arriving })).status).toBe(200);
      await store(batched ? [] : arriving, !batched && (seed[0] ?? 0) % 2 === 0);

      const reaches = (from: number, to: number): boolean => {
        const seen = new Set<number>();
        for (let at = from; at < targets.length && !seen.has(at); at = targets[at] ?? targets.length) {
          if (at === to) return true;
          seen.add(at);
        }
        return false;
      };
      for (const [index, verb] of verbs.entries())
        expect({ targets, order, index, found: await found({ verb }) }).toEqual({
          targets,
          order,
          index,
          found: sorted(...ids.filter((_, from) => reaches(from, index))),
        });
    }),
    { numRuns: 40 },
  );
});

test('read-mine: what refers to another authority’s statement shows itself, never that statement', async () => {
  const vendor = await app.createCredential(['statements/write', 'statements/read/mine']);
  const target = statement();
  const referrer = statement({ object: refTo(target.id) });
  await store([target]);
  expect((await app.xapi('POST', '/statements', { body: referrer, credential: vendor })).status).toBe(200);
  await app.sequencer.pass();
  const seen = (await app.xapi('GET', '/statements', { credential: vendor })) as Answer<List>;

  expect(seen.body.statements.map(({ id }) => id)).toEqual([referrer.id]);
  expect(await found({ verb: String((target['verb'] as Json)['id']) })).toEqual(sorted(target.id, referrer.id));
});
