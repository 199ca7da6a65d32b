// SPDX-License-Identifier: MIT
import { AwsClient } from 'aws4fetch';
import { HostError, UsageError, messageOf } from '../errors.ts';
import { printableText } from '../memory/printable-text.ts';
import { sha256 } from '../process/file-hash.ts';
import { PART_BYTES, type Remote } from './remote-store.ts';
import type { S3Address } from './store-address.ts';

/** How long a server may take to answer the first time, ms. */
const FIRST_MS = 20_000;

/** What S3 says that no waiting helps against. */
const REFUSALS = [
  'AccessDenied',
  'AuthorizationHeaderMalformed',
  'InvalidAccessKeyId',
  'InvalidBucketName',
  'NoSuchBucket',
  'PermanentRedirect',
  'SignatureDoesNotMatch',
];

/** The object that is there if a file is whole: it says how many bytes it has. */
const WHOLE = 'whole';

/**
 * Files in a bucket, each part an object of its own. S3's own uploads in parts are not used: not every server lists what an
 * upload has that was cut, and those that nobody ends stay unseen, and cost.
 */
export class S3Remote implements Remote {
  readonly #address: S3Address;
  readonly #client: AwsClient;
  readonly #over = new AbortController();

  private constructor(address: S3Address) {
    const { accessKey: accessKeyId, secretKey: secretAccessKey, region } = address;
    this.#address = address;
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3' });
  }

  /** Throws `UsageError` if the server does not let us in, or has no such bucket; `HostError` if it cannot be reached. */
  static async open(address: S3Address, signal: AbortSignal): Promise<S3Remote> {
    const remote = new S3Remote(address);
    const first = AbortSignal.any([signal, AbortSignal.timeout(FIRST_MS)]);
    const answer = await remote.#send('GET', WHOLE, { signal: first }).catch((error: unknown) => {
      throw new HostError(`Cannot reach the store ${address.shown}: ${reasonOf(error)}`, {
        cause: error,
      });
    });
    const why = answer.ok ? 'OK' : codeIn(await answer.text());
    if (REFUSALS.includes(why)) {
      throw new UsageError(
        `Cannot use the store ${address.shown}: ${why}; see its bucket, region and keys in SUB1M_STORE`,
      );
    }
    if (answer.ok || answer.status === 404) return remote;
    throw new HostError(`Cannot use the store ${address.shown}: ${answer.status} ${why}`);
  }

  get shown(): string {
    return this.#address.shown;
  }

  async size(place: string): Promise<number | null> {
    const answer = await this.#ask('GET', `${place}/${WHOLE}`);
    if (answer === null) return null;
    const text = await answer.text();
    return /^\d{1,15}$/.test(text) ? Number(text) : null;
  }

  async read(place: string, at: number, bytes: number): Promise<Uint8Array> {
    const answer = await this.#ask('GET', partKey(place, at));
    if (answer === null) return new Uint8Array();
    // It may have more than a part should have: that is damage, too, and all that is looked at.
    return new Uint8Array(await answer.arrayBuffer()).subarray(0, bytes);
  }

  async begun(place: string): Promise<number> {
    for (let at = 0; ; at += PART_BYTES) {
      const answer = await this.#ask('HEAD', partKey(place, at));
      if (Number(answer?.headers.get('content-length')) !== PART_BYTES) return at;
    }
  }

  async write(place: string, at: number, part: Uint8Array): Promise<void> {
    await this.#ask('PUT', partKey(place, at), part);
  }

  async finish(place: string, bytes: number): Promise<void> {
    await this.#ask('PUT', `${place}/${WHOLE}`, Buffer.from(String(bytes)));
  }

  async remove(place: string): Promise<void> {
    await this.#ask('DELETE', `${place}/${WHOLE}`);
    for (let at = 0; ; at += PART_BYTES) {
      const key = partKey(place, at);
      if ((await this.#ask('HEAD', key)) === null) return;
      await this.#ask('DELETE', key);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    return Promise.resolve();
  }

  /** The server's answer, or null if it has no such object. Throws for any other answer. */
  async #ask(method: string, key: string, body?: Uint8Array): Promise<Response | null> {
    const { signal } = this.#over;
    const parts = body === undefined ? { signal } : { signal, body };
    const answer = await this.#send(method, key, parts).catch((error: unknown) => {
      throw new Error(reasonOf(error), { cause: error });
    });
    if (answer.ok) {
      // An answer that nobody reads holds its connection.
      if (method !== 'GET') await answer.arrayBuffer();
      return answer;
    }
    const text = await answer.text();
    if (answer.status === 404) return null;
    throw new Error(`${method} was answered by ${answer.status} ${codeIn(text)}`);
  }

  async #send(
    method: string,
    key: string,
    { body, signal }: { readonly body?: Uint8Array; readonly signal: AbortSignal },
  ): Promise<Response> {
    const headers = { 'X-Amz-Content-Sha256': sha256(body ?? '') };
    const own = body === undefined ? {} : { body: Buffer.from(body) };
    const url = `${this.#address.base}/${key}`;
    const request = await this.#client.sign(url, { method, headers, ...own });
    return fetch(request, { signal, redirect: 'manual' });
  }
}

function partKey(place: string, at: number): string {
  return `${place}/${String(at / PART_BYTES).padStart(5, '0')}`;
}

/** The code in an error of S3; what else a server says may be anything. */
function codeIn(text: string): string {
  return /<Code>(\w{1,60})<\/Code>/.exec(text)?.[1] ?? '';
}

/** Node says only "fetch failed", and why in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const why = cause instanceof Error && cause.message !== '' ? cause.message : messageOf(error);
  return printableText(why);
}
