// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../../errors.ts';
import { type LogMachine, machineOf } from '../../check/log/log-machine.ts';
import { findParameter } from '../../memory/kernel-cmdline.ts';
import type { Layout } from '../../layout/layout.ts';
import type { EfiDescriptor } from '../../memory/efi-memory-map.ts';
import { LOW_PAGES, type Pfn, pfn } from '../../memory/pfn.ts';
import { renderRange } from '../../memory/phys-range.ts';
import { POLICIES } from '../../model/policies.ts';
import type { PolicyId } from '../../policy-id.ts';
import { type Prediction, predict } from '../../model/prediction.ts';
import {
  type CorpusResult,
  lowMemoryUse,
  renderCorpusDocument,
  renderCorpusReport,
} from '../../report/corpus-report.ts';
import { renderModelDocument } from '../../report/model-document.ts';
import { type ModelResult, basis, renderModelReport } from '../../report/model-report.ts';
import { nearestName } from '../../nearest-name.ts';
import { PROVABLE, proofs } from './model-prove.ts';
import { readLayout, readLayouts } from '../../layout/read-layout.ts';
import type { CommandContext } from '../command-context.ts';
import { describeCommand } from '../help.ts';
import { type MachineOptions, addMachineOptions, toldBy } from '../machine-options.ts';
import { writeStdout } from '../../report/screen.ts';

const HELP = {
  summary: 'predict who owns each page below 1 MiB, without a machine; compare policies',
  examples: [
    ['policies on the low memory of a laptop', 'sub1m model --layout x1c7 --crashkernel 192M'],
    [
      'your own machine, booted with efi=debug',
      'sub1m model --layout my-laptop.dmesg --history 0x87',
    ],
    ['a log on standard input', 'journalctl -k -b | sub1m model --layout - --crashkernel 256M'],
    ['what each policy frees, locks and wastes on every layout', 'sub1m model --corpus'],
    [
      'the smallest layout on which a policy breaks a promise',
      'sub1m model --prove lowmem.locked --policy lock-on-crashkernel,two-phase',
    ],
  ],
} as const;

interface ModelOptions extends MachineOptions {
  readonly layout?: string;
  readonly corpus?: true;
  readonly policy: readonly PolicyId[];
  readonly crashkernel?: string;
  readonly history?: Pfn;
  readonly prove?: (typeof PROVABLE)[number];
  readonly json?: true;
  readonly svg?: true;
}

const ALL_POLICIES = Object.keys(POLICIES) as PolicyId[];

/** `sub1m model`: predicts who owns low memory without a machine, and compares policies. */
export function addModel(program: Command, context: CommandContext): void {
  const command = describeCommand(program.command('model'), HELP)
    .option(
      '--layout <id|file>',
      "an id of images/layouts, a JSON file of that form, a kernel log (packed or not, - for standard input), or a cell's folder",
    )
    .addOption(
      new Option('--corpus', 'all layouts: what each policy frees, locks and wastes').conflicts([
        'layout',
        'history',
      ]),
    )
    .addOption(
      new Option('--policy <id,…>', 'the policies to compare, a,b')
        .argParser(policies)
        .default(ALL_POLICIES, 'all'),
    )
    .addOption(
      new Option('--crashkernel <value>', 'crashkernel= on the command line, such as 192M')
        .argParser(crashkernelValue)
        .default(undefined, 'none'),
    );
  addMachineOptions(command)
    .option('--history <page>', 'explain how this page got its owner, such as 0x10', page)
    .addOption(
      new Option('--prove <promise>', 'try every layout of up to 4 ranges; all prints a table')
        .choices(PROVABLE)
        .conflicts(['layout', 'corpus', 'crashkernel', 'cmdline', 'history', 'json', 'svg']),
    )
    .option('--json', 'print a JSON document')
    .addOption(
      new Option('--svg', 'print the maps as an image').conflicts(['corpus', 'history', 'json']),
    )
    .action(async (options: ModelOptions) => {
      const { prove, policy } = options;
      if (prove) await writeStdout(await proofs(prove, policy, context));
      else await writeStdout(await (options.corpus ? corpus : oneLayout)(options, context));
    });
}

async function oneLayout(options: ModelOptions, context: CommandContext): Promise<string> {
  const { environment, signal } = context;
  if (options.layout === undefined) {
    throw new UsageError('Cannot predict: pass --layout <id|file>, or --corpus for all layouts');
  }
  const layout = await readLayout(options.layout, {
    signal,
    ...(options.boot === undefined ? {} : { boot: options.boot }),
  });
  const machine = machineFor(layout, options);
  const result: ModelResult = {
    ...cmdlineOf(machine),
    layout,
    machine,
    predictions: predictAll(machine, options),
    history: options.history ?? null,
  };
  if (options.json) return renderModelDocument(result);
  if (options.svg) return (await import('../../report/model-svg.ts')).renderModelSvg(result);
  return renderModelReport(result, { colour: environment.colour, width: environment.columns });
}

async function corpus(options: ModelOptions, { environment }: CommandContext): Promise<string> {
  const layouts = (await readLayouts()).map((layout) => ({
    layout,
    machine: machineFor(layout, options),
  }));
  const given = cmdlineOf(layouts[0]?.machine);
  const machines = layouts.map(({ layout, machine }) => ({
    id: layout.id,
    synthetic: layout.synthetic,
    efiMap: layout.maps.efiMap && efiMapText(layout.maps.efiMap),
    uses: predictAll(machine, options).map((found) => lowMemoryUse(found, given.crashkernel)),
  }));
  const assumed = new Set(layouts.flatMap(({ machine }) => basis(machine)));
  const result: CorpusResult = { ...given, machines, assumed: [...assumed] };
  if (options.json) return renderCorpusDocument(result);
  return renderCorpusReport(result, { colour: environment.colour, width: environment.columns });
}

function efiMapText(efiMap: readonly EfiDescriptor[]): string {
  return efiMap.map(({ type, range }) => `${type} ${renderRange(range)}`).join(', ');
}

function machineFor(layout: Layout, options: ModelOptions): LogMachine {
  const { crashkernel } = options;
  const append = crashkernel === undefined ? [] : [`crashkernel=${crashkernel}`];
  return machineOf(layout, toldBy(options, append));
}

function predictAll({ inputs }: LogMachine, { policy }: ModelOptions): Prediction[] {
  return policy.map((id) => predict(inputs, id));
}

function cmdlineOf(machine: LogMachine | undefined): {
  readonly cmdline: string;
  readonly crashkernel: boolean;
} {
  const cmdline = machine?.inputs.cmdline ?? '';
  return { cmdline, crashkernel: (findParameter(cmdline, 'crashkernel')?.value ?? null) !== null };
}

function policies(text: string): PolicyId[] {
  const asked = text.split(',').map((name) => name.trim());
  return [...new Set(asked)].map((name) => {
    const id = ALL_POLICIES.find((known) => known === name);
    if (id !== undefined) return id;
    const nearest = nearestName(name, ALL_POLICIES);
    throw new InvalidArgumentError(
      `"${name}" is none of ${ALL_POLICIES.join(', ')}; the nearest is ${nearest}.`,
    );
  });
}

function crashkernelValue(text: string): string {
  if (/^[^\s"]+$/.test(text)) return text;
  throw new InvalidArgumentError('Expected a value without blanks, such as 192M.');
}

function page(text: string): Pfn {
  const number = /^0x[0-9a-f]+$/i.test(text) ? Number(text) : LOW_PAGES;
  if (number < LOW_PAGES) return pfn(number);
  throw new InvalidArgumentError('Expected a page below 1 MiB, from 0x0 to 0xff.');
}
