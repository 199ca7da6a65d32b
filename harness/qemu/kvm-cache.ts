// SPDX-License-Identifier: MIT
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { KvmAnswer, KvmProbeOptions } from './kvm-probe.ts';

const entrySchema = z.object({
  schema: z.literal(1),
  key: z.string(),
  answer: z.object({ works: z.boolean(), why: z.string() }),
});

/** The file in the cache folder that remembers the last probe of KVM. */
export function kvmCachePath(cacheFolder: string): string {
  return join(cacheFolder, 'kvm-probe.json');
}

/**
 * The answer that the file at `path` remembers for this QEMU, this OVMF and this host's kernel,
 * else that of `probe`, which is then remembered.
 */
export async function cachedAnswer(
  path: string,
  options: KvmProbeOptions,
  probe: (options: KvmProbeOptions) => Promise<KvmAnswer>,
): Promise<KvmAnswer> {
  const { binary, firmware } = options;
  const files = await Promise.all([binary, firmware.code].map(fileIdentity));
  const key = [release(), ...files].join(' ');
  const remembered = await readEntry(path);
  if (remembered?.key === key) return remembered.answer;
  const answer = await probe(options);
  if (!answer.passing) await writeEntry(path, { schema: 1, key, answer });
  return answer;
}

async function fileIdentity(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${path}:${size}:${mtimeMs}`;
}

async function readEntry(path: string): Promise<z.infer<typeof entrySchema> | undefined> {
  try {
    return entrySchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // No file, or an unreadable one: the probe is cheap enough to be made again.
    return undefined;
  }
}

async function writeEntry(path: string, entry: z.infer<typeof entrySchema>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, `${JSON.stringify(entry, undefined, 2)}\n`);
  await rename(unfinished, path);
}
