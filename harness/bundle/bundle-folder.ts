// SPDX-License-Identifier: MIT
import { basename, dirname } from 'node:path';
import { FormatError } from '../errors.ts';
import { HeldFolder } from '../process/held-folder.ts';
import type { OpenFile } from '../process/open-file.ts';
import { type EvidenceFile, evidenceLimit } from './evidence.ts';
import type { Machine } from './evidence-limits.ts';

/** What is made from the evidence and lies beside it. */
type MadeFile = 'observation.json' | 'prediction.json' | 'verdict.json';

/** Bytes of one: a verdict has 5,000 for people, and quotes of a guest at most as many as a cell's record. */
const MADE_LIMIT = 4 * 1024 * 1024;

/**
 * The folder of a bundle, which may be a stranger's: its files are found by the table of evidence, none through a link,
 * and none is read that is larger than a cell leaves it.
 */
export class BundleFolder implements Disposable {
  readonly #folder: HeldFolder;
  /** Those in it, by name; undefined for one that is not there. */
  readonly #inside = new Map<string, HeldFolder | undefined>();

  private constructor(folder: HeldFolder) {
    this.#folder = folder;
  }

  /** Throws `UsageError` if there is no such folder, `FormatError` for what is none. */
  static open(path: string): BundleFolder {
    return new BundleFolder(HeldFolder.open(path));
  }

  /** Opens the folder that another thread holds open; see `HeldFolder.again()`. */
  static again(held: Pick<BundleFolder, 'path' | 'place'>): BundleFolder {
    return new BundleFolder(HeldFolder.again(held));
  }

  /** Where any thread of this process finds it. */
  get place(): string {
    return this.#folder.place;
  }

  /** As messages name it. */
  get path(): string {
    return this.#folder.path;
  }

  /** Whether the cell left the file. */
  has(file: EvidenceFile): boolean {
    return this.#holder(file)?.has(basename(file)) ?? false;
  }

  /** A file of the cell; undefined if it left none. Throws `FormatError` for what is no file, or larger than it can be. */
  open(file: EvidenceFile, machine: Machine): OpenFile | undefined {
    const found = this.#holder(file)?.file(basename(file));
    const limit = evidenceLimit(file, machine);
    if (found === undefined || found.size <= limit) return found;
    found[Symbol.dispose]();
    throw new FormatError(
      `Cannot read ${found.path}: expected at most ${limit} bytes, found ${found.size}`,
    );
  }

  /** All of a file; see `open()`. */
  read(file: EvidenceFile, machine: Machine): Uint8Array | undefined {
    using found = this.open(file, machine);
    return found?.read(0, found.size);
  }

  /** A file made from the evidence; undefined if there is none. Throws `FormatError` for what is no file, or too large. */
  readMade(file: MadeFile): Uint8Array | undefined {
    using found = this.#folder.file(file);
    if (found === undefined || found.size <= MADE_LIMIT) return found?.read(0, found.size);
    throw new FormatError(
      `Cannot read ${found.path}: expected at most ${MADE_LIMIT} bytes, found ${found.size}`,
    );
  }

  /** Writes beside the evidence; see `HeldFolder.replace()`. */
  replace(file: MadeFile, text: string): void {
    this.#folder.replace(file, text);
  }

  #holder(file: EvidenceFile): HeldFolder | undefined {
    const name = dirname(file);
    if (name === '.') return this.#folder;
    if (!this.#inside.has(name)) this.#inside.set(name, this.#folder.folder(name));
    return this.#inside.get(name);
  }

  [Symbol.dispose](): void {
    for (const folder of this.#inside.values()) folder?.[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}
