// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromSystemError } from '../../errors.ts';
import { sha256 } from '../../process/file-hash.ts';
import { replaceFile } from '../../process/replace-file.ts';

/** Where what the server will never take is kept, each with a file that says why. */
const REJECTED = 'rejected';

/** Bytes of a document that kcidb-restd takes. */
const DOCUMENT_LIMIT = 512 * 1024 * 1024;

/** A folder of documents that no server has taken yet: a file for each, the oldest run first. */
export class Spool {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Adds a document, on disk when this returns; the same twice is one. Throws `HostError` if it cannot. */
  async add(document: string, startedAt: string): Promise<void> {
    const hash = sha256(document).slice(0, 16);
    const name = `${startedAt.replaceAll(/[^\dTZ]/g, '-')}-${hash}.json`;
    await this.#doing(`write to ${this.folder}`, () =>
      replaceFile(join(this.folder, name), document),
    );
  }

  /** The names of the documents. */
  names(): Promise<string[]> {
    return this.#doing(`read ${this.folder}`, async () => {
      await mkdir(this.folder, { recursive: true });
      const names = await readdir(this.folder);
      return names.filter((name) => /^\w[\w.-]*\.json$/.test(name)).toSorted();
    });
  }

  /** A document; null if it is larger than any server takes. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const path = join(this.folder, name);
    return this.#doing(`read ${path}`, async () => {
      const { size } = await stat(path);
      return size > DOCUMENT_LIMIT ? null : readFile(path);
    });
  }

  /** Forgets a document: the server has it. */
  remove(name: string): Promise<void> {
    const path = join(this.folder, name);
    return this.#doing(`remove ${path}`, () => rm(path));
  }

  /** Puts a document aside, and why beside it. Returns where it is now. */
  reject(name: string, why: string): Promise<string> {
    const path = join(this.folder, REJECTED, name);
    return this.#doing(`put ${path} aside`, async () => {
      await replaceFile(`${path}.why`, `${why}\n`);
      await rename(join(this.folder, name), path);
      return path;
    });
  }

  async #doing<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw fromSystemError(error, what);
    }
  }
}
