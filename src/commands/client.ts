import type { CredentialsFile } from './credentials-file.ts';

/** Posts statements to a running server, as any content would. @throws Error with the server's own words when it refuses. */
export async function postStatements({ xapi }: Pick<CredentialsFile, 'xapi'>, statements: readonly unknown[]): Promise<readonly string[]> {
  const response = await fetch(`${xapi.endpoint}/statements`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Experience-API-Version': '1.0.3',
      Authorization: `Basic ${Buffer.from(`${xapi.key}:${xapi.secret}`).toString('base64')}`,
    },
    body: JSON.stringify(statements),
  });
  if (!response.ok) throw new Error(`the xAPI endpoint answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as string[];
}

/** Asks a running server over GraphQL. @throws Error with the server's own words when it refuses. */
export async function askGraphql<T>({ graphql }: Pick<CredentialsFile, 'graphql'>, query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const response = await fetch(graphql.endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${graphql.token}` },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await response.json()) as { data?: T; errors?: readonly { message: string }[] };
  if (!response.ok || !body.data) throw new Error(`GraphQL answered ${response.status}: ${body.errors?.map((error) => error.message).join('; ')}`);
  return body.data;
}
