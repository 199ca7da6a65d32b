// SPDX-License-Identifier: MIT
/** Whatever a stranger wrote, nothing of it moves the cursor of a terminal or commands a CI runner. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../project-root.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

const HARNESS = projectPath('harness');

/** The files of the program, without tests. */
function productFiles(): string[] {
  return readdirSync(HARNESS, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|cjs|mjs)$/.test(name) && !/\.test\.ts$|testing\//.test(name))
    .toSorted();
}

const HOSTILE = '\u001b]0;title\u0007\u001b[2J\n::error::x\n##[error]y\u009b';
const CLEAN = '\n| ::error::x\n## [error]y';

describe('what a stranger wrote', { timeout: 60_000 }, () => {
  it('is clean in an error of ours', async () => {
    const { status, stderr } = await runSub1m(['run', `${HOSTILE}.json`]);
    expect(stderr).toContain(`Cannot read matrix ${CLEAN}.json`);
    expect(stderr).not.toMatch(/[^\P{Cc}\n]/u);
    expect(status).toBe(64);
  });

  it('is clean in an error of the command line', async () => {
    const { status, stderr } = await runSub1m(['judge', `--${HOSTILE}`]);
    expect(stderr).toContain(`unknown option '--${CLEAN}'`);
    expect(status).toBe(64);
  });

  it('is clean in a warning of Node or of a package', async () => {
    const program = `process.on('newListener', (name) => {
      if (name === 'SIGHUP') process.emitWarning(${JSON.stringify(HOSTILE)});
    });`;
    const preload = `data:text/javascript,${encodeURIComponent(program)}`;
    const { stderr } = await runSub1m(['doctor', '--json'], {
      NODE_OPTIONS: `--import=${preload}`,
    });
    expect(stderr).toContain(`warning: ${CLEAN}`);
  });
});

it('goes through one writer', () => {
  const writers = productFiles().filter((name) =>
    /\bstd(?:out|err)\.write\(/.test(readFileSync(join(HARNESS, name), 'utf8')),
  );
  expect(writers).toEqual([
    // The script of a completion, which is ours.
    'cli/commands/completion.ts',
    // Before anything is loaded.
    'cli/start.cjs',
    // The bytes of a session in a guest, for a terminal.
    'guest-link/serial-session.ts',
    'report/screen.ts',
  ]);
});

it('knows one place that makes a command of a CI runner', () => {
  const makers = productFiles().filter((name) =>
    /(?<![\w:])['"`]::(?!1)|##\[|##vso/.test(readFileSync(join(HARNESS, name), 'utf8')),
  );
  expect(makers).toEqual(['report/workflow-command.ts']);
});
