// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { TYPESCRIPT } from '../testing/run-sub1m.ts';
import { runCommand } from './owned-process.ts';

// Each starts two interpreters, one after the other.
vi.setConfig({ testTimeout: 60_000 });

/** Prints the settings of the raw terminal, then does as it is told. */
const PROGRAM = `
import { spawnSync } from 'node:child_process';
import { makeTerminalRaw } from ${JSON.stringify(join(import.meta.dirname, 'raw-terminal.ts'))};
const raw = await makeTerminalRaw();
const { stdout } = spawnSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'inherit'] });
console.log(/-isig -icanon/.test(stdout) && /-opost/.test(stdout) ? 'raw' : String(stdout));
`;

it.each([
  ['when it is done', 'await raw[Symbol.asyncDispose]()'],
  ['when it dies of an error', 'throw new Error()'],
  ['when it is killed', "process.kill(process.pid, 'SIGKILL')"],
])('restores the settings of the terminal %s', async (_when, end) => {
  // The keeper needs a moment after a kill.
  const script = `before=$(stty -g); "$NODE" --import "$TYPESCRIPT" --input-type=module -e "$PROGRAM"
    for look in $(seq 500); do [ "$(stty -g)" = "$before" ] && echo as before && break; done`;
  const env = { NODE: process.execPath, TYPESCRIPT, PROGRAM: PROGRAM + end };
  const { signal } = new AbortController();
  const said = await runCommand(['script', '-qec', script, '/dev/null'], { signal, env });
  expect(said).toMatch(/^raw$/m);
  expect(said).toContain('as before');
});

it('says that there is no terminal', async () => {
  const { signal } = new AbortController();
  const argv = [process.execPath, '--import', TYPESCRIPT, '--input-type=module', '-e', PROGRAM];
  await expect(runCommand(argv, { signal })).rejects.toThrow(
    'Cannot make the terminal raw: stty failed',
  );
});
