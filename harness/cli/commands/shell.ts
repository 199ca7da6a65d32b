// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Phase } from '../../bundle/cell-record.ts';
import { bootCell } from '../../cell/boot-cell.ts';
import type { MachineExtras } from '../../cell/start-cell.ts';
import { SSH_PACKAGES, requireSessionArchive } from '../../guest-link/session-archive.ts';
import { requireKernel } from '../../kernel/require-kernel.ts';
import { requirePackageTree } from '../../package/package-tree.ts';
import { DEFAULT_CRASHKERNEL } from '../../memory/crashkernel.ts';
import { makeTempDir, sweepTempDirs } from '../../process/temp-dir.ts';
import { quoteShell } from '../../process/quote-shell.ts';
import { showProgress } from '../../report/progress/progress.ts';
import { requireHost } from '../../runner/host.ts';
import { requireLayouts } from '../../runner/layouts.ts';
import { packageContext } from '../../runner/package-context.ts';
import { addCellOptions } from '../cell-options.ts';
import type { CommandContext } from '../command-context.ts';
import { GROUPS, describeCommand } from '../help.ts';
import { budgetOption, mirrorOption } from '../run-options.ts';
import { type ShellOptions, parseGet, parsePut, shellCell } from '../shell-options.ts';
import { type ShellWork, runSession } from '../shell-session.ts';

const HELP = {
  summary: 'boot a cell and open a shell in it, or run a command there',
  examples: [
    ['a prompt in the system kernel', 'sub1m shell --kernel debian:6.12'],
    [
      'a command in the capture kernel, after the crash',
      'sub1m shell --kernel debian:6.12 --in capture -- ls -l /proc/vmcore',
    ],
    [
      'a script in, its output out',
      "sub1m shell --kernel debian:6.12 --put ./probe.sh:/tmp/probe.sh --get /tmp/out:. -- 'sh /tmp/probe.sh >/tmp/out'",
    ],
  ],
  options: '--put and --get may be repeated.',
  notes: [
    'Ctrl-C goes to the guest; Ctrl-] leaves a guest that no longer answers.',
    'Exit status: that of the command; 69 there is no machine, or it was lost, 64 usage, ' +
      '130 interrupted (SIGTERM 143, SIGHUP 129).',
  ],
} as const;

/** Dropbear's port. */
const SSH_PORT = 22;

/** Multiplies every timeout where a debugger may stop the machine: half a day and more. */
const PATIENCE = 1000;

/** `sub1m shell`: boots a cell and opens a shell in it, or runs a command there. */
export function addShell(program: Command, context: CommandContext): void {
  const command = describeCommand(program.command('shell'), HELP)
    .argument('[command...]', 'after "--": one line for the shell, or a program and its arguments')
    .optionsGroup('Shell:')
    .requiredOption('--kernel <kernel>', 'a kernel, as for sub1m check')
    .addOption(
      new Option('--in <kernel>', 'the kernel before the crash, or the one after it')
        .choices(['system', 'capture'])
        .default('system'),
    )
    .option('--put <local:remote>', 'copy a file into the guest before the command', parsePut, [])
    .option('--get <remote:local>', 'copy a file out of the guest after the command', parseGet, [])
    .option('--serial', 'use the serial console: for a kernel without a network')
    .option('--gdb', 'wait for a debugger before the first instruction');
  addCellOptions(command, {
    judged: false,
    defaults: { crashkernel: `none, or ${DEFAULT_CRASHKERNEL} with --in capture` },
  });
  command
    .optionsGroup(GROUPS.running)
    .addOption(budgetOption())
    .addOption(mirrorOption())
    .action(async (words: string[], options: ShellOptions) => {
      context.exit(await shell({ words, options }, context));
    });
}

async function shell(work: ShellWork, context: CommandContext): Promise<number> {
  const { options } = work;
  const { signal, log, environment } = context;
  const cell = shellCell(options);
  const { id, spec } = cell;
  const budget = options.gdb ? PATIENCE : options.budget;
  const host = await requireHost(context, { ...options, budget });
  const layout = (await requireLayouts([cell])).get(spec.layout) ?? null;
  const { cacheDir } = environment;
  const packages = packageContext(options, context);
  const kernel = await requireKernel(spec.kernel, packages);
  const ssh = options.serial ? undefined : await requirePackageTree(SSH_PACKAGES, packages);
  const archive = await requireSessionArchive(ssh, { cacheDir, signal, log });
  await sweepTempDirs();
  await using temp = await makeTempDir();
  const machine = machineExtras(options, temp.path);
  if (machine.debugger !== undefined) {
    log.info(`In another terminal: gdb -ex ${quoteShell(`target remote ${machine.debugger}`)}`);
    log.info('For symbols pass the vmlinux to gdb, and boot with --append nokaslr');
  }
  const boot = async (): ReturnType<typeof bootCell> => {
    await using progress = await showProgress([cell], process.stderr);
    const onPhase = (phase: Phase): void => {
      progress.onEvent({ kind: 'phase', cell: id, phase });
    };
    return await bootCell(
      {
        spec,
        kernel,
        layout,
        role: options.in,
        folder: temp.path,
        extras: { archive, machine },
        signal,
        onPhase,
      },
      host,
    );
  };
  await using booted = await boot();
  return await runSession(booted, { ...work, options: { ...options, budget } }, context);
}

function machineExtras({ serial, gdb }: ShellOptions, folder: string): MachineExtras['machine'] {
  return {
    ...(!serial && { network: { guestPort: SSH_PORT } }),
    ...(gdb && { debugger: join(folder, 'debugger', 'gdb.sock') }),
  };
}
