// SPDX-License-Identifier: MIT
/** A log as bytes, however it is kept: from a file, a pipe, a cell's folder; packed or not; as text. */
import { statSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { FormatError, InterruptedError, ProcessError, messageOf } from '../../errors.ts';
import { HeldFolder } from '../../process/held-folder.ts';
import { outputOf } from '../../process/owned-process.ts';
import { INPUT_BYTES, readChunks } from '../../process/read-input.ts';
import { makeTempDir } from '../../process/temp-dir.ts';

/** The name that stands for standard input. */
export const STDIN = '-';

/** Where a cell's folder has its system kernel's log, the best first. */
const CELL_LOGS = [
  ['system', 'dmesg'],
  ['dead', 'dmesg'],
] as const;

/** How packed files begin, and what unpacks them. */
const PACKINGS: readonly { readonly magic: string; readonly command: readonly string[] }[] = [
  { magic: '1f8b', command: ['gzip', '-dc'] },
  { magic: 'fd377a585a00', command: ['xz', '-dc', '--memlimit=256MiB'] },
  { magic: '28b52ffd', command: ['zstd', '-dcq', '--memory=256MB'] },
  { magic: '425a68', command: ['bzip2', '-dc'] },
];

interface ReadOptions {
  /** The message about a file that does not exist. */
  readonly missing: (why: string) => string | Promise<string>;
  readonly signal?: AbortSignal;
}

/**
 * The text of a log that a user names: a file, `-` for standard input, a pipe, or a cell's folder; it may be packed.
 * Throws `UsageError` if it does not exist, `FormatError` if it cannot be read or is too long.
 */
export async function readLogText(path: string, options: ReadOptions): Promise<string> {
  const bytes = await readBytes(path, options);
  const hex = bytes.subarray(0, 8).toString('hex');
  const packing = PACKINGS.find(({ magic }) => hex.startsWith(magic));
  if (!packing) return textOf(bytes);
  const signal = options.signal ?? new AbortController().signal;
  return textOf(await unpack(bytes, { path, command: packing.command, signal }));
}

async function readBytes(path: string, options: ReadOptions): Promise<Buffer> {
  if (path === STDIN) return readStdin(options.signal);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return readCellLog(path);
  return collect(path, readChunks(path, options));
}

async function readStdin(signal: AbortSignal | undefined): Promise<Buffer> {
  const stream = signal ? addAbortSignal(signal, process.stdin) : process.stdin;
  try {
    return await collect('standard input', stream);
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw new InterruptedError('Interrupted in reading standard input', { cause: signal.reason });
  }
}

function readCellLog(path: string): Buffer {
  using folder = HeldFolder.open(path, { follow: true });
  for (const [inside, name] of CELL_LOGS) {
    using held = folder.folder(inside);
    using file = held?.file(name);
    if (file && file.size <= INPUT_BYTES) return Buffer.from(file.read(0, file.size));
  }
  throw new FormatError(
    `Cannot read ${path}: expected a log or a cell's folder, found a folder without ${CELL_LOGS.map((names) => join(...names)).join(' or ')}`,
  );
}

async function collect(path: string, chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > INPUT_BYTES) {
      throw new FormatError(`Cannot read ${path}: expected at most ${INPUT_BYTES} bytes of text`);
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

interface Packed {
  readonly path: string;
  readonly command: readonly string[];
  readonly signal: AbortSignal;
}

async function unpack(bytes: Buffer, { path, command, signal }: Packed): Promise<Buffer> {
  await using temp = await makeTempDir();
  const packed = join(temp.path, 'packed');
  await writeFile(packed, bytes);
  await using file = await open(packed);
  try {
    return await collect(path, outputOf(command, { input: file.fd, signal }));
  } catch (error) {
    if (!(error instanceof ProcessError) || !/exit status [1-9]/.test(error.message)) throw error;
    const why = messageOf(error).split('\n').at(-1);
    throw new FormatError(`Cannot unpack ${path}: ${why}`, { cause: error });
  }
}

/** Bytes of which half are zero are UTF-16, as PowerShell and Notepad write it. */
function textOf(bytes: Buffer): string {
  const start = bytes.subarray(0, 1024);
  const zeroes = [0, 1].map(
    (odd) => start.filter((byte, at) => byte === 0 && at % 2 === odd).length,
  );
  const [even = 0, odd = 0] = zeroes;
  const isBig = even > start.length / 4 && odd === 0;
  const isLittle = odd > start.length / 4 && even === 0;
  if (isBig)
    return Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString('utf16le');
  return bytes.toString(isLittle ? 'utf16le' : 'utf8');
}
