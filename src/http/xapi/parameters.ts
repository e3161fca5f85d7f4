import { isStorableInstant } from '../../kernel/checks.ts';
import { AppError, invalid } from '../../kernel/errors.ts';
import { isUuid } from '../../kernel/ids.ts';
import { JsonTextError, scanJson } from '../../kernel/json-text.ts';
import { actorKey } from '../../modules/lrs/index.ts';
import { instantOf, isIri, isObject, isTimestamp, type JsonObject, validateAgent, type XapiVersion } from '../../standards/xapi/index.ts';
import type { Parameters } from './call.ts';

/** A UUID parameter in lower case. */
export function uuidParameter(parameters: Parameters, name: string, section: string): string | undefined {
  const value = parameters.get(name);
  if (value !== undefined && !isUuid(value)) throw invalid(`/query/${name}`, `${section} ${name}`, `${name} must be a UUID; found ${JSON.stringify(value)}`);
  return value?.toLowerCase();
}

export function flagParameter(parameters: Parameters, name: string, section: string): boolean {
  const value = parameters.get(name) ?? 'false';
  if (value !== 'true' && value !== 'false')
    throw invalid(`/query/${name}`, `${section} ${name}`, `${name} must be true or false; found ${JSON.stringify(value)}`);
  return value === 'true';
}

/** An instant as PostgreSQL reads it, in UTC with the sender's own fraction: a poller must not lose microseconds. */
export function timestampParameter(parameters: Parameters, name: string, section: string): string | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (!isTimestamp(value)) throw invalid(`/query/${name}`, `${section} ${name}`, `${name} must be an RFC 3339 timestamp; found ${JSON.stringify(value)}`);
  const instant = instantOf(value);
  if (!isStorableInstant(instant)) throw invalid(`/query/${name}`, `${section} ${name}`, `${name} must lie between the years 1 and 9999`);
  const fraction = /\.(\d+)/.exec(value)?.[1] ?? '0';
  return `${instant.toISOString().slice(0, 19)}.${fraction.slice(0, 6)}Z`;
}

export function iriParameter(parameters: Parameters, name: string, section: string): string | undefined {
  const value = parameters.get(name);
  if (value !== undefined && !isIri(value))
    throw invalid(`/query/${name}`, `${section} ${name}`, `${name} must be an absolute IRI; found ${JSON.stringify(value)}`);
  return value;
}

const AGENT_LIMITS = { maxDepth: 10, maxTokens: 10_000 };

/** The parameter `agent`: an Agent or Group as JSON, with the key statements know it by. */
export function agentParameter(parameters: Parameters, section: string, version: XapiVersion): { agent: JsonObject; key: string } | undefined {
  const value = parameters.get('agent');
  if (value === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
    scanJson(value, AGENT_LIMITS);
  } catch (error) {
    const reason = error instanceof JsonTextError ? `: ${error.message}` : '';
    throw invalid('/query/agent', `${section} agent`, `agent must be an Agent or Group as JSON${reason}`);
  }
  const violations = validateAgent(parsed, version).map((violation) => ({ ...violation, path: `/query/agent${violation.path}` }));
  if (violations.length > 0 || !isObject(parsed)) throw new AppError('INVALID_INPUT', `agent: ${violations[0]?.message}`, violations);
  return { agent: parsed, key: actorKey(parsed) };
}
