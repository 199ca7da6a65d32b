// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { BundleFolder } from '../bundle/bundle-folder.ts';
import { type CellRecord, type CellSpec, SCHEMA_VERSION } from '../bundle/cell-record.ts';
import { evidencePath, vmcoreFile } from '../bundle/evidence.ts';
import { dumpBytes } from '../bundle/evidence-limits.ts';
import { type SharedVmcore, parseSharedVmcore } from '../bundle/shared-vmcore.ts';
import { FormatError } from '../errors.ts';
import { sha256File } from '../process/file-hash.ts';
import { HeldFolder } from '../process/held-folder.ts';
import { openFile } from '../process/open-file.ts';
import { replaceFile } from '../process/replace-file.ts';
import { SHARED_VMCORES } from './results-folder.ts';
import { type VmcoreFile, packVmcore, unpacked } from './unpack-vmcore.ts';

/** The file that says how a vmcore is put together. */
export const SHARED_RECORD = 'vmcore.shared.json';

const DELTA = 'vmcore.delta.zst';

/**
 * The vmcores of a run that share what is the same in them: in each kernel image's first nearly all that the others have.
 * The first is stored whole in the run's folder, by its SHA-256; the others as what differs from it. Page by page half of
 * two such dumps is the same; zstd also finds what has moved, and the rest of pages in which a pointer differs.
 */
export class SharedVmcores {
  readonly #folder: string;
  /** The SHA-256 of the whole ones, by what shares with them. */
  readonly #bases = new Map<string, Promise<string>>();

  /** `results` is the folder of the run. */
  constructor(results: string) {
    this.#folder = join(results, SHARED_VMCORES);
  }

  /** Stores the file `vmcore` of a cell beside it; that itself stays. */
  async pack(vmcore: string, record: CellRecord, signal: AbortSignal): Promise<void> {
    const bundle = dirname(vmcore);
    const [{ size: bytes }, sha256] = [await stat(vmcore), await sha256File(vmcore)];
    const key = keyOf(record);
    let base = await this.#bases.get(key)?.catch(() => undefined);
    if (base === undefined) {
      const making = this.#store(vmcore, sha256, signal);
      this.#bases.set(key, making);
      base = await making;
    } else if (base !== sha256) {
      const to = evidencePath(bundle, DELTA);
      await using whole = await this.#unpack(base, signal);
      await packVmcore(vmcore, signal, { to, base: whole.path });
    }
    const shared: SharedVmcore = { schema: SCHEMA_VERSION, bytes, sha256, base };
    await replaceFile(join(bundle, SHARED_RECORD), `${JSON.stringify(shared, null, 1)}\n`);
  }

  async #store(vmcore: string, sha256: string, signal: AbortSignal): Promise<string> {
    await mkdir(this.#folder, { recursive: true });
    await packVmcore(vmcore, signal, { to: join(this.#folder, nameOf(sha256)) });
    return sha256;
  }

  #unpack(sha256: string, signal: AbortSignal): Promise<VmcoreFile> {
    return unpacked(openFile(join(this.#folder, nameOf(sha256))), { limit: Infinity }, signal);
  }
}

/** Dumps of one kernel image, on machines with the same memory, made the same way. */
function keyOf({ kernel, spec }: CellRecord): string {
  return [kernel?.imageSha256, spec.memoryMiB, vmcoreFile(spec)].join();
}

function nameOf(sha256: string): string {
  return `${sha256}.zst`;
}

/**
 * Puts the vmcore of a bundle together again, to the last byte. Throws `FormatError` that names what is missing or is not
 * what it was.
 */
export async function unpackShared(
  folder: BundleFolder,
  spec: CellSpec,
  signal: AbortSignal,
): Promise<VmcoreFile> {
  const path = evidencePath(folder.path, SHARED_RECORD);
  const text = Buffer.from(folder.read(SHARED_RECORD, spec) ?? []).toString('utf8');
  const { bytes: limit, sha256, base } = parseSharedVmcore(text, path);
  if (limit > dumpBytes(spec)) {
    throw new FormatError(
      `Cannot read ${path}: expected at most ${dumpBytes(spec)} bytes, as a machine of its memory makes, found ${limit}`,
    );
  }
  const whole = await unpackBase({ folder, spec, base }, signal);
  if (base === sha256) return whole;
  await using from = whole;
  const delta = folder.open(DELTA, spec);
  if (delta === undefined) throw missing(folder, evidencePath(folder.path, DELTA));
  return await requireSame(await unpacked(delta, { limit, base: from.path }, signal), {
    path: delta.path,
    sha256,
  });
}

interface WantedBase {
  readonly folder: BundleFolder;
  readonly spec: CellSpec;
  readonly base: string;
}

async function unpackBase(
  { folder, spec, base }: WantedBase,
  signal: AbortSignal,
): Promise<VmcoreFile> {
  const place = join(dirname(resolve(folder.path)), SHARED_VMCORES);
  const path = join(place, nameOf(base));
  if (!existsSync(place)) throw missing(folder, path);
  // What is there is held to its SHA-256, so it may be reached by a link; it is none itself.
  using shared = HeldFolder.open(place, { follow: true });
  const file = shared.file(nameOf(base));
  if (file === undefined) throw missing(folder, path);
  const whole = await unpacked(file, { limit: dumpBytes(spec) }, signal);
  return await requireSame(whole, { path, sha256: base });
}

function missing(folder: BundleFolder, path: string): FormatError {
  return new FormatError(
    `Cannot put the vmcore of ${folder.path} together: expected ${path}, found none; ` +
      'it goes with the cell wherever that goes',
  );
}

/** Gives what was unpacked if it is what was packed; else removes it. */
async function requireSame(
  unpackedFile: VmcoreFile,
  { path, sha256 }: { readonly path: string; readonly sha256: string },
): Promise<VmcoreFile> {
  const found = await sha256File(unpackedFile.path);
  if (found === sha256) return unpackedFile;
  await unpackedFile[Symbol.asyncDispose]();
  throw new FormatError(
    `Cannot unpack ${path}: expected a vmcore with sha256 ${sha256}, found ${found}; run the cell again`,
  );
}
