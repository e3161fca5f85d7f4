import { existsSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import Fastify from 'fastify';
import { sendError } from '../../src/http/errors.ts';
import { PackageZip } from '../../src/modules/content/zip.ts';
import { zip } from '../support/packages.ts';

/** Linux has a file on a disk that is always full. */
const FULL_DISK = '/dev/full';
const onLinux = existsSync(FULL_DISK) ? test : test.skip;

onLinux('503 that says so when the disk of the server is full, and whoever runs it finds it in the log', async () => {
  const lines: string[] = [];
  const server = Fastify({ logger: { level: 'error', stream: { write: (line: string) => void lines.push(line) } } });
  server.setErrorHandler(sendError);
  server.put('/anything', async () => writeFile(FULL_DISK, 'x'));

  const answer = await server.inject({ method: 'PUT', url: '/anything' });
  await server.close();

  const body = answer.json<{ error: string; violations: unknown[]; correlationId: string }>();
  expect([answer.statusCode, body.error, body.violations]).toEqual([
    503,
    'The server has no room left on its disk. Whoever runs it must make some; then send this again, with the same ids.',
    [],
  ]);
  expect(lines.filter((line) => line.includes(body.correlationId) && line.includes('ENOSPC'))).toHaveLength(1);
});

onLinux('a package that finds no room to be unpacked is not refused for it: the disk is at fault', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mumpuni-full-'));
  const path = join(folder, 'package.zip');
  await writeFile(path, await zip({ 'video.mp4': 'x'.repeat(1_000) }));
  const archive = await PackageZip.open(path, { maxEntries: 10, maxTotalBytes: 10_000 });
  const [file] = archive.files.values();
  const full = await open(FULL_DISK, 'w');
  if (!file) throw new Error('there is no file');

  await expect(archive.unpack(file, async (chunk) => void (await full.write(chunk)))).rejects.toMatchObject({ code: 'ENOSPC' });

  await full.close();
  await archive.close();
  await rm(folder, { recursive: true });
});
