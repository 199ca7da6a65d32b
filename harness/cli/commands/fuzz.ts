// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type CellSpec, cellSpecSchema } from '../../bundle/cell-record.ts';
import type { End } from '../../ends.ts';
import { STANDARD_CHOICES } from '../../fuzz/generate-case.ts';
import { readAllKnownDefects, readKnownDefects } from '../../matrix/known-defects.ts';
import { type FuzzReport, renderFuzzDocument, renderFuzzReport } from '../../report/fuzz-report.ts';
import { writeStdout } from '../../report/screen.ts';
import { type FuzzSettings, runFuzz } from '../../runner/fuzz/run-fuzz.ts';
import type { CommandContext } from '../command-context.ts';
import { type CommandHelp, GROUPS, describeCommand } from '../help.ts';
import { budgetOption, jobsOption, mirrorOption, positive } from '../run-options.ts';

const HELP: CommandHelp = {
  summary:
    'run random firmware layouts and command lines, and make small what the model did not expect',
  examples: [
    ['a patched kernel, for five minutes', 'sub1m fuzz --kernel recipe:two-phase-6.12 --minutes 5'],
    [
      'two kernels on the same 200 machines',
      'sub1m fuzz --kernel debian:6.1,debian:6.12 --cases 200 --seed 7',
    ],
  ],
  notes: [
    'A finding is a cell that is no match, once for each kernel and cause. Its layout, as small as the budget allows, ' +
      'is in the corpus folder, where later runs try it first. If interrupted or killed, rerun the same command to resume.',
    'Exit status: 0 nothing found, 1 a kernel is no match, 64 usage, 65 unreadable input, 69 most cases could not be ' +
      'judged, 130 interrupted (SIGTERM 143, SIGHUP 129).',
  ],
};

/** Cases unless `--cases` or `--minutes` says otherwise. */
const DEFAULT_CASES = 100;

/** Machines that may be used to make one finding smaller. */
const DEFAULT_SHRINK = 40;

interface FuzzOptions extends Omit<FuzzSettings, 'kernels' | 'known'> {
  readonly kernel: readonly string[];
  readonly known?: string;
  readonly json?: true;
}

/** `sub1m fuzz`: random machines, compared with the model. */
export function addFuzz(program: Command, context: CommandContext): void {
  const whole = positive(Number.isInteger);
  describeCommand(program.command('fuzz'), HELP)
    .addOption(
      new Option('--kernel <ref,…>', 'the kernels, as sub1m check takes them; may be repeated')
        .argParser(list('kernels'))
        .makeOptionMandatory()
        .helpGroup(GROUPS.machine),
    )
    .addOption(
      new Option('--ovmf <which,…>', 'the firmwares, likewise')
        .argParser(list('firmwares'))
        .default(undefined, STANDARD_CHOICES.ovmfs.join())
        .helpGroup(GROUPS.machine),
    )
    .addOption(
      new Option('--crash <n>', 'crash one case in n, and compare its vmcore; 0: none')
        .argParser(wholeNumber())
        .default(STANDARD_CHOICES.crashOneIn)
        .helpGroup(GROUPS.machine),
    )
    .optionsGroup(GROUPS.judging)
    .addOption(
      new Option('--policy <id>', "the policy to hold the kernels to; auto is each kernel's own")
        .choices(cellSpecSchema.shape.policy.options)
        .default('auto' satisfies CellSpec['policy']),
    )
    .addOption(
      new Option('--known <file>', 'known defects (JSON), which are no findings').default(
        undefined,
        'all of images/known',
      ),
    )
    .optionsGroup(GROUPS.running)
    .addOption(
      new Option('--cases <n>', 'cases of the seed, with those of earlier runs')
        .argParser(whole)
        .default(undefined, `${DEFAULT_CASES}; with --minutes: no limit`),
    )
    .option('--minutes <m>', 'start no machine after so many minutes', positive(Number.isFinite))
    .option('--seed <n>', 'the same seed makes the same cases', wholeNumber(0xffff_ffff), 1)
    .option('--shrink <n>', 'machines to make one finding smaller with', whole, DEFAULT_SHRINK)
    .addOption(jobsOption())
    .addOption(
      new Option('--corpus <folder>', 'where findings and the journal are').default(
        undefined,
        'results/fuzz',
      ),
    )
    .addOption(budgetOption())
    .addOption(mirrorOption())
    .optionsGroup(GROUPS.reporting)
    .option('--json', 'print a JSON document')
    .action((options: FuzzOptions) => fuzzAndReport(options, context));
}

async function fuzzAndReport(options: FuzzOptions, context: CommandContext): Promise<void> {
  const { kernel, known: file, minutes, cases } = options;
  const limit = cases ?? (minutes === undefined ? DEFAULT_CASES : undefined);
  const known = file === undefined ? await readAllKnownDefects() : await readKnownDefects(file);
  const settings = {
    ...options,
    kernels: [...new Set(kernel)],
    known,
    ...(limit !== undefined && { cases: limit }),
  };
  const report = await runFuzz(settings, context);
  await writeStdout(options.json ? renderFuzzDocument(report) : renderFuzzReport(report));
  context.exit(fuzzEnd(report));
}

/** What was found counts most; nothing is said by cases of which most could not be judged. */
export function fuzzEnd({
  findings,
  judged,
  unjudged,
}: Pick<FuzzReport, 'findings' | 'judged' | 'unjudged'>): End {
  if (findings.length > 0) return 'broken';
  const untold = [...unjudged.values()].reduce((sum, count) => sum + count, 0);
  return untold > judged ? 'unjudged' : 'done';
}

/** Reads a list with commas between its items, and adds it to what was given before. */
function list(what: string) {
  return (text: string, previous: readonly string[] = []): string[] => {
    const given = text.split(',');
    if (given.some((one) => one === '')) {
      throw new InvalidArgumentError(`Expected ${what} with commas between them.`);
    }
    return [...previous, ...given];
  };
}

/** Reads a whole number up to the largest, if there is one. */
function wholeNumber(most?: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= (most ?? Number.MAX_SAFE_INTEGER)) return value;
    const range = most === undefined ? '' : ` to ${most}`;
    throw new InvalidArgumentError(`Expected a whole number from 0${range}.`);
  };
}
