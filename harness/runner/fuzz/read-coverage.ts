// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { EvidenceFile } from '../../bundle/evidence.ts';
import { FormatError, messageOf } from '../../errors.ts';
import { type Coverage, type CoverageOfKernels, parseGcov } from '../../fuzz/coverage.ts';
import type { FuzzCase } from '../../fuzz/fuzz-case.ts';
import type { JournalLine } from '../../fuzz/journal.ts';
import { readTar } from '../../guest-link/observed-tar.ts';
import { COUNTED_FILES, isCounting, notesFolder } from '../../kernel/counted-files.ts';
import type { Kernel } from '../../kernel/require-kernel.ts';
import type { Log } from '../../log.ts';
import { runCommand } from '../../process/owned-process.ts';

/** What a kernel counted, and what is needed to read it. */
interface Counted {
  /** `system/gcov.tar` of a bundle: a stranger's, as all that a guest sends. */
  readonly tar: Uint8Array;
  readonly image: string;
  /** A folder for files that nobody needs afterwards; it is made. */
  readonly temp: string;
  readonly signal: AbortSignal;
}

/** A run of gcov on counters that make no sense, ms. */
const GCOV_MS = 20_000;

/**
 * The branches of a kernel's low-memory code, and those that it took, as gcov(1) says. Throws `FormatError` if the
 * counters are not those of that image.
 */
export async function readCoverage({ tar, image, temp, signal }: Counted): Promise<Coverage> {
  try {
    // Their paths are those of the objects.
    const counters = await readTar(Readable.from([tar]), (name) =>
      COUNTED_FILES.find((file) => name.endsWith(`/${file}.gcda`)),
    );
    const [all, taken] = [new Set<string>(), new Set<string>()];
    await mkdir(temp, { recursive: true });
    for (const [index, file] of COUNTED_FILES.entries()) {
      const notes = join(notesFolder(image), `${file}.gcno`);
      const counted = counters.get(file);
      if (!counted || !existsSync(notes)) continue;
      await copyFile(notes, join(temp, `${index}.gcno`));
      await writeFile(join(temp, `${index}.gcda`), counted);
      const argv = ['gcov', '--json-format', '--stdout', '--branch-probabilities', `${index}.gcda`];
      const patience = AbortSignal.any([signal, AbortSignal.timeout(GCOV_MS)]);
      const found = parseGcov(await runCommand(argv, { signal: patience, cwd: temp }), `${file}.c`);
      for (const branch of found.all) all.add(branch);
      for (const branch of found.taken) taken.add(branch);
    }
    return { all, taken };
  } catch (error) {
    signal.throwIfAborted();
    throw new FormatError(`Cannot read what the kernel counted: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Where coverage is kept. */
export interface CoverageEdges {
  /** What the kernels that count took of their own code so far. */
  readonly coverage: CoverageOfKernels;
  readonly note: (line: JournalLine) => Promise<void>;
  readonly log: Log;
  /** The bundle of the case's cell. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Adds what a kernel that counts took of its own code, and keeps a case that came to something new. Counters that make
 * no sense say nothing of the case: they are named, and left out.
 */
export async function noteCoverage(
  given: FuzzCase,
  { image, imageSha256 }: Pick<Kernel, 'image' | 'imageSha256'>,
  { coverage, note, log, folder, signal }: CoverageEdges,
): Promise<void> {
  const path = join(folder, 'system/gcov.tar' satisfies EvidenceFile);
  if (!isCounting(image) || !existsSync(path)) return;
  try {
    const tar = await readFile(path);
    const taken = await readCoverage({ tar, image, temp: join(folder, 'gcov'), signal });
    const branches = coverage.add(imageSha256, taken);
    if (branches.length === 0) return;
    await note({ kind: 'reached', image: imageSha256, case: given, branches });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    log.warn(error.message);
  }
}
