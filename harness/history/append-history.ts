// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { type FileHandle, access, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FormatError, HostError, messageOf } from '../errors.ts';
import { requireFile } from '../process/file-kind.ts';
import type { HistoryLine } from './history-line.ts';

/** Waits for nobody at the other end, and opens no terminal as ours. */
const APPEND =
  constants.O_RDWR |
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_NONBLOCK |
  constants.O_NOCTTY;

const NEWLINE = '\n'.charCodeAt(0);

/**
 * Adds lines to a file of history, in one write: those of two programs do not mix. The file is made if there is none. A
 * last line that a crash cut short stays a line of its own. Resolves once all is on disk. Throws `FormatError` for what
 * is no file, `HostError` if it cannot be written.
 */
export async function appendHistory(path: string, lines: readonly HistoryLine[]): Promise<void> {
  if (lines.length === 0) return;
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  try {
    await using file = await openToAppend(path);
    const bytes = Buffer.from((await endsWithinLine(file)) ? `\n${text}` : text);
    const { bytesWritten } = await file.write(bytes);
    if (bytesWritten < bytes.length) {
      throw new HostError(`${bytesWritten} of ${bytes.length} bytes written; is the disk full?`);
    }
    await file.datasync();
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Sees that lines can be added to a file, and makes nothing. Throws like `appendHistory`. */
export async function requireHistory(path: string): Promise<void> {
  try {
    const info = await stat(path).catch(() => null);
    if (info) requireFile(path, info);
    await requireWritable(path);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Of what does not exist yet, the folder that it would be made in. */
async function requireWritable(path: string): Promise<void> {
  try {
    await access(path, constants.W_OK);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) throw error;
    await requireWritable(dirname(path));
  }
}

function cannotWrite(path: string, error: unknown): unknown {
  if (error instanceof FormatError) return error;
  return new HostError(`Cannot write history ${path}: ${messageOf(error)}`, { cause: error });
}

async function openToAppend(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true });
  // Before it is opened: that alone can act on a device.
  const info = await stat(path).catch(() => null);
  if (info) requireFile(path, info);
  const file = await open(path, APPEND, 0o644);
  try {
    requireFile(path, await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function endsWithinLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 1 && buffer[0] !== NEWLINE;
}
