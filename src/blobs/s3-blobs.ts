import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import type { BlobStore } from './blob-store.ts';

export interface S3Options {
  readonly bucket: string;
  /** Put before every key. */
  readonly prefix: string;
  readonly region: string;
  /** Address of a compatible store; empty for AWS. */
  readonly endpoint: string;
}

type Sdk = typeof import('@aws-sdk/client-s3');

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'NoSuchKey' || error.name === 'NotFound' || (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 404);

/** Blobs in an S3-compatible store. Credentials come from where the AWS SDK looks: environment, profile, instance. */
export class S3Blobs implements BlobStore {
  readonly #options: S3Options;
  #opened: Promise<{ sdk: Sdk; client: S3Client }> | null = null;

  constructor(options: S3Options) {
    this.#options = options;
  }

  /** The SDK is large and loaded only where it is used. */
  #open(): Promise<{ sdk: Sdk; client: S3Client }> {
    const { region, endpoint } = this.#options;
    this.#opened ??= import('@aws-sdk/client-s3').then((sdk) => ({
      sdk,
      client: new sdk.S3Client({ region, ...(endpoint !== '' && { endpoint, forcePathStyle: true }) }),
    }));
    return this.#opened;
  }

  #address(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: `${this.#options.prefix}${key}` };
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const { sdk, client } = await this.#open();
    await client.send(new sdk.PutObjectCommand({ ...this.#address(key), Body: bytes, ContentType: 'application/octet-stream' }));
  }

  async putFile(key: string, path: string): Promise<void> {
    const { sdk, client } = await this.#open();
    const { size } = await stat(path);
    const body = createReadStream(path);
    await client.send(new sdk.PutObjectCommand({ ...this.#address(key), Body: body, ContentLength: size, ContentType: 'application/octet-stream' }));
  }

  async open(key: string, first: number, last: number): Promise<Readable | null> {
    const { sdk, client } = await this.#open();
    try {
      const { Body } = await client.send(new sdk.GetObjectCommand({ ...this.#address(key), Range: `bytes=${first}-${last}` }));
      return (Body as Readable | undefined) ?? null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async has(key: string): Promise<boolean> {
    const { sdk, client } = await this.#open();
    try {
      await client.send(new sdk.HeadObjectCommand(this.#address(key)));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async get(key: string): Promise<Uint8Array | null> {
    const { sdk, client } = await this.#open();
    try {
      const { Body } = await client.send(new sdk.GetObjectCommand(this.#address(key)));
      return Body ? await Body.transformToByteArray() : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    const { sdk, client } = await this.#open();
    await client.send(new sdk.DeleteObjectCommand(this.#address(key)));
  }

  async *entries(): AsyncIterable<{ key: string; written: Date }> {
    const { sdk, client } = await this.#open();
    const { bucket, prefix } = this.#options;
    for await (const page of sdk.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
      for (const { Key, LastModified } of page.Contents ?? []) if (Key && LastModified) yield { key: Key.slice(prefix.length), written: LastModified };
    }
  }
}
