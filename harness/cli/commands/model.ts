// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../../errors.ts';
import { findParameter, findSize } from '../../memory/kernel-cmdline.ts';
import type { Layout } from '../../layout/layout.ts';
import { LOW_PAGES, type Pfn, SZ_1M, pfn } from '../../memory/pfn.ts';
import { type ModelInputs, PLAIN_MACHINE } from '../../model/model-inputs.ts';
import { POLICIES, type PolicyId } from '../../model/policies.ts';
import { type Prediction, predict } from '../../model/prediction.ts';
import {
  type CorpusResult,
  lowMemoryUse,
  renderCorpusDocument,
  renderCorpusReport,
} from '../../report/corpus-report.ts';
import { renderModelDocument } from '../../report/model-document.ts';
import { type ModelResult, renderModelReport } from '../../report/model-report.ts';
import type { CommandContext } from '../command-context.ts';
import { nearestName } from '../../nearest-name.ts';
import { readLayout, readLayouts } from '../../layout/read-layout.ts';

interface ModelOptions {
  readonly layout?: string;
  readonly corpus?: true;
  readonly policy: readonly PolicyId[];
  readonly crashkernel?: string;
  readonly cmdline: string;
  readonly trampolineSize: number;
  readonly history?: Pfn;
  readonly json?: true;
}

const ALL_POLICIES = Object.keys(POLICIES) as PolicyId[];

/** `sub1m model`: predicts who owns low memory without a machine, and compares policies. */
export function addModel(program: Command, context: CommandContext): void {
  program
    .command('model')
    .description('predict who owns each page below 1 MiB, without a machine; compare policies')
    .option('--layout <id|file>', 'an id of images/layouts, a JSON file like those, or a dmesg')
    .addOption(
      new Option('--corpus', 'what each policy frees, locks and wastes on all layouts').conflicts([
        'layout',
        'history',
      ]),
    )
    .addOption(
      new Option('--policy <id,…>', 'the policies to compare')
        .argParser(policies)
        .default(ALL_POLICIES, 'all'),
    )
    .option('--crashkernel <value>', 'puts crashkernel= on the command line', crashkernelValue)
    .option('--cmdline <text>', 'the kernel command line', PLAIN_MACHINE.cmdline)
    .option('--trampoline-size <size>', 'as 0x7000 or 28K', size, PLAIN_MACHINE.trampolineSize)
    .option('--history <page>', 'how this page came to its owner, as 0x10', page)
    .option('--json', 'print a JSON document')
    .addHelpText('after', '\nExample: sub1m model --layout x1c7 --crashkernel 192M --history 0x10')
    .action(async (options: ModelOptions) => {
      process.stdout.write(await (options.corpus ? corpus : oneLayout)(options, context));
    });
}

async function oneLayout(options: ModelOptions, { environment }: CommandContext): Promise<string> {
  if (options.layout === undefined) {
    throw new UsageError('Cannot predict: wanted: --layout <id|file>, or --corpus for all layouts');
  }
  const layout = await readLayout(options.layout);
  const result: ModelResult = {
    ...commandLine(options),
    layout,
    predictions: predictAll(layout, options),
    history: options.history ?? null,
  };
  if (options.json) return renderModelDocument(result);
  return renderModelReport(result, { colour: environment.colour, width: environment.columns });
}

async function corpus(options: ModelOptions, { environment }: CommandContext): Promise<string> {
  const given = commandLine(options);
  const machines = (await readLayouts()).map((layout) => ({
    id: layout.id,
    synthetic: layout.synthetic,
    uses: predictAll(layout, options).map((found) => lowMemoryUse(found, given.crashkernel)),
  }));
  const result: CorpusResult = { ...given, machines };
  if (options.json) return renderCorpusDocument(result);
  return renderCorpusReport(result, { colour: environment.colour, width: environment.columns });
}

function predictAll({ maps }: Layout, options: ModelOptions): Prediction[] {
  const { policy, trampolineSize } = options;
  const { cmdline } = commandLine(options);
  const inputs: ModelInputs = { ...PLAIN_MACHINE, ...maps, cmdline, trampolineSize };
  return policy.map((id) => predict(inputs, id));
}

function commandLine({ cmdline, crashkernel }: ModelOptions): {
  readonly cmdline: string;
  readonly crashkernel: boolean;
} {
  const words = crashkernel === undefined ? [] : [`crashkernel=${crashkernel}`];
  const whole = [cmdline, ...words].filter((text) => text !== '').join(' ');
  const value = findParameter(whole, 'crashkernel')?.value ?? null;
  return { cmdline: whole, crashkernel: value !== null };
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
  throw new InvalidArgumentError('Wanted: a value without blanks, as 192M.');
}

function size(text: string): number {
  const found = findSize(text);
  if (found?.rest === '' && found.bytes > 0 && found.bytes <= SZ_1M) return found.bytes;
  throw new InvalidArgumentError('Wanted: a size of at most 1M, as 0x7000 or 28K.');
}

function page(text: string): Pfn {
  const number = /^0x[0-9a-f]+$/i.test(text) ? Number(text) : LOW_PAGES;
  if (number < LOW_PAGES) return pfn(number);
  throw new InvalidArgumentError('Wanted: a page below 1 MiB, from 0x0 to 0xff.');
}
