// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Extract, extract } from 'tar-stream';
import { FormatError, messageOf } from '../../errors.ts';
import { type Coverage, parseGcov } from '../../fuzz/coverage.ts';
import { COUNTED_FILES, notesFolder } from '../../kernel/counted-files.ts';
import { runCommand } from '../../process/owned-process.ts';

/** What a kernel counted, and what is needed to read it. */
interface Counted {
  /** `system/gcov.tar` of a bundle: a stranger's, as all that a guest sends. */
  readonly tar: Uint8Array;
  readonly image: string;
  /** A folder that is there, for files that nobody needs afterwards. */
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
    const counters = await countersIn(tar);
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

/** The counters by the path of their file in the kernel's source; their paths are those of the objects. */
async function countersIn(tar: Uint8Array): Promise<Map<string, Uint8Array>> {
  const entries = extract();
  const [counters] = await Promise.all([
    takeCounters(entries),
    pipeline(Readable.from([tar]), entries),
  ]);
  return counters;
}

async function takeCounters(entries: Extract): Promise<Map<string, Uint8Array>> {
  const counters = new Map<string, Uint8Array>();
  for await (const entry of entries) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    const file = COUNTED_FILES.find((one) => entry.header.name.endsWith(`/${one}.gcda`));
    if (file !== undefined) counters.set(file, Buffer.concat(chunks));
  }
  return counters;
}
