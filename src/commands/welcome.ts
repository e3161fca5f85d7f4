import { DEMO_HOME_PAGE, DEMO_LEARNERS, DEMO_MODULES, VERBS } from '../demo/course.ts';
import { demoActor } from '../demo/statements.ts';

export interface Welcome {
  readonly baseUrl: string;
  /** Absolute path, or null when credentials are made by command. */
  readonly credentialsFile: string | null;
  readonly demo: boolean;
  readonly explorer: boolean;
  /** Index of the demo learner whose progress the printed commands move. */
  readonly visitor: number;
}

/** A shell expression that reads one value of the credentials file, so that no secret stands on the screen. */
const fromFile = (file: string, expression: string): string => `"$(node -p 'const c=require(${JSON.stringify(file).replaceAll("'", '')});${expression}')"`;

function commands(welcome: Welcome, file: string): readonly string[] {
  const statement = {
    actor: demoActor(welcome.visitor),
    verb: { id: VERBS.passed },
    object: { id: DEMO_MODULES[0]?.test.iri },
    result: { score: { scaled: 0.92 }, success: true },
  };
  const visitor = DEMO_LEARNERS[welcome.visitor] ?? '';
  const query = '{ learners(first: 100) { nodes { name progress { competency { code } current currentLabel target gap why } } } }';
  return [
    `A statement in (answers with its id): ${visitor} passes a test.`,
    '',
    `curl -sS -X POST ${welcome.baseUrl}/xapi/statements -u ${fromFile(file, 'c.xapi.key+":"+c.xapi.secret')} -H 'Content-Type: application/json' -H 'X-Experience-API-Version: 1.0.3' -d '${JSON.stringify(statement)}'`,
    '',
    `Progress out (answers with {"data":{"learners":…}}); look for ${visitor}:`,
    '',
    `curl -sS ${welcome.baseUrl}/graphql -H "Authorization: Bearer ${fromFile(file, 'c.graphql.token').slice(1, -1)}" -H 'Content-Type: application/json' -d '${JSON.stringify({ query })}'`,
  ];
}

/** What a newcomer reads when the server is up. */
export function printWelcome(welcome: Welcome): string {
  const lines = ['', 'Mumpuni is ready.', '', `  GraphQL        ${welcome.baseUrl}/graphql`, `  xAPI endpoint  ${welcome.baseUrl}/xapi`];
  if (welcome.explorer) lines.push(`  Explorer       ${welcome.baseUrl}/explorer`);
  if (welcome.credentialsFile === null) {
    lines.push('', 'Make credentials with `npx mumpuni token create` and `npx mumpuni credential create`.');
    return lines.join('\n');
  }
  lines.push(`  Credentials    ${welcome.credentialsFile}`);
  if (welcome.demo)
    lines.push(
      `  Demo           ${DEMO_LEARNERS.length} invented learners of ${DEMO_HOME_PAGE}; \`npm run demo\` shows progress move`,
      '',
      ...commands(welcome, welcome.credentialsFile),
    );
  return lines.join('\n');
}
