// SPDX-License-Identifier: MIT
/** Seeded mistakes that no fixed layout shows: the fuzzer finds each within five minutes, and makes it small. */
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

const FOLDER = projectPath('images/patches/rare-faults');
const NAMES = (await readdir(FOLDER)).map((file) => basename(file, '.patch'));

/** Ranges below 1 MiB that the smallest machine has, at most. */
const MOST_RANGES = 3;

// A kernel is built first.
it.each(NAMES)(
  'finds %s',
  async (name) => {
    await using temp = await makeTempDir();
    const kernel = `recipe:two-phase-v2-6.12+rare-faults/${name}`;
    const until = ['--seed', '1', '--cases', '90', '--minutes', '5', '--json'];
    const corpus = ['--corpus', join(temp.path, 'corpus')];
    const { status, stdout } = await runSub1m(['fuzz', '--kernel', kernel, ...until, ...corpus]);
    expect(status).toBe(1);
    const { findings } = parseDocument('fuzz', stdout);
    const caughtBy = /^Caught by: (.+)$/m.exec(
      await readFile(join(FOLDER, `${name}.patch`), 'utf8'),
    );
    const invariants = caughtBy?.[1]?.split(', ') ?? [];
    const names = invariants.map((id) => (id === 'boot.userspace' ? 'boot-failure' : id));
    const ours = findings.filter(({ class: of }) => names.some((one) => of.includes(one)));
    const ranges = ours.map(
      ({ case: { pieces } }) => pieces.filter(({ type }) => type !== null).length,
    );
    expect(Math.min(...ranges)).toBeLessThanOrEqual(MOST_RANGES);
  },
  30 * 60_000,
);
