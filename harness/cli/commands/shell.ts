// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Phase } from '../../bundle/cell-record.ts';
import { bootCell } from '../../cell/boot-cell.ts';
import type { MachineExtras } from '../../cell/run-cell.ts';
import { SSH_PACKAGES, requireSessionArchive } from '../../guest-link/session-archive.ts';
import { requireKernel } from '../../kernel/require-kernel.ts';
import { requirePackageTree } from '../../package/package-tree.ts';
import { makeTempDir, sweepTempDirs } from '../../process/temp-dir.ts';
import { quoteShell } from '../../qemu/qemu-args.ts';
import { showProgress } from '../../report/progress/progress.ts';
import { addCellOptions } from '../cell-options.ts';
import type { CommandContext } from '../command-context.ts';
import { packageContext } from '../../runner/package-context.ts';
import { requireHost } from '../../runner/host.ts';
import { requireLayouts } from '../../runner/layouts.ts';
import { budgetOption, mirrorOption } from '../run-options.ts';
import { type ShellOptions, parseGet, parsePut, shellCell } from '../shell-options.ts';
import { type ShellWork, runSession } from '../shell-session.ts';

/** Where dropbear listens. */
const SSH_PORT = 22;

/** The factor on every time limit where a debugger may stop the machine: half a day and more. */
const PATIENCE = 1000;

/** `sub1m shell`: boots a cell and gives a prompt in it, or runs a command there. */
export function addShell(program: Command, context: CommandContext): void {
  const command = program
    .command('shell')
    .description('boot a cell and give a prompt in it, or run a command there')
    .argument('[command...]', 'after "--": a line for the shell, or a program and its arguments')
    .requiredOption('--kernel <kernel>', 'as for sub1m check')
    .addOption(
      new Option('--in <kernel>', 'which kernel: before or after the crash')
        .choices(['system', 'capture'])
        .default('system'),
    )
    .option('--put <local:remote>', 'copies a file into the guest first', parsePut, [])
    .option('--get <remote:local>', 'copies a file out of the guest in the end', parseGet, [])
    .option('--serial', "on the kernel's console: for a kernel without a network")
    .option('--gdb', 'waits for a debugger before the first instruction');
  addCellOptions(command, false);
  command
    .addOption(budgetOption())
    .addOption(mirrorOption())
    .addHelpText(
      'after',
      '\nExample: sub1m shell --kernel debian:6.12 --in capture -- ls -l /proc/vmcore' +
        "\nExits with the command's status; 69 if there is no machine or it is lost.",
    )
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
  const archive = await requireSessionArchive(ssh, { cacheDir, signal });
  await sweepTempDirs();
  await using temp = await makeTempDir();
  const machine = machineExtras(options, temp.path);
  if (machine.debugger !== undefined) {
    log.info(`In another terminal: gdb -ex ${quoteShell(`target remote ${machine.debugger}`)}`);
    log.info('For the symbols name the vmlinux, and boot with --append nokaslr');
  }
  const boot = async (): ReturnType<typeof bootCell> => {
    await using progress = await showProgress([id], process.stderr);
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
    ...(gdb && { debugger: join(folder, 'gdb.sock') }),
  };
}
