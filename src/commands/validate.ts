import { readFile } from 'node:fs/promises';
import { JsonTextError, scanJson } from '../kernel/json-text.ts';
import { type Violation, validateStatements, type XapiVersion } from '../standards/xapi/index.ts';

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
    process.stderr.write(`${file} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}\n`);
    return null;
  });
  if (!bytes) return 2;
  const violations = check(bytes.toString('utf8'), version);
  for (const { path, rule, message } of violations) process.stdout.write(`${path || '(whole)'}\t${rule}\t${message}\n`);
  process.stdout.write(violations.length === 0 ? `${file} conforms to xAPI ${version}.\n` : `${violations.length} violation(s) of xAPI ${version}.\n`);
  return violations.length === 0 ? 0 : 1;
}
