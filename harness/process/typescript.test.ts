// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectPath } from '../project-root.ts';
import { TYPESCRIPT } from '../testing/run-sub1m.ts';
import { makeTempDir } from './temp-dir.ts';

const PROGRAM = `const { hex } = await import(${JSON.stringify(projectPath('harness/memory/pfn.ts'))});
console.log(hex(16));`;

/** Runs a program that imports TypeScript; gives what it then has in the shared temporary folder. */
async function sharedAfter(loader: string): Promise<string[]> {
  await using shared = await makeTempDir();
  const argv = ['--import', loader, '--input-type=module', '-e', PROGRAM];
  const env = { ...process.env, TMPDIR: shared.path, TSX_DISABLE_CACHE: '' };
  const options = { env, cwd: projectPath('.'), encoding: 'utf8' } as const;
  expect(execFileSync(process.execPath, argv, options)).toBe('0x10\n');
  return await readdir(shared.path);
}

it('runs TypeScript without a cache in the shared temporary folder, which tsx has by itself', async () => {
  expect(await sharedAfter('tsx')).toEqual([`tsx-${process.geteuid?.()}`]);
  expect(await sharedAfter(TYPESCRIPT)).toEqual([]);
});

it('is the one way in which scripts run TypeScript', async () => {
  const scripts = (await readdir(projectPath('scripts'))).filter((name) => name.endsWith('.sh'));
  const texts = scripts.map((name) => readFileSync(join(projectPath('scripts'), name), 'utf8'));
  expect(texts.join('\n')).not.toMatch(/--import tsx|bin\/tsx/);
});
