import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../../config/settings.ts';
import { AppError, invalid } from '../../kernel/errors.ts';
import type { Access, XapiPrincipal } from '../../modules/access/index.ts';
import { isSessionPrincipal, type SessionDoor } from '../../modules/launch/index.ts';
import type { Documents, Statements } from '../../modules/lrs/index.ts';
import { SUPPORTED_VERSIONS, type XapiVersion } from '../../standards/xapi/index.ts';
import { perMinute } from '../rate-limit.ts';
import { isAlternate, readAlternate } from './alternate.ts';
import { mediaType, type Resource, readParameters, type XapiAnswer, type XapiCall, type XapiMethod } from './call.ts';
import { activityResource, agentResource } from './described.ts';
import { documentResources } from './documents.ts';
import { authenticate, requestVersion, VERSION_HEADER } from './request.ts';
import { admitStatements, inSession } from './session.ts';
import { statementResource } from './statements.ts';

export interface XapiDependencies {
  readonly config: Config;
  readonly access: Access;
  readonly door: SessionDoor;
  readonly statements: Statements;
  readonly documents: Documents;
}

/** Where the xAPI endpoint is mounted. */
export const XAPI_PATH = '/xapi';

const ABOUT = 'about';
const CONSISTENT_THROUGH = 'X-Experience-API-Consistent-Through';

/**
 * What is answered came from content: a browser that opens it must not run it, nor tell others where it was. It is about
 * persons, and content that goes on from a state wants the latest: nobody keeps a copy.
 */
const UNTRUSTED = {
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
};

/** Headers content in a browser may send and read; credentials go in a header, never in a cookie. */
const CORS = {
  origin: '*',
  methods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
  allowedHeaders: ['Authorization', 'Content-Type', 'If-Match', 'If-None-Match', 'Accept', 'Accept-Language', VERSION_HEADER, 'X-Experience-API-Hash'],
  exposedHeaders: ['ETag', 'Last-Modified', 'Location', 'Content-Length', VERSION_HEADER, CONSISTENT_THROUGH, 'Retry-After'],
  maxAge: 86_400,
};

/** The name of the resource in a path; doubled slashes, which real content sends, count as one. */
const resourceName = (path: string): string => path.split('/').filter(Boolean).join('/');

/** Whether a POST or PUT at this address names its sender in its body only, or has none. */
export function isUnsignedCall(url: string): boolean {
  const [path = '', query] = url.split('?', 2);
  return resourceName(path.slice(XAPI_PATH.length)) === ABOUT || (query !== undefined && new URLSearchParams(query).has('method'));
}

function parseQuery(url: string): readonly (readonly [string, string])[] {
  const mark = url.indexOf('?');
  const text = mark === -1 ? '' : url.slice(mark + 1);
  try {
    decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalid('/query', 'RFC 3986 2.5 utf-8', 'the query string holds percent-encoded bytes that are not UTF-8');
  }
  return [...new URLSearchParams(text)];
}

function checkEncoding(header: XapiCall['header']): void {
  const encoding = header('content-encoding');
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return;
  const message = `bodies are taken as they are, without Content-Encoding; found ${JSON.stringify(encoding)}`;
  throw new AppError('UNSUPPORTED_MEDIA', message, [{ path: '/headers/Content-Encoding', rule: 'RFC 9110 8.4 content-encoding', message }]);
}

const headersOf =
  (request: FastifyRequest): XapiCall['header'] =>
  (name) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };

/** What is known of a request before its body is read. */
interface Opened {
  readonly query: readonly (readonly [string, string])[];
  readonly principal: XapiPrincipal | null;
}

/** Every xAPI resource, in both versions on one endpoint. @see xAPI 1.0.3 Part Three; IEEE 9274.1.1 */
export async function xapiRoutes(server: FastifyInstance, { config, access, door, statements, documents }: XapiDependencies): Promise<void> {
  const resources: { readonly [name: string]: Resource } = {
    statements: statementResource({
      statements,
      pages: { pageSize: config.statementPageSize, pageLimit: config.statementPageLimit },
      bodyLimitBytes: config.statementBodyLimitBytes,
      path: `${XAPI_PATH}/statements`,
      admit: (call, request, store) => admitStatements(door, call, request, store),
      mayShow: ({ principal }, text) => !isSessionPrincipal(principal) || door.isOwn(principal, JSON.parse(text)),
    }),
    activities: activityResource(statements),
    agents: agentResource(statements),
    ...documentResources(documents, config.documentBodyLimitBytes),
  };
  const opened = new WeakMap<FastifyRequest, Opened>();

  // Bodies stay bytes: what was sent is what is stored.
  server.removeAllContentTypeParsers();
  const bytes = { parseAs: 'buffer', bodyLimit: Math.max(config.statementBodyLimitBytes, config.documentBodyLimitBytes) } as const;
  server.addContentTypeParser('*', bytes, (_request, body, done) => done(null, body));
  server.addContentTypeParser('multipart/mixed', { ...bytes, bodyLimit: config.attachmentBodyLimitBytes }, (_request, body, done) => done(null, body));
  await server.register(cors, CORS);
  await server.register(rateLimit, {
    ...perMinute(config.xapiRateLimit, 'a credential'),
    hook: 'preHandler',
    keyGenerator: (request) => limitedBy(opened.get(request)?.principal) ?? request.ip,
  });

  server.addHook('onRequest', async (request, reply) => {
    void reply.header(VERSION_HEADER, config.xapiHeaderlessVersion).headers(UNTRUSTED);
    const name = resourceOf(request);
    // Every answer of the statement resource tells it (Communication 2.1.3); lists say it anew.
    if (name === 'statements') void reply.header(CONSISTENT_THROUGH, await statements.consistentThroughLately());
    const query = parseQuery(request.url);
    // Credentials of the alternate syntax are in the body; everyone else is known before the body is read.
    if (name === ABOUT || isAlternate(request.method, query)) {
      // Attachments may be large; whose they are must be known first.
      if (mediaType({ header: headersOf(request) }) === 'multipart/mixed')
        throw invalid('/headers/Content-Type', 'xAPI Communication 1.3 alternate-request', 'the alternate request syntax is a form');
      opened.set(request, { query, principal: null });
      return;
    }
    const header = headersOf(request);
    setVersion(reply, requestVersion(header('x-experience-api-version')));
    opened.set(request, { query, principal: await enter(header, reply) });
  });

  function resourceOf(request: FastifyRequest): string {
    const name = resourceName((request.params as { readonly '*'?: string })['*'] ?? '');
    if (name !== ABOUT && !Object.hasOwn(resources, name)) throw new AppError('NOT_FOUND', `there is no xAPI resource ${JSON.stringify(name)}`);
    return name;
  }

  const setVersion = (reply: FastifyReply, version: XapiVersion): XapiVersion => {
    void reply.header(VERSION_HEADER, version);
    return version;
  };

  async function enter(header: XapiCall['header'], reply: FastifyReply): Promise<XapiPrincipal> {
    try {
      return await authenticate(header('authorization'), access, door);
    } catch (error) {
      // A browser would answer the challenge with a login prompt, over content that brings its own credentials.
      if (header('origin') === undefined) void reply.header('WWW-Authenticate', 'Basic realm="xAPI", charset="UTF-8"');
      throw error;
    }
  }

  /** The call a request makes, in whichever syntax. */
  async function callOf(request: FastifyRequest, reply: FastifyReply): Promise<XapiCall & { readonly isHead: boolean }> {
    const { query, principal } = opened.get(request) ?? { query: [], principal: null };
    const body = Buffer.isBuffer(request.body) ? request.body : new Uint8Array();
    const outer = headersOf(request);
    checkEncoding(outer);
    const always = new Map<string, string>();
    if (principal) {
      const version = requestVersion(outer('x-experience-api-version'));
      return {
        method: (request.method === 'HEAD' ? 'GET' : request.method) as XapiMethod,
        version,
        principal,
        query,
        header: outer,
        body,
        always,
        isHead: false,
      };
    }
    const inner = readAlternate(query, body, outer);
    const version = setVersion(reply, requestVersion(inner.header('x-experience-api-version')));
    if (version === '2.0.0') throw invalid('/query/method', 'IEEE 9274.1.1 no-alternate-request', 'xAPI 2.0 has no alternate request syntax');
    return { ...inner, version, principal: await enter(inner.header, reply), always };
  }

  server.route({
    method: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH'],
    url: '/*',
    handler: async (request, reply) => {
      const name = resourceOf(request);
      if (name === ABOUT) return about(request, reply);
      const call = await callOf(request, reply);
      const handler = resources[name]?.[call.method];
      if (!handler) throw notAllowed(reply, name, Object.keys(resources[name] ?? {}), request.method);
      const answer = await handler(await inSession(door, name, call)).finally(() => {
        for (const [header, value] of call.always) void reply.header(header, value);
      });
      return send(reply, call.isHead ? { ...answer, body: '' } : answer);
    },
  });

  function about(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw notAllowed(reply, ABOUT, ['GET'], request.method);
    readParameters({ query: opened.get(request)?.query ?? [] }, []);
    return reply.type('application/json; charset=utf-8').send({ version: SUPPORTED_VERSIONS, extensions: {} });
  }
}

/** Whose requests are counted together: those of a session of content are its own. */
const limitedBy = (principal: XapiPrincipal | null | undefined): string | undefined =>
  principal && isSessionPrincipal(principal) ? principal.sessionId : principal?.credentialId;

function notAllowed(reply: FastifyReply, name: string, methods: readonly string[], method: string): AppError {
  const allowed = methods.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one])).join(', ');
  void reply.header('Allow', allowed);
  return new AppError('METHOD_NOT_ALLOWED', `${name} takes ${allowed}; not ${method}`);
}

function send(reply: FastifyReply, { status, headers, body }: XapiAnswer): FastifyReply {
  void reply.code(status).headers(headers ?? {});
  return body === undefined ? reply.send() : reply.send(body instanceof Uint8Array ? Buffer.from(body) : body);
}
