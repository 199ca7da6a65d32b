// SPDX-License-Identifier: MIT
/** What a folder of the cache held when it was made, noted in it: by this sub1m tells a damaged one. */
import { lstat, readFile, readdir, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { HostError, messageOf } from '../errors.ts';
import { findDifference, sha256Once } from './file-hash.ts';
import { replaceFile } from './replace-file.ts';

/** The note. */
export const SEAL = 'sealed.json';

const sealSchema = z.object({
  schema: z.literal(1),
  files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
  links: z.array(z.object({ path: z.string(), target: z.string() })),
});

type Seal = z.infer<typeof sealSchema>;

/**
 * Notes what a folder holds: path, size and SHA-256 of each file, and where each symlink leads; with `topOnly` nothing of
 * its subfolders. The note is on disk when this resolves.
 */
export async function sealFolder(
  folder: string,
  { topOnly = false }: { readonly topOnly?: boolean } = {},
): Promise<void> {
  const seal: Seal = { schema: 1, files: [], links: [] };
  const entries = await readdir(folder, { recursive: !topOnly, withFileTypes: true });
  for (const entry of entries) {
    const at = join(entry.parentPath, entry.name);
    const path = relative(folder, at);
    if (entry.isSymbolicLink()) seal.links.push({ path, target: await readlink(at) });
    if (!entry.isFile() || path === SEAL) continue;
    const { size: bytes } = await lstat(at);
    seal.files.push({ path, bytes, sha256: await sha256Once(at) });
  }
  await replaceFile(join(folder, SEAL), `${JSON.stringify(seal, null, 1)}\n`);
}

/** How a folder differs from what was noted, in words; null if it does not. Never throws. */
export async function findDamage(folder: string): Promise<string | null> {
  try {
    if (!(await lstat(folder)).isDirectory()) return 'expected a folder, found something else';
    const seal = await readSeal(folder);
    if (typeof seal === 'string') return seal;
    for (const row of seal.files) {
      const damage = await findFileDamage(folder, row);
      if (damage !== null) return `${row.path}: ${damage}`;
    }
    for (const { path, target } of seal.links) {
      const found = await readlink(join(folder, path));
      if (found !== target) return `${path}: expected a link to ${target}, found one to ${found}`;
    }
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** The SHA-256 that was noted of a file. Throws `HostError` if the note is gone: it was read a moment ago. */
export async function sealedSha256(folder: string, path: string): Promise<string> {
  const seal = await readSeal(folder);
  const row = typeof seal === 'string' ? undefined : seal.files.find((file) => file.path === path);
  if (row !== undefined) return row.sha256;
  throw new HostError(`Cannot read ${join(folder, path)}: the cache changed meanwhile; try again`);
}

async function readSeal(folder: string): Promise<Seal | string> {
  const path = join(folder, SEAL);
  const info = await lstat(path).catch(() => undefined);
  if (!info) return `expected ${SEAL}, found none: another sub1m made it`;
  if (!info.isFile()) return `${SEAL}: expected a file, found something else`;
  try {
    return sealSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    return error instanceof z.ZodError || error instanceof SyntaxError
      ? `${SEAL} cannot be read: it is cut short, or another sub1m made it`
      : messageOf(error);
  }
}

async function findFileDamage(
  folder: string,
  { path, bytes, sha256 }: Seal['files'][number],
): Promise<string | null> {
  const at = join(folder, path);
  const info = await lstat(at);
  if (!info.isFile()) return 'expected a file, found something else';
  if (info.size !== bytes) return `expected ${bytes} bytes, found ${info.size}`;
  return findDifference(at, sha256);
}
