// SPDX-License-Identifier: MIT
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import manifest from '../../package.json' with { type: 'json' };
import type { BundleFolder } from '../bundle/bundle-folder.ts';
import { MESSAGE_LIMIT, SCHEMA_VERSION } from '../bundle/cell-record.ts';
import { type EvidenceFile, evidenceLimit, evidencePath } from '../bundle/evidence.ts';
import { type Machine, hashBytes, removedPagesBytes } from '../bundle/evidence-limits.ts';
import {
  type RemovedVmcore,
  type VmcoresKept,
  parseRemovedVmcore,
} from '../bundle/removed-vmcore.ts';
import { FormatError } from '../errors.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { pfn } from '../memory/pfn.ts';
import { type Seen, seenFrom } from '../seen.ts';
import type { VmcoreDigest } from '../vmcore/vmcore-digest.ts';

const [RECORD, PAGES] = ['removed/vmcore.json', 'removed/pages.gz'] as const;

/** A vmcore that is to go, and what was read of it. */
export interface Removal {
  readonly folder: string;
  readonly machine: Machine;
  readonly keep: VmcoresKept;
  readonly digest: VmcoreDigest;
}

/**
 * Removes the vmcore of a cell, and leaves all that it was judged by: the same bundle gives the same judgement. Throws
 * `FormatError`, and removes nothing, where that is more than a bundle may have.
 */
export async function removeVmcore(
  vmcore: string,
  { folder, machine, keep, digest }: Removal,
): Promise<void> {
  const { size: bytes } = await stat(vmcore);
  const record: RemovedVmcore = {
    schema: SCHEMA_VERSION,
    keep,
    sub1m: manifest.version,
    bytes,
    pages: cut(digest.pages, ({ pfns }) => pfns.length),
    whole: cut(digest.whole, (words) => words),
    lowPages: cut(digest.lowPages, (classes) => [...classes]),
    crashkernelFreed: cut(digest.crashkernelFreed, (count) => count),
    writableCode: cut(digest.writableCode, (pages) => [...pages]),
    keptKindsLeftOut: cut(digest.keptKindsLeftOut, (pages) => pages.length),
  };
  const packed = gzipSync(new Uint8Array(encodePages(digest).buffer));
  for (const [file, content] of [
    [PAGES, packed],
    [RECORD, Buffer.from(`${asciiJson(record, 1)}\n`)],
  ] as const) {
    requireSize(file, content.length, machine);
    const path = evidencePath(folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  await rm(vmcore);
}

/** What is left of the vmcore that was removed from a bundle; undefined if none was. Throws `FormatError`. */
export function readRemoved(folder: BundleFolder, machine: Machine): RemovedVmcore | undefined {
  const text = folder.read(RECORD, machine);
  if (text === undefined) return undefined;
  return parseRemovedVmcore(Buffer.from(text).toString('utf8'), evidencePath(folder.path, RECORD));
}

/** The digest of the vmcore that was removed from a bundle; undefined if none was. Throws `FormatError`. */
export function removedDigest(folder: BundleFolder, machine: Machine): VmcoreDigest | undefined {
  const record = readRemoved(folder, machine);
  if (record === undefined) return undefined;
  const path = evidencePath(folder.path, PAGES);
  const reader = new WordReader(unpack(folder.read(PAGES, machine), path, machine), path);
  const limit = hashBytes(machine) / 4;
  const pages = seenFrom(record.pages, (count) => {
    const pfns = reader.pages(count, limit);
    return { value: { pfns, crcs: reader.words(count) } };
  });
  const keptKindsLeftOut = seenFrom(record.keptKindsLeftOut, (count) => ({
    value: reader.pages(count, limit),
  }));
  const writableCode = seenFrom(record.writableCode, (all) => ({ value: all.map(pfn) }));
  const { whole, lowPages, crashkernelFreed } = record;
  return { whole, pages, lowPages, crashkernelFreed, writableCode, keptKindsLeftOut };
}

/** Why there is no value may quote a dump: the record takes so much of it. */
function cut<T, U>(seen: Seen<T>, derive: (value: T) => U): Seen<U> {
  return 'why' in seen
    ? { ...seen, why: seen.why.slice(0, MESSAGE_LIMIT) }
    : { value: derive(seen.value) };
}

function requireSize(file: EvidenceFile, bytes: number, machine: Machine): void {
  const limit = evidenceLimit(file, machine);
  if (bytes <= limit) return;
  throw new FormatError(`expected at most ${limit} bytes of ${file}, found ${bytes}`);
}

function encodePages({ pages, keptKindsLeftOut }: VmcoreDigest): Uint32Array {
  const lists = [
    ...(pages.value === null ? [] : [encodeRuns(pages.value.pfns), pages.value.crcs]),
    ...(keptKindsLeftOut.value === null ? [] : [encodeRuns(keptKindsLeftOut.value)]),
  ];
  const words = new Uint32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    words.set(list, at);
    at += list.length;
  }
  return words;
}

/** How many runs there are, then their half-open ends. */
function encodeRuns(ascending: Uint32Array): Uint32Array {
  const ends: number[] = [];
  for (const page of ascending) {
    if (ends.at(-1) === page) ends[ends.length - 1] = page + 1;
    else ends.push(page, page + 1);
  }
  return Uint32Array.from([ends.length / 2, ...ends]);
}

function unpack(packed: Uint8Array | undefined, path: string, machine: Machine): Uint32Array {
  const limit = removedPagesBytes(machine);
  try {
    const bytes = gunzipSync(packed ?? new Uint8Array(), { maxOutputLength: limit });
    return new Uint32Array(Uint8Array.from(bytes).buffer, 0, Math.floor(bytes.length / 4));
  } catch (error) {
    const found = packed === undefined ? ', found no file' : '';
    const message = `Cannot read ${path}: expected gzip of at most ${limit} bytes${found}`;
    throw new FormatError(message, { cause: error });
  }
}

/** Reads what `encodePages()` wrote, wherever it comes from. */
class WordReader {
  readonly #words: Uint32Array;
  readonly #path: string;
  #at = 0;

  constructor(words: Uint32Array, path: string) {
    this.#words = words;
    this.#path = path;
  }

  words(count: number): Uint32Array {
    const found = this.#words.subarray(this.#at, this.#at + count);
    if (found.length < count) this.#refuse(`${count} words at ${this.#at}`, found.length);
    this.#at += count;
    return found;
  }

  /** So many pages, out of their runs. */
  pages(count: number, limit: number): Uint32Array {
    if (count > limit) this.#refuse(`at most ${limit} pages`, count);
    const [runs = 0] = this.words(1);
    const ends = this.words(2 * runs);
    const pages = new Uint32Array(count);
    let [done, last] = [0, -1];
    for (let run = 0; run < ends.length; run += 2) {
      const [first = 0, after = 0] = ends.subarray(run, run + 2);
      const left = count - done;
      if (first <= last || after <= first || after - first > left) {
        this.#refuse(`ascending runs of ${count} pages`, `${first} to ${after}`);
      }
      for (let page = first; page < after; page += 1, done += 1) pages[done] = page;
      last = after;
    }
    if (done < count) this.#refuse(`${count} pages`, done);
    return pages;
  }

  #refuse(expected: string, found: number | string): never {
    throw new FormatError(`Cannot read ${this.#path}: expected ${expected}, found ${found}`);
  }
}
