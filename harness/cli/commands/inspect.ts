// SPDX-License-Identifier: MIT
import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { readyThread, runInThread, threadModule } from '../../process/run-in-thread.ts';
import type { DeadEvidence } from '../../report/inspect-dead.ts';
import type { InspectQuestions } from '../../report/inspect-report.ts';
import type { InspectTarget } from '../../runner/inspect-cell.ts';
import type { InspectFile, InspectedFile } from '../../runner/inspect-file.ts';
import { requireVmcore } from '../../runner/vmcore-file.ts';
import type { CommandContext } from '../command-context.ts';
import { describeCommand } from '../help.ts';
import { writeStdout } from '../../report/screen.ts';

interface InspectOptions extends InspectQuestions {
  readonly json?: true;
  readonly write?: string | undefined;
}

const HELP = {
  summary: 'read a vmcore, ELF or kdump-compressed, flattened or not; needs no debuginfo',
  examples: [
    ['a summary', 'sub1m inspect vmcore'],
    ['the log, and who has each page below 1 MiB', 'sub1m inspect vmcore --dmesg --lowmem'],
    ['the crashkernel resource', 'sub1m inspect vmcore --struct resource crashk_res'],
    ['a kernel that died in a cell', 'sub1m inspect results/<run>/<cell> --dmesg'],
    [
      "a cell's vmcore as a file, however it is stored",
      'sub1m inspect results/<run>/<cell> --write vmcore',
    ],
  ],
  options:
    'Without a question the answer is a summary. Of a kernel that died or hung in a cell --dmesg, --lowmem and ' +
    '--stacks are kept; the others need a run with --keep memory.',
  notes: [
    'Exit status: 0 every question is answered, 64 usage, 65 not a dump that can be read, ' +
      '130 interrupted (SIGTERM 143, SIGHUP 129).',
  ],
} as const;

/** What reads a dump, in a thread: it would keep a signal waiting. */
const INSPECT_FILE = threadModule('runner/inspect-file');

/** `sub1m inspect <vmcore>`: reads any dump of an x86-64 kernel without debug information. */
export function addInspect(program: Command, { environment, signal, log }: CommandContext): void {
  describeCommand(program.command('inspect'), HELP)
    .argument('<vmcore>', "the file of a dump; a .zst beside it will do; or a cell's folder")
    .option('--dmesg', "the crashed kernel's log")
    .option('--lowmem', 'the 256 pages below 1 MiB, by their struct page')
    .option('--iomem', 'the memory map, as in /proc/iomem')
    .option('--stacks', 'the call stack of each CPU')
    .option('--symbols <regexp>', 'symbols of the kernel image that match')
    .option('--read <where...>', 'memory at an address or symbol, and how many bytes (64)')
    .option('--struct <what...>', 'a structure by type and address or symbol (needs BTF)')
    .option('--write <file>', 'write the dump, unpacked, to a new file; alone it asks nothing else')
    .option('--json', 'print a JSON document')
    .action(async (named: string, { json: asked, write, ...questions }: InspectOptions) => {
      const json = asked === true;
      readyThread(INSPECT_FILE);
      const style = { colour: environment.colour && !json, width: environment.columns };
      const target = await targetOf(named, { ...questions, write }, signal);
      if (target.kind === 'dead') {
        if (write !== undefined) throw noMemory(named);
        await writeStdout(await inspectCell(named, target.evidence, { questions, style, json }));
        return;
      }
      await using vmcore = target.vmcore;
      if (write !== undefined) {
        const { writeVmcore } = await import('../../runner/write-vmcore.ts');
        log.info(`Wrote ${write}: ${await writeVmcore(vmcore, write)} bytes`);
        if (Object.keys(questions).length === 0) return;
      }
      const { path } = vmcore;
      const { text, notes } = await inspect({ path, named, questions, style, json }, signal);
      for (const note of notes) log.info(note);
      await writeStdout(text);
    });
}

/** Questions that only memory can answer. */
const NEED_MEMORY = ['iomem', 'symbols', 'read', 'struct', 'write'] as const;

async function targetOf(
  named: string,
  questions: InspectQuestions & Pick<InspectOptions, 'write'>,
  signal: AbortSignal,
): Promise<InspectTarget> {
  // What it takes to read a cell's folder is loaded for one only.
  if (!statSync(named, { throwIfNoEntry: false })?.isDirectory()) {
    return { kind: 'dump', vmcore: await requireVmcore(named, signal) };
  }
  const { findTarget } = await import('../../runner/inspect-cell.ts');
  const needsMemory = NEED_MEMORY.some((name) => questions[name] !== undefined);
  return findTarget(named, needsMemory, signal);
}

function noMemory(named: string): UsageError {
  return new UsageError(
    `Cannot write the memory of ${named}: expected a dump, found what was kept of a dead kernel; ` +
      'run the cell again with --keep memory',
  );
}

async function inspectCell(
  named: string,
  evidence: DeadEvidence,
  { questions, style, json }: Pick<InspectFile, 'questions' | 'style' | 'json'>,
): Promise<string> {
  const { inspectDead } = await import('../../report/inspect-dead.ts');
  const { inspectionDocument, renderInspection } = await import('../../report/inspect-report.ts');
  const parts = inspectDead(evidence, questions, style);
  return json ? inspectionDocument(named, parts) : renderInspection(parts);
}

function inspect(argument: InspectFile, signal: AbortSignal): Promise<InspectedFile> {
  const call = { module: INSPECT_FILE, name: 'inspectFile', argument };
  return runInThread<InspectedFile>(call, signal);
}
