// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { makeTempDir } from '../process/temp-dir.ts';
import { codeVersion, digestSources } from './code-version.ts';

it('names the version of sub1m, the code that judges and the model', () => {
  const { version, code, model } = codeVersion();
  expect(version).toBe(manifest.version);
  expect([code, model].every((hash) => /^[0-9a-f]{64}$/.test(hash))).toBe(true);
  expect(code).not.toBe(model);
});

describe('digestSources', () => {
  it.each<[string, string, 'same' | 'another']>([
    ['model/steps.ts', 'changed', 'another'],
    ['model/deep/new.ts', 'new', 'another'],
    ['ends.ts', 'changed', 'another'],
    ['model/steps.test.ts', 'changed', 'same'],
    ['model/testing/builder.ts', 'changed', 'same'],
    ['model/README.md', 'changed', 'same'],
    ['report/page.ts', 'changed', 'same'],
  ])('%s with "%s" in it: the %s', async (path, text, which) => {
    await using harness = await makeTempDir();
    for (const folder of ['model/deep', 'model/testing', 'report']) {
      await mkdir(join(harness.path, folder), { recursive: true });
    }
    for (const name of ['model/steps.ts', 'model/steps.test.ts', 'ends.ts']) {
      await writeFile(join(harness.path, name), 'as it was');
    }
    const before = digestSources(harness.path, ['model']);
    await writeFile(join(harness.path, path), text);
    const after = digestSources(harness.path, ['model']);
    expect(after === before ? 'same' : 'another').toBe(which);
  });
});
