// SPDX-License-Identifier: MIT
/** A checkout with the steps of CI and a sub1m that only notes how it was called, for tests. */
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseStepFile } from '../../ci-trial/step-files.ts';
import { makeTempDir } from '../../../harness/process/temp-dir.ts';
import { projectPath } from '../../../harness/project-root.ts';
import { type CommandEnd, runCommand } from '../../../harness/testing/run-command.ts';

/** How a step ended, how it called sub1m, and its outputs. */
interface StepEnd extends CommandEnd {
  readonly calls: readonly (readonly string[])[];
  readonly outputs: Readonly<Record<string, string>>;
}

export interface FakeCheckout extends AsyncDisposable {
  /** A path in the folder of the checkout. */
  at(path: string): string;
  write(path: string, text: string): Promise<void>;
  /** Makes a program of the host, or sub1m, do this. */
  program(path: string, script: string): Promise<void>;
  /** Runs a script with this environment, and no more of ours than the way to programs. */
  run(script: string, env: Readonly<Record<string, string>>): Promise<StepEnd>;
}

/** Makes the checkout. */
export async function makeFakeCheckout(): Promise<FakeCheckout> {
  const temp = await makeTempDir();
  const at = (path: string): string => join(temp.path, path);
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), text);
  };
  const program = async (path: string, script: string): Promise<void> => {
    await write(path, `#!/bin/bash\n${script}\n`);
    await chmod(at(path), 0o755);
  };
  for (const folder of ['scripts/ci', 'docs/ci']) {
    await cp(projectPath(folder), at(folder), { recursive: true });
  }
  await writeFile(at('calls'), '');
  await program('sub1m', `printf '%s\\0' "$@" $'\\n' >>'${at('calls')}'\nexit "\${FAKE_END:-0}"`);
  return {
    at,
    write,
    program,
    run: async (script, env) => {
      await writeFile(at('outputs'), '');
      const end = await runCommand(['env', '-i', ...assignments(temp.path, env), at(script)], {
        cwd: temp.path,
      });
      const calls = (await readFile(at('calls'), 'utf8')).split('\0\n\0').filter(Boolean);
      const outputs = parseStepFile(await readFile(at('outputs'), 'utf8'));
      return { ...end, calls: calls.map((call) => call.split('\0')), outputs };
    },
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

function assignments(folder: string, env: Readonly<Record<string, string>>): string[] {
  const all = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: join(folder, 'home'),
    GITHUB_OUTPUT: join(folder, 'outputs'),
    ...env,
  };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}
