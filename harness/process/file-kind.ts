// SPDX-License-Identifier: MIT
/** What a path may lead to that is no file: to open it could wait for ever, or act on a device. */
import type { Stats } from 'node:fs';
import { constants } from 'node:fs';
import { FormatError } from '../errors.ts';

/** Opens no terminal as ours, and waits for nobody at the other end. */
export const READ_ONLY = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

type Kind =
  | 'isSymbolicLink'
  | 'isDirectory'
  | 'isFIFO'
  | 'isSocket'
  | 'isCharacterDevice'
  | 'isBlockDevice';

/** How each kind is called, and what to do about it. */
const KINDS: Readonly<Record<Kind, string>> = {
  isSymbolicLink: 'a symbolic link; put what it leads to in its place',
  isDirectory: 'a folder; name a file in it',
  isFIFO: 'a pipe; save what it gives to a file first',
  isSocket: 'a socket; name a file',
  isCharacterDevice: 'a character device; name a file',
  isBlockDevice: 'a block device; copy it to a file first',
};

/** Throws `FormatError` for what is no file. */
export function requireFile(path: string, info: Stats): void {
  if (info.isFile()) return;
  const kind = (Object.keys(KINDS) as Kind[]).find((name) => info[name]());
  const what = kind === undefined ? 'something else; name a file' : KINDS[kind];
  throw new FormatError(`Cannot read ${path}: expected a file, found ${what}`);
}

/** Throws `FormatError` for what is no folder. */
export function requireFolder(path: string, info: Stats): void {
  if (info.isDirectory()) return;
  const what = info.isSymbolicLink() ? KINDS.isSymbolicLink : 'none';
  throw new FormatError(`Cannot read ${path}: expected a folder, found ${what}`);
}
