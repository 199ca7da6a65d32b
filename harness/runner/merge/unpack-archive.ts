// SPDX-License-Identifier: MIT
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Extract, type Header, extract } from 'tar-stream';
import { evidenceLimit, isEvidenceFile } from '../../bundle/evidence.ts';
import { CPUS_LIMIT, MEMORY_LIMIT_MIB } from '../../bundle/evidence-limits.ts';
import { FormatError, HostError, InterruptedError, messageOf } from '../../errors.ts';
import { printableText } from '../../memory/printable-text.ts';
import { type OpenFile, openFile, placeOf } from '../../process/open-file.ts';
import { outputOf } from '../../process/owned-process.ts';
import { PLAN, PLAN_BYTES } from '../results-folder.ts';
import { requireRoom, zstdError } from '../unpack-vmcore.ts';

/** The most that is taken of an archive: 10,000 cells have some 400,000 files. */
const FILES_LIMIT = 500_000;
const BYTES_LIMIT = 256 * 1024 ** 3;

/** Folders in a path, and bytes of it. */
const DEPTH_LIMIT = 8;
const PATH_LIMIT = 1024;

/** Which machine a cell had is known when its record is unpacked, which may be last: the largest is allowed for. */
const LARGEST = { memoryMiB: MEMORY_LIMIT_MIB, cpus: CPUS_LIMIT };

/** How an archive is packed, by its first bytes; a plain tar has none of these. */
const PACKINGS: readonly {
  readonly magic: readonly number[];
  readonly unpacked: (file: OpenFile, signal: AbortSignal) => AsyncIterable<Uint8Array>;
}[] = [
  {
    magic: [0x1f, 0x8b],
    unpacked: (file, signal) => {
      const gunzip = createGunzip();
      // What goes wrong shows in the reading of what comes out.
      pipeline(bytesOf(file), gunzip, { signal }).catch(() => {});
      return gunzip;
    },
  },
  {
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    unpacked: ({ fd }, signal) => outputOf(['zstd', '-dc', '--quiet'], { input: fd, signal }),
  },
];

/**
 * Unpacks the bundles and plans of an archive of results, which may be a stranger's, into an empty folder: a tar, plain or
 * packed with gzip or zstd. Whatever else is in it is left out. Throws `FormatError` for one that is cut or no archive,
 * that has a link or a path that leads out of it, or more than a run leaves; `HostError` if there is no room.
 */
export async function unpackArchive(path: string, to: string, signal: AbortSignal): Promise<void> {
  using file = openFile(path);
  const head = file.read(0, Math.min(file.size, 4));
  const packing = PACKINGS.find(({ magic }) => magic.every((byte, nr) => head[nr] === byte));
  const bytes = packing ? packing.unpacked(file, signal) : bytesOf(file);
  const tar = extract();
  try {
    const reading = pipeline(bytes, bounded(BYTES_LIMIT), tar, { signal });
    const [found] = await Promise.all([takeFrom(tar, to), reading]);
    if (!found) throw new FormatError('expected a tar, found nothing in it');
  } catch (error) {
    if (signal.aborted) throw new InterruptedError(`Interrupted in unpacking ${path}`);
    if (error instanceof HostError) throw error;
    const why = zstdError(error) ?? printableText(messageOf(error));
    throw new FormatError(`Cannot unpack ${path}: ${why}`, { cause: error });
  }
}

function bytesOf(file: OpenFile): Readable {
  return createReadStream(placeOf(file));
}

/** Passes on so many bytes. */
function bounded(limit: number): Transform {
  let left = limit;
  return new Transform({
    transform(chunk: Uint8Array, _, done) {
      left -= chunk.length;
      if (left >= 0) done(null, chunk);
      else done(new FormatError(`expected at most ${limit} bytes, found more`));
    },
  });
}

/** Whether there was any entry. */
async function takeFrom(tar: Extract, folder: string): Promise<boolean> {
  const made = new Set<string>();
  let entries = 0;
  for await (const entry of tar) {
    if (++entries > FILES_LIMIT)
      throw new FormatError(`expected at most ${FILES_LIMIT} files, found more`);
    const path = pathIn(entry.header);
    if (path === null || limitOf(path) === null) {
      entry.resume();
      continue;
    }
    if (made.has(path)) throw new FormatError(`expected each file once, found ${path} twice`);
    made.add(path);
    const to = join(folder, path);
    await requireRoom(path, entry.header.size);
    await mkdir(dirname(to), { recursive: true });
    await pipeline(entry, createWriteStream(to, { flags: 'wx' }));
  }
  return entries > 0;
}

/** Where a file goes; null for a folder. Throws `FormatError` for whatever no archive of results has. */
function pathIn({ type, name, size }: Header): string | null {
  const path = name.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
  const parts = path.split('/');
  const isInside =
    path.length <= PATH_LIMIT &&
    parts.length <= DEPTH_LIMIT &&
    parts.every((part) => !['', '.', '..'].includes(part) && !part.includes('\0'));
  if (type === 'directory' && (isInside || path === '' || path === '.')) return null;
  if (type !== 'file' && type !== 'contiguous-file') {
    throw new FormatError(`expected files and folders, found a ${type}: ${name}`);
  }
  if (!isInside) throw new FormatError(`expected paths inside of it, found ${name}`);
  const limit = limitOf(path);
  if (limit !== null && size > limit) {
    throw new FormatError(`expected at most ${limit} bytes in ${path}, found ${size}`);
  }
  return path;
}

/** How many bytes a file may have; null for one that is not needed. */
function limitOf(path: string): number | null {
  const parts = path.split('/');
  if (parts.at(-1) === PLAN) return PLAN_BYTES;
  const file = [parts.slice(-2), parts.slice(-1)].map((end) => end.join('/')).find(isEvidenceFile);
  return file === undefined ? null : evidenceLimit(file, LARGEST);
}
