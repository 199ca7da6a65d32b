// SPDX-License-Identifier: MIT
import { type Command, Option } from 'commander';
import { firstEnd } from '../../ends.ts';
import { UsageError } from '../../errors.ts';
import { readyToJudge } from '../../runner/judge-thread.ts';
import type { CommandContext } from '../command-context.ts';
import { GROUPS, describeCommand } from '../help.ts';
import { type ReportOptions, addReportOptions } from '../run-options.ts';

const HELP = {
  summary:
    'judge the bundles of a run again, or say which verdicts of many would change; no machine is started',
  examples: [
    ['a run, for programs', 'sub1m judge results/2026-11-22T13-47-07-4711 --json'],
    ["which verdicts of a year would be others by today's model", 'sub1m judge results/*'],
  ],
  options: '--reporter may be repeated.',
  notes: [
    'Of one run the verdicts are written and reported anew. Of several, and with --changes, nothing is written: they are ' +
      'compared with what is recorded. What is no folder is left out; a bundle that cannot be judged is named.',
    'Exit status with --changes: 0 no verdict became one that breaks something, 1 one did, 69 something could not be judged, ' +
      'or no longer, 64 usage.',
  ],
} as const;

interface JudgeOptions extends ReportOptions {
  readonly changes?: true;
  readonly known?: string;
}

/** `sub1m judge <results…>`: judges bundles again, from their evidence alone. */
export function addJudge(program: Command, context: CommandContext): void {
  const command = describeCommand(program.command('judge'), HELP).argument(
    '<results...>',
    'the folder of a run, or of one cell; of several, their verdicts that changed',
  );
  command
    .optionsGroup(GROUPS.judging)
    .option('--changes', 'say which verdicts are not what is recorded, and write nothing')
    .addOption(
      new Option('--known <file>', 'known defects (JSON) of today; with --changes').default(
        undefined,
        'all of images/known',
      ),
    );
  addReportOptions(command);
  command.action(async (results: string[], options: JudgeOptions) => {
    // While the rest is loaded.
    readyToJudge();
    const [run = '', ...more] = results;
    if (options.changes === true || more.length > 0) {
      const { judgeAndCompare } = await import('../judge-and-compare.ts');
      return judgeAndCompare(results, options, context);
    }
    if (options.known !== undefined) {
      throw new UsageError(
        'Cannot use --known: expected --changes or several runs with it; a run alone is judged by its own known defects',
      );
    }
    return judgeOne(run, options, context);
  });
}

async function judgeOne(
  results: string,
  options: ReportOptions,
  context: CommandContext,
): Promise<void> {
  const { reportRun } = await import('../report-run.ts');
  const { judgeRun } = await import('../../runner/judge-run.ts');
  const { runEnd } = await import('../../matrix/run-end.ts');
  const report = reportRun(options, context);
  const run = await judgeRun(results, context.signal);
  for (const { folder, why } of run.notJudged) context.log.warn(`not judged: ${folder}: ${why}`);
  await report(run);
  context.exit(firstEnd([runEnd(run.cells), ...run.notJudged.map(({ end }) => end)]));
}
