import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportPerson } from '../../src/commands/person.ts';
import { readConfig } from '../../src/config/settings.ts';
import { toGlobalId } from '../../src/graphql/node.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addLearner, buildWorld, HOME_PAGE, passed, voiding } from '../support/world.ts';

let app: TestApp;
let folder: string;

beforeAll(async () => {
  app = await startTestApp();
  folder = await mkdtemp(join(tmpdir(), 'mumpuni-person-'));
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

interface Copy {
  readonly learner: { readonly name: string };
  readonly identities: readonly { readonly ifiValue: string }[];
  readonly enrolments: readonly unknown[];
  readonly progress: readonly { readonly currentLevel: number }[];
  readonly evidence: readonly { readonly level: number }[];
  readonly documents: readonly { readonly documentId: string; readonly content: string }[];
  readonly statements: readonly { readonly id: string }[];
}

test('a person gets a copy of everything: what is derived about them, their documents and every statement that names them, to the letter', async () => {
  const world = await buildWorld(app);
  const learnerId = await addLearner(app, world, 'ana');
  await addLearner(app, world, 'budi');
  const exact = JSON.stringify(passed('ana', 'ALL.1', 3)).replace('"scaled":0.6', '"scaled": 0.60');
  const post = async (options: { body?: unknown; raw?: string }): Promise<string> =>
    ((await app.xapi('POST', '/statements', options)).body as string[])[0] ?? '';
  const account = { homePage: HOME_PAGE, name: 'ana' };
  const own = await post({ raw: exact });
  const voided = await post({ body: passed('ana', 'ALL.1', 5) });
  await post({ body: voiding(voided) });
  const named = await post({ body: passed('budi', 'ALL.1', 1, { context: { instructor: { account } } }) });
  await post({ body: passed('budi', 'ALL.1', 2) });
  const state = new URLSearchParams({ activityId: 'https://content.example/x', agent: JSON.stringify({ account }), stateId: 'bookmark' }).toString();
  await app.xapi('PUT', `/activities/state?${state}`, { raw: 'page 3', headers: { 'Content-Type': 'text/plain' } });
  await app.projector.drain();

  const file = join(folder, 'ana.json');
  await exportPerson(readConfig({ NODE_ENV: 'test', DATABASE_URL: app.databaseUrl, BLOB_DIR: app.blobDir }), toGlobalId('Learner', learnerId), file);

  const text = await readFile(file, 'utf8');
  const copy = JSON.parse(text) as Copy;
  expect(copy.learner.name).toBe('Learner ana');
  expect(copy.identities.map(({ ifiValue }) => ifiValue)).toEqual(['ana']);
  expect(copy.progress.map(({ currentLevel }) => currentLevel)).toEqual([3]);
  expect(copy.evidence.map(({ level }) => level)).toContain(3);
  expect(copy.documents).toEqual([expect.objectContaining({ documentId: 'bookmark', content: Buffer.from('page 3').toString('base64') })]);
  expect(copy.statements.map(({ id }) => id).toSorted()).toEqual([own, voided, named].toSorted());
  expect(text).toContain('"scaled": 0.60');
  expect((await stat(file)).mode & 0o077).toBe(0);
});

test('a learner that is not there has no copy, and no file is made', async () => {
  const file = join(folder, 'nobody.json');
  const config = readConfig({ NODE_ENV: 'test', DATABASE_URL: app.databaseUrl });
  const nobody = toGlobalId('Learner', '00000000-0000-4000-8000-000000000000');

  await expect(exportPerson(config, nobody, file)).rejects.toThrow('there is no such learner');
  await expect(stat(file)).rejects.toThrow('ENOENT');
});
