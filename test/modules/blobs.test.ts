import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { BlobStore } from '../../src/blobs/blob-store.ts';
import { FileBlobs } from '../../src/blobs/file-blobs.ts';
import { S3Blobs } from '../../src/blobs/s3-blobs.ts';
import { startTestApp } from '../support/app.ts';
import { sendBytes } from '../support/send.ts';
import { passed } from '../support/world.ts';

/** The part of the S3 protocol that a blob store needs, with path-style addresses; requests without a signature are refused. */
function startS3(): Promise<{ server: Server; url: string; objects: Map<string, Buffer> }> {
  const objects = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://s3.invalid');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const xml = (status: number, body: string) => response.writeHead(status, { 'Content-Type': 'application/xml' }).end(body);
      if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=key/')) return xml(403, '<Error><Code>AccessDenied</Code></Error>');
      const key = decodeURIComponent(url.pathname);
      if (request.method === 'PUT') {
        objects.set(key, Buffer.concat(chunks));
        return response.writeHead(200, { ETag: '"x"' }).end();
      }
      if (request.method === 'DELETE') {
        objects.delete(key);
        return response.writeHead(204).end();
      }
      if (url.searchParams.get('list-type') === '2') {
        const prefix = `${key}/${url.searchParams.get('prefix') ?? ''}`.replace('//', '/');
        const found = [...objects.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(key.replace(/\/$/, '').length + 1));
        const contents = found.map((name) => `<Contents><Key>${name}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`).join('');
        return xml(200, `<ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`);
      }
      const found = objects.get(key);
      return found ? response.writeHead(200).end(found) : xml(404, '<Error><Code>NoSuchKey</Code></Error>');
    });
  });
  return new Promise((done) =>
    server.listen(0, '127.0.0.1', () => done({ server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, objects })),
  );
}

const environment = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
let folder: string;
let s3: Awaited<ReturnType<typeof startS3>>;
const stores: Record<string, BlobStore> = {};

beforeAll(async () => {
  Object.assign(process.env, environment);
  folder = await mkdtemp(join(tmpdir(), 'mumpuni-blobs-'));
  s3 = await startS3();
  stores['files'] = new FileBlobs(folder);
  stores['S3'] = new S3Blobs({ bucket: 'bucket', prefix: 'attachments/', region: 'us-east-1', endpoint: s3.url });
});
afterAll(async () => {
  for (const name of Object.keys(environment)) delete process.env[name];
  s3.server.closeAllConnections();
  s3.server.close();
  await rm(folder, { recursive: true });
});

const keysOf = async (store: BlobStore): Promise<readonly string[]> => {
  const keys: string[] = [];
  for await (const { key, written } of store.entries()) {
    expect(written.getTime()).toBeGreaterThan(0);
    keys.push(key);
  }
  return keys.toSorted();
};

test.each(['files', 'S3'])('%s: bytes come back as they were put, are listed, and are gone once deleted', async (name) => {
  const store = stores[name] as BlobStore;
  const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
  const bytes = randomBytes(100_000);
  await store.put(one, bytes);
  await store.put(one, bytes);
  await store.put(two, new Uint8Array());

  expect(Buffer.from((await store.get(one)) ?? []).equals(bytes)).toBe(true);
  expect((await store.get(two))?.length).toBe(0);
  expect(await store.get('3'.repeat(64))).toBeNull();
  expect(await keysOf(store)).toEqual([one, two]);
  await store.delete(one);
  await store.delete(one);
  expect([await store.get(one), await keysOf(store)]).toEqual([null, [two]]);
});

test('files: a key that could leave the folder is refused', async () => {
  for (const key of ['../../etc/passwd', `${'a'.repeat(10)}/x`, '', 'A'.repeat(64)]) await expect(stores['files']?.get(key)).rejects.toThrow('a blob key is');
});

test('with BLOB_S3_BUCKET the attachments of statements are kept in the bucket and come back from there', async () => {
  const app = await startTestApp({ settings: { BLOB_S3_BUCKET: 'bucket', BLOB_S3_PREFIX: 'lrs/', BLOB_S3_ENDPOINT: s3.url } });
  const sha2 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
  const attachment = { usageType: 'https://usage.example/note', display: { en: 'Note' }, contentType: 'text/plain', length: 5, sha2 };
  const part = `Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${sha2}\r\n\r\nhello`;
  const body = `--b\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(passed('ana', 'ALL.1', 3, { attachments: [attachment] }))}\r\n--b\r\n${part}\r\n--b--\r\n`;
  const posted = await sendBytes(app, 'POST', '/statements', { body, headers: { 'Content-Type': 'multipart/mixed; boundary=b' } });
  const read = await sendBytes(app, 'GET', '/statements?attachments=true');
  await app.close();

  expect(posted.status).toBe(200);
  expect(s3.objects.get(`/bucket/lrs/${sha2}`)?.toString()).toBe('hello');
  expect(read.bytes.toString()).toContain('\r\n\r\nhello\r\n');
});
