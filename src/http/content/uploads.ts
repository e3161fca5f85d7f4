import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/errors.ts';
import type { Content, ImportOutcome, UploadRow } from '../../modules/content/index.ts';

/** Where packages are sent to. */
export const UPLOAD_PATH = '/content/uploads';

function limited(limitBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= limitBytes) return done(null, chunk);
      const message = `a package may have at most ${limitBytes} bytes`;
      return done(new AppError('TOO_LARGE', message, [{ path: '', rule: 'body-length', message }]));
    },
  });
}

/** Takes a package by the address that `contentUploadCreate` gave, as it comes in, without holding it in memory. */
export async function uploadRoutes(server: FastifyInstance, content: Content, limitBytes: number): Promise<void> {
  const opened = new WeakMap<FastifyRequest, UploadRow>();
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  server.route<{ Params: { token: string } }>({
    method: ['PUT', 'POST'],
    url: '/:token',
    bodyLimit: limitBytes,
    onRequest: async (request, reply) => {
      void reply.header('Referrer-Policy', 'no-referrer').header('Cache-Control', 'no-store');
      opened.set(request, await content.openUpload(request.params.token));
    },
    handler: async (request, reply) => {
      const upload = opened.get(request);
      if (!upload || !request.body) throw new AppError('INVALID_INPUT', 'send the package as the body: a ZIP archive, or a cmi5.xml');
      const folder = await mkdtemp(join(tmpdir(), 'mumpuni-upload-'));
      try {
        const path = join(folder, 'package');
        await pipeline(request.body as Readable, limited(limitBytes), createWriteStream(path, { mode: 0o600 }));
        return await reply.code(200).send(answerOf(await content.receive(upload, path)));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  });
}

/** @throws AppError INVALID_INPUT with the report of a package that was refused. */
function answerOf({ packageId, versionId, issues }: ImportOutcome): object {
  if (versionId !== null) return { packageId, versionId, issues };
  const errors = issues.filter(({ severity }) => severity === 'ERROR');
  throw new AppError(
    'INVALID_INPUT',
    `the package is refused: ${errors[0]?.message ?? 'it cannot be read'}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''}`,
    errors.map(({ path, rule, message }) => ({ path, rule, message })),
  );
}
