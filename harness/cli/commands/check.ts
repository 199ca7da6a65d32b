// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { InvariantId } from '../../check/invariants/invariants.ts';
import { UsageError } from '../../errors.ts';
import { requireKernel } from '../../kernel/require-kernel.ts';
import { type ComparedRun, comparisonStatus } from '../../matrix/compare-cells.ts';
import { invariantSchema, readKnownDefects } from '../../matrix/known-defects.ts';
import { summary } from '../../matrix/judged-cell.ts';
import { seriesStatus } from '../../matrix/series.ts';
import type { PackageContext } from '../../package/package-lists.ts';
import { addCellOptions, overAxes } from '../cell-options.ts';
import { type CheckPlan, checkAgainst, checkKernels } from '../../runner/check-kernels.ts';
import { checkSeries } from '../../runner/check-series.ts';
import { asItStands, requireBase, requireTreeAround } from '../../runner/checked-kernel.ts';
import type { CommandContext } from '../command-context.ts';
import { packageContext } from '../../runner/package-context.ts';
import { exitCode, invariantExitCode } from '../exit-code.ts';
import { withCorpus } from '../../runner/layouts.ts';
import { reportIntoFolder, reportRun, reportSeries } from '../report-run.ts';
import { type RunOptions, addRunOptions } from '../run-options.ts';
import { STANDARDS, type Standard } from '../../runner/standard-cells.ts';
import { watchKernel } from '../../runner/watch-kernel.ts';

interface CheckOptions extends RunOptions {
  readonly known?: string;
  readonly standard?: Standard;
  readonly base?: string;
  readonly series?: string;
  readonly watch?: true;
  readonly bisectRun?: true;
  readonly invariant?: InvariantId;
}

const HELP = `
Without a kernel it is the tree that you stand in, as it stands, and the cells are the full ones: 1.5 minutes on two
cores without KVM once the tree is built, with a base twice that. What is built lies in the cache; the tree, its
index and its branches stay as they are.

Example: sub1m check ~/linux/arch/x86/boot/bzImage --cpus 2
What the last commit changes: cd ~/linux && sub1m check --base HEAD~1
Each patch of a series: cd ~/linux && sub1m check --series v6.12..HEAD --standard quick
A bisection: git bisect run sub1m check --bisect-run --standard quick --invariant lowmem.locked
As a check of "b4 review", in ~/.gitconfig:
  [b4]
      review-series-check-cmd = /path/to/sub1m/scripts/sub1m.sh check --b4

With --base the exit status is that of the change: 1 if it breaks an invariant, 0 if not, whatever was broken before.
With --bisect-run it is 0, 1, 125 where a kernel cannot be built or judged, and 128 or more where git must stop.`;

/** `sub1m check [kernel…]`: the standard cells on each kernel, and what it does otherwise than its base. */
export function addCheck(program: Command, context: CommandContext): void {
  const command = program
    .command('check')
    .description('check kernels with the standard cells; say what a change, or each patch, changes')
    .argument(
      '[kernel...]',
      'a bzImage, a .deb, a source tree, <tree>@<revision>, recipe:<name>, or debian:<version or package>',
    )
    .addHelpText('after', HELP);
  addCheckOptions(command);
  addCellOptions(command);
  addRunOptions(command);
  command.action(async (named: string[], options: CheckOptions) => {
    const plan = await planOf(named, options, context);
    const kernels = named.length > 0 ? named : [requireTreeAround(process.cwd())];
    if (options.series !== undefined) return checkAndReportSeries(kernels, options, plan);
    const check = checkOf(kernels, options, plan);
    return options.watch ? watchKernel(requireOne(kernels), check, plan.sources) : check();
  });
}

function addCheckOptions(command: Command): void {
  command
    .addOption(
      new Option(
        '--standard <which>',
        'quick: crashkernel off and on; full: also two layouts, 1 and 2 CPUs, both load syscalls ' +
          '(default: full for the tree you stand in, else quick)',
      ).choices(Object.keys(STANDARDS)),
    )
    .option('--known <file>', 'JSON file of the known defects: reported, but no failures')
    .addOption(
      new Option(
        '--base <kernel>',
        'a commit of the tree, or any kernel: say what differs from it',
      ).conflicts(['series', 'invariant']),
    )
    .addOption(
      new Option(
        '--series <what>',
        'a folder of *.patch, a mailbox, or a range of commits: check each patch',
      ).conflicts(['watch', 'invariant', 'reporter']),
    )
    .addOption(
      new Option('--watch', 'check again whenever the image or the tree changes').conflicts([
        'bisectRun',
        'results',
      ]),
    )
    .option('--b4', 'print the result as "b4 review" takes it from a check command')
    .option('--bisect-run', 'end with the exit status that "git bisect run" wants')
    .option('--invariant <id>', 'let the exit status say of this invariant alone', invariantId);
}

function invariantId(text: string): InvariantId {
  const { data, error } = invariantSchema.safeParse(text);
  if (error) throw new InvalidArgumentError(error.issues[0]?.message ?? '');
  return data as InvariantId;
}

async function planOf(
  named: readonly string[],
  options: CheckOptions,
  context: CommandContext,
): Promise<CheckPlan> {
  const known = options.known === undefined ? [] : await readKnownDefects(options.known);
  const standard = STANDARDS[options.standard ?? (named.length === 0 ? 'full' : 'quick')];
  const axes = await withCorpus(overAxes({ ...standard, kernel: [] }, { ...options }), context.log);
  return { axes, known, options, context, sources: packageContext(options, context) };
}

/** The function that checks kernels as they then are, reports, and sets the exit status. */
function checkOf(
  kernels: readonly string[],
  options: CheckOptions,
  plan: CheckPlan,
): () => Promise<void> {
  const { context, sources } = plan;
  const report = reportRun(options, context);
  return async () => {
    const refs = await Promise.all(kernels.map((kernel) => asItStands(kernel, sources)));
    if (options.bisectRun && !(await areBuilt(refs, sources))) return context.exit(69);
    const run = await checkOnce(refs, options, plan);
    await reportIntoFolder(run);
    await report(run);
    context.exit(statusOf(run, options));
  };
}

/** A revision whose config lacks what sub1m needs is as little the user's fault as one that does not compile. */
async function areBuilt(refs: readonly string[], sources: PackageContext): Promise<boolean> {
  try {
    for (const ref of refs) await requireKernel(ref, sources);
    return true;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    sources.log.warn(error.message);
    return false;
  }
}

async function checkOnce(
  refs: readonly string[],
  { base }: CheckOptions,
  plan: CheckPlan,
): Promise<ComparedRun> {
  if (base === undefined) return checkKernels(refs, plan);
  const ref = requireOne(refs);
  return checkAgainst(await requireBase(base, ref, plan.sources), ref, plan);
}

function statusOf({ cells, comparison }: ComparedRun, { invariant }: CheckOptions): 0 | 1 | 69 {
  if (comparison) return comparisonStatus(comparison);
  return invariant === undefined ? exitCode(summary(cells)) : invariantExitCode(cells, invariant);
}

async function checkAndReportSeries(
  kernels: readonly string[],
  options: CheckOptions,
  plan: CheckPlan,
): Promise<void> {
  const { context } = plan;
  const kernel = await asItStands(requireOne(kernels), plan.sources);
  const series = await checkSeries(options.series ?? '', kernel, plan);
  // A step with the image of the one before has its cells, too.
  const runs = new Map(series.steps.map(({ run }) => [run?.folder, run] as const).toReversed());
  for (const run of runs.values()) if (run) await reportIntoFolder(run);
  await reportSeries(series, options, context);
  context.exit(seriesStatus(series));
}

/** What a change changes is asked of one kernel. */
function requireOne(kernels: readonly string[]): string {
  const [kernel, ...more] = kernels;
  if (kernel !== undefined && more.length === 0) return kernel;
  throw new UsageError(
    `Cannot compare or watch ${kernels.length} kernels: one wanted; run sub1m once for each`,
  );
}
