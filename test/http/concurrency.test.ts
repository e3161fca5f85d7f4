import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, passed, type World } from '../support/world.ts';

let app: TestApp;
let world: World;

beforeAll(async () => {
  app = await startTestApp();
  world = await buildWorld(app);
});
afterAll(() => app.close());

const rows = async (ids: readonly string[]): Promise<number> =>
  (await app.database.sql.rows('select from lrs.statement where statement_id = any($1::uuid[])', [ids])).length;

test('100 concurrent posts of the same 50 ids store 50 statements: no 5xx, no deadlock', async () => {
  await addLearner(app, world, 'many');
  const batch = Array.from({ length: 50 }, (_, index) => passed('many', 'ALL.1', 1 + (index % 5), { id: randomUUID() }));
  const before = await app.database.sql.rows<{ deadlocks: string }>('select deadlocks from pg_stat_database where datname = current_database()');

  const answers = await Promise.all(
    Array.from({ length: 100 }, async (_, round) => {
      const turned = [...batch.slice(round % 50), ...batch.slice(0, round % 50)];
      return app.xapi('POST', '/statements', { body: turned });
    }),
  );

  expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 100 }, () => 200));
  expect(await rows(batch.map((statement) => String(statement['id'])))).toBe(50);
  expect(await app.database.sql.rows('select deadlocks from pg_stat_database where datname = current_database()')).toEqual(before);
});

test('overlapping concurrent batches of hot actors and activities never deadlock', async () => {
  const codes = ['ALL.1', 'ALL.2', 'ANY.1', 'ANY.2'];
  const pool = Array.from({ length: 200 }, (_, index) => passed(`hot-${index % 10}`, codes[index % 4] ?? '', 2, { id: randomUUID() }));
  const pick = (round: number) =>
    Array.from({ length: 50 }, (_, index) => pool[(round * 17 + index * (1 + (round % 3))) % 200]).filter((value, index, all) => all.indexOf(value) === index);

  const answers = await Promise.all(Array.from({ length: 40 }, async (_, round) => app.xapi('POST', '/statements', { body: pick(round) })));

  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
});

test('8 simultaneous posts of one id with two contents: one is stored, equal ones are acknowledged, the others get 409', async () => {
  for (let round = 0; round < 25; round += 1) {
    const id = randomUUID();
    const contents = [2, 4].map((level) => passed('race', 'ALL.1', level, { id }));
    const answers = await Promise.all(Array.from({ length: 8 }, async (_, index) => app.xapi('POST', '/statements', { body: contents[index % 2] })));

    const winner = answers.findIndex((answer) => answer.status === 200) % 2;
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 8 }, (_, index) => (index % 2 === winner ? 200 : 409)));
    expect(await rows([id])).toBe(1);
  }
});
