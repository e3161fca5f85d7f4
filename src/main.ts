#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { fileFault, isFileError } from './commands/file-error.ts';

const HELP = `Usage: mumpuni <command>

  serve                      run the server (what npm start does)
  migrate                    bring the database schema up to date
  demo                       send statements to the running server and show progress move
  validate FILE [--xapi 2.0.0]
                             check xAPI statements; prints each violation with its JSON pointer
  framework import FILE [--kind TECHNICAL] [--rollup NONE] [--publish] [--dry-run]
                             import a CASE 1.0 or 1.1 package; with --format CSV or DIGCOMP and
                             --title TEXT --creator TEXT [--identifier UUID] [--version TEXT] [--language TAG]
                             a table or DigComp as JSON-LD; the identifier says of which framework it is a version
  framework export ID FILE [--format CSV]
                             write a framework version, named by its id in GraphQL, as CASE 1.1 or as a table
  token create --role ADMIN|PARTNER|VENDOR|LEARNER --label TEXT [--partner ID] [--learner ID]
                             make a bearer token for GraphQL; printed once. ID as in GraphQL
  credential create --label TEXT --home-page IRI --name NAME [--scope SCOPE]... [--partner ID]
                             make an xAPI credential; printed once
  credential list            list xAPI credentials, without their secrets
  credential rotate ID [--grace-hours 24]
                             give a credential a new secret; printed once
  credential revoke ID       end a credential; no process accepts it after a few seconds
  content import FILE [--package ID] [--partner ID]
                             import a SCORM, cmi5 or Tin Can package, or a cmi5.xml; with --package as its next version
  content export ID FILE     write a registration, named by its id in GraphQL: version, units, launches, attempts with
                             all that was saved in them, as JSON
  statements export FILE     write all statements as JSON lines, attachments beside; goes on where it was
  statements import FILE     store statements from JSON lines; goes on where it was
  person export FILE --learner ID
                             write everything about a learner, for their own copy
  progress verify            compare all levels with a full fold of the statements; prints what differs
  progress retry             look again at statements that could not be projected
  progress rebuild           make all levels anew from the statements; goes on where it was
  attachments collect        delete attachments that no statement names, and files that no package has
  help                       show this

Settings are environment variables: see docs/configuration.md.
`;

/** A mistake on the command line. */
class UsageError extends Error {}

const options = {
  xapi: { type: 'string', default: '1.0.3' },
  kind: { type: 'string', default: 'EXTERNAL' },
  rollup: { type: 'string', default: 'NONE' },
  format: { type: 'string', default: 'CASE' },
  title: { type: 'string' },
  creator: { type: 'string' },
  language: { type: 'string' },
  identifier: { type: 'string' },
  version: { type: 'string' },
  publish: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  role: { type: 'string' },
  label: { type: 'string' },
  package: { type: 'string' },
  partner: { type: 'string' },
  learner: { type: 'string' },
  'home-page': { type: 'string' },
  name: { type: 'string' },
  scope: { type: 'string', multiple: true },
  'grace-hours': { type: 'string', default: '24' },
} as const;

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function choose<T extends string>(value: string | undefined, name: string, allowed: readonly T[]): T {
  const match = allowed.find((candidate) => candidate === value);
  if (!match) throw new UsageError(`--${name} must be one of ${allowed.join(', ')}`);
  return match;
}

function need(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw new UsageError(`${name} is missing`);
  return value;
}

// Each command loads only what it needs: `validate` runs anywhere, without a database.
const loadConfig = async () => (await import('./config/settings.ts')).readConfig(process.env);

async function createToken(values: Values): Promise<void> {
  const { createToken: create } = await import('./commands/administer.ts');
  const { ROLES } = await import('./modules/access/index.ts');
  await create(await loadConfig(), {
    label: need(values.label, '--label'),
    role: choose(values.role, 'role', ROLES),
    partnerId: values.partner,
    learnerId: values.learner,
  });
}

async function createCredential(values: Values): Promise<void> {
  const { createCredential: create } = await import('./commands/administer.ts');
  const { XAPI_SCOPES } = await import('./modules/access/index.ts');
  const scopes = (values.scope ?? ['statements/write', 'statements/read/mine']).map((scope) => choose(scope, 'scope', XAPI_SCOPES));
  const authority = { homePage: need(values['home-page'], '--home-page'), name: need(values.name, '--name') };
  await create(await loadConfig(), { label: need(values.label, '--label'), scopes, authority, partnerId: values.partner });
}

async function importFramework(file: string, values: Values): Promise<number> {
  const { importFrameworkFile } = await import('./commands/administer.ts');
  const { FRAMEWORK_KINDS, IMPORT_FORMATS, ROLLUP_KINDS } = await import('./modules/competency/index.ts');
  const format = choose(values.format, 'format', IMPORT_FORMATS);
  const request = {
    format,
    document:
      format === 'CASE'
        ? null
        : {
            title: need(values.title, '--title'),
            creator: need(values.creator, '--creator'),
            language: values.language ?? null,
            identifier: values.identifier ?? null,
            version: values.version ?? null,
          },
    kind: choose(values.kind, 'kind', FRAMEWORK_KINDS),
    defaultRollup: choose(values.rollup, 'rollup', ROLLUP_KINDS),
    publish: values.publish,
    dryRun: values['dry-run'],
  };
  return importFrameworkFile(await loadConfig(), file, request);
}

/** Commands of two words. */
const GROUPS = new Set(['token', 'credential', 'framework', 'statements', 'attachments', 'person', 'progress', 'content']);

async function runCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args);
  const [command = 'serve', second, third, fourth] = positionals;
  switch (GROUPS.has(command) ? `${command} ${second}` : command) {
    case 'serve':
      await (await import('./commands/serve.ts')).serve(await loadConfig());
      return 0;
    case 'serve-worker':
      await (await import('./commands/serve.ts')).serveAsWorker(await loadConfig());
      return 0;
    case 'migrate':
      await (await import('./commands/administer.ts')).runMigrations(await loadConfig());
      return 0;
    case 'demo':
      await (await import('./commands/demo.ts')).demo(await loadConfig());
      return 0;
    case 'validate':
      return (await import('./commands/validate.ts')).validate(need(second, 'FILE'), choose(values.xapi, 'xapi', ['1.0.3', '2.0.0']));
    case 'framework import':
      return importFramework(need(third, 'FILE'), values);
    case 'framework export': {
      const { exportFrameworkFile } = await import('./commands/administer.ts');
      await exportFrameworkFile(await loadConfig(), need(third, 'ID'), need(fourth, 'FILE'), choose(values.format, 'format', ['CASE', 'CSV']));
      return 0;
    }
    case 'token create':
      await createToken(values);
      return 0;
    case 'credential create':
      await createCredential(values);
      return 0;
    case 'credential list':
      await (await import('./commands/administer.ts')).listCredentials(await loadConfig());
      return 0;
    case 'credential rotate':
      await (await import('./commands/administer.ts')).rotateCredential(await loadConfig(), need(third, 'ID'), Number(values['grace-hours']));
      return 0;
    case 'credential revoke':
      await (await import('./commands/administer.ts')).revokeCredential(await loadConfig(), need(third, 'ID'));
      return 0;
    case 'content import':
      return (await import('./commands/administer.ts')).importContentFile(await loadConfig(), need(third, 'FILE'), {
        packageId: values.package,
        partnerId: values.partner,
      });
    case 'content export':
      await (await import('./commands/registration.ts')).exportRegistration(await loadConfig(), need(third, 'ID'), need(fourth, 'FILE'));
      return 0;
    case 'statements export':
      await (await import('./commands/bulk.ts')).exportStatements(await loadConfig(), need(third, 'FILE'));
      return 0;
    case 'statements import':
      return (await import('./commands/bulk.ts')).importStatements(await loadConfig(), need(third, 'FILE'));
    case 'person export':
      await (await import('./commands/person.ts')).exportPerson(await loadConfig(), need(values.learner, '--learner'), need(third, 'FILE'));
      return 0;
    case 'progress verify':
      return (await import('./commands/progress.ts')).verifyProgress(await loadConfig());
    case 'progress retry':
      await (await import('./commands/progress.ts')).retryProgress(await loadConfig());
      return 0;
    case 'progress rebuild':
      await (await import('./commands/progress.ts')).rebuildProgress(await loadConfig());
      return 0;
    case 'attachments collect':
      await (await import('./commands/bulk.ts')).collectAttachments(await loadConfig());
      return 0;
    case 'help':
      process.stdout.write(HELP);
      return 0;
    default:
      throw new UsageError(`there is no command ${positionals.join(' ')}`);
  }
}

/** Errors whose message is meant for the user; anything else is a fault and keeps its stack. */
const FOR_USERS = new Set(['StartError', 'ConfigError', 'AppError', 'DataFolderInUseError', 'UsageError']);

// Exits by itself: a connection that outlived the grace period must not keep the process.
process.exit(await exitCode());

async function exitCode(): Promise<number> {
  try {
    return await runCommand(process.argv.slice(2));
  } catch (error) {
    if (isFileError(error)) {
      process.stderr.write(`${fileFault(error.path, error)}\n`);
      return 1;
    }
    const name = error instanceof Error ? error.constructor.name : '';
    if (!(error instanceof Error) || !FOR_USERS.has(name)) throw error;
    process.stderr.write(`${error.message}\n${name === 'UsageError' ? `\n${HELP}` : ''}`);
    return name === 'UsageError' ? 2 : 1;
  }
}
