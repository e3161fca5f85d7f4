import { afterAll, beforeAll, expect, test } from '@jest/globals';
import XAPIPackage from '@xapi/xapi';
import { print } from 'graphql';
import { LearnersWithProgressDocument, StatementOutcomesDocument } from '../../schema/client.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { activityIri, addLearner, buildWorld, HOME_PAGE, PASSED } from '../support/world.ts';

const XAPI = XAPIPackage.default;

let app: TestApp;
let client: InstanceType<typeof XAPI>;

beforeAll(async () => {
  app = await startTestApp({ projecting: true });
  await addLearner(app, await buildWorld(app), 'rina');
  client = new XAPI({ endpoint: `${app.url}/xapi/`, auth: XAPI.toBasicAuth(app.credential.key, app.credential.secret), adapter: 'fetch' });
});
afterAll(() => app.close());

/** Asks until the statement was looked at; the projector is awake, so this ends by itself. */
async function outcome(id: string): Promise<{ state: string; reason: string | null }> {
  for (;;) {
    const answer = await app.graphql(print(StatementOutcomesDocument), { ids: [id] });
    const [status] = answer.body.data.statementStatus;
    if (status.state !== 'WAITING') return { state: status.state, reason: status.reason };
  }
}

async function levels(): Promise<Record<string, number>> {
  const answer = await app.graphql(print(LearnersWithProgressDocument), { first: 1 });
  return Object.fromEntries(
    answer.body.data.learners.nodes[0].progress.map((row: { competency: { code: string }; current: number }) => [row.competency.code, row.current]),
  );
}

test('a statement sent with @xapi/xapi moves progress, and voiding it with the same client takes it back', async () => {
  const sent = await client.sendStatement({
    statement: {
      actor: { objectType: 'Agent', account: { homePage: HOME_PAGE, name: 'rina' } },
      verb: { id: PASSED, display: { 'en-US': 'passed' } },
      object: { id: activityIri('ANY.1') },
      result: { score: { scaled: 0.8 } },
    },
  });
  const [id] = sent.data as unknown as string[];
  expect(await outcome(id ?? '')).toEqual({ state: 'EVIDENCE', reason: null });
  expect(await levels()).toEqual({ ANY: 4, 'ANY.1': 4 });

  const voided = await client.voidStatement({ actor: { objectType: 'Agent', mbox: 'mailto:office@lms.example' }, statementId: id ?? '' });
  const [voidId] = voided.data as unknown as string[];
  expect(await outcome(voidId ?? '')).toEqual({ state: 'NO_EVIDENCE', reason: 'VOIDING_STATEMENT' });
  expect(await outcome(id ?? '')).toEqual({ state: 'NO_EVIDENCE', reason: 'VOIDED' });
  expect(await levels()).toEqual({});
});

test('the client reads back what it sent, and about, by its own means', async () => {
  const about = await client.getAbout();
  const list = await client.getStatements({ agent: { objectType: 'Agent', account: { homePage: HOME_PAGE, name: 'rina' } } as never, limit: 10 });

  expect(about.data.version).toEqual(['1.0.3', '2.0.0']);
  expect((list.data as { statements: readonly unknown[] }).statements).toHaveLength(0);
});
