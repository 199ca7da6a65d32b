// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { open, rename, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { readCellRecord } from '../bundle/bundle.ts';
import { BundleFolder } from '../bundle/bundle-folder.ts';
import type { CellSpec } from '../bundle/cell-record.ts';
import type { EvidenceFile } from '../bundle/evidence.ts';
import { dumpBytes } from '../bundle/evidence-limits.ts';
import { FormatError, HostError, ProcessError } from '../errors.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { type OpenFile, openFile, placeOf } from '../process/open-file.ts';
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
 * Opens a dump that a user names, or the one beside it that `packVmcore()` made. In a cell's folder it is held to the
 * cell's record. Throws as `unpacked()` does, `UsageError` if it may not be read.
 */
export async function requireVmcore(path: string, signal: AbortSignal): Promise<VmcoreFile> {
  const found = [path, `${path}.zst`].find((name) => existsSync(name)) ?? path;
  return unpacked(openFile(found), limitBeside(found), signal);
}

/** What the record of a cell allows that lies beside its dump; no limit for a dump that is no cell's. */
function limitBeside(path: string): number {
  const isCells = ['vmcore', 'vmcore.zst'].includes(basename(path));
  if (!isCells || !existsSync(join(dirname(path), 'cell.json'))) return Infinity;
  using folder = BundleFolder.open(dirname(path));
  return dumpBytes(readCellRecord(folder).spec);
}

/**
 * Finds a dump among the files of a bundle: the first of these that the cell left. Undefined if it left none. Throws
 * `FormatError` for one that is no file, or larger than the cell's memory makes it, and as `unpacked()` does.
 */
export async function findVmcoreIn(
  folder: BundleFolder,
  { files, spec }: { readonly files: readonly EvidenceFile[]; readonly spec: CellSpec },
  signal: AbortSignal,
): Promise<VmcoreFile | undefined> {
  for (const name of files) {
    const file = folder.open(name, spec);
    if (file) return unpacked(file, dumpBytes(spec), signal);
  }
  return undefined;
}

/**
 * The dump in a file, which it takes over. A packed one is unpacked into a temporary file, as dumps are read at any
 * offset. Throws `FormatError` if it cannot be unpacked or has more than `limit` bytes, `HostError` if there is no room.
 */
async function unpacked(file: OpenFile, limit: number, signal: AbortSignal): Promise<VmcoreFile> {
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
    await unpack({ file, path, bytes }, signal);
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
}

async function unpack({ file, path, bytes }: Unpacking, signal: AbortSignal): Promise<void> {
  await using to = await open(path, 'wx', 0o600);
  let done = 0;
  try {
    const command = [...ZSTD, '--decompress', '--stdout'];
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
