// SPDX-License-Identifier: MIT
/** What a bundle of somebody who means no good can take of memory and of the temporary folder. */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import {
  type Doctoring,
  asked,
  bomb,
  both,
  full,
  makeRun,
  sized,
} from '../testing/doctored-bundles.ts';
import { leftBehind, startSub1m } from '../testing/run-sub1m.ts';

/** A machine of 64 MiB: its dump has at most 144 MiB. */
const DUMP_BYTES = 144 * 2 ** 20;

describe('inspect', { timeout: 60_000 }, () => {
  it('holds a dump that is named in a cell to the record beside it', async () => {
    await using temp = await makeTempDir();
    const doctoring = both(asked({ memoryMiB: 64 }), bomb('vmcore.zst', 200, true));
    const { cell } = await makeRun(temp.path, doctoring);
    const { status, stderr } = await startSub1m(['inspect', join(cell, 'vmcore')]).ended;
    expect(status).toBe(65);
    expect(stderr).toContain(`expected at most ${DUMP_BYTES} bytes, as a machine of its memory`);
  });
});

/** Has a process say on standard error how much memory it took, in KiB. */
const SAYS_MEMORY =
  'data:text/javascript,' +
  encodeURIComponent(
    'process.on("exit", () => process.stderr.write(`\\nmaxrss ${process.resourceUsage().maxRSS}\\n`));',
  );

describe('what a doctored bundle can take', { timeout: 120_000 }, () => {
  it('is less than 700 MB of memory, whatever it has', async () => {
    await using temp = await makeTempDir();
    const { run } = await makeRun(temp.path, both(full(1024), everywhere(60, 2 ** 26)));
    const env = { NODE_OPTIONS: `--max-old-space-size=384 --import=${SAYS_MEMORY}` };
    const { status, stderr } = await startSub1m(['judge', run], env).ended;
    const [, kibibytes] = /maxrss (\d+)\n*$/.exec(stderr) ?? [];
    expect(status).toBe(1);
    expect(Number(kibibytes)).toBeLessThan(700_000);
  });

  it('is no more than its dump in the temporary folder, of which nothing stays', async () => {
    await using temp = await makeTempDir();
    const doctoring = both(asked({ memoryMiB: 64 }), bomb('vmcore.zst', 3072, false));
    const { cell } = await makeRun(temp.path, doctoring);
    expect((await stat(join(cell, 'vmcore.zst'))).size).toBeLessThan(400_000);
    const { child, ended } = startSub1m(['inspect', cell]);
    let largest = 0;
    const watch = setInterval(
      () => void unpackedBytes(child.pid).then((bytes) => (largest = Math.max(largest, bytes))),
      20,
    );
    const { status, stderr } = await ended;
    clearInterval(watch);
    expect(status).toBe(65);
    expect(stderr).toBe(
      `sub1m: Cannot unpack ${cell}/vmcore.zst: expected at most ${DUMP_BYTES} bytes, found more\n`,
    );
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThanOrEqual(DUMP_BYTES);
    expect(leftBehind(child.pid)).toEqual([]);
  });

  it('is no more than the temporary folder has', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'vmcore');
    // A frame that says that it has 2^50 bytes.
    const frame = [0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x58, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0];
    await writeFile(`${path}.zst`, Uint8Array.from(frame));
    const { status, stdout, stderr } = await startSub1m(['inspect', path]).ended;
    expect({ status, stdout }).toEqual({ status: 69, stdout: '' });
    expect(stderr).toMatch(
      /^sub1m: Cannot unpack .+: expected 1125899906842624 bytes free in .+, found \d+; name a folder .+\n$/,
    );
  });
});

/** Adds so many files of that size to a cell that no cell has. */
function everywhere(count: number, bytes: number): Doctoring {
  return async (run) => {
    await mkdir(join(run.cell, 'more'), { recursive: true });
    for (let file = 0; file < count; file++) await sized(`more/${file}`, bytes)(run);
    for (let file = 0; file < count; file++) await sized(`system/${file}`, bytes)(run);
  };
}

/** The bytes that a sub1m process has unpacked so far. */
async function unpackedBytes(pid: number | undefined): Promise<number> {
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(`sub1m-${pid}-`));
  const sizes = await Promise.all(
    folders.map((name) =>
      stat(join(tmpdir(), name, 'vmcore')).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return Math.max(0, ...sizes);
}
