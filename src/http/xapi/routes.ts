import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../../config/settings.ts';
import { encodeCursor } from '../../kernel/cursor.ts';
import { AppError, invalid } from '../../kernel/errors.ts';
import type { Access, XapiPrincipal } from '../../modules/access/index.ts';
import type { Sender, Statements } from '../../modules/lrs/index.ts';
import { SUPPORTED_VERSIONS, type XapiVersion } from '../../standards/xapi/index.ts';
import { refuseRoute } from '../errors.ts';
import { authenticate, forbidden, requestVersion, VERSION_HEADER } from './request.ts';
import { checkUrl, listQuery, moreLink, readParameters, STATEMENT_PARAMETERS, singleStatement, uuidParameter } from './statement-query.ts';

export interface XapiDependencies {
  readonly config: Config;
  readonly access: Access;
  readonly statements: Statements;
}

/** Where the xAPI endpoint is mounted. */
export const XAPI_PATH = '/xapi';

const senderOf = (principal: XapiPrincipal): Sender => ({
  credentialId: principal.credentialId,
  authority: principal.authority,
  authorityKey: principal.authorityKey,
  mayVoidOthers: principal.mayVoidOthers,
});

/** The body as sent. @throws AppError INVALID_INPUT for other media types, since their bytes would be stored unread. */
function jsonBody(request: FastifyRequest): Uint8Array {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    const message = `bodies are taken as they are, without Content-Encoding; found ${JSON.stringify(encoding)}`;
    throw new AppError('UNSUPPORTED_MEDIA', message, [{ path: '/headers/Content-Encoding', rule: 'RFC 9110 8.4 content-encoding', message }]);
  }
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw invalid(
      '/headers/Content-Type',
      'xAPI Communication 1.5 content-type',
      `statements are sent as application/json; found ${JSON.stringify(type ?? '')}`,
    );
  }
  return Buffer.isBuffer(request.body) ? request.body : new Uint8Array();
}

/** The Statement Resource and About. @see xAPI 1.0.3 Part Three, Communication 2.1 and 2.8 */
export function xapiRoutes(server: FastifyInstance, { config, access, statements }: XapiDependencies): void {
  const versions = new WeakMap<FastifyRequest, XapiVersion>();
  const principals = new WeakMap<FastifyRequest, XapiPrincipal>();

  // Bodies stay bytes: what was sent is what is stored.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: config.statementBodyLimitBytes }, (_request, body, done) => done(null, body));

  server.addHook('onRequest', async (request, reply) => {
    void reply.header(VERSION_HEADER, config.xapiDefaultVersion || SUPPORTED_VERSIONS[0]);
    checkUrl(request.url);
  });
  server.setNotFoundHandler(refuseRoute(server));

  server.get('/about', (request, reply) => {
    readParameters(request.query, []);
    void reply.send({ version: SUPPORTED_VERSIONS, extensions: {} });
  });

  server.register((guarded, _options, ready) => {
    guarded.addHook('onRequest', async (request, reply) => {
      versions.set(request, requestVersion(request, reply, config.xapiDefaultVersion));
      principals.set(request, await authenticate(request, reply, access));
    });
    const versionOf = (request: FastifyRequest): XapiVersion => versions.get(request) ?? SUPPORTED_VERSIONS[0];
    const principalOf = (request: FastifyRequest): XapiPrincipal => {
      const principal = principals.get(request);
      if (!principal) throw new AppError('UNAUTHENTICATED', 'credentials are missing');
      return principal;
    };

    guarded.put('/statements', async (request, reply) => {
      const principal = principalOf(request);
      if (!principal.mayWrite) throw forbidden('write statements', 'statements/write');
      const expectedId = uuidParameter(readParameters(request.query, ['statementId']), 'statementId');
      if (expectedId === undefined) throw invalid('/query/statementId', 'xAPI Communication 2.1.1 statementId', 'PUT needs the parameter statementId');
      await statements.store({ bytes: jsonBody(request), version: versionOf(request), sender: senderOf(principal), expectedId });
      return reply.code(204).send();
    });

    guarded.post('/statements', async (request, reply) => {
      const principal = principalOf(request);
      if (!principal.mayWrite) throw forbidden('write statements', 'statements/write');
      readParameters(request.query, []);
      return reply.code(200).send(await statements.store({ bytes: jsonBody(request), version: versionOf(request), sender: senderOf(principal) }));
    });

    guarded.get('/statements', async (request, reply) => {
      const principal = principalOf(request);
      if (!principal.mayReadAll && !principal.mayReadMine) throw forbidden('read statements', 'statements/read/mine');
      void reply.header('X-Experience-API-Consistent-Through', await statements.consistentThrough());
      const mine = principal.mayReadAll ? null : principal.authorityKey;
      const parameters = readParameters(request.query, STATEMENT_PARAMETERS);
      const single = singleStatement(parameters);
      void reply.type('application/json; charset=utf-8');
      return single ? sendOne(reply, await statements.find(single.id, single.voided, mine), single) : sendList(reply, parameters, versionOf(request), mine);
    });

    async function sendList(
      reply: FastifyReply,
      parameters: ReturnType<typeof readParameters>,
      version: XapiVersion,
      mine: string | null,
    ): Promise<FastifyReply> {
      const page = await statements.list(listQuery(parameters, version, config.statementPageSize, mine));
      const more = page.next ? moreLink(`${XAPI_PATH}/statements`, parameters, encodeCursor(page.next)) : '';
      return reply.send(`{"statements":[${page.statements.map(({ text }) => text).join(',')}],"more":${JSON.stringify(more)}}`);
    }
    ready();
  });
}

function sendOne(reply: FastifyReply, found: Awaited<ReturnType<Statements['find']>>, { id, voided }: { id: string; voided: boolean }): FastifyReply {
  if (!found)
    throw new AppError('NOT_FOUND', `no statement ${id} is here to see`, [
      {
        path: voided ? '/query/voidedStatementId' : '/query/statementId',
        rule: 'xAPI Communication 2.1.3 not-found',
        message: voided ? 'no such statement, or it is not voided' : 'no such statement, or it is voided',
      },
    ]);
  return reply.header('Last-Modified', new Date(found.stored).toUTCString()).send(found.text);
}
