// SPDX-License-Identifier: MIT
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../harness/process/temp-dir.ts';
import { projectPath } from '../harness/project-root.ts';
import { type CommandEnd, runCommand } from '../harness/testing/run-command.ts';

/** Packing compiles types; installing asks the registry. */
const PATIENCE_MS = 600_000;

/** A folder that has nothing to do with the checkout, with the package installed. */
let folder: TempDir;

beforeAll(async () => {
  folder = await makeTempDir();
  const cwd = projectPath('.');
  await succeed(['npm', 'pack', '--pack-destination', folder.path], cwd);
  const tarball = (await readdir(folder.path)).find((name) => name.endsWith('.tgz')) ?? '';
  await succeed(['npm', 'install', '--prefer-offline', '--no-audit', `./${tarball}`]);
}, PATIENCE_MS);

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

it('starts by its name', async () => {
  const { version } = await readManifest();
  expect((await succeed(['npx', 'sub1m', '--version'])).stdout).toBe(`${version}\n`);
});

it('predicts, with its own layouts, what the checkout predicts', async () => {
  const args = ['model', '--layout', 'thread-2021'];
  const { stdout } = await succeed(['npx', 'sub1m', ...args]);
  expect(stdout).toBe((await succeed([projectPath('sub1m'), ...args])).stdout);
});

it('examines the host', async () => {
  const { status, stdout } = await run(['npx', 'sub1m', 'doctor']);
  expect(stdout).toContain('ok  node');
  expect(stdout).toMatch(status === 0 ? /^Ready: /m : /^Not ready: /m);
});

it('gives other programs what the example in harness/index.ts shows', async () => {
  const text = await readFile(projectPath('harness/index.ts'), 'utf8');
  const example = /```ts\n(.*?) \* ```/s.exec(text)?.[1]?.replaceAll(/^ \* ?/gm, '') ?? '';
  await writeFile(join(folder.path, 'example.mts'), example);
  const { stdout } = await succeed([projectPath('node_modules/.bin/tsx'), 'example.mts']);
  expect(stdout).toBe('page 0x10 at the kexec jump: free\n');
  const options = ['--noEmit', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck'];
  const types = ['--types', 'node', '--typeRoots', projectPath('node_modules/@types')];
  await succeed([projectPath('node_modules/.bin/tsc'), ...options, ...types, 'example.mts']);
});

it('holds no more than it needs', async () => {
  const files = (await readManifest()).files.filter((path) => !path.startsWith('!'));
  const inside = await readdir(join(folder.path, 'node_modules/sub1m'));
  expect(inside.toSorted()).toEqual([...files, 'LICENSE', 'README.md', 'package.json'].toSorted());
  const installed = await readdir(join(folder.path, 'node_modules'));
  expect(installed).not.toContain('esbuild');
  expect(installed).not.toContain('tsx');
});

async function readManifest(): Promise<{ readonly version: string; readonly files: string[] }> {
  const text = await readFile(projectPath('package.json'), 'utf8');
  return JSON.parse(text) as Awaited<ReturnType<typeof readManifest>>;
}

function run(argv: readonly string[], cwd = folder.path): Promise<CommandEnd> {
  return runCommand(argv, { cwd });
}

async function succeed(argv: readonly string[], cwd?: string): Promise<CommandEnd> {
  const end = await run(argv, cwd);
  if (end.status !== 0) throw new Error(`${argv.join(' ')}: ${end.status}\n${end.stderr}`);
  return end;
}
