// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Log } from '../log.ts';
import { readCachedJson, writeCachedJson } from '../process/cache.ts';
import type { KvmAnswer, KvmProbeOptions } from './kvm-probe.ts';

const entrySchema = z.object({
  schema: z.literal(1),
  key: z.string(),
  answer: z.object({ works: z.boolean(), why: z.string() }),
});

export interface KvmCacheOptions extends KvmProbeOptions {
  readonly log: Log;
}

/** The file in the cache folder that remembers the last probe of KVM. */
export function kvmCachePath(cacheFolder: string): string {
  return join(cacheFolder, 'kvm-probe.json');
}

/**
 * The answer that the file at `path` has for this QEMU, this OVMF and this host's kernel, else that of
 * `probe`, which is then written there.
 */
export async function cachedAnswer(
  path: string,
  options: KvmCacheOptions,
  probe: (options: KvmProbeOptions) => Promise<KvmAnswer>,
): Promise<KvmAnswer> {
  const { binary, firmware, log } = options;
  const files = await Promise.all([binary, firmware.code].map(fileIdentity));
  const key = [release(), ...files].join(' ');
  const remembered = await readCachedJson(path, { schema: entrySchema, log });
  if (remembered?.key === key) return remembered.answer;
  const answer = await probe(options);
  const entry: z.infer<typeof entrySchema> = { schema: 1, key, answer };
  if (!answer.passing) await writeCachedJson(path, entry);
  return answer;
}

async function fileIdentity(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${path}:${size}:${mtimeMs}`;
}
