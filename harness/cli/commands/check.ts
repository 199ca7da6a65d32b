// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { InvariantId } from '../../check/invariants/invariants.ts';
import { invariantSchema } from '../../matrix/known-defects.ts';
import { DEFAULT_CRASHKERNEL } from '../../memory/crashkernel.ts';
import { STANDARDS } from '../../runner/standard-cells.ts';
import { addCellOptions } from '../cell-options.ts';
import type { CommandContext } from '../command-context.ts';
import { type CommandHelp, GROUPS, describeCommand } from '../help.ts';
import { type CheckOptions, runCheck } from '../run-check.ts';
import { addQueueOptions } from '../queue-options.ts';
import { addRunOptions } from '../run-options.ts';

const HELP: CommandHelp = {
  summary: 'check kernels, and report what a commit or each patch of a series changes',
  examples: [
    ['the kernel tree you are in, with uncommitted changes', 'sub1m check'],
    ['what your last commit changes', 'sub1m check --base HEAD~1'],
    ['each patch of a series', 'sub1m check --series v6.12..HEAD --standard quick'],
    ['a built image, with two CPUs', 'sub1m check ~/linux/arch/x86/boot/bzImage --cpus 2'],
    [
      'released kernels on the low memory of another machine',
      'sub1m check debian:5.10 debian:newest --layout x1c7',
    ],
    [
      'in a bisection',
      'git bisect run sub1m check --bisect-run --standard quick --invariant lowmem.locked',
    ],
  ],
  options:
    'Machine options, --vmcore, --truth and --policy take several values (--cpus 1,2, or the option again): ' +
    'every combination is run. --reporter may be repeated, too.',
  notes: [
    'Without a kernel, the tree around the current directory is checked as it is, with the full cells: ' +
      '1.5 minutes on two cores without KVM once the tree is built, twice that with --base. Builds go to ' +
      'the cache; the tree, its index and its branches stay unchanged.',
    'As a check of "b4 review", in ~/.gitconfig:\n' +
      '  [b4]\n' +
      '      review-series-check-cmd = /path/to/sub1m/sub1m check --b4',
    'Exit status: 0 every cell matches, 1 a kernel broke an invariant, 64 usage, 65 unreadable input, ' +
      '69 could not judge, 130 interrupted (SIGTERM 143, SIGHUP 129). With --base only the change counts: 1 if it breaks an ' +
      'invariant, 0 if not, even if something was broken before. With --bisect-run: 0, 1, 125 if the ' +
      'kernel cannot be built or judged, and 128 or more if git must stop.',
  ],
};

const DEFAULTS = {
  crashkernel: `none and ${DEFAULT_CRASHKERNEL}`,
  layout: 'stock; full: also thread-2021',
  cpus: '1; full: also 2',
  load: 'kexec_file_load; full: also kexec_load',
};

/** `sub1m check [kernel…]`: the standard cells on each kernel, and how it differs from its base. */
export function addCheck(program: Command, context: CommandContext): void {
  const command = describeCommand(program.command('check'), HELP).argument(
    '[kernel...]',
    'a bzImage, a .deb, a source tree, <tree>@<revision>, recipe:<name>, or debian:<version or package>; ' +
      'by default the tree around the current directory',
  );
  command.addOption(
    new Option('--standard <which>', 'the standard cells')
      .choices(Object.keys(STANDARDS))
      .default(undefined, 'full for the current tree, else quick')
      .helpGroup(GROUPS.machine),
  );
  addCellOptions(command, { defaults: DEFAULTS });
  addJudgingOptions(command);
  command
    .optionsGroup(GROUPS.running)
    .addOption(
      new Option('--watch', 'check again whenever the image or the tree changes').conflicts([
        'bisectRun',
        'results',
      ]),
    );
  addRunOptions(command);
  addQueueOptions(command, 'have the cells run by workers of this queue, before those of runs');
  command
    .option('--b4', 'print the result for "b4 review"')
    .option('--bisect-run', 'exit as "git bisect run" expects')
    .action((kernels: string[], options: CheckOptions) => runCheck(kernels, options, context));
}

function addJudgingOptions(command: Command): void {
  command
    .optionsGroup(GROUPS.judging)
    .addOption(
      new Option(
        '--base <kernel>',
        'compare with a commit of the tree, or with any kernel',
      ).conflicts(['series', 'invariant']),
    )
    .addOption(
      new Option(
        '--series <what>',
        'check each patch of a folder of *.patch, a mailbox (- for stdin), or a range of commits',
      ).conflicts(['watch', 'invariant']),
    )
    .option('--invariant <id>', 'base the exit status on this invariant only', invariantId)
    .option('--known <file>', 'known defects (JSON): reported without failing the run');
}

function invariantId(text: string): InvariantId {
  const { data, error } = invariantSchema.safeParse(text);
  if (error) throw new InvalidArgumentError(error.issues[0]?.message ?? '');
  return data as InvariantId;
}
