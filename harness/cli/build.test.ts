// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { readFile, readdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeKernelTree } from '../kernel/testing/kernel-tree-builder.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { runSub1m, startSub1m } from '../testing/run-sub1m.ts';

let temp: TempDir;
let tree: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  temp = await makeTempDir();
  tree = join(await realpath(temp.path), 'linux');
  await writeKernelTree(tree);
  env = { XDG_CACHE_HOME: join(temp.path, 'cache') };
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

it('prints where the image is, and with --json what it is', async () => {
  const { status, stdout } = await runSub1m(['build', tree], env);
  const image = stdout.trim();
  expect(status).toBe(0);
  expect(existsSync(image)).toBe(true);
  const json = await runSub1m(['build', tree, '--config', 'ours', '--json'], env);
  expect(JSON.parse(json.stdout)).toMatchObject({
    schema: 1,
    ref: tree,
    release: '6.12.43-test',
    image,
    policy: null,
  });
}, 30_000);

it('leaves no make behind after an interrupt', async () => {
  await writeFile(join(tree, 'init/main.sh'), 'echo $$ >"$PWD/../pid"; exec sleep 60\n');
  const { child, ended } = startSub1m(['build', tree], env);
  const pidFile = join(tree, '../pid');
  await expect.poll(() => existsSync(pidFile), { timeout: 20_000 }).toBe(true);
  child.kill('SIGINT');
  const { status, stderr } = await ended;
  expect(status).toBe(130);
  expect(stderr).toContain('sub1m: Interrupted while running make');
  // What it compiled with has ended; a zombie has no command.
  const process = `/proc/${(await readFile(pidFile, 'utf8')).trim()}/cmdline`;
  expect(existsSync(process) ? await readFile(process, 'utf8') : '').toBe('');
  const objects = await readdir(join(temp.path, 'cache/sub1m/objects'), { recursive: true });
  expect(objects.some((name) => name.endsWith('bzImage'))).toBe(false);
}, 30_000);

it.each([
  {
    args: ['debian:6.12'],
    message:
      'sub1m: Cannot build debian:6.12: expected recipe:<name> or the path of a tree; ' +
      'Debian has built it already',
  },
  {
    args: ['recipe:plain-6.12', '--config', 'ours'],
    message: 'sub1m: Cannot build recipe:plain-6.12 with --config: a recipe names its own',
  },
])(
  'refuses $args',
  async ({ args, message }) => {
    const { status, stdout, stderr } = await runSub1m(['build', ...args], env);
    expect({ status, stdout, stderr }).toEqual({ status: 64, stdout: '', stderr: `${message}\n` });
  },
  30_000,
);
