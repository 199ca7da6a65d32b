// SPDX-License-Identifier: MIT
import { Command } from 'commander';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../log.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { type CommandEnd, runCommand } from '../testing/run-command.ts';
import { readEnvironment } from './environment.ts';
import { describeCommand } from './help.ts';
import { renderManPage } from './man-page.ts';
import { buildProgram } from './program.ts';

const PAGE = projectPath('docs/sub1m.1');
const { signal } = new AbortController();
const context = { environment: readEnvironment({}), signal, log: silentLog, exit: () => {} };

describe('docs/sub1m.1', () => {
  it('says what the program says; "npm run docs" writes it', async () => {
    await expect(renderManPage(await buildProgram(context))).toMatchFileSnapshot(PAGE);
  });

  it('is shown without a warning, with each command and option', async () => {
    const { status, stdout, stderr } = await man(PAGE);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { commands } = await buildProgram(context);
    for (const command of commands.filter((each) => each.name() !== '__complete')) {
      expect(stdout).toMatch(new RegExp(`^SUB1M ${command.name().toUpperCase()}$`, 'm'));
      for (const { long } of command.options) expect(stdout).toContain(`${long}`);
    }
    expect(stdout).not.toContain('__complete');
  });
});

it('shows text as it is, whatever it means to roff', async () => {
  const strange = `.it's "quoted" \\fBback\\slashed ~ ^ \` -- 'é…`;
  const program = describeCommand(new Command('sub1m'), {
    summary: 'a program',
    examples: [[strange, strange]],
    notes: [`${strange}\n  ${strange}`],
  }).option('--strange <text>', strange);
  await using temp = await makeTempDir();
  const page = join(temp.path, 'page.1');
  await writeFile(page, renderManPage(program));
  const { stdout, stderr } = await man(page);
  expect(stderr).toBe('');
  expect(stdout.split(strange)).toHaveLength(6);
});

function man(page: string): Promise<CommandEnd> {
  return runCommand(['man', '--warnings', '--local-file', page], {
    env: { LC_ALL: 'C.UTF-8', MANWIDTH: '200', MANPAGER: 'cat', MAN_KEEP_FORMATTING: '' },
  });
}
