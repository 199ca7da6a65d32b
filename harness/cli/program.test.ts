// SPDX-License-Identifier: MIT
import type { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../log.ts';
import { describeOption, helpOf } from './help.ts';
import { readEnvironment } from './environment.ts';
import { ARGUMENTS_OF, VALUES_OF, valueKindOf } from './option-values.ts';
import { buildProgram } from './program.ts';

const { signal } = new AbortController();
const context = { environment: readEnvironment({}), signal, log: silentLog, exit: () => {} };
const program = await buildProgram(context);
const commands = program.commands
  // That one is for completion scripts.
  .filter((command) => command.name() !== '__complete')
  .map((command) => [command.name(), command] as const);
const options = program.commands.flatMap((command) => command.options);

function optionOf(command: string, long: string): Option | undefined {
  return program.commands
    .find((known) => known.name() === command)
    ?.options.find((option) => option.long === long);
}

describe('buildProgram()', () => {
  it('gives all commands, or the one that is named', async () => {
    expect(commands.length).toBeGreaterThanOrEqual(10);
    const { commands: named } = await buildProgram(context, 'model');
    expect(named.map((command) => command.name())).toEqual(['model']);
    expect((await buildProgram(context, '--version')).commands).toEqual([]);
    expect((await buildProgram(context, 'frobnicate')).commands).toHaveLength(
      program.commands.length,
    );
  });

  it('says what the values of each option are that takes an id, a kernel or a path', () => {
    const unknown = options
      .filter(({ flags }) => /<(?:id|kernel|recipe|folder|file|ours|what|name\[)/.test(flags))
      .filter((option) => option.argChoices === undefined && valueKindOf(option) === undefined)
      .map(({ long }) => long ?? '');
    expect(unknown).toEqual(['--struct']);
    const known = new Set(options.flatMap(({ flags, long }) => [flags, long ?? '']));
    expect(Object.keys(VALUES_OF).filter((long) => !known.has(long))).toEqual([]);
    const withArguments = commands.filter(
      ([
        ,
        {
          registeredArguments: [first],
        },
      ]) => first && !first.argChoices,
    );
    expect(
      withArguments
        .map(([name]) => name)
        .filter((name) => name !== 'shell')
        .toSorted(),
    ).toEqual(Object.keys(ARGUMENTS_OF));
  });
});

describe('help', () => {
  it.each(commands)(
    'of %s has examples that its options know, and says once what may be repeated',
    (name, command) => {
      const text = command.helpInformation();
      const { examples = [], summary } = helpOf(command) ?? {};
      expect(text).toContain(`\nExample${examples.length > 1 ? 's' : ''}:\n  # `);
      expect(summary).toMatch(/^[a-z]/);
      for (const [, line] of examples) {
        expect(text).toContain(`  ${line}\n`);
        expect(line).toContain(`sub1m ${name}`);
        expect(unknownOptions(command, line)).toEqual([]);
      }
      expect(text.match(/repeat(?:ed|able)/g)?.length ?? 0).toBeLessThan(2);
    },
  );

  it.each(['--crashkernel', '--layout', '--ovmf', '--load', '--trigger', '--cpus', '--memory'])(
    'shows the default of %s',
    (long) => {
      for (const command of ['run', 'check', 'bisect', 'shell']) {
        expect(shown(command, long)).toMatch(/\(default: .+\)$/);
      }
    },
  );

  it.each(['--accel', '--append', '--vmcore', '--truth', '--policy'])(
    'shows the default of %s where cells are judged',
    (long) => {
      for (const command of ['run', 'check', 'bisect']) {
        expect(shown(command, long)).toMatch(/\(default: .+\)$/);
      }
    },
  );

  it('names the values of an option that has few, once', () => {
    for (const option of options) {
      for (const value of option.argChoices ?? []) expect(describeOption(option)).toContain(value);
    }
    expect(shown('run', '--load')).toBe(
      'the syscall that loads the capture kernel: kexec_file_load, kexec_load (default: kexec_file_load)',
    );
    expect(shown('run', '--trigger')).toBe(
      'what makes the system kernel panic: sysrq, serial-break, or none to look at ownership only (default: sysrq)',
    );
    expect(shown('shell', '--kernel')).toBe('a kernel, as for sub1m check (required)');
  });

  it('keeps defaults out of what the command is given', () => {
    expect(optionOf('check', '--crashkernel')?.defaultValue).toBeUndefined();
  });
});

function shown(command: string, long: string): string {
  const option = optionOf(command, long);
  return option ? describeOption(option) : '';
}

/** The long options of a command line that the command does not have. */
function unknownOptions(command: Command, line: string): string[] {
  const named = line.slice(line.indexOf('sub1m')).match(/--[a-z][a-z0-9-]*/g) ?? [];
  return named.filter((long) => !command.options.some((option) => option.long === long));
}
