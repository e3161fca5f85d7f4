import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Access } from '../../modules/access/index.ts';
import type { CaseLibrary } from '../../modules/competency/index.ts';
import { isCaseUuid } from '../../standards/case/index.ts';
import { viewerOf } from '../bearer.ts';
import { errorFields, refusalOf } from '../errors.ts';
import { readDocumentQuery } from './document-query.ts';

export const CASE_PATH = '/ims/case/v1p1';

export interface CaseRoutes {
  readonly access: Access;
  readonly library: CaseLibrary;
  /** Whether published frameworks may be read without a token. */
  readonly isPublic: boolean;
}

const MINOR_CODES: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'unauthorised_request',
  FORBIDDEN: 'forbidden',
  NOT_FOUND: 'unknownobject',
  UNAVAILABLE: 'server_busy',
};

/** The body of every refusal of the binding. @see CASE 1.1, imsx_StatusInfo */
function statusInfo(error: AppError, minor?: string): JsonObject {
  const [violation] = error.violations;
  const value = minor ?? (violation?.rule.startsWith('invalid_') === true ? violation.rule : (MINOR_CODES[error.code] ?? 'invalid_selection_field'));
  return {
    imsx_codeMajor: 'failure',
    imsx_severity: 'error',
    imsx_description: error.message,
    imsx_codeMinor: { imsx_codeMinorField: [{ imsx_codeMinorFieldName: 'mumpuni', imsx_codeMinorFieldValue: value }] },
  };
}

function refuse(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = refusalOf(error);
  if (!refusal) {
    request.log.error({ err: errorFields(error) }, 'request failed');
    void reply.code(500).send(statusInfo(new AppError('UNAVAILABLE', 'the server failed'), 'internal_server_error'));
    return;
  }
  if (refusal.code === 'UNAVAILABLE') void reply.header('Retry-After', '1');
  void reply.code(refusal.status).send(statusInfo(refusal));
}

function identifierOf(request: FastifyRequest): string {
  const identifier = String((request.params as { id?: string }).id).toLowerCase();
  const message = 'a CASE identifier is a UUID of version 1 to 5';
  if (!isCaseUuid(identifier)) throw new AppError('NOT_FOUND', message, [{ path: '/path/id', rule: 'invalid_uuid', message }]);
  return identifier;
}

/** The twelve read endpoints of the CASE 1.1 REST binding, over what is published. */
export function caseRoutes(server: FastifyInstance, { access, library, isPublic }: CaseRoutes): void {
  server.setErrorHandler(refuse);
  server.addHook('onRequest', async (request, reply) => {
    if (isPublic) return;
    await viewerOf(request, reply, access, 'CASE');
  });

  const one = (path: string, find: (identifier: string) => Promise<JsonObject | null>): void => {
    server.get(`/${path}/:id`, async (request) => {
      const identifier = identifierOf(request);
      const found = await find(identifier);
      if (!found) throw new AppError('NOT_FOUND', `nothing published in ${path} bears the identifier ${identifier}`);
      return found;
    });
  };

  server.get('/CFDocuments', async (request, reply) => {
    const given = request.query as Record<string, string | string[] | undefined>;
    const query = Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value].flat().at(-1) ?? '']])));
    const { limit, offset, arrange, select } = readDocumentQuery(query);
    const all = arrange(await library.documents());
    const last = Math.max(0, Math.floor((all.length - 1) / limit) * limit);
    const link = (rel: string, start: number): string => {
      const parameters = new URLSearchParams({ ...query, limit: String(limit), offset: String(start) });
      return `<${request.url.split('?')[0]}?${parameters.toString()}>; rel="${rel}"`;
    };
    void reply
      .header('X-Total-Count', String(all.length))
      .header(
        'Link',
        [
          ...(offset + limit < all.length ? [link('next', offset + limit)] : []),
          ...(offset > 0 ? [link('prev', Math.max(0, offset - limit))] : []),
          link('first', 0),
          link('last', last),
        ].join(', '),
      );
    return { CFDocuments: all.slice(offset, offset + limit).map(select) };
  });
  one('CFDocuments', library.document);
  one('CFPackages', (identifier) => library.package(identifier));
  one('CFItems', library.item);
  one('CFItemAssociations', library.itemAssociations);
  one('CFAssociations', library.association);
  one('CFAssociationGroupings', (identifier) => library.definition('CFAssociationGroupings', identifier));
  one('CFConcepts', (identifier) => library.definitionSet('CFConcepts', identifier));
  one('CFItemTypes', (identifier) => library.definitionSet('CFItemTypes', identifier));
  one('CFLicenses', (identifier) => library.definition('CFLicenses', identifier));
  one('CFRubrics', library.rubric);
  one('CFSubjects', (identifier) => library.definitionSet('CFSubjects', identifier));
}
