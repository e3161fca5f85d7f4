import { Readable } from 'node:stream';
import { encodeCursor } from '../../kernel/cursor.ts';
import { AppError, invalid, type Violation } from '../../kernel/errors.ts';
import { boundaryOf, type Part, readMultipart } from '../../kernel/multipart.ts';
import type { XapiPrincipal } from '../../modules/access/index.ts';
import { type AttachmentPart, type AttachmentParts, isDigestOf, type Sender, type Statements, type StoreRequest } from '../../modules/lrs/index.ts';
import { isSendableType, limitBody, mediaType, type Parameters, type Resource, readParameters, type XapiAnswer, type XapiCall } from './call.ts';
import { forbidden } from './request.ts';
import { listQuery, moreLink, type PageSizes, presentation, STATEMENT_PARAMETERS, singleStatement, statementIdParameter } from './statement-query.ts';

export interface StatementResourceOptions {
  readonly statements: Statements;
  readonly pages: PageSizes;
  /** Largest body of statements, without attachments, in bytes. */
  readonly bodyLimitBytes: number;
  /** Path of this resource, for `more`. */
  readonly path: string;
  /** Judges what is to be stored where the credential is bound by more than scopes, then stores it. */
  readonly admit: (call: XapiCall, request: StoreRequest, store: () => Promise<readonly string[]>) => Promise<readonly string[]>;
  /** Whether one statement, asked for by its id, may be shown to the caller. */
  readonly mayShow: (call: XapiCall, text: string) => boolean;
}

const SECTION = 'xAPI Communication 2.1';
const HASH_HEADER = 'x-experience-api-hash';

const senderOf = (principal: XapiPrincipal): Sender => ({
  credentialId: principal.credentialId,
  authority: principal.authority,
  authorityKey: principal.authorityKey,
  mayVoidOthers: principal.mayVoidOthers,
  mayDefine: principal.mayDefine,
});

function attachmentPart({ headers, bytes }: Part, index: number): readonly [sha2: string, part: AttachmentPart] {
  const refuse = (rule: string, message: string): AppError => {
    const violation: Violation = { path: `/parts/${index}`, rule: `xAPI Communication 1.5.2 ${rule}`, message };
    return new AppError('INVALID_INPUT', message, [violation]);
  };
  const sha2 = headers.get(HASH_HEADER)?.toLowerCase();
  if (sha2 === undefined) throw refuse('hash', 'the part of an attachment needs the header X-Experience-API-Hash');
  if (headers.get('content-transfer-encoding')?.toLowerCase() !== 'binary')
    throw refuse('binary', 'the part of an attachment needs the header Content-Transfer-Encoding: binary');
  if (!isDigestOf(sha2, bytes)) throw refuse('hash', `the content of this part has not the SHA-2 hash ${sha2}`);
  const contentType = headers.get('content-type') ?? 'application/octet-stream';
  if (!isSendableType(contentType)) throw refuse('content-type', 'the Content-Type of a part must be at most 256 ASCII characters');
  return [sha2, { contentType, bytes }];
}

/** The statements and attachments of a multipart/mixed body (Communication 1.5.2). */
function readParts(call: XapiCall): { bytes: Uint8Array; parts: AttachmentParts } {
  const [first, ...others] = readMultipart(call.body, boundaryOf(call.header('content-type') ?? ''));
  if (!first || mediaType({ header: (name) => first.headers.get(name) }) !== 'application/json')
    throw invalid('/parts/0', 'xAPI Communication 1.5.2 first-part', 'the first part holds the statements, as application/json');
  return { bytes: first.bytes, parts: new Map(others.map((part, index) => attachmentPart(part, index + 1))) };
}

/** What a PUT or POST brings. @throws AppError INVALID_INPUT for other media types, since their bytes would be stored unread. */
function readBody(call: XapiCall, limitBytes: number): { bytes: Uint8Array; parts?: AttachmentParts } {
  const type = mediaType(call);
  if (type !== 'application/json' && type !== 'multipart/mixed')
    throw invalid(
      '/headers/Content-Type',
      'xAPI Communication 1.5 content-type',
      `statements are sent as application/json, or with attachments as multipart/mixed; found ${JSON.stringify(type)}`,
    );
  const body = type === 'application/json' ? { bytes: call.body } : readParts(call);
  limitBody(body.bytes, limitBytes);
  return body;
}

/** The Statement Resource. @see xAPI 1.0.3 Communication 2.1 */
export function statementResource({ statements, pages, bodyLimitBytes, path, admit, mayShow }: StatementResourceOptions): Resource {
  function mayWrite({ principal }: XapiCall): void {
    if (!principal.mayWrite) throw forbidden('write statements', 'statements/write');
  }

  async function withAttachments(json: string, statementIds: readonly string[]): Promise<XapiAnswer> {
    const { type, body } = await statements.withAttachments(json, statementIds);
    return { status: 200, headers: { 'Content-Type': type }, body: Readable.from(body) };
  }

  const asJson = (json: string): XapiAnswer => ({ status: 200, headers: { 'Content-Type': 'application/json; charset=utf-8' }, body: json });

  async function one(call: XapiCall, parameters: Parameters, { id, voided }: { id: string; voided: boolean }, mine: string | null): Promise<XapiAnswer> {
    const { format, attachments } = presentation(parameters);
    const found = await statements.find(id, voided, mine);
    if (!found || !mayShow(call, found.text))
      throw new AppError('NOT_FOUND', `no statement ${id} is here to see`, [
        {
          path: voided ? '/query/voidedStatementId' : '/query/statementId',
          rule: `${SECTION}.3 not-found`,
          message: voided ? 'no such statement, or it is not voided' : 'no such statement, or it is voided',
        },
      ]);
    const [text = ''] = await statements.present([found], format, call.header('accept-language'));
    const answer = attachments ? await withAttachments(text, [found.id]) : asJson(text);
    return { ...answer, headers: { ...answer.headers, 'Last-Modified': new Date(found.stored).toUTCString() } };
  }

  async function list(call: XapiCall, parameters: Parameters, mine: string | null): Promise<XapiAnswer> {
    const { format, attachments } = presentation(parameters);
    const page = await statements.list(listQuery(parameters, call.version, pages, mine));
    const texts = await statements.present(page.statements, format, call.header('accept-language'));
    const more = page.next ? moreLink(path, parameters, encodeCursor(page.next)) : '';
    const json = `{"statements":[${texts.join(',')}],"more":${JSON.stringify(more)}}`;
    return attachments
      ? withAttachments(
          json,
          page.statements.map(({ id }) => id),
        )
      : asJson(json);
  }

  return {
    GET: async (call) => {
      const { principal } = call;
      if (!principal.mayReadAll && !principal.mayReadMine) throw forbidden('read statements', 'statements/read/mine');
      call.always.set('X-Experience-API-Consistent-Through', await statements.consistentThrough());
      const mine = principal.mayReadAll ? null : principal.authorityKey;
      const parameters = readParameters(call, STATEMENT_PARAMETERS);
      const single = singleStatement(parameters);
      return single ? one(call, parameters, single, mine) : list(call, parameters, mine);
    },

    PUT: async (call) => {
      mayWrite(call);
      const expectedId = statementIdParameter(readParameters(call, ['statementId']));
      if (expectedId === undefined) throw invalid('/query/statementId', `${SECTION}.1 statementId`, 'PUT needs the parameter statementId');
      const request = { ...readBody(call, bodyLimitBytes), version: call.version, sender: senderOf(call.principal), expectedId };
      await admit(call, request, () => statements.store(request));
      return { status: 204 };
    },

    POST: async (call) => {
      mayWrite(call);
      readParameters(call, []);
      const request = { ...readBody(call, bodyLimitBytes), version: call.version, sender: senderOf(call.principal) };
      const ids = await admit(call, request, () => statements.store(request));
      return { status: 200, headers: { 'Content-Type': 'application/json; charset=utf-8' }, body: JSON.stringify(ids) };
    },
  };
}
