// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import type { InspectQuestions } from '../../report/inspect-report.ts';
import type { CommandContext } from '../command-context.ts';
import { openFile } from '../../process/open-file.ts';
import { findVmcore } from '../../runner/vmcore-file.ts';

interface InspectOptions extends InspectQuestions {
  readonly json?: true;
}

/** `sub1m inspect <vmcore>`: reads any dump of an x86-64 kernel without debug information. */
export function addInspect(program: Command, { environment, signal }: CommandContext): void {
  program
    .command('inspect')
    .description('read a vmcore, ELF or kdump-compressed, flattened or not; needs no debuginfo')
    .argument('<vmcore>', "a dump's file")
    .option('--dmesg', "the crashed kernel's log")
    .option('--lowmem', 'the 256 pages below 1 MiB, by their struct page')
    .option('--iomem', 'the memory map, as /proc/iomem has it')
    .option('--stacks', 'the calls that led to where each CPU was')
    .option('--symbols <regexp>', 'symbols of the kernel image')
    .option('--read <where...>', 'memory at an address or symbol, and how many bytes (64)')
    .option('--struct <what...>', 'a structure by its type and address or symbol (needs BTF)')
    .option('--json', 'print a JSON document')
    .addHelpText('after', '\nExample: sub1m inspect results/<run>/<cell>/vmcore --dmesg --lowmem')
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
