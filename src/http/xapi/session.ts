import { randomUUID } from 'node:crypto';
import { invalid } from '../../kernel/errors.ts';
import { isObject } from '../../kernel/json.ts';
import { type DocumentRequest, isSessionPrincipal, type SessionDoor } from '../../modules/launch/index.ts';
import type { StoreRequest } from '../../modules/lrs/index.ts';
import type { XapiCall } from './call.ts';
import { forbidden } from './request.ts';

const DOCUMENTS: { readonly [name: string]: DocumentRequest['resource'] | undefined } = {
  'activities/state': 'state',
  'activities/profile': 'activity-profile',
  'agents/profile': 'agent-profile',
};

const parameterOf = ({ query }: XapiCall, name: string): string | undefined => query.find(([key]) => key === name)?.[1];

/** A JSON parameter; what is none is refused where the resource reads it. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * A call of launched content, kept within its session: documents of its learner and activity, statements of its
 * registration. Other callers' calls are as they were; the launch data of our own launches is not for them.
 * @throws AppError FORBIDDEN when it reaches for more.
 */
export async function inSession(door: SessionDoor, name: string, call: XapiCall): Promise<XapiCall> {
  const { principal, method } = call;
  if (!isSessionPrincipal(principal)) {
    if (name === 'activities/state' && method === 'GET') await door.checkLaunchData(parameterOf(call, 'stateId'), parameterOf(call, 'registration'));
    return call;
  }
  const resource = DOCUMENTS[name];
  if (resource !== undefined) {
    await door.checkDocument(principal, {
      resource,
      method,
      activityId: parameterOf(call, 'activityId'),
      agent: parsed(parameterOf(call, 'agent')),
      registration: parameterOf(call, 'registration'),
      documentId: parameterOf(call, resource === 'state' ? 'stateId' : 'profileId'),
      body: call.body,
    });
    return call;
  }
  if (name === 'agents') {
    door.ownStatements(principal, parsed(parameterOf(call, 'agent')) ?? null, undefined);
    return call;
  }
  if (name === 'activities' && parameterOf(call, 'activityId') !== principal.facts.terms.activityId)
    throw forbidden('read other activities', 'statements/read');
  const isList =
    name === 'statements' && method === 'GET' && parameterOf(call, 'statementId') === undefined && parameterOf(call, 'voidedStatementId') === undefined;
  if (!isList) return call;
  const own = door.ownStatements(principal, parsed(parameterOf(call, 'agent')), parameterOf(call, 'registration'));
  const others = call.query.filter(([key]) => key !== 'agent' && key !== 'registration');
  return { ...call, query: [...others, ['agent', own.agent], ['registration', own.registration]] };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What is judged must be what is stored: bytes that we read otherwise than the store does are not passed on. */
function strictly(bytes: Uint8Array): object {
  let body: unknown = null;
  try {
    body = JSON.parse(utf8.decode(bytes));
  } catch {
    // Named below.
  }
  if (typeof body !== 'object' || body === null) throw invalid('', 'RFC 8259 json', 'the body must be a statement or an array of statements, as JSON in UTF-8');
  return body;
}

/** Stores what content of a session says, if the rules of its session let it; other callers' statements are stored. */
export async function admitStatements(
  door: SessionDoor,
  { principal }: XapiCall,
  request: StoreRequest,
  store: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (!isSessionPrincipal(principal)) return store();
  const { bytes, expectedId } = request;
  const body = strictly(bytes);
  const list: readonly unknown[] = Array.isArray(body) ? body : [expectedId === undefined ? body : { id: expectedId, ...body }];
  const idOf = (one: unknown): string => (isObject(one) && typeof one['id'] === 'string' ? one['id'] : randomUUID());
  return door.store(principal, list, request, () => list.map(idOf));
}
