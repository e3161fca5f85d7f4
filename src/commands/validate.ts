import { readFile } from 'node:fs/promises';
import { JsonTextError, scanJson } from '../kernel/json-text.ts';
import { type Violation, validateStatements, type XapiVersion } from '../standards/xapi/index.ts';
import { fileFault } from './file-error.ts';
import { say } from './say.ts';

function check(text: string, version: XapiVersion): readonly Violation[] {
  try {
    scanJson(text, { maxDepth: 64, maxTokens: 10_000_000 });
    return validateStatements(JSON.parse(text), version);
  } catch (error) {
    if (error instanceof JsonTextError) return [{ path: '', rule: 'json-text', message: `${error.message} (at character ${error.offset})` }];
    return [{ path: '', rule: 'RFC 8259 json', message: (error as Error).message }];
  }
}

/** Checks a file of one statement or an array of them. @returns the exit code: 0 when it conforms, 1 when not, 2 when it cannot be read. */
export async function validate(file: string, version: XapiVersion): Promise<number> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    process.stderr.write(`${fileFault(file, error)}\n`);
    return null;
  });
  if (!bytes) return 2;
  const violations = check(bytes.toString('utf8'), version);
  for (const { path, rule, message } of violations) say(`${path || '(whole)'}\t${rule}\t${message}`);
  say(violations.length === 0 ? `${file} conforms to xAPI ${version}.` : `${violations.length} violation(s) of xAPI ${version}.`);
  return violations.length === 0 ? 0 : 1;
}
