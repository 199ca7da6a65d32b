// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Extract, extract } from 'tar-stream';
import { PackageError, Sub1mError, fromSystemError, wordsOf } from '../errors.ts';
import { outputOf } from '../process/owned-process.ts';

/** The most that is taken of a package: the largest kernels of Debian have some 4,500 modules of 500 MiB together. */
const FILES_LIMIT = 20_000;
const BYTES_LIMIT = 4 * 1024 ** 3;

/** Bytes of a path, well below PATH_MAX. */
const PATH_LIMIT = 1024;

/** What is taken of a package, and where it goes. */
interface Taking {
  /** A new folder, or one that only this function has written to. */
  readonly tree: string;
  /** By its path in the package, without `./`. */
  readonly isWanted: (path: string) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Unpacks the wanted files of a package, which may be a stranger's: no link, device or pipe is made, and so nothing is
 * written outside of `tree`. Gives their paths, as they are in the package. Throws
 * `PackageError` if it cannot be read or has too much, `HostError` if a file cannot be written.
 */
export async function takeDebFiles(deb: string, { tree, ...taking }: Taking): Promise<string[]> {
  const { signal } = taking;
  const tar = extract();
  try {
    const reading = pipeline(outputOf(['dpkg-deb', '--fsys-tarfile', deb], { signal }), tar);
    const [taken] = await Promise.all([takeFrom(tar, { tree, ...taking }), reading]);
    return taken;
  } catch (thrown) {
    const error = fromSystemError(thrown, `unpack ${deb}`);
    if (error instanceof Sub1mError && error.code !== 'E_PROCESS') throw error;
    throw new PackageError(`Cannot read the package ${deb}: ${wordsOf(error)}`, { cause: thrown });
  }
}

async function takeFrom(tar: Extract, { tree, isWanted }: Taking): Promise<string[]> {
  const taken: string[] = [];
  let bytes = 0;
  for await (const entry of tar) {
    const { type, name, size } = entry.header;
    const path = name.replace(/^\.\//, '');
    if (type !== 'file' || !isInTree(path) || !isWanted(path)) {
      entry.resume();
      continue;
    }
    bytes += size;
    if (taken.length === FILES_LIMIT || bytes > BYTES_LIMIT) throw tooMuch();
    const to = join(tree, path);
    await mkdir(dirname(to), { recursive: true });
    await pipeline(entry, createWriteStream(to));
    taken.push(path);
  }
  return taken;
}

/** Whether a path names a file below the tree, in one way. */
function isInTree(path: string): boolean {
  const parts = path.split('/');
  return (
    path.length <= PATH_LIMIT &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'))
  );
}

function tooMuch(): PackageError {
  return new PackageError(
    `Cannot use the package: expected at most ${FILES_LIMIT} files of ${BYTES_LIMIT} bytes together, found more`,
  );
}
