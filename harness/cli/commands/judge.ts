// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { firstEnd } from '../../ends.ts';
import { readyToJudge } from '../../runner/judge-thread.ts';
import type { CommandContext } from '../command-context.ts';
import { describeCommand } from '../help.ts';
import { type ReportOptions, addReportOptions } from '../run-options.ts';

const HELP = {
  summary: 'judge the bundles of a run again; no machine is started',
  examples: [['a run, for programs', 'sub1m judge results/2026-11-22T13-47-07-4711 --json']],
  options: '--reporter may be repeated.',
} as const;

/** `sub1m judge <results>`: judges bundles again, from their evidence alone. */
export function addJudge(program: Command, context: CommandContext): void {
  const command = describeCommand(program.command('judge'), HELP).argument(
    '<results>',
    'the folder of a run, or of one cell',
  );
  addReportOptions(command);
  command.action(async (results: string, options: ReportOptions) => {
    // While the rest is loaded.
    readyToJudge();
    const { reportRun } = await import('../report-run.ts');
    const { judgeRun } = await import('../../runner/judge-run.ts');
    const { runEnd } = await import('../../matrix/run-end.ts');
    const report = reportRun(options, context);
    const run = await judgeRun(results, context.signal);
    for (const { folder, why } of run.notJudged) context.log.warn(`not judged: ${folder}: ${why}`);
    await report(run);
    context.exit(firstEnd([runEnd(run.cells), ...run.notJudged.map(({ end }) => end)]));
  });
}
