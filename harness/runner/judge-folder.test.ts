// SPDX-License-Identifier: MIT
import { existsSync, readdirSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleIn } from '../bundle/testing/bundle-in.ts';
import { judgeBundle } from '../check/judge-bundle.ts';
import { FormatError, InterruptedError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { linked, makeRun } from '../testing/doctored-bundles.ts';
import { digestOf, wholeDump } from '../vmcore/testing/flattened-builder.ts';
import { judgeFolder } from './judge-folder.ts';

const { signal } = new AbortController();
const TESTDATA = projectPath('harness/testdata');

const CELLS = readdirSync(TESTDATA, { recursive: true, encoding: 'utf8' })
  .filter((name) => existsSync(join(TESTDATA, name, 'cell.json')))
  .toSorted();

describe('judgeFolder', () => {
  it.each(CELLS)('gives what judging in one thread gives, to the last field: %s', async (name) => {
    await using folder = await makeTempDir();
    await cp(join(TESTDATA, name), folder.path, { recursive: true });
    const digest = digestOf(wholeDump());
    const bundle = bundleIn(folder.path);
    const judged = await judgeFolder(folder.path, signal, Promise.resolve(digest));
    expect(judged).toStrictEqual({
      record: bundle.cell,
      judgement: judgeBundle(bundle, digest),
      folder: folder.path,
    });
  });

  it('throws what reading the evidence throws, and leaves no document', async () => {
    await using temp = await makeTempDir();
    const { cell } = await makeRun(temp.path, linked('system/iomem'));
    const names = await readdir(cell);
    const { message, constructor } = await judgeFolder(cell, signal).then(
      () => new Error('It was judged'),
      (error: Error) => error,
    );
    expect(message).toContain(`Cannot read ${cell}/system/iomem: expected a file, found a symb`);
    expect(constructor).toBe(FormatError);
    expect(await readdir(cell)).toEqual(names);
  });

  it('leaves no document once the signal has fired', async () => {
    await using temp = await makeTempDir();
    const { cell } = await makeRun(temp.path, () => Promise.resolve());
    const names = await readdir(cell);
    await expect(judgeFolder(cell, AbortSignal.abort())).rejects.toThrow(InterruptedError);
    expect(await readdir(cell)).toEqual(names);
  });
});
