// SPDX-License-Identifier: MIT
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../harness/process/temp-dir.ts';
import { projectPath } from '../harness/project-root.ts';
import { type CommandEnd, runCommand } from '../harness/testing/run-command.ts';

/** What each tool of `npm run check` does in a folder where it finds nothing wrong. */
const CONTENT: Readonly<Record<string, string>> = {
  tsc: '',
  oxlint: '',
  oxfmt: '',
  node: '',
  knip: '',
};

describe('npm run check', () => {
  it.each<[string, Readonly<Record<string, string>>, string[]]>([
    ['nothing', {}, []],
    ['types, and then looks no further', { tsc: 'exit 2', oxlint: 'exit 1' }, ['types']],
    ['lint and format', { oxlint: 'exit 1', oxfmt: 'exit 1' }, ['lint', 'format']],
    ['an import', { node: 'exit 1' }, ['imports']],
    ['what is unused', { knip: 'exit 1' }, ['unused']],
    ['a script', { sub1m: 'echo $1' }, ['shell']],
  ])('finds fault with %s', async (_, faults, failed) => {
    await using checkout = await makeCheckout(faults);
    const end = await check(checkout);
    expect([...end.stdout.matchAll(/^== (\w+): FAILED/gm)].map(([, name]) => name)).toEqual(failed);
    expect(end.status).toBe(failed.length);
  });

  it('runs the steps that are named', async () => {
    await using checkout = await makeCheckout({ oxlint: 'exit 1' });
    const { status, stdout } = await check(checkout, 'format', 'types');
    expect(stdout).toMatch(
      /^== format\n== format: ok \(\d s\)\n== types\n== types: ok \(\d s\)\n$/,
    );
    expect(status).toBe(0);
  });

  it('says which steps there are', async () => {
    await using checkout = await makeCheckout({});
    expect(await check(checkout, 'lint', 'everything')).toEqual({
      status: 64,
      stdout: '',
      stderr:
        'Cannot check everything. Usage: npm run check [types lint format imports unused shell]\n',
    });
  });
});

describe('npm run unit', () => {
  const USAGE =
    'Usage: npm run unit|browser|machines|nightly [part of a path]… [-- <option of Vitest>…]\n';

  it('runs the tests of one file', async () => {
    const { status, stdout } = await npmRun('unit', 'harness/nearest-name.test.ts');
    expect(stdout).toMatch(/Test Files .*1 passed/);
    expect(status).toBe(0);
  });

  it.each([
    ['a test that does not exist', 'unit', '*.test.ts'],
    ['a machine test that does not exist', 'machines', '*.qemu.test.ts'],
  ])('says how it is called, given %s', async (_, kind, names) => {
    const stderr = `Cannot run harness/none: no ${names} with this in its path\n${USAGE}`;
    expect(await npmRun(kind, 'harness/none')).toEqual({ status: 64, stdout: '', stderr });
  });

  it.each([
    ['scripts/test.sh', 'Usage: npm test. It runs everything; '],
    ['scripts/build.sh', 'Usage: npm run build\n'],
    ['scripts/setup.sh', 'Usage: scripts/setup.sh start|test|modules\n'],
  ])('is like %s, which says how it is called', async (script, usage) => {
    const { status, stderr } = await runCommand([projectPath(script), 'nonsense']);
    expect(stderr).toContain(usage);
    expect(status).toBe(64);
  });

  it('knows no other kind of tests', async () => {
    const end = await runCommand([projectPath('scripts/run-tests.sh'), 'all']);
    expect(end).toEqual({ status: 64, stdout: '', stderr: USAGE });
  });
});

function npmRun(...args: string[]): Promise<CommandEnd> {
  return runCommand(['npm', 'run', '--silent', ...args], { cwd: projectPath('.') });
}

async function makeCheckout(faults: Readonly<Record<string, string>>): Promise<TempDir> {
  const checkout = await makeTempDir();
  const at = (path: string): string => join(checkout.path, path);
  for (const folder of ['scripts', 'guest', 'docs', '.ci', 'node_modules/.bin']) {
    await mkdir(at(folder), { recursive: true });
  }
  await copyFile(projectPath('scripts/check.sh'), at('scripts/check.sh'));
  const { sub1m = 'true', ...tools } = { ...CONTENT, ...faults };
  const programs = Object.entries(tools).map(([name, does]) => [`node_modules/.bin/${name}`, does]);
  for (const [path = '', does] of [...programs, ['scripts/setup.sh', ''], ['sub1m', sub1m]]) {
    await writeFile(at(path), `#!/bin/sh\n${does}\n`);
    await chmod(at(path), 0o755);
  }
  return checkout;
}

function check({ path }: TempDir, ...steps: string[]): Promise<CommandEnd> {
  return runCommand([join(path, 'scripts/check.sh'), ...steps]);
}
