// SPDX-License-Identifier: MIT
/**
 * An S3 server for tests: s3rver, in this process, with its files in a temporary folder. It takes any signature: each is
 * compared here with the one that AWS's own code makes.
 */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import S3rver from 's3rver';
import { CleanupStack } from '../../process/cleanup-stack.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { freePort } from './ports.ts';

/** A server that a test started; disposed of with all that it has. */
export interface S3Server extends AsyncDisposable {
  /** The URL of its bucket; with another secret key, or bucket, if they are given. */
  readonly url: (secret?: string, bucket?: string) => string;
  /** The folder in which it has the bucket. */
  readonly folder: string;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
}

const [BUCKET, REGION, KEY] = ['cells', 'eu-1', 'S3RVER'] as const;

/** Starts a server with one bucket. */
export async function startS3Server(): Promise<S3Server> {
  await using cleanups = new CleanupStack();
  const { path } = cleanups.use(await makeTempDir());
  const port = await freePort();
  const configureBuckets = [{ name: BUCKET, configs: [] }];
  const s3rver = new S3rver({ directory: path, silent: true, configureBuckets });
  await s3rver.configureBuckets();
  const answer = s3rver.callback();
  let server: Server | undefined;
  const stop = async (): Promise<void> => {
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    server = undefined;
  };
  const start = async (): Promise<void> => {
    server = createServer((request, response) => {
      void isSigned(request).then((signed) => {
        if (signed) {
          answer(request, response);
          return;
        }
        response.writeHead(403, { connection: 'close' });
        response.end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  cleanups.defer(stop);
  await start();
  const owned = cleanups.move();
  return {
    url: (secret = KEY, bucket = BUCKET) =>
      `s3+http://${KEY}:${secret}@127.0.0.1:${port}/${bucket}/lab?region=${REGION}`,
    folder: `${path}/${BUCKET}`,
    stop,
    start,
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

/** SHA-256 as AWS's code calls it. */
class Sha256 {
  readonly #hash;

  constructor(secret?: unknown) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {}
}

const SIGNER = new SignatureV4({
  service: 's3',
  region: REGION,
  credentials: { accessKeyId: KEY, secretAccessKey: KEY },
  sha256: Sha256,
  uriEscapePath: false,
  applyChecksum: false,
});

/** Whether the signature of a request is the one that it must have. */
async function isSigned({ method = '', url = '', headers }: IncomingMessage): Promise<boolean> {
  const given = headers.authorization ?? '';
  const names = (/SignedHeaders=([^,]*)/.exec(given)?.[1] ?? '').split(';');
  const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
  const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(signed['x-amz-date'] ?? '') ?? [];
  if (day === undefined || time === undefined) return false;
  const iso = `${day.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`;
  const { pathname } = new URL(url, 'http://localhost');
  const request = { method, path: pathname, protocol: 'http:', hostname: '', headers: signed };
  const expected = await SIGNER.sign(request, { signingDate: new Date(iso) });
  const signatureOf = (text: string): string => /Signature=([0-9a-f]{64})/.exec(text)?.[1] ?? '';
  return signatureOf(expected.headers['authorization'] ?? '') === signatureOf(given);
}
