import { hash } from 'node:crypto';
import { isStorableText } from '../../kernel/checks.ts';
import { AppError, invalid } from '../../kernel/errors.ts';
import { activityKey, type Document, type DocumentAddress, type DocumentResource, type DocumentScope, type Documents } from '../../modules/lrs/index.ts';
import { type Handler, isSendableType, limitBody, need, type Parameters, type Resource, readParameters, type XapiCall } from './call.ts';
import { agentParameter, iriParameter, timestampParameter, uuidParameter } from './parameters.ts';
import { forbidden } from './request.ts';

/** What tells one document resource from another (Communication 2.3, 2.6, 2.7). */
interface Kind {
  readonly resource: DocumentResource;
  readonly section: string;
  /** The parameter that names one document. */
  readonly id: 'stateId' | 'profileId';
  readonly hasActivity: boolean;
  readonly hasAgent: boolean;
  readonly mayRead: (call: XapiCall) => boolean;
  readonly mayWrite: (call: XapiCall) => boolean;
}

const profile = {
  id: 'profileId',
  mayRead: (call: XapiCall) => call.principal.mayReadProfiles,
  mayWrite: (call: XapiCall) => call.principal.mayWriteProfiles,
} as const;

const KINDS: { readonly [path: string]: Kind } = {
  'activities/state': {
    resource: 'state',
    section: 'xAPI Communication 2.3',
    id: 'stateId',
    hasActivity: true,
    hasAgent: true,
    mayRead: (call) => call.principal.mayReadState,
    mayWrite: (call) => call.principal.mayWriteState,
  },
  'activities/profile': { ...profile, resource: 'activity-profile', section: 'xAPI Communication 2.7', hasActivity: true, hasAgent: false },
  'agents/profile': { ...profile, resource: 'agent-profile', section: 'xAPI Communication 2.6', hasActivity: false, hasAgent: true },
};

function scopeOf(kind: Kind, parameters: Parameters, call: XapiCall): DocumentScope {
  const { section, hasActivity, hasAgent } = kind;
  if (hasActivity) need(parameters, 'activityId', section);
  if (hasAgent) need(parameters, 'agent', section);
  const activity = iriParameter(parameters, 'activityId', section);
  return {
    resource: kind.resource,
    activityKey: activity === undefined ? null : activityKey(activity),
    agentKey: agentParameter(parameters, section, call.version)?.key ?? null,
    registration: uuidParameter(parameters, 'registration', section) ?? null,
  };
}

function documentId(kind: Kind, parameters: Parameters): string | undefined {
  const value = parameters.get(kind.id);
  if (value !== undefined && (value === '' || !isStorableText(value)))
    throw invalid(`/query/${kind.id}`, `${kind.section} ${kind.id}`, `${kind.id} must be a text that is not empty, without NUL`);
  return value;
}

const preconditions = (call: XapiCall) => ({ ifMatch: call.header('if-match'), ifNoneMatch: call.header('if-none-match') });

/** The three resources that keep documents for content: State, Activity Profile, Agent Profile. */
export function documentResources(documents: Documents, limitBytes: number): { readonly [path: string]: Resource } {
  return Object.fromEntries(Object.entries(KINDS).map(([path, kind]) => [path, documentResource(documents, kind, limitBytes)]));
}

function documentResource(documents: Documents, kind: Kind, limitBytes: number): Resource {
  const names = [
    ...(kind.hasActivity ? ['activityId'] : []),
    ...(kind.hasAgent ? ['agent'] : []),
    ...(kind.resource === 'state' ? ['registration'] : []),
    kind.id,
  ];

  /** The address of one document. @throws AppError INVALID_INPUT when its id is missing. */
  function addressOf(call: XapiCall): DocumentAddress {
    const parameters = readParameters(call, names);
    need(parameters, kind.id, kind.section);
    return { ...scopeOf(kind, parameters, call), documentId: documentId(kind, parameters) ?? '' };
  }

  function toWrite(call: XapiCall): { address: DocumentAddress; document: Document } {
    if (!kind.mayWrite(call)) throw forbidden(`write ${kind.resource} documents`, kind.resource === 'state' ? 'state' : 'profile');
    limitBody(call.body, limitBytes);
    const contentType = call.header('content-type') ?? 'application/octet-stream';
    if (!isSendableType(contentType))
      throw invalid('/headers/Content-Type', `${kind.section} content-type`, 'Content-Type must be at most 256 ASCII characters');
    return { address: addressOf(call), document: { contentType, content: call.body } };
  }

  const get: Handler = async (call) => {
    if (!kind.mayRead(call)) throw forbidden(`read ${kind.resource} documents`, kind.resource === 'state' ? 'state' : 'profile');
    const parameters = readParameters(call, [...names, 'since']);
    const scope = scopeOf(kind, parameters, call);
    const id = documentId(kind, parameters);
    const since = timestampParameter(parameters, 'since', kind.section) ?? null;
    if (id === undefined) {
      const list = JSON.stringify(await documents.list(scope, since));
      return { status: 200, headers: { 'Content-Type': 'application/json', ETag: `"${hash('sha1', list, 'hex')}"` }, body: list };
    }
    if (since !== null) throw invalid('/query/since', `${kind.section} since`, `since lists documents; it cannot stand beside ${kind.id}`);
    const found = await documents.read({ ...scope, documentId: id });
    if (!found)
      throw new AppError('NOT_FOUND', 'there is no such document', [
        { path: `/query/${kind.id}`, rule: `${kind.section} not-found`, message: 'there is no such document' },
      ]);
    return {
      status: 200,
      headers: { 'Content-Type': found.contentType, ETag: `"${found.etag}"`, 'Last-Modified': found.updated.toUTCString() },
      body: found.content,
    };
  };

  return {
    GET: get,
    PUT: async (call) => {
      const { address, document } = toWrite(call);
      await documents.put(address, document, preconditions(call), call.version);
      return { status: 204 };
    },
    POST: async (call) => {
      const { address, document } = toWrite(call);
      await documents.post(address, document, preconditions(call));
      return { status: 204 };
    },
    DELETE: async (call) => {
      if (!kind.mayWrite(call)) throw forbidden(`delete ${kind.resource} documents`, kind.resource === 'state' ? 'state' : 'profile');
      const parameters = readParameters(call, names);
      if (kind.resource === 'state' && !parameters.has('stateId')) {
        await documents.deleteAll(scopeOf(kind, parameters, call));
        return { status: 204 };
      }
      await documents.delete(addressOf(call), preconditions(call));
      return { status: 204 };
    },
  };
}
