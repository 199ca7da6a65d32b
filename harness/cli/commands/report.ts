// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { Command } from 'commander';
import { readyToJudge } from '../../runner/judge-thread.ts';
import type { CommandContext } from '../command-context.ts';
import { type CommandHelp, GROUPS, describeCommand } from '../help.ts';
import { reportRun } from '../report-run.ts';
import { type ReportOptions, addReportOptions } from '../run-options.ts';

const HELP: CommandHelp = {
  summary: 'merge the runs of shards into one, and write its site',
  examples: [
    ['three shards into one site', 'sub1m report results/1 results/2 results/3 --out site/'],
    [
      'what CI kept of them, and a report for CI',
      'sub1m report shards/*.tar.zst --out site/ --reporter junit:junit.xml',
    ],
  ],
  options: '--reporter may be repeated.',
  notes: [
    'An archive is a tar, plain or packed with gzip or zstd. A folder may hold several runs. All is judged again, from ' +
      'its evidence; nothing is written to the folders. The site has index.html, which needs nothing else, and run.json.',
    'Runs are of one matrix, and by one code and model: the plan.json of each says which. What cannot be read, and cells ' +
      'that are missing, are named. A cell that is there twice is a further sample of it.',
    'Exit status: like "run", of all samples; 69 if a cell is missing or something cannot be read; 64 for runs that do not ' +
      'belong together.',
  ],
};

interface ReportCommandOptions extends ReportOptions {
  readonly out: string;
  readonly mixed?: true;
  readonly history?: string;
}

/** `sub1m report <folders or archives>… --out site/`: merges runs. */
export function addReport(program: Command, context: CommandContext): void {
  const command = describeCommand(program.command('report'), HELP)
    .argument('<results...>', 'folders of runs, or archives of them')
    .optionsGroup(GROUPS.reporting)
    .requiredOption('--out <folder>', 'the folder of the site: new, or a site that it replaces')
    .option('--history <file>', 'the history of these runs: the site has its page, too')
    .option('--mixed', 'merge runs of different code, models and matrices, and say so');
  addReportOptions(command);
  command.action(async (results: string[], given: ReportCommandOptions) => {
    const { out, mixed, history, ...options } = given;
    readyToJudge();
    const { requireSite, writeSite } = await import('../../report/site.ts');
    const { mergeFolders } = await import('../../runner/merge/merge-folders.ts');
    const report = reportRun(options, context);
    await requireSite(out);
    const { signal, log } = context;
    await using merged = await mergeFolders(results, { isMixed: mixed === true, signal });
    const run = { ...merged.run, ...(history !== undefined && { historyFile: history }) };
    await writeSite(run, out);
    await report(run);
    log.info(`Site: ${join(out, 'index.html')}`);
    context.exit(merged.end);
  });
}
