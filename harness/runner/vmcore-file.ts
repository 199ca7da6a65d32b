// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../errors.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { openFile } from '../process/open-file.ts';
import { runCommand } from '../process/owned-process.ts';
import { makeTempDir } from '../process/temp-dir.ts';

/** A dump that can be read; disposing it removes what was unpacked. */
export interface VmcoreFile extends AsyncDisposable {
  readonly path: string;
}

/** A long window: memory holds the same pages several times, far apart, as a kernel that was read, loaded and unpacked. */
const ZSTD = ['zstd', '--quiet', '--long=28'];

/** The first bytes of a zstd frame (RFC 8878, section 3.1.1). */
const ZSTD_MAGIC = 0xfd2f_b528;

/** Compresses a file to one beside it, named `.zst`. */
export async function packVmcore(path: string, signal: AbortSignal): Promise<void> {
  const part = `${path}.zst.part`;
  try {
    await runCommand([...ZSTD, '-3', '-T2', '--force', '-o', part, path], { signal });
    await rename(part, `${path}.zst`);
  } finally {
    await rm(part, { force: true });
  }
}

/**
 * Finds a dump in a file, or in the one beside it that `packVmcore()` made. A packed one is unpacked into a temporary
 * file, as dumps are read at any offset. Undefined if there is neither. Throws `FormatError` if it is no file or cannot
 * be unpacked, `UsageError` if it may not be read.
 */
export async function findVmcore(
  path: string,
  signal: AbortSignal,
): Promise<VmcoreFile | undefined> {
  const found = [path, `${path}.zst`].find((name) => existsSync(name));
  if (found === undefined) return undefined;
  if (!isPacked(found)) return { path: found, [Symbol.asyncDispose]: async () => {} };
  await using unpacking = new CleanupStack();
  const temp = unpacking.use(await makeTempDir());
  const unpacked = join(temp.path, 'vmcore');
  await unpack(found, unpacked, signal);
  const cleanups = unpacking.move();
  return { path: unpacked, [Symbol.asyncDispose]: () => cleanups[Symbol.asyncDispose]() };
}

async function unpack(packed: string, path: string, signal: AbortSignal): Promise<void> {
  try {
    await runCommand([...ZSTD, '--decompress', '-o', path, packed], { signal });
  } catch (error) {
    const [why] = /(?<=error \(\d+\) : ).+|unsupported format/.exec(String(error)) ?? [];
    if (why === undefined) throw error;
    const message = `Cannot unpack ${packed}: expected a whole zstd file, zstd says "${why.trim()}"`;
    throw new FormatError(message, { cause: error });
  }
}

function isPacked(path: string): boolean {
  using file = openFile(path);
  return file.size >= 4 && Buffer.from(file.read(0, 4)).readUInt32LE() === ZSTD_MAGIC;
}
