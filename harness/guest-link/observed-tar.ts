// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
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
  const tar = extract();
  try {
    const reading = pipeline(createReadStream(image, { end: bytes - 1 }), tar);
    const [files] = await Promise.all([filesOf(tar), reading]);
    return files;
  } catch (error) {
    const why = printableText(String(error));
    throw new SurpriseError('garbage', `expected a tar of what it observed, found ${why}`, {
      cause: error,
    });
  }
}

async function filesOf(tar: Extract): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for await (const entry of tar) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    if (entry.header.type === 'file' && FILE_NAME.test(entry.header.name)) {
      files.set(entry.header.name, Buffer.concat(chunks));
    }
  }
  return files;
}
