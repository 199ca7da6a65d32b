// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { InputError, UsageError } from '../errors.ts';
import type { Kernel } from '../kernel/require-kernel.ts';
import { silentLog } from '../log.ts';
import { plan } from '../matrix/testing/source-run-builder.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { Journal } from './journal.ts';
import type { Kernels } from './kernels.ts';
import { lockResults, writePlan } from './results-folder.ts';
import { resumeRun, sameKernels } from './resume-run.ts';

const { signal } = new AbortController();
const environment = {
  cacheDir: '/nowhere',
  path: '',
  mirror: undefined,
  provider: 'other' as const,
  firmwareFolders: [],
};
const context = { environment, signal, log: silentLog };
const HEAD = {
  startedAt: '2026-11-22T13:30:00.000Z',
  settings: { budget: 1 },
  known: [],
  cells: [],
};

it('refuses what is no run, and a run by other code', async () => {
  await using temp = await makeTempDir();
  const folder = join(temp.path, 'run');
  await mkdir(folder);
  await expect(resumeRun(folder, {}, context)).rejects.toThrow(
    `Cannot go on with ${folder}: expected the folder of a run`,
  );
  await using journal = await Journal.begin(folder, HEAD, silentLog);
  journal.started('a');
  await expect(resumeRun(folder, {}, context)).rejects.toThrow('found no plan.json');
  await writePlan(folder, plan({}));
  await expect(resumeRun(folder, {}, context)).rejects.toThrow(UsageError);
  await expect(resumeRun(folder, {}, context)).rejects.toThrow('with other code; start a new run');
});

it('lets one program at a time run the cells of a folder', async () => {
  await using temp = await makeTempDir();
  await writeFile(join(temp.path, 'cell'), '');
  {
    await using first = await lockResults(temp.path, signal);
    expect(first).toBeDefined();
    await expect(lockResults(temp.path, signal)).rejects.toThrow(
      'expected that no other program does, found one',
    );
  }
  await using lock = await lockResults(temp.path, signal);
  expect(lock).toBeDefined();
});

it('takes a kernel only with the image that the cells which have ended had', async () => {
  const kernels: Kernels = {
    get: (ref) => Promise.resolve({ ref, imageSha256: '11' } as Kernel),
    again: (ref) => Promise.resolve({ ref, imageSha256: '11' } as Kernel),
    waitFor: () => 0,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  // Its image is 00.
  const same = sameKernels(kernels, [judgedCell({ axes: { kernel: ['debian:6.12'] } })]);
  expect(await same.get('debian:5.10')).toMatchObject({ ref: 'debian:5.10' });
  const error = new InputError(
    'Cannot go on with debian:6.12: expected the image with sha256 00, found 11; start a new run',
  );
  await expect(same.get('debian:6.12')).rejects.toThrow(error);
  await expect(same.again('debian:6.12')).rejects.toThrow(error);
});
