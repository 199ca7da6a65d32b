// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { printableText } from '../memory/printable-text.ts';
import { type Extract, extract } from 'tar-stream';
import { SurpriseError } from '../errors.ts';

/** The names that `observe` may use: nothing that could leave the bundle's folder. */
const FILE_NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/;

/**
 * Reads the first `bytes` of a disk image as the tar that `observe` wrote: files by name. Entries without a plain file
 * name are left out. Throws `SurpriseError` if it is not a tar of that length.
 */
export async function readObservedTar(
  image: string,
  bytes: number,
): Promise<Map<string, Uint8Array>> {
  try {
    const keyOf = (name: string): string | undefined => (FILE_NAME.test(name) ? name : undefined);
    return await readTar(createReadStream(image, { end: bytes - 1 }), keyOf);
  } catch (error) {
    const why = printableText(String(error));
    throw new SurpriseError('garbage', `expected a tar of what it observed, found ${why}`, {
      cause: error,
    });
  }
}

/** The plain files of a tar for whose names there is a key, by it. Rejects for what is no tar. */
export async function readTar<Key>(
  from: Readable,
  keyOf: (name: string) => Key | undefined,
): Promise<Map<Key, Uint8Array>> {
  const tar = extract();
  const [files] = await Promise.all([filesOf(tar, keyOf), pipeline(from, tar)]);
  return files;
}

async function filesOf<Key>(
  tar: Extract,
  keyOf: (name: string) => Key | undefined,
): Promise<Map<Key, Uint8Array>> {
  const files = new Map<Key, Uint8Array>();
  for await (const entry of tar) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    const key = entry.header.type === 'file' ? keyOf(entry.header.name) : undefined;
    if (key !== undefined) files.set(key, Buffer.concat(chunks));
  }
  return files;
}
