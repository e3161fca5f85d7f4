import { hash } from 'node:crypto';
import { AppError, type Violation } from '../../kernel/errors.ts';
import { at, isObject, type JsonObject } from '../../kernel/json.ts';
import { type Multipart, writeMultipart } from '../../kernel/multipart.ts';
import { SIGNATURE, signatureFault } from './signature.ts';

/** The bytes of an attachment as a request brings them. */
export interface AttachmentPart {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** By SHA-2, in lower-case hexadecimal. */
export type AttachmentParts = ReadonlyMap<string, AttachmentPart>;

/** An attachment of a stored statement whose bytes we hold. */
export interface KeptAttachment {
  readonly sha2: string;
  readonly contentType: string;
  readonly length: number;
}

const ALGORITHMS: { readonly [hexLength: number]: string } = { 56: 'sha224', 64: 'sha256', 96: 'sha384', 128: 'sha512' };

/** Whether the hexadecimal digest, of any SHA-2 length, is that of the bytes. */
export function isDigestOf(sha2: string, bytes: Uint8Array): boolean {
  const algorithm = ALGORITHMS[sha2.length];
  return algorithm !== undefined && hash(algorithm, bytes, 'hex') === sha2;
}

/** The attachments of a valid statement and of its SubStatement, each with its JSON pointer. */
function attachmentsOf(statement: JsonObject): readonly (readonly [JsonObject, string])[] {
  const sub = isObject(statement['object']) ? statement['object']['attachments'] : undefined;
  return [[statement['attachments'], '/attachments'] as const, [sub, '/object/attachments'] as const].flatMap(([list, path]) =>
    Array.isArray(list) ? list.flatMap((element: unknown, index) => (isObject(element) ? [[element, at(path, index)] as const] : [])) : [],
  );
}

/**
 * Matches the attachments a statement names with the parts that came with it.
 * @param text the statement's own JSON.
 * @param path JSON pointer of the statement.
 * @throws AppError INVALID_INPUT for one that has neither part nor fileUrl, or a signature that does not hold.
 * @see xAPI Data 2.4.11, 2.6; Communication 1.5.2
 */
export function checkAttachments(statement: JsonObject, text: string, path: string, parts: AttachmentParts | undefined): readonly KeptAttachment[] {
  const violations: Violation[] = [];
  const kept = new Map<string, KeptAttachment>();
  for (const [attachment, place] of attachmentsOf(statement)) {
    const sha2 = String(attachment['sha2']).toLowerCase();
    const part = parts?.get(sha2);
    const where = `${path}${place}`;
    const isSignature = attachment['usageType'] === SIGNATURE;
    if (!part) {
      if (attachment['fileUrl'] === undefined || isSignature)
        violations.push({
          path: where,
          rule: `xAPI Communication ${parts ? '1.5.2' : '1.5.1'} attachment-data`,
          message: isSignature ? 'a signature comes as a part of multipart/mixed' : 'an attachment needs a fileUrl, or a part of multipart/mixed with its hash',
        });
      continue;
    }
    if (isSignature) {
      const fault = signatureFault(statement, text, attachment, part.bytes);
      if (fault) violations.push({ path: where, rule: 'xAPI Data 2.6 signature', message: fault });
    }
    kept.set(sha2, { sha2, contentType: part.contentType, length: part.bytes.length });
  }
  if (violations[0]) throw new AppError('INVALID_INPUT', `${violations[0].path}: ${violations[0].message}`, violations);
  return [...kept.values()];
}

/** @throws AppError INVALID_INPUT for a part that no statement of the request names (Communication 1.5.2). */
export function checkParts(statements: readonly { readonly attachments: readonly KeptAttachment[] }[], parts: AttachmentParts | undefined): void {
  if (!parts) return;
  const named = new Set(statements.flatMap(({ attachments }) => attachments.map(({ sha2 }) => sha2)));
  const stray = [...parts.keys()].find((sha2) => !named.has(sha2));
  if (stray === undefined) return;
  const message = `no attachment of a statement has the hash ${stray} of this part`;
  throw new AppError('INVALID_INPUT', message, [{ path: '', rule: 'xAPI Communication 1.5.2 stray-part', message }]);
}

/**
 * A JSON text with attachments behind it, each hash once (Communication 1.5.2).
 * @param bytesOf asked for the bytes of one attachment when its turn comes.
 */
export function withAttachments(
  json: string,
  attachments: readonly Pick<KeptAttachment, 'sha2' | 'contentType'>[],
  bytesOf: (sha2: string) => Promise<Uint8Array>,
): Multipart {
  const types = new Map(attachments.map(({ sha2, contentType }) => [sha2, contentType]));
  return writeMultipart([
    { headers: { 'Content-Type': 'application/json' }, bytes: async () => Buffer.from(json) },
    ...[...types].map(([sha2, contentType]) => ({
      headers: { 'Content-Type': contentType, 'Content-Transfer-Encoding': 'binary', 'X-Experience-API-Hash': sha2 },
      bytes: () => bytesOf(sha2),
    })),
  ]);
}
