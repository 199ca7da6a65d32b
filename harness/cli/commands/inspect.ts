// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { openFile } from '../../process/open-file.ts';
import type { InspectQuestions } from '../../report/inspect-report.ts';
import { findVmcore } from '../../runner/vmcore-file.ts';
import type { CommandContext } from '../command-context.ts';
import { describeCommand } from '../help.ts';

interface InspectOptions extends InspectQuestions {
  readonly json?: true;
}

const HELP = {
  summary: 'read a vmcore, ELF or kdump-compressed, flattened or not; needs no debuginfo',
  examples: [
    ['a summary', 'sub1m inspect vmcore'],
    ['the log, and who has each page below 1 MiB', 'sub1m inspect vmcore --dmesg --lowmem'],
    ['the crashkernel resource', 'sub1m inspect vmcore --struct resource crashk_res'],
  ],
  options: 'Without a question the answer is a summary.',
  notes: [
    'Exit status: 0 every question is answered, 64 usage, 65 not a dump that can be read, 130 interrupted.',
  ],
} as const;

/** `sub1m inspect <vmcore>`: reads any dump of an x86-64 kernel without debug information. */
export function addInspect(program: Command, { environment, signal }: CommandContext): void {
  describeCommand(program.command('inspect'), HELP)
    .argument('<vmcore>', 'the file of a dump; a .zst beside it will do')
    .option('--dmesg', "the crashed kernel's log")
    .option('--lowmem', 'the 256 pages below 1 MiB, by their struct page')
    .option('--iomem', 'the memory map, as in /proc/iomem')
    .option('--stacks', 'the call stack of each CPU')
    .option('--symbols <regexp>', 'symbols of the kernel image that match')
    .option('--read <where...>', 'memory at an address or symbol, and how many bytes (64)')
    .option('--struct <what...>', 'a structure by type and address or symbol (needs BTF)')
    .option('--json', 'print a JSON document')
    .action(async (path: string, { json, ...questions }: InspectOptions) => {
      // Loading the dump readers takes a tenth of a second, which other commands should not pay.
      const { inspectVmcore, inspectionDocument, renderInspection } =
        await import('../../report/inspect-report.ts');
      await using vmcore = await findVmcore(path, signal);
      using file = openFile(vmcore?.path ?? path);
      if (file.size === 0) {
        throw new UsageError(`Cannot read ${path}: expected a vmcore, found an empty file`);
      }
      const { colour, columns: width } = environment;
      const parts = inspectVmcore(file, questions, { colour: colour && !json, width });
      process.stdout.write(json ? inspectionDocument(path, parts) : renderInspection(parts));
    });
}
