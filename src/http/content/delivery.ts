import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, invalid } from '../../kernel/errors.ts';
import { isUuid } from '../../kernel/ids.ts';
import { isObject } from '../../kernel/json.ts';
import { type Content, type ContentFile, mediaTypeOf } from '../../modules/content/index.ts';
import type { Launches, ScormPlayer } from '../../modules/launch/index.ts';
import type { Commit } from '../../standards/scorm/index.ts';
import type { PlayerAssets } from '../../web/player-page.ts';
import { perMinute } from '../rate-limit.ts';

export interface DeliveryDependencies {
  readonly content: Content;
  readonly launches: Launches;
  readonly player: ScormPlayer;
  readonly assets: PlayerAssets;
  /** Addresses of pages that may frame what is delivered. */
  readonly frameAncestors: () => readonly string[];
  /** Whether packages reach nothing but this server. */
  readonly isStrict: boolean;
  /** Changes that one launch may ask for in a minute. */
  readonly changesPerMinute: number;
  /** Whether a host is the one under which packages are delivered. */
  readonly isContentHost: (host: string) => boolean;
}

/** Largest commit: suspend data, interactions, and some room. */
const COMMIT_LIMIT_BYTES = 2 * 1024 * 1024;

/**
 * What is delivered is not ours: it may do what authoring tools need (drawings and documents as objects too), and reach
 * nothing of us but the LRS.
 * @param isStrict whether it may reach nothing of others either.
 */
const contentPolicy = (ancestors: readonly string[], isStrict: boolean): string =>
  `default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'${isStrict ? '' : ' https:'}; connect-src 'self' data: blob: ${isStrict ? ancestors.join(' ') : 'https: http:'};${isStrict ? " form-action 'self';" : ''} object-src 'self'; base-uri 'self'; frame-ancestors 'self' ${ancestors.join(' ')}`;

const playerPolicy = (ancestors: readonly string[]): string =>
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self' https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self' ${ancestors.join(' ')}`;

const COMMON = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), unload=(self)',
};

/** A commit as a player sends it. @throws AppError INVALID_INPUT naming the field. */
function readCommit(body: unknown): Commit {
  const value: unknown = typeof body === 'string' ? parseJson(body) : body;
  if (!isObject(value)) throw invalid('', 'commit', 'the body must be a JSON object');
  const { sessionId, seq, nodeId, run, cmi, said, shared, isFinished, request, leaves } = value;
  const uuid = (name: string, given: unknown): string => {
    if (typeof given !== 'string' || !isUuid(given)) throw invalid(`/${name}`, 'uuid', `${name} must be a UUID`);
    return given.toLowerCase();
  };
  const count = (name: string, given: unknown): number => {
    if (typeof given !== 'number' || !Number.isInteger(given) || given < 1 || given > 1_000_000_000)
      throw invalid(`/${name}`, 'range', `${name} must be a whole number from 1`);
    return given;
  };
  if (!isObject(cmi)) throw invalid('/cmi', 'cmi', 'cmi must be an object');
  const flag = (name: string): boolean => isObject(said) && said[name] === true;
  return {
    sessionId: uuid('sessionId', sessionId),
    seq: count('seq', seq),
    nodeId: uuid('nodeId', nodeId),
    run: count('run', run),
    cmi,
    said: {
      completion: flag('completion'),
      objectiveCompletion: flag('objectiveCompletion'),
      success: flag('success'),
      objectiveSuccess: flag('objectiveSuccess'),
    },
    shared: Object.fromEntries(Object.entries(isObject(shared) ? shared : {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
    isFinished: isFinished === true,
    request: typeof request === 'string' ? request.slice(0, 4_000) : '',
    leaves: typeof leaves === 'string' ? leaves.slice(0, 20) : '',
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('', 'RFC 8259 json', 'the body is not valid JSON');
  }
}

/** The file that an address names. @throws AppError NOT_FOUND for one that leads out of the package. */
function pathOfRequest(text: string): string {
  let path = text;
  try {
    path = decodeURIComponent(text);
  } catch {
    throw new AppError('NOT_FOUND', 'there is no such file');
  }
  if (path.includes('\0') || path.split('/').some((part) => part === '..' || part === '.')) throw new AppError('NOT_FOUND', 'there is no such file');
  return path.split('/').filter(Boolean).join('/').normalize('NFC');
}

/** First and last byte asked for; null for the whole. @throws RangeError where there is no such part. */
function rangeOf(header: string | undefined, bytes: number): { readonly first: number; readonly last: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [start, end] = [match[1] ?? '', match[2] ?? ''];
  const first = start === '' ? Math.max(0, bytes - Number(end)) : Number(start);
  const last = start === '' || end === '' ? bytes - 1 : Math.min(Number(end), bytes - 1);
  if (first > last || first >= bytes) throw new RangeError('no such range');
  return { first, last };
}

/**
 * Packages and the player, on a site of their own: no cookies, addresses that open one session, every file as what its
 * name says.
 */
export async function deliveryRoutes(
  server: FastifyInstance,
  { content, launches, player, assets, frameAncestors, isContentHost, isStrict, changesPerMinute }: DeliveryDependencies,
): Promise<void> {
  server.removeAllContentTypeParsers();
  // At unload a browser sends no other type without asking first.
  server.addContentTypeParser(['application/json', 'text/plain'], { parseAs: 'string', bodyLimit: COMMIT_LIMIT_BYTES }, (_request, body, done) =>
    done(null, body),
  );

  server.addHook('onRequest', async (request, reply) => {
    if (!isContentHost(request.hostname)) throw new AppError('NOT_FOUND', 'content is delivered from another address');
    if (request.headers['service-worker'] !== undefined) throw new AppError('FORBIDDEN', 'packages bring no service workers: one would outlive its session');
    void reply.headers(COMMON);
  });

  async function sendFile(request: FastifyRequest, reply: FastifyReply, file: ContentFile): Promise<FastifyReply> {
    const type = mediaTypeOf(file.path);
    const etag = `"${file.blobKey}"`;
    void reply.headers({
      'Content-Type': type ?? 'application/octet-stream',
      'Content-Security-Policy': contentPolicy(frameAncestors(), isStrict),
      // The address belongs to one session, and what it names does not change in it.
      'Cache-Control': 'private, max-age=28800, immutable',
      'Accept-Ranges': 'bytes',
      ETag: etag,
      ...(type === null && { 'Content-Disposition': 'attachment' }),
    });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    let range: ReturnType<typeof rangeOf>;
    try {
      range = request.headers['if-range'] !== undefined && request.headers['if-range'] !== etag ? null : rangeOf(request.headers.range, file.bytes);
    } catch {
      return reply.code(416).header('Content-Range', `bytes */${file.bytes}`).send();
    }
    const { first, last } = range ?? { first: 0, last: file.bytes - 1 };
    void reply.header('Content-Length', String(last - first + 1));
    if (range) void reply.code(206).header('Content-Range', `bytes ${first}-${last}/${file.bytes}`);
    if (request.method === 'HEAD' || file.bytes === 0) return reply.send('');
    return reply.send(await content.open(file, first, last));
  }

  server.route<{ Params: { token: string; '*': string } }>({
    method: ['GET', 'HEAD'],
    url: '/c/:token/*',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const { facts } = await launches.sessionOf(request.params.token);
      const file = await content.file(facts.versionId, pathOfRequest(request.params['*']));
      if (!file) throw new AppError('NOT_FOUND', 'there is no such file in the package');
      return sendFile(request, reply, file);
    },
  });

  server.get<{ Params: { token: string } }>('/l/:token/', async (request, reply) => {
    const { facts } = await launches.sessionOf(request.params.token);
    void reply.headers({ 'Content-Security-Policy': playerPolicy(frameAncestors()), 'Cache-Control': 'no-store' });
    return reply.type('text/html; charset=utf-8').send(assets.page(facts.isContents ? 'CONTENTS' : facts.standard));
  });

  const answering = (reply: FastifyReply): FastifyReply => reply.header('Cache-Control', 'no-store');

  server.get<{ Params: { token: string } }>('/l/:token/state', async (request, reply) => answering(reply).send(await player.view(request.params.token)));

  server.get<{ Params: { token: string } }>('/l/:token/contents', async (request, reply) =>
    answering(reply).send(await launches.contents(request.params.token)),
  );

  // What changes something; counted together, before a body is read.
  await server.register(async (changes) => {
    await changes.register(rateLimit, {
      ...perMinute(changesPerMinute, 'a launch'),
      keyGenerator: ({ params }) => (params as { token: string }).token,
    });

    changes.post<{ Params: { token: string }; Body: string }>('/l/:token/open', async (request, reply) => {
      const body = parseJson(request.body);
      const nodeId = isObject(body) ? body['nodeId'] : undefined;
      if (typeof nodeId !== 'string' || !isUuid(nodeId)) throw invalid('/nodeId', 'uuid', 'nodeId must be a UUID');
      return answering(reply).send(await launches.openFromContents(request.params.token, nodeId.toLowerCase()));
    });

    changes.post<{ Params: { token: string }; Body: string }>('/l/:token/commit', async (request, reply) =>
      answering(reply).send(await player.commit(request.params.token, readCommit(request.body))),
    );

    changes.post<{ Params: { token: string }; Body: string }>('/l/:token/navigate', async (request, reply) => {
      const body = parseJson(request.body);
      if (!isObject(body) || typeof body['request'] !== 'string') throw invalid('/request', 'navigation', 'request must name what is asked for');
      const target = typeof body['target'] === 'string' ? body['target'].toLowerCase() : null;
      return answering(reply).send(await player.navigate(request.params.token, body['request'], target));
    });
  });

  server.get<{ Params: { '*': string } }>('/player/*', async (request, reply) => {
    const asset = assets.file(request.params['*']);
    if (!asset) throw new AppError('NOT_FOUND', 'there is no such file');
    return reply.header('Cache-Control', 'public, max-age=3600').type(asset.type).send(asset.body);
  });
}
