// SPDX-License-Identifier: MIT
import { open, rename, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FormatError, HostError, ProcessError } from '../errors.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { type OpenFile, placeOf } from '../process/open-file.ts';
import { outputOf, runCommand } from '../process/owned-process.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { ZSTD_MAGIC, zstdContentSize } from './zstd-frame.ts';

/** A dump that can be read; disposing it removes what was unpacked. */
export interface VmcoreFile extends AsyncDisposable {
  /** Where any thread of this process finds it. */
  readonly path: string;
}

/** A long window: memory holds the same pages several times, far apart, as a kernel that was read, loaded and unpacked. */
const ZSTD = ['zstd', '--quiet', '--long=28'];

/** Of a dump by another its window spans both: zstd chooses it, and must be told that it may unpack it. */
const BY_BASE = ['zstd', '--quiet'];

interface Packing {
  /** Where to; beside it and named `.zst` unless given. */
  readonly to?: string;
  /** A dump that it is much like: only what differs is stored, and it is unpacked by the same dump alone. */
  readonly base?: string;
}

/** Compresses a file. */
export async function packVmcore(
  path: string,
  signal: AbortSignal,
  { to = `${path}.zst`, base }: Packing = {},
): Promise<void> {
  const part = `${to}.part`;
  const how =
    base === undefined ? [...ZSTD, '-3', '-T2'] : [...BY_BASE, '-9', `--patch-from=${base}`];
  try {
    await runCommand([...how, '--force', '-o', part, path], { signal });
    await rename(part, to);
  } finally {
    await rm(part, { force: true });
  }
}

interface UnpackOptions {
  /** Bytes. */
  readonly limit: number;
  /** The dump by which it was packed. */
  readonly base?: string | undefined;
}

/**
 * The dump in a file, which it takes over. A packed one is unpacked into a temporary file, as dumps are read at any
 * offset. Throws `FormatError` if it cannot be unpacked or has more than `limit` bytes, `HostError` if there is no room.
 */
export async function unpacked(
  file: OpenFile,
  { limit, base }: UnpackOptions,
  signal: AbortSignal,
): Promise<VmcoreFile> {
  await using holding = new CleanupStack();
  holding.defer(() => {
    file[Symbol.dispose]();
  });
  let path = placeOf(file);
  if (isPacked(file)) {
    const bytes = expectedBytes(file, limit);
    await requireRoom(file.path, bytes);
    const temp = holding.use(await makeTempDir());
    path = join(temp.path, 'vmcore');
    await unpack({ file, path, bytes, base }, signal);
  }
  const cleanups = holding.move();
  return { path, [Symbol.asyncDispose]: () => cleanups[Symbol.asyncDispose]() };
}

/** How many bytes it unpacks to, at most: as many as it says, if it does. */
function expectedBytes(file: OpenFile, limit: number): number {
  const says = zstdContentSize(file.read(0, Math.min(file.size, 18)));
  if (says === undefined || says <= limit) return says ?? limit;
  throw new FormatError(
    `Cannot unpack ${file.path}: expected at most ${limit} bytes, as a machine of its memory makes, found ${says}`,
  );
}

/** Throws `HostError` unless the temporary folder has room; where nothing says how much it takes, that shows later. */
export async function requireRoom(what: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  const free = bavail * bsize;
  if (bytes === Infinity || bytes <= free) return;
  throw new HostError(
    `Cannot unpack ${what}: expected ${bytes} bytes free in ${tmpdir()}, found ${free}; ` +
      'name a folder with more room in TMPDIR',
  );
}

interface Unpacking {
  readonly file: OpenFile;
  readonly path: string;
  /** No more than these are written. */
  readonly bytes: number;
  readonly base: string | undefined;
}

async function unpack({ file, path, bytes, base }: Unpacking, signal: AbortSignal): Promise<void> {
  await using to = await open(path, 'wx', 0o600);
  let done = 0;
  try {
    const how = base === undefined ? ZSTD : [...BY_BASE, '--long=31', `--patch-from=${base}`];
    const command = [...how, '--decompress', '--stdout'];
    for await (const chunk of outputOf(command, { input: file.fd, signal })) {
      done += chunk.length;
      if (done > bytes) {
        throw new FormatError(
          `Cannot unpack ${file.path}: expected at most ${bytes} bytes, found more`,
        );
      }
      await to.writeFile(chunk);
    }
  } catch (error) {
    const why = zstdError(error);
    if (why === undefined) throw error;
    throw new FormatError(`Cannot unpack ${file.path}: ${why}`, { cause: error });
  }
}

/** What zstd found wrong with what it was given; undefined if something else failed. */
export function zstdError(error: unknown): string | undefined {
  if (!(error instanceof ProcessError)) return undefined;
  const [why] = /(?<=error \(\d+\) : ).+|unsupported format/.exec(String(error)) ?? [];
  return why && `expected a whole zstd file, zstd says "${why.trim()}"`;
}

function isPacked(file: OpenFile): boolean {
  return file.size >= 4 && Buffer.from(file.read(0, 4)).readUInt32LE() === ZSTD_MAGIC;
}
