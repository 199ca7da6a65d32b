// SPDX-License-Identifier: MIT
import { constants, openSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { FormatError, InterruptedError, UsageError } from '../errors.ts';
import { READ_ONLY, requireFile } from './file-kind.ts';

/** How to read the text that a user names. */
interface InputOptions {
  /** The message about a file that does not exist or may not be read. */
  readonly missing: (why: string) => string | Promise<string>;
  /** With it a pipe is read, too, such as the shell's <(…); it ends the wait for the other end. */
  readonly signal?: AbortSignal;
  /** Bytes that it may have. */
  readonly limit?: number;
  /** For which the other end of a pipe may be silent, ms. */
  readonly silenceMs?: number;
}

/** Bytes of text: the log of a month has some 10 MiB. */
export const INPUT_BYTES = 64 * 1024 * 1024;

const CHUNK_BYTES = 65_536;

/** A program that reads a whole journal is slow. */
const SILENCE_MS = 30_000;

/**
 * Reads a text that a user names, whole. Throws `UsageError` if it cannot be opened, `FormatError`
 * if it is no file or too long, `InterruptedError` if the signal fires.
 */
export async function readInput(path: string, options: InputOptions): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of readChunks(path, options)) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

/** The same, as the bytes come. */
export async function* readChunks(path: string, options: InputOptions): AsyncGenerator<Buffer> {
  const { missing, signal, limit = INPUT_BYTES, silenceMs = SILENCE_MS } = options;
  const isMissing = async (cause: Error): Promise<never> => {
    throw new UsageError(await missing(cause.message), { cause });
  };
  const info = await stat(path).catch(isMissing);
  if (info.isFIFO() && signal) {
    yield* limited(path, readPipe(path, { signal, silenceMs }), limit);
    return;
  }
  requireFile(path, info);
  await using file = await open(path, READ_ONLY).catch(isMissing);
  // The name may lead elsewhere by now.
  requireFile(path, await file.stat());
  try {
    yield* limited(path, readFile(path, file, signal), limit);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    // As /proc/kmsg has none.
    throw new FormatError(`Cannot read ${path}: it has no end; save a part of it to a file first`);
  }
}

async function* limited(
  path: string,
  chunks: AsyncIterable<Buffer>,
  limit: number,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > limit) {
      throw new FormatError(`Cannot read ${path}: expected at most ${limit} bytes, found more`);
    }
    yield chunk;
  }
}

async function* readFile(
  path: string,
  file: FileHandle,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  for await (const chunk of file.createReadStream({ highWaterMark: CHUNK_BYTES })) {
    if (signal?.aborted) {
      throw new InterruptedError(`Interrupted in reading ${path}`, { cause: signal.reason });
    }
    yield chunk as Buffer;
  }
}

async function* readPipe(
  path: string,
  { signal, silenceMs }: { readonly signal: AbortSignal; readonly silenceMs: number },
): AsyncGenerator<Buffer> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const pipe = new Socket({ fd, readable: true, writable: false, signal });
  pipe.setTimeout(silenceMs, () => {
    const [expected, found] = ['text from the pipe', `none in ${silenceMs / 1000} s`];
    pipe.destroy(new FormatError(`Cannot read ${path}: expected ${expected}, found ${found}`));
  });
  try {
    for await (const chunk of pipe) yield chunk as Buffer;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new InterruptedError(`Interrupted in reading ${path}`, { cause: signal.reason });
  } finally {
    pipe.destroy();
  }
}
