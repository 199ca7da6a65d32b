// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import {
  type Dirent,
  closeSync,
  constants,
  lstatSync,
  openSync,
  opendirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { FormatError, UsageError, fromSystemError } from '../errors.ts';
import { READ_ONLY, requireFile, requireFolder } from './file-kind.ts';
import { type OpenFile, fileOf, placeOf } from './open-file.ts';

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY;

/** A name that is taken is an error, and so is a link of that name. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Where a folder is, and whether a link may lead there. */
interface Where {
  readonly at: string;
  readonly follow: boolean;
}

/**
 * A folder of somebody else, held open. What is in it is found from its descriptor (`openat()`, by way of /proc), so that
 * no other folder can take its place meanwhile; no symbolic link in it is followed, and nothing but files is opened.
 */
export class HeldFolder implements Disposable {
  /** As messages name it. */
  readonly path: string;
  readonly #fd: number;

  private constructor(fd: number, path: string) {
    this.#fd = fd;
    this.path = path;
  }

  /**
   * Opens a folder, which its path may reach by a link if `follow` is true. Throws `UsageError` if there is none,
   * `FormatError` if it is something else.
   */
  static open(path: string, { follow = false } = {}): HeldFolder {
    return HeldFolder.#open(path, { at: resolve(path), follow });
  }

  /** Opens the folder that another thread holds open: it must hold it meanwhile. */
  static again({ path, place }: Pick<HeldFolder, 'path' | 'place'>): HeldFolder {
    return HeldFolder.#open(path, { at: place, follow: true });
  }

  static #open(path: string, where: Where): HeldFolder {
    const folder = openFolder(path, where);
    if (folder !== undefined) return new HeldFolder(folder, path);
    throw new UsageError(`Cannot read ${path}: there is no such folder`);
  }

  /** Where any thread of this process finds it. */
  get place(): string {
    return placeOf({ fd: this.#fd });
  }

  /** A folder in it; undefined if it has none of that name. */
  folder(name: string): HeldFolder | undefined {
    const path = join(this.path, name);
    const folder = openFolder(path, { at: this.#at(name), follow: false });
    return folder === undefined ? undefined : new HeldFolder(folder, path);
  }

  /** A file in it; undefined if it has none of that name. Throws `FormatError` if that is no file. */
  file(name: string): OpenFile | undefined {
    const path = join(this.path, name);
    const at = this.#at(name);
    // Before it is opened: that alone can act on a device.
    const info = ifThere(path, () => lstatSync(at));
    if (info === undefined) return undefined;
    requireFile(path, info);
    const fd = ifThere(path, () => openSync(at, READ_ONLY | constants.O_NOFOLLOW));
    return fd === undefined ? undefined : fileOf(fd, path);
  }

  /** Whether it has something of that name. */
  has(name: string): boolean {
    return ifThere(join(this.path, name), () => lstatSync(this.#at(name))) !== undefined;
  }

  /** What is in it, in any order. Throws `FormatError` for more than `limit`. */
  entries(limit: number): Dirent[] {
    const folder = opendirSync(this.place);
    try {
      const found: Dirent[] = [];
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
        if (found.length === limit) {
          throw new FormatError(
            `Cannot read ${this.path}: expected at most ${limit} files and folders, found more`,
          );
        }
        found.push(entry);
      }
      return found;
    } finally {
      folder.closeSync();
    }
  }

  /**
   * Writes a file: a new one takes the place of what had its name, and nothing is written to that, be it a link, a pipe
   * or one of several names of a file. Throws `HostError`.
   */
  replace(name: string, text: string): void {
    const unfinished = this.#at(`.unfinished-${process.pid}-${randomUUID()}`);
    try {
      const fd = openSync(unfinished, NEW_FILE);
      try {
        writeFileSync(fd, text);
      } finally {
        closeSync(fd);
      }
      renameSync(unfinished, this.#at(name));
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw fromSystemError(error, `write ${join(this.path, name)}`);
    }
  }

  #at(name: string): string {
    return join(this.place, name);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** The descriptor of a folder; undefined if there is nothing at that place. */
function openFolder(path: string, { at, follow }: Where): number | undefined {
  const info = ifThere(path, () => (follow ? statSync(at) : lstatSync(at)));
  if (info === undefined) return undefined;
  requireFolder(path, info);
  const flags = follow ? FOLDER : FOLDER | constants.O_NOFOLLOW;
  return ifThere(path, () => openSync(at, flags));
}

/** Undefined if there is nothing of that name. */
function ifThere<T>(path: string, call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    // Without what was called, and the descriptor that it was called with.
    const [why] = error instanceof Error ? error.message.split(', ') : [];
    throw new UsageError(`Cannot read ${path}: ${why ?? String(error)}`, { cause: error });
  }
}
