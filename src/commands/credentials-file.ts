import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Modules } from '../graphql/modules.ts';
import { actorKey } from '../modules/lrs/index.ts';

/** What credentials.json holds: one xAPI credential with every right, one ADMIN token. */
export interface CredentialsFile {
  readonly xapi: { readonly endpoint: string; readonly key: string; readonly secret: string };
  readonly graphql: { readonly endpoint: string; readonly token: string };
}

export const credentialsPath = (dataDir: string): string => join(dataDir, 'credentials.json');

/** @returns null when there is no such file or it is not one of ours. */
export async function readCredentials(dataDir: string): Promise<CredentialsFile | null> {
  try {
    const parsed = JSON.parse(await readFile(credentialsPath(dataDir), 'utf8')) as Partial<CredentialsFile>;
    return parsed.xapi?.secret && parsed.xapi.key && parsed.graphql?.token ? (parsed as CredentialsFile) : null;
  } catch {
    return null;
  }
}

/** Makes sure that the file holds secrets which work on this database, and the endpoints in use now. */
export async function ensureCredentials(dataDir: string, modules: Modules, baseUrl: string): Promise<CredentialsFile> {
  const existing = await readCredentials(dataDir);
  const works =
    existing !== null &&
    (await modules.access.checkXapiCredential(existing.xapi.key, existing.xapi.secret)) !== null &&
    (await modules.access.checkToken(existing.graphql.token)) !== null;
  const secrets = works ? existing : await createSecrets(modules);
  const file: CredentialsFile = {
    xapi: { endpoint: `${baseUrl}/xapi`, key: secrets.xapi.key, secret: secrets.xapi.secret },
    graphql: { endpoint: `${baseUrl}/graphql`, token: secrets.graphql.token },
  };
  const path = credentialsPath(dataDir);
  const draft = `${path}.new`;
  await writeFile(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, path);
  return file;
}

async function createSecrets(modules: Modules): Promise<{ xapi: { key: string; secret: string }; graphql: { token: string } }> {
  const xapi = await modules.access.createCredential({
    label: 'first start',
    scopes: ['all'],
    authority: { homePage: 'https://mumpuni.example', name: 'first-start' },
    authorityKey: actorKey,
  });
  const { token } = await modules.access.createToken({ label: 'first start', role: 'ADMIN' });
  return { xapi, graphql: { token } };
}
