import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toGlobalId } from '../../src/graphql/node.ts';
import type { Answer, TestApp } from './app.ts';

export const VERB = (name: string): string => `http://adlnet.gov/expapi/verbs/${name}`;
export const CMI5 = 'https://w3id.org/xapi/cmi5/context/categories/cmi5';
export const MOVE_ON = 'https://w3id.org/xapi/cmi5/context/categories/moveon';
export const SESSION_ID = 'https://w3id.org/xapi/cmi5/context/extensions/sessionid';
export const MASTERY = 'https://w3id.org/xapi/cmi5/context/extensions/masteryscore';

/** Hands out bytes as a file, which is gone afterwards. */
export async function withFile<T>(bytes: Uint8Array, work: (path: string) => Promise<T>): Promise<T> {
  const path = join(tmpdir(), `mumpuni-test-${randomUUID()}`);
  await writeFile(path, bytes);
  try {
    return await work(path);
  } finally {
    await rm(path);
  }
}

/** Imports a package from bytes. */
export async function importPackage(
  app: TestApp,
  bytes: Uint8Array,
  packageId: string | null = null,
  ownerId: string | null = null,
): Promise<{ packageId: string; versionId: string }> {
  const { issues, ...outcome } = await withFile(bytes, (path) => app.modules.content.importFile(path, { packageId, ownerId }));
  if (outcome.packageId === null || outcome.versionId === null) throw new Error(JSON.stringify(issues));
  return { packageId: outcome.packageId, versionId: outcome.versionId };
}

export async function newLearner(app: TestApp): Promise<string> {
  return (await app.modules.people.createLearner({ name: 'Learner', staffCategory: 'PNS', identities: [] })).id;
}

/** The items of a version by the publisher's identifier, with their global ids. */
export async function itemIds(app: TestApp, versionId: string): Promise<Readonly<Record<string, string>>> {
  const rows = await app.modules.content.itemsOfVersions([versionId]);
  return Object.fromEntries(rows.map((row) => [row.identifier, toGlobalId('ContentItem', row.id)]));
}

export async function register(app: TestApp, learnerId: string, packageId: string, options: { restart?: boolean; isPreview?: boolean } = {}): Promise<string> {
  return (await app.modules.launches.register({ learnerId, packageId, restart: false, isPreview: false, byLearner: false, ...options })).id;
}

/** A statement of a registration, as anyone reads it. */
export interface Told {
  readonly id: string;
  readonly actor: { readonly account: { readonly homePage: string; readonly name: string } };
  readonly verb: { readonly id: string };
  readonly object: { readonly id: string; readonly definition?: { readonly type: string } };
  readonly result?: { readonly duration?: string; readonly extensions?: Readonly<Record<string, unknown>> };
  readonly context: {
    readonly registration: string;
    readonly contextActivities: { readonly category: readonly { readonly id: string }[]; readonly grouping: readonly { readonly id: string }[] };
    readonly extensions: Readonly<Record<string, unknown>>;
  };
  readonly timestamp: string;
}

/** What was told of a registration, in the order it came. */
export async function statementsTold(app: TestApp, registrationId: string): Promise<readonly Told[]> {
  return ((await app.xapi('GET', `/statements?registration=${registrationId}&ascending=true`)).body as { statements: Told[] }).statements;
}

/** The last words of the verbs. */
export const verbsIn = (statements: readonly Told[]): readonly string[] => statements.map(({ verb }) => verb.id.split('/').at(-1) ?? '');

/** Launches over GraphQL. */
export async function launch(app: TestApp, registrationId: string, itemId: string | null, mode = 'Normal', returnUrl: string | null = null): Promise<string> {
  const { body } = await app.graphql(
    'mutation ($input: ContentLaunchInput!) { contentLaunch(input: $input) { launch { url } userErrors { path rule message } } }',
    { input: { registrationId: toGlobalId('ContentRegistration', registrationId), itemId, mode, returnUrl } },
  );
  if (body.errors || body.data.contentLaunch.launch === null) throw new Error(JSON.stringify(body));
  return body.data.contentLaunch.launch.url;
}

/** What an AU knows once it has fetched its credential and read its launch data. */
export interface AuSession {
  readonly parameters: URLSearchParams;
  readonly authorization: string;
  readonly data: {
    readonly contextTemplate: { contextActivities: Record<string, unknown>; extensions: Record<string, unknown> };
    readonly masteryScore?: number;
  };
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<never>>;
  /** A statement as the session's rules want it. */
  statement(
    verb: string,
    more?: { result?: object; categories?: readonly string[]; extensions?: object; object?: object; id?: string; timestamp?: string },
  ): Record<string, unknown>;
  say(verb: string, more?: Parameters<AuSession['statement']>[1]): Promise<Answer<never>>;
}

/** Fetches credential and launch data and reads the preferences, as an AU must before it says anything. */
export async function openAu(app: TestApp, url: string, { readsPreferences = true } = {}): Promise<AuSession> {
  const parameters = new URL(url).searchParams;
  const fetched = (await (await fetch(parameters.get('fetch') ?? '', { method: 'POST' })).json()) as { 'auth-token': string };
  const authorization = `Basic ${fetched['auth-token']}`;
  const actor = parameters.get('actor') ?? '';
  const [activityId, registration] = [parameters.get('activityId') ?? '', parameters.get('registration') ?? ''];
  const send: AuSession['send'] = (method, path, body, headers = {}) =>
    app.xapi(method, path, { credential: null, headers: { Authorization: authorization, ...headers }, ...(body !== undefined && { body }) });
  const query = new URLSearchParams({ stateId: 'LMS.LaunchData', activityId, agent: actor, registration }).toString();
  const data = (await send('GET', `/activities/state?${query}`)).body as AuSession['data'];
  if (readsPreferences) await send('GET', `/agents/profile?${new URLSearchParams({ profileId: 'cmi5LearnerPreferences', agent: actor }).toString()}`);
  const statement: AuSession['statement'] = (verb, { result, categories, extensions, object, id, timestamp } = {}) => ({
    id: id ?? randomUUID(),
    actor: JSON.parse(actor),
    verb: { id: VERB(verb) },
    object: object ?? { id: activityId },
    ...(result && { result }),
    context: {
      registration,
      contextActivities: {
        ...data.contextTemplate.contextActivities,
        category: (categories ?? [CMI5, ...(result && ('success' in result || 'completion' in result) ? [MOVE_ON] : [])]).map((one) => ({ id: one })),
      },
      extensions: {
        ...data.contextTemplate.extensions,
        ...(result && 'score' in result && data.masteryScore !== undefined && { [MASTERY]: data.masteryScore }),
        ...extensions,
      },
    },
    timestamp: timestamp ?? new Date().toISOString(),
  });
  return { parameters, authorization, data, send, statement, say: (verb, more) => send('POST', '/statements', statement(verb, more)) };
}

export const RESULTS: Readonly<Record<string, object>> = {
  completed: { completion: true, duration: 'PT1M' },
  passed: { success: true, duration: 'PT1M' },
  failed: { success: false, duration: 'PT1M' },
  terminated: { duration: 'PT1M' },
};
